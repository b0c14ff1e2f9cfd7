#!/usr/bin/env python3
"""When "sync --if-due" runs, and when "status" calls a flow stale, whatever becomes of the clock.   run.py GALWAY

The clock is libfaketime's: each step of a case is a moment in UTC, the time zone that the process has then, and whether a run is
made, with an interval of three hours.
"""
import calendar
import os
import pathlib
import sqlite3
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import faults  # noqa: E402
from faults import expect  # noqa: E402

GALWAY = os.path.realpath(sys.argv[1])
FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"
BERLIN, SYDNEY = "Europe/Berlin", "Australia/Sydney"

CASES = {
    "an interval": (
        ("2026-01-15 00:00:00", "UTC", True),
        ("2026-01-15 00:00:00", "UTC", False),
        ("2026-01-15 02:59:59", "UTC", False),
        ("2026-01-15 03:00:00", "UTC", True),
        ("2026-01-15 05:59:59", "UTC", False)),
    "clocks go forward at 01:00 UTC: what looks like four hours is three": (
        ("2026-03-29 00:00:00", BERLIN, True),    # 01:00
        ("2026-03-29 02:00:00", BERLIN, False),   # 04:00, three hours later on the wall
        ("2026-03-29 02:59:59", BERLIN, False),
        ("2026-03-29 03:00:00", BERLIN, True)),   # 05:00
    "clocks go back at 01:00 UTC: what looks like two hours is three": (
        ("2026-10-24 23:30:00", BERLIN, True),    # 01:30
        ("2026-10-25 01:30:00", BERLIN, False),   # 02:30, for the second time
        ("2026-10-25 02:29:59", BERLIN, False),
        ("2026-10-25 02:30:00", BERLIN, True)),   # 03:30
    "an hour that comes twice": (
        ("2026-10-25 00:45:00", BERLIN, True),    # 02:45
        ("2026-10-25 01:15:00", BERLIN, False),   # 02:15, which is later
        ("2026-10-25 01:45:00", BERLIN, False)),
    "the other half of the world": (
        ("2026-04-04 14:30:00", SYDNEY, True),    # 01:30, clocks go back at 16:00 UTC
        ("2026-04-04 17:29:59", SYDNEY, False),
        ("2026-04-04 17:30:00", SYDNEY, True),
        ("2026-10-03 14:30:00", SYDNEY, True),    # clocks go forward
        ("2026-10-03 17:29:59", SYDNEY, False),
        ("2026-10-03 17:30:00", SYDNEY, True)),
    "the machine moves, or somebody sets its time zone": (
        ("2026-06-01 12:00:00", "Pacific/Kiritimati", True),
        ("2026-06-01 14:59:59", "Pacific/Niue", False),
        ("2026-06-01 15:00:00", "Pacific/Niue", True),
        ("2026-06-01 17:59:59", "Pacific/Kiritimati", False),
        ("2026-06-01 17:59:59", "No/Where", False),
        ("2026-06-01 18:00:00", "Asia/Kathmandu", True)),
    "the clock is set forward": (
        ("2026-06-01 12:00:00", "UTC", True),
        ("2026-06-03 12:00:00", "UTC", True),
        ("2026-06-03 14:00:00", "UTC", False)),
    "the clock is set back: a run in the future is none": (
        ("2026-06-03 12:00:00", "UTC", True),
        ("2026-06-01 12:00:00", "UTC", True),
        ("2026-06-01 14:59:59", "UTC", False),
        ("2026-06-01 15:00:00", "UTC", True)),
    "by a second": (
        ("2026-06-01 12:00:01", "UTC", True),
        ("2026-06-01 12:00:00", "UTC", True),
        ("2026-06-01 12:00:01", "UTC", False)),
    "a clock without a battery, and back": (
        ("2026-06-01 12:00:00", "UTC", True),
        ("1970-01-02 00:00:00", "UTC", True),
        ("1970-01-02 02:00:00", "UTC", False),
        ("2026-06-01 12:10:00", "UTC", True),
        ("2026-06-01 12:20:00", "UTC", False)),
    "after 2038": (
        ("2038-01-19 03:14:00", "UTC", True),
        ("2038-01-19 06:13:59", "UTC", False),
        ("2038-01-19 06:14:00", "UTC", True),
        ("2100-01-01 00:00:00", "UTC", True),
        ("2026-06-01 12:00:00", "UTC", True)),
    "a year ends, and February has 29 days": (
        ("2027-12-31 22:00:00", "UTC", True),
        ("2028-01-01 00:59:59", "UTC", False),
        ("2028-01-01 01:00:00", "UTC", True),
        ("2028-02-28 23:00:00", "UTC", True),
        ("2028-02-29 01:59:59", "UTC", False),
        ("2028-02-29 02:00:00", "UTC", True)),
}
# The last run, now, and what status ends with; a flow is stale after nine hours.
STATUS = (
    ("2026-06-01 12:00:00", "2026-06-01 21:00:00", 0),
    ("2026-06-01 12:00:00", "2026-06-01 21:00:01", 2),
    ("2026-03-28 23:00:00", "2026-03-29 08:00:00", 0),  # clocks went forward
    ("2026-03-28 23:00:00", "2026-03-29 08:00:01", 2),
    ("2026-06-01 12:00:01", "2026-06-01 12:00:00", 0),
    ("2026-06-01 12:00:00", "2026-06-01 03:00:00", 0),
    ("2026-06-01 12:00:00", "2026-06-01 02:59:59", 2),  # in the future: nobody knows when it was
    ("2100-01-01 00:00:00", "2026-06-01 12:00:00", 2),
)


