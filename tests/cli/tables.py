# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of tests/cli/run about the text of a table with 200,000 records: only the records that an edit is about are read, the rest
of the file is as it was to the byte, and bad lines elsewhere are named and stop nothing."""
import os
import re
import shutil
import threading
import time

from support import Skip, check, check_equal, difference, execute, read, site, write

MAIN = ("myhostname = mail.example.jp\nmydomain = example.jp\nmydestination = $myhostname\nvirtual_alias_domains =\n"
        "virtual_mailbox_domains =\ntransport_maps = hash:/etc/postfix/transport\n")
FACTS = ("postfix.version = 3.7.11\npostfix.table-types = btree hash\npostfix.default-table-type = hash\n"
         "postfix.config-directory = /etc/postfix\n")
RECORDS = 200000
ASKED = 123456
OLD = "customer%d.example.com\tsmtp:[old.example.net]\n" % ASKED
NEW = ("#" + OLD + "customer%d.example.com\t:[relay.example.net]\n.customer%d.example.com :[relay.example.net]\n"
       % (ASKED, ASKED))
APPLY = ("apply", "isp-relay", "domain=customer%d.example.com" % ASKED, "relay=[relay.example.net]")
TRANSPORT = "etc/postfix/transport"


def text():
    """Records of one line, of three, with comments inside and above; the two that are none are in lines 5 and 6."""
    lines = ["# transport\n", "\n", "first.example smtp:[a]\n", "   \n", "nothing-behind\n", "nothing-either\n"]
    for i in range(RECORDS):
        if i == ASKED:
            lines.append(OLD)
        elif i % 10 == 3:
            lines.append("customer%d.example.com\n  # why\n\n   smtp:[b]\n" % i)
        elif i % 100 == 7:
            lines.append("# block\n#customer%d.example.com smtp:[c]\n" % i)
        else:
            lines.append("customer%d.example.com\tsmtp:[d]\n" % i)
    return "".join(lines)


def prepare(host, before):
    host.put("etc/postfix/main.cf", MAIN)
    host.put(TRANSPORT, before)
    write(host.facts, FACTS)


def test_large_table(host):
    before = text()
    prepare(host, before)
    line = before[:before.index(OLD)].count("\n") + 1
    tree = host.see()
    dry = host.expect(0, *APPLY, "-n")
    check_equal(difference(tree, host.see()), "", "the tree after the dry run")
    check("@@ -%d,7 +%d,9 @@\n" % (line - 3, line - 3) in dry.outtext, "the lines of the file: %r" % dry.outtext)
    check("/etc/postfix/transport:5: this line is no entry, and 1 more below" in dry.outtext, "bad lines: %r" % dry.outtext)
    host.expect(0, *APPLY, "-y")
    after = before.replace(OLD, NEW)
    check(read(host.path(TRANSPORT)).decode() == after, "only the record asked for has changed")
    shown = host.expect(0, "diff")
    hunk = re.search(r"(?s)^--- .*?(?=^then)", dry.outtext, re.M)[0]
    check_equal(shown.outtext, hunk, "what diff shows")
    check("clean" in host.expect(0, "status").outtext, "status")
    host.expect(0, *APPLY, "-y", out="Already so")
    host.expect(0, "rollback", "-y")
    check(read(host.path(TRANSPORT)).decode() == before, "the file after the rollback")


def test_large_table_edited(host):
    """A hand edit of a large text is not lost: merged when asked for, else left; by force it is kept aside."""
    before = text()
    prepare(host, before)
    host.expect(0, *APPLY, "-y")
    edit = lambda text: "# by hand\n" + text.replace("first.example smtp:[a]", "first.example smtp:[z]") + "mine.example smtp:[e]\n"
    edited = edit(read(host.path(TRANSPORT)).decode())
    host.put(TRANSPORT, edited)
    host.expect(6, "status", out="edited since")
    host.expect(4, "rollback", "-y", err="a rollback would lose that edit. Take back only what mailfix changed with --merge")
    check(read(host.path(TRANSPORT)).decode() == edited, "the edited file stays")
    merged = host.expect(0, "rollback", "-y", "--merge", out="+" + OLD, last="Transaction 0001-isp-relay was taken back; what was changed")
    check("@@ -%d," % (edited[:edited.index(NEW)].count("\n") + 1 - 3) in merged.outtext, "the lines of the file: %r" % merged.outtext)
    check(read(host.path(TRANSPORT)).decode() == edit(before), "the file after the merge")
    host.put(TRANSPORT, before)
    host.expect(0, *APPLY, "-y")
    edited = edit(read(host.path(TRANSPORT)).decode())
    for spoilt in (edited.replace(":[relay.example.net]\n", ":[other]\n"), edited + NEW):
        host.put(TRANSPORT, spoilt)
        host.expect(4, "rollback", "-y", "--merge", err="does not stand there exactly once any more", last="Nothing was changed.")
    host.put(TRANSPORT, edited)
    host.expect(0, "rollback", "-y", "--force")
    check(read(host.path(TRANSPORT)).decode() == before, "the file after the rollback by force")
    kept = host.path("var/lib/mailfix/txn/0002-isp-relay/edited/0")
    check(read(kept).decode() == edited, "the edited file is kept")


def test_large_table_twice(host):
    before = text()
    prepare(host, before)
    host.expect(0, *APPLY, "-y")
    host.expect(0, "apply", "isp-relay", "domain=second.example.com", "relay=[relay.example.net]", "-y")
    both = read(host.path(TRANSPORT)).decode()
    for order in (("2", "1"), ("1", "2")):
        for number in order:
            host.expect(0, "rollback", number, "-y")
            left = before if number == order[1] else both.replace(NEW, OLD) if number == "1" else before.replace(OLD, NEW)
            check(read(host.path(TRANSPORT)).decode() == left, "the file after the rollback of %s in %s" % (number, order))
        if order[0] == "2":
            shutil.rmtree(host.path("var/lib/mailfix"))
            host.put(TRANSPORT, before)
            host.expect(0, *APPLY, "-y")
            host.expect(0, "apply", "isp-relay", "domain=second.example.com", "relay=[relay.example.net]", "-y")
    host.expect(0, "apply", "isp-relay", "domain=x.example", "relay=[a.example]", "-y")
    host.expect(0, "apply", "isp-relay", "domain=x.example", "relay=[b.example]", "-y")
    host.expect(4, "rollback", "3", "-y", err="was changed again by transaction 0004-isp-relay; roll that one back first")
    host.put(TRANSPORT, "# by hand\n" + read(host.path(TRANSPORT)).decode())
    host.expect(4, "rollback", "3", "-y", err="0004-isp-relay")


def test_large_table_star(host):
    """A key that is a '*' is a key like any other."""
    before = text()
    prepare(host, before)
    with site(host, "fix zz-test-star\ntitle t\neffect noise\n\nedit map transport_maps\n  ensure\n    |* :[all.example]\n", "zz-test-star"):
        for _ in range(2):
            host.expect(0, "apply", "zz-test-star", "-y")
        check(read(host.path(TRANSPORT)).decode() == before + "* :[all.example]\n", "one line more")
        host.expect(0, "rollback", "-y")
        check(read(host.path(TRANSPORT)).decode() == before, "the file after the rollback")


def in_place(path, edited):
    with open(path, "r+b") as out:
        out.write(edited)


def by_rename(path, edited):
    write(path + ".new", edited)
    os.rename(path + ".new", path)


def test_large_table_changed_before_the_swap(host):
    """As large as it was, in the moment before the exchange: of a text that was changed last long ago its times tell."""
    strace = shutil.which("strace")
    if strace is None:
        raise Skip("strace is not here")
    before = text()
    prepare(host, before)
    edited = before.replace("first.example smtp:[a]", "first.example smtp:[z]").encode()
    path = host.path(TRANSPORT)
    for edit in (in_place, by_rename):
        host.put(TRANSPORT, before)
        os.utime(path, (1e9, 1e9))

        def wait_and_edit():
            for _ in range(600):
                if os.path.exists(host.path("etc/postfix/.transport.mailfix")):
                    break
                time.sleep(0.1)
            edit(path, edited)

        thread = threading.Thread(target=wait_and_edit)
        thread.start()
        try:
            result = execute([strace, "-f", "-o", "/dev/null", "-e", "trace=renameat2", "-e", "inject=renameat2:delay_enter=3000000:when=1",
                              *host.argv(*APPLY, "-y")])
        finally:
            thread.join()
        check_equal((result.code, result.last), (1, "Nothing was changed."), "apply, %s (%s)" % (edit.__name__, result.errtext))
        check("transport was changed by somebody else" in result.errtext, result.errtext)
        check(read(path) == edited, "the edit stays")


def test_large_table_thousands(host):
    """Thousands of values of a loop: one transaction, which can be read and taken back."""
    before = text()
    prepare(host, before)
    numbers = range(4, RECORDS, 50)  # records of one line
    words = ["domain=customer%d.example.com" % i for i in numbers]
    after = before
    lines = {"customer%d.example.com\tsmtp:[d]\n" % i: i for i in numbers}
    after = "".join("#%scustomer%d.example.com\t:[relay.example.net]\n" % (line, lines[line]) if line in lines else line
                    for line in before.splitlines(keepends=True))
    for _ in range(2):
        host.expect(0, "apply", "isp-relay", *words, "relay=[relay.example.net]", "subdomains=no", "-y")
        check(read(host.path(TRANSPORT)).decode() == after, "the records asked for")
    check(os.path.getsize(host.path("var/lib/mailfix/txn/0001-isp-relay/plan.json")) > 1 << 20, "a long record")
    check("0001" in host.expect(0, "history").outtext, "history")
    host.expect(0, "rollback", "-y")
    check(read(host.path(TRANSPORT)).decode() == before, "the file after the rollback")


BY_PATTERN = ("fix zz-test-by-pattern\ntitle t\neffect noise\n\nedit map transport_maps\n  each entry matching %s\n"
              "  value smtp:[new.example.net]\n")


def test_large_table_by_pattern(host):
    """Entries that no name tells are found in all records; too many at once are refused."""
    before = text()
    prepare(host, before)
    fix = os.path.join(host.fixes, "zz-test-by-pattern.fix")
    try:
        write(fix, BY_PATTERN % "^smtp:\\[old\\.")
        host.expect(0, "apply", "zz-test-by-pattern", "-y")
        check(read(host.path(TRANSPORT)).decode() == before.replace("[old.", "[new."), "only what matches has changed")
        host.expect(0, "rollback", "-y")
        check(read(host.path(TRANSPORT)).decode() == before, "the file after the rollback")
        write(fix, BY_PATTERN % "^smtp:\\[d")
        host.expect(1, "apply", "zz-test-by-pattern", "-y", err="more than 10000 entries", last="Nothing was changed.")
    finally:
        os.unlink(fix)
