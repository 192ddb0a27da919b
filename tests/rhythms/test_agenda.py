"""An agenda made of practices: lines are practices by their names, added in a tap, in order, with a total."""

from datetime import timedelta

import pytest

from congregation.models import Event
from rhythms import agenda
from rhythms.models import CrewPractice, Plan
from rhythms.practices import own
from rhythms.practices.own import Own, OwnStep
from tests.rhythms.sitting import go_to

OURS = {"our bread round": "ours-1"}


@pytest.mark.parametrize(
    ("line", "words", "says", "practice", "is_ours"),
    [
        ("Check-in | 10", "Check-in", "10", "check-in", False),
        ("check-in|10", "check-in", "10", "check-in", False),
        ("CASE CLINIC", "CASE CLINIC", "", "case-clinic", False),
        ("Case clinic: Ana brings hers | 55", "Case clinic: Ana brings hers", "55", "case-clinic", False),
        ("Troika – who wants to | 33", "Troika – who wants to", "33", "troika", False),
        ("Listening round (short) | 12", "Listening round (short)", "12", "listening-round", False),
        ("1-2-4-All | 12", "1-2-4-All", "12", "1-2-4-all", False),
        ("Our Bread Round | 20", "Our Bread Round", "20", "ours-1", True),
        ("Case clinics in general | 5", "Case clinics in general", "5", "", False),
        ("Seed swap | as long as it takes", "Seed swap", "as long as it takes", "", False),
        ("Soup", "Soup", "", "", False),
        ("a | b | 5", "a | b", "5", "", False),
        ("| 5", "", "5", "", False),
    ],
)  # fmt: skip
def test_a_line(line, words, says, practice, is_ours):
    (item,) = agenda.items(line, OURS)
    assert (item.words, item.says, item.practice, item.is_ours) == (words, says, practice, is_ours)


def test_minutes_are_counted_where_they_are_numbers():
    laid = agenda.items("Check-in | 10\n\nSoup | a while\nSeeds | 40\nx | 99999\ny | -5", {})
    assert [item.minutes for item in laid] == [10, 0, 40, 0, 0]
    assert agenda.total(laid) == 50


@pytest.mark.parametrize(
    ("known", "key", "there"),
    [
        ([], "check-in", 0),
        (["Soup | 30"], "check-in", 0),
        (["Soup | 30"], "case-clinic", 1),
        (["Soup | 30", "Check-out | 10"], "case-clinic", 1),
        (["Soup | 30", "Check-out | 10"], "check-out", 2),
        (["Soup | 30", "Check-out | 10"], "", 1),
        (["Check-in | 10", "Check-out | 10"], "check-in", 0),
    ],
)
def test_where_a_practice_belongs(known, key, there):
    lines = agenda.add(known, "New", 5, key)
    assert lines[there] == "New | 5"
    assert [line for line in lines if line != "New | 5"] == known


@pytest.mark.parametrize(
    ("at", "order"), [(0, "abc"), (1, "bac"), (2, "acb"), (3, "abc"), (-1, "abc")]
)
def test_further_up(at, order):
    assert agenda.up(list("abc"), at) == list(order)


@pytest.mark.parametrize(("at", "order"), [(0, "bc"), (2, "ab"), (3, "abc"), (-1, "abc")])
def test_taken_off(at, order):
    assert agenda.without(list("abc"), at) == list(order)


# ---- at a meeting


@pytest.fixture
def tap(ahead, client_of, at):
    """Do one thing to the agenda: tap(member, practice="check-in")."""

    def tap(person, **do):
        read = do.pop("read", None) or agenda.mark(words(ahead))
        headers = do.pop("headers", None)
        url = at(person, "agenda", pk=ahead.pk)
        return client_of(person).post(url, {"here": "meeting", "read": read, **do}, headers=headers)

    return tap


def words(meeting):
    return Plan.objects.get(meeting=meeting).agenda


