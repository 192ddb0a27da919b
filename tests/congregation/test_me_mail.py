"""How often one is mailed of what, and when not."""

from datetime import time

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from congregation.models import Notice, NoticeChoice, User
from congregation.notices import all_kinds, groups

HOURS = {"quiet_from": "22:00", "quiet_until": "07:00", "digest_at": "08:00", "digest_on": "0"}
USUAL = {group.name: group.usual for group in groups()}


@pytest.fixture
def said(member):
    return lambda: dict(NoticeChoice.objects.filter(member=member).values_list("kind", "often"))


def test_few_groups_first_and_each_kind_below(member, host, client_of, at):
    page = client_of(member).get(at(member, "me-mail")).text
    assert "What is mailed to you" in page
    for words in ["Meetings", "What waits for me", "Good to know", "Each by itself"]:
        assert words in page
    assert 'name="congregation.arrived"' in page
    for hosts_only in ('name="congregation.growth"', 'name="hosting"', "way_back_open"):
        assert hosts_only not in page
    page = client_of(host).get(at(host, "me-mail")).text
    assert 'name="congregation.growth"' in page
    assert 'name="hosting"' in page


def test_what_is_usual_needs_no_row(member, client_of, at, said):
    client_of(member).post(at(member, "me-mail"), {**HOURS, **USUAL})
    assert said() == {}


def test_a_group_and_a_kind_are_kept_as_chosen_and_taken_back(member, client_of, at, said):
    browser, url = client_of(member), at(member, "me-mail")
    wishes = {**HOURS, **USUAL, "news": "off", "crews.joined": "daily"}
    for _time in range(2):
        assert browser.post(url, wishes).headers["Location"] == url
        assert said() == {"news": "off", "crews.joined": "daily"}
    assert '<option value="off" selected>' in browser.get(url).text
    browser.post(url, {**HOURS, **USUAL})
    assert said() == {}


def test_quiet_hours_and_the_hour_of_digests_are_of_the_account(member, client_of, at):
    browser, url = client_of(member), at(member, "me-mail")
    hours = {"quiet_from": "23:00", "quiet_until": "08:00", "digest_at": "18:00", "digest_on": "6"}
    browser.post(url, {**USUAL, **hours})
    user = User.objects.get(pk=member.user_id)
    assert (user.quiet_from, user.quiet_until) == (time(23), time(8))
    assert (user.digest_at, user.digest_on) == (time(18), 6)
    browser.post(url, {**USUAL, **hours, "quiet_from": ""})
    user.refresh_from_db()
    assert (user.quiet_from, user.quiet_until) == (None, None)


def test_an_hour_that_nobody_offers_is_refused(member, client_of, at, said):
    answer = client_of(member).post(at(member, "me-mail"), {**HOURS, **USUAL, "digest_at": "25:00"})
    assert answer.status_code == 422
    assert "What needs another look" in answer.text


def test_an_hour_that_was_chosen_elsewhere_is_offered(member, client_of, at, now):
    member.user.be_mailed(
        quiet_from=time(21, 30), quiet_until=time(6), digest_at=time(8), digest_on=2, now=now
    )
    page = client_of(member).get(at(member, "me-mail")).text
    assert '<option value="21:30" selected>9:30 pm</option>' in page


def test_hours_and_days_are_written_as_the_reader_does(member, client_of, at):
    member.user.prefer(language="en-us")
    page = client_of(member).get(at(member, "me-mail")).text
    assert "10:00 PM" in page
    assert ">Monday</option>" in page


def test_outsiders_find_nothing(member, outsider, client_of, at):
    browser = client_of(outsider)
    assert browser.get(at(member, "me-mail")).status_code == 404
    assert browser.post(at(member, "me-mail"), {**HOURS, **USUAL}).status_code == 404


def test_only_oneself_chooses(member, host):
    with pytest.raises(PermissionDenied):
        NoticeChoice.choose(member, "news", "off", by=host)


def test_who_has_no_address_is_told_so(member, client_of, at):
    User.objects.filter(pk=member.user_id).update(email=None)
    assert "no address to mail it to yet" in client_of(member).get(at(member, "me-mail")).text


def test_the_page_is_found_from_me_and_from_a_mail(member, client_of, at):
    page = client_of(member).get(at(member, "me")).text
    assert f'href="{at(member, "me-mail")}"' in page
    assert f'href="{at(member, "me-mail")}"' in client_of(member).get(at(member, "notices")).text


def test_every_kind_belongs_to_a_group():
    known = groups()
    for kind in all_kinds():
        assert kind.group in known, kind.name
        assert not kind.hosts_only or kind.group.name == "hosting", kind.name


def test_who_has_chosen_no_language_is_written_to_in_the_browsers(member, client_of, at, now):
    browser = client_of(member)
    browser.get(at(member, "me"))
    assert User.objects.get(pk=member.user_id).browser_language == ""
    browser.get(at(member, "me"), headers={"Accept-Language": "en-US,en;q=0.8"})
    member.refresh_from_db()
    assert member.user.browser_language == "en-us"
    assert member.language == "en-us"
    # A calendar that says no language changes nothing; a choice goes before it.
    browser.get(at(member, "me"))
    assert User.objects.get(pk=member.user_id).browser_language == "en-us"
    member.user.prefer(language="en")
    assert member.language == "en"


def test_a_language_that_is_known_costs_nothing(member, client_of, at, django_assert_num_queries):
    browser, said = client_of(member), {"Accept-Language": "en-US"}
    for _time in range(2):
        browser.get(at(member, "help"), headers=said)
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as cost:
        browser.get(at(member, "help"), headers=said)
    assert not any(query["sql"].startswith("UPDATE") for query in cost)


def test_a_stop_link_of_what_is_gone_still_opens(member, client):
    from congregation.outbox import unsubscribe_token

    url = reverse("unsubscribe", args=[unsubscribe_token(member, "congregation.digest")])
    assert "gathered" in client.get(url).text
    assert not Notice.objects.exists()
