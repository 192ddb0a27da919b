"""What a table is asked, each in private: to end, to part, to share a lesson, to mix, to sit anew."""

import re
from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse

from congregation.models import Event, Notice
from crews import asking, sweeping
from crews.models import Crew, Lesson, Question, QuestionAnswer, Seat

DAY = timedelta(days=1)


@pytest.fixture
def four(crew, make_member, now):
    """A fourth at the table of Ana, Dov and Joel: Sam."""
    sam = make_member("Sam Yu")
    crew.seat(sam, by=None, now=now - 30 * DAY)
    return sam


@pytest.fixture
def parting(crew, four, member, facilitator, now):
    """Ana asks whether to part with Joel."""
    return asking.part(crew, facilitator, by=member, now=now)


def answer(client_of, at, who, question, is_yes, **extra):
    url = at(who, "question-answer", pk=question.pk)
    return client_of(who).post(url, {"is_yes": is_yes}, **extra)


def told(kind):
    return sorted(
        Notice.objects.filter(kind=f"crews.{kind}").values_list("recipient__name", flat=True)
    )


def room(client_of, who, crew):
    page = client_of(who).get(crew.get_absolute_url()).text
    return re.sub(r'name="(csrfmiddlewaretoken|once)" value="[^"]*"', "", page)


# ---- parting


def test_a_page_says_first_what_else_could_be_tried(client_of, at, crew, four, member):
    page = client_of(member).get(at(member, "crew-part", pk=crew.pk)).text
    assert page.index("What else could be tried first") < page.index("Parting with one person")
    assert "Wait for the look-back" in page


def test_whom_it_is_about_sees_no_difference(client_of, at, crew, four, member, facilitator, now):
    before = room(client_of, facilitator, crew)
    home = client_of(facilitator).get(at(facilitator, "home")).text
    events, mine = Event.objects.count(), Notice.objects.filter(recipient=facilitator).count()
    url = at(member, "crew-part", pk=crew.pk)
    assert client_of(member).post(url, {"person": facilitator.pk}).status_code == 302
    question = Question.objects.get()
    assert told("question") == ["Dov Levi", "Sam Yu"]
    assert room(client_of, facilitator, crew) == before
    assert client_of(facilitator).get(at(facilitator, "home")).text.count("<li>") == home.count(
        "<li>"
    )
    assert Event.objects.count() == events
    assert Notice.objects.filter(recipient=facilitator).count() == mine
    assert answer(client_of, at, facilitator, question, "no").status_code == 404
    with pytest.raises(PermissionDenied):
        question.say(False, by=facilitator, now=now)
    assert "Shall we part with Joel King?" in room(client_of, four, crew)


def test_it_takes_the_yes_of_all_the_others(
    client_of, at, crew, parting, four, member, mate, facilitator, crewless
):
    answer(client_of, at, mate, parting, "yes")
    assert crew.sits(facilitator)
    assert "Not yet everyone" in room(client_of, mate, crew)
    for _ in range(2):
        assert answer(client_of, at, four, parting, "yes").status_code in (302, 404)
    assert not crew.sits(facilitator)
    assert told("parted") == ["Joel King"]
    assert not Notice.objects.filter(kind="crews.left").exists()
    assert not QuestionAnswer.objects.exists()
    browser = client_of(facilitator)
    url = Notice.objects.get(kind="crews.parted").about
    page = browser.get(at(facilitator, "parted", pk=url)).text
    assert "Seed Library goes on without you." in page
    assert "Ask a host to introduce me" in page
    assert browser.get(at(facilitator, "agreement", pk=crew.pk)).status_code == 404
    # Nobody else has such a page, and nobody sees afterwards that it was asked.
    assert client_of(mate).get(at(mate, "parted", pk=url)).status_code == 404
    assert not Question.objects.visible_to(mate).exists()


