"""The one change that is tried, and who carries it; it opens the next look-back."""

import pytest
from django.core.exceptions import ValidationError

from congregation.models import Event
from crews.models import Seat
from rhythms import renewing
from rhythms.models import Change, Commitment, LookBack
from tests.rhythms.looking_back import OVER, WEEK, open_lookback, says

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(member, mate, facilitator):
    return [member, mate, facilitator]


@pytest.fixture
def crew(seated_crew, people):
    return seated_crew("Tuesday Pod", people)


@pytest.fixture
def lookback(crew, people):
    this = open_lookback(crew, people)
    for person, change in zip(people, ["Stop at nine", "Stop at nine", ""], strict=True):
        answers = says("go", change=change, would_carry=person == people[1])
        renewing.write(this, answers, by=person, now=OVER)
    this.refresh_from_db()
    return this


def test_a_suggestion_is_chosen(lookback, member, mate, client_of, at, htmx):
    client = client_of(member)
    page = client.get(at(member, "lookback", pk=lookback.pk)).text
    assert page.count("Stop at nine") >= 2
    assert "could carry one" in page
    assert page.index(f'value="{mate.pk}"') < page.index(f'value="{member.pk}"')
    answer = client.post(
        at(member, "lookback-change", pk=lookback.pk),
        {"suggestion": "1", "carrier": str(mate.pk)},
        headers=htmx,
    )
    assert answer.status_code == 200
    assert "Dov carries it." in answer.text
    assert "<html" not in answer.text
    change = lookback.changes.get()
    assert (change.words, change.carrier) == ("Stop at nine", mate)
    event = Event.objects.get(verb="lookback.change")
    assert (event.actor, event.circle) == (member, lookback.crew_id)


def test_peers_see_it_and_may_choose_another(lookback, member, mate, client_of, at):
    Change.choose(lookback, "Stop at nine", mate, by=member, now=OVER)
    url = at(mate, "lookback-change", pk=lookback.pk)
    answer = client_of(mate).post(
        url, {"suggestion": "1", "own": "Begin at seven", "carrier": str(member.pk)}
    )
    assert answer.status_code == 302
    page = client_of(member).get(at(member, "lookback", pk=lookback.pk)).text
    assert "Begin at seven" in page
    assert "Ana carries it." in page


def test_it_needs_words_and_a_carrier(lookback, member, mate, peer, client_of, at):
    url = at(member, "lookback-change", pk=lookback.pk)
    for data, words in (
        ({"carrier": str(mate.pk)}, "Choose one change"),
        ({"own": "Begin at seven"}, "someone who carries it"),
        ({"own": "Begin at seven", "carrier": str(peer.pk)}, "Select a valid choice"),
    ):
        answer = client_of(member).post(url, data)
        assert answer.status_code == 422
        assert words in answer.text
        if "own" in data:
            assert "Begin at seven" in answer.text
    assert not lookback.changes.exists()


def test_lacking_a_place_at_the_table(lookback, member, mate, client_of, at, now):
    Seat.objects.get(crew=lookback.crew, member=member).keep((OVER + WEEK).date(), now=now)
    answer = client_of(member).post(
        at(member, "lookback-change", pk=lookback.pk), {"own": "Mine", "carrier": str(mate.pk)}
    )
    assert answer.status_code == 403


def test_before_it_is_open_there_is_nothing_to_choose(seated_crew, people, client_of, at):
    closed = open_lookback(seated_crew("Another", people), people)
    answer = client_of(people[0]).post(
        at(people[0], "lookback-change", pk=closed.pk),
        {"own": "Mine", "carrier": str(people[1].pk)},
    )
    assert answer.status_code == 302
    assert not closed.changes.exists()


def test_twice_is_once(lookback, member, mate):
    for _again in range(2):
        Change.choose(lookback, "Stop at nine", mate, by=member, now=OVER)
    assert Event.objects.filter(verb="lookback.change").count() == 1


