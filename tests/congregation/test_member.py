"""One person's page, and how they may be reached."""

from congregation.models import Contact, Host
from crews.models import Crew, Seat


def test_a_peer_sees_who_someone_is(member, peer, client_of, at):
    page = client_of(peer).get(at(peer, "member", pk=member.pk))
    assert page.status_code == 200
    assert "Ana Sefo" in page.text
    assert "she/her" in page.text
    assert member.user.email not in page.text


def test_an_outsider_finds_nothing(member, outsider, client_of, at):
    assert client_of(outsider).get(at(member, "member", pk=member.pk)).status_code == 404
    assert client_of(outsider).get(at(outsider, "member", pk=member.pk)).status_code == 404
    assert client_of(member).post(at(member, "member", pk=member.pk)).status_code == 405


def test_contact_shows_to_whom_each_chose(
    member, mate, peer, host, client_of, at, now, congregation
):
    for kind, value, circle in [
        ("phone", "021 555 0101", "nobody"),
        ("signal", "ana.41", "crews"),
        ("other", "The blue house", "congregation"),
    ]:
        Contact.give(member, kind, value, circle, by=member, now=now)
    crew = Crew.objects.create(congregation=congregation, name="Seed Library", founded_at=now)
    for number, person in enumerate([member, mate], 1):
        Seat.objects.create(
            congregation=congregation, crew=crew, member=person, number=number, taken_at=now
        )
    url = at(member, "member", pk=member.pk)

    def shown(person):
        page = client_of(person).get(url).text
        return [word for word in ["021 555", "ana.41", "The blue house"] if word in page]

    assert shown(member) == ["021 555", "ana.41", "The blue house"]
    assert shown(mate) == ["ana.41", "The blue house"]
    assert shown(peer) == ["The blue house"]
    assert shown(host) == ["The blue house"]
    Seat.objects.filter(member=mate).update(left_at=now)
    assert shown(mate) == ["The blue house"]


def test_a_hosts_term_is_said(host, peer, client_of, at):
    assert "since Tue 11 Aug" in client_of(peer).get(at(peer, "member", pk=host.pk)).text
    Host.objects.update(ended_at=host.joined_at)
    assert "since Tue 11 Aug" not in client_of(peer).get(at(peer, "member", pk=host.pk)).text


def test_who_has_left_has_no_page(member, peer, client_of, at, now):
    type(member).objects.filter(pk=member.pk).update(state="left", left_at=now)
    assert client_of(peer).get(at(peer, "member", pk=member.pk)).status_code == 404
