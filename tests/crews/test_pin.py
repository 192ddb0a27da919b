"""What a crew keeps at hand: notes, links, and its chat."""

import uuid
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from congregation.models import Event
from crews import sweeping
from crews.models import Pin
from crews.models.pin import MOST_PINS, check_link


def put(client_of, at, who, crew, **data):
    return client_of(who).post(at(who, "pin-new", pk=crew.pk), {"kind": "link"} | data)


@pytest.fixture
def note(crew, member, now):
    return Pin.put(crew, kind="note", words="The key is under the pot.", by=member, now=now)


def test_anyone_in_the_crew_pins_and_all_see_it(client_of, at, crew, mate, member):
    assert "Pin something" in client_of(mate).get(at(mate, "pin-new", pk=crew.pk)).content.decode()
    response = put(client_of, at, mate, crew, words="The list", url="https://example.org/list")
    assert response.url == crew.get_absolute_url()
    put(client_of, at, mate, crew, kind="note", words="The key is under the pot.")
    page = client_of(member).get(crew.get_absolute_url()).content.decode()
    assert '<a href="https://example.org/list" rel="noopener noreferrer nofollow">The list' in page
    assert "The key is under the pot." in page


def test_pinning_twice_is_once(client_of, at, crew, mate):
    once = str(uuid.uuid4())
    for _ in range(2):
        response = put(client_of, at, mate, crew, kind="note", words="Once.", once=once)
        assert response.status_code == 302
    assert Pin.objects.count() == 1
    assert Event.objects.filter(verb="pin.put", circle=crew.pk).count() == 1


def test_a_crew_has_one_chat_and_a_new_one_replaces_it(client_of, at, crew, mate, member):
    for url in ("https://signal.group/#old", "sgnl://signal.group/#new"):
        assert put(client_of, at, mate, crew, kind="chat", url=url).status_code == 302
    chat = Pin.objects.visible_to(member).up().get(kind="chat")
    assert chat.url == "sgnl://signal.group/#new"
    assert chat.label == "Our chat"
    page = client_of(member).get(crew.get_absolute_url()).content.decode()
    assert 'href="sgnl://signal.group/#new"' in page
    assert "#old" not in page


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org/list?a=b#c",
        "http://localhost:8000/x",
        "matrix:r/room:example.org",
        "tg://resolve?domain=x",
        "xmpp:room@example.org?join",
    ],
)
def test_links_that_are_fine(url):
    check_link(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.org",
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java\tscript:alert(1)",
        "\x01javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "https://user:secret@example.org/",
        "https://exa mple.org/",
        "https://",
        "tg:",
        "vbscript:x",
    ],
)
def test_links_that_are_not(client_of, at, crew, mate, url):
    with pytest.raises(ValidationError):
        check_link(url)
    response = put(client_of, at, mate, crew, words="A list", url=url)
    assert response.status_code == 422
    assert "A list" in response.content.decode()
    assert not Pin.objects.exists()


def test_a_note_has_words(client_of, at, crew, mate):
    response = put(client_of, at, mate, crew, kind="note", words=" ")
    assert response.status_code == 422
    assert "A note has a few words." in response.content.decode()


def test_a_note_drops_a_link(crew, mate, now):
    assert Pin.put(crew, kind="note", words="Hm", url="javascript:x", by=mate, now=now).url == ""


def test_the_board_has_an_end(crew, mate, now):
    for n in range(MOST_PINS):
        Pin.put(crew, kind="note", words=f"Note {n}", by=mate, now=now)
    with pytest.raises(ValidationError, match="board is full"):
        Pin.put(crew, kind="note", words="One more", by=mate, now=now)


def test_it_is_taken_down_and_can_be_put_back(client_of, at, crew, note, mate, htmx):
    page = client_of(mate).post(at(mate, "pin-remove", pk=note.pk), headers=htmx).content.decode()
    assert page.lstrip().startswith("<section")
    assert "Taken down: The key is under the pot." in page
    page = client_of(mate).post(at(mate, "pin-back", pk=note.pk), headers=htmx).content.decode()
    assert "Taken down" not in page
    assert "The key is under the pot." in page


def test_taking_down_twice_is_once(client_of, at, crew, note, mate):
    for _ in range(2):
        response = client_of(mate).post(at(mate, "pin-remove", pk=note.pk))
        assert response.url == crew.get_absolute_url()
    assert Event.objects.filter(verb="pin.remove").count() == 1


def test_what_is_down_for_a_while_is_gone(note, mate, now):
    note.remove(by=mate, now=now)
    assert sweeping.sweep(now=now + timedelta(minutes=9))["pins wiped"] == 0
    with pytest.raises(ValidationError, match="too long ago"):
        note.put_back(by=mate, now=now + timedelta(minutes=10))
    assert sweeping.sweep(now=now + timedelta(minutes=10))["pins wiped"] == 1
    assert not Pin.objects.exists()


def test_an_old_chat_doesnt_come_back_beside_a_new_one(crew, mate, now):
    old = Pin.put(crew, kind="chat", url="https://signal.group/#old", by=mate, now=now)
    Pin.put(crew, kind="chat", url="https://signal.group/#new", by=mate, now=now)
    old.refresh_from_db()
    with pytest.raises(ValidationError, match="Another chat"):
        old.put_back(by=mate, now=now)


def test_it_is_the_crews_alone(client_of, at, crew, note, peer, host, outsider, member, mate, now):
    for person, where in ((peer, peer), (host, host), (outsider, member)):
        browser = client_of(person)
        assert browser.get(at(where, "pin-new", pk=crew.pk)).status_code == 404
        assert browser.post(at(where, "pin-remove", pk=note.pk)).status_code == 404
        assert browser.post(at(where, "pin-back", pk=note.pk)).status_code == 404
        assert not Pin.objects.visible_to(person).exists()
    assert client_of(mate).get(at(mate, "pin-remove", pk=note.pk)).status_code == 405
    for verb in (note.remove, note.put_back):
        with pytest.raises(PermissionDenied):
            verb(by=peer, now=now)
    with pytest.raises(PermissionDenied):
        Pin.put(crew, kind="note", words="Hello", by=peer, now=now)


def test_the_key_of_another_crews_pin_makes_nothing(make_crew, note, member, mate, peer, now):
    other = make_crew("Other", [peer])
    with pytest.raises(PermissionDenied):
        Pin.put(other, kind="note", words="Mine", by=peer, now=now, pk=note.pk)
