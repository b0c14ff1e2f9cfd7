#!/usr/bin/env python3
"""The report of a sync by mail, through SMTP servers on loopback.   run.py GALWAY

Each case is a folder with two small directories, a section `report`, and what shall come of it: the exit code of the run, which
never is another for the mail's sake, what is said on standard error, and the mails that the server took.
"""
import base64
import email
import email.policy
import email.utils
import logging
import os
import pathlib
import socket
import sqlite3
import ssl
import subprocess
import sys
import tempfile
import threading
import time

try:
    from aiosmtpd.controller import Controller
    from aiosmtpd.smtp import AuthResult
except ImportError:
    print("mail: python3-aiosmtpd is not there")
    sys.exit(77)

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import faults  # noqa: E402
from faults import expect  # noqa: E402

GALWAY = os.path.realpath(sys.argv[1])
logging.getLogger("mail.log").setLevel(logging.CRITICAL)


# --- servers ---------------------------------------------------------------------------------------------
class Taker:
    """Takes every mail, but for those to refused@."""

    def __init__(self):
        self.mails, self.tls, self.users = [], [], []

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("refused@"):
            return "550 5.1.1 nobody of that name \x1b[2J"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.mails.append((envelope.mail_from, envelope.rcpt_tos, envelope.content))
        self.tls.append(session.ssl is not None)
        return "250 OK"

    def authenticate(self, server, session, envelope, mechanism, data):
        self.users.append((data.login, data.password))
        return AuthResult(success=data.password == b"S3CR3T", handled=False)


class Server:
    def __init__(self, **options):
        self.taker = Taker()
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        if options.pop("auth", False):
            options.update(authenticator=self.taker.authenticate, auth_required=True)
        self.controller = Controller(self.taker, hostname="127.0.0.1", port=self.port, **options)

    def __enter__(self):
        self.controller.start()
        return self

    def __exit__(self, *_):
        self.controller.stop()


class Staller:
    """Says what it is told to, line by line of what it hears, and then nothing any more."""

    def __init__(self, *says):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.says, self.taker, self.open = says, Taker(), []

    def talk(self):
        try:
            while True:
                peer, _ = self.socket.accept()
                self.open.append(peer)
                for line in self.says:
                    peer.sendall(line)
                    peer.recv(4096)
        except OSError:
            pass

    def __enter__(self):
        threading.Thread(target=self.talk, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.socket.close()
        for peer in self.open:
            peer.close()


def certificates(folder):
    for name in ("good", "other"):
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
             "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
             "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.pem"], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "good.pem", folder / "good.key")
    return context


# --- a pair of directories ---------------------------------------------------------------------------------
CONF = """
state = "state.db"
connector abc {{ type = ldif file = "abc.ldif" base = "DC=abc" smtp-domains = {{"abc.example"}} }}
connector xyz {{ type = ldif file = "xyz.ldif" base = "DC=xyz" }}
flow {flow} {{ source = abc target = xyz into = "OU=GAL,DC=xyz" {more} }}
report {{
    mail-to = {{{to}}}
    mail-from = "galway@abc.example"
    smtp = "{smtp}"
    {settings}
}}
"""


def person(n, name=None, **more):
    lines = [f"dn: CN=p{n},DC=abc", "objectClass: user", f"objectGUID: guid-{n}", f"cn: p{n}", f"sAMAccountName: p{n}",
             f"mail: p{n}@abc.example", f"proxyAddresses: SMTP:p{n}@abc.example", f"legacyExchangeDN: /o=abc/cn=p{n}"]
    lines.append("displayName: " + (name or f"Person {n}"))
    lines += [f"{key}: {value}" for key, value in more.items()]
    return "\n".join(lines) + "\n\n"


