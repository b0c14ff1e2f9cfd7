"""Servers that others wrote: installed with npm, once, into a folder of the cache."""
import hashlib
import os
import pathlib
import shutil
import subprocess
import tempfile

import fake

HERE = pathlib.Path(__file__).resolve().parent


class Missing(Exception):
    """What is needed cannot be had here, and why."""


SKIPPED = []


def skip(what, why):
    print(f"skipped: {what}: {why}")
    SKIPPED.append(what)


def exit_code(failures):
    """Of a test: 77 when all that was tried is right, and something could not be tried."""
    return 1 if failures else 77 if SKIPPED else 0


def cache():
    folder = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "galway"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def need(program):
    if shutil.which(program) is None:
        raise Missing(f"there is no {program}")


def installed(name="servers"):
    """The folder with node_modules as NAME/package-lock.json, seen from here, has it."""
    need("npm")
    need("node")
    lock = (HERE / name / "package-lock.json").read_bytes()
    folder = cache() / f"{pathlib.Path(name).name}-{hashlib.sha256(lock).hexdigest()[:16]}"
    if not (folder / "node_modules").exists():
        with tempfile.TemporaryDirectory(dir=cache()) as fresh:
            for file in ("package.json", "package-lock.json"):
                shutil.copy(HERE / name / file, fresh)
            try:
                subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--omit=optional", "--omit=peer"], cwd=fresh,
                               check=True, capture_output=True, text=True)
            except subprocess.CalledProcessError as e:
                says = " ".join(line for line in e.stderr.splitlines() if "error" in line)
                raise Missing(f"npm cannot install {name}: {says[:200]}") from e
            try:
                os.rename(fresh, folder)
                os.mkdir(fresh)
            except OSError:
                pass  # somebody else was quicker
    return folder


class Node:
    """A server of tests/web/servers, until the block ends. said: what it says of itself behind "ready"; line(): what it says next.
    tls: over TLS, with the certificate TLS.pem and TLS.key."""

    def __init__(self, folder, port, script, *arguments, tls=None):
        self.port = port
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{port}"
        self.process = subprocess.Popen(["node", HERE / "servers" / script, str(port), *arguments], cwd=folder,
                                        env={**os.environ, **({"TLS": str(tls)} if tls else {})}, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        ready, *self.said = self.process.stdout.readline().split() or [""]
        if ready != "ready":
            raise SystemExit(f"{script} does not start")

    def line(self):
        return self.process.stdout.readline().strip()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


def provider(certificate, tenant, scope="api", ahead=0, tls=None):
    """oidc-provider as a token endpoint, which verifies assertions; Missing. line() gives the tokens that it gave."""
    return Node(installed(), fake.free_port(), "oidc.mjs", certificate, tenant, scope, str(ahead), tls=tls)


def versions(certificate, key):
    """HTTP/2 and 1.1 over TLS; an answer's X-Told is the version by which the request came. Missing."""
    need("node")
    return Node(HERE, fake.free_port(), "http2.mjs", certificate, key)
