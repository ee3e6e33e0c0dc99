# SPDX-License-Identifier: GPL-3.0-or-later
"""verdict.py: whether what a machine told after a power cut (guest, facts.py) is what mailfix promises."""
import ast

OTHER = {"old": "new", "new": "old"}
LEADS_TO = {"apply": "new", "rollback": "old"}


class Bad(Exception):
    """Something that mailfix promises did not hold."""


def need(holds, text):
    if not holds:
        raise Bad(text)


class Facts:
    """What facts.py told."""

    def __init__(self, text):
        told = ast.literal_eval(text)
        self.files, (self.records, self.mark) = told["files"], told["store"]
        begun = [state for name, state in self.records if not name.startswith(".new-")]
        self.state = (begun[-1] or "torn") if begun else "no record"  # of the newest transaction
        self.half_way = self.state in ("applying", "undoing", "torn")
        self.prepared = len(begun) < len(self.records)


class Known:
    """The two states of the files. Of the new one, times differ from run to run, and so do the bytes of an index; that those are what
    the record says is for `mailfix status` to tell."""

    def __init__(self):
        self.old = self.new = None

    @staticmethod
    def lasting(files):
        return {path: what[:4] + (() if path.endswith(".db") else what[4],) for path, what in files.items()}

    def side(self, files):
        """old, new or mixed; and the names that neither state has."""
        if self.new is None:
            return ("old" if files == self.old else "mixed"), []
        strange = sorted(set(files) - set(self.old) - set(self.new))
        files = {path: what for path, what in files.items() if path not in strange}
        if files == self.old:
            return "old", strange
        return ("new" if self.lasting(files) == self.lasting(self.new) else "mixed"), strange

    def difference(self, files):
        """For a person: what makes it neither."""
        new = self.new or {}
        return ["%s: %r, old %r, new %r" % (path, files.get(path), self.old.get(path), new.get(path))
                for path in sorted(set(files) | set(self.old) | set(new)) if files.get(path) != self.old.get(path)]


def check(known, claimed, doing, heard):
    """Raises Bad, or returns the side that the files are on. claimed: the side that was told finished before the cut; doing: the turn
    that had begun since, if any; heard: (what, which) -> rest of all lines from the boot to "ready"."""
    before, boot = heard["facts", "before"], heard["facts", "boot"]
    side, strange = known.side(boot.files)
    need(side != "mixed", "the files are mixed after the recovery: " + "; ".join(known.difference(boot.files)))
    allowed = {claimed, LEADS_TO.get(doing, claimed)}
    need(side in allowed, "the files are the %s ones, though %s were told finished and then %s began" % (side, claimed, doing))
    need((boot.state == "kept") == (side == "new") and not boot.half_way,
         "the files are the %s ones, and the record says %s" % (side, boot.state))
    need(not before.mark or not strange and not boot.prepared and not boot.mark,
         "boot recovered, and this is left: %s, %r" % (strange, boot.records))
    check_again(known, before, boot, heard)
    for verb in ("status", "store"):
        need(heard["end", verb] == "0", "%s: exit %s: %s" % (verb, heard["end", verb], heard.get(("said", verb))))
    greeting = heard["said", "greeting"].strip()
    need(greeting.startswith("220 ") and greeting.endswith("after") == (side == "new"),
         "port 25 says %r, and the files are the %s ones; %s" % (greeting, side, heard.get(("said", "postfix"), "")))
    if ("units", "systemd") in heard:
        check_units(before, dict(word.split("=", 1) for word in heard["units", "systemd"].split(" ")))
    else:
        need(heard["end", "boot"] == "0", "the init script: exit %s: %s" % (heard["end", "boot"], heard["said", "boot"]))
    return side


def check_again(known, before, boot, heard):
    """The run after the boot: it may remove what was prepared only, as boot does not look without the mark; then there is nothing."""
    said = heard["said", "recover"]
    need(heard["end", "recover"] == "0", "recover: exit %s: %s" % (heard["end", "recover"], said))
    last = boot
    if ("facts", "settled") in heard:
        need(not before.mark, "boot recovered, and there was still something to recover: " + said)
        need(heard["said", "again"].startswith("Nothing to recover"), "recovered again: " + heard["said", "again"])
        last = heard["facts", "settled"]
    side, strange = known.side(last.files)
    need(side == known.side(boot.files)[0], "recovered again, the files became " + side)
    need(not strange and not last.prepared, "nothing to recover, and this is left: %s, %r" % (strange, last.records))


def check_units(before, told):
    need(told["failed"] == "", "units failed: " + told["failed"])
    need((told["recover-ran"] == "yes") == before.mark, "mailfix-recover.service ran: %s" % told["recover-ran"])
    if before.mark:
        need(told["recover-result"] == "success", "mailfix-recover.service: " + told["recover-result"])
        need(0 < int(told["recover-done"]) < int(told["postfix-start"]), "Postfix began before recovery had ended: %r" % told)
