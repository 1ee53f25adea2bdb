"""One form for a call that strace wrote down and for one that we recorded, so that the two can be compared as text.

What cannot be the same in two runs is "*": the ports that the kernel chose.  Of data the first 32 bytes count, which we
keep of what is sent; send() and recv() are the system calls sendto() and recvfrom()."""
import re
import struct

KEPT = 32
EPHEMERAL = 32768
SYSTEM_CALL = {"send": "sendto", "recv": "recvfrom"}
LEVEL = {"SOL_TCP": "IPPROTO_TCP", "SOL_IP": "IPPROTO_IP", "SOL_IPV6": "IPPROTO_IPV6", "SOL_UDP": "IPPROTO_UDP"}
SOCKTYPE = {"SOCK_STREAM": "1", "SOCK_DGRAM": "2"}
NO_PROTOCOL = ("IPPROTO_IP", "NETLINK_ROUTE", "0", "")
ESCAPE = {"n": 10, "t": 9, "r": 13, "v": 11, "f": 12, "a": 7, "b": 8, "e": 27}


def split(text):
    """At the commas that are in no bracket and no string."""
    parts, depth, start, i, quoted = [], 0, 0, 0, False
    while i < len(text):
        c = text[i]
        if quoted:
            i += c == "\\"
            quoted = c != '"'
        elif c == '"':
            quoted = True
        elif c in "([{":
            depth += 1
        elif c in ")]}":
            depth -= 1
        elif c == "," and depth == 0:
            parts.append(text[start:i].strip())
            start = i + 1
        i += 1
    last = text[start:].strip()
    return parts + [last] if parts or last else []


def octets(text):
    """A string as C has it, or several: their bytes."""
    out = bytearray()
    for inside in re.findall(r'"((?:[^"\\]|\\.)*)"', text, re.DOTALL):
        for hexa, octal, other, plain in re.findall(r"\\x([0-9a-fA-F]{1,2})|\\([0-7]{1,3})|\\(.)|(.)", inside, re.DOTALL):
            if hexa:
                out.append(int(hexa, 16))
            elif octal:
                out.append(int(octal, 8) & 255)
            elif other:
                out.append(ESCAPE.get(other, ord(other) & 255))
            else:
                out += plain.encode()
    return bytes(out)


def data(text):
    return repr(octets(text)[:KEPT])


def flags(text):
    """In one order; numbers for which there are no names as one."""
    words = [word for word in text.split("|") if not word[:1].isdigit()]
    number = sum(int(word, 0) for word in text.split("|") if word[:1].isdigit())
    return "|".join(sorted(words) + [str(number)] if number or not words else sorted(words))


def endpoint(host, port):
    return "%s:%s" % (host, "*" if port.isdigit() and int(port) >= EPHEMERAL else port)


def numbers(text):
    return re.findall(r"-?\d+", text)


def option(text):
    """The value of an option: its numbers, or the name of an error."""
    if text.startswith('"'):    # a struct timeval that strace does not know for one
        return list(map(str, struct.unpack("@ll", octets(text))))
    return numbers(SOCKTYPE.get(text.strip("[]"), text)) or text.strip("[]")


def unpadded(args):
    """Without the flags at the end that are 0, which we do not write."""
    args = [flags(a) if re.match(r"[A-Z0-9]", a) else a for a in args]
    while args and args[-1] == "0":
        args.pop()
    return args


class Form:
    """Puts a call together: its name, its fixed arguments, its result, and what it gave."""

    def __init__(self, name, *parts):
        self.name, self.parts = SYSTEM_CALL.get(name, name), parts

    def text(self, result, gave=""):
        return "%s(%s) = %s%s" % (self.name, ", ".join(map(str, self.parts)), result, " " + gave if gave else "")


# ---- ours ----

def our_addr(text):
    if not text or text.startswith(("unix:", "AF_")):
        return text
    text = text.replace("localhost", "127.0.0.1")
    host, _, port = text.rpartition(":")
    return endpoint(host, port)


def our_wait(call, args, out, result, *fixed):
    """poll(), select() and epoll: fixed arguments, and the list of what is ready."""
    ready = " ".join("%d:%s" % (int(n, 0) & 0xffffffff, flags(f))
                     for n, f in re.findall(r"(0x[0-9a-f]+|\d+) ([A-Z|]+)", out.get("ready", "")))
    return Form(call.name, *fixed).text(result, ready)


