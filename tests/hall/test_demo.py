"""The demo: the same for the same seed, at every stage, alive, and gone without a trace."""

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.contrib.auth.hashers import is_password_usable
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import connection, transaction
from django.urls import reverse

from congregation import clock
from congregation.models import Congregation, Host, Invitation, Mail, Member, Notice, User
from crews.models import Card, Crew, FreeTime, Hello, Idea, Request, Seat, Table
from hall import demo
from hall.demo import keeping, names, words
from hall.demo.copying import tenanted
from rhythms.models import Commitment, CommitmentYes, Decision, LookBack, Meeting

pytestmark = pytest.mark.django_db

PASSWORD = "kettle-and-thread"


@pytest.fixture(autouse=True)
def _data(tmp_path, monkeypatch, settings):
    """Whatever a demo keeps in the data folder lies in one of the test's own."""
    monkeypatch.setattr(keeping, "SEED", tmp_path / "demo-seed")
    monkeypatch.setattr(keeping, "PRINTED", tmp_path / "demo.json")
    settings.MAIL_FOLDER = tmp_path / "mail"
    settings.MAIL_FOLDER.mkdir()


@pytest.fixture
def small(now):
    """Fill the database with a small demo: small(seed=2)."""

    def make(**options):
        sizes = {"congregations": 1, "people": 16, "days": 84, "seed": 1, "now": now}
        return demo.fill(**(sizes | {"password": PASSWORD} | options))

    return make


@pytest.fixture
def is_demo(settings):
    """An installation that was started with --demo."""
    settings.DEMO = True


def crew(purpose):
    return Crew.objects.select_related("congregation").get(name=purpose.name)


def current(purpose):
    return Commitment.objects.filter(crew__name=purpose.name).latest("number")


def person(name):
    member = Member.objects.get(name=name.name, congregation__slug=words.SLUG)
    member.is_host = Host.objects.filter(member=member).exists()
    return member


# ---- the same seed


@pytest.mark.once
def test_the_same_seed_makes_the_same_demo_on_any_day_and_it_lives_on_the_same(small, now):
    def made(now, **options):
        with transaction.atomic():
            found = small(now=now, **options)["digest"]
            demo.live(now=now + timedelta(days=1))
            later = small(now=now)["digest"]
            transaction.set_rollback(True)
        return found, later

    first = made(now)
    assert first[0] != first[1]
    assert made(now + timedelta(days=17, hours=9)) == first
    assert made(now, seed=2)[0] != first[0]


# ---- every stage


