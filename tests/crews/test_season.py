"""A season: hosts open it, people take part, tables are proposed, crews form or it ends kindly."""

import re
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from congregation.models import Event, Notice
from crews import rules, seasons
from crews.models import (
    Card,
    Crew,
    FreeTime,
    Hello,
    Idea,
    Interest,
    LeftOut,
    NotWith,
    Proposal,
    ProposalAnswer,
    Season,
    Seeker,
)
from tests.crews.seasons import MORNING, WEEKS, free, joins, open_season, tables, yes

QUICK = {"seconds": 0.3}
SAYS, CLOSES = WEEKS


@pytest.fixture
def season(host, now):
    return open_season(host, now=now)


@pytest.fixture
def crowd(make_member):
    """Make some people by name."""
    return lambda *names: [make_member(name) for name in names]


@pytest.fixture
def five(season, crowd, now):
    """Five who take part and are all free on Monday evenings."""
    people = crowd("Ada", "Bea", "Cyd", "Dan", "Eve")
    for person in people:
        joins(season, person, 0, now=now)
    return people


@pytest.fixture
def proposed(season, five, now):
    """The table of the five, asked."""
    seasons.sweep(now=now + SAYS, **QUICK)
    return Proposal.objects.get()


def told(kind):
    rows = Notice.objects.filter(kind=f"crews.{kind}").values_list("recipient__name", flat=True)
    return sorted(rows)


# --- Opening, moving, ending ------------------------------------------------------------------


def form_of(now, **changed):
    today = now.date()
    return {
        "name": "Summer crews",
        "says_until": today + timedelta(days=14),
        "closes_on": today + timedelta(days=35),
    } | changed


def test_a_host_opens_a_season_and_everyone_is_told(client_of, at, host, member, peer, now):
    response = client_of(host).post(at(host, "season-new"), form_of(now))
    season = Season.objects.get()
    assert response["Location"] == season.get_absolute_url()
    assert season.says_until.astimezone().isoformat()  # an instant
    assert told("season_open") == ["Ana Sefo", "Noor Haddad"]
    assert Event.objects.filter(verb="season.open").count() == 1
    page = client_of(peer).get(season.get_absolute_url()).content.decode()
    assert "Would you like to sit in a crew?" in page
    assert "How it goes" not in page
    assert season.name in client_of(peer).get(at(peer, "crews")).content.decode()


def test_opening_twice_is_once(client_of, at, host, now):
    once = {"once": "8d2fbb7a-6a1c-4f0e-9a63-3f9f0e3a1f10"}
    for _time in range(2):
        assert client_of(host).post(at(host, "season-new"), form_of(now, **once)).status_code == 302
    assert Season.objects.count() == 1
    response = client_of(host).post(at(host, "season-new"), form_of(now))
    assert response.status_code == 422
    assert "A season is open already." in response.content.decode()


def test_the_database_holds_one_season_at_a_time(season, now):
    with pytest.raises(IntegrityError), transaction.atomic():
        Season.objects.create(
            congregation=season.congregation,
            name="Another",
            opened_at=now,
            says_until=now + SAYS,
            closes_at=now + CLOSES,
        )


@pytest.mark.parametrize(
    ("field", "days", "says"),
    [
        ("says_until", -2, "Choose a day to come."),
        ("closes_on", 15, "Leave at least four days"),
        ("closes_on", 400, "Half a year is the longest."),
    ],
)
def test_days_that_do_not_hold(client_of, at, host, now, field, days, says):
    day = now.date() + timedelta(days=days)
    response = client_of(host).post(at(host, "season-new"), form_of(now, **{field: day}))
    assert response.status_code == 422
    page = response.content.decode()
    assert says in page
    assert 'value="Summer crews"' in page  # nothing typed is lost