def ours(call):
    """One of record.Call."""
    args, out, name = list(call.args.values()), call.out, SYSTEM_CALL.get(call.name, call.name)
    result = "..." if call.result is None else call.error or str(call.result)
    good = call.error is None and call.result is not None
    at = lambda i: args[i] if i < len(args) else "0"
    addr_out = our_addr(out.get("from", out.get("address", ""))) if good else ""
    if name == "socket":
        protocol = at(2)
        return Form(name, at(0), flags(at(1)), "0" if protocol in NO_PROTOCOL else protocol).text(result)
    if name == "socketpair":
        return Form(name, at(0), flags(at(1))).text(result, " ".join(numbers(out.get("descriptors", ""))))
    if name in ("bind", "connect"):
        return Form(name, at(0), our_addr(at(1))).text(result)
    if name in ("accept", "accept4"):
        return Form(name, at(0), flags(at(1))).text(result, addr_out)
    if name in ("getsockname", "getpeername"):
        return Form(name, at(0)).text(result, addr_out)
    if name in ("sendto", "write"):
        text, length = re.match(r"(.*), (\d+)$", at(1), re.DOTALL).groups()
        return Form(name, at(0), data(text), length, flags(at(2)), our_addr(args[3]) if len(args) > 3 else "").text(result)
    if name in ("recvfrom", "read"):
        return Form(name, at(0), at(1), flags(at(2))).text(result, (data(out.get("data", "")) if good else "") +
                                                           (" " + addr_out if addr_out else ""))
    if name == "sendmsg":
        rights = numbers(" ".join(re.findall(r"SCM_RIGHTS \{([^}]*)\}", at(1))))
        return Form(name, at(0), data(re.sub(r"SCM_.*", "", at(1))), rights, flags(at(2))).text(result)
    if name == "recvmsg":
        rights = numbers(" ".join(re.findall(r"SCM_RIGHTS \{([^}]*)\}", out.get("control", ""))))
        return Form(name, at(0), flags(at(2))).text(result, "%s %s" % (data(out.get("data", "")), rights) if good else "")
    if name == "setsockopt":
        return Form(name, *args[:3], option(at(3))).text(result)
    if name == "getsockopt":
        return Form(name, *args[:3]).text(result, str(option(out["value"].partition(" = ")[2])) if good else "")
    if name in ("writev", "sendmmsg"):
        return Form(name, at(0), data(at(1)), flags(at(2))).text(result, str(numbers(out.get("sent", ""))))
    if name in ("readv", "recvmmsg"):
        room, count = at(1).rsplit(",", 1)
        gave = data(out.get("data", out.get("messages", ""))) if good else ""
        return Form(name, at(0), numbers(room), count.strip(), flags(at(2))).text(result, gave)
    if name in ("poll", "ppoll"):
        fds = " ".join("%s:%s" % (n, flags(f)) for n, f in re.findall(r"\{(\d+), ([A-Z|0]+)\}", at(0)))
        return our_wait(call, args, out, result, fds, numbers(at(1)))
    if name in ("select", "pselect6"):
        ready = re.findall(r"(\d+) to (\w+)", out.get("ready", ""))
        sets = ["NULL" if a == "NULL" else " ".join(numbers(a)) for a in args[1:4]]
        return Form("select", at(0), *sets, numbers(at(4))).text(result, " ".join(n + ":" + how for n, how in ready))
    if name == "epoll_create1":
        return Form(name, flags(at(0))).text(result)
    if name == "epoll_ctl":
        event = "" if at(1) == "EPOLL_CTL_DEL" else flags(re.sub(r"[{}]|,.*", "", at(3)))
        return Form(name, *args[:3], event).text(result)
    if name.startswith("epoll_") and "wait" in name:
        return our_wait(call, args, out, result, *args[:3])
    if name == "fcntl":
        return Form(name, at(0), at(1), flags(at(2))).text(result)
    if name == "ioctl":
        value = at(2) if len(args) > 2 else out.get("value", "").partition(" = ")[2]
        return Form(name, at(0), at(1), value).text(result)
    return Form(name, *unpadded(args)).text(result)


# ---- strace's ----

def plain(text):
    """A descriptor without what strace -y writes behind it; no remarks."""
    return re.sub(r"(\d+)<[^<>]*>", r"\1", re.sub(r" ?/\*.*?\*/", "", text))


def strace_addr(text):
    m = re.search(r'sin_port=htons\((\d+)\), sin_addr=inet_addr\("([^"]*)"\)', text)
    if m:
        return endpoint("*" if m[2] == "0.0.0.0" else m[2], m[1])
    m = re.search(r'sin6_port=htons\((\d+)\).*inet_pton\(AF_INET6, "([^"]*)"', text)
    if m:
        return endpoint("[%s]" % m[2], m[1])
    m = re.search(r'sa_family=AF_UNIX(?:, sun_path=(@?)"([^"]*)")?', text)
    if m:
        return "unix:%s%s" % (m[1] or "", m[2] or "")
    m = re.search(r"sa_family=(AF_\w+)", text)
    return m[1] if m else ""


