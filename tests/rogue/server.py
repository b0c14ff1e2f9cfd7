"""An LDAP server over a directory.Directory: honest, except where a behaviour changes what it says.

The honest server makes a list of items of each request: Found, Refer, Result. A behaviour (behaviours.py) is a
function from that list to what is sent instead, with bytes and Wait, Drip, CLOSE and RESET among it. So a rogue is
always the honest server with one thing changed, and what mock_check.py shows of the honest one holds for all.

What is spoken: simple bind, root DSE, search with pages (RFC 2696) and ranges (MS-ADTS 3.1.1.3.1.3.3), DirSync
(MS-ADTS 3.1.1.3.4.1.3), add, modify, delete, modify DN, who am I (RFC 4532); ldap:// and ldaps://.
"""
import dataclasses
import socket
import ssl
import struct
import subprocess
import threading

import ber
from directory import Entry, Refused, rdns

PAGED, DIRSYNC = "1.2.840.113556.1.4.319", "1.2.840.113556.1.4.841"
DELETED, RECYCLED = "1.2.840.113556.1.4.417", "1.2.840.113556.1.4.2064"
WHOAMI = "1.3.6.1.4.1.4203.1.11.3"
ANCESTORS_FIRST, INCREMENTAL = 0x800, 0x80000000
# request tag -> (name, tag of its result)
OPERATIONS = {0x60: ("bind", 0x61), 0x63: ("search", 0x65), 0x66: ("modify", 0x67), 0x68: ("add", 0x69),
              0x4A: ("delete", 0x6B), 0x6C: ("rename", 0x6D), 0x77: ("extended", 0x78), 0x42: ("unbind", None),
              0x50: ("abandon", None)}
CLOSE, RESET = object(), object()
# A cookie of DirSync as Samba's: mark, version, time, -, length of the rest, three numbers, replica; and the rest, an
# up-to-dateness vector of one replica. The numbers mean here: until, how many of those were given, since.
COOKIE = struct.Struct("<4sIQQI3Q16sQQ16sQ")


@dataclasses.dataclass
class Wait:
    seconds: float


@dataclasses.dataclass
class Drip:
    data: bytes
    pause: float = 1.0


@dataclasses.dataclass
class Found:
    dn: str
    attributes: list  # (name, values)
    msgid: int = None

    def pdu(self):
        return ber.tlv(0x64, ber.octets(self.dn), ber.seq(*[
            ber.seq(ber.octets(name), ber.tlv(ber.SET, *map(ber.octets, values))) for name, values in self.attributes]))

    controls = ()


@dataclasses.dataclass
class Refer:
    urls: list
    msgid: int = None
    controls = ()

    def pdu(self):
        return ber.tlv(0x73, *map(ber.octets, self.urls))


@dataclasses.dataclass
class Result:
    tag: int
    code: int = 0
    text: str = ""
    matched: str = ""
    referrals: tuple = ()
    controls: tuple = ()  # (oid, value)
    extra: bytes = b""
    msgid: int = None

    def pdu(self):
        refer = ber.tlv(0xA3, *map(ber.octets, self.referrals)) if self.referrals else b""
        return ber.tlv(self.tag, ber.enum(self.code), ber.octets(self.matched), ber.octets(self.text), refer,
                       self.extra)


def message(item, msgid):
    """Samba marks the DirSync control of an answer as critical, and no other; nobody cares (RFC 4511 4.1.11)."""
    controls = [ber.seq(ber.octets(oid), ber.tlv(ber.BOOLEAN, b"\xff") if oid == DIRSYNC else b"", ber.octets(value))
                for oid, value in item.controls]
    return ber.seq(ber.integer(msgid if item.msgid is None else item.msgid), item.pdu(),
                   ber.tlv(0xA0, *controls) if controls else b"")


