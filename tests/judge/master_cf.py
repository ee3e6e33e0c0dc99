# SPDX-License-Identifier: GPL-3.0-or-later
"""master.cf: postconf -M of a text against the tree of it: the same services, the same columns, the same options with the
same values, and the same words behind them, in the same order; and postconf -Px, the parameters that are set for a service.

postconf reads what master(8) and the daemons refuse, and warns: that is a refusal here. mailfix may read more than the
programs do, so that it can help where they stop; never less.

Limits: white space of more than one byte in a value is not compared, nor are braces around what is no option's value. A
vertical tab or a form feed is white space to the lens and a letter to Postfix: no text has one inside a service. To
getopt() a lone "-" ends the options, and so it does here; postconf takes it for an option with a value and goes on cutting
what is behind it, and 3.11 prints bytes that are not of the file: nothing behind it is compared. Of a value with a '$', which -x expands, only the name is.
"""
import re

import lens
import postfix

DOCUMENT = "master.cf"
COLUMNS = ("type", "private", "unpriv", "chroot", "wakeup", "maxproc", "command")
STOPS = ("missing '=' after attribute name", "missing attribute name", "missing '}' in", "syntax error after '}'")
ENDS = (b"-", b"--")
CUT = re.compile(rb"\s-o\S*o")    # postconf takes "-oxo" for a row of letters, getopt() takes "xo" for the value of -o
SERVICES = ("smtp", "submission", "[::1]:submission", "127.0.0.1:10025", "[::]:25", "x-y", "caf\xe9", "a=b", "-o", "$x:smtp",
            "localhost:smtp", "a#b", "{x}", "1.2.3.4:a,b", "*:25")
TYPES = ("inet", "unix", "fifo", "pass", "unix-dgram")
COMMANDS = ("smtpd", "pipe", "smtp", "${x}", "-o", "spawn", "\"x\"")
NAMES = ("a", "smtpd_tls_security_level", "x-y", "a.b", "caf\xe9", "0", "$x", "a:b", "-o")
VALUES = ("", "b", "b,c=d", "${x}", "${x?{a b}:{c}}", "{}", "a{b c}d", "=", "#", "x#y", "\"a", "'b'", "\\", "\xa0", "hash:/x", "[::1]",
          "-o", "a{b{c d}e}f", "a}b", "}", "%")
INNER = ("b", "c,", "=", "#x", "{a", "b}", "{c = d}", "${x", "?{a b}}", "inline:{", "}", "-o", "\"", "\xe9", "x=y", "{", "{}", "hash:/y")
ARGS = ("flags=DRhu", "user=vmail:vmail", "argv=/usr/bin/x", "${sender}", "-f", "-o", "--", "{", "}", "{a", "b}", "#", "#x", "a#b", "\"x",
        "y\"", "\\", "'", "|", "<", "caf\xe9", "=", "-o a=b", "${a?{b c}}", "a=b", "-d", "-", "-oa=b")
DASHED = ("-v", "-vv", "-D", "-c", "-", "--", "--x", "-i", "-=", "-v#")
NOISE = ("s", " unix", " -", " n", " smtpd", " -o", " a=b", "s unix - n - - - smtpd", "s inet n - n - - smtpd", " {", "}", "=", "#",
         "\n", "\n", "\n ", "\n  -o ", "\t", "\r\n", "\n# c\n ", " { a = b }", "\n#", "$", "{", "-", "-o")


def option(odd):
    gap = odd.pick(" ", " ", odd.fold())
    if odd.rng.random() < 0.6:
        name, equals = odd.pick(*NAMES), odd.pick(*["="] * 150, "")
        # Without a '=' the daemon stops, and to the lens a group that holds white space is several words.
        word = name + equals + odd.pick(*[value for value in VALUES if equals or " " not in value])
        if equals and odd.rng.random() < 0.3:
            word, open_braces = folded(name + equals + odd.words(INNER, 1, 5))
            if odd.rng.random() < 0.1:      # the words behind it are in the group, whatever is in them
                return "-o" + gap + word
            word += open_braces
        # postconf cuts "-oname" at every o, as if it were a row of letters; getopt() does not.
        return "-o" + (odd.pick("", gap) if "o" not in word else gap) + word
    blank = odd.blank if odd.rng.random() < 0.7 else lambda: odd.pick("", " ", "\n ", " \r\n\n\t", "\n# { d = e\n ")
    before, after, words = blank(), blank(), odd.some(INNER, 0, 4)
    close = balanced if odd.rng.random() < 0.995 else str
    inner = close("".join((odd.fold() if at else "") + word for at, word in enumerate(words)))
    return "-o" + gap + "{" + blank() + odd.pick(*NAMES) + blank() + odd.pick(*["="] * 150, "") + before + inner + after + "}"


def folded(value):
    """A value that has white space, and ends of lines, in braces only; and what closes the braces that it leaves open."""
    made, depth = "", 0
    for char in value:
        depth = max(depth + (char == "{") - (char == "}"), 0)
        made += char if depth > 0 or char not in " \t\v\f\r\n" else ""
    return made, "}" * depth


def balanced(text):
    """The braces that miss their partner are removed, so that most texts are read; those in comments count as well."""
    kept, depth = [], 0
    for char in text:
        depth += (char == "{") - (char == "}")
        kept += [char] if depth >= 0 else []
        depth = max(depth, 0)
    return "".join(kept) + "}" * depth


