"""The real server and the model of sale_model.py walk the same way, step by step: Hypothesis draws what is
asked, every answer has to be the model's, and so has what is there in the end. What it finds it shortens.

From the environment:
  DOORBUSTER_MODEL_OPERATIONS  how many requests are compared, 20,000 by default
  DOORBUSTER_SEED              of the draws; 1 by default, so that a verdict is the same twice
"""
import os
import sys
import time

from hypothesis import HealthCheck, reject, seed, settings, strategies as st
from hypothesis.stateful import (RuleBasedStateMachine, initialize, precondition, rule,
                                 run_state_machine_as_test)

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "e2e"))
sys.path.insert(0, HERE)
os.environ.setdefault("DOORBUSTER_SEED", "1")

import sale_model as model  # noqa: E402
from harness import SEED, DoorbusterTest, claim, eventually, get, listed, main, post_json, scaled  # noqa: E402
from http_client import claim_of, confirm, extend, patch, release, steer  # noqa: E402
from recorder import milliseconds, now_ms  # noqa: E402

OPERATIONS = int(os.environ.get("DOORBUSTER_MODEL_OPERATIONS", scaled(20_000)))
STEPS = 50
EXAMPLES_A_ROUND = 200
# A request has been answered by then; the ends of holds that are nearer are waited for.
MARGIN_MS = 400
SHORT_HOLDS = 6  # examples a round, whose holds end meanwhile, which takes a second each

buyers = st.sampled_from(["ann", "bob", "cat", "dan"])
quantities = st.integers(1, 3)
keys = st.sampled_from([None, None, "k1", "k2"])
references = st.sampled_from(["order-1", "order-2"])
numbers = st.integers(0, 30)
definitions = st.fixed_dictionaries({
    "stock": st.integers(1, 8), "per_buyer_limit": st.integers(1, 3),
    "claim_attempts": st.sampled_from([1, 2, 100]), "late_payment": st.sampled_from(["reject", "reacquire"]),
    "max_extension_seconds": st.sampled_from([0, 60])})
changes = st.one_of(
    st.fixed_dictionaries({"stock": st.integers(1, 10)}),
    st.fixed_dictionaries({"per_buyer_limit": st.integers(1, 3), "claim_attempts": st.integers(1, 5)}),
    st.fixed_dictionaries({"late_payment": st.sampled_from(["reject", "reacquire"]),
                           "max_extension_seconds": st.sampled_from([0, 60])}))


