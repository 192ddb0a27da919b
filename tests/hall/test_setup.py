"""Setting up: from an address with a token to a congregation and its first host."""

import json
import os
import re
import stat

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.hashers import make_password
from django.core.mail import EmailMessage
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from config import data
from congregation import clock, invented
from congregation.models import Congregation, Event, Host, Member, User
from congregation.post import Line
from crews.models import Crewless
from hall.demo import keeping
from hall.setting_up import address
from hall.setting_up.beginning import TakenError, already, begin
from hall.setting_up.kept import KEY
from hall.setting_up.ways import way
from tests.faults.smtp import mail_server
from tests.passkeys import Device

PASSWORD = "seven tables and a lamp"
OURS = {"name": "Ōtaki Valley", "region": "Kāpiti", "word": "", "zone": "Pacific/Auckland"}
ME = {"name": "Mei Ropata", "email": "mei@example.org", "password": PASSWORD}


@pytest.fixture
def token(db):
    """A token that opens the set-up of an empty server."""
    address.close()
    yield address.new().rstrip("/").rsplit("/", 1)[-1]
    address.close()


@pytest.fixture
def to(token):
    """An address of the set-up: to("part", "you")."""
    return lambda name="", *args: reverse(f"setup-{name}" if name else "setup", args=[token, *args])


def walk(browser, to, about=OURS, me=ME):
    """Say everything, up to the mail."""
    browser.post(to("begin"), {"way": "congregation"})
    browser.post(to("part", "congregation"), about)
    return browser.post(to("part", "you"), me)


def test_it_founds_a_congregation_and_its_first_host_comes_in(client, to, now):
    page = client.get(to(), follow=True)
    assert page.redirect_chain == [(to("begin"), 302)]
    assert "How do you want to begin?" in page.text
    answer = client.post(to("begin"), {"way": "congregation"})
    assert answer["Location"] == to("part", "congregation")
    answer = client.post(answer["Location"], OURS)
    assert answer["Location"] == to("part", "you")
    answer = client.post(answer["Location"], ME)
    assert answer["Location"] == to("mail")
    answer = client.post(to("finish"))
    assert answer["Location"] == "/c/otaki-valley/founded/"

    here = Congregation.objects.get()
    assert (here.name, here.region, here.word, here.zone, here.places_taken) == (
        "Ōtaki Valley",
        "Kāpiti",
        "congregation",
        "Pacific/Auckland",
        1,
    )
    host = Member.objects.get()
    assert Host.objects.in_term(now).get().member == host
    assert Crewless.objects.get().member == host
    assert Event.objects.get().verb == "congregation.found"
    page = client.get(answer["Location"])
    assert page.status_code == 200
    assert reverse("invite", kwargs={"slug": here.slug}) in page.text
    assert KEY not in client.session

    later = Client()
    answer = later.post(reverse("account_login"), {"login": ME["email"], "password": PASSWORD})
    assert answer["Location"] == "/"


def test_the_token_is_long_kept_as_a_hash_and_for_its_owner_alone(token):
    assert len(token) >= 43  # 256 bits
    assert token not in address.FILE.read_text()
    assert stat.S_IMODE(address.FILE.stat().st_mode) == 0o600


def test_every_start_has_its_own_and_the_earlier_ones_go_on_working(client, to, capsys):
    call_command("setup")
    (second,) = re.findall(r"http://localhost:\d+(/setup/\S{43}/)\n", capsys.readouterr().out)
    assert second != to()
    for url in (second, to()):
        assert client.get(url).status_code == 302


def test_without_the_token_it_is_not_there(client, to, token):
    wrong = token[:-1] + ("a" if token[-1] != "a" else "b")
    assert client.get("/setup/").status_code == 404
    for name in ("", "begin", "mail", "finish"):
        url = to(name).replace(token, wrong)
        assert client.get(url).status_code == client.post(url).status_code == 404
    url = to("part", "you").replace(token, wrong)
    assert client.get(url).status_code == client.post(url, ME).status_code == 404


