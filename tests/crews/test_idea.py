"""A crew idea: floated in four short parts, listed, passed on, withdrawn."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError

from congregation.http import unshort
from congregation.models import Event, Notice
from crews import sweeping
from crews.dates import dates
from crews.forms.ideas import IdeaForm
from crews.models import FreeTime, Idea, Table
from rhythms.rules import expand, rule_for

WHAT = {
    "once": "11111111-1111-4111-8111-111111111111",
    "name": "Mending Circle",
    "intention": "Bring something broken.",
    "kind": "affinity",
    "tempo": "fortnightly",
    "times": "6",
    "minutes": "120",
    "begins_on": "2027-01-10",
    "begins_at": "14:00",
    "place": "Levin",
    "holds": "Hands busy, talk slow.",
    "ritual": "",
    "spoils": "",
}


def test_it_is_asked_for_in_parts_of_at_most_four_fields():
    assert all(len(part) <= 4 for part in IdeaForm.PARTS)


def test_it_is_floated_part_by_part_without_a_script(client_of, at, member, now):
    browser, url = client_of(member), at(member, "idea-new")
    page = browser.get(url).content.decode()
    assert 'name="name"' in page
    assert 'type="hidden" name="times" value="6"' in page
    for part in range(3):
        page = browser.post(url, WHAT | {"part": part, "go": "on"}).content.decode()
        assert f'name="part" value="{part + 1}"' in page
        assert 'type="hidden" name="intention" value="Bring something broken."' in page or not part
    answer = browser.post(url, WHAT | {"part": 3, "go": "float"})
    idea = Idea.objects.get()
    assert answer.url == idea.get_absolute_url()
    assert (idea.caller, idea.zone, idea.state) == (member, "Pacific/Auckland", "open")
    assert idea.open_until == now + timedelta(weeks=4)
    assert idea.first_at == datetime(2027, 1, 10, 1, tzinfo=UTC)
    assert Event.objects.filter(verb="idea.float", circle=None, subject=idea.pk).exists()


def test_floating_twice_is_once(client_of, at, member):
    for _ in range(2):
        answer = client_of(member).post(at(member, "idea-new"), WHAT | {"part": 3, "go": "float"})
        assert answer.status_code == 302
    assert Idea.objects.count() == 1
    assert Event.objects.filter(verb="idea.float").count() == 1


def test_one_may_go_back_without_losing_anything(client_of, at, member):
    half = WHAT | {"part": 2, "go": "back", "begins_on": ""}
    answer = client_of(member).post(at(member, "idea-new"), half)
    assert answer.status_code == 200
    page = answer.content.decode()
    assert 'name="part" value="1"' in page
    assert 'type="hidden" name="place" value="Levin"' in page
    assert "needs another look" not in page


@pytest.mark.parametrize(
    ("wrong", "part", "words"),
    [
        ({"name": ""}, 0, "This field is required"),
        ({"times": "1"}, 1, "greater than or equal to 2"),
        ({"begins_on": "2026-11-19", "begins_at": "18:59"}, 2, "That moment has passed"),
        ({"begins_on": "2028-06-01"}, 2, "within a year"),
        ({"place": ""}, 2, "Say where, or that one can join online"),
    ],
)
def test_what_doesnt_hold_is_said_beside_its_field(client_of, at, member, wrong, part, words):
    for go in ("on", "float"):
        at_part = part if go == "on" else 3
        answer = client_of(member).post(
            at(member, "idea-new"), WHAT | wrong | {"part": at_part, "go": go}
        )
        assert answer.status_code == 422
        page = answer.content.decode()
        assert words in page
        assert f'name="part" value="{part}"' in page
        assert "Mending Circle" in page or "name" in wrong
    assert not Idea.objects.exists()


def test_htmx_gets_the_part_alone(client_of, at, member, htmx):
    answer = client_of(member).post(
        at(member, "idea-new"), WHAT | {"part": 0, "go": "on"}, headers=htmx
    )
    page = answer.content.decode()
    assert page.lstrip().startswith('<div class="cols setup" id="float">')
    assert "HX-Request" in answer["Vary"]


def test_the_verb_refuses_a_moment_that_has_passed(float_idea, member):
    with pytest.raises(ValidationError, match="passed"):
        float_idea(member, begins_on=date(2026, 11, 1))


def test_it_is_open_no_longer_than_until_its_first_meeting(float_idea, member):
    idea = float_idea(member, begins_on=date(2026, 11, 22))
    assert idea.open_until == idea.first_at


def test_a_peer_sees_it_and_what_to_pass_on(client_of, at, idea, peer):
    page = client_of(peer).get(idea.get_absolute_url()).content.decode()
    for words in (
        "Bring something broken.",
        "Every other Sunday",
        "Six times, Sun 10 Jan 2027 to Sun 21 Mar",
        "Auckland, which is yours",
        "Everyone in the congregation can see these",
    ):
        assert words in page
    code = page.split("/i/")[1][:26]
    assert unshort(code) == idea.pk


def test_everyone_reads_the_first_time_in_their_own_zone(client_of, idea, peer):
    peer.user.zone = "Europe/Berlin"
    peer.user.save()
    page = client_of(peer).get(idea.get_absolute_url()).content.decode()
    assert "Auckland; in Berlin the first is Sun 10 Jan 2027, 2:00 am" in page


def test_an_outsider_and_a_stranger_find_nothing(client, client_of, idea, outsider):
    assert client_of(outsider).get(idea.get_absolute_url()).status_code == 404
    assert client.get(idea.get_absolute_url()).status_code == 302


def test_the_list_has_what_is_open_first_and_what_began_lately(
    client_of, at, float_idea, member, mate, facilitator, peer, make_crew, now
):
    old = float_idea(member, name="Old one", now=now - timedelta(days=40))
    begun = float_idea(member, name="Begun one")
    begun.crew, begun.state = make_crew("Begun one", [member]), "begun"
    begun.crew.founded_at = now - timedelta(days=3)
    begun.crew.save()
    begun.save()
    forming = float_idea(member, name="Forming one")
    for person in (mate, facilitator):
        forming.answer("join", by=person, now=now)
    Table.ask(forming, [mate, facilitator], by=member, now=now)
    float_idea(member, name="Open one")
    page = client_of(peer).get(at(peer, "ideas")).content.decode()
    places = [page.index(name) for name in ("Open one", "Forming one", "Begun one")]
    assert places == sorted(places)
    assert old.name not in page
    assert "asked" not in page
    assert "You’re asked" in client_of(mate).get(at(mate, "ideas")).content.decode()


def test_the_list_is_sifted_by_what_stands_in_the_address(
    client_of, at, congregation, float_idea, member, mate, facilitator, peer, htmx, now
):
    mending = float_idea(member, kind="affinity", place="Levin")
    float_idea(mate, name="Far and Near", kind="support", place="", is_online=True)
    congregation.seats_max = 3
    congregation.save()
    for person in (mate, facilitator):
        mending.answer("join", by=person, now=now)

    def shown(query, **more):
        page = client_of(peer).get(at(peer, "ideas") + query, **more).content.decode()
        return [name for name in ("Mending Circle", "Far and Near") if name in page]

    assert shown("") == ["Mending Circle", "Far and Near"]
    assert shown("?kind=support") == ["Far and Near"]
    assert shown("?where=place") == ["Mending Circle"]
    assert shown("?room=1") == ["Far and Near"]
    assert shown("?room=1&where=place") == []
    assert shown("?where=online", headers=htmx) == ["Far and Near"]
    page = client_of(peer).get(at(peer, "ideas") + "?tempo=weekly").content.decode()
    assert "No idea fits all of that just now." in page
    assert "Remove filter" in page


def test_an_empty_list_has_one_thing_to_do(client_of, at, member):
    page = client_of(member).get(at(member, "ideas")).content.decode()
    assert "No idea is open just now" in page


def test_the_list_asks_as_much_of_the_database_however_long_it_is(
    client_of, at, float_idea, make_member, member, now, django_assert_num_queries
):
    browser, url = client_of(member), at(member, "ideas")
    people = [make_member(f"Person{n} X") for n in range(8)]

    def grow(many):
        for n in range(many):
            idea = float_idea(people[n % 8], name=f"Idea {n}")
            for person in people[:5]:
                idea.answer("join", by=person, now=now)

    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    grow(3)
    browser.get(url)
    with CaptureQueriesContext(
        connection,
    ) as few:
        browser.get(url)
    grow(27)
    with django_assert_num_queries(len(few)):
        browser.get(url)


def test_the_caller_withdraws_it_and_those_who_would_join_are_told(
    client_of, at, idea, member, mate, peer, now
):
    idea.answer("join", by=mate, now=now)
    idea.answer("another", by=peer, now=now)
    url = at(member, "idea-close", pk=idea.pk)
    assert "Withdraw this idea?" in client_of(member).get(url).content.decode()
    for _ in range(2):
        assert client_of(member).post(url).status_code == 302
    idea.refresh_from_db()
    assert idea.state == Idea.State.CLOSED
    told = Notice.objects.filter(kind="crews.idea_closed").values_list("recipient", flat=True)
    assert list(told) == [mate.pk]
    assert Event.objects.filter(verb="idea.close").count() == 1


def test_nobody_else_withdraws_it(client_of, at, idea, peer, outsider, member):
    assert client_of(peer).post(at(peer, "idea-close", pk=idea.pk)).status_code == 403
    assert client_of(outsider).post(at(member, "idea-close", pk=idea.pk)).status_code == 404


def test_withdrawing_closes_the_table_with_the_same_words(table, idea, member, mate, now):
    idea.close(by=member, now=now)
    table.refresh_from_db()
    assert table.state == Table.State.CLOSED
    assert Notice.objects.filter(kind="crews.table_closed").count() == 3
    assert not Notice.objects.filter(kind="crews.idea_closed").exists()


def test_it_is_floated_anew_from_what_it_said(client_of, at, idea, member, peer, now):
    idea.close(by=member, now=now)
    page = client_of(member).get(at(member, "idea-new") + f"?like={idea.pk}").content.decode()
    assert 'value="Mending Circle"' in page
    page = client_of(peer).get(at(peer, "idea-new") + f"?like={idea.pk}").content.decode()
    assert "Mending Circle" not in page


def test_the_sweep_closes_what_had_its_time_and_what_lost_its_caller(
    float_idea, idea, make_member, now
):
    kai = make_member("Kai Dunn")
    lost = float_idea(kai)
    kai.state, kai.left_at = "left", now
    kai.save()
    assert sweeping.close_ideas(now=now) == 1
    lost.refresh_from_db()
    assert lost.state == Idea.State.CLOSED
    assert sweeping.close_ideas(now=now + timedelta(weeks=4)) == 1
    assert sweeping.close_ideas(now=now + timedelta(weeks=4)) == 0


def test_the_dates_of_an_idea_are_those_of_the_rhythm_it_becomes():
    for day in range(0, 800, 3):
        first = date(2026, 1, 1) + timedelta(days=day)
        for tempo in ("weekly", "fortnightly", "monthly"):
            start = datetime.combine(first, datetime.min.time())
            rhythm = expand(start, "UTC", rule_for(tempo, start, None), 60, limit=8)
            assert dates(first, tempo, 8) == [meeting.local.date() for meeting in rhythm]


def free(person, *times):
    for weekday, begins, ends in times:
        FreeTime.objects.create(
            congregation=person.congregation,
            member=person,
            weekday=weekday,
            begins=begins * 60,
            ends=ends * 60,
        )


def test_when_all_are_free_shows_the_whole_and_nobodys_own(
    client_of, idea, member, mate, facilitator, peer, now
):
    free(member, (6, 13, 18), (2, 18, 21))
    free(mate, (6, 12, 17))
    for person in (mate, facilitator):
        idea.answer("join", by=person, now=now)
    assert idea.times_shared() is None  # two people's times would tell each the other's
    free(facilitator, (6, 14, 20))
    shared = idea.times_shared()
    assert (shared.people, shared.said, shared.fits, shared.dates) == (3, 3, 6, 6)
    assert shared.days("Pacific/Auckland", idea.begins_on) == [False] * 6 + [True]
    page = client_of(mate).get(idea.get_absolute_url()).content.decode()
    assert "When all three are free" in page
    assert "All six dates lie in it." in page
    assert "are free" not in client_of(peer).get(idea.get_absolute_url()).content.decode()


def test_a_clock_change_moves_nobodys_evening(float_idea, member, mate, facilitator, now):
    idea = float_idea(member, begins_on=date(2027, 3, 21), tempo="weekly")
    for person in (member, mate, facilitator):
        free(person, (6, 14, 16))
        idea.answer("join", by=person, now=now)
    assert idea.clock_changes
    assert idea.times_shared().fits == 6


# ---- its own deadline, and what a call says


def test_it_has_a_deadline_of_its_own_and_says_what_people_do(client_of, at, member, mate, now):
    what = WHAT | {"answer_by": "2026-12-01", "format": "A round, then one question."}
    url = at(member, "idea-new")
    page = client_of(member).post(url, what | {"part": 0, "go": "on"}).text
    assert 'type="hidden" name="answer_by" value="2026-12-01"' in page
    client_of(member).post(url, what | {"part": 3, "go": "float"})
    idea = Idea.objects.get()
    # To the end of that day in Auckland.
    assert idea.open_until == datetime(2026, 12, 1, 11, tzinfo=UTC)
    page = client_of(mate).get(idea.get_absolute_url()).text
    assert "A round, then one question." in page
    assert "Auckland" in page
    assert "open until Wed 2 Dec" in page or "open until Tue 1 Dec" in page
    # Floated anew, it asks for another one.
    assert "answer_by" not in IdeaForm.like(idea)


@pytest.mark.parametrize("day", ["2026-11-18", "2027-03-01"])
def test_a_deadline_that_makes_no_sense_is_said_and_kept(client_of, at, member, day):
    what = WHAT | {"answer_by": day, "part": 3, "go": "float"}
    response = client_of(member).post(at(member, "idea-new"), what)
    assert response.status_code == 422
    assert "within the next twelve weeks" in response.text
    assert f'value="{day}"' in response.text
    assert not Idea.objects.exists()


def test_it_has_its_time_kindly(client_of, at, idea, member, mate, peer, now):
    idea.answer("join", by=mate, now=now)
    idea.answer("another", by=peer, now=now)
    for _ in range(2):
        sweeping.close_ideas(now=now + timedelta(weeks=4))
    told = Notice.objects.filter(kind="crews.idea_over").values_list("recipient__name", flat=True)
    assert sorted(told) == ["Ana Sefo", "Dov Levi"]
    assert "Float it anew" in client_of(member).get(idea.get_absolute_url()).text
