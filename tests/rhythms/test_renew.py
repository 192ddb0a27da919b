"""The next table: proposed at the reveal, said yes to by name, begun with the turn handed on."""

import uuid
from datetime import date, timedelta

import pytest

from congregation.models import Event, Notice
from crews.models import Seat
from rhythms import renewing
from rhythms.models import Commitment, Meeting
from tests.rhythms.looking_back import DEADLINE, OVER, everyone, open_lookback, says

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(member, mate, facilitator):
    return [member, mate, facilitator]


@pytest.fixture
def crew(seated_crew, people):
    return seated_crew("Tuesday Pod", people)


@pytest.fixture
def lookback(crew, people):
    this = open_lookback(crew, people)
    everyone(this, people, ["go", "go", "change"])
    return this


@pytest.fixture
def proposal(lookback, crew):
    return Commitment.objects.get(crew=crew, state="proposed")


def test_the_look_back_proposes_the_next_one(lookback, proposal, people):
    assert (proposal.number, proposal.times, proposal.proposed_by) == (2, 6, None)
    # Opened on Tuesday 17 November; five days later at the soonest, on their day.
    assert proposal.begins_on == date(2026, 11, 24)
    assert proposal.ends_on == date(2026, 12, 29)
    assert proposal.awaited() == people  # nobody is counted in before they say so
    assert not Notice.objects.filter(kind="rhythms.commitment_proposed").exists()


def test_every_other_week_stays_in_step(seated_crew, people):
    crew = seated_crew("Fortnight", people)
    this = open_lookback(crew, people, tempo="fortnightly", rule="FREQ=WEEKLY;INTERVAL=2")
    # These six were weekly; the last one, of the 17th, says which weeks are theirs.
    everyone(this, people, ["go", "go", "go"])
    assert Commitment.objects.get(crew=crew, number=2).begins_on == date(2026, 12, 1)


def test_a_meeting_that_was_moved_does_not_move_the_rhythm(seated_crew, people):
    crew = seated_crew("Moved", people)
    this = open_lookback(crew, people)
    last = this.commitment.meetings.get(number=6)
    last.starts_at -= timedelta(days=1)
    last.save()
    everyone(this, people, ["go", "go", "go"])
    assert Commitment.objects.get(crew=crew, number=2).begins_on == date(2026, 11, 24)


def test_it_begins_when_all_have_said_yes(lookback, proposal, crew, people, client_of, at):
    for person in people[:2]:
        client_of(person).post(at(person, "commitment-yes", pk=proposal.pk))
        proposal.refresh_from_db()
        assert proposal.state == "proposed"
    page = client_of(people[2]).get(at(people[2], "lookback", pk=lookback.pk)).text
    assert "Ana and Dov have said yes." in page
    # Joel has never led; Ana and Dov have, three times each.
    assert "Joel has the turn, for the first time." in page
    client_of(people[2]).post(at(people[2], "commitment-yes", pk=proposal.pk))
    proposal.refresh_from_db()
    crew.refresh_from_db()
    assert (proposal.state, proposal.number) == ("running", 2)
    assert (crew.state, crew.cycle_ends_on) == ("active", proposal.ends_on)
    meetings = Meeting.objects.filter(commitment=proposal).order_by("number")
    assert meetings.count() == 6
    assert meetings[0].plan.facilitator == people[2]
    page = client_of(people[2]).get(at(people[2], "lookback", pk=lookback.pk)).text
    assert "Everyone at the table said yes" in page


def test_only_if_it_is_every_other_week(lookback, proposal, crew, people, client_of, at):
    proposal.say_yes(by=people[0], now=OVER)
    once = str(uuid.uuid4())
    sent = {
        "once": once,
        "instead_of": str(proposal.pk),
        "tempo": "fortnightly",
        "starts_on": "2026-12-01",
        "times": "4",
    }
    url = at(people[1], "lookback-next", pk=lookback.pk)
    first, second = (client_of(people[1]).post(url, sent) for _ in range(2))
    assert (first.status_code, second.status_code) == (302, 302)
    proposal.refresh_from_db()
    assert proposal.state == "withdrawn"
    fresh = Commitment.objects.get(crew=crew, state="proposed")
    assert str(fresh.pk) == once
    assert (fresh.number, fresh.times, fresh.proposed_by) == (3, 4, people[1])
    assert (fresh.begins_on, fresh.ends_on) == (date(2026, 12, 1), date(2027, 1, 12))
    assert fresh.awaited() == [people[0], people[2]]  # yeses start anew
    assert Event.objects.filter(verb="commitment.propose", subject=fresh.pk).count() == 1
    page = client_of(people[0]).get(at(people[0], "lookback", pk=lookback.pk)).text
    assert "Every other Tuesday, four times" in page
    assert "Dov proposes it so." in page
    assert "Dov has said yes." in page


