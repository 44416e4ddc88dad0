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
from harness import (DoorbusterTest, SCALE, chance, claim, crowd, main, post_form,  # noqa: E402
                     post_json, run_program)

KILLS = int(os.environ.get("DOORBUSTER_KILLS", "100"))
KILLS_A_DIRECTORY = 25
CONNECTIONS = 12
LIVE_SALES = 4


class Load:
    """Buyers who claim, merchants who publish, what they were told, and what they have to ask again."""

    def __init__(self, random, log_path):
        self.random = random
        self.log = []
        self.log_file = open(log_path, "w", encoding="utf-8")
        self.created = 0      # sales asked for so far
        self.sales = []       # definitions that were acknowledged, in that order
        self.unresolved = collections.deque()  # requests whose answers were lost

    def new_sale(self):
        kind = self.random.choice(["single", "several", "scarce"])
        self.created += 1
        return {"id": f"{kind}-{self.created}", "title": kind, "metadata": {"number": self.created},
                "stock": {"single": 700, "several": 100_000, "scarce": 40}[kind],
                "per_buyer_limit": 1 if kind == "single" else 3}

    @property
    def live(self):
        return self.sales[-LIVE_SALES:]

    def draw(self):
        """What somebody asks next: ("claim", sale, buyer, quantity, key), or a sale to be published."""
        random = self.random
        if random.random() < 0.002:
            return random.choice([("create", self.new_sale()), ("publish", random.choice([20, 500]))])
        sale = random.choice(self.live)
        most = sale["per_buyer_limit"]
        # Many buyers who come once, and few who come all the time.
        number = random.randrange(1_000_000) if random.random() < 0.4 else random.randrange(60)
        if random.random() < 0.5:
            return "claim", sale["id"], f"plain-{number}", random.randint(1, most), None
        # One key always has one quantity.
        key = random.randrange(5)
        return "claim", sale["id"], f"keyed-{number}", 1 + (number + key) % most, f"key-{key}"

    def script(self):
        """A connection's requests without end: what was lost before, and new ones."""
        while True:
            yield self.tagged(self.unresolved.popleft() if self.unresolved else self.draw())

    def begin(self):
        """The first sales."""
        for _ in range(LIVE_SALES):
            yield self.tagged(("create", self.new_sale()))

    def settle(self):
        """Requests until nothing is left to be asked again."""
        while self.unresolved:
            yield self.tagged(self.unresolved.popleft())

    def tagged(self, wanted):
        kind, *what = wanted
        data = {"claim": claim, "create": lambda sale: post_json("/v1/sales", sale),
                "publish": lambda count: post_form("/send/goods", f"count={count}",
                                                   [("Accept", "application/json")])}[kind](*what)
        return (wanted, len(self.log)), data

    def answered(self, tag, answer):
        (kind, *what), after = tag
        if answer.status in (429, 503):  # nothing was decided
            self.unresolved.append(tag[0])
        if kind == "claim":
            self.claim_answered(what, after, answer)
        elif answer.status in (200, 201):
            # Asked again after its answer was lost, a sale is 200 if it was created then.
            self.sales.append(answer.json())
        else:
            assert answer.status == 503, answer

    def claim_answered(self, what, after, answer):
        sale, buyer, quantity, key = what
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

    def lost(self, tags):
        """All are asked again but the publishing of a round, which would make another."""
        self.unresolved.extend(wanted for wanted, _ in tags if wanted[0] != "publish")

    @property
    def unknown(self):
        return {(what[1], what[2]) for what in self.unresolved if what[0] == "claim"}


def url(server):
    return "http://127.0.0.1:%d" % server.port


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
        log = [line for line in load.log if line["sale"] in live]
        # Only the lines of those sales are looked at, so they are numbered anew.
        numbers = [number for number, line in enumerate(load.log) if line["sale"] in live]
        log = _renumbered(log, numbers)
        found = auditor.audit(log, auditor.read_state(url(server), live), load.unknown)
        self.assertEqual(found, [], f"after kill {self.counts['kills']}")
        self.check_sales(server, load)

    def check_sales(self, server, load):
        """Every acknowledged sale is there as it was defined."""
        there = auditor.read_all_sales(url(server))
        for sale in load.sales:
            found = there.get(sale["id"])
            self.assertEqual({**found, "status": ""}, {**sale, "status": ""})
        self.assertEqual(auditor.audit_rounds(there), [])

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
