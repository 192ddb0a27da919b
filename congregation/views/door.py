"""How pages look to each: in a browser, and with an account."""

from collections.abc import Mapping

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

YEAR = 60 * 60 * 24 * 365
# What each can be other than the usual; an account says the usual as well, since it outdoes the cookie.
LOOKS = {"theme": {"light", "dark"}, "font": {"legible"}, "motion": {"less"}}
USUAL = {"theme": "device", "font": "usual", "motion": "device"}


@login_not_required
@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Keep how pages look: theme, font and motion, each empty for the usual.

    In this browser, and with the account of whoever is signed in, so that it follows them to another device.
    """
    after = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(after, {request.get_host()}, request.is_secure()):
        after = reverse("door")
    response = HttpResponseRedirect(after)
    wishes = {name: request.POST[name] for name in LOOKS if name in request.POST}
    if request.user.is_authenticated and wishes:
        request.user.prefer(
            **{name: wish if wish in LOOKS[name] else USUAL[name] for name, wish in wishes.items()}
        )
    keep_look(response, wishes)
    return response


def keep_look(response: HttpResponse, wishes: Mapping[str, str]) -> None:
    """Keep these wishes in the browser, for when nobody is signed in there; forget the usual ones."""
    for name, known in LOOKS.items():
        wish = wishes.get(name)
        if wish in known:
            response.set_cookie(
                name,
                wish,
                max_age=YEAR,
                path=settings.SESSION_COOKIE_PATH,
                samesite="Lax",
                secure=settings.SESSION_COOKIE_SECURE,
                httponly=True,
            )
        elif wish is not None:
            response.delete_cookie(name, path=settings.SESSION_COOKIE_PATH, samesite="Lax")
