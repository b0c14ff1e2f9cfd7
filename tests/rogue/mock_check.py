#!/usr/bin/python3
"""The honest server of these tests against a real client, OpenLDAP's, and against bytes of a real server.

    mock_check.py       exit 77: ldapsearch is not installed

What ldapsearch, ldapmodify and ldapwhoami make of pages, ranges, DirSync, writes and errors is what the server meant;
and an answer made here has, bit for bit, the shape of an answer that Samba gave.
"""
import base64
import os
import re
import shutil
import subprocess
import sys
import tempfile

import ber
from directory import Entry
from server import DELETED, DIRSYNC, Request, Result, message
from stage import ABC, BIND, PASSWORD, Stage, change, source

# Recorded by hand, once, from samba 4.17.12 (Debian 12) over ldaps: the end of a search of DC=abc,DC=example with a
# DirSync control {flags 0, MaxBytes 0, no cookie}. MoreResults and the unused number are 0; the cookie has 108 bytes.
SAMBA = bytes.fromhex(
    "3081a502010265070a010004000400a081963081930416312e322e3834302e3131333535362e312e342e3834310101ff04763074020100"
    "020100046c4d5344530300000080f2cca28379dd01000000000000000028000000600f0000000000000000000000000000600f00000000"
    "0000c4ca0260a3edc446bee6dc9c9fbaac1601000000000000000100000000000000c4ca0260a3edc446bee6dc9c9fbaac16600f000000"
    "000000")
failed = []


def expect(what, got, want):
    if got != want:
        failed.append(what)
        print(f"FAILED {what}:\n  {got!r}\n  not\n  {want!r}")


