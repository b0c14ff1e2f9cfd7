#!/usr/bin/env python3
"""SCIM as target and as source: full cycles with a service of ours that does as others do, and things that are wrong, and with
services that others wrote.   scim.py GALWAY [--only WORD]

A cycle: people are created, a second run has nothing to do, some are changed, renamed, deleted and added, and again there is
nothing to do. What the service then has is compared with the people, past galway. As a source it is
changed in the same ways, past galway, and the target is compared. Services that others wrote are installed with npm from
tests/web/servers, once, into a folder of the cache.
"""
import argparse
import copy
import json
import os
import pathlib
import ssl
import subprocess
import sys
import tempfile
import urllib.request

import fake
import scim_fake
import servers

HERE = pathlib.Path(__file__).resolve().parent
PORTS = range(24100, 24200)
failures = []
used = iter(PORTS)


def wrong(what):
    failures.append(what)
    print("WRONG:", what, flush=True)


RULES = (HERE.parent.parent / "examples" / "scim" / "people.rules").read_text()
BACK = """
rule person
    scope  (objectClass=user)
    name   "CN=" & [cn]
    objectClass = "contact"
    displayName = [displayName]
    mail        = [mail]
    title       = [title]

rule group
    scope  (objectClass=group)
    name   "CN=" & DNComponent([dn], 1)
    objectClass = "group"
    manager     = [member]
"""


def chosen(name):
    return OPTIONS.only in (None, *TESTS) or OPTIONS.only in name


class World:
    """Two connectors and a flow in a folder of their own. groups: beside the users; "only": without these."""

    def __init__(self, folder, url, token="S3CR3T", settings=(), source=False, groups=False):
        self.folder = pathlib.Path(tempfile.mkdtemp(dir=folder))
        self.people, self.groups = {}, {}
        (self.folder / "my.rules").write_text(BACK if source else RULES)
        secret = self.folder / "secret"
        secret.write_text(token + "\n")
        secret.chmod(0o600)
        types = 'types = {"groups"}' if groups == "only" else 'types = {"users", "groups"}' if groups else ""
        lines = ["state = \"state.db\"", "connector files {", "    type = ldif", "    file = \"files.ldif\"",
                 "    smtp-domains = {\"abc.example\"}", "}", "connector cloud {", "    type = scim", f'    url = "{url}"',
                 "    auth = bearer", f'    secret = "file:{secret}"', "    base = \"O=cloud\"", "    page-size = 10", types,
                 *(["    plain = true"] if url.startswith("http:") else [f'    tls-ca = "{folder}/ca.pem"']),
                 *([] if any("retry" in s for s in settings) else ["    retry = 5s"]), *("    " + s for s in settings), "}",
                 "flow one {", f"    source = {'cloud' if source else 'files'}", f"    target = {'files' if source else 'cloud'}",
                 "    rules = \"my.rules\"", f"    into = \"{'OU=GAL,DC=abc,DC=example' if source else 'O=cloud'}\"", "}"]
        config = self.folder / "galway.conf"
        config.write_text("\n".join(lines) + "\n")
        config.chmod(0o600)

    def write(self):
        """The people as the LDIF file of the source."""
        out = ["dn: OU=GAL,DC=abc,DC=example\nobjectClass: organizationalUnit\nobjectGUID: gal\n"]
        for key, p in {**self.people, **self.groups}.items():
            lines = [f"dn: CN={key},OU=GAL,DC=abc,DC=example", f"objectGUID: {key}", f"cn: {key}"]
            lines += [f"{a}: {v}" for a, values in p.items() for v in (values if isinstance(values, list) else [values])]
            out.append("\n".join(lines) + "\n")
        (self.folder / "files.ldif").write_text("\n".join(out))

    def person(self, n, **more):
        self.people[f"p{n:03}"] = {"objectClass": "user", "sAMAccountName": f"user{n}", "displayName": f"User {n}", "givenName": "User",
                                   "sn": f"No{n}", "mail": f"user{n}@abc.example", "title": "Staff", "telephoneNumber": f"+1 555 {n}", **more}

    def galway(self, *arguments):
        result = subprocess.run([OPTIONS.galway, "-c", self.folder / "galway.conf", *arguments], capture_output=True, text=True,
                                timeout=300, check=False)
        text = result.stdout + result.stderr
        if "runtime error" in text or "Sanitizer" in text or "S3CR3T" in text:
            wrong(f"{arguments}: {text}")
        return result.returncode, text

    def expect(self, name, code, *words, arguments=("sync",)):
        got, text = self.galway(*arguments)
        lacking = [w for w in words if w not in text]
        if got != code or lacking:
            wrong(f"{name}: {' '.join(arguments)} ended with {got}, not {code}; lacks {lacking}: {text}")
        return text


