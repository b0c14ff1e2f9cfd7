"""Two invented companies in LDIF files, and what people do to them between two runs.

An edit is a function of a place (one side's directory and the dice) that says in a few words what it did, or None when
there was nothing that it could be done to. EDITS has them with their weights.
"""
import base64
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "flows"))
import ldif  # noqa: E402 (beside us: the flow tests' second opinion on LDIF)

CNS = ["Ann", "ann", "Ben", "Cem", "Dora", "Eve", "Finn", "Gül Ö", "Ida", "José", "Kim, Lee", 'Liv "L" Ek', "#Max", "Ann Lee", "x" * 64]
LOCALS = ["ann", "ben", "cem", "dora", "eve", "finn", "guel", "ida", "jose", "kim", "liv", "max", "a.lee", "info", "team"]
TITLES = ["Lead", "lead", "Clerk", "  Chief  ", "Größe", "CEO\tx"]
DEPARTMENTS = ["Lab", "Sales", "R & D, East"]
PARTNERS = ["pam", "pat", "pia"]
OUR_ATTRIBUTES = ["title", "displayName", "telephoneNumber", "mail", "department", "targetAddress", "mailNickname",
                  "msRTCSIP-PrimaryUserAddress", "manager", "description", "msExchHideFromAddressLists"]
FILE_STYLES = ["plain", "folded", "base64", "crlf", "comments"]


def escape(cn):
    """A value as RFC 4514 has it in a name."""
    out = "".join("\\" + c if c in ',+"\\<>;=' else c for c in cn)
    return ("\\" + out if out.startswith(("#", " ")) else out).encode()


def split_name(name):
    """The first RDN, and the rest."""
    at = 0
    while at < len(name) and name[at:at + 1] != b",":
        at += 2 if name[at:at + 1] == b"\\" else 1
    return name[:at], name[at + 1:]


def first(entry, attribute):
    values = entry.values(attribute)
    return values[0] if values else b""


def put(entry, attribute, *values):
    """These and no others."""
    entry.pairs = [(a, v) for a, v in entry.pairs if a.lower() != attribute.lower()]
    entry.pairs += [(attribute, v) for v in values]


def moved(name, old, new):
    """What is the entry itself or below it has a new end."""
    known = name.lower() == old.lower() or name.lower().endswith(b"," + old.lower())
    return name[:-len(old)] + new if known else name


def is_ours(entry):
    return first(entry, "adminDescription").startswith(b"galway:")


def addresses(entry):
    """The addresses that an entry holds, of which a directory may have each only once."""
    found = set()
    for attribute in ("proxyAddresses", "targetAddress", "msRTCSIP-PrimaryUserAddress"):
        found.update(v.lower() for v in entry.values(attribute) if v.lower().startswith((b"smtp:", b"sip:")))
    for attribute in ("mail", "userPrincipalName"):
        found.update(b"smtp:" + v.lower() for v in entry.values(attribute))
    return found - {b"smtp:", b"sip:"}


