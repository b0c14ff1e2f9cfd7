#!/usr/bin/python3
"""Every result code of LDAP but referral, given by a real slapd (slapo-retcode) at every place where one can come.

    result_codes.py GALWAY [--every N]

The places: the bind and each page of a read, of the source and of the target; an add, a modify, a delete and a rename.
Of each cell (a code at a place) must hold:

- the exit code: 2 or 5 when it was said of a read or a bind, 4 when it was said of one write;
- the message names the code, the object and the server (the flow, where it was one write: the name tells the rest);
- after a read that did not end nothing was written, though the source lacks somebody; of the writes the others were done;
- without the code the next run ends well, the target is what it would be had there been none, and a full run then has
  nothing to do;
- busy, unavailable and timeLimitExceeded, which go away while galway is at it, are not even noticed.

--every N: each N-th code only, and those after which a later run may succeed.
"""
import argparse
import contextlib
import pathlib
import re
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "live"))
import ldap  # noqa: E402
import ldap.controls  # noqa: E402
import server  # noqa: E402
from slapd import Slapd  # noqa: E402

CODES = {
    1: "operationsError", 2: "protocolError", 3: "timeLimitExceeded", 4: "sizeLimitExceeded", 5: "compareFalse",
    6: "compareTrue", 7: "authMethodNotSupported", 8: "strongerAuthRequired", 11: "adminLimitExceeded",
    12: "unavailableCriticalExtension", 13: "confidentialityRequired", 14: "saslBindInProgress", 16: "noSuchAttribute",
    17: "undefinedAttributeType", 18: "inappropriateMatching", 19: "constraintViolation", 20: "attributeOrValueExists",
    21: "invalidAttributeSyntax", 32: "noSuchObject", 33: "aliasProblem", 34: "invalidDNSyntax",
    36: "aliasDereferencingProblem", 48: "inappropriateAuthentication", 49: "invalidCredentials",
    50: "insufficientAccessRights", 51: "busy", 52: "unavailable", 53: "unwillingToPerform", 54: "loopDetect",
    64: "namingViolation", 65: "objectClassViolation", 66: "notAllowedOnNonLeaf", 67: "notAllowedOnRDN",
    68: "entryAlreadyExists", 69: "objectClassModsProhibited", 71: "affectsMultipleDSAs", 80: "other",
    118: "canceled", 119: "noSuchOperation", 120: "tooLate", 121: "cannotCancel", 122: "assertionFailed",
    123: "authorizationDenied", 4096: "e-syncRefreshRequired", 12345: "code 12345",
}
# What the overlay cannot show, tests/rogue does (result-codes.sh). Instead of a referral it sends a reference, and no
# result; and who looks whether a deleted entry is really gone gets all of its attributes, which nobody asked for.
ELSEWHERE = {"referral"}
NOT_HERE = {("delete", 32)}
PASSING = {3, 51, 52}  # a later run may succeed
COOKIE = 12  # of a page behind the first: the server has let its cookie go, and so may a later run
ABC, XYZ = "DC=abc,DC=example", "DC=xyz,DC=example"
PEOPLE, PAGE = 12, 5
GONE = 5  # exit code of these
RULE = """rule %s
    scope   (&(objectClass=user)(mail=*)%s)
    require cn
    name    "CN=" & [cn]
    objectClass add = Split("top;person;organizationalPerson;contact%s", ";")
    displayName = [displayName]
    mail = [mail]
"""
# A new contact may have in it what is to be said when it is added.
RULES = (RULE % ("answered", "(employeeNumber=*)", ";errAuxObject")
         + '    errCode add = [employeeNumber]\n    errOp add = "add"\n' + RULE % ("user", "", ""))
CONNECTOR = """connector %s {
    base = "%s"
    %s
}
"""
FILE = 'type = ldif\n    id = objectGUID\n    file = "%s.ldif"'
SERVED = """type = ldap
    url = {"%s"}
    auth = simple
    bind = "%s"
    password = "file:password"
    page-size = %d
    changes = full
    timeout = 10s
    retry = %s"""
FLOW = """state = "state.db"
%s
flow abc-to-xyz {
    source = abc
    target = xyz
    rules = "people.rules"
    into = "OU=GAL,DC=xyz,DC=example"
    max-deletes = 1000
    max-deletes-percent = 100
    max-shrink-percent = 100
}
"""


OPERATIONS = ("add", "modify", "delete", "modrdn")


class Wrong(Exception):
    """A cell that does not hold."""


