"""A rhythm is changed: this and later, or all to come. What was logged stays; each is told once."""

import threading
from datetime import date, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection

from congregation.models import Event, Notice
from rhythms import changing, horizon, pausing, stepping
from rhythms.changing import Shape
from rhythms.models import Coming, Commitment, Meeting, Pause, Rhythm
from tests.rhythms.several import begin

pytestmark = pytest.mark.django_db
TOLD = "rhythms.rhythm_changed"


@pytest.fixture
def people(facilitator, member, mate):
    return [facilitator, member, mate]


def shape(**fields):
    """The Wednesdays at seven as they are, with what is different."""
    return Shape(
        **{
            "tempo": "weekly",
            "starts_on": date(2026, 11, 25),
            "starts_at": time(19, 0),
            "minutes": 90,
            "place": "Joel’s kitchen",
        }
        | fields
    )


def days(commitment):
    rows = commitment.meetings.order_by("number")
    assert [row.number for row in rows] == list(range(1, len(rows) + 1))
    return [row.local_date for row in rows]


@pytest.fixture
def logged(commitment, facilitator, member, mate, now):
    """The third was held, the first two weren't; the fourth is on the 25th."""
    commitment.meetings.get(number=3).log(here=[facilitator, member], by=member, now=now)
    for number in (1, 2):
        commitment.meetings.get(number=number).not_held(by=member, now=now)
    return commitment


def change(commitment, by, now, since=None, **fields):
    return changing.change(commitment.rhythm, shape(**fields), since=since, by=by, now=now)


def test_all_to_come_move_and_what_was_logged_stays(logged, member, mate, now):
    before = {row.pk: row.starts_at for row in logged.meetings.filter(number__lte=3)}
    first = logged.meetings.get(number=4)
    first.come(answer="coming", by=mate, now=now)
    change(logged, member, now, starts_on=date(2026, 11, 24), starts_at=time(18, 30))
    logged.refresh_from_db()
    for row in logged.meetings.filter(number__lte=3):
        assert row.starts_at == before[row.pk]
    held = logged.meetings.get(number=3)
    assert (held.state, held.came, held.presences.count()) == ("held", 2, 2)
    assert days(logged)[3:] == [date(2026, 11, 24), date(2026, 12, 1), date(2026, 12, 8)]
    assert logged.ends_on == date(2026, 12, 8)
    assert logged.words == "Every Tuesday, six times"
    # The same meeting moved, and asks anew who comes.
    moved = logged.meetings.get(number=4)
    assert (moved.pk, moved.sequence) == (first.pk, 1)
    assert not Coming.objects.filter(meeting=moved).exists()
    # What was is a row of its own, as it was.
    assert held.rhythm.words == "Every Wednesday"
    assert held.rhythm.ended_on == date(2026, 11, 18)
    assert logged.rhythm.follows == held.rhythm


def test_another_hour_keeps_what_was_said(logged, member, mate, now):
    first = logged.meetings.get(number=4)
    first.come(answer="coming", by=mate, now=now)
    change(logged, member, now, starts_at=time(18, 0))
    assert Coming.objects.filter(meeting=first, member=mate).exists()
    first.refresh_from_db()
    assert first.starts_at.astimezone(ZoneInfo(first.zone)).time() == time(18)


def test_this_and_later_leaves_the_one_before(logged, member, now):
    since = logged.meetings.get(number=5)
    change(logged, member, now, since=since, starts_on=date(2026, 12, 3))
    assert days(logged)[3:] == [date(2026, 11, 25), date(2026, 12, 3), date(2026, 12, 10)]
    assert logged.meetings.get(number=4).sequence == 0


def test_every_other_week_keeps_the_days_that_it_shares(logged, member, mate, now):
    fifth, sixth = logged.meetings.get(number=5), logged.meetings.get(number=6)
    sixth.come(answer="coming", by=mate, now=now)
    change(logged, member, now, tempo="fortnightly")
    assert days(logged)[3:] == [date(2026, 11, 25), date(2026, 12, 9), date(2026, 12, 23)]
    # The sixth was on 9 December: it keeps its id, its answers and its sequence, as the fifth now.
    sixth.refresh_from_db()
    assert (sixth.number, sixth.sequence) == (5, 0)
    assert Coming.objects.filter(meeting=sixth).exists()
    fifth.refresh_from_db()
    assert (fifth.number, fifth.local_date) == (6, date(2026, 12, 23))


def test_one_that_was_moved_or_called_off_by_itself_stays_so(logged, member, now):
    fourth, fifth = logged.meetings.get(number=4), logged.meetings.get(number=5)
    fourth.move(starts_at=fourth.starts_at + timedelta(days=1), by=member, now=now)
    fifth.call_off(by=member, now=now)
    change(logged, member, now, starts_at=time(18, 0))
    fourth.refresh_from_db()
    fifth.refresh_from_db()
    assert fourth.is_moved
    assert fourth.local_date == date(2026, 11, 26)
    assert fifth.state == "cancelled"


