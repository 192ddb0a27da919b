import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crews import pool
from crews.models import Card
from crews.pool import Filters
from tests.crews.looking import greet, look

MORNINGS = ((1, 480, 720), (2, 480, 720))


def text(response):
    return " ".join(response.content.decode().split())


def ids(response):
    """Return whose cards a page shows, in order."""
    return [part.split('"')[0] for part in text(response).split('class="card person" id="p-')[1:]]


@pytest.fixture
def three(member, peer, mate):
    """Ana looks; so do Noor, who shares evenings and rivers, and Dov, who shares nothing."""
    look(member, topics="rivers, cello")
    look(peer, topics="Rivers, bees", kinds=["support", "house"], tempos=["weekly"], where="place")
    look(mate, MORNINGS, kinds=["coop"], tempos=["monthly"], where="online", offers="Kölsch")
    return member


def test_those_who_look_see_each_other(client_of, at, three, peer, mate):
    page = text(client_of(three).get(at(three, "pool")))
    assert "2 people match" in page
    assert page.index(peer.name) < page.index(mate.name)
    assert "Tuesday evening and Thursday evening and a topic: Rivers" in page
    assert "no free time and no topic yet" in page
    assert three.name not in page.split('id="found"')[1]


def test_whoever_does_not_look_finds_a_door_without_names_or_numbers(
    client_of, at, three, host, peer, mate
):
    for person in (host, three):
        if person is three:
            Card.objects.filter(member=three).update(state="happy")
        response = client_of(person).get(at(person, "pool") + "?q=noor")
        assert response.status_code == 200
        page = text(response)
        assert "Are you looking for a crew?" in page
        assert peer.name not in page
        assert mate.name not in page
        assert "match" not in page


def test_the_door_is_the_same_whoever_is_behind_it(client_of, at, host, member):
    from tests.crews.looking import plain

    client = client_of(host)
    before = plain(client.get(at(host, "pool")))
    look(member)
    assert plain(client.get(at(host, "pool"))) == before


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("q=KOLSCH", ["Dov Levi"]),
        ("q=noor+bees", ["Noor Haddad"]),
        ("q=noor+bees+zzz", []),
        ("kind=house", ["Noor Haddad"]),
        ("kind=house&kind=coop", ["Noor Haddad", "Dov Levi"]),
        ("kind=house&tempo=monthly", []),
        ("shared=1", ["Noor Haddad"]),
        ("shared=2", ["Noor Haddad"]),
        ("shared=3", []),
        ("shared=2&minutes=120", ["Noor Haddad"]),
        ("topic=bees", ["Noor Haddad"]),
        ("topic=RIVERS&topic=nonsense", ["Noor Haddad"]),
        ("topic=cello", []),
        ("q=nor+hadad", ["Noor Haddad"]),
        ("q=kolsh", ["Dov Levi"]),
        ("where=online", ["Dov Levi"]),
        ("where=place", ["Noor Haddad"]),
        ("kind=nonsense&page=x&shared=9&minutes=7&where=moon", ["Noor Haddad", "Dov Levi"]),
    ],
)
def test_filters_stand_in_the_address(client_of, at, three, query, names):
    found = text(client_of(three).get(f"{at(three, 'pool')}?{query}")).split('id="found"')[1]
    assert [name for name in ("Noor Haddad", "Dov Levi") if name in found] == names


def test_each_choice_says_how_many_it_would_leave(three, now):
    found = pool.find(pool.enter(three, now=now), Filters(kinds=("house",)))
    assert found.counts == {
        "kind": {"support": 1, "livelihood": 0, "coop": 1, "house": 1, "affinity": 0, "other": 0},
        "tempo": {"weekly": 1, "fortnightly": 0, "monthly": 0},
        "topic": {"bees": 1, "rivers": 1},
        "shared": {"1": 1, "2": 1, "3": 0},
        "where": {"place": 1, "online": 0},
    }
    assert found.topics == {"bees": "bees", "rivers": "Rivers"}


def test_the_counts_stand_beside_the_choices(client_of, at, three):
    page = text(client_of(three).get(at(three, "pool") + "?topic=bees"))
    assert "Once a week · 1" in page
    assert "In person · 1" in page
    assert "Online · 0" in page
    assert re.search(r'name="topic" value="rivers".*?Rivers</span>.*?>1<', page)


