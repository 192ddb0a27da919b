"""A form whose token has grown old, or whose sender was signed out meanwhile, loses nothing."""

import pytest

from congregation.models import Member
from crews.models import Card, Pin
from tests.faults.conftest import OURS
from tests.faults.forms import form_of, forms_of

WORDS = "Seed potatoes <b>on</b> Saturday"


@pytest.fixture
def pin_new(world, at, member):
    return at(member, "pin-new", **world["crew"])


def pinned():
    return [pin.words for pin in Pin.objects.all() if pin.words]


def kept_form(page, url):
    (form,) = [form for form in forms_of(page) if form.action == url]
    return form


def test_what_was_typed_can_be_sent_again(browser_of, member, pin_new):
    browser = browser_of(member)
    form = form_of(browser.get(pin_new), pin_new)
    old = form.filled(kind="note", words=WORDS, csrfmiddlewaretoken="x" * 64)
    answer = browser.post(pin_new, old, headers=OURS)
    assert answer.status_code == 403
    assert "Seed potatoes &lt;b&gt;on&lt;/b&gt; Saturday" in answer.text
    assert pinned() == []
    again = kept_form(answer, pin_new)
    assert again.fields["once"] == form.fields["once"]
    sent = browser.post(again.action, again.fields, headers=OURS)
    assert sent.status_code == 302
    assert pinned() == [WORDS]
    # Sent once more, it is still one.
    assert browser.post(again.action, again.fields, headers=OURS).status_code == 302
    assert pinned() == [WORDS]


def test_without_any_token_too(browser_of, member, pin_new):
    answer = browser_of(member).post(pin_new, {"kind": "note", "words": WORDS}, headers=OURS)
    assert (answer.status_code, "Seed potatoes" in answer.text) == (403, True)


def test_an_older_browser_says_where_it_comes_from_otherwise(browser_of, member, pin_new):
    headers = {"Referer": f"http://testserver{pin_new}"}
    answer = browser_of(member).post(pin_new, {"kind": "note", "words": WORDS}, headers=headers)
    assert (answer.status_code, "Seed potatoes" in answer.text) == (403, True)


def test_it_goes_to_the_whole_address(browser_of, member, at, world):
    url = f"{at(member, 'card')}?part=work"
    browser = browser_of(member)
    answer = browser.post(url, {"meaning": WORDS}, headers=OURS)
    again = kept_form(answer, url)
    assert browser.post(again.action, again.fields, headers=OURS).status_code == 302
    assert Card.objects.get(member=member).meaning == WORDS


def test_a_button_without_fields_can_be_pressed_again(browser_of, member, at):
    url = at(member, "notices-seen")
    answer = browser_of(member).post(url, {}, headers=OURS)
    assert answer.status_code == 403
    assert "<dl" not in answer.text
    assert kept_form(answer, url)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
        {"Referer": "https://elsewhere.example/page"},
        {"Origin": "http://testserver.elsewhere.example"},
        {},
    ],
)
def test_from_elsewhere_it_is_refused_without_the_form(browser_of, member, pin_new, headers):
    answer = browser_of(member).post(pin_new, {"kind": "note", "words": WORDS}, headers=headers)
    assert answer.status_code == 403
    assert "Seed potatoes" not in answer.text
    assert not [form for form in forms_of(answer) if form.action == pin_new]
    assert pinned() == []


def test_even_with_a_good_token_nothing_is_taken_from_elsewhere(browser_of, member, pin_new):
    browser = browser_of(member)
    form = form_of(browser.get(pin_new), pin_new)
    headers = {"Origin": "https://elsewhere.example"}
    answer = browser.post(pin_new, form.filled(kind="note", words=WORDS), headers=headers)
    assert (answer.status_code, pinned()) == (403, [])


@pytest.mark.parametrize(
    ("url", "fields"),
    [
        ("/accounts/login/", {"login": "ana@otaki.example", "password": "hunter-hunter"}),
        (
            "/accounts/password/change/",
            {"oldpassword": "hunter-hunter", "password1": "hunter-two", "password2": "hunter-two"},
        ),
        ("/accounts/login/code/confirm/", {"code": "hunter"}),
    ],
)
def test_no_secret_comes_back(browser_of, url, fields):
    answer = browser_of().post(url, fields, headers=OURS)
    assert answer.status_code == 403
    assert "hunter" not in answer.text
    assert ("ana@otaki.example" in answer.text) == ("login" in fields)


def test_htmx_gets_the_same_status(browser_of, member, pin_new, htmx):
    answer = browser_of(member).post(pin_new, {"words": WORDS}, headers=OURS | htmx)
    assert answer.status_code == 403


def test_signed_out_meanwhile_nothing_is_lost(browser_of, client_of, member, pin_new):
    browser = browser_of(member)
    form = form_of(browser.get(pin_new), pin_new)
    browser.logout()
    browser.get("/accounts/login/")
    typed = form.filled(kind="note", words=WORDS)
    typed["csrfmiddlewaretoken"] = browser.cookies["csrftoken"].value
    answer = browser.post(pin_new, typed, headers=OURS)
    assert answer.status_code == 403
    assert "You were signed out meanwhile" in answer.text
    assert "Seed potatoes" in answer.text
    assert pinned() == []
    # On a second page they sign in, which makes the token of the first one old.
    browser.force_login(member.user, backend="allauth.account.auth_backends.AuthenticationBackend")
    del browser.cookies["csrftoken"]
    again = kept_form(answer, pin_new)
    stale = browser.post(again.action, again.fields, headers=OURS)
    assert stale.status_code == 403
    again = kept_form(stale, pin_new)
    assert browser.post(again.action, again.fields, headers=OURS).status_code == 302
    assert pinned() == [WORDS]


@pytest.mark.parametrize("path", ["/way-in/x/", "/welcome/x/key/", "/accounts/password/set/"])
def test_what_lets_someone_in_is_not_among_what_comes_back(browser_of, member, path):
    secrets = {
        name: f"secret-{name}"
        for name in ("password", "again", "password1", "password2", "oldpassword", "code")
    }
    typed = {**secrets, "credential": '{"secret": 1}', "promise": "signed:words", "name": WORDS}
    answer = browser_of(member).post(path, typed, headers=OURS)
    assert answer.status_code == 403
    assert "Seed potatoes" in answer.text
    assert "secret" not in answer.text


def test_signed_out_and_from_elsewhere_leads_to_the_door(client, pin_new):
    answer = client.post(pin_new, {"words": WORDS})
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/")


def test_who_may_not_come_in_finds_nothing_whatever_they_type(browser_of, outsider, pin_new):
    browser = browser_of(outsider)
    browser.get("/help/")
    token = browser.cookies.get("csrftoken")
    fields = {"words": WORDS, "csrfmiddlewaretoken": token.value if token else ""}
    assert browser.post(pin_new, fields, headers=OURS).status_code in {403, 404}
    assert pinned() == []
    assert Member.objects.filter(user=outsider.user).count() == 1
