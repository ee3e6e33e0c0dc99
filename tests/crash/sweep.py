#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""sweep.py MAILFIX_PREFIX [--quick]: kill mailfix, and let its system calls fail, at every point that matters.

A point is one run of mailfix in a tree of its own, in which strace kills the process at the K-th call of some name (the
call is not executed) or lets that call fail. Then the next `mailfix recover` must leave both files old or both new,
nothing beside them, and a record that says the same; a second recover must find nothing to do and change nothing; and
`rollback -y` must lead to the tree from before. A run that was not killed must have said the truth by its exit code and
by its last line on standard error.

  kill NAME       killed at every call on a file or a descriptor, of apply and of rollback of a kept transaction
  kill recover    killed at every changing call of recover, from each different state in which the kills above left the disk
  fault NAME      one changing call fails, once or from then on, with ENOSPC and with EIO
  fault+kill      one changing call of apply fails with EIO, and the putting back is killed at every changing call

Variants: "exchange" is the kernel as it is; "links" has no RENAME_EXCHANGE (renameat2 gives ENOSYS); "exdev" has the
records on another file system (renameat gives EXDEV from the first move into the record on). Until the first call that
they change they are the same as "exchange", so their points begin there.

--quick: "kill apply" in all variants only.

Limits. What a power cut can lose is not seen here: a killed process loses no write. Nobody edits the files in the
meantime, so a missing comparison of what a swap displaced is not seen either. Services are not touched under
--root, so undo is tested as to files only. In "links" a kill at renameat2 itself is left out (the call does nothing
there; the next point is the same state), and so is, in "fault+kill", a kill at a call of the name that failed: strace
takes one injection a name. Needs root, strace >= 5, and a TMPDIR whose file system keeps extended attributes.
"""
import hashlib
import multiprocessing
import os
import re
import shutil
import signal
import stat
import struct
import subprocess
import sys
import tempfile
import time
from collections import Counter, namedtuple

HERE = os.path.dirname(os.path.abspath(__file__))
FIX = "two-files"
STORE = "var/lib/mailfix"
ETC = "etc/postfix"
TARGETS = (ETC + "/main.cf", ETC + "/master.cf")
SHOWN = 12  # failures of a sweep that are printed
HANG = 30   # seconds after which a run counts as hanging

MAIN_CF = b"""# main.cf of a test; \xe4 is no UTF-8
myhostname = mx.example.org
smtpd_tls_session_cache_database = sdbm:${data_directory}/smtpd_scache
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
FACTS = "postfix.version = 3.7.11\npostfix.table-types = btree cdb hash lmdb pcre\ninit = systemd\n"

# Calls that leave the disk as it is. Any other name counts as changing, so a call that is new to mailfix is not missed.
READING = set("""access close dup dup2 dup3 faccessat faccessat2 fadvise64 fcntl fgetxattr flistxattr fstat fstatfs getcwd
    getdents64 ioctl lseek lstat newfstatat open openat pread64 read readlink readlinkat stat statfs statx umask""".split())
# Not calls on files: they map memory, or begin the process.
NOT_FILES = {"execve", "mmap"}
# The message of a run that cannot finish, for exit code 4.
NEEDS_YOU = ("This needs you", "The rollback is not finished")
NOTHING = "Nothing was changed."
PUT_BACK = "Everything was put back."

Variant = namedtuple("Variant", "name inject first")
VARIANTS = {
    "exchange": Variant("exchange", (), None),
    "links": Variant("links", ("--inject=renameat2:error=ENOSYS",), ("renameat2", 1)),
    "exdev": Variant("exdev", ("--inject=renameat:error=EXDEV:when=2+",), ("renameat", 2)),
}
Call = namedtuple("Call", "name nth line")  # the nth of its name, as strace printed it
Run = namedtuple("Run", "code out err")
# One point: start is the tree it begins with, what the words after mailfix's options, inject strace's, killed whether the
# run must die, mute whether it can be standard error that fails.
Point = namedtuple("Point", "label start what inject killed mute")
Result = namedtuple("Result", "label problems halfway state")

setup = {}  # mailfix, facts, work, original, kept, changed: set before the workers are forked


