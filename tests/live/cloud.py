#!/usr/bin/python3
"""From one end to the other, with an Active Directory (Samba): its people to a SCIM service (SCIMMY, where npm has it; else one of ours) and
to contacts in two mailboxes; users of a tenant (both Graph's stand-in) to contacts in it, as the tenant's isCloudManaged says; and what MIM
would write of its people, made from the contract, beside galway's plan. What comes of each is read past galway."""
import base64
import contextlib
import json
import pathlib
import re
import sys
import urllib.request
from xml.sax.saxutils import escape, quoteattr

import ldap.dn

import contract
import scenario
import server
from samba import Forest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "web"))
import graph_fake
import scim_fake
import servers

EXAMPLES = server.HERE.parent.parent / "examples"
BOXES = ("ann@abc.example", "bob@abc.example")
WRITTEN = ("displayName", "givenName", "sn", "mail", "title", "telephoneNumber")
PERSONAL = """rule person
    scope  (&(objectClass=user)(mail=*)(sAMAccountName=*)(!(userAccountControl:1.2.840.113556.1.4.803:=2)))
    name   "CN=" & [sAMAccountName]
    objectClass = "contact"
""" + "".join(f"    {a} = [{a}]\n" for a in WRITTEN)
TENANT = """rule person
    scope  (objectClass=user)
    name   "CN=" & [mail]
    objectClass   = "contact"
    displayName   = [displayName]
    title         = [title]
    mail          = [mail]
    mailNickname  = [mailNickname]
    targetAddress = "SMTP:" & [mail]
    proxyAddresses = "SMTP:" & [mail]
"""
XYZ = "OU=GAL,DC=xyz,DC=example"
GRAPH = """    type = graph
    tenant = "abc.example"
    url = "{url}"
    login-url = "{url}"
    client-id = "galway"
    plain = true
    retry = 5s
"""
CONF = """state = "state.db"
connector scim {{
    type = scim
    url = "{scim}"
    auth = bearer
    base = "O=scim"
    types = {{"users", "groups"}}
    plain = true
    secret = "file:{folder}/token"
}}
connector boxes {{
{graph}    mailbox = {{{boxes}}}
    folder = "GAL"
    base = "O=boxes"
    secret = "file:{folder}/secret"
}}
connector tenant {{
{graph}    base = "O=tenant"
    secret = "file:{folder}/secret"
    authority-flag = {{"isCloudManaged=TRUE:tenant", "isCloudManaged=FALSE:abc"}}
}}
connector xyz {{
    type = ldif
    file = "xyz.ldif"
    base = "DC=xyz,DC=example"
}}
"""
FLOW = """flow {source}-to-{target} {{
    source = {source}
    target = {target}
    rules = "{rules}"
    into = "{into}"
    full-every = 100
}}
"""
FLOWS = (("abc", "scim", EXAMPLES / "scim" / "people.rules", "O=scim"), ("abc", "boxes", "personal.rules", "O=boxes"),
         ("tenant", "abc", "tenant.rules", "OU=GAL,DC=abc,DC=example"), ("abc", "xyz", "galsync", XYZ))


def same(what, has, wants):
    if has == wants:
        return
    if isinstance(has, dict) and isinstance(wants, dict):
        has, wants = ({k: d.get(k) for k in d.keys() | e.keys() if d.get(k) != e.get(k)} for d, e in ((has, wants), (wants, has)))
    raise server.Failure(f"{what}: it has\n{has}\nand not\n{wants}")


class World:
    def __init__(self, options, folder, abc, scim, graph):
        self.galway, self.folder, self.abc = options.galway, folder, abc
        text = CONF.format(folder=folder, scim=scim, graph=GRAPH.format(url=graph), boxes=", ".join(f'"{b}"' for b in BOXES))
        text += abc.connector() + "".join(FLOW.format(source=s, target=t, rules=r, into=i) for s, t, r, i in FLOWS)
        for name, content in (("galway.conf", text), ("secret", "S3CR3T\n"), ("token", TOKEN + "\n"), ("personal.rules", PERSONAL),
                              ("tenant.rules", TENANT), ("xyz.ldif", f"dn: {XYZ}\nobjectClass: organizationalUnit\nobjectGUID: x\n")):
            (folder / name).write_text(content)
            (folder / name).chmod(0o600)

    def run(self, *words, code=0):
        return server.command(self.galway, "-c", self.folder / "galway.conf", *words, codes=(code,), timeout=120).stdout

    def people(self):
        """{account: what is to be written of it}: those of the directory who are enabled, and have mail."""
        found = {}
        for name, e in self.abc.directory.search(filter="(&(objectClass=user)(mail=*))").items():
            if not contract.is_below(name, self.abc.into) and int(e["userAccountControl"][0]) & 2 == 0:
                found[e["sAMAccountName"][0].decode()] = {a: e[a][0].decode() for a in WRITTEN if a in e}
        if len(found) < 40:
            raise server.Failure(f"only {len(found)} people: the test tests nothing")
        return found


