"""A first evening: whoever sits at the table is expected by name until a host says yes."""

import re
from datetime import timedelta

import pytest
from django.core import mail as sent
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from congregation import clock, outbox
from congregation.models import Congregation, Event, Mail, Member, Notice, User, hashed
from crews.models import Card, Crewless
from rhythms.models import Arrival, ArrivalWords, Evening, EveningLink, Meeting

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
HOUR = timedelta(hours=1)
# The session, the account, the member.
OF_THE_GATE = 3


@pytest.fixture
def evening(host, now):
    """This evening, in an hour, with three places."""
    return call(host, now, places=3)


def call(host, now, **more):
    said = {
        "name": "Soup",
        "starts_at": now + HOUR,
        "minutes": 180,
        "place": "The hall",
        "first_question": "What brings you here?",
        "second_question": "What would you like more of?",
        "places": 30,
    }
    return Evening.call(**said | more, by=host, now=now)


@pytest.fixture
def come(evening, now):
    """Have a stranger sit down: come("Kaia Moana")."""

    def come(name, evening=evening, **said):
        email = f"{name.split()[0].lower()}@guests.example"
        user = User.objects.filter(email_key=email).first()
        user = user or User.objects.create_user(email, proven=True)
        return evening.arrive(user, evening.link.token_hash, name=name, now=now, **said)

    return come


@pytest.fixture
def path(at, host):
    return lambda name, row: at(host, name, pk=row.pk)


@pytest.fixture
def mailbox_code(settings):
    """Return the code that was sent, by way of the outbox."""
    settings.MAILERS = {
        **settings.MAILERS,
        "default": {"BACKEND": "congregation.outbox.OutboxBackend"},
    }

    def code():
        (mail,) = Mail.objects.filter(kind="account")
        text = mail.content.replace("\\n", "\n")
        return re.search(r"\n\s*([A-Z0-9]{3,}-?[A-Z0-9]{3,})\s*\n", text)[1]

    return code


def browser_of(user):
    browser = Client()
    browser.force_login(user, backend=BACKEND)
    return browser


# ---- setting it


SAID = {
    "name": "Soup",
    "date": "2026-11-20",
    "time": "18:30",
    "minutes": "180",
    "place": "The hall",
    "first_question": "Why?",
    "second_question": "What?",
    "places": "20",
}


def test_a_host_sets_it_and_everyone_has_it_in_their_calendar(client_of, host, peer, at, now):
    once = "0c9c1c1e-7a52-4bfb-9a41-0a8f6d9b4f10"
    answer = client_of(host).post(at(host, "evening-new"), SAID | {"once": once})
    evening = Evening.objects.get()
    assert answer["Location"] == evening.get_absolute_url()
    client_of(host).post(at(host, "evening-new"), SAID | {"once": once})
    assert Evening.objects.count() == 1
    # 18:30 in Auckland, in summer.
    assert evening.meeting.starts_at.isoformat() == "2026-11-20T05:30:00+00:00"
    assert Event.objects.filter(verb="evening.call").count() == 1

    page = client_of(peer).get(evening.get_absolute_url()).text
    assert "The hall" in page
    assert evening.link.token not in page
    assert "The picture for the table" not in page
    for name in ("home", "calendar"):
        assert "Soup" in client_of(peer).get(at(peer, name)).text
    meeting = client_of(peer).get(evening.meeting.get_absolute_url())
    assert meeting["Location"] == evening.get_absolute_url()
    ics = client_of(peer).get(at(peer, "meeting-ics", pk=evening.meeting_id)).text
    assert "SUMMARY:Soup" in ics
    assert "LOCATION:The hall" in ics


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"date": "2026-11-18"}, "That moment has passed"),
        ({"places": "0"}, "greater than or equal to 1"),
        ({"places": "61"}, "less than or equal to 60"),
        ({"place": ""}, "This field is required"),
    ],
)
def test_what_does_not_hold_is_said_and_nothing_is_lost(wrong, sentence, client_of, host, at):
    answer = client_of(host).post(at(host, "evening-new"), SAID | wrong)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert 'value="Soup"' in answer.text
    assert not Evening.objects.exists()


