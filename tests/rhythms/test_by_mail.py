"""The links in mails that name a meeting: one person, one meeting, one form, and no sign-in."""

import re
from datetime import date, timedelta
from urllib.parse import urlsplit

import pytest
from django.core import mail

from congregation import clock, outbox
from congregation.models import Event, Notice
from crews.models import Hello, Seat
from hall import leaving
from rhythms import links, reminding
from rhythms.models import Coming, Correction, Log, LookBack, Meeting, Mood, Plan, Presence

LATER = timedelta(minutes=5)


def path(url):
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


@pytest.fixture
def coming(ahead, member):
    """Ana's link of the meeting to come."""
    return path(links.link("coming", ahead, member))


@pytest.fixture
def noting(past, member):
    """Ana's link of yesterday's meeting."""
    return path(links.link("we-met", past, member))


def chosen(page):
    return re.findall(r'name="answer" value="(\w+)"[^>]* checked', page.content.decode())


# ---- whether one comes


@pytest.mark.parametrize("answer", ["coming", "late", "cant"])
def test_opening_it_chooses_and_changes_nothing(ahead, member, client, answer):
    page = client.get(path(links.link("coming", ahead, member, answer)))
    assert page.status_code == 200
    assert chosen(page) == [answer]
    assert page.headers["Referrer-Policy"] == "strict-origin"
    assert "no-store" in page.headers["Cache-Control"]
    assert not Coming.objects.exists()
    assert not Event.objects.filter(verb="meeting.come").exists()


def test_one_button_says_it_and_twice_is_once(ahead, member, client, coming):
    for _ in range(2):
        page = client.post(coming, {"answer": "late"})
        assert page.status_code == 200
        assert "Your answer: Late." in page.content.decode()
    said = Coming.objects.get()
    assert (said.member, said.answer, said.meeting) == (member, "late", ahead)
    assert Event.objects.filter(verb="meeting.come").count() == 1
    client.post(coming, {"answer": "cant"})
    assert Coming.objects.get().answer == "cant"


def test_what_was_said_before_is_not_on_the_page(ahead, mate, client, member, coming, now):
    ahead.come(answer="cant", by=member, word="In Wellington", now=now)
    ahead.come(answer="late", by=mate, word="After swimming", now=now)
    page = client.get(coming)
    words = page.content.decode()
    assert chosen(page) == ["coming"]
    for private in ("Wellington", "swimming", "Dov", "Joel’s kitchen", "her"):
        assert private not in words.split("<main")[1].split("</main")[0]
    client.post(coming, {"answer": "late"})
    # A word that was said stays.
    assert Coming.objects.get(member=member).word == "In Wellington"


def test_no_answer_is_asked_again(client, coming):
    for said in ({}, {"answer": "perhaps"}):
        assert client.post(coming, said).status_code == 422
    assert not Coming.objects.exists()


def test_the_last_moment(ahead, client, coming, now):
    clock.move(ahead.ends_at - now - timedelta(minutes=1))
    assert client.post(coming, {"answer": "late"}).status_code == 200
    clock.move(timedelta(minutes=1))
    assert client.get(coming).status_code == 404
    assert client.post(coming, {"answer": "coming"}).status_code == 404
    assert Coming.objects.get().answer == "late"


# ---- who holds a link that is over


def left(meeting, member, mate, now):
    leaving.leave(member, by=member, now=now)


def left_crew(meeting, member, mate, now):
    meeting.crew.leave(by=member, now=now)


def stepped_back(meeting, member, mate, now):
    Seat.objects.filter(member=member).update(kept_until=date(2027, 1, 1))


def away(meeting, member, mate, now):
    member.go_away(by=member, now=now)


@pytest.mark.parametrize("how", [left, left_crew, stepped_back, away])
def test_it_ends_with_the_seat(ahead, past, member, mate, client, coming, noting, how, now):
    how(ahead, member, mate, now)
    for url, said in ((coming, {"answer": "coming"}), (noting, {"held": 1, "here": [mate.pk]})):
        assert client.get(url).status_code == 404
        assert client.post(url, said).status_code == 404
    assert not Coming.objects.exists()
    assert not Log.objects.exists()


