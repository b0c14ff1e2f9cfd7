"""The list of the sabotages: what is taken out of which file, and what of the tests notices.

A finder is "KIND WHAT" (KINDS in sabotage.py): "sim I8" the simulation, which says that an invariant is broken; "seed 1" one history of it, in which one is;
"test_NAME TEST" a unit test; "flow CASE" and "undo CASE" of tests/flows, "undo-killed CASE" killed at each write; "undo-few WORDS" of tests/live/undo.py, by few;
"incident NUMBER", "rogue BEHAVIOUR", "replicas CASE", "saved CASE", "authority CASE", "preflight CASE", "tls", "web", "graph", "hostile OUTPUT",
"robust WORDS";
"scim WORD" and "scim-TEST WORDS", "exo-TEST WORDS" of tests/web; "mail", "completion", "due" WORDS of their folders. Where several would notice, it is the quickest.

A guard that is covered by another one (covered) is silent alone: the finder of the pair, in which both are taken out,
says nothing of it, and that is looked at too.
"""
import dataclasses

SABOTAGES, GROUPS = [], []


@dataclasses.dataclass
class Edit:
    path: str
    old: str  # is there once
    new: str


@dataclasses.dataclass
class Sabotage:
    name: str
    group: str
    what: str  # is not there any more
    edits: list
    finder: str = ""
    covered: str = ""  # by the pair of that name: no finder


@dataclasses.dataclass
class Pair(Sabotage):
    halves: tuple = ()


def by_name(name):
    return next(s for s in SABOTAGES if s.name == name)


def group(name):
    GROUPS.append(name)


def cut(name, what, path, old, new, finder="", also=(), covered=""):
    """also: more edits, (path, old, new)."""
    edits = [Edit(*e) for e in ((path, old, new), *also)]
    SABOTAGES.append(Sabotage(name, GROUPS[-1], what, edits, finder, covered))


def pair(name, what, halves, finder):
    edits = [e for half in halves for e in by_name(half).edits]
    SABOTAGES.append(Pair(name, GROUPS[-1], what, edits, finder, halves=halves))


# ---------------------------------------------------------------------------------------------------------
group("One run at a time, and to its end")
cut("lock", "the lock of the state", "sync/state_lock.c",
    "if (flock(lock, (write ? LOCK_EX : LOCK_SH) | LOCK_NB) < 0)", "if (false)",
    "test_sync_state_file test_locking")
cut("lock-shared", "that a writer is alone with the state", "sync/state_lock.c",
    "if (flock(lock, (write ? LOCK_EX : LOCK_SH) | LOCK_NB) < 0)", "if (flock(lock, LOCK_SH | LOCK_NB) < 0)",
    "sim I27")
cut("lock-link", "that the lock file is no symbolic link", "sync/state_lock.c",
    "int flags = O_CLOEXEC | O_NOFOLLOW |", "int flags = O_CLOEXEC |", "test_sync_state_file test_links_to_files")
cut("state-of-others", "that only we may write the state", "sync/state_lock.c",
    "else if ((st->st_mode & (S_IWGRP | S_IWOTH)) != 0)", "else if (false)", "test_sync_state_file test_private")
cut("check-state", "that check tells of a state that cannot be written", "sync/check_files.c",
    "if (state_writable(setup->state, &err) < 0 ||", "if (", "robust check")
cut("check-canary", "that check looks for the canary", "sync/cmd_check.c",
    "if (check_canary(c, config, mem, code, err) < 0)", "if (false && check_canary(c, config, mem, code, err) < 0)", "robust check")
cut("state-foreign", "that another program's database is no state", "sync/state_sql.c", "\tif (n == 2)\n", "\tif (true)\n",
    "test_sync_state_file test_foreign")
cut("state-dump", "that tables without a version are no state", "sync/state_sql.c", "\tif (version == 0)\n", "\tif (false)\n",
    "test_sync_state_file test_foreign")
cut("deadline", "the deadline of a run", "sync/deadline.c",
    "(void)alarm(seconds < UINT_MAX ? (unsigned)seconds : UINT_MAX);", "",
    "test_sync_deadline test_deadline")
cut("own-files", "that new files are nobody else's to read", "sync/main.c", "\t(void)umask(077);\n", "",
    "robust '0077' is 0 times")
cut("no-core", "that a crash leaves no core, in which a secret may be", "sync/main.c",
    "\t(void)setrlimit(RLIMIT_CORE, &none);\n", "", "robust '0' is 0 times")
cut("watchdog", "the end of a connection that stands still", "connectors/ldap_watch.c",
    "(void)shutdown(w->fd, SHUT_RDWR);", "", "rogue handshake-half-stalls")

# ---------------------------------------------------------------------------------------------------------
group("Who answers, and what was asked")
cut("epoch", "that the rules or the scope changed", "sync/guard.c",
    "if (f->rules_changed && gone > 0)", "if (false)", "test_sync_guard test_guard")
cut("epoch-filter", "the connector's filter, of which the scope is made too", "sync/setup.c",
    "\th = hash_settings(f->source_config, type->settings, h);\n", "", "incident 14")
cut("epoch-source", "another file, and other kinds of objects, of which the scope is made too", "sync/setup.c",
    '"file", "delimiter", "multi", "types",', '"delimiter",', "test_sync_flow test_source_is_scope")
cut("epoch-full", "that other rules want everything to be read", "sync/flow.c",
    "if (known->sources >= 0 && known->epoch != f->epoch)", "if (false)", "flow rules-changed")
cut("epoch-early", "that a run of which steps were left out leaves the rules new", "sync/apply_finish.c",
    "\tif (whole)\n\t\tf.epoch = plan->flow->epoch;", "\tf.epoch = plan->flow->epoch;", "test_sync_flow test_skip_full")
cut("pin", "that it is the directory of the last run", "connectors/connector.c",
    "*stands = before[0] == '\\0' || strcmp(before, now) == 0 ?", "*stands = before == now || now != NULL ?", "flow another-directory")
cut("pin-refusal", "that another directory is refused", "sync/guard.c", "if (f->other != NULL)", "if (false)",
    "test_sync_guard test_guard")
cut("pin-forgotten", "that the directory is remembered", "sync/apply_finish.c",
    "if (put_pins(a) < 0)", "if (false)", "sim I9")
cut("cookie-directory", "that a cookie is of this directory", "connectors/ad_cookie.c",
    "if (strcmp(c->directory, now->directory) != 0)", "if (false)", "test_connectors_ad_cookie test_check")
cut("cookie-replica", "that a cookie is of this domain controller", "connectors/ad_cookie.c",
    "if (strcmp(c->replica, now->replica) != 0)", "if (false)", "test_connectors_ad_cookie test_check")
cut("cookie-scope", "that a cookie is of this filter, account and settings", "connectors/ad_cookie.c",
    "if (c->scope != now->scope)", "if (false)", "test_connectors_ad_cookie test_check")
cut("cookie-backup", "that a server was not set back since", "connectors/ad_cookie.c",
    "if (c->usn > now->usn)", "if (false)", "test_connectors_ad_cookie test_check")
cut("canary-seen", "the look for the canary", "sync/canary.c", "if (!seen[i])", "if (false)", "flow canary-gone")
cut("trust-canary", "that `set` asks for the canary, too", "sync/trust.c", "missing == NULL ? 0", "true ? 0",
    "authority a canary is gone")
cut("trust-directory", "that `set` knows another directory", "sync/trust.c",
    "if (a.stands == ANSWERER_OTHER)\n\t\treturn", "if (false)\n\t\treturn", "authority another directory")
cut("set-wipe", "that `set` empties nothing by which mail reaches somebody", "sync/attempt.c",
    "if (reach_lost(&c->mods[i], e))", "if (false)", "authority what reaches somebody")
cut("set-x500", "that `set` takes no X500 address away", "sync/attempt.c",
    "reach_stays(w->attr, there->values[i], w->values, w->n)", "false",
    "authority what reaches somebody")
cut("set-trust", "that `set` asks who answers, and for the canary", "sync/attempt.c",
    "rc = trust_directory(x->state, c, config, x->mem, err);", "(void)config;", "authority another directory")
cut("handover-trust", "that `authority transfer` asks who answers, and for the canary", "sync/handover.c",
    "rc = trust_directory(h->state, c, config_of(f, flag->source), h->mem, err);", "rc = 0;", "graph no canary")
cut("set-denial", "that a denial of `set` is a run", "sync/attempt.c", "return single_deny(", "return true ? 0 : single_deny(",
    "authority set in the journal")
cut("set-denial-again", "that the same denial again is no run", "sync/attempt.c", "if (!new)", "if (false)",
    "authority set in the journal")
cut("set-wipe-undo", "that an undo may empty what `set` filled", "sync/attempt.c", "i < c->n && x->undoes == 0;",
    "i < c->n;", "authority what set wrote where nothing was")
cut("plan-canary", "that a plan knows of the missing canary", "sync/trust.c", "plan->canary = missing;", "",
    "authority a canary is gone")
cut("canary-refusal", "that nothing is written without the canary", "sync/guard.c",
    "if (f->canary != NULL) {", "if (false) {", "test_sync_guard test_guard")
cut("canary-approved", "that nobody can approve it without the canary", "sync/guard.c",
    "*final = true;", "*final = false;", "test_sync_guard test_guard")
cut("bind-result", "the result of the bind", "connectors/ldap_bind.c",
    "r = verdict(s, answer, LDAP_RES_BIND, what, err);", "r = 0;", "rogue bind-refused")
cut("bind-anonymous", "that a bind was not taken for an anonymous one", "connectors/ldap_bind.c",
    "if (strcmp(s->server.who, anonymous) == 0 || anonymous_token(s))", "if (false)",
    "rogue whoami-anonymous")
cut("graph-page-ids", "that what is wrong with an object of a first round names the page that it came on", "connectors/graph_round.c",
    "while (o[i - 1].first > r->at)", "while (i > 1)", "graph one of many has no name")
cut("web-ids", "the request's ids in what is wrong with an answer of Exchange", "connectors/exo_ask.c",
    "d->way->type->in != NULL ?", "d->way == NULL ?", "exo-reads which request it was is not told")
cut("web-elsewhere", "that a token goes to no other host", "connectors/http_run.c",
    "r == 0 && !url_same(&o, &h->origin)", "false && !url_same(&o, &h->origin)", "web another origin")
cut("web-key", "that client-key is the key of client-cert", "connectors/http_assertion.c",
    "if (X509_check_private_key(cert, key) != 1) {", "if (false) {", "web another key")
cut("web-twice", "that libcurl does not send a POST again by itself", "connectors/http_call.c",
    "if (c->again || c->sent.len == 0) {", "if (true) {", "graph they are found")
cut("graph-end", "that a delta query has to end with its deltaLink", "connectors/graph_pages.c",
    "if (p->delta && delta == NULL)",
    "if (p->delta && delta == NULL)\n\t\treturn (p->delta_link = p->dir->root) == NULL;\n\tif (false)",
    "graph half a round")
cut("graph-again", "that an object which came twice is read", "connectors/graph_round.c",
    "item.read = true;", "", "graph the same ids again")
cut("graph-count", "that a list is as long as it says", "connectors/graph_pages.c",
    "if (p->delta || p->given == p->count)", "if (p->delta || p->count >= 0)", "graph too few came")
cut("graph-member", "that nobody but a guest is deleted", "connectors/graph_write.c",
    "!graph_counts(w->dir->kinds[0], answer)", "false", "graph became a member")
cut("graph-window", "that a mailbox is asked by four requests at once at most", "connectors/graph.c",
    "? MAILBOX_WINDOW : 0", "? 0 : 0", "graph requests of a mailbox")