class SaleLife(RuleBasedStateMachine):
    """One sale, on the server and in the model."""

    connection = None
    holds = (0, 600, 600)
    sales = 0
    counts = {}

    def __init__(self):
        super().__init__()
        self.claims = []  # as the server first gave them

    @initialize(definition=definitions, data=st.data())
    def create(self, definition, data):
        definition = {**definition, "hold_seconds": data.draw(st.sampled_from(self.holds))}
        SaleLife.sales += 1
        self.name = f"s-{SaleLife.sales}"
        wanted = {"id": self.name, "title": self.name, **definition}
        self.sale = model.Sale(**definition)
        self.compare(post_json("/v1/sales", wanted), 201, None)
        self.compare(post_json("/v1/sales", wanted), 200, None)
        self.compare(post_json("/v1/sales", {**wanted, "stock": definition["stock"] + 1}), 409,
                     "already-exists")

    def compare(self, data, status, code):
        """The server's answer, which has to be this, about the sale as it is in the model now."""
        answer = self.connection.ask(data)
        counts = SaleLife.counts
        said = code or ("repeated" if answer.field("Idempotency-Replayed") else status)
        counts[said] = counts.get(said, 0) + 1
        assert (answer.status, answer.code) == (status, code), f"{answer}, and the model: {status} {code}"
        if self.first_end() < now_ms():
            reject()  # it took so long that nobody knows what had to be answered
        assert answer.sequence == self.sale.sequence, f"{answer.sequence}, {self.sale.sequence} in the model"
        return answer

    def compare_claim(self, data, name, status, code, before):
        """The same for what is asked about a claim: a success shows it as it is in the model."""
        answer = self.compare(data, status, code)
        if status >= 400:
            return answer
        repeated = status == 200 and self.sale.sequence == before
        assert (answer.field("Idempotency-Replayed") == "true") == repeated, answer
        self.same_claim(answer.json(), name)
        return answer

    def same_claim(self, shown, name):
        true = self.sale.claims[name]
        found = [shown["id"], shown["buyer"], shown["quantity"], shown["units"], shown["status"],
                 shown.get("released_by"), shown.get("reference"),
                 tuple(shown.get("refunds_required", ()))]
        assert found == [name, true[model.BUYER], true[model.QUANTITY], true[model.UNITS],
                         true[model.STATUS], true[model.BY], true[model.REFERENCE],
                         true[model.REFUNDS]], f"{shown}, and the model: {true}"
        if true[model.STATUS] == model.HELD:
            assert milliseconds(shown["expires_at"]) == true[model.END], shown

    def first_end(self):
        return min((one[model.END] for one in self.sale.claims.values() if one[model.STATUS] == model.HELD),
                   default=float("inf"))

    def pass_ends(self):
        """Waits for every hold that is about to end, and ends it in the model."""
        while self.first_end() < now_ms() + MARGIN_MS:
            end = self.first_end()
            name = next(name for name, one in self.sale.claims.items()
                        if one[model.STATUS] == model.HELD and one[model.END] == end)
            time.sleep(max(0, end - now_ms()) / 1000)
            eventually("a hold ends", lambda: self.connection.ask(
                get(f"/v1/sales/{self.name}/claims/{name}")).json()["status"] == "released")
            self.sale.expire(name)

    @rule(wanted=st.lists(st.tuples(buyers, quantities, keys), min_size=1, max_size=4))
    def claim(self, wanted):
        for buyer, quantity, key in wanted:
            self.claim_one(buyer, quantity, key)

    def claim_one(self, buyer, quantity, key):
        self.pass_ends()
        status, said = self.sale.answer_to(buyer, quantity, key)
        data = claim(self.name, buyer, quantity, key)
        if status == 409:
            answer = self.compare(data, 409, said).json()
            if said == "insufficient-stock":
                assert answer["available"] == self.sale.available, answer
            if said == "sold-out":
                assert answer["availability"] == self.sale.availability, answer
        elif status == 200:
            self.compare_claim(data, said, 200, None, self.sale.sequence)
        else:
            before = self.sale.sequence
            answer = self.connection.ask(data)
            assert answer.status == 201, answer
            SaleLife.counts[201] = SaleLife.counts.get(201, 0) + 1
            value = answer.json()
            end = milliseconds(value["expires_at"]) if self.sale.hold_ms else None
            if end is not None:
                assert end - milliseconds(value["claimed_at"]) == self.sale.hold_ms, value
            self.sale.grant(value["id"], buyer, quantity, key, end)
            assert (answer.sequence, value["sequence"]) == (before + 1,) * 2, value
            self.same_claim(value, value["id"])
            self.claims.append(value)

    def picked(self, number):
        self.pass_ends()
        one = self.claims[number % len(self.claims)]
        return one, one["id"], self.sale.sequence

    @precondition(lambda self: self.claims)
    @rule(number=numbers, reference=references)
    def confirm(self, number, reference):
        one, name, before = self.picked(number)
        self.compare_claim(confirm(one, reference), name, *self.sale.confirm(name, reference), before)

    @precondition(lambda self: self.claims)
    @rule(number=numbers)
    def give_back(self, number):
        one, name, before = self.picked(number)
        self.compare_claim(release(one, one["buyer"]), name, *self.sale.release(name, "buyer"), before)

    @precondition(lambda self: self.claims)
    @rule(number=numbers)
    def refund(self, number):
        one, name, before = self.picked(number)
        self.compare_claim(release(one), name, *self.sale.release(name, "merchant"), before)

    @precondition(lambda self: self.claims)
    @rule(number=numbers, seconds=st.sampled_from([None, 1, 60, 61]))
    def extend(self, number, seconds):
        one, name, before = self.picked(number)
        self.compare_claim(extend(one, seconds), name, *self.sale.extend(name, seconds), before)

    @precondition(lambda self: self.claims)
    @rule(number=numbers)
    def somebody_else_gives_back(self, number):
        one, _, _ = self.picked(number)
        answer = self.connection.ask(release(one, one["buyer"] + "-2"))
        assert (answer.status, answer.code) == (404, "not-found"), answer

    @rule(action=st.sampled_from(["pause", "resume", "resume", "resume"]))
    def hold_up(self, action):
        self.pass_ends()
        self.compare(steer(self.name, action), *self.sale.steer(action))

    @precondition(lambda self: len(self.claims) > 2)
    @rule(action=st.sampled_from(["close", "cancel"]), luck=st.integers(0, 3))
    def finish(self, action, luck):
        """Rarely: not much happens after it."""
        if luck == 0:
            self.pass_ends()
            self.compare(steer(self.name, action), *self.sale.steer(action))

    @rule(wanted=changes)
    def change(self, wanted):
        self.pass_ends()
        self.compare(patch(self.name, wanted), *self.sale.change(**wanted))

    @rule(wanted=changes, number=numbers)
    def change_what_has_changed(self, wanted, number):
        self.pass_ends()
        if number % self.sale.version == 0:
            self.compare(patch(self.name, wanted, f'"{self.sale.version + 1}"'), 412, "precondition-failed")

    @rule(buyer=buyers)
    def look(self, buyer):
        self.pass_ends()
        self.compare_sums()
        answer = self.compare(get(f"/v1/sales/{self.name}/claims/me", [("X-Buyer-Id", buyer)]), 200, None)
        found = {one["id"]: one for one in answer.json()["data"]}
        assert found.keys() == set(self.sale.by_buyer.get(buyer, ())), found
        for name, one in found.items():
            self.same_claim(one, name)

    def compare_sums(self):
        stats = self.compare(get(f"/v1/sales/{self.name}/stats"), 200, None).json()
        sale = self.sale
        assert stats["conserved"] is True, stats
        for name in ("stock", "available", "held", "confirmed", "released"):
            assert stats[name] == getattr(sale, name), f"{name}: {stats}, {getattr(sale, name)} in the model"

    def teardown(self):
        if not hasattr(self, "sale"):
            return
        self.pass_ends()
        self.compare_sums()
        there = listed(self.connection, self.name)
        assert [one["id"] for one in there] == list(self.sale.claims), there
        for one in there:
            self.same_claim(one, one["id"])


