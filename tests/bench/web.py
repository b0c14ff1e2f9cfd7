"""What the client of web services costs beside what one has to pay anyway: web.py --read READ --writer WRITER ...

One server on loopback that answers after 20 ms, everything in one run and in interleaved rounds:
  reading 10,000 users     galway's connector (tests/live/read.c), and curl --parallel of the very pages that it asked for, with as
                           many at once
  10,000 creations         galway's connector (tests/live/ldap_write.c) with 8 at once, and curl, one after the other on one connection
                           (a tenth of them, for it takes as long as it says)
The sequential figure is per creation, so that the tenth can be compared.
"""
import argparse
import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "web"))
import fake  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent


def timed(command, **kw):
    begun = time.monotonic()
    result = subprocess.run(command, check=True, capture_output=True, **kw)
    return time.monotonic() - begun, result.stdout


def configuration(folder, port, page_size, window):
    path = folder / "galway.conf"
    path.write_text(f"""connector target {{
    type = scim
    url = "https://127.0.0.1:{port}"
    auth = none
    tls-ca = "{folder}/ca.pem"
    base = "O=cloud"
    page-size = {page_size}
    window = {window}
}}
""")
    path.chmod(0o600)
    return path


class Bench:
    def __init__(self, options, folder):
        self.o, self.folder = options, folder
        self.conf = configuration(folder, options.port, options.page_size, options.window)
        self.curl = ["curl", "--silent", "--show-error", "--fail", "--cacert", folder / "ca.pem"]
        self.root = f"https://127.0.0.1:{options.port}"

    def seen(self):
        return json.loads(subprocess.run([*self.curl, self.root + "/seen"], check=True, capture_output=True).stdout)

    def read(self):
        took, out = timed([self.o.read, self.conf, "target", "--want", "cn,mail,displayName,department", "all"])
        if out.count(b"dn:") != self.o.n:
            raise SystemExit(f"galway read {out.count(b'dn:')} of {self.o.n}")
        return took

    def transfer(self, pages):
        """The same pages by curl, into files in memory that nobody reads."""
        lines = "".join(f'url = "{self.root}{p}"\noutput = "/dev/null"\n' for p in pages)
        return timed([*self.curl, "--parallel", "--parallel-max", str(self.o.window), "--config", "-"], input=lines.encode())[0]

    def create(self):
        lines = "".join(f"add\tCN=made{i},O=cloud\tobjectClass+user\tdisplayName+Made {i}\tmail+made{i}@abc.example\n" + "\n" * (i % 1000 == 999)
                        for i in range(self.o.n))
        took, out = timed([self.o.writer, self.conf], input=lines.encode())
        done = out.count(b"DONE")
        if done != self.o.n:
            raise SystemExit(f"galway made {done} of {self.o.n}")
        return took / self.o.n

    def one_by_one(self):
        n = max(1, self.o.n // 10)
        lines = "next\n".join(f'url = "{self.root}/Users"\nheader = "Content-Type: application/scim+json"\noutput = "/dev/null"\n'
                              f'data = "{{\\"userName\\":\\"made{i}\\",\\"displayName\\":\\"Made {i}\\"}}"\n'
                              f'cacert = "{self.folder}/ca.pem"\nsilent\nfail\n' for i in range(n))
        return timed(["curl", "--config", "-"], input=lines.encode())[0] / n


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--read", required=True)
    parser.add_argument("--writer", required=True)
    parser.add_argument("--n", type=int, default=10000)
    parser.add_argument("--delay", type=int, default=20, help="milliseconds before each answer")
    parser.add_argument("--page-size", type=int, default=100)
    parser.add_argument("--window", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--port", type=int, default=24050)
    o = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="galway-bench-") as folder:
        folder = pathlib.Path(folder)
        fake.authority(folder)
        fake.certificate(folder, "server")
        server = subprocess.Popen(["node", HERE / "scim_server.mjs", str(o.port), folder / "server.key", folder / "server.pem",
                                   str(o.n), str(o.delay)], stdout=subprocess.PIPE, text=True)
        try:
            server.stdout.readline()
            measure(Bench(o, folder), o)
        finally:
            server.terminate()
            server.wait()


def measure(b, o):
    reads, transfers = [], []
    b.seen()
    b.read()
    pages = [p for p in b.seen() if "startIndex" in p]
    for _ in range(o.rounds):
        reads.append(b.read())
        transfers.append(b.transfer(pages))
    creations, singles = [b.create()], [b.one_by_one()]
    read, transfer = statistics.median(reads), statistics.median(transfers)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print(f"{o.n} users, {len(pages)} pages, {o.delay} ms an answer, {o.window} at once, {os.cpu_count()} cores")
    print(f"read:      galway {read:.2f} s, curl --parallel {transfer:.2f} s: {read / transfer:.2f} times (at most 1.5)")
    print(f"creations: galway {1000 * creations[0]:.2f} ms each, one after the other {1000 * singles[0]:.2f} ms: "
          f"{singles[0] / creations[0]:.1f} times as fast (at least 6)")
    print(f"largest process: {peak // 1024} MiB")


main()