cut("graph-elsewhere", "that a deltaLink leads back", "connectors/graph_pages.c",
    "(strncmp(delta, p->dir->root, root) != 0 || delta[root] != '/')", "(root == 0)",
    "graph elsewhere")
cut("graph-resync", "that a deltaLink which is refused makes a full read", "connectors/graph_round.c",
    "err->kind = ERR_ENTRY;", "err->kind = ERR_FATAL;", "graph 410")
cut("graph-taken", "that nobody is invited whose address is there", "connectors/graph_write.c",
    "if (json_count(found, \"value\") > 0) {", "if (found == NULL) {", "graph taken")
cut("graph-invited", "that an invitation without an answer may have been done", "connectors/graph_write.c",
    "(j->invited || !makes_guests(w))", "!makes_guests(w)", "graph an invitation is lost")
cut("graph-mute", "that an answer has to say isCloudManaged", "connectors/graph_behavior.c",
    "the answer does not say \" ATTRIBUTE);\n\t\trc = http_in(call, err);", "the answer does not say \" ATTRIBUTE);\n\t\trc = 0;", "graph mute")
cut("graph-refused", "that what a tenant refuses is not handed over", "sync/handover.c",
    "if (tell_all(&h, told, err) < 0)", "if (tell_all(&h, told, err) < -1)", "graph transfer to files")
cut("graph-denied", "that a refusal of authority is told as a denial", "connectors/graph_write.c",
    "\tj->outcome->denied = w->dir->denied && j->outcome->kind == OUTCOME_FAILED;\n", "", "graph soa")
cut("graph-gone", "that a delete of what is gone already is done", "connectors/graph_write.c",
    "if (*status == 404 && j->change->op == CHANGE_DELETE)", "if (false)", "graph deleted already")
cut("bulk-number", "that each operation of a Bulk gets its own answer", "connectors/scim_bulk.c",
    "result_of(list, flights[i]->number, n)", "result_of(list, i, n)", "scim slower")
cut("graph-unasked", "that only a flag which the configuration names is written", "sync/handover.c",
    "type->hand_over != NULL && flag->attr == attr_named(type->flag)", "type->hand_over != NULL", "graph another flag")
cut("handover-known", "that what a tenant said is not told to it", "sync/handover.c",
    "entry_has(e, flag->attr, flag->value) == wants", "false", "graph the journal")
cut("graph-known", "nor what it says now", "connectors/graph_behavior.c",
    "if (rc < 0 || managed == on)", "if (rc < 0)", covered="told-twice")
pair("told-twice", "that a tenant is not told what it says", ("handover-known", "graph-known"), "graph known already")
cut("spread-twice", "that a mailbox is named once", "sync/spread.c", "if (k < i)", "if (false)", "graph boxes: twice")
cut("spread-source", "that several mailboxes are no source", "sync/spread.c",
    "if (strcmp(config_text(flow, \"source\"), title) == 0)", "if (false)", "graph boxes: a source")
cut("spread-taken", "that their flows' names are nobody else's", "sync/spread.c",
    "if (config_section(root, flow ? \"flow\" : \"connector\", title) != NULL)", "if (false)", "graph boxes: taken")
cut("spread-part", "that half a flow's name is none", "sync/spread.c",
    "(name[len] == '\\0' || name[len] == '/')", "true", "graph no such flow")
cut("tls-verify", "that the server's certificate is demanded", "connectors/ldap_tls.c",
    "verify ? LDAP_OPT_X_TLS_DEMAND : LDAP_OPT_X_TLS_NEVER", "LDAP_OPT_X_TLS_NEVER", "tls .*bind")
cut("ldaprc", "that libldap reads no configuration of its own", "connectors/ldap_session.c",
    "\t(void)setenv(\"LDAPNOINIT\", \"1\", 1);\n", "", "tls libldap's own configuration counts")
cut("tls-version", "that TLS is of 1.2 at least", "connectors/ldap_tls.c",
    "bool found = false;\n\n\t(void)ldap_get_option",
    "bool found = true;\n\n\t(void)ldap_get_option", "tls .*bind")
cut("password-in-clear", "that a password is not sent without encryption", "connectors/ldap_login.c",
    "if (l->auth == AUTH_SIMPLE && !l->starttls && begins(url, \"ldap://\"))", "if (false)",
    "flow bad-password-in-clear")

# ---------------------------------------------------------------------------------------------------------
group("A read is complete, or it is none")
cut("broken-source", "that a read of the source that broke is no end", "sync/gather.c",
    "*sealed = rc == 0 ? &proof : NULL;", "rc = 0;\n\t*sealed = &proof;", "sim I2")
cut("broken-target", "that a read of the target that broke is no end", "sync/match.c",
    "\treturn rc;\n}\n\nstatic int read_all(", "\treturn 0;\n}\n\nstatic int read_all(", "sim I2")
cut("gone-unproved", "that who is not in a delta is there all the same", "sync/gather.c",
    "return g->full || (slot->flags & LINK_GONE) != 0 || keys_has(&g->waits, slot->source);", "return true;",
    "sim I10")
cut("gone-kept", "that a delta forgets who left where he is kept", "sync/gather.c",
    "\t\tif (slot != NULL)\n\t\t\tslot->flags |= LINK_GONE;",
    "\t\tif (slot != NULL && g->flow->leave != LEAVE_KEEP)\n\t\t\tslot->flags |= LINK_GONE;", "sim I17")
cut("read-confirmed", "that who is not in a full read is asked for", "sync/gather.c",
    "\tif (missed.n > 0)\n\t\trc = count_there(g, &missed, &there, err);\n", "",
    "rogue one-is-not-listed")
cut("partial-entry", "that an entry of which a part came is filled", "sync/gather.c",
    "\tif (connector_fill(g->source, g->scratch, e, err) < 0)\n\t\treturn -1;\n\treturn evaluation_put(",
    "\treturn evaluation_put(", "sim I15")
cut("page-result", "the result code of a page", "connectors/ldap_search.c",
    "\tif (s->came > 0 || session_retry(s->session, &s->patience, code, err) < 0)\n\t\treturn -1;\n"
    "\treturn ask(s, err);",
    "\treturn 0;", "rogue other")
cut("page-control", "that a page says whether there is a next one", "connectors/ldap_search.c",
    "\t\treturn err_set(err, ERR_FATAL, \"no word of whether there is a next one\");", "\t\treturn 0;",
    "rogue page-without-control")
cut("page-again", "that a page is not an earlier one", "connectors/ldap_search.c",
    "if (s->n > 0 && !keys_put(&s->begins, item_at(s, 0)->entry.key, 0) && !s->req.again)", "if (false)", "rogue same-page-again")
cut("page-endless", "that a page ends", "connectors/ldap_search.c",
    "if (s->paged && s->n > 2 * (size_t)s->req.page_size)", "if (false)", "rogue endless-page")
cut("reference", "that a reference to another server is a part that is missing", "connectors/ldap_ask.c",
    "return known ? 0 : -1;", "return 0;", "rogue search-reference")
cut("referral-followed", "that referrals are not followed", "connectors/ldap_connect.c",
    "{LDAP_OPT_REFERRALS, LDAP_OPT_OFF},", "{LDAP_OPT_REFERRALS, LDAP_OPT_ON},", covered="referral")
cut("second-connection", "that nothing is connected to but the server", "connectors/ldap_connect.c",
    "if (s->connected || ber_sockbuf_ctrl", "if (ber_sockbuf_ctrl", covered="referral")
pair("referral", "what keeps libldap from another server", ("referral-followed", "second-connection"), "incident 21")
cut("range-left", "that the rest of a range is read", "connectors/ldap_search.c",
    "if (it->part && range_complete(s->session, s->page_mem, &it->entry, err) < 0)", "if (false)",
    "rogue range-not-given")
cut("range-gap", "that a part of a range begins where the last one ended", "connectors/ldap_range.c",
    "if (a.n == 0 || range.low != low)", "if (a.n == 0)", "rogue range-with-a-gap")
cut("ids-twice", "that no two entries have one id", "connectors/ldap_search.c",
    "if (s->req.again || !twins_found(&s->ids, &key)) {", "if (true) {", "rogue id-twice")
cut("entry-outside", "that an entry lies below the base", "connectors/ldap_entry.c",
    "if (!within(name, req, mem))", "if (false)", "test_connectors_ldap_entry test_cases")
cut("entry-comma", "that an escaped comma parts no names", "connectors/ldap_entry.c",
    " && at[-1] == ',' && at[-2] != '\\\\';", " && at[-1] == ',';", "test_connectors_ldap_entry test_cases")
cut("attribute-unasked", "that a server gives what it was asked for", "connectors/ldap_entry.c",
    "\t\t\treturn unfit(err, e->name, \"nobody asked for \", a.name);", "\t\t\tcontinue;",
    "test_connectors_ldap_entry test_cases")
cut("cookie-expired", "that a cookie of no use is not \"no changes\"", "sync/gather.c",
    "start_reading(g, old, &g->waits, false, err) < 0)\n\t\treturn -1;",
    "start_reading(g, old, &g->waits, false, err) < 0) {\n\t\tg->want_cookie = false;\n"
    "\t\treturn err->kind == ERR_ENTRY ? 0 : -1;\n\t}", "incident 20")
cut("cookie-full", "that a cookie of no use makes a full read", "sync/flow.c",
    "if (rc < 0 && err->kind == ERR_ENTRY) {", "if (false) {", "sim I18")
cut("present-phase", "that what syncrepl does not name may be there", "connectors/ldap_sync.c",
    "\tif (!deletes)\n\t\treturn doubt(s, err, present_phase);", "", "incident 15",
    also=[("connectors/ldap_sync.c", "\t\tif (r == 0 && !deletes)\n\t\t\tr = doubt(s, err, present_phase);\n", "")])
cut("called-gone", "that who is called gone by syncrepl is looked for", "connectors/ldap_sync.c",
    "\tfor (size_t i = 0; i < n; i++)\n\t\twishes[n_wishes++]",
    "\tfor (size_t i = 0; i < n; i++)\n\t\tif (!told[i].gone)\n"
    "\t\t\twishes[n_wishes++]", "incident 16")
cut("tombstone", "that who has a tombstone is looked for", "connectors/ad_changed.c",
    "\tfor (size_t i = 0; i < n; i++)\n\t\twishes[i] = (struct wish){",
    "\tfor (size_t i = 0; i < n; i++)\n\t\tif (id_at(&d->changed, i)->what != AD_GONE)\n\t\twishes[i] = (struct wish){",
    "rogue dirsync-false-tombstone")
cut("ldif-cut", "that the last line of an LDIF file is whole", "base/ldif_lines.c",
    "\t\tline->end = line_end(f);\n\t\tif (line->end == NULL)\n\t\t\treturn torn(f, err);",
    "\t\tline->end = line_end(f);\n\t\tif (line->end == NULL)\n\t\t\tline->end = f->at = f->whole;",
    "test_base_ldif test_entries")
cut("ldif-count", "the number of entries that an LDIF file says", "base/ldif_lines.c",
    "if (said == read || said == f->n)", "if (true)", "test_base_ldif test_entries")
cut("ldif-changed", "that an LDIF file did not change while it was read", "base/ldif_lines.c",
    "if (fstat(f->fd, &now) < 0 || now.st_size != was->st_size ||\n\t\tnow.st_mtim.tv_sec != was->st_mtim.tv_sec ||\n"
    "\t\tnow.st_mtim.tv_nsec != was->st_mtim.tv_nsec)", "if (false)", "test_base_ldif test_changed_meanwhile")
