"""A crew rests in one tap, and wakes with the dates that are still ahead."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied

from congregation.models import Event, Notice
from crews.models import Crew
from hall import resting
from rhythms.models import Meeting
from tests.rhythms.conftest import ahead, commitment, crew, make_commitment, past, seated_crew

__all__ = ["ahead", "commitment", "crew", "make_commitment", "past", "seated_crew"]


def states(commitment):
    return sorted(commitment.meetings.values_list("state", flat=True))


def test_rest_and_wake(client_of, at, commitment, crew, member, mate, now):
    called_off = commitment.meetings.order_by("number").last()
    called_off.call_off(by=member, now=now - timedelta(days=1))
    before = states(commitment)
    page = client_of(member).get(crew.get_absolute_url()).text
    assert "Let it rest" in page
    for _ in range(2):
        assert client_of(member).post(at(member, "crew-rest", pk=crew.pk)).status_code == 302
    crew.refresh_from_db()
    assert crew.state == Crew.State.RESTING
    assert not commitment.meetings.filter(state="planned", starts_at__gt=now).exists()
    told = Notice.objects.filter(kind="crews.rests").values_list("recipient__name", flat=True)
    assert sorted(told) == ["Dov Levi", "Joel King"]
    assert "Wake it" in client_of(mate).get(crew.get_absolute_url()).text
    for _ in range(2):
        assert client_of(mate).post(at(mate, "crew-wake", pk=crew.pk)).status_code == 302
    crew.refresh_from_db()
    assert crew.state == Crew.State.ACTIVE
    assert Event.objects.filter(verb="crew.wake").count() == 1
    # What was called off before stays off.
    assert states(commitment) == before
    called_off.refresh_from_db()
    assert called_off.state == Meeting.State.CANCELLED


def test_it_is_for_those_at_the_table(client_of, at, crew, member, peer, host, outsider, now):
    for name in ("crew-rest", "crew-wake"):
        url = at(member, name, pk=crew.pk)
        for person in (peer, host, outsider):
            assert client_of(person).post(url).status_code == 404
        assert client_of(member).get(url).status_code == 405
    with pytest.raises(PermissionDenied):
        resting.rest(crew, by=peer, now=now)


def test_too_few_dont_wake(client_of, at, crew, member, mate, now):
    resting.rest(crew, by=member, now=now)
    crew.leave(by=mate, now=now)
    page = client_of(member).post(at(member, "crew-wake", pk=crew.pk), follow=True).text
    assert "rests until others join" in page
