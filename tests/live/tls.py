#!/usr/bin/env python3
"""Only a server that proves who it is gets the password.   tls.py GALWAY

A server of a few lines stands for the directory: it speaks TLS with the certificate of the cell, takes down what it decrypts (and what
comes in the clear), and answers every bind with invalidCredentials. Each certificate is tried over ldaps and over StartTLS, while the
environment, ./ldaprc and ~/.ldaprc all say that certificates need not be verified.

The cells with tls = insecure show that the server does notice a bind. With slapd there is more: a right server takes the right password,
and one that takes an empty password for anonymous does not get the chance to.
"""
import os
import resource
import shutil
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time
import warnings

GALWAY = os.path.realpath(sys.argv[1])
with open(GALWAY, "rb") as program:
    ROOM = 65536 * (4 if b"__tsan_init" in program.read() else 1)  # KiB; the sanitizer of threads takes some for each thread
SECRET = "S3CR3T-canary"
BIND = "cn=galway,dc=abc,dc=example"
SLAPD = shutil.which("slapd", path=os.environ.get("PATH", "") + ":/usr/sbin")
failures = []


def wrong(what):
    failures.append(what)
    print("WRONG:", what)


# --- certificates ----------------------------------------------------------------------------------------
def openssl(*arguments, **kw):
    subprocess.run(["openssl", *arguments], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **kw)


def authority(name):
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj", f"/CN={name}",
            "-keyout", f"{name}.key", "-out", f"{name}.pem")


def certificate(name, ca, san, end=None, subject="server"):
    """A certificate of that CA (None: of itself) for these names; end: "YYMMDDHHMMSSZ"."""
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={subject}", "-keyout", f"{name}.key", "-out", f"{name}.csr")
    if ca is None:
        openssl("req", "-x509", "-key", f"{name}.key", "-subj", "/CN=server", "-addext", f"subjectAltName={san}", "-days", "30",
                "-out", f"{name}.pem")
        return
    with open("ca.cnf", "w") as f:
        f.write(f"[ca]\ndefault_ca=d\n[d]\nnew_certs_dir=.\ndatabase=index\nrand_serial=yes\ndefault_md=sha256\npolicy=p\nx509_extensions=e\n"
                f"[p]\ncommonName=supplied\n[e]\nsubjectAltName={san}\n")
    open("index", "w").close()
    openssl("ca", "-batch", "-notext", "-config", "ca.cnf", "-cert", f"{ca}.pem", "-keyfile", f"{ca}.key", "-in", f"{name}.csr",
            "-startdate", "200101000000Z", "-enddate", end or "350101000000Z", "-out", f"{name}.pem")


