"""The outbox: every e-mail lies here, sealed, until it is handed over, and is then wiped.

A mail goes due → sending → sent; or uncertain, where nobody can know whether it went, and then it is never
sent again by itself; or failed, and then it is tried again.
"""

import json
import logging
import time
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from html import unescape
from smtplib import SMTPRecipientsRefused
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core import signing
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from django.db.models import F
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from congregation import clock, digests
from congregation.models import Digest, Mail, Member, Notice, NoticeChoice, Often
from congregation.notices import GATHERED, Invitation, Kind, kind_of
from congregation.post import Line

log = logging.getLogger("tableful.outbox")
# So many are taken at once, and for how long: another worker may go on with those of one that died.
AT_ONCE, TAKEN_FOR = 100, timedelta(minutes=1)
# How long one round goes on, in seconds: well within the time after which a mail counts as interrupted.
PATIENCE = 120
WIPED = {"content": "", "to": ""}


class OutboxBackend(BaseEmailBackend):
    """Django's way to send: puts the message into the outbox."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        # Sign-in codes come from allauth, which knows no clock: this is the edge where it is read.
        now = clock.now()
        for message in email_messages:
            html = next(
                (
                    body
                    for body, kind in getattr(message, "alternatives", [])
                    if kind == "text/html"
                ),
                "",
            )
            content = {"subject": message.subject, "text": str(message.body), "html": html}
            for to in message.to:
                Mail.objects.create(
                    kind="account", to=to, content=json.dumps(content), made_at=now, due_at=now
                )
        return len(email_messages)


def address(path: str) -> str:
    """Return the whole address of a path as `reverse` gives it."""
    return f"{settings.ORIGIN}{path}"


def unsubscribe_token(member: Member, kind: str) -> str:
    """Return what stands in the address that stops mail of one kind."""
    return signing.dumps([str(member.pk), kind], salt="unsubscribe", compress=True)


def stopped_by(token: str) -> tuple[Member, Kind] | None:
    """Return whose mail of which kind a token stops, or None if it is none of ours or they have left.

    All that digests gather counts as a kind of its own, `GATHERED`.
    """
    try:
        pk, name = signing.loads(token, salt="unsubscribe")
        kind = kind_of(name)
    except (signing.BadSignature, KeyError, ValueError):
        return None
    if not kind.may_stop:
        return None
    member = Member.objects.present().filter(pk=pk).select_related("congregation").first()
    return (member, kind) if member else None


def compose(kind: Kind, notice: Notice, about: Any) -> EmailMultiAlternatives:
    """Return the mail that carries a notice, in its reader's zone and language."""
    member = notice.recipient
    with timezone.override(member.zone), translation.override(member.language):
        context = {
            "about": about,
            "notice": notice,
            "url": address(kind.url(about)),
            "template": kind.template,
            **(kind.gather(about, member) if kind.gather else {}),
        }
        message = _written(kind, member, context)
        for name, content, media_type in kind.attach(about, member) if kind.attach else []:
            message.attach(name, content, media_type)
        carry(message, kind.invite(about, member, notice.made_at) if kind.invite else [])
    return message


def carry(message: EmailMultiAlternatives, invitations: list[Invitation]) -> None:
    """Let a mail carry invitations in the two places where mail programs look for one: beside the words, by
    its method, which holds one, and as files.
    """
    for number, (method, content) in enumerate(invitations):
        if number == 0:
            message.attach_alternative(content.decode(), f"text/calendar; method={method}")
        message.attach(f"invite{number or ''}.ics", content, "application/ics")


def compose_digest(digest: Digest, *, now: datetime) -> EmailMultiAlternatives | None:
    """Return the mail that gathers what someone was told, or None if nothing of it is left to say."""
    member = digest.member
    with timezone.override(member.zone), translation.override(member.language):
        heaps = digests.found(digest, now=now)
        if not heaps:
            return None
        for heap in heaps:
            for line in heap.lines:
                line.url = address(line.url)
        url = address(reverse("notices", kwargs={"slug": member.congregation.slug}))
        context = {
            "heaps": heaps,
            "url": url,
            "template": GATHERED.template,
            "action": _("See all of it"),
        }
        return _written(GATHERED, member, context)


