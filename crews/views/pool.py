"""Looking for a crew: the pool, one's own card, and the wish to talk."""

import uuid
from typing import Any, Final

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.forms import Form
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from congregation import clock
from congregation.gate import CongregationRequest
from congregation.http import respond
from crews import pool as the_pool
from crews import suggesting
from crews.forms.pool import FilterForm, TimesForm, WishForm, WorkForm
from crews.models import Card, FreeTime, Interest

PARTS: Final = ("work", "wish", "times")
MOST_PAGES: Final = 20


def _to(request: CongregationRequest, name: str, **kwargs: Any) -> str:
    return reverse(name, kwargs={"slug": request.member.congregation.slug, **kwargs})


def _my_card(request: CongregationRequest) -> Card:
    """Return the reader's own card; a blank one, not saved, where there is none."""
    me = request.member
    mine = Card.objects.visible_to(me).filter(member=me).first()
    return mine or Card(congregation=me.congregation, member=me)


@require_safe
def pool(request: CongregationRequest) -> HttpResponse:
    """Who is looking, to those who are; to everyone else the door, with nobody behind it to see."""
    mine = _my_card(request)
    context: dict[str, Any] = {"card": mine, "states": Card.State.choices}
    if not mine.is_looking:
        return respond(request, "crews/pool_door.html", context)
    form = FilterForm(request.GET)
    page = request.GET.get("page", "1")
    pages = max(1, min(int(page), MOST_PAGES)) if page.isascii() and page.isdigit() else 1
    room = the_pool.enter(request.member, now=clock.now())
    found = the_pool.find(room, form.filters, pages=pages)
    form.count(found)
    pills = [
        {"words": words, "without": _without(request.GET, name, value)}
        for name, value, words in form.pills
    ]
    context |= {
        "form": form,
        "found": found,
        "pills": pills,
        "filters": _asked(request.GET),
        "next_page": pages + 1,
        "suggested": [] if pills else suggesting.suggest(room),
    }
    return respond(request, "crews/pool.html", context, part="answer")


def _without(asked: QueryDict, name: str, value: str) -> str:
    """Return the filters of an address without one of them."""
    rest = asked.copy()
    rest.setlist(name, [other for other in asked.getlist(name) if other != value])
    return _asked(rest)


def _asked(asked: QueryDict) -> str:
    """Return the filters of an address, without the page that one is on."""
    rest = asked.copy()
    rest.pop("page", None)
    if not rest.get("shared"):
        rest.pop("minutes", None)
    for name in list(rest):
        if not any(rest.getlist(name)):
            rest.pop(name)
    return rest.urlencode()


@require_POST
def looking(request: CongregationRequest) -> HttpResponse:
    """Say in one tap whether one looks; without a card, looking begins by writing it."""
    card, state = _my_card(request), request.POST.get("state", "")
    if state not in Card.State.values:
        raise Http404
    if state == Card.State.LOOKING and not card.is_written:
        return respond(request, "", after=f"{_to(request, 'card')}?look=1")
    card.look(state, by=request.member)
    messages.success(request, _said(card))
    return respond(request, "", after=back(request))


def back(request: CongregationRequest, anchor: str = "") -> str:
    """Return the page on which something was tapped: home, one's own page, or the pool."""
    match request.POST.get("here"):
        case "home":
            return _to(request, "home") + anchor
        case "me":
            return request.member.get_absolute_url()
        case "list":
            return _to(request, "left-out")
        case "preview":
            return _to(request, "card-preview")
        case _:
            filters = _asked(QueryDict(request.POST.get("filters", "")))
            return f"{_to(request, 'pool')}{'?' if filters else ''}{filters}{anchor}"


def _said(card: Card) -> str:
    match card.state:
        case Card.State.LOOKING:
            return _("You’re looking. The others who are looking see your card.")
        case Card.State.HAPPY:
            return _("You’re happy without a crew. Nobody sees your card, and nobody is told.")
        case _:
            return _("You’re not looking now. Nobody sees your card, and nobody is told.")


