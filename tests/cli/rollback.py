# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of tests/cli/run about rollback: files that were edited since, and transactions with later ones on top."""
import os

from support import check, check_equal, difference, read, write

NOTHING = "Nothing was changed."
MAIN = ("# main.cf\n" "myhostname = mail.example.jp\n" "mydomain = example.jp\n" "# about mailboxes\n"
        "home_mailbox = Maildir/\n" "mailbox_size_limit = 0\n" "# the rest\n" "biff = no\n" "inet_interfaces = all\n")
SET = """fix       {name}
title     A setting gets another value, for the tests
title.ja  設定値を変える(試験用)
effect    noise

param     value
  type      word
  ask       Which value?
  ask.ja    どの値にしますか。

edit      main.cf
  each      setting {setting}
  value     {{value}}
"""


class Fixes:
    """Fixes that set one parameter each: set(host, NAME, VALUE) is one transaction."""

    def __init__(self, host):
        self.host = host
        write(host.main, MAIN)

    def __enter__(self):
        self.names = {}
        for setting in ("myhostname", "home_mailbox", "biff", "inet_interfaces"):
            name = "zz-test-" + setting.replace("_", "-")
            self.names[setting] = name
            write(self.path(name), SET.format(name=name, setting=setting).encode())
        return self

    def path(self, name):
        return os.path.join(self.host.fixes, name + ".fix")

    def __exit__(self, *ignored):
        for name in self.names.values():
            os.unlink(self.path(name))

    def set(self, setting, value):
        self.host.expect(0, "apply", self.names[setting], "value=" + value, "-y")

    def replace(self, old, new):
        text = read(self.host.main).decode()
        check(old in text, "%r is in main.cf: %r" % (old, text))
        write(self.host.main, text.replace(old, new))

    def is_now(self, text, what):
        check_equal(read(self.host.main).decode(), text, what)


def test_rollback_in_the_middle(host):
    with Fixes(host) as fixes:
        fixes.set("myhostname", "a.example.jp")
        fixes.set("home_mailbox", "Mail/")
        fixes.set("biff", "yes-and-no")
        applied = host.expect(0, "diff", "3").outtext
        host.expect(0, "rollback", "2", "-n", out="+home_mailbox = Maildir/", last=NOTHING)
        host.expect(0, "rollback", "2", "-y", last="Transaction 0002-zz-test-home-mailbox was taken back; what was changed")
        fixes.is_now(MAIN.replace("mail.example", "a.example").replace("= no", "= yes-and-no"), "without the second")
        host.expect(0, "rollback", "2", "-y", out="Nothing to do", last=NOTHING)
        host.expect(0, "status", out="clean")
        check_equal(host.expect(0, "diff", "3").outtext, applied, "the third's diff is what was applied")
        host.expect(0, "rollback", "1", "-y")
        fixes.is_now(MAIN.replace("= no", "= yes-and-no"), "without the first two")
        host.expect(0, "status", out="clean")
        host.expect(0, "rollback", "-y", last="Transaction 0003-zz-test-biff was taken back: the files are as they were")
        fixes.is_now(MAIN, "without any")
        host.expect(0, "rollback", "-y", out="there is no transaction to take back")


def test_rollback_in_the_middle_and_on(host):
    with Fixes(host) as fixes:
        fixes.set("myhostname", "a-longer-name.example.jp")
        fixes.set("home_mailbox", "M/")
        host.expect(0, "rollback", "1", "-y")
        fixes.set("biff", "maybe")
        fixes.is_now(MAIN.replace("Maildir/", "M/").replace("= no", "= maybe"), "the third on top of the second")
        host.expect(0, "rollback", "2", "-y")
        fixes.is_now(MAIN.replace("= no", "= maybe"), "without the second")
        host.expect(0, "rollback", "3", "-y")
        fixes.is_now(MAIN, "without any")


def test_rollback_names_those_that_depend(host):
    with Fixes(host) as fixes:
        for value in ("one", "two", "three"):
            fixes.set("biff", value)
        fixes.set("myhostname", "a.example.jp")
        for words in ((), ("--merge",), ("--force",)):
            result = host.expect(4, "rollback", "1", "-y", *words, err="0002-zz-test-biff", last=NOTHING)
            check("0004" not in result.errtext, "one that does not depend: %r" % result.errtext)
        host.expect(0, "rollback", "3", "-y")
        host.expect(0, "rollback", "2", "-y")
        host.expect(0, "rollback", "1", "-y")
        fixes.is_now(MAIN.replace("mail.example", "a.example"), "the last one stays")


