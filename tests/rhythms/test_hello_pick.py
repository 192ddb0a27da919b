from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from congregation.models import Event, Notice
from crews.models import Greeting, OfferedTime
from rhythms import hellos
from rhythms.models import Meeting
from tests.crews.looking import greet, look

HOUR = timedelta(hours=1)


def text(response):
    return " ".join(response.content.decode().split())


def spelled(time):
    return f"{time:%Y-%m-%dT%H:%MZ}"


@pytest.fixture
def soon(now):
    """Tuesday 24 November 2026, 7:00 pm in Auckland."""
    return now + timedelta(days=5)


@pytest.fixture
def hello(member, peer, now, soon):
    """Noor said hello to Ana, and offered two times."""
    for person in (member, peer):
        look(person)
    hello = greet(member, peer, now - 2 * HOUR)
    hello.say("A walk?", (), [soon, soon + 24 * HOUR], by=peer, now=now - HOUR)
    return hello


def test_a_yes_with_a_few_words_becomes_a_meeting(client_of, at, hello, member, peer, soon):
    say = {"note": "Yes to the river.", "yes": spelled(soon)}
    response = client_of(member).post(at(member, "hello-say", pk=hello.pk), say)
    assert response.status_code == 302
    meeting = Meeting.objects.get()
    assert (meeting.starts_at, meeting.ends_at) == (soon, soon + HOUR)
    assert meeting.zone == member.congregation.zone
    assert Greeting.objects.get(member=member).note == "Yes to the river."
    assert not OfferedTime.objects.exists()
    for person in (member, peer):
        page = text(client_of(person).get(at(person, "hello", pk=hello.pk)))
        assert "Tue 24 Nov, 7:00 pm" in page
        assert "in Auckland" in page
        assert at(person, "meeting-ics", pk=meeting.pk) in page
    told = Notice.objects.exclude(recipient=member)
    assert [notice.kind for notice in told] == ["rhythms.hello_picked"]


def test_the_meeting_is_theirs_alone(hello, member, peer, host, mate, soon, now):
    hellos.pick(hello, soon, by=member, now=now)
    for person in (member, peer):
        assert Meeting.objects.visible_to(person).count() == 1
    for person in (host, mate):
        assert not Meeting.objects.visible_to(person).exists()
    assert all(event.circle == hello.pk for event in Event.objects.all())


def test_the_mail_carries_it_for_the_calendar(hello, member, peer, soon, now):
    from congregation.notices import kind_of
    from congregation.outbox import compose

    hellos.pick(hello, soon, by=member, now=now)
    notice = Notice.objects.get(kind="rhythms.hello_picked")
    kind = kind_of("rhythms.hello_picked")
    mail = compose(kind, notice, kind.find(notice.about, peer))
    assert "you two talk on Tue 24 Nov, 7:00 pm" in mail.body
    assert f"/hello/{hello.pk}/" in mail.body
    (attached,) = mail.attachments
    assert b"BEGIN:VEVENT" in (
        attached[1] if isinstance(attached[1], bytes) else attached[1].encode()
    )
    assert "Ana" not in mail.subject


def test_times_are_proposed_where_both_are_free_and_oneself_has_nothing_on(
    hello, member, peer, now
):
    proposed = hellos.times_for(hello, member, now=now)
    assert len(proposed) == 3
    busy = greet(member, _third(member, now), now)
    Meeting.objects.create(
        congregation=member.congregation,
        hello=busy,
        starts_at=proposed[0] - HOUR,
        ends_at=proposed[0] + 6 * HOUR,
        zone="UTC",
    )
    again = hellos.times_for(hello, member, now=now)
    assert proposed[0] not in again
    # What one has on plays no part in what the other one is shown.
    assert proposed[0] in hellos.times_for(hello, peer, now=now)
    assert hellos.busy_at(member, proposed) == {proposed[0]}


def _third(member, now):
    from congregation.models import Member

    return Member.objects.create(
        congregation=member.congregation, name="Third Person", joined_at=now
    )


def test_ones_own_offer_is_not_ones_own_to_pick(client_of, at, hello, peer, soon, now):
    with pytest.raises(ValidationError):
        hellos.pick(hello, soon, by=peer, now=now)
    client_of(peer).post(at(peer, "hello-pick", pk=hello.pk), {"yes": spelled(soon)})
    assert not Meeting.objects.exists()


def test_a_time_that_nobody_offered_or_that_is_over(client_of, at, hello, member, soon, now):
    for time in (soon + HOUR, now - HOUR):
        with pytest.raises(ValidationError):
            hellos.pick(hello, time, by=member, now=now)
    with pytest.raises(ValidationError):
        hellos.pick(hello, soon, by=member, now=soon)
    response = client_of(member).post(
        at(member, "hello-pick", pk=hello.pk), {"yes": "soon"}, follow=True
    )
    assert "Choose one of the times." in text(response)
    say = {"yes": spelled(soon + HOUR), "note": "Yes!"}
    response = client_of(member).post(at(member, "hello-say", pk=hello.pk), say)
    assert response.status_code == 422
    assert "Yes!" in text(response)


