"""A crew comes to its end: its people keep what they made."""

import pytest
from django.core.exceptions import ValidationError

from congregation.models import Event
from crews.models import Agreement, Crew, Crewless, Pin, Seat


def test_its_people_keep_what_they_wrote(crew, member, peer, now):
    Agreement.write(crew, {"lines": "Kind first."}, read=0, by=member, now=now)
    crew.end(by=member, now=now)
    assert crew.state == Crew.State.ENDED
    assert Agreement.objects.visible_to(member).count() == 1
    assert Agreement.objects.visible_to(peer).count() == 0


def test_they_are_crewless_from_then_on(crew, make_crew, member, mate, now):
    make_crew("Another", [mate])
    crew.end(by=None, now=now)
    crewless = set(Crewless.objects.values_list("member", flat=True))
    assert member.pk in crewless
    assert mate.pk not in crewless


def test_they_are_no_longer_each_others_crew(crew, member, now):
    assert Seat.objects.mates_of(member).count() == 3
    crew.end(by=None, now=now)
    assert Seat.objects.mates_of(member).count() == 0


def test_it_is_over(crew, member, now):
    crew.end(by=None, now=now)
    for verb in (crew.rest, crew.wake):
        with pytest.raises(ValidationError, match="ended"):
            verb(by=member, now=now)
    with pytest.raises(ValidationError, match="ended"):
        Agreement.write(crew, {"lines": "Anew."}, read=0, by=member, now=now)
    with pytest.raises(ValidationError, match="ended"):
        Pin.put(crew, kind="note", words="Anew.", by=member, now=now)


def test_the_directory_leaves_it_out_and_its_page_tells_others_so(client_of, at, crew, peer, now):
    crew.end(by=None, now=now)
    assert "Seed Library" not in client_of(peer).get(at(peer, "crews")).content.decode()
    page = client_of(peer).get(crew.get_absolute_url()).content.decode()
    assert "This crew has come to its end" in page


def test_ending_twice_is_once(crew, now):
    crew.end(by=None, now=now)
    crew.end(by=None, now=now)
    assert Event.objects.filter(verb="crew.end").count() == 1
