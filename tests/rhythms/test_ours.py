"""The congregation's own rhythms: hosts begin, change and end them; everyone says whether they come."""

import uuid
from dataclasses import replace
from datetime import date, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from congregation.models import Event, Notice
from hall.sweep import due
from rhythms import ours
from rhythms.models import Coming, Meeting, Rhythm
from rhythms.week import week

AUCKLAND = ZoneInfo("Pacific/Auckland")
SAID = {
    "name": "Peer-support call",
    "kind": "relational",
    "tempo": "monthly",
    "date": "2026-11-26",
    "time": "20:00",
    "minutes": "60",
    "place": "",
    "link": "https://meet.example/ours",
}


@pytest.fixture
def call(host, now):
    """The peer-support call: each fourth Thursday at eight, from 26 November on."""
    said = ours.Said(
        name="Peer-support call",
        kind="relational",
        tempo="monthly",
        starts_on=date(2026, 11, 26),
        starts_at=time(20),
        zone="Pacific/Auckland",
        minutes=60,
        place="",
        link="https://meet.example/ours",
    )
    return ours.begin(said, by=host, now=now, pk=uuid.uuid4())


def dates(rhythm):
    rows = rhythm.meetings.filter(state="planned").order_by("starts_at")
    return [f"{row.starts_at.astimezone(AUCKLAND):%d %b %H:%M}" for row in rows]


def first_of(rhythm):
    return rhythm.meetings.order_by("starts_at").first()


def told(person, kind="rhythms.ours_changed"):
    return Notice.objects.filter(recipient=person, kind=kind).count()


# ---- begin


def test_begin(host, client_of, at):
    browser = client_of(host)
    page = browser.get(at(host, "ours-new") + "?like=support").content.decode()
    assert 'value="Peer-support call"' in page
    answer = browser.post(at(host, "ours-new"), SAID)
    rhythm = Rhythm.objects.get(crew=None)
    assert answer.url == at(host, "ours-one", pk=rhythm.pk)
    assert dates(rhythm) == ["26 Nov 20:00", "24 Dec 20:00", "28 Jan 20:00"]
    assert rhythm.words == "Every fourth Thursday of the month"
    assert Event.objects.filter(verb="rhythm.begin", subject=rhythm.pk).count() == 1


def test_begin_a_peer_sees_it_everywhere(call, peer, client_of, at, now):
    browser = client_of(peer)
    for name in ("ours", "calendar"):
        assert "Peer-support call" in browser.get(at(peer, name)).content.decode()
    page = browser.get(at(peer, "ours-one", pk=call.pk)).content.decode()
    assert "Every fourth Thursday of the month" in page
    assert "As a host" not in page
    assert "Peer-support call" in browser.get(at(peer, "calendar") + "?year=2026").content.decode()
    with timezone.override("Pacific/Auckland"):
        (beat,) = [b for day in week(peer, now=now + timedelta(days=5)) for b in day.beats]
    assert (beat.title, beat.tone) == ("Peer-support call", "sun")
    assert beat.url == first_of(call).get_absolute_url()


def test_begin_takes_a_host(peer, member, outsider, client_of, at):
    for person in (peer, member):
        assert client_of(person).post(at(person, "ours-new"), SAID).status_code == 403
    assert client_of(outsider).post(at(peer, "ours-new"), SAID).status_code == 404
    assert not Rhythm.objects.exists()


def test_begin_twice_is_once(host, client_of, at):
    browser = client_of(host)
    said = SAID | {"once": "6f1e7e0e-1f67-4a4f-9d5c-3a5a36f2a7b1"}
    assert [browser.post(at(host, "ours-new"), said).status_code for _ in "ab"] == [302, 302]
    assert Rhythm.objects.count() == 1
    # Another one of that name comes from another form, and is refused.
    again = browser.post(at(host, "ours-new"), SAID)
    assert again.status_code == 422
    assert "There is one of that name already." in again.content.decode()


@pytest.mark.parametrize(
    "wrong", [{"link": "javascript:alert(1)"}, {"tempo": "daily"}, {"name": ""}, {"date": ""}]
)
def test_begin_asks_for_what_is_missing(host, client_of, at, wrong):
    assert client_of(host).post(at(host, "ours-new"), SAID | wrong).status_code == 422
    assert not Rhythm.objects.exists()