def test_once_there_is_a_congregation_it_is_not_there_any_more(client, to, make_congregation):
    urls = [to(), to("begin"), to("part", "you"), to("mail"), to("finish")]
    walk(client, to)
    make_congregation("Elsewhere")
    for url in urls:
        assert client.get(url).status_code == client.post(url, ME).status_code == 404
    assert Congregation.objects.count() == 1


def test_reading_changes_nothing(client, to):
    before = address.FILE.read_text()
    for url in (to(), to("begin"), to("part", "you"), to("mail")):
        client.get(url)
    assert client.get(to("finish")).status_code == 405
    assert address.FILE.read_text() == before
    assert not client.session.keys()
    assert not Congregation.objects.exists()
    assert not User.objects.exists()


def test_it_keeps_its_address_to_itself(client, to, token):
    for page in (client.get(to()), client.get(to("begin"))):
        assert page["Referrer-Policy"] == "strict-origin"
        assert "no-store" in page["Cache-Control"]
    assert not re.findall(rf"https?://(?!localhost)[^\"]*{token}", client.get(to("begin")).text)


@pytest.mark.parametrize(
    ("part", "said", "wrong", "kept"),
    [
        ("congregation", {**OURS, "name": " · "}, "What is it called?", "Kāpiti"),
        ("congregation", {**OURS, "zone": "Mars/Base"}, "Select a valid choice", "Ōtaki Valley"),
        ("congregation", {**OURS, "name": ""}, "required", "Kāpiti"),
        ("you", {**ME, "name": "…"}, "What should we call you?", "mei@example.org"),
        ("you", {**ME, "email": "nonsense"}, "valid email", "Mei Ropata"),
        ("you", {**ME, "password": "short"}, "ten letters or more", "Mei Ropata"),
    ],
)
def test_what_will_not_do_is_said_and_what_was_typed_stays(client, to, part, said, wrong, kept):
    client.post(to("begin"), {"way": "congregation"})
    client.post(to("part", "congregation"), OURS)
    page = client.post(to("part", part), said)
    assert page.status_code == 422
    assert wrong in page.text
    assert kept in page.text
    assert f'"{said.get("password", PASSWORD)}"' not in page.text
    assert client.get(to())["Location"] == to("part", "you")


def test_an_unknown_way_is_refused(client, to):
    for name in ("", "nonsense", "backup"):
        assert client.post(to("begin"), {"way": name}).status_code == 422


def test_no_part_is_passed_over(client, to):
    assert client.get(to("part", "you"))["Location"] == to("begin")
    client.post(to("begin"), {"way": "congregation"})
    assert client.post(to("part", "you"), ME)["Location"] == to("part", "congregation")
    assert client.get(to("mail"))["Location"] == to("part", "congregation")
    assert client.post(to("finish"))["Location"] == to("part", "congregation")
    assert client.get(to("part", "nonsense"))["Location"] == to("part", "congregation")
    assert not Congregation.objects.exists()


def test_one_may_go_and_come_back(client, to):
    client.post(to("begin"), {"way": "congregation"})
    client.post(to("part", "congregation"), OURS)
    assert client.get(to())["Location"] == to("part", "you")
    page = client.get(to("part", "congregation"))
    assert "Ōtaki Valley" in page.text
    client.post(to("part", "you"), ME)
    assert PASSWORD not in json.dumps(client.session[KEY])
    # Going back to change the name keeps the password that was chosen.
    client.post(to("part", "you"), {**ME, "name": "Mei", "password": ""})
    client.post(to("finish"))
    assert Member.objects.get().name == "Mei"
    assert User.objects.get().check_password(PASSWORD)


def test_without_password_and_mail_one_is_asked_for_a_password_at_the_end(client, to):
    walk(client, to, me={**ME, "password": ""})
    assert "A password to come in with" in client.get(to("mail")).text
    for password in ("", "short"):
        page = client.post(to("finish"), {"password": password})
        assert page.status_code == 422
    assert not Congregation.objects.exists()
    assert client.post(to("finish"), {"password": PASSWORD}).status_code == 302
    assert User.objects.get().check_password(PASSWORD)


def test_a_name_without_plain_letters_has_an_address_all_the_same(client, to):
    walk(client, to, about={**OURS, "name": "水", "region": ""})
    assert client.post(to("finish"))["Location"] == "/c/table/founded/"


