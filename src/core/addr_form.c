/*
 * A form is a word, a colon, and fields with a mark between them; a field is a place in the kernel's struct and how
 * it is written.  One pair of functions goes between text and bytes for all forms, so that a family is a row.
 * Fields that may be left out stand at the end, and are written as far as one of them says something.
 */
#include "src/core/addr_form.h"

#include <assert.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <linux/vm_sockets.h>
#include <string.h>

#include "src/core/names.h"

#define DEVICE	   6 /* bytes of the address of a Bluetooth device */
#define HARDWARE   8 /* … of an interface, at most */
#define FIELDS	   4
#define FIELD_TEXT 64

enum field_kind {
	KIND_NUMBER,
	KIND_HEX, /* a number, written as 0x40 */
	KIND_NAME, /* a number with names */
	KIND_NETWORK, /* the same in network order */
	KIND_DEVICE, /* six bytes, the last one first */
	KIND_HARDWARE, /* as many bytes as the byte before them says */
};

struct field {
	enum field_kind kind;
	uint8_t at, size; /* bytes of the kernel's struct */
	char before; /* the mark in front */
	bool optional; /* zero, it may be left out */
	bool any; /* all ones, or all zeros of a device, is "*" */
	const struct name_table *names;
	const char *what; /* for messages */
};

struct form {
	const char *word;
	int family;
	socklen_t len, least; /* of the struct, and what the kernel may give of it; 0: all */
	struct field field[FIELDS];
	size_t fields;
	const char *example;
};

/* struct sockaddr_rc, sockaddr_l2 and sockaddr_sco of <bluetooth/…>, which is not everywhere. */
enum { RFCOMM_LEN = 10, L2CAP_LEN = 14, SCO_LEN = 8 };

static const struct form forms[] = {
	{ "netlink",
	  AF_NETLINK,
	  sizeof(struct sockaddr_nl),
	  0,
	  { { KIND_NUMBER, offsetof(struct sockaddr_nl, nl_pid), 4, ':', .what = "a port id" },
	    { KIND_HEX, offsetof(struct sockaddr_nl, nl_groups), 4, '/', .optional = true,
	      .what = "a set of groups" } },
	  2,
	  "netlink:0 is the kernel" },
	{ "vsock",
	  AF_VSOCK,
	  sizeof(struct sockaddr_vm),
	  0,
	  { { KIND_NUMBER, offsetof(struct sockaddr_vm, svm_cid), 4, ':', .any = true,
	      .what = "a context id" },
	    { KIND_NUMBER, offsetof(struct sockaddr_vm, svm_port), 4, ':', .any = true,
	      .what = "a port" } },
	  2,
	  "as in vsock:2:1024, or vsock:*:1024" },
	{ "rfcomm",
	  AF_BLUETOOTH,
	  RFCOMM_LEN,
	  0,
	  { { KIND_DEVICE, 2, DEVICE, ':', .any = true, .what = "a device" },
	    { KIND_NUMBER, 8, 1, '/', .what = "a channel" } },
	  2,
	  "as in rfcomm:00:11:22:33:44:55/1, or rfcomm:*/1" },
	{ "l2cap",
	  AF_BLUETOOTH,
	  L2CAP_LEN,
	  0,
	  { { KIND_DEVICE, 4, DEVICE, ':', .any = true, .what = "a device" },
	    { KIND_HEX, 2, 2, '/', .what = "a PSM" },
	    { KIND_HEX, 10, 2, '/', .optional = true, .what = "a channel" },
	    { KIND_NUMBER, 12, 1, '/', .optional = true, .what = "a type of address" } },
	  4,
	  "as in l2cap:00:11:22:33:44:55/0x1001, or l2cap:*/0x1001" },
	{ "sco",
	  AF_BLUETOOTH,
	  SCO_LEN,
	  0,
	  { { KIND_DEVICE, 2, DEVICE, ':', .any = true, .what = "a device" } },
	  1,
	  "as in sco:00:11:22:33:44:55" },
	{ "packet",
	  AF_PACKET,
	  sizeof(struct sockaddr_ll),
	  offsetof(struct sockaddr_ll, sll_addr),
	  { { KIND_NUMBER, offsetof(struct sockaddr_ll, sll_ifindex), 4, ':',
	      .what = "the number of an interface" },
	    { KIND_NETWORK, offsetof(struct sockaddr_ll, sll_protocol), 2, '/', .optional = true,
	      .names = &names_ethertype, .what = "a protocol" },
	    { KIND_HARDWARE, offsetof(struct sockaddr_ll, sll_addr), HARDWARE, '/',
	      .optional = true, .what = "a hardware address" },
	    { KIND_NAME, offsetof(struct sockaddr_ll, sll_pkttype), 1, '/', .optional = true,
	      .names = &names_pkttype, .what = "what kind of packet it is" } },
	  4,
	  "as in packet:2/ETH_P_IP/02:00:00:00:00:02" },
};
#define FORMS (sizeof(forms) / sizeof(forms[0]))

