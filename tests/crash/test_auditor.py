"""The auditor accepts a history that adds up, and refuses each that was broken by hand."""
import copy
import unittest

from auditor import audit, audit_rounds


def claim(number, buyer, units, sequence):
    return {"id": f"clm_{number}", "sale": "s", "buyer": buyer, "quantity": len(units), "units": units,
            "status": "confirmed", "sequence": sequence, "claimed_at": "2026-01-01T00:00:00.000Z"}


def line(after, buyer, quantity, status, sequence, **more):
    return {"after": after, "sale": "s", "buyer": buyer, "quantity": quantity, "key": None,
            "status": status, "code": None, "sequence": sequence, **more}


ANN1 = claim(1, "ann", [1, 2], 3)
BOB = claim(2, "bob", [3], 4)
ANN2 = claim(3, "ann", [4], 5)
CAT = claim(4, "cat", [5], 6)

# A sale of 5 units, 3 for each buyer at the most.
LOG = [
    line(0, "ann", 2, 201, 3, key="a1", claim=ANN1),
    line(0, "bob", 1, 201, 4, claim=BOB),
    line(1, "ann", 2, 200, 4, key="a1", claim=ANN1),
    line(2, "ann", 1, 201, 5, key="a2", claim=ANN2),
    line(4, "ann", 1, 409, 5, key="a3", code="limit-exceeded", claims=["clm_1", "clm_3"]),
    line(4, "cat", 2, 409, 5, key="c1", code="insufficient-stock", available=1),
    line(6, "cat", 1, 201, 6, claim=CAT),
    line(7, "dan", 1, 409, 6, code="sold-out"),
    line(7, "bob", 1, 200, 6, claim=BOB),
    line(3, "eve", 1, 503, None, code="overloaded"),
]
STATE = {"s": {
    "definition": {"id": "s", "stock": 5, "per_buyer_limit": 3, "status": "open"},
    "stats": {"stock": 5, "available": 0, "held": 0, "confirmed": 5, "sequence": 6, "conserved": True},
    "claims": [ANN1, BOB, ANN2, CAT]}}


