"""What is set wrongly, or is not there, is said in one sentence when something is started."""

import errno
import os
import socket
import sqlite3
import struct
import subprocess
import sys
import threading
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import environ
import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.db.utils import ConnectionHandler

from config import data
from config.data import Refused
from congregation import readiness

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "hunter2-in-private"
STRONG = "a4f09c1b7d2e83556f10"


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch, tmp_path):
    for name in data.NAMES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(f"{name}_FILE", raising=False)
    monkeypatch.setenv("TABLEFUL_DATA", str(tmp_path / "data"))


def is_one_sentence(words):
    assert words.endswith((".", "?"))
    assert "\n" not in words
    assert "Traceback" not in words
    assert PASSWORD not in words
    return True


# ---- what is set


@pytest.mark.parametrize(
    ("name", "value", "read", "says"),
    [
        ("PORT", "eighty", data.port, "PORT is 'eighty'"),
        ("PORT", "70000", data.port, "1 to 65535"),
        ("PORT", "٨٠", data.port, "1 to 65535"),
        ("TRUSTED_PROXIES", "yes", data.proxies, "how many proxies"),
        ("TRUSTED_PROXIES", "-1", data.proxies, "how many proxies"),
        ("DATABASE_URL", f"mysql://me:{PASSWORD}@host/name", "database", "begins otherwise"),
        ("DATABASE_URL", f"postgres://me:{PASSWORD}@host", "database", "names no database"),
        ("DATABASE_URL", f"postgres://me:{PASSWORD}@host:x/n", "database", "can’t be read"),
        ("DATABASE_URL", "sqlite://:memory:", "database", "DATABASE_URL"),
        ("REDIS_URL", f"http://:{PASSWORD}@host", data.queue, "begins otherwise"),
        ("REDIS_URL", f"redis://:{PASSWORD}@host/queue", data.queue, "end in a number"),
        ("REDIS_URL", f"redis://:{PASSWORD}@/0", data.queue, "names no host"),
        ("REDIS_URL", f"redis://:{PASSWORD}@host:0", data.queue, "port 0"),
        ("EMAIL_URL", f"mail://me:{PASSWORD}@host", "mailer", "begins otherwise"),
        ("EMAIL_URL", "memory://", "mailer", "begins otherwise"),
        ("EMAIL_URL", f"smtp://me:{PASSWORD}@host:x", "mailer", "can’t be read"),
        ("EMAIL_URL", f"smtp://me:{PASSWORD}@", "mailer", "names no host"),
        ("EMAIL_URL", f"smtp://me:1/2{PASSWORD}@host", "mailer", "EMAIL_URL"),
        ("EMAIL_URL", f"smtp://host/{PASSWORD}", "mailer", "%2F"),
        ("SECRET_KEY", "changeme", "secret", "too short or too simple"),
        ("SECRET_KEY", "a" * 60, "secret", "too short or too simple"),
        ("TABLEFUL_KEYRING", f"{STRONG * 2} old", "keyring", "too short or too simple"),
    ],
)
def test_a_bad_value(monkeypatch, tmp_path, name, value, read, says):
    monkeypatch.setenv(name, value)
    reads = {
        "database": lambda: data.database(tmp_path / "db"),
        "mailer": lambda: data.mailer(value),
        "secret": lambda: data.secret(name, "secret-key"),
        "keyring": lambda: data.secret(name, "keyring"),
    }
    with pytest.raises(Refused, match=says) as refusal:
        reads.get(read, read)()
    assert is_one_sentence(str(refusal.value))
    assert name in str(refusal.value)


@pytest.mark.parametrize(
    ("name", "value", "read"),
    [
        ("PORT", "8001", data.port),
        ("TRUSTED_PROXIES", "2", data.proxies),
        ("REDIS_URL", "rediss://:p%2F@host:6380/3", data.queue),
        ("REDIS_URL", "", data.queue),
    ],
)
def test_a_good_value(monkeypatch, name, value, read):
    monkeypatch.setenv(name, value)
    assert str(read()) == value


