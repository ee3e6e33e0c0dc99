#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""sweep.py MAILFIX_PREFIX [--quick] [--faults [--once]] [--stop] [CASE...]: kill mailfix, and let its system calls fail, wherever it matters.

cases.py has the cases; without names all of them run. A point (points.py says what is asked of it) is one run of a case in
a tree of its own, in which strace kills the process at the K-th call of some name (the call is not executed) or lets that
call fail.

  kill CASE         killed at every call on a file or a descriptor; next, recover
  again CASE        killed at every changing call; next, the same words again
  recover CASE      recover is killed at every changing call, from each different state in which the kills left the disk
  fault+kill CASE   one changing call fails with EIO, and what follows is killed at every changing call

With --faults nothing is killed, but to get at half-way states:

  fault CASE           one call fails, once or from then on: a changing one with ENOSPC, EIO, EDQUOT, EROFS and EINTR, a reading
                       one with EIO, and with EINTR once (a changing one from then on: ten times)
  short CASE           a write puts half of its bytes on the disk and says so (faulty.so), once or from then on
  fault recover CASE   both of recover, from states in which kills left the disk

Variants: "exchange" is the kernel as it is; "links" has no RENAME_EXCHANGE (renameat2 gives ENOSYS); "exdev" has the
records on another file system (renameat between them and other directories gives EXDEV). Until the first call that fails
so they are the same as "exchange", and their points begin there; without such a call, or when the change fails over it,
they would show nothing, and that is an error.

--quick: calls that change nothing are left out of "kill", because the disk that a kill leaves there is that of the next
changing call; of two neighbours one is followed by recover, the other by the same words; a quarter of the points of live
cases, and of recover a sixth (live: a twelfth) of the points of every third state, but for "links"; with
--faults a sample of the first two cases, evenly spread. --once: no call fails from then on.
--stop: ends at the first point that failed.

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
from points import (Point, command_of, faulty_environment, injected, injected_names, main, read_seen, run,  # noqa: E402
                    setup)
from trees import copy_tree  # noqa: E402

# Calls that leave the disk as it is. Any other name counts as changing, so a call that is new to mailfix is not missed.
READING = set("""access close dup dup2 dup3 faccessat faccessat2 fadvise64 fcntl fgetxattr flistxattr fstat fstatfs getcwd
    getdents64 ioctl lseek lstat newfstatat open openat pipe2 poll pread64 read readlink readlinkat stat statfs statx
    umask""".split())
# Not calls on files: they map memory, or begin the process.
NOT_FILES = {"execve", "mmap"}

CHANGING_ERRORS = ("ENOSPC", "EIO", "EDQUOT", "EROFS", "EINTR")
READING_ERRORS = ("EIO", "EINTR")
LASTING = ("",) if "--once" in sys.argv else ("", "+")

Variant = namedtuple("Variant", "name inject error")  # options of strace, and what the calls that they change fail with
EXCHANGE = Variant("exchange", (), None)
LINKS = Variant("links", ("--inject=renameat2:error=ENOSYS",), "ENOSYS")
Call = namedtuple("Call", "name nth line")  # the nth of its name, as strace printed it


def exdev():
    return Variant("exdev", ("-E", "LD_PRELOAD=" + setup["faulty"], "-E", "FAULTY_APART=/var/lib/mailfix"), "EXDEV")


# ---- which calls there are ----

def census(case, start, what, inject=(), loaded=False):
    """All calls on files and descriptors of one whole run from that state; loaded: from the begin of main on, which calls
    umask first, because what the loader does is not mailfix's."""
    directory = tempfile.mkdtemp(dir=setup["work"])
    tree, log = os.path.join(directory, "t"), os.path.join(directory, "log")
    try:
        copy_tree(start, tree)
        run(["strace", "-o", log, "-s", "80", "-e", "trace=%file,%desc,umask", *inject, *command_of(case, tree, what)])
        calls, count = [], Counter()
        with open(log, encoding="latin-1") as file:
            for line in file:
                if ".gcda" in line:
                    break  # what tests/coverage writes at the end is not mailfix's
                match = re.match(r"(\w+)\(", line)
                if match:
                    count[match[1]] += 1
                    calls.append(Call(match[1], count[match[1]], line.strip()))
        last = max(i for i, call in enumerate(calls) if call.name == "execve")
        if loaded:
            last = next(i for i, call in enumerate(calls) if i > last and call.name == "umask")
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


def calls_of(case, variant, loaded=False):
    """Of a whole run that ends well, from the first call on that the variant lets fail."""
    calls = census(case, case.start, case.what, variant.inject, loaded)
    if variant.error is None:
        return calls
    first = next((i for i, call in enumerate(calls) if variant.error in call.line), None)
    if first is None or not whole_under(case, variant):
        sys.exit("%s %s: no call fails with %s, or the change does not come to its end" % (case.name, variant.name, variant.error))
    return calls[first:]


def whole_under(case, variant):
    with tempfile.TemporaryDirectory(dir=setup["work"]) as directory:
        tree = os.path.join(directory, "t")
        copy_tree(case.start, tree)
        return injected(case, tree, case.what, variant.inject).code == 0


# ---- sweeps ----