@pytest.mark.parametrize(
    ("tempo", "words", "first", "second"),
    [
        ("weekly", "Every Thursday", "26 Nov 20:00", "03 Dec 20:00"),
        ("fortnightly", "Every other Thursday", "26 Nov 20:00", "10 Dec 20:00"),
        ("quarterly", "Every three months, on the fourth Thursday", "26 Nov 20:00", "25 Feb 20:00"),
        ("halfyearly", "Twice a year, on the fourth Thursday", "26 Nov 20:00", "27 May 20:00"),
        ("yearly", "Every year on 26 November", "26 Nov 20:00", "26 Nov 20:00"),
    ],
)
def test_tempos(host, client_of, at, tempo, words, first, second):
    client_of(host).post(at(host, "ours-new"), SAID | {"tempo": tempo})
    rhythm = Rhythm.objects.get()
    assert rhythm.words == words
    assert dates(rhythm)[:2] == [first, second]


def test_suggestions_are_for_hosts_and_go_once_taken(host, peer, client_of, at, call):
    page = client_of(host).get(at(host, "ours")).content.decode()
    assert "like=gathering" in page
    assert "like=hosts" in page
    assert "like=support" not in page
    assert "like=" not in client_of(peer).get(at(peer, "ours")).content.decode()


def test_the_sweep_lays_out_more_as_time_goes_by(call, now):
    for _ in "ab":
        due(now=now + timedelta(days=60))
        assert dates(call)[2:] == ["28 Jan 20:00", "25 Feb 20:00", "25 Mar 20:00"]


# ---- coming


def test_come_in_one_tap(call, peer, member, client_of, at):
    meeting = first_of(call)
    client_of(peer).post(at(peer, "coming", pk=meeting.pk), {"answer": "coming", "here": "meeting"})
    assert Coming.objects.get().member == peer
    page = client_of(member).get(meeting.get_absolute_url()).content.decode()
    assert "Noor" in page
    assert "Everyone here can see this page, and who comes" in page
    assert "Change this one" not in page
    assert "I’m coming" not in client_of(peer).get(at(peer, "ours")).content.decode()
    assert "I’m coming" in client_of(member).get(at(member, "ours")).content.decode()


def test_come_is_for_those_who_are_here(call, outsider, peer, client_of, at, now):
    meeting = first_of(call)
    assert client_of(outsider).post(at(peer, "coming", pk=meeting.pk)).status_code == 404
    with pytest.raises(PermissionDenied):
        meeting.come(answer="coming", by=outsider, now=now)


def test_who_said_yes_is_reminded_and_nobody_else(call, peer, member, host, now):
    first_of(call).come(answer="coming", by=peer, now=now)
    first_of(call).come(answer="cant", by=member, now=now)
    due(now=now + timedelta(days=6, hours=10))
    assert told(peer, "rhythms.meeting_soon") == 1
    assert told(member, "rhythms.meeting_soon") == told(host, "rhythms.meeting_soon") == 0


# ---- this one


def test_one_date_is_moved_by_hosts_alone(call, host, peer, member, client_of, at, now):
    meeting = first_of(call)
    meeting.come(answer="coming", by=peer, now=now)
    url = at(host, "meeting-edit", pk=meeting.pk)
    said = {"date": "2026-11-27", "time": "20:00", "place": "", "link": ""}
    assert client_of(peer).get(url).status_code == 403
    assert client_of(peer).post(url, said).status_code == 403
    assert "Change this one" in client_of(host).get(meeting.get_absolute_url()).content.decode()
    assert client_of(host).post(url, said).status_code == 302
    assert dates(call) == ["27 Nov 20:00", "24 Dec 20:00", "28 Jan 20:00"]
    assert not meeting.comings.exists()  # another day asks anew
    assert told(peer, "rhythms.meeting_moved") == 1
    assert told(member, "rhythms.meeting_moved") == 0


def test_one_date_is_left_out_and_put_back(call, host, peer, client_of, at, now):
    meeting = first_of(call)
    meeting.come(answer="coming", by=peer, now=now)
    assert client_of(peer).post(at(peer, "meeting-call-off", pk=meeting.pk)).status_code == 403
    client_of(host).post(at(host, "meeting-call-off", pk=meeting.pk))
    assert dates(call) == ["24 Dec 20:00", "28 Jan 20:00"]
    assert told(peer, "rhythms.meeting_moved") == 1
    said = client_of(peer).get(at(peer, "notices")).content.decode()
    assert "Peer-support call is not on Thu 26 Nov, 8:00 pm." in said
    page = client_of(peer).get(meeting.get_absolute_url()).content.decode()
    assert "Called off" in page
    assert "Meet after all" not in page
    client_of(host).post(at(host, "meeting-put-back", pk=meeting.pk))
    assert len(dates(call)) == 3


