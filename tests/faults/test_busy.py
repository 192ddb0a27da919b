"""A database that is busy or away says so in a sentence, and nothing that was typed is lost."""

import logging
import sqlite3
from contextlib import closing, contextmanager

import pytest
from django.db import connection

from crews.models import Idea, Pin
from tests.faults.conftest import OURS
from tests.faults.forms import form_of

pytestmark = pytest.mark.django_db(transaction=True)
WORDS = "Seed potatoes on Saturday"


@contextmanager
def held(table):
    """Let another connection write for longer than we wait, which is a moment here."""
    if connection.vendor == "sqlite":
        options = connection.settings_dict["OPTIONS"]
        connection.close()
        before, options["timeout"] = options["timeout"], 0.05
        with closing(sqlite3.connect(connection.settings_dict["NAME"])) as other:
            other.isolation_level = None
            other.execute("BEGIN IMMEDIATE")
            try:
                yield
            finally:
                other.execute("ROLLBACK")
                connection.close()
                options["timeout"] = before
    else:
        import psycopg

        where = connection.get_connection_params()
        told = {
            name: where[name]
            for name in ("host", "port", "user", "password", "dbname")
            if name in where
        }
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '50ms'")
        with psycopg.connect(**told) as other:
            other.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
            yield
            other.rollback()
        connection.close()


@pytest.fixture
def lines(caplog):
    """What the pages write into the log; their lines go nowhere else."""
    logger = logging.getLogger("tableful")
    logger.addHandler(caplog.handler)
    yield caplog
    logger.removeHandler(caplog.handler)


@pytest.fixture
def pin_new(world, at, member):
    return at(member, "pin-new", **world["crew"])


def test_it_says_so_and_keeps_what_was_typed(browser_of, member, pin_new, lines):
    browser = browser_of(member)
    form = form_of(browser.get(pin_new), pin_new)
    before = Pin.objects.count()
    with held("crews_pin"):
        answer = browser.post(pin_new, form.filled(kind="note", words=WORDS), headers=OURS)
    assert answer.status_code == 503
    assert answer["Retry-After"] == "3"
    assert "Very busy just now" in answer.text
    assert "what you typed is here" in answer.text
    assert WORDS in answer.text
    assert "Content-Security-Policy" in answer.headers
    assert Pin.objects.count() == before
    (line,) = (record for record in lines.records if record.name == "tableful.web")
    assert line.levelname == "WARNING"
    assert line.getMessage().startswith("busy: OperationalError at ")
    assert "crews/views/pins.py" in line.getMessage()
    assert WORDS not in line.getMessage()
    # It can be sent again from there, with the token that came along.
    again = form_of(answer, pin_new)
    assert browser.post(again.action, again.fields, headers=OURS).status_code == 302
    assert [pin.words for pin in Pin.objects.all()].count(WORDS) == 1


def test_htmx_gets_the_same_status_and_swaps_nothing(client_of, member, pin_new, htmx):
    browser = client_of(member)
    browser.raise_request_exception = False
    with held("crews_pin"):
        answer = browser.post(pin_new, {"kind": "note", "words": WORDS}, headers=htmx)
    assert answer.status_code == 503
    assert "HX-Redirect" not in answer.headers
    # What the page does with it is set on the page itself.
    page = browser.get(pin_new).text
    assert '"noSwap":[204,304,400,401,403,404,405,410,413,429,"5xx"]' in page
    assert "data-busy=" in page


def test_a_form_in_parts_keeps_all_of_them(browser_of, member, at, world):
    url = at(member, "idea-new")
    browser = browser_of(member)
    form = form_of(browser.get(url), url)
    typed = form.filled(
        part="3", go="float", name="Mending", intention="Bring it.", begins_on="2027-01-10",
        begins_at="14:00", place="Levin", holds="Talk slow.",
    )  # fmt: skip
    with held("crews_idea"):
        answer = browser.post(url, typed, headers=OURS)
    assert answer.status_code == 503
    again = form_of(answer, url)
    assert browser.post(url, again.fields, headers=OURS).status_code == 302
    assert Idea.objects.get(name="Mending").holds == "Talk slow."


def test_the_database_is_away_before_any_view(client_of, member, at, monkeypatch):
    """Who is there is asked before the view: a fault there is no different."""
    browser = client_of(member)
    browser.raise_request_exception = False
    url = f"{at(member, 'crews')}?room=1"
    if connection.vendor == "sqlite":
        name = connection.settings_dict["NAME"]
        connection.close()
        monkeypatch.setitem(connection.settings_dict, "NAME", f"{name}.away/none")
        answer = browser.get(url)
        connection.close()
        monkeypatch.undo()
    else:
        with held("congregation_user"):
            answer = browser.get(url)
    assert answer.status_code == 503
    assert f'href="{url}"' in answer.text


def test_reading_goes_on_while_another_writes(client_of, member, at, world):
    if connection.vendor == "sqlite":
        browser = client_of(member)
        with held("crews_pin"):
            assert browser.get(at(member, "crews")).status_code == 200


def test_a_sign_in_says_so_too(browser_of, member):
    member.user.prove(password="seven tables and a lamp")
    url = "/accounts/login/"
    browser = browser_of()
    form = form_of(browser.get(url), url)
    typed = form.filled(login=member.user.email, password="seven tables and a lamp")
    with held("congregation_user"):
        answer = browser.post(url, typed, headers=OURS)
    assert answer.status_code == 503
    assert "seven tables" not in answer.text
    assert browser.post(url, typed, headers=OURS).status_code == 302
