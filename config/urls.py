"""The whole URL map. Addresses follow the reader, not the apps."""

from django.urls import include, path

from congregation.views import server
from hall.views import accounts

handler400 = "congregation.views.errors.refused"
handler500 = "congregation.views.errors.broken"
urlpatterns = [
    path("healthz", server.healthz, name="healthz"),
    path("readyz", server.readyz, name="readyz"),
    # Ours come first: allauth has pages at the same addresses and under the same names.
    path("accounts/", accounts.own, name="account"),
    path("accounts/logout/", accounts.sign_out, name="account_logout"),
    path("accounts/password/set/", accounts.set_password, name="account_set_password"),
    path(
        "accounts/reauthenticate/code/",
        accounts.reauthenticate_by_code,
        name="account_reauthenticate_code",
    ),
    path("accounts/2fa/", accounts.factors, name="mfa_index"),
    path("accounts/2fa/webauthn/login/", accounts.enter_by_passkey, name="mfa_login_webauthn"),
    path(
        "accounts/2fa/webauthn/reauthenticate/",
        accounts.reauthenticate_by_passkey,
        name="mfa_reauthenticate_webauthn",
    ),
    path(
        "accounts/2fa/webauthn/keys/<int:pk>/remove/",
        accounts.remove_passkey,
        name="mfa_remove_webauthn",
    ),
    path("accounts/sessions/", accounts.sessions, name="usersessions_list"),
    path("accounts/", include("allauth.account.urls")),
    path("accounts/2fa/", include("allauth.mfa.urls")),
    path("accounts/sessions/", include("allauth.usersessions.urls")),
    path("", include("congregation.urls_open")),
    path("", include("rhythms.urls_open")),
    path("", include("hall.urls_open")),
    path(
        "c/<slug:slug>/",
        include(
            [
                path("", include("hall.urls")),
                path("", include("congregation.urls")),
                path("", include("crews.urls")),
                path("", include("rhythms.urls")),
            ]
        ),
    ),
]
