"""What is interrupted at the crash points: each function sets a stage up, up to the run that will be, and says which that
is; nothing said: `sync`. A stage has the sides abc and xyz, which are real slapds unless the table in the end says "ldif".
"""
import re

GAL = "OU=GAL"
LAX = "max-shrink-percent = 100\nmax-deletes-percent = 100\nmin-left-percent = 0"
RULES = "include galsync\n\nrule user\n    title = \"{} \" & [title]\n    drop mobile\n"

# Nothing but the marker says whose a contact is.
NO_JOIN = """rule user
    scope (&(objectClass=user)(mail=*))
    name  "CN=" & [cn]
    objectClass add = Split("top;person;organizationalPerson;contact", ";")
    displayName = [displayName]
    proxyAddresses merge = [proxyAddresses]
"""


def person(side, n, **more):
    alias = f"{side.name}{n}"
    side.put(f"CN=Person {n},OU=People", "user", **{
        "sAMAccountName": alias, "displayName": f"Person {n} of {side.name}", "givenName": "Person", "sn": f"No. {n}",
        "title": "Engineer", "department": f"D{n % 3}", "telephoneNumber": f"+1 555 {n:04}", "mobile": f"+1 556 {n:04}",
        "mail": f"{alias}@{side.name}.example", "mailNickname": alias,
        "proxyAddresses": [f"SMTP:{alias}@{side.name}.example", f"smtp:old{alias}@{side.name}.example"], **more})


def named(n):
    """The name of a person, without the base."""
    return f"CN=Person {n},OU=People"


def contact(n):
    """What galsync makes of it."""
    return f"CN=Person {n},{GAL}"


def company(s, people=5, side=None, settings=LAX, flow="", more=""):
    """People of abc, the first of whom is a manager; a hand-made contact and a mailbox of xyz that nobody may touch."""
    for one in (s.abc, s.xyz):
        one.put("OU=People", "organizationalUnit")
        one.put(GAL, "organizationalUnit")
    for n in range(people):
        person(s.abc, n, manager=f"{named(0)},{s.abc.base}" if n in (1, 2) else None)
    s.xyz.put(f"CN=Foreign,{GAL}", "contact", displayName="Foreign", mail="foreign@elsewhere.example",
              proxyAddresses=["SMTP:foreign@elsewhere.example"])
    person(s.xyz, 90)
    s.configure(f"{settings}\n{flow}", more, side or {})


def synced(s, **how):
    company(s, **how)
    s.galway("sync")


def edit(s):
    """One of everything."""
    person(s.abc, 20)
    person(s.abc, 21, manager=f"{named(20)},{s.abc.base}")
    s.abc.change(named(0), title="Chair", department=None)
    s.abc.rename(named(3), "CN=Person Three")
    s.abc.remove(named(4))


# ---- new contacts


def first_sync(s):
    company(s, people=4)
    s.abc.put("CN=Board,OU=People", "group", displayName="Board", mail="board@abc.example", sAMAccountName="board",
              proxyAddresses=["SMTP:board@abc.example"], mailNickname="board",
              member=[f"{named(0)},{s.abc.base}"])


def without_joins(s):
    company(s, people=5, flow=f'rules = "{s.file("some.rules", NO_JOIN)}"', side={"xyz": "window = 2"})


def large_entries(s):
    """More than is kept of them in memory: the rest goes to files without a name."""
    company(s, people=1)
    for n in range(4):
        person(s.abc, 20 + n, thumbnailPhoto=b"\xff\xd8" + bytes([n]) * 90_000)


def window_of_two(s):
    company(s, people=6, side={"xyz": "window = 2"})


def pages_of_two(s):
    company(s, people=3, side={"abc": "page-size = 2", "xyz": "page-size = 2"})


def names_taken(s):
    company(s, people=3)
    for n in (0, 1):
        s.xyz.put(contact(n), "contact", displayName="Was here", mail=f"here{n}@xyz.example")


def adoption(s):
    rule = s.file("adopt.rules", 'include galsync\n\nrule user\n    join mail = [mail]\n')
    company(s, people=4, flow=f'rules = "{rule}"\nadopt = {{"OU=Old,DC=xyz,DC=example"}}')
    s.xyz.put("OU=Old", "organizationalUnit")
    for n, where in ((0, GAL), (1, "OU=Old"), (2, GAL)):
        s.xyz.put(f"CN=By hand {n},{where}", "contact", displayName="By hand", mail=f"abc{n}@abc.example")


