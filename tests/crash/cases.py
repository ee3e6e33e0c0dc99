# SPDX-License-Identifier: GPL-3.0-or-later
"""What the crash tests kill: each case is one run of mailfix from one tree, and what must come of it.

A case leads from the tree "before" to the tree "after". Both are known before anything is killed; whatever happens, the
tree must be one of them once mailfix has had its next turn.

  apply     two files change                                  create     a file changes and one is created
  rollback  of that transaction                               uncreate   rollback of it
  last      rollback without a name, of two transactions      middle     rollback of the older of two
  merge     rollback of a file that was edited elsewhere      force      of one that was edited where it counts
  indexes   a file and two indexes, one of them new: live     unindex    rollback of it, live

Limits: live cases have no service that runs, so a reload is skipped there; and postmap's output differs from run to run,
so an index counts as the new one when it is what the record says.
"""
import hashlib
import os
import shutil
import subprocess

import trees
from trees import ETC, MAIN, MASTER, STORE

TAKEN = "Transaction %s was taken back: the files are as they were before it."
TAKEN_LIVE = "Transaction %s was taken back: the files and services are as they were before it."
TAKEN_OUT = "Transaction %s was taken back; what was changed since stays."
CHANGED = "Changed and recorded; kept as transaction %s."
CHANGED_LIVE = "Changed and verified; kept as transaction %s."


class Problem(Exception):
    """kind is a column of the summary."""

    def __init__(self, kind, text):
        super().__init__(text)
        self.kind = kind


class Case:
    live = False
    named = True        # that the same words always mean the same transaction
    more = None         # from after, what leads to the tree before everything, but for times
    facts = None        # a file of its own
    undo = None         # words that lead from after to before; None: the same words again find nothing to do

    def __init__(self, name, what, closing, **more):
        self.name, self.what, self.closing = name, what, closing
        self.__dict__.update(more)

    def build(self, top, run):
        """The tree that the case starts from; run(tree, words) runs mailfix and must succeed."""
        trees.build(top)

    def normal(self, seen):
        return trees.outside(seen)

    def check(self, tree, side, said):
        """More than the trees; said: all that was said from the kill to now."""


class Rolled(Case):
    """A rollback: steps are the transactions before it, edits what somebody did to the files then."""
    steps = (("apply", "two-files", "-y"),)
    edits = ()

    def build(self, top, run):
        trees.build(top)
        for words in self.steps:
            run(top, words)
        for path, old, new in self.edits:
            trees.replace(os.path.join(top, path), old, new)


class Force(Rolled):
    """The edited copy stays in the record, as it was, and people are told where."""

    def check(self, tree, side, said):
        if side != "after":
            return
        place = os.path.join(STORE, "txn/0001-two-files/edited/1")
        seen, wanted = trees.look(tree), self.edited
        if seen.get(place) != wanted:
            raise Problem("mixed", "the edited copy is %s" % ("not as it was" if place in seen else "gone"))
        history = self.run(tree, ("history",)).out
        for where, text in (("said", said), ("in the history", history)):
            if where == "in the history" and place not in text or where == "said" and said is not None and place not in said:
                raise Problem("other", "where the edited copy is, is not " + where)

    def learn(self, start):
        self.edited = trees.look(start)[MAIN]


class Clean(Rolled):
    """What stays must be what the records say."""

    def check(self, tree, side, said):
        if side == "after":
            status = self.run(tree, ("status",))
            if status.code != 0:
                raise Problem("mixed", "status: exit %d: %s" % (status.code, status.out + status.err))


class Live(Case):
    live = True

    def build(self, top, run):
        base = self.base
        os.makedirs(os.path.join(top, ETC))
        os.makedirs(os.path.join(top, "var/lib"))
        os.setxattr(os.path.join(top, ETC), "trusted.overlay.opaque", b"y")
        for name in ("main.cf", "master.cf", "dynamicmaps.cf", "postfix-files"):
            with open(os.path.join(base, ETC, name), "rb") as file:
                text = file.read()
            if name == "main.cf":
                text += b"transport_maps = hash:/etc/postfix/transport\nrelay_domains = example.net\n"
            trees.put(os.path.join(top, ETC, name), text, 0o644, 0, 0)
        trees.put(os.path.join(top, ETC, "transport"), b"a.example smtp:[127.0.0.1]:2525\n", 0o640, 7, 8)
        trees.put(os.path.join(top, ETC, "relays"), b"b.example ok\n", 0o644, 0, 0)
        run(top, ("-o", "hash:/etc/postfix/transport"), program="postmap")
        os.utime(os.path.join(top, ETC, "transport.db"), (trees.LONG_AGO, trees.LONG_AGO))
        if self.what[0] == "rollback":
            run(top, ("apply", "indexes", "-y"))

    def normal(self, seen):
        """An index that a record says was built is "built"."""
        plans = b"".join(what[4] for path, what in seen.items() if path.startswith(STORE) and path.endswith("/plan.json"))
        tree = trees.outside(seen)
        for path, what in tree.items():
            if path.endswith(".db") and what[5] == "a run":
                built = hashlib.sha256(what[4]).hexdigest().encode() in plans
                tree[path] = what[:4] + (b"built" if built else b"other",) + what[5:]
        return tree


def all_cases():
    name = "0001-two-files"
    both = (("apply", "two-files", "-y"), ("apply", "other-place", "-y"))
    return [
        Case("apply", ("apply", "two-files", "-y"), CHANGED % name, undo=("rollback", "-y")),
        Rolled("rollback", ("rollback", "-y"), TAKEN % name),
        Case("create", ("apply", "create", "-y"), CHANGED % "0001-create", undo=("rollback", "-y")),
        Rolled("uncreate", ("rollback", "-y"), TAKEN % "0001-create", steps=(("apply", "create", "-y"),)),
        Rolled("last", ("rollback", "-y"), TAKEN % "0002-other-place", steps=both, named=False,
               more=("rollback", "1", "-y")),
        Clean("middle", ("rollback", "1", "-y"), TAKEN_OUT % name, steps=both, more=("rollback", "2", "-y")),
        Rolled("merge", ("rollback", "--merge", "-y"), TAKEN_OUT % name,
               edits=((MAIN, b"mx.example.org", b"mx2.example.org"), (MASTER, b"60 1", b"30 1"))),
        Force("force", ("rollback", "--force", "-y"), TAKEN % name, edits=((MAIN, b"lmdb:", b"cdb:"),)),
        Live("indexes", ("apply", "indexes", "-y"), CHANGED_LIVE % "0001-indexes", undo=("rollback", "-y")),
        Live("unindex", ("rollback", "-y"), TAKEN_LIVE % "0001-indexes"),
    ]


def host_tree():
    """The tree of a host with Postfix that tests/hosts keeps, or None."""
    here = os.path.dirname(os.path.abspath(__file__))
    if shutil.which("mmdebstrap") is None:
        return None
    done = subprocess.run([os.path.join(here, "../hosts/tree"), "debian12-systemd"], stdout=subprocess.PIPE, check=False)
    lines = done.stdout.decode().split()
    return lines[-1] if done.returncode == 0 and lines else None
