#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""memory.py MAILFIX_PREFIX [--quick] [--once] [CASE...]: no memory, at every allocation.

The cases are those of cases.py that are not live; faulty.so (faulty.c) is preloaded, so the allocations of the libraries
are meant, too. points.py says what is asked of each point: a true exit code and last line, no signal, the tree as before
or as after, and recover brings it to rest.

  each CASE       allocations fail in forked children of one run, once and from there on, until the disk would be written to:
                  exit 1, "Nothing was changed." This is where the lenses are read, half a million allocations.
  fails CASE      those whose failure a run survives that far, and all that come after, each in a run of its own
  recover CASE    the same for recover, from a state in which a kill left the disk
  none CASE       no allocation at all from the first exchange of files to the last state that is written, and all fail from
                  that exchange on: the run ends as it would have. In a whole run; in one in which a changing call after
                  the exchange fails (EIO), so that everything is put back; and in recover from every half-way state.

--quick: apply and rollback, a sample of each. --once: none fails from then on.

Limits. Of what the lenses allocate every STEPth is tried; that memory_must (memory.c) is on there makes them one. What the
kernel refuses otherwise (a mapping, a page) is not seen here. A fork in the middle of the C library's own locks hangs, so
the first EARLY allocations have runs of their own.
"""
import os
import shutil
import sys
import tempfile
import time

sys.dont_write_bytecode = True
from points import (Point, Problem, Result, command_of, faulty_environment, main, read_seen, run, setup,  # noqa: E402
                    try_point)
from sweep import EXCHANGE, LASTING, LINKS, calls_of, census, changing, kill_points  # noqa: E402
from trees import copy_tree, look, outside  # noqa: E402

EARLY = 150      # allocations before any fork
STEP = 20        # of those behind
RANGE = 20000    # allocations whose turn comes in one run
QUICK_STEP = 4001


# ---- what a run needs ----

def counted(case, start, what, **steering):
    directory = tempfile.mkdtemp(dir=setup["work"])
    try:
        tree, counters = os.path.join(directory, "t"), os.path.join(directory, "seen")
        copy_tree(start, tree)
        done = run(command_of(case, tree, what), faulty_environment(counters, **steering))
        return done, read_seen(counters), outside(look(tree)) == outside(look(start))
    finally:
        shutil.rmtree(directory)


def each_task(task):
    name, what, words = task
    case = setup["case"][name]
    problems, seen = [], None
    try:
        done, seen, same = counted(case, case.start, what, FAULTY_EACH=words)
        if done.code != 0 or not same:
            problems.append(("other", "the run itself: exit %d, %s" % (done.code, done.err)))
    except Problem as problem:
        problems.append((problem.kind, str(problem)))
    return words, seen, problems


def numbers_of(task):
    """The numbers in a range that need a run of their own, and how many told the truth."""
    words, seen, problems = each_task(task)
    again = [] if seen is None else sorted(seen.would_write) + [number for number, _, _ in seen.wrong]
    if seen is not None and len(again) != seen.n_would_write + seen.n_wrong:
        problems.append(("other", "%d of the children would write, %d were wrong" % (seen.n_would_write, seen.n_wrong)))
    return words, again, seen.told if seen else 0, problems


# ---- the sweeps ----

def spread(numbers, wanted):
    """About as many of them, evenly, the first and the last ones with them."""
    step = max(1, len(numbers) // wanted)
    return numbers if not setup["quick"] else sorted(set(numbers[::step] + numbers[:2] + numbers[-6:]))


def fail_points(case, start, what, numbers, label=""):
    return [Point("%sallocation %d%s fails" % (label, number, " and all after it" if on else ""), case.name, start, what, (),
                  False, False, "recover", (("FAULTY_MALLOC", "%d%s" % (number, on)),))
            for number, on in numbers]


def each_sweep(sweeps, case, needed):
    """Returns (number, "+" or "") of what needs a run of its own."""
    step = QUICK_STEP if setup["quick"] else STEP
    ranges = [(first, min(first + RANGE, needed)) for first in range(EARLY, needed, RANGE)]
    if setup["quick"]:
        ranges = [(EARLY, needed)]
    tasks = [(case.name, case.what, "%d %d %d %s" % (first, last, step, on)) for on in LASTING for first, last in ranges]
    again, count, results, at = [], 0, [], time.monotonic()
    for words, numbers, told, problems in sweeps.pool.imap(numbers_of, tasks):
        again += [(number, "+" if "+" in words else "") for number in numbers]
        count += told + len(numbers)
        results.append(Result("range " + words, problems, False, None))
    sweeps.record("each %s" % case.name, results, count, at)
    return again


def fails_sweep(sweeps, case):
    _, seen, _ = counted(case, case.start, case.what)
    early = list(range(1, min(EARLY, seen.allocations + 1)))
    if seen.allocations > 4 * EARLY:
        tail = list(range(max(EARLY, seen.allocations - EARLY), seen.allocations + 2))
        again = each_sweep(sweeps, case, seen.allocations)
    else:
        tail, again = list(range(EARLY, seen.allocations + 2)), []
    numbers = [(number, on) for number in spread(early + tail, 16) for on in LASTING]
    numbers += [one for one in again if one not in numbers]
    sweeps.go("fails %s (%d allocations)" % (case.name, seen.allocations),
              fail_points(case, case.start, case.what, sorted(numbers)))


def recover_numbers(task):
    name, state = task
    case = setup["case"][name]
    _, seen, _ = counted(case, state, ("recover",))
    return seen.allocations


def none_points(case, start, what, label, inject=()):
    return [Point("%s%s" % (label, text), case.name, start, what, inject, False, False, "recover", faulty, True)
            for text, faulty in (("", ()), (", all fail from the exchange on", (("FAULTY_MALLOC", "swap+"),)))[:len(LASTING)]]


def halfway_states(sweeps, case, variant):
    """What the kills leave, by the call at which they came; looked at and kept by sweeps.go."""
    calls = changing(calls_of(case, variant))
    return sweeps.go("kill %s %s" % (case.name, variant.name),
                     kill_points(case, case.start, case.what, variant, calls[::3] if setup["quick"] else calls),
                     "memory-%s-%s" % (case.name, variant.name))


def none_sweep(sweeps, case, variant, halfway):
    points = none_points(case, case.start, case.what, "whole run", variant.inject)
    calls = census(case, case.start, case.what, variant.inject)
    behind = changing(calls[next(i for i, call in enumerate(calls) if call.name == "renameat2"):])
    for call in behind[::3] if setup["quick"] else behind:
        if not (variant.inject and call.name == "renameat2"):
            points += none_points(case, case.start, case.what, "EIO at %s #%d" % (call.name, call.nth),
                                  variant.inject + ("--inject=%s:error=EIO:when=%d" % (call.name, call.nth),))
    for state, label in sorted(halfway.items(), key=lambda item: item[1]):
        points += none_points(case, state, ("recover",), label + ", recover", variant.inject)
    sweeps.go("none %s %s" % (case.name, variant.name), points)


def recover_sweep(sweeps, case, halfway):
    chosen = sorted(halfway.items(), key=lambda item: item[1])
    chosen = chosen[len(chosen) // 2:][:1] if setup["quick"] else chosen[::3]
    points = []
    for (state, label), needed in zip(chosen, sweeps.pool.imap(recover_numbers, [(case.name, s) for s, _ in chosen])):
        numbers = [(number, on) for number in spread(list(range(1, needed + 2)), 12) for on in LASTING]
        points += fail_points(case, state, ("recover",), numbers, label + ", recover ")
    sweeps.go("recover %s (%d states)" % (case.name, len(chosen)), points)


def bites(case):
    """An allocation that faulty.so makes itself right after the exchange must be noticed."""
    with tempfile.TemporaryDirectory(dir=setup["work"]) as directory:
        point = none_points(case, case.start, case.what, "planted")[0]._replace(case=case, faulty=(("FAULTY_PLANT", "1"),))
        try:
            try_point(point, os.path.join(directory, "t"), None)
        except Problem as problem:
            if "allocations while" in str(problem):
                return
    sys.exit("memory.py: an allocation while files are exchanged is not noticed")


def all_sweeps(sweeps):
    quick = setup["quick"]
    for case in setup["case"].values():
        if quick and case.name not in ("apply", "rollback"):
            continue
        bites(case)
        fails_sweep(sweeps, case)
        for variant in (EXCHANGE,) if quick else (EXCHANGE, LINKS):
            halfway = halfway_states(sweeps, case, variant)
            none_sweep(sweeps, case, variant, halfway)
            if variant == EXCHANGE:
                recover_sweep(sweeps, case, halfway)


if __name__ == "__main__":
    sys.exit(main(all_sweeps, live=False, more=("--once",)))