static_assert(sizeof(((struct addr *)NULL)->u) >= sizeof(struct sockaddr_ll), "all of them fit");

/* The three of Bluetooth are told by their length. */
static const struct form *form_of(const struct addr *a)
{
	int family = addr_family(a);

	for (size_t i = 0; i < FORMS; i++) {
		socklen_t least = forms[i].least ? forms[i].least : forms[i].len;

		if (forms[i].family == family && a->len >= least &&
		    (family != AF_BLUETOOTH || a->len == least))
			return &forms[i];
	}
	return NULL;
}

/* ---- fields as numbers and bytes ---- */

static bool is_bytes(const struct field *f)
{
	return f->kind == KIND_DEVICE || f->kind == KIND_HARDWARE;
}

static const uint8_t *place(const struct addr *a, const struct field *f)
{
	return (const uint8_t *)&a->u + f->at;
}

static uint32_t number_of(const struct addr *a, const struct field *f)
{
	const uint8_t *at = place(a, f);
	uint32_t wide;
	uint16_t half;

	if (f->kind == KIND_NETWORK)
		return (uint32_t)(at[0] << 8 | at[1]);
	if (f->size == sizeof(half)) {
		memcpy(&half, at, sizeof(half));
		return half;
	}
	if (f->size == 1)
		return at[0];
	memcpy(&wide, at, sizeof(wide));
	return wide;
}

static void set_number(struct addr *a, const struct field *f, uint32_t number)
{
	uint8_t *at = (uint8_t *)&a->u + f->at;
	uint16_t half = (uint16_t)number;

	if (f->kind == KIND_NETWORK) {
		at[0] = (uint8_t)(number >> 8);
		at[1] = (uint8_t)number;
	} else if (f->size == sizeof(half)) {
		memcpy(at, &half, sizeof(half));
	} else if (f->size == 1) {
		at[0] = (uint8_t)number;
	} else {
		memcpy(at, &number, sizeof(number));
	}
}

/* How many bytes an address of an interface has: the byte before it. */
static size_t bytes_of(const struct addr *a, const struct field *f)
{
	size_t len = f->kind == KIND_HARDWARE ? place(a, f)[-1] : f->size;
	size_t there = a->len > f->at ? a->len - f->at : 0;

	if (len > f->size)
		len = f->size;
	return len < there ? len : there;
}

static bool all_are(const uint8_t *bytes, size_t len, uint8_t value)
{
	for (size_t i = 0; i < len; i++)
		if (bytes[i] != value)
			return false;
	return true;
}

static bool is_any(const struct addr *a, const struct field *f)
{
	return f->any && all_are(place(a, f), f->size, f->kind == KIND_DEVICE ? 0 : 0xff);
}

static bool says_something(const struct addr *a, const struct field *f)
{
	return is_bytes(f) ? bytes_of(a, f) > 0 : number_of(a, f) != 0;
}

bool addr_form_equal(const struct addr *a, const struct addr *b)
{
	const struct form *form = form_of(a);

	if (!form || form != form_of(b))
		return a->len == b->len && memcmp(&a->u, &b->u, a->len) == 0;
	for (size_t i = 0; i < form->fields; i++) {
		const struct field *f = &form->field[i];
		size_t len = is_bytes(f) ? bytes_of(a, f) : f->size;

		if (is_bytes(f) && len != bytes_of(b, f))
			return false;
		if (memcmp(place(a, f), place(b, f), len) != 0)
			return false;
	}
	return true;
}

/* ---- writing ---- */

static void bytes_text(struct str *out, const struct addr *a, const struct field *f)
{
	size_t len = bytes_of(a, f);

	for (size_t i = 0; i < len; i++)
		str_addf(out, "%s%02x", i ? ":" : "",
			 place(a, f)[f->kind == KIND_DEVICE ? len - 1 - i : i]);
	if (len == 0)
		str_char(out, '-');
}

static void number_text(struct str *out, const struct addr *a, const struct field *f)
{
	uint32_t number = number_of(a, f);

	if (f->names && name_of(f->names, number))
		name_add(out, f->names, number);
	else
		str_addf(out, f->kind == KIND_HEX || f->kind == KIND_NETWORK ? "0x%x" : "%u",
			 number);
}

