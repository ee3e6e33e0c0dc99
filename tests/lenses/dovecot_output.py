# SPDX-License-Identifier: GPL-3.0-or-later
"""Asking a host tree's doveconf in a namespace of one's own, and reading what it prints; for the judges of
Dovecot's configuration."""
import os
import pathlib
import re
import subprocess
import sys

CONFIG = "etc/dovecot/dovecot.conf"
FILTERS = ("protocol", "local", "local_name", "remote")
ALONE = ("passdb", "userdb", "namespace", "listener")


def title_of(text):
    """A section's name or a key as doveconf prints it, without quotes."""
    if len(text) > 1 and text[0] == text[-1] == '"':
        return re.sub(r"\\(.)", r"\1", text[1:-1])
    return text


def parse_output(text):
    """{(number of the section that merges with none, path): printed value}."""
    seen, path, alone, count = {}, [], [0], dict.fromkeys(ALONE, 0)
    for line in text.split("\n"):
        line = line.strip(" ")
        if not line or line.startswith("#"):
            continue
        if line == "}":
            path.pop()
            alone.pop()
            continue
        setting = re.fullmatch(r'("(?:[^"\\]|\\.)*"|[^\s="{]+) =(?: (.*))?', line)
        section = re.fullmatch(r'(\S+)(?: (.+))? \{', line)
        if setting:
            seen[alone[-1], canonical("/".join(path + [title_of(setting[1])]))] = setting[2] or ""
        elif section:
            name, title = section[1], section[2]
            lone = title is None and name in ALONE
            if lone:
                count[name] += 1
            alone.append(count[name] if lone else alone[-1])
            path.append(name if title is None else f"{name}/{title_of(title)}")
        else:
            raise ValueError(f"doveconf printed {line!r}")
    return seen


def canonical(path):
    """Filters in one order, an address of one host without its bits."""
    parts, filters, words = [], [], path.split("/")
    while words and words[0] in FILTERS and len(words) > 2:
        width = 3 if words[0] in ("local", "remote") and words[2].isdigit() else 2
        filters.append("/".join(words[:width]).removesuffix("/32"))
        words = words[width:]
    return "/".join(sorted(filters) + parts + words)


def stay_apart(argv):
    """In a mount namespace of this script's own."""
    if os.environ.get("MAILFIX_APART") != "1":
        os.environ["MAILFIX_APART"] = "1"
        os.execvp("unshare", ["unshare", "--mount", "--propagation", "private", "--net", sys.executable, *argv])


def ask_doveconf(tree, work, cases):
    """Runs doveconf on every case; what it says lies beside the files afterwards."""
    subprocess.run(["mount", "--bind", work, f"{tree}/mnt"], check=True)
    script = (f'cd /mnt; while read -r c; do doveconf -a -P -c "/mnt/$c/{CONFIG}" >"$c/out" 2>"$c/err"; echo $? >"$c/code"; done')
    subprocess.run(["chroot", tree, "/bin/sh", "-c", script], input="".join(c + "\n" for c in cases), text=True, check=True)


def version_of(tree):
    """Of its Dovecot, as "2.4.1"."""
    said = subprocess.run(["chroot", tree, "dovecot", "--version"], stdout=subprocess.PIPE, text=True, check=True).stdout
    return re.match(r"[0-9.]+", said)[0]


def put(root, path, text):
    file = pathlib.Path(root, path)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text if isinstance(text, bytes) else text.encode("latin-1"))
