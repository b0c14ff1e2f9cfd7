"""The list of the incidents, and what their replays have in common.

A replay is a function: the situation as far as galway can get into it, and what galway makes of it, by Scene.refused
and Scene.done, which compare the target exactly. What it plays is its description. Its comments say which guard it
leans on: those with * were taken out once, and the test failed.
"""
import dataclasses
import typing

from changes import entries

GITHUB = "https://github.com/"
MICROSOFT = "https://learn.microsoft.com/entra/identity/hybrid/connect/"
INCIDENTS = {}  # by number


@dataclasses.dataclass
class Incident:
    number: int
    name: str
    link: str
    replay: typing.Callable


def incident(number, name, link):
    def note(replay):
        INCIDENTS[number] = Incident(number, name, link, replay)
        return replay
    return note


def person_line(n):
    return f"cn=person {n:02}"


def with_every(edit):
    """edit(Found) -> Found of each entry of an answer, or None: it does not come."""
    return entries(lambda found: [g for g in map(edit, found) if g is not None])
