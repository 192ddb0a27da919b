from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch

from congregation.models import Event, Mail, Notice
from crews import matching
from crews.models import Card, Hello, Interest
from tests.crews.looking import greet, look, plain

ON, OFF = {"on": "1"}, {"on": "0"}


@pytest.fixture
def looking(member, peer, mate):
    for person in (member, peer, mate):
        look(person)
    return member


@pytest.fixture
def crowd(looking, make_member):
    """Fifteen more people in the pool."""
    people = [make_member(f"C{number} Crowd") for number in range(15)]
    for person in people:
        look(person)
    return people


def test_a_wish_is_noted_and_kept_a_week(client_of, at, looking, peer, now):
    client = client_of(looking)
    response = client.post(at(looking, "interest", pk=peer.pk), {**ON, "filters": "kind=house"})
    assert response.url == f"{at(looking, 'pool')}?kind=house#p-{peer.pk}"
    page = client.get(at(looking, "pool")).content.decode()
    assert "Noted" in page
    assert "Kept until Thu 26 Nov" in page
    assert Interest.objects.get().until == now + timedelta(days=7)


def test_htmx_gets_the_one_button(client_of, at, looking, peer, htmx):
    url = at(looking, "interest", pk=peer.pk)
    response = client_of(looking).post(url, ON, headers=htmx)
    page = response.content.decode()
    assert page.lstrip().startswith("<form")
    assert "Noted" in page
    assert "<h1" not in page


def test_the_other_one_and_everyone_else_see_exactly_what_they_saw_before(
    client_of, at, looking, peer, mate, host, facilitator, htmx
):
    """Two worlds that differ by one wish: every answer to anyone else is the same, byte for byte."""
    look(host)
    others = [peer, mate, host, facilitator]
    clients = {person.pk: client_of(person) for person in others}
    names = [
        "home", "people", "pool", "card", "card-preview", "notices", "me", "crews", "ideas",
        "calendar", "host", "more", "invitations",
    ]  # fmt: skip

    def world():
        seen = {}
        for person in others:
            for name in names:
                try:
                    url = at(person, name)
                except NoReverseMatch:
                    continue
                with CaptureQueriesContext(connection) as queries:
                    response = clients[person.pk].get(url)
                seen[person.name, name] = (response.status_code, plain(response), len(queries))
            for query in ("?shared=1", "?q=ana&kind=support", "?page=2"):
                seen[person.name, query] = plain(clients[person.pk].get(at(person, "pool") + query))
            member_url = at(person, "interest", pk=looking.pk)
            for answer in (ON, OFF):
                # What they would be answered if they wished or took back: tried, and undone.
                with transaction.atomic(), CaptureQueriesContext(connection) as queries:
                    said = clients[person.pk].post(member_url, answer, headers=htmx)
                    transaction.set_rollback(True)
                seen[person.name, "wish", answer["on"]] = (
                    said.status_code,
                    plain(said),
                    sorted(said.headers.items()),
                    len(queries),
                )
        return seen

    before = world()
    rows = [model.objects.count() for model in (Event, Notice, Mail, Hello)]
    client_of(looking).post(at(looking, "interest", pk=peer.pk), ON)
    assert Interest.objects.filter(wisher=looking, other=peer).exists()
    after = world()
    assert before.keys() == after.keys()
    for key in before:
        assert before[key] == after[key], key
    assert [model.objects.count() for model in (Event, Notice, Mail, Hello)] == rows


def test_the_sweep_lets_a_single_wish_be(looking, peer, now):
    Interest.note(Card.objects.get(member=peer), by=looking, now=now)
    assert matching.match(now=now) == 0
    assert not Notice.objects.exists()
    assert not Event.objects.exists()
    assert Interest.objects.count() == 1


def test_it_is_taken_back_by_tapping_again(client_of, at, looking, peer, now):
    client, url = client_of(looking), at(looking, "interest", pk=peer.pk)
    client.post(url, ON)
    client.post(url, OFF)
    assert "Noted" not in client.get(at(looking, "pool")).content.decode()
    assert not Interest.objects.kept(now).exists()
    # What was taken back does not become a hello when the other one wishes.
    Interest.note(Card.objects.get(member=looking), by=peer, now=now)
    assert matching.match(now=now) == 0


