#!/usr/bin/python3
"""Saved plans: what was looked at is what is done, once, or nothing is.

    run.py GALWAY
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

GALWAY = sys.argv[1]
CONFIG = """state = "state.db"
connector abc {
    type = ldif
    file = "abc.ldif"
    base = "DC=abc,DC=example"
}
connector xyz {
    type = ldif
    file = "xyz.ldif"
    base = "DC=xyz,DC=example"
}
flow one {
    source = abc
    target = xyz
    into = "OU=GAL,DC=xyz,DC=example"
    rules = "some.rules"
}
"""
RULES = """include galsync
"""
ABC = """dn: CN=Ann,OU=People,DC=abc,DC=example
objectClass: user
objectGUID: abc-ann---------
cn: Ann
displayName: Ann
sAMAccountName: ann
mail: ann@abc.example
proxyAddresses: SMTP:ann@abc.example

dn: CN=Ben,OU=People,DC=abc,DC=example
objectClass: user
objectGUID: abc-ben---------
cn: Ben
displayName: Ben
sAMAccountName: ben
mail: ben@abc.example
proxyAddresses: SMTP:ben@abc.example
"""
XYZ = """dn: DC=xyz,DC=example
objectClass: domain

dn: OU=GAL,DC=xyz,DC=example
objectClass: organizationalUnit
ou: GAL
"""
failed = 0


class Case:
    """A folder with a plan that adds Ann and Ben, saved."""

    def __init__(self, name, save=("diff", "--save", "plan.json")):
        self.name = name
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="galway-saved-"))
        self.write("galway.conf", CONFIG)
        self.write("some.rules", RULES)
        self.write("abc.ldif", ABC)
        self.write("xyz.ldif", XYZ)
        if save:
            self.want(1, *save)

    def __enter__(self):
        return self

    def __exit__(self, *what):
        shutil.rmtree(self.path)

    def write(self, name, text):
        (self.path / name).write_text(text)
        (self.path / name).chmod(0o600)

    def read(self, name):
        return (self.path / name).read_bytes()

    def run(self, *words):
        return subprocess.run([GALWAY, "-c", "galway.conf", *words], cwd=self.path, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=60, check=False)

    def want(self, code, *words, says=""):
        done = self.run(*words)
        if done.returncode != code or says not in done.stderr:
            self.wrong(f"galway {' '.join(words)} ended with {done.returncode}, not {code}, or does not say '{says}':\n"
                       + done.stderr)
        return done

    def refused(self, code, says, *words):
        """Nothing is written, and no state is left behind that was not there."""
        target = self.read("xyz.ldif")
        self.want(code, *(words or ("sync", "--plan", "plan.json")), says=says)
        if self.read("xyz.ldif") != target:
            self.wrong("the target was changed")

    def wrong(self, text):
        global failed
        failed += 1
        print(f"{self.name}: {text}", file=sys.stderr)


def replaced(text, old, new):
    assert old in text, old
    return text.replace(old, new)


with Case("good") as c:
    if (c.path / "plan.json").stat().st_mode & 0o777 != 0o600:
        c.wrong("the plan is not its user's alone")
    plan = json.loads(c.read("plan.json"))
    if [s["op"] for s in plan["report"]["flows"][0]["steps"]] != ["add", "add"] or plan["flow"] != "one":
        c.wrong(f"a person cannot read it: {plan}")
    c.want(0, "sync", "--plan", "plan.json")
    if b"CN=Ben,OU=GAL" not in c.read("xyz.ldif"):
        c.wrong("it was not applied")
    c.refused(3, "2 steps differ")  # applied twice: it was used up

with Case("another run since, with nothing to do", save=None) as c:
    c.want(0, "sync")
    c.want(0, "diff", "--save", "plan.json")
    c.want(0, "sync")
    c.refused(3, "0 steps differ, but a run was made since")

with Case("source changed") as c:
    c.write("abc.ldif", replaced(ABC, "displayName: Ben", "displayName: Benjamin"))
    c.refused(3, "2 steps differ")  # Ben's of then and Ben's of now
    c.write("abc.ldif", ABC)
    c.want(0, "sync", "--plan", "plan.json")

with Case("source changed, out of scope") as c:
    c.write("abc.ldif", ABC + "\ndn: OU=People,DC=abc,DC=example\nobjectClass: organizationalUnit\nou: People\n")
    c.want(0, "sync", "--plan", "plan.json")

with Case("target changed") as c:
    c.write("xyz.ldif", XYZ + "\ndn: CN=Ann,OU=GAL,DC=xyz,DC=example\nobjectClass: contact\ncn: Ann\n")
    c.refused(3, "differ")

# Who is to go looks as he did: somebody's edit may be why he should stay.
with Case("target changed, of who goes", save=None) as c:
    c.want(0, "sync")
    c.write("abc.ldif", ABC[:ABC.index("dn: CN=Ben")])
    c.want(1, "diff", "--save", "plan.json")
    target = c.read("xyz.ldif").decode()
    c.write("xyz.ldif", replaced(target, "displayName: Ben", "displayName: Ben, who stays"))
    c.refused(3, "0 steps differ")
    c.write("xyz.ldif", replaced(target, "displayName: Ben", "displayName:: QmVu"))  # the same, written in another way
    c.want(0, "sync", "--plan", "plan.json")
    if b"CN=Ben,OU=GAL" in c.read("xyz.ldif"):
        c.wrong("it was not applied")

with Case("rules changed") as c:
    c.write("some.rules", RULES + "rule user\n    title = \"Mx\"\n")
    c.refused(3, "4 steps differ")
    c.write("some.rules", RULES + "# another text\n")
    c.refused(3, "0 steps differ, but a run was made since, the rules are others, or who goes was edited")

with Case("options are kept", save=("diff", "--object", "ann", "--save", "plan.json")) as c:
    c.want(0, "sync", "--plan", "plan.json")
    if b"CN=Ann,OU=GAL" not in c.read("xyz.ldif") or b"CN=Ben,OU=GAL" in c.read("xyz.ldif"):
        c.wrong("not the one object")
with Case("options are kept: skipped", save=None) as c:
    c.want(0, "diff", "--no-create", "--save", "plan.json")
    c.want(0, "sync", "--plan", "plan.json")
    if b"CN=Ann,OU=GAL" in c.read("xyz.ldif"):
        c.wrong("it was added all the same")

with Case("over a limit: the plan is the approval", save=None) as c:
    c.want(0, "sync")
    c.write("abc.ldif", "dn: DC=abc,DC=example\nobjectClass: domain\n")
    c.refused(3, "refused", "sync", "--full")
    c.want(1, "diff", "--full", "--save", "plan.json")
    c.want(0, "sync", "--plan", "plan.json")
    if b"CN=Ann,OU=GAL" in c.read("xyz.ldif"):
        c.wrong("it was not applied")

# What a refusal prints is pasted into a shell, in the same folder: it does that, and leaves out what was left out.
def pasted(c, refused, to_do):
    found = re.search(r'look at it with "(.*)"; to do exactly this, once: (.*)', refused.stderr)
    if not found:
        c.wrong(f"no command is printed:\n{refused.stderr}")
        return
    (c.path / "galway").symlink_to(pathlib.Path(GALWAY).resolve())
    for code, line in ((1, found.group(1)), (to_do, found.group(2))):
        done = subprocess.run(["sh", "-c", line], cwd=c.path, env={**os.environ, "PATH": f"{c.path}:/usr/bin:/bin"}, capture_output=True,
                              text=True, stdin=subprocess.DEVNULL, timeout=60, check=False)
        if done.returncode != code:
            c.wrong(f"{line} ended with {done.returncode}, not {code}:\n{done.stderr}")


BOB = ABC[ABC.index("dn: CN=Ben"):].replace("Ben", "Bob").replace("ben", "bob")
for options, robert, gone in ((("--no-delete",), True, False), (("--object", "it's ann"), False, False), ((), True, True)):
    with Case(f"what a refusal prints: {' '.join(options)}", save=None) as c:
        start = replaced(ABC, "sAMAccountName: ann", "sAMAccountName: it's ann") + "\n" + BOB
        c.write("abc.ldif", start)
        c.want(0, "sync")
        c.write("galway.conf", replaced(CONFIG, 'rules = "some.rules"', 'rules = "some.rules"\n    max-modifies = 0'))
        now = replaced(replaced(start, "displayName: Ann", "displayName: Anna"), "displayName: Bob", "displayName: Robert")
        c.write("abc.ldif", now[:now.index("dn: CN=Ben")] + now[now.index("dn: CN=Bob"):])
        pasted(c, c.want(3, "sync", *options), 0)
        target = c.read("xyz.ldif")
        if (b"displayName: Anna" not in target or (b"displayName: Robert" in target) != robert
                or (b"CN=Ben,OU=GAL" not in target) != gone):
            c.wrong("that is not what was refused")

with Case("wrong use") as c:
    c.refused(2, "name no others", "sync", "--plan", "plan.json", "one")
    c.refused(2, "name no others", "sync", "--plan", "plan.json", "--full")
    c.refused(2, "name no others", "sync", "--plan", "plan.json", "--approve", "0")
    c.refused(2, "plan none.json", "sync", "--plan", "none.json")
    c.refused(2, "not over the configuration", "diff", "--save", "galway.conf")
    c.refused(2, "not over the state", "diff", "--save", "state.db")
    c.refused(2, "not a regular file", "diff", "--save", "/dev/null")
    c.refused(2, "--output names the same file", "diff", "--save", "one", "-o", "./one")
    for mode in (0o620, 0o602):
        (c.path / "plan.json").chmod(mode)
        c.refused(2, "may write it")
    (c.path / "plan.json").chmod(0o600)
    (c.path / "link").symlink_to("plan.json")
    c.refused(2, "link", "sync", "--plan", "link")
    c.write("galway.conf", CONFIG + CONFIG[CONFIG.index("flow one"):].replace("flow one", "flow two"))
    c.refused(2, "--save is for one flow", "diff", "--save", "two.json")
    c.write("galway.conf", CONFIG)
    c.want(0, "sync", "one")
    c.refused(2, "and no undo", "diff", "--undo", "1", "--save", "two.json")
    if (c.path / "two.json").exists():
        c.wrong("two.json is there")

# Whatever bit is wrong, and wherever it is cut, nothing is written.
with Case("each byte", save=("diff", "--object", "ann", "--save", "plan.json")) as c:
    good = c.read("plan.json")
    every = int(os.environ.get("EVERY", "1"))
    for at in range(0, len(good), every):
        (c.path / "plan.json").write_bytes(good[:at] + bytes([good[at] ^ (1 << at % 8)]) + good[at + 1:])
        c.refused(2, "plan plan.json: ")
        if at % 16 == 0:
            (c.path / "plan.json").write_bytes(good[:at])
            c.refused(2, "plan plan.json: ")
    (c.path / "plan.json").write_bytes(good + b"\n")
    c.refused(2, "damaged or edited")
    (c.path / "plan.json").write_bytes(good)
    c.want(0, "sync", "--plan", "plan.json")

# Somebody who edits it and makes a new seal chooses no other write: the plan is made anew.
with Case("edited, with a good seal", save=("diff", "--object", "ann", "--save", "plan.json")) as c:
    import hashlib
    head, _, rest = c.read("plan.json").partition(b"\n")
    for old, new in ((b'"object":"ann"', b'"object":"ben"'), (b'"object":"ann",', b''),
                     (b'"digest":"', b'"digest":"0'), (b'"flow":"one"', b'"flow":"two"')):
        edited = replaced(rest, old, new)
        c.path.joinpath("plan.json").write_bytes(
            b'{"galway-plan":1,"sha256":"' + hashlib.sha256(edited).hexdigest().encode() + b'",\n' + edited)
        c.refused(2 if b"flow" in old else 3, "flow")

print(f"saved plans: {failed} wrong")
sys.exit(1 if failed else 0)
