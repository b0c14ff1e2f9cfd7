#!/usr/bin/python3
"""The source of authority as other services meet it: "galway set", "authority", and what "status" tells of it.

    run.py GALWAY
"""
import getpass
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

GALWAY = sys.argv[1]
SIP = "msRTCSIP-PrimaryUserAddress"
CONFIG = """state = "state.db"
connector abc {
    type = ldif
    file = "abc.ldif"
    base = "DC=abc,DC=example"
    smtp-domains = {"abc.example"}
    sip-domains = {"abc.example"}
%(abc)s}
connector cloud {
    type = ldif
    file = "cloud.ldif"
    base = "DC=cloud,DC=example"
%(cloud)s}
flow up {
    source = abc
    target = cloud
    into = "OU=GAL,DC=cloud,DC=example"
%(flow)s}
%(more)s"""
USER = """
dn: CN=%(name)s,OU=People,DC=abc,DC=example
objectClass: user
objectGUID: abc-%(alias)s---------
cn: %(name)s
displayName: %(name)s
sAMAccountName: %(alias)s
userPrincipalName: %(alias)s@abc.example
mail: %(alias)s@abc.example
proxyAddresses: SMTP:%(alias)s@abc.example
msRTCSIP-PrimaryUserAddress: sip:%(alias)s@abc.example
title: Lead
telephoneNumber: 1
"""
CLOUD = """
dn: DC=cloud,DC=example
objectClass: domain

dn: OU=GAL,DC=cloud,DC=example
objectClass: organizationalUnit
ou: GAL

dn: OU=Staff,DC=cloud,DC=example
objectClass: organizationalUnit
ou: Staff
"""
ZOE = """
dn: CN=Zoe,OU=%s,DC=cloud,DC=example
objectClass: contact
objectGUID: cloud-zoe-------
cn: Zoe
mail: zoe@cloud.example
msRTCSIP-PrimaryUserAddress: sip:zoe@cloud.example
"""
failed = 0


class Case:
    """Two directories and a flow up from one into the other."""

    def __init__(self, name, cloud=CLOUD, cloud_lines="", **lines):
        self.name = name
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="galway-authority-"))
        texts = dict.fromkeys(("abc", "cloud", "flow", "more"), "")
        texts.update(lines, cloud=cloud_lines)
        self.write("galway.conf", CONFIG % texts)
        self.write("abc.ldif", USER % {"name": "Ann", "alias": "ann"} + USER % {"name": "Ben", "alias": "ben"})
        self.write("cloud.ldif", cloud)

    def __enter__(self):
        return self

    def __exit__(self, *what):
        shutil.rmtree(self.path)

    def write(self, name, text):
        (self.path / name).write_text(text)
        (self.path / name).chmod(0o600)

    def edit(self, name, old, new):
        text = (self.path / name).read_text()
        assert old in text, (old, text)
        (self.path / name).write_text(text.replace(old, new))

    def files(self):
        return [(self.path / name).read_bytes() for name in ("abc.ldif", "cloud.ldif")]

    def wrong(self, text):
        global failed
        failed += 1
        print(f"{self.name}: {text}", file=sys.stderr)

    def run(self, line, code=0, says=()):
        """A command; what it must say, on either stream."""
        done = subprocess.run([GALWAY, "-c", "galway.conf", *line.split()], cwd=self.path, capture_output=True,
                              text=True, stdin=subprocess.DEVNULL, timeout=60, check=False)
        said = done.stdout + done.stderr
        for text in (says,) if isinstance(says, str) else says:
            if text not in said:
                self.wrong(f"galway {line} does not say '{text}':\n{said}")
        if done.returncode != code:
            self.wrong(f"galway {line} ended with {done.returncode}, not {code}:\n{said}")
        return done.stdout

    def unchanged(self, line, code, says=()):
        before = self.files()
        self.run(line, code, says)
        if self.files() != before:
            self.wrong(f"galway {line} changed a directory")

    def quiet(self, text, code=0):
        """status does not tell it any more."""
        said = self.run("status", code)
        if text in said:
            self.wrong(f"status still says '{text}':\n{said}")

    def has(self, name, text, there=True):
        if (text in (self.path / name).read_text()) != there:
            self.wrong(f"{name} has {'not ' if there else ''}'{text}':\n" + (self.path / name).read_text())


