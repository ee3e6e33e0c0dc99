#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""between.py MAILFIX_PREFIX [--quick] [--stop] [CASE...]: somebody edits a file in each moment between two changes of mailfix.

mailfix is stopped after each of its changing calls in turn; main.cf or master.cf is edited, in place or by a new file of
that name; then it goes on. The edit must be there when all is over, on the text from before or on the one from after, and:

  exit 0        both files are as after the run, but for the edit
  exit 1, 3, 75 both are as before it, but for the edit
  exit 4        only a rollback, which found the edit too late to refuse: the edited file is left as it was

Then nothing lies beside the files, once recover has run. Cases are apply and rollback; the variants those of sweep.py
but for "exdev". --quick: every other edit. --stop: ends at the first that failed.

Limits. An editor that holds the old file open and writes to it after the swap is not met; where the kernel cannot
exchange names, neither is one that comes between the last look and the rename. Needs what points.py needs.
"""
import os
import signal
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
from cases import Problem  # noqa: E402
from points import HANG, Result, command_of, last_line, main, setup, turn  # noqa: E402
from sweep import EXCHANGE, LINKS, census, changing, describe, injected_names  # noqa: E402
from trees import ETC, MAIN, MASTER, copy_tree, look  # noqa: E402

CASES = ("apply", "rollback")
EDITS = {MAIN: (b"mx.example.org", b"mx9.example.org"), MASTER: (b"pickup     unix", b"pickup9    unix")}


def edited(path, text):
    old, new = EDITS[path]
    return text.replace(old, new)


def edit(tree, path, in_place):
    there = os.path.join(tree, path)
    with open(there, "rb") as file:
        text = edited(path, file.read())
    if in_place:
        with open(there, "wb") as file:
            file.write(text)
        return
    new = os.path.join(tree, "edited")
    with open(new, "wb") as file:
        file.write(text)
    os.rename(new, there)


def stopped(log, process):
    """Waits until the call was made and the program stands still; false: it ended."""
    until = time.monotonic() + HANG
    while time.monotonic() < until:
        with open(log, "rb") as file:
            if b"stopped by SIGSTOP" in file.read():
                return True
        if process.poll() is not None:
            return False
        time.sleep(0.005)
    raise Problem("other", "was not stopped")


def run_with_edit(task, tree, log):
    case, inject, path, in_place = task
    process = subprocess.Popen(["strace", "-o", log, "-e", "trace=" + ",".join(injected_names(inject)),
                                *inject, *command_of(case, tree, case.what)],
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"})
    if stopped(log, process):
        with open("/proc/%d/task/%d/children" % (process.pid, process.pid)) as file:
            traced = int(file.read().split()[0])
        edit(tree, path, in_place)
        os.kill(traced, signal.SIGCONT)
    else:
        edit(tree, path, in_place)
    _, err = process.communicate(timeout=HANG)
    return process.returncode, err.decode("latin-1")


def side_of(case, tree, path, was_edited):
    with open(os.path.join(tree, path), "rb") as file:
        text = file.read()
    for side, wanted in (("before", case.before), ("after", case.after)):
        there = wanted[path][4]
        if text == (edited(path, there) if was_edited else there):
            return side
    raise Problem("mixed", "%s is %s" % (os.path.basename(path), "without the edit" if was_edited and edited(path, text) != text
                                        else "as it should never be"))


def judge_edit(case, path, tree, code, err):
    recover = turn(case, tree, ("recover",))
    if recover.code not in (0, 4):
        raise Problem("other", "recover: exit %d: %s" % (recover.code, recover.err))
    sides = {one: side_of(case, tree, one, one == path) for one in (MAIN, MASTER)}
    allowed = {0: "after", 1: "before", 3: "before", 75: "before"}.get(code)
    if code == 4 and case.what[0] != "rollback" or code not in (0, 1, 3, 4, 75):
        raise Problem("wrong exit", "exit %d: %s" % (code, err))
    if allowed is not None and set(sides.values()) != {allowed}:
        raise Problem("wrong exit", "exit %d, but the files are as %s: %s" % (code, sides, err))
    if code == 4 and sides[path] != "before":
        raise Problem("wrong exit", "exit 4, but the edited file was touched: " + err)
    beside = sorted(set(os.listdir(os.path.join(tree, ETC))) -
                    {os.path.basename(one) for one in case.before if one.startswith(ETC + "/")})
    if beside:
        raise Problem("leftovers", "left over: " + ", ".join(beside))
    return code


def work(point):
    name, inject, path, in_place, label = point
    case = setup["case"][name]
    with tempfile.TemporaryDirectory(dir=setup["work"]) as directory:
        tree, log = os.path.join(directory, "t"), os.path.join(directory, "log")
        open(log, "w").close()
        copy_tree(case.start, tree)
        try:
            code, err = run_with_edit((case, inject, path, in_place), tree, log)
            return Result(label, [], judge_edit(case, path, tree, code, err) != 0, None)
        except Problem as problem:
            return Result(label, [(problem.kind, "%s edited %s: %s" % (os.path.basename(path),
                                   "in place" if in_place else "as a new file", problem))], False, None)


def edit_case(sweeps, case, variant):
    calls = changing(census(case, case.start, case.what, variant.inject))
    taken = injected_names(variant.inject)
    points = [(case.name, variant.inject + ("--inject=%s:signal=STOP:when=%d" % (call.name, call.nth),), path, in_place,
               "after " + describe(call))
              for call in calls if call.name not in taken for path in EDITS for in_place in (True, False)]
    sweeps.go("edit %s %s" % (case.name, variant.name), points[::2] if setup["quick"] else points, judge=work)


def edit_all(sweeps):
    for case in setup["case"].values():
        if case.name in CASES:
            edit_case(sweeps, case, EXCHANGE)
            edit_case(sweeps, case, LINKS)


if __name__ == "__main__":
    sys.exit(main(edit_all, live=False, more=("--stop",)))
