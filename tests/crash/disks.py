"""The file systems of the crash tests, mounted for a test: power_fs, a disk that loses power when told."""
import os
import queue
import subprocess
import sys
import tempfile
import threading

TOLD_SECONDS = 60
SKIPPED = 77


class PowerDisk:
    """power_fs at `mounted`; what its commands mean stands at the head of power_fs.cc."""

    def __init__(self, program, mounted, seed, buffered=False):
        self.mounted = mounted
        self._said = queue.Queue()
        self._struck = queue.Queue()
        self._has_struck = threading.Event()
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "TERM", program, mounted, str(seed), *(["buffered"] * buffered)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._reader = threading.Thread(target=self._listen, daemon=True)
        self._reader.start()
        self.is_mounted = self._said.get(timeout=TOLD_SECONDS) == "mounted"

    def _listen(self):
        """Sorts what it says: answers to commands, and what a plan did."""
        for line in self.process.stdout:
            line = line.strip()
            if " " in line:
                self._struck.put(line)
                self._has_struck.set()
            else:
                self._said.put(line)
        self._said.put(None)
        self._struck.put(None)

    def _tell(self, command, answer):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        said = self._said.get(timeout=TOLD_SECONDS)
        assert said == answer, f"{command!r} was answered {said!r}"

    def plan(self, action, when, kind, part="-", skip=0):
        while not self._struck.empty():
            self._struck.get()
        self._has_struck.clear()
        self._tell(f"plan {action} {when} {kind} {skip} {part}", "planned")

    def forget(self):
        """False if the plan has struck already."""
        self._tell("forget", "forgotten")
        return not self._has_struck.is_set()

    def wait_struck(self, seconds):
        """Waits for the plan to strike, so long and no longer."""
        self._has_struck.wait(seconds)

    def struck(self):
        """What the plan did, once it has: "cut sync /data/journal/0000000001.seg"."""
        return self._struck.get(timeout=TOLD_SECONDS)

    def cut(self, pid):
        """The power of the machine on which that process runs is cut."""
        self._tell(f"cut {pid}", "cut")

    def on(self):
        self._tell("on", "on")

    def stop(self):
        """Gives its exit code."""
        self.process.stdin.close()
        try:
            code = self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            subprocess.run(["umount", "-l", self.mounted], check=False)
            raise
        self._reader.join()
        self.process.stdout.close()
        return code


def can_mount(program):
    """Ends the test program as skipped where the file system cannot be had."""
    if not os.access(program, os.X_OK):
        print(f"skipped: no such file system here ({program or 'no program is named'})")
        sys.exit(SKIPPED)
    with tempfile.TemporaryDirectory(prefix="doorbuster-power-") as place:
        disk = PowerDisk(program, place, seed=0)
        if not disk.is_mounted:
            sys.exit(disk.process.wait())
        disk.stop()