def test_only_hosts_open_move_hurry_and_end(client_of, at, season, peer, outsider, host):
    for name in ("season-new", "season-host", "season-hurry", "season-end"):
        with_pk = {} if name == "season-new" else {"pk": season.pk}
        assert client_of(peer).post(at(peer, name, **with_pk)).status_code == 403
        assert client_of(outsider).post(at(host, name, **with_pk)).status_code == 404
    assert client_of(host).get(at(host, "season-hurry", pk=season.pk)).status_code == 405


def test_a_host_changes_its_days(client_of, at, season, host, now):
    url = at(host, "season-host", pk=season.pk)
    later = form_of(now, says_until=now.date() + timedelta(days=20))
    assert client_of(host).post(url, later).status_code == 302
    season.refresh_from_db()
    assert season.says_until.date() - now.date() >= timedelta(days=19)
    assert Event.objects.filter(verb="season.move").count() == 1
    client_of(host).post(url, later)
    assert Event.objects.filter(verb="season.move").count() == 1


def test_a_host_ends_it_after_a_page(client_of, at, proposed, season, five, host, now):
    url = at(host, "season-end", pk=season.pk)
    assert "come to nothing" not in client_of(host).get(url).content.decode()
    for _time in range(2):
        assert client_of(host).post(url).status_code == 302
    season.refresh_from_db()
    assert season.is_over
    assert told("season_over") == ["Ada", "Bea", "Cyd", "Dan", "Eve"]
    assert Event.objects.filter(verb="season.end").count() == 1
    assert not ProposalAnswer.objects.exists()


# --- Taking part ------------------------------------------------------------------------------


def test_someone_takes_part_and_says_when(client_of, at, season, peer, now):
    url = at(peer, "season-join", pk=season.pk)
    assert "Take part" in client_of(peer).get(url).content.decode()
    said = {"boxes": ["0 evening", "2 morning"], "wants": "crew", "counts_hellos": "on"}
    for _time in range(2):
        response = client_of(peer).post(url, said)
        assert response["Location"] == season.get_absolute_url()
    seeker = Seeker.objects.get()
    assert (seeker.wants_one, seeker.leaves_out, seeker.counts_hellos) == (False, False, True)
    assert FreeTime.objects.filter(member=peer).count() == 2
    page = client_of(peer).get(season.get_absolute_url()).content.decode()
    assert "You take part" in page
    assert "One takes part so far." in page


def test_who_takes_part_is_seen_by_nobody_else(client_of, at, season, peer, member, host, now):
    pages = [
        (who, url)
        for who in (member, host)
        for url in (at(who, "home"), at(who, "pool"), at(who, "member", pk=peer.pk))
    ]
    before = [client_of(who).get(url).status_code for who, url in pages]
    joins(season, peer, 0, now=now)
    assert [client_of(who).get(url).status_code for who, url in pages] == before
    for who in (member, host):
        assert not Seeker.objects.visible_to(who).exists()
        shown = client_of(who).get(season.get_absolute_url()).content.decode()
        assert peer.name not in shown
    counted = client_of(host).get(at(host, "season-host", pk=season.pk)).content.decode()
    assert peer.name not in counted
    assert not Event.objects.exclude(verb="season.open").exists()


def test_it_is_taken_back_while_people_say_so(client_of, at, season, peer, now):
    joins(season, peer, 0, now=now)
    url = at(peer, "season-leave", pk=season.pk)
    for _time in range(2):
        assert client_of(peer).post(url).status_code == 302
    assert not Seeker.objects.exists()
    joins(season, peer, 0, now=now)
    with pytest.raises(ValidationError, match="not this time"):
        Seeker.leave(season, by=peer, now=now + SAYS)
    with pytest.raises(ValidationError, match="put together already"):
        Seeker.join(season, by=peer, now=now + SAYS)


def test_it_waits_on_home_for_those_who_look(client_of, at, season, peer, crewless, now):
    words = "Would you like to take part?"
    assert words not in client_of(peer).get(at(peer, "home")).content.decode()
    crewless(peer)
    assert words in client_of(peer).get(at(peer, "home")).content.decode()
    joins(season, peer, 0, now=now)
    assert words not in client_of(peer).get(at(peer, "home")).content.decode()