def _written(kind: Kind, member: Member, context: dict[str, Any]) -> EmailMultiAlternatives:
    """Return a mail to a member with the words of a kind, and how to stop such mail."""
    stop = ""
    if kind.may_stop:
        stop = address(reverse("unsubscribe", args=[unsubscribe_token(member, kind.name)]))
    context |= {
        "member": member,
        "congregation": member.congregation,
        "stop": stop,
        "reason": _("You get this however you chose your mail, since it guards your account."),
        "label": kind.label,
        "product": settings.PRODUCT,
    }
    template = context["template"]
    # The plain text is no HTML: O'Brien stays O'Brien.
    context["text"] = unescape(render_to_string(f"{template}#text", context).strip())
    context["body"] = render_to_string(f"{template}#body", context)
    text = render_to_string("congregation/mail/mail.txt", context).strip() + "\n"
    html = render_to_string("congregation/mail/mail.html", context)
    message = EmailMultiAlternatives(
        str(kind.subject),
        text,
        to=[(member.user.email if member.user else "") or ""],
        headers={
            "List-Unsubscribe": f"<{stop}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        }
        if stop
        else {},
    )
    message.attach_alternative(html, "text/html")
    return message


def message_of(mail: Mail, *, now: datetime) -> EmailMultiAlternatives | None:
    """Return what to hand over, or None if it may not be told any more."""
    message: EmailMultiAlternatives | None
    if mail.notice is not None:
        message = _of_notice(mail, mail.notice, now=now)
    elif mail.digest is not None:
        message = _of_digest(mail.digest, now=now)
    elif mail.content:
        content = json.loads(mail.content)
        message = EmailMultiAlternatives(content["subject"], content["text"], to=[mail.to])
        if content["html"]:
            message.attach_alternative(content["html"], "text/html")
        calendars = content.get("calendars", [])
        carry(message, [Invitation(method, words.encode()) for method, words in calendars])
    else:
        message = None
    if message is None:
        return None
    host = urlsplit(settings.ORIGIN).hostname
    # The id of the mail is that of the message, so that a mailbox can tell a second copy.
    message.extra_headers |= {
        "Message-ID": f"<{mail.pk}@{host}>",
        "Auto-Submitted": "auto-generated",
    }
    return message


def _may_be_written_to(member: Member, *, now: datetime) -> bool:
    """Whether someone is here and has an address, and say whether they host, as the door asks."""
    member.is_host = member.hosts(now=now)
    return bool(member.is_present and member.user and member.user.email)


def _of_notice(mail: Mail, notice: Notice, *, now: datetime) -> EmailMultiAlternatives | None:
    """Return the mail of a notice, unless its reader can't see it now, has done what it asks, or wants none."""
    kind, member = kind_of(mail.kind), notice.recipient
    if not _may_be_written_to(member, now=now):
        return None
    if NoticeChoice.objects.of([member], kind)[member.pk] == Often.OFF:
        # They have stopped this kind since.
        return None
    if (
        notice.seen_at
        and mail.attempts == 1
        and mail.due_at > mail.made_at
        and not (kind.attach or kind.invite)
    ):
        # The quiet hours held it, and meanwhile they have read it in the app.
        return None
    about = kind.find(notice.about, member)
    if about is None or (kind.is_settled and kind.is_settled(about, member)):
        return None
    return compose(kind, notice, about)


def _of_digest(digest: Digest, *, now: datetime) -> EmailMultiAlternatives | None:
    """Return the mail of a digest, if its reader is still here and anything of it is left to say."""
    if not _may_be_written_to(digest.member, now=now):
        return None
    return compose_digest(digest, now=now)


def deliver(*, now: datetime, most: int = 500) -> int:
    """Hand over what is due; return how many went. May run twice, late, or in several workers at once."""
    Mail.objects.set_right(now=now)
    _give_up(now=now)
    sent, began = 0, time.monotonic()
    with Line() as line:
        for _taken in range(0, most, AT_ONCE):
            until = now + timedelta(seconds=time.monotonic() - began) + TAKEN_FOR
            taken = Mail.objects.take(until=until, now=now, most=min(most, AT_ONCE))
            for place, pk in enumerate(taken):
                if line.is_dead or time.monotonic() > began + PATIENCE:
                    # The next round goes on from here.
                    left = Mail.objects.filter(pk__in=taken[place:], taken_until=until)
                    left.update(taken_until=None)
                    return sent
                sent += hand_over(pk, line, until=until, now=now)
            if len(taken) < AT_ONCE:
                break
    return sent


def _give_up(*, now: datetime) -> None:
    """Let go of what a worker left half-way: nobody can know whether it went."""
    lost = Mail.objects.filter(state=Mail.State.SENDING, claimed_at__lt=now - Mail.INTERRUPTED)
    for pk, kind in list(lost.values_list("pk", "kind")):
        said = {"state": Mail.State.UNCERTAIN, "fault": "interrupted", **WIPED}
        if lost.filter(pk=pk).update(**said):
            log.warning("mail %s of kind %s is uncertain: interrupted", pk, kind)


def hand_over(pk: uuid.UUID, line: Line, *, until: datetime, now: datetime) -> bool:
    """Begin with one mail that was taken, and hand it over; return whether it went.

    Whoever took it since has it.
    """
    mine = Mail.objects.waiting().filter(pk=pk, taken_until=until)
    if not mine.update(
        state=Mail.State.SENDING, claimed_at=now, taken_until=None, attempts=F("attempts") + 1
    ):
        return False
    mail = (
        Mail.objects.select_related(
            "notice__recipient__user",
            "notice__recipient__congregation",
            "digest__member__user",
            "digest__member__congregation",
        )
        .filter(pk=pk)
        .first()
    )
    if mail is None:
        return False
    try:
        message = message_of(mail, now=now)
        if message is None:
            return _settle(mail, Mail.State.DROPPED, None, now=now)
        line.open()
    except Exception as error:
        return _settle(mail, Mail.State.FAILED, error, now=now)
    try:
        line.send(message)
    except Exception as error:
        state = Mail.State.UNCERTAIN if line.may_have_taken(error) else Mail.State.FAILED
        line.close()
        return _settle(mail, state, error, now=now)
    return _settle(mail, Mail.State.SENT, None, now=now)


def _settle(mail: Mail, state: Mail.State, error: Exception | None, *, now: datetime) -> bool:
    """Write down how a handing-over ended; what needn't be said again is wiped."""
    fault = _name(error) if error else ""
    said: dict[str, Any] = {"state": state, "fault": fault}
    if state == Mail.State.FAILED:
        log.warning("mail %s of kind %s failed: %s", mail.pk, mail.kind, fault)
        said["due_at"] = now + timedelta(minutes=min(2**mail.attempts, 240))
    elif state == Mail.State.UNCERTAIN:
        log.warning("mail %s of kind %s is uncertain: %s", mail.pk, mail.kind, fault)
    elif state == Mail.State.SENT:
        said["sent_at"] = now
    if state != Mail.State.FAILED or mail.attempts >= Mail.TRIES:
        said |= WIPED
    # What was given up on meanwhile stays uncertain.
    Mail.objects.filter(pk=mail.pk, state=Mail.State.SENDING).update(**said)
    return state == Mail.State.SENT


def _name(error: Exception) -> str:
    """Return what went wrong in words that hold nobody's address: its class, and a mail server's number."""
    codes = [getattr(error, "smtp_code", None)]
    if isinstance(error, SMTPRecipientsRefused):
        codes = [code for code, _words in error.recipients.values()]
    return " ".join([type(error).__name__, *(str(code) for code in codes if code)])


def oldest_due(*, now: datetime) -> int:
    """Return for how many seconds the oldest mail that is not handed over has waited."""
    waiting = Mail.objects.waiting().order_by("made_at")
    made_at = waiting.values_list("made_at", flat=True).first()
    return max(int((now - made_at).total_seconds()), 0) if made_at else 0
