"""The pictures: tables, faces, notation, the sunflower. Pure geometry, from plain values to SVG.

Lengths are in units of the picture's own view box, angles are fractions of a circle, clockwise
from the top. Everything that depends on a person is escaped; colour comes from classes in
``static/css/app.css``; there is no ``style`` attribute and no ``id``, so that a picture can stand
on a page any number of times. Words (``says``, ``big``, ``sub``) come from the caller, translated.
"""

import unicodedata
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from hashlib import sha256
from math import cos, lcm, pi, sin, sqrt

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

GOLDEN_ANGLE = 2.399963
FLAME = "M0-10c1 4 6 6 6 12a6 6 0 0 1-12 0c0-4 5-6 6-12z"
TONES = 5

# Shapes behind a person's initials, each cut to the circle (20, 20, 20) by its own arcs.
_SHAPES = (
    "M0 20A20 20 0 0 1 40 20Z",
    "M15.96 .41A20 20 0 0 1 39.59 24.04A17 17 0 0 1 15.96 .41Z",
    "M11.77 1.77A40 40 0 0 1 38.23 28.23A20 20 0 1 1 11.77 1.77Z",
)

_HEADS = {
    "full": '<circle class="b" cx="12" cy="12" r="9"/>',
    "most": '<circle class="b" cx="12" cy="12" r="6.8"/>',
    "some": '<circle class="b" cx="12" cy="12" r="4.4"/>',
    "none": '<path class="bar-rest" d="M6 12h12v5.5h-12z"/>',
    "rest": '<path class="long-rest" d="M0 12h24"/>',
    "next": '<circle class="next" cx="12" cy="12" r="9"/><circle class="b" cx="12" cy="12" r="3"/>',
    "later": '<circle class="later" cx="12" cy="12" r="6.8"/>',
    "": "",
}


def _n(value: float) -> str:
    """A length with at most two decimals and no trailing zeros."""
    return f"{round(value, 2) + 0.0:.2f}".rstrip("0").rstrip(".")


def _label(says: str) -> str:
    """What a picture says to those who hear it; a silent one is hidden from them."""
    return f'role="img" aria-label="{escape(says)}"' if says else 'aria-hidden="true"'


def _svg(css: str, box: str, says: str, *inside: str) -> SafeString:
    return mark_safe(  # noqa: S308  every part is a number, a class of ours or escaped above
        f'<svg class="{escape(css.strip())}" viewBox="{box}" {_label(says)}>{"".join(inside)}</svg>'
    )


# ---- circles


def on_circle(cx: float, cy: float, r: float, turn: float) -> tuple[float, float]:
    """The point at a fraction of a turn, clockwise from the top, of the circle (cx, cy, r)."""
    angle = 2 * pi * turn - pi / 2
    return cx + r * cos(angle), cy + r * sin(angle)


def arc(c: float, r: float, start: float, end: float, css: str) -> str:
    """The part of the circle (c, c, r) from one fraction of a turn to another."""
    (x0, y0), (x1, y1) = on_circle(c, c, r, start), on_circle(c, c, r, end)
    large = int(end - start > 0.5)
    return f'<path class="{css}" d="M{_n(x0)} {_n(y0)}A{_n(r)} {_n(r)} 0 {large} 1 {_n(x1)} {_n(y1)}"/>'


def ring_shift(seats: int, total: int) -> Fraction:
    """How far a ring of `total` segments is turned so that no middle of one faces a seat.

    Segments and seats both divide the circle evenly; seen from the nearest seat the middles fall
    on a grid of 1/lcm. The shift puts them half a step off that grid, by the shorter way round.
    """
    if seats < 1 or total < 1:
        return Fraction(0)
    step = Fraction(1, lcm(seats, total))
    shift = (step / 2 - Fraction(1, 2 * total)) % step
    return shift - step if shift > step / 2 else shift


def ring(c: float, r: float, total: int, done: int, *, seats: int = 0, gap: float = 0.0111) -> str:
    """The commitment's meetings as segments, the held ones lit; never lined up with the seats."""
    shift = float(ring_shift(seats, total))
    return "".join(
        arc(
            c,
            r,
            i / total + gap + shift,
            (i + 1) / total - gap + shift,
            "arc on" if i < done else "arc",
        )
        for i in range(total)
    )


# ---- names


def graphemes(text: str) -> list[str]:
    """What a reader sees as single signs: marks stay with their letter, joined emoji together."""
    signs: list[str] = []
    joining = False
    for char in unicodedata.normalize("NFC", text):
        if not signs:
            signs.append(char)
        elif joining or _extends(char) or _pairs(signs[-1], char):
            signs[-1] += char
        else:
            signs.append(char)
        joining = char == "\u200d"
    return signs


