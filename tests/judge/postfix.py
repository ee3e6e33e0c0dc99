# SPDX-License-Identifier: GPL-3.0-or-later
"""The programs that judge: Debian's own postconf, postmap and postalias, taken from a host tree of the tests.

They are started from that tree by its own loader, as they lie there, and read a directory of the test's own: nothing
of this machine's Postfix is read, and the tree is not changed.

Limits: Linux on amd64 and its kin, where a loader takes --library-path.
"""
import glob
import os
import platform
import re
import subprocess

TIMEOUT = 120
# What postmap and postalias want to know before they read a table. Bytes above 127 are the text's own affair.
MAIN = ("mail_owner = daemon\nsetgid_group = mail\nmyhostname = judge.example\nmeta_directory = %s\n"
        "smtputf8_enable = no\ncompatibility_level = 3.6\n")


class Postfix:
    def __init__(self, tree):
        self.tree = tree
        self.meta = "/nonexistent"      # where dynamicmaps.cf is looked for
        loaders = glob.glob(tree + "/lib*/ld-linux-*.so.*") + glob.glob(tree + "/lib/*/ld-linux-*.so.*")
        if not loaders or not os.access(tree + "/usr/sbin/postconf", os.X_OK):
            raise SystemExit("no Postfix in " + tree)
        libraries = glob.glob(tree + "/usr/lib/*-linux-gnu") + [tree + "/usr/lib/postfix"]
        self.start = [loaders[0], "--library-path", ":".join(libraries)]
        self.version = self.run("postconf", "-d", "-h", "mail_version").out.decode().strip()

    def add_pcre(self, work):
        """Gives pcre: to the programs, whose package Debian has apart: apt-get brings that of their version, and nothing is installed.
        Why it cannot be had, None if it can."""
        os.makedirs(work, exist_ok=True)
        made = next((line.split(": ")[1] for line in open(self.tree + "/var/lib/dpkg/status", encoding="utf8").read()
                     .split("\nPackage: postfix\n")[1].split("\n") if line.startswith("Version: ")))
        said = subprocess.run(["apt-get", "-qq", "download", "postfix-pcre=" + made], cwd=work, capture_output=True, text=True)
        packages = glob.glob(work + "/postfix-pcre_*.deb")
        if not packages:
            return "apt-get has no postfix-pcre %s for %s: %s" % (made, platform.machine(), " ".join(said.stderr.split()))
        subprocess.run(["dpkg-deb", "-x", packages[0], work], check=True)
        with open(work + "/dynamicmaps.cf", "w", encoding="ascii") as file:
            file.write("pcre %s/usr/lib/postfix/postfix-pcre.so dict_pcre_open\n" % work)
        self.meta = work
        return None

    def run(self, program, *argv):
        done = subprocess.run(self.start + [self.tree + "/usr/sbin/" + program, *argv], stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=TIMEOUT, env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"})
        return Said(program, done)


class Said:
    """What a program printed; fatal: why it refuses, None if it does not."""

    def __init__(self, program, done):
        self.out = done.stdout
        self.lines = [re.sub(r"^.*?%s: " % program, "", line, count=1)
                      for line in done.stderr.decode("latin-1").split("\n") if line]
        self.warnings = [line[len("warning: "):] for line in self.lines if line.startswith("warning: ")]
        fatal = [line for line in self.lines if re.match("(fatal|panic|error): ", line)]
        if done.returncode != 0 and not fatal:
            fatal = ["exit %d: %s" % (done.returncode, " ".join(self.lines))]
        self.fatal = fatal[0] if fatal else None


def site(work, meta="/nonexistent", **files):
    """A directory for -c: main.cf and master.cf, or what the caller gives of these and other files."""
    os.makedirs(work, exist_ok=True)
    for name, text in {"main.cf": (MAIN % meta).encode(), "master.cf": b"", **{k.replace("_cf", ".cf"): v
                                                                      for k, v in files.items()}}.items():
        path = os.path.join(work, name)
        with open(path, "wb") as file:
            file.write(text)
        # A table that was written this second is read again until it is older.
        os.utime(path, (1e9, 1e9))
    return work


def table_site(work, text, meta="/nonexistent"):
    """Such a directory with a table in it, and the table."""
    directory = site(work, meta, table=text)
    return directory, os.path.join(directory, "table")