@pytest.mark.parametrize("said", ["no", None])
def test_a_no_or_silence_ends_it_without_a_trace(
    client_of, at, crew, parting, four, member, mate, facilitator, said, now
):
    answer(client_of, at, mate, parting, "yes")
    if said:
        before = room(client_of, member, crew)
        answer(client_of, at, four, parting, said)
        assert room(client_of, member, crew) == before
    sweeping.sweep(now=now + 7 * DAY)
    again = Notice.objects.filter(kind="crews.question", occasion="again")
    assert [notice.recipient for notice in again] == ([] if said else [four])
    sweeping.sweep(now=now + 14 * DAY)
    assert crew.sits(facilitator)
    assert not Notice.objects.filter(kind="crews.question").exists()
    assert not QuestionAnswer.objects.exists()
    assert "Joel King?" not in room(client_of, member, crew)
    with pytest.raises(ValidationError, match="rest for a season"):
        asking.part(crew, facilitator, by=mate, now=now + 15 * DAY)
    asking.sweep(now=now + 14 * DAY + timedelta(weeks=13))
    assert not Question.objects.exists()


def test_two_yeses_at_least_whoever_is_away(crew, four, member, mate, facilitator, now):
    for person in (mate, four):
        person.state = "away"
        person.save()
    with pytest.raises(ValidationError, match="two others"):
        asking.part(crew, facilitator, by=member, now=now)
    mate.state = "active"
    mate.save()
    question = asking.part(crew, facilitator, by=member, now=now)
    mate.state = "away"
    mate.save()
    sweeping.sweep(now=now + DAY)
    assert crew.sits(facilitator)
    mate.state = "active"
    mate.save()
    assert asking.answer(question, True, by=mate, now=now + DAY)
    assert not crew.sits(facilitator)


def test_who_is_away_or_kept_isnt_parted_with(crew, four, member, mate, facilitator, now):
    facilitator.state = "away"
    facilitator.save()
    Seat.objects.get(crew=crew, member=mate).keep(date(2027, 3, 1), now=now)
    for person in (facilitator, mate, member):
        with pytest.raises(PermissionDenied):
            asking.part(crew, person, by=member, now=now)


def test_two_at_once_about_each_other_dont_tell(crew, parting, four, member, facilitator, now):
    other = asking.part(crew, member, by=facilitator, now=now)
    assert other.pk != parting.pk
    assert not Question.objects.visible_to(member).filter(pk=other.pk).exists()


def test_it_is_gone_when_they_leave_by_themselves(crew, parting, facilitator, now):
    crew.leave(by=facilitator, now=now)
    sweeping.sweep(now=now)
    parting.refresh_from_db()
    assert parting.state == Question.State.CLOSED


# ---- ending


def test_a_crew_ends_with_everyones_yes(client_of, at, crew, member, mate, facilitator):
    url = at(member, "crew-end", pk=crew.pk)
    assert "everyone" in client_of(member).get(url).text.lower()
    for _ in range(2):
        client_of(member).post(url)
    question = Question.objects.get()
    for person in (mate, facilitator):
        crew.refresh_from_db()
        assert not crew.has_ended
        assert "Shall our crew come to its end?" in room(client_of, person, crew)
        answer(client_of, at, person, question, "yes")
    crew.refresh_from_db()
    assert crew.has_ended
    assert told("ended") == ["Ana Sefo", "Dov Levi", "Joel King"]


def test_htmx_gets_the_card_alone(client_of, at, crew, member, mate, htmx, now):
    question = asking.end(crew, by=member, now=now)
    page = answer(client_of, at, mate, question, "no", headers=htmx).text
    assert "<html" not in page
    assert "You said: not now." in page


def test_it_is_the_tables_alone(client_of, at, crew, member, peer, host, outsider, now):
    question = asking.end(crew, by=member, now=now)
    names = ["crew-end", "crew-part", "crew-invite", "crew-meet", "crew-sit", "lesson-new"]
    for person in (peer, host, outsider):
        browser = client_of(person)
        for name in names:
            url = reverse(name, kwargs={"slug": member.congregation.slug, "pk": crew.pk})
            assert browser.get(url).status_code == browser.post(url).status_code == 404
        url = at(member, "question-answer", pk=question.pk)
        assert browser.post(url, {"is_yes": "yes"}).status_code == 404
        assert not Question.objects.visible_to(person).exists()
    assert client_of(member).get(url).status_code == 405


