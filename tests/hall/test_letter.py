"""The hosts' letter: written together, sent once, read by everyone; and what it tells by itself."""

import re
from datetime import timedelta

import pytest
from django.core import mail as post
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from congregation import outbox
from congregation.models import Congregation, Event, Letter, Mail, Member, Notice, NoticeChoice
from crews.models import Crew, Idea, Lesson
from hall import letters
from hall.sweep import due
from rhythms.models import Evening, Meeting

ALL = [of.value for of in Letter.Of]
WORDS = "We met by the river.\n\nBring soup: https://example.org/soup"
FORM = {"version": "0", "title": "Late spring", "words": WORDS, "of": ALL}


@pytest.fixture
def draft(host, now):
    return Letter.write(title="Late spring", words=WORDS, of=ALL, version=0, by=host, now=now)


@pytest.fixture
def second_host(make_host):
    return make_host("Rua Kingi")


@pytest.fixture
def sent(draft, host, member, mate, now):
    letters.send(draft, version=draft.version, by=host, now=now)
    return draft


def test_a_host_writes_reads_and_sends(host, member, client_of, at, now):
    browser = client_of(host)
    assert "Your first one" in browser.get(at(host, "letter-write")).text
    answer = browser.post(at(host, "letter-write"), FORM)
    draft = Letter.objects.get()
    assert answer.headers["Location"] == at(host, "letter", pk=draft.pk)
    page = browser.get(at(host, "letter", pk=draft.pk)).text
    assert "A draft: this is how everyone will read it." in page
    assert "It goes to 2 people" in page
    assert client_of(member).get(at(member, "letter", pk=draft.pk)).status_code == 404
    assert "Late spring" not in client_of(member).get(at(member, "letters")).text
    for _time in range(2):
        browser.post(at(host, "letter-send", pk=draft.pk), {"version": draft.version})
    draft.refresh_from_db()
    assert (draft.sent_by, draft.sent_at) == (host, now)
    page = client_of(member).get(at(member, "letter", pk=draft.pk)).text
    assert "We met by the river." in page
    assert '<a href="https://example.org/soup" rel="nofollow">' in page
    assert "sent by Mei Ropata" in page
    assert Event.objects.filter(verb="letter.send").count() == 1
    assert Notice.objects.filter(kind="hall.letter", recipient=member).count() == 1
    assert Mail.objects.filter(kind="hall.letter").count() == 2


def test_other_hosts_see_the_draft_and_go_on_with_it(draft, second_host, client_of, at, now):
    browser = client_of(second_host)
    assert "Mei saved it" in browser.get(at(second_host, "letters")).text
    page = browser.get(at(second_host, "letter-write")).text
    assert "We met by the river." in page
    browser.post(at(second_host, "letter-write"), {**FORM, "version": "1", "title": "Spring"})
    draft.refresh_from_db()
    assert (draft.title, draft.version, draft.written_by) == ("Spring", 2, second_host)
    assert Letter.objects.count() == 1


def test_neither_of_two_who_write_at_once_is_overwritten(draft, host, second_host, client_of, at):
    client_of(host).post(at(host, "letter-write"), {**FORM, "version": "1", "title": "Mine"})
    late = {**FORM, "version": "1", "title": "Theirs"}
    answer = client_of(second_host).post(at(second_host, "letter-write"), late)
    assert answer.status_code == 422
    assert "Another host has saved the draft meanwhile" in answer.text
    assert "Mine" in answer.text
    assert "Theirs" in answer.text
    draft.refresh_from_db()
    assert draft.title == "Mine"


def test_what_was_changed_since_one_read_it_is_not_sent(draft, host, second_host, client_of, at):
    client_of(second_host).post(
        at(second_host, "letter-write"), {**FORM, "version": "1", "title": "X"}
    )
    answer = client_of(host).post(
        at(host, "letter-send", pk=draft.pk), {"version": "1"}, follow=True
    )
    assert "The draft was changed since you read it" in answer.text
    assert not Letter.objects.sent().exists()
    assert not Notice.objects.filter(kind="hall.letter").exists()


