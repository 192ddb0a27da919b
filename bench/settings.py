"""The settings of an installation, but for what a measurement needs no time for."""

from config.settings import *  # noqa: F403
from config.settings import LOGGING, MAILERS, STORAGES

# The tables are made from the models, and static files lie where they are.
MIGRATION_MODULES = dict.fromkeys(
    [
        "congregation",
        "crews",
        "rhythms",
        "hall",
        "account",
        "admin",
        "auth",
        "contenttypes",
        "sessions",
    ]
)
STORAGES = {
    **STORAGES,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_AUTOREFRESH = True
EMAIL_URL = "memory"
MAILERS = {**MAILERS, "post": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}
ROOT_URLCONF = "bench.urls"
SECURE_SSL_REDIRECT = False
ALLOWED_HOSTS = ["testserver"]
# Each request's line is written for nobody here.
LOGGING["loggers"]["tableful.requests"] |= {"handlers": [], "level": "CRITICAL"}
