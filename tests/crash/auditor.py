"""Judges a server by what it said: a log of answers, and the state it shows at the end.

Usage: auditor.py LOG http://HOST:PORT      exit code 0 if everything adds up, 3 if not

It knows nothing of how the load was made, nor of the server's insides. What it is given:

  log    a line (a dict) for each answer a client got, in the order of arrival:
           after     how many lines the log had when the request was sent
           sale, buyer, quantity, key (or None)      what was asked for
           status, code (None for a success)         what was answered
           sequence  the answer's Sale-Sequence (None where nothing was decided: 429, 503)
           claim     the claim, for a success; available, claims: what those refusals carry
         A request whose answer was lost has no line; it was asked again until it had one.
  state  {sale: {"definition": ..., "stats": ..., "claims": [...]}} as read over HTTP afterwards

audit() returns what is wrong, a sentence each; an empty list means that everything adds up. It judges
sales whose events are their creation, their opening, claims, the closing of a round, and nothing else.
"""
import collections
import json
import sys
import urllib.error
import urllib.request

FIRST_CLAIM = 3  # created and opened are the sequences 1 and 2


def audit(log, state, unknown=frozenset()):
    """`unknown`: the (sale, buyer) with requests that have no answer yet, and may have been granted."""
    found = []
    for sale, shown in sorted(state.items()):
        found += [f"{sale}: {breach}" for breach in _audit_state(shown)]
    for line in log:
        if line["sale"] not in state:
            found.append(f"{line['sale']}: an answer speaks of it, and it is not there")
    for sale, shown in sorted(state.items()):
        lines = [line for line in log if line["sale"] == sale]
        shown = {**shown, "unknown": {buyer for its_sale, buyer in unknown if its_sale == sale}}
        for check in (_acknowledged_is_there, _nothing_unasked, _granted_once, _keys, _refusals):
            found += [f"{sale}: {breach}" for breach in check(lines, shown)]
    found += _order(log)
    return found


def _audit_state(shown):
    """What must hold of any state, whoever asked for what (S1, S3)."""
    definition, stats, claims = shown["definition"], shown["stats"], shown["claims"]
    parts = sum(stats[part] for part in ("available", "held", "confirmed"))
    if parts != stats["stock"] or stats["stock"] != definition["stock"]:
        yield f"the stock of {definition['stock']} is not the sum of its parts: {stats}"
    if stats["conserved"] is not True:
        yield "it says itself that it is not conserved"
    taken = sum(claim["quantity"] for claim in claims)
    if taken != stats["confirmed"]:
        yield f"{taken} units are in claims, {stats['confirmed']} are said to be confirmed"
    yield from _twice("claim id", (claim["id"] for claim in claims))
    yield from _twice("unit", (unit for claim in claims for unit in claim["units"]))
    for claim in claims:
        if len(claim["units"]) != claim["quantity"]:
            yield f"{claim['id']} has {len(claim['units'])} units for a quantity of {claim['quantity']}"
        if not all(1 <= unit <= definition["stock"] for unit in claim["units"]):
            yield f"{claim['id']} has units that were never on offer: {claim['units']}"
        if claim["status"] != "confirmed":
            yield f"{claim['id']} is {claim['status']}"
    of_buyer = collections.Counter()
    for claim in claims:
        of_buyer[claim["buyer"]] += claim["quantity"]
    for buyer, quantity in of_buyer.items():
        if quantity > definition["per_buyer_limit"]:
            yield f"{buyer} has {quantity} units, more than the limit of {definition['per_buyer_limit']}"
    expected = list(range(FIRST_CLAIM, FIRST_CLAIM + len(claims)))
    if sorted(claim["sequence"] for claim in claims) != expected:
        yield "the claims' sequences have gaps or doubles"
    closings = definition["status"] == "closed"
    if stats["sequence"] != FIRST_CLAIM - 1 + len(claims) + closings:
        yield f"its sequence is {stats['sequence']} with {len(claims)} claims"


def _twice(what, values):
    for value, count in collections.Counter(values).items():
        if count > 1:
            yield f"{what} {value} is there {count} times"


