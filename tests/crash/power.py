#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""power.py MAILFIX_PREFIX [--quick] [--stop] [--links | --exdev] [CASE...]: every disk that a power cut can leave, by the model of disk.py.

cases.py has the cases; without names all of them run. A whole run is traced, and for each moment of it every disk that a
cut can leave then is made, as a tree. There mailfix has its next turn, recover: the tree must be as before the run or as
after it, with nothing beside the files and a record that says the same, and a second recover must find nothing to do.
Once the run had said that it was done, the tree must be as after it. A record that is half-way has its mark for boot.

  cut CASE           a cut while the case runs
  kill+cut CASE      killed at any moment; then a cut while recover runs, which finds on the running system what the
                     killed run did, durable or not. What recover said must be so after the cut
  busy+cut CASE      apply finds the lock of main.cf taken when the record is on disk already, and takes that back
  cut+cut CASE       a cut; then, from the disks that were half-way, another while recover runs

Variants are those of sweep.py: "exchange", "links" (no RENAME_EXCHANGE), "exdev" (the records on another file system).
Names come to the disk in any order in "cut" of apply, rollback and create with "exchange", and within each directory in
the order in which they were made in all else.

--quick: the cases apply and rollback, in order, without "cut+cut", and of "kill+cut" every fourth moment (of "exdev" all). --stop: ends at
the first disk that is bad, and with --links or --exdev --quick takes that variant (for bite.py). Without --quick, from one disk in
twenty, what was not done is done and what was done is taken back.