# ---- this and later, all


def test_change_all_that_is_to_come(call, host, peer, member, client_of, at, now):
    for meeting in call.meetings.all():
        meeting.come(answer="coming", by=peer, now=now)
    first_of(call).come(answer="cant", by=member, now=now)
    url = at(host, "ours-change", pk=call.pk)
    assert 'value="2026-11-26"' in client_of(host).get(url).content.decode()
    client_of(host).post(url, SAID | {"date": "2026-12-02", "time": "19:30"})
    call.refresh_from_db()
    assert dates(call) == ["02 Dec 19:30", "06 Jan 19:30", "03 Feb 19:30"]
    assert call.words == "Every first Wednesday of the month"
    # One notice for three dates, to who said they'd come; on another day all are asked anew.
    assert (told(peer), told(member), told(host)) == (1, 0, 0)
    assert not Coming.objects.exists()
    page = client_of(peer).get(at(peer, "notices")).content.decode()
    assert "Peer-support call has changed: Every first Wednesday of the month." in page


def test_another_hour_keeps_what_people_said(call, host, peer, client_of, at, now):
    first_of(call).come(answer="coming", by=peer, now=now)
    client_of(host).post(at(host, "ours-change", pk=call.pk), SAID | {"time": "19:00"})
    assert dates(call)[0] == "26 Nov 19:00"
    assert Coming.objects.count() == 1
    assert told(peer) == 1
    assert set(call.meetings.values_list("sequence", flat=True)) == {1}


def test_change_from_a_date_on(call, host, peer, client_of, at, now):
    second = call.meetings.order_by("starts_at")[1]
    first_of(call).come(answer="coming", by=peer, now=now)
    url = at(host, "ours-change", pk=call.pk) + f"?since={second.pk}"
    answer = client_of(host).post(url, SAID | {"date": "2026-12-23", "name": "Evening call"})
    follows = Rhythm.objects.exclude(pk=call.pk).get()
    call.refresh_from_db()
    assert answer.url == at(host, "ours-one", pk=follows.pk)
    assert (follows.follows, call.ended_on) == (call, date(2026, 12, 23))
    assert dates(call) == ["26 Nov 20:00"]
    assert dates(follows) == ["23 Dec 20:00", "27 Jan 20:00", "24 Feb 20:00"]
    assert told(peer) == 0  # their date is as it was
    assert Coming.objects.count() == 1
    due(now=now + timedelta(days=90))
    assert len(dates(call)) == 1
    assert len(dates(follows)) > 3


def test_from_the_first_date_on_is_all(call, host, client_of, at):
    url = at(host, "ours-change", pk=call.pk) + f"?since={first_of(call).pk}"
    client_of(host).post(url, SAID | {"time": "18:00"})
    assert Rhythm.objects.count() == 1
    assert dates(call)[0] == "26 Nov 18:00"


def test_another_name_keeps_its_step(call, host, client_of, at):
    client_of(host).post(at(host, "ours-change", pk=call.pk), SAID | {"name": "Open ears"})
    call.refresh_from_db()
    assert (call.name, call.starts_on, call.rule) == (
        "Open ears",
        date(2026, 11, 26),
        "FREQ=MONTHLY;BYDAY=4TH",
    )
    assert dates(call)[0] == "26 Nov 20:00"


def test_a_change_keeps_what_was(call, host, now):
    first_of(call).come(answer="coming", by=host, now=now)
    after = now + timedelta(days=10)
    said = ours.said_of(call, None, now=after)
    assert said.starts_on == date(2026, 12, 24)
    ours.change(call, replace(said, starts_on=date(2026, 12, 22)), since=None, by=host, now=after)
    assert dates(call) == ["26 Nov 20:00", "22 Dec 20:00", "26 Jan 20:00", "23 Feb 20:00"]
    assert Coming.objects.count() == 1


