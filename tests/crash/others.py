#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""others.py MAILFIX_PREFIX [--quick] [PART...]: other people at work at the same time. Parts:

  mailfix   16 mailfix at once, applies and rollbacks by chance, 500 rounds. Whoever does not win says 75; the file is what
            the records say in their order, whatever that order was; taking everything back leads to the first text.
  postconf  200 applies and rollbacks against a loop of `postconf -e` (a real one) on the same main.cf: no edit is lost
            and none is half there, neither postconf's nor mailfix's.
  editor    somebody edits main.cf in each window: mailfix is stopped at every changing call of an apply and of a rollback, and
            their line is written meanwhile, as an editor does that renames a new file into place, in place, or through a
            descriptor that was opened long before. It is in main.cf afterwards, or (the last one) in the record, and if what they
            hold was taken out of its place by the way back, that is said.
  race      another user flips names beside main.cf, and a directory on the way to it, between a file, a symbolic link
            that leads out and a directory, 100,000 times, while root applies and rolls back: nothing outside is touched.

--quick: 6 rounds, 12 applies, every twelfth window, 5,000 flips.

Limits. Chance decides where the others come in between; the kills of sweep.py are where every place is looked at. A
seed is printed and taken from MAILFIX_TEST_SEED. Needs root; without postconf its part is left out, with a word.
"""
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter

sys.dont_write_bytecode = True
import sweep  # noqa: E402
from cases import host_tree  # noqa: E402
from trees import STORE, look, put  # noqa: E402

SETTINGS = ("myhostname", "home_mailbox", "biff", "relayhost")
MAIN = "".join("# about %s\n%s = first\n" % (name, name) for name in SETTINGS) + "# the end\n"
FIX = """fix       zz-others-{short}
title     A setting gets another value, for the tests
effect    noise

param     value
  type      word
  ask       Which value?

edit      main.cf
  each      setting {setting}
  value     {{value}}
"""
NOTHING = "Nothing was changed."
AT_ONCE = 16
USER = 4711
HERE = os.path.dirname(os.path.abspath(__file__))

failures = []


def check(truth, what):
    if not truth:
        failures.append(what)
        print("FAILED  " + what, flush=True)
    return truth


class Host:
    def __init__(self, prefix, top):
        self.mailfix = os.path.join(prefix, "sbin/mailfix")
        self.top = top
        self.main = os.path.join(top, "etc/postfix/main.cf")
        self.facts = top + ".facts"
        with open(self.facts, "w") as file:
            file.write("postfix.version = 3.7.11\npostfix.table-types = btree hash lmdb\ninit = systemd\n")
        os.makedirs(os.path.dirname(self.main))
        os.makedirs(os.path.join(top, "var/lib"))
        put(self.main, MAIN.encode(), 0o644, 0, 0)

    def argv(self, *words):
        return [self.mailfix, "--root", self.top, "--facts", self.facts, *words]

    def start(self, *words):
        return subprocess.Popen(self.argv(*words), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"}, text=True, errors="replace")

    def run(self, *words):
        process = self.start(*words)
        process.out, process.err = process.communicate(timeout=120)
        return process

    def text(self):
        with open(self.main) as file:
            return file.read()

    def records(self):
        done = self.run("history", "--json")
        return json.loads(done.out)["transactions"]

    def forget(self):
        shutil.rmtree(os.path.join(self.top, STORE), ignore_errors=True)
        put(self.main, MAIN.encode(), 0o644, 0, 0)


def last_line(process):
    return (process.err.strip().splitlines() or [""])[-1]


def fix_of(setting):
    return "zz-others-" + setting.replace("_", "-")


def setting_of(record):
    return next(name for name in SETTINGS if fix_of(name) == record["fixes"][0])


def by_records(records):
    """The text that the kept transactions make, in their order."""
    text = MAIN
    for name in SETTINGS:
        values = [record["parameters"][0].split("=", 1)[1] for record in records
                  if record["state"] == "kept" and setting_of(record) == name]
        if values:
            text = text.replace(name + " = first", "%s = %s" % (name, values[-1]))
    return text


def check_sound(host, what):
    for words in (("status",), ("status", "--store")):
        done = host.run(*words)
        check(done.returncode == 0, "%s: %s: exit %d: %s%s" % (what, " ".join(words), done.returncode, done.out, done.err))
    left = sorted(os.listdir(os.path.dirname(host.main)))
    check(left == ["main.cf"], "%s: beside main.cf: %s" % (what, left))


# ---- 16 at once ----

def words_by_chance(number):
    if random.random() < 0.7:
        return ("apply", fix_of(random.choice(SETTINGS)), "value=v%d" % number, "-y")
    if random.random() < 0.5:
        return ("rollback", "-y")
    return ("rollback", str(random.randint(1, 12)), "-y")


def one_round(host, number):
    what = "round %d" % number
    words = [words_by_chance(number * AT_ONCE + i) for i in range(AT_ONCE)]
    processes = [host.start(*one) for one in words]
    codes = []
    for one, process in zip(words, processes):
        process.out, process.err = process.communicate(timeout=120)
        code, line = process.returncode, last_line(process)
        codes.append(code)
        # 2: there is no such transaction; 4: a later one changed the same line, so nothing was done
        fine = code == 0 or code in (75,) and line == NOTHING or one[0] == "rollback" and code in (2, 4) and line == NOTHING
        check(fine, "%s: %s: exit %d: %s" % (what, " ".join(one), code, process.err))
    check(any(code != 75 for code in codes), what + ": nobody won")
    check(host.text() == by_records(host.records()), "%s: main.cf is not what the records say: %r" % (what, host.text()))
    check_sound(host, what)
    return codes


def take_all_back(host, what):
    for record in reversed(host.records()):
        if record["state"] == "kept":
            done = host.run("rollback", record["id"], "-y")
            check(done.returncode == 0, "%s: rollback %s: %s" % (what, record["id"], done.err))
    check(host.text() == MAIN, "%s: the first text did not come back: %r" % (what, host.text()))


def part_mailfix(host, quick):
    rounds, codes = 6 if quick else 500, []
    for number in range(1, rounds + 1):
        codes += one_round(host, number)
        if number % 3 == 0 or number == rounds:
            take_all_back(host, "round %d" % number)
            host.forget()
        if len(failures) > 20:
            break
    return "%d rounds of %d: %d did what they were for, %d found another at work" % (
        rounds, AT_ONCE, codes.count(0), codes.count(75))


# ---- against postconf ----

# In the tree of a real host, whose /mnt is our directory.
EDITOR = """mount --bind "$2" "$1/mnt" || exit
while :; do
    n=$((n + 1))
    chroot "$1" postconf -c /mnt -e "zz_edit_$n = $n" 2>/dev/null
    echo "$n $?"
