#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""bite.py [NAME...]: do the crash tests bite? Each sync, comparison and lock of the transaction is taken out in turn.

A copy of the source is built once; then, for each row of REMOVALS, one text in one file is replaced by another, what
depends on it is built again, and the tests that the row names must turn red, the first that does ends the row. Before
that each of these tests must be green. A row whose text is not there exactly once fails: whoever changes the protocol
changes the list. A row with a reason instead of tests is shown with it. NAME picks rows by the beginning of their names.

Limits. One removal at a time: two that make up for each other are not found together. Needs what points.py needs.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import namedtuple

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
Removal = namedtuple("Removal", "name file old new tests reason", defaults=(None,))

APPLY, ROLLBACK, BETWEEN = "power apply", "power rollback", "between"
REMOVALS = [
    # ---- syncs ----
    Removal("sync: a text beside its file", "file_write.c", "file_copy_metadata(like, fd, mtime) && fsync(fd) == 0",
            "file_copy_metadata(like, fd, mtime)", [APPLY]),
    Removal("sync: a text that is made", "file_write.c", "futimens(fd, times) == 0 && fsync(fd) == 0", "futimens(fd, times) == 0",
            ["power create"]),
    Removal("sync: a copy of a text", "file_write.c", "file_copy_metadata(in, out, NULL) && fsync(out) == 0",
            "file_copy_metadata(in, out, NULL)", [ROLLBACK]),
    Removal("sync: plan.json, back.json", "file_write.c", "(!sync || fsync(fd) == 0)", "(sync || true)", [APPLY]),
    Removal("sync: the name of a copy, across file systems", "file_write.c", "to, err)) && file_sync_dir(to_dir, err);",
            "to, err));", ["power --exdev apply"]),
    Removal("sync: that a copied text is gone from beside its file", "txn.c", "(txn_discard_temps(txn) && txn_sync_dirs(txn, &ignored))",
            "(txn_discard_temps(txn) && (true || txn_sync_dirs(txn, &ignored)))", ["power --exdev apply"]),
    Removal("sync: a word in state", "file_write.c", " && fdatasync(fd) == 0", "", [APPLY]),
    Removal("sync: /var/lib", "record_store.c", "file_sync_dir(lib, err) && file_sync_dir(store.dir, err)", "file_sync_dir(store.dir, err)",
            [APPLY]),
    Removal("sync: the store", "record_store.c", "file_sync_dir(lib, err) && file_sync_dir(store.dir, err)", "file_sync_dir(lib, err)",
            [APPLY]),
    Removal("sync: names in the record", "txn.c", " && file_sync_dir(txn->dir, err);\n}", ";\n}", [APPLY]),
    Removal("sync: the record's name", "txn.c", "ok = begun && file_sync_dir(store->txn, err) &&", "ok = begun &&", [APPLY]),
    Removal("sync: the swap", "txn.c", "    if (!txn_sync_dirs(txn, err))\n        return false;\n    txn->may_say_kept", "    txn->may_say_kept",
            [APPLY]),
    Removal("sync: what is put back", "txn_back.c", "if (!txn_sync_dirs(txn, &sync) && ok)", "if (false && txn_sync_dirs(txn, &sync))",
            [APPLY]),
    Removal("sync: names in the record, for a rollback", "txn_back.c", " &&\n         file_sync_dir(txn->dir, err);\n    if (ok)",
            ";\n    if (ok)", [ROLLBACK]),
    Removal("sync: the swap of a rollback", "txn_back.c", "    return txn_sync_dirs(txn, err);", "    return true;", [ROLLBACK]),
    Removal("sync: what a rollback by force puts aside", "txn_back.c", "edited, s->slot, err) && file_sync_dir(edited, err)",
            "edited, s->slot, err)", ["power force"]),
    Removal("sync: the name of a text that comes back", "txn_back.c", "    ok = ok && file_sync_dir(back, err);\n", "", ["power merge"]),
    Removal("sync: names of rebased texts", "txn_back.c", "ok = ok && file_sync_dir(dir, err);", "", [],
            "rebased/N serves a later rollback of another transaction, which computes the text anew from before/ where it is not"),
    Removal("sync: files before the record goes", "txn.c", "txn_sync_dirs(txn, &err) &&", "", [APPLY]),
    Removal("sync: the record's name is taken back", "txn.c", "             file_sync_dir(txn->store->txn, &err);", "             true;",
            [APPLY]),
    Removal("sync: what a killed run said", "record_store.c", "if (!file_overwrite(store->txn, state, bytes, STATE_LEN, err))", "if (false)", [APPLY]),
    Removal("sync: what a killed rollback said", "txn_back.c", "        return txn_write_state(txn, TXN_UNDOING, err);", "        return true;",
            [ROLLBACK]),
    Removal("sync: a damaged record is set aside", "record_store.c", "file_sync_dir(damaged, err) &&", "true &&", [],
            "it only delays: after a cut the record is where it was, or in both places' order, and is set aside again"),
    # ---- the order ----
    Removal("mark: not set by apply", "txn.c", "        !file_reserve(txn->dir, RECORD_MARK, \"\", 0, err) ||\n", "", [APPLY]),
    Removal("mark: not set by rollback", "txn_back.c", "file_reserve(txn->dir, RECORD_MARK, \"\", 0, err) &&\n", "\n",
            [ROLLBACK]),
    Removal("order: no name of its own for what is not whole", "txn.c",
            "snprintf(swap->fresh, sizeof(swap->fresh), FILE_FRESH_FORMAT, swap->at.name)",
            "snprintf(swap->fresh, sizeof(swap->fresh), FILE_TEMP_FORMAT, swap->at.name)", ["sweep create"]),
    Removal("order: no name of its own for what comes back from another file system", "txn_back.c",
            "file_move_whole(txn->before, s->slot, s->at.dir, s->fresh, s->temp, err)",
            "file_move(txn->before, s->slot, s->at.dir, s->temp, err)", ["sweep apply"]),
    Removal("order: a record goes though something of it is left", "txn.c", "bool stays = begun && !gone;", "bool stays = begun && !gone && false;",
            ["unit txn_faults"]),
    Removal("order: what was copied goes before kept is said", "txn.c",
            "file_move_or_copy(s->at.dir, s->temp, txn->before, s->slot, s->slot, &stays, err)",
            "file_move(s->at.dir, s->temp, txn->before, s->slot, err)", ["unit txn_faults"]),
    Removal("order: what the way back takes out is removed", "txn_back.c", "    return (!s->in_use && txn->taken >= 0 &&",
            "    return (false && !s->in_use && txn->taken >= 0 &&", ["unit txn", "others editor"]),
    Removal("order: the mark goes before what lies beside a file", "undo.c", "        if (!record_is_half_way(&record[i]))\n            continue;\n",
            "        if (!record_is_half_way(&record[i])) {\n            if (!record_settle(store, &record[i], err))\n                return false;\n"
            "            continue;\n        }\n", ["power --exdev apply"]),
    Removal("sync: what lay beside a file", "txn_back.c", "    if (ok && (litter || marked))\n        ok = file_sync_dir(s.at.dir, err);\n",
            "    (void)marked;\n", ["power --exdev apply"]),
    Removal("sync: what a killed run had removed beside a file", "txn_back.c", "    if (ok && (litter || marked))\n", "    (void)marked;\n    if (ok && litter)\n",
            ["power --exdev apply"]),
    # ---- comparisons ----
    Removal("compare: what the swap displaced", "txn.c", "    if (strcmp(displaced, from) == 0)", "    if (true)", [BETWEEN]),
    Removal("compare: what was taken away", "txn.c", "    if (strcmp(taken, from) == 0)", "    if (strcmp(taken, from) == 0 || true)",
            ["unit txn_faults"]),
    Removal("compare: nobody made the file", "file_write.c", "if (rename_names(dir, temp, name, RENAME_NOREPLACE) == 0)",
            "if (rename_names(dir, temp, name, 0) == 0)", ["unit txn"]),
    Removal("compare: the text that was linked aside", "file_write.c", "if (strcmp(digest, expected) != 0 || ",
            "if ((false && strcmp(digest, expected) != 0) || ", ["unit file_faults", BETWEEN]),
    Removal("compare: the file that was linked aside", "file_write.c", " || !same) {", ") {", ["unit file_faults", BETWEEN]),
    Removal("compare: put back what is ours", "txn_back.c", "    if (strcmp(target, s->after) == 0) {\n        if (temp[0] == '\\0' &&",
            "    if (true) {\n        if (temp[0] == '\\0' &&", ["sweep apply"]),
    Removal("compare: the record has the text", "txn_back.c", "    if (strcmp(digest, s->before) == 0)\n        return true;\n    return err_outcome",
            "    if (true)\n        return true;\n    return err_outcome", ["unit txn", "power merge"]),
    Removal("compare: a created file is ours", "txn_back.c", "    if (temp[0] != '\\0' && strcmp(temp, s->after) != 0) {", "    if (false) {",
            ["unit txn"]),
    Removal("compare: take away what is ours", "txn_back.c", "    if (strcmp(target, s->after) == 0) {\n        if (!txn_swap_one",
            "    if (true) {\n        if (!txn_swap_one", ["unit txn"]),
    Removal("compare: files are as the rollback was planned", "txn_back.c", "        if (strcmp(found, s->after) != 0)", "        if (false)",
            ["unit txn", BETWEEN]),
    Removal("compare: roll back what is ours", "txn_back.c", "    if (strcmp(target, s->after) == 0 && strcmp(s->after, s->before) != 0) {",
            "    if (strcmp(s->after, s->before) != 0) {", [BETWEEN]),
    Removal("compare: is there something to bring back", "txn_back.c",
            "    if (strcmp(target, s->after) == 0 && strcmp(s->after, s->before) != 0) {", "    if (strcmp(target, s->after) == 0) {",
            ["unit txn"]),
    Removal("compare: a large file before it is read", "file_edit.c", "    if (file_unchanged(&now, edit->identity))\n        return true;",
            "    return true;", ["unit file_faults"]),
    Removal("compare: a large file after it was read", "file_edit.c", "    return ok && !same ? changed(edit, err) : ok;",
            "    return ok && !same && false ? changed(edit, err) : ok;", ["unit file_faults"]),
    Removal("compare: the sum of a record", "record_json.c", "return json_sum(object, sum) && strcmp(sum, said) == 0;", "return json_sum(object, sum);",
            ["unit record", "cli records"]),
    # ---- locks ----
    Removal("lock: the store", "file_lock.c", "    if (flock(fd, LOCK_EX | LOCK_NB) < 0) {\n        bool busy = errno == EWOULDBLOCK;\n        err_errno(err, \"cannot lock %s\", name);",
            "    if (false) {\n        bool busy = errno == EWOULDBLOCK;\n        err_errno(err, \"cannot lock %s\", name);", ["unit file", "others mailfix"]),
    Removal("lock: a file that postconf edits", "file_lock.c", "        if (flock(fd, LOCK_EX | LOCK_NB) < 0) {\n            bool", "        if (false) {\n            bool",
            ["unit file"]),
    Removal("lock: still the same file", "file_lock.c", "        if (same && S_ISREG", "        if (S_ISREG", ["unit file_faults"]),
    Removal("lock: not taken by apply", "txn.c", " && txn_lock_edit(&txn, err) &&\n         stage_after", " &&\n         stage_after", ["cli exit-75", APPLY]),
    Removal("lock: not taken by rollback", "txn.c", "txn_open_swaps(&txn, err) && txn_lock_edit(&txn, err)) {", "txn_open_swaps(&txn, err)) {",
            ["cli exit-75"]),
]

