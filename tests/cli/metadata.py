# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of tests/cli/run about what a file is besides its bytes, for a file of each kind of document: every attribute comes
back, and what stands in the place of the file and is no plain file is refused at once, before and after an apply."""
import contextlib
import os
import stat
import struct
import time

from support import Skip, check, check_equal, difference, execute, read, write

NOTHING = "Nothing was changed."
FILES = {
    "etc/postfix/main.cf": "myhostname = mail.example.jp\nalias_maps = hash:/etc/aliases\n"
                           "transport_maps = hash:/etc/postfix/transport\nbiff = no\n",
    "etc/postfix/master.cf": "smtp inet n - y - - smtpd\npickup unix n - y 60 1 pickup\n",
    "etc/aliases": "postmaster: root\n",
    "etc/postfix/transport": "a.example smtp:[127.0.0.1]\n",
    "etc/dovecot/dovecot.conf": "protocols = imap\nlogin_greeting = hello\n",
}
FACTS = ("postfix.version = 3.7.11\npostfix.table-types = btree hash lmdb\ninit = systemd\ndovecot.version = 2.3.19\n"
         "dovecot.config-file = /etc/dovecot/dovecot.conf\n")
NAME = "zz-test-everywhere"
FIX = """fix       zz-test-everywhere
title     A file of each kind changes, for the tests
title.ja  各種のファイルを変更する(試験用)
effect    noise

edit      main.cf
  each    setting biff
  value   yes

edit      master.cf
  each    service smtp/inet
  comment

edit      aliases
  ensure
    |info: root

edit      map transport_maps
  ensure
    |b.example smtp:[127.0.0.2]

edit      dovecot.conf
  each    setting login_greeting
  value   ready
