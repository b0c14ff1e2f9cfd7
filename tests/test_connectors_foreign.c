#include "connectors_cases.h"

#include "connectors/dsml.h"
#include "connectors/foreign.h"

/*
 * A record as text: an entry is "= dn attr=value ...", a change "add dn +a=v", "mod dn -a=v +a=v
 * a:=v" (a := b: whatever was there is replaced), "ren dn new ...", "del dn". Bytes that are not
 * ASCII are "#" and their number.
 */
static void put_value(
	struct buf *out, const char *sign, unsigned attr, const char *is, struct value v)
{
	bool ascii = true;

	for (size_t i = 0; i < v.len; i++)
		ascii = ascii && v.data[i] >= ' ' && v.data[i] < 127;
	buf_printf(out, " %s%s%s", sign, attr_name(attr), is);
	if (ascii)
		buf_printf(out, "%.*s", (int)v.len, v.data);
	else
		buf_printf(out, "#%zu", v.len);
}

static void put_mod(struct buf *out, const struct mod *m)
{
	if (m->replace && m->n_add == 0)
		buf_printf(out, " %s:=", attr_name(m->attr));
	for (unsigned i = 0; i < m->n_remove; i++)
		put_value(out, "-", m->attr, "=", m->remove[i]);
	for (unsigned i = 0; i < m->n_add; i++)
		put_value(out, m->replace ? "" : "+", m->attr, m->replace ? ":=" : "=", m->add[i]);
}

static void put_record(struct buf *out, const struct foreign_record *r)
{
	static const char *const words[] = {"add", "mod", "del"};
	const struct change *c = &r->change;

	if (r->whole) {
		buf_printf(out, "= %.*s", (int)r->entry.name.len, r->entry.name.data);
		for (unsigned i = 0; i < r->entry.n; i++) {
			const struct attr *a = &r->entry.attrs[i];
			for (unsigned k = 0; k < a->n; k++)
				put_value(out, "", a->id, "=", a->values[k]);
		}
		return;
	}
	buf_printf(out, "%s %.*s", c->new_name.len > 0 ? "ren" : words[c->op], (int)c->name.len,
		c->name.data);
	if (c->new_name.len > 0)
		buf_printf(out, " %.*s", (int)c->new_name.len, c->new_name.data);
	for (unsigned i = 0; i < c->n; i++)
		put_mod(out, &c->mods[i]);
}

static const char *records(struct arena *mem, const char *text, enum foreign_view view)
{
	struct foreign *f = foreign_memory("t", text, strlen(text), view);
	struct foreign_record record;
	struct buf out = {0};
	struct err err = {0};
	int r;

	buf_puts(&out, "");
	while ((r = foreign_next(f, mem, &record, &err)) == 1) {
		buf_puts(&out, out.len > 0 ? "; " : "");
		put_record(&out, &record);
	}
	assert_true(r == 0 || err.kind == ERR_FATAL);
	const char *said =
		r < 0 ? arena_printf(mem, "! %s", err.text) : arena_copy(mem, out.data, out.len);
	buf_free(&out);
	foreign_close(f);
	return said;
}

#define STEP(type, text)                                                                 \
	"<?xml version='1.0'?><mmsml xmlns='http://www.microsoft.com/mms/mmsml/v2'" type \
	"><directory-entries>" text "</directory-entries></mmsml>"
#define MMSML(text) STEP(" step-type='full-import'", text)
#define NO_STEP(type)                                                                            \
	"! t: the file is of a step of type \"" type "\", not of a full import: it need not be " \
	"all that the directory has"
#define CS(text)                                                                   \
	"<cs-objects><cs-object cs-dn='CN=a' id='{1}' object-type='contact'>" text \
	"</cs-object></cs-objects>"
#define ANN "<entry dn='CN=a'><attr name='mail' type='string'><value>"
#define END "</value></attr></entry>"
#define HOLOGRAM(name, mail) "<" name "-hologram>" ANN mail END "</" name "-hologram>"
#define DSML "xmlns='urn:oasis:names:tc:DSML:2:0:core'"
#define REQUEST(text)                                                          \
	"<batchRequest " DSML " xmlns:xsd='http://www.w3.org/2001/XMLSchema' " \
	"xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'>" text "</batchRequest>"
#define ANSWER(text) \
	"<batchResponse " DSML "><searchResponse>" text "</searchResponse></batchResponse>"
