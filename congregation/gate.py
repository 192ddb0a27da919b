"""Asks who is there; turns the slug in the URL into `request.member`, or into a 404."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth import logout
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone, translation

from congregation import clock
from congregation.http import is_from_us, kept
from congregation.models import Member, User

# The rooms of a whole congregation: while it is one crew, these have not opened yet.
NOT_YET = frozenset(
    {
        "evening-new",
        "pool",
        "looking",
        "card",
        "card-preview",
        "interest",
        "left-out",
        "left-out-mates",
        "leave-out",
        "not-with",
        "ideas",
        "idea-new",
        "idea",
        "idea-answer",
        "idea-ask",
        "idea-close",
        "season",
        "season-new",
        "season-join",
        "season-leave",
        "season-host",
        "season-hurry",
        "season-end",
        "proposal-answer",
        "idea-time",
        "idea-meet-at",
        "seed-plant",
        "crew-invite",
        "crew-meet",
        "crew-sit",
        "introduction-wish",
        "introduction-new",
        "lessons",
        "letters",
        "letter",
        "letter-write",
        "letter-send",
        "letter-every",
    }
)


class CongregationRequest(HttpRequest):
    """A request that has come through the gate."""

    member: Member


class SignedIn(LoginRequiredMiddleware):
    """Asks everyone to sign in but on open pages; what was typed before the session ended is kept."""

    def handle_no_permission(  # type: ignore[override]
        self, request: HttpRequest, view_func: Callable[..., HttpResponseBase]
    ) -> HttpResponseBase:
        if request.method == "POST" and is_from_us(request):
            context = kept(request)
            if context["typed"]:
                return render(request, "signed_out.html", context, status=403)
        return super().handle_no_permission(request, view_func)


class Gate:
    """Lets active members into their congregation; to everyone else it does not exist."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.member = None  # type: ignore[attr-defined]
        if getattr(request.user, "closed_at", None):
            # Whoever closed their account elsewhere is signed out here too.
            logout(request)
        zone = getattr(request.user, "zone", "")
        language = getattr(request.user, "known_language", "")
        if language:
            # LocaleMiddleware chooses anew for each request, so this lasts as long as the request.
            translation.activate(language)
            request.LANGUAGE_CODE = language
        elif isinstance(request.user, User) and "Accept-Language" in request.headers:
            request.user.browse_in(request.LANGUAGE_CODE)
        with timezone.override(zone or None):
            return self.get_response(request)

    def process_view(
        self,
        request: HttpRequest,
        view: Callable[..., HttpResponse],
        args: Any,
        kwargs: dict[str, Any],
    ) -> HttpResponse | None:
        slug = kwargs.pop("slug", None)
        if slug is None:
            return None
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        member = Member.objects.at_the_gate(request.user, slug, now=clock.now()).first()
        if member is None:
            raise Http404
        request.member = member  # type: ignore[attr-defined]
        if not request.user.zone:
            timezone.activate(member.congregation.zone)
        match = request.resolver_match
        if member.congregation.is_one_crew and match and match.url_name in NOT_YET:
            return render(request, "congregation/not_yet.html", status=404)
        return None
