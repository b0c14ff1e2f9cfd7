#!/usr/bin/env python3
"""Microsoft Graph as source and as target, with a service of ours (graph_fake.py).   graph.py GALWAY [--only TEST] [--described]

After each test the service must have no complaint of what it was asked. With --described all goes through graph_api.py: Microsoft's own
description of Graph must agree with each request, and with each answer of the service, too.
"""
import argparse
import calendar
import itertools
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid

import fake
import graph_api
import graph_fake
import servers

CORPUS = pathlib.Path(__file__).resolve().parent.parent / "fuzz" / "corpus" / "fuzz_connectors_graph"
failures = []
SOURCE = """
rule person
    scope  (objectClass=user)
    name   "CN=" & [cn]
    objectClass = "contact"
    displayName = [displayName]
    mail        = [mail]
    sn          = [sn]
    telephoneNumber = [telephoneNumber]
    proxyAddresses  = [proxyAddresses]
    info        = [assignedPlans]
    manager     = [manager]
"""
GROUPS = """
rule group
    scope  (objectClass=group)
    name   "CN=" & [displayName]
    objectClass = "contact"
    otherMailbox = [member]
rule contact
    scope  (objectClass=contact)
    name   "CN=" & [mail]
    objectClass = "contact"
    telephoneNumber = [telephoneNumber]
    manager = [manager]
"""
SKU = "0a0b0c0d-1111-4111-8111-000000000001"
LICENSED = f"""
rule person
    scope  (&(objectClass=user)(assignedLicenses={SKU})(provisionedPlans=exchange))
    name   "CN=" & [cn]
    objectClass = "contact"
    otherMailbox = [assignedLicenses]
    info         = [provisionedPlans]
"""
CONTACTS = """
rule person
    scope  (objectClass=user)
    name   "CN=" & [cn]
    objectClass = "contact"
    displayName = [displayName]
    givenName   = [givenName]
    sn          = [sn]
    mail        = [mail]
    title       = [title]
    telephoneNumber = [telephoneNumber]
    l           = [l]
"""
GUESTS = CONTACTS.replace('"contact"', '"user"').replace("[cn]", "[mail]") + "    showInAddressList = \"TRUE\"\n"


def serve(service):
    return graph_fake.serve(service, front=FRONT, folder=FOLDER)


def wrong(what):
    failures.append(what)
    print("WRONG:", what, flush=True)


class World:
    """A tenant and a file, and a flow from one to the other, in a folder of their own."""

    def __init__(self, service, server, rules, settings=(), source=False, flow=(), proof=None, top=()):
        self.folder = pathlib.Path(tempfile.mkdtemp(dir=FOLDER))
        self.service, self.people = service, {}
        (self.folder / "my.rules").write_text(rules)
        secret = self.folder / "secret"
        secret.write_text("S3CR3T\n")
        secret.chmod(0o600)
        lines = [*top, 'state = "state.db"', "connector files {", "    type = ldif", '    file = "files.ldif"', '    smtp-domains = {"xyz.example"}',
                 "}", "connector cloud {", "    type = graph", f'    tenant = "{graph_fake.TENANT}"', f'    url = "{server.url}/"', f'    login-url = "{server.login}"',
                 '    client-id = "galway"', *(proof or [f'    secret = "file:{secret}"']), '    base = "O=cloud"', "    retry = 5s",
                 f'    tls-ca = "{FOLDER}/ca.pem"' if server.url.startswith("https") else "", "    plain = true" if "http:" in server.url + server.login else "",
                 *("    " + s for s in settings), "}",
                 "flow one {", f"    source = {'cloud' if source else 'files'}", f"    target = {'files' if source else 'cloud'}",
                 '    rules = "my.rules"', f'    into = "{"OU=GAL,DC=abc,DC=example" if source else "O=cloud"}"', *("    " + s for s in flow), "}"]
        config = self.folder / "galway.conf"
        config.write_text("\n".join(lines) + "\n")
        config.chmod(0o600)
        self.write()

    def write(self):
        """The people as the LDIF file."""
        out = ["dn: OU=GAL,DC=abc,DC=example\nobjectClass: organizationalUnit\nobjectGUID: gal\n"]
        for key, p in self.people.items():
            out.append("\n".join([f"dn: CN={key},OU=GAL,DC=abc,DC=example", f"objectGUID: {key}", f"cn: {p.get('cn', key)}",
                                  *(f"{a}: {v}" for a, v in p.items() if a != "cn")]) + "\n")
        (self.folder / "files.ldif").write_text("\n".join(out))

    def person(self, n, **more):
        self.people[f"p{n:03}"] = {"objectClass": "user", "displayName": f"User {n}", "givenName": "User", "sn": f"No{n}",
                                   "mail": f"user{n}@xyz.example", "title": "Staff", "telephoneNumber": f"+1 555 {n}", "l": "Berlin", **more}

    def file(self):
        """What the file has: {cn: {attribute: values}}."""
        return fake.contacts(self.folder / "files.ldif")

    def expect(self, name, code, *words, arguments=("sync",)):
        result = subprocess.run([OPTIONS.galway, "-c", self.folder / "galway.conf", *arguments], capture_output=True, text=True,
                                timeout=120, check=False)
        text = result.stdout + result.stderr
        if "runtime error" in text or "Sanitizer" in text or "S3CR3T" in text or "T0KEN" in text:
            wrong(f"{name}: {arguments}: {text}")
        lacking = [w for w in words if w not in text]
        if result.returncode != code or lacking:
            wrong(f"{name}: {' '.join(arguments)} ended with {result.returncode}, not {code}; lacks {lacking}: {text}")
        if self.service.complaints:
            wrong(f"{name}: asked wrongly: {self.service.complaints}")
            self.service.complaints.clear()
        return text


