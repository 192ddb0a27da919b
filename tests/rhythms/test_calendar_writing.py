"""Content lines, whatever words are in them."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from rhythms.calendars.writing import Entry, calendar, fold, parameter, text

AT = datetime(2026, 11, 25, 6, tzinfo=UTC)
HOSTILE = [
    "Soup; bread, and \\ more",
    "Seeds\r\nEND:VEVENT\r\nBEGIN:VALARM",
    "Seeds\nBEGIN:VEVENT",
    "Seeds\rATTENDEE:mailto:all@example.org",
    "Seeds\u2028END:VCALENDAR\u2029\x85\x0b\x0c",
    "\x00\x07Seeds\x1b[31m\x7f",
    'Say "yes"; or:not',
    "Ngā mihi nui ki a koutou katoa, e hoa mā: " * 4,
    "🌱" * 60,
    "a" * 75,
    " leads with a space, and ends with one ",
    "\\n is no line break, \\N neither",
]


def entry(words):
    return Entry(
        uid="u", starts=AT, ends=AT.replace(hour=7), zone="Pacific/Auckland", title=words, sequence=0,
        changed_at=AT, place=words, words=words, url="https://table.example/c/otaki/",
    )  # fmt: skip


def written(words, **more):
    people = [f"ORGANIZER;CN={parameter(words)}:mailto:a@example.org"]
    return calendar([entry(words)], product="Tableful", zones=[], people=people, **more)


def check(data):
    (event,) = Calendar.from_ical(data).walk("VEVENT")
    assert not event.subcomponents
    assert "ATTENDEE" not in event
    begun = [line for line in data.split(b"\r\n") if line.startswith((b"BEGIN:", b"END:"))]
    assert begun == [b"BEGIN:VCALENDAR", b"BEGIN:VEVENT", b"END:VEVENT", b"END:VCALENDAR"]
    for line in data.split(b"\r\n"):
        assert len(line) <= 75
        assert b"\n" not in line
        assert b"\r" not in line
        line.decode()
    return event


@pytest.mark.parametrize("words", HOSTILE)
def test_hostile_words_stay_words(words):
    event = check(written(words))
    assert str(event["SUMMARY"]) == str(event["LOCATION"]) == str(event["DESCRIPTION"])
    for sign in "🌱ā;,\\":
        assert str(event["SUMMARY"]).count(sign) == words.count(sign)
    assert "\n" not in event["ORGANIZER"].params["CN"]


@given(st.text(max_size=300))
def test_any_words(words):
    event = check(written(words))
    letters = [sign for sign in words if sign.isalnum()]
    assert [sign for sign in str(event["SUMMARY"]) if sign.isalnum()] == letters


def test_lines_are_folded_between_letters():
    folded = fold(f"SUMMARY:{'ā' * 100}")
    assert all(len(line.encode()) <= 75 for line in folded.split("\r\n"))
    assert folded.replace("\r\n ", "") == f"SUMMARY:{'ā' * 100}\r\n"


def test_a_short_line_is_left_alone():
    assert fold("VERSION:2.0") == "VERSION:2.0\r\n"


def test_words_of_a_property():
    assert text("a;b,c\\d\ne") == "a\\;b\\,c\\\\d\\ne"


def test_words_of_a_parameter_hold_no_quotes():
    assert parameter('Say "yes"\r\nnow') == '"Say ’yes’ now"'


def test_the_second_of_two_same_times_is_in_utc():
    late = datetime(2026, 4, 4, 14, 30, tzinfo=UTC)  # 2:30 for the second time, in Auckland
    this = Entry(
        uid="u", starts=late, ends=late.replace(hour=16), zone="Pacific/Auckland", title="Seeds",
        sequence=0, changed_at=AT,
    )  # fmt: skip
    (event,) = Calendar.from_ical(calendar([this], product="Tableful", zones=[])).walk("VEVENT")
    assert event.decoded("DTSTART") == late
    assert event["DTSTART"].to_ical() == b"20260404T143000Z"
