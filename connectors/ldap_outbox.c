#include "connectors/ldap_outbox.h"

#include <errno.h>
#include <stdlib.h>

#include "base/buf.h"

/* Some hundred small operations. */
#define HELD_MOST (64u << 10)

/* Options of our layer, which liblber hands down from layer to layer; its own are small. */
enum { OPTION_HOLD = 0x6f7574, OPTION_PASS, OPTION_SEND };

struct outbox {
	bool holds;
	struct buf held;
};

static int setup(Sockbuf_IO_Desc *layer, void *arg)
{
	(void)arg;
	layer->sbiod_pvt = calloc(1, sizeof(struct outbox));
	return layer->sbiod_pvt != NULL ? 0 : -1;
}

static int let_go(Sockbuf_IO_Desc *layer)
{
	struct outbox *o = layer->sbiod_pvt;

	if (o != NULL)
		buf_free(&o->held);
	free(o);
	layer->sbiod_pvt = NULL;
	return 0;
}

static int closed(Sockbuf_IO_Desc *layer)
{
	struct outbox *o = layer->sbiod_pvt;

	buf_clear(&o->held);
	return 0;
}

static int send_held(Sockbuf_IO_Desc *layer)
{
	struct outbox *o = layer->sbiod_pvt;
	size_t done = 0;

	while (done < o->held.len) {
		const ber_slen_t n =
			LBER_SBIOD_WRITE_NEXT(layer, o->held.data + done, o->held.len - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		done += (size_t)n;
	}
	const bool all = done == o->held.len;
	buf_clear(&o->held);
	return all ? 1 : -1;
}

static int control(Sockbuf_IO_Desc *layer, int option, void *arg)
{
	struct outbox *o = layer->sbiod_pvt;

	switch (option) {
	case OPTION_HOLD:
	case OPTION_PASS:
		o->holds = option == OPTION_HOLD;
		return 1;
	case OPTION_SEND:
		return send_held(layer);
	default:
		return LBER_SBIOD_CTRL_NEXT(layer, option, arg);
	}
}

static ber_slen_t receive(Sockbuf_IO_Desc *layer, void *to, ber_len_t len)
{
	return LBER_SBIOD_READ_NEXT(layer, to, len);
}

static ber_slen_t hold(Sockbuf_IO_Desc *layer, void *data, ber_len_t len)
{
	struct outbox *o = layer->sbiod_pvt;

	if (o->holds && len < HELD_MOST) {
		if (o->held.len + len > HELD_MOST && send_held(layer) < 0)
			return -1;
		buf_add(&o->held, data, len);
		return (ber_slen_t)len;
	}
	if (o->held.len > 0 && send_held(layer) < 0)
		return -1;
	return LBER_SBIOD_WRITE_NEXT(layer, data, len);
}

static Sockbuf_IO outbox = {setup, let_go, control, receive, hold, closed};

static Sockbuf *socket_of(LDAP *ld)
{
	Sockbuf *sb = NULL;

	return ldap_get_option(ld, LDAP_OPT_SOCKBUF, &sb) == LDAP_OPT_SUCCESS ? sb : NULL;
}

static bool has_layer(Sockbuf *sb)
{
	return sb != NULL && ber_sockbuf_ctrl(sb, LBER_SB_OPT_HAS_IO, &outbox) == 1;
}

/* Without the layer nothing is held back, and all is well. */
void outbox_hold(LDAP *ld, bool on)
{
	Sockbuf *sb = socket_of(ld);

	if (on && sb != NULL && !has_layer(sb))
		(void)ber_sockbuf_add_io(sb, &outbox, LBER_SBIOD_LEVEL_APPLICATION + 1, NULL);
	if (has_layer(sb))
		(void)ber_sockbuf_ctrl(sb, on ? OPTION_HOLD : OPTION_PASS, NULL);
}

int outbox_send(LDAP *ld)
{
	Sockbuf *sb = socket_of(ld);

	return !has_layer(sb) || ber_sockbuf_ctrl(sb, OPTION_SEND, NULL) == 1 ? 0 : -1;
}
