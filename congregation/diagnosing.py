"""Sends one test mail and says in plain words how far it came.

It walks the same way as `congregation.post` does, step by step: the server's name is found, something
answers, the line becomes private, the sign-in is taken, the mail is handed over. It knows nothing of accounts
or requests: give it the settings of a mailer and an address. It never tells the password, and logs nothing.
"""

import re
import smtplib
import socket
import ssl
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from email import policy
from email.utils import parseaddr
from enum import IntEnum
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.utils import DNS_NAME
from django.utils.translation import gettext as _

from congregation.post import FolderBackend

# How long all of it may take, in seconds.
LIMIT: Final = 10.0
SERVER: Final = "congregation.post.ServerBackend"
FOLDER: Final = "congregation.post.FolderBackend"


class Stage(IntEnum):
    """How far a mail has come."""

    FOUND = 0
    ANSWERS = 1
    PRIVATE = 2
    SIGN_IN = 3
    HANDED = 4
    SENT = 5


@dataclass(frozen=True)
class Step:
    """One step on the way, in words: what it is, and what came of it."""

    label: str
    fact: str
    state: str  # "done", "stop" or "next"


@dataclass(frozen=True)
class Result:
    """What came of a test mail.

    `fault` names what went wrong, "" where nothing did; `sentence` says it, `hints` what to try, `said` what
    the server itself said, without anybody's address.
    """

    stage: Stage
    fault: str
    sentence: str
    hints: list[str] = field(default_factory=list)
    said: str = ""
    steps: list[Step] = field(default_factory=list)

    @property
    def is_sent(self) -> bool:
        """Whether a mail server took it."""
        return self.stage == Stage.SENT

    def plain(self) -> dict[str, Any]:
        """Return it as plain values, which a session can keep."""
        return {**asdict(self), "stage": int(self.stage), "is_sent": self.is_sent}


class _Fault(Exception):
    """It goes no further, for this reason."""

    def __init__(self, name: str, said: str = "") -> None:
        super().__init__(name)
        self.name, self.said = name, said


@dataclass
class _Walk:
    """How far a walk has come, told by one thread and read by another."""

    stage: Stage = Stage.FOUND
    facts: dict[Stage, tuple[str, ...]] = field(default_factory=dict)
    fault: str = ""
    said: str = ""
    close: Callable[[], None] = lambda: None


def diagnose(
    mailer: Mapping[str, Any],
    to: str,
    *,
    sender: str,
    subject: str = "",
    text: str = "",
    limit: float = LIMIT,
    trust: ssl.SSLContext | None = None,
) -> Result:
    """Send one test mail to an address by a mailer, as it stands in `settings.MAILERS`; say how far it came.

    `limit` is for all of it, in seconds. `trust` are the certificates that are believed; without, those that
    this computer believes.
    """
    message = EmailMessage(subject or _("A test"), text or _("It works."), sender, [to])
    options = {"host": "", "port": 0, **mailer.get("OPTIONS", {})}
    if mailer["BACKEND"] == FOLDER:
        return _into_folder(message, Path(options["file_path"]))
    if mailer["BACKEND"] != SERVER:
        # What keeps mail in the process, in tests.
        return Result(Stage.FOUND, "none", _("There is no mail server to try."))
    message.extra_headers = {
        "Message-ID": f"<{uuid.uuid4()}@{parseaddr(sender)[1].rpartition('@')[2]}>",
        "Auto-Submitted": "auto-generated",
    }
    content = message.message().as_bytes(policy=policy.SMTP)
    envelope = (parseaddr(sender)[1], to)
    walk = _Walk()
    thread = threading.Thread(
        target=_walk, args=(walk, options, envelope, content, limit, trust), daemon=True
    )
    thread.start()
    thread.join(limit)
    if thread.is_alive():
        # Some servers say a letter now and then, and some name services nothing at all.
        stage, fault, said = walk.stage, "hung", ""
        walk.close()
    else:
        stage, fault, said = walk.stage, walk.fault, walk.said
    sentence, hints = _words(stage, fault, options)
    secrets = [options.get("password", ""), options.get("username", ""), *envelope]
    return Result(stage, fault, sentence, hints, _bare(said, secrets), _steps(walk, stage, options))