#define DONE "<searchResultDone><resultCode code='0' descr='success'/></searchResultDone>"

/* The file, what it says of what becomes of the directory, and of what it has ("": as before). */
static const struct foreign_case {
	const char *text, *will, *has;
} cases[] = {
	/* an audit drop file */
	{MMSML(""), "", ""},
	{MMSML("<delta operation='add' dn='CN=a,OU=g'>"
	       "<anchor encoding='base64'>AAECAwQFBgcICQoLDA0ODw==</anchor>"
	       "<primary-objectclass>contact</primary-objectclass>"
	       "<objectclass><oc-value>top</oc-value><oc-value>contact</oc-value></objectclass>"
	       "<attr name='mail' type='string' multivalued='false'><value> a&amp;b </value></attr>"
	       "<attr name='msExchRecipientDisplayType' type='integer' multivalued='false'>"
	       "<value>0xffffffff80000006</value></attr>"
	       "<attr name='internetEncoding' type='integer'><value>0x10</value></attr>"
	       "<attr name='countryCode' type='integer'><value>47</value></attr>"
	       "<attr name='msExchHideFromAddressLists' type='boolean'><value>true</value></attr>"
	       "<attr name='thumbnailPhoto' type='binary'><value encoding='base64'>/9j\n/</value>"
	       "</attr>"
	       "<attr name='proxyAddresses' type='string' multivalued='true'>"
	       "<value>SMTP:a</value><value>x500:b</value></attr>"
	       "<dn-attr name='manager' multivalued='false'><dn-value><dn>CN=b</dn>"
	       "<anchor encoding='base64'>AA==</anchor></dn-value></dn-attr></delta>"),
		"add CN=a,OU=g objectClass:=top objectClass:=contact mail:= a&b  "
		"msExchRecipientDisplayType:=-2147483642 internetEncoding:=16 countryCode:=47 "
		"msExchHideFromAddressLists:=TRUE thumbnailPhoto:=#3 proxyAddresses:=SMTP:a "
		"proxyAddresses:=x500:b manager:=CN=b",
		"= CN=a,OU=g objectClass=top objectClass=contact mail= a&b  "
		"msExchRecipientDisplayType=-2147483642 internetEncoding=16 countryCode=47 "
		"msExchHideFromAddressLists=TRUE thumbnailPhoto=#3 proxyAddresses=SMTP:a "
		"proxyAddresses=x500:b manager=CN=b objectGUID=#16"},
	{MMSML("<delta operation='replace' dn='CN=a'><attr "
	       "name='l'><value>x</value></attr></delta>"),
		"= CN=a l=x", ""},
	{MMSML("<delta operation='delete-add' dn='CN=a'><attr name='l'><value>x</value></attr>"
	       "</delta>"),
		"= CN=a l=x", ""},
	{MMSML("<delta operation='update' dn='CN=a'>"
	       "<attr name='title' operation='update' multivalued='false'>"
	       "<value operation='delete'>old</value><value operation='add'>new</value></attr>"
	       "<attr name='l' operation='add'><value>x</value></attr>"
	       "<attr name='st' operation='replace'><value>y</value></attr>"
	       "<attr name='co' operation='delete'/>"
	       "<attr name='c' operation='delete'><value operation='delete'>z</value></attr>"
	       "<dn-attr name='manager' operation='update'><dn-value operation='delete'>"
	       "<dn>CN=b</dn></dn-value><dn-value "
	       "operation='add'><dn>CN=c</dn></dn-value></dn-attr>"
	       "</delta>"),
		"mod CN=a -title=old +title=new l:=x st:=y co:= c:= -manager=CN=b +manager=CN=c",
		"! t:1: the file has changes (update), not all that a directory has: only "
		"\"galway compare\" reads it"},
	{MMSML("<delta operation='update' dn='CN=a,OU=g' newdn='CN=b,OU=g'/>"
	       "<delta operation='delete' dn='CN=c'/><delta operation='none' dn='CN=d'/>"),
		"ren CN=a,OU=g CN=b,OU=g; del CN=c",
		"! t:1: the file has changes (update), not all that a directory has: only "
		"\"galway compare\" reads it"},
	{MMSML("<delta operation='none' dn='CN=d'/>"), "",
		"! t:1: delta: no such operation: \"none\""},
	{MMSML("<delta operation='add' dn='CN=a'><attr name='a b'><value>1</value></attr>"
	       "<attr><value>1</value></attr><attr name='l'><value>x</value></attr></delta>"),
		"add CN=a l:=x", "= CN=a l=x"},
	/* what is said twice, and what goes, of one that comes */
	{MMSML("<delta operation='add' dn='CN=a'><attr name='l'><value>x</value></attr>"
	       "<attr name='c' operation='delete'><value>z</value></attr><attr name='L'>"
	       "<value>y</value></attr></delta>"),
		"add CN=a l:=x l:=y", "= CN=a l=x l=y"},
	/* what is not all that there is, but for whom it is enough */
	{STEP(" step-type='full-import-and-delta-synchronization'",
		 "<delta operation='add' dn='CN=a'/>"),
		"add CN=a", "= CN=a"},
	{STEP(" step-type='export'", "<delta operation='add' dn='CN=a'/>"), "add CN=a",
		NO_STEP("export")},
	{STEP(" step-type='delta-import'", "<delta operation='add' dn='CN=a'/>"), "add CN=a",
		NO_STEP("delta-import")},
	{STEP("", ""), "", NO_STEP("")},
	/* updates of nothing */
	{MMSML("<delta operation='update' dn='CN=a'><attr name='l' operation='update'/>"
	       "<attr name='c' operation='update'><value operation='add'>x</value></attr></delta>"),
		"mod CN=a +c=x",
		"! t:1: the file has changes (update), not all that a directory has: only "
		"\"galway compare\" reads it"},
	{REQUEST("<modifyRequest dn='cn=a'><modification name='l' operation='add'/>"
		 "<modification name='c' operation='delete'/></modifyRequest>"),
		"mod cn=a c:=",
		"! t:1: the file has changes (modifyRequest), not all that a directory has: only "
		"\"galway compare\" reads it"},
	{MMSML("<delta operation='rename' dn='CN=a'/>"),
		"! t:1: delta: no such operation: \"rename\"", ""},
	{MMSML("<delta dn='CN=a'/>"), "! t:1: delta: no such operation: \"\"", ""},
	{MMSML("<delta operation='delete'/>"), "! t:1: delta: no dn",
		"! t:1: the file has changes (delete), not all that a directory has: only "
		"\"galway compare\" reads it"},
	{MMSML("<delta operation='replace'/>"), "! t:1: entry: no dn", ""},
	{MMSML("<delta operation='add' dn='CN=a'><attr name='l'><value encoding='base64'>?</value>"
	       "</attr></delta>"),
		"! t:1: a value that is not base64", ""},
	{MMSML("<delta operation='add' dn='CN=a'><attr name='l'><value encoding='hex'>00</value>"
	       "</attr></delta>"),
		"! t:1: encoding hex is not known", ""},
	{MMSML("<delta operation='add' dn='CN=a'><attr name='l' type='integer'><value>0x1g</value>"
	       "</attr></delta>"),
		"! t:1: 0x1g: not a number of 64 bits", ""},
	{MMSML("<delta operation='add' dn='CN=a'><attr name='l' type='integer'>"
	       "<value>0x10000000000000000</value></attr></delta>"),
		"! t:1: 0x10000000000000000: not a number of 64 bits", ""},
	{MMSML("<delta operation='add' dn='CN=a'><dn-attr name='manager'><dn-value/></dn-attr>"
	       "</delta>"),
		"! t:1: dn-value: no dn", ""},
	{"<mmsml><directory-entries/></mmsml>", "! t:1: this element is not known here: mmsml", ""},
	/* a connector space */
	{"<cs-objects/>", "", ""},
	{CS(""), "", ""},
	{CS(HOLOGRAM("synchronized", "s")), "= CN=a mail=s", ""},
	{CS(HOLOGRAM("synchronized", "s") HOLOGRAM("pending-import", "p")), "= CN=a mail=p", ""},
	{CS(HOLOGRAM("unapplied-export", "u") HOLOGRAM("synchronized", "s")), "= CN=a mail=u",
		"= CN=a mail=s"},
	{CS(HOLOGRAM("unapplied-export", "u")), "= CN=a mail=u", "-"},
	{CS("<hologram>" ANN "h" END "</hologram>" HOLOGRAM("export", "e")), "= CN=a mail=e",
		"= CN=a mail=h"},
	{CS("<unapplied-export><delta operation='delete' dn='CN=a'/></unapplied-export>" HOLOGRAM(
		 "synchronized", "s")),
		"del CN=a", "= CN=a mail=s"},
	{CS("<unapplied-export><delta operation='update' dn='CN=a'><attr name='l' "
	    "operation='add'><value>x</value></attr></delta></unapplied-export>"),
		"mod CN=a l:=x", "-"},
	{CS("<pending-import><delta operation='delete' dn='CN=a'/></pending-import>" HOLOGRAM(
		 "synchronized", "s")),
		"= CN=a mail=s", "-"},
	/* DSMLv2 */
	{REQUEST(""), "", ""},
	{REQUEST("<authRequest principal='x'/><addRequest dn='cn=a'><attr name='objectclass'>"
		 "<value>top</value></attr><attr name='photo'>"
		 "<value xsi:type='xsd:base64Binary'>/9j/</value></attr></addRequest>"),
		"add cn=a objectClass:=top photo:=#3", "= cn=a objectClass=top photo=#3"},
	{REQUEST("<modifyRequest dn='cn=a'><modification name='l' operation='add'><value>x</value>"
		 "</modification><modification name='st' operation='delete'><value>y</value>"
		 "</modification><modification name='c' operation='delete'/>"
		 "<modification name='co' operation='replace'><value>z</value></modification>"
		 "</modifyRequest><delRequest dn='cn=b'/>"
		 "<modDNRequest dn='cn=c,ou=x' newrdn='cn=d'/>"
		 "<modDNRequest dn='cn=c,ou=x' newrdn='cn=d' newSuperior='ou=y'/>"),
		"mod cn=a +l=x -st=y c:= co:=z; del cn=b; ren cn=c,ou=x cn=d,ou=x; "
		"ren cn=c,ou=x cn=d,ou=y",
		"! t:1: the file has changes (modifyRequest), not all that a directory has: only "
		"\"galway compare\" reads it"},
	{REQUEST("<addRequest/>"), "! t:1: addRequest: no dn", ""},
	{REQUEST("<addRequest dn='cn=a'><attr name='l'><value xsi:type='xsd:anyURI'>file:///x"
		 "</value></attr></addRequest>"),
		"! t:1: a value that stands elsewhere (anyURI)", ""},
	{REQUEST("<modifyRequest dn='cn=a'><modification name='l' operation='increment'/>"
		 "</modifyRequest>"),
		"! t:1: modification: no such operation",
		"! t:1: the file has changes (modifyRequest), not all that a directory has: only "
		"\"galway compare\" reads it"},
	{REQUEST("<addRequest dn='nobody'/>"), "! t:1: \"nobody\" is not a distinguished name", ""},
	{MMSML("<delta operation='update' dn='CN=a' newdn='b,'/>"),
		"! t:1: \"b,\" is not a distinguished name",
		"! t:1: the file has changes (update), not all that a directory has: only "
		"\"galway compare\" reads it"},
	{REQUEST("<modDNRequest dn='cn=a' newrdn='cn=b,cn=c'/>"), "! t:1: modDNRequest: no newrdn",
		"! t:1: the file has changes (modDNRequest), not all that a directory has: only "
		"\"galway compare\" reads it"},
	{REQUEST("<modDNRequest dn='cn=a'/>"), "! t:1: modDNRequest: no newrdn",
		"! t:1: the file has changes (modDNRequest), not all that a directory has: only "
		"\"galway compare\" reads it"},
	{ANSWER("<searchResultEntry dn='cn=a'><attr name='l'><value>x</value></attr>"
		"</searchResultEntry>" DONE),
		"= cn=a l=x", ""},
	{"<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'><s:Header><x/></s:Header>"
	 "<s:Body>" ANSWER("<searchResultEntry dn='cn=a'/>" DONE) "</s:Body></s:Envelope>",
		"= cn=a", ""},
	{ANSWER(DONE), "", ""},
	/* an answer that is not whole */
	{ANSWER(""), "! t: the answer to a search is not whole: there is no searchResultDone", ""},
	{"<batchResponse " DSML "/>",
		"! t: the answer to a search is not whole: there is no searchResultDone", ""},
	{ANSWER("<searchResultEntry dn='cn=a'/>"),
		"! t: the answer to a search is not whole: there is no searchResultDone", ""},
	{ANSWER("<searchResultDone><resultCode code='4'/></searchResultDone>"),
		"! t:1: the search ended with the result 4", ""},
	{ANSWER("<searchResultDone/>"), "! t:1: the search ended with the result of nobody", ""},
	{ANSWER("<searchResultReference><ref>ldap://x</ref></searchResultReference>" DONE),
		"! t:1: searchResultReference: the answer is not whole", ""},
	{"<batchResponse " DSML "><errorResponse type='other'/></batchResponse>",
		"! t:1: errorResponse: the answer is not whole", ""},
	/* DSMLv1 */
	{"<d:dsml xmlns:d='http://www.dsml.org/DSML'><d:directory-schema><d:class/>"
	 "</d:directory-schema><d:directory-entries><d:entry dn='cn=a'><d:objectclass>"
	 "<d:oc-value>top</d:oc-value></d:objectclass><d:attr name='photo'>"
	 "<d:value encoding='base64'>/9j/</d:value></d:attr></d:entry></d:directory-entries>"
	 "</d:dsml>",
		"= cn=a objectClass=top photo=#3", ""},
};