# KB2537764, first scenario: the only authoritative source is the cloud.
with Case("a tenant without synchronization", CLOUD + ZOE % "GAL") as c:
    c.unchanged(f"set zoe@cloud.example {SIP}=sip:zoe.x@cloud.example --as abc", 4,
                (f"{SIP}    denied", "by abc: the authority is cloud"))
    c.run("status", 2, ("denied   CN=Zoe,OU=GAL,DC=cloud,DC=example", "stale: no good run",  # there was none
                        f"{SIP}: sip:zoe.x@cloud.example by abc: the authority is cloud (not in the source, set)"))
    c.run("authority show zoe@cloud.example", 0, ("native: not synchronized", "cloud (not in the source): ", f" {SIP}"))
    c.run(f"set zoe@cloud.example {SIP}=sip:zoe.new@cloud.example --as cloud", 0,
          ("high impact: the SIP address changes from sip:zoe@cloud.example to sip:zoe.new@cloud.example",
           "meetings to be scheduled anew"))
    c.has("cloud.ldif", f"{SIP}: sip:zoe.new@cloud.example")
    c.quiet("the authority is", 2)
    c.run("sync")  # and what the synchronization then brings does not touch her
    c.has("cloud.ldif", f"{SIP}: sip:zoe.new@cloud.example")

# Second scenario: the on-premises directory is, and any other service is denied.
with Case("a synchronized tenant") as c:
    c.run("sync")
    c.unchanged(f"set ann {SIP}=sip:ann.x@abc.example --as cloud", 4, "denied, nothing was written")
    c.run("status", 4, f"{SIP}: sip:ann.x@abc.example by cloud: the authority is abc (the flow's, set)")
    c.run("sync", 0)  # no run settles it ...
    c.run("sync --full", 0)
    c.run("status", 4, "by cloud: the authority is abc")
    c.run(f"set ann {SIP}=sip:ann@abc.example --as abc", 0, "as it was")  # ... whoever may say so does
    c.quiet("the authority is")
    c.run(f"set ann@abc.example {SIP}=sip:ann.new@abc.example --as abc", 0, "written")
    c.has("cloud.ldif", "ann.new", False)
    c.run("sync", 0, ("high impact: the SIP address changes from sip:ann@abc.example to sip:ann.new@abc.example",
                      "contacts outside are to be told, and meetings to be scheduled anew"))
    c.has("cloud.ldif", f"{SIP}: sip:ann.new@abc.example")
    c.run("explain up ann", 0, "W_SIP_NE_UPN")
    c.edit("abc.ldif", "sip:ann.new@abc.example", "sip:ann.new@im.abc.example")
    c.edit("galway.conf", 'sip-domains = {"abc.example"}', 'sip-domains = {"abc.example", "im.abc.example"}')
    step = json.loads(c.run("diff --format json", 1))["flows"][0]["steps"][0]
    if step["impact"] != {"before": "sip:ann.new@abc.example", "after": "sip:ann.new@im.abc.example", "meetings": False,
                          "contacts": True}:
        c.wrong(f"impact: {step['impact']}")  # the same user name: meetings keep their address
    for table in ("csv", "markdown"):
        c.run(f"diff --format {table}", 1, ("high impact", " contacts outside are to be told"))
    c.edit("abc.ldif", f"{SIP}: sip:ann.new@im.abc.example\n", "")
    step = json.loads(c.run("diff --format json", 1))["flows"][0]["steps"][0]
    if step["impact"]["after"] is not None or not step["impact"]["meetings"]:
        c.wrong(f"impact: {step['impact']}")