def test_only_hosts_write_and_send(draft, member, outsider, client_of, at, now):
    for person, code in ((member, 403), (outsider, 404)):
        browser = client_of(person)
        assert browser.get(at(member, "letter-write")).status_code == code
        assert browser.post(at(member, "letter-write"), FORM).status_code == code
        assert browser.post(at(member, "letter-every"), {"every": "3"}).status_code == code
        # A draft isn't there for them.
        assert browser.post(at(member, "letter-send", pk=draft.pk)).status_code == 404
        with pytest.raises(PermissionDenied):
            letters.send(draft, version=1, by=person, now=now)
    with pytest.raises(PermissionDenied):
        Letter.write(title="X", words="X", of=[], version=1, by=member, now=now)


def test_sending_and_the_tempo_are_only_posted(draft, host, client_of, at):
    assert client_of(host).get(at(host, "letter-send", pk=draft.pk)).status_code == 405
    assert client_of(host).get(at(host, "letter-every")).status_code == 405


def test_an_empty_letter_is_refused(host, client_of, at):
    answer = client_of(host).post(at(host, "letter-write"), {**FORM, "words": " "})
    assert answer.status_code == 422
    assert not Letter.objects.exists()


def test_a_new_draft_after_one_was_sent(sent, host, now):
    with pytest.raises(ValidationError):
        Letter.write(title="Old", words="Old", of=[], version=1, by=host, now=now)
    again = Letter.write(title="New", words="New", of=[], version=0, by=host, now=now)
    assert again.pk != sent.pk
    sent.refresh_from_db()
    assert sent.title == "Late spring"


def test_by_mail_at_once_with_one_click_to_stop_it(sent, member, now):
    assert outbox.deliver(now=now) == 3
    message = next(one for one in post.outbox if one.to == [member.user.email])
    assert message.subject == "A letter from your hosts"
    assert "Hello Ana," in message.body
    assert "Bring soup: https://example.org/soup" in message.body
    html = message.alternatives[0].content
    assert "<p>We met by the river.</p>" in html
    header = message.extra_headers["List-Unsubscribe"].strip("<>")
    Client().post(header.removeprefix("http://localhost:8000"), {"List-Unsubscribe": "One-Click"})
    assert NoticeChoice.objects.get(member=member).kind == "hall.letter"


def test_in_the_digest_for_who_wants_that(draft, host, member, now):
    NoticeChoice.choose(member, "letter", "weekly", by=member)
    letters.send(draft, version=1, by=host, now=now)
    assert not Mail.objects.filter(notice__recipient=member).exists()
    due(now=now + timedelta(days=4))
    outbox.deliver(now=now + timedelta(days=4))
    digest = next(one for one in post.outbox if one.to == [member.user.email])
    assert "A letter from your hosts: Late spring" in digest.body


def test_whoever_comes_later_reads_it_and_isnt_mailed(sent, make_member, client_of, at):
    late = make_member("Late Comer")
    assert "Late spring" in client_of(late).get(at(late, "letters")).text
    assert not Notice.objects.filter(recipient=late).exists()


def test_what_it_tells_by_itself(world, host, member, mate, client_of, at, now):
    Letter.objects.all().delete()
    Idea.objects.update(place="Hall")
    draft = Letter.write(title="News", words="Dear all", of=ALL, version=0, by=host, now=now)
    letters.send(draft, version=1, by=host, now=now)
    page = client_of(member).get(at(member, "letter", pk=draft.pk)).text
    for words in ["New crews", "Film Night", "Open seats", "5 seats are open", "Mending Circle"]:
        assert words in page
    for words in ["Soup", "Thu 19 Nov, 8:00 pm", "Begin with food."]:
        assert words in page
    text = outbox_text(mate, now)
    for words in ["Film Night", "Mending Circle", "Begin with food.", "Soup: Thu 19 Nov"]:
        assert words in text
    assert "http://localhost:8000/c/otaki/crews/" in text


def outbox_text(person, now):
    Mail.objects.exclude(kind="hall.letter").delete()
    outbox.deliver(now=now)
    return next(one for one in post.outbox if one.to == [person.user.email]).body