def test_close_spelling_is_said(client_of, at, three):
    page = text(client_of(three).get(at(three, "pool") + "?q=hadad"))
    assert "1 person matches" in page
    assert "Nobody’s card has that spelling. These come close." in page
    assert "come close" not in text(client_of(three).get(at(three, "pool") + "?q=haddad"))


def test_a_pill_takes_its_filter_away(client_of, at, three):
    page = text(client_of(three).get(at(three, "pool") + "?kind=house&kind=coop&q=mends"))
    assert f'href="{at(three, "pool")}?kind=coop&amp;q=mends"' in page
    assert "3 on" in page
    page = text(client_of(three).get(at(three, "pool") + "?shared=2&minutes=90&topic=bees"))
    assert "Free together: twice a week, at least 1½ hours each" in page
    assert f'href="{at(three, "pool")}?topic=bees"' in page
    assert f'href="{at(three, "pool")}?shared=2&amp;minutes=90"' in page


def test_htmx_gets_the_found_and_the_counts(client_of, at, three, htmx):
    response = client_of(three).get(at(three, "pool") + "?kind=coop", headers=htmx)
    page = text(response)
    assert page.lstrip().startswith('<section id="found"')
    assert 'hx-swap-oob="outerMorph"' in page
    assert "<h1" not in page
    assert response["Vary"].count("HX-Request") == 1
    whole = text(client_of(three).get(at(three, "pool") + "?kind=coop"))
    assert "hx-swap-oob" not in whole


def test_nobody_fits_and_nobody_else_looks(client_of, at, three, peer, mate):
    page = text(client_of(three).get(at(three, "pool") + "?q=zzz"))
    assert "Nobody in here fits all of that just now." in page
    Card.objects.filter(member__in=[peer, mate]).update(state="not_now")
    page = text(client_of(three).get(at(three, "pool")))
    assert "You are the first to look." in page


def test_twelve_at_a_time(client_of, at, member, make_member):
    look(member)
    for number in range(15):
        look(make_member(f"P{number} Person"))
    client = client_of(member)
    first = client.get(at(member, "pool"))
    assert len(ids(first)) == 12
    assert "Show 3 more" in text(first)
    second = client.get(at(member, "pool") + "?page=2")
    assert len(ids(second)) == 15
    assert "Show " not in text(second).split('id="found"')[1]
    assert ids(second)[:12] == ids(first)


def test_every_fourth_is_a_different_voice(member, make_member, now):
    look(member, topics="rivers")
    for number in range(6):
        look(make_member(f"River{number} R"), topics="rivers")
    look(make_member("Other O"), topics="money")
    people = pool.find(pool.enter(member, now=now), Filters()).people
    assert people[3].shared.endswith(", and no topic: a different voice")
    assert people[3].member.name == "Other O"


def test_those_who_left_and_those_elsewhere_are_not_in_it(
    client_of, at, three, peer, outsider, now
):
    look(outsider)
    peer.state, peer.left_at = "left", now
    peer.save()
    page = text(client_of(three).get(at(three, "pool")))
    assert peer.name not in page
    assert outsider.name not in page
    assert client_of(outsider).get(at(three, "pool")).status_code == 404
    assert client_of(three).post(at(three, "pool")).status_code == 405


def test_as_many_queries_for_150_as_for_3(client_of, at, three, make_member, peer, now):
    client, url = client_of(three), at(three, "pool")
    greet(three, peer, now)
    counts = []
    for people in (3, 30, 150):
        for number in range(Card.objects.count(), people):
            look(make_member(f"Q{number} Person", place="Levin"), topics="rivers")
        with CaptureQueriesContext(connection) as queries:
            page = text(client.get(url + "?q=mends"))
        assert f"{people - 1} people match" in page
        counts.append(len(queries))
    assert len(set(counts)) == 1, counts


def test_the_pool_is_read_by_visible_to_in_the_readers_own_zone(three, peer, now):
    peer.user.zone = "Europe/Berlin"
    peer.user.save()
    people = pool.find(pool.enter(three, now=now), Filters()).people
    # Tuesday and Thursday evening in Berlin is Wednesday and Friday morning in Auckland.
    assert not any(people[0].days + people[1].days)
    assert next(p for p in people if p.member == peer).parts == ["mornings"]