def _extends(char: str) -> bool:
    point = ord(char)
    return (
        unicodedata.category(char) in {"Mn", "Me", "Mc"}
        or char in "\u200c\u200d"
        or 0xFE00 <= point <= 0xFE0F  # how the sign before is to be drawn
        or 0x1F3FB <= point <= 0x1F3FF  # skin tones
        or 0xE0020 <= point <= 0xE007F  # flags of regions
        or 0x1160 <= point <= 0x11FF  # vowels and finals of a Hangul syllable
    )


def _pairs(before: str, char: str) -> bool:
    """Two regional letters are one flag; a Thai or Lao vowel written first waits for its letter."""
    if before in "เแโใไເແໂໃໄ" and unicodedata.category(char) == "Lo":
        return True
    return len(before) == 1 and all(0x1F1E6 <= ord(c) <= 0x1F1FF for c in (before, char))


def initials(name: str) -> str:
    """One or two signs for a name in any script: of its first and of its last word."""
    words = [sign for word in name.split() if (sign := _first_letter(word))]
    if not words:
        return next((s for s in graphemes(name.strip()) if s[0].isprintable() and s.strip()), "·")
    if len(words) == 1:
        return words[0]
    # Arabic, Syriac or N'Ko letters would join into one; the two stay apart.
    joined = unicodedata.bidirectional(words[0][0]) == "AL"
    return f"{words[0]}\u200c{words[-1]}" if joined else words[0] + words[-1]


def _first_letter(word: str) -> str:
    return next((sign for sign in graphemes(word) if sign[0].isalnum()), "")


def short_name(name: str, most: int = 0) -> str:
    """What one is called at the table: the first word of a name, cut with … past `most` signs."""
    words = [word for word in name.split() if _first_letter(word)] or name.split()
    first = words[0].strip(",;") if words else ""
    signs = graphemes(first)
    if not most or sum(map(_width, signs)) <= most:
        return first
    kept, room = "", most - 1
    for sign in signs:
        room -= _width(sign)
        if room < 0:
            break
        kept += sign
    return f"{kept}…"


def _width(sign: str) -> int:
    return 2 if unicodedata.east_asian_width(sign[0]) in "WF" else 1


# ---- people


@dataclass(frozen=True, slots=True)
class Face:
    """How one person is drawn: a tone (a class) and what stands in a 40 × 40 box."""

    tone: str
    inside: str


def face(name: str) -> Face:
    """Always the same face for the same name."""
    digest = sha256(unicodedata.normalize("NFC", name).encode()).digest()
    shape = _SHAPES[digest[2] % len(_SHAPES)]
    return Face(
        f"av{digest[0] % TONES}",
        '<circle class="bg" cx="20" cy="20" r="20"/>'
        f'<path class="sh" transform="rotate({digest[1] % 4 * 90} 20 20)" d="{shape}"/>'
        f'<text x="20" y="25.4">{escape(initials(name))}</text>',
    )


def avatar(name: str, css: str = "") -> SafeString:
    """One person as a disc with initials. Silent: the name stands beside it."""
    drawn = face(name)
    return _svg(f"ava face {drawn.tone} {css}", "0 0 40 40", "", drawn.inside)


def portrait(name: str, url: str, css: str = "") -> SafeString:
    """One person's picture, in the shape and the place of the disc. Silent: the name stands beside it."""
    return mark_safe(  # noqa: S308  escaped, or a class of ours
        f'<img class="ava portrait {face(name).tone} {escape(css)}" src="{escape(url)}" '
        'width="256" height="256" alt="" loading="lazy" decoding="async">'
    )


def _seated(name: str, x: float, y: float, r: float, css: str = "", url: str = "") -> str:
    drawn = face(name)
    if url:
        return (
            f'<g class="face {drawn.tone}{css}" transform="translate({_n(x - r)} {_n(y - r)}) '
            f'scale({_n(r / 20)})"><circle class="bg" cx="20" cy="20" r="20"/>'
            f'<image class="portrait" href="{escape(url)}" width="40" height="40"/></g>'
        )
    return (
        f'<g class="face {drawn.tone}{css}" transform="translate({_n(x - r)} {_n(y - r)}) '
        f'scale({_n(r / 20)})">{drawn.inside}</g>'
    )


