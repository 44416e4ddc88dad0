"""kill -9 under load, again and again: every acknowledged claim is found, none twice, sums hold.

DOORBUSTER_KILLS says how often, 100 by default. Judged by auditor.py alone, after every restart.
"""
import collections
import os
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "e2e"))

import auditor  # noqa: E402
from harness import DoorbusterTest, SCALE, chance, crowd, main, run_program  # noqa: E402
from load import Load, url  # noqa: E402

KILLS = int(os.environ.get("DOORBUSTER_KILLS", "100"))
KILLS_A_DIRECTORY = 25
CONNECTIONS = 12


class Kill(DoorbusterTest):

    def setUp(self):
        super().setUp()
        self.random = chance(self.id())
        self.counts = collections.Counter()

    def verify(self, server):
        result = run_program("verify", server.data_dir)
        self.assertEqual(result.returncode, 0, f"verify after a kill:\n{result.stdout}{result.stderr}")

    def load_and_kill(self, server, load):
        """Load until some answer, and death a moment after it: in the middle of whatever is going on."""
        wanted = self.random.choice([1, 30, 300, 1000]) * self.random.random() * max(SCALE, 0.2)
        delay = self.random.random() * 0.02
        timer, heard = None, 0

        def answered(tag, answer):
            nonlocal timer, heard
            load.answered(tag, answer)
            heard += 1
            if timer is None and heard >= wanted:
                timer = threading.Timer(delay, server.process.kill)
                timer.start()

        scripts = [load.script() for _ in range(CONNECTIONS)]
        load.lost(crowd(server.address, scripts, answered, depth=8, may_break=True))
        self.assertIsNotNone(timer, f"it ended before it was killed:\n{server.log()}")
        timer.join()
        self.assertEqual(server.kill(), -9)
        self.counts["answers"] += heard
        self.counts["kills"] += 1

    def kill_while_it_recovers(self, server):
        server.launch()
        time.sleep(self.random.random() * 0.05)  # the moment of death, not a wait for anything
        server.kill()
        self.counts["kills while recovering"] += 1

    def audit(self, server, load):
        """What is acknowledged is there, in all sales that were claimed from since the last time."""
        live = {sale["id"] for sale in load.live}
        found = auditor.audit(load.lines_of(live), auditor.read_state(url(server), live), load.unknown)
        self.assertEqual(found, [], f"after kill {self.counts['kills']}")
        self.check_sales(server, load)

    def check_sales(self, server, load):
        there = auditor.read_all_sales(url(server))
        self.assertEqual(load.missing_sales(there) + auditor.audit_rounds(there), [])

    def audit_all(self, server, load):
        """Everything in that directory, by the auditor as a program of its own."""
        crowd(server.address, [load.settle() for _ in range(CONNECTIONS)], load.answered)
        self.assertFalse(load.unresolved)
        load.log_file.close()
        result = subprocess.run([sys.executable, os.path.join(HERE, "auditor.py"), load.log_file.name,
                                 url(server)], capture_output=True, text=True,
                                timeout=300)
        self.assertEqual(result.returncode, 0, result.stdout[-4000:] + result.stderr)
        print(f"{self.counts['kills']} kills: {result.stdout.strip()}", flush=True)
        granted = {line["claim"]["id"] for line in load.log if line["status"] in (200, 201)}
        self.assertGreater(len(granted), 0)
        self.counts["claims"] += len(granted)
        self.counts["sales"] += len(load.sales)

    def test_every_acknowledged_claim_is_found_after_every_kill(self):
        started = time.monotonic()
        while self.counts["kills"] < KILLS:
            name = f"data-{self.counts['kills']}"
            server = self.serve(name)
            load = Load(self.random, self.path(name + ".log.jsonl"))
            crowd(server.address, [load.begin()], load.answered)
            for _ in range(min(KILLS_A_DIRECTORY, KILLS - self.counts["kills"])):
                self.load_and_kill(server, load)
                self.verify(server)
                if self.random.random() < 0.2:
                    self.kill_while_it_recovers(server)
                    self.verify(server)
                server.start()
                self.audit(server, load)
            self.audit_all(server, load)
            server.stop()
            self.verify(server)
            server.start()  # and once more from a sealed journal
            self.audit(server, load)
            server.stop()
        print(f"{dict(self.counts)} in {time.monotonic() - started:.0f} s", flush=True)


if __name__ == "__main__":
    main()