static void test_foreign(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct foreign_case *t = &cases[i];
		struct arena *mem = arena_new();
		const char *has = strcmp(t->has, "-") == 0 ? ""
				  : t->has[0] == '\0'      ? t->will
							   : t->has;
		same_text(t->text, records(mem, t->text, FOREIGN_WILL), t->will);
		same_text(t->text, records(mem, t->text, FOREIGN_HAS), has);
		arena_free(mem);
	}
}

/* Settings, the file, what is read; "!" an error of the read, "!!" of opening. */
static const struct dir_case {
	const char *settings, *text, *said;
} dirs[] = {
	{"type = dsml\nid = uid\n",
		ANSWER("<searchResultEntry dn='cn=a,ou=p'><attr name='uid'><value>1</value></attr>"
		       "</searchResultEntry><searchResultEntry dn='cn=b'><attr name='uid'>"
		       "<value>2</value></attr></searchResultEntry>" DONE),
		"cn=a,ou=p uid=1; cn=b uid=2"},
	{"type = mim\n", CS(HOLOGRAM("synchronized", "s")), "CN=a mail=s"},
	{"type = mim\n", ANSWER("<searchResultEntry dn='cn=a'/>" DONE),
		"! t.xml: this is DSMLv2: write type = dsml"},
	{"type = dsml\n", CS(HOLOGRAM("synchronized", "s")),
		"! t.xml: this is csexport: write type = mim"},
	{"type = dsml\nid = uid\n",
		ANSWER("<searchResultEntry dn='cn=a'/>\n<searchResultEntry dn='CN=A'/>" DONE),
		"! t.xml:2: CN=A has the same name as cn=a (line 1)"},
	{"type = dsml\n", "<html/>", "! t.xml:1: this element is not known here: html"},
	{"type = dsml\n", "",
		"! t.xml:1: not well-formed XML: Extra content at the end of the document"},
};

