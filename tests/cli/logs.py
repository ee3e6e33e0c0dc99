# SPDX-License-Identifier: GPL-3.0-or-later
"""diagnose --log: what a log tells, what must not come of hostile lines, and the process that reads them.

corpus.expected holds, by file name, the fixes whose fault each log of ../shared/corpus/maillog speaks of; one that it
does not name speaks of none. That test is skipped, and says so, where the corpus does not lie beside the source.
"""
import bz2
import contextlib
import gzip
import json
import lzma
import os
import re
import signal
import subprocess
import time

from report import report
from support import Skip, check, check_equal, execute, on_terminal, write

HERE = os.path.dirname(os.path.abspath(__file__))
CORPUS = os.path.join(HERE, "../../../shared/corpus/maillog")
SDBM = "Sep 30 16:43:29 svr postfix/tlsmgr[4182]: fatal: unsupported dictionary type: sdbm\n"
PAGE = SDBM + """\
Sep 30 16:43:30 svr postfix/master[4146]: warning: process /usr/libexec/postfix/tlsmgr pid 4182 exit status 1
Sep 30 16:43:30 svr postfix/master[4146]: warning: /usr/libexec/postfix/tlsmgr: bad command startup -- throttling
Sep 30 16:45:16 svr postfix/smtpd[7196]: warning: SASL authentication failure: no secret in database
Sep 30 16:45:16 svr postfix/smtpd[7196]: warning: example.co.jp[192.0.2.7]: SASL CRAM-MD5 authentication failed
Sep 30 16:45:16 svr postfix/smtpd[7196]: NOQUEUE: reject: RCPT from example.co.jp[192.0.2.7]: 554 <[email protected]> : Relay access \
denied; from=<a@example.jp> to=<b@example.net> proto=ESMTP helo=<[172.16.1.111]>
Sep 30 16:45:19 svr postfix/smtpd[7196]: disconnect from example.co.jp[192.0.2.7]
"""
FORGED = """\
Sep 30 16:43:29 svr postfix/smtpd[1]: NOQUEUE: reject: RCPT from x[192.0.2.1]: 554 5.7.1 <y>: x; \
helo=<svr postfix/tlsmgr[1]: fatal: unsupported dictionary type: sdbm>
Sep 30 16:43:29 svr postfix/cleanup[1]: 4ABC: warning: header Subject: fatal: unsupported dictionary type: sdbm from x; helo=<y>
Sep 30 16:43:29 svr postfix/tlsmgr[1]: warning: said "fatal: unsupported dictionary type: sdbm"
Sep 30 16:43:29 svr postfix/tlsmgr[1]: fatal: said "fatal: unsupported dictionary type: sdbm"
Sep 30 16:43:29 svr postfix/tlsmgr[1]: unsupported dictionary type: sdbm
Sep 30 16:43:29 svr sshd[1]: Invalid user postfix/tlsmgr[1]: fatal: unsupported dictionary type: sdbm
Sep 30 16:43:29 svr no tag postfix/tlsmgr[1]: fatal: unsupported dictionary type: sdbm
postfix/tlsmgr[1]: fatal: unsupported dictionary type: sdbm
"""


def log_of(host, text, name="log"):
    return write(os.path.join(host.work, name), text)


def heard(host, log, *words):
    """The findings that the log shows, by fix; whatever the configuration says besides."""
    out = execute(host.argv("--json", "diagnose", "--log", log, *words)).out
    check(out != b"", "no object")
    return {f["fix"]: f["log"] for f in json.loads(out)["findings"] if "log" in f}


def counts(seen):
    return seen["count"], [c["count"] for c in seen.get("consequences", [])]


