"""Kept among a phone's apps, in a real browser: it installs, says so when offline, and keeps no page."""

import json
import re

import pytest

from tests.browser.vendor import __file__ as vendor

PASSWORD = "a long one for the phone"
KEPT = """async () => {
  const found = [];
  for (const name of await caches.keys())
    for (const request of await (await caches.open(name)).keys()) found.push(new URL(request.url).pathname);
  return found.sort();
}"""
READY = """Promise.race([
  navigator.serviceWorker.ready.then(() => 'ready'),
  new Promise((ok) => setTimeout(() => ok('never'), 15000)),
])"""
OFFLINE = re.compile("No connection")


@pytest.fixture
def page(chromium, installation):
    installation.manage(
        "found", "Harbour", "--host-name", "Mei Ropata", "--host-email", "mei@phone.example",
        "--password-stdin", stdin=f"{PASSWORD}\n",
    )  # fmt: skip
    context = chromium.new_context(viewport={"width": 390, "height": 844})
    context.set_default_timeout(15_000)
    yield context.new_page()
    context.close()


def until(page, what):
    """Wait until an expression is true; playwright's own way needs eval, which our pages forbid."""
    assert page.evaluate(
        f"""new Promise((ok) => {{
          const end = Date.now() + 15000;
          const look = async () => {{
            if (await ({what})) ok(true);
            else if (Date.now() > end) ok(false);
            else setTimeout(look, 50);
          }};
          look();
        }})"""
    ), what


def only_files(names):
    return [name for name in names if not re.fullmatch(r"/static/.*\.[0-9a-f]{12}\.\w+", name)]


def test_on_a_phone(page, installation):
    def go(path):
        return page.goto(installation.url + path)

    # It can be installed.
    go("/")
    assert page.evaluate(READY) == "ready"
    cdp = page.context.new_cdp_session(page)
    found = cdp.send("Page.getAppManifest")
    assert found["errors"] == []
    assert json.loads(found["data"])["display"] == "standalone"
    wrong = cdp.send("Page.getInstallabilityErrors")["installabilityErrors"]
    assert [fault["errorId"] for fault in wrong if fault["errorId"] != "in-incognito"] == []

    # Signed in, on pages of one's own: only files with hashed names are kept, and the offline page.
    go("/accounts/login/")
    page.fill("[name=login]", "mei@phone.example")
    page.fill("[name=password]", PASSWORD)
    page.click("main button:has-text('Sign in')")
    page.wait_for_url("**/c/harbour/")
    for path in ("people/", "me/", "invitations/new/"):
        go(f"/c/harbour/{path}")
    names = page.evaluate(KEPT)
    assert only_files(names) == ["/offline/"]
    assert len(names) > 6

    # What was typed survives a form that is sent into the void.
    page.fill("[name=word]", "Mending by the harbour")
    until(page, "Object.keys(localStorage).some((key) => key.startsWith('draft:'))")
    page.context.set_offline(True)
    page.click("main form[method=post]:not([data-theme-form]) button.main")
    page.wait_for_selector("h1:has-text('No connection')")
    assert "What you typed and didn’t send is kept" in page.inner_text("main")
    page.evaluate(vendor_of("axe.min.js"))
    assert page.evaluate("axe.run().then((all) => all.violations.map((one) => one.id))") == []
    page.click("text=Go back")
    page.wait_for_selector("[name=word]:visible, h1:has-text('No connection')")
    page.context.set_offline(False)
    go("/c/harbour/invitations/new/")
    assert page.input_value("[name=word]") == "Mending by the harbour"

    # A page of one's own is nowhere to be had without a connection.
    page.context.set_offline(True)
    go("/c/harbour/people/")
    assert OFFLINE.search(page.inner_text("h1"))
    assert "Mei" not in page.content()
    page.context.set_offline(False)

    # Another release drops what the one before has kept.
    go("/c/harbour/me/")
    page.evaluate(
        """async () => {
          await (await caches.open('static-before')).put('/static/x', new Response('old'));
          await (await navigator.serviceWorker.ready).unregister();
        }"""
    )
    go("/c/harbour/me/")
    until(page, "caches.keys().then((names) => names.length === 1 && names[0] !== 'static-before')")

    # Signing out leaves nothing of anyone's.
    page.evaluate(
        "caches.open('static-mine').then((kept) => kept.put('/static/x', new Response('x')))"
    )
    page.click("form[data-sign-out] button")
    page.wait_for_url(lambda url: "/c/" not in url)
    until(page, "caches.keys().then((names) => !names.includes('static-mine'))")


def vendor_of(name):
    from pathlib import Path

    return (Path(vendor).parent / name).read_text(encoding="utf-8")
