"""Pages for what went wrong; each keeps what was typed, as far as it can."""

import logging
import sys

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.template.loader import render_to_string

from config.logs import place
from congregation.http import is_from_us, kept

log = logging.getLogger("tableful.web")
TOO_LARGE = (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent)
BUSY = (OperationalError, InterfaceError)


def stale(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form whose token has grown old: what was typed is shown and can be sent again.

    Only a form of our own pages is offered again; one from elsewhere is simply refused.
    """
    context = kept(request) if is_from_us(request) else {}
    return render(request, "403_csrf.html", context, status=403)


def refused(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer a request that cannot be read: too large, with too many fields, or no request at all."""
    is_large = isinstance(exception, TOO_LARGE)
    page = render_to_string("400.html", {"is_large": is_large})
    return HttpResponse(page, status=413 if is_large else 400)


def broken(request: HttpRequest) -> HttpResponse:
    """Answer what went wrong on our side; a database that is busy or away says so, and keeps what was typed."""
    error = sys.exc_info()[1]
    name, where = type(error).__name__, place(error)
    if isinstance(error, BUSY):
        log.warning("busy: %s at %s", name, where)
        page = render_to_string("503.html", {**kept(request), "csrf_token": get_token(request)})
        return HttpResponse(page, status=503, headers={"Retry-After": "3"})
    log.error("broken: %s at %s", name, where)
    return HttpResponse(render_to_string("500.html"), status=500)
