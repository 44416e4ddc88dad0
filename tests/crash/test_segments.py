"""kill -9 while the journal goes over from one segment to the next: nothing acknowledged is lost there.

Definitions of sales are the largest events there are, so they fill a segment soonest.
"""
import json
import os
import sys
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "e2e"))

from harness import (DoorbusterTest, chance, claim, crowd, get, main, post_json,  # noqa: E402
                     run_program)

LARGE_TITLE = {f"x-{language:02}": "长" * 200 for language in range(20)}  # 12 KB
LARGE_METADATA = {"filler": "x" * 4000}
SEGMENT_BYTES = 64 << 20
CONNECTIONS = 8


class Segments(DoorbusterTest):

    def setUp(self):
        super().setUp()
        self.random = chance(self.id())
        self.asked, self.acknowledged = 0, set()

    def definitions(self, count):
        """Large sales to be created, `count` at the most on one connection."""
        for _ in range(count):
            self.asked += 1
            name = f"large-{self.asked}"
            yield name, post_json("/v1/sales", {"id": name, "stock": 1, "title": LARGE_TITLE,
                                                "metadata": LARGE_METADATA})

    def answered(self, name, answer):
        self.assertEqual(answer.status, 201, answer)
        self.acknowledged.add(name)

    def create_many(self, server, count):
        crowd(server.address, [self.definitions(count // CONNECTIONS) for _ in range(CONNECTIONS)],
              self.answered, depth=4)

    def create_and_kill(self, server, wanted):
        """Death a moment after so many answers."""
        heard, timer = 0, None

        def answered(name, answer):
            nonlocal heard, timer
            self.answered(name, answer)
            heard += 1
            if heard >= wanted and timer is None:
                timer = threading.Timer(self.random.random() * 0.01, server.process.kill)
                timer.start()

        crowd(server.address, [self.definitions(10**9) for _ in range(CONNECTIONS)], answered, depth=4,
              may_break=True)
        timer.join()
        self.assertEqual(server.kill(), -9)

    def verified(self, server):
        result = run_program("verify", server.data_dir, "--json")
        self.assertEqual(result.returncode, 0, result)
        return json.loads(result.stdout)

    def used_segments(self, server):
        return self.verified(server)["segments"]

    def check(self, server):
        there = [sale["id"] for sale in self.verified(server)["sales"]]
        self.assertEqual(len(set(there)), len(there))
        self.assertEqual(self.acknowledged - set(there), set())

    def test_kills_around_the_end_of_a_segment(self):
        server = self.serve()
        # Up to a little before the end of the first segment.
        self.create_many(server, 8)
        before = self.journal_bytes(server)
        self.create_many(server, 800)
        a_sale = (self.journal_bytes(server) - before) / 800
        self.create_many(server, int((SEGMENT_BYTES - (6 << 20) - self.journal_bytes(server)) / a_sale))
        self.assertEqual(self.used_segments(server), 1)
        kills = 0
        while self.used_segments(server) == 1 or kills < 10:
            self.create_and_kill(server, self.random.randrange(1, 60))
            kills += 1
            self.assertLess(kills, 60, "the first segment never ended")
            self.check(server)
            server.start()
            self.check_alive(server)
        server.restart()
        self.check(server)
        self.check_alive(server)
        print(f"{kills} kills, {len(self.acknowledged)} sales acknowledged, "
              f"{self.used_segments(server)} segments", flush=True)

    def check_alive(self, server):
        """It can be read and claimed from, the oldest sale and the newest."""
        newest = max(self.acknowledged, key=lambda name: int(name.partition("-")[2]))
        with server.connect() as connection:
            for name in ("large-1", newest):
                sale = connection.ask(get(f"/v1/sales/{name}")).json()
                self.assertEqual((sale["title"], sale["metadata"]), (LARGE_TITLE, LARGE_METADATA))
            self.assertIn(connection.ask(claim("large-1", "ann")).status, (200, 201))

    def journal_bytes(self, server):
        """How much of the first segment is used; its rest is zeros."""
        path = os.path.join(server.data_dir, "journal", "0000000001.seg")
        with open(path, "rb") as file:
            return len(file.read().rstrip(b"\0"))


if __name__ == "__main__":
    main()