class Pair:
    def __init__(self, folder, server, flow="abc-to-xyz", to='"ops@abc.example"', settings="starttls = false timeout = 5s",
                 scheme="smtp", more=""):
        self.folder = pathlib.Path(tempfile.mkdtemp(dir=folder))
        self.write("abc.ldif", "version: 1\n\n" + "".join(person(n) for n in range(3)))
        self.write("xyz.ldif", "version: 1\n\ndn: OU=GAL,DC=xyz\nobjectClass: organizationalUnit\nobjectGUID: gal\nou: GAL\n\n")
        self.write("galway.conf", CONF.format(flow=flow, to=to, smtp=f"{scheme}://127.0.0.1:{server.port}", settings=settings,
                                              more=more))
        self.server = server

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text)
        path.chmod(0o600)

    def people(self, text):
        self.write("abc.ldif", "version: 1\n\n" + text)

    def run(self, what, code, *args, told="", mails=None):
        """A run, which ends with the code, and says this on standard error (nothing, without), and what came of it by mail."""
        taken = len(self.server.taker.mails)
        done = subprocess.run([GALWAY, "-q" if told == "" else "-c", *([] if told else ["-c"]), self.folder / "galway.conf",
                               *(args or ("sync",))], capture_output=True, text=True, timeout=60)
        expect(f"{what}: ends with {code}", done.returncode == code, (done.returncode, done.stderr))
        expect(f"{what}: says {told!r}", told in done.stderr and (told != "" or done.stderr == ""), done.stderr)
        expect(f"{what}: no escape reaches the terminal", "\x1b" not in done.stderr + done.stdout)
        came = self.server.taker.mails[taken:]
        if mails is not None:
            expect(f"{what}: {mails} mails", len(came) == mails, len(came))
        return [email.message_from_bytes(raw, policy=email.policy.default) for _, _, raw in came]


def parts(mail):
    text, page = mail.iter_parts()
    return text.get_content(), page.get_content()


# --- cases ---------------------------------------------------------------------------------------------------
def test_sound(work):
    """What a mail is made of, byte by byte and as its readers see it."""
    with Server() as server:
        pair = Pair(work, server, to='"ops@abc.example", "boss@abc.example"')
        mails = pair.run("sound", 0, mails=2)
        sender, to, raw = server.taker.mails[0]
        expect("one recipient for each transaction", (sender, to) == ("galway@abc.example", ["ops@abc.example"]), to)
        expect("lines", all(len(line) <= 78 for line in raw.split(b"\r\n")) and raw.count(b"\n") == raw.count(b"\r\n"))
        expect("ASCII", raw.isascii())
        mail = mails[0]
        expect("no defects", not mail.defects and not any(part.defects for part in mail.walk()), mail.defects)
        expect("kind", mail.get_content_type() == "multipart/alternative", mail.get_content_type())
        expect("To", mail["To"] == "ops@abc.example, boss@abc.example", mail["To"])
        expect("From", mail["From"] == "galway@abc.example")
        expect("Subject", mail["Subject"] == f"galway on {socket.gethostname()}: abc-to-xyz: done, 3 added", mail["Subject"])
        expect("Auto-Submitted", mail["Auto-Submitted"] == "auto-generated")
        expect("Date", abs(email.utils.parsedate_to_datetime(mail["Date"]).timestamp() - time.time()) < 60, mail["Date"])
        expect("Message-ID", mail["Message-ID"].endswith("@abc.example>") and len(mail["Message-ID"]) > 40)
        text, page = parts(mail)
        expect("text", "abc-to-xyz (full): 3 read, 3 added" in text.replace("\r\n", "\n"), text)
        expect("what it means for people", "in everybody's address book by " in text and "Outlook on the web" in text, text)
        expect("page", "<!doctype html>" in page and "<b>p1</b>" in page and "<script" not in page and "<form" not in page, page)
        pair.people(person(0, title="Chair") + person(1) + person(2))
        again = pair.run("another", 0, mails=2)
        expect("another Message-ID", again[0]["Message-ID"] != mail["Message-ID"])


def test_when(work):
    """Which of four runs are told of: new, as before, changed, somebody has to look."""
    for when, want in (("always", (1, 1, 1, 1)), ("changes", (1, 0, 1, 1)), ("trouble", (0, 0, 0, 1))):
        with Server() as server:
            pair = Pair(work, server, settings=f"starttls = false when = {when}")
            pair.run(f"{when}: new", 0, mails=want[0])
            pair.run(f"{when}: as before", 0, mails=want[1])
            pair.people("".join(person(n, title="Chair") for n in range(3)))
            pair.run(f"{when}: changed", 0, mails=want[2])
            pair.run(f"{when}: not due", 0, "sync", "--if-due", mails=0)
            pair.people("".join(person(n, title="Chair") for n in range(3)) + person(3, proxyAddresses="SMTP:p0@abc.example"))
            mails = pair.run(f"{when}: to be looked at", 4, mails=want[3])
            for mail in mails:
                expect("it says so", "done, but somebody has to look" in mail["Subject"], mail["Subject"])
                expect("and who", all("p3" in part for part in parts(mail)))


