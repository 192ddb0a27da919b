"""Calling out: only to the public internet, to the very address that was looked at, and no further."""

import ipaddress
import socket
import ssl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from congregation import calling
from congregation.calling import Caller, Refused, Unreached, Unsure, is_public, parts_of
from tests.receiver import receiver

URL = "https://hooks.slack.com/services/T/B/x"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("receiver")


@pytest.fixture
def there(folder):
    with receiver(folder) as running:
        yield running


def leads_to(*addresses):
    """A resolver under which each name has these addresses."""

    def resolve(host, port, **kwargs):
        return [
            (
                socket.AF_INET6 if ":" in address else socket.AF_INET,
                socket.SOCK_STREAM,
                6,
                "",
                (address, port),
            )
            for address in addresses
        ]

    return resolve


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.8.8.8",
        "0.0.0.0",
        "0.1.2.3",
        "10.1.2.3",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "169.254.169.254",  # keys of the cloud
        "100.64.0.1",
        "100.100.100.200",
        "192.0.0.192",
        "168.63.129.16",
        "192.0.2.1",
        "198.18.0.1",
        "198.51.100.7",
        "203.0.113.7",
        "224.0.0.1",
        "239.255.255.250",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "::ffff:0:127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::1",
        "2002:7f00:1::",
        "2002:a9fe:a9fe::1",
        "2001:0:53aa:64c:0:0:f5ff:fffe",
        "2001:db8::1",
        "100::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
    ],
)
def test_what_is_not_of_the_public_internet_is_refused(address):
    assert not is_public(address)
    with pytest.raises(Refused):
        Caller(resolve=leads_to(address)).post(URL, {})


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "93.184.215.14", "2606:4700::1111", "64:ff9b::101:101"]
)
def test_what_is_public_may_be_called(address):
    assert is_public(address)


@given(st.ip_addresses(v=4))
def test_no_disguise_of_an_address_is_more_public_than_itself(ip):
    plain = is_public(str(ip))
    assert is_public(f"::ffff:{ip}") == plain
    assert is_public(str(ipaddress.IPv6Address(int(calling._NAT64[0]) + int(ip)))) == plain
    assert not is_public(f"::{ip}")
    assert not is_public(str(ipaddress.IPv6Address((0x2002 << 112) + (int(ip) << 80))))
    if ip.is_private or ip.is_loopback or ip.is_link_local or ip.is_multicast:
        assert not plain


@pytest.mark.parametrize("others", [["10.0.0.1"], ["::1"], ["1.1.1.1", "169.254.169.254"]])
def test_one_private_address_among_public_ones_is_enough(others):
    with pytest.raises(Refused):
        Caller(resolve=leads_to("93.184.215.14", *others)).post(URL, {})


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.slack.com/x",
        "ftp://hooks.slack.com/x",
        "file:///etc/passwd",
        "gopher://hooks.slack.com/x",
        "//hooks.slack.com/x",
        "https:///x",
        "https://user:word@hooks.slack.com/x",
        "https://@hooks.slack.com/x",
        "https://hooks.slack.com:22/x",
        "https://hooks.slack.com:80/x",
        "https://hooks.slack.com:99999/x",
        "https://hooks.slack.com/x y",
        "https://hooks.slack.com/x\r\nHost: other",
        "https://hooks.slack.com\t/x",
        "https://[::1/x",
        "https://ex ample.org/x",
        f"https://{'a' * 70}.example.org/x",
    ],
)
def test_addresses_of_another_shape_are_refused_before_anything_is_looked_up(url):
    def never(*args, **kwargs):
        raise AssertionError("looked up")

    with pytest.raises(Refused):
        Caller(resolve=never).post(url, {})


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/x",
        "https://127.1/x",
        "https://2130706433/x",
        "https://0x7f000001/x",
        "https://[::1]/x",
        "https://[::ffff:127.0.0.1]/x",
        "https://localhost/x",
    ],
)
def test_loopback_by_any_name_is_refused_by_the_machines_own_resolver(url):
    """Some resolvers don't know the older spellings; then nobody is there."""
    with pytest.raises((Refused, Unreached)):
        Caller().post(url, {})


