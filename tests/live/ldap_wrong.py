#!/usr/bin/python3
"""Servers that answer wrong, never or for ever: no such read is taken for a complete one, and each ends soon.

    ldap_wrong.py READ      READ is the program of read.c
"""
import pathlib
import tempfile
import time
import uuid as uuid_module

import ldap_read
import mock
import server
from mock import BASE, done, entry, person, reference

FOREVER = 10**9


def page_of(search):
    """The number that the cookie is."""
    return int(search.cookie or b"0")


def people(search, pages=3, size=2, last=b""):
    """What is right: so many pages of people, the last with an empty cookie."""
    n = page_of(search)
    yield from (person(n * size + i) for i in range(size))
    yield done(cookie=str(n + 1).encode() if n + 1 < pages else last)


def on_page(number, *messages):
    """Right up to a page, and then these."""
    def script(search):
        yield from messages if page_of(search) == number else people(search)
    return script


def endless(message):
    def script(_):
        for i in range(FOREVER):
            yield message(i)
    return script


def circle(search):
    """Page 0 again after page 1, with another cookie."""
    n = page_of(search)
    yield from (person(n % 2 * 2 + i) for i in range(2))
    yield done(cookie=str(n + 1).encode())


# What is answered, and what of the message must be there. `page-size` is 2.
CASES = {
    "the cookie of the last page is missing": (on_page(2, person(9), done()), "page 3 of", "no word"),
    "a page ends with sizeLimitExceeded": (on_page(1, person(9), done(4, cookie=b"")), "page 2 of", "sizeLimitExceeded"),
    "a page ends with timeLimitExceeded": (on_page(1, done(3, cookie=b"")), "timeLimitExceeded",),
    "a page ends with adminLimitExceeded": (on_page(1, done(11, cookie=b"")), "adminLimitExceeded",),
    "a page ends with a code nobody knows": (on_page(1, done(4242, cookie=b"")), "4242",),
    "the base is not there": (on_page(0, done(32)), "noSuchObject",),
    "the base is elsewhere": (on_page(0, done(10)), "referral",),
    "busy": (on_page(1, done(51, "later", b"")), "busy",),
    "a reference": (on_page(1, person(9), reference("ldap://evil.example/dc=x"), done(cookie=b"")), "evil.example"),
    "an entry outside of the base": (on_page(1, entry("cn=x,dc=xyz,dc=example", {"entryUUID": ["9"]}), done(cookie=b"")),
                                     "lies outside"),
    "a name that only looks as if": (on_page(1, entry("cn=x\\," + BASE, {"entryUUID": ["9"]}), done(cookie=b"")),
                                     "lies outside"),
    "an attribute nobody asked for": (on_page(1, person(9, userPassword=["x"]), done(cookie=b"")), "userPassword"),
    "no id": (on_page(1, entry(f"cn=x,{BASE}", {"cn": ["x"]}), done(cookie=b"")), "has no entryUUID"),
    "an attribute twice": (on_page(1, person(9, CN=["y"]), done(cookie=b"")), "twice"),
    "an id twice": (on_page(2, person(0), person(8), done(cookie=b"")), "as an earlier one did"),
    "an id twice, inside of a page": (on_page(2, person(9), person(0), done(cookie=b"")), "two entries"),
    "pages in circles": (circle, "as an earlier one did"),
    "empty pages for ever": (lambda s: [done(cookie=b"x")], "pages without an entry"),
    "a page for ever": (endless(person), "more than twice"),
    "a part of the values, and no more": (on_page(1, person(9, **{"member;range=0-1": ["a", "b"]}), done(cookie=b"")),
                                          "member"),
    "an answer to a bind": (on_page(1, mock.result(0x61)), "no answer to a search"),
    "no BER": (on_page(1, b"\x30\x03\x02\x01\x7f\x30"), "incomplete"),
    "an entry whose values are cut": (on_page(1, (mock.tlv(0x64, mock.octets(f"cn=x,{BASE}"),
                                                           mock.tlv(0x30, b"\x30\x20\x04\x02cn")), b""), done(cookie=b"")),
                                      "incomplete"),
    "half a message, and nothing": (on_page(1, b"\x30\x84\x00\x00\x10\x00\x02\x01"), "incomplete"),
    "nothing": (on_page(1), "incomplete"),
    "a message of gigabytes": (on_page(1, b"\x30\x84\x70\x00\x00\x00"), "incomplete"),
}


