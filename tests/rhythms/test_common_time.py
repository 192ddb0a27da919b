"""A common time for a crew or an idea: each says when they could, and only what all share is shown."""

from datetime import date, time

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from congregation.models import Event, Notice
from crews.models import CommonTime, FreeTime
from crews.rules import Free
from rhythms.models import Commitment, Rhythm
from tests.crews.conftest import float_idea, idea

__all__ = ["float_idea", "idea"]

TUESDAY, SATURDAY = "1 evening", "5 morning"


def say(client_of, at, who, crew, boxes=(), need=(), name="crew-time"):
    url = at(who, name, pk=crew.pk)
    return client_of(who).post(url, {"boxes": list(boxes), "need": list(need)})


def test_each_says_and_what_all_share_is_proposed(client_of, at, crew, member, mate, facilitator):
    url = at(member, "crew-time", pk=crew.pk)
    page = client_of(member).get(url).text
    assert "0 of 3 have said when they could." in page
    assert say(client_of, at, member, crew, [TUESDAY, SATURDAY]).url == url
    say(client_of, at, mate, crew, [TUESDAY], [SATURDAY])
    say(client_of, at, facilitator, crew, [TUESDAY, SATURDAY])
    page = client_of(member).get(url).text
    assert page.index("Tue 24 Nov, 6:00 pm") < page.index("Sat 21 Nov, 8:00 am")
    assert "All of them, one if need be" in page
    assert "on all 6 dates until" in page
    # Whose it is that doesn't fit so well stands nowhere.
    assert "Dov" not in page
    assert not Event.objects.filter(actor=member, verb__startswith="common").exists()


def test_one_tap_makes_it_the_rhythm(client_of, at, crew, member, mate, facilitator):
    for person in (member, mate, facilitator):
        say(client_of, at, person, crew, [TUESDAY])
    url = at(member, "crew-time", pk=crew.pk) + "?tempo=fortnightly&times=4&minutes=120"
    page = client_of(member).get(url).text
    start = page.index(at(member, "commitment-new", pk=crew.pk) + "?date=")
    link = page[start : page.index('"', start)].replace("&amp;", "&")
    form = client_of(member).get(link)
    for said in ('value="2026-11-24"', 'value="18:00"', 'value="4"'):
        assert said in form.text
    response = client_of(member).post(
        link,
        {
            "tempo": "fortnightly",
            "times": 4,
            "date": "2026-11-24",
            "time": "18:00",
            "minutes": 120,
        },
    )
    assert response.status_code == 302
    assert Rhythm.objects.latest("starts_on").starts_at == time(18)
    assert Commitment.objects.get().times == 4


def test_it_begins_with_ones_card_and_is_said_anew(client_of, at, crew, member, congregation, now):
    FreeTime.objects.create(
        congregation=congregation, member=member, weekday=1, begins=1080, ends=1320
    )
    url = at(member, "crew-time", pk=crew.pk)
    page = client_of(member).get(url).text
    assert 'value="1 evening" checked' in page
    for boxes in ([TUESDAY], [SATURDAY], [SATURDAY]):
        say(client_of, at, member, crew, boxes, [SATURDAY])
    row = CommonTime.objects.get()
    assert (row.weekday, row.begins, row.ends, row.if_need_be) == (5, 480, 720, False)


def test_everyones_own_alone(client_of, at, crew, member, mate, peer, host, outsider, now):
    say(client_of, at, member, crew, [TUESDAY])
    assert not CommonTime.objects.visible_to(mate).exists()
    url = at(member, "crew-time", pk=crew.pk)
    for person in (peer, host, outsider):
        assert client_of(person).get(url).status_code == client_of(person).post(url).status_code
        assert client_of(person).get(url).status_code == 404
    with pytest.raises(PermissionDenied):
        CommonTime.say(crew, [Free(1, 0, 60)], [], by=peer, now=now)


def test_an_idea_finds_its_time_among_those_who_would_join(
    client_of, at, idea, member, mate, facilitator, peer, now
):
    for person in (mate, facilitator):
        idea.answer("join", by=person, now=now)
        say(client_of, at, person, idea, [TUESDAY], name="idea-time")
    say(client_of, at, member, idea, [TUESDAY], name="idea-time")
    page = client_of(member).get(at(member, "idea-time", pk=idea.pk)).text
    assert "Begin then" in page
    assert "Begin then" not in client_of(mate).get(at(mate, "idea-time", pk=idea.pk)).text
    assert client_of(peer).get(at(peer, "idea-time", pk=idea.pk)).status_code == 403
    url = at(member, "idea-meet-at", pk=idea.pk)
    for _ in range(2):
        client_of(member).post(url, {"starts": "2026-12-01T18:00"})
    idea.refresh_from_db()
    assert (idea.begins_on, idea.begins_at) == (date(2026, 12, 1), time(18))
    told = Notice.objects.filter(kind="crews.idea_moved").values_list("recipient__name", flat=True)
    assert sorted(told) == ["Dov Levi", "Joel King"]
    assert client_of(mate).post(url, {"starts": "2026-12-02T18:00"}).status_code == 403
    for wrong, words in (("never", "Choose one of the times."), ("2026-01-01T10:00", "has passed")):
        assert words in client_of(member).post(url, {"starts": wrong}, follow=True).text
    assert idea.open_until <= idea.first_at


def test_a_box_of_nobodys_week_is_refused_and_nothing_is_lost(client_of, at, crew, member):
    response = say(client_of, at, member, crew, ["9 evening", TUESDAY])
    assert response.status_code == 422
    assert not CommonTime.objects.exists()
    assert 'value="1 evening" checked' in response.text


def test_it_costs_the_same_however_many(
    client_of, at, seated_crew, make_member, member, mate, facilitator, now
):
    def cost(crew):
        url = at(member, "crew-time", pk=crew.pk)
        browser = client_of(member)
        browser.get(url)
        with CaptureQueriesContext(connection) as queries:
            browser.get(url)
        return len(queries)

    small = seated_crew("Small", [member, mate, facilitator], state="active")
    guests = [make_member(f"Guest{n} Ra") for n in range(5)]
    large = seated_crew("Large", [member, mate, facilitator, *guests], state="active")
    for crew in (small, large):
        for seat in crew.seats.select_related("member"):
            CommonTime.say(crew, [Free(1, 1080, 1320)], [], by=seat.member, now=now)
    assert cost(large) == cost(small)


def test_the_database_keeps_its_shape(crew, idea, member):
    own = {"congregation": crew.congregation, "member": member, "weekday": 1, "ends": 60}
    for wrong in (
        {"begins": 0},
        {"begins": 0, "crew": crew, "idea": idea},
        {"begins": 60, "crew": crew},
        {"begins": 0, "crew": crew, "ends": 1441},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            CommonTime.objects.create(**own | wrong)
