#include "src/setting.h"

#include <string.h>

#include "src/core/names.h"

/* clang-format off */
const struct setting settings[] = {
	{ "net.ipv4.tcp_syncookies", "SYN cookies: 0 never, 1 when the queue of SYNs is full, 2 always" },
	{ "net.ipv4.tcp_abort_on_overflow", "a full accept queue: 0 the client may try again, 1 answers RST" },
	{ "net.ipv4.tcp_fastopen", "TCP Fast Open: 0 no, 1 as a client, 2 as a server, 3 both" },
	{ "net.ipv4.tcp_sack", "selective acknowledgements: 0, 1" },
	{ "net.ipv4.tcp_dsack", "tells of data that came twice: 0, 1" },
	{ "net.ipv4.tcp_recovery", "RACK, RFC 8985: 0 no, 1 yes" },
	{ "net.ipv4.tcp_early_retrans", "tail loss probes: 0 none, 3 as RFC 8985 has it" },
	{ "net.ipv4.tcp_frto", "finds timeouts that were for nothing, RFC 5682: 0, 2" },
	{ "net.ipv4.tcp_reordering", "so many duplicate ACKs mean a loss: 3" },
	{ "net.ipv4.tcp_ecn", "explicit congestion notification: 0 no, 1 asks for it, 2 only answers" },
	{ "net.ipv4.tcp_timestamps", "RFC 7323: 0, 1" },
	{ "net.ipv4.tcp_window_scaling", "RFC 7323: 0, 1" },
	{ "net.ipv4.tcp_congestion_control", "reno; others as far as the machine allows" },
	{ "net.ipv4.tcp_slow_start_after_idle", "a connection that was idle starts slowly again: 0, 1" },
	{ "net.ipv4.tcp_no_metrics_save", "a connection learns nothing from the one before: 0, 1" },
	{ "net.ipv4.tcp_autocorking", "small segments wait for their neighbours: 0, 1" },
	{ "net.ipv4.tcp_tw_reuse", "a client's port in TIME-WAIT is used again: 0 no, 1 yes, 2 on loopback only" },
	{ "net.ipv4.tcp_tw_reuse_delay", "… after so many milliseconds" },
	{ "net.ipv4.tcp_rfc1337", "a RST does not end TIME-WAIT: 0, 1" },
	{ "net.ipv4.tcp_fin_timeout", "seconds of FIN-WAIT-2 without a program" },
	{ "net.ipv4.tcp_syn_retries", "how often a SYN is repeated" },
	{ "net.ipv4.tcp_syn_linear_timeouts", "repetitions of a SYN before the time doubles" },
	{ "net.ipv4.tcp_synack_retries", "how often a SYN ACK is repeated" },
	{ "net.ipv4.tcp_retries1", "repetitions before the route is doubted" },
	{ "net.ipv4.tcp_retries2", "repetitions before a connection is given up" },
	{ "net.ipv4.tcp_orphan_retries", "the same, without a program" },
	{ "net.ipv4.tcp_keepalive_time", "seconds of silence before the first probe" },
	{ "net.ipv4.tcp_keepalive_intvl", "seconds between probes" },
	{ "net.ipv4.tcp_keepalive_probes", "probes before a connection is given up" },
	{ "net.ipv4.tcp_invalid_ratelimit", "milliseconds between answers to what is out of the window; 0: each" },
	{ "net.ipv4.tcp_challenge_ack_limit", "challenge ACKs in a second" },
	{ "net.ipv4.tcp_mtu_probing", "looks for the path MTU by itself: 0 no, 1 in a black hole, 2 always" },
	{ "net.ipv4.tcp_base_mss", "… and begins with this segment" },
	{ "net.ipv4.tcp_max_syn_backlog", "handshakes that are not over, of all listeners" },
	{ "net.ipv4.tcp_rmem", "bytes of a receive buffer: least, at first, most" },
	{ "net.ipv4.tcp_wmem", "bytes of a send buffer: least, at first, most" },
	{ "net.ipv4.tcp_moderate_rcvbuf", "the receive buffer grows by itself: 0, 1" },
	{ "net.ipv4.tcp_notsent_lowat", "bytes not sent yet, above which a socket is not writable" },
	{ "net.ipv4.ip_local_port_range", "ports that the kernel chooses from: 32768 60999" },
	{ "net.ipv4.ip_unprivileged_port_start", "ports below need a privilege: 1024" },
	{ "net.ipv4.ip_nonlocal_bind", "bind() to addresses of others: 0, 1" },
	{ "net.ipv4.ip_no_pmtu_disc", "path MTU discovery: 0 yes, 1 no" },
	{ "net.ipv4.ip_default_ttl", "hops that a packet may take: 64" },
	{ "net.ipv4.icmp_echo_ignore_all", "pings are not answered: 0, 1" },
	{ "net.ipv4.icmp_ratelimit", "milliseconds between ICMP errors to one host" },
	{ "net.ipv6.bindv6only", "[::] takes IPv4 connections too: 0 yes, 1 no" },
	{ "net.core.somaxconn", "the most that listen() takes for a backlog" },
};
/* clang-format on */
const size_t settings_count = sizeof(settings) / sizeof(settings[0]);

static const char *last_part(const char *name)
{
	return strrchr(name, '.') + 1;
}

static bool is(const char *name, const char *text, size_t len)
{
	return strlen(name) == len && memcmp(name, text, len) == 0;
}

const struct setting *setting_find(const char *name, size_t len)
{
	for (size_t i = 0; i < settings_count; i++)
		if (is(settings[i].name, name, len) || is(last_part(settings[i].name), name, len))
			return &settings[i];
	return NULL;
}

const struct setting *setting_nearest(const char *name, size_t len)
{
	struct nearest near = nearest_to(name, len);

	for (size_t i = 0; i < settings_count; i++) {
		nearest_try(&near, settings[i].name);
		nearest_try(&near, last_part(settings[i].name));
	}
	return near.best ? setting_find(near.best, strlen(near.best)) : NULL;
}