cut("ldif-range", "that an LDIF file has no part of a range", "connectors/ldif.c", "if (part != NULL)", "if (false)",
    "test_connectors_ldif test_read")
cut("ldif-outside", "that an entry of a file lies below the base", "connectors/ldif.c",
    "else if (!ldif_within(d, e->name))", "else if (false)", "flow bad-outside-base")
cut("csv-changed", "that a table did not change while it was read", "connectors/csv_rows.c",
    "if (file_changed(c->fd, &c->opened))", "if (false)", "test_connectors_csv test_changing")
cut("xml-changed", "that a document did not change while it was read", "connectors/xml.c",
    "if (x->fd >= 0 && file_changed(x->fd, &x->opened))", "if (false)", "test_connectors_xml test_files")
cut("xml-doctype", "that a document has no DOCTYPE", "connectors/xml.c",
    "if (r > 0 && xmlTextReaderNodeType(x->reader) == XML_READER_TYPE_DOCUMENT_TYPE)", "if (false)",
    "test_connectors_xml test_records")
cut("csv-fields", "that a row has as many fields as there are columns", "connectors/csv.c",
    "if (n != d->n_columns)", "if (false)", "test_connectors_csv test_read")
cut("csv-quote", "that a quote is closed", "connectors/csv_rows.c",
    ": fail(c, opened, \"the quote that opens here is never closed\", err);", ": 0;", "test_connectors_csv test_rows")
cut("file-ids-twice", "that no two entries of a file have one id", "connectors/reading.c",
    "if (keylist_twice(&r->pairs, key))", "if (false)", "flow bad-duplicate-id")
cut("file-cookie", "that a cookie is whole", "connectors/reading.c",
    "return head.key == want.key && head.with == want.with;", "return true;", "test_connectors_ldif test_bad_cookie")

# ---------------------------------------------------------------------------------------------------------
group("The plan")
cut("rules-fail", "that an object whose rules fail is left as it is", "sync/evaluate.c",
    "row.presence = FAILED;", "row.presence = LEFT;", "flow row-11-rules-fail")
cut("one-stops-all", "that an object whose rules fail does not stop the others", "sync/evaluate.c",
    "if (c->err.kind != ERR_NONE && c->err.kind != ERR_ENTRY) {", "if (c->err.kind != ERR_NONE) {", "flow row-11-rules-fail")
cut("loop-marker", "that what carries our marker is no source", "sync/gather.c",
    "if (plan_mark(g->flow, e).len > 0)", "if (false)",
    "flow two-way-marked-elsewhere")
cut("loop-container", "that what lies among another flow's contacts is no source", "sync/gather.c",
    "if (dn_text_below(e->name, &g->flow->foreign[i]))", "if (false)", "flow two-way-made-by-hand")
cut("loop-link", "that what another flow is linked to is no source", "sync/gather.c",
    "\tif (linked_elsewhere(g, e->key))\n", "\tif (false)\n", "flow two-way-adopted-unmarked")
cut("marker-looked-for", "that a contact is looked for by its marker before one is added", "sync/pair.c",
    "if (f->kind == FACT_MARKED && !listed(found, n, f->at))", "if (false)", "flow lost-state-and-edits")
cut("linked-to-another", "that another's contact is not taken over", "sync/pair.c",
    "\tif (link != NO_LINK)\n", "\tif (false)\n", "flow row-7-linked-to-another")
cut("mark-order", "that whose a contact is does not depend on the order of values", "sync/plan.c",
    "(mark.len == 0 || value_order(v, mark) < 0)", "(mark.len == 0)", "test_sync_plan test_mark")
cut("mark-text", "that somebody's own text beside it is no marker", "sync/plan.c",
    "memcmp(v.data, ours, sizeof(ours) - 1) == 0 &&", "ours[0] != 0 &&", "test_sync_plan test_mark")
cut("marked-for-another", "that a contact with another's marker is not taken over", "sync/pair.c",
    "if (marker.len > 0 && !value_same(marker, own))", "if (false)",
    "flow row-7-marker-of-another-flow")
cut("adopted-twice", "that a contact is adopted once", "sync/pair.c",
    "if (keys_has(&p->adopted, place + 1ull))", "if (false)", "flow row-7-found-before")
cut("several-match", "that of several contacts none is taken", "sync/pair.c", "\tif (n > 1) {\n\t\tif (pair_read_entry",
    "\tif (false) {\n\t\tif (pair_read_entry", "flow row-6-several")
cut("adopt-no-contact", "that only a contact is taken over", "sync/pair.c",
    "if (!entry_has(e, object_class, d->attrs[i].values[k]))", "if (false)", "flow row-5-no-contact-inside")
cut("adopt-outside", "that nothing outside of the managed containers is taken over", "sync/pair.c",
    "return managed(p, e->name);", "return true;", "flow row-5-outside-of-both")
cut("moved-outside", "that a contact that was moved out of the managed containers is not written, in the plan",
    "sync/pair.c", "if (p->v.has_current && !managed(p, p->current.name)) {", "if (false) {", "flow row-10-moved-away")
cut("address-held", "that an address stays with who has it", "sync/pair.c",
    "if (check_holder(p, f, &claims[f->index]) < 0)", "if (false)", "flow check-e-proxy-dup")
cut("address-shared", "that two who want one address do not both get it", "sync/pair.c",
    "\t\tconflict(p, 11,\n\t\t\tarena_printf(p->mem, \"E_PROXY_DUP: %s is wanted by both",
    "\t\tif (false)\n\t\tconflict(p, 11,\n\t\t\tarena_printf(p->mem, \"E_PROXY_DUP: %s is wanted by both",
    "sim I24")
cut("address-own-side", "that an address is looked at where the object's own side has it written", "sync/claims.c",
    "if (p == N_PLACES || !authority_ours(f, side, d->attrs[i].attr))",
    "if (p == N_PLACES || !authority_ours(f, NULL, d->attrs[i].attr))", "test_sync_pair test_sided")
cut("address-given", "that an address is looked at where somebody gave the object to the source", "sync/sides.c",
    "if (keys_get(&g->sides, row->key, &ours))", "if (keys_get(&g->sides, row->key, &ours) && false)",
    "test_sync_pair test_sided")
cut("address-contact-gives", "that an address is looked at where a flag of the contact gives the object to the source",
    "sync/sides.c", "return side == NULL && target_gives(g->flow) ? g->flow->source : side;",
    "return side == NULL && target_gives(g->flow) && false ? g->flow->source : side;", "test_sync_pair test_sided")
cut("address-needed-still", "that who has an address keeps it while his own side has it written", "sync/holder.c",
    "unsigned n = claims_wanted(mem, g->flow, side, &other->desired, &claims);",
    "unsigned n = claims_wanted(mem, g->flow, NULL, &other->desired, &claims);", "test_sync_pair test_sided")
cut("wipe", "that a contact does not lose all of its addresses", "sync/plan.c",
    "const char *why = wipes(mem, row, w, n, &s->change);", "const char *why = NULL;",
    "flow wipe")
cut("x500", "that an X500 address is never taken away", "rules/address.c",
    "if (find(&gone, before.values[i]) < 0 || address_type_is(before.values[i], \"x500\"))",
    "if (find(&gone, before.values[i]) < 0)", "test_rules_address test_merge")
cut("x500-replaced", "that a rule that says all of proxyAddresses takes no X500 address away", "sync/differences.c",
    "reach_stays(w->attr, there->values[i], w->values, w->n)", "false", "test_sync_plan test_plan")
cut("x500-spelled", "that an X500 address is not there twice, in two spellings", "sync/reach.c",
    "stays = !utf8_same(v, wanted[i]);", "stays = !value_same(v, wanted[i]);", "test_sync_plan test_plan")
cut("wipe-x500", "that an X500 address alone reaches nobody", "sync/reach.c",
    "if (reach_answers(m->attr, v))\n\t\t\tcontinue;", "", "test_sync_plan test_plan")
cut("values-of-others", "that only values of ours are taken away", "sync/written.c",
    "bool written_value(const struct written *w, unsigned attr, struct value v)\n{",
    "bool written_value(const struct written *w, unsigned attr, struct value v)\n{\n\treturn true;",
    "test_sync_written test_values")
cut("protected-joined", "that what is protected is not changed", "sync/pair.c",
    "p->v.has_current ? plan_protected(p->g->flow, &p->current) : NULL;", "NULL;",
    "sim I7")
cut("ping-pong", "that a value that is undone again and again is frozen", "sync/undone.c",
    "return known(f, link, attr, now).n >= TIMES;", "return false;", "flow ping-pong-frozen")
cut("frozen-early", "that a value is put back three times before it is left to whoever undoes it", "sync/undone.c",
    "return known(f, link, attr, now).n >= TIMES;", "return known(f, link, attr, now).n > 0;", "sim I22")
cut("renamed", "that who has another name in the source gets it in the target", "sync/differences.c",
    "if (ours || !undone_reports(f, row->link, attr, row->now))", "if (false)", "sim I21")
cut("variant-kept", "that who has a variant of his name keeps it", "sync/naming.c",
    "return current == NULL || !is_variant(mem, n, *type, *value, current->name);", "return true;", "sim I14")
cut("values-sorted", "that the values of a change are in one order", "sync/differences.c",
    "\tvalues_sort(rest.values, rest.n);\n", "", "sim I19")
cut("digest-of-plan", "that the digest of a plan has nothing of where it is in memory", "sync/plan_digest.c",
    "(unsigned long long)plan->flow->epoch", "(unsigned long long)(uintptr_t)plan", "sim I20")
cut("plan-reads", "that planning only reads the state", "sync/decide.c", "\tprogress_add(PROGRESS_DONE, 1);\n",
    "\tif (s->op == STEP_FORGET && state_drop_link(p->g.state, p->g.known.id, s->source_id, p->err) < 0)\n\t\treturn -1;\n",
    "sim I1")
cut("grace", "that who is hidden is deleted after the grace period only", "sync/plan.c",
    "if (since && row->now - then >= f->grace)", "if (since)",
    "test_sync_plan test_plan")
cut("empty-text", "that an empty text counts as none", "rules/map.c", "if (r->values[i].len > 0)\n\t\t\treturn true;",
    "return true;", "test_rules_map test_map")
cut("condition", "that what is no value is no condition", "rules/expr_value.c", "if (val->kind != EXPR_VALUES)\n\t\treturn eval_fail(ev,",
    "if (false)\n\t\treturn eval_fail(ev,", "test_rules_map test_map")
cut("proxy-type", "that the type of an address is one", "rules/validate_addresses.c", "if (!type_good(type))", "if (false && !type_good(type))",
    "test_rules_validate test_cases")
cut("output-plan", "that a plan and a report are two files", "sync/cmd_run.c", "files_same(q->save, q->output)", "false",
    "saved wrong use")
cut("parameters", "that a parameter that is not there is a mistake of the rules", "sync/setup.c",
    "rules_check_params(f->rules, &f->env, err) < 0", "false", "robust there is no parameter")
cut("references-many", "that one may refer to many", "sync/match.c", "if (ask(a, ASK_REFERENCE,",
    "if (index <= UINT16_MAX && ask(a, ASK_REFERENCE,", "robust seeAlso: CN=Bob")
cut("references-order", "that who gets a contact in this run is found among those who have one", "sync/pair.c",
    "qsort(p->v.refs, p->v.n_refs, sizeof(*p->v.refs), by_index);", "(void)by_index;", "robust seeAlso: CN=Aaron")
cut("output-rules", "that a report is not written over rules", "sync/files.c", "if (files_same(path, files[i]))", "if (false)",
    "robust diff -o below/more.rules")
