#!/usr/bin/python3
"""galway preflight through the real binary: what is put into two directories is found, and nothing else.

    run.py GALWAY

A case is what stands in the source, what stands in the target, and the findings as
(needs a person, kind, code, object, other, part of the finding, part of what galway does); and more rules.
"""
import csv
import html.parser
import io
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import faults  # noqa: E402
from faults import fail  # noqa: E402

GALWAY = sys.argv[1]
CONFIG = """state = "state.db"
connector abc {
    type = ldif
    file = "abc.ldif"
    base = "DC=abc,DC=example"
    smtp-domains = {"abc.example"}
}
connector xyz {
    type = ldif
    file = "xyz.ldif"
    base = "DC=xyz,DC=example"
    smtp-domains = {"xyz.example"}
}
flow one {
    source = abc
    target = xyz
    into = "OU=GAL,DC=xyz,DC=example"
    rules = "some.rules"
    adopt = "OU=Partners,DC=xyz,DC=example"
}
"""
RULES = """include galsync
{more}rule user
    company = Left([company], 40)
"""
XYZ = """dn: DC=xyz,DC=example
objectClass: domain

dn: OU=GAL,DC=xyz,DC=example
objectClass: organizationalUnit

dn: OU=Partners,DC=xyz,DC=example
objectClass: organizationalUnit

dn: OU=Old,DC=xyz,DC=example
objectClass: organizationalUnit
"""
CONTACT = ["top", "person", "organizationalPerson", "contact"]


def entry(dn, **values):
    """Lines of an entry; a value may be a list. None takes an attribute out."""
    lines = ["dn: " + dn]
    for name, value in values.items():
        for one in value if isinstance(value, list) else [value]:
            if one is not None:
                lines.append(f"{name.replace('_', '-')}: {one}")
    return "\n".join(lines) + "\n"


def user(name, side="abc", ou="People", **more):
    low = name.lower()
    values = {"objectClass": "user", "objectGUID": f"{side}-{low}".ljust(16, "-"), "cn": name, "displayName": name,
              "sAMAccountName": low, "mail": f"{low}@{side}.example", "proxyAddresses": f"SMTP:{low}@{side}.example"}
    values.update(more)
    return entry(f"CN={name},OU={ou},DC={side},DC=example", **values)


def contact(name, address, ou):
    return entry(f"CN={name},OU={ou},DC=xyz,DC=example", objectClass=CONTACT, objectGUID=f"c-{name}".ljust(16, "-"),
                 cn=name, displayName=name, mailNickname=f"c-{name.lower()}", targetAddress=f"SMTP:{address}",
                 mail=address, proxyAddresses=f"SMTP:{address}")


def abc(name):
    return f"CN={name},OU=People,DC=abc,DC=example"


def xyz(name, ou="Staff"):
    return f"CN={name},OU={ou},DC=xyz,DC=example"


