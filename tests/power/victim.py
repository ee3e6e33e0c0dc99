# SPDX-License-Identifier: GPL-3.0-or-later
"""victim.py: the life of one machine: boots, work, a power cut, and what the next boot finds. See run."""
import collections
import os
import threading
import time
import traceback

import verdict
from disk import Disk
from machine import Machine, Silent, thaw

PATIENCE = 1200      # seconds without a word from the machine; emulation is slow, and slower on a busy machine
FIRST_GUESS = 300    # requests to the disk, and seconds, that a turn takes, until one was seen
BORN = time.monotonic()
printing = threading.Lock()


class Cut:
    """When the power goes: in which turn of a boot, and there at a request, at a time, or when it was told finished."""

    def __init__(self, dice):
        self.turn = dice.choice((1, 1, 1, 2))
        self.how = dice.choices(("request", "time", "told"), (70, 15, 15))[0]
        self.part = dice.random()
        self.survival = dice.choice(("some", "some", "all", "none"))


class Victim:
    def __init__(self, kind, number, path, built, dice, cuts, systemd, blind):
        self.kind, self.number, self.path, self.built, self.dice = kind, number, path, built, dice
        self.cuts, self.systemd, self.blind = cuts, systemd, blind
        self.known = verdict.Known()
        self.count = collections.Counter()
        self.claimed, self.doing = "old", None  # what was told finished, and the turn that was told begun since
        self.requests, self.seconds = {}, {}    # what a turn takes, as last seen
        self.init, self.cut, self.found = "small", "nothing", ""

    def live(self):
        try:
            while self.boot(last=self.count["cuts"] == self.cuts):
                pass
        except Silent as silent:
            self.bad(str(silent))
        except Exception:  # pylint: disable=broad-except; a thread that dies must not look like one that found nothing
            self.bad("the test itself: " + traceback.format_exc())

    def say(self, text):
        with printing:
            print("%5d s: %s.%d: %s" % (time.monotonic() - BORN, self.kind, self.number, text), flush=True)

    def bad(self, text):
        self.count["bad"] += 1
        self.say("BAD, %s boot after cut %d (%s; %s): %s" % (self.init, self.count["cuts"], self.cut, self.found, text))

    def boot(self, last):
        """From a boot to the next cut; last: only to what the boot found. False when this life is over."""
        place = "%s.boot%d" % (self.path, self.count["boots"])
        self.count["boots"] += 1
        self.disk = Disk(self.path, place)
        self.machine = Machine(self.disk, place, self.built, thaw(self.built))
        self.machine.go(self.kind, "/sbin/init" if self.init == "systemd" else "/power/guest" + (" blind" if self.blind else ""))
        plan, fine = Cut(self.dice), True
        try:
            if self.examine() and not last:
                self.work(plan)
        except verdict.Bad as bad:
            self.bad(str(bad))
            fine = False
        finally:
            self.disk.cut()
            self.machine.kill()
        unflushed, lost = self.disk.settle(self.dice, plan.survival)
        self.faults()
        if last or not fine:  # what follows from a harm would be counted again
            return False
        self.count["cuts"] += 1
        self.cut += ", %d blocks in the cache, %s kept, %d lost" % (unflushed, plan.survival, lost)
        self.choose_init()
        return True

    def faults(self):
        """What the kernel said of the file system."""
        with open(self.machine.kernel_log, encoding="utf-8", errors="replace") as log:
            lines = [line.strip() for line in log if "error" in line.lower() or "corrupt" in line.lower() or "BUG" in line]
        os.unlink(self.machine.kernel_log)
        if lines:
            self.bad("the kernel: " + " | ".join(lines[:5]))

    def choose_init(self):
        """systemd where something is probably left to recover, and at the latest when the cuts that are left are as many as its boots."""
        wanted = self.systemd - self.count["systemd"]
        due = self.cuts - self.count["cuts"] < wanted
        likely = self.doing is not None and self.dice.random() < 0.5
        self.init = "systemd" if wanted > 0 and (due or likely) else "small"

    def hear(self, seconds=PATIENCE):
        """The next line; None when the power went first."""
        line = self.machine.hear(seconds)
        if line is None and not self.disk.dead.is_set() and seconds == PATIENCE:
            raise Silent("nothing heard for %d s: %s" % (PATIENCE, self.machine.last_words()))
        return line

    # ---- what the cut left

    def examine(self):
        """Up to "ready". False when the power was cut in the recovery."""
        heard = {}
        while ("ready", "") not in heard:
            line = self.hear()
            if line is None:
                return False
            what, which, rest = line
            heard[what, which] = verdict.Facts(rest) if what == "facts" else rest
            if (what, which) == ("facts", "before"):
                self.look(heard[what, which])
            elif (what, which) == ("end", "boot"):
                self.disk.cut_in(None)
        self.claimed = verdict.check(self.known, self.claimed, self.doing, heard)
        self.doing = None
        if self.count["cuts"]:
            mark = heard["facts", "before"].mark
            self.count[self.init] += 1
            self.count["recovered by systemd"] += mark and self.init == "systemd"
            self.say("cut %d (%s): found %s; %s boot: all %s%s" % (
                self.count["cuts"], self.cut, self.found, self.init, self.claimed, ", recovered" if mark else ""))
        return True

    def look(self, before):
        """Counts what the cut left, and decides whether its recovery is cut, too."""
        if self.known.old is None:
            self.known.old = before.files
            return
        side, strange = self.known.side(before.files)
        self.found = "%s%s, files %s%s" % (before.state, " and one prepared" if before.prepared else "", side,
                                           ", names of mailfix's" if strange else "")
        self.count[before.state if before.half_way else "prepared" if before.prepared or strange else "whole"] += 1
        self.count["mixed"] += side == "mixed"
        if before.half_way and self.init == "small" and self.dice.random() < 0.3:
            self.cut = "at a request of the recovery"
            self.disk.cut_in(self.dice.randint(1, 30))

    # ---- the work, and its end

    def work(self, plan):
        """Until the power goes. The first boot shows what a whole apply and a whole rollback look like, before anything is cut."""
        turn = plan.turn + (2 if self.known.new is None else 0)
        while True:
            line = self.hear()
            if line is None:
                return
            what, which, rest = line
            if what == "facts" and which == "apply":
                self.known.new = verdict.Facts(rest).files
                verdict.need(self.known.new != self.known.old, "an apply that changes nothing shows nothing")
            elif what == "facts":
                verdict.need(self.known.side(verdict.Facts(rest).files) == ("old", []), "a whole rollback brings back something else")
            elif what == "begin":
                turn -= 1
                self.begin(which, plan if turn == 0 else None)
            elif what == "end":
                if self.end(which, rest):
                    return

    def begin(self, which, plan):
        self.doing, self.plan, self.began = which, plan, (self.disk.requests, time.monotonic())
        if plan is None:
            return
        requests, seconds = self.requests.get(which, FIRST_GUESS), self.seconds.get(which, FIRST_GUESS)
        if plan.how == "request":
            at = 1 + int(plan.part * requests)
            self.cut = "at request %d of some %d of %s" % (at, requests, which)
            self.disk.cut_in(at)
        elif plan.how == "time":
            self.cut = "%.1f s into some %.1f s of %s" % (plan.part * seconds, seconds, which)
            self.disk.cut_after(plan.part * seconds)
        else:
            self.cut = "when %s was told finished" % which

    def end(self, which, code):
        """True when the power goes now: a turn that was to be cut has ended before."""
        if code != "0":
            raise verdict.Bad("%s: exit %s: %s" % (which, code, (self.hear() or ["", "", ""])[2]))
        self.claimed, self.doing = verdict.LEADS_TO[which], None
        self.requests[which] = self.disk.requests - self.began[0]
        self.seconds[which] = time.monotonic() - self.began[1]
        if self.plan is not None and self.plan.how != "told":
            self.cut = "when %s was told finished" % which
        return self.plan is not None
