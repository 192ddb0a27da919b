"""The page of a rhythm, and what may be done there: change, pause, lift, step out, step in."""

from datetime import date

import pytest

from congregation.models import Event
from rhythms.models import Commitment, Pause, StepOut
from tests.rhythms.several import begin

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(facilitator, member, mate):
    return [facilitator, member, mate]


@pytest.fixture
def house(seated_crew, people):
    return seated_crew("Moss House", people, state="active", kind="house")


@pytest.fixture
def endless(house, people, now):
    return begin(house, people, now=now, place="The hall")


@pytest.fixture
def changed(endless):
    """Tuesdays at six in place of Thursdays at seven, from the first on."""
    return {
        "since": str(endless.meetings.get(number=1).pk),
        "tempo": "weekly",
        "monthly": "weekday",
        "date": "2026-12-01",
        "time": "18:00",
        "minutes": "60",
        "place": "The hall",
        "link": "",
    }


def refused(verb, data, people, client_of, at, pk):
    """Check what others get: who doesn't sit there, who is of elsewhere, and who only looks."""
    member, peer, outsider = people
    for stranger in (peer, outsider):
        url = at(stranger, verb, pk=pk)
        assert client_of(stranger).post(url, data).status_code == 404
    if verb != "commitment-change":
        assert client_of(member).get(at(member, verb, pk=pk)).status_code == 405


# ---- the page


def test_its_people_see_it(endless, member, mate, client_of, at):
    for person in (member, mate):
        page = client_of(person).get(at(person, "commitment", pk=endless.pk)).text
        assert "Planning hour" in page
        assert "Every Thursday, without an end" in page
        assert "Thu 26 Nov" in page
        assert "Only the three of you can see this page" in page


def test_the_crews_room_lists_them_and_counts_statements(
    house, endless, people, member, now, client_of, at, django_assert_max_num_queries
):
    client = client_of(member)
    url = at(member, "crew", pk=house.pk)
    client.get(url)
    with django_assert_max_num_queries(90) as few:
        page = client.get(url).text
    assert "Our rhythm" in page
    for kind in ("relational", "learning", "working"):
        begin(house, people, now=now, times=6, kind=kind, name=f"The {kind} one")
    with django_assert_max_num_queries(len(few) + 1):
        page = client.get(url).text
    assert "Our rhythms" in page
    for kind in ("relational", "learning", "working"):
        assert f"The {kind} one" in page


def test_its_page_in_as_many_statements_however_long(
    house, endless, people, member, now, client_of, at, django_assert_max_num_queries
):
    client = client_of(member)
    url = at(member, "commitment", pk=endless.pk)
    client.get(url)
    with django_assert_max_num_queries(60) as few:
        client.get(url)
    daily = begin(house, people, now=now, tempo="daily", kind="working")
    for n in range(5):
        Pause.objects.create(
            congregation=house.congregation,
            rhythm=daily.rhythm,
            first_on=date(2027, 3, 1 + n),
            last_on=date(2027, 3, 1 + n),
            made_at=now,
        )
    with django_assert_max_num_queries(len(few)):
        client.get(at(member, "commitment", pk=daily.pk))


# ---- change


def test_change(endless, member, changed, client_of, at):
    url = at(member, "commitment-change", pk=endless.pk)
    assert "Change the rhythm" in client_of(member).get(url).text
    answer = client_of(member).post(url, changed)
    assert (answer.status_code, answer.url) == (302, at(member, "commitment", pk=endless.pk))
    first = endless.meetings.get(number=1)
    assert first.local_date == date(2026, 12, 1)


def test_change_a_peer_of_it_sees(endless, member, mate, changed, client_of, at):
    client_of(member).post(at(member, "commitment-change", pk=endless.pk), changed)
    page = client_of(mate).get(at(mate, "commitment", pk=endless.pk)).text
    assert "Every Tuesday, without an end" in page


def test_change_shows_the_dates_first(endless, member, changed, client_of, at, htmx):
    url = at(member, "commitment-change", pk=endless.pk)
    for headers, is_whole in (({}, True), (htmx, False)):
        answer = client_of(member).post(url, changed | {"preview": "1"}, headers=headers)
        assert answer.status_code == 200
        assert ("<html" in answer.text) is is_whole
        assert "Every Tuesday" in answer.text
        assert "Tue 1 Dec, 6:00 pm" in answer.text
    assert endless.meetings.get(number=1).local_date == date(2026, 11, 26)