def test_ideas_that_are_floated_meanwhile_belong_to_it(client_of, season, float_idea, peer, now):
    idea = float_idea(peer)
    assert idea.season == season
    assert idea.name in client_of(peer).get(season.get_absolute_url()).content.decode()
    assert float_idea(peer, now=now + SAYS).season is None


# --- Proposing --------------------------------------------------------------------------------


def test_nothing_is_proposed_before_its_day(season, five, now):
    assert not seasons.sweep(now=now + SAYS - timedelta(minutes=1), **QUICK)
    assert not Proposal.objects.exists()


def test_a_host_lets_it_begin_now(client_of, at, season, five, host, now):
    url = at(host, "season-hurry", pk=season.pk)
    for _time in range(2):
        assert client_of(host).post(url).status_code == 302
    page = client_of(host).get(season.get_absolute_url()).content.decode()
    assert "about to be put together" in page
    assert seasons.sweep(now=now, **QUICK) == 1
    assert Proposal.objects.count() == 1
    assert Event.objects.filter(verb="season.hurry").count() == 1


def test_a_table_of_those_who_share_a_time_is_asked(client_of, at, proposed, five, season, now):
    assert tables(Season.objects.get()) == [{"Ada", "Bea", "Cyd", "Dan", "Eve"}]
    assert told("proposal") == ["Ada", "Bea", "Cyd", "Dan", "Eve"]
    assert proposed.answers_until == now + SAYS + timedelta(days=7)
    ada = five[0]
    assert rules.Free(0, 18 * 60, 22 * 60) in proposed.times(ada.zone, now.date())
    # Asked again by a worker that comes late, nothing happens.
    assert not seasons.sweep(now=now + SAYS, **QUICK)
    assert Proposal.objects.count() == 1


def test_those_asked_see_the_table_and_nobody_else_does(client_of, at, proposed, five, host, peer):
    ada = five[0]
    page = client_of(ada).get(proposed.get_absolute_url()).content.decode()
    assert "A table is proposed to you" in page
    assert all(person.name in page for person in five)
    assert "Monday, 6:00 pm to 10:00 pm" in page
    assert "A table is proposed to you" in client_of(ada).get(at(ada, "home")).content.decode()
    for other in (host, peer):
        page = client_of(other).get(proposed.get_absolute_url()).content.decode()
        assert "Tables are proposed" in page
        assert not any(re.search(rf"\b{person.name}\b", page) for person in five)
        url = at(other, "proposal-answer", pk=proposed.pk)
        assert client_of(other).post(url, {"is_yes": "yes"}).status_code == 404


def test_while_it_is_computed_its_page_looks_again_for_next_to_nothing(
    client_of, at, season, five, host, now
):
    Season.objects.filter(pk=season.pk).update(says_until=now)
    season.refresh_from_db()
    assert season.claim(now=now)
    assert not season.claim(now=now)  # nobody else
    for url in (season.get_absolute_url(), at(host, "season-host", pk=season.pk)):
        page = client_of(host).get(url).content.decode()
        assert "Tables are being put together" in page
        tag = page.split("If-None-Match&quot;: &quot;\\&quot;")[1].split("\\")[0]
        again = {"HX-Request": "true", "If-None-Match": f'"{tag}"'}
        assert client_of(host).get(url, headers=again).status_code == 304
    # A worker that was lost is replaced.
    assert seasons.sweep(now=now + timedelta(minutes=11), **QUICK) == 1
    assert Proposal.objects.count() == 1


def test_people_without_a_common_time_are_at_no_table(season, crowd, now):
    for day, name in enumerate(("Ada", "Bea", "Cyd", "Dan")):
        joins(season, *crowd(name), day, now=now)
    seasons.sweep(now=now + SAYS, **QUICK)
    assert not Proposal.objects.exists()


