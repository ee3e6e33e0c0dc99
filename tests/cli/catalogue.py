# SPDX-License-Identifier: GPL-3.0-or-later
"""The problems of part B of the catalogue, row by row: what the daemons say of each (wordings), or a configuration that shows it.

Limits: a line is held against the log stanzas only; what makes a logged fault a present one is for tests/fixes and tests/hosts.
"""
import json
import os
import re
import shutil
import time

from logs import heard, log_of
from support import check, check_equal, execute, write

HERE = os.path.dirname(os.path.abspath(__file__))
LAST_ROW = 42
# Rows that no line speaks of, or not alone: the fix, a main.cf and a master.cf that show it, and nearly the same that do not.
BASE = "myhostname = mail.example.jp\n"
SMTP = "smtp inet n - n - - smtpd\n"
LOGIN = BASE + "smtpd_sasl_auth_enable = yes\n"
CONFIGURED = (
    (4, "map-rebuild", BASE + "virtual_alias_maps = hash:/etc/aliases\n", SMTP, BASE, SMTP),
    (10, "submission-port", LOGIN, SMTP + "#submission inet n - n - - smtpd\n", BASE, SMTP + "#submission inet n - n - - smtpd\n"),
    (10, "enforce-tls", BASE + "smtpd_tls_security_level = may\n", SMTP + "587 inet n - n - - smtpd -o smtpd_enforce_tls=yes\n",
     BASE, SMTP + "587 inet n - n - - smtpd -o smtpd_tls_security_level=encrypt\n"),
    (21, "open-relay", BASE + "mynetworks = 127.0.0.0/8 0.0.0.0/0\n", SMTP, BASE + "mynetworks = 127.0.0.0/8 10.0.0.0/8\n", SMTP),
    (22, "smtp-smuggling", BASE + "smtpd_forbid_bare_newline = no\n", SMTP, BASE + "smtpd_forbid_bare_newline = normalize\n", SMTP),
    (26, "sdbm-cache", BASE + "smtp_tls_session_cache_database = sdbm:/var/lib/postfix/c\n", SMTP,
     BASE + "smtp_tls_session_cache_database = btree:/var/lib/postfix/c\n", SMTP),
    (27, "alias-maps-mismatch", BASE + "alias_maps = hash:/etc/aliases\nalias_database = btree:/etc/aliases\n", SMTP,
     BASE + "alias_maps = hash:/etc/aliases\nalias_database = hash:/etc/aliases\n", SMTP),
    (30, "smtps-port", LOGIN, SMTP + "#submissions inet n - n - - smtpd\n", LOGIN, SMTP + "587 inet n - n - - smtpd\n"),
    (32, "duplicate-params", BASE + BASE, SMTP, BASE, SMTP),
    (33, "unused-params", BASE + "smtpd_relay_restrictons = reject\n", SMTP, BASE + "mine = reject\nmynetworks = $mine\n", SMTP),
    (34, "hostname", "myhostname = mail\n", SMTP, BASE, SMTP),
    (39, "weak-tls", BASE + "smtpd_tls_mandatory_protocols = SSLv3, TLSv1\n", SMTP,
     BASE + "smtpd_tls_mandatory_protocols = !SSLv2, !SSLv3\n", SMTP),
)


def wordings():
    """(ROW, [FIX...], LINE) of each line of the file, each an hour behind the one before and by a process of its own."""
    rows = []
    for line in open(os.path.join(HERE, "wordings"), encoding="utf-8"):
        if line[0] not in "#\n":
            head, text = line.split(" | ", 1)
            row, *fixes = head.split()
            when = time.strftime("%Y-%m-%dT%H:%M:%SZ mx ", time.gmtime(1700000000 + 3600 * len(rows)))
            rows.append((row, fixes, when + text.replace("[9]:", "[%d]:" % (1000 + len(rows)), 1)))
    return rows


def test_catalogue_wordings(host):
    """All lines in one log: each fix counts its own. What differs is looked for line by line."""
    rows, wanted = wordings(), {}
    for _, fixes, _ in rows:
        for fix in fixes:
            wanted[fix] = wanted.get(fix, 0) + 1
    seen = {fix: log["count"] for fix, log in heard(host, log_of(host, "".join(line for *_, line in rows))).items()}
    if seen != wanted:
        wrong = [(fixes, line) for _, fixes, line in rows if sorted(heard(host, log_of(host, line))) != sorted(fixes)]
        check(False, "other counts than wanted: %s; lines: %s" % (sorted(set(seen.items()) ^ set(wanted.items())), wrong))


def found(host, fix, main, master):
    write(host.main, main)
    host.put("etc/postfix/master.cf", master)
    return {f["fix"] for f in json.loads(execute(host.argv("--json", "diagnose", fix, "--no-log")).out)["findings"]}


def test_catalogue_configured(host):
    host.put("etc/aliases", "postmaster: root\nroot: admin@example.jp\n")
    for _, fix, main, master, sound_main, sound_master in CONFIGURED:
        check(fix in found(host, fix, main, master), "%s is not found in %r %r" % (fix, main, master))
        check(fix not in found(host, fix, sound_main, sound_master), "%s is found in %r %r" % (fix, sound_main, sound_master))


def test_catalogue_rows(host):
    """Each row of part B is recognised by a line or a configuration above."""
    rows = {int(row[1:]) for row, fixes, _ in wordings() if row[0] == "B" and fixes}
    rows |= {row[0] for row in CONFIGURED}
    check_equal(sorted(rows), list(range(1, LAST_ROW + 1)), "rows of the catalogue that are recognised")
    known = {name[:-4] for name in os.listdir(host.fixes) if name.endswith(".fix")}
    named = {fix for _, fixes, _ in wordings() for fix in fixes} | {row[1] for row in CONFIGURED}
    check_equal(sorted(named - known), [], "fixes that are not shipped")


