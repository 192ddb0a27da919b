"""A seat at a table: given, kept, retaken, released."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction

from congregation.models import Event, Notice
from crews import sweeping
from crews.models import Crew, Crewless, Seat

UNTIL = date(2027, 1, 3)


def numbers(crew):
    return list(
        Seat.objects.taken().filter(crew=crew).order_by("number").values_list("number", flat=True)
    )


def test_the_lowest_free_seat_is_given(make_crew, member, mate, facilitator, peer, now):
    crew = make_crew(people=[member, mate, facilitator])
    crew.leave(by=mate, now=now)
    seat = crew.seat(peer, by=None, now=now)
    assert seat.number == 2
    assert numbers(crew) == [1, 2, 3]
    crew.refresh_from_db()
    assert crew.seats_taken == 3
    assert crew.seats_open == 5


def test_seating_twice_is_once(crew, peer, now):
    first = crew.seat(peer, by=None, now=now)
    assert crew.seat(peer, by=None, now=now) == first
    assert crew.seats_taken == 4
    assert Event.objects.filter(verb="seat.take", subject=first.pk, circle=crew.pk).count() == 1


def test_a_full_table_takes_nobody_and_says_so(make_crew, member, mate, facilitator, peer, now):
    crew = make_crew(people=[member, mate, facilitator], seats_max=3)
    with pytest.raises(ValidationError, match="This table is full"):
        crew.seat(peer, by=None, now=now)
    crew.refresh_from_db()
    assert crew.seats_taken == 3
    assert numbers(crew) == [1, 2, 3]


def test_a_kept_seat_is_taken(make_crew, member, mate, facilitator, peer, now):
    crew = make_crew(people=[member, mate, facilitator], seats_max=3)
    Seat.objects.get(crew=crew, member=mate).keep(UNTIL, now=now)
    with pytest.raises(ValidationError, match="full"):
        crew.seat(peer, by=None, now=now)


def test_a_partnership_never_has_a_third(make_crew, member, mate, peer, now):
    pair = make_crew("Two", [member, mate], is_partnership=True, seats_max=2)
    with pytest.raises(ValidationError, match="full"):
        pair.seat(peer, by=None, now=now)


def test_an_ended_crew_takes_nobody(crew, peer, now):
    crew.end(by=None, now=now)
    with pytest.raises(ValidationError, match="ended"):
        crew.seat(peer, by=None, now=now)


@pytest.mark.parametrize("state", ["expected", "active", "away"])
def test_whoever_is_expected_here_or_away_may_sit(crew, make_member, state, now):
    assert crew.seat(make_member("Kai", state=state), by=None, now=now).number == 4


def test_whoever_has_left_may_not(crew, make_member, now):
    gone = make_member("Kai", state="left", left_at=now)
    with pytest.raises(ValidationError, match="Only people of this congregation"):
        crew.seat(gone, by=None, now=now)


def test_nobody_of_another_congregation_sits(crew, outsider, now):
    with pytest.raises(ValidationError, match="Only people of this congregation"):
        crew.seat(outsider, by=None, now=now)


def test_the_database_refuses_what_the_verb_would(crew, peer, now):
    seat = {"congregation": crew.congregation, "crew": crew, "taken_at": now}
    for wrong in (
        {"member": peer, "number": 1},
        {"member": peer, "number": 13},
        {"member": peer, "number": 0},
        {"member": Seat.objects.filter(crew=crew).first().member, "number": 5},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Seat.objects.create(**seat, **wrong)
    with pytest.raises(IntegrityError), transaction.atomic():
        Crew.objects.filter(pk=crew.pk).update(seats_taken=9)


def test_a_seat_ends_being_crewless_but_a_partnership_shows_to_nobody(
    make_crew, crewless, member, mate, host, now
):
    crewless(member, mate)
    make_crew("Two", [member, mate], is_partnership=True, seats_max=2)
    assert set(Crewless.objects.visible_to(host).values_list("member", flat=True)) == {
        member.pk,
        mate.pk,
    }
    make_crew("Three", [member])
    assert list(Crewless.objects.values_list("member", flat=True)) == [mate.pk]


def test_a_kept_seat_waits_and_its_person_is_told_once(crew, mate, now):
    seat = Seat.objects.get(crew=crew, member=mate)
    seat.keep(UNTIL, now=now)
    seat.keep(UNTIL, now=now)
    assert seat.kept_until == UNTIL
    assert Notice.objects.filter(kind="crews.seat_kept", recipient=mate).count() == 1
    assert not Seat.objects.at_table().filter(member=mate).exists()
    assert Seat.objects.taken().filter(member=mate).exists()


def test_one_tap_takes_a_kept_seat_again(client_of, at, crew, mate, now):
    Seat.objects.get(crew=crew, member=mate).keep(UNTIL, now=now)
    url = at(mate, "seat-retake", pk=crew.pk)
    for _ in range(2):
        answer = client_of(mate).post(url)
        assert answer.status_code == 302
        assert answer.url == crew.get_absolute_url()
    assert Seat.objects.at_table().filter(crew=crew, member=mate).exists()
    assert Event.objects.filter(verb="seat.retake").count() == 1


def test_nobody_takes_anothers_seat(crew, member, mate, now):
    seat = Seat.objects.get(crew=crew, member=mate)
    seat.keep(UNTIL, now=now)
    with pytest.raises(PermissionDenied):
        seat.retake(by=member, now=now)


def test_retaking_is_for_those_who_had_a_seat(client_of, at, crew, peer, outsider, mate):
    assert client_of(peer).post(at(peer, "seat-retake", pk=crew.pk)).status_code == 404
    assert client_of(outsider).post(at(mate, "seat-retake", pk=crew.pk)).status_code == 404
    assert client_of(mate).get(at(mate, "seat-retake", pk=crew.pk)).status_code == 405


def test_a_seat_is_released_when_its_last_day_is_over_where_the_crew_is(
    crew, mate, crewless, congregation, now
):
    seat = Seat.objects.get(crew=crew, member=mate)
    seat.keep(UNTIL, now=now)
    # 3 January in Auckland ends at 11:00 UTC.
    last_hour = now.replace(year=2027, month=1, day=3, hour=10, minute=59)
    assert sweeping.release_due(now=last_hour) == 0
    assert sweeping.release_due(now=last_hour + timedelta(minutes=2)) == 1
    assert sweeping.release_due(now=last_hour + timedelta(minutes=2)) == 0
    crew.refresh_from_db()
    assert crew.seats_taken == 2
    assert Crewless.objects.filter(member=mate).exists()
    assert Notice.objects.filter(kind="crews.seat_released", recipient=mate).count() == 1


def test_what_is_released_cannot_be_retaken(client_of, at, crew, mate, now):
    seat = Seat.objects.get(crew=crew, member=mate)
    seat.keep(UNTIL, now=now)
    seat.release(now=now)
    with pytest.raises(ValidationError, match="isn’t kept any more"):
        seat.retake(by=mate, now=now)
    answer = client_of(mate).post(at(mate, "seat-retake", pk=crew.pk), follow=True)
    assert "isn’t kept any more" in answer.content.decode()


def test_a_seat_that_is_not_kept_is_not_released(crew, mate, now):
    with pytest.raises(ValidationError):
        Seat.objects.get(crew=crew, member=mate).release(now=now)
