/* What is said about each kind of event.  Holes and "|": explain.h. */
#include "src/explain.h"

#define OPENING "RFC 9293 section 3.5"
#define CLOSING "RFC 9293 section 3.6"
#define FIGURE	"RFC 9293 section 3.3.2"
#define IP_BEST "RFC 1122 section 1.1.3"
#define PROBING "RFC 9293 section 3.8.6.1"

/* clang-format off */
const struct explain_row explain_rows[EXPLAIN_KINDS] = {
	/* ---- TCP ---- */
	[EXPLAIN_SYN] = {
		"SYN: a connection is asked for",
		"{from}'s kernel asks {to} for a connection to port {to_port}; its own end has port {from_port}. |"
		"Its bytes are counted from here: the SYN itself is number 0. |"
		"It takes segments of at most {mss} bytes.",
		OPENING " · connect(2)" },
	[EXPLAIN_SYN_CROSSING] = {
		"SYN, while the other SYN is under way",
		"Both sides ask for the same connection: {from}'s SYN leaves although {to} has sent one, too. |"
		"The two meet on the way, and one connection comes of it, without any listener: a simultaneous open.",
		OPENING " · connect(2)" },
	[EXPLAIN_SYN_REUSED] = {
		"SYN between ports that were used before",
		"{from} asks {to} for a new connection between ports {from_port} and {to_port}, which another one had "
		"before. |"
		"Numbers are counted from 0 again; what is left of the old connection must not get into this one.",
		"RFC 6191 section 2 · connect(2)" },
	[EXPLAIN_SYN_ACK] = {
		"SYN ACK: the kernel accepts",
		"{from}'s kernel answers the SYN by itself: no program has called accept() for this yet, or needs to. |"
		"ACK {ack} says that {to}'s SYN is here, and the SYN in it opens the other direction.",
		OPENING " · listen(2)" },
	[EXPLAIN_SYN_ACK_COOKIE] = {
		"SYN ACK with a SYN cookie",
		"{from}'s kernel answers the SYN, and forgets it: too many are waiting already. |"
		"All it has to know is in the number of this SYN ACK; the ACK that comes back proves that {to} is real. |"
		"So a flood of SYNs with false addresses costs it nothing.",
		"RFC 4987 section 3.6 · tcp(7)" },
	[EXPLAIN_SYN_ACK_CROSSING] = {
		"SYN ACK: the SYNs have crossed",
		"{from}'s own SYN is under way already when the other one comes. So its kernel repeats it with an ACK: {ack} says "
		"that {to}'s SYN is here. |"
		"Both ends go through SYN-RECEIVED, and neither needs a listener.",
		OPENING " · connect(2)" },
	[EXPLAIN_HANDSHAKE_ACK] = {
		"ACK: the third step of the handshake",
		"{from} has the answer, and says so: now {to} knows, too, that both directions work. |"
		"{to}'s kernel puts the finished connection into the listener's queue, from which accept() takes it.",
		OPENING " · accept(2)" },
	[EXPLAIN_DATA] = {
		"Data: {bytes}",
		"{from} sends the bytes {seq} to {last} of its direction to {to}. |"
		"They were written by {call}. |"
		"{to}'s kernel keeps them until its program reads them, and acknowledges by itself, with ACK {next}.",
		"RFC 9293 section 3.8 · send(2)" },
	[EXPLAIN_DATA_WAITED] = {
		"Data that had waited: {bytes}",
		"The bytes {seq} to {last} had waited in {from}'s send buffer since {call}. |"
		"Packet {after} let them go: it acknowledged earlier ones, or made room. |"
		"A program notices nothing of that: its send() is long back.",
		"RFC 9293 section 3.8.6 · tcp(7)" },
	[EXPLAIN_DATA_URGENT] = {
		"Urgent data: {bytes}",
		"{from} sends {bytes}, the last one marked as urgent (MSG_OOB): the flag URG points behind it. |"
		"{to}'s kernel tells the program at once (SIGURG, POLLPRI), and takes that byte out of the stream.",
		"RFC 9293 section 3.8.5 · tcp(7)" },
	[EXPLAIN_DATA_AFTER_GAP] = {
		"Data behind a gap: {bytes}",
		"{from} sends the bytes from {seq} on, but what comes before them is not in this recording. |"
		"It was lost before it came here, or the capture itself missed it; a later ACK tells which.",
		"RFC 9293 section 3.4" },
	[EXPLAIN_WINDOW_FULL] = {
		"Data that fill the window: {bytes}",
		"With the bytes up to {last} {from} has used all the room that {to} offered. |"
		"It must not send more until an ACK offers new room: {to}'s program has to read first.",
		"RFC 9293 section 3.8.6" },
	[EXPLAIN_ACK] = {
		"ACK: it has arrived",
		"{from}'s kernel has every byte before {ack}: packet {answered} has arrived. |"
		"No program was asked, and that one has read them is not said. |"
		"There is room for {window} bytes more.",
		"RFC 9293 section 3.4" },
	[EXPLAIN_ACK_DELAYED] = {
		"Delayed ACK",
		"{from}'s kernel waited {waited} before it acknowledged packet {answered}: perhaps there would be data "
		"to send the ACK with, or a second segment. |"
		"That saves packets; half a second is the most that is allowed.",
		"RFC 9293 section 3.8.6.3 · tcp(7)" },
	[EXPLAIN_ACK_OF_FIN] = {
		"ACK of the FIN",
		"{from}'s kernel has the FIN, packet {answered}, which counts as one byte: ACK {ack}. |"
		"{to} will send nothing any more. The other direction stays open until {from}'s program closes it.",
		CLOSING " · close(2)" },
	[EXPLAIN_ACK_OF_LAST_FIN] = {
		"ACK of the second FIN",
		"{from}'s kernel has the FIN of the other side, too, packet {answered}: ACK {ack}. |"
		"Both directions are closed now; if this ACK gets lost, {to} sends its FIN again.",
		CLOSING " · close(2)" },
	[EXPLAIN_ACK_DUPLICATE] = {
		"Duplicate ACK: something is missing",
		"{from}'s kernel says once more that it waits for byte {ack}: packet {answered} has arrived, but it is "
		"not the one that comes next. |"
		"The third such ACK tells {to}'s kernel that a segment is lost, without any timer.",
		"RFC 5681 section 3.2" },
	[EXPLAIN_ACK_UNSEEN] = {
		"ACK of something that was not captured",
		"{from} acknowledges every byte before {ack}, but not all of them are in this recording. |"
		"They did arrive, so nothing was lost: only the capture missed them.",
		"RFC 9293 section 3.4 · pcap_stats(3PCAP)" },
	[EXPLAIN_ACK_PLAIN] = {
		"ACK",
		"{from}'s kernel has every byte before {ack}. |"
		"There is room for {window} bytes more.",
		"RFC 9293 section 3.4" },
	[EXPLAIN_ACK_CHALLENGE] = {
		"Challenge ACK",
		"What came could be forged: a RST or a SYN that does not quite fit the connection that is open here. |"
		"So {from}'s kernel does not believe it, and answers with its true numbers, ACK {ack}. An honest peer "
		"knows what to do then.",
		"RFC 5961 section 3" },
	[EXPLAIN_ACK_TWICE] = {
		"ACK of something that came twice",
		"{from}'s kernel has received bytes that it had already, and says so in its SACK option: a DSACK. |"
		"It still waits for byte {ack}; {to} learns that it has sent something again for nothing.",
		"RFC 2883 section 4" },
	[EXPLAIN_ECN_ECHO] = {
		"ECE: a packet was marked on the way",
		"A packet reached {from} with the mark \"congestion experienced\": some queue on the way is getting full. "
		"|With ECE {from}'s kernel tells {to}, which sends more slowly, as if a segment had been lost.",
		"RFC 3168 section 6.1" },
	[EXPLAIN_WINDOW_REDUCED] = {
		"CWR: the sender has slowed down",
		"{from} was told of congestion, and has made its congestion window smaller. |"
		"CWR tells {to} so, which stops sending ECE.",
		"RFC 3168 section 6.1.2" },
	[EXPLAIN_WINDOW_UPDATE] = {
		"Window update: there is room again",
		"{from}'s program has read, so {to} may send again, up to {window} bytes. |"
		"The number, ACK {ack}, is the one before: nothing new has arrived.",
		"RFC 9293 section 3.8.6.2.2" },
	[EXPLAIN_WINDOW_ZERO] = {
		"Zero window: no room",
		"{from}'s receive buffer is full: its program does not read as fast as data come. |"
		"Window 0 says \"stop\": {to} keeps what is to be sent, and asks from time to time.",
		PROBING },
	[EXPLAIN_WINDOW_PROBE] = {
		"Window probe: is there room again?",
		"{to} had said that it has no room. {from}'s kernel asks again, because the packet that tells of new room "
		"could get lost, and both would wait for ever. |"
		"Its persist timer was set to {timer}; each time it is twice as long.",
		PROBING " · tcp(7)" },
	[EXPLAIN_WINDOW_PROBE_ACK] = {
		"The answer to a window probe",
		"{from}'s kernel answers the probe, packet {answered}: it still waits for byte {ack}. |"
		"There is room for {window} bytes.",
		PROBING },
	[EXPLAIN_KEEPALIVE] = {
		"Keepalive: is anybody there?",
		"For a while nobody has sent anything. {from}'s kernel asks with a number that was acknowledged long ago, so "
		"that {to} must repeat its ACK. |"
		"SO_KEEPALIVE switches that on; TCP_KEEPIDLE says after how long.",
		"RFC 9293 section 3.8.4 · tcp(7)" },
	[EXPLAIN_KEEPALIVE_ACK] = {
		"The answer to a keepalive",
		"{from}'s kernel answers packet {answered}: the host is there, and it knows the connection. |"
		"Its program notices nothing of that.",
		"RFC 9293 section 3.8.4 · tcp(7)" },
	[EXPLAIN_AGAIN_TIMEOUT] = {
		"Sent again: the timer ran out",
		"{from}'s kernel sends the numbers {seq} to {last} again, because no ACK came in time. |"
		"Its timer was set to {timer}. |"
		"{Lost}. |"
		"Each time the wait doubles, and a time-out makes the congestion window small.",
		"RFC 6298 section 5 · tcp(7)" },
	[EXPLAIN_AGAIN_SYN] = {
		"{flags} again: no answer came",
		"No answer came to packet {original}, so {from}'s kernel sends the {flags} again. |"
		"{Lost}. |"
		"Each time the wait doubles; after some tries the kernel gives up, and connect() fails with ETIMEDOUT.",
		"RFC 9293 section 3.8.3 · tcp(7)" },
	[EXPLAIN_AGAIN_FAST] = {
		"Fast retransmit",
		"Duplicate ACKs said that byte {seq} is missing at {to}. So {from}'s kernel sends the numbers {seq} to "
		"{last} again at once, without waiting for its timer. |"
		"{Lost}.",
		"RFC 5681 section 3.2" },
	[EXPLAIN_AGAIN_TAIL] = {
		"Tail loss probe",
		"Behind the last segment nothing follows that could make {to} complain. So {from}'s kernel sends the "
		"numbers {seq} to {last} again a little after the ACK should have come: {timer}. |"
		"{Lost}.",
		"RFC 8985 section 7" },
	[EXPLAIN_AGAIN_SPURIOUS] = {
		"Sent again for nothing",
		"{from} sends the numbers {seq} to {last} again although {to} has acknowledged them: that ACK came too late, or "
		"got lost. |"
		"{to}'s kernel throws them away, and repeats its ACK.",
		"RFC 9293 section 3.10.7.4" },
	[EXPLAIN_AGAIN_PATH_MTU] = {
		"Sent again in shorter segments",
		"An ICMP error said that a segment was too long for some link on the way. So {from}'s kernel sends the numbers "
		"{seq} to {last} again, in segments that fit. |"
		"It remembers the size for this destination.",
		"RFC 1191 section 3 · ip(7)" },
	[EXPLAIN_AGAIN_SLOW_START] = {
		"Sent again, slowly",
		"Behind a time-out {from}'s kernel takes all that was under way as lost, and sends the numbers {seq} to {last} "
		"again. |"
		"Its congestion window begins at one segment and doubles with each round trip: slow start.",
		"RFC 5681 section 3.1" },
	[EXPLAIN_AGAIN] = {
		"Sent again",
		"{from} sends the numbers {seq} to {last} again, {waited} after packet {original}. |"
		"{Lost}. |"
		"The recording does not tell what made its kernel do so: its timer, or ACKs that were missing one.",
		"RFC 9293 section 3.8.1" },
	[EXPLAIN_OUT_OF_ORDER] = {
		"Out of order",
		"The numbers {seq} to {last} belong before what {from} sent last: on the way to here a later segment overtook "
		"them, or they are a repetition. |"
		"{to}'s kernel puts all in order before its program reads.",
		"RFC 9293 section 3.4" },
	[EXPLAIN_FIN] = {
		"FIN: no more from this side",
		"{from} has sent all it wanted, and says so: its FIN has number {last}. |"
		"The last byte before it was {last_byte}. |"
		"The reason is {call}. |"
		"{to}'s program reads what is left, and then gets 0: the end of file.",
		CLOSING " · shutdown(2)" },
	[EXPLAIN_RST_REFUSED] = {
		"RST: connection refused",
		"{from}'s kernel answered the SYN with RST because nothing listens on port {from_port}. |"
		"{Failed}. |"
		"The host is there, and has said no at once; a packet that is lost would mean silence.",
		"RFC 9293 section 3.10.7.1 · connect(2)" },
	[EXPLAIN_RST_UNREAD] = {
		"RST: closed with unread data",
		"{caller} called {call} while {unread} that had arrived were unread. |"
		"Nobody will ever read them, and {from}'s kernel says so: RST, and not FIN, is \"data were lost\". |"
		"{Failed}.",
		"RFC 9293 section 3.6.1 · RFC 2525 section 2.17" },
	[EXPLAIN_RST_QUEUED] = {
		"RST: the listener is closed",
		"{caller} called {call} on its listener, while this connection still waited for accept(). |"
		"Nobody will ever take it, so {from}'s kernel ends it with RST. |"
		"{Failed}.",
		"RFC 9293 section 3.6.1 · listen(2)" },
	[EXPLAIN_RST_ABORT] = {
		"RST: the connection is aborted",
		"{caller} called {call}, and its kernel aborts the connection at once: what was not sent yet is thrown "
		"away, and there is no TIME-WAIT. So it does with SO_LINGER {1, 0}. |"
		"{Failed}.",
		"RFC 9293 section 3.10.5 · socket(7)" },
	[EXPLAIN_RST_CLOSED] = {
		"RST: the socket is closed",
		"Packet {answered} came for a socket that its program has closed ({call}): nobody can ever read it. |"
		"So {from}'s kernel answers with RST, and {to} learns only now that all it sends is lost. |"
		"{Failed}.",
		"RFC 9293 section 3.6.1 · send(2)" },
	[EXPLAIN_RST_PROGRAM] = {
		"RST: the program is gone",
		"The program at {from} ended, and its kernel closed its sockets. Something was unread, or came too late: "
		"so it says RST, and not FIN. |"
		"{Failed}.",
		"RFC 9293 section 3.6.1" },
	[EXPLAIN_RST_ANSWER] = {
		"RST: there is no such connection",
		"{from}'s kernel answers packet {answered}: it fits no connection that it knows. |"
		"{to} has to forget its end, whatever it was doing. |"
		"{Failed}.",
		"RFC 9293 section 3.5.2" },
	[EXPLAIN_RST_QUEUE] = {
		"RST: the listener's queue is full",
		"{from}'s kernel has no room for another finished connection: its program does not call accept() often enough. |"
		"With tcp_abort_on_overflow it says so with RST; else it would have been silent. |"
		"{Failed}.",
		"tcp(7) · listen(2)" },
	[EXPLAIN_RST_GAVE_UP] = {
		"RST: the kernel gives up",
		"Nothing has come back from {to} for too long, however often {from}'s kernel asked. |"
		"It ends the connection with RST, in case somebody is there after all, and its program gets ETIMEDOUT.",
		"RFC 9293 section 3.8.3 · tcp(7)" },
	[EXPLAIN_RST_LINGER2] = {
		"RST: no waiting in FIN-WAIT-2",
		"{from}'s program has closed, and TCP_LINGER2 says that its kernel shall not wait for the other FIN. |"
		"So it ends the connection with RST; what {to} still wants to send is lost.",
		"tcp(7)" },
	[EXPLAIN_RST] = {
		"RST: the end, at once",
		"{from} ends the connection without FIN and without waiting: {to} has to forget its end. |"
		"Why is not in this recording. |"
		"{Failed}.",
		"RFC 9293 section 3.5.2" },
	[EXPLAIN_CAUSED] = {
		"Sent by the kernel: {cause_name}",
		"{from}'s kernel sent this by itself. |"
		"It told why: {cause}.",
		"tcp(7)" },
	[EXPLAIN_INJECTED] = {
		"Forged: the wire made this packet",
		"{from} never sent it: the wire made it, and it looks like one of {from}'s ({flags}). |"
		"{to}'s kernel believes what fits: the addresses, the ports, and numbers that it expects.",
		"RFC 5961 section 1" },
	[EXPLAIN_TCP_CUT] = {
		"A part of a TCP segment",
		"Of this segment from {from} to {to} the header is not all there: the capture kept too few bytes, or it is "
		"a fragment. |"
		"So nothing can be said of its numbers and flags.",
		"RFC 9293 section 3.1 · pcap-savefile(5)" },

	/* ---- other packets ---- */
	[EXPLAIN_UDP] = {
		"UDP: one datagram",
		"{from} sends one datagram of {bytes} from port {from_port} to port {to_port} of {to}. |"
		"It was sent by {call}. |"
		"There is no connection and no ACK: if it gets lost, neither kernel will notice.",
		"RFC 768 · udp(7)" },
	[EXPLAIN_FRAGMENT] = {
		"A fragment of a datagram",
		"The datagram was too long for the link, so {from} sent it in parts; this one holds {bytes} from byte "
		"{fragment_at} on. |"
		"{to}'s kernel puts them together again; if one part is lost, so is all of it.",
		"RFC 791 section 3.2 · ip(7)" },
	[EXPLAIN_FRAGMENT6] = {
		"A fragment of a datagram",
		"The datagram was too long for the way, so {from} itself sent it in parts (no router would); this one "
		"holds {bytes} from byte {fragment_at} on. |"
		"{to}'s kernel puts them together again; if one part is lost, so is all of it.",
		"RFC 8200 section 4.5 · ipv6(7)" },
	[EXPLAIN_ICMP_PORT] = {
		"ICMP: port unreachable",
		"{from}'s kernel tells that no socket receives on port {port}, and quotes the datagram: packet {answered}. |"
		"{Failed}. |"
		"Only a connected socket hears of it, with its next call: ECONNREFUSED.",
		"RFC 1122 section 4.1.3.1 · udp(7)" },
	[EXPLAIN_ICMP_UNREACHABLE] = {
		"ICMP: unreachable",
		"{from} tells that packet {answered} could not be delivered ({words}). |"
		"{Failed}. |"
		"For a connection of TCP that is a hint, and no end: the kernel goes on trying.",
		"RFC 1122 section 4.2.3.9 · icmp(7)" },
	[EXPLAIN_ICMP_PROHIBITED] = {
		"ICMP: a firewall says no",
		"Something on the way does not let packet {answered} pass, and {from} says so ({words}). |"
		"{Failed}. |"
		"Many firewalls say nothing: then one has to wait for ETIMEDOUT.",
		"RFC 1812 section 5.2.7.1 · icmp(7)" },
	[EXPLAIN_ICMP_TOO_BIG] = {
		"ICMP: too long, and must not be fragmented",
		"Packet {answered} was longer than the next link takes, and has the mark \"don't fragment\". |"
		"{from} says how long a packet may be, and the sender's kernel makes its segments shorter from now on: path MTU "
		"discovery.",
		"RFC 1191 section 4 · ip(7)" },
	[EXPLAIN_ICMP_TIME] = {
		"ICMP: time exceeded",
		"Packet {answered} has passed as many routers as its TTL allowed, and {from} has thrown it away. |"
		"So packets that go in circles end; traceroute uses these answers on purpose.",
		"RFC 792 · icmp(7)" },
	[EXPLAIN_ICMP_ECHO] = {
		"ICMP: echo request",
		"{from} asks {to} for an echo: a ping. |"
		"The kernel there answers by itself, and sends all the bytes back.",
		"RFC 792 · icmp(7)" },
	[EXPLAIN_ICMP_REPLY] = {
		"ICMP: echo reply",
		"{from}'s kernel sends the echo back to {to}; no program had a hand in it. |"
		"It came {waited} after the request, packet {answered}: the round trip, as it was seen here.",
		"RFC 792 · icmp(7)" },
	[EXPLAIN_ICMP_OTHER] = {
		"ICMP: {words}",
		"{from} tells {to} something about the network itself ({words}). |"
		"Kernels and routers talk so among each other; programs hardly see it.",
		"RFC 792 · icmp(7)" },
	[EXPLAIN_ICMP6_PORT] = {
		"ICMPv6: port unreachable",
		"{from}'s kernel tells that no socket receives on port {port}, and quotes the datagram: packet {answered}. |"
		"{Failed}. |"
		"Only a connected socket hears of it, with its next call: ECONNREFUSED.",
		"RFC 4443 section 3.1 · udp(7)" },
	[EXPLAIN_ICMP6_UNREACHABLE] = {
		"ICMPv6: unreachable",
		"{from} tells that packet {answered} could not be delivered ({words}). |"
		"{Failed}. |"
		"For a connection of TCP that is a hint, and no end: the kernel goes on trying.",
		"RFC 4443 section 3.1 · ipv6(7)" },
	[EXPLAIN_ICMP6_TOO_BIG] = {
		"ICMPv6: packet too big",
		"Packet {answered} was longer than the next link takes, and no router splits packets of IPv6. |"
		"{from} says how long one may be, and the sender's kernel keeps to that from now on.",
		"RFC 4443 section 3.2 · RFC 8201 section 4" },
	[EXPLAIN_ICMP6_TIME] = {
		"ICMPv6: time exceeded",
		"Packet {answered} has passed as many routers as its hop limit allowed, and {from} has thrown it away. |"
		"So packets that go in circles end.",
		"RFC 4443 section 3.3" },
	[EXPLAIN_ICMP6_ECHO] = {
		"ICMPv6: echo request",
		"{from} asks {to} for an echo: a ping. |"
		"The kernel there answers by itself, and sends all the bytes back.",
		"RFC 4443 section 4.1" },
	[EXPLAIN_ICMP6_REPLY] = {
		"ICMPv6: echo reply",
		"{from}'s kernel sends the echo back to {to}; no program had a hand in it. |"
		"It came {waited} after the request, packet {answered}: the round trip, as it was seen here.",
		"RFC 4443 section 4.2" },
	[EXPLAIN_ICMP6_WHO_HAS] = {
		"Neighbour solicitation: who has this address?",
		"{from} knows the IPv6 address of a neighbour and needs its MAC address, for the frame. |"
		"So it asks all who may have it; the answer is an advertisement.",
		"RFC 4861 section 4.3" },
	[EXPLAIN_ICMP6_IS_AT] = {
		"Neighbour advertisement: that is me",
		"{from} tells its MAC address. |"
		"Who asked remembers it for some time, and can send its packets.",
		"RFC 4861 section 4.4" },
	[EXPLAIN_ICMP6_OTHER] = {
		"ICMPv6: {words}",
		"{from} tells {to} something about the network itself ({words}). |"
		"Kernels and routers talk so among each other; programs hardly see it.",
		"RFC 4443 section 2.1 · ipv6(7)" },
	[EXPLAIN_ARP_REQUEST] = {
		"ARP: who has this address?",
		"{from} wants to send to {to}, and needs its MAC address for the frame. |"
		"So it asks everybody on the link; the answer comes from the one who has the address.",
		"RFC 826 · arp(7)" },
	[EXPLAIN_ARP_REPLY] = {
		"ARP: that is me",
		"{from} tells {to} its MAC address. |"
		"{to}'s kernel remembers it for some time, and sends the packets that had waited for it.",
		"RFC 826 · arp(7)" },
	[EXPLAIN_ARP_OTHER] = {
		"ARP",
		"A message of the protocol that finds the MAC address for an IP address. |"
		"It is neither a request nor a reply.",
		"RFC 826 · arp(7)" },
	[EXPLAIN_IP_OTHER] = {
		"IP, with something else inside",
		"{from} sends {to} a packet of the IP protocol number {protocol}. |"
		"It is none of those that this program takes apart, but its headers are in the packet panel.",
		"RFC 791 section 3.1 · protocols(5)" },
	[EXPLAIN_NO_IP] = {
		"A frame without IP",
		"What this frame carries is no IP: it belongs to the link itself, or to another protocol. |"
		"The packet panel shows all that is known of it.",
		"packet(7)" },

	/* ---- states ---- */
	[EXPLAIN_STATE_NONE] = {
		"No state",
		"{Change}. |"
		"The kernel does not know this socket (any more).",
		"tcp(7)" },
	[EXPLAIN_CLOSED] = {
		"CLOSED: there is no connection",
		"{Change}. |"
		"Nothing of a connection is left in this kernel: what still comes for it is answered with RST.",
		FIGURE " · tcp(7)" },
	[EXPLAIN_LISTEN] = {
		"LISTEN: the kernel answers",
		"{Change}. |"
		"From now on the kernel answers each SYN to port {port} by itself, and keeps the finished connections in a "
		"queue of {backlog}, until accept() takes them.",
		FIGURE " · listen(2)" },
	[EXPLAIN_SYN_SENT] = {
		"SYN-SENT: asked, and no answer yet",
		"{Change}. |"
		"The kernel waits for SYN ACK, and repeats its SYN if none comes; connect() sleeps until then.",
		FIGURE " · connect(2)" },
	[EXPLAIN_SYN_RECEIVED] = {
		"SYN-RECEIVED: asked, and answered",
		"{Change}. |"
		"The kernel has answered with SYN ACK, and waits for the ACK of that. No program knows of this connection "
		"yet.",
		FIGURE " · listen(2)" },
	[EXPLAIN_ESTABLISHED] = {
		"ESTABLISHED: open in both directions",
		"{Change}. |"
		"This end knows that the other one is there. Both may send, whoever asked for the connection.",
		FIGURE " · tcp(7)" },
	[EXPLAIN_FIN_WAIT_1] = {
		"FIN-WAIT-1: closed here, not yet acknowledged",
		"{Change}. |"
		"This side has said that it sends no more, and waits for the ACK of its FIN; it still receives.",
		FIGURE " · close(2)" },
	[EXPLAIN_FIN_WAIT_2] = {
		"FIN-WAIT-2: closed here, open there",
		"{Change}. |"
		"The other side knows that nothing more comes, and may go on sending. How long that lasts is up to its "
		"program; a socket that nobody has open any more waits for 60 s only.",
		FIGURE " · tcp(7)" },
	[EXPLAIN_CLOSE_WAIT] = {
		"CLOSE-WAIT: the other side has closed",
		"{Change}. |"
		"The kernel waits for its own program to close, for ever if need be: sockets that stay in CLOSE-WAIT are "
		"a mistake of the program.",
		FIGURE " · close(2)" },
	[EXPLAIN_CLOSING] = {
		"CLOSING: both have closed at once",
		"{Change}. |"
		"Both FINs were under way at the same time; this end has the other one's, and waits for the ACK of its own.",
		FIGURE },
	[EXPLAIN_LAST_ACK] = {
		"LAST-ACK: one ACK is missing",
		"{Change}. |"
		"Both sides have closed, this one as the second. It waits for the ACK of its FIN, and then forgets all.",
		FIGURE },
	[EXPLAIN_TIME_WAIT] = {
		"TIME-WAIT: who closed first remembers",
		"{Change}. |"
		"It was its ACK that came last: if that gets lost, the other FIN comes again and must be answered. So the "
		"kernel keeps the connection for another 60 s, and its port is taken so long.",
		"RFC 9293 section 3.6.1 · tcp(7)" },
	[EXPLAIN_UNCONNECTED] = {
		"No peer",
		"{Change}. |"
		"The socket takes what anybody sends to its address, and must name the receiver with each sendto().",
		"udp(7) · unix(7)" },
	[EXPLAIN_CONNECTED] = {
		"A fixed peer",
		"{Change}. |"
		"The socket has one peer: send() needs no address, and only what comes from that peer is received. "
		"Nothing was sent for that.",
		"udp(7) · unix(7)" },

	/* ---- the wire ---- */
	[EXPLAIN_DELIVERED] = {
		"Packet {n} arrives",
		"Packet {n} from {from} is at {to} now, {waited} after it left. |"
		"What the kernel there makes of it stands beside it.",
		IP_BEST },
	[EXPLAIN_DELAYED] = {
		"Packet {n} is on its way",
		"The wire takes its time with packet {n} from {from} to {to} ({by}). |"
		"Until it arrives {to} knows nothing of it, and {from} cannot tell \"late\" from \"lost\".",
		IP_BEST },
	[EXPLAIN_HELD] = {
		"Packet {n} is held on the wire",
		"Packet {n} from {from} rests between the hosts ({by}), until somebody releases or drops it. |"
		"Both kernels go on meanwhile: if it takes too long, {from}'s kernel sends it again.",
		IP_BEST },
	[EXPLAIN_RELEASED] = {
		"Packet {n} travels on",
		"Packet {n}, which was held, goes on to {to} ({by}). |"
		"For the kernels it was only slow: {waited} since it left {from}.",
		IP_BEST },
	[EXPLAIN_DROPPED] = {
		"Packet {n} is lost",
		"Packet {n} from {from} never reaches {to} ({by}). |"
		"Nobody tells {from}: its kernel finds out because no ACK comes. UDP does not find out at all.",
		IP_BEST },
	[EXPLAIN_DUPLICATED] = {
		"Packet {n} comes twice",
		"The wire sends another copy of packet {n} to {to} ({by}). |"
		"TCP notices by the numbers and throws the second one away; with UDP the program receives it twice.",
		IP_BEST },
	[EXPLAIN_FAILED] = {
		"Packet {n} was not accepted",
		"The wire could not hand packet {n} over to {to} ({by}). |"
		"For the kernels it is lost like any other.",
		IP_BEST },
	[EXPLAIN_CORRUPTED] = {
		"Packet {n} was damaged",
		"Bits of packet {n} were changed on its way from {from} to {to} ({by}). |"
		"If its checksum tells, {to}'s kernel throws it away without a word; if not, the program gets wrong bytes.",
		"RFC 9293 section 3.1" },
	[EXPLAIN_REORDERED] = {
		"Packet {n} falls behind",
		"Packet {n} from {from} takes longer than its neighbours ({by}): those behind it may arrive first. |"
		"TCP puts them in order again; datagrams stay as they come.",
		IP_BEST },
	[EXPLAIN_MARKED] = {
		"Packet {n} is marked",
		"A queue that is getting full marks packet {n} \"congestion experienced\" ({by}) in place of losing it. |"
		"{to}'s kernel tells {from} with ECE, which then sends more slowly.",
		"RFC 3168 section 5" },
	[EXPLAIN_WIRE_INJECTED] = {
		"Packet {n} was made by the wire",
		"{from} never sent packet {n}: it was put on the wire {by}. |"
		"{to} cannot see that: whoever is on the way can send in any name.",
		"RFC 5961 section 1" },
	[EXPLAIN_EDITED] = {
		"Packet {n} was changed by hand",
		"Packet {n} from {from} ends here: another one travels on in its place ({by}). |"
		"If lengths and checksums fit, {to}'s kernel cannot know that {from} sent something else.",
		"RFC 5961 section 1" },
	[EXPLAIN_FRAGMENTED] = {
		"Packet {n} is cut into fragments",
		"Packet {n} from {from} is too long for the wire ({by}) and its DF bit is not set, so it goes on in parts. |"
		"{to}'s kernel puts them together; if one of them is lost, all of it is.",
		"RFC 791 section 3.2" },

	/* ---- programs ---- */
	[EXPLAIN_STARTED] = {
		"{who} has started",
		"{who} is a process of its own, number {pid}: {command}. |"
		"Its first socket will have the descriptor 3: 0, 1 and 2 are its input and output.",
		"execve(2) · stdin(3)" },
	[EXPLAIN_EXITED] = {
		"{who} has ended",
		"{who} came to its end; its exit status {status} says \"success\". |"
		"The kernel closes every descriptor that it had: each connection gets its FIN, as by close().",
		"_exit(2)" },
	[EXPLAIN_KILLED] = {
		"{who} was killed by {signal}",
		"The signal {signal} ended {who}; it had no say in it. |"
		"Its kernel closes its sockets all the same, so the peers get a FIN (or RST, where data were unread).",
		"signal(7)" },
	[EXPLAIN_EXECUTED] = {
		"{who} became another program",
		"The process goes on with another program in it: {command}. |"
		"Its descriptors stay open, but for those with the flag close-on-exec: so a server hands a connection on.",
		"execve(2)" },
	[EXPLAIN_SIGPIPE] = {
		"{who} was killed by SIGPIPE",
		"{who} wrote to a connection that can take nothing any more, and the kernel sent it SIGPIPE, which kills. |"
		"With MSG_NOSIGNAL, or if it ignored the signal, the call would have failed with EPIPE instead.",
		"signal(7) · send(2)" },
	[EXPLAIN_EXITED_BADLY] = {
		"{who} has ended with status {status}",
		"{who} came to its end; its exit status {status} is not 0, which says \"something went wrong\". |"
		"The kernel closes every descriptor that it had: each connection gets its FIN, as by close().",
		"_exit(2)" },
	[EXPLAIN_OUTPUT] = {
		"What {who} printed",
		"{who} wrote this line to its standard output, as it would to a terminal. |"
		"The other side sees nothing of it: only what is sent by a socket travels.",
		"stdout(3) · write(2)" },
	[EXPLAIN_OUTPUT_ERROR] = {
		"What {who} complained about",
		"{who} wrote this line to its standard error, where programs report mistakes. |"
		"Look at its calls just before: one of them may have failed.",
		"stderr(3) · errno(3)" },

	/* ---- words ---- */
	[EXPLAIN_SAY] = {
		"The lesson speaks",
		"These are words of the lesson about what stands around them. |"
		"Neither a program nor a kernel did anything here.",
		"" },
	[EXPLAIN_TITLE] = {
		"The title",
		"So the lab file calls itself. |"
		"Neither a program nor a kernel did anything here.",
		"" },
	[EXPLAIN_ABOUT] = {
		"What the lesson is about",
		"These are words of the lesson about all that follows. |"
		"Neither a program nor a kernel did anything here.",
		"" },
	[EXPLAIN_LIMIT] = {
		"A limit was reached",
		"More happened than is recorded: from here on something is left out, and the line says what. |"
		"The programs and their kernels are not slowed down by that.",
		"sock_diag(7)" },
	[EXPLAIN_LOST] = {
		"The capture missed packets",
		"Packets were on the wire that are not in this recording: they came faster than they could be taken. |"
		"They reached their host; only here they are missing.",
		"pcap_stats(3PCAP)" },
	[EXPLAIN_ERROR] = {
		"Something went wrong here",
		"Something failed in the lab itself, and the line says what; the session goes on. |"
		"It is no doing of the programs.",
		"" },
	[EXPLAIN_EXPECT] = {
		"An expectation",
		"The lab file said what should happen by now, and this line says whether it did. |"
		"Neither a program nor a kernel did anything here.",
		"" },
	[EXPLAIN_ASK] = {
		"A question",
		"The lesson asks what comes next, or why. |"
		"Think first: the recording behind it has the answer.",
		"" },
	[EXPLAIN_ANSWER] = {
		"The answer",
		"This is what was asked before, and whether it was right. |"
		"Neither a program nor a kernel did anything here.",
		"" },
	[EXPLAIN_COMMAND] = {
		"A command: {command}",
		"You, or the lab file, told {target}: {command}. |"
		"{Help}.",
		"" },
	[EXPLAIN_COMMAND_ENDED] = {
		"A rule of the wire has ended",
		"It was for so many packets, and those have passed. |"
		"Now the wire is: {status}.",
		"" },
	[EXPLAIN_COUNTERS] = {
		"The kernel has counted",
		"Counters of {who}'s kernel grew: {changes}. |"
		"They tell why a packet was sent, or what became of one; nstat(8) shows them on any machine.",
		"nstat(8)" },
};
/* clang-format on */
