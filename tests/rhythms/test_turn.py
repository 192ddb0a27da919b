"""Whose turn it is: counted, handed on, taken; and why, in words."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError

from congregation import clock
from congregation.models import Event, Notice
from rhythms import turns
from rhythms.models import Led, Meeting


@pytest.fixture
def noted(commitment, facilitator, member, mate):
    """The three evenings that are over, noted: Joel, Ana and Dov have each led one."""
    for meeting in commitment.meetings.filter(number__lte=3).order_by("number"):
        after = meeting.ends_at + timedelta(minutes=5)
        meeting.log(here=[facilitator, member, mate], by=member, now=after)


def lead(meeting):
    return Meeting.objects.get(pk=meeting.pk).plan.facilitator


def test_it_goes_round(noted, commitment, facilitator, member, mate):
    order = [lead(meeting) for meeting in commitment.meetings.order_by("number")]
    assert order == [facilitator, member, mate] * 2


def test_not_this_time(noted, ahead, commitment, facilitator, member, client_of, at):
    url = at(facilitator, "turn-hand-on", pk=ahead.pk)
    assert client_of(facilitator).post(url).status_code == 302
    assert lead(ahead) == member
    told = Notice.objects.get(kind="rhythms.turn")
    assert told.recipient == member
    # Joel still comes next: the turn waits for him.
    assert lead(commitment.meetings.get(number=5)) == facilitator


def test_handing_on_twice_is_once(noted, ahead, facilitator, member, client_of, at):
    url = at(facilitator, "turn-hand-on", pk=ahead.pk)
    for _ in range(2):
        assert client_of(facilitator).post(url).status_code == 302
    assert lead(ahead) == member
    assert Event.objects.filter(verb="turn.hand_on").count() == 1


def test_it_does_not_fall_back_on_who_passed_it_on(noted, ahead, facilitator, member, mate, now):
    ahead.plan.hand_on(by=facilitator, now=now)
    ahead.plan.hand_on(by=member, now=now)
    assert lead(ahead) == mate


def test_who_cannot_come_is_passed_over(noted, ahead, facilitator, member, mate, now):
    ahead.come(answer="cant", by=member, now=now)
    ahead.plan.refresh_from_db()
    ahead.plan.hand_on(by=facilitator, now=now)
    assert lead(ahead) == mate
    ahead.come(answer="cant", by=facilitator, now=now)
    ahead.plan.refresh_from_db()
    with pytest.raises(ValidationError, match="Nobody else"):
        ahead.plan.hand_on(by=mate, now=now)


def test_i_take_it(noted, ahead, commitment, facilitator, mate, client_of, at):
    url = at(mate, "turn-take", pk=ahead.pk)
    for _ in range(2):
        assert client_of(mate).post(url).status_code == 302
    assert lead(ahead) == mate
    assert Event.objects.filter(verb="turn.take").count() == 1
    assert Notice.objects.get(kind="rhythms.turn").recipient == facilitator
    assert lead(commitment.meetings.get(number=5)) == facilitator


def test_what_was_taken_stays_when_turns_are_counted_again(noted, ahead, crew, mate, now):
    ahead.plan.take(by=mate, now=now)
    Meeting.objects.settle_turns(crew, now=now)
    assert lead(ahead) == mate


def test_who_leaves_gives_the_turn_on(noted, ahead, crew, facilitator, member, now):
    crew.seats.filter(member=facilitator).update(left_at=now)
    Meeting.objects.settle_turns(crew, now=now)
    assert lead(ahead) == member


def test_in_words(noted, ahead, facilitator, member, mate, now):
    people = [facilitator, member, mate]
    led = Led.objects.so_far(ahead.crew)
    plan = ahead.plan
    assert turns.why(plan, people, led, (), None) == "It’s longest since Joel led: on Wed 4 Nov."
    assert turns.why(plan, people, {}, (), facilitator.pk) == (
        "Joel called you together, and so begins."
    )
    first = {facilitator.pk: led[facilitator.pk]}
    plan.facilitator = mate
    assert turns.why(plan, people, first, {member.pk}, None) == (
        "Dov hasn’t led yet. Ana can’t come this time; that turn waits."
    )
    both = first | {member.pk: led[member.pk]}
    assert turns.why(plan, people, both, (), None) == "The others have each led by now."
    plan.turn = "taken"
    assert turns.why(plan, people, both, (), None) == "Dov said: I’ll take it."
    plan.facilitator = None
    here = {person.pk for person in people}
    assert "Nobody who takes turns can come" in turns.why(plan, people, both, (), None)
    assert "Everyone is away" in turns.why(plan, people, both, here, None)


def test_a_percent_in_a_name_is_a_name(ahead, facilitator, member, mate):
    facilitator.name = "100%s Joel"
    ahead.plan.facilitator = facilitator
    words = turns.why(ahead.plan, [facilitator, member, mate], {}, (), facilitator.pk)
    assert words.startswith("100%s called")


def test_the_page_says_it(noted, ahead, facilitator, member, client_of, at):
    page = client_of(member).get(at(member, "crew", pk=ahead.crew_id)).content.decode()
    assert "It’s Joel’s turn" in page
    assert "I’ll take it" in page
    page = client_of(facilitator).get(at(facilitator, "crew", pk=ahead.crew_id)).content.decode()
    assert "It’s your turn" in page
    assert "Not this time" in page
    assert ">Then<" in page
    assert "Ana" in page[page.index(">Then<") :]


def test_not_once_it_has_begun(noted, ahead, facilitator, member, client_of, at, now):
    clock.move(ahead.starts_at - now + timedelta(minutes=1))
    client_of(facilitator).post(at(facilitator, "turn-hand-on", pk=ahead.pk))
    client_of(member).post(at(member, "turn-take", pk=ahead.pk))
    assert lead(ahead) == facilitator


def test_who_may_not(noted, ahead, member, peer, host, outsider, client_of, at):
    assert client_of(member).post(at(member, "turn-hand-on", pk=ahead.pk)).status_code == 403
    for stranger in (peer, host, outsider):
        for name in ("turn-hand-on", "turn-take"):
            assert client_of(stranger).post(at(stranger, name, pk=ahead.pk)).status_code == 404
    assert client_of(member).get(at(member, "turn-take", pk=ahead.pk)).status_code == 405