with Case("what set writes, and what not", more="authority { telephoneNumber = cloud }\n") as c:
    c.unchanged("set ann telephoneNumber=2 --as cloud", 2, "it has no entry in cloud")
    c.run("sync", 4)
    out = json.loads(c.run("set ann telephoneNumber=2 --as cloud --format json"))
    if not out["done"] or out["step"]["changes"][0]["add"] != ["2"] or out["step"]["changes"][0]["remove"] != []:
        c.wrong(f"json: {out}")
    c.has("cloud.ldif", "telephoneNumber: 2")
    c.run("set ann telephoneNumber=3 --as cloud up", 0, "- 2")
    c.run("sync --full", 4, 'denied "1" by abc: the authority is cloud')
    c.has("cloud.ldif", "telephoneNumber: 3")
    c.run("set ann telephoneNumber= --as cloud", 0, "- 3")
    c.has("cloud.ldif", "telephoneNumber: 3", False)
    # All or nothing: one that is denied keeps the others from being written.
    c.unchanged("set ann telephoneNumber=4 title=Boss --as cloud", 4, ('denied "Boss" by cloud', "nothing was written"))
    c.run("history", 0, f'set as cloud by {getpass.getuser()}, exit 4: 1 read, 1 denied; denied: CN=Ann,OU=People,DC=abc,DC=example: '
          'title "Boss"\n')
    out = json.loads(c.run("set ann title= --as cloud --format json", 4))
    if out["done"] or out["step"]["denied"] != [{"attribute": "title", "value": None, "side": "cloud",
                                                 "authority": "abc", "rule": "the flow's"}]:
        c.wrong(f"json: {out}")
    c.run("set ann proxyAddresses=SMTP:ann@abc.example proxyAddresses=smtp:a@abc.example --as abc", 0,
          "+ smtp:a@abc.example")
    # What a contact cannot have, nobody may write.
    for words, says in ((f"{SIP}=sip:ann", "E_SIP_SYNTAX"), (f"{SIP}=sip:ann@other.example", "E_SIP_SYNTAX"),
                        (f"{SIP}=ann@abc.example", "E_SIP_SYNTAX"), ("mail=ann", "E_SMTP_SYNTAX"),
                        ("mail=a@abc.example mail=b@abc.example", "E_SINGLE"),
                        ("mail=ben@abc.example", "E_PROXY_DUP: ben@abc.example is held by CN=Ben"),
                        (f"{SIP}=sip:BEN@abc.example", "E_PROXY_DUP"),
                        ("proxyAddresses=smtp:a@abc.example", "E_PROXY_PRIMARY"), ("title=" + 200 * "x", "E_LEN"),
                        ("title=a\x01b", "E_CTRL"), ("objectClass=user", "nobody may"),
                        ("cn=Anna", "nobody may"), ("adminDescription=x", "nobody may"),
                        ("unicodePwd=x", "nobody may"), ("whatever=x", "does not read it"), ("=x", "not an attribute"),
                        ("title", "are needed"), ("title=a title=", "is cleared, or has values"),
                        ("title=a here there", "not ATTR=VALUE")):
        c.unchanged(f"set ann {words} --as abc", 2, says)
    c.unchanged("set ann title=x", 2, "--as SIDE")
    c.unchanged("set ann title=x --as nobody", 2, "no such object in a flow from or to nobody")
    c.unchanged("set nobody title=x --as abc", 2, "no such object")
    c.unchanged("set ann title=x --as abc --format csv", 2, "text or json")

with Case("a SIP address among the proxies", more="authority { msRTCSIP-PrimaryUserAddress = cloud }\n") as c:
    c.run("sync", 4)
    c.unchanged("set ann proxyAddresses=SMTP:ann@abc.example proxyAddresses=sip:x@abc.example --as abc", 4,
                'denied "SMTP:ann@abc.example; sip:x@abc.example" by abc: the authority is cloud')
    c.edit("abc.ldif", "proxyAddresses: SMTP:ann@abc.example\n",
           "proxyAddresses: SMTP:ann@abc.example\nproxyAddresses: sip:old@abc.example\n")
    c.unchanged("set ann proxyAddresses=SMTP:ann@abc.example --as abc", 4, "the authority is cloud")
    c.unchanged("set ann proxyAddresses= --as abc", 4, "the authority is cloud")
    c.run("set ann proxyAddresses=SMTP:ann@abc.example proxyAddresses=smtp:a@abc.example "
          "proxyAddresses=sip:old@abc.example --as abc", 0, "+ smtp:a@abc.example")