class Problem(Exception):
    """kind is a column of the summary."""

    def __init__(self, kind, text):
        super().__init__(text)
        self.kind = kind


# ---- trees ----

def put(path, data, mode, uid, gid, attributes=()):
    with open(path, "wb") as file:
        file.write(data)
    os.chown(path, uid, gid)
    os.chmod(path, mode)
    for name, value in attributes:
        os.setxattr(path, name, value)
    os.utime(path, (1500000000, 1500000000))


def acl(entries):
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)


def build(top):
    """The tree before everything: modes, owners and attributes that no default would give."""
    nobody = 0xffffffff
    os.makedirs(os.path.join(top, ETC))
    os.makedirs(os.path.join(top, "var/lib"))
    # u::rw u:1234:r g::- m::r o::-
    rights = acl([(1, 6, nobody), (2, 4, 1234), (4, 0, nobody), (16, 4, nobody), (32, 0, nobody)])
    put(os.path.join(top, TARGETS[0]), MAIN_CF, 0o640, 1234, 4321,
        [("user.note", b"main\0\xff"), ("trusted.mark", b"1"), ("system.posix_acl_access", rights)])
    put(os.path.join(top, TARGETS[1]), MASTER_CF, 0o2604, 0, 4321, [("user.note", b"master"), ("user.empty", b"")])
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
        info = os.lstat(path)
        regular = stat.S_ISREG(info.st_mode)
        data = b""
        if regular:
            with open(path, "rb") as file:
                data = file.read()
        attributes = tuple((name, os.getxattr(path, name)) for name in sorted(os.listxattr(path)))
        seen[os.path.relpath(path, top)] = (info.st_mode, info.st_uid, info.st_gid, attributes, data,
                                            info.st_mtime_ns if regular else 0)
    return seen


def outside(seen):
    return {path: what for path, what in seen.items() if path != STORE and not path.startswith(STORE + "/")}


def fingerprint(seen):
    """Of all that decides what recover does: not times, nor the record's text, which differs by the time in it."""
    digest = hashlib.sha256()
    for path, what in sorted(seen.items()):
        data = len(what[4]) if path.endswith("/plan.json") else what[4]
        digest.update(repr((path, what[:4], data)).encode())
    return digest.hexdigest()


def states(seen):
    return [what[4].decode("latin-1").strip() or "(empty)"
            for path, what in sorted(seen.items()) if path.startswith(STORE + "/txn/") and path.endswith("/state")]


def judge(seen, litter=False):
    """'old' or 'new', or a Problem: something lies beside the files (unless litter), is mixed or otherwise wrong."""
    tree = outside(seen)
    missing = sorted(set(setup["original"]) - set(tree))
    if missing:
        raise Problem("mixed", "gone: " + ", ".join(missing))
    extra = sorted(set(tree) - set(setup["original"]))
    beside = "left over: " + ", ".join(extra)
    for path in extra:
        del tree[path]
    side = None
    if tree == setup["original"]:
        side = "old"
    # The new files are dated by the time of the run; everything else about them is known.
    elif all(tree[path][:5] == setup["changed"][path][:5] for path in TARGETS) and \
            all(tree[path] == setup["original"][path] for path in tree if path not in TARGETS):
        side = "new"
    if side is not None and extra and not litter:
        raise Problem("leftovers", "the files are %s; %s" % (side, beside))
    if side is not None:
        return side
    which = [beside] if extra else []
    for path in TARGETS:
        name = os.path.basename(path)
        if tree[path] == setup["original"][path]:
            which.append(name + " is old")
        elif tree[path][:5] == setup["changed"][path][:5]:
            which.append(name + " is new")
        elif tree[path][:5] == setup["original"][path][:5]:
            which.append(name + " is old but for its time")
        else:
            which.append(name + " is neither old nor new")
    raise Problem("mixed", "; ".join(which))


# ---- running ----

def run(command):
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"}, start_new_session=True)
    try:
        out, err = process.communicate(timeout=HANG)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise Problem("other", "hangs: " + " ".join(command[-3:]))
    return Run(process.returncode, out.decode("latin-1"), err.decode("latin-1"))