def test_good_addresses_of_databases_and_mail(monkeypatch, tmp_path):
    assert data.database(tmp_path / "db") == f"sqlite:///{tmp_path}/db"
    monkeypatch.setenv("DATABASE_URL", "postgres://me:p%40@host:5433/name")
    assert data.database(tmp_path / "db").endswith(":5433/name")
    options = data.mailer("smtps://me%40here:a%2Fb%23@mail.example")["OPTIONS"]
    assert (options["username"], options["password"], options["port"]) == ("me@here", "a/b#", 465)


@pytest.mark.parametrize("name", data.NAMES)
def test_a_file_that_is_missing_empty_or_no_text(monkeypatch, tmp_path, name):
    path = tmp_path / "given"
    monkeypatch.setenv(f"{name}_FILE", str(path))
    for content, says in [(None, "cannot be read"), (b"\n", "is empty"), (b"\xff\xfe", "no plain")]:
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(Refused, match=says) as refusal:
            data.setting(name)
        assert is_one_sentence(str(refusal.value))
        assert str(path) in str(refusal.value)
    path.write_text("  it \n")
    assert data.setting(name) == "it"


@pytest.mark.parametrize("content", [b"", b"short", b"\xff\xff"])
def test_a_secret_that_was_damaged(tmp_path, content):
    data.secret("TABLEFUL_KEYRING", "keyring")
    path = tmp_path / "data/secrets/keyring"
    path.write_bytes(content)
    with pytest.raises(Refused, match=str(path)) as refusal:
        data.secret("TABLEFUL_KEYRING", "keyring")
    assert is_one_sentence(str(refusal.value))


