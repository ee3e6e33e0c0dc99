# SPDX-License-Identifier: GPL-3.0-or-later
"""A case of a fix as a host: a private tree, its facts, and mailfix on it. tests/fixes/run says what a case consists of; the
other tests that go over all fixes (hand_edits.py here, tests/crash/every_fix.py) start from the same cases."""
import os
import shutil
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "cli"))
from support import copy_tree, execute, put_certificates, read, write  # noqa: E402


def optional(case, name, otherwise=b""):
    path = os.path.join(case, name)
    return read(path) if os.path.exists(path) else otherwise


def set_modes(case, tree):
    for line in optional(case, "modes").decode().splitlines():
        mode, uid, gid, path = line.split(None, 3)
        os.chown(os.path.join(tree, path), int(uid), int(gid))
        os.chmod(os.path.join(tree, path), int(mode, 8))


class Case:
    def __init__(self, prefix, fix, name, work):
        self.dir = os.path.join(HERE, fix, name)
        self.fix = fix
        self.program = os.path.join(prefix, "sbin/mailfix")
        self.tree, self.patched = os.path.join(work, "tree"), os.path.join(work, "patched")
        copy_tree(os.path.join(self.dir, "in"), self.tree)
        os.makedirs(os.path.join(self.tree, "var/lib"), mode=0o755, exist_ok=True)
        put_certificates(self.dir, self.tree)
        set_modes(self.dir, self.tree)
        self.facts = write(os.path.join(work, "facts"), optional(self.dir, "facts"))
        self.args = optional(self.dir, "args").decode().split()
        self.exit = int(optional(self.dir, "expect.exit", b"0"))
        self.umask = int(optional(self.dir, "umask", b"022"), 8)

    def mailfix(self, *words, before=()):
        return execute(list(before) + [self.program, "--root", self.tree, "--facts", self.facts] + list(words),
                       umask=self.umask)


class site_fix:
    """FIX/FIX.fix, when there is one, among the prefix's own fixes."""

    def __init__(self, prefix, fix):
        self.source = os.path.join(HERE, fix, fix + ".fix")
        self.dir = os.path.join(prefix, "etc/mailfix/fixes")
        self.path = os.path.join(self.dir, fix + ".fix")

    def __enter__(self):
        if os.path.exists(self.source):
            os.makedirs(self.dir, exist_ok=True)
            write(self.path, read(self.source))

    def __exit__(self, *ignored):
        if os.path.exists(self.source):
            shutil.rmtree(os.path.dirname(self.dir))


def fixes_with_cases():
    return sorted(entry.name for entry in os.scandir(HERE) if entry.is_dir() and not entry.name.startswith("__"))


def cases_of(fix):
    return sorted(entry.name for entry in os.scandir(os.path.join(HERE, fix)) if entry.is_dir())


def changes(fix, name):
    """Whether the case is one in which apply changes a file."""
    case = os.path.join(HERE, fix, name)
    return int(optional(case, "expect.exit", b"0")) == 0 and b"\n@@ " in optional(case, "expect.diff")


def changing_cases():
    """FIX, CASE of every case that changes something, of shipped fixes and of those that only the tests use."""
    return [(fix, name) for fix in fixes_with_cases() for name in cases_of(fix) if changes(fix, name)]