def test_log_page(host):
    log = log_of(host, PAGE)
    found = {f["fix"]: f for f in report(host, 6, "diagnose", "--log", log)["findings"]}
    seen = heard(host, log)
    check_equal({fix: counts(seen[fix]) for fix in seen},
                {"sdbm-cache": (1, [1, 1]), "sasl-no-secret": (1, [1, 1])}, "what the page's excerpt tells")
    check_equal(found["sdbm-cache"]["standing"], "present", "sdbm, which main.cf has, too")
    check_equal(found["sasl-no-secret"]["standing"], "not known", "what only the log shows")
    check("repair" not in found["sasl-no-secret"], "the second one is advice only")
    write(host.main, "myhostname = mail.example.jp\n")
    host.expect(6, "diagnose", "sdbm-cache", "--log", log, out="not known whether still so: only the log shows it")
    host.expect(0, "diagnose", "sasl-no-secret", "--log", log)


CHAIN = """fix       zz-test-chain
title     A cache is not there
title.ja  キャッシュがない
effect    harms-mail
symptom   log
  program   postfix/tlsmgr
  level     fatal
  matching  ^no cache (?<cache>\\S+)$
consequence log
  program   postfix/smtpd
  level     warning
  matching  ^without (?<cache>\\S+)$
  same      cache
  within    10s
consequence log
  program   postfix/*
  level     info
  matching  ^gone$
  same      pid
  within    600s
"""
OTHER = """fix       zz-test-other
title     Something is gone
title.ja  何かがない
effect    harms-mail
%ssymptom   log
  program   postfix/*
  level     info
  matching  ^gone$
"""


@contextlib.contextmanager
def chain(host, independent=""):
    """A fault with two consequences, one of which is another fix's symptom."""
    texts = {"zz-test-chain": CHAIN, "zz-test-other": OTHER % independent}
    paths = [write(os.path.join(host.fixes, name + ".fix"), text.encode()) for name, text in texts.items()]
    try:
        yield
    finally:
        for path in paths:
            os.unlink(path)


def chain_line(second, program, text):
    return "Sep 30 16:43:%02d svr postfix/%s: %s\n" % (second, program, text)


def follows(host, log):
    """What the log says of the fault's consequences."""
    seen = heard(host, log).get("zz-test-chain", {})
    return [c["first"] for c in seen.get("consequences", [])]


def test_log_consequences(host):
    cause = chain_line(20, "tlsmgr[7]", "fatal: no cache a") + chain_line(21, "tlsmgr[7]", "fatal: no cache b")
    rows = [(30, "smtpd[8]", "warning: without a", True), (31, "smtpd[8]", "warning: without a", False),
            (31, "smtpd[8]", "warning: without b", True), (30, "smtpd[8]", "warning: without c", False),
            (19, "smtpd[8]", "warning: without a", False), (30, "smtpd[8]", "without a", False),
            (30, "qmgr[8]", "warning: without a", False), (59, "tlsmgr[7]", "gone", True), (59, "tlsmgr[8]", "gone", False)]
    with chain(host):
        for second, program, text, wanted in rows:
            line = chain_line(second, program, text)
            check_equal(follows(host, log_of(host, cause + line)), [line.rstrip("\n")] if wanted else [], line)
        line = chain_line(30, "smtpd[8]", "warning: without a")
        check_equal(follows(host, log_of(host, line + cause)), [], "what was said before the cause")
        check("zz-test-chain" not in heard(host, log_of(host, line)), "a consequence without a cause is a fault")


def test_log_consequence_is_no_symptom(host):
    """Unless one fix calls the other independent."""
    log = log_of(host, chain_line(20, "tlsmgr[7]", "fatal: no cache a") + chain_line(21, "tlsmgr[7]", "gone") +
                 chain_line(22, "tlsmgr[8]", "gone"))
    for word, count in (("", 1), ("independent zz-test-chain\n", 2)):
        with chain(host, word):
            seen = heard(host, log)
        check_equal((counts(seen["zz-test-chain"]), counts(seen["zz-test-other"])), ((1, [1]), (count, [])), word)


