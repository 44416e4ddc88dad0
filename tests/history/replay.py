"""Judges a history by its sequences: orders the answers by them, replays them through a model, and compares
each with what the model says.

Usage: replay.py HISTORY      lines of JSON; exit code 0 if everything adds up, 3 if not

A record is a dict:
  invoked, returned   milliseconds of one clock, the server's own, as near as can be; `returned` is None where
                      the answer was lost
  sale, op            and what the operation takes:
                        create   stock, and what else a definition has of sale_model.Sale's arguments
                        claim    buyer, quantity, key
                        confirm  claim, reference
                        release  claim, by ("buyer", "merchant")
                        extend   claim, seconds
                        steer    action
                        change   wanted: {member: value}
                        stats
                        list     all claims of the sale
  status, code        of the answer; code is None for a success
  sequence            its Sale-Sequence; None where nothing was decided (429, 503)
  replayed            it said that this had been answered before
  and what the answer carries: for a claim, its `claim` (the id), `units`, `claim_sequence`, `claim_status`,
  `expires_at` (or None); for a refusal `available`, `claims`; for stats `available`, `held`, `confirmed`,
  `stock`, `released`; for a list `there`: {claim: its status} and, where
  answers were lost, `shown`: {claim: (buyer, quantity, expires_at)}.

What happens by itself, the end of a hold, is in no record: a sequence that nobody's answer brought about must
be one of those, in the order of their ends. Requests without an answer are asked again by the recorder until
they have one; a claim granted to a lost answer is dated by its own sequence.
"""
import heapq
import json
import sys

from sale_model import END, GRANTED, HELD, STATUS, UNITS, Sale

SLACK_MS = 500  # between the clocks of the recorder and of the server


def check(history, slack_ms=SLACK_MS):
    """What is wrong, a sentence each; an empty list means that everything adds up."""
    by_sale = {}
    for record in history:
        if record["returned"] is not None and record["sequence"] is not None:
            by_sale.setdefault(record["sale"], []).append(record)
    found = []
    for sale, records in by_sale.items():
        found += [f"{sale}: {breach}" for breach in _order(records)]
        found += [f"{sale}: {breach}" for breach in _Replay(records, slack_ms).breaches()]
    return found


def makes(record):
    """Whether it says that it changed the sale; None where the answer does not tell."""
    if record["op"] in ("stats", "list"):
        return False
    if record["op"] in ("claim", "create"):
        return record["status"] == 201
    if record["op"] in ("steer", "change") or record["code"] == "claim-expired":
        return None if record["status"] == 200 or record["op"] == "confirm" else False
    return record["status"] == 200 and not record["replayed"]


def _order(records):
    """S9: an answer that came before a request was sent has no larger sequence than its answer, and a
    smaller one than what the request brought about."""
    moments = sorted([(record["invoked"], 1, number) for number, record in enumerate(records)]
                     + [(record["returned"], 0, number) for number, record in enumerate(records)])
    largest = 0
    for _, is_begin, number in moments:
        record = records[number]
        if not is_begin:
            largest = max(largest, record["sequence"])
        elif record["sequence"] < largest or (makes(record) and record["sequence"] == largest):
            yield f"{_words(record)}, asked when {largest} had been told already"


def _words(record):
    what = " ".join(str(record[name]) for name in ("op", "buyer", "claim", "reference", "action")
                    if record.get(name) is not None)
    return f"{what} was told {record['code'] or record['status']} at {record['sequence']}"


