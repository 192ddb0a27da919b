"""A month as a score with its table, and the week on home."""

import re
from datetime import date, timedelta

import pytest
from django.utils import timezone

from crews.models import Hello
from rhythms.models import LookBack, Meeting
from rhythms.month import month
from rhythms.week import week


@pytest.fixture
def hello(congregation, member, peer, now):
    first, second = sorted([member, peer], key=lambda person: person.pk)
    hello = Hello.objects.create(congregation=congregation, first=first, second=second, made_at=now)
    Meeting.objects.create(
        congregation=congregation,
        hello=hello,
        starts_at=now + timedelta(days=2),
        ends_at=now + timedelta(days=2, hours=1),
        zone="Pacific/Auckland",
    )
    return hello


@pytest.fixture
def auckland():
    with timezone.override("Pacific/Auckland"):
        yield


def test_this_month(commitment, hello, member, client_of, at, now):
    commitment.meetings.get(number=4).come(answer="late", by=member, now=now)
    page = client_of(member).get(at(member, "calendar")).content.decode()
    assert "<h1>November</h1>" in page
    assert len(re.findall('class="sday[ "]', page)) == 30
    assert len(re.findall(r"lane-1", page)) == 4  # four Wednesdays
    assert "Seed Library, Wed 25 Nov" in page
    assert "Noor and you" in page
    assert "Times are yours: Auckland" in page
    assert "Only you can see this page" in page
    # What is ahead: the hello, to be answered, and the meeting, which is.
    assert "whether you come to Noor and you" in page
    assert "Late" in page
    assert "Wed 18 Nov</b>" not in page.split("Earlier this month")[0]


def test_another_month_is_in_the_address(commitment, member, client_of, at):
    page = client_of(member).get(at(member, "calendar") + "?month=2026-12").content.decode()
    assert "<h1>December</h1>" in page
    assert "?month=2026-11" in page
    assert "?month=2027-01" in page
    assert len(re.findall('class="sday[ "]', page)) == 31
    # On a phone, the first of December stands under its weekday.
    assert "from-2" in page
    assert "Seed Library’s look-back opens" in page


def test_a_month_that_is_over(commitment, member, client_of, at, now):
    commitment.meetings.get(number=1).log(here=[member], by=member, now=now)
    url = at(member, "calendar")
    assert "Nothing was on" in client_of(member).get(url + "?month=2026-09").content.decode()


@pytest.mark.parametrize("said", ["", "2026", "2026-13", "1899-12", "9999-99", "x", "2026-11-01"])
def test_what_is_no_month_is_this_one(member, client_of, at, said):
    page = client_of(member).get(at(member, "calendar"), {"month": said})
    assert page.status_code == 200
    assert "<h1>November</h1>" in page.content.decode()


def test_nothing_on_has_one_action(member, client_of, at):
    page = client_of(member).get(at(member, "calendar")).content.decode()
    assert "Nothing is on. Rest is a rhythm too." in page
    assert at(member, "crews") in page


def test_a_look_back_that_opens_to_all(crew, commitment, member, auckland, now):
    commitment.state = "looking_back"
    commitment.save()
    LookBack.objects.create(
        congregation=crew.congregation,
        crew=crew,
        commitment=commitment,
        opened_at=now,
        closes_at=now + timedelta(days=4),
    )
    rows = month(member, date(2026, 11, 1), now=now).ahead
    assert [row.lookback for row in rows if row.lookback] == ["closes"]


def test_only_mine(commitment, host, peer, outsider, client_of, at):
    for stranger in (host, peer, outsider):
        page = client_of(stranger).get(at(stranger, "calendar")).content.decode()
        assert "Seed Library" not in page
    assert client_of(peer).post(at(peer, "calendar")).status_code == 405
    assert client_of(outsider).get(at(peer, "calendar")).status_code == 404


def test_in_the_reader_s_zone(commitment, member, client_of, at):
    member.user.zone = "Europe/Berlin"
    member.user.save()
    page = client_of(member).get(at(member, "calendar")).content.decode()
    assert "Times are yours: Berlin" in page
    assert "7:00 am" in page


def test_the_week(commitment, hello, member, auckland, now):
    days = week(member, now=now)
    assert [day.on.day for day in days] == [16, 17, 18, 19, 20, 21, 22]
    assert [day.is_today for day in days].index(True) == 3
    (seed,) = days[2].beats
    assert (seed.title, seed.lane, seed.done) == ("Seed Library", 1, True)
    (talk,) = days[5].beats
    assert (talk.title, talk.lane, talk.tone, talk.done) == ("Noor and you", 3, "sky", False)
    assert talk.words == "7:00 pm"


def test_many_meetings_cost_as_much_as_few(
    make_member, seated_crew, make_commitment, member, client_of, at, now, auckland,
    django_assert_num_queries,
):  # fmt: skip
    def more(number):
        people = [member, *(make_member(f"P{number}{letter} X") for letter in "ab")]
        make_commitment(seated_crew(f"Crew {number}", people), people[1])

    def count(look):
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        with CaptureQueriesContext(connection) as context:
            look()
        return len(context)

    browser, url = client_of(member), at(member, "calendar")
    more(0)
    looks = [lambda: browser.get(url), lambda: week(member, now=now)]
    few = [count(look) for look in looks]
    for number in range(1, 9):
        more(number)
    assert [count(look) for look in looks] == few
