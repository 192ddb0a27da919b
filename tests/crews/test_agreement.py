"""The crew agreement: written together, version by version, each one's open yes."""

import threading
from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection

from congregation.models import Event, Notice
from crews.models import Agreement, AgreementYes, Seat

WORDS = {
    "ideal": "Seed that suits this soil.",
    "spoils": "Lectures.",
    "times": "Third Thursday, 7 pm, at Mei’s.",
    "commits": "Six months. Then we look back.",
    "lines": "What’s said at the table stays at the table.\nWe begin with food.",
}


def write(client_of, at, who, crew, read=0, **words):
    return client_of(who).post(
        at(who, "agreement-write", pk=crew.pk), WORDS | words | {"read": read}
    )


@pytest.fixture
def agreement(crew, member, now):
    return Agreement.write(crew, WORDS, read=0, by=member, now=now)


def test_anyone_in_the_crew_writes_it_with_their_yes(client_of, at, crew, member, mate):
    page = client_of(mate).get(at(mate, "agreement", pk=crew.pk)).content.decode()
    assert "Write it together" in page
    response = write(client_of, at, mate, crew)
    assert response.url == at(mate, "agreement", pk=crew.pk)
    agreement = Agreement.objects.get()
    assert (agreement.version, agreement.made_by) == (1, mate)
    assert agreement.lines == "What’s said at the table stays at the table.\nWe begin with food."
    assert [yes.member for yes in AgreementYes.objects.all()] == [mate]
    told = Notice.objects.filter(kind="crews.agreement").values_list("recipient__name", flat=True)
    assert sorted(told) == ["Ana Sefo", "Joel King"]


def test_its_people_read_it_with_who_has_said_yes(client_of, at, crew, agreement, mate):
    page = client_of(mate).get(at(mate, "agreement", pk=crew.pk)).content.decode()
    for words in (
        "Only the three of you can see this page",
        "First version",
        "We begin with food.",
        "Lectures.",
        "Yes, I hold to this",
        "Not yet",
    ):
        assert words in page
    room = client_of(mate).get(crew.get_absolute_url()).content.decode()
    assert "Yes from Ana so far." in room


def test_each_says_yes_openly_and_twice_is_once(
    client_of, at, crew, agreement, member, mate, facilitator
):
    for person in (mate, mate, facilitator):
        response = client_of(person).post(at(person, "agreement-yes", pk=crew.pk), {"version": 1})
        assert response.status_code == 302
    assert AgreementYes.objects.count() == 3
    assert Event.objects.filter(verb="agreement.yes", circle=crew.pk).count() == 2
    page = client_of(member).get(at(member, "agreement", pk=crew.pk)).content.decode()
    assert "Everyone has said yes" in page


def test_a_kept_seat_is_not_waited_for(client_of, at, crew, agreement, member, mate, now):
    Seat.objects.get(crew=crew, member=mate).keep(date(2027, 1, 3), now=now)
    page = client_of(member).get(at(member, "agreement", pk=crew.pk)).content.decode()
    assert "Joel King" in page
    assert "Dov Levi" not in page


def test_a_new_version_asks_everyone_again(client_of, at, crew, agreement, member, mate):
    write(client_of, at, mate, crew, read=1, spoils="Lectures. Hurry.")
    assert Agreement.objects.count() == 2
    page = client_of(member).get(at(member, "agreement", pk=crew.pk)).content.decode()
    assert "Second version" in page
    assert "Yes, I hold to this" in page


def test_the_same_words_again_are_no_new_version(client_of, at, crew, agreement, member):
    write(client_of, at, member, crew, read=0)
    write(client_of, at, member, crew, read=1)
    assert Agreement.objects.count() == 1
    assert Event.objects.filter(verb="agreement.write").count() == 1


def test_who_writes_over_anothers_words_is_shown_both(client_of, at, crew, agreement, member, mate):
    write(client_of, at, member, crew, read=1, ideal="Beans first.")
    response = write(client_of, at, mate, crew, read=1, ideal="Squash first.")
    assert response.status_code == 422
    page = response.content.decode()
    assert "Someone else has written meanwhile" in page
    assert "Squash first." in page
    assert "Beans first." in page
    assert page.count("Their words now") == 1
    assert 'name="read" value="2"' in page
    assert Agreement.objects.count() == 2
    # Brought together, it is the third.
    write(client_of, at, mate, crew, read=2, ideal="Beans and squash.")
    assert Agreement.objects.latest_of(crew).ideal == "Beans and squash."
    assert Agreement.objects.latest_of(crew).version == 3


def test_a_yes_is_to_what_was_read(client_of, at, crew, agreement, member, mate, facilitator, now):
    Agreement.write(crew, WORDS | {"ideal": "Beans."}, read=1, by=mate, now=now)
    response = client_of(facilitator).post(
        at(facilitator, "agreement-yes", pk=crew.pk), {"version": 1}, follow=True
    )
    assert "There is a newer version" in response.content.decode()
    assert not AgreementYes.objects.filter(member=facilitator).exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (dict.fromkeys(WORDS, "  "), "at least a few words"),
        ({"ideal": "x" * 1001}, "at most 1000"),
    ],
)
def test_what_doesnt_hold_is_said_and_kept(client_of, at, crew, member, words, said):
    response = write(client_of, at, member, crew, **words)
    assert response.status_code == 422
    assert said in response.content.decode()
    assert not Agreement.objects.exists()


def test_a_founded_crew_begins_with_what_its_idea_said(
    client_of, at, table, member, mate, facilitator, now
):
    from hall import founding

    for person in (mate, facilitator):
        crew = founding.answer(table, True, by=person, now=now)
    page = client_of(mate).get(at(mate, "agreement-write", pk=crew.pk)).content.decode()
    for words in ("Bring something broken.", "Advice.", "Every other Sunday, 2:00 pm. Levin"):
        assert words in page


