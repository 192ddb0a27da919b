"""A sitting: one clock for all, moved by whoever sits at the table, and nothing kept of it."""

import re
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from congregation import clock
from congregation.models import Event
from hall import sweep
from rhythms.models import Evening, Sitter, Sitting
from rhythms.practices import catalogue
from rhythms.practices.shape import left
from tests.rhythms.sitting import fresh, go_to, move

MINUTE = timedelta(minutes=1)
KITCHEN = catalogue.PROJECT_KITCHEN
CASE = catalogue.CASE_CLINIC
ROUND = catalogue.LISTENING_ROUND


@pytest.fixture
def during(ahead, now):
    """Five minutes into the meeting of Wednesday 25 November."""
    return go_to(ahead, now)


@pytest.fixture
def sit(ahead, during, facilitator, member, mate):
    """Sit down to a practice, the three of the crew: sit(practice)."""

    def sit(guide=KITCHEN, **more):
        here = [facilitator, member, mate]
        return Sitting.open(ahead, guide, here=here, by=member, now=during, **more)

    return sit


@pytest.fixture
def asked(sit):
    """A case clinic to which Ana has said yes, and the others not yet."""
    return sit(CASE)


@pytest.fixture
def clinic(asked, facilitator, mate, during):
    """A case clinic that all three said yes to."""
    for person in (facilitator, mate):
        fresh(asked).say_yes(by=person, now=during)
    return fresh(asked)


# ---- sitting down


def test_sitting_down(ahead, during, member, facilitator, mate, client_of, at):
    browser = client_of(member)
    page = browser.get(at(member, "meeting", pk=ahead.pk)).text
    assert "Sit down to a practice" in page
    url = at(member, "sitting-new", pk=ahead.pk)
    page = browser.get(url).text
    assert "?practice=project-kitchen" in page
    assert "60 min" not in page
    assert "?practice=open-space" not in page  # for eight people or more
    page = browser.get(url, {"practice": "project-kitchen"}).text
    assert "How many projects?" in page
    sent = {"practice": "project-kitchen", "here": [mate.pk], "turns": 2}
    answer = browser.post(url, sent)
    sitting = Sitting.objects.get()
    assert answer.url == sitting.get_absolute_url()
    assert (sitting.people, sitting.turns, sitting.state) == (2, 2, "open")
    assert sitting.left(now=during + 9 * MINUTE) == 4 * MINUTE  # it waits until one of them begins
    page = browser.get(answer.url).text
    assert "Context" in page
    assert "not begun" in page
    assert "4:00" in page
    # The others find it where they look, and are in it with one tap.
    for name, pk in (("meeting", ahead.pk), ("crew", ahead.crew_id)):
        page = client_of(facilitator).get(at(facilitator, name, pk=pk)).text
        assert sitting.get_absolute_url() in page


def test_sitting_down_twice_is_once(sit, ahead, facilitator, during):
    first = sit()
    again = Sitting.open(ahead, CASE, here=[], by=facilitator, now=during)
    assert again == first
    assert Event.objects.filter(verb="sitting.open").count() == 1


@pytest.mark.parametrize(
    ("minutes", "may"), [(-181, False), (-179, True), (449, True), (451, False)]
)
def test_when_one_can_sit_down(ahead, member, minutes, may):
    moment = ahead.starts_at + timedelta(minutes=minutes)  # it lasts ninety
    if may:
        assert Sitting.open(ahead, KITCHEN, here=[], by=member, now=moment)
    else:
        with pytest.raises(ValidationError, match="when you meet"):
            Sitting.open(ahead, KITCHEN, here=[], by=member, now=moment)


def test_who_may_sit_down(ahead, during, peer, host, outsider, client_of, at):
    for stranger in (peer, host, outsider):
        with pytest.raises(PermissionDenied):
            Sitting.open(ahead, KITCHEN, here=[], by=stranger, now=during)
        url = at(stranger, "sitting-new", pk=ahead.pk)
        assert client_of(stranger).get(url).status_code == 404
        assert client_of(stranger).post(url, {"practice": "troika"}).status_code == 404