class _Replay:
    """One sale."""

    def __init__(self, records, slack_ms):
        self.records = sorted(records, key=lambda record: record["sequence"])
        self.slack_ms = slack_ms
        self.ends = []  # (end, when granted, claim): the heap of holds, looked at when one comes up
        self.sale = None
        self.lost = {}  # sequence: the first record that shows a claim whose own answer was lost
        self.found = []

    def breaches(self):
        if self.records[0]["op"] != "create" or self.records[0]["status"] != 201:
            return ["it was never created"]
        self._note_lost()
        self._note_deadlines()
        at = 0
        while at < len(self.records) and len(self.found) < 20:
            sequence = self.records[at]["sequence"]
            until = at + 1
            while until < len(self.records) and self.records[until]["sequence"] == sequence:
                until += 1
            self._group(sequence, self.records[at:until])
            at = until
        return self.found

    def _note_lost(self):
        """Claims that are only ever shown by later answers."""
        granted = {record["claim"] for record in self.records
                   if record["op"] == "claim" and record["status"] == 201}
        for record in self.records:
            if record["op"] == "claim" and record["status"] == 200 and record["claim"] not in granted:
                self.lost.setdefault(record["claim_sequence"], record)

    def _note_deadlines(self):
        """For each record, when the last of those at its sequence or later was told at the earliest: what
        is at a sequence has happened by then."""
        self.told_by = {}
        earliest = float("inf")
        for record in reversed(self.records):
            earliest = min(earliest, record["returned"])
            self.told_by[record["sequence"]] = earliest

    def _group(self, sequence, records):
        """All records of one sequence: one of them may have brought it about."""
        if self.sale is None:
            self._create(records.pop(records.index(next(r for r in records if r["op"] == "create"))))
        while self.sale.sequence < sequence - 1:
            self._happens_unseen(self.sale.sequence + 1, sequence)
        if self.sale.sequence == sequence - 1 and not self._made_by_one_of(records):
            self._happens_unseen(sequence, sequence)
        if self.sale.sequence != sequence:
            self.found.append(f"sequence {sequence} comes after {self.sale.sequence}")
            self.sale.sequence = sequence
        for record in records:
            self._judge(record)
            if self.sale.sequence != sequence:
                self.found.append(f"{_words(record)}, which would have changed the sale")
                self.sale.sequence = sequence

    def _create(self, record):
        names = ("stock", "per_buyer_limit", "hold_seconds", "claim_attempts", "late_payment",
                 "max_extension_seconds")
        self.sale = Sale(**{name: record[name] for name in names if name in record})
        if record["sequence"] != self.sale.sequence:
            self.found.append(f"created at {record['sequence']}")
            self.sale.sequence = record["sequence"]

    def _made_by_one_of(self, records):
        """Takes the record that made this sequence out of the list, and judges it. A claim whose answer was
        lost may have made it too."""
        makers = [record for record in records if makes(record)]
        for record in makers[1:]:
            self.found.append(f"{_words(record)}, as something else was")
            records.remove(record)
        if not makers:
            makers = [record for record in records if makes(record) is None]
        before = self.sale.sequence
        for record in makers:
            self._judge(record)
            if self.sale.sequence != before or makes(record):
                records.remove(record)
                return True
        return False

    def _happens_unseen(self, sequence, told_at):
        """A sequence that no answer brought about: a claim whose answer was lost, or the next hold to end."""
        if sequence in self.lost:
            record = self.lost.pop(sequence)
            self._judge({**record, "status": 201, "replayed": False, "claim_status": None})
            return
        while self.ends:
            end, _, name = self.ends[0]
            claim = self.sale.claims[name]
            if claim[STATUS] != HELD or claim[END] != end:
                heapq.heappop(self.ends)
                continue
            if end <= self.told_by[told_at] + self.slack_ms:
                heapq.heappop(self.ends)
                self.sale.expire(name)
                return
            break
        self.found.append(f"nothing explains sequence {sequence}")
        self.sale.sequence = sequence

    def _judge(self, record):
        wrong = step(self.sale, record, self.slack_ms, self.ends)
        if wrong is None and record["status"] == 201 and record["op"] == "claim":
            named = record["claim_sequence"]
            wrong = None if named == self.sale.sequence else f"and names the sequence {named}"
        if wrong:
            self.found.append(f"{_words(record)}: {wrong}")


