"""At the same moment: ways back that two hosts open, say yes to and use; and the last hosts who go."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client

from congregation.models import Congregation, Event, Host, Member, Notice, User, WayBack
from hall import closing, leaving
from tests.congregation.test_arrive_race import race

pytestmark = pytest.mark.django_db(transaction=True)
OLD = "seven tables and a lamp"


@pytest.fixture(autouse=True)
def _quick_passwords(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def hosts(make_host):
    return [make_host(f"{name} Ropata") for name in ("Mei", "Hana", "Rangi", "Tama")]


@pytest.fixture
def lost(congregation, now):
    user = User.objects.create_nameless(OLD, handle="maple-otter-42")
    return Member.objects.create(
        congregation=congregation, user=user, name="Kaia Brown", joined_at=now
    )


def again(row):
    return type(row).objects.get(pk=row.pk)


def done(answers, kind):
    return [answer for answer in answers if isinstance(answer, kind)]


@pytest.mark.parametrize("in_person", [True, False])
def test_of_hosts_who_open_one_at_once_one_does(lost, hosts, now, in_person):
    def attempt(host):
        return lambda: WayBack.begin(again(lost), in_person=in_person, by=again(host), now=now)

    answers = race([attempt(host) for host in hosts])
    assert len(done(answers, tuple)) == 1
    assert WayBack.objects.count() == Event.objects.filter(verb="way_back.begin").count() == 1
    told = Notice.objects.filter(kind="congregation.way_back_open").count()
    assert told == (1 if in_person else 0)


def test_of_hosts_who_say_the_second_yes_at_once_one_hands_over(lost, hosts, now):
    row, _none = WayBack.begin(lost, in_person=False, by=hosts[0], now=now)

    def attempt(host):
        return lambda: again(row).say_yes(by=again(host), now=now)

    answers = race([attempt(host) for host in hosts[1:]])
    (token,) = done(answers, str)
    assert WayBack.objects.by_token(token).get() == row
    assert Event.objects.filter(verb="way_back.second").count() == 1


def test_of_many_who_come_by_one_link_at_once_one_is_in(lost, hosts, now):
    row, token = WayBack.begin(lost, in_person=True, by=hosts[0], now=now)
    words = [f"eight lamps and table {number}" for number in range(5)]

    def attempt(password):
        return lambda: WayBack.objects.by_token(token).get().use(password=password, now=now)

    answers = race([attempt(password) for password in words])
    assert len(done(answers, User)) == 1
    user = again(lost.user)
    assert [user.check_password(password) for password in words].count(True) == 1
    assert Notice.objects.filter(kind="congregation.way_back_used").count() == 1
    assert Event.objects.filter(verb="way_back.use").count() == 1
    # What the account had is still there to be put back, not the keys of one who came too late.
    again(row).stop(user=user, is_older=True, now=now)
    assert again(lost.user).check_password(OLD)


def test_used_and_stopped_at_once_it_is_one_of_the_two(lost, hosts, now):
    row, token = WayBack.begin(lost, in_person=True, by=hosts[0], now=now)

    def use():
        return WayBack.objects.by_token(token).get().use(password="eight lamps", now=now)

    def stop():
        return again(row).stop(user=again(lost.user), is_older=True, now=now)

    race([use, stop])
    row.refresh_from_db()
    assert row.stopped_at
    # Used first and then stopped, or stopped unused: either way the old key opens.
    assert again(lost.user).check_password(OLD)


def test_taken_back_and_used_at_once_it_is_one_of_the_two(lost, hosts, now):
    row, token = WayBack.begin(lost, in_person=True, by=hosts[0], now=now)

    def use():
        return WayBack.objects.by_token(token).get().use(password="eight lamps", now=now)

    race([use, lambda: again(row).close(by=hosts[1], now=now)])
    row.refresh_from_db()
    assert bool(row.used_at) != bool(row.closed_at)
    assert again(lost.user).check_password("eight lamps") == bool(row.used_at)


def refused(attempt):
    """What is refused counts as an answer."""

    def run():
        try:
            return attempt()
        except PermissionDenied:
            return False

    return run


@pytest.mark.parametrize("how", ["lay down", "leave", "close", "all of these"])
def test_of_the_last_hosts_who_go_at_once_one_stays(hosts, now, how):
    ways = {
        "lay down": lambda host: Host.lay_down(host, by=host, now=now),
        "leave": lambda host: leaving.leave(host, by=host, now=now),
        "close": lambda host: closing.close(host.user, now=now),
    }
    chosen = list(ways.values()) if how == "all of these" else [ways[how]]
    later = now + timedelta(minutes=1)

    def attempt(number, host):
        return refused(lambda: chosen[number % len(chosen)](again(host)))

    answers = race([attempt(number, host) for number, host in enumerate(hosts)])
    assert [answer for answer in answers if answer is True] == [True] * 3
    here = Congregation.objects.get()
    (stays,) = Member.objects.filter(congregation=here).hosts(later)
    stayed = answers[hosts.index(stays)]
    assert getattr(stayed, "code", None) == "last_host"
    assert here.places_taken == Member.objects.present().count()
    assert stays.user.closed_at is None


def test_a_host_who_hands_on_and_goes_while_the_other_leaves(hosts, make_member, now):
    """Whoever is asked to host at that moment either hosts, or has left: never both."""
    mei, hana = hosts[:2]
    for host in hosts[2:]:
        Host.lay_down(host, by=host, now=now)
    guest = make_member("Kaia Brown")
    race(
        [
            lambda: Host.hand_on(again(guest), by=again(mei), now=now),
            lambda: leaving.leave(again(guest), by=again(guest), now=now),
            lambda: leaving.leave(again(hana), by=again(hana), now=now),
        ]
    )
    guest.refresh_from_db()
    terms = Host.objects.in_term(now).filter(member=guest).count()
    assert (guest.state == "left") == (terms == 0)
    assert Member.objects.filter(congregation=mei.congregation).hosts(now).filter(pk=mei.pk)


def test_one_link_sent_twice_at_once_by_one_browser(lost, hosts, now, client):
    """Two clicks: one is in, the other reads that the link is used; nobody reads an error."""
    _row, token = WayBack.begin(lost, in_person=True, by=hosts[0], now=now)
    sent = {"password": "eight lamps and a table", "again": "eight lamps and a table"}

    def attempt():
        return Client().post(f"/way-in/{token}/", sent).status_code

    assert sorted(race([attempt, attempt])) == [302, 410]
