"""Both checkers accept histories that add up, and refuse each that was broken by hand; where only one of
them can see it, it says why."""
import copy
import unittest

import linearize
import replay

HOLD_MS = 10_000


class History:
    """Records one after the other, a millisecond each, `at` from which they go on."""

    def __init__(self, **definition):
        self.records = []
        self.at = 1_000_000
        self.add("create", 201, 2, **definition)

    def add(self, op, status, sequence, code=None, **more):
        record = {"invoked": self.at, "returned": self.at + 1, "sale": "s", "op": op, "status": status,
                  "code": code, "sequence": sequence, "replayed": False, **more}
        self.at += 2
        self.records.append(record)
        return record

    def claim(self, buyer, status, sequence, code=None, quantity=1, key=None, **more):
        return self.add("claim", status, sequence, code, buyer=buyer, quantity=quantity, key=key, **more)

    def won(self, buyer, sequence, claim, units, held=False, key=None):
        return self.claim(buyer, 201, sequence, quantity=len(units), key=key, claim=claim, units=units,
                          claim_sequence=sequence, claim_status="held" if held else "confirmed",
                          expires_at=self.at + HOLD_MS if held else None)

    def has(self, buyer, sequence, claim, units, status="confirmed", key=None):
        return self.claim(buyer, 200, sequence, quantity=len(units), key=key, claim=claim, units=units,
                          claim_status=status, claim_sequence=0, replayed=True)

    def confirm(self, claim, reference, status, sequence, code=None, **more):
        return self.add("confirm", status, sequence, code, claim=claim, reference=reference, **more)

    def release(self, claim, by, status, sequence, code=None, **more):
        return self.add("release", status, sequence, code, claim=claim, by=by, **more)

    def stats(self, sequence, stock, available, held, confirmed):
        return self.add("stats", 200, sequence, stock=stock, available=available, held=held,
                        confirmed=confirmed)

    def list(self, sequence, **there):
        return self.add("list", 200, sequence, there=there)


def without_holds():
    h = History(stock=3, per_buyer_limit=2)
    h.won("ann", 3, "c1", [1, 2], key="a1")
    h.won("bob", 4, "c2", [3])
    h.claim("cat", 409, 4, "sold-out")
    h.has("ann", 4, "c1", [1, 2], key="a1")
    h.claim("ann", 409, 4, "idempotency-key-reused", quantity=1, key="a1")
    h.release("c2", "merchant", 200, 5)
    h.claim("dan", 409, 5, "insufficient-stock", quantity=2, available=1)
    h.won("cat", 6, "c3", [3])
    h.claim("ann", 409, 6, "limit-exceeded", key="a2")
    h.add("steer", 200, 7, action="pause")
    h.claim("eve", 409, 7, "paused")
    h.add("steer", 200, 8, action="resume")
    h.add("change", 200, 9, wanted={"stock": 4})
    h.add("change", 409, 9, "stock-below-claimed", wanted={"stock": 2})
    h.won("eve", 10, "c4", [4])
    h.stats(10, 4, 0, 0, 4)
    h.add("steer", 200, 11, action="close")
    h.claim("fay", 409, 11, "closed")
    h.list(11, c1="confirmed", c2="released", c3="confirmed", c4="confirmed")
    return h.records