def test_only_hosts_set_change_and_close_it(evening, member, outsider, now):
    said = {
        "name": "Mine",
        "starts_at": now + HOUR,
        "minutes": 60,
        "place": "x",
        "first_question": "a",
        "second_question": "b",
        "places": 9,
    }
    for person in (member, outsider):
        with pytest.raises(PermissionDenied):
            evening.change(**said, by=person, now=now)
        with pytest.raises(PermissionDenied):
            evening.call_off(by=person, now=now)
        with pytest.raises(PermissionDenied):
            evening.let_in([], by=person, now=now)
        with pytest.raises(PermissionDenied):
            evening.link.renew(by=person, now=now)
        with pytest.raises(PermissionDenied):
            evening.link.close(by=person, now=now)
    with pytest.raises(PermissionDenied):
        Evening.call(**said, by=member, now=now)


def test_changing_it_moves_its_calendar_entry(evening, host, client_of, path, now):
    answer = client_of(host).post(path("evening-edit", evening), SAID | {"date": "2026-11-21"})
    assert answer["Location"] == evening.get_absolute_url()
    meeting = Meeting.objects.get(pk=evening.meeting_id)
    assert meeting.sequence == 1
    assert meeting.starts_at.isoformat() == "2026-11-21T05:30:00+00:00"
    assert EveningLink.objects.get().places == 20
    # Sent twice is once.
    client_of(host).post(path("evening-edit", evening), SAID | {"date": "2026-11-21"})
    assert Meeting.objects.get(pk=evening.meeting_id).sequence == 1
    assert Event.objects.filter(verb="evening.change").count() == 1


CHANGED = "rhythms.evening_changed"


def test_all_others_are_told_of_another_time_or_place(
    evening, host, member, peer, come, client_of, path, at, now
):
    come("Kaia")
    client_of(host).post(path("evening-edit", evening), SAID | {"date": "2026-11-21"})
    told = Notice.objects.filter(kind=CHANGED)
    present = set(Member.objects.filter(congregation=host.congregation).present())
    assert {notice.recipient for notice in told} == present - {host}
    assert peer in present
    page = client_of(member).get(at(member, "notices")).text
    assert "Soup is now on Sat" in page
    outbox.deliver(now=now)
    mail = next(
        mail for mail in sent.outbox if member.user.email in mail.to and "Soup" in mail.body
    )
    assert "Where: The hall" in mail.body
    assert "Soup" not in mail.subject
    assert "SEQUENCE:1" in mail.attachments[0].content
    # Other questions, or another number of places, are nobody's news.
    number = told.count()
    other = SAID | {"date": "2026-11-21", "places": "9", "first_question": "Who are you?"}
    client_of(host).post(path("evening-edit", evening), other)
    assert EveningLink.objects.get().places == 9
    assert told.count() == number


# ---- sitting down


def test_a_stranger_scans_gives_a_name_and_a_code_and_waits(evening, client, mailbox_code, now):
    table = reverse("at-the-table", args=[evening.link.token])
    page = client.get(table)
    assert page.status_code == 200
    assert "What brings you here?" in page.text
    assert page["Referrer-Policy"] == "strict-origin"
    assert client.post(table, {"name": "", "email": "kaia@x.example"}).status_code == 422
    said = {"name": "Kaia Moana", "email": "kaia@x.example", "first": "Seeds.", "second": "Songs."}
    answer = client.post(table, said)
    assert answer.status_code == 302, answer.text
    # Nothing comes to be before the address is proven.
    assert not Arrival.objects.exists()
    answer = client.post(answer["Location"], {"code": mailbox_code()})
    arrival = Arrival.objects.get()
    assert answer["Location"] == reverse("arrival", args=[arrival.pk])
    assert arrival.member.state == Member.State.EXPECTED
    assert (arrival.words.first, arrival.words.second) == ("Seeds.", "Songs.")
    assert "You sit at the table, Kaia" in client.get(answer["Location"]).text
    # Scanning again leads to the same place, and so does the front door.
    assert client.get(table)["Location"] == answer["Location"]
    assert answer["Location"] in client.get(reverse("door")).text
    evening.let_in([arrival.pk], by=evening.caller, now=now)
    assert answer["Location"] not in client.get(reverse("door"), follow=True).text


