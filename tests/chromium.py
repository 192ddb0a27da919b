"""Chromium, and what drives it: one of each in a process, for whichever tests ask."""

import os
import shutil

import pytest

CHROMIUM = (
    os.environ.get("TABLEFUL_CHROMIUM")
    or shutil.which("chromium")
    or shutil.which("chromium-browser")
)


@pytest.fixture(scope="session")
def playwright():
    """What drives Chromium; skipped with a sentence where there is none."""
    if not CHROMIUM:
        if os.environ.get("TABLEFUL_REQUIRE_BROWSER"):
            pytest.fail("No Chromium was found, and this run requires one.")
        pytest.skip("No Chromium was found: install it, or name it in TABLEFUL_CHROMIUM.")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="module")
def chromium(playwright):
    """Chromium for the tests of one module; then all its pages close, which else go on asking."""
    browser = playwright.chromium.launch(
        executable_path=CHROMIUM,
        args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
    )
    yield browser
    browser.close()
