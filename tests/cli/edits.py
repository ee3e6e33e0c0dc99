# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of tests/cli/run about what somebody did to a file between apply and rollback: seven kinds, three rollbacks. Either
only mailfix's own change goes and every line of theirs stays to the byte, or nothing is touched and both differences are
shown (exit 4), or their file is kept where mailfix says."""
import os

from rollback import MAIN, NOTHING, Fixes
from support import check, check_equal, difference, read, write

OURS = "home_mailbox = Mail/\n"
APPLIED = MAIN.replace("home_mailbox = Maildir/\n", OURS)
SAME = APPLIED.replace(OURS, "home_mailbox = Mine/\n")
NEXT = APPLIED.replace("mailbox_size_limit = 0\n", "mailbox_size_limit = 7\xe4\n  \n")
ELSEWHERE = "# theirs\t \n" + APPLIED.replace("biff = no\n", "biff = yes\n") + "no_newline = at the end"
REORDERED = APPLIED.replace(OURS, "") + OURS
TWICE = APPLIED + OURS


def text(new):
    return lambda host: write(host.main, new.encode("latin-1"))


def link(host):
    os.rename(host.main, host.main + ".real")
    os.symlink("main.cf.real", host.main)


def taken_back(edited):
    return edited.replace(OURS, "home_mailbox = Maildir/\n")


# Kind, what was done, and for rollback, --merge and --force the text that there is then; else what the refusal says.
BOTH = "+" + OURS  # in the differences of mailfix's change and of theirs
STANDS_NOT = "does not stand there exactly once"
LEADS = "/etc/postfix/main.cf leads to /etc/postfix/main.cf.real now"
GONE = "/etc/postfix/main.cf is gone; its text from before"
EDITS = [
    ("same-line", text(SAME), BOTH, STANDS_NOT, MAIN),
    ("next-line", text(NEXT), BOTH, taken_back(NEXT), MAIN),
    ("elsewhere", text(ELSEWHERE), BOTH, taken_back(ELSEWHERE), MAIN),
    ("deleted", lambda h: os.unlink(h.main), GONE, GONE, GONE),
    ("link", link, LEADS, LEADS, LEADS),
    ("reordered", text(REORDERED), BOTH, taken_back(REORDERED), MAIN),
    ("twice", text(TWICE), BOTH, STANDS_NOT, MAIN),
]


def edit(row, words, wanted):
    kind, spoil = row[:2]

    def test(host):
        with Fixes(host) as fixes:
            fixes.set("home_mailbox", "Mail/")
            spoil(host)
            seen = host.see()
            if wanted in (BOTH, STANDS_NOT, LEADS, GONE):
                result = host.expect(4, "rollback", "-y", *words, err="/etc/postfix/main.cf", last=NOTHING)
                check(wanted in result.outtext + result.errtext, "says %r%r" % (result.outtext, result.errtext))
                check_equal(difference(seen, host.see()), "", "what was done stays")
                return
            before = read(host.main)
            result = host.expect(0, "rollback", "-y", *words)
            check_equal(read(host.main).decode("latin-1"), wanted, "main.cf then")
            if words == ("--force",):
                kept = host.path("var/lib/mailfix/txn/0001-zz-test-home-mailbox/edited/0")
                check_equal(read(kept), before, "what was done is kept")
                check(kept in result.outtext, "where it is kept: %r" % result.outtext)
    return test


def all_edits():
    return [("edit/%s%s" % (row[0], "".join(words)), edit(row, words, wanted))
            for row in EDITS for words, wanted in zip(((), ("--merge",), ("--force",)), row[2:])]