def test_the_door_says_where_to_look(client, db, make_congregation):
    assert "printed an address" in client.get("/").text
    make_congregation("Otaki")
    assert "printed an address" not in client.get("/").text


def test_what_is_founded_is_founded(db, make_congregation, capsys):
    make_congregation("Otaki")
    call_command("setup")
    assert "nothing is left to set up" in capsys.readouterr().out
    assert not address.FILE.exists()


# ---- a host who gives no address


def walk_nameless(browser, to):
    """Say everything, up to the last page, and give no address; return that page."""
    browser.post(to("begin"), {"way": "congregation"})
    browser.post(to("part", "congregation"), OURS)
    browser.post(to("part", "you"), {"name": ME["name"], "email": "m", "without": "1"})
    return browser.get(to("mail"))


def name_on(page):
    return re.search(r'name="username"[^>]* value="([a-z]+-[a-z]+-\d\d)"', page.text)[1]


BOTH = {"password": PASSWORD, "again": PASSWORD}


def test_a_host_without_an_address_comes_in_by_a_name_and_a_password(client, to, now):
    page = walk_nameless(client, to)
    handle = name_on(page)
    assert "No mail reaches you" in page.text
    assert handle == name_on(client.get(to("mail")))
    answer = client.post(to("finish"), BOTH)
    assert answer["Location"].startswith(f"{reverse('sign-in-name')}?next=")
    page = client.get(answer["Location"])
    assert handle in page.text
    assert 'href="/c/otaki-valley/founded/"' in page.text
    page = client.get("/c/otaki-valley/founded/")
    assert "Keep a second way in" in page.text
    host = Host.objects.in_term(now).get().member
    assert (host.user.email, host.user.handle, host.name) == (None, handle, ME["name"])
    later = Client()
    answer = later.post(reverse("account_login"), {"login": handle, "password": PASSWORD})
    assert later.get("/c/otaki-valley/").status_code == 200
    assert client.get(to("mail")).status_code == 404


def test_a_host_without_an_address_comes_in_by_a_passkey(client, to):
    walk_nameless(client, to)
    page = client.post(to("finish"), {"passkey": "1"})
    assert page.status_code == 200
    assert not User.objects.exists()
    phone = Device()
    sent = {"credential": phone.make(page.context["js_data"]["creation_options"])}
    answer = client.post(to("finish"), sent)
    assert answer["Location"].startswith(reverse("sign-in-name"))
    assert not User.objects.get().has_usable_password()
    later = Client()
    options = later.get(reverse("mfa_login_webauthn"), headers={"Accept": "application/json"})
    used = {"credential": phone.use(options.json()["request_options"])}
    later.post(reverse("mfa_login_webauthn"), used)
    assert later.get("/c/otaki-valley/").status_code == 200


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({}, "needs another look"),
        ({"password": "short", "again": "short"}, "ten letters or more"),
        ({"password": PASSWORD, "again": "another"}, "The two aren’t the same"),
        ({"credential": "nonsense"}, "didn’t come through"),
    ],
)
def test_a_key_that_does_not_hold_founds_nothing(client, to, said, words):
    handle = name_on(walk_nameless(client, to))
    page = client.post(to("finish"), said)
    assert page.status_code == 422
    assert words in page.text
    assert not User.objects.exists()
    assert name_on(client.get(to("mail"))) == handle


def test_without_an_address_finish_pressed_twice_is_once(client, to, now):
    walk_nameless(client, to)
    said = {name: dict(told) for name, told in client.session[KEY]["said"].items()}
    host = begin(way("congregation"), said, now=now)
    assert already(said) == host
    assert already({**said, "you": {**said["you"], "pk": str(host.pk)}}) is None


def test_one_may_give_an_address_after_all(client, to):
    walk_nameless(client, to)
    client.post(to("part", "you"), ME)
    client.post(to("finish"))
    assert User.objects.get().email == ME["email"]
    assert User.objects.get().handle is None


