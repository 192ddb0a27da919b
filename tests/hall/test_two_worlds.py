"""Two worlds that differ by one choice of one person: to everyone else they are the same, byte for byte.

Ana chooses something for herself alone: that she would like to talk with Noor, or that she would rather not
be with her. Then the same things happen in both worlds, while everybody else opens every page there is.
Compared are the answers with their headers, the number of statements, the lines of the log, the events,
notices and mail of everyone but Ana.
"""

import hashlib
import logging
import os
import re
import time
from datetime import timedelta

import pytest
from django.core import mail as sent
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from congregation import clock, outbox
from congregation.models import Event, Notice
from crews.models import Card, FreeTime, Idea, Interest, Introduction, LeftOut, NotWith
from hall import sweep
from rhythms import renewing, weighing
from rhythms.models import Answers, Arrival, LookBack, Slip
from tests.crews.looking import EVENINGS
from tests.test_doors import ADDRESSES, NAMES, OF_THE_SERVER, OPEN, Posted

# Every page of a congregation that can be opened, and not only sent to.
PAGES = [
    name
    for name in NAMES
    if name not in OPEN | OF_THE_SERVER and not isinstance(ADDRESSES[name][0], Posted)
]

# What differs between two answers to the same question, whatever is in them.
MASK = {
    "CSRF token": r'(?<=name="csrfmiddlewaretoken" value=")[^"]*',
    "nonce": r"(?<=nonce[-=])[\w+/=\"-]+",
    "session": r"(?<=sessionid=)\w+",
    "Date": r"(?<='Date', ')[^']*",
    "Message-ID": r"(?<='Message-ID': ')[^']*",
}
ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def masked(text):
    for name, pattern in MASK.items():
        text = re.sub(pattern, f"({name})", text)
    return text


class Worlds:
    """Plays the same days again and again, each time from the same rows."""

    def __init__(self, rows, ana, others, client_of, caplog, monkeypatch):
        self.rows = rows
        self.ana, self.others, self.caplog = ana, others, caplog
        self.browsers = {name: client_of(person) for name, person in others.items()}
        self.hers = client_of(ana)
        self.seen, self.ids, self.step, self.moved = {}, {}, 0, timedelta(0)
        # New ids are drawn alike in both worlds, by where in the story one is; as far as Ana draws none.
        self.drawn = 0
        monkeypatch.setattr(os, "urandom", self.draw)
        # So are signatures, which hold the second in which they were made.
        monkeypatch.setattr(time, "time", lambda: 1_795_000_000.0)

    def draw(self, size):
        self.drawn += 1
        return hashlib.shake_256(f"{self.step} {self.drawn}".encode()).digest(size)

    def next(self):
        self.step, self.drawn = self.step + 1, 0

    def play(self, story, choice):
        """Return all that others get to see of a story that begins with a choice."""
        self.seen, self.ids, self.step, self.moved = {}, {}, 0, timedelta(0)
        with transaction.atomic():
            choice()
            story(self)
            self.note("events", self.events())
            self.note("notices", self.notices())
            transaction.set_rollback(True)
        clock.move(-self.moved)
        return self.seen

    def note(self, name, value):
        """Note what others see. Ids are random: what counts is where the same one comes again."""
        assert name not in self.seen, name
        self.seen[name] = ID.sub(self.number, repr(value))

    def number(self, found):
        return f"id {self.ids.setdefault(found[0], len(self.ids))}"

    def ask(self, who, name, /, data=None, **kwargs):
        """Open a page as someone, or send a form, and note everything about the answer."""
        self.next()
        browser = self.browsers[who]
        url = reverse(name, kwargs={"slug": self.ana.congregation.slug, **kwargs})
        self.caplog.clear()
        with CaptureQueriesContext(connection) as queries:
            answer = browser.post(url, data) if data is not None else browser.get(url)
        lines = [
            {key: value for key, value in getattr(line, "facts", {}).items() if key != "ms"}
            | {"says": line.getMessage()}
            for line in self.caplog.records
            if line.name.startswith("tableful")
        ]
        self.note(
            (self.step, who, name),
            (
                answer.status_code,
                masked(answer.content.decode()),
                masked(str(sorted(answer.headers.items()))),
                len(queries),
                lines,
            ),
        )

    def she(self, name, data, /, **kwargs):
        """Let Ana send a form, in both worlds alike."""
        self.next()
        url = reverse(name, kwargs={"slug": self.ana.congregation.slug, **kwargs})
        assert self.hers.post(url, data).status_code == 302

    def walk(self, *names, idea=None):
        """Let everyone else open these pages, or every page that can be opened."""
        rows = self.rows | ({"idea": {"pk": idea.pk}} if idea else {})
        for name in names or PAGES:
            key = ADDRESSES[name][1]
            for who in self.others:
                self.ask(who, name, **(rows[key] if key else {}))

    def sweep(self, **later):
        """Let time pass, and do what is due then; read the mail that went to others."""
        self.next()
        by = timedelta(**later)
        clock.move(by)
        self.moved += by
        sent.outbox = []
        sweep.due(now=clock.now())
        while outbox.deliver(now=clock.now()):
            pass
        hers = self.ana.user.email
        letters = [
            (letter.subject, letter.to, masked(letter.body), masked(str(letter.extra_headers)))
            + tuple(str(part) for part in (*letter.alternatives, *letter.attachments))
            for letter in sent.outbox
            if hers not in letter.to
        ]
        self.note((self.step, "mail"), sorted(letters, key=str))

    def events(self):
        people = self.others.values()
        return [
            list(
                Event.objects.visible_to(person).order_by("at", "pk").values_list("verb", "subject")
            )
            for person in people
        ]

    def notices(self):
        theirs = Notice.objects.exclude(recipient=self.ana).order_by("made_at", "pk")
        return list(theirs.values_list("recipient", "kind", "about", "occasion", "made_at"))


