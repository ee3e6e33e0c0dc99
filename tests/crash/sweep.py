#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""sweep.py MAILFIX_PREFIX [--quick] [CASE...]: kill mailfix, and let its system calls fail, wherever it matters.

cases.py has the cases; without names all of them run. A point is one run of a case in a tree of its own, in which strace
kills the process at the K-th call of some name (the call is not executed) or lets that call fail. Then mailfix has its next turn, and the tree must be as before the run or as after it, with nothing beside the files and
a record that says the same. The next turn is

  recover    and a second one must find nothing to do and change nothing;
  again      the same words again: they must end with what the first run was for, and with no more.

From there the way leads on: what was not done can be done, what was done can be taken back. A run that was not killed must
have said the truth by its exit code and by its last line on standard error.

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
runs; they need the host tree of tests/hosts, and are left out, with a word, without it. Needs root, strace >= 5, and a
TMPDIR whose file system keeps extended attributes; everything runs in a pid and a network namespace of its own.
"""
import multiprocessing
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter, namedtuple

sys.dont_write_bytecode = True
from cases import Problem, all_cases, host_tree  # noqa: E402
from trees import STORE, build, copy_tree, fingerprint, look, marks, outside, states, unmarked  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
FIXES = ("two-files", "other-place", "create", "indexes")
INSIDE = "MAILFIX_SWEEP_INSIDE"  # set when the namespaces are there
SHOWN = 12  # failures of a sweep that are printed
HANG = 60   # seconds after which a run counts as hanging

# Calls that leave the disk as it is. Any other name counts as changing, so a call that is new to mailfix is not missed.
READING = set("""access close dup dup2 dup3 faccessat faccessat2 fadvise64 fcntl fgetxattr flistxattr fstat fstatfs getcwd
    getdents64 ioctl lseek lstat newfstatat open openat pipe2 poll pread64 read readlink readlinkat stat statfs statx
    umask""".split())
# Not calls on files: they map memory, or begin the process.
NOT_FILES = {"execve", "mmap"}
# The message of a run that cannot finish, for exit code 4.
NEEDS_YOU = ("This needs you", "The rollback is not finished")
NOTHING = "Nothing was changed."
PUT_BACK = "Everything was put back."

Variant = namedtuple("Variant", "name inject first")
EXCHANGE = Variant("exchange", (), None)
LINKS = Variant("links", ("--inject=renameat2:error=ENOSYS",), ("renameat2", 1))
EXDEV = Variant("exdev", ("--inject=renameat:error=EXDEV:when=2+",), ("renameat", 2))
Call = namedtuple("Call", "name nth line")  # the nth of its name, as strace printed it
Run = namedtuple("Run", "code out err")
# One point: start is the tree it begins with, what the words after mailfix's options, inject strace's, killed whether the
# run must die, mute whether it can be standard error that fails, turn what comes next.
Point = namedtuple("Point", "label case start what inject killed mute turn")
Result = namedtuple("Result", "label problems halfway state")

setup = {}  # prefix, facts, work, quick, base, case: set before the workers are forked


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


def command_of(case, tree, words, program="mailfix"):
    """Each becomes the program itself by exec, so strace follows it without -f."""
    mailfix = os.path.join(setup["prefix"], "sbin/mailfix")
    if case.live:
        return ["unshare", "--mount", "--propagation", "private", os.path.join(HERE, "live"), tree, setup["base"],
                setup["prefix"], mailfix if program == "mailfix" else program, *words]
    return [mailfix, "--root", tree, "--facts", setup["facts"], *words]


def turn(case, tree, words, program="mailfix"):
    return run(command_of(case, tree, words, program))


def must(case):
    def run_it(tree, words, program="mailfix"):
        done = turn(case, tree, words, program)
        if done.code != 0:
            sys.exit("sweep.py: %s: %s %s: exit %d\n%s%s" % (case.name, program, " ".join(words), done.code, done.out,
                                                            done.err))
    return run_it


def injected_name(word):
    return word.split("=")[1].split(":")[0]


def injected(case, tree, what, inject):
    """Without -f: mailfix's children are its own business. Without --seccomp-bpf: it loses the signal (strace 6.1)."""
    names = ",".join(sorted({injected_name(word) for word in inject}))
    return run(["strace", "-qq", "-o", "/dev/null", "-e", "trace=" + names, *inject, *command_of(case, tree, what)])


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


