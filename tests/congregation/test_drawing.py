"""The geometry of the pictures."""

import re
from fractions import Fraction
from math import hypot
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from congregation import drawing

pytestmark = pytest.mark.once

# Two hundred dots may take a moment on a busy machine.
unhurried = settings(deadline=None)


def parsed(svg):
    return ElementTree.fromstring(svg)


def of_class(svg, css):
    return [e for e in parsed(svg).iter() if e.get("class", "") == css]


def point(element):
    return float(element.get("cx")), float(element.get("cy"))


@unhurried
@given(
    people=st.integers(0, 30), kept=st.integers(0, 6), seats=st.integers(1, 12), mini=st.booleans()
)
def test_a_table_has_every_person_and_every_open_seat(people, kept, seats, mini):
    svg = drawing.crew_table(people, seats, kept=kept, mini=mini)
    assert len(of_class(svg, "seat")) == people
    assert len(of_class(svg, "seat kept")) == kept
    assert len(of_class(svg, "seat open")) == max(
        seats - people - kept, 1 if not people + kept + seats else 0, 0
    )


@unhurried
@given(places=st.integers(2, 40), mini=st.booleans())
def test_seats_neither_touch_nor_leave_the_picture(places, mini):
    seats = of_class(drawing.crew_table(places, places, mini=mini), "seat")
    r = float(seats[0].get("r"))
    for one, other in zip(seats, seats[1:] + seats[:1], strict=True):
        (x0, y0), (x1, y1) = point(one), point(other)
        assert hypot(x1 - x0, y1 - y0) > 2 * r - 0.05
        assert r <= x0 <= 120 - r
        assert r <= y0 <= 120 - r


def test_my_seat_is_mine_and_the_first_is_at_the_top():
    svg = drawing.crew_table(3, 5, me=1)
    assert point(of_class(svg, "seat")[0]) == (60, 9)
    assert len(of_class(svg, "seat me")) == 1
    assert len(of_class(svg, "seat")) == 2
    assert len(of_class(svg, "seat open")) == 2


@unhurried
@given(total=st.integers(1, 30), data=st.data(), seats=st.integers(3, 12))
def test_the_ring_has_a_segment_for_each_meeting(total, data, seats):
    done = data.draw(st.integers(0, total))
    svg = drawing.crew_table(seats, seats, done=done, total=total, sub="of them")
    assert len(of_class(svg, "arc on")) == done
    assert len(of_class(svg, "arc")) == total - done
    assert [e.text for e in of_class(svg, "big")] == [str(done)]
    assert [e.text for e in of_class(svg, "sub")] == ["of them"]


@unhurried
@given(seats=st.integers(1, 14), total=st.integers(1, 60))
def test_no_segment_points_at_a_seat(seats, total):
    shift = drawing.ring_shift(seats, total)
    for i in range(total):
        middle = Fraction(2 * i + 1, 2 * total) + shift
        assert (middle * seats).denominator != 1
    assert abs(shift) <= Fraction(1, 2 * max(seats, total))


def test_a_mini_or_a_bare_table_carries_no_count():
    assert "text" not in drawing.crew_table(4, 6, done=2, total=6, mini=True)
    bare = drawing.crew_table(4, 6, done=2, total=6, bare=True, sub="of 6")
    assert "text" not in bare
    assert "wood" not in bare
    assert len(of_class(bare, "arc on")) == 2


def test_the_large_table_names_people_and_dashes_what_is_open():
    people = ["Marama Tait", "Mei-Lin Zhou", "王小明", "Wiremu Hale"]
    svg = drawing.hall_table(people, 6, turn=1, away={3}, done=1, total=6, big="1 of 6", sub="met")
    assert [e.text for e in of_class(svg, "name")] == ["Marama", "Mei-Lin", "王小明", "Wiremu"]
    assert len(of_class(svg, "seat open")) == 2
    assert len(of_class(svg, "candle")) == 1
    assert len(of_class(svg, "off-ring")) == 1
    assert len([e for e in parsed(svg).iter() if e.get("class", "").endswith(" off")]) == 1


def test_twice_on_a_page_is_no_trouble():
    svg = drawing.hall_table(["A B"], 3) + drawing.avatar("A B") + drawing.pair("A", "B")
    assert " id=" not in svg
    assert "url(#" not in svg


@unhurried
@given(st.text(), st.text())
def test_whatever_a_person_is_called_stays_text(name, says):
    for svg in (
        drawing.avatar(name),
        drawing.hall_table([name, name], 3, says=says),
        drawing.crew_table(1, 3, done=1, total=2, sub=name, says=says),
    ):
        assert "<script" not in svg
        assert "style=" not in svg
        words = set(re.findall(r"<([a-z]+)", svg))
        assert words <= {"svg", "g", "circle", "path", "text"}