def ranges(search, groups, limit=3):
    """As AD: so many values of member at most, and what part they are in the name."""
    wanted = next((a for a in search.attributes if a.lower().startswith("member")), None)
    for name, members in groups.items():
        if search.scope == 0 and search.base != name:
            continue
        low = int(wanted.split("=")[1].split("-")[0]) if ";range=" in wanted else 0
        values = members(low)[low:]
        part, last = values[:limit], len(values) <= limit
        attributes = {"entryUUID": [name]}
        if last and low == 0:
            attributes["member"] = part
        elif part:
            attributes["member"] = []
            attributes[f"member;range={low}-{'*' if last else low + len(part) - 1}"] = part
        yield entry(name, attributes)
    yield done(cookie=b"")


def grows(n):
    return lambda low: [f"cn=m{i},{BASE}" for i in range(n)]


class Shifting:
    """A value in front goes away while the rest is read, the first `times` times."""

    def __init__(self, n, times):
        self.n, self.times = n, times

    def __call__(self, low):
        if low > 0 and self.times > 0:
            self.times -= 1
            self.n -= 1
        return [f"cn=m{i},{BASE}" for i in range(100 - self.n, 100)]


def reader_of(program, m, folder):
    m.folder, m.ldapi_url, m.admin, m.password = pathlib.Path(folder), m.url, None, ""
    return ldap_read.Reader(program, m, auth="anonymous", bind=None, password=None, timeout="1s", page_size=2)


def wrong(program, folder, what, script, *texts):
    with mock.Mock(script) as m:
        begin = time.monotonic()
        reader = reader_of(program, m, folder)
        text = reader("--want", "cn,member", "all", code={2, 5})
        if time.monotonic() - begin > 5:
            raise server.Failure(f"{what}: took {time.monotonic() - begin:.1f} s")
        for wanted in ("incomplete", *texts):
            if wanted not in text:
                raise server.Failure(f"{what}: not a word of {wanted!r}: {text}")


def large_groups(program, folder):
    for n in (0, 1, 3, 4, 5, 6, 7, 20):
        groups = {f"cn=g1,{BASE}": grows(n), f"cn=g2,{BASE}": grows(5), f"cn=g3,{BASE}": grows(2)}
        with mock.Mock(lambda s, g=groups: ranges(s, g)) as m:
            got, *_ = reader_of(program, m, folder)("--want", "member", "all", page_size=10)
        for name, members in groups.items():
            want = {v.encode() for v in members(0)}
            if got[name].get("member", set()) != want or len(got[name]) != (2 if want else 1):
                raise server.Failure(f"{name} of {n}: {got[name]}")
    for times, good in ((1, True), (2, True), (1000, False)):
        groups = {f"cn=g,{BASE}": Shifting(60, times)}
        with mock.Mock(lambda s, g=groups: ranges(s, g)) as m:
            reader = reader_of(program, m, folder)
            got = reader("--want", "member", "all", page_size=10, code=0 if good else {5})
        if not good and "changes while it is read" not in got:
            raise server.Failure(f"values that move: {got}")
        if good and len(got[0][f"cn=g,{BASE}"]["member"]) != 60 - times:
            raise server.Failure(f"values that moved {times} times: {len(got[0][f'cn=g,{BASE}']['member'])}")


def uuid(i):
    return bytes([i]) * 16


def id_of(i):
    return str(uuid_module.UUID(bytes=uuid(i)))


def member(i):
    return entry(f"cn=p{i},{BASE}", {"entryUUID": [id_of(i)], "cn": [f"p{i}"]})


