#!/usr/bin/env python3
"""What goes to syslog and to the journal, and what JSON lines are.   logs.py GALWAY

The system's sockets are ours, in a mount namespace of our own: as root, or where users may have one.
"""
import json
import os
import pathlib
import re
import socket
import struct
import subprocess
import sys
import tempfile
import time

import pair

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import faults  # noqa: E402
from faults import expect  # noqa: E402

GALWAY = os.path.realpath(sys.argv[1])


def own_sockets():
    """/dev and /run that nobody else sees, with what a program needs of /dev."""
    for command in ("mount -t tmpfs none /run", "mkdir -p /run/systemd/journal /run/dev"):
        subprocess.run(command.split(), check=True)
    for name in ("null", "urandom", "zero"):
        pathlib.Path("/run/dev", name).touch()
        subprocess.run(["mount", "--bind", f"/dev/{name}", f"/run/dev/{name}"], check=True)
    subprocess.run(["mount", "--rbind", "/run/dev", "/dev"], check=True)


class Listener:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(path)
        self.socket.settimeout(0.2)
        self.path = path

    def heard(self):
        datagrams = []
        try:
            while True:
                datagrams.append(self.socket.recv(1 << 20))
        except TimeoutError:
            return datagrams

    def close(self):
        self.socket.close()
        os.unlink(self.path)


def fields(datagram):
    """A datagram of systemd's native protocol: NAME=value, or NAME and a value with its length."""
    found = {}
    while datagram:
        name, datagram = datagram.split(b"\n", 1)
        if b"=" in name:
            name, value = name.split(b"=", 1)
        else:
            n = struct.unpack("<Q", datagram[:8])[0]
            value, datagram = datagram[8:8 + n], datagram[8 + n:]
            expect("a value ends where it says", datagram[:1] == b"\n", datagram[:40])
            datagram = datagram[1:]
        found[name.decode()] = value.decode()
    return found


def run(conf, *args, code=0):
    done = subprocess.run([GALWAY, *args, "-c", conf, "sync"], capture_output=True, text=True)
    expect(f"{args}: ends with {code}", done.returncode == code, done)
    return done


def harmless(what, text):
    expect(f"{what}: nothing that acts", not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u202e]", text), text)


def test_syslog(work):
    away = run(pair.make(work, settings="log = syslog"))
    expect("no syslog: it is said, and told elsewhere", "log: /dev/log: No such file or directory: messages go to standard error"
           in away.stderr and "wrote 5" in away.stderr, away.stderr)
    listener = Listener("/dev/log")
    conf = pair.make(work, settings="log = syslog")
    done = run(conf)
    expect("syslog: nothing elsewhere", done.stderr == "", done.stderr)
    heard = [line.decode() for line in listener.heard()]
    expect("syslog: notices of a daemon", len(heard) == 3 and all(re.fullmatch(
        r"<29>\w{3} [ \d]\d \d\d:\d\d:\d\d galway\[\d+\]: flow abc-to-xyz: \w+ \d+ .*", line) for line in heard), heard)
    (conf.parent / "abc.ldif").write_bytes(b"version: 1\n\ndn: CN=\x1b[2J\xe2\x80\xae\nCN=x\n")
    run(conf, code=2)
    heard = [line.decode() for line in listener.heard()]
    expect("syslog: an error", len(heard) == 1 and heard[0].startswith("<27>") and "abc.ldif" in heard[0], heard)
    harmless("syslog", heard[0])
    run(conf, "-q", code=2)
    expect("syslog: -q has errors", len(listener.heard()) == 1)
    listener.close()