def test_kept_seats_wait_until_the_end_of_what_is_proposed(seated_crew, people, make_member):
    fourth = make_member("Elif Kaya")
    crew = seated_crew("Four", [*people, fourth])
    this = open_lookback(crew, [*people, fourth])
    everyone(this, people, ["go", "go", "go"])
    renewing.reveal_due(now=DEADLINE)
    proposal = Commitment.objects.get(crew=crew, state="proposed")
    fresh = renewing.propose_instead(
        proposal,
        tempo="monthly",
        starts_on=date(2026, 12, 15),
        times=5,
        by=people[0],
        now=DEADLINE,
    )
    seat = Seat.objects.get(crew=crew, member=fourth)
    assert seat.kept_until == fresh.ends_on == date(2027, 4, 20)


def test_a_date_that_has_passed_is_said(lookback, proposal, people, client_of, at, htmx):
    sent = {
        "instead_of": str(proposal.pk),
        "tempo": "weekly",
        "starts_on": "2026-11-03",
        "times": "30",
    }
    client, url = client_of(people[1]), at(people[1], "lookback-next", pk=lookback.pk)
    answer = client.post(url, sent, headers=htmx)
    assert answer.status_code == 422
    assert "less than or equal to 26" in answer.text
    answer = client.post(url, sent | {"times": "3"}, headers=htmx)
    assert answer.status_code == 422
    assert "That moment has passed" in answer.text
    proposal.refresh_from_db()
    assert proposal.state == "proposed"


def test_one_that_has_begun_is_not_replaced(lookback, proposal, people, client_of, at):
    for person in people:
        proposal.say_yes(by=person, now=OVER)
    sent = {
        "instead_of": str(proposal.pk),
        "tempo": "weekly",
        "starts_on": "2026-12-01",
        "times": "3",
    }
    answer = client_of(people[1]).post(at(people[1], "lookback-next", pk=lookback.pk), sent)
    assert answer.status_code == 422
    proposal.refresh_from_db()
    assert proposal.state == "running"


def test_lacking_a_place_at_the_table(lookback, proposal, crew, people, client_of, at):
    Seat.objects.get(crew=crew, member=people[1]).keep(date(2027, 1, 1), now=OVER)
    sent = {
        "instead_of": str(proposal.pk),
        "tempo": "weekly",
        "starts_on": "2026-12-01",
        "times": "3",
    }
    answer = client_of(people[1]).post(at(people[1], "lookback-next", pk=lookback.pk), sent)
    assert answer.status_code == 403


def test_another_crews_proposal_is_not_found(
    lookback, proposal, seated_crew, make_member, client_of, at
):
    others = [make_member(f"O{n} X") for n in range(3)]
    theirs = open_lookback(seated_crew("Theirs", others), others)
    everyone(theirs, others, ["go", "go", "go"])
    sent = {
        "instead_of": str(proposal.pk),
        "tempo": "weekly",
        "starts_on": "2026-12-01",
        "times": "3",
    }
    client = client_of(others[0])
    assert client.post(at(others[0], "lookback-next", pk=theirs.pk), sent).status_code == 404
    sent["instead_of"] = "nonsense"
    assert client.post(at(others[0], "lookback-next", pk=theirs.pk), sent).status_code == 404


def test_three_cycles_on(lookback, proposal, crew, people):
    for person in people:
        proposal.say_yes(by=person, now=OVER)
    Meeting.objects.filter(commitment=proposal).update(state="held", came=3, seated=3)
    end = proposal.meetings.order_by("-number").first().ends_at
    assert renewing.open_due(now=end) == 1
    second = proposal.lookbacks.get()
    for person in people:
        renewing.write(second, says("go"), by=person, now=end)
    assert Commitment.objects.get(crew=crew, state="proposed").number == 3
