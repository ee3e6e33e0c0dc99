#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""sweep.py MAILFIX_PREFIX [--quick] [CASE...]: kill mailfix, and let its system calls fail, wherever it matters.

cases.py has the cases; without names all of them run. A point (points.py says what is asked of it) is one run of a case in
a tree of its own, in which strace kills the process at the K-th call of some name (the call is not executed) or lets that
call fail.

  kill CASE         killed at every call on a file or a descriptor; next, recover
  again CASE        killed at every changing call; next, the same words again
  recover CASE      recover is killed at every changing call, from each different state in which the kills left the disk
  fault CASE        one changing call fails, once or from then on, with ENOSPC and with EIO
  fault+kill CASE   one changing call fails with EIO, and what follows is killed at every changing call

Variants: "exchange" is the kernel as it is; "links" has no RENAME_EXCHANGE (renameat2 gives ENOSYS); "exdev" has the
records on another file system (renameat gives EXDEV from the first move into the record on). Until the first call that
they change they are the same as "exchange", so their points begin there.

--quick: calls that change nothing are left out of "kill", because the disk that a kill leaves there is that of the next
changing call; of two neighbours one is followed by recover, the other by the same words; a quarter of the points of live
cases, and of recover a sixth (live: a twelfth) of the points of every third state; no faults.