def test_a_rarer_tempo_drops_what_nobody_answered(host, peer, client_of, at, now):
    client_of(host).post(at(host, "ours-new"), SAID | {"tempo": "weekly"})
    rhythm = Rhythm.objects.get()
    last = rhythm.meetings.order_by("starts_at").last()
    last.come(answer="coming", by=peer, now=now)
    client_of(host).post(at(host, "ours-change", pk=rhythm.pk), SAID)
    assert dates(rhythm) == ["26 Nov 20:00", "24 Dec 20:00", "28 Jan 20:00"]
    last.refresh_from_db()
    assert last.state == "cancelled"
    assert rhythm.meetings.count() == 4
    assert told(peer) == 1


def test_another_place_goes_to_the_dates_that_had_it(call, host, peer, client_of, at, now):
    first, second, _third = call.meetings.order_by("starts_at")
    second.replan(starts_at=second.starts_at, place="Library", link="", agenda="", by=host, now=now)
    first.come(answer="late", by=peer, now=now)
    client_of(host).post(at(host, "ours-change", pk=call.pk), SAID | {"place": "Hall", "link": ""})
    places = [row.plan.place for row in call.meetings.order_by("starts_at")]
    assert places == ["Hall", "Library", "Hall"]
    assert told(peer) == 1


def test_change_refuses(call, host, peer, outsider, client_of, at):
    url = at(host, "ours-change", pk=call.pk)
    assert client_of(peer).post(url, SAID | {"time": "18:00"}).status_code == 403
    assert client_of(outsider).post(url, SAID | {"time": "18:00"}).status_code == 404
    past = client_of(host).post(url, SAID | {"date": "2026-11-12"})
    assert past.status_code == 422
    assert "Choose a day that is still to come." in past.content.decode()
    for since in ("x", "6f1e7e0e-1f67-4a4f-9d5c-3a5a36f2a7b1"):
        assert client_of(host).get(f"{url}?since={since}").status_code == 404
    assert dates(call)[0] == "26 Nov 20:00"


def test_change_twice_is_once(call, host, peer, client_of, at, now):
    first_of(call).come(answer="coming", by=peer, now=now)
    for _ in "ab":
        client_of(host).post(at(host, "ours-change", pk=call.pk), SAID | {"time": "19:00"})
    assert told(peer) == 1
    assert Event.objects.filter(verb="rhythm.change").count() == 1


# ---- end


def test_end(call, host, peer, client_of, at, now):
    first_of(call).come(answer="coming", by=peer, now=now)
    for _ in "ab":
        assert client_of(host).post(at(host, "ours-end", pk=call.pk)).url == at(host, "ours")
    assert dates(call) == []
    assert call.meetings.count() == 1
    assert told(peer) == 1
    page = client_of(peer).get(at(peer, "notices")).content.decode()
    assert "Peer-support call has come to its end." in page
    due(now=now + timedelta(days=90))
    assert dates(call) == []
    assert Event.objects.filter(verb="rhythm.end").count() == 1
    answer = client_of(host).post(at(host, "ours-change", pk=call.pk), SAID | {"time": "19:00"})
    assert answer.status_code == 422


def test_end_takes_a_host(call, host, peer, outsider, client_of, at):
    url = at(host, "ours-end", pk=call.pk)
    assert client_of(peer).post(url).status_code == 403
    assert client_of(outsider).post(url).status_code == 404
    assert client_of(host).get(url).status_code == 405
    assert len(dates(call)) == 3


def test_many_cost_as_much_as_few(call, host, peer, client_of, at, now):
    def count():
        with CaptureQueriesContext(connection) as context:
            for name, keys in (("ours", {}), ("ours-one", {"pk": call.pk})):
                assert browser.get(at(host, name, **keys)).status_code == 200
        return len(context)

    browser = client_of(host)
    few = count()
    for number in range(8):
        browser.post(at(host, "ours-new"), SAID | {"name": f"Call {number}"})
    for meeting in Meeting.objects.filter(rhythm__crew=None):
        meeting.come(answer="coming", by=peer, now=now)
    browser.get(at(host, "me"))  # which shows what the forms had to say
    assert count() == few


def test_eight_stays_eight_over_a_clock_change(host, client_of, at):
    client_of(host).post(at(host, "ours-new"), SAID | {"tempo": "weekly", "date": "2027-03-25"})
    rhythm = Rhythm.objects.get()
    assert {row[-5:] for row in dates(rhythm)} == {"20:00"}
    assert {row.starts_at.hour for row in rhythm.meetings.all()} == {7, 8}
