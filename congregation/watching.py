"""A line in the log for each request: what kind of page, how it was answered, how long it took.

It has no path, since paths hold keys; and within a congregation it names only pages that everyone opens
alike: that somebody writes to someone, or looks into a repair, is not the operator's to read.
"""

import logging
import time
from collections.abc import Callable
from typing import Any, Final

from django.db import connection
from django.http import HttpRequest, HttpResponse

log = logging.getLogger("tableful.requests")
# Pages that everyone opens alike; what is not named here stays unnamed.
ALIKE: Final = {
    "accessibility",
    "calendar",
    "crews",
    "help",
    "home",
    "host",
    "ideas",
    "me",
    "more",
    "notices",
    "people",
    "privacy",
}
# What machines ask all the time is worth a line only when it goes wrong.
ASKED_OFTEN: Final = {"healthz", "readyz"}


class Statements:
    """Counts what is asked of the database."""

    count = 0

    def __call__(
        self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
    ) -> Any:
        self.count += 1
        return execute(sql, params, many, context)


class RequestLines:
    """Writes the line."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began, statements = time.perf_counter(), Statements()
        with connection.execute_wrapper(statements):
            response = self.get_response(request)
        name = name_of(request)
        if name in ASKED_OFTEN and response.status_code < 400:
            return response
        facts = {
            "method": request.method if request.method in {"GET", "HEAD", "POST"} else "other",
            "page": name,
            "status": response.status_code,
            "ms": round((time.perf_counter() - began) * 1000),
            "statements": statements.count,
        }
        level = logging.WARNING if response.status_code >= 500 else logging.INFO
        log.log(level, "request", extra={"facts": facts})
        return response


def name_of(request: HttpRequest) -> str:
    """Return what a request was for, as far as the log may know it."""
    match = request.resolver_match
    if match is None:
        return "nowhere"
    name = match.url_name or "unnamed"
    if not match.route.startswith("c/<slug:slug>/"):
        return name
    if request.method == "POST":
        return "a form"
    return name if name in ALIKE else "a page"
