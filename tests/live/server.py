"""What the servers of the live tests have in common: processes that are stopped again, ports, certificates, and a
directory as python-ldap sees it.

Each server is a context manager with a temporary folder of its own, and is stopped by its pid when its block ends,
however that ends. A test is a function that is given to run(), which makes a private network of it where the kernel
allows that, so that tests may use the same addresses at the same time.
"""
import argparse
import contextlib
import ctypes
import fcntl
import os
import pathlib
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import traceback

import ldap
import ldap.modlist

HERE = pathlib.Path(__file__).resolve().parent
PORTS = range(21300, 21400)
SKIPPED = 77
LIBC = ctypes.CDLL(None, use_errno=True)
# The folders of Debian's daemons are not in everybody's PATH; nothing outside may configure libldap.
os.environ["PATH"] += ":/usr/sbin:/sbin"
os.environ["LDAPNOINIT"] = "1"


class Skip(Exception):
    """What lacks on this machine."""


class Failure(Exception):
    """What is wrong, for a person."""


# ---- the test


def run(test):
    """The main program of a test: test(options), where options.galway is the program under test."""
    parser = argparse.ArgumentParser(description=sys.modules[test.__module__].__doc__)
    parser.add_argument("galway", nargs="?", default=str(HERE.parent.parent / "build" / "debug" / "galway"))
    parser.add_argument("--slapd-only", action="store_true", help="of a test on several servers")
    parser.add_argument("--keep", action="store_true", help="leave the folders of servers for a look")
    parser.add_argument("--host-network", action="store_true", help="do not make a private network")
    options = parser.parse_args()
    options.galway = os.path.abspath(options.galway)
    Folder.keep = options.keep
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # an exception, so that all blocks end
    try:
        with own_network(options.host_network):
            test(options)
    except Skip as e:
        print(f"skipped: {e}")
        sys.exit(SKIPPED)
    except Failure as e:
        print(f"FAILED: {e}")
        sys.exit(1)
    except (ldap.LDAPError, OSError, subprocess.SubprocessError):
        traceback.print_exc()
        sys.exit(1)


@contextlib.contextmanager
def own_network(host=False):
    """A private network; else ports and addresses are those of all tests, and these wait for each other."""
    with contextlib.ExitStack() as stack:
        if host or not private_network():
            alone = stack.enter_context((cache() / "network.lock").open("w"))
            fcntl.flock(alone, fcntl.LOCK_EX)
        yield


def private_network():
    """A network namespace with nothing but loopback; without root in a user namespace, where we are root. False: the
    kernel does not allow it, and the network is the machine's."""
    new_user, new_net = 0x10000000, 0x40000000
    uid, gid = os.getuid(), os.getgid()
    if LIBC.unshare(new_net if uid == 0 else new_user | new_net) != 0:
        return False
    if uid != 0:
        pathlib.Path("/proc/self/setgroups").write_text("deny")
        pathlib.Path("/proc/self/uid_map").write_text(f"0 {uid} 1")
        pathlib.Path("/proc/self/gid_map").write_text(f"0 {gid} 1")
    get_flags, set_flags, up = 0x8913, 0x8914, 1
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        request = struct.pack("16sh14x", b"lo", 0)
        flags = struct.unpack("16sh14x", fcntl.ioctl(s, get_flags, request))[1]
        fcntl.ioctl(s, set_flags, struct.pack("16sh14x", b"lo", flags | up))
    return True


def need(*programs, package):
    for program in programs:
        if shutil.which(program) is None:
            raise Skip(f"{program} is not installed (package {package})")


def cache():
    """The folder of what is made once per machine: $GALWAY_LIVE_CACHE, else build/live, else (when that is not ours)
    one in /tmp of this user."""
    wanted = os.environ.get("GALWAY_LIVE_CACHE")
    for folder in [pathlib.Path(wanted)] if wanted else [HERE.parent.parent / "build" / "live",
                                                         pathlib.Path(f"/tmp/galway-live-{os.getuid()}")]:
        with contextlib.suppress(OSError):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if folder.stat().st_uid == os.getuid() and os.access(folder, os.W_OK):
                return folder
    raise Failure("no folder for snapshots can be written")


