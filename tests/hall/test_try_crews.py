"""`manage.py try crews`: who could form crews, from a file of one's own."""

import json

import pytest

from crews.planning.puzzle import is_sound
from hall.trying import TryError, try_crews
from tests.crews.pools import BEST_KNOWN, case, made_up, puzzle_of

FEW = {
    "people": [
        {"id": one, "slots": ["tue-evening"], "topics": [], "traits": []}
        for one in ("ann", 1, "1", "bo")
    ],
    "interest": [["ann", 1]],
    "apart": [],
    "sizes": [3, 8],
    "weights": {"one_way": 10},
    "seconds": 0.2,
    "seed": 0,
}


def test_a_case_as_it_comes():
    data = case("crews-40.json")
    found = try_crews(data)
    assert set(found) == {"crews", "unplaced", "score"}
    assert found["score"] >= 0.99 * BEST_KNOWN["crews-40.json"]
    assert is_sound(puzzle_of(data), [tuple(crew) for crew in found["crews"]])
    assert sorted(sum(found["crews"], found["unplaced"])) == list(range(40))


def test_ids_come_back_as_they_came():
    found = try_crews(FEW)
    assert found == {
        "crews": [["ann", 1, "1", "bo"]],
        "unplaced": [],
        # Six pairs that share a time, one of them with a wish: 4 × 34 / 6, and 4 × -14.
        "score": round(4 * 34 / 6 - 56, 2),
    }


def test_what_may_be_left_out():
    found = try_crews({"people": [{"id": one, "slots": ["mon"]} for one in range(3)]})
    assert found["crews"] == [[0, 1, 2]]
    assert try_crews({"people": []}) == {"crews": [], "unplaced": [], "score": 0}
    alone = try_crews({"people": [{"id": "me", "slots": []}]})
    assert alone == {"crews": [], "unplaced": ["me"], "score": -100}


def test_a_pool_made_up():
    data = made_up(30, 1) | {"seconds": 0.3}
    found = try_crews(data)
    assert is_sound(puzzle_of(data), [tuple(crew) for crew in found["crews"]])


def person(**what):
    return {"people": [{"id": 1, "slots": ["a"], **what}]}


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({}, 'The key "people" is missing.'),
        ({"people": [], "peple": []}, 'There is no key "peple" here.'),
        ({"people": {}}, '"people" has to be a list, which an object is not.'),
        ({"people": [7]}, '"people" has to be an object, which 7 is not.'),
        ({"people": [{"id": 1}]}, 'The key "slots" is missing.'),
        (person(topix=[]), 'There is no key "topix" here.'),
        (person(id=True), '"id" takes text or whole numbers, which true is not.'),
        (person(id=1.5), '"id" takes text or whole numbers, which 1.5 is not.'),
        (person(id=None), '"id" takes text or whole numbers, which null is not.'),
        (person(slots="tue"), '"slots" has to be a list, which "tue" is not.'),
        (person(slots=[None]), '"slots" takes text or whole numbers, which null is not.'),
        (person(traits=[[1]]), '"traits" takes single values, which a list is not.'),
        ({"people": person()["people"] * 2}, "The id 1 is there twice."),
        (
            {"people": [{"id": one, "slots": []} for one in range(501)]},
            "There can be 500 people at most.",
        ),
        (
            person(slots=[f"slot {one}" for one in range(1001)]),
            "There can be 1,000 different slots at most.",
        ),
        (person() | {"interest": [[1]]}, '"interest" takes pairs of ids, in brackets.'),
        (
            person() | {"interest": [[1, "1"]]},
            '"interest" names "1", who is not among the people.',
        ),
        (person() | {"apart": [[1, 1]]}, '"apart" pairs 1 with itself.'),
        (person() | {"sizes": [3]}, '"sizes" takes two numbers'),
        (person() | {"sizes": [8, 3]}, '"sizes" goes from 2 to 50 people'),
        (person() | {"sizes": [1, 3]}, '"sizes" goes from 2 to 50 people'),
        (person() | {"sizes": [3, 8.5]}, '"sizes" has to be a whole number'),
        (person() | {"weights": {"mutal": 1}}, 'There is no key "mutal" here.'),
        (person() | {"weights": {"mutual": "1"}}, '"mutual" has to be a number'),
        (person() | {"weights": {"mutual": float("nan")}}, '"mutual" has to be from'),
        (person() | {"weights": {"mutual": 10**400}}, '"mutual" has to be from'),
        (person() | {"weights": {"topics_at_most": 1.5}}, "has to be a whole number"),
        (person() | {"weights": {"slots_at_most": -1}}, '"slots_at_most" has to be from 0'),
        (person() | {"weights": {"size": {"five": 1}}}, '"size" takes numbers of people as keys'),
        (person() | {"weights": {"size": []}}, '"size" has to be an object'),
        (person() | {"seconds": -1}, '"seconds" has to be from 0 to 60.'),
        (person() | {"seconds": True}, '"seconds" has to be a number, which true is not.'),
        (person() | {"seed": "x"}, '"seed" has to be a whole number, which "x" is not.'),
    ],
)
def test_what_can_not_be_tried_is_said_in_a_sentence(data, says):
    with pytest.raises(TryError) as caught:
        try_crews(data)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
    assert json.dumps(str(caught.value))