work = {}


def run(command, **more):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", **more)


def must(command):
    done = run(command)
    if done.returncode != 0:
        sys.exit("%s: exit %d\n%s" % (" ".join(command), done.returncode, done.stdout[-3000:]))


def build():
    done = run(["ninja", "-C", work["build"], "mailfix"])
    if done.returncode == 0:
        shutil.copy2(os.path.join(work["build"], "mailfix"), os.path.join(work["prefix"], "sbin/mailfix"))
    return done


def command_of(test):
    kind, *words = test.split()
    crash = os.path.join(work["source"], "tests/crash")
    return {
        "power": [os.path.join(crash, "power.py"), work["prefix"], "--quick", "--stop", *words],
        "sweep": [os.path.join(crash, "sweep.py"), work["prefix"], "--quick", "--stop", *words],
        "between": [os.path.join(crash, "between.py"), work["prefix"], "--quick", "--stop"],
        "others": [os.path.join(crash, "others.py"), work["prefix"], "--quick", *words],
        "unit": ["meson", "test", "-C", work["build"], "--print-errorlogs", *words],
        "cli": ["/usr/bin/python3", os.path.join(work["source"], "tests/cli/run"), work["prefix"], *words],
    }[kind]


def red(test):
    """What it said when it failed; None: it did not."""
    done = run(command_of(test))
    if done.returncode == 0:
        return None
    lines = [line.strip() for line in done.stdout.splitlines() if line.strip()]
    telling = [line for line in lines if re.search(r"cut before|cut at|killed at|FAILED|not ok|[Ff]ail:? *[1-9]|after |rror:|without", line)]
    return (telling or lines or [""])[0][:160]