class Place:
    """One side's directory."""

    def __init__(self, name, folder, dice):
        self.name, self.dice = name, dice
        self.path = folder / f"{name}.ldif"
        self.domain = f"{name}.example"
        self.base = f"DC={name},DC=example".encode()
        self.entries, self.bytes = [], b""
        self.left = []  # people who were deleted, and may come back
        self.held = False  # changes that a killed run has left are for this very file
        self.style = "plain"

    # ---- the file

    def load(self):
        now = self.path.read_bytes()
        if now != self.bytes:
            self.bytes, self.entries = now, ldif.parse(now)

    def hold(self):
        """Nobody edits by hand a file for which there are changes that are yet to be merged: they would be refused, which a
        person has to mend."""
        self.held = self.path.with_name(self.path.name + ".changes").exists()

    def save(self):
        if self.held:
            return
        self.bytes = styled(ldif.write(self.entries), self.style)
        self.path.write_bytes(self.bytes)

    # ---- who is there

    def units(self):
        return [e.name for e in self.below(b"OU=People") if first(e, "objectClass") == b"organizationalUnit"]

    def below(self, container):
        end = b"," + container + b"," + self.base
        return [e for e in self.entries if e.name.endswith(end)]

    def people(self):
        return [e for e in self.below(b"OU=People") if first(e, "objectClass") != b"organizationalUnit"]

    def contacts(self):
        return [e for e in self.below(b"OU=GAL") + self.below(b"OU=Partners") if (b"contact" in e.values("objectClass"))]

    def ours(self):
        return [e for e in self.entries if is_ours(e)]

    def pick(self, entries, n=1):
        return self.dice.sample(entries, n) if len(entries) >= n else None

    # ---- what a directory does by itself

    def free(self, name):
        wanted = ldif.key(name)
        return all(ldif.key(e.name) != wanted for e in self.entries)

    def rename(self, entry, name):
        """References, and what is below, follow. False: somebody else has the name."""
        if ldif.key(name) != ldif.key(entry.name) and not self.free(name):
            return False
        old = entry.name
        for e in self.entries:
            e.name = moved(e.name, old, name)
            e.pairs = [(a, moved(v, old, name) if a == "manager" else v) for a, v in e.pairs]
        return True

    def delete(self, entry, dangling=False):
        """References to it go too, as in AD; dangling: in a source they need not. In a target a reference to nobody is
        met only when something else of its entry changes."""
        self.entries.remove(entry)
        for e in self.entries if not dangling or is_ours(entry) else []:
            e.pairs = [(a, v) for a, v in e.pairs if a != "manager" or ldif.key(v) != ldif.key(entry.name)]

    def guid(self):
        """Not one of those that galway gives out, which are of version 8."""
        raw = bytearray(self.dice.randbytes(16))
        raw[7] = raw[7] & 15 | 64
        return bytes(raw)

    def address(self):
        local = self.dice.choice(LOCALS)
        return f"{local}@{self.domain}".encode()

    def add(self, container, cn, pairs):
        """A new entry of that name; None when there is one."""
        name = b"CN=" + escape(cn) + b"," + container + b"," + self.base
        if not self.free(name):
            return None
        entry = ldif.Entry(name, pairs + [("cn", cn.encode()), ("objectGUID", self.guid())])
        self.entries.append(entry)
        return entry

    def manager(self):
        chosen = self.pick(self.people())
        return [("manager", chosen[0].name)] if chosen and self.dice.random() < 0.5 else []


def in_base64(line):
    attribute, colon, value = line.partition(b": ")
    if not colon or attribute.endswith(b":") or attribute == b"version":
        return line
    return attribute + b":: " + base64.b64encode(value)


def styled(text, style):
    """The same directory as another program would have written it."""
    lines = text.split(b"\n")
    if style == "folded":
        lines = [line[:20] + b"\n " + line[20:] if len(line) > 20 else line for line in lines]
    elif style == "base64":
        lines = [in_base64(line) for line in lines]
    elif style == "comments":
        lines = [b"# a comment\n" + line if line.startswith(b"dn:") else line for line in lines]
    return (b"\r\n" if style == "crlf" else b"\n").join(lines)


# ---- the companies at first


def container(place, rdn, parents=b""):
    name = b",".join(part for part in (rdn, parents, place.base) if part)
    return ldif.Entry(name, [("objectClass", b"organizationalUnit"), ("ou", rdn[3:])])


def found_company(place, people):
    place.entries = [ldif.Entry(place.base, [("objectClass", b"domain")])]
    for rdn, parents in ((b"OU=GAL", b""), (b"OU=Sub", b"OU=GAL"), (b"OU=Partners", b""), (b"OU=People", b""),
                         (b"OU=A", b"OU=People"), (b"OU=B", b"OU=People")):
        place.entries.append(container(place, rdn, parents))
    for _ in range(people):
        add_person(place)
    add_group(place)
    add_partner(place)
    place.save()


