# SPDX-License-Identifier: GPL-3.0-or-later
"""aliases: postalias -s of the table that postalias makes of a text, against the tree of it: the same names, the same
targets. postalias reads any text, and warns of the lines that it drops: those are no aliases, or aliases without targets.

postalias writes names and targets anew from its tokens, so both sides are compared without white space, and names
without quotes and backslashes, too.

Limits: to postalias a vertical tab or a form feed is a target, to the lens it is
white space: no text has one where it would be the only target. What postalias makes of quotes in targets is its own affair (it adds some);
targets are compared without quotes, backslashes and "]" (3.10 closes a "[" that is open).
"""
import re

import lens
import postfix

DOCUMENT = "aliases"
NAMES = ("root", "postmaster", "joe+tag", "a b", "a  b\tc", '"a b"', '"a:b"', '"a\\"b"', "a.b", "caf\xe9", "x_y-z", "MAILER-DAEMON", "a\\:b",
         '"#x"', "a (note: x) b", "[a:b]", "a#b", "'q'", "a|b", "a!b", "<a>", "(a)", "a)", '"a" "b"', '"a".b', "\\a", "a;b", "a/b", "a=b",
         "(((n))) d", "d(a(b(c)))", "e(((a\\))) : b) f", "g\n h", "i\n# j: k\n\n  l \n\tm", '"n\n o"', '"p \n# q: r\n : s"', "t(u\n # v)\n (w:\n))\n x",
         "[y\n : z] a", "b\\\n c", "d\\\n# e\n : f", "g\n\\\n : h", '"i\\\n \\" j"\n k', "l\n (m(n(o)))")
BAD = ("a@b", "a, b", "a%b", "", '"a', "(a", "[a", "a@b: c, d", "no colon", "#", "((a)", "(((a))), b", "(((a))) b@c", "a\n b@c", "a\n , b", '"a\n# b\n c', "[a\\\n ]",
       "(a\n (b)", "a@b\n", "a\\")
WORDS = ("joe", "joe@example.org,", ",", '"|/bin/x -f \\"a b\\" $x"', ":include:/etc/list", "/var/mail/x,", "|/bin/x", '"/a b"', "#",
         "# note", "\\joe", '""', "a:b", "(note)", "[x]", "<a@b>", ";", "caf\xe9", "a,b", "'", "!", "{x}")
TAILS = ("", " ", "\r", "\t ")
NOISE = ("a", "b", "#", '"', '"', " ", "\n", "\n", "\n ", "\t", "\r\n", ":", ": ", "a: b", ",", "(", ")", "[", "]", "@", "\n#", "\n\n",
         "\xe9", "\\a", '\\"', "a b", "((", "))", "\\\n ", '"\n ')


def logical(odd):
    if odd.rng.random() < 0.08:
        return odd.pick(*BAD) + odd.pick("", ":", ": x", " : x\n y", "\n z", ":\n x,\n :include:/y")
    name = odd.pick(*NAMES) if odd.rng.random() < 0.6 else "n%d" % odd.rng.randint(0, 99)
    colon = odd.pick(":", ": ", " : ", ":\t", " :", "\n : ", " \n\n\t:", "\n# c: d\n :", ":\n ", ":\n# c\n  ", ": \r\n\t")
    return name + colon + odd.words(WORDS, 0, 5)


def bare(text):
    return re.sub(rb'[\s"\\]', b"", text)


def judge(tools, work, text):
    site, table = postfix.table_site(work, text)
    nodes = lens.read(tools.prefix, table, DOCUMENT)
    made = tools.postfix.run("postalias", "-c", site, "-f", "hash:" + table)
    said = tools.postfix.run("postalias", "-c", site, "-f", "-s", "hash:" + table)
    if made.fatal is not None or said.fatal is not None:
        return "postalias: %s" % (made.fatal or said.fatal), None
    theirs = {}
    for line in said.out.split(b"\n")[:-1]:
        name, targets = line.split(b":\t", 1)
        if name not in (b"@", b"YP_LAST_MODIFIED", b"YP_MASTER_NAME"):
            theirs.setdefault(bare(name), set()).add(bare(targets).replace(b"]", b""))
    ours = {}
    for node in nodes:
        if node.label == "alias" and node.text():
            ours.setdefault(bare(node.value), set()).add(bare(node.text()).replace(b"]", b""))
    # Names that are one without quotes may be two, and of two that are one the first counts.
    wrong = {name for name in theirs.keys() | ours.keys() if not theirs.get(name, {None}) <= ours.get(name, {None})}
    if not wrong:
        return None, None
    return "postalias: %s; mailfix: %s" % tuple([(name, side.get(name)) for name in sorted(wrong)] for side in (theirs, ours)), None