def test_change_this_and_later_or_all(endless, member, changed, client_of, at):
    third = endless.meetings.get(number=3)
    url = at(member, "commitment-change", pk=endless.pk) + f"?since={third.pk}"
    page = client_of(member).get(url).text
    assert "Thu 10 Dec and later" in page
    assert "All to come, from Thu 26 Nov" in page
    # Two days sooner, and all of it: the first goes two days sooner too.
    said = changed | {"date": "2026-12-11", "since": str(endless.meetings.get(number=1).pk)}
    assert client_of(member).post(url, said).status_code == 302
    assert endless.meetings.get(number=1).local_date == date(2026, 11, 27)


def test_change_this_and_later(endless, member, changed, client_of, at):
    third = endless.meetings.get(number=3)
    url = at(member, "commitment-change", pk=endless.pk) + f"?since={third.pk}"
    said = changed | {"date": "2026-12-11", "since": str(third.pk)}
    assert client_of(member).post(url, said).status_code == 302
    days = [row.local_date for row in endless.meetings.order_by("number")[:4]]
    assert days == [
        date(2026, 11, 26),
        date(2026, 12, 3),
        date(2026, 12, 11),
        date(2026, 12, 18),
    ]


def test_change_says_what_does_not_hold(endless, member, changed, client_of, at):
    url = at(member, "commitment-change", pk=endless.pk)
    answer = client_of(member).post(url, changed | {"date": "2026-11-01", "place": "My barn"})
    assert answer.status_code == 422
    assert "still to come" in answer.text
    assert "My barn" in answer.text


def test_change_who_may_not(
    endless, member, mate, peer, outsider, changed, make_member, now, client_of, at
):
    refused("commitment-change", changed, (member, peer, outsider), client_of, at, endless.pk)
    endless.crew.seat(make_member("Kit Moana"), by=None, now=now)
    client_of(mate).post(at(mate, "commitment-step-out", pk=endless.pk))
    answer = client_of(mate).post(at(mate, "commitment-change", pk=endless.pk), changed)
    assert answer.status_code == 403


def test_change_twice_is_once(endless, member, changed, client_of, at):
    for _again in range(2):
        client_of(member).post(at(member, "commitment-change", pk=endless.pk), changed)
    assert Event.objects.filter(verb="rhythm.change").count() == 1


# ---- pause


def test_pause_and_lift(endless, member, mate, client_of, at):
    url = at(member, "commitment-pause", pk=endless.pk)
    said = {"dates": ["2026-12-10"], "first": "2026-12-20", "last": "2027-01-05"}
    for _again in range(2):
        assert client_of(member).post(url, said).status_code == 302
    off = endless.meetings.filter(state="cancelled")
    assert sorted(row.local_date for row in off) == [
        date(2026, 12, 10),
        date(2026, 12, 24),
        date(2026, 12, 31),
    ]
    assert Event.objects.filter(verb="rhythm.pause").count() == 1
    page = client_of(mate).get(at(mate, "commitment", pk=endless.pk)).text
    assert "Sun 20 Dec to Tue 5 Jan 2027" in page
    pause = Pause.objects.get(first_on=date(2026, 12, 20))
    assert client_of(mate).post(at(mate, "pause-lift", pk=pause.pk)).status_code == 302
    assert endless.meetings.filter(state="cancelled").count() == 1


def test_pause_says_what_does_not_hold(endless, member, client_of, at):
    url = at(member, "commitment-pause", pk=endless.pk)
    for said, words in (
        ({}, "Tap a date"),
        ({"last": "2026-12-10"}, "From which day"),
        ({"first": "2026-12-10", "last": "2026-12-01"}, "comes after the first"),
    ):
        answer = client_of(member).post(url, said)
        assert answer.status_code == 422
        assert words in answer.text


def test_pause_who_may_not(endless, member, peer, outsider, now, client_of, at):
    said = {"dates": ["2026-12-10"]}
    refused("commitment-pause", said, (member, peer, outsider), client_of, at, endless.pk)
    pause = Pause.objects.create(
        congregation=member.congregation,
        rhythm=endless.rhythm,
        first_on=date(2026, 12, 10),
        last_on=date(2026, 12, 10),
        made_at=now,
    )
    refused("pause-lift", {}, (member, peer, outsider), client_of, at, pause.pk)