def pair(one: str, other: str, says: str = "", pictures: tuple[str, str] = ("", "")) -> SafeString:
    """Two people at one small table."""
    return _svg(
        "duo-g",
        "0 0 300 130",
        says,
        '<path class="arc on" d="M114 65A36 36 0 0 1 186 65"/>'
        '<path class="arc on" d="M186 65A36 36 0 0 1 114 65"/>'
        '<circle class="wood" cx="150" cy="65" r="30"/>',
        _seated(one, 62, 65, 32, url=pictures[0]),
        _seated(other, 238, 65, 32, url=pictures[1]),
    )


# ---- a crew is a table


def crew_table(
    people: int,
    seats: int,
    *,
    me: int | None = None,
    kept: int = 0,
    done: int = 0,
    total: int = 0,
    sub: str = "",
    mini: bool = False,
    bare: bool = False,
    says: str = "",
    css: str = "",
) -> SafeString:
    """A crew as its table: seats taken, mine, kept and open; the commitment's meetings as its ring.

    `me` is the number of my seat from 0; a kept seat is one that waits for somebody; `sub` are the
    words under the count of meetings held ("of 6"). `bare` leaves the table top and the count out.
    Whoever sits there is drawn even where a crew that was brought along is larger than its seats.
    """
    places = max(seats, people + kept, 1)
    orbit, r = (44.0, 12.0) if mini else (51.0, 7.2)
    r = min(r, orbit * sin(pi / places) * 0.94) if places > 2 else r
    inside = [] if bare else [f'<circle class="wood" cx="60" cy="60" r="{24 if mini else 30}"/>']
    if total and not mini:
        inside.append(ring(60, 35, total, done, seats=places))
        if not bare:
            inside.append(f'<text class="big" x="60" y="{63 if sub else 67}">{done}</text>')
            inside.append(f'<text class="sub" x="60" y="76">{escape(sub)}</text>' if sub else "")
    for i in range(places):
        x, y = on_circle(60, 60, orbit, i / places)
        if i < people:
            kind = "seat me" if i == me else "seat"
        else:
            kind = "seat kept" if i < people + kept else "seat open"
        inside.append(f'<circle class="{kind}" cx="{_n(x)}" cy="{_n(y)}" r="{_n(r)}"/>')
    return _svg(f"table-g{' mini' if mini else ''} {css}", "0 0 120 120", says, *inside)


def hall_table(
    people: Sequence[str],
    seats: int,
    *,
    turn: int | None = None,
    away: Collection[int] = (),
    done: int = 0,
    total: int = 0,
    big: str = "",
    sub: str = "",
    says: str = "",
    pictures: Sequence[str] = (),
) -> SafeString:
    """The large table with its people by name. The one whose `turn` it is, by place, has the candle;
    those who are `away` are drawn as a kept seat. `pictures` are addresses, by place, empty where there is none.
    """
    places = max(seats, len(people), 1)
    c, orbit = 220.0, 170.0
    r = min(27.0, orbit * sin(pi / places) * 0.72) if places > 2 else 27.0
    room = max(4, min(14, int(2 * orbit * sin(pi / places) / 8.2))) if places > 2 else 14
    inside = [f'<circle class="wood" cx="{_n(c)}" cy="{_n(c)}" r="86"/>']
    if total:
        inside.append(ring(c, 99, total, done, seats=places, gap=0.008))
    if big:
        inside.append(f'<text class="big" x="220" y="229">{escape(big)}</text>')
    if sub:
        inside.append(f'<text class="sub" x="220" y="254">{escape(sub)}</text>')
    for i in range(places):
        x, y = on_circle(c, c, orbit, i / places)
        if i >= len(people):
            inside.append(f'<circle class="seat open" cx="{_n(x)}" cy="{_n(y)}" r="{_n(r - 3)}"/>')
            continue
        name = people[i]
        gone = i in away
        url = pictures[i] if i < len(pictures) else ""
        inside.append(_seated(name, x, y, r, " off" if gone else "", url))
        if gone:
            inside.append(f'<circle class="off-ring" cx="{_n(x)}" cy="{_n(y)}" r="{_n(r)}"/>')
        if i == turn:
            inside.append(
                f'<g class="candle" transform="translate({_n(x + r - 3)} {_n(y - r + 5)})">'
                f'<circle r="14"/><path d="{FLAME}"/></g>'
            )
        words = escape(short_name(name, room))
        inside.append(f'<text class="name" x="{_n(x)}" y="{_n(y + r + 18)}">{words}</text>')
    return _svg("hall-g", "0 0 440 446", says, *inside)


def candle() -> SafeString:
    """The candle alone, for a key beside the large table."""
    return _svg("candle", "-16 -16 32 32", "", f'<circle r="14"/><path d="{FLAME}"/>')