def test_the_path_and_its_question_are_kept():
    assert parts_of("https://a.example:8448/b/c?d=e#f") == ("a.example", 8448, "/b/c?d=e")


def test_it_is_posted_as_json(there):
    assert there.caller().post(URL, {"text": "Hello ‘you’"}) == 200
    assert there.taken == [("hooks.slack.com", "/services/T/B/x", {"text": "Hello ‘you’"})]


def test_a_name_that_leads_elsewhere_a_moment_later_is_of_no_use(there):
    """Looked up once; what was looked at is what is called."""
    asked = []

    def rebinds(host, port, **kwargs):
        asked.append(host)
        if len(asked) == 1:
            return there.resolve(host, port)
        return leads_to("10.0.0.1")(host, port)

    assert there.caller(resolve=rebinds).post(URL, {}) == 200
    assert asked == ["hooks.slack.com"]
    assert there.visits == 1


def test_and_the_other_way_round(there):
    answers = [leads_to("10.0.0.1"), there.resolve]

    def rebinds(host, port, **kwargs):
        return answers.pop(0)(host, port)

    with pytest.raises(Refused):
        there.caller(resolve=rebinds).post(URL, {})
    assert there.visits == 0
    assert len(answers) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(there, status):
    there.status = status
    there.headers = {"Location": f"https://127.0.0.1:{there.port}/inside"}
    assert there.caller().post(URL, {}) == status
    assert there.visits == 1


def test_a_certificate_of_another_name_is_refused(there):
    with pytest.raises(Unreached):
        there.caller().post("https://other.example.org/x", {})
    assert there.visits == 0


def test_a_certificate_that_nobody_vouches_for_is_refused(there):
    stranger = Caller(resolve=there.resolve, is_allowed=lambda _address: True)
    assert stranger.context.verify_mode == ssl.CERT_REQUIRED
    assert stranger.context.check_hostname
    with pytest.raises(Unreached):
        stranger.post(URL, {})
    assert there.visits == 0


def test_nobody_there():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]

        def resolve(host, _port, **kwargs):
            return leads_to("127.0.0.1")(host, port)

        with pytest.raises(Unreached):
            Caller(resolve=resolve, is_allowed=lambda _address: True).post(URL, {})


@pytest.mark.parametrize("error", [socket.gaierror(), UnicodeError()])
def test_a_name_that_nobody_knows(error):
    def resolve(*args, **kwargs):
        raise error

    with pytest.raises(Unreached):
        Caller(resolve=resolve).post(URL, {})


def test_broken_off_after_it_was_sent_nobody_knows(there):
    there.instead = lambda handler: handler.connection.close()
    with pytest.raises(Unsure):
        there.caller().post(URL, {})


def test_an_answer_that_only_drips_is_cut_off(there, monkeypatch):
    monkeypatch.setattr(calling, "DEADLINE", 0.5)
    done = []

    def drip(handler):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
        try:
            while not done:
                handler.wfile.write(b"X-Drip: drop\r\n")
                handler.wfile.flush()
        except OSError:
            pass

    there.instead = drip
    with pytest.raises(Unsure):
        there.caller().post(URL, {})
    done.append(True)


def test_of_a_long_answer_a_little_is_read(there):
    def pour(handler):
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(b"x" * 10_000_000)

    there.instead = pour
    assert there.caller().post(URL, {}) == 200


def test_nothing_in_the_settings_opens_it():
    """Loopback is allowed by an argument of the tests alone."""
    from pathlib import Path

    from django.conf import settings

    root = Path(settings.BASE_DIR)
    for app in ("config", "congregation", "crews", "rhythms", "hall"):
        for path in (root / app).rglob("*.py"):
            if path.name != "calling.py":
                assert "is_allowed" not in path.read_text(encoding="utf-8"), path
    assert Caller().is_allowed is is_public
