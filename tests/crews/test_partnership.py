"""A partnership by mutual yes, which is nobody else's business."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse

from congregation.models import Event, Notice
from crews import asking, sweeping
from crews.models import Crew, Crewless, Hello, PartnershipAnswer, PartnershipAsk, Seat
from crews.rules import pair

DAY = timedelta(days=1)


@pytest.fixture
def ask(crew, member, mate, now):
    return PartnershipAsk.ask(mate, word="Mondays?", by=member, now=now)


def answer(client_of, at, who, ask, is_yes):
    url = at(who, "partnership-answer", pk=ask.pk)
    return client_of(who).post(url, {"is_yes": is_yes})


def told(kind):
    return sorted(
        Notice.objects.filter(kind=f"crews.{kind}").values_list("recipient__name", flat=True)
    )


def test_one_asks_whom_they_share_a_crew_with(client_of, at, crew, member, mate):
    assert "Ask to be partners" in client_of(member).get(mate.get_absolute_url()).text
    url = at(member, "partnership-new", pk=mate.pk)
    assert "Only Dov and you can see this" in client_of(member).get(url).text
    for _ in range(2):
        assert client_of(member).post(url, {"word": "Mondays?"}).status_code == 302
    assert PartnershipAsk.objects.count() == 1
    assert told("partnership_asked") == ["Dov Levi"]
    assert "You hear by" in client_of(member).get(url, follow=True).text


def test_a_stranger_to_both_crew_and_hello_is_not_asked(client_of, at, crew, member, peer, now):
    assert "Ask to be partners" not in client_of(member).get(peer.get_absolute_url()).text
    url = at(member, "partnership-new", pk=peer.pk)
    assert client_of(member).get(url).status_code == 404
    assert client_of(member).post(url).status_code == 404
    with pytest.raises(PermissionDenied):
        PartnershipAsk.ask(peer, by=member, now=now)
    first, second = pair(member.pk, peer.pk)
    Hello.objects.create(
        congregation=member.congregation, first_id=first, second_id=second, made_at=now
    )
    assert client_of(member).get(url).status_code == 200


def test_a_yes_lays_a_table_of_two_that_nobody_else_sees(
    client_of, at, ask, member, mate, facilitator, host, peer, crewless
):
    assert "Mondays?" in client_of(mate).get(ask.get_absolute_url()).text
    response = answer(client_of, at, mate, ask, "yes")
    pair_crew = Crew.objects.get(is_partnership=True)
    assert response.url == pair_crew.get_absolute_url()
    assert (pair_crew.seats_max, pair_crew.seats_taken) == (2, 2)
    assert "Only the two of you can see this page" in client_of(member).get(response.url).text
    assert told("partnership_begun") == ["Ana Sefo", "Dov Levi"]
    answer(client_of, at, mate, ask, "yes")
    assert Crew.objects.filter(is_partnership=True).count() == 1
    for person in (facilitator, host, peer):
        browser = client_of(person)
        assert browser.get(response.url).status_code == 404
        assert pair_crew.name not in browser.get(at(person, "crews")).text
        for other in (member, mate):
            assert pair_crew.name not in browser.get(other.get_absolute_url()).text
        assert not PartnershipAsk.objects.visible_to(person).exists()
        assert not Seat.objects.visible_to(person).filter(crew=pair_crew).exists()
        assert not Event.objects.visible_to(person).filter(subject=pair_crew.pk).exists()
    assert pair_crew.name not in client_of(host).get(at(host, "host")).text


def test_it_doesnt_change_since_when_someone_has_no_crew(
    make_member, host, client_of, at, crewless, now
):
    one, other = make_member("Sam Yu"), make_member("Kit Bo")
    first, second = pair(one.pk, other.pk)
    Hello.objects.create(
        congregation=one.congregation, first_id=first, second_id=second, made_at=now
    )
    crewless(one, other)
    before = client_of(host).get(at(host, "host")).text.count("For 4 weeks")
    ask = PartnershipAsk.ask(other, by=one, now=now)
    ask.answer(True, by=other, now=now)
    assert Crewless.objects.count() == 2
    assert client_of(host).get(at(host, "host")).text.count("For 4 weeks") == before
    asking.end(ask.crew, by=one, now=now)
    assert Crewless.objects.count() == 2


@pytest.mark.parametrize("said", ["no", None])
def test_a_no_and_silence_end_alike_and_at_the_same_moment(
    client_of, at, ask, member, mate, said, now
):
    before = client_of(member).get(ask.get_absolute_url()).text
    events = Event.objects.count()
    if said:
        answer(client_of, at, mate, ask, said)
        assert "Only you know" in client_of(mate).get(ask.get_absolute_url()).text
    after = client_of(member).get(ask.get_absolute_url()).text
    assert before.split("csrf")[0] == after.split("csrf")[0]
    assert Event.objects.count() == events
    assert not PartnershipAnswer.objects.visible_to(member).exists()
    sweeping.settle_partnerships(now=now + 13 * DAY)
    assert told("partnership_not_now") == []
    sweeping.settle_partnerships(now=now + 14 * DAY)
    assert told("partnership_not_now") == ["Ana Sefo"]
    with pytest.raises(ValidationError, match="a little while ago"):
        PartnershipAsk.ask(mate, by=member, now=now + 15 * DAY)
    PartnershipAsk.ask(mate, by=member, now=now + 60 * DAY)


def test_who_asks_the_one_who_asked_says_yes(ask, member, mate, now):
    assert PartnershipAsk.ask(member, by=mate, now=now) == ask
    ask.refresh_from_db()
    assert ask.state == PartnershipAsk.State.BEGUN
    with pytest.raises(PermissionDenied):
        PartnershipAsk.ask(mate, by=member, now=now)


def test_its_asker_takes_it_back(client_of, at, ask, member, mate, facilitator):
    url = at(member, "partnership-withdraw", pk=ask.pk)
    assert client_of(mate).post(url).status_code == 403
    for _ in range(2):
        assert client_of(member).post(url).status_code == 302
    assert client_of(facilitator).post(url).status_code == 404
    assert client_of(member).get(url).status_code == 405
    page = client_of(mate).post(
        at(mate, "partnership-answer", pk=ask.pk), {"is_yes": "yes"}, follow=True
    )
    assert "settled already" in page.text


def test_either_ends_it_kindly_and_both_keep_the_room(client_of, at, ask, member, mate, now):
    ask.answer(True, by=mate, now=now)
    url = at(mate, "crew-end", pk=ask.crew.pk)
    assert "Your partnership ends today" in client_of(mate).get(url).text
    for _ in range(2):
        assert client_of(mate).post(url).status_code == 302
    ask.crew.refresh_from_db()
    assert ask.crew.has_ended
    assert told("ended") == ["Ana Sefo"]
    assert "What we made, and thanks" in client_of(member).get(ask.crew.get_absolute_url()).text
    # And they may ask each other anew.
    assert PartnershipAsk.may_ask(member, mate)


def test_who_leaves_takes_their_wish_along(ask, member, mate, now):
    from hall.leaving import leave

    leave(member, by=member, now=now)
    ask.refresh_from_db()
    assert ask.state == PartnershipAsk.State.NOT_NOW
    assert told("partnership_not_now") == []


def test_the_database_keeps_it_to_two_and_one_question(ask, member, mate, facilitator, now):
    own = {"congregation": ask.congregation, "asked_at": now, "closes_at": now}
    first, second = pair(member.pk, mate.pk)
    for wrong in (
        {"first_id": first, "second_id": second, "asker": mate},
        {"first_id": second, "second_id": first, "asker": mate, "state": "not_now"},
        {"first_id": first, "second_id": second, "asker": facilitator, "state": "not_now"},
        {"first_id": first, "second_id": second, "asker": mate, "state": "begun"},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            PartnershipAsk.objects.create(**own, **wrong)


def test_the_outsider_finds_nothing(client_of, ask, outsider, member, mate):
    for name in ("partnership-ask", "partnership-new"):
        pk = mate.pk if name == "partnership-new" else ask.pk
        url = reverse(name, kwargs={"slug": member.congregation.slug, "pk": pk})
        assert client_of(outsider).get(url).status_code == 404


def test_not_with_is_honoured_as_silence(client_of, at, crew, member, mate, now):
    from crews.models import NotWith

    NotWith.choose(member, by=mate, now=now)
    ask = PartnershipAsk.ask(mate, by=member, now=now)
    assert told("partnership_asked") == []
    assert client_of(mate).get(ask.get_absolute_url()).status_code == 404
    assert "You hear by" in client_of(member).get(ask.get_absolute_url()).text
    sweeping.settle_partnerships(now=now + 14 * DAY)
    assert told("partnership_not_now") == ["Ana Sefo"]
