#!/usr/bin/env python3
"""Changes written by the ldap and ad connectors: each outcome, and what the directory has at the end. Against slapd, also
through a proxy that cuts the connection, answers `busy`, or turns the order round; then against AD and 389-ds.

    ldap_write.py PROGRAM        PROGRAM is made of ldap_write.c. STEP=1: cut after every byte, not every fifth
"""
import contextlib
import os
import select
import socket
import subprocess
import threading
import time
import urllib.parse
import uuid

import ds389
import samba
import server
import slapd

BASE = "dc=xyz,dc=example"
GAL = "ou=GAL," + BASE
CLASSES = ("objectClass+contact",)
SPEAKER = """
attributetype ( 1.3.6.1.4.1.99999.3.1 NAME 'audio' SYNTAX 1.3.6.1.4.1.1466.115.121.1.40 )
objectclass ( 1.3.6.1.4.1.99999.4.1 NAME 'speaker' SUP top AUXILIARY MAY audio )
"""


# ---- the program under test


class Writer:
    """The connector, with a configuration of its own; write() is one batch, fed: by so many changes at once."""

    def __init__(self, program, folder, url, who, password, fed=0, **settings):
        self.fed = fed
        secret = folder / "secret"
        secret.write_text(password + "\n")
        secret.chmod(0o600)
        settings = {"type": "ldap", "url": f'{{"{url}"}}', "bind": f'"{who}"', "password": f'"file:{secret}"',
                    "window": 8, "timeout": "20s", "retry": "30s", **settings}
        lines = [f"    {name.replace('_', '-')} = {value}" for name, value in settings.items()]
        config = folder / "writer.conf"
        config.write_text("\n".join(["connector target {", *lines, "}"]) + "\n")
        config.chmod(0o600)
        self.child = subprocess.Popen([program, config, *([str(fed)] if fed else [])], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.stdin.close()
        self.code = self.child.wait(60)
        self.child.stdout.close()

    def write(self, *changes):
        self.child.stdin.write("".join("\t".join(c) + "\n" for c in changes) + "\n")
        self.child.stdin.flush()
        outcomes = []
        late = threading.Timer(120, self.child.kill)
        late.start()
        try:
            while len(outcomes) < len(changes):
                line = self.child.stdout.readline()
                if not line:
                    raise server.Failure("the writer ended, or took too long")
                outcomes.append(line.rstrip("\n"))
                if line.startswith("CALL") and not self.fed:
                    break
        finally:
            late.cancel()
        return outcomes


def dn(name):
    return f"cn={name},{GAL}"


def add(name, *values):
    return ("add", dn(name), *CLASSES, f"adminDescription+galway:test:{name}", *values)


def expect(what, got, *wanted):
    """Each outcome begins with what is wanted, and has what stands behind "..." in it."""
    for g, w in zip(got, wanted, strict=True):
        start, _, inside = w.partition("...")
        if not g.startswith(start) or inside not in g:
            raise server.Failure(f"{what}: {g}\n    instead of {w}")


def check(what, got, wanted):
    if got != wanted:
        raise server.Failure(f"{what}: {got!r}\n    instead of {wanted!r}")


# ---- the directory


def ids(s):
    return {name.lower(): e["entryUUID"][0].decode() for name, e in s.search(GAL, attributes=["entryUUID"]).items()}


def content(s):
    """{name: {attribute: values}} below GAL, without what differs from run to run."""
    return {name: {a: sorted(v) for a, v in e.items()} for name, e in s.search(GAL).items()}


def clear(s):
    for name in sorted(s.search(GAL, attributes=["1.1"]), key=len, reverse=True):
        if name.lower() != GAL.lower():
            s.delete(name)


# ---- a connection that breaks, and a server that is busy


class Proxy:
    """Passes bytes on. cut(): after so many more of them from the client (up) or to it (down) the connection is cut, and
    what comes later is neither passed on nor answered; new connections are as before."""

    def __init__(self, s, name="proxy"):
        self.target = str(s.folder / "ldapi")
        self.left = {}
        self.passed = {"up": 0, "down": 0}
        self.listener = socket.socket(socket.AF_UNIX)
        path = s.folder / name
        path.unlink(missing_ok=True)
        self.listener.bind(str(path))
        self.listener.listen()
        self.url = "ldapi://" + urllib.parse.quote(str(path), safe="")
        self.sockets, self.threads = [], []
        self.start(self.accept)

    def start(self, function, *of):
        self.threads.append(threading.Thread(target=function, args=of, daemon=True))
        self.threads[-1].start()

    def cut(self, **left):
        self.left = left

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            there = socket.socket(socket.AF_UNIX)
            there.connect(self.target)
            self.sockets += [client, there]
            self.start(self.pump, client, there, "up")
            self.start(self.pump, there, client, "down")

    def pump(self, source, sink, way):
        data = b"x"
        while data:
            try:
                data = source.recv(65536)
                left = self.left.get(way)
                if left is not None and len(data) >= left:
                    data, self.left = data[:left], {}
                    sink.sendall(data)
                    break
                if left is not None:
                    self.left[way] -= len(data)
                self.passed[way] += len(data)
                self.send(source, sink, way, data)
            except OSError:
                break
        for s in (source, sink):
            close(s)

    def send(self, source, sink, way, data):
        sink.sendall(data)

    def gone(self):
        """Nobody is served any more."""
        close(self.listener)

    def close(self):
        self.gone()
        for s in self.sockets:
            close(s)
        for t in self.threads:
            t.join()
        for s in [self.listener, *self.sockets]:
            s.close()


def close(s):
    with contextlib.suppress(OSError):
        s.shutdown(socket.SHUT_RDWR)


class Messages(Proxy):
    """Knows messages: answers the first so many adds (busy) with that code by itself; is cut before an answer when so
    many (answers) have been passed on since."""

    def __init__(self, s):
        self.busy, self.answers = 0, None
        self.rest = {"up": b"", "down": b""}
        super().__init__(s)

    def send(self, source, sink, way, data):
        self.rest[way] += data
        while (message := first_message(self.rest[way])) is not None:
            self.rest[way] = self.rest[way][len(message):]
            self.send_up(source, sink, message) if way == "up" else self.send_down(sink, message)

    def send_up(self, source, sink, message):
        at = 2 + (message[1] & 0x7F if message[1] & 0x80 else 0)
        number = message[at:at + 2 + message[at + 1]]
        if message[at + len(number)] == 0x68 and self.busy > 0:
            self.busy -= 1
            answer = number + bytes.fromhex("6907 0a0133 0400 0400")
            source.sendall(bytes([0x30, len(answer)]) + answer)
        else:
            sink.sendall(message)

    def send_down(self, sink, message):
        if self.answers == 0:
            self.gone()
            raise OSError
        if self.answers is not None:
            self.answers -= 1
        sink.sendall(message)


class Holding(Messages):
    """Holds answers back until so many (wanted) requests have come."""

    def __init__(self, s):
        self.wanted, self.held, self.lock = 0, [], threading.Lock()
        super().__init__(s)

    def send_up(self, source, sink, message):
        with self.lock:
            self.wanted -= 1
            if self.wanted <= 0:
                source.sendall(b"".join(self.held))
                self.held = []
            super().send_up(source, sink, message)

    def send_down(self, sink, message):
        with self.lock:
            if self.wanted > 0:
                self.held.append(message)
            else:
                super().send_down(sink, message)


class Reversing(Messages):
    """Passes on what came together in the opposite order, as a server may do it."""

    def __init__(self, s):
        self.waiting = []
        super().__init__(s)

    def pump(self, source, sink, way):
        while way == "up":
            if select.select([source], [], [], 0.01)[0]:
                data = source.recv(65536)
                if not data:
                    break
                self.rest[way] += data
                while (message := first_message(self.rest[way])) is not None:
                    self.rest[way] = self.rest[way][len(message):]
                    self.waiting.append(message)
            elif self.waiting:
                sink.sendall(b"".join(reversed(self.waiting)))
                self.waiting = []
        super().pump(source, sink, way)


def first_message(data):
    """Of LDAP: a SEQUENCE with its length (RFC 4511 5.1)."""
    if len(data) < 2:
        return None
    n = data[1] & 0x7F if data[1] & 0x80 else 0
    length = int.from_bytes(data[2:2 + n], "big") if n else data[1]
    return data[:2 + n + length] if len(data) >= 2 + n + length else None


# ---- the cases


def each_operation(w, s):
    """Everything once, and again: the second time it is as it was."""
    changes = [
        add("ann", "mail+ann@abc.example", "telephoneNumber+1"),
        add("bob", "mail+bob@abc.example"),
        add("eve"),
    ]
    first = w.write(*changes)
    there = ids(s)
    for outcome, name in zip(first, ("ann", "bob", "eve")):
        check(f"id of {name}", outcome, "DONE " + there[dn(name).lower()])
    check("adds again", w.write(*changes), first)
    ann, bob, eve = (o.split()[1] for o in first)
    changes = [
        ("modify", dn("ann"), ann, "mail-ann@abc.example", "mail+ann@xyz.example", "title+boss"),
        ("modify", dn("ann"), ann, "telephoneNumber=2"),
        ("rename", dn("bob"), bob, dn("bobby")),
        ("modify", dn("bobby"), bob, f"manager+{dn('ann')}"),
        ("delete", dn("eve"), eve),
    ]
    done = [f"DONE {i}" for i in (ann, ann, bob, bob, eve)]
    check("changes", w.write(*changes), done)
    state = content(s)
    check("changes again", w.write(*changes), done)
    check("state", content(s), state)
    check("ann", state[dn("ann")]["mail"] + state[dn("ann")]["title"], [b"ann@xyz.example", b"boss"])
    check("bob", (state[dn("bobby")]["manager"], state[dn("bobby")]["cn"]), ([dn("ann").encode()], [b"bobby"]))
    check("names", sorted(state), sorted([GAL, dn("ann"), dn("bobby")]))
    change = ("rename", dn("bobby"), bob, dn("Robert"), "mail-bob@abc.example", "mail+r@abc.example", "title+x")
    check("rename and modify", w.write(change), [f"DONE {bob}"])
    state = content(s)
    check("rename and modify again", w.write(change), [f"DONE {bob}"])
    check("state", content(s), state)
    check("Robert", (state[dn("Robert")]["mail"], state[dn("Robert")]["cn"]), ([b"r@abc.example"], [b"Robert"]))
    check("another case", w.write(("rename", dn("Robert"), bob, dn("ROBERT"))), [f"DONE {bob}"])
    check("its name", dn("ROBERT") in content(s), True)


def what_somebody_else_did(w, s):
    names = ("ann", "bob", "eve")
    ann, bob, eve = (o.split()[1] for o in w.write(*(add(n, f"mail+{n}@abc.example", "title+t") for n in names)))
    s.replace(dn("ann"), mail="other@abc.example")
    s.replace(dn("bob"), mail="wanted@abc.example")
    expect("changed meanwhile", w.write(
        ("modify", dn("ann"), ann, "title-t", "title+u", "mail-ann@abc.example", "mail+wanted@abc.example"),
        ("modify", dn("bob"), bob, "mail-bob@abc.example", "mail+wanted@abc.example"),
        ("modify", dn("gone"), eve, "title+x"),
        ("add", dn("eve"), *CLASSES, "adminDescription+galway:other:eve"),
        ("rename", dn("eve"), eve, dn("ann")),
        ("rename", dn("nobody"), eve, dn("somebody")),
        ("modify", dn("eve"), eve, "unheardOf+x"),
        ("add", "cn=x,OU=nowhere," + BASE, *CLASSES),
        ("delete", GAL, "some-id"),
        ("modify", dn("eve"), eve, "title-t")),
        "FAILED entry ...changed meanwhile: mail",
        f"DONE {bob}",
        "FAILED entry ...noSuchObject",
        "FAILED entry ...another entry has this name",
        "FAILED entry ...another entry has this name",
        "FAILED entry ...noSuchObject",
        "FAILED entry ...undefinedAttributeType",
        "FAILED entry ...noSuchObject",
        "FAILED entry ...notAllowedOnNonLeaf",
        f"DONE {eve}")
    state = content(s)
    check("ann", (state[dn("ann")]["mail"], state[dn("ann")]["title"]), ([b"other@abc.example"], [b"t"]))
    check("eve", "title" in state[dn("eve")], False)


def without_equality(w, s):
    """Of such an attribute a server cannot take away single values (jpegPhoto is one, in the schema of RFC 2798)."""
    got = w.write(add("ann", "objectClass+speaker", "audio+one", "audio+two"))
    expect("add", got, "DONE")
    ann = got[0].split()[1]
    changes = [("modify", dn("ann"), ann, "audio-one", "audio+three")]
    for what in ("changed", "again"):
        check(what, w.write(*changes), [f"DONE {ann}"])
        check("values", content(s)[dn("ann")]["audio"], [b"three", b"two"])
    s.replace(dn("ann"), audio="four")
    expect("changed meanwhile", w.write(("modify", dn("ann"), ann, "audio-three", "audio+five")),
           "FAILED entry ...changed meanwhile: audio")


def order(w, s):
    """Each of these depends on the one before."""
    team = "ou=team," + GAL

    def below(name):
        return f"cn={name},{team}"

    for _ in range(5):
        got = w.write(
            ("add", team, "objectClass+organizationalUnit", "ou+team"),
            *(("add", f"cn={i},{team}", *CLASSES) for i in range(8)),
            ("add", below("boss"), *CLASSES, f"manager+{below('7')}"),
            ("add", below("last"), *CLASSES, f"manager+{below('boss')}"))
        expect("adds", got, *["DONE"] * len(got))
        of = {i: got[i + 1].split()[1] for i in range(8)}
        boss, last, ou = got[9].split()[1], got[10].split()[1], got[0].split()[1]
        got = w.write(
            *(("rename", below(i), of[i], below(f"n{i}")) for i in range(8)),
            *(("rename", below(f"n{i}"), of[i], below(f"{(i + 1) % 8}")) for i in range(8)),
            ("modify", below("1"), of[0], "title+a"),
            ("modify", below("1"), of[0], "title-a", "title+b"),
            ("modify", below("1"), of[0], "title-b", "title+c"),
            ("rename", below("boss"), boss, below("chief")),
            ("modify", below("last"), last, f"manager={below('chief')}"),
            ("rename", below("1"), of[0], dn("out")),
            ("modify", dn("out"), of[0], "title-c", "title+d"),
            ("delete", below("2"), of[1]),
            ("add", below("2"), *CLASSES, "title+new"))
        expect("changes", got, *["DONE"] * len(got))
        two = got[-1].split()[1]
        check("out", content(s)[dn("out")]["title"], [b"d"])
        got = w.write(
            ("delete", below("last"), last), ("delete", below("chief"), boss), ("delete", below("2"), two),
            *(("delete", below(str((i + 1) % 8)), of[i]) for i in range(2, 8)),
            ("delete", team, ou), ("delete", dn("out"), of[0]))
        expect("deletes", got, *["DONE"] * len(got))
        check("nothing is left", list(content(s)), [GAL])


def codes(program):
    """slapo-retcode answers changes of these names with a code: each has its outcome, and the others are done."""
    wanted = {"busy": (51, "FAILED busy"), "unavailable": (52, "FAILED busy"), "access": (50, "FAILED entry"),
              "unwilling": (53, "FAILED entry"), "violation": (19, "FAILED entry"), "protocol": (2, "FAILED fatal")}
    text = f'retcode-parent "ou=codes,{BASE}"\nretcode-sleep 0\n'
    for name, (code, _) in wanted.items():
        text += f'retcode-item "cn={name}" 0x{code:02x} op=add,modify,delete,rename\n'
    with slapd.Slapd(BASE, overlays=[("retcode", text)]) as s:
        s.add({GAL: {"objectClass": [b"organizationalUnit"], "ou": [b"GAL"]}})
        with Writer(program, s.folder, s.ldapi_url, s.admin, s.password, retry="1s") as w:
            for i, of in enumerate((["add"], ["modify", "id", "title+x"], ["rename", "id", f"cn=new-NAME,ou=codes,{BASE}"],
                                    ["delete", "id"])):
                changes = [(of[0], f"cn={name},ou=codes,{BASE}", *(v.replace("NAME", name) for v in of[1:] or CLASSES))
                           for name in wanted]
                started = time.monotonic()
                expect(of[0], w.write(*changes, add(f"p{i}")),
                       *(f"{kind} ...({code})" for code, kind in wanted.values()), "DONE")
                check("it was tried again for a second", time.monotonic() - started > 0.5, True)
                expect("busy for all", w.write(changes[0]), "CALL busy ...busy (51)")
                with Writer(program, s.folder, s.ldapi_url, s.admin, s.password, retry="1s", fed=2) as fed:
                    expect("fed", fed.write(add(f"q{i}")), "DONE")
                    expect("busy for all that was fed last", fed.write(changes[0]), "CALL busy ...busy (51)")
            expect("and then", w.write(add("bob")), "DONE")


def holding(program, s, wanted, *changes, **settings):
    """Outcomes of changes where no answer comes before so many of them were sent. Without that they fail."""
    clear(s)
    proxy = Holding(s)
    with Writer(program, s.folder, proxy.url, s.admin, s.password, timeout="5s", retry="1s", **settings) as w:
        old = w.write(add("old"))[0].split()[1]
        proxy.wanted = wanted
        got = w.write(*(tuple(f.replace("ID", old) for f in c) for c in changes))
    proxy.close()
    return got


def passing(program, s):
    """One that waits for another is passed by those that depend on neither, and not by those that depend on it."""
    got = holding(program, s, 6, ("delete", dn("old"), "ID"), add("old", "title+new"), *(add(f"p{i}") for i in range(5)),
                  ("add", f"cn=x,{dn('old')}", *CLASSES))
    expect("one waits", got, *["DONE"] * 8)
    check("it was added after that", content(s)[dn("old")]["title"], [b"new"])


def waited_in_vain(program, s):
    """One that waited when nobody answered any more is not waited for when somebody does again."""
    clear(s)
    proxy = Holding(s)
    with Writer(program, s.folder, proxy.url, s.admin, s.password, timeout="2s", retry="1s") as w:
        old = w.write(add("old"))[0].split()[1]
        changes = ("delete", dn("old"), old), add("old", "title+new")
        proxy.wanted = 1000
        expect("no answers", w.write(*changes), "CALL busy")
        proxy.wanted, proxy.held = 0, []
        expect("answers again", w.write(*changes), *["DONE"] * 2)
    proxy.close()


def filled(program, s):
    """What was fed is under way when the next changes come."""
    expect("fed", holding(program, s, 6, *(add(f"p{i}") for i in range(9)), fed=3), *["DONE"] * 9)


def busy_for_a_while(program, s, fed=0):
    """Everything is done in the end."""
    for count in (0, 1, 12):
        clear(s)
        proxy = Messages(s)
        with Writer(program, s.folder, proxy.url, s.admin, s.password, fed=fed) as w:
            expect("warm", w.write(add("warm")), "DONE")
            proxy.busy, proxy.answers = count, 1000
            expect(f"busy {count} times", w.write(*(add(str(i)) for i in range(30))), *["DONE"] * 30)
        proxy.close()
        check("answers, one an add", 1000 - proxy.answers, 30)
        check("busy answers that were not asked for", proxy.busy, 0)
        check("entries", len(content(s)), 32)


BEFORE = ("m1", "m2", "r1", "r2", "d1")


def every_kind(of):
    return [
        add("a1", "mail+a1@abc.example"),
        add("a2", f"manager+{dn('a1')}"),
        ("modify", dn("m1"), of["m1"], "mail-m@abc.example", "mail+n@abc.example", "title-t"),
        ("rename", dn("r1"), of["r1"], dn("s1")),
        ("rename", dn("r2"), of["r2"], dn("s2"), "title-t", "title+u"),
        ("delete", dn("d1"), of["d1"]),
        ("modify", dn("m2"), of["m2"], "mail=x@abc.example", "title-t", "title+v"),
    ]


def prepare(s):
    clear(s)
    s.add({dn(n): {"objectClass": [b"contact"], "cn": [n.encode()], "mail": [b"m@abc.example"], "title": [b"t"]}
           for n in BEFORE})
    there = ids(s)
    return {n: there[dn(n).lower()] for n in BEFORE}


def cut(program, s, step, fed=0):
    """The connection is cut after so many bytes, in both directions: outcomes and end are as without."""
    proxy = Proxy(s)
    with Writer(program, s.folder, proxy.url, s.admin, s.password, fed=fed) as w:

        def once(**after):
            of = prepare(s)
            passed = dict(proxy.passed)
            proxy.cut(**after)
            got = w.write(*every_kind(of))
            there = ids(s)
            wanted = ["DONE " + there.get(dn(n).lower(), "(lost)") for n in ("a1", "a2")]
            wanted += ["DONE " + of[n] for n in ("m1", "r1", "r2", "d1", "m2")]
            check(f"outcomes, cut after {after}", got, wanted)
            return content(s), {way: n - passed[way] for way, n in proxy.passed.items()}

        w.write(add("a1"))
        uncut, spent = once()
        tried = 0
        for way, bytes_ in spent.items():
            for after in range(0, bytes_, step):
                check(f"state, cut after {after} bytes {way}", once(**{way: after})[0], uncut)
                check("was it cut", proxy.left, {})
                tried += 1
    proxy.close()
    print(f"cut: {tried} places" + (f", fed by {fed}" if fed else ""))


def nobody_there(program, s):
    """The connection is lost, and there is no other: what is not known is said, and a later call does it."""
    of = prepare(s)
    for window, answers, wanted in (
            (1, 1, ["DONE", "UNKNOWN busy ...cn=a2", *["FAILED busy ...not tried"] * 5]),
            (1, 0, ["CALL busy"]),
            (64, 0, ["CALL busy"])):
        of = prepare(s)
        proxy = Messages(s)
        with Writer(program, s.folder, proxy.url, s.admin, s.password, retry="1s", window=window) as w:
            expect("first", w.write(add("a0")), "DONE")
            proxy.answers = answers
            expect("lost", w.write(*every_kind(of)), *wanted)
            expect("nobody", w.write(*every_kind(of)), "CALL busy")
        proxy.close()
        with Writer(program, s.folder, s.ldapi_url, s.admin, s.password) as w:
            expect("another run", w.write(*every_kind(of)), *["DONE"] * 7)


def nobody_there_for_who_feeds(program, s):
    """The same when it is fed: what was before has its outcomes."""
    calls = ["CALL busy"] * 7
    for fed, answers, wanted in (
            (1, 1, ["DONE", "UNKNOWN busy ...cn=a2", *calls[2:]]),
            (2, 2, ["DONE", "DONE", *calls[2:]]),
            (2, 1, ["DONE", "UNKNOWN busy ...cn=a2", *calls[2:]]),
            (3, 1, ["DONE", "UNKNOWN busy ...cn=a2", "FAILED busy ...not tried", *calls[3:]]),
            (3, 0, calls)):
        of = prepare(s)
        proxy = Messages(s)
        with Writer(program, s.folder, proxy.url, s.admin, s.password, retry="1s", window=1, fed=fed) as w:
            expect("first", w.write(add("a0")), "DONE")
            proxy.answers = answers
            expect(f"lost, fed by {fed}", w.write(*every_kind(of)), *wanted)
            expect("nobody", w.write(*every_kind(of)), *calls)
        proxy.close()
        with Writer(program, s.folder, s.ldapi_url, s.admin, s.password, fed=fed) as w:
            expect("another run", w.write(*every_kind(of)), *["DONE"] * 7)
    proxy = Messages(s)
    with Writer(program, s.folder, proxy.url, s.admin, s.password, retry="1s", window=64, fed=4) as w:
        expect("first", w.write(add("a0")), "DONE")
        proxy.answers = 0
        expect("all is under way", w.write(*(add(f"b{i}") for i in range(4))), *["CALL busy"] * 4)
    proxy.close()


def another_replica(program, s):
    """What was under way when another server takes over is not known: that one may not have heard of it."""
    of = prepare(s)
    first, second = Proxy(s, "first"), Proxy(s, "second")
    with Writer(program, s.folder, f'{first.url}", "{second.url}', s.admin, s.password) as w:
        expect("first", w.write(add("a0")), "DONE")
        first.cut(up=300)
        first.gone()
        got = w.write(*every_kind(of))
        check("some are not known", sum(o.startswith("UNKNOWN") for o in got) > 0, True)
        check("the others are done", sum(o.startswith("DONE") for o in got) > 0, True)
        expect("again", w.write(*every_kind(of)), *["DONE"] * 7)
    first.close()
    second.close()


def elsewhere(w, d, into, id_of, unheard_of):
    """The same on a server that does not tell the id with the add: id_of(entry) is what it is."""
    team = f"OU=team,{into}"

    def below(name):
        return f"CN={name},{team}"

    for _ in range(2):
        got = w.write(
            ("add", team, "objectClass+organizationalUnit"),
            *(("add", below(f"p{i}"), *CLASSES, f"adminDescription+galway:x:{i}", f"mail+p{i}@abc.example", "title+t",
               "thumbnailPhoto+one", f"proxyAddresses+SMTP:p{i}@abc.example") for i in range(20)),
            ("add", below("last"), *CLASSES, f"manager+{below('p19')}"))
        expect("adds", got, *["DONE"] * 22)
        there = {name.lower(): id_of(e) for name, e in d.search(team, attributes=["objectGUID", "nsUniqueId"]).items()}
        names = [team, *(below(f"p{i}") for i in range(20)), below("last")]
        check("ids", [g.split()[1] for g in got], [there[n.lower()] for n in names])
    of = [g.split()[1] for g in got]
    changes = [
        ("modify", below("p0"), of[1], "title-t", "title+u", "mail-p0@abc.example"),
        ("modify", below("p1"), of[2], "proxyAddresses-SMTP:p1@abc.example", "proxyAddresses+smtp:p1@abc.example",
         "proxyAddresses+SMTP:q@abc.example"),
        ("rename", below("p2"), of[3], f"CN=q2,{into}", "title-t"),
        ("rename", below("p3"), of[4], below("q3")),
        ("modify", below("last"), of[21], f"manager-{below('p19')}", f"manager+{below('q3')}"),
        ("modify", below("p5"), of[6], "thumbnailPhoto-one", "thumbnailPhoto+two"),
        ("delete", below("p4"), of[5]),
    ]
    for _ in range(2):
        expect("changes", w.write(*changes), *["DONE"] * 7)
    found = {name.split(",")[0].lower(): e for name, e in d.search(into).items()}
    check("names", [f"cn={n}" in found for n in ("q2", "q3", "p2", "p3", "p4")], [True, True, False, False, False])
    check("p0", ("mail" in found["cn=p0"], found["cn=p0"]["title"]), (False, [b"u"]))
    check("p1", sorted(found["cn=p1"]["proxyAddresses"]), [b"SMTP:q@abc.example", b"smtp:p1@abc.example"])
    check("p5", found["cn=p5"]["thumbnailPhoto"], [b"two"])
    check("last", found["cn=last"]["manager"], [below("q3").encode()])
    expect("what somebody else did", w.write(
        ("modify", below("p6"), of[7], "title-other", "title+u"),
        ("modify", below("p7"), of[8], "unheardOf+u"),
        ("add", below("p8"), *CLASSES, "adminDescription+galway:y:8"),
        ("rename", below("p9"), of[10], below("p10")),
        ("delete", team, of[0])),
        "FAILED entry ...changed meanwhile: title", f"FAILED entry ...{unheard_of}",
        "FAILED entry ...another entry has this name", "FAILED entry ...another entry has this name",
        "FAILED entry ...notAllowedOnNonLeaf")


def in_ad(program):
    with samba.Forest("xyz.example", "127.0.0.3") as dc:
        with Writer(program, dc.home.path, dc.url, dc.admin, dc.password, type="ad", tls_ca=f'"{dc.ca}"') as w:
            elsewhere(w, dc, dc.into, lambda e: str(uuid.UUID(bytes_le=e["objectGUID"][0])), "noSuchAttribute")


def in_389(program):
    with ds389.Ds389(BASE, tls=True) as d:
        d.add({GAL: {"objectClass": [b"organizationalUnit"], "ou": [b"GAL"]}})
        with Writer(program, d.folder, d.ldaps_url, d.admin, d.password, tls_ca=f'"{d.ca}"') as w:
            elsewhere(w, d, GAL, lambda e: next(v for a, v in e.items() if a.lower() == "nsuniqueid")[0].decode(),
                      "objectClassViolation")


def speed(program, s):
    """5,000 adds, against ldapadd. Only told."""
    number = 5000
    changes = [add(f"p{i:05}", f"mail+p{i:05}@abc.example", f"displayName+Person {i}", f"sn+{i}", "givenName+P",
                   f"proxyAddresses+SMTP:p{i:05}@abc.example", f"proxyAddresses+smtp:q{i:05}@abc.example",
                   f"targetAddress+SMTP:p{i:05}@abc.example") for i in range(number)]
    text = ""
    for c in changes:
        text += f"dn: {c[1]}\nchangetype: add\n" + "".join(
            f"{v.partition('+')[0]}: {v.partition('+')[2]}\n" for v in c[2:]) + f"cn: {c[1][3:9]}\n\n"
    took = {}
    for window in (1, 64):
        clear(s)
        with Writer(program, s.folder, s.ldapi_url, s.admin, s.password, window=window) as w:
            expect("warm", w.write(add("warm")), "DONE")
            started = time.monotonic()
            for i in range(0, number, 1000):
                expect("adds", w.write(*changes[i:i + 1000]), *["DONE"] * 1000)
            took[f"window {window}"] = time.monotonic() - started
    clear(s)
    started = time.monotonic()
    server.command("ldapadd", "-x", "-H", s.ldapi_url, "-D", s.admin, "-w", s.password, input=text)
    took["ldapadd"] = time.monotonic() - started
    print(", ".join(f"{what}: {seconds:.2f} s" for what, seconds in took.items()) +
          f" for {number} adds; window 64 / ldapadd = {took['window 64'] / took['ldapadd']:.2f}")


def test(options):
    server.need("ldapadd", package="ldap-utils")
    program = options.galway
    codes(program)
    with slapd.Slapd(BASE, globals=SPEAKER) as s:
        s.add({GAL: {"objectClass": [b"organizationalUnit"], "ou": [b"GAL"]}})
        for case in (each_operation, what_somebody_else_did, without_equality, order):
            for window, fed in ((1, 0), (64, 0), (1, 1), (64, 3)):
                clear(s)
                with Writer(program, s.folder, s.ldapi_url, s.admin, s.password, window=window, fed=fed) as w:
                    case(w, s)
                check(f"{case.__name__}: exit code", w.code, 0)
                print(f"{case.__name__}: window {window}" + (f", fed by {fed}" if fed else ""))
        for fed in (0, 4):
            clear(s)
            proxy = Reversing(s)
            with Writer(program, s.folder, proxy.url, s.admin, s.password, window=64, fed=fed) as w:
                order(w, s)
            proxy.close()
            print("order: in the opposite order" + (f", fed by {fed}" if fed else ""))
        passing(program, s)
        waited_in_vain(program, s)
        filled(program, s)
        busy_for_a_while(program, s)
        busy_for_a_while(program, s, fed=7)
        cut(program, s, step=int(os.environ.get("STEP", "5")))
        cut(program, s, step=int(os.environ.get("STEP", "11")), fed=2)
        nobody_there(program, s)
        nobody_there_for_who_feeds(program, s)
        another_replica(program, s)
        speed(program, s)
    skipped = []
    for case in (in_ad, in_389):
        try:
            case(program)
            print(case.__name__)
        except server.Skip as e:
            skipped.append(f"{case.__name__}: {e}")
    if skipped:
        raise server.Skip("\nskipped: ".join(skipped))


if __name__ == "__main__":
    server.run(test)