def send_test(to: str, *, limit: float = LIMIT) -> Result:
    """Send the usual test mail to an address by the mailer of this installation; say how far it came."""
    product = settings.PRODUCT
    mailer: dict[str, Any] = settings.MAILERS["post"]  # type: ignore[assignment]
    return diagnose(
        mailer,
        to,
        sender=settings.DEFAULT_FROM_EMAIL,
        subject=_("A test mail from %(product)s") % {"product": product},
        text=_(
            "This is a test, and it has arrived: %(product)s at %(url)s can send mail.\n\n"
            "If it lay in the spam folder, tell your mailbox that it doesn’t belong there."
        )
        % {"product": product, "url": settings.URL},
        limit=limit,
    )


def _into_folder(message: EmailMessage, folder: Path) -> Result:
    try:
        FolderBackend(file_path=str(folder)).send_messages([message])
    except OSError as error:
        sentence = _("No mail server is set, and the folder for mail can’t be written.")
        return Result(Stage.FOUND, "folder", sentence, said=error.strerror or "")
    return Result(
        Stage.FOUND,
        "none",
        _("No mail server is set: the test lies as a file in %(folder)s, and went nowhere.")
        % {"folder": folder},
    )


# ---- the walk


def _walk(
    walk: _Walk,
    options: Mapping[str, Any],
    envelope: tuple[str, str],
    content: bytes,
    limit: float,
    trust: ssl.SSLContext | None,
) -> None:
    """Go as far as it goes; leave word of it in `walk`."""
    try:
        _go(walk, options, envelope, content, limit, trust)
    except _Fault as fault:
        walk.fault, walk.said = fault.name, fault.said
    except TimeoutError:
        walk.fault = "silent" if walk.stage == Stage.FOUND else "hung"
    except smtplib.SMTPServerDisconnected as error:
        # smtplib takes a line on which nothing comes for one that was closed.
        walk.fault = "hung" if isinstance(error.__context__, TimeoutError) else "dropped"
    except smtplib.SMTPResponseException as error:
        walk.fault, walk.said = _by_number(error.smtp_code), _text(error)
    except UnicodeError:
        walk.fault = "letters"
    except (ConnectionError, BrokenPipeError):
        walk.fault = "dropped"
    except Exception as error:
        walk.fault, walk.said = "other", type(error).__name__
    finally:
        with suppress(Exception):
            walk.close()


def _go(
    walk: _Walk,
    options: Mapping[str, Any],
    envelope: tuple[str, str],
    content: bytes,
    limit: float,
    trust: ssl.SSLContext | None,
) -> None:
    host, port = str(options["host"]), int(options["port"])
    # A little before the whole time is up, so that what waits says itself on what.
    until = time.monotonic() + limit * 0.9
    places = _find(host, port)
    own_name = str(DNS_NAME)  # which may have to be looked up as well
    walk.stage, walk.facts[Stage.FOUND] = Stage.ANSWERS, (host,)

    began = time.monotonic()
    line = _connect(places, until)
    walk.close = line.close
    took = str(round((time.monotonic() - began) * 1000))
    trust = trust or ssl.create_default_context()
    server = smtplib.SMTP(local_hostname=own_name, timeout=limit)
    if options.get("use_ssl"):
        walk.stage, walk.facts[Stage.ANSWERS] = Stage.PRIVATE, (str(port), took)
        line = _private(line, trust, host)
        walk.close = line.close
    server.sock = line
    server.file = None
    code, said = server.getreply()
    if code != 220:
        name = "busy" if 400 <= code < 500 else "turned_away" if code >= 500 else "no_mail"
        raise _Fault(name, _reply(code, said))
    walk.facts[Stage.ANSWERS] = (str(port), took)
    server.ehlo_or_helo_if_needed()

    walk.stage = Stage.PRIVATE
    if options.get("use_tls"):
        if not server.has_extn("starttls"):
            raise _Fault("no_starttls")
        walk.close = _starttls(server, trust, host).close
        server.ehlo_or_helo_if_needed()
    walk.facts[Stage.PRIVATE] = _line_facts(server.sock)

    walk.stage = Stage.SIGN_IN
    if options.get("username"):
        try:
            server.login(options["username"], options["password"])
        except smtplib.SMTPAuthenticationError as error:
            is_late = 400 <= error.smtp_code < 500
            raise _Fault("delayed" if is_late else "sign_in", _text(error)) from None
        except smtplib.SMTPNotSupportedError:
            raise _Fault("no_sign_in") from None
        except smtplib.SMTPServerDisconnected:
            raise
        except smtplib.SMTPException as error:
            raise _Fault("sign_in", str(error)) from None
    walk.facts[Stage.SIGN_IN] = ("yes" if options.get("username") else "",)

    walk.stage = Stage.HANDED
    _hand_over(server, envelope, content)
    walk.stage = Stage.SENT
    with suppress(Exception):
        server.quit()


