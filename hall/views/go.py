"""Short links for the chat: a few letters that say nothing, and lead nowhere without sign-in."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
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


@require_safe
def we_met_now(request: HttpRequest) -> HttpResponse:
    """Lead to *We met* for the meeting of one's crews that ended last: a shortcut of the app on a phone."""
    now = clock.now()
    ended = [
        meeting
        for member in Member.objects.of_account(request.user, now=now)
        for meeting in Meeting.objects.visible_to(member)
        .unlogged_by(member, now=now)
        .select_related("congregation")[:1]
    ]
    if not ended:
        messages.info(request, _("Nothing to note just now: no meeting of yours has ended."))
        return HttpResponseRedirect(reverse("door"))
    last = max(ended, key=lambda meeting: meeting.ends_at)
    where = {"slug": last.congregation.slug, "pk": last.pk}
    return HttpResponseRedirect(reverse("we-met", kwargs=where))
