"""An LDAP server that says what a test tells it to, for what real servers do not do: wrong, half or endless answers.

    with Mock(script) as m:      script(search) yields messages: entry(...), reference(...), done(...), or raw bytes
        ... m.url ...

Binds succeed, the root DSE and the base entry are as a plain server's; every other search is the script's.
"""
import contextlib
import socket
import socketserver
import threading

import server

BASE = "dc=abc,dc=example"
PAGED = "1.2.840.113556.1.4.319"
SYNC, SYNC_STATE, SYNC_DONE, SYNC_INFO = (f"1.3.6.1.4.1.4203.1.9.1.{n}" for n in (1, 2, 3, 4))


# ---- BER


def tlv(tag, *parts):
    content = b"".join(parts)
    if len(content) < 128:
        return bytes([tag, len(content)]) + content
    size = len(content).to_bytes(4, "big")
    return bytes([tag, 0x84]) + size + content


def octets(value, tag=0x04):
    return tlv(tag, value.encode() if isinstance(value, str) else value)


def number(value, tag=0x02):
    return tlv(tag, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def elements(data):
    """(tag, content) of each element."""
    at, found = 0, []
    while at < len(data):
        tag, size, at = data[at], data[at + 1], at + 2
        if size & 0x80:
            n = size & 0x7f
            size, at = int.from_bytes(data[at:at + n], "big"), at + n
        found.append((tag, data[at:at + size]))
        at += size
    return found


# ---- messages


def entry(name, attributes):
    pairs = [tlv(0x30, octets(a), tlv(0x31, *(octets(v) for v in values))) for a, values in attributes.items()]
    return tlv(0x64, octets(name), tlv(0x30, *pairs)), b""


def person(i, **attributes):
    return entry(f"cn=p{i},{BASE}", {"entryUUID": [f"id-{i}"], "cn": [f"p{i}"], **attributes})


def reference(*urls):
    return tlv(0x73, *(octets(u) for u in urls)), b""


def result(tag, code=0, text="", controls=()):
    made = [tlv(0x30, octets(oid), octets(value)) for oid, value in controls]
    return tlv(tag, number(code, 0x0a), octets(""), octets(text)), tlv(0xa0, *made) if made else b""


def done(code=0, text="", cookie=None):
    """The end of a page; cookie=b"" is the last one's, None: without the control."""
    controls = [] if cookie is None else [(PAGED, tlv(0x30, number(0), octets(cookie)))]
    return result(0x65, code, text, controls)


def synced(message, state, uuid):
    """An entry with its state (RFC 4533 2.3)."""
    control = tlv(0x30, octets(SYNC_STATE), octets(tlv(0x30, number(state, 0x0a), octets(uuid))))
    return message[0], tlv(0xa0, control)


def told(content):
    """A Sync Info message (RFC 4533 2.5)."""
    return tlv(0x79, octets(SYNC_INFO, 0x80), octets(content, 0x81)), b""


def synced_done(cookie, deletes, code=0):
    return result(0x65, code, controls=[(SYNC_DONE, tlv(0x30, octets(cookie), b"\x01\x01\xff" if deletes else b""))])


class Search:
    """A request: what is asked."""

    sync = None  # the cookie of content synchronization; b"": none

    def __init__(self, fields, controls):
        (_, base), (_, scope), _, _, _, _, (self.filter_tag, self.filter), (_, attributes) = fields
        self.base, self.scope = base.decode(), scope[-1]
        self.attributes = [v.decode() for _, v in elements(attributes)]
        self.page, self.cookie = 0, None
        for _, control in controls:
            parts = elements(control)
            if parts[0][1].decode() == SYNC:
                self.sync = b"".join(v for t, v in elements(elements(parts[-1][1])[0][1]) if t == 0x04)
            if parts[0][1].decode() == PAGED:
                (_, size), (_, self.cookie) = elements(elements(parts[-1][1])[0][1])
                self.page = int.from_bytes(size, "big")


class Handler(socketserver.BaseRequestHandler):
    def handle(self):
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with contextlib.suppress(ConnectionError, EOFError):
            while True:
                self.message()

    def receive(self, n):
        data = b""
        while len(data) < n:
            more = self.request.recv(n - len(data))
            if not more:
                raise EOFError
            data += more
        return data

    def message(self):
        size = self.receive(2)[1]
        if size & 0x80:
            size = int.from_bytes(self.receive(size & 0x7f), "big")
        (_, msgid), (tag, content), *controls = elements(self.receive(size))
        self.msgid = int.from_bytes(msgid, "big")
        controls = elements(controls[0][1]) if controls else []
        if tag == 0x60:
            self.send(result(0x61))
        elif tag == 0x77:
            self.send(result(0x78, 2))
        elif tag == 0x42:
            raise EOFError
        elif tag == 0x63:
            self.search(Search(elements(content), controls))

    def send(self, message):
        if isinstance(message, bytes):
            self.request.sendall(message)
        else:
            op, controls = message
            self.request.sendall(tlv(0x30, number(self.msgid), op, controls))

    def search(self, s):
        if s.base == "":
            answers = [entry("", self.server.mock.root), done()]
        elif s.scope == 0 and not any(";range=" in a for a in s.attributes):
            answers = [entry(s.base, {"entryUUID": ["id-base"]}), done()]
        else:
            self.server.mock.searches.append(s)
            answers = self.server.mock.script(s)
        for answer in answers:
            self.send(answer)


class Threaded(socketserver.ThreadingMixIn, socketserver.TCPServer):
    allow_reuse_address = daemon_threads = True


class Mock:
    ldaps_url = ca = None

    def __init__(self, script, controls=(PAGED,), **root):
        self.script, self.searches = script, []
        self.root = {"supportedLDAPVersion": ["3"], "namingContexts": [BASE], "supportedControl": list(controls), **root}
        self.base = BASE

    def __enter__(self):
        port = server.free_port()
        self.url = f"ldap://127.0.0.1:{port}"
        self.listener = Threaded(("127.0.0.1", port), Handler)
        self.listener.mock = self
        self.thread = threading.Thread(target=self.listener.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.listener.shutdown()
        self.listener.server_close()
        self.thread.join(5)
