"""What every answer says to browsers besides its page: what they may do with it and whether they may keep it."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.middleware.security import SecurityMiddleware
from django.utils.translation import gettext as _

# Copying words is the one thing of these that a page of ours does; passkeys are its own.
ALLOWED = ("clipboard-write", "publickey-credentials-create", "publickey-credentials-get")
REFUSED = (
    "accelerometer",
    "autoplay",
    "browsing-topics",
    "camera",
    "clipboard-read",
    "display-capture",
    "encrypted-media",
    "fullscreen",
    "gamepad",
    "geolocation",
    "gyroscope",
    "hid",
    "idle-detection",
    "local-fonts",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "picture-in-picture",
    "screen-wake-lock",
    "serial",
    "usb",
    "window-management",
    "xr-spatial-tracking",
)
PERMISSIONS = ", ".join(
    [*(f"{name}=(self)" for name in ALLOWED), *(f"{name}=()" for name in REFUSED)]
)


class Headers:
    """Adds the headers that Django has no setting for.

    A page is made for one person, so nothing keeps it, unless its view said otherwise; what is
    typed survives in drafts. Static files have said that they may be kept for a year.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.headers.setdefault("Cache-Control", "private, no-store")
        return response


class NoCircles:
    """Says what is wrong where a proxy keeps https to itself, rather than lead people to https for ever.

    Browsers send Sec-Fetch-Mode by https alone, but for localhost.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        came_by_https = request.headers.get("Sec-Fetch-Mode") == "navigate" and not settings.LOCAL
        if settings.SECURE_SSL_REDIRECT and came_by_https and not request.is_secure():
            words = _(
                "You came by https, but the proxy before this server does not say so. Whoever runs it: "
                "have the proxy send X-Forwarded-Proto, as deploy/nginx.conf does."
            )
            said = HttpResponse(f"{words}\n", status=500, content_type="text/plain; charset=utf-8")
            return SecurityMiddleware(self.get_response).process_response(request, said)
        return self.get_response(request)


class Compressed(GZipMiddleware):
    """Compresses pages, each to a length that chance has a part in, but none that holds a key.

    A key is a link, a code or a secret that is shown once: such a view says never_cache, and one's
    account has them. Why the rest may be compressed stands in docs/decisions/0010.
    """

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        """Compress what the browser takes compressed."""
        holds_a_key = "no-store" in response.get("Cache-Control", "")
        if holds_a_key or request.path_info.startswith("/accounts/"):
            return response
        return super().process_response(request, response)
