# SPDX-License-Identifier: GPL-3.0-or-later
"""What mailfix sees in a text: the nodes of "mailfix tree FILE --as DOC", as objects."""
import re
import subprocess

TIMEOUT = 120


class Node:
    def __init__(self, label, value, start, end):
        self.label, self.value, self.start, self.end = label, value, start, end
        self.child = []

    def all(self, label):
        return [node for node in self.child if node.label == label]

    def values(self):
        return [node.value for node in self.all("value")]

    def text(self):
        """The value over all its lines, with the white space between its words made even."""
        return even(b" ".join(self.values()))


class Refused(Exception):
    """mailfix refuses the text; where: (line, column)."""

    def __init__(self, message):
        super().__init__(message)
        found = re.match(r"mailfix: .*?:(\d+):(\d+): ", message)
        self.where = (int(found[1]), int(found[2])) if found else None


def even(text):
    return b" ".join(re.split(rb"[ \t\v\f\r]+", text.strip(b" \t\v\f\r")))


def plain(value):
    return re.sub(rb"\\x([01][0-9a-f]|7f)", lambda found: bytes([int(found[1], 16)]), value)


def read(prefix, path, document):
    """The top-level nodes of the file; raises Refused. That they tile the file is checked by the program."""
    done = subprocess.run([prefix + "/sbin/mailfix", "tree", path, "--as", document], stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=TIMEOUT, env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"})
    if done.returncode != 0:
        raise Refused(done.stderr.decode("latin-1"))
    top, open_nodes = [], []
    for line in done.stdout.split(b"\n")[:-1]:
        span, path, value = line.split(b"\t", 2)
        steps = path.decode().split("/")[1:]
        start, end = span.split(b"-")
        node = Node(re.sub(r"\[\d+\]$", "", steps[-1]), plain(value), int(start), int(end))
        del open_nodes[len(steps) - 1:]
        (open_nodes[-1].child if open_nodes else top).append(node)
        open_nodes.append(node)
    return top
