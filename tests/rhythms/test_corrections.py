"""Corrections and their history, how it was, missed meetings; and what is left of names after the reveal."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError

from congregation import clock
from congregation.models import Event, Notice
from rhythms import reminding
from rhythms.models import Coming, Correction, Led, Log, Meeting, Mood, Presence, noting
from tests.faults.test_life_race import at_once


@pytest.fixture
def everyone(facilitator, member, mate):
    return [facilitator, member, mate]


def shown(person, meeting, client_of, at):
    page = client_of(person).get(at(person, "meeting", pk=meeting.pk)).content.decode()
    return " ".join(page.split())


# ---- the history


def test_who_corrected_what(past, member, mate, facilitator, everyone, client_of, at, host):
    client_of(member).post(at(member, "we-met", pk=past.pk), {"here": [member.pk], "note": "Rain"})
    said = {"here": [member.pk, mate.pk], "note": "Rain, and soup", "seen": 1}
    for _ in range(2):
        client_of(mate).post(at(mate, "we-met", pk=past.pk), said)
    page = shown(facilitator, past, client_of, at)
    assert "Ana noted it on" in page
    assert "There after all: Dov. The line was written anew." in page
    client_of(facilitator).post(at(facilitator, "not-held", pk=past.pk))
    assert "You didn’t meet after all." in shown(facilitator, past, client_of, at)
    assert Correction.objects.count() == 2
    assert "Dov" not in shown(host, past, client_of, at).split("<main")[1]


def test_what_was_noted_meanwhile_is_not_written_over(past, member, mate, everyone, client_of, at):
    url = at(mate, "we-met", pk=past.pk)
    page = client_of(mate).get(url).content.decode()
    assert 'name="seen" value="0"' in page
    past.log(here=[member], by=member, now=past.ends_at, note="Theirs")
    said = {"here": [member.pk, mate.pk], "note": "Mine", "seen": 0}
    answer = client_of(mate).post(url, said)
    assert answer.status_code == 422
    assert "noted it meanwhile" in answer.content.decode()
    assert 'name="seen" value="1"' in answer.content.decode()
    assert Log.objects.get().note == "Theirs"
    # The same as theirs is nothing new, whatever was seen.
    same = {"here": [member.pk], "note": "Theirs", "seen": 0}
    assert client_of(mate).post(url, same).status_code == 302
    assert client_of(mate).post(url, said | {"seen": 1}).status_code == 302
    assert Log.objects.get().note == "Mine"


@pytest.mark.django_db(transaction=True)
def test_two_note_it_at_once_and_one_corrects_the_other(past, member, mate, everyone, now):
    def say(person, here):
        return lambda: Meeting.objects.get(pk=past.pk).log(here=here, by=person, now=now)

    assert at_once(say(member, everyone), say(mate, everyone[:2]), say(member, everyone)) == []
    past.refresh_from_db()
    assert Presence.objects.filter(meeting=past).count() == past.came
    assert Log.objects.count() == 1
    assert Led.objects.filter(meeting=past).count() == (past.came == 3)
    assert Correction.objects.count() in {1, 2}


# ---- how it was


def test_each_for_themselves_later(past, everyone, member, mate, facilitator, client_of, at, now):
    past.log(here=everyone, by=member, now=now, mood="warm")
    for person in (facilitator, mate):
        assert "How was it for you?" in shown(person, past, client_of, at)
        client_of(person).post(at(person, "mood", pk=past.pk), {"mood": "tense"})
        client_of(person).post(at(person, "mood", pk=past.pk), {"mood": "flat"})
    # The first word of the third one showed, and stands.
    assert past.moods_said() == [("Warm", 1), ("Flat", 1), ("Tense", 1)]
    assert "How was it for you?" not in shown(mate, past, client_of, at)


def test_no_difference_tells_whose_it_is(seated_crew, make_commitment, make_member, now):
    people = [make_member(f"P{n} X") for n in range(6)]
    crew = seated_crew("Six", people, state="active")
    meeting = make_commitment(crew, people[0]).meetings.get(number=3)
    meeting.log(here=people, by=people[0], now=now, mood="warm")
    counts = []
    for person in people[1:]:
        meeting.say_mood("flat", by=person, now=now)
        counts.append(sum(n for _word, n in meeting.moods_said()))
    assert counts == [0, 3, 3, 3, 6]


def test_only_who_was_there(past, member, mate, peer, client_of, at, now):
    past.log(here=[member], by=member, now=now)
    with pytest.raises(ValidationError):
        past.say_mood("warm", by=mate, now=now)
    with pytest.raises(ValidationError):
        past.say_mood("great", by=member, now=now)
    assert client_of(peer).post(at(peer, "mood", pk=past.pk), {"mood": "warm"}).status_code == 404
    assert client_of(member).get(at(member, "mood", pk=past.pk)).status_code == 405
    assert not Mood.objects.exists()


# ---- what names leave


def test_after_the_reveal_no_name_is_left(
    past, commitment, member, mate, everyone, client_of, at, now
):
    past.come(answer="late", by=mate, now=past.starts_at - timedelta(hours=30))
    reminding.remind_of_near(now=past.starts_at - timedelta(hours=20))
    past.log(here=everyone[:2], by=member, now=now, mood="warm")
    past.log(here=everyone, by=mate, now=now, mood="warm")
    past.say_mood("warm", by=everyone[0], now=now)
    noting.forget_who_came(Meeting.objects.filter(pk=past.pk), commitment.pk)
    for model in (Presence, Coming, Mood):
        assert not model.objects.filter(meeting=past).exists()
    assert Log.objects.get().logged_by is None
    row = Correction.objects.get()
    assert (row.by, row.who, row.came_before, row.came_after) == (None, "", 2, 3)
    assert not Event.objects.filter(subject=past.pk, actor__isnull=False).exists()
    assert not Notice.objects.filter(kind="rhythms.meeting_soon", about=past.plan.pk).exists()
    past.refresh_from_db()
    assert (past.came, past.seated) == (3, 3)
    page = shown(member, past, client_of, at)
    assert "warm 3" in page
    assert "three came, not two." in page.lower()
    assert "noted it on" not in page


# ---- missed


def test_a_kind_word_to_the_others(past, member, mate, facilitator, client_of, at):
    Meeting.objects.filter(commitment=past.commitment_id, number=2).update(state="held", came=3)
    for _ in range(2):
        client_of(member).post(at(member, "not-held", pk=past.pk))
    told = Notice.objects.filter(kind="rhythms.missed")
    assert {row.recipient for row in told} == {mate, facilitator}
    page = client_of(mate).get(at(mate, "crew", pk=past.crew_id)).content.decode()
    assert "counts against nobody" in page
    assert "Meet another day instead" in page


def test_two_in_a_row_ask_softly_once(past, commitment, member, mate, client_of, at, now):
    first, second = commitment.meetings.order_by("number")[:2]
    first.log(here=[member], by=member, now=now)
    second.not_held(by=member, now=now)
    past.not_held(by=member, now=now)
    assert Notice.objects.filter(kind="rhythms.still_fits").count() == 2
    page = client_of(mate).get(at(mate, "crew", pk=past.crew_id)).content.decode()
    assert "Does the rhythm still fit?" in page
    assert "nobody’s fault" in page
    past.log(here=[member], by=member, now=now)
    page = client_of(mate).get(at(mate, "crew", pk=past.crew_id)).content.decode()
    assert "still fit?" not in page


def test_nobody_said_anything_for_days(past, member, client_of, at, now):
    Meeting.objects.filter(commitment=past.commitment_id, number__lt=3).update(state="held", came=3)
    clock.move(timedelta(days=3))
    later = now + timedelta(days=3)
    for _ in range(2):
        reminding.remind(now=later)
    assert Notice.objects.filter(kind="rhythms.missed").count() == 3
    page = client_of(member).get(at(member, "crew", pk=past.crew_id)).content.decode()
    assert "nobody has noted it" in page
    assert "We rest this time" in page


def test_another_day_instead(past, member, mate, everyone, client_of, at, now):
    past.not_held(by=member, now=now)
    url = at(member, "meeting-edit", pk=past.pk)
    assert client_of(member).get(url).status_code == 200
    when = {
        "date": "2026-11-22",
        "time": "19:00",
        "place": "Joel’s kitchen",
        "link": "",
        "agenda": "",
    }
    assert client_of(member).post(url, when | {"date": "2026-11-18"}).status_code == 422
    assert client_of(member).post(url, when).status_code == 302
    past.refresh_from_db()
    assert (past.state, past.came) == ("planned", None)
    assert past.starts_at > now
    clock.move(timedelta(days=4))
    past.log(here=everyone, by=mate, now=clock.now())
    past.refresh_from_db()
    assert (past.state, past.came) == ("held", 3)


def test_not_once_the_cycle_is_over(past, commitment, member, client_of, at, now):
    past.not_held(by=member, now=now)
    type(commitment).objects.filter(pk=commitment.pk).update(state="looking_back")
    url = at(member, "meeting-edit", pk=past.pk)
    when = {"date": "2026-11-22", "time": "19:00", "place": "", "link": "", "agenda": ""}
    assert client_of(member).post(url, when).status_code == 422