CASES = {
    "nothing": ([user("Ann")], [user("Eva", "xyz", "Staff")], []),
    "duplicate-in-the-source": (
        [user("Ann"), user("Ben", proxyAddresses=["SMTP:ben@abc.example", "smtp:Ann@abc.example"])], [],
        [("person", "duplicate address", "E_PROXY_DUP", abc("Ann"), abc("Ben"), "Ann@abc.example: both in abc",
          "is not written until it is corrected")]),
    # Each of them, and not only the first.
    "two-duplicates": (
        [user("Ann", proxyAddresses=["SMTP:ann@abc.example", "smtp:a@abc.example"])],
        [entry(xyz("List"), objectClass="group", objectGUID="xyz-list--------", proxyAddresses="SMTP:ann@abc.example"),
         entry(xyz("Other"), objectClass="group", objectGUID="xyz-other-------", proxyAddresses="SMTP:a@abc.example")],
        [("person", "duplicate address", "E_PROXY_DUP", abc("Ann"), xyz("List"), "ann@abc.example: there in xyz",
          "not written while"),
         ("person", "duplicate address", "E_PROXY_DUP", abc("Ann"), xyz("Other"), "a@abc.example: there in xyz",
          "not written while")]),
    "contact-in-the-way": (
        [user("Ann")], [contact("Annie", "ann@abc.example", "Old")],
        [("person", "existing contact in the way", "E_PROXY_DUP", abc("Ann"), xyz("Annie", "Old"), "ann@abc.example",
          "can be taken over")]),
    "contact-adopted": (
        [user("Ann")], [contact("Annie", "ann@abc.example", "Partners")],
        [("", "existing contact, taken over", "", abc("Ann"), xyz("Annie", "Partners"), "join", "taken over")]),
    "several-contacts": (
        [user("Ann")],
        [contact("Annie", "ann@abc.example", "Partners"), contact("Anna", "ann@abc.example", "Partners")],
        [("person", "existing contact in the way", "E_PROXY_DUP", abc("Ann"), xyz("Anna", "Partners"), "ann@", ""),
         ("person", "existing contact in the way", "E_PROXY_DUP", abc("Ann"), xyz("Annie", "Partners"), "ann@", ""),
         ("person", "other conflict", "", abc("Ann"), "", "2 target entries match", "left alone")]),
    "mailboxes-by-address": (
        [user("Ann")], [user("Smith", "xyz", "Staff", proxyAddresses=["SMTP:s@xyz.example", "smtp:ann@abc.example"])],
        [("person", "user with two mailboxes", "E_PROXY_DUP", abc("Ann"), xyz("Smith"), "by ann@abc.example",
          "not written while")]),
    "mailboxes-by-sip": (
        [user("Ann", **{"msRTCSIP-PrimaryUserAddress": "sip:ann@abc.example"})],
        [user("Smith", "xyz", "Staff", **{"msRTCSIP-PrimaryUserAddress": "sip:ann@abc.example"})],
        [("person", "user with two mailboxes", "E_PROXY_DUP", abc("Ann"), xyz("Smith"), "by sip:ann@abc.example",
          "not written while")]),
    "mailboxes-by-number": (
        [user("Ann", employeeID="17", sn="Smith")], [user("Annie", "xyz", "Staff", employeeID="17", sn="SMITH")],
        [("person", "user with two mailboxes", "", abc("Ann"), xyz("Annie"), "by employeeID 17",
          "written beside it")]),
    # The companies count their people each from 1 on.
    "number-of-another": (
        [user("Ann", employeeID="17", sn="Smith")], [user("Eva", "xyz", "Staff", employeeID="17", sn="Lind")], []),
    # Mail of this account goes elsewhere: it has no mailbox.
    "account-without-mailbox": (
        [user("Ann")], [user("Annie", "xyz", "Staff", targetAddress="SMTP:ann@abc.example")],
        [("person", "duplicate address", "E_PROXY_DUP", abc("Ann"), xyz("Annie"), "ann@abc.example", "not written")]),
    "blank-name": (
        [user("Ann", displayName=None)], [],
        [("person", "blank value", "E_DN_BLANK", abc("Ann"), "", "displayName", "not written until")]),
    "bad-alias": (
        [user("Ann", sAMAccountName="ann smith")], [],
        [("", "bad alias", "E_NICK_CHARS", abc("Ann"), "", "mailNickname", "repaired")]),
    "over-long": (
        [user("Ann", title="T" * 200)], [],
        [("", "over-long value", "E_LEN", abc("Ann"), "", "200 characters, cut to 128", "shortened")]),
    # What the rules cut themselves, nobody complains of.
    "cut-by-the-rules": (
        [user("Ann", company="A" * 60)], [],
        [("", "over-long value", "", abc("Ann"), "", "company has 60 characters, the rules give the first 40 (",
          "shortened")]),
    "bad-address": (
        [user("Ann", proxyAddresses=["SMTP:ann@abc.example", "smtp:a b@abc.example"])], [],
        [("", "bad address", "E_PROXY_CHARS", abc("Ann"), "", "a b@abc.example", "without it")]),
    "name-taken": (
        [user("Ann", department="Sales")], [entry(xyz("Ann", "GAL"), objectClass="contact", cn="Ann",
                                                  objectGUID="xyz-other-------")],
        [("", "name or alias taken", "", abc("Ann"), xyz("Ann", "GAL"), "has this name",
          "made as " + xyz("Ann (Sales)", "GAL"))]),
    "alias-taken": (
        [user("Ann")], [user("Eva", "xyz", "Staff", mailNickname="ann")],
        [("", "name or alias taken", "E_NICK_DUP", abc("Ann"), "", "the alias ann", "written as ann")]),
    # Whose groups' groups count is learned before: Ann is in, Ben is not.
    "in-chain": (
        [user("Ann", sAMAccountName="ann smith", memberOf="CN=Inner,DC=abc,DC=example"),
         user("Ben", sAMAccountName="ben smith"),
         entry("CN=Inner,DC=abc,DC=example", objectClass="group", objectGUID="abc-inner-------",
               memberOf="CN=Outer,DC=abc,DC=example"),
         entry("CN=Outer,DC=abc,DC=example", objectClass="group", objectGUID="abc-outer-------")], [],
        [("", "bad alias", "E_NICK_CHARS", abc("Ann"), "", "mailNickname", "repaired")],
        "never (!(memberOf:1.2.840.113556.1.4.1941:=CN=Outer,DC=abc,DC=example))\n"),
    # What both find is told once; what is out of scope is not told.
    "out-of-scope": ([user("Ann", msExchHideFromAddressLists="TRUE", displayName=None)], [], []),
}