def lost_state(s):
    synced(s, people=4)
    s.lose("state.db")
    s.abc.change(named(1), title="Director")


# ---- changes, by every way to learn of them


def modifies_by_syncrepl(s):
    synced(s, side={"abc": "changes = syncrepl"})
    modifies(s)


def modifies_by_timestamp(s):
    synced(s, side={"abc": "changes = timestamp"})
    modifies(s)


def modifies_full(s):
    synced(s, side={"abc": "changes = full"})
    modifies(s)


def modifies(s):
    for n in (0, 1, 2):
        s.abc.change(named(n), title=f"Director {n}", mobile=None, department="New")
    s.abc.change(named(3), proxyAddresses=["SMTP:new3@abc.example", "smtp:abc3@abc.example"], mail="new3@abc.example")


def everything_by_syncrepl(s):
    synced(s, side={"abc": "changes = syncrepl"})
    edit(s)


def everything_by_timestamp(s):
    synced(s, side={"abc": "changes = timestamp"})
    edit(s)


def everything_full(s):
    synced(s)
    edit(s)
    return ["sync", "--full"]


def renames(s):
    synced(s)
    for n in (1, 2, 3):  # not whom others refer to: slapd leaves their references as they are
        s.abc.rename(named(n), f"CN=Renamed {n}")


def moves(s):
    """Somebody moved contacts within the managed container; they come back."""
    synced(s)
    s.xyz.put(f"OU=Sub,{GAL}", "organizationalUnit")
    for n in (1, 3):
        s.xyz.rename(contact(n), f"CN=Person {n}", f"OU=Sub,{GAL}")
    return ["sync", "--full"]


def references(s):
    """Managers of each other, of whom some are new."""
    synced(s, people=4)
    person(s.abc, 20)
    person(s.abc, 21, manager=f"{named(20)},{s.abc.base}")
    s.abc.change(named(20), manager=f"{named(21)},{s.abc.base}")
    for one, boss in ((0, 21), (1, 3), (2, None), (3, 0)):
        s.abc.change(named(one), manager=None if boss is None else f"{named(boss)},{s.abc.base}")


def addresses_move(s):
    """One gives an address up, another gets it; in a delta."""
    synced(s)
    s.abc.change(named(1), proxyAddresses=["SMTP:abc1@abc.example"])
    s.abc.change(named(2), proxyAddresses=["SMTP:abc2@abc.example", "smtp:oldabc1@abc.example"])
    s.abc.change(named(3), proxyAddresses=["SMTP:abc3@abc.example", "smtp:oldabc2@abc.example"])


def rules_changed(s):
    rule = s.file("some.rules", RULES.format("Mr"))
    synced(s, people=4, flow=f'rules = "{rule}"')
    s.file("some.rules", RULES.format("Dr"))


# ---- going


def deletes(s):
    synced(s)
    for n in (1, 3, 4):
        s.abc.remove(named(n))


def hide(s):
    synced(s, flow="leave = hide")
    s.abc.remove(named(1))
    s.abc.change(named(2), msExchHideFromAddressLists="TRUE")


def hidden_deleted(s):
    synced(s, flow="leave = hide\ngrace = 0s")
    for n in (1, 3):
        s.abc.remove(named(n))
    s.galway("sync")
    return ["sync", "--full"]


def hidden_back(s):
    synced(s, flow="leave = hide")
    s.abc.change(named(2), msExchHideFromAddressLists="TRUE")
    s.abc.change(named(3), msExchHideFromAddressLists="TRUE")
    s.galway("sync")
    s.abc.change(named(2), msExchHideFromAddressLists=None, title="Back")
    s.abc.change(named(3), msExchHideFromAddressLists=None)


# ---- the other side, and who may say what


def put_back(s):
    """What somebody wrote to our contacts."""
    synced(s)
    s.xyz.change(contact(0), title="Clown", mobile=None)
    s.xyz.change(contact(1), description="theirs", telephoneNumber="+1 666")
    s.xyz.remove(contact(2))
    s.xyz.rename(contact(3), "CN=Renamed by hand")
    return ["sync", "--full"]


