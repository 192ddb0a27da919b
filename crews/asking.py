"""What a table may be asked, and what follows once everyone there has said yes."""

import uuid
from collections.abc import Mapping
from datetime import datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from congregation.models import Event, Member, Notice
from crews.models import Crew, Lesson, Question, Seat
from crews.models.question import ASKED_AGAIN_AFTER, ASKED_FOR, REST_AFTER_PARTING

Kind = Question.Kind


def end(crew: Crew, *, by: Member, now: datetime, pk: uuid.UUID | None = None) -> Question | None:
    """Ask a crew to come to its end. Of a partnership each of the two may end it: the other is told."""
    _check_alive(crew)
    if crew.is_partnership:
        with transaction.atomic():
            others = list(crew.people().exclude(pk=by.pk))
            crew.end(by=by, now=now)
            Notice.tell("crews.ended", others, crew, now=now)
        return None
    return _ask(Kind.END, crew, by=by, now=now, pk=pk)


def part(
    crew: Crew, about: Member, *, by: Member, now: datetime, pk: uuid.UUID | None = None
) -> Question:
    """Ask all the others at a table whether to part with one of them; that one learns nothing of it.

    Someone whose seat is kept, or who is away, isn't parted with: a look-back lets such a seat go by itself.
    """
    _check_alive(crew)
    there = Seat.objects.at_table().filter(crew=crew, member__state=Member.State.ACTIVE)
    if crew.is_partnership or by.pk == about.pk or not there.filter(member=about).exists():
        raise PermissionDenied
    if there.count() < 3:
        raise ValidationError(_("It takes the yes of two others at least."))
    lately = Question.objects.filter(
        crew=crew,
        kind=Kind.PART,
        about=about,
        state=Question.State.CLOSED,
        settled_at__gt=now - REST_AFTER_PARTING,
    )
    # Only who was asked themselves learns that it was asked before.
    if lately.filter(asked_at__gte=there.get(member=by).taken_at).exists():
        raise ValidationError(
            _("This was asked not long ago, and it did not come to that. Let it rest for a season.")
        )
    return _ask(Kind.PART, crew, about=about, by=by, now=now, pk=pk)


def share(
    crew: Crew, words: str, *, by: Member, now: datetime, pk: uuid.UUID | None = None
) -> Question:
    """Ask a crew whether to give a lesson to the congregation, in these words; it may have ended."""
    if crew.is_partnership:
        raise PermissionDenied
    with transaction.atomic():
        question = Question.ask(Kind.LESSON, crew, by=by, now=now, pk=pk)
        lesson, is_new = Lesson.objects.get_or_create(
            question=question,
            defaults={
                "congregation_id": crew.congregation_id,
                "crew": crew,
                "words": words.strip(),
                "written_at": now,
            },
        )
        if not is_new and lesson.words != words.strip():
            raise ValidationError(_("Other words are being asked just now. Answer those first."))
        lesson.clean_fields(exclude=["congregation", "crew", "question"])
        _carry_out_if_whole(question, now=now)
    return question


def meet(
    crew: Crew, other: Crew, *, by: Member, now: datetime, pk: uuid.UUID | None = None
) -> Question:
    """Ask one's crew whether to mix with another one. With everyone's yes that one is asked too."""
    for one in (crew, other):
        _check_alive(one)
        if one.is_partnership:
            raise PermissionDenied
    if crew.pk == other.pk or crew.congregation_id != other.congregation_id:
        raise ValidationError(_("Choose another crew."))
    return _ask(Kind.MEET, crew, other=other, by=by, now=now, pk=pk)


