"""What a newcomer types: the scripts in bin/ and the group of processes they start, for real."""

import fcntl
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ["sh", "readlink", "dirname", "cat", "cmp", "cp", "grep", "ls", "mkdir", "rm"]
REAL = f"{sys.base_prefix}/bin/python3"
# Reads as the real Python would, with something about it changed first.
CHANGED = """#!/bin/sh
shift 2
exec "{real}" -I -c "import sys; {change}; exec(sys.argv[1])" "$1"
"""
STUB = "#!/bin/sh\necho 'pyenv: python3.13: command not found' >&2\nexit 127\n"


def until(condition, seconds=60):
    """Wait for a condition and return what it gave."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "This did not happen in time."
        time.sleep(0.05)
    return found


def script(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def python_at(path):
    return script(path, f'#!/bin/sh\nexec "{REAL}" "$@"\n')


# ---- finding Python


@pytest.fixture
def find(tmp_path):
    """Return what `bin/ready --find` says on a machine that has only the tools it uses."""
    home = tmp_path / "a home"
    tools = tmp_path / "tools"
    tools.mkdir()
    for tool in TOOLS:
        (tools / tool).symlink_to(shutil.which(tool))

    def run(*on_path, **env):
        path = ":".join(str(place) for place in (*on_path, tools))
        return subprocess.run(
            [ROOT / "bin/ready", "--find"],
            env={"HOME": str(home), "PATH": path, **env},
            cwd="/",
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    run.home = home
    return run


def refusal(done):
    """Return the one sentence of a run that refused."""
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    return done.stderr


def test_a_stub_that_does_not_run_hides_no_python_behind_it(find, tmp_path):
    script(tmp_path / "shims/python3.13", STUB)
    script(tmp_path / "shims/python3", STUB)
    real = python_at(tmp_path / "real one/python3.13")
    assert find(tmp_path / "shims", real.parent).stdout == f"{real}\n"


@pytest.mark.parametrize(
    "place",
    [
        ".pyenv/versions/3.12.9/bin/python3",
        ".local/share/uv/python/cpython-3.13.1-linux-x86_64-gnu/bin/python3",
        ".asdf/installs/python/3.14.0/bin/python3",
    ],
)
def test_the_versions_of_pyenv_uv_and_asdf_are_found(find, tmp_path, place):
    script(tmp_path / "shims/python3", STUB)
    real = python_at(find.home / place)
    assert find(tmp_path / "shims").stdout == f"{real}\n"


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("PYENV_ROOT", "versions/3.12.9/bin/python3"),
        ("UV_PYTHON_INSTALL_DIR", "cpython-3.13.1-linux/bin/python3"),
        ("ASDF_DATA_DIR", "installs/python/3.13.0/bin/python3"),
    ],
)
def test_they_are_found_where_else_they_were_put(find, tmp_path, name, place):
    real = python_at(tmp_path / "else where" / place)
    assert find(**{name: str(tmp_path / "else where")}).stdout == f"{real}\n"


def test_a_python_that_is_too_old_does_not_count(find, tmp_path):
    script(
        tmp_path / "old/python3",
        CHANGED.format(real=REAL, change="sys.version_info = (3, 11, 2, 'final', 0)"),
    )
    said = refusal(find(tmp_path / "old"))
    assert "3.12, 3.13 or 3.14" in said
    assert "apt install python3" in said


def test_none_at_all_gives_one_sentence(find):
    assert "install one" in refusal(find())


def test_no_ensurepip_gives_one_sentence(find, tmp_path):
    script(
        tmp_path / "bare/python3",
        CHANGED.format(real=REAL, change="sys.modules['ensurepip'] = None"),
    )
    minor = subprocess.run(
        [REAL, "-c", "import sys; print('3.%d' % sys.version_info[1])"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    assert f"apt install python{minor}-venv" in refusal(find(tmp_path / "bare"))
    # One that has it is taken instead, wherever it is.
    real = python_at(find.home / ".pyenv/versions/3.12.1/bin/python3")
    assert find(tmp_path / "bare").stdout == f"{real}\n"


def test_one_may_be_named(find, tmp_path):
    named = python_at(tmp_path / "mine/python")
    python_at(tmp_path / "path/python3.13")
    assert find(tmp_path / "path", TABLEFUL_PYTHON=str(named)).stdout == f"{named}\n"
    broken = script(tmp_path / "mine/broken", STUB)
    assert str(broken) in refusal(find(tmp_path / "path", TABLEFUL_PYTHON=str(broken)))


# ---- making ready


@pytest.fixture
def project(tmp_path):
    """A project with these scripts, nothing to install, and a manage.py that tells what it was asked."""
    made = tmp_path / "a project"
    shutil.copytree(ROOT / "bin", made / "bin")
    for lock in ("requirements.txt", "requirements-dev.txt"):
        (made / lock).write_text("# nothing\n")
    (made / "manage.py").write_text(
        "import os, sys\n"
        "print('ready' if sys.argv[1] == 'ready' else [os.getcwd(), sys.argv[1:]])\n"
    )
    return made


def ready(project, *args, name="ready", **more):
    env = {key: value for key, value in os.environ.items() if not key.startswith("TABLEFUL_")}
    return subprocess.Popen(
        [project / "bin" / name, *args],
        env={**env, "TABLEFUL_PYTHON": REAL},
        cwd="/",
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **more,
    )


def test_two_at_once_and_what_was_killed_half_way(project):
    venv = project / ".venv"
    killed = ready(project, start_new_session=True)
    until((venv / "bin/python").exists)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.communicate()
    assert (venv / ".unfinished").exists()

    both = [ready(project, "--no-data") for _ in range(2)]
    said = [one.communicate(timeout=120)[1] for one in both]
    assert [one.returncode for one in both] == [0, 0], said
    assert sum("Making the virtual environment" in text for text in said) == 1
    assert sum("waiting for it" in text for text in said) == 1
    assert not (venv / ".unfinished").exists()
    assert (
        subprocess.run([venv / "bin/python", "-m", "pip", "--version"], check=False).returncode == 0
    )

    # What is ready stays as it is; and a command's output is its own.
    made = (venv / "pyvenv.cfg").stat().st_mtime_ns
    manage = ready(project, "try", "a b", name="manage")
    out, err = manage.communicate(timeout=60)
    assert out == "['/', ['try', 'a b']]\n"
    assert err == "ready\n"
    assert (venv / "pyvenv.cfg").stat().st_mtime_ns == made

    # A changed lock is installed.
    (project / "requirements.txt").write_text("# nothing more\n")
    assert "Installing packages" in ready(project).communicate(timeout=60)[1]
    assert "Installing packages" not in ready(project).communicate(timeout=60)[1]


def test_a_folder_that_is_no_environment_is_left_alone(project):
    (project / ".venv").mkdir()
    (project / ".venv/thesis.txt").write_text("mine")
    late = ready(project)
    assert "holds something that is no virtual environment" in late.communicate(timeout=60)[1]
    assert late.returncode == 1
    assert [path.name for path in (project / ".venv").iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize("name", ["ready", "ci"])
def test_an_unknown_option_gives_a_sentence(project, name):
    asked = ready(project, "--bogus", name=name)
    assert "does not know --bogus" in asked.communicate(timeout=60)[1]
    assert asked.returncode == 2


# ---- serving


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


class Server:
    """`bin/serve` in a data folder of its own, as its operator sees it."""

    def __init__(self, data, port, *args):
        self.data, self.port = data, port
        self.log = data.parent / f"{data.name}-{time.monotonic_ns()}.log"
        leave = {"DATABASE_URL", "REDIS_URL", "EMAIL_URL", "DJANGO_SETTINGS_MODULE"}
        env = {key: value for key, value in os.environ.items() if key not in leave}
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, ROOT / "config/supervise.py", *args],
                env={**env, "TABLEFUL_DATA": str(data), "PORT": str(port)},
                cwd="/",
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def said(self):
        return self.log.read_text()

    def answers(self):
        try:
            with urllib.request.urlopen(
                f"http://localhost:{self.port}/healthz", timeout=5
            ) as answer:
                return answer.status == 200
        except OSError:
            return False

    def processes(self):
        """Return the command lines of all that runs on this data folder, by process id."""
        mark = f"TABLEFUL_DATA={self.data}\0".encode()
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if mark in (folder / "environ").read_bytes():
                    found[int(folder.name)] = (folder / "cmdline").read_text().replace("\0", " ")
            except OSError:
                continue
        return {pid: line for pid, line in found.items() if line}

    def leaders(self, part):
        """Return the ids of the processes that lead the part with this in its command."""
        found = []
        for pid, line in self.processes().items():
            with suppress(ProcessLookupError):  # it has ended since
                if part in line and os.getsid(pid) == pid and pid != self.process.pid:
                    found.append(pid)
        return found

    def leader(self, part):
        (pid,) = until(lambda: self.leaders(part))
        return pid

    def runs_whole(self):
        return self.answers() and all(
            self.leaders(part)
            for part in ("config.web", "config.celery worker", "config.celery beat")
        )


pytest_linux = pytest.mark.skipif(sys.platform != "linux", reason="It reads /proc.")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return tmp_path_factory.mktemp("serve") / "a data folder"


@pytest.fixture
def server(data):
    running = Server(data, free_port())
    try:
        until(lambda: running.process.poll() is not None or running.runs_whole(), 120)
        assert running.process.poll() is None, running.said()
        yield running
    finally:
        if running.process.poll() is None:
            running.process.terminate()
        running.process.wait(30)
        until(lambda: not running.processes(), 20)


@pytest_linux
def test_one_ctrl_c_ends_all_and_leaves_nothing(server):
    assert f"Tableful is at http://localhost:{server.port}\n" in server.said()
    pulses = server.data / "pulse"
    until(lambda: (pulses / "worker").exists() and (pulses / "schedule").exists())
    asked = Server(server.data, server.port, "--check")
    assert asked.process.wait(30) == 0, asked.said()
    began = time.monotonic()
    os.killpg(server.process.pid, signal.SIGINT)  # as a terminal does
    assert server.process.wait(30) == 0
    assert time.monotonic() - began < 10
    assert server.processes() == {}
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", server.port))


@pytest_linux
def test_what_dies_is_started_again_and_what_is_started_twice_says_so(server):
    for part, name in (
        ("config.celery worker", "worker"),
        ("config.celery beat", "schedule"),
        ("config.web", "web"),
    ):
        died = server.leader(part)
        os.kill(died, signal.SIGKILL)
        until(lambda part=part, died=died: server.leaders(part) not in ([], [died]))
        assert f"{name} | ended (killed by SIGKILL); starting it again in 1 s." in server.said()
    until(server.answers)

    # One of the two that answer: the other one goes on meanwhile.
    children = Path(f"/proc/{server.leader('config.web')}/task").glob("*/children")
    workers = [int(pid) for path in children for pid in path.read_text().split()]
    assert len(workers) == 2
    os.kill(workers[0], signal.SIGKILL)
    until(lambda: "Respawning worker" in server.said())
    until(server.answers)

    second = Server(server.data, free_port())
    assert second.process.wait(30) == 1
    assert re.fullmatch(
        r"Tableful is running already with the data in .*/a data folder "
        rf"\(http://localhost:{server.port}, process {server.process.pid}\): .*\n",
        second.said(),
    )

    secrets = [path.read_text().strip() for path in (server.data / "secrets").iterdir()]
    assert secrets
    assert not any(secret in server.said() for secret in secrets)
    assert all(path.stat().st_mode & 0o77 == 0 for path in (server.data / "secrets").iterdir())


@pytest_linux
def test_killed_it_takes_all_with_it_and_starts_again_at_once(server):
    server.process.kill()
    server.process.wait()
    again = Server(server.data, server.port)
    try:
        # What answers meanwhile may still be the one before; this says so only when that is gone.
        until(lambda: again.process.poll() is not None or "Tableful is at" in again.said(), 60)
        assert again.process.poll() is None, again.said()
        assert again.answers()
    finally:
        again.process.terminate()
        again.process.wait(30)
    assert again.processes() == {}


@pytest.mark.slow
@pytest_linux
def test_the_demo_tells_its_sign_ins_once_and_where_they_are_ever_after(tmp_path):
    data = tmp_path / "data"
    for first in (True, False):
        demo = Server(data, free_port(), "--demo")
        try:
            until(lambda demo=demo: demo.process.poll() is not None or demo.runs_whole(), 300)
            assert demo.process.poll() is None, demo.said()
        finally:
            demo.process.terminate()
            demo.process.wait(30)
        kept = data / "demo.json"
        assert kept.stat().st_mode & 0o77 == 0
        said = demo.said()
        assert f"Tableful is at http://localhost:{demo.port}\n" in said
        for one in json.loads(kept.read_text())["sign_ins"]:
            assert (f"{one['email']}  password {one['password']}" in said) == first
        assert (f"The sign-ins are in {kept}" in said) != first


@pytest.mark.parametrize(
    ("env", "sentence"),
    [
        ({"PORT": "eighty"}, "PORT is 'eighty': give a number from 1 to 65535.\n"),
        ({"PORT": "70000"}, "PORT is '70000': give a number from 1 to 65535.\n"),
        ({"TABLEFUL_BIND": "192.0.2.1"}, r"Nothing can listen at 192\.0\.2\.1, port .*\n"),
    ],
)
def test_an_address_that_cannot_be_gives_a_sentence(tmp_path, monkeypatch, env, sentence):
    port = env.get("PORT", free_port())
    monkeypatch.setenv("TABLEFUL_BIND", env.get("TABLEFUL_BIND", ""))
    refused = Server(tmp_path / "data", port)
    assert refused.process.wait(30) == 1
    assert re.fullmatch(sentence, refused.said())


def test_a_port_that_is_taken_gives_a_sentence(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused = Server(tmp_path / "data", port)
        assert refused.process.wait(30) == 1
    assert refused.said() == (
        f"Port {port} is taken by another program: stop that one, or choose another port, "
        f"as in PORT={port + 1} bin/serve.\n"
    )


def test_each_part_may_be_asked_whether_it_is_well(tmp_path):
    data, port = tmp_path / "data", free_port()
    (data / "pulse").mkdir(parents=True)
    (data / "pulse/worker").touch()
    late = data / "pulse/schedule"
    late.touch()
    os.utime(late, (time.time() - 500, time.time() - 500))
    asked = Server(data, port, "--check", "--only", "worker")
    assert asked.process.wait(30) == 0
    assert asked.said() == "All is well.\n"
    asked = Server(data, port, "--check")
    assert asked.process.wait(30) == 1
    assert re.fullmatch(
        rf"web does not answer at 127\.0\.0\.1, port {port}\.\n"
        r"schedule has done nothing for 50\d seconds\.\n",
        asked.said(),
    )


def test_parts_may_run_alone_but_not_beside_the_whole(tmp_path):
    (tmp_path / "data").mkdir()
    with (tmp_path / "data/serve.lock").open("w") as lock:
        lock.write(f"{os.getpid()} http://localhost:1")
        lock.flush()
        fcntl.flock(lock, fcntl.LOCK_SH)
        refused = Server(tmp_path / "data", free_port())
        assert refused.process.wait(30) == 1
        assert "is running already" in refused.said()


def test_what_cannot_be_mended_by_another_start_is_said_once(tmp_path, monkeypatch):
    monkeypatch.setenv("TABLEFUL_URL", "http://table.example")
    refused = Server(tmp_path / "data", free_port())
    assert refused.process.wait(60) == 1
    assert refused.said().count("https everywhere but on localhost") == 1
    assert "Traceback" not in refused.said()