def test_journal(work):
    away = run(pair.make(work, settings="log = journal"))
    expect("no journal", "log: /run/systemd/journal/socket: No such file or directory" in away.stderr, away.stderr)
    listener = Listener("/run/systemd/journal/socket")
    conf = pair.make(work, settings="log = journal")
    expect("journal: nothing elsewhere", run(conf).stderr == "")
    heard = [fields(datagram) for datagram in listener.heard()]
    expect("journal: fields", [f.get("GALWAY_PHASE") for f in heard] == ["reading", "planning", "writing"], heard)
    expect("journal: more fields", heard[0] == {
        "MESSAGE": heard[0]["MESSAGE"], "PRIORITY": "5", "SYSLOG_IDENTIFIER": "galway", "GALWAY_FLOW": "abc-to-xyz",
        "GALWAY_PHASE": "reading", "GALWAY_SOURCE": "5", "GALWAY_TARGET": "1", "GALWAY_MILLISECONDS": heard[0]["GALWAY_MILLISECONDS"]},
           heard[0])
    (conf.parent / "abc.ldif").write_bytes(b"version: 1\n\ndn: CN=\x1b[2J\xe2\x80\xae\nMESSAGE=x\n")
    run(conf, code=2)
    heard = [fields(datagram) for datagram in listener.heard()]
    expect("journal: an error", len(heard) == 1 and heard[0]["PRIORITY"] == "3", heard)
    harmless("journal", heard[0]["MESSAGE"])
    expect("journal: one line", "\n" not in heard[0]["MESSAGE"], heard[0])
    listener.close()


def lines_of(stderr):
    lines = [json.loads(line) for line in stderr.splitlines()]
    expect("JSON: ASCII", stderr.isascii() and "\x1b" not in stderr, stderr)
    for line in lines:
        expect("JSON: what a line has", list(line) in (["time", "level", "flow", "text", "fields"], ["time", "level", "flow", "text"],
                                                       ["time", "level", "text"]), line)
        expect("JSON: the time", abs(time.time() - time.mktime(time.strptime(line["time"][:19], "%Y-%m-%dT%H:%M:%S")) + time.timezone)
               < 60 and re.fullmatch(r".*\.\d{3}Z", line["time"]), line)
    return lines


def test_json(work):
    os.environ["TZ"] = "UTC"
    time.tzset()
    conf = pair.make(work)
    lines = lines_of(run(conf, "--log-format", "json").stderr)
    expect("JSON: phases", [line["fields"]["phase"] for line in lines] == ["reading", "planning", "writing"], lines)
    expect("JSON: counts", lines[0]["fields"]["source"] == 5 and lines[2]["fields"]["done"] == 5 and
           all(line["flow"] == "abc-to-xyz" and line["level"] == "note" for line in lines), lines)
    (conf.parent / "abc.ldif").write_bytes(b'version: 1\n\ndn: CN=\x1b[2J\xe2\x80\xae"}\\\xff\nCN=x\n')
    lines = lines_of(run(conf, "--log-format=json", code=2).stderr)
    expect("JSON: an error", [line["level"] for line in lines] == ["error"] and "abc.ldif" in lines[0]["text"], lines)
    lines = lines_of(run(work / "none.conf", "--log-format", "json", code=2).stderr)
    expect("JSON: before there is a configuration", [line["level"] for line in lines] == ["error"], lines)
    done = subprocess.run([GALWAY, "--log-format", "xml", "help"], capture_output=True, text=True)
    expect("another format", done.returncode == 2 and "text or json" in done.stderr, done)
    # A deadline has its line prepared beforehand; the server says nothing.
    with socket.create_server(("127.0.0.1", 0)) as server:
        text = conf.read_text().replace("state =", "deadline = 1s\nstate =").replace(
            'type = ldif file = "abc.ldif"', f'type = ldap url = "ldap://127.0.0.1:{server.getsockname()[1]}" starttls = true bind = "CN=a" password = "exec:echo x"')
        conf.write_text(text)
        lines = lines_of(run(conf, "--log-format", "json", code=5).stderr)
    expect("JSON: the deadline", lines and lines[-1]["level"] == "error" and "deadline of 1 s" in lines[-1]["text"], lines)


def main():
    if os.environ.get("GALWAY_OWN_SOCKETS") is None:
        unshare = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"])]
        if subprocess.run([*unshare, "true"], capture_output=True).returncode == 0:
            os.execvpe("unshare", [*unshare, sys.executable, *sys.argv], {**os.environ, "GALWAY_OWN_SOCKETS": "1"})
        print("logs: no mount namespace is to be had: syslog and journal were not tried")
    else:
        own_sockets()
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        test_json(work)
        if os.environ.get("GALWAY_OWN_SOCKETS") is not None:
            test_syslog(work)
            test_journal(work)
    print("logs:", "good" if not faults.found else f"{len(faults.found)} wrong")
    return 1 if faults.found else 0


if __name__ == "__main__":
    sys.exit(main())
