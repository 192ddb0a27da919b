"""Guided practices: minutes as the practice has them, turns that grow with who is there, and their pages."""

import pytest
from django.utils import translation

from congregation.models import HelpNumber
from congregation.models.help_number import Line
from rhythms.practices import catalogue
from rhythms.practices.shape import Part, Step, after_turn, stages

# People, minutes: as shared by those who have done them for years.
MINUTES = [
    ("check-in", 5, 10),
    ("check-out", 7, 14),
    ("listening-round", 2, 3 * 2 + 1 + 1),
    ("listening-round", 8, 3 * 8 + 1 + 1),
    ("money-round", 5, 6 + 4 + 10 + 5),
    ("case-clinic", 3, 55),
    ("case-clinic", 5, 55),
    ("troika", 3, 3 * (1 + 2 + 2 + 5 + 1)),
    ("1-2-4-all", 40, 1 + 2 + 4 + 5),
    ("project-kitchen", 6, 3 * (4 + 4 + 1 + 8 + 3)),
    ("appreciative-interviews", 8, 2 * 7 + 15 + 10 + 10),
    ("personal-retrospective", 1, 4 * 5),
    ("personal-retrospective", 2, 2 * 4 * 5),
    ("open-space", 12, 12 * 1 + 6 * 40),
]


@pytest.mark.parametrize(("key", "people", "minutes"), MINUTES)
def test_minutes(key, people, minutes):
    practice = catalogue.BY_KEY[key]
    assert practice.minutes(people) == minutes
    laid = stages(practice.parts, practice.turns_for(people))
    assert sum(stage.step.minutes for stage in laid) == minutes
    assert [stage.number for stage in laid] == list(range(len(laid)))


def test_turns_are_asked_for_where_they_are_not_people():
    assert catalogue.BY_KEY["money-round"].minutes(5, turns=3) == 75
    assert catalogue.BY_KEY["project-kitchen"].minutes(5, turns=4) == 80
    assert catalogue.BY_KEY["case-clinic"].minutes(5, turns=4) == 55


@pytest.mark.parametrize("practice", catalogue.ALL, ids=lambda practice: practice.key)
def test_each_is_whole(practice):
    assert practice.name
    assert practice.purpose
    assert practice.people
    assert not practice.has_turns or practice.turns_label
    assert all(
        step.name and step.prompt and step.note and step.minutes > 0
        for part in practice.parts
        for step in part.steps
    )


def test_the_case_clinic_step_by_step():
    laid = stages(catalogue.CASE_CLINIC.parts, 5)
    assert [(str(one.step.name), one.step.minutes) for one in laid] == [
        ("Roles", 3),
        ("Intention", 10),
        ("Stillness", 2),
        ("Mirroring", 10),
        ("Dialogue", 20),
        ("Closing", 10),
    ]


ONE, TWO, THREE = Step("one", 1), Step("two", 2), Step("three", 3)


@pytest.mark.parametrize(
    ("at", "goes_on"),
    [(0, 2), (1, 2), (2, 4), (3, 4), (4, None), (5, 6), (6, 7)],
    ids=[
        "first",
        "its second step",
        "last turn",
        "its end",
        "not a turn",
        "a turn",
        "the very end",
    ],
)
def test_passing_goes_past_the_rest_of_a_turn(at, goes_on):
    laid = stages([Part((ONE, TWO), turns=None), Part((THREE,)), Part((ONE,), turns=2)], 2)
    assert after_turn(laid, at) == goes_on


def test_names_are_known_in_every_language(settings):
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            for practice in catalogue.ALL:
                assert catalogue.names()[str(practice.name).casefold()] == practice.key


# ---- the pages


def test_all_on_one_page(member, client_of, at, django_assert_max_num_queries):
    browser = client_of(member)
    with django_assert_max_num_queries(8):
        page = browser.get(at(member, "practices")).text
    for practice in catalogue.ALL:
        assert at(member, "practice", key=practice.key) in page
    assert "55 min" in page


@pytest.mark.parametrize("practice", catalogue.ALL, ids=lambda practice: practice.key)
def test_a_page_for_each(practice, peer, client_of, at):
    page = client_of(peer).get(at(peer, "practice", key=practice.key)).text
    assert ("Peers, not professionals" in page) == practice.is_intimate
    assert ("If this is too much" in page) == practice.is_intimate
    assert page.count("<li><b>") == sum(len(part.steps) for part in practice.parts)


def test_no_such_practice(member, client_of, at):
    assert client_of(member).get(at(member, "practice", key="shouting")).status_code == 404


def test_the_intimate_ones_show_where_there_is_help(member, host, client_of, at, now):
    url = at(member, "practice", key="listening-round")
    assert "dial your country’s emergency number" in client_of(member).get(url).text
    HelpNumber.put([Line("To talk", "1737", "any hour")], by=host, now=now)
    page = client_of(member).get(url).text
    assert 'href="tel:1737"' in page
    assert "any hour" in page