def mailfix(tree, *words):
    return [setup["mailfix"], "--root", tree, "--facts", setup["facts"], *words]


def injected_name(word):
    return word.split("=")[1].split(":")[0]


def injected(tree, what, inject):
    """Without -f: mailfix starts no child under --root. Without --seccomp-bpf: it loses the signal (strace 6.1)."""
    names = ",".join(sorted({injected_name(word) for word in inject}))
    return run(["strace", "-qq", "-o", "/dev/null", "-e", "trace=" + names, *inject, *mailfix(tree, *what)])


def census(start, what, inject=()):
    """All calls on files and descriptors of one whole run from that state."""
    directory = tempfile.mkdtemp(dir=setup["work"])
    tree, log = os.path.join(directory, "t"), os.path.join(directory, "log")
    try:
        copy_tree(start, tree)
        run(["strace", "-o", log, "-s", "80", "-e", "trace=%file,%desc", *inject, *mailfix(tree, *what)])
        calls, count = [], Counter()
        with open(log, encoding="latin-1") as file:
            for line in file:
                match = re.match(r"(\w+)\(", line)
                if match:
                    count[match[1]] += 1
                    calls.append(Call(match[1], count[match[1]], line.strip()))
        return [call for call in calls if call.name not in NOT_FILES]
    finally:
        shutil.rmtree(directory)


def changes(call):
    if call.name in ("open", "openat"):
        return re.search(r"O_CREAT|O_WRONLY|O_RDWR|O_TRUNC", call.line) is not None
    return call.name not in READING


def to_terminal(call):
    return re.match(r"write\([12],", call.line) is not None


def after_first(calls, first):
    if first is None:
        return calls
    return calls[next((i for i, call in enumerate(calls) if (call.name, call.nth) == first), len(calls)):]


# ---- one point ----

def last_line(run):
    lines = run.err.strip().splitlines()
    return lines[-1] if lines else ""


def check_settled(tree, seen):
    """After recover: whole, nothing beside it, the record says the same, and a second recover has nothing to do."""
    side = judge(seen)
    kept = states(seen).count("kept")
    if kept != (1 if side == "new" else 0) or {"applying", "undoing", "(empty)"} & set(states(seen)):
        raise Problem("mixed", "the files are %s, the records say: %s" % (side, ", ".join(states(seen)) or "nothing"))
    half = sorted(path for path in seen if path.startswith(STORE + "/txn/.new-"))
    if half:
        raise Problem("leftovers", "left over: " + ", ".join(half))
    again = run(mailfix(tree, "recover"))
    if again.code != 0 or not again.out.startswith("Nothing to recover"):
        raise Problem("other", "the second recover: exit %d, %s" % (again.code, last_line(again)))
    if look(tree) != seen:
        raise Problem("other", "the second recover changed something")
    return side


def check_way_back(tree, side):
    """rollback leads to the tree from before; when that is there already, it says so and changes nothing."""
    before = look(tree)
    back = run(mailfix(tree, "rollback", "-y"))
    after = look(tree)
    if back.code != 0 or outside(after) != setup["original"]:
        raise Problem("other", "rollback afterwards: exit %d, %s, the tree is %s" %
                      (back.code, last_line(back), "back" if outside(after) == setup["original"] else "not back"))
    if side == "old" and (after != before or not back.out.startswith("Nothing to do")):
        raise Problem("other", "rollback afterwards found something to do in the old tree")


def check_forth(tree):
    """A crash does not stand in the way of the next run."""
    forth = run(mailfix(tree, "apply", FIX, "-y"))
    if forth.code != 0 or judge(look(tree)) != "new":
        raise Problem("other", "apply afterwards: exit %d, %s" % (forth.code, last_line(forth)))
    check_way_back(tree, "new")


