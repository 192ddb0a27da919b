"""What a server is made of: the compose files, the image, the settings, the units. Docker does not run here."""

import json
import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
import yaml

from config import data

ROOT = Path(__file__).resolve().parents[2]
FILES = ["docker-compose.yml", "docker-compose.sqlite.yml"]
SCHEMA = json.loads((Path(__file__).parent / "vendor/compose-spec.json").read_text())
# Set by tests and the demo, never by who runs a server; CI's own.
INTERNAL = {"TABLEFUL_DEMO", "TABLEFUL_CLOCK_MOVES"}
SECRETS = {"DATABASE_URL", "EMAIL_URL", "SECRET_KEY", "TABLEFUL_KEYRING"}
VARIABLE = re.compile(r"\$\{([A-Z_]+)(?::([-?])([^}]*))?\}")


def compose(name):
    return yaml.safe_load((ROOT / name).read_text())


def settings():
    """Return the settings of .env.example, each with its value and the line before it."""
    found, before = {}, ""
    for line in (ROOT / ".env.example").read_text().splitlines():
        if match := re.fullmatch(r"#?([A-Z][A-Z_]*)=(.*)", line):
            found[match[1]] = (match[2], before)
        before = line
    return found


def filled(text, **env):
    """Return a text as compose fills it in."""

    def one(match):
        name, kind, rest = match.groups()
        return env.get(name) or (rest if kind == "-" else "")

    return VARIABLE.sub(one, str(text))


@pytest.mark.parametrize("name", FILES)
def test_a_compose_file_keeps_to_the_specification(name):
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(compose(name), SCHEMA, cls=jsonschema.Draft202012Validator)


def test_the_specification_would_refuse_a_slip():
    wrong = compose(FILES[0])
    wrong["services"]["web"]["healthchek"] = {}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, SCHEMA, cls=jsonschema.Draft202012Validator)


@pytest.mark.parametrize("name", FILES)
def test_what_compose_names_is_there(name):
    found = compose(name)
    services = found["services"]
    for service in services.values():
        assert set(service.get("secrets", [])) <= set(found["secrets"])
        assert set(service.get("networks", [])) <= set(found.get("networks", {}))
        for other, wait in service.get("depends_on", {}).items():
            assert wait == {"condition": "service_healthy"}
            assert services[other]["healthcheck"]["test"]
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert source in found["volumes"] or (ROOT / source).is_file(), volume
        for value in service.get("environment", {}).values():
            for path in re.findall(r"/run/secrets/(\S+)", str(value)):
                assert path in service["secrets"]


@pytest.mark.parametrize("name", FILES)
def test_every_service_is_asked_for_its_health_and_has_little_to_break(name):
    for service in compose(name)["services"].values():
        assert service["healthcheck"]["test"][0] == "CMD"
        assert service["read_only"] is True
        assert "no-new-privileges:true" in service["security_opt"]
        assert service["restart"] == "unless-stopped"
        assert not service.get("privileged")


@pytest.mark.parametrize("name", FILES)
def test_ports_answer_this_computer_alone_by_default(name):
    ports = [
        port for service in compose(name)["services"].values() for port in service.get("ports", [])
    ]
    assert ports
    for port in ports:
        assert filled(port).startswith("127.0.0.1:"), port


def test_the_three_parts_are_one_image_and_postgres_and_redis_are_out_of_reach():
    found = compose(FILES[0])
    parts = {name: found["services"][name] for name in ("web", "worker", "schedule")}
    for name, part in parts.items():
        assert part["image"] == "tableful"
        assert part["command"] == ["--only", name]
        assert part["healthcheck"]["test"][1:] == [
            "/srv/tableful/bin/serve", "--check", "--only", name,
        ]  # fmt: skip
    assert found["networks"]["inside"]["internal"] is True
    for name in ("postgres", "redis"):
        assert found["services"][name]["networks"] == ["inside"]
        assert "ports" not in found["services"][name]


@pytest.mark.parametrize("name", FILES)
def test_no_secret_has_a_default_or_stands_in_the_file(name):
    for service in compose(name)["services"].values():
        for key, value in service.get("environment", {}).items():
            if key.removesuffix("_FILE") in SECRETS | {"POSTGRES_PASSWORD"}:
                assert key.endswith("_FILE")
                assert re.fullmatch(r"/run/secrets/[a-z-]+|\$\{EMAIL_URL_FILE:-\}", value)
    for secret in SECRETS:
        assert settings()[secret][0] == ""
    for secret in compose(name)["secrets"].values():
        assert set(secret) == {"file"}


def test_settings_are_those_that_are_read_and_each_is_explained():
    known = settings()
    text = "".join(path.read_text() for path in (ROOT / "config").rglob("*.py"))
    read = set(
        re.findall(r"""(?:setting|secret|os\.environ(?:\.get)?)[(\[]\s*["']([A-Z_]+)["']""", text)
    )
    read = (read | set(data.NAMES)) - INTERNAL - {"DJANGO_SETTINGS_MODULE", "PYTHONUNBUFFERED"}
    read |= set(re.findall(r"\$\{(TABLEFUL_[A-Z_]+)", (ROOT / "bin/ready").read_text()))
    filled_in = {
        match[1] for name in FILES for match in VARIABLE.finditer((ROOT / name).read_text())
    }
    assert read <= set(known)
    assert {name.removesuffix("_FILE") for name in set(known) - filled_in} <= read
    assert filled_in <= set(known)
    for name, (_value, before) in known.items():
        assert re.match(r"# \w.{20,}\.$", before), f"{name} is not explained"
    guide = (ROOT / "docs/self-hosting.md").read_text()
    for name in known:
        assert f"`{name}`" in guide, f"{name} is not in docs/self-hosting.md"


