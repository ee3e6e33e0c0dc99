# SPDX-License-Identifier: GPL-3.0-or-later
"""What tests/cli/run and tests/fixes/run share: running mailfix with a time limit, private trees, comparing them.

A tree is a directory that stands for the root of a host (--root). A snapshot says everything of it that mailfix
promises to keep: type, mode, owner, size, bytes, extended attributes (so ACLs), the target of a link, the time
of the last change. Directories' times change when a file in them is replaced, so they count only when asked for.

Limits: needs root (owners, devices); a file system without user.* attributes or flags leads to a skip, which is
said, never to a silent pass.
"""
import errno
import hashlib
import os
import pty
import select
import shutil
import stat
import subprocess
import sys
import tempfile
import time

TIMEOUT = 20  # a program that hangs is a failure, not a reason to wait
RECORD = "var/lib/mailfix"
CERTIFICATES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "certificates")


class Result:
    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    @property
    def errtext(self):
        return self.err.decode("latin-1")

    @property
    def outtext(self):
        return self.out.decode("latin-1")

    @property
    def last(self):
        """The last line on standard error: what state the machine is in."""
        lines = self.errtext.rstrip("\n").split("\n")
        return lines[-1]


def execute(argv, stdin=subprocess.DEVNULL, umask=None, cwd=None, env=None):
    """Runs argv; exit code None: it did not end in time."""
    before = (lambda: os.umask(umask)) if umask is not None else None
    try:
        done = subprocess.run(argv, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=TIMEOUT,
                              preexec_fn=before, cwd=cwd, env=environment(env))
    except subprocess.TimeoutExpired as late:
        return Result(None, late.stdout or b"", (late.stderr or b"") + b"\n(did not end in time)")
    return Result(done.returncode, done.stdout, done.stderr)


def environment(language=None):
    """The tests' environment; language replaces what chooses one (LANG, LANGUAGE ...)."""
    # SUDO_USER would go into the record, LC_ALL into messages of the system.
    env = {k: v for k, v in os.environ.items() if k not in ("SUDO_USER", "AUGEAS_LENS_LIB", "AUGEAS_ROOT")}
    if language is None:
        env["LC_ALL"] = "C"
        return env
    return {**{k: v for k, v in env.items() if k != "LANGUAGE" and k != "LANG" and not k.startswith("LC_")}, **language}


def on_terminal(argv, answer):
    """Runs argv with a pseudo-terminal as all three streams; types answer when a question stands there. answer may
    be a list of (QUESTION, ANSWER), each typed once, when its question has been seen."""
    due = list(answer) if isinstance(answer, list) else [(b"[y/n/d] ", answer)]
    pid, fd = pty.fork()
    if pid == 0:
        os.execve(argv[0], argv, environment())
    seen, until = b"", time.monotonic() + TIMEOUT
    while time.monotonic() < until:
        if not select.select([fd], [], [], 0.2)[0]:
            continue
        try:
            block = os.read(fd, 65536)
        except OSError as error:  # Linux says EIO when the other side is closed
            if error.errno != errno.EIO:
                raise
            break
        if not block:
            break
        seen += block
        if due and due[0][0] in seen:
            os.write(fd, due.pop(0)[1])
    else:
        os.kill(pid, 9)
    os.close(fd)
    status = os.waitpid(pid, 0)[1]
    code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else None
    return Result(code, seen.replace(b"\r\n", b"\n"), seen.replace(b"\r\n", b"\n"))


# ---- trees ----

def describe(path, with_time=True):
    st = os.lstat(path)
    kind = stat.S_IFMT(st.st_mode)
    entry = {"type": kind, "mode": oct(stat.S_IMODE(st.st_mode)), "owner": (st.st_uid, st.st_gid)}
    if kind == stat.S_IFLNK:
        entry["target"] = os.readlink(path)
        return entry
    if kind == stat.S_IFREG:
        with open(path, "rb") as file:
            entry["bytes"] = hashlib.sha256(file.read()).hexdigest()
    if kind in (stat.S_IFREG, stat.S_IFDIR):
        names = sorted(os.listxattr(path, follow_symlinks=False))
        entry["xattr"] = {n: os.getxattr(path, n, follow_symlinks=False) for n in names}
    if with_time:
        entry["mtime"] = st.st_mtime_ns
    return entry


def snapshot(top, record=False, dir_times=False):
    """PATH -> description of everything below top; without mailfix's own record unless it is wanted."""
    seen = {}
    for here, dirs, files in os.walk(top):
        for name in sorted(dirs + files):
            path = os.path.join(here, name)
            below = os.path.relpath(path, top)
            if not record and (below == RECORD or below.startswith(RECORD + "/")):
                continue
            is_dir = os.path.isdir(path) and not os.path.islink(path)
            seen[below] = describe(path, with_time=dir_times or not is_dir)
    return seen