with Case("set in the journal", more="authority { telephoneNumber = cloud }\n") as c:
    c.run("sync", 4)
    c.run("set ann telephoneNumber=2 --as cloud")
    c.run("set ann telephoneNumber=3 --as cloud")
    c.run("history 3", 0, (f"set as cloud by {getpass.getuser()}, exit 0: 1 read, 1 modified",
                           "modify   CN=Ann,OU=GAL,DC=cloud,DC=example", "- 2", "+ 3"))
    c.run("history ann", 0, ("add      CN=Ann,OU=GAL", f", set as cloud by {getpass.getuser()}\nmodify   CN=Ann,OU=GAL"))
    out = json.loads(c.run("history 3 --format json"))
    for said in (out["runs"][0], out["operations"][0]):
        if said["side"] != "cloud" or said["by"] != getpass.getuser():
            c.wrong(f"json: {said}")
    c.run("status", 4, "last run 1: ")  # of the flow
    c.run("set ann telephoneNumber=3 --as cloud", 0, "as it was")  # what changes nothing is no run
    c.run("set ann title=x --as cloud", 4)
    c.run("set ann mail=ben@abc.example --as abc", 2, "E_PROXY_DUP")
    c.run("history 4", 0, 'exit 4: 1 read, 1 denied; denied: CN=Ann,OU=People,DC=abc,DC=example: title "x"')
    c.run("set ann title=x --as cloud", 4)  # services try for ever
    c.run("history 5", 2, "no such run")
    c.unchanged("undo 4", 2, "run 4: it wrote nothing, or is not in the journal any more")
    c.unchanged("diff --undo 3", 1, (": to be written", "- 3", "+ 2"))
    c.unchanged("undo 2", 2, "run 2: changed since, left as it is: telephoneNumber")
    c.unchanged("undo --approve 00 3", 2, "no --approve")
    c.run("undo 3", 0, (": written", "- 3", "+ 2"))
    c.has("cloud.ldif", "telephoneNumber: 2")
    c.unchanged("undo 3", 0, "as it was")
    c.run("history", 0, ("; undo of run 3", "; undone by run 5"))
    c.run("undo 5", 0, "+ 3")  # an undo is a write like any other
    c.edit("galway.conf", "authority { telephoneNumber = cloud }\n", "")
    c.unchanged("undo 6", 4, 'denied "2" by cloud: the authority is abc')
    c.run("undo 77", 2, "run 77: it wrote nothing, or is not in the journal any more")

with Case("set in the journal, in the source") as c:
    c.run("sync")
    c.run("set ann title=Boss --as abc")
    c.run("sync", 0, "1 modified")
    c.run("undo 2", 0, ("CN=Ann,OU=People", "- Boss", "+ Lead"))
    c.has("abc.ldif", "title: Boss", False)
    (c.path / "abc.ldif.tmp").mkdir()  # it is done, and the file cannot take its new shape
    c.run("set ann title=Chair --as abc", 2, "abc.ldif.tmp")
    (c.path / "abc.ldif.tmp").rmdir()
    c.run("history 5", 0, ("exit 2: 1 read, 1 modified", "+ Chair"))
    c.run("undo 5", 0, "+ Lead")
    c.edit("abc.ldif", USER % {"name": "Ann", "alias": "ann"}, "")
    c.unchanged("undo 5", 2, "CN=Ann,OU=People,DC=abc,DC=example is not there any more")

with Case("an override that went with its link", flow="    max-shrink-percent = 100\n") as c:
    c.run("sync")
    c.run("authority transfer ann cloud")
    c.run("authority transfer ben cloud")
    ann = USER % {"name": "Ann", "alias": "ann"}
    c.edit("abc.ldif", ann, "")
    c.edit("cloud.ldif", "adminDescription: galway:up:2d636261-6e61-2d6e-2d2d-2d2d2d2d2d2d\n", "")
    c.run("sync --full", 0, "1 forgotten")
    c.unchanged("diff --undo 2", 1, "that it is cloud's comes back, too")
    c.run("undo 2")
    c.run("authority show CN=Ann,OU=GAL,DC=cloud,DC=example", 0, ("\n  converted\n", "cloud (set for the object"))
    c.write("cloud.ldif", CLOUD)
    c.write("abc.ldif", ann)
    c.run("sync --full --no-create", 4, "1 forgotten")
    c.run("undo 4", 4, "is not there any more: that it is cloud's does not come back")

