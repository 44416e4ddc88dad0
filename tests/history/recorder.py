"""Many clients of a real server at once, and a record of all that they asked and were told (replay.py says
what is in it). Shops and buyers do what they like: they claim, with keys and without, pay, give back, ask for
more time, pay late; merchants pause, refund, restock, and look at the sums.
"""
import collections
import datetime
import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "e2e"))

from harness import claim, crowd, get, post_json  # noqa: E402
from http_client import confirm, extend, patch, release, steer  # noqa: E402

KEPT_CLAIMS = 64  # of a sale, that somebody may still do something with


def now_ms():
    return time.time_ns() / 1e6


def milliseconds(text):
    """Of a time as the server writes it."""
    at = datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f%z")
    return at.replace(microsecond=0).timestamp() * 1000 + at.microsecond // 1000


def definition(random, number, stock):
    """Of the sale of that number: together they are of every kind."""
    hold = [1, 0, 2, 600, 1][number % 5]
    wanted = {"stock": random.choice(stock), "per_buyer_limit": random.randint(1, 3),
              "hold_seconds": hold, "claim_attempts": [2, 5, 100][number % 3]}
    if hold:
        wanted.update(late_payment=["reject", "reacquire"][number % 2], max_extension_seconds=1)
    return wanted


class Recorder:
    """Draws what is asked next, and keeps the records. `random` decides, so do the answers."""

    def __init__(self, random, buyers=400):
        self.random = random
        self.buyers = buyers
        self.history = []
        self.sales = []
        self.seen = collections.defaultdict(lambda: collections.deque(maxlen=KEPT_CLAIMS))

    def create(self, connection, sale, **definition):
        record = {"invoked": now_ms(), "sale": sale, "op": "create", **definition}
        answer = connection.ask(post_json("/v1/sales", {"id": sale, "title": sale, **definition}))
        self.answered(record, answer)
        assert answer.status == 201, answer
        self.sales.append((sale, definition))

    def draw(self, sales=None):
        """(the record so far, the bytes of the request)"""
        random = self.random
        sale, definition = random.choice(sales or self.sales)
        seen = self.seen[sale]
        what = random.random()
        if what < 0.01:
            record, data = self._merchant(sale, definition)
        elif what < 0.03:
            record, data = {"op": "stats"}, get(f"/v1/sales/{sale}/stats")
        elif what < 0.6 or not seen:
            record, data = self._claim(sale, definition)
        else:
            record, data = self._of_claim(random.choice(seen))
        record.update(invoked=now_ms(), sale=sale)
        return record, data

    def _merchant(self, sale, definition):
        random = self.random
        if random.random() < 0.5:
            # A pause is ended soon, by whoever comes to it.
            action = random.choice(["pause", "resume", "resume", "resume"])
            return {"op": "steer", "action": action}, steer(sale, action)
        wanted = random.choice([{"stock": max(1, definition["stock"] + random.randrange(-5, 50))},
                                {"per_buyer_limit": random.randint(1, 4)}])
        return {"op": "change", "wanted": wanted}, patch(sale, wanted)

    def _claim(self, sale, definition):
        random = self.random
        number = random.randrange(self.buyers)
        quantity = random.randint(1, definition.get("per_buyer_limit", 1))
        key = f"key-{random.randrange(3)}" if random.random() < 0.5 else None
        buyer = f"{'keyed' if key else 'plain'}-{number}"
        return ({"op": "claim", "buyer": buyer, "quantity": quantity, "key": key},
                claim(sale, buyer, quantity, key))

    def _of_claim(self, granted):
        random = self.random
        name = granted["id"]
        what = random.random()
        if what < 0.5:
            reference = f"order-{name[-6:]}-{random.choice('aab')}"
            return ({"op": "confirm", "claim": name, "reference": reference}, confirm(granted, reference))
        if what < 0.7:
            return ({"op": "release", "claim": name, "by": "buyer"}, release(granted, granted["buyer"]))
        if what < 0.9:
            return {"op": "release", "claim": name, "by": "merchant"}, release(granted)
        return {"op": "extend", "claim": name, "seconds": 1}, extend(granted, 1)

    def script(self, count, sales=None):
        """One client: so many requests, each with its record as the tag."""
        for _ in range(count):
            yield self.draw(sales)

    def answered(self, record, answer):
        record.update(returned=now_ms(), status=answer.status, code=None, sequence=answer.sequence,
                      replayed=answer.field("Idempotency-Replayed") == "true")
        value = answer.json()
        if answer.status >= 400:
            record["code"] = value["code"]
            record.update((name, value[name]) for name in ("available",) if name in value)
        elif record["op"] == "stats":
            record.update((name, value[name]) for name in ("stock", "available", "held", "confirmed",
                                                           "released"))
        elif record["op"] in ("claim", "confirm", "release", "extend"):
            record.update(claim=value["id"], units=value["units"], claim_sequence=value["sequence"],
                          claim_status=value["status"])
            if value.get("expires_at"):
                record["expires_at"] = milliseconds(value["expires_at"])
            if answer.status == 201:
                self.seen[record["sale"]].append(value)
        self.history.append(record)

    def lost(self, records):
        """Requests whose answers never came."""
        for record in records:
            record.update(returned=None, status=None, code=None, sequence=None, replayed=False)
            record.setdefault("claim", None)
            record.setdefault("expires_at", None)
            self.history.append(record)

    def list_all(self, connection):
        """What is there in the end, into the record."""
        for sale, _ in self.sales:
            record = {"invoked": now_ms(), "sale": sale, "op": "list"}
            there, shown, target = {}, {}, f"/v1/sales/{sale}/claims?limit=1000"
            while target:
                answer = connection.ask(get(target))
                assert answer.status == 200, answer
                value = answer.json()
                there.update((one["id"], one["status"]) for one in value["data"])
                for one in value["data"]:
                    end = one["expires_at"] and milliseconds(one["expires_at"])
                    shown[one["id"]] = one["buyer"], one["quantity"], end
                target = (f"/v1/sales/{sale}/claims?limit=1000&after={value['next']}" if value["has_more"]
                          else None)
            record.update(returned=now_ms(), status=200, code=None, sequence=answer.sequence,
                          replayed=False, there=there, shown=shown)
            self.history.append(record)

    def run(self, address, connections, count, sales=None, depth=4, **more):
        """So many requests of each of the connections, all at once; what was lost is recorded so."""
        scripts = [self.script(count, sales) for _ in range(connections)]
        self.lost(crowd(address, scripts, self.answered, depth=depth, **more))