def flat(user):
    """What the rules write, as the service has it."""
    emails = {e.get("type"): e["value"] for e in user.get("emails", [])}
    phones = {e.get("type"): e["value"] for e in user.get("phoneNumbers", [])}
    return {"displayName": user.get("displayName"), "givenName": user.get("name", {}).get("givenName"),
            "sn": user.get("name", {}).get("familyName"), "mail": emails.get("work"), "title": user.get("title"),
            "telephoneNumber": phones.get("work"), "active": user.get("active")}


def compare(name, world, users):
    """The service's users and the people: {name: what it has}."""
    has = {u["userName"]: flat(u) for u in users}
    wants = {p["sAMAccountName"]: {a: p.get(a) for a in ("displayName", "givenName", "sn", "mail", "title", "telephoneNumber")}
             | {"active": True} for p in world.people.values()}
    if has != wants:
        differ = {k: (has.get(k), wants.get(k)) for k in has.keys() | wants.keys() if has.get(k) != wants.get(k)}
        wrong(f"{name}: the service and the people differ: {differ}")


def cycle(name, world, users, n=25):
    """users: what gives the service's users, past galway."""
    for i in range(n):
        world.person(i)
    world.write()
    world.expect(f"{name}: create", 0, f"{n} added")
    compare(f"{name}: create", world, users())
    world.expect(f"{name}: again", 0, "nothing to do", arguments=("sync", "--full"))
    world.people["p001"].update(title="Chief", displayName='"Ü" \\ 1')
    world.people["p002"].pop("telephoneNumber")
    world.people["p003"]["mail"] = "other@abc.example"
    world.people["p004"]["sAMAccountName"] = "renamed"
    world.people["p005"]["sAMAccountName"] = "also renamed"
    world.people["p005"]["title"] = "Also"
    del world.people["p006"], world.people["p007"]
    world.person(n + 1)
    world.write()
    world.expect(f"{name}: change", 0, "1 added", "2 deleted", "2 renamed")
    compare(f"{name}: change", world, users())
    world.expect(f"{name}: at last", 0, "nothing to do", arguments=("sync", "--full"))


# --- a service of ours ------------------------------------------------------------------------------------
VARIANTS = {
    "plain": {},
    "it does not say what it can": {"config": False},
    "as Entra's": {"entra": True},
    "small pages": {"cap": 3},
    "one a page": {"cap": 1},
    "cursors": {"cursor": True},
    "lower case": {"names": {"Resources": "resources", "totalResults": "totalresults"}},
    "no PATCH": {"patch": False},
    "PATCH is refused with invalidPath": {"patch": "refused"},
    "PATCH is refused with invalidPath, of versions": {"patch": "refused", "etag": True},
    "PATCH does nothing": {"patch": "wrong"},
    "PATCH says nothing": {"patch": "empty"},
    "no PUT": {"put": False},
    "Bulk": {"bulk": "text"},
    "Bulk, the later the slower": {"bulk": "text", "late": 0.6},
    "Bulk of a draft": {"bulk": "code"},
    "Bulk with numbers": {"bulk": "number"},
    "Bulk without status": {"bulk": "mute"},
    "versions": {"etag": True},
    "raced versions": {"etag": True, "bump": 2},
    "raced versions without PATCH": {"etag": True, "bump": 2, "patch": False},
    "ETags of no meaning": {"etag": "http"},
    "ETags of no meaning, and it says it has them": {"etag": "said"},
    "filters by case": {"filter": "exact"},
    "filters find nothing": {"filter": "none"},
    "filters find everything": {"filter": "all"},
    "filters are refused": {"filter": "refused"},
    "answers are lost": {"lost": 3},
    "not now": {"fails": 3},
    "a storm": {"storm": 0.4},
}


