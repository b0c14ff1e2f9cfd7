#include <string.h>
#include <strings.h>

#include "base/dn.h"
#include "rules/functions.h"

static int parse(struct call *c, struct dn *dn)
{
	if (dn_parse(c->ev->mem, arg_text(c, 0), dn, c->ev->err) < 0)
		return err_in(c->ev->err, "%s", c->fn->name);
	return 0;
}

/* Of an RDN with several values ("cn=a+sn=b"), the first. */
static int give_component(struct call *c, const struct rdn *rdn)
{
	const struct ava *ava = &rdn->avas[0];

	return ava->ber ? 0 : give_str(c, ava->value);
}

int fn_dncomponent(struct call *c)
{
	int64_t n = arg_num(c, 1);
	struct dn dn;

	if (parse(c, &dn) < 0)
		return -1;
	if (n < 1 || n > dn.n)
		return 0;
	return give_component(c, &dn.rdns[n - 1]);
}

int fn_dncomponentrev(struct call *c)
{
	bool skip_dc = arg_option(c, 2, -1) == 0;
	int64_t n = arg_num(c, 1);
	struct dn dn;

	if (parse(c, &dn) < 0)
		return -1;
	for (unsigned i = dn.n; i-- > 0;) {
		if (skip_dc && strcasecmp(dn.rdns[i].avas[0].type, "dc") == 0)
			continue;
		if (--n == 0)
			return give_component(c, &dn.rdns[i]);
	}
	return 0;
}

int fn_escapedncomponent(struct call *c)
{
	struct value text = arg_text(c, 0), value = text;
	const char *equals = memchr(text.data, '=', text.len);
	size_t type = equals != NULL ? (size_t)(equals + 1 - text.data) : 0;
	struct sink out = {.mem = c->ev->mem};

	value.data += type;
	value.len -= type;
	value = dn_escape(c->ev->mem, value);
	sink_add(&out, (struct value){text.data, type});
	sink_add(&out, value);
	return give_sink(c, &out);
}