cut("grace-ahead", "that the grace period does not begin in the future", "sync/plan.c",
    "const bool since = then != 0 && then <= row->now;", "const bool since = then != 0;", "test_sync_plan test_plan")
cut("hidden-before", "that whom somebody else had hidden stays hidden", "sync/plan.c",
    "hidden && row->link->left <= 0 ? -left : left;", "left;", "flow row-3-hidden-before")
cut("hide", "that who left is hidden first", "sync/plan.c",
    "if (f->leave == LEAVE_HIDE && plan_hide(mem, f, row, s))", "if (false)", "test_sync_plan test_plan")
cut("keep", "that who left is kept where the flow says so", "sync/plan.c",
    "if (f->leave == LEAVE_KEEP) {", "if (false) {", "test_sync_plan test_plan")

# ---------------------------------------------------------------------------------------------------------
group("Limits: all of a plan, or nothing")
cut("limits", "the limits", "sync/guard.c", "if (n > limit)", "if (false)", "test_sync_guard test_guard")
cut("limit-number", "that a limit has a number too", "sync/limits.c", "return enough < l->max ? enough : l->max;",
    "return enough;", "test_sync_guard test_guard")
cut("limit-percent", "that a limit is a share of the links", "sync/limits.c",
    "return enough < l->max ? enough : l->max;", "return l->max;", "test_sync_guard test_guard")
cut("limit-of-a-rule", "that each rule has its limits", "sync/guard.c",
    "for (unsigned i = 0; i < f->n_kinds; i++) {", "for (unsigned i = 0; i < 1; i++) {", "test_sync_guard test_guard")
cut("limit-deletes", "that deletes are counted", "sync/kinds.c",
    "t->n[LIMIT_DELETE] += s->op == STEP_DELETE || hides;", "t->n[LIMIT_DELETE] += hides;", "flow guard-deletes")
cut("limit-hides", "that hiding counts as deleting", "sync/kinds.c",
    "t->n[LIMIT_DELETE] += s->op == STEP_DELETE || hides;", "t->n[LIMIT_DELETE] += s->op == STEP_DELETE;", "sim I8")
cut("limit-let-go", "that letting go counts as deleting", "sync/kinds.c",
    "t->n[LIMIT_DELETE] += s->op == STEP_FORGET && s->number == 3;", "", "flow guard-let-go")
cut("limit-let-go-rules", "that who is let go is gone when the rules changed", "sync/summary.c",
    "return s->remove + s->hide + s->let_go;", "return s->remove + s->hide;", "test_sync_guard test_guard")
cut("limit-adds", "that new contacts are counted", "sync/kinds.c", "t->n[LIMIT_ADD] += s->op == STEP_ADD;", "",
    "flow guard-adds")
cut("limit-modifies", "that changed contacts are counted", "sync/kinds.c",
    "t->n[LIMIT_MODIFY] += modifies && !hides;", "", "flow guard-modifies")
cut("limit-renames", "that new names are counted", "sync/kinds.c",
    "t->n[LIMIT_RENAME] += s->change.new_name.len > 0;", "", "flow guard-renames")
cut("limit-clears", "that emptied attributes are counted", "sync/kinds.c",
    "t->n[LIMIT_CLEAR] += clears(row, &s->change);", "", "flow guard-clears")
cut("left", "that half of the links are left", "sync/guard.c", "left * 100 < k->links * f->min_left)", "false)",
    "test_sync_guard test_guard")
cut("source-empty", "that an empty source is refused", "sync/guard.c", "if (f->full && f->sources <= 0)", "if (false)",
    "test_sync_guard test_guard")
cut("source-shrunk", "that a source that shrank is refused", "sync/guard.c",
    "(f->sources_before - f->sources) * 100 > f->sources_before * f->max_shrink)", "false)",
    "test_sync_guard test_guard")
cut("shares", "that a share of more than all is none", "sync/setup.c", "if (n > 100)", "if (false)", "robust wanted 2 and /galway.conf:.0-9.+: max-deletes-percent")
cut("target-shrunk", "that a target which lacks contacts is refused", "sync/guard.c",
    "if (f->missing > limit_of(LIMIT_DELETE, &share, links))", "if (false)", "test_sync_guard test_guard")
cut("source-empty-delta", "that a delta that takes everybody is refused", "sync/guard.c",
    "if (!f->full && f->plan.read == 0 && gone > 0 && gone == links)", "if (false)", "test_sync_guard test_guard")
cut("first-run-deletes", "that a first run deletes no more than a few", "sync/guard.c",
    "if (f->first && gone == 0)", "if (f->first)", "test_sync_guard test_guard")
cut("first-run", "that a first run is one without links", "sync/ruling.c",
    ".first = plan->known.sources < 0 && plan->links == 0,", ".first = plan->known.sources < 0,",
    "flow guard-first-run-of-some")
cut("refusal", "that a plan that is refused is not done", "sync/cmd_run.c", "if (ruling->n == 0 && approve == NULL)",
    "if (approve == NULL)", "flow guard-deletes")
cut("approval", "that what is approved is this very plan", "sync/cmd_run.c",
    "if (approve != NULL && strcmp(approve, digest) == 0 && !ruling->final)", "if (approve != NULL && !ruling->final)",
    "flow guard-approved-another")
cut("approval-once", "that a plan is approved once", "sync/plan_digest.c",
    "plan->flow->name, plan->known.generation,", "plan->flow->name, 0LL,",
    "saved another run since, with nothing to do")
cut("approval-options", "that what a refusal prints leaves out what the plan left out", "sync/shell.c",
    "if ((q->options.skip & skips[i].skip) != 0)", "if (false)", "saved what a refusal prints: --no-delete")
cut("approval-object", "that what a refusal prints is about the one object", "sync/shell.c",
    "if (q->options.object != NULL)", "if (false)", "saved what a refusal prints: --object it's ann")
cut("saved-seal", "the seal of a saved plan", "sync/saved.c", "if (memcmp(head + sizeof(HEAD) - 1, hex, HEX) != 0)",
    "if (false)", "saved each byte")
cut("saved-gone", "that who goes is still as a saved plan saw him", "sync/plan.c",
    "\ts->seen = contact_digest(f, row->current);\n", "", "saved target changed, of who goes")
cut("saved-owner", "that nobody else may have written a saved plan", "sync/saved.c",
    "if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0)", "if (false)", "saved wrong use")

# ---------------------------------------------------------------------------------------------------------
group("Whose it is: link, marker, container")
cut("leave-marker", "that a contact of who left carries our marker, in the plan", "sync/plan.c",
    "if (!value_same(plan_mark(f, row->current), marker))", "if (false)", "test_sync_plan test_plan")
cut("delete-marker", "the same, looked at once more before it is deleted", "sync/journal.c",
    "if (!value_same(plan_mark(f, e), plan_marker(mem, f, s->source_id)))", "if (false)",
    "test_sync_journal test_look")
pair("marker", "the marker, before a delete", ("leave-marker", "delete-marker"), "sim I6")
cut("leave-managed", "that a contact of who left lies in a managed container, in the plan", "sync/plan.c",
    "if (!inside(mem, row->current->name, f->managed, f->n_managed))", "if (false)", "test_sync_plan test_plan")
cut("leave-into", "that what was adopted elsewhere is not deleted, in the plan", "sync/plan.c",
    "if (!inside(mem, row->current->name, f->managed, 1)) {", "if (false) {", "test_sync_plan test_plan")
cut("leave-protected", "that what is protected is not deleted, in the plan", "sync/plan.c",
    "return plan_protected(f, row->current);", "return NULL;", "test_sync_plan test_plan")
cut("delete-protected", "the same, looked at once more before it is deleted", "sync/journal.c",
    "return plan_protected(f, e);", "return NULL;", "test_sync_journal test_look")
pair("protected", "protection, before a delete", ("leave-protected", "delete-protected"), "sim I7")
cut("delete-name", "that what is deleted was not renamed meanwhile", "sync/journal.c",
    "if (!dn_text_equal(e->name, s->change.name))", "if (false)", "test_sync_journal test_look")

# ---------------------------------------------------------------------------------------------------------
group("The last gate before the wire")
cut("gate", "the gate", "sync/gate.c", "if (gate_check(mem, f, sides[i], steps[i], &outcomes[i].err) < 0)",
    "if (false)",
    "test_sync_gate test_write")
cut("gate-base", "that what is written lies in a managed container", "sync/gate.c",
    "if (!below_managed(f, c->name) || (c->new_name.len > 0", "if ((c->new_name.len > 0", "test_sync_gate test_check")
cut("gate-new-name", "that the new name does", "sync/gate.c",
    "|| (c->new_name.len > 0 && !below_managed(f, c->new_name)))", ")", "test_sync_gate test_check")
cut("gate-into", "that what is deleted lies in our own container", "sync/gate.c",
    "if (c->op == CHANGE_DELETE && !dn_text_below(c->name, &f->managed[0]))", "if (false)", "test_sync_gate test_check")
cut("gate-never", "what is never written", "sync/gate.c", "if (gate_forbids_flow(f, attr) ||\n", "if (\n",
    "test_sync_gate test_check")
cut("gate-allowed", "that an attribute is one of the rules'", "sync/gate.c",
    "(attr != naming && s->number != UNDO_CASE && !may_write(f, attr)))", "false)", "test_sync_gate test_check")
cut("gate-object", "that the object is the source's", "sync/gate.c",
    "(c->op != CHANGE_MODIFY && check_side(f, object_side, s, ATTR_NONE, err) < 0)", "(false)",
    "test_sync_gate test_check")
cut("gate-attribute", "that the attribute is the source's", "sync/gate.c",
    "(check_side(f, object_side, s, attr, err) < 0 ||", "(", "test_sync_gate test_check")
cut("gate-value", "that the value is the source's", "sync/gate.c",
    "if (authority_excepts(f, object_side, m->attr, v))", "if (false)", "test_sync_gate test_check")
cut("unlisted", "that an attribute which no rule lists is not written: the plan has one, and the gate lets it pass",
    "sync/plan.c", "\tc->mods[c->n++] = (struct mod){.attr = naming, .n_add = 1, .add = value};",
    "\tc->mods[c->n++] = (struct mod){.attr = attr_named(\"employeeType\"), .n_add = 1, .add = value};", "sim I5",
    also=[("sync/gate.c", "(attr != naming && s->number != UNDO_CASE && !may_write(f, attr))", "false")])
pair("container", "the managed containers, in the plan and at the gate", ("leave-managed", "gate-base"), "sim I4")
pair("outside", "the managed containers, when a contact is looked for, in the plan and at the gate",
     ("adopt-outside", "moved-outside", "gate-base"), "sim I4")
pair("into", "our own container, in the plan and at the gate, before a delete", ("leave-into", "gate-into"), "sim I6")
cut("readonly", "that a connector that is only read is not written", "connectors/connector.c", "return c->readonly ?",
    "return false ?", "authority a readonly connector")

# ---------------------------------------------------------------------------------------------------------
group("Authority")
cut("denied-attribute", "that an attribute of the other side is not changed, in the plan", "sync/differences.c",
    "\tif (!authority_ours(f, row->side, w->attr)) {\n\t\tdeny_mod(", "\tif (false) {\n\t\tdeny_mod(",
    "test_sync_plan test_plan")
cut("denied-add", "that what is not ours to add is not added, in the plan", "sync/plan.c",
    "\tif (!authority_ours(f, row->side, ATTR_NONE)) {\n\t\ts->op = STEP_MODIFY;\n"
    "\t\tdeny_object(mem, f, row, false, s);",
    "\tif (false) {\n\t\ts->op = STEP_MODIFY;\n\t\tdeny_object(mem, f, row, false, s);", "test_sync_plan test_plan")