def test_what_is_sent_in_the_form_is_checked(ahead, during, member, peer, client_of, at):
    url = at(member, "sitting-new", pk=ahead.pk)
    sent = {"practice": "project-kitchen", "here": [peer.pk], "turns": "many"}
    assert client_of(member).post(url, sent).status_code == 422
    assert client_of(member).post(url, {"practice": "shouting"}).status_code == 200
    assert not Sitting.objects.exists()


# ---- the clock


@pytest.mark.parametrize(
    ("ends", "paused", "now_at", "remains"),
    [(10, None, 4, 6), (10, None, 10, 0), (10, None, 99, 0), (10, 4, 99, 6), (10, 12, 99, 0)],
    ids=["running", "its end", "long past", "paused", "paused too late"],
)
def test_what_remains_is_a_matter_of_instants(now, ends, paused, now_at, remains):
    paused_at = None if paused is None else now + paused * MINUTE
    assert left(now + ends * MINUTE, paused_at, now + now_at * MINUTE) == remains * MINUTE


def test_it_runs_pauses_and_goes_on(sit, member, mate, during):
    sitting = sit()
    assert move(sitting, "start", member, during)
    assert fresh(sitting).left(now=during + MINUTE) == 3 * MINUTE
    assert move(sitting, "pause", mate, during + MINUTE)
    assert fresh(sitting).left(now=during + 30 * MINUTE) == 3 * MINUTE
    assert move(sitting, "start", member, during + 30 * MINUTE)
    assert fresh(sitting).left(now=during + 31 * MINUTE) == 2 * MINUTE


def test_one_more_minute(sit, member, during):
    sitting = sit()
    move(sitting, "start", member, during)
    move(sitting, "more", member, during + MINUTE)
    assert fresh(sitting).left(now=during + MINUTE) == 4 * MINUTE
    # Its time was up long ago: a minute is a minute from now.
    move(sitting, "more", member, during + 20 * MINUTE)
    assert fresh(sitting).left(now=during + 20 * MINUTE) == MINUTE
    move(sitting, "pause", member, during + 21 * MINUTE)
    move(sitting, "more", member, during + 40 * MINUTE)
    assert fresh(sitting).left(now=during + 50 * MINUTE) == MINUTE


def test_next_and_back(sit, member, during):
    sitting = sit()
    move(sitting, "start", member, during)
    move(sitting, "next", member, during + MINUTE)
    row = fresh(sitting)
    assert (row.step, row.left(now=during + MINUTE)) == (1, 4 * MINUTE)
    move(sitting, "next", member, during + MINUTE)
    move(sitting, "pause", member, during + MINUTE)
    move(sitting, "back", member, during + 2 * MINUTE)
    row = fresh(sitting)
    # Back is there with its whole time, and still paused.
    assert (row.step, row.left(now=during + 9 * MINUTE)) == (1, 4 * MINUTE)
    move(sitting, "back", member, during)
    move(sitting, "back", member, during)
    assert fresh(sitting).step == 0


def test_next_begins_what_was_paused(sit, member, during):
    sitting = sit()
    move(sitting, "next", member, during)
    row = fresh(sitting)
    assert row.paused_at is None
    assert row.begun_at == during


def test_the_last_step_ends_it(sit, member, during):
    sitting = sit(turns=1)
    for _step in range(5):
        assert move(sitting, "next", member, during)
    row = fresh(sitting)
    assert (row.state, row.ended_at) == ("over", during)
    assert not move(sitting, "next", member, during)
    assert not move(sitting, "back", member, during)


def test_a_button_of_a_page_that_is_old_does_nothing(sit, member, mate, during):
    sitting = sit()
    seen = fresh(sitting).version
    assert move(sitting, "next", member, during, version=seen)
    assert not move(sitting, "next", mate, during, version=seen)
    assert fresh(sitting).step == 1


@pytest.mark.parametrize("do", ["", "dance", "start", "pause"])
def test_what_makes_no_sense_does_nothing(sit, member, during, do):
    sitting = sit()
    move(sitting, "start", member, during)
    if do == "pause":
        move(sitting, "pause", member, during)
    before = fresh(sitting).version
    assert not move(sitting, do, member, during)
    assert fresh(sitting).version == before