def galway(folder, moment, zone, *words):
    """At that moment, which stands still."""
    env = {"PATH": os.environ["PATH"], "TZ": zone, "LD_PRELOAD": FAKETIME, "FAKETIME_DONT_FAKE_MONOTONIC": "1",
           "FAKETIME_FMT": "%s", "FAKETIME": str(calendar.timegm(time.strptime(moment, "%Y-%m-%d %H:%M:%S"))),
           "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"}
    return subprocess.run([GALWAY, "-q", "-c", folder / "galway.conf", *words], env=env, capture_output=True, text=True, timeout=60)


def pair(work):
    folder = pathlib.Path(tempfile.mkdtemp(dir=work))
    for name, text in (
            ("abc.ldif", "version: 1\n\n"),
            ("xyz.ldif", "version: 1\n\ndn: OU=GAL,DC=xyz\nobjectClass: organizationalUnit\nobjectGUID: gal\nou: GAL\n\n"),
            ("galway.conf", 'state = "state.db" interval = 3h\nconnector abc { type = ldif file = "abc.ldif" base = "DC=abc" }\n'
             'connector xyz { type = ldif file = "xyz.ldif" base = "DC=xyz" }\n'
             'flow abc-to-xyz { source = abc target = xyz into = "OU=GAL,DC=xyz" }\n')):
        (folder / name).write_text(text)
        (folder / name).chmod(0o600)
    return folder


def runs(folder):
    with sqlite3.connect(folder / "state.db") as db:
        return db.execute("SELECT coalesce(max(id), 0) FROM run").fetchone()[0]


def test_due(work):
    for what, steps in CASES.items():
        folder, n = pair(work), 0
        for moment, zone, made in steps:
            done = galway(folder, moment, zone, "sync", "--if-due")
            expect(f"{what}: {moment} {zone}: ends well", done.returncode == 0, done)
            expect(f"{what}: {moment} {zone}: {'a run' if made else 'no run'}", runs(folder) - n == made, runs(folder) - n)
            n = runs(folder)


def test_failed(work):
    """A run that failed does not count, whatever the clock says meanwhile."""
    folder = pair(work)
    galway(folder, "2026-06-01 12:00:00", "UTC", "sync", "--if-due")
    (folder / "abc.ldif").rename(folder / "away")
    for moment in ("2026-06-01 15:00:00", "2026-06-01 15:15:00"):
        done = galway(folder, moment, BERLIN, "sync", "--if-due")
        expect(f"{moment}: it is tried", done.returncode == 2 and "abc.ldif" in done.stderr, done)
    said = galway(folder, "2026-06-01 15:20:00", BERLIN, "history").stdout
    expect("history tells both", said.count("abc-to-xyz  failed, exit 2: /") == 2 and said.count("abc.ldif") == 2, said)
    done = galway(folder, "2026-06-01 15:20:00", BERLIN, "status")
    expect("status, too", done.returncode == 4 and "last run 3: 2026-06-01T17:15:00+02:00, failed: " in done.stdout, done)
    (folder / "away").rename(folder / "abc.ldif")
    expect("and made up for", galway(folder, "2026-06-01 15:30:00", BERLIN, "sync", "--if-due").returncode == 0 and runs(folder) == 4)
    galway(folder, "2026-06-01 18:29:59", BERLIN, "sync", "--if-due")
    expect("from then on", runs(folder) == 4)
    expect("status is good again", galway(folder, "2026-06-01 18:29:59", BERLIN, "status").returncode == 0)


def test_history(work):
    """A clock that lies takes nothing away, neither while it does nor when it is set right."""
    folder = pair(work)
    for n, moment in enumerate(("2026-06-01 12:00:00", "2026-06-01 15:00:00", "2100-01-01 00:00:00", "2100-01-01 03:00:00",
                                "2026-06-01 18:00:00", "1970-01-02 00:00:00", "2026-06-01 21:00:00"), 1):
        galway(folder, moment, "UTC", "sync")
        said = galway(folder, moment, "UTC", "history").stdout
        expect(f"history: {moment}", len(said.splitlines()) == n, said)


def test_status(work):
    for last, now, code in STATUS:
        folder = pair(work)
        galway(folder, last, BERLIN, "sync")
        done = galway(folder, now, BERLIN, "status")
        expect(f"status: {last}, {now}", done.returncode == code and ("stale" in done.stdout) == (code == 2), done)


def main():
    if not os.path.exists(FAKETIME):
        print("due: libfaketime is not there")
        return 77
    with tempfile.TemporaryDirectory() as name:
        for test in (test_due, test_failed, test_history, test_status):
            test(pathlib.Path(name))
    print("due:", "good" if not faults.found else f"{len(faults.found)} wrong")
    return 1 if faults.found else 0


if __name__ == "__main__":
    sys.exit(main())
