#!/usr/bin/python3
"""The published incidents of other products, replayed against galway: none may end with a wrong delete.

    incidents.py GALWAY [--table] [-j N] [NAME...]

NAME: a number, or a part of a name or link. --table prints the table of docs/reliability.md instead of what was done.
Without NAMEs the page must have that very table.
"""
import argparse
import concurrent.futures
import inspect
import multiprocessing
import os
import pathlib
import shutil
import subprocess
import sys
import traceback

import scene  # first: it says where the others are
import replays_absent  # noqa: F401
import replays_told  # noqa: F401
from incident import INCIDENTS

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "reliability.md"
HEAD = """| # | incident | replayed | galway: exit code, and what it says | deletes |
|---:|---|---|---|---:|
"""


def play(number):
    """(what galway did, what is wrong or None, wrong deletes)."""
    scene.Scene.answers = []
    try:
        INCIDENTS[number].replay()
    except scene.Failure as failure:
        return scene.Scene.answers, str(failure), failure.deletes
    except (OSError, ValueError, KeyError, IndexError, AttributeError, subprocess.SubprocessError):
        return scene.Scene.answers, traceback.format_exc(), 0
    return scene.Scene.answers, None if scene.Scene.answers else "nothing was asked of galway", 0


def named(incident, word):
    return word == str(incident.number) or (
        not word.isdigit() and word.lower() in (incident.name + incident.link).lower())


def replayed(incident):
    return " ".join(inspect.getdoc(incident.replay).split())


def said(answers):
    return [f"{a.code}: {a.words}" for a in answers]


def deletes(answers, wrong):
    right = sum(a.deletes for a in answers)
    return ", ".join([f"{right} right"] * (right > 0) + [f"**{wrong} wrong**"] * (wrong > 0)) or "0"


def row(incident, answers, why, wrong):
    cells = [f"{a.code}: `{a.words}`" for a in answers] + ["**fails**"] * (why is not None)
    text = "; ".join(dict.fromkeys(cells)).replace("|", "\\|")
    return (f"| {incident.number} | [{incident.name}]({incident.link}) | {replayed(incident)} | {text} "
            f"| {deletes(answers, wrong)} |\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("galway")
    parser.add_argument("names", nargs="*")
    parser.add_argument("--table", action="store_true")
    parser.add_argument("-j", type=int, default=os.cpu_count())
    options = parser.parse_intermixed_args()
    if shutil.which("openssl") is None:
        print("openssl is not there: no certificates for the servers")
        return 77
    scene.Scene.galway = str(pathlib.Path(options.galway).resolve())
    chosen = [i for _, i in sorted(INCIDENTS.items()) if not options.names or any(named(i, w) for w in options.names)]
    unknown = [w for w in options.names if not any(named(i, w) for i in chosen)]
    if unknown:
        sys.exit(f"no incident of this number or name: {', '.join(unknown)}")
    good, table = 0, HEAD
    with concurrent.futures.ProcessPoolExecutor(options.j, multiprocessing.get_context("fork")) as pool:
        for incident, (answers, why, wrong) in zip(chosen, pool.map(play, [i.number for i in chosen])):
            good += why is None
            table += row(incident, answers, why, wrong)
            if not options.table:
                print(f"{'ok  ' if why is None else 'FAIL'} {incident.number} {incident.name} <{incident.link}> "
                      f"{'; '.join(said(answers))}; deletes: {deletes(answers, wrong)}", flush=True)
            if why is not None:
                print(why, file=sys.stderr, flush=True)
    if options.table:
        print(table, end="")
        return good < len(chosen)
    whole = len(chosen) == len(INCIDENTS)
    page = not whole or table in PAGE.read_text(encoding="utf-8")
    if not page:
        print(f"{PAGE.name} has another table: see --table", file=sys.stderr)
    print(f"incidents: {good} of {len(chosen)} ended with no wrong delete")
    return 0 if good == len(chosen) and chosen and page else 1


if __name__ == "__main__":
    sys.exit(main())
