#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""tests/fixes/hand_edits.py PREFIX [--quick] [stacks | FIX[/CASE]...]: what people do to files between an apply and its rollback, for every
fix. Two parts:

  edits    every case here in which apply changes something is applied; then somebody edits one of its files in one of nine
           ways, and takes the transaction back in one of three: plainly, with --merge, with --force.
  stacks   three of the shipped fixes on one host, in every order, and then the middle one goes.

What must hold after an edit:
  - plainly: exit 4, nothing was touched, and both differences are shown: what mailfix changed and what they changed;
  - --merge: either every line of theirs is there to the byte and mailfix's own are not, which is what the same edit makes
    of the file from before; or exit 4, nothing was touched, and the file is named;
  - --force: the file from before, with mode, owner and attributes; theirs is where mailfix says;
  - the same words again: "Nothing to do", exit 0, and nothing changes.
A file that is gone, or a symbolic link now, is left alone (4) in all three.

What must hold in a stack: the middle one goes (0) and takes exactly its own lines with it; or it stays (4), nothing was
touched, and the third is named. Then the others can be taken back, and the tree is the first.

--quick: the first case of each fix and one of the three ways for each edit, by turns; a twentieth of the stacks. Limits: one file
is edited at a time. Which lines a change replaced is worked out here by difflib, not taken from the record."""
import difflib
import itertools
import multiprocessing
import os
import shutil
import sys
import tempfile
import time
from collections import Counter

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "crash")]
from case import Case, changing_cases, fixes_with_cases, site_fix  # noqa: E402
from support import check, check_equal, difference, execute, prefix_of, read, snapshot, write, Failure  # noqa: E402
from trees import copy_tree  # noqa: E402

NOTHING = "Nothing was changed."
WAYS = ((), ("--merge",), ("--force",))
THEIRS = "# theirs\xe4 \t"
GARBAGE = bytes(range(255, -1, -1)) * 9

setup = {}  # prefix, work, quick


# ---- texts ----

def lines_of(data):
    lines = (data or b"").decode("latin-1").split("\n")
    return [line + "\n" for line in lines[:-1]] + [line for line in lines[-1:] if line]


def bytes_of(lines):
    return "".join(lines).encode("latin-1")


class Texts:
    """A file before and after apply, in lines; hunks are (old start, old end, new start, new end)."""

    def __init__(self, before, after):
        self.before, self.after = before, after
        self.old, self.new = (lines_of(data) for data in (before, after))
        matcher = difflib.SequenceMatcher(None, self.old, self.new, autojunk=False)
        self.hunks = [tag[1:] for tag in matcher.get_opcodes() if tag[0] != "equal"]
        self.ended = all(not data or data.endswith(b"\n") for data in (before, after))

    def writing(self):
        """A hunk that puts lines in, or None."""
        return next((hunk for hunk in self.hunks if hunk[3] > hunk[2]), None)


def marked(line):
    end = "\n" if line.endswith("\n") else ""
    return line[:len(line) - len(end)] + THEIRS + end


def replaced(lines, at, line):
    return lines[:at] + [line] + lines[at + 1:]


# ---- edits ----
# Each gives what they wrote and, where that can be said, what a rollback that leaves it alone leads to; None: no such place.

def same_line(texts):
    hunk = texts.writing()
    if hunk is None:
        return None
    at = hunk[3] - 1
    return bytes_of(replaced(texts.new, at, marked(texts.new[at]))), None


def next_line(texts):
    """The line behind a change, or the one before it."""
    for hunk in texts.hunks:
        for old, new in ((hunk[1], hunk[3]), (hunk[0] - 1, hunk[2] - 1)):
            if 0 <= new < len(texts.new) and 0 <= old < len(texts.old) and texts.old[old] == texts.new[new]:
                line = marked(texts.new[new])
                return bytes_of(replaced(texts.new, new, line)), bytes_of(replaced(texts.old, old, line))
    return None


def elsewhere(texts):
    first, last = [THEIRS + "\n"], [THEIRS] if texts.ended else []
    return tuple(bytes_of(first + lines + last) for lines in (texts.new, texts.old))


def reordered(texts):
    """What mailfix wrote in one place stands at the end of the file, or at its beginning."""
    hunk = texts.writing()
    if hunk is None or not texts.ended or hunk[3] - hunk[2] == len(texts.new):
        return None

    def move(lines, start, end):
        rest, moved = lines[:start] + lines[end:], lines[start:end]
        return bytes_of(rest + moved if hunk[3] < len(texts.new) else moved + rest)
    return move(texts.new, hunk[2], hunk[3]), move(texts.old, hunk[0], hunk[1])


def twice(texts):
    hunk = texts.writing()
    if hunk is None or not texts.ended:
        return None
    more = texts.new[hunk[2]:hunk[3]]
    return bytes_of(texts.new + more + more), bytes_of(texts.old + more + more)


def garbage(texts):
    return GARBAGE, None


def emptied(texts):
    return b"", None


GONE, LINK = "deleted", "link"
KINDS = (("same-line", same_line), ("next-line", next_line), ("elsewhere", elsewhere), (GONE, None), (LINK, None),
         ("reordered", reordered), ("twice", twice), ("garbage", garbage), ("emptied", emptied))


# ---- one rollback ----

class Host:
    def __init__(self, tree, facts, umask=0o022):
        self.tree, self.facts, self.umask = tree, facts, umask

    def path(self, below):
        return os.path.join(self.tree, below)

    def mailfix(self, *words):
        return execute([os.path.join(setup["prefix"], "sbin/mailfix"), "--root", self.tree, "--facts", self.facts, *words],
                       umask=self.umask)

    def see(self, record=False):
        return snapshot(self.tree, record=record)


def signs(old, new):
    """The lines that a unified diff must have for a change; no text has a NUL byte, so it is written out."""
    return [sign + line.rstrip("\n").replace("\0", "\\x00") for tag, a, b, c, d in
            difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes() if tag != "equal"
            for sign, lines in (("-", old[a:b]), ("+", new[c:d])) for line in lines]


def check_both_shown(result, texts, edited):
    parts = result.outtext.split("What was changed since:\n")
    check(len(parts) == 2 and parts[0].startswith("What transaction "), "both differences: %r" % result.outtext[:300])
    for part, old, new in ((parts[0], texts.old, texts.new), (parts[1], texts.new, lines_of(edited))):
        there = set(part.split("\n"))
        for line in signs(old, new):
            check(line in there, "the difference lacks %r: %r" % (line, part[:300]))


def check_refused(host, before, result, below):
    check_equal(result.code, 4, "exit (%s)" % result.errtext)
    check_equal(result.last, NOTHING, "the last line")
    check("/" + below in result.errtext, "the file is named: %r" % result.errtext)
    check_equal(difference(before, host.see(record=True)), "", "nothing was touched")


def check_idle(host, words):
    before = host.see(record=True)
    again = host.mailfix("rollback", "1", "-y", *words)
    check_equal((again.code, again.outtext[:14], again.last), (0, "Nothing to do:", NOTHING), "the same words again")
    check_equal(difference(before, host.see(record=True)), "", "the same words again change nothing")


def check_merged(host, texts, below, edited, wanted):
    """Their lines are all there, and nothing else than what was there before apply."""
    now = read(host.path(below)) if os.path.exists(host.path(below)) else b""
    check(wanted is not None, "an edit of mailfix's own line was merged: %r" % now)
    if texts.ended:
        check_equal(now, wanted, below)
    theirs = [line for line in lines_of(edited) if THEIRS in line]
    left = [line.rstrip("\n") for line in lines_of(now)]
    for line in theirs:
        check(line.rstrip("\n") in left, "their line %r is not there: %r" % (line, now))


def check_others(host, first, below):
    """The other files of the transaction are as before it."""
    now = host.see()
    for seen in (first, now):
        seen.pop(below, None)
        seen.pop(below + ".theirs", None)
    check_equal(difference(first, now), "", "the other files")


def try_edit(host, first, texts, below, kind, edit, way):
    path = host.path(below)
    made = edit(texts) if edit is not None else (None, None)
    if made is None or edit is not None and made[0] == texts.after:
        return False
    edited, wanted = made
    if kind == GONE:
        os.unlink(path)
    elif kind == LINK:
        os.rename(path, path + ".theirs")
        os.symlink(os.path.basename(path) + ".theirs", path)
    else:
        with open(path, "r+b") as file:  # in place, as editors do that keep owner and mode
            file.write(edited)
            file.truncate()
    before = host.see(record=True)
    result = host.mailfix("rollback", "-y", *way)
    if kind == GONE and texts.before is None:  # taken back by hand
        check_equal((result.code, difference(dict(first), host.see())), (0, ""), "rollback (%s)" % result.errtext)
        return True
    if edit is None:
        check_refused(host, before, result, below)
        return True
    if way == () and edited != texts.before:
        check_refused(host, before, result, below)
        check_both_shown(result, texts, edited)
        return True
    if way == ("--merge",) and result.code == 4:
        check_refused(host, before, result, below)
        return True
    check_equal(result.code, 0, "exit (%s)" % result.errtext)
    if way == ("--merge",):
        check_merged(host, texts, below, edited, wanted)
    elif way == ("--force",):
        check_equal(difference(dict(first), host.see()), "", "the tree from before")
        kept = [line for line in result.outtext.split("\n") if line.startswith("The edited /%s is kept as " % below)]
        check(len(kept) == 1, "where their file is: %r" % result.outtext)
        check_equal(read(kept[0].split(" is kept as ")[1]), edited, "their file")
    check_others(host, dict(first), below)
    check_idle(host, way)
    return True


# ---- a case ----

def edits_of(task):
    """All edits of one case: how many were made, and what was wrong."""
    number, fix, name = task
    made, wrong = 0, []
    work = tempfile.mkdtemp(dir=setup["work"])
    try:
        case = Case(setup["prefix"], fix, name, work)
        first = snapshot(case.tree)
        before = {below: read(os.path.join(case.tree, below)) for below, entry in first.items() if "bytes" in entry}
        applied = case.mailfix("apply", fix, *case.args, "-y")
        if applied.code != 0:
            return 0, ["%s/%s: apply: exit %r: %s" % (fix, name, applied.code, applied.errtext)]
        after = snapshot(case.tree)
        changed = [below for below, entry in after.items() if "bytes" in entry and entry.get("bytes") !=
                   first.get(below, {}).get("bytes")]
        turn = number
        for below, (kind, edit) in itertools.product(changed, KINDS):
            turn += 1
            texts = Texts(before.get(below), read(os.path.join(case.tree, below)))
            for way in WAYS[turn % 3:turn % 3 + 1] if setup["quick"] else WAYS:
                tree = os.path.join(work, "copy")
                copy_tree(case.tree, tree)
                try:
                    made += try_edit(Host(tree, case.facts, case.umask), first, texts, below, kind, edit, way)
                except (Failure, OSError) as why:
                    wrong.append("%s/%s: %s: %s, rollback %s: %s" % (fix, name, below, kind, " ".join(way), why))
                shutil.rmtree(tree)
        return made, wrong
    finally:
        shutil.rmtree(work)


# ---- stacks ----

STACK_MAIN = """myhostname = mail.example.jp
mydestination = $myhostname, localhost
alias_maps = hash:/etc/aliases
smtpd_tls_cert_file = /etc/postfix/mx.pem
smtpd_tls_key_file = /etc/postfix/mx.key
smtpd_tls_session_cache_database = sdbm:${data_directory}/smtpd_scache
transport_maps = hash:/etc/postfix/transport
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = private/auth
# the end
"""
STACK_MASTER = """smtp      inet  n       -       y       -       -       smtpd
#submission inet n       -       y       -       -       smtpd
#  -o syslog_name=postfix/submission
#  -o smtpd_tls_security_level=encrypt
#smtps     inet  n       -       y       -       -       smtpd
#  -o smtpd_tls_wrappermode=yes
pickup    unix  n       -       y       60      1       pickup
"""
STACK_FILES = {
    "etc/postfix/main.cf": STACK_MAIN, "etc/postfix/master.cf": STACK_MASTER,
    "etc/postfix/transport": "a.example smtp:[127.0.0.1]\n",
    "etc/aliases": "postmaster: root\nroot: anna\nanna: office\n",
    "etc/passwd": "root:x:0:0::/root:/bin/sh\nanna:x:1000:1000::/home/anna:/bin/sh\nbert:x:1001:1001::/home/bert:/bin/sh\n",
    "etc/dovecot/dovecot.conf": "protocols = imap\nservice imap-login {\n  vsz_limit = 16 M\n}\n",
}
STACK_FACTS = """os.id = debian
os.version = 12
init = systemd
postfix.version = 3.7.11
postfix.table-types = btree cidr hash lmdb pcre regexp texthash
dovecot.version = 2.3.19
dovecot.config-file = /etc/dovecot/dovecot.conf
"""
STACK = (("sdbm-cache",), ("isp-relay", "domain=b.example", "relay=[relay.example.jp]:587"), ("alias-shadow", "account=anna"),
         ("alias-redirect", "name=sales", "to=bert"), ("submission-port", "tls=may"), ("smtps-port",),
         ("login-memory", "service=imap-login", "size=128M"))

DEPENDS = (4, 2, 3)  # an order in which the third needs the second


def stack_host(work):
    tree = os.path.join(work, "first")
    for below, text in STACK_FILES.items():
        write(os.path.join(tree, below), text)
    for name, below, mode in (("mx.pem", "etc/postfix/mx.pem", 0o644), ("mx.key", "etc/postfix/mx.key", 0o600)):
        write(os.path.join(tree, below), read(os.path.join(HERE, "..", "certificates", name)), mode)
    os.makedirs(os.path.join(tree, "var/lib"))
    return Host(tree, write(os.path.join(work, "facts"), STACK_FACTS))


def apply_on(host, tree, number):
    copy_tree(host.tree, tree)
    there = Host(tree, host.facts)
    result = there.mailfix("apply", *STACK[number], "-y")
    check(result.code == 0 and result.last.startswith("Changed"), "apply %s: exit %r: %s%s" % (
        STACK[number][0], result.code, result.errtext, result.outtext))
    return there


def texts_of(host):
    """The lines of each file, whatever their order."""
    return {below: Counter(lines_of(read(host.path(below)))) for below, entry in host.see().items() if "bytes" in entry}


def try_stack(work, order):
    """One order of three. 0: the middle one went; 4: it depends."""
    names = [STACK[number][0] for number in order]
    first = stack_host(work)
    trees = [first]
    for number in order:
        trees.append(apply_on(trees[-1], os.path.join(work, "t%d" % len(trees)), number))
    top = trees[-1]
    before, all_three = top.see(record=True), texts_of(top)
    result = top.mailfix("rollback", "2", "-y")
    if result.code == 4:
        check("0003-" + names[2] in result.errtext, "the one that depends is named: %r" % result.errtext)
        check_equal((result.last, difference(before, top.see(record=True))), (NOTHING, ""), "nothing was touched")
        check_equal(top.mailfix("rollback", "3", "-y").code, 0, "rollback of the third")
        check_equal(top.mailfix("rollback", "2", "-y").code, 0, "rollback of the middle one then")
    else:
        check_equal(result.code, 0, "rollback of the middle one (%s)" % result.errtext)
        without, with_it, now = (texts_of(host) for host in (trees[1], trees[2], top))
        for below, lines in all_three.items():
            wanted = lines - (with_it[below] - without[below]) + (without[below] - with_it[below])
            check_equal(now[below], wanted, "the lines of " + below)
        check_equal(top.mailfix("rollback", "2", "-y").outtext[:14], "Nothing to do:", "the middle one again")
        check_equal(top.mailfix("rollback", "3", "-y").code, 0, "rollback of the third")
    check_equal(top.mailfix("status", "--store").code, 0, "status --store")
    check_equal(top.mailfix("rollback", "1", "-y").code, 0, "rollback of the first")
    check_equal(difference(first.see(), top.see()), "", "the first tree")
    return result.code


def stack_of(order):
    work = tempfile.mkdtemp(dir=setup["work"])
    try:
        return try_stack(work, order), []
    except (Failure, OSError) as why:
        return None, ["stack %s: %s" % (", ".join(STACK[number][0] for number in order), why)]
    finally:
        shutil.rmtree(work)


# ---- all of it ----

class Report:
    def __init__(self):
        self.began, self.failed = time.monotonic(), 0

    def go(self, what, pool, function, tasks):
        results, shown = [], time.monotonic()
        for done, (result, wrong) in enumerate(pool.imap_unordered(function, tasks), 1):
            results.append(result)
            for line in wrong:
                self.failed += 1
                print("FAILED  " + line[:1500], flush=True)
            if time.monotonic() - shown > 15:
                shown = time.monotonic()
                print("%s: %d / %d, %.0f s" % (what, done, len(tasks), shown - self.began), flush=True)
        return results


def place():
    for directory in (os.environ.get("TMPDIR"), "/dev/shm"):
        if directory is not None and os.path.isdir(directory):
            return directory
    return None


def chosen_cases(words):
    cases = [pair for pair in changing_cases() if not words or pair[0] in words or "/".join(pair) in words]
    if setup["quick"]:
        cases = [next(pair for pair in cases if pair[0] == fix) for fix in sorted({fix for fix, _ in cases})]
    return [(number, *pair) for number, pair in enumerate(cases)]


def main():
    words = [word for word in sys.argv[2:] if word != "--quick"]
    setup.update(prefix=prefix_of(sys.argv), quick="--quick" in sys.argv)
    os.umask(0o022)
    report, codes = Report(), []
    sites = [site_fix(setup["prefix"], fix) for fix in fixes_with_cases()]
    with tempfile.TemporaryDirectory(prefix="mailfix-hand-edits-", dir=place()) as work:
        setup["work"] = work
        try:
            for site in sites:
                site.__enter__()
            with multiprocessing.get_context("fork").Pool(os.cpu_count()) as pool:
                cases = chosen_cases(words)
                made = report.go("edits", pool, edits_of, cases)
                print("edits: %d cases of %d fixes, %d edits and rollbacks, %d failed, %.0f s" % (
                    len(cases), len({case[1] for case in cases}), sum(made), report.failed,
                    time.monotonic() - report.began), flush=True)
                if not words or words == ["stacks"]:
                    orders = list(itertools.permutations(range(len(STACK)), 3))
                    codes = report.go("stacks", pool, stack_of, orders[::20] + [DEPENDS] if setup["quick"] else orders)
                    print("stacks: %d orders of three fixes, the middle one went from %d, %d depended, %.0f s" % (
                        len(codes), codes.count(0), codes.count(4), time.monotonic() - report.began))
        finally:
            shutil.rmtree(os.path.join(setup["prefix"], "etc/mailfix/fixes"), ignore_errors=True)
    print("%d failed" % report.failed)
    return 1 if report.failed or not sum(made) + len(codes) else 0


if __name__ == "__main__":
    sys.exit(main())
