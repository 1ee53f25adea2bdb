#!/usr/bin/env python3
"""Random lab files for check_infer: what two programs do to their sockets, and a person to the wire.

scenario.py SEED prints the one of that number; the same number gives the same one.  Nothing in it can fail: calls
do not sleep and may give anything, and where something is to be released there is always something held; but where packets
are released by number, a slow machine's retransmission may have that number.  Time passes only inside poll(2), so
that a kernel's timers have their turn."""
import random
import sys

FLAG = "tcp[tcpflags] & tcp-%s != 0"
FLAG6 = "ip6[53] & %d != 0"
BITS = {"fin": 1, "syn": 2, "rst": 4, "push": 8, "ack": 16}
SIZES = (1, 3, 5, 20, 700, 1448, 3000, 9000, 20000)
LINGER = "SOL_SOCKET, SO_LINGER, {1, 0}"


class Scenario:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.lines = ["title  Random scenario %d" % seed]
        self.six = self.chance(0.15)
        if self.six:
            self.lines.append("needs  ipv6")
        self.clients = []       # variables of sockets that are open at the client
        self.accepts = 0        # at most so many descriptors behind the listeners at the server
        self.listeners = 0
        self.cutting = False
        self.made = 0

    # ---- saying it ----

    def chance(self, p):
        return self.random.random() < p

    def pick(self, *of):
        return self.random.choice(of)

    def say(self, who, what):
        self.lines.append("%-7s %s" % (who + ">", what))

    def call(self, who, what):
        self.say(who, what + " -> any")

    def wire(self, what):
        self.say("wire", what)

    # ---- places ----

    def family(self):
        return "AF_INET6" if self.six else "AF_INET"

    def at(self, host, port):
        return "%s:%d" % ({"client": "[2001:db8::1]", "server": "[2001:db8::2]"}[host] if self.six else host, port)

    def any_at(self, port):
        return ("[::]:%d" if self.six else "*:%d") % port

    def matching(self, name):
        return FLAG6 % BITS[name] if self.six else FLAG % name

    def host(self):
        return self.pick("client", "server")

    # ---- the parts ----

    def begin(self):
        """Datagrams, so that release always finds something held; they are no connection."""
        self.say("client", "u = socket(AF_INET, SOCK_DGRAM)")
        self.say("server", "v = socket(AF_INET, SOCK_DGRAM)")
        self.say("server", "bind(v, *:2009)")
        if self.chance(0.35):
            self.wire("delay %s%s" % (self.pick("200us", "1ms", "3ms", "12ms"), self.pick("", "", " from client", " from server")))

    def listen(self, port=8080, backlog=None):
        name = "s%d" % self.listeners
        self.listeners += 1
        self.say("server", "%s = socket(%s, SOCK_STREAM|SOCK_NONBLOCK)" % (name, self.family()))
        self.say("server", "setsockopt(%s, SOL_SOCKET, SO_REUSEADDR, 1)" % name)
        if self.chance(0.05):
            self.call("server", "setsockopt(%s, IPPROTO_TCP, TCP_DEFER_ACCEPT, 1)" % name)
        if self.chance(0.1):
            self.call("server", "setsockopt(%s, SOL_SOCKET, SO_RCVBUF, 2048)" % name)
        self.call("server", "bind(%s, %s)" % (name, self.any_at(port)))
        self.call("server", "listen(%s, %d)" % (name, backlog if backlog is not None else self.pick(0, 1, 5, 5, 5)))
        return name

    def accept(self):
        self.call("server", "accept4(s%d, SOCK_NONBLOCK)" % self.random.randrange(self.listeners))
        self.accepts += 1

    def connect(self, port=8080, own=0):
        name = "c%d" % self.made
        self.made += 1
        self.say("client", "%s = socket(%s, SOCK_STREAM|SOCK_NONBLOCK)" % (name, self.family()))
        if own:
            self.call("client", "setsockopt(%s, SOL_SOCKET, SO_REUSEADDR, 1)" % name)
            self.call("client", "bind(%s, %s)" % (name, self.any_at(own)))
        if self.chance(0.3):
            self.call("client", "setsockopt(%s, IPPROTO_TCP, TCP_NODELAY, 1)" % name)
        if self.chance(0.04):
            self.call("client", "sendto(%s, \"early\", MSG_FASTOPEN|MSG_NOSIGNAL, %s)" % (name, self.at("server", port)))
        else:
            self.call("client", "connect(%s, %s)" % (name, self.at("server", port)))
        self.clients.append(name)

    def end(self, side=None):
        """One end of some connection: who, and its descriptor."""
        side = side or self.host()
        if side == "client" and self.clients:
            return side, self.random.choice(self.clients)
        return "server", str(4 + self.listeners - 1 + self.random.randrange(max(1, self.accepts)))

    def pass_time(self, ms):
        self.call("client", "poll({u, POLLIN}, %d)" % ms)

    # ---- what programs do ----

    def send(self):
        who, fd = self.end()
        size = self.random.choice(SIZES)
        data = "pattern(%d)" % size if size > 3 else '"%s"' % ("abc"[:size])
        self.call(who, "send(%s, %s, MSG_DONTWAIT|MSG_NOSIGNAL)" % (fd, data))

    def receive(self):
        who, fd = self.end()
        self.call(who, "recv(%s, %d, MSG_DONTWAIT)" % (fd, self.pick(1, 100, 60000)))

    def shut(self):
        who, fd = self.end()
        self.call(who, "shutdown(%s, %s)" % (fd, self.pick("SHUT_WR", "SHUT_WR", "SHUT_WR", "SHUT_RDWR", "SHUT_RD")))

    def close(self, side=None):
        who, fd = self.end(side)
        if self.chance(0.2):
            self.call(who, "setsockopt(%s, %s)" % (fd, LINGER))
        elif self.chance(0.05):
            self.call(who, "setsockopt(%s, IPPROTO_TCP, TCP_LINGER2, %d)" % (fd, self.pick(-1, 1)))
        self.call(who, "close(%s)" % fd)
        if who == "client" and fd in self.clients:
            self.clients.remove(fd)

    def cork(self):
        who, fd = self.end()
        self.call(who, "setsockopt(%s, IPPROTO_TCP, TCP_CORK, %d)" % (fd, self.pick(0, 1)))

    def open_more(self):
        if self.made < 5:
            self.connect(self.pick(8080, 8080, 8080, 8081))

    def close_listener(self):
        if self.chance(0.15):
            self.call("server", "close(s%d)" % self.random.randrange(self.listeners))

    def kill(self):
        """Its kernel closes all; what begins again has descriptors of its own."""
        if not self.chance(0.15):
            return
        self.lines.append("kill    server")
        self.lines.append("program server on server")
        self.say("server", "v = socket(AF_INET, SOCK_DGRAM)")
        self.call("server", "bind(v, *:2009)")
        self.listeners, self.accepts = 0, 0
        self.listen()

    # ---- what is done to the wire ----

    def hold(self):
        what = self.pick("hold", "hold from client", "hold from server",
                         "hold if " + self.matching("fin"), "hold if " + self.matching("syn"),
                         "hold if " + self.matching("push"), "hold if " + self.matching("rst"),
                         "hold from %s if %s once" % (self.host(), self.matching("ack")),
                         "hold from %s if tcp count %d" % (self.host(), self.pick(2, 3)))
        self.wire(what)

    def something_held(self):
        """A datagram rests on the wire, whatever else does."""
        self.wire("mend")
        self.cutting = False
        self.wire("hold if udp")
        self.say("client", 'sendto(u, "x", server:2009)')

    def release(self):
        self.something_held()
        for _ in range(self.random.randrange(1, 4)):
            self.wire("release")
            self.say("client", 'sendto(u, "x", server:2009)')

    def release_all(self):
        self.something_held()
        if self.chance(0.7):
            self.wire("hold off")
        self.wire("release all")

    def drop(self):
        """What is held longest, else the next one to come."""
        if self.chance(0.5):
            self.wire("hold if %s once" % self.matching(self.random.choice(list(BITS))))
        if self.chance(0.3):
            self.release_all()
        self.wire("drop")

    def dup(self):
        if self.chance(0.4):
            self.release_all()
        self.wire("dup")

    def cut(self):
        self.cutting = not self.cutting
        self.wire("cut" if self.cutting else "mend")

    def delay(self):
        self.wire("delay %s%s" % (self.pick("0", "200us", "1ms", "5ms"), self.pick("", " from client", " from server")))

    ACTIONS = ((send, 26), (receive, 12), (shut, 9), (close, 9), (accept, 10), (open_more, 4), (cork, 2), (close_listener, 2),
               (kill, 2), (hold, 7), (release, 5), (release_all, 8), (drop, 5), (dup, 4), (cut, 2), (delay, 3))

    def soup(self, count):
        for _ in range(count):
            act = self.random.choices([a for a, _ in self.ACTIONS], [w for _, w in self.ACTIONS])[0]
            act(self)
            if self.chance(0.02):
                self.pass_time(self.pick(60, 230, 300))

    # ---- stories ----

    def anything(self):
        self.listen()
        if self.chance(0.25):
            self.hold()
        for _ in range(self.random.randrange(1, 4)):
            self.connect()
        if self.chance(0.8):
            self.release_all()
        for _ in range(self.random.randrange(0, 4)):
            self.accept()
        self.soup(self.random.randrange(12, 45))

    def both_close(self):
        self.listen()
        self.connect()
        self.accept()
        self.soup(self.random.randrange(0, 3))
        self.wire("hold if " + self.matching("fin"))
        for side in self.pick(("client", "server"), ("server", "client")):
            who, fd = self.end(side)
            self.call(who, self.pick("close(%s)", "shutdown(%s, SHUT_WR)") % fd)
        for _ in range(self.random.randrange(1, 4)):
            self.release()
        self.release_all()

    def both_open(self):
        """RFC 9293 section 3.5, figure 7."""
        for who, own in (("client", 4000), ("server", 5000)):
            self.say(who, "o = socket(%s, SOCK_STREAM|SOCK_NONBLOCK)" % self.family())
            self.call(who, "bind(o, %s)" % self.any_at(own))
        self.wire(self.pick("hold", "hold if " + self.matching("syn")))
        self.call("client", "connect(o, %s)" % self.at("server", 5000))
        self.call("server", "connect(o, %s)" % self.at("client", 4000))
        for _ in range(self.random.randrange(1, 5)):
            self.release()
        self.release_all()
        for _ in range(self.random.randrange(0, 6)):
            who = self.host()
            self.call(who, self.pick('send(o, "both", MSG_NOSIGNAL)', "shutdown(o, SHUT_WR)", "recv(o, 100)",
                                     "close(o)"))
        self.release_all()

    def backlog(self):
        self.listen(backlog=self.pick(0, 1, 2))
        for _ in range(self.random.randrange(2, 6)):
            self.connect()
        self.soup(self.random.randrange(4, 12))
        if self.chance(0.5):
            self.pass_time(1150)
        for _ in range(self.random.randrange(0, 3)):
            self.accept()
        self.soup(6)

    def again(self):
        """The same two ports, once more: the server's TIME-WAIT is in the way, or not."""
        self.listen()
        for first in self.pick(("server", "client"), ("server", "client"), ("client", "server")), ("client", "server"):
            self.connect(own=4000)
            self.accept()
            self.soup(self.random.randrange(0, 3))
            for side in first:
                self.close(side)
            self.release_all()

    def timers(self):
        """What is lost is sent again."""
        self.listen()
        if self.chance(0.3):
            self.drop()
        self.connect()
        self.accept()
        if self.chance(0.3):
            self.pass_time(1100)
            self.accept()
        for _ in range(self.random.randrange(1, 4)):
            self.drop()
            self.pick(self.send, self.send, self.shut, self.close)()
            self.pass_time(self.pick(240, 300, 460))
        self.wire("mend")
        self.soup(self.random.randrange(0, 6))

    def gives_up(self):
        """A time limit of the kernel's ends it, without a packet."""
        self.listen()
        self.connect()
        self.accept()
        who, fd = self.end()
        self.call(who, "setsockopt(%s, IPPROTO_TCP, TCP_USER_TIMEOUT, 300)" % fd)
        self.wire("cut")
        self.call(who, 'send(%s, "never", MSG_NOSIGNAL)' % fd)
        if self.chance(0.5):
            self.call(who, "close(%s)" % fd)
        self.pass_time(900)
        self.wire("mend")
        self.soup(self.random.randrange(2, 10))

    def shuffled(self):
        """All that both ends say is held, and released in any order; the numbers of the packets are foreseen."""
        self.lines = self.lines[:2 + self.six]
        self.lines = [l for l in self.lines if "delay" not in l]
        self.say("client", "u = socket(AF_INET, SOCK_DGRAM)")
        self.say("server", "v = socket(AF_INET, SOCK_DGRAM)")
        self.call("server", "bind(v, *:2009)")
        self.say("server", "s = socket(%s, SOCK_STREAM)" % self.family())
        self.call("server", "setsockopt(s, IPPROTO_TCP, TCP_NODELAY, 1)")
        self.call("server", "bind(s, %s)" % self.any_at(8080))
        self.call("server", "listen(s, 5)")
        self.say("client", "c = socket(%s, SOCK_STREAM)" % self.family())
        self.call("client", "setsockopt(c, IPPROTO_TCP, TCP_NODELAY, 1)")
        self.say("client", "connect(c, %s)" % self.at("server", 8080))
        self.say("server", "a = accept(s)")
        self.wire("hold")
        number, held, says = 4, [], {"client": True, "server": True}
        for _ in range(self.random.randrange(3, 9)):
            who = self.host()
            fd = {"client": "c", "server": "a"}[who]
            if not says[who]:
                continue
            act = self.pick("send(%s, \"abc\", MSG_NOSIGNAL)", "send(%s, \"abc\", MSG_NOSIGNAL)", "shutdown(%s, SHUT_WR)",
                            "close(%s)", "linger")
            if act == "linger":
                self.call(who, "setsockopt(%s, %s)" % (fd, LINGER))
                act = "close(%s)"
            says[who] = act.startswith("send")
            self.call(who, act % fd)
            held.append(number)
            number += 1
        self.random.shuffle(held)
        for n in held:
            self.wire("%s %d" % (self.pick("release", "release", "release", "dup", "drop"), n))
        self.release_all()
        if self.chance(0.5):
            self.pass_time(self.pick(20, 250))
        for who, fd in (("client", "c"), ("server", "a")):
            if self.chance(0.5):
                self.call(who, self.pick("recv(%s, 100, MSG_DONTWAIT)", "close(%s)", "shutdown(%s, SHUT_WR)") % fd)

    STORIES = ((anything, 52), (shuffled, 14), (both_close, 8), (both_open, 8), (backlog, 5), (again, 6), (timers, 10), (gives_up, 3))

    def text(self):
        self.begin()
        story = self.random.choices([s for s, _ in self.STORIES], [w for _, w in self.STORIES])[0]
        story(self)
        if self.chance(0.6):
            self.release_all()
        if self.chance(0.25):
            self.pass_time(self.pick(10, 50, 250))
        return "\n".join(self.lines) + "\n"


def generate(seed):
    return Scenario(seed).text()


if __name__ == "__main__":
    sys.stdout.write(generate(int(sys.argv[1])))