def test_place_and_length_reach_what_had_the_old_ones(logged, member, now):
    own = logged.meetings.get(number=5)
    own.replan(starts_at=own.starts_at, place="The beach", link="", agenda="", by=member, now=now)
    change(logged, member, now, place="The hall", minutes=60)
    places = [row.plan.place for row in logged.meetings.order_by("number")]
    assert places == ["Joel’s kitchen"] * 3 + ["The hall", "The beach", "The hall"]
    fourth = logged.meetings.get(number=4)
    assert fourth.ends_at - fourth.starts_at == timedelta(minutes=60)
    past = logged.meetings.get(number=3)
    assert past.ends_at - past.starts_at == timedelta(minutes=90)


def test_everyone_else_is_told_once_and_twice_is_once(logged, member, mate, facilitator, now):
    for _again in range(2):
        change(logged, member, now, starts_on=date(2026, 11, 24))
    told = Notice.objects.filter(kind=TOLD)
    assert sorted(str(one.recipient) for one in told) == sorted([str(mate), str(facilitator)])
    assert Event.objects.filter(verb="rhythm.change").count() == 1
    change(logged, member, now, starts_on=date(2026, 11, 26))
    assert told.all().count() == 4


def test_before_the_first_it_needs_no_row_of_before(crew, people, now):
    this = begin(crew, people, now=now, times=4)
    change(this, people[1], now, starts_on=date(2026, 12, 4), minutes=60, place="")
    assert Rhythm.objects.filter(crew=crew).count() == 1
    assert days(this)[0] == date(2026, 12, 4)


def test_until_a_date_has_as_many_as_fit(crew, people, now):
    this = begin(crew, people, now=now, until=date(2026, 12, 24))
    assert this.times == 5
    change(this, people[0], now, tempo="fortnightly", starts_on=date(2026, 11, 26))
    this.refresh_from_db()
    assert (this.times, this.ends_on) == (3, date(2026, 12, 24))
    assert days(this) == [date(2026, 11, 26), date(2026, 12, 10), date(2026, 12, 24)]
    change(this, people[0], now, starts_on=date(2026, 11, 26))
    this.refresh_from_db()
    assert this.times == 5
    with pytest.raises(ValidationError, match="It ends on"):
        change(this, people[0], now, starts_on=date(2026, 12, 25))


def test_without_an_end_it_goes_on_from_there(crew, people, now):
    this = begin(crew, people, now=now)
    change(this, people[0], now, weekdays=(0, 3), starts_on=date(2026, 11, 26), place="")
    assert this.meetings.count() == 21
    later = now + timedelta(weeks=6)
    horizon.lay_out_due(now=later)
    weekdays = {row.local_date.weekday() for row in this.meetings.all()}
    assert weekdays == {0, 3}
    days(this)


def test_a_past_cycle_keeps_its_words(logged, crew, people, now):
    old = Commitment.objects.create(
        congregation=crew.congregation,
        crew=crew,
        rhythm=logged.rhythm,
        number=7,
        times=6,
        state="ended",
        proposed_at=now,
        begins_on=date(2026, 9, 2),
        ends_on=date(2026, 10, 7),
    )
    change(logged, people[0], now, starts_on=date(2026, 11, 24))
    old.refresh_from_db()
    assert old.words == "Every Wednesday, six times"


def test_who_is_out_stays_out_and_who_is_not_in_it_may_not(
    crew, commitment, member, mate, peer, outsider, make_member, now
):
    crew.seat(make_member("Kit Moana"), by=None, now=now)
    stepping.step_out(commitment.rhythm, by=mate, now=now)
    for stranger in (mate, peer, outsider):
        with pytest.raises(PermissionDenied):
            change(commitment, stranger, now, starts_on=date(2026, 11, 24))
    since = commitment.meetings.get(number=5)
    change(commitment, member, now, since=since, starts_on=date(2026, 12, 1))
    for row in commitment.meetings.all():
        assert mate not in Meeting.objects.get(pk=row.pk).people()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"starts_on": date(2026, 11, 18)}, "still to come"),
        ({"starts_on": date(2028, 1, 1)}, "within a year"),
    ],
)
def test_what_cannot_be_is_said(commitment, member, now, fields, words):
    with pytest.raises(ValidationError, match=words):
        change(commitment, member, now, **fields)


def test_it_comes_after_the_one_before(commitment, member, now):
    since = commitment.meetings.get(number=6)
    with pytest.raises(ValidationError, match="The one before is on"):
        change(commitment, member, now, since=since, starts_on=date(2026, 12, 1))