def test_pass_goes_on_to_the_next_turn(sit, member, during):
    sitting = sit(turns=2)
    move(sitting, "next", member, during)
    assert move(sitting, "pass", member, during)
    row = fresh(sitting)
    assert (row.step, row.stages[row.step].turn) == (5, 2)
    assert move(sitting, "pass", member, during)
    assert fresh(sitting).state == "over"


def test_pass_outside_of_turns_tells_nobody(clinic, member, client_of, at, htmx):
    url = at(member, "sitting-move", pk=clinic.pk)
    answer = client_of(member).post(url, {"do": "pass", "version": clinic.version}, headers=htmx)
    assert "You pass. Nobody is told" in answer.text
    assert fresh(clinic).version == clinic.version


# ---- each one's yes


def test_nobody_sees_who_has_not_said_it(asked, member, mate, facilitator, during, client_of, at):
    url = asked.get_absolute_url()
    assert asked.state == "asking"
    pages = {person: client_of(person).get(url) for person in (member, mate, facilitator)}
    assert "Not yet everyone" in pages[member].text
    assert "Yes, I’m in" in pages[mate].text
    tag = re.search(r"\\&quot;(\w+)\\&quot;", pages[member].text)[1]
    before = re.sub(r'(csrfmiddlewaretoken|data-now)[^>]*?"[^"]*"', "", pages[member].text)
    assert client_of(mate).post(at(mate, "sitting-yes", pk=asked.pk)).status_code == 302
    # To who waits nothing has changed: not a word, nor that anything has.
    again = client_of(member).get(url).text
    assert f"&quot;{tag}\\" in again
    assert not re.search(r"\b(one|two|1|2) of (three|3)\b", again)
    assert fresh(asked).version == asked.version
    assert "Dov" not in before
    client_of(facilitator).post(at(facilitator, "sitting-yes", pk=asked.pk))
    assert fresh(asked).state == "open"
    assert f"&quot;{tag}\\" not in client_of(member).get(url).text


def test_yes_twice_is_once(asked, mate, facilitator, during):
    for person in (mate, mate, facilitator, facilitator):
        fresh(asked).say_yes(by=person, now=during)
    assert (fresh(asked).state, fresh(asked).people) == ("open", 3)
    assert Sitter.objects.count() == 3


def test_whoever_comes_later_says_yes_too(ahead, during, facilitator, member, mate):
    sitting = Sitting.open(ahead, ROUND, here=[facilitator], by=member, now=during)
    assert (sitting.people, sitting.turns) == (2, 2)
    fresh(sitting).say_yes(by=mate, now=during)
    fresh(sitting).say_yes(by=facilitator, now=during)
    row = fresh(sitting)
    assert (row.state, row.people, row.turns) == ("open", 3, 3)
    assert sum(stage.step.minutes for stage in row.stages) == 11


def test_alone_it_is_open_at_once(ahead, during, member):
    sitting = Sitting.open(ahead, catalogue.PERSONAL_RETROSPECTIVE, here=[], by=member, now=during)
    assert sitting.state == "open"


def test_it_does_not_begin_before(asked, member, during):
    assert not move(asked, "start", member, during)
    assert fresh(asked).begun_at is None


def test_an_intimate_one_is_theirs_who_said_yes(
    ahead, during, facilitator, member, mate, client_of, at
):
    sitting = Sitting.open(ahead, CASE, here=[facilitator], by=member, now=during)
    fresh(sitting).say_yes(by=facilitator, now=during)
    page = client_of(mate).get(sitting.get_absolute_url()).text
    assert "They are in it" in page
    for name in ("sitting-move", "sitting-stop"):
        sent = {"do": "next", "version": fresh(sitting).version}
        assert client_of(mate).post(at(mate, name, pk=sitting.pk), sent).status_code == 403
    client_of(mate).post(at(mate, "sitting-yes", pk=sitting.pk))
    assert fresh(sitting).people == 2


