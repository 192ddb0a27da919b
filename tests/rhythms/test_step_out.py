"""Out of one rhythm, and back in, without leaving the crew."""

import pytest
from django.core.exceptions import PermissionDenied

from congregation.models import Event
from rhythms import stepping
from rhythms.models import Coming, Meeting, Plan
from tests.rhythms.several import begin

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(facilitator, member, mate, make_member):
    return [facilitator, member, mate, make_member("Kit Moana")]


@pytest.fixture
def house(seated_crew, people):
    return seated_crew("Moss House", people, state="active", kind="house")


@pytest.fixture
def endless(house, people, now):
    return begin(house, people, now=now)


def test_one_is_out_of_it_and_stays_at_the_table(house, endless, people, member, now):
    first = endless.meetings.get(number=1)
    first.come(answer="coming", by=member, now=now)
    for _again in range(2):
        stepping.step_out(endless.rhythm, by=member, now=now)
    assert house.sits(member)
    assert member not in endless.people()
    assert member not in first.people()
    assert not first.is_of(member)
    assert not Coming.objects.filter(member=member).exists()
    assert not Plan.objects.filter(facilitator=member).exists()
    assert Event.objects.filter(verb="rhythm.step_out").count() == 1
    assert not Meeting.objects.unlogged_by(member, now=first.ends_at).exists()


def test_back_in_with_one_tap(endless, member, now):
    stepping.step_out(endless.rhythm, by=member, now=now)
    for _again in range(2):
        stepping.step_in(endless.rhythm, by=member, now=now)
    assert member in endless.people()
    assert Event.objects.filter(verb="rhythm.step_in").count() == 1


def test_fewer_than_a_table_needs_end_it(house, endless, people, now):
    stepping.step_out(endless.rhythm, by=people[0], now=now)
    endless.refresh_from_db()
    assert endless.state == "running"
    stepping.step_out(endless.rhythm, by=people[1], now=now)
    endless.refresh_from_db()
    house.refresh_from_db()
    assert (endless.state, house.state) == ("ended", "resting")
    assert not endless.meetings.filter(state="planned").exists()


def test_another_rhythm_goes_on(house, endless, people, now):
    other = begin(house, people, now=now, times=4, kind="learning", name="")
    for person in people[:2]:
        stepping.step_out(endless.rhythm, by=person, now=now)
    house.refresh_from_db()
    other.refresh_from_db()
    assert (house.state, other.state) == ("active", "running")
    assert house.cycle_ends_on == other.ends_on


def test_only_those_at_the_table(endless, peer, outsider, now):
    for stranger in (peer, outsider):
        for verb in (stepping.step_out, stepping.step_in):
            with pytest.raises(PermissionDenied):
                verb(endless.rhythm, by=stranger, now=now)
