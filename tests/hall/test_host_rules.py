from datetime import UTC, date, datetime, timedelta

import pytest

from hall.rules import Lately, Past, Standing, beats, lately, standing, weeks_to

pytestmark = pytest.mark.once

NOW = datetime(2026, 11, 19, 6, tzinfo=UTC)


def past(days_ago, is_held, came=0, seated=6):
    ended = NOW - timedelta(days=days_ago)
    return Past(ended.date(), ended, is_held, came, seated)


@pytest.mark.parametrize(
    ("meetings", "held", "of"),
    [
        ([], 0, 0),
        ([past(1, True)], 1, 1),
        ([past(1, None)], 0, 0),
        ([past(3, None)], 0, 1),
        ([past(d, True) for d in (7, 14, 21, 28, 35)], 4, 4),
        ([past(7, False), past(14, False), past(21, False), past(28, True)], 1, 4),
    ],
)
def test_lately(meetings, held, of):
    found = lately(meetings, now=NOW)
    assert (found.held, found.of) == (held, of)


TODAY = date(2026, 11, 19)


@pytest.mark.parametrize(
    ("state", "ends_on", "recent", "expected"),
    [
        ("resting", None, Lately(0, 4, None), Standing.RESTING),
        ("forming", None, Lately(0, 0, None), Standing.FORMING),
        ("active", TODAY - timedelta(1), Lately(4, 4, None), Standing.LOOKING_BACK),
        ("active", TODAY, Lately(1, 4, None), Standing.VISIT),
        ("active", TODAY, Lately(2, 4, None), Standing.IN_RHYTHM),
        ("active", None, Lately(0, 1, None), Standing.IN_RHYTHM),
    ],
)
def test_standing(state, ends_on, recent, expected):
    assert standing(state, ends_on, recent, today=TODAY) == expected


def test_beats_are_sized_by_who_came():
    kinds = beats(
        [past(0, True, 6), past(7, True, 4), past(14, True, 2), past(21, False)],
        today=NOW.date(),
    )
    assert len(kinds) == 12
    assert kinds[-4:] == ["none", "some", "most", "full"]
    assert kinds[0] == ""


def test_a_resting_crew_has_rests_where_it_did_not_meet():
    kinds = beats([], today=NOW.date(), rests_since=NOW.date() - timedelta(days=14))
    assert kinds[-3:] == ["rest"] * 3
    assert kinds[-4] == ""


@pytest.mark.parametrize(
    ("people", "joined", "weeks"), [(87, 31, 22), (100, 31, None), (40, 0, None), (99, 52, 1)]
)
def test_weeks_to_the_threshold(people, joined, weeks):
    assert weeks_to(100, people, joined) == weeks
