"""Coming, late, or can't: one tap, changeable until it ends."""

from datetime import date, timedelta

import pytest

from congregation import clock
from congregation.models import Event
from crews.models import Hello, Seat
from rhythms.models import Coming, Meeting


def test_one_tap(ahead, member, client_of, at):
    url = at(member, "coming", pk=ahead.pk)
    answer = client_of(member).post(url, {"answer": "coming"})
    assert answer.status_code == 302
    assert answer.url.endswith(f"/crews/{ahead.crew_id}/#next")
    coming = Coming.objects.get()
    assert (coming.member, coming.answer, coming.word) == (member, "coming", "")


def test_a_word_and_what_i_bring(ahead, member, mate, client_of, at):
    said = {"answer": "late", "word": "7:20, after swimming", "brings": "soup", "here": "meeting"}
    answer = client_of(member).post(at(member, "coming", pk=ahead.pk), said)
    assert answer.url == ahead.get_absolute_url()
    page = client_of(mate).get(at(mate, "meeting", pk=ahead.pk)).content.decode()
    assert "7:20, after swimming" in page
    assert "Brings soup" in page


def test_htmx_gets_the_card(ahead, member, client_of, at, htmx):
    url = at(member, "coming", pk=ahead.pk)
    answer = client_of(member).post(url, {"answer": "coming"}, headers=htmx)
    words = answer.content.decode()
    assert answer.status_code == 200
    assert 'id="coming"' in words
    assert "<html" not in words
    assert 'value="coming" aria-pressed="true"' in words


def test_who_cannot_come_changes_the_picture_so_the_page_is_loaded_anew(
    ahead, member, client_of, at, htmx
):
    url = at(member, "coming", pk=ahead.pk)
    answer = client_of(member).post(url, {"answer": "cant"}, headers=htmx)
    assert answer.headers["HX-Redirect"].endswith("#next")
    here = htmx | {"HX-Current-URL": f"http://testserver{at(member, 'crew', pk=ahead.crew_id)}"}
    client_of(member).post(url, {"answer": "late"}, headers=here)
    answer = client_of(member).post(url, {"answer": "cant"}, headers=here)
    assert answer.headers["HX-Refresh"] == "true"
    page = client_of(member).get(at(member, "crew", pk=ahead.crew_id)).content.decode()
    assert "Away, with a seat that waits: Ana." in page


def test_twice_is_once_and_it_can_be_changed(ahead, member, client_of, at):
    browser, url = client_of(member), at(member, "coming", pk=ahead.pk)
    for _ in range(2):
        browser.post(url, {"answer": "coming", "word": "Gladly"})
    assert Event.objects.filter(verb="meeting.come").count() == 1
    browser.post(url, {"answer": "cant"})
    coming = Coming.objects.get()
    # What wasn't sent along stays as it was.
    assert (coming.answer, coming.word) == ("cant", "Gladly")


@pytest.mark.parametrize("said", [{}, {"answer": ""}, {"answer": "perhaps"}])
def test_no_answer_keeps_the_words(ahead, member, client_of, at, htmx, said):
    answer = client_of(member).post(
        at(member, "coming", pk=ahead.pk), said | {"word": "Kept"}, headers=htmx
    )
    assert answer.status_code == 422
    assert 'value="Kept"' in answer.content.decode()
    assert not Coming.objects.exists()


def test_the_turn_passes_on_when_the_facilitator_cannot_come(
    ahead, facilitator, member, client_of, at
):
    assert ahead.plan.facilitator == facilitator
    client_of(facilitator).post(at(facilitator, "coming", pk=ahead.pk), {"answer": "cant"})
    ahead.plan.refresh_from_db()
    assert ahead.plan.facilitator == member
    assert [notice.kind for notice in member.notices.all()] == ["rhythms.turn"]


def test_not_after_its_end(past, member, client_of, at):
    answer = client_of(member).post(at(member, "coming", pk=past.pk), {"answer": "late"})
    assert answer.status_code == 302
    assert not Coming.objects.exists()


def test_until_its_end(ahead, member, client_of, at, now):
    clock.move(ahead.ends_at - now - timedelta(minutes=1))
    client_of(member).post(at(member, "coming", pk=ahead.pk), {"answer": "late"})
    assert Coming.objects.get().answer == "late"


def test_a_pair_answers_too(congregation, member, peer, client_of, at, now):
    first, second = sorted([member, peer], key=lambda person: person.pk)
    hello = Hello.objects.create(congregation=congregation, first=first, second=second, made_at=now)
    meeting = Meeting.objects.create(
        congregation=congregation,
        hello=hello,
        starts_at=now + timedelta(days=2),
        ends_at=now + timedelta(days=2, hours=1),
        zone="Pacific/Auckland",
    )
    client_of(member).post(at(member, "coming", pk=meeting.pk), {"answer": "coming"})
    page = client_of(peer).get(at(peer, "meeting", pk=meeting.pk)).content.decode()
    assert "Ana and you" in page
    assert "Only the two of you can see this page" in page


def test_who_may_not(ahead, peer, host, outsider, mate, member, client_of, at):
    said = {"answer": "coming"}
    Seat.objects.filter(member=mate).update(kept_until=date(2027, 1, 1))
    assert client_of(mate).post(at(mate, "coming", pk=ahead.pk), said).status_code == 403
    for stranger in (peer, host, outsider):
        url = at(stranger, "coming", pk=ahead.pk)
        assert client_of(stranger).post(url, said).status_code == 404
    assert client_of(member).get(at(member, "coming", pk=ahead.pk)).status_code == 405
    assert not Coming.objects.exists()