def test_who_meets_online_only_and_who_in_person_only_are_at_no_table(season, five, now):
    for person in five[:3]:
        Card.of(person).write({"where": "online"}, by=person)
    for person in five[3:]:
        Card.of(person).write({"where": "place"}, by=person)
    seasons.sweep(now=now + SAYS, **QUICK)
    assert tables(Season.objects.get()) == [{"Ada", "Bea", "Cyd"}]


def test_not_with_is_kept_whoever_chose_it(season, crowd, now):
    people = crowd("Ada", "Bea", "Cyd", "Dan", "Eve", "Fay")
    for person in people:
        joins(season, person, 0, now=now)
    ada, fay = people[0], people[-1]
    NotWith.choose(ada, by=fay, now=now)
    seasons.sweep(now=now + SAYS, **QUICK)
    assert Proposal.objects.exists()
    assert not any({"Ada", "Fay"} <= table for table in tables(Season.objects.get()))


def test_those_one_knows_well_are_left_out_for_who_says_so(season, make_crew, crowd, now):
    people = crowd("Ada", "Bea", "Cyd", "Dan", "Eve", "Fay")
    ada, bea, _cyd, _dan, _eve, fay = people
    make_crew("Old friends", [ada, bea])
    LeftOut.for_good(fay, by=ada)
    for person in people:
        joins(season, person, 0, leaves_out=person == ada, now=now)
    seasons.sweep(now=now + SAYS, **QUICK)
    table = next((t for t in tables(Season.objects.get()) if "Ada" in t), set())
    assert not table & {"Bea", "Fay"}


def test_only_what_is_mutual_and_let_count_counts(season, crowd, now):
    people = crowd("Ada", "Bea", "Cyd", "Dan")
    for person in people:
        joins(season, person, 0, counts_hellos=person.name != "Dan", now=now)
    ada, bea, cyd, dan = sorted(people, key=lambda person: person.pk)
    for first, second in ((ada, bea), (bea, cyd)):
        first, second = sorted((first, second), key=lambda person: person.pk)
        Hello.objects.create(
            congregation=season.congregation, first=first, second=second, made_at=now
        )
    Interest.objects.create(
        congregation=season.congregation,
        wisher=ada,
        other=dan,
        number=1,
        until=now + timedelta(days=7),
    )
    pairs = seasons._mutual(seasons.gather(season, on=now.date()))
    quiet = {person.pk for person in people if person.name == "Dan"}
    expected = {
        pair
        for one, other in ((ada, bea), (bea, cyd))
        if not {one.pk, other.pk} & quiet
        for pair in ((one.pk, other.pk), (other.pk, one.pk))
    }
    assert set(pairs) == expected


def test_an_idea_that_most_would_join_names_the_crew(season, five, float_idea, now):
    ada, bea, cyd, *_rest = five
    idea = float_idea(ada, begins_on=(now + timedelta(weeks=8)).date())
    for person in (bea, cyd):
        idea.answer("join", by=person, now=now)
    Idea.objects.update(open_until=now + timedelta(weeks=8))
    seasons.sweep(now=now + SAYS, **QUICK)
    proposal = Proposal.objects.get()
    assert proposal.idea == idea
    for person in five:
        seasons.answer(proposal, True, by=person, now=now + SAYS)
    crew, idea = Crew.objects.get(), Idea.objects.get()
    assert (crew.name, crew.kind) == (idea.name, idea.kind)
    assert (idea.state, idea.crew) == (Idea.State.BEGUN, crew)


def test_times_are_joined_over_the_week_end():
    slots = seasons.slots_of([(0, 60), (10_020, 10_080)], "place", ["weekly"])
    assert slots == {"weekly place 10020", "weekly place 10050"}
    assert seasons.meeting_time([slots, slots]) == (10_020, 10_140, "place", "weekly")
    whole = seasons.slots_of([(600, 840)], "either", [])
    assert seasons.meeting_time([whole]) == (600, 840, "either", "weekly")
    with pytest.raises(ValueError, match="share no time"):
        seasons.meeting_time([slots, whole])