cut("denied-delete", "that what is not ours to delete is not deleted, in the plan", "sync/plan.c",
    "\tif (!authority_ours(f, row->side, ATTR_NONE)) {\n\t\ts->op = STEP_MODIFY;\n"
    "\t\tdeny_object(mem, f, row, true, s);",
    "\tif (false) {\n\t\ts->op = STEP_MODIFY;\n\t\tdeny_object(mem, f, row, true, s);", "test_sync_plan test_plan")
pair("authority-of-object", "authority for the object, in the plan and at the gate", ("denied-delete", "gate-object"),
     "sim I23")
pair("authority-of-attribute", "authority for an attribute, in the plan and at the gate",
     ("denied-attribute", "gate-attribute"), "sim I23")
cut("authority-sip", "that SIP addresses among proxyAddresses may be the other side's", "sync/authority.c",
    "return attr_syntax(attr) == SYNTAX_ADDRESS && address_type_is(v, \"sip\") &&", "return false &&",
    "test_sync_authority test_exceptions")
cut("denied-untold", "that a denial waits until it is settled", "sync/apply_remember.c",
    "if (put_denied(a, s, &s->denied[i], since) < 0)", "if (false)", "authority set in the journal")
cut("set-denied", "that another service may only say what is its", "sync/attempt.c",
    "\t\tif (strcmp(whose, x->as) != 0)\n\t\t\ts->denied", "\t\tif (false)\n\t\t\ts->denied",
    "authority a tenant without synchronization")
cut("set-gate", "the same, at the gate", "sync/gate.c", "if (strcmp(whose, side) != 0)", "if (false)",
    "test_sync_gate test_set")

cut("undo-gives-back", "that what was the other side's comes back with what was deleted", "sync/gate.c",
    "if (attr != naming && !back &&", "(void)back;\n\t\tif (attr != naming &&", "authority undo of a delete")
cut("undo-spares", "that an undo leaves out what is the other side's by now", "sync/undo_invert.c",
    "if (!s->write || c->op != CHANGE_MODIFY)", "(void)f, (void)side, (void)spared, (void)n, (void)others;\n\tif (true)",
    "authority undo of what is the other side's by now")
cut("undo-flag", "that an undo asks what the source's flag said", "sync/undo.c",
    "authority_flag_side(u->flow, v->link != NULL ? v->link->flag : 0),", "NULL,",
    "authority undo of what the source has given away")
cut("conflict-flag", "that a flag is remembered of who is in conflict", "sync/plan.c",
    "s->link.flag = flag;", "", "authority given away while there is a conflict")

# ---------------------------------------------------------------------------------------------------------
group("Writing, and what is remembered of it")
cut("old-value", "that a value is replaced only when it is as it was", "connectors/ldap_readback.c",
    "\t\tif (!as_expected(&c->mods[i], there)) {", "\t\tif (false) {", "test_connectors_ldap_write test_readback")
cut("old-value-sent", "that old values are taken away by name", "connectors/ldap_operation.c",
    "if (m->n_remove > 0)\n\t\t\tput_mod(mem, &at, LDAP_MOD_DELETE",
    "if (false)\n\t\t\tput_mod(mem, &at, LDAP_MOD_DELETE",
    "rogue write-lost-once")
cut("name-of-another", "that an entry that is there already is ours before it counts as added",
    "connectors/ldap_readback.c",
    "if (!has_all(there, &c->mods[i])) {", "if (false) {", "test_connectors_ldap_write test_readback")
cut("renamed-another", "that an entry of the new name is the one that was renamed", "connectors/ldap_readback.c",
    "\tif (value_same(there->id, c->id))\n\t\treturn SEEN_DONE;", "\treturn SEEN_DONE;",
    "test_connectors_ldap_write test_readback")
cut("answer-lost", "that after a lost answer it is looked at what was done", "connectors/ldap_write.c",
    "\t\tf->op.doubt = f->op.stage;\n\t\tf->op.stage = STAGE_LOOK;\n\t\tf->answered = false;\n", "",
    covered="lost-answer")
cut("maybe-done", "that what is refused as done already is looked at", "connectors/ldap_code.c",
    "if (already[i].op == op && already[i].code == code &&", "if (false &&",
    "test_connectors_ldap_code test_maybe_done")
pair("lost-answer", "the looks after a lost answer, and after a second attempt", ("answer-lost", "maybe-done"),
     "rogue write-answer-lost-once")
cut("failed-is-done", "that what failed is not remembered as done", "sync/apply_remember.c",
    "bool done = o == NULL || o->kind == OUTCOME_DONE;", "bool done = true;", "sim I23")
cut("links-counted", "that links are counted where there may be others", "sync/apply_finish.c",
    "f->links = p->links + s->add - s->remove;", "f->links = p->links + s->add + s->link - s->remove - s->forget; return 0;",
    "sim I32")
cut("failed-alone", "that a change which fails is told of itself alone", "sync/apply_remember.c",
    "bool done = o == NULL || o->kind == OUTCOME_DONE;",
    "bool done = o == NULL || (o->kind == OUTCOME_DONE && a->applied->summary.failed == 0);", "sim I32")
cut("unknown-is-done", "that what is not known to be done is not remembered as done", "sync/apply_remember.c",
    "bool done = o == NULL || o->kind == OUTCOME_DONE;", "bool done = o == NULL || o->kind != OUTCOME_FAILED;",
    "sim I15")
cut("failed-forgotten", "that what failed is tried again", "sync/apply_remember.c",
    "\tif (o != NULL && o->kind != OUTCOME_DONE &&\n\t\tput_pending(", "\tif (false &&\n\t\tput_pending(",
    "incident 17")
cut("conflict-forgotten", "that a conflict is told until it is solved", "sync/apply_remember.c",
    "if (s->op == STEP_CONFLICT && put_pending(a, s, \"conflict\", s->message, since) < 0)", "if (false)",
    "flow delta-conflict-waits")
cut("journal-first", "that the journal is durable before anything is written", "sync/apply.c",
    "return b->n_writes > 0 ? apply_settle(a) : 0;", "return 0;", "undo-killed row-3-delete")
cut("journal-cold", "that a journal which holds no way back is cleared away", "sync/state.c",
    " || sweep(s, err) < 0", "", "test_sync_state_file test_cold_journal")
cut("journal-of-deletes", "that the journal has the whole entry that is deleted", "sync/journal.c",
    "\tif (op.has_before)\n\t\top.before = *j->before;", "\top.has_before = false;", "undo row-3-delete")
cut("journal-of-references", "that the journal has what went before it was its turn to be deleted", "sync/referring.c",
    "\tif (*e == NULL || !keys_get(", "\tif (e != NULL || !keys_get(", "undo-few undo of the undo of the first sync")
cut("overlap-read", "that nothing else is asked of a server while it writes", "sync/apply.c",
    "(b->n == 0 || deletes(b) || !a->beside)", "(b->n == 0 || !a->beside)", "test_sync_apply test_overlap_deletes")
cut("denial-of-killed", "that what is put back is told, also when the run is killed", "sync/apply.c",
    "foretell(a, b) < 0 ||", "", "test_sync_killed test_denial_of_killed")
cut("denial-untold", "that the next run tells it, which finds it settled", "sync/apply_remember.c",
    "s->n_denied > 0 ? 0 : a->run.id", "0", "test_sync_killed test_denial_of_killed")
cut("name-handed-on", "that who refers to a name is looked at when another has it", "sync/apply_finish.c",
    " ||\n\t\tdependents_unsure(a->state, a->flow, a->plan->flow, &a->renamed, a->err) < 0)", ")",
    "test_sync_flow test_name_handed_on")
cut("name-given-up", "that a name which is given up is nobody's", "sync/apply_remember.c",
    "(before.name != s->link.name || renamed) &&", "false &&",
    "test_sync_flow test_name_given_up")
cut("reference-followed", "that a reference which followed a rename is nobody else's doing", "sync/written.c",
    "\t\tif (i < n && attr_syntax(attrs[i]) == SYNTAX_DN)\n\t\t\tmemcpy(at, &digest, DIGEST);\n", "",
    "test_sync_flow test_renamed_and_replaced")
cut("set-journal", "that the journal is durable before \"set\" writes", "sync/attempt.c",
    "\t\trc = single_intend(\n\t\t\t&w, x->state, &x->o, &x->step.change, x->as, x->undoes, x->mem, err);\n",
    "\t\trc = state_begin(x->state, err) < 0 ? -1 : state_commit(x->state, err);\n", "authority set in the journal")
cut("handover-journal", "that what a directory is told of an authority is in the journal first", "sync/handover.c",
    "\t\trc = single_intend(&s, h->state, h->o, &change, h->side, h->undoes, h->mem, err);\n",
    "\t\ts = (struct single){.run.id = 0};\n", "graph the journal")
cut("handover-again", "that an undo which is done already hands nothing over", "sync/cmd_undo.c",
    "\tif (back.n == 0) {\n", "\tif (false) {\n", "graph undo again")
cut("cookie-first", "that the cookie comes last", "sync/apply_finish.c", "\ta->flow = known.id;\n",
    "\ta->flow = known.id;\n\tif (put_cookie(a) < 0)\n\t\treturn -1;\n", "test_sync_flow test_skip",
    also=[("sync/apply_finish.c", "int apply_begin(struct applying *a)\n",
           "static int put_cookie(struct applying *a);\nint apply_begin(struct applying *a)\n")])
cut("followed-killed", "that what followed a rename of a killed run is ours", "sync/intents.c",
    "lead_back(mem, &op->change, was);", ";", "test_sync_killed test_followed")
cut("orphan-forgotten", "that what a killed run made is ours when its source is gone", "sync/flow.c",
    " || planning_orphans(p) < 0)", ")", "test_sync_killed test_orphans")
cut("held-page", "that a page which is not read to its end keeps no sync out", "sync/main.c",
    "command->looks ? held_begin() : -1", "command->looks && false ? held_begin() : -1", "robust sync")
cut("orphan-link", "that a contact which a killed run made keeps the link of the one it replaces", "sync/decide.c",
    "s->op == STEP_FORGET && d->row.current == NULL && has_orphan(p, d)", "s->op == STEP_CONFLICT && has_orphan(p, d) && false",
    "test_sync_killed test_orphan_in_place")
cut("found-again", "that a contact which is found by its mark may be another than its link says", "sync/decide.c",
    "(row->link == NULL || v->adopt || value_same(", "(row->link == NULL || value_same(", "sim I16")
cut("left-adrift", "that what a killed run wrote to the contact of somebody who leaves is ours", "sync/plan.c",
    "\ts->remember = row->was != row->current;\n", "\ts->remember = false;\n", "test_sync_killed test_left_after_killed")
cut("hidden-without-link", "that what a run hid is shown again, though it could not remember", "sync/intents.c",
    "\t\trow->hid |= hid;\n", "", "test_sync_killed test_hidden_without_link")
cut("left-nothing", "that a contact which a killed run did not come to is as it was remembered", "sync/intents.c",
    "if (was != NULL && same(was, row->current))", "if (false && same(was, row->current))", "test_sync_killed test_left_after_nothing")
cut("hid-another", "that what a run hid is this contact", "sync/intents.c",
    "value_same(op->target, row->current->id) && hides", "hides", "test_sync_killed test_hid_another")
cut("left-for-later", "that a step which is left for another run settles nothing", "sync/apply_remember.c",
    "s->number != 0 ? apply_looked(a, &s->source_id) : 0", "apply_looked(a, &s->source_id)", "test_sync_killed test_deleted_by_killed")
