"""A crew's own practice: adapted, sealed, shared as a copy, taken back, taken over."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection

from congregation.models import Event, Notice
from rhythms.models import CrewPractice, SharedPractice, Sitting
from rhythms.practices import catalogue, own
from rhythms.practices.own import Own, OwnStep
from tests.rhythms.sitting import go_to

BREAD = Own(
    name="Bread round",
    purpose="To talk with our hands in dough.",
    steps=(
        OwnStep("Flour", 5, "Who brings it?"),
        OwnStep("Knead", 4, "Say what you like.", each=True),
        OwnStep("Rest", 1, each=True),
        OwnStep("Eat", 20),
    ),
)


@pytest.fixture
def bread(crew, member, now):
    return CrewPractice.write(crew, BREAD, by=member, now=now)


@pytest.fixture
def others(seated_crew, peer, make_member):
    """Film Night, another crew."""
    return seated_crew("Film Night", [peer, make_member("Kaia Brown")], state="active")


def form(said, **more):
    sent = {"name": said.name, "purpose": said.purpose}
    for at, step in enumerate(said.steps):
        sent |= {
            f"s{at}-name": step.name,
            f"s{at}-minutes": step.minutes,
            f"s{at}-prompt": step.prompt,
            f"s{at}-place": at + 1,
        }
        if step.each:
            sent[f"s{at}-each"] = "on"
    return sent | {"s8-name": "", "s8-minutes": "", "s8-prompt": "", "s8-place": ""} | more


@pytest.mark.parametrize("practice", catalogue.ALL, ids=lambda practice: practice.key)
def test_what_is_adapted_takes_as_long_at_first(practice):
    ours = own.opened(own.dump(own.of(practice)))
    for people in (practice.least, practice.most or 6):
        if practice.key not in {"open-space", "appreciative-interviews"}:
            assert ours.minutes(people) == practice.minutes(people)
    assert ours.is_intimate == practice.is_intimate
    assert ours.roles == practice.roles


def test_steps_that_each_does_make_one_turn():
    guide = own.guide(BREAD)
    assert [(len(part.steps), part.turns) for part in guide.parts] == [(1, 1), (2, None), (1, 1)]
    assert guide.minutes(3) == 5 + 3 * 5 + 20


def test_kept_and_read_again():
    assert own.load(own.dump(BREAD)) == BREAD


# ---- writing it


def test_from_a_practice_to_ones_own(crew, member, mate, client_of, at):
    browser = client_of(member)
    url = at(member, "practice-adapt", pk=crew.pk)
    assert url + "?from=case-clinic" in browser.get(at(member, "practice", key="case-clinic")).text
    page = browser.get(url, {"from": "case-clinic"}).text
    assert 'value="Mirroring"' in page
    sent = form(own.of(catalogue.CASE_CLINIC), **{"from": "case-clinic", "s3-minutes": 15})
    sent["s0-name"] = ""  # we know who we are
    answer = browser.post(url, sent)
    made = CrewPractice.objects.get()
    assert answer.url == made.get_absolute_url()
    assert [step.name for step in made.own.steps][0] == "Intention"
    assert made.guide.minutes(5) == 57
    # What is intimate stays so, whatever is sent.
    assert made.guide.is_intimate
    page = client_of(mate).get(answer.url).text
    assert "Peers, not professionals" in page
    assert "Only the three of you" in page
    assert made.get_absolute_url() in client_of(mate).get(at(mate, "practices")).text


def test_from_an_empty_sheet_in_the_order_that_is_given(crew, member, client_of, at):
    url = at(member, "practice-adapt", pk=crew.pk)
    assert client_of(member).get(url).status_code == 200
    sent = form(
        BREAD, asks_yes="on", **{"s3-place": 1, "s0-place": 4, "s1-place": 2, "s2-place": 3}
    )
    client_of(member).post(url, sent)
    made = CrewPractice.objects.get()
    assert [step.name for step in made.own.steps] == ["Eat", "Knead", "Rest", "Flour"]
    assert made.guide.is_intimate


def test_sent_twice_it_is_made_once(crew, member, client_of, at):
    browser, url = client_of(member), at(member, "practice-adapt", pk=crew.pk)
    once = "0c8b25d5-9a0b-4a6a-8a53-1f4f2a8d1c11"
    for _time in range(2):
        assert browser.post(url, form(BREAD, once=once)).status_code == 302
    assert CrewPractice.objects.count() == Event.objects.filter(verb="practice.write").count() == 1


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        ({"name": ""}, "name"),
        ({"s0-minutes": ""}, "How many minutes?"),
        ({"s0-minutes": "999"}, "One of the steps needs another look."),
        ({"s8-prompt": "Sing."}, "What is this step called?"),
        ({f"s{at}-name": "" for at in range(4)} | {f"s{at}-prompt": "" for at in range(4)}, "one step at least"),
    ],
)  # fmt: skip
def test_what_does_not_hold_is_said(crew, member, client_of, at, sent, says):
    url = at(member, "practice-adapt", pk=crew.pk)
    answer = client_of(member).post(url, form(BREAD) | sent)
    assert answer.status_code == 422
    assert says in answer.text
    assert not CrewPractice.objects.exists()


def test_it_is_sealed(bread):
    with connection.cursor() as cursor:
        cursor.execute("SELECT words FROM rhythms_crewpractice")
        assert b"Bread" not in bytes(cursor.fetchone()[0])


def test_it_is_the_crews_alone(bread, member, peer, host, outsider, mate, client_of, at, now):
    for stranger in (peer, host, outsider):
        assert not CrewPractice.objects.visible_to(stranger).exists()
        for name in ("our-practice", "our-practice-edit"):
            assert client_of(stranger).get(at(stranger, name, pk=bread.pk)).status_code == 404
        for name in ("our-practice-share", "our-practice-aside"):
            assert client_of(stranger).post(at(stranger, name, pk=bread.pk)).status_code == 404
        with pytest.raises(PermissionDenied):
            bread.share(by=stranger, now=now)
    for name in ("our-practice-share", "our-practice-aside"):
        assert client_of(member).get(at(member, name, pk=bread.pk)).status_code == 405


# ---- changing it


def test_changed_by_who_has_read_it(bread, member, mate, client_of, at, now):
    url = at(mate, "our-practice-edit", pk=bread.pk)
    assert 'value="Knead"' in client_of(mate).get(url).text
    client_of(mate).post(url, form(BREAD, read=1, name="Dough round"))
    bread.refresh_from_db()
    assert (bread.own.name, bread.version) == ("Dough round", 2)
    answer = client_of(member).post(
        at(member, "our-practice-edit", pk=bread.pk), form(BREAD, read=1)
    )
    assert answer.status_code == 422
    assert "changed it meanwhile" in answer.text
    bread.refresh_from_db()
    assert bread.own.name == "Dough round"


def test_the_same_again_is_nothing(bread, member, client_of, at):
    url = at(member, "our-practice-edit", pk=bread.pk)
    assert client_of(member).post(url, form(BREAD, read=1)).status_code == 302
    assert not Event.objects.filter(verb="practice.change").exists()


def test_laid_aside_and_taken_up(bread, member, client_of, at):
    browser, url = client_of(member), at(member, "our-practice-aside", pk=bread.pk)
    for _time in range(2):
        browser.post(url, {"on": "1"})
    assert not CrewPractice.objects.in_use().exists()
    assert bread.get_absolute_url() not in browser.get(at(member, "practices")).text
    browser.post(url, {"on": "0"})
    assert CrewPractice.objects.in_use().get() == bread
    assert Event.objects.filter(verb="practice.lay_aside").count() == 1


def test_there_are_only_so_many(bread, crew, member, now, monkeypatch):
    from rhythms.models import own_practice

    monkeypatch.setattr(own_practice, "MOST_OF_A_CREW", 1)
    with pytest.raises(ValidationError, match="Change one of them"):
        CrewPractice.write(crew, BREAD, by=member, now=now)


# ---- sharing it


def test_shared_with_everyone_here(bread, member, mate, facilitator, peer, outsider, client_of, at):
    client_of(member).post(at(member, "our-practice-share", pk=bread.pk))
    shared = SharedPractice.objects.get()
    assert shared.get_absolute_url() in client_of(peer).get(at(peer, "practices")).text
    page = client_of(peer).get(shared.get_absolute_url()).text
    assert "Shared by Seed Library" in page
    assert "Knead" in page
    assert "Ana" not in page[page.index("<main") : page.index("<footer")]
    assert client_of(outsider).get(at(outsider, "shared-practice", pk=shared.pk)).status_code == 404
    told = Notice.objects.filter(kind="rhythms.practice_shared")
    assert {notice.recipient for notice in told} == {mate, facilitator}
    page = client_of(mate).get(at(mate, "notices")).text
    assert "“Bread round” is shared with everyone here" in page


def test_any_of_them_takes_it_back(bread, member, mate, peer, host, client_of, at, now):
    shared = bread.share(by=member, now=now)
    for stranger in (peer, host):
        url = at(stranger, "shared-practice-back", pk=shared.pk)
        assert client_of(stranger).post(url).status_code == 403
    assert client_of(mate).post(at(mate, "shared-practice-back", pk=shared.pk)).status_code == 302
    assert not SharedPractice.objects.exists()
    assert client_of(peer).get(at(peer, "shared-practice", pk=shared.pk)).status_code == 404
    assert Event.objects.get(verb="practice.take_back").circle == bread.crew_id


def test_what_is_shared_stays_as_it_was_until_it_is_shared_again(
    bread, member, mate, now, client_of
):
    bread.share(by=member, now=now)
    bread.share(by=mate, now=now)
    assert Event.objects.filter(verb="practice.share").count() == 1
    changed = Own("Dough round", "", BREAD.steps)
    bread.change(changed, read=1, by=mate, now=now)
    assert SharedPractice.objects.get().guide.name == "Bread round"
    page = client_of(member).get(bread.get_absolute_url()).text
    assert "Share it as it is now" in page
    bread.share(by=member, now=now)
    assert SharedPractice.objects.get().guide.name == "Dough round"
    assert Notice.objects.filter(kind="rhythms.practice_shared", recipient=member).count() == 0


def test_what_two_partners_share_comes_from_nobody(seated_crew, member, peer, host, now, client_of):
    pair = seated_crew("Ana and Noor", [member, peer], is_partnership=True, seats_max=2)
    shared = CrewPractice.write(pair, BREAD, by=member, now=now).share(by=member, now=now)
    assert shared.crew is None
    page = client_of(host).get(shared.get_absolute_url()).text
    assert "Ana and Noor" not in page
    assert "Shared by" not in page


# ---- taking it over


def test_taken_over_it_is_theirs(bread, member, peer, others, client_of, at, now):
    shared = bread.share(by=member, now=now)
    url = at(peer, "shared-practice-take", pk=shared.pk)
    for _time in range(2):
        assert client_of(peer).post(url, {"crew": others.pk}).status_code == 302
    taken = CrewPractice.objects.get(crew=others)
    assert taken.own == BREAD
    shared.take_back(by=member, now=now)
    taken.refresh_from_db()
    assert taken.taken_from is None
    assert not CrewPractice.objects.visible_to(member).filter(pk=taken.pk).exists()


def test_into_a_crew_of_ones_own_only(bread, member, peer, others, crew, client_of, at, now):
    shared = bread.share(by=member, now=now)
    url = at(peer, "shared-practice-take", pk=shared.pk)
    for sent in ({}, {"crew": crew.pk}, {"crew": "x"}):
        assert client_of(peer).post(url, sent).status_code == 302
    assert CrewPractice.objects.count() == 1
    with pytest.raises(PermissionDenied):
        shared.take_over(crew, by=peer, now=now)


# ---- sitting down to it


def test_a_sitting_keeps_what_it_was(bread, commitment, member, mate, now, client_of, at):
    ahead = commitment.meetings.get(number=4)
    moment = go_to(ahead, now)
    url = at(member, "sitting-new", pk=ahead.pk)
    assert "Bread round" in client_of(member).get(url).text
    client_of(member).post(url, {"practice": str(bread.pk), "here": [mate.pk]})
    sitting = Sitting.objects.get()
    assert (sitting.practice, sitting.state, sitting.turns) == ("", "open", 2)
    bread.change(Own("Other", "", (OwnStep("One", 1),)), read=1, by=mate, now=moment)
    assert sitting.guide.name == "Bread round"
    page = client_of(mate).get(sitting.get_absolute_url()).text
    assert "Flour" in page
    assert [stage.step.minutes for stage in sitting.stages] == [5, 4, 1, 4, 1, 20]
    with connection.cursor() as cursor:
        cursor.execute("SELECT words FROM rhythms_sitting")
        assert b"Bread" not in bytes(cursor.fetchone()[0])
