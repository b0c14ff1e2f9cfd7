"""A web server on loopback that can be told what to do wrong. TLS by a CA of its own."""
import collections
import gzip
import http.server
import pathlib
import re
import socket
import ssl
import subprocess
import threading
import time


# What no JSON of a service should have: put into an object, and what is said of it.
SPOILED = {
    "half of a surrogate pair": (rb'"x": "\ud83d"', "invalid Unicode"),
    "the other half": (rb'"x": "\ude00\ud83d"', "invalid Unicode"),
    "NUL in a text": (rb'"x": "\u0000"', "\\u0000"),
    "no UTF-8": (b'"x": "\xff"', "unable to decode"),
    "a number over 64 bits": (b'"x": 9223372036854775808', "too big"),
    "a number that no double holds": (b'"x": 1e400', "overflow"),
    "a name twice": (b'"x": 1, "x": 2', "duplicate object key"),
    "nested without end": (b'"x": ' + b"[" * 5000 + b"]" * 5000, "nested over 64"),
    "a bomb": (None, "larger than max-answer"),
}


def spoil(text, name):
    """(the answer with that in it, more headers)"""
    put = SPOILED[name][0]
    if put is None:
        return gzip.compress(text + b" " * 40_000_000, 1), {"Content_Encoding": "gzip"}
    return text.replace(b"{", b"{" + put + b", ", 1), {}


def contacts(file):
    """What an LDIF file has in OU=GAL: {cn: {attribute: values}}."""
    text = file.read_text().replace("\n ", "")
    found = {}
    for block in text.split("\n\n"):
        e = {}
        for line in block.splitlines():
            name, _, value = line.partition(": ")
            e.setdefault(name, []).append(value)
        if "OU=GAL" in e.get("dn", [""])[0] and not e["dn"][0].startswith("OU="):
            found[e["dn"][0][3:].partition(",OU=")[0]] = e
    return found


def unnamed(text, words, log):
    """The lines with these words that do not have one client-request-id, of a request that came; or that there is no such line."""
    lines = [line for line in text.splitlines() if words in line]
    came = {headers.get("client-request-id") for _, _, _, headers, _ in log}
    ids = [re.findall(r"client-request-id ([0-9a-f-]{36})", line) for line in lines]
    return [line for line, i in zip(lines, ids) if len(i) != 1 or i[0] not in came] or ([] if lines else [f"no {words}"])


def openssl(*arguments, folder):
    subprocess.run(["openssl", *map(str, arguments)], cwd=folder, check=True, capture_output=True)


def authority(folder, name="ca"):
    """A CA: NAME.pem and NAME.key."""
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj",
            f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.pem", folder=folder)


def certificate(folder, name, ca="ca", san="IP:127.0.0.1,DNS:localhost", algorithm=("rsa:2048",), days=20):
    """NAME.pem and NAME.key, signed by that CA."""
    (pathlib.Path(folder) / f"{name}.ext").write_text(f"subjectAltName={san}\n")
    openssl("req", "-newkey", *algorithm, "-nodes", "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.csr",
            folder=folder)
    openssl("x509", "-req", "-in", f"{name}.csr", "-CA", f"{ca}.pem", "-CAkey", f"{ca}.key", "-CAcreateserial", "-days", days,
            "-extfile", f"{name}.ext", "-out", f"{name}.pem", folder=folder)


class Handler(http.server.BaseHTTPRequestHandler):
    """Calls server.answer(handler), which takes handler.path, .body and .headers and calls reply()."""
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "fake", ""

    def log_message(self, *_):
        pass

    def serve(self):
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        with self.server.lock:
            self.server.log.append((time.monotonic(), self.command, self.path, dict(self.headers), self.body))
            self.server.under_way += 1
            self.waiting = 1
            self.server.most = max(self.server.most, self.server.under_way)
            self.server.arrival.notify_all()
        try:
            self.server.answer(self)
        except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
            self.close_connection = True
        finally:
            self.answered()

    def answered(self):
        """Before the answer's last byte: the client may be quick."""
        with self.server.lock:
            self.server.under_way -= self.waiting
            self.waiting = 0

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = serve

    def reply(self, status, body=b"", **headers):
        self.send_response(status)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if not self.server.keeps:
            self.send_header("Connection", "close")
        self.answered()
        self.end_headers()
        self.wfile.write(body)

    def hang_up(self):
        """End the connection, as a server that is killed does."""
        self.close_connection = True
        self.wfile.flush()
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        self.connection.close()


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Server(http.server.ThreadingHTTPServer):
    """log: (time, method, path, headers, body) of each request. cert: NAME of certificate(); None: plain. keeps: connections stay
    open after an answer."""
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, answer, folder=None, cert=None, client_ca=None, port=0):
        super().__init__(("127.0.0.1", port), Handler)
        self.answer, self.lock, self.log, self.counts = answer, threading.Lock(), [], collections.Counter()
        self.arrival = threading.Condition(self.lock)
        self.under_way = self.most = self.connections = 0
        self.keeps, self.met = True, False
        self.context = None
        if cert is not None:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(f"{folder}/{cert}.pem", f"{folder}/{cert}.key")
            if client_ca is not None:
                self.context.load_verify_locations(f"{folder}/{client_ca}.pem")
                self.context.verify_mode = ssl.CERT_REQUIRED
        self.port = self.server_address[1]
        self.url = f"{'http' if cert is None else 'https'}://127.0.0.1:{self.port}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def get_request(self):
        connection, address = super().get_request()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self.lock:
            self.connections += 1
        return connection, address

    def finish_request(self, request, client_address):
        # In the connection's own thread: a client that does not speak TLS keeps nobody else waiting.
        if self.context is not None:
            try:
                request = self.context.wrap_socket(request, server_side=True)
            except (ssl.SSLError, OSError):
                return
        try:
            super().finish_request(request, client_address)
        except (ssl.SSLError, OSError):
            pass

    def count(self, key):
        """How often this was asked, this time included."""
        with self.lock:
            self.counts[key] += 1
            return self.counts[key]

    def meet(self, n):
        """Wait until n requests have been under way at once. Who sends fewer than that waits too long, and is found out; a
        delay instead would be too short for a slow machine."""
        with self.arrival:
            self.arrival.wait_for(lambda: self.most >= n, 20)
            # Those who meet first wait a second for one too many.
            if not self.met:
                self.arrival.wait_for(lambda: self.most > n, 1)
            self.met = True

    def handle_error(self, request, client_address):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()
