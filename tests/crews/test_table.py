"""A table forms: each is asked in private, and nobody learns who said what."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from congregation.models import Event, Notice
from congregation.notices import kind_of
from crews import sweeping
from crews.models import Crew, Idea, Place, Table, TableAnswer

WORDS = "didn’t come together as it was"


def ask(client_of, at, who, idea, people):
    return client_of(who).post(
        at(who, "idea-ask", pk=idea.pk), {"people": [person.pk for person in people]}
    )


def answer(client_of, at, who, table, is_yes, **extra):
    return client_of(who).post(at(who, "table-answer", pk=table.pk), {"is_yes": is_yes}, **extra)


@pytest.fixture
def joined(idea, mate, facilitator, peer, now):
    for person in (mate, facilitator, peer):
        idea.answer("join", by=person, now=now)
    return idea


def test_the_caller_asks_some_of_those_who_would_join(
    client_of, at, joined, member, mate, facilitator, peer, now
):
    page = client_of(member).get(joined.get_absolute_url()).content.decode()
    assert "Ask them, with my yes" in page
    assert ask(client_of, at, member, joined, [mate, facilitator]).status_code == 302
    table = Table.objects.get()
    assert table.closes_at == now + timedelta(days=7)
    assert set(table.places.values_list("member", flat=True)) == {
        member.pk,
        mate.pk,
        facilitator.pk,
    }
    joined.refresh_from_db()
    assert joined.state == Idea.State.FORMING
    told = Notice.objects.filter(kind="crews.table").values_list("recipient", flat=True)
    assert set(told) == {mate.pk, facilitator.pk}
    assert TableAnswer.objects.get().member == member  # asking is a yes


def test_asking_twice_is_once(client_of, at, joined, member, mate, facilitator):
    for _ in range(2):
        assert ask(client_of, at, member, joined, [mate, facilitator]).status_code == 302
    assert Table.objects.count() == 1
    assert Notice.objects.filter(kind="crews.table").count() == 2


def test_nobody_else_asks(client_of, at, joined, mate, facilitator, outsider, member):
    assert ask(client_of, at, mate, joined, [facilitator]).status_code == 403
    url = at(member, "idea-ask", pk=joined.pk)
    assert client_of(outsider).post(url).status_code == 404
    assert client_of(member).get(url).status_code == 405


@pytest.mark.parametrize("how_many", [0, 1])
def test_a_crew_needs_three(client_of, at, joined, member, mate, how_many):
    response = ask(client_of, at, member, joined, [mate][:how_many])
    assert response.status_code == 422
    assert not Table.objects.exists()


def test_a_table_has_so_many_seats(joined, congregation, member, mate, facilitator, peer, now):
    congregation.seats_max = 3
    congregation.save()
    with pytest.raises(ValidationError, match="At most 3"):
        Table.ask(Idea.objects.get(), [mate, facilitator, peer], by=member, now=now)


def test_only_those_who_would_join_are_asked(
    client_of, at, joined, member, mate, facilitator, host, peer, now
):
    assert ask(client_of, at, member, joined, [mate, host]).status_code == 422
    joined.answer("another", by=peer, now=now)
    with pytest.raises(ValidationError, match="changed their answer"):
        Table.ask(joined, [mate, peer], by=member, now=now)


def test_those_asked_see_who_is_asked_and_nobody_else_does(
    client_of, table, idea, mate, facilitator, peer
):
    page = client_of(mate).get(idea.get_absolute_url()).content.decode()
    assert "Yes, with these people, six times" in page
    assert "3 people are asked to a table of 8 seats." in page
    page = client_of(peer).get(idea.get_absolute_url()).content.decode()
    assert "Ana has asked some people to a table" in page
    assert "with these people" not in page
    assert not Place.objects.visible_to(peer).exists()
    assert not Table.objects.visible_to(peer).exists()


@pytest.mark.parametrize("said", ["yes", "no"])
def test_an_answer_is_nobody_elses(client_of, at, table, idea, member, mate, facilitator, said):
    before = {
        person: client_of(person).get(idea.get_absolute_url()).content
        for person in (member, facilitator)
    }
    assert answer(client_of, at, mate, table, said).status_code == 302
    for person in (member, facilitator):
        after = client_of(person).get(idea.get_absolute_url()).content
        assert without_tokens(after) == without_tokens(before[person])
        assert not TableAnswer.objects.visible_to(person).filter(member=mate).exists()
    assert not Event.objects.filter(verb__startswith="table").exists()
    mine = client_of(mate).get(idea.get_absolute_url()).content.decode()
    assert ("You said yes." if said == "yes" else "You said: not this time.") in mine


def without_tokens(page):
    import re

    return re.sub(rb'name="csrfmiddlewaretoken" value="[^"]*"', b"", page)


def test_an_answer_can_be_changed_while_the_table_waits(client_of, at, table, mate):
    for said in ("yes", "no", "no", "yes"):
        answer(client_of, at, mate, table, said)
    assert TableAnswer.objects.get(member=mate).is_yes


def test_who_isnt_asked_finds_no_table(client_of, at, table, peer, outsider, mate):
    assert answer(client_of, at, peer, table, "yes").status_code == 404
    url = at(mate, "table-answer", pk=table.pk)
    assert client_of(outsider).post(url, {"is_yes": "yes"}).status_code == 404
    assert client_of(mate).get(url).status_code == 405


def test_the_verb_refuses_who_isnt_asked(table, peer, now):
    with pytest.raises(PermissionDenied):
        table.answer(True, by=peer, now=now)


def test_nonsense_is_no_answer(client_of, at, table, mate):
    answer(client_of, at, mate, table, "perhaps")
    assert not TableAnswer.objects.filter(member=mate).exists()


@pytest.mark.parametrize("said", [None, "no"])
def test_it_closes_at_its_time_with_the_same_words_for_a_no_and_for_silence(
    client_of, at, table, idea, member, mate, facilitator, said, now
):
    answer(client_of, at, facilitator, table, "yes")
    if said:
        answer(client_of, at, mate, table, said)
    assert sweeping.close_tables(now=now + timedelta(days=6, hours=23)) == 0
    assert sweeping.close_tables(now=now + timedelta(days=7)) == 1
    assert sweeping.close_tables(now=now + timedelta(days=7)) == 0
    idea.refresh_from_db()
    assert idea.state == Idea.State.OPEN
    told = Notice.objects.filter(kind="crews.table_closed")
    assert {notice.recipient for notice in told} == {member, mate, facilitator}
    assert len({render(notice) for notice in told}) == 1
    assert WORDS in render(told[0])
    assert not Crew.objects.exists()


def render(notice):
    from django.template.loader import render_to_string

    kind = kind_of(notice.kind)
    about = kind.find(notice.about, notice.recipient)
    return "".join(
        render_to_string(f"{kind.template}#{part}", {"about": about, "notice": notice})
        for part in ("line", "text", "body")
    )


def test_the_idea_is_open_again_for_a_week(table, idea, mate, peer, now):
    late = now + timedelta(weeks=4, days=1)
    table.close(now=late)
    idea.refresh_from_db()
    assert idea.open_until == late + timedelta(days=7)
    idea.answer("join", by=peer, now=late)


def test_a_table_whose_person_has_left_closes(table, mate, now):
    mate.state, mate.left_at = "left", now
    mate.save()
    assert sweeping.close_tables(now=now) == 1


def test_a_table_of_someone_who_left_founds_nothing(
    client_of, at, table, member, mate, facilitator, now
):
    answer(client_of, at, mate, table, "yes")
    mate.state, mate.left_at = "left", now
    mate.save()
    answer(client_of, at, facilitator, table, "yes")
    assert not Crew.objects.exists()


def test_a_closed_table_takes_no_answer(client_of, at, table, mate, now):
    table.close(now=now)
    response = client_of(mate).post(
        at(mate, "table-answer", pk=table.pk), {"is_yes": "yes"}, follow=True
    )
    assert "isn’t asked any more" in response.content.decode()
    assert not TableAnswer.objects.filter(member=mate).exists()


def test_it_waits_no_longer_than_until_the_first_meeting(
    float_idea, member, mate, facilitator, now
):
    from datetime import date

    idea = float_idea(member, begins_on=date(2026, 11, 22))
    for person in (mate, facilitator):
        idea.answer("join", by=person, now=now)
    table = Table.ask(idea, [mate, facilitator], by=member, now=now)
    assert table.closes_at == idea.first_at


def test_after_a_table_that_didnt_come_together_others_can_be_asked(
    table, idea, member, mate, peer, now
):
    table.close(now=now)
    idea.refresh_from_db()
    idea.answer("join", by=peer, now=now)
    again = Table.ask(idea, [mate, peer], by=member, now=now)
    assert again.pk != table.pk
