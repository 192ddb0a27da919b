"""One crew first: a table and its people, no pool and no ideas, until its hosts grow it for good."""

import io

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import NoReverseMatch, get_resolver, reverse

from congregation.gate import NOT_YET
from congregation.models import Congregation, Event, Invitation, Member, Notice, User
from crews.models import Crew, Crewless, Seat
from hall.arriving import OneCrew, arrive, found
from hall.setting_up import address


@pytest.fixture
def founder(db, now):
    """The first host, at a table of three."""
    host, _is_new = found(
        "Seed Library",
        host_name="Mei Ropata",
        host_email="mei@seeds.example",
        zone="Pacific/Auckland",
        one_crew=OneCrew(3, "Seeds for everyone."),
        now=now,
    )
    host.is_host = True
    return host


@pytest.fixture
def crew(founder):
    return Crew.objects.get()


@pytest.fixture
def invite(founder, now):
    """Invite someone as the host; return the invitation and its token."""
    return lambda name: Invitation.invite(name=name, by=founder, now=now)


@pytest.fixture
def guest(invite, now):
    """Have someone arrive: guest("Ana Sefo")."""

    def come(name):
        row, _token = invite(name)
        user = User.objects.create_user(f"{name.split()[0].lower()}@seeds.example", proven=True)
        member = arrive(row, user, {"name": name}, now=now)
        member.is_host = False
        return member

    return come


def test_founding_lays_one_table_and_seats_its_host(founder, crew):
    here = founder.congregation
    assert here.is_one_crew
    assert (crew.name, crew.purpose, crew.seats_max, crew.seats_taken, crew.state) == (
        "Seed Library",
        "Seeds for everyone.",
        3,
        1,
        Crew.State.FORMING,
    )
    assert crew.sits(founder)
    assert not Crewless.objects.exists()


def test_an_invitation_leads_straight_to_a_seat(founder, crew, guest):
    ana = guest("Ana Sefo")
    crew.refresh_from_db()
    assert crew.sits(ana)
    assert crew.seats_taken == 2
    assert not Crewless.objects.exists()


def test_whoever_comes_through_the_door_sits_down(founder, crew, invite, client_of, now):
    _row, token = invite("Ana Sefo")
    page = Client().get(reverse("welcome", args=[token]))
    assert "At the table of Seed Library, a crew of one person so far, with 3 seats." in page.text
    user = User.objects.create_user("ana@seeds.example", proven=True)
    browser = Client()
    browser.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    answer = browser.post(reverse("welcome", args=[token]), {"name": "Ana Sefo"})
    assert answer["Location"] == f"/c/{founder.congregation.slug}/"
    home = browser.get(answer["Location"]).text
    assert "Seed Library" in home
    assert "Your crew" in home
    for closed in ("ideas", "pool"):
        assert reverse(closed, kwargs={"slug": founder.congregation.slug}) not in home


def test_nobody_comes_in_beyond_the_last_seat(founder, crew, guest, invite, now):
    late, token = invite("Noor Haddad")
    guest("Ana Sefo")
    guest("Dov Levi")
    before = Congregation.objects.get().places_taken
    page = Client().get(reverse("welcome", args=[token]))
    assert page.status_code == 409
    assert "Every seat at this table is taken" in page.text
    user = User.objects.create_user("noor@seeds.example", proven=True)
    with pytest.raises(ValidationError, match="This table is full"):
        arrive(late, user, {"name": "Noor Haddad"}, now=now)
    # All of it or nothing: no member, no place, and the invitation is still open.
    assert not Member.objects.filter(user=user).exists()
    assert Congregation.objects.get().places_taken == before == 3
    late.refresh_from_db()
    assert late.accepted_at is None
    assert Seat.objects.taken().count() == 3


def test_a_members_invitation_still_waits_for_a_host(founder, guest, now):
    row, token = Invitation.invite(name="Noor", by=guest("Ana Sefo"), now=now)
    assert token == ""
    assert row.waits


def test_rooms_that_are_not_open_yet_say_so(founder, client_of):
    browser, slug = client_of(founder), founder.congregation.slug
    names = {name for name in get_resolver().reverse_dict if isinstance(name, str)} | _all_names(
        get_resolver().url_patterns
    )
    assert names >= NOT_YET
    for name in sorted(NOT_YET):
        try:
            address = reverse(name, kwargs={"slug": slug})
        except NoReverseMatch:
            address = reverse(name, kwargs={"slug": slug, "pk": founder.pk})
        page = browser.get(address)
        assert page.status_code == 404, name
        assert "This room opens later" in page.text
    assert browser.get(reverse("idea", kwargs={"slug": slug, "pk": founder.pk})).status_code == 404
    assert browser.post(reverse("idea-new", kwargs={"slug": slug})).status_code == 404


def _all_names(patterns):
    found = set()
    for pattern in patterns:
        if hasattr(pattern, "url_patterns"):
            found |= _all_names(pattern.url_patterns)
        else:
            found.add(pattern.name)
    return found


