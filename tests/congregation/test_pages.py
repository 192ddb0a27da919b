"""Pages of words."""

import pytest
from django.test import Client
from django.urls import reverse


@pytest.mark.parametrize("name", ["privacy", "accessibility", "help"])
def test_words_are_open_to_everyone(name, member, client_of, at):
    signed_out = Client().get(reverse(name))
    assert signed_out.status_code == 200
    assert "/c/" not in signed_out.text
    inside = client_of(member).get(at(member, name))
    assert inside.status_code == 200
    assert at(member, "people") in inside.text


@pytest.mark.parametrize("name", ["privacy", "accessibility", "help", "more"])
def test_inside_a_congregation_they_are_for_its_members(name, member, outsider, client_of, at):
    assert client_of(outsider).get(at(member, name)).status_code == 404
    assert Client().get(at(member, name)).status_code == 302
    assert client_of(member).post(at(member, name)).status_code == 405


def test_who_sees_what_names_the_hosts_part(member, client_of, at):
    assert 'id="hosts"' in client_of(member).get(at(member, "privacy")).text


def test_more_has_what_the_bar_has_no_room_for(member, host, client_of, at):
    page = client_of(member).get(at(member, "more")).text
    for name in ["calendar", "notices", "me", "privacy", "help", "invitations"]:
        assert at(member, name) in page
    assert at(host, "host") not in page
    assert at(host, "host") in client_of(host).get(at(host, "more")).text
    assert reverse("account_logout") in page
