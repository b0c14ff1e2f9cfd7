"""What a server may do to a client: one table, TABLE, at the end. Each line is the honest server with one thing
changed; what galway must make of it stands beside it.

A change is a function (server, request, honest) -> items to send. honest() does the request and gives the honest
items: a write that is not to be done must not call it.
"""
import dataclasses
import itertools
import socket
import ssl
import struct
import threading
import typing

import ber
from directory import below
from server import CLOSE, DIRSYNC, PAGED, RESET, Drip, Found, Refer, Result, Wait, message

NOTICE = "1.3.6.1.4.1.1466.20036"  # RFC 4511 section 4.4.1
FOREVER = 3600

# ---- which requests are meant


def reads(request):
    return request.reads


def later(request):
    return request.later


def first(request):
    return request.reads and not request.later


def dirsyncs(request):
    return DIRSYNC in request.controls


def finds(request):
    """A look for one entry by its name."""
    return request.op == "search" and request.scope == 0 and request.dn.startswith("CN=Person")


def searches(request):
    return request.op == "search" and not request.root


def root(request):
    return request.root


def binds(request):
    return request.op == "bind"


def whoami(request):
    return request.op == "extended"


def adds(request):
    return request.op == "add"


def writes(request):
    return request.op in ("add", "modify", "delete", "rename")


def every(request):
    return True


def base_look(request):
    """The look at the base's own id, by which a directory is known."""
    return request.op == "search" and request.scope == 0 and not request.root


# ---- what is done to the answer


def ends(code, text="", **more):
    """The entries come, and then this result code."""
    def change(server, request, honest):
        *found, end = honest()
        return found + [dataclasses.replace(end, code=code, text=text, **more)]
    return change


def says(code, text="", **more):
    """Nothing but this result code; a write is not done."""
    def change(server, request, honest):
        return [Result(request.answer_tag, code, text, **more)]
    return change


def entries(edit):
    """edit(list of Found) -> items that come in their place."""
    def change(server, request, honest):
        items = honest()
        found = [i for i in items if isinstance(i, Found)]
        return list(edit(found)) + [i for i in items if not isinstance(i, Found)]
    return change


def one(edit):
    """edit(Found) -> Found, of the third person of the answer, the last if there are fewer."""
    def change(found):
        people = [i for i, f in enumerate(found) if f.dn.startswith("CN=Person")]
        for i in people[2:3] or people[-1:]:
            found[i] = edit(found[i])
        return found
    return entries(change)


def with_dn(make):
    return one(lambda f: dataclasses.replace(f, dn=make(f.dn)))


def with_values(name, make):
    """make(values) -> values; None: without the attribute; one that is not there is put there."""
    def edit(f):
        here = next((v for n, v in f.attributes if n.lower() == name.lower()), [])
        values = make(here)
        rest = [(n, v) for n, v in f.attributes if n.lower() != name.lower()]
        return dataclasses.replace(f, attributes=rest + ([(name, values)] if values is not None else []))
    return one(edit)


def raw_attributes(data):
    """The third entry's attribute list is these bytes."""
    def change(server, request, honest):
        for i, item in enumerate(honest()):
            if isinstance(item, Found) and i == 2:
                yield ber.seq(ber.integer(request.msgid), ber.tlv(0x64, ber.octets(item.dn), data))
            else:
                yield item
    return change


def empty_values(n):
    """The third person has n telephones more, of no bytes: no value takes less, and each wants its place."""
    def change(server, request, honest):
        for i, item in enumerate(honest()):
            if isinstance(item, Found) and i == 2:
                head, body = ber.parts(item.pdu())[0]
                (_, dn), (_, attributes) = ber.parts(body)
                more = ber.seq(ber.octets("otherTelephone"), ber.tlv(ber.SET, ber.octets("") * n))
                yield ber.seq(ber.integer(request.msgid), ber.tlv(head, ber.octets(dn), ber.seq(attributes, more)))
            else:
                yield item
    return change