# ---- out and in


def test_step_out_and_in(endless, member, mate, make_member, now, client_of, at):
    endless.crew.seat(make_member("Kit Moana"), by=None, now=now)
    for _again in range(2):
        answer = client_of(mate).post(at(mate, "commitment-step-out", pk=endless.pk))
        assert answer.status_code == 302
    assert StepOut.objects.get().member == mate
    assert "Not in this one" in client_of(member).get(at(member, "commitment", pk=endless.pk)).text
    mine = client_of(mate).get(at(mate, "commitment", pk=endless.pk)).text
    assert "I’m in again" in mine
    assert "Change it" not in mine
    for _again in range(2):
        client_of(mate).post(at(mate, "commitment-step-in", pk=endless.pk))
    assert not StepOut.objects.exists()


def test_step_out_names_its_consequence(endless, member, mate, client_of, at):
    page = client_of(mate).get(at(mate, "commitment", pk=endless.pk)).text
    assert "this rhythm would end" in page
    client_of(mate).post(at(mate, "commitment-step-out", pk=endless.pk))
    endless.refresh_from_db()
    assert endless.state == Commitment.State.ENDED


def test_step_out_who_may_not(endless, member, peer, outsider, client_of, at):
    for verb in ("commitment-step-out", "commitment-step-in"):
        refused(verb, {}, (member, peer, outsider), client_of, at, endless.pk)


# ---- proposing


@pytest.fixture
def proposed():
    return {
        "tempo": "weekly",
        "weekdays": ["0", "3"],
        "monthly": "weekday",
        "ends": "open",
        "date": "2026-11-26",
        "time": "07:45",
        "minutes": "15",
        "kind": "working",
        "name": "Stand-up",
    }


def test_propose_without_an_end(house, member, proposed, client_of, at):
    url = at(member, "commitment-new", pk=house.pk)
    page = client_of(member).get(url).text
    assert "Without an end" in page
    shown = client_of(member).post(url, proposed | {"preview": "1"}).text
    assert "Every Monday and Thursday" in shown
    assert "and so on" in shown
    assert not Commitment.objects.exists()
    assert client_of(member).post(url, proposed).status_code == 302
    this = Commitment.objects.get()
    assert this.is_open_ended
    assert this.rhythm.name == "Stand-up"


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"tempo": "daily"}, "Every day"),
        ({"tempo": "fortnightly", "weekdays": []}, "Every other Thursday"),
        ({"tempo": "monthly"}, "Every fourth Thursday of the month"),
        ({"tempo": "monthly", "monthly": "date"}, "On the 26th of each month"),
        ({"tempo": "monthly", "monthly": "date", "date": "2026-12-31"}, "the last day"),
        ({"tempo": "quarterly"}, "Every three months, on the fourth Thursday"),
        ({"tempo": "yearly"}, "Every year on 26 November"),
    ],
)
def test_every_tempo_in_words(house, member, proposed, client_of, at, said, words):
    url = at(member, "commitment-new", pk=house.pk)
    answer = client_of(member).post(url, proposed | said | {"preview": "1"})
    assert words in answer.text


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"ends": "times", "times": ""}, "How many times?"),
        ({"ends": "until", "until": ""}, "Until which day?"),
        ({"ends": "until", "until": "2026-11-27"}, "once at most"),
        ({"ends": "until", "until": "2030-11-27"}, "within a year"),
    ],
)
def test_what_an_end_needs(house, member, proposed, client_of, at, said, words):
    url = at(member, "commitment-new", pk=house.pk)
    answer = client_of(member).post(url, proposed | said)
    assert answer.status_code == 422
    assert words in answer.text
    assert not Commitment.objects.exists()


def test_until_a_day(house, member, proposed, client_of, at):
    url = at(member, "commitment-new", pk=house.pk)
    said = proposed | {"ends": "until", "until": "2026-12-24", "times": "0"}
    assert client_of(member).post(url, said).status_code == 302
    assert Commitment.objects.get().times == 9


def test_only_some_kinds_may_go_without_an_end(house, member, proposed, client_of, at):
    house.kind = "other"
    house.save()
    url = at(member, "commitment-new", pk=house.pk)
    assert "Without an end" not in client_of(member).get(url).text
    assert client_of(member).post(url, proposed).status_code == 422
