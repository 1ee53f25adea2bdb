/*
 * /proc/sys/net shows the network namespace of the thread that looks, so a host's values are written after
 * joining it.  Rows are in order: switching forwarding off resets other values of the interfaces, so it is first.
 */
#include "src/lab/profile.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "src/core/str.h"

const struct profile_row profile_host[] = {
	{ "net.ipv4.ip_forward", "0", NULL, true },
	{ "net.ipv4.conf.all.rp_filter", "0", "a forged packet reaches the stack, not a filter",
	  false },
	{ "net.ipv4.conf.default.rp_filter", "0", NULL, false },
	{ "net.ipv4.conf.all.arp_filter", "0", NULL, false },
	{ "net.ipv4.conf.all.arp_ignore", "0", NULL, false },
	{ "net.ipv4.conf.all.arp_announce", "0", NULL, false },
	{ "net.ipv4.conf.all.accept_local", "0", NULL, false },
	{ "net.ipv4.conf.all.log_martians", "0", NULL, false },
	{ "net.ipv4.ip_default_ttl", "64", NULL, false },
	{ "net.ipv4.ip_no_pmtu_disc", "0", NULL, false },
	{ "net.ipv4.ip_local_port_range", "32768 60999", NULL, false },
	{ "net.ipv4.ip_unprivileged_port_start", "1024", "bind(80) answers EACCES", true },
	{ "net.ipv4.ip_nonlocal_bind", "0", NULL, false },
	{ "net.ipv4.ping_group_range", "0 0", "the user may ping without a raw socket", false },
	{ "net.ipv4.icmp_echo_ignore_all", "0", NULL, false },
	{ "net.ipv4.icmp_echo_ignore_broadcasts", "1", NULL, false },
	{ "net.ipv4.icmp_ratelimit", "1000", NULL, false },
	{ "net.core.somaxconn", "4096", "backlog means what listen(2) was told", false },

	{ "net.ipv4.tcp_congestion_control", "reno", "as books and RFC 5681 have it", true },
	{ "net.ipv4.tcp_ecn", "2", "answered, not asked for", true },
	{ "net.ipv4.tcp_syncookies", "1", NULL, true },
	{ "net.ipv4.tcp_sack", "1", "RFC 2018", true },
	{ "net.ipv4.tcp_dsack", "1", "RFC 2883", true },
	{ "net.ipv4.tcp_timestamps", "1", "RFC 7323", true },
	{ "net.ipv4.tcp_window_scaling", "1", "RFC 7323", true },
	{ "net.ipv4.tcp_fastopen", "1", "clients only", false },
	{ "net.ipv4.tcp_recovery", "1", NULL, false },
	{ "net.ipv4.tcp_early_retrans", "3", "tail-loss probes, RFC 8985", false },
	{ "net.ipv4.tcp_frto", "2", "RFC 5682", false },
	{ "net.ipv4.tcp_reordering", "3", "three duplicate ACKs, RFC 5681", false },
	{ "net.ipv4.tcp_slow_start_after_idle", "1", "RFC 5681 section 4.1", false },
	{ "net.ipv4.tcp_syn_retries", "6", NULL, false },
	{ "net.ipv4.tcp_synack_retries", "5", NULL, false },
	{ "net.ipv4.tcp_syn_linear_timeouts", "4", NULL, false },
	{ "net.ipv4.tcp_retries1", "3", NULL, false },
	{ "net.ipv4.tcp_retries2", "15", NULL, false },
	{ "net.ipv4.tcp_orphan_retries", "0", NULL, false },
	{ "net.ipv4.tcp_fin_timeout", "60", NULL, false },
	{ "net.ipv4.tcp_keepalive_time", "7200", "RFC 9293 section 3.8.4", false },
	{ "net.ipv4.tcp_keepalive_intvl", "75", NULL, false },
	{ "net.ipv4.tcp_keepalive_probes", "9", NULL, false },
	{ "net.ipv4.tcp_tw_reuse", "2", "loopback only", false },
	{ "net.ipv4.tcp_rfc1337", "0", NULL, false },
	{ "net.ipv4.tcp_abort_on_overflow", "0", NULL, false },
	{ "net.ipv4.tcp_max_syn_backlog", "1024", NULL, false },
	{ "net.ipv4.tcp_mtu_probing", "0", NULL, false },
	{ "net.ipv4.tcp_moderate_rcvbuf", "1", NULL, false },
	{ "net.ipv4.tcp_rmem", "4096 131072 6291456", NULL, false },
	{ "net.ipv4.tcp_wmem", "4096 16384 4194304", NULL, false },
	{ "net.ipv4.tcp_no_metrics_save", "1", "a connection learns nothing from the one before",
	  true },
	{ "net.ipv4.tcp_invalid_ratelimit", "0", "every window probe is answered", false },
	{ "net.ipv4.tcp_autocorking", "0", "a send() is not held back for its neighbours", false },
	{ "net.ipv4.tcp_thin_linear_timeouts", "0", NULL, false },
	{ "net.ipv4.tcp_notsent_lowat", "4294967295", NULL, false },

	{ "net.ipv6.conf.all.disable_ipv6", "0", NULL, true },
	{ "net.ipv6.conf.default.disable_ipv6", "0", NULL, true },
	{ "net.ipv6.conf.all.forwarding", "0", NULL, false },
	{ "net.ipv6.conf.default.addr_gen_mode", "1", "no link-local address", true },
	{ "net.ipv6.conf.default.accept_dad", "0", "no search for duplicate addresses", true },
	{ "net.ipv6.conf.default.dad_transmits", "0", NULL, false },
	{ "net.ipv6.conf.default.router_solicitations", "0", "no search for routers", true },
	{ "net.ipv6.conf.default.accept_ra", "0", NULL, false },
	{ "net.ipv6.conf.default.autoconf", "0", NULL, false },
	{ "net.ipv6.conf.default.force_mld_version", "1",
	  "the reports about the own address are over before the lab begins; then 0", false },
	{ "net.ipv6.conf.default.mldv1_unsolicited_report_interval", "0", "then 10000", false },
	{ "net.ipv6.bindv6only", "0", "[::] takes IPv4 connections too", true },
};
const size_t profile_host_count = sizeof(profile_host) / sizeof(profile_host[0]);

