"""What must hold. Each check raises Divergence, or returns what it found."""
import difflib
import re
import uuid

from world import addresses, first, is_ours, ldif, split_name

FILES = {"galway.conf", "abc.ldif", "xyz.ldif", "state.db", "state.db.lock"}
REFERENCES = {"manager"}


class Divergence(Exception):
    """What is wrong, for a person."""


def differ(want, got):
    return "\n".join(list(difflib.unified_diff(want, got, "undisturbed", "killed", lineterm="", n=2))[:60])


def files(folder):
    return {p.name: (p.read_bytes(), p.stat().st_mtime_ns) for p in folder.iterdir()}


# ---- directories


def identity(entry):
    guid = first(entry, "objectGUID")
    return guid if guid else ldif.key(entry.name)


def look(places):
    """{side: {who: (name, entry's pairs)}}"""
    return {name: {identity(e): ldif.Entry(e.name, list(e.pairs)) for e in place.entries} for name, place in places.items()}


def tokens(entry):
    """All by which a contact of the other side's may meet this entry."""
    rdn = split_name(entry.name)[0].decode("utf-8", "replace")
    found = {"name:" + ldif.key(entry.name), "cn:" + stem(rdn.partition("=")[2])}
    found |= {a.decode("utf-8", "replace") for a in addresses(entry)}
    found |= {v.decode("utf-8", "replace").lower() for v in entry.values("proxyAddresses") if v.lower().startswith(b"x500:")}
    found |= {"x500:" + v.decode().lower() for v in entry.values("legacyExchangeDN")}
    found |= {"alias:" + v.decode("utf-8", "replace").lower() for a in ("mailNickname", "sAMAccountName") for v in entry.values(a)}
    found |= {v.decode("utf-8", "replace").rpartition(":")[2] for v in entry.values("adminDescription")}
    found |= {str(uuid.UUID(bytes_le=v)) for v in entry.values("objectGUID") if len(v) == 16}
    return found


def stem(cn):
    return re.sub(r"( \\?\(.*\\?\)|\\?\(\w*\\?\))+$", "", cn).casefold()[:30]


def same(a, b):
    return a.name == b.name and sorted(a.pairs) == sorted(b.pairs)


def changed(before, after):
    """Tokens of what is not as it was."""
    found = set()
    for who in before.keys() | after.keys():
        a, b = before.get(who), after.get(who)
        if a is None or b is None or not same(a, b):
            found |= (tokens(a) if a else set()) | (tokens(b) if b else set())
    return found


def left_behind(folder):
    extra = {p.name for p in folder.iterdir()} - FILES
    if extra:
        raise Divergence(f"left behind: {sorted(extra)}")


def untouched(place, before, after, is_target, pending):
    """What is not ours is as it was; references to what is ours follow it. With changes pending, that were made before the
    edits and came to be behind them, ours is what lies in our containers."""
    managed = tuple(b"," + c + b"," + place.base for c in (b"OU=GAL", b"OU=Partners")) if is_target else ()
    for who in before.keys() | after.keys():
        a, b = before.get(who), after.get(who)
        if a and b and same(a, b):
            continue
        there = [e for e in (a, b) if e is not None]
        ours = all(e.name.endswith(managed) for e in there) and (pending or any(is_ours(e) for e in there))
        if managed and (ours or (a and b and same(without_references(a), without_references(b)))):
            continue
        raise Divergence(f"{place.name}: what is not ours was changed:\n" + differ(*(ldif.canonical([e] if e else []) for e in (a, b))))


def without_references(entry):
    return ldif.Entry(entry.name, [(a, v) for a, v in entry.pairs if a not in REFERENCES])


def holders(entries, what):
    found = {}
    for who, entry in entries.items():
        for key in what(entry):
            found.setdefault(key, set()).add(who)
    return found


def marker(entry):
    return [v for v in entry.values("adminDescription") if v.startswith(b"galway:")]


def not_more(before, after, what, text, given=()):
    """Nothing comes to be held twice, unless somebody gave it by hand."""
    was = holders(before, what)
    for key, who in holders(after, what).items():
        if len(who) > 1 and key not in given and not who <= was.get(key, set()):
            raise Divergence(f"{key} {text} {[after[w].name.decode() for w in who]}")


def given_markers(before, after):
    """Markers that were put on an entry by hand."""
    return {v for who, e in after.items() for v in marker(e) if who not in before or v not in marker(before[who])}


# ---- reports


def summaries(report, code):
    counts = [flow["summary"] for flow in report["flows"]]
    waits = any(c["conflict"] + c["denied"] + c["failed"] for c in counts)
    if any(c["failed"] for c in counts):
        raise Divergence(f"failed: {report}")
    if code != 3 and code != (4 if waits else 0):
        raise Divergence(f"exit code {code}, and the report says {counts}")


def wrote(report):
    return any(flow["summary"][k] for flow in report["flows"] for k in ("add", "modify", "rename", "delete"))


def source_of(step):
    return step["source"]["id"] or step["target"]["id"]


def waiting(report):
    """What no run can settle: who is in conflict, and what the source was denied."""
    found = set()
    for flow in report["flows"]:
        source = flow["flow"].split("-to-")[0]
        for step in flow["steps"]:
            if step["op"] == "conflict":
                found.add((flow["flow"], source_of(step), "conflict"))
            for denied in step["denied"]:
                if denied["side"] == source:
                    # Which name and alias somebody would get depends on those that are free; and who is referred to may
                    # get another name later in the run.
                    loose = ("distinguishedName", "mailNickname", "manager")
                    value = "" if denied["attribute"] in loose else str(denied["value"])
                    found.add((flow["flow"], source_of(step), denied["attribute"], value))
    return found


def meets(step, source, tokens_of_edits):
    """Does the step have to do with that?"""
    mine = {"name:" + ldif.key(step["target"]["name"].encode()), step["target"]["id"], step["source"]["id"]}
    todo = [e for e in source.entries if ldif.key(e.name) == ldif.key(step["source"]["name"].encode())]
    if todo and [c["attribute"] for c in step["changes"] or step["denied"]] == ["manager"]:
        todo += [e for e in source.entries if e.name in todo[0].values("manager")]
    for e in todo:
        mine |= tokens(e)
    return bool(mine & tokens_of_edits)


def unknown(plan, done):
    """Steps that are not the conflicts and denials that the last run told of."""
    known = waiting({"flows": [done]})
    return [step for step in plan["steps"] if step["op"] not in ("conflict", "modify") or step["changes"]
            or not waiting({"flows": [{"flow": plan["flow"], "steps": [step]}]}) <= known]


def forgotten(report):
    """Contacts that a flow knows no more: to the flow the other way, before it in the run, they were its own."""
    return {step["target"]["id"] for flow in report["flows"] for step in flow["steps"] if step["op"] == "forget"}


def helped(plan, done, steps, expected, source):
    """Steps that can be done because the run itself solved a conflict. No others may be there, but those that have to do
    with what is expected."""
    conflicts = {who for _, who, *what in waiting({"flows": [done]}) if what == ["conflict"]}
    for step in steps:
        if not meets(step, source, expected | conflicts):
            raise Divergence(f"{plan['flow']}: a full run plans: {step}")
    return [step for step in steps if not meets(step, source, expected)]
