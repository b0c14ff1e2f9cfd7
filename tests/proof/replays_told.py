"""Incidents 15 to 25: what was told of changes was wrong, or it was somebody else's. See incident.py."""
import time
import types
import uuid

import changes
from changes import CLOSE, binds, dirsyncs, half_of, reads, says, searches
from directory import Directory
from incident import GITHUB, MICROSOFT, incident, person_line
from scene import GAL, Failure, Scene, person, to_ldif
from server import Server
from sync_provider import Provider, absent, end, present


@incident(15, "OpenLDAP syncprov: a damaged present phase", GITHUB + "erthink/ReOpenLDAP/issues/70")
def damaged_present_phase():
    """syncrepl: a present phase that names one of eight people, and one that names nobody."""
    p = Provider()
    with Scene("ldap", 8, behaviour=p, settings="changes = syncrepl", identity="entryUUID") as s:
        p.answers(present([1]), end(2, False))  # leans on: ldap_sync.c, present_phase *
        s.refused(0, r"\(full\)")
        p.answers(end(3, False))
        s.refused(0, r"\(full\)")
        s.settles()


@incident(16, "OpenLDAP: a provider that knows fewer servers (ITS#9282)",
          "https://bugs.openldap.org/show_bug.cgi?id=9282")
def fewer_servers_in_the_cookie():
    """syncrepl: another provider of the same data, whose cookie has one change number where two were, tells who is
    there: not the three whom the other server added. Then it calls those three gone, who are there."""
    p = Provider(sids=2)
    with Scene("ldap", 8, behaviour=p, settings="changes = syncrepl", identity="entryUUID") as s:
        p.sids = 1
        p.answers(present(range(1, 6)), end(2, False))  # leans on: ldap_sync.c, as 15
        s.refused(0, r"\(full\)")
        p.answers(absent([6, 7, 8]), end(3, True))  # leans on: ldap_sync.c, that what is called gone is looked for
        s.refused(0, r"\(delta\)")
        s.settles()


@incident(17, "ReOpenLDAP: a change was lost, and the newer cookie kept", GITHUB + "erthink/ReOpenLDAP/issues/43")
def cookie_moves_last():
    """A new cookie comes, and then the connection goes: the old one counts, and the next run has the change. A change
    that the target refuses is done by the next delta, though the source does not tell it again."""
    with Scene("ad") as s:
        s.abc.modify(person(4).dn, [(2, "displayName", [b"New"])])
        change = [f"{person_line(4)}: -displayname=Person 04 of abc +displayname=New"]
        s.rogue(dirsyncs, half_of(None, CLOSE))
        s.refused(5, r"DirSync.*?lost")
        s.well()
        s.done(0, r"\(delta\)", change)
    with Scene("ad", served=True) as s:
        s.abc.modify(person(4).dn, [(2, "displayName", [b"New"])])
        s.far.behaviour = types.SimpleNamespace(when=changes.writes, change=says(53, "not today"), takes=None)
        s.refused(4, r"unwillingToPerform \(53\)")
        s.far.behaviour = None
        s.done(0, r"\(delta\)", change)  # leans on: apply_remember.c: what failed is pending *
        s.settles()


@incident(18, "syncrepl clients: delete all over time; made again under the old name",
          GITHUB + "akkornel/syncrepl/issues/24")
def deltas_again_and_again():
    """Ten deltas with nothing to tell; a cookie that is refused; somebody deleted and made again under one name is
    somebody else."""
    with Scene("ad", flow="full-every = 100") as s:
        for _ in range(9):
            s.done(0, r"\(delta\)", [], told=False)
        s.refused(0, r"\(delta\)")
        s.rogue(lambda r: dirsyncs(r) and r.later, says(12, "the cookie"))
        s.refused(0, r"\(full\)")  # leans on: a cookie that cannot be used is no "no changes"
        s.well()
        s.abc.delete(person(9).dn)
        new = person(9)
        new.put("objectGUID", [s.abc.id("another").bytes_le])
        s.abc.add(new)
        # leans on: links are by id: the old one's contact goes, the new one gets his own
        s.done(0, r"1 added, 1 deleted", ["+ cn=person 09 (sales)", "- " + person_line(9)])
        s.settles()


@incident(19, "AD range retrieval: groups of more than 1500 come without values",
          GITHUB + "apache/ranger/pull/966")
