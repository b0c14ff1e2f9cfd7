#!/usr/bin/python3
"""A hostile directory does nothing in a terminal, a log, a table: plain.py GALWAY"""
import csv
import io
import os
import pathlib
import pty
import re
import subprocess
import sys
import tempfile

import hostile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import faults  # noqa: E402
from faults import fail  # noqa: E402

GALWAY = sys.argv[1]
FORMULA = ("=", "+", "-", "@", "\t", "\r")
# What galway writes itself: a newline, and colours on a terminal.
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def harmless(case, text, colours=False, bidi=True, ours="\n"):
    """No control character but ours, no mark that turns or hides text; and it is UTF-8."""
    text = text.decode()
    rest = COLOUR.sub("", text) if colours else text
    if case.endswith("csv") or colours:
        rest = rest.replace("\r\n", "\n")
    bad = [c for c in rest if (ord(c) < 32 and c not in ours) or (0x7f <= ord(c) < 0xa0 and c not in ours) or (bidi and c in hostile.INVISIBLE)]
    if bad:
        fail(case, f"{len(bad)} characters that do something, as {bad[0]!r}")
    if any(line.startswith("galway: error: no") for line in rest.split("\n")):
        fail(case, "a line that the directory made")
    return text


def on_terminal(folder, *args):
    """What a terminal is sent."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen([GALWAY, "-c", str(folder / "galway.conf"), *args], stdin=subprocess.DEVNULL,
                               stdout=theirs, stderr=theirs, env=dict(os.environ, TERM="xterm-256color"))
    os.close(theirs)
    sent = b""
    while True:
        try:
            more = os.read(ours, 1 << 16)
        except OSError:  # the other end is closed
            break
        if not more:
            break
        sent += more
    os.close(ours)
    process.wait()
    return sent


def cells(case, text, delimiter):
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    bad = [cell for row in rows for cell in row if cell.lstrip(' "').startswith(FORMULA)]
    if bad or len(rows) < 100:
        fail(case, f"{len(rows)} rows; {len(bad)} formulas for a reader with {delimiter!r}, as {bad[:3]}")
    return rows


def tables(folder):
    for command in "diff", "preflight":
        case = command + " csv"
        _, text = hostile.galway(GALWAY, folder, command, "--format", "csv", messages=False)
        text = harmless(case, text)
        rows = list(csv.reader(io.StringIO(text, newline="")))
        if len({len(row) for row in rows}) != 1:
            fail(case, "rows of different lengths")
        if command == "diff":
            for delimiter in ",", ";":
                rows = cells(case, text, delimiter)
            # What is no formula is as it is in the directory, and what is one can be read.
            values = {row[9] for row in csv.reader(io.StringIO(text, newline=""))}
            for value in hostile.MARKUP[:3] + ["'=cmd|' /C calc'!A0", "x;'=1+1"]:
                if value not in values:
                    fail(case, f"{value!r} is not there")


def main():
    with tempfile.TemporaryDirectory(prefix="galway-hostile-") as home:
        folder = hostile.make(home)
        tables(folder)
        # Progress returns to the margin; nobody else does.
        text = harmless("diff on a terminal", on_terminal(folder, "diff"), colours=True, ours="\n\r")
        if "a\\x0d\\x0agalway: error: no" not in text:
            fail("diff on a terminal", "a line's end that the directory sent is not told")
        runs = [("check",), ("diff",), ("diff", "--format", "ldif"), ("preflight",), ("sync",), ("sync", "--full"), ("status",),
                ("history",), ("history", "1"), ("history", "user3@abc.example"), ("diff", "--undo", "1"),
                ("links", "abc-to-xyz")]
        runs += [("explain", "abc-to-xyz", f"user{n}@abc.example") for n in (0, 12, 21, 30, 33)]
        runs += [("authority", "show", f"user{n}@abc.example") for n in (0, 21)]
        runs += [("set", f"user{n}@abc.example", "title=\x1b[31m\u202e<b>", "--as", "xyz") for n in (0, 21)]
        for run in runs:
            code, text = hostile.galway(GALWAY, folder, *run)
            if code not in (0, 1, 4):
                fail(" ".join(run), f"ended with {code}: {text[-300:]!r}")
            harmless(" ".join(run), text, ours="\n\t" if run[0] == "links" else "\n")
        harmless("status on a terminal", on_terminal(folder, "status"), colours=True, ours="\n\r")
        _, text = hostile.galway(GALWAY, folder, "diff", "--full", "--format", "json", messages=False)
        harmless("json", text, bidi=False, ours="\n\x7f")  # which a string of JSON may hold
        print(f"{len(runs) + 5} outputs, {len(faults.found)} with something that acts")
    return bool(faults.found)


if __name__ == "__main__":
    sys.exit(main())