def test_called_off_or_moved(ahead, mate, client, coming, now):
    ahead.call_off(by=mate, now=now)
    assert client.get(coming).status_code == 404
    ahead.put_back(by=mate, now=now)
    assert client.get(coming).status_code == 200
    ahead.move(starts_at=ahead.starts_at + timedelta(hours=1), by=mate, now=now)
    page = client.get(coming)
    # Where and when it is now, the old mail didn't say.
    assert page.status_code == 404
    assert "Seed Library" not in page.content.decode()


def test_a_link_does_one_thing(ahead, past, member, mate, client, coming, noting):
    token = coming.split("/")[-2]
    assert client.get(noting.replace(noting.split("/")[-2], token)).status_code == 404
    for wrong in ("x" * 98, token[:-1] + ("A" if token[-1] != "A" else "B"), token.swapcase(), "."):
        assert client.get(coming.replace(token, wrong)).status_code == 404
        assert client.post(coming.replace(token, wrong), {"answer": "late"}).status_code == 404
    client.post(coming, {"answer": "coming", "member": mate.pk, "word": "Hi", "brings": "All"})
    said = Coming.objects.get()
    assert (said.member, said.word, said.brings) == (member, "", "")
    # It signs nobody in.
    assert "sessionid" not in client.cookies
    assert client.get(ahead.get_absolute_url()).status_code == 302
    for method in ("put", "delete", "patch"):
        assert getattr(client, method)(coming).status_code == 405


def test_the_two_of_a_hello(congregation, member, peer, mate, client, now):
    first, second = sorted([member, peer], key=lambda person: person.pk)
    hello = Hello.objects.create(congregation=congregation, first=first, second=second, made_at=now)
    meeting = Meeting.objects.create(
        congregation=congregation,
        hello=hello,
        starts_at=now + timedelta(days=2),
        ends_at=now + timedelta(days=2, hours=1),
        zone="Pacific/Auckland",
    )
    assert (
        client.post(path(links.link("coming", meeting, peer)), {"answer": "late"}).status_code
        == 200
    )
    assert Coming.objects.get().member == peer
    assert client.get(path(links.link("coming", meeting, mate))).status_code == 404
    assert client.get(path(links.link("we-met", meeting, peer))).status_code == 404


# ---- we met


def test_three_taps(past, member, mate, facilitator, client, noting, now):
    past.come(answer="cant", by=mate, now=past.starts_at - timedelta(days=1))
    page = client.get(noting)
    words = page.content.decode()
    assert page.status_code == 200
    ticked = re.findall(r'name="here" value="([^"]+)"[^>]* checked', words)
    assert set(ticked) == {str(member.pk), str(facilitator.pk)}
    # Who said what is the crew's, not of whoever has the mail.
    assert "said can" not in words
    assert "/pictures/" not in words
    assert not Log.objects.exists()
    said = {"held": "1", "here": [member.pk, facilitator.pk]}
    for _ in range(2):
        page = client.post(noting, said)
        assert page.status_code == 200
        assert "It is noted" in page.content.decode()
    past.refresh_from_db()
    assert (past.state, past.came, past.seated) == ("held", 2, 3)
    assert Log.objects.get().logged_by == member
    assert Event.objects.filter(verb="meeting.log").count() == 1


def test_what_is_noted_it_neither_shows_nor_corrects(past, member, mate, client, noting, now):
    past.log(here=[member], by=mate, now=now, note="Rain", mood="tense")
    page = client.get(noting)
    assert "It is noted" in page.content.decode()
    for private in ("Rain", "Dov", "tense", 'name="here"'):
        assert private not in page.content.decode()
    client.post(noting, {"held": "1", "here": [member.pk, mate.pk]})
    client.post(noting, {"not_held": "1"})
    past.refresh_from_db()
    assert (past.state, past.came) == ("held", 1)
    assert not Correction.objects.exists()


def test_it_takes_neither_mood_nor_words(past, member, client, noting):
    client.post(noting, {"held": "1", "here": [member.pk], "mood": "tense", "note": "Boo"})
    assert Log.objects.get().note == ""
    assert not Mood.objects.exists()


def test_we_did_not_meet(past, client, noting):
    for _ in range(2):
        page = client.post(noting, {"not_held": "1"})
        assert "a rest" in page.content.decode()
    past.refresh_from_db()
    assert past.state == "not_held"
    assert Event.objects.filter(verb="meeting.not_held").count() == 1