def difference(before, after):
    """The first few differences of two snapshots as one line; "" when there is none."""
    found = []
    for path in sorted(set(before) | set(after)):
        if path not in after:
            found.append("%s is gone" % path)
        elif path not in before:
            found.append("%s is new" % path)
        elif before[path] != after[path]:
            keys = [k for k in set(before[path]) | set(after[path]) if before[path].get(k) != after[path].get(k)]
            found.append("%s: %s" % (path, ", ".join(
                "%s %r -> %r" % (k, before[path].get(k), after[path].get(k)) for k in sorted(keys))))
    return "; ".join(found[:4])


def put_certificates(case, tree):
    """The files that the list "certificates" of the case, else of its fix, names: lines "NAME PATH"."""
    for place in (case, os.path.dirname(case)):
        if os.path.exists(os.path.join(place, "certificates")):
            for line in read(os.path.join(place, "certificates")).decode().splitlines():
                name, path = line.split()
                write(os.path.join(tree, path), read(os.path.join(CERTIFICATES, name)), mode=0o600)
            return


def copy_tree(source, target):
    """A copy with times and attributes, owned by root whoever owns the source checkout, closed to others' writing."""
    shutil.copytree(source, target, symlinks=True)
    for here, dirs, files in os.walk(target):
        for name in dirs + files:
            path = os.path.join(here, name)
            os.lchown(path, 0, 0)
            if not os.path.islink(path):
                os.chmod(path, stat.S_IMODE(os.lstat(path).st_mode) & ~0o022)
    os.chown(target, 0, 0)
    os.chmod(target, 0o755)


def write(path, data, mode=0o644):
    os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
    with open(path, "wb") as file:
        file.write(data.encode("latin-1") if isinstance(data, str) else data)
    os.chmod(path, mode)
    return path


def read(path):
    with open(path, "rb") as file:
        return file.read()


def workspace():
    """A directory of our own that mailfix may trust: root's, with only root's (or sticky) directories above."""
    os.umask(0o022)
    return tempfile.mkdtemp(prefix="mailfix-test-")


# ---- fixes of a site ----

SITE = """fix       zz-test-site
title     Ours
effect    risk
param     who
  type      localuser
  offer     accounts
  ask       Who gets it?
param     word
  type      secret
  ask       Which password?
symptom   some main.cf setting home_mailbox matching Maildir
edit      main.cf
  each      setting home_mailbox
  value     {who}:{word}
"""


class site:
    """A site fix in PREFIX/etc/mailfix/fixes, for as long as it is needed."""

    def __init__(self, host, text=SITE, name="zz-test-site"):
        self.dir = os.path.join(host.prefix, "etc/mailfix/fixes")
        self.path = os.path.join(self.dir, name + ".fix")
        self.text = text
        host.put("etc/passwd", "root:x:0:0::/root:/bin/sh\nanna:x:1000:1000::/home/anna:/bin/sh\n")

    def __enter__(self):
        os.makedirs(self.dir, exist_ok=True)
        write(self.path, self.text)
        return self

    def __exit__(self, *ignored):
        shutil.rmtree(os.path.dirname(self.dir))


# ---- counting ----

class Tally:
    """One line a test. A test is a function that calls check(); the first failure ends it."""

    def __init__(self):
        self.passed = self.failed = 0
        self.skipped = []

    def line(self, word, name, why=""):
        print("%-7s %s%s" % (word, name, ": " + why if why else ""), flush=True)

    def run(self, name, test):
        try:
            test()
        except Skip as why:
            self.skipped.append("%s (%s)" % (name, why))
            self.line("skipped", name, str(why))
        except Failure as why:
            self.failed += 1
            self.line("FAILED", name, str(why))
        except OSError as error:  # of the test itself, which then proved nothing
            self.failed += 1
            self.line("FAILED", name, "the test itself: %r" % error)
        else:
            self.passed += 1
            self.line("ok", name)

    def end(self):
        for reason in self.skipped:
            print("skipped: %s" % reason)
        print("%d passed, %d failed, %d skipped" % (self.passed, self.failed, len(self.skipped)))
        sys.exit(1 if self.failed or not self.passed else 0)


class Skip(Exception):
    pass


class Failure(Exception):
    pass


def check(holds, sentence):
    if not holds:
        raise Failure(sentence)


def check_equal(got, wanted, what):
    if got != wanted:
        raise Failure("%s: wanted %r, got %r" % (what, wanted, got))


def prefix_of(argv):
    if len(argv) < 2 or not os.access(os.path.join(argv[1], "sbin/mailfix"), os.X_OK):
        print("usage: %s PREFIX [NAME...]   (a prefix that mailfix is installed in)" % argv[0], file=sys.stderr)
        sys.exit(2)
    if os.geteuid() != 0:
        print("%s: needs root" % argv[0], file=sys.stderr)
        sys.exit(2)
    return os.path.abspath(argv[1])
