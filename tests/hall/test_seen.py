"""As others see me: exactly what the real page shows them."""

import re

import pytest
from django.test import Client

from congregation.models import Contact
from tests.hall.test_home import crew_of


@pytest.fixture
def shown(member, mate, host, now):
    """Ana, who shows something to each circle, in a crew with Dov and one of her own with Mei."""
    seeds, _commitment = crew_of([member, mate], now)
    crew_of([member, host], now, name="Film Night")
    for kind, value, circle in [
        ("phone", "021 111", "nobody"),
        ("signal", "ana.22", "crews"),
        ("other", "The blue door", "congregation"),
    ]:
        Contact.give(member, kind, value, circle, by=member, now=now)
    return seeds


def body(page):
    """What a page says of the person, without the frame and what stands above in a preview."""
    inner = page[page.index('<section class="card person">') : page.index("</main>")]
    # What a reader keeps to themselves of a person is shown in no preview.
    inner = re.sub(r'<aside id="mine".*?</aside>', "", inner, flags=re.S)
    return re.sub(r"\s+", " ", inner)


@pytest.mark.parametrize("shows_crews", [True, False])
def test_a_preview_is_the_real_page(shown, shows_crews, member, mate, peer, client_of, at, now):
    member.show_crews(shows_crews, by=member, now=now)
    browser, real = client_of(member), at(member, "member", pk=member.pk)
    as_member = body(browser.get(at(member, "as-member")).text)
    assert as_member == body(client_of(peer).get(real).text)
    assert ("Seed Library" in as_member) == shows_crews
    as_crew = body(browser.get(at(member, "as-crew", pk=shown.pk)).text)
    assert as_crew == body(client_of(mate).get(real).text)
    assert "ana.22" in as_crew
    assert "ana.22" not in as_member
    assert "021 111" not in as_crew + as_member
    assert "The blue door" in as_member
    assert "For yourself alone" not in as_member + as_crew


def test_a_stranger_sees_nothing(shown, member, outsider, client_of, at):
    page = client_of(member).get(at(member, "as-stranger"))
    assert "Nothing" in page.text
    real = at(member, "member", pk=member.pk)
    assert "/accounts/login/" in Client().get(real).headers["Location"]
    assert client_of(outsider).get(real).status_code == 404


def test_only_ones_own_crews_have_eyes(shown, peer, host, client_of, at):
    for person in (peer, host):
        assert client_of(person).get(at(person, "as-crew", pk=shown.pk)).status_code == 404


def test_a_host_sees_no_more_of_themselves_than_others_would(shown, host, peer, client_of, at):
    """What only hosts may do with others is in no preview of their own page."""
    as_member = body(client_of(host).get(at(host, "as-member")).text)
    assert as_member == body(client_of(peer).get(at(host, "member", pk=host.pk)).text)
    assert "lost their way in" not in as_member
