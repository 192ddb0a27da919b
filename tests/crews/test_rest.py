"""A crew rests below its minimum and wakes from it on."""

from datetime import date

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from congregation.models import Event
from crews.models import Crew, Seat


def test_anyone_who_sits_there_may_let_it_rest(crew, member, now):
    crew.rest(by=member, now=now)
    assert crew.state == Crew.State.RESTING
    assert crew.rests_since == now
    crew.rest(by=member, now=now)
    assert Event.objects.filter(verb="crew.rest", circle=None).count() == 1


def test_others_may_not(crew, peer, now):
    for verb in (crew.rest, crew.wake, crew.end):
        with pytest.raises(PermissionDenied):
            verb(by=peer, now=now)


def test_a_kept_seat_is_not_at_the_table(crew, mate, now):
    Seat.objects.get(crew=crew, member=mate).keep(date(2027, 1, 3), now=now)
    crew.refresh_from_db()
    assert crew.state == Crew.State.RESTING
    with pytest.raises(ValidationError, match="fewer than 3"):
        crew.wake(now=now)
    Seat.objects.get(crew=crew, member=mate).retake(by=mate, now=now)
    crew.wake(now=now)
    assert crew.state == Crew.State.ACTIVE
    assert crew.rests_since is None


def test_a_partnership_needs_two(make_crew, member, mate, now):
    pair = make_crew("Two", [member, mate], is_partnership=True, seats_max=2)
    pair.leave(by=mate, now=now)
    pair.refresh_from_db()
    assert pair.state == Crew.State.RESTING
    assert not Event.objects.filter(verb="crew.rest", circle=None).exists()


def test_the_congregation_sets_the_minimum(make_crew, congregation, member, mate, now):
    congregation.seats_min = 2
    congregation.save()
    crew = make_crew(people=[member, mate], state=Crew.State.RESTING)
    crew.wake(by=mate, now=now)
    assert crew.state == Crew.State.ACTIVE


def test_waking_twice_is_once(crew, now):
    crew.rest(by=None, now=now)
    for _ in range(2):
        crew.wake(now=now)
    assert Event.objects.filter(verb="crew.wake").count() == 1
