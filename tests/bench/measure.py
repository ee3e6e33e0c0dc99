# SPDX-License-Identifier: GPL-3.0-or-later
"""Measuring for the bench: contenders by turns, medians, rows with their goals, and the drawing."""
import json
import os
import shutil
import signal
import statistics
import subprocess
import time

LIMIT = 60  # seconds for a contender that may never end; its next runs are left out


class Skip(Exception):
    """Why a row cannot run here."""


def need(*programs):
    for program in programs:
        if shutil.which(program) is None:
            raise Skip(program + " is not here")


class Failed(Skip):
    """A command of a row ended otherwise than it should."""


class Contender:
    """What runs in a row. argv may be a function that is called instead of a program, or one that gives the words (words=True).
    until() tells afterwards when it was (time.time) that something was reached; that time is kept, too."""

    def __init__(self, argv, prepare=None, codes=(0,), words=False, limit=None, until=None):
        self.argv, self.prepare, self.codes, self.words, self.limit, self.until = argv, prepare, codes, words, limit, until
        self.seconds, self.partly, self.kib, self.stopped = [], [], [], False

    def run(self):
        if self.stopped:
            return
        if self.prepare:
            self.prepare()
        argv = self.argv() if self.words else self.argv
        clock, begin = time.time(), time.monotonic()
        if callable(argv):
            argv()
            self.seconds.append(time.monotonic() - begin)
            return
        # A process begins with the size of the one that it was forked from: so time(1), which is small, begins it. Output goes to a
        # pipe: grep ends at the first match where it sees /dev/null.
        if self.limit:
            argv = ["timeout", "-s", "KILL", str(self.limit), *argv]  # which ends the program, too; Python would end time(1) only
        run = subprocess.run(["time", "-q", "-f", "%M", *argv], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             text=True, errors="replace", check=False)
        if self.limit and run.returncode == 128 + signal.SIGKILL:
            self.stopped = True
            return
        self.seconds.append(time.monotonic() - begin)
        if run.returncode not in self.codes:
            raise Failed("%s: exit %d\n%s" % (" ".join(map(str, argv))[:400], run.returncode, run.stderr[-2000:]))
        self.kib.append(int(run.stderr.split()[-1]))
        if self.until:
            self.partly.append(self.until() - clock)

    @property
    def median(self):
        """None: it was stopped at its limit."""
        return None if self.stopped else statistics.median(self.seconds)

    @property
    def most_kib(self):
        return max(self.kib, default=0)


def by_turns(runs, **contenders):
    for _ in range(runs):
        for contender in contenders.values():
            contender.run()
    return contenders


class Table:
    """The rows, printed as they come, and written to a file together with what is known of the run."""

    def __init__(self, path, about):
        self.path, self.about = path, about
        self.rows, self.growth, self.left_out = [], [], []

    def write(self):
        columns = ["records", "mailfix", "postmap", "augtool", "copy"]
        self.path.write_text(json.dumps({**self.about, "rows": self.rows, "left_out": self.left_out,
                                         "growth": [dict(zip(columns, row)) for row in self.growth]}, indent=1) + "\n")

    def skip(self, number, why):
        """A row that cannot run, or failed."""
        how = "failed" if isinstance(why, Failed) else "skipped"
        self.left_out.append({"row": number, "how": how, "why": str(why)})
        self.write()
        print("%-4s %s: %s" % (number, how, why), flush=True)

    def row(self, number, what, value, goal, unit="x", **more):
        met = None if goal is None else value is not None and value <= goal
        self.rows.append({"row": number, "what": what, "value": None if value is None else round(value, 4), "unit": unit, "goal": goal,
                          "met": met, **more})
        self.write()
        extra = ", ".join("%s %s" % pair for pair in more.items())
        print("%-4s %-66s %8s %-4s %-11s %-8s %s" % (
            number, what, "-" if value is None else "%.3f" % value, unit, "" if goal is None else "goal %.4g" % goal,
            "" if goal is None else "met" if met else "NOT met", extra), flush=True)

    def against(self, number, what, mine, other, goal, memory=None):
        """The ratio of two medians, and where there is a goal for it the largest resident size."""
        if mine.stopped or other.stopped:
            self.row(number, what, None, goal, why="stopped after %d s: %s" % (LIMIT, "mailfix" if mine.stopped else "the other"))
        else:
            self.row(number, what, mine.median / other.median, goal, mailfix_s=round(mine.median, 4), other_s=round(other.median, 4))
        if memory is not None and not mine.stopped:
            self.row(number, "its largest resident size", mine.most_kib / 1024, memory, unit="MiB")


def draw(path, growth):
    """Seconds over records, both logarithmic; what was stopped has no point."""
    need("gnuplot")
    names = ["mailfix, one record", "postmap hash:", "augtool, one record", "copy + fsync + rename"]
    blocks = []
    for column, name in enumerate(names, 1):
        points = ["%d %f" % (row[0], row[column]) for row in growth if row[column] is not None]
        blocks.append("$d%d << EOD\n%s\nEOD\n" % (column, "\n".join(points)))
    terminal = "pngcairo" if path.suffix == ".png" else "svg"
    plots = ", ".join("$d%d using 1:2 with linespoints lw 2 pt 7 title '%s'" % (i, name) for i, name in enumerate(names, 1))
    script = "".join(blocks) + (
        "set terminal %s size 800,520\nset output '%s'\nset logscale xy\nset grid\nset xrange [700:1500000]\n"
        "set xlabel 'records in the table'\nset ylabel 'seconds (median)'\nset key left top\n"
        "set title 'One change in a table; augtool is stopped after %d s'\nplot %s\n" % (terminal, path, LIMIT, plots))
    subprocess.run(["gnuplot"], input=script, text=True, check=True)


def copy(path):
    """Copies a file beside itself, syncs, and puts the copy in its place: what any change of it costs at least."""
    source, target = os.open(path, os.O_RDONLY), os.open(str(path) + ".copy", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    while os.copy_file_range(source, target, 1 << 30) > 0:
        pass
    os.fsync(target)
    os.rename(str(path) + ".copy", path)
    directory = os.open(path.parent, os.O_RDONLY)
    os.fsync(directory)
    for fd in (source, target, directory):
        os.close(fd)
