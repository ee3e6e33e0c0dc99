# SPDX-License-Identifier: GPL-3.0-or-later
"""machine.py: one boot of a machine in QEMU, under software emulation, from a disk of disk.py, until its power is cut.

A kernel takes as long to start as everything else. So it starts once, and the moment before it reads from the disk is kept (freeze);
each boot goes on from there: mounts what the disk holds now, and starts init.

The machine's clock counts its instructions, and the time in which it waits: on a busy host it is slow, but little in it times out.

What the machine tells comes as lines, each with the moment when it came; a line that came after the power had gone is nobody's.
"""
import json
import os
import queue
import socket
import subprocess
import threading
import time

from disk import Disk


class Silent(Exception):
    """The machine said nothing for too long, or ended by itself; the text says how far it was."""


class Machine:
    def __init__(self, disk, place, built, more=()):
        """place: the disk's socket; built: where the kernel is, and the kept moment; more: of QEMU's options."""
        self.disk = disk
        self.kernel_log = place + ".kernel"
        self.lines = queue.Queue()
        self.heard = []
        words = "console=ttyS0 no_timer_check quiet loglevel=4 panic=5 mitigations=off systemd.show_status=0"
        self.process = subprocess.Popen(
            ["qemu-system-x86_64", "-accel", "tcg", "-icount", "shift=1", "-m", "512", "-smp", "1", "-nodefaults",
             "-no-user-config", "-no-reboot", "-display", "none", "-serial", "file:" + self.kernel_log,
             "-kernel", os.path.join(built, "vmlinuz"), "-initrd", os.path.join(built, "initramfs"), "-append", words,
             "-chardev", "stdio,id=words,signal=off", "-device", "virtio-serial-pci",
             "-device", "virtserialport,chardev=words,nr=1,name=power",
             "-blockdev", "driver=nbd,node-name=disk,export=,server.type=unix,server.path=" + place,
             "-device", "virtio-blk-pci,drive=disk,write-cache=on,logical_block_size=4096,physical_block_size=4096", *more],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        threading.Thread(target=self.listen, daemon=True).start()

    def go(self, kind, init):
        """From the kept moment on. kind: the file system; init: the first program, and its arguments."""
        self.process.stdin.write(b"%d %s %s\n" % (time.time(), kind.encode(), init.encode()))
        self.process.stdin.flush()

    def listen(self):
        for line in self.process.stdout:
            self.lines.put((time.monotonic(), line.decode("utf-8", "replace").rstrip("\r\n")))
        self.lines.put((time.monotonic(), None))

    def hear(self, seconds):
        """The next line, as words "what which rest"; None when seconds have passed or the power went before it came."""
        until = time.monotonic() + seconds
        while not self.disk.dead.is_set() or not self.lines.empty():
            try:
                at, line = self.lines.get(timeout=max(0.0, min(0.05, until - time.monotonic())))
            except queue.Empty:
                if time.monotonic() >= until:
                    return None
                continue
            if line is None:
                raise Silent("the machine ended by itself: " + self.last_words())
            if self.disk.died is None or at < self.disk.died:
                self.heard.append(line)
                return (line.split(" ", 2) + ["", ""])[:3]
        return None

    def last_words(self):
        with open(self.kernel_log, encoding="utf-8", errors="replace") as log:
            return " | ".join(self.heard[-3:] + log.read().splitlines()[-5:])

    def kill(self):
        """Hard: the machine cannot do anything about it."""
        self.process.kill()
        self.process.wait()


def freeze(built, place):
    """Starts the kernel with a disk that it does not read, and keeps that moment in the directory built; once."""
    kept = os.path.join(built, "kernel.state")
    if os.path.exists(kept):
        return
    blank = place + ".blank"
    with open(blank, "wb") as file:
        file.truncate(os.path.getsize(os.path.join(built, "ext4.img")))
    disk = Disk(blank, place)
    machine = Machine(disk, place, built, ["-qmp", "unix:%s.qmp,server=on,wait=off" % place])
    line = machine.hear(600)
    if line is None or line[0] != "standing":
        raise Silent("the kernel did not start: " + machine.last_words())
    with socket.socket(socket.AF_UNIX) as control:
        control.connect(place + ".qmp")
        with control.makefile("rw") as wire:
            command(wire, "qmp_capabilities")
            command(wire, "migrate", uri="exec:cat >%s.part" % kept)
            while command(wire, "query-migrate")["status"] not in ("completed", "failed"):
                time.sleep(1)
    machine.kill()
    disk.cut()
    disk.settle(None, "all")
    os.rename(kept + ".part", kept)


def command(wire, name, **arguments):
    """One command to QEMU's monitor, and its answer; events in between are nothing to us."""
    wire.write(json.dumps({"execute": name, "arguments": arguments}) + "\n")
    wire.flush()
    while True:
        answer = json.loads(wire.readline())
        if "error" in answer:
            raise Silent("QEMU: %s: %s" % (name, answer["error"]["desc"]))
        if "return" in answer:
            return answer["return"]


def thaw(built):
    """The options that make a machine begin at the kept moment."""
    return ["-incoming", "exec:cat " + os.path.join(built, "kernel.state")]
