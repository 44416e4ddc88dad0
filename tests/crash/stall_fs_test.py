#!/usr/bin/env python3
"""The stalling disk stalls, fails and lets go when told, and only what it is told.

Usage: stall_fs_test.py STALL_FS      (exits with 77 when FUSE cannot be had)
Needs no clock: stall_fs says when a call waits, and a call that has not ended then is waiting.
"""
import errno
import mmap
import os
import subprocess
import sys
import tempfile
import threading

BLOCK = 4096


class Disk:
    """stall_fs over a directory of its own."""

    def __init__(self, program, top):
        self.mounted = os.path.join(top, "mounted")
        self.backing = os.path.join(top, "backing")
        self.control = os.path.join(top, "control")
        os.mkdir(self.mounted)
        os.mkdir(self.backing)
        self.process = subprocess.Popen([program, self.backing, self.mounted, self.control],
                                        stdout=subprocess.PIPE, text=True)

    def says(self):
        return self.process.stdout.readline().strip()

    def path(self, name):
        return os.path.join(self.mounted, name)

    def ask(self, words):
        with open(self.control + ".new", "w", encoding="utf-8") as file:
            file.write(words)
        os.rename(self.control + ".new", self.control)

    def let_go(self):
        os.remove(self.control)

    def stop(self):
        self.process.terminate()
        return self.process.wait()


class Call(threading.Thread):
    """A call made elsewhere, since it may wait."""

    def __init__(self, function, *arguments):
        super().__init__(daemon=True)
        self.call = lambda: function(*arguments)
        self.error = None
        self.start()

    def run(self):
        try:
            self.call()
        except OSError as error:
            self.error = error.errno

    def waits(self):
        return self.is_alive()

    def result(self):
        self.join()
        return self.error


def block_of(letter):
    block = mmap.mmap(-1, BLOCK)  # aligned, as O_DIRECT wants it
    block[:] = letter * BLOCK
    return block


def equal(got, expected):
    if got != expected:
        raise AssertionError(f"got {got!r}, expected {expected!r}")


def check(disk):
    file = os.open(disk.path("journal"), os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    os.close(file)
    file = os.open(disk.path("journal"), os.O_WRONLY | os.O_DIRECT)
    equal(os.pwrite(file, block_of(b"a"), 0), BLOCK)
    os.fdatasync(file)
    with open(os.path.join(disk.backing, "journal"), "rb") as behind:
        equal(behind.read(), b"a" * BLOCK)

    # Syncs wait; writes (to another file), reads and names do not.
    other = os.open(disk.path("other"), os.O_WRONLY | os.O_CREAT)
    disk.ask("sync")
    sync = Call(os.fdatasync, file)
    equal(disk.says(), "holding sync")
    equal(os.pwrite(other, block_of(b"b"), 0), BLOCK)
    equal(os.stat(disk.path("other")).st_size, BLOCK)
    equal(sorted(os.listdir(disk.mounted)), ["journal", "other"])
    equal(sync.waits(), True)
    disk.let_go()
    equal(disk.says(), "released sync")
    equal(sync.result(), None)

    # With no word, both kinds.
    disk.ask("")
    write = Call(os.pwrite, file, block_of(b"c"), 0)
    equal(disk.says(), "holding write")
    sync = Call(os.fsync, other)
    equal(disk.says(), "holding sync")
    equal((write.waits(), sync.waits()), (True, True))
    disk.let_go()
    equal({disk.says(), disk.says()}, {"released write", "released sync"})
    equal((write.result(), sync.result()), (None, None))

    # Failing, alone and after a wait.
    disk.ask("fail sync")
    equal(Call(os.fdatasync, file).result(), errno.EIO)
    equal(disk.says(), "failed sync")
    equal(Call(os.pwrite, file, block_of(b"d"), 0).result(), None)
    disk.ask("write")
    write = Call(os.pwrite, file, block_of(b"e"), 0)
    equal(disk.says(), "holding write")
    disk.ask("fail write")
    equal(disk.says(), "failed write")
    equal(write.result(), errno.EIO)
    disk.let_go()
    os.close(file)
    os.close(other)
    with open(disk.path("journal"), "rb") as read:
        equal(read.read(), b"d" * BLOCK)


def check_end(disk):
    """Told to stop while a call waits, it stops; the call fails."""
    file = os.open(disk.path("journal"), os.O_WRONLY)
    disk.ask("")
    sync = Call(os.fdatasync, file)
    equal(disk.says(), "holding sync")
    equal(disk.stop(), 0)
    equal(sync.result() is not None, True)
    os.close(file)
    equal(os.path.ismount(disk.mounted), False)


def main():
    with tempfile.TemporaryDirectory(prefix="doorbuster-stall-") as top:
        disk = Disk(sys.argv[1], top)
        if disk.says() != "mounted":
            sys.exit(disk.process.wait())
        try:
            check(disk)
            check_end(disk)
        finally:
            if disk.process.poll() is None:
                disk.stop()
    print("passed")


if __name__ == "__main__":
    main()
