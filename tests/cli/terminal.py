# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of tests/cli/run about a person at a terminal: the question, colours, secrets, and the progress line."""
import os
import re
import threading

from support import Skip, check, check_equal, execute, on_terminal, read, site, write

LINE = "smtpd_tls_session_cache_database = sdbm:/etc/postfix/smtpd_scache\n"
APPLY = ("apply", "sdbm-cache", "type=btree", "path=keep")
NOTHING = "Nothing was changed."
QUESTION = "[y/n/d] "
HEADER = "+++ b/etc/postfix/main.cf"
RED, GREEN, BOLD, END, PLACE = "\x1b[31m", "\x1b[32m", "\x1b[1m", "\x1b[0m", "\x1b[36m@@ "


def on(names, argv, answer=b""):
    """On a terminal, with variables of the environment of its own: those of TERM and NO_COLOR that names lacks are unset."""
    unset = [word for name in ("TERM", "NO_COLOR") if name not in names for word in ("-u", name)]
    return on_terminal(["/usr/bin/env", *unset, *("%s=%s" % item for item in names.items()), *argv], answer)


# ---- the question ----

def test_terminal_yes(host):
    result = on_terminal(host.argv(*APPLY), b"y\n")
    check_equal(result.code, 0, "exit (%s)" % result.outtext)
    check("Apply sdbm-cache (1 file changed)? " + QUESTION in result.outtext and "+smtpd_tls" in result.outtext, result.outtext)
    check(result.last.startswith("Changed and recorded"), "the last line: %r" % result.last)
    check(b"= btree:" in read(host.main), "main.cf was not changed")
    result = on_terminal(host.argv("rollback"), b"yes\n")
    check_equal(result.code, 0, "exit of rollback (%s)" % result.outtext)
    check("Roll back 0001-sdbm-cache (1 file changed)? " + QUESTION in result.outtext, result.outtext)
    check(b"= sdbm:" in read(host.main), "main.cf was not changed back")


def test_terminal_no(host):
    for words in (APPLY, ("rollback",)):
        before = read(host.main)
        for answer in (b"n\n", b"No\n", b"\x04", b"y\x04\x04"):
            result = on_terminal(host.argv(*words), answer)
            check_equal((result.code, result.last), (1, NOTHING), "%s, answer %r (%s)" % (words[0], answer, result.outtext))
            check_equal(read(host.main), before, "main.cf after %r" % answer)
        if words == APPLY:
            host.apply()


def test_terminal_asks_again(host):
    before = read(host.main)
    rows = [(b"what?\n", 1), (b"\n", 1), (b"yn\n", 1), (b"yesterday\n", 1), (b"x" * 100 + b"\ny y\n", 2)]
    for answer, wrong in rows:
        result = on_terminal(host.argv(*APPLY), answer + b"n\n")
        check_equal((result.code, result.outtext.count(QUESTION)), (1, wrong + 1), "how often it asked after %r" % answer)
        check("y: do it, n: leave everything as it is" in result.outtext, result.outtext)
        check_equal(read(host.main), before, "main.cf after %r" % answer)


def test_terminal_shows_the_diff_again(host):
    result = on_terminal(host.argv(*APPLY), b"d\nn\n")
    check_equal((result.code, result.last), (1, NOTHING), "exit")
    check_equal((result.outtext.count(HEADER), result.outtext.count(QUESTION)), (2, 2), "how often it shows the diff and asks")
    host.apply()
    result = on_terminal(host.argv("rollback"), b"D\ny\n")
    check_equal((result.code, result.outtext.count(HEADER)), (0, 2), "rollback (%s)" % result.outtext)


def test_terminal_no_question(host):
    """Without a terminal, with -n, -y and --json."""
    for words in (("-n",), ("-y",)):
        check("[y/n" not in on_terminal(host.argv(*APPLY, *words), b"n\n").outtext, "a question with %s" % words[0])
    check("[y/n" not in host.expect(2, "rollback", err="there is no terminal to ask on", last=NOTHING).errtext, "a question")
    result = on_terminal(host.argv("--json", "rollback"), b"y\n")
    check_equal((result.code, "[y/n" in result.outtext), (2, False), "rollback --json (%s)" % result.outtext)