def test_refused_plan(work):
    with Server() as server:
        pair = Pair(work, server, more="max-deletes = 1")
        pair.run("first", 0, mails=1)
        pair.people(person(0))
        mail = pair.run("refused plan", 3, told="refused, nothing was written", mails=1)[0]
        expect("the guard's reason", all("the guard" in part.lower() and "delete" in part for part in parts(mail)), parts(mail)[0])
        expect("refused", "refused: somebody has to look" in mail["Subject"], mail["Subject"])
        status = galway(pair, "status")
        expect("refused: status", status.returncode == 4 and ", refused: 2 deletes of 3 links" in status.stdout, status)
        said = galway(pair, "history").stdout.splitlines()
        expect("refused: history", len(said) == 2 and "  refused, exit 3: 2 deletes of 3 links" in said[0], said)


def galway(pair, *words):
    return subprocess.run([GALWAY, "-c", pair.folder / "galway.conf", *words], capture_output=True, text=True, timeout=60)


def test_killed(work):
    """A run that its deadline ends can send nothing: the next one does, first of all, and status says it."""
    with Server() as server, Staller() as silent:
        pair = Pair(work, server)
        pair.run("first", 0, mails=1)
        good = (pair.folder / "galway.conf").read_text()
        stuck = good.replace('type = ldif file = "abc.ldif"',
                             f'type = ldap url = "ldap://127.0.0.1:{silent.port}" auth = anonymous')
        pair.write("galway.conf", "deadline = 1s\n" + stuck)
        expect("killed: the test does something", stuck != good)
        pair.run("killed", 5, told="deadline", mails=0)
        status = galway(pair, "status")
        expect("killed: status", status.returncode == 4 and "a run did not come to its end: process " in status.stdout, status)
        mail = pair.run("killed again", 5, told="a run did not come to its end", mails=1)[0]
        expect("killed: Subject", mail["Subject"] == f"galway on {socket.gethostname()}: a run did not come to its end", mail["Subject"])
        expect("killed: which", all("was killed, or took longer" in part for part in parts(mail)), parts(mail))
        pair.write("galway.conf", good)
        pair.run("healed", 0, told="a run did not come to its end", mails=1)
        pair.run("as ever", 0, mails=0)
        expect("killed: status is good again", galway(pair, "status").returncode == 0)


def test_errors(work):
    """A source that is gone: told once in an interval to whoever has a timer, each time to whoever does it by hand."""
    with Server() as server:
        pair = Pair(work, server)
        pair.run("first", 0, mails=1)
        away = pair.folder / "abc.ldif"
        away.rename(pair.folder / "gone")
        mail = pair.run("gone", 2, told="abc.ldif", mails=1)[0]
        expect("gone: the error", all("abc.ldif" in part for part in parts(mail)))
        expect("gone: Subject", "failed: somebody has to act" in mail["Subject"], mail["Subject"])
        pair.run("by hand again", 2, told="abc.ldif", mails=1)
        due(pair)
        pair.run("by a timer", 2, "sync", "--if-due", told="abc.ldif", mails=0)
        (pair.folder / "gone").rename(away)
        pair.run("back", 0, "sync", "--if-due", mails=0)
        expect("nothing is kept of trouble that is over", not (pair.folder / "state.db.mailed").exists())
        away.rename(pair.folder / "gone")
        due(pair)
        pair.run("gone again", 2, "sync", "--if-due", told="abc.ldif", mails=1)
        pair.run("and still", 2, "sync", "--if-due", told="abc.ldif", mails=0)


def due(pair):
    with sqlite3.connect(pair.folder / "state.db") as db:
        db.execute("UPDATE flow SET last_good = 1")