def variants(folder):
    for name, options in VARIANTS.items():
        if not chosen(name):
            continue
        service = scim_fake.Service(**options)
        with scim_fake.serve(service, folder, "server") as server:
            # A POST whose answer was lost is looked for, and for that somebody has to be there to try filters with.
            service.put(userName="somebody", displayName="Somebody")
            world = World(folder, server.url + "/scim/v2", settings=["dialect = entra"] if options.get("entra") else ["retry = 60s"] if "storm" in options else ())
            users = lambda: [u for u in service.kinds["Users"].values() if u["userName"] != "somebody"]
            cycle(name, world, users)


def groups(folder):
    service = scim_fake.Service()
    with scim_fake.serve(service, folder, "server") as server:
        world = World(folder, server.url + "/scim/v2", groups=True)
        members = lambda name: sorted(service.kinds["Users"][m["value"]]["userName"] for m in service.named(name, "Groups").get("members", []))
        for i in range(5):
            world.person(i)
        dn = lambda i: f"CN=p{i:03},OU=GAL,DC=abc,DC=example"
        world.people["p004"]["manager"] = dn(0)
        world.groups["g1"] = {"objectClass": "group", "sAMAccountName": "sales", "member": [dn(0), dn(1)]}
        world.write()
        world.expect("groups", 0, "6 added")
        world.expect("groups: again", 0, "nothing to do", arguments=("sync", "--full"))
        urn = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
        if service.named("user4")[urn]["manager"]["value"] != service.named("user0")["id"]:
            wrong(f"manager: {service.named('user4')}")
        if members("sales") != ["user0", "user1"]:
            wrong(f"groups: {members('sales')}")
        world.groups["g1"]["member"] = [dn(1), dn(2), dn(3)]
        world.write()
        world.expect("groups: change", 0, "1 modified")
        if members("sales") != ["user1", "user2", "user3"]:
            wrong(f"groups: change: {members('sales')}")
        del world.groups["g1"]
        world.write()
        world.expect("groups: delete", 0, "1 deleted")
        world.expect("groups: at last", 0, "nothing to do", arguments=("sync", "--full"))


def twins(folder):
    """Groups of one name: one keeps it, and all reads, finds and references call them the same, whatever their order."""
    for groups in ("only", True):
        service = scim_fake.Service()
        with scim_fake.serve(service, folder, "server") as server:
            world = World(folder, server.url + "/scim/v2", settings=['canary = {"CN=Sales (g-3),O=cloud"}'], source=True, groups=groups)
            world.write()
            for key, name, member in (("g-3", "Sales", "g-2"), ("g-2", "sales", "g-5"), ("g-5", "All", "g-3"), ("g-6", "Some", "g-2")):
                service.put("Groups", id=key, displayName=name, members=[{"value": member}])
            names = {"g-2": "sales", "g-3": "Sales (g-3)", "g-5": "All", "g-6": "Some"}
            if groups != "only":
                service.put(userName="staff", displayName="Staff", emails=[{"value": "staff@abc.example"}])
                service.put("Groups", id="g-1", displayName="Staff", members=[{"value": "g-2"}])
                names |= {"g-1": "Staff (g-1)"}

            def step(what, *words, arguments=("sync",)):
                world.expect(f"twins: {what} ({groups})", 0, *words, arguments=arguments)
                has = {cn: [m[3:].partition(",OU=")[0] for m in e.get("manager", [])]
                       for cn, e in fake.contacts(world.folder / "files.ldif").items() if cn != "staff"}
                wants = {names[key]: [names[m["value"]] for m in g["members"]] for key, g in service.kinds["Groups"].items()}
                if has != wants:
                    wrong(f"twins: {what} ({groups}): the target has {has}, not {wants}")

            def point(key, to):
                service.kinds["Groups"][key]["members"] = [{"value": to}]

            step("create", f"{len(names) + (groups != 'only')} added")
            step("again", "nothing to do")
            step("all again", "nothing to do", arguments=("sync", "--full"))
            point("g-3", "g-5")
            step("a delta", "(delta)", "1 modified")
            for key, to, who in (("g-3", "g-6", "g-3"), ("g-3", "g-2", "CN=Sales (g-3),O=cloud"), ("g-2", "g-3", "CN=sales,O=cloud")):
                point(key, to)
                step(f"--object {who}", "1 modified", arguments=("sync", "--object", who))
            step("at last", "nothing to do", arguments=("sync", "--full"))
            service.put("Groups", id="g-11", displayName="SALES", members=[])
            names |= {"g-11": "SALES(1)", "g-2": "sales (g-2)"}  # (1), as the name is free only behind this run
            step("one more", "1 added", "1 renamed")
            step("one more, all again", "nothing to do", arguments=("sync", "--full"))
            del service.kinds["Groups"]["g-11"]
            names["g-2"] = "sales"
            step("one less", "1 deleted", "1 renamed")
            step("one less, all again", "nothing to do", arguments=("sync", "--full"))


