"""Incidents 1 to 14: what was not seen was taken for gone. See incident.py."""
import dataclasses

import changes
from changes import CLOSE, ends, half_of, reads, says
from incident import GITHUB, MICROSOFT, incident, person_line, with_every
from scene import ABC, Scene, company, person, to_ldif


@incident(1, "OPNsense ldap_sync_cleanup: all LDAP users deleted", GITHUB + "opnsense/core/issues/10128")
def unreachable_or_empty():
    """The server is away; then it answers, as to somebody it does not know, with nobody at all."""
    with Scene("ldap") as s:
        s.shut()  # leans on: ldap_code.c, which makes no answer of a connection that is not there
        s.refused(5, r"cannot be reached")
        s.serve()
        s.rogue(reads, changes.nothing_found)  # leans on: guard.c, the limit on deletes * and "the source is empty" *
        s.refused(3, r"40 deletes of 40 links are more than the limit of 5")
        s.refused(3, r"the source is empty", "sync", "--full")
        s.well()
        s.settles()


@incident(2, "GLPI: 512 users disabled in one night", GITHUB + "glpi-project/glpi/issues/984")
def a_search_that_failed():
    """The search ends with an error, at once, behind some entries, and in a delta; no error is "not found"."""
    with Scene("ldap") as s:  # leans on: ldap_search.c, end_page *: no delete without a read that came to its end
        s.rogue(reads, says(1, "sorry"))
        s.refused(2, r"operationsError", "sync", "--full")
        s.rogue(reads, ends(80))
        s.refused(2, r"other \(80\)", "sync", "--full")
        s.rogue(reads, says(32))
        s.refused(2, r"noSuchObject")
        s.well()
        s.settles()


@incident(3, "GLPI: a date filter in a full synchronization", GITHUB + "glpi-project/glpi/pull/9265")
def a_filtered_read():
    """A delta shows two of forty people, and the others stay; then somebody puts a date into the filter, and all is
    read with it."""
    with Scene("ldap", settings="changes = timestamp") as s:
        for n in (5, 6):
            s.abc.modify(person(n).dn, [(2, "displayName", [b"New"])])
        s.done(0, r"\(delta\)", [f"{person_line(n)}: -displayname=Person {n:02} of abc +displayname=New"
                                          for n in (5, 6)])
        stamp = s.abc.get(person(5).dn).values("modifyTimestamp")[0].decode()
        s.settings = f'changes = timestamp\n    filter = "(modifyTimestamp>={stamp})"'
        # leans on: guard.c, "the source shrank" *, and the limit on deletes
        s.refused(3, r"the source shrank from \d+ to \d+ entries", "sync", "--full")
        s.settings = "changes = timestamp"
        s.settles()


@incident(4, "cf-mgmt: loss of LDAP removed all users from all orgs",
          GITHUB + "vmware-tanzu-labs/cf-mgmt/issues/121")