def same(name, has, wants):
    if has != wants:
        wrong(f"{name}: has {has}, not {wants}")


# --- as a source
def source():
    s = graph_fake.Service()
    with serve(s) as server:
        ids = [s.user(n) for n in range(25)]
        s.change(ids[1], manager=ids[0])
        s.change(ids[2], proxyAddresses=["SMTP:user2@abc.example", "smtp:two@abc.example"],
                 assignedPlans=[{"service": "exchange", "capabilityStatus": "Enabled"}, {"service": "Teams", "capabilityStatus": "Deleted"}])
        s.remove(s.user(99))
        w = World(s, server, SOURCE, source=True)
        w.expect("first round", 0, "25 added")
        f = w.file()
        same("manager", f[r"user1@abc.example"]["manager"], ["CN=user0@abc.example,OU=GAL,DC=abc,DC=example"])
        same("plans", f["user2@abc.example"]["info"], ["exchange"])
        same("phone", f["user3@abc.example"]["telephoneNumber"], ["+1 555 3"])
        w.expect("again", 0, "nothing to do")
        w.expect("all again", 0, "nothing to do", arguments=("sync", "--full"))
        s.change(ids[3], businessPhones=["+1 1"])
        s.change(ids[3], businessPhones=["+1 2"])
        s.change(ids[4], surname=None)
        s.remove(ids[5], reason="changed")
        s.user(30)
        s.put(**s.kinds["users"][ids[6]])  # a replay: nothing changed
        s.change(ids[7], manager=ids[8])
        s.put(id=ids[9], **{k: v for k, v in s.kinds["users"][ids[9]].items() if k != "id"})
        s.events["users"].insert(-1, (ids[9], {"@removed": {"reason": "changed"}}))  # removed, and restored
        server.log.clear()
        w.expect("delta", 0, "(delta)", "1 added", "3 modified", "1 deleted")
        f = w.file()
        same("last wins", f["user3@abc.example"]["telephoneNumber"], ["+1 2"])
        same("null", f["user4@abc.example"].get("sn"), None)
        same("new manager", f["user7@abc.example"].get("manager"), ["CN=user8@abc.example,OU=GAL,DC=abc,DC=example"])
        same("restored", "user9@abc.example" in f, True)
        same("removed", "user5@abc.example" in f, False)
        if sum("/delta?$select" in path or "/delta?%24select" in path for _, _, path, _, _ in server.log):
            wrong("a delta began anew")
        w.expect("at last", 0, "nothing to do", arguments=("sync", "--full"))


def licences():
    """Who is in the list by his licence and by what was set up for him; a delta tells when either changes."""
    def plan(service, status):
        return {"service": service, "capabilityStatus": "Enabled", "provisioningStatus": status}

    other = "0a0b0c0d-1111-4111-8111-000000000002"
    one, two = {"skuId": SKU, "disabledPlans": []}, {"skuId": other, "disabledPlans": [str(uuid.uuid4())]}
    done, pending = plan("exchange", "Success"), plan("exchange", "PendingInput")
    s = graph_fake.Service()
    with serve(s) as server:
        s.user(0)
        s.user(1, assignedLicenses=[two], provisionedPlans=[done])
        late = s.user(2, assignedLicenses=[one], provisionedPlans=[pending])
        both = s.user(3, assignedLicenses=[one, two], provisionedPlans=[done, plan("MicrosoftCommunicationsOnline", "Error")])
        w = World(s, server, LICENSED, source=True)
        has = lambda: {cn.partition("@")[0]: (sorted(e["otherMailbox"]), e["info"]) for cn, e in w.file().items()}
        w.expect("licences", 0, "1 added")
        same("licences", has(), {"user3": ([SKU, other], ["exchange"])})
        s.change(late, provisionedPlans=[done])
        s.change(both, assignedLicenses=[one])
        w.expect("a plan is set up, and a licence less", 0, "(delta)", "1 added", "1 modified")
        same("a plan is set up, and a licence less", has(), {f"user{n}": ([SKU], ["exchange"]) for n in (2, 3)})
        s.change(both, assignedLicenses=[])
        w.expect("without a licence", 0, "(delta)", "1 deleted")
        same("without a licence", list(has()), ["user2"])
        w.expect("licences: at last", 0, "nothing to do", arguments=("sync", "--full"))


def groups():
    s = graph_fake.Service(page=2)
    with serve(s) as server:
        ids = [s.user(n) for n in range(5)]
        sales = s.put("groups", displayName="Sales", members=ids[:3], groupTypes=["Unified"])
        s.put("groups", displayName="Nobody")
        far = s.put("contacts", displayName="Far, Away", mail="far@far.example", phones=[{"type": "business", "number": "+1 9"}], manager=ids[0])
        w = World(s, server, SOURCE + GROUPS, ['types = {"users", "groups", "contacts"}'], source=True)
        w.expect("groups", 0, "8 added")
        dn = lambda n: f"CN=user{n}@abc.example,O=cloud"
        same("members", sorted(w.file()["Sales"]["otherMailbox"]), [dn(0), dn(1), dn(2)])
        boss = lambda n: [f"CN=user{n}@abc.example,OU=GAL,DC=abc,DC=example"]
        away = lambda: [w.file()["far@far.example"].get(a) for a in ("telephoneNumber", "manager")]
        same("organization's contact", away(), [["+1 9"], boss(0)])
        s.change(sales, "groups", members=ids[1:])
        w.expect("members change", 0, "(delta)", "1 modified")
        same("members change", sorted(w.file()["Sales"]["otherMailbox"]), [dn(1), dn(2), dn(3), dn(4)])
        s.change(far, "contacts", phones=[{"type": "mobile", "number": "+1 0"}, {"type": "business", "number": "+1 8"}])
        w.expect("organization's contact: a phone", 0, "(delta)", "1 modified")
        same("organization's contact: a phone", away(), [["+1 8"], boss(0)])
        s.change(far, "contacts", manager=ids[1])
        w.expect("organization's contact: a manager", 0, "(delta)", "1 modified")
        same("organization's contact: a manager", away(), [["+1 8"], boss(1)])
        w.expect("groups: all again", 0, "nothing to do", arguments=("sync", "--full"))
        s.remove(far, "contacts")
        w.expect("organization's contact: removed", 0, "(delta)", "1 deleted")
        same("organization's contact: removed", "far@far.example" in w.file(), False)
        w.expect("groups: at last", 0, "nothing to do", arguments=("sync", "--full"))