# ---- one point ----

def last_line(run):
    lines = run.err.strip().splitlines()
    return lines[-1] if lines else ""


def judge(case, seen, litter=False):
    """'before' or 'after', or a Problem: something lies beside the files (unless litter), is mixed or otherwise wrong."""
    tree = case.normal(seen)
    known = set(case.before) | set(case.after)
    extra = sorted(set(tree) - known)
    beside = "left over: " + ", ".join(extra)
    for path in extra:
        del tree[path]
    for side, wanted in (("before", case.before), ("after", case.after)):
        if tree == wanted:
            if extra and not litter:
                raise Problem("leftovers", "the files are as %s; %s" % (side, beside))
            return side
    which = [beside] if extra else []
    for path in sorted(known):
        now, before, after = tree.get(path), case.before.get(path), case.after.get(path)
        if before == after and now == before:
            continue
        name = os.path.basename(path)
        if now in (before, after):
            which.append("%s is as %s" % (name, "before" if now == before else "after"))
        elif now is None:
            which.append("%s is gone" % name)
        else:
            near = [side for side, what in (("before", before), ("after", after)) if what and now[:5] == what[:5]]
            which.append("%s is %s" % (name, "as %s but for its time" % near[0] if near else "as neither"))
    raise Problem("mixed", "; ".join(which))


def check_settled(case, tree, seen):
    """After the next turn: whole, nothing beside it, the record says the same, and recover has nothing to do."""
    side = judge(case, seen)
    said = states(seen)
    if not (said == case.states[side] or
            side == "before" and case.undo and said == case.states[side] + ["undone"] or
            side == "after" and case.undo and said == case.states["before"] + ["undone", "kept"]):
        raise Problem("mixed", "the files are as %s, the records say: %s" % (side, ", ".join(said) or "nothing"))
    if marks(seen):
        raise Problem("leftovers", "boot would find %s, and nothing to do" % ", ".join(marks(seen)))
    half = sorted(path for path in seen if path.startswith(STORE + "/txn/.new-"))
    if half:
        raise Problem("leftovers", "left over: " + ", ".join(half))
    again = turn(case, tree, ("recover",))
    if again.code != 0 or not again.out.startswith("Nothing to recover"):
        raise Problem("other", "the second recover: exit %d, %s" % (again.code, last_line(again)))
    if look(tree) != seen:
        raise Problem("other", "the second recover changed something")
    return side


def check_idle(case, tree, words):
    """Words that have nothing to do say so and change nothing."""
    seen = look(tree)
    idle = turn(case, tree, words)
    if idle.code != 0 or not idle.out.startswith("Nothing to do") or last_line(idle) != NOTHING or look(tree) != seen:
        raise Problem("other", "%s afterwards: exit %d, %s%s" % (" ".join(words), idle.code, idle.out, idle.err))


def check_goes(case, tree, words, wanted, timed=True):
    done = turn(case, tree, words)
    now = case.normal(look(tree))
    strip = (lambda tree: tree) if timed else (lambda tree: {path: what[:5] for path, what in tree.items()})
    if done.code != 0 or strip(now) != strip(wanted):
        raise Problem("other", "%s afterwards: exit %d, %s, the tree is %s" % (
            " ".join(words), done.code, last_line(done), "right" if strip(now) == strip(wanted) else "not as it should be"))


def check_way_on(case, tree, side):
    """What was not done can be done, what was done can be taken back, and nothing is done twice."""
    if side == "before":
        if case.undo:
            check_idle(case, tree, case.undo)
        check_goes(case, tree, case.what, case.after)
    if case.undo:
        check_goes(case, tree, case.undo, case.before)
    else:
        if case.named:
            check_idle(case, tree, case.what)
        if case.more:
            check_goes(case, tree, case.more, setup["original"], timed=False)


