"""Newcomers, not leading, two together, and swaps: as the crew's page has them."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from congregation.models import Event, Notice
from crews.models import Seat
from rhythms.models import Led, Meeting, NotLeading, Swap, Turns
from tests.faults.test_life_race import at_once


def leads(commitment, first=4):
    rows = commitment.meetings.filter(number__gte=first).order_by("number")
    return [
        [one.first_name for one in (row.plan.facilitator, row.plan.second) if one]
        for row in rows.select_related("plan__facilitator", "plan__second")
    ]


@pytest.fixture
def noted(commitment, facilitator, member, mate):
    """Joel, Ana and Dov have each led one; the next three are theirs in that order."""
    for meeting in commitment.meetings.filter(number__lte=3).order_by("number"):
        after = meeting.ends_at + timedelta(minutes=5)
        meeting.log(here=[facilitator, member, mate], by=member, now=after)


@pytest.fixture
def room(client_of, at):
    def room(person, crew):
        page = client_of(person).get(at(person, "crew", pk=crew.pk)).content.decode()
        return " ".join(page.split())

    return room


# ---- someone new


def test_someone_new_is_not_asked_first(noted, crew, commitment, peer, room, now):
    crew.seat(peer, by=None, now=now)
    Meeting.objects.settle_turns(crew, now=now)
    # After the three who have waited longer, and not at the first meeting.
    assert leads(commitment) == [["Joel"], ["Ana"], ["Dov"]]
    Seat.objects.filter(crew=crew, member=peer).update(taken_at=now - timedelta(days=9))
    Led.objects.filter(meeting__number=3).delete()
    Meeting.objects.settle_turns(crew, now=now)
    assert ["Noor"] in leads(commitment)


def test_a_newcomer_alone_is_not_asked_at_once(noted, crew, ahead, peer, room, now):
    crew.seat(peer, by=None, now=now)
    Meeting.objects.settle_turns(crew, now=now)
    for seat in Seat.objects.filter(crew=crew).exclude(member=peer):
        ahead.come(answer="cant", by=seat.member, now=now)
    ahead.plan.refresh_from_db()
    assert ahead.plan.facilitator is None
    assert "Nobody who takes turns can come" in room(peer, crew)


# ---- not leading


def test_i_would_rather_not(noted, crew, commitment, facilitator, member, room, client_of, at):
    url = at(facilitator, "turns", pk=crew.pk)
    for _ in range(2):
        assert client_of(facilitator).post(url, {"lead": "no"}).status_code == 302
    assert leads(commitment) == [["Ana"], ["Dov"], ["Ana"]]
    assert "Joel doesn’t lead." in room(member, crew)
    assert Event.objects.filter(verb="turns.lead_not").count() == 1
    # Who doesn't lead can still take one.
    ahead = commitment.meetings.get(number=4)
    client_of(facilitator).post(at(facilitator, "turn-take", pk=ahead.pk))
    assert leads(commitment)[0] == ["Joel"]
    for _ in range(2):
        client_of(facilitator).post(url, {"lead": "yes"})
    assert not NotLeading.objects.exists()


def test_nobody_leads(noted, crew, commitment, facilitator, member, mate, room, now):
    for person in (facilitator, member, mate):
        NotLeading.choose(crew, False, by=person, now=now)
    assert leads(commitment) == [[], [], []]
    assert "Nobody of you takes turns just now" in room(member, crew)


# ---- two together


def test_two_together(noted, crew, commitment, facilitator, member, mate, room, client_of, at, now):
    url = at(member, "turns", pk=crew.pk)
    for _ in range(2):
        client_of(member).post(url, {"pairs": "yes"})
    assert Event.objects.filter(verb="turns.in_pairs").count() == 1
    assert leads(commitment) == [["Joel", "Ana"], ["Dov", "Joel"], ["Ana", "Dov"]]
    assert "Joel and you lead together" in room(member, crew)
    ahead = commitment.meetings.get(number=4)
    ahead.plan.hand_on(by=member, now=now)
    assert sorted(leads(commitment)[0]) == ["Dov", "Joel"]
    later = ahead.ends_at
    Meeting.objects.get(pk=ahead.pk).log(here=[facilitator, mate], by=mate, now=later)
    assert {row.member for row in Led.objects.filter(meeting=ahead)} == {facilitator, mate}
    client_of(member).post(url, {"pairs": "no"})
    assert all(len(some) == 1 for some in leads(commitment, 5))


def test_a_partnership_alternates(seated_crew, make_commitment, member, peer, client_of, at, now):
    pair = seated_crew(
        "Ana and Noor", [member, peer], is_partnership=True, seats_max=2, state="active"
    )
    commitment = make_commitment(pair, peer)
    assert leads(commitment, 1) == [["Noor"], ["Ana"]] * 3
    with pytest.raises(ValidationError):
        Turns.go(pair, in_pairs=True, by=member, now=now)


# ---- swaps


@pytest.fixture
def swap(noted, commitment, facilitator, mate, now):
    """Joel, who leads the fourth, offers it to Dov for the sixth."""
    fourth, sixth = commitment.meetings.get(number=4), commitment.meetings.get(number=6)
    return Swap.ask(fourth.plan, sixth.plan, mate, by=facilitator, now=now)


def test_a_swap(noted, commitment, crew, facilitator, mate, room, client_of, at):
    fourth, sixth = commitment.meetings.get(number=4), commitment.meetings.get(number=6)
    url = at(facilitator, "turn-swap", pk=fourth.pk)
    for _ in range(2):
        client_of(facilitator).post(url, {"for": f"{sixth.pk},{mate.pk}"})
    offer = Swap.objects.get()
    assert Notice.objects.get(kind="rhythms.swap_asked").recipient == mate
    assert "Joel would lead on" in room(mate, crew)
    for _ in range(2):
        client_of(mate).post(at(mate, "swap-answer", pk=offer.pk), {"answer": "yes"})
    assert leads(commitment) == [["Dov"], ["Ana"], ["Joel"]]
    assert Event.objects.filter(verb="turn.swap").count() == 1
    assert Notice.objects.get(kind="rhythms.swap_answered").recipient == facilitator
    assert "Dov has swapped turns." in room(facilitator, crew)


def test_not_this_time(swap, commitment, mate, client_of, at):
    client_of(mate).post(at(mate, "swap-answer", pk=swap.pk), {"answer": "no"})
    assert leads(commitment) == [["Joel"], ["Ana"], ["Dov"]]
    client_of(mate).post(at(mate, "swap-answer", pk=swap.pk), {"answer": "yes"})
    assert leads(commitment) == [["Joel"], ["Ana"], ["Dov"]]


def test_taken_back(swap, commitment, facilitator, mate, client_of, at, now):
    for _ in range(2):
        client_of(facilitator).post(at(facilitator, "swap-back", pk=swap.pk))
    with pytest.raises(ValidationError):
        Swap.objects.get().answer(True, by=mate, now=now)


def test_what_has_changed_meanwhile_is_not_swapped(
    swap, commitment, crew, facilitator, mate, room, now
):
    swap.plan.hand_on(by=facilitator, now=now)
    with pytest.raises(ValidationError):
        Swap.objects.get().answer(True, by=mate, now=now)
    assert "would lead on" not in room(mate, crew)


def test_what_nobody_can_offer(noted, commitment, facilitator, member, mate, now):
    fourth, sixth = commitment.meetings.get(number=4), commitment.meetings.get(number=6)
    with pytest.raises(PermissionDenied):
        Swap.ask(fourth.plan, sixth.plan, mate, by=member, now=now)
    with pytest.raises(ValidationError):
        Swap.ask(fourth.plan, sixth.plan, member, by=facilitator, now=now)
    past = commitment.meetings.get(number=1)
    with pytest.raises(ValidationError):
        Swap.ask(fourth.plan, past.plan, facilitator, by=facilitator, now=now)
    sixth.come(answer="cant", by=facilitator, now=now)
    plan = Meeting.objects.get(pk=sixth.pk).plan
    with pytest.raises(ValidationError):
        Swap.ask(fourth.plan, plan, mate, by=facilitator, now=now)


@pytest.mark.django_db(transaction=True)
def test_two_accept_at_once(noted, commitment, facilitator, member, mate, now):
    """Joel offers Dov, and Ana offers Dov the same turn of his: one of the two is swapped."""
    fourth, fifth, sixth = (commitment.meetings.get(number=number) for number in (4, 5, 6))
    one = Swap.ask(fourth.plan, sixth.plan, mate, by=facilitator, now=now)
    other = Swap.ask(fifth.plan, sixth.plan, mate, by=member, now=now)

    def say(swap):
        return lambda: Swap.objects.get(pk=swap.pk).answer(True, by=mate, now=now)

    refused = at_once(say(one), say(other), say(one))
    assert refused
    assert Swap.objects.filter(state="done").count() == 1
    assert sorted(leads(commitment)) == [["Ana"], ["Dov"], ["Joel"]]


# ---- who may


def test_who_may_not(swap, crew, ahead, member, peer, host, outsider, facilitator, client_of, at):
    assert (
        client_of(facilitator)
        .post(at(facilitator, "swap-answer", pk=swap.pk), {"answer": "yes"})
        .status_code
        == 403
    )
    for stranger in (peer, host, outsider):
        assert client_of(stranger).post(at(stranger, "turns", pk=crew.pk)).status_code == 404
        assert client_of(stranger).post(at(stranger, "turn-swap", pk=ahead.pk)).status_code == 404
    for stranger in (member, peer, host, outsider):
        for name in ("swap-answer", "swap-back"):
            assert client_of(stranger).post(at(stranger, name, pk=swap.pk)).status_code == 404
    for name, pk in (("turns", crew.pk), ("turn-swap", ahead.pk), ("swap-answer", swap.pk)):
        assert client_of(member).get(at(member, name, pk=pk)).status_code == 405