def _find(host: str, port: int) -> list[Any]:
    try:
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        is_absent = error.errno in {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", None)}
        raise _Fault("name" if is_absent else "name_service") from None
    except UnicodeError:
        raise _Fault("name") from None


def _connect(places: list[Any], until: float) -> socket.socket:
    """Return a connection to the first place that takes one; say why where none does."""
    fault = _Fault("unreachable")
    for family, kind, proto, _name, place in places:
        left = until - time.monotonic()
        if left <= 0:
            break
        line = socket.socket(family, kind, proto)
        line.settimeout(left)
        try:
            line.connect(place)
            return line
        except TimeoutError:
            fault = _Fault("silent")
        except ConnectionRefusedError:
            fault = _Fault("closed")
        except OSError as error:
            if fault.name == "unreachable":
                fault = _Fault("unreachable", error.strerror or "")
        line.close()
    raise fault


def _private(line: socket.socket, trust: ssl.SSLContext, host: str) -> ssl.SSLSocket:
    try:
        return trust.wrap_socket(line, server_hostname=host)
    except ssl.SSLError as error:
        raise _tls_fault(error) from None


def _starttls(server: smtplib.SMTP, trust: ssl.SSLContext, host: str) -> ssl.SSLSocket:
    """Make a line private that has begun openly; what was said on it before counts no more."""
    code, said = server.docmd("STARTTLS")
    if code != 220:
        raise _Fault("delayed" if 400 <= code < 500 else "no_starttls", _reply(code, said))
    assert server.sock
    server.sock = line = _private(server.sock, trust, host)
    server.file = None
    server.helo_resp = server.ehlo_resp = None
    server.esmtp_features, server.does_esmtp = {}, False
    return line


def _tls_fault(error: ssl.SSLError) -> _Fault:
    if not isinstance(error, ssl.SSLCertVerificationError):
        return _Fault("tls", error.reason or "")
    # OpenSSL's numbers: 10 has expired, 9 is not valid yet, 62 and 64 are another name's.
    name = {9: "certificate_early", 10: "certificate_expired", 62: "certificate_name"}
    name[64] = "certificate_name"
    return _Fault(name.get(error.verify_code, "certificate"), error.verify_message)


def _line_facts(line: Any) -> tuple[str, ...]:
    """Return the kind of a private line and until when its certificate is good."""
    if not isinstance(line, ssl.SSLSocket):
        return ("",)
    certificate = line.getpeercert() or {}
    return (line.version() or "TLS", str(certificate.get("notAfter", "")))


def _hand_over(server: smtplib.SMTP, envelope: tuple[str, str], content: bytes) -> None:
    sender, to = envelope
    commands: list[tuple[str, Callable[[], tuple[int, bytes]]]] = [
        ("sender", lambda: server.mail(sender)),
        ("recipient", lambda: server.rcpt(to)),
        ("content", lambda: server.data(content)),
    ]
    for name, command in commands:
        try:
            code, said = command()
        except smtplib.SMTPDataError as error:
            code, said = error.smtp_code, str(error.smtp_error).encode()
        if code == 530:
            raise _Fault("sign_in_wanted", _reply(code, said))
        if 400 <= code < 500:
            raise _Fault("delayed", _reply(code, said))
        if not 200 <= code < 300:
            raise _Fault(name, _reply(code, said))


def _by_number(code: int) -> str:
    return "delayed" if 400 <= code < 500 else "other"


def _text(error: smtplib.SMTPResponseException) -> str:
    said = error.smtp_error
    return _reply(error.smtp_code, said if isinstance(said, bytes) else str(said).encode())


def _reply(code: int, said: bytes) -> str:
    return f"{code} {said.decode('utf-8', 'replace')}"


def _bare(said: str, secrets: list[str]) -> str:
    """Return what a server said without addresses, names and passwords, and not all of a long speech."""
    for secret in filter(None, secrets):
        said = said.replace(secret, "…")
    said = re.sub(r"[^\s<>]+@[^\s<>]+", "…", " ".join(said.split()))
    return said[:300]


# ---- the words


def _steps(walk: _Walk, reached: Stage, options: Mapping[str, Any]) -> list[Step]:
    """Return the way in words, as far as it went."""
    labels = [_("Found"), _("Answers"), _("Private line"), _("Sign-in"), _("Handed over")]
    steps = []
    for stage, label in enumerate(labels):
        if stage < reached:
            fact = _fact(Stage(stage), walk.facts.get(Stage(stage), ()), options)
            steps.append(Step(label, fact, "done"))
        elif stage == reached:
            steps.append(Step(label, "", "stop"))
        else:
            steps.append(Step(label, _("not tried yet"), "next"))
    return steps


def _fact(stage: Stage, facts: tuple[str, ...], options: Mapping[str, Any]) -> str:
    match stage:
        case Stage.FOUND:
            return _("%(host)s has an address") % {"host": options["host"]}
        case Stage.ANSWERS:
            return _("on port %(port)s") % {"port": options["port"]}
        case Stage.PRIVATE if facts and facts[0]:
            return _("%(kind)s, certificate good until %(day)s") % {
                "kind": facts[0].replace("TLSv", "TLS "),
                "day": _day(facts[1]),
            }
        case Stage.PRIVATE:
            return _("none: smtp+plain speaks openly")
        case Stage.SIGN_IN:
            return _("accepted") if facts and facts[0] else _("none needed")
        case _:
            return _("taken")


def _day(text: str) -> str:
    """Return the day of a certificate's time, such as "Feb  4 12:00:00 2027 GMT"."""
    from datetime import UTC, datetime

    from django.utils.formats import date_format

    try:
        return date_format(datetime.fromtimestamp(ssl.cert_time_to_seconds(text), UTC), "j M Y")
    except ValueError:
        return text


def _words(stage: Stage, fault: str, options: Mapping[str, Any]) -> tuple[str, list[str]]:
    """Return the sentence and the hints for what came of it."""
    if not fault:
        return _(
            "The mail server took it. Now look into your mailbox, and into the spam folder."
        ), [
            _("It may be on its way for some minutes."),
            _(
                "Does it lie in the spam folder? Then the names of the sender and of the server don’t belong "
                "together yet: your mail provider’s help has it under SPF and DKIM."
            ),
        ]
    names = {"host": options["host"], "port": options["port"]}
    sentence, hints = _of_fault(stage, fault, str(options.get("username") or ""))
    return sentence % names, [hint % names for hint in hints]


def _of_fault(stage: Stage, fault: str, user: str) -> tuple[str, list[str]]:
    scheme = _(
        "smtp:// goes with port 587, smtps:// with port 465: with the wrong one of the two, both wait for each other."
    )
    match fault:
        case "name":
            return _("No server by the name %(host)s is known."), [
                _(
                    "Is it spelled as your mail provider writes it? Often it begins with smtp. or mail."
                )
            ]
        case "name_service":
            return _("Names can’t be looked up just now, so %(host)s was not found."), [
                _(
                    "Is this computer online? The fault is in its name service (DNS), not in the mail server."
                )
            ]
        case "closed":
            return _("%(host)s is there, but nothing answers at port %(port)s."), [
                _("Most servers take mail at port 587 (smtp://) or 465 (smtps://).")
            ]
        case "unreachable":
            return _("%(host)s has an address, but there is no way to it from here."), [
                _("Is this computer online, and may it open connections to other computers?")
            ]
        case "silent":
            return _("%(host)s doesn’t answer at port %(port)s: neither yes nor no."), [
                _(
                    "Often the provider of a rented server blocks mail: port 25 nearly always, sometimes 465 and 587 "
                    "too. Its help says how to have them opened."
                ),
                _("Some mail providers also answer at port 2525."),
            ]
        case "busy":
            return _("The mail server is busy and asks to come back later."), [_later()]
        case "turned_away":
            return _("The mail server takes no mail from this computer."), [
                _(
                    "Its own words, below, say why. Often the address of this computer stands on a list."
                )
            ]
        case "no_mail":
            return _("Something answers at port %(port)s, but it is no mail server."), [scheme]
        case "no_starttls":
            return _("The mail server offers no private line at port %(port)s."), [
                _("Try smtps:// with port 465, which is private from the first word."),
                _("smtp+plain:// would send openly: only for a mail server on this very computer."),
            ]
        case "certificate_name":
            return _(
                "The mail server shows a certificate, but it is made out to another name than %(host)s."
            ), [
                _(
                    "Write the name that your provider uses, rather than your own name for it or a number."
                )
            ]
        case "certificate_expired":
            return _("The mail server’s certificate has run out."), [
                _("Whoever runs the mail server renews it. Nothing is to be changed here.")
            ]
        case "certificate_early":
            return _("The mail server’s certificate is not good yet."), [
                _("Is the clock of this computer right?")
            ]
        case "certificate":
            return _("The mail server shows a certificate that nobody known vouches for."), [
                _(
                    "A server of your own with its own certificate: make this computer trust it, or give it a public one."
                )
            ]
        case "tls":
            return _("No private line came about with %(host)s."), [scheme]
        case "sign_in":
            hints = [
                _(
                    "The provider wants an app password, made in its settings, rather than the one you sign in with."
                ),
                _(
                    "The password has a @, : or / in it, which must be written as %%40, %%3A or %%2F in EMAIL_URL."
                ),
            ]
            if "@" not in user:
                hints.insert(1, _("The user name is the whole address."))
            return _(
                "Your mail server is there, but doesn’t accept this user name or password."
            ), hints
        case "no_sign_in":
            return _("The mail server takes no sign-in here, and EMAIL_URL has a user name."), [
                _(
                    "Many allow it at port 587 with smtp://, or at 465 with smtps://, and nowhere else."
                ),
                _("If it needs none, leave user name and password out of EMAIL_URL."),
            ]
        case "sign_in_wanted":
            return _("The mail server wants a sign-in before it takes mail."), [
                _(
                    "Put user name and password into EMAIL_URL: smtp://user:password@%(host)s:%(port)s"
                )
            ]
        case "sender":
            return _("The mail server doesn’t let us send under our address."), [
                _("Set TABLEFUL_FROM to an address that belongs to the account you sign in with.")
            ]
        case "recipient":
            return _("The mail server doesn’t take mail to this address."), [
                _("Is your address spelled right?"),
                _(
                    "Some servers deliver only at home until one signs in: then EMAIL_URL needs user name and password."
                ),
            ]
        case "content":
            return _("The mail server took the addresses, but refused the mail itself."), [
                _(
                    "Its own words, below, say why. Often it takes the mail for spam, since the sender’s name is not known to it (SPF)."
                )
            ]
        case "delayed":
            return _(
                "The mail server asks us to come back later. That is usual with a sender it doesn’t know yet."
            ), [
                _later(),
                _("Real mail is tried again by itself, for some hours."),
            ]
        case "letters":
            return _("The address has letters that this mail server can’t take."), [
                _("Use an address in plain letters.")
            ]
        case "dropped":
            return _stopped(
                stage,
                _("The mail server hung up before it had said who it is."),
                _("The mail server hung up in the middle of the conversation."),
            ), [scheme]
        case "hung":
            if stage == Stage.FOUND:
                return _("Looking up the name %(host)s takes too long."), [
                    _("The fault is in this computer’s name service (DNS), not in the mail server.")
                ]
            return _stopped(
                stage,
                _("%(host)s takes the call at port %(port)s, but then says nothing."),
                _("The mail server began well, and then said nothing any more."),
            ), [scheme if stage <= Stage.PRIVATE else _later()]
        case _:
            return _("The mail server said something that we don’t understand."), [
                _("Its own words, below, may say more.")
            ]


def _later() -> str:
    return _("Try again in a quarter of an hour.")


def _stopped(stage: Stage, early: str, late: str) -> str:
    return early if stage <= Stage.PRIVATE else late
