#!/usr/bin/python3
"""galway compare: tests/compare/run.py GALWAY

What galway plans is written down as MIM, Entra Connect and a DSML tool would write it, here and not by galway
(but for its own DSML): then nothing differs. Then one thing at a time is changed in the file, and it must be
found, and nothing else.
"""

import base64
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
from xml.sax.saxutils import escape, quoteattr

import jsonschema

GALWAY = os.path.realpath(sys.argv[1])
DOCS = pathlib.Path(__file__).resolve().parent.parent.parent / "docs"
SCHEMA = jsonschema.Draft7Validator(json.loads((DOCS / "compare.schema.json").read_text()))
failed = 0

CONF = """
state = "state.db"
connector abc {
    type = ldif
    file = "abc.ldif"
    base = "DC=abc,DC=example"
    smtp-domains = {"abc.example"}
    sip-domains = {"abc.example"}
}
connector xyz {
    type = ldif
    file = "xyz.ldif"
    base = "DC=xyz,DC=example"
}
flow abc-to-xyz {
    source = abc
    target = xyz
    rules = galsync
    into = "OU=GAL,DC=xyz,DC=example"
}
"""


def guid(number):
    return base64.b64encode(number.to_bytes(16, "big")).decode()


def person(number, cn, **more):
    mail = f"p{number}@abc.example"
    lines = [f"dn: CN={cn},OU=People,DC=abc,DC=example", "objectClass: top", "objectClass: person",
             "objectClass: organizationalPerson", "objectClass: user", f"cn: {cn}", f"objectGUID:: {guid(number)}",
             f"displayName: {more.pop('displayName', cn)}", f"sAMAccountName: p{number}", f"mail: {mail}",
             f"proxyAddresses: SMTP:{mail}", f"proxyAddresses: smtp:x{number}@abc.example",
             f"legacyExchangeDN: /o=ABC/cn=p{number}", f"mailNickname: p{number}"]
    return "\n".join(lines + [f"{name}: {value}" for name, value in more.items()]) + "\n\n"


PEOPLE = {1: ("Ann Example", dict(title="Head", manager="CN=Bob Example,OU=People,DC=abc,DC=example")),
          2: ("Bob Example", {"telephoneNumber": "+1 555 0100", "msRTCSIP-PrimaryUserAddress": "sip:p2@abc.example"}),
          3: ("Cy & Co", dict(streetAddress="Street 1"))}


def write_source(people):
    with open("abc.ldif", "w", encoding="utf-8") as out:
        out.write("dn: DC=abc,DC=example\nobjectClass: domain\ndc: abc\nobjectGUID:: " + guid(1000) + "\n\n")
        for number, (cn, more) in people.items():
            out.write(person(number, cn, **more))
    os.chmod("abc.ldif", 0o600)


def galway(*words, want=None):
    done = subprocess.run([GALWAY, "-c", "galway.conf", *words], capture_output=True, text=True, check=False)
    if want is not None and done.returncode != want:
        raise SystemExit(f"galway {words}: ended with {done.returncode}\n{done.stdout}{done.stderr}")
    return done


def steps():
    done = galway("diff", "--full", "--format", "json")
    if done.returncode > 1:
        raise SystemExit(done.stderr)
    report = json.loads(done.stdout)
    return [s for s in report["flows"][0]["steps"] if s["op"] in ("add", "modify", "delete", "link")]


def value_xml(value, operation=""):
    if isinstance(value, dict):
        return f'<value{operation} encoding="base64">{value["base64"]}</value>'
    return f"<value{operation}>{escape(value)}</value>"


BOOLEANS = {"TRUE": "true", "FALSE": "false"}
INTEGERS = {"msExchRecipientDisplayType", "msExchRecipientTypeDetails", "internetEncoding", "countryCode"}
REFERENCES = {"manager"}


def attr_xml(name, add, remove=(), operation=None):
    said = f' operation="{operation}"' if operation else ""
    both = [(v, ' operation="delete"' if operation else "") for v in remove]
    both += [(v, ' operation="add"' if operation == "update" else "") for v in add]
    if name in REFERENCES:
        values = "".join(f"<dn-value{o}><dn>{escape(v)}</dn></dn-value>" for v, o in both)
        return f'<dn-attr name="{name}" multivalued="false"{said}>{values}</dn-attr>'
    kind = "string"
    if name in INTEGERS:
        kind = "integer"
        both = [(hex(int(v) & 0xFFFFFFFFFFFFFFFF), o) for v, o in both]
    elif any(v in BOOLEANS for v, _ in both if isinstance(v, str)):
        kind = "boolean"
        both = [(BOOLEANS[v], o) for v, o in both]
    values = "".join(value_xml(v, o) for v, o in both)
    return f'<attr name="{name}" type="{kind}" multivalued="true"{said}>{values}</attr>'


