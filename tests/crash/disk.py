# SPDX-License-Identifier: GPL-3.0-or-later
"""A model of what a disk can hold after a power cut, by the rules of the ALICE paper (OSDI '14, section 3).

A run of the real program is traced by strace, with the bytes of every write. Each call on a file below the tree becomes
operations on three kinds of things, which are kept apart as a file system may keep them apart:

  the names of a directory      made, removed, renamed (one operation, also across two directories), exchanged
  the bytes of an inode         written, cut
  the metadata of an inode      owner, mode, extended attributes, times

A cut at some moment leaves any of these disks:

  names       fsync of a directory makes what was done to its names durable. Of the rest any part may be there, in any
              order, within and across directories, save that two operations on the same name keep their order (so
              nothing is renamed that was not there). A rename across two directories is there in both or in neither,
              as in every file system with a journal or a log; so the fsync of one of the two makes it durable.
              "ordered" takes less: within each directory the operations keep their order.
  bytes       fsync and fdatasync of a file make its bytes and its size durable. What was written since may be missing,
              or be there to the half, or in whole; or the size is there and what was added reads as zeros. What
              overwrites at most one sector (512 bytes that begin at a multiple of 512) is there or is not.
  metadata    fsync of a file makes it durable, fdatasync does not. Of the rest none, the first half or all is there.

The three are independent of each other: a name may be there and its file empty; fsync of a file makes no name durable,
not even the file's own, and no name of the directories above it. What was on the disk before the run is durable.

Limits. Sync calls do not lie. A file system without a journal may lose a file in a rename across two directories, or
leave it under both names; that is not modelled (ext4, XFS and btrfs do not). Within one file the writes are one; a
disk that writes some of the blocks of a file and not those before them is met only as "zeros". Writes through a shared
mapping, and what other processes write, are not seen: a name that a child made is taken as durable from the moment that
the traced process uses it, with the bytes that it has at the end. Whether the model understood the run is checked: what it holds at the end
must be what the disk holds, or Unknown is raised, as it is for a call that it does not know.
"""
import os
import re
import stat
from collections import namedtuple

SECTOR = 512
ROOT = 0  # the inode of the tree
# An operation on names: changes are (directory, name, inode before, inode after), None where there is none.
Names = namedtuple("Names", "changes")
Data = namedtuple("Data", "inode at bytes")     # bytes None: cut to at
Meta = namedtuple("Meta", "inode key value")    # key: mode, owner, time or (attribute,)
Sync = namedtuple("Sync", "inode data")         # data: fdatasync
File = namedtuple("File", "kind meta data link")  # in a state; link: the same number is the same inode

# What leaves the tree as it is and opens nothing. Other names that are not below are refused.
IGNORED = set("""access faccessat faccessat2 fadvise64 fgetxattr flistxattr flock fstat fstatfs getcwd getdents64 ioctl
    lstat newfstatat poll pread64 readlink readlinkat stat statfs statx umask execve pipe2 sync_file_range""".split())


class Unknown(Exception):
    """The model does not understand what the program did."""


def ignored_attribute(name):
    return name.startswith("trusted.overlay.")