def lost_in_the_middle():
    """The connection goes away in the middle of a page; an LDIF file ends in the middle, or is not there."""
    with Scene("ldap", settings="") as s:
        s.rogue(reads, half_of(None, CLOSE))
        s.refused(5, r"the connection was lost|lost", "sync", "--full")
        s.well()
        s.settles()
    with Scene() as s:  # leans on: ldif.c, that the last line is whole *
        whole = to_ldif(s.abc)
        s.write("abc.ldif", whole[:len(whole) // 2 - 3])
        s.refused(2, r"the last line is not whole|truncated|incomplete|does not end\b.*?$", files=False)
        (s.folder / "abc.ldif").unlink()
        s.refused(2, r"no such file or directory", files=False)
        s.settles()


@incident(5, "ownCloud user_ldap: users of a backend that went away", GITHUB + "owncloud/user_ldap/issues/460")
def two_sources_one_away():
    """Two sources feed one container: one goes away, the other goes on and takes nobody of its. Then a backend gives
    one user in five without an address: that is no value."""
    with Scene("ldap", second=True) as s:
        s.shut()
        s.more.delete(person(3, "def").dn)  # leans on: links.c *, as 10
        s.done(5, r"cannot be reached", ["- cn=def 03"])
        s.serve()
        s.settles()

        def hide(found):
            if found.dn.startswith("CN=Person") and found.dn[11] in "56":
                return dataclasses.replace(found, attributes=[
                    (n, v) for n, v in found.attributes if n not in ("mail", "proxyAddresses")])
            return found
        s.rogue(reads, with_every(hide))
        # leans on: the limit on deletes *, as the scope leaves out whoever has no mail
        s.refused(3, r"8 deletes of 40 links are more than the limit of 5", "sync", "--full")
        s.well()
        s.settles()
    with Scene("ldap", scope="(objectClass=user)") as s:
        s.rogue(reads, with_every(hide))  # leans on: plan.c, wipes *
        s.refused(4, r"E_WIPE", "sync", "--full")
        s.well()
        s.settles()


@incident(6, "Grafana LDAP active sync: the first 500 users only", GITHUB + "grafana/grafana/pull/74318")
def the_first_five_hundred():
    """1804 people and a server that gives 500, and says so by the result code; then one that lacks 26, and says nothing. With
    pages all come."""
    with Scene("ldap", 1804) as s:
        s.settings = "page-size = 0"
        s.server.limit["unpaged"] = 500  # leans on: ldap_search.c, end_page *
        s.refused(2, r"sizeLimitExceeded \(4\)", "sync", "--full")
        s.server.limit["unpaged"] = 10000
        s.rogue(changes.lists, lambda server, request, honest: honest()[:1780] + [dataclasses.replace(honest()[-1], code=0)])
        s.refused(5, r"the read was not complete: 26 of 26", "sync", "--full")  # leans on: gather.c, gather_confirm *
        s.settings = ""
        s.well()
        s.refused(0, r"1804 unchanged", "sync", "--full")
        s.settles()


@incident(7, "Keycloak: an empty result deletes the local user", GITHUB + "keycloak/keycloak/issues/24669")
def one_is_not_found():
    """A delta calls somebody deleted who is there: he is looked for before that is believed. A full read that is
    complete and lacks somebody: `leave = hide` hides him, and shows him again."""
    with Scene("ad") as s:
        # leans on: ad_changed.c, wish_all *: each is read by its id
        s.rogue(changes.dirsyncs, changes.false_tombstones)
        s.refused(0, r"\(delta\)")
        s.well()
        s.settles()
    with Scene("ldap", flow="leave = hide") as s:
        hidden = "msexchhidefromaddresslists=TRUE"
        s.rogue(reads, with_every(lambda f: None if f.dn.startswith("CN=Person 07") else f))
        s.done(0, r"1 modified", [f"{person_line(7)}: +{hidden}"], "sync", "--full")  # leans on: plan.c, leave
        s.well()
        s.settles([f"{person_line(7)}: -{hidden}"])


@incident(8, "ssosync: zero or partial answers; foreign groups deleted", GITHUB + "awslabs/ssosync/issues/194")
def partial_answers():
    """Three quarters of the answer, none of it, and an attribute that is missing everywhere; what galway did not create
    stays."""
    with Scene("ldap") as s:
        s.rogue(reads, with_every(lambda f: None if f.dn.startswith("CN=Person 1") else f))
        s.refused(3, r"10 deletes of 40 links are more than the limit of 5", "sync", "--full")
        s.rogue(reads, changes.nothing_found)
        s.refused(3, r"the source is empty", "sync", "--full")

        def without_values(found):
            return dataclasses.replace(found, attributes=[(n, v) for n, v in found.attributes if n != "otherTelephone"])
        s.rogue(reads, with_every(without_values))  # leans on: the limit on clears *
        s.refused(3, r"40 emptied contacts of 40 links are more than the limit of 20", "sync", "--full")
        s.well()
        s.settles()


@incident(9, "Bitwarden: an empty sync may remove everybody", GITHUB + "bitwarden/directory-connector/pull/107")
def empty_is_approved_once():
    """The source is empty: refused. Its digest approves that very plan, and no other one."""
    with Scene("ldap") as s:
        s.rogue(reads, changes.nothing_found)
        told = s.refused(3, r"the source is empty", "sync", "--full")
        digest = told.text.split("--approve ")[1].split()[0]
        s.rogue(reads, with_every(lambda f: f if f.dn.startswith(("CN=Person 01", "OU=")) else None))
        # leans on: cmd_run.c: the digest is that of this plan *
        s.refused(3, r"the plan is not the one that was approved", "sync", "--full", "--approve", digest)
        s.well()
        s.settles()


@incident(10, "sawtooth-next-directory: deleted other providers' users",
          GITHUB + "tmobile/sawtooth-next-directory/issues/271")
def other_providers():
    """Two sources and hand-made entries in one container; one source loses one person: he alone goes."""
    with Scene(second=True) as s:
        s.abc.delete(person(8).dn)  # leans on: links.c: a flow has its own links only *
        s.done(0, r"1 deleted", ["- " + person_line(8)], "sync", "--full")
        s.second = False  # and a flow that is configured no more takes nobody along
        s.refused(0, r"39 unchanged", "sync", "--full")


# ---- what the configuration leaves out


@incident(11, "Azure AD Connect: two filters, 44 of 44 deleted, the limit was 500",
          "https://noobient.com/2015/04/08/azure-ad-connect-disaster-recovery/")
def two_filters():
    """44 people; two filters together leave nobody, then two. The limit of 500 is never reached."""
    with Scene(people=44) as s:
        s.rules = s.rules.replace(s.scope, "(&(objectClass=user)(department=Sales)(department=IT))")
        s.refused(3, r"44 deletes of 44 links are more than the limit of 5")  # leans on: the limit in % *
        s.rules = s.rules.replace("(department=Sales)(department=IT)", "(cn=Person 0*)(cn=*1)")
        s.flow = "max-deletes = 500\n    max-deletes-percent = 100"  # leans on: guard.c check_left *
        s.refused(3, r"1 of 44 links would be left, less than 50 %")
        s.flow, s.rules = "", s.rules.replace("(cn=Person 0*)(cn=*1)", "(mail=*)")
        s.settles()


@incident(12, "DirSync: a database job moved users out of scope", "https://gshaw0.wordpress.com/2015/03/29/")
def moved_out_of_scope():
    """Twelve people are moved to an OU that is not read."""
    with Scene("ad", settings="", abc=company("abc", "ad", units=("People", "Leavers"))) as s:
        s.settings = 'filter = "(objectClass=user)"'
        s.base = "OU=People," + ABC
        s.done(0, "", [], "sync", "--full", told=False)
        for n in range(1, 13):
            s.abc.rename(person(n).dn, f"CN=Person {n:02}", "OU=Leavers," + ABC)
        # leans on: the limit *
        s.refused(3, r"12 deletes of 40 links are more than the limit of 5")
        for n in range(1, 13):
            s.abc.rename(person(n, ou="Leavers").dn, f"CN=Person {n:02}", "OU=People," + ABC)
        s.settles()


@incident(13, "Azure AD Connect 1.4: a new rule version deleted devices by itself",
          MICROSOFT + "reference-connect-device-disappearance")
def new_rules():
    """New rules leave out three of forty, fewer than any limit: not without a person."""
    with Scene() as s:
        for n in (1, 2, 3):
            s.abc.modify(person(n).dn, [(2, "department", [b"Devices"])])
        s.done(0, "", [], told=False)
        s.rules = s.rules.replace(s.scope, "(&(objectClass=user)(mail=*)(!(department=Devices)))")
        # leans on: guard.c, rules_changed *
        s.refused(3, r"the rules or the scope changed since the last run, and the plan has 3 deletes")
        s.rules = s.rules.replace("(!(department=Devices))", "")
        s.settles()


@incident(14, "Entra: an OU renamed or unselected",
          MICROSOFT + "how-to-connect-sync-feature-prevent-accidental-deletes")
def ou_renamed_or_unselected():
    """The base is renamed; an OU below it is (nobody goes: entries are known by their ids); an OU of three people is
    unselected, by the base or by the filter of the connector."""
    abc = company("abc", units=("People", "Branch"))
    for n in (1, 2, 3):
        abc.rename(person(n).dn, f"CN=Person {n:02}", "OU=Branch," + ABC)
        abc.modify(person(n, ou="Branch").dn, [(2, "department", [b"Branch"])])
    with Scene("ldap", abc=abc) as s:
        s.base = "OU=Peple," + ABC  # leans on: ldap_code.c: noSuchObject of a base is an error
        s.refused(2, r"noSuchObject")
        s.base = ABC
        for n in (1, 2, 3):
            s.abc.rename(person(n, ou="Branch").dn, f"CN=Person {n:02}", "OU=People," + ABC)
        s.refused(0, r"\(full\)", "sync", "--full")  # leans on: ids that never change
        for n in (1, 2, 3):
            s.abc.rename(person(n).dn, f"CN=Person {n:02}", "OU=Branch," + ABC)
        s.done(0, "", [], "sync", "--full", told=False)
        s.base = "OU=People," + ABC  # leans on: the epoch, of which the base is a part *
        s.refused(3, r"the rules or the scope changed since the last run, and the plan has 3 deletes")
        s.base, s.settings = ABC, 'filter = "(!(department=Branch))"'  # leans on: the epoch
        s.refused(3, r"(the rules or )?the scope changed since the last run, and the plan has 3 deletes")
        s.settings = ""
        s.settles()