def check_truth(point, begun, got, seen):
    """The exit code and the last line against the disk, before anybody repairs anything."""
    verb, line, code = point.what[0], last_line(got), got.code
    goal = {"apply": "new", "rollback": "old"}.get(verb)
    if code == 4:
        if not point.mute and not line.startswith(NEEDS_YOU):
            raise Problem("wrong exit", "exit 4, but the last line is: " + line)
        return
    # Who cannot unlink cannot tidy up either; recover must, later.
    side = judge(seen, litter=any(word.startswith("--inject=unlinkat:error") for word in point.inject))
    allowed = {0: goal, 1: begun, 2: begun, 3: "old" if verb == "apply" else None, 75: begun}
    if code not in allowed:
        raise Problem("wrong exit", "exit %d: %s" % (code, line))
    if verb != "recover" and side != allowed[code]:
        raise Problem("wrong exit", "exit %d, but the files are %s: %s" % (code, side, line))
    expected = {1: (NOTHING,), 2: (NOTHING,), 75: (NOTHING,), 3: (PUT_BACK,),
                0: {"apply": ("Changed and recorded",), "rollback": ("Transaction ",),
                    "recover": (NOTHING, PUT_BACK)}[verb]}[code]
    if not point.mute and not line.startswith(expected):
        raise Problem("wrong exit", "exit %d, but the last line is: %s" % (code, line))


def remember(tree, seen, sweep):
    """Keeps one copy of each different state, for the sweep of recover."""
    name = fingerprint(seen)
    kept = os.path.join(setup["work"], "states", sweep, name)
    if not os.path.exists(kept):
        temporary = tempfile.mkdtemp(dir=setup["work"])
        copy_tree(tree, os.path.join(temporary, "t"))
        try:
            os.rename(os.path.join(temporary, "t"), kept)
        except OSError:
            pass  # the other worker was faster
        shutil.rmtree(temporary)
    return kept


def try_point(point, tree, sweep):
    copy_tree(point.start, tree)
    begun = {"apply": "old", "rollback": "new", "recover": None}[point.what[0]]
    got = injected(tree, point.what, point.inject)
    seen = look(tree)
    if point.killed and got.code != -signal.SIGKILL:
        raise Problem("other", "was not killed: exit %d" % got.code)
    if not point.killed and got.code < 0:
        raise Problem("other", "died of signal %d" % -got.code)
    state = remember(tree, seen, sweep) if point.killed and sweep is not None else None
    problems = []
    if not point.killed:
        try:
            check_truth(point, begun, got, seen)
        except Problem as problem:
            problems.append((problem.kind, str(problem)))
    # From here on as the next person would do it.
    recover = run(mailfix(tree, "recover"))
    idle = recover.out.startswith("Nothing to recover")
    try:
        if recover.code != 0:
            raise Problem("other", "recover: exit %d: %s" % (recover.code, recover.err.strip().replace("\n", " / ")))
        after = look(tree)
        if not point.killed and got.code != 4 and point.what[0] != "recover" and \
                any(after.get(path) != seen.get(path) for path in setup["original"]):
            raise Problem("wrong exit", "exit %d, but recover had files to repair" % got.code)
        side = check_settled(tree, after)
        check_way_back(tree, side)
        if not idle and (sweep is not None or not point.killed):
            check_forth(tree)
    except Problem as problem:
        problems.append((problem.kind, str(problem)))
    return problems, not idle, state


def work(task):
    sweep, point = task
    directory = tempfile.mkdtemp(dir=setup["work"])
    try:
        problems, halfway, state = try_point(point, os.path.join(directory, "t"), sweep)
    except Problem as problem:
        problems, halfway, state = [(problem.kind, str(problem))], False, None
    finally:
        shutil.rmtree(directory)
    return Result(point.label, problems, halfway, state)


# ---- sweeps ----

