# SPDX-License-Identifier: GPL-3.0-or-later
"""protofile.py TREE: the list of a tree's files from which mkfs.xfs -p fills a file system.

Limits: no extended attributes, and no name with white space: the format has no way to write them. Sockets and devices are left out.
"""
import os
import stat
import sys


def entry(path, info, kind):
    mode = stat.S_IMODE(info.st_mode)
    return "%s%s%s%03o %d %d" % (kind, "u" if mode & stat.S_ISUID else "-", "g" if mode & stat.S_ISGID else "-",
                                 mode & 0o777, info.st_uid, info.st_gid)


def directory(path, out):
    for name in sorted(os.listdir(path)):
        below = os.path.join(path, name)
        info = os.lstat(below)
        if len(below.split()) != 1:
            sys.exit("protofile.py: %r has white space in it" % below)
        if stat.S_ISDIR(info.st_mode):
            out.write("%s %s\n" % (name, entry(below, info, "d")))
            directory(below, out)
        elif stat.S_ISLNK(info.st_mode):
            out.write("%s %s %s\n" % (name, entry(below, info, "l"), os.readlink(below)))
        elif stat.S_ISREG(info.st_mode):
            out.write("%s %s %s\n" % (name, entry(below, info, "-"), below))
    out.write("$\n")


top = sys.argv[1]
sys.stdout.write("/\n0 0\n%s\n" % entry(top, os.lstat(top), "d"))
directory(top, sys.stdout)
