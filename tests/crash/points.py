# SPDX-License-Identifier: GPL-3.0-or-later
"""One point of the crash tests: a run of a case (cases.py) in a tree of its own, with something done to it; mailfix's next
turn; and the judgement. sweep.py and memory.py make the points, class Sweeps runs and counts them.

The next turn is "recover", and a second one must find nothing to do and change nothing; or "again", the same words again:
they must end with what the first run was for, and with no more. The tree must be as before the run or as after it, with
nothing beside the files and a record that says the same. From there the way leads on: what was not done can be done, what
was done can be taken back. A run that was not killed must have said the truth by its exit code and by its last line on
standard error.

Needs root, strace >= 5, and a TMPDIR whose file system keeps extended attributes; everything runs in a pid and a network
namespace of its own.
"""
import multiprocessing
import os
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
from collections import Counter, namedtuple

from cases import Problem, all_cases, host_tree
from trees import STORE, build, copy_tree, fingerprint, look, lost_texts, marks, outside, states, unmarked

HERE = os.path.dirname(os.path.abspath(__file__))
FIXES = ("two-files", "other-place", "create", "indexes")
INSIDE = "MAILFIX_SWEEP_INSIDE"  # set when the namespaces are there
SHOWN = 12  # failures of a sweep that are printed
HANG = 60   # seconds after which a run counts as hanging
NOTED = 4096  # as in faulty.c, and bytes of its struct seen
FAULTY_SIZE = 11 * 8 + NOTED * 8 + 64 * 128

# The message of a run that cannot finish, for exit code 4.
NEEDS_YOU = ("This needs you", "The rollback is not finished")
NOTHING = "Nothing was changed."
PUT_BACK = "Everything was put back."

Run = namedtuple("Run", "code out err")
# start is the tree it begins with, what the words after mailfix's options, inject strace's, killed whether the run must
# die, mute whether it can be standard error that fails, turn what comes next. faulty is what faulty.so shall do, none
# whether no allocation may come between the first exchange and the last state.
Point = namedtuple("Point", "label case start what inject killed mute turn faulty none", defaults=((), False))
# What faulty.so counted; see there.
Seen = namedtuple("Seen", "allocations failed in_children exchanges states since_exchange until_state writes told n_would_write"
                          " n_wrong would_write wrong")
Result = namedtuple("Result", "label problems halfway state")

setup = {}  # prefix, facts, work, quick, base, case: set before the workers are forked


# ---- running ----

def run(command, faulty=()):
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C", **dict(faulty)},
                               start_new_session=True)
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
    return [mailfix, "--root", tree, "--facts", case.facts or setup["facts"], *words]


def turn(case, tree, words, program="mailfix"):
    return run(command_of(case, tree, words, program))


def must(case):
    def run_it(tree, words, program="mailfix"):
        done = turn(case, tree, words, program)
        if done.code != 0:
            sys.exit("%s: %s %s: exit %d\n%s%s" % (case.name, program, " ".join(words), done.code, done.out,
                                                            done.err))
    return run_it


def build_faulty():
    """faulty.so, for this machine's libc."""
    setup["faulty"] = os.path.join(setup["work"], "faulty.so")
    subprocess.run(["cc", "-O1", "-Wall", "-Wextra", "-Werror", "-fPIC", "-shared", "-o", setup["faulty"],
                    os.path.join(HERE, "faulty.c")], check=True)


def faulty_environment(counters, **steering):
    """counters: the file that they go to, made here."""
    with open(counters, "wb") as file:
        file.truncate(FAULTY_SIZE)
    return {"LD_PRELOAD": setup["faulty"], "FAULTY_FILE": counters, **steering}


def read_seen(counters):
    with open(counters, "rb") as file:
        data = file.read()
    numbers = struct.unpack_from("11Q", data)
    noted = struct.unpack_from("%dQ" % min(numbers[9], NOTED), data, 88)
    return Seen(*numbers, noted, [struct.unpack_from("2Q112s", data, 88 + 8 * NOTED + 128 * i)
                                  for i in range(min(numbers[10], 64))])


def injected_names(inject):
    """Of strace's options, which may give the program an environment, too."""
    return {word.split("=")[1].split(":")[0] for word in inject if word.startswith("--inject=")}