def test_who_is_expected_sees_nothing_and_is_a_name_to_hosts_alone(
    evening, come, host, peer, member, client_of, at
):
    arrival = come("Kaia Moana", first="Seeds.")
    kaia = browser_of(arrival.member.user)
    for name in ("home", "people", "calendar", "crews", "ideas", "pool", "more"):
        assert kaia.get(at(host, name)).status_code == 404
    assert kaia.get(evening.get_absolute_url()).status_code == 404
    assert kaia.get(at(host, "member", pk=host.pk)).status_code == 404
    for name in ("people", "home", "crews"):
        assert "Kaia" not in client_of(peer).get(at(peer, name)).text
    assert "Kaia" not in client_of(peer).get(evening.get_absolute_url()).text
    assert client_of(host).get(at(host, "member", pk=arrival.member_id)).status_code == 404
    page = client_of(host).get(evening.get_absolute_url()).text
    assert "Kaia Moana" in page
    assert "Seeds." in page
    assert "kaia@guests.example" not in page
    # Nor do the numbers tell that somebody waits.
    people = client_of(peer).get(at(peer, "people")).text
    here = Member.objects.visible_to(peer).count()
    assert f"All {here} of us" in people


def test_waiting_is_ones_own_page(evening, come, client_of, peer, host):
    url = reverse("arrival", args=[come("Kaia Moana").pk])
    assert client_of(peer).get(url).status_code == 404
    assert client_of(host).get(url).status_code == 404
    assert Client().get(url).status_code == 302


def test_a_member_is_there_at_once_and_takes_no_place(evening, member, client_of):
    table = reverse("at-the-table", args=[evening.link.token])
    page = client_of(member).get(table).text
    assert "I’m here" in page
    assert "Your name</label>" not in page
    client_of(member).post(table, {"first": "Bread."})
    arrival = Arrival.objects.get()
    assert (arrival.state, arrival.is_new) == ("here", False)
    assert EveningLink.objects.get().places_taken == 0


def test_sitting_down_twice_is_once(evening, come, congregation):
    before = Congregation.objects.get(pk=congregation.pk).places_taken
    assert come("Kaia Moana") == come("Kaia Moana")
    assert Congregation.objects.get(pk=congregation.pk).places_taken == before + 1
    assert EveningLink.objects.get().places_taken == 1


def test_there_are_no_more_than_its_places(evening, come, client):
    for name in ("Kaia", "Lou", "Max"):
        come(name)
    with pytest.raises(ValidationError, match="Every place is taken"):
        come("Nia")
    assert Member.objects.filter(name="Nia").count() == 0
    page = client.get(reverse("at-the-table", args=[evening.link.token]))
    assert page.status_code == 409
    with pytest.raises(IntegrityError), transaction.atomic():
        EveningLink.objects.update(places_taken=4)


@pytest.mark.parametrize(
    ("later", "status"), [(-2, 200), (-3, 409), (3, 200), (9, 200), (11, 410), (200, 410)]
)
def test_it_works_from_some_hours_before_until_some_hours_after(
    later, status, host, client, now, monkeypatch
):
    """The evening is in an hour and lasts three."""
    evening = call(host, now)
    monkeypatch.setattr(clock, "now", lambda: now + later * HOUR)
    page = client.get(reverse("at-the-table", args=[evening.link.token]))
    assert page.status_code == status


