"""What each pair of programs is known to do: rows for check_programs, in the words of record.py.

A list for a lane is complete, unless "..." stands in it; "? LINE" may be missing, "?* LINE" may come several times: what
depends on the version of a runtime, or on how fast the other side is.  The story has only what one thing causes in another.
"""


class Pair:
    def __init__(self, name, server, client, lanes, story=(), status=0, needs=(), options=(), others=False, text=(),
                 command=()):
        self.name, self.server, self.clients = name, server, [client] if isinstance(client, str) else client
        self.lanes, self.story, self.status, self.needs = lanes, story, status, needs
        self.options = options    # of socklens run
        self.others = others    # threads besides those in lanes make calls, too
        self.command = list(command)    # in place of servers and clients: one program alone, on one host
        self.text = text    # what is in the ladder that is printed


ENDED = ["killed 15"]
# The module selectors tries epoll when it is imported; some installations of Python are a script that starts the real one.
PYTHON = ["?* exec *", "? epoll_create1(EPOLL_CLOEXEC) = 3", "? close(3) = 0"]
TCP = "socket(AF_INET, SOCK_STREAM) = 3"
PYTHON_LISTENER = "socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC) = 3"
PYTHON_CONNECT = ["socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_TCP) = 3", "connect(3, server:8080) = 0"]
PYTHON_ACCEPT = ["accept4(3, SOCK_CLOEXEC) = 4 client:*", "? getsockname(4) = 0 server:8080"]

HANDSHAKE = ["server: listen(*) = 0", "client: enter connect(*, server:8080)", "client: SYN", "server: SYN ACK",
             "client: ACK"]
# What the client does does not wait for accept(): its kernel and the server's have shaken hands already.
CONNECTED = ["server: SYN ACK", "client: connect(3, server:8080) = 0"]


def asked(send, length, receive):
    return ["client: enter " + send, "client: PSH ACK len %d" % length, "server: " + receive]


def answered(send, length, receive):
    return ["server: enter " + send, "server: PSH ACK len %d" % length, "client: " + receive]


def closed(receive, close):
    """The client closes first."""
    return ["client: enter close(*)", "client: FIN ACK", "server: " + receive, "server: enter " + close,
            "server: FIN ACK", "client: ACK"]


C_CLIENT = [TCP, "connect(3, server:8080) = 0",
            'send(3, "hello", 5) = 5', 'recv(3, 1023) = 5 "hello"', "> got hello",
            'send(3, "you", 3) = 3', 'recv(3, 1023) = 3 "you"', "> got you",
            "close(3) = 0", "exit 0"]
C_CLIENT_COMMAND = "./echo_client 192.0.2.2 8080 hello you"

PYTHON_CLIENT = PYTHON + PYTHON_CONNECT + [
    'send(3, "hello", 5) = 5', 'recv(3, 1024) = 5 "hello"', "> got hello",
    'send(3, "you", 3) = 3', 'recv(3, 1024) = 3 "you"', "> got you",
    "close(3) = 0", "exit 0"]
PYTHON_CLIENT_COMMAND = "python3 echo_client.py 192.0.2.2 8080 hello you"

