# SPDX-License-Identifier: GPL-3.0-or-later
"""Maps (transport, virtual, access ...): postmap -s texthash: of a text against the tree of it: the same keys with the same
values. postmap reads any text, and warns of the lines that it drops: those are no entries, or entries without a value.

A table of patterns is the same to the lens: the first word, or the pattern with the blanks in it, is where postmap -q
through regexp: cuts as well, so those texts only have to be read.

Limits: white space of more than one byte in a value is not compared.
"""
import re

import lens
import postfix

DOCUMENT, CORPUS = "transport", "transport"
KEYS = ("example.org", ".example.org", "a@b.example", "joe+tag@x", "*", "[host]:587", "[2001:db8::1]", "2001:db8::/32", "10.0.0.1",
        '"a b"@x', '"a\\"b"', "a\\ b", "caf\xe9", "x:", "/^a b$/", "if", "endif", "-", "{x}", "a#b", "a=b", '""', 'x"y z"w', "user",
        "!/x/", "'", "\\#a", "if/x/", "@x", "<>", "%", '"',
        '"c\n d"', '"e \n# f g\n\n\th"@i', "j\\\n k", 'l"m\n n\\" o"p', "q\\\n# r s\n t", 'u"\r\n v"', '"w\n "', '"x\n y', 'z"\n"', "\\")
WORDS = ("smtp:[host]:587", "error:5.7.1", "text", "relay:", ":", "REJECT", "#", "#x", '"', '"a b"', "\\", "=", "x#y", "lmtp:unix:/x",
         "smtp:[2001:db8::1]:25", "${1}", "550", "caf\xe9", "a@b,", "\xa0", "/x/i", "{", "'", "if")
NOISE = ("a", "b", "#", '"', '" ', " ", "\n", "\n", "\n ", "\t", "\r\n", "\v", ":", "\\ ", "\n#", "\n\n", "\xe9", "a b", "a ", '\\"', "\\\n ", '"\n ', "\n \n")


def logical(odd):
    key = odd.pick(*KEYS) if odd.rng.random() < 0.6 else odd.pick(*KEYS[:4]) + str(odd.rng.randint(0, 99))
    if odd.rng.random() < 0.05:
        return key
    return key + odd.fold() + odd.words(WORDS, 0, 5)


def printed(line):
    """Key and value; a tab between quotes is part of the key."""
    key = re.match(rb'(?:\\.|"(?:\\.|[^"\\])*"|[^"\\\t])*(?=\t)', line)
    return (key[0], line[key.end() + 1:]) if key else tuple(line.split(b"\t", 1))


def judge(tools, work, text):
    site, table = postfix.table_site(work, text)
    nodes = lens.read(tools.prefix, table, DOCUMENT)
    said = tools.postfix.run("postmap", "-c", site, "-f", "-s", "texthash:" + table)
    if said.fatal is not None:
        return "postmap: " + said.fatal, None
    theirs = dict(printed(line) for line in said.out.split(b"\n")[:-1])
    theirs = {key: lens.even(value) for key, value in theirs.items()}
    ours = {}
    for node in nodes:
        if node.label == "entry" and node.text():
            ours.setdefault(node.value, node.text())
    if theirs == ours:
        return None, None
    return "postmap: %s; mailfix: %s" % tuple(sorted(set(side.items()) - set(other.items()))
                                              for side, other in ((theirs, ours), (ours, theirs))), None