def seat_anew(
    crew: Crew,
    tables: Mapping[uuid.UUID, int],
    *,
    other: Crew | None = None,
    name: str = "",
    by: Member,
    now: datetime,
    pk: uuid.UUID | None = None,
) -> Question:
    """Ask everyone of a crew, or of two that would mix, whether to sit as `tables` says: at 1 or at 2.

    Table 1 is the crew's own; table 2 is the other crew's, or a new one with a name of its own.
    """
    _check_alive(crew)
    if other is not None:
        _check_alive(other)
        if not have_met(crew, other, now=now):
            raise PermissionDenied
    if crew.is_partnership:
        raise PermissionDenied
    if other is None and not name.strip():
        raise ValidationError({"name": _("The new table needs a name.")})
    _check_tables(crew, other, tables)
    return _ask(
        Kind.SEATING,
        crew,
        other=other,
        name="" if other else name.strip(),
        tables=tables,
        by=by,
        now=now,
        pk=pk,
    )


def have_met(crew: Crew, other: Crew, *, now: datetime) -> bool:
    """Tell whether both crews said, not long ago, that they would mix."""
    agreed = Question.objects.filter(
        kind=Kind.MEET,
        state=Question.State.AGREED,
        settled_at__gt=now - REST_AFTER_PARTING,
    )
    return (
        agreed.filter(crew=crew, other=other).exists()
        and agreed.filter(crew=other, other=crew).exists()
    )


def seats_of(other: Crew, *, beside: Crew, now: datetime) -> list[Seat]:
    """Return the seats of a crew to the people of one that it would mix with; to others none."""
    if not have_met(beside, other, now=now):
        return []
    seats = Seat.objects.taken().filter(crew=other)
    return list(seats.select_related("member__congregation").order_by("number"))


def answer(question: Question, is_yes: bool, *, by: Member, now: datetime) -> bool:
    """Take one person's private answer; with the last yes, do what was asked. Tell whether it was."""
    with transaction.atomic():
        return question.say(is_yes, by=by, now=now) and _carry_out(question, now=now)


def sweep(*, now: datetime) -> int:
    """Carry out, ask again or let go, as the time has come; return how many questions moved."""
    moved = 0
    rows = Question.objects.open().select_related(
        "crew__congregation", "other__congregation", "about"
    )
    for question in rows:
        is_gone = question.about is not None and not question.crew.sits(question.about)
        is_over = question.crew.has_ended and question.kind != Kind.LESSON
        if is_gone or is_over or question.asked_at <= now - ASKED_FOR:
            moved += question.close(now=now)
        elif _carry_out_if_whole(question, now=now) or (
            question.asked_again_at is None
            and question.asked_at <= now - ASKED_AGAIN_AFTER
            and question.ask_again(now=now)
        ):
            moved += 1
    Question.objects.wipe(now=now)
    return moved


def _ask(
    kind: Kind,
    crew: Crew,
    *,
    other: Crew | None = None,
    about: Member | None = None,
    name: str = "",
    tables: Mapping[uuid.UUID, int] | None = None,
    by: Member | None,
    now: datetime,
    pk: uuid.UUID | None = None,
) -> Question:
    with transaction.atomic():
        question = Question.ask(
            kind,
            crew,
            other=other,
            about=about,
            name=name,
            tables=tables,
            by=by,
            now=now,
            pk=pk,
        )
        _carry_out_if_whole(question, now=now)
    return question


def _carry_out_if_whole(question: Question, *, now: datetime) -> bool:
    with transaction.atomic():
        question.hold()
        is_whole = question.state == Question.State.OPEN and question.is_whole()
        return is_whole and _carry_out(question, now=now)


def _carry_out(question: Question, *, now: datetime) -> bool:
    """Do what everyone has said yes to; return whether this call did."""
    crew = question.crew
    with transaction.atomic():
        if question.kind == Kind.SEATING:
            try:
                _check_tables(crew, question.other, _tables(question))
            except ValidationError:
                # Someone came or went meanwhile: it is no longer what they said yes to.
                question.close(now=now)
                return False
        if not question.agree(now=now):
            return False
        if question.kind == Kind.END:
            crew.end(by=None, now=now)
            Notice.tell("crews.ended", crew.people(), crew, now=now)
        elif question.kind == Kind.PART and question.about is not None:
            seat = Seat.objects.taken().filter(crew=crew, member=question.about)
            for one in seat.select_related("member", "crew__congregation"):
                one.part(now=now)
        elif question.kind == Kind.LESSON:
            question.lesson.share(now=now)
        elif question.kind == Kind.MEET and question.other is not None:
            _met(question, question.other, now=now)
        elif question.kind == Kind.SEATING:
            _sit(question, now=now)
    return True


