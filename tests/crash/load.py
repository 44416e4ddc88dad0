"""A load for servers that are killed: buyers who claim, merchants who publish, and what they were told."""
import collections
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "e2e"))

from harness import claim, post_form, post_json  # noqa: E402

LIVE_SALES = 4
# The largest events there are: they fill a segment soonest.
LARGE = {"title": {f"x-{language:02}": "长" * 200 for language in range(20)},
         "metadata": {"filler": "x" * 4000}}


def url(server):
    return "http://127.0.0.1:%d" % server.port


class Load:
    """Buyers who claim, merchants who publish, what they were told, and what they have to ask again."""

    def __init__(self, random, log_path):
        self.random = random
        self.log = []
        self.log_file = open(log_path, "w", encoding="utf-8")
        self.created = 0      # sales asked for so far
        self.sales = []       # definitions that were acknowledged, in that order
        self.claimed = []     # of them, those that buyers claim from
        self.unresolved = collections.deque()  # requests whose answers were lost

    def new_sale(self):
        kind = self.random.choice(["single", "several", "scarce"])
        self.created += 1
        return {"id": f"{kind}-{self.created}", "title": kind, "metadata": {"number": self.created},
                "stock": {"single": 700, "several": 100_000, "scarce": 40}[kind],
                "per_buyer_limit": 1 if kind == "single" else 3}

    @property
    def live(self):
        return self.claimed[-LIVE_SALES:]

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

    def filling(self, count):
        """Large sales to be created: they fill the journal, and nobody claims from them."""
        for _ in range(count):
            yield self.tagged(("create", {**self.new_sale(), **LARGE}))

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
            sale = answer.json()
            self.sales.append(sale)
            if sale["title"] != LARGE["title"]:
                self.claimed.append(sale)
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

    def lines_of(self, sales):
        """The lines about some sales, with `after` counting those lines alone."""
        numbers = [number for number, line in enumerate(self.log) if line["sale"] in sales]
        return _renumbered([self.log[number] for number in numbers], numbers)

    def missing_sales(self, there, newest=None):
        """Of the sales that were acknowledged, or the newest of them, those that are not as they were;
        `there`: {id: definition}."""
        return [f"the sale {sale['id']} was {sale} and is {there.get(sale['id'])}"
                for sale in self.sales[-(newest or len(self.sales)):]
                if {**there.get(sale["id"], {}), "status": ""} != {**sale, "status": ""}]


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