def ranges():
    """A person with 3200 telephones, which come in ranges. Later ranges do not come, or a file has one range only: no
    value is taken away."""
    phones = [b"+%d" % i for i in range(3200)]
    with Scene("ldap") as s:
        s.abc.modify(person(3).dn, [(2, "otherTelephone", phones)])
        given = " ".join(sorted(f"+othertelephone={p.decode()}" for p in phones))
        s.done(0, "", [f"{person_line(3)}: -othertelephone=+1 555 0003 {given}"], told=False)
        # leans on: ldap_range.c: what is not read to "*" is no value *
        s.rogue(searches, changes.ranges(lambda low: None))
        s.refused(2, r"otherTelephone", "sync", "--full")
        s.well()
        s.settles()
        text = to_ldif(s.abc).replace(b"otherTelephone: +0\n", b"otherTelephone;range=0-1499: +0\n")
    with Scene() as s:  # leans on: ldif.c: no ;range= is left
        s.write("abc.ldif", text)
        s.refused(2, r"range=0-1499", files=False)
        s.settles()


@incident(20, "Graph: $expand stops at 20; delta tokens expire",
          "https://developer.microsoft.com/graph/known-issues/")
def silent_truncation():
    """Not Graph: a page of LDAP without word of whether there is a next one; an answer that says how many it has; a
    cookie that is expired."""
    with Scene("ldap", settings="page-size = 10") as s:
        s.rogue(reads, changes.without_controls)  # leans on: ldap_search.c: the end is to be said *
        s.refused(2, r"no word of whether there is a next one", "sync", "--full")
        s.well()
        s.settles()
    with Scene() as s:
        lines = to_ldif(s.abc) + b"# numEntries: 42\n"
        s.write("abc.ldif", lines)
        s.done(0, "", [], files=False, told=False)
        cut = lines.index(b"dn: CN=Person 38")
        s.write("abc.ldif", lines[:cut] + b"# numEntries: 42\n")  # leans on: ldif.c, numEntries *
        s.refused(2, r"numEntries.*?42|42 entries", files=False)
    with Scene("ad") as s:
        s.rogue(lambda r: dirsyncs(r) and r.later, says(12, "expired"))
        s.refused(0, r"\(full\)")
        s.well()
        s.settles()


@incident(21, "Wazuh, Kiota: a token sent to the host that a continuation names",
          GITHUB + "wazuh/wazuh/pull/38594")
def referred_elsewhere():
    """Not HTTP: LDAP's referral of a bind, of a search, and a reference between entries, all to another host. It
    hears nothing."""
    with Server(Directory("DC=far,DC=example")) as far, Scene("ldap") as s:
        s.server.elsewhere = far.url
        for when, change, text in ((binds, changes.referral, r"referral \(10\)"),
                                   (reads, changes.referral, r"referral \(10\)"),
                                   (reads, changes.referring, r"refer\w*")):
            s.rogue(when, change)  # leans on: ldap_search.c, which counts references *;
            # ldap_connect.c, twice: referrals are off, and a second connection is refused: each of them keeps it
            s.refused(2, text, "sync", "--full")
        if far.log or far.sockets:
            raise Failure(f"the other host was asked: {far.log}")
        s.well()
        s.settles()


# ---- whose it is


@incident(22, "SyncJacking: a source object takes over a privileged account",
          "https://www.semperis.com/blog/syncjacking-azure-ad-account-takeover/")
