/*
 * The names are those of the kernel's net/ipv4/proc.c and net/ipv6/proc.c.
 */
#include "src/lab/counters.h"

#include <string.h>

#define SENDING (SHAPE_RESEND | SHAPE_DATA)
#define WINDOW	(SHAPE_ACK | SHAPE_DATA | SHAPE_RESEND | SHAPE_PROBE)

const struct counter_row counter_table[] = {
	{ "TcpRetransSegs", SHAPE_RESEND, "segments sent again" },
	{ "TcpExtTCPTimeouts", SHAPE_RESEND, "retransmission timers that fired" },
	{ "TcpExtTCPSynRetrans", SHAPE_RESEND, "SYNs and SYN ACKs sent again" },
	{ "TcpExtTCPFastRetrans", SHAPE_RESEND, "segments sent again in Recovery" },
	{ "TcpExtTCPSlowStartRetrans", SHAPE_RESEND, "segments sent again in Loss" },
	{ "TcpExtTCPLossProbes", SENDING, "tail loss probes" },
	{ "TcpExtTCPLostRetransmit", SHAPE_RESEND, "retransmissions that were lost, too" },
	{ "TcpExtTcpTimeoutRehash", SHAPE_RESEND, "new paths tried after a timeout" },
	{ "TcpExtTCPSpuriousRtxHostQueues", SHAPE_RESEND,
	  "not sent again: still in the host's queue" },
	{ "TcpExtTCPRetransFail", SHAPE_RESEND, "retransmissions that could not be sent" },
	{ "TcpExtTCPKeepAlive", SHAPE_PROBE, "keepalive probes" },
	{ "TcpExtTCPWinProbe", SHAPE_PROBE | SENDING, "zero-window probes" },
	{ "TcpExtDelayedACKs", SHAPE_ACK, "ACKs sent when the delay was over" },
	{ "TcpExtDelayedACKLost", SHAPE_ACK | SHAPE_ARRIVAL,
	  "segments that came again: ours was late" },
	{ "TcpExtTCPOFOQueue", SHAPE_ACK | SHAPE_ARRIVAL, "segments that arrived behind a gap" },
	{ "TcpExtTCPOFOMerge", SHAPE_ACK | SHAPE_ARRIVAL, "… that were there already" },
	{ "TcpExtTCPDSACKOldSent", SHAPE_ACK | SHAPE_ARRIVAL, "reports of data that came twice" },
	{ "TcpExtTCPDSACKOfoSent", SHAPE_ACK | SHAPE_ARRIVAL, "… behind a gap" },
	{ "TcpExtTCPChallengeACK", SHAPE_ACK | SHAPE_ARRIVAL, "challenge ACKs (RFC 5961)" },
	{ "TcpExtTCPSYNChallenge", SHAPE_ACK | SHAPE_ARRIVAL, "… for a SYN in a connection" },
	{ "TcpExtTCPACKSkippedChallenge", SHAPE_ARRIVAL, "challenge ACKs not sent: too many" },
	{ "TcpExtTCPACKSkippedSeq", SHAPE_ARRIVAL, "ACKs not sent: too many" },
	{ "TcpExtTCPToZeroWindowAdv", WINDOW, "windows that closed" },
	{ "TcpExtTCPFromZeroWindowAdv", WINDOW, "windows that opened again" },
	{ "TcpExtTCPWantZeroWindowAdv", WINDOW, "windows that wanted to close" },
	{ "TcpExtBeyondWindow", SHAPE_ARRIVAL, "data beyond the window" },
	{ "TcpExtTCPZeroWindowDrop", SHAPE_ARRIVAL, "data for which there was no room" },
	{ "TcpExtSyncookiesSent", SHAPE_SYN, "SYN cookies sent" },
	{ "TcpExtSyncookiesRecv", SHAPE_ARRIVAL, "SYN cookies that came back" },
	{ "TcpExtSyncookiesFailed", SHAPE_ARRIVAL, "ACKs without a valid SYN cookie" },
	{ "TcpExtListenOverflows", SHAPE_ARRIVAL, "times that an accept queue was full" },
	{ "TcpExtListenDrops", SHAPE_ARRIVAL, "SYNs and ACKs that a listener ignored" },
	{ "TcpExtTCPDeferAcceptDrop", SHAPE_ARRIVAL, "ACKs that TCP_DEFER_ACCEPT ignored" },
	{ "TcpExtTCPReqQFullDoCookies", SHAPE_ARRIVAL, "SYN queues full: cookies" },
	{ "TcpExtTCPReqQFullDrop", SHAPE_ARRIVAL, "SYN queues full: ignored" },
	{ "TcpExtEmbryonicRsts", SHAPE_RST | SHAPE_ARRIVAL, "connections reset in SYN-RECEIVED" },
	{ "TcpExtTCPAbortOnClose", SHAPE_RST, "closed with unread data" },
	{ "TcpExtTCPAbortOnData", SHAPE_RST, "data after close(), or SO_LINGER 0" },
	{ "TcpExtTCPAbortOnTimeout", SHAPE_RST, "given up: no answer" },
	{ "TcpExtTCPAbortOnLinger", SHAPE_RST, "closed with TCP_LINGER2 below 0" },
	{ "TcpExtTCPAbortOnMemory", SHAPE_RST, "no memory" },
	{ "TcpExtTCPAbortFailed", SHAPE_RST, "RSTs that could not be sent" },
	{ "TcpOutRsts", SHAPE_RST, "RSTs sent" },
	{ "TcpAttemptFails", SHAPE_RST | SHAPE_ARRIVAL, "connections that never were" },
	{ "TcpEstabResets", SHAPE_RST | SHAPE_ARRIVAL, "connections that ended by RST" },
	{ "TcpExtTCPLossUndo", SHAPE_ARRIVAL, "timeouts for nothing, undone" },
	{ "TcpExtTCPFullUndo", SHAPE_ARRIVAL, "recoveries for nothing, undone" },
	{ "TcpExtTCPPartialUndo", SHAPE_ARRIVAL, "… while they lasted" },
	{ "TcpExtTCPDSACKUndo", SHAPE_ARRIVAL, "… by a DSACK" },
	{ "TcpExtTCPSpuriousRTOs", SHAPE_ARRIVAL, "timeouts for nothing (F-RTO)" },
	{ "TcpExtTCPDSACKRecv", SHAPE_ARRIVAL, "DSACKs received" },
	{ "TcpExtTCPDSACKOfoRecv", SHAPE_ARRIVAL, "… behind a gap" },
	{ "TcpExtTCPSackRecovery", SHAPE_ARRIVAL, "recoveries begun by SACKs" },
	{ "TcpExtTCPRenoRecovery", SHAPE_ARRIVAL, "recoveries begun by duplicate ACKs" },
	{ "TcpExtTCPSACKReorder", SHAPE_ARRIVAL, "reorderings seen by SACK" },
	{ "TcpExtTCPTSReorder", SHAPE_ARRIVAL, "… by timestamps" },
	{ "TcpExtTCPRenoReorder", SHAPE_ARRIVAL, "… by duplicate ACKs" },
	{ "TcpExtTCPSackFailures", SHAPE_RESEND, "timeouts while SACKs came" },
	{ "TcpExtTCPSackRecoveryFail", SHAPE_RESEND, "recoveries that ended in a timeout" },
	{ "TcpExtTCPRenoFailures", SHAPE_RESEND, "timeouts while duplicate ACKs came" },
	{ "TcpExtTCPRenoRecoveryFail", SHAPE_RESEND, "recoveries that ended in a timeout" },
	{ "TcpExtTCPLossFailures", SHAPE_RESEND, "timeouts in Loss" },
	{ "TcpExtTCPLossProbeRecovery", SHAPE_ARRIVAL, "losses that a tail loss probe mended" },
	{ "TcpExtTCPMTUPFail", SHAPE_ARRIVAL, "MTU probes lost" },
	{ "TcpExtTCPDeliveredCE", SHAPE_ARRIVAL, "segments delivered with a mark" },
	{ "TcpExtPAWSEstab", SHAPE_ARRIVAL, "old timestamps" },
	{ "TcpExtTCPFastOpenActive", SHAPE_ARRIVAL, "fast opens that worked, here" },
	{ "TcpExtTCPFastOpenPassive", SHAPE_ARRIVAL, "… there" },
	{ "TcpExtTCPFastOpenCookieReqd", SHAPE_ARRIVAL, "fast-open cookies asked for" },
	{ "TcpExtOutOfWindowIcmps", SHAPE_ARRIVAL, "ICMP errors about data that is not under way" },
	{ "TcpInErrs", SHAPE_ARRIVAL, "bad segments" },
	{ "TcpInCsumErrors", SHAPE_ARRIVAL, "segments with a bad checksum" },
	{ "UdpNoPorts", SHAPE_ARRIVAL, "datagrams that nobody waited for" },
	{ "UdpInErrors", SHAPE_ARRIVAL, "datagrams that were not delivered" },
	{ "UdpRcvbufErrors", SHAPE_ARRIVAL, "… because the receive buffer was full" },
	{ "UdpInCsumErrors", SHAPE_ARRIVAL, "… because of a bad checksum" },
	{ "Udp6NoPorts", SHAPE_ARRIVAL, "datagrams that nobody waited for" },
	{ "Udp6InErrors", SHAPE_ARRIVAL, "datagrams that were not delivered" },
	{ "Udp6RcvbufErrors", SHAPE_ARRIVAL, "… because the receive buffer was full" },
	{ "Udp6InCsumErrors", SHAPE_ARRIVAL, "… because of a bad checksum" },
	{ "IcmpInDestUnreachs", SHAPE_ARRIVAL, "ICMP: destination unreachable" },
	{ "IcmpInTimeExcds", SHAPE_ARRIVAL, "ICMP: time exceeded" },
	{ "IcmpOutDestUnreachs", SHAPE_ICMP, "ICMP: destination unreachable, sent" },
	{ "Icmp6InDestUnreachs", SHAPE_ARRIVAL, "ICMPv6: destination unreachable" },
	{ "Icmp6InPktTooBigs", SHAPE_ARRIVAL, "ICMPv6: packet too big" },
	{ "Icmp6OutDestUnreachs", SHAPE_ICMP, "ICMPv6: destination unreachable, sent" },
	{ "IpExtInCsumErrors", SHAPE_ARRIVAL, "IP headers with a bad checksum" },
};
const size_t counter_table_count = sizeof(counter_table) / sizeof(counter_table[0]);

/* Protocols, the longest of a beginning first. */
static const char *const protocols[] = {
	"TcpExt", "IpExt", "Icmp6", "Udp6", "Icmp", "Tcp", "Udp",
};

static const char *without_protocol(const char *name)
{
	for (size_t i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++)
		if (!strncmp(name, protocols[i], strlen(protocols[i])))
			return name + strlen(protocols[i]);
	return name;
}

static bool is(const char *name, const char *text, size_t len)
{
	return strlen(name) == len && !memcmp(name, text, len);
}

const struct counter_row *counter_find(const char *name, size_t len)
{
	for (size_t i = 0; i < counter_table_count; i++)
		if (is(counter_table[i].name, name, len))
			return &counter_table[i];
	for (size_t i = 0; i < counter_table_count; i++)
		if (is(without_protocol(counter_table[i].name), name, len))
			return &counter_table[i];
	return NULL;
}
