"""People's pictures: shown and taken away by oneself, seen by the congregation."""

import re
from types import SimpleNamespace

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.template import Context, Template
from django.test import Client
from django.test.utils import CaptureQueriesContext
from PIL import Image

from congregation.models import Event, Member, Portrait
from congregation.uploads import MOST, MOST_AT_ALL
from tests.congregation.pictures import corners, opened, png_that_says, quarters, saved

SHOWN = re.compile(r'<img class="ava portrait [^>]*src="([^"]*)"[^>]*>')


def sent(data, name="me.jpg"):
    return {"picture": SimpleUploadedFile(name, data, "image/jpeg")}


@pytest.fixture
def show(client_of, at):
    """Have people show a picture, as their browser does: show(ana, dov)."""

    def make(*people, picture=None):
        data = saved(picture or quarters())
        for person in people:
            answer = client_of(person).post(at(person, "my-picture"), sent(data))
            assert answer.status_code == 302
            person.refresh_from_db()

    return make


@pytest.fixture
def address(at):
    """The address of someone's picture, in the eyes of another."""

    def make(person, reader=None):
        return at(reader or person, "picture", pk=person.pk, key=person.portrait_key)

    return make


def test_it_is_shown_and_everyone_here_sees_it(member, peer, show, address, client_of, at):
    show(member)
    browser = client_of(peer)
    assert SHOWN.findall(browser.get(at(peer, "people")).text) == [address(member)]
    assert address(member) in browser.get(at(peer, "member", pk=member.pk)).text
    answer = browser.get(address(member))
    assert corners(opened(answer.content)) == ["red", "green", "blue", "gold"]
    assert answer["Content-Type"] == "image/webp"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cache-Control"] == "private, max-age=86400, immutable"
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
    assert Client().get(address(member)).status_code == 302


def test_its_place_is_kept_and_it_is_silent(member, peer, show, client_of, at):
    show(member)
    picture = SHOWN.search(client_of(peer).get(at(peer, "people")).text)[0]
    assert 'width="256" height="256" alt="" loading="lazy" decoding="async"' in picture
    assert 'class="ava portrait av' in picture
    assert " mid" in picture


def test_outsiders_find_nothing(member, outsider, show, address, client_of, at):
    show(member)
    browser = client_of(outsider)
    assert browser.get(address(member)).status_code == 404
    assert browser.get(address(member, reader=outsider)).status_code == 404
    for name in ["my-picture", "picture-take-away"]:
        assert browser.post(at(member, name)).status_code == 404


def test_what_is_only_read_and_what_is_only_sent(member, show, address, client_of, at):
    show(member)
    browser = client_of(member)
    assert browser.post(address(member)).status_code == 405
    assert browser.get(at(member, "picture-take-away")).status_code == 405
    assert address(member) in browser.get(at(member, "my-picture")).text
    assert Portrait.objects.count() == 1


def test_nobody_shows_or_takes_away_anothers(member, peer, host, now):
    for other in [peer, host]:
        with pytest.raises(PermissionDenied):
            Portrait.show(member, b"picture", by=other, now=now)
        with pytest.raises(PermissionDenied):
            Portrait.take_away(member, by=other, now=now)


def test_the_same_twice_is_one(member, show):
    show(member, member)
    assert Portrait.objects.count() == 1
    assert Event.objects.filter(verb="portrait.show").count() == 1


def test_another_picture_has_another_address(member, peer, show, address, client_of):
    show(member)
    old = address(member)
    show(member, picture=Image.new("RGB", (300, 300), "navy"))
    assert address(member) != old
    browser = client_of(peer)
    assert browser.get(old).status_code == 404
    assert browser.get(address(member)).status_code == 200
    assert Portrait.objects.count() == 1


def test_it_is_taken_away_once(member, peer, show, address, client_of, at):
    show(member)
    browser, url = client_of(member), address(member)
    page = browser.post(at(member, "picture-take-away"), follow=True)
    assert "Your picture is gone." in page.text
    browser.post(at(member, "picture-take-away"))
    assert not Portrait.objects.exists()
    assert Event.objects.filter(verb="portrait.take_away").count() == 1
    assert client_of(peer).get(url).status_code == 404
    assert not SHOWN.search(client_of(peer).get(at(peer, "people")).text)
    member.refresh_from_db()
    assert member.portrait_key == ""


def test_others_learn_nothing_from_the_log(member, peer, show):
    show(member)
    assert not Event.objects.visible_to(peer).exists()


def test_who_left_or_is_expected_shows_none(member, peer, show, address, client_of, at, now):
    show(member)
    url = address(member)
    for state, left_at in [("expected", None), ("left", now)]:
        Member.objects.filter(pk=member.pk).update(state=state, left_at=left_at)
        member.refresh_from_db()
        assert client_of(peer).get(url).status_code == 404
        assert client_of(member).get(url).status_code == 404
        assert "<svg" in drawn(member, reader=peer)
        with pytest.raises(PermissionDenied):
            Portrait.show(member, b"another", by=member, now=now)
    Member.objects.filter(pk=member.pk).update(state="away", left_at=None)
    member.refresh_from_db()
    assert client_of(peer).get(url).status_code == 200