def repeats():
    s = graph_fake.Service(repeat=True, page=7)
    with serve(s) as server:
        for n in range(10):
            s.user(n)
        w = World(s, server, SOURCE, source=True)
        w.expect("the same ids again", 0, "10 added")
        same("the same ids again", [w.file()[f"user{n}@abc.example"]["displayName"] for n in range(10)], [[f"User {n}"] for n in range(10)])
        same("whole", w.file()["user5@abc.example"]["sn"], ["No5"])
        s.options["throttle"] = 2
        began = time.monotonic()
        w.expect("throttled", 0, "nothing to do", arguments=("sync", "--full"))
        if time.monotonic() - began < 1.9:
            wrong("throttled: Retry-After was not heeded")


def resync():
    """A deltaLink that is not taken any more: everything is read, and nothing is lost."""
    for name, options in {"410": {"gone": True}, "syncStateNotFound": {"code": (400, "syncStateNotFound")},
                          "resyncRequired": {"code": (404, "resyncRequired")}}.items():
        s = graph_fake.Service()
        with serve(s) as server:
            ids = [s.user(n) for n in range(12)]
            w = World(s, server, SOURCE, source=True)
            w.expect(name, 0, "12 added")
            s.change(ids[1], surname="New")
            s.remove(ids[2])
            s.events["users"].pop()  # Graph forgot it: only reading everything tells
            s.options.update(options)
            w.expect(f"{name}: read anew", 0, "(full", "1 modified", "1 deleted")
            s.options.update(graph_fake.Service().options)
            w.expect(f"{name}: at last", 0, "(delta)", "nothing to do")


def hostile():
    """Answers that are wrong: the run ends, nothing is deleted, and the old cookie stays."""
    cases = {
        "half a round": ({"half": 1}, 2, "neither nextLink nor deltaLink"),
        "elsewhere": ({"elsewhere": "https://127.0.0.2:1", "page": 5}, 2, "127.0.0.2"),
        "without end": ({"loop": True}, 2, "a nextLink came twice"),
        "half of the JSON": ({"broken": 1}, 2, "not taken as JSON"),
        "no right": ({"code": (403, "Authorization_RequestDenied")}, 2, "Authorization_RequestDenied"),
        "not now": ({"throttle": 1000}, 5, "TooManyRequests"),
        **{name: ({"spoil": name}, 2, words) for name, (_, words) in fake.SPOILED.items()},
    }
    for name, (options, code, words) in cases.items():
        s = graph_fake.Service()
        with serve(s) as server:
            ids = [s.user(n) for n in range(12)]
            w = World(s, server, SOURCE, ["retry = 2s" if "throttle" in options else "max-answer = 1000000"], source=True)
            if "throttle" in options:
                (w.folder / "galway.conf").write_text((w.folder / "galway.conf").read_text().replace("    retry = 5s\n", ""))
            w.expect(name, 0, "12 added")
            before = (w.folder / "files.ldif").read_bytes()
            for i in ids[:2]:
                s.remove(i)
            s.options.update(options)
            for arguments in (("sync",), ("sync", "--full"))[:1 if name == "no right" else 2]:
                s.pages = 0
                text = w.expect(name, code, words, arguments=arguments)
                same(f"{name}: ids", fake.unnamed(text, words, server.log), [])
            if (w.folder / "files.ldif").read_bytes() != before:
                wrong(f"{name}: the target was changed")
            s.options.update(graph_fake.Service().options)
            w.expect(f"{name}: later", 0, "(delta)", "2 deleted")
    s = graph_fake.Service()
    with serve(s) as server:
        one = s.user(1)
        w = World(s, server, SOURCE, source=True)
        w.expect("it has a name", 0, "1 added")
        s.change(one, surname="New")
        s.options["noname"] = True
        text = w.expect("a user without a name", 2, "has no userPrincipalName")
        same("a user without a name: ids", fake.unnamed(text, "has no userPrincipalName", server.log), [])
        # On the second page.
        many = [s.user(n) for n in range(2, 26)]
        s.options["noname"] = many[13]
        server.log.clear()
        text = w.expect("one of many has no name", 2, "has no userPrincipalName", arguments=("sync", "--full"))
        asked = [headers["client-request-id"] for _, _, path, headers, _ in server.log if "/users/delta" in path]
        same("one of many has no name", re.findall(r"client-request-id ([0-9a-f-]{36})", text), asked[1:2])
        for key in many:
            s.remove(key)
        s.options["noname"] = False
        del s.kinds["users"][one]
        text = w.expect("not there any more", 5, "an object that changed is not there")
        same("not there any more: ids", fake.unnamed(text, "an object that changed is not there", server.log), [])