def prepare():
    work["source"], work["build"], work["prefix"] = (os.path.join(work["top"], name) for name in ("source", "build", "prefix"))
    shutil.copytree(TOP, work["source"], symlinks=True, ignore=shutil.ignore_patterns(".git", "__pycache__", "shared"))
    must(["meson", "setup", work["build"], work["source"], "--prefix=" + work["prefix"]])
    must(["ninja", "-C", work["build"], "install"])


def remove(row):
    """'caught by ...', or what is wrong."""
    path = os.path.join(work["source"], "src", row.file)
    with open(path) as file:
        text = file.read()
    if text.count(row.old) != 1:
        return False, "the text to replace is there %d times in src/%s" % (text.count(row.old), row.file)
    if row.reason is not None:
        return True, "not tested: " + row.reason
    try:
        with open(path, "w") as file:
            file.write(text.replace(row.old, row.new))
        built = build()
        if built.returncode != 0:
            return False, "does not build: " + "\n".join(line for line in built.stdout.splitlines() if "error" in line)
        for test in row.tests:
            said = red(test)
            if said is not None:
                return True, "%s: %s" % (test, said)
        return False, "NOT CAUGHT by " + ", ".join(row.tests)
    finally:
        with open(path, "w") as file:
            file.write(text)


def main():
    rows = [row for row in REMOVALS if len(sys.argv) == 1 or row.name.startswith(tuple(sys.argv[1:]))]
    failed, caught, excused, began = [], 0, 0, time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mailfix-bite-") as work["top"]:
        prepare()
        for test in sorted({test for row in rows for test in row.tests}):
            said = red(test)
            print("%5.0f s  nothing removed: %s: %s" % (time.monotonic() - began, test, said or "green"), flush=True)
            if said is not None:
                sys.exit("%s is red with nothing removed" % test)
        for row in rows:
            fine, said = remove(row)
            print("%5.0f s  %-50s %s" % (time.monotonic() - began, row.name, said), flush=True)
            failed += [] if fine else [row.name]
            caught += fine and row.reason is None
            excused += fine and row.reason is not None
    print("%d removals: %d turn a test red, %d have a reason why not, %d failed" % (len(rows), caught, excused, len(failed)))
    return 1 if failed or not rows else 0


if __name__ == "__main__":
    sys.exit(main())