def scim_people(service):
    found = {}
    for u in service():
        mails = {m.get("type"): m["value"] for m in u.get("emails", [])}
        phones = {p.get("type"): p["value"] for p in u.get("phoneNumbers", [])}
        has = {"displayName": u.get("displayName"), "givenName": u.get("name", {}).get("givenName"), "sn": u.get("name", {}).get("familyName"),
               "mail": mails.get("work"), "title": u.get("title"), "telephoneNumber": phones.get("work")}
        found[u["userName"]] = {a: v for a, v in has.items() if v}
    return found


def box_people(graph, box):
    found = {}
    for name, contacts in graph.folders[box].values():
        for c in contacts.values() if name == "GAL" else ():
            ours = {p["id"].rpartition(" ")[2]: p["value"] for p in c["singleValueExtendedProperties"]}
            has = {"displayName": c.get("displayName"), "givenName": c.get("givenName"), "sn": c.get("surname"), "title": c.get("jobTitle"),
                   "mail": c["emailAddresses"][0]["address"], "telephoneNumber": (c.get("businessPhones") or [None])[0]}
            found[ours["galwayName"]] = {a: v for a, v in has.items() if v}
    return found


def outwards(w, users, graph):
    """The directory's people, to the service and to the mailboxes; then changes, by a delta."""
    for step in (first, changes, None):
        if step is not None:
            step(w.abc)
        for flow in ("abc-to-scim", "abc-to-boxes"):
            told = w.run("sync", *(["--full"] if step is None else []), flow)
            wants = {first: "(full", changes: "(delta)", None: "nothing to do"}[step]
            if wants not in told:
                raise server.Failure(f"{flow}: not {wants}: {told}")
        same("SCIM", scim_people(users), w.people())
        for box in BOXES:
            same(f"the mailbox {box}", box_people(graph, box), w.people())


def first(abc):
    """Who is made by LDAP without a password is disabled."""
    for name in abc.directory.search(filter="(&(objectClass=user)(mail=*))", attributes=["1.1"]):
        abc.directory.replace(name, userAccountControl="544")


def changes(abc):
    d = abc.directory
    d.replace(abc.find("Lind, Eva"), title="Director", telephoneNumber=None)
    d.replace(abc.find("Kenji Tanaka 22"), mail="kenji@abc.example", sAMAccountName="a-kenji")
    d.replace(abc.find("Bob Rossi 37"), userAccountControl="546")
    d.delete(abc.find("Chloë O'Brien 38"))
    abc.put("CN=Nina New,OU=People", "user", sAMAccountName="a-nina", displayName="Nina New", sn="New", givenName="Nina",
            mail="a-nina@abc.example", userAccountControl="544")


def inwards(w, graph):
    """Of the tenant's users those are made contacts who are the tenant's; whom the directory masters it keeps."""
    ids = [graph.user(n, jobTitle="Staff", mail=f"user{n}@cloud.example", mailNickname=f"user{n}") for n in range(4)]
    graph.managed.update(dict(zip(ids, (True, False, True, False))))

    def contacts():
        found = w.abc.directory.ldbsearch(w.abc.into, "(objectClass=contact)")
        return {e["mail"][0].decode().partition("@")[0]: e["title"][0].decode() for e in found.values()}

    def title(text):
        for i in ids:
            graph.change(i, jobTitle=text)

    w.run("sync", "tenant-to-abc", code=4)
    same("the tenant's", contacts(), {"user0": "Staff", "user2": "Staff"})
    told = w.run("authority", "transfer", "user1@cloud.example", "tenant")
    if "tenant: told that it is tenant's" not in told:
        raise server.Failure(f"authority transfer: {told}")
    same("isCloudManaged", graph.managed[ids[1]], True)
    w.run("authority", "transfer", "user2@cloud.example", "abc")
    same("isCloudManaged", graph.managed[ids[2]], False)
    title("Head")
    told = w.run("sync", "tenant-to-abc", code=4)
    same("handed over", contacts(), {"user0": "Head", "user1": "Head", "user2": "Staff"})
    if told.count("denied") == 0 or "user2" not in told:
        raise server.Failure(f"nothing is told of what was denied: {told}")