def check_truth(point, got, seen):
    """The exit code and the last line against the disk, before anybody repairs anything."""
    case, line, code = point.case, last_line(got), got.code
    recovers = point.what[:1] == ("recover",)
    if code == 4:
        if not point.mute and not line.startswith(NEEDS_YOU):
            raise Problem("wrong exit", "exit 4, but the last line is: " + line)
        return
    # Who cannot unlink cannot tidy up either; recover must, later.
    side = judge(case, seen, litter=any(word.startswith("--inject=unlinkat:error") for word in point.inject))
    allowed = {0: "after", 1: "before", 2: "before", 3: "before" if case.undo else None, 75: "before"}
    if code not in allowed:
        raise Problem("wrong exit", "exit %d: %s" % (code, line))
    if not recovers and side != allowed[code]:
        raise Problem("wrong exit", "exit %d, but the files are as %s: %s" % (code, side, line))
    expected = {1: (NOTHING,), 2: (NOTHING,), 75: (NOTHING,), 3: (PUT_BACK,),
                0: (NOTHING, PUT_BACK) if recovers else (case.closing,)}[code]
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


def recover_turn(point, tree, got, seen):
    """recover, as the next person would run it; whether there was something to do for it."""
    case = point.case
    recover = turn(case, tree, ("recover",))
    idle = recover.out.startswith("Nothing to recover")
    if recover.code != 0:
        raise Problem("other", "recover: exit %d: %s" % (recover.code, recover.err.strip().replace("\n", " / ")))
    if last_line(recover) != (NOTHING if idle else PUT_BACK):
        raise Problem("wrong exit", "recover says: %s%s" % (recover.out, recover.err))
    after = look(tree)
    if not point.killed and got.code != 4 and point.what == case.what and \
            any(after.get(path) != seen.get(path) for path in case.before):
        raise Problem("wrong exit", "exit %d, but recover had files to repair" % got.code)
    side = check_settled(case, tree, after)
    case.check(tree, side, None if idle else got.out + recover.out + recover.err)
    if not idle or not setup["quick"]:
        check_way_on(case, tree, side)
    return not idle


def again_turn(point, tree, got, seen):
    """The same words again: they end with what they were for, and say what they did."""
    case = point.case
    if not case.named and states(seen) == case.states["after"]:
        return False  # all was done, so the same words mean the next transaction
    again = turn(case, tree, case.what)
    after = look(tree)
    line = last_line(again)
    # What the first run began may have a number already.
    if again.code != 0 or not line.startswith((case.closing, case.closing.replace("0001", "0002"), NOTHING, PUT_BACK)):
        raise Problem("wrong exit", "the same again: exit %d: %s" % (again.code, line))
    if line == NOTHING and case.normal(seen) != case.normal(after):
        raise Problem("wrong exit", "the same again changed the files, and says: " + line)
    side = check_settled(case, tree, after)
    if side != "after":
        raise Problem("mixed", "the same again: exit 0, but the files are as " + side)
    case.check(tree, side, None if line == NOTHING else got.out + again.out + again.err)
    return bool({"applying", "undoing", "(empty)"} & set(states(seen)))


def try_point(point, tree, sweep):
    case = point.case
    copy_tree(point.start, tree)
    got = injected(case, tree, point.what, point.inject)
    seen = look(tree)
    if point.killed and got.code != -signal.SIGKILL:
        if "poll" in point.label:
            return [], False, None  # there was less to wait for than in the census
        raise Problem("other", "was not killed: exit %d" % got.code)
    if not point.killed and got.code < 0:
        raise Problem("other", "died of signal %d" % -got.code)
    state = remember(tree, seen, sweep) if point.killed and sweep is not None else None
    if unmarked(seen):
        return [("other", "half-way, and boot would not know: " + ", ".join(unmarked(seen)))], True, state
    problems, halfway = [], False
    try:
        if not point.killed:
            check_truth(point, got, seen)
    except Problem as problem:
        problems.append((problem.kind, str(problem)))
    try:
        halfway = (again_turn if point.turn == "again" else recover_turn)(point, tree, got, seen)
    except Problem as problem:
        halfway = True
        problems.append((problem.kind, str(problem)))
    return problems, halfway, state


def work(task):
    sweep, point = task
    point = point._replace(case=setup["case"][point.case])
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
        for done, result in enumerate(self.pool.imap(work, [(sweep, point) for point in points], chunksize=2), 1):
            count["half-way"] += result.halfway
            for kind in {kind for kind, _ in result.problems}:
                count[kind] += 1
            if result.halfway and result.state is not None:
                halfway[result.state] = result.label
            if result.problems:
                failures.append("  %s: %s" % (result.label, "; ".join(text for _, text in result.problems)))
            if time.monotonic() - shown > 15:
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