def test_whose_seat_is_kept_is_not_asked(client_of, at, crew, four, member, mate, now):
    Seat.objects.get(crew=crew, member=mate).keep(date(2027, 3, 1), now=now)
    assert client_of(mate).get(at(mate, "crew-end", pk=crew.pk)).status_code == 403
    question = asking.end(crew, by=member, now=now)
    assert told("question") == ["Joel King", "Sam Yu"]
    assert not Question.objects.visible_to(mate).exists()
    with pytest.raises(PermissionDenied):
        question.say(True, by=mate, now=now)


# ---- a lesson


def test_a_lesson_is_shared_with_everyones_yes_and_taken_back(
    client_of, at, crew, member, mate, facilitator, peer, now
):
    url = at(member, "lesson-new", pk=crew.pk)
    client_of(member).post(url, {"words": "Begin with food."})
    assert "Begin with food." not in client_of(peer).get(at(peer, "lessons")).text
    question = Question.objects.get()
    for person in (mate, facilitator):
        assert not Lesson.objects.visible_to(peer).exists()
        answer(client_of, at, person, question, "yes")
    page = client_of(peer).get(at(peer, "lessons")).text
    assert "Begin with food." in page
    assert "Seed Library" in page
    assert "Take it back" not in page
    lesson = Lesson.objects.get()
    url = at(peer, "lesson-take-back", pk=lesson.pk)
    assert client_of(peer).post(url).status_code == 403
    assert client_of(mate).post(url).status_code == 302
    assert not Lesson.objects.exists()


def test_an_ended_crew_shares_one_too(crew, member, mate, facilitator, now):
    crew.end(by=None, now=now)
    question = asking.share(crew, "Rest in time.", by=member, now=now)
    with pytest.raises(ValidationError, match="Other words"):
        asking.share(crew, "Rest sooner.", by=mate, now=now)
    sweeping.sweep(now=now + DAY)
    for person in (mate, facilitator):
        asking.answer(question, True, by=person, now=now)
    assert Lesson.objects.shared().get().words == "Rest in time."


def test_lessons_cost_the_same_however_many(
    client_of, at, crew, member, peer, now, django_assert_num_queries
):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def share(number):
        for n in range(number):
            Lesson.objects.create(
                congregation=crew.congregation,
                crew=crew,
                words=f"Lesson {n}",
                written_at=now,
                shared_at=now,
            )

    share(1)
    browser = client_of(peer)
    browser.get(at(peer, "lessons"))
    with CaptureQueriesContext(
        connection,
    ) as few:
        browser.get(at(peer, "lessons"))
    share(15)
    with django_assert_num_queries(len(few)):
        browser.get(at(peer, "lessons"))


# ---- mixing two crews, and becoming two


@pytest.fixture
def film(make_crew, make_member):
    return make_crew("Film Night", [make_member(name) for name in ("Kit Bo", "Lou Ra", "Max Ti")])


def all_say_yes(question, now):
    for person in question.asked():
        asking.answer(question, True, by=person, now=now)


def test_two_crews_mix_only_when_all_of_both_would(client_of, at, crew, film, member, peer, now):
    kit = film.people().get(name="Kit Bo")
    url = at(member, "crew-meet", pk=crew.pk)
    client_of(member).post(url, {"crew": film.pk})
    ours = Question.objects.get()
    assert "Kit Bo" not in client_of(member).get(at(member, "crew-sit", pk=crew.pk)).text
    all_say_yes(ours, now)
    theirs = Question.objects.get(crew=film)
    assert told("met") == []
    all_say_yes(theirs, now)
    assert len(told("met")) == 6
    kit.is_host = False
    page = client_of(kit).get(at(kit, "crew-sit", pk=film.pk)).text
    assert "Ana Sefo" in page
    people = [*crew.people(), *film.people()]
    tables = {f"at-{person.pk}": "1" if n % 2 else "2" for n, person in enumerate(people)}
    assert client_of(kit).post(at(kit, "crew-sit", pk=film.pk), tables).status_code == 302
    seating = Question.objects.get(kind="seating")
    assert "Shall we sit like this?" in room(client_of, member, crew)
    all_say_yes(seating, now)
    at_film = {person.name for person in film.people()}
    assert at_film == {person.name for n, person in enumerate(people) if n % 2}
    for one in (crew, film):
        one.refresh_from_db()
        assert one.seats_taken == 3
    assert not Seat.objects.visible_to(peer).exists()