def test_no_address_is_given_by_mistake(client, to):
    client.post(to("begin"), {"way": "congregation"})
    client.post(to("part", "congregation"), OURS)
    page = client.post(to("part", "you"), {**ME, "email": ""})
    assert page.status_code == 422
    assert "I’d rather not give an address" in page.text


def test_one_crew_and_an_evening_begin_without_an_address_too(client, to):
    client.post(to("begin"), {"way": "crew"})
    about = {"name": "Soup", "purpose": "", "seats": "6", "zone": "Pacific/Auckland"}
    client.post(to("part", "crew"), about)
    client.post(to("part", "you"), {"name": "Mei", "without": "1"})
    assert client.post(to("finish"), BOTH).status_code == 302
    assert Member.objects.get().user.handle


def test_the_operator_lets_the_only_host_in_again(client, to, capsys):
    handle = name_on(walk_nameless(client, to))
    client.post(to("finish"), BOTH)
    call_command("password", *handle.upper().split("-"))
    password = capsys.readouterr().out.strip().splitlines()[-1]
    later = Client()
    later.post(reverse("account_login"), {"login": handle, "password": password})
    assert later.get("/c/otaki-valley/").status_code == 200
    assert client.get("/c/otaki-valley/").status_code == 302
    with pytest.raises(CommandError, match="Nobody has"):
        call_command("password", "maple-otter-1000")
    Authenticator.objects.create(user=User.objects.get(), type="totp", data={})
    with pytest.raises(CommandError, match="second factor"):
        call_command("password", handle)
    User.objects.update(email="mei@example.org")
    with pytest.raises(CommandError, match="code by mail"):
        call_command("password", handle)


def test_the_name_leads_on_to_our_pages_alone(client, to):
    walk_nameless(client, to)
    client.post(to("finish"), BOTH)
    for elsewhere in ("https://evil.example/", "//evil.example/", "javascript:alert(1)", "\\evil"):
        page = client.get(reverse("sign-in-name"), {"next": elsewhere})
        assert "evil" not in page.text.split("<main", 1)[1].split("</main", 1)[0]


# ---- the test mail


@pytest.fixture
def mailer(settings):
    """Send by a mail server at this address: mailer(url)."""

    def set_to(url):
        settings.EMAIL_URL = url
        settings.MAILERS = {**settings.MAILERS, "post": data.mailer(url)}

    return set_to


def test_the_test_mail_goes_out_and_a_code_will_do_instead_of_a_password(client, to, mailer):
    walk(client, to, me={**ME, "password": ""})
    with mail_server() as server:
        mailer(f"smtp+plain://tableful:right@127.0.0.1:{server.port}")
        answer = client.post(to("mail"), {"to": ME["email"]})
    assert answer["Location"] == to("mail")
    assert [taken[1] for taken in server.taken] == [[ME["email"]]]
    page = client.get(to("mail"))
    assert "look into your mailbox" in page.text
    assert "A password to come in with" not in page.text
    assert client.post(to("finish")).status_code == 302
    assert not User.objects.get().has_usable_password()


def test_what_went_wrong_is_said_and_one_may_go_on_without(client, to, mailer):
    walk(client, to)
    with mail_server() as server:
        mailer(f"smtp+plain://tableful:hunter2@127.0.0.1:{server.port}")
        client.post(to("mail"), {"to": ME["email"]})
    page = client.get(to("mail"))
    assert "doesn’t accept this user name or password" in page.text
    assert "app password" in page.text
    assert "hunter2" not in page.text + json.dumps(client.session[KEY])
    assert client.post(to("finish")).status_code == 302


def test_without_a_mail_server_it_says_where_mail_lies_and_what_to_set(client, to, settings):
    settings.EMAIL_URL = ""
    walk(client, to)
    page = client.get(to("mail")).text
    assert str(settings.MAIL_FOLDER) in page
    assert "smtp://user:password@mail.example:587" in page


def test_the_test_mail_wants_an_address(client, to):
    walk(client, to)
    page = client.post(to("mail"), {"to": "nonsense"})
    assert page.status_code == 422
    assert 'value="nonsense"' in page.text


def test_reading_sends_nothing(client, to, mailer):
    walk(client, to)
    with mail_server() as server:
        mailer(server.url)
        client.get(to("mail"))
    assert server.visits == 0


