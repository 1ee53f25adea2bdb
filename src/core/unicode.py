#!/usr/bin/env python3
"""Prints unicode.c: what each range of code points may do to a terminal's columns."""
import sys
import unicodedata

# Default-ignorable or joining characters that the general category does not give away.
HARMFUL = (
    (0x034F, 0x034F),    # combining grapheme joiner
    (0x115F, 0x11FF),    # Hangul Jamo that join with the one before
    (0x180B, 0x180F), (0xFE00, 0xFE0F), (0xE0100, 0xE01EF),    # variation selectors
    (0x3164, 0x3164), (0xFFA0, 0xFFA0),    # Hangul fillers: no ink
    (0xD7B0, 0xD7FF),    # Hangul Jamo again
    (0x1F1E6, 0x1F1FF),    # regional indicators: two become one flag
    (0x1F3FB, 0x1F3FF),    # skin tones: change the one before
)


def kind(code):
    char = chr(code)
    category = unicodedata.category(char)
    if any(first <= code <= last for first, last in HARMFUL):
        return "UNICODE_HARMFUL"
    if category in ("Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"):
        return "UNICODE_HARMFUL"
    if category in ("Mn", "Me"):
        return "UNICODE_MARK"
    if unicodedata.east_asian_width(char) in "WF":
        return "UNICODE_WIDE"
    return None


def ranges():
    first, last, current = 0, 0, None
    for code in range(0x110001):
        this = kind(code) if code < 0x110000 else None
        if this != current:
            if current:
                yield first, last, current
            first, current = code, this
        last = code


def main():
    out = sys.stdout.write
    out("/* Made by unicode.py from Unicode %s; not to be edited. */\n" % unicodedata.unidata_version)
    out('#include "src/core/unicode.h"\n\n')
    out("/* clang-format off */\n")
    for kind_ in ("HARMFUL", "MARK", "WIDE"):
        out("#define %s(first, last) { first, last, UNICODE_%s }\n" % (kind_[0], kind_))
    out("\n")
    out("const struct unicode_range unicode_ranges[] = {\n")
    rows = [(f, l, k[8]) for f, l, k in ranges()]
    for at in range(0, len(rows), 4):
        out("\t" + " ".join("%s(0x%04x, 0x%04x)," % (k, f, l) for f, l, k in rows[at:at + 4]) + "\n")
    out("};\n/* clang-format on */\n\n")
    out("const size_t unicode_ranges_count = sizeof(unicode_ranges) / sizeof(unicode_ranges[0]);\n")


main()