def test_in_each_readers_zone(world, host, mate, now):
    Letter.objects.all().delete()
    mate.user.read_in("America/Lima")
    draft = Letter.write(title="News", words="Dear all", of=["dates"], version=0, by=host, now=now)
    letters.send(draft, version=1, by=host, now=now)
    # Noon in Auckland the day after is still the day before in Lima.
    assert "Soup: Thu 19 Nov, 2:00 am" in outbox_text(mate, now + timedelta(hours=8))


@pytest.mark.parametrize("what", ["partnership", "meeting", "lesson", "ended", "idea"])
def test_nothing_that_a_member_could_not_see(world, host, member, client_of, at, now, what):
    """A host sees more than a member; the letter doesn't, nor what was taken back since."""
    Letter.objects.all().delete()
    crew = Crew.objects.get(pk=world["crew"]["pk"])
    own = {"congregation": host.congregation}
    draft = Letter.write(title="News", words="Dear all", of=ALL, version=0, by=host, now=now)
    if what == "partnership":
        pair = Crew.objects.create(
            **own, name="Two of Us", is_partnership=True, seats_max=2, founded_at=now
        )
        pair.seat(host, by=None, now=now)
    letters.send(draft, version=1, by=host, now=now)
    if what == "lesson":
        Lesson.objects.all().delete()
    elif what == "ended":
        Crew.objects.filter(name="Film Night").update(state="ended", ended_at=now)
    elif what == "idea":
        Idea.objects.update(state="closed")
    pages = [
        client_of(person).get(at(person, "letter", pk=draft.pk)).text for person in (host, member)
    ]
    for page in pages:
        assert "Dear all" in page
        assert "Two of Us" not in page
        assert str(world["meeting"]["pk"]) not in page
        assert ("Begin with food." in page) == (what != "lesson")
        assert ("Film Night" in page) == (what != "ended")
        assert ("Mending Circle" in page) == (what != "idea")
    assert crew.name in pages[1]


def test_only_what_the_hosts_chose(world, host, member, client_of, at, now):
    Letter.objects.all().delete()
    draft = Letter.write(title="News", words="Dear all", of=["dates"], version=0, by=host, now=now)
    letters.send(draft, version=1, by=host, now=now)
    page = client_of(member).get(at(member, "letter", pk=draft.pk)).text
    assert "Soup" in page
    assert "Film Night" not in page


def test_dates_that_were_called_off_are_gone(world, host, member, client_of, at, now):
    Letter.objects.all().delete()
    draft = Letter.write(title="News", words="Dear all", of=ALL, version=0, by=host, now=now)
    letters.send(draft, version=1, by=host, now=now)
    Evening.objects.get().call_off(by=host, now=now)
    assert Meeting.objects.get(evening__isnull=False).state == "cancelled"
    assert "Soup" not in client_of(member).get(at(member, "letter", pk=draft.pk)).text


def test_words_of_hosts_are_words(sent, host, member, client_of, at):
    Letter.objects.update(
        title="<b>Bold</b>", words="<script>alert(1)</script>\njavascript:alert(1)"
    )
    page = client_of(member).get(at(member, "letter", pk=sent.pk)).text
    assert "<script>alert" not in page
    assert 'href="javascript' not in page
    assert "<b>Bold</b>" not in page


def test_for_the_chat_a_link_that_says_nothing(sent, member, outsider, client, client_of, at):
    page = client_of(member).get(at(member, "letter", pk=sent.pk)).text
    path = re.search(r"http://localhost:8000(/n/\w+)", page)[1]
    assert client_of(member).get(path).headers["Location"] == at(member, "letter", pk=sent.pk)
    assert client_of(outsider).get(path).status_code == 404
    assert "/accounts/login/" in client.get(path).headers["Location"]


def test_outsiders_find_nothing(sent, member, outsider, client_of, at):
    assert client_of(outsider).get(at(member, "letters")).status_code == 404
    assert client_of(outsider).get(at(member, "letter", pk=sent.pk)).status_code == 404


def test_home_shows_the_latest_for_a_month(sent, member, client_of, at):
    assert "Late spring" in client_of(member).get(at(member, "home")).text
    Letter.objects.update(sent_at=sent.sent_at - timedelta(days=40))
    assert "Late spring" not in client_of(member).get(at(member, "home")).text