def test_it_is_the_crews_alone(client_of, at, crew, agreement, peer, host, outsider, member, now):
    for person, where in ((peer, peer), (host, host), (outsider, member)):
        browser = client_of(person)
        for name in ("agreement", "agreement-write"):
            assert browser.get(at(where, name, pk=crew.pk)).status_code == 404
        assert browser.post(at(where, "agreement-yes", pk=crew.pk)).status_code == 404
        assert not Agreement.objects.visible_to(person).exists()
        assert not AgreementYes.objects.visible_to(person).exists()
    assert client_of(member).get(at(member, "agreement-yes", pk=crew.pk)).status_code == 405
    with pytest.raises(PermissionDenied):
        Agreement.write(crew, WORDS, read=1, by=peer, now=now)
    with pytest.raises(PermissionDenied):
        agreement.say_yes(by=peer, now=now)


def test_it_is_sealed_in_the_database(agreement):
    with connection.cursor() as cursor:
        cursor.execute("SELECT ideal, lines FROM crews_agreement")
        for value in cursor.fetchone():
            assert b"soil" not in bytes(value)
            assert b"table" not in bytes(value)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_write_at_once_nobodys_words_are_lost(crew, member, mate, now):
    start, wrong = threading.Barrier(2), []

    def put(person, words):
        start.wait()
        try:
            Agreement.write(crew, {"ideal": words}, read=0, by=person, now=now)
        except ValidationError as error:
            wrong.append(error.code)
        finally:
            connection.close()

    threads = [
        threading.Thread(target=put, args=args) for args in ((member, "Beans."), (mate, "Squash."))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == ["newer"]
    assert Agreement.objects.count() == 1


# ---- which version holds


def test_a_version_holds_once_everyone_has_said_yes(
    client_of, at, crew, agreement, member, mate, facilitator, now
):
    page = client_of(mate).get(at(mate, "agreement", pk=crew.pk)).text
    assert "This is a proposal" in page
    for person in (mate, facilitator):
        assert Agreement.objects.holding_of(crew) is None
        agreement.say_yes(by=person, now=now)
    assert Agreement.objects.holding_of(crew) == agreement
    assert Event.objects.filter(verb="agreement.hold", circle=crew.pk).count() == 1
    # A new one is a proposal; the first holds until all have said yes to it, and stays to be read.
    second = Agreement.write(
        crew, WORDS | {"ideal": "Beans."}, read=1, by=mate, now=now + timedelta(days=1)
    )
    assert Agreement.objects.holding_of(crew) == agreement
    page = client_of(member).get(at(member, "agreement", pk=crew.pk)).text
    for words in ("Beans.", "version 1</a> holds", "All versions", "It holds.", "Yes from Dov."):
        assert words in page
    page = client_of(member).get(at(member, "agreement", pk=crew.pk) + "?version=1").text
    assert "Seed that suits this soil." in page
    for person in (member, facilitator):
        second.say_yes(by=person, now=now + timedelta(days=2))
    assert Agreement.objects.holding_of(crew) == second
    assert "It held." in client_of(member).get(at(member, "agreement", pk=crew.pk)).text


def test_it_holds_when_the_last_silent_one_has_gone_or_is_away(
    crew, agreement, mate, facilitator, now
):
    from crews import sweeping

    agreement.say_yes(by=mate, now=now)
    assert sweeping.settle_agreements(now=now) == 0
    facilitator.state = "away"
    facilitator.save()
    assert sweeping.settle_agreements(now=now) == 1
    assert sweeping.settle_agreements(now=now) == 0


def test_who_joins_later_is_asked_and_changes_nothing_that_holds(
    client_of, at, crew, agreement, mate, facilitator, peer, now
):
    for person in (mate, facilitator):
        agreement.say_yes(by=person, now=now)
    crew.seat(peer, by=None, now=now)
    page = client_of(peer).get(at(peer, "agreement", pk=crew.pk)).text
    assert "Yes, I hold to this" in page
    assert "This is a proposal" not in page
    assert Agreement.objects.holding_of(crew) == agreement


def test_all_clauses_are_written_and_read(client_of, at, crew, member, mate):
    page = client_of(member).get(at(member, "agreement-write", pk=crew.pk)).text
    # A first version begins with a clause for the work that is easily overlooked.
    assert "We share the work fairly. Nobody has to do it, and whoever does is thanked." in page
    clauses = {
        "places": "In turn, at home.",
        "least": "At least four.",
        "keeps": "Names stay here.",
        "bounds": "No advice.",
        "shares": "Whoever cooks doesn’t tidy.",
    }
    write(client_of, at, member, crew, **clauses)
    page = client_of(mate).get(at(mate, "agreement", pk=crew.pk)).text
    for words in clauses.values():
        assert words in page
    response = write(client_of, at, mate, crew, read=1, keeps="x" * 301)
    assert response.status_code == 422
    assert "x" * 301 in response.text


def test_it_costs_the_same_however_many_versions(
    client_of, at, crew, agreement, member, mate, now, django_assert_num_queries
):
    from django.test.utils import CaptureQueriesContext

    def again(first, last):
        for n in range(first, last):
            Agreement.write(crew, WORDS | {"ideal": f"{n}"}, read=n, by=mate, now=now)

    browser, url = client_of(member), at(member, "agreement", pk=crew.pk)
    again(1, 3)
    browser.get(url)
    with CaptureQueriesContext(connection) as few:
        browser.get(url)
    again(3, 8)
    with django_assert_num_queries(len(few)):
        browser.get(url)
