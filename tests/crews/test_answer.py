"""I'd join, or another time: said openly, changed while the idea is open."""

from datetime import timedelta

import pytest

from congregation.models import Event, Notice
from crews.models import Answer
from crews.sweeping import tell_ready


def say(client_of, at, who, idea, **data):
    return client_of(who).post(at(who, "idea-answer", pk=idea.pk), data)


def test_it_is_said_and_everyone_sees_it(client_of, at, idea, mate, peer):
    answer = say(client_of, at, mate, idea, choice="join", word="I bring a toaster.")
    assert answer.url == idea.get_absolute_url()
    page = client_of(peer).get(idea.get_absolute_url()).content.decode()
    assert "Dov Levi" in page
    assert "I bring a toaster." in page
    assert "I’d join" in page


def test_it_can_be_changed(client_of, at, idea, mate):
    say(client_of, at, mate, idea, choice="join")
    say(client_of, at, mate, idea, choice="another", word="Sundays are for walking.")
    said = Answer.objects.get()
    assert (said.choice, said.word) == ("another", "Sundays are for walking.")
    page = client_of(mate).get(idea.get_absolute_url()).content.decode()
    assert "You said: another time." in page


def test_twice_is_once(client_of, at, idea, mate):
    for _ in range(2):
        say(client_of, at, mate, idea, choice="join", word="Yes!")
    assert Answer.objects.count() == 1
    assert Event.objects.filter(verb="idea.answer").count() == 1


def test_the_caller_adds_a_word_and_no_other_answer(client_of, at, idea, member):
    say(client_of, at, member, idea, choice="another", word="Six irons, so six people.")
    said = Answer.objects.get()
    assert (said.choice, said.word) == ("join", "Six irons, so six people.")
    assert idea.would_join().count() == 0


def test_the_caller_is_told_once_that_there_are_enough(
    client_of, at, idea, member, mate, facilitator, peer, now
):
    say(client_of, at, mate, idea, choice="join")
    assert tell_ready(now=now) == 0
    say(client_of, at, facilitator, idea, choice="join")
    # Not as the last one answers: the next sweep tells it.
    assert not Notice.objects.exists()
    assert tell_ready(now=now) == 1
    say(client_of, at, peer, idea, choice="join")
    assert tell_ready(now=now) == 0
    notice = Notice.objects.get()
    assert (notice.kind, notice.recipient) == ("crews.idea_ready", member)


@pytest.mark.parametrize(
    ("data", "words"),
    [({"choice": "maybe"}, "maybe"), ({"choice": "join", "word": "x" * 201}, "at most 200")],
)
def test_what_doesnt_hold_is_said(client_of, at, idea, mate, data, words):
    answer = say(client_of, at, mate, idea, **data)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not Answer.objects.exists()


def test_a_closed_or_forming_idea_takes_no_answer(client_of, at, idea, table, peer, member, now):
    answer = say(client_of, at, peer, idea, choice="join")
    assert answer.status_code == 422
    assert "A table is forming" in answer.content.decode()
    idea.close(by=member, now=now)
    assert "isn’t open any more" in say(client_of, at, peer, idea, choice="join").content.decode()


def test_time_runs_out(client_of, at, idea, peer):
    from congregation import clock

    clock.move(timedelta(weeks=5))
    answer = say(client_of, at, peer, idea, choice="join")
    assert "isn’t open any more" in answer.content.decode()


def test_who_has_left_is_not_shown(client_of, idea, mate, peer, now):
    idea.answer("join", by=mate, now=now)
    mate.state, mate.left_at = "left", now
    mate.save()
    assert "Dov Levi" not in client_of(peer).get(idea.get_absolute_url()).content.decode()
    assert idea.would_join().count() == 0


def test_an_outsider_finds_nothing_and_a_get_changes_nothing(client_of, at, idea, outsider, member):
    url = at(member, "idea-answer", pk=idea.pk)
    assert client_of(outsider).post(url, {"choice": "join"}).status_code == 404
    assert client_of(member).get(url).status_code == 405


def test_htmx_gets_the_idea_alone(client_of, at, idea, mate, htmx):
    answer = client_of(mate).post(
        at(mate, "idea-answer", pk=idea.pk), {"choice": "join"}, headers=htmx
    )
    page = answer.content.decode()
    assert "<html" not in page
    assert 'id="idea"' in page
    assert "You said: I’d join." in page
