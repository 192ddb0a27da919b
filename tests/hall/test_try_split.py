"""`manage.py try split`: two sides of a congregation, from a file of one's own."""

import json

import pytest

from hall.trying import TryError, try_split
from tests.hall.congregations import PROVEN, case

pytestmark = pytest.mark.once

FOUR = {
    "people": ["ann", 1, "1", "bo"],
    "ties": [["ann", "1", 2], [1, "bo", 2.5], ["ann", 1, 1]],
    "crews": [],
    "least": 2,
    "most": 2,
    "seconds": 0.1,
}


@pytest.mark.parametrize("name", PROVEN)
def test_a_case_as_it_comes(name):
    data = case(name)
    found = try_split(data)
    assert set(found) == {"sides", "cost", "choosers", "seconds"}
    assert found["cost"] == PROVEN[name]
    assert sorted(sum(found["sides"], [])) == sorted(data["people"])
    assert all(data["least"] <= len(side) <= data["most"] for side in found["sides"])
    torn = sum(
        w for a, b, w in data["ties"] if (a in found["sides"][0]) != (b in found["sides"][0])
    )
    assert found["cost"] >= torn


def test_who_is_in_two_crews_chooses():
    assert try_split(case("split-karate-crews.json"))["choosers"] == [2, 13]


def test_ids_come_back_as_they_came():
    found = try_split(FOUR)
    assert found["sides"] == [["ann", "1"], [1, "bo"]]
    assert found["cost"] == 1
    assert found["choosers"] == []


def test_a_cost_need_not_be_whole():
    found = try_split(FOUR | {"ties": [["ann", "bo", 0.25]], "crews": [["ann", 1], ["1", "bo"]]})
    assert found["cost"] == 0.25


def test_what_may_be_left_out():
    found = try_split({"people": list(range(64)), "seconds": 0.1})
    assert all(30 <= len(side) <= 34 for side in found["sides"])
    assert found["cost"] == 0


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({}, 'The key "people" is missing.'),
        (FOUR | {"peple": []}, 'There is no key "peple" here.'),
        (FOUR | {"people": []}, "There have to be from 2 to 1,000 people."),
        (FOUR | {"people": [1, True]}, '"people" takes text or whole numbers, which true is not.'),
        (FOUR | {"people": [1, 1]}, "The id 1 is there twice."),
        (FOUR | {"ties": [[1, "bo"]]}, '"ties" takes two ids and a weight each, in brackets.'),
        (FOUR | {"ties": [[1, "cy", 1]]}, '"ties" names "cy", who is not among the people.'),
        (FOUR | {"ties": [[1, 1, 1]]}, '"ties" ties 1 to itself.'),
        (FOUR | {"ties": [[1, "1", -1]]}, '"ties" has to be from 0'),
        (FOUR | {"ties": [[1, "1", float("nan")]]}, '"ties" has to be from 0'),
        (FOUR | {"crews": [[]]}, "A crew has at least one person."),
        (FOUR | {"crews": [[1, 1]]}, "A crew names someone twice."),
        (FOUR | {"crews": [["cy"]]}, '"crews" names "cy", who is not among the people.'),
        (FOUR | {"least": 0}, "A side has at least one person"),
        (FOUR | {"least": 3}, "A side has at least one person"),
        (FOUR | {"most": 1, "least": 1}, "4 people don’t make two sides of 1 to 1 each."),
        (FOUR | {"least": 1.5}, '"least" has to be a whole number'),
        (FOUR | {"leaving_costs": -1}, '"leaving_costs" has to be from 0'),
        (FOUR | {"seconds": 61}, '"seconds" has to be from 0 to 60.'),
        (FOUR | {"seed": "x"}, '"seed" has to be a whole number'),
        (
            FOUR | {"crews": [["ann", 1, "bo"]]},
            "No two sides of 2 to 2 people were found that keep everyone with a crew of theirs.",
        ),
    ],
)
def test_what_can_not_be_tried_is_said_in_a_sentence(data, says):
    with pytest.raises(TryError) as caught:
        try_split(data)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
    assert json.dumps(str(caught.value))