def takeover():
    """Somebody in the source claims an administrator's address, then the name and mail, with a rule that joins by
    mail; somebody puts our marker on the administrator; a source object comes with another's anchor."""
    with Scene() as s:
        s.abc.modify(person(5).dn, [(0, "proxyAddresses", [b"smtp:root@xyz.example"])])
        # leans on: pair.c: an address has one holder *
        s.refused(4, r"E_PROXY_DUP: root@xyz.example is held by CN=Administrator")
        s.abc.modify(person(5).dn, [(1, "proxyAddresses", [b"smtp:root@xyz.example"])])
        s.rules = s.rules.replace("    require cn\n", "    require cn\n    join mail = [mail]\n")
        mallory = person(70)
        mallory.put("cn", ["Administrator"])
        mallory.put("mail", ["admin@xyz.example"])
        mallory.put("proxyAddresses", [])
        s.abc.add(mallory)
        # leans on: match.c: joins find contacts in `into` only; pair.c
        s.refused(4, r"E_PROXY_DUP: admin@xyz.example is held by CN=Administrator", "sync", "--full")
        s.abc.delete(mallory.dn)
        new = person(72)
        mark = f"adminDescription: galway:abc-to-xyz:{uuid.UUID(bytes_le=new.guid())}\n".encode()
        s.write("xyz.ldif", s.read("xyz.ldif").replace(b"cn: Administrator\n", b"cn: Administrator\n" + mark))
        s.abc.add(new)  # leans on: pair.c: what lies outside of the managed containers is not ours, marker or not
        s.refused(4, r"is not in the managed containers any more")
    with Scene() as s:
        text = to_ldif(s.abc)
        twin = person(71)
        twin.put("objectGUID", [s.abc.get(person(1).dn).guid()])
        s.abc.add(twin)  # leans on: reading.c: two entries with one id
        s.refused(2, r"two entries|twice|the same objectGUID|one objectGUID")
        s.write("abc.ldif", text)
        s.done(0, "", [], "sync", "--full", files=False, told=False)


@incident(23, "Duplicate attribute resiliency: a conflict reported once",
          MICROSOFT + "how-to-connect-syncservice-duplicate-attribute-resiliency")
def conflicts_are_told_again():
    """A conflict is told by four runs, deltas that see no change among them, and by status; and not when it is
    solved."""
    with Scene("ad") as s:
        s.abc.modify(person(5).dn, [(0, "proxyAddresses", [b"smtp:root@xyz.example"])])
        told = r"E_PROXY_DUP: root@xyz.example"  # leans on: state, pending *
        s.refused(4, told)
        s.done(4, told, [], told=False)
        s.done(4, told, [], told=False)
        s.done(4, told, [], "sync", "--full", told=False)
        s.refused(4, told, "status")
        s.abc.modify(person(5).dn, [(1, "proxyAddresses", [b"smtp:root@xyz.example"])])
        s.settles()
        s.done(0, "", [], "status", told=False)


@incident(24, "wiki-sync: a corrupt state, and nobody knew for 11 days",
          GITHUB + "NousResearch/hermes-agent/issues/46746")
def noticed():
    """A state that is damaged, or cut to nothing, ends with 2. Runs that fail say so each, and status tells
    that the last good run is an old one, and ends with 2."""
    with Scene() as s:
        state = bytearray(s.read("state.db"))
        good = bytes(state)
        state[100:4096] = bytes(3996)
        s.write("state.db", bytes(state))  # leans on: state.c
        for command in ("sync", "check", "status"):
            s.refused(2, r"malformed|damaged|not a database|corrupt", command)
        s.write("state.db", b"")
        s.refused(2, r"the file is empty")  # leans on: state.c
        (s.folder / "state.db").unlink()
        s.refused(0, r"40 linked")  # a lost one: the contacts are found by their markers
        s.write("state.db", good)
        (s.folder / "abc.ldif").unlink()
        for _ in range(3):
            s.done(2, "no such file or directory", [], files=False, told=False)
        s.top = "stale = 0s\n"
        time.sleep(1.1)
        s.refused(2, r"no good run for more than", "status", files=False)  # leans on: setup.c*


@incident(25, "Metabase: group sync wiped memberships that were not its own",
          GITHUB + "metabase/metabase/issues/7571")
def values_of_others():
    """Somebody in the target adds an address to a contact, and the contact to a group. A full run takes neither away,
    nor does one after which the contact has lost an address of its source."""
    with Scene() as s:
        text = s.read("xyz.ldif").replace(b"mail: p05@abc.example\n",
                                          b"mail: p05@abc.example\nproxyAddresses: smtp:theirs@xyz.example\n")
        text = text.replace(b"cn: Board\n", b"cn: Board\nmember: CN=Person 05," + GAL.encode() + b"\n")
        if b"theirs" not in text or b"member: CN=Person 05" not in text:
            raise Failure("the target was not edited")
        s.write("xyz.ldif", text)
        s.refused(0, r"40 unchanged", "sync", "--full")  # leans on: written.c: only values of ours are taken away *
        s.abc.modify(person(5).dn, [(1, "proxyAddresses", [b"smtp:first.05@abc.example"])])
        s.done(0, r"1 modified", [f"{person_line(5)}: -proxyaddresses=smtp:first.05@abc.example"])
        s.settles()