def _met(question: Question, other: Crew, *, now: datetime) -> None:
    """Ask the other crew, or tell both that they would mix."""
    if have_met(question.crew, other, now=now):
        for crew in (question.crew, other):
            occasion = f"{question.pk}"
            Notice.tell("crews.met", crew.people(), crew, now=now, occasion=occasion)
    elif not other.has_ended:
        Question.ask(Kind.MEET, other, other=question.crew, by=None, now=now)


def _sit(question: Question, *, now: datetime) -> None:
    """Seat everyone as it was agreed: all stand up first, so that no table is overfull on the way."""
    first, second = question.crew, question.other
    tables = _tables(question)
    list(Member.objects.select_for_update(no_key=True).filter(pk__in=tables).order_by("pk"))
    # Seats are held before their crews' rows, as where someone leaves: neither waits for the other.
    sitting = Seat.objects.taken().filter(member__in=tables, crew__in=[first, second or first])
    list(sitting.select_for_update(no_key=True).order_by("pk"))
    if second is None:
        second = Crew.objects.create(
            congregation_id=first.congregation_id,
            name=question.name,
            purpose=first.purpose,
            kind=first.kind,
            seats_max=first.congregation.seats_max,
            founded_at=now,
        )
        Event.record("crew.found", second, by=None, now=now)
    both = {1: first, 2: second}
    moving = [
        seat
        for seat in Seat.objects.taken()
        .filter(crew__in=[first, second], member__in=tables)
        .select_related("member", "crew__congregation")
        .order_by("pk")
        if seat.crew_id != both[tables[seat.member_id]].pk
    ]
    for seat in moving:
        seat.stand_up(now=now)
    for seat in moving:
        both[tables[seat.member_id]].seat(seat.member, by=None, now=now)
    # A crew that came larger than others has the seats of the others now.
    most = first.congregation.seats_max
    Crew.objects.filter(pk=first.pk, seats_max__gt=most, seats_taken__lte=most).update(
        seats_max=most
    )
    for table, crew in both.items():
        people = [pk for pk, at in tables.items() if at == table]
        Notice.tell("crews.seated", Member.objects.filter(pk__in=people), crew, now=now)


def _tables(question: Question) -> dict[uuid.UUID, int]:
    return dict(question.placings.values_list("member_id", "table"))


def _check_tables(crew: Crew, other: Crew | None, tables: Mapping[uuid.UUID, int]) -> None:
    """Raise ValidationError unless everyone who sits there is placed, and neither table too small or full."""
    crews = [crew, other] if other else [crew]
    sitting = set(Seat.objects.taken().filter(crew__in=crews).values_list("member_id", flat=True))
    twice = Seat.objects.taken().filter(crew__in=crews).count() != len(sitting)
    if twice:
        raise ValidationError(_("Someone sits at both tables; they leave one of them first."))
    if set(tables) != sitting:
        raise ValidationError(_("Someone has come or gone meanwhile. Please look again."))
    usual = crew.congregation.seats_max
    for table, seats in (
        (1, crew.seats_max if other else usual),
        (2, other.seats_max if other else usual),
    ):
        number = sum(at == table for at in tables.values())
        if not crew.congregation.seats_min <= number <= seats:
            raise ValidationError(
                _("Each table needs %(least)s to %(most)s people.")
                % {"least": crew.congregation.seats_min, "most": seats}
            )


def _check_alive(crew: Crew) -> None:
    if crew.has_ended:
        raise ValidationError(_("This crew has ended."))