def test_every_stage_is_there(now, client):
    found = demo.fill(congregations=1, people=60, days=280, seed=1, password=PASSWORD, now=now)
    assert found["congregations"] == [
        {"slug": words.SLUG, "name": words.NAME, "people": 60, "crews": 11}
    ]
    here = Congregation.objects.get()
    assert here.is_demo
    assert here.places_taken == 60

    held = Meeting.objects.filter(state=Meeting.State.HELD)
    kettle = current(words.KETTLE)
    assert (kettle.state, kettle.number, kettle.times) == (Commitment.State.RUNNING, 1, 6)
    assert held.filter(commitment=kettle).count() == 2
    third = Meeting.objects.get(commitment=kettle, number=3)
    assert now < third.starts_at < now + timedelta(hours=27)

    threads = LookBack.objects.get(crew=crew(words.THREADS))
    assert not threads.is_revealed
    written = Decision.objects.filter(lookback=threads, written_at__isnull=False)
    assert 0 < written.count() < threads.asked().count()
    assert not written.filter(member=person(names.MEMBER)).exists()

    letters = current(words.LETTERS)
    assert (letters.state, letters.number) == (Commitment.State.PROPOSED, 2)
    assert LookBack.objects.get(crew=crew(words.LETTERS)).is_revealed
    said = CommitmentYes.objects.filter(commitment=letters)
    assert not said.filter(member=person(names.HOST)).exists()

    wages = current(words.WAGES)
    assert (wages.state, wages.number) == (Commitment.State.RUNNING, 3)
    assert crew(words.NIGHTS).state == Crew.State.RESTING
    assert crew(words.DOUGH).state == Crew.State.ENDED
    assert current(words.TABLE).rhythm.tempo == "fortnightly"
    assert current(words.TIDES).rhythm.tempo == "monthly"
    fading = Meeting.objects.filter(crew=crew(words.PLAN), ends_at__lt=now).order_by("starts_at")
    assert [m.state for m in fading][-3:] == [Meeting.State.NOT_HELD] * 3
    assert Crew.objects.filter(is_partnership=True, state=Crew.State.ACTIVE).count() == 2

    idea, forming = (Idea.objects.get(name=one.name) for one in (words.OPEN, words.FORMING))
    assert idea.is_open(now=now)
    assert idea.would_join().count() >= 3
    assert forming.state == Idea.State.FORMING
    table = Table.objects.get(idea=forming)
    asked = set(table.places.values_list("member", flat=True))
    yeses = set(table.answers.filter(is_yes=True).values_list("member", flat=True))
    assert asked - yeses == {person(names.MEMBER).pk}

    member = person(names.MEMBER)
    hello = Hello.objects.open().waiting_for(member, now=now).get()
    assert hello.times.exclude(member=member).exists()
    assert Request.objects.filter(state=Request.State.OPEN, crew=crew(words.KETTLE)).exists()
    facilitator = person(names.FACILITATOR)
    unnoted = Meeting.objects.unlogged_by(facilitator, now=now).get()
    assert unnoted.plan.facilitator == facilitator

    looking = Card.objects.looking()
    assert looking.count() >= 14
    assert all(card.is_written and card.topic_words for card in looking)
    assert FreeTime.objects.filter(member__card__in=looking).count() > 2 * looking.count()
    assert Card.objects.filter(state=Card.State.HAPPY).count() == 3
    assert Member.objects.filter(joined_at__gt=now - timedelta(days=30)).count() >= 4
    assert not Seat.objects.filter(member=person(names.NEWCOMER)).exists()
    hosts = Host.objects.in_term(now)
    assert hosts.count() == 3
    assert hosts.filter(until__lte=(now + timedelta(days=60)).date()).count() == 1
    states = [one.state(now=now) for one in Invitation.objects.pending()]
    assert states.count(Invitation.State.OPEN) == 2
    assert states.count(Invitation.State.WAITING) == 1
    assert Notice.objects.unseen().filter(recipient=member).count() >= 3

    # What holds always.
    connection.check_constraints()
    for one in Crew.objects.all():
        taken = Seat.objects.taken().filter(crew=one).count()
        assert taken == one.seats_taken <= one.seats_max
        assert one.state != Crew.State.ACTIVE or taken >= one.least
    assert not Mail.objects.filter(made_at__lt=now - timedelta(days=3)).exists()
    assert not Meeting.objects.filter(
        crew__isnull=False, state=Meeting.State.PLANNED, ends_at__lt=now - timedelta(days=3)
    ).exists()

    # Only those that are printed have a password, and it works.
    usable = [user.email for user in User.objects.all() if is_password_usable(user.password)]
    assert sorted(usable) == sorted(one["email"] for one in found["sign_ins"])
    assert [one["role"] for one in found["sign_ins"]] == [
        "host",
        "facilitator",
        "member",
        "newcomer",
    ]
    for one in found["sign_ins"]:
        client.logout()
        assert client.get(one["page"]).status_code == 302
        reply = client.post(
            reverse("account_login"), {"login": one["email"], "password": one["password"]}
        )
        assert reply.status_code == 302, reply.content.decode()
        page = client.get(one["page"])
        assert page.status_code == 200
        assert page.context["member"].name == one["name"]


# ---- the command


@pytest.mark.once
def test_the_command_prints_what_is_there_and_leaves_a_demo_as_it_is(db):
    def run():
        out, err = StringIO(), StringIO()
        call_command("demo", people=16, years=0.25, stdout=out, stderr=err)
        return json.loads(out.getvalue()), err.getvalue()

    first, told = run()
    assert "week" in told
    assert first["seconds"] >= 0
    assert len({one["password"] for one in first["sign_ins"]}) == 4
    again, told = run()
    assert "is here already" in told
    assert again["digest"] == first["digest"]
    assert again["congregations"] == first["congregations"]
    for one in again["sign_ins"]:
        assert User.objects.get(email=one["email"]).check_password(one["password"])


def test_it_refuses_to_live_beside_a_real_congregation(congregation, small, capsys):
    with pytest.raises(ValidationError, match="no demo"):
        small()
    with pytest.raises(SystemExit) as stop:
        call_command("demo", stderr=StringIO())
    assert stop.value.code == 2
    assert Congregation.objects.get() == congregation


@pytest.mark.parametrize(
    "sizes", [{"people": 3}, {"people": 201}, {"congregations": 0}, {"days": 30}]
)
def test_it_refuses_sizes_that_cannot_be(sizes, small):
    with pytest.raises(ValidationError):
        small(**sizes)
    assert not Congregation.objects.exists()


# ---- further congregations, and the end of all


