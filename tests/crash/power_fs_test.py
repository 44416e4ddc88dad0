#!/usr/bin/env python3
"""The disk that loses power keeps what was synced, and only now and then what was not; it fails when told,
and the kernel's cache shows afterwards what the disk does not have.

Usage: power_fs_test.py POWER_FS      (exits with 77 when FUSE cannot be had)
"""
import errno
import mmap
import os
import signal
import sys
import tempfile

from disks import PowerDisk

BLOCK = 4096
CUTS = 40


def equal(got, expected):
    if got != expected:
        raise AssertionError(f"got {got!r}, expected {expected!r}")


def block_of(letter):
    block = mmap.mmap(-1, BLOCK)  # aligned, as O_DIRECT wants it
    block[:] = letter * BLOCK
    return block


def fails(number, function, *arguments):
    try:
        function(*arguments)
    except OSError as error:
        return equal(error.errno, number)
    raise AssertionError(f"{function.__name__}{arguments} did not fail")


def sync_directory(path):
    directory = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    os.fsync(directory)
    os.close(directory)


def write(path, letter, flags=0):
    file = os.open(path, os.O_WRONLY | flags)
    os.pwrite(file, block_of(letter), 0)
    return file


def read(path):
    with open(path, "rb") as file:
        return file.read()


def make(path, letter):
    """A durable file of one block."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL))
    file = write(path, letter)
    os.fdatasync(file)
    os.close(file)
    sync_directory(os.path.dirname(path))


class Writer:
    """A process of its own, for a cut to kill: calls `function` and waits for its end."""

    def __init__(self, function):
        self.pid = os.fork()
        if self.pid == 0:
            function()
            signal.pause()

    def end(self):
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def check_cuts(disk):
    """What was synced is there after every cut, what was not is there, gone, or a mixture; names likewise."""
    kept = os.path.join(disk.mounted, "kept")
    make(kept, b"s")
    fates = {"old": 0, "new": 0, "mixed": 0, "named": 0, "unnamed": 0}
    for number in range(CUTS):
        writer = Writer(lambda: None)
        name = os.path.join(disk.mounted, f"name-{number}")
        os.close(write(kept, b"u"))
        os.close(os.open(name, os.O_WRONLY | os.O_CREAT))
        equal(read(kept), b"u" * BLOCK)  # whatever becomes of it, it is seen
        disk.cut(writer.pid)
        equal(writer.end(), -9)
        fails(errno.EIO, open, kept)
        disk.on()
        found = read(kept)
        fates["old" if found == b"s" * BLOCK else "new" if found == b"u" * BLOCK else "mixed"] += 1
        fates["named" if os.path.exists(name) else "unnamed"] += 1
        file = write(kept, b"s")
        os.fdatasync(file)
        os.close(file)
    for fate, count in fates.items():
        if count == 0:
            raise AssertionError(f"{CUTS} cuts, and nothing was ever {fate}: {fates}")
    for number in range(CUTS):
        writer = Writer(lambda: None)
        disk.cut(writer.pid)
        writer.end()
        disk.on()
        equal(read(kept), b"s" * BLOCK)


def check_plans(disk):
    """A plan strikes the call it names, and no other; it kills whoever made that call."""
    file_path = os.path.join(disk.mounted, "planned")
    make(file_path, b"a")
    disk.plan("fail", "before", "sync", "planned", skip=1)
    file = write(file_path, b"b")
    os.fdatasync(file)
    fails(errno.EIO, os.fdatasync, file)
    equal(disk.struck(), "failed sync /planned")
    os.fdatasync(file)
    disk.plan("break", "before", "write", "planned")
    fails(errno.EIO, os.pwrite, file, block_of(b"c"), 0)
    fails(errno.EIO, os.pwrite, file, block_of(b"c"), 0)
    disk.forget()
    equal(os.pwrite(file, block_of(b"b"), 0), BLOCK)
    os.close(file)

    disk.plan("kill", "after", "rename", "planned")
    renamer = Writer(lambda: os.rename(file_path, file_path + "-2"))
    equal(disk.struck(), "killed rename /planned-2")
    equal(renamer.end(), -9)
    equal(read(file_path + "-2"), b"b" * BLOCK)

    make(file_path, b"d")
    disk.plan("cut", "before", "write", "planned", skip=0)
    writer = Writer(lambda: write(file_path, b"e"))
    equal(disk.struck(), "cut write /planned")
    equal(writer.end(), -9)
    disk.on()
    equal(read(file_path), b"d" * BLOCK)  # it never came to the write


def check_lost_pages(disk):
    """After a failed sync the kernel shows what was written, though it is not on the disk; with its pages
    dropped, the disk's."""
    path = os.path.join(disk.mounted, "journal")
    make(path, b"o")
    fails(errno.EINVAL, os.open, path, os.O_WRONLY | os.O_DIRECT)
    lost = 0
    for _ in range(CUTS):
        file = write(path, b"n")
        disk.plan("fail", "before", "sync", "journal")
        fails(errno.EIO, os.fdatasync, file)
        os.fdatasync(file)  # and says that all is well
        equal(read(path), b"n" * BLOCK)
        os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
        lost += read(path) != b"n" * BLOCK
        os.close(file)
        file = write(path, b"o")
        os.fdatasync(file)
        os.close(file)
    if lost == 0:
        raise AssertionError("no failed sync ever lost anything")


def mounted(top, name, buffered):
    os.mkdir(os.path.join(top, name))
    disk = PowerDisk(sys.argv[1], os.path.join(top, name), seed=1, buffered=buffered)
    if not disk.is_mounted:
        sys.exit(disk.process.wait())
    return disk


def main():
    with tempfile.TemporaryDirectory(prefix="doorbuster-power-") as top:
        for name, buffered, checks in (("direct", False, (check_cuts, check_plans)),
                                       ("cached", True, (check_lost_pages,))):
            disk = mounted(top, name, buffered)
            try:
                for check in checks:
                    check(disk)
            finally:
                code = disk.stop()
            equal((code, os.path.ismount(disk.mounted)), (0, False))
    print("passed")


if __name__ == "__main__":
    main()
