# SPDX-License-Identifier: GPL-3.0-or-later
"""facts.py: one line with what a power cut may have damaged, as a Python value. Runs in the machine, on Debian's python3-minimal.

files    of /etc/postfix: mode, owner, group, attributes, size and checksum, time of the last change
store    of mailfix: each transaction and its state, oldest first; whether boot is asked to recover
"""
import os
import stat
import zlib

TOP, STORE = "/etc/postfix", "/var/lib/mailfix"


def read(path):
    with open(path, "rb") as file:
        return file.read()


def look(path):
    info = os.lstat(path)
    regular = stat.S_ISREG(info.st_mode)
    return (info.st_mode, info.st_uid, info.st_gid,
            tuple((name, os.getxattr(path, name)) for name in sorted(os.listxattr(path, follow_symlinks=False))),
            (info.st_size, zlib.crc32(read(path))) if regular else (),
            info.st_mtime_ns if regular else 0)


def files():
    return {os.path.join(at, name): look(os.path.join(at, name)) for at, dirs, names in os.walk(TOP) for name in dirs + names}


def state(name):
    try:
        return read(os.path.join(STORE, "txn", name, "state")).decode("latin-1").strip()
    except FileNotFoundError:
        return "(none)"


def store():
    txn = os.path.join(STORE, "txn")
    names = sorted(os.listdir(txn)) if os.path.isdir(txn) else []
    marks = [name for name in names if name[0] != "." and os.path.exists(os.path.join(txn, name, "unfinished"))]
    return [(name, state(name)) for name in names], marks != []


print(repr({"files": files(), "store": store()}))
