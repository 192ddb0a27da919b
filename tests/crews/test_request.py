"""Asking to join a crew that has room: everyone's private yes, and a no that nobody sees."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from congregation.models import Event, Notice
from crews import sweeping
from crews.models import Crew, Crewless, Request, RequestAnswer, Seat

DAY = timedelta(days=1)


@pytest.fixture
def asked(crew, peer, now):
    return Request.ask(crew, word="I save beans.", by=peer, now=now)


def answer(client_of, at, who, asked, is_yes, **extra):
    return client_of(who).post(at(who, "request-answer", pk=asked.pk), {"is_yes": is_yes}, **extra)


def told(kind):
    return sorted(
        Notice.objects.filter(kind=f"crews.{kind}").values_list("recipient__name", flat=True)
    )


def test_a_peer_asks_and_everyone_at_the_table_is_told(client_of, at, crew, peer):
    page = client_of(peer).get(crew.get_absolute_url()).content.decode()
    assert "Ask to join" in page
    url = at(peer, "request-new", pk=crew.pk)
    assert "A word to them" in client_of(peer).get(url).content.decode()
    response = client_of(peer).post(url, {"word": "I save beans."})
    assert response.url == crew.get_absolute_url()
    assert told("request") == ["Ana Sefo", "Dov Levi", "Joel King"]
    page = client_of(peer).get(crew.get_absolute_url()).content.decode()
    assert "You asked to join on Thu 19 Nov." in page


def test_asking_twice_is_once(client_of, at, crew, peer):
    for _ in range(2):
        assert client_of(peer).post(at(peer, "request-new", pk=crew.pk), {}).status_code == 302
    assert Request.objects.count() == 1
    assert Event.objects.filter(verb="request.ask", circle=crew.pk).count() == 1
    assert Notice.objects.filter(kind="crews.request").count() == 3


def test_the_crew_reads_it_and_nobody_else(client_of, at, crew, asked, member, host, outsider):
    page = client_of(member).get(crew.get_absolute_url()).content.decode()
    assert "Noor Haddad would like to join" in page
    assert "I save beans." in page
    assert not Request.objects.visible_to(host).exists()
    assert "I save beans." not in client_of(host).get(crew.get_absolute_url()).content.decode()
    assert client_of(outsider).get(at(member, "request-new", pk=crew.pk)).status_code == 404


def test_everyones_yes_gives_a_seat(
    client_of, at, crew, asked, crewless, member, mate, facilitator, peer
):
    crewless(peer)
    for person in (member, mate):
        answer(client_of, at, person, asked, "yes")
        asked.refresh_from_db()
        assert asked.state == Request.State.OPEN
    assert answer(client_of, at, facilitator, asked, "yes").url == crew.get_absolute_url()
    asked.refresh_from_db()
    assert asked.state == Request.State.JOINED
    assert Seat.objects.get(crew=crew, member=peer).number == 4
    assert not Crewless.objects.filter(member=peer).exists()
    assert told("welcome") == ["Noor Haddad"]
    assert told("joined") == ["Ana Sefo", "Dov Levi", "Joel King"]


def test_who_is_away_or_whose_seat_is_kept_doesnt_count(
    client_of, at, crew, asked, make_member, member, mate, facilitator, peer, now
):
    sam = make_member("Sam Yu")
    crew.seat(sam, by=None, now=now)
    Seat.objects.get(crew=crew, member=sam).keep(date(2027, 1, 3), now=now)
    mate.state = "away"
    mate.save()
    with pytest.raises(PermissionDenied):
        asked.answer(True, by=sam, now=now)
    for person in (member, facilitator):
        answer(client_of, at, person, asked, "yes")
    asked.refresh_from_db()
    assert asked.state == Request.State.JOINED


def test_a_no_changes_nothing_that_anyone_could_see(
    client_of, at, crew, asked, member, mate, facilitator, peer, now
):
    def sees(person):
        import re

        page = client_of(person).get(crew.get_absolute_url()).content
        return re.sub(rb'name="csrfmiddlewaretoken" value="[^"]*"', b"", page)

    before = {person: sees(person) for person in (member, facilitator, peer)}
    notices, events = Notice.objects.count(), Event.objects.count()
    answer(client_of, at, mate, asked, "no")
    assert {person: sees(person) for person in before} == before
    assert (Notice.objects.count(), Event.objects.count()) == (notices, events)
    assert not RequestAnswer.objects.visible_to(member).exists()
    assert b"You said: not now." in sees(mate)


@pytest.mark.parametrize("said", ["no", None])
def test_a_no_and_silence_end_alike_and_at_the_same_moment(
    client_of, at, crew, asked, member, mate, facilitator, said, now
):
    for person in (member, facilitator):
        answer(client_of, at, person, asked, "yes")
    if said:
        answer(client_of, at, mate, asked, said)
    story = []
    for day in range(1, 16):
        sweeping.sweep_requests(now=now + DAY * day)
        asked.refresh_from_db()
        story.append((day, asked.state, asked.asked_again_at is not None, told("request_not_now")))
    assert [line for line in story if line[0] in (6, 7, 13, 14, 15)] == [
        (6, "open", False, []),
        (7, "open", True, []),
        (13, "open", True, []),
        (14, "not_now", True, ["Noor Haddad"]),
        (15, "not_now", True, ["Noor Haddad"]),
    ]
    again = Notice.objects.filter(kind="crews.request", occasion="again")
    assert [notice.recipient for notice in again] == ([] if said else [mate])


def test_an_answer_can_be_changed_while_it_is_open(client_of, at, asked, member, mate, facilitator):
    for person in (member, facilitator):
        answer(client_of, at, person, asked, "yes")
    for said in ("no", "no", "yes"):
        answer(client_of, at, mate, asked, said)
    asked.refresh_from_db()
    assert asked.state == Request.State.JOINED


def test_it_is_whole_when_the_last_silent_one_leaves(asked, crew, member, mate, facilitator, now):
    for person in (member, facilitator):
        asked.answer(True, by=person, now=now)
    crew.leave(by=mate, now=now)
    assert sweeping.sweep_requests(now=now) == 1
    asked.refresh_from_db()
    assert asked.state == Request.State.JOINED


def test_a_table_that_filled_meanwhile_says_not_now(
    make_crew, make_member, member, mate, facilitator, peer, now
):
    crew = make_crew("Small", [member, mate, facilitator], seats_max=4)
    asked = Request.ask(crew, by=peer, now=now)
    for person in (member, mate):
        asked.answer(True, by=person, now=now)
    crew.seat(make_member("Sam Yu", state="away"), by=None, now=now)
    asked.answer(True, by=facilitator, now=now)
    assert asked.state == Request.State.NOT_NOW
    assert told("request_not_now") == ["Noor Haddad"]


def test_those_who_dont_sit_there_dont_answer(client_of, at, asked, peer, host, outsider, member):
    assert answer(client_of, at, peer, asked, "yes").status_code == 403  # the asker sees it
    assert answer(client_of, at, host, asked, "yes").status_code == 404
    url = at(member, "request-answer", pk=asked.pk)
    assert client_of(outsider).post(url, {"is_yes": "yes"}).status_code == 404
    assert client_of(member).get(url).status_code == 405


def test_it_can_be_taken_back(client_of, at, asked, crew, peer, member):
    url = at(peer, "request-withdraw", pk=asked.pk)
    for _ in range(2):
        assert client_of(peer).post(url).status_code == 302
    asked.refresh_from_db()
    assert asked.state == Request.State.WITHDRAWN
    assert Event.objects.filter(verb="request.withdraw").count() == 1
    assert client_of(member).post(at(member, "request-withdraw", pk=asked.pk)).status_code == 403
    response = client_of(member).post(
        at(member, "request-answer", pk=asked.pk), {"is_yes": "yes"}, follow=True
    )
    assert "settled" in response.content.decode()


def test_a_full_or_ended_crew_and_ones_own_are_not_asked(
    client_of, at, make_crew, crew, member, mate, facilitator, peer, now
):
    full = make_crew("Full", [member, mate, facilitator], seats_max=3)
    assert "Its table is full" in client_of(peer).get(full.get_absolute_url()).content.decode()
    response = client_of(peer).post(at(peer, "request-new", pk=full.pk), {"word": "Please!"})
    assert response.status_code == 422
    page = response.content.decode()
    assert "This table is full." in page
    assert "Please!" in page
    crew.end(by=None, now=now)
    assert client_of(peer).post(at(peer, "request-new", pk=crew.pk)).status_code == 422
    assert client_of(member).post(at(member, "request-new", pk=full.pk)).status_code == 422
    assert not Request.objects.exists()


def test_a_partnership_is_not_asked(client_of, at, make_crew, member, mate, peer, now):
    pair = make_crew("Two", [member, mate], is_partnership=True, seats_max=2)
    assert client_of(peer).get(at(peer, "request-new", pk=pair.pk)).status_code == 404
    with pytest.raises(PermissionDenied):
        Request.ask(pair, by=peer, now=now)


def test_after_a_not_now_one_waits_a_few_weeks(asked, crew, peer, now):
    asked.settle(now=now)
    with pytest.raises(ValidationError, match="a little while ago"):
        Request.ask(crew, by=peer, now=now + DAY)
    Request.ask(crew, by=peer, now=now + DAY * 29)


def test_a_crew_that_ends_and_an_asker_who_leaves_settle_it(asked, crew, make_crew, peer, now):
    crew.end(by=None, now=now)
    sweeping.sweep_requests(now=now)
    asked.refresh_from_db()
    assert asked.state == Request.State.NOT_NOW
    other = make_crew("Other")
    gone = Request.ask(other, by=peer, now=now)
    peer.state, peer.left_at = "left", now
    peer.save()
    sweeping.sweep_requests(now=now)
    gone.refresh_from_db()
    assert gone.state == Request.State.WITHDRAWN


def test_htmx_gets_the_card_alone(client_of, at, asked, mate, htmx):
    page = answer(client_of, at, mate, asked, "yes", headers=htmx).content.decode()
    assert "<html" not in page
    assert "You said yes." in page
    assert "Not yet everyone." in page


def test_a_resting_crew_can_be_joined_and_stays_at_rest(make_crew, member, mate, peer, now):
    crew = make_crew("Resting", [member, mate], state=Crew.State.RESTING)
    asked = Request.ask(crew, by=peer, now=now)
    for person in (member, mate):
        asked.answer(True, by=person, now=now)
    crew.refresh_from_db()
    assert (crew.seats_taken, crew.state) == (3, Crew.State.RESTING)


# ---- the crew invites


def test_a_crew_invites_with_everyones_yes_and_then_theirs(
    client_of, at, crew, member, mate, facilitator, peer
):
    url = at(member, "crew-invite", pk=crew.pk)
    assert "Noor Haddad" in client_of(member).get(url).text
    for _ in range(2):
        assert client_of(member).post(url, {"person": peer.pk}).status_code == 302
    invited = Request.objects.get()
    assert told("request") == ["Dov Levi", "Joel King"]
    assert "Shall we invite Noor Haddad?" in client_of(mate).get(crew.get_absolute_url()).text
    # Until all would, they learn nothing.
    assert not Request.objects.visible_to(peer).exists()
    assert answer(client_of, at, peer, invited, "yes").status_code == 404
    for person in (mate, facilitator):
        assert told("invited") == []
        answer(client_of, at, person, invited, "yes")
    assert told("invited") == ["Noor Haddad"]
    page = client_of(peer).get(crew.get_absolute_url()).text
    assert "They would like you at their table." in page
    assert "is invited since" in client_of(member).get(crew.get_absolute_url()).text
    for _ in range(2):
        assert answer(client_of, at, peer, invited, "yes").status_code == 302
    assert crew.sits(peer)
    assert told("joined") == ["Ana Sefo", "Dov Levi", "Joel King"]


@pytest.mark.parametrize("said", ["no", None])
def test_an_invitation_not_taken_up_is_told_as_silence_is(
    client_of, at, crew, member, mate, facilitator, peer, said, now
):
    invited = Request.invite(crew, peer, by=member, now=now)
    for person in (mate, facilitator):
        invited.answer(True, by=person, now=now)
    if said:
        answer(client_of, at, peer, invited, said)
    sweeping.sweep_requests(now=now + DAY * 13)
    assert told("invited_not_now") == []
    sweeping.sweep_requests(now=now + DAY * 14)
    assert told("invited_not_now") == ["Ana Sefo", "Dov Levi", "Joel King"]
    with pytest.raises(ValidationError, match="a little while ago"):
        Request.invite(crew, peer, by=mate, now=now + DAY * 15)


def test_one_that_the_crew_doesnt_want_whole_leaves_no_trace_for_them(crew, member, peer, now):
    Request.invite(crew, peer, by=member, now=now)
    sweeping.sweep_requests(now=now + DAY * 14)
    assert not Request.objects.visible_to(peer).exists()
    assert not Notice.objects.filter(recipient=peer).exists()
    assert told("invited_not_now") == []
    # And they can ask by themselves.
    Request.ask(crew, by=peer, now=now + DAY * 15)


def test_who_asks_while_the_crew_thinks_of_them_meets_its_yeses(
    crew, member, mate, facilitator, peer, now
):
    invited = Request.invite(crew, peer, by=member, now=now)
    invited.answer(True, by=mate, now=now)
    own = Request.ask(crew, word="I save beans.", by=peer, now=now + DAY)
    assert own.pk == invited.pk
    own.refresh_from_db()
    assert (own.is_invitation, own.word, own.asked_at) == (False, "I save beans.", now + DAY)
    own.answer(True, by=facilitator, now=now + DAY)
    assert crew.sits(peer)


def test_who_thinks_of_one_who_asks_says_yes(asked, crew, member, peer, now):
    assert Request.invite(crew, peer, by=member, now=now) == asked
    assert RequestAnswer.objects.get(member=member).is_yes


def test_an_invitation_needs_a_seat_and_someone_at_the_table(
    client_of, at, make_crew, crew, member, mate, facilitator, peer, host, now
):
    full = make_crew("Full", [member, mate, facilitator], seats_max=3)
    response = client_of(member).post(at(member, "crew-invite", pk=full.pk), {"person": peer.pk})
    assert response.status_code == 422
    for by in (peer, host):
        with pytest.raises(PermissionDenied):
            Request.invite(crew, peer, by=by, now=now)
    assert client_of(host).get(at(host, "crew-invite", pk=crew.pk)).status_code == 404


def test_after_two_not_nows_an_introduction_is_offered(
    client_of, at, crew, make_crew, mate, peer, now
):
    other = make_crew("Other", [mate])
    for one in (crew, other):
        page = client_of(peer).get(one.get_absolute_url()).text
        assert "Ask a host to introduce me" not in page
        Request.ask(one, by=peer, now=now).settle(now=now)
    page = client_of(peer).get(other.get_absolute_url()).text
    assert "Ask a host to introduce me" in page
    notice = Notice.objects.filter(kind="crews.request_not_now").last()
    assert Request.objects.get(pk=notice.about).has_heard_twice