# ---- the demo


@pytest.fixture
def started(monkeypatch):
    """What was started as processes of their own; each goes on until the test lets it go."""
    found = []

    class Process:
        def __init__(self, command, *, pass_fds, **rest):
            self.command, self.lock = command, os.dup(pass_fds[0])
            found.append(self)

        def end(self):
            os.close(self.lock)

    monkeypatch.setattr("hall.demo.starting.subprocess.Popen", Process)
    keeping.forget()
    yield found
    keeping.forget()


def test_the_demo_is_begun_and_shown_to_whoever_began_it(client, to, started):
    answer = client.post(to("begin"), {"way": "demo"})
    assert answer["Location"] == to("demo")
    assert client.get(to("demo")).status_code == 200
    assert not started
    for _twice in range(2):
        assert client.post(to("demo"))["Location"] == reverse("demo-begun")
    assert len(started) == 1
    assert started[0].command[-2:] == ["demo", "--keep"]
    page = client.get(reverse("demo-begun"))
    assert "moving in" in page.text
    keeping.PROGRESS.write_text("week 3 of 40\nweek 4 of 40\n")
    assert 'value="4" max="40"' in client.get(reverse("demo-begun")).text
    assert Client().get(reverse("demo-begun")).status_code == 404

    sign_in = {"who": "A host", "name": "Ana", "email": "a@b.example", "page": "/c/x/"}
    keeping.keep_printed({"sign_ins": [{**sign_in, "password": "one-two-three"}]})
    assert stat.S_IMODE(keeping.PRINTED.stat().st_mode) == 0o600
    started[0].end()
    assert "one-two-three" in client.get(reverse("demo-begun")).text
    stranger = Client().get(reverse("demo-begun"))
    assert stranger.status_code == 404
    assert "one-two-three" not in stranger.text
    client.post(reverse("demo-begun"))
    assert len(started) == 1


def test_a_demo_that_failed_can_be_tried_again(client, to, started):
    client.post(to("begin"), {"way": "demo"})
    client.post(to("demo"))
    keeping.PROGRESS.write_text("OperationalError: no room\n")
    started[0].end()
    page = client.get(reverse("demo-begun"))
    assert "could not be filled" in page.text
    client.post(reverse("demo-begun"))
    assert len(started) == 2
    started[1].end()


def test_a_demo_of_the_set_up_is_known_as_one_until_it_is_taken_away(client, to, started, settings):
    assert client.get(reverse("demo-remove")).status_code == 404
    invented.begin()
    assert client.get(to()).status_code == 404
    assert "This is a demo" in client.get("/").text
    settings.CLOCK_MOVES = False
    assert clock.moves()
    with pytest.raises(CommandError, match="Take it away first"):
        call_command("found", "Otaki", "--host-name", "Mei", "--host-email", "mei@example.org")
    assert client.post(reverse("demo-remove"))["Location"] == "/"
    assert not clock.moves()
    assert client.get(to()).status_code == 302


def test_a_mark_that_a_killed_demo_left_is_taken_away_at_the_next_start(to, started):
    invented.begin()
    assert address.note()
    assert not invented.is_here()


def test_mail_of_invented_people_stays_in_the_house(db, started, mailer, settings, tmp_path):
    settings.MAIL_FOLDER = tmp_path
    message = EmailMessage("Come by", "Soup.", "t@table.example", ["ana@larkmouth.example"])
    with mail_server() as server:
        mailer(server.url)
        invented.begin()
        with Line() as line:
            line.open()
            line.send(message)
    assert server.visits == 0
    assert len(list(tmp_path.glob("*.log"))) == 1


def test_to_finish_twice_at_once_is_once(client, to, now):
    """The second of two clicks finds it founded, and comes in all the same."""
    walk(client, to)
    said = client.session[KEY]["said"]
    host = begin(way("congregation"), said, now=now)
    assert already(said) == host
    with pytest.raises(TakenError):
        begin(way("congregation"), said, now=now)
    assert already({**said, "you": {**said["you"], "password": make_password(PASSWORD)}}) is None
    assert already({**said, "you": {**said["you"], "password": ""}}) is None