def test_a_data_folder_that_cannot_be(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("x")
    for path in (tmp_path / "file", tmp_path / "file/within", Path("/proc/nothing")):
        monkeypatch.setenv("TABLEFUL_DATA", str(path))
        with pytest.raises(Refused, match=r"cannot be used|only be read") as refusal:
            data.folder()
        assert is_one_sentence(str(refusal.value))


@pytest.mark.parametrize(
    ("number", "says"),
    [(errno.ENOSPC, "no room left"), (errno.EDQUOT, "no room left"), (errno.EROFS, "only be read")],
)
def test_a_disk_that_is_full_or_locked(tmp_path, number, says):
    assert says in str(data.unusable(tmp_path, OSError(number, "x")))


# ---- what is not there: real commands against what doesn't answer as it should


@contextmanager
def postgres_that_says(answer):
    """A server that greets like PostgreSQL and then gives an answer; yields its port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve():
            while True:
                try:
                    caller, _ = listening.accept()
                except OSError:
                    return
                with caller:
                    length, kind = struct.unpack("!II", caller.recv(8))
                    if kind in {80877103, 80877104}:  # may we encrypt? no
                        caller.sendall(b"N")
                        length, kind = struct.unpack("!II", caller.recv(8))
                    caller.recv(length)
                    caller.sendall(answer)
                    caller.recv(1)

        threading.Thread(target=serve, daemon=True).start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)


def message(kind, body):
    return kind + struct.pack("!I", len(body) + 4) + body


def fatal(code, words):
    return message(b"E", f"SFATAL\0VFATAL\0C{code}\0M{words}\0\0".encode())


OLD = (
    message(b"R", struct.pack("!I", 0))
    + message(b"S", b"server_version\x0013.4\0")
    + message(b"S", b"client_encoding\0UTF8\0")
    + message(b"S", b"TimeZone\0UTC\0")
    + message(b"Z", b"I")
)
POSTGRES = {
    "wrong password": (
        fatal("28P01", 'password authentication failed for user "me"'),
        "does not take the user and password in DATABASE_URL.",
    ),
    "no database": (fatal("3D000", 'database "name" does not exist'), "has no database 'name'"),
    "too old": (OLD, "is too old: PostgreSQL 15 or later is required."),
    "starting": (fatal("57P03", "the database system is starting up"), "takes nobody just now"),
    "other": (fatal("XX000", "da geht etwas nicht"), "does not take this connection"),
}


@pytest.fixture(scope="module")
def closed_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@contextmanager
def redis_that_says(answer):
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve():
            while True:
                try:
                    caller, _ = listening.accept()
                except OSError:
                    return
                with caller:
                    while caller.recv(4096):
                        caller.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)


@pytest.fixture(scope="module")
def refusals(tmp_path_factory):
    """Run `manage.py ready` for some cases at once; return what each said and its status."""
    base = tmp_path_factory.mktemp("start")
    (base / "text.sqlite3").write_text("This is no database at all. " * 50)
    newer = sqlite3.connect(base / "newer.sqlite3")
    newer.execute("CREATE TABLE django_migrations (id INTEGER, app TEXT, name TEXT, applied TEXT)")
    row = (1, "congregation", "0999_what_is_to_come", "2030-01-01 00:00:00")
    newer.execute("INSERT INTO django_migrations VALUES (?, ?, ?, ?)", row)
    newer.commit()
    newer.close()
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name.removesuffix("_FILE") not in data.NAMES
    }
    with postgres_that_says(POSTGRES["wrong password"][0]) as port:
        cases = {
            "no proxy": {"TABLEFUL_URL": "https://table.example"},
            "settings": {"DATABASE_URL": f"mysql://me:{PASSWORD}@host/name"},
            "no sqlite": {"DATABASE_URL": f"sqlite:///{base}/text.sqlite3"},
            "newer": {"DATABASE_URL": f"sqlite:///{base}/newer.sqlite3"},
            "postgres": {"DATABASE_URL": f"postgres://me:{PASSWORD}@127.0.0.1:{port}/name"},
        }
        running = {
            name: subprocess.Popen(
                [sys.executable, "manage.py", "ready"],
                cwd=ROOT,
                env={**inherited, "TABLEFUL_DATA": str(base / name), **env},
                text=True,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
            for name, env in cases.items()
        }
        return {
            name: (*process.communicate(timeout=120), process.returncode)
            for name, process in running.items()
        }


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("no proxy", "TRUSTED_PROXIES=1"),
        ("settings", "DATABASE_URL must look like postgres://"),
        ("no sqlite", "is no database, or is damaged"),
        ("newer", "was made by a newer Tableful"),
        ("postgres", "does not take the user and password in DATABASE_URL."),
    ],
)
def test_a_start_says_why_not_in_one_sentence(refusals, name, says):
    out, err, status = refusals[name]
    assert (out, status) == ("", 1)
    words = err.strip().removeprefix("CommandError: ")
    assert is_one_sentence(words), err
    assert says in words


@pytest.fixture
def fault_of(django_db_blocker):
    """Return what is said of a database that can't be reached."""

    def ask(url):
        on = ConnectionHandler({"default": environ.Env().db_url_config(url)})["default"]
        on.alias = "elsewhere"
        with django_db_blocker.unblock(), pytest.raises(Exception) as error:
            on.ensure_connection()
        return readiness.database_fault(error.value, on)

    return ask


@pytest.mark.parametrize("name", POSTGRES)
def test_postgresql_that_does_not_serve(name, fault_of):
    answer, says = POSTGRES[name]
    with postgres_that_says(answer) as port:
        said = fault_of(f"postgres://me:{PASSWORD}@127.0.0.1:{port}/name")
    assert says in said
    assert is_one_sentence(said)


def test_a_database_that_is_not_there(closed_port, tmp_path, fault_of):
    for url, says in [
        (f"postgres://me:{PASSWORD}@127.0.0.1:{closed_port}/name", "does not answer"),
        (f"sqlite:///{tmp_path}/none/db", "cannot be opened: is its folder there"),
    ]:
        said = fault_of(url)
        assert says in said
        assert is_one_sentence(said)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("attempt to write a readonly database", "can only be read"),
        ("database or disk is full", "no room left"),
        ("database is locked", "held by another program"),
        ("disk I/O error", "cannot be used (OperationalError)"),
    ],
)
def test_sqlite_that_cannot_go_on(words, says, tmp_path):
    on = ConnectionHandler({"default": environ.Env().db_url_config("sqlite:////x/db")})["default"]
    assert says in readiness.database_fault(OperationalError(words), on)