bool addr_form_text(struct str *out, const struct addr *a)
{
	const struct form *form = form_of(a);
	size_t shown = form ? form->fields : 0;

	if (!form)
		return false;
	while (form->field[shown - 1].optional && !says_something(a, &form->field[shown - 1]))
		shown--;
	str_add(out, form->word);
	for (size_t i = 0; i < shown; i++) {
		str_char(out, form->field[i].before);
		if (is_any(a, &form->field[i]))
			str_char(out, '*');
		else if (is_bytes(&form->field[i]))
			bytes_text(out, a, &form->field[i]);
		else
			number_text(out, a, &form->field[i]);
	}
	return true;
}

/* ---- reading ---- */

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Digits of a base, all of the text. */
static bool read_digits(const char *text, size_t len, unsigned base, uint64_t *out)
{
	*out = 0;
	for (size_t i = 0; i < len; i++) {
		int digit = hex_digit(text[i]);

		if (digit < 0 || (unsigned)digit >= base)
			return false;
		*out = *out * base + (unsigned)digit;
		if (*out > UINT32_MAX)
			return false;
	}
	return len > 0;
}

static bool read_number(struct addr *a, const struct field *f, const char *text, size_t len)
{
	const struct name *n = f->names ? name_find(f->names, text, len) : NULL;
	bool hex = len > 2 && text[0] == '0' && text[1] == 'x';
	uint64_t number = n ? (uint64_t)n->value : 0;

	if (!n && !read_digits(text + 2 * hex, len - 2 * hex, hex ? 16 : 10, &number))
		return false;
	if (number > UINT32_MAX >> (8 * (4 - f->size)))
		return false;
	set_number(a, f, (uint32_t)number);
	return true;
}

static bool read_bytes(struct addr *a, const struct field *f, const char *text, size_t len)
{
	uint8_t *at = (uint8_t *)&a->u + f->at;
	size_t count = (len + 1) / 3;

	if (len == 1 && text[0] == '-' && f->kind == KIND_HARDWARE)
		return true;
	if (len % 3 != 2 || count > f->size || (f->kind == KIND_DEVICE && count != f->size))
		return false;
	for (size_t i = 0; i < count; i++) {
		int high = hex_digit(text[3 * i]), low = hex_digit(text[3 * i + 1]);

		if (high < 0 || low < 0 || (i && text[3 * i - 1] != ':'))
			return false;
		at[f->kind == KIND_DEVICE ? count - 1 - i : i] = (uint8_t)(high << 4 | low);
	}
	if (f->kind == KIND_HARDWARE)
		at[-1] = (uint8_t)count;
	return true;
}

static bool read_field(struct addr *a, const struct field *f, const char *text, size_t len)
{
	if (f->any && len == 1 && text[0] == '*') {
		memset((uint8_t *)&a->u + f->at, f->kind == KIND_DEVICE ? 0 : 0xff, f->size);
		return true;
	}
	return is_bytes(f) ? read_bytes(a, f, text, len) : read_number(a, f, text, len);
}

/* Where the field at `from` ends: at the mark of the next one, which those of bytes have inside only if it is ":". */
static size_t field_end(const struct form *form, size_t i, const char *text, size_t from,
			size_t len)
{
	char next = i + 1 < form->fields ? form->field[i + 1].before : '\0';
	const char *end = next ? memchr(text + from, next, len - from) : NULL;

	return end ? (size_t)(end - text) : len;
}

static int parse_fields(struct addr *a, const struct form *form, const char *text, size_t len,
			size_t *at, struct err *e)
{
	for (size_t i = 0; i < form->fields; i++) {
		const struct field *f = &form->field[i];
		size_t end;

		if (*at == len && f->optional)
			return 1;
		if (*at == len)
			return err_set(e, form->example, "expected %c and %s", f->before, f->what);
		if (text[*at] != f->before)
			break;
		++*at;
		end = field_end(form, i, text, *at, len);
		if (!read_field(a, f, text + *at, end - *at))
			return err_set(e, form->example, "this is not %s", f->what);
		*at = end;
	}
	return *at == len ? 1 : err_set(e, form->example, "the address goes on here");
}

int addr_form_parse(struct addr *a, const char *text, size_t len, size_t *at, struct err *e)
{
	for (size_t i = 0; i < FORMS; i++) {
		size_t word = strlen(forms[i].word);

		if (len <= word || memcmp(text, forms[i].word, word) != 0 || text[word] != ':')
			continue;
		memset(a, 0, sizeof(*a));
		a->len = forms[i].len;
		a->u.sa.sa_family = (sa_family_t)forms[i].family;
		*at = word;
		return parse_fields(a, &forms[i], text, len, at, e);
	}
	return 0;
}