def test_log_healthy(host):
    write(host.main, "myhostname = mail.example.jp\n")
    log = log_of(host, "Sep 30 16:45:19 svr postfix/smtpd[7196]: disconnect from x[192.0.2.1]\n")
    result = host.expect(0, "diagnose", "sdbm-cache", "--log", log)
    check_equal(result.outtext.count("\n"), 1, "lines of output")
    check(" asked, 1 lines read from %s)." % log in result.outtext, result.outtext)
    log = log_of(host, "Sep 30 16:45:19 svr sshd[7196]: fatal: unsupported dictionary type: sdbm\n" * 2)
    result = host.expect(0, "diagnose", "sdbm-cache", "--log", log)
    check(" of the 2 lines read from %s none is a mail program's." % log in result.outtext, result.outtext)


def test_log_forged(host):
    check_equal(heard(host, log_of(host, FORGED)), {}, "what forged lines tell")
    # What no date stands before is a container's line, unless others in that log have one.
    check_equal(list(heard(host, log_of(host, FORGED.splitlines(True)[-1]))), ["sdbm-cache"], "an undated log")


def test_log_nothing_raw(host):
    odd = "\x1b]0;x\x07 \x9b31m \u202egnp.exe\u2066 \x00 \u009b \u200b"
    line = SDBM.replace("svr", "s\x1bvr").encode() + b"\xff\xc2\x9b\n"
    raw = SDBM.rstrip("\n").replace("16:43:29 svr", "16:43:29 s\x1b[2Jvr\u202e\x9b").encode() + b"\n"
    log = log_of(host, raw + odd.encode() + b"\n" + line)
    for result in (host.mailfix("diagnose", "--log", log), host.mailfix("--json", "diagnose", "--log", log)):
        check(b"\\x1b" in result.out, "the line is not shown: %r" % result.out)
        for bad in (b"\x1b", b"\x9b", "\u202e".encode(), b"\\u001b"):
            check(bad not in result.out, "%r in %r" % (bad, result.out))


def test_config_nothing_raw(host):
    """The same of a configuration, and of the name of a log: on a terminal, and in JSON."""
    odd = "\x1b[2J\u009b31m\u202egnp.exe\u2066\u200b\x7f".encode() + b"\x9b"
    write(host.main, b"myhostname = mail" + odd + b"\nvirtual_alias_maps = hash:/etc/x" + odd + b"\nwrong" + odd + b" = x\n")
    log = log_of(host, PAGE, "lo\x1b[2Jg\u202e")
    words = ("diagnose", "map-missing", "hostname", "unused-params", "sasl-no-secret", "--log", log)
    seen = on_terminal(host.argv("--color", "never", *words), b"").out
    for text in (b"hash:/etc/x\\x1b[2J\\xc2\\x9b31m\\xe2\\x80\\xaegnp.exe", b"wrong\\x1b[2J"):
        check(text in seen, "the terminal lacks %r: %r" % (text, seen))
    for out in (seen, host.mailfix("--json", *words).out, host.mailfix("--json", "tree", "main.cf").out):
        for bad in (b"\x1b", b"\x9b", b"\x7f", "\u202e".encode(), "\u2066".encode(), "\u200b".encode()):
            check(bad not in out, "%r in %r" % (bad, out))


def test_log_repeated(host):
    log = log_of(host, SDBM + "Sep 30 16:44:29 svr last message repeated 3 times\n"
                 "Sep 30 16:45:29 svr postfix/tlsmgr[9]: message repeated 5 times: [ fatal: unsupported dictionary type: sdbm]\n")
    seen = heard(host, log)["sdbm-cache"]
    check_equal(seen["count"], 9, "how often it was said")
    check_equal((seen["first_time"][4:19], seen["last_time"][4:19]), ("-09-30T16:43:29", "-09-30T16:45:29"), "first and last")