# ---- colours ----

def test_color_of_each_verb(host):
    forced = host.expect(0, "--color", "always", *APPLY, "-n", out=[RED + "-smtpd_tls", GREEN + "+smtpd_tls", PLACE,
                                                                    BOLD + "--- a/etc/postfix/main.cf" + END + "\n"])
    plain = host.expect(0, *APPLY, "-n")
    check("\x1b" not in plain.outtext, "colours in a pipe")
    check_equal(re.sub("\x1b\\[[0-9]+m", "", forced.outtext), plain.outtext, "the text without colours")
    host.expect(0, "--color=always", "list", out=RED + "needed")
    host.expect(6, "--color=always", "diagnose", out=RED + "sdbm-cache" + END)
    host.apply()
    host.expect(0, "--color=always", "status", out=GREEN + "clean")
    host.expect(0, "--color=always", "diff", out=GREEN + "+smtpd_tls")
    host.expect(0, "--color=always", "rollback", "-n", out=GREEN + "+smtpd_tls")
    write(host.main, read(host.main) + b"relayhost = x\n")
    host.expect(4, "--color=always", "rollback", "-y", out=[GREEN + "+smtpd_tls", GREEN + "+relayhost"])
    host.expect(6, "--color=always", "status", out=RED + "edited since")


def test_color_choice(host):
    for word in ("red", "", "AUTO", "alway"):
        for words in (("--color=" + word, "list"), ("--color", word, "list"), ("list", "--color=" + word)):
            host.expect(2, *words, err="--color is auto, always or never, not '%s'" % word, last=NOTHING)
    host.expect(2, "list", "--color", err="an option without its value: --color", last=NOTHING)
    host.apply()
    rows = [({"TERM": "xterm"}, [], True), ({"TERM": "xterm"}, ["--color=auto"], True),
            ({"TERM": "xterm", "NO_COLOR": ""}, [], True), ({"TERM": "xterm", "NO_COLOR": "1"}, [], False),
            ({"TERM": "xterm", "NO_COLOR": "1"}, ["--color=auto"], False), ({"TERM": "dumb"}, [], False), ({}, [], False),
            ({"TERM": "xterm"}, ["--color=never"], False), ({"TERM": "dumb", "NO_COLOR": "1"}, ["--color=always"], True)]
    for names, words, colored in rows:
        result = on(names, host.argv("diff") + words)
        check_equal((result.code, RED + "-smtpd" in result.outtext), (0, colored), "colours with %s %s" % (names, words))
        check_equal("\x1b" in result.outtext, colored, "escape sequences with %s %s" % (names, words))


def test_color_and_json(host):
    for words in ((*APPLY, "-n"), ("list",), ("--json", "diagnose")):
        plain = host.mailfix("--json", *words).outtext
        check_equal(host.mailfix("--color=always", "--json", *words).outtext, plain, "%s with colours" % words[0])
        check("\\u001b" not in plain and "\x1b" not in plain, plain)


# ---- parameters ----

RELAYS = """myhostname = mail.example.org
mydestination = localhost
relayhost = [smtp.example.net]:587
backup = [b.example.com]
smtp_fallback_relay = $backup, c.example.com
transport_maps = hash:/etc/postfix/transport
"""
TRANSPORT = "a.example :[r.example.net]:587\nb.example smtp:r.example.net\nc.example local:\nd.example error:5.1.1 no\n"
FOUND = "[smtp.example.net]:587, [b.example.com], c.example.com, [r.example.net]:587, r.example.net"