ID_SET = mock.tlv(0xa3, b"\x01\x01\xff", mock.tlv(0x31, mock.octets(uuid(2))))
PRESENT_SET = mock.tlv(0xa3, mock.tlv(0x31, mock.octets(uuid(2))))
# Answers of an OpenLDAP to "what changed", people 1 to 3 being known: (changed, gone), or why they are not believed.
SYNCS = {
    "nothing": ([mock.synced_done("c2", True)], ([], [])),
    "one changed, one gone, one not found": ([
        mock.synced(member(1), 2, uuid(1)), mock.synced(member(2), 3, uuid(2)), mock.synced(member(9), 1, uuid(9)),
        mock.synced_done("c2", True)], ([1], [2, 9])),
    "a set of ids": ([mock.told(ID_SET), mock.synced_done("c2", True)], ([], [2])),
    "a cookie in between": ([mock.told(mock.octets("c2", 0x80)), mock.synced_done("c3", True)], ([], [])),
    "a present phase": ([mock.synced_done("c2", False)], "still there"),
    "a present phase with ids": ([mock.told(PRESENT_SET), mock.synced_done("c2", True)], "still there"),
    "a present phase that is told": ([mock.told(mock.tlv(0xa2)), mock.synced_done("c2", True)], "still there"),
    "an entry that is present": ([mock.synced(member(1), 0, uuid(1)), mock.synced_done("c2", True)], "still there"),
    "changed and gone": ([mock.synced(member(2), 2, uuid(2)), mock.told(ID_SET), mock.synced_done("c2", True)], "twice"),
    "a full read is wanted": ([mock.synced_done("c2", True, 4096)], "syncRefreshRequired"),
    "the control is refused": ([done(12)], "unavailableCriticalExtension"),
}


def syncs(program, folder):
    def script(search):
        if search.sync == b"":
            yield from (mock.synced(member(i), 1, uuid(i)) for i in (1, 2, 3))
            yield mock.synced_done("c1", True)
        elif search.sync is not None:
            yield from script.answer
        else:
            yield from (member(i) for i in (1, 3))
            yield done(cookie=b"")

    openldap = {"objectClass": ["top", "OpenLDAProotDSE"]}
    for what, (script.answer, outcome) in SYNCS.items():
        with mock.Mock(script, controls=(mock.PAGED, mock.SYNC), **openldap) as m:
            reader = reader_of(program, m, folder)
            words = ("--want", "cn", "--cookie", pathlib.Path(folder) / "cookie")
            _, keys, _ = reader(*words, "all")
            names = {name: key for key, name in keys.items()}
            if isinstance(outcome, str):
                text = reader(*words, "since", code=3)
                if outcome not in text:
                    raise server.Failure(f"{what}: not a word of {outcome!r}: {text}")
                continue
            got, _, gone = reader(*words, "since")
            changed = [f"cn=p{i},{BASE}" for i in outcome[0]]
            known = {names[f"cn=p{i},{BASE}"] for i in outcome[1] if i < 9}
            if not set(changed) <= set(got) or not known <= gone or len(gone) != len(outcome[1]):
                raise server.Failure(f"{what}: {got}, {gone} gone")


def test(options):
    with tempfile.TemporaryDirectory(prefix="galway-wrong-") as folder:
        with mock.Mock(people) as m:
            got, *_ = reader_of(options.galway, m, folder)("--want", "cn", "all")
            if len(got) != 6:
                raise server.Failure(f"what is right: {got}")
        script = on_page(1, person(9), reference("ldap://dc2.abc.example/ou=x"), done(cookie=b""))
        with mock.Mock(script) as m:
            reader = reader_of(options.galway, m, folder)
            got, *_ = reader("--want", "cn", "all", referrals=["ldap://dc2.abc.example/ou=x"])
            if len(got) != 3:
                raise server.Failure(f"a listed referral: {got}")
        for what, (script, *texts) in CASES.items():
            wrong(options.galway, folder, what, script, *texts)
        large_groups(options.galway, folder)
        syncs(options.galway, folder)


if __name__ == "__main__":
    server.run(test)
