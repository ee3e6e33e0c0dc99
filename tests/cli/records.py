# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of tests/cli/run about mailfix's own records: damage, what is sound, who can read it, and what goes when old
ones are removed."""
import json
import os
import shutil
import stat
import time

from rollback import MAIN, Fixes
from support import RECORD, check, check_equal, execute, read, write

NOTHING = "Nothing was changed."
FIRST = RECORD + "/txn/0001-zz-test-biff"


def in_record(host, below=""):
    return host.path(os.path.join(FIRST, below).rstrip("/"))


def replace(path, old, new):
    """The same inode, mode and owner."""
    text = read(path)
    check(old in text, "%r is in %s" % (old, path))
    with open(path, "r+b") as file:
        file.write(text.replace(old, new))
        file.truncate()


def another(path, make):
    """Something else in the place of a file or directory of the record."""
    if os.path.isdir(path):
        shutil.rmtree(path)
    else:
        os.unlink(path)
    make(path)


# ---- what is damaged ----

PLAN = "plan.json"
DAMAGE = [
    ("plan-empty", lambda h: write(in_record(h, PLAN), "", 0o600)),
    ("plan-cut", lambda h: write(in_record(h, PLAN), read(in_record(h, PLAN))[:200], 0o600)),
    ("plan-one-byte", lambda h: replace(in_record(h, PLAN), b"zz-test-biff", b"zz-test-bifg")),
    ("plan-binary", lambda h: write(in_record(h, PLAN), bytes(range(256)) * 8, 0o600)),
    ("plan-too-big", lambda h: write(in_record(h, PLAN), b'"' + b"x" * 2000000 + b'"', 0o600)),
    ("plan-deep", lambda h: write(in_record(h, PLAN), b"[" * 500000, 0o600)),
    ("plan-another", lambda h: write(in_record(h, PLAN), "{}", 0o600)),
    ("plan-gone", lambda h: os.unlink(in_record(h, PLAN))),
    ("plan-fifo", lambda h: another(in_record(h, PLAN), os.mkfifo)),
    ("plan-directory", lambda h: another(in_record(h, PLAN), os.mkdir)),
    ("plan-link", lambda h: another(in_record(h, PLAN), lambda path: os.symlink("/etc/passwd", path))),
    ("plan-of-another-user", lambda h: os.chown(in_record(h, PLAN), 4711, 0)),
    ("plan-open", lambda h: os.chmod(in_record(h, PLAN), 0o666)),
    ("state-gone", lambda h: os.unlink(in_record(h, "state"))),
    ("state-empty", lambda h: write(in_record(h, "state"), "", 0o600)),
    ("state-unknown", lambda h: write(in_record(h, "state"), "perhaps  \n", 0o600)),
    ("state-fifo", lambda h: another(in_record(h, "state"), os.mkfifo)),
    ("record-file", lambda h: another(in_record(h), lambda path: write(path, "x"))),
    ("record-fifo", lambda h: another(in_record(h), os.mkfifo)),
    ("record-link", lambda h: another(in_record(h), lambda path: os.symlink("/etc", path))),
    ("record-empty", lambda h: another(in_record(h), lambda path: os.mkdir(path, 0o700))),
]


def damaged(row):
    name, spoil = row

    def test(host):
        with Fixes(host) as fixes:
            fixes.set("biff", "damaged")
            spoil(host)
            host.expect(0, "history", err="the record 0001-zz-test-biff: ")
            host.expect(0, "status", err="cannot be read")
            host.expect(6, "status", "--store", out="0001-zz-test-biff")
            host.expect(0, "recover", out="Nothing to recover", last=NOTHING)
            fixes.set("myhostname", "goes.on.example.jp")
            host.expect(0, "history", "--prune", "1", "-y", out="Nothing to do")
            host.expect(0, "rollback", "-y")
            host.expect(4, "rollback", "1", "-y", err="rollback 0001-zz-test-biff --force", last=NOTHING)
            host.expect(0, "rollback", "1", "-y", "--force", out="/var/lib/mailfix/damaged/0001-zz-test-biff now")
            check(os.path.lexists(host.path(RECORD + "/damaged/0001-zz-test-biff")), "it is not there")
            host.expect(0, "status", "--store", out="The store is sound")
            fixes.is_now(MAIN.replace("biff = no", "biff = damaged"), "no more than that was done")
    return test


# ---- status --store ----

def test_store_is_sound(host):
    with Fixes(host) as fixes:
        host.expect(0, "status", "--store", out="No file carries a change")
        for setting, value in (("myhostname", "a.example.jp"), ("home_mailbox", "Mail/"), ("biff", "one"), ("biff", "two")):
            fixes.set(setting, value)
        host.expect(0, "status", "--store", out="The store is sound (4 records).")
        host.expect(0, "rollback", "2", "-y")
        fixes.replace("biff = two", "biff = mine")
        host.expect(0, "rollback", "4", "-y", "--force")
        host.expect(0, "status", "--store", out="The store is sound (4 records).")
        host.expect(0, "rollback", "-y")
        host.expect(0, "rollback", "-y")
        host.expect(0, "status", "--store", out="The store is sound (4 records).")


def hunk(**other):
    """The record says another change, and nothing about a checksum, as the first mailfix wrote it."""
    def spoil(host):
        plan = json.loads(read(in_record(host, PLAN)))
        del plan["sum"]
        plan["targets"][0]["hunks"][0].update(other)
        write(in_record(host, PLAN), json.dumps(plan), 0o600)
    return spoil


UNSOUND = [
    ("before", lambda h: replace(in_record(h, "before/0"), b"biff", b"bifg"), "text of /etc/postfix/main.cf from before is not"),
    ("before-gone", lambda h: os.unlink(in_record(h, "before/0")), "text of /etc/postfix/main.cf from before is not"),
    ("hunks", hunk(new="biff = yes"), "do not lead from the text before"),
    ("hunks-outside", hunk(at=5000), "do not lead from the text before"),
    ("hunks-far-outside", hunk(at=10**7), "do not lead from the text before"),
    ("plan-readable", lambda h: os.chmod(in_record(h, PLAN), 0o644), "/plan.json is not private"),
    ("state-readable", lambda h: os.chmod(in_record(h, "state"), 0o640), "/state is not private"),
    ("record-readable", lambda h: os.chmod(in_record(h), 0o755), "0001-zz-test-biff is not private"),
    ("before-readable", lambda h: os.chmod(in_record(h, "before"), 0o711), "/before is not private"),
    ("txn-readable", lambda h: os.chmod(h.path(RECORD + "/txn"), 0o750), "/var/lib/mailfix/txn is not private"),
    ("lock-readable", lambda h: os.chmod(h.path(RECORD + "/lock"), 0o644), "/lock is not private"),
    ("somebody's", lambda h: write(in_record(h, "notes"), "x"), "0001-zz-test-biff/notes is no file of mailfix"),
    ("somebody's-dot", lambda h: write(h.path(RECORD + "/.x"), "x"), "/var/lib/mailfix/.x is no file of mailfix"),
    ("prepared", lambda h: os.mkdir(h.path(RECORD + "/txn/.new-0002")), "/.new-0002 was left by a run"),
    ("mark", lambda h: write(in_record(h, "unfinished"), "", 0o600), "/unfinished was left by a run"),
    ("temporary", lambda h: write(h.path("etc/postfix/.main.cf.mailfix"), "x"), "left beside /etc/postfix/main.cf by a run"),
]


def unsound(row):
    name, spoil, sentence = row

    def test(host):
        with Fixes(host) as fixes:
            fixes.set("biff", "kept")
            host.expect(0, "status", "--store", out="The store is sound (1 records).")
            spoil(host)
            result = host.expect(6, "status", "--store", out=sentence)
            check_equal(len(result.outtext.splitlines()), 1, "lines of %r" % result.outtext)
            if name.startswith("hunks"):
                host.expect(1, "diff", "1", err=sentence)
                host.expect(4, "rollback", "-y", err="it is damaged", last=NOTHING)
            if name in ("prepared", "mark", "temporary"):
                check_equal(execute(host.argv("recover")).code, 0, "recover")
                host.expect(0, "status", "--store", out="The store is sound (1 records).")
    return test


def test_private_whatever_the_umask(host):
    for mask in (0, 0o777, 0o277):
        with Fixes(host) as fixes:
            old = os.umask(mask)
            try:
                fixes.set("biff", "one")
                fixes.set("home_mailbox", "Mail/")
                host.expect(0, "rollback", "1", "-y")
                replace(host.main, b"Mail/", b"Mine/")
                host.expect(0, "rollback", "-y", "--force")
            finally:
                os.umask(old)
            seen = 0
            for here, dirs, files in os.walk(host.path(RECORD)):
                for name in dirs + files:
                    path = os.path.join(here, name)
                    if os.path.basename(here) in ("before", "edited", "back", "taken"):
                        continue  # as the files in /etc were; the directory is closed
                    wanted = 0o700 if name in dirs else 0o600
                    check_equal(oct(stat.S_IMODE(os.lstat(path).st_mode)), oct(wanted), "%s with umask %o" % (path, mask))
                    seen += 1
            check(seen > 12, "only %d names were looked at" % seen)
            host.expect(0, "status", "--store", out="The store is sound")
            shutil.rmtree(host.path(RECORD))


# ---- history --prune ----

def numbers(host):
    return [line.split()[0] for line in host.expect(0, "history").outtext.splitlines()[1:] if line[0].isdigit()]


def age(host, number, days):
    """As if the transaction had been made then; the record of a mailfix that wrote no checksum yet."""
    directory = host.path(RECORD + "/txn")
    path = os.path.join(directory, next(name for name in os.listdir(directory) if name.startswith(number)), PLAN)
    plan = json.loads(read(path))
    del plan["sum"]
    plan["time"] = int(time.time()) - days * 86400
    write(path, json.dumps(plan), 0o600)


def test_prune_by_number(host):
    with Fixes(host) as fixes:
        host.expect(0, "history", "--prune", "1", "-y", out="Nothing to do", last=NOTHING)
        for value in ("one", "two", "three", "four"):
            fixes.set("biff", value)
        before = host.see()
        host.expect(0, "history", "--prune", "2", "-n", out="0002-zz-test-biff goes: its change stays", last=NOTHING)
        host.expect(2, "history", "--prune", "2", err="-y", last=NOTHING)
        check_equal(numbers(host), ["0001", "0002", "0003", "0004"], "nothing went yet")
        host.expect(0, "history", "--prune", "2", "-y", last="2 of 2 records were removed; no file")
        check_equal(numbers(host), ["0003", "0004"], "what stays")
        check_equal(host.see(), before, "the tree")
        host.expect(0, "status", "--store", out="The store is sound (2 records).")
        host.expect(0, "history", "--prune", "2", "-y", out="Nothing to do: no record goes.", last=NOTHING)
        host.expect(0, "rollback", "-y")
        host.expect(0, "rollback", "-y")
        fixes.is_now(MAIN.replace("= no", "= two"), "what can be taken back is")


def test_prune_keeps_the_last_kept_and_the_newest(host):
    with Fixes(host) as fixes:
        for value in ("one", "two", "three"):
            fixes.set("biff", value)
        host.expect(0, "rollback", "-y")
        for number in ("0001", "0002", "0003"):
            age(host, number, 30)
        result = host.expect(0, "history", "--prune", "29d", "-y", out="0002-zz-test-biff stays: it is the last one that was kept")
        check("0003-zz-test-biff stays: it is the newest" in result.outtext, result.outtext)
        check_equal(numbers(host), ["0002", "0003"], "what stays")
        fixes.set("biff", "four")
        check_equal(numbers(host), ["0002", "0003", "0004"], "numbers go on")


def test_prune_keeps_what_waits_for_a_person(host):
    with Fixes(host) as fixes:
        for value in ("one", "two", "three"):
            fixes.set("biff", value)
        write(in_record(host, "state"), "stuck    \n", 0o600)
        host.expect(0, "history", "--prune", "1", "-y", out="0001-zz-test-biff stays: it waits for a person")
        check_equal(numbers(host), ["0001", "0003"], "what stays")


def test_prune_by_age(host):
    with Fixes(host) as fixes:
        for value in ("one", "two", "three"):
            fixes.set("biff", value)
        age(host, "0001", 91)
        age(host, "0002", 89)
        host.expect(0, "history", "--prune", "90d", "-y")
        check_equal(numbers(host), ["0002", "0003"], "what stays")


def test_prune_keeps_what_a_later_one_needs(host):
    with Fixes(host) as fixes:
        fixes.set("myhostname", "a-longer-name.example.jp")
        fixes.set("home_mailbox", "M/")
        fixes.set("biff", "yes")
        host.expect(0, "rollback", "1", "-y")
        host.expect(0, "history", "--prune", "2", "-y", out="0001-zz-test-myhostname stays: 0002 could not be taken back without it")
        for _ in range(2):
            host.expect(0, "rollback", "-y")
        fixes.is_now(MAIN, "all was taken back")
        host.expect(0, "history", "--prune", "1", "-y")
        check_equal(numbers(host), ["0003"], "nothing needs it any more")


def test_prune_usage(host):
    for words in ("", "0", "x", "-1", "10w", "10dd", "99999999999999999999", " 7"):
        host.expect(2, "history", "--prune", words, "-y", err="how many records stay", last=NOTHING)


def test_prune_cut_off(host):
    with Fixes(host) as fixes:
        for value in ("one", "two", "three"):
            fixes.set("biff", value)
        kill = ["strace", "-f", "-o", "/dev/null", "-e", "trace=unlinkat", "-e", "inject=unlinkat:signal=KILL:when=3"]
        execute(kill + host.argv("history", "--prune", "1", "-y"))
        check_equal(numbers(host), ["0002", "0003"], "one went half-way")
        host.expect(0, "recover")
        host.expect(0, "status", "--store", out="The store is sound (2 records).")
        fixes.is_now(MAIN.replace("= no", "= three"), "nothing else was done")