# ---- edits


def add_person(place):
    dice = place.dice
    cn, local = dice.choice(CNS), dice.choice(LOCALS)
    mail = f"{local}@{place.domain}".encode()
    pairs = [("objectClass", b"user"), ("displayName", cn.strip().encode()), ("sAMAccountName", local.encode()),
             ("mail", mail), ("proxyAddresses", b"SMTP:" + mail)] + place.manager()
    if dice.random() < 0.3:
        pairs.append(("proxyAddresses", b"smtp:" + f"{dice.choice(LOCALS)}@{place.domain}".encode()))
    if dice.random() < 0.3:
        pairs.append(("legacyExchangeDN", f"/o={place.name}/cn={local}".encode()))
    if dice.random() < 0.3:
        pairs.append(("msRTCSIP-PrimaryUserAddress", b"SIP:" + mail))
    if dice.random() < 0.5:
        pairs.append(("department", dice.choice(DEPARTMENTS).encode()))
    entry = place.add(dice.choice(place.units())[:-len(place.base) - 1], cn, pairs)
    return entry and f"add {entry.name.decode()} {mail.decode()}"


def add_group(place):
    local = place.dice.choice(LOCALS)
    pairs = [("objectClass", b"group"), ("sAMAccountName", local.encode()), ("groupType", b"-2147483640"),
             ("mail", f"{local}@{place.domain}".encode())]
    entry = place.add(b"OU=A,OU=People", place.dice.choice(CNS) + " group", pairs)
    return entry and f"add group {entry.name.decode()} {local}"


def partner_pairs(local, domain):
    mail = f"{local}@{domain}".encode()
    return [("objectClass", c) for c in (b"top", b"person", b"organizationalPerson", b"contact")] + [
        ("displayName", local.encode()), ("mailNickname", local.encode()), ("mail", mail),
        ("targetAddress", b"SMTP:" + mail), ("proxyAddresses", b"SMTP:" + mail)]


def add_partner(place):
    """A contact of a third company, which both sides may have."""
    local = place.dice.choice(PARTNERS)
    entry = place.add(place.dice.choice((b"OU=Partners", b"OU=A,OU=People")), local, partner_pairs(local, "partner.example"))
    return entry and f"add partner {entry.name.decode()}"


def other_domain(place):
    return "xyz.example" if place.name == "abc" else "abc.example"


def add_foreign_contact(place):
    """A contact that somebody typed in, with an address of the other company's."""
    local = place.dice.choice(LOCALS)
    where = place.dice.choice((b"OU=GAL", b"OU=GAL", b"OU=Sub,OU=GAL", b"OU=Partners"))
    pairs = partner_pairs(local, other_domain(place))
    if place.dice.random() < 0.3:
        pairs.append(("title", b"typed in"))
    entry = place.add(where, place.dice.choice(CNS), pairs)
    return entry and f"add foreign contact {entry.name.decode()} {local}"


def add_foreign_user(place):
    """A guest, who signs in with an address of the other company's."""
    local = place.dice.choice(LOCALS)
    pairs = [("objectClass", b"user"), ("sAMAccountName", b"guest-" + local.encode()), ("displayName", b"Guest"),
             ("userPrincipalName", f"{local}@{other_domain(place)}".encode())]
    entry = place.add(b"OU=A,OU=People", "Guest " + local, pairs)
    return entry and f"add guest {entry.name.decode()}"


def delete_person(place):
    chosen = place.pick(place.people())
    if not chosen:
        return None
    place.delete(chosen[0], dangling=place.dice.random() < 0.3)
    place.left.append(chosen[0])
    return f"delete {chosen[0].name.decode()}"


