"""What a server may do to a client: one table, TABLE. Each line is the honest server with one thing changed
(changes.py); what galway must make of it stands beside it."""
import dataclasses
import typing

import ber
from changes import (FOREVER, adds, another_replica, another_then, applied_then, base_look, binds, constant_cookie, control, deletes, dirsyncs,
                     dripping, empty_page_first, empty_pages, empty_values, endless_page, endless_ranges, ends, entries,
                     every, false_tombstones, finds, first, half_of, half_pdu, handshake, hangs_up, later, lists, many,
                     modifies, nested, new_people, nothing_found, notice, one, out_of_order, paged, ranges,
                     raw_attributes, reads, referral, referring, referring_twice, renamed, renames, resets, root, root_with, same_entry_endlessly,
                     same_page_again, says, searches, shuffled, silent, stands, strange_id, strange_result, talks, times,
                     twice, unless_flagged, unless_recycled, usns, whoami, with_dn, with_values, without_controls, writes)
from server import CLOSE, INCREMENTAL, RESET, Result, Wait
from stage import PATIENT

LDAP, AD = ("ldap",), ("ad",)
BOTH = ("ldap", "ad")
READER, SOURCE, TARGET = ("source", "target"), ("source",), ("target",)


@dataclasses.dataclass
class Behaviour:
    """exit, says: what galway ends with, and a regular expression of what it says of it (of all of its messages in
    one line). Exit 0 means that the target must become what an honest server makes of it, any other that not one
    write was tried; where it is the writes that go wrong (writes), the next, honest run must make it right.
    roles: which side of the flow the rogue is. limit: of the honest server (server.Server). words: galway's command."""
    name: str
    exit: int
    says: str
    when: typing.Callable = every
    change: typing.Callable = None
    kinds: tuple = BOTH
    roles: tuple = READER
    takes: typing.Callable = None
    limit: dict = dataclasses.field(default_factory=dict)
    words: tuple = ("sync", "--full")
    writes: bool = False
    leaks: bool = False  # libldap forgets something
    settings: str = ""  # more, of the rogue's connector; ELSEWHERE: the URL of another server
    always: str = ""  # also of the runs before
    # Of the rogue's connector. Whoever waits in vain does not wait long (BRIEF); who has to come through is not hurried.
    retry: str = "1s"
    timeout: str = PATIENT
    telephones: int = 0  # of one person of the source


def honest_items(server, request, honest):
    return honest()


BRIEF = {"timeout": "2s"}


def good(name, change=honest_items, when=reads, text="", **more):
    return Behaviour(name, 0, text, when, change, **{"retry": "10s", **more})


def bad(name, exit_code, text, when=every, change=None, **more):
    return Behaviour(name, exit_code, text, when, change, **(BRIEF if "within 2 s" in text else {}), **more)


def wire(name, exit_code, text, takes, **more):
    return bad(name, exit_code, text, takes=takes, **more)


# What some have in common.
DELTA = {"kinds": AD, "roles": SOURCE, "words": ("sync",)}
USN = {**DELTA, "always": "changes = usn"}
FIND = {"roles": TARGET, "words": ("sync",)}
LONG = {"telephones": 3200, "roles": SOURCE, "kinds": LDAP}
FAR, FARTHER = ('"ELSEWHERE/OU=%s,DC=abc,DC=example"' % ou for ou in ("Far", "Farther"))
WRITE = {"roles": TARGET, "writes": True}
READ_ONLY = [b"1.2.840.113556.1.4.800", b"1.2.840.113556.1.4.1920"]  # supportedCapabilities of such a domain controller
HUGE = bytes.fromhex("308470000000")  # the header of a PDU of 1.8 GB