cut("made-and-left", "that all of a contact is ours which a killed run made for one who left", "sync/decide.c",
    "\tintents_apply(&p->plan->intents, d->mem, &d->row, &d->link);\n\tplan_row(", "\td->row.was = d->row.current;\n\tplan_row(",
    "test_sync_killed test_made_and_left")
cut("adrift-rank", "that an address which only lost its rank is still somebody else's", "sync/written.c",
    "among = utf8_same(values[i], others[k]);", "among = value_same(values[i], others[k]);", "test_sync_written test_adrift")
cut("doubt-taken", "that what a change was to take away is ours, when it is not known whether it did", "sync/written.c",
    "\t\tadd_others(mem, &hashes, m->attr, m->remove, m->n_remove, m->add, m->n_add);\n", "", "test_sync_written test_doubt",
    also=[("sync/written.c", "\t\tconst struct mod *m = &c->mods[i];\n", "")])
cut("names-of-failed", "that names which a failed run gave another meaning are noted", "sync/apply_remember.c",
    "return state_put_name(a->state, a->flow, names->n > NAMES_MOST ? 0 : name, a->err);", "return 0;", "test_sync_killed test_names_of_failed")
cut("names-most", "that not more names are noted than are worth it", "sync/apply_remember.c",
    "#define NAMES_MOST 10000\n", "#define NAMES_MOST 1000000\n", "test_sync_killed test_names_most")
cut("names-all", "that one of them stands for all that are not noted", "sync/written.c",
    "p.n_references > 0 && keys_has(names, 0)", "false", "test_sync_written test_references")
cut("names-left", "that a run of one object, or an undo, tells those who refer to such a name", "sync/apply_finish.c",
    "state_names(a->state, a->flow, &a->renamed, a->err) < 0 || ", "", "test_sync_killed test_names_of_failed")
cut("names-unsure", "that what became of references in a failed run is nobody else's doing", "sync/decide.c",
    "if (rc == 1 && keys_any(&p->g.names) &&", "if (false &&", "test_sync_killed test_names_of_failed")
cut("looked", "that what a link remembers is not taken back because an earlier reply was lost", "sync/apply_remember.c",
    "s->number != 0 ? apply_looked(a, &s->source_id) : 0", "0", "test_sync_killed test_remembered_and_failed")
cut("moved-by-hand", "that references to a contact which somebody moved are looked at", "sync/apply_remember.c",
    " || !written_same_name(before.written, s->link.written)", "", "test_sync_killed test_moved_by_hand")
cut("reference-went", "that a reference which went with its contact is nobody else's doing", "sync/apply_remember.c",
    "a->applied->summary.failed == 0", "true", "test_sync_killed test_reference_went")
cut("hidden-given-back", "that who came back is shown again, also when his authority comes back later", "sync/plan.c",
    "if (s->op != STEP_ADD && shows_again(row) &&", "if (s->op == STEP_ADD && shows_again(row) &&", "test_sync_plan test_plan")
cut("hidden-by-rule", "that who is added hidden by his rule was not hidden by us", "sync/plan.c",
    "if (s->op != STEP_ADD && shows_again(row) &&", "if (shows_again(row) &&", "test_sync_plan test_plan")
cut("marker-of-unpaired", "that who has a conflict about his contact is looked for by the marker, too", "sync/wishes.c",
    " || keys_has(&g->unpaired, row->key))", ")", "seed 410171907")
cut("went-with-us", "that what a killed run took away is missed by nobody in another spelling", "sync/differences.c",
    "return had(row->was, attr, v) && !had(row->current, attr, v);", "return row == NULL && had(row->was, attr, v);", "test_sync_plan test_plan")
cut("reference-of-failed", "that no reference is put where the add behind it failed", "sync/postponed.c",
    "if (keys_has(failures, *place + 1ull))", "if (failures == NULL)", "test_sync_postponed test_failed")
cut("orphan-made", "that a mark alone, which somebody may have copied, deletes nothing", "sync/orphans.c",
    "(dn_text_equal(e->name, op->change.name) ||\n\t\t       entry_digest(e, &in->attrs[i]) == op->digest)", "true",
    "test_sync_killed test_copied_mark")
cut("stopped-full", "that the run behind one that stopped reads everything", "sync/apply_finish.c",
    "\tknown.deltas = FLOW_UNFINISHED;\n", "", "test_sync_flow test_stopped_delta")
cut("cookie-of-a-part", "that the cookie stays when steps were left out", "sync/apply_finish.c",
    "bool whole = !plan->one && !plan->partial;", "bool whole = true;", "test_sync_flow test_skip")
cut("finish-failed", "that a run that stopped is not a good one", "sync/apply.c",
    "\tif (rc == 0)\n\t\trc = apply_finish(a);", "\t(void)apply_finish(a);", "sim I32")
cut("full-every", "that everything is read every so many runs", "sync/flow.c",
    "known->deltas + 1 >= f->full_every;", "false;", "flow delta-full-every")
cut("full-chain", "that scopes of groups in groups want everything to be read", "sync/flow.c",
    "rules_chained(f->rules) ||", "", "test_sync_flow test_chain")
cut("ldif-torn", "that a batch that a crash tore is none", "connectors/ldif_changes.c",
    "if (end_line(line, text->data, *len) == *total - *len &&\n\t\t\t\tmemcmp(line, mark + 1, *total - *len) == 0)",
    "if (true)", "test_connectors_ldif_crash test_damage")
cut("ldif-fsync", "that what was written to a file is on the disk before it counts", "connectors/file.c",
    "return fsync(fd) < 0 ? file_fail(err, path) : 0;", "return 0;", "test_connectors_ldif_crash test_crash")
cut("ldif-made-for", "that changes are for the FILE that they were made for", "connectors/ldif_changes.c",
    "if (!c->noted || c->whole == 0)", "if (true)", "test_connectors_ldif_crash test_replaced")
cut("ldif-replaced", "that a FILE is kept that was put there while it was merged", "connectors/ldif_merge.c",
    "r == 0 && file_replaced(d->file, &was)", "false", "test_connectors_ldif_crash test_replaced_meanwhile")
cut("ldif-merged", "that a merge that a crash stopped is noticed", "connectors/ldif_merge.c",
    "\tif (r == 0)\n\t\tr = changes_mark(&d->changes, size, digest, err);\n", "",
    "test_connectors_ldif_crash test_crash")

# ---------------------------------------------------------------------------------------------------------
group("Web services")
cut("http-redirect", "that redirects are not followed", "connectors/http_call.c",
    "CURLOPT_FOLLOWLOCATION, 0L", "CURLOPT_FOLLOWLOCATION, 1L", "web redirects")
cut("http-encryption", "that nothing is sent without encryption", "connectors/http_url.c",
    "if (!plain || !url_loopback(o->host))", "if (plain && !url_loopback(o->host))", "web http")
cut("http-user", "that a URL names no user", "connectors/http_url.c",
    "if (has(u, CURLUPART_USER) || has(u, CURLUPART_PASSWORD) || has(u, CURLUPART_FRAGMENT))", "if (false)",
    "web another origin: GET https://127.0.0.1:\\d+@")
cut("http-size", "that an answer has a largest size", "connectors/http_call.c",
    "c->over = n > c->client->max_answer - c->body.len;", "c->over = false;", "web large")
cut("http-post-lost", "that what may have been done is not sent again by itself", "connectors/http_run.c",
    "if (c->err.kind != ERR_BUSY || (!c->again && !unsent(code)))", "if (c->err.kind != ERR_BUSY)",
    "web lost connections")
cut("http-post-gateway", "the same behind a gateway that says 503", "connectors/http_run.c",
    "if (c->status == 429 || c->again)", "if (true)", "web 503 to a POST")
cut("http-retry-after", "that a server which says when is not asked before", "connectors/http_run.c",
    "if (asked > 0 && now + asked > h->resume)", "if (false)", "web 429 and Retry-After")
cut("http-retry-after-most", "that a server which wants to be left alone for ever is not asked at once", "connectors/http_call.c",
    "(seconds < RETRY_AFTER_MOST ? seconds : RETRY_AFTER_MOST)", "(long long)seconds", "web Retry-After is longer than numbers go")
cut("http-slow", "that a server which hardly sends anything is given up", "connectors/http_call.c",
    "CURLOPT_LOW_SPEED_LIMIT, (long)BYTES_PER_SECOND", "CURLOPT_LOW_SPEED_LIMIT, 0L", "web drips")
cut("http-whole", "that all of an answer has its time, too", "connectors/http_call.c",
    ": left < most ? left", ": true ? left", "web runs for ever")
cut("http-token-expiry", "that a token is used no longer than it is good", "connectors/http_token.c",
    "(h->expires != 0 && watch_now() < h->expires)", "h->expires != 0", "web Authorization: the token expires")
cut("http-deadline", "the deadline of a web service", "connectors/http_run.c", "if (now >= h->deadline)", "if (false)",
    "web the deadline")
cut("scim-start", "that pages are those that were asked for", "connectors/scim_pages.c",
    "(n > 0 && head_of(p->list) == p->head) ||", "", "scim ignored",
    also=[("connectors/scim_pages.c", "(json_number(p->page, \"startIndex\", &told) && told != start)", "(false)")])
cut("scim-overlap", "that a page begins where the one before ended", "connectors/scim_pages.c",
    "(overlap && !value_same(value_of(id != NULL ? id : \"\"), p->last))", "false", "scim goes")
cut("scim-end", "that as many came as there are", "connectors/scim_pages.c",
    "if (p->total >= 0 && p->given != p->total)", "if (false)", "scim early")
cut("scim-twins", "that groups of one name are told apart", "connectors/scim_entry.c",
    "\tif (kind->twins)\n\t\ttell_apart(d, mem, e);\n", "", "scim twins")
cut("scim-twin-order", "that who keeps a name does not depend on the order in which they come", "connectors/scim_names.c",
    "value_order(first, e->id) < 0", "!value_same(first, e->id)", "scim twins")
cut("scim-twin-user", "that a user keeps his name beside a group of that name", "connectors/scim_names.c",
    "i < rivals || ", "", "scim twins")
cut("scim-twin-found", "that a group is found by the name that its twins do not have", "connectors/scim_find.c",
    "w->by == WISH_NAME && kind->twins", "false", "scim twins")
cut("scim-twin-kept", "that a change that keeps the name is not measured by it", "connectors/scim_change.c",
    "if (r == 0 && dn.len > 0)", "if (r == 0)", "scim twins_written",
    also=[("connectors/scim_change.c", "return c->op == CHANGE_ADD ? c->name : c->new_name;", "return c->new_name.len > 0 ? c->new_name : c->name;")])
cut("scim-nickname", "the mailNickname that Entra's service wants of a new user", "connectors/scim_change.c",
    "\t\tput_nickname(kind, after);\n", "", "scim entra")
cut("scim-nickname-given", "that a mailNickname of the rules is kept", "connectors/scim_change.c",
    "if (json_at(j, f->path) != NULL)", "if (false)", "scim entra")
cut("scim-no-index", "that startIndex is not sent where pages have cursors only", "connectors/scim_request.c",
    "by_cursor ? \"\" : ", "by_cursor ? \"startIndex=1&\" : ", "scim entra")
cut("scim-version", "that a change is of the version that was read", "connectors/scim_flight.c",
    'return w->dir->service.etag ? json_text(f->before, "meta/version") : NULL;', "(void)w;\n\t(void)f;\n\treturn NULL;", "scim versions")
cut("scim-version-again", "that a change of an old version is made of the new one", "connectors/scim_flight.c",
    "} else if (r->status == 412) {", "} else if (false) {", "scim raced")
cut("scim-put", "that what PATCH refuses is done by PUT", "connectors/scim_flight.c",
    "} else if (f->stage == SCIM_PATCH && r->status == 400) {", "} else if (false) {", "scim invalidPath")