def injected(case, tree, what, inject, faulty=()):
    """Without -f: mailfix's children are its own business. Without --seccomp-bpf: it loses the signal (strace 6.1)."""
    if not inject:
        return run(command_of(case, tree, what), faulty)
    names = ",".join(sorted(injected_names(inject))) or "none"
    return run(["strace", "-qq", "-o", "/dev/null", "-e", "trace=" + names, *inject, *command_of(case, tree, what)], faulty)


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
    if lost_texts(seen):
        raise Problem("mixed", "it is kept without the text from before: " + ", ".join(lost_texts(seen)))
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
    if code == 4 and line.startswith(NEEDS_YOU) or code == 4 and point.mute:
        return
    # What a kill left half-way stays so until a recover comes that can do its work.
    if recovers and code == 1 and line == NOTHING:
        found, left = case.normal(look(point.start)), case.normal(seen)
        if any(found.get(path) != left.get(path) for path in set(case.before) | set(case.after)):
            raise Problem("wrong exit", "exit 1, but the files are not as they were found: " + line)
        return
    # Who cannot unlink cannot tidy up either; recover must, later. One that fails leaves what it found.
    side = judge(case, seen, litter=recovers and code != 0 or
                 any(word.startswith("--inject=unlinkat:error") for word in point.inject))
    if code == 4 and not (line == NOTHING and side == "before" and states(seen) == case.states["before"]):
        raise Problem("wrong exit", "exit 4, but the last line is: " + line)
    allowed = {0: "after", 1: "before", 2: "before", 4: "before", 3: "before" if case.undo else None, 75: "before"}
    if code not in allowed:
        raise Problem("wrong exit", "exit %d: %s" % (code, line))
    if not recovers and side != allowed[code]:
        raise Problem("wrong exit", "exit %d, but the files are as %s: %s" % (code, side, line))
    expected = {1: (NOTHING,), 2: (NOTHING,), 4: (NOTHING,), 75: (NOTHING,), 3: (PUT_BACK,),
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


def check_nothing(case, before, after, said):
    """Who says that nothing was changed changed no file; what was removed beside the files was told."""
    known = set(case.before) | set(case.after)
    if any(before.get(path) != after.get(path) for path in known | set(after)):
        raise Problem("wrong exit", "the same again changed the files, and says: " + NOTHING)
    if before != after and "Leftovers" not in said.err:
        raise Problem("wrong exit", "the same again removed what lay beside the files, and does not say it")


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
    if line == NOTHING:
        check_nothing(case, case.normal(seen), case.normal(after), again)
    side = check_settled(case, tree, after)
    if side != "after":
        raise Problem("mixed", "the same again: exit 0, but the files are as " + side)
    case.check(tree, side, None if line == NOTHING else got.out + again.out + again.err)
    return bool({"applying", "undoing", "(empty)"} & set(states(seen)))


def check_none(counted):
    """Between the first exchange of two files and the last state that was written nothing is allocated."""
    if counted.exchanges > 0 and counted.until_state > 0:
        raise Problem("other", "%d allocations while files were exchanged" % counted.until_state)


def try_point(point, tree, sweep):
    case = point.case
    copy_tree(point.start, tree)
    counters = tree + ".seen"
    faulty = faulty_environment(counters, **dict(point.faulty)) if point.faulty or point.none else ()
    got = injected(case, tree, point.what, point.inject, faulty)
    seen = look(tree)
    if point.none:
        check_none(read_seen(counters))
    if point.killed and got.code != -signal.SIGKILL:
        if "poll" in point.label:
            return [], False, None  # there was less to wait for than in the census
        raise Problem("other", "was not killed: exit %d" % got.code)
    if not point.killed and got.code < 0:
        raise Problem("other", "died of signal %d" % -got.code)
    state = remember(tree, seen, sweep) if point.killed and sweep is not None else None
    if unmarked(seen):
        return [("other", "something is left, and boot would not know: " + ", ".join(unmarked(seen)))], True, state
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


# ---- many points ----

class Stopped(Exception):
    """The first failure, with --stop."""


class Sweeps:
    def __init__(self, pool):
        self.pool = pool
        self.began = time.monotonic()
        self.rows = []
        self.passed = self.failed = 0

    def elapsed(self):
        return time.monotonic() - self.began

    def go(self, name, points, sweep=None, function=None, judge=None):
        """Runs the points (by the function, else work); the states that were half-way are returned when sweep names where to
        keep them. judge takes a point of another kind by itself and gives a Result."""
        if sweep is not None:
            os.makedirs(os.path.join(setup["work"], "states", sweep))
        count, halfway, failures, at = Counter(), {}, [], time.monotonic()
        shown = at
        if not points:
            failures.append("  there is nothing to try, so nothing is shown")
        tasks = points if judge else [(sweep, point) for point in points]
        for done, result in enumerate(self.pool.imap(judge or function or work, tasks, chunksize=2), 1):
            count["half-way"] += result.halfway
            for kind in {kind for kind, _ in result.problems}:
                count[kind] += 1
            if result.halfway and result.state is not None:
                halfway[result.state] = result.label
            if result.problems:
                failures.append("  %s: %s" % (result.label, "; ".join(text for _, text in result.problems)))
                if "--stop" in setup["options"]:
                    self.sum_up(name, done, count, failures, at)
                    raise Stopped
            if time.monotonic() - shown > 15:
                shown = time.monotonic()
                print("%s: %d / %d, %.0f s" % (name, done, len(points), self.elapsed()), flush=True)
        self.sum_up(name, len(points), count, failures, at)
        return halfway

    def record(self, name, results, points, at):
        """The same for results that are there already, of as many points, since at."""
        failures = ["  %s: %s" % (result.label, "; ".join(text for _, text in result.problems))
                    for result in results if result.problems]
        self.sum_up(name, points, Counter(kind for result in results for kind, _ in result.problems), failures, at)

    def sum_up(self, name, points, count, failures, at):
        self.passed += max(points - len(failures), 0)
        self.failed += len(failures)
        self.rows.append((name, points, count["half-way"], count["mixed"], count["leftovers"], count["wrong exit"],
                          count["other"], "%.1f s" % (time.monotonic() - at)))
        print("%s: %d / %d, %.0f s: %s" % (name, points, points, self.elapsed(),
                                         "%d failed" % len(failures) if failures else "ok"), flush=True)
        print("".join(line + "\n" for line in failures[:SHOWN]), end="")
        if len(failures) > SHOWN:
            print("  ... and %d more" % (len(failures) - SHOWN))

    def table(self):
        head = ("sweep", "points", "half-way", "mixed", "leftovers", "wrong exit", "other", "time")
        rows = [head] + [tuple(str(cell) for cell in row) for row in self.rows]
        widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
        print()
        for row in rows:
            print("  ".join([row[0].ljust(widths[0])] + [cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]))


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
        sys.exit("%s without any fault: exit %d\n%s%s" % (case.name, done.code, done.out, done.err))
    if case.after == case.before:
        sys.exit("%s without any fault changed nothing" % case.name)
    for path in set(case.before) & set(case.after):
        if case.after[path][:4] != case.before[path][:4] and not path.endswith(".db"):
            sys.exit("%s without any fault changed mode, owner or attributes of %s" % (case.name, path))
    try:
        side = check_settled(case, after, made)
        case.check(after, side, done.out + done.err)
        check_way_on(case, after, side)
    except Problem as problem:
        sys.exit("%s without any fault: %s" % (case.name, problem))


def prepare(names, top, live):
    with open(os.path.join(top, "facts"), "w") as file:
        file.write("postfix.version = 3.7.11\npostfix.table-types = btree cdb hash lmdb pcre\ninit = systemd\n")
    build(os.path.join(top, "original"))
    setup.update(work=top, facts=os.path.join(top, "facts"), original=outside(look(os.path.join(top, "original"))), case={})
    for case in all_cases():
        if names and case.name not in names:
            continue
        if case.live and not live:
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


def go_inside(live):
    """Once more in namespaces: live cases must not see this machine's processes, nor its network."""
    os.environ[INSIDE] = live and host_tree() or "none"
    os.execvp("unshare", ["unshare", "--mount", "--pid", "--net", "--fork", "--kill-child", "--mount-proc", "--propagation",
                          "private", sys.executable, *sys.argv])


def workers():
    """A pool whose processes end when they are told to: the handler of this one would only have them wait for each other."""
    return multiprocessing.get_context("fork").Pool(os.cpu_count(), signal.signal, (signal.SIGTERM, signal.SIG_DFL))


def main(sweep_all, live=True, more=()):
    """Prepares the cases (live: with those) that the command line names, all of them without names, lets sweep_all(sweeps) do its work, and
    shows what came of it."""
    program = os.path.basename(sys.argv[0])
    words = [word for word in sys.argv[1:] if not word.startswith("--")]
    options = {word for word in sys.argv[1:] if word.startswith("--")}
    if not words or not options <= {"--quick", *more}:
        sys.exit("usage: %s MAILFIX_PREFIX [--quick]%s [CASE...]" % (program, "".join(" [%s]" % word for word in more)))
    if os.geteuid() != 0 or shutil.which("strace") is None:
        sys.exit(program + ": needs root and strace")
    if INSIDE not in os.environ:
        go_inside(live)
    base = os.environ[INSIDE]
    setup.update(prefix=os.path.abspath(words[0]), quick="--quick" in options, options=options,
                 base=None if base == "none" else base)
    signal.signal(signal.SIGTERM, lambda *ignored: sys.exit(143))  # the first process of a namespace has no default
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    installed = [os.path.join(setup["prefix"], "share/mailfix/fixes", fix + ".fix") for fix in FIXES]
    os.umask(0o022)
    installed = [path for path in installed if not os.path.exists(path)]  # those of a run beside this one are not ours
    for path in installed:
        shutil.copyfile(os.path.join(HERE, os.path.basename(path)), path)
    try:
        with tempfile.TemporaryDirectory(prefix="mailfix-crash-", dir=place()) as top:
            prepare(words[1:], top, live)
            build_faulty()
            with workers() as pool:
                sweeps = Sweeps(pool)
                try:
                    sweep_all(sweeps)
                except Stopped:
                    pass
    finally:
        for path in installed:
            os.unlink(path)
    sweeps.table()
    print("\n%d passed, %d failed" % (sweeps.passed, sweeps.failed))
    return 1 if sweeps.failed else 0