class Server(Slapd):
    """A slapd whose entries answer what they are told to (errAuxObject), with an account for galway."""

    def __init__(self, suffix):
        self.account = f"cn=galway,{suffix}"
        overlay = ("retcode", f'retcode-parent "ou=none,{suffix}"\nretcode-indir\n')
        super().__init__(suffix, overlays=[overlay], config=(
            f'access to attrs=userPassword by anonymous auth\naccess to * by dn.exact="{self.account}" manage '
            "by * read"))

    def __enter__(self):
        super().__enter__()
        self.add({self.account: {"objectClass": [b"user"], "cn": [b"galway"], "userPassword": [self.password.encode()]}})
        return self

    def says(self, name, code, operation):
        """From now on the entry's answer to the operation is this code; 0: what it is to be."""
        answer = {"errCode": str(code), "errOp": operation}
        mods = [(ldap.MOD_ADD if code else ldap.MOD_DELETE, "objectClass", [b"errAuxObject"])]
        mods += [(ldap.MOD_REPLACE, a, [v.encode()] if code else None) for a, v in answer.items()]
        # RFC 3296: done, and not what the entry would answer to this
        control = ldap.controls.simple.ManageDSAITControl(criticality=True)
        self.link.modify_ext_s(name, mods if code else mods[::-1], serverctrls=[control])

    def entry(self, page, nth):
        """The name of the nth entry of a page, as galway gets them: without pages they may come in another order."""
        cookie = ""
        for _ in range(page):
            control = ldap.controls.SimplePagedResultsControl(True, PAGE, cookie)
            request = self.link.search_ext(self.base, ldap.SCOPE_SUBTREE, attrlist=["1.1"], serverctrls=[control])
            _, found, _, (answer,) = self.link.result3(request)
            cookie = answer.cookie
        return found[nth][0]


def person(n, display=None, cn=None):
    return {"cn": cn or f"Person {n:02}", "displayName": display or f"Person {n:02}",
            "mail": f"person{n:02}@abc.example", "objectGUID": f"person{n:08}"}


class Scene:
    """A folder with galway's files, after a first good run. url, who: of the side that is a server."""

    def __init__(self, galway, folder, side, served):
        self.galway, self.folder, self.side, self.served = galway, pathlib.Path(folder), side, served
        self.generation = 0
        for name, text in (("people.rules", RULES),
                           ("password", served.password + "\n"), ("abc.ldif", ""), ("xyz.ldif", "")):
            (self.folder / name).write_text(text)
            (self.folder / name).chmod(0o600)
        self.retry("1s")

    def retry(self, span):
        sides = {"abc": ABC, "xyz": XYZ}
        served = SERVED % (self.served.ldapi_url, self.served.account, PAGE, span)
        text = FLOW % "".join(CONNECTOR % (n, base, served if n == self.side else FILE % n) for n, base in sides.items())
        (self.folder / "galway.conf").write_text(text)

    def run(self, *words):
        done = subprocess.run([self.galway, "-c", "galway.conf", *words], cwd=self.folder, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, check=False)
        return done.returncode, done.stdout.decode("utf-8", "replace")

    def good(self, *words):
        code, text = self.run(*words)
        if code != 0:
            raise Wrong(f"without the code {' '.join(words)} ended with {code}: {text[-600:]}")

    def settle(self):
        """The code is gone: one run, and all is as it would have been."""
        self.good("sync")
        want, got = self.wanted(), self.contacts()
        if want != got:
            raise Wrong(f"afterwards the target is {sorted(got.items() - want.items())}, "
                        f"not {sorted(want.items() - got.items())}")
        self.good("diff", "--full")

    def wanted(self):
        """{name: (displayName, mail)} of the contacts."""
        return {p["cn"].lower(): (p["displayName"], p["mail"]) for p in self.people}


def ldif_entry(name, attributes):
    lines = [f"dn: {name}"] + [f"{a}: {v}" for a, vs in attributes.items() for v in (vs if isinstance(vs, list) else [vs])]
    return "\n".join(lines) + "\n\n"


