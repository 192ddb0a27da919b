"""A host introduces someone to a crew with a seat, or to someone else; each says yes, or doesn't."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction

from congregation.models import Notice
from crews import sweeping
from crews.models import Card, Hello, Introduction, NotWith, Request

DAY = timedelta(days=1)


def told(kind):
    return sorted(
        Notice.objects.filter(kind=f"crews.{kind}").values_list("recipient__name", flat=True)
    )


def answer(client_of, at, who, one, is_yes):
    return client_of(who).post(at(who, "introduction-answer", pk=one.pk), {"is_yes": is_yes})


def test_hosts_see_who_has_no_crew_and_offer_one(client_of, at, crew, host, peer, member, crewless):
    crewless(peer)
    page = client_of(host).get(at(host, "host")).text
    assert at(host, "introduction-new", pk=peer.pk) in page
    url = at(host, "introduction-new", pk=peer.pk)
    assert "Seed Library" in client_of(host).get(url).text
    assert client_of(host).post(url, {"crew": "", "other": ""}).status_code == 422
    for _ in range(2):
        assert client_of(host).post(url, {"crew": crew.pk}).status_code == 302
    assert Introduction.objects.count() == 1
    assert told("introduction") == ["Noor Haddad"]
    assert client_of(member).get(url).status_code == 403


def test_who_is_happy_without_is_not_listed(client_of, at, host, peer, crewless):
    crewless(peer)
    Card.objects.create(congregation=peer.congregation, member=peer, state="happy")
    assert (
        at(host, "introduction-new", pk=peer.pk) not in client_of(host).get(at(host, "host")).text
    )


def test_a_yes_asks_the_crew(client_of, at, crew, host, peer, member, now):
    one = Introduction.offer(peer, crew=crew, by=host, now=now)
    assert "An introduction" in client_of(peer).get(at(peer, "home")).text
    assert "Yes, please" in client_of(peer).get(one.get_absolute_url()).text
    for _ in range(2):
        assert answer(client_of, at, peer, one, "yes").status_code == 302
    assert Request.objects.get(crew=crew).member == peer
    assert told("request") == ["Ana Sefo", "Dov Levi", "Joel King"]


def test_two_people_say_hello_once_both_have_said_yes(client_of, at, host, peer, member, now):
    one = Introduction.offer(peer, other=member, by=host, now=now)
    assert told("introduction") == ["Ana Sefo", "Noor Haddad"]
    answer(client_of, at, peer, one, "yes")
    assert not Hello.objects.exists()
    answer(client_of, at, member, one, "yes")
    assert Hello.objects.between(peer, member).open().exists()
    assert told("hello") == ["Ana Sefo", "Noor Haddad"]


@pytest.mark.parametrize("said", ["no", None])
def test_a_no_is_shown_to_nobody_not_even_to_the_host(client_of, at, host, peer, member, said, now):
    import re

    def sees(person, url):
        page = client_of(person).get(url).text
        return re.sub(r'name="(csrfmiddlewaretoken|once)" value="[^"]*"', "", page)

    one = Introduction.offer(peer, other=member, by=host, now=now)
    answer(client_of, at, peer, one, "yes")
    pages = [(host, at(host, "introduction-new", pk=peer.pk)), (peer, one.get_absolute_url())]
    before = [sees(*page) for page in pages]
    if said:
        answer(client_of, at, member, one, said)
    assert [sees(*page) for page in pages] == before
    notices = Notice.objects.count()
    sweeping.close_introductions(now=now + 13 * DAY)
    one.refresh_from_db()
    assert one.state == Introduction.State.OFFERED
    assert sweeping.close_introductions(now=now + 14 * DAY) == 1
    assert Notice.objects.count() == notices


def test_not_with_is_honoured_as_silence(client_of, at, host, peer, member, now):
    NotWith.choose(peer, by=member, now=now)
    one = Introduction.offer(peer, other=member, by=host, now=now)
    assert told("introduction") == ["Noor Haddad"]
    assert client_of(member).get(one.get_absolute_url()).status_code == 404
    assert "An introduction" not in client_of(member).get(at(member, "home")).text
    assert answer(client_of, at, peer, one, "yes").status_code == 302
    assert not Hello.objects.exists()


def test_one_wishes_for_it_and_hosts_are_told(client_of, at, host, peer, member):
    url = at(peer, "introduction-wish")
    for _ in range(2):
        assert client_of(peer).post(url).status_code == 302
    assert told("introduction_wished") == ["Mei Ropata"]
    assert "Would like to be introduced" in client_of(host).get(at(host, "host")).text
    assert not Introduction.objects.visible_to(member).exists()
    client_of(peer).post(url, {"back": "1"})
    assert not Introduction.objects.exists()


def test_an_offer_takes_the_wish_up(host, peer, crew, now):
    Introduction.wish(by=peer, now=now)
    Introduction.offer(peer, crew=crew, by=host, now=now)
    assert [one.state for one in Introduction.objects.all()] == ["offered"]


def test_only_hosts_offer_and_only_what_makes_sense(
    make_crew, host, peer, member, mate, outsider, crew, now
):
    pair = make_crew("Two", [member, mate], is_partnership=True, seats_max=2)
    full = make_crew("Full", [member, mate], seats_max=2)
    with pytest.raises(PermissionDenied):
        Introduction.offer(peer, crew=crew, by=member, now=now)
    with pytest.raises(PermissionDenied):
        Introduction.offer(peer, crew=pair, by=host, now=now)
    for wrong in ({"crew": full}, {"other": peer}, {"other": outsider}, {}):
        with pytest.raises(ValidationError):
            Introduction.offer(peer, **wrong, by=host, now=now)
    own = {"congregation": peer.congregation, "member": peer}
    for shape in ({"state": "offered"}, {"state": "wished", "crew": crew}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Introduction.objects.create(**own, **shape)


def test_it_isnt_for_others(client_of, at, host, crew, peer, member, outsider, now):
    one = Introduction.offer(peer, crew=crew, by=host, now=now)
    assert client_of(member).get(one.get_absolute_url()).status_code == 404
    assert client_of(host).get(one.get_absolute_url()).status_code == 403
    assert client_of(outsider).get(one.get_absolute_url()).status_code == 404
    assert answer(client_of, at, member, one, "yes").status_code == 404
    assert client_of(peer).get(at(peer, "introduction-answer", pk=one.pk)).status_code == 405