def test_who_has_read_it_is_nowhere(sent, host, member, client_of, at):
    """Reading changes no row; the notice is its reader's alone."""
    page = at(member, "letter", pk=sent.pk)
    with CaptureQueriesContext(connection) as cost:
        client_of(member).get(page)
    writes = [row["sql"] for row in cost if row["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]
    assert not [sql for sql in writes if "session" not in sql and "last_login" not in sql]
    assert client_of(host).get(page).text.count("Ana") == 0


def test_two_hundred_cost_what_two_do(draft, host, make_member, now):
    costs = []
    for number in (2, 60):
        Member.objects.exclude(pk=host.pk).delete()
        Letter.objects.exclude(pk=draft.pk).delete()
        Letter.objects.update(sent_at=None, sent_by=None)
        for i in range(number):
            make_member(f"P{number}x{i} Test")
        draft.refresh_from_db()
        with CaptureQueriesContext(connection) as cost:
            assert letters.send(draft, version=draft.version, by=host, now=now)
        costs.append(len(cost))
        assert Mail.objects.filter(kind="hall.letter").count() == number + 1
        Notice.objects.all().delete()
    assert costs[0] == costs[1]


def test_any_number_of_rows_costs_the_same(world, host, member, client_of, at, now):
    Letter.objects.all().delete()
    costs = []
    browser = client_of(member)
    for number in (1, 8):
        for i in range(number):
            Crew.objects.create(
                congregation=host.congregation, name=f"C{number}x{i}", founded_at=now
            )
        draft = Letter.write(title=f"N{number}", words="x", of=ALL, version=0, by=host, now=now)
        letters.send(draft, version=1, by=host, now=now)
        Letter.objects.exclude(pk=draft.pk).delete()
        browser.get(at(member, "letter", pk=draft.pk))
        with CaptureQueriesContext(connection) as cost:
            browser.get(at(member, "letter", pk=draft.pk))
        costs.append(len(cost))
        Letter.objects.all().delete()
    assert costs[0] == costs[1]


# ---- a word when it is time


def reminded():
    return list(Notice.objects.filter(kind="hall.letter_due").values_list("recipient", flat=True))


def test_hosts_are_reminded_once_when_it_is_time(sent, host, second_host, now):
    assert letters.remind(now=now + timedelta(days=27)) == 0
    for days in (33, 34, 90):
        letters.remind(now=now + timedelta(days=days))
    assert sorted(reminded()) == sorted([host.pk, second_host.pk])


def test_a_congregation_without_any_letter_is_reminded_too(host, client_of, at, now):
    assert letters.remind(now=now) == 1
    assert reminded() == [host.pk]
    page = client_of(host).get(at(host, "notices")).text
    assert "It is time for a letter to everyone in Otaki." in page


def test_as_often_as_they_set_it(sent, host, client_of, at, now):
    browser = client_of(host)
    browser.post(at(host, "letter-every"), {"every": "3"})
    assert letters.remind(now=now + timedelta(days=80)) == 0
    assert letters.remind(now=now + timedelta(days=95)) == 1
    Notice.objects.all().delete()
    browser.post(at(host, "letter-every"), {"every": "0"})
    assert Congregation.objects.get(pk=host.congregation_id).letter_every == 0
    assert letters.remind(now=now + timedelta(days=900)) == 0


def test_the_next_letter_begins_the_time_anew(sent, host, now):
    later = now + timedelta(days=40)
    letters.remind(now=later)
    again = Letter.write(title="Two", words="Two", of=[], version=0, by=host, now=later)
    letters.send(again, version=1, by=host, now=later)
    assert letters.remind(now=later + timedelta(days=20)) == 0
    assert letters.remind(now=later + timedelta(days=40)) == 1
    assert Notice.objects.filter(kind="hall.letter_due", recipient=host).count() == 2


def test_one_crew_writes_no_letters(host, client_of, at, now):
    Congregation.objects.update(stage="one_crew")
    assert letters.remind(now=now) == 0
    assert client_of(host).get(at(host, "letters")).status_code == 404


def test_looking_costs_one_statement_where_nothing_is_due(sent, now, django_assert_num_queries):
    with django_assert_num_queries(1):
        letters.remind(now=now)
