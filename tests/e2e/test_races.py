"""The payment that lands in the moment in which its hold ends: one end, and all are told the same."""
import collections
import datetime
import time

from harness import (DoorbusterTest, chance, claim, crowd, get, listed, main, post_json, request,
                     scaled)

CONNECTIONS = 16
HOLDS_AT_ONCE = 150  # of a connection
SOLD = "race"


def confirm(claim_id):
    return post_json(f"/v1/sales/{SOLD}/claims/{claim_id}/confirm", {"reference": f"order-{claim_id}"})


def release(claim_id, buyer):
    return request("DELETE", f"/v1/sales/{SOLD}/claims/{claim_id}", fields=[("X-Buyer-Id", buyer)])


def when(text):
    """Seconds since 1970 of a time as the server writes it."""
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


class Races(DoorbusterTest):
    """Each race is one hold of a second, and two or three requests around its end."""

    def setUp(self):
        super().setUp()
        self.server = self.serve()
        self.end_of = {}  # by claim: "confirmed", "expired" or "buyer", as first told
        self.counts = collections.Counter()

    def run_races(self, count, requests_of):
        """Holds `count` units, and sends what requests_of(claim, buyer, random) gives when its end is near."""
        held = [[] for _ in range(CONNECTIONS)]

        def racer(number):
            random = chance("racer", number)
            left = count // CONNECTIONS
            while left > 0:
                batch = min(left, HOLDS_AT_ONCE)
                left -= batch
                held[number].clear()
                for i in range(batch):
                    buyer = f"buyer-{number}-{left + i}"
                    yield ("claim", number, buyer), claim(SOLD, buyer)
                while len(held[number]) < batch:
                    yield None
                for value in list(held[number]):
                    # A little before or after: who comes first is the race.
                    due = when(value["expires_at"]) + random.uniform(-0.15, 0.005)
                    while time.time() < due:
                        yield None
                    for data in requests_of(value["id"], value["buyer"], random):
                        yield ("race", value["id"], None), data

        def answered(tag, answer):
            kind, which, _ = tag
            if kind == "claim":
                self.assertEqual(answer.status, 201, answer)
                held[which].append(answer.json())
            else:
                self.judge(which, answer)

        crowd(self.server.address, [racer(i) for i in range(CONNECTIONS)], answered)

    def judge(self, claim_id, answer):
        if answer.status == 200:
            value = answer.json()
            end = value["status"] if value["status"] == "confirmed" else value["released_by"]
        elif answer.code == "claim-released":
            end = "buyer"
        elif answer.code == "claim-confirmed":
            end = "confirmed"
        else:
            self.assert_refused(answer, 409, "claim-expired")
            end = "expired"
        self.counts[end] += 1
        self.assertEqual(self.end_of.setdefault(claim_id, end), end, f"{claim_id} has two ends: {answer}")

    def check_all(self):
        """What the server shows of each claim is what all were told."""
        with self.server.connect() as connection:
            claims = listed(connection, SOLD)
            stats = self.stats(connection, SOLD)
        shown = {each["id"]: each.get("released_by") or each["status"] for each in claims}
        self.assertEqual({name: shown[name] for name in self.end_of}, self.end_of)
        ends = collections.Counter(shown.values())
        self.assertEqual(stats["confirmed"], ends["confirmed"])
        self.assertEqual(stats["released"]["expired"], ends["expired"])
        self.assertEqual(stats["held"], 0)
        self.assertTrue(stats["conserved"])
        self.assertEqual(stats["available"], stats["stock"] - ends["confirmed"])
        return claims

    def test_confirm_against_expiry(self):
        count = scaled(100_000, least=CONNECTIONS)
        with self.server.connect() as connection:
            self.create(connection, SOLD, 1_000_000, hold_seconds=1)
        self.run_races(count, lambda claim_id, buyer, random: [confirm(claim_id), confirm(claim_id)])
        claims = self.check_all()
        refunds = sum(len(each.get("refunds_required", ())) for each in claims)
        expired = sum(end == "expired" for end in self.end_of.values())
        self.assertEqual(refunds, expired, "one refund is owed for each payment that came too late")
        print(f"{len(self.end_of)} races: {dict(self.counts)}", flush=True)
        self.assertGreater(expired, 0, "no race was lost")
        self.assertGreater(len(self.end_of), expired, "no race was won")
        # The same for ever: after a kill, and when everybody asks once more.
        self.server.kill()
        self.server.start()
        sample = chance("sample").sample(sorted(self.end_of), min(len(self.end_of), scaled(5000)))
        crowd(self.server.address, [((("race", name, None), confirm(name)) for name in sample)],
              lambda tag, answer: self.judge(tag[1], answer))
        self.check_all()

    def test_buyer_against_shop(self):
        """The buyer gives back while the shop confirms while the hold ends."""
        count = scaled(10_000, least=CONNECTIONS)
        with self.server.connect() as connection:
            self.create(connection, SOLD, 1_000_000, hold_seconds=1)

        def both(claim_id, buyer, random):
            pair = [confirm(claim_id), release(claim_id, buyer)]
            random.shuffle(pair)
            return pair

        self.run_races(count, both)
        self.check_all()
        print(f"{len(self.end_of)} races: {dict(self.counts)}", flush=True)
        self.assertGreater(min(self.counts[end] for end in ("confirmed", "buyer", "expired")), 0)


if __name__ == "__main__":
    main()