class Disk:
    """The operations of one run, or of several one after the other, on a tree."""

    def __init__(self, top):
        self.top = os.path.realpath(top)
        self.first = {}    # inode -> what it is at first: (kind, {key: value}, bytes)
        self.names = {}    # directory -> {name: inode}, as the running system sees it
        self.ops = []
        self.adopted = set()  # inodes that a child made; their bytes are learned at the end
        self.reported = None  # the moment at which the program had said that it is done
        self.load(self.top, {})
        self.loaded = len(self.first)
        self.at_first = {inode: dict(names) for inode, names in self.names.items()}
        self.data = {inode: what[2] for inode, what in self.first.items()}
        self.meta = {inode: dict(what[1]) for inode, what in self.first.items()}

    def load(self, path, seen):
        info = os.lstat(path)
        if info.st_ino in seen:
            return seen[info.st_ino]
        inode = seen[info.st_ino] = len(self.first)
        meta = {"mode": stat.S_IMODE(info.st_mode), "owner": (info.st_uid, info.st_gid)}
        data, kind = b"", "dir"
        if stat.S_ISLNK(info.st_mode):
            kind, data = "link", os.readlink(path).encode("latin-1")
        else:
            meta.update({(name,): os.getxattr(path, name) for name in os.listxattr(path)})
        if stat.S_ISREG(info.st_mode):
            kind, meta["time"] = "file", info.st_mtime_ns
            with open(path, "rb") as file:
                data = file.read()
        self.first[inode] = (kind, meta, data)
        if kind == "dir":
            self.names[inode] = {}
            for name in sorted(os.listdir(path)):
                self.names[inode][name] = self.load(os.path.join(path, name), seen)
        return inode

    # ---- what happens ----

    def do(self, op):
        self.ops.append(op)
        if isinstance(op, Names):
            for directory, name, _, inode in op.changes:
                if inode is None:
                    del self.names[directory][name]
                else:
                    self.names[directory][name] = inode
        elif isinstance(op, Data):
            self.data[op.inode] = written(self.data[op.inode], op)
        elif isinstance(op, Meta):
            self.meta[op.inode][op.key] = op.value

    def new(self, kind, mode, data=b""):
        inode = len(self.first)
        self.first[inode] = (kind, {"mode": mode, "owner": (0, 0)}, data)
        self.data[inode], self.meta[inode] = data, dict(self.first[inode][1])
        if kind == "dir":
            self.names[inode], self.at_first[inode] = {}, {}
        return inode

    def adopt(self, directory, name):
        """A child of the program made it."""
        inode = self.new("file", 0o644, b"?")
        self.adopted.add(inode)
        self.names[directory][name] = inode
        self.at_first[directory][name] = inode
        return inode

    def learn(self, inode, data):
        """What a child had written, as it is found when all is over; mailfix wrote nothing there."""
        if inode in self.adopted and self.data[inode] == b"?":
            kind, meta, _ = self.first[inode]
            self.first[inode], self.data[inode] = (kind, meta, data), data

    def now(self):
        """The tree as the running system sees it."""
        return self.tree(self.names, lambda inode: [(tuple(self.meta[inode].items()), self.data[inode])])[0]

    def begin_of(self, moment):
        """Another disk on which as much has happened, and can go on otherwise."""
        other = Disk.__new__(Disk)
        other.__dict__.update(self.__dict__, ops=[], reported=None, first=dict(self.first))
        other.at_first = {inode: dict(names) for inode, names in self.at_first.items()}
        other.names = {inode: dict(names) for inode, names in self.at_first.items()}
        other.data = {inode: what[2] for inode, what in self.first.items()}
        other.meta = {inode: dict(what[1]) for inode, what in self.first.items()}
        for op in self.ops[:moment]:
            other.do(op)
        return other

    # ---- what a cut leaves ----

    def cuts(self, begin):
        """The moments that matter: what is there between them is there before the next sync, too."""
        return sorted({i for i, op in enumerate(self.ops) if isinstance(op, Sync) and i >= begin} |
                      {len(self.ops)} | ({self.reported} if self.reported is not None else set()))

    def states(self, cut, ordered=False):
        """All trees that a cut at that moment can leave, path -> File; some of them more than once."""
        needs, durable, pending = {}, set(), []
        last, last_in = {}, {}
        for i, op in enumerate(self.ops[:cut]):
            if isinstance(op, Names):
                places = [(directory, name) for directory, name, _, _ in op.changes]
                needs[i] = {last[place] for place in places if place in last}
                if ordered:
                    needs[i] |= {last_in[directory] for directory, _ in places if directory in last_in}
                last.update(dict.fromkeys(places, i))
                last_in.update(dict.fromkeys([directory for directory, _ in places], i))
            elif isinstance(op, Sync) and self.first[op.inode][0] == "dir":
                for k in needs:
                    if any(change[0] == op.inode for change in self.ops[k].changes):
                        take_with_needs(k, needs, durable)
        pending = [i for i in needs if i not in durable]
        variants = {}

        def of_inode(inode):
            if inode not in variants:
                variants[inode] = self.variants(inode, cut)
            return variants[inode]

        for chosen in parts(pending, needs, durable):
            names = {inode: dict(entries) for inode, entries in self.at_first.items()}
            for i in sorted(durable | chosen):
                for directory, name, _, inode in self.ops[i].changes:
                    if inode is None:
                        names[directory].pop(name, None)
                    else:
                        names[directory][name] = inode
            yield from self.tree(names, of_inode)

    def variants(self, inode, cut):
        """(metadata, bytes) that may be there of an inode."""
        kind, first_meta, first_data = self.first[inode]
        synced = max([i for i, op in enumerate(self.ops[:cut]) if isinstance(op, Sync) and op.inode == inode], default=-1)
        whole = max([i for i, op in enumerate(self.ops[:cut])
                     if isinstance(op, Sync) and op.inode == inode and not op.data], default=-1)
        writes = [(i, op) for i, op in enumerate(self.ops[:cut]) if isinstance(op, Data) and op.inode == inode]
        metas = [(i, op) for i, op in enumerate(self.ops[:cut]) if isinstance(op, Meta) and op.inode == inode]
        base = first_data
        for i, op in writes:
            if i < synced:
                base = written(base, op)
        datas = data_variants(base, [op for i, op in writes if i > synced])
        kept = dict(first_meta)
        for i, op in metas:
            if i < whole:
                kept[op.key] = op.value
        rest = [op for i, op in metas if i > whole]
        attributes = []
        for n in sorted({0, (len(rest) + 1) // 2, len(rest)}):
            some = dict(kept)
            some.update({op.key: op.value for op in rest[:n]})
            attributes.append(tuple(some.items()))
        return [(meta, data) for meta in attributes for data in datas]

    def tree(self, names, of_inode):
        """The trees that these names make, one for each choice of what their inodes hold."""
        places = []

        def walk(directory, path):
            for name, inode in sorted(names[directory].items()):
                below = path + name
                places.append((below, inode))
                if self.first[inode][0] == "dir":
                    walk(inode, below + "/")
        walk(ROOT, "")
        trees = [{}]
        held = {}
        for path, inode in places:
            if inode in held:
                for tree in trees:
                    tree[path] = tree[held[inode]]
                continue
            held[inode] = path
            kind = self.first[inode][0]
            choices = [File(kind, meta, data, inode) for meta, data in of_inode(inode)]
            trees = [dict(tree, **{path: choice}) for tree in trees for choice in choices]
        return trees


def take_with_needs(op, needs, taken):
    if op not in taken:
        taken.add(op)
        for other in needs[op]:
            take_with_needs(other, needs, taken)


def parts(pending, needs, durable):
    """All sets of operations in which each has what it needs."""
    def choose(i, chosen):
        if i == len(pending):
            yield chosen
            return
        yield from choose(i + 1, chosen)
        if needs[pending[i]] <= durable | chosen:
            yield from choose(i + 1, chosen | {pending[i]})
    yield from choose(0, frozenset())


def written(data, op):
    if op.bytes is None:
        return data[:op.at].ljust(op.at, b"\0")
    return data[:op.at].ljust(op.at, b"\0") + op.bytes + data[op.at + len(op.bytes):]


def data_variants(base, writes):
    new = base
    for op in writes:
        new = written(new, op)
    if new == base:
        return [base]
    changed = [i for i in range(max(len(base), len(new))) if base[i:i + 1] != new[i:i + 1]]
    if len(new) == len(base) and changed[0] // SECTOR == changed[-1] // SECTOR:
        return [base, new]
    middle = (changed[0] + changed[-1] + 1) // 2
    half = new[:middle] + base[middle:]
    zeros = base + bytes(len(new) - len(base)) if len(new) > len(base) else base
    return list(dict.fromkeys([base, half, zeros, new]))


def fingerprint(state):
    """The same for states that differ in nothing that a program can see."""
    links, seen = {}, []
    for path, file in sorted(state.items()):
        group = links.setdefault(file.link, len(links))
        seen.append((path, file.kind, tuple(sorted(file.meta, key=str)), file.data, group))
    return hash(tuple(seen))


def materialise(state, top):
    os.mkdir(top)
    made = {}
    for path, file in sorted(state.items()):
        there = os.path.join(top, path)
        if file.link in made:
            os.link(made[file.link], there)
            continue
        made[file.link] = there
        meta = dict(file.meta)
        if file.kind == "link":
            os.symlink(file.data, there.encode("latin-1"))
            os.chown(there, *meta["owner"], follow_symlinks=False)
            continue
        if file.kind == "dir":
            os.mkdir(there)
        else:
            with open(there, "wb") as out:
                out.write(file.data)
        os.chown(there, *meta["owner"])
        os.chmod(there, meta["mode"])
        for key, value in meta.items():
            if isinstance(key, tuple):
                os.setxattr(there, key[0], value)
        if meta.get("time") is not None:
            os.utime(there, ns=(meta["time"], meta["time"]))


# ---- from the trace ----

CALL = re.compile(r"(\w+)\((.*)\)\s+= (-?\d+)")
WORD = re.compile(r'"((?:\\x[0-9a-f]{2})*)"(\.\.\.)?|\[(?:[^\[\]]*)\]|\{[^{}]*\}|[^,"\[\]{}]+')


def unhex(word):
    return bytes.fromhex(word.replace("\\x", ""))


def arguments(text):
    """Strings as bytes, all else as strace writes it."""
    words = []
    for match in WORD.finditer(text):
        if match[1] is not None:
            if match[2]:
                raise Unknown("strace cut a string short")
            words.append(unhex(match[1]))
        elif match[0].strip():
            words.append(match[0].strip())
    return words


class Process:
    """Follows the descriptors of one process from its start, as far as they lead into the tree."""

    def __init__(self, disk, chrooted, closing=()):
        self.disk, self.chrooted = disk, chrooted
        self.closing = [text.encode() for text in closing]  # beginnings of what it says when it is done
        self.files = {}     # descriptor -> [inode, offset]
        self.said = b""

    def follow(self, log):
        with open(log, encoding="latin-1") as file:
            lines = file.read().splitlines()
        begin = max(i for i, line in enumerate(lines) if line.startswith("execve(") and line.endswith("= 0"))
        for line in lines[begin:]:
            match = CALL.match(line)
            if match is None:
                if re.match(r"\w+\(.*= \?|---|\+\+\+|.*<unfinished", line):
                    continue  # killed there, or a signal
                raise Unknown(line[:200])
            name, result = match[1], int(match[3])
            if name == "write" and line.startswith("write(2,"):
                self.say(arguments(match[2])[1])
            elif result >= 0 and name not in IGNORED:
                act = getattr(self, "on_" + name, None)
                if act is None:
                    raise Unknown("the model does not know the call %s: %s" % (name, line[:200]))
                act(arguments(match[2]), result)

    def say(self, text):
        self.said += text
        if any(line.startswith(closing) for line in self.said.split(b"\n") for closing in self.closing):
            if self.disk.reported is None:
                self.disk.reported = len(self.disk.ops)

    def place(self, directory, path):
        """(directory's inode, name, inode) of a path; None where it leads out of the tree."""
        path = path.decode("latin-1")
        if path.startswith("/"):
            if not self.chrooted:
                if not (path + "/").startswith(self.disk.top + "/"):
                    return None
                path = path[len(self.disk.top):]
            inode = ROOT
        elif directory == "AT_FDCWD":
            if not self.chrooted:
                return None
            inode = ROOT
        else:
            entry = self.files.get(int(directory))
            inode = entry[0] if entry is not None else None
        if inode is None or inode not in self.disk.names:
            return None
        parts_of = [part for part in path.split("/") if part not in ("", ".")]
        if ".." in parts_of:
            raise Unknown("..: " + path)
        for part in parts_of[:-1]:
            inode = self.disk.names[inode].get(part)
            if inode not in self.disk.names:
                return None
        if not parts_of:
            return (None, None, inode)
        return (inode, parts_of[-1], self.disk.names[inode].get(parts_of[-1]))

    def must(self, directory, path):
        """The same of a name that has to be there: a child may have made it."""
        place = self.place(directory, path)
        if place is None or place[2] is not None:
            return place
        if place[0] < self.disk.loaded:
            return None  # of the host below a live tree
        return place[:2] + (self.disk.adopt(place[0], place[1]),)

    # ---- calls, by name ----

    def on_open(self, words, fd):
        self.on_openat(["AT_FDCWD"] + words, fd)

    def on_openat(self, words, fd):
        flags = words[2]
        place = self.place(words[0], words[1]) if "O_CREAT" in flags else self.must(words[0], words[1])
        self.files.pop(fd, None)
        if place is None:
            return
        directory, name, inode = place
        if inode is None and "O_CREAT" in flags:
            inode = self.disk.new("file", int(words[3], 8) & 0o7755 if len(words) > 3 else 0)
            self.disk.do(Names(((directory, name, None, inode),)))
        if inode is None:
            return
        if "O_TRUNC" in flags and self.disk.data[inode]:
            self.disk.do(Data(inode, 0, None))
        self.files[fd] = [inode, 0]

    def on_close(self, words, result):
        self.files.pop(int(words[0]), None)

    def on_dup(self, words, fd):
        self.files.pop(fd, None)
        if int(words[0]) in self.files:
            self.files[fd] = self.files[int(words[0])]

    on_dup2 = on_dup3 = on_dup

    def on_fcntl(self, words, result):
        if words[1].startswith("F_DUPFD"):
            self.on_dup(words, result)

    def entry(self, fd):
        return self.files.get(int(fd)) if fd.isdigit() else None

    def on_read(self, words, result):
        entry = self.entry(words[0])
        if entry is not None:
            entry[1] += result

    def on_lseek(self, words, result):
        entry = self.entry(words[0])
        if entry is not None:
            entry[1] = result

    def on_write(self, words, result):
        entry = self.entry(words[0])
        if entry is not None:
            self.disk.do(Data(entry[0], entry[1], words[1][:result]))
            entry[1] += result

    def on_pwrite64(self, words, result):
        entry = self.entry(words[0])
        if entry is not None:
            self.disk.do(Data(entry[0], int(words[3]), words[1][:result]))

    def on_copy_file_range(self, words, result):
        source, target = self.entry(words[0]), self.entry(words[2])
        if target is None or source is None or words[1] != "NULL" or words[3] != "NULL":
            raise Unknown("copy_file_range: %s" % words)
        self.disk.do(Data(target[0], target[1], self.disk.data[source[0]][source[1]:source[1] + result]))
        source[1] += result
        target[1] += result

    def on_ftruncate(self, words, result):
        entry = self.entry(words[0])
        if entry is not None:
            self.disk.do(Data(entry[0], int(words[1]), None))

    def on_mmap(self, words, result):
        if "MAP_SHARED" in words[3] and "PROT_WRITE" in words[2] and self.entry(words[4]) is not None:
            raise Unknown("a shared mapping: %s" % words)

    def set_meta(self, fd, key, value):
        entry = self.entry(fd)
        if entry is not None:
            self.disk.do(Meta(entry[0], key, value))

    def on_fchown(self, words, result):
        self.set_meta(words[0], "owner", (int(words[1]), int(words[2])))

    def on_fchmod(self, words, result):
        self.set_meta(words[0], "mode", int(words[1], 8))

    def on_fsetxattr(self, words, result):
        self.set_meta(words[0], (words[1].decode(),), words[2])

    def on_utimensat(self, words, result):
        if words[1] != "NULL":
            raise Unknown("utimensat of a name: %s" % words)
        seconds = re.findall(r"tv_sec=(\d+), tv_nsec=(\d+)", " ".join(words[2:]))
        if seconds:
            self.set_meta(words[0], "time", int(seconds[-1][0]) * 10**9 + int(seconds[-1][1]))

    def on_fsync(self, words, result):
        entry = self.entry(words[0])
        if entry is not None:
            self.disk.do(Sync(entry[0], False))

    def on_fdatasync(self, words, result):
        entry = self.entry(words[0])
        if entry is not None:
            self.disk.do(Sync(entry[0], True))

    def on_mkdirat(self, words, result):
        place = self.place(words[0], words[1])
        if place is not None:
            self.disk.do(Names(((place[0], place[1], None, self.disk.new("dir", int(words[2], 8) & 0o7755)),)))

    def on_unlinkat(self, words, result):
        place = self.must(words[0], words[1])
        if place is not None:
            self.disk.do(Names((place + (None,),)))

    def on_symlinkat(self, words, result):
        place = self.place(words[1], words[2])
        if place is not None:
            self.disk.do(Names(((place[0], place[1], None, self.disk.new("link", 0o777, words[0])),)))

    def on_linkat(self, words, result):
        old, new = self.must(words[0], words[1]), self.place(words[2], words[3])
        self.both_inside(old, new, words)
        self.disk.do(Names((new + (old[2],),)))

    def on_renameat(self, words, result):
        old, new = self.must(words[0], words[1]), self.place(words[2], words[3])
        if self.both_inside(old, new, words):
            self.disk.do(Names((old + (None,), new + (old[2],))))

    def on_renameat2(self, words, result):
        if words[4] != "RENAME_EXCHANGE":
            self.on_renameat(words, result)
            return
        old, new = self.must(words[0], words[1]), self.must(words[2], words[3])
        if self.both_inside(old, new, words):
            self.disk.do(Names((old + (new[2],), new + (old[2],))))

    @staticmethod
    def both_inside(old, new, words):
        if (old is None) != (new is None):
            raise Unknown("a name leaves the tree: %s" % words)
        return old is not None