def test_log_since(host):
    log = log_of(host, "2025-03-02T16:36:48+09:00" + SDBM[15:] + "2025-03-02T16:36:50+09:00" + SDBM[15:])
    check_equal(heard(host, log, "--since", "2025-03-02T07:36:49Z")["sdbm-cache"]["count"], 1, "since between the lines")
    check_equal(heard(host, log, "--since", "10 minutes ago"), {}, "since long after them")
    ago = [time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - seconds)) for seconds in (5400, 300)]
    fresh = log_of(host, "".join(moment + SDBM[15:] for moment in ago), "fresh")
    for words, count in (("10 minutes ago", 1), ("10m ago", 1), ("2 hours ago", 2), ("1 day ago", 2), (ago[1], 1)):
        check_equal(heard(host, fresh, "--since", words).get("sdbm-cache", {}).get("count"), count, "since " + words)
    host.expect(2, "diagnose", "--since", "soon", err="'soon' is no time")
    host.expect(2, "diagnose", "--log", log, "--no-log", err="--no-log does not go with")
    host.expect(1, "diagnose", "--log", log + "x", err="No such file")


def test_log_compressed(host):
    for end, pack in ((".gz", gzip.compress), (".bz2", bz2.compress), (".xz", lzma.compress)):
        check_equal(list(heard(host, log_of(host, pack(SDBM.encode()), "log" + end))), ["sdbm-cache"], end)
    # The first block of one of them is not whole, of the other one only a later block.
    for size in (90000, 900000):
        log = log_of(host, gzip.compress(os.urandom(size))[:size // 2], "cut%d.gz" % size)
        found = execute(host.argv("diagnose", "enforce-tls", "--log", log))
        check_equal(found.code, 1, "exit with a damaged file (%s)" % found.errtext)
        check("cannot be unpacked" in found.errtext, found.errtext)


def test_log_compressed_zstd(host):
    if execute(["sh", "-c", "command -v zstd"]).code != 0:
        raise Skip("there is no zstd here")
    execute(["zstd", "-q", log_of(host, SDBM)])
    check_equal(list(heard(host, os.path.join(host.work, "log.zst"))), ["sdbm-cache"], "zstd")


class Reading:
    """A diagnosis whose log is a pipe that says nothing yet, and the process that reads it."""

    def __init__(self, host):
        self.write, self.run, self.child = None, None, None
        read_end, self.write = os.pipe()
        self.run = subprocess.Popen(host.argv("diagnose", "enforce-tls", "--log", "/dev/stdin"), stdin=read_end,
                                    stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        os.close(read_end)
        for _ in range(400):
            children = open("/proc/%d/task/%d/children" % (self.run.pid, self.run.pid)).read().split()
            if children and self.status(children[0], "NoNewPrivs") == "1" and self.limits(children[0]):
                self.child = int(children[0])
                return
            time.sleep(0.02)
        check(False, "there is no reader without privileges")

    @staticmethod
    def status(pid, key):
        return next(l for l in open("/proc/%s/status" % pid) if l.startswith(key + ":")).split(":")[1].strip()

    @staticmethod
    def limits(pid):
        rows = {l[:26].strip(): l[26:].split()[0] for l in open("/proc/%s/limits" % pid)}
        return all(rows[name] == "0" for name in ("Max open files", "Max processes", "Max file size", "Max core file size"))

    def end(self):
        out, err = self.run.communicate(timeout=20)
        os.close(self.write)
        return self.run.returncode, (out + err).decode()


FIXED = (r"  (?:evidence|advice|what follows from it|in the log, once):$", r"  in the log, (\d+) times, first and last:$", r"    \((\d+) times\)$",
         r"  still so: (?:the running host shows it|it was logged after the daemon's last start and the last change of its configuration)$",
         r"  not known whether still so: only the log shows it$", r"  no longer so$",
         r"  repair: (\S.*?)(?:    \(look first: add --dry-run\)|, once it is told:)?$", r"  repair: mailfix apply \S+ would not do: (.*)$",
         r"  independent of: (\S+)$", r"not known: (.*)$", r" +for example: (.*)$",
         r"([a-z0-9-]+) \((stops-mail|harms-mail|risk|noise)\): (.*)$", r" +(.*)$")


def leaves(value):
    if isinstance(value, dict):
        value = list(value.values())
    return [leaf for item in value for leaf in leaves(item)] if isinstance(value, list) else [str(value)]


def test_log_json_says_all(host):
    """What is no fixed word of a line that a person reads stands in the object: names, evidence, lines of the log, counts, commands."""
    host.put("etc/aliases", "postmaster: root\nloop: pool\npool: loop\n")
    write(host.main, open(host.main, encoding="utf-8").read() +
          "alias_maps = hash:/etc/aliases\ntransport_maps = hash:/etc/none\nmyhostnam = x\nmyhostname = mail\n")
    log = log_of(host, PAGE + "".join("Sep 30 16:4%d:20 svr %s\n" % (i, line) for i in range(3) for line in (
        "postfix/smtp[9]: connect to mx.example.net[192.0.2.9]:25: Connection timed out",
        "postfix/smtpd[8]: NOQUEUE: reject: RCPT from x[192.0.2.7]: 554 5.7.1 <a@other.example>: Relay access denied; from=<b> to=<a@other.example>",
        "dovecot: imap-login: Disconnected (no auth attempts in 0 secs): user=<>, rip=192.0.2.7, lip=192.0.2.1")))
    words = ("diagnose", "--log", log)
    found = report(host, 6, *words)
    lines = host.expect(6, *words).outtext.splitlines()
    check(len(lines) > 50, "too little is said to prove anything: %s" % lines)
    said = leaves(found)
    for line in lines:
        match = next(m for m in (re.match(form, line) for form in FIXED) if m)
        if not line.startswith(" "):
            said = [leaf for f in found["findings"] if f["fix"] == match.group(1) for leaf in leaves(f)] or leaves(found)
        for part in match.groups():
            check(part is None or part in said or (not part.isdigit() and any(part in leaf for leaf in said)),
                  "the object lacks %r of %r" % (part, line))


def test_log_reader_is_nobody(host):
    reading = Reading(host)
    users = [set(reading.status(reading.child, key).split()) for key in ("Uid", "Gid")]
    groups = reading.status(reading.child, "Groups")
    os.kill(reading.child, signal.SIGKILL)
    code, said = reading.end()
    check(all("0" not in ids and len(ids) == 1 for ids in users) and groups == "", "user and group %s, groups %r" % (users, groups))
    check_equal(code, 1, "exit when the reader dies (%s)" % said)
    check("the mail log was not read, because of the process that read it: it was ended by signal 9" in said, said)


def test_log_reader_stands_still(host):
    reading = Reading(host)
    code, said = reading.end()
    check_equal(code, 1, "exit (%s)" % said)
    check("it stood still for 5 s" in said, said)


def test_log_sound(host):
    """sound.log: other mail programs, healthy Postfix and Dovecot of many versions, and what strangers may have them write."""
    sound = open(os.path.join(HERE, "sound.log"), encoding="utf-8").read()
    check_equal(heard(host, log_of(host, sound)), {}, "what a sound log tells")
    # The same texts as a HELO, which Postfix writes into its own lines.
    quoted = "".join("Sep 30 16:43:29 mx postfix/smtpd[9]: NOQUEUE: reject: RCPT from x[192.0.2.7]: 550 5.7.1 <a>: x; helo=<%s>\n"
                     % line.partition(": ")[2] for line in sound.splitlines())
    check_equal(heard(host, log_of(host, quoted)), {}, "what the same lines tell as a HELO")


def test_log_corpus(host):
    if not os.path.isdir(CORPUS):
        raise Skip("../shared/corpus/maillog is not here")
    expected = {}
    for line in open(os.path.join(HERE, "corpus.expected"), encoding="utf-8"):
        if line[0] not in "#\n":
            name, *fixes = line.split()
            expected[name] = sorted(fixes)
    names = sorted(os.listdir(CORPUS))
    check_equal(sorted(set(expected) - set(names)), [], "expectations without a log")
    wrong = []
    for name in names:
        found = sorted(heard(host, os.path.join(CORPUS, name)))
        if found != expected.get(name, []):
            wrong.append("%s: wanted %s, found %s" % (name, expected.get(name, []), found))
    check(not wrong, "; ".join(wrong))
