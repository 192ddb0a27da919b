"""In my own calendar: an address that a calendar asks by itself, and what is read there."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from icalendar import Calendar

from congregation import clock
from congregation.models import Event, Member
from crews.models import Hello, Seat
from hall import leaving
from rhythms.models import Evening, Feed, Meeting
from rhythms.models.feed import MOST_AN_HOUR


@pytest.fixture
def feed_of(now):
    """Make a feed, and return what asks it: get = feed_of(member, "crew", crew=crew)."""

    def make(person, of="mine", shows="names", crew=None):
        seat = Seat.objects.get(crew=crew, member=person, left_at=None) if crew else None
        made, token = Feed.make(of=of, shows=shows, seat=seat, by=person, now=now)
        return made, reverse("feed", args=[token])

    return make


@pytest.fixture
def evening(make_host, now):
    return Evening.call(
        name="Soup",
        starts_at=now + timedelta(days=3),
        minutes=120,
        place="The hall",
        first_question="Why?",
        second_question="What?",
        places=30,
        by=make_host("Mei Ropata"),
        now=now,
    )


@pytest.fixture
def hello_meeting(congregation, member, peer, now):
    first, second = sorted([member, peer], key=lambda person: person.pk)
    hello = Hello.objects.create(congregation=congregation, first=first, second=second, made_at=now)
    return Meeting.objects.create(
        congregation=congregation,
        hello=hello,
        starts_at=now + timedelta(days=2),
        ends_at=now + timedelta(days=2, hours=1),
        zone="Pacific/Auckland",
    )


def titles(answer):
    return {str(event["SUMMARY"]) for event in Calendar.from_ical(answer.content).walk("VEVENT")}


class TestMaking:
    def test_works(self, commitment, member, client_of, client, at, now):
        browser = client_of(member)
        url = at(member, "own-calendar")
        assert "Make the address" in browser.get(url).text
        answer = browser.post(url, {"of": "mine", "shows": "names"})
        made = Feed.objects.get()
        assert answer.url == made.get_absolute_url()
        page = browser.get(answer.url)
        assert "Copy the address" in page.text
        assert (
            page.headers["Cache-Control"]
            == "max-age=0, no-cache, no-store, must-revalidate, private"
        )
        link = page.context["link"]
        assert len(link.rpartition("/")[2].removesuffix(".ics")) >= 32
        assert "Seed Library" in titles(client.get(link.removeprefix("http://localhost:8000")))

    def test_it_is_shown_in_the_browser_that_made_it_alone(self, member, client_of, at):
        browser = client_of(member)
        page = browser.post(at(member, "own-calendar"), {"of": "mine", "shows": "names"}).url
        assert "link" in browser.get(page).context
        assert "link" not in client_of(member).get(page).context

    def test_only_its_hash_is_kept(self, member, feed_of):
        made, url = feed_of(member)
        token = url.rpartition("/")[2].removesuffix(".ics")
        assert token not in str(Feed.objects.values().get())
        assert not Event.objects.filter(verb__contains=token).exists()

    def test_nobody_else_sees_that_there_is_one(
        self, crew, member, mate, host, feed_of, client_of, at
    ):
        made, _url = feed_of(member)
        for other in (mate, host):
            assert client_of(other).get(at(other, "own-feed", pk=made.pk)).status_code == 404
            assert "Your addresses" not in client_of(other).get(at(other, "own-calendar")).text

    def test_not_of_a_crew_that_one_doesnt_sit_in(self, crew, member, peer, client_of, at):
        seat = crew.seats.get(member=member)
        answer = client_of(peer).post(at(peer, "own-calendar"), {"of": seat.pk, "shows": "names"})
        assert answer.status_code == 422
        assert not Feed.objects.exists()

    def test_an_outsider(self, member, outsider, client_of, at):
        assert client_of(outsider).get(at(member, "own-calendar")).status_code == 404

    def test_twice_is_once(self, member, client_of, at):
        browser, form = client_of(member), {"of": "mine", "shows": "busy"}
        first = browser.post(at(member, "own-calendar"), form).url
        assert browser.post(at(member, "own-calendar"), form).url == first
        assert Feed.objects.count() == 1
        assert "link" in browser.get(first).context

    def test_a_crews_has_its_seat(self, crew, member, feed_of):
        made, _url = feed_of(member, "crew", crew=crew)
        with pytest.raises(IntegrityError), transaction.atomic():
            Feed.objects.filter(pk=made.pk).update(seat=None)


class TestRenewing:
    def test_the_one_before_dies_at_once(self, member, feed_of, client_of, client, at):
        made, old = feed_of(member)
        assert client.get(old).status_code == 200
        browser = client_of(member)
        page = browser.post(at(member, "feed-renew", pk=made.pk)).url
        link = browser.get(page).context["link"]
        assert client.get(old).status_code == 404
        assert client.get(link.removeprefix("http://localhost:8000")).status_code == 200

    def test_only_its_person(self, member, mate, crew, feed_of, client_of, at):
        made, _url = feed_of(member)
        for name in ("feed-renew", "feed-end", "feed-shows"):
            assert client_of(mate).post(at(mate, name, pk=made.pk)).status_code == 404
            assert client_of(member).get(at(member, name, pk=made.pk)).status_code == 405

    def test_ending_it(self, member, feed_of, client_of, client, at):
        made, url = feed_of(member)
        client_of(member).post(at(member, "feed-end", pk=made.pk))
        assert client.get(url).status_code == 404
        assert client_of(member).post(at(member, "feed-end", pk=made.pk)).status_code == 404


class TestDying:
    def test_with_leaving_the_congregation_even_if_one_comes_back(
        self, member, host, feed_of, client, now
    ):
        _made, url = feed_of(member)
        leaving.leave(member, by=member, now=now)
        assert client.get(url).status_code == 404
        Member.objects.filter(pk=member.pk).update(state="active", left_at=None)
        assert client.get(url).status_code == 404

    def test_a_crews_with_the_seat_even_if_one_sits_down_again(
        self, crew, member, feed_of, client, now
    ):
        _made, url = feed_of(member, "crew", crew=crew)
        _made, mine = feed_of(member)
        assert client.get(url).status_code == 200
        crew.leave(by=member, now=now)
        assert client.get(url).status_code == 404
        assert client.get(mine).status_code == 200
        crew.seat(member, by=None, now=now)
        assert client.get(url).status_code == 404

    def test_the_crews_meetings_go_with_the_seat(
        self, commitment, crew, member, feed_of, client, now
    ):
        _made, url = feed_of(member)
        assert titles(client.get(url)) == {"Seed Library"}
        crew.leave(by=member, now=now)
        assert titles(client.get(url)) == set()


class TestReading:
    def test_what_each_kind_tells_of(
        self, commitment, evening, hello_meeting, crew, member, feed_of, client
    ):
        told = {
            "mine": {"Seed Library", "Soup", "Noor and you"},
            "crew": {"Seed Library"},
            "all": {"Soup"},
        }
        for of, expected in told.items():
            _made, url = feed_of(member, of, crew=crew if of == "crew" else None)
            assert titles(client.get(url)) == expected, of

    def test_of_crews_only_ones_own(self, commitment, peer, host, feed_of, client):
        for person in (peer, host):
            _made, url = feed_of(person)
            assert titles(client.get(url)) == set()

    @pytest.mark.parametrize(
        ("shows", "expected"),
        [("kinds", {"Crew", "A talk", "Gathering"}), ("busy", {"Busy"})],
    )
    def test_titles_that_give_nothing_away(
        self,
        shows,
        expected,
        commitment,
        evening,
        hello_meeting,
        member,
        congregation,
        feed_of,
        client,
    ):
        _made, url = feed_of(member, shows=shows)
        answer = client.get(url)
        assert titles(answer) == expected
        for word in (
            "Seed",
            "Soup",
            "Noor",
            "Joel",
            "kitchen",
            "hall",
            "otaki",
            "Otaki",
            "http",
            "URL",
        ):
            assert word not in answer.text, word

    def test_in_the_language_of_its_person(self, evening, member, feed_of, client):
        member.user.language = "en-us"
        member.user.save()
        _made, url = feed_of(member, shows="kinds")
        answer = client.get(url, headers={"Accept-Language": "de"})
        assert titles(answer) == {"Gathering"}

    def test_its_headers(self, commitment, member, feed_of, client):
        _made, url = feed_of(member)
        answer = client.get(url)
        assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
        assert answer.headers["Cache-Control"] == "private, no-cache"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["X-Robots-Tag"] == "noindex"
        assert not answer.cookies
        assert client.head(url).status_code == 200
        assert client.post(url).status_code == 405

    def test_an_address_that_is_none(self, client, db):
        answer = client.get(reverse("feed", args=["x" * 32]))
        assert answer.status_code == 404
        assert answer.headers["Content-Type"].startswith("text/plain")
        assert not answer.cookies

    def test_no_line_of_the_log_has_it(self, commitment, member, feed_of, client, caplog):
        _made, url = feed_of(member)
        token = url.rpartition("/")[2].removesuffix(".ics")
        with caplog.at_level("DEBUG"):
            client.get(url)
            client.get(url.replace(token, token[::-1]))
            client.post(url)
        said = "".join(f"{record.getMessage()} {record.__dict__}" for record in caplog.records)
        assert "feed" in said
        assert token not in said
        assert token[::-1] not in said

    def test_as_many_queries_however_much_is_in_it(
        self, commitment, crew, member, mate, facilitator, seated_crew, make_commitment,
        evening, hello_meeting, feed_of, client, django_assert_num_queries,
    ):  # fmt: skip
        _made, url = feed_of(member)
        with django_assert_num_queries(12) as first:
            client.get(url)
        for number in range(3):
            more = seated_crew(f"More {number}", [member, mate, facilitator], state="active")
            make_commitment(more, mate)
        with django_assert_num_queries(len(first)):
            client.get(url)

    def test_not_so_often_that_it_keeps_the_server_busy(self, commitment, member, feed_of, client):
        made, url = feed_of(member)
        Feed.objects.filter(pk=made.pk).update(
            written=MOST_AN_HOUR, written_in=clock.now().replace(minute=0)
        )
        tag = client.get(url)
        assert tag.status_code == 429
        assert tag.headers["Retry-After"] == "3600"
        clock.move(timedelta(hours=1))
        assert client.get(url).status_code == 200
        assert Feed.objects.get().written == 1


class TestAskingAgain:
    def test_nothing_new(self, commitment, member, feed_of, client, django_assert_num_queries):
        _made, url = feed_of(member)
        tag = client.get(url).headers["ETag"]
        with django_assert_num_queries(2):
            answer = client.get(url, headers={"If-None-Match": tag})
        assert answer.status_code == 304
        assert not answer.content
        assert answer.headers["ETag"] == tag
        assert answer.headers["Cache-Control"] == "private, no-cache"
        clock.move(timedelta(days=2))
        assert client.get(url, headers={"If-None-Match": tag}).status_code == 304

    @pytest.mark.parametrize(
        "change",
        [
            lambda at: at["ahead"].move(
                starts_at=at["ahead"].starts_at + timedelta(hours=1), by=at["member"], now=at["now"]
            ),
            lambda at: at["ahead"].call_off(by=at["member"], now=at["now"]),
            lambda at: at["ahead"].replan(
                starts_at=at["ahead"].starts_at, place="Elsewhere", link="", agenda="",
                by=at["member"], now=at["now"],
            ),
            lambda at: at["past"].not_held(by=at["member"], now=at["now"]),
            lambda at: type(at["crew"]).objects.filter(pk=at["crew"].pk).update(name="Seeds"),
            lambda at: at["crew"].leave(by=at["member"], now=at["now"]),
            lambda at: at["feed"].show("busy", by=at["member"], now=at["now"]),
        ],
        ids=["moved", "called off", "elsewhere", "not held", "another name", "left", "shows less"],
    )  # fmt: skip
    def test_what_has_changed(self, change, ahead, past, crew, member, feed_of, client, now):
        made, url = feed_of(member)
        first = client.get(url)
        change(
            {"ahead": ahead, "past": past, "crew": crew, "member": member, "feed": made, "now": now}
        )
        answer = client.get(url, headers={"If-None-Match": first.headers["ETag"]})
        assert answer.status_code == 200
        assert answer.content != first.content

    def test_what_changes_nothing_that_is_read(self, ahead, member, mate, feed_of, client, now):
        _made, url = feed_of(member)
        tag = client.get(url).headers["ETag"]
        ahead.come(answer="coming", by=mate, word="Gladly", now=now)
        assert client.get(url, headers={"If-None-Match": tag}).status_code == 304


class TestOneMeeting:
    def test_the_ways_into_a_calendar(self, ahead, member, client_of, at):
        page = client_of(member).get(at(member, "meeting-to-calendar", pk=ahead.pk))
        assert at(member, "meeting-ics", pk=ahead.pk) in page.text
        assert 'rel="noopener noreferrer"' in page.text
        urls = {way.name: way.url for way in page.context["ways"]}
        assert "dates=20261125T060000Z%2F20261125T073000Z" in urls["Google"]
        assert "text=Seed%20Library" in urls["Google"]
        assert "startdt=2026-11-25T06%3A00%3A00Z" in urls["Outlook.com"]
        assert "dur=0130" in urls["Yahoo"]

    def test_nothing_of_it_stands_on_other_pages(self, ahead, member, client_of, at):
        for url in (ahead.get_absolute_url(), at(member, "calendar")):
            assert "google" not in client_of(member).get(url).text


def test_what_is_over_is_kept_for_years(commitment, member, feed_of, client):
    _made, url = feed_of(member)
    clock.move(timedelta(days=4 * 365))
    assert "Seed Library" in titles(client.get(url))
    clock.move(timedelta(days=2 * 365))
    assert titles(client.get(url)) == set()


def test_the_moment_from_which_it_tells_is_the_same_for_a_month():
    from rhythms.calendars.feed import since

    leap = datetime(2028, 2, 29, 12, tzinfo=UTC)
    assert since(now=leap) == datetime(2023, 2, 1, tzinfo=UTC)