# --- Answers, crews, another round, the end ---------------------------------------------------


def answer(client_of, at, who, proposal, is_yes, **extra):
    url = at(who, "proposal-answer", pk=proposal.pk)
    return client_of(who).post(url, {"is_yes": is_yes}, **extra)


def test_with_everyones_yes_the_crew_forms_at_once(client_of, at, proposed, five):
    *others, eve = five
    for person in others:
        response = answer(client_of, at, person, proposed, "yes")
        assert response["Location"] == proposed.get_absolute_url()
        assert not Crew.objects.exists()
    assert answer(client_of, at, eve, proposed, "yes").status_code == 302
    crew = Crew.objects.get()
    assert (crew.state, crew.seats_taken, crew.name) == ("forming", 5, "Summer crews 1")
    assert told("season_crew") == ["Ada", "Bea", "Cyd", "Dan", "Eve"]
    assert answer(client_of, at, eve, proposed, "yes").status_code == 302  # twice is once
    assert Crew.objects.count() == 1
    page = client_of(eve).get(proposed.get_absolute_url()).content.decode()
    assert "Your crew forms" in page


def test_an_answer_is_nobody_elses(client_of, at, proposed, five, host):
    ada, bea, *_rest = five
    mask = re.compile(r"(csrfmiddlewaretoken[^>]*|nonce=\"[^\"]*\")")

    def seen():
        pages = [
            (bea, proposed.get_absolute_url()),
            (host, at(host, "season-host", pk=proposed.season_id)),
        ]
        return [mask.sub("", client_of(who).get(url).content.decode()) for who, url in pages]

    before, notices = seen(), Notice.objects.count()
    assert answer(client_of, at, ada, proposed, "no").status_code == 302
    assert seen() == before
    assert Notice.objects.count() == notices
    assert not ProposalAnswer.objects.visible_to(bea).exists()
    assert not Event.objects.filter(verb__startswith="proposal").exists()
    mine = client_of(ada).get(proposed.get_absolute_url()).content.decode()
    assert "You said: not this time." in mine


def test_without_choosing_nothing_is_said(client_of, at, proposed, five):
    assert answer(client_of, at, five[0], proposed, "perhaps").status_code == 302
    assert not ProposalAnswer.objects.exists()


def test_on_its_day_those_who_said_yes_are_a_crew_if_they_are_enough(proposed, five, now):
    yes(proposed, *five[:3], now=now + SAYS)
    seasons.sweep(now=proposed.answers_until, **QUICK)
    crew = Crew.objects.get()
    assert {person.name for person in crew.people()} == {"Ada", "Bea", "Cyd"}
    assert told("season_crew") == ["Ada", "Bea", "Cyd"]
    with pytest.raises(ValidationError):
        proposed.answer(True, by=five[4], now=proposed.answers_until)


def test_what_comes_to_nothing_is_mixed_anew_and_then_the_season_ends(
    client_of, proposed, five, season, crowd, now
):
    fay, gus = crowd("Fay", "Gus")
    for person in (fay, gus):
        free(person, 3)
        Seeker.objects.create(
            congregation=season.congregation, season=season, member=person, joined_at=now
        )
    yes(proposed, *five[:2], now=now + SAYS)
    later = proposed.answers_until
    seasons.sweep(now=later, **QUICK)
    season.refresh_from_db()
    assert (season.rounds, season.state) == (2, "proposed")
    assert not Crew.objects.exists()
    assert Proposal.objects.filter(round=2).count() == 1
    assert len(told("proposal")) == 10  # asked anew, all five: nobody learns who said what
    page = client_of(fay).get(season.get_absolute_url()).content.decode()
    assert "There is no table for you in this round." in page
    seasons.sweep(now=season.answers_until, **QUICK)
    seasons.sweep(now=season.answers_until, **QUICK)
    season.refresh_from_db()
    assert season.is_over
    assert set(Seeker.objects.values_list("member__name", "outcome")) == {
        *((name, "not_this") for name in ("Ada", "Bea", "Cyd", "Dan", "Eve")),
        ("Fay", "no_shared"),
        ("Gus", "no_shared"),
    }
    assert len(told("season_over")) == 7