def test_who_may_not(clinic, peer, host, outsider, member, client_of, at):
    for stranger in (peer, host, outsider):
        assert client_of(stranger).get(at(stranger, "sitting", pk=clinic.pk)).status_code == 404
        for name in ("sitting-yes", "sitting-move", "sitting-stop"):
            assert client_of(stranger).post(at(stranger, name, pk=clinic.pk)).status_code == 404
    for name in ("sitting-yes", "sitting-move", "sitting-stop"):
        assert client_of(member).get(at(member, name, pk=clinic.pk)).status_code == 405


def test_who_has_left_the_table_is_out(clinic, crew, mate, during, now):
    crew.seats.filter(member=mate).update(left_at=now)
    assert not Sitting.objects.visible_to(mate).exists()


# ---- stopping, and what stays


def test_stop_ends_it_for_all_without_a_name(clinic, member, mate, during, client_of, at):
    move(clinic, "start", member, during)
    assert client_of(mate).post(at(mate, "sitting-stop", pk=clinic.pk)).status_code == 302
    row = fresh(clinic)
    assert (row.state, row.is_over) == ("stopped", True)
    assert not Sitter.objects.exists()
    # It is written down as any other end is, and by nobody.
    event = Event.objects.get(verb="sitting.end")
    assert event.actor is None
    page = client_of(member).get(clinic.get_absolute_url()).text
    assert "It is over" in page
    assert "Dov" not in page


def test_stopping_twice_is_once(sit, member, mate, during):
    sitting = sit()
    for person in (member, mate):
        fresh(sitting).stop(by=person, now=during)
    assert Event.objects.filter(verb="sitting.end").count() == 1


def test_not_this_time_ends_the_asking(asked, mate, member, client_of, at):
    client_of(mate).post(at(mate, "sitting-stop", pk=asked.pk))
    assert fresh(asked).state == "stopped"
    assert "It is over" in client_of(member).get(asked.get_absolute_url()).text


def test_the_end_looks_the_same_however_it_came(clinic, ahead, member, mate, during, client_of):
    def words():
        page = client_of(member).get(clinic.get_absolute_url()).text
        return re.sub(r"<script.*?</script>|<input[^>]*>", "", page[page.index("<main") :])

    move(clinic, "start", member, during)
    for _step in range(5):
        move(clinic, "next", member, during)
    fresh(clinic).stop(by=mate, now=during)
    stopped = words()
    Sitting.objects.update(state="over")
    assert words() == stopped


def test_what_stays_is_that_it_was_done(
    sit, ahead, member, facilitator, mate, during, client_of, at
):
    done = sit(turns=1)
    for _step in range(5):
        move(done, "next", member, during)
    stopped = sit(CASE)
    fresh(stopped).stop(by=mate, now=during)
    ahead.log(here=[facilitator, member, mate], by=member, now=during)
    page = client_of(member).get(at(member, "meeting", pk=ahead.pk)).text
    assert "You sat down to: Project kitchen." in page
    assert sweep.due(now=during + timedelta(hours=2))["sittings ended"] == 0
    assert sweep.due(now=during + timedelta(hours=3))["sittings ended"] == 1
    assert list(Sitting.objects.all()) == [done]


def test_it_ends_by_itself(sit, member, during):
    begun = sit()
    move(begun, "start", member, during)
    assert Sitting.objects.end_due(now=during + timedelta(hours=3, minutes=59)) == 0
    later = during + timedelta(hours=4)
    assert Sitting.objects.end_due(now=later) == 1
    assert (fresh(begun).state, fresh(begun).ended_at) == ("over", later)
    assert Sitting.objects.end_due(now=later) == 0


def test_what_was_never_begun_is_forgotten(asked, during):
    later = during + timedelta(hours=12)
    Sitting.objects.end_due(now=later)
    assert not Sitter.objects.exists()
    Sitting.objects.end_due(now=later + timedelta(hours=3))
    assert not Sitting.objects.exists()


# ---- at a gathering, and of two


