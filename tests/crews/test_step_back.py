"""Stepping back for a while in one tap; leaving with a few words, or none; a closing page."""

from datetime import date

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from congregation.models import Event, Notice
from crews.models import ClosingWord, Crew, Seat


def test_one_tap_keeps_the_seat_and_another_takes_it_again(client_of, at, crew, mate, member):
    page = client_of(mate).get(crew.get_absolute_url()).text
    assert at(mate, "seat-pause", pk=crew.pk) in page
    for _ in range(2):
        response = client_of(mate).post(at(mate, "seat-pause", pk=crew.pk), follow=True)
    assert "Your seat is kept for you" in response.text
    # Six weeks at least, whatever the cycle says.
    assert Seat.objects.get(crew=crew, member=mate).kept_until == date(2026, 12, 31)
    told = Notice.objects.filter(kind="crews.paused").values_list("recipient__name", flat=True)
    assert sorted(told) == ["Ana Sefo", "Joel King"]
    assert Event.objects.filter(verb="seat.keep").count() == 1
    client_of(mate).post(at(mate, "seat-retake", pk=crew.pk))
    assert Seat.objects.get(crew=crew, member=mate).kept_until is None


def test_it_lasts_to_the_end_of_the_cycle(client_of, at, make_crew, member, mate, peer, now):
    crew = make_crew("Long", [member, mate, peer], cycle_ends_on=date(2027, 2, 1))
    client_of(mate).post(at(mate, "seat-pause", pk=crew.pk))
    assert Seat.objects.get(crew=crew, member=mate).kept_until == date(2027, 2, 1)


def test_pausing_is_ones_own(client_of, at, crew, mate, member, peer, outsider, now):
    seat = Seat.objects.get(crew=crew, member=mate)
    with pytest.raises(PermissionDenied):
        seat.pause(date(2027, 1, 1), by=member, now=now)
    url = at(mate, "seat-pause", pk=crew.pk)
    assert client_of(peer).post(url).status_code == 404
    assert client_of(outsider).post(url).status_code == 404
    assert client_of(mate).get(url).status_code == 405
    crew.end(by=None, now=now)
    page = client_of(mate).post(url, follow=True).text
    assert "This crew has ended." in page


@pytest.mark.parametrize("words", ["Thank you for the beans.", ""])
def test_leaving_has_ones_own_words_or_none(client_of, at, crew, mate, member, words):
    url = at(mate, "crew-leave", pk=crew.pk)
    assert "A few words to them" in client_of(mate).get(url).text
    response = client_of(mate).post(url, {"farewell": "x" * 501})
    assert response.status_code == 422
    assert crew.sits(mate)
    client_of(mate).post(url, {"farewell": words})
    assert Seat.objects.get(crew=crew, member=mate).farewell == words
    page = client_of(member).get(at(member, "notices")).text
    assert "Dov has stepped back from Seed Library." in page
    assert ("Thank you for the beans." in page) == bool(words)


# ---- the closing page


def test_each_writes_what_was_made_and_thanks(client_of, at, crew, member, mate, peer, now):
    crew.end(by=None, now=now)
    url = at(member, "closing-word", pk=crew.pk)
    for _ in range(2):
        said = {"made": "Forty kinds of beans.", "thanks": "Joel, for the kitchen."}
        assert client_of(member).post(url, said).status_code == 302
    page = client_of(mate).get(crew.get_absolute_url()).text
    assert "Forty kinds of beans." in page
    assert "Joel, for the kitchen." in page
    assert Event.objects.filter(verb="closing.write").count() == 1
    assert not ClosingWord.objects.visible_to(peer).exists()
    assert "Forty kinds" not in client_of(peer).get(crew.get_absolute_url()).text
    assert client_of(peer).post(url, {"made": "x"}).status_code == 404
    assert client_of(member).get(url).status_code == 405
    response = client_of(mate).post(at(mate, "closing-word", pk=crew.pk), {"made": "x" * 1001})
    assert response.status_code == 422
    assert "x" * 1001 in response.text
    client_of(member).post(url, {"made": "", "thanks": ""})
    assert not ClosingWord.objects.exists()


def test_a_living_crew_has_no_closing_page(client_of, at, crew, member, now):
    with pytest.raises(ValidationError, match="hasn’t ended"):
        ClosingWord.write(crew, made="x", thanks="", by=member, now=now)
    url = at(member, "closing-word", pk=crew.pk)
    assert client_of(member).post(url, {"made": "x"}).status_code == 422


def test_who_left_before_doesnt_write(crew, mate, now):
    crew.leave(by=mate, now=now)
    crew.end(by=None, now=now)
    with pytest.raises(PermissionDenied):
        ClosingWord.write(crew, made="x", thanks="", by=mate, now=now)
    assert Crew.objects.get(pk=crew.pk).has_ended