def test_a_photographed_picture_dies_when_there_is_a_new_one(
    evening, host, client, client_of, path, now
):
    old, key = reverse("at-the-table", args=[evening.link.token]), evening.link.token_hash
    answer = client_of(host).post(path("evening-link", evening))
    assert answer["Location"] == path("evening-poster", evening)
    assert client.get(old).status_code == 404
    assert client.post(old, {"name": "Kaia", "email": "k@x.example"}).status_code == 404
    link = EveningLink.objects.get()
    assert client.get(reverse("at-the-table", args=[link.token])).status_code == 200
    # Nor does it work for one who was about to type their code.
    user = User.objects.create_user("kaia@x.example", proven=True)
    with pytest.raises(ValidationError, match="replaced by a newer one"):
        Evening.objects.get().arrive(user, key, name="Kaia", now=now)
    assert not Member.objects.filter(user=user).exists()

    client_of(host).post(path("evening-link", evening), {"close": "1"})
    link.refresh_from_db()
    assert link.token == ""
    assert client.get(reverse("at-the-table", args=["x" * 32])).status_code == 404
    assert "This link is closed" in client_of(host).get(path("evening-poster", evening)).text


def test_the_link_is_found_by_its_hash_and_kept_sealed(evening):
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT token, token_hash FROM rhythms_eveninglink")
        token, key = cursor.fetchone()
    assert evening.link.token not in str(token)
    assert key == hashed(evening.link.token)


# ---- the hosts' yes


def test_a_host_lets_all_whom_they_see_in_with_one_tap(
    evening, come, host, member, client_of, path, at, now
):
    kaia, lou = come("Kaia Moana"), come("Lou Park")
    late = come("Max")  # came after the host's page was made
    url = path("evening-let-in", evening)
    assert client_of(member).post(url, {"who": [kaia.pk]}).status_code == 403
    assert client_of(host).get(url).status_code == 405
    client_of(host).post(url, {"who": [kaia.pk, lou.pk, "nonsense"]})
    client_of(host).post(url, {"who": [kaia.pk, lou.pk]})
    states = {row.member.name: row.member.state for row in Arrival.objects.all()}
    assert states == {"Kaia Moana": "active", "Lou Park": "active", "Max": "expected"}
    assert late.member.state == Member.State.EXPECTED
    assert set(Crewless.objects.values_list("member__name", flat=True)) >= {
        "Kaia Moana",
        "Lou Park",
    }
    assert Event.objects.filter(verb="member.join").count() == 2
    assert Notice.objects.filter(kind="rhythms.let_in").count() == 2
    browser = browser_of(kaia.member.user)
    answer = browser.get(reverse("arrival", args=[kaia.pk]))
    assert answer["Location"] == at(host, "home")
    assert browser.get(answer["Location"]).status_code == 200
    # Who was there sees who else was, and nobody's answers but their own.
    page = browser.get(evening.get_absolute_url()).text
    assert "Lou Park" in page
    assert "Max" not in page


def test_past_the_warning_each_yes_is_said_again(evening, come, host, congregation, now):
    arrival = come("Kaia Moana")
    Congregation.objects.update(warning_threshold=1)
    evening = Evening.objects.get()
    with pytest.raises(ValidationError, match="say again"):
        evening.let_in([arrival.pk], by=host, now=now)
    assert evening.let_in([arrival.pk], by=host, now=now, again=True) == 1


def test_one_can_be_declined_and_their_answers_go(
    evening, come, host, member, outsider, client_of, path, congregation, now
):
    before = Congregation.objects.get(pk=congregation.pk).places_taken
    arrival = come("Kaia Moana", first="Seeds.")
    url = path("arrival-decline", arrival)
    assert client_of(member).post(url).status_code == 404
    assert client_of(outsider).post(url).status_code == 404
    client_of(host).post(url)
    client_of(host).post(url)
    arrival.refresh_from_db()
    assert arrival.state == Arrival.State.DECLINED
    assert not ArrivalWords.objects.exists()
    assert Congregation.objects.get(pk=congregation.pk).places_taken == before
    assert EveningLink.objects.get().places_taken == 0
    page = browser_of(arrival.member.user).get(reverse("arrival", args=[arrival.pk]))
    assert "Not this time" in page.text
    # Scanning again changes nothing.
    assert come("Kaia Moana").state == Arrival.State.DECLINED


