"""What several say in the same moment: no seat twice, no partnership twice, nothing done twice."""

import threading

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from congregation.models import Notice
from crews import asking
from crews.models import Crew, PartnershipAsk, Question, Request, Seat

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*doings):
    """Do all of these in the same moment, each in a thread of its own; return what was refused, and faults."""
    start, refused, wrong = threading.Barrier(len(doings)), [], []

    def do(doing):
        start.wait()
        try:
            doing()
        except ValidationError as error:
            refused.extend(error.messages)
        except Exception as error:
            wrong.append(repr(error))
        finally:
            connection.close()

    threads = [threading.Thread(target=do, args=[doing]) for doing in doings]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    return refused


@pytest.fixture
def table(congregation, make_member, now):
    """Lay a table: table("Seeds", ["Ana", "Dov"], seats_max=8)."""

    def lay(name, names, **fields):
        crew = Crew.objects.create(
            congregation=congregation, name=name, founded_at=now, state="active", **fields
        )
        people = [make_member(f"{word} {name}", email=f"{word}.{name}@x.example") for word in names]
        for person in people:
            crew.seat(person, by=None, now=now)
        return crew, people

    return lay


def test_two_who_ask_each_other_become_partners_once(table, now):
    _crew, (ana, dov, _joel) = table("Seeds", ["Ana", "Dov", "Joel"])
    at_once(
        lambda: PartnershipAsk.ask(dov, by=ana, now=now),
        lambda: PartnershipAsk.ask(ana, by=dov, now=now),
    )
    ask = PartnershipAsk.objects.get()
    assert ask.state == PartnershipAsk.State.BEGUN
    pair = Crew.objects.get(is_partnership=True)
    assert pair.seats_taken == Seat.objects.taken().filter(crew=pair).count() == 2
    assert Notice.objects.filter(kind="crews.partnership_begun").count() == 2


def test_two_yeses_for_the_last_seat(table, now):
    crew, (ana, dov) = table("Seeds", ["Ana", "Dov"], seats_max=3)
    _other, (kit, lou) = table("Film", ["Kit", "Lou"])
    invited = Request.invite(crew, kit, by=ana, now=now)
    invited.answer(True, by=dov, now=now)
    asked = Request.ask(crew, by=lou, now=now)
    asked.answer(True, by=ana, now=now)
    at_once(
        lambda: Request.objects.get(pk=invited.pk).answer(True, by=kit, now=now),
        lambda: Request.objects.get(pk=asked.pk).answer(True, by=dov, now=now),
    )
    crew.refresh_from_db()
    assert crew.seats_taken == Seat.objects.taken().filter(crew=crew).count() == 3
    late = Request.objects.exclude(state=Request.State.JOINED).get()
    if late.state == Request.State.OPEN:
        # Kit sat down a moment before, and is asked as well.
        late.answer(True, by=kit, now=now)
        late.refresh_from_db()
    assert late.state == Request.State.NOT_NOW


def test_the_last_yeses_to_sit_anew_and_one_who_joins(table, now):
    large, people = table("Large", ["A", "B", "C", "D", "E", "F", "G"])
    _other, (kit,) = table("Film", ["Kit"])
    places = {person.pk: 1 + (n > 3) for n, person in enumerate(people)}
    question = asking.seat_anew(large, places, name="Second", by=people[0], now=now)
    for person in people[1:5]:
        asking.answer(question, True, by=person, now=now)

    def say(person):
        return lambda: asking.answer(Question.objects.get(pk=question.pk), True, by=person, now=now)

    at_once(
        say(people[5]),
        say(people[6]),
        lambda: Crew.objects.get(pk=large.pk).seat(kit, by=None, now=now),
    )
    question.refresh_from_db()
    assert Crew.objects.filter(name="Second").count() == (question.state == "agreed")
    for crew in Crew.objects.all():
        numbers = Seat.objects.taken().filter(crew=crew).values_list("number", flat=True)
        assert crew.seats_taken == len(numbers) == len(set(numbers))
        assert crew.seats_taken <= crew.seats_max
    for person in people:
        assert Seat.objects.taken().filter(member=person).count() == 1


def test_all_the_last_yeses_at_once_do_it_once(table, now):
    crew, people = table("Seeds", ["Ana", "Dov", "Joel", "Kit"])
    ended = asking.end(crew, by=people[0], now=now)
    parted = asking.part(crew, people[3], by=people[0], now=now)

    def say(question, person):
        return lambda: asking.answer(Question.objects.get(pk=question.pk), True, by=person, now=now)

    at_once(*(say(parted, person) for person in people[1:3]))
    assert Notice.objects.filter(kind="crews.parted").count() == 1
    at_once(*(say(ended, person) for person in people[1:3]))
    crew.refresh_from_db()
    assert crew.has_ended
    assert Notice.objects.filter(kind="crews.ended").count() == 3