def test_several_and_one_is_dropped_again(lookback, member, mate, client_of, at, htmx):
    for words in ("One", "Two", "Three"):
        Change.choose(lookback, words, mate, by=member, now=OVER)
    with pytest.raises(ValidationError, match="Three are plenty"):
        Change.choose(lookback, "Four", mate, by=member, now=OVER)
    first = lookback.changes.get(number=1)
    client, url = client_of(mate), at(mate, "change-drop", pk=first.pk)
    answer = client.post(url, headers=htmx)
    assert answer.status_code == 200
    assert "Two" in answer.text
    assert [change.words for change in lookback.changes.all()] == ["Two", "Three"]
    assert client.post(url).status_code == 404
    first.drop(by=mate, now=OVER)  # sent again at the same moment
    assert Event.objects.filter(verb="lookback.drop").count() == 1
    assert Change.choose(lookback, "Four", mate, by=member, now=OVER).number == 1


def test_who_may_drop_one(lookback, member, mate, peer, host, outsider, client_of, at, now):
    change = Change.choose(lookback, "Stop at nine", mate, by=member, now=OVER)
    for person in (peer, host, outsider):
        url = at(person, "change-drop", pk=change.pk)
        assert client_of(person).post(url).status_code == 404
    url = at(member, "change-drop", pk=change.pk)
    assert client_of(member).get(url).status_code == 405
    Seat.objects.get(crew=lookback.crew, member=member).keep((OVER + WEEK).date(), now=now)
    assert client_of(member).post(url).status_code == 403
    assert lookback.changes.exists()


def test_the_same_words_are_handed_on(lookback, member, mate):
    for carrier in (mate, member):
        Change.choose(lookback, "Stop at nine", carrier, by=member, now=OVER)
    assert [change.carrier for change in lookback.changes.all()] == [member]


def test_it_opens_the_next_look_back(lookback, crew, people, member, mate, client_of, at):
    change = Change.choose(lookback, "Stop at nine", mate, by=member, now=OVER)
    after = Commitment.objects.get(crew=crew, state="proposed")
    for person in people:
        after.say_yes(by=person, now=OVER)
    after.refresh_from_db()
    end = after.meetings.order_by("-number").first().ends_at
    after.meetings.update(state="not_held", came=0)
    renewing.open_due(now=end)
    second = LookBack.objects.get(commitment=after)
    page = client_of(member).get(at(member, "lookback", pk=second.pk)).text
    assert "Last time’s change" in page
    assert "Stop at nine" in page
    assert "Dov carried it." in page
    with pytest.raises(Exception, match="Your next look-back has begun with it"):
        Change.choose(lookback, "Another", mate, by=member, now=end)
    # How it helped shows once three have said.
    for n, person in enumerate(people):
        helped = {change.pk: "yes" if n else "no"}
        renewing.write(second, says("go", helped=helped), by=person, now=end)
    page = client_of(member).get(at(member, "lookback", pk=second.pk)).text
    assert "Did it help?" in page
    assert "A bit" not in page


def test_two_answers_do_not_tell_how_it_helped(lookback, crew, people, member, mate):
    from rhythms.found import found

    change = Change.choose(lookback, "Stop at nine", mate, by=member, now=OVER)
    after = Commitment.objects.get(crew=crew, state="proposed")
    for person in people:
        after.say_yes(by=person, now=OVER)
    end = after.meetings.order_by("-number").first().ends_at
    after.meetings.update(state="not_held", came=0)
    renewing.open_due(now=end)
    second = LookBack.objects.get(commitment=after)
    for person, helped in zip(people, ["yes", "no", ""], strict=True):
        renewing.write(second, says("go", helped={change.pk: helped}), by=person, now=end)
    assert found(second, member).before[0].helped == []


def test_everyone_sees_who_continues(lookback, people, member, client_of, at):
    page = client_of(member).get(at(member, "lookback", pk=lookback.pk)).text
    for person in people:
        assert person.first_name in page
    assert page.count("Continue") == 3
