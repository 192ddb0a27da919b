import datetime as dt

from django.db import connection
from django.test.utils import CaptureQueriesContext

from crews.models import Crew, Hello, Seat
from rhythms.models import Commitment, LookBack, Meeting, Rhythm


def crew_of(people, now, name="Seed Library", state="running", times=6, held=4):
    congregation = people[0].congregation
    crew = Crew.objects.create(
        congregation=congregation,
        name=name,
        founded_at=now,
        state="active",
        seats_taken=len(people),
        tempo="weekly",
    )
    for number, person in enumerate(people, 1):
        Seat.objects.create(
            congregation=congregation, crew=crew, member=person, number=number, taken_at=now
        )
    rhythm = Rhythm.objects.create(
        congregation=congregation,
        crew=crew,
        rule="FREQ=WEEKLY",
        starts_on=now.date(),
        starts_at=dt.time(19),
        zone=congregation.zone,
    )
    commitment = Commitment.objects.create(
        congregation=congregation,
        crew=crew,
        rhythm=rhythm,
        times=times,
        state=state,
        proposed_at=now,
        begins_on=now.date(),
        ends_on=now.date() + dt.timedelta(weeks=times),
    )
    for n in range(times):
        starts = now + dt.timedelta(weeks=n - held, hours=1)
        Meeting.objects.create(
            congregation=congregation,
            crew=crew,
            rhythm=rhythm,
            commitment=commitment,
            number=n + 1,
            starts_at=starts,
            ends_at=starts + dt.timedelta(hours=2),
            zone=congregation.zone,
            state="held" if n < held else "planned",
            came=len(people) if n < held else None,
        )
    return crew, commitment


def test_home_shows_the_week_the_crews_and_what_waits(
    client_of, at, member, mate, facilitator, now
):
    crew_of([member, mate, facilitator], now)
    first, second = sorted([member, mate], key=lambda person: person.pk)
    Hello.objects.create(congregation=member.congregation, first=first, second=second, made_at=now)
    page = client_of(member).get(at(member, "home")).content.decode()
    for words in ["Hello, Ana", "Your rhythms this week", "Seed Library", "of 6", "You and Dov"]:
        assert words in page


def test_a_look_back_that_waits_stands_on_top(client_of, at, member, mate, facilitator, now):
    crew, commitment = crew_of([member, mate, facilitator], now, state="looking_back", held=6)
    LookBack.objects.create(
        congregation=crew.congregation,
        crew=crew,
        commitment=commitment,
        opened_at=now,
        closes_at=now + dt.timedelta(days=7),
    )
    page = client_of(member).get(at(member, "home")).content.decode()
    assert "Start looking back" in page


def test_a_meeting_that_has_ended_offers_we_met(client_of, at, member, mate, facilitator, now):
    _, commitment = crew_of([member, mate, facilitator], now)
    ended = Meeting.objects.get(commitment=commitment, number=5)
    ended.starts_at, ended.ends_at = now - dt.timedelta(hours=3), now - dt.timedelta(hours=1)
    ended.save()
    page = client_of(member).get(at(member, "home")).content.decode()
    assert f"/meetings/{ended.pk}/we-met/" in page
    assert 'class="tabs with-do"' in page


def test_a_newcomer_is_told_what_to_do_first(client_of, at, member):
    page = client_of(member).get(at(member, "home")).content.decode()
    assert "You have no crew yet" in page
    assert "Looking for a crew" in page


def test_a_peer_sees_nothing_of_anothers_home(client_of, at, member, mate, facilitator, peer, now):
    crew_of([member, mate, facilitator], now, name="Hidden from peers")
    page = client_of(peer).get(at(peer, "home")).content.decode()
    assert "The next meeting" not in page


def test_an_outsider_finds_nothing_and_a_stranger_signs_in(client, client_of, at, member, outsider):
    assert client_of(outsider).get(at(member, "home")).status_code == 404
    answer = client.get(at(member, "home"))
    assert answer.status_code == 302
    assert "/accounts/login/" in answer["Location"]


def test_as_many_queries_with_ten_crews_as_with_two(client_of, at, member, mate, facilitator, now):
    client = client_of(member)
    for n in range(2):
        crew_of([member, mate, facilitator], now, name=f"Crew {n}")
    client.get(at(member, "home"))
    with CaptureQueriesContext(connection) as few:
        client.get(at(member, "home"))
    for n in range(8):
        crew_of([member, mate, facilitator], now, name=f"More {n}")
    with CaptureQueriesContext(connection) as many:
        assert client.get(at(member, "home")).status_code == 200
    assert len(many) == len(few)