@pytest.fixture
def worlds(world, member, peer, mate, host, now, client_of, caplog, monkeypatch):
    """All four look for a crew, and are free on the same evenings."""
    caplog.set_level(logging.DEBUG)
    for person in (member, peer, mate, host):
        card = Card.objects.get(member=person)
        card.write({"topics": "rivers", "kinds": ["support"]}, by=person)
        FreeTime.objects.bulk_create(
            FreeTime(congregation=member.congregation, member=person, weekday=d, begins=b, ends=e)
            for d, b, e in EVENINGS
        )
    evening = world["evening"]["pk"]
    Arrival.objects.bulk_create(
        Arrival(
            congregation=member.congregation, evening_id=evening, member=person,
            state="here", is_new=False, at=now,
        )
        for person in (peer, mate)
    )  # fmt: skip
    others = {"Noor": peer, "Dov": mate, "Mei, who hosts": host}
    return Worlds(world, member, others, client_of, caplog, monkeypatch)


@pytest.fixture
def her_idea(member, now):
    """An idea of Ana's, which others will answer."""
    import datetime as dt

    return Idea.float(
        by=member, now=now, name="Night Choir", intention="Sing.", kind="support", tempo="weekly",
        times=6, minutes=90, begins_on=dt.date(2027, 1, 10), begins_at=dt.time(19),
        place="Levin", is_online=False, holds="", ritual="", spoils="",
    )  # fmt: skip


class InACrew(Worlds):
    """Two worlds in which Ana's own crew looks on: what she writes for herself lies face down there."""


@pytest.fixture
def crew_worlds(world, member, mate, facilitator, host, client_of, caplog, monkeypatch):
    """Dov and Joel sit with her; the look-back of their crew is open, and they weigh the last one."""
    caplog.set_level(logging.DEBUG)
    others = {"Dov": mate, "Joel": facilitator, "Mei, who hosts": host}
    return InACrew(world, member, others, client_of, caplog, monkeypatch)


def nothing():
    """What happens in the first world."""


def same(one, other):
    assert one.keys() == other.keys()
    for key in one:
        assert one[key] == other[key], key


ON = {"on": "1"}


@pytest.mark.parametrize("wish", ["kept", pytest.param("taken back", marks=pytest.mark.slow)])
def test_one_would_like_to_talk(worlds, member, peer, mate, now, wish):
    def choose():
        Interest.keep(peer.pk, by=member, now=now)
        if wish == "taken back":
            Interest.take_back(peer.pk, by=member)

    def story(them):
        them.walk()
        # After the evening at which all of them were, each is asked whom they would sit with again.
        them.sweep(hours=6)
        them.walk("evening", "home")
        # The one who is wished for wishes somebody else, and takes it back again.
        them.ask("Noor", "interest", ON, pk=mate.pk)
        them.ask("Noor", "interest", {"on": "0"}, pk=mate.pk)
        them.ask("Dov", "interest", ON, pk=peer.pk)
        them.ask("Noor", "looking", {"state": "not_now"})
        them.ask("Noor", "looking", {"state": "looking"})
        them.sweep(days=3)
        them.walk("home", "pool", "people", "notices")
        them.sweep(days=5)
        them.walk("home", "pool", "people", "notices", "host")

    same(worlds.play(story, nothing), worlds.play(story, choose))