def test_copies_have_the_same_shape_and_other_names_and_all_of_it_goes(
    small, request, settings, client_of
):
    found = small(congregations=3)
    assert [one["people"] for one in found["congregations"]] == [16] * 3
    assert len({one["slug"] for one in found["congregations"]}) == 3
    connection.check_constraints()
    first = Congregation.objects.get(slug=words.SLUG)
    for copy in Congregation.objects.exclude(slug=words.SLUG):
        for model in tenanted():
            count = model.objects.filter(congregation=first).count()
            assert model.objects.filter(congregation=copy).count() == count, model
        ours, theirs = (
            set(Member.objects.filter(congregation=one).values_list("name", flat=True))
            for one in (first, copy)
        )
        assert len(theirs - ours) > 10
        card = Card.objects.filter(congregation=copy, state=Card.State.LOOKING).first()
        assert card.meaning in words.MEANINGS
        named = Crew.objects.filter(congregation=copy, is_partnership=False).first()
        assert named.name != words.KETTLE.name
        assert not Mail.objects.filter(notice__congregation=copy).exists()
    assert User.objects.count() == 48
    assert {user.email_key for user in User.objects.all() if user.email_key != user.email} == set()

    # Then someone founds a real one, and takes the demo away.
    stays = request.getfixturevalue("make_member")("Bea Stays")
    real = stays.congregation
    client_of(person(names.HOST))
    client_of(stays)
    mine = {"mail.log": stays.user.email, "theirs.log": person(names.HOST).user.email}
    for name, to in mine.items():
        (settings.MAIL_FOLDER / name).write_text(f"To: {to}\nSubject: Hello\n\nHello\n")
    demo.remove()
    assert Congregation.objects.get() == real
    assert User.objects.get() == stays.user
    for model in tenanted():
        left = model.objects.exclude(congregation=real).count()
        assert left == 0, model
    assert not Mail.objects.exists()
    assert Session.objects.count() == 1
    assert [path.name for path in settings.MAIL_FOLDER.iterdir()] == ["mail.log"]
    assert not keeping.SEED.exists()
    connection.check_constraints()


# ---- it lives on


def test_it_lives_on_and_a_crew_goes_round(small, now):
    small()
    kettle, member = crew(words.KETTLE), person(names.MEMBER)
    seen = set()
    for day in range(1, 37):
        demo.live(now=now + timedelta(days=day))
        for row in Commitment.objects.filter(crew=kettle):
            seen.add((row.number, str(row.state)))
    assert {
        (1, "running"),
        (1, "looking_back"),
        (1, "ended"),
        (2, "proposed"),
        (2, "running"),
    } <= seen
    assert Meeting.objects.filter(crew=kettle, state=Meeting.State.HELD).count() >= 5
    # Nobody is played twice: those with a password do nothing by themselves.
    assert not Decision.objects.filter(
        member=member, written_at__gt=now, lookback__crew=kettle
    ).exists()
    assert Seat.objects.filter(crew=kettle, member=member, kept_until__isnull=False).exists()
    connection.check_constraints()


# ---- its pages


def test_an_installation_that_is_no_demo_has_none_of_its_pages(client, member, client_of):
    for browser in (client, client_of(member)):
        assert browser.post(reverse("demo-move"), {"by": "day"}).status_code == 404
        assert browser.get(reverse("demo-mail")).status_code == 404
        assert browser.get(reverse("demo-remove")).status_code == 404
        assert browser.post(reverse("demo-remove")).status_code == 404


@pytest.mark.once
def test_the_clock_moves_by_a_day_or_a_week_and_all_is_removed_after_a_question(
    is_demo, small, client_of, at, now
):
    small()
    host = person(names.HOST)
    browser = client_of(host)
    home = at(host, "home")
    assert b"Today is" in browser.get(home).content
    reply = browser.post(reverse("demo-move"), {"by": "day", "next": home})
    assert (reply.status_code, reply.url) == (302, home)
    assert clock.now() == now + timedelta(days=1)
    browser.post(reverse("demo-move"), {"by": "week", "next": "https://elsewhere.example/"})
    assert clock.now() == now + timedelta(days=8)
    for wrong in ({"by": "year"}, {}):
        assert browser.post(reverse("demo-move"), wrong).url == "/"
    assert clock.now() == now + timedelta(days=8)
    assert browser.get(reverse("demo-move")).status_code == 405

    assert b"Remove the demo?" in browser.get(reverse("demo-remove")).content
    assert Congregation.objects.exists()
    assert browser.post(reverse("demo-remove")).url == "/"
    assert not Congregation.objects.exists()
    assert not User.objects.exists()
    assert browser.post(reverse("demo-remove")).status_code == 302
    demo.live(now=now)


@pytest.mark.once
def test_its_mail_lies_on_a_page(is_demo, client, settings):
    assert b"No mail yet" in client.get(reverse("demo-mail")).content
    (settings.MAIL_FOLDER / "one.log").write_text(
        "To: imani@larkmouth.example\nSubject: Your crew meets tomorrow\n"
        "Content-Type: text/plain; charset=utf-8\n\nSee you <b>there</b>\n" + "-" * 79 + "\n",
        encoding="utf-8",
    )
    page = client.get(reverse("demo-mail")).content.decode()
    assert "Your crew meets tomorrow" in page
    assert "imani@larkmouth.example" in page
    assert "See you &lt;b&gt;there" in page