def restore_person(place):
    """Somebody who was deleted is back, as the same object or as a new one."""
    chosen = place.pick(place.left)
    if not chosen or not place.free(chosen[0].name) or place.free(split_name(chosen[0].name)[1]):
        return None
    place.left.remove(chosen[0])
    entry = ldif.Entry(chosen[0].name, list(chosen[0].pairs))
    how = "restore"
    if place.dice.random() < 0.5 or any(first(e, "objectGUID") == first(entry, "objectGUID") for e in place.entries):
        put(entry, "objectGUID", place.guid())
        how = "make anew"
    place.entries.append(entry)
    return f"{how} {entry.name.decode()}"


def rename_person(place):
    chosen = place.pick(place.people())
    if not chosen:
        return None
    cn, old = place.dice.choice(CNS), chosen[0].name
    _, parent = split_name(old)
    if not place.rename(chosen[0], b"CN=" + escape(cn) + b"," + parent):
        return None
    put(chosen[0], "cn", cn.encode())
    return f"rename {old.decode()} to {cn}"


def move_person(place):
    chosen = place.pick(place.people())
    if not chosen:
        return None
    rdn, old = split_name(chosen[0].name)[0], chosen[0].name
    where = place.dice.choice(place.units())
    return f"move {old.decode()} to {where.decode()}" if place.rename(chosen[0], rdn + b"," + where) else None


def rename_unit(place):
    unit = [e for e in place.below(b"OU=People") if e.name.startswith((b"OU=B,", b"OU=B2,"))][0]
    rdn = b"OU=B2" if unit.name.startswith(b"OU=B,") else b"OU=B"
    put(unit, "ou", rdn[3:])
    place.rename(unit, rdn + b"," + split_name(unit.name)[1])
    return f"name a unit {unit.name.decode()}"


def hide_person(place):
    chosen = place.pick(place.people())
    if not chosen:
        return None
    hidden = chosen[0].values("msExchHideFromAddressLists") == [b"TRUE"]
    put(chosen[0], "msExchHideFromAddressLists", *([] if hidden else [b"TRUE"]))
    return f"{'show' if hidden else 'hide'} {chosen[0].name.decode()}"


def set_attribute(place):
    chosen, dice = place.pick(place.people()), place.dice
    if not chosen:
        return None
    attribute, values = dice.choice((
        ("title", TITLES), ("department", DEPARTMENTS), ("telephoneNumber", ["1", "2"]), ("displayName", ["Ann", "Another"]),
        ("info", ["two\r\nlines"]), ("extensionAttribute1", ["a", "b"]), ("employeeType", ["unread", "by any rule"]),
        ("msExchRecipientTypeDetails", ["1", "16", "4"]), ("legacyExchangeDN", ["/o=abc/cn=one", "/o=abc/cn=two"]),
        ("sAMAccountName", LOCALS), ("mail", [place.address().decode()]),
        ("msRTCSIP-PrimaryUserAddress", ["sip:" + place.address().decode(), "not one"])))
    value = [] if dice.random() < 0.3 else [dice.choice(values).encode()]
    put(chosen[0], attribute, *value)
    return f"set {attribute} of {chosen[0].name.decode()} to {value}"


def set_photo(place):
    chosen = place.pick(place.people())
    if not chosen:
        return None
    put(chosen[0], "thumbnailPhoto", place.dice.randbytes(place.dice.choice((1, 5, 200))))
    return f"new photo of {chosen[0].name.decode()}"


def set_manager(place):
    chosen = place.pick(place.people(), 2)
    if not chosen:
        return None
    put(chosen[0], "manager", *place.dice.choice(([chosen[1].name], [chosen[1].name], [chosen[0].name], [],
                                                  [b"CN=Nobody," + place.base])))
    return f"manager of {chosen[0].name.decode()} is {first(chosen[0], 'manager').decode()}"