def describe(call):
    return "%s #%d %s" % (call.name, call.nth, call.line if len(call.line) < 90 else call.line[:87] + "...")


def kill_points(case, start, what, variant, calls, label="", again=()):
    """again: which of the calls are followed by the same words instead of recover."""
    taken = injected_names(variant.inject)
    return [Point("%skilled at %s" % (label, describe(call)), case.name, start, what,
                  variant.inject + ("--inject=%s:signal=KILL:when=%d" % (call.name, call.nth),), True, False,
                  "again" if call in again else "recover")
            for call in calls if call.name not in taken]


def fault_points(case, start, what, variant, calls, label=""):
    """Whoever is interrupted for ever waits for ever, and rightly."""
    taken = injected_names(variant.inject)
    errors = CHANGING_ERRORS if variant == EXCHANGE else ("ENOSPC", "EIO")
    return [Point("%s%s%s at %s" % (label, error, lasting and " from there on", describe(call)), case.name, start, what,
                  variant.inject + ("--inject=%s:error=%s:when=%d%s" % (
                      call.name, error, call.nth, "..%d" % (call.nth + 9) if lasting and error == "EINTR" else lasting),),
                  False, call.name == "write" and (lasting == "+" or call.line.startswith("write(2,")), "recover")
            for call in calls if call.name not in taken and (changes(call) or variant == EXCHANGE)
            for error in (errors if changes(call) else READING_ERRORS) for lasting in LASTING
            if changes(call) or not (lasting and error == "EINTR")]


def short_points(case, start, what, label=""):
    """The writes to the terminal among them."""
    with tempfile.TemporaryDirectory(dir=setup["work"]) as directory:
        copy_tree(start, os.path.join(directory, "t"))
        counters = os.path.join(directory, "seen")
        run(command_of(case, os.path.join(directory, "t"), what), faulty_environment(counters))
        writes = read_seen(counters).writes
    return [Point("%swrite %d%s is short" % (label, number, on and " and all after it"), case.name, start, what, (), False,
                  False, "recover", (("FAULTY_SHORT", "%d%s" % (number, on)),))
            for number in range(1, writes + 1) for on in ("", "+")]


def kill_sweep(sweeps, case, variant):
    calls = calls_of(case, variant)
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


def sample(points, wanted):
    """All of them, or with --quick about as many as wanted, each kind of error in its turn."""
    step = len(points) // wanted
    return points[::step | 1] if setup["quick"] and step > 1 else points


def fault_sweep(sweeps, case, variant):
    calls = calls_of(case, variant, loaded=True)
    sweeps.go("fault %s %s" % (case.name, variant.name),
              sample(fault_points(case, case.start, case.what, variant, calls), 24))


def fault_recover_sweep(sweeps, case):
    """Of the half-way states one in four."""
    calls = changing(census(case, case.start, case.what))
    halfway = sweeps.go("kill " + case.name, kill_points(case, case.start, case.what, EXCHANGE, sample(calls, 6)),
                        case.name + "-faults")
    points = []
    for state, label in sorted(halfway.items(), key=lambda item: item[1])[::4]:
        where = label + ", recover "
        points += fault_points(case, state, ("recover",), EXCHANGE, census(case, state, ("recover",), loaded=True), where)
        points += short_points(case, state, ("recover",), where)
    sweeps.go("fault recover %s (%d states)" % (case.name, (len(halfway) + 3) // 4), sample(points, 24))


def all_faults(sweeps):
    for case in list(setup["case"].values())[:2 if setup["quick"] else None]:
        variants = [EXCHANGE] if setup["quick"] else [EXCHANGE, LINKS]
        for variant in variants + [exdev()] if case.name == "apply" and not setup["quick"] else variants:
            fault_sweep(sweeps, case, variant)
        sweeps.go("short " + case.name, sample(short_points(case, case.start, case.what), 8))
        fault_recover_sweep(sweeps, case)


def fault_kill_of_call(task):
    name, variant, call = task
    case = setup["case"][name]
    inject = variant.inject + ("--inject=%s:error=EIO:when=%d" % (call.name, call.nth),)
    calls = census(case, case.start, case.what, inject)
    failed = next((i for i, one in enumerate(calls) if (one.name, one.nth) == (call.name, call.nth)), len(calls))
    return kill_points(case, case.start, case.what, Variant(variant.name, inject, None), changing(calls[failed + 1:]),
                       "EIO at %s, " % describe(call))


def fault_kill_sweep(sweeps, case, variant):
    """What a fault leads to is another path through the program than a whole run."""
    calls = [call for call in changing(calls_of(case, variant))
             if call.name != "flock" and call.name not in injected_names(variant.inject)]
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
            variants.append(exdev())
        for variant in variants:
            halfway = kill_sweep(sweeps, case, variant)
            if variant != LINKS or not quick:
                recover_sweep(sweeps, case, halfway, variant)
            if not quick and not case.live and variant.name != "exdev":
                fault_kill_sweep(sweeps, case, variant)


if __name__ == "__main__":
    faults = "--faults" in sys.argv
    sys.exit(main(all_faults if faults else all_sweeps, live=not faults, more=("--faults", "--once", "--stop")))
