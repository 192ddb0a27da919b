"""Among a phone's apps: the manifest, the worker, and the page for when one is offline."""

import json
import re
from pathlib import Path

import pytest
from django.urls import clear_script_prefix, set_script_prefix
from PIL import Image

from hall.views import phone

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("url", ["/manifest.webmanifest", "/worker.js"])
def test_they_ask_for_nobody_and_keep_nothing(client, client_of, member, url):
    for browser in (client, client_of(member)):
        answer = browser.get(url)
        assert answer.status_code == 200
        # In the language of one browser: for that one, and for none between here and there.
        assert "private" in answer["Cache-Control"]
        assert {"Accept-Language", "Cookie"} <= set(answer["Vary"].split(", "))
        assert not answer.cookies
        assert member.name not in answer.text
        assert browser.post(url).status_code == 405


def test_the_manifest(client, db):
    answer = client.get("/manifest.webmanifest")
    assert answer["Content-Type"] == "application/manifest+json"
    said = answer.json()
    assert (said["name"], said["display"], said["start_url"]) == ("Tableful", "standalone", "/")
    assert {icon["purpose"] for icon in said["icons"]} == {"any", "maskable"}
    for icon in said["icons"]:
        path = ROOT / "static" / icon["src"].removeprefix("/static/")
        with Image.open(path) as image:
            assert f"{image.width}x{image.height}" == icon["sizes"]
            assert image.format == "PNG"


def facts(answer):
    return json.loads(re.search(r"\{ release.*?\} = (\{.*?\});\n", answer.text)[1])


def test_the_worker_keeps_files_and_one_page(client, db):
    answer = client.get("/worker.js")
    assert answer["Content-Type"].startswith("text/javascript")
    told = facts(answer)
    assert told["offline"] == "/offline/"
    assert told["files"]
    assert all(name.startswith(told["beneath"]) for name in told["files"])
    assert "credentials: 'omit'" in answer.text


def test_beneath_a_path(client, db):
    set_script_prefix("/table/")
    assert client.get("/manifest.webmanifest").json()["start_url"] == "/table/"
    assert facts(client.get("/worker.js"))["offline"] == "/table/offline/"
    clear_script_prefix()


def test_another_release_has_another_name(client, db, monkeypatch):
    before = facts(client.get("/worker.js"))["release"]
    phone._worker.cache_clear()
    monkeypatch.setattr(phone.staticfiles_storage, "manifest_hash", "other", raising=False)
    assert facts(client.get("/worker.js"))["release"] != before
    phone._worker.cache_clear()


def test_the_offline_page(client, client_of, member):
    pages = [browser.get("/offline/").text for browser in (client, client_of(member))]
    assert pages[0] == pages[1]
    assert "No connection" in pages[0]
    assert 'data-worker="/worker.js"' in client.get("/").text
