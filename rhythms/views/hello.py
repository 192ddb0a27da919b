"""The hello of two people: what each says, and the time that they find."""

import uuid
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from congregation import clock
from congregation.gate import CongregationRequest
from congregation.http import respond
from congregation.models import Member
from crews.forms.hello import HelloForm, read, spelled
from crews.models import FreeTime, Greeting, Hello, OfferedTime
from crews.models.card import week_of
from crews.rules import days_shared, shared
from rhythms import hellos
from rhythms.models import Meeting


def _hello(request: CongregationRequest, pk: uuid.UUID) -> Hello:
    rows = Hello.objects.visible_to(request.member)
    return get_object_or_404(
        rows.select_related("first__user", "second__user", "congregation"), pk=pk
    )


@require_safe
def hello(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """What the two said to each other, and what is to be said or picked next."""
    row, now = _hello(request, pk), clock.now()
    context = _page(row, request.member, None, now=now)
    return respond(request, "rhythms/hello.html", context)


@require_POST
def hello_say(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Say hello: a few words, a contact, and yes to a time or times to choose from."""
    row, me, now = _hello(request, pk), request.member, clock.now()
    context = _page(row, me, request.POST, now=now)
    form: HelloForm | None = context.get("form")
    if form and form.is_valid():
        try:
            _say(row, form, by=me, now=now)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("Said. Only the two of you can read it."))
            return respond(request, "", after=row)
    # The other one may have closed it meanwhile: then the page says so, and shows what was typed.
    return respond(request, "rhythms/hello.html", context, status=422)


def _say(row: Hello, form: HelloForm, *, by: Member, now: datetime) -> None:
    data = form.cleaned_data
    note, contacts, yes = data["note"].strip(), list(data["reach"]), data["yes"]
    if yes:
        hellos.pick(row, yes, by=by, now=now, note=note, contacts=contacts)
    else:
        row.say(note, contacts, form.others, by=by, now=now)


@require_POST
def hello_pick(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Say yes to a time that the other one offers, and to nothing else."""
    row, me = _hello(request, pk), request.member
    try:
        hellos.pick(row, read(request.POST.get("yes", "")), by=me, now=clock.now())
    except ValidationError as error:
        messages.error(request, error.messages[0])
    except ValueError:
        messages.error(request, _("Choose one of the times."))
    else:
        messages.success(request, _("You two have a time."))
    return respond(request, "", after=row)


@require_POST
def hello_close(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Not after all: close it quietly."""
    row = _hello(request, pk)
    hellos.close(row, by=request.member, now=clock.now())
    return respond(request, "", after=row)


def _page(row: Hello, me: Member, data: Any, *, now: datetime) -> dict[str, Any]:
    """Return what the page of a hello shows to one of its two."""
    other = row.other(me)
    said = {g.member_id: g for g in Greeting.objects.visible_to(me).filter(hello=row)}
    times = OfferedTime.objects.visible_to(me).filter(hello=row, starts_at__gt=now)
    offered: dict[Any, list[datetime]] = {me.pk: [], other.pk: []}
    for time in times.order_by("starts_at"):
        offered[time.member_id].append(time.starts_at)
    meetings = Meeting.objects.visible_to(me).filter(hello=row).select_related("congregation")
    meeting = meetings.exclude(state=Meeting.State.CANCELLED).first()
    context: dict[str, Any] = {
        "hello": row,
        "other": other,
        "mine": said.get(me.pk),
        "theirs": said.get(other.pk),
        "offered": offered[other.pk],
        "offering": offered[me.pk],
        "meeting": meeting,
        "is_over": bool(meeting and meeting.ends_at <= now),
        "is_closed": not row.is_open,
        "now": now,
    }
    if row.is_open:
        context["days"] = _days(me, other, now=now)
        context["form"] = _form(row, me, data, context, now=now)
    else:
        context["typed"] = (data or {}).get("note", "")
    return context


def _days(me: Member, other: Member, *, now: datetime) -> list[bool]:
    """Return on which days of the reader's week the two share free time."""
    on = now.date()
    free = FreeTime.objects.visible_to(me).filter(member__in=(me, other)).by_member()
    weeks = (week_of(person, free.get(person.pk, ()), on) for person in (me, other))
    return days_shared(shared(*weeks), me.zone, on)


def _form(row: Hello, me: Member, data: Any, page: dict[str, Any], *, now: datetime) -> HelloForm:
    """Return one's side as it stands; who has said nothing yet offers what would suit both."""
    mine, meeting = page["mine"], page["meeting"]
    offered, offering = page["offered"], page["offering"]
    suits = [time for time in hellos.times_for(row, me, now=now) if time not in offered]
    # Sent twice, a yes finds its time gone and the meeting there: that is no mistake.
    agreed = [meeting.starts_at] if meeting and data else []
    first_to_offer = not (mine or offered)
    return HelloForm(
        data,
        member=me,
        other=page["other"],
        offered=[*offered, *agreed],
        mine=sorted({*offering, *suits}),
        given=mine.kinds_given if mine else [],
        busy=hellos.busy_at(me, [*offered, *offering]),
        now=now,
        initial={
            "note": mine.note if mine else "",
            "offer": [spelled(t) for t in (suits if first_to_offer else offering)],
        },
    )
