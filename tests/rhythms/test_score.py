"""The score: its notes, its year with its table, whose rhythms are in it, and what it costs."""

import re
from datetime import date, time, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from rhythms import score
from rhythms.models import Meeting, Rhythm
from rhythms.score import Show, State
from rhythms.year import week_of, year


@pytest.fixture(autouse=True)
def auckland():
    with timezone.override("Pacific/Auckland"):
        yield


@pytest.fixture
def ours(congregation):
    """The congregation's own: a call on each fourth Thursday at eight, of which one date is laid out."""
    rhythm = Rhythm.objects.create(
        congregation=congregation,
        name="Peer-support call",
        tempo="monthly",
        rule="FREQ=MONTHLY;BYDAY=4TH",
        starts_on=date(2026, 11, 26),
        starts_at=time(20),
        zone="Pacific/Auckland",
        minutes=60,
    )
    starts = rhythm.begins(rhythm.starts_on)
    Meeting.objects.create(
        congregation=congregation,
        rhythm=rhythm,
        starts_at=starts,
        ends_at=starts + timedelta(hours=1),
        zone=rhythm.zone,
    )
    return rhythm


def november(member, now, show=Show.ALL):
    return score.notes(member, date(2026, 11, 1), date(2026, 12, 1), show=show, now=now)


def test_each_time_is_a_note_with_its_line_sign_and_state(
    commitment, ours, member, facilitator, now
):
    commitment.meetings.get(number=1).log(here=[member], by=member, now=now)
    commitment.meetings.get(number=2).not_held(by=facilitator, now=now)
    notes = november(member, now)
    assert [(note.on.day, note.sign, note.lane, note.state) for note in notes] == [
        (4, "S", 1, State.PAST),
        (11, "S", 1, State.REST),
        (18, "S", 1, State.PAST),
        (25, "S", 1, State.AHEAD),
        (26, "P", 3, State.AHEAD),
    ]
    assert [note.words for note in notes][:2] == ["met", "a rest"]
    assert [note.tone for note in notes][3:] == ["plum", "sun"]
    assert [(key.sign, key.title) for key in score.keys(notes)] == [
        ("S", "Seed Library"),
        ("P", "Peer-support call"),
    ]


def test_mine_leaves_the_congregation_s_out(commitment, ours, member, peer, now):
    assert {note.title for note in november(member, now, Show.MINE)} == {"Seed Library"}
    assert {note.title for note in november(peer, now)} == {"Peer-support call"}
    assert november(peer, now, Show.MINE) == []


def test_what_has_no_page_yet_comes_round_by_its_rule(ours, member, now):
    december = score.notes(member, date(2026, 12, 1), date(2027, 1, 1), show=Show.ALL, now=now)
    assert [(note.on.day, note.state, note.url) for note in december] == [(24, State.LATER, "")]
    assert december[0].words == "8:00 pm, as it comes round"
    Rhythm.objects.update(ended_on=date(2026, 12, 1))
    assert not score.notes(member, date(2026, 12, 1), date(2027, 1, 1), show=Show.ALL, now=now)


def test_others_crews_are_never_in_it(commitment, ours, peer, host, outsider, now):
    for stranger in (peer, host):
        assert {note.title for note in november(stranger, now)} == {"Peer-support call"}
    assert november(outsider, now) == []


@pytest.mark.parametrize(
    ("titles", "signs"),
    [
        (["Seed Library", "Noor and you"], ["S", "N"]),
        (["Seed Library", "Soup"], ["SL", "So"]),
        (["Soup", "Soap"], ["So", "Su"]),
        (["Soup", "soup!"], ["So", "Su"]),
        (["B", "b"], ["B2", "B3"]),
        (["★", "ชมรม"], ["·", "ช"]),
    ],
)
def test_no_two_signs_are_alike(titles, signs):
    found = score.signs_for(titles)
    assert len(set(found.values())) == len(titles)
    assert sorted(found.values()) == sorted(signs)


def test_a_hundred_titles_that_begin_alike_have_signs():
    assert len(set(score.signs_for(f"A{'a' * n}" for n in range(90)).values())) == 90


@pytest.mark.parametrize(
    ("day", "week"), [("2026-11-01", 1), ("2026-11-02", 2), ("2026-11-30", 6), ("2027-02-28", 4)]
)
def test_which_week_of_its_month_a_day_is_in(day, week):
    assert week_of(date.fromisoformat(day)) == week


