"""We met: all present already marked, one tap for who was away, Save."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connections

from congregation import clock
from congregation.models import Event
from rhythms.models import Led, Log, LookBack, Meeting, Mood, Presence


def marked(page):
    """Return the people whose box is ticked."""
    boxes = re.findall(r'<input type="checkbox" name="here" value="([^"]+)"[^>]*>', page)
    ticked = re.findall(r'<input type="checkbox" name="here" value="([^"]+)"[^>]* checked', page)
    assert boxes
    return set(ticked)


def test_everyone_is_marked_but_who_said_they_cannot(
    past, member, mate, facilitator, client_of, at, now
):
    past.come(answer="cant", by=mate, now=past.starts_at - timedelta(days=1))
    page = client_of(member).get(at(member, "we-met", pk=past.pk)).content.decode()
    assert marked(page) == {str(member.pk), str(facilitator.pk)}
    assert "said can’t" in page
    assert "the third of six" in page
    assert "Only the three of you can see this page" in page
    assert "Hosts see that you met, and how many" in page


def test_saved(past, ahead, crew, facilitator, member, mate, client_of, at):
    said = {
        "here": [facilitator.pk, member.pk, mate.pk],
        "mood": "warm",
        "note": "Frost, and soup.",
    }
    answer = client_of(member).post(at(member, "we-met", pk=past.pk), said)
    assert answer.status_code == 302
    past.refresh_from_db()
    assert (past.state, past.came, past.seated) == ("held", 3, 3)
    assert Presence.objects.filter(meeting=past).count() == 3
    assert Log.objects.get(meeting=past).note == "Frost, and soup."
    assert Mood.objects.get().word == "warm"
    # Dov had the third turn, and was there; the next one is Joel's.
    assert Led.objects.get(meeting=past).member == mate
    ahead.plan.refresh_from_db()
    assert ahead.plan.facilitator == facilitator
    page = client_of(mate).get(at(mate, "meeting", pk=past.pk)).content.decode()
    assert "Frost, and soup." in page
    # One has said how it was: nobody sees it yet.
    assert "How it was" not in page


def test_saving_twice_is_once(past, member, mate, client_of, at):
    said = {"here": [member.pk, mate.pk], "note": "Soup."}
    for _ in range(2):
        assert client_of(member).post(at(member, "we-met", pk=past.pk), said).status_code == 302
    assert Event.objects.filter(verb="meeting.log").count() == 1
    assert Presence.objects.count() == 2


def test_anyone_corrects_it(past, member, mate, facilitator, client_of, at):
    client_of(member).post(at(member, "we-met", pk=past.pk), {"here": [member.pk], "note": "Soup."})
    url = at(mate, "we-met", pk=past.pk)
    page = client_of(mate).get(url).content.decode()
    assert marked(page) == {str(member.pk)}
    assert 'value="Soup."' in page
    client_of(mate).post(url, {"here": [member.pk, mate.pk], "note": "Soup and bread."})
    past.refresh_from_db()
    assert past.came == 2
    assert Log.objects.get().note == "Soup and bread."
    assert Led.objects.get().member == mate


def test_how_it_was_shows_from_three_on(past, facilitator, member, mate, client_of, at):
    people = [facilitator.pk, member.pk, mate.pk]
    for person, mood in ((facilitator, "warm"), (member, "warm"), (mate, "lively")):
        assert past.moods_said() == []
        client_of(person).post(at(person, "we-met", pk=past.pk), {"here": people, "mood": mood})
    assert past.moods_said() == [("Lively", 1), ("Warm", 2)]
    page = client_of(mate).get(at(mate, "meeting", pk=past.pk)).content.decode()
    assert "lively 1, warm 2" in " ".join(page.split())


def test_the_mood_of_others_is_nobodys(past, facilitator, member, mate, client_of, at):
    client_of(member).post(
        at(member, "we-met", pk=past.pk), {"here": [member.pk, mate.pk], "mood": "tense"}
    )
    page = client_of(mate).get(at(mate, "we-met", pk=past.pk)).content.decode()
    assert not re.search(r'name="mood"[^>]* checked', page)
    page = client_of(member).get(at(member, "we-met", pk=past.pk)).content.decode()
    assert re.search(r'name="mood" value="tense"[^>]* checked', page)


def test_nobody_there_is_no_meeting(past, member, client_of, at):
    page = client_of(member).post(at(member, "we-met", pk=past.pk), {"note": "A line I keep"})
    assert page.status_code == 422
    assert "say that you didn’t meet" in page.content.decode()
    assert "A line I keep" in page.content.decode()
    past.refresh_from_db()
    assert past.state == "planned"


def test_not_before_it_has_begun(ahead, member, client_of, at):
    url = at(member, "we-met", pk=ahead.pk)
    page = client_of(member).get(url)
    assert "once it has begun" in page.content.decode()
    assert client_of(member).post(url, {"here": [member.pk]}).status_code == 422
    ahead.refresh_from_db()
    assert ahead.state == "planned"


def test_while_it_runs(ahead, member, client_of, at, now):
    clock.move(ahead.starts_at - now + timedelta(minutes=5))
    client_of(member).post(at(member, "we-met", pk=ahead.pk), {"here": [member.pk]})
    ahead.refresh_from_db()
    assert ahead.state == "held"


def test_after_the_reveal_it_stays(past, commitment, crew, member, client_of, at, now):
    past.log(here=[member], by=member, now=now)
    LookBack.objects.create(
        congregation=crew.congregation,
        crew=crew,
        commitment=commitment,
        opened_at=now,
        closes_at=now,
        revealed_at=now,
    )
    page = client_of(member).post(
        at(member, "we-met", pk=past.pk), {"here": [member.pk], "note": "Later"}
    )
    assert page.status_code == 422
    assert Log.objects.get().note == ""


def test_the_turn_waits_for_who_was_away(past, ahead, mate, member, facilitator, now):
    assert past.plan.facilitator == mate
    past.log(here=[member, facilitator], by=member, now=now)
    assert not Led.objects.exists()
    ahead.plan.refresh_from_db()
    # Two evenings were never noted, so they count for whoever was to lead them.
    assert ahead.plan.facilitator == mate


def test_we_met_in_the_bar(past, member, peer, client_of, at, now):
    assert list(Meeting.objects.unlogged_by(member, now=now))[0] == past
    assert not Meeting.objects.unlogged_by(peer, now=now).exists()
    past.log(here=[member], by=member, now=now)
    assert past not in Meeting.objects.unlogged_by(member, now=now)


def test_who_may_not(past, peer, host, outsider, member, client_of, at):
    said = {"here": [member.pk]}
    for stranger in (peer, host, outsider):
        url = at(stranger, "we-met", pk=past.pk)
        assert client_of(stranger).get(url).status_code == 404
        assert client_of(stranger).post(url, said).status_code == 404
        assert client_of(stranger).post(at(stranger, "not-held", pk=past.pk)).status_code == 404
    past.refresh_from_db()
    assert past.state == "planned"


def test_someone_who_left_is_not_marked(past, crew, member, mate, client_of, at, now):
    crew.seats.filter(member=mate).update(left_at=now)
    page = client_of(member).post(at(member, "we-met", pk=past.pk), {"here": [mate.pk, member.pk]})
    assert page.status_code == 422


@pytest.mark.django_db(transaction=True)
def test_two_at_once(past, facilitator, member, mate, now):
    def say(person):
        try:
            Meeting.objects.get(pk=past.pk).log(
                here=[facilitator, member, mate], by=person, now=now, mood="warm"
            )
        finally:
            connections.close_all()

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(say, [facilitator, member, mate]))
    assert Presence.objects.filter(meeting=past).count() == 3
    assert Mood.objects.filter(meeting=past).count() == 3
    assert Led.objects.filter(meeting=past).count() == 1
