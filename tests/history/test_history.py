"""Histories of the real server, recorded by its clients, judged by the checkers of histories.

DOORBUSTER_HISTORY says how many operations the long one has, 20,000 by default; DOORBUSTER_HISTORY_FILE where
to leave it, for `replay.py FILE`. DOORBUSTER_SHORT_HISTORIES how many short ones are searched, 80 by default.
"""
import json
import os
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "e2e"))
sys.path.insert(0, HERE)

import linearize  # noqa: E402
import replay  # noqa: E402
from harness import DoorbusterTest, chance, eventually, main, scaled  # noqa: E402
from recorder import Recorder, definition  # noqa: E402

OPERATIONS = int(os.environ.get("DOORBUSTER_HISTORY", scaled(20_000)))
LEFT_AT = os.environ.get("DOORBUSTER_HISTORY_FILE")
SHORT = int(os.environ.get("DOORBUSTER_SHORT_HISTORIES", scaled(80, 8)))
CONNECTIONS = 16
SALES = 12
A_SHORT_ONE = 18  # operations
CLIENTS_OF_A_SHORT_ONE = 4


class RealHistories(DoorbusterTest):

    def setUp(self):
        super().setUp()
        self.random = chance(self.id())

    def test_a_long_history_replays_by_its_sequences(self):
        server = self.serve()
        buyers = max(200, OPERATIONS // 40)
        recorder = Recorder(self.random, buyers)
        with server.connect() as connection:
            for number in range(SALES):
                recorder.create(connection, f"s-{number}",
                                **definition(self.random, number, [20, 300, OPERATIONS // 100, OPERATIONS // 20]))
        recorder.run(server.address, CONNECTIONS, OPERATIONS // CONNECTIONS // 2)
        with server.connect() as connection:
            # A fast machine is through before the first hold ends: what is asked next meets ended ones.
            eventually("the shortest holds have ended",
                       lambda: self.stats(connection, "s-0")["held"] == self.stats(connection, "s-4")["held"] == 0)
        recorder.run(server.address, CONNECTIONS, OPERATIONS // CONNECTIONS // 2)
        with server.connect() as connection:
            recorder.list_all(connection)
        server.stop()
        self.judge(recorder.history)

    def judge(self, history):
        if LEFT_AT:
            with open(LEFT_AT, "w", encoding="utf-8") as file:
                file.writelines(json.dumps(record) + "\n" for record in history)
        started = time.process_time()
        self.assertEqual(replay.check(history), [])
        took = time.process_time() - started
        told = {(record["op"], record["code"] or record["status"]) for record in history}
        print(f"{len(history)} operations judged in {took:.1f} s, {len(told)} kinds of answers", flush=True)
        if OPERATIONS >= 20_000:
            missing = {("confirm", "claim-expired"), ("confirm", "claim-released"), ("claim", "sold-out"),
                       ("confirm", 200), ("claim", "limit-exceeded"), ("claim", "attempts-exhausted"),
                       ("claim", "paused"), ("release", "claim-confirmed"), ("extend", 200),
                       ("confirm", "reference-mismatch"), ("change", 200)} - told
            self.assertEqual(missing, set())
        self.check_teeth(history)

    def check_teeth(self, history):
        """The same history with one answer changed is refused."""
        granted = [n for n, r in enumerate(history) if r["op"] == "claim" and r["status"] == 201]

        def of_another(record):
            return next(history[n]["sequence"] for n in granted
                        if history[n]["sale"] == record["sale"] and history[n] is not record)

        for name, wrong in (("sequence", of_another), ("claim", lambda r: "clm_other")):
            number = self.random.choice(granted)
            broken = list(history)
            broken[number] = {**broken[number], name: wrong(broken[number])}
            self.assertNotEqual(replay.check(broken), [], broken[number])

    def test_short_histories_can_be_put_in_order_without_their_sequences(self):
        """Four clients each, with a kill -9 in the middle of some, so that answers are lost."""
        server = self.serve(arguments=["--restart-grace-seconds", "0"])
        done = kills = 0
        while done < SHORT:
            recorder = Recorder(self.random, buyers=5)
            with server.connect() as connection:
                for number in range(min(8, SHORT - done)):
                    recorder.create(connection, f"t-{done + number}",
                                    **definition(self.random, done + number, [1, 2, 3, 6]))
            killed = self.random.random() < 0.3
            self.walk(server, recorder, killed)
            if killed:
                kills += 1
                server.start()
            with server.connect() as connection:
                recorder.list_all(connection)
            found = linearize.check(recorder.history)
            self.assertEqual(found, [], [record for record in recorder.history
                                         if any(one.startswith(record["sale"] + ":") for one in found)])
            if not killed:
                self.assertEqual(replay.check(recorder.history), [])
            done += len(recorder.sales)
        server.stop()
        print(f"{done} short histories put in order, {kills} kills in them", flush=True)

    def walk(self, server, recorder, kill):
        count = A_SHORT_ONE * len(recorder.sales) // CLIENTS_OF_A_SHORT_ONE
        heard, answered = 0, recorder.answered
        timer = threading.Timer(self.random.random() * 0.003, server.process.kill)

        def hear(record, answer):
            nonlocal heard
            answered(record, answer)
            heard += 1
            if kill and heard == count:
                timer.start()

        recorder.answered = hear
        recorder.run(server.address, CLIENTS_OF_A_SHORT_ONE, count, depth=2, may_break=kill)
        recorder.answered = answered
        if kill:
            timer.join()
            self.assertEqual(server.wait(), -9)


if __name__ == "__main__":
    main()