def client(program, server, *words, stdin=b""):
    env = {"PATH": os.environ["PATH"], "LDAPTLS_CACERT": str(client.ca), "LDAPTLS_REQCERT": "demand"}
    who = ["-x", "-D", BIND, "-w", PASSWORD, "-H", server.url]
    more = ["-LLL", "-o", "ldif-wrap=no", "-b", ABC] if program == "ldapsearch" else []
    done = subprocess.run([program, *who, *more, *words], env=env, input=stdin, capture_output=True, timeout=20,
                          check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def names(text):
    return re.findall(r"(?m)^dn: (?:CN|OU|DC)=([^,\\]+)", text)


def samba_bytes():
    (_, msgid), (tag, body), (_, controls) = ber.only(SAMBA)
    (_, control), = ber.parts(controls)
    oid, _, (_, value) = ber.parts(control)
    (_, more), (_, size), (_, cookie) = ber.only(value)
    again = ber.seq(ber.integer(ber.number(more)), ber.integer(ber.number(size)), ber.octets(cookie))
    made = message(Result(tag, controls=[(oid[1].decode(), again)]), ber.number(msgid))
    expect("samba's answer, made again", made.hex(), SAMBA.hex())
    expect("its cookie", (cookie[:4], len(cookie)), (b"MSDS", 108))


def dirsync(server, flags=0, most=0, cookie=b"", wanted=("cn",)):
    """(names, DirSync's MoreResults, cookie), as ldapsearch's own decoder has it."""
    value = base64.b64encode(ber.seq(ber.integer(flags), ber.integer(most), ber.octets(cookie))).decode()
    _, out, err = client("ldapsearch", server, "-E", f"!{DIRSYNC}=::{value}", "(objectClass=*)", *wanted)
    more = re.search(r"DirSync control continueFlag=(\d+)", out)
    back = re.search(r"# cookie:: (\S+)", out)
    return names(out), int(more[1]) if more else err, base64.b64decode(back[1]) if back else b"", out


def check_dirsync(stage):
    abc = source("ad")
    with stage.server(abc, dirsync=10) as server:
        seen, cookie, rounds = [], b"", 0
        while True:
            found, more, cookie, _ = dirsync(server, 0x800, 0, cookie)
            seen, rounds = seen + found, rounds + 1
            if more != 1 or rounds > 5:
                break
        expect("DirSync: entries in pages of ten", (len(seen), len(set(seen)), rounds, more), (24, 24, 3, 0))
        expect("DirSync: ancestors first", seen.index("People") < seen.index("Person 01"), True)
        expect("DirSync: the cookie's length", len(cookie), 108)
        expect("DirSync: nothing new", dirsync(server, 0, 0, cookie)[:2], ([], 0))
        change(abc)
        found, more, _, out = dirsync(server, 0, 0, cookie, ("displayName", "isDeleted", "cn"))
        expect("DirSync: what changed", sorted(found),
               ["Person 05", "Person 06", "Person 07 anew", *(f"Person {n}" for n in (20, 21, 22, 23))])
        expect("DirSync: a tombstone", "isDeleted: TRUE" in out and r"\0ADEL:" in out, True)
        expect("DirSync: only what changed of an entry", out.count("\ncn: "), 3)
    with stage.server(abc) as server:
        few = dirsync(server, 0, 1000)
        expect("DirSync: MaxBytes", (few[1], 0 < len(few[0]) < 24), (1, True))


def check_reading(stage):
    abc = source("ad")
    abc.add(Entry("CN=List," + ABC, {"objectClass": ["top", "group"], "cn": "List",
                                     "member": [f"CN={i}" for i in range(3200)]}))
    with stage.server(abc, page=1000) as server:
        for size in (1, 7, 1000):
            code, out, _ = client("ldapsearch", server, "-E", f"pr={size}/noprompt", "(objectClass=user)", "cn")
            expect(f"pages of {size}", (code, sorted(names(out))), (0, [f"Person {n:02}" for n in range(1, 21)]))
        code, out, _ = client("ldapsearch", server, "(objectClass=group)", "member")
        expect("member: a plain one without values, a range with 1500",
               (code, out.count("\nmember:"), out.count("\nmember;range=0-1499: ")), (0, 0, 1500))
        for ask, name, count in (("1500-*", "1500-2999", 1500), ("3000-*", r"3000-\*", 200), ("10-19", "10-19", 10)):
            _, out, _ = client("ldapsearch", server, "(cn=List)", "member;range=" + ask)
            expect("member;range=" + ask, len(re.findall(f"(?m)^member;range={name}: ", out)), count)
        for filt, count in (("(&(cn=person*)(!(cn=*1)))", 18), ("(|(cn=*05)(mail=PERSON06@*))", 2),
                            ("(cn=*erson*1*)", 11),
                            ("(uSNChanged>=1020)", 5), ("(uSNCreated:1.2.840.113556.1.4.803:=1024)", 1)):
            _, out, _ = client("ldapsearch", server, filt, "1.1")
            expect(f"filter {filt}", len(names(out)), count)
    with stage.server(abc, unpaged=10) as server:
        expect("more than the limit, unpaged", client("ldapsearch", server, "(objectClass=user)", "cn")[0], 4)
        expect("a wrong base", client("ldapsearch", server, "-b", "DC=no", "(cn=*)")[0], 32)
        expect("root DSE", "highestCommittedUSN: " in client("ldapsearch", server, "-s", "base", "-b", "")[1], True)
        expect("who am I", client("ldapwhoami", server)[1], "u:ABC\\galway\n")
        expect("a wrong password", client("ldapwhoami", server, "-w", "wrong")[0], 49)


def check_writing(stage):
    abc = source("ad")
    with stage.server(abc) as server:
        code, _, err = client("ldapmodify", server, "-c", stdin=f"""dn: CN=New,OU=People,{ABC}
changetype: add
objectClass: contact
cn: New
otherTelephone: 1
otherTelephone: 2

dn: CN=New,OU=People,{ABC}
changetype: modify
delete: otherTelephone
otherTelephone: 1
-
add: otherTelephone
otherTelephone: 3

dn: CN=New,OU=People,{ABC}
changetype: modify
delete: otherTelephone
otherTelephone: 1

dn: CN=New,OU=People,{ABC}
changetype: modrdn
newrdn: CN=Newer
deleteoldrdn: 1
newsuperior: {ABC}

dn: CN=Person 01,OU=People,{ABC}
changetype: delete

dn: OU=People,{ABC}
changetype: delete
""".encode())
        expect("writes: the codes of the bad ones", (code, re.findall(r"\((\d+)\)", err)), (66, ["16", "66"]))
        _, out, _ = client("ldapsearch", server, "(cn=newer)", "otherTelephone", "name")
        expect("the entry", sorted(out.split("\n")), sorted(
            ["", "", f"dn: CN=Newer,{ABC}", "otherTelephone: 2", "otherTelephone: 3", "name: Newer"]))
        _, out, _ = client("ldapsearch", server, "-E", "!" + DELETED, "(isDeleted=TRUE)", "lastKnownParent")
        expect("the tombstones", (out.count(r"\0ADEL:"), f"lastKnownParent: OU=People,{ABC}" in out), (2, True))
        expect("what was recorded", [w.split(" ")[0] for w in server.writes],
               ["add", "modify", "modify", "rename", "delete", "delete"])


def main():
    if shutil.which("ldapsearch") is None:
        print("ldapsearch is not installed")
        return 77
    samba_bytes()
    request = Request(ber.seq(ber.integer(1), ber.tlv(0x42)))
    expect("an unbind", (request.op, request.msgid), ("unbind", 1))
    with tempfile.TemporaryDirectory() as work, Stage("/bin/true", work) as stage:
        client.ca = stage.ca
        check_reading(stage)
        check_dirsync(stage)
        check_writing(stage)
    print(f"mock: {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