def audit_rounds(definitions):
    """R14: publishing closes the round before and opens the next one, both or neither.

    `definitions`: {id: definition} of all sales, in the order of their creation.
    """
    found = []
    numbers = [int(sale.removeprefix("goods-")) for sale in definitions if sale.startswith("goods-")]
    if numbers != list(range(1, len(numbers) + 1)):
        found.append(f"the rounds are not numbered one after the other: {numbers}")
    for number in numbers:
        status = definitions[f"goods-{number}"]["status"]
        if status != ("open" if number == numbers[-1] else "closed"):
            found.append(f"goods-{number} is {status}, and goods-{numbers[-1]} the newest round")
    return found


def _successes(lines):
    return [line for line in lines if line["status"] in (200, 201)]


def _acknowledged_is_there(lines, shown):
    """S6: what was acknowledged is found, as it was said."""
    by_id = {claim["id"]: claim for claim in shown["claims"]}
    for line in _successes(lines):
        claim = line["claim"]
        if claim["id"] not in by_id:
            yield f"the acknowledged claim {claim['id']} of {claim['buyer']} is lost"
        elif by_id[claim["id"]] != claim:
            yield f"the claim {claim['id']} was {claim} and is {by_id[claim['id']]}"
        if claim["buyer"] != line["buyer"]:
            yield f"{line['buyer']} was given the claim of {claim['buyer']}"
        if line["status"] == 201 and claim["quantity"] != line["quantity"]:
            yield f"{line['buyer']} asked for {line['quantity']} and was given {claim['quantity']}"


def _nothing_unasked(lines, shown):
    """S4: every claim was told to the one who asked for it; what was refused never took effect."""
    told = {line["claim"]["id"] for line in _successes(lines)}
    for claim in shown["claims"]:
        if claim["id"] not in told and claim["buyer"] not in shown["unknown"]:
            yield f"nobody was ever told of the claim {claim['id']} of {claim['buyer']}"


def _granted_once(lines, shown):
    """S10: a claim comes into being once; only its first answer is 201."""
    created = collections.Counter(line["claim"]["id"] for line in lines if line["status"] == 201)
    for claim_id, count in created.items():
        if count > 1:
            yield f"the claim {claim_id} was granted {count} times"
    by_id = {claim["id"]: claim for claim in shown["claims"]}
    for line in lines:
        if line["status"] == 201 and line["claim"]["sequence"] > line["sequence"]:
            yield f"{line['claim']['id']} was answered before it was decided"
        claim = by_id.get(line["claim"]["id"]) if line["status"] == 200 else None
        if claim and claim["sequence"] > line["sequence"]:
            yield f"{claim['id']} was shown at {line['sequence']}, before it was decided"


def _keys(lines, shown):
    """R9: one key of one buyer is one claim, for the sale's life; with a limit of 1, one buyer is."""
    single = shown["definition"]["per_buyer_limit"] == 1
    claims = collections.defaultdict(set)
    for line in _successes(lines):
        if line["key"] is not None or single:
            claims[line["buyer"], None if single else line["key"]].add(line["claim"]["id"])
    for (buyer, key), ids in claims.items():
        if len(ids) > 1:
            yield f"{buyer} has {len(ids)} claims for one key ({key}): {sorted(ids)}"


def _refusals(lines, shown):
    """R1, R3, R8: a refusal was true at the sequence it names."""
    definition = shown["definition"]
    ledger = _Ledger(shown["claims"])
    for line in lines:
        if line["status"] in (200, 201, 429, 503):
            continue
        free = definition["stock"] - ledger.taken(line["sequence"])
        had = ledger.taken_by(line["buyer"], line["sequence"])
        what = f"{line['buyer']} was told {line['code']} at {line['sequence']}"
        if line["code"] == "sold-out":
            if free != 0:
                yield f"{what} with {free} units free"
        elif line["code"] == "insufficient-stock":
            if not 0 < free < line["quantity"] or line["available"] != free:
                yield f"{what} for {line['quantity']} units with {free} free, of which {line['available']} told"
        elif line["code"] == "limit-exceeded":
            if had + line["quantity"] <= definition["per_buyer_limit"]:
                yield f"{what} with {had} units and {line['quantity']} more wanted"
            if set(line["claims"]) != ledger.claims_of(line["buyer"], line["sequence"]):
                yield f"{what} and the claims {line['claims']}, which are others"
        elif line["code"] == "closed":
            if definition["status"] != "closed" or line["sequence"] != shown["stats"]["sequence"]:
                yield f"{what}, and it was not closed then"
        else:
            yield f"{what} ({line['status']}), which nothing here explains"
        repeats = line["key"] is None or definition["per_buyer_limit"] == 1
        if had and repeats and line["code"] in ("sold-out", "insufficient-stock", "closed"):
            yield f"{what} though a winner who repeats himself gets his claim"


