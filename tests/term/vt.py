"""A terminal in memory, and what a terminal's terminfo entry allows to be sent to it.

Screen draws what xterm and its relatives understand.  Grammar knows the capabilities of one terminal and finds
every control that is in none of them.
"""
import ctypes
import re
import subprocess
import unicodedata

_libc = ctypes.CDLL(None, use_errno=True)
_libc.wcwidth.argtypes = [ctypes.c_wchar]


def use_utf8():
    """wcwidth() of the C library knows widths in a UTF-8 locale only."""
    _libc.setlocale(0, b"C.UTF-8")  # LC_CTYPE


use_utf8()


def width(ch):
    return 1 if " " <= ch <= "~" else _libc.wcwidth(ch)


# ---- the screen ----

BLANK = (" ", "")
_CSI = re.compile(r"\x1b\[([<=>?]?)([0-9;:]*)([ -/]*)([@-~])")
_TEXT = re.compile(r"[ -~]+")


class Screen:
    """cells[y][x] = (text, look); the second cell of a wide character is ("", look)."""

    def __init__(self, cols, rows):
        self.cols, self.lines = cols, rows
        self.cells = self._empty()
        self.main = None  # the main screen while the other one is shown
        self.x = self.y = 0
        self.saved = (0, 0)
        self.wrap = False  # the next character belongs to the next row
        self.look = ""
        self.modes = {}  # DEC private modes that were ever set or reset
        self.keypad = False
        self.top, self.bottom = 0, rows - 1
        self.rest = b""
        self.unknown = []
        self.overrun = 0  # characters that did not fit where they were put
        self.last = " "

    def _empty(self):
        return [[BLANK] * self.cols for _ in range(self.lines)]

    def resize(self, cols, rows):
        old = self.cells
        self.cols, self.lines = cols, rows
        self.cells = self._empty()
        for y, row in enumerate(old[:rows]):
            self.cells[y][:min(cols, len(row))] = row[:cols]
        self.x, self.y = min(self.x, cols - 1), min(self.y, rows - 1)
        self.top, self.bottom, self.wrap = 0, rows - 1, False

    def rows(self):
        return ["".join(c[0] for c in row).rstrip() for row in self.cells]

    def picture(self):
        """All cells with their looks, as far as they can be seen, for comparing."""
        return [tuple((text, _visible(text, look)) for text, look in row) for row in self.cells]

    # -- what restores can be judged by --

    def alternate(self):
        return self.main is not None

    def cursor_visible(self):
        return self.modes.get(25, True)

    def mouse(self):
        return [m for m in (9, 1000, 1002, 1003, 1005, 1006, 1015) if self.modes.get(m)]

    # -- bytes --

    def feed(self, data):
        data = self.rest + data
        text, self.rest = _decode(data)
        at = 0
        while at < len(text):
            run = _TEXT.match(text, at)
            if run:
                for ch in run.group():
                    self._put(ch, 1)
                at = run.end()
                continue
            used = self._control(text, at)
            if used is None:  # a sequence that is not complete yet
                self.rest = text[at:].encode("utf-8", "surrogateescape") + self.rest
                return
            at += used

    def _control(self, text, at):
        ch = text[at]
        if ch == "\x1b":
            return self._escape(text, at)
        if ch in "\r\n\b\t\x07\x0e\x0f\x00\x0b\x0c":
            self._c0(ch)
        elif ch < " " or ch == "\x7f" or 0xdc80 <= ord(ch) <= 0xdcff or 0x80 <= ord(ch) < 0xa0:
            self.unknown.append(repr(ch))
        else:
            self._put(ch, width(ch))
        return 1

    def _c0(self, ch):
        if ch == "\r":
            self.x = 0
        elif ch in "\n\x0b\x0c":
            self._index()
        elif ch == "\b":
            self.x = max(0, self.x - 1)
        elif ch == "\t":
            self.x = min(self.cols - 1, (self.x // 8 + 1) * 8)
        self.wrap = self.wrap and ch not in "\r\n\b\t\x0b\x0c"

    def _put(self, ch, cells):
        if cells < 0:
            self.unknown.append(repr(ch))
            return
        if cells == 0:
            x = self.x if self.wrap else self.x - 1
            if x > 0 and self.cells[self.y][x][0] == "":
                x -= 1
            if x < 0:
                self.overrun += 1
                return
            base, look = self.cells[self.y][x]
            self.cells[self.y][x] = (base + ch, look)
            return
        if self.wrap:
            self.x, self.wrap = 0, False
            self._index()
        if self.x + cells > self.cols:
            self.overrun += 1
            return
        row = self.cells[self.y]
        self._split(row, self.x)
        self._split(row, self.x + cells)
        row[self.x] = (ch, self.look)
        if cells == 2:
            row[self.x + 1] = ("", self.look)
        self.last = ch
        self.x += cells
        if self.x == self.cols:
            self.x, self.wrap = self.cols - 1, True

    @staticmethod
    def _split(row, x):
        """Half of a wide character was overwritten."""
        if 0 < x < len(row) and row[x][0] == "":
            row[x - 1] = (" ", row[x - 1][1])
            row[x] = (" ", row[x][1])

    def _index(self):
        if self.y == self.bottom:
            self._scroll(1)
        elif self.y < self.lines - 1:
            self.y += 1

    def _scroll(self, n, top=None):
        top = self.top if top is None else top
        for _ in range(abs(n)):
            if n > 0:
                del self.cells[top]
                self.cells.insert(self.bottom, [self._blank()] * self.cols)
            else:
                del self.cells[self.bottom]
                self.cells.insert(top, [self._blank()] * self.cols)

    def _blank(self):
        """Erased cells take the background (bce)."""
        back = ";".join(p for p in self.look.split(";") if p.startswith(("4", "10")) and len(p) > 1)
        return (" ", back)

    # -- sequences --

    def _escape(self, text, at):
        if at + 1 >= len(text):
            return None
        kind = text[at + 1]
        if kind == "[":
            m = _CSI.match(text, at)
            if m:
                self._csi(*m.groups())
                return m.end() - at
            return None if re.fullmatch(r"\x1b\[[<-?0-9;: -/]*", text[at:]) else self._strange(text, at)
        if kind in "()*+":
            return 3 if at + 2 < len(text) else None
        simple = {"7": self._save, "8": self._restore, "=": lambda: setattr(self, "keypad", True),
                  ">": lambda: setattr(self, "keypad", False), "M": self._reverse_index, "D": self._index,
                  "E": lambda: (setattr(self, "x", 0), self._index()), "H": lambda: None, "c": self._reset}
        if kind not in simple:
            return self._strange(text, at)
        simple[kind]()
        return 2

    def _strange(self, text, at):
        self.unknown.append(repr(text[at:at + 12]))
        return 1

    def _save(self):
        self.saved = (self.x, self.y)

    def _restore(self):
        self.x, self.y = min(self.saved[0], self.cols - 1), min(self.saved[1], self.lines - 1)
        self.wrap = False

    def _reset(self):
        self.cells, self.x, self.y, self.look, self.modes = self._empty(), 0, 0, "", {}

    def _reverse_index(self):
        if self.y == self.top:
            self._scroll(-1)
        elif self.y:
            self.y -= 1

    def _csi(self, private, params, middle, final):
        p = [int(n or 0) for n in params.replace(":", ";").split(";")] if params else []
        one = max(1, p[0]) if p else 1
        if private == "?" and final in "hl":
            for mode in p:
                self._mode(mode, final == "h")
            return
        if private or middle:
            if (private, final) not in (("?", "c"), (">", "m"), ("=", "c")) and (middle, final) not in ((" ", "q"), ("!", "p")):
                self.unknown.append(f"CSI {private}{params}{middle}{final}")
            return
        if final == "m":
            self._sgr(params)
            return
        if final not in "bX" or final == "X":
            self.wrap = self.wrap and final in "hlnt"
        act = getattr(self, "_do_" + {"@": "ich", "`": "hpa"}.get(final, final), None)
        if act:
            act(p, one)
        elif final not in "hltng":
            self.unknown.append(f"CSI {params}{final}")

    def _sgr(self, params):
        if params in ("", "0"):
            self.look = ""
            return
        parts, kept = params.split(";"), [s for s in self.look.split(";") if s]
        while parts:
            n = parts.pop(0)
            if n in ("38", "48") and parts:
                n = ":".join([n, parts.pop(0), *[parts.pop(0) for _ in range(1 if "5" else 3) if parts]])
            kept = _look(kept, n)
        self.look = ";".join(sorted(kept))

    def _mode(self, mode, on):
        self.modes[mode] = on
        if mode in (47, 1047, 1049):
            if on and self.main is None:
                self.main = (self.cells, self.x, self.y)
                self.cells = self._empty()
            elif not on and self.main is not None:
                self.cells, self.x, self.y = self.main
                self.main = None
                self.resize(self.cols, self.lines)

    def _do_H(self, p, _):
        self.y = min(self.lines, max(1, p[0] if p else 1)) - 1
        self.x = min(self.cols, max(1, p[1] if len(p) > 1 else 1)) - 1

    _do_f = _do_H

    def _do_A(self, _, n):
        self.y = max(0, self.y - n)

    def _do_B(self, _, n):
        self.y = min(self.lines - 1, self.y + n)

    def _do_C(self, _, n):
        self.x = min(self.cols - 1, self.x + n)

    def _do_D(self, _, n):
        self.x = max(0, self.x - n)

    def _do_G(self, _, n):
        self.x = min(self.cols, n) - 1

    _do_hpa = _do_G

    def _do_d(self, _, n):
        self.y = min(self.lines, n) - 1

    def _do_I(self, _, n):
        for _i in range(n):
            self._c0("\t")

    def _do_Z(self, _, n):
        for _i in range(n):
            self.x = max(0, (self.x - 1) // 8 * 8)

    def _erase(self, y, first, last):
        row = self.cells[y]
        self._split(row, first)
        self._split(row, last)
        row[first:last] = [self._blank()] * (last - first)

    def _do_K(self, p, _):
        kind = p[0] if p else 0
        self._erase(self.y, 0 if kind else self.x, self.x + 1 if kind == 1 else self.cols)

    def _do_J(self, p, _):
        kind = p[0] if p else 0
        if kind == 3:
            return
        self._do_K([kind], 1)
        for y in range(self.lines):
            if (kind != 1 and y > self.y) or (kind and y < self.y):
                self._erase(y, 0, self.cols)

    def _do_X(self, _, n):
        self._erase(self.y, self.x, min(self.cols, self.x + n))

    def _do_b(self, _, n):
        for _i in range(n):
            self._put(self.last, width(self.last))

    def _do_P(self, _, n):
        row = self.cells[self.y]
        n = min(n, self.cols - self.x)
        del row[self.x:self.x + n]
        row += [self._blank()] * n

    def _do_ich(self, _, n):
        row = self.cells[self.y]
        row[self.x:self.x] = [self._blank()] * min(n, self.cols - self.x)
        del row[self.cols:]

    def _do_L(self, _, n):
        if self.top <= self.y <= self.bottom:
            self._scroll(-min(n, self.bottom - self.y + 1), self.y)

    def _do_M(self, _, n):
        if self.top <= self.y <= self.bottom:
            self._scroll(min(n, self.bottom - self.y + 1), self.y)

    def _do_S(self, _, n):
        self._scroll(min(n, self.lines))

    def _do_T(self, _, n):
        self._scroll(-min(n, self.lines))

    def _do_r(self, p, _):
        self.top = max(1, p[0] if p else 1) - 1
        self.bottom = min(self.lines, p[1] if len(p) > 1 and p[1] else self.lines) - 1
        self.x = self.y = 0


def _visible(text, look):
    """Of a blank only the background shows, lines through it, and both colours if they are exchanged."""
    if text != " " or not look or "7" in look.split(";"):
        return look
    return ";".join(n for n in look.split(";") if n in ("4", "9") or _is_colour(n, True))


_OFF = {"22": ("1", "2"), "23": ("3",), "24": ("4",), "25": ("5",), "27": ("7",), "28": ("8",)}


def _is_colour(n, back):
    return bool(re.match(r"(4[0-8]|10[0-7])\b" if back else r"(3[0-8]|9[0-7])\b", n))


def _look(kept, n):
    """The attributes with one SGR parameter more."""
    if n in ("", "0"):
        return []
    if n in _OFF:
        return [s for s in kept if s not in _OFF[n]]
    if n in ("39", "49"):
        return [s for s in kept if not _is_colour(s, n == "49")]
    if _is_colour(n, False) or _is_colour(n, True):
        kept = [s for s in kept if not _is_colour(s, _is_colour(n, True))]
    return kept + ([] if n in kept else [n])


def _decode(data):
    """UTF-8 as far as it is complete, and the rest; bad bytes as surrogates."""
    for cut in range(1, min(4, len(data)) + 1):
        lead = data[-cut]
        if lead < 0x80:
            break
        if lead >= 0xc0:
            need = 2 if lead < 0xe0 else 3 if lead < 0xf0 else 4
            if need > cut:
                return data[:-cut].decode("utf-8", "surrogateescape"), data[-cut:]
            break
    return data.decode("utf-8", "surrogateescape"), b""


def differences(now, wanted, most=8):
    """Where two pictures differ, as text; "" if nowhere."""
    if len(now) != len(wanted):
        return f"{len(now)} rows and {len(wanted)}"
    wrong = [f"{x},{y}: {a} and not {b}" for y, rows in enumerate(zip(now, wanted))
             for x, (a, b) in enumerate(zip(*rows)) if a != b]
    return f"{len(wrong)} cells: " + ", ".join(wrong[:most]) if wrong else ""


# ---- terminfo ----

_NOT_FOR_DRAWING = re.compile(r"k.*|u\d|tsl|fsl|dsl|mc\d.*|pf.*|pln|Ms|TS|meml|memu|rfi|hook|dial|fln|E3|xm|fe|fd|kxIN|kxOUT")


def _unescape(text):
    """A capability as infocmp writes it, as bytes."""
    named_ = {"E": 27, "e": 27, "n": 10, "l": 10, "r": 13, "t": 9, "b": 8, "f": 12, "s": 32, "a": 7}
    out, at = bytearray(), 0
    while at < len(text):
        ch = text[at]
        if ch == "^" and at + 1 < len(text):
            out.append(127 if text[at + 1] == "?" else ord(text[at + 1]) & 31)
            at += 2
        elif ch == "\\":
            octal = re.match(r"[0-7]{1,3}", text[at + 1:])
            if octal:
                value = int(octal.group(), 8)
                if value != 0o200:
                    out.append(value & 255)
                at += 1 + octal.end()
            else:
                out.append(named_.get(text[at + 1], ord(text[at + 1])))
                at += 2
        else:
            out.append(ord(ch))
            at += 1
    return bytes(out)


class _Pattern:
    """A parametrised capability as a regular expression of what it can become."""

    def __init__(self, capability):
        self.text = re.sub(rb"\$<[0-9.]+[*/]*>", b"", capability)
        self.at = 0

    def make(self, inside=False):
        """Up to the end, or to the %; of the condition that we are in."""
        parts, alternatives = [], []
        while self.at < len(self.text):
            ch = self.text[self.at:self.at + 1]
            self.at += 1
            if ch != b"%":
                parts.append(re.escape(ch))
                continue
            op = self.text[self.at:self.at + 1]
            self.at += 1
            if op == b"?":
                parts.append(self.make(True))
            elif op in (b"t", b"e") and inside:
                # What stands between %? and %t prints nothing.
                alternatives += [b"".join(parts)] if op == b"e" else []
                parts = []
            elif op == b";" and inside:
                break
            else:
                parts.append(self.operator(op))
        if not inside:
            return b"".join(parts)
        return b"(?:" + b"|".join(alternatives + [b"".join(parts), b""]) + b")"

    def operator(self, op):
        if op == b"%":
            return b"%"
        if op in b"pPg":
            self.at += 1
        elif op == b"'":
            self.at += 2
        elif op == b"{":
            self.at = self.text.index(b"}", self.at) + 1
        elif op == b"c":
            return rb"[\x00-\xff]"
        elif op in b":0123456789.":
            number = re.compile(rb"[-+# 0-9.]*([doxXs])").match(self.text, self.at)
            self.at = number.end()
            return self.operator(number.group(1))
        elif op in b"do":
            return b"[0-9]+"
        elif op in b"xX":
            return b"[0-9a-fA-F]+"
        return b""


class Grammar:
    """What one terminal's terminfo entry has for drawing."""

    def __init__(self, term):
        listed = subprocess.run(["infocmp", "-1", "-x", term], capture_output=True, check=True).stdout.decode("latin-1")
        rows = [line.strip() for line in listed.splitlines() if line.startswith("\t")]
        self.patterns = {}
        for row in rows:
            name, sign, value = row.rstrip(",").partition("=")
            # (?s)%s would let anything through; nothing that draws needs it.
            if not sign or _NOT_FOR_DRAWING.fullmatch(name) or re.search(r"%[0-9.:]*s", value):
                continue
            # The character to repeat is itself sent as text.
            capability = _unescape(value[5:] if name == "rep" and value.startswith("%p1%c") else value)
            if capability:
                self.patterns[name] = re.compile(_Pattern(capability).make(), re.S)
        if "AX," in rows:  # default colours by ISO 6429
            self.patterns["AX"] = re.compile(rb"\x1b\[[34]9m")
        # A terminal with xterm's mouse that does not say how it is switched: user_caps(5) says what is taken.
        if any(row.startswith("kmous=\\E[M") for row in rows) and "XM" not in self.patterns:
            self.patterns["XM"] = re.compile(rb"\x1b\[\?1000[hl]")
        self.patterns["cr"] = re.compile(rb"\r")

    def longest(self, data, at):
        best = 0
        for pattern in self.patterns.values():
            m = pattern.match(data, at)
            if m:
                best = max(best, m.end() - at)
        return best

    def violations(self, data, utf8=True):
        """Everything in data that is neither harmless text nor one of the terminal's own sequences."""
        wrong, at, cache = [], 0, {}
        text = re.compile(rb"[ -~]+")
        while at < len(data) and len(wrong) < 20:
            run = text.match(data, at)
            if run:
                at = run.end()
            elif data[at] >= 0x80:
                used, why = _harmless(data, at, utf8)
                if why:
                    wrong.append(f"{why} at {at}: {data[at:at + 8]!r}")
                at += used
            else:
                key = bytes(data[at:at + 40])
                used = cache.get(key)
                if used is None:
                    used = cache[key] = self.longest(data, at)
                if not used:
                    wrong.append(f"no capability at {at}: {bytes(data[at:at + 16])!r}")
                    used = 1
                at += used
        return wrong


def _harmless(data, at, utf8):
    """Bytes used, and what is wrong with the character there."""
    if not utf8:
        return 1, "a byte above 127 where the locale has none"
    lead = data[at]
    size = 2 if 0xc2 <= lead < 0xe0 else 3 if 0xe0 <= lead < 0xf0 else 4 if 0xf0 <= lead < 0xf5 else 1
    try:
        ch = bytes(data[at:at + size]).decode("utf-8")
    except UnicodeDecodeError:
        return 1, "no UTF-8"
    return size, harm(ch)


def harm(ch):
    """Why a character must not reach a terminal; None if it may."""
    category = unicodedata.category(ch)
    if category in ("Cc", "Cf", "Zl", "Zp", "Co", "Cs"):
        return f"U+{ord(ch):04X} ({category})"
    return None


def endless_marks(text, most=2):
    """Whether more combining marks than that follow a character."""
    run = 0
    for ch in text:
        run = run + 1 if unicodedata.category(ch) in ("Mn", "Me") else 0
        if run > most:
            return True
    return False