@pytest.mark.parametrize(
    "left_out",
    [
        "not with",
        pytest.param("not now", marks=pytest.mark.slow),
        pytest.param("for good, and mates", marks=pytest.mark.slow),
    ],
)
def test_one_would_rather_not_be_with_someone(
    worlds,
    her_idea,
    member,
    peer,
    mate,
    facilitator,
    now,
    left_out,
):
    def choose():
        if left_out == "not with":
            NotWith.choose(peer, by=member, now=now)
        elif left_out == "not now":
            LeftOut.not_now(peer, by=member, now=now)
        else:
            LeftOut.for_good(peer, by=member)
            LeftOut.mates(True, by=member)

    def story(them):
        them.walk()
        # Noor would like to talk with Ana, week after week, and would join her idea.
        them.ask("Noor", "interest", ON, pk=member.pk)
        them.ask("Noor", "idea-answer", {"choice": "join", "word": "Alto."}, pk=her_idea.pk)
        them.sweep(minutes=1)
        them.ask("Dov", "idea-answer", {"choice": "join"}, pk=her_idea.pk)
        them.sweep(minutes=1)
        them.walk("idea", "ideas", "home", "notices", "pool", idea=her_idea)
        # A host would introduce the two to each other.
        them.ask("Mei, who hosts", "introduction-new", {"other": str(peer.pk)}, pk=member.pk)
        them.sweep(minutes=1)
        offered = Introduction.objects.get(member=member, other=peer)
        them.ask("Noor", "introduction", pk=offered.pk)
        them.ask("Noor", "introduction-answer", {"is_yes": "yes"}, pk=offered.pk)
        her_idea.answer("join", by=facilitator, now=clock.now())
        them.sweep(minutes=1)
        asked = {"people": [str(mate.pk), str(facilitator.pk)]}
        them.she("idea-ask", asked, pk=her_idea.pk)
        them.sweep(minutes=1)
        them.walk("idea", "ideas", "home", "notices", idea=her_idea)
        them.ask("Noor", "idea-answer", {"choice": "another"}, pk=her_idea.pk)
        table = her_idea.tables.get()
        them.ask("Dov", "table-answer", {"is_yes": "yes"}, pk=table.pk)
        them.sweep(days=8)
        them.ask("Noor", "interest", ON, pk=member.pk)
        them.ask("Noor", "idea-answer", {"choice": "join"}, pk=her_idea.pk)
        them.sweep(days=1)
        them.walk("home", "pool", "people", "ideas", "notices", "crews", "host", "member")

    same(worlds.play(story, nothing), worlds.play(story, choose))


# The pages of a look-back, and those that lead to it or tell of it.
ROUND_A_LOOKBACK = (
    "home", "notices", "calendar", "crews", "crew", "meeting", "past-meeting", "lookback", "lookbacks", "slips",
    "manner", "found", "weigh", "host", "member", "people", "lessons",
)  # fmt: skip


@pytest.mark.parametrize(
    "what",
    [
        "written",
        pytest.param("begun", marks=pytest.mark.slow),
        "put by",
        "weighed",
    ],
)
def test_who_has_written_or_weighed(crew_worlds, world, member, mate, now, what):
    lookback = LookBack.objects.get(pk=world["lookback"]["pk"])
    last = LookBack.objects.get(pk=world["found"]["pk"])
    weighing.begin(last, by=mate, now=now)
    theme = last.themes.first()
    words = Answers(said={"celebrate": "Twins.", "change": "End at nine."}, way="end", word="Well.")

    def choose():
        if what == "written":
            renewing.write(lookback, words, by=member, now=now)
        elif what == "begun":
            lookback.draft(words, by=member, now=now)
        elif what == "put by":
            Slip.put(lookback.crew, part="change", words="End at nine.", by=member, now=now)
        else:
            weighing.weigh(last, {theme.pk: 3}, by=member, now=now)

    def walk(them):
        for who in them.others:
            for name in ROUND_A_LOOKBACK:
                key = {
                    "found": "found", "weigh": "found", "past-meeting": "past",
                    **{name: ADDRESSES[name][1] for name in ROUND_A_LOOKBACK if name in ADDRESSES},
                }[name]  # fmt: skip
                page = {"found": "lookback", "weigh": "lookback-weigh", "past-meeting": "meeting"}
                them.ask(who, page.get(name, name), **(them.rows[key] if key else {}))

    def story(them):
        walk(them)
        them.sweep(minutes=5)
        walk(them)
        # One of the others writes and weighs, too.
        said = {"celebrate": "Soup.", "worked": "", "less": "", "change": "", "way": "go"}
        them.ask("Dov", "lookback-write", said, pk=lookback.pk)
        them.ask("Dov", "lookback-weigh", {}, pk=last.pk)
        # Before anyone is reminded: who is told draws ids of its own, by which notices of one moment lie.
        them.sweep(days=1)
        walk(them)

    same(crew_worlds.play(story, nothing), crew_worlds.play(story, choose))