# ---- what is known before ----

def whole_run(case, top):
    """The tree the case starts from, the one that it leads to, and that a run without a fault is right."""
    case.run = lambda tree, words: turn(case, tree, words)
    case.base = setup["base"]
    case.start, after = os.path.join(top, case.name + ".before"), os.path.join(top, case.name + ".after")
    case.build(case.start, must(case))
    seen = look(case.start)
    case.before = case.normal(seen)
    if hasattr(case, "learn"):
        case.learn(case.start)
    copy_tree(case.start, after)
    done = turn(case, after, case.what)
    made = look(after)
    case.after = case.normal(made)
    case.states = {"before": states(seen), "after": states(made)}
    if done.code != 0 or not last_line(done).startswith(case.closing):
        sys.exit("sweep.py: %s without any fault: exit %d\n%s%s" % (case.name, done.code, done.out, done.err))
    if case.after == case.before:
        sys.exit("sweep.py: %s without any fault changed nothing" % case.name)
    for path in set(case.before) & set(case.after):
        if case.after[path][:4] != case.before[path][:4] and not path.endswith(".db"):
            sys.exit("sweep.py: %s without any fault changed mode, owner or attributes of %s" % (case.name, path))
    try:
        side = check_settled(case, after, made)
        case.check(after, side, done.out + done.err)
        check_way_on(case, after, side)
    except Problem as problem:
        sys.exit("sweep.py: %s without any fault: %s" % (case.name, problem))


def prepare(names, top):
    with open(os.path.join(top, "facts"), "w") as file:
        file.write("postfix.version = 3.7.11\npostfix.table-types = btree cdb hash lmdb pcre\ninit = systemd\n")
    build(os.path.join(top, "original"))
    setup.update(work=top, facts=os.path.join(top, "facts"), original=outside(look(os.path.join(top, "original"))), case={})
    for case in all_cases():
        if names and case.name not in names:
            continue
        if case.live and setup["base"] is None:
            print("%s: left out, there is no host tree (tests/hosts/tree)" % case.name)
            continue
        whole_run(case, top)
        setup["case"][case.name] = case


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


def go_inside():
    """Once more in namespaces: live cases must not see this machine's processes, nor its network."""
    os.environ[INSIDE] = host_tree() or "none"
    os.execvp("unshare", ["unshare", "--mount", "--pid", "--net", "--fork", "--kill-child", "--mount-proc", "--propagation",
                          "private", sys.executable, *sys.argv])


def main():
    words = [word for word in sys.argv[1:] if word != "--quick"]
    if not words:
        sys.exit("usage: sweep.py MAILFIX_PREFIX [--quick] [CASE...]")
    if os.geteuid() != 0 or shutil.which("strace") is None:
        sys.exit("sweep.py: needs root and strace")
    if INSIDE not in os.environ:
        go_inside()
    base = os.environ[INSIDE]
    setup.update(prefix=os.path.abspath(words[0]), quick="--quick" in sys.argv[1:],
                 base=None if base == "none" else base)
    signal.signal(signal.SIGTERM, lambda *ignored: sys.exit(143))  # the first process of a namespace has no default
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    installed = [os.path.join(setup["prefix"], "share/mailfix/fixes", fix + ".fix") for fix in FIXES]
    os.umask(0o022)
    for path in installed:
        shutil.copyfile(os.path.join(HERE, os.path.basename(path)), path)
    try:
        with tempfile.TemporaryDirectory(prefix="mailfix-crash-", dir=place()) as top:
            prepare(words[1:], top)
            with multiprocessing.get_context("fork").Pool(os.cpu_count()) as pool:
                sweeps = Sweeps(pool)
                all_sweeps(sweeps)
    finally:
        for path in installed:
            os.unlink(path)
    sweeps.table()
    print("\n%d passed, %d failed" % (sweeps.passed, sweeps.failed))
    return 1 if sweeps.failed else 0


if __name__ == "__main__":
    sys.exit(main())