def test_leaving_can_erase_it(member, show, now):
    show(member)
    assert Portrait.erase(member)
    assert not Portrait.erase(member)
    assert not Portrait.objects.exists()
    assert Member.objects.get(pk=member.pk).portrait_key == ""


def drawn(who, reader=None):
    request = SimpleNamespace(member=reader)
    return Template('{% face who "sm" %}').render(Context({"who": who, "request": request}))


def test_only_a_reader_of_the_same_congregation_is_given_its_address(
    member, peer, outsider, show, address
):
    show(member)
    assert address(member) in drawn(member, reader=peer)
    for reader in [None, outsider]:
        assert "<svg" in drawn(member, reader=reader)
        assert "picture" not in drawn(member, reader=reader)
    assert "<svg" in Template("{% face who %}").render(Context({"who": member}))
    assert "<svg" in drawn(member.name, reader=peer)


def test_in_two_congregations_one_picture_has_two_keys(member, outsider, show):
    show(member, outsider)
    keys = [bytes(row.image) for row in Portrait.objects.all()]
    assert keys[0] == keys[1]
    assert member.portrait_key != outsider.portrait_key


# ---- what can't be used


BAD = {
    "nothing": (b"", "There is nothing in that file"),
    "svg": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "isn’t a kind of picture"),
    "gif": (saved(quarters(), "GIF"), "isn’t a kind of picture"),
    "half": (saved(quarters())[:900], "may not have arrived whole"),
    "bomb": (png_that_says(60_000, 60_000), "too many pixels"),
    "tiny": (saved(quarters(20, 20)), "very small"),
    "moves": (
        saved(quarters(), "WEBP", save_all=True, append_images=[quarters(320, 320).rotate(90)]),
        "keeps still",
    ),
    "heavy": (b"\xff\xd8\xff" + bytes(MOST), "larger than 8 MB"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cant_be_used_is_said_and_changes_nothing(name, member, show, client_of, at):
    show(member)
    before = member.portrait_key
    data, words = BAD[name]
    answer = client_of(member).post(at(member, "my-picture"), sent(data))
    assert answer.status_code == 422
    assert words in answer.text
    assert 'aria-invalid="true"' in answer.text
    member.refresh_from_db()
    assert member.portrait_key == before


def test_with_scripts_only_the_card_comes_so_that_the_page_keeps_what_is_typed(
    member, client_of, at, htmx
):
    answer = client_of(member).post(at(member, "my-picture"), sent(b"no picture"), headers=htmx)
    assert answer.status_code == 422
    assert answer.text.strip().startswith('<section class="card form" id="picture"')
    assert "<main" not in answer.text
    done = client_of(member).post(at(member, "my-picture"), sent(saved(quarters())), headers=htmx)
    assert done.status_code == 200
    assert done.text.strip().startswith('<section class="card form" id="picture"')
    assert "This is what everyone here sees now." in done.text
    assert 'hx-swap-oob="innerHTML:#my-face"' in done.text


def test_nothing_chosen_and_words_instead_of_a_file(member, client_of, at):
    browser, url = client_of(member), at(member, "my-picture")
    for nothing in [{}, {"picture": "words"}]:
        answer = browser.post(url, nothing)
        assert answer.status_code == 422
        assert "Choose a picture first." in answer.text


def test_the_name_of_a_file_is_of_no_interest(member, client_of, at, tmp_path):
    name = "../../../etc/passwd.svg\x00.html"
    answer = client_of(member).post(at(member, "my-picture"), sent(saved(quarters()), name))
    assert answer.status_code == 302
    assert "passwd" not in answer["Location"]
    assert {field.name for field in Portrait._meta.get_fields()} == {
        "id",
        "congregation",
        "member",
        "image",
    }


def test_a_request_beyond_all_measure_isnt_read(member, client_of, at):
    url = at(member, "my-picture")
    answer = client_of(member).generic(
        "POST", url, b"--x", "multipart/form-data; boundary=x", CONTENT_LENGTH=str(MOST_AT_ALL + 1)
    )
    assert answer.status_code == 413
    assert "That is more than fits" in answer.text


def test_a_large_file_lies_neither_in_memory_nor_on_the_disk(rf):
    request = rf.post("/", {"one": "word", **sent(bytes(MOST + 1)), "two": "words"})
    file = request.FILES["picture"]
    assert (file.size, file.read()) == (MOST + 1, b"")
    assert not hasattr(file, "temporary_file_path")
    assert (request.POST["one"], request.POST["two"]) == ("word", "words")


def test_the_database_takes_no_other(member, congregation):
    for image in [b"", bytes(30 * 1024 + 1)]:
        with pytest.raises(IntegrityError), transaction.atomic():
            Portrait.objects.create(congregation=congregation, member=member, image=image)


# ---- what it costs


def test_lists_cost_the_same_with_pictures(member, mate, facilitator, show, client_of, at):
    browser, url, costs = client_of(member), at(member, "people"), []
    for people in [[], [member], [mate, facilitator]]:
        show(*people)
        with CaptureQueriesContext(connection) as cost:
            browser.get(url)
        costs.append(len(cost))
    assert len(set(costs)) == 1


def test_a_picture_costs_four_queries(member, peer, show, address, client_of):
    show(member)
    browser, url = client_of(peer), address(member)
    with CaptureQueriesContext(connection) as cost:
        browser.get(url)
    assert len(cost) <= 4