def change_addresses(place):
    chosen, dice = place.pick(place.people()), place.dice
    if not chosen:
        return None
    e = chosen[0]
    now, new = e.values("proxyAddresses"), place.address()
    old = [v for v in now if v.lower() not in (b"smtp:" + new, b"sip:" + new)]
    demoted = [b"smtp:" + v[5:] if v.startswith(b"SMTP:") else v for v in old]
    put(e, "proxyAddresses", *dice.choice((
        old + [b"smtp:" + new], demoted + [b"SMTP:" + new], old + [b"SMTP:" + new], old[1:], [b"SMTP:" + new], [], demoted,
        old + [b"X500:/o=x/cn=" + new], old + [b"sip:" + new], [v.upper() for v in now], old + [b"smtp:" + new.split(b"@")[0] + b"@third.example"])))
    return f"proxyAddresses of {e.name.decode()} are {e.values('proxyAddresses')}"


def swap_attribute(place):
    chosen = place.pick(place.people(), 2)
    if not chosen:
        return None
    a, b = chosen
    names = place.dice.choice((("proxyAddresses", "mail"), ("sAMAccountName",), ("msRTCSIP-PrimaryUserAddress",), ("proxyAddresses", "mail", "sAMAccountName")))
    for name in names:
        was = a.values(name)
        put(a, name, *b.values(name))
        put(b, name, *was)
    return f"swap {names} of {a.name.decode()} and {b.name.decode()}"


def move_address(place):
    chosen = place.pick(place.people(), 2)
    if not chosen:
        return None
    a, b = chosen
    moved = [v for v in a.values("proxyAddresses") if v.startswith(b"smtp:")]
    put(a, "proxyAddresses", *[v for v in a.values("proxyAddresses") if v not in moved])
    put(b, "proxyAddresses", *b.values("proxyAddresses"), *[v for v in moved if v not in b.values("proxyAddresses")])
    return f"move {moved} from {a.name.decode()} to {b.name.decode()}"


def swap_names(place):
    chosen = place.pick(place.people(), 2)
    if not chosen or split_name(chosen[0].name)[1] == split_name(chosen[1].name)[1]:
        return None
    a, b = chosen
    names = (split_name(b.name)[0] + b"," + split_name(a.name)[1], split_name(a.name)[0] + b"," + split_name(b.name)[1])
    if not all(place.free(n) or ldif.key(n) in (ldif.key(a.name), ldif.key(b.name)) for n in names) or ldif.key(names[0]) == ldif.key(names[1]):
        return None
    was, cns = (a.name, b.name), (a.values("cn"), b.values("cn"))
    if not place.rename(a, b"CN=for a moment," + place.base) or not place.rename(b, names[1]) or not place.rename(a, names[0]):
        return None
    put(a, "cn", *cns[1])
    put(b, "cn", *cns[0])
    return f"swap the names of {was[0].decode()} and {was[1].decode()}"


# ---- edits of contacts in the target


def edit_contact(place):
    chosen, dice = place.pick(place.contacts()), place.dice
    if not chosen:
        return None
    e, attribute = chosen[0], dice.choice(OUR_ATTRIBUTES)
    values = {"manager": [f.name for f in place.people()[:1]], "msExchHideFromAddressLists": [b"TRUE"],
              "mail": [place.address(), f"ann@{other_domain(place)}".encode()], "targetAddress": [b"SMTP:" + place.address()],
              "msRTCSIP-PrimaryUserAddress": [b"sip:" + place.address()], "mailNickname": [v.encode() for v in LOCALS]}
    options = values.get(attribute, [b"theirs", b"Theirs", b"two"])
    put(e, attribute, *([] if dice.random() < 0.3 or not options else [dice.choice(options)]))
    return f"contact: {attribute} of {e.name.decode()} is {e.values(attribute)}"