def two_way(s):
    back = 'flow xyz-to-abc {\n source = xyz\n target = abc\n into = "OU=GAL,DC=abc,DC=example"\n' + LAX + "\n}\n"
    synced(s, people=3, more=back + "authority {\n    telephoneNumber = xyz\n    title = abc\n}\n")
    person(s.xyz, 91)
    s.xyz.change(named(90), title="Theirs", department="Moved")
    s.abc.change(named(0), title="Ours", telephoneNumber="+1 denied")
    s.xyz.change(contact(1), telephoneNumber="+1 allowed", title="Denied")
    return ["sync", "--full"]


def transferred(s):
    """The authority goes to the other side and comes back."""
    synced(s, people=4)
    s.galway("authority", "transfer", "abc1@abc.example", "xyz")
    s.xyz.change(contact(1), title="Theirs")
    s.abc.change(named(1), department="Ours again")
    s.abc.change(named(2), title="Ours")
    s.galway("sync")
    s.galway("authority", "transfer", "abc1@abc.example", "abc")


def conflicts(s):
    """An address of somebody else's: told, and the rest is done."""
    synced(s, people=4)
    s.abc.change(named(1), proxyAddresses=["SMTP:abc1@abc.example", "smtp:xyz90@xyz.example"])
    person(s.abc, 20, proxyAddresses=["SMTP:foreign@elsewhere.example"], mail="foreign@elsewhere.example")
    s.abc.change(named(2), title="Done")


def set_as(s):
    synced(s, people=3)
    return ["set", "abc1@abc.example", "title=Chair", "mobile=", "--as", "abc"]


# ---- plans, approvals, undo


def saved_plan(s):
    synced(s)
    edit(s)
    s.galway("diff", "--save", "some.plan", "abc-to-xyz")
    return ["sync", "--plan", "some.plan"]


def approved(s):
    """More deletes than the guard lets go."""
    synced(s, people=9, settings="max-shrink-percent = 100")
    for n in range(6):
        s.abc.remove(named(n))
    refused = s.galway("sync")
    return ["sync", "--approve", re.search(r"--approve ([0-9a-f]{64})", refused).group(1), "abc-to-xyz"]


def undo(s):
    synced(s)
    edit(s)
    s.galway("sync")
    return ["undo", s.last_run()]


def held(s):
    """An undo holds the flow; the next sync lets it go."""
    synced(s, people=4)
    edit_but_deletes(s)
    s.galway("sync")
    s.galway("undo", s.last_run())
    s.abc.change(named(0), title="Looked at")
    return ["sync", "abc-to-xyz"]


def undo_of_undo(s):
    synced(s, people=4)
    edit_but_deletes(s)
    s.galway("sync")
    s.galway("undo", s.last_run())
    return ["undo", s.last_run()]


def edit_but_deletes(s):
    person(s.abc, 20)
    s.abc.change(named(1), title="Director")
    s.abc.rename(named(3), "CN=Person Three")


# ---- the table: name, function, what abc and xyz are

SERVERS, FILES = ("ldap", "ldap"), ("ldif", "ldif")
SCENARIOS = {f.__name__.replace("_", "-"): (f, SERVERS) for f in (
    first_sync, without_joins, window_of_two, pages_of_two, names_taken, adoption, lost_state, modifies_by_syncrepl,
    modifies_by_timestamp, modifies_full, everything_by_syncrepl, everything_by_timestamp, everything_full, renames, moves,
    references, addresses_move, rules_changed, deletes, hide, hidden_deleted, hidden_back, put_back, two_way, transferred,
    conflicts, set_as, saved_plan, approved, undo, held, undo_of_undo)}
SCENARIOS.update({
    "ldif-first-sync": (first_sync, FILES),
    "ldif-large-entries": (large_entries, FILES),
    "ldif-everything": (everything_full, FILES),
    "ldif-two-way": (two_way, FILES),
    "ldif-undo": (undo, FILES),
    "ldif-to-slapd": (everything_full, ("ldif", "ldap")),
    "slapd-to-ldif": (everything_by_syncrepl, ("ldap", "ldif")),
})
