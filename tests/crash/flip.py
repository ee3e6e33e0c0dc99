# SPDX-License-Identifier: GPL-3.0-or-later
"""flip.py DIRECTORY TARGET FLIPS NAME...: what the other user of others.py does. Each name in the directory is in turn a
file, a symbolic link to the target and a directory, exchanged by renameat2, until there were as many flips. The program
comes on standard input, because that user may not read where it lies."""
import ctypes
import os
import sys

NO_REPLACE, EXCHANGE = 1, 2
AT_FDCWD = -100
MAKE = {"file": lambda name, target: open(name, "w").close(),
        "link": lambda name, target: os.symlink(target, name),
        "dir": lambda name, target: os.mkdir(name)}


def main(directory, target, flips, *names):
    renameat2 = ctypes.CDLL(None).renameat2
    os.chdir(directory)
    pairs = [(kind, "%s.%s" % (kind, name), name) for name in names for kind in MAKE]
    done = 0
    while done < int(flips):
        for kind, other, name in pairs:
            if not os.path.lexists(other):
                MAKE[kind](other, target)
            # What is root's cannot be had in a sticky directory; a name that root has just removed can.
            for flag in (EXCHANGE, NO_REPLACE):
                if renameat2(AT_FDCWD, other.encode(), AT_FDCWD, name.encode(), flag) == 0:
                    done += 1
                    break


main(*sys.argv[1:])