cut("scim-post-again", "that who may have been made is looked for before he is made again", "connectors/scim_flight.c",
    "\tif (f->doubt || r->status == 409)\n\t\tlook(w, f, &r->err);",
    "\tif (f->doubt && f->tries < TRIES)\n\t\tpost(w, f);", "scim lost")
cut("scim-shown", "that the service shows what it was told", "connectors/scim_flight.c",
    "} else if (deletes || right(w, f, r->body, &err)) {", "} else if (true) {", "scim PATCH")
cut("scim-deleted", "that who was deleted is gone", "connectors/scim_flight.c", "} else if (deletes && !gone) {",
    "} else if (false) {", covered="scim-delete")
cut("scim-another", "that who has the name is the one to be made before he counts as that", "connectors/scim_flight.c",
    "if (right(w, f, json_item(list, i), &ignored))", "if (true)", "scim-writes raced")
cut("scim-read-its", "that a change is made from what was read of its resource only", "connectors/scim_flight.c",
    "if (r->err.kind == ERR_NONE && !is_its(f, r->body))", "if (false)", "scim-writes another is read")
cut("scim-shown-its", "that what proves a change is said of its resource", "connectors/scim_flight.c",
    "return is_its(f, j) && scim_change_check", "return scim_change_check", "scim-writes another is written")
cut("scope-of-others", "that where other flows write is a part of the scope", "sync/setup.c",
    "f->epoch = hash_bytes(&keys, sizeof(keys), f->epoch);", "(void)keys;", "test_sync_flow test_others_are_scope")
cut("transfer-looks", "that the next run looks at who was handed over", "sync/handover.c",
    "link.source_digest = 0;", "", "authority there and back between two runs")
cut("transfer-one", "that nobody else is handed over who has the same account", "sync/cmd_authority.c",
    "if (q->argc == 3 && check_one(mem, who, o, n, err) < 0)", "if (q->argc > 3 && check_one(mem, who, o, n, err) < 0)", "authority two of one account")
cut("time-full", "that a flow whose rules ask what time it is reads everything", "sync/flow.c",
    "rules_timed(f->rules) ||", "", "test_sync_flow test_time_passes")
cut("time-same", "that for such a flow an entry that is as it was is no reason to leave it out", "sync/gather.c",
    "!g->one && !g->timed &&", "!g->one &&", "test_sync_flow test_time_passes")
cut("one-deleted", "that who refers to a contact which a run for one object took away is looked at", "sync/apply_remember.c",
    "if (a->applied->summary.failed == 0 && !a->plan->one)", "if (a->applied->summary.failed == 0)", "test_sync_flow test_one_deleted")
cut("held-waits", "that status says by its exit code that a flow is held", "sync/cmd_show.c",
    "stopped + pending > 0 || known.held != 0", "stopped + pending > 0", "authority a flow that is held waits for somebody")
cut("lag-told", "that a server which lags behind is told", "sync/trust.c",
    "if (a->stands == ANSWERER_BEHIND) {", "if (false) {", "test_sync_trust test_behind")
cut("lag-refused", "that nothing is planned by one", "sync/guard.c",
    "if (f->behind != NULL)", "if (false)", "rogue another-replica-behind")
cut("lag-ours", "that it has to have what we wrote ourselves", "connectors/connector.c",
    "c->type->stands == NULL ? 0 :", "c->type->stands != NULL ? 0 :", "rogue another-replica-lacks-ours")
cut("lag-unseen", "that who has nothing to write approves of nobody", "sync/apply_finish.c",
    "(p->one || p->partial || !summary_writes(&p->summary))", "(p->one || p->partial)", "replicas two_flows")
cut("lag-approved", "that who approves of a run for one object approves of no server", "sync/apply_finish.c",
    "(p->one || p->partial || !summary_writes(&p->summary))", "!summary_writes(&p->summary)", "replicas approved_for_one")
cut("lag-source", "that what comes while a source is read counts", "sync/flow.c",
    "note_source(p) < 0", "false", "replicas during_the_read")
cut("lag-read-only", "that nobody can have what a read-only controller has", "connectors/ad_standing.c",
    "&& !ad_read_only(d)", "", "replicas read_only_source")
cut("lag-object", "that what a run for one object saw and wrote counts", "sync/apply_finish.c",
    "if (put_pins(a) < 0)", "if (whole && put_pins(a) < 0)", "replicas one_object")
cut("lag-unsettled", "that after a run which did not end nobody knows how far the server has come", "sync/apply_finish.c",
    "if (apply_record(a) < 0 || unsettle(a) < 0 ||", "if (apply_record(a) < 0 ||", "replicas broken_off")
cut("lag-elsewhere", "that no other domain controller goes on with what was begun at one", "connectors/ldap_dir.c",
    "if (strcmp(server->replica, d->replica) == 0)", "if (true)", "replicas broken_off_long_before_the_end")
cut("lag-vector", "that what it has got is looked up", "connectors/ad_standing.c",
    "if (has < 0 || has >= usn)", "if (has < usn || has >= usn)", "rogue another-replica-behind")
cut("global-catalog", "that a global catalog is not taken for the domain", "connectors/ad.c",
    "if (parts->lud_port == 3268 || parts->lud_port == 3269)", "if (false)", "test_connectors_ad test_ports")
cut("read-only", "that nothing is sent to a domain controller that cannot be written", "connectors/ad.c",
    "if (!ad_read_only(d))", "if (d != NULL)", "rogue read-only-controller")
cut("read-only-told", "that check tells of one", "connectors/ad_probe.c",
    "if (ad_read_only(d))", "if (false)", "rogue read-only-controller-checked")
cut("paging-dropped", "that a paging cookie which the server let go is no mistake of a person", "connectors/ldap_search.c",
    "if (code == LDAP_UNAVAILABLE_CRITICAL_EXTENSION && s->cookie != NULL)", "if (false)", "rogue cookie-dropped")
cut("usn-again", "that who changes while changes are listed may come twice", "connectors/ad_usn.c",
    "request.again = true;", "request.again = false;", "rogue usn-comes-again")
cut("usn-recycled", "that what the recycle bin has thrown away is told", "connectors/ad_method.c",
    "session_supports(d->dir.session, recycled) ? recycled : deleted", "session_supports(d->dir.session, recycled) ? deleted : deleted",
    "rogue usn-recycled")
cut("dirsync-first", "that without a first pass of DirSync there is uSNChanged", "connectors/ad_method.c",
    "return refused->kind == ERR_BUSY && ldap_dir_live", "return refused->kind == ERR_NONE && ldap_dir_live", "rogue dirsync-first-pass-busy")
cut("exo-count", "that as many came as the program says at the end", "connectors/exo_line.c",
    "if (line->kind != EXO_END || line->count == l->rows)", "if (true)", "exo-reads lacks")
cut("exo-page", "that pages are as long as page-size says", "connectors/exo_rest.c",
    "config_number(cfg, \"page-size\")", "1000LL", "exo-reads people")
cut("exo-answer", "that an answer is to the command", "connectors/exo_line.c",
    "if (!json_number(line->json, \"id\", &its) || its != id)", "if (!json_number(line->json, \"id\", &its))",
    "exo-reads other")
cut("exo-size", "that a line has a largest size", "connectors/exo_exec.c", "if (in->len > most)", "if (false)",
    "exo-reads long")
cut("exo-halves", "that both lists are of the same contacts", "connectors/exo.c",
    "if (exo_people_left(d->people) > 0)", "if (false)", "exo-reads shrinks")
cut("exo-resume", "that a contact which may have been made is looked for", "connectors/exo_write.c",
    "if (t->doubt && (r = resume(t, err)) != 0)", "if (false && (r = resume(t, err)) != 0)",
    "exo-lost lost after New-MailContact")
cut("exo-another", "that a contact of the name is the one to be made before it counts as that", "connectors/exo_write.c",
    "if (r > 0 && exo_change_foreign(t->change, &e))", "if (false)", "exo-adopt raced")
cut("exo-filter", "that a filter which finds another contact than is meant changes and deletes none", "connectors/exo_write.c",
    "(its != NULL && strlen(its) == id.len && strncasecmp(its, id.data, id.len) == 0)", "its != NULL", "exo-another another")
cut("exo-name", "that a contact which may have been made has the name that was looked for", "connectors/exo_write.c",
    "if (r > 0 && (its == NULL || !utf8_same(value_of(its), name)))", "if (r > 0 && its == NULL)", "exo-another another of the name")
cut("exo-quote", "that a quote in a name is none of the filter's", "connectors/exo_ask.c", "if (v.data[i] == '\\'')",
    "if (false)", "exo-lost lost after New-MailContact")
cut("graph-folder", "that the folder is the one that is ours", "connectors/graph_folder.c",
    "if (name == NULL || strcmp(name, d->folder) != 0)", "if (name == NULL)", "graph contacts")
cut("graph-user", "that only guests are made and deleted", "connectors/graph_write.c",
    "w->dir->mailbox == NULL && j->change->op != CHANGE_MODIFY && !makes_guests(w)", "false", "graph not made")

# ---------------------------------------------------------------------------------------------------------
group("Afterwards, and for people")
cut("preflight-writes", "that the scan before a first sync makes no state", "sync/cmd_preflight.c",
    "state_open(setup.state, false, &state, err) < 0)", "state_open(setup.state, true, &state, err) < 0)",
    "preflight nothing")
cut("preflight-person", "that it says by its exit code that somebody is needed", "sync/cmd_preflight.c",
    "p.persons > 0 ? EXIT_PARTIAL : EXIT_GOOD", "EXIT_GOOD", "preflight duplicate-in-the-source")
cut("preflight-ours", "that it leaves out what a flow made", "sync/preflight_source.c",
    "gather_excluded(&s->g, e) == NULL ? rules_scope(f->rules, e) : NULL;", "rules_scope(f->rules, e);",
    "preflight reverse")
cut("preflight-chain", "that it knows of groups in groups", "sync/preflight.c",
    "(rules_chained(f->rules) && learn(s) < 0) ||\n", "\n", "preflight in-chain")
cut("brief-told", "that a brief report tells what failed among what was only added", "sync/report_text.c",
    "s->denied + s->failed > 0", "s->denied > 0", "incident 17")
cut("batch-remembered", "that each batch of writes is remembered, not the last one alone", "sync/apply.c",
    "return done != NULL && apply_remember(a, done) < 0 ? -1 : 1;", "return done != NULL && b == NULL ? -1 : 1;",
    "sim I32")
cut("fed-early", "that it is remembered only when all of it has an outcome", "sync/apply.c",
    "done = a->feeds ? a->before : a->written;", "done = a->written;", "test_sync_apply test_fed")
cut("fed-end", "that the end of what was fed is waited for", "sync/apply.c",
    "return a->feeds && a->written != NULL\n", "return a->feeds && a->written == NULL\n", "test_sync_apply test_fed")
cut("fed-remembered", "that what was fed before the server went away is remembered", "sync/apply.c",
    "\tif (a->before != NULL)\n\t\t(void)apply_remember(a, a->before);\n", "", "test_sync_apply test_fed")
cut("fed-filled", "that the window stays filled from one batch to the next", "connectors/ldap_write.c",
    "(feeds && !w->hopeless ? w->n_before : w->n_flights)", "(feeds && w->hopeless ? w->n_before : w->n_flights)",
    "writes fed")
cut("fed-gone", "that the run stops there", "sync/apply.c",
    "|| settle_writes(a) < 0)", "|| (settle_writes(a) < 0 && last == NULL))", "test_sync_apply test_fed")