/* The ports' own stack must neither answer nor speak. */
const struct profile_row profile_wire[] = {
	{ "net.ipv4.ip_forward", "0", NULL, true },
	{ "net.ipv4.conf.all.arp_ignore", "8", "answers no ARP", true },
	{ "net.ipv6.conf.all.disable_ipv6", "1", "sends nothing of its own", true },
	{ "net.ipv6.conf.default.disable_ipv6", "1", NULL, true },
};
const size_t profile_wire_count = sizeof(profile_wire) / sizeof(profile_wire[0]);

static const char read_only_hint[] =
	"/proc/sys is mounted read-only here: start the container with "
	"--security-opt systempaths=unconfined, or with --privileged";

bool profile_has_ip6(void)
{
	return access("/proc/sys/net/ipv6/conf/default/disable_ipv6", F_OK) == 0;
}

/* "net.ipv4.tcp_sack" → "/proc/sys/net/ipv4/tcp_sack" */
static int sysctl_path(struct str *path, const char *name, struct err *e)
{
	if (strncmp(name, "net.", 4) != 0)
		return err_set(e, "a host has those that begin with net.",
			       "%s: not a sysctl of a host", name);
	str_add(path, "/proc/sys/");
	for (const char *at = name; *at; at++) {
		if (*at == '/')
			return err_set(e, "write it with dots", "%s: not a sysctl's name", name);
		str_char(path, *at == '.' ? '/' : *at);
	}
	if (path->cut)
		return err_set(e, NULL, "sysctl: name too long");
	return 0;
}

int profile_write(const char *name, const char *value, struct err *e)
{
	STR_ON_STACK(path, 128);
	size_t len = strlen(value);
	int fd, error = 0;

	if (sysctl_path(&path, name, e))
		return -1;
	fd = open(path.buf, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return err_errno(e, errno, errno == EROFS ? read_only_hint : NULL, "set %s to %s",
				 name, value);
	if (write(fd, value, len) != (ssize_t)len)
		error = errno ? errno : EIO;
	close(fd);
	return error ? err_errno(e, error, NULL, "set %s to %s", name, value) : 0;
}

int profile_read(const char *name, struct str *value, struct err *e)
{
	STR_ON_STACK(path, 128);
	char text[256];
	ssize_t got;
	int fd;

	if (sysctl_path(&path, name, e))
		return -1;
	fd = open(path.buf, O_RDONLY | O_CLOEXEC);
	got = fd < 0 ? -1 : read(fd, text, sizeof(text));
	if (got < 0)
		err_errno(e, errno, NULL, "read %s", name);
	if (fd >= 0)
		close(fd);
	while (got > 0 && text[got - 1] == '\n')
		got--;
	for (ssize_t i = 0; i < got; i++)
		str_char(value, text[i] == '\t' || text[i] == '\n' ? ' ' : text[i]);
	return got < 0 ? -1 : 0;
}

int profile_apply(const struct profile_row *row, size_t count, struct err *e)
{
	bool ip6 = profile_has_ip6();
	struct err why;

	for (size_t i = 0; i < count; i++) {
		if (!ip6 && strncmp(row[i].name, "net.ipv6.", 9) == 0)
			continue;
		if (!profile_write(row[i].name, row[i].value, &why))
			continue;
		if (row[i].needed || why.code == EROFS) {
			if (e)
				*e = why;
			return -1;
		}
	}
	return 0;
}
