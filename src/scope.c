#include "src/scope.h"

#include <string.h>

#include "src/lab/lab.h"

bool scope_is(const char *have, const char *name, size_t len)
{
	return strlen(have) == len && !memcmp(have, name, len);
}

void scope_init(struct scope *sc, struct addr_names addresses)
{
	memset(sc, 0, sizeof(*sc));
	sc->addresses = addresses;
}

/* Hosts are numbered from 1 in the documentation ranges (RFC 5737, RFC 3849), as the lab does it. */
static void add_addresses(struct scope *sc, const char *name)
{
	uint8_t last = (uint8_t)(sc->hosts + 1);
	struct addr_name *v4 = &sc->address[2 * sc->hosts], *v6 = v4 + 1;

	*v4 = (struct addr_name){ .family = AF_INET, .ip = { 192, 0, 2, last } };
	*v6 = (struct addr_name){ .family = AF_INET6,
				  .ip = { 0x20, 0x01, 0x0d, 0xb8, [15] = last } };
	str_copy(v4->name, sizeof(v4->name), name);
	str_copy(v6->name, sizeof(v6->name), name);
}

void scope_init_lab(struct scope *sc)
{
	static const char *const hosts[] = { "client", "server" };

	scope_init(sc, (struct addr_names){ 0 });
	for (size_t i = 0; i < 2; i++) {
		add_addresses(sc, hosts[i]);
		scope_add_host(sc, hosts[i]);
		scope_add_program(sc, hosts[i]);
	}
	sc->addresses = (struct addr_names){ .row = sc->address, .count = 2 * sc->hosts };
}

void scope_init_loopback(struct scope *sc)
{
	if (sc->addresses.count > 2 * sc->hosts)
		return;
	add_addresses(sc, LAB_OWN_NAME);
	sc->addresses.count += 2;
}

bool scope_add_host(struct scope *sc, const char *name)
{
	return sc->hosts < HOSTS_MAX && str_copy(sc->host[sc->hosts++], SCOPE_NAME, name);
}

static bool add_actor(struct scope *sc, const char *name, size_t program, bool thread)
{
	struct scope_actor *a = &sc->actor[sc->actors];

	if (sc->actors == SCOPE_ACTORS || !str_copy(a->name, sizeof(a->name), name))
		return false;
	a->program = program;
	a->thread = thread;
	sc->actors++;
	return true;
}

bool scope_add_program(struct scope *sc, const char *name)
{
	if (scope_actor(sc, name, strlen(name)))
		return true;
	return add_actor(sc, name, sc->programs, false) && ++sc->programs;
}

bool scope_add_own(struct scope *sc, const char *name)
{
	struct scope_actor *a;

	if (!scope_add_program(sc, name))
		return false;
	a = (struct scope_actor *)scope_actor(sc, name, strlen(name));
	a->own = !a->thread;
	return a->own;
}

bool scope_add_thread(struct scope *sc, const char *name, size_t program)
{
	return add_actor(sc, name, program, true);
}

bool scope_set_variable(struct scope *sc, const char *name, size_t program, int family)
{
	struct scope_variable *v =
		(struct scope_variable *)scope_variable(sc, program, name, strlen(name));

	if (!v) {
		v = &sc->variable[sc->variables];
		if (sc->variables == SCOPE_VARIABLES || !str_copy(v->name, sizeof(v->name), name))
			return false;
		v->program = program;
		sc->variables++;
	}
	v->family = family;
	return true;
}

bool scope_add_place(struct scope *sc, const char *text)
{
	return sc->places < SCOPE_PLACES &&
	       str_copy(sc->place[sc->places++], sizeof(sc->place[0]), text);
}

const struct scope_actor *scope_actor(const struct scope *sc, const char *name, size_t len)
{
	for (size_t i = 0; i < sc->actors; i++)
		if (scope_is(sc->actor[i].name, name, len))
			return &sc->actor[i];
	return NULL;
}

const struct scope_variable *scope_variable(const struct scope *sc, size_t program,
					    const char *name, size_t len)
{
	for (size_t i = 0; i < sc->variables; i++)
		if (sc->variable[i].program == program && scope_is(sc->variable[i].name, name, len))
			return &sc->variable[i];
	return NULL;
}

int scope_host(const struct scope *sc, const char *name, size_t len)
{
	for (size_t i = 0; i < sc->hosts; i++)
		if (scope_is(sc->host[i], name, len))
			return (int)i;
	return -1;
}