# --- a server that takes notes ---------------------------------------------------------------------------
class Server(threading.Thread):
    """One cell. notes: all that was decrypted; clear: all that came without TLS."""

    def __init__(self, name, starttls, version=None, refuse=False, code=b"\x31"):
        super().__init__(daemon=True)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(f"{name}.pem", f"{name}.key")
        if version is not None:
            self.context.set_ciphers("ALL:@SECLEVEL=0")
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                self.context.minimum_version = self.context.maximum_version = version
        self.starttls, self.refuse, self.code = starttls, refuse, code
        self.asked = threading.Event()  # something after the bind
        self.notes, self.clear = b"", b""
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.start()

    def run(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            peer.settimeout(5)
            try:
                self.serve(peer)
            except OSError:
                pass
            peer.close()

    def serve(self, peer):
        if self.starttls:
            request = peer.recv(4096)
            self.clear += request
            peer.sendall(b"\x30\x0c\x02\x01" + request[4:5] + b"\x78\x07\x0a\x01" + (b"\x02" if self.refuse else b"\0") + b"\x04\0\x04\0")
            if self.refuse:
                self.clear += peer.recv(4096)
                return
        with self.context.wrap_socket(peer, server_side=True) as tls:
            while request := tls.recv(4096):
                self.notes += request
                if request[5:6] == b"\x60":
                    tls.sendall(b"\x30\x0c\x02\x01" + request[4:5] + b"\x61\x07\x0a\x01" + self.code + b"\x04\0\x04\0")
                else:
                    self.asked.set()

    def stop(self):
        # Whatever is on its way is here by then.
        time.sleep(0.1)
        self.listener.close()


# --- galway ----------------------------------------------------------------------------------------------
def configure(name="galway.conf", **settings):
    settings = {"type": "ldap", "base": '"dc=abc,dc=example"', "bind": f'"{BIND}"', "password": '"file:secret"', "retry": "0s",
                "timeout": "2s", "tls-ca": "ca.pem", **settings}
    with open(name, "w") as f:
        f.write("connector abc {\n" + "".join(f"    {k} = {v}\n" for k, v in settings.items() if v is not None) + "}\n"
                "connector xyz {\n    type = ldif\n    file = xyz.ldif\n}\n"
                "flow abc-to-xyz {\n    source = abc\n    target = xyz\n    into = \"OU=GAL,DC=xyz,DC=example\"\n}\n")
    os.chmod(name, 0o600)


def line(out, text):
    """What is worth a look: the line with the text, else the last."""
    lines = out.strip().splitlines() or [""]
    return next((each for each in lines if text and text in each), lines[-1])[:150]


def check(**settings):
    """galway check: (exit code, all that it printed, seconds)."""
    configure(**settings)
    begin = time.monotonic()
    # libldap forgets certificates of ours that GnuTLS has read.
    environment = {**ENVIRONMENT, "LSAN_OPTIONS": "suppressions=leaks:print_suppressions=0"} if "tls-cert" in settings else ENVIRONMENT
    run = subprocess.run([GALWAY, "-v", "-c", "galway.conf", "check"], capture_output=True, text=True, timeout=60, env=environment)
    out = run.stdout + run.stderr
    if SECRET in out:
        wrong(f"{settings}: the secret was printed: {out}")
    return run.returncode, out, time.monotonic() - begin


# --- the matrix ------------------------------------------------------------------------------------------
#        certificate     version                    a bind comes, what is said
CELLS = (("right",       None,                      True,  "invalidCredentials"),
         ("other-ca",    None,                      False, "its CA is unknown"),
         ("other-name",  None,                      False, "not for 127.0.0.1"),
         ("expired",     None,                      False, "it expired 2021-01-01"),
         ("self-signed", None,                      False, "it is self-signed"),
         ("tls-1.1",     ssl.TLSVersion.TLSv1_1,    False, "TLS"))


def cell(name, version, bound, text, starttls, insecure=False):
    server = Server("right" if name == "tls-1.1" else name, starttls, version)
    scheme = "ldap" if starttls else "ldaps"
    code, out, took = check(url=f'"{scheme}://127.0.0.1:{server.port}"', starttls="true" if starttls else None,
                            tls="insecure" if insecure else None)
    server.stop()
    label = f"{name} over {'StartTLS' if starttls else 'ldaps'}{', tls = insecure' if insecure else ''}"
    seen = SECRET.encode() in server.notes
    print(f"{label:45} {'bind' if seen else '-':5} {took:4.1f} s  {line(out, text)}")
    if seen != bound:
        wrong(f"{label}: {'a' if seen else 'no'} bind came")
    # To say what is wrong with a certificate it is looked at once more: an unbind may come.
    if not bound and server.notes[:4] + server.notes[5:] not in (b"", b"\x30\x05\x02\x01\x42\0"):
        wrong(f"{label}: was sent {server.notes!r}")
    if SECRET.encode() in server.clear:
        wrong(f"{label}: the secret came in the clear")
    if text not in out:
        wrong(f"{label}: does not say {text!r}: {out}")
    if code != 2:
        wrong(f"{label}: exit code {code}")


def stripped():
    """A server, or somebody before it, that does not do StartTLS."""
    server = Server("right", True, refuse=True)
    code, out, _ = check(url=f'"ldap://127.0.0.1:{server.port}"', starttls="true")
    server.stop()
    if SECRET.encode() in server.clear or b"\x60" in server.clear[31:] or code != 2 or "StartTLS is refused" not in out:
        wrong(f"StartTLS refused: {code} {out} {server.clear!r}")


def writable(pid):
    """The memory of a process, but for what is larger than anything of ours."""
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in maps:
            begin, end = (int(word, 16) for word in line.split()[0].split("-"))
            if line.split()[1].startswith("rw") and end - begin < 1 << 28:
                try:
                    memory.seek(begin)
                    yield line.split()[-1], memory.read(end - begin)
                except (OSError, OverflowError):  # what cannot be read is not ours
                    pass


def wiped():
    """When the bind is answered, the secret is nowhere in memory any more."""
    server = Server("right", False, code=b"\0")
    configure(url=f'"ldaps://127.0.0.1:{server.port}"')
    # The sanitizer's own memory does not fill what is freed as the C library's does.
    options = {"ASAN_OPTIONS": "quarantine_size_mb=0:thread_local_quarantine_size_kb=0:max_free_fill_size=65536"}
    run = subprocess.Popen([GALWAY, "-c", "galway.conf", "check"], env={**ENVIRONMENT, **options}, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL)
    try:
        if not server.asked.wait(20):
            wrong("nothing came after the bind")
        found = [where for where, data in writable(run.pid) if SECRET.encode() in data.replace(b"GALWAY_TEST_SECRET=" + SECRET.encode(), b"")]
        print(f"{'the secret in memory':45} {found}")
        if found:
            wrong(f"the secret is left in memory: {found}")
    except PermissionError as e:
        print(f"the memory of a process is not to be seen: {e}")
    run.wait(60)
    server.stop()


def huge():
    """A message of 1.8 GB costs neither time nor memory."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        peer, _ = listener.accept()
        peer.recv(4096)
        peer.sendall(b"\x30\x84\x70\0\0\0" + b"x" * 65536)
        peer.settimeout(10)
        try:
            while peer.recv(4096):
                pass
        except OSError:
            pass

    threading.Thread(target=serve, daemon=True).start()
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    code, out, took = check(url=f'"ldap://127.0.0.1:{listener.getsockname()[1]}"', auth="anonymous", bind=None, password=None)
    after = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print(f"{'a message of 1.8 GB':45} {'':5} {took:4.1f} s  {max(before, after) // 1024} MiB")
    if code != 2 or "max-pdu" not in out or took > 2 or after > max(before, 65536) + ROOM:
        wrong(f"huge message: {code} {out} {took} s {after} KiB")


# --- slapd -----------------------------------------------------------------------------------------------
def slapd():
    os.mkdir("db")
    socket_path = os.path.join(os.getcwd(), "slapd.sock").replace("/", "%2f")
    with socket.create_server(("127.0.0.1", 0)) as a, socket.create_server(("127.0.0.1", 0)) as b:
        plain, tls = a.getsockname()[1], b.getsockname()[1]
    with open("slapd.conf", "w") as f:
        f.write(f"""include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
moduleload back_mdb
modulepath /usr/lib/ldap
TLSCACertificateFile {os.getcwd()}/ca.pem
TLSCertificateFile {os.getcwd()}/right.pem
TLSCertificateKeyFile {os.getcwd()}/right.key
TLSVerifyClient try
allow bind_anon_dn bind_anon_cred
database mdb
suffix "dc=abc,dc=example"
directory {os.getcwd()}/db
rootdn "{BIND}"
rootpw {SECRET}
""")
    with open("base.ldif", "w") as f:
        f.write("dn: dc=abc,dc=example\nobjectClass: domain\ndc: abc\n\n"
                "dn: ou=alias,dc=abc,dc=example\nobjectClass: alias\nobjectClass: extensibleObject\nou: alias\n"
                "aliasedObjectName: dc=abc,dc=example\n")
    subprocess.run([SLAPD.replace("slapd", "slapadd"), "-f", "slapd.conf", "-l", "base.ldif"], check=True, capture_output=True)
    process = subprocess.Popen([SLAPD, "-d", "0", "-f", "slapd.conf", "-h",
                                f"ldap://127.0.0.1:{plain} ldaps://127.0.0.1:{tls} ldapi://{socket_path}"])
    for _ in range(100):
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", tls)) == 0:
                break
        time.sleep(0.05)
    return process, plain, tls, socket_path


def real():
    process, plain, tls, local = slapd()
    ldaps = f'"ldaps://127.0.0.1:{tls}"'
    common = {"id": "entryUUID"}
    #       what,              settings,                                                            exit code, what is said
    cert = {"auth": "external", "bind": None, "password": None, "tls-cert": "client.pem", "tls-key": "client.key"}
    runs = (("ldaps",          {"url": ldaps},                                                                   0, ""),
            ("external",       {"url": ldaps, **cert},                                                           0, "external, as dn:cn=client"),
            ("external by StartTLS", {"url": f'"ldap://127.0.0.1:{plain}"', "starttls": "true", **cert},         0, "external, as dn:cn=client"),
            ("external, other CA", {"url": ldaps, **cert, "tls-cert": "stranger.pem", "tls-key": "stranger.key"}, 2, "EXTERNAL"),
            ("external, open key", {"url": ldaps, **cert, "tls-key": "open.key"},                                2, "others may read it"),
            ("external, no key", {"url": ldaps, **cert, "tls-key": "empty"},                                     2, "/empty"),
            ("StartTLS",       {"url": f'"ldap://127.0.0.1:{plain}"', "starttls": "true"},                       0, ""),
            ("ldapi",          {"url": f'"ldapi://{local}"'},                                                    0, ""),
            ("ldapi external", {"url": f'"ldapi://{local}"', "auth": "external", "bind": None, "password": None}, 0, ""),
            ("in the clear",   {"url": f'"ldap://127.0.0.1:{plain}"'},                                           2, "without encryption"),
            ("env",            {"url": ldaps, "password": '"env:GALWAY_TEST_SECRET"'},                           0, ""),
            ("exec",           {"url": ldaps, "password": '"exec:cat secret"'},                                  0, ""),
            ("credential",     {"url": ldaps, "password": '"credential:secret"'},                                0, ""),
            ("wrong password", {"url": ldaps, "password": '"exec:echo wrong"'},                                  2, "invalidCredentials (49)"),
            ("empty password", {"url": ldaps, "password": '"file:empty"'},                                       2, "the secret is empty"),
            ("open file",      {"url": ldaps, "password": '"file:open"'},                                        2, "others may read it"),
            ("failover",       {"url": '{"ldaps://127.0.0.1:1", ' + ldaps + '}'},                                0, ""))
    for what, settings, wanted, text in runs:
        code, out, took = check(**common, **settings)
        print(f"{'slapd, ' + what:45} {code:5} {took:4.1f} s  {line(out, text)}")
        if code != wanted or text not in out:
            wrong(f"{what}: exit code {code}: {out}")
    told_of(ldaps)
    # With DEREF always, which the environment says, the alias would be what it stands for, and not an entry.
    code, out, _ = check(**common, url=ldaps)
    if code != 0 or "good: ldap, 2 entries" not in out:
        wrong(f"libldap's own configuration counts: {out}")
    process.terminate()
    process.wait()


def told_of(url):
    """tls = insecure stands in every report."""
    for tls, wanted in ((None, False), ("insecure", True)):
        configure(id="entryUUID", url=url, tls=tls)
        for words in (*(["diff", f"--format={f}"] for f in ("text", "json", "csv", "ldif")), ["sync"]):
            run = subprocess.run([GALWAY, "-c", "galway.conf", *words], capture_output=True, text=True, timeout=60, env=ENVIRONMENT)
            if run.returncode != 0 or ("tls = insecure" in run.stdout) != wanted:
                wrong(f"{words}, tls = {tls}: exit code {run.returncode}: {run.stdout}{run.stderr}")


def put(name, text, mode=0o600):
    with open(name, "w") as f:
        f.write(text)
    os.chmod(name, mode)


def prepare():
    for ca in ("ca", "another"):
        authority(ca)
    certificate("right", "ca", "IP:127.0.0.1")
    certificate("other-ca", "another", "IP:127.0.0.1")
    certificate("other-name", "ca", "DNS:dc2.abc.example,IP:127.0.0.9")
    certificate("expired", "ca", "IP:127.0.0.1", "210101000000Z")
    certificate("self-signed", None, "IP:127.0.0.1")
    certificate("client", "ca", "DNS:client", subject="client")
    certificate("stranger", "another", "DNS:client", subject="client")
    put("secret", SECRET + "\n")
    put("empty", "")
    with open("client.key") as key:
        put("open.key", key.read(), 0o644)
    put("leaks", "leak:gnutls_x509_privkey_init\nleak:gnutls_x509_crt_init\nleak:gnutls_certificate_set_x509_key\nleak:libgnutls.so\n")
    put("xyz.ldif", "dn: OU=GAL,DC=xyz,DC=example\nobjectClass: organizationalUnit\nobjectGUID:: AAECAwQFBgcICQoLDA0ODw==\n")
    put("open", SECRET, 0o644)
    poison = "TLS_REQCERT never\nTLS_CACERT /dev/null\nREFERRALS on\nDEREF always\n"
    for name in ("ldaprc", ".ldaprc", "poison.conf"):
        put(name, poison, 0o644)
    here = os.getcwd()
    return {**os.environ, "HOME": here, "LDAPTLS_REQCERT": "never", "LDAPTLS_CACERT": "/dev/null", "LDAPRC": "ldaprc", "LDAPDEREF": "always",
            "LDAPCONF": os.path.join(here, "poison.conf"), "CREDENTIALS_DIRECTORY": here, "GALWAY_TEST_SECRET": SECRET}


work = tempfile.mkdtemp()
os.chdir(work)
try:
    ENVIRONMENT = prepare()
    for starttls in (False, True):
        for row in CELLS:
            cell(*row, starttls)
        cell("self-signed", None, True, "invalidCredentials", starttls, insecure=True)
        cell("expired", None, True, "invalidCredentials", starttls, insecure=True)
    stripped()
    wiped()
    huge()
    if SLAPD:
        real()
finally:
    os.chdir("/")
    shutil.rmtree(work)
if failures:
    sys.exit(f"tls: {len(failures)} wrong")
if not SLAPD:
    print("slapd is not installed")
    sys.exit(77)