class Documented:
    """Answers as Microsoft's pages show them (tests/fuzz/corpus/fuzz_connectors_graph), one a request, each to the request above it."""

    def __init__(self, name):
        self.options, self.complaints, self.exchanges, self.url = {}, [], [], None
        text = (CORPUS / name).read_text()
        for method, asked, status, headers, body in re.findall(r"^([A-Z]+) https://graph.microsoft.com(\S+)\n\nHTTP/1.1 (\d+).*\n((?:.+\n)*)\n"
                                                               r"((?:(?![A-Z]+ https:).*\n)*)", text, re.MULTILINE):
            self.exchanges.append((method, asked, int(status), dict(h.split(": ", 1) for h in headers.splitlines()), body))

    def __call__(self, r):
        if r.path.endswith("/token"):
            return r.reply(200, b'{"access_token":"T0KEN","token_type":"Bearer","expires_in":3599}', Content_Type="application/json")
        method, asked, status, headers, body = self.exchanges.pop(0)
        # What a page shows of $select is not what is asked for here; tokens are.
        path = re.sub(r"\?(?:\$select|\$top|%24select).*", "", r.path)
        if r.command != method or urllib.parse.unquote(path) != urllib.parse.unquote(asked):
            self.complaints.append(f"{r.command} {r.path}, not {method} {asked}")
        headers = {k.replace("-", "_"): v for k, v in headers.items() if k != "Location"}
        return r.reply(status, body.replace("https://graph.microsoft.com", self.url).encode(), **headers)


def documented():
    """Each as a first run, and what comes after it."""
    ann, bob, room, dan = (f"{n}@abc.example" for n in ("ann", "bob", "room", "dan"))
    cases = {
        "users-delta": [("4 added", [ann, bob, room, dan]), ("1 modified, 1 deleted", [ann, room, dan]), ("nothing to do", [ann, room, dan])],
        "gone": [("2 added", [ann, bob]), ("1 deleted", [ann])],
        "syncStateNotFound": [("2 added", [ann, bob]), ("1 deleted", [ann])],
        "throttled": [("2 added", [ann, bob])],
        "error": [("Authorization_RequestDenied/accessRestricted/propertyNotUpdateable: Insufficient privileges", None)],
        "onPremisesSyncBehavior": [("1 added", [bob])],
        "onPremisesSyncBehavior-beta": [("1 added", [bob])],
        "contacts-delta": [("2 added", [ann, bob]), ("1 modified, 1 deleted", [ann])],
        "groups-delta": [("5 added", [ann, bob, "Group 1", "Group 2", "Group 3"])],
    }
    for name, runs in cases.items():
        s = Documented(name)
        with serve(s) as server:
            behavior, groups, organization = "Behavior" in name, "groups" in name, "contacts" in name
            rules = SOURCE + GROUPS if groups or organization else SOURCE
            w = World(s, server, rules.replace("(objectClass=user)", "(&(objectClass=user)(!(isCloudManaged=TRUE)))") if behavior else rules,
                      ["window = 1", *['types = {"users", "groups"}'] * groups, *['types = {"contacts"}'] * organization], source=True,
                      flow=("min-left-percent = 0", "max-shrink-percent = 100"))
            began = time.monotonic()
            for words, has in runs:
                w.expect(name, 0 if has else 2, words)
                same(name, sorted(w.file()), sorted(has or []))
            same(f"{name}: left", s.exchanges, [])
            if name == "throttled" and time.monotonic() - began < 1:
                wrong("throttled: Retry-After was not heeded")
            if name == "users-delta":
                same("the latest", w.file()[ann]["displayName"], ["Ann New"])
            if organization:
                same("the latest phone", w.file()[ann]["telephoneNumber"], ["+1 555 2"])
            if groups:
                same("members", [w.file()[f"Group {n}"].get("otherMailbox") for n in (1, 2, 3)],
                     [[f"CN={ann},O=cloud", f"CN={bob},O=cloud"], None, [f"CN={bob},O=cloud"]])


def documented_targets():
    """A folder's contact is read as what is to be there; a guest is invited, and the one who is patched is who was invited."""
    s = Documented("mailbox")
    with serve(s) as server:
        w = World(s, server, CONTACTS, ["window = 1", 'mailbox = "ann@abc.example"', 'folder = "GAL"'])
        w.people["x"] = {"cn": "Ann", "objectClass": "user", "displayName": "Ann Example", "mail": "ann@xyz.example", "telephoneNumber": "+1 555 1"}
        w.write()
        w.expect("mailbox", 0, "1 linked\n")
        same("mailbox: left", s.exchanges, [])
    s = Documented("invitation")
    with serve(s) as server:
        w = World(s, server, GUESTS, ["window = 1", "types = guests"])
        w.expect("nobody is invited", 0, "nothing to do")
        w.person(1)
        w.write()
        w.expect("invitation", 0, "1 added")
        same("invitation: left", s.exchanges, [])