static void test_dirs(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		struct arena *mem = arena_new();
		const char *folder_of = arena_printf(mem, "%s/", folder);
		put_text("t.xml", dirs[i].text);
		struct connector *c =
			opened(mem, arena_printf(mem, "%sfile = t.xml\n", dirs[i].settings));
		char *said = arena_strdup(mem, read_all(mem, c));
		assert_string_equal(read_all(mem, c), said);
		/* The path is the test's own. */
		char *at = strstr(said, folder_of);
		if (at != NULL)
			memmove(at, at + strlen(folder_of), strlen(at + strlen(folder_of)) + 1);
		same_text(dirs[i].text, said, dirs[i].said);
		assert_int_equal(connector_close(c, &(struct err){0}), 0);
		arena_free(mem);
	}
}

#define ENTRY(name, l)                                                                \
	"<searchResultEntry dn='" name "'><attr name='l'><value>" l "</value></attr>" \
	"</searchResultEntry>"

static void test_since(void **state)
{
	struct arena *mem = arena_new();
	struct query q = {.kind = QUERY_ALL, .want_cookie = true};
	struct err err;

	(void)state;
	put_text("t.xml", ANSWER(ENTRY("cn=a", "1") ENTRY("cn=b", "1") ENTRY("cn=c", "1") DONE));
	struct connector *c = opened(mem, "type = dsml\nfile = t.xml\n");
	read_with(mem, c, &q);
	assert_int_equal(connector_cookie(c, mem, &q.cookie, &err), 0);
	q.cookie = value_copy(mem, q.cookie);
	q.kind = QUERY_SINCE;
	put_text("t.xml", ANSWER(ENTRY("cn=a", "1") ENTRY("cn=c", "2") ENTRY("cn=d", "1") DONE));
	same_text("since", read_with(mem, c, &q), "cn=c l=2; cn=d l=1; gone");
	same_text("write", write_text(mem, c, "del cn=a"),
		"! abc: dsml connectors cannot be written to");
	assert_int_equal(connector_close(c, &err), 0);
	arena_free(mem);
}