class _Ledger:
    """Who had taken how many units at a sequence."""

    def __init__(self, claims):
        self.by_buyer = collections.defaultdict(list)
        last = max((claim["sequence"] for claim in claims), default=0)
        units = [0] * (last + 1)
        for claim in claims:
            self.by_buyer[claim["buyer"]].append(claim)
            units[claim["sequence"]] += claim["quantity"]
        self.sums = [0]
        for count in units[1:]:
            self.sums.append(self.sums[-1] + count)

    def taken(self, sequence):
        return self.sums[min(sequence, len(self.sums) - 1)]

    def taken_by(self, buyer, sequence):
        return sum(claim["quantity"] for claim in self.by_buyer.get(buyer, ())
                   if claim["sequence"] <= sequence)

    def claims_of(self, buyer, sequence):
        return {claim["id"] for claim in self.by_buyer.get(buyer, ()) if claim["sequence"] <= sequence}


def _order(log):
    """S9: an answer that came before a request was sent has a smaller sequence than its grant, and none
    larger than any other answer to it."""
    newest = collections.defaultdict(list)  # by sale: (number of the line, largest sequence so far)
    largest = collections.Counter()
    for number, line in enumerate(log):
        if line["sequence"] is None:
            continue
        sale = line["sale"]
        floor = _floor(newest[sale], line["after"])
        if line["after"] > number:
            yield f"line {number} says it was sent after line {line['after']}"
        if line["sequence"] < floor or (line["status"] == 201 and line["claim"]["sequence"] <= floor):
            yield (f"{sale}: line {number} ({line['status']} at {line['sequence']}) is older than an answer "
                   f"at {floor} that came before its request was sent")
        if line["sequence"] > largest[sale]:
            largest[sale] = line["sequence"]
            newest[sale].append((number, line["sequence"]))


def _floor(steps, lines):
    """The largest sequence among the first so many lines."""
    low, high = 0, len(steps)
    while low < high:
        middle = (low + high) // 2
        if steps[middle][0] < lines:
            low = middle + 1
        else:
            high = middle
    return steps[low - 1][1] if low else 0


def _read(url):
    with urllib.request.urlopen(url, timeout=60) as answer:
        return json.load(answer)


def _read_pages(url):
    page = _read(url + "?limit=1000")
    values = page["data"]
    while page["has_more"]:
        page = _read(f"{url}?limit=1000&after={page['next']}")
        values += page["data"]
    return values


def read_all_sales(url):
    """{id: definition}, in the order of their creation."""
    return {sale["id"]: sale for sale in _read_pages(url + "/v1/sales")}


def read_state(url, sales=None):
    """The state of the sales named, as far as they are there, or of all, over HTTP."""
    definitions = read_all_sales(url) if sales is None else read_sales(url, sales)
    return {name: {"definition": sale, "stats": _read(f"{url}/v1/sales/{name}/stats"),
                   "claims": _read_pages(f"{url}/v1/sales/{name}/claims")}
            for name, sale in definitions.items()}


def read_sales(url, names):
    """{id: definition} of those that are there."""
    found = {}
    for name in names:
        try:
            found[name] = _read(f"{url}/v1/sales/{name}")
        except urllib.error.HTTPError as error:
            if error.code != 404:
                raise
    return found


def main():
    _, log_path, url = sys.argv
    with open(log_path, encoding="utf-8") as file:
        log = [json.loads(line) for line in file]
    state = read_state(url)
    found = audit(log, state) + audit_rounds({sale: shown["definition"] for sale, shown in state.items()})
    for breach in found:
        print(breach)
    claims = sum(len(shown["claims"]) for shown in state.values())
    print(f"{len(log)} answers, {len(state)} sales, {claims} claims, {len(found)} breaches")
    return 3 if found else 0


if __name__ == "__main__":
    sys.exit(main())
