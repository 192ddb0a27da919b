"""From an empty server to a congregation and its second person, on phones, with and without scripts."""

import os
import re
import time

import pytest

from tests.browser.people import PHONE, Eye, Person

PASSWORD = "seven tables and a lamp"


@pytest.fixture
def eye():
    eye = Eye(os.environ.get("TABLEFUL_SCREENS"))
    yield eye
    assert not eye.faults, "\n".join(sorted(set(eye.faults)))


def printed(installation, deadline=60):
    """Return the address that the server printed, and its token."""
    until = time.monotonic() + deadline
    while time.monotonic() < until:
        found = re.search(r"open (http\S+/setup/(\S+)/)\n", installation.said())
        if found:
            return found.groups()
        time.sleep(0.1)
    raise AssertionError(f"No address was printed:\n{installation.said()[-2000:]}")


def up_to_the_mail(person, url, name):
    """Say everything up to the mail."""
    person.page.goto(url)
    person.look("set up, begin")
    person.page.locator("[name=way][value=congregation]").check(force=True)
    person.press("Go on")
    person.look("set up, congregation")
    if not person.javascript:
        person.page.get_by_label("Time zone").select_option("Pacific/Auckland")
    person.page.get_by_label("Where it is").fill("Kāpiti Coast")
    person.press("Go on")
    assert person.sees("One thing needs another look")
    person.look("set up, something is missing")
    person.page.get_by_label("Its name").fill(name)
    assert person.page.get_by_label("Time zone").input_value() == "Pacific/Auckland"
    person.press("Go on")
    person.look("set up, you")
    person.page.get_by_label("Your name").fill(person.name)
    person.page.get_by_label("E-mail").fill(person.email)
    person.page.get_by_label("Password").fill(PASSWORD)
    person.press("Go on")
    person.look("set up, mail")


def test_from_an_empty_server_to_the_second_person(chromium, installation, eye):
    mei = Person(chromium, installation, eye, "Mei Ropata", PHONE)
    slow = Person(chromium, installation, eye, "Dov Levi", PHONE, javascript=False)
    mei.page.goto(installation.url)
    mei.look("door of an empty server")
    assert mei.sees("The table is not laid yet")
    url, token = printed(installation)

    # Two have the address; the one without scripts comes as far as the last page.
    up_to_the_mail(slow, url, "Dov’s Valley")
    slow.press("Send the test")
    assert slow.sees("went nowhere")
    up_to_the_mail(mei, url, "Ōtaki Valley")
    mei.page.goto(url)  # one may go and come back
    mei.press("Send the test")
    mei.look("set up, mail sent")
    assert mei.sees("went nowhere")
    assert installation.mail_to(mei.email, "This is a test")
    mei.press("Finish without mail")
    assert mei.sees("The table is laid")
    mei.look("founded")
    slow.press("Finish without mail")
    assert slow.sees("Nobody sits at this table")
    eye.faults = [fault for fault in eye.faults if "404 (Not Found)" not in fault]
    assert mei.context.request.get(url).status == 404

    mei.page.goto(f"{installation.url}/c/otaki-valley/invitations/new/")
    mei.page.get_by_label("Their name").fill("Ana Sefo")
    mei.press("Hold a seat open")
    link = re.search(r"http\S+/welcome/\S+", mei.page.locator("#link").inner_text()).group(0)
    ana = Person(chromium, installation, eye, "Ana Sefo", PHONE)
    ana.page.goto(link)
    ana.page.get_by_label("E-mail").fill(ana.email)
    ana.press("Come in")
    ana.page.get_by_label("Code").fill(ana.code())
    ana.press("Go on")
    assert "/c/otaki-valley/" in ana.page.url
    mei.page.goto(f"{installation.url}/c/otaki-valley/people/")
    assert mei.sees("Ana Sefo")

    # Only what was printed has the token.
    said = installation.said()
    assert said.count(token) == 1
    kept = [path for path in installation.data.rglob("*") if path.is_file()]
    assert not [
        path for path in kept if path.name != "server.log" and token.encode() in path.read_bytes()
    ]