class Sweeps:
    def __init__(self, pool):
        self.pool = pool
        self.began = time.monotonic()
        self.rows = []
        self.passed = self.failed = 0

    def elapsed(self):
        return time.monotonic() - self.began

    def go(self, name, points, sweep=None):
        """Runs the points; the states that were half-way are returned when sweep names where to keep them."""
        if sweep is not None:
            os.makedirs(os.path.join(setup["work"], "states", sweep))
        count, halfway, failures, at = Counter(), {}, [], time.monotonic()
        shown = at
        for done, result in enumerate(self.pool.imap(work, [(sweep, point) for point in points], chunksize=4), 1):
            count["half-way"] += result.halfway
            for kind in {kind for kind, _ in result.problems}:
                count[kind] += 1
            if result.halfway and result.state is not None:
                halfway[result.state] = result.label
            if result.problems:
                failures.append("  %s: %s" % (result.label, "; ".join(text for _, text in result.problems)))
            if time.monotonic() - shown > 5:
                shown = time.monotonic()
                print("%s: %d / %d, %.0f s" % (name, done, len(points), self.elapsed()), flush=True)
        self.passed += len(points) - len(failures)
        self.failed += len(failures)
        self.rows.append((name, len(points), count["half-way"], count["mixed"], count["leftovers"], count["wrong exit"],
                          count["other"], "%.1f s" % (time.monotonic() - at)))
        print("%s: %d / %d, %.0f s: %s" % (name, len(points), len(points), self.elapsed(),
                                         "%d failed" % len(failures) if failures else "ok"), flush=True)
        print("".join(line + "\n" for line in failures[:SHOWN]), end="")
        if len(failures) > SHOWN:
            print("  ... and %d more" % (len(failures) - SHOWN))
        return halfway

    def table(self):
        head = ("sweep", "points", "half-way", "mixed", "leftovers", "wrong exit", "other", "time")
        rows = [head] + [tuple(str(cell) for cell in row) for row in self.rows]
        widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
        print()
        for row in rows:
            print("  ".join([row[0].ljust(widths[0])] + [cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]))


def describe(call):
    return "%s #%d %s" % (call.name, call.nth, call.line if len(call.line) < 90 else call.line[:87] + "...")


def kill_points(start, what, variant, calls, label=""):
    taken = {injected_name(word) for word in variant.inject}
    return [Point("%skilled at %s" % (label, describe(call)), start, what,
                  variant.inject + ("--inject=%s:signal=KILL:when=%d" % (call.name, call.nth),), True, False)
            for call in calls if call.name not in taken]


def fault_points(start, what, variant, calls):
    taken = {injected_name(word) for word in variant.inject}
    return [Point("%s%s at %s" % (error, lasting and " from there on", describe(call)), start, what,
                  variant.inject + ("--inject=%s:error=%s:when=%d%s" % (call.name, error, call.nth, lasting),), False,
                  call.name == "write" and (lasting == "+" or call.line.startswith("write(2,")))
            for call in calls if changes(call) and call.name not in taken
            for error in ("ENOSPC", "EIO") for lasting in ("", "+")]


def kill_sweep(sweeps, start, what, variant):
    calls = after_first(census(start, what, variant.inject), variant.first)
    name = "%s %s" % (what[0], variant.name)
    return sweeps.go("kill " + name, kill_points(start, what, variant, calls), sweep=name.replace(" ", "-"))


def census_of_state(task):
    state, label, variant = task
    calls = [call for call in census(state, ("recover",), variant.inject) if changes(call) and not to_terminal(call)]
    return kill_points(state, ("recover",), variant, calls, label + ", recover ")


def recover_sweep(sweeps, halfway, variant):
    tasks = [(state, label, variant) for state, label in sorted(halfway.items(), key=lambda item: item[1])]
    points = [point for points in sweeps.pool.imap(census_of_state, tasks) for point in points]
    sweeps.go("kill recover %s (%d states)" % (variant.name, len(tasks)), points)


def fault_sweep(sweeps, start, what, variant):
    calls = after_first(census(start, what, variant.inject), variant.first)
    sweeps.go("fault %s %s" % (what[0], variant.name), fault_points(start, what, variant, calls))


def fault_kill_of_call(task):
    start, what, variant, call = task
    inject = variant.inject + ("--inject=%s:error=EIO:when=%d" % (call.name, call.nth),)
    after = after_first(census(start, what, inject), (call.name, call.nth))[1:]
    faulty = Variant(variant.name, inject, None)
    return kill_points(start, what, faulty, [later for later in after if changes(later) and not to_terminal(later)],
                       "EIO at %s, " % describe(call))