@pytest.fixture
def evening(host, now):
    return Evening.call(
        name="Soup", starts_at=now + timedelta(hours=1), minutes=180, place="Hall",
        first_question="Why?", second_question="What?", places=30, by=host, now=now,
    )  # fmt: skip


def test_at_a_gathering_hosts_move_it_and_all_follow(evening, host, member, client_of, at):
    meeting = evening.meeting
    browser = client_of(host)
    assert "Sit down to a practice" in browser.get(evening.get_absolute_url()).text
    url = at(host, "sitting-new", pk=meeting.pk)
    assert "?practice=case-clinic" not in browser.get(url).text
    browser.post(url, {"practice": "1-2-4-all", "people": 40})
    sitting = Sitting.objects.get()
    assert (sitting.people, sitting.practice) == (40, "1-2-4-all")
    theirs = client_of(member)
    assert sitting.get_absolute_url() in theirs.get(evening.get_absolute_url()).text
    page = theirs.get(sitting.get_absolute_url()).text
    assert "The hosts move it on" in page
    assert 'value="next"' not in page
    sent = {"do": "next", "version": 0}
    for name in ("sitting-move", "sitting-stop"):
        assert theirs.post(at(member, name, pk=sitting.pk), sent).status_code == 403
    assert theirs.get(at(member, "sitting-new", pk=meeting.pk)).status_code == 403
    assert browser.post(at(host, "sitting-move", pk=sitting.pk), sent).status_code == 302
    assert fresh(sitting).step == 1


def test_an_intimate_one_is_not_for_a_crowd(evening, host, now):
    with pytest.raises(ValidationError, match="not for a crowd"):
        Sitting.open(evening.meeting, ROUND, here=[], by=host, now=now)


# ---- looking again


OF_THE_GATE = 3


def test_who_looks_again_and_sees_the_same_costs_one_statement(clinic, mate, client_of, htmx):
    browser, url = client_of(mate), clinic.get_absolute_url()
    tag = re.search(r"\\&quot;(\w+)\\&quot;", browser.get(url).text)[1]
    with CaptureQueriesContext(connection) as queries:
        answer = browser.get(url, headers=htmx | {"If-None-Match": f'"{tag}"'})
    assert (answer.status_code, answer.content) == (304, b"")
    assert int(answer["Sitting-Now"]) == round(clock.now().timestamp() * 1000)
    assert len(queries) == OF_THE_GATE + 1


def test_a_change_costs_one_statement_too(clinic, member, mate, during, client_of, htmx):
    browser, url = client_of(mate), clinic.get_absolute_url()
    tag = re.search(r"\\&quot;(\w+)\\&quot;", browser.get(url).text)[1]
    move(clinic, "start", member, during)
    with CaptureQueriesContext(connection) as queries:
        answer = browser.get(url, headers=htmx | {"If-None-Match": f'"{tag}"'})
    assert answer.status_code == 200
    assert "<html" not in answer.text
    assert "Roles" in answer.text
    assert len(queries) <= OF_THE_GATE + 2


def test_the_page_says_it_without_a_script(clinic, member, during, client_of):
    move(clinic, "start", member, during)
    clock.move(MINUTE + timedelta(seconds=36))
    page = client_of(member).get(clinic.get_absolute_url()).text
    assert "1:24" in page
    assert "left, until 7:08 pm" in page
    assert "Look again" in page
    assert 'http-equiv="refresh"' not in page
    follow = client_of(member).get(clinic.get_absolute_url(), {"follow": 1}).text
    assert '<noscript><meta http-equiv="refresh" content="5"></noscript>' in follow
    clock.move(timedelta(minutes=9))
    page = client_of(member).get(clinic.get_absolute_url()).text
    assert "0:00" in page
    assert re.search(r"data-time-up>", page)


def test_each_step_says_pass_and_stop(clinic, member, during, client_of):
    for _step in clinic.stages:
        page = client_of(member).get(clinic.get_absolute_url()).text
        assert 'value="pass"' in page
        assert "Stop for all of us" in page
        assert "If this is too much" in page
        move(clinic, "next", member, during)