Limits. What a power cut can lose is not seen here: a killed process loses no write. Nobody edits the files in the
meantime, so a missing comparison of what a swap displaced is not seen either. In "links" a kill at renameat2 itself is
left out (the call does nothing there; the next point is the same state), and so is, in "fault+kill", a kill at a call of
the name that failed: strace takes one injection a name. Live cases are killed at changing calls only, and while a child
runs; they need the host tree of tests/hosts, and are left out, with a word, without it.
"""
import os
import re
import shutil
import sys
import tempfile
from collections import Counter, namedtuple

sys.dont_write_bytecode = True
from points import Point, command_of, injected_name, main, run, setup  # noqa: E402
from trees import copy_tree  # noqa: E402

# Calls that leave the disk as it is. Any other name counts as changing, so a call that is new to mailfix is not missed.
READING = set("""access close dup dup2 dup3 faccessat faccessat2 fadvise64 fcntl fgetxattr flistxattr fstat fstatfs getcwd
    getdents64 ioctl lseek lstat newfstatat open openat pipe2 poll pread64 read readlink readlinkat stat statfs statx
    umask""".split())
# Not calls on files: they map memory, or begin the process.
NOT_FILES = {"execve", "mmap"}

Variant = namedtuple("Variant", "name inject first")
EXCHANGE = Variant("exchange", (), None)
LINKS = Variant("links", ("--inject=renameat2:error=ENOSYS",), ("renameat2", 1))
EXDEV = Variant("exdev", ("--inject=renameat:error=EXDEV:when=2+",), ("renameat", 2))
Call = namedtuple("Call", "name nth line")  # the nth of its name, as strace printed it


# ---- which calls there are ----

def census(case, start, what, inject=()):
    """All calls on files and descriptors of one whole run from that state."""
    directory = tempfile.mkdtemp(dir=setup["work"])
    tree, log = os.path.join(directory, "t"), os.path.join(directory, "log")
    try:
        copy_tree(start, tree)
        run(["strace", "-o", log, "-s", "80", "-e", "trace=%file,%desc", *inject, *command_of(case, tree, what)])
        calls, count = [], Counter()
        with open(log, encoding="latin-1") as file:
            for line in file:
                match = re.match(r"(\w+)\(", line)
                if match:
                    count[match[1]] += 1
                    calls.append(Call(match[1], count[match[1]], line.strip()))
        last = max(i for i, call in enumerate(calls) if call.name == "execve")
        return [call for call in calls[last:] if call.name not in NOT_FILES]
    finally:
        shutil.rmtree(directory)


def changes(call):
    if call.name in ("open", "openat"):
        return re.search(r"O_CREAT|O_WRONLY|O_RDWR|O_TRUNC", call.line) is not None
    return call.name not in READING


def to_terminal(call):
    return re.match(r"write\([12],", call.line) is not None


def changing(calls):
    return [call for call in calls if changes(call) and not to_terminal(call)]


def while_a_child_runs(calls):
    """The first wait for each child: at later ones it may have ended."""
    return [call for before, call in zip(calls, calls[1:])
            if call.name == "poll" and before.name not in ("poll", "read")]


def after_first(calls, first):
    if first is None:
        return calls
    return calls[next((i for i, call in enumerate(calls) if (call.name, call.nth) == first), len(calls)):]


# ---- sweeps ----

def describe(call):
    return "%s #%d %s" % (call.name, call.nth, call.line if len(call.line) < 90 else call.line[:87] + "...")


def kill_points(case, start, what, variant, calls, label="", again=()):
    """again: which of the calls are followed by the same words instead of recover."""
    taken = {injected_name(word) for word in variant.inject}
    return [Point("%skilled at %s" % (label, describe(call)), case.name, start, what,
                  variant.inject + ("--inject=%s:signal=KILL:when=%d" % (call.name, call.nth),), True, False,
                  "again" if call in again else "recover")
            for call in calls if call.name not in taken]


def fault_points(case, variant, calls):
    taken = {injected_name(word) for word in variant.inject}
    return [Point("%s%s at %s" % (error, lasting and " from there on", describe(call)), case.name, case.start, case.what,
                  variant.inject + ("--inject=%s:error=%s:when=%d%s" % (call.name, error, call.nth, lasting),), False,
                  call.name == "write" and (lasting == "+" or call.line.startswith("write(2,")), "recover")
            for call in calls if changes(call) and call.name not in taken
            for error in ("ENOSPC", "EIO") for lasting in ("", "+")]


def kill_sweep(sweeps, case, variant):
    calls = after_first(census(case, case.start, case.what, variant.inject), variant.first)
    name = "%s %s" % (case.name, variant.name)
    where = name.replace(" ", "-")
    fewer = changing(calls)
    if case.live:
        fewer += while_a_child_runs(calls)
    if setup["quick"]:
        fewer = fewer[::4] if case.live else fewer + calls[-1:]
        return sweeps.go("kill " + name, kill_points(case, case.start, case.what, variant, fewer, again=fewer[1::2]), where)
    halfway = sweeps.go("kill " + name, kill_points(case, case.start, case.what, variant, fewer if case.live else calls),
                        where)
    sweeps.go("again " + name, kill_points(case, case.start, case.what, variant, fewer, again=fewer))
    return halfway


def census_of_state(task):
    name, state, label, variant = task
    case = setup["case"][name]
    return kill_points(case, state, ("recover",), variant,
                       changing(census(case, state, ("recover",), variant.inject)), label + ", recover ")


def recover_sweep(sweeps, case, halfway, variant):
    tasks = [(case.name, state, label, variant) for state, label in sorted(halfway.items(), key=lambda item: item[1])]
    if setup["quick"]:
        tasks = tasks[::3]
    points = [point for points in sweeps.pool.imap(census_of_state, tasks) for point in points]
    if setup["quick"]:
        points = points[::12 if case.live else 6]
    sweeps.go("recover %s %s (%d states)" % (case.name, variant.name, len(tasks)), points)


def fault_sweep(sweeps, case, variant):
    calls = after_first(census(case, case.start, case.what, variant.inject), variant.first)
    sweeps.go("fault %s %s" % (case.name, variant.name), fault_points(case, variant, calls))


def fault_kill_of_call(task):
    name, variant, call = task
    case = setup["case"][name]
    inject = variant.inject + ("--inject=%s:error=EIO:when=%d" % (call.name, call.nth),)
    after = after_first(census(case, case.start, case.what, inject), (call.name, call.nth))[1:]
    return kill_points(case, case.start, case.what, Variant(variant.name, inject, None), changing(after),
                       "EIO at %s, " % describe(call))


def fault_kill_sweep(sweeps, case, variant):
    """What a fault leads to is another path through the program than a whole run."""
    calls = [call for call in changing(after_first(census(case, case.start, case.what, variant.inject), variant.first))
             if call.name != "flock" and call.name not in {injected_name(word) for word in variant.inject}]
    tasks = [(case.name, variant, call) for call in calls]
    points = [point for points in sweeps.pool.imap(fault_kill_of_call, tasks) for point in points]
    sweeps.go("fault+kill %s %s" % (case.name, variant.name), points)


def all_sweeps(sweeps):
    quick = setup["quick"]
    for case in setup["case"].values():
        variants = [EXCHANGE]
        if not case.live and (case.undo or not quick):
            variants.append(LINKS)
        if case.name == "apply":
            variants.append(EXDEV)
        for variant in variants:
            halfway = kill_sweep(sweeps, case, variant)
            if variant == EXCHANGE or not quick:
                recover_sweep(sweeps, case, halfway, variant)
            if quick or case.live:
                continue
            fault_sweep(sweeps, case, variant)
            if variant != EXDEV:
                fault_kill_sweep(sweeps, case, variant)


if __name__ == "__main__":
    sys.exit(main(all_sweeps))