class ShortHolds(SaleLife):
    """The same with holds that end by themselves; in the end all have, and somebody pays all the same."""

    holds = (1,)

    @initialize(wanted=st.lists(st.tuples(buyers, quantities), min_size=1, max_size=5),
                order=st.lists(st.tuples(numbers, references), min_size=3, max_size=9))
    def begin(self, wanted, order):
        self.wanted, self.order = wanted, order

    def teardown(self):
        if hasattr(self, "wanted") and hasattr(self, "sale"):
            for buyer, quantity in self.wanted:
                self.claim_one(buyer, quantity, None)
            time.sleep(max(0, self.first_end() - MARGIN_MS - now_ms()) / 1000)
            self.pass_ends()
            for number, reference in self.order if self.claims else ():
                one, name, before = self.picked(number)
                self.compare_claim(confirm(one, reference), name, *self.sale.confirm(name, reference), before)
        super().teardown()


class Model(DoorbusterTest):

    def walk(self, machine, number, examples):
        machine = seed(f"{SEED}-{number}")(type(machine.__name__, (machine,), {}))
        run_state_machine_as_test(machine, settings=settings(
            max_examples=examples, stateful_step_count=STEPS, deadline=None, database=None,
            print_blob=True, suppress_health_check=list(HealthCheck)))

    def test_the_server_and_the_model_walk_the_same_way(self):
        server = self.serve()
        started = time.monotonic()
        number = 0
        with server.connect() as SaleLife.connection:
            while (done := sum(SaleLife.counts.values())) < OPERATIONS:
                self.walk(SaleLife, number, EXAMPLES_A_ROUND)
                self.walk(ShortHolds, number, SHORT_HOLDS)
                number += 1
        server.stop()
        print(f"{done} answers compared, of {SaleLife.sales} sales, in {time.monotonic() - started:.0f} s: "
              f"{SaleLife.counts}", flush=True)
        if OPERATIONS >= 20_000:
            wanted = {201, "repeated", "sold-out", "insufficient-stock", "limit-exceeded", "paused", "closed",
                      "attempts-exhausted", "idempotency-key-reused", "reference-mismatch", "claim-released",
                      "claim-expired", "claim-confirmed", "not-extendable", "stock-below-claimed"}
            self.assertEqual(wanted - set(SaleLife.counts), set())


if __name__ == "__main__":
    main()