def twins_written(folder):
    """Somebody makes a group of the name of ours: what ours was to get is written, and theirs is left alone."""
    for theirs, words, name in (("a", "renamed to", "sales(1)"), ("z-12345", "1 modified", "sales")):
        service = scim_fake.Service()
        with scim_fake.serve(service, folder, "server") as server:
            world = World(folder, server.url + "/scim/v2", groups=True)
            dn = lambda i: f"CN=p{i:03},OU=GAL,DC=abc,DC=example"
            world.person(0)
            world.person(1)
            world.groups["g1"] = {"objectClass": "group", "sAMAccountName": "sales", "member": [dn(0)]}
            world.write()
            what = f"twins_written: theirs is {theirs}"
            world.expect(f"{what}: create", 0, "3 added")
            ours = service.named("sales", "Groups")["id"]
            service.put("Groups", id=theirs, displayName="Sales", members=[])
            before = copy.deepcopy(service.kinds["Groups"][theirs])
            world.groups["g1"]["member"] = [dn(0), dn(1)]
            world.write()
            # Who has the name of another, is called otherwise now; who has kept his, is not.
            world.expect(f"{what}: change", 4 if name != "sales" else 0, words)
            world.expect(f"{what}: again", 0, "nothing to do", arguments=("sync", "--full"))
            group = service.kinds["Groups"][ours]
            if group["displayName"] != name or len(group["members"]) != 2 or service.kinds["Groups"][theirs] != before:
                wrong(f"{what}: {service.kinds['Groups']}")
            service.kinds["Groups"] = {"a": {**before, "id": "a"}, "z-1": service.stamp({"id": "z-1", "displayName": "Sales", "externalId": "galway:one:g1"})}
            world.groups["g1"]["sAMAccountName"] = "Sales (z-1)"
            world.write()
            world.expect(f"{what}: it is called so already", 4, "1 modified", "1 denied", arguments=("sync", "--full"))
            world.expect(f"{what}: it is called so still", 0, "nothing to do", arguments=("sync", "--full"))
            if service.kinds["Groups"]["z-1"]["displayName"] != "Sales" or len(service.kinds["Groups"]["z-1"]["members"]) != 2:
                wrong(f"{what}: it is called so already: {service.kinds['Groups']}")