class Request:
    """One message of the client. op: its name; of a search base, scope, filter, attributes, page."""

    def __init__(self, data):
        (_, msgid), (tag, body), *rest = ber.only(data)
        self.msgid, self.data = ber.number(msgid), data
        self.op, self.answer_tag = OPERATIONS.get(tag, (f"{tag:#x}", None))
        self.controls = {}
        for _, control in ber.parts(rest[0][1]) if rest else ():
            fields = ber.parts(control)
            self.controls[fields[0][1].decode()] = next((c for t, c in fields[1:] if t == ber.OCTETS), b"")
        self.dn = self.page = self.connection = None
        self.body = [(tag, body)] if tag in (0x42, 0x4A, 0x50) else ber.parts(body)
        if self.op == "search":
            fields = [content for _, content in self.body]
            self.dn, self.scope, self.limit = fields[0].decode(), ber.number(fields[1]), ber.number(fields[3])
            self.filter, self.attributes = self.body[6], [a.decode() for _, a in ber.parts(fields[7])]
            if PAGED in self.controls:
                (_, size), (_, cookie) = ber.only(self.controls[PAGED])
                self.page = ber.number(size), cookie
        elif self.op in ("add", "modify", "delete", "rename"):
            self.dn = self.body[0][1].decode()

    @property
    def root(self):
        return self.op == "search" and self.dn == "" and self.scope == 0

    @property
    def reads(self):
        """Is it a read of the directory, not a look at one entry?"""
        return self.op == "search" and self.scope == 2

    @property
    def later(self):
        """Of a read, not the first page; of DirSync, not from the beginning."""
        if DIRSYNC in self.controls:
            return len(ber.only(self.controls[DIRSYNC])[2][1]) > 0
        return self.reads and bool(self.page and self.page[1])

    def __str__(self):
        more = f" {self.scope} {self.attributes} page {self.page}" if self.op == "search" else ""
        return f"{self.msgid} {self.op} {self.dn}{more} {' '.join(self.controls)}"