def test_tls(work, context):
    good, other = (f'tls-ca = "{work / name}.pem"' for name in ("good", "other"))
    with Server(tls_context=context, require_starttls=True) as server:
        Pair(work, server, settings=good).run("STARTTLS", 0, mails=1)
        expect("it was encrypted", server.taker.tls == [True])
        Pair(work, server, settings=other).run("another CA", 0, told="report: no mail: ops@abc.example: smtp://", mails=0)
        Pair(work, server, settings="").run("the system's CAs", 0, told="certificate", mails=0)
        Pair(work, server, settings="starttls = false").run("no STARTTLS", 0, told="530", mails=0)
    with Server() as server:
        Pair(work, server, settings=good).run("a server without STARTTLS", 0, told="STARTTLS", mails=0)
    with Server(ssl_context=context) as server:
        Pair(work, server, scheme="smtps", settings=good).run("smtps", 0, mails=1)
        Pair(work, server, scheme="smtps", settings=other).run("smtps, another CA", 0, told="certificate", mails=0)


def test_login(work, context):
    def login(name):
        secret = work / f"{name}.secret"
        secret.write_text(name + "\n")
        secret.chmod(0o600)
        return f'tls-ca = "{work}/good.pem" user = "galway" secret = "file:{secret}"'

    with Server(tls_context=context, require_starttls=True, auth=True) as server:
        Pair(work, server, settings=login("S3CR3T")).run("login", 0, mails=1)
        expect("who logged in", server.taker.users == [(b"galway", b"S3CR3T")], server.taker.users)
        pair = Pair(work, server, settings=login("wrong"))
        pair.run("wrong password", 0, told="no mail", mails=0)
        done = subprocess.run([GALWAY, "-v", "-c", pair.folder / "galway.conf", "check"], capture_output=True, text=True)
        expect("check: login", done.returncode == 5 and "report: FAILED: " in done.stdout, done)
        expect("the password is nobody's business", "wrong" not in done.stdout + done.stderr, done)
        Pair(work, server, settings=f'tls-ca = "{work}/good.pem"').run("nobody", 0, told="530", mails=0)
        done = subprocess.run([GALWAY, "-c", Pair(work, server, settings=login("S3CR3T")).folder / "galway.conf", "check"],
                              capture_output=True, text=True)
        expect("check: good", done.returncode == 0 and "report: good: mail by smtp://" in done.stdout, done)
        expect("check sends nothing", len(server.taker.mails) == 1)
        Pair(work, server, settings=f'tls-ca = "{work}/good.pem" user = "galway" secret = "file:{work}/none"').run(
            "no secret", 0, told="/none", mails=0)


def test_recipients(work):
    with Server() as server:
        pair = Pair(work, server, to='"refused@abc.example", "ops@abc.example", "refused@xyz.example", "boss@abc.example"')
        pair.run("refused recipients", 0, told="no mail: refused@abc.example and 1 more: smtp://", mails=2)
        expect("the others", [to for _, to, _ in server.taker.mails] == [["ops@abc.example"], ["boss@abc.example"]])
        done = Pair(work, server, to='"refused@abc.example"').run("the server's words", 0, told="550 5.1.1 nobody of that name \\x1b",
                                                                 mails=0)
        expect("none", done == [])


def stalls(work, name, says):
    with Staller(*says) as server:
        pair = Pair(work, server, settings="starttls = false timeout = 2s")
        began = time.monotonic()
        run = threading.Thread(target=pair.run, args=(name, 0), kwargs={"told": "report: no mail: ops@abc.example: smtp://"})
        run.start()
        time.sleep(1.5)
        second = subprocess.run([GALWAY, "-c", pair.folder / "galway.conf", "status"], capture_output=True, text=True)
        expect(f"{name}: the state is free", second.returncode == 0, second.stderr)
        run.join()
        expect(f"{name}: it takes no longer than said", time.monotonic() - began < 8, time.monotonic() - began)