/* What is written, read back. */
static const char *const trips[] = {
	"add cn=a,ou=p mail=x mail=y l=<&>\"'",
	"mod cn=a -mail=x +mail=y +l=1",
	"ren cn=a,ou=p cn=b,ou=p; ren cn=a,ou=p cn=b,ou=q; ren cn=a cn=b -mail=x; del cn=b",
	"add cn=a\\,b,ou=p l=\x01 l=a\xef\xbf\xbf st=\xff c=--> co=]]>",
};

static void test_print(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(trips) / sizeof(trips[0]); i++) {
		struct arena *mem = arena_new();
		struct change changes[8];
		size_t n = parse_changes(mem, trips[i], changes, 8);
		struct buf out = {0}, should = {0};
		unsigned long id = 0;
		dsml_print_begin(&out);
		dsml_print_comment(&out, "a--b---c-");
		for (size_t k = 0; k < n; k++) {
			/* A rename with values is told in two. */
			struct change c = changes[k], more = changes[k];
			bool both = c.new_name.len > 0 && c.n > 0;
			dsml_print_change(&out, &changes[k], &id);
			/* What an add puts there is all that there shall be. */
			for (unsigned m = 0; c.op == CHANGE_ADD && m < c.n; m++)
				c.mods[m].replace = true;
			more.name = c.new_name;
			more.new_name.len = 0;
			c.n = both ? 0 : c.n;
			struct foreign_record one = {.change = c}, two = {.change = more};
			buf_puts(&should, k > 0 ? "; " : "");
			put_record(&should, &one);
			if (both) {
				buf_puts(&should, "; ");
				put_record(&should, &two);
			}
		}
		dsml_print_end(&out);
		same_text(trips[i], records(mem, out.data, FOREIGN_WILL), should.data);
		buf_free(&out);
		buf_free(&should);
		arena_free(mem);
	}
}

