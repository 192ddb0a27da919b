"""Text made comparable, and search that forgives."""

import unicodedata
from itertools import chain

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from congregation.words import CLOSE, fold, search

calm = settings(deadline=None, max_examples=50)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Ōtaki", "otaki"),
        ("O\u0304TAKI", "otaki"),
        ("Straße", "strasse"),
        ("İzmir", "izmir"),
        ("Łódź", "lodz"),
        ("Søren Æbelø", "soren aebelo"),
        ("Zoë Àlvarez", "zoe alvarez"),
        ("ﬁeld", "field"),
        ("Ｔａｍａ", "tama"),
        ("Ἀθῆναι", "αθηναι"),
    ],
)
def test_folded_for_search(text, folded):
    assert fold(text) == folded


@calm
@given(st.text())
@example("\u0345\u0391")
def test_folding_twice_is_once(text):
    once = fold(text)
    assert fold(once) == once
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        assert fold(unicodedata.normalize(form, text)) == once


@pytest.mark.slow
def test_every_letter_folds_once():
    # Beyond these planes nothing is a letter.
    assigned = chain(range(0x32400), range(0xE0000, 0xE0200))
    assert all(unicodedata.category(chr(c)) in {"Cn", "Co"} for c in (0x32400, 0xE0200, 0xF0000))
    letters = map(chr, assigned)
    assert [hex(ord(c)) for c in letters if fold(fold(c)) != fold(c)] == []


PEOPLE = {
    "noor": "noor haddad waikanae lawyer by day",
    "marama": "marama tait otaki builds websites",
    "joel": "joel king otaki beach",
    "dov": "dov levi te horo",
    "lucia": "lucia bruggemann",
}


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("", list(PEOPLE)),
        ("ŌTAKI", ["marama", "joel"]),
        ("beach joel", ["joel"]),
        ("aikan", ["noor"]),
        ("Brüggemann", ["lucia"]),
    ],
)
def test_what_is_spelled_as_it_was_typed_is_found_in_order(words, found):
    assert search(PEOPLE, words) == (found, False)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("nor haddad", "noor"),
        ("nour", "noor"),
        ("Hadad", "noor"),
        ("jole", "joel"),
        ("lvei", "dov"),
        ("wiakan", "noor"),
        ("kingg", "joel"),
        ("brueggemann", "lucia"),
        ("Otaky websits", "marama"),
    ],
)
def test_spelling_is_forgiven_where_nobody_is_spelled_like_that(words, found):
    ids, is_close = search(PEOPLE, words)
    assert is_close
    assert ids[0] == found


@pytest.mark.parametrize("words", ["xyz", "zo", "noor zzzz", "🜁🜁🜁🜁", "9999"])
def test_what_is_like_nothing_finds_nobody(words):
    assert search(PEOPLE, words) == ([], True)


@calm
@given(
    st.dictionaries(st.integers(), st.text(max_size=40).map(fold), max_size=20),
    st.text(max_size=20),
)
def test_what_holds_of_every_search(texts, words):
    ids, is_close = search(texts, words)
    assert len(set(ids)) == len(ids)
    assert set(ids) <= set(texts)
    has_all = [id for id in texts if all(word in texts[id] for word in fold(words).split())]
    assert is_close is not bool(has_all)
    assert ids == has_all if has_all else len(ids) <= CLOSE
