# SPDX-License-Identifier: GPL-3.0-or-later
"""Trees of the crash tests: how one is made, copied and looked at.

Limits: only files, directories and symbolic links; hard links survive a copy, sparse files do not.
"""
import hashlib
import json
import os
import re
import stat
import struct

STORE = "var/lib/mailfix"
MARK = "/unfinished"  # ends the name of what boot looks for, in a record
ETC = "etc/postfix"
MAIN, MASTER = ETC + "/main.cf", ETC + "/master.cf"
LONG_AGO = 1500000000  # when every file of a tree was made; what is younger than RECENT was written by a run
RECENT = 1600000000
# Of a live tree, Postfix's own directories: its programs make what is missing there.
NOT_OURS = ("var/spool", "var/lib/postfix")

MAIN_CF = b"""# main.cf of a test; \xe4 is no UTF-8
myhostname = mx.example.org
smtpd_tls_session_cache_database = sdbm:${data_directory}/smtpd_scache
transport_maps = hash:/etc/postfix/transport
mynetworks =
  127.0.0.0/8
# no newline at the end"""
MASTER_CF = b"""smtp       inet  n  -  y  -  -  smtpd
submission inet  n  -  y  -  -  smtpd
  -o syslog_name=postfix/submission
  -o smtpd_tls_security_level=may
#628       inet  n  -  y  -  -  qmqpd
pickup     unix  n  -  y  60 1  pickup
"""


def put(path, data, mode, uid, gid, attributes=()):
    with open(path, "wb") as file:
        file.write(data)
    os.chown(path, uid, gid)
    os.chmod(path, mode)
    for name, value in attributes:
        os.setxattr(path, name, value)
    os.utime(path, (LONG_AGO, LONG_AGO))


def replace(path, old, new):
    """As an editor that writes the file in place: owner, mode and attributes stay."""
    with open(path, "rb") as file:
        text = file.read()
    assert text.count(old) == 1, (path, old)
    with open(path, "wb") as file:
        file.write(text.replace(old, new))
    os.utime(path, (LONG_AGO + 1, LONG_AGO + 1))


def acl(entries):
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)


def build(top):
    """Modes, owners and attributes that no default would give."""
    nobody = 0xffffffff
    os.makedirs(os.path.join(top, ETC))
    os.makedirs(os.path.join(top, "var/lib"))
    # u::rw u:1234:r g::- m::r o::-
    rights = acl([(1, 6, nobody), (2, 4, 1234), (4, 0, nobody), (16, 4, nobody), (32, 0, nobody)])
    put(os.path.join(top, MAIN), MAIN_CF, 0o640, 1234, 4321,
        [("user.note", b"main\0\xff"), ("trusted.mark", b"1"), ("system.posix_acl_access", rights)])
    put(os.path.join(top, MASTER), MASTER_CF, 0o2604, 0, 4321, [("user.note", b"master"), ("user.empty", b"")])
    # Names that resemble ours and belong to somebody else.
    put(os.path.join(top, ETC, "main.cf.old"), b"mine\n", 0o600, 0, 0)
    put(os.path.join(top, ETC, ".main.cf.swp"), b"mine\n", 0o600, 7, 7)


def walk(top):
    yield top
    for entry in sorted(os.scandir(top), key=lambda entry: entry.name):
        if entry.is_dir(follow_symlinks=False):
            yield from walk(entry.path)
        else:
            yield entry.path


def copy_tree(source, target):
    """With modes, owners, attributes and times of files; names of one inode stay names of one inode."""
    seen = {}
    for path in walk(source):
        there = target + path[len(source):]
        info = os.lstat(path)
        if info.st_ino in seen:
            os.link(seen[info.st_ino], there)
            continue
        if stat.S_ISLNK(info.st_mode):
            os.symlink(os.readlink(path), there)
            continue
        if stat.S_ISDIR(info.st_mode):
            os.mkdir(there)
        else:
            with open(path, "rb") as old, open(there, "wb") as new:
                new.write(old.read())
            if info.st_nlink > 1:
                seen[info.st_ino] = there
        os.chown(there, info.st_uid, info.st_gid)
        os.chmod(there, stat.S_IMODE(info.st_mode))
        for name in os.listxattr(path):
            os.setxattr(there, name, os.getxattr(path, name))
        if stat.S_ISREG(info.st_mode):
            os.utime(there, ns=(info.st_atime_ns, info.st_mtime_ns))


def look(top):
    """path -> all that a rollback promises to bring back, and the time of the last change of the text."""
    seen = {}
    for path in walk(top):
        below = os.path.relpath(path, top)
        if below.startswith(NOT_OURS):
            continue
        info = os.lstat(path)
        regular = stat.S_ISREG(info.st_mode)
        data = b""
        if regular:
            with open(path, "rb") as file:
                data = file.read()
        attributes = () if stat.S_ISLNK(info.st_mode) else tuple(
            (name, os.getxattr(path, name)) for name in sorted(os.listxattr(path))
            if not name.startswith("trusted.overlay."))
        seen[below] = (info.st_mode, info.st_uid, info.st_gid, attributes, data, info.st_mtime_ns if regular else 0)
    return seen


def in_store(path):
    return path == STORE or path.startswith(STORE + "/")


def outside(seen):
    """The host without the record; of a file that a run wrote, the time is that of the run, whichever that was."""
    return {path: what[:5] + ("a run" if what[5] > RECENT * 10**9 else what[5],)
            for path, what in seen.items() if not in_store(path)}


def fingerprint(seen):
    """Of all that decides what recover does: not times, nor the record's text, which differs by the time in it."""
    digest = hashlib.sha256()
    for path, what in sorted(seen.items()):
        data = len(what[4]) if path.endswith("/plan.json") else what[4]
        digest.update(repr((path, what[:4], data)).encode())
    return digest.hexdigest()


def states(seen):
    """The words in the state files, oldest record first."""
    return [what[4].decode("latin-1").strip() or "(empty)" for path, what in sorted(seen.items())
            if path.startswith(STORE + "/txn/") and path.endswith("/state")]


def marks(seen):
    """What boot would find."""
    return [path for path in seen if path.startswith(STORE + "/txn/") and path.endswith(MARK) and "/.new-" not in path]


def lost_texts(seen):
    """Texts from before that a kept record does not have: its rollback would need them."""
    lost = []
    for path, what in seen.items():
        record = path[:-len("/state")]
        if not path.startswith(STORE + "/txn/") or not path.endswith("/state") or not what[4].startswith(b"kept"):
            continue
        for i, target in enumerate(json.loads(seen[record + "/plan.json"][4])["targets"]):
            text = seen.get("%s/before/%d" % (record, i))
            if target["before"] != "absent" and (text is None or hashlib.sha256(text[4]).hexdigest() != target["before"]):
                lost.append("%s of %s" % (target["path"], record))
    return lost


def unmarked(seen):
    """Records that are half-way, or what lies beside files, and boot would not know."""
    if not marks(seen):
        beside = [path for path in seen if re.search(r"/\.[^/]*\.mailfix(-new|-old)?$", path) and not in_store(path)]
        if beside:
            return beside
    half = [path[:-len("/state")] for path, what in seen.items()
            if path.startswith(STORE + "/txn/") and path.endswith("/state") and "/.new-" not in path
            and what[4].startswith((b"applying", b"undoing"))]
    return [record for record in half if record + MARK not in seen]