def fault_kill_sweep(sweeps, start, what, variant):
    """What a fault leads to is another path through the program than a whole run."""
    calls = [call for call in after_first(census(start, what, variant.inject), variant.first)
             if changes(call) and not to_terminal(call) and call.name != "flock"
             and call.name not in {injected_name(word) for word in variant.inject}]
    tasks = [(start, what, variant, call) for call in calls]
    points = [point for points in sweeps.pool.imap(fault_kill_of_call, tasks) for point in points]
    sweeps.go("fault+kill %s %s" % (what[0], variant.name), points)


def all_sweeps(sweeps, original, kept, quick):
    apply, rollback = ("apply", FIX, "-y"), ("rollback", "-y")
    exchange, links, exdev = (VARIANTS[name] for name in ("exchange", "links", "exdev"))
    from_apply = {variant: kill_sweep(sweeps, original, apply, variant) for variant in (exchange, links, exdev)}
    if quick:
        return
    from_rollback = {variant: kill_sweep(sweeps, kept, rollback, variant) for variant in (exchange, links)}
    for variant in (exchange, links):
        recover_sweep(sweeps, {**from_apply[variant], **from_rollback[variant]}, variant)
        for start, what in ((original, apply), (kept, rollback)):
            fault_sweep(sweeps, start, what, variant)
            fault_kill_sweep(sweeps, start, what, variant)
    fault_sweep(sweeps, original, apply, exdev)


def prepare(prefix, top):
    """The tree from before, the one after apply, and what each file must be in them."""
    original, kept = os.path.join(top, "original"), os.path.join(top, "kept")
    setup.update(mailfix=os.path.join(prefix, "sbin/mailfix"), facts=os.path.join(top, "facts"), work=top)
    with open(setup["facts"], "w") as file:
        file.write(FACTS)
    build(original)
    setup["original"] = outside(look(original))
    copy_tree(original, kept)
    done = run(mailfix(kept, "apply", FIX, "-y"))
    setup["changed"] = outside(look(kept))
    if done.code != 0:
        sys.exit("sweep.py: apply without any fault: exit %d\n%s" % (done.code, done.err))
    for path in TARGETS:
        if setup["changed"][path][4] == setup["original"][path][4]:
            sys.exit("sweep.py: apply without any fault left %s as it was" % path)
        if setup["changed"][path][:4] != setup["original"][path][:4]:
            sys.exit("sweep.py: apply without any fault changed mode, owner or attributes of %s" % path)
    try:
        check_settled(kept, look(kept))
    except Problem as problem:
        sys.exit("sweep.py: apply without any fault: %s" % problem)
    return original, kept


def place():
    """Where the trees are made: TMPDIR if it is set, else memory if it keeps attributes, as no kill loses a write."""
    for directory in (os.environ.get("TMPDIR"), "/dev/shm"):
        if directory is None:
            continue
        try:
            with tempfile.NamedTemporaryFile(dir=directory) as file:
                os.setxattr(file.name, "user.note", b"1")
            return directory
        except OSError:
            continue
    return None


def main():
    words = [word for word in sys.argv[1:] if word != "--quick"]
    if len(words) != 1:
        sys.exit("usage: sweep.py MAILFIX_PREFIX [--quick]")
    if os.geteuid() != 0 or shutil.which("strace") is None:
        sys.exit("sweep.py: needs root and strace")
    prefix = os.path.abspath(words[0])
    installed = os.path.join(prefix, "share/mailfix/fixes", FIX + ".fix")
    os.umask(0o022)
    shutil.copyfile(os.path.join(HERE, FIX + ".fix"), installed)
    try:
        with tempfile.TemporaryDirectory(prefix="mailfix-crash-", dir=place()) as top:
            original, kept = prepare(prefix, top)
            with multiprocessing.get_context("fork").Pool(os.cpu_count()) as pool:
                sweeps = Sweeps(pool)
                all_sweeps(sweeps, original, kept, "--quick" in sys.argv[1:])
    finally:
        os.unlink(installed)
    sweeps.table()
    print("\n%d passed, %d failed" % (sweeps.passed, sweeps.failed))
    return 1 if sweeps.failed else 0


if __name__ == "__main__":
    sys.exit(main())