def galway(folder, *args):
    return subprocess.run([GALWAY, "-c", folder / "galway.conf", *args], capture_output=True, text=True, timeout=60)


def cells(text):
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    return [(r["needs"], r["kind"], r["code"], r["object"], r["other"], r["finding"], r["galway"]) for r in rows]


def same(found, wanted):
    return found[:5] == wanted[:5] and all(w in f for f, w in zip(found[5:], wanted[5:]))


def write(folder, source, target, rules=""):
    (folder / "galway.conf").write_text(CONFIG)
    (folder / "galway.conf").chmod(0o644)
    (folder / "some.rules").write_text(RULES.format(more=rules))
    (folder / "abc.ldif").write_text("\n".join([entry("DC=abc,DC=example", objectClass="domain"), *source]))
    (folder / "xyz.ldif").write_text("\n".join([XYZ, *target]))


def run(name, source, target, wanted, rules=""):
    with tempfile.TemporaryDirectory(prefix="galway-preflight-") as home:
        folder = pathlib.Path(home)
        write(folder, source, target, rules)
        done = galway(folder, "preflight", "--format", "csv")
        found = cells(done.stdout)
        if len(found) != len(wanted) or not all(same(f, w) for f, w in zip(found, wanted)):
            fail(name, "found " + "\n    ".join(str(f) for f in found) + done.stderr)
        code = 4 if any(w[0] for w in wanted) else 0
        if done.returncode != code:
            fail(name, f"ended with {done.returncode}, not {code}: {done.stderr}")
        left = sorted(p.name for p in folder.iterdir())
        if left != ["abc.ldif", "galway.conf", "some.rules", "xyz.ldif"]:
            fail(name, f"the folder has {left}")
        # What it says that galway does is what a sync does: it writes those, and only those.
        n = len([1 for line in galway(folder, "diff", "--format", "ldif").stdout.splitlines() if line == "changetype: add"])
        told = galway(folder, "preflight").stdout.splitlines()[0]
        if f": {n} to add, " not in told:
            fail(name, f"diff adds {n}, and preflight says: {told}")


class Page(html.parser.HTMLParser):
    """The text of each row, and whether anything of it became an element that should not be there."""

    def __init__(self, text):
        super().__init__()
        self.rows, self.tags = 0, set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.rows += tag == "tbody"


