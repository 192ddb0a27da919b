"""Everything that is set, in one file, read from the environment."""

import re
import sys
from pathlib import Path
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured
from django.utils.csp import CSP

from config import PRODUCT, data, languages

BASE_DIR = Path(__file__).resolve().parent.parent
DATA = data.folder()
TESTING = "pytest" in sys.modules
DEMO = data.setting("TABLEFUL_DEMO") == "1"
# Tests and the demo may move the clock for web, worker and sweep alike; nobody else may.
CLOCK_MOVES = TESTING or DEMO or data.setting("TABLEFUL_CLOCK_MOVES") == "1"
DEBUG = False
SECRET_KEY = data.secret("SECRET_KEY", "secret-key")
KEYRING = data.secret("TABLEFUL_KEYRING", "keyring")

# ---- where it answers
PORT = str(data.port())
data.log_form()  # a wrong one is said at the start
URL = data.setting("TABLEFUL_URL", f"http://localhost:{PORT}").rstrip("/")
try:
    _url = urlsplit(URL)
    _url.port  # noqa: B018  reading it says whether it can be one
except ValueError:
    raise data.Refused(
        f"TABLEFUL_URL must be a whole address such as https://table.example; it is {URL!r}."
    ) from None
LOCAL = _url.hostname in {"localhost", "127.0.0.1", "::1"}
if _url.scheme not in {"http", "https"} or not _url.hostname:
    raise ImproperlyConfigured(
        f"TABLEFUL_URL must be a whole address such as https://table.example; it is {URL!r}."
    )
if _url.scheme == "http" and not LOCAL:
    raise ImproperlyConfigured(
        f"TABLEFUL_URL is {URL!r}: what people tell each other needs https everywhere but on localhost."
    )
# Where the address has a path, as https://example.org/tableful, all of ours lies below it.
PREFIX = _url.path
ORIGIN = URL.removesuffix(PREFIX)
FORCE_SCRIPT_NAME = PREFIX or None
ALLOWED_HOSTS = [_url.hostname, *(["localhost", "127.0.0.1", "[::1]"] if LOCAL else [])]
# A proxy may take the port from the host that it passes on.
CSRF_TRUSTED_ORIGINS = [ORIGIN]
_secure = _url.scheme == "https"
TRUSTED_PROXIES = data.proxies()
if _secure and not TRUSTED_PROXIES:
    # It would lead whoever comes by the proxy to https, where they are already, for ever.
    raise ImproperlyConfigured(
        f"TABLEFUL_URL is {URL!r}, and only a proxy in front speaks https: say how many of yours stand there, "
        "as in TRUSTED_PROXIES=1."
    )
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES
if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# ---- the parts
INSTALLED_APPS = [
    "congregation",
    "crews",
    "rhythms",
    "hall",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "hall.sessions.Sessions",
    "django_htmx",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",
]
MIDDLEWARE = [
    # Outermost, so that a redirect to https and a static file have them too.
    "congregation.headers.Headers",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "congregation.headers.NoCircles",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "congregation.watching.RequestLines",
    "congregation.headers.Compressed",
    "congregation.sealed_sessions.Sessions",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "congregation.gate.SignedIn",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "congregation.gate.Gate",
    "congregation.http.OnlyForms",
    "hall.accounts.Answers",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "hall.context.chrome",
            ],
            "builtins": ["congregation.templatetags.look"],
        },
    },
]
FORM_RENDERER = "congregation.rendering.Renderer"

# ---- data
_env = environ.Env()
DATABASE_URL = data.database(DATA / "tableful.sqlite3")
DATABASES = {"default": _env.db_url_config(DATABASE_URL)}
_db = DATABASES["default"]
if "sqlite" in _db["ENGINE"]:
    _db["ENGINE"] = "config.sqlite"
    _db["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON",
    }
    # Several processes race for one file in the tests; memory could not be shared by them.
    _db["TEST"] = {"NAME": str(DATA / "test.sqlite3")}
else:
    _db["CONN_MAX_AGE"] = 60
    _db["CONN_HEALTH_CHECKS"] = True
    # Whoever waits for a row as long as on SQLite is told so, rather than waiting for ever.
    _db.setdefault("OPTIONS", {}).setdefault("options", "-c lock_timeout=20000")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REDIS_URL = data.queue()
# Signing in counts its tries here, so it is where the accounts are: it works while the broker is away.
CACHES = {"default": {"BACKEND": "congregation.tries.TriesCache", "LOCATION": "cache"}}
SESSION_ENGINE = "congregation.sealed_sessions"
SESSION_COOKIE_AGE = 60 * 60 * 24 * 60
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = _secure
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
# Below a path, what else runs on that host is sent none of our cookies.
SESSION_COOKIE_PATH = CSRF_COOKIE_PATH = LANGUAGE_COOKIE_PATH = PREFIX or "/"
# No neighbour's page can set a cookie of such a name: __Host- asks for https and the path /.
_kind = "" if not _secure else "__Secure-" if PREFIX else "__Host-"
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = f"{_kind}sessionid", f"{_kind}csrftoken"
# In the session, since a cookie of theirs would go to all paths of the host.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
CSRF_FAILURE_VIEW = "congregation.views.errors.stale"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 400
FILE_UPLOAD_HANDLERS = ["congregation.uploads.InMemory"]

