#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""limit_texts.py LENS BYTES PARTS DIRECTORY: texts at the size limit that are dear for a lens: what repeats in them is short.
The limit is one of bytes and of parts: of lines, of a master.cf of words, lines and opening braces together.

Each is a beginning, one thing over and over, and an end; what a lens may refuse is refused at the same price.
"""
import pathlib
import re
import sys

SERVICE, COMMENTED = "a unix - - - - - x", "#a unix - - - - - x\n"
# The most that a lens reads in one piece, see src/tree_cut.c.
LINES = 490

VALUE = {   # what repeats in a value of Postfix's: behind its name
    "folds": "  c\n", "short folds": " c\n", "comments": "#\n  c\n", "blanks": "\n  c\n", "comments in a row": "#\n" * LINES + " c\n"}


def values(name, one):
    """Values of Postfix's in one logical line, in many of LINES lines, and in many short ones."""
    for kind, text in VALUE.items():
        yield "value of " + kind, (name, text, "")
        yield "values of " + kind, ("", name + text * (LINES // max(1, text.count("\n"))), "")
    yield from {"entries": ("", one, ""), "entries at both limits": ("", one.rstrip("\n").ljust(15, "x") + "\n", ""), "long entries": ("", one.rstrip("\n") + "x" * 2600 + "\n", ""), "one line": (name.rstrip("\n"), "x", "\n"),
                "quotes": (name.rstrip("\n"), '"', "\n"), "words": (name.rstrip("\n"), "x ", "\n"), "bad last line": (name, " c\n", "= \n"),
                "commented": ("", "#" + one, ""), "comments in a row": (name, "#\n", " c\n"), "strays": (" a\n", "#\n b\n", "")}.items()


def master():
    option, line = " -oa=b", SERVICE + "\n"
    for kind, text in {"words": " x", "options": option, "lines": "\n x", "option lines": "\n" + option, "comments": "\n#\n x", "braces": " -o {a=b}"}.items():
        yield "service of " + kind, (SERVICE, text, "\n")
        yield "services of " + kind, ("", SERVICE + text * (LINES // max(1, text.count("\n"), len(text.split()))) + "\n", "")
    yield from {"services": ("", line, ""), "services at both limits": ("", "name unix - - - - - " + "x" * 42 + "\n", ""), "with options": ("", SERVICE + option * 2 + "\n", ""), "braces that open": (SERVICE + " -oa=", "{", "\n"),
                "braces": (SERVICE + " -oa=", "{}", "\n"), "nested braces": (SERVICE + " -oa=", "{{{{{}}}}}", "\n"), "one word": (SERVICE + " ", "x", "\n"),
                "a group of blanks": (SERVICE + " -oa={", " ", "}\n"), "groups of lines": (SERVICE + " -oa={", "\n {", "\n }\n"), "blanks and braces": (SERVICE + " -o { a=", "{ } ", " }\n"),
                "braces of lines": (SERVICE + " -o { a=\n", " x\n", " }\n"), "many braces of lines": ("", SERVICE + " -o { a=\n" + " x\n" * LINES + " }\n", ""),
                "commented": ("", COMMENTED, ""), "commented options": (COMMENTED, "#-oa\n", ""), "one option below": (COMMENTED, "#\n", "#-oa\n"),
                "commented and prose": ("", COMMENTED + "#\n", ""), "commented words": ("#a unix - - - - - x", " x", "\n"),
                "many commented words": ("", "#a unix - - - - - x" + " x" * LINES + "\n", ""), "prose": ("", "# a b\n", ""), "a comment of words": ("#a", " x", "\n")}.items()


def dovecot():
    for kind, text in {"settings": "b=c\n", "blanks": "\n", "comments": "#\n", "sections": "b {\n}\n", "commented": "#b=\n"}.items():
        lines = text * (LINES // text.count("\n"))
        yield kind, ("", text, "")
        yield "section of " + kind, ("a {\n", text, "}\n")
        yield "sections of " + kind, ("", "a {\n" + lines + "}\n", "")
        yield "deep sections of " + kind, ("", "a {\n" * 6 + lines[:-12] + "}\n" * 6, "")
        yield "deeper sections of " + kind, ("", "a {\n" * 22 + lines + "}\n" * 22, "")
        yield "open sections of " + kind, ("a {\n" * 16, text, "")
    yield from {"settings at both limits": ("", "b = 0123456789\n", ""), "sections that open": ("", "a {\n", ""), "nested": ("a {\n" * 30000, "}\n", ""), "six deep": ("", "a {\n" * 6 + "}\n" * 6, ""),
                "continued": ("a=", "b \\\n", "b\n"), "continued often": ("", "a=" + "b \\\n" * LINES + "b\n", ""),
                "comments behind": ("", "a=" + "b \\ #\n" * LINES + "b\n", ""), "backslashes": ("a=", "\\\n", "b\n"), "dropped": ("", "a \\\n\n", ""),
                "quotes": ("a=", '"', "\n"), "quoted": ("a=", '"" ', "\n"), "one line": ("a=", "x", "\n"), "long lines": ("", "a=" + "x" * 2600 + "\n", ""),
                "heredoc": ("a=<<E\n", "x\n", "E\n"), "heredocs": ("", "a=<<E\nE\n", ""), "heredocs that open": ("", "a=<<E\n", ""), "words": ("", "a ", "= b\n"),
                "braces of 1.x": ("auth a {\n", "a {}\n", ""), "dropped by 1.x": ("auth a {\n}\n", "a {x\n}\n", ""), "open ends of 1.x": ("auth a {\n" * 15, "b=c\n", "b {}\n"),
                "blanks": ("auth a {\n}\na {", " ", "x\n"), "a name": ("a ", "a", " {\n}\n"), "includes": ("", "!include a\n", ""), "bad last line": ("a {\n", "b=c\n", "}\nx\n")}.items()


def fix():
    yield from {"stanzas": ("", "see a\n", ""), "with blanks": ("", "see a\n\n", ""), "text": ("about\n", "  |\n", ""), "texts": ("", "about\n" + "  |\n" * LINES, ""),
                "keys": ("edit a\n", "  delete\n", ""), "remarks": ("", "edit a\n" + " #\n" * LINES, ""), "one line": ("see ", "a", "\n"),
                "words": ("fix a", " a", "\n")}.items()


def tables(name, one, behind):
    """Keys over lines, and what Postfix drops."""
    yield from values(name, one)
    yield from {"keys over lines": ("", '"a\n b"' + behind, ""), "a key over lines": ('"a', "\n b", '"' + behind), "a key of comments": ('"a', "\n#", '\n "' + behind),
                "a key of blank lines": ('"a', "\n", '\n "' + behind), "keys of lines": ("", '"a' + "\n b" * LINES + '"' + behind, ""), "open quotes": ("", '"a\n', ""),
                "an open quote": ('"a', "\n b", "\n"), "open quotes of lines": ("", '"a\n' + " b\n" * LINES, ""), "backslashes": ("a", "\\\n ", behind),
                "dropped": ("", "\\\n", ""), "an escape": ("a", "\\\\", behind), "quotes in a key": ("a", '""', behind)}.items()


def aliases():
    yield from tables("a:\n", "a:b\n", ":c\n")
    yield from {"a name over lines": ("a", "\n b", ":c\n"), "names over lines": ("", "a\n b:c\n", ""), "no name": ("a", "\n b", "\n"), "notes": ("((", "()", ")):c\n"),
                "deep notes": ("", "(((a))):c\n", ""), "open notes": ("", "(", "\n"), "notes that open": ("", "((a)\n", ""), "domains": ("", "a@b:c\n", ""),
                "literals": ("", "[a\n b]:c\n", "")}.items()


TEXTS = {"main": lambda: values("a=\n", "a=b\n"), "transport": lambda: tables("a\n", "a b\n", " c\n"), "aliases": aliases,
         "master": master, "dovecot": dovecot, "fix": fix}
EVERYWHERE = {"blank lines": ("", "\n", ""), "white lines": ("", " \n", ""), "hashes": ("", "#\n", ""), "hashes and blanks": ("", "#\n\n", "")}

if __name__ == "__main__":
    lens, limit, most, directory = sys.argv[1], *map(int, sys.argv[2:4]), pathlib.Path(sys.argv[4])
    count = (lambda text: len(re.findall(r"\n|\{|(?<!\S)[^\s{]", text))) if lens == "master" else (lambda text: text.count("\n"))
    for name, (head, again, tail) in [*EVERYWHERE.items(), *TEXTS[lens]()]:
        times = (limit - len(head) - len(tail)) // len(again)
        if count(again) > 0:
            times = min(times, (most - count(head) - count(tail)) // count(again))
        (directory / name.replace(" ", "-")).write_text(head + again * times + tail)