def formats():
    with tempfile.TemporaryDirectory(prefix="galway-preflight-") as home:
        folder = pathlib.Path(home)
        write(folder, [user("Ann", displayName=None, title="\x1b[31m"),
                       user(r"\<img src=x\>", displayName=None, sAMAccountName="=cmd", mail="ben@abc.example",
                            proxyAddresses="SMTP:ben@abc.example")], [])
        text = galway(folder, "preflight", "one")
        if text.returncode != 4 or "blank value: 2" not in text.stdout or "need a person" not in text.stdout:
            fail("text", text.stdout + text.stderr)
        if "\x1b" in text.stdout:
            fail("text", "an escape sequence of the directory's")
        page = galway(folder, "preflight", "--format", "html").stdout
        seen = Page(page)
        if "img" in seen.tags or seen.rows < 3 or "http" in page.replace("http-equiv", ""):
            fail("html", f"{seen.rows} rows, {seen.tags}")
        for form in "json", "ldif", "dsml":
            done = galway(folder, "preflight", "--format", form)
            if done.returncode != 2 or done.stdout:
                fail(form, f"ended with {done.returncode}")
        done = galway(folder, "preflight", "two")
        if done.returncode != 2:
            fail("unknown flow", f"ended with {done.returncode}")
        # One that is settled has its warnings all the same, and what was made is in nobody's way.
        write(folder, [user("Ann", sAMAccountName="ann smith")], [])
        if galway(folder, "sync").returncode != 0:
            fail("after a sync", "the sync failed")
        done = galway(folder, "preflight", "--format", "csv")
        if done.returncode != 0 or [c[2] for c in cells(done.stdout)] != ["E_NICK_CHARS"]:
            fail("after a sync", done.stdout + done.stderr)
        (folder / "abc.ldif").unlink()
        done = galway(folder, "preflight")
        if done.returncode != 2 or "abc.ldif" not in done.stderr:
            fail("no source", f"ended with {done.returncode}: {done.stderr}")


def settled():
    """A contact without our marker, which is the other side's to write: the plan says that it is ours."""
    with tempfile.TemporaryDirectory(prefix="galway-preflight-") as home:
        folder = pathlib.Path(home)
        write(folder, [user("Ann")], [])
        conf = folder / "galway.conf"
        conf.write_text(conf.read_text().replace(
            'source = abc', 'source = abc\n    authority-of { adminDescription = xyz }'))
        galway(folder, "sync")
        if "adminDescription" in (folder / "xyz.ldif").read_text():
            fail("settled", "there is a marker")
        done = galway(folder, "preflight", "--format", "csv")
        if done.returncode != 0 or cells(done.stdout):
            fail("settled", done.stdout + done.stderr)


def later():
    """After a sync: an address that goes from one of ours to another is in nobody's way, and what a flow made is no source of
    the reverse one."""
    with tempfile.TemporaryDirectory(prefix="galway-preflight-") as home:
        folder = pathlib.Path(home)
        write(folder, [user("Ann", proxyAddresses=["SMTP:ann@abc.example", "smtp:a@abc.example"]), user("Ben")], [])
        with (folder / "galway.conf").open("a") as conf:
            conf.write("""flow two {
    source = xyz
    target = abc
    into = "OU=GAL,DC=abc,DC=example"
}
""")
        if galway(folder, "sync", "one").returncode != 0:
            fail("later", "the sync failed")
        done = galway(folder, "preflight", "two")
        if done.returncode != 0 or not done.stdout.startswith("flow two: 0 objects in scope"):
            fail("reverse", done.stdout + done.stderr)
        source = (folder / "abc.ldif").read_text().replace("proxyAddresses: smtp:a@abc.example\n", "")
        (folder / "abc.ldif").write_text(
            source.replace("SMTP:ben@abc.example\n", "SMTP:ben@abc.example\nproxyAddresses: smtp:a@abc.example\n"))
        done = galway(folder, "preflight", "one")
        if done.returncode != 0 or "nothing found" not in done.stdout:
            fail("handed over", done.stdout + done.stderr)


for case, what in CASES.items():
    run(case, *what)
formats()
later()
settled()
print(f"{len(CASES)} cases" + (", not as they should be" if faults.found else ""))
sys.exit(bool(faults.found))
