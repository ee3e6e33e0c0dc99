#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""every_fix.py MAILFIX_PREFIX [--quick] [kill|signal]... [FIX]...: what sweep.py does to its own fixes, for every shipped one.

Of each fix in fixes/ that changes files, the first case of tests/fixes in which it does, applied and then rolled back. Parts:

  kill     apply and rollback are killed at every changing call, each followed by recover or, by turns, by the same words again; then
           recover itself is killed at every third changing call, from the first, the middle and the last of the different states
           in which the kills left the disk. What must hold is what sweep.py says, which kills its own two-file fix everywhere.
  signal   INT, TERM, HUP and PIPE arrive at every changing call of apply, rollback and recover, by turns; of sweep.py's own two-file
           case each of the four at each changing call, and one of them at each other call on a file or a descriptor. Whoever was
           not yet at the change dies of it, with nothing done; else apply puts everything back (3) or has done it all (0), and a way back is not cut short (0). Never 4, and
           afterwards there is nothing to recover.

--quick: kill takes one fix, signal sweep.py's two-file case, each call one signal; both a part of the calls. The fix is chosen by
MAILFIX_TEST_SEED, which is printed.

Limits: as sweep.py's, whose machinery this is; no live cases (the services of a host are not there)."""
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.append(os.path.join(HERE, "../fixes"))
import points  # noqa: E402
import sweep  # noqa: E402
from cases import CHANGED, TAKEN, Case, Problem  # noqa: E402
from points import NOTHING, PUT_BACK, Point, Result, last_line, setup  # noqa: E402
from sweep import EXCHANGE, census, changing, describe  # noqa: E402
from trees import LONG_AGO, MARK, copy_tree, look, states, walk  # noqa: E402
import case as fixes  # noqa: E402

SIGNALS = ("INT", "TERM", "HUP", "PIPE")
TWO_FILES = ("apply", "rollback")


# ---- a fix's case as a case of sweep.py ----

class OfFix(Case):
    """The tree of a case in tests/fixes, and what apply does to it."""

    def __init__(self, fix, name, rolled):
        host = fixes.Case(setup["prefix"], fix, name, tempfile.mkdtemp(dir=setup["work"]))
        label = "%s/%s" % (fix, name)
        apply, rollback = ("apply", fix, *host.args, "-y"), ("rollback", "-y")
        record = "0001-" + fix
        if rolled:
            super().__init__(label.replace("/", ".") + ".back", rollback, TAKEN % record, steps=(apply,))
        else:
            super().__init__(label.replace("/", "."), apply, CHANGED % record, steps=(), undo=rollback)
        self.tree, self.facts = host.tree, host.facts

    def build(self, top, run):
        copy_tree(self.tree, top)
        for path in walk(top):
            if os.path.isfile(path):
                os.utime(path, (LONG_AGO, LONG_AGO), follow_symlinks=False)
        for words in self.steps:
            run(top, words)


def shipped(only):
    """FIX, CASE: the first case that changes something, of each fix that mailfix comes with."""
    there = {name[:-4] for name in os.listdir(os.path.join(HERE, "../../fixes")) if name.endswith(".fix")}
    first = {}
    for fix, name in fixes.changing_cases():
        if fix in there and (not only or fix in only):
            first.setdefault(fix, name)
    return sorted(first.items())


def add(case):
    points.whole_run(case, setup["work"])
    setup["case"][case.name] = case
    return case


# ---- kill ----

