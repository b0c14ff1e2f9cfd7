"""What a directory holds: entries in memory, with Active Directory's update sequence numbers, tombstones and
ranges. Knows nothing of connections."""
import re
import uuid

import ber

RANGE = re.compile(r"(?i)(.+);range=(\d+)-(\d+|\*)$")
# Sent only when they are asked for by name or by "+".
OPERATIONAL = {"entryuuid", "modifytimestamp", "createtimestamp"}
EXACT = {"objectguid", "invocationid", "objectsid", "thumbnailphoto"}  # of bytes, not of text
FLAG = "1.2.840.113556.1.4.803"  # bit-and


def as_bytes(value):
    return value.encode() if isinstance(value, str) else value


def rdns(dn):
    """A name as the list of its parts, for comparing: enough for the names of these tests."""
    return [part.strip().lower() for part in re.split(r"(?<!\\),", dn)] if dn else []


def below(dn, base):
    parts, of = rdns(dn), rdns(base)
    return not of or parts[-len(of):] == of


def parent(dn):
    return re.split(r"(?<!\\),", dn, maxsplit=1)[1] if re.search(r"(?<!\\),", dn) else ""


class Entry:
    """A name and attributes: lower-case name -> (name, values). usn: of the last change, and by attribute."""

    def __init__(self, dn, attributes, guid=None):
        self.dn, self.attributes, self.deleted = dn, {}, False
        self.usn, self.usn_of, self.created = 0, {}, 0
        for name, values in attributes.items():
            self.put(name, values if isinstance(values, (list, tuple)) else [values])
        guid = guid or uuid.uuid5(uuid.NAMESPACE_DNS, dn.lower())
        self.attributes.setdefault("objectguid", ("objectGUID", [guid.bytes_le]))
        self.attributes.setdefault("entryuuid", ("entryUUID", [str(guid).encode()]))

    def put(self, name, values):
        if values:
            self.attributes[name.lower()] = (name, [as_bytes(v) for v in values])
        else:
            self.attributes.pop(name.lower(), None)

    def values(self, name):
        if name.lower() == "distinguishedname":
            return [self.dn.encode()]
        return self.attributes.get(name.lower(), (name, []))[1]

    def guid(self):
        return self.values("objectGUID")[0]


def same(name, a, b):
    return a == b if name.lower() in EXACT else a.lower() == b.lower()


def matches(entry, filt):
    """RFC 4511 section 4.5.1.7, as (tag, content)."""
    tag, content = filt
    if tag == 0xA0:
        return all(matches(entry, f) for f in ber.parts(content))
    if tag == 0xA1:
        return any(matches(entry, f) for f in ber.parts(content))
    if tag == 0xA2:
        return not matches(entry, ber.parts(content)[0])
    if tag == 0x87:
        name = content.decode()
        return name.lower() == "objectclass" or bool(entry.values(name))
    if tag == 0xA9:
        found = dict(ber.parts(content))
        wanted = int(found[0x83])
        if found.get(0x81, b"").decode() != FLAG:
            return False
        return any(int(v) & wanted == wanted for v in entry.values(found[0x82].decode()))
    (_, name), (_, wanted) = ber.parts(content)
    name, values = name.decode(), entry.values(name.decode())
    if tag in (0xA3, 0xA8):
        return any(same(name, v, wanted) for v in values)
    if tag in (0xA5, 0xA6):
        def rank(v):
            return (int(v), b"") if v.isdigit() and wanted.isdigit() else (0, v)
        return any(rank(v) >= rank(wanted) if tag == 0xA5 else rank(v) <= rank(wanted) for v in values)
    if tag == 0xA4:
        kinds = {0x80: "^%s", 0x81: "%s", 0x82: "%s$"}
        pattern = ".*".join(kinds[t] % re.escape(c.decode("latin-1")) for t, c in ber.parts(wanted))
        return any(re.search(pattern, v.decode("latin-1"), re.I | re.S) for v in values)
    raise ber.Malformed(f"filter {tag:#x}")


