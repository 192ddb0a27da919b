"""What someone writes saves itself, for them alone."""

import pytest

from congregation.models import Event, Notice
from rhythms.models import Decision, LookBack, Slip
from tests.rhythms.looking_back import OVER, open_lookback, says, sends

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(member, mate, facilitator):
    return [member, mate, facilitator]


@pytest.fixture
def lookback(seated_crew, people):
    return open_lookback(seated_crew("Tuesday Pod", people), people)


def test_it_saves_itself(lookback, member, client_of, at, htmx):
    url = at(member, "lookback-save", pk=lookback.pk)
    answer = client_of(member).post(url, sends("", celebrate="Twins.\r\nTwo."), headers=htmx)
    assert answer.status_code == 200
    assert "Saved 7:00 pm" in answer.text
    assert "<html" not in answer.text
    mine = lookback.answers_of(member)
    assert (mine.said["celebrate"], mine.way) == ("Twins.\nTwo.", "")
    assert not lookback.has_from(member)


def test_what_was_saved_is_there_again(lookback, member, client_of, at):
    lookback.draft(says("rest", worked="Food first", word="See you"), by=member, now=OVER)
    page = client_of(member).get(at(member, "lookback", pk=lookback.pk)).text
    assert "Food first" in page
    assert "See you" in page
    assert 'value="rest"' in page
    assert "checked" in page[page.index('value="rest"') :][:120]


def test_mates_facilitators_and_hosts_see_nothing_of_it(
    lookback, member, mate, facilitator, host, client_of, at
):
    lookback.draft(says("end", celebrate="Only mine"), by=member, now=OVER)
    for person in (mate, facilitator, host):
        assert not Slip.objects.visible_to(person).exists()
        assert not Decision.objects.visible_to(person).exists()
    assert "Only mine" not in client_of(mate).get(at(mate, "lookback", pk=lookback.pk)).text


def test_nothing_is_recorded_or_told(lookback, member, client_of, at, htmx):
    before = Event.objects.count(), Notice.objects.count()
    client = client_of(member)
    for _again in range(3):
        client.post(at(member, "lookback-save", pk=lookback.pk), sends("go"), headers=htmx)
    assert (Event.objects.count(), Notice.objects.count()) == before
    assert Decision.objects.filter(lookback=lookback).count() == 1
    assert not Slip.objects.filter(lookback=lookback).exists()


def test_saving_what_lies_on_the_table_leaves_it_there(lookback, member, client_of, at, htmx):
    lookback.write(says("go", celebrate="First"), by=member, now=OVER)
    client_of(member).post(
        at(member, "lookback-save", pk=lookback.pk), sends("", celebrate="Second"), headers=htmx
    )
    assert lookback.has_from(member)
    mine = lookback.answers_of(member)
    assert (mine.said["celebrate"], mine.way) == ("Second", "go")


def test_without_a_script_it_saves_as_well(lookback, member, client_of, at):
    answer = client_of(member).post(
        at(member, "lookback-save", pk=lookback.pk), sends("", less="Too long")
    )
    assert answer.status_code == 302
    assert lookback.answers_of(member).said["less"] == "Too long"


def test_too_long_is_said_and_nothing_is_lost(lookback, member, client_of, at, htmx):
    lookback.draft(says("", celebrate="Before"), by=member, now=OVER)
    answer = client_of(member).post(
        at(member, "lookback-save", pk=lookback.pk), sends("", celebrate="x" * 3001), headers=htmx
    )
    assert answer.status_code == 422
    assert "too long" in answer.text
    assert lookback.answers_of(member).said["celebrate"] == "Before"


def test_after_the_reveal_it_says_so(lookback, member, client_of, at, htmx):
    LookBack.objects.filter(pk=lookback.pk).update(revealed_at=OVER)
    Decision.objects.create(
        congregation=member.congregation, lookback=lookback, member=member, saved_at=OVER
    )
    answer = client_of(member).post(
        at(member, "lookback-save", pk=lookback.pk), sends("go", celebrate="Late"), headers=htmx
    )
    assert answer.status_code == 422
    assert "had opened" in answer.text
    assert not Slip.objects.filter(lookback=lookback).exists()


def test_who_is_not_asked_may_not(lookback, member, make_member, client_of, at):
    from crews.models import Seat

    newcomer = make_member("Nils Berg")
    Seat.objects.create(
        congregation=member.congregation,
        crew=lookback.crew,
        member=newcomer,
        number=4,
        taken_at=lookback.opened_at.replace(year=2027),
    )
    answer = client_of(newcomer).post(at(newcomer, "lookback-save", pk=lookback.pk), sends("go"))
    assert answer.status_code == 403
    page = client_of(newcomer).get(at(newcomer, "lookback", pk=lookback.pk))
    assert "They are looking back" in page.text


def test_strangers_find_nothing(lookback, peer, host, outsider, client_of, at):
    for person in (peer, host, outsider):
        for name in ("lookback-save", "lookback-write", "lookback-change", "lookback-next"):
            assert client_of(person).post(at(person, name, pk=lookback.pk)).status_code == 404
        for name in ("lookback", "lookback-print"):
            assert client_of(person).get(at(person, name, pk=lookback.pk)).status_code == 404


def test_a_get_changes_nothing(lookback, member, client_of, at):
    for name in ("lookback-save", "lookback-write", "lookback-change", "lookback-next"):
        assert client_of(member).get(at(member, name, pk=lookback.pk)).status_code == 405
