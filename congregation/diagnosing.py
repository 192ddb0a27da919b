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
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.utils import DNS_NAME
from django.utils.translation import gettext as _

from congregation.diagnosing_words import Stage, Step, steps, words
from congregation.post import FolderBackend

# How long all of it may take, in seconds.
LIMIT: Final = 10.0
SERVER: Final = "congregation.post.ServerBackend"
FOLDER: Final = "congregation.post.FolderBackend"


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
    sentence, hints = words(stage, fault, options)
    secrets = [options.get("password", ""), options.get("username", ""), *envelope]
    return Result(
        stage, fault, sentence, hints, _bare(said, secrets), steps(walk.facts, stage, options)
    )


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
