"""What crews' chats are told: a few words and a link that opens for nobody but the crew. One way only.

A word lies in the outbox (`crews.ChatPost`) until the sweep hands it over, as mail does: due → sending → sent; or
uncertain, and then it is never sent again by itself; or failed, and then it is tried again for some hours.
"""

import logging
import time
import uuid
from datetime import datetime, timedelta
from html import unescape
from typing import Any, Final

from django.apps import apps
from django.conf import settings
from django.db.models import F
from django.template.loader import render_to_string
from django.utils import timezone, translation

from congregation import invented, rules
from congregation.calling import Caller, Refused, Unreached, Unsure
from congregation.models import Congregation, Mail, User
from congregation.notices import kind_of
from congregation.outbox import address
from crews.models import ChatPost, Crew

log = logging.getLogger("tableful.chats")
State = Mail.State
GIVEN_UP: Final = timedelta(minutes=10)
# What was to be said a day ago is of no use any more.
STALE: Final = timedelta(hours=24)
# How long one round goes on, in seconds: a chat that hangs holds up no sweep.
PATIENCE: Final = 20
# An answer that says: this address is no longer one.
GONE: Final = frozenset({400, 401, 403, 404, 410})


def tell(
    crew: Crew | None,
    of: str,
    kind: str,
    about: uuid.UUID,
    occasion: str,
    *,
    before: datetime | None = None,
    now: datetime,
) -> None:
    """Have a crew's chat told of an occasion, once, if it has one that wants to hear of it (`of`).

    In quiet hours, by the congregation's clock and as they usually are, it waits, but never too long.
    """
    if crew is None:
        return
    zone = Congregation.objects.values_list("zone", flat=True).get(pk=crew.congregation_id)
    usual = User()
    due_at = rules.held_until(now, zone, usual.quiet_from, usual.quiet_until, before=before)
    ChatPost.put(crew.pk, of, kind, about, occasion, due_at=due_at, now=now)


def words_of(post: ChatPost) -> str:
    """Return what is said, in the language of who connected the chat; nothing where it isn't so any more."""
    chat = post.chat
    language = chat.set_by.language if chat.set_by else settings.LANGUAGE_CODE
    context: dict[str, Any] = {"crew": chat.crew, "product": settings.PRODUCT}
    if post.kind == ChatPost.TEST:
        template, zone = "crews/chat/chat_test.txt", chat.congregation.zone
        context["link"] = address(chat.crew.get_absolute_url())
    else:
        kind = kind_of(post.kind)
        about = _found(kind.model, kind.related, post.about)
        if about is None or kind.chat is None:
            return ""
        said = kind.chat(about)
        if said is None or said.occasion not in {"", post.occasion}:
            return ""
        app, name = post.kind.split(".")
        template, zone = f"{app}/chat/{name}.txt", said.zone
        context |= {"about": about, "link": address(said.path)}
    with timezone.override(zone), translation.override(language):
        return " ".join(unescape(render_to_string(template, context)).split())


def _found(model: str, related: tuple[str, ...], pk: uuid.UUID) -> Any:
    rows: Any = apps.get_model(model)
    return rows.objects.filter(pk=pk).select_related("congregation", *related).first()


def deliver(*, now: datetime, caller: Caller | None = None, most: int = 50) -> int:
    """Hand over what is due; return how many went. May run twice, late, or in several workers at once."""
    lost = ChatPost.objects.filter(state=State.SENDING, claimed_at__lt=now - GIVEN_UP)
    lost.update(state=State.UNCERTAIN, fault="interrupted")
    if invented.is_here():
        # What invented people tell each other stays in the house.
        ChatPost.objects.due(now).update(state=State.DROPPED, fault="demo")
        return 0
    waiting = list(ChatPost.objects.due(now).order_by("due_at").values_list("pk", "chat")[:most])
    if not waiting:
        return 0
    caller, sent, until = caller or Caller(), 0, time.monotonic() + PATIENCE
    silent: set[uuid.UUID] = set()
    for pk, chat in waiting:
        if time.monotonic() > until:
            break
        # A chat that doesn't answer is asked once a round.
        if chat not in silent:
            state = hand_over(pk, caller, now=now)
            sent += state == State.SENT
            if state in {State.FAILED, State.UNCERTAIN}:
                silent.add(chat)
    return sent


def hand_over(pk: uuid.UUID, caller: Caller, *, now: datetime) -> State | None:
    """Claim one word and hand it over; return how that ended, or None if another had it."""
    claim = {"state": State.SENDING, "claimed_at": now, "attempts": F("attempts") + 1}
    # On the row alone: joined with its chat, PostgreSQL would let two workers have it.
    if not ChatPost.objects.waiting().filter(pk=pk, due_at__lte=now).update(**claim):
        return None
    post = ChatPost.objects.select_related("chat__crew__congregation", "chat__set_by__user").get(
        pk=pk
    )
    chat = post.chat
    is_stale = now - post.made_at > STALE or chat.crew.state == Crew.State.ENDED
    is_stale = is_stale or chat.removed_at is not None
    try:
        words = "" if is_stale else words_of(post)
        if not words:
            return _settle(post, State.DROPPED, "", now=now)
        content, url = chat.content(words), chat.url
    except Exception as error:
        return _settle(post, State.FAILED, type(error).__name__, now=now)
    try:
        status = caller.post(url, content)
    except Refused as why:
        return _settle(post, State.FAILED, f"refused {why}", now=now, is_last=True)
    except Unreached as why:
        return _settle(post, State.FAILED, f"unreached {why}", now=now)
    except Unsure as why:
        return _settle(post, State.UNCERTAIN, f"{why}", now=now)
    if 200 <= status < 300:
        return _settle(post, State.SENT, "", now=now)
    return _settle(
        post, State.FAILED, str(status), now=now, is_last=300 <= status < 400 or status in GONE
    )


def _settle(
    post: ChatPost, state: State, fault: str, *, now: datetime, is_last: bool = False
) -> State:
    """Write down how a handing-over ended, in words that hold no address."""
    said: dict[str, Any] = {"state": state, "fault": fault[:80]}
    if state == State.FAILED:
        log.warning("word %s of kind %s failed: %s", post.pk, post.kind, fault)
        said["due_at"] = now + timedelta(minutes=min(2**post.attempts, 240))
        if is_last:
            said["attempts"] = ChatPost.TRIES
    elif state == State.UNCERTAIN:
        log.warning("word %s of kind %s is uncertain: %s", post.pk, post.kind, fault)
    elif state == State.SENT:
        said["sent_at"] = now
    ChatPost.objects.filter(pk=post.pk, state=State.SENDING).update(**said)
    return state
