"""Not with: one's own choice, honoured everywhere and visible nowhere. What nobody can tell of it is in
tests/hall/test_two_worlds.py.
"""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction

from congregation.models import Event, Notice
from crews import matching
from crews.models import Card, Hello, Interest, Introduction, NotWith, Table
from crews.sweeping import tell_ready
from tests.crews.looking import greet, look

ON, OFF = {"on": "1", "here": "them"}, {"on": "0", "here": "list"}


def text(response):
    return " ".join(response.content.decode().split())


@pytest.fixture
def looking(member, peer, mate):
    for person in (member, peer, mate):
        look(person)
    return member


def test_it_is_said_on_anyones_page_and_stands_on_ones_own_list(client_of, at, member, peer):
    client = client_of(member)
    assert "Not with Noor" in text(client.get(peer.get_absolute_url()))
    response = client.post(at(member, "not-with", pk=peer.pk), ON)
    assert response.url == peer.get_absolute_url()
    page = text(client.get(response.url))
    assert "Nobody but you can see it" in page
    assert "You would rather not be with Noor." in page
    assert peer.name in text(client.get(at(member, "left-out")))
    response = client.post(at(member, "not-with", pk=peer.pk), OFF)
    assert response.url == at(member, "left-out")
    assert not NotWith.objects.exists()
    assert not Event.objects.exists()
    assert not Notice.objects.exists()


def test_nobody_sees_anothers_by_any_door(client_of, at, member, peer, host, now):
    NotWith.choose(peer, by=member, now=now)
    for person in (peer, host):
        assert not NotWith.objects.visible_to(person).exists()
        assert member.name not in text(client_of(person).get(at(person, "left-out")))
    assert NotWith.objects.visible_to(member).count() == 1


def test_an_outsider_finds_nothing_and_oneself_is_nobody(client_of, at, member, peer, outsider):
    url = at(member, "not-with", pk=peer.pk)
    assert client_of(outsider).post(url, ON).status_code == 404
    assert client_of(member).post(at(member, "not-with", pk=outsider.pk), ON).status_code == 404
    assert client_of(member).post(at(member, "not-with", pk=member.pk), ON).status_code == 403


def test_a_get_changes_nothing_and_twice_is_once(client_of, at, member, peer):
    client, url = client_of(member), at(member, "not-with", pk=peer.pk)
    assert client.get(url).status_code == 405
    for _time in range(2):
        client.post(url, ON)
    assert NotWith.objects.count() == 1
    for _time in range(2):
        client.post(url, OFF)
    assert not NotWith.objects.exists()


def test_the_verb_and_the_database_refuse_what_makes_no_sense(member, outsider, now):
    for other in (member, outsider):
        with pytest.raises(PermissionDenied):
            NotWith.choose(other, by=member, now=now)
    own = {"congregation": member.congregation, "member": member, "since": now}
    with pytest.raises(IntegrityError), transaction.atomic():
        NotWith.objects.create(**own, other=member)


def test_the_pool_shows_them_to_the_one_no_more_and_everyone_to_the_other(
    client_of, at, looking, peer, mate, now
):
    NotWith.choose(peer, by=looking, now=now)
    mine = text(client_of(looking).get(at(looking, "pool")))
    assert peer.name not in mine
    assert mate.name in mine
    assert "1 person matches" in mine
    theirs = text(client_of(peer).get(at(peer, "pool")))
    assert looking.name in theirs
    assert "2 people match" in theirs


def test_one_is_not_suggested_whom_one_would_rather_not_be_with(
    client_of, at, looking, peer, mate, now
):
    from crews import pool, suggesting

    for person in (peer, mate):
        NotWith.choose(person, by=looking, now=now)
    assert suggesting.suggest(pool.enter(looking, now=now)) == []


