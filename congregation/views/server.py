"""What a machine asks this server."""

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from congregation import clock, outbox, readiness


@login_not_required
@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """Answer that the process lives."""
    return HttpResponse("ok\n", content_type="text/plain")


@login_not_required
@require_safe
@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    """Answer whether people can be served: database, migrations, mail that waits, broker."""
    facts: dict[str, Any] = {"database": "ok", "migrations": "ok"}
    try:
        facts["migrations"] = readiness.migrations()
        facts["oldest_due_seconds"] = outbox.oldest_due(now=clock.now())
    except DatabaseError:
        facts["database"] = "away"
    facts["broker"] = readiness.broker()
    good = all(facts[name] == "ok" for name in ("database", "migrations", "broker"))
    return JsonResponse(facts, status=200 if good else 503)
