#include "src/core/names.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#ifndef SOL_MPTCP
#define SOL_MPTCP 284
#endif

const struct name_table *names_of_level(int64_t level)
{
	static const struct {
		int64_t level;
		const struct name_table *table;
	} rows[] = {
		{ SOL_SOCKET, &names_so },	   { IPPROTO_TCP, &names_tcp_opt },
		{ IPPROTO_IP, &names_ip_opt },	   { IPPROTO_IPV6, &names_ipv6_opt },
		{ IPPROTO_UDP, &names_udp_opt },   { IPPROTO_UDPLITE, &names_udplite_opt },
		{ IPPROTO_RAW, &names_raw_opt },   { SOL_NETLINK, &names_netlink_opt },
		{ SOL_PACKET, &names_packet_opt }, { SOL_MPTCP, &names_mptcp_opt },
		{ AF_VSOCK, &names_vsock_opt },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].level == level)
			return rows[i].table;
	return NULL;
}

const struct name_table *names_of_protocol(int64_t family)
{
	if (family == AF_NETLINK)
		return &names_netlink;
	if (family == AF_BLUETOOTH)
		return &names_bluetooth;
	return family == AF_PACKET ? &names_ethertype : &names_protocol;
}

const struct name *name_of(const struct name_table *t, int64_t value)
{
	for (size_t i = 0; i < t->count; i++)
		if (t->row[i].value == value)
			return &t->row[i];
	return NULL;
}

const struct name *name_find(const struct name_table *t, const char *name, size_t len)
{
	for (size_t i = 0; i < t->count; i++)
		if (strlen(t->row[i].name) == len && memcmp(t->row[i].name, name, len) == 0)
			return &t->row[i];
	return NULL;
}

void name_add(struct str *out, const struct name_table *t, int64_t value)
{
	const struct name *row = name_of(t, value);

	if (row)
		str_add(out, row->name);
	else
		str_addf(out, "%lld", (long long)value);
}

void name_add_flags(struct str *out, const struct name_table *t, int64_t bits)
{
	uint64_t left = (uint64_t)bits;
	const char *bar = "";

	for (size_t i = 0; i < t->count; i++) {
		uint64_t flag = (uint64_t)t->row[i].value;

		if (flag == 0 || (left & flag) != flag)
			continue;
		str_addf(out, "%s%s", bar, t->row[i].name);
		left &= ~flag;
		bar = "|";
	}
	if (left)
		str_addf(out, "%s0x%llx", bar, (unsigned long long)left);
	else if (bits == 0)
		str_char(out, '0');
}