def test_two_taps_each(tap, ahead, member, client_of, at, htmx):
    page = client_of(member).get(at(member, "meeting", pk=ahead.pk)).text
    assert "Add a practice" in page
    answer = tap(member, practice="check-out", headers=htmx)
    assert "<html" not in answer.text
    assert "6 of 90 min" in answer.text
    tap(member, practice="case-clinic")
    answer = tap(member, practice="check-in")
    assert answer.url == ahead.get_absolute_url()
    assert words(ahead) == "Check-in | 6\nCase clinic | 55\nCheck-out | 6"
    page = client_of(member).get(at(member, "meeting", pk=ahead.pk)).text
    assert at(member, "practice", key="case-clinic") in page
    assert "67 of 90 min." in page
    tap(member, practice="troika")
    page = client_of(member).get(at(member, "crew", pk=ahead.crew_id)).text
    assert "100 of 90 min: 10 more than you have." in page


def test_minutes_are_those_of_who_can_come(tap, ahead, member, mate, now):
    ahead.come(answer="cant", by=mate, now=now)
    tap(member, practice="listening-round")
    assert words(ahead) == "Listening round | 8"


def test_the_order_changes_and_lines_go(tap, ahead, member):
    for key in ("check-in", "troika", "case-clinic"):
        tap(member, practice=key)
    tap(member, up=2)
    assert agenda.lines(words(ahead))[1] == "Case clinic | 55"
    tap(member, off=2)
    assert words(ahead) == "Check-in | 6\nCase clinic | 55"


def test_twice_is_once(tap, ahead, member, htmx):
    read = agenda.mark(words(ahead))
    tap(member, practice="check-in", read=read)
    answer = tap(member, practice="check-in", read=read, headers=htmx)
    assert "changed meanwhile" in answer.text
    assert words(ahead) == "Check-in | 6"
    assert Event.objects.filter(verb="meeting.plan").count() == 1


@pytest.mark.parametrize("do", [{}, {"practice": "shouting"}, {"up": "x"}, {"off": "99"}])
def test_what_makes_no_sense_changes_nothing(tap, ahead, member, do):
    tap(member, practice="check-in")
    assert tap(member, **do).status_code == 302
    assert words(ahead) == "Check-in | 6"


def test_lines_go_on_being_lines(tap, ahead, member, client_of, at, now):
    plan = Plan.objects.get(meeting=ahead)
    ahead.replan(
        starts_at=ahead.starts_at, place=plan.place, link=plan.link,
        agenda="Case clinic, Ana’s | 55\nSoup", by=member, now=now,
    )  # fmt: skip
    page = client_of(member).get(at(member, "meeting", pk=ahead.pk)).text
    assert ">Case clinic, Ana’s</a>" in page
    assert "<b>Soup</b>" in page


def test_a_crews_own_is_one_too(tap, ahead, crew, member, client_of, at, now):
    said = Own("Bread round", "", (OwnStep("Knead", 5, each=True), OwnStep("Eat", 10)))
    mine = CrewPractice.write(crew, said, by=member, now=now)
    tap(member, practice=str(mine.pk))
    assert words(ahead) == "Bread round | 25"
    page = client_of(member).get(at(member, "meeting", pk=ahead.pk)).text
    assert f'href="{mine.get_absolute_url()}"' in page
    assert own.load(mine.words) == said


def test_from_the_agenda_to_the_table(tap, ahead, member, client_of, at, now):
    tap(member, practice="case-clinic")
    go_to(ahead, now)
    page = client_of(member).get(at(member, "meeting", pk=ahead.pk)).text
    assert at(member, "sitting-new", pk=ahead.pk) + "?practice=case-clinic" in page
    assert "Add a practice" not in page


def test_not_once_it_has_begun(tap, ahead, member, now):
    go_to(ahead, now)
    assert tap(member, practice="check-in").status_code == 302
    assert words(ahead) == ""


def test_who_may_not(tap, ahead, peer, host, outsider, member, client_of, at):
    for stranger in (peer, host, outsider):
        assert tap(stranger, practice="check-in").status_code == 404
    assert client_of(member).get(at(member, "agenda", pk=ahead.pk)).status_code == 405
    assert words(ahead) == ""


def test_more_than_fits(ahead, member, now):
    from django.core.exceptions import ValidationError

    plan = Plan.objects.get(meeting=ahead)
    with pytest.raises(ValidationError, match="more than fits"):
        plan.lay(["x" * 2001], read=agenda.mark(""), by=member, now=now + timedelta(0))
