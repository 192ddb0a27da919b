"""Looking back: written alone, laid down, opened to all at once; and the next table."""

import uuid
from typing import Any, Final

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from congregation import clock
from congregation.gate import CongregationRequest
from congregation.http import respond, short
from congregation.outbox import address
from crews.models import Seat
from rhythms import phrases, renewing
from rhythms.forms.lookback import ChangeForm, LookBackForm, NextForm
from rhythms.found import Found, evenings, found, last_changes, title
from rhythms.models import Answers, Change, Commitment, LookBack, Meeting
from rhythms.models.change import MOST_CHANGES

WRITE: Final = "rhythms/lookback_write.html"
WAIT: Final = "rhythms/lookback_wait.html"
OPEN: Final = "rhythms/lookback_open.html"


@require_safe
def lookback(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Show one's own sheet to write on, that it lies on the table, or what all of them found."""
    this = find(request, pk)
    if this.is_revealed:
        return respond(request, OPEN, _opened(request, this))
    has_written = this.has_from(request.member)
    if not this.asks(request.member) or (has_written and "change" not in request.GET):
        return respond(request, WAIT, _waiting(request, this, has_written))
    form = _form(request, this, answers=this.answers_of(request.member))
    return respond(request, WRITE, _writing(request, this, form))


@require_POST
def lookback_save(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Keep what someone is writing, as they write it."""
    this = find(request, pk)
    form = _form(request, this, request.POST, is_draft=True)
    saved_at, fault = None, ""
    if form.is_valid():
        try:
            decision = this.draft(form.answers, by=request.member, now=clock.now())
            saved_at = decision.saved_at
        except ValidationError as error:
            fault = error.messages[0]
    else:
        fault = _("Not saved yet: something is too long.")
    context = {"saved_at": saved_at, "fault": fault}
    if not request.htmx:  # type: ignore[attr-defined]
        return HttpResponseRedirect(f"{this.get_absolute_url()}?change=1")
    return respond(request, WRITE, context, part="saved", status=422 if fault else 200)


@require_POST
def lookback_write(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Lay one's own on the table; the last one opens it."""
    this = find(request, pk)
    form = _form(request, this, request.POST)
    if form.is_valid():
        try:
            renewing.write(this, form.answers, by=request.member, now=clock.now())
            return respond(request, WAIT, after=this)
        except ValidationError as error:
            form.add_error(None, error)
    if this.is_revealed:
        return respond(request, OPEN, _opened(request, this, late=form), status=422)
    return respond(request, WRITE, _writing(request, this, form), status=422)


@require_POST
def lookback_change(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Choose a change that the crew tries, and who carries it."""
    this = find(request, pk)
    if not this.is_revealed:
        return respond(request, OPEN, after=this)
    what = found(this, request.member)
    form = _change_form(request, this, what, request.POST)
    if form.is_valid():
        try:
            Change.choose(this, form.change, form.who, by=request.member, now=clock.now())
            messages.success(request, _("That is what you try."))
            return respond(request, OPEN, _opened(request, this), part="change", after=this)
        except ValidationError as error:
            form.add_error(None, error)
    context = _opened(request, this, what=what, change_form=form)
    return respond(request, OPEN, context, part="change", status=422)


@require_POST
def change_drop(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Drop a change again, before the next look-back begins with it."""
    changes = Change.objects.visible_to(request.member).select_related("lookback__crew")
    change = get_object_or_404(changes, pk=pk)
    this = find(request, change.lookback_id)
    try:
        change.drop(by=request.member, now=clock.now())
        messages.success(request, _("Dropped."))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return respond(request, OPEN, _opened(request, this), part="change", after=this)


@require_POST
def lookback_next(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Propose another tempo, first date or number of times for the next table."""
    this = find(request, pk)
    if not this.is_revealed:
        return respond(request, OPEN, after=this)
    commitment = get_object_or_404(
        Commitment.objects.visible_to(request.member).filter(crew=this.crew),
        pk=request.POST.get("instead_of") if _is_uuid(request.POST.get("instead_of")) else None,
    )
    form = NextForm(request.POST)
    if form.is_valid():
        try:
            renewing.propose_instead(
                commitment,
                tempo=form.cleaned_data["tempo"],
                starts_on=form.cleaned_data["starts_on"],
                times=form.cleaned_data["times"],
                by=request.member,
                now=clock.now(),
                pk=form.pk,
            )
            messages.success(request, _("Proposed. Everyone at the table is asked anew."))
            return respond(request, OPEN, after=this)
        except ValidationError as error:
            form.add_error(None, error)
    context = _opened(request, this, next_form=form)
    return respond(request, OPEN, context, part="next", status=422)


@require_safe
def lookback_print(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Show what was found on one sheet of paper."""
    this = find(request, pk)
    if not this.is_revealed:
        return HttpResponseRedirect(this.get_absolute_url())
    return respond(request, "rhythms/lookback_print.html", _opened(request, this))


# ---- what the pages show


def find(request: CongregationRequest, pk: uuid.UUID) -> LookBack:
    """Return a look-back that the reader may open, or answer 404."""
    rows = LookBack.objects.visible_to(request.member).select_related(
        "congregation", "crew__congregation", "commitment__rhythm"
    )
    return get_object_or_404(rows, pk=pk)


def _is_uuid(value: str | None) -> bool:
    try:
        uuid.UUID(str(value))
    except ValueError:
        return False
    return True


def _form(
    request: CongregationRequest,
    this: LookBack,
    data: Any = None,
    *,
    is_draft: bool = False,
    answers: Answers | None = None,
) -> LookBackForm:
    changes = last_changes(this, request.member)
    return LookBackForm(data, lookback=this, changes=changes, is_draft=is_draft, answers=answers)


def _about(this: LookBack) -> dict[str, Any]:
    return {"lookback": this, "crew": this.crew, "tab": "crews"}


def _writing(request: CongregationRequest, this: LookBack, form: LookBackForm) -> dict[str, Any]:
    """Return what the page to write on shows; of others' writing, nothing."""
    asked = len(this.asked())
    past = evenings(this, request.member)
    held = sum(one.meeting.state == Meeting.State.HELD for one in past)
    is_evening = all(timezone.localtime(one.meeting.starts_at).hour >= 17 for one in past)
    n = phrases.number(len(past))
    decision = this.decision_of(request.member)
    return _about(this) | {
        "form": form,
        "asked": asked,
        "all_of_us": phrases.number(asked),
        "title": title(past, asked),
        "evenings": past,
        "evenings_title": (_("Our %(n)s evenings") if is_evening else _("Our %(n)s meetings"))
        % {"n": n},
        "held": held,
        "kept_all": held == len(past),
        "times_met": phrases.times(held),
        "times_said": phrases.meetings(len(past)),
        "saved_at": decision.saved_at if decision else None,
        "is_down": bool(decision and decision.written_at),
    }


def _waiting(request: CongregationRequest, this: LookBack, has_written: bool) -> dict[str, Any]:
    """Return what is shown while it lies face down; the same whoever else has written."""
    asked = len(this.asked())
    seats = Seat.objects.visible_to(request.member).taken().filter(crew=this.crew)
    return _about(this) | {
        "has_written": has_written,
        "asked": asked,
        "all_of_us": phrases.number(asked),
        "my_seat": seats.filter(member=request.member).first(),
        "link": address(reverse("go", args=["l", short(this.pk)])),
        "zone": this.commitment.rhythm.zone,
    }


def _change_form(
    request: CongregationRequest, this: LookBack, what: Found, data: Any = None
) -> ChangeForm:
    return ChangeForm(
        data,
        suggestions=what.suggestions,
        people=what.people,
        offers=what.offers,
        reader=request.member,
    )


def _opened(
    request: CongregationRequest,
    this: LookBack,
    *,
    what: Found | None = None,
    change_form: ChangeForm | None = None,
    next_form: NextForm | None = None,
    late: LookBackForm | None = None,
) -> dict[str, Any]:
    """Return what the page shows once it is open."""
    what = what or found(this, request.member)
    after = what.next.commitment if what.next else None
    if next_form is None and after is not None:
        initial = {
            "tempo": after.rhythm.tempo,
            "starts_on": after.begins_on,
            "times": after.times,
        }
        next_form = NextForm(initial=initial)
    going_on = len(what.people)
    may_choose = what.is_at_table and what.is_latest
    return _about(this) | {
        "found": what,
        "readers": phrases.number(what.readers),
        "may_choose": may_choose,
        "change_form": change_form or _change_form(request, this, what),
        "may_group": may_choose and not this.weighing_at and len(what.heaps) > 1,
        "may_weigh": what.is_at_table and bool(this.weighing_at) and not this.weighed_at,
        "lesson": None if this.crew.is_partnership or not what.is_at_table else what.lesson,
        "may_add": may_choose and 0 < len(what.changes) < MOST_CHANGES,
        "next_form": next_form,
        "table_says": phrases.table(going_on, what.kept, this.crew.seats_open),
        "at_table": phrases.capital(phrases.people(going_on)),
        "least": phrases.number(this.crew.least),
        "said_yes": phrases.names([who.first_name for who in what.next.said]) if what.next else "",
        "can_propose": what.is_latest and what.is_at_table and going_on >= this.crew.least,
        "next_times": after.times if after else 0,
        "my_place": next(
            (place for place, who in enumerate(what.people) if who == request.member), None
        ),
        "late": [(field.label, field.value()) for field in late if field.value()] if late else [],
        "late_words": late.non_field_errors() if late else [],
    }