def as_mim(name, kinds):
    """An add of a contact, as a drop file of MIM has it."""
    integers = {"msexchrecipientdisplaytype", "msexchrecipienttypedetails", "internetencoding", "countrycode"}
    out = "<primary-objectclass>contact</primary-objectclass><objectclass><oc-value>contact</oc-value></objectclass>"
    for attribute, values in sorted(kinds.items()):
        if attribute == "manager":
            out += '<dn-attr name="manager" multivalued="false">'
            out += "".join(f"<dn-value><dn>{escape(ldap.dn.dn2str([[(a, v, 1) for a, v in rdn] for rdn in dn]))}</dn></dn-value>"
                           for dn in values) + "</dn-attr>"
        elif attribute not in ("objectclass", "cn"):
            out += f'<attr name="{attribute}" type="{"integer" if attribute in integers else "string"}" multivalued="true">'
            for v in values:
                try:
                    text = v.decode()
                    text = hex(int(text) & 0xffffffffffffffff) if attribute in integers else text
                    bad = re.search("[\\x00-\\x1f]", text)
                except UnicodeDecodeError:
                    bad = True
                out += (f'<value encoding="base64">{base64.b64encode(v).decode()}</value>' if bad else f"<value>{escape(text)}</value>")
            out += "</attr>"
    return f'<delta operation="add" dn={quoteattr(name)}>{out}</delta>\n'


def beside_mim(w):
    """What MIM would write is made from the contract and the directory, not from what galway says."""
    wants = contract.contacts(w.abc.sources(), "abc-to-xyz", "abc.example", XYZ)
    deltas = [as_mim(f"{ldap.dn.dn2str([[('CN', next(iter(e['cn'])).decode(), 1)]])},{XYZ}", e) for e in wants.values()]

    def compare(lines, code):
        text = ('<?xml version="1.0" encoding="utf-8"?>\n<mmsml xmlns="http://www.microsoft.com/mms/mmsml/v2" step-type="export">'
                "<directory-entries>\n" + "".join(lines) + "</directory-entries></mmsml>\n")
        (w.folder / "drop.xml").write_text(text, encoding="utf-8")
        return w.run("compare", w.folder / "drop.xml", "abc-to-xyz", code=code)

    told = compare(deltas, 0)
    n = re.search(r"^objects +(\d+) +0 +0 +0$", told, re.M)
    same("beside MIM", int(n[1]) if n else told, len(wants))
    lacks = next(d for d in deltas if "Director<" not in d)
    other = [d.replace("Director<", "Directrix<") for d in deltas if d != lacks]
    told = compare(other, 1)
    if "Directrix" not in told or not re.search(rf"^objects +{len(wants) - 2} +1 +\d+ +\d+$", told, re.M):
        raise server.Failure(f"compare does not tell of another title and of who lacks: {told}")


@contextlib.contextmanager
def scim_at():
    """The URL of a SCIM service, and what gives its users, past galway."""
    port = server.free_port()
    if NPM is None:
        service = scim_fake.Service()
        with scim_fake.serve(service, port=port) as at:
            yield f"{at.url}/scim/v2", lambda: service.kinds["Users"].values()
        return
    with servers.Node(NPM, port, "scimmy.mjs", TOKEN):
        url = f"http://127.0.0.1:{port}/scim/v2"
        request = urllib.request.Request(f"{url}/Users?startIndex=1&count=1000", headers={"Authorization": f"Bearer {TOKEN}"})

        def users():
            with urllib.request.urlopen(request) as answer:
                return json.load(answer)["Resources"]
        yield url, users


def test(options):
    graph = graph_fake.Service()
    graph.folders.update({box: {} for box in BOXES})
    with (server.Folder("cloud") as folder, Forest("abc.example", "127.0.0.2") as dc, graph_fake.serve(graph) as graph_at,
          scim_at() as (scim, users)):
        abc = scenario.Side("abc", dc, *scenario.simple_bind(dc, folder, "ad"))
        abc.populate()
        w = World(options, folder, abc, scim, graph_at.url)
        outwards(w, users, graph)
        inwards(w, graph)
        beside_mim(w)
        same("what was asked wrongly of Graph", graph.complaints, [])


if __name__ == "__main__":
    try:
        NPM = servers.installed()  # now: a private network reaches nobody
    except servers.Missing as e:
        print(f"the SCIM service is one of ours: {e}")
        NPM = None
    TOKEN = "S3CR3T" if NPM is None else "S3CR3T-0123456789-0123456789-0123456789"
    server.run(test)