def soa():
    """Who was made cloud-managed belongs to the cloud: the flow into it leaves him alone."""
    for beta in (False, True):
        s = graph_fake.Service(beta=beta)
        with serve(s) as server:
            ids = [s.user(n, jobTitle="Old") for n in range(5)]
            w = World(s, server, 'rule person\n    scope (objectClass=user)\n    name "CN=" & [mail]\n    join mail = [mail]\n'
                                     '    objectClass = "user"\n    title = [title]\n',
                      ['authority-flag = "isCloudManaged=TRUE:cloud"'], flow=['adopt = {"O=cloud"}'])
            for n in range(5):
                w.people[f"p{n:03}"] = {"objectClass": "user", "mail": f"user{n}@abc.example", "title": "New"}
            w.write()
            s.managed[ids[1]] = True
            s.kinds["users"][ids[2]]["onPremisesSyncEnabled"] = True
            s.exchange.add(ids[4])
            says = ("source of authority is on-premises", "source of authority of these attributes is Exchange")
            w.expect("soa", 4, *says, "4 denied\n")
            told = w.expect("status", 4, *says, arguments=("status",))
            same("status", (told.count("  denied "), told.count("  failed ")), (4, 0))
            same("soa", [s.kinds["users"][i]["jobTitle"] for i in ids], ["New", "Old", "Old", "New", "Old"])
            w.people["p009"] = {"objectClass": "user", "mail": "nobody@abc.example", "title": "New"}
            w.write()
            w.expect("not made", 4, "users are neither made nor deleted")
            same("not made", len(s.kinds["users"]), 5)
            if FRONT is None:
                s.options["mute"] = True
                text = w.expect("mute", 2, "does not say isCloudManaged", arguments=("sync", "--full"))
                same("mute: ids", fake.unnamed(text, "does not say isCloudManaged", server.log), [])


def handover():
    """`authority transfer` is told to the tenant, which says so from then on; what it refuses did not happen."""
    rules = ('rule person\n    scope (objectClass=user)\n    name "CN=" & [mail]\n    join mail = [mail]\n'
             '    objectClass = "user"\n    title = [title]\n')
    for options in ({}, {"beta": True, "wrapped": True}):
        s = graph_fake.Service(**options)
        with serve(s) as server:
            ids = [s.user(n, jobTitle="Old") for n in range(3)]
            w = World(s, server, rules, ['authority-flag = "isCloudManaged=TRUE:cloud"'], flow=['adopt = {"O=cloud"}'])

            def titles(title, code, *words):
                for n in range(3):
                    w.people[f"p{n:03}"] = {"objectClass": "user", "mail": f"user{n}@abc.example", "title": title}
                w.write()
                w.expect(f"titles {title}", code, *words)
                return [s.kinds["users"][i]["jobTitle"] for i in ids]

            def transfer(side, code, *words, who="user1@abc.example"):
                server.log.clear()
                text = w.expect(f"transfer to {side}", code, *words, arguments=("authority", "transfer", who, side))
                return text, sum(method == "PATCH" for _, method, _, _, _ in server.log)

            same("before", titles("One", 0), ["One"] * 3)
            _, n = transfer("cloud", 0, "cloud: told that it is cloud's", "cloud (the directory's flag", "from files to cloud by")
            same("told", (n, s.managed), (1, {ids[1]: True}))
            same("the cloud's", titles("Two", 4, "denied"), ["Two", "One", "Two"])
            w.expect("explain", 0, "cloud (the directory's flag", arguments=("explain", "one", "user1@abc.example"))
            same("known already", transfer("cloud", 0)[1], 0)
            config = (w.folder / "galway.conf").read_text()
            (w.folder / "galway.conf").write_text(config.replace("    type = graph\n", '    type = graph\n    canary = "CN=Nobody,O=cloud"\n'))
            same("no canary", transfer("files", 2, "the canary CN=Nobody,O=cloud is not to be seen in cloud")[1], 0)
            (w.folder / "galway.conf").write_text(config)
            s.options["refuse"] = True
            transfer("files", 2, "Authorization_RequestDenied", "the authority stays where it is")
            text = w.expect("refused", 0, "cloud (the directory's flag", arguments=("authority", "show", "user1@abc.example"))
            same("refused", ("to files" in text, s.managed[ids[1]]), (False, True))
            s.options["refuse"] = False
            transfer("files", 0, "from cloud to files by")
            same("the files' again", (s.managed[ids[1]], titles("Three", 0)), (False, ["Three"] * 3))
            taken_back(s, w, ids[1])
            s.managed[ids[2]] = None
            transfer("cloud", 2, "never came from on-premises", who="user2@abc.example")
    s = graph_fake.Service()
    with serve(s) as server:
        s.user(1)
        w = World(s, server, rules, ['authority-flag = "userType=Member:cloud"'], flow=['adopt = {"O=cloud"}'])
        w.people["p001"] = {"objectClass": "user", "mail": "user1@abc.example", "title": "New"}
        w.write()
        w.expect("another flag", 4, "denied")
        w.expect("another flag", 0, arguments=("authority", "transfer", "user1@abc.example", "files"))
        same("another flag", s.managed, {})
    # As a source; without a flag in the configuration nothing is told to anybody.
    for flag, kind in itertools.product((True, False), ("groups", "contacts")):
        s = graph_fake.Service()
        with serve(s) as server:
            one = s.put(kind, displayName="Sales", mail="sales@abc.example", phones=[])
            rules = GROUPS.replace('objectClass = "contact"', 'objectClass = "contact"\n    displayName = [displayName]')
            w = World(s, server, rules, [f'types = {{"users", "{kind}"}}', *['authority-flag = "isCloudManaged=TRUE:cloud"'] * flag], source=True)
            s.managed[one] = True
            w.expect(f"one of {kind}", 0, "1 added")
            w.expect(f"hand over one of {kind}", 0, arguments=("authority", "transfer", one, "files"))
            same(f"hand over one of {kind}", s.managed[one], not flag)
            s.change(one, kind, displayName="Sales 2")
            w.expect(f"one of {kind} of the files", 4, "denied")


