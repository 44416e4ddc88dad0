"""kill -9 under load, again and again: every acknowledged claim is found, none twice, sums hold.

DOORBUSTER_KILLS says how often, 100 by default. Judged by auditor.py alone, after every restart.
"""
import collections
import json
import os
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "e2e"))

import auditor  # noqa: E402
from harness import (DoorbusterTest, SCALE, chance, claim, crowd, main, post_json,  # noqa: E402
                     run_program)

KILLS = int(os.environ.get("DOORBUSTER_KILLS", "100"))
KILLS_A_DIRECTORY = 25
CONNECTIONS = 12
LIVE_SALES = 4


class Load:
    """Buyers who claim, what they were told, and what they still have to ask again."""

    def __init__(self, random, log_path):
        self.random = random
        self.log = []
        self.log_file = open(log_path, "w", encoding="utf-8")
        self.sales = []       # definitions, oldest first
        self.unresolved = collections.deque()  # requests whose answers were lost

    def new_sale(self):
        number = len(self.sales)
        kind = self.random.choice(["single", "several", "scarce"])
        sale = {"id": f"{kind}-{number}", "title": kind, "metadata": {"number": number},
                "stock": {"single": 700, "several": 100_000, "scarce": 40}[kind],
                "per_buyer_limit": 1 if kind == "single" else 3}
        self.sales.append(sale)
        return post_json("/v1/sales", sale)

    @property
    def live(self):
        return self.sales[-LIVE_SALES:]

    def draw(self):
        """What somebody asks next: (sale, buyer, quantity, key). One key always has one quantity."""
        random = self.random
        sale = random.choice(self.live)
        most = sale["per_buyer_limit"]
        # Many buyers who come once, and few who come all the time.
        number = random.randrange(1_000_000) if random.random() < 0.4 else random.randrange(60)
        if random.random() < 0.5:
            return sale["id"], f"plain-{number}", random.randint(1, most), None
        key = random.randrange(5)
        return sale["id"], f"keyed-{number}", 1 + (number + key) % most, f"key-{key}"

    def script(self):
        """A connection's requests without end: what was lost before, and new ones."""
        while True:
            yield self.tagged(self.unresolved.popleft() if self.unresolved else self.draw())

    def tagged(self, wanted):
        return (wanted, len(self.log)), claim(wanted[0], wanted[1], wanted[2], wanted[3])

    def settle(self):
        """Requests until nothing is left to be asked again."""
        while self.unresolved:
            yield self.tagged(self.unresolved.popleft())

    def answered(self, tag, answer):
        (sale, buyer, quantity, key), after = tag
        line = {"after": after, "sale": sale, "buyer": buyer, "quantity": quantity, "key": key,
                "status": answer.status, "code": None, "sequence": answer.sequence}
        value = answer.json()
        if answer.status in (200, 201):
            line["claim"] = value
        else:
            line["code"] = value["code"]
            line.update((name, value[name]) for name in ("available", "claims") if name in value)
        self.log.append(line)
        self.log_file.write(json.dumps(line) + "\n")
        if answer.status in (429, 503):  # nothing was decided
            self.unresolved.append(tag[0])

    def lost(self, tags):
        self.unresolved.extend(wanted for wanted, _ in tags)

    @property
    def unknown(self):
        return {(sale, buyer) for sale, buyer, _, _ in self.unresolved}


class Kill(DoorbusterTest):

    def setUp(self):
        super().setUp()
        self.random = chance(self.id())
        self.counts = collections.Counter()

    def verify(self, server):
        result = run_program("verify", server.data_dir)
        self.assertEqual(result.returncode, 0, f"verify after a kill:\n{result.stdout}{result.stderr}")

    def create_sale(self, server, load):
        answer = server.ask(load.new_sale())
        self.assertEqual(answer.status, 201, answer)

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
        url = "http://127.0.0.1:%d" % server.port
        live = {sale["id"] for sale in load.live}
        log = [line for line in load.log if line["sale"] in live]
        # Only the lines of those sales are looked at, so they are numbered anew.
        numbers = [number for number, line in enumerate(load.log) if line["sale"] in live]
        log = _renumbered(log, numbers)
        found = auditor.audit(log, auditor.read_state(url, live), load.unknown)
        self.assertEqual(found, [], f"after kill {self.counts['kills']}")

    def audit_all(self, server, load):
        """Everything in that directory, by the auditor as a program of its own."""
        crowd(server.address, [load.settle() for _ in range(CONNECTIONS)], load.answered)
        self.assertFalse(load.unresolved)
        load.log_file.close()
        result = subprocess.run([sys.executable, os.path.join(HERE, "auditor.py"), load.log_file.name,
                                 "http://127.0.0.1:%d" % server.port], capture_output=True, text=True,
                                timeout=300)
        self.assertEqual(result.returncode, 0, result.stdout[-4000:] + result.stderr)
        print(f"{self.counts['kills']} kills: {result.stdout.strip()}", flush=True)
        granted = {line["claim"]["id"] for line in load.log if line["status"] in (200, 201)}
        self.assertGreater(len(granted), 0)
        self.counts["claims"] += len(granted)

    def test_every_acknowledged_claim_is_found_after_every_kill(self):
        started = time.monotonic()
        while self.counts["kills"] < KILLS:
            name = f"data-{self.counts['kills']}"
            server = self.serve(name)
            load = Load(self.random, self.path(name + ".log.jsonl"))
            for _ in range(LIVE_SALES):
                self.create_sale(server, load)
            for _ in range(min(KILLS_A_DIRECTORY, KILLS - self.counts["kills"])):
                self.load_and_kill(server, load)
                self.verify(server)
                if self.random.random() < 0.2:
                    self.kill_while_it_recovers(server)
                    self.verify(server)
                server.start()
                self.audit(server, load)
                if self.random.random() < 0.4:
                    self.create_sale(server, load)
            self.audit_all(server, load)
            server.stop()
            self.verify(server)
            server.start()  # and once more from a sealed journal
            self.audit(server, load)
            server.stop()
        print(f"{dict(self.counts)} in {time.monotonic() - started:.0f} s", flush=True)


def _renumbered(log, numbers):
    """The lines of some sales with `after` counting those lines alone."""
    before = 0
    position = []
    for after in sorted({line["after"] for line in log}):
        while before < len(numbers) and numbers[before] < after:
            before += 1
        position.append((after, before))
    place = dict(position)
    return [{**line, "after": place[line["after"]]} for line in log]


if __name__ == "__main__":
    main()
