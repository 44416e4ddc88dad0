"""The life of a claim over HTTP: held, confirmed, extended, given back, expired, paid too late."""
import collections

from harness import claim, crowd, eventually, get, main, scaled
from http_client import claim_of, confirm, extend, patch, release, steer
from sale_case import SaleTest, from_now, time_of


class ClaimLife(SaleTest):

    def status(self, sale="s"):
        answer = self.ask(get(f"/v1/sales/{sale}/status"))
        self.assertEqual(answer.status, 200, answer)
        return answer.json()

    def done(self, data):
        """The answer is 200, for the first time, with a claim."""
        answer = self.ask(data)
        self.assertEqual((answer.status, answer.field("Idempotency-Replayed")), (200, None), answer)
        return answer.json()

    def ended(self, granted, seconds=30):
        """Waits until a hold of 1 s has ended by itself."""
        def released():
            value = self.ask(claim_of(granted)).json()
            return value if value["status"] == "released" else None
        value = eventually("the hold ends", released, seconds)
        self.assertEqual(value["released_by"], "expired")
        return value

    def test_R16_a_hold_is_confirmed_once_and_under_one_reference(self):
        self.create(self.connection, "s", 3, hold_seconds=600)
        held = self.granted(claim("s", "ann"))
        self.assertEqual(held["status"], "held")
        wait = time_of(held["expires_at"]) - time_of(held["claimed_at"])
        self.assertEqual(wait.total_seconds(), 600)
        before = self.stats(self.connection, "s")["sequence"]
        confirmed = self.done(confirm(held, "order_991"))
        self.assertEqual((confirmed["status"], confirmed["reference"]), ("confirmed", "order_991"))
        self.assertEqual({**confirmed, "status": "held"}, {**held, "reference": "order_991"})
        for _ in range(3):
            self.replayed(confirm(held, "order_991"), confirmed)
            self.replayed(claim("s", "ann"), confirmed)
            refused = self.refused(confirm(held, "order_992"), "reference-mismatch").json()
            self.assertEqual((refused["sale"], refused["claim"], refused["reference"]),
                             ("s", held["id"], "order_991"))
        stats = self.stats(self.connection, "s")
        self.assertEqual((stats["held"], stats["confirmed"], stats["available"]), (0, 1, 2))
        self.assertEqual(stats["sequence"], before + 1)

    def test_R16_without_holds_the_first_confirm_sets_the_reference(self):
        self.create(self.connection, "s", 3)
        won = self.granted(claim("s", "ann"))
        self.assertNotIn("reference", won)
        for reference in ("买单-1", "x" * 64):
            won = self.granted(claim("s", reference[:5]))
            confirmed = self.done(confirm(won, reference))
            self.assertEqual(confirmed["reference"], reference)
            self.replayed(confirm(won, reference), confirmed)
            self.refused(confirm(won, "another"), "reference-mismatch")

    def test_R17_a_hold_is_given_back_once(self):
        self.create(self.connection, "s", 1, hold_seconds=600)
        ann = self.granted(claim("s", "ann", key="k"))
        self.refused(claim("s", "bob"), "sold-out")
        foreign = self.ask(release(ann, "bob"))
        self.assert_refused(foreign, 404, "not-found")
        given_back = self.done(release(ann, "ann"))
        self.assertEqual((given_back["status"], given_back["released_by"]), ("released", "buyer"))
        for data in (release(ann, "ann"), release(ann), claim("s", "ann", key="k")):
            self.replayed(data, given_back)
        late = self.refused(confirm(ann, "order_1"), "claim-released")
        self.assertEqual(late.json()["released_by"], "buyer")
        bob = self.granted(claim("s", "bob"))
        self.assertEqual(bob["units"], ann["units"])
        # The late repeat of the release ends no newer claim of anybody.
        self.replayed(release(ann, "ann"), given_back)
        self.assertEqual(self.ask(claim_of(bob)).json(), bob)

    def test_R17_what_is_confirmed_is_for_the_merchant_to_end(self):
        self.create(self.connection, "s", 1, hold_seconds=600)
        ann = self.granted(claim("s", "ann"))
        self.done(confirm(ann, "order_1"))
        self.assertEqual(self.refused(release(ann, "ann"), "claim-confirmed").json()["reference"], "order_1")
        self.refused(extend(ann), "claim-confirmed")
        refunded = self.done(release(ann))
        self.assertEqual((refunded["released_by"], refunded["reference"]), ("merchant", "order_1"))
        self.assertEqual(self.refused(confirm(ann, "order_1"), "claim-released").json()["released_by"],
                         "merchant")
        self.granted(claim("s", "bob"))
        self.assertEqual(self.stats(self.connection, "s")["released"],
                         {"buyer": 0, "merchant": 1, "expired": 0, "cancelled": 0})

    def test_R16_R20_a_hold_ends_by_itself_and_late_money_is_owed_back_once(self):
        self.create(self.connection, "s", 1, hold_seconds=1)
        ann = self.granted(claim("s", "ann"))
        status = self.status()
        if status["availability"] == "all_held":  # and not over already, on a slow machine
            self.assertEqual((status["held"], status["next_return_at"]), (1, ann["expires_at"]))
        refused = self.ask(claim("s", "bob"))
        if refused.status == 409:
            self.assertEqual((refused.code, refused.json()["availability"]), ("sold-out", "all_held"))
            self.assertEqual(refused.json()["next_return_at"], ann["expires_at"])
            self.assertEqual(refused.field("Retry-After"), "1")
        self.ended(ann)

        late = self.refused(confirm(ann, "order_1"), "claim-expired")
        self.assertEqual((late.json()["claim"], late.json()["refunds_required"]), (ann["id"], ["order_1"]))
        sequence = late.sequence
        for _ in range(3):
            again = self.refused(confirm(ann, "order_1"), "claim-expired")
            self.assertEqual((again.body, again.sequence), (late.body, sequence))
        other = self.refused(confirm(ann, "order_2"), "claim-expired")
        self.assertEqual((other.json()["refunds_required"], other.sequence),
                         (["order_1", "order_2"], sequence + 1))
        self.assertEqual(self.ask(claim_of(ann)).json()["refunds_required"], ["order_1", "order_2"])
        self.refused(extend(ann), "claim-expired")

    def test_R16_an_expiry_is_one_event_that_needs_nobody_to_ask(self):
        self.create(self.connection, "s", 5, hold_seconds=1, claim_attempts=1)
        for buyer in ("ann", "bob", "cat"):
            self.granted(claim("s", buyer))
        eventually("the status shows the units free", lambda: self.status()["held"] == 0, 30)
        stats = self.stats(self.connection, "s")
        self.assertEqual((stats["available"], stats["released"]["expired"], stats["sequence"]), (5, 3, 8))
        self.assertIs(stats["conserved"], True)
        # R18: each of them has had his one attempt.
        self.assertEqual(self.refused(claim("s", "ann"), "attempts-exhausted").json()["claim_attempts"], 1)

    def test_R20_late_money_brings_the_claim_back_where_the_sale_says_so_and_a_unit_is_free(self):
        self.create(self.connection, "s", 1, hold_seconds=1, late_payment="reacquire")
        ann = self.granted(claim("s", "ann"))
        self.ended(ann)
        back = self.done(confirm(ann, "order_1"))
        self.assertEqual((back["id"], back["status"], back["reference"]), (ann["id"], "confirmed", "order_1"))
        self.replayed(confirm(ann, "order_1"), back)
        self.refused(confirm(ann, "order_2"), "reference-mismatch")
        self.refused(claim("s", "bob"), "sold-out")

    def test_R20_one_owner_and_one_refund_when_another_took_the_unit_between(self):
        self.create(self.connection, "s", 1, hold_seconds=1, late_payment="reacquire")
        ann = self.granted(claim("s", "ann"))
        self.ended(ann)
        self.ask(patch("s", {"hold_seconds": 0}))
        bob = self.granted(claim("s", "bob"))
        late = self.refused(confirm(ann, "order_1"), "claim-expired")
        self.assertEqual(late.json()["refunds_required"], ["order_1"])
        # Owed is owed, though the unit becomes free again.
        self.done(release(bob))
        again = self.refused(confirm(ann, "order_1"), "claim-expired")
        self.assertEqual(again.json()["refunds_required"], ["order_1"])
        self.assertEqual(self.stats(self.connection, "s")["confirmed"], 0)

    def test_a_hold_is_extended_once_by_as_much_as_the_sale_allows(self):
        self.create(self.connection, "s", 3, hold_seconds=600, max_extension_seconds=60)
        ann, bob = self.granted(claim("s", "ann")), self.granted(claim("s", "bob"))
        refused = self.refused(extend(ann, 61), "not-extendable")
        self.assertEqual(refused.json()["max_extension_seconds"], 60)
        extended = self.done(extend(ann, 10))
        self.assertEqual((time_of(extended["expires_at"]) - time_of(ann["expires_at"])).total_seconds(), 10)
        self.assertIs(extended["extended"], True)
        self.replayed(extend(ann, 60), extended)
        self.assertEqual((time_of(self.done(extend(bob))["expires_at"])
                          - time_of(bob["expires_at"])).total_seconds(), 60)

    def test_R12_in_a_paused_or_closed_sale_holds_go_on(self):
        self.create(self.connection, "s", 4, hold_seconds=600)
        ann, bob, cat, dan = [self.granted(claim("s", buyer)) for buyer in ("ann", "bob", "cat", "dan")]
        self.assertEqual(self.ask(steer("s", "pause")).status, 200)
        self.done(confirm(ann, "order_1"))
        self.done(release(bob, "bob"))
        self.assertTrue(self.refused(claim("s", "eve"), "paused").field("Retry-After"))
        self.replayed(claim("s", "cat"), cat)
        self.assertEqual(self.ask(steer("s", "close")).status, 200)
        self.done(confirm(cat, "order_2"))
        self.done(release(dan, "dan"))
        self.refused(claim("s", "eve"), "closed")
        stats = self.stats(self.connection, "s")
        self.assertEqual((stats["confirmed"], stats["available"], stats["conserved"]), (2, 2, True))

    def test_claims_of_one_buyer_are_listed(self):
        self.create(self.connection, "s", 9, per_buyer_limit=3)
        mine = [self.granted(claim("s", "Jörg & co", key=key)) for key in "abc"]
        self.granted(claim("s", "bob"))
        target, seen = "/v1/sales/s/claims?buyer=J%C3%B6rg%20%26+co&limit=2", []
        while target:
            page = self.ask(get(target))
            self.assertEqual(page.status, 200, page)
            seen += page.json()["data"]
            target = self.linked(page)
        self.assertEqual(seen, mine)

    def test_R16_confirm_against_release_has_one_end_and_all_are_told_the_same(self):
        self.create(self.connection, "s", scaled(200), hold_seconds=600)
        held = [self.granted(claim("s", f"b{number}")) for number in range(scaled(200))]
        answers = collections.defaultdict(list)

        def script(number):
            for granted in held:
                yield granted["id"], confirm(granted, "order") if number % 2 else release(granted)

        def answered(claim_id, answer):
            self.assertIn(answer.status, (200, 409), answer)
            answers[claim_id].append(answer)
        crowd(self.server.address, [script(number) for number in range(8)], answered, depth=4)
        for granted in held:
            now = self.ask(claim_of(granted)).json()
            # A confirmed one is the merchant's to end, so in the end each is released.
            self.assertEqual((now["status"], now["released_by"]), ("released", "merchant"))
            confirmed = [answer for answer in answers[granted["id"]]
                         if answer.status == 200 and answer.json()["status"] == "confirmed"]
            self.assertEqual("reference" in now, bool(confirmed))
            self.assertLessEqual(sum(answer.field("Idempotency-Replayed") is None for answer in confirmed), 1)
        stats = self.stats(self.connection, "s")
        self.assertEqual((stats["available"], stats["conserved"]), (len(held), True))

    def test_R10_everything_is_as_it_was_after_a_kill(self):
        self.create(self.connection, "s", 20, hold_seconds=600, max_extension_seconds=60, per_buyer_limit=2)
        names = ("held", "paid", "extended", "given", "refunded")
        claims = {name: self.granted(claim("s", name, key=name)) for name in names}
        self.done(confirm(claims["paid"], "order_1"))
        self.done(extend(claims["extended"], 30))
        self.done(release(claims["given"], "given"))
        self.done(confirm(claims["refunded"], "order_2"))
        self.done(release(claims["refunded"]))
        self.create(self.connection, "late", 1, hold_seconds=1)
        claims["late"] = self.granted(claim("late", "late", key="late"))
        self.ended(claims["late"])
        self.refused(confirm(claims["late"], "order_3"), "claim-expired")
        self.create(self.connection, "cancelled", 2, hold_seconds=600)
        claims["owed"] = self.granted(claim("cancelled", "owed", key="owed"))
        self.done(confirm(claims["owed"], "order_4"))
        claims["dropped"] = self.granted(claim("cancelled", "dropped", key="dropped"))
        self.assertEqual(self.ask(steer("cancelled", "cancel")).status, 200)
        self.create(self.connection, "later", 2, opens_at=from_now(1e6))
        self.assertEqual(self.ask(steer("later", "pause")).status, 200)
        self.assertEqual(self.ask(patch("later", {"stock": 3, "title": {"en": "L"}})).status, 200)

        repeats = {"paid again": confirm(claims["paid"], "order_1"),
                   "paid otherwise": confirm(claims["paid"], "order_9"),
                   "extended again": extend(claims["extended"], 30),
                   "given again": release(claims["given"], "given"),
                   "refunded again": release(claims["refunded"]),
                   "confirmed after the refund": confirm(claims["refunded"], "order_2"),
                   "late again": confirm(claims["late"], "order_3"),
                   "dropped again": confirm(claims["dropped"], "order_5"),
                   **{f"{name} claimed again": claim(granted["sale"], granted["buyer"], key=name)
                      for name, granted in claims.items()}}

        def everything():
            found = {name: self.ask(data) for name, data in repeats.items()}
            found |= {name: self.ask(claim_of(granted)) for name, granted in claims.items()}
            found |= {target: self.ask(get(target)) for target in
                      ["/v1/sales", *(f"/v1/sales/{sale}/claims" for sale in ("s", "late", "cancelled"))]}
            stats = {sale: self.stats(self.connection, sale) for sale in ("s", "late", "cancelled", "later")}
            for one in stats.values():
                del one["as_of"], one["refused"]
            return stats, {name: (answer.status, answer.sequence, answer.body)
                           for name, answer in found.items()}

        before = everything()
        for end in (self.server.kill, self.server.stop):
            self.connection.close()
            end()
            self.server.start()
            self.connection = self.server.connect()
            self.assertEqual(everything(), before)
        # And life goes on where it was.
        self.done(confirm(claims["held"], "order_6"))
        self.assertEqual(self.granted(claim("s", "new"))["sequence"], before[0]["s"]["sequence"] + 2)


if __name__ == "__main__":
    main()
