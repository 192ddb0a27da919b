"""In my own calendar: the addresses that a person makes for their calendars, and what is read at them."""

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from congregation import clock
from congregation.gate import CongregationRequest
from congregation.http import hand_over, handed_over, respond
from congregation.models import hashed
from congregation.outbox import address
from rhythms.calendars import events, links
from rhythms.calendars import feed as feeds
from rhythms.calendars.writing import MEDIA_TYPE
from rhythms.forms.feed import FeedForm, ShowsForm
from rhythms.models import Feed
from rhythms.models.feed import FeedQuerySet
from rhythms.views.meeting import meetings_of

HEADERS = {
    "Cache-Control": "private, no-cache",
    "Content-Disposition": 'inline; filename="calendar.ics"',
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
}


@login_not_required
@sensitive_variables("token")
@require_safe
def feed(request: HttpRequest, token: str) -> HttpResponse:
    """Hand a person's meetings to whoever has the address: their calendar, which asks again and again."""
    now = clock.now()
    this = Feed.objects.by_token(token).first()
    if this is None:
        return _plain(_("Nothing is to be read at this address, or not any more."), 404)
    etag = quote_etag(feeds.tag(this, now=now))
    response = get_conditional_response(request, etag=etag)
    if response is None:
        if not this.may_be_written(now=now):
            return _plain(_("This is asked too often. Come again in an hour."), 429)
        words = feeds.written(this, now=now)
        response = HttpResponse(words, content_type=f"{MEDIA_TYPE}; charset=utf-8")
    for name, value in {**HEADERS, "ETag": etag}.items():
        response[name] = value
    return response


def _plain(words: str, status: int) -> HttpResponse:
    """Say in a line, to a program, why there is no calendar."""
    headers = {**HEADERS, **({"Retry-After": "3600"} if status == 429 else {})}
    kind = "text/plain; charset=utf-8"
    return HttpResponse(f"{words}\n", status=status, content_type=kind, headers=headers)


@require_http_methods(["GET", "HEAD", "POST"])
def own_calendar(request: CongregationRequest) -> HttpResponse:
    """Show a member the addresses that they have made for their calendars; make one."""
    member, now = request.member, clock.now()
    sent = request.POST if request.method == "POST" else None
    form = FeedForm(sent, member=member, initial={"of": request.GET.get("of", Feed.Of.MINE.value)})
    if request.method == "POST" and form.is_valid():
        shows = form.cleaned_data["shows"]
        made = Feed.make(of=form.which, seat=form.seat, shows=shows, by=member, now=now)
        return hand_over(*made)
    context = {
        "form": form,
        "feeds": _mine(request).order_by("made_at", "pk"),
        "now": now,
        "tab": "calendar",
    }
    status = 422 if form.errors else 200
    return respond(request, "rhythms/own_calendar.html", context, status=status)


@never_cache
@require_safe
def own_feed(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Show one address of one's own: what is read at it, and itself in the browser that has just made it."""
    this = get_object_or_404(_mine(request), pk=pk)
    context = {
        "feed": this,
        "form": ShowsForm(initial={"shows": this.shows}),
        "now": clock.now(),
        "tab": "calendar",
    }
    token = handed_over(request, pk)
    if token and hashed(token) == this.token_hash:
        link = address(reverse("feed", args=[token]))
        ways = list(links.to_subscribe(link, feeds.name_of(this)))
        context |= {"link": link, "here": ways[0], "ways": ways[1:]}
    return respond(request, "rhythms/own_feed.html", context)


@require_POST
def feed_renew(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Make a new address, which ends the one before."""
    this = get_object_or_404(_mine(request), pk=pk)
    token = this.renew(by=request.member, now=clock.now())
    messages.success(request, _("Here is the new address. The one before opens nothing any more."))
    return hand_over(this, token)


@require_POST
def feed_shows(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Choose how much is read at an address."""
    this = get_object_or_404(_mine(request), pk=pk)
    form = ShowsForm(request.POST)
    if form.is_valid():
        this.show(form.cleaned_data["shows"], by=request.member, now=clock.now())
        messages.success(request, _("Saved. Your calendar takes it over when it asks next."))
    return respond(request, "rhythms/own_feed.html", after=this)


@require_POST
def feed_end(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Let an address open nothing any more."""
    this = get_object_or_404(_mine(request), pk=pk)
    this.end(by=request.member, now=clock.now())
    messages.success(request, _("Ended. Nothing is read at this address any more."))
    after = reverse("own-calendar", kwargs={"slug": request.member.congregation.slug})
    return respond(request, "rhythms/own_calendar.html", after=after)


@require_safe
def to_calendar(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Show the ways of one meeting into one's own calendar."""
    member = request.member
    meeting = get_object_or_404(meetings_of(member), pk=pk)
    context = {
        "meeting": meeting,
        "name": meeting.name_for(member),
        "ways": list(links.to_add(events.Writer(member, Feed.Shows.NAMES).alone(meeting))),
        "now": clock.now(),
        "tab": "calendar",
    }
    return respond(request, "rhythms/to_calendar.html", context)


def _mine(request: CongregationRequest) -> FeedQuerySet:
    return (
        Feed.objects.visible_to(request.member).alive().select_related("congregation", "seat__crew")
    )
