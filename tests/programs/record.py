"""What a recording says that programs did, as lines, and whether it is what they are known to do.

A lane is one thread of one program: "server", "server/1" for its second thread or child.  Its lines are, in order,

    connect(3, server:8080) = 0         a call that came back: its arguments, its result, an error's name, what it gave
    accept(3) ...                       one that had not come back at the end
    > hello                             a line that it printed; "2> hello" to its standard error
    exit 0, killed 15                   its end; "exec COMMAND" where it became another program

and the story is those of all lanes with the packets between them, in the order of time, each with its lane in front:

    client: enter connect(3, server:8080)
    client: SYN
    server: SYN ACK
    client: connect(3, server:8080) = 0
    client: PSH ACK len 5               or UDP len 5, ICMP; "again" behind it where it is a retransmission
    server: 4 CLOSE-WAIT                a state of the socket behind a descriptor
    wire: held client SYN               what became of a packet; also dropped, released

A pattern is such a line, in which "*" stands for anything.
"""
import collections
import errno
import json
import re
import subprocess


def pattern(text):
    return re.compile("".join(".*" if part == "*" else re.escape(part) for part in re.split(r"(\*)", text)) + r"\Z",
                      re.DOTALL)


def matches(text, line):
    return pattern(text).match(line) is not None


class Call:
    """A call of one thread, with what came of it if it came back."""

    def __init__(self, lane, event):
        self.lane, self.name, self.fd = lane, event["name"], event["fd"]
        self.args, self.entered_ns = event["arg"], event["time_ns"]
        self.result = self.error = None
        self.out = {}

    def returned(self, event):
        self.result, self.out = event["result"], event["out"]
        self.error = errno.errorcode.get(event["errno"], str(event["errno"])) if event["errno"] else None

    def given(self):
        return "%s(%s)" % (self.name, ", ".join(self.args.values()))

    def text(self):
        if self.result is None:
            return self.given() + " ..."
        words = [self.given(), "=", self.error if self.error else str(self.result)]
        return " ".join(words + [text for text in self.out.values()])


