#!/usr/bin/python3
"""galway init against two slapds, and a slapd and an Active Directory: what it finds, and that the file it writes passes "galway check".

    init.py GALWAY
"""
import os
import pathlib
import pty
import re
import shlex
import shutil
import subprocess

import scenario
import server
from samba import Forest
from slapd import Slapd

GUIDE = pathlib.Path(__file__).resolve().parents[2] / "docs/first-hour.md"
PEOPLE = {"abc": ["abc.example", "abc.example", "gone.example"], "xyz": ["xyz.example", "xyz.example", "xyz.example"]}


def fill(side, directory, container):
    entries = {f"OU=Staff,{directory.base}": {"objectClass": [b"organizationalUnit"], "ou": [b"Staff"]}}
    if container:
        entries[f"OU=GAL,{directory.base}"] = {"objectClass": [b"organizationalUnit"], "ou": [b"GAL"]}
    for i, domain in enumerate(PEOPLE[side]):
        mail = f"p{i}@{domain}"
        entries[f"CN=P{i},OU=Staff,{directory.base}"] = {
            k: [v.encode()] if isinstance(v, str) else v for k, v in {
                "objectClass": [b"top", b"person", b"organizationalPerson", b"user"], "cn": f"P{i}", "sn": "P",
                "displayName": f"P{i}", "sAMAccountName": f"p{i}", "mail": mail, "proxyAddresses": f"SMTP:{mail}",
                "msRTCSIP-PrimaryUserAddress": f"sip:{mail}"}.items()}
    directory.add(entries)


def has(text, *parts):
    for part in parts:
        if part not in text:
            raise server.Failure(f"there is no {part!r} in:\n{text}")


def options(abc, xyz, folder):
    """All that init needs, with a file for each password and one of both authorities."""
    ca = folder / "ca.pem"
    ca.write_text(open(abc.ca).read() + open(xyz.ca).read())
    words = ["--tls-ca", str(ca)]
    for side, directory in ("source", abc), ("target", xyz):
        secret = scenario.secret(directory.folder, directory.password).split(":", 1)[1].rstrip("\"")
        words += [f"--{side}", directory.ldaps_url, f"--{side}-bind", directory.admin, f"--{side}-password",
                  f"file:{secret}"]
    return words


def place(folder, name):
    path = folder / name
    path.mkdir(mode=0o700)
    return path


def by_options(galway, folder, abc, xyz):
    at = place(folder, "options")
    said = server.command(galway, "init", *options(abc, xyz, folder), at).stdout
    text = (at / "galway.conf").read_text()
    has(text, "type = ldap", f'base = "{abc.base.lower()}"', 'smtp-domains = {"abc.example"}', 'smtp-domains = {"xyz.example"}',
        'sip-domains = {"abc.example"}', "#   gone.example: 1", "#   abc.example: 2",
        "flow abc-to-xyz", f'into = "ou=GAL,{xyz.base.lower()}"', "password = \"file:")
    for secret in abc.password, xyz.password:
        if secret in text or secret in said:
            raise server.Failure("the password itself is there")
    # The probes of check: the connection, the schema and how changes are told.
    has(said, "connector abc: good: ldap", "connector xyz: good: ldap", "flow abc-to-xyz: good", "note: ldaps://",
        "the server's certificate is good until")
    server.command(galway, "-c", at / "galway.conf", "check")
    # One domain is nobody's, as init saw it: preflight says what follows, and sync leaves that person out.
    found = server.command(galway, "-c", at / "galway.conf", "preflight", codes=(4,)).stdout
    has(found, "2 to add, 0 to take over, 1 in conflict", "E_TARGET_BLANK", "W_FOREIGN_ADDRESS: mail 'p2@gone.example'")
    if len(abc.search(filter="(adminDescription=galway:*)")) + len(xyz.search(filter="(adminDescription=galway:*)")):
        raise server.Failure("preflight wrote something")
    server.command(galway, "-c", at / "galway.conf", "sync", codes=(4,))
    if len(xyz.search(filter="(adminDescription=galway:*)")) != 2:
        raise server.Failure("not two contacts")
    if sorted(p.name for p in at.iterdir() if p.suffix == ".draft"):
        raise server.Failure("a draft was left")


def by_the_guide(galway, folder, abc, xyz):
    """The command of docs/first-hour.md as it stands there, but for the names of servers, accounts and the folder."""
    at = place(folder, "guide")
    found = re.findall(r"^```text\n(galway init .*?)\n```$", GUIDE.read_text(), re.M | re.S)
    if len(found) != 1:
        raise server.Failure(f"{GUIDE}: {len(found)} commands of init with servers")
    command = found[0]
    for side, directory in ("abc", abc), ("xyz", xyz):
        (at / f"{side}.secret").write_text(directory.password)
        (at / f"{side}.secret").chmod(0o600)
        for theirs, ours in (f"ldaps://dc1.{side}.example", directory.ldaps_url), (f"galway@{side}.example", directory.admin):
            command = re.sub(rf"(?<= ){theirs}(?= )", lambda _, ours=ours: shlex.quote(ours), command)
    shutil.copy(folder / "ca.pem", at)
    command = command.replace("/etc/galway", shlex.quote(str(at)))
    (at / "bin").mkdir()
    (at / "bin/galway").symlink_to(galway)
    said = server.command("bash", "-c", command, env={**os.environ, "PATH": f"{at}/bin:{os.environ['PATH']}"}).stdout
    has(said, "connector abc: good: ldap", "connector xyz: good: ldap", "flow abc-to-xyz: good")
    has((at / "galway.conf").read_text(), f'password = "file:{at}/abc.secret"', f'bind = "{xyz.admin}"', 'into = "OU=GAL,DC=xyz,DC=example"',
        f'tls-ca = "{at}/ca.pem"')


