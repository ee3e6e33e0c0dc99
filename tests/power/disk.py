# SPDX-License-Identifier: GPL-3.0-or-later
"""disk.py: the disk of a machine whose power is cut: a file, given to QEMU over a socket (NBD), with a volatile write cache.

A disk may hold what it was told to write in its cache until it is told to flush it, and write it in any order. So when the power
goes, each block that was written since the last flush holds what it held then, or any text that was written since, each block by
itself. QEMU has no such cache: killed, it loses what the guest had not sent yet, and nothing else.

A cut can be asked for at the Nth request that changes the disk (a write or a flush) from now; or a copy of the disk as a cut at that
moment would have left it (take), while the machine waits for its answer and goes on: what survives a cut is what the disk holds.

Limits: a block of 4096 bytes is never torn (the disk says that this is its sector). One connection, no trim.
"""
import os
import socket
import struct
import subprocess
import threading
import time

BLOCK = 4096
READ, WRITE, DISCONNECT, FLUSH = 0, 1, 2, 3
OPTION_GO, OPTION_INFO, OPTION_ABORT = 7, 6, 2
REPLY_ACK, REPLY_INFO, REPLY_UNSUPPORTED = 1, 3, 0x80000001
FLAGS = 1 | 4  # there are flags; flush is understood
EIO = 5


class Disk:
    def __init__(self, path, place):
        """path: the image, changed in place; place: where the socket will be."""
        self.path = path
        self.fd = os.open(path, os.O_RDWR)
        self.size = os.fstat(self.fd).st_size
        self.older = {}             # block -> its texts since the last flush, oldest first, without the present one
        self.requests = 0           # that changed the disk
        self.cut_at = None          # the number of the request at which the power goes
        self.take_at = {}           # number of a request -> what to call for a copy of the disk at that moment
        self.dead = threading.Event()  # the power is gone: nothing is answered any more
        self.died = None            # when (time.monotonic)
        self.gone = threading.Event()  # and so is the machine
        self.lock = threading.Lock()
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(place)
        self.listener.listen(1)
        threading.Thread(target=self.serve, daemon=True).start()

    # ---- the power

    def cut_in(self, requests):
        """None: not any more."""
        with self.lock:
            self.cut_at = requests and self.requests + requests

    def cut_after(self, seconds):
        timer = threading.Timer(seconds, self.cut)
        timer.daemon = True
        timer.start()

    def cut(self):
        """The power goes now, unless it has already gone."""
        with self.lock:
            self.die()

    def die(self):
        if not self.dead.is_set():
            self.died = time.monotonic()
            self.dead.set()

    def settle(self, dice, survival):
        """After the power went and QEMU ended: what the file holds now. survival: which of the unflushed blocks keep their last text:
        "none", "all" or "some". Returns how many were not flushed, and how many of them lost something."""
        self.gone.set()
        with self.lock:
            unflushed, lost = len(self.older), self.lose(self.fd, dice, survival)
            self.older = {}
            os.close(self.fd)
            self.fd = -1
            self.listener.close()
            return unflushed, lost

    def take(self, to, dice, survival):
        """Called at a request (take_at): the same for a copy, which is the new file to. The machine does not notice."""
        subprocess.run(["cp", "--sparse=always", self.path, to], check=True)
        copy = os.open(to, os.O_RDWR)
        lost = self.lose(copy, dice, survival)
        os.close(copy)
        return len(self.older), lost

    def lose(self, fd, dice, survival):
        lost = 0
        for block, texts in sorted(self.older.items()):
            keep = len(texts) if survival == "all" else 0 if survival == "none" else dice.randint(0, len(texts))
            if keep < len(texts):
                lost += 1
                os.pwrite(fd, texts[keep], block * BLOCK)
        return lost

    # ---- the protocol

    def serve(self):
        try:
            line, _ = self.listener.accept()
            with line, line.makefile("rb") as wire:
                if self.greet(line, wire):
                    while self.answer(line, wire):
                        pass
        except (OSError, struct.error):
            pass  # QEMU ended, or the socket was closed under us: the main thread knows why

    def greet(self, line, wire):
        line.sendall(b"NBDMAGICIHAVEOPT" + struct.pack(">H", 1 | 2))
        wire.read(4)
        while True:
            _, option, length = struct.unpack(">QII", wire.read(16))
            wire.read(length)
            if option in (OPTION_GO, OPTION_INFO):
                self.reply(line, option, REPLY_INFO, struct.pack(">HQH", 0, self.size, FLAGS))
                self.reply(line, option, REPLY_INFO, struct.pack(">HIII", 3, BLOCK, BLOCK, 1 << 25))
                self.reply(line, option, REPLY_ACK)
                if option == OPTION_GO:
                    return True
            elif option == OPTION_ABORT:
                return False
            else:
                self.reply(line, option, REPLY_UNSUPPORTED)

    @staticmethod
    def reply(line, option, kind, data=b""):
        line.sendall(struct.pack(">QIII", 0x3e889045565a9, option, kind, len(data)) + data)

    def answer(self, line, wire):
        _, _, kind, handle, offset, length = struct.unpack(">IHHQQI", wire.read(28))
        data = wire.read(length) if kind == WRITE else b""
        if kind == DISCONNECT:
            return False
        with self.lock:
            if kind in (WRITE, FLUSH):
                self.requests += 1
                if self.requests == self.cut_at:
                    self.die()
                elif self.requests in self.take_at:
                    self.take_at.pop(self.requests)()
            dead = self.dead.is_set()
        if dead:
            self.gone.wait()  # not even an error is answered
            return False
        with self.lock:
            out = os.pread(self.fd, length, offset) if kind == READ else b""
            if kind == WRITE:
                self.write(offset, data)
            elif kind == FLUSH:
                self.older = {}
        error = 0 if kind in (READ, WRITE, FLUSH) else EIO
        line.sendall(struct.pack(">IIQ", 0x67446698, error, handle) + out)
        return True

    def write(self, offset, data):
        for block in range(offset // BLOCK, (offset + len(data)) // BLOCK):
            self.older.setdefault(block, []).append(os.pread(self.fd, BLOCK, block * BLOCK))
        os.pwrite(self.fd, data, offset)
