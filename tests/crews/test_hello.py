from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection

from congregation.models import Contact, Event, Mail, Notice
from crews.models import Greeting, Hello, OfferedTime
from tests.crews.looking import greet, look

HOUR = timedelta(hours=1)


def text(response):
    return " ".join(response.content.decode().split())


@pytest.fixture
def hello(member, peer, now):
    """Ana and Noor would both like to talk; they share Tuesday and Thursday evenings."""
    for person in (member, peer):
        look(person)
    return greet(member, peer, now - HOUR)


@pytest.fixture
def signal(member):
    return Contact.objects.create(
        congregation=member.congregation, member=member, kind="signal", value="ana.41"
    )


def times(page):
    """Return the times that a page has boxes for."""
    return [part.split('"')[0] for part in page.split('name="offer" value="')[1:]]


def test_who_comes_first_says_hello_with_a_contact_and_times(
    client_of, at, hello, member, peer, signal
):
    client, url = client_of(member), at(member, "hello", pk=hello.pk)
    page = text(client.get(url))
    assert "You and Noor would both like to talk" in page
    assert "You may be the first to say something." in page
    offers = times(page)
    assert len(offers) == 3
    say = {"note": "A walk?", "reach": [signal.pk], "offer": offers}
    response = client.post(at(member, "hello-say", pk=hello.pk), say)
    assert response.url == url
    greeting = Greeting.objects.get()
    assert (greeting.note, greeting.contact) == ("A walk?", "signal: ana.41")
    assert OfferedTime.objects.filter(hello=hello, member=member).count() == 3
    theirs = text(client_of(peer).get(at(peer, "hello", pk=hello.pk)))
    assert "A walk?" in theirs
    assert "ana.41" in theirs
    assert "Ana offers these times" in theirs
    assert theirs.count('name="yes"') == 4
    told = Notice.objects.get(kind="crews.hello_said")
    assert told.recipient_id == peer.pk
    assert Mail.objects.filter(kind="crews.hello_said").count() == 1


def test_what_was_given_stays_as_it_was_given(hello, member, signal, now):
    hello.say("", [signal], by=member, now=now)
    signal.value = "ana.42"
    signal.save()
    assert Greeting.objects.get().ways == [("Signal", "ana.41")]


def test_saying_it_in_other_words_tells_nobody_again_and_new_times_do(hello, member, peer, now):
    hello.say("Hello", by=member, now=now)
    hello.say("Hello!", by=member, now=now + HOUR)
    assert Notice.objects.count() == 1
    hello.say("Hello!", (), [now + 30 * HOUR], by=member, now=now + HOUR)
    assert Notice.objects.count() == 2
    # Fewer times are no news.
    hello.say("Hello!", (), [], by=member, now=now + HOUR)
    assert Notice.objects.count() == 2
    assert not OfferedTime.objects.exists()


def test_times_of_ones_own_are_on_ones_own_clock(client_of, at, hello, member):
    say = {"own_1": "2026-12-01T18:30", "own_2": "2026-12-02T07:00"}
    client_of(member).post(at(member, "hello-say", pk=hello.pk), say)
    offered = OfferedTime.objects.order_by("starts_at").values_list("starts_at", flat=True)
    assert [f"{time:%d %H:%M}" for time in offered] == ["01 05:30", "01 18:00"]


def test_a_time_that_the_clock_skips_is_refused_and_one_it_has_twice_is_the_first(
    client_of, at, hello, member, monkeypatch
):
    from congregation import clock

    member.user.zone = "Europe/Berlin"
    member.user.save()
    client, url = client_of(member), at(member, "hello-say", pk=hello.pk)
    from datetime import UTC, datetime

    monkeypatch.setattr(clock, "now", lambda: datetime(2027, 3, 20, tzinfo=UTC))
    response = client.post(url, {"note": "Early birds", "own_1": "2027-03-28T02:30"})
    assert response.status_code == 422
    assert "go forward then and skip this time" in text(response)
    assert "Early birds" in text(response)
    monkeypatch.setattr(clock, "now", lambda: datetime(2027, 10, 20, tzinfo=UTC))
    client.post(url, {"own_1": "2027-10-31T02:30"})
    assert OfferedTime.objects.get().starts_at == datetime(2027, 10, 31, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("say", "words"),
    [
        ({}, "Write a few words, say how you may be reached, or choose a time."),
        ({"own_1": "2026-11-01T18:30"}, "Choose a time within the next three months."),
        ({"own_1": "2027-11-01T18:30"}, "Choose a time within the next three months."),
        ({"own_1": "soon"}, "Write a date and a time."),
        (
            {
                "offer": ["2026-12-01T05:30Z", "2026-12-02T05:30Z"],
                "own_1": "2026-12-05T18:30",
                "own_2": "2026-12-06T18:30",
            },
            "Offer three times at most.",
        ),
        ({"offer": ["soon"]}, "Select a valid choice"),
        ({"note": "x" * 1001}, "at most 1000"),
    ],
)
def test_what_does_not_hold_is_said_and_nothing_is_lost(client_of, at, hello, member, say, words):
    response = client_of(member).post(at(member, "hello-say", pk=hello.pk), say)
    assert response.status_code == 422
    assert words in text(response)
    assert not Greeting.objects.exists()


