"""A crew in rhythm seeds up to three others, each visited by one of it."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction

from congregation.models import Event, Notice
from crews.models import Crew, Seed
from hall import founding


@pytest.fixture
def seed(crew, idea, member, now):
    """Ana calls her idea a seed of Seed Library."""
    return Seed.plant(crew, idea, by=member, now=now)


def test_the_caller_calls_an_idea_a_seed(client_of, at, crew, idea, member, peer):
    page = client_of(member).get(idea.get_absolute_url()).text
    assert "A seed of Seed Library" in page
    for _ in range(2):
        url = at(member, "seed-plant", pk=idea.pk)
        assert client_of(member).post(url, {"crew": crew.pk}).status_code == 302
    assert Seed.objects.get().number == 1
    assert Event.objects.filter(verb="seed.plant", circle=crew.pk).count() == 1
    told = Notice.objects.filter(kind="crews.seed").values_list("recipient__name", flat=True)
    assert sorted(told) == ["Dov Levi", "Joel King"]
    # Whose idea sits in which crew is for its people.
    assert "A seed of" not in client_of(peer).get(idea.get_absolute_url()).text
    assert not Seed.objects.visible_to(peer).exists()


def test_one_of_the_crew_visits_what_comes_of_it(
    client_of, at, crew, seed, idea, table, member, mate, facilitator, make_member, now
):
    kit = make_member("Kit Bo")
    crew.seat(kit, by=None, now=now)
    assert "I’ll visit" in client_of(kit).get(crew.get_absolute_url()).text
    url = at(kit, "seed-visit", pk=seed.pk)
    for _ in range(2):
        assert client_of(kit).post(url).status_code == 302
    page = client_of(mate).post(at(mate, "seed-visit", pk=seed.pk), follow=True).text
    assert "Someone else of you visits already." in page
    seed.refresh_from_db()
    with pytest.raises(ValidationError):
        seed.has_visited(by=kit, now=now)
    for person in (mate, facilitator):
        young = founding.answer(table, True, by=person, now=now)
    crew.leave(by=mate, now=now)
    page = client_of(mate).get(young.get_absolute_url()).text
    assert "You grew from Seed Library" in page
    assert "Kit Bo" in page
    assert "I have been there" in client_of(kit).get(crew.get_absolute_url()).text
    for _ in range(2):
        assert client_of(kit).post(at(kit, "seed-visited", pk=seed.pk)).status_code == 302
    assert "has visited you" in client_of(mate).get(young.get_absolute_url()).text
    assert client_of(mate).post(at(mate, "seed-visited", pk=seed.pk)).status_code == 403


def test_three_at_most_and_one_that_closed_gives_its_place(crew, float_idea, member, now):
    ideas = [float_idea(member, name=f"Idea {n}") for n in range(5)]
    for idea in ideas[:3]:
        Seed.plant(crew, idea, by=member, now=now)
    with pytest.raises(ValidationError, match="three others at most"):
        Seed.plant(crew, ideas[3], by=member, now=now)
    ideas[1].close(by=member, now=now)
    assert Seed.plant(crew, ideas[3], by=member, now=now).number == 2
    own = {"congregation": crew.congregation, "crew": crew, "idea": ideas[4], "planted_at": now}
    for number in (0, 2, 4):
        with pytest.raises(IntegrityError), transaction.atomic():
            Seed.objects.create(**own, number=number)


def test_only_ones_own_idea_of_a_crew_in_rhythm(
    client_of, at, crew, idea, make_crew, member, mate, peer, outsider, now
):
    with pytest.raises(PermissionDenied):
        Seed.plant(crew, idea, by=mate, now=now)
    resting = make_crew("Resting", [member, mate], state=Crew.State.RESTING)
    with pytest.raises(ValidationError, match="in rhythm"):
        Seed.plant(resting, idea, by=member, now=now)
    url = at(peer, "seed-plant", pk=idea.pk)
    assert client_of(peer).post(url, {"crew": crew.pk}).status_code == 404
    assert client_of(outsider).post(url, {"crew": crew.pk}).status_code == 404
    assert client_of(member).get(url).status_code == 405
    page = client_of(member).post(url, {"crew": "x"}, follow=True).text
    assert "Choose a crew." in page