def taken_back(s, w, key):
    """What the tenant was told is in the journal, what it refused too; undo hands the object back, and that can be undone."""
    def journal():
        told = json.loads(w.expect("history", 0, arguments=("history", "--format", "json")).strip() or "[]")
        return [r for r in told["runs"] if r.get("side")]

    runs = journal()
    same("the journal", [(r["side"], r["exit"]) for r in runs], [("files", 0), ("files", 2), ("cloud", 0)])
    last = str(runs[0]["run"])
    w.expect("one run", 0, "isCloudManaged", "- TRUE", "+ FALSE", "set as files by", arguments=("history", last))
    w.expect("refused", 0, "failed", arguments=("history", str(runs[1]["run"])))
    w.expect("undo, dry", 1, "cloud: would be told that it is cloud's", arguments=("diff", "--undo", last))
    same("undo, dry", s.managed[key], False)
    w.expect("undo", 0, "cloud: told that it is cloud's", arguments=("undo", last))
    same("undo", s.managed[key], True)
    w.expect("undo", 0, "cloud (the directory's flag", "from files to cloud by", arguments=("authority", "show", "user1@abc.example"))
    back = journal()[0]
    w.expect("undo again", 0, "says already that it is cloud's", arguments=("undo", last))
    same("undo again", len(journal()), 4)
    same("undo is a run", back["undoes"], int(last))
    w.expect("undo of the undo", 0, "cloud: told that it is files's", arguments=("undo", str(back["run"])))
    same("undo of the undo", (s.managed[key], len(journal())), (False, 5))


# --- as a target
def cycle(name, w, targets):
    for n in range(12):
        w.person(n)
    w.write()
    w.expect(f"{name}: create", 0, "12 added")
    compare(f"{name}: create", w, targets())
    w.expect(f"{name}: again", 0, "nothing to do", arguments=("sync", "--full"))
    w.people["p001"].update(title="Chief", displayName="\"Ü\" 1", l="Bonn")
    del w.people["p002"]["telephoneNumber"], w.people["p002"]["l"]
    w.people["p004"].update(cn="renamed", mail="renamed@xyz.example")
    del w.people["p006"], w.people["p007"]
    w.person(20, mail="o'neil@xyz.example")
    w.write()
    w.expect(f"{name}: change", 0, "1 added", "2 deleted", "1 renamed")
    compare(f"{name}: change", w, targets())
    w.expect(f"{name}: at last", 0, "nothing to do", arguments=("sync", "--full"))


def flat(o, personal):
    phones, place = o.get("businessPhones"), o.get("businessAddress") or {}
    return {"displayName": o.get("displayName"), "givenName": o.get("givenName"), "sn": o.get("surname"), "title": o.get("jobTitle"),
            "mail": o["emailAddresses"][0]["address"] if personal else o.get("mail"), "telephoneNumber": phones[0] if phones else None,
            "l": place.get("city") if personal else o.get("city")}


def compare(name, w, objects):
    by = lambda found: sorted(found, key=lambda o: str(o["mail"]))
    personal = any("emailAddresses" in o for o in objects)
    wants = [{a: p.get(a) for a in ("displayName", "givenName", "sn", "title", "mail", "telephoneNumber", "l")} for p in w.people.values()]
    same(name, by([flat(o, personal) for o in objects]), by(wants))


def contacts():
    for name, options, settings in (("contacts", {}, ()), ("answers are lost", {"lost": 2}, ("window = 1",))):
        s = graph_fake.Service(**options)
        s.folders["ann@abc.example"] = {"other": ("Contacts", {"c": {"id": "c", "displayName": "Mum"}})}
        with serve(s) as server:
            w = World(s, server, CONTACTS, ['mailbox = "ann@abc.example"', 'folder = "GAL"', *settings])
            ours = lambda: [c for n, f in s.folders["ann@abc.example"].values() if n == "GAL" for c in f.values() if c["id"] != "x"]
            if options:
                for n in range(12):
                    w.person(n)
                w.write()
                w.expect("answers are lost", 4)
                w.expect("they are found", 0)
                compare("they are found", w, ours())
                continue
            # What checks the requests on their way takes its time for each, and need not see four of them together.
            s.options["together"] = 4 if FRONT is None else 0
            cycle(name, w, ours)
            same("requests of a mailbox at once", 4 if FRONT is not None and server.most < 4 else server.most, 4)
            # What somebody else put there stays.
            folder = next(f for n, f in s.folders["ann@abc.example"].values() if n == "GAL")
            folder["x"] = {"id": "x", "displayName": "User 1"}
            w.people.pop("p001")
            w.write()
            w.expect("of others", 0, "1 deleted")
            same("of others", "x" in folder, True)
            s.options["twice"] = True
            w.people.pop("p005")
            w.write()
            w.expect("deleted already", 0, "1 deleted")
            s.options["twice"] = False
            before = len(folder)
            w.people.pop("p003")
            w.write()
            s.options["count"] = 1
            text = w.expect("too few came", 5, "changed while it was read", arguments=("sync", "--full"))
            same("too few came: ids", fake.unnamed(text, "changed while it was read", server.log), [])
            s.options["count"] = 0
            same("too few came", len(folder), before)