def test_nobody_is_expected_for_longer_than_a_week(evening, come, now):
    arrival = come("Kaia Moana")
    assert Arrival.objects.let_go(now=now + timedelta(days=6)) == 0
    assert Arrival.objects.let_go(now=now + timedelta(days=8)) == 1
    assert Arrival.objects.let_go(now=now + timedelta(days=8)) == 0
    arrival.member.refresh_from_db()
    assert arrival.member.state == Member.State.LEFT


def test_the_first_answer_can_be_carried_to_ones_card(evening, come, host, client_of, path, now):
    arrival = come("Kaia Moana", first="Seeds.", second="Songs.")
    evening.let_in([arrival.pk], by=host, now=now)
    kaia = browser_of(arrival.member.user)
    assert "Put the first on my card" in kaia.get(evening.get_absolute_url()).text
    assert client_of(host).post(path("arrival-carry", arrival)).status_code == 404
    kaia.post(path("arrival-carry", arrival))
    kaia.post(path("arrival-carry", arrival))
    card = Card.objects.get()
    assert (card.meaning, card.state) == ("Seeds.", "not_now")
    card.meaning = "My own words."
    card.save()
    kaia.post(path("arrival-carry", arrival))
    card.refresh_from_db()
    assert card.meaning == "My own words."


def test_called_off_it_opens_nothing(evening, host, member, client, client_of, path, at):
    token = evening.link.token
    assert client_of(member).post(path("evening-call-off", evening)).status_code == 403
    for _twice in range(2):
        client_of(host).post(path("evening-call-off", evening))
    (notice,) = Notice.objects.filter(kind=CHANGED, recipient=member)
    assert not Notice.objects.filter(kind=CHANGED, recipient=host).exists()
    assert "is called off" in client_of(member).get(at(member, "notices")).text
    assert client.get(reverse("at-the-table", args=[token])).status_code == 404
    assert "Called off" in client_of(member).get(evening.get_absolute_url()).text
    assert Meeting.objects.get(pk=evening.meeting_id).sequence == 1


def test_the_page_costs_the_same_however_many_come(
    evening, come, host, client_of, django_assert_num_queries
):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    browser = client_of(host)
    come("Kaia", first="a")
    browser.get(evening.get_absolute_url())
    with CaptureQueriesContext(connection) as one:
        browser.get(evening.get_absolute_url())
    come("Lou", first="b")
    come("Max", first="c")
    with CaptureQueriesContext(connection) as three:
        browser.get(evening.get_absolute_url())
    assert len(three) == len(one)


def test_who_looks_again_and_sees_the_same_costs_two_statements(
    evening, come, host, client_of, htmx, django_assert_num_queries
):
    url = evening.get_absolute_url()
    browser = client_of(host)
    tag = re.search(r"\\&quot;(\w+)\\&quot;", browser.get(url).text)[1]
    again = htmx | {"If-None-Match": f'"{tag}"'}
    with django_assert_num_queries(OF_THE_GATE + 2):
        answer = browser.get(url, headers=again)
    assert (answer.status_code, answer.content) == (304, b"")
    arrival = come("Kaia")
    answer = browser.get(url, headers=again)
    assert answer.status_code == 200
    assert "Kaia" in answer.text

    kaia = browser_of(arrival.member.user)
    mine = reverse("arrival", args=[arrival.pk])
    tag = re.search(r"\\&quot;(\w+)\\&quot;", kaia.get(mine).text)[1]
    again = htmx | {"If-None-Match": f'"{tag}"'}
    assert kaia.get(mine, headers=again).status_code == 304
    evening.call_off(by=host, now=evening.meeting.changed_at)
    assert "may still let you in" in kaia.get(mine, headers=again).text
    # Whom nobody had let in before it was called off can still be let in.
    assert "Let Kaia in" in browser.get(url).text
    evening.let_in([arrival.pk], by=host, now=evening.meeting.changed_at)
    assert "HX-Redirect" in kaia.get(mine, headers=again)


def test_one_crew_has_no_evenings_yet(host, client_of, at, now):
    Congregation.objects.filter(pk=host.congregation_id).update(stage="one_crew")
    host.congregation.refresh_from_db()
    assert client_of(host).get(at(host, "evening-new")).status_code == 404
    with pytest.raises(ValidationError):
        call(host, now)