def logical(odd):
    made = odd.pick(*SERVICES)
    columns = (odd.pick(*TYPES), odd.pick("-", "y", "n"), odd.pick("-", "y", "n"), odd.pick("-", "y", "n"),
               odd.pick("-", "0", "1000?", "60"), odd.pick("-", "0", "1", "99"), odd.pick(*COMMANDS))
    if odd.rng.random() < 0.005:
        columns = columns[:odd.rng.randint(0, 6)]
    for column in columns:
        made += odd.fold() + column
    for _ in range(odd.rng.randint(0, 4)):
        made += odd.fold() + (option(odd) if odd.rng.random() < 0.85 else odd.pick(*DASHED))
    if odd.rng.random() < 0.3:
        words = odd.words(ARGS, 1, 6)
        # postconf prints "{ -x }" without its braces, and then it looks like an option.
        made += odd.fold() + ("x " if words.startswith("{") else "") + words
    return made.replace("\v", "").replace("\f", "")


def split(line):
    """Words as Postfix's mystrtokq() cuts them: braces hold white space together."""
    words, depth, word = [], 0, b""
    for byte in (line[i:i + 1] for i in range(len(line))):
        if depth == 0 and byte in b" \t\r\n":
            words += [word] if word else []
            word = b""
            continue
        depth += 1 if byte == b"{" else -1 if byte == b"}" and depth > 0 else 0
        word += byte
    return words + ([word] if word else [])


def program_service(line):
    """A line of postconf -M as columns, options and words."""
    words = split(line)
    columns, rest = words[:8], words[8:]
    options = []
    while rest and rest[0].startswith(b"-") and rest[0] not in ENDS:
        word = rest.pop(0)
        if word == b"-o" and rest:
            value = rest.pop(0)
            value = value[1:-1] if value.startswith(b"{") else value
            word = (b"-o " + lens.even(value)).rstrip()     # a form feed behind -o is a word to Postfix
        options.append(word)
    return columns, options, loose(rest)


def loose(rest):
    words = re.sub(rb"[{}]", b" ", b" ".join(rest)).split()
    return [] if rest[:1] == [b"-"] else words


def tree_service(node):
    columns = [node.value] + [node.all(column)[0].value for column in COLUMNS]
    rest = [child for child in node.child if child.label in ("option", "arg")]
    options = []
    while rest and (rest[0].label == "option" or rest[0].value.startswith(b"-") and rest[0].value not in ENDS):
        child = rest.pop(0)
        if child.label == "option":
            options.append(b"-o " + lens.even(child.value + b"=" + child.text()))
        elif child.value == b"-o" and rest:     # with a word that has no '=': the daemon stops
            options.append(b"-o " + rest.pop(0).value)
        elif child.value.startswith(b"-o") and child.value != b"-o":    # the same in one word
            options.append(b"-o " + child.value[2:])
        else:
            options.append(child.value)
    return columns, options, loose([child.value for child in rest])


def letters(options):
    return re.sub(rb"-o|[- ]", b"", b"".join(options))


def judge(tools, work, text):
    site = postfix.site(work, master_cf=text)
    said = tools.postfix.run("postconf", "-c", site, "-M")
    fatal = said.fatal or next((warning for warning in said.warnings if any(stop in warning for stop in STOPS)), None)
    theirs = [program_service(line) for line in said.out.split(b"\n")[:-1]]
    try:
        nodes = lens.read(tools.prefix, site + "/master.cf", DOCUMENT)
    except lens.Refused as why:
        # A brace that is open at the end of a column hides those behind it from postconf, not from master.
        fair = fatal is None and not any(re.search(rb"\s", column) for service in theirs for column in service[0])
        return ("postconf reads it; %s" % why if fair else None), fatal
    if fatal is not None:
        return None, fatal
    ours = [tree_service(node) for node in nodes if node.label == "service"]
    if CUT.search(text):
        theirs, ours = ([(columns, letters(options), rest) for columns, options, rest in side] for side in (theirs, ours))
    # A brace that is open at the end of a column makes the words behind it part of the column; the lens cuts it.
    at = next((i for i in range(max(len(theirs), len(ours))) if theirs[i:i + 1] != ours[i:i + 1]
               and not (i < min(len(theirs), len(ours)) and any(b" " in column for column in theirs[i][0]))), None)
    if at is None:
        said = tools.postfix.run("postconf", "-c", site, "-Px")
        # It stops at a value that it cannot expand.
        return parameters(said if said.fatal is None else tools.postfix.run("postconf", "-c", site, "-P"), nodes), None
    return "postconf: %s; mailfix: %s" % (theirs[at:at + 1], ours[at:at + 1]), None


def parameters(said, nodes):
    """What differs between "service/type/name = value" of postconf -Px and the options of the tree, None if nothing does."""
    ours, ended = {}, False
    for node in nodes:
        ended |= node.label == "service" and any(word.value in ENDS for word in node.all("arg"))
        for option in node.all("option") if node.label == "service" else []:
            ours[b"/".join((node.value, node.all("type")[0].value, option.value))] = option.text()
    theirs, unknown = {}, []
    for line in said.out.split(b"\n")[:-1]:
        # A name may hold what stands between it and the value.
        names = [name for name in ours if line.startswith(name + b" =")]
        if names:
            theirs[max(names, key=len)] = lens.even(line[len(max(names, key=len)) + 2:])
        else:
            unknown.append(line)
    wrong = sorted(name for name in ours if name not in theirs or (theirs[name] != ours[name] and b"$" not in ours[name]))
    if not wrong and (ended or not unknown):
        return None
    return "postconf -Px: %s %s; mailfix: %s" % ([(name, theirs.get(name)) for name in wrong], unknown, [(name, ours[name]) for name in wrong])
