"""`manage.py try`: one rule on a file of one's own."""

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from hall.trying import LARGEST_BYTES, parse, try_rhythm

pytestmark = pytest.mark.once

ROOT = Path(__file__).parents[2]

EXAMPLE = {
    "zone": "Europe/Berlin",
    "start": "2026-10-18T19:00",
    "rule": "FREQ=WEEKLY;COUNT=6",
    "minutes": 90,
    "skip": ["2026-11-01"],
    "until": "2027-12-31",
}
RESULT = {
    "meetings": [
        {
            "local": "2026-10-18T19:00",
            "utc": "2026-10-18T17:00:00Z",
            "ends": "2026-10-18T18:30:00Z",
        },
        *(
            {
                "local": f"2026-{day}T19:00",
                "utc": f"2026-{day}T18:00:00Z",
                "ends": f"2026-{day}T19:30:00Z",
            }
            for day in ("10-25", "11-08", "11-15", "11-22")
        ),
    ],
    "ends_on": "2026-11-22",
}


@pytest.fixture
def run(tmp_path, capsys):
    """Run the command on bytes or values; gives exit code, output and error."""

    def run(content, what="rhythm"):
        path = tmp_path / "input.json"
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return run_on(path, what)

    def run_on(path, what="rhythm"):
        code = 0
        try:
            call_command("try", what, str(path))
        except SystemExit as stopped:
            code = stopped.code
        out, err = capsys.readouterr()
        return code, out, err

    run.on = run_on
    return run


def test_the_example_of_the_design(run):
    code, out, err = run(EXAMPLE)
    assert (code, err) == (0, "")
    assert json.loads(out) == RESULT


def test_from_standard_input(run, monkeypatch):
    raw = io.BytesIO(json.dumps(EXAMPLE).encode())
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(raw))
    code, out, _ = run.on("-")
    assert code == 0
    assert json.loads(out) == RESULT


def test_from_a_shell():
    def shell(text):
        return subprocess.run(
            [sys.executable, "manage.py", "try", "rhythm", "-"],
            input=text,
            capture_output=True,
            text=True,
            cwd=ROOT,
            check=False,
        )

    good = shell(json.dumps(EXAMPLE))
    assert (good.returncode, good.stderr, json.loads(good.stdout)) == (0, "", RESULT)
    bad = shell(json.dumps({**EXAMPLE, "zone": "Mars/Olympus"}))
    assert (bad.returncode, bad.stdout) == (2, "")
    assert bad.stderr == "There is no time zone “Mars/Olympus”.\n"


def test_what_may_be_left_out(run):
    least = {key: EXAMPLE[key] for key in ("zone", "start", "rule", "minutes")}
    code, out, _ = run(least)
    assert code == 0
    assert [meeting["local"][5:10] for meeting in json.loads(out)["meetings"]] == [
        "10-18",
        "10-25",
        "11-01",
        "11-08",
        "11-15",
        "11-22",
    ]
    assert run({**least, "skip": [], "until": None})[1] == out
    assert run(b"\xef\xbb\xbf" + json.dumps(least).encode())[1] == out


def test_nothing_left():
    data = {**EXAMPLE, "rule": "FREQ=WEEKLY", "until": "2026-10-17"}
    assert try_rhythm(data) == {"meetings": [], "ends_on": None}


def test_a_time_that_does_not_exist_is_shown_where_it_went():
    data = {**EXAMPLE, "start": "2026-03-29T02:30", "rule": "FREQ=WEEKLY;COUNT=1"}
    (meeting,) = try_rhythm(data)["meetings"]
    assert meeting == {
        "local": "2026-03-29T03:30",
        "utc": "2026-03-29T01:30:00Z",
        "ends": "2026-03-29T03:00:00Z",
    }