def test_anothers_contact_can_not_be_given(client_of, at, hello, member, peer, signal, now):
    response = client_of(peer).post(at(peer, "hello-say", pk=hello.pk), {"reach": [signal.pk]})
    assert response.status_code == 422
    with pytest.raises(PermissionDenied):
        hello.say("", [signal], by=peer, now=now)


def test_whose_turn_it_is_waits_for_them(hello, member, peer, now):
    waiting = lambda person, at: list(Hello.objects.waiting_for(person, now=at))  # noqa: E731
    assert waiting(member, now) == [hello]
    assert waiting(peer, now) == [hello]
    hello.say("", (), [now + 30 * HOUR], by=member, now=now)
    assert waiting(member, now) == []
    assert waiting(peer, now) == [hello]
    hello.say("", (), [now + 40 * HOUR], by=peer, now=now + HOUR)
    assert waiting(member, now + HOUR) == [hello]
    assert waiting(peer, now + HOUR) == []
    # Times that are over are nothing to choose from.
    assert waiting(member, now + 41 * HOUR) == []


def test_not_after_all_closes_it_quietly(client_of, at, hello, member, peer, now):
    hello.say("Walk with me", by=member, now=now)
    before = Notice.objects.count()
    response = client_of(peer).post(at(peer, "hello-close", pk=hello.pk))
    assert response.status_code == 302
    for person in (member, peer):
        page = text(client_of(person).get(at(person, "hello", pk=hello.pk)))
        assert "This hello is closed" in page
        assert "Walk with me" in page
        assert "hello-say" not in page
    assert Notice.objects.count() == before
    assert "I’d like to talk" in text(client_of(member).get(at(member, "pool")))
    assert not Hello.objects.waiting_for(member, now=now).exists()


def test_the_closed_page_does_not_say_who_closed_it(client_of, at, hello, member, peer, now):
    from django.db import transaction

    seen = []
    for closer in (member, peer):
        with transaction.atomic():
            hello.refresh_from_db()
            hello.close(by=closer, now=now)
            page = text(client_of(member).get(at(member, "hello", pk=hello.pk)))
            seen.append(page.split("<main")[1].split("</main")[0])
            transaction.set_rollback(True)
    assert seen[0] == seen[1]


def test_what_was_typed_into_one_that_closed_meanwhile_is_shown(
    client_of, at, hello, member, peer, now
):
    hello.close(by=peer, now=now)
    response = client_of(member).post(at(member, "hello-say", pk=hello.pk), {"note": "Walk?"})
    assert response.status_code == 422
    assert "Walk?" in text(response)
    assert "It was not sent." in text(response)
    assert not Greeting.objects.exists()
    with pytest.raises(ValidationError):
        hello.say("Walk?", by=member, now=now)


def test_only_the_two_have_it(client_of, at, hello, member, peer, host, mate, outsider, now):
    hello.say("Hello", (), [now + 30 * HOUR], by=member, now=now)
    for person in (host, mate):
        for name in ("hello", "hello-say", "hello-close", "hello-pick"):
            client = client_of(person)
            url = at(member, name, pk=hello.pk)
            response = client.get(url) if name == "hello" else client.post(url)
            assert response.status_code == 404
        for rows in (Hello, Greeting, OfferedTime):
            assert not rows.objects.visible_to(person).exists()
        with pytest.raises(PermissionDenied):
            hello.say("", by=person, now=now)
        with pytest.raises(PermissionDenied):
            hello.close(by=person, now=now)
    assert client_of(outsider).get(at(member, "hello", pk=hello.pk)).status_code == 404
    for event in Event.objects.all():
        assert event.circle == hello.pk


def test_a_get_changes_nothing(client_of, at, hello, member):
    client = client_of(member)
    for name in ("hello-say", "hello-close", "hello-pick"):
        assert client.get(at(member, name, pk=hello.pk)).status_code == 405


def test_twice_is_once(client_of, at, hello, member, peer):
    client = client_of(member)
    for _time in range(2):
        client.post(at(member, "hello-say", pk=hello.pk), {"note": "Hello"})
    assert Greeting.objects.count() == 1
    assert Notice.objects.count() == 1
    assert Event.objects.count() == 1
    for _time in range(2):
        assert client.post(at(member, "hello-close", pk=hello.pk)).status_code == 302
    assert Event.objects.filter(verb="hello.close").count() == 1


def test_what_they_say_is_sealed_in_the_database(hello, member, signal, now):
    hello.say("A walk along the river?", [signal], by=member, now=now)
    with connection.cursor() as cursor:
        cursor.execute("select note, contact from crews_greeting")
        note, contact = (bytes(value) for value in cursor.fetchone())
    assert note[:1] == contact[:1] == b"\x01"
    assert b"river" not in note
    assert b"ana.41" not in contact
