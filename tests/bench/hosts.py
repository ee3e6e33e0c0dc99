# SPDX-License-Identifier: GPL-3.0-or-later
"""What the bench works on: trees for --root, tables, the patterns of the fixes, and a host in namespaces of its own."""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = HERE.parents[1]
sys.path[:0] = [str(SOURCE / "tests/judge")]
from postfix import MAIN as OF_POSTFIX  # noqa: E402
from postfix import Postfix  # noqa: E402

from measure import Skip, need  # noqa: E402

MAIN = OF_POSTFIX + "mydestination = $myhostname\ntransport_maps = hash:/etc/postfix/transport\n"
FACTS = ("postfix.version = 3.7.11\npostfix.table-types = btree hash\npostfix.default-table-type = hash\n"
         "postfix.config-directory = /etc/postfix\n")
DEMO_FACTS = SOURCE / "tests/demo/facts"


class Hosts:
    def __init__(self, prefix, work):
        self.prefix, self.work = prefix, work
        self.mailfix = prefix / "sbin/mailfix"
        tree = subprocess.run([SOURCE / "tests/hosts/tree", "debian12-systemd"], capture_output=True, text=True, check=True)
        self.base = tree.stdout.strip().split("\n")[-1]
        self.postfix = Postfix(self.base)

    def postmap_lmdb(self, text):
        """postmap for lmdb:, whose package Debian has apart: apt-get brings it, and nothing is installed."""
        work = self.work / "lmdb"
        if not work.exists():
            work.mkdir()
            status = (pathlib.Path(self.base) / "var/lib/dpkg/status").read_text()
            version = re.search(r"^Version: (.+)$", status.split("\nPackage: postfix\n")[1], re.M)[1]
            said = subprocess.run(["apt-get", "-qq", "download", "postfix-lmdb=" + version, "liblmdb0"], cwd=work, capture_output=True, text=True)
            if said.returncode != 0:
                raise Skip("apt-get has no postfix-lmdb %s: %s" % (version, " ".join(said.stderr.split())))
            for package in work.glob("*.deb"):
                subprocess.run(["dpkg-deb", "-x", package, work], check=True)
            (work / "dynamicmaps.cf").write_text("lmdb %s/usr/lib/postfix/postfix-lmdb.so dict_lmdb_open mkmap_lmdb_open\n" % work)
            (work / "main.cf").write_text(OF_POSTFIX % work)
            os.utime(work / "main.cf", (1e9, 1e9))
        loader, option, libraries = self.postfix.start
        more = ":".join(map(str, work.glob("usr/lib/*-linux-gnu")))
        return [loader, option, libraries + ":" + more, self.postfix.tree + "/usr/sbin/postmap", "-c", work, "lmdb:%s" % text]

    def program(self, name, *argv):
        """A command of Postfix's."""
        return [*self.postfix.start, self.postfix.tree + "/usr/sbin/" + name, *argv]

    def in_tree(self, root, *argv, facts=DEMO_FACTS):
        return [self.mailfix, "--root", root, "--facts", facts, *argv]

    def tree(self, name):
        """The broken host of the demo, and what makes it new."""
        root = self.work / name

        def prepare():
            shutil.rmtree(root, ignore_errors=True)
            shutil.copytree(SOURCE / "tests/demo/tree", root)
            for path in root.rglob(".keep"):
                path.unlink()
            for path in root.rglob("*"):
                os.utime(path, (1e9, 1e9))  # Postfix waits for a main.cf that is younger than 2 s
        return root, prepare

    def table(self, records):
        root = self.work / ("table%d" % records)
        text = root / "etc/postfix/transport"
        if not text.exists():
            text.parent.mkdir(parents=True)
            (root / "var/lib").mkdir(parents=True)
            with open(text, "w") as out:
                for i in range(records):
                    out.write("customer%d.example.com\tsmtp:[relay%d.example.net]\n" % (i, i % 97))
        (root / "etc/postfix/main.cf").write_text(MAIN)
        os.utime(root / "etc/postfix/main.cf", (1e9, 1e9))
        (self.work / "facts").write_text(FACTS)
        return root, text

    def edit_table(self, root, domains, *words):
        return self.in_tree(root, "apply", "isp-relay", *["domain=" + domain for domain in domains], "relay=[relay.example.net]", "--yes",
                            *words, facts=self.work / "facts")


class Live:
    """The host tree as a host: namespaces of its own, nothing runs in it. Ends with the `with`."""

    def __init__(self, hosts, fix):
        need("unshare", "nsenter", "pgrep")
        if os.geteuid() != 0:
            raise Skip("only root can make a host")
        self.hosts, self.fix = hosts, fix

    def __enter__(self):
        tree = self.hosts.work / "live"
        tree.mkdir()
        self.holder = subprocess.Popen(["unshare", "--mount", "--net", "--pid", "--uts", "--fork", "--kill-child", "--propagation", "private",
                                        HERE / "live", tree, self.hosts.base, self.hosts.prefix, self.fix])
        for _ in range(100):
            time.sleep(0.1)
            found = subprocess.run(["pgrep", "-P", str(self.holder.pid)], capture_output=True, text=True).stdout.split()
            if (tree / "ready").exists() and found:
                self.pid = found[0]
                return self
        self.__exit__()
        raise Skip("the host did not start")

    def __exit__(self, *_):
        self.holder.kill()
        self.holder.wait()

    def inside(self, *argv):
        return ["nsenter", "-t", self.pid, "--mount", "--net", "--pid", "--uts", "--root", "--wd=/", *argv]


def as_ere(pattern):
    """The pattern of a fix as grep -E takes it, None where it has no equal there."""
    if re.search(r"\(\?(?:[!=]|<[!=]|i:)|\[[^]]*\\", pattern):
        return None
    pattern = re.sub(r"\(\?(?:<\w+>|:)", "(", pattern.removeprefix("^"))
    for old, new in (("\\S", "[^ ]"), ("\\s", " "), ("\\d", "[0-9]"), ("+?", "+"), ("*?", "*")):
        pattern = pattern.replace(old, new)
    return pattern


def patterns_of(fixes):
    """Their patterns that grep -E can take."""
    found = []
    for fix in fixes:
        found += re.findall(r"^ *matching +(.+)$", (SOURCE / "fixes" / (fix + ".fix")).read_text(), re.M)
    found = list(dict.fromkeys(filter(None, map(as_ere, found))))
    return [p for p in found if subprocess.run(["grep", "-qE", p], input=b"\n", stderr=subprocess.DEVNULL).returncode == 1]


def fixes_with(n):
    """The shipped fixes in the order of their names until they have n patterns; without n all of them."""
    names = sorted(fix.stem for fix in (SOURCE / "fixes").glob("*.fix"))
    return next((names[:k] for k in range(1, len(names)) if n and len(patterns_of(names[:k])) >= n), names)


def write_patterns(path, fixes):
    found = patterns_of(fixes)
    path.write_text("\n".join(found) + "\n")
    return len(found)
