import pytest

from congregation.models import Event, Notice
from crews.models import Card
from tests.crews.looking import look


def test_one_tap_puts_a_written_card_into_the_pool_and_out(client_of, at, member):
    card = look(member, state="not_now")
    client = client_of(member)
    for state in ("looking", "happy", "not_now"):
        response = client.post(at(member, "looking"), {"state": state})
        assert response.status_code == 302
        assert response.url == at(member, "pool")
        card.refresh_from_db()
        assert card.state == state


def test_without_a_card_looking_begins_by_writing_it(client_of, at, member):
    response = client_of(member).post(at(member, "looking"), {"state": "looking"})
    assert response.url == at(member, "card") + "?look=1"
    assert not Card.objects.filter(member=member, state="looking").exists()


@pytest.mark.parametrize("state", ["not_now", "happy"])
def test_who_does_not_look_needs_no_card(client_of, at, member, state):
    client_of(member).post(at(member, "looking"), {"state": state})
    assert Card.objects.get(member=member).state == state


def test_looking_is_not_recorded_and_nobody_is_told(client_of, at, member, peer):
    look(member, state="not_now")
    look(peer)
    client_of(member).post(at(member, "looking"), {"state": "looking"})
    assert not Event.objects.exists()
    assert not Notice.objects.exists()


def test_who_looks_is_seen_by_those_who_look_alone(client_of, at, member, peer, host):
    look(member, state="not_now")
    look(peer)
    page = client_of(peer).get(at(peer, "pool"))
    assert member.name not in page.content.decode()
    client_of(member).post(at(member, "looking"), {"state": "looking"})
    assert member.name in client_of(peer).get(at(peer, "pool")).content.decode()
    assert member.name not in client_of(host).get(at(host, "pool")).content.decode()


def test_a_state_that_does_not_exist_is_not_found(client_of, at, member):
    assert client_of(member).post(at(member, "looking"), {"state": "?"}).status_code == 404


def test_an_outsider_finds_nothing(client_of, at, member, outsider):
    response = client_of(outsider).post(at(member, "looking"), {"state": "happy"})
    assert response.status_code == 404


def test_a_get_changes_nothing(client_of, at, member):
    assert client_of(member).get(at(member, "looking")).status_code == 405


def test_twice_is_once(client_of, at, member):
    client = client_of(member)
    for _time in range(2):
        assert client.post(at(member, "looking"), {"state": "happy"}).status_code == 302
    assert Card.objects.filter(member=member).count() == 1