def test_only_the_two_pick(hello, mate, soon, now):
    with pytest.raises(PermissionDenied):
        hellos.pick(hello, soon, by=mate, now=now)


def test_twice_is_once(client_of, at, hello, member, soon):
    client = client_of(member)
    say = {"note": "Yes", "yes": spelled(soon)}
    for _time in range(2):
        response = client.post(at(member, "hello-say", pk=hello.pk), say)
        assert response.status_code == 302
    response = client.post(at(member, "hello-pick", pk=hello.pk), {"yes": spelled(soon)})
    assert response.status_code == 302
    assert Meeting.objects.count() == 1
    assert Notice.objects.filter(kind="rhythms.hello_picked").count() == 1
    assert Event.objects.filter(verb="hello.pick").count() == 1


def test_both_say_yes_to_different_times_at_once_and_one_holds(hello, member, peer, soon, now):
    other = soon + 48 * HOUR
    hello.say("", (), [other], by=member, now=now)
    hellos.pick(hello, soon, by=member, now=now)
    with pytest.raises(ValidationError, match="isn’t offered any more"):
        hellos.pick(hello, other, by=peer, now=now)
    assert Meeting.objects.get().starts_at == soon


def test_another_time_is_offered_and_the_meeting_moves(
    client_of, at, hello, member, peer, soon, now
):
    hellos.pick(hello, soon, by=member, now=now)
    later = soon + 72 * HOUR
    client_of(member).post(
        at(member, "hello-say", pk=hello.pk), {"note": "", "offer": [spelled(later)]}
    )
    page = text(client_of(peer).get(at(peer, "hello", pk=hello.pk)))
    assert "Ana offers other times" in page
    assert "Your time stands unless you choose one of these." in page
    client_of(peer).post(at(peer, "hello-pick", pk=hello.pk), {"yes": spelled(later)})
    meeting = Meeting.objects.get()
    assert (meeting.starts_at, meeting.sequence) == (later, 1)
    told = Notice.objects.filter(kind="rhythms.hello_picked").order_by("occasion")
    assert [notice.recipient_id for notice in told] == [peer.pk, member.pk]


def test_not_after_all_calls_off_what_is_to_come_and_tells_just_that(
    client_of, at, hello, member, peer, soon, now
):
    meeting = hellos.pick(hello, soon, by=member, now=now)
    client_of(peer).post(at(peer, "hello-close", pk=hello.pk))
    meeting.refresh_from_db()
    assert meeting.state == Meeting.State.CANCELLED
    notice = Notice.objects.get(kind="rhythms.hello_off")
    assert notice.recipient_id == member.pk
    page = text(client_of(member).get(at(member, "hello", pk=hello.pk)))
    assert "This hello is closed" in page
    client_of(peer).post(at(peer, "hello-close", pk=hello.pk))
    assert Notice.objects.filter(kind="rhythms.hello_off").count() == 1
    with pytest.raises(ValidationError):
        hellos.pick(hello, soon, by=member, now=now)


def test_before_a_time_is_picked_closing_tells_nobody(hello, member, now):
    before = Notice.objects.count()
    hellos.close(hello, by=member, now=now)
    assert Notice.objects.count() == before


def test_after_the_talk_the_page_says_so(client_of, at, hello, member, soon, now, monkeypatch):
    from congregation import clock

    hellos.pick(hello, soon, by=member, now=now)
    monkeypatch.setattr(clock, "now", lambda: soon + 2 * HOUR)
    page = text(client_of(member).get(at(member, "hello", pk=hello.pk)))
    assert "had a time to talk" in page
    hellos.close(hello, by=member, now=soon + 2 * HOUR)
    assert Meeting.objects.get().state == Meeting.State.PLANNED
    assert not Notice.objects.filter(kind="rhythms.hello_off").exists()


@pytest.mark.django_db(transaction=True)
def test_two_who_say_yes_at_once_have_one_time(hello, member, peer, soon, now):
    from tests.crews.test_match import at_once

    other = soon + 48 * HOUR
    hello.say("", (), [other], by=member, now=now)
    said = at_once(
        lambda turn: hellos.pick(hello, turn[0], by=turn[1], now=now),
        (soon, member),
        (other, peer),
    )
    assert sorted(type(answer).__name__ for answer in said) == ["Meeting", "ValidationError"], said
    assert Meeting.objects.count() == 1
    assert Notice.objects.filter(kind="rhythms.hello_picked").count() == 1