TABLE = [
    # Unusual, and right: the run ends complete.
    good("honest"),
    good("honest-delta", words=("sync",), text=r"\(delta\)"),
    good("pages-shorter-than-asked", limit={"page": 2}),
    good("an-empty-page", empty_page_first, first, kinds=LDAP),
    good("cookie-is-always-the-same", constant_cookie(b"again"), kinds=LDAP),
    good("cookie-of-a-kilobyte", constant_cookie(b"c" * 1024), kinds=LDAP),
    good("ranges-of-1500", **LONG),
    good("ranges-one-over", telephones=1501, roles=SOURCE, kinds=LDAP),
    good("ranges-of-a-delta", telephones=3200, roles=SOURCE, words=("sync",), text=r"\(delta\)"),
    good("ranges-just-none", telephones=1500, roles=SOURCE, kinds=LDAP),
    good("dirsync-more-results", limit={"dirsync": 3}, kinds=AD, roles=SOURCE),
    good("dirsync-more-results-delta", limit={"dirsync": 1}, **DELTA, text=r"\(delta\)"),
    # Without that flag a group whose members change comes with all of them.
    good("dirsync-of-changed-values", unless_flagged(INCREMENTAL, says(53)), dirsyncs, **DELTA, text=r"\(delta\)"),
    good("dirsync-refused", says(50, "insufficient"), dirsyncs, kinds=AD, roles=SOURCE),
    good("dirsync-cookie-refused", says(12, "the cookie"), lambda r: dirsyncs(r) and r.later, **DELTA,
        text=r"\(full\)"),
    good("another-replica", renamed, lambda r: r.op == "search" and r.dn.startswith("CN=NTDS Settings"), **DELTA,
        text=r"\(full\)"),
    good("another-replica-level", another_replica(1 << 40), stands, kinds=AD, words=("sync",)),
    bad("another-replica-behind", 3, r"has the changes of domain controller .* up to 1000, not \d+: it lags behind", stands,
        another_replica(1000), kinds=AD, words=("sync",)),
    # The last of what we wrote ourselves.
    bad("another-replica-lacks-ours", 3, r"it lags behind", stands, another_replica(-1), kinds=AD, roles=TARGET, words=("sync",)),
    # One that was set back has not got its own.
    bad("replica-from-a-backup", 3, r"up to 5, not \d+: it lags behind", root, root_with(highestCommittedUSN=[b"5"]), kinds=AD,
        words=("sync",)),
    # Of a pass over all there is, which begins a DirSync cookie: what a server will not do is done without.
    good("dirsync-first-pass-busy", says(51), dirsyncs, kinds=AD, roles=SOURCE, retry="1s"),
    good("dirsync-first-pass-no-answer", lambda s, r, h: [Wait(FOREVER)], dirsyncs, kinds=AD, roles=SOURCE, retry="1s", **BRIEF),
    # Another one has other USNs.
    bad("dirsync-first-pass-another", 5, r"connection|closed|down", lambda r: dirsyncs(r) or stands(r), another_then, kinds=AD,
        roles=SOURCE),
    good("usn-delta", when=usns, **USN, text=r"\(delta\)"),
    good("usn-comes-again", twice, usns, **USN, text=r"\(delta\)"),
    # The recycle bin has thrown away what was deleted: only one of the two controls shows that.
    good("usn-recycled", unless_recycled, usns, **USN, text=r"\(delta\)"),
    good("strange-message-ids", strange_id),
    good("names-in-capitals",
        entries(lambda found: [dataclasses.replace(f, attributes=[(n.upper(), v) for n, v in f.attributes])
                               for f in found]), kinds=LDAP),

    # Result codes: not one of them is "nothing more".
    bad("operationsError", 2, r"operationsError \(1\)", reads, ends(1, "sorry")),
    bad("timeLimitExceeded", 5, r"timeLimitExceeded \(3\)", reads, ends(3)),
    bad("sizeLimitExceeded", 2, r"sizeLimitExceeded \(4\).*page-size", reads, ends(4)),
    bad("sizeLimitExceeded-later", 2, r"sizeLimitExceeded \(4\)", later, ends(4)),
    bad("adminLimitExceeded", 2, r"adminLimitExceeded \(11\)", reads, ends(11)),
    bad("referral-result", 2, r"referral \(10\)", reads, referral),
    bad("noSuchObject", 2, r"noSuchObject \(32\)", reads, says(32)),
    bad("noSuchObject-later", 2, r"noSuchObject \(32\)", later, says(32), kinds=LDAP),
    bad("insufficientAccess", 2, r"insufficientAccessRights \(50\)", reads, says(50)),
    bad("busy", 5, r"busy \(51\)", reads, says(51, "later")),
    good("busy-once", times(1, says(51))),
    bad("busy-later", 5, r"busy \(51\)", later, says(51), kinds=LDAP),
    bad("unavailable", 5, r"unavailable \(52\)", reads, says(52)),
    bad("unwillingToPerform-later", 2, r"unwillingToPerform \(53\)", later, says(53), kinds=LDAP),
    bad("other", 2, r"other \(80\)", reads, ends(80)),
    bad("unknown-code", 2, r"code 4242", reads, ends(4242)),
    # Only the look for each who is missing shows that it is not so.
    bad("one-is-not-listed", 5, r"the read was not complete: 1 of \d+ that it lacks are there", lists,
        entries(lambda found: [f for f in found if not f.dn.startswith("CN=Person 04")]), roles=SOURCE),
    bad("nothing-there", 3, r"empty|no entries|all", reads, nothing_found, roles=SOURCE, kinds=LDAP),

    # Pages that never end, or end too early.
    bad("cookie-nobody-knows", 2, r"page 2.*unwillingToPerform \(53\)", reads, paged(b"never given"), kinds=LDAP),
    bad("cookie-dropped", 5, r"page 2.*does not know its paging cookie any more", lambda r: r.reads and r.later,
        says(12, "00000057: LdapErr: DSID-0C0907A8, comment: Error processing control"), limit={"page": 5}),
    bad("same-page-again", 2, r"page 2.*begins as an earlier one", reads, same_page_again),
    bad("empty-pages", 2, r"pages without an entry", reads, empty_pages, kinds=LDAP),
    bad("page-without-control", 2, r"page 1.*no word of whether there is a next one", reads, without_controls,
        kinds=LDAP),
    bad("page-control-no-ber", 2, r"cookie.*decodingError", reads, control(b"\x30\x84\x7f"), kinds=LDAP),
    bad("page-control-empty", 2, r"cookie", reads, control(b""), kinds=LDAP),
    bad("endless-page", 2, r"more than twice|nobody asked for", reads, endless_page),
    bad("same-entry-endlessly", 2, r"more than twice|nobody asked for", reads, same_entry_endlessly),
    bad("endless-people", 5, r"deadline", reads, new_people, settings="deadline = 4s"),
    bad("result-before-entries", 3, r"the source is empty", reads, shuffled, roles=SOURCE, kinds=LDAP),

    # DirSync is how changes are told: without it, all is read.
    good("dirsync-without-control", without_controls, dirsyncs, kinds=AD, roles=SOURCE),
    good("dirsync-without-control-delta", without_controls, dirsyncs, **DELTA, text=r"\(full\)"),
    good("dirsync-control-no-ber", control(b"\x30\x84\x7f"), dirsyncs, **DELTA, text=r"\(full\)"),
    good("dirsync-false-tombstone", false_tombstones, dirsyncs, **DELTA),
    good("dirsync-control-empty", control(b""), dirsyncs, **DELTA, text=r"\(full\)"),
    good("dirsync-cookie-empty", paged(b""), dirsyncs, **DELTA, text=r"\(full\)"),
    good("dirsync-cookie-repeats", paged(b"MSDS again"), dirsyncs, **DELTA, text=r"\(full\)"),
    bad("dirsync-endless-pages", 2, r"DirSync: more than 10000 pages", dirsyncs, empty_pages, **DELTA),
    bad("dirsync-endless-people", 5, r"deadline", dirsyncs, endless_page, **DELTA, settings="deadline = 4s"),
    bad("dirsync-same-endlessly", 5, r"deadline", dirsyncs, same_entry_endlessly, **DELTA, settings="deadline = 4s"),
    bad("dirsync-half-page-fin", 5, r"DirSync.*lost", dirsyncs, half_of(None, CLOSE), **DELTA),
    bad("dirsync-busy", 5, r"DirSync.*busy \(51\)", dirsyncs, says(51), **DELTA),
    bad("dirsync-entry-without-id", 2, r"DirSync.*objectGUID", dirsyncs, with_values("objectGUID", lambda here: None),
        **DELTA),

    # Ranges.
    bad("range-never-ends", 2, r"otherTelephone: more than \d+ values", searches, endless_ranges,
        roles=SOURCE, kinds=LDAP),
    bad("range-not-given", 2, r"range|otherTelephone", searches, ranges(lambda low: None), **LONG),
    bad("range-with-a-gap", 5, r"otherTelephone: changes while it is read", searches,
        ranges(lambda low: f"otherTelephone;range={int(low) + 10}-*"), **LONG),
    bad("range-again", 5, r"otherTelephone: changes while it is read", searches,
        ranges(lambda low: "otherTelephone;range=0-1499"), **LONG),
    bad("range-no-number", 2, r"range|otherTelephone", searches,
        ranges(lambda low: "otherTelephone;range=-1-x"), **LONG),
    bad("range-of-another", 2, r"range|telephone|mail|asked", searches,
        ranges(lambda low: f"mail;range={low}-*"), **LONG),

    # Bytes that are not LDAP, or not within the limits. libldap drops a connection that does not speak BER.
    bad("pdu-of-1.8-gigabytes", 2, r"over max-pdu", reads, half_of(HUGE, Wait(FOREVER))),
    bad("pdu-of-20-megabytes", 2, r"over max-pdu", reads,
        with_values("mail", lambda here: [b"x" * (20 << 20)])),
    bad("length-of-five-bytes", 2, r"what is not LDAP", reads,
        half_of(bytes.fromhex("30850000000001") + b"x", Wait(FOREVER))),
    bad("length-indefinite", 2, r"what is not LDAP", reads,
        half_of(bytes.fromhex("3080020101") + bytes(64), Wait(FOREVER))),
    bad("http", 5, r"connection was lost", reads, half_of(b"HTTP/1.1 400 Bad Request\r\n\r\n", CLOSE)),
    bad("deep-nesting", 2, r"what is not LDAP", reads, half_of(nested(100000), Wait(FOREVER))),
    bad("deep-nesting-of-attributes", 2, r"BER|decod", reads, raw_attributes(ber.seq(nested(30000)))),
    bad("attributes-no-ber", 2, r"BER|decod", reads, raw_attributes(ber.seq(b"\x30\x10\x04\x02cn\x31\x7f\x04"))),
    bad("attribute-with-a-negative-length", 2, r"BER|decod", reads,
        raw_attributes( ber.seq(ber.seq(ber.octets("cn"), b"\x31\x84\xff\xff\xff\xff\x04\x01x")))),
    bad("attribute-set-too-long", 2, r"BER|decod", reads,
        raw_attributes( ber.seq(ber.seq(ber.octets("cn"), b"\x31\x04\x04\x7fxx")))),
    bad("values-that-are-numbers", 2, r"BER|decod", reads,
        raw_attributes( ber.seq(ber.seq(ber.octets("cn"), ber.tlv(ber.SET, ber.integer(5)))))),
    bad("endless-values", 2, r"values", first, empty_values(7_000_000)),
    bad("endless-attributes", 2, r"attributes|asked", first,
        one(lambda f: dataclasses.replace(f, attributes=f.attributes + [(f"a{i}", [b"x"]) for i in range(5000)]))),

    # The connection ends, or stands still.
    bad("half-page-fin", 5, r"connect|lost|closed|serverDown", reads, half_of(None, CLOSE)),
    bad("half-page-rst", 5, r"connect|lost|reset|serverDown", reads, half_of(None, RESET)),
    bad("half-page-stalls", 5, r"within 2 s", reads, half_of(None, Wait(FOREVER))),
    bad("half-pdu-fin", 5, r"connect|lost|closed|serverDown", reads, half_pdu(CLOSE)),
    bad("half-pdu-rst", 5, r"connect|lost|reset|serverDown", later, half_pdu(RESET), kinds=LDAP),
    bad("half-pdu-stalls", 5, r"within 2 s", reads, half_pdu(Wait(FOREVER))),
    bad("one-byte-stalls", 5, r"within 2 s", reads, half_of(b"\x30", Wait(FOREVER))),
    bad("no-answer", 5, r"within 2 s", reads, lambda s, r, h: [Wait(FOREVER)]),
    bad("no-answer-later", 5, r"within 2 s", later, lambda s, r, h: [Wait(FOREVER)], kinds=LDAP),
    bad("drip", 5, r"within 2 s", reads, dripping),
    bad("entries-and-no-result", 5, r"within 2 s", reads, lambda s, r, h: [*h()[:-1], Wait(FOREVER)]),
    bad("notice-of-disconnection", 5, r"the server goes down|unavailable", reads, notice, leaks=True),
    bad("notice-of-disconnection-later", 5, r"the server goes down|unavailable", later, notice, kinds=LDAP, leaks=True),
    wire("connection-silent", 5, r"within 2 s|timeout|connect", silent),
    wire("connection-closed", 5, r"connect|closed|lost|handshake", hangs_up),
    wire("connection-reset", 5, r"connect|reset|lost|handshake|reached", resets),
    wire("handshake-half-stalls", 5, r"within 2 s|timeout|connect", handshake(0.5, True), kinds=AD),
    wire("handshake-half-closes", 5, r"TLS handshake: .*decoding", handshake(0.5, False), kinds=AD),
    wire("handshake-drips", 5, r"within 2 s|timeout|connect", handshake(None, True), kinds=AD),
    wire("handshake-plain-text", 2, r"TLS|handshake|connect", talks(b"HTTP/1.1 400 Bad Request\r\n\r\n"), kinds=AD),

    # The looks for single entries.
    bad("find-sizeLimitExceeded", 2, r"sizeLimitExceeded \(4\)", reads, ends(4), **FIND),
    bad("find-noSuchObject", 2, r"noSuchObject \(32\)", reads, says(32), **FIND),
    bad("find-referral", 2, r"referral \(10\)", reads, referral, **FIND),
    bad("find-reference", 2, r"refer", reads, referring, **FIND),
    bad("find-same-endlessly", 2, r"more than 1000 entries a search", reads, same_entry_endlessly, **FIND),
    bad("find-entry-outside", 2, r"outside", reads,
        with_dn(lambda dn: "CN=Person 03,OU=GAL,DC=evil,DC=example"), **FIND),
    bad("find-half-page-rst", 5, r"lost|serverDown", reads, half_of(None, RESET), **FIND),
    bad("find-stalls", 5, r"within 2 s", reads, half_of(None, Wait(FOREVER)), **FIND),
    bad("find-busy", 5, r"busy \(51\)", finds, says(51), kinds=LDAP, roles=TARGET),
    bad("find-no-answer", 5, r"within 2 s", finds, lambda s, r, h: [Wait(FOREVER)], kinds=LDAP, roles=TARGET),
    bad("find-half-pdu-fin", 5, r"lost|serverDown", finds, half_pdu(CLOSE), kinds=LDAP, roles=TARGET),

    # Entries that cannot be: the whole read is refused.
    bad("entry-outside", 2, r"outside", reads, with_dn(lambda dn: "CN=Person 03,OU=People,DC=evil,DC=example")),
    bad("entry-outside-by-a-comma", 2, r"outside", reads,
        with_dn(lambda dn: dn.replace(",DC=abc", r"\,DC=abc").replace( ",DC=xyz", r"\,DC=xyz"))),
    bad("entry-outside-by-its-tail", 2, r"outside", reads,
        with_dn(lambda dn: dn.replace("DC=abc", "xDC=abc").replace( "DC=xyz", "xDC=xyz"))),
    bad("entry-without-a-name", 2, r"outside|name|DN", reads, with_dn(lambda dn: "")),
    bad("entry-name-is-no-dn", 2, r"outside|DN|name", reads, with_dn(lambda dn: "this is no name")),
    good("entry-name-is-no-dn-below", with_dn(lambda dn: dn.replace("CN=", "no name ")), roles=SOURCE),
    good("entry-name-of-a-megabyte", with_dn(lambda dn: "CN=" + "x" * (1 << 20) + dn[9:]), roles=SOURCE),
    bad("entry-name-bad-utf8", 2, r"its name is no text", reads,
        with_dn(lambda dn: dn.encode().replace(b"Person", b"P\xff\xfe"))),
    bad("entry-name-with-nul", 2, r"its name is no text", reads, with_dn(lambda dn: dn.replace("Person", "Per\0son"))),
    bad("entry-twice", 5, r"two entries came with one objectGUID", reads, entries(lambda found: found + found[3:4])),
    bad("id-twice", 5, r"two entries came with one objectGUID", reads,
        entries(lambda found: found + [dataclasses.replace(f, dn=f.dn.replace("CN=Person", "CN=Twin"))
                                       for f in found[3:4]])),
    bad("id-missing", 2, r"objectGUID", reads, with_values("objectGUID", lambda here: None)),
    bad("id-empty", 2, r"objectGUID", reads, with_values("objectGUID", many([]))),
    bad("id-two-values", 2, r"more than one objectGUID", reads,
        with_values("objectGUID", lambda here: [here[0][::-1], *here])),
    bad("attribute-never-asked-for", 2, r"asked.*userPassword", reads, with_values("userPassword", many([b"secret"]))),
    bad("attribute-twice", 2, r"twice.*mail", reads,
        one(lambda f: dataclasses.replace(f, attributes=[*f.attributes, ("mail", [b"a@abc.example"]),
                                                         ("MAIL", [b"b@abc.example"])]))),
    bad("attribute-without-a-name", 2, r"nobody asked for", reads,
        one(lambda f: dataclasses.replace(f, attributes=[*f.attributes, ("", [b"x"])]))),
    bad("search-reference", 2, r"refer", reads, referring),
    good("search-references-listed", referring_twice, first, kinds=LDAP, roles=TARGET,
        settings="referrals = {%s, %s}" % (FAR, FARTHER), words=("-v", "sync", "--full"),
        text=r"2 parts are on other servers, as .referrals. says"),

    # Who is it? And who are we?
    bad("root-dse-empty", 2, r"shows no root DSE", root, nothing_found),
    bad("root-dse-refused", 2, r"root DSE|insufficient", root, says(50), kinds=AD),
    bad("root-dse-busy", 5, r"busy", root, says(51)),
    bad("root-dse-not-ad", 2, r"Active Directory|type = ldap|AD", root,
        root_with(supportedCapabilities=None, forestFunctionality=None), kinds=AD),
    bad("root-dse-twice", 2, r"gave more than 1", root, lambda s, r, h: [h()[0], *h()]),
    bad("another-directory", 3, r"another directory answers.*refused", base_look, renamed),
    bad("another-directory-undo", 3, r"refused.*another directory answers", base_look, renamed, roles=TARGET,
        words=("undo", "1")),
    bad("whoami-anonymous", 2, r"anonymous", whoami, says(0), kinds=AD),
    bad("bind-anonymous", 2, r"anonymous|who", binds, says(0), kinds=AD),
    bad("bind-refused", 2, r"invalidCredentials \(49\).*data 52e", binds, says(49, "comment: data 52e")),
    bad("bind-unbound-channel", 2, r"demands channel binding.*invalidCredentials \(49\)", binds,
        says(49, "80090346: LdapErr: DSID-0C090597, comment: AcceptSecurityContext error, data 80090346, v4563"), kinds=AD),
    bad("read-only-controller", 2, r"read-only domain controller", root,
        root_with(supportedCapabilities=READ_ONLY), kinds=AD, roles=TARGET),
    bad("read-only-controller-checked", 2, r"is a read-only domain controller: it cannot be written", root,
        root_with(supportedCapabilities=READ_ONLY), kinds=AD, roles=TARGET, words=("check",)),
    bad("bind-busy", 5, r"busy \(51\)", binds, says(51)),
    bad("bind-referral", 2, r"referral \(10\)", binds, referral),
    bad("bind-in-progress", 2, r"saslBindInProgress|bind", binds, says(14)),
    bad("bind-another-message", 5, r"within 2 s", binds, lambda s, r, h: [Result(0x61, msgid=99)]),
    bad("bind-answered-by-a-search", 2, r"answers something else", binds, lambda s, r, h: [Result(0x65)], kinds=AD),

    # Writes.
    good("add-busy", times(4, says(51)), adds, **WRITE),
    good("add-unavailable", times(1, says(52)), adds, **WRITE),
    good("writes-out-of-order", out_of_order, writes, **WRITE),
    good("writes-and-strange-results", strange_result, writes, **WRITE),
    bad("add-exists-and-does-not", 4, r"entryAlreadyExists|exists", adds, says(68), **WRITE),
    # Only reading again shows that it is not so (sync/verify.h).
    bad("add-done-and-not-there", 4, r"it was added, but cannot be seen", adds, says(0), **WRITE),
    bad("modify-done-and-as-before", 4, r"CN=Person 05.* is not as it was written: displayName", modifies, says(0),
        **WRITE),
    bad("rename-done-and-as-before", 4, r"CN=Person 07.* is not there", renames, says(0), **WRITE),
    bad("delete-done-and-still-there", 4, r"is still there.*1 renamed, 16 unchanged, 1 failed", deletes, says(0), **WRITE),
    bad("delete-noSuchObject-and-still-there", 4, r"is still there.*1 renamed, 16 unchanged, 1 failed", deletes, says(32), **WRITE),
    bad("add-refused", 4, r"insufficientAccessRights|insufficient", adds, says(50), **WRITE),
    bad("add-always-busy", 4, r"busy", adds, says(51), **WRITE),
    good("write-no-answer-once", times(1, applied_then(Wait(FOREVER))), adds, **WRITE, **BRIEF),
    bad("write-no-answer", 4, r"not known if it was done", adds, applied_then(Wait(FOREVER)), **WRITE, **BRIEF),
    good("write-answer-lost-fin", applied_then(CLOSE), adds, **WRITE),
    good("write-answer-lost-rst", applied_then(RESET), adds, **WRITE),
    # libldap waits for more than that header, unless another answer is behind it.
    good("write-huge-answer", applied_then(HUGE, Wait(FOREVER)), adds, **WRITE, **BRIEF),
    good("write-answer-lost-once", times(1, applied_then(RESET)), adds, **WRITE),
    good("write-lost-once", times(1, lambda s, r, h: [RESET]), adds, **WRITE),
    bad("write-notice", 4, r"ends the connection|not known if it was done", adds, notice, **WRITE, leaks=True),
    bad("write-referral", 4, r"referral", adds, referral, **WRITE),
    bad("modify-referral", 4, r"changing CN=Person 05.*referral \(10\)", modifies, referral, **WRITE),
    bad("delete-referral", 4, r"deleting CN=Person 20.*referral \(10\)", deletes, referral, **WRITE),
    bad("rename-referral", 4, r"renaming CN=Person 07.*referral \(10\)", renames, referral, **WRITE),
]
assert len({b.name for b in TABLE}) == len(TABLE)