def step(sale, record, slack_ms=SLACK_MS, ends=None):
    """Does in the model what the record did. None if the answer is the model's, else what is wrong."""
    op = record["op"]
    if op == "claim":
        return _claim(sale, record, slack_ms, ends)
    if op == "stats":
        shown = {name: record[name] for name in ("stock", "available", "held", "confirmed")}
        true = {name: getattr(sale, name) for name in shown}
        if record.get("released") not in (None, sale.released):
            return f"{record['released']} released, and it is {sale.released}"
        return None if shown == true else f"{shown}, and it is {true}"
    if op == "list":
        true = {name: claim[STATUS] for name, claim in sale.claims.items()}
        differ = {name for name in true.keys() | record["there"].keys()
                  if true.get(name) != record["there"].get(name)}
        return f"and {sorted(differ)} are lost, doubled or changed" if differ else None
    if op in ("confirm", "release", "extend"):
        return _of_claim(sale, record, slack_ms, ends)
    if op == "steer":
        status, code = sale.steer(record["action"])
    elif op == "change":
        status, code = sale.change(**record["wanted"])
    else:
        status, code = 200, None  # created again
    return _compared(record, status, code)


def _compared(record, status, code):
    if (record["status"], record["code"]) == (status, code):
        return None
    return f"and had to be told {code or status}"


def _claim(sale, record, slack_ms, ends):
    buyer, quantity, key = record["buyer"], record["quantity"], record["key"]
    status, said = sale.answer_to(buyer, quantity, key)
    if status != record["status"]:
        return f"and had to be told {said or status}"
    if status == 409:
        return _refused(sale, record, said) or _overdue(sale, record, slack_ms, ends)
    name = record["claim"]
    if status == 200:
        if name != said:
            return f"and {said} is his"
        return _shown(sale, record, name)
    if name in sale.claims:
        return "a claim that was granted before"
    end = record.get("expires_at")
    if (end is not None) != (sale.hold_ms > 0):
        return f"and its hold ends {end}"
    units = sale.grant(name, buyer, quantity, key, end)
    if end is not None and ends is not None:
        heapq.heappush(ends, (end, sale.sequence, name))
    if end is not None and not (record["invoked"] - slack_ms <= end - sale.hold_ms
                                <= record["returned"] + slack_ms):
        return "with a hold of another length"
    if record.get("units", units) != units:
        return f"the units {record['units']}, and {units} were next"
    return None


def _refused(sale, record, code):
    if record["code"] != code:
        return f"and had to be told {code}"
    if code == "insufficient-stock" and record.get("available", sale.available) != sale.available:
        return f"{record['available']} available, and {sale.available} are"
    return None


def _overdue(sale, record, slack_ms, ends):
    """R13: a hold that is over counts as free in every answer."""
    while ends:
        end, _, name = ends[0]
        claim = sale.claims[name]
        if claim[STATUS] == HELD and claim[END] == end:
            break
        heapq.heappop(ends)
    if ends and record["code"] in ("sold-out", "insufficient-stock") and end + slack_ms < record["invoked"]:
        return f"and the hold {name} had been over for {record['invoked'] - end} ms"
    return None


def _shown(sale, record, name):
    claim = sale.claims[name]
    if record.get("units", claim[UNITS]) != claim[UNITS]:
        return f"the units {record['units']}, and {claim[UNITS]} are his"
    if record.get("claim_status") not in (None, claim[STATUS]):
        return f"{record['claim_status']}, and it is {claim[STATUS]}"
    return None


def _of_claim(sale, record, slack_ms, ends):
    name, op = record["claim"], record["op"]
    claim = sale.claims.get(name)
    if claim is None:
        return "and there is no such claim"
    if claim[STATUS] == HELD and claim[END] + slack_ms < record["invoked"]:
        return f"and its hold had been over for {record['invoked'] - claim[END]} ms"
    before = sale.sequence
    if op == "confirm":
        status, code = sale.confirm(name, record["reference"])
    elif op == "release":
        status, code = sale.release(name, record["by"])
    else:
        status, code = sale.extend(name, record["seconds"])
        if ends is not None and status == 200:
            heapq.heappush(ends, (claim[END], claim[GRANTED], name))
    wrong = _compared(record, status, code)
    if wrong is None and status == 200:
        if record["replayed"] != (sale.sequence == before):
            return "said to be a repetition" if record["replayed"] else "not said to be a repetition"
        wrong = _shown(sale, record, name)
    return wrong


def read(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def main():
    history = read(sys.argv[1])
    found = check(history)
    for breach in found:
        print(breach)
    print(f"{len(history)} records, {len({record['sale'] for record in history})} sales, "
          f"{len(found)} breaches")
    return 3 if found else 0


if __name__ == "__main__":
    sys.exit(main())