done
"""


def part_postconf(host, quick):
    base = host_tree()
    if base is None:
        print("postconf: left out, there is no host tree (tests/hosts/tree)")
        return None
    wanted, log, codes, tries = 12 if quick else 200, host.top + ".edits", [], 0
    with open(log, "w") as file:
        editor = subprocess.Popen(["unshare", "--mount", "--propagation", "private", "sh", "-c", EDITOR, "editor", base,
                                   os.path.dirname(host.main)], stdout=file)
    try:
        while codes.count(0) < wanted and tries < wanted * 20:
            tries += 1
            words = ("rollback", "-y", "--merge") if codes and tries % 4 == 0 else \
                ("apply", fix_of(SETTINGS[tries % 4]), "value=v%d" % tries, "-y")
            done = host.run(*words)
            codes.append(done.returncode)
            line = last_line(done)
            fine = done.returncode == 0 or done.returncode in (1, 75) and line == NOTHING or \
                words[0] == "rollback" and done.returncode == 4 and line == NOTHING
            check(fine, "against postconf: %s: exit %d: %s" % (" ".join(words), done.returncode, done.err))
            check(done.returncode != 1 or "changed by somebody else" in done.err, "against postconf: exit 1: " + done.err)
    finally:
        editor.kill()
        editor.wait()
    time.sleep(0.3)  # the last postconf may be at it still
    with open(log) as file:
        edits = [line.split() for line in file]
    text = host.text()
    lost = 0
    for number, code in edits:
        here = text.count("\nzz_edit_%s = %s\n" % (number, number))
        lost += code == "0" and here != 1
        check(code != "0" or here == 1, "against postconf: edit %s is there %d times" % (number, here))
    others = "".join(line + "\n" for line in text.splitlines() if not line.startswith("zz_edit_"))
    check(others == by_records(host.records()), "against postconf: mailfix's own lines: %r" % others)
    check(codes.count(0) >= wanted, "against postconf: only %d of %d runs got through" % (codes.count(0), wanted))
    check(len([code for _, code in edits if code == "0"]) >= wanted // 4, "against postconf: it edited only %d times" % len(edits))
    left = [name for name in os.listdir(os.path.dirname(host.main)) if name not in ("main.cf", "main.cf.tmp")]
    check(left == [], "against postconf: beside main.cf: %s" % left)
    return "%d runs of mailfix (%d done, %d found postconf at work, %d saw its edit come in between), %d edits of postconf, %d lost" % (
        len(codes), codes.count(0), codes.count(75), codes.count(1), len(edits), lost)


# ---- an editor in each window ----

LINE = "# theirs\n"


def changing_calls(host, words):
    """NAME, N of the changing calls of such a run, which is made."""
    log, count, found = host.top + ".calls", Counter(), []
    subprocess.run(["strace", "-o", log, "-s", "80", "-e", "trace=%file,%desc", *host.argv(*words)], check=True,
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with open(log, encoding="latin-1") as file:
        for line in file:
            if "(" not in line:
                continue  # how it ended
            name = line.split("(")[0]
            count[name] += 1
            call = sweep.Call(name, count[name], line.strip())
            if name not in sweep.NOT_FILES and sweep.changes(call) and not sweep.to_terminal(call):
                found.append(call)
    return found


def stopped(tracer, log):
    """The program below strace, once it stands still; None: it ended before."""
    while tracer.poll() is None:
        with open(log) as file:
            if "--- stopped by SIGSTOP ---" in file.read():
                with open("/proc/%d/task/%d/children" % (tracer.pid, tracer.pid)) as children:
                    return int(children.read())
        time.sleep(0.02)
    return None


def write_line(host, style, held):
    if style == "rename":
        put(host.main + ".new", (host.text() + LINE).encode(), 0o644, 0, 0)
        os.rename(host.main + ".new", host.main)
    else:
        fd = held if style == "held" else os.open(host.main, os.O_WRONLY | os.O_APPEND)
        os.write(fd, LINE.encode())
        if style != "held":
            os.close(fd)


def place_of_line(top):
    for here, _, names in os.walk(top):
        for name in names:
            path = os.path.join(here, name)
            with open(path, "rb") as file:
                if LINE.encode() in file.read():
                    return path
    return None


def edit_in_window(host, words, before, call, style):
    what = "editor, %s at %s #%d of %s" % (style, call.name, call.nth, words[0])
    host.forget()
    for other in before:
        host.run(*other)
    held = os.open(host.main, os.O_WRONLY | os.O_APPEND)
    log = host.top + ".stopped"
    open(log, "w").close()
    tracer = subprocess.Popen(["strace", "-o", log, "-e", "trace=" + call.name,
                               "--inject=%s:signal=STOP:when=%d" % (call.name, call.nth), *host.argv(*words)],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    child = stopped(tracer, log)
    if check(child is not None, what + ": it did not stop there"):
        write_line(host, style, held)
        os.kill(child, signal.SIGCONT)
    tracer.out, tracer.err = tracer.communicate(timeout=60)
    os.close(held)
    code, text = tracer.returncode, host.text()
    check(code in (0, 1, 3, 4), "%s: exit %d: %s" % (what, code, tracer.err))
    where = None if LINE in text or style != "held" else place_of_line(os.path.join(host.top, STORE))
    kept = check(LINE in text or where is not None, "%s: the edit is lost (exit %d): %r" % (what, code, text))
    if where is not None and "/taken/" in where:
        said = tracer.err + host.run("status", "--store").out
        check(where in said, "%s: nobody says where the edit is (%s): %s" % (what, where, said))
    check(text.replace(LINE, "") in (MAIN, MAIN.replace("biff = first", "biff = ours")), "%s: %r" % (what, text))
    if code in (0, 1, 3):
        recover = host.run("recover")
        check(recover.out.startswith("Nothing to recover"), "%s: exit %d, and then: %s" % (what, code, recover.out))
    return code, kept


def part_editor(host, quick):
    apply = ("apply", fix_of("biff"), "value=ours", "-y")
    done, windows = [], 0
    for words, before in ((apply, ()), (("rollback", "-y"), (apply,))):
        host.forget()
        for other in before:
            host.run(*other)
        calls = changing_calls(host, words)[::12 if quick else 1]
        windows += len(calls)
        for i, call in enumerate(calls):
            for k, style in enumerate(("rename", "in place", "held")):
                if not quick or i % 3 == k:
                    done.append(edit_in_window(host, words, before, call, style))
            if len(failures) > 20:
                break
    codes, kept = zip(*done)
    return "%d windows, %d edits: %d came in between (exit 1), %d were put back (3), %d left to a person (4), %d lost" % (
        windows, len(done), codes.count(1), codes.count(3), codes.count(4), kept.count(False))


# ---- the race ----

def become_user():
    os.setgroups([])
    os.setgid(USER)
    os.setuid(USER)


def flipper(directory, outside, names, flips):
    with open(os.path.join(HERE, "flip.py")) as program:
        return subprocess.Popen(["/usr/bin/python3", "-", directory, os.path.join(outside, "main.cf"), str(flips), *names],
                                stdin=program, preexec_fn=become_user)


def race(host, what, words, directory, outside, names, flips, runs):
    """Root does one of the words after the other until it has done runs and the other user as many flips; the exit codes."""
    kept, codes, done = look(outside), [], 0
    other = flipper(directory, outside, names, flips)
    try:
        while (done < flips or len(codes) < runs) and len(failures) < 20:
            before = host.text()
            run = host.run(*words(len(codes)))
            codes.append(run.returncode)
            check(run.returncode in (0, 1, 75), "%s: exit %d: %s" % (what, run.returncode, run.err))
            check(run.returncode == 0 or host.text() == before, "%s: exit %d, but the text is another" % (what, run.returncode))
            check(look(outside) == kept, "%s: something outside was touched" % what)
            if other.poll() is not None:
                check(other.returncode == 0, "%s: the other user gave up" % what)
                done += flips
                other = flipper(directory, outside, names, flips)
    finally:
        other.kill()
        other.wait()
    return codes


def part_race(host, quick):
    flips = 5000 if quick else 100000

    def apply(value):
        return ("apply", fix_of("biff"), "value=" + value, "-y")

    outside = host.top + ".outside"
    os.makedirs(outside)
    put(os.path.join(outside, "main.cf"), MAIN.replace("first", "outside").encode(), 0o644, 0, 0)
    for path in (os.path.dirname(host.top), host.top, outside):
        os.chmod(path, 0o755)
    # A directory of root's where others may make names of their own: those that mailfix takes for a moment.
    conf = os.path.dirname(host.main)
    os.chmod(conf, 0o1777)
    names = (".main.cf.mailfix", ".main.cf.mailfix-old", ".main.cf.mailfix-new", "main.cf.tmp")
    runs = 12 if quick else 200
    beside = race(host, "race beside main.cf", lambda n: apply("v%d" % n) if n % 2 == 0 else ("rollback", "-y"), conf, outside,
                  names, flips, runs)
    # That user can keep mailfix from its work for as long as the race lasts, and no longer.
    for name in names:
        path = os.path.join(conf, name)
        if os.path.isdir(path) and not os.path.islink(path):
            os.rmdir(path)
        elif os.path.lexists(path):
            os.unlink(path)
    done = host.run(*apply("at-last"))
    check(done.returncode == 0, "race beside main.cf: afterwards: exit %d: %s" % (done.returncode, done.err))
    # A directory that the other user can exchange, on the way to main.cf.
    host.forget()
    shutil.rmtree(conf)
    home = os.path.join(host.top, "home")
    os.makedirs(os.path.join(home, "conf"))
    put(os.path.join(home, "conf/main.cf"), MAIN.encode(), 0o644, 0, 0)
    os.symlink("/home/conf", conf)
    os.chown(home, USER, USER)
    host.main = os.path.join(home, "keep/main.cf")
    os.makedirs(os.path.dirname(host.main))
    put(host.main, MAIN.encode(), 0o644, 0, 0)
    on_the_way = race(host, "race on the way", lambda n: apply("v%d" % n), home, outside, ("conf",), flips, runs)
    check(0 not in on_the_way, "race on the way: a directory of another user was trusted")
    return "2 x %d flips: beside main.cf %d runs, %d done; on the way %d runs, none done; nothing outside was touched" % (
        flips, len(beside), beside.count(0), len(on_the_way))


def main():
    words = [word for word in sys.argv[1:] if word != "--quick"]
    parts = {"mailfix": part_mailfix, "postconf": part_postconf, "editor": part_editor, "race": part_race}
    if not words or not set(words[1:]) <= set(parts):
        sys.exit("usage: others.py MAILFIX_PREFIX [--quick] [%s]..." % " | ".join(parts))
    if os.geteuid() != 0:
        sys.exit("others.py: needs root")
    seed = os.environ.get("MAILFIX_TEST_SEED", str(random.randrange(10**9)))
    random.seed(seed)
    print("seed %s" % seed, flush=True)
    prefix, ran = os.path.abspath(words[0]), 0
    fixes = os.path.join(prefix, "share/mailfix/fixes")
    os.umask(0o022)
    try:
        for name in SETTINGS:
            with open(os.path.join(fixes, fix_of(name) + ".fix"), "w") as file:
                file.write(FIX.format(short=fix_of(name)[10:], setting=name))
        for part in words[1:] or parts:
            began = time.monotonic()
            with tempfile.TemporaryDirectory(prefix="mailfix-others-") as work:
                told = parts[part](Host(prefix, os.path.join(work, "t")), "--quick" in sys.argv)
            ran += told is not None
            if told is not None:
                print("%s: %s, %.0f s" % (part, told, time.monotonic() - began), flush=True)
    finally:
        for name in SETTINGS:
            os.unlink(os.path.join(fixes, fix_of(name) + ".fix"))
    print("%d parts, %d failed checks" % (ran, len(failures)))
    return 1 if failures or ran == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
