"""One's own picture, and the pictures of others."""

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from congregation import clock
from congregation.forms import PortraitForm
from congregation.gate import CongregationRequest
from congregation.http import respond
from congregation.models import Portrait


@require_http_methods(["GET", "HEAD", "POST"])
def my_picture(request: CongregationRequest) -> HttpResponse:
    """Show one's own picture; put another in its place."""
    if request.method != "POST":
        return respond(request, "congregation/picture.html", {"tab": "more"})
    form = PortraitForm(request.POST, request.FILES)
    if not form.is_valid():
        context = {"portrait": form, "tab": "more"}
        return respond(request, "congregation/picture.html", context, part="card", status=422)
    image = form.cleaned_data["picture"]
    Portrait.show(request.member, image, by=request.member, now=clock.now())
    messages.success(request, _("This is what everyone here sees now."))
    return _changed(request)


@require_POST
def take_away(request: CongregationRequest) -> HttpResponse:
    """Take one's own picture away."""
    Portrait.take_away(request.member, by=request.member, now=clock.now())
    messages.success(request, _("Your picture is gone. Your initials stand in its place."))
    return _changed(request)


def _changed(request: CongregationRequest) -> HttpResponse:
    """Answer with the card, so that what is typed beside it stays; without scripts, with Me."""
    url = reverse("me", kwargs={"slug": request.member.congregation.slug}) + "#picture"
    context = {"is_changed": True, "tab": "more"}
    return respond(request, "congregation/picture.html", context, part="card", after=url)


@require_safe
def picture(request: CongregationRequest, pk: uuid.UUID, key: str) -> HttpResponse:
    """Give someone's picture, as long as it is the one they show.

    Another picture has another address, so this one is kept by the browser, and by nothing between.
    """
    shown = Portrait.objects.visible_to(request.member).filter(member__portrait_key=key)
    portrait = get_object_or_404(shown, member=pk)
    return HttpResponse(
        bytes(portrait.image),
        content_type="image/webp",
        headers={
            "Cache-Control": "private, max-age=86400, immutable",
            "Content-Disposition": "inline",
            "Cross-Origin-Resource-Policy": "same-origin",
            "X-Content-Type-Options": "nosniff",
        },
    )
