"""The data folder: secrets made once and kept at mode 0600, settings read from files beside it.

What is set and can't be used is said in one sentence (`Refused`), which never repeats a secret.
"""

import errno
import os
import secrets as random
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

ROOT = Path(__file__).resolve().parent.parent


# What every part reads; each may also be given as a file, by NAME_FILE.
NAMES = (
    "PORT",
    "TABLEFUL_URL",
    "TABLEFUL_BIND",
    "DATABASE_URL",
    "REDIS_URL",
    "EMAIL_URL",
    "TABLEFUL_FROM",
    "TABLEFUL_LOG",
    "TRUSTED_PROXIES",
    "SECRET_KEY",
    "TABLEFUL_KEYRING",
)
LEAST_LETTERS = 32
MOST_PROXIES = 9


class Refused(ValueError):
    """Nothing can start, for the reason that the sentence gives."""


def folder() -> Path:
    """Return the data folder, made if it is missing (mode 0700)."""
    path = Path(os.environ.get("TABLEFUL_DATA") or ROOT / "data").expanduser().resolve()
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise unusable(path, error) from None
    if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
        raise Refused(
            f"{path} cannot be used for the data, since this user may not write there: "
            "give it to this user, or choose another folder with TABLEFUL_DATA."
        )
    return path


def unusable(path: Path, error: OSError) -> Refused:
    """Return the sentence for a data folder, or a file in it, that can't be written."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return Refused(f"There is no room left on the disk for {path}: make some, and start again.")
    if error.errno == errno.EROFS:
        return Refused(f"{path} lies on a disk that can only be read: give TABLEFUL_DATA another.")
    reason = (error.strerror or type(error).__name__).lower()
    return Refused(
        f"{error.filename or path} cannot be used for the data ({reason}): "
        "choose another folder with TABLEFUL_DATA."
    )


def setting(name: str, default: str = "") -> str:
    """Return NAME from the environment, or the content of the file that NAME_FILE names."""
    if os.environ.get(name):
        return os.environ[name]
    if path := os.environ.get(f"{name}_FILE"):
        try:
            value = Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            reason = (error.strerror or type(error).__name__).lower()
            raise Refused(f"{name}_FILE names {path}, which cannot be read ({reason}).") from None
        except ValueError:
            raise Refused(f"{name}_FILE names {path}, which holds no plain text.") from None
        if not value:
            raise Refused(f"{name}_FILE names {path}, which is empty.")
        return value
    return default


def secret(name: str, file: str) -> str:
    """Return a secret from the environment, or else from the data folder, where it is made once."""
    if value := setting(name):
        return _strong(value, name)
    kept = folder() / "secrets"
    path = kept / file
    try:
        kept.mkdir(mode=0o700, exist_ok=True)
        if not path.exists():
            draft = kept / f".{file}.{os.getpid()}"
            draft.touch(mode=0o600)
            draft.write_text(random.token_urlsafe(48) + "\n", encoding="ascii")
            try:
                # A link fails where another process was first: then its secret is the one that holds.
                os.link(draft, path)
            except FileExistsError:
                pass
            finally:
                draft.unlink()
        return _strong(path.read_text(encoding="ascii").strip(), str(path))
    except UnicodeDecodeError:
        raise Refused(f"{path} is damaged: put the one of your backup back.") from None
    except OSError as error:
        raise unusable(path, error) from None


def _strong(value: str, where: str) -> str:
    """Return a secret as it is, unless somebody could guess it. A keyring holds several, one a line."""
    words = value.split()
    if not words:
        raise Refused(f"{where} is empty: put the one of your backup back.")
    if any(len(word) < LEAST_LETTERS or len(set(word)) < 8 for word in words):
        raise Refused(
            f"{where} is too short or too simple to keep secrets: it takes at least {LEAST_LETTERS} "
            "letters by chance, as `openssl rand -hex 32` prints."
        )
    return value


def log_form() -> str:
    """Return "json" or "text", or nothing where the terminal decides."""
    form = setting("TABLEFUL_LOG")
    if form not in {"", "json", "text"}:
        raise Refused(f"TABLEFUL_LOG is {form!r}: give json or text, or leave it away.")
    return form


def port() -> int:
    """Return the port to listen at."""
    number = setting("PORT", "8000")
    if not number.isascii() or not number.isdigit() or not 0 < int(number) < 65536:
        raise Refused(f"PORT is {number!r}: give a number from 1 to 65535.")
    return int(number)


def proxies() -> int:
    """Return how many proxies of one's own stand before this."""
    number = setting("TRUSTED_PROXIES", "0")
    if not number.isascii() or not number.isdigit() or int(number) > MOST_PROXIES:
        raise Refused(
            f"TRUSTED_PROXIES is {number!r}: give how many proxies of yours stand before this, "
            f"0 to {MOST_PROXIES}."
        )
    return int(number)