"""


@contextlib.contextmanager
def everywhere(host):
    for below, text in FILES.items():
        os.makedirs(os.path.dirname(host.path(below)), exist_ok=True)
        host.put(below, text)
    write(host.facts, FACTS)
    path = os.path.join(host.fixes, NAME + ".fix")
    write(path, FIX.encode())
    try:
        yield
    finally:
        os.unlink(path)


def attributes():
    """Of each namespace, also what a security module would read; an empty value, and a long one."""
    label = b"system_u:object_r:postfix_etc_t:s0\0"
    capability = struct.pack("<IIIII", 0x02000001, 0x0400, 0, 0, 0)  # cap_net_bind_service
    return [("user.note", b"a\0\xff"), ("user.empty", b""), ("user.long", b"x" * 1500), ("trusted.mark", b"1"),
            ("security.selinux", label), ("security.capability", capability)] + \
           [("user.n%d" % i, b"%d" % i) for i in range(20)]


def dress(path, number):
    """Owner, mode, times, ACL and attributes that no default gives; the names of the attributes that the kernel refused."""
    refused = []
    os.chown(path, 1000 + number, 2000 + number)
    os.chmod(path, (0o640, 0o2604, 0o600, 0o444, 0o660)[number])
    acl = execute(["setfacl", "-m", "u:4711:r,g:4712:rw", path])
    check_equal(acl.code, 0, "setfacl (%s)" % acl.errtext)
    for name, value in attributes():
        try:
            os.setxattr(path, name, value)
        except OSError:
            refused.append(name)
    os.utime(path, ns=(10**18 + number, 11 * 10**17 + number))
    return refused


def test_metadata_of_each_document(host):
    with everywhere(host):
        refused = [dress(host.path(below), i) for i, below in enumerate(FILES)]
        missing = {name for names in refused for name in names}
        if not {"user.note", "trusted.mark"}.isdisjoint(missing):
            raise Skip("the file system keeps no attributes: %s" % ", ".join(sorted(missing)))
        before = host.see()
        for below in FILES:
            names = before[below]["xattr"]
            check(len(names) == 1 + len(attributes()) - len(refused[0]), "%s has %s" % (below, sorted(names)))
        host.expect(0, "apply", NAME, "-y")
        after = host.see()
        for below, text in FILES.items():
            check(read(host.path(below)).decode() != text, below + " was not changed")
            for key in ("type", "mode", "owner", "xattr"):
                check_equal(after[below][key], before[below][key], "%s: %s after apply" % (below, key))
        host.expect(0, "rollback", "-y")
        check_equal(difference(before, host.see()), "", "after rollback")


def test_links_of_root_of_each_document(host):
    """A link stays a link, and the file that it leads to is what changes."""
    with everywhere(host):
        for i, below in enumerate(FILES):
            path, real = host.path(below), host.path("srv/real/%d/file" % i)
            os.makedirs(os.path.dirname(real))
            os.rename(path, real)
            os.symlink("/srv/real/%d/file" % i, path)
        before = host.see()
        host.expect(0, "apply", NAME, "-y")
        after = host.see()
        for i, below in enumerate(FILES):
            check_equal(after[below], before[below], "the link " + below)
            check(after["srv/real/%d/file" % i]["bytes"] != before["srv/real/%d/file" % i]["bytes"], below + " was not changed")
        host.expect(0, "rollback", "-y")
        check_equal(difference(before, host.see()), "", "after rollback")


# ---- what is no plain file ----

def instead(make):
    def spoil(path):
        os.unlink(path)
        make(path)
    return spoil


def flag(path):
    if execute(["chattr", "+i", path]).code != 0:
        raise Skip("the file system has no such flags")


def device(path):
    try:
        os.mknod(path, 0o600 | stat.S_IFBLK, os.makedev(7, 200))
    except PermissionError:
        raise Skip("no device can be made here")


MOUNTED, READ_ONLY = "bind", "read-only"
MOUNTS = {MOUNTED: 'mount --bind "%s" "%s" && exec "$@"',
          READ_ONLY: 'cd / && mount --bind "$(dirname "%s")" "$(dirname "%s")" && mount -o remount,bind,ro "$(dirname "%s")" && exec "$@"'}
A_MOMENT = 1.0  # seconds that a refusal may take longer than a dry run; nothing that stands there is waited for
KINDS = [
    ("fifo", instead(os.mkfifo), "is a named pipe"),
    ("directory", instead(os.mkdir), "directory"),
    ("device", instead(device), "device"),
    ("hard-link", lambda path: os.link(path, path + ".other"), "has 2 names (hard links)"),
    ("link-of-another-user", instead(lambda path: (os.symlink("x", path), os.lchown(path, 4711, 4711))),
     "is a symbolic link that belongs to user 4711"),
    ("immutable", flag, "is immutable"),
    (MOUNTED, lambda path: None, "is a mount of its own"),
    (READ_ONLY, lambda path: None, "read-only"),
]


def no_plain_file(kind, spoil, sentence, below):
    def refused(host, usual, *words):
        path = host.path(below)
        script = MOUNTS.get(kind, "").replace("%s", path)
        for _ in range(3):  # the machine may be busy; what hangs does so each time
            began = time.monotonic()
            result = host.mailfix(*words, wrap=["unshare", "--mount", "sh", "-c", script, "sh"] if script else ())
            took = time.monotonic() - began
            if took < A_MOMENT + usual:
                break
        check(took < A_MOMENT + usual, "%s: it took %.1f s, a dry run %.1f s" % (words, took, usual))
        check(result.code in (1, 4) and result.last == NOTHING, "%s: exit %d: %s" % (words, result.code, result.errtext))
        # The whole directory is read-only; which of its files is met first is no matter.
        there = "/" + (os.path.dirname(below) if kind == READ_ONLY else below)
        check(there in result.errtext and sentence in result.errtext.lower(), "%s: %r" % (words, result.errtext))

    def test(host):
        path = host.path(below)
        with everywhere(host):
            began = time.monotonic()
            host.expect(0, "apply", NAME, "-n")
            usual = time.monotonic() - began
            try:
                for words in (("apply", NAME, "-y"), ("rollback", "-y")):
                    if words[0] == "rollback":
                        host.expect(0, "apply", NAME, "-y")
                    text = read(path)
                    spoil(path)
                    refused(host, usual, *words)
                    if kind == "immutable":
                        execute(["chattr", "-i", path])
                    elif kind == "directory":
                        os.rmdir(path)
                    elif kind == "hard-link":
                        os.unlink(path + ".other")
                    elif kind not in MOUNTS:
                        os.unlink(path)
                    if not os.path.exists(path):
                        write(path, text)
                host.expect(0, "rollback", "-y")
                check_equal(read(path).decode(), FILES[below], below + " at the end")
            finally:
                execute(["chattr", "-i", path])
    return test


def all_kinds():
    return [("no-plain-file/%s/%s" % (row[0], below), no_plain_file(*row, below)) for row in KINDS for below in FILES]
