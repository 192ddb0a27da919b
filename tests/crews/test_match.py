from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from congregation.models import Event, Mail, Notice
from crews import matching
from crews.models import Card, Hello, Interest, NotWith
from tests.crews.looking import greet, look


@pytest.fixture
def wish(member, peer, now):
    """Note a wish: wish(one, other)."""
    for person in (member, peer):
        look(person)

    def note(one, other, at=now):
        Interest.note(Card.objects.get(member=other), by=one, now=at)

    return note


def test_two_wishes_make_one_hello_and_tell_both_once(wish, member, peer, now):
    wish(member, peer)
    wish(peer, member)
    assert matching.match(now=now) == 1
    hello = Hello.objects.get()
    assert hello.first_id < hello.second_id
    assert {hello.first_id, hello.second_id} == {member.pk, peer.pk}
    assert not Interest.objects.exists()
    told = Notice.objects.filter(kind="crews.hello", about=hello.pk)
    assert {notice.recipient_id for notice in told} == {member.pk, peer.pk}
    assert told.count() == 2
    assert Mail.objects.count() == 2


def test_only_the_two_may_know(wish, member, peer, host, mate, now, client_of, at):
    wish(member, peer)
    wish(peer, member)
    matching.match(now=now)
    for person in (host, mate):
        assert not Hello.objects.visible_to(person).exists()
        assert not Event.objects.visible_to(person).exists()


def test_twice_is_once(wish, member, peer, now):
    wish(member, peer)
    wish(peer, member)
    matching.match(now=now)
    assert matching.match(now=now) == 0
    assert Hello.objects.count() == 1
    assert Notice.objects.count() == 2


def test_two_workers_at_the_same_moment_make_one(wish, member, peer, now):
    """The second worker read the same pair before the first one was done with it."""
    wish(member, peer)
    wish(peer, member)
    pair = sorted((member.pk, peer.pk))
    assert matching._meet(*pair, now=now) is True
    assert matching._meet(*pair, now=now) is False
    assert Hello.objects.count() == 1
    assert Notice.objects.count() == 2


def test_a_pair_that_has_a_hello_gets_no_second_one(wish, member, peer, now):
    wish(member, peer)
    wish(peer, member)
    greet(member, peer, now)
    assert matching.match(now=now) == 0
    assert Hello.objects.count() == 1
    assert not Interest.objects.exists()
    assert not Notice.objects.exists()


def test_after_a_closed_one_both_may_wish_again(wish, member, peer, now):
    hello = greet(member, peer, now)
    hello.close(by=member, now=now)
    wish(member, peer)
    assert matching.match(now=now) == 0
    wish(peer, member)
    assert matching.match(now=now) == 1
    assert Hello.objects.open().count() == 1


def test_both_have_to_be_present(wish, member, peer, now):
    wish(member, peer)
    wish(peer, member)
    peer.state, peer.left_at = "left", now
    peer.save()
    assert matching.match(now=now) == 0
    assert not Hello.objects.exists()


def test_who_stopped_looking_meanwhile_did_say_it(wish, member, peer, now):
    wish(member, peer)
    wish(peer, member)
    Card.objects.filter(member=peer).update(state="not_now")
    assert matching.match(now=now) == 1


def test_wishes_go_when_their_week_is_over(wish, member, peer, now):
    wish(member, peer)
    matching.match(now=now + timedelta(days=7))
    assert not Interest.objects.exists()


def test_a_sweep_with_nothing_to_find_asks_twice(wish, member, peer, now):
    wish(member, peer)
    with CaptureQueriesContext(connection) as queries:
        matching.match(now=now)
    assert len(queries) == 2


def test_the_notice_says_it_to_each_by_the_others_name(wish, member, peer, now):
    from congregation.notices import kind_of
    from congregation.outbox import compose

    wish(member, peer)
    wish(peer, member)
    matching.match(now=now)
    kind = kind_of("crews.hello")
    for reader, other in ((member, "Noor"), (peer, "Ana")):
        notice = Notice.objects.get(recipient=reader)
        mail = compose(kind, notice, kind.find(notice.about, reader))
        assert f"You and {other} would both like to talk." in mail.body
        assert "Noor" not in mail.subject
        assert "Ana" not in mail.subject


def at_once(work, *items):
    """Do the same work for every item, each in a thread and on a connection of its own."""

    def one(item):
        try:
            return work(item)
        except Exception as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(items)) as threads:
        return list(threads.map(one, items))


@pytest.mark.django_db(transaction=True)
def test_sweeps_that_race_make_one_hello_and_tell_each_once(make_member, now):
    people = [make_member(f"R{number} Racer") for number in range(6)]
    cards = {person.pk: look(person) for person in people}
    for one, other in ((0, 1), (2, 3), (4, 5)):
        Interest.note(cards[people[other].pk], by=people[one], now=now)
        Interest.note(cards[people[one].pk], by=people[other], now=now)
    made = at_once(lambda _item: matching.match(now=now), *range(6))
    assert sum(made) == 3, made
    assert Hello.objects.count() == 3
    assert Notice.objects.count() == 6
    assert Mail.objects.count() == 6
    assert not Interest.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_wishes_that_race_are_twelve_at_most(make_member, member, now):
    look(member)
    cards = [look(make_member(f"C{number} Crowd")) for number in range(16)]
    said = at_once(lambda card: Interest.note(card, by=member, now=now), *cards)
    assert sum(answer is None for answer in said) == 12, said
    assert Interest.objects.filter(wisher=member).count() == 12
    # The same wish, sent many times at once, takes one place.
    Interest.objects.all().delete()
    at_once(lambda _item: Interest.note(cards[0], by=member, now=now), *range(6))
    assert Interest.objects.filter(wisher=member).count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_who_wish_at_the_same_moment_get_one_hello_and_one_notice_each(make_member, now):
    """Both tap while two workers sweep, again and again: nothing comes twice, and nothing is lost."""
    people = [make_member(f"T{number} Tapper") for number in range(8)]
    cards = {person.pk: look(person) for person in people}
    pairs = list(zip(people[::2], people[1::2], strict=True))
    for one, other in pairs:

        def do(what, one=one, other=other):
            if what == "sweep":
                return matching.match(now=now)
            wisher, wished = (one, other) if what == "one" else (other, one)
            return Interest.note(cards[wished.pk], by=wisher, now=now)

        said = at_once(do, "one", "sweep", "other", "sweep")
        assert not [answer for answer in said if isinstance(answer, Exception)], said
    matching.match(now=now)
    assert Hello.objects.count() == len(pairs)
    for person in people:
        assert Notice.objects.filter(recipient=person, kind="crews.hello").count() == 1
    assert Mail.objects.count() == len(people)
    assert not Interest.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_not_with_chosen_while_the_sweep_runs_makes_no_hello_afterwards(make_member, now):
    for number in range(4):
        one, other = (make_member(f"{name}{number} Racer") for name in "AB")
        cards = {person.pk: look(person) for person in (one, other)}
        Interest.note(cards[other.pk], by=one, now=now)
        Interest.note(cards[one.pk], by=other, now=now)
        said = at_once(
            lambda work: work(),
            lambda one=one, other=other: NotWith.choose(other, by=one, now=now),
            lambda: matching.match(now=now),
        )
        assert not [answer for answer in said if isinstance(answer, Exception)], said
        # Either the hello was first, and stays, or there is none and there will be none.
        before = Hello.objects.between(one, other.pk).count()
        matching.match(now=now)
        assert Hello.objects.between(one, other.pk).count() == before