def test_seconds_are_kept():
    (meeting, *_) = try_rhythm({**EXAMPLE, "start": "2026-10-18T19:00:05"})["meetings"]
    assert (meeting["local"], meeting["utc"]) == ("2026-10-18T19:00:05", "2026-10-18T17:00:05Z")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "not JSON: line 1, column 1"),
        (b"{", "not JSON"),
        (b'{"zone": }', "not JSON"),
        (b"FREQ=WEEKLY", "not JSON"),
        (b"\xff\xfe", "not text in UTF-8"),
        (b"[" * 200_000, "nested too deeply"),
        (b'{"minutes": ' + b"9" * 5000 + b"}", "too long"),
        (b" " * (LARGEST_BYTES + 1), "larger than 5 MB"),
        (b"[]", "one JSON object"),
        (b"null", "one JSON object"),
        (b'"FREQ=WEEKLY"', "one JSON object"),
        (b'{"zone": "UTC", "zone": "UTC"}', "names a key twice"),
        ({}, 'The key "minutes" is missing.'),
        ({**EXAMPLE, "minute": 90}, 'There is no key "minute" here.'),
        ({**EXAMPLE, "a\nb": 90}, 'There is no key "a\\nb" here.'),
        ({**EXAMPLE, "zone": None}, '"zone" has to be text'),
        ({**EXAMPLE, "zone": "Europe/Atlantis"}, "no time zone “Europe/Atlantis”"),
        ({**EXAMPLE, "zone": "\ud800"}, "no time zone “\\ud800”"),
        ({**EXAMPLE, "rule": 6}, '"rule" has to be text'),
        ({**EXAMPLE, "rule": "weekly"}, "“WEEKLY” is not one"),
        ({**EXAMPLE, "rule": "FREQ=SECONDLY;COUNT=1000000"}, "isn’t possible"),
        ({**EXAMPLE, "rule": "FREQ=DAILY", "until": "2399-12-31"}, "more than 10,000"),
        ({**EXAMPLE, "rule": "FREQ=WEEKLY", "until": None}, "needs “until”"),
        ({**EXAMPLE, "minutes": "90"}, '"minutes" has to be a whole number'),
        ({**EXAMPLE, "minutes": 90.5}, "which 90.5 is not"),
        ({**EXAMPLE, "minutes": True}, "which true is not"),
        ({**EXAMPLE, "minutes": [[90]]}, "which a list is not"),
        ({**EXAMPLE, "minutes": 0}, "lasts between"),
        ({**EXAMPLE, "start": "2026-10-18"}, '"start" has to be a local time'),
        ({**EXAMPLE, "start": "2026-10-18 19:00"}, '"start" has to be a local time'),
        ({**EXAMPLE, "start": "2026-10-18T24:00"}, '"start" has to be a local time'),
        ({**EXAMPLE, "start": "2026-02-30T19:00"}, '"start" has to be a local time'),
        ({**EXAMPLE, "start": "2026-10-18T19:00Z"}, '"start" has to be a local time'),
        ({**EXAMPLE, "start": "2026-10-18T19:00+02:00"}, '"start" has to be a local time'),
        ({**EXAMPLE, "start": 20261018}, '"start" has to be a local time'),
        ({**EXAMPLE, "start": "0001-01-01T00:00"}, "between the years"),
        ({**EXAMPLE, "skip": "2026-11-01"}, '"skip" has to be a list'),
        ({**EXAMPLE, "skip": None}, '"skip" has to be a list'),
        ({**EXAMPLE, "skip": ["1 November"]}, '"skip" takes dates'),
        ({**EXAMPLE, "skip": [20261101]}, '"skip" takes dates'),
        ({**EXAMPLE, "until": "20271231"}, '"until" takes dates'),
        ({**EXAMPLE, "until": "2027-12-31T00:00"}, '"until" takes dates'),
        ({**EXAMPLE, "until": "x" * 100_000}, '"until" takes dates'),
    ],
)  # fmt: skip
def test_bad_input_is_one_plain_sentence(run, content, says):
    code, out, err = run(content)
    assert (code, out) == (2, "")
    assert says in err
    assert err.endswith(".\n")
    assert err.count("\n") == 1
    assert len(err) < 200


def test_a_file_that_cannot_be_read(run, tmp_path):
    for path in (tmp_path, tmp_path / "missing", tmp_path / ("x" * 300), "a\0b"):
        code, out, err = run.on(path)
        assert (code, out) == (2, "")
        assert err.startswith("The file can’t be read: ")
        assert err.count("\n") == 1


def test_a_file_that_never_ends(run):
    assert run.on("/dev/zero")[0] == 2


def test_only_what_can_be_tried(run):
    with pytest.raises(CommandError, match="rhythm"):
        run(EXAMPLE, what="fortune")


def test_deep_values_are_named_and_not_printed():
    deep = b'{"zone":' + b"[" * 900 + b"]" * 900 + b"}"
    with pytest.raises(ValueError, match="missing"):
        try_rhythm(parse(deep))
    with pytest.raises(ValueError, match="which a list is not"):
        try_rhythm({**EXAMPLE, **parse(deep)})
