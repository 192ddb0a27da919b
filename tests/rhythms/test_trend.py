"""What a crew's look-backs tell over time, for the crew alone, and of all of it."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rhythms import opening, renewing
from rhythms.models import Change, Commitment, Decision, LookBack, Meeting, Slip
from rhythms.opening import months_in
from rhythms.trend import over_time
from tests.rhythms.looking_back import OVER, WEEK, everyone, open_lookback, says, six_tuesdays

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(member, mate, facilitator):
    return [member, mate, facilitator]


@pytest.fixture
def crew(seated_crew, people):
    return seated_crew("Tuesday Pod", people)


def another_cycle(crew, people, change, answers):
    """Let the next cycle pass and be looked back on; return its look-back."""
    after = Commitment.objects.get(crew=crew, state="proposed")
    for person in people:
        after.say_yes(by=person, now=OVER)
    end = after.meetings.order_by("-number").first().ends_at
    after.meetings.filter(number__gt=1).update(state="held", came=3, seated=3)
    after.meetings.filter(number=1).update(state="not_held", came=0, seated=3)
    renewing.open_due(now=end)
    this = LookBack.objects.get(commitment=after)
    for person, answer in zip(people, answers, strict=True):
        helped = {change.pk: answer}
        renewing.write(this, says("go", celebrate="Twins.", helped=helped), by=person, now=end)
    this.refresh_from_db()
    return this


@pytest.fixture
def two_cycles(crew, people):
    first = open_lookback(crew, people)
    for person in people:
        renewing.write(first, says("go", celebrate="Soup."), by=person, now=OVER)
    first.refresh_from_db()
    change = Change.choose(first, "Stop at nine", people[1], by=people[0], now=OVER)
    return first, another_cycle(crew, people, change, ["yes", "yes", "no"])


def test_the_crew_reads_what_it_found_over_time(two_cycles, crew, member, client_of, at):
    url = at(member, "lookbacks", pk=crew.pk)
    assert url in client_of(member).get(at(member, "crew", pk=crew.pk)).text
    page = client_of(member).get(url).text
    assert "You have looked back two times, and met 11 of 12 times." in page
    assert "You have tried one change." in page
    assert "Of one of which you said how it went, most of you found that one helped." in page
    assert "5 of 6" in page
    assert "Stop at nine" in page
    assert "“Twins.”" in page
    assert "<svg" in page
    for name in ("Dov", "Joel"):
        assert name not in page  # never of one person


def test_two_answers_do_not_tell_how_it_went(crew, people, member):
    first = open_lookback(crew, people)
    everyone(first, people, ["go"] * 3)
    change = Change.choose(first, "Stop at nine", people[1], by=people[0], now=OVER)
    another_cycle(crew, people, change, ["yes", "no", ""])
    cycles = over_time(crew, member).cycles
    assert [one.helped for cycle in cycles for one in cycle.tried] == [[]]


def test_nobody_else_reads_it(two_cycles, crew, peer, host, outsider, client_of, at):
    for person in (peer, host, outsider):
        assert client_of(person).get(at(person, "lookbacks", pk=crew.pk)).status_code == 404


def test_before_the_first_one(crew, member, client_of, at):
    page = client_of(member).get(at(member, "lookbacks", pk=crew.pk)).text
    assert "Nothing yet" in page


def test_as_many_queries_however_many_cycles(crew, people, member, client_of, at):
    first = open_lookback(crew, people)
    everyone(first, people, ["go"] * 3)
    change = Change.choose(first, "Stop at nine", people[1], by=people[0], now=OVER)
    client, url, counts = client_of(member), at(member, "lookbacks", pk=crew.pk), []
    client.get(url)
    for again in range(2):
        with CaptureQueriesContext(connection) as queries:
            client.get(url)
        counts.append(len(queries))
        if not again:
            another_cycle(crew, people, change, ["yes", "yes", "no"])
    assert counts[0] == counts[1]


# ---- the light one, in the middle of a long cycle


def long_cycle(crew, people, weeks=16):
    """Give a crew a cycle of so many Tuesdays, of which six were held."""
    commitment = six_tuesdays(crew, people)
    commitment.times = weeks
    commitment.ends_on = commitment.begins_on + (weeks - 1) * WEEK
    commitment.save()
    last = commitment.meetings.get(number=6)
    for number in range(7, weeks + 1):
        last.pk = Meeting().pk
        last._state.adding = True
        last.number, last.state, last.came = number, "planned", None
        last.starts_at += WEEK
        last.ends_at += WEEK
        last.save(force_insert=True)
    return commitment


def test_which_month_it_is():
    begins, ends = date(2026, 10, 13), date(2027, 1, 26)
    table = {
        date(2026, 11, 12): 0,
        date(2026, 11, 13): 1,
        date(2026, 12, 13): 2,
        date(2027, 1, 13): 0,  # in the last weeks its end is near
    }
    for today, month in table.items():
        assert months_in(begins, ends, today) == month
    assert months_in(begins, begins + timedelta(days=62), date(2026, 11, 20)) == 0
    # From the 31st on, months are as long as they are.
    assert months_in(date(2026, 10, 31), date(2027, 3, 31), date(2026, 11, 30)) == 1


def test_it_opens_after_the_first_meeting_of_the_month(crew, people, member, client_of, at):
    commitment = long_cycle(crew, people)
    before = commitment.meetings.get(number=5).ends_at  # 10 November
    assert opening.open_due(now=before) == 0
    assert opening.open_due(now=OVER) == 1
    assert opening.open_due(now=OVER) == 0
    this = LookBack.objects.get()
    assert (this.kind, this.round) == ("middle", 1)
    commitment.refresh_from_db()
    assert commitment.state == "running"
    page = client_of(member).get(at(member, "lookback", pk=this.pk)).text
    assert "nobody is asked how they go on" in page
    assert "One thing to change" in page
    assert "And you, from here?" not in page
    assert "What didn’t?" not in page


def test_it_asks_no_way_on_and_silence_has_no_effect(crew, people, member, mate, client_of, at):
    long_cycle(crew, people)
    opening.open_due(now=OVER)
    this = LookBack.objects.get()
    data = {"celebrate": "Soup.", "change": "End at nine", "would_carry": "on"}
    assert client_of(member).post(at(member, "lookback-write", pk=this.pk), data).status_code == 302
    renewing.write(this, says("", celebrate="Twins."), by=mate, now=OVER)
    assert renewing.reveal_due(now=this.closes_at) == 1
    this.refresh_from_db()
    assert {slip.words for slip in Slip.objects.filter(lookback=this)} == {
        "Soup.",
        "Twins.",
        "End at nine",
    }
    # Of the decisions only who could carry a change is kept: not who wrote.
    assert [row.member for row in Decision.objects.filter(lookback=this)] == [member]
    assert not crew.seats.filter(kept_until__isnull=False).exists()
    assert this.commitment.state == "running"
    assert not Commitment.objects.filter(crew=crew, number=2).exists()
    page = client_of(member).get(at(member, "lookback", pk=this.pk)).text
    assert "And each of us" not in page
    assert "The next table" not in page
    assert "could carry one" in page


def test_presences_stay_until_the_end(crew, people):
    from rhythms.models import Presence

    long_cycle(crew, people)
    opening.open_due(now=OVER)
    renewing.reveal_due(now=OVER + 2 * WEEK)
    assert Presence.objects.exists()


def test_a_month_of_rests_asks_nothing(crew, people):
    commitment = long_cycle(crew, people)
    commitment.meetings.filter(number__lte=6).update(state="not_held", came=0)
    assert opening.open_due(now=OVER) == 0


def test_a_short_cycle_has_none(crew, people):
    long_cycle(crew, people, weeks=9)
    assert opening.open_due(now=OVER) == 0


def test_the_end_waits_until_the_middle_is_open_to_all(crew, people):
    commitment = long_cycle(crew, people)
    opening.open_due(now=OVER)
    commitment.meetings.update(state="held", came=3)
    assert opening.open_due(now=OVER + WEEK / 7) == 0
    renewing.reveal_due(now=OVER + 2 * WEEK)
    assert opening.open_due(now=OVER + 2 * WEEK) == 1
    kinds = LookBack.objects.filter(commitment=commitment).order_by("opened_at")
    assert [this.kind for this in kinds] == ["middle", "end"]


# ---- each quarter of what goes on without an end


def without_end(crew, people):
    """Let a crew go on without an end: it has met on six Tuesdays, and the next is a quarter on."""
    commitment = six_tuesdays(crew, people)
    Commitment.objects.filter(pk=commitment.pk).update(times=None, ends_on=None)
    commitment.refresh_from_db()
    return commitment


def meets(commitment, starts_at, **fields):
    last = commitment.meetings.order_by("-number").first()
    return Meeting.objects.create(
        congregation=commitment.congregation,
        crew=commitment.crew,
        rhythm=commitment.rhythm,
        commitment=commitment,
        number=last.number + 1,
        planned_for=starts_at,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=90),
        zone=last.zone,
        **{"state": "held", "came": 3, "seated": 3} | fields,
    )


QUARTER = OVER + timedelta(days=58)  # 14 January 2027; the quarter is over on the 13th


def test_it_opens_each_quarter_after_a_meeting(crew, people, member, client_of, at):
    commitment = without_end(crew, people)
    assert opening.open_due(now=QUARTER - timedelta(days=3)) == 0
    meets(commitment, QUARTER)
    assert opening.open_due(now=QUARTER + timedelta(hours=2)) == 1
    assert opening.open_due(now=QUARTER + timedelta(hours=3)) == 0
    this = LookBack.objects.get()
    assert (this.kind, this.round) == ("quarter", 1)
    commitment.refresh_from_db()
    assert commitment.state == "running"
    page = client_of(member).get(at(member, "lookback", pk=this.pk)).text
    assert "And you, from here?" in page
    assert "is kept for a quarter" in page
    assert (
        at(member, "lookback", pk=this.pk)
        in client_of(member).get(at(member, "crew", pk=crew.pk)).text
    )


def test_without_a_meeting_it_opens_two_weeks_later(crew, people):
    without_end(crew, people)
    assert opening.open_due(now=QUARTER + timedelta(days=10)) == 0
    assert opening.open_due(now=QUARTER + timedelta(days=14)) == 1


def test_each_says_anew_and_silence_ends_only_ones_own(
    seated_crew, people, make_member, client_of, at
):
    four = [*people, make_member("Grace Lee"), make_member("Elif Kaya")]
    crew = seated_crew("House", four)
    commitment = without_end(crew, four)
    meets(commitment, QUARTER)
    opening.open_due(now=QUARTER + timedelta(hours=2))
    this = LookBack.objects.get()
    now = QUARTER + timedelta(hours=3)
    for person, way in zip(four[:4], ["go", "go", "change", "end"], strict=True):
        renewing.write(this, says(way, celebrate="Soup."), by=person, now=now)
    assert renewing.reveal_due(now=this.closes_at) == 1
    commitment.refresh_from_db()
    assert commitment.state == "running"  # it goes on
    assert not Commitment.objects.filter(crew=crew, number=2).exists()
    seats = {seat.member: seat for seat in crew.seats.all()}
    assert seats[four[3]].left_at is not None
    # The silent one's seat is kept for a quarter, and one tap takes it again.
    assert seats[four[4]].kept_until == date(2027, 4, 13)
    seats[four[4]].retake(by=four[4], now=this.closes_at)
    page = client_of(four[0]).get(at(four[0], "lookback", pk=this.pk)).text
    assert "You go on" in page
    assert "The crew rests" not in page
    # The next quarter asks anew.
    meets(commitment, QUARTER + timedelta(days=91))
    assert opening.open_due(now=QUARTER + timedelta(days=92)) == 1
    assert LookBack.objects.filter(commitment=commitment).count() == 2


def test_below_its_least_it_rests(crew, people):
    commitment = without_end(crew, people)
    meets(commitment, QUARTER)
    opening.open_due(now=QUARTER + timedelta(hours=2))
    this = LookBack.objects.get()
    renewing.reveal_due(now=this.closes_at)
    commitment.refresh_from_db()
    crew.refresh_from_db()
    assert commitment.state == "ended"
    assert crew.state == "resting"
    assert crew.seats.filter(kept_until__isnull=False).count() == 3
