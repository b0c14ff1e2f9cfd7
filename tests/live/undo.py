#!/usr/bin/python3
"""Undo on servers: two of OpenLDAP, and two forests of Samba where that is installed. The first sync and the run after
every kind of change are taken back, and the undo too; the target's contacts are each time as they were. A contact that
somebody changed meanwhile keeps what he wrote."""
import re
import time

import changes
import forests
import openldap
import scenario
import server


def test(options):
    with openldap.two_sides(["syncprov"]) as (folder, sides):
        undone(options, folder, sides)
    if options.slapd_only:
        return
    try:
        with forests.two_forests() as (folder, sides, environment):
            undone(options, folder, sides, environment)
    except server.Skip as why:
        raise server.Skip(f"forests: {why}") from why


def undone(options, folder, sides, environment=None):
    target = sides[1]
    for side in sides:
        side.populate()
    pair = scenario.Pair(options, folder, sides, ["abc-to-xyz"], environment)
    back_and_forth(pair, target, "the first sync")
    for change in changes.STEPS:
        change(sides[0])
        back_and_forth(pair, target, change.__name__)
    pair.verify("in the end")
    changed_since(pair, sides)


def back_and_forth(pair, target, what):
    before = target.contacts()
    pair.sync(codes=(0, 4))
    after = target.contacts()
    run = newest(pair)
    undo(pair, run)
    same(target, before, f"undo of {what}")
    pair.run("sync", "--if-due", codes=(3,))
    undo(pair, newest(pair))
    same(target, after, f"undo of the undo of {what}")
    # Of what the two left there is nothing to do.
    pair.sync(codes=(0, 4))
    same(target, after, f"sync after the undos of {what}")


def newest(pair):
    return int(pair.run("history").split()[0])


def undo(pair, run):
    """As a person does it, who approves what the guard refuses."""
    told = pair.run("undo", run, codes=(0, 3))
    digest = re.search("--approve ([0-9a-f]{64})", told)
    if digest:
        pair.run("undo", run, "--approve", digest.group(1))


def same(target, want, what):
    """References follow a moment later, where an overlay does it."""
    for pause in (0.1, 0.4, 1.5, 0):
        got = target.contacts()
        if got == want:
            return
        time.sleep(pause)
    wrong = [f"{m}: {want.get(m)}\n   now {got.get(m)}" for m in want.keys() | got.keys() if want.get(m) != got.get(m)]
    raise server.Failure(f"{what}: {len(wrong)} contacts differ:\n" + "\n".join(wrong[:5]))


def changed_since(pair, sides):
    """One attribute was changed since: it stays, the other goes back."""
    source, target = sides
    board = f"CN=Board,{target.into}"
    was = target.directory.search(board, scope=0)
    source.directory.replace(source.find("Board"), description="ours", info="ours, too")
    pair.sync(codes=(0, 4))
    target.directory.replace(board, description="theirs")
    told = pair.run("undo", newest(pair), codes=(4,))
    now = list(target.directory.search(board, scope=0).values())[0]
    if "changed since, left as it is: description" not in told:
        raise server.Failure(f"undo does not tell what was changed since:\n{told}")
    if now["description"] != [b"theirs"] or now["info"] != list(was.values())[0]["info"]:
        raise server.Failure(f"undo of what was changed since: {now['description']}, {now['info']}")


if __name__ == "__main__":
    server.run(test)