def test_a_pair_that_was_asked_before_counts_less(proposed, five, season, crowd, now):
    people = seasons.gather(season, on=now.date())
    before = seasons._puzzle(season, people, now=now).pairs[0][1]
    Proposal.objects.update(state="closed")
    assert seasons._puzzle(season, people, now=now).pairs[0][1] == before - seasons.ASKED_BEFORE


def test_each_is_told_why_and_what_would_help(client_of, season, crowd, host, now):
    ada, bea, cyd, dan = crowd("Ada", "Bea", "Cyd", "Dan")
    joins(season, ada, 0, wants_one=True, now=now)
    joins(season, bea, now=now)
    for day, person in ((1, cyd), (2, dan)):
        joins(season, person, day, now=now)
    seasons.end(season, by=host, now=now + SAYS)
    assert {seeker.member.name: seeker.outcome for seeker in Seeker.objects.all()} == {
        "Ada": "partner",
        "Bea": "no_times",
        "Cyd": "no_shared",
        "Dan": "no_shared",
    }
    for person, says in (
        (ada, "You looked for one other person"),
        (bea, "You hadn’t said when you are free"),
        (cyd, "Too few of those who took part are free when you are."),
    ):
        page = client_of(person).get(season.get_absolute_url()).content.decode()
        assert says in page
        assert "Float an idea" in page


def test_too_few_took_part(season, crowd, host, now):
    for person in crowd("Ada", "Bea"):
        joins(season, person, 0, now=now)
    seasons.end(season, by=host, now=now)
    assert set(Seeker.objects.values_list("outcome", flat=True)) == {"few"}


def test_what_is_told_does_not_rest_on_who_is_kept_apart(season, five, host, now):
    """Two worlds that differ by who would rather not be with whom: each is told the same."""
    for other in five[1:]:
        NotWith.choose(five[0], by=other, now=now)
    with transaction.atomic():
        kept = seasons._outcomes(season, on=now.date())
    NotWith.objects.all().delete()
    assert seasons._outcomes(season, on=now.date()) == kept
    assert set(kept.values()) == {Seeker.Outcome.NOT_THIS_TIME}


def test_who_leaves_the_congregation_is_asked_no_more(proposed, five, now):
    from hall.leaving import leave

    *others, eve = five
    for person in others:
        assert seasons.answer(proposed, True, by=person, now=now + SAYS) is None
    assert leave(eve, by=eve, now=now + SAYS)
    assert not Seeker.objects.filter(member=eve).exists()
    seasons.sweep(now=proposed.answers_until, **QUICK)
    assert Crew.objects.get().seats_taken == 4


def test_a_full_season_takes_as_many_queries_as_a_small_one(
    client_of, at, season, five, host, make_member, now
):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def count(who, url):
        with CaptureQueriesContext(connection) as captured:
            assert client_of(who).get(url).status_code == 200
        return len(captured)

    pages = [(five[0], season.get_absolute_url()), (host, at(host, "season-host", pk=season.pk))]
    for who, url in pages:
        count(who, url)
    before = [count(who, url) for who, url in pages]
    for number in range(20):
        joins(season, make_member(f"P{number} X"), 0, now=now)
    assert [count(who, url) for who, url in pages] == before


def test_free_in_the_morning_too(season, crowd, now):
    ada, bea, cyd = crowd("Ada", "Bea", "Cyd")
    for person in (ada, bea, cyd):
        free(person, 5, part=MORNING)
        Seeker.join(season, by=person, now=now)
    seasons.sweep(now=now + SAYS, **QUICK)
    assert Proposal.objects.count() == 1