@require_http_methods(["GET", "HEAD", "POST"])
def card(request: CongregationRequest) -> HttpResponse:
    """Write one's card, in three short parts; from the last one begins to look if one meant to."""
    part = request.GET.get("part", PARTS[0])
    if part not in PARTS:
        raise Http404
    mine, is_new = _my_card(request), "look" in request.GET
    form = _form(request, mine, part)
    if request.method == "POST" and form.is_valid():
        return _save(request, mine, part, form, is_new=is_new)
    context = {
        "card": mine,
        "form": form,
        "part": part,
        "number": PARTS.index(part) + 1,
        "is_new": is_new,
    }
    status = 422 if form.errors else 200
    return respond(request, "crews/card.html", context, status=status)


def _form(request: CongregationRequest, card: Card, part: str) -> Form:
    data = request.POST if request.method == "POST" else None
    if part == "work":
        names = ("meaning", "livelihood", "offers", "asks")
        return WorkForm(data, initial={name: getattr(card, name) for name in names})
    if part == "wish":
        names = ("kinds", "tempos", "where", "topics")
        return WishForm(data, initial={name: getattr(card, name) for name in names})
    mine = FreeTime.objects.visible_to(request.member).filter(member=request.member)
    return TimesForm(data, free=mine.by_member().get(request.member.pk, []))


def _save(
    request: CongregationRequest, card: Card, part: str, form: Form, *, is_new: bool
) -> HttpResponse:
    """Keep one part and go on: to the next one, or to the card as others see it."""
    if isinstance(form, TimesForm):
        card.free(form.times, by=request.member)
    else:
        card.write(form.cleaned_data, by=request.member)
    here = f"{_to(request, 'card')}?part="
    if "again" in request.POST:
        return respond(request, "", after=f"{here}{part}{'&look=1' if is_new else ''}#own")
    if not is_new:
        messages.success(request, _("Your card is changed."))
        return respond(request, "", after=_to(request, "card-preview"))
    if part != PARTS[-1]:
        return respond(request, "", after=f"{here}{PARTS[PARTS.index(part) + 1]}&look=1")
    try:
        card.look(Card.State.LOOKING, by=request.member)
    except ValidationError as error:
        messages.warning(request, error.messages[0])
        return respond(request, "", after=f"{here}work&look=1")
    messages.success(request, _said(card))
    return respond(request, "", after=_to(request, "pool"))


@require_safe
def card_preview(request: CongregationRequest) -> HttpResponse:
    """One's card, as others see it, and the way to each of its parts."""
    mine = _my_card(request)
    if not mine.is_written:
        return respond(request, "", after=_to(request, "card"))
    person = the_pool.own(request.member, mine, now=clock.now())
    context = {"card": mine, "person": person, "states": Card.State.choices}
    return respond(request, "crews/card_preview.html", context)


@require_POST
def interest(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Note that one would like to talk, or take it back. The answer says what was noted, no more."""
    me, now = request.member, clock.now()
    cards = Card.objects.visible_to(me).looking().select_related("member")
    theirs = get_object_or_404(cards.exclude(member=me), member=pk)
    if request.POST.get("on") == "1":
        try:
            Interest.note(theirs, by=me, now=now)
        except ValidationError as error:
            messages.error(request, error.messages[0])
    else:
        Interest.take_back(theirs.member_id, by=me)
    # The same person may stand on a page twice: suggested, and among all.
    at = "s-" if request.POST.get("at") == "s-" else ""
    context = {
        "person": the_pool.one(me, theirs.member, now=now),
        "filters": _asked(QueryDict(request.POST.get("filters", ""))),
        "here": request.POST.get("here", ""),
        "at": at,
    }
    after = back(request, f"#{at}p-{theirs.member_id}")
    return respond(request, "crews/_card.html", context, part="interest", after=after)
