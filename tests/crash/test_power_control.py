"""The tests of test_power.py find servers that break their promise: one whose fsync and fdatasync do nothing
(libeatmydata), and one that takes for durable what a failed sync has left in the page cache (no_advice).

DOORBUSTER_NO_ADVICE names a library that keeps it there. DOORBUSTER_CONTROL_RUNS says how many runs, 3 by default; a run has up to three cuts. DOORBUSTER_POWER_FS
as in test_power.py. O_DIRECT alone makes nothing durable here, as on a disk with a cache of its own.
"""
import glob
import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "e2e"))

from disks import SKIPPED, can_mount  # noqa: E402
from harness import main, run_program  # noqa: E402
from test_power import CONNECTIONS, POWER_FS, FailureTest, PowerTest  # noqa: E402

RUNS = int(os.environ.get("DOORBUSTER_CONTROL_RUNS", "3"))
CUTS_A_RUN = 3
CAUGHT = 0.95
MOST_FAILURES = 60  # of the journal, until somebody who trusts the page cache is caught
NO_SYNC = next(iter(glob.glob("/usr/lib/*/libeatmydata.so")), None)
NO_ADVICE = os.environ.get("DOORBUSTER_NO_ADVICE", "")


class WithoutSyncs(PowerTest):

    def cut_without_syncs(self):
        """What is wrong after a cut of a server whose syncs do nothing; nothing when it was lucky."""
        self.server.environment = {"LD_PRELOAD": NO_SYNC}
        self.server.start()
        self.ends_by = "cut"
        self.ask_until([self.load.script() for _ in range(CONNECTIONS)], self.end_now)
        self.gone()
        self.server.environment = {}
        result = run_program("verify", self.server.data_dir)
        if result.returncode != 0:
            return f"verify: {(result.stdout + result.stderr).strip()[-200:]}"
        self.server.start()
        found = self.breaches()
        self.server.stop()
        return found[0] if found else None

    def test_a_server_that_does_not_sync_is_found_out(self):
        started, caught = time.monotonic(), 0
        for number in range(RUNS):
            self.begin()  # with its syncs; what is broken here is what comes later
            self.server.stop()
            for cut in range(CUTS_A_RUN):
                found = self.cut_without_syncs()
                if found:
                    caught += 1
                    print(f"run {number}, cut {cut + 1}: {found}", flush=True)
                    break
            self.load.log_file.close()
            self.assertEqual(self.disk.stop(), 0)
        print(f"{caught} of {RUNS} runs without syncs were found out, in {time.monotonic() - started:.0f} s",
              flush=True)
        self.assertGreaterEqual(caught, CAUGHT * RUNS)


class WithTrustInThePageCache(FailureTest):

    def test_a_server_that_trusts_the_page_cache_is_found_out(self):
        self.begin(buffered=True, environment={"LD_PRELOAD": NO_ADVICE})
        for number in range(MOST_FAILURES):
            try:
                self.fail_and_go_on()
            except AssertionError as error:
                print(f"found out by failure {number + 1}: {str(error).strip().splitlines()[-1][:300]}", flush=True)
                break
        else:
            self.fail(f"{MOST_FAILURES} failures of the journal, and nothing was wrong")
        if self.server.process is not None:
            self.server.process.kill()
            self.server.wait()
        self.load.log_file.close()


if __name__ == "__main__":
    if NO_SYNC is None:
        print("skipped: no libeatmydata")
        sys.exit(SKIPPED)
    can_mount(POWER_FS)
    main()