def test_names_are_escaped():
    assert "&lt;b&gt;" in drawing.hall_table(["<b> <i>"], 3)
    assert 'aria-label="&quot;&lt;&amp;"' in drawing.crew_table(1, 3, says='"<&')


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Marama Tait", "MT"),
        ("Mei-Lin Zhou", "MZ"),
        ("María del Carmen Pérez", "MP"),
        ("Ana", "A"),
        ("bell hooks", "bh"),
        ("O’Neil", "O"),
        ("(Sam) Li", "SL"),
        ("e\u0301lan vital", "év"),  # a mark of its own stays with its letter
        ("q\u0323\u0307 x", "q\u0323\u0307x"),
        ("王小明", "王"),
        ("김 민준", "김민"),
        ("नमस्ते शर्मा", "नश"),
        ("किरण", "कि"),
        ("เอก ชัย", "เอชั"),  # a vowel that is written first waits for its letter
        ("محمد علي", "م\u200cع"),  # the two don't join into one sign
        ("דוד לוי", "דל"),
        ("🌻", "🌻"),
        ("👩‍👩‍👧", "👩‍👩‍👧"),
        ("🇳🇿 Kiwi", "K"),
        ("🇳🇿", "🇳🇿"),
        ("7 of 9", "79"),
        ("", "·"),
        ("   ", "·"),
        ("…", "…"),
    ],
)
def test_initials(name, expected):
    assert drawing.initials(name) == expected


@unhurried
@given(st.text(min_size=1))
def test_any_name_has_initials(name):
    assert drawing.initials(name)


@pytest.mark.parametrize(
    ("name", "most", "expected"),
    [
        ("Marama Tait", 0, "Marama"),
        ("Wolfeschlegelsteinhausenbergerdorff Sr", 10, "Wolfeschl…"),
        ("Wolfeschlegelsteinhausenbergerdorff Sr", 0, "Wolfeschlegelsteinhausenbergerdorff"),
        ("王小明王小明", 6, "王小…"),
        ("— Ana", 0, "Ana"),
        ("Tait, Marama", 0, "Tait"),
        ("", 8, ""),
    ],
)
def test_what_one_is_called(name, most, expected):
    assert drawing.short_name(name, most) == expected


def test_a_face_is_the_same_each_time_and_differs_between_people():
    assert drawing.avatar("Mei Ropata") == drawing.avatar("Mei Ropata")
    names = [f"Person {n}" for n in range(40)]
    assert len({drawing.face(name).tone for name in names}) == drawing.TONES
    assert len({drawing.avatar(name).replace(name, "") for name in names}) > 20


@unhurried
@given(total=st.integers(1, 200), people=st.integers(0, 220), data=st.data())
def test_the_sunflower_has_every_place_inside_its_rim(total, people, data):
    out = data.draw(st.integers(0, people))
    svg = drawing.sunflower(total, people, out)
    assert len(of_class(svg, "in")) == people - out
    assert len(of_class(svg, "out")) == out
    assert len(of_class(svg, "free")) == max(total - people, 0)
    for dot in parsed(svg).iter():
        if dot.get("class") in {"in", "out", "free"}:
            x, y = point(dot)
            assert hypot(x - 100, y - 100) + float(dot.get("r")) <= 97.2


@pytest.mark.parametrize(
    ("came", "of", "kind"),
    [
        (0, 6, "none"),
        (1, 6, "some"),
        (2, 6, "some"),
        (3, 6, "most"),
        (5, 6, "most"),
        (6, 6, "full"),
        (7, 6, "full"),
    ],
)
def test_a_note_is_sized_by_how_many_came(came, of, kind):
    assert drawing.how_many(came, of) == kind


@pytest.mark.parametrize("kind", ["full", "most", "some", "none", "rest", "next", "later", ""])
def test_every_kind_of_note_is_a_picture(kind):
    assert parsed(drawing.head(kind)).get("aria-hidden") == "true"


def test_what_was_written_lies_face_down_whoever_has_written():
    assert drawing.folded(7, 6).count('class="leaf"') == 3
    parsed(drawing.folded(7, 6))


@pytest.mark.parametrize(
    "flags", ["0101001", [0, 1, 0, 1, 0, 0, 1], [False, True, False, True, 0, "0", "1"]]
)
def test_seven_days(flags):
    assert drawing.flags7(flags) == [False, True, False, True, False, False, True]
    assert drawing.flags7("1") == [True] + [False] * 6


def test_a_picture_takes_the_place_of_initials():
    url = "/c/otaki/people/1/picture/ab/?<>"
    plain = drawing.hall_table(["Mei Ropata", "Dov Levi"], 4, away={0})
    table = drawing.hall_table(["Mei Ropata", "Dov Levi"], 4, away={0}, pictures=[url, ""])
    assert table.count("<image ") == 1
    assert ">MR<" not in table
    assert ">DL<" in table
    assert table.count("off-ring") == plain.count("off-ring") == 1
    assert drawing.pair("Mei Ropata", "Dov Levi", pictures=("", url)).count("<image ") == 1
    assert 'alt=""' in drawing.portrait("Mei Ropata", url, "mid")
    assert all("?&lt;&gt;" in drawn for drawn in (table, drawing.portrait("Mei Ropata", url)))