def _taken_apart(name: str, url: str, schemes: set[str], example: str) -> SplitResult:
    """Return the parts of a URL that may hold a password, which is never repeated."""
    try:
        parts = urlsplit(url)
        number = parts.port
    except ValueError:
        raise Refused(f"{name} must look like {example}; the one given can’t be read.") from None
    if parts.scheme not in schemes:
        raise Refused(f"{name} must look like {example}; the one given begins otherwise.")
    if number == 0:
        raise Refused(f"{name} names port 0, where nobody listens.")
    return parts


def database(default: Path) -> str:
    """Return the URL of the database, as far as it can be one."""
    url = setting("DATABASE_URL", f"sqlite:///{default}")
    example = "postgres://user:password@host/name"
    known = {"sqlite", "postgres", "postgresql", "psql", "pgsql"}
    parts = _taken_apart("DATABASE_URL", url, known, example)
    if parts.scheme == "sqlite":
        if parts.netloc or not parts.path.strip("/"):
            raise Refused("DATABASE_URL must look like sqlite:////folder/file, a file of its own.")
    elif not parts.path.strip("/"):
        raise Refused(f"DATABASE_URL names no database: it must look like {example}.")
    return url


def queue() -> str:
    """Return the URL of Redis, as far as it can be one, or nothing."""
    url = setting("REDIS_URL")
    if not url:
        return url
    example = "redis://:password@host:6379/0"
    schemes = {"redis", "rediss", "redis+socket", "sentinel"}
    parts = _taken_apart("REDIS_URL", url, schemes, example)
    if parts.scheme in {"redis", "rediss"}:
        if not parts.hostname:
            raise Refused(f"REDIS_URL names no host: it must look like {example}.")
        if parts.path.strip("/") and not parts.path.strip("/").isdigit():
            raise Refused(f"REDIS_URL must end in a number or nothing, as in {example}.")
    return url


def mailer(url: str) -> dict[str, Any]:
    """Return Django's settings of the mail server at a URL.

    smtp://user:password@host:587 speaks TLS after a greeting (STARTTLS), smtps://…:465 from the first byte,
    smtp+plain://host:25 none at all.
    """
    ports = {"smtp": 587, "smtps": 465, "smtp+plain": 25}
    example = (
        "smtp://user:password@mail.example:587 (or smtps://, or smtp+plain:// without encryption)"
    )
    parts = _taken_apart("EMAIL_URL", url, set(ports), example)
    if not parts.hostname:
        raise Refused(f"EMAIL_URL names no host: it must look like {example}.")
    if parts.path.strip("/") or parts.query or parts.fragment:
        # A password with a # or / in it ends the address early, unless it is written as %23 or %2F.
        raise Refused(
            "EMAIL_URL goes on after the host: write / as %2F, # as %23, ? as %3F in a password."
        )
    return {
        "BACKEND": "congregation.post.ServerBackend",
        "OPTIONS": {
            "host": parts.hostname,
            "port": parts.port or ports[parts.scheme],
            "username": unquote(parts.username or ""),
            "password": unquote(parts.password or ""),
            "use_tls": parts.scheme == "smtp",
            "use_ssl": parts.scheme == "smtps",
            "timeout": 20,
        },
    }