Limits. Those of disk.py. A disk is looked at once, however many moments lead to it: those that differ only in the time
of the run count as one. Of "cut+cut" a recover is traced from 40 disks of a case, spread over it. Live cases (with the
host tree of tests/hosts only) have "cut" alone. Needs what points.py needs.
"""
import os
import re
import shutil
import sys
import tempfile
import time
from collections import Counter, namedtuple

sys.dont_write_bytecode = True
from cases import Problem  # noqa: E402
from disk import Disk, Names, Process, Unknown, fingerprint, ignored_attribute, materialise  # noqa: E402
from points import (NOTHING, PUT_BACK, SHOWN, Stopped, check_settled, check_way_on, command_of, last_line, main, run,  # noqa: E402
                    setup, turn)
from sweep import EXCHANGE, LINKS, exdev  # noqa: E402
from trees import NOT_OURS, RECENT, copy_tree, look, states, unmarked  # noqa: E402

QUICK = ("apply", "rollback")
ANY_ORDER = ("apply", "rollback", "create")
SPREAD = 40

# A disk to look at: where it comes from, the side that it must be on (None: either), whether to try the way on.
Task = namedtuple("Task", "case label state wanted way_on")
Result = namedtuple("Result", "problem halfway")


# ---- tracing ----

def trace(disk, case, tree, words, inject, closing):
    """Adds a run on that tree to what happened on the disk; what the run said."""
    handle, log = tempfile.mkstemp(dir=setup["work"])
    os.close(handle)
    try:
        done = run(["strace", "-qq", "-o", log, "-xx", "-s", "16000000", "-e", "trace=%file,%desc", *inject,
                    *command_of(case, tree, words)])
        disk.reported = None
        Process(disk, case.live, closing).follow(log)
    finally:
        os.unlink(log)
    must_understand(disk, tree)
    return done


def must_understand(disk, tree):
    """The model holds what the tree holds, and nothing else."""
    seen = {path: what[1:5] for path, what in look(tree).items() if path != "."}
    held = {}
    for path, file in disk.now().items():
        if path in seen:
            disk.learn(file.link, seen[path][3])
    for path, file in disk.now().items():
        meta = dict(file.meta)
        attributes = tuple(sorted((key[0], value) for key, value in meta.items()
                                  if isinstance(key, tuple) and not ignored_attribute(key[0])))
        if not path.startswith(NOT_OURS):
            held[path] = meta["owner"] + (attributes, file.data if file.kind == "file" else b"")
    for path in sorted(set(seen) | set(held)):
        if seen.get(path) != held.get(path):
            raise Unknown("%s is %r, and in the model %r" % (path, seen.get(path), held.get(path)))


def trace_case(case, variant):
    tree = os.path.join(tempfile.mkdtemp(dir=setup["work"]), "t")
    copy_tree(case.start, tree)
    disk = Disk(tree)
    done = trace(disk, case, tree, case.what, variant.inject, (case.closing,))
    if done.code != 0 or disk.reported is None:
        raise Problem("other", "%s without a cut: exit %d\n%s" % (case.name, done.code, done.err))
    return disk


def trace_busy(case):
    """The second lock is that of a file."""
    tree = os.path.join(tempfile.mkdtemp(dir=setup["work"]), "t")
    copy_tree(case.start, tree)
    disk = Disk(tree)
    done = trace(disk, case, tree, case.what, ("--inject=flock:error=EAGAIN:when=2",), (NOTHING,))
    if done.code != 75 or disk.reported is None:
        raise Problem("wrong exit", "with a lock that is taken: exit %d\n%s" % (done.code, done.err))
    return disk


def trace_recover(task):
    """recover, on the disk as the running system sees it; the side that it ended on is for good once it had said so."""
    name, disk, label, variant = task
    case = setup["case"][name]
    directory = tempfile.mkdtemp(dir=setup["work"])
    try:
        tree = os.path.join(directory, "t")
        materialise(disk.now(), tree)
        disk.top = os.path.realpath(tree)
        begin = len(disk.ops)
        done = trace(disk, case, tree, ("recover",), variant.inject, (NOTHING, PUT_BACK))
        side = check_settled(case, tree, look(tree)) if done.code == 0 else None
        return disk, begin, side, label
    except Problem as problem:
        return None, 0, None, "%s: %s" % (label, problem)
    finally:
        shutil.rmtree(directory)


# ---- one disk ----

def judge_disk(task, tree):
    case = setup["case"][task.case]
    materialise(task.state, tree)
    seen = look(tree)
    if unmarked(seen):
        raise Problem("other", "something is left, and boot would not know: " + ", ".join(unmarked(seen)))
    recover = turn(case, tree, ("recover",))
    idle = recover.out.startswith("Nothing to recover")
    if recover.code != 0:
        raise Problem("other", "recover: exit %d: %s" % (recover.code, recover.err.strip().replace("\n", " / ")))
    if last_line(recover) != (NOTHING if idle else PUT_BACK):
        raise Problem("wrong exit", "recover says: %s%s" % (recover.out, recover.err))
    side = check_settled(case, tree, look(tree))
    if task.wanted is not None and side != task.wanted:
        raise Problem("mixed", "it was said to be as %s, and is as %s" % (task.wanted, side))
    half = {"applying", "undoing"} & set(states(seen))  # of one that is finished, the run that was cut off had said all
    case.check(tree, side, recover.out + recover.err if half else None)
    if task.way_on and not idle and not case.live:
        check_way_on(case, tree, side)
    return not idle


def work(task):
    directory = tempfile.mkdtemp(dir=setup["work"])
    try:
        return Result(None, judge_disk(task, os.path.join(directory, "t")))
    except Problem as problem:
        return Result((problem.kind, str(problem)), True)
    finally:
        shutil.rmtree(directory)


# ---- the disks ----

def normal_file(path, file):
    """But for times: of the run, and in a record."""
    data = file.data
    if path.endswith(".json"):
        data = re.sub(rb'"(time|sum)": ("?)[0-9a-f]+', rb'"\1": \2', data)
    meta = tuple((key, "a run" if key == "time" and value > RECENT * 10**9 else value) for key, value in file.meta)
    return file._replace(meta=meta, data=data)


def name_of(state):
    return fingerprint({path: normal_file(path, file) for path, file in state.items()})


def describe(disk, cut):
    if cut == len(disk.ops):
        return "cut at the end"
    op, paths = disk.ops[cut], {file.link: path for path, file in disk.now().items()}
    if isinstance(op, Names):
        return "cut before a change of " + " and ".join("%s/%s" % (paths.get(change[0], ""), change[1]) for change in op.changes)
    return "cut before the %s of %s" % (type(op).__name__.lower(), paths.get(op.inode, "a file that is gone by the end"))


def disks_of(case, disk, begin, side, label, known, any_order=False):
    """Tasks for all disks that are not known yet; side: what was said to be for good at the end."""
    for cut in disk.cuts(begin):
        wanted = side if disk.reported is not None and cut >= disk.reported else None
        for state in disk.states(cut, not any_order):
            key = name_of(state)
            if (key, wanted) not in known:
                known.update({(key, wanted), (key, None)})
                yield Task(case.name, label + describe(disk, cut), state, wanted, not setup["quick"] and len(known) % 20 == 0)


def go(sweeps, name, tasks):
    """Judges the disks; those that were half-way."""
    at = shown = time.monotonic()
    count, failures, halfway, done = Counter(), [], [], 0
    tasks = list(tasks)
    for task, result in zip(tasks, sweeps.pool.imap(work, tasks, chunksize=4)):
        done += 1
        if result.problem is not None:
            count[result.problem[0]] += 1
            failures.append("  %s: %s" % (task.label, result.problem[1]))
        elif result.halfway:
            count["half-way"] += 1
            halfway.append(task)
        if time.monotonic() - shown > 15:
            shown = time.monotonic()
            print("%s: %d / %d, %.0f s" % (name, done, len(tasks), sweeps.elapsed()), flush=True)
        if failures and "--stop" in setup["options"]:
            break
    sweeps.passed += done - len(failures)
    sweeps.failed += len(failures)
    sweeps.rows.append((name, done, count["half-way"], count["mixed"], count["leftovers"], count["wrong exit"], count["other"],
                        "%.1f s" % (time.monotonic() - at)))
    print("%s: %d disks, %.0f s: %s" % (name, done, sweeps.elapsed(), "%d bad" % len(failures) if failures else "ok"), flush=True)
    same = Counter(failures)
    for text, times in same.most_common(SHOWN):
        print(text + (" (%d times)" % times if times > 1 else ""))
    if len(same) > SHOWN:
        print("  ... and %d more" % (len(same) - SHOWN))
    if failures and "--stop" in setup["options"]:
        raise Stopped
    return halfway


def disks_of_recover(sweeps, case, tasks, known):
    for disk, begin, side, label in sweeps.pool.imap(trace_recover, tasks):
        if disk is None:
            raise Problem("other", label)
        yield from disks_of(case, disk, begin, side, label + ", recover: ", known)


def killed_disks(case, disk, variant):
    """What the kill leaves, once each: where two moments look the same, the first, of which the least is durable."""
    seen = set()
    for moment in range(len(disk.ops) + 1):
        killed = disk.begin_of(moment)
        key = name_of(killed.now())
        if key not in seen:
            seen.add(key)
            yield case.name, killed, "killed, " + describe(disk, moment), variant


def spread_disks(case, halfway, variant):
    for task in halfway[::max(1, len(halfway) // SPREAD)]:
        tree = os.path.join(tempfile.mkdtemp(dir=setup["work"]), "t")
        materialise(task.state, tree)
        yield case.name, Disk(tree), task.label, variant
        shutil.rmtree(os.path.dirname(tree))


def cut_case(sweeps, case, variant):
    name = "%s %s" % (case.name, variant.name)
    quick, known = setup["quick"], set()
    disk = trace_case(case, variant)
    any_order = variant == EXCHANGE and case.name in ANY_ORDER and not quick
    halfway = go(sweeps, "cut " + name, disks_of(case, disk, 0, "after", "", known, any_order))
    if case.live:
        return
    if case.name == "apply" and variant == EXCHANGE:
        go(sweeps, "busy+cut " + name, disks_of(case, trace_busy(case), 0, "before", "", known))
    killed = list(killed_disks(case, disk, variant))
    # Where the state is written and not synced is where recover must not believe what it reads.
    if quick and variant.name != "exdev":
        killed = [one for i, one in enumerate(killed) if i % 4 == 0 or one[2].endswith("/state")]
    go(sweeps, "kill+cut " + name, disks_of_recover(sweeps, case, killed, known))
    if not quick:
        go(sweeps, "cut+cut " + name, disks_of_recover(sweeps, case, spread_disks(case, halfway, variant), known))


def cut_all(sweeps):
    try:
        for case in setup["case"].values():
            if setup["quick"] and not setup["named"] and case.name not in QUICK:
                continue
            cut_case(sweeps, case, next((one for one in (LINKS, exdev()) if "--" + one.name in setup["options"]), EXCHANGE))
            if not setup["quick"] and not case.live and case.undo:
                cut_case(sweeps, case, LINKS)
            if not setup["quick"] and case.name == "apply":
                cut_case(sweeps, case, exdev())
    except (Problem, Unknown) as problem:
        print("%s: %s" % (type(problem).__name__, problem))
        sweeps.failed += 1


if __name__ == "__main__":
    setup["named"] = len([word for word in sys.argv[1:] if not word.startswith("--")]) > 1
    sys.exit(main(cut_all, live="--quick" not in sys.argv, more=("--stop", "--links", "--exdev")))
