"""snapshot.py DIR...: print a sorted manifest of directory trees, one line a file, for comparing states of a host.

Columns: type, mode, uid, gid, size, digest or link target, extended attributes, path. Files are told apart by all that a rollback
promises to bring back. Left out on purpose: times, inode numbers, sizes of directories; link counts too, since overlayfs changes them.
Links are not followed. Names and targets are escaped as in a Python bytes literal. Needs to read everything: run as root.
"""
import hashlib, os, stat, sys

TYPES = {stat.S_IFREG: "file", stat.S_IFDIR: "dir", stat.S_IFLNK: "link", stat.S_IFIFO: "fifo", stat.S_IFSOCK: "socket",
         stat.S_IFCHR: "char", stat.S_IFBLK: "block"}


def text(raw):
    return repr(raw)[2:-1].replace(" ", "\\x20")


def digest(path):
    sum = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            sum.update(block)
    return sum.hexdigest()


def attributes(path):
    names = sorted(os.listxattr(path, follow_symlinks=False))
    return ",".join("%s=%s" % (name, os.getxattr(path, name, follow_symlinks=False).hex()) for name in names) or "-"


def line(path):
    info = os.lstat(path)
    kind = TYPES[stat.S_IFMT(info.st_mode)]
    what = size = "-"
    if kind == "file":
        what, size = digest(path), info.st_size
    elif kind == "link":
        what = text(os.readlink(path))
    elif kind in ("char", "block"):
        what = "%d:%d" % (os.major(info.st_rdev), os.minor(info.st_rdev))
    return "%-6s %04o %d %d %s %s %s %s" % (
        kind, stat.S_IMODE(info.st_mode), info.st_uid, info.st_gid, size, what, attributes(path), text(path))


def complain(error):
    raise error


paths = set()
for top in sys.argv[1:]:
    top = os.fsencode(top)
    paths.add(top)
    os.lstat(top)
    for where, directories, files in os.walk(top, onerror=complain) if os.path.isdir(top) else ():
        paths.update(os.path.join(where, name) for name in directories + files)
for path in sorted(paths):
    print(line(path))