with Case("outside of what is managed", CLOUD + ZOE % "Staff") as c:
    c.unchanged("set zoe@cloud.example title=x --as cloud", 2, "outside the managed containers")
with Case("a protected entry", CLOUD + ZOE % "GAL" + "adminCount: 1\n") as c:
    c.unchanged("set zoe@cloud.example title=x --as cloud", 2, "is protected")
with Case("a readonly connector", abc="    readonly = true\n") as c:
    c.run("sync")
    c.unchanged("set ann title=x --as abc", 2, "abc: is readonly")

with Case("which flow", more="""flow again {
    source = abc
    target = cloud
    into = "OU=Staff,DC=cloud,DC=example"
    marker = "extensionName"
    rules = "two.rules"
}
""") as c:
    c.write("two.rules", "rule user\n    scope (objectClass=user)\n    name \"CN=\" & [cn]\n    title = [title]\n")
    c.unchanged("set ann title=x --as abc", 2, "several flows have it")
    c.run("set ann title=x --as abc again")

with Case("the four states, and how they came") as c:
    c.run("authority show ann", 0, "native: not synchronized")
    c.run("authority transfer ann cloud", 2, "has never run")
    c.run("authority show nobody", 2, "nobody: no such object in the source of any flow")
    c.run("authority transfer ann nobody", 2, "no such object in the source of any flow of nobody")
    c.run("authority show", 2, "show WHO, or transfer WHO SIDE")
    c.run("authority hide ann", 2, "show WHO, or transfer WHO SIDE")
    c.run("sync")
    c.run("authority show ann", 0, ("\n  synced\n", "  abc (the flow's): ", " title"))
    c.run("set ann title=x --as cloud", 4)
    c.run("set ann mail=x@cloud.example --as cloud", 4)
    c.run("authority transfer ann cloud", 0, ("\n  converted\n", "  cloud (set for the object, since 2",
                                              ": from abc to cloud by "))
    c.quiet("the authority is")  # now it may
    c.run("set ann title=x --as cloud")
    c.run("set ann title=y --as abc", 4, "the authority is cloud")
    c.run("sync --full", 4, 'denied "Lead" by abc')
    c.run("authority transfer CN=Ann,OU=GAL,DC=cloud,DC=example abc", 0,
          ("\n  rolled back, pending\n", ": from cloud to abc by ", ": from abc to cloud by "))
    c.run("sync", 0, "1 modified")
    c.has("cloud.ldif", "title: x", False)
    c.run("authority show ann", 0, ("\n  synced\n", "since 2"))
    c.quiet("the authority is")

with Case("there and back between two runs") as c:
    c.run("sync")
    c.run("authority transfer ann cloud")
    c.run("set ann title=x --as cloud")
    c.run("authority transfer ann abc", 0, "rolled back, pending")
    c.run("sync", 4, ("(delta)", "1 modified"))
    c.has("cloud.ldif", "title: x", False)
    c.run("authority show ann", 0, "\n  synced\n")

with Case("a flow that is held waits for somebody") as c:
    c.run("sync")
    c.run("status", 0)
    c.edit("abc.ldif", "title: Lead\n", "title: Head\n")
    c.run("sync", 0, "2 modified")
    c.run("undo 2", 0, "2 modified")
    c.run("status", 4, "held since")
    c.run("sync", 0, "2 modified")
    c.run("status", 0)

with Case("two of one account", CLOUD + ZOE % "Staff", more="""flow down {
    source = cloud
    target = abc
    into = "OU=GAL,DC=abc,DC=example"
    rules = "zoe.rules"
}
""") as c:
    c.write("zoe.rules", "rule zoe\n    scope (mail=zoe@*)\n    name \"CN=\" & [cn]\n    objectClass = \"contact\"\n    mail = [mail]\n")
    c.write("abc.ldif", "dn: OU=GAL,DC=abc,DC=example\nobjectClass: organizationalUnit\nobjectGUID: gal\n" + (c.path / "abc.ldif").read_text())
    c.edit("cloud.ldif", "cn: Zoe\n", "cn: Zoe\nsAMAccountName: ann\n")
    c.run("sync down")
    c.run("sync up")
    c.run("history zoe@cloud.example", 0, "add      CN=Zoe,OU=GAL,DC=abc")  # also the address of her contact, in another flow's source
    c.run("authority transfer ann cloud", 2, ("ann: several are meant, CN=Ann,", "name one by its DN"))
    c.run("authority transfer CN=Zoe,OU=Staff,DC=cloud,DC=example abc", 0, "down: CN=Zoe")