def with_holds():
    h = History(stock=2, hold_seconds=HOLD_MS // 1000, max_extension_seconds=5, claim_attempts=1)
    h.won("ann", 3, "c1", [1], held=True)
    h.won("bob", 4, "c2", [2], held=True)
    h.claim("cat", 409, 4, "sold-out")
    h.release("c2", "buyer", 200, 5)
    h.claim("bob", 409, 5, "attempts-exhausted")
    h.confirm("c1", "order-1", 200, 6)
    h.confirm("c1", "order-1", 200, 6, replayed=True)
    h.confirm("c1", "order-2", 409, 6, "reference-mismatch")
    h.release("c1", "buyer", 409, 6, "claim-confirmed")
    h.won("dan", 7, "c3", [2], held=True)
    h.at += HOLD_MS + 1_000  # 8: the hold of dan ends
    h.won("cat", 9, "c4", [2], held=True)
    h.confirm("c3", "order-3", 409, 10, "claim-expired")
    h.confirm("c3", "order-3", 409, 10, "claim-expired")
    h.add("extend", 200, 11, claim="c4", seconds=5, expires_at=h.records[-3]["expires_at"] + 5_000)
    h.confirm("c4", "order-4", 200, 12)
    h.release("c1", "merchant", 200, 13)
    h.release("c1", "merchant", 200, 13, replayed=True)
    h.confirm("c1", "order-1", 409, 13, "claim-released")
    h.stats(13, 2, 1, 0, 1)
    h.list(13, c1="released", c2="released", c3="released", c4="confirmed")
    return h.records


def late_money():
    h = History(stock=1, hold_seconds=HOLD_MS // 1000, late_payment="reacquire")
    h.won("ann", 3, "c1", [1], held=True)
    h.at += HOLD_MS + 1_000
    h.confirm("c1", "order-1", 200, 5)
    h.confirm("c1", "order-1", 200, 5, replayed=True)
    h.claim("bob", 409, 5, "sold-out")
    h.list(5, c1="confirmed")
    return h.records


def cancelled():
    h = History(stock=3, hold_seconds=HOLD_MS // 1000)
    h.won("ann", 3, "c1", [1], held=True)
    h.won("bob", 4, "c2", [2], held=True)
    h.confirm("c1", "order-1", 200, 5)
    h.add("steer", 200, 6, action="cancel")
    h.add("steer", 200, 6, action="cancel")
    h.confirm("c2", "order-2", 409, 6, "claim-released")
    h.claim("cat", 409, 6, "closed")
    h.list(6, c1="confirmed", c2="released")
    return h.records


def at_once():
    """All asked at one moment and answered at another: any order will do, and only the sequence tells."""
    h = History(stock=2)
    h.won("ann", 4, "c2", [2])
    h.won("bob", 3, "c1", [1])
    h.claim("cat", 409, 4, "sold-out")
    h.has("bob", 3, "c1", [1])
    for record in h.records[1:]:
        record.update(invoked=2_000_000, returned=2_000_100)
    h.at = 3_000_000
    h.list(4, c1="confirmed", c2="confirmed")
    return h.records


def with_lost_answers():
    """Two answers were lost: one claim was granted, as asking again tells, the other never came."""
    h = History(stock=2)
    h.claim("ann", None, None).update(returned=None)
    h.claim("bob", None, None).update(returned=None)
    h.has("ann", 3, "c1", [1])["claim_sequence"] = 3
    h.won("bob", 4, "c2", [2])
    h.list(4, c1="confirmed", c2="confirmed")
    return h.records


GOOD = (without_holds, with_holds, late_money, cancelled, at_once, with_lost_answers)


def numbered(records, **at):
    """The only record of that sequence and those members."""
    found = [record for record in records if all(record.get(name) == value for name, value in at.items())]
    assert len(found) >= 1, f"no record has {at}"
    return found[0]


def later(records, number, by=1):
    """Room for one more sequence behind a record, or for one less."""
    for record in records[number + 1:]:
        for name in ("sequence", "claim_sequence"):
            if record.get(name) is not None:
                record[name] += by


BROKEN = {}  # name: (the good history, what breaks it, the checkers that see it)
BOTH = "replay, linearize"


def broken(good, seen_by=BOTH):
    def keep(change):
        BROKEN[change.__name__] = good, change, seen_by
        return change
    return keep


@broken(without_holds)
def a_unit_more_than_there_are(records):
    numbered(records, code="sold-out").update(status=201, code=None, claim="c9", units=[4], claim_sequence=5,
                                              sequence=5)
    later(records, 3)


@broken(without_holds)
def a_unit_with_two_owners(records):
    numbered(records, claim="c2", status=201)["units"] = [2]


@broken(without_holds)
def a_unit_out_of_turn(records):
    numbered(records, claim="c3", status=201)["units"] = [4]


@broken(without_holds)
def a_claim_that_is_lost(records):
    del records[-1]["there"]["c3"]


@broken(without_holds)
def a_claim_that_nobody_was_granted(records):
    records[-1]["there"]["c9"] = "confirmed"


@broken(without_holds)
def a_refusal_that_took_effect_later(records):
    numbered(records, op="stats").update(available=-1, confirmed=5)


@broken(without_holds)
def a_false_sold_out(records):
    numbered(records, code="insufficient-stock")["code"] = "sold-out"


@broken(without_holds)
def sold_out_beside_a_free_unit(records):
    record = numbered(records, buyer="cat", status=201)
    record.update(status=409, code="sold-out", sequence=5)
    later(records, records.index(record), -1)
    del records[-1]["there"]["c3"]


@broken(without_holds)
def fewer_free_than_there_are(records):
    numbered(records, code="insufficient-stock")["available"] = 0


@broken(without_holds)
def a_false_limit(records):
    numbered(records, code="limit-exceeded")["buyer"] = "fay"


@broken(without_holds)
def a_buyer_above_the_limit(records):
    record = numbered(records, code="limit-exceeded")
    numbered(records, wanted={"stock": 4})["wanted"] = {"stock": 5}
    record.update(status=201, code=None, claim="c9", units=[4], claim_sequence=7, sequence=7)
    later(records, records.index(record))


@broken(with_holds)
def a_buyer_with_two_claims_where_one_is_the_limit(records):
    numbered(records, buyer="bob", status=201)["buyer"] = "ann"


@broken(without_holds)
def a_winner_who_is_told_that_it_is_sold_out(records):
    numbered(records, claim="c1", status=200).update(status=409, code="sold-out")


@broken(without_holds)
def another_claim_for_the_same_key(records):
    record = numbered(records, claim="c1", status=200)
    record.update(claim="c2", units=[3], quantity=2)


@broken(without_holds)
def another_quantity_under_the_same_key(records):
    numbered(records, code="idempotency-key-reused").update(status=200, code=None, claim="c1", replayed=True)


@broken(without_holds)
def other_units_when_asked_again(records):
    numbered(records, claim="c1", status=200)["units"] = [2, 3]


@broken(without_holds)
def granted_while_paused(records):
    pause, resume = (numbered(records, action=action) for action in ("pause", "resume"))
    pause["action"], resume["action"] = "resume", "pause"
    pause["sequence"] = 6
    later(records, records.index(pause), -1)
    numbered(records, code="paused").update(code="sold-out")


@broken(without_holds)
def granted_after_the_close(records):
    record = numbered(records, code="closed")
    numbered(records, wanted={"stock": 4})["wanted"] = {"stock": 5}
    numbered(records, op="stats").update(stock=5, available=1)
    record.update(status=201, code=None, claim="c5", units=[5], claim_sequence=12, sequence=12)
    records[-1]["there"]["c5"] = "confirmed"
    later(records, records.index(record))


@broken(without_holds)
def refused_as_closed_before_the_close(records):
    numbered(records, code="paused")["code"] = "closed"


@broken(without_holds)
def stock_below_what_is_claimed(records):
    record = numbered(records, code="stock-below-claimed")
    record.update(status=200, code=None, sequence=10)
    later(records, records.index(record))


@broken(without_holds)
def a_stale_read(records):
    numbered(records, op="stats").update(sequence=5, stock=3, available=1, confirmed=2)


@broken(without_holds)
def a_refunded_unit_that_never_comes_back(records):
    numbered(records, op="stats").update(available=-1)


@broken(without_holds, "replay")  # the claim is as it should be, but for the sequence that it names
def a_claim_with_a_sequence_of_another(records):
    numbered(records, claim="c3", status=201)["claim_sequence"] = 5


@broken(without_holds, "replay")  # every answer is true in that order: only its sequence is not
def a_sequence_that_goes_back(records):
    numbered(records, code="paused")["sequence"] = 6


@broken(without_holds, "replay")  # nobody was told anything that is wrong
def a_sequence_that_nothing_explains(records):
    later(records, 4)


@broken(at_once, "replay")  # there is an order, with two sequences
def two_claims_with_one_sequence(records):
    numbered(records, claim="c2", status=201).update(sequence=3, claim_sequence=3)


@broken(at_once)
def three_winners_of_two_units(records):
    numbered(records, buyer="cat").update(status=201, code=None, claim="c3", units=[2], claim_sequence=5,
                                          sequence=5)
    records[-1].update(sequence=5)
    records[-1]["there"]["c3"] = "confirmed"


@broken(at_once)
def sold_out_to_all_but_one(records):
    numbered(records, claim="c2", status=201).update(status=409, code="sold-out", sequence=3)
    numbered(records, buyer="cat")["sequence"] = 3
    records[-1].update(sequence=3)
    del records[-1]["there"]["c2"]


@broken(at_once)
def shown_before_it_was_asked_for(records):
    numbered(records, claim="c1", status=200).update(invoked=1_500_000, returned=1_500_001, sequence=2)


@broken(with_holds)
def a_hold_that_is_over_is_confirmed(records):
    record = numbered(records, reference="order-3")
    records.remove(numbered(records, buyer="cat", status=201))
    at = records.index(record)
    del records[at + 1:]
    record.update(status=200, code=None, sequence=8)


@broken(with_holds)
def confirmed_though_it_expired(records):
    numbered(records, reference="order-3").update(status=200, code=None)


@broken(with_holds)
def given_out_again_before_its_end(records):
    at = records.index(numbered(records, buyer="cat", status=201))
    for record in records[at:]:
        for name in ("invoked", "returned"):
            record[name] -= HOLD_MS // 2
        if record.get("expires_at"):
            record["expires_at"] -= HOLD_MS // 2


@broken(with_holds)
def sold_out_long_after_a_hold_was_over(records):
    record = numbered(records, buyer="cat", status=201)
    at = records.index(record)
    record.update(status=409, code="sold-out", sequence=7)
    del records[at + 1:]


@broken(with_holds)
def a_hold_of_another_length(records):
    numbered(records, claim="c4", status=201)["expires_at"] += 5_000


@broken(with_holds)
def confirmed_under_two_references(records):
    record = numbered(records, code="reference-mismatch")
    record.update(status=200, code=None, sequence=7)
    later(records, records.index(record))


@broken(with_holds)
def given_back_by_its_buyer_though_confirmed(records):
    record = numbered(records, code="claim-confirmed")
    record.update(status=200, code=None, sequence=7)
    later(records, records.index(record))


@broken(with_holds)
def refunded_twice(records):
    records[-4].update(replayed=False, sequence=14)
    assert records[-4]["op"] == "release"
    later(records, len(records) - 4)


@broken(with_holds, "replay")  # the second debt is only in the sequence
def two_refunds_owed_for_one_reference(records):
    second = records[records.index(numbered(records, reference="order-3")) + 1]
    second["sequence"] += 1
    later(records, records.index(second))


@broken(with_holds)
def more_attempts_than_are_allowed(records):
    record = numbered(records, code="attempts-exhausted")
    record.update(status=201, code=None, claim="c9", units=[2], claim_sequence=6, sequence=6,
                  expires_at=record["invoked"] + HOLD_MS)
    later(records, records.index(record))


@broken(with_holds)
def extended_by_more_than_is_allowed(records):
    numbered(records, op="extend")["seconds"] = 6


@broken(late_money)
def brought_back_while_another_has_the_unit(records):
    taken = numbered(records, code="sold-out")
    records.remove(taken)
    taken.update(status=201, code=None, claim="c2", units=[1], claim_sequence=5, sequence=5,
                 expires_at=taken["invoked"] - 6 + HOLD_MS)
    for name in ("invoked", "returned"):
        taken[name] -= 6
    records.insert(2, taken)
    later(records, 2)
    records[-1]["there"] = {"c1": "confirmed", "c2": "held"}


@broken(cancelled)
def confirmed_after_the_sale_was_cancelled(records):
    record = numbered(records, reference="order-2")
    record.update(status=200, code=None, sequence=7)
    later(records, records.index(record))
    records[-1]["there"]["c2"] = "confirmed"


@broken(cancelled)
def a_cancelled_sale_keeps_its_holds(records):
    records[-1]["there"]["c2"] = "held"


@broken(with_lost_answers)
def a_lost_request_that_was_granted_twice(records):
    record = numbered(records, claim="c1")
    records.insert(records.index(record) + 1, {**record, "claim": "c9", "claim_sequence": 4, "units": [2]})


@broken(with_lost_answers)
def a_lost_request_that_took_two_units(records):
    numbered(records, claim="c1")["units"] = [1, 2]


class Checkers(unittest.TestCase):

    def test_good_histories_are_accepted(self):
        for history in GOOD:
            for checker in (replay, linearize):
                with self.subTest(history.__name__, checker=checker.__name__):
                    self.assertEqual(checker.check(history()), [])

    def test_an_empty_history_is_accepted(self):
        self.assertEqual((replay.check([]), linearize.check([])), ([], []))

    def test_broken_histories_are_refused(self):
        self.assertGreaterEqual(len(BROKEN), 25)
        for name, (good, change, seen_by) in BROKEN.items():
            records = copy.deepcopy(good())
            change(records)
            self.assertNotEqual(records, good(), name)
            for checker in (replay, linearize):
                with self.subTest(name, checker=checker.__name__):
                    found = checker.check(records)
                    self.assertEqual(bool(found), checker.__name__ in seen_by, found)

    def test_every_sale_is_judged_by_itself(self):
        both = [{**record, "sale": sale} for sale, history in zip("st", (without_holds, with_holds))
                for record in history()]
        self.assertEqual((replay.check(both), linearize.check(both)), ([], []))
        del both[-1]["there"]["c2"]
        self.assertTrue(all(breach.startswith("t: ") for breach in replay.check(both)))
        self.assertEqual(len(linearize.check(both)), 1)

    def test_what_is_too_long_to_search_is_said_to_be_undecided(self):
        history = History(stock=100)
        for number in range(16):
            record = history.won(f"b{number}", 3 + number, f"c{number}", [1 + number])
            record.update(invoked=2_000_000, returned=3_000_000, units=[100 - number])
        self.assertNotEqual(replay.check(history.records), [])
        short = linearize.MOST_STATES
        self.addCleanup(setattr, linearize, "MOST_STATES", short)
        linearize.MOST_STATES = 100
        for record in history.records[1:]:
            del record["units"]
        history.add("list", 200, 18, there={})
        with self.assertRaises(linearize.Undecided):
            linearize.check(history.records)


if __name__ == "__main__":
    unittest.main()