class ReadScene(Scene):
    """The source is the server. In each generation one person is changed, one new, and the new one of before gone."""
    people = ()

    def __init__(self, galway, folder, served):
        super().__init__(galway, folder, "abc", served)
        (self.folder / "xyz.ldif").write_text(ldif_entry("OU=GAL," + XYZ, {"objectClass": "organizationalUnit",
                                                                          "ou": "GAL", "objectGUID": "gal"}))
        served.add({f"OU=People,{ABC}": {"objectClass": [b"organizationalUnit"], "ou": [b"People"]}})
        for n in range(1, PEOPLE + 1):
            self.put(person(n))
        self.people = [person(n) for n in range(1, PEOPLE + 1)]
        self.good("sync")
        self.next()
        self.settle()

    def name(self, p):
        return f"CN={p['cn']},OU=People,{ABC}"

    def put(self, p):
        self.served.add({self.name(p): {"objectClass": [b"user"], **{
            a: [v.encode()] for a, v in p.items() if a != "objectGUID"}}})

    def next(self):
        self.generation += 1
        g = self.generation
        self.served.replace(self.name(person(2)), displayName=f"Person 02 of {g}")
        new = person(100 + g)
        self.put(new)
        if g > 1:
            self.served.delete(self.name(person(100 + g - 1)))
        self.people = [person(n) for n in range(1, PEOPLE + 1)] + [new]
        self.people[1] = person(2, f"Person 02 of {g}")

    def contacts(self):
        found = {}
        for record in (self.folder / "xyz.ldif").read_text().split("\n\n"):
            fields = dict(line.split(": ", 1) for line in record.splitlines() if ": " in line)
            if "mail" in fields:
                found[fields["cn"].lower()] = (fields["displayName"], fields["mail"])
        return found

    def bytes(self):
        return (self.folder / "xyz.ldif").read_bytes()


class WriteScene(Scene):
    """The target is the server. In each generation one contact is to be added, one deleted, one modified and one
    renamed."""
    people = ()

    def __init__(self, galway, folder, served):
        super().__init__(galway, folder, "xyz", served)
        served.add({f"OU=GAL,{XYZ}": {"objectClass": [b"organizationalUnit"], "ou": [b"GAL"]}})
        self.next()
        self.good("sync")
        self.next()
        self.settle()

    def next(self):
        self.generation += 1
        g = self.generation
        self.people = [person(n) for n in range(1, PEOPLE + 1)] + [person(100 + g)]
        self.people[1] = person(2, f"Person 02 of {g}")
        self.people[2] = person(3, cn=f"Person 03 of {g}")
        self.write()

    def write(self, added=0):
        """added: what is said when the new contact is added."""
        text = ldif_entry(f"OU=People,{ABC}", {"objectClass": "organizationalUnit", "ou": "People", "objectGUID": "ou"})
        for p in self.people:
            more = {"employeeNumber": str(added)} if added and p is self.people[-1] else {}
            text += ldif_entry(f"CN={p['cn']},OU=People,{ABC}", {"objectClass": ["person", "user"], **p, **more})
        (self.folder / "abc.ldif").write_text(text)

    def name(self, operation):
        """Of the contact that the operation is about, as it is called now."""
        g = self.generation
        cn = {"add": f"Person {100 + g:02}", "delete": f"Person {100 + g - 1:02}", "modify": "Person 02",
              "modrdn": f"Person 03 of {g - 1}"}[operation]
        return f"CN={cn},OU=GAL,{XYZ}"

    def answer(self, operation, code):
        """The operation meets this code; 0: it does no more."""
        if operation == "add":
            self.write(code)
        else:
            self.served.says(self.name(operation), code, operation)

    def contacts(self):
        found = self.served.search(f"OU=GAL,{XYZ}", "(mail=*)", ["cn", "displayName", "mail"])
        return {e["cn"][0].decode().lower(): (e["displayName"][0].decode(), e["mail"][0].decode())
                for e in found.values()}

    def bytes(self):
        return sorted(self.served.search(XYZ).items(), key=str)


# ---- the cells

def check(code, exit_code, text, want, about):
    named = CODES[code] if code == 12345 else f"{CODES[code]} ({code})"
    if exit_code != want:
        raise Wrong(f"exit code {exit_code}, not {want}: {text[-600:]}")
    if named not in text:
        raise Wrong(f"does not say {named}: {text[-600:]}")
    if about.lower() not in text.lower():
        raise Wrong(f"does not name {about}: {text[-600:]}")
    if ("abc-to-xyz" if want == 4 else "ldapi://") not in text:
        raise Wrong(f"does not name the server: {text[-600:]}")


def read_cell(scene, code, operation, entry, page=1):
    """Said of a bind or a page: nothing is written."""
    scene.next()
    name, before = entry(), scene.bytes()
    scene.served.says(name, code, operation)
    got, text = scene.run("sync", "--full")
    scene.served.says(name, 0, operation)
    check(code, got, text, GONE if code in PASSING or (code == COOKIE and page > 1) else 2,
          scene.served.account if operation == "bind" else scene.served.base)
    if scene.bytes() != before:
        raise Wrong(f"something was written: {text[-600:]}")
    scene.settle()