with Case("a flag of the directory's", abc='    authority-flag = {"extensionAttribute15=cloud:cloud"}\n') as c:
    c.run("sync")
    c.edit("abc.ldif", "title: Lead\ntelephoneNumber: 1\n\ndn: CN=Ben",
           "title: Lead\nextensionAttribute15: cloud\n\ndn: CN=Ben")
    c.run("authority show ann", 0, ("converted", "  cloud (the directory's flag): "))
    c.run("explain up ann", 0, "authority cloud (the directory's flag)")
    c.unchanged("set ann title=x --as abc", 4, "the authority is cloud")
    c.run("set ann title=x --as cloud")
    c.run("authority transfer ann abc", 0, "  abc (set for the object")
    c.run("set ann title=y --as abc")
    c.run("authority transfer ann cloud", 0, "  cloud (the directory's flag")
    for bad, says in (("extensionAttribute15", "is not ATTR=VALUE:SIDE"), ("a=b:nobody", "no connector 'nobody'"),
                      ("=b:abc", "is not ATTR=VALUE:SIDE"), ("a=:abc", "is not ATTR=VALUE:SIDE")):
        c.edit("galway.conf", '{"extensionAttribute15=cloud:cloud"}', '{"%s"}' % bad)
        c.run("check", 2, says)
        c.edit("galway.conf", '{"%s"}' % bad, '{"extensionAttribute15=cloud:cloud"}')

with Case("what reaches somebody") as c:
    c.run("sync")
    c.unchanged("set ann mail= --as abc", 2, "E_WIPE: set does not empty mail: where it shall be empty, it is emptied in abc")
    c.unchanged("set ann title=x proxyAddresses= --as abc", 2, "E_WIPE: set does not empty proxyAddresses")
    c.unchanged("set ann proxyAddresses=X500:/o=abc/cn=ann --as abc", 2, "E_WIPE: set does not empty proxyAddresses")
    c.run("set ann title= --as abc", 0, "- Lead")
    c.run("set ann proxyAddresses=SMTP:ann@abc.example proxyAddresses=X500:/o=abc/cn=ann --as abc", 0, "+ X500:/o=abc/cn=ann")
    c.run("set ann proxyAddresses=SMTP:ann.x@abc.example --as abc", 0, "+ SMTP:ann.x@abc.example")
    c.has("abc.ldif", "proxyAddresses: X500:/o=abc/cn=ann")
    c.run("undo 4")
    c.run("undo 3", 0, "- X500:/o=abc/cn=ann")  # what set wrote can be taken back

with Case("what set wrote where nothing was") as c:
    c.edit("abc.ldif", "proxyAddresses: SMTP:ann@abc.example\n", "")
    c.run("sync")
    c.run("set ann proxyAddresses=SMTP:ann@abc.example --as abc", 0, "+ SMTP:ann@abc.example")
    c.run("undo 2", 0, "- SMTP:ann@abc.example")
    c.has("abc.ldif", "proxyAddresses: SMTP:ann@abc.example", False)

# An undo gives back what a run deleted with what was the other side's, and leaves what has become the other side's.
with Case("undo of a delete", flow='    authority-of { telephoneNumber = "cloud" }\n') as c:
    c.run("sync", 4)
    c.edit("cloud.ldif", "cn: Ann\n", "cn: Ann\ntelephoneNumber: 555\n")
    abc = (c.path / "abc.ldif").read_text()
    c.write("abc.ldif", abc[abc.index("\ndn: CN=Ben"):])
    c.run("sync", 4, "1 deleted")
    c.has("cloud.ldif", "telephoneNumber: 555", False)
    c.run("undo 2", 0, "1 added")
    c.has("cloud.ldif", "telephoneNumber: 555")