def half_of(data, *then):
    """Half of what was to be sent, and then something else."""
    def change(server, request, honest):
        whole = b"".join(message(i, request.msgid) for i in honest())
        return [whole[:len(whole) // 2], *then] if data is None else [data, *then]
    return change


def half_pdu(*then):
    """The half of the first message alone."""
    def change(server, request, honest):
        whole = message(honest()[0], request.msgid)
        return [whole[:len(whole) // 2], *then]
    return change


def dripping(server, request, honest):
    return [Drip(b"".join(message(i, request.msgid) for i in honest()))]


def paged(cookie):
    """The last message of the answer has this cookie of paging or DirSync, whatever is true."""
    def change(server, request, honest):
        *found, end = honest()
        if DIRSYNC in request.controls:
            control = DIRSYNC, ber.seq(ber.integer(1), ber.integer(0), ber.octets(cookie))
        else:
            control = PAGED, ber.seq(ber.integer(0), ber.octets(cookie))
        return found + [dataclasses.replace(end, controls=[control])]
    return change


def constant_cookie(cookie):
    """As 389 Directory Server, whose cookie numbers the search and not the page. The pages are right."""
    def change(server, request, honest):
        if request.later:
            request.page = request.page[0], server.real
        *found, end = honest()
        server.real = ber.only(end.controls[0][1])[1][1] if end.controls else b""
        return [*found, end] if not server.real else paged(cookie)(server, request, lambda: [*found, end])
    return change


def empty_page_first(server, request, honest):
    """Nothing yet; all that belongs to the first page comes with the second."""
    *found, end = honest()
    if not end.controls:
        return [*found, end]
    pages = request.connection.pages
    pages[b"later"] = found + pages.pop(ber.only(end.controls[0][1])[1][1], [])
    return paged(b"later")(server, request, lambda: [end])


def same_page_again(server, request, honest):
    """Each page is the first one, with the same cookie."""
    if not request.later:
        server.kept = honest()
    return [dataclasses.replace(i) for i in server.kept]


def empty_pages(server, request, honest):
    return paged(b"more%08d" % server.count("page"))(server, request, lambda: [Result(request.answer_tag)])


def person(n, request):
    """Somebody who was never there."""
    return Found(f"CN=Endless {n},{request.dn}", [
        ("objectClass", ["top", "user"]), ("cn", [f"Endless {n}"]), ("mail", [f"endless{n}@abc.example"]),
        ("objectGUID", [struct.pack("<QQ", 77, n)])])


def endless_page(server, request, honest):
    return (person(n, request) for n in itertools.count())


def new_people(server, request, honest):
    """Pages as they should be, of people that were never there, for ever."""
    page = server.count("people")
    return paged(b"people")(server, request, lambda: [
        *(person(5 * page + i, request) for i in range(5)), Result(request.answer_tag)])


def same_entry_endlessly(server, request, honest):
    return itertools.repeat(message(person(1, request), request.msgid))


def endless_ranges(server, request, honest):
    """Each range of the third person is followed by another one."""
    asked = next((a for a in request.attributes if ";range=" in a.lower()), "=0-")
    low = int(asked.split("=")[1].split("-")[0])

    def give(item):
        kept = [a for a in item.attributes if "telephone" not in a[0].lower()]
        return dataclasses.replace(item, attributes=kept + [
            (f"otherTelephone;range={low}-{low + 14999}", [b"+1"] * 15000)])
    return [give(i) if isinstance(i, Found) and i.dn.startswith("CN=Person 03") else i for i in honest()]


def ranges(step):
    """step(server, low) -> the name that the next range is given; None: the range is not given at all."""
    def change(server, request, honest):
        asked = next((a for a in request.attributes if ";range=" in a.lower()), None)
        items = honest()
        if asked is None:
            return items
        name = step(asked.split("=")[1].split("-")[0])
        return [dataclasses.replace(i, attributes=[(name, v) if ";range=" in n.lower() else (n, v) for n, v in i.attributes
                                                   if name or ";range=" not in n.lower()])
                if isinstance(i, Found) else i for i in items]
    return change


def many(values):
    return lambda here: values


def shuffled(server, request, honest):
    """Search result entries behind the result, which is the end of them."""
    items = honest()
    return items[-1:] + items[:-1]


def referring(server, request, honest):
    return [Refer([server.elsewhere + "/OU=Far,DC=abc,DC=example??sub"]), *honest()]


def referral(server, request, honest):
    return [Result(request.answer_tag, 10, referrals=[server.elsewhere + "/DC=abc,DC=example"])]


def notice(server, request, honest):
    """RFC 4511 section 4.4.1: message 0, an extended response, and the end."""
    return [Result(0x78, 52, "the server goes down", extra=ber.octets(NOTICE, 0x8A), msgid=0), CLOSE]


def times(n, change):
    """The first n times; then honest."""
    def limited(server, request, honest):
        return change(server, request, honest) if server.count("times") <= n else honest()
    return limited


def after(n, change):
    """Honest n times; then this."""
    def later_on(server, request, honest):
        return honest() if server.count("after") <= n else change(server, request, honest)
    return later_on


def applied_then(*items):
    """It is done, and the answer does not come."""
    def change(server, request, honest):
        honest()
        return list(items)
    return change


def flush(server, connection):
    """Send what is held, if it still is."""
    with server.lock:
        held = server.__dict__.pop("held", None)
    if held:
        connection.send([held], 0)


def out_of_order(server, request, honest):
    """The first answer comes behind the second: RFC 4511 section 3.1 allows it. Where nothing is asked before the
    first answer has come, it comes after a while."""
    items = honest()
    with server.lock:
        held = server.__dict__.pop("held", None)
        if held is None and server.count("order") == 1:
            server.held = b"".join(message(i, request.msgid) for i in items)
            threading.Timer(0.3, flush, [server, request.connection]).start()
            return []
    return [*items, held or b""]


def strange_id(server, request, honest):
    """Answers that belong to no request, in front of the ones that do."""
    return [Result(0x65, msgid=4711), Found("CN=Nobody,DC=abc,DC=example", [("cn", ["Nobody"])], msgid=4712), *honest()]


def strange_result(server, request, honest):
    return [Result(request.answer_tag, msgid=4711), *honest()]


def false_tombstones(server, request, honest):
    """Of somebody who is still there it is said that he is deleted."""
    gone = next(e for e in server.directory.entries.values() if e.dn.startswith("CN=Person 08"))
    return [Found(f"CN=Person 08\\0ADEL:0,CN=Deleted Objects,{server.directory.base}", [
        ("objectGUID", [gone.guid()]), ("isDeleted", [b"TRUE"])]), *honest()]


def root_with(**attributes):
    """The root DSE, with attributes replaced (None: left out)."""
    def change(server, request, honest):
        found, end = honest()
        keep = [(n, v) for n, v in found.attributes if n not in attributes]
        new = [(n, v) for n, v in attributes.items() if v is not None]
        return [dataclasses.replace(found, attributes=keep + new), end]
    return change


def renamed(server, request, honest):
    """The entry comes with other ids: another directory, or another replica, in the same place."""
    return [dataclasses.replace(i, attributes=[
        (n, [bytes(16)] if n in ("objectGUID", "invocationId") else [b"00000000-0000-4000-8000-000000000000"] if n == "entryUUID" else v)
        for n, v in i.attributes]) if isinstance(i, Found) else i for i in honest()]


def nothing_found(server, request, honest):
    return [i for i in honest() if not isinstance(i, Found)]


def without_controls(server, request, honest):
    *found, end = honest()
    return found + [dataclasses.replace(end, controls=())]


def control(value):
    """The response's paging or DirSync control has this value."""
    def change(server, request, honest):
        *found, end = honest()
        oid = DIRSYNC if DIRSYNC in request.controls else PAGED
        return found + [dataclasses.replace(end, controls=[(oid, value)])]
    return change


def nested(depth):
    heads, inside = [], 0
    for _ in range(depth):
        heads.append(bytes([ber.SEQ]) + ber.length(inside))
        inside += len(heads[-1])
    return b"".join(reversed(heads))


# ---- connections that are not served at all


def silent(server, s):
    server.stopping.wait(FOREVER)


def hangs_up(server, s):
    pass


def resets(server, s):
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def talks(data):
    def takes(server, s):
        s.sendall(data)
        server.stopping.wait(FOREVER)
    return takes


def handshake(share, stall):
    """The server's first flight of a TLS handshake, cut in the middle, or dripping (share None)."""
    def takes(server, s):
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = server.tls.wrap_bio(incoming, outgoing, server_side=True)
        incoming.write(s.recv(65536))
        try:
            tls.do_handshake()
        except ssl.SSLWantReadError:
            pass
        flight = outgoing.read()
        if share is None:
            for byte in flight:
                s.sendall(bytes([byte]))
                if server.stopping.wait(1):
                    return
        s.sendall(flight[:int(len(flight) * share)])
        if stall:
            server.stopping.wait(FOREVER)
    return takes


# ---- the table

LDAP, AD = ("ldap",), ("ad",)
BOTH = ("ldap", "ad")
READER, SOURCE, TARGET = ("source", "target"), ("source",), ("target",)


@dataclasses.dataclass
class Behaviour:
    """exit, says: what galway ends with, and a regular expression of what it says of it (of all of its messages in
    one line). Exit 0 means that the target must become what an honest server makes of it, any other that not one
    write was tried; where it is the writes that go wrong (writes), the next, honest run must make it right.
    roles: which side of the flow the rogue is. limit: of the honest server (server.Server). words: galway's command."""
    name: str
    exit: int
    says: str
    when: typing.Callable = every
    change: typing.Callable = None
    kinds: tuple = BOTH
    roles: tuple = READER
    takes: typing.Callable = None
    limit: dict = dataclasses.field(default_factory=dict)
    words: tuple = ("sync", "--full")
    writes: bool = False
    leaks: bool = False  # libldap forgets something
    settings: str = ""  # more, of the rogue's connector
    telephones: int = 0  # of one person of the source


def honest_items(server, request, honest):
    return honest()


def good(name, change=honest_items, when=reads, text="", **more):
    return Behaviour(name, 0, text, when, change, **more)


def bad(name, exit_code, text, when, change, **more):
    return Behaviour(name, exit_code, text, when, change, **more)


def wire(name, exit_code, text, takes, **more):
    return Behaviour(name, exit_code, text, takes=takes, **more)


INSIDE = r"OU=People|OU=GAL"
TABLE = [
    # Unusual, and right: the run ends complete.
    good("honest"),
    good("honest-delta", words=("sync",), text=r"\(delta\)"),
    good("pages-shorter-than-asked", limit={"page": 2}),
    good("an-empty-page", empty_page_first, first, kinds=LDAP),
    good("cookie-is-always-the-same", constant_cookie(b"again"), kinds=LDAP),
    good("cookie-of-a-kilobyte", constant_cookie(b"c" * 1024), kinds=LDAP),
    good("ranges-of-1500", telephones=3200, roles=SOURCE, kinds=LDAP),
    good("ranges-one-over", telephones=1501, roles=SOURCE, kinds=LDAP),
    good("ranges-just-none", telephones=1500, roles=SOURCE, kinds=LDAP),
    good("dirsync-more-results", limit={"dirsync": 3}, kinds=AD, roles=SOURCE),
    good("dirsync-more-results-delta", limit={"dirsync": 1}, kinds=AD, roles=SOURCE, words=("sync",), text=r"\(delta\)"),
    good("dirsync-refused", says(50, "insufficient"), lambda r: DIRSYNC in r.controls, kinds=AD, roles=SOURCE),
    good("dirsync-cookie-refused", says(12, "the cookie"), lambda r: DIRSYNC in r.controls and r.later,
         kinds=AD, roles=SOURCE, words=("sync",), text=r"\(full\)"),
    good("another-replica", renamed, lambda r: r.op == "search" and r.dn.startswith("CN=NTDS Settings"),
         kinds=AD, roles=SOURCE, words=("sync",), text=r"\(full\)"),
    good("replica-from-a-backup", root_with(highestCommittedUSN=[b"5"]), root, kinds=AD, roles=SOURCE, words=("sync",),
         text=r"\(full\)"),
    good("strange-message-ids", strange_id),
    good("names-in-capitals", entries(lambda found: [dataclasses.replace(f, attributes=[
        (n.upper(), v) for n, v in f.attributes]) for f in found]), kinds=LDAP),

    # Result codes: not one of them is "nothing more".
    bad("operationsError", 2, r"operationsError \(1\)", reads, ends(1, "sorry")),
    bad("timeLimitExceeded", 5, r"timeLimitExceeded \(3\)", reads, ends(3)),
    bad("sizeLimitExceeded", 2, r"sizeLimitExceeded \(4\).*page-size", reads, ends(4)),
    bad("sizeLimitExceeded-later", 2, r"sizeLimitExceeded \(4\)", later, ends(4)),
    bad("adminLimitExceeded", 2, r"adminLimitExceeded \(11\)", reads, ends(11)),
    bad("referral-result", 2, r"referral \(10\)", reads, referral),
    bad("noSuchObject", 2, r"noSuchObject \(32\)", reads, says(32)),
    bad("noSuchObject-later", 2, r"noSuchObject \(32\)", later, says(32), kinds=LDAP),
    bad("insufficientAccess", 2, r"insufficientAccessRights \(50\)", reads, says(50)),
    bad("busy", 5, r"busy \(51\)", reads, says(51, "later")),
    # A read does not wait, a write does (add-busy).
    bad("busy-once", 5, r"busy \(51\)", reads, times(1, says(51))),
    bad("busy-later", 5, r"busy \(51\)", later, says(51), kinds=LDAP),
    bad("unavailable", 5, r"unavailable \(52\)", reads, says(52)),
    bad("unwillingToPerform-later", 2, r"unwillingToPerform \(53\)", later, says(53), kinds=LDAP),
    bad("other", 2, r"other \(80\)", reads, ends(80)),
    bad("unknown-code", 2, r"code 4242", reads, ends(4242)),
    bad("nothing-there", 3, r"empty|no entries|all", reads, nothing_found, roles=SOURCE, kinds=LDAP),

    # Pages that never end, or end too early.
    bad("cookie-nobody-knows", 2, r"page 2.*unwillingToPerform \(53\)", reads, paged(b"never given"), kinds=LDAP),
    bad("same-page-again", 2, r"page 2.*begins as an earlier one", reads, same_page_again),
    bad("empty-pages", 2, r"pages without an entry", reads, empty_pages, kinds=LDAP),
    bad("page-without-control", 2, r"page 1.*no word of whether there is a next one", reads, without_controls, kinds=LDAP),
    bad("page-control-no-ber", 2, r"cookie.*decodingError", reads, control(b"\x30\x84\x7f"), kinds=LDAP),
    bad("page-control-empty", 2, r"cookie", reads, control(b""), kinds=LDAP),
    bad("endless-page", 2, r"more than twice|nobody asked for", reads, endless_page),
    bad("same-entry-endlessly", 2, r"more than twice|nobody asked for", reads, same_entry_endlessly),
    bad("endless-people", 5, r"deadline", reads, new_people, settings="deadline = 4s"),
    bad("result-before-entries", 3, r"the source is empty", reads, shuffled, roles=SOURCE, kinds=LDAP),

    # DirSync is how changes are told: without it, all is read.
    good("dirsync-without-control", without_controls, dirsyncs, kinds=AD, roles=SOURCE),
    good("dirsync-without-control-delta", without_controls, dirsyncs, kinds=AD, roles=SOURCE, words=("sync",), text=r"\(full\)"),
    good("dirsync-control-no-ber", control(b"\x30\x84\x7f"), dirsyncs, kinds=AD, roles=SOURCE, words=("sync",), text=r"\(full\)"),
    good("dirsync-false-tombstone", false_tombstones, dirsyncs, kinds=AD, roles=SOURCE, words=("sync",)),
    good("dirsync-control-empty", control(b""), dirsyncs, kinds=AD, roles=SOURCE, words=("sync",), text=r"\(full\)"),
    good("dirsync-cookie-empty", paged(b""), dirsyncs, kinds=AD, roles=SOURCE, words=("sync",), text=r"\(full\)"),
    good("dirsync-cookie-repeats", paged(b"MSDS again"), dirsyncs, kinds=AD, roles=SOURCE, words=("sync",), text=r"\(full\)"),
    bad("dirsync-endless-pages", 2, r"DirSync: more than 10000 pages", dirsyncs, empty_pages, kinds=AD, roles=SOURCE,
        words=("sync",)),
    bad("dirsync-endless-people", 5, r"deadline", dirsyncs, endless_page, kinds=AD, roles=SOURCE, words=("sync",),
        settings="deadline = 4s"),
    bad("dirsync-same-endlessly", 5, r"deadline", dirsyncs, same_entry_endlessly, kinds=AD, roles=SOURCE, words=("sync",),
        settings="deadline = 4s"),
    bad("dirsync-half-page-fin", 5, r"DirSync.*lost", dirsyncs, half_of(None, CLOSE), kinds=AD, roles=SOURCE, words=("sync",)),
    bad("dirsync-busy", 5, r"DirSync.*busy \(51\)", dirsyncs, says(51), kinds=AD, roles=SOURCE, words=("sync",)),
    bad("dirsync-entry-without-id", 2, r"DirSync.*objectGUID", dirsyncs, with_values("objectGUID", lambda here: None),
        kinds=AD, roles=SOURCE, words=("sync",)),

    # Ranges.
    bad("range-never-ends", 2, r"otherTelephone: more than \d+ values", searches,
        endless_ranges, roles=SOURCE, kinds=LDAP),
    bad("range-not-given", 2, r"range|otherTelephone", searches, ranges(lambda low: None),
        telephones=3200, roles=SOURCE, kinds=LDAP),
    bad("range-with-a-gap", 5, r"otherTelephone: changes while it is read", searches, ranges(lambda low: f"otherTelephone;range={int(low) + 10}-*"),
        telephones=3200, roles=SOURCE, kinds=LDAP),
    bad("range-again", 5, r"otherTelephone: changes while it is read", searches, ranges(lambda low: "otherTelephone;range=0-1499"),
        telephones=3200, roles=SOURCE, kinds=LDAP),
    bad("range-no-number", 2, r"range|otherTelephone", searches, ranges(lambda low: "otherTelephone;range=-1-x"),
        telephones=3200, roles=SOURCE, kinds=LDAP),
    bad("range-of-another", 2, r"range|telephone|mail|asked", searches, ranges(lambda low: f"mail;range={low}-*"),
        telephones=3200, roles=SOURCE, kinds=LDAP),

    # Bytes that are not LDAP, or not within the limits. libldap drops a connection that does not speak BER.
    bad("pdu-of-1.8-gigabytes", 2, r"max-pdu|larger|size|over", reads, half_of(bytes.fromhex("308470000000"), Wait(FOREVER))),
    bad("pdu-of-20-megabytes", 2, r"max-pdu|larger|size|over", reads, with_values("mail", lambda here: [b"x" * (20 << 20)])),
    bad("length-of-five-bytes", 2, r"", reads, half_of(bytes.fromhex("30850000000001") + b"x", Wait(FOREVER))),
    bad("length-indefinite", 2, r"", reads, half_of(bytes.fromhex("3080020101") + bytes(64), Wait(FOREVER))),
    bad("http", 5, r"connection was lost", reads, half_of(b"HTTP/1.1 400 Bad Request\r\n\r\n", CLOSE)),
    bad("deep-nesting", 2, r"", reads, half_of(nested(100000), Wait(FOREVER))),
    bad("deep-nesting-of-attributes", 2, r"BER|decod", reads, raw_attributes(ber.seq(nested(30000)))),
    bad("attributes-no-ber", 2, r"BER|decod", reads, raw_attributes(ber.seq(b"\x30\x10\x04\x02cn\x31\x7f\x04"))),
    bad("attribute-with-a-negative-length", 2, r"BER|decod", reads, raw_attributes(
        ber.seq(ber.seq(ber.octets("cn"), b"\x31\x84\xff\xff\xff\xff\x04\x01x")))),
    bad("attribute-set-too-long", 2, r"BER|decod", reads, raw_attributes(
        ber.seq(ber.seq(ber.octets("cn"), b"\x31\x04\x04\x7fxx")))),
    bad("values-that-are-numbers", 2, r"BER|decod", reads, raw_attributes(
        ber.seq(ber.seq(ber.octets("cn"), ber.tlv(ber.SET, ber.integer(5)))))),
    bad("endless-values", 2, r"values", first, empty_values(7_000_000)),
    bad("endless-attributes", 2, r"attributes|asked", first, one(lambda f: dataclasses.replace(
        f, attributes=f.attributes + [(f"a{i}", [b"x"]) for i in range(5000)]))),

    # The connection ends, or stands still.
    bad("half-page-fin", 5, r"connect|lost|closed|serverDown", reads, half_of(None, CLOSE)),
    bad("half-page-rst", 5, r"connect|lost|reset|serverDown", reads, half_of(None, RESET)),
    bad("half-page-stalls", 5, r"within 2 s|timeout", reads, half_of(None, Wait(FOREVER))),
    bad("half-pdu-fin", 5, r"connect|lost|closed|serverDown", reads, half_pdu(CLOSE)),
    bad("half-pdu-rst", 5, r"connect|lost|reset|serverDown", later, half_pdu(RESET), kinds=LDAP),
    bad("half-pdu-stalls", 5, r"within 2 s|timeout", reads, half_pdu(Wait(FOREVER))),
    bad("one-byte-stalls", 5, r"within 2 s|timeout", reads, half_of(b"\x30", Wait(FOREVER))),
    bad("no-answer", 5, r"within 2 s|timeout", reads, lambda s, r, h: [Wait(FOREVER)]),
    bad("no-answer-later", 5, r"within 2 s|timeout", later, lambda s, r, h: [Wait(FOREVER)], kinds=LDAP),
    bad("drip", 5, r"within 2 s|timeout", reads, dripping),
    bad("entries-and-no-result", 5, r"within 2 s|timeout", reads, lambda s, r, h: [*h()[:-1], Wait(FOREVER)]),
    bad("notice-of-disconnection", 5, r"the server goes down|unavailable", reads, notice, leaks=True),
    bad("notice-of-disconnection-later", 5, r"the server goes down|unavailable", later, notice, kinds=LDAP, leaks=True),
    wire("connection-silent", 5, r"within 2 s|timeout|connect", silent),
    wire("connection-closed", 5, r"connect|closed|lost|handshake", hangs_up),
    wire("connection-reset", 5, r"connect|reset|lost|handshake|reached", resets),
    wire("handshake-half-stalls", 5, r"within 2 s|timeout|connect", handshake(0.5, True), kinds=AD),
    wire("handshake-half-closes", 2, r"TLS handshake: .*decoding", handshake(0.5, False), kinds=AD),
    wire("handshake-drips", 5, r"within 2 s|timeout|connect", handshake(None, True), kinds=AD),
    wire("handshake-plain-text", 2, r"TLS|handshake|connect", talks(b"HTTP/1.1 400 Bad Request\r\n\r\n"), kinds=AD),

    # The looks for single entries.
    bad("find-sizeLimitExceeded", 2, r"sizeLimitExceeded \(4\)", reads, ends(4), words=("sync",), roles=TARGET),
    bad("find-noSuchObject", 2, r"noSuchObject \(32\)", reads, says(32), words=("sync",), roles=TARGET),
    bad("find-referral", 2, r"referral \(10\)", reads, referral, words=("sync",), roles=TARGET),
    bad("find-reference", 2, r"refer", reads, referring, words=("sync",), roles=TARGET),
    bad("find-same-endlessly", 2, r"", reads, same_entry_endlessly, words=("sync",), roles=TARGET),
    bad("find-entry-outside", 2, r"outside", reads, with_dn(lambda dn: "CN=Person 03,OU=GAL,DC=evil,DC=example"),
        words=("sync",), roles=TARGET),
    bad("find-half-page-rst", 5, r"lost|serverDown", reads, half_of(None, RESET), words=("sync",), roles=TARGET),
    bad("find-stalls", 5, r"within 2 s", reads, half_of(None, Wait(FOREVER)), words=("sync",), roles=TARGET),
    bad("find-busy", 5, r"busy \(51\)", finds, says(51), kinds=LDAP, roles=TARGET),
    bad("find-no-answer", 5, r"within 2 s", finds, lambda s, r, h: [Wait(FOREVER)], kinds=LDAP, roles=TARGET),
    bad("find-half-pdu-fin", 5, r"lost|serverDown", finds, half_pdu(CLOSE), kinds=LDAP, roles=TARGET),

    # Entries that cannot be: the whole read is refused.
    bad("entry-outside", 2, r"outside", reads, with_dn(lambda dn: "CN=Person 03,OU=People,DC=evil,DC=example")),
    bad("entry-outside-by-a-comma", 2, r"outside", reads, with_dn(lambda dn: dn.replace(",DC=abc", r"\,DC=abc").replace(
        ",DC=xyz", r"\,DC=xyz"))),
    bad("entry-outside-by-its-tail", 2, r"outside", reads, with_dn(lambda dn: dn.replace("DC=abc", "xDC=abc").replace(
        "DC=xyz", "xDC=xyz"))),
    bad("entry-without-a-name", 2, r"outside|name|DN", reads, with_dn(lambda dn: "")),
    bad("entry-name-is-no-dn", 2, r"outside|DN|name", reads, with_dn(lambda dn: "this is no name")),
    good("entry-name-is-no-dn-below", with_dn(lambda dn: dn.replace("CN=", "no name ")), roles=SOURCE),
    good("entry-name-of-a-megabyte", with_dn(lambda dn: "CN=" + "x" * (1 << 20) + dn[9:]), roles=SOURCE),
    bad("entry-name-bad-utf8", 2, r"its name is no text", reads, with_dn(lambda dn: dn.encode().replace(b"Person", b"P\xff\xfe"))),
    bad("entry-name-with-nul", 2, r"its name is no text", reads, with_dn(lambda dn: dn.replace("Person", "Per\0son"))),
    bad("entry-twice", 5, r"two entries came with one objectGUID", reads, entries(lambda found: found + found[3:4])),
    bad("id-twice", 5, r"two entries came with one objectGUID", reads, entries(lambda found: found + [
        dataclasses.replace(f, dn=f.dn.replace("CN=Person", "CN=Twin")) for f in found[3:4]])),
    bad("id-missing", 2, r"objectGUID", reads, with_values("objectGUID", lambda here: None)),
    bad("id-empty", 2, r"objectGUID", reads, with_values("objectGUID", many([]))),
    bad("id-two-values", 2, r"more than one objectGUID", reads, with_values("objectGUID", lambda here: [here[0][::-1], *here])),
    bad("attribute-never-asked-for", 2, r"asked.*userPassword", reads, with_values("userPassword", many([b"secret"]))),
    bad("attribute-twice", 2, r"twice.*mail", reads, one(lambda f: dataclasses.replace(
        f, attributes=[*f.attributes, ("mail", [b"a@abc.example"]), ("MAIL", [b"b@abc.example"])]))),
    bad("attribute-without-a-name", 2, r"", reads, one(lambda f: dataclasses.replace(
        f, attributes=[*f.attributes, ("", [b"x"])]))),
    bad("search-reference", 2, r"refer", reads, referring),

    # Who is it? And who are we?
    bad("root-dse-empty", 2, r"", root, nothing_found),
    bad("root-dse-refused", 2, r"root DSE|insufficient", root, says(50), kinds=AD),
    bad("root-dse-busy", 5, r"busy", root, says(51)),
    bad("root-dse-not-ad", 2, r"Active Directory|type = ldap|AD", root, root_with(supportedCapabilities=None, forestFunctionality=None), kinds=AD),
    bad("root-dse-twice", 2, r"", root, lambda s, r, h: [h()[0], *h()]),
    bad("another-directory", 3, r"another directory answers.*refused", base_look, renamed),
    bad("whoami-anonymous", 2, r"anonymous", whoami, says(0), kinds=AD),
    bad("bind-anonymous", 2, r"anonymous|who", binds, says(0), kinds=AD),
    bad("bind-refused", 2, r"invalidCredentials \(49\).*data 52e", binds, says(49, "comment: data 52e")),
    bad("bind-busy", 5, r"busy \(51\)", binds, says(51)),
    bad("bind-referral", 2, r"referral \(10\)", binds, referral),
    bad("bind-in-progress", 2, r"saslBindInProgress|bind", binds, says(14)),
    bad("bind-another-message", 5, r"within 2 s|timeout", binds, lambda s, r, h: [Result(0x61, msgid=99)]),
    bad("bind-answered-by-a-search", 2, r"anonymous|who", binds, lambda s, r, h: [Result(0x65)], kinds=AD),

    # Writes.
    good("add-busy", times(4, says(51)), adds, roles=TARGET, writes=True),
    good("add-unavailable", times(1, says(52)), adds, roles=TARGET, writes=True),
    good("writes-out-of-order", out_of_order, writes, roles=TARGET, writes=True),
    good("writes-and-strange-results", strange_result, writes, roles=TARGET, writes=True),
    bad("add-exists-and-does-not", 4, r"entryAlreadyExists|exists", adds, says(68), roles=TARGET, writes=True),
    bad("add-refused", 4, r"insufficientAccessRights|insufficient", adds, says(50), roles=TARGET, writes=True),
    bad("add-always-busy", 4, r"busy", adds, says(51), roles=TARGET, writes=True),
    good("write-no-answer-once", times(1, applied_then(Wait(FOREVER))), adds, roles=TARGET, writes=True),
    bad("write-no-answer", 4, r"not known if it was done", adds, applied_then(Wait(FOREVER)), roles=TARGET, writes=True),
    good("write-answer-lost-fin", applied_then(CLOSE), adds, roles=TARGET, writes=True),
    good("write-answer-lost-rst", applied_then(RESET), adds, roles=TARGET, writes=True),
    good("write-huge-answer", applied_then(bytes.fromhex("308470000000"), Wait(FOREVER)), adds, roles=TARGET, writes=True),
    good("write-answer-lost-once", times(1, applied_then(RESET)), adds, roles=TARGET, writes=True),
    good("write-lost-once", times(1, lambda s, r, h: [RESET]), adds, roles=TARGET, writes=True),
    bad("write-notice", 4, r"", adds, notice, roles=TARGET, writes=True, leaks=True),
    bad("write-referral", 4, r"referral", adds, referral, roles=TARGET, writes=True),
]
assert len({b.name for b in TABLE}) == len(TABLE)
