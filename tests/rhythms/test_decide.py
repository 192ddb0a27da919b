"""Each one's own way on, and a kind page for each."""

import pytest

from crews.models import Seat
from rhythms import renewing
from rhythms.models import Change, Commitment, LookBack
from tests.rhythms.looking_back import DEADLINE, OVER, everyone, open_lookback, says

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(member, mate, facilitator, host, make_member):
    return [member, mate, facilitator, host, make_member("Grace Lee"), make_member("Elif Kaya")]


@pytest.fixture
def crew(seated_crew, people):
    return seated_crew("Tuesday Pod", people)


@pytest.fixture
def lookback(crew, people):
    """Four go on, Grace rests, Elif says nothing."""
    this = open_lookback(crew, people)
    ways = ["go", "change", "go", "go", "rest"]
    for person, way in zip(people, ways, strict=False):
        renewing.write(this, says(way, word=f"{person.first_name} says so"), by=person, now=OVER)
    this.draft(says("end", celebrate="Half a"), by=people[5], now=OVER)
    renewing.reveal_due(now=DEADLINE)
    this.refresh_from_db()
    return this


def page_of(lookback, person, client_of, at):
    return client_of(person).get(at(person, "lookback", pk=lookback.pk)).text


def test_each_one_stands_there_with_a_word(lookback, people, member, client_of, at):
    page = page_of(lookback, member, client_of, at)
    for person in people[:5]:
        assert f"“{person.first_name} says so”" in page
    assert "No answer yet." in page
    assert "one tap takes it again" in page
    assert "Only the six of you can see this" in page
    assert "Half a" not in page


def test_the_silent_one_takes_the_seat_again(lookback, people, crew, client_of, at):
    elif_ = people[5]
    page = page_of(lookback, elif_, client_of, at)
    assert "Your seat is kept" in page
    assert "deleted unread" in page
    assert "Yes to this" not in page
    client_of(elif_).post(at(elif_, "seat-retake", pk=crew.pk))
    assert Seat.objects.get(crew=crew, member=elif_).kept_until is None
    page = page_of(lookback, elif_, client_of, at)
    assert "Yes to this" in page
    assert "Has taken the seat again." in page


def test_who_ended_is_thanked_and_shown_the_way(seated_crew, people, client_of, at):
    crew = seated_crew("Another", people)
    this = open_lookback(crew, people)
    everyone(this, people, ["go", "go", "go", "end", "go", "go"])
    page = page_of(this, people[3], client_of, at)
    assert "Go well" in page
    assert at(people[3], "ideas") in page
    assert at(people[3], "pool") in page
    assert "By Ana" in page
    for name in ("lookback-write", "lookback-change", "lookback-next"):
        assert client_of(people[3]).post(at(people[3], name, pk=this.pk)).status_code in (
            302,
            403,
            404,
            422,
        )
    assert Commitment.objects.get(crew=crew, state="proposed").proposed_by is None


def test_the_crew_rests_kindly(seated_crew, people, client_of, at, member):
    trio = people[:3]
    this = open_lookback(seated_crew("Trio", trio), trio)
    everyone(this, trio, ["go", "rest", "end"])
    page = page_of(this, member, client_of, at)
    assert "The crew rests" in page
    assert "One person would go on, and a table needs three." in page
    assert "Rest is a rhythm too" in page


def test_enough_of_them_again_may_propose(seated_crew, people, client_of, at, member, mate):
    trio = people[:3]
    crew = seated_crew("Trio", trio)
    this = open_lookback(crew, trio)
    everyone(this, trio, ["go", "rest", "go"])
    Seat.objects.get(crew=crew, member=mate).retake(by=mate, now=OVER)
    page = page_of(this, member, client_of, at)
    assert at(member, "commitment-new", pk=crew.pk) in page


def test_a_good_ending(seated_crew, people, client_of, at, member):
    trio = people[:3]
    this = open_lookback(seated_crew("Trio", trio), trio)
    everyone(this, trio, ["end", "end", "end"])
    page = page_of(this, member, client_of, at)
    assert "A good ending" in page
    assert "By Dov" in page


def test_on_paper(lookback, member, client_of, at):
    page = client_of(member).get(at(member, "lookback-print", pk=lookback.pk)).text
    assert "Ana says so" in page
    closed = LookBack.objects.create(
        congregation=member.congregation,
        crew=lookback.crew,
        commitment=Commitment.objects.get(crew=lookback.crew, number=2),
        opened_at=DEADLINE,
        closes_at=DEADLINE,
    )
    assert client_of(member).get(at(member, "lookback-print", pk=closed.pk)).status_code == 302


def test_the_crews_room_leads_to_what_was_found(lookback, crew, people, member, client_of, at):
    room, found = at(member, "crew", pk=crew.pk), at(member, "lookback", pk=lookback.pk)
    assert found in client_of(member).get(room).text
    Change.choose(lookback, "Stop at nine", people[1], by=member, now=DEADLINE)
    proposal = Commitment.objects.get(crew=crew, state="proposed")
    for person in people[:4]:
        proposal.say_yes(by=person, now=DEADLINE)
    page = client_of(member).get(room).text
    assert found in page
    assert "Stop at nine" in page
    assert "Dov carries it." in page
