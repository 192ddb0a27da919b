"""What is one's own to choose."""

import pytest
from django.core.exceptions import PermissionDenied

from congregation.models import Event

PROFILE = {"name": "Ana M. Sefo", "pronouns": "she/they", "place": "Levin", "line": "Saves seeds."}


def test_the_profile_is_saved_and_everyone_sees_it(member, peer, client_of, at):
    answer = client_of(member).post(at(member, "me"), PROFILE, follow=True)
    assert "Saved." in answer.text
    page = client_of(peer).get(at(peer, "member", pk=member.pk)).text
    assert all(word in page for word in PROFILE.values())
    assert "Ana M. Sefo" in client_of(peer).get(at(peer, "people"), {"q": "levin seeds"}).text


def test_saved_twice_it_is_one_event(member, client_of, at):
    client_of(member).post(at(member, "me"), PROFILE)
    client_of(member).post(at(member, "me"), PROFILE)
    assert Event.objects.filter(verb="member.edit").count() == 1


def test_others_learn_nothing_from_the_log(member, peer, client_of, at):
    client_of(member).post(at(member, "me"), PROFILE)
    assert not Event.objects.visible_to(peer).exists()


def test_an_invalid_profile_keeps_what_was_typed(member, client_of, at):
    answer = client_of(member).post(at(member, "me"), {**PROFILE, "name": " . ", "line": "x" * 161})
    assert answer.status_code == 422
    assert "x" * 161 in answer.text
    member.refresh_from_db()
    assert member.name == "Ana Sefo"


def test_nobody_edits_another(member, peer, host, now):
    for other in [peer, host]:
        with pytest.raises(PermissionDenied):
            member.edit(**PROFILE, by=other, now=now)
        with pytest.raises(PermissionDenied):
            member.show_crews(True, by=other, now=now)


@pytest.mark.parametrize("name", ["contact", "me-crews", "me-zone"])
def test_outsiders_find_nothing_and_get_changes_nothing(name, member, outsider, client_of, at):
    assert client_of(outsider).post(at(member, name)).status_code == 404
    assert client_of(member).get(at(member, name)).status_code == 405


def test_an_outsider_finds_no_me(member, outsider, client_of, at):
    assert client_of(outsider).get(at(member, "me")).status_code == 404


def test_crews_are_shown_as_one_says(member, client_of, at):
    browser = client_of(member)
    browser.post(at(member, "me-crews"), {"shows_crews": "on"})
    member.refresh_from_db()
    assert member.shows_crews
    browser.post(at(member, "me-crews"), {})
    member.refresh_from_db()
    assert not member.shows_crews


def test_times_are_read_in_ones_own_zone(member, client_of, at):
    browser, url = client_of(member), at(member, "preferences")
    rest = {"theme": "device", "font": "usual", "motion": "device"}
    page = browser.get(url).text
    assert "As the congregation: Auckland" in page
    assert "data-zone" in page
    browser.post(url, {**rest, "zone": "Europe/Berlin"})
    member.user.refresh_from_db()
    assert member.user.zone == "Europe/Berlin"
    assert "data-zone" not in browser.get(url).text
    assert browser.post(url, {**rest, "zone": "Mars/Base"}).status_code == 422
    browser.post(url, {**rest, "zone": ""})
    member.user.refresh_from_db()
    assert member.user.zone == ""


def test_an_old_spelling_of_a_zone_stays_until_it_is_changed(member, client_of, at):
    member.user.read_in("NZ")
    browser, url = client_of(member), at(member, "preferences")
    assert '<option value="NZ" selected>' in browser.get(url).text
    rest = {"theme": "device", "font": "usual", "motion": "device"}
    assert browser.post(url, {**rest, "zone": "NZ"}).status_code == 302


def test_each_part_says_who_sees_it(member, client_of, at):
    page = client_of(member).get(at(member, "me")).text
    assert page.count('class="seal"') >= 6
