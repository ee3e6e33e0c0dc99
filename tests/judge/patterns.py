# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables of patterns: what "postmap -q" finds through regexp: or pcre: in a text, for a few keys, against what the entries of
the tree say when they are asked in their order: "/pattern/flags result", "!/pattern/", "if /pattern/" and "endif".
A pattern may hold blanks; the key of an entry is then its first word only, and key and value together are the line.

Limits: a text with a rule that Postfix warns of, and skips, is not compared. White space of more than one byte in a result is not compared. Only patterns that Python reads as regexec() and PCRE do. pcre: is asked where apt-get has its package.
"""
import re

import lens
import postfix
from odd import BETWEEN

DOCUMENT, CORPUS, PASSED_OVER = "transport", "patterns", "not compared"
ASKED = ["k%d" % number for number in range(6)] + ["k1 b", "xk2", "k3/y"]
PATTERNS = ("/^k%d$/", "/k%d/", "/^k%d b$/", "!/k%d/", "/^(k%d|xk2)$/", "/^K%d$/i", "/^k%d\\/y/", "#k%d#", "|k%d b|", "/^[k ]%d?$/")
WORDS = ("smtp:[host]:587", "error:5.7.1", "text", "REJECT", "#", "#x", '"', '"a b"', "\\", "=", "/x/", "if", "endif", "!", "caf\xe9", "{")
NOISE = ("/", "/k1/", " ok", "\n", "\n", "\n ", "#", "!", " ", "k1", "if ", "endif", "\\", "i", "x\n", "\t", "\r\n")


def logical(odd):
    pattern = odd.pick(*PATTERNS) % odd.rng.randint(0, 5)
    if pattern[0] == "#":  # at the beginning of a line that is a comment
        pattern = "!" + pattern
    if odd.rng.random() < 0.2:
        return "if " + pattern + "\n" + logical(odd) + "\n" + odd.pick(*BETWEEN) + "endif"
    return pattern + odd.fold() + odd.words(WORDS, 1, 4)


def cut(text):
    """(negated, pattern, flags, the rest) of "!/pattern/flags rest"; None: that is no pattern."""
    found = re.match(rb"(!?)[ \t\v\f\r]*([^\sA-Za-z0-9\\])(.*)", text, re.S)
    if not found:
        return None
    end, mark = 0, found[2]
    while end < len(found[3]) and found[3][end:end + 1] != mark:
        end += 2 if found[3][end:end + 1] == b"\\" else 1
    if end >= len(found[3]):
        return None
    behind = re.match(rb"([a-zA-Z]*)[ \t\v\f\r]*(.*)", found[3][end + 1:], re.S)
    return bool(found[1]), found[3][:end], behind[1], behind[2]


def says(rule, key):
    negated, pattern, flags, _ = rule
    # Case does not count, unless there is an i.
    return bool(re.search(pattern, key.encode(), 0 if flags.count(b"i") % 2 else re.I)) != negated


def answer(nodes, key):
    skipped = depth = 0
    for node in nodes:
        if node.label != "entry":
            continue
        if node.value == b"endif":
            skipped, depth = max(0, skipped - 1), depth - (not skipped)
        elif node.value == b"if":
            skipped += bool(skipped) or not says(cut(node.text()), key)
        elif not skipped:
            rule = cut(node.value + b" " + node.text())
            if rule is not None and rule[3] and says(rule, key):
                return rule[3]
    return None


def judge(tools, work, text):
    site, table = postfix.table_site(work, text, tools.postfix.meta)
    nodes = lens.read(tools.prefix, table, DOCUMENT)
    kind = ("regexp:", "pcre:")[len(text) % 2] if tools.pcre else "regexp:"
    for key in ASKED:
        said = tools.postfix.run("postmap", "-c", site, "-q", key, kind + table)
        theirs = lens.even(said.out.strip(b"\n")) if said.out else None
        if any("logical line must not start" not in warning for warning in said.warnings):
            return None, "rules that Postfix skips"
        if theirs != answer(nodes, key):
            return "%s: postmap finds %r through %s, the entries say %r" % (key, theirs, kind, answer(nodes, key)), None
    return None, None