def test_a_host_changes_the_congregations(congregation, host, member, now):
    rhythm = Rhythm.objects.create(
        congregation=congregation,
        name="Peer support call",
        tempo="monthly",
        rule="FREQ=MONTHLY;BYDAY=1TU",
        starts_on=date(2026, 12, 1),
        starts_at=time(19),
        zone="Pacific/Auckland",
    )
    horizon.lay_out_due(now=now)
    with pytest.raises(PermissionDenied):
        changing.change(rhythm, shape(), by=member, now=now)
    new = shape(tempo="monthly", starts_on=date(2026, 12, 3), place="")
    changing.change(rhythm, new, by=host, now=now)
    found = [row.local_date for row in rhythm.meetings.order_by("starts_at")]
    assert found[:2] == [date(2026, 12, 3), date(2027, 1, 7)]


# ---- pauses


def test_a_pause_leaves_out_and_counts_and_comes_back(logged, member, mate, now):
    span = [(date(2026, 11, 30), date(2026, 12, 6))]
    for _again in range(2):
        pausing.pause(logged.rhythm, span, by=member, now=now)
    row = logged.meetings.get(number=5)
    assert (row.state, row.sequence) == ("cancelled", 1)
    assert logged.meetings.get(number=6).state == "planned"
    assert Notice.objects.filter(kind=TOLD, recipient=mate).count() == 1
    pause = Pause.objects.get()
    for _again in range(2):
        pausing.lift(pause, by=mate, now=now)
    row.refresh_from_db()
    assert (row.state, row.pause) == ("planned", None)
    assert Event.objects.filter(verb="rhythm.unpause").count() == 1


def test_what_lies_in_two_pauses_stays_off(logged, member, now):
    spans = [
        (date(2026, 11, 30), date(2026, 12, 6)),
        (date(2026, 12, 1), date(2026, 12, 12)),
    ]
    pausing.pause(logged.rhythm, spans, by=member, now=now)
    row = logged.meetings.get(number=5)
    pausing.lift(Pause.objects.get(first_on=spans[0][0]), by=member, now=now)
    row.refresh_from_db()
    assert (row.state, row.pause.first_on) == ("cancelled", spans[1][0])


def test_one_called_off_before_stays_off(logged, member, now):
    row = logged.meetings.get(number=5)
    row.call_off(by=member, now=now)
    pausing.pause(logged.rhythm, [(date(2026, 11, 30), date(2026, 12, 6))], by=member, now=now)
    pausing.lift(Pause.objects.get(), by=member, now=now)
    row.refresh_from_db()
    assert row.state == "cancelled"


def test_a_change_minds_the_pause(logged, member, now):
    pausing.pause(logged.rhythm, [(date(2026, 12, 1), date(2026, 12, 1))], by=member, now=now)
    change(logged, member, now, starts_on=date(2026, 11, 24))
    assert logged.meetings.get(number=5).state == "cancelled"
    assert logged.meetings.get(number=5).local_date == date(2026, 12, 1)


@pytest.mark.parametrize(
    ("span", "words"),
    [
        ((date(2026, 12, 6), date(2026, 12, 1)), "after the first"),
        ((date(2026, 11, 1), date(2026, 11, 2)), "still to come"),
        ((date(2026, 12, 1), date(2030, 1, 1)), "within a year"),
    ],
)
def test_a_pause_that_cannot_be(logged, member, peer, now, span, words):
    with pytest.raises(ValidationError, match=words):
        pausing.pause(logged.rhythm, [span], by=member, now=now)
    with pytest.raises(PermissionDenied):
        pausing.pause(logged.rhythm, [span], by=peer, now=now)


# ---- at the same moment


@pytest.mark.django_db(transaction=True)
def test_all_at_once(crew, people, now):
    this = begin(crew, people, now=now)
    later = now + timedelta(weeks=6)
    doings = [
        lambda: changing.change(
            this.rhythm, shape(starts_on=date(2027, 1, 5)), by=people[0], now=later
        ),
        lambda: changing.change(
            this.rhythm, shape(starts_on=date(2027, 1, 5)), by=people[1], now=later
        ),
        lambda: horizon.lay_out_due(now=later),
        lambda: horizon.lay_out_due(now=later),
        lambda: pausing.pause(
            this.rhythm, [(date(2027, 1, 10), date(2027, 1, 20))], by=people[2], now=later
        ),
    ]
    start, wrong = threading.Barrier(len(doings)), []

    def do(doing):
        start.wait()
        try:
            doing()
        except Exception as error:
            wrong.append(repr(error))
        finally:
            connection.close()

    threads = [threading.Thread(target=do, args=[doing]) for doing in doings]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert Event.objects.filter(verb="rhythm.change").count() == 1
    ahead = [row.local_date for row in changing.ahead_of(this.rhythm, now=later)]
    assert all(day.weekday() == 1 for day in ahead)
    assert len(ahead) == len(set(ahead))
    days(this)
    off = this.meetings.filter(starts_at__gt=later, state="cancelled")
    assert [row.local_date for row in off] in (
        [date(2027, 1, 12), date(2027, 1, 19)],
        [date(2027, 1, 19), date(2027, 1, 12)],
    )