def test_mixing_falls_silent_where_one_crew_would_not(crew, film, member, mate, now):
    ours = asking.meet(crew, film, by=member, now=now)
    all_say_yes(ours, now)
    theirs = Question.objects.get(crew=film)
    sweeping.sweep(now=now + 15 * DAY)
    theirs.refresh_from_db()
    assert theirs.state == Question.State.CLOSED
    tables = {person.pk: 1 for person in [*crew.people(), *film.people()]}
    with pytest.raises(PermissionDenied):
        asking.seat_anew(crew, tables, other=film, by=mate, now=now)


def test_one_that_came_larger_becomes_two(client_of, at, make_crew, make_member, member, now):
    people = [member, *(make_member(f"Guest{n} Ra") for n in range(9))]
    large = make_crew("Large", people, seats_max=10)
    assert "You are more than 8" in room(client_of, member, large)
    tables = {f"at-{person.pk}": "1" if n < 5 else "2" for n, person in enumerate(people)}
    url = at(member, "crew-sit", pk=large.pk)
    page = client_of(member).post(url, tables)
    assert page.status_code == 422
    assert "The new table needs a name." in page.text
    client_of(member).post(url, tables | {"name": "Second Table"})
    question = Question.objects.get()
    for person in question.asked():
        asking.answer(question, True, by=person, now=now)
    second = Crew.objects.get(name="Second Table")
    large.refresh_from_db()
    assert (large.seats_taken, large.seats_max) == (5, 8)
    assert (second.seats_taken, second.seats_max, second.state) == (5, 8, Crew.State.FORMING)
    assert len(told("seated")) == 10
    assert not Notice.objects.filter(kind="crews.left").exists()


def test_tables_too_small_or_stale_are_refused(crew, four, member, mate, now):
    people = list(crew.people())
    with pytest.raises(ValidationError, match="3 to 8"):
        asking.seat_anew(
            crew, {p.pk: 1 + (n > 1) for n, p in enumerate(people)}, name="B", by=member, now=now
        )
    with pytest.raises(ValidationError, match="come or gone"):
        asking.seat_anew(crew, {member.pk: 1}, name="B", by=member, now=now)


def test_who_goes_meanwhile_ends_it(make_crew, make_member, member, now):
    people = [member, *(make_member(f"Guest{n} Ra") for n in range(6))]
    large = make_crew("Large", people)
    tables = {person.pk: 1 + (n > 2) for n, person in enumerate(people)}
    question = asking.seat_anew(large, tables, name="B", by=member, now=now)
    large.leave(by=people[-1], now=now)
    all_say_yes(question, now)
    question.refresh_from_db()
    assert question.state == Question.State.CLOSED
    assert not Crew.objects.filter(name="B").exists()


def test_the_database_holds_one_open_and_its_shape(crew, member, mate, now):
    asking.end(crew, by=member, now=now)
    own = {"congregation": crew.congregation, "crew": crew, "asked_at": now}
    for wrong in (
        {"kind": "end"},
        {"kind": "part"},
        {"kind": "lesson", "about": mate},
        {"kind": "meet"},
        {"kind": "lesson", "other": crew},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Question.objects.create(**own, **wrong)


def test_a_room_costs_the_same_however_much_it_is_asked(
    client_of, at, crew, film, four, make_member, member, mate, facilitator, now
):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from crews.models import Request

    def cost(url):
        browser = client_of(mate)
        browser.get(url)
        with CaptureQueriesContext(connection) as queries:
            browser.get(url)
        return len(queries)

    asking.share(crew, "Begin with food.", by=member, now=now)
    Request.invite(crew, make_member("Guest Ra"), by=member, now=now)
    pages = [crew.get_absolute_url(), at(mate, "home")]
    few = [cost(url) for url in pages]
    asking.end(crew, by=member, now=now)
    asking.meet(crew, film, by=member, now=now)
    for about in (facilitator, four):
        asking.part(crew, about, by=member, now=now)
    for n in range(3):
        Request.invite(crew, make_member(f"Guest{n} Ra"), by=member, now=now)
    assert [cost(url) for url in pages] == few
