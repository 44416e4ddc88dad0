"""Judges a short history without trusting its sequences: searches an order of the operations that real time
allows and in which the model gives every answer that was given (Wing and Gong, with a memory of the states
seen, as Lowe has it). Real time allows an operation to come first when no other had been answered before it
was asked.

A record is as in replay.py; here `returned` may be None: such an operation happened at some time after it was
asked, or never. The end of a hold is an operation too, which nobody asked for.
"""
import itertools

from replay import SLACK_MS, step
from sale_model import END, HELD, STATUS, Sale

MOST_STATES = 300_000


class Undecided(Exception):
    """The history is too long, or has too much at once, for this way of looking."""


def check(history, slack_ms=SLACK_MS):
    """What is wrong, a sentence for each sale; an empty list means that there is such an order."""
    by_sale = {}
    for record in history:
        if record["status"] not in (429, 503):
            by_sale.setdefault(record["sale"], []).append(record)
    found = []
    for sale, records in by_sale.items():
        if not _Search(records, slack_ms).succeeds():
            found.append(f"{sale}: no order of its {len(records)} operations explains their answers")
    return found


class _Search:
    """One sale."""

    def __init__(self, records, slack_ms):
        self.slack_ms = slack_ms
        self.horizon = max(record["returned"] or record["invoked"] for record in records)
        records = [dict(record) for record in records]
        _name_lost_claims(records)
        self.operations = sorted(records + self._ends(records), key=lambda record: record["invoked"])
        self.latest = [float("inf") if record["returned"] is None else record["returned"]
                       for record in self.operations]
        # What never has to have happened.
        self.optional = sum(1 << number for number, record in enumerate(self.operations)
                            if record["returned"] is None)

    def _ends(self, records):
        """The ends of holds by themselves, for every time at which one was said to end."""
        told = {(record["claim"], record["expires_at"]) for record in records
                if record.get("expires_at") is not None and record.get("claim") is not None}
        told |= {(claim, end) for record in records for claim, (_, _, end) in record.get("shown", {}).items()
                 if end is not None}
        return [{"op": "end", "claim": claim, "at": end, "invoked": end - self.slack_ms,
                 "returned": end + self.slack_ms if end + self.slack_ms < self.horizon else None}
                for claim, end in sorted(told) if end - self.slack_ms <= self.horizon]

    def succeeds(self):
        every = (1 << len(self.operations)) - 1
        seen = set()
        stack = [(0, None)]
        while stack:
            done, sale = stack.pop()
            if done | self.optional == every:
                return True
            for number in reversed(self._may_be_next(done)):
                after = self._after(sale, self.operations[number])
                if after is None:
                    continue
                state = done | 1 << number, after.fingerprint()
                if state in seen:
                    continue
                seen.add(state)
                if len(seen) > MOST_STATES:
                    raise Undecided(f"more than {MOST_STATES} states")
                stack.append((state[0], after))
        return False

    def _may_be_next(self, done):
        left = [number for number in range(len(self.operations)) if not done >> number & 1]
        first_answer = min(self.latest[number] for number in left)
        return [number for number in left if self.operations[number]["invoked"] <= first_answer]

    def _after(self, sale, record):
        """The sale after that operation, or None where its answer could not have been given."""
        if sale is None:
            return _created(record) if record["op"] == "create" and record["status"] == 201 else None
        sale = sale.copy()
        if record["op"] == "end":
            claim = sale.claims.get(record["claim"])
            if claim is None:
                return None
            if claim[STATUS] == HELD and claim[END] == record["at"]:
                sale.expire(record["claim"])
            return sale
        if record["returned"] is None:
            _do_unheard(sale, record)
            return sale
        return sale if step(sale, record, self.slack_ms) is None else None


def _created(record):
    names = ("stock", "per_buyer_limit", "hold_seconds", "claim_attempts", "late_payment",
             "max_extension_seconds")
    return Sale(**{name: record[name] for name in names if name in record})


def _name_lost_claims(records):
    """A claim that was granted in an answer that was lost has the name under which it is seen later."""
    claims = [record for record in records if record["op"] == "claim"]
    granted = {record["claim"] for record in claims if record["status"] == 201}
    shown = {}  # (buyer, quantity): the claims that nobody was granted, and their ends
    for record in records:
        if record["op"] == "claim" and record["status"] == 200:
            one = {record["claim"]: (record["buyer"], record["quantity"], record.get("expires_at"))}
        else:
            one = record.get("shown", {})
        for claim, (buyer, quantity, end) in one.items():
            if claim not in granted:
                shown.setdefault((buyer, quantity), {}).setdefault(claim, end)
    fresh = itertools.count()
    for record in claims:
        if record["returned"] is None:
            later = shown.get((record["buyer"], record["quantity"]))
            record["claim"] = next(iter(later)) if later else f"unheard-{next(fresh)}"
            record["expires_at"] = later.pop(record["claim"]) if later else None


def _do_unheard(sale, record):
    if record["op"] == "claim":
        if sale.answer_to(record["buyer"], record["quantity"], record["key"])[0] == 201:
            end = record["expires_at"] or record["invoked"] + sale.hold_ms
            sale.grant(record["claim"], record["buyer"], record["quantity"], record["key"], end)
    elif record["op"] == "steer":
        sale.steer(record["action"])
    elif record["op"] == "change":
        sale.change(**record["wanted"])
    elif record.get("claim") in sale.claims:
        if record["op"] == "confirm":
            sale.confirm(record["claim"], record["reference"])
        elif record["op"] == "release":
            sale.release(record["claim"], record["by"])
        elif record["op"] == "extend":
            sale.extend(record["claim"], record["seconds"])