/* To the byte: what is text and what is base64. */
static void test_print_values(void **state)
{
	static struct value values[] = {{"a b", 3}, {" a", 2}, {"a ", 2}, {"a\nb", 3}, {"\r", 1},
		{"", 0}, {"\0", 1}, {"\xc3\xa4", 2}, {"\xc3", 1}, {"\xe2\x80\xae", 3}};
	static const char should[] = " <addRequest requestID=\"1\" dn=\"cn=a&quot;\\09\">\n"
				     "  <attr name=\"l\">\n"
				     "   <value>a b</value>\n"
				     "   <value xsi:type=\"xsd:base64Binary\">IGE=</value>\n"
				     "   <value xsi:type=\"xsd:base64Binary\">YSA=</value>\n"
				     "   <value xsi:type=\"xsd:base64Binary\">YQpi</value>\n"
				     "   <value xsi:type=\"xsd:base64Binary\">DQ==</value>\n"
				     "   <value></value>\n"
				     "   <value xsi:type=\"xsd:base64Binary\">AA==</value>\n"
				     "   <value>\xc3\xa4</value>\n"
				     "   <value xsi:type=\"xsd:base64Binary\">ww==</value>\n"
				     "   <value xsi:type=\"xsd:base64Binary\">4oCu</value>\n"
				     "  </attr>\n"
				     " </addRequest>\n";
	struct mod mod = {.attr = attr_named("l"), .n_add = 10, .add = values};
	struct change add = {.op = CHANGE_ADD, .name = value_of("cn=a\"\t"), .n = 1, .mods = &mod};
	struct buf out = {0};
	unsigned long id = 0;

	(void)state;
	dsml_print_change(&out, &add, &id);
	assert_string_equal(out.data, should);
	buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_foreign),
		cmocka_unit_test(test_dirs),
		cmocka_unit_test(test_since),
		cmocka_unit_test(test_print),
		cmocka_unit_test(test_print_values),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