@pytest.mark.parametrize("name", FILES)
def test_the_parts_are_told_nothing_that_they_do_not_read(name):
    for service in compose(name)["services"].values():
        if service.get("image") == "tableful":
            told = {key.removesuffix("_FILE") for key in service["environment"]}
            assert told <= set(data.NAMES)


# ---- the image


def steps():
    text = re.sub(r"\\\n", " ", (ROOT / "Dockerfile").read_text())
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [tuple(line.split(maxsplit=1)) for line in lines]


def allowed():
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in lines
    return {line[1:] for line in lines if line.startswith("!")}


def test_the_image_copies_what_there_is_and_all_that_runs():
    copied = set()
    for word, rest in steps():
        if word == "COPY" and not rest.startswith("--from"):
            *sources, _to = rest.split()
            copied |= {source.split("/")[0] for source in sources}
            for source in sources:
                assert (ROOT / source).exists(), source
    assert copied == allowed()
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    beside = {"tests", "bench", "docs", "deploy", ".ci"}
    assert {line.split("/")[0] for line in listed.splitlines() if "/" in line} - beside <= copied
    assert not {"secrets", ".env", "data"} & copied


def test_the_image_is_made_by_bin_ready_in_two_stages_and_runs_as_nobody_special():
    words = steps()
    assert [word for word, _ in words].count("FROM") == 2
    assert any(word == "RUN" and "bin/ready --no-data" in rest for word, rest in words)
    assert not any("pip install" in rest for word, rest in words)
    (user,) = [rest for word, rest in words if word == "USER"]
    assert int(user.split(":")[0]) > 0
    for word, rest in words:
        if word in {"ENTRYPOINT", "HEALTHCHECK"}:
            path = json.loads(rest[rest.index("[") :])[0]
            assert os.access(ROOT / path.removeprefix("/srv/tableful/"), os.X_OK)


def test_the_packages_of_the_image_have_hashes():
    text = (ROOT / "requirements.txt").read_text()
    assert text.count("==") <= text.count("--hash=sha256:")
    assert "--require-hashes" in (ROOT / "bin/ready").read_text()


# ---- secrets and units


def test_secrets_are_made_once_and_fit_together(tmp_path):
    folder = tmp_path / "secrets"
    command = [ROOT / "deploy/make-secrets", folder]
    subprocess.run(command, check=True, capture_output=True)
    first = {path.name: path.read_text() for path in folder.iterdir()}
    assert set(first) == set(compose(FILES[0])["secrets"])
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    password = first["postgres-password"].strip()
    assert re.fullmatch(r"[0-9a-f]{64}", password)
    assert first["database-url"] == f"postgres://tableful:{password}@postgres:5432/tableful\n"
    assert len({password, first["secret-key"], first["keyring"]}) == 3
    (folder / "email-url").write_text("smtp://me:word@mail.example:587\n")
    subprocess.run(command, check=True, capture_output=True)
    assert {**first, "email-url": "smtp://me:word@mail.example:587\n"} == {
        path.name: path.read_text() for path in folder.iterdir()
    }


@pytest.mark.parametrize("unit", ["tableful.service", "tableful@.service"])
def test_systemd_understands_a_unit(unit, tmp_path):
    text = (ROOT / "deploy/systemd" / unit).read_text()
    assert "EnvironmentFile=/etc/tableful/env" in text
    assert "/srv/tableful/bin/serve" in text
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd-analyze is not here.")
    here = tmp_path / unit.replace("@.", "@web.")
    here.write_text(text.replace("/srv/tableful", str(ROOT)))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", here], capture_output=True, text=True, check=False
    )
    wrong = [line for line in done.stderr.splitlines() if unit.split(".")[0].strip("@") in line]
    assert not wrong, done.stderr


def test_systemd_runs_a_command_beside_the_service():
    path = ROOT / "deploy/systemd/manage"
    assert os.access(path, os.X_OK)
    unit = (ROOT / "deploy/systemd/tableful.service").read_text()
    for setting in re.findall(
        r"=(EnvironmentFile=\S+|UMask=\d+|TABLEFUL_DATA=\S+)", path.read_text()
    ):
        assert setting in unit


@pytest.mark.skipif(
    not shutil.which("systemd-run"),
    reason="There is no systemd-run here: that it knows the options of deploy/systemd/manage is not tried.",
)
def test_systemd_knows_the_options():
    path = ROOT / "deploy/systemd/manage"
    done = subprocess.run(["systemd-run", "--help"], capture_output=True, text=True, check=True)
    for option in re.findall(r" (--[a-z-]+)", path.read_text()):
        assert option in done.stdout


STARTS = """
import re, sys
from importlib.metadata import packages_distributions
from pathlib import Path

lock = re.findall(r"^([a-z0-9.-]+)==", Path("requirements.txt").read_text().replace("[binary]", ""), re.M)
barred = {
    module
    for module, names in packages_distributions().items()
    if not {re.sub(r"[-_.]+", "-", name).lower() for name in names} & set(lock)
}

class Bar:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in barred:
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Bar())
sys.argv = ["celery"]
import celery.apps.beat, celery.apps.worker, celery.bin.celery, config.web, config.wsgi, granian
import kombu.transport.filesystem, kombu.transport.redis, django.db.backends.postgresql.base
print("pytest" in barred)
"""


def test_all_that_runs_is_in_the_lock_of_those_who_only_run_it(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", STARTS],
        cwd=ROOT,
        env={**os.environ, "TABLEFUL_DATA": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "True\n", done.stderr