def refused(galway, folder, abc, xyz):
    """Nothing is written when something is wrong."""
    good = options(abc, xyz, folder)
    at = place(folder, "refused")

    def without(*names, more=()):
        words = list(good)
        for name in names:
            i = words.index(name)
            del words[i:i + 2]
        return [*words, *more]

    cases = [
        (without("--target"), "--target is missing"),
        (without("--source-password"), "go together"),
        (without("--source-password", more=["--source-password", "S3CRET"]), "says where it is"),
        (without("--source-bind", more=["--source-bind", "cn=nobody"]), "init: source: "),
        (without("--source", more=["--source", "ldaps://127.0.0.1:1"]), "init: source: "),
        (without("--source", more=["--source", "nothing.ldif"]), "nothing.ldif: No such file"),
        ([*good, "--into", "OU=GAL\nstate = \"x\""], "control character"),
    ]
    for words, part in cases:
        done = subprocess.run([galway, "init", *words, at], capture_output=True, text=True, stdin=subprocess.DEVNULL,
                              timeout=60)
        if done.returncode not in (2, 5) or part not in done.stderr or "S3CRET" in done.stderr + done.stdout:
            raise server.Failure(f"{words}: {done.returncode}, {done.stderr}")
        if list(at.iterdir()):
            raise server.Failure(f"{words}: {list(at.iterdir())} was written")
    # A container that is not there: the file is written, and check says what to do.
    done = server.command(galway, "init", *good, "--into", f"OU=None,{xyz.base}", at, codes=(2,)).stdout
    has(done, "does not exist in xyz: create it first")
    before = (at / "galway.conf").read_bytes()
    server.command(galway, "init", *good, at, codes=(2,))
    if (at / "galway.conf").read_bytes() != before:
        raise server.Failure("init wrote over a file")


def by_questions(galway, folder, abc, xyz):
    """On a terminal the side that was not named is asked for."""
    at = place(folder, "questions")
    words = options(abc, xyz, folder)
    i = words.index("--target")
    target = [words[i + 1], words[i + 3], words[i + 5], "", ""]
    ours, theirs = pty.openpty()
    process = subprocess.Popen([galway, "init", *words[:i], at], stdin=theirs, stdout=subprocess.PIPE, text=True)
    os.close(theirs)
    os.write(ours, "".join(a + "\n" for a in target).encode())
    said = process.communicate(timeout=60)[0]
    os.close(ours)
    has(said, "target: URL", "target: who logs in", "target: where the password is", "target: base", "the container")
    if process.returncode != 0 or "source: URL" in said:
        raise server.Failure(f"{process.returncode}: {said}")
    has((at / "galway.conf").read_text(), f'into = "ou=GAL,{xyz.base.lower()}"', f'url = "{xyz.ldaps_url}"')


def by_starttls(galway, folder, abc, xyz):
    """A password goes to no ldap:// in clear: there it is StartTLS."""
    at = place(folder, "starttls")
    words = options(abc, xyz, folder)
    words[words.index("--source") + 1] = abc.url
    said = server.command(galway, "init", *words, at).stdout
    has((at / "galway.conf").read_text(), f'url = "{abc.url}"', "starttls = true")
    has(said, "connector abc: good: ldap", "StartTLS")


def active_directory(galway, folder, abc):
    """The server says what it is, and the account has the rights that docs/permissions.md grants."""
    at = place(folder, "ad")
    with Forest("xyz.example", "127.0.0.24") as dc:
        words = options(abc, dc, folder)
        words[words.index("--target-bind") + 1] = dc.service
        said = server.command(galway, "init", *words, at).stdout
        has((at / "galway.conf").read_text(), "type = ad", f'base = "{dc.base}"', "# Naming contexts: ",
            f'into = "{dc.into}"')
        has(said, "connector xyz: good: ad", "changes are told by")


def test(options_):
    galway = options_.galway
    with (server.Folder("init") as folder, Slapd("DC=abc,DC=example", overlays=["syncprov"], tls=True) as abc,
          Slapd("DC=xyz,DC=example", overlays=["syncprov"], tls=True) as xyz):
        fill("abc", abc, False)
        fill("xyz", xyz, True)
        refused(galway, folder, abc, xyz)
        by_questions(galway, folder, abc, xyz)
        by_starttls(galway, folder, abc, xyz)
        by_the_guide(galway, folder, abc, xyz)
        by_options(galway, folder, abc, xyz)
        active_directory(galway, folder, abc)


if __name__ == "__main__":
    server.run(test)