def boxes():
    """One connector for several mailboxes: the same people go into each, and one that is away is nothing to the others."""
    s = graph_fake.Service()
    ann, bob, eve = (f"{n}@abc.example" for n in ("ann", "bob", "eve"))
    s.folders.update({ann: {}, bob: {}})
    has = lambda box: [c for n, f in s.folders[box].values() if n == "GAL" for c in f.values()]
    with serve(s) as server:
        w = World(s, server, CONTACTS, [f'mailbox = {{"{ann}", "{bob}", "{eve}"}}', 'folder = "GAL"'])
        for n in range(5):
            w.person(n)
        w.write()
        w.expect("one is not there", 2, f"one/{ann} (full): 6 read, 5 added", f"one/{bob} (full): 6 read, 5 added", f"one/{eve}", "404")
        for box in (ann, bob):
            compare(f"boxes: {box}", w, has(box))
        s.folders[eve] = {}
        del w.people["p003"]
        w.write()
        w.expect("one alone", 0, f"one/{bob} (delta)", "1 deleted", arguments=("sync", f"one/{bob}"))
        same("one alone", [len(has(b)) for b in (ann, bob, eve)], [5, 4, 0])
        w.expect("all by the one name", 0, "1 deleted", "4 added", arguments=("sync", "one"))
        for box in (ann, bob, eve):
            compare(f"boxes: at last: {box}", w, has(box))
        w.expect("boxes: at last", 0, "nothing to do", arguments=("sync", "--full"))
        w.expect("named twice", 2, "is named twice", arguments=("sync", "one", f"one/{bob}"))
        w.expect("no such flow", 2, "no flow 'on' in", arguments=("sync", "on"))
        w.expect("an object's authority", 0, f"one/{eve}", "from files to cloud/", arguments=("authority", "transfer", "user1@xyz.example", "cloud"))
        config = w.folder / "galway.conf"
        text = config.read_text()
        for name, change, words in (("twice", (f'"{bob}"', f'"{ann.upper()}"'), "is there twice"),
                                    ("a source", ("flow one {", "flow two {\n source = cloud\n target = files\n into = \"O=x\"\n}\nflow one {"),
                                     "can be a target only"),
                                    ("taken", ("flow one {", f'flow "one/{ann}" {{\n source = files\n target = files\n into = "O=x"\n}}\nflow one {{'),
                                     "is there already")):
            config.write_text(text.replace(*change))
            w.expect(f"boxes: {name}", 2, words)


def guests():
    s = graph_fake.Service(late=1)
    with serve(s) as server:
        member = s.user(1)
        w = World(s, server, GUESTS, ["types = guests"])
        of = lambda: [u for u in s.kinds["users"].values() if u["userType"] == "Guest"]
        cycle("guests", w, of)
        same("shown", {u["showInAddressList"] for u in of()}, {True})
        same("members stay", member in s.kinds["users"], True)
        # Somebody of that address is there: nobody is invited, and nothing of his is changed.
        s.put(userPrincipalName="x#EXT#", mail="taken@xyz.example", userType="Member", displayName="Theirs")
        w.person(40, mail="taken@xyz.example")
        w.write()
        w.expect("taken", 4, "somebody of that address is there already")
        del w.people["p040"]
        w.write()
        # A guest became a member, and another becomes one while he is about to be deleted: neither is.
        one, other = (next(u for u in of() if u["mail"] == f"user{n}@xyz.example") for n in (3, 5))
        one["userType"] = "Member"
        s.options["promote"] = [2, other["id"]]  # the target is read again before a delete
        del w.people["p003"], w.people["p005"]
        w.write()
        w.expect("became a member", 4, "is no guest")
        same("became a member", {one["id"], other["id"]} <= s.kinds["users"].keys(), True)


def half_invited():
    """A guest who is there, and not known to be ours: told, and nobody is invited twice."""
    for name, options, words in (("an invitation is lost", {"lost": 1}, "a guest whom nobody owns may be there"),
                                 ("a guest cannot be marked", {"denied": True}, "was invited as {}, but not marked as ours")):
        s = graph_fake.Service(**options)
        with serve(s) as server:
            w = World(s, server, GUESTS, ["types = guests"])
            w.person(1)
            w.write()
            text = w.expect(name, 4)
            ids = list(s.kinds["users"])
            same(name, (len(ids), words.format(*ids) in text), (1, True))
            s.options.update(graph_fake.Service().options)
            w.expect(f"{name}: again", 4, "user1@xyz.example is held by CN=user1@xyz.example,O=cloud")
            same(f"{name}: invitations", [path for _, _, path, _, _ in server.log].count("/v1.0/invitations"), 1)


def nameless():
    """Graph does not say what it made, or which of two it is."""
    s = graph_fake.Service()
    s.folders["ann@abc.example"] = {n: ("GAL", {}) for n in ("f1", "f2")}
    with serve(s) as server:
        w = World(s, server, CONTACTS, ['mailbox = "ann@abc.example"', 'folder = "GAL"'])
        same("two folders: ids", fake.unnamed(w.expect("two folders", 2, "two folders are called GAL"), "two folders", server.log), [])
    for words, rules, settings in (("does not say what it made", CONTACTS, ['mailbox = "ann@abc.example"', 'folder = "GAL"']),
                                   ("does not say whom it invited", GUESTS, ["types = guests"])):
        s = graph_fake.Service(nameless=True)
        s.folders["ann@abc.example"] = {}
        with serve(s) as server:
            w = World(s, server, rules, settings)
            w.person(1)
            w.write()
            same(f"{words}: ids", fake.unnamed(w.expect(words, 4, words), words, server.log), [])


def storms():
    """Two of five requests are throttled: the host is left alone for a while, and in the end all is done, once."""
    for name, rules, settings in (("a storm over contacts", CONTACTS, ['mailbox = "ann@abc.example"', 'folder = "GAL"']),
                                  ("a storm over guests", GUESTS, ["types = guests"])):
        s = graph_fake.Service(storm=0.4)
        s.folders["ann@abc.example"] = {}
        with serve(s) as server:
            w = World(s, server, rules, ["retry = 60s", *settings])
            (w.folder / "galway.conf").write_text((w.folder / "galway.conf").read_text().replace("    retry = 5s\n", ""))
            cycle(name, w, lambda: [c for _, f in s.folders["ann@abc.example"].values() for c in f.values()] or list(s.kinds["users"].values()))
            same(f"{name}: is one", s.stormed > 10, True)
            if server.most > 8:
                wrong(f"{name}: {server.most} at once")
    s = graph_fake.Service(storm=0.4, page=3)
    with serve(s) as server:
        for n in range(30):
            s.user(n)
        w = World(s, server, SOURCE, ["retry = 60s"], source=True)
        (w.folder / "galway.conf").write_text((w.folder / "galway.conf").read_text().replace("    retry = 5s\n", ""))
        w.expect("a storm over a source", 0, "30 added")


