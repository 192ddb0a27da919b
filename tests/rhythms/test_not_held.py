"""We didn't meet: a rest, never a cross; and ahead of time, called off."""

from congregation.models import Event, Notice
from rhythms.models import Led, Presence


def test_a_rest(past, member, client_of, at):
    assert client_of(member).post(at(member, "not-held", pk=past.pk)).status_code == 302
    past.refresh_from_db()
    assert (past.state, past.came, past.seated) == ("not_held", 0, 3)
    page = client_of(member).get(at(member, "crew", pk=past.crew_id)).content.decode()
    assert "a rest" in page
    assert 'class="bar-rest"' in page


def test_twice_is_once(past, member, client_of, at):
    for _ in range(2):
        client_of(member).post(at(member, "not-held", pk=past.pk))
    assert Event.objects.filter(verb="meeting.not_held").count() == 1


def test_a_mate_knows_better(past, member, mate, client_of, at):
    client_of(member).post(at(member, "not-held", pk=past.pk))
    page = client_of(mate).get(at(mate, "meeting", pk=past.pk)).content.decode()
    assert "We did meet" in page
    client_of(mate).post(at(mate, "we-met", pk=past.pk), {"here": [mate.pk, member.pk]})
    past.refresh_from_db()
    assert (past.state, past.came) == ("held", 2)
    client_of(member).post(at(member, "not-held", pk=past.pk))
    assert not Presence.objects.exists()
    assert not Led.objects.exists()


def test_not_before_it_has_begun(ahead, member, client_of, at):
    client_of(member).post(at(member, "not-held", pk=ahead.pk))
    ahead.refresh_from_db()
    assert ahead.state == "planned"


def test_called_off_and_put_back(ahead, member, mate, client_of, at):
    for _ in range(2):
        client_of(member).post(at(member, "meeting-call-off", pk=ahead.pk))
    ahead.refresh_from_db()
    assert (ahead.state, ahead.sequence) == ("cancelled", 1)
    assert Event.objects.filter(verb="meeting.call_off").count() == 1
    told = Notice.objects.filter(kind="rhythms.meeting_moved")
    assert {notice.recipient.name for notice in told} == {"Dov Levi", "Joel King"}
    page = client_of(mate).get(at(mate, "meeting", pk=ahead.pk)).content.decode()
    assert "Meet after all" in page
    client_of(mate).post(at(mate, "meeting-put-back", pk=ahead.pk))
    ahead.refresh_from_db()
    assert (ahead.state, ahead.sequence) == ("planned", 2)


def test_what_was_called_off_is_not_noted(ahead, member, client_of, at, now):
    ahead.call_off(by=member, now=now)
    assert client_of(member).post(at(member, "not-held", pk=ahead.pk)).status_code == 302
    ahead.refresh_from_db()
    assert ahead.state == "cancelled"


def test_who_may_not(past, ahead, peer, outsider, member, client_of, at):
    for stranger in (peer, outsider):
        for name, meeting in (("not-held", past), ("meeting-call-off", ahead)):
            url = at(stranger, name, pk=meeting.pk)
            assert client_of(stranger).post(url).status_code == 404
    for name in ("not-held", "meeting-call-off", "meeting-put-back"):
        assert client_of(member).get(at(member, name, pk=past.pk)).status_code == 405