@pytest.mark.parametrize("chooser", ["the one", "the other"])
def test_no_hello_comes_of_two_wishes(looking, peer, now, chooser):
    one, other = (looking, peer) if chooser == "the one" else (peer, looking)
    for wisher, wished in ((one, other), (other, one)):
        Interest.note(Card.objects.get(member=wished), by=wisher, now=now)
    NotWith.choose(other, by=one, now=now)
    assert matching.match(now=now) == 0
    # Nor when a wish were there all the same.
    Interest.objects.update(is_taken_back=False)
    assert matching.match(now=now) == 0
    assert not Hello.objects.exists()
    NotWith.take_back(other, by=one)
    assert matching.match(now=now) == 1


def test_one_wishes_nothing_from_them_before_it_is_taken_back(client_of, at, looking, peer, now):
    NotWith.choose(peer, by=looking, now=now)
    with pytest.raises(ValidationError):
        Interest.note(Card.objects.get(member=peer), by=looking, now=now)
    # They may, and it is noted as ever.
    Interest.note(Card.objects.get(member=looking), by=peer, now=now)
    assert Interest.objects.kept(now).get().wisher == peer


def test_a_yes_to_being_introduced_to_them_is_taken_back(member, peer, host, now):
    introduction = Introduction.offer(member, other=peer, by=host, now=now)
    introduction.answer(True, by=member, now=now)
    NotWith.choose(peer, by=member, now=now)
    introduction.answer(True, by=peer, now=now)
    assert not Hello.objects.exists()


def test_a_hello_that_is_there_stays(looking, peer, now):
    hello = greet(looking, peer, now)
    NotWith.choose(peer, by=looking, now=now)
    hello.refresh_from_db()
    assert hello.is_open


def test_at_ones_own_idea_they_are_neither_counted_nor_asked(
    client_of, at, idea, member, mate, facilitator, peer, now
):
    NotWith.choose(peer, by=member, now=now)
    for person in (mate, peer):
        idea.answer("join", by=person, now=now)
    assert tell_ready(now=now) == 0
    page = text(client_of(member).get(idea.get_absolute_url()))
    assert "It takes one more who would join." in page
    assert "Whom you would rather not be with isn’t counted or asked" in page
    # Their answer stands for everyone to read, theirs and the caller's pages among them.
    for person in (member, peer, mate):
        assert "Noor Haddad" in text(client_of(person).get(idea.get_absolute_url()))
    idea.answer("join", by=facilitator, now=now)
    assert tell_ready(now=now) == 1
    page = text(client_of(member).get(idea.get_absolute_url()))
    assert page.count('name="people"') == 2
    assert f'name="people" value="{peer.pk}"' not in page
    with pytest.raises(ValidationError):
        Table.ask(idea, [mate, facilitator, peer], by=member, now=now)
    Table.ask(idea, [mate, facilitator], by=member, now=now)


def test_whatever_puts_people_together_asks_one_function(member, peer, mate, host, now):
    NotWith.choose(peer, by=member, now=now)
    NotWith.choose(peer, by=mate, now=now)
    people = [member.pk, peer.pk, host.pk]
    assert NotWith.objects.pairs(people) == {frozenset({member.pk, peer.pk})}
    assert NotWith.objects.pairs([member.pk, mate.pk, host.pk]) == set()


def test_it_outlasts_leaving_and_ends_with_erasing(member, peer, mate, now):
    from crews import leaving

    NotWith.choose(peer, by=member, now=now)
    NotWith.choose(member, by=mate, now=now)
    leaving.leave(member, {}, now=now)
    assert NotWith.objects.count() == 2
    leaving.erase(member)
    assert not NotWith.objects.exists()


def test_someone_who_has_left_can_be_taken_off_the_list(client_of, at, member, peer, now):
    NotWith.choose(peer, by=member, now=now)
    peer.state, peer.left_at = "left", now
    peer.save()
    assert client_of(member).post(at(member, "not-with", pk=peer.pk), OFF).status_code == 302
    assert not NotWith.objects.exists()