def certificate():
    """A certificate instead of a secret, at a token endpoint that others wrote; until when it is good is told."""
    fake.certificate(FOLDER, "app", days=10)  # the first to end
    proof = [f'    client-cert = "{FOLDER}/app.pem"', f'    client-key = "{FOLDER}/app.key"']
    s = graph_fake.Service(anybody=True)
    with serve(s) as server:
        s.user(1)
        try:
            with servers.provider(pathlib.Path(FOLDER) / "app.pem", graph_fake.TENANT, f"{server.url}/.default") as provider:
                server.login = provider.url
                w = World(s, server, SOURCE, source=True, proof=proof, top=['metrics = "my.prom"'])
                w.expect("by a certificate", 0, "1 added")
                same("the provider's token", s.bearers, {provider.line()})
                w.expect("by a certificate", 0, "the certificate client-cert is good until", "days): renew it", arguments=("check",))
                end = subprocess.run(["openssl", "x509", "-in", f"{FOLDER}/app.pem", "-noout", "-enddate", "-dateopt", "iso_8601"],
                                     check=True, capture_output=True, text=True).stdout.strip().partition("=")[2]
                seconds = calendar.timegm(time.strptime(end, "%Y-%m-%d %H:%M:%SZ"))
                told = f'galway_certificate_expiry_timestamp_seconds{{connector="cloud"}} {seconds}\n'
                same("metrics", told in (w.folder / "my.prom").read_text(), True)
        except servers.Missing as e:
            servers.skip("oidc-provider", e)


def check():
    s = graph_fake.Service()
    with serve(s) as server:
        w = World(s, server, SOURCE, source=True)
        w.expect("check", 0, "users can be read", arguments=("check",))
        w = World(s, server, GUESTS + "    proxyAddresses = [proxyAddresses]\n", ["types = guests"])
        w.expect("check a target", 2, "no place for the attribute proxyAddresses", arguments=("check",))


def described():
    """Does what stands in front see what is wrong? Only then do the other tests say something with it."""
    s = graph_fake.Service()
    with serve(s) as server:
        if FRONT is None:
            return
        bad, good = s.user(1, displayName=5), s.user(2)
        box = f"/v1.0/users/{good}/contactFolders"
        s.folders[good] = {"f": ("GAL", {})}
        for method, path, body, status in (
                ("GET", f"/v1.0/users/{good}?$select=id,displayName", None, 200),
                ("GET", f"/v1.0/users/{good}?$select=id,dispalyName", None, 422),
                ("GET", f"/v1.0/users/{bad}?$select=id,displayName", None, 500),
                ("GET", "/v1.0/users/delta?$select=id,displayName", None, 500),
                ("GET", "/v1.0/nothing", None, 404),
                ("GET", f"{box}/f/contacts?$select=id&$expand=nothing($filter=x)", None, 422),
                ("PATCH", f"/v1.0/users/{good}", {"businessPhones": "+1 5"}, 422),
                ("PATCH", f"/v1.0/users/{good}", {"bussinessPhones": ["+1 5"]}, 422),
                ("PATCH", f"/v1.0/users/{good}", {"businessPhones": ["+1 5"]}, 204),
                ("POST", "/v1.0/invitations", {"invitedUserEmailAddress": ["x"]}, 422)):
            same(f"{method} {path}", ask(server.url + path, method, body), status)
        s.complaints.clear()


def ask(url, method, body):
    request = urllib.request.Request(url, None if body is None else json.dumps(body).encode(), method=method,
                                     headers={"Authorization": "Bearer T0KEN", "client-request-id": str(uuid.uuid4()),
                                              "Content-Type": "application/json", "Prefer": 'IdType="ImmutableId"'})
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status
    except urllib.error.HTTPError as e:
        return e.code


TESTS = {t.__name__: t for t in (described, documented, documented_targets, source, licences, groups, repeats, resync, hostile, soa,
                                      handover, contacts, boxes, guests, half_invited, nameless, check, storms, certificate)}
# Those whose service does as Graph does; the others are wrong on purpose.
DESCRIBED = (described, documented, documented_targets, source, licences, groups, repeats, resync, soa, handover, contacts, boxes,
             guests, check)


def main():
    fake.authority(FOLDER)
    fake.certificate(FOLDER, "server")
    for name, test in TESTS.items():
        if OPTIONS.only in (None, name) and (not OPTIONS.described or test in DESCRIBED):
            test()
    print(f"{len(failures)} wrong" if failures else "all is right")
    return servers.exit_code(failures)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("galway")
    parser.add_argument("--only")
    parser.add_argument("--described", action="store_true")
    OPTIONS = parser.parse_args()
    FRONT = None
    with tempfile.TemporaryDirectory() as FOLDER:
        if not OPTIONS.described:
            sys.exit(main())
        try:
            front = graph_api.Prism(fake.free_port(), fake.free_port())
        except servers.Missing as e:
            print(f"skipped: {e}")
            sys.exit(77)
        with front as FRONT:
            sys.exit(main())