def test_away(work):
    """A server that is not there, or stalls: the run is as good as ever, and holds nothing meanwhile."""
    hello = b"250-me\r\n250 SIZE\r\n"
    cases = [("says nothing", ()), ("greets", (b"220 me\r\n",)), ("stalls in its greeting", (b"220-me\r\n",)),
             ("stalls after the sender", (b"220 me\r\n", hello, b"250 OK\r\n")),
             ("stalls in the message", (b"220 me\r\n", hello, b"250 OK\r\n", b"250 OK\r\n", b"354 go\r\n")),
             ("is none", (b"HTTP/1.1 400 Bad Request\r\n\r\n",) * 9)]
    runs = [threading.Thread(target=stalls, args=(work, *case)) for case in cases]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    server = Staller()
    server.socket.close()
    Pair(work, server).run("nobody listens", 0, told="report: no mail: ops@abc.example: smtp://", mails=0)
    pair = Pair(work, server)
    done = subprocess.run([GALWAY, "-c", pair.folder / "galway.conf", "check"], capture_output=True, text=True)
    expect("check: nobody listens", done.returncode == 5 and "report: FAILED: smtp://" in done.stdout, done)


def test_hostile(work):
    """Names that would be headers, words of RFC 2047, markup, the end of a message, an escape sequence."""
    for flow in ('"=?utf-8?q?=0d=0aBcc=3a_eve@abc.example?="', '"fl\u00f6w \u2603 ' + "\u00e9" * 60 + '"', '"a, b <eve@abc.example>"',
                 '"x\u202ey"', '"<script>alert(1)</script>"'):
        with Server() as server:
            pair = Pair(work, server, flow=flow)
            mail = pair.run(f"flow {flow!r}", 0, mails=1)[0]
            raw = server.taker.mails[0][2]
            expect("headers of its own", mail.keys() == ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted",
                                                         "MIME-Version", "Content-Type"], mail.keys())
            expect("no defects", not mail.defects, mail.defects)
            expect("lines", all(len(line) <= 78 for line in raw.split(b"\r\n")) and raw.isascii(), raw[:600])
            shown = flow.strip('"').replace("\u202e", "\\xe2\\x80\\xae")
            expect("the name is as it is", shown in mail["Subject"], (shown, mail["Subject"]))
            expect("no markup", "<script" not in parts(mail)[1])
    names = ["x\r\nBcc: eve@abc.example", "x\r\n.\r\nMAIL FROM:<eve@abc.example>", "<img src=x onerror=alert(1)>", "\x1b[2J\u202e"]
    with Server() as server:
        pair = Pair(work, server)
        pair.people("".join(
            person(n).replace(f"displayName: Person {n}", "displayName:: " + base64.b64encode(name.encode()).decode())
            for n, name in enumerate(names)))
        done = pair.run("hostile names", 4, mails=1)[0]
        expect("no Bcc", "Bcc" not in done)
        text, page = parts(done)
        expect("no markup", "<img" not in page and "\x1b" not in text + page and "\u202e" not in text + page, page)
        expect("one mail", len(server.taker.mails) == 1 and server.taker.mails[0][1] == ["ops@abc.example"])


def test_settings(work):
    """What is refused before anything is done."""
    server = type("Nobody", (), {"port": 25, "taker": Taker()})()
    base = Pair(work, server)
    text = (base.folder / "galway.conf").read_text()
    for what, old, new in (
            ("two addresses in one", '"ops@abc.example"', '"ops@abc.example,eve@abc.example"'),
            ("a name", '"ops@abc.example"', '"Ops <ops@abc.example>"'),
            ("no address", '"ops@abc.example"', '"ops"'),
            ("another sender's header", '"galway@abc.example"', '"galway@abc.example> SIZE=1"'),
            ("another service", "smtp://", "http://"),
            ("a path", ":25", ":25/eve"),
            ("a user in the URL", "127.0.0.1", "eve@127.0.0.1"),
            ("in the clear", "127.0.0.1", "192.0.2.1"),
            ("a user without a secret", "timeout", 'user = "eve" timeout'),
            ("a secret without a user", "timeout", 'secret = "env:EVE" timeout')):
        expect(f"{what}: the test does something", old in text)
        base.write("galway.conf", text.replace(old, new))
        base.run(what, 2, "status", told="galway.conf:")


def main():
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        context = certificates(work)
        for test in (test_sound, test_when, test_refused_plan, test_killed, test_errors, test_recipients, test_hostile, test_settings, test_away):
            test(work)
        test_tls(work, context)
        test_login(work, context)
    print("mail:", "good" if not faults.found else f"{len(faults.found)} wrong")
    return 1 if faults.found else 0


if __name__ == "__main__":
    sys.exit(main())