class Server:
    """behaviour: an object with when(request), change(server, request, answer), and takes(server, socket) for a
    connection that is not to be served at all; None. misbehaved: that it came to one of these."""

    def __init__(self, directory, tls=None, behaviour=None, users=None, **limits):
        self.directory, self.tls, self.behaviour, self.users = directory, tls, behaviour, users or {}
        self.limit = {"page": 1000, "unpaged": 1000, "dirsync": 1000, **limits}
        self.log, self.writes, self.counts, self.misbehaved = [], [], {}, False
        self.another = False  # another domain controller answers (changes.another_then)
        self.stopping, self.sockets, self.lock = threading.Event(), set(), threading.RLock()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        self.url = f"{'ldaps' if tls else 'ldap'}://127.0.0.1:{self.port}"
        threading.Thread(target=self.accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        """Threads close their sockets themselves: a number that is closed under one would soon be another's."""
        self.stopping.set()
        for s in (self.listener, *tuple(self.sockets)):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def count(self, what):
        """How often it was called so, from 1."""
        with self.lock:
            self.counts[what] = self.counts.get(what, 0) + 1
            return self.counts[what]

    def accept(self):
        while not self.stopping.is_set():
            try:
                raw, _ = self.listener.accept()
            except OSError:
                break
            self.sockets.add(raw)
            threading.Thread(target=self.serve, args=(raw,), daemon=True).start()
        self.listener.close()

    def serve(self, raw):
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        s = raw
        try:
            if self.behaviour and self.behaviour.takes and self.count("connection"):
                self.misbehaved = True
                self.behaviour.takes(self, raw)
            else:
                s = self.tls.wrap_socket(raw, server_side=True) if self.tls else raw
                self.sockets.add(s)
                Connection(self, s).run()
        except (OSError, ssl.SSLError, ber.Malformed):
            pass  # whoever the client is, it has gone or makes no sense
        finally:
            self.sockets -= {raw, s}
            s.close()
            raw.close()


class Connection:
    def __init__(self, server, s):
        self.server, self.directory, self.s = server, server.directory, s
        self.who, self.pages, self.cookies = "", {}, 0

    def requests(self):
        data = b""
        while True:
            head = ber.header(data)
            if head and len(data) >= head[2]:
                yield Request(data[:head[2]])
                data = data[head[2]:]
                continue
            more = self.s.recv(65536)
            if not more:
                return
            data += more

    def run(self):
        behaviour = self.server.behaviour
        for request in self.requests():
            self.server.log.append(str(request))
            request.connection = self
            if request.op == "unbind":
                break
            if request.answer_tag is None:
                continue
            if request.op in ("add", "modify", "delete", "rename"):
                self.server.writes.append(f"{request.op} {request.dn}")

            def honest(request=request):
                with self.server.lock:
                    return self.answer(request)
            if behaviour and behaviour.when(request):
                self.server.misbehaved = True
                items = behaviour.change(self.server, request, honest)
            else:
                items = honest()
            if not self.send(items, request.msgid):
                return
        self.s.close()

    def send(self, items, msgid):
        """False: the connection is over."""
        pile = b""
        for item in items:
            if isinstance(item, (Found, Refer, Result)):
                item = message(item, msgid)
            if isinstance(item, bytes):
                pile += item
                if len(pile) < 65536:
                    continue
                self.s.sendall(pile)
                pile = b""
                continue
            self.s.sendall(pile)
            pile = b""
            if isinstance(item, Wait):
                self.server.stopping.wait(item.seconds)
            elif isinstance(item, Drip):
                for byte in item.data:
                    self.s.sendall(bytes([byte]))
                    if self.server.stopping.wait(item.pause):
                        return False
            elif item is RESET:
                self.s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.s.close()
                return False
            else:
                self.s.close()
                return False
        self.s.sendall(pile)
        return True

    # ---- the honest answers

    def answer(self, request):
        try:
            return getattr(self, request.op)(request)
        except Refused as refused:
            return [Result(request.answer_tag, refused.code, refused.text)]

    def bind(self, request):
        (_, _), (_, name), (kind, secret) = request.body
        if kind != 0x80:
            raise Refused(7, "simple binds only")
        name, secret = name.decode(), secret.decode()
        if name and secret and self.server.users.get(name) != secret:
            raise Refused(49, "80090308: LdapErr: DSID-0C09044E, comment: AcceptSecurityContext error, data 52e, v4563")
        self.who = name if secret else ""  # RFC 4513 section 5.1.2: without a password it is anonymous, and succeeds
        return [Result(0x61)]

    def extended(self, request):
        if request.body[0][1].decode() != WHOAMI:
            raise Refused(2, "unknown extended operation")
        who = self.who and ("u:ABC\\galway" if self.directory.kind == "ad" else "dn:" + self.who)
        return [Result(0x78, extra=ber.octets(who, 0x8B))]

    def root_dse(self):
        d = self.directory
        root = {"objectClass": ["top"], "namingContexts": [d.base], "supportedLDAPVersion": ["3"],
                "supportedControl": [PAGED], "supportedExtension": [WHOAMI], "subschemaSubentry": ["CN=Schema"]}
        if d.kind == "ad":
            root |= {"defaultNamingContext": [d.base], "rootDomainNamingContext": [d.base],
                     "configurationNamingContext": ["CN=Configuration," + d.base],
                     "schemaNamingContext": ["CN=Schema,CN=Configuration," + d.base],
                     "dsServiceName": [d.service], "serverName": [d.service.split(",", 1)[1]],
                     "dnsHostName": ["dc1.abc.example"], "highestCommittedUSN": [str(d.usn)],
                     "isSynchronized": ["TRUE"], "domainFunctionality": ["7"], "forestFunctionality": ["7"],
                     "supportedControl": [PAGED, DIRSYNC, DELETED, RECYCLED],
                     "supportedCapabilities": ["1.2.840.113556.1.4.800", "1.2.840.113556.1.4.1670",
                                               "1.2.840.113556.1.4.1791"]}
        return Entry("", root, d.id("root"))

    def search(self, request):
        d = self.directory
        if request.root:
            root = self.root_dse()
            del root.attributes["objectguid"], root.attributes["entryuuid"]
            shown = [a for a in d.shown(root, request.attributes) if a[0] != "distinguishedName"]
            return [Found("", shown), Result(0x65)]
        if d.kind == "ad" and not self.who:
            raise Refused(1, "000004DC: LdapErr: DSID-0C090A5C, comment: In order to perform this operation a "
                          "successful bind must be completed on the connection., data 0, v4563")
        if DIRSYNC in request.controls:
            return self.dirsync(request)
        if request.page and request.page[1]:
            found = self.pages.pop(request.page[1], None)
            if found is None:
                raise Refused(12 if d.kind == "ad" else 53, "00000057: LdapErr: DSID-0C0907A8, comment: Error processing control")
        else:
            entries = d.search(request.dn, request.scope, request.filter, bool({DELETED, RECYCLED} & request.controls.keys()))
            found = [Found(e.dn, d.shown(e, request.attributes)) for e in entries]
        most = min(request.limit or 1 << 30, self.server.limit["unpaged"])
        if request.page is None:
            return found[:most] + [Result(0x65, 4 if len(found) > most else 0)]
        size = min(request.page[0], self.server.limit["page"])
        return found[:size] + [Result(0x65, controls=[self.rest(found[size:])])]

    def rest(self, found):
        """The paging control that says how to get the rest."""
        cookie = b""
        if found:
            self.cookies += 1
            cookie = b"page%04d" % self.cookies
            self.pages[cookie] = found
        return PAGED, ber.seq(ber.integer(0), ber.octets(cookie))

    def dirsync(self, request):
        """MS-ADTS 3.1.1.3.4.1.3: paged by our limit and by MaxBytes. A cookie of another replica means everything."""
        d = self.directory
        (_, flags), (_, most), (_, cookie) = ber.only(request.controls[DIRSYNC])
        flags, most = ber.number(flags), ber.number(most)
        if rdns(request.dn) != rdns(d.base):
            raise Refused(50, "00002105: LdapErr: DSID-0C09079A, comment: Error processing control")
        since, until, at = 0, d.usn, 0
        if cookie:
            if len(cookie) != COOKIE.size or cookie[:4] != b"MSDS":
                raise Refused(12, "00000057: LdapErr: DSID-0C09079A, comment: Error processing control")
            *_, until, at, since, replica, _, _, _, _ = COOKIE.unpack(cookie)
            if replica != d.invocation.bytes_le:
                since, until, at = 0, d.usn, 0
            elif at == 0:
                since, until = until, d.usn
        changed = [e for e in d.search(d.base, 2, request.filter, True) if since < e.usn <= until]
        changed.sort(key=lambda e: len(rdns(e.dn)) if flags & ANCESTORS_FIRST else e.usn)
        found, size = [], 0
        for entry in changed[at:]:
            item = Found(entry.dn, self.changed(entry, since, request.attributes))
            size += len(item.pdu())
            if found and (len(found) == self.server.limit["dirsync"] or size > (most & 0xFFFFFFFF or 1 << 20)):
                break
            found.append(item)
        at += len(found)
        more = at < len(changed)
        replica = d.invocation.bytes_le
        position = COOKIE.pack(b"MSDS", 3, 0, 0, 40, until, at if more else 0, since, replica, 1, 1, replica, until)
        return found + [Result(0x65, controls=[
            (DIRSYNC, ber.seq(ber.integer(int(more)), ber.integer(0), ber.octets(position)))])]

    def changed(self, entry, since, wanted):
        d = self.directory
        every = not wanted or "*" in wanted
        names = {w.lower() for w in wanted}
        given = []
        for key, usn in sorted(entry.usn_of.items()):
            if usn > since and key not in ("objectguid", "entryuuid", "instancetype") and (every or key in names):
                given.append(entry.attributes.get(key, (key, [])))
        up = d.get(entry.dn.split(",", 1)[1]) if rdns(entry.dn) != rdns(d.base) else None
        given += [("parentGUID", [up.guid()])] if up else []
        return given + [("objectGUID", [entry.guid()]), ("instanceType", [b"4"])]

    def add(self, request):
        attributes = {name.decode(): [v for _, v in ber.parts(values)] for (_, name), (_, values) in
                      (ber.parts(a) for _, a in ber.parts(request.body[1][1]))}
        self.directory.add(Entry(request.dn, attributes))
        return [Result(0x69)]

    def modify(self, request):
        changes = []
        for _, change in ber.parts(request.body[1][1]):
            (_, op), (_, attribute) = ber.parts(change)
            (_, name), (_, values) = ber.parts(attribute)
            changes.append((ber.number(op), name.decode(), [v for _, v in ber.parts(values)]))
        self.directory.modify(request.dn, changes)
        return [Result(0x67)]

    def delete(self, request):
        self.directory.delete(request.dn)
        return [Result(0x6B)]

    def rename(self, request):
        superior = next((c.decode() for t, c in request.body[3:] if t == 0x80), None)
        self.directory.rename(request.dn, request.body[1][1].decode(), superior)
        return [Result(0x6D)]


def certificate(folder):
    """A CA and a certificate for 127.0.0.1 (by address: libldap compares the name "localhost" with the machine's own)
    in the folder: the path of the CA and the context of a server."""
    def openssl(*words):
        subprocess.run(["openssl", *words], cwd=folder, check=True, stdin=subprocess.DEVNULL, capture_output=True)
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30"]
    openssl("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=tests",
            "-addext", "basicConstraints=critical,CA:TRUE")
    openssl("req", *key, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=127.0.0.1")
    (folder / "server.ext").write_text("subjectAltName=IP:127.0.0.1\n")
    openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "30",
            "-extfile", "server.ext", "-out", "server.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    return folder / "ca.pem", context