def entra(folder):
    """A new user's mailNickname is what the rules give, else what userName has before '@', of what the service takes."""
    names = {"ann.lee@abc.example": "ann.lee", "Ünal (the 1st)": "nalthe1st", "x" * 64: "x" * 64}
    for given in (False, True):
        service = scim_fake.Service(entra=True)
        with scim_fake.serve(service, folder, "server") as server:
            world = World(folder, server.url + "/scim/v2", settings=["dialect = entra"], groups=True)
            if given:
                rules = world.folder / "my.rules"
                rules.write_text(RULES.replace("    active  ", "    mailNickname = [mailNickname]\n    active  ", 1))
            for n, name in enumerate(names):
                world.person(n, sAMAccountName=name, **({"mailNickname": f"given{n}"} if given else {}))
            world.groups["g1"] = {"objectClass": "group", "sAMAccountName": "sales", "member": ["CN=p000,OU=GAL,DC=abc,DC=example"]}
            wants = {name: f"given{n}" if given else names[name] for n, name in enumerate(names)}

            def step(what, *words, arguments=("sync",)):
                world.write()
                world.expect(f"entra: {what}", 0, *words, arguments=arguments)
                has = {u["userName"]: u[scim_fake.ENTRA]["mailNickname"] for u in service.kinds["Users"].values()}
                if has != wants:
                    wrong(f"entra: {what}: {has}")

            step("create", "4 added")
            step("again", "nothing to do", arguments=("sync", "--full"))
            world.people["p000"].update({"title": "Chief", **({"mailNickname": "other"} if given else {})})
            wants["ann.lee@abc.example"] = "other" if given else "ann.lee"
            step("change", "(delta)", "1 modified")
            step("at last", "nothing to do", arguments=("sync", "--full"))


def writes(folder):
    """Faults while writing: the object fails, and the next run mends it."""
    service = scim_fake.Service()
    with scim_fake.serve(service, folder, "server") as server:
        world = World(folder, server.url + "/scim/v2")
        for i in range(5):
            world.person(i)
        world.write()
        service.put(userName="user3", displayName="Somebody else")
        world.expect("a name is taken", 0, "5 added")
        if len(service.kinds["Users"]) != 6 or service.named("user3")["displayName"] != "Somebody else":
            wrong(f"a name is taken: {service.kinds['Users']}")
        world.person(7)
        world.write()
        service.options["race"] = "user7"
        world.expect("raced", 4, "409")
        if service.named("user7")["displayName"] != "Somebody else":
            wrong(f"raced: {service.named('user7')}")
        service.options["delete"] = False
        del world.people["p001"]
        world.write()
        world.expect("a delete that is not done", 4, "still there")
        service.options["delete"] = True
        world.expect("it is done the next time", 0, "1 deleted")
        service.options["delete"] = "twice"
        del world.people["p003"]
        world.write()
        world.expect("deleted already", 0, "1 deleted")
        service.options["delete"] = True
        service.options.update(patch="wrong", put=False)
        world.people["p002"]["title"] = "New"
        world.write()
        world.expect("nothing can be changed", 4, "405")
        service.options.update(patch=True)
        world.expect("now it can", 0, "1 modified")
    told(folder)
    another(folder)
    # Filters do not work, and answers are lost: nobody knows, and nobody is made twice.
    service = scim_fake.Service(filter="none", lost=2)
    with scim_fake.serve(service, folder, "server") as server:
        world = World(folder, server.url + "/scim/v2", settings=["window = 1"])
        for i in range(5):
            world.person(i)
        world.write()
        world.expect("lost without filters", 4)
        world.expect("they are found", 0)
        compare("lost without filters", world, service.kinds["Users"].values())


def told(folder):
    """What is wrong with an answer is told with the id of its request."""
    for words, options in (("a password is required", {"bulk": "text", "password": True}), ("a password is required", {"password": True}),
                           ("does not say what came of it", {"bulk": "mute", "filter": "none"}),
                           ("does not say what it made", {"nameless": True, "filter": "none"}), ("did not take title", {"patch": "wrong", "put": "wrong"})):
        service = scim_fake.Service()
        with scim_fake.serve(service, folder, "server") as server:
            world = World(folder, server.url + "/scim/v2")
            world.person(1)
            world.write()
            world.expect(words, 0, "1 added")
            service.options.update(options)
            world.people["p001"]["title"] = "New"
            if "put" not in options:
                world.people["p001"]["title"] = "Staff"
                world.person(2)
                world.person(3)
            world.write()
            if bad := fake.unnamed(world.expect(words, 4, words), words, server.log):
                wrong(f"{options}: without one id: {bad}")
    service = scim_fake.Service()
    service.put(userName="", displayName="Nobody")
    with scim_fake.serve(service, folder, "server") as server:
        world = World(folder, server.url + "/scim/v2", source=True)
        world.write()
        if bad := fake.unnamed(world.expect("no name", 2, "has no userName"), "has no userName", server.log):
            wrong(f"no name: without one id: {bad}")


