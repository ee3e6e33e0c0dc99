# SPDX-License-Identifier: GPL-3.0-or-later
"""main.cf: postconf -n of a text against the tree of it: the same names, the same effective values.

postconf -n prints the parameters that it knows and those that are referred to, and warns of the others; master.cf of
the test refers to all names of the usual kind, the others are looked for in the warnings, where unprintable bytes are
question marks.

Limits: the names of OWN are not compared.
"""
import re

import lens
import postfix

DOCUMENT = "main.cf"
# Names that each program sets for itself: postconf prints none of them.
OWN = (b"process_name", b"process_id", b"service_name")
NAMES = ("myhostname", "mydestination", "smtpd_banner", "alias_maps", "a", "b", "a_b", "0", "_")
ODD_NAMES = ("x-y", "a.b", "[x]", '"q"', "${x}", "caf\xe9", "a:b", "-o", "{a", "a#b", "\\", "a\\")
WORDS = ("x", "y,", "inline:{", "{", "}", "a=b", "{a", "=", "b}", "#", "#x", "x#y", '"', '"a b"', "\\", "${a?b:c}", "hash:/x",
         "[::1]:25,", "caf\xe9", ":", "-o", "\xa0", "'", "%s", ";")
NOISE = ("a", "b", "#", "=", "= ", " ", "\n", "\n", "\n ", "\t", "\r\n", "\v", "{", "}", "\"", "\\", "\n#", "\n\n", "\xe9", "a = ")


def logical(odd):
    name = odd.pick(*ODD_NAMES) if odd.rng.random() < 0.15 else odd.pick(*NAMES)
    equals = odd.pick("=", " = ", " =", "\t=  ", "\n =", " \n\t= ", "\n# c\n =\t", "=\n ", " = \n# d\n\n ", "=\r\n\t", " \r =")
    value = odd.words(WORDS, 0, 6)
    if odd.rng.random() < 0.02:
        return odd.pick(name, "= x", name + " " + value.replace("=", ""))
    return name + equals + value


def usual(name):
    return re.fullmatch(rb"[A-Za-z0-9_]+", name) is not None


def masked(text):
    return re.sub(rb"[ ?]+", b" ", re.sub(rb"[^ -~]", b"?", text)).strip()


def judge(tools, work, text):
    """What differs, None if nothing does; and what the program says of a text that it refuses."""
    site = postfix.site(work, main_cf=text)
    try:
        nodes, refused = lens.read(tools.prefix, site + "/main.cf", DOCUMENT), None
    except lens.Refused as why:
        nodes, refused = [], str(why)
    seen = {node.value: node.text() for node in nodes if node.label == "setting" and node.value not in OWN}
    # A reference in the value of an option makes the name known.
    master = b"".join(b"${%s}" % name for name in seen if usual(name))
    postfix.site(work, main_cf=text, master_cf=b"judge unix - - - - - judge -o judge=" + master + b"\n")
    said = tools.postfix.run("postconf", "-c", site, "-n")
    if said.fatal is not None or refused is not None:
        if (said.fatal is None) != (refused is None):
            return "postconf: %s; mailfix: %s" % (said.fatal or "reads it", refused or "reads it"), None
        return None, said.fatal
    theirs = {}
    for line in said.out.split(b"\n")[:-1]:
        name, value = line.split(b" =", 1)
        theirs[name] = lens.even(value)
    ours = {name: value for name, value in seen.items() if name in theirs or usual(name)}
    if b"config_directory" not in ours:
        theirs.pop(b"config_directory", None)
    others = {masked(name + b"=" + value) for name, value in seen.items() if name not in ours}
    warned = {masked(line.split("unused parameter: ", 1)[1].encode("latin-1"))
              for line in said.warnings if site + "/main.cf: unused parameter: " in line}
    for program, tree in ((theirs, ours), (warned, others)):
        if program != tree:
            both = (set(program.items()) ^ set(tree.items())) if isinstance(program, dict) else program ^ tree
            return "postconf: %s; mailfix: %s" % tuple(
                sorted(item for item in both if item in (side.items() if isinstance(side, dict) else side))
                for side in (program, tree)), None
    return None, None