class Record:
    def __init__(self, socklens, path, cwd=None):
        shown = subprocess.run([socklens, "show", path, "--json"], capture_output=True, text=True, errors="replace",
                               timeout=60, cwd=cwd)
        if shown.returncode:
            raise RuntimeError("show --json: " + shown.stderr.strip())
        self.events = [json.loads(line) for line in shown.stdout.splitlines()]
        self.calls, self.lanes, self.story = [], collections.defaultdict(list), []
        self.notes = []
        self.packet, self.open = {}, {}
        for event in self.events:
            getattr(self, "on_" + event["kind"], lambda e: None)(event)
        for call in self.open.values():
            self.lanes[call.lane].append(call.text())
        for event in self.events:    # behind what had not come back: the end of the thread
            if event["kind"] == "program" and event["change"] in ("exited", "killed"):
                self.add_end(event)

    @staticmethod
    def lane_of(event):
        return event["program"] + ("/%d" % event["thread"] if event["thread"] else "")

    def add(self, lane, line):
        self.lanes[lane].append(line)
        self.story.append(lane + ": " + line)

    def add_end(self, event):
        """The end of a program's first process is told once more when the last of its others has ended."""
        lines = self.lanes[self.lane_of(event)]
        if event["status"] >= 0 and not (lines and re.match(r"(exit|killed) \d+$", lines[-1])):
            lines.append("%s %d" % ("exit" if event["change"] == "exited" else "killed", event["status"]))

    def on_call(self, event):
        call = Call(self.lane_of(event), event)
        self.calls.append(call)
        self.open[event["call"]] = call
        self.story.append("%s: enter %s" % (call.lane, call.given()))

    def on_return(self, event):
        call = self.open.pop(event["call"])
        call.returned(event)
        self.add(call.lane, call.text())

    def on_output(self, event):
        self.add(self.lane_of(event), ("> " if event["fd"] == 1 else "2> ") + event["text"])

    def on_program(self, event):
        lane = self.lane_of(event)
        if event["change"] == "executed":
            self.add(lane, "exec " + event["command"])
        elif event["change"] == "started":
            self.lanes.setdefault(lane, [])
        else:
            self.story.append("%s: %s %d" % (lane, "exit" if event["change"] == "exited" else "killed",
                                             event["status"]))

    def on_packet(self, event):
        protocol = {1: "ICMP", 6: event.get("flags"), 17: "UDP", 58: "ICMP"}.get(event.get("protocol"), "?")
        length = event.get("payload_len") if event.get("protocol") in (6, 17) else 0
        text = protocol + (" len %d" % length if length else "")
        host = event.get("host", "?")
        self.packet[event["number"]] = "%s %s" % (host, text)
        again = any("retransmission" in v for v in event.get("verdicts", []))
        self.story.append("%s: %s%s" % (host, text, " again" if again else ""))

    def on_wire(self, event):
        self.story.append("wire: %s %s" % (event["fate"], self.packet.get(event["packet"], "?")))

    def on_state(self, event):
        if event["state"] != event["old"]:
            fd = event["fd"] if event["fd"] >= 0 else "-"
            self.story.append("%s: %s %s" % (event.get("host", "?"), fd, event["state"]))

    def on_note(self, event):
        self.notes.append(event["text"])

    def inconsistent(self):
        """What no program can have done: texts."""
        wrong, inside = [], {}
        for before, event in zip([None] + self.events, self.events):
            if before and event["time_ns"] < before["time_ns"]:
                wrong.append("not in the order of time: " + event["text"])
            lane = self.lane_of(event) if "program" in event else None
            if event["kind"] == "call":
                if lane in inside:
                    wrong.append("%s is in two calls: %s" % (lane, event["text"]))
                inside[lane] = event["call"]
            elif event["kind"] == "return" and inside.pop(lane, None) != event["call"]:
                wrong.append("%s comes back from a call it is not in: %s" % (lane, event["text"]))
        ended = {e["pid"] for e in self.events if e["kind"] == "program" and e["change"] in ("exited", "killed")}
        return wrong + ["process %d did not end" % pid for pid in sorted(self.pids() - ended)]

    def pids(self):
        """Of the processes of programs, but for the built-in ones."""
        return {e["pid"] for e in self.events if e["kind"] == "program" and e["change"] == "started" and e["command"]}

    def lane_differs(self, lane, expected):
        """None, or what is not as expected.  In an expected list "? LINE" may be missing, "?* LINE" may come any number
        of times, and "..." stands for any lines."""
        lines = self.lanes.get(lane)
        if lines is None:
            return "there is no lane %s, only %s" % (lane, ", ".join(sorted(self.lanes)) or "none")
        reached, best = {0}, 0    # how many lines those patterns can have taken
        for number, text in enumerate(expected):
            reached = self.step(text, reached, lines)
            if not reached:
                return "%s, behind %d lines: expected %r, seen %r; all of it:\n  %s" % (
                    lane, best, text, lines[best] if best < len(lines) else "its end", "\n  ".join(lines))
            best = max(reached)
        if len(lines) not in reached:
            return "%s: more than was expected: %r; all of it:\n  %s" % (lane, lines[best], "\n  ".join(lines))
        return None

    @staticmethod
    def step(text, reached, lines):
        if text == "...":
            return set(range(min(reached), len(lines) + 1))
        least, most, line = 1, 1, text
        if text.startswith("?"):
            head, line = text.split(" ", 1)
            least, most = 0, 1 if head == "?" else len(lines)
        rule, after = pattern(line), set()
        for at in reached:
            taken = 0
            if least == 0:
                after.add(at)
            while taken < most and at + taken < len(lines) and rule.match(lines[at + taken]):
                taken += 1
                after.add(at + taken)
        return after

    def story_differs(self, expected):
        """None, or what does not come in this order; other lines may be between.  "no LINE": not before the next one.
        Where two sides do things at the same time there are several such lists."""
        if expected and not isinstance(expected[0], str):
            return next(filter(None, map(self.story_differs, expected)), None)
        at, unwanted = 0, []
        for text in expected:
            if text.startswith("no "):
                unwanted.append(text[3:])
                continue
            rule, found = pattern(text), at
            while found < len(self.story) and not rule.match(self.story[found]):
                found += 1
            if found == len(self.story):
                return "no %r behind %r; all of it:\n  %s" % (
                    text, self.story[at - 1] if at else "the beginning", "\n  ".join(self.story))
            for line in self.story[at:found]:
                if any(matches(u, line) for u in unwanted):
                    return "%r before %r; all of it:\n  %s" % (line, text, "\n  ".join(self.story))
            at, unwanted = found + 1, []
        for line in self.story[at:]:
            if any(matches(u, line) for u in unwanted):
                return "%r behind the rest; all of it:\n  %s" % (line, "\n  ".join(self.story))
        return None
