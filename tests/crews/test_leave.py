"""I need to step back."""

import pytest
from django.core.exceptions import PermissionDenied

from congregation.models import Event, Notice
from congregation.notices import kind_of
from crews.models import Crew, Crewless, Seat


def test_a_page_says_what_happens(client_of, at, crew, mate):
    page = client_of(mate).get(at(mate, "crew-leave", pk=crew.pk)).content.decode()
    assert "I need to step back" in page
    assert "With fewer than three at the table, the crew rests" in page


def test_it_frees_the_seat_and_tells_the_others_kindly(client_of, at, crew, mate, member):
    answer = client_of(mate).post(at(mate, "crew-leave", pk=crew.pk))
    assert answer.status_code == 302
    assert answer.url == at(mate, "crews")
    crew.refresh_from_db()
    assert crew.seats_taken == 2
    assert Crewless.objects.filter(member=mate).exists()
    notice = Notice.objects.get(kind="crews.left", recipient=member)
    assert kind_of("crews.left").find(notice.about, member).member == mate
    assert not Notice.objects.filter(kind="crews.left", recipient=mate).exists()


def test_a_table_that_becomes_too_small_rests(crew, make_member, mate, peer, now):
    crew.seat(peer, by=None, now=now)
    crew.leave(by=peer, now=now)
    assert crew.state == Crew.State.ACTIVE
    crew.leave(by=mate, now=now)
    crew.refresh_from_db()
    assert crew.state == Crew.State.RESTING
    assert crew.rests_since == now


def test_a_forming_table_stays_forming(make_crew, member, mate, now):
    crew = make_crew(people=[member, mate], state=Crew.State.FORMING)
    crew.leave(by=mate, now=now)
    crew.refresh_from_db()
    assert crew.state == Crew.State.FORMING


def test_an_empty_table_ends(crew, member, mate, facilitator, now):
    for person in (member, mate, facilitator):
        crew.leave(by=person, now=now)
    crew.refresh_from_db()
    assert crew.state == Crew.State.ENDED
    assert crew.seats_taken == 0


def test_one_who_sits_elsewhere_too_is_not_crewless(crew, make_crew, mate, now):
    make_crew("Another", [mate])
    crew.leave(by=mate, now=now)
    assert not Crewless.objects.filter(member=mate).exists()


def test_the_room_is_closed_behind_them(client_of, at, crew, mate):
    client_of(mate).post(at(mate, "crew-leave", pk=crew.pk))
    assert client_of(mate).get(at(mate, "agreement", pk=crew.pk)).status_code == 404
    assert client_of(mate).get(at(mate, "pin-new", pk=crew.pk)).status_code == 404


def test_a_peer_and_an_outsider_find_no_such_page(client_of, at, crew, peer, outsider, mate):
    for method in ("get", "post"):
        assert (
            getattr(client_of(peer), method)(at(peer, "crew-leave", pk=crew.pk)).status_code == 404
        )
        assert (
            getattr(client_of(outsider), method)(at(mate, "crew-leave", pk=crew.pk)).status_code
            == 404
        )


def test_the_verb_refuses_who_never_sat(crew, peer, now):
    with pytest.raises(PermissionDenied):
        crew.leave(by=peer, now=now)


def test_twice_is_once(client_of, at, crew, mate):
    browser = client_of(mate)
    for _ in range(2):
        assert browser.post(at(mate, "crew-leave", pk=crew.pk)).status_code == 302
    crew.refresh_from_db()
    assert crew.seats_taken == 2
    assert Event.objects.filter(verb="seat.leave").count() == 1
    assert Notice.objects.filter(kind="crews.left").count() == 2
    assert Seat.objects.filter(crew=crew, member=mate).count() == 1