def another(folder):
    """An answer about another resource than was asked for."""
    service = scim_fake.Service()
    with scim_fake.serve(service, folder, "server") as server:
        world = World(folder, server.url + "/scim/v2")
        world.person(1)
        world.write()
        world.expect("another", 0, "1 added")
        world.people["p001"]["title"] = "New"
        world.write()
        service.options["another"] = "GET"
        world.expect("another is read", 4, "is another resource")
        # Its title is as it was to be: that proves nothing, and it is done by PUT.
        service.options["another"] = "PATCH"
        world.expect("another is written", 0, "1 modified")
        if service.named("user1")["title"] != "New":
            wrong(f"another is written: {service.named('user1')}")


def reads(folder):
    """Faults while reading: the run ends, and nothing is deleted."""
    cases = {
        "startIndex is ignored": ({"start": "ignored", "cap": 5}, 2, "does not heed startIndex"),
        "it changes meanwhile": ({"shift": True}, 5, "changed while it was read"),
        "one goes and one comes meanwhile": ({"shift": "swap"}, 5, "changed while it was read"),
        "too large a total": ({"total": 3}, 5, "changed while it was read"),
        "too small a total": ({"total": -3}, 5, "changed while it was read"),
        "half of the JSON": ({"broken": 2}, 2, "not taken as JSON"),
        "cursors that end early": ({"cursor": "early"}, 5, "changed while it was read"),
        "a cursor again and again": ({"cursor": "loop"}, 2, "a cursor came twice"),
        **{name: ({"spoil": name}, 2, words) for name, (_, words) in fake.SPOILED.items()},
    }
    for name, (options, code, words) in cases.items():
        if not chosen(name):
            continue
        service = scim_fake.Service()
        for i in range(35):
            service.put(userName=f"user{i}", displayName=f"User {i}", emails=[{"value": f"user{i}@abc.example"}])
        with scim_fake.serve(service, folder, "server") as server:
            world = World(folder, server.url + "/scim/v2", source=True, settings=["max-answer = 1000000"])
            world.write()
            world.expect(name, 0, "35 added")
            before = (world.folder / "files.ldif").read_bytes()
            people = dict(service.kinds["Users"])
            service.options.update(options)
            for arguments in (("sync",), ("sync", "--full")):
                service.pages = 0
                if bad := fake.unnamed(world.expect(name, code, words, arguments=arguments), words, server.log):
                    wrong(f"{name}: without one id: {bad}")
            if (world.folder / "files.ldif").read_bytes() != before:
                wrong(f"{name}: the target was changed")
            service.options.update(scim_fake.Service().options)
            service.kinds["Users"] = people
            world.expect(f"{name}: later", 0, "nothing to do", arguments=("sync", "--full"))


