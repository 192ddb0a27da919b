"""At the same moment: two who press Next, last yeses, a stop and a step, two who sit down, two sweeps."""

from datetime import timedelta

import pytest

from congregation.models import Event
from rhythms.models import Sitting
from rhythms.practices import catalogue
from tests.congregation.test_arrive_race import race
from tests.rhythms.sitting import fresh

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def during(ahead):
    return ahead.starts_at + timedelta(minutes=5)


@pytest.fixture
def people(facilitator, member, mate):
    return [facilitator, member, mate]


@pytest.fixture
def sit(ahead, people, during):
    def sit(guide, **more):
        return Sitting.open(ahead, guide, here=people, by=people[0], now=during, **more)

    return sit


@pytest.mark.parametrize("do", ["next", "back", "more", "pass"])
def test_of_many_who_press_at_once_one_moves_it(sit, people, during, do):
    sitting = sit(catalogue.PROJECT_KITCHEN)
    for _step in range(2):
        row = fresh(sitting)
        row.move("next", version=row.version, by=people[0], now=during)
    seen = fresh(sitting)

    def attempt(person):
        return lambda: fresh(sitting).move(do, version=seen.version, by=person, now=during)

    moved = race([attempt(person) for person in people * 2])
    assert sorted(moved) == [False] * 5 + [True]
    row = fresh(sitting)
    assert row.version == seen.version + 1
    assert row.step == seen.step + {"next": 1, "back": -1, "more": 0, "pass": 3}[do]
    more = timedelta(minutes=1) if do == "more" else timedelta(0)
    assert row.left(now=during) == timedelta(seconds=row.stages[row.step].seconds) + more


def test_of_last_yeses_one_opens_it(sit, people, during):
    sitting = sit(catalogue.CASE_CLINIC)
    rows = [fresh(sitting) for _person in people]
    race(
        [
            lambda row=row, person=person: row.say_yes(by=person, now=during)
            for row, person in zip(rows, people, strict=True)
        ]
    )
    row = fresh(sitting)
    assert (row.state, row.people, row.version) == ("open", 3, 1)


def test_a_stop_is_never_outrun(sit, people, during):
    sitting = sit(catalogue.CASE_CLINIC)
    for person in people:
        fresh(sitting).say_yes(by=person, now=during)
    seen = fresh(sitting).version

    def step():
        return fresh(sitting).move("next", version=seen, by=people[0], now=during)

    def stop():
        return fresh(sitting).stop(by=people[1], now=during)

    race([step, stop, step, stop])
    assert fresh(sitting).state == "stopped"
    assert Event.objects.filter(verb="sitting.end").count() == 1


def test_of_two_who_sit_down_at_once_both_sit_at_one_table(ahead, people, during):
    guides = [catalogue.CASE_CLINIC, catalogue.TROIKA, catalogue.LISTENING_ROUND]

    def attempt(guide, person):
        return lambda: Sitting.open(ahead, guide, here=people, by=person, now=during)

    made = race([attempt(guide, person) for guide, person in zip(guides, people, strict=True)])
    assert len({row.pk for row in made}) == Sitting.objects.count() == 1
    assert Event.objects.filter(verb="sitting.open").count() == 1


def test_sweeps_at_once_end_it_once(sit, people, during):
    sitting = sit(catalogue.TROIKA)
    fresh(sitting).move("start", version=0, by=people[0], now=during)
    later = during + timedelta(hours=5)
    race([lambda: Sitting.objects.end_due(now=later)] * 3)
    assert fresh(sitting).state == "over"
    assert Event.objects.filter(verb="sitting.end").count() == 1