def write_cell(scene, code, operation):
    """Said of one write: the others are done."""
    scene.next()
    scene.answer(operation, code)
    got, text = scene.run("sync")
    done, want = scene.contacts(), scene.wanted()
    scene.answer(operation, 0)
    check(code, got, text, 4, scene.name(operation))
    apart = {k for k in done.keys() | want.keys() if done.get(k) != want.get(k)}
    # A rename is one write, and what it would have made is another name.
    if len(apart) != (2 if operation == "modrdn" else 1):
        raise Wrong(f"all but one of the writes should be done, not: {sorted(apart)}: {text[-600:]}")
    scene.settle()


def passing_cell(scene, code, operation, entry):
    """Said for half a second."""
    scene.next()
    name = entry()
    scene.served.says(name, code, operation)
    scene.retry("20s")
    timer = threading.Timer(0.5, scene.served.says, [name, 0, operation])
    timer.start()
    began = time.monotonic()
    got, text = scene.run("sync", "--full")
    seconds = time.monotonic() - began
    timer.join()
    scene.retry("1s")
    if got != 0:
        raise Wrong(f"said for half a second it ended with {got}: {text[-600:]}")
    if seconds < 0.5:
        raise Wrong(f"ended after {seconds:.1f} s, before the code was gone: {text[-600:]}")
    scene.settle()


def cells(scene, codes):
    """(place, code, function, arguments)"""
    s = scene.served
    side = "source" if scene.side == "abc" else "target"
    for code in codes:
        yield f"bind, {side}", code, read_cell, (code, "bind", lambda: s.account)
        for page in (1, 2, 3):
            yield f"page {page}, {side}", code, read_cell, (code, "search", lambda p=page: s.entry(p, 3), page)
        if code in PASSING:
            yield f"bind, {side}, a moment", code, passing_cell, (code, "bind", lambda: s.account)
        if code in PASSING and code != 3:  # a search would take as long again; what is said behind entries is final, too
            yield f"page 2, {side}, a moment", code, passing_cell, (code, "search", lambda: s.entry(2, 0))
        for operation in OPERATIONS if scene.side == "xyz" else ():
            if (operation, code) not in NOT_HERE:
                yield operation, code, write_cell, (code, operation)
            if code in PASSING and operation != "add":  # in that the code is a part of what is asked for
                yield f"{operation}, a moment", code, passing_cell, (code, operation, lambda o=operation: scene.name(o))


def known_codes():
    """The names in galway's own table, which may have none that is not tried."""
    text = (HERE.parents[1] / "connectors" / "ldap_code.c").read_text()
    table = text[:text.index("libldap's own")]
    return set(re.findall(r'\{LDAP_\w+, "([^"]+)"', table)) - {"success"}


def matrix(results):
    places = list(dict.fromkeys(place for place, _ in results))
    for place in places:
        row = {code: good for (p, code), good in results.items() if p == place}
        failed = [f"{CODES[c]} ({c})" for c, good in row.items() if not good]
        print(f"  {place:26} {sum(row.values()):3} of {len(row):3}{'  FAILED: ' + ', '.join(failed) if failed else ''}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("galway")
    parser.add_argument("--every", type=int, default=1)
    options = parser.parse_args()
    galway, began, results = str(pathlib.Path(options.galway).resolve()), time.monotonic(), {}
    if not known_codes():
        print("FAILED: no codes are found in connectors/ldap_code.c")
        return 1
    lacking = known_codes() - set(CODES.values()) - ELSEWHERE
    if lacking:
        print(f"FAILED: connectors/ldap_code.c knows codes that are not tried here: {', '.join(sorted(lacking))}")
        return 1
    codes = [c for i, c in enumerate(CODES) if i % options.every == 0 or c in {*PASSING, COOKIE}]
    with contextlib.ExitStack() as stack:
        stack.enter_context(server.own_network())
        scenes = [kind(galway, stack.enter_context(server.Folder("codes")), stack.enter_context(Server(suffix)))
                  for kind, suffix in ((ReadScene, ABC), (WriteScene, XYZ))]
        for scene in scenes:
            for place, code, function, arguments in cells(scene, codes):
                try:
                    function(scene, *arguments)
                    results[place, code] = True
                except Wrong as wrong:
                    results[place, code] = False
                    print(f"FAILED {place}, {CODES[code]} ({code}): {wrong}", flush=True)
                    scene.run("sync", "--full")  # the next cell is not to pay for it
    matrix(results)
    good = sum(results.values())
    print(f"result-codes: {good} of {len(results)} cells hold ({len(codes)} codes), "
          f"{time.monotonic() - began:.0f} s")
    return 0 if results and good == len(results) else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except server.Skip as e:
        print(f"skipped: {e}")
        sys.exit(server.SKIPPED)
    except server.Failure as e:
        print(f"FAILED: {e}")
        sys.exit(1)