def test_terminal_asks_for_what_is_missing(host):
    host.put("etc/postfix/main.cf", RELAYS)
    host.put("etc/postfix/transport", TRANSPORT)
    answers = [(b"go through the relay? ", b"docomo.ne.jp\n"), (b"no MX look-up)? ", b"[r.example.net]:587\n"), (b"[y/n/d] ", b"y\n")]
    result = on_terminal(host.argv("apply", "isp-relay"), answers)
    check_equal(result.code, 0, "exit (%s)" % result.outtext)
    check("found here: %s\nisp-relay: Which relay" % FOUND in result.outtext, "the relays: %r" % result.outtext)
    check(b"docomo.ne.jp :[r.example.net]:587\n" in read(host.path("etc/postfix/transport")), "the transport table")
    result = on_terminal(host.argv("apply", "isp-relay"), [(b"go through the relay? ", b"\n")])
    check_equal((result.code, result.last), (2, NOTHING), "exit without an answer (%s)" % result.outtext)


def test_missing_without_a_terminal(host):
    host.put("etc/postfix/main.cf", RELAYS)
    host.put("etc/postfix/transport", TRANSPORT)
    before = read(host.main)
    answers = write(os.path.join(host.work, "answers"), "docomo.ne.jp\n[r.example.net]:587\ny\n")
    with open(answers, "rb") as stdin:
        result = host.expect(2, "apply", "isp-relay", "subdomains=no", last=NOTHING, stdin=stdin)
    check("Which relay" in result.errtext and "found here: %s\n" % FOUND not in result.errtext, "it asked: %r" % result.errtext)
    for line in ("isp-relay needs domain=VALUE: Mail for which domain shall go through the relay?\n",
                 "isp-relay needs relay=VALUE: Which relay (host, [host], [host]:587; in brackets: this very host, no MX look-up)? "
                 "(found here: %s)\n" % FOUND,
                 "for example: mailfix apply isp-relay subdomains=no domain=VALUE relay=[smtp.example.net]:587\n"):
        check(line in result.errtext, "%r is not in %r" % (line, result.errtext))
    check_equal(read(host.main), before, "main.cf")


# ---- secrets ----

def test_terminal_masks(host):
    host.put("etc/postfix/main.cf", "smtp_sasl_password_maps = static:user:hunter2\n" + LINE + "x = \x1b[31mred\n")
    result = on_terminal(host.argv("--color=never", *APPLY, "-n"), b"")
    check("hunter2" not in result.outtext and " ***" in result.outtext, "a secret: %r" % result.outtext)
    check("\x1b" not in result.outtext and "\\x1b[31mred" in result.outtext, "a control byte: %r" % result.outtext)
    piped = host.expect(0, *APPLY, "-n")
    check("hunter2" in piped.outtext and "\x1b[31m" in piped.outtext, "a pipe does not get the exact bytes")


# ---- a running host ----

# A host of the test's own: Postfix is scripts and a process called master.
LIVE = r"""
cd "$1" && prefix=$2 && shift 2
mkdir -p usr sbin.ours proc dev run tmp var/lib var/log var/spool/postfix/pid ".$prefix"
mount --bind . . && cd "$PWD"
for name in bin sbin lib lib64; do ln -sfn usr/$name $name; done
mount --bind /usr usr && mount --bind sbin.ours usr/sbin && mount --rbind /dev dev && mount -t proc proc proc &&
mount --bind "$prefix" ".$prefix" || exit 99
./master 60 >/dev/null 2>&1 </dev/null &
echo $! >var/spool/postfix/pid/master.pid
exec chroot . "$prefix/sbin/mailfix" --facts /facts "$@"
"""
WAITS = """fix       zz-test-site
title     Waits
effect    risk
symptom   some main.cf setting home_mailbox matching Maildir
symptom   log
  program   postfix/smtpd
  level     error
  matching  ^no such line$
edit      main.cf
  each      setting home_mailbox
  value     Mail/
after     restart postfix
verify    quiet 2s
"""


INDEX = """fix       zz-test-site
title     Builds
effect    risk
symptom   some main.cf setting transport_maps matching ^sdbm:
edit      main.cf
  each      setting transport_maps
  value     hash:/etc/postfix/transport
after     restart postfix
"""