# ---- processes, folders, ports


def command(*words, timeout=60, codes=(0,), **how):
    """Runs to its end; its output counts only when something is wrong, or as what is returned."""
    how = {"stdin": subprocess.DEVNULL, "text": True, **how}
    if "input" in how:
        del how["stdin"]
    done = subprocess.run([str(w) for w in words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=timeout,
                          check=False, **how)
    if codes is not None and done.returncode not in codes:
        lines = done.stdout.splitlines()
        few = lines if len(lines) <= 60 else [*lines[:20], f"... {len(lines) - 60} lines ...", *lines[-40:]]
        raise Failure(f"{' '.join(str(w) for w in words)} ended with {done.returncode}:\n" + "\n".join(few))
    return done


class Folder:
    """A temporary folder, removed at the end (Folder.keep: left, and told). `with` gives its path."""

    keep = False

    def __init__(self, what):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix=f"galway-{what}-"))

    def __enter__(self):
        return self.path

    def __exit__(self, *_):
        if Folder.keep:
            print(f"kept: {self.path}")
        else:
            shutil.rmtree(self.path, ignore_errors=True)


def die_with_parent():
    """In a child: it is killed when the test is, which then cannot stop it."""
    pr_set_pdeathsig = 1
    LIBC.prctl(pr_set_pdeathsig, signal.SIGKILL)


class Process:
    """A daemon in the foreground. Its output goes to a file, which is shown when it does not start."""

    def __init__(self, *words, log, env=None):
        self.log = pathlib.Path(log)
        self.words = [str(w) for w in words]
        with self.log.open("ab") as out:
            self.child = subprocess.Popen(self.words, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=env,
                                          start_new_session=True, preexec_fn=die_with_parent)

    def wait_for(self, ready, what, timeout=30):
        """Until ready() is true."""
        end = time.monotonic() + timeout
        while not ready():
            if self.child.poll() is not None or time.monotonic() > end:
                why = "does not answer" if self.child.returncode is None else f"ended with {self.child.returncode}"
                raise Failure(f"{what} {why}:\n" + "\n".join(self.log.read_text("utf-8", "replace").splitlines()[-20:]))
            time.sleep(0.02)

    def stop(self, how=signal.SIGTERM):
        """By its pid; killed when it does not end by itself within ten seconds."""
        if self.child.poll() is not None:
            return
        self.child.send_signal(how)
        try:
            self.child.wait(10)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait(10)


def is_free(address, port):
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            s.bind((address, port))
        except OSError:
            return False
    return True


given = set()  # ports that a server of this process has, or will have in a moment


def free_port(address="127.0.0.1"):
    """One of PORTS that nobody listens on, and a different one each time."""
    for port in PORTS:
        if port not in given and is_free(address, port):
            given.add(port)
            return port
    raise Failure(f"no port of {PORTS.start}-{PORTS.stop - 1} is free")


# ---- certificates


class Authority:
    """A certificate authority of our own in a folder: ca.pem is what clients trust."""

    def __init__(self, folder, name="test CA"):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.pem = self.folder / "ca.pem"
        self.openssl("req", "-x509", *self.new_key("ca.key"), "-days", 3650, "-subj", f"/CN={name}", "-out", self.pem,
                     "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign")

    def openssl(self, *words):
        command("openssl", *words, cwd=self.folder)

    @staticmethod
    def new_key(path):
        return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", path]

    def issue(self, name, *alternatives, days=3650, stem="server"):
        """(certificate, key) for alternatives such as "DNS:dc1.abc.example" and "IP:127.0.0.2"."""
        certificate, key, extensions = (self.folder / f"{stem}.{end}" for end in ("pem", "key", "ext"))
        extensions.write_text(f"subjectAltName={','.join(alternatives)}\nextendedKeyUsage=serverAuth,clientAuth\n")
        self.openssl("req", *self.new_key(key), "-subj", f"/CN={name}", "-out", f"{stem}.csr")
        self.openssl("x509", "-req", "-in", f"{stem}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
                     "-days", days, "-extfile", extensions, "-out", certificate)
        key.chmod(0o600)
        return certificate, key