def delta_xml(step):
    name, rename, attrs = step["target"]["name"], "", ""
    operation = {"add": "add", "delete": "delete"}.get(step["op"], "update")
    for c in step["changes"]:
        if c["attribute"] == "distinguishedName":
            rename = " newdn=" + quoteattr(c["add"][0])
        elif c["attribute"] == "objectClass":
            # MIM names the class that counts; servers add those above it.
            attrs += "<primary-objectclass>contact</primary-objectclass><objectclass><oc-value>contact</oc-value></objectclass>"
        elif c["attribute"] != "adminDescription":
            attrs += attr_xml(c["attribute"], c["add"], c["remove"], "update" if operation == "update" else None)
    return f'<delta operation="{operation}" dn={quoteattr(name)}{rename}>{attrs}</delta>\n'


def mmsml(all_steps):
    return ('<?xml version="1.0" encoding="utf-16"?>\n<mmsml xmlns="http://www.microsoft.com/mms/mmsml/v2" '
            'step-type="export"><directory-entries>\n' + "".join(map(delta_xml, all_steps)) +
            "</directory-entries></mmsml>\n").encode("utf-16")


def ldif_entries(path):
    text = open(path, encoding="utf-8").read().replace("\n ", "")
    for block in re.split(r"\n\n+", text):
        entry = {}
        for line in block.splitlines():
            match = re.match(r"([^:]+):(:?) ?(.*)", line)
            if not match or line.startswith("#") or match[1] == "version":
                continue
            raw = base64.b64decode(match[3]) if match[2] else match[3].encode()
            entry.setdefault(match[1], []).append(raw)
        if "dn" in entry:
            yield entry


def as_value(raw):
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(raw).decode()}


def csexport(path):
    """The directory as a connector space, in which nothing waits any more."""
    out = "<cs-objects>\n"
    for entry in ldif_entries(path):
        dn = entry["dn"][0].decode()
        attrs = ""
        for name, values in entry.items():
            if name == "objectClass":
                attrs += "<objectclass>" + "".join(
                    f"<oc-value>{v.decode()}</oc-value>" for v in values) + "</objectclass>"
            elif name not in ("dn", "objectGUID", "adminDescription"):
                attrs += attr_xml(name, [as_value(v) for v in values])
        anchor = base64.b64encode(entry["objectGUID"][0]).decode() if "objectGUID" in entry else ""
        out += (f'<cs-object cs-dn={quoteattr(dn)} id="{{1}}" object-type="contact"><synchronized-hologram>'
                f'<entry dn={quoteattr(dn)}><anchor encoding="base64">{anchor}</anchor>{attrs}</entry>'
                "</synchronized-hologram><pending-import/></cs-object>\n")
    return (out + "</cs-objects>\n").encode()


def dsml_adds(path):
    """The directory as a batch of adds that would make it."""
    def value(raw):
        text = raw.decode("ascii", "replace")
        if text.isprintable() and "\ufffd" not in text:
            return f"<value>{escape(text)}</value>"
        return f'<value xsi:type="xsd:base64Binary">{base64.b64encode(raw).decode()}</value>'
    out = ('<batchRequest xmlns="urn:oasis:names:tc:DSML:2:0:core" xmlns:xsd="http://www.w3.org/2001/XMLSchema" '
           'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">\n')
    for entry in ldif_entries(path):
        attrs = "".join(f'<attr name="{name}">{"".join(map(value, values))}</attr>' for name, values in entry.items() if name != "dn")
        out += f'<addRequest dn={quoteattr(entry["dn"][0].decode())}>{attrs}</addRequest>\n'
    return (out + "</batchRequest>\n").encode()


def as_source():
    """The same people from a dump of MIM, or a batch of DSML, are the same plan."""
    global failed
    want = steps()
    for kind, content in (("mim", csexport("abc.ldif")), ("dsml", dsml_adds("abc.ldif"))):
        with open("abc.xml", "wb") as out:
            out.write(content)
        os.chmod("abc.xml", 0o600)
        with open("galway.conf", "w", encoding="utf-8") as conf:
            conf.write(CONF.replace('type = ldif\n    file = "abc.ldif"', f'type = {kind}\n    file = "abc.xml"'))
        if (plan := steps()) != want:
            print(f"compare: {kind} as a source: {plan}\nis not\n{want}", file=sys.stderr)
            failed = 1
    with open("galway.conf", "w", encoding="utf-8") as conf:
        conf.write(CONF)


