"""Addresses outside of any congregation."""

from django.urls import path, register_converter
from django.urls.converters import StringConverter

from hall.views import (
    at_the_table,
    closing,
    demo,
    door,
    go,
    operator,
    phone,
    setup,
    way_in,
    welcome,
)


class ShortKind(StringConverter):
    """m, i, l or n: a meeting, an idea, a look-back, the hosts' letter."""

    regex = "[miln]"


register_converter(ShortKind, "short_kind")

urlpatterns = [
    path("evening/<str:token>/", at_the_table.at_the_table, name="at-the-table"),
    path("arrivals/<uuid:pk>/", at_the_table.arrival, name="arrival"),
    path("", door.door, name="door"),
    path("account/close/", closing.close, name="account-close"),
    path("account/reopen/<str:token>/", closing.reopen, name="account-reopen"),
    path("manifest.webmanifest", phone.manifest, name="manifest"),
    path("worker.js", phone.worker, name="worker"),
    path("offline/", phone.offline, name="offline"),
    path("operator/", operator.operator, name="operator"),
    path("operator/mail/test/", operator.mail_test, name="operator-mail-test"),
    path("operator/mail/again/", operator.mail_again, name="operator-mail-again"),
    path("operator/mail/leave/", operator.mail_leave, name="operator-mail-leave"),
    path("operator/enter/<str:token>/", operator.enter, name="operator-enter"),
    path("welcome/<str:token>/", welcome.welcome, name="welcome"),
    path("welcome/<str:token>/key/", welcome.welcome_key, name="welcome-key"),
    path("sign-in-name/", welcome.sign_in_name, name="sign-in-name"),
    path("way-in/<str:token>/", way_in.way_in, name="way-in"),
    path("way-back/<uuid:pk>/stop/", way_in.stop, name="way-back-stop"),
    path("setup/<str:token>/", setup.setup, name="setup"),
    path("setup/<str:token>/begin/", setup.choose, name="setup-begin"),
    path("setup/<str:token>/mail/", setup.mail, name="setup-mail"),
    path("setup/<str:token>/demo/", setup.demo, name="setup-demo"),
    path("setup/<str:token>/finish/", setup.finish, name="setup-finish"),
    path("setup/<str:token>/part/<slug:name>/", setup.part, name="setup-part"),
    path("<short_kind:kind>/<slug:code>", go.go, name="go"),
    path("demo/clock/", demo.move, name="demo-move"),
    path("demo/mail/", demo.mail, name="demo-mail"),
    path("demo/begun/", demo.begun, name="demo-begun"),
    path("demo/remove/", demo.remove, name="demo-remove"),
]