def turns(name, world, ask):
    """As a source: people are made, changed, renamed and deleted with ask(METHOD, id, body), past galway. Each time a delta brings it to the
    target, and a second run finds nothing. A full run comes before: the eighth after one is full again."""
    people = {}

    def change(key, **values):
        ask("PATCH", key, {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
                           "Operations": [{"op": "replace", "path": path, "value": value} for path, value in values.items()]})
        people[key].update(values)

    def step(what, *words):
        world.expect(f"{name} as source: {what}", 0, "(delta)", *words)
        has = {cn: {a: e.get(a) for a in ("displayName", "mail", "title")}
               for cn, e in fake.contacts(world.folder / "files.ldif").items() if cn.startswith("own")}
        wants = {u["userName"]: {"displayName": [u["displayName"]], "mail": [u["emails"][0]["value"]], "title": [u["title"]]}
                 for u in people.values()}
        if has != wants:
            wrong(f"{name} as source: {what}: the target has {has}, not {wants}")
        world.expect(f"{name} as source: {what}: again", 0, "nothing to do")

    for n in range(4):
        user = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": f"own{n}", "displayName": f"Own {n}", "title": "Staff",
                "active": True, "emails": [{"type": "work", "value": f"own{n}@abc.example", "primary": True}]}
        people[ask("POST", None, user)["id"]] = user
    one, two, three, _ = people
    step("create", "4 added")
    change(one, title="Chief")
    change(two, displayName="Own Two")
    step("change", "2 modified")
    change(two, userName="own-renamed")
    change(three, userName="own-also-renamed", title="Also")
    step("rename", "2 renamed")
    ask("DELETE", one, None)
    del people[one]
    step("delete", "1 deleted")
    world.expect(f"{name} as source: at last", 0, "nothing to do", arguments=("sync", "--full"))


def source(folder):
    service = scim_fake.Service(half=2)
    for i in range(35):
        service.put(userName=f"user{i}", displayName=f"User {i}", emails=[{"value": f"user{i}@abc.example"}])
    with scim_fake.serve(service, folder, "server") as server:
        world = World(folder, server.url + "/scim/v2", source=True)
        world.write()
        world.expect("half a page", 0, "35 added")
        service.named("user7")["title"] = "New"
        del service.kinds["Users"][service.named("user8")["id"]]
        service.put(userName="new", displayName="New")
        world.expect("a delta", 0, "(delta)", "1 added", "1 modified", "1 deleted")
        world.expect("at last", 0, "nothing to do", arguments=("sync", "--full"))
        turns("ours", world, lambda method, key, body: service.one(method, "Users", key, body)[1])
        world.expect("check", 0, "startIndex", arguments=("check",))


# --- services of others -----------------------------------------------------------------------------------
def fetch(folder, request):
    """An answer's JSON, past galway; None: there is no body."""
    context = ssl.create_default_context(cafile=f"{folder}/ca.pem")
    with urllib.request.urlopen(request, context=context) as answer:
        text = answer.read()
        return json.loads(text) if text else None


def users_of(folder, url, token, kind="Users"):
    """All users, past galway."""
    request = urllib.request.Request(url + f"/{kind}?startIndex=1&count=100", headers={"Authorization": f"Bearer {token}"})
    return fetch(folder, request)["Resources"]


TOKEN = "S3CR3T-0123456789-0123456789-0123456789"


def others(folder):
    try:
        npm = servers.installed()
    except servers.Missing as e:
        servers.skip("services of others", e)
        return
    with servers.Node(npm, next(used), "scimmy.mjs", TOKEN, tls=f"{folder}/server") as server:
        url = server.url + "/scim/v2"
        cycle("SCIMMY", World(folder, url, TOKEN), lambda: users_of(folder, url, TOKEN))
        back("SCIMMY", folder, url)
    with servers.Node(npm, next(used), "scimmy.mjs", TOKEN, tls=f"{folder}/server") as server:
        url = server.url + "/scim/v2"
        cycle("SCIMMY without Bulk", World(folder, url, TOKEN, ["bulk = never"]), lambda: users_of(folder, url, TOKEN))
    with servers.Node(npm, next(used), "better-auth.mjs", TOKEN, tls=f"{folder}/server") as server:
        url = server.url + "/api/auth/scim/v2"
        cycle("Better Auth", World(folder, url, TOKEN), lambda: users_of(folder, url, TOKEN))
        back("Better Auth", folder, url)
    # Express 5 keeps startIndex and count from it: the first 20 are all that it ever gives.
    with servers.Node(npm, next(used), "scimmy.mjs", TOKEN, "express5", tls=f"{folder}/server") as server:
        url = server.url + "/scim/v2"
        world = World(folder, url, TOKEN)
        for i in range(25):
            world.person(i)
        world.write()
        world.expect("SCIMMY on Express 5", 2, "does not heed startIndex")
        world.expect("SCIMMY on Express 5", 2, "does not heed startIndex", arguments=("sync", "--full"))