def rights(text):
    return numbers(" ".join(re.findall(r"cmsg_type=SCM_RIGHTS, cmsg_data=\[([^\]]*)\]", text)))


def strace(name, args, result, note):
    """A call from its text: its args, plain() and split; note is what stands behind the result."""
    at = lambda i: args[i] if i < len(args) else "0"
    good = result not in ("...", "") and not result.startswith("E")
    if name == "socket":
        return Form(name, at(0), flags(at(1)), "0" if at(2) in NO_PROTOCOL else at(2)).text(result)
    if name == "socketpair":
        return Form(name, at(0), flags(at(1))).text(result, " ".join(numbers(at(3))) if good else "")
    if name in ("bind", "connect"):
        return Form(name, at(0), strace_addr(at(1))).text(result)
    if name in ("accept", "accept4"):
        return Form(name, at(0), flags(at(3))).text(result, strace_addr(at(1)) if good else "")
    if name in ("getsockname", "getpeername"):
        return Form(name, at(0)).text(result, strace_addr(at(1)) if good else "")
    if name in ("sendto", "write"):
        return Form(name, at(0), data(at(1)), at(2), flags(at(3)), strace_addr(at(4))).text(result)
    if name in ("recvfrom", "read"):
        addr = strace_addr(at(4)) if good else ""
        return Form(name, at(0), at(2), flags(at(3))).text(result, (data(at(1)) if good else "") + (" " + addr if addr else ""))
    if name == "sendmsg":
        return Form(name, at(0), data(" ".join(re.findall(r'iov_base=("(?:[^"\\]|\\.)*")', at(1)))), rights(at(1)),
                    flags(at(2))).text(result)
    if name == "recvmsg":
        bytes_ = data(" ".join(re.findall(r'iov_base=("(?:[^"\\]|\\.)*")', at(1))))
        return Form(name, at(0), flags(at(2))).text(result, "%s %s" % (bytes_, rights(at(1))) if good else "")
    if name in ("setsockopt", "getsockopt"):
        which = str(int(at(2), 0)) if at(2)[:1].isdigit() else at(2).replace("_OLD", "")
        form = (name, at(0), LEVEL.get(at(1), at(1)), which)
        if name == "setsockopt":
            return Form(*form, option(at(3))).text(result)
        return Form(*form).text(result, str(option(at(3))) if good else "")
    if name in ("writev", "sendmmsg"):
        return Form(name, at(0), data(at(1)), flags(at(3))).text(result, str(re.findall(r"msg_len=(\d+)", at(1))))
    if name in ("readv", "recvmmsg"):
        return Form(name, at(0), re.findall(r"iov_len=(\d+)", at(1)), at(2), flags(at(3))).text(result, data(at(1)) if good else "")
    if name in ("poll", "ppoll"):
        fds = " ".join("%s:%s" % (n, flags(f)) for n, f in re.findall(r"fd=(\d+), events=([A-Z|0]+)", at(0)))
        ready = " ".join("%s:%s" % (n, flags(f)) for n, f in re.findall(r"fd=(\d+), revents=([A-Z|]+)", note))
        return Form(name, fds, numbers(at(2))).text(result, ready)
    if name in ("select", "pselect6"):
        sets = ["NULL" if a == "NULL" else " ".join(numbers(a)) for a in args[1:4]]
        words = {"in": "read", "out": "write", "except": "except"}
        ready = [n + ":" + words[how] for how, ns in re.findall(r"(in|out|except) \[([^\]]*)\]", note) for n in numbers(ns)]
        return Form("select", at(0), *sets, numbers(at(4))).text(result, " ".join(ready))
    if name == "epoll_create1":
        return Form(name, flags(at(0))).text(result)
    if name == "epoll_ctl":
        events = re.search(r"events=([A-Z|]+)", at(3))
        event = "" if at(1) == "EPOLL_CTL_DEL" or not events else flags(events[1])
        return Form(name, *args[:3], event).text(result)
    if name.startswith("epoll_") and "wait" in name:
        ready = " ".join("%s:%s" % (n, flags(f)) for f, n in re.findall(r"events=([A-Z|]+), data=\{u32=(\d+)", at(1)))
        return Form(name, at(0), at(2), at(3)).text(result, ready if good else "")
    if name == "fcntl":
        return Form(name, at(0), at(1), flags(at(2))).text(str(int(result, 0)) if good else result)
    if name == "ioctl":
        return Form(name, at(0), at(1), at(2).strip("[]")).text(result)
    return Form(name, *unpadded(args)).text(result)