def edit_contact_addresses(place):
    chosen, dice = place.pick(place.contacts()), place.dice
    if not chosen:
        return None
    e = chosen[0]
    now = e.values("proxyAddresses")
    new = f"{dice.choice(LOCALS)}@{dice.choice((other_domain(place), 'third.example'))}".encode()
    others = [v for v in now if v.lower() != b"smtp:" + new]
    put(e, "proxyAddresses", *dice.choice((
        now[1:], [], others + [b"smtp:" + new], [b"smtp:" + v[5:] if v.startswith(b"SMTP:") else v for v in others] + [b"SMTP:" + new],
        now + [b"X500:/o=ExchangeLabs/cn=" + new], [v.lower() for v in now])))
    return f"contact: proxyAddresses of {e.name.decode()} are {e.values('proxyAddresses')}"


def delete_contact(place):
    chosen = place.pick(place.contacts())
    if not chosen:
        return None
    place.delete(chosen[0])
    return f"contact: delete {chosen[0].name.decode()}"


def rename_contact(place):
    chosen, dice = place.pick(place.contacts()), place.dice
    if not chosen:
        return None
    e, old = chosen[0], chosen[0].name
    cn = dice.choice(CNS + [first(e, "cn").decode() + "(1)"])
    if not place.rename(e, b"CN=" + escape(cn) + b"," + split_name(old)[1]):
        return None
    put(e, "cn", cn.encode())
    return f"contact: rename {old.decode()} to {cn}"


def move_contact(place):
    chosen = place.pick(place.contacts())
    if not chosen:
        return None
    old = chosen[0].name
    where = place.dice.choice((b"OU=GAL", b"OU=Sub,OU=GAL", b"OU=Partners", b"OU=A,OU=People"))
    name = split_name(old)[0] + b"," + where + b"," + place.base
    return f"contact: move {old.decode()} to {where.decode()}" if place.rename(chosen[0], name) else None


def edit_marker(place):
    ours = place.pick(place.ours(), 2)
    if not ours:
        return None
    a, b = ours
    marker = place.dice.choice(([], [], [], [b"galway:old:1"], [b"a text"], b.values("adminDescription")))
    put(a, "adminDescription", *marker)
    return f"contact: marker of {a.name.decode()} is {marker}"


def copy_contact(place):
    chosen = place.pick(place.ours())
    if not chosen:
        return None
    cn = "Copy of " + first(chosen[0], "cn").decode()[:40]
    pairs = [(a, v) for a, v in chosen[0].pairs if a.lower() not in ("cn", "objectguid")]
    entry = place.add(b"OU=GAL", cn, pairs)
    return entry and f"contact: copy {chosen[0].name.decode()}"


# ---- edits that mean nothing


def shuffle(place):
    place.dice.shuffle(place.entries)
    for e in place.entries:
        place.dice.shuffle(e.pairs)
    return "shuffle"


def restyle(place):
    place.style = place.dice.choice(FILE_STYLES)
    return f"write it {place.style}"


# (weight, edit); the second list is of edits of contacts, on sides that are targets.
EDITS = [
    (8, add_person), (6, delete_person), (4, restore_person), (8, rename_person), (3, move_person), (1, rename_unit),
    (5, hide_person), (12, set_attribute), (1, set_photo), (5, set_manager), (12, change_addresses), (5, swap_attribute),
    (3, move_address), (4, swap_names), (1, add_group), (2, add_partner),
]
CONTACT_EDITS = [
    (8, edit_contact), (5, edit_contact_addresses), (4, delete_contact), (4, rename_contact), (3, move_contact),
    (2, edit_marker), (1, copy_contact), (3, add_foreign_contact), (1, add_foreign_user),
]
COSMETIC_EDITS = [(2, shuffle), (1, restyle)]


def edit(place, edits):
    """One of them, whichever can be done."""
    if place.held:
        return None
    for _ in range(5):
        function = place.dice.choices([f for _, f in edits], [w for w, _ in edits])[0]
        done = function(place)
        if done:
            return f"{place.name}: {done}"
    return None