cut("fed-busy", "that a run stops when the server was too busy for all that was fed last", "connectors/ldap_write.c",
    "if (!w->hopeless || w->known)", "if (!w->hopeless || w->known || n == 0)", "writes busy for all that was fed last")
cut("fed-known", "that what is known of the batch before is not taken for this one", "connectors/ldap_write.c",
    "return !f->before || w->n == 0;", "return f != NULL || w != NULL;", "writes lost, fed by 2")
cut("fed-gate", "that each of what is fed has its own outcome when the gate stops others", "sync/gate.c",
    "feeds && results == outcomes", "feeds", "test_sync_gate test_feed")
cut("aside-left", "that nothing waits for a change that was given up", "connectors/ldap_write.c",
    "\t\twindow_leave(&w->window, w->aside);\n", "", "writes the writer ended, or took too long")
cut("passed", "that nothing passes what it depends on", "connectors/ldap_write.c",
    "\tw->aside = c;\n\twindow_enter(&w->window, c);\n", "\tw->aside = c;\n", "writes changes",
    also=[("connectors/ldap_write.c", "\tw->aside = NULL;\n\twindow_leave(&w->window, c);\n", "\tw->aside = NULL;\n")])
cut("in-order", "that no batch is remembered before the one ahead of it", "sync/apply.c",
    "\tjoin(a);\n\t(void)settle_writes(a);\n", "\tjoin(a);\n\tif (settle_writes(a) == 0 && a->written != NULL && "
    "a->written->rc == 0)\n\t\t(void)apply_remember(a, a->written);\n",
    "seed 12003117")
cut("names-batches", "that behind a run which ended between two batches all references are looked at", "sync/apply_finish.c",
    "|| note_all(a) < 0", "|| (false && note_all(a) < 0)", "seed 1200003857")
cut("names-zero", "that all of them are some", "base/keys.c",
    "return k->n > 0 || k->zero;", "return k->n > 0;", "test_base_keys test_edges")
cut("verify", "that what was written is read again", "sync/apply.c",
    "apply_all(a) < 0 || apply_verify(a) < 0 ?", "apply_all(a) < 0 ?", "rogue delete-done-and-still-there")
pair("scim-delete", "both looks at who was deleted from a SCIM service", ("scim-deleted", "verify"),
     "scim-writes a delete that is not done")
cut("verify-counts", "that what was not done is counted as failed alone", "sync/apply_verify.c",
    "u->place, false, &failed)", "u->place, true, &failed)", "rogue delete-done-and-still-there")
cut("verify-flag", "that whose the source's flag said that he is comes back with him, too", "sync/apply_verify.c",
    "*link = s->link.source.len > 0 ? s->link : before;", "*link = before;", "test_sync_apply test_still_there_flag")
cut("verify-authority", "that whose somebody set that he is comes back with who is there still", "sync/apply_verify.c",
    "if (link->side == NULL)", "if (true)", "test_sync_apply test_still_there")
cut("verify-values", "and compared, value by value", "sync/verify.c", "if (!good)", "if (false)",
    "rogue modify-done-and-as-before")
cut("undo-changed", "that an undo leaves what was changed since it was added", "sync/undo_invert.c",
    "else if (why == NULL && (entry_digest(e, v->attrs) != v->op->digest ||", "else if (false && (true ||",
    "test_sync_undo test_cases")
cut("undo-values", "that an undo leaves values that were changed since", "sync/undo_invert.c",
    "if (found == AS_WRITTEN)", "if (true)", "test_sync_undo test_cases")
cut("undo-marker", "that an undo deletes only what carries our marker", "sync/undo_invert.c",
    "\tif (!carries_marker(mem, v))\n\t\twhy", "\tif (false)\n\t\twhy", "test_sync_undo test_cases")
cut("undo-protected", "that an undo deletes nothing that is protected", "sync/undo_invert.c",
    "const char *why = plan_protected(v->flow, e);", "const char *why = NULL;", "test_sync_undo test_cases")
cut("undo-given", "that an undo gives back no address that somebody else has by now", "sync/undo.c",
    " || check_given(u, op, &s, &conflict) < 0 ||", " ||", "undo given-deleted")
cut("undo-given-taken", "that it does where it takes the address away from that one", "sync/undo_given.c",
    "if (keys_get(&s->g->taken, pair_key(holder, claim), &giver))", "if (false)", "undo given-taken")
cut("plan-directory", "that a plan knows of another directory", "sync/trust.c", "plan->other = c->label;", "",
    "rogue another-directory-undo")
cut("undo-trust", "that an undo asks who answers, and for the canary", "sync/undo.c",
    """trust_plan(u->plan, u->state, u->target, u->flow->target_config, mem,
\t\t\t&u->plan->target_pin, u->err) < 0 ||""", "connector_identity(u->target, mem, &u->plan->target_pin, u->err) < 0 ||",
    "authority a canary is gone")
cut("undo-held", "that a timer does not do again what was undone", "sync/apply_finish.c", "\tf->held = a->run.started;\n", "",
    "undo row-4-add")
cut("undo-held-part", "that a run which leaves steps out does not go on after an undo", "sync/apply_finish.c",
    "} else if (whole) {", "} else if (!plan->one) {", "test_sync_flow test_skip_held")
cut("exit-refused", "that a refusal has an exit code of its own", "sync/cmd_run.c", "code = EXIT_REFUSED;",
    "code = EXIT_GOOD;", "flow guard-deletes")
cut("exit-partial", "that conflicts, denials and failures have", "sync/cmd_run.c",
    "return s->conflict + s->denied + s->failed > 0 ? EXIT_PARTIAL : EXIT_GOOD;", "return EXIT_GOOD;",
    "flow row-6-several")
cut("exit-later", "that a server that is away has", "sync/commands.c", "[ERR_BUSY] = EXIT_LATER,",
    "[ERR_BUSY] = EXIT_GOOD,", "rogue connection-closed")
cut("exit-worst", "that of several flows the worst counts", "sync/commands.c", "return rank[a] >= rank[b] ? a : b;",
    "return b;", "flow bad-one-of-two-flows")
cut("dry-run", "that a dry run opens the state for reading", "sync/cmd_run.c",
    "code = open_session(&s, mem, q, false, err);", "code = open_session(&s, mem, q, true, err);",
    "flow row-4-add")
cut("output-over-state", "that a report is not written over what is needed", "sync/files.c", "\tif (use != NULL)\n",
    "\tif (false)\n", "robust not over connector abc")
cut("secret-quoted", "that a password in the wrong place is not quoted", "base/secret.c",
    "\"says neither file:PATH, env:NAME, exec:COMMAND nor credential:NAME\");",
    "\"%s: says neither file:PATH, env:NAME, exec:COMMAND nor credential:NAME\", where);",
    "test_base_secret test_cases")
cut("secret-command", "that a command with a secret in it is not quoted", "base/secret.c",
    "from->load == from_command ? \"exec\" : where;", "where;", "test_base_secret test_cases")
cut("secret-file", "that others may not read a secret's file", "base/secret.c", "if ((st.st_mode & 077) != 0)",
    "if (false)", "test_base_secret test_cases")
cut("shown-controls", "that control characters do not reach a terminal", "base/text.c",
    "int good = n > 0 && c >= 0x20 && (c < 0x7f || c > 0x9f)", "int good = n > 0", "hostile diff on a terminal")
cut("shown-marks", "nor marks that turn or hide text", "base/text.c", " && !text_invisible(c);", ";",
    "hostile diff on a terminal")
cut("shown-formula", "that no cell of a table is a formula", "sync/report_csv.c", "if (begins && ", "if (false && ",
    "hostile diff csv")
cut("shown-semicolon", "nor one behind a semicolon", "sync/report_csv.c", "begins = *text == ';' || ", "begins = ",
    "hostile diff csv")
cut("shown-markup", "that no name is markup", "sync/page.c", "buf_puts(b, \"&lt;\");", "buf_putc(b, c);", "preflight html")

# ---------------------------------------------------------------------------------------------------------
group("Mail, logs, schedules and shells")
cut("mail-clear", "that mail in the clear goes to a loopback address only", "connectors/smtp.c",
    "!url_loopback(o.host))", "false)", "mail in the clear")
cut("mail-starttls", "that a mail server has to offer STARTTLS", "connectors/smtp.c",
    "(long)CURLUSESSL_ALL", "(long)CURLUSESSL_TRY", "mail a server without STARTTLS")
cut("mail-recipients", "that a recipient who is refused keeps no other from getting the mail", "connectors/smtp.c",
    "lost++;", "lost += n;\n\t\tbreak;", "mail refused recipients: 2 mails")
cut("mail-stall", "that a mail server which stalls after the message holds nobody up", "connectors/smtp.c",
    "p->curl, CURLOPT_SERVER_RESPONSE_TIMEOUT, (long)(left / 1000 + 1));",
    "p->curl, CURLOPT_SERVER_RESPONSE_TIMEOUT, 20L);", "mail stalls in the message: it takes no longer")
cut("mail-address", "that an address of a mail is one", "sync/mail.c",
    "if (fault == NULL)", "if (true)", "mail two addresses in one")
cut("mail-word", "that what looks like an encoded word is encoded", "sync/message.c",
    ' && strstr(at, "=?") == NULL', "", "test_sync_message test_subjects")
cut("mail-once", "that a timer tells the same trouble once in an interval", "sync/mail_once.c",
    "return read && hash == m->hash", "return false && read && hash == m->hash", "mail by a timer: 0 mails")
cut("log-json", "that a line of JSON is ASCII", "base/text.c",
    "else if (c >= 0x20 && c < 0x7f)", "else if (c >= 0x20 && c < 0x100)", "test_base_log test_json")
cut("progress-safe", "that a flow's name is text on the terminal", "base/progress.c",
    "text_safe_add(&b, flow, strlen(flow), 1);", "buf_puts(&b, flow);", "test_base_log test_lines")
cut("complete-quoted", "that names which a shell completes are quoted", "sync/completion_shells.c",
    'COMPREPLY+=(\\"$(printf %q \\"$name\\")\\")', 'COMPREPLY+=(\\"$name\\")', "completion bash: names are quoted")
cut("mail-killed", "that a run which was killed is told by mail, by the next one", "sync/cmd_run.c",
    "	mail_left(&s->setup, mem, text);", "	(void)0;", "mail killed again: 1 mails")
cut("left-told", "that a writer which nobody asks leaves word of one that was killed", "sync/state_lock.c",
    "	if (left != NULL)", "	if (false)", "test_sync_state_file test_left")
cut("stopped-told", "that a run which was refused or failed is in the history", "sync/cmd_run.c",
    "	if (s->run.finished == 0)", "	if (false)", "due history tells both")
cut("damaged-untouched", "that nothing is written to a state in which damage was seen", "sync/state.c",
    "	if (s->damaged)", "	if (false)", "robust written to a damaged state")
cut("retire-sides", "that what a side did is none of the flow's runs when old ones go", "sync/state_sql.c",
    """WHERE id NOT IN "
\t\t       "(SELECT run FROM journal WHERE side IS NOT NULL) GROUP BY flow)",""", 'GROUP BY flow)",',
    "test_sync_journal test_resting")
cut("retire-clock", "that a clock which was wrong once takes nothing out of the journal", "sync/state_sql.c",
    "min(max(?2 - started, 0), 86400)", "?2 - started", "due history: 2100")
cut("due-future", "that a good run in the future is none", "sync/cmd_run.c",
    " || known.last_good > now)", ")", "due the clock is set back")
cut("stale-future", "that a flow whose good run is in the future is stale", "sync/setup.c",
    "known->last_good - now > setup->stale", "false", "due status: 2100")