def jackson(folder):
    """A service that says 200 to what it does not do: it does not keep a group's externalId and members, and changes of an extension come out twice.
    What it did not take is told, and nobody else is touched."""
    try:
        npm = servers.installed("jackson")
    except servers.Missing as e:
        servers.skip("SAML Jackson", e)
        return
    with servers.Node(npm, next(used), "jackson.mjs", tls=f"{folder}/server") as server:
        path, token = server.said
        url = server.url + path
        cycle("SAML Jackson", World(folder, url, token), lambda: users_of(folder, url, token))
        theirs = {u["id"]: u for u in users_of(folder, url, token)}
        world = World(folder, url, token, groups=True)
        dn = lambda i: f"CN=p{i:03},OU=GAL,DC=abc,DC=example"
        for i in range(40, 44):
            world.person(i, department="Sales", l="Bonn", **({"manager": dn(40)} if i > 40 else {}))
        world.groups["g1"] = {"objectClass": "group", "sAMAccountName": "sales", "member": [dn(40), dn(41)]}
        world.write()

        def step(name, code, *words, arguments=("sync",)):
            world.expect(f"SAML Jackson: {name}", code, *words, arguments=arguments)
            now = {u["id"]: u for u in users_of(folder, url, token)}
            if any(now.get(i) != u for i, u in theirs.items()):
                wrong(f"SAML Jackson: {name}: users of another flow were touched")
            ours = [u for i, u in now.items() if i not in theirs]
            compare(f"SAML Jackson: {name}", world, ours)
            if sorted(field(u, "department") for u in ours) != sorted(p["department"] for p in world.people.values()):
                wrong(f"SAML Jackson: {name}: departments: {ours}")
            return len(users_of(folder, url, token, "Groups"))

        if step("groups", 4, "the service did not take adminDescription as it was written", "4 added") != 1:
            wrong("SAML Jackson: not one group")
        world.people["p041"].update(department="Other", manager=dn(42))
        world.groups["g1"]["member"] = [dn(41), dn(42), dn(43)]
        world.write()
        if step("members", 4, "the service did not take member as it was written") != 1:
            wrong("SAML Jackson: not one group")
        del world.groups["g1"], world.people["p043"]
        world.write()
        step("without the group", 0, "1 deleted")
        step("at last", 0, "nothing to do", arguments=("sync", "--full"))


def field(user, name):
    return user["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"].get(name)


def back(name, folder, url):
    """The same service as a source."""
    world = World(folder, url, TOKEN, source=True)
    world.write()
    n = len(users_of(folder, url, TOKEN))
    world.expect(f"{name} as source: what galway made is left out", 0, f"{n} read, nothing to do")

    def ask(method, key, body):
        request = urllib.request.Request(f"{url}/Users" + (f"/{key}" if key else ""), None if body is None else json.dumps(body).encode(),
                                         {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/scim+json"}, method=method)
        return fetch(folder, request)

    turns(name, world, ask)


TESTS = {t.__name__: t for t in (variants, groups, twins, twins_written, entra, writes, reads, source, others, jackson)}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("galway")
    parser.add_argument("--only", help="variants with this word in their name, or one test")
    global OPTIONS
    OPTIONS = parser.parse_args()
    OPTIONS.galway = os.path.realpath(OPTIONS.galway)
    with tempfile.TemporaryDirectory(prefix="galway-scim-") as folder:
        fake.authority(folder)
        fake.certificate(folder, "server")
        for name, test in TESTS.items():
            if OPTIONS.only in (None, name) or (OPTIONS.only not in TESTS and name in ("variants", "reads")):
                test(folder)
    print(f"{len(failures)} wrong" if failures else "good")
    return servers.exit_code(failures)


sys.exit(main())