def test_nobody_there_is_asked_again(past, client, noting, peer):
    assert client.post(noting, {"held": "1"}).status_code == 422
    assert client.post(noting, {"held": "1", "here": [peer.pk]}).status_code == 422
    assert not Presence.objects.exists()


def test_from_its_beginning_for_a_week(ahead, member, client, now):
    url = path(links.link("we-met", ahead, member))
    page = client.get(url)
    assert page.status_code == 409
    assert "Not yet" in page.content.decode()
    assert client.post(url, {"held": "1", "here": [member.pk]}).status_code == 409
    clock.move(ahead.starts_at - now)
    assert client.get(url).status_code == 200
    clock.move(ahead.ends_at - ahead.starts_at + links.NOTED_WITHIN)
    assert client.get(url).status_code == 404
    ahead.refresh_from_db()
    assert ahead.state == "planned"


def test_not_after_the_reveal(past, commitment, crew, member, client, noting, now):
    LookBack.objects.create(
        congregation=crew.congregation,
        crew=crew,
        commitment=commitment,
        opened_at=now,
        closes_at=now,
        revealed_at=now,
    )
    assert client.post(noting, {"held": "1", "here": [member.pk]}).status_code == 422
    assert client.post(noting, {"not_held": "1"}).status_code == 422
    assert not Log.objects.exists()


def test_a_partnership(
    seated_crew, make_commitment, member, peer, host, client, client_of, at, now
):
    pair = seated_crew(
        "Ana and Noor", [member, peer], is_partnership=True, seats_max=2, state="active"
    )
    meeting = make_commitment(pair, member).meetings.get(number=3)
    url = path(links.link("we-met", meeting, peer))
    assert "Only you two see it" in client.get(url).content.decode()
    client.post(url, {"held": "1", "here": [member.pk, peer.pk]})
    meeting.refresh_from_db()
    assert (meeting.state, meeting.came) == ("held", 2)
    assert client_of(host).get(at(host, "meeting", pk=meeting.pk)).status_code == 404


# ---- the mails


def sent_to(person, kind, now):
    outbox.deliver(now=now)
    found = [one for one in mail.outbox if one.to == [person.user.email]]
    assert found, kind
    return found[-1]


def links_in(message, what):
    html = message.alternatives[0].content
    found = [
        set(re.findall(rf"http://[^\s\"<]+/{what}/[^\s\"<]+", text))
        for text in (message.body, html)
    ]
    assert found[0] == found[1]
    return sorted(found[0])


@pytest.fixture
def proven():
    mail.outbox = []


def test_the_mail_before_it(ahead, member, facilitator, client, proven, now):
    soon = ahead.starts_at - timedelta(hours=10)
    clock.move(soon - now)
    reminding.remind_of_near(now=soon)
    message = sent_to(member, "soon", soon)
    asked = links_in(message, "coming")
    assert [url.partition("?answer=")[2] for url in asked] == ["cant", "coming", "late"]
    assert client.post(path(asked[0]), {"answer": "cant"}).status_code == 200
    assert Coming.objects.get().member == member
    # Noting it afterwards is asked of whose turn it is.
    assert not links_in(message, "we-met")
    theirs = links_in(sent_to(facilitator, "soon", soon), "we-met")
    assert client.get(path(theirs[0])).status_code == 409


def test_the_mail_after_it(past, mate, client, proven, now):
    asking = past.ends_at + timedelta(days=1)
    clock.move(asking - now)
    reminding.ask_about_past(now=asking)
    (url,) = links_in(sent_to(mate, "did you meet", asking), "we-met")
    assert client.get(path(url)).status_code == 200


def test_the_mail_that_it_has_moved(ahead, member, mate, client, proven, now):
    ahead.move(starts_at=ahead.starts_at + timedelta(days=1), by=mate, now=now)
    message = sent_to(member, "moved", now)
    assert (
        client.post(path(links_in(message, "coming")[1]), {"answer": "coming"}).status_code == 200
    )
    ahead.call_off(by=mate, now=now + LATER)
    assert not links_in(sent_to(member, "moved", now + LATER), "coming")


def test_the_line_among_the_notices_has_no_link(ahead, member, client_of, at, now):
    plan = Plan.objects.get(meeting=ahead)
    Notice.tell("rhythms.meeting_soon", [member], plan, now=now)
    page = client_of(member).get(at(member, "notices")).content.decode()
    assert "/coming/" not in page.replace(str(ahead.pk), "")
