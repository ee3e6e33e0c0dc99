# SPDX-License-Identifier: GPL-3.0-or-later
"""victim.py: the life of one machine: it works, its power is cut, and what the cut left is booted and looked at. See run."""
import collections
import os
import random
import threading
import time
import traceback

import verdict
from disk import Disk
from machine import Machine, Silent, thaw

PATIENCE = 1800      # seconds without a word from the machine; emulation is slow, and slower on a busy machine
FIRST_GUESS = {"apply": 110, "rollback": 45}  # requests to the disk in a turn, until one was seen
BORN = time.monotonic()
printing = threading.Lock()


class Left:
    """A disk as a cut left it: its file; what the machine had told finished, and the turn that it had told begun since."""

    def __init__(self, path, cut, claimed, doing):
        self.path, self.cut, self.claimed, self.doing = path, cut, claimed, doing
        self.found = ""


class Victim:
    def __init__(self, kind, path, built, dice, options):
        self.kind, self.built, self.dice, self.options = kind, built, dice, options
        self.known = verdict.Known()
        self.count = collections.Counter()
        self.main = Left(path, "nothing", "old", None)
        self.taken, self.for_systemd = [], []
        self.requests = dict(FIRST_GUESS)       # of a turn, as last seen
        self.boots = 0
        self.over = False  # the disk that is worked on was harmed: what follows from it would be counted again

    def live(self):
        try:
            while self.count["cuts"] + len(self.for_systemd) < self.options.cuts and not self.over:
                self.work()
                while self.taken:
                    self.look_at(self.taken.pop(0))
            if not self.over:
                self.look_at(self.main)
            for left in self.for_systemd:
                self.look_at(left, "systemd")
        except Silent as silent:
            self.bad(self.main, str(silent))
        except Exception:  # a thread that dies must not look like one that found nothing
            self.bad(self.main, "the test itself: " + traceback.format_exc())

    def say(self, text):
        with printing:
            print("%5d s: %s: %s" % (time.monotonic() - BORN, self.kind, text), flush=True)

    def bad(self, left, text):
        self.count["bad"] += 1
        self.say("BAD, after a cut %s; found %s: %s" % (left.cut, left.found or "nothing yet", text))

    # ---- boots

    def start(self, left, init):
        place = "%s.boot%d" % (self.main.path, self.boots)
        self.boots += 1
        self.disk = Disk(left.path, place)
        self.machine = Machine(self.disk, place, self.built, thaw(self.built))
        blind = " blind" if self.options.no_sync else ""
        self.machine.go(self.kind, "/sbin/init" if init == "systemd" else "/power/guest" + blind)

    def end(self, left):
        """The power goes. How much of the cache survives is diced anew each time."""
        survival = self.survival()
        self.disk.cut()
        self.machine.kill()
        unflushed, lost = self.disk.settle(self.dice, survival)
        with open(self.machine.kernel_log, encoding="utf-8", errors="replace") as log:
            lines = [line.strip() for line in log if "error" in line.lower() or "corrupt" in line.lower() or "BUG" in line]
        os.unlink(self.machine.kernel_log)
        if lines:
            self.bad(left, "the kernel: " + " | ".join(lines[:5]))
        return "%d blocks in the cache, %s kept, %d lost" % (unflushed, survival, lost)

    def survival(self):
        return self.dice.choice(("some", "some", "all", "none"))

    def look_at(self, left, init="small"):
        """Boots what a cut left, and the disk has done its duty. One that must wait for systemd waits."""
        again = True
        while again:
            self.start(left, init)
            try:
                again = not self.examine(left, init)
            except verdict.Bad as bad:
                self.bad(left, str(bad))
                again = False
            finally:
                how = self.end(left)
            if again:
                left.cut = "at a request of the recovery; %s" % how
        if left is not self.main and left not in self.for_systemd:
            os.unlink(left.path)

    def hear(self):
        """The next line; None when the power went first."""
        line = self.machine.hear(PATIENCE)
        if line is None and not self.disk.dead.is_set():
            raise Silent("nothing heard for %d s: %s" % (PATIENCE, self.machine.last_words()))
        return line

    def examine(self, left, init):
        """Up to "ready". False when the power was cut in the recovery."""
        heard = {}
        while ("ready", "") not in heard:
            line = self.hear()
            if line is None:
                return False
            what, which, rest = line
            heard[what, which] = verdict.Facts(rest) if what == "facts" else rest
            if (what, which) == ("facts", "before") and left.cut != "nothing":
                if self.found(left, heard[what, which], init):
                    return True
            elif (what, which) == ("end", "boot"):
                self.disk.cut_in(None)
        if self.known.old is None:
            self.known.old = heard["facts", "before"].files
        left.claimed = verdict.check(self.known, left.claimed, left.doing, heard)
        left.doing = None
        if left.cut != "nothing":
            mark = heard["facts", "before"].mark
            self.count["cuts"] += 1
            self.count[init] += 1
            self.count["recovered by " + init] += mark
            self.say("cut %d %s: found %s; %s boot: all %s%s" % (
                self.count["cuts"], left.cut, left.found, init, left.claimed, ", recovered" if mark else ""))
        return True

    def found(self, left, before, init):
        """Counts what the cut left. Some of it is for systemd to recover (True: later), and some recoveries are cut, too."""
        side, strange = self.known.side(before.files)
        left.found = "%s%s, files %s%s" % (before.state, " and one prepared" if before.prepared else "", side,
                                           ", names of mailfix's" if strange else "")
        if init == "systemd":
            return False
        wanted = len(self.for_systemd) < self.options.systemd and left is not self.main and left not in self.for_systemd
        if before.mark and wanted and self.dice.random() < 0.5:
            self.for_systemd.append(left)
        self.count[before.state if before.half_way else "prepared" if before.prepared or strange else "whole"] += 1
        self.count["mixed"] += side == "mixed"
        if left in self.for_systemd:
            return True
        if before.mark and self.dice.random() < 0.3:
            self.disk.cut_in(self.dice.randint(1, 30))
            self.count["in recovery"] += 1
        return False

    # ---- the work, and its end

    def work(self):
        """Boots the main disk and works: an apply and a rollback, or the other way round, with disks taken on the way, and then one that
        is cut. The first boot shows, by that, what a whole apply and a whole rollback look like."""
        self.start(self.main, "small")
        how = "at a request of the recovery"
        try:
            if self.examine(self.main, "small"):
                how = self.turns()
        except verdict.Bad as bad:
            self.bad(self.main, str(bad))
            self.over = True
        finally:
            self.main.cut = how + "; " + self.end(self.main)

    def turns(self):
        for n in range(1, 4):
            line = self.hear()
            while line[0] != "begin":
                self.learn(line)
                line = self.hear()
            which = line[1]
            self.main.doing = which
            began = self.disk.requests
            if n < 3:
                self.plan_takes(which, began)
            elif self.dice.random() < 0.8:
                at = self.dice.randint(1, self.requests[which])
                self.disk.cut_in(at)
                how = "at request %d of some %d of %s" % (at, self.requests[which], which)
            line = self.hear()
            if line is None:
                return how
            if line[2] != "0":
                raise verdict.Bad("%s: exit %s: %s" % (which, line[2], (self.hear() or ["", "", ""])[2]))
            self.disk.cut_in(None)
            self.disk.take_at = {}
            self.main.claimed, self.main.doing = verdict.LEADS_TO[which], None
            self.requests[which] = self.disk.requests - began
        return "when %s was told finished" % which

    def learn(self, line):
        if line[:2] == ["facts", "apply"]:
            self.known.new = verdict.Facts(line[2]).files
            verdict.need(self.known.new != self.known.old, "an apply that changes nothing shows nothing")
        elif line[0] == "facts":
            verdict.need(self.known.side(verdict.Facts(line[2]).files) == ("old", []), "a whole rollback brings back something else")

    def plan_takes(self, which, began):
        """Two thirds of them in the second half: the first is preparation, where nothing is half-way yet."""
        half, early = self.requests[which] // 2, self.options.takes // 3
        moments = self.dice.sample(range(1, half), early) + self.dice.sample(range(half, 2 * half + 1), self.options.takes - early)
        for at in moments:
            dice = random.Random(self.dice.random())
            self.disk.take_at[began + at] = lambda at=at, dice=dice: self.take(which, at, dice)

    def take(self, which, at, dice):
        path = "%s.taken%d" % (self.main.path, self.count["taken"])
        self.count["taken"] += 1
        survival = dice.choice(("some", "some", "all", "none"))
        unflushed, lost = self.disk.take(path, dice, survival)
        cut = "at request %d of some %d of %s; %d blocks in the cache, %s kept, %d lost" % (
            at, self.requests[which], which, unflushed, survival, lost)
        self.taken.append(Left(path, cut, self.main.claimed, self.main.doing))
