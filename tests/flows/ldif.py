"""LDIF as the flow tests need it: read, change, compare. Not galway's: an independent second opinion."""
import base64


class Entry:
    """A record: its name, and (attribute, value) pairs in the order of the file."""

    def __init__(self, name, pairs):
        self.name = name
        self.pairs = pairs

    def values(self, attribute):
        return [v for a, v in self.pairs if a.lower() == attribute.lower()]


def key(name):
    """Names are equal when they differ in case and in blanks behind commas only."""
    return name.decode("utf-8", "replace").replace(", ", ",").casefold()


def lines(text):
    """Unfolded, without comments; a blank line is b''."""
    out = []
    for line in text.replace(b"\r\n", b"\n").split(b"\n"):
        if line.startswith(b" ") and out:
            out[-1].append(line[1:])
        else:
            out.append([line])
    return [b"".join(parts) for parts in out if not parts[0].startswith(b"#")]


def split(line):
    """attribute: value, or attribute:: base64."""
    attribute, _, value = line.partition(b":")
    if value.startswith(b":"):
        return attribute.decode(), base64.b64decode(value[1:].strip())
    return attribute.decode(), value.lstrip(b" ")


def records(text):
    """Lists of (attribute, value), one a record; "-" lines are ("-", b"")."""
    record = []
    for line in lines(text) + [b""]:
        if line == b"-":
            record.append(("-", b""))
        elif line:
            record.append(split(line))
        elif record:
            if record[0][0] == "version":
                record = record[1:]
            if record:
                yield record
            record = []


def parse(text):
    return [Entry(r[0][1], r[1:]) for r in records(text)]


def put(attribute, value):
    """A line, in base64 when it has to be."""
    plain = all(32 <= b < 127 for b in value) and not value.startswith((b" ", b":", b"<")) and not value.endswith(b" ")
    if plain:
        return f"{attribute}: {value.decode()}"
    return f"{attribute}:: {base64.b64encode(value).decode()}"


def write(entries):
    text = ["version: 1", ""]
    for e in entries:
        text += [put("dn", e.name)] + [put(a, v) for a, v in e.pairs] + [""]
    return ("\n".join(text)).encode()


def made_by_galway(guid):
    """Ids that the connector gives out say so: version 8 of RFC 9562."""
    return len(guid) == 16 and guid[7] >> 4 == 8


def canonical(entries):
    """Lines that are equal for equal directories; with a comment what base64 hides from a reader."""
    out = []
    for e in sorted(entries, key=lambda e: key(e.name)):
        pairs = {(a.lower(), v): a for a, v in e.pairs if a.lower() != "objectguid" or not made_by_galway(v)}
        for a, v in [("dn", e.name)] + sorted((a, v) for (_, v), a in pairs.items()):
            line = put(a, v)
            if ":: " in line:
                out.append("# " + ascii_safe(a, v))
            out.append(line)
        out.append("")
    return out


def ascii_safe(attribute, value):
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return f"{attribute}: {len(value)} bytes"
    return f"{attribute}: " + "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def modify(entry, mods):
    """The lines of a changetype: modify record."""
    action = None
    for attribute, value in mods:
        if attribute == "-":
            continue
        if attribute in ("add", "delete", "replace"):
            action, target = attribute, value.decode().lower()
            if action == "replace" or (action == "delete" and not listed(mods, attribute, value)):
                entry.pairs = [(a, v) for a, v in entry.pairs if a.lower() != target]
        elif action == "delete":
            gone = [(a, v) for a, v in entry.pairs if (a.lower(), v) == (attribute.lower(), value)]
            if not gone:
                raise ValueError(f"{entry.name!r} has no {attribute} {value!r}")
            entry.pairs.remove(gone[0])
        else:
            entry.pairs.append((attribute, value))


def listed(mods, action, attribute):
    """Does "delete: ATTRIBUTE" go on with values?"""
    at = mods.index((action, attribute))
    return at + 1 < len(mods) and mods[at + 1][0].lower() == attribute.decode().lower()


def rename(entries, entry, pairs):
    """References to the entry follow, as they do in a directory."""
    fields = {a.lower(): v for a, v in pairs}
    old = entry.name
    parent = fields.get("newsuperior", old.split(b",", 1)[1])
    entry.name = fields["newrdn"] + b"," + parent
    attribute, _, value = fields["newrdn"].partition(b"=")
    value = value.replace(b"\\", b"")
    entry.pairs = [(a, value if a.lower() == attribute.decode().lower() else v) for a, v in entry.pairs]
    for e in entries:
        e.pairs = [(a, entry.name if v == old else v) for a, v in e.pairs]


def apply(entries, text):
    """Change records, as somebody with ldapmodify would."""
    for record in records(text):
        name, kind = record[0][1], record[1][1]
        found = [e for e in entries if key(e.name) == key(name)]
        if kind == b"add":
            entries.append(Entry(name, record[2:]))
            continue
        if len(found) != 1:
            raise ValueError(f"no entry {name!r}")
        if kind == b"delete":
            entries.remove(found[0])
        elif kind == b"modify":
            modify(found[0], record[2:])
        else:
            rename(entries, found[0], record[2:])
    return entries
