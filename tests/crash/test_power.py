"""Power cuts of the real program under load: what it acknowledged is there afterwards, on a disk that
loses what was not synced (power_fs). Judged by auditor.py from the clients' log alone.

From the environment:
  DOORBUSTER_POWER_FS      names power_fs; exits with 77, which is "skipped", where it cannot be mounted
  DOORBUSTER_POWER_CUTS    how many cuts, 52 by default, and a fourth as many kills besides
  DOORBUSTER_DISK_FAILURES how many failed writes and syncs, 12 by default
"""
import collections
import os
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "e2e"), os.path.join(HERE, "..", "history")]

import auditor  # noqa: E402
import linearize  # noqa: E402
from disks import PowerDisk, can_mount  # noqa: E402
from harness import SCALE, DoorbusterTest, chance, crowd, main, run_program  # noqa: E402
from load import Load, url  # noqa: E402
from recorder import Recorder, definition  # noqa: E402

POWER_FS = os.environ.get("DOORBUSTER_POWER_FS", "")
CUTS = int(os.environ.get("DOORBUSTER_POWER_CUTS", "52"))
LIVES = max(2, CUTS // 6)  # cuts in the lives of holds, beside those
SALES_AT_ONCE = 8
FAILURES = int(os.environ.get("DOORBUSTER_DISK_FAILURES", "12"))
ENDS_A_DIRECTORY = 15
CONNECTIONS = 12
GONE_SECONDS = 1 if SCALE >= 1 else 10  # after the first failure of the journal; sanitizers take longer
# The smallest there are, no events kept behind: segments are made, covered and removed all the time.
SETTINGS = ["--journal.segment-bytes", str(1 << 20), "--journal.retain-bytes", "0",
            "--restart-grace-seconds", "0"]
# Large sales that fill two segments, so that a snapshot is taken.
FILLING = 144
NEWEST = 24  # sales that are looked for after each end; all of them at the end of a disk's life
PATIENCE = 5  # seconds, until a snapshot under way comes to the point

# Where the end comes: what is under way there, and the call of the file system that it meets.
POINTS = {
    "before a group is written": ("before", "write", ".seg$"),
    "between write and sync of a group": ("before", "sync", ".seg$"),
    "between sync and answer": ("after", "sync", ".seg$"),
}
POINTS_OF_SEGMENTS = {
    "a segment was created": ("after", "create", ".seg.tmp$"),
    "a segment is half filled": ("before", "write", ".seg.tmp$"),
    "between filling and sync of a segment": ("before", "sync", ".seg.tmp$"),
    "before a segment gets its name": ("before", "rename", ".seg$"),
    "after a segment got its name": ("after", "rename", ".seg$"),
    "before the name of a segment is synced": ("before", "sync", "/journal$"),
}
POINTS_OF_SNAPSHOTS = {
    "an image is begun": ("after", "create", "/snapshots/"),
    "before an image or a manifest is synced": ("before", "sync", "/snapshots/"),
    "before a snapshot gets its name": ("before", "rename", "/snapshots/"),
    "after a snapshot got its name": ("after", "rename", "/snapshots/"),
    "before the name of a snapshot is synced": ("before", "sync", "/snapshots$"),
    "what a snapshot replaces is removed": ("after", "remove", "-"),
}


class PowerTest(DoorbusterTest):
    """A server over power_fs, a load, and the judge."""

    def setUp(self):
        super().setUp()
        self.random = chance(self.id())
        self.counts = collections.Counter()
        self.reached = collections.Counter()
        self.disks = 0

    def begin(self, buffered=False, environment=None):
        """A new disk, with a server on it and the first sales."""
        self.disks += 1
        mounted = self.path(f"disk-{self.disks}")
        os.mkdir(mounted)
        seed = chance(self.id(), self.disks).getrandbits(63)
        self.disk = PowerDisk(POWER_FS, mounted, seed, buffered)
        self.assertTrue(self.disk.is_mounted)
        self.addCleanup(self._end, self.disk)
        self.server = self.new_server(os.path.join(mounted, "data"), SETTINGS, environment)
        self.server.start()
        self.load = Load(self.random, self.path(f"log-{self.disks}.jsonl"))
        crowd(self.server.address, [self.load.begin()], self.load.answered)

    def _end(self, disk):
        if disk.process.returncode is None:
            self._end_servers()
            self.assertEqual(disk.stop(), 0)

    def finish(self):
        """Everything on that disk, judged once more."""
        crowd(self.server.address, [self.load.settle() for _ in range(CONNECTIONS)], self.load.answered)
        self.assertFalse(self.load.unresolved)
        self.audit(everything=True)
        self.server.stop()
        self.load.log_file.close()
        self.counts["answers"] += len(self.load.log)
        self.counts["claims"] += len({line["claim"]["id"] for line in self.load.log
                                      if line["status"] in (200, 201)})
        self.assertEqual(self.disk.stop(), 0)

    def breaches(self, everything=False):
        """Of everything, or of what was asked for lately."""
        load, address = self.load, url(self.server)
        if everything:
            state = auditor.read_state(address)
            there = {name: shown["definition"] for name, shown in state.items()}
            rounds = auditor.audit_rounds(there)
        else:
            live = {sale["id"] for sale in load.live}
            state = auditor.read_state(address, live)
            there = auditor.read_sales(address, [sale["id"] for sale in load.sales[-NEWEST:]])
            rounds = []
        return (auditor.audit(load.lines_of(state.keys()), state, load.unknown)
                + load.missing_sales(there, None if everything else NEWEST) + rounds)

    def audit(self, everything=False):
        self.assertEqual(self.breaches(everything), [], f"after {dict(self.counts)}, {dict(self.reached)}")

    def verify(self):
        result = run_program("verify", self.server.data_dir)
        self.assertEqual(result.returncode, 0, f"verify:\n{result.stdout}{result.stderr}")

    def ask_until(self, scripts, stop=None):
        """Load until the connections break; `stop` is called once, a moment after some answer."""
        wanted = self.random.choice([1, 30, 300, 600]) * self.random.random()
        timer, heard = None, 0

        def answered(tag, answer):
            nonlocal timer, heard
            self.load.answered(tag, answer)
            heard += 1
            if stop is not None and timer is None and heard >= wanted:
                timer = threading.Timer(self.random.random() * 0.01, stop)
                timer.start()

        self.load.lost(crowd(self.server.address, scripts, answered, depth=8, may_break=True))
        if timer is not None:
            timer.join()

    def end_now(self):
        """The end of the machine or of the process, whatever is going on."""
        self.disk.forget()
        if self.ends_by == "cut":
            self.disk.cut(self.server.process.pid)
        else:
            self.server.process.kill()

    def end_at(self, points, scripts, skip):
        """The end at one of the points, or after the scripts when it was not reached."""
        name, (when, kind, part) = self.random.choice(list(points.items()))
        self.disk.plan(self.ends_by, when, kind, part, self.random.randrange(skip))
        self.ask_until(scripts)
        self.disk.wait_struck(PATIENCE)
        if self.disk.forget():  # it has not come to that
            self.end_now()
            self.reached["nothing in particular"] += 1
        else:
            self.reached[name] += 1

    def end_while_it_recovers(self):
        """One more end, at any call of a start."""
        self.disk.plan(self.ends_by, self.random.choice(["before", "after"]), "any", "-",
                       self.random.randrange(70))
        try:
            self.server.start()
        except AssertionError:
            if self.disk.forget():
                raise
        if self.disk.forget():  # the start had fewer calls
            self.end_now()
        else:
            self.reached["recovery"] += 1
        self.gone()

    def gone(self):
        self.assertEqual(self.server.wait(), -9)
        if self.ends_by == "cut":
            self.disk.on()
        self.counts[self.ends_by] += 1

    def end_once(self):
        load = self.load
        crowd_of = [load.script() for _ in range(CONNECTIONS)]
        draw = self.random.random()
        if draw < 0.35:
            self.ask_until(crowd_of, self.end_now)
            self.reached["a random moment"] += 1
        elif draw < 0.6:
            self.end_at(POINTS, crowd_of, skip=30)
        else:
            filling = [load.filling(FILLING // CONNECTIONS) for _ in range(CONNECTIONS)]
            self.end_at(POINTS_OF_SEGMENTS if draw < 0.8 else POINTS_OF_SNAPSHOTS, filling, skip=3)
        self.gone()


class PowerCuts(PowerTest):

    def test_every_acknowledged_claim_is_found_after_every_power_cut(self):
        started = time.monotonic()
        kills = CUTS // 4
        while self.counts["cut"] < CUTS or self.counts["kill"] < kills:
            self.begin()
            for _ in range(ENDS_A_DIRECTORY):
                wanted = ["cut"] * max(0, CUTS - self.counts["cut"]) + \
                         ["kill"] * max(0, kills - self.counts["kill"])
                if not wanted:
                    break
                self.ends_by = self.random.choice(wanted)
                self.end_once()
                if self.random.random() < 0.25:
                    self.end_while_it_recovers()
                if self.random.random() < 0.3:
                    self.verify()
                self.server.start()
                self.audit()
            self.finish()
        print(f"{dict(self.counts)} in {time.monotonic() - started:.0f} s; where: {dict(self.reached)}",
              flush=True)
        everywhere = {*POINTS, *POINTS_OF_SEGMENTS, *POINTS_OF_SNAPSHOTS, "recovery", "a random moment"}
        if CUTS >= 500:
            self.assertEqual(everywhere - set(self.reached), set())


class WholeLives(PowerTest):

    def test_what_was_told_of_holds_before_a_power_cut_can_be_put_in_order_with_what_is_there_after_it(self):
        """Holds that were confirmed, given back, extended, refunded; sales that were paused and restocked:
        short histories of them, each with a cut in it, and the answers that it cost."""
        self.ends_by = "cut"
        self.begin()
        histories = 0
        while self.counts["cut"] < LIVES:
            recorder = Recorder(self.random, buyers=5)
            with self.server.connect() as connection:
                for _ in range(SALES_AT_ONCE):
                    recorder.create(connection, f"life-{histories}",
                                    **definition(self.random, histories, [1, 2, 3, 6]))
                    histories += 1
            when, kind, part = self.random.choice(list(POINTS.values()))
            self.disk.plan("cut", when, kind, part, self.random.randrange(50))
            recorder.run(self.server.address, 4, 4 * SALES_AT_ONCE, depth=2, may_break=True)
            if self.disk.forget():
                self.end_now()
            self.gone()
            self.server.start()
            with self.server.connect() as connection:
                recorder.list_all(connection)
            found = linearize.check(recorder.history)
            self.assertEqual(found, [], [record for record in recorder.history
                                         if any(one.startswith(record["sale"] + ":") for one in found)])
            self.counts["answers lost"] += sum(one["returned"] is None for one in recorder.history)
        print(f"{histories} short histories across {dict(self.counts)}", flush=True)
        self.server.stop()


class FailureTest(PowerTest):
    """R11, S13: the journal's disk fails."""

    def setUp(self):
        super().setUp()
        self.ends_by = "cut"
        self.longest = 0  # from the failure to the end of the process

    def fail_the_journal(self, kind):
        """Its next write or sync but some fails, and all after it."""
        self.disk.plan("break", "before", kind, ".seg$", self.random.randrange(30))
        moments = []

        def watch():
            self.disk.struck()
            moments.append(time.monotonic())
            self.server.process.wait()
            moments.append(time.monotonic())

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        self.ask_until([self.load.script() for _ in range(CONNECTIONS)])
        watcher.join(60)
        self.assertEqual(self.server.wait(), 1)
        self.assertIn("journal failed", self.server.log())
        self.disk.forget()
        self.counts[f"failed {kind}"] += 1
        self.longest = max(self.longest, moments[1] - moments[0])

    def fail_and_go_on(self):
        """The pages of a failed sync are in the kernel's cache and not on the disk: what a restart reads and
        tells must be the disk's. A power cut at once after it shows whether it was."""
        self.fail_the_journal(self.random.choice(["sync", "sync", "write"]))
        self.server.start()
        # All that was left open is asked again, and told.
        crowd(self.server.address, [self.load.settle() for _ in range(CONNECTIONS)], self.load.answered)
        self.audit()
        self.end_now()
        self.gone()
        self.server.start()
        self.audit()


class FailingDisk(FailureTest):

    def test_after_the_first_failure_nothing_is_acknowledged_that_the_disk_does_not_have(self):
        started = time.monotonic()
        for number in range(FAILURES):
            if number % 6 == 0:
                self.begin(buffered=number % 12 == 0)
            self.fail_and_go_on()
            if number % 6 == 5 or number == FAILURES - 1:
                self.finish()
        print(f"{dict(self.counts)} in {time.monotonic() - started:.0f} s; "
              f"the longest from failure to end {self.longest * 1000:.0f} ms", flush=True)
        self.assertLess(self.longest, GONE_SECONDS)


if __name__ == "__main__":
    can_mount(POWER_FS)
    main()
