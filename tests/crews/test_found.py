"""With the last yes, a crew begins: seats, rhythm and dates, all at once or not at all."""

import threading

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction

from congregation.models import Event, Notice
from crews import founding as crews_founding
from crews.models import Crew, Crewless, Idea, Seat, Table
from hall import founding
from rhythms.models import Commitment, CommitmentYes, Meeting


def say_yes(client_of, at, table, *people, **extra):
    answers = [
        client_of(person).post(at(person, "table-answer", pk=table.pk), {"is_yes": "yes"}, **extra)
        for person in people
    ]
    return answers[-1]


def test_the_last_yes_founds_the_crew(
    client_of, at, table, idea, crewless, member, mate, facilitator
):
    crewless(member, mate, facilitator)
    assert say_yes(client_of, at, table, mate).url == idea.get_absolute_url()
    assert not Crew.objects.exists()
    last = say_yes(client_of, at, table, facilitator)
    crew = Crew.objects.get()
    assert last.url == crew.get_absolute_url()
    assert (crew.name, crew.state, crew.seats_max, crew.seats_taken) == (
        "Mending Circle",
        Crew.State.ACTIVE,
        8,
        3,
    )
    assert Seat.objects.get(crew=crew, number=1).member == member
    idea.refresh_from_db()
    table.refresh_from_db()
    assert (idea.state, idea.crew, table.state) == ("begun", crew, "whole")
    assert not Crewless.objects.exists()
    told = Notice.objects.filter(kind="crews.founded").values_list("recipient", flat=True)
    assert set(told) == {member.pk, mate.pk, facilitator.pk}


def test_its_rhythm_is_that_of_the_idea_and_the_caller_begins(
    client_of, at, table, idea, member, mate, facilitator
):
    say_yes(client_of, at, table, mate, facilitator)
    commitment = Commitment.objects.get()
    assert commitment.state == Commitment.State.RUNNING
    assert CommitmentYes.objects.filter(commitment=commitment).count() == 3
    meetings = list(Meeting.objects.order_by("number"))
    assert [meeting.local_date for meeting in meetings] == idea.dates
    assert meetings[0].starts_at == idea.first_at
    assert meetings[0].plan.facilitator == member
    crew = Crew.objects.get()
    assert crew.cycle_ends_on == idea.last_on


def test_the_congregation_sees_the_crew_and_its_people_their_room(
    client_of, at, table, mate, facilitator, peer
):
    say_yes(client_of, at, table, mate, facilitator)
    crew = Crew.objects.get()
    assert "Room for five more" in client_of(peer).get(crew.get_absolute_url()).content.decode()
    assert "Only the three of you" in client_of(mate).get(crew.get_absolute_url()).content.decode()


def test_twice_is_once(client_of, at, table, mate, facilitator):
    say_yes(client_of, at, table, mate, facilitator, facilitator, mate)
    assert Crew.objects.count() == 1
    assert Commitment.objects.count() == 1
    assert Event.objects.filter(verb="crew.found").count() == 1
    assert Notice.objects.filter(kind="crews.founded").count() == 3


def test_htmx_is_led_to_the_crew(client_of, at, table, mate, facilitator, htmx):
    answer = say_yes(client_of, at, table, mate, facilitator, headers=htmx)
    assert answer.status_code == 204
    assert answer["HX-Redirect"] == Crew.objects.get().get_absolute_url()


def test_an_idea_founds_one_crew(table, idea, member, mate, facilitator, now):
    people = [member, mate, facilitator]
    first = crews_founding.found(idea, people, now=now)
    assert crews_founding.found(Idea.objects.get(), people, now=now) == first


def test_all_of_it_happens_or_nothing(table, idea, member, mate, facilitator, now, monkeypatch):
    founding.answer(table, True, by=mate, now=now)

    def fail(*args, **kwargs):
        raise ValidationError("No.")

    monkeypatch.setattr("rhythms.committing.first", fail)
    with pytest.raises(ValidationError):
        founding.answer(table, True, by=facilitator, now=now)
    assert not Crew.objects.exists()
    assert not Seat.objects.exists()
    table.refresh_from_db()
    idea.refresh_from_db()
    assert (table.state, idea.state) == ("asking", "forming")


def test_too_few_found_nothing(idea, member, mate, now):
    with pytest.raises(ValidationError, match="at least 3"):
        crews_founding.found(idea, [member, mate], now=now)
    assert not Crew.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_last_yeses_at_the_same_moment_found_one_crew(
    table, idea, member, mate, facilitator, now
):
    start, made, wrong = threading.Barrier(2), [], []

    def answer(person):
        start.wait()
        try:
            fresh = Table.objects.select_related("idea__congregation", "idea__caller").get(
                pk=table.pk
            )
            made.append(founding.answer(fresh, True, by=person, now=now))
        except Exception as error:
            wrong.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=answer, args=[one]) for one in (mate, facilitator)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert len([crew for crew in made if crew]) == 1
    assert Crew.objects.get().seats_taken == 3
    assert Commitment.objects.count() == 1
    with transaction.atomic():
        assert Meeting.objects.count() == 6