def away_ring() -> SafeString:
    """The dashed ring of someone who is away, for a key beside the large table."""
    return _svg("key-off", "0 0 24 24", "", '<circle class="off-ring" cx="12" cy="12" r="9"/>')


def folded(seats: int, total: int) -> SafeString:
    """What was written lies face down on the table until it opens. Shows no count of it."""
    notes = "".join(
        f'<g transform="rotate({turn} 60 60) translate(60 60)">'
        '<rect class="leaf" x="-15" y="-10" width="30" height="20" rx="3"/>'
        '<path class="fold-l" d="M-15-8L0 2 15-8"/></g>'
        for turn in (-24, 14, -4)
    )
    plain = crew_table(seats, seats, done=total, total=total, bare=True, css="wait-g")
    return mark_safe(plain.removesuffix("</svg>") + notes + "</svg>")  # noqa: S308


# ---- a congregation is a sunflower


def sunflower(total: int, people: int, out: int, says: str = "") -> SafeString:
    """As many places as the threshold: those in a crew, those in none, those still free.

    Past the threshold every person is still drawn and no place is free.
    """
    places = max(total, people, 1)
    spread = 93.0 / sqrt(places)
    r = min(0.66 * spread, 8.0)
    inside = ['<circle class="rim" cx="100" cy="100" r="97"/>']
    for i in range(places):
        distance, angle = spread * sqrt(i + 0.6) * 0.957, i * GOLDEN_ANGLE
        x, y = 100 + distance * cos(angle), 100 + distance * sin(angle)
        kind = "in" if i < people - out else "out" if i < people else "free"
        size = r if kind != "free" else r * 0.885
        inside.append(f'<circle class="{kind}" cx="{_n(x)}" cy="{_n(y)}" r="{_n(size)}"/>')
    return _svg("sun-g", "0 0 200 200", says, *inside)


# ---- rhythm is notation


def head(kind: str) -> SafeString:
    """One meeting as a note, sized by how many came: full, most, some; none and rest are rests;
    next and later are still to come; '' is a week without one. Words stand beside it.
    """
    return _svg("head-g", "0 0 24 24", "", _HEADS[kind])


def how_many(came: int, of: int) -> str:
    """The kind of `head` for a meeting to which `came` of `of` came."""
    if came <= 0:
        return "none"
    if came >= of:
        return "full"
    return "most" if 2 * came >= of else "some"


def weigh(count: int, of: int, width: int = 0) -> SafeString:
    """How many dots a thing was given, or meetings were held, as notes in a row."""
    return _svg(
        "weigh",
        f"0 0 {max(of, width) * 14} 14",
        "",
        *(
            f'<circle class="{"b" if i < count else "later"}" cx="{i * 14 + 7}" cy="7"'
            f' r="{"5" if i < count else "4.2"}"/>'
            for i in range(of)
        ),
    )


def flags7(flags: str | Iterable[object]) -> list[bool]:
    """Seven days from Monday as booleans, from "0101001" or any seven values."""
    values = [bool(f) and f != "0" for f in flags][:7]
    return values + [False] * (7 - len(values))


# ---- the mark


def mark(css: str = "mark") -> SafeString:
    """The product's mark: a table with six seats."""
    seats = "".join(
        f'<circle class="seat" cx="{_n(x)}" cy="{_n(y)}" r="12"/>'
        for x, y in (on_circle(60, 60, 47, i / 6) for i in range(6))
    )
    return _svg(css, "0 0 120 120", "", '<circle class="arc" cx="60" cy="60" r="24"/>', seats)


def step_ring(minutes: Sequence[int], at: int, gone: float) -> SafeString:
    """The steps of a practice round its clock, each as long as its minutes: those done are lit, and of the one
    they are `at` as much as is `gone` of it (0 to 1).
    """
    total = sum(minutes) or 1
    gap = min(0.007, 0.15 / max(len(minutes), 1))
    parts, start = ['<circle class="wood" cx="120" cy="120" r="84"/>'], 0.0
    for number, length in enumerate(minutes):
        end = start + length / total
        edge = min(gap, (end - start) / 3)
        line = arc(120, 104, start + edge, end - edge, "arc on" if number < at else "arc")
        parts.append(line)
        if number == at:
            dash = f' pathLength="100" stroke-dasharray="{_n(100 * gone)} 200" data-arc/>'
            parts.append(line.replace('class="arc"', 'class="arc on"').replace("/>", dash))
        start = end
    return _svg("clock-g", "0 0 240 240", "", *parts)