PAIRS = [
    Pair("a blocking echo server in C", "./echo_server 8080", C_CLIENT_COMMAND, {
        "server": [TCP, "setsockopt(3, SOL_SOCKET, SO_REUSEADDR, 1) = 0", "bind(3, *:8080) = 0", "listen(3, 5) = 0",
                   "> listening on port 8080",
                   "accept(3) = 4 client:*", "> client from 192.0.2.1",
                   'read(4, 1024) = 5 "hello"', 'write(4, "hello", 5) = 5',
                   'read(4, 1024) = 3 "you"', 'write(4, "you", 3) = 3',
                   'read(4, 1024) = 0 ""', "> client gone", "close(4) = 0",
                   "accept(3) ..."] + ENDED,
        "client": C_CLIENT,
    }, [HANDSHAKE + ["server: accept(3) = 4 client:*", "server: enter read(4, 1024)"],
        CONNECTED +
        asked('send(3, "hello", 5)', 5, 'read(4, 1024) = 5 "hello"') +
        answered('write(4, "hello", 5)', 5, 'recv(3, 1023) = 5 "hello"') +
        ["client: > got hello"] +
        asked('send(3, "you", 3)', 3, 'read(4, 1024) = 3 "you"') +
        answered('write(4, "you", 3)', 3, 'recv(3, 1023) = 3 "you"') +
        closed('read(4, 1024) = 0 ""', "close(4)") + ["server: killed 15"]],
         text=["listening on port 8080", "got hello", "exited with 0"]),

    Pair("a static binary", "./echo_server 8080", "./static_client 192.0.2.2 8080 hello you", {
        "server": [TCP, "...", "accept(3) ..."] + ENDED,
        "client": C_CLIENT,
    }, [HANDSHAKE + ["server: accept(3) = 4 client:*"], CONNECTED + closed('read(4, 1024) = 0 ""', "close(4)")],
         needs=["static_client"]),

    Pair("a program that asks the kernel, and talks to itself", None, "python3 netlink_client.py", {
        "client": PYTHON + ["socket(AF_NETLINK, SOCK_RAW|SOCK_CLOEXEC, NETLINK_ROUTE) = 3", "bind(3, netlink:0) = 0",
                            "send(3, {RTM_GETLINK, NLM_F_REQUEST|NLM_F_DUMP, seq 1: AF_UNSPEC}, 32) = 32",
                            "?* recv(3, 65536) = *", "close(3) = 0", "socketpair(*", "?* getsockname(*",
                            'send(*, "hello", 5) = 5', 'recv(*, 16) = 5 "hello"', "> got hello", "...", "exit 0"],
    }, text=["RTM_GETLINK dump", "RTM_NEWLINK ×2", "5 bytes"]),

    Pair("a client that looks a name up and tries each address", "./echo_server 8080", "./name_client server 8080 hello", {
        "server": ["...", "accept(3) = 4 client:*", "> client from 192.0.2.1",
                   'read(4, 1024) = 5 "hello"', 'write(4, "hello", 5) = 5', 'read(4, 1024) = 0 ""',
                   "> client gone", "close(4) = 0", "accept(3) ..."] + ENDED,
        "client": ["...", "socket(AF_INET6, SOCK_STREAM, IPPROTO_TCP) = 3", "connect(3, [server]:8080) = ECONNREFUSED",
                   "2> server: Connection refused", "close(3) = 0",
                   "socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = 3", "connect(3, server:8080) = 0",
                   'write(3, "hello", 5) = 5', "shutdown(3, SHUT_WR) = 0",
                   'read(3, 1024) = 5 "hello"', "> got hello", 'read(3, 1024) = 0 ""', "close(3) = 0", "exit 0"],
    }, ["server: listen(3, 5) = 0", "client: enter connect(3, [server]:8080)", "client: SYN", "server: RST ACK",
        "client: connect(3, [server]:8080) = ECONNREFUSED", "client: enter connect(3, server:8080)", "client: SYN",
        "server: SYN ACK", "client: ACK", "client: enter shutdown(3, SHUT_WR)", "client: FIN ACK",
        'server: read(4, 1024) = 0 ""', "server: enter close(4)", "server: FIN ACK", 'client: read(3, 1024) = 0 ""']),

    Pair("a thread for every client", "./thread_server 8080", C_CLIENT_COMMAND, {
        "server": [TCP, "bind(3, *:8080) = 0", "listen(3, 10) = 0", "accept(3) = 4", "accept(3) ..."] + ENDED,
        "server/1": ['recv(4, 1024) = 5 "hello"', 'send(4, "hello", 5) = 5', 'recv(4, 1024) = 3 "you"',
                     'send(4, "you", 3) = 3', 'recv(4, 1024) = 0 ""', "close(4) = 0"],
        "client": C_CLIENT,
    }, [HANDSHAKE + ["server: accept(3) = 4", "server/1: enter recv(4, 1024)", 'server/1: recv(4, 1024) = 0 ""'],
        CONNECTED + ["client: enter close(3)", "client: FIN ACK", 'server/1: recv(4, 1024) = 0 ""',
                     "server/1: enter close(4)", "server: FIN ACK"]]),

    Pair("a thread for each of two", "./thread_server 8080", [C_CLIENT_COMMAND] * 2, {
        "server": [TCP, "bind(3, *:8080) = 0", "listen(3, 10) = 0", "accept(3) = 4", "accept(3) = *",
                   "accept(3) ..."] + ENDED,
        "server/1": ['recv(*, 1024) = 5 "hello"', 'send(*, "hello", 5) = 5', 'recv(*, 1024) = 3 "you"',
                     'send(*, "you", 3) = 3', 'recv(*, 1024) = 0 ""', "close(*) = 0"],
        "server/2": ['recv(*, 1024) = 5 "hello"', 'send(*, "hello", 5) = 5', 'recv(*, 1024) = 3 "you"',
                     'send(*, "you", 3) = 3', 'recv(*, 1024) = 0 ""', "close(*) = 0"],
        "client": C_CLIENT,
        "client2": C_CLIENT,
    }),

    Pair("a process for every client", "./fork_server 8080", C_CLIENT_COMMAND, {
        "server": [TCP, "bind(3, *:8080) = 0", "listen(3, 10) = 0", "accept(3) = 4", "close(4) = 0",
                   "accept(3) ..."] + ENDED,
        "server/1": ["close(3) = 0", 'read(4, 1024) = 5 "hello"', 'write(4, "hello", 5) = 5',
                     'read(4, 1024) = 3 "you"', 'write(4, "you", 3) = 3', 'read(4, 1024) = 0 ""', "close(4) = 0",
                     "> served", "exit 7"],
        "client": C_CLIENT,
    }, [HANDSHAKE + ["server: accept(3) = 4", "server/1: enter read(4, 1024)"],
        CONNECTED + ["client: FIN ACK", 'server/1: read(4, 1024) = 0 ""', "server/1: enter close(4)", "server: FIN ACK",
                     "server/1: exit 7"]]),

    Pair("select()", "./select_server 8080", C_CLIENT_COMMAND, {
        "server": [TCP, "bind(3, *:8080) = 0", "listen(3, 10) = 0",
                   "*select*(4, {3}, NULL, NULL, NULL) = 1 3 to read", "accept(3) = 4",
                   "*select*(5, {3, 4}, NULL, NULL, NULL) = 1 4 to read",
                   'recv(4, 1024) = 5 "hello"', 'send(4, "hello", 5) = 5',
                   "*select*(5, {3, 4}, NULL, NULL, NULL) = 1 4 to read",
                   'recv(4, 1024) = 3 "you"', 'send(4, "you", 3) = 3',
                   "*select*(5, {3, 4}, NULL, NULL, NULL) = 1 4 to read",
                   'recv(4, 1024) = 0 ""', "close(4) = 0",
                   "*select*(5, {3}, NULL, NULL, NULL) ..."] + ENDED,
        "client": C_CLIENT,
    }, [HANDSHAKE + ["server: *select*(4, *) = 1 3 to read", "server: enter accept(3)"],
        CONNECTED + ["client: enter send(*)", "client: PSH ACK len 5", "server: *select*(5, *) = 1 4 to read",
                     "server: enter recv(4, 1024)"] + closed('recv(4, 1024) = 0 ""', "close(4)")]),

    Pair("epoll, edge-triggered, without blocking", "./epoll_server 8080", C_CLIENT_COMMAND, {
        "server": ["socket(AF_INET, SOCK_STREAM|SOCK_NONBLOCK) = 3", "bind(3, *:8080) = 0", "listen(3, 4096) = 0",
                   "epoll_create1() = 4", "epoll_ctl(4, EPOLL_CTL_ADD, 3, {EPOLLIN|EPOLLET, 3}) = 0",
                   "epoll_wait(4, 16, -1) = 1 3 EPOLLIN",
                   "accept4(3, SOCK_NONBLOCK) = 5", "epoll_ctl(4, EPOLL_CTL_ADD, 5, {EPOLLIN|EPOLLET, 5}) = 0",
                   "accept4(3, SOCK_NONBLOCK) = EAGAIN",
                   "epoll_wait(4, 16, -1) = 1 5 EPOLLIN",
                   'read(5, 1024) = 5 "hello"', 'write(5, "hello", 5) = 5',
                   # What comes meanwhile needs no other look.
                   "? read(5, 1024) = EAGAIN", "? epoll_wait(4, 16, -1) = 1 5 EPOLLIN",
                   'read(5, 1024) = 3 "you"', 'write(5, "you", 3) = 3',
                   "? read(5, 1024) = EAGAIN", "? epoll_wait(4, 16, -1) = 1 5 EPOLLIN",
                   'read(5, 1024) = 0 ""', "close(5) = 0",
                   "?* epoll_wait(4, 16, -1) = 1 5 EPOLLIN", "epoll_wait(4, 16, -1) *"] + ENDED,
        "client": C_CLIENT,
    }, [HANDSHAKE + ["server: epoll_wait(4, 16, -1) = 1 3 EPOLLIN", "server: enter accept4(3, SOCK_NONBLOCK)"],
        CONNECTED + ["client: enter send(*)", "client: PSH ACK len 5", 'server: read(5, 1024) = 5 "hello"'] +
        closed('read(5, 1024) = 0 ""', "close(5)")]),

    Pair("connections that are passed to a worker process", "./worker_server 8080", C_CLIENT_COMMAND, {
        "server": ["socketpair(AF_UNIX, SOCK_STREAM) = 0 3, 4", "close(4) = 0", "socket(AF_INET, SOCK_STREAM) = 4",
                   "bind(4, *:8080) = 0", "listen(4, 5) = 0", "accept(4) = 5",
                   'sendmsg(3, {"job", SCM_RIGHTS {5}}) = 3', "close(5) = 0", "accept(4) ..."] + ENDED,
        "server/1": ["close(3) = 0", 'recvmsg(4, 16) = 3 "job" SCM_RIGHTS {3}',
                     'read(3, 1024) = 5 "hello"', 'write(3, "hello", 5) = 5',
                     'read(3, 1024) = 3 "you"', 'write(3, "you", 3) = 3', 'read(3, 1024) = 0 ""', "close(3) = 0",
                     "recvmsg(4, 16) ..."] + ENDED,
        "client": C_CLIENT,
    }, HANDSHAKE + ["server: accept(4) = 5", "server: enter sendmsg(3, *)", "server/1: recvmsg(4, 16) = 3 *",
                    'server/1: read(3, 1024) = 5 "hello"', "server/1: enter close(3)", "server: FIN ACK"]),

    Pair("a blocking echo server in Python", "python3 echo_server.py 8080", PYTHON_CLIENT_COMMAND, {
        "server": PYTHON + [PYTHON_LISTENER, "setsockopt(3, SOL_SOCKET, SO_REUSEADDR, 1) = 0", "bind(3, *:8080) = 0",
                            "listen(3, 5) = 0", "> ready"] + PYTHON_ACCEPT +
                  ["> client from 192.0.2.1", 'recv(4, 1024) = 5 "hello"', 'send(4, "hello", 5) = 5',
                   'recv(4, 1024) = 3 "you"', 'send(4, "you", 3) = 3', 'recv(4, 1024) = 0 ""', "close(4) = 0",
                   "> client gone", "accept4(3, SOCK_CLOEXEC) ..."] + ENDED,
        "client": PYTHON_CLIENT,
    }, [HANDSHAKE + ["server: accept4(3, SOCK_CLOEXEC) = 4 client:*", "server: > client from 192.0.2.1"],
        CONNECTED +
        asked('send(3, "hello", 5)', 5, 'recv(4, 1024) = 5 "hello"') +
        answered('send(4, "hello", 5)', 5, 'recv(3, 1024) = 5 "hello"') +
        closed('recv(4, 1024) = 0 ""', "close(4)")], needs=["python3"]),

    Pair("asyncio on both sides, a client by name", "python3 asyncio_server.py 8080",
         "python3 asyncio_client.py server 8080 hello you", {
             "server": ["...", "socketpair(AF_UNIX, SOCK_STREAM|SOCK_CLOEXEC) = 0 *", "...",
                        "socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_TCP) = 6",
                        "setsockopt(6, SOL_SOCKET, SO_REUSEADDR, 1) = 0", "bind(6, *:8080) = 0", "...",
                        "listen(6, 100) = 0", "epoll_ctl(3, EPOLL_CTL_ADD, 6, {EPOLLIN, *}) = 0", "...",
                        "accept4(6, SOCK_CLOEXEC) = 7 client:*", "...", "setsockopt(7, IPPROTO_TCP, TCP_NODELAY, 1) = 0",
                        "...", "epoll_ctl(3, EPOLL_CTL_ADD, 7, {EPOLLIN, *}) = 0", "...",
                        'recv(7, *) = 6 "hello\\n"', "...", "> line hello", 'send(7, "hello\\n", 6) = 6', "...",
                        'recv(7, *) = 4 "you\\n"', "...", "> line you", 'send(7, "you\\n", 4) = 4', "...",
                        'recv(7, *) = 0 ""', "epoll_ctl(3, EPOLL_CTL_DEL, 7*) = 0", "...", "close(7) = 0",
                        "...", "killed 15"],
             "client": ["...", "socket(AF_INET6, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_TCP) = 6", "...",
                        "connect(6, [server]:8080) = EINPROGRESS", "...",
                        "getsockopt(6, SOL_SOCKET, SO_ERROR) = 0 SO_ERROR = ECONNREFUSED", "...", "close(6) = 0",
                        "socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_TCP) = 6", "...",
                        "connect(6, server:8080) = EINPROGRESS", "...",
                        "getsockopt(6, SOL_SOCKET, SO_ERROR) = 0 SO_ERROR = 0", "...",
                        'send(6, "hello\\n", 6) = 6', "...", 'recv(6, *) = 6 "hello\\n"', "...", "> got hello",
                        'send(6, "you\\n", 4) = 4', "...", 'recv(6, *) = 4 "you\\n"', "...", "> got you", "...",
                        "close(6) = 0", "...", "exit 0"],
         }, ["server: listen(*) = 0", "client: SYN", "server: RST ACK", "client: getsockopt(*) = 0 SO_ERROR = ECONNREFUSED",
             "client: enter connect(6, server:8080)", "client: SYN", "server: SYN ACK", "client: ACK",
             "client: PSH ACK len 6", 'server: recv(7, *) = 6 "hello\\n"', "client: FIN ACK", 'server: recv(7, *) = 0 ""',
             "server: enter close(7)", "server: FIN ACK"], needs=["python3"], others=True),

    Pair("selectors", "python3 selectors_server.py 8080", PYTHON_CLIENT_COMMAND, {
        "server": PYTHON + [
            "epoll_create1(EPOLL_CLOEXEC) = 3", "socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC) = 4", "bind(4, *:8080) = 0",
            "listen(4, *) = 0", "ioctl(4, FIONBIO, 1) = 0", "epoll_ctl(3, EPOLL_CTL_ADD, 4, {EPOLLIN, *}) = 0",
            "epoll_wait(3, *, -1) = 1 * EPOLLIN", "accept4(4, SOCK_CLOEXEC) = 5 client:*",
            "? getsockname(5) = 0 server:8080", "ioctl(5, FIONBIO, 1) = 0",
            "epoll_ctl(3, EPOLL_CTL_ADD, 5, {EPOLLIN, *}) = 0",
            "epoll_wait(3, *, -1) = 1 * EPOLLIN", 'recv(5, 1024) = 5 "hello"', 'send(5, "hello", 5) = 5',
            "epoll_wait(3, *, -1) = 1 * EPOLLIN", 'recv(5, 1024) = 3 "you"', 'send(5, "you", 3) = 3',
            "epoll_wait(3, *, -1) = 1 * EPOLLIN", 'recv(5, 1024) = 0 ""', "epoll_ctl(3, EPOLL_CTL_DEL, 5*) = 0",
            "close(5) = 0", "epoll_wait(3, *, -1) *"] + ENDED,
        "client": PYTHON_CLIENT,
    }, [HANDSHAKE + ["server: epoll_wait(3, *) = 1 * EPOLLIN", "server: enter accept4(4, SOCK_CLOEXEC)"],
        CONNECTED + closed('recv(5, 1024) = 0 ""', "close(5)")], needs=["python3"]),

    Pair("datagrams", "python3 udp_server.py 8080", "python3 udp_client.py 192.0.2.2 8080 hello you", {
        "server": PYTHON + ["socket(AF_INET, SOCK_DGRAM|SOCK_CLOEXEC) = 3", "bind(3, *:8080) = 0",
                            'recvfrom(3, 2048) = 5 "hello" client:*', "> asked hello",
                            'sendto(3, "HELLO", 5, 0, client:*) = 5',
                            'recvfrom(3, 2048) = 3 "you" client:*', "> asked you", 'sendto(3, "YOU", 3, 0, client:*) = 3',
                            "recvfrom(3, 2048) ..."] + ENDED,
        "client": PYTHON + ["socket(AF_INET, SOCK_DGRAM|SOCK_CLOEXEC) = 3", "ioctl(3, FIONBIO, 1) = 0",
                            "? poll({{3, POLLOUT}}, 1, *) = 1 3 POLLOUT", 'sendto(3, "hello", 5, 0, server:8080) = 5',
                            "poll({{3, POLLIN}}, 1, *) = 1 3 POLLIN", 'recvfrom(3, 2048) = 5 "HELLO" server:8080',
                            "> got HELLO",
                            "? poll({{3, POLLOUT}}, 1, *) = 1 3 POLLOUT", 'sendto(3, "you", 3, 0, server:8080) = 3',
                            "poll({{3, POLLIN}}, 1, *) = 1 3 POLLIN", 'recvfrom(3, 2048) = 3 "YOU" server:8080',
                            "> got YOU", "close(3) = 0", "exit 0"],
    }, ["server: bind(3, *:8080) = 0", "client: enter sendto(3, *)", "client: UDP len 5", "server: recvfrom(3, *) = 5 *",
        "server: enter sendto(3, *)", "server: UDP len 5", "client: recvfrom(3, *) = 5 *", "client: enter sendto(3, *)",
        "client: UDP len 3", "server: recvfrom(3, *) = 3 *", "server: UDP len 3", "client: recvfrom(3, *) = 3 *",
        "client: exit 0"], needs=["python3"]),

    Pair("a web server, and curl", "python3 http_server.py 8080", "curl -s http://server:8080/page", {
        "server": PYTHON + [
            PYTHON_LISTENER, "setsockopt(3, SOL_SOCKET, SO_REUSEADDR, 1) = 0", "...", "bind(3, *:8080) = 0", "...",
            "listen(3, 5) = 0", "?* poll({{3, POLLIN}}, 1, 500) = 0", "poll({{3, POLLIN}}, 1, 500) = 1 3 POLLIN"] +
            PYTHON_ACCEPT + [
            'recv(4, *) = * "GET /page HTTP/1.1\\r\\nHost: server:8080*', '2> 192.0.2.1 - - *"GET /page HTTP/1.1" 200 -',
            'send(4, "HTTP/1.0 200 OK\\r\\n*', 'send(4, "<h1>It works</h1>\\n", 18) = 18', "shutdown(4, SHUT_WR) = 0",
            "close(4) = 0", "?* poll({{3, POLLIN}}, 1, 500) = 0", "?* poll({{3, POLLIN}}, 1, 500) *"] + ENDED,
        "client": ["...", "connect(*, server:8080) = *", "...", 'send(*, "GET /page HTTP/1.1\\r\\n*', "...",
                   'recv(*) = * "HTTP/1.0 200 OK*', "...", "> <h1>It works</h1>", "...", "exit 0"],
    }, ["server: listen(3, 5) = 0", "client: enter connect(*, server:8080)", "client: SYN", "server: SYN ACK",
        "client: PSH ACK len *", 'server: recv(4, *) = * "GET *', "server: PSH ACK len *", "server: enter shutdown(4, SHUT_WR)",
        "server: FIN *ACK*"], needs=["python3", "curl"], others=True),

    Pair("one that forgets to close", "python3 forgetful_server.py 8080", "python3 hello_client.py 192.0.2.2 8080", {
        "server": PYTHON + [PYTHON_LISTENER, "bind(3, *:8080) = 0", "listen(3, *) = 0"] + PYTHON_ACCEPT +
                  ['send(4, "hello\\n", 6) = 6', "accept4(3, SOCK_CLOEXEC) ..."] + ENDED,
        "client": PYTHON + PYTHON_CONNECT + ['recv(3, 100) = 6 "hello\\n"', "> hello", "close(3) = 0", "exit 0"],
    }, HANDSHAKE + ["server: accept4(3, SOCK_CLOEXEC) = 4 client:*"] + answered("send(4, *)", 6, "recv(3, 100) = 6 *") +
         ["client: enter close(3)", "client: FIN ACK", "no server: FIN*", "server: * CLOSE-WAIT"], needs=["python3"]),

    Pair("one that writes on and is killed", "python3 hello_server.py 8080", "./stubborn_client 192.0.2.2 8080", {
        "server": PYTHON + [PYTHON_LISTENER, "bind(3, *:8080) = 0", "listen(3, *) = 0"] + PYTHON_ACCEPT +
                  ['send(4, "hello\\n", 6) = 6', "close(4) = 0", "accept4(3, SOCK_CLOEXEC) ..."] + ENDED,
        "client": [TCP, "connect(3, server:8080) = 0", 'read(3, 100) = 6 "hello\\n"', 'read(3, 100) = 0 ""',
                   "> the server has closed", 'write(3, "x", 1) = 1', '?* write(3, "x", 1) = 1', 'write(3, "x", 1) = EPIPE',
                   "killed 13"],
    }, ["server: enter close(4)", "server: FIN ACK", 'client: read(3, 100) = 0 ""', 'client: enter write(3, "x", 1)',
        "client: PSH ACK len 1", "server: RST", 'client: write(3, "x", 1) = EPIPE', "client: killed 13"],
         status=141, needs=["python3"], text=["SIGPIPE"]),

    Pair("lines that come at once, read right", "python3 line_lengths.py 8080",
         "python3 two_lines_client.py 192.0.2.2 8080", {
             "server": ["...", 'recv(4, 1024) = 8 "one\\ntwo\\n"', 'send(4, "3\\n", 2) = 2', 'send(4, "3\\n", 2) = 2',
                        "..."],
             "client": ["...", 'send(4, "one\\n", 4) = 4', 'send(4, "two\\n", 4) = 4', "close(3) = 0",
                        "shutdown(4, SHUT_WR) = 0", "...", "> answers 3 3", "close(4) = 0", "exit 0"],
         }, needs=["python3"]),

    Pair("lines that come at once, taken for one", "python3 line_lengths_wrong.py 8080",
         "python3 two_lines_client.py 192.0.2.2 8080", {
             "server": PYTHON + [PYTHON_LISTENER, "setsockopt(3, SOL_SOCKET, SO_REUSEADDR, 1) = 0", "bind(3, *:8080) = 0",
                                 "listen(3, *) = 0"] + PYTHON_ACCEPT + ['recv(4, 1024) = 0 ""', "close(4) = 0"] +
                       PYTHON_ACCEPT + ['recv(4, 1024) = 8 "one\\ntwo\\n"', 'send(4, "7\\n", 2) = 2',
                                        'recv(4, 1024) = 0 ""', "close(4) = 0", "accept4(3, SOCK_CLOEXEC) ..."] + ENDED,
             "client": PYTHON + PYTHON_CONNECT + [
                 "socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_TCP) = 4", "connect(4, server:8080) = 0",
                 "setsockopt(4, IPPROTO_TCP, TCP_NODELAY, 1) = 0", 'send(4, "one\\n", 4) = 4', 'send(4, "two\\n", 4) = 4',
                 "close(3) = 0", "shutdown(4, SHUT_WR) = 0", 'recv(4, *) = 2 "7\\n"', 'recv(4, *) = 0 ""',
                 "> answers 7", "close(4) = 0", "exit 0"],
         }, ["client: PSH ACK len 4", "client: PSH ACK len 4", "client: FIN ACK", 'server: recv(4, 1024) = 0 ""',
             'server: recv(4, 1024) = 8 "one\\ntwo\\n"', "server: PSH ACK len 2"], needs=["python3"]),

    Pair("a line that comes in pieces, each taken for one", "python3 line_lengths_wrong.py 8080",
         "python3 long_line_client.py 192.0.2.2 8080", {
             "server": PYTHON + [PYTHON_LISTENER, "setsockopt(3, SOL_SOCKET, SO_REUSEADDR, 1) = 0", "bind(3, *:8080) = 0",
                                 "listen(3, *) = 0"] + PYTHON_ACCEPT +
                       ['recv(4, 1024) = 1024 "xxx*', 'send(4, "1024\\n", 5) = 5', "...", 'recv(4, 1024) = 0 ""',
                        "close(4) = 0", "accept4(3, SOCK_CLOEXEC) ..."] + ENDED,
             "client": PYTHON + PYTHON_CONNECT + ['send(3, "xxx*, 6001) = 6001', "shutdown(3, SHUT_WR) = 0",
                                                  "...", "> answers 1024 *", "close(3) = 0", "exit 0"],
         }, ["client: enter send(3, *)", "client: ACK len 1448", "server: recv(4, 1024) = 1024 *"], needs=["python3"]),

    Pair("a line that comes in pieces, read right", "python3 line_lengths.py 8080",
         "python3 long_line_client.py 192.0.2.2 8080", {
             "server": ["...", 'recv(4, 1024) = 1024 "xxx*', "?* recv(4, 1024) = *", 'send(4, "6000\\n", 5) = 5',
                        'recv(4, 1024) = 0 ""', "..."],
             "client": ["...", "> answers 6000", "close(3) = 0", "exit 0"],
         }, needs=["python3"]),

    Pair("one that only its own machine can reach", "python3 local_server.py 8080",
         "python3 echo_client.py 192.0.2.2 8080 hello", {
             "server": PYTHON + [PYTHON_LISTENER, "bind(3, 127.0.0.1:8080) = 0", "listen(3, *) = 0",
                                 "accept4(3, SOCK_CLOEXEC) ..."] + ENDED,
             "client": PYTHON + ["socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_TCP) = 3",
                                 "connect(3, server:8080) = ECONNREFUSED", "close(3) = 0", "?* 2> *",
                                 "2> ConnectionRefusedError: * Connection refused", "exit 1"],
         }, ["server: listen(3, *) = 0", "client: enter connect(3, server:8080)", "client: SYN", "server: RST ACK",
             "client: connect(3, server:8080) = ECONNREFUSED", "client: exit 1"], status=1, needs=["python3"],
         text=["ECONNREFUSED", "--loopback"]),

    Pair("the same, on one host", "python3 local_server.py 8080", "python3 echo_client.py localhost 8080 hello", {
        "server": PYTHON + [PYTHON_LISTENER, "bind(3, 127.0.0.1:8080) = 0", "listen(3, *) = 0",
                            "accept4(3, SOCK_CLOEXEC) = 4 127.0.0.1:*", "? getsockname(4) = 0 127.0.0.1:8080",
                            'recv(4, 1024) = 5 "hello"', 'send(4, "hello", 5) = 5', "close(4) = 0",
                            "accept4(3, SOCK_CLOEXEC) ..."] + ENDED,
        "client": ["...", "connect(3, 127.0.0.1:8080) = 0", 'send(3, "hello", 5) = 5', 'recv(3, 1024) = 5 "hello"',
                   "> got hello", "close(3) = 0", "exit 0"],
    }, ["server: listen(3, *) = 0", "client: enter connect(3, 127.0.0.1:8080)", "client: SYN", "server: SYN ACK",
        "client: ACK", "client: PSH ACK len 5", 'server: recv(4, 1024) = 5 "hello"',
        "server: PSH ACK len 5", 'client: recv(3, 1024) = 5 "hello"', "client: FIN ACK"], needs=["python3"],
         options=["--loopback"]),

    Pair("a script that starts both", None, [], {
        "client": ["exit 0"],
    }, [["client/*: listen(3, 5) = 0", "client/*: enter accept(3)", "client/*: accept(3) = 4 127.0.0.1:*",
         'client/*: read(4, 1024) = 5 "hello"', "client/*: killed 15"],
        ["client/*: listen(3, 5) = 0", "client/*: enter connect(3, 127.0.0.1:8080)", "*: SYN", "*: SYN ACK",
         "client/*: connect(3, 127.0.0.1:8080) = 0", "*: PSH ACK len 5", 'client/*: read(4, 1024) = 5 "hello"',
         'client/*: recv(3, 1023) = 5 "hello"', "client/*: > got hello", "client/*: exit 0", "client: exit 0"]],
         command=["./both.sh", "8080"], others=True),

    Pair("Node", "node echo_server.js 8080", "node echo_client.js 192.0.2.2 8080 hello", {
        "server": ["...", "socket(AF_INET, SOCK_STREAM|SOCK_NONBLOCK|SOCK_CLOEXEC) = *", "...", "bind(*, *:8080) = 0", "...",
                   "listen(*, 511) = 0", "...", "epoll_*wait(*) = 1 * EPOLLIN", "...",
                   "accept4(*, SOCK_NONBLOCK|SOCK_CLOEXEC) = *", "...", 'read(*) = 5 "hello"', "...",
                   'write(*, "hello", 5) = 5', "...", 'read(*) = 0 ""', "...", "close(*) = 0", "...", "killed 15"],
        "client": ["...", "connect(*, server:8080) = EINPROGRESS", "...", "epoll_*wait(*) = 1 * EPOLLOUT*", "...",
                   "getsockopt(*, SOL_SOCKET, SO_ERROR) = 0 SO_ERROR = 0", "...", 'write(*, "hello", 5) = 5', "...",
                   'read(*) = 5 "hello"', "...", "> got hello", "...", "shutdown(*, SHUT_WR) = 0", "...", "exit 0"],
    }, HANDSHAKE + ["client: PSH ACK len 5", "server: PSH ACK len 5", "client: enter shutdown(*, SHUT_WR)", "client: FIN ACK",
                    'server: read(*) = 0 ""', "server: FIN ACK"], needs=["node"], others=True),

    Pair("Java", "java -cp classes EchoServer 8080", "java -cp classes EchoClient 192.0.2.2 8080 hello", {
        "server/1": ["...", "bind(*:8080) = 0", "...", "listen(*, 50) = 0", "...", "> ready", "...", "accept*(*) = * *:*",
                     "...", 're*(*, 1024*) = 5 "hello"', "...", '*(*, "hello", 5*) = 5', "...", 're*(*, 1024*) = 0 ""',
                     "...", "close(*) = 0", "..."],
        "client/1": ["...", "connect(*:8080) = 0", "...", '*(*, "hello", 5*) = 5', "...", 're*(*, 1024*) = 5 "hello"',
                     "...", "> got hello", "...", "close(*) = 0", "..."],
    }, ["server/1: listen(*) = 0", "client/1: enter connect(*:8080)", "client: SYN", "server: SYN ACK", "client: ACK",
        "client: PSH ACK len 5", "server: PSH ACK len 5", "client: FIN ACK", "server: FIN ACK", "server: exit 143"],
         needs=["java", "classes"], others=True),

    Pair("Rust", "./echo_server_rs 8080", "./echo_client_rs 192.0.2.2:8080 hello", {
        "server": ["...", "socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC) = 3", "setsockopt(3, SOL_SOCKET, SO_REUSEADDR, 1) = 0",
                   "bind(3, *:8080) = 0", "listen(3, *) = 0", "accept4(3, SOCK_CLOEXEC) = 4 client:*",
                   're*(4, 1024) = 5 "hello"', '*(4, "hello", 5*) = 5', 're*(4, 1024) = 0 ""', "? fcntl(4, F_GETFD) = *",
                   "close(4) = 0", "accept4(3, SOCK_CLOEXEC) ..."] + ENDED,
        "client": ["...", "socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC) = 3", "connect(3, server:8080) = 0",
                   '*(3, "hello", 5*) = 5', 're*(3, 1024) = 5 "hello"', "> got hello", "? fcntl(3, F_GETFD) = *",
                   "close(3) = 0", "exit 0"],
    }, [HANDSHAKE + ["server: accept4(3, SOCK_CLOEXEC) = 4 client:*"], CONNECTED + closed('re*(4, 1024) = 0 ""', "close(4)")],
         needs=["echo_server_rs"]),

    # The Go runtime moves goroutines between its threads: only the story is sure.
    Pair("Go", "./echo_server_go 8080", "./echo_client_go 192.0.2.2:8080 hello", {},
         ["server*: socket(AF_INET, SOCK_STREAM|SOCK_NONBLOCK|SOCK_CLOEXEC*) = *", "server*: bind(*, *:8080) = 0",
          "server*: listen(*) = 0", "client*: enter connect(*, server:8080)", "client: SYN", "server: SYN ACK",
          "client: ACK", "server*: accept4(*, SOCK_NONBLOCK|SOCK_CLOEXEC) = * client:*",
          "client: PSH ACK len 5", "server: PSH ACK len 5", "client*: > got hello", "client: FIN ACK", "client: exit 0"],
         needs=["echo_server_go"], others=True),
]

