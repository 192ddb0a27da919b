"""The reveal: to all at once, by the last one who writes or at the deadline, exactly once."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, connections

from congregation.models import Event, Member, Notice
from congregation.notices import kind_of
from congregation.outbox import compose
from crews.models import Crew, Crewless, Seat
from rhythms import renewing
from rhythms.models import (
    Coming,
    Commitment,
    Decision,
    Log,
    LookBack,
    Meeting,
    Presence,
    Slip,
)
from tests.rhythms.looking_back import DEADLINE, OVER, everyone, open_lookback, says

pytestmark = pytest.mark.django_db


@pytest.fixture
def four(member, mate, facilitator, host):
    return [member, mate, facilitator, host]


@pytest.fixture
def crew(seated_crew, four):
    return seated_crew("Tuesday Pod", four)


@pytest.fixture
def lookback(crew, four):
    return open_lookback(crew, four)


def test_the_last_one_opens_it(lookback, four):
    everyone(lookback, four[:3], ["go", "change", "go"])
    assert not lookback.is_revealed
    assert renewing.write(lookback, says("go", celebrate="By Mei"), by=four[3], now=OVER)
    lookback.refresh_from_db()
    assert lookback.revealed_at == OVER
    assert lookback.commitment.state == "ended"
    for person in four:
        seen = Slip.objects.visible_to(person).filter(lookback=lookback)
        assert {row.words for row in seen} == {"By Ana", "By Dov", "By Joel", "By Mei"}
    told = Notice.objects.filter(kind="rhythms.lookback_revealed", about=lookback.pk)
    assert {notice.recipient for notice in told} == set(four)
    assert {notice.made_at for notice in told} == {OVER}


def test_the_deadline_opens_it(lookback, four):
    everyone(lookback, four[:2], ["go", "go"])
    assert renewing.reveal_due(now=DEADLINE - timedelta(seconds=1)) == 0
    assert renewing.reveal_due(now=DEADLINE) == 1
    lookback.refresh_from_db()
    assert lookback.revealed_at == DEADLINE


def test_twice_is_once(lookback, four):
    everyone(lookback, four, ["go", "go", "go", "go"])
    before = Notice.objects.count(), Event.objects.count()
    assert renewing.reveal(lookback, now=DEADLINE) is False
    assert renewing.reveal_due(now=DEADLINE) == 0
    renewing.write(lookback, says("end"), by=four[0], now=DEADLINE)  # sent again
    assert (Notice.objects.count(), Event.objects.count()) == before
    assert Decision.objects.get(lookback=lookback, member=four[0]).way == "go"


def test_names_come_off_in_the_database(lookback, four):
    for person in four[:3]:
        renewing.write(lookback, says("go", worked=person.name), by=person, now=OVER)
    ids = set(Slip.objects.values_list("pk", flat=True))
    renewing.write(lookback, says("go", worked=four[3].name), by=four[3], now=OVER)
    rows = Slip.objects.filter(lookback=lookback)
    assert rows.count() == 4
    assert not rows.filter(member__isnull=False).exists()
    assert not ids & set(rows.values_list("pk", flat=True))  # made anew, so no order tells
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id FROM {Slip._meta.db_table}")  # as they lie in the table
        lie = [str(row[0]).replace("-", "") for row in cursor.fetchall()]
    assert lie == sorted(lie)


def test_each_line_is_a_slip_and_each_part_has_an_order_of_its_own(lookback, four):
    for person in four:
        lines = "\n".join(f"{person.first_name} {n}" for n in range(10))
        renewing.write(lookback, says("go", celebrate=lines, worked=lines), by=person, now=OVER)
    rows = Slip.objects.visible_to(four[0]).filter(lookback=lookback).in_order()
    celebrate, worked = (
        [row.words for row in rows if row.part == p] for p in ("celebrate", "worked")
    )
    assert celebrate != worked
    assert sorted(celebrate) == sorted(worked)
    assert len(worked) == 40
    assert [row.number for row in rows if row.part == "worked"] == list(range(1, 41))


def test_when_somebody_wrote_is_forgotten(lookback, four):
    for hour, person in enumerate(four):
        renewing.write(lookback, says("go"), by=person, now=OVER + timedelta(hours=hour))
    rows = Decision.objects.filter(lookback=lookback)
    last = OVER + timedelta(hours=3)
    assert {(row.saved_at, row.written_at) for row in rows} == {(last, last)}


def test_presences_are_forgotten_and_counts_remain(lookback, four):
    meeting = lookback.commitment.meetings.first()
    Coming.objects.create(
        congregation=lookback.congregation,
        meeting=meeting,
        member=four[0],
        answer="coming",
        answered_at=lookback.opened_at,
    )
    everyone(lookback, four, ["go"] * 4)
    assert not Presence.objects.filter(meeting__commitment=lookback.commitment).exists()
    assert not Coming.objects.filter(meeting__commitment=lookback.commitment).exists()
    assert not Log.objects.filter(logged_by__isnull=False).exists()
    came = Meeting.objects.filter(commitment=lookback.commitment, number__lte=6)
    assert [meeting.came for meeting in came.order_by("number")] == [4] * 6


def test_drafts_are_dropped_unread(lookback, four):
    everyone(lookback, four[:3], ["go", "go", "go"])
    lookback.draft(says("go", celebrate="Not yet said"), by=four[3], now=OVER)
    renewing.reveal_due(now=DEADLINE)
    said = [row.words for row in Slip.objects.filter(lookback=lookback)]
    assert sorted(said) == ["By Ana", "By Dov", "By Joel"]
    silent = Decision.objects.get(lookback=lookback, member=four[3])
    assert (silent.way, silent.word, silent.written_at) == ("", "", None)


def test_the_silent_keep_their_seat_and_take_it_again(lookback, four, crew):
    everyone(lookback, four[:3], ["go", "go", "go"])
    renewing.reveal_due(now=DEADLINE)
    after = Commitment.objects.get(crew=crew, state="proposed")
    seat = Seat.objects.get(crew=crew, member=four[3])
    assert seat.left_at is None
    assert seat.kept_until == after.ends_on  # one cycle
    assert four[3] not in after.awaited()
    seat.retake(by=four[3], now=DEADLINE + timedelta(days=1))
    assert four[3] in after.awaited()  # asked to say yes too


def test_who_rests_has_the_seat_kept_and_who_ends_gives_it_back(seated_crew, four, make_member):
    fifth = make_member("Grace Lee")
    people = [*four, fifth]
    crew = seated_crew("Five", people)
    lookback = open_lookback(crew, people)
    everyone(lookback, people, ["go", "go", "change", "end", "rest"])
    crew.refresh_from_db()
    assert crew.seats_taken == 4
    ended, rests = (Seat.objects.get(crew=crew, member=person) for person in (four[3], fifth))
    assert ended.left_at == OVER
    assert rests.kept_until is not None
    assert Crewless.objects.filter(member=four[3]).exists()
    told = {
        (notice.recipient_id, notice.kind)
        for notice in Notice.objects.filter(kind__startswith="rhythms.", made_at=OVER).exclude(
            kind="rhythms.lookback_opened"
        )
    }
    assert (four[3].pk, "rhythms.renew_farewell") in told
    assert (four[3].pk, "rhythms.lookback_revealed") not in told
    assert (fifth.pk, "rhythms.lookback_revealed") in told
    # One who ended still reads what all of them found; someone else does not.
    assert LookBack.objects.visible_to(four[3]).filter(pk=lookback.pk).exists()
    assert Slip.objects.visible_to(four[3]).filter(lookback=lookback).count() == 5
    assert not Commitment.objects.visible_to(four[3]).filter(crew=crew).exists()
    assert lookback.readers() == 5


def test_below_its_minimum_the_crew_rests(lookback, four, crew):
    everyone(lookback, four, ["go", "go", "end", "rest"])
    crew.refresh_from_db()
    assert crew.state == Crew.State.RESTING
    assert not Commitment.objects.filter(crew=crew, number=2).exists()
    assert Seat.objects.at_table().filter(crew=crew).count() == 2


def test_where_all_end_the_crew_does(lookback, four, crew):
    everyone(lookback, four, ["end"] * 4)
    crew.refresh_from_db()
    assert crew.state == Crew.State.ENDED
    assert all(LookBack.objects.visible_to(person).exists() for person in four)
    assert Notice.objects.filter(kind="rhythms.renew_farewell").count() == 4
    assert Crewless.objects.filter(member__in=four).count() == 4


def test_nobody_writes_and_nothing_breaks(lookback, four, crew):
    assert renewing.reveal_due(now=DEADLINE) == 1
    crew.refresh_from_db()
    assert crew.state == Crew.State.RESTING
    assert Seat.objects.taken().filter(crew=crew, kept_until__isnull=False).count() == 4


def test_a_partnership_goes_on_as_two(seated_crew, member, mate):
    crew = seated_crew("Two", [member, mate], is_partnership=True, seats_max=2)
    lookback = open_lookback(crew, [member, mate])
    everyone(lookback, [member, mate], ["go", "go"])
    assert Commitment.objects.get(crew=crew, number=2).state == "proposed"


def test_those_away_are_not_waited_for_but_may_write(lookback, four, crew):
    Member.objects.filter(pk=four[3].pk).update(state="away")
    everyone(lookback, four[:2], ["go", "go"])
    four[3].refresh_from_db()
    renewing.write(lookback, says("rest", celebrate="From afar"), by=four[3], now=OVER)
    assert not lookback.is_revealed
    renewing.write(lookback, says("go"), by=four[2], now=OVER)
    assert lookback.is_revealed
    assert Decision.objects.get(lookback=lookback, member=four[3]).way == "rest"


def test_where_all_are_away_it_stays_open_to_the_deadline(lookback, four):
    Member.objects.filter(pk__in=[person.pk for person in four]).update(state="away")
    assert renewing.reveal_due(now=OVER) == 0
    assert renewing.reveal_due(now=DEADLINE) == 1


def test_it_opens_when_the_one_it_waited_for_leaves_the_crew(lookback, four, crew):
    everyone(lookback, four[:3], ["go"] * 3)
    lookback.draft(says("", celebrate="Never mind"), by=four[3], now=OVER)
    crew.leave(by=four[3], now=OVER)
    assert renewing.reveal_due(now=OVER) == 1
    assert Decision.objects.filter(lookback=lookback).count() == 3
    assert Slip.objects.filter(lookback=lookback).count() == 3


@pytest.mark.django_db(transaction=True)
def test_two_last_ones_at_the_same_moment(seated_crew, member, mate, facilitator, host):
    people = [member, mate, facilitator, host]
    crew = seated_crew("Race", people)
    lookback = open_lookback(crew, people)
    everyone(lookback, people[:2], ["go", "go"])
    ready, faults = threading.Barrier(2), []

    def write(person):
        try:
            mine = LookBack.objects.get(pk=lookback.pk)
            ready.wait(10)
            renewing.write(mine, says("go", celebrate=person.name), by=person, now=OVER)
        except Exception as error:
            faults.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=write, args=[person]) for person in people[2:]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not faults
    lookback.refresh_from_db()
    assert lookback.is_revealed
    assert Slip.objects.filter(lookback=lookback, member__isnull=True).count() == 4
    assert Commitment.objects.filter(crew=crew, number=2).count() == 1
    assert Event.objects.filter(verb="lookback.reveal").count() == 1
    assert Notice.objects.filter(kind="rhythms.lookback_revealed").count() == 4


def test_what_they_are_told_has_nothing_private_in_its_subject(lookback, four, crew):
    everyone(lookback, four, ["go", "go", "go", "end"])
    renewing.remind_due(now=OVER)
    kinds = {"lookback_opened", "lookback_revealed", "renew_farewell"}
    seen = set()
    for notice in Notice.objects.filter(kind__startswith="rhythms."):
        name = notice.kind.removeprefix("rhythms.")
        if name not in kinds:
            continue
        seen.add(name)
        kind = kind_of(notice.kind)
        about = kind.find(notice.about, notice.recipient)
        assert about is not None
        mail = compose(kind, notice, about)
        assert "Tuesday Pod" not in mail.subject
        assert "Tuesday Pod" in mail.body
        assert "Tuesday Pod" in mail.alternatives[0].content
        assert lookback.get_absolute_url() in mail.body
        assert "By " not in mail.body
    assert seen == kinds


def test_the_last_call_says_when(lookback, four):
    renewing.remind_due(now=DEADLINE - timedelta(hours=2))
    notice = Notice.objects.filter(kind="rhythms.lookback_closing").first()
    kind = kind_of(notice.kind)
    mail = compose(kind, notice, kind.find(notice.about, notice.recipient))
    assert "Tue 24 Nov, 7:00 pm" in mail.body
    assert "only once" in mail.body
