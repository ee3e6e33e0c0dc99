#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""full.py MAILFIX_PREFIX [--quick] [CASE...]: a disk that is really full, of every size.

The cases are those of cases.py that are not live. What is full is a tmpfs: the record's directory ("store"), the directory
of the files ("files"), or one that holds both ("both").

  sizes CASE PLACE   with S free blocks, S from 0 on, until the run is done: it is done, or nothing was changed (exit 1), or,
                     where the before-texts have to be copied to another file system, everything was put back (exit 3)
  undo CASE PLACE    killed at each changing call; then the disk is filled to its last byte, and recover must succeed

--quick: apply and rollback, one in five of the kills.

Limits: tmpfs gives out whole pages, so a size is a multiple of them; an inode costs none of its blocks, and they are not
counted here. Where tmpfs keeps no user attributes the files have none.
"""
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import namedtuple

sys.dont_write_bytecode = True
from points import (NOTHING, PUT_BACK, Problem, Result, check_settled, injected, judge, last_line,  # noqa: E402
                    main, setup, turn)
from sweep import census, changing, describe  # noqa: E402
from trees import ETC, STORE, copy_tree, look  # noqa: E402

PLACES = {"store": STORE, "files": ETC, "both": ""}
ENOUGH = 400   # blocks; more than any case needs

Task = namedtuple("Task", "case place blocks label inject")


class Disk:
    """The tree of a case, a part of it on a tmpfs."""

    def __init__(self, case, place):
        self.directory = tempfile.mkdtemp(dir=setup["work"])
        self.mounted = [os.path.join(self.directory, "fs")]
        inside = os.path.join(self.mounted[0], "t")
        os.mkdir(self.mounted[0])
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", self.mounted[0]], check=True)
        source = os.path.join(case.start, PLACES[place])
        if os.path.isdir(source):
            copy_tree(os.path.normpath(source), inside)
        else:
            os.mkdir(inside, 0o700)
        self.tree = inside
        if place != "both":
            self.tree = os.path.join(self.directory, "t")
            copy_tree(case.start, self.tree)
            point = os.path.join(self.tree, PLACES[place])
            os.makedirs(point, exist_ok=True)
            subprocess.run(["mount", "--bind", inside, point], check=True)
            self.mounted.append(point)

    def leave(self, blocks):
        """Makes the file system as large as what it holds and so many blocks."""
        info = os.statvfs(self.mounted[0])
        size = (info.f_blocks - info.f_bfree + blocks) * info.f_frsize
        subprocess.run(["mount", "-o", "remount,size=%d" % max(size, info.f_frsize), self.mounted[0]], check=True)

    def close(self):
        for point in reversed(self.mounted):
            subprocess.run(["umount", point], check=True)
        shutil.rmtree(self.directory)


def on_a_disk(task, what):
    """what(case, disk) on a disk of its own; problems become a Result."""
    case, problems, disk = setup["case"][task.case], [], None
    try:
        disk = Disk(case, task.place)
        return Result(task.label, what(case, disk), False, None)
    except Problem as problem:
        problems.append((problem.kind, str(problem)))
    finally:
        if disk is not None:
            disk.close()
    return Result(task.label, problems, False, None)


def try_size(task):
    """How the run ended is the state of the result."""
    def sized(case, disk):
        disk.leave(task.blocks)
        done = turn(case, disk.tree, case.what)
        closing = {0: case.closing, 1: NOTHING, 3: PUT_BACK}.get(done.code)
        if closing is None or not last_line(done).startswith(closing):
            raise Problem("wrong exit", "exit %d: %s" % (done.code, done.err.strip().replace("\n", " / ")))
        side = judge(case, look(disk.tree))
        if side != ("after" if done.code == 0 else "before"):
            raise Problem("wrong exit", "exit %d, but the files are as %s" % (done.code, side))
        if done.code == 3 and task.place == "both":
            raise Problem("wrong exit", "it was begun without the space to end: " + done.err)
        codes[0] = done.code
        recover = turn(case, disk.tree, ("recover",))
        if recover.code != 0:
            raise Problem("other", "recover: exit %d: %s" % (recover.code, last_line(recover)))
        check_settled(case, disk.tree, look(disk.tree))
        return []
    codes = [None]
    result = on_a_disk(task, sized)
    return result._replace(state=codes[0])


def try_undo(task):
    def undone(case, disk):
        injected(case, disk.tree, case.what, task.inject)
        disk.leave(0)
        recover = turn(case, disk.tree, ("recover",))
        if recover.code != 0:
            raise Problem("other", "recover: exit %d: %s" % (recover.code, recover.err.strip().replace("\n", " / ")))
        check_settled(case, disk.tree, look(disk.tree))
        return []
    return on_a_disk(task, undone)


def sizes_sweep(sweeps, case, place):
    """Up to the size from which on it is done three times in a row."""
    results, codes, at, blocks, done = [], [], time.monotonic(), 0, 0
    while done < 3:
        tasks = [Task(case.name, place, blocks + i, "%d blocks free" % (blocks + i), ()) for i in range(8)]
        for result in sweeps.pool.imap(try_size, tasks):
            results.append(result)
            codes.append(result.state)
            done = done + 1 if result.state == 0 else 0
        blocks += len(tasks)
        if blocks > ENOUGH:
            results.append(Result("%d blocks" % blocks, [("other", "are not enough")], False, None))
            break
    if 1 not in codes:
        results.append(Result("the smallest disk", [("other", "was large enough: nothing was tried")], False, None))
    sweeps.record("sizes %s %s (%d refused, %d put back)" % (case.name, place, codes.count(1), codes.count(3)), results,
                  len(results), at)


def undo_sweep(sweeps, case, place):
    calls = changing(census(case, case.start, case.what))
    at = time.monotonic()
    tasks = [Task(case.name, place, 0, "killed at " + describe(call),
                  ("--inject=%s:signal=KILL:when=%d" % (call.name, call.nth),))
             for call in (calls[::5] if setup["quick"] else calls)]
    results = list(sweeps.pool.imap(try_undo, tasks))
    sweeps.record("undo %s %s" % (case.name, place), results, len(results), at)


def all_sweeps(sweeps):
    for case in setup["case"].values():
        if setup["quick"] and case.name not in ("apply", "rollback"):
            continue
        for place in PLACES:
            sizes_sweep(sweeps, case, place)
            undo_sweep(sweeps, case, place)


if __name__ == "__main__":
    sys.exit(main(all_sweeps, live=False))