def test_twelve_at_most_and_taking_back_makes_no_place(client_of, at, looking, crowd, htmx, now):
    client = client_of(looking)
    for person in crowd[:12]:
        client.post(at(looking, "interest", pk=person.pk), ON)
    thirteenth = at(looking, "interest", pk=crowd[12].pk)
    response = client.post(thirteenth, ON, follow=True)
    assert "Twelve people are noted" in response.content.decode()
    assert "Thu 26 Nov" in response.content.decode()
    assert "Twelve people are noted" in client.post(thirteenth, ON, headers=htmx).content.decode()
    client.post(at(looking, "interest", pk=crowd[0].pk), OFF)
    client.post(thirteenth, ON)
    assert not Interest.objects.filter(other=crowd[12]).exists()
    # The one that was taken back may be said again, within its own week.
    client.post(at(looking, "interest", pk=crowd[0].pk), ON)
    assert Interest.objects.kept(now).count() == 12


def test_after_its_week_it_is_gone_and_its_place_is_free(looking, crowd, now):
    cards = {card.member_id: card for card in Card.objects.all()}
    for person in crowd[:12]:
        Interest.note(cards[person.pk], by=looking, now=now)
    later = now + timedelta(days=7)
    assert not Interest.objects.kept(later).exists()
    Interest.note(cards[crowd[12].pk], by=looking, now=later)
    matching.match(now=later)
    assert [wish.other_id for wish in Interest.objects.all()] == [crowd[12].pk]


def test_a_wish_whose_week_is_over_meets_nobody(looking, peer, now):
    Interest.note(Card.objects.get(member=peer), by=looking, now=now)
    later = now + timedelta(days=7)
    Interest.note(Card.objects.get(member=looking), by=peer, now=later)
    assert matching.match(now=later) == 0


def test_only_towards_someone_in_the_pool(client_of, at, looking, peer, host, outsider):
    client = client_of(looking)
    Card.objects.filter(member=peer).update(state="happy")
    for person in (peer, host, looking, outsider):
        url = at(looking, "interest", pk=person.pk)
        assert client.post(url, ON).status_code == 404
    assert not Interest.objects.exists()


def test_whoever_does_not_look_wishes_nothing(client_of, at, looking, peer, host, now):
    url = at(host, "interest", pk=peer.pk)
    assert client_of(host).post(url, ON).status_code == 404
    with pytest.raises(PermissionDenied):
        Interest.note(Card.objects.get(member=peer), by=host, now=now)
    with pytest.raises(PermissionDenied):
        Interest.note(Card.objects.get(member=peer), by=peer, now=now)


def test_an_outsider_finds_nothing(client_of, at, looking, peer, outsider):
    look(outsider)
    assert client_of(outsider).post(at(looking, "interest", pk=peer.pk), ON).status_code == 404


def test_a_get_changes_nothing(client_of, at, looking, peer):
    assert client_of(looking).get(at(looking, "interest", pk=peer.pk)).status_code == 405


def test_twice_is_once(client_of, at, looking, peer):
    client, url = client_of(looking), at(looking, "interest", pk=peer.pk)
    for _time in range(2):
        client.post(url, ON)
    assert Interest.objects.count() == 1
    for _time in range(2):
        client.post(url, OFF)
    assert Interest.objects.get().is_taken_back


def test_nobody_sees_anothers_wish_by_any_door(looking, peer, host, now):
    Interest.note(Card.objects.get(member=peer), by=looking, now=now)
    assert not Interest.objects.visible_to(peer).exists()
    assert not Interest.objects.visible_to(host).exists()
    assert Interest.objects.visible_to(looking).count() == 1


def test_with_a_hello_there_is_nothing_to_wish(client_of, at, looking, peer, now, htmx):
    greet(looking, peer, now)
    response = client_of(looking).post(at(looking, "interest", pk=peer.pk), ON, headers=htmx)
    assert "Say hello to Noor" in response.content.decode()
    assert not Interest.objects.exists()
    page = client_of(looking).get(at(looking, "pool")).content.decode()
    assert "You’d both like to talk. Only you two know" in page


def test_the_thirteenth_is_refused_by_the_verb(looking, crowd, now):
    cards = {card.member_id: card for card in Card.objects.all()}
    for person in crowd[:12]:
        Interest.note(cards[person.pk], by=looking, now=now)
    with pytest.raises(ValidationError):
        Interest.note(cards[crowd[12].pk], by=looking, now=now)