# ---- a directory


class Directory:
    """What tests do to a server as its administrator. A server sets url, base, admin, password, and ca when its
    certificate is to be checked."""

    url = base = admin = password = ca = None
    connection = None

    def connect(self, who=None, password=None):
        """A connection of its own, bound."""
        c = ldap.initialize(self.url)
        c.set_option(ldap.OPT_REFERRALS, 0)
        c.set_option(ldap.OPT_TIMEOUT, 20)
        c.set_option(ldap.OPT_NETWORK_TIMEOUT, 10)
        if self.ca is not None:
            c.set_option(ldap.OPT_X_TLS_CACERTFILE, str(self.ca))
            c.set_option(ldap.OPT_X_TLS_REQUIRE_CERT, ldap.OPT_X_TLS_DEMAND)
            c.set_option(ldap.OPT_X_TLS_NEWCTX, 0)
        c.simple_bind_s(who or self.admin, password or self.password)
        return c

    def answers(self):
        """Can the administrator bind?"""
        try:
            self.connect().unbind_s()
        except (ldap.SERVER_DOWN, ldap.BUSY, ldap.UNAVAILABLE, ldap.TIMEOUT, ldap.CONNECT_ERROR):
            return False
        except ldap.INVALID_CREDENTIALS:
            return False  # 389-ds while it starts
        return True

    @property
    def link(self):
        if self.connection is None:
            self.connection = self.connect()
        return self.connection

    def hang_up(self):
        if self.connection is not None:
            with contextlib.suppress(ldap.LDAPError):
                self.connection.unbind_s()
            self.connection = None

    def add(self, entries):
        """(name, {attribute: [bytes]}) pairs, or a dictionary of them, parents first."""
        for name, attributes in entries.items() if isinstance(entries, dict) else entries:
            try:
                self.link.add_s(name, ldap.modlist.addModlist({a: v for a, v in attributes.items() if v}))
            except ldap.LDAPError as e:
                raise Failure(f"adding {name}: {e}") from e

    def replace(self, name, **values):
        """Attributes ("_" for "-") with a value, a list of values, or None for none."""
        mods = [(ldap.MOD_REPLACE, a.replace("_", "-"), as_values(v) or None) for a, v in values.items()]
        self.link.modify_s(name, mods)

    def add_value(self, name, attribute, value):
        self.link.modify_s(name, [(ldap.MOD_ADD, attribute, as_values(value))])

    def remove_value(self, name, attribute, value):
        self.link.modify_s(name, [(ldap.MOD_DELETE, attribute, as_values(value))])

    def rename(self, name, rdn, parent=None):
        self.link.rename_s(name, rdn, parent)
        return f"{rdn},{parent or ldap.dn.dn2str(ldap.dn.str2dn(name)[1:])}"

    def delete(self, name):
        self.link.delete_s(name)

    def search(self, base=None, filter="(objectClass=*)", attributes=("*",), scope=ldap.SCOPE_SUBTREE):
        """{name: {attribute: [bytes]}}, without referrals."""
        found = self.link.search_s(base or self.base, scope, filter, list(attributes))
        return {name: values for name, values in found if name is not None}


def as_values(value):
    values = [] if value is None else value if isinstance(value, (list, tuple)) else [value]
    return [v if isinstance(v, bytes) else str(v).encode() for v in values]
