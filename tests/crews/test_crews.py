"""The directory of crews, and a crew seen from outside."""

import re
from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crews.models import Crew, Seat
from crews.views import crews as views


def page_of(client_of, at, who, query=""):
    return client_of(who).get(at(who, "crews") + query).content.decode()


@pytest.fixture
def several(make_crew, crew, member, mate, facilitator, peer, host):
    make_crew("Full House", [host, mate, facilitator], seats_max=3, tempo="weekly")
    make_crew("Night Owls", [host, mate], state=Crew.State.RESTING)
    make_crew("Two", [mate, facilitator], is_partnership=True, seats_max=2)
    crew.tempo, crew.cycle_ends_on = "monthly", date(2026, 12, 17)
    crew.save()
    return crew


def test_ones_own_come_first_as_tables(client_of, at, several, member):
    page = page_of(client_of, at, member)
    places = [page.index(words) for words in ("Your crews", "Seed Library", "The other crews")]
    assert places == sorted(places)
    assert "People at the table: 3. Seats kept: 0. Open seats: 5." in page
    assert 'class="seat me"' in page


def test_everyone_sees_every_crew_but_partnerships(client_of, at, several, peer, mate, host):
    page = page_of(client_of, at, peer)
    for words in (
        "All crews",
        "Seed Library",
        "This cycle ends on Thu 17 Dec",
        "Room for five more",
        "Full House",
        "Resting",
    ):
        assert words in page
    for person in (peer, host):
        assert ">Two<" not in page_of(client_of, at, person)
    assert ">Two<" in page_of(client_of, at, mate)


def test_those_with_room_stand_in_the_address(client_of, at, several, peer, htmx):
    page = page_of(client_of, at, peer, "?room=1")
    assert "Crews with room" in page
    assert "Seed Library" in page
    assert "Full House" not in page
    part = client_of(peer).get(at(peer, "crews") + "?room=1", headers=htmx).content.decode()
    assert "<html" not in part
    assert part.lstrip().startswith("<section")


def test_filters_stand_in_the_address_with_counts_and_pills(
    client_of, at, several, make_crew, peer
):
    for number in range(5):
        make_crew(f"House {number}", kind="house", tempo="monthly", seats_max=number + 3)
    Crew.objects.filter(name="House 0").update(seats_taken=3)
    page = page_of(client_of, at, peer, "?kind=house&room=1")
    assert [f"House {number}" in page for number in range(5)] == [False, True, True, True, True]
    assert "Seed Library" not in page
    # How many the other choices would leave, and with or without room.
    assert 'All <span class="num">5</span>' in page
    assert 'With room <span class="num">4</span>' in page
    assert re.search(r'value="monthly".*?Monthly</span><span class="n num tiny">4<', page, re.S)
    assert f'href="{at(peer, "crews")}?room=1"><span class="sr">Remove filter' in page
    page = page_of(client_of, at, peer, "?kind=house&tempo=weekly")
    assert "No crew fits all of that just now." in page
    assert "House 0" in page_of(client_of, at, peer, "?kind=nonsense")


def test_an_empty_directory_has_one_thing_to_do(client_of, at, make_crew, member, host, mate):
    assert "There is no crew here yet" in page_of(client_of, at, member)
    make_crew("Full House", [host, mate], seats_max=3)
    Crew.objects.update(seats_max=2)
    assert "Every table is full just now" in page_of(client_of, at, member, "?room=1")


def test_a_kept_seat_can_be_taken_from_here(client_of, at, several, member, now):
    Seat.objects.get(crew=several, member=member).keep(date(2027, 1, 3), now=now)
    page = page_of(client_of, at, member)
    assert "Your seat is kept until Sun 3 Jan 2027" in page
    assert at(member, "seat-retake", pk=several.pk) in page


def test_an_outsider_sees_none_of_it(client_of, at, several, outsider, member):
    assert client_of(outsider).get(at(member, "crews")).status_code == 404
    assert "Seed Library" not in page_of(client_of, at, outsider)
    assert client_of(member).post(at(member, "crews")).status_code == 405


def test_it_asks_as_much_of_the_database_however_many_there_are(
    client_of, at, make_crew, make_member, member, mate, facilitator
):
    browser, url = client_of(member), at(member, "crews")

    def grow(many):
        for n in range(many):
            make_crew(f"Crew {n}", [mate, facilitator] + ([member] if n % 2 else []))

    grow(3)
    browser.get(url)
    with CaptureQueriesContext(connection) as few:
        browser.get(url)
    grow(27)
    with CaptureQueriesContext(connection) as many:
        browser.get(url)
    assert len(many) == len(few)


def test_from_outside_one_sees_what_the_congregation_may_know(client_of, several, peer, host):
    for person in (peer, host):
        page = client_of(person).get(several.get_absolute_url()).content.decode()
        for words in ("We keep seed alive.", "Until Thu 17 Dec", "Room for five more"):
            assert words in page
        for name in ("Ana Sefo", "Dov Levi", "Joel King"):
            assert name not in page


def test_a_room_asks_as_much_of_the_database_however_full_it_is(
    crew, make_member, member, peer, now
):
    from crews.models import Agreement, Pin, Request

    def ask():
        with CaptureQueriesContext(connection) as asked:
            room = views.room(crew, member=member, now=now)
            str([seat.member.name for seat in room["seats"]])
            str([(one.member.name, said) for one, said in room["requests"]])
        return len(asked)

    agreement = Agreement.write(crew, {"lines": "Kind first."}, read=0, by=member, now=now)
    Pin.put(crew, kind="note", words="One", by=member, now=now)
    Request.ask(crew, by=peer, now=now)
    before = ask()
    for n in range(5):
        person = make_member(f"Person{n} X")
        Request.ask(crew, by=make_member(f"Asker{n} X"), now=now)
        crew.seat(person, by=None, now=now)
        agreement.say_yes(by=person, now=now)
        for k in range(4):
            Pin.put(crew, kind="note", words=f"{n} {k}", by=person, now=now)
    assert ask() == before