# ---- people
AUTH_USER_MODEL = "congregation.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"congregation.passwords.{name}"} for name in ("Length", "Common", "NotKnown")
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = ACCOUNT_LOGOUT_REDIRECT_URL = "door"
ACCOUNT_ADAPTER = "hall.accounts.Adapter"
# Who gives no address gets a name of words; a password goes with either.
ACCOUNT_LOGIN_METHODS = {"email", "username"}
ACCOUNT_USER_MODEL_USERNAME_FIELD = "handle_key"
ACCOUNT_USER_DISPLAY = str
# Nobody signs up here; that a password is among the fields makes the sign-in page ask for one.
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_UNIQUE_EMAIL = True
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 15 * 60
ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = True
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_TIMEOUT = 60 * 60
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_MAX_ATTEMPTS = 5
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
# Besides allauth's own: a mailbox gets so much of us and no more, whoever asks for it.
ACCOUNT_RATE_LIMITS = {
    "confirm_email": "1/10s/key,6/h/key,12/d/key",
    "manage_email": "10/m/user,30/h/user",
    "request_login_code": "20/m/ip,3/m/key,15/h/key",
    "reset_password": "20/m/ip,5/m/key,10/h/key",
}
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 10 * 60
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_PRESERVE_USERNAME_CASING = False
ACCOUNT_DEFAULT_HTTP_PROTOCOL = _url.scheme
ACCOUNT_FORMS = {
    "login": "hall.account_forms.Login",
    "request_login_code": "hall.account_forms.RequestCode",
    "confirm_login_code": "hall.account_forms.ConfirmCode",
    "confirm_email_verification_code": "hall.account_forms.ConfirmAddress",
    "add_email": "hall.account_forms.AddAddress",
    "change_email": "hall.account_forms.ChangeAddress",
    "change_password": "hall.account_forms.ChangePassword",
    "set_password": "hall.account_forms.SetPassword",
    "reset_password": "hall.account_forms.ResetPassword",
    "reset_password_from_key": "hall.account_forms.ResetPasswordByKey",
    "reauthenticate": "hall.account_forms.Reauthenticate",
}
MFA_ADAPTER = "hall.factors.Factors"
MFA_FORMS = {
    "authenticate": "hall.account_forms.Authenticate",
    "reauthenticate": "hall.account_forms.ReauthenticateByFactor",
    "activate_totp": "hall.account_forms.ActivateApp",
    "deactivate_totp": "hall.account_forms.DeactivateApp",
    "generate_recovery_codes": "hall.account_forms.MakeSpareCodes",
    "add_webauthn": "hall.account_forms.AddPasskey",
    "edit_webauthn": "hall.account_forms.NamePasskey",
    "authenticate_webauthn": "hall.account_forms.UsePasskey",
    "login_webauthn": "hall.account_forms.EnterByPasskey",
    "reauthenticate_webauthn": "hall.account_forms.ReauthenticateByPasskey",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = PRODUCT
MFA_TOTP_TOLERANCE = 0
# Reading a page writes nothing, so nobody's "last seen" is kept.
USERSESSIONS_TRACK_ACTIVITY = False

# ---- words and time
LANGUAGE_CODE = "en"
LANGUAGES = languages.languages(BASE_DIR / "locale")
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# ---- files
STATIC_URL = f"{PREFIX}/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = DATA / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": (
            "django.contrib.staticfiles.storage.StaticFilesStorage"
            if TESTING
            else "whitenoise.storage.CompressedManifestStaticFilesStorage"
        )
    },
}
WHITENOISE_USE_FINDERS = TESTING
# Each test's client makes the middleware anew: files are looked for when they are asked for.
WHITENOISE_AUTOREFRESH = TESTING
WHITENOISE_KEEP_ONLY_HASHED_FILES = True

# ---- mail: everything goes through the outbox, which hands it over to "post"
# Tests keep it in the process, whatever is set where they run.
EMAIL_URL = "memory" if TESTING else data.setting("EMAIL_URL")
MAIL_FOLDER = DATA / "mail"
MAILERS = {
    "default": {"BACKEND": "congregation.outbox.OutboxBackend"},
    # Without a mail server, mail lies in the data folder.
    "post": {
        "BACKEND": "congregation.post.FolderBackend",
        "OPTIONS": {"file_path": str(MAIL_FOLDER)},
    },
}
if TESTING:
    MAILERS["post"] = {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}
elif EMAIL_URL:
    MAILERS["post"] = data.mailer(EMAIL_URL)
DEFAULT_FROM_EMAIL = data.setting("TABLEFUL_FROM", f"{PRODUCT} <tableful@{_url.hostname}>")

# ---- safety
SECURE_CSP = {
    "default-src": [CSP.NONE],
    "script-src": [CSP.SELF],
    "style-src": [CSP.SELF],
    "img-src": [CSP.SELF],
    "font-src": [CSP.SELF],
    "connect-src": [CSP.SELF],
    "manifest-src": [CSP.SELF],
    "worker-src": [CSP.SELF],
    "form-action": [CSP.SELF],
    "base-uri": [CSP.NONE],
    "frame-ancestors": [CSP.NONE],
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_SSL_REDIRECT = _secure
SECURE_REDIRECT_EXEMPT = [rf"^{re.escape(f'{PREFIX}/'.lstrip('/'))}(healthz|readyz)$"]
SECURE_HSTS_SECONDS = 60 * 60 * 24 * 365 if _secure else 0
# What else runs on this host's subdomains is not ours to decide, so neither are these two.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]

# ---- logs say what happened, never to whom
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "config.logs.Line"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        "tableful": {"handlers": ["console"], "level": "INFO", "propagate": False},
        "tableful.requests": {"handlers": ["console"], "level": "INFO", "propagate": False},
        # Celery's lines carry what an exception says, which may be someone's words: ours name its class.
        "celery.app.trace": {"handlers": [], "level": "CRITICAL", "propagate": False},
        # Django's own lines carry whole paths, which hold the tokens of invitations.
        "django.request": {"handlers": [], "level": "CRITICAL", "propagate": False},
        "django.security": {"handlers": [], "level": "CRITICAL", "propagate": False},
    },
}
