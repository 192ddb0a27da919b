"""Leaving a congregation: what happens to everything that names a person."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.urls import reverse

from congregation.http import short
from congregation.models import (
    Contact,
    Event,
    Host,
    Invitation,
    Mail,
    Member,
    Notice,
    NoticeChoice,
    Portrait,
)
from congregation.outbox import unsubscribe_token
from crews.models import Answer, Card, Crewless, FreeTime, Hello, Interest, Request, Seat, Table
from crews.rules import Free
from hall import leaving
from rhythms.models import Coming, Decision, LookBack, Meeting, Plan, Slip


def pair(congregation, one, other, **fields):
    first, second = sorted([one, other], key=lambda person: person.pk)
    return Hello.objects.create(congregation=congregation, first=first, second=second, **fields)


@pytest.fixture
def entangled(
    member, peer, host, mate, facilitator, congregation, crew, ahead, make_crew, float_idea, now
):
    """Ana in everything that there is: both of her seats, a kept one, and all that waits."""
    other, ended = make_crew("Film Night", [host, member]), make_crew("Choir", [peer, member])
    ended.end(by=peer, now=now)
    Seat.objects.get(crew=other, member=member).keep(now.date() + timedelta(days=30), now=now)
    asked = make_crew("Bread", [peer])
    Request.ask(asked, word="May I?", by=member, now=now)
    mine, theirs = float_idea(member), float_idea(peer, name="Walking")
    for person in (member, mate, facilitator):
        theirs.answer("join", by=person, now=now)
    mine.answer("join", by=host, now=now)
    table = Table.ask(theirs, [member, mate, facilitator], by=peer, now=now)
    own = {"congregation": congregation}
    for person, wished in ((member, host), (host, member)):
        Interest.objects.create(
            **own, wisher=person, other=wished, number=1, until=now + timedelta(days=7)
        )
    card = Card.of(member)
    card.write({"meaning": "Seeds."}, by=member)
    card.free([Free(1, 600, 660)], by=member)
    Contact.give(member, "phone", "021 555", "congregation", by=member, now=now)
    Portrait.show(member, b"webp", by=member, now=now)
    Invitation.invite(name="Kaia", by=member, now=now)
    ahead.come(answer="coming", word="With cake", by=member, now=now)
    hello = pair(congregation, member, peer, made_at=now)
    Meeting.objects.create(
        **own,
        hello=hello,
        starts_at=now + timedelta(days=2),
        ends_at=now + timedelta(days=2, hours=1),
        zone="UTC",
        changed_at=now,
    )
    return {"crews": [crew, other, ended], "asked": asked, "ideas": [mine, theirs], "table": table}


def test_everything_is_left_and_nothing_half(
    entangled, member, mate, peer, host, crew, congregation, client_of, at, now
):
    before = congregation.places_taken = Member.objects.filter(congregation=congregation).count()
    page = client_of(member).get(at(member, "leave"))
    assert all(words in page.text for words in ["Seed Library", "Film Night", "invitation"])
    answer = client_of(member).post(
        at(member, "leave"), {f"word-{crew.pk}": "Thank you for the soup."}
    )
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    member.refresh_from_db()
    assert (member.state, member.left_at) == ("left", now)
    congregation.refresh_from_db()
    assert congregation.places_taken == before - 1
    assert not Seat.objects.taken().filter(member=member).exists()
    crew.refresh_from_db()
    assert (crew.seats_taken, crew.state) == (2, "resting")
    gone = [
        Card.objects.filter(member=member),
        FreeTime.objects.filter(member=member),
        Portrait.objects.filter(member=member),
        Crewless.objects.filter(member=member),
        Interest.objects.all(),
        Answer.objects.filter(member=member, idea=entangled["ideas"][1]),
        Coming.objects.filter(member=member),
        Notice.objects.filter(recipient=member),
        Plan.objects.filter(facilitator=member, meeting__starts_at__gt=now),
        Invitation.objects.pending().filter(inviter=member),
        Request.objects.filter(member=member, state="open"),
        Hello.objects.open(),
    ]
    assert not [str(rows.query) for rows in gone if rows.exists()]
    mine, theirs = entangled["ideas"]
    for row in (mine, theirs, entangled["table"]):
        row.refresh_from_db()
    assert (mine.state, theirs.state, entangled["table"].state) == ("closed", "open", "closed")
    assert Meeting.objects.get(hello__isnull=False).state == "cancelled"
    assert Event.objects.filter(verb="member.leave", actor=member).count() == 1


def test_crews_are_told_kindly_with_ones_own_words_and_nobody_else_reads_them(
    entangled, member, mate, peer, host, crew, client_of, at, now
):
    leaving.leave(member, farewells={crew.pk: "Thank you for the soup."}, by=member, now=now)
    assert "Thank you for the soup." in client_of(mate).get(at(mate, "notices")).text
    # The host sits in the other crew, which was told without a word.
    page = client_of(host).get(at(host, "notices")).text
    assert "Ana has stepped back from Film Night" in page
    assert "soup" not in page
    seat = Seat.objects.get(crew=crew, member=member)
    assert not Seat.objects.visible_to(peer).filter(pk=seat.pk).exists()
    # An ended crew is told nothing.
    kinds = Notice.objects.filter(recipient=peer).values_list("kind", flat=True)
    assert "crews.left" not in kinds
    assert "rhythms.hello_off" in kinds


def test_the_turn_goes_to_who_is_next(entangled, member, crew, ahead, mate, facilitator, now):
    Plan.objects.filter(meeting=ahead).update(facilitator=member, turn="taken")
    leaving.leave(member, by=member, now=now)
    plan = Plan.objects.get(meeting=ahead)
    assert plan.facilitator_id in {mate.pk, facilitator.pk}
    assert Notice.objects.filter(kind="rhythms.turn", recipient=plan.facilitator).exists()


def test_what_lies_face_down_goes_unread(crew, commitment, member, mate, now):
    lookback = LookBack.objects.create(
        congregation=crew.congregation,
        crew=crew,
        commitment=commitment,
        opened_at=now,
        closes_at=now + timedelta(days=7),
    )
    own = {"congregation": crew.congregation, "lookback": lookback}
    for person in (member, mate):
        Slip.objects.create(**own, crew=crew, member=person, part="worked", words="The tea.")
        Decision.objects.create(**own, member=person, way="go", saved_at=now, written_at=now)
    leaving.leave(member, by=member, now=now)
    assert list(Slip.objects.values_list("member", flat=True)) == [mate.pk]
    assert list(Decision.objects.values_list("member", flat=True)) == [mate.pk]


def test_its_pages_are_gone_at_once_in_every_session_and_links_die(
    crew, ahead, member, congregation, client_of, at, now
):
    phone, desk = client_of(member), client_of(member)
    invitation, token = Invitation.invite(
        name="Kaia", by=host_of(congregation, member, now), now=now
    )
    stop = reverse("unsubscribe", args=[unsubscribe_token(member, "crews.left")])
    assert phone.get(at(member, "home")).status_code == 200
    assert phone.get(f"/m/{short(ahead.pk)}").status_code == 302
    assert desk.post(at(member, "leave")).status_code == 302
    for browser in (phone, desk):
        for name in ("home", "me", "people", "calendar", "notices"):
            assert browser.get(at(member, name)).status_code == 404
        assert browser.get(ahead.get_absolute_url()).status_code == 404
    assert phone.get(f"/m/{short(ahead.pk)}").status_code == 404
    assert Client().get(stop).status_code == 404
    assert "taken back" in Client().get(reverse("welcome", args=[token])).text
    assert desk.post(at(member, "leave")).status_code == 404
    assert "no seat for you" in phone.get("/").text


def host_of(congregation, member, now):
    """Let the member host beside someone else, so that an invitation of theirs has a link."""
    for person in (member, congregation.members.exclude(pk=member.pk).first()):
        Host.begin(person, now=now)
    member.is_host = True
    return member


def test_mail_that_is_due_is_not_sent(crew, member, mate, now):
    NoticeChoice.choose(member, "crews.left", "at_once", by=member)
    crew.leave(by=mate, now=now)
    assert Mail.objects.filter(notice__recipient=member).exists()
    leaving.leave(member, by=member, now=now)
    assert not Mail.objects.filter(notice__recipient=member).exists()


def test_left_twice_is_once_and_nobody_else_leaves_for_one(crew, member, mate, host, now):
    with pytest.raises(PermissionDenied):
        leaving.leave(member, by=host, now=now)
    assert leaving.leave(member, by=member, now=now)
    assert not leaving.leave(member, by=member, now=now)
    assert Event.objects.filter(verb="member.leave").count() == 1
    assert Notice.objects.filter(recipient=mate, kind="crews.left").count() == 1


def test_the_last_host_hands_on_first(host, crew, member, client_of, at, now):
    page = client_of(host).get(at(host, "leave")).text
    assert "You are the only host" in page
    answer = client_of(host).post(at(host, "leave"))
    assert answer.status_code == 422
    host.refresh_from_db()
    assert host.state == "active"
    Host.hand_on(member, by=host, now=now)
    assert client_of(host).post(at(host, "leave")).status_code == 302
    assert list(Host.objects.in_term(now).values_list("member", flat=True)) == [member.pk]


def test_words_that_are_too_long_are_kept_and_nothing_is_left(crew, member, client_of, at):
    answer = client_of(member).post(at(member, "leave"), {f"word-{crew.pk}": "x" * 501})
    assert answer.status_code == 422
    assert "x" * 501 in answer.text
    member.refresh_from_db()
    assert member.state == "active"


# ---- coming back


@pytest.fixture
def back(entangled, member, host, crew, now):
    """Ana, who has left, and has come back with a new invitation."""

    def come_back(**said):
        leaving.leave(member, by=member, now=now)
        invitation, _token = Invitation.invite(name="Ana", by=host, now=now + timedelta(days=1))
        row = invitation.accept(member.user, name="Ana Sefo", now=now + timedelta(days=2), **said)
        row.is_host = False
        return row

    return come_back


def test_coming_back_one_is_who_one_was(back, member, crew, client_of, at, now):
    member.edit(
        name="Ana Sefo", pronouns="she/her", place="Levin", line="Seeds.", by=member, now=now
    )
    row = back()
    assert row.pk == member.pk
    assert (row.pronouns, row.place, row.line) == ("she/her", "Levin", "Seeds.")
    assert Contact.objects.visible_to(row).get().value == "021 555"
    browser = client_of(row)
    assert browser.get(at(row, "home")).status_code == 200


def test_coming_back_old_crews_stay_closed(back, member, crew, ahead, commitment, client_of, at):
    row = back()
    browser = client_of(row)
    assert browser.get(at(row, "agreement", pk=crew.pk)).status_code == 404
    assert browser.get(ahead.get_absolute_url()).status_code == 404
    for model in (Coming, Plan, LookBack, Slip, Decision):
        assert not model.objects.visible_to(row).exists()
    assert not Meeting.objects.of(row).filter(crew__isnull=False).exists()
    assert not Seat.objects.visible_to(row).exclude(member=row).exists()


def test_coming_back_a_look_back_that_one_ended_in_stays_closed(
    crew, commitment, member, back, now
):
    lookback = LookBack.objects.create(
        congregation=crew.congregation,
        crew=crew,
        commitment=commitment,
        opened_at=now - timedelta(days=8),
        closes_at=now - timedelta(days=1),
        revealed_at=now - timedelta(days=1),
    )
    Decision.objects.create(
        congregation=crew.congregation,
        lookback=lookback,
        member=member,
        way="end",
        saved_at=now,
        written_at=now,
    )
    assert LookBack.objects.visible_to(member).exists()
    assert not LookBack.objects.visible_to(back()).exists()


def test_coming_back_again_is_possible(back, member, host, now):
    row = back()
    leaving.leave(row, by=row, now=now)
    invitation, _token = Invitation.invite(name="Ana", by=host, now=now)
    assert invitation.accept(member.user, name="Ana", now=now).pk == member.pk


# ---- hosts


def test_hosting_is_handed_on_and_laid_down(host, member, client_of, at, now):
    browser = client_of(host)
    assert "Ana Sefo" in browser.get(at(host, "hosts")).text
    for _twice in range(2):
        browser.post(at(host, "hosts"), {"person": member.pk})
    assert Event.objects.filter(verb="host.begin").count() == 1
    assert Notice.objects.get(recipient=member).kind == "congregation.hosting"
    assert "You are a host of Otaki now" in client_of(member).get(at(member, "notices")).text
    assert browser.post(at(host, "hosts-lay-down")).status_code == 302
    assert browser.get(at(host, "hosts")).status_code == 403
    assert not Host.lay_down(host, by=host, now=now)
    with pytest.raises(ValidationError):
        Host.lay_down(member, by=member, now=now)
    assert client_of(member).post(at(member, "hosts-lay-down")).status_code == 422


def test_only_a_host_hands_on_and_only_to_someone_here(host, member, peer, outsider, now):
    with pytest.raises(PermissionDenied):
        Host.hand_on(peer, by=member, now=now)
    with pytest.raises(PermissionDenied):
        Host.hand_on(outsider, by=host, now=now)
    with pytest.raises(PermissionDenied):
        Host.lay_down(host, by=member, now=now)
    with pytest.raises(PermissionDenied):
        Host.lay_down(member, by=member, now=now)


def test_nobody_from_elsewhere_can_be_chosen(host, outsider, client_of, at):
    browser = client_of(host)
    assert outsider.name not in browser.get(at(host, "hosts")).text
    assert browser.post(at(host, "hosts"), {"person": outsider.pk}).status_code == 422


# ---- away for a while


def test_away_and_back_in_one_tap_each(crew, ahead, member, mate, facilitator, client_of, at, now):
    Plan.objects.filter(meeting=ahead).update(facilitator=member, turn="taken")
    browser = client_of(member)
    for _twice in range(2):
        browser.post(at(member, "me-away"))
    member.refresh_from_db()
    assert member.state == "away"
    assert Plan.objects.get(meeting=ahead).facilitator_id != member.pk
    assert crew.sits(member)
    assert "I’m back" in browser.get(at(member, "me")).text
    for _twice in range(2):
        browser.post(at(member, "me-back"))
    member.refresh_from_db()
    assert member.state == "active"
    assert Event.objects.filter(verb__in=["member.go_away", "member.be_back"]).count() == 2


def test_who_is_away_isnt_waited_for(crew, member, mate, facilitator, peer, now):
    request = Request.ask(crew, by=peer, now=now)
    assert member in request.asked()
    member.go_away(by=member, now=now)
    assert member not in request.asked()
    with pytest.raises(PermissionDenied):
        member.be_back(by=mate, now=now)