def compare(what, content, code, *lines):
    """The verdict, and lines that must be in the text; JSON must agree."""
    global failed
    with open("theirs.xml", "wb") as out:
        out.write(content)
    done = galway("compare", "theirs.xml")
    complaints = [f"ended with {done.returncode}, not {code}"] if done.returncode != code else []
    complaints += [f"lacks: {line}" for line in lines if line not in done.stdout + done.stderr]
    if code in (0, 1):
        said = json.loads(galway("compare", "--format", "json", "theirs.xml", "abc-to-xyz").stdout)
        complaints += [f"not as docs/compare.schema.json says: {e.message}" for e in SCHEMA.iter_errors(said)]
        sums = said["sums"]["objects"]
        shown = re.search(r"^objects +(\d+) +(\d+) +(\d+) +(\d+)$", done.stdout, re.M)
        if [int(n) for n in shown.groups()] != list(sums.values()):
            complaints.append("text and JSON do not agree")
        if len(said["objects"]) != sum(sums.values()) - sums["same"]:
            complaints.append("the sums are not those of the objects")
    for complaint in complaints:
        print(f"compare: {what}: {complaint}", file=sys.stderr)
    if complaints:
        print(done.stdout + done.stderr, file=sys.stderr)
    failed |= bool(complaints)


def count_line(name, *numbers):
    return f"{name:30s}" + "".join(f" {n:11d}" for n in numbers)


