"""A crew's chat: connecting it, what it is told, once, and nothing that is anybody else's business."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection

from congregation.models import Event, Notice, NoticeChoice
from crews import chatting
from crews.models import Chat, ChatPost, Crew
from rhythms import reminding
from rhythms.models import Commitment, LookBack, Meeting, Plan
from tests.receiver import receiver

TOKEN = "123456789:AbCdEfGhIjKlMnOpQrStUvWxYz012345"
SHAPES = {
    "slack": "https://hooks.slack.com/services/T0/B0/secret",
    "discord": "https://discord.com/api/webhooks/1/secret",
    "matrix": "https://matrix.example.org/webhook/secret",
    "mattermost": "https://chat.example.org/hooks/secret",
    "telegram": TOKEN,
}
ALL = ["soon", "moved", "begun", "lookback"]
FORM = {"kind": "slack", "url": SHAPES["slack"], "of": ALL}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("receiver")


@pytest.fixture
def there(folder):
    with receiver(folder) as running:
        yield running


@pytest.fixture
def crew(world):
    return Crew.objects.get(pk=world["crew"]["pk"])


@pytest.fixture
def plan(world):
    return Plan.objects.select_related("meeting__crew").get(meeting=world["meeting"]["pk"])


@pytest.fixture
def connect(crew, member, now):
    def make(kind="slack", by=member, of=ALL, url=None):
        room = "-1001" if kind == "telegram" else ""
        return Chat.connect(
            crew, kind=kind, url=url or SHAPES[kind], room=room, of=of, by=by, now=now
        )

    return make


def test_it_is_connected_and_never_shown_again(crew, member, mate, client_of, at):
    browser, url = client_of(member), at(member, "crew-chat", pk=crew.pk)
    assert "Only the three of you can see this" in browser.get(url).text
    assert browser.post(url, FORM).headers["Location"] == url
    chat = Chat.objects.get()
    assert chat.url == SHAPES["slack"]
    for person in (member, mate):
        page = client_of(person).get(url).text
        assert "hooks.slack.com/••••" in page
        assert "B0/secret" not in page
        assert "Ana" in page
    assert Event.objects.get(verb="chat.connect").circle == crew.pk
    with connection.cursor() as cursor:
        cursor.execute("SELECT url FROM crews_chat")
        assert b"secret" not in bytes(cursor.fetchone()[0])


def test_the_others_are_told_and_find_it(crew, connect, member, mate, facilitator, client_of, at):
    connect()
    told = Notice.objects.filter(kind="crews.chat")
    assert {row.recipient for row in told} == {mate, facilitator}
    page = client_of(mate).get(at(mate, "notices")).text
    assert "Ana has Seed Library tell its chat (Slack) what happens" in page
    notice = told.get(recipient=mate)
    answer = client_of(mate).post(at(mate, "notice", pk=notice.pk))
    assert answer.headers["Location"] == at(mate, "crew-chat", pk=crew.pk)


def test_those_who_dont_sit_there_find_nothing(crew, connect, peer, host, outsider, client_of, at):
    connect()
    for person in (peer, host, outsider):
        for name in ("crew-chat", "crew-chat-test", "crew-chat-remove"):
            url = at(SimpleNamespace(congregation=crew.congregation), name, pk=crew.pk)
            assert client_of(person).post(url, FORM).status_code in {403, 404}
        assert not Chat.objects.visible_to(person).exists()
        assert not ChatPost.objects.visible_to(person).exists()
        with pytest.raises(PermissionDenied):
            connect(by=person)
    assert Chat.objects.get().removed_at is None


def test_only_posted(crew, connect, member, client_of, at):
    connect()
    for name in ("crew-chat-test", "crew-chat-remove"):
        assert client_of(member).get(at(member, name, pk=crew.pk)).status_code == 405


def test_saving_the_same_twice_is_once(connect, mate):
    connect()
    connect()
    assert Chat.objects.count() == 1
    assert Notice.objects.filter(kind="crews.chat", recipient=mate).count() == 1
    assert Event.objects.filter(verb="chat.connect").count() == 1


def test_an_empty_address_leaves_the_one_that_is_known(crew, connect, member, client_of, at):
    connect()
    url = at(member, "crew-chat", pk=crew.pk)
    client_of(member).post(url, {"kind": "slack", "url": "", "of": ["moved"]})
    chat = Chat.objects.get()
    assert (chat.url, chat.told_of) == (SHAPES["slack"], ["moved"])
    answer = client_of(member).post(url, {"kind": "discord", "url": "", "of": ["moved"]})
    assert answer.status_code == 422


def test_taken_off_its_address_is_forgotten(crew, connect, plan, member, mate, client_of, at, now):
    chat = connect()
    Notice.tell("rhythms.meeting_soon", [mate], plan, now=now, occasion="0")
    for _time in range(2):
        client_of(mate).post(at(mate, "crew-chat-remove", pk=crew.pk))
    chat.refresh_from_db()
    assert (chat.url, chat.removed_by) == ("", mate)
    assert ChatPost.objects.get().state == "dropped"
    assert "took the chat of Seed Library off" in client_of(member).get(at(member, "notices")).text
    assert connect().pk != chat.pk


@pytest.mark.parametrize(
    ("kind", "url"),
    [
        ("slack", "http://hooks.slack.com/services/x"),
        ("slack", "https://hooks.slack.com.evil.example/services/x"),
        ("slack", "https://evil.example/services/x"),
        ("discord", "https://evil.example/api/webhooks/x"),
        ("matrix", "https://127.0.0.1/webhook/x"),
        ("matrix", "https://[::1]/webhook/x"),
        ("matrix", "https://localhost/webhook/x"),
        ("matrix", "https://server.local/webhook/x"),
        ("mattermost", "https://169.254.169.254/latest/meta-data"),
        ("mattermost", "https://chat.example.org"),
        ("mattermost", "nonsense"),
        ("telegram", "https://evil.example/bot"),
        ("telegram", "https://api.telegram.org/bot1/sendMessage"),
        ("carrier pigeon", "https://chat.example.org/x"),
    ],
)
def test_what_is_no_address_of_such_a_chat_is_refused(connect, kind, url):
    with pytest.raises(ValidationError):
        connect(kind, url=url)
    assert not Chat.objects.exists()


def test_what_was_wrong_stands_beside_its_field(crew, member, client_of, at):
    url = at(member, "crew-chat", pk=crew.pk)
    answer = client_of(member).post(url, {**FORM, "url": "nonsense"})
    assert answer.status_code == 422
    assert "This needs the whole address" in answer.text
    answer = client_of(member).post(url, {**FORM, "kind": "telegram", "url": TOKEN})
    assert "the number of the chat" in answer.text


@pytest.mark.parametrize("kind", SHAPES)
def test_each_kind_of_chat_takes_what_it_is_sent(there, connect, plan, mate, now, kind):
    connect(kind)
    Notice.tell("rhythms.meeting_soon", [mate], plan, now=now, occasion="0")
    assert chatting.deliver(now=now, caller=there.caller()) == 1
    ((_host, path, content),) = there.taken
    words = content.get("text") or content["content"]
    assert words.startswith("Seed Library meets on Fri 20 Nov, 7:00 pm (Auckland). Coming?")
    assert "http://localhost:8000/m/" in words
    assert path.endswith("/sendMessage" if kind == "telegram" else "secret")
    if kind == "telegram":
        assert (path, content["chat_id"]) == (f"/bot{TOKEN}/sendMessage", "-1001")
    if kind == "discord":
        assert content["allowed_mentions"] == {"parse": []}


@pytest.mark.parametrize("kind", SHAPES)
def test_no_name_of_a_crew_calls_anybody(connect, crew, kind):
    content = connect(kind).content("<!channel> @all & @channel")
    words = content.get("text") or content["content"]
    if kind == "slack":
        assert words == "&lt;!channel&gt; @all &amp; @channel"
    elif kind in {"matrix", "mattermost"}:
        assert "@all" not in words
        assert "@channel" not in words


def test_nothing_private_goes_there(there, connect, plan, facilitator, mate, now):
    plan.place, plan.link, plan.agenda = "12 Rimu Street", "https://call.example", "Hard things"
    plan.save()
    connect()
    for kind in ("rhythms.meeting_soon", "rhythms.meeting_moved"):
        Notice.tell(kind, [mate], plan, now=now, occasion="0")
    chatting.deliver(now=now, caller=there.caller())
    said = " ".join(content["text"] for _host, _path, content in there.taken)
    assert len(there.taken) == 2
    for private in ("Rimu", "call.example", "Hard", "Joel", "Ana", "Dov", "otaki", "/c/"):
        assert private not in said


def test_what_each_occasion_says(there, connect, world, member, mate, now):
    connect()
    lookback = LookBack.objects.get(pk=world["lookback"]["pk"])
    commitment = Commitment.objects.get(pk=world["commitment"]["pk"])
    Notice.tell("rhythms.lookback_opened", [mate], lookback, now=now)
    Notice.tell("rhythms.lookback_revealed", [mate], lookback, now=now)
    Notice.tell("rhythms.commitment_begun", [mate], commitment, now=now)
    assert chatting.deliver(now=now, caller=there.caller()) == 3
    said = [content["text"] for _host, _path, content in there.taken]
    assert any("looks back: five minutes each" in words and "/l/" in words for words in said)
    assert any("open to all of you" in words for words in said)
    assert any("has its dates" in words and "/m/" in words for words in said)


def test_only_what_the_crew_chose(connect, plan, mate, now):
    connect(of=["moved"])
    Notice.tell("rhythms.meeting_soon", [mate], plan, now=now, occasion="0")
    Notice.tell("crews.left", [mate], mate.seats.first(), now=now)
    assert not ChatPost.objects.exists()


def test_told_twice_is_said_once(there, connect, plan, member, mate, now):
    connect()
    for person in (member, mate, mate):
        Notice.tell("rhythms.meeting_soon", [person], plan, now=now, occasion="0")
    assert chatting.deliver(now=now, caller=there.caller()) == 1
    assert chatting.deliver(now=now + timedelta(hours=9), caller=there.caller()) == 0
    assert there.visits == 1


def test_the_sweep_says_it_not_the_request(there, connect, plan, member, now):
    connect()
    Meeting.objects.filter(pk=plan.meeting_id).update(starts_at=now + timedelta(hours=20))
    reminding.remind_of_near(now=now)
    assert there.visits == 0
    post = ChatPost.objects.get(about=plan.pk)
    assert (post.kind, post.state) == ("rhythms.meeting_soon", "due")
    assert chatting.deliver(now=now, caller=there.caller()) >= 1


def test_a_meeting_that_was_moved_since_is_not_announced_at_its_old_time(
    there, connect, plan, member, mate, now
):
    connect()
    Notice.tell("rhythms.meeting_soon", [mate], plan, now=now, occasion="0")
    plan.meeting.move(starts_at=now + timedelta(days=3), by=member, now=now)
    assert chatting.deliver(now=now, caller=there.caller()) == 1
    assert "has changed" in there.taken[0][2]["text"]
    assert ChatPost.objects.get(kind="rhythms.meeting_soon").state == "dropped"


def test_at_night_it_waits_but_not_too_long(connect, plan, member, mate, now):
    connect()
    night = now + timedelta(hours=4)
    plan.meeting.starts_at = now + timedelta(days=2)
    Notice.tell("rhythms.meeting_moved", [mate], plan, now=night, occasion="1")
    plan.meeting.starts_at = night + timedelta(hours=9)
    Notice.tell("rhythms.meeting_moved", [mate], plan, now=night, occasion="2")
    due = dict(ChatPost.objects.values_list("occasion", "due_at"))
    assert due == {"1": night + timedelta(hours=8), "2": night}


@pytest.mark.parametrize(
    ("status", "waits"), [(500, True), (429, True), (404, False), (410, False), (302, False)]
)
def test_what_is_not_taken(there, connect, plan, mate, client_of, at, now, status, waits):
    connect()
    there.status = status
    Notice.tell("rhythms.meeting_soon", [mate], plan, now=now, occasion="0")
    assert chatting.deliver(now=now, caller=there.caller()) == 0
    post = ChatPost.objects.get()
    assert (post.state, post.fault) == ("failed", str(status))
    page = client_of(mate).get(at(mate, "crew-chat", pk=plan.meeting.crew_id)).text
    assert f"wasn’t taken ({status})" in page
    there.status = 204
    assert chatting.deliver(now=now + timedelta(hours=1), caller=there.caller()) == waits


def test_broken_off_it_is_uncertain_and_never_said_again(there, connect, plan, mate, now):
    connect()
    there.instead = lambda handler: handler.connection.close()
    Notice.tell("rhythms.meeting_soon", [mate], plan, now=now, occasion="0")
    chatting.deliver(now=now, caller=there.caller())
    assert ChatPost.objects.get().state == "uncertain"
    there.instead = None
    for hours in range(1, 30):
        chatting.deliver(now=now + timedelta(hours=hours), caller=there.caller())
    assert there.visits == 1


def test_a_worker_that_died_half_way(connect, plan, mate, now):
    connect()
    Notice.tell("rhythms.meeting_soon", [mate], plan, now=now, occasion="0")
    ChatPost.objects.update(state="sending", claimed_at=now)
    chatting.deliver(now=now + timedelta(minutes=11))
    assert ChatPost.objects.get().state == "uncertain"


def test_a_private_address_is_never_called(connect, plan, mate, now):
    from congregation.calling import Caller

    connect("mattermost")
    Notice.tell("rhythms.meeting_soon", [mate], plan, now=now, occasion="0")

    def inside(host, port, **kwargs):
        return [(2, 1, 6, "", ("10.0.0.7", port))]

    chatting.deliver(now=now, caller=Caller(resolve=inside))
    post = ChatPost.objects.get()
    assert (post.state, post.fault, post.attempts) == ("failed", "refused private", ChatPost.TRIES)


def test_what_is_a_day_old_is_not_said(there, connect, plan, mate, now):
    connect()
    Notice.tell("rhythms.meeting_soon", [mate], plan, now=now, occasion="0")
    assert chatting.deliver(now=now + timedelta(hours=25), caller=there.caller()) == 0
    assert (ChatPost.objects.get().state, there.visits) == ("dropped", 0)


def test_trying_it_out(there, crew, connect, member, client_of, at, now):
    connect()
    for _time in range(2):
        client_of(member).post(at(member, "crew-chat-test", pk=crew.pk))
    assert there.visits == 0
    assert chatting.deliver(now=now, caller=there.caller()) == 1
    assert "A test for Seed Library" in there.taken[0][2]["text"]
    assert (
        "The last word arrived" in client_of(member).get(at(member, "crew-chat", pk=crew.pk)).text
    )


@pytest.mark.django_db(transaction=True)
def test_of_many_workers_one_says_it(there, connect, plan, mate, now):
    connect()
    for number in range(4):
        Notice.tell(
            "rhythms.lookback_revealed", [mate], _lookback(plan), now=now, occasion=str(number)
        )
    start = threading.Barrier(3)

    def work(_worker):
        try:
            connection.ensure_connection()
            start.wait(10)
            return chatting.deliver(now=now, caller=there.caller())
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as pool:
        assert sum(pool.map(work, range(3))) == 4
    assert there.visits == 4
    assert set(ChatPost.objects.values_list("state", "attempts")) == {("sent", 1)}


def _lookback(plan):
    return LookBack.objects.filter(crew=plan.meeting.crew).first()


def test_no_mail_more_or_less_for_it(connect, plan, mate, now):
    connect()
    NoticeChoice.choose(mate, "meetings", "off", by=mate)
    Notice.tell("rhythms.meeting_soon", [mate], plan, now=now, occasion="0")
    assert ChatPost.objects.count() == 1


def test_in_the_demo_nothing_leaves_the_house(there, connect, plan, mate, now, monkeypatch):
    from congregation import invented

    connect()
    Notice.tell("rhythms.meeting_soon", [mate], plan, now=now, occasion="0")
    monkeypatch.setattr(invented, "is_here", lambda: True)
    assert chatting.deliver(now=now, caller=there.caller()) == 0
    assert (ChatPost.objects.get().state, there.visits) == ("dropped", 0)