def test_redis_that_is_away_or_refuses(settings, closed_port):
    settings.REDIS_URL = f"redis://:{PASSWORD}@127.0.0.1:{closed_port}/0"
    assert "does not answer" in readiness.queue_fault()
    for answer, says in [
        (b"-NOAUTH Authentication required.\r\n", "does not take the password"),
        (b"-WRONGPASS invalid username-password pair\r\n", "does not take the password"),
        (b"-ERR DB index is out of range\r\n", "does not take this connection"),
    ]:
        with redis_that_says(answer) as port:
            settings.REDIS_URL = f"redis://:{PASSWORD}@127.0.0.1:{port}/0"
            said = readiness.queue_fault()
        assert says in said
        assert is_one_sentence(said)
    settings.REDIS_URL = ""
    assert readiness.queue_fault() == ""


@pytest.mark.django_db
def test_ready_asks_for_the_broker_where_it_is_needed(settings, closed_port, tmp_path):
    settings.DATA, settings.MAIL_FOLDER = tmp_path, tmp_path / "mail"
    settings.STATICFILES_DIRS = []
    settings.STATIC_ROOT = tmp_path / "static"
    settings.REDIS_URL = f"redis://127.0.0.1:{closed_port}/0"
    call_command("ready")
    with pytest.raises(CommandError, match="Redis at 127.0.0.1"):
        call_command("ready", broker=True)


def test_a_full_disk(settings, tmp_path, monkeypatch):
    settings.DATA = tmp_path
    monkeypatch.setattr("congregation.management.commands.ready.LEAST_ROOM", 2**80)
    with pytest.raises(CommandError, match="There is no room left on the disk"):
        call_command("ready")


# ---- the database and this code


@pytest.mark.django_db
def test_migrations_that_are_behind_or_ahead(client, django_assert_max_num_queries):
    with django_assert_max_num_queries(2):
        assert readiness.migrations() == "ok"
    recorder = MigrationRecorder(connection)
    recorder.record_applied("congregation", "0999_what_is_to_come")
    assert readiness.migrations() == "ahead"
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["migrations"]) == (503, "ahead")
    recorder.record_unapplied("congregation", "0999_what_is_to_come")
    recorder.record_applied("an_app_of_someone_else", "0001_initial")
    assert readiness.migrations() == "ok"
    recorder.record_unapplied("hall", "0001_initial")
    recorder.record_unapplied("congregation", "0002_where_tries_are_counted")
    recorder.migration_qs.filter(app="rhythms").delete()
    assert readiness.migrations() == "behind"


@pytest.mark.django_db
def test_it_is_well_in_few_queries_and_says_nothing_private(client, django_assert_max_num_queries):
    client.get("/readyz")
    with django_assert_max_num_queries(3):
        answer = client.get("/readyz")
    assert answer.status_code == 200
    assert set(answer.json()) == {"database", "migrations", "oldest_due_seconds", "broker"}
    assert "no-store" in answer["Cache-Control"]
    assert "no-store" in client.get("/healthz")["Cache-Control"]
    assert not client.cookies


@pytest.mark.django_db
def test_the_migration_makes_the_table_in_which_tries_are_counted(member, client):
    migration = import_module("congregation.migrations.0002_where_tries_are_counted")
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE cache")
    migration.make(None, SimpleNamespace(connection=connection))
    migration.make(None, SimpleNamespace(connection=connection))  # where it is, nothing breaks
    assert "cache" in connection.introspection.table_names()
    cache.clear()
    asked = {"login": member.user.email, "password": "nothing like it"}
    assert client.post("/accounts/login/", asked).status_code == 422