def test_rollback_merge(host):
    with Fixes(host) as fixes:
        fixes.set("home_mailbox", "Mail/")
        fixes.replace("biff = no\n", "biff = yes\nrelayhost = [relay.example.jp]\n")
        fixes.replace("# main.cf\n", "")
        edited = MAIN.replace("biff = no\n", "biff = yes\nrelayhost = [relay.example.jp]\n").replace("# main.cf\n", "")
        result = host.expect(4, "rollback", "-y", err=["--merge", "--force"], last=NOTHING)
        check("+relayhost" in result.outtext, result.outtext)
        host.expect(2, "rollback", "-y", "--merge", "--force", err="not both", last=NOTHING)
        host.expect(0, "rollback", "-n", "--merge", out="-home_mailbox = Mail/", last=NOTHING)
        host.expect(0, "rollback", "-y", "--merge", last="Transaction 0001-zz-test-home-mailbox was taken back; what was")
        fixes.is_now(edited, "only our own hunk went")
        host.expect(0, "rollback", "-y", "--merge", out="Nothing to do", last=NOTHING)
        host.expect(0, "status", out="No file carries a change of mailfix.")


def test_rollback_merge_that_finds_nothing_or_two(host):
    for edit in ("home_mailbox = Elsewhere/\n", "", "home_mailbox = Mail/\nhome_mailbox = Mail/\n"):
        with Fixes(host) as fixes:
            fixes.set("home_mailbox", "Mail/")
            fixes.replace("home_mailbox = Mail/\n", edit)
            host.expect(4, "rollback", "-y", "--merge", err="in line 5 (home_mailbox = Mail/) does not stand", last=NOTHING)
            host.expect(0, "rollback", "-y", "--force")


def test_rollback_force(host):
    with Fixes(host) as fixes:
        os.chmod(host.main, 0o640)
        before = host.see()
        fixes.set("home_mailbox", "Mail/")
        fixes.replace("= Mail/", "= Mine/")
        edited = read(host.main)
        host.expect(0, "rollback", "-n", "--force", out="-home_mailbox = Mine/", last=NOTHING)
        result = host.expect(0, "rollback", "-y", "--force", last="Transaction 0001-zz-test-home-mailbox was taken back: ")
        kept = result.outtext.split("is kept as ")[1].split("\n")[0]
        check_equal(read(kept), edited, "the edited copy")
        check_equal(difference(before, host.see()), "", "the tree from before")
        host.expect(0, "rollback", "-y", "--force", out="Nothing to do", last=NOTHING)


def test_rollback_of_edits_between(host):
    with Fixes(host) as fixes:
        fixes.set("home_mailbox", "Mail/")
        fixes.replace("inet_interfaces = all", "inet_interfaces = loopback-only")
        fixes.set("biff", "maybe")
        result = host.expect(4, "rollback", "1", "-y", err="was edited since", last=NOTHING)
        check("+inet_interfaces = loopback-only" in result.outtext and "maybe" not in result.outtext, result.outtext)
        host.expect(0, "rollback", "1", "-y", "--merge")
        edited = MAIN.replace("= all", "= loopback-only")
        fixes.is_now(edited.replace("= no", "= maybe"), "the edit and the second stay")
        host.expect(0, "rollback", "2", "-y")
        fixes.is_now(edited, "the edit stays")


def test_rollback_merge_in_the_middle(host):
    with Fixes(host) as fixes:
        fixes.set("home_mailbox", "Mail/")
        fixes.set("biff", "maybe")
        fixes.replace("# main.cf\n", "# my main.cf\n")
        host.expect(4, "rollback", "1", "-y", last=NOTHING)
        host.expect(0, "rollback", "1", "-y", "--merge")
        edited = MAIN.replace("# main", "# my main")
        fixes.is_now(edited.replace("= no", "= maybe"), "edit and second stay")
        host.expect(6, "status", out="edited since")
        host.expect(4, "rollback", "-y", last=NOTHING)
        host.expect(0, "rollback", "-y", "--merge")
        fixes.is_now(edited, "the edit stays")


def test_rollback_beside_a_foreign_lock(host):
    """A directory in the place of Postfix's edit lock is somebody else's: in the way of a change, and of nothing else."""
    host.expect(0, "apply", "sdbm-cache", "type=btree", "path=keep", "-y")
    os.mkdir(host.path("etc/postfix/main.cf.tmp"))
    host.expect(0, "recover")
    host.expect(1, "rollback", "-y", err="cannot open /etc/postfix/main.cf.tmp: Is a directory")
    os.rmdir(host.path("etc/postfix/main.cf.tmp"))
    host.expect(0, "rollback", "-y")