with Case("undo of what is the other side's by now") as c:
    c.run("sync")
    c.edit("abc.ldif", "title: Lead\ntelephoneNumber: 1\n\ndn: CN=Ben", "title: Boss\ntelephoneNumber: 2\n\ndn: CN=Ben")
    c.run("sync", 0, "1 modified")
    c.edit("galway.conf", 'into = "OU=GAL,DC=cloud,DC=example"\n',
           'into = "OU=GAL,DC=cloud,DC=example"\n    authority-of { telephoneNumber = "cloud" }\n')
    c.run("undo 2", 4, ("the authority is not abc, left as it is: telephoneNumber", "1 modified"))
    c.has("cloud.ldif", "title: Boss", False)
    c.has("cloud.ldif", "telephoneNumber: 2")
    c.unchanged("undo 2", 4, "the authority is not abc, left as it is: telephoneNumber")

# What the source's flag said before it was gone counts, whatever came between.
FLAG = '    authority-flag = {"extensionAttribute15=cloud:cloud"}\n'
with Case("undo of what the source has given away", abc=FLAG) as c:
    c.run("sync")
    c.edit("abc.ldif", "title: Lead\ntelephoneNumber: 1\n\ndn: CN=Ben", "title: Boss\ntelephoneNumber: 1\n\ndn: CN=Ben")
    c.run("sync", 0, "1 modified")
    c.edit("abc.ldif", "title: Boss\n", "title: Boss\nextensionAttribute15: cloud\n")
    c.run("sync", 4)
    c.unchanged("undo 2", 4, "the authority is not abc, left as it is: title")
    abc = (c.path / "abc.ldif").read_text()
    c.write("abc.ldif", abc[abc.index("\ndn: CN=Ben"):])
    c.run("sync", 4, "denied")
    c.has("cloud.ldif", "dn: CN=Ann,")

with Case("given away while there is a conflict", abc=FLAG) as c:
    c.run("sync")
    c.edit("abc.ldif", "displayName: Ann\n", "extensionAttribute15: cloud\n")
    c.run("sync", 4, "E_DN_BLANK")
    abc = (c.path / "abc.ldif").read_text()
    c.write("abc.ldif", abc[abc.index("\ndn: CN=Ben"):])
    c.run("sync", 4, "denied")
    c.has("cloud.ldif", "dn: CN=Ann,")

# What a run does not do in a directory that is not whole, or another, nobody does there.
STAFF, BEN = "OU=Staff,DC=cloud,DC=example", "CN=Ben,OU=People,DC=abc,DC=example"
with Case("a canary is gone", abc=f'    canary = "{BEN}"\n', cloud_lines=f'    canary = "{STAFF}"\n') as c:
    c.run("sync")
    c.run("set ann title=Chief --as abc")
    c.edit("cloud.ldif", f"dn: {STAFF}", f"dn: OU=Others,{STAFF.split(',', 1)[1]}")
    c.unchanged("undo 1", 3, f"the canary {STAFF} is not to be seen in cloud")
    c.edit("abc.ldif", f"dn: {BEN}", f"dn: CN=Benno,{BEN.split(',', 1)[1]}")
    c.unchanged("set ann title=x --as abc", 2, f"the canary {BEN} is not to be seen in abc: nothing is written")
    c.unchanged("undo 2", 2, f"the canary {BEN} is not to be seen in abc")
    c.edit("abc.ldif", "dn: CN=Benno,", "dn: CN=Ben,")
    c.run("set ann title=x --as abc")

with Case("another directory") as c:
    c.edit("galway.conf", 'type = ldif\n    file = "abc.ldif"', 'type = mem\n    file = "abc.ldif"\n    identity = "one"')
    c.run("sync")
    c.run("set ann title=Chief --as abc")
    c.edit("galway.conf", '"one"', '"two"')
    c.unchanged("set ann title=x --as abc", 2, "abc: another directory answers than in the last run")
    c.edit("galway.conf", '"two"', '"one"')
    c.run("set ann title=x --as abc")
    # It finds entries, as a server does: it is asked for who has the address.
    c.unchanged("set ann mail=ben@abc.example --as abc", 2, "E_PROXY_DUP: ben@abc.example is held by CN=Ben")

print(f"authority: {failed} wrong")
sys.exit(1 if failed else 0)