# The wire is unkind to them, by lab files: lanes and story of what they record.
LABS = [
    Pair("hold_syn.lab", None, [], {"client": [TCP, "connect(3, server:8080) = 0", 'send(3, "hello", 5) = 5',
                                               'recv(3, 1023) = 5 "hello"', "> got hello", "close(3) = 0", "exit 0"]},
         [["client: enter connect(3, server:8080)", "client: SYN", "wire: held client SYN", "no server: SYN ACK",
           "wire: released client SYN", "server: SYN ACK", "client: connect(3, server:8080) = 0"],
          ["wire: released client SYN", "server: SYN ACK", "client: ACK", "server: accept(3) = 4 client:*"]], others=True),
    Pair("lose_third.lab", None, [], {"client": [TCP, "connect(3, server:8080) = 0", 'send(3, "hello", 5) = 5',
                                                 'recv(3, 1023) = 5 "hello"', "> got hello", "close(3) = 0", "exit 0"]},
         ["client: SYN", "client: ACK", "client: PSH ACK len 5", "wire: held client PSH ACK len 5",
          "wire: dropped client PSH ACK len 5", "no server: read(4, 1024) = *", "client: PSH ACK len 5 again",
          'server: read(4, 1024) = 5 "hello"', 'client: recv(3, 1023) = 5 "hello"'], others=True),
    Pair("cut.lab", None, [], {}, [
        "client: > got before", 'client: enter send(3, "while it is cut\\n", 16)', "client: PSH ACK len 16",
        "client: PSH ACK len 16 again", 'server: read(4, 1024) = 16 "while it is cut\\n"', "client: > got while it is cut",
        "client: close(3) = 0"], needs=["python3"], others=True),
    Pair("cut_udp.lab", None, [], {
        "server": PYTHON + ["socket(AF_INET, SOCK_DGRAM|SOCK_CLOEXEC) = 3", "bind(3, *:8080) = 0",
                            "recvfrom(3, 2048) ..."] + ENDED,
        "client": PYTHON + ["socket(AF_INET, SOCK_DGRAM|SOCK_CLOEXEC) = 3", "ioctl(3, FIONBIO, 1) = 0",
                            "? poll({{3, POLLOUT}}, 1, *) = 1 3 POLLOUT", 'sendto(3, "hello", 5, 0, server:8080) = 5',
                            "poll({{3, POLLIN}}, 1, *) = 0", "> no answer", "...", "exit 1"],
    }, ["client: UDP len 5", "wire: dropped client UDP len 5"], needs=["python3"]),
    Pair("chat.lab", None, [], {
        "anna": PYTHON + PYTHON_CONNECT + ['send(3, "anna", 4) = 4', 'send(3, "good morning\\n", 13) = 13',
                                           "shutdown(3, SHUT_RDWR) = 0", "? close(3) = 0", "exit 0"],
        "anna/1": ['recv(3, *) = 7 "1 here\\n"', "> 1 here", 'recv(3, *) = 11 "ben joined\\n"', "> ben joined",
                   'recv(3, *) = 12 "cleo joined\\n"', "> cleo joined", 'recv(3, *) = 9 "ben left\\n"', "> ben left",
                   'recv(3, *) = 10 "cleo: eof\\n"', "> cleo: eof", 'recv(3, *) = 10 "cleo left\\n"', "> cleo left",
                   "..."],
        "ben": PYTHON + PYTHON_CONNECT + ['send(3, "ben", 3) = 3', "shutdown(3, SHUT_RDWR) = 0", "? close(3) = 0",
                                          "exit 0"],
        "cleo/1": ["...", "> 3 here", "...", "> anna: good morning", "...", "> ben left", "..."],
        "server": ["...", "pselect6(7, {3, 4, 5, 6}, NULL, NULL, NULL) = 1 4 to read",
                   'recv(4, 1000) = 13 "good morning\\n"', "> anna: good morning", 'send(5, "anna: good morning\\n", 19) = 19',
                   'send(6, "anna: good morning\\n", 19) = 19',
                   "pselect6(7, {3, 4, 5, 6}, NULL, NULL, NULL) = 1 5 to read", 'recv(5, 1000) = 0 ""', "> ben left",
                   "close(5) = 0", "..."],
    }, ['anna: enter send(3, "good morning\\n", 13)', "client: PSH ACK len 13", "server: recv(4, 1000) = 13 *",
        "server: > anna: good morning", "server: enter send(5, *)", "server: PSH ACK len 19",
        "ben/1: > anna: good morning"], needs=["python3"], others=True),
]

# Exercises: a right program passes, a wrong one fails for this reason.
GRADES = [
    ("line_lengths.lab", "line_lengths.py", "line_lengths_wrong.py",
     'line_lengths.lab:15: "client> recv(c, 2) -> "3\\n"" gave something else; recv(3, 2) = 2 "9\\n"'),
    ("hello.lab", "hello_server.py", "forgetful_server.py",
     'hello.lab:9: "expect within 2s call server close 4 -> 0" did not come true in time; server made no such call'),
]
