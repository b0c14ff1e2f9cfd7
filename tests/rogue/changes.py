"""What a server can do to an answer: the vocabulary of behaviours.TABLE.

A change is a function (server, request, honest) -> items to send. honest() does the request and gives the honest
items: a write that is not to be done must not call it.
"""
import dataclasses
import itertools
import socket
import ssl
import struct
import threading

import ber
from server import CLOSE, DIRSYNC, PAGED, RECYCLED, Drip, Found, Refer, Result, message

NOTICE = "1.3.6.1.4.1.1466.20036"  # RFC 4511 section 4.4.1
FOREVER = 3600

# ---- which requests are meant


def reads(request):
    return request.reads


def later(request):
    return request.later


def first(request):
    return request.reads and not request.later


def lists(request):
    """A read that asks for nobody by his id."""
    return request.reads and b"objectGUID" not in request.filter[1]


def dirsyncs(request):
    return DIRSYNC in request.controls


def usns(request):
    """By uSNChanged, the changes."""
    return request.op == "search" and b"uSNChanged" in request.filter[1]


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


def modifies(request):
    return request.op == "modify"


def deletes(request):
    return request.op == "delete"


def renames(request):
    return request.op == "rename"


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
    """Somebody who was never there, with what was asked for."""
    attributes = {"objectClass": ["top", "user"], "cn": [f"Endless {n}"], "mail": [f"endless{n}@abc.example"],
                  "objectGUID": [struct.pack("<QQ", 77, n)]}
    return Found(f"CN=Endless {n},{request.dn}", [a for a in attributes.items() if a[0] in request.attributes])


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

        def give(attributes):
            for n, v in attributes:
                if ";range=" not in n.lower():
                    yield n, v
                elif name:
                    yield name, v
        return [dataclasses.replace(i, attributes=list(give(i.attributes))) if isinstance(i, Found) else i
                for i in items]
    return change


def many(values):
    return lambda here: values


def shuffled(server, request, honest):
    """Search result entries behind the result, which is the end of them."""
    items = honest()
    return items[-1:] + items[:-1]


def referring(server, request, honest):
    return [Refer([server.elsewhere + "/OU=Far,DC=abc,DC=example??sub"]), *honest()]


def referring_twice(server, request, honest):
    """Two parts of the tree are elsewhere."""
    return [Refer([server.elsewhere + part]) for part in ("/OU=Far,DC=abc,DC=example", "/OU=Farther,DC=abc,DC=example")
            ] + honest()


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
    other = {"objectGUID": [bytes(16)], "invocationId": [bytes(16)],
             "entryUUID": [b"00000000-0000-4000-8000-000000000000"]}
    return [dataclasses.replace(i, attributes=[(n, other.get(n, v)) for n, v in i.attributes])
            if isinstance(i, Found) else i for i in honest()]


def twice(server, request, honest):
    """Who changes while the pages are read comes once more."""
    *found, end = honest()
    return found + found[:2] + [end]


def unless_recycled(server, request, honest):
    return [i for i in honest() if RECYCLED in request.controls or not isinstance(i, Found)
            or ("isDeleted", [b"TRUE"]) not in i.attributes]


def stands(request):
    """Who is it, and what has it got of the others?"""
    return request.op == "search" and (request.dn.startswith("CN=NTDS Settings") or "replUpToDateVector" in request.attributes)


def another_replica(usn):
    """Another domain controller, which has got the changes of the first one up to there; below 0: but for so many."""
    def change(server, request, honest):
        if "replUpToDateVector" not in request.attributes:
            return renamed(server, request, honest)
        vector = struct.pack("<IIII16sQq", 2, 0, 1, 0, server.directory.invocation.bytes_le,
                             usn if usn >= 0 else server.directory.usn + usn, 0)
        return [dataclasses.replace(i, attributes=[*i.attributes, ("replUpToDateVector", [vector])])
                if isinstance(i, Found) else i for i in honest()]
    return change


def another_then(server, request, honest):
    """The connection goes with the first pass of DirSync, and another domain controller answers from then on."""
    if dirsyncs(request):
        server.another = True
        return [CLOSE]
    return renamed(server, request, honest) if server.another else honest()


def nothing_found(server, request, honest):
    return [i for i in honest() if not isinstance(i, Found)]


def unless_flagged(flag, change):
    """Of a DirSync request that lacks this flag."""
    def look(server, request, honest):
        (_, flags), *_ = ber.only(request.controls[DIRSYNC])
        return honest() if ber.number(flags) & flag else change(server, request, honest)
    return look


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