def nested(sweeps, case, halfway):
    """recover at each of its calls, from states at the beginning, the middle and the end of the change."""
    found = sorted(halfway.items(), key=lambda item: item[1])
    chosen = {found[i][0]: found[i] for i in (0, len(found) // 2, len(found) - 1)} if found else {}
    tasks = [(case.name, state, label, EXCHANGE) for state, label in chosen.values()]
    again = [point for of_state in sweeps.pool.imap(sweep.census_of_state, tasks) for point in of_state[::3]]
    sweeps.go("recover %s (%d of %d states)" % (case.name, len(tasks), len(found)), again)


def kill_fix(sweeps, case):
    calls = changing(census(case, case.start, case.what))
    if setup["quick"]:
        calls = calls[::4]
    killed = sweep.kill_points(case, case.start, case.what, EXCHANGE, calls, again=calls[1::2])
    halfway = sweeps.go("kill " + case.name, killed, case.name)
    if not setup["quick"]:
        nested(sweeps, case, halfway)


# ---- signal ----

def signal_points(case, start, what, calls, each):
    """One of the signals at a call, by turns; of what changes something each of them, when that is wanted."""
    return [Point("SIG%s at %s" % (name, describe(call)), case.name, start, what,
                  ("--inject=%s:signal=%s:when=%d" % (call.name, name, call.nth),), False, False, "recover")
            for i, call in enumerate(calls) for k, name in enumerate(SIGNALS)
            if i % len(SIGNALS) == k or each and call in changing([call])]


def check_signal(point, got, seen):
    case, name = point.case, point.label.split()[0]
    number = getattr(signal, name)
    recovers = point.what == ("recover",)
    if got.code == -number:  # the directory of the records may have been made by then
        start = look(point.start)
        if case.normal(seen) != case.normal(start) or states(seen) != states(start):
            raise Problem("mixed", "it died of the signal with something done")
        return
    side = points.judge(case, seen)
    allowed = {0: ("after", "before")} if recovers else {0: ("after",)}
    if point.what[0] == "apply":
        allowed[3] = ("before",)
    if got.code not in allowed:
        raise Problem("wrong exit", "exit %d: %s" % (got.code, last_line(got)))
    if side not in allowed[got.code]:
        raise Problem("wrong exit", "exit %d, but the files are as %s: %s" % (got.code, side, last_line(got)))
    expected = PUT_BACK if got.code == 3 else (NOTHING, PUT_BACK) if recovers else case.closing
    # What is written into a closed pipe is not read by anybody.
    if not last_line(got).startswith(expected) and "write(2" not in point.label:
        raise Problem("wrong exit", "exit %d, but the last line is: %s" % (got.code, last_line(got)))
    if MARK in seen or {"applying", "undoing"} & set(states(seen)):
        raise Problem("leftovers", "it ended half-way: %s" % ", ".join(states(seen)))


def try_signal(task):
    _, point = task
    point = point._replace(case=setup["case"][point.case])
    directory = tempfile.mkdtemp(dir=setup["work"])
    tree = os.path.join(directory, "t")
    problems, half = [], False
    try:
        copy_tree(point.start, tree)
        got = points.injected(point.case, tree, point.what, point.inject)
        check_signal(point, got, look(tree))
        half = points.recover_turn(point, tree, got, look(tree)) and point.what != ("recover",)
    except Problem as problem:
        problems.append((problem.kind, str(problem)))
    finally:
        shutil.rmtree(directory)
    return Result(point.label, problems, half, None)


def signal_case(sweeps, case):
    calls, whole = census(case, case.start, case.what), case.name in TWO_FILES and not setup["quick"]
    if not whole:
        calls = changing(calls)[::2 if setup["quick"] else 1]
    sweeps.go("signal " + case.name, signal_points(case, case.start, case.what, calls, whole), function=try_signal)


def signal_recover(sweeps, case):
    """A recover that has something to do: from where a kill in the middle of the change left the disk."""
    calls = changing(census(case, case.start, case.what))
    swaps = [call for call in calls if call.name == "renameat2"]
    tree = os.path.join(setup["work"], case.name + ".half")
    copy_tree(case.start, tree)
    points.injected(case, tree, case.what, ("--inject=renameat2:signal=KILL:when=%d" % swaps[-1].nth,))
    calls = changing(census(case, tree, ("recover",)))[::2 if setup["quick"] else 1]
    sweeps.go("signal recover %s" % case.name, signal_points(case, tree, ("recover",), calls, not setup["quick"]),
              function=try_signal)


# ---- all of it ----

def all_parts(sweeps, parts):
    for case in setup["case"].values():
        if "kill" in parts and case.name not in TWO_FILES:
            kill_fix(sweeps, case)
        if "signal" in parts and (case.name in TWO_FILES or not setup["quick"]):
            signal_case(sweeps, case)
            if case.name not in TWO_FILES or not setup["quick"] or case.name == "apply":
                signal_recover(sweeps, case)


def choose(parts, only):
    """The fixes of this run."""
    pairs = shipped(only)
    if not setup["quick"]:
        return pairs
    return [random.choice(pairs)] if "kill" in parts else []


def main():
    words = [word for word in sys.argv[2:] if word != "--quick"]
    parts = [word for word in words if word in ("kill", "signal")] or ["kill", "signal"]
    if len(sys.argv) < 2 or os.geteuid() != 0 or shutil.which("strace") is None:
        sys.exit("usage: every_fix.py MAILFIX_PREFIX [--quick] [kill|signal]... [FIX]...; needs root and strace")
    if points.INSIDE not in os.environ:
        points.go_inside(live=False)
    seed = os.environ.get("MAILFIX_TEST_SEED", str(random.randrange(10**9)))
    random.seed(seed)
    print("seed %s" % seed, flush=True)
    setup.update(prefix=os.path.abspath(sys.argv[1]), quick="--quick" in sys.argv[1:], base=None)
    signal.signal(signal.SIGTERM, lambda *ignored: sys.exit(143))  # the first process of a namespace has no default
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    own = os.path.join(setup["prefix"], "share/mailfix/fixes/two-files.fix")
    os.umask(0o022)
    shutil.copyfile(os.path.join(HERE, "two-files.fix"), own)
    try:
        with tempfile.TemporaryDirectory(prefix="mailfix-every-fix-", dir=points.place()) as top:
            points.prepare(TWO_FILES, top, live=False)
            for fix, name in choose(parts, [word for word in words if word not in ("kill", "signal")]):
                add(OfFix(fix, name, False))
                add(OfFix(fix, name, True))
            with points.workers() as pool:
                sweeps = points.Sweeps(pool)
                all_parts(sweeps, parts)
    finally:
        os.unlink(own)
    sweeps.table()
    print("\n%d passed, %d failed" % (sweeps.passed, sweeps.failed))
    return 1 if sweeps.failed or not sweeps.passed else 0


if __name__ == "__main__":
    sys.exit(main())
