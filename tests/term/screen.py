"""Real terminals for the tests of this folder.

Two kinds: Tmux, where another program's idea of a terminal is wanted, and Pty, a pseudo-terminal of our own whose
bytes are kept and emulated (vt.py).  Both are waited on for conditions, never for times.
"""
import ctypes
import errno
import fcntl
import os
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
import traceback

import vt

LIMIT_S = int(os.environ.get("LIMIT_S", "30"))  # generous: a loaded machine is slow, a wrong program is wrong for ever
POLL_S = 0.03
NOBODY = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]


class Unmet(Exception):
    """Something that should have become so did not."""


class Skip(Exception):
    """This machine cannot do it; the reason."""


class Tap:
    """Runs tests and says what came out."""

    def __init__(self):
        self.count = 0
        self.failed = 0

    def _say(self, verdict, name):
        self.count += 1
        print(f"{verdict} {self.count} - {name}", flush=True)

    def run(self, name, test, *args):
        """True: it passed (or was skipped)."""
        try:
            test(*args)
        except Skip as why:
            self._say("ok", f"{name} # SKIP {why}")
            return True
        except (Unmet, AssertionError, OSError, subprocess.SubprocessError) as why:
            self.failed += 1
            self._say("not ok", name)
            for line in (str(why) or traceback.format_exc()).splitlines():
                print("#", line)
            for frame in traceback.extract_tb(why.__traceback__)[1:]:
                print(f"# {os.path.basename(frame.filename)}:{frame.lineno}: {frame.line}")
            return False
        self._say("ok", name)
        return True

    def end(self):
        print(f"1..{self.count}")
        return 1 if self.failed else 0


def until(condition, what, pump=None, limit=LIMIT_S, show=None):
    """Waits until condition() is true and returns what it gave."""
    end = time.monotonic() + limit
    while True:
        if pump:
            pump()
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise Unmet(f"in {limit} s this did not come: {what}" + ("\n" + show() if show else ""))
        if not pump:
            time.sleep(POLL_S)


class Stage:
    """A directory that anybody can read, with the program in it, and a place to write into."""

    def __init__(self, out):
        self.root = tempfile.mkdtemp(prefix="socklens-term.")
        os.chmod(self.root, 0o755)
        self.program = os.path.join(self.root, "socklens")
        shutil.copy(os.path.join(out, "socklens"), self.program)
        self.tmp = os.path.join(self.root, "tmp")  # the program's TMPDIR: must be empty in the end
        self.dir = os.path.join(self.root, "files")
        self.state = os.path.join(self.root, "state")
        for path in (self.tmp, self.dir, self.state):
            os.mkdir(path)
            os.chmod(path, 0o1777)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.root, ignore_errors=True)

    def file(self, name):
        return os.path.join(self.dir, name)

    def env(self, **more):
        """A small environment, the same everywhere."""
        env = {"PATH": os.environ.get("PATH", "/usr/bin:/bin:/usr/sbin:/sbin"), "HOME": "/nonexistent",
               "XDG_STATE_HOME": self.state, "TMPDIR": self.tmp, "LC_ALL": "C.UTF-8", "TERM": "xterm-256color"}
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS"):
            if name in os.environ:
                env[name] = os.environ[name]
        for name, value in more.items():
            env.pop(name, None)
            if value is not None:
                env[name] = value
        return env

    def run(self, *args, prefix=(), env=None):
        """The program without a terminal."""
        return subprocess.run([*prefix, self.program, *args], stdin=subprocess.DEVNULL, capture_output=True,
                              env=env or self.env(), cwd=self.dir, timeout=120, check=False)


def users():
    """Who is to try it: a suffix for the test's name and what stands in front of the command."""
    if os.getuid() == 0:
        return [("", []), (" as an ordinary user", NOBODY)]
    return [("", [])]


def need_lab(stage, prefix=()):
    """Skips where no lab can be built."""
    examined = stage.run("doctor", prefix=prefix)
    if examined.returncode == 77:
        raise Skip("no lab can be built here; socklens doctor says why")
    if examined.returncode:
        raise Unmet(f"socklens doctor: {examined.returncode} {examined.stderr.decode(errors='replace')}")


# ---- processes ----


def adopt_orphans():
    """Whatever loses its parent becomes our child, so that nothing escapes descendants()."""
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER


def process_table():
    """pid: (parent, state, name)"""
    table = {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            with open(f"/proc/{entry}/stat", encoding="utf-8", errors="replace") as f:
                stat = f.read()
        except OSError:
            continue
        name = stat[stat.index("(") + 1:stat.rindex(")")]
        rest = stat[stat.rindex(")") + 2:].split()
        table[int(entry)] = (int(rest[1]), rest[0], name)
    return table


def descendants(of=None, without=()):
    """Living processes below a process: {pid: name}."""
    table = process_table()
    found, grown = {of or os.getpid()}, True
    while grown:
        more = {pid for pid, row in table.items() if row[0] in found and pid not in found and pid not in without}
        grown = bool(more)
        found |= more
    return {pid: table[pid][2] for pid in found
            if pid in table and pid != (of or os.getpid()) and table[pid][1] not in "ZX"}


def reap():
    """Collects adopted children that have ended."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def named(of, name):
    """The descendant of that name, once it is there."""
    return until(lambda: next((pid for pid, what in descendants(of).items() if what == name), None),
                 f"a process {name}")


# ---- terminals ----


class Terminal:
    """What both kinds can do.  A kind gives rows(), write(bytes), pump()."""

    def rows(self):
        raise NotImplementedError

    def pump(self):
        time.sleep(POLL_S)

    def write(self, data):
        raise NotImplementedError

    def text(self):
        return "\n".join(self.rows())

    def picture(self):
        return "\n".join("|" + row for row in self.rows())

    def until(self, condition, what, limit=LIMIT_S):
        return until(condition, what, self.pump, limit, self.picture)

    def sees(self, pattern, limit=LIMIT_S):
        """Waits until the pattern (a regular expression, per line) is on the screen; returns the match."""
        found = re.compile(pattern, re.M)
        return self.until(lambda: found.search(self.text()), f"/{pattern}/", limit)

    def loses(self, pattern, limit=LIMIT_S):
        gone = re.compile(pattern, re.M)
        self.until(lambda: not gone.search(self.text()), f"no /{pattern}/", limit)

    KEYS = {"Enter": "\r", "Tab": "\t", "Esc": "\x1b", "Up": "\x1bOA", "Down": "\x1bOB", "Right": "\x1bOC",
            "Left": "\x1bOD", "PageUp": "\x1b[5~", "PageDown": "\x1b[6~", "Home": "\x1bOH", "End": "\x1bOF",
            "Shift-Tab": "\x1b[Z", "Backspace": "\x7f", "Space": " "}

    def key(self, *names):
        for name in names:
            if name.startswith("Ctrl-"):
                self.write(bytes([ord(name[5]) & 0x1f]))
            else:
                self.write(self.KEYS.get(name, name).encode())

    def prompt(self):
        """The last row."""
        return self.rows()[-1]

    def settle(self):
        """Waits until all keys pressed so far have been dealt with and drawn: a word comes and goes in the prompt.
        The line at the prompt is lost, and keys are keys again."""
        self.word = getattr(self, "word", 0) + 1
        word = f"quiet{self.word}"
        self.write(b":\x15\x0b" + word.encode())
        self.until(lambda: word in self.prompt(), f"the word {word} at the prompt")
        self.key("Ctrl-C")
        # The last word of the last row: what is above it has been drawn, too.
        self.until(lambda: word not in self.prompt() and self.prompt().endswith("q quit"), "keys again")

    def type(self, line):
        """Runs one line at the prompt, from the keys and back to them.  What it says stays to be seen."""
        self.write(b":\x15\x0b" + line.encode())
        tail = line[-12:].strip()
        self.until(lambda: tail in self.prompt(), f"{tail} at the prompt")
        self.key("Enter")

    def call(self, line, shown):
        """Runs a line and waits for what it brings: the next one may need its descriptor."""
        self.type(line)
        return self.sees(shown)

    def leave_prompt(self):
        self.key("Ctrl-U", "Ctrl-K", "Esc")
        self.until(lambda: "Esc keys" not in self.prompt() and "? help" in self.prompt(), "keys again")


def talks_udp(t):
    """A socket u on both sides; the client's sends to the server's."""
    t.call("server> u = socket(AF_INET, SOCK_DGRAM)", r"│ +socket\(.*= 3")
    t.call("server> bind(u, *:9000)", r"bind\(.*= 0")
    t.call("u = socket(AF_INET, SOCK_DGRAM)", r"socket\(.*= 3 +│")
    t.call("connect(u, server:9000)", r"connect\(.* = 0")


class Pty(Terminal):
    """A program on a pseudo-terminal; raw holds every byte that it wrote, screen what they look like."""

    def __init__(self, argv, env, cols=100, rows=30, cwd=None, sized=True):
        self.master, slave = pty.openpty()
        self.raw = bytearray()
        self.screen = vt.Screen(cols, rows)
        self.slave_name = os.ttyname(slave)
        set_size(self.master, *((cols, rows) if sized else (0, 0)))
        self.before = termios.tcgetattr(slave)
        self.closed = False
        self.process = subprocess.Popen(argv, stdin=slave, stdout=slave, stderr=slave, env=env, cwd=cwd,
                                        start_new_session=True, close_fds=True,
                                        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        # One end stays open here: the settings can be looked at after the program has ended.
        self.slave = slave
        os.set_blocking(self.master, False)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def pump(self, timeout=POLL_S):
        try:
            if not select.select([self.master], [], [], timeout)[0]:
                return False
            data = os.read(self.master, 65536)
        except OSError as e:
            if e.errno in (errno.EIO, errno.EBADF):
                time.sleep(POLL_S)
                return False
            raise
        self.raw += data
        self.screen.feed(data)
        return bool(data)

    def drain(self):
        while self.pump(0):
            pass

    def rows(self):
        return self.screen.rows()

    def write(self, data):
        while data:
            try:
                data = data[os.write(self.master, data):]
            except BlockingIOError:
                self.pump()

    def resize(self, cols, rows):
        self.screen.resize(cols, rows)
        set_size(self.master, cols, rows)

    def looks_like(self, wanted, what):
        """Waits until every cell is as in that picture."""
        try:
            self.until(lambda: self.screen.picture() == wanted, what)
        except Unmet as e:
            raise Unmet(f"{e}\n{vt.differences(self.screen.picture(), wanted)}") from e

    def settings(self):
        return termios.tcgetattr(self.slave)

    def ended(self):
        """Waits for the end; its status."""
        self.until(lambda: self.process.poll() is not None, "the end of the program")
        self.drain()
        return self.process.returncode

    def hang_up(self):
        """The terminal is lost."""
        os.close(self.slave)
        os.close(self.master)
        self.closed = True

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if not self.closed:
            self.hang_up()


def set_size(fd, cols, rows):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))


class Tmux(Terminal):
    """A program in a tmux of its own."""

    def __init__(self, stage, argv, cols=100, rows=30, env=None):
        if not shutil.which("tmux"):
            raise Skip("tmux is not installed")
        self.socket = tempfile.mktemp(prefix="tmux.", dir=stage.root)
        self.status_file = self.socket + ".status"
        self.cols = cols
        env = env or stage.env()
        pane = ["env", "-i", *[f"{k}={v}" for k, v in env.items()],
                "sh", "-c", 'file=$1; shift; "$@"; echo $? >"$file"', "sh", self.status_file, *argv]
        self._tmux("-f", "/dev/null", "new-session", "-d", "-x", str(cols), "-y", str(rows), "-c", stage.dir, *pane,
                   ";", "set", "-g", "status", "off", ";", "set", "-s", "escape-time", "0",
                   ";", "resize-window", "-x", str(cols), "-y", str(rows))
        self.server = int(self._tmux("display", "-p", "#{pid}"))
        self.pane = int(self._tmux("display", "-p", "#{pane_pid}"))

    def _tmux(self, *args):
        env = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TERM": "xterm-256color"}
        done = subprocess.run(["tmux", "-u", "-S", self.socket, *args], capture_output=True, env=env, timeout=60,
                              check=False)
        if done.returncode:
            raise Unmet(f"tmux {args[0]}: {done.stderr.decode(errors='replace')}")
        return done.stdout.decode(errors="replace")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def rows(self):
        return self._tmux("capture-pane", "-p").split("\n")[:-1]

    def cells(self):
        """Row by row, every cell with its look."""
        captured = self._tmux("capture-pane", "-p", "-e").split("\n")[:-1]
        screen = vt.Screen(self.cols, len(captured))
        screen.feed("\r\n".join(captured).encode())
        return screen.picture()

    def write(self, data):
        self._tmux("send-keys", "-H", *[f"{b:02x}" for b in data])

    def ended(self):
        """Waits for the end of the program; its status.  The server of tmux ends with it."""

        def status():
            if os.path.exists(self.status_file):
                with open(self.status_file, encoding="ascii") as f:
                    return f.read()
            return ""

        return int(until(lambda: status().endswith("\n") and status(), "the end of the program"))

    def kill_pane(self):
        self._tmux("kill-pane")

    def end(self):
        try:
            self._tmux("kill-server")
        except Unmet:
            pass  # it ended with its last pane
        until(lambda: reap() or not os.path.exists(f"/proc/{self.server}"), "the end of tmux")


def no_bytecode():
    sys.dont_write_bytecode = True


def kill(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


SIGNALS = signal.Signals