def live_argv(host, *words):
    """The command line of mailfix on that host, which is made when it runs, with a fresh main.cf."""
    if execute(["unshare", "-mnpf", "mount", "-t", "proc", "proc", "/proc"]).code != 0:
        raise Skip("no namespaces can be made here")
    for name, text in (("postfix", "[ $1 != reload ] || exec /bin/sleep 1.3"), ("postconf", "echo /var/spool/postfix"),
                       ("postmap", "echo index >${2#*:}.db")):
        host.put("sbin.ours/" + name, "#!/bin/sh\n%s\n" % text, 0o755)
    host.put("var/log/mail.log", "")
    host.put("facts", read(host.facts))
    host.put("master", read("/bin/sleep"), 0o755)
    host.put("etc/postfix/transport", "a.example smtp:b.example\n")
    return ["/usr/bin/unshare", "-mnpf", "/bin/sh", "-c", LIVE, "sh", host.tree, host.prefix, *words]


def live_apply(host, *words):
    argv = live_argv(host, *words, "apply", "zz-test-site", "-y")
    host.put("etc/postfix/main.cf", "home_mailbox = Maildir/\n")
    return argv


def test_terminal_question_of_a_running_host(host):
    host.put("etc/postfix/main.cf", "transport_maps = sdbm:/etc/postfix/transport\n")
    before = read(host.main)
    with site(host, INDEX):
        result = on_terminal(live_argv(host, "apply", "zz-test-site"), b"n\n")
        check("\nApply zz-test-site (1 file changed, 1 index rebuilt, postfix restarted)? " + QUESTION in result.outtext, result.outtext)
        check_equal((result.code, read(host.main)), (1, before), "apply, answered n")
        result = on_terminal(live_argv(host, "apply", "zz-test-site"), b"y\n")
        check_equal((result.code, read(host.path("etc/postfix/transport.db"))), (0, b"index\n"), "apply (%s)" % result.outtext)
        for answer, code in ((b"n\n", 1), (b"y\n", 0)):
            result = on_terminal(live_argv(host, "rollback"), answer)
            check("\nRoll back 0001-zz-test-site (1 file changed, 1 index put back, postfix restarted)? " + QUESTION in result.outtext,
                  result.outtext)
            check_equal((result.code, read(host.main) == before), (code, code == 0), "rollback (%s)" % result.outtext)


def test_progress(host):
    with site(host, WAITS):
        result = on({"TERM": "xterm"}, live_apply(host))
        check_equal((result.code, "Changed and verified" in result.last), (0, True), "apply (%s)" % result.outtext)
        for text in ("restarting postfix", "waiting for the proof"):
            check("\r\x1b[K%s ... 1 s\r\x1b[K" % text in result.outtext, "%r is not shown, or not erased: %r" % (text, result.outtext))
        for names, words in (({"TERM": "dumb"}, ()), ({"TERM": "xterm"}, ("--json",)), ({"TERM": "xterm"}, ("-q",))):
            result = on(names, live_apply(host, *words))
            check_equal((result.code, " ... " in result.outtext, "\x1b[K" in result.outtext), (0, False, False),
                        "%s %s: %s" % (names, words, result.outtext))
        result = execute(live_apply(host))
        check_equal((result.code, b" ... " in result.err, b"\x1b" in result.err + result.out), (0, False, False), result.errtext)


def test_progress_of_a_log(host):
    """A log that comes slowly: a pipe that says nothing for some seconds before it ends."""
    log = host.path("log")
    os.mkfifo(log)
    for names, shown in (({"TERM": "xterm"}, True), ({"TERM": "dumb"}, False)):
        pipe = os.open(log, os.O_RDWR)
        os.write(pipe, b"Nov 30 08:00:00 mx postfix/tlsmgr[1]: fatal: unsupported dictionary type: sdbm\n")
        threading.Timer(3, os.close, [pipe]).start()
        result = on(names, host.argv("diagnose", "--log", log))
        check_equal(result.code, 6, "diagnose (%s)" % result.outtext)
        check_equal("\r\x1b[Kreading the mail log ... 1 s\r\x1b[K" in result.outtext, shown, "%s: %r" % (names, result.outtext))
        check("in the log, once" in result.outtext, result.outtext)
