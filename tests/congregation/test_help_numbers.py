"""Where there is help outside: hosts set it, everyone here sees it."""

import pytest
from django.core.exceptions import PermissionDenied

from congregation.models import Event, HelpNumber
from congregation.models.help_number import Line

LINES = [Line("To talk", "1737", "call or text, any hour"), Line("In danger", "111", "")]


def form(lines):
    return {
        f"{at}-{name}": said
        for at, line in enumerate(lines)
        for name, said in line._asdict().items()
    }


def kept():
    rows = HelpNumber.objects.order_by("number")
    return [Line(*row) for row in rows.values_list("name", "way", "when")]


def test_a_host_sets_them(host, client_of, at):
    browser, url = client_of(host), at(host, "help-numbers")
    assert browser.post(url, form(LINES)).status_code == 302
    assert kept() == LINES
    page = browser.get(url).text
    assert 'value="1737"' in page
    # Reordered, one changed, one gone.
    browser.post(url, form([Line("Now", "111", ""), Line("", "", ""), LINES[0]]))
    assert kept() == [Line("Now", "111", ""), LINES[0]]


def test_everyone_here_sees_them(host, member, outsider, client_of, at, now):
    HelpNumber.put(LINES, by=host, now=now)
    page = client_of(member).get(at(member, "help")).text
    assert "1737" in page
    assert 'href="tel:111"' in page
    assert "1737" not in client_of(outsider).get(at(outsider, "help")).text


def test_nothing_of_them_shows_to_who_is_signed_out(host, client, now):
    HelpNumber.put(LINES, by=host, now=now)
    assert "1737" not in client.get("/help/").text


def test_only_hosts_set_them(member, outsider, host, client_of, at, now):
    for person, status in ((member, 403), (outsider, 404)):
        url = at(host, "help-numbers")
        assert client_of(person).post(url, form(LINES)).status_code == status
    with pytest.raises(PermissionDenied):
        HelpNumber.put(LINES, by=member, now=now)
    assert not kept()


def test_half_a_line_is_asked_about(host, client_of, at):
    url = at(host, "help-numbers")
    answer = client_of(host).post(url, form([Line("To talk", "", "nights"), Line("", "111", "")]))
    assert answer.status_code == 422
    assert "Which number or address?" in answer.text
    assert "What is it for?" in answer.text
    assert "nights" in answer.text
    assert not kept()


def test_twice_is_once(host, now):
    for _time in range(2):
        HelpNumber.put(LINES, by=host, now=now)
    assert Event.objects.filter(verb="help_numbers.put").count() == 1


@pytest.mark.parametrize(
    ("way", "dialled"),
    [
        ("0800 543 354", "0800543354"),
        ("+49 (30) 12-34", "+49301234"),
        ("1737", "1737"),
        ("Hall Road 4", ""),
        ("example.org", ""),
        ("12", ""),
        ("1737 or 0800", ""),
    ],
)
def test_what_a_phone_can_dial(way, dialled):
    assert HelpNumber(name="x", way=way).phone == dialled