def test_ideas_and_the_pool_are_all_closed():
    """A room that is added beside these later is not forgotten."""
    for name in _all_names(get_resolver().url_patterns):
        if name and name.startswith(
            ("idea", "pool", "card", "looking", "seed-plant", "season", "proposal")
        ):
            assert name in NOT_YET, name


def test_it_shows_a_table_and_no_figures(founder, crew, client_of, at):
    browser = client_of(founder)
    host = browser.get(at(founder, "host")).text
    assert "Room for two more" in host
    assert "sunflower" not in host
    assert "in none" not in host
    assert browser.get(at(founder, "crews"))["Location"] == crew.get_absolute_url()
    people = browser.get(at(founder, "people")).text
    assert "Looking for a crew" not in people
    home = browser.get(at(founder, "home")).text
    assert at(founder, "host") not in home
    assert browser.get(crew.get_absolute_url()).status_code == 200


def test_a_host_grows_it_once_and_for_good(founder, crew, guest, client_of, at, now):
    ana = guest("Ana Sefo")
    browser = client_of(founder)
    assert "What opens" in browser.get(at(founder, "grow")).text
    answer = browser.post(at(founder, "grow"), {"name": "Ōtaki Valley"})
    assert answer["Location"] == at(founder, "host")
    here = Congregation.objects.get()
    assert (here.stage, here.name, here.grown_at) == (Congregation.Stage.WHOLE, "Ōtaki Valley", now)
    crew.refresh_from_db()
    assert crew.name == "Seed Library"
    assert browser.get(at(founder, "ideas")).status_code == 200
    assert "Ōtaki Valley" in client_of(ana).get(at(ana, "notices")).text

    # Twice is once, and nothing turns it back.
    browser.post(at(founder, "grow"), {"name": "Something Else"})
    here.grow(by=founder, now=now)
    here.refresh_from_db()
    assert here.name == "Ōtaki Valley"
    assert Event.objects.filter(verb="congregation.grow").count() == 1
    assert Notice.objects.filter(kind="congregation.grown").get().recipient == ana
    with pytest.raises(IntegrityError), transaction.atomic():
        Congregation.objects.filter(pk=here.pk).update(stage="one_crew")

    # From now on an invitation leads to the congregation, not to the table.
    noor = guest("Noor Haddad")
    assert not crew.sits(noor)
    assert Crewless.objects.get().member == noor


def test_only_a_host_grows_it(founder, guest, client_of, at, outsider, now):
    ana = guest("Ana Sefo")
    assert client_of(ana).get(at(ana, "grow")).status_code == 403
    assert client_of(ana).post(at(ana, "grow"), {"name": "X"}).status_code == 403
    assert client_of(outsider).post(at(founder, "grow"), {"name": "X"}).status_code == 404
    for person in (ana, outsider):
        with pytest.raises(PermissionDenied):
            founder.congregation.grow(by=person, now=now)
    assert Congregation.objects.get(pk=founder.congregation_id).is_one_crew


def test_a_name_without_letters_is_asked_for_again(founder, client_of, at):
    answer = client_of(founder).post(at(founder, "grow"), {"name": " - "})
    assert answer.status_code == 422
    assert "What is it called?" in answer.text


@pytest.mark.parametrize("seats", [2, 9])
def test_a_table_has_three_to_eight_seats(db, now, seats):
    with pytest.raises(ValidationError, match="3 to 8 seats"):
        found("X", host_name="M", host_email="m@x.example", one_crew=OneCrew(seats), now=now)
    assert not Congregation.objects.exists()


def test_the_command_founds_one_crew(db):
    said = io.StringIO()
    words = ["Seed Library", "--host-name=Mei", "--host-email=mei@x.example", "--one-crew"]
    call_command("found", *words, "--seats=5", "--purpose=Seeds.", stdout=said)
    crew = Crew.objects.get()
    assert (crew.name, crew.seats_max, crew.purpose) == ("Seed Library", 5, "Seeds.")
    call_command("found", *words, stdout=said)
    assert Crew.objects.count() == 1
    with pytest.raises(CommandError, match="3 to 8"):
        call_command("found", "Other", *words[1:], "--seats=12", stdout=said)


def test_the_set_up_founds_one_crew(client, db):
    address.close()
    token = address.new().rstrip("/").rsplit("/", 1)[-1]
    try:
        client.post(reverse("setup-begin", args=[token]), {"way": "crew"})
        about = {"name": "Seed Library", "purpose": "", "seats": "4", "zone": "Pacific/Auckland"}
        part = reverse("setup-part", args=[token, "crew"])
        assert client.get(part).status_code == 200
        assert client.post(part, about | {"seats": "9"}).status_code == 422
        client.post(part, about)
        you = {"name": "Mei", "email": "mei@x.example", "password": "seven tables and a lamp"}
        client.post(reverse("setup-part", args=[token, "you"]), you)
        answer = client.post(reverse("setup-finish", args=[token]))
        assert Congregation.objects.get().is_one_crew
        assert Crew.objects.get().seats_max == 4
        assert "Look at your table" in client.get(answer["Location"]).text
    finally:
        address.close()
