# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of tests/cli/run about secrets that stand in the files themselves: the passwords of a sasl_passwd, and of main.cf. Each verb
that shows a file, on a terminal and as JSON; what goes to standard error, whoever reads it; the differences of an edit."""
import json
import os

from support import check, check_equal, execute, on_terminal, read, site, write

NOTHING = "Nothing was changed."
MAP = "etc/postfix/sasl_passwd"
PASSWORDS = "# old: [gone.example.jp] user:hunter9\n[relay.example.jp]:587 user:hunter2\n[other.example.jp]\n    user:hunter3\n"
MAIN = ("smtp_sasl_password_maps = hash:/etc/postfix/sasl_passwd\n# smtp_sasl_password_maps = static:user:hunter4\n"
        "smtp_other_password_maps =\n    static:user:hunter5\nbiff = no\nldap_bind_pw = hunter6\n")
FIX = """fix       zz-test-site
title     A password more
effect    risk
param     password
  type      secret
  ask       Which password?
symptom   some main.cf setting smtp_other_password_maps matching user:[a-z]+5$
edit      map smtp_sasl_password_maps
  keep      comment
  ensure
    |[new.example.jp]:587 user:{password}
edit      main.cf
  each      setting biff
  value     yes
edit      main.cf
  each      setting ldap_bind_pw
  value     {password}
edit      main.cf
  each      setting smtp_other_password_maps
  replace   5$
  with      X
"""
TERMINAL = b""


class Host:
    """A host with these files, and the fix."""

    def __init__(self, host):
        self.host, self.site = host, site(host, FIX)
        host.put(MAP, PASSWORDS, 0o600)
        write(host.main, MAIN)
        self.secret = write(os.path.join(host.work, "secret"), "hunter7\n", 0o600)
        self.apply = ("apply", "zz-test-site", "password=@" + self.secret)

    def __enter__(self):
        self.site.__enter__()
        return self

    def __exit__(self, *ignored):
        self.site.__exit__()

    def show(self, code, *words, shows=(), errors=()):
        """On a terminal, plain and in colour, unless the verb changes something; as JSON; and what goes to standard error."""
        host = self.host
        if words[0] not in ("apply", "rollback", "recover") or "-n" in words or code != 0:
            plain = on_terminal(host.argv("--color=never", *words), TERMINAL)
            check_equal(plain.code, code, "exit of %s on a terminal (%s)" % (" ".join(words), plain.outtext))
            for text in shows:
                check(text in plain.outtext, "%s on a terminal lacks %r: %r" % (words, text, plain.outtext))
            for seen in (plain.outtext, on_terminal(host.argv("--color=always", *words), TERMINAL).outtext,
                         host.mailfix(*words).errtext):
                clean(seen, words)
        # What a recover finds is not what the tree is afterwards, so its words are not judged by that.
        result = host.expect(code, "--json", *words) if words != ("recover",) else execute(host.argv("--json", *words))
        check_equal(result.code, code, "exit of %s (%s)" % (" ".join(words), result.errtext))
        json.loads(result.outtext)
        clean(result.outtext + result.errtext, words)
        for text in errors:
            check(text in result.errtext, "%s: %r" % (words, result.errtext))


def clean(text, words):
    check("hunter" not in text, "%s shows a secret: %r" % (" ".join(words), text))


def test_secrets_of_files(host):
    with Host(host) as it:
        it.show(0, *it.apply, "-n", shows=["[new.example.jp]:587 ***", "ldap_bind_pw = ***"])
        for words in (("tree", "main.cf"), ("tree", "map", "smtp_sasl_password_maps"),
                      ("tree", host.path(MAP), "--as", "transport")):
            it.show(0, *words, shows=["***"])
        for words in (("list",), ("explain", "zz-test-site"), ("lint", it.site.path), ("status",), ("history",)):
            it.show(0, *words)
        it.show(6, "diagnose", "zz-test-site")
        it.show(0, *it.apply, "-y")
        check(b"[new.example.jp]:587 user:hunter7\n" in read(host.path(MAP)), "the map")
        for words in (("diff",), ("rollback", "-n"), ("history",), ("status",), ("status", "--store")):
            it.show(0, *words)
        write(host.path(MAP), read(host.path(MAP)).replace(b"hunter2", b"hunter8"), 0o600)
        write(host.main, read(host.main).replace(b"hunterX", b"hunter1"))
        it.show(6, "status")
        it.show(4, "rollback", "-y")
        clean(host.expect(4, "rollback", "-y").outtext, ("the three-way difference, to a pipe",))
        write(host.path(MAP), read(host.path(MAP)).replace(b"hunter7", b"hunter1"), 0o600)
        it.show(4, "rollback", "-y", "--merge", errors=["/etc/postfix/sasl_passwd was edited where", "[new.example.jp]:587 ***"])
        it.show(0, "rollback", "-y", "--force")
        check_equal(read(host.path(MAP)).decode(), PASSWORDS, "the map at the end")
        it.show(0, "history")


def test_secrets_of_main_cf_in_a_refusal(host):
    with Host(host) as it:
        host.expect(0, *it.apply, "-y")
        write(host.main, read(host.main).replace(b"ldap_bind_pw = hunter7", b"ldap_bind_pw = hunter1"))
        it.show(4, "rollback", "-y", "--merge", errors=["main.cf was edited where", "ldap_bind_pw = ***"])


def test_secrets_and_recover(host):
    for call, when in (("renameat2", 2), ("unlink", 1), ("unlinkat", 2)):
        with Host(host) as it:
            kill = ["strace", "-o", "/dev/null", "-e", "trace=" + call, "-e", "inject=%s:signal=KILL:when=%d" % (call, when)]
            execute(kill + host.argv(*it.apply, "-y"))
            it.show(0, "recover")
            it.show(0, "history")


def test_secrets_and_lines_that_are_none(host):
    """What the lens refuses is named by its place, and its text is not quoted; nor is it in the differences of an edit."""
    with Host(host) as it:
        host.expect(0, *it.apply, "-y")
        write(host.main, MAIN + "smtp_sasl_password_maps static:user:hunter2\n")
        for code, words in ((1, (*it.apply, "-n")), (1, ("tree", "main.cf")), (4, ("rollback", "-y"))):
            it.show(code, *words)