def first_run():
    """All are new."""
    plan = steps()
    assert [s["op"] for s in plan] == ["add"] * 3, plan
    good = mmsml(plan).decode("utf-16")
    compare("mmsml", mmsml(plan), 0, "3 records of mmsml", count_line("objects", 3, 0, 0, 0),
            count_line("manager", 1, 0, 0, 0), count_line("objectClass", 3, 0, 0, 0), "\nthe same\n")
    dsml = galway("diff", "--full", "--format", "dsml", want=1).stdout
    compare("dsml", dsml.encode(), 0, "3 records of DSMLv2", count_line("objects", 3, 0, 0, 0))
    ann = delta_xml(next(s for s in plan if "Ann" in s["target"]["name"]))

    def changed(what, old, new, *lines):
        assert old in good, old
        compare(what, good.replace(old, new, 1).encode("utf-16"), 1, *lines)

    changed("a value", ">Head<", ">Chief<", count_line("objects", 2, 1, 0, 0), count_line("title", 0, 1, 0, 0),
            "    title: differs\n        theirs  Chief\n        ours    Head\n")
    changed("one of several values", ">smtp:x1@abc.example<", ">smtp:y1@abc.example<",
            count_line("objects", 2, 1, 0, 0), count_line("proxyAddresses", 2, 1, 0, 0),
            "        theirs  smtp:y1@abc.example\n        ours    smtp:x1@abc.example\n")
    compare("only the case of an address", good.replace(">p1@abc", ">P1@ABC").encode("utf-16"), 0)
    changed("an attribute of theirs", "</delta>", '<attr name="pager"><value>1</value></attr></delta>',
            count_line("objects", 2, 1, 0, 0), count_line("pager", 0, 0, 1, 0), "    pager: only theirs\n")
    changed("an attribute of ours", attr_xml("title", ["Head"]), "",
            count_line("objects", 2, 1, 0, 0), count_line("title", 0, 0, 0, 1))
    changed("a class", "<oc-value>contact<", "<oc-value>user<", count_line("objectClass", 2, 1, 0, 0))
    changed("a reference", "CN=Bob Example,OU=GAL,DC=xyz,DC=example</dn>", "CN=Cy,OU=GAL,DC=xyz,DC=example</dn>",
            count_line("manager", 0, 1, 0, 0))
    changed("an object of ours", ann, "", count_line("objects", 2, 0, 0, 1), "only ours (they: none, we: add)")
    changed("an object of theirs", ann, ann + ann.replace("Ann", "Zoe").replace("p1@", "p9@"),
            count_line("objects", 3, 0, 1, 0), "CN=Zoe Example,OU=GAL,DC=xyz,DC=example: only theirs (they: add, we: none)")
    changed("another name, but its address", 'dn="CN=Ann Example,', 'dn="CN=Ann E,', count_line("objects", 2, 1, 0, 0),
            count_line("distinguishedName", 2, 1, 0, 0), "        theirs  CN=Ann E,OU=GAL,DC=xyz,DC=example\n")
    changed("a write elsewhere", ann, ann + '<delta operation="update" dn="CN=u,DC=xyz,DC=example">'
            '<attr name="proxyAddresses" operation="update"><value operation="add">X500:/o=a</value></attr></delta>',
            count_line("objects", 3, 0, 1, 0))
    compare("damaged", good[:-30].encode("utf-16"), 2, "not well-formed XML")
    compare("no such file", b"<html/>", 2, "this element is not known here: html")
    compare("a DOCTYPE", b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><cs-objects/>', 2, "a DOCTYPE is not accepted")
    compare("empty", b"<cs-objects/>", 1, count_line("objects", 0, 0, 0, 3))
    return good.replace(good[good.index("<delta"):good.rindex("</delta>") + 8], ann)


def second_run(ann):
    """ann: the file that adds her alone. A change, a rename with a change, a delete, and one that comes; and nothing to do."""
    before = open("xyz.ldif", "rb").read()
    galway("sync", "abc-to-xyz", want=0)
    whole = csexport("xyz.ldif")
    compare("nothing to do, csexport", whole, 0, "4 records of csexport", count_line("objects", 3, 0, 0, 0),
            "1 entries of the file are outside of what the flow manages")
    compare("nothing to do, csexport, a value", whole.replace(b">Head<", b">Chief<"), 1,
            count_line("objects", 2, 1, 0, 0), count_line("title", 0, 1, 0, 0), "differs (they: entry, we: none)")
    fewer = ann.replace("<value>smtp:x1@abc.example</value>", "")
    assert fewer != ann
    compare("an add of one who is there", ann.encode("utf-16"), 0, count_line("objects", 1, 0, 0, 0))
    compare("an add of one who is there, an address less", fewer.encode("utf-16"), 1, count_line("objects", 0, 0, 1, 0),
            count_line("proxyAddresses", 0, 1, 0, 0))
    compare("nothing to do, empty mmsml", mmsml([]), 0, count_line("objects", 0, 0, 0, 0))

    people = dict(PEOPLE)
    people[1] = ("Ann Example", dict(title="Chief"))
    people[2] = ("Bobby Example", {"telephoneNumber": "+1 555 0101", "msRTCSIP-PrimaryUserAddress": "sip:p2@abc.example"})
    people[4] = ("Dee Example", {})
    del people[3]
    write_source(people)
    plan = steps()
    assert sorted(s["op"] for s in plan) == ["add", "delete", "modify", "modify"], plan
    good = mmsml(plan).decode("utf-16")
    compare("changes, mmsml", good.encode("utf-16"), 0, count_line("objects", 4, 0, 0, 0))
    dsml = galway("diff", "--full", "--format", "dsml", want=1).stdout
    compare("changes, dsml", dsml.encode(), 0, count_line("objects", 4, 0, 0, 0))
    delete = next(delta_xml(s) for s in plan if s["op"] == "delete")
    compare("no delete", good.replace(delete, "").encode("utf-16"), 1, count_line("objects", 3, 0, 0, 1),
            "only ours (they: none, we: delete)")
    compare("another delete", good.replace("</directory-entries>", delete.replace("Cy &amp; Co", "Ann Example")
            + "</directory-entries>").encode("utf-16"), 1, "differs (they: delete, we: modify)")
    compare("no rename", re.sub(' newdn="[^"]*"', "", good).encode("utf-16"), 1,
            count_line("objects", 3, 1, 0, 0), "    distinguishedName: differs\n")
    compare("a value stays", re.sub('<value operation="delete">Head</value>', "", good).encode("utf-16"), 1,
            count_line("title", 0, 1, 0, 0))

    # After it is done, the connector space is what the plan made; the plan is made anew on what was before.
    galway("sync", "--full", want=0)
    after = csexport("xyz.ldif")
    compare("done, csexport", after, 0, count_line("objects", 3, 0, 0, 0))
    os.remove("state.db")
    with open("xyz.ldif", "wb") as out:
        out.write(before)
    compare("all anew, csexport", after, 0, count_line("objects", 3, 0, 0, 0))


def usage():
    for words, said in (([], "compare: name a file"), (["a", "b", "c"], "compare: name a file"),
                        (["theirs.xml", "no"], "no flow 'no'"), (["--format", "csv", "theirs.xml"], "text or json"),
                        (["none.xml"], "none.xml: No such file")):
        done = galway("compare", *words)
        if done.returncode != 2 or said not in done.stderr:
            raise SystemExit(f"compare {words}: {done.returncode} {done.stderr}")


with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    with open("galway.conf", "w", encoding="utf-8") as conf:
        conf.write(CONF)
    with open("xyz.ldif", "w", encoding="utf-8") as target:
        target.write("dn: OU=GAL,DC=xyz,DC=example\nobjectClass: organizationalUnit\nou: GAL\nobjectGUID:: "
                     + guid(2000) + "\n\n")
    for name in ("galway.conf", "xyz.ldif"):
        os.chmod(name, 0o600)
    write_source(PEOPLE)
    as_source()
    second_run(first_run())
    usage()
sys.exit(failed)
