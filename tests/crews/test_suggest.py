"""Suggestions: who, why, and what is left out of them."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from congregation import clock
from congregation.models import Event, Notice
from crews import pool, suggesting
from crews.models import Interest, LeftOut
from crews.models.apart import NOT_NOW, sat_with
from crews.sweeping import sweep
from tests.crews.looking import greet, look

MONTHS, GOOD, NO = ({"for": word} for word in ("months", "good", "no"))


def text(response):
    return " ".join(response.content.decode().split())


def names(member, now):
    return [person.member.name for person in suggesting.suggest(pool.enter(member, now=now))]


@pytest.fixture
def crowd(member, make_member):
    """Ana looks for a crew, and so do thirty more, half of whom share her topic."""
    look(member, topics="rivers, cello")
    people = [make_member(f"C{number:02} Crowd") for number in range(30)]
    for number, person in enumerate(people):
        look(person, topics="Rivers" if number % 2 else "money")
    return {person.name: person for person in people}


def test_up_to_three_each_with_the_reason(client_of, at, member, crowd, now):
    page = text(client_of(member).get(at(member, "pool")))
    assert "Someone to talk with" in page
    part = page.split('id="suggested"')[1].split('id="filters"')[0]
    assert part.count('id="s-p-') == 3
    assert "Tuesday evening and Thursday evening and a topic: Rivers" in part
    home = text(client_of(member).get(at(member, "home")))
    assert "You share Tuesday evening and Thursday evening" in home
    assert home.count('id="s-p-') == 1
    # A search is for someone else.
    assert "Someone to talk with" not in text(client_of(member).get(at(member, "pool") + "?q=c1"))


def test_the_same_all_day_and_nobody_on_the_next(member, crowd, now):
    today = names(member, now)
    assert names(member, now + timedelta(hours=4)) == today
    assert not set(today) & set(names(member, now + timedelta(days=1)))


def test_whoever_does_not_look_is_suggested_nobody(client_of, at, host, member, crowd):
    page = text(client_of(host).get(at(host, "home")))
    assert "You share" not in page
    assert "Looking for a crew?" in page


def test_not_now_is_remembered_for_some_months(client_of, at, member, crowd, now):
    first, *rest = names(member, now)
    client = client_of(member)
    url = at(member, "leave-out", pk=crowd[first].pk)
    response = client.post(url, {**MONTHS, "here": "home"})
    assert response.url == at(member, "home")
    assert first not in names(member, now)
    assert set(rest) <= set(names(member, now))
    assert "Not now: until" in text(client.get(at(member, "left-out")))
    assert not LeftOut.objects.in_force(now + NOT_NOW).exists()
    sweep(now=now + NOT_NOW)
    assert not LeftOut.objects.exists()
    assert not Event.objects.exists()
    assert not Notice.objects.exists()


def test_those_one_knows_well_are_left_out_for_good(client_of, at, member, crowd, now):
    first = names(member, now)[0]
    client, url = client_of(member), at(member, "leave-out", pk=crowd[first].pk)
    client.post(url, GOOD)
    # "Not now" afterwards takes nothing of that back.
    client.post(url, MONTHS)
    assert LeftOut.objects.get().until is None
    assert "You know each other well" in text(client.get(at(member, "left-out")))
    client.post(url, {**NO, "here": "list"})
    assert first in names(member, now)


def test_former_and_present_mates_can_be_left_out(
    client_of, at, member, mate, peer, facilitator, make_crew, now
):
    crew = make_crew("Once", [member, mate, facilitator])
    crew.leave(by=mate, now=now - timedelta(days=20))
    crew.leave(by=member, now=now - timedelta(days=10))
    crew.seat(peer, by=None, now=now - timedelta(days=5))
    # Who came to the table after one had left isn't for one to know.
    assert sat_with(member) == {mate.pk, facilitator.pk}
    assert sat_with(peer) == {facilitator.pk}
    for person in (member, mate, facilitator):
        look(person, topics="rivers")
    day = next(d for d in range(8) if names(member, now + timedelta(days=d)))
    then = now + timedelta(days=day)
    client_of(member).post(at(member, "left-out-mates"), {"on": "1", "here": "list"})
    assert names(member, then) == []
    assert "They are left out." in text(client_of(member).get(at(member, "left-out")))
    client_of(member).post(at(member, "left-out-mates"), {"on": "0", "here": "list"})
    assert names(member, then)


def test_those_whom_one_noted_or_met_are_not_suggested_again(member, crowd, now):
    first, second, *_rest = names(member, now)
    Interest.keep(crowd[first].pk, by=member, now=now)
    greet(member, crowd[second], now).close(by=member, now=now)
    assert not {first, second} & set(names(member, now))


def test_the_button_in_a_suggestion_answers_in_its_place(client_of, at, member, crowd, now, htmx):
    person = crowd[names(member, now)[0]]
    url = at(member, "interest", pk=person.pk)
    say = {"on": "1", "at": "s-", "here": "home"}
    page = text(client_of(member).post(url, say, headers=htmx))
    assert f'id="s-int-{person.pk}"' in page
    assert "Noted" in page
    assert client_of(member).post(url, say).url == at(member, "home") + f"#s-p-{person.pk}"


def test_nobody_sees_whom_another_leaves_out(client_of, at, member, peer, host, now):
    LeftOut.not_now(peer, by=member, now=now)
    LeftOut.mates(True, by=member)
    for person in (peer, host):
        assert not LeftOut.objects.visible_to(person).exists()


def test_an_outsider_finds_nothing_a_get_changes_nothing(client_of, at, member, peer, outsider):
    url = at(member, "leave-out", pk=peer.pk)
    assert client_of(outsider).post(url, MONTHS).status_code == 404
    assert client_of(outsider).post(at(member, "left-out-mates"), {"on": "1"}).status_code == 404
    assert client_of(member).get(url).status_code == 405
    assert client_of(member).post(url, {"for": "ever"}).status_code == 404
    assert client_of(member).post(at(member, "leave-out", pk=member.pk), GOOD).status_code == 403


def test_twice_is_once(client_of, at, member, peer):
    client = client_of(member)
    for said in (MONTHS, GOOD):
        for _time in range(2):
            client.post(at(member, "leave-out", pk=peer.pk), said)
            client.post(at(member, "left-out-mates"), {"on": "1"})
    assert LeftOut.objects.count() == 2


def test_the_database_refuses_what_makes_no_sense(member, peer, outsider, now):
    own = {"congregation": member.congregation, "member": member}
    for other, until in ((member, None), (None, now)):
        with pytest.raises(IntegrityError), transaction.atomic():
            LeftOut.objects.create(**own, other=other, until=until)
    with pytest.raises(PermissionDenied):
        LeftOut.for_good(outsider, by=member)


def test_as_many_queries_however_many_look(client_of, at, member, make_member):
    look(member, topics="rivers")
    client, counts = client_of(member), []
    for people in (3, 30, 90):
        for number in range(people):
            look(make_member(f"Q{people}-{number} Person"), topics="rivers")
        clock.move(timedelta(days=1))
        with CaptureQueriesContext(connection) as queries:
            page = text(client.get(at(member, "home")))
        counts.append(len(queries))
    assert "You share" in page
    assert len(set(counts)) == 1, counts