class Auditor(unittest.TestCase):

    def broken(self, says, change):
        """A history in which `change` broke something is refused, and the breach is named."""
        log, state = copy.deepcopy(LOG), copy.deepcopy(STATE)
        change(log, state["s"])
        found = audit(log, state)
        self.assertTrue(any(says in breach for breach in found), f"wanted {says!r}, found {found}")

    def test_a_good_history_is_accepted(self):
        self.assertEqual(audit(LOG, STATE), [])

    def test_nothing_at_all_is_accepted(self):
        self.assertEqual(audit([], {}), [])

    def test_a_lost_claim(self):
        def change(log, sale):
            sale["claims"].pop()
            sale["stats"].update(confirmed=4, available=1, sequence=5)
        self.broken("clm_4 of cat is lost", change)

    def test_a_claim_lost_in_the_middle(self):
        self.broken("clm_2 of bob is lost", lambda log, sale: sale["claims"].pop(1))
        self.broken("gaps", lambda log, sale: sale["claims"].pop(1))

    def test_a_claim_listed_twice(self):
        self.broken("claim id clm_2 is there 2 times", lambda log, sale: sale["claims"].append(BOB))

    def test_a_unit_with_two_owners(self):
        def change(log, sale):
            sale["claims"][3]["units"] = log[6]["claim"]["units"] = [1]
        self.broken("unit 1 is there 2 times", change)

    def test_a_unit_that_was_never_on_offer(self):
        def change(log, sale):
            sale["claims"][3]["units"] = log[6]["claim"]["units"] = [6]
        self.broken("never on offer", change)

    def test_fewer_units_than_the_quantity(self):
        self.broken("1 units for a quantity of 2", lambda log, sale: sale["claims"][0]["units"].pop())

    def test_a_sale_that_was_oversold(self):
        def change(log, sale):
            sale["claims"].append(claim(5, "dan", [5], 7))
            log.append(line(9, "dan", 1, 201, 7, claim=sale["claims"][-1]))
            sale["stats"].update(confirmed=6, sequence=7)
        self.broken("not the sum of its parts", change)

    def test_a_unit_in_nobodys_hands(self):
        self.broken("not the sum of its parts", lambda log, sale: sale["stats"].update(confirmed=4))
        self.broken("units are in claims",
                    lambda log, sale: sale["stats"].update(confirmed=4, available=1))

    def test_a_sale_that_says_it_is_not_conserved(self):
        self.broken("not conserved", lambda log, sale: sale["stats"].update(conserved=False))

    def test_a_stock_that_has_changed(self):
        self.broken("not the sum", lambda log, sale: sale["definition"].update(stock=6))

    def test_a_claim_that_has_changed(self):
        self.broken("was {", lambda log, sale: sale["claims"][1].update(claimed_at="2026-01-02"))

    def test_a_buyer_above_the_limit(self):
        self.broken("more than the limit", lambda log, sale: sale["definition"].update(per_buyer_limit=2))

    def test_a_claim_nobody_was_told_of(self):
        self.broken("nobody was ever told of the claim clm_4", lambda log, sale: log.pop(6))

    def test_a_claim_whose_answer_was_lost_may_be_there_until_it_is_asked_for_again(self):
        log = LOG[:6] + [LOG[9]] + LOG[7:]
        self.assertEqual(len(audit(log, STATE)), 1)
        self.assertEqual(audit(log, STATE, unknown={("s", "cat")}), [])
        self.assertEqual(len(audit(log, STATE, unknown={("s", "dan"), ("t", "cat")})), 1)

    def test_a_claim_of_somebody_else(self):
        self.broken("was given the claim of bob", lambda log, sale: log[8].update(buyer="dan"))

    def test_another_quantity_than_was_asked_for(self):
        self.broken("asked for 2 and was given 1", lambda log, sale: log[1].update(quantity=2))

    def test_a_claim_granted_twice(self):
        self.broken("granted 2 times", lambda log, sale: log[8].update(status=201))

    def test_two_claims_for_one_key(self):
        self.broken("2 claims for one key", lambda log, sale: log[3].update(key="a1"))

    def test_two_claims_of_one_buyer_where_one_is_the_limit(self):
        self.broken("2 claims for one key (None)",
                    lambda log, sale: sale["definition"].update(per_buyer_limit=1))

    def test_a_false_sold_out(self):
        self.broken("told sold-out at 5 with 1 units free", lambda log, sale: log[7].update(sequence=5))

    def test_a_false_insufficient_stock(self):
        self.broken("insufficient-stock", lambda log, sale: log[5].update(quantity=1))
        self.broken("insufficient-stock", lambda log, sale: log[5].update(available=2))
        self.broken("insufficient-stock", lambda log, sale: log[5].update(sequence=6))

    def test_a_false_limit_exceeded(self):
        self.broken("1 more wanted", lambda log, sale: log[4].update(sequence=4))
        self.broken("which are others", lambda log, sale: log[4].update(claims=["clm_1"]))

    def test_a_refusal_without_a_reason(self):
        self.broken("nothing here explains", lambda log, sale: log[7].update(code="not-open"))
        self.broken("nothing here explains", lambda log, sale: log[7].update(code=None, status=500))

    def test_a_winner_who_is_told_that_it_is_sold_out(self):
        def change(log, sale):
            log.append(line(9, "bob", 1, 409, 6, code="sold-out"))
        self.broken("a winner who repeats himself", change)

    def test_a_claim_shown_before_it_was_decided(self):
        self.broken("before it was decided", lambda log, sale: log[6].update(sequence=5))
        self.broken("before it was decided", lambda log, sale: log[8].update(sequence=3))

    def test_an_answer_older_than_what_was_known_before_it_was_asked(self):
        self.broken("is older than an answer", lambda log, sale: log[7].update(sequence=4))
        self.broken("is older than an answer", lambda log, sale: log[3].update(after=9) or log.append(log.pop(3)))

    def test_a_line_from_the_future(self):
        self.broken("was sent after line 9", lambda log, sale: log[0].update(after=9))

    def test_a_sequence_that_does_not_count_the_claims(self):
        self.broken("its sequence is 7 with 4 claims", lambda log, sale: sale["stats"].update(sequence=7))

    def test_rounds(self):
        def breaches(**statuses):
            return audit_rounds({"s": {"status": "open"},
                                 **{f"goods-{name[1:]}": {"status": status}
                                    for name, status in statuses.items()}})
        self.assertEqual(breaches(), [])
        self.assertEqual(breaches(n1="closed", n2="closed", n3="open"), [])
        self.assertIn("goods-2 is open", breaches(n1="closed", n2="open", n3="open")[0])
        self.assertIn("goods-2 is closed", breaches(n1="closed", n2="closed")[0])
        self.assertIn("not numbered", breaches(n1="closed", n3="open")[0])
        self.assertIn("not numbered", breaches(n2="closed", n1="closed", n3="open")[0])

    def test_a_buyer_may_be_told_that_a_sale_is_closed_when_it_was(self):
        log = [line(0, "eve", 1, 409, 3, code="closed")]
        state = copy.deepcopy(STATE)
        state["s"]["definition"]["status"] = "closed"
        state["s"]["stats"].update(available=5, confirmed=0, sequence=3)
        state["s"]["claims"] = []
        self.assertEqual(audit(log, state), [])
        self.assertIn("not closed then", audit([{**log[0], "sequence": 2}], state)[0])
        state["s"]["definition"]["status"] = "open"
        state["s"]["stats"]["sequence"] = 2
        self.assertIn("not closed then", audit([{**log[0], "sequence": 2}], state)[0])

    def test_a_sale_that_is_gone(self):
        self.assertIn("s: an answer speaks of it, and it is not there", audit(LOG, {}))


if __name__ == "__main__":
    unittest.main()
