"""Short links for the chat: a few letters that say nothing, and lead nowhere without sign-in."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_safe

from congregation import clock
from congregation.http import unshort
from congregation.models import Letter, Member
from crews.models import Idea
from rhythms.models import LookBack, Meeting

BEHIND: dict[str, Any] = {"m": Meeting, "i": Idea, "l": LookBack, "n": Letter}


@require_safe
def go(request: HttpRequest, kind: str, code: str) -> HttpResponse:
    """Lead someone who is signed in to the page behind a short link; 404 if it isn't theirs to see."""
    try:
        pk = unshort(code)
    except ValueError as error:
        raise Http404 from error
    for member in Member.objects.of_account(request.user, now=clock.now()):
        row = BEHIND[kind].objects.visible_to(member).filter(pk=pk).first()
        if row is not None:
            return HttpResponseRedirect(row.get_absolute_url())
    raise Http404