# ---- the configuration alone: what stands in it, with file and line ----

TYPES = "postfix.version = 3.7.11\npostfix.table-types = btree cidr hash inline pcre pipemap proxy static texthash unionmap unix\n"
REFERENCES = """compatibility_level = 3.6
myhostname = mail.example.jp
mynetworks = 127.0.0.0/8, gone:/etc/postfix/g1
alias_maps = hash:/etc/aliases, gone:/etc/postfix/g2
alias_database = hash:/etc/aliases
virtual_alias_maps = proxy:gone:/etc/postfix/g3,
    unionmap:{hash:/etc/postfix/nothing1,gone:/etc/postfix/g4}
transport_maps = pipemap:{texthash:/etc/postfix/nothing2, gone:/etc/postfix/g5}
smtpd_recipient_restrictions =
    check_sender_access gone:/etc/postfix/g6,
    # check_sender_access gone:/etc/postfix/comment
    check_client_access cidr:/etc/postfix/nothing3
    permit_mynetworks, reject_unauth_destination
smtpd_sender_restrictions = { check_sender_access gone:/etc/postfix/g7, reject }
smtpd_restriction_classes = mine
mine = check_recipient_access gone:/etc/postfix/g8
header_checks = pcre:/etc/postfix/nothing4
smtp_tls_policy_maps = inline:{ {gone:x=y} }, static:gone:x
canonical_maps = ${myhostname?{hash:/etc/postfix/unindexed}:{gone:/etc/postfix/g13}}
relay_recipient_maps = hash:/etc/postfix/stale
recipient_bcc_maps = hash:/etc/postfix/fresh
sender_bcc_maps = gone:/etc/postfix/overridden
sender_bcc_maps =
smtpd_tls_session_cache_database = sdbm:/etc/postfix/g9
"""
OPTIONS = """smtp inet n - n - - smtpd
submission inet n - n - - smtpd
  -o { smtpd_sender_restrictions = check_sender_access gone:/etc/postfix/g10, reject }
  -o virtual_alias_maps=gone:/etc/postfix/g11
smtp unix - - n - - smtp -o smtp_generic_maps=gone:/etc/postfix/g12
"""


def lines_with(name, text, words):
    """FILE:LINE of each line of the text that names one of these in Postfix's directory."""
    return {"/etc/postfix/%s:%d" % (name, number) for number, line in enumerate(text.splitlines(), 1)
            if re.search(r"/(%s)\b" % "|".join(words), line)}


def test_catalogue_references(host):
    """19 references planted in main.cf and master.cf, each found with file and line, and nothing that is none."""
    write(host.facts, TYPES)
    host.put("etc/aliases", "postmaster: root\nroot: admin@example.jp\n")
    for name in ("aliases.db", "postfix/stale.db"):
        host.put("etc/" + name, "")
    for name in ("stale", "unindexed", "fresh"):
        host.put("etc/postfix/" + name, "a b\n")
    host.put("etc/postfix/fresh.db", "")
    for path, age in (("aliases", 900), ("postfix/stale", 600), ("postfix/stale.db", 900), ("postfix/fresh", 900)):
        os.utime(host.path("etc/" + path), (time.time() - age,) * 2)
    write(host.main, REFERENCES)
    host.put("etc/postfix/master.cf", OPTIONS)
    gone = ["g%d" % i for i in (*range(1, 9), *range(10, 14))]
    wanted = {"missing-table-type": lines_with("main.cf", REFERENCES, gone) | lines_with("master.cf", OPTIONS, gone),
              "map-missing": lines_with("main.cf", REFERENCES, ["nothing%d" % i for i in range(1, 5)]),
              "map-rebuild": lines_with("main.cf", REFERENCES, ["unindexed", "stale"]),
              "sdbm-cache": lines_with("main.cf", REFERENCES, ["g9"])}
    check_equal({fix: len(places) for fix, places in wanted.items()},
                {"missing-table-type": 12, "map-missing": 4, "map-rebuild": 2, "sdbm-cache": 1}, "what is planted")
    seen = {f["fix"]: {e.split(": ")[0] for e in f["evidence"]}
            for f in json.loads(execute(host.argv("--json", "diagnose", "--no-log")).out)["findings"]}
    check_equal({fix: seen.get(fix) for fix in wanted}, wanted, "what is found")


def test_catalogue_without_postfix(host):
    """A host of Dovecot alone is sound, and it is said that nobody looked for Postfix; a file of Postfix's that is gone is no such host."""
    host.put("etc/dovecot/dovecot.conf", "protocols = imap\n")
    write(host.facts, "dovecot.version = 2.3.19\ninit = systemd\n")
    shutil.rmtree(host.path("etc/postfix"))
    result = host.expect(0, "diagnose")
    check_equal(result.outtext.splitlines()[-1].split(" (")[0], "No problem found", result.outtext)
    check("there is no Postfix here, and what concerns it was left out" in result.errtext, result.errtext)
    host.expect(5, "apply", "sdbm-cache", "-n", err="Postfix's main.cf is expected at /etc/postfix/main.cf")
    write(host.path("etc/postfix/master.cf"), SMTP)
    host.expect(1, "diagnose", err="/etc/postfix/main.cf: No such file or directory")