class Refused(Exception):
    """A result code."""

    def __init__(self, code, text=""):
        super().__init__(code, text)
        self.code, self.text = code, text


class Directory:
    """The entries below a base. invocation: the id of this replica; name: makes all ids, so that two directories
    of one name are the same one."""

    def __init__(self, base, kind="ad", name=None, range_step=1500):
        self.base, self.kind, self.range_step = base, kind, range_step
        self.name = name or base
        self.entries, self.usn, self.writes = {}, 1000, []
        self.invocation = self.id("invocation")
        self.add(Entry(base, {"objectClass": ["top", "domain"], "dc": base.split(",")[0][3:]}, self.id("base")))
        if kind == "ad":
            self.add(Entry(self.deleted_objects, {"objectClass": ["top", "container"], "cn": "Deleted Objects",
                                                  "isDeleted": "TRUE"}))

    def id(self, what):
        return uuid.uuid5(uuid.NAMESPACE_DNS, f"{self.name} {what}")

    @property
    def deleted_objects(self):
        return "CN=Deleted Objects," + self.base

    @property
    def service(self):
        return f"CN=NTDS Settings,CN=DC1,CN=Servers,CN=Site,CN=Sites,CN=Configuration,{self.base}"

    def stamp(self, entry, names):
        self.usn += 1
        entry.usn = self.usn
        entry.created = entry.created or self.usn
        for name in names:
            entry.usn_of[name.lower()] = self.usn
        when = f"20260101{self.usn // 3600 % 24:02}{self.usn // 60 % 60:02}{self.usn % 60:02}"
        if self.kind == "ad":
            entry.put("uSNChanged", [str(self.usn)])
            entry.put("uSNCreated", [str(entry.created)])
            entry.put("whenChanged", [when + ".0Z"])
            entry.put("name", [re.split(r"(?<!\\),", entry.dn, maxsplit=1)[0].split("=", 1)[1]])
            entry.put("instanceType", ["4"])
            entry.put("objectCategory", [f"CN=Some-Class,CN=Schema,CN=Configuration,{self.base}"])
        else:
            entry.put("modifyTimestamp", [when + "Z"])
            entry.put("createTimestamp", [when + "Z"])

    # ---- reading

    def get(self, dn):
        """By its name, <GUID=...> or AD's well-known id of the deleted objects."""
        guid = re.fullmatch(r"(?i)<GUID=([0-9a-f-]+)>", dn)
        if guid:
            text = guid.group(1)
            wanted = uuid.UUID(text).bytes_le if "-" in text else bytes.fromhex(text)
            return next((e for e in self.entries.values() if e.guid() == wanted), None)
        if re.match(r"(?i)<WKGUID=18E2EA80684F11D2B9AA00C04F79F805,", dn):
            dn = self.deleted_objects
        if rdns(dn) == rdns(self.service) and self.kind == "ad":
            return Entry(self.service, {"objectClass": ["top", "nTDSDSA"], "invocationId": self.invocation.bytes_le},
                         self.id("service"))
        return self.entries.get(tuple(rdns(dn)))

    def search(self, base, scope, filt, deleted=False):
        start = self.get(base)
        if start is None:
            raise Refused(32, "0000208D: NameErr: DSID-0310028B, problem 2001 (NO_OBJECT)")
        pool = [start] if scope == 0 else sorted(self.entries.values(), key=lambda e: (len(rdns(e.dn)), e.dn))
        if scope == 1:
            pool = [e for e in pool if rdns(parent(e.dn)) == rdns(start.dn)]
        hidden = self.deleted_objects.lower()
        return [e for e in pool if (scope == 0 or below(e.dn, start.dn)) and matches(e, filt)
                and (deleted or scope == 0 or not (e.deleted or e.dn.lower() == hidden))]

    def shown(self, entry, wanted):
        """The attributes that were asked for, in ranges when there are many values: MS-ADTS 3.1.1.3.1.3.3."""
        names = {w.lower() for w in wanted}
        every = not names or "*" in names
        given = []
        for key, (name, values) in entry.attributes.items():
            ask = next((w for w in wanted if RANGE.match(w) and RANGE.match(w)[1].lower() == key), None)
            if ask or key in names or (every and key not in OPERATIONAL) or ("+" in names and key in OPERATIONAL):
                given += self.ranges(name, values, ask)
        if "distinguishedname" in names or (every and self.kind == "ad"):
            given.append(("distinguishedName", [entry.dn.encode()]))
        return given

    def ranges(self, name, values, ask):
        if not ask and len(values) <= self.range_step:
            return [(name, values)]
        low, high = (RANGE.match(ask)[2], RANGE.match(ask)[3]) if ask else ("0", "*")
        low, last = int(low), len(values) - 1
        top = min(low + self.range_step - 1, last if high == "*" else int(high))
        end = "*" if top >= last else top
        part = (f"{name};range={low}-{end}", values[low:top + 1])
        return [part] if ask else [(name, []), part]

    # ---- writing: each raises Refused, or has been done and is recorded

    def add(self, entry):
        if self.entries and self.get(entry.dn):
            raise Refused(68, "00002071: UpdErr: DSID-0305038D, problem 6005 (ENTRY_EXISTS)")
        if self.entries and not self.get(parent(entry.dn)):
            raise Refused(32, "no parent")
        self.entries[tuple(rdns(entry.dn))] = entry
        self.stamp(entry, entry.attributes)

    def modify(self, dn, changes):
        entry = self.need(dn)
        new = {k: list(v[1]) for k, v in entry.attributes.items()}
        for op, name, values in changes:
            here = new.setdefault(name.lower(), [])
            if op == 2:
                here[:] = values
            elif op == 0:
                if any(same(name, a, b) for a in here for b in values):
                    raise Refused(20, "attribute or value exists")
                here += values
            elif not values and here:
                here.clear()
            else:
                kept = [a for a in here if not any(same(name, a, b) for b in values)]
                if len(kept) != len(here) - len(values) or not here:
                    raise Refused(16, "no such value")
                here[:] = kept
        for _, name, _ in changes:
            entry.put(entry.attributes.get(name.lower(), (name,))[0], new[name.lower()])
        self.stamp(entry, [c[1] for c in changes])

    def rename(self, dn, rdn, superior):
        entry = self.need(dn)
        new = f"{rdn},{parent(dn) if superior is None else superior}"
        if self.get(new) not in (None, entry):
            raise Refused(68, "taken")
        del self.entries[tuple(rdns(dn))]
        entry.dn = new
        entry.put(*rdn.split("=", 1)[:1], [rdn.split("=", 1)[1]])
        self.entries[tuple(rdns(new))] = entry
        self.stamp(entry, [rdn.split("=", 1)[0], "name"])

    def delete(self, dn):
        entry = self.need(dn)
        if any(parent(e.dn).lower() == dn.lower() for e in self.entries.values()):
            raise Refused(66, "not a leaf")
        del self.entries[tuple(rdns(dn))]
        if self.kind != "ad":
            return
        guid = str(uuid.UUID(bytes_le=entry.guid()))
        entry.dn = f"{dn.split(',')[0]}\\0ADEL:{guid},{self.deleted_objects}"
        keep = {k: v for k, v in entry.attributes.items() if k in ("objectclass", "cn", "objectguid", "entryuuid")}
        gone = set(entry.attributes) - set(keep)
        entry.attributes, entry.deleted = keep, True
        entry.put("isDeleted", ["TRUE"])
        entry.put("lastKnownParent", [parent(dn)])
        self.entries[tuple(rdns(entry.dn))] = entry
        self.stamp(entry, ["isDeleted", "lastKnownParent", "name", *gone])

    def need(self, dn):
        entry = self.get(dn)
        if entry is None:
            raise Refused(32, "no such object")
        return entry