def test_a_year_is_twelve_measures_and_its_table(commitment, ours, member, client_of, at):
    page = client_of(member).get(at(member, "calendar") + "?year=2026").content.decode()
    assert "<h1>2026</h1>" in page
    assert len(re.findall('<li class="measure', page)) == 12
    # Ten months are over: a phone leaves them out, unless it is asked.
    assert len(re.findall('<li class="measure past', page)) == 10
    assert "From January" in page
    assert (
        'class="measure past'
        not in client_of(member).get(at(member, "calendar") + "?year=2026&whole=1").content.decode()
    )
    # A link for each time that has a page, and none for what comes round in December.
    picture, table = page.split("year-table")
    links = re.findall(r'<a class="note-h [a-z]+ is-([a-z]+)" href="[^"]*/meetings/', picture)
    assert sorted(links) == ["ahead"] * 4 + ["past"] * 3
    assert len(re.findall(r'<span class="note-h sun is-later">', picture)) == 1
    # The same figures as the picture has notes: 4 + 1 in November, 2 + 1 in December.
    rows = re.findall(
        r'scope="row">([^<]+)</th><td>(.)</td><td>(.)</td><td>(.)</td>', table.replace("\n", "")
    )
    assert rows == [
        ("Seed Library", "3", "–", "1"),
        ("Peer-support call", "–", "–", "1"),
        ("Seed Library", "–", "–", "2"),
        ("Peer-support call", "–", "–", "1"),
    ]


def test_the_address_says_what_is_shown(commitment, ours, member, client_of, at):
    browser, url = client_of(member), at(member, "calendar")
    month = browser.get(url + "?month=2026-12&show=mine").content.decode()
    assert "Peer-support call" not in month
    assert "?month=2027-01&amp;show=mine" in month
    assert "?show=mine&amp;year=2026" in month
    assert 'href="?month=2026-12"' in month  # all of ours, in the same month
    page = browser.get(url + "?year=2027&show=mine").content.decode()
    assert "?year=2028&amp;show=mine" in page
    assert "?show=mine&amp;month=2027-03" in page
    assert "<h1>2027</h1>" in page


@pytest.mark.parametrize("said", ["", "x", "1999", "2200", "20260", "٢٠٢٦", "-2026"])
def test_what_is_no_year_is_this_one(member, client_of, at, said):
    page = client_of(member).get(at(member, "calendar"), {"year": said})
    assert page.status_code == 200
    assert "<h1>2026</h1>" in page.content.decode()


def test_a_year_with_nothing_has_one_action(member, client_of, at):
    page = client_of(member).get(at(member, "calendar") + "?year=2026").content.decode()
    assert "Nothing is on this year, as far as is known. Rest is a rhythm too." in page
    assert at(member, "crews") in page
    assert "The same as a table" not in page


def test_what_is_over_this_month_stays_in_its_table(commitment, member, client_of, at, now):
    commitment.meetings.get(number=1).log(here=[member], by=member, now=now)
    page = client_of(member).get(at(member, "calendar")).content.decode()
    earlier = page.split("Earlier this month", 1)[1]
    assert "Wed 4 Nov" in earlier
    assert "Met" in earlier
    assert "From the first of the month" in page
    whole = client_of(member).get(at(member, "calendar") + "?whole=1").content.decode()
    assert 'class="sday past' not in whole


def test_in_the_reader_s_zone(ours, member, now):
    with timezone.override("Europe/Berlin"):
        (call,) = november(member, now)
        assert timezone.localtime(call.at).time() == time(8)


def test_a_year_of_many_costs_as_much_as_one_of_few(
    congregation, make_member, seated_crew, make_commitment, member, ours, client_of, at, now
):
    """Eight crews, eight rhythms of the congregation, and two hundred people beside them."""

    def count():
        with CaptureQueriesContext(connection) as context:
            assert browser.get(url + "?year=2026").status_code == 200
            assert browser.get(url).status_code == 200
            year(member, 2026, now=now)
        return len(context)

    def more(number):
        people = [member, *(make_member(f"P{number}{letter} X") for letter in "ab")]
        make_commitment(seated_crew(f"Crew {number}", people), people[1])

    browser, url = client_of(member), at(member, "calendar")
    more(0)
    few = count()
    for number in range(1, 9):
        more(number)
        Rhythm.objects.create(
            congregation=congregation,
            name=f"Call {number}",
            rule="FREQ=WEEKLY",
            starts_on=date(2026, 11, 1),
            starts_at=time(number),
            zone="Pacific/Auckland",
        )
    for number in range(60):
        people = [make_member(f"Q{number}{letter} X") for letter in "abc"]
        make_commitment(
            seated_crew(f"Others {number}", people),
            people[0],
        )
    assert count() == few
    assert {note.title for note in november(member, now)} == {
        *(f"Crew {number}" for number in range(9)),
        *(f"Call {number}" for number in range(1, 9)),
        "Peer-support call",
    }


def test_a_clock_change_moves_no_note(congregation, member, now):
    """A monthly call at half past two on a Sunday, in Berlin, read there."""
    Rhythm.objects.create(
        congregation=congregation,
        name="Night watch",
        rule="FREQ=MONTHLY;BYDAY=-1SU",
        starts_on=date(2026, 11, 29),
        starts_at=time(2, 30),
        zone="Europe/Berlin",
    )
    with timezone.override("Europe/Berlin"):
        notes = score.notes(member, date(2027, 1, 1), date(2028, 1, 1), show=Show.ALL, now=now)
        assert len(notes) == 12
        walls = {timezone.localtime(note.at).time() for note in notes}
        assert walls == {time(2, 30), time(3, 30)}  # the one in March that doesn't exist
        assert {note.on.month: note.on.day for note in notes}[3] == 28
        assert date(2027, 10, 31) in {note.on for note in notes}
