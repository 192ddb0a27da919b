"""Three programs that read calendars, none of them ours: each returns when it would show something.

`Read` is a set of (starts, ends) as instants; what is called off is not in it.
"""

import json
import os
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import recurring_ical_events
from icalendar import Calendar

HERE = Path(__file__).resolve().parent


def by_icalendar(data, first, after):
    """What icalendar with recurring-ical-events finds."""
    found = recurring_ical_events.of(Calendar.from_ical(data)).between(first, after)
    return {
        (event.decoded("DTSTART").astimezone(UTC), event.decoded("DTEND").astimezone(UTC))
        for event in found
        if event.get("STATUS") != "CANCELLED" and first <= event.decoded("DTSTART") < after
    }


EXPAND = """([text, first, after]) => {
  const root = new ICAL.Component(ICAL.parse(text));
  ICAL.TimezoneService.reset();
  for (const zone of root.getAllSubcomponents("vtimezone")) ICAL.TimezoneService.register(zone);
  const found = [];
  const tell = (item, start, end) => {
    const at = start.toUnixTime();
    if (item.component.getFirstPropertyValue("status") !== "CANCELLED" && first <= at && at < after)
      found.push([at, end.toUnixTime()]);
  };
  for (const component of root.getAllSubcomponents("vevent")) {
    const event = new ICAL.Event(component);
    if (event.isRecurrenceException()) {
      continue;
    } else if (event.isRecurring()) {
      const times = event.iterator();
      for (let next; (next = times.next()) && next.toUnixTime() < after + 86400 * 40;) {
        const one = event.getOccurrenceDetails(next);
        tell(one.item, one.startDate, one.endDate);
      }
    } else tell(event, event.startDate, event.endDate);
  }
  return found;
}"""


class ByIcalJs:
    """What ical.js finds, in a browser."""

    def __init__(self, page):
        self.page = page
        page.goto("about:blank")
        page.evaluate((HERE / "vendor" / "ical.js").read_text(encoding="utf-8"))

    def __call__(self, data, first, after):
        asked = [data.decode(), first.timestamp(), after.timestamp()]
        found = self.page.evaluate(EXPAND, asked)
        return {
            (datetime.fromtimestamp(starts, UTC), datetime.fromtimestamp(ends, UTC))
            for starts, ends in found
        }


KHAL = """[calendars]
[[ours]]
path = {here}/calendar
type = calendar
[locale]
local_timezone = UTC
default_timezone = UTC
timeformat = %H:%M:%S
dateformat = %Y-%m-%d
longdateformat = %Y-%m-%d
datetimeformat = %Y-%m-%d %H:%M:%S
longdatetimeformat = %Y-%m-%d %H:%M:%S
[sqlite]
path = {here}/khal.db
[default]
default_calendar = ours
timedelta = 2d
"""


def khal():
    """Return where khal is; skipped with a sentence where there is none, but not in CI."""
    found = shutil.which("khal")
    if found is None:
        if os.environ.get("TABLEFUL_REQUIRE_KHAL"):
            pytest.fail("khal was not found, and this run requires it.")
        pytest.skip("khal was not found: on Debian, apt install khal.")
    return found


def by_khal(data, first, after, here):
    """What khal finds, of Debian: a program that people use on a terminal."""
    program = khal()
    (here / "calendar").mkdir(exist_ok=True)
    config = here / "khal.conf"
    config.write_text(KHAL.format(here=here), encoding="utf-8")
    feed = here / "feed.ics"
    feed.write_bytes(data)

    def run(*args):
        done = subprocess.run(
            [program, "-c", str(config), *args],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "TZ": "UTC", "LC_ALL": "C.UTF-8", "HOME": str(here)},
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    run("import", "--batch", "-a", "ours", str(feed))
    said = run(
        "list",
        "--day-format",
        "",
        "--format",
        "{start-date-long} {start-time}|{end-date-long} {end-time}|{cancelled}",
        f"{first:%Y-%m-%d}",
        f"{after:%Y-%m-%d}",
    )
    found = set()
    for line in said.splitlines():
        starts, ends, off = line.strip().split("|")
        if not off.strip():
            pair = [
                datetime.strptime(one.strip(), "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
                for one in (starts, ends)
            ]
            if first <= pair[0] < after:
                found.add(tuple(pair))
    return found


def span(moments):
    """Return from when until when to look, around these."""
    day = timedelta(days=1)
    first = min(moments).replace(hour=0, minute=0, second=0) - 3 * day
    return first, max(moments).replace(hour=0, minute=0, second=0) + 3 * day


def shown(found):
    """Return what was found, for a message."""
    return json.dumps(sorted(f"{starts:%F %T}–{ends:%T}" for starts, ends in found), indent=0)
