"""After a gathering: anyone you'd like to sit with again? A wish to talk, by the same rule as any."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from congregation import clock
from congregation.models import Event, Notice
from crews import matching
from crews.models import Hello, Interest, NotWith
from rhythms.models import Arrival
from tests.rhythms.test_evening import call

ON, OFF = {"on": "1"}, {"on": "0"}
QUESTION = "Anyone you’d like to sit with again?"


def text(response):
    return " ".join(response.content.decode().split())


@pytest.fixture
def soup(host, member, mate, peer, facilitator, now):
    """Mei called an evening; Ana, Dov and Noor came, Joel waits, and it is over."""
    evening = call(host, now)
    for person in (peer, mate, member):
        evening.arrive(person.user, evening.link.token_hash, now=now)
    Arrival.objects.create(
        congregation=host.congregation,
        evening=evening,
        member=facilitator,
        state="expected",
        at=now,
    )
    clock.move(timedelta(hours=5))
    return evening


def arrival(soup, person):
    return Arrival.objects.get(evening=soup, member=person)


def test_those_who_came_are_asked_about_each_other_in_name_order(
    client_of, at, soup, member, mate, peer, host, facilitator
):
    page = text(client_of(member).get(soup.get_absolute_url()))
    part = page.split(QUESTION)[1].split('id="arrivals"')[0]
    assert part.index(mate.name) < part.index(peer.name)
    assert member.name not in part
    assert facilitator.name not in part
    # The host, who sees who came, wasn't there.
    assert QUESTION not in text(client_of(host).get(soup.get_absolute_url()))
    home = text(client_of(member).get(at(member, "home")))
    assert QUESTION in home
    assert QUESTION not in text(client_of(host).get(at(host, "home")))


def test_a_wish_is_noted_and_taken_back_and_nobody_else_sees_it(
    client_of, at, soup, member, peer, htmx
):
    client, url = client_of(member), at(member, "evening-again", pk=arrival(soup, peer).pk)
    before = text(client_of(peer).get(soup.get_absolute_url()))
    response = client.post(url, ON)
    assert response.url == f"{soup.get_absolute_url()}#a-{arrival(soup, peer).pk}"
    assert "Noted" in text(client.get(soup.get_absolute_url()))
    after = text(client_of(peer).get(soup.get_absolute_url()))
    assert before.count("Noted") == after.count("Noted") == 0
    assert len(before) == len(after)
    part = text(client.post(url, OFF, headers=htmx))
    assert part.startswith(f'<li id="a-{arrival(soup, peer).pk}">')
    assert "I’d like to" in part
    assert not Interest.objects.kept(clock.now()).exists()
    assert not Event.objects.filter(verb__contains="again").exists()
    assert not Notice.objects.exists()


def test_two_wishes_become_a_hello_without_anyone_looking(client_of, at, soup, member, peer):
    for one, other in ((member, peer), (peer, member)):
        client_of(one).post(at(one, "evening-again", pk=arrival(soup, other).pk), ON)
    assert matching.match(now=clock.now()) == 1
    hello = Hello.objects.get()
    assert Notice.objects.filter(kind="crews.hello").count() == 2
    page = text(client_of(member).get(soup.get_absolute_url()))
    assert at(member, "hello", pk=hello.pk) in page
    assert client_of(member).get(at(member, "hello", pk=hello.pk)).status_code == 200


def test_whom_one_would_rather_not_be_with_is_not_asked_about(client_of, soup, member, peer, now):
    NotWith.choose(peer, by=member, now=now)
    part = text(client_of(member).get(soup.get_absolute_url())).split(QUESTION)[1]
    assert peer.name not in part.split('id="arrivals"')[0]
    part = text(client_of(peer).get(soup.get_absolute_url())).split(QUESTION)[1]
    assert member.name in part.split('id="arrivals"')[0]


def test_not_before_it_is_over_and_not_for_ever(client_of, at, soup, member, peer):
    client, url = client_of(member), at(member, "evening-again", pk=arrival(soup, peer).pk)
    clock.move(-timedelta(hours=3))
    assert QUESTION not in text(client.get(soup.get_absolute_url()))
    client.post(url, ON)
    clock.move(timedelta(days=15))
    assert QUESTION not in text(client.get(soup.get_absolute_url()))
    assert QUESTION not in text(client.get(at(member, "home")))
    client.post(url, ON)
    assert not Interest.objects.exists()


def test_whoever_was_not_there_wishes_nothing_here(
    client_of, at, soup, member, peer, host, facilitator, outsider
):
    url = at(member, "evening-again", pk=arrival(soup, peer).pk)
    assert client_of(host).post(url, ON).status_code == 403
    assert client_of(facilitator).post(url, ON).status_code == 404
    assert client_of(outsider).post(url, ON).status_code == 404
    own = at(member, "evening-again", pk=arrival(soup, member).pk)
    assert client_of(member).post(own, ON).status_code == 403
    assert client_of(member).get(url).status_code == 405


def test_twice_is_once(client_of, at, soup, member, peer):
    client, url = client_of(member), at(member, "evening-again", pk=arrival(soup, peer).pk)
    for _time in range(2):
        client.post(url, ON)
    assert Interest.objects.count() == 1


def test_as_many_queries_however_many_came(client_of, soup, member, make_member, now):
    client, counts = client_of(member), []
    client.get(soup.get_absolute_url())
    for many in (1, 12):
        Arrival.objects.bulk_create(
            Arrival(
                congregation=member.congregation,
                evening=soup,
                member=make_member(f"C{many}-{number} Crowd"),
                state="here",
                at=now,
            )
            for number in range(many)
        )
        with CaptureQueriesContext(connection) as queries:
            client.get(soup.get_absolute_url())
        counts.append(len(queries))
    assert len(set(counts)) == 1, counts
