"""The rules of a sale, seen from outside (R numbers are those of the semantics)."""
from harness import chance, claim, crowd, eventually, get, listed, main, post_form, post_json, scaled
from sale_case import CLAIM_ID, SaleTest, claims_of_buyer, from_now, time_of


class Claims(SaleTest):

    def test_a_claim_says_everything_about_itself(self):
        self.create(self.connection, "s", 10)
        answer = self.ask(claim("s", "u_42"))
        value = answer.json()
        self.assertRegex(value["id"], CLAIM_ID)
        time_of(value["claimed_at"])
        self.assertEqual({name: value[name] for name in value.keys() - {"id", "claimed_at"}},
                         {"sale": "s", "buyer": "u_42", "quantity": 1, "units": [1], "status": "confirmed",
                          "sequence": 3, "expires_at": None})
        self.assertEqual(answer.sequence, 3)

    def test_R2_one_unit_a_buyer_across_connections_and_keys(self):
        self.create(self.connection, "s", 1000)
        seen = []

        def script(number):
            for turn in range(20):
                key = f"{number}-{turn}" if turn % 2 else None
                yield None, claim("s", "greedy", key=key)
        crowd(self.server.address, [script(number) for number in range(16)],
              lambda _, answer: seen.append((answer.status, answer.json()["id"])))
        self.assertEqual(sorted(status for status, _ in seen), [200] * 319 + [201])
        self.assertEqual(len({claim_id for _, claim_id in seen}), 1)
        self.assertEqual(self.stats(self.connection, "s")["confirmed"], 1)

    def test_R2_a_limit_of_7_holds_across_connections_keys_and_quantities(self):
        self.create(self.connection, "s", 100_000, per_buyer_limit=7)
        random = chance(self.id())
        buyers = [f"greedy-{number}" for number in range(scaled(40, least=5))]
        taken = {buyer: {} for buyer in buyers}

        def script(number):
            for turn in range(60):
                buyer, quantity = random.choice(buyers), random.randint(1, 4)
                yield (buyer, quantity), claim("s", buyer, quantity, key=f"{number}-{turn}")

        def answered(tag, answer):
            buyer, quantity = tag
            if answer.status == 201:
                taken[buyer][answer.json()["id"]] = quantity
            else:
                self.assert_refused(answer, 409, "limit-exceeded")
        crowd(self.server.address, [script(number) for number in range(16)], answered)
        for buyer in buyers:
            self.assertLessEqual(sum(taken[buyer].values()), 7)
            mine = self.ask(claims_of_buyer("s", buyer)).json()["data"]
            self.assertEqual({one["id"]: one["quantity"] for one in mine}, taken[buyer])
            # What is left of the limit can be had, and not a unit more.
            room = 7 - sum(taken[buyer].values())
            self.refused(claim("s", buyer, room + 1, key="one-too-many"), "limit-exceeded")
            if room:
                self.granted(claim("s", buyer, room, key="exactly"))
        self.assertEqual(self.stats(self.connection, "s")["confirmed"], 7 * len(buyers))

    def test_R9_one_key_sent_on_many_connections_at_once_is_one_claim(self):
        self.create(self.connection, "s", 1000, per_buyer_limit=1000)
        seen = []
        crowd(self.server.address, [[(None, claim("s", "ann", 3, key="k"))] * 20 for _ in range(16)],
              lambda _, answer: seen.append((answer.status, answer.json())))
        self.assertEqual(sorted(status for status, _ in seen), [200] * 319 + [201])
        self.assertTrue(all(value == seen[0][1] for _, value in seen))
        self.assertEqual(self.stats(self.connection, "s")["confirmed"], 3)

    def test_R2_more_than_the_limit_at_once_is_refused_and_names_no_claims(self):
        self.create(self.connection, "s", 10)
        answer = self.refused(claim("s", "ann", 2), "limit-exceeded")
        self.assertEqual(answer.json()["claims"], [])
        self.granted(claim("s", "ann", 1))

    def test_R3_a_claim_gets_all_or_nothing(self):
        self.create(self.connection, "s", 5, per_buyer_limit=5)
        self.assertEqual(self.granted(claim("s", "ann", 3))["units"], [1, 2, 3])
        answer = self.refused(claim("s", "bob", 3), "insufficient-stock")
        self.assertEqual(answer.json()["available"], 2)
        self.assertEqual(self.stats(self.connection, "s")["available"], 2)
        self.assertEqual(self.granted(claim("s", "bob", 2))["units"], [4, 5])
        answer = self.refused(claim("s", "cat", 3), "sold-out")
        self.assertEqual(answer.json()["availability"], "gone")
        self.assertIsNone(answer.json()["next_return_at"])
        self.assertEqual(answer.json()["sale"], "s")

    def test_R9_with_a_limit_of_1(self):
        self.create(self.connection, "s", 10)
        first = self.granted(claim("s", "ann", key="k1"))
        self.replayed(claim("s", "ann", key="k1"), first)
        self.replayed(claim("s", "ann"), first)
        self.replayed(claim("s", "ann", key="never-seen"), first)
        self.refused(claim("s", "ann", 2, key="k1"), "idempotency-key-reused")
        # Scoped to the buyer.
        other = self.granted(claim("s", "bob", key="k1"))
        self.assertNotEqual(other["id"], first["id"])
        # Scoped to the sale.
        self.create(self.connection, "t", 10)
        self.assertEqual(self.granted(claim("t", "ann", key="k1"))["sale"], "t")

    def test_R9_with_a_limit_above_1(self):
        self.create(self.connection, "s", 10, per_buyer_limit=3)
        first = self.granted(claim("s", "ann", key="k1"))
        second = self.granted(claim("s", "ann", key="k2"))
        self.assertEqual((first["units"], second["units"]), ([1], [2]))
        self.replayed(claim("s", "ann", key="k1"), first)
        self.replayed(claim("s", "ann"), second)  # no key: the newest
        self.refused(claim("s", "ann", 2, key="k1"), "idempotency-key-reused")
        answer = self.refused(claim("s", "ann", 2, key="k3"), "limit-exceeded")
        self.assertEqual(set(answer.json()["claims"]), {first["id"], second["id"]})
        # A refusal is never stored: the same key may win later.
        third = self.granted(claim("s", "ann", 1, key="k3"))
        answer = self.refused(claim("s", "ann", key="k4"), "limit-exceeded")
        self.assertEqual(set(answer.json()["claims"]), {first["id"], second["id"], third["id"]})
        self.replayed(claim("s", "ann", key="k2"), second)

    def test_R9_buyer_key_and_quantity_may_come_in_a_form(self):
        self.create(self.connection, "s", 10, per_buyer_limit=5)
        path = "/v1/sales/s/claims"
        first = self.granted(post_form(path, "uid=ann&quantity=2&idempotency_key=k1"))
        self.assertEqual((first["buyer"], first["quantity"]), ("ann", 2))
        self.replayed(claim("s", "ann", 2, key="k1"), first)

    def test_R9_a_winner_who_repeats_himself_gets_his_claim_after_the_sale_has_sold_out(self):
        self.create(self.connection, "s", 2)
        ann = self.granted(claim("s", "ann"))
        bob = self.granted(claim("s", "bob", key="k"))
        self.refused(claim("s", "cat"), "sold-out")
        for _ in range(3):
            self.replayed(claim("s", "ann"), ann)
            self.replayed(claim("s", "bob", key="k"), bob)
            self.replayed(claim("s", "bob", key="other"), bob)
        self.refused(claim("s", "cat"), "sold-out")
        self.assertEqual(self.stats(self.connection, "s")["refused"]["sold-out"], 2)

    def test_R19_the_sequence_follows_the_order_of_answers(self):
        """S9: an answer that came before a request was sent has a smaller sequence than its grant."""
        self.create(self.connection, "s", scaled(600), per_buyer_limit=2)
        random = chance(self.id())
        newest, granted = 0, []

        def script(number):
            for turn in range(scaled(300)):
                buyer, floor = f"b{random.randrange(scaled(800))}", newest
                if random.random() < 0.2:
                    yield ("read", floor), get("/v1/sales/s/stats")
                elif random.random() < 0.3:
                    yield ("read", floor), claims_of_buyer("s", buyer)
                else:
                    yield ("claim", floor), claim("s", buyer, random.randint(1, 2), f"{number}-{turn}")

        def answered(tag, answer):
            nonlocal newest
            kind, floor = tag
            self.assertIn(answer.status, (200, 201, 409), answer)
            if kind == "claim" and answer.status == 201:
                self.assertGreater(answer.sequence, floor)
                self.assertGreater(answer.json()["sequence"], floor)
                self.assertLessEqual(answer.json()["sequence"], answer.sequence)
                granted.append(answer.json()["sequence"])
            else:
                self.assertGreaterEqual(answer.sequence, floor)
            newest = max(newest, answer.sequence)

        crowd(self.server.address, [script(number) for number in range(16)], answered, depth=4)
        # Created and opened are 1 and 2; every event since is a claim.
        self.assertEqual(sorted(granted), list(range(3, 3 + len(granted))))
        self.assertEqual(self.stats(self.connection, "s")["sequence"], 2 + len(granted))

    def test_an_answer_of_every_kind_carries_the_sequence_of_the_sale(self):
        created = self.ask(post_json("/v1/sales", {"id": "s", "stock": 2, "title": "S", "per_buyer_limit": 2}))
        self.assertEqual(created.sequence, 2)
        won = self.granted(claim("s", "ann"))
        self.granted(claim("s", "bob"))
        for what, data, status in [
                ("definition", get("/v1/sales/s"), 200), ("status", get("/v1/sales/s/status"), 200),
                ("stats", get("/v1/sales/s/stats"), 200), ("claims", get("/v1/sales/s/claims"), 200),
                ("own", claims_of_buyer("s", "ann"), 200), ("nobody's", claims_of_buyer("s", "eve"), 200),
                ("claim", get(f"/v1/sales/s/claims/{won['id']}"), 200),
                ("no claim", get(f"/v1/sales/s/claims/clm_{'0' * 26}"), 404),
                ("again", claim("s", "ann"), 200), ("sold out", claim("s", "eve"), 409),
                ("created again", post_json("/v1/sales", {"id": "s", "stock": 2, "title": "S",
                                                          "per_buyer_limit": 2}), 200),
                ("already exists", post_json("/v1/sales", {"id": "s", "stock": 3, "title": "S"}), 409)]:
            with self.subTest(what):
                answer = self.ask(data)
                self.assertEqual((answer.status, answer.sequence), (status, 4), answer)
        self.assertIsNone(self.ask(get("/v1/sales/unknown")).sequence)


class Opening(SaleTest):

    def test_R12_a_sale_opens_at_its_time_by_the_servers_clock(self):
        opens_at = from_now(1.5)
        self.create(self.connection, "s", 10, opens_at=opens_at)
        self.assertEqual(self.ask(get("/v1/sales/s")).json()["status"], "scheduled")
        early = self.refused(claim("s", "ann"), "not-open")
        self.assertIn(early.field("Retry-After"), ("1", "2"))
        self.assertEqual(early.json()["opens_at"], opens_at)
        self.assertEqual(self.ask(claims_of_buyer("s", "ann")).json()["data"], [])

        last_refusal = time_of(early.json()["now"])

        def opened():
            nonlocal last_refusal
            answer = self.ask(claim("s", "ann"))
            if answer.status == 201:
                return answer.json()
            self.assert_refused(answer, 409, "not-open")
            self.assertGreaterEqual(time_of(answer.json()["now"]), last_refusal)
            last_refusal = time_of(answer.json()["now"])
            return None
        won = eventually("the sale opens", opened, seconds=15)
        # R13: not a refusal at or after the time, not a claim before it.
        self.assertLess(last_refusal, time_of(opens_at))
        self.assertGreaterEqual(time_of(won["claimed_at"]), time_of(opens_at))
        self.assertEqual(won["sequence"], 3)  # created, opened, claimed
        self.assertEqual(self.ask(get("/v1/sales/s")).json()["status"], "open")

    def test_R12_a_sale_opens_without_being_asked(self):
        self.create(self.connection, "s", 10, opens_at=from_now(0.5))
        eventually("the status says open",
                   lambda: self.ask(get("/v1/sales/s/status")).json()["status"] == "open")
        self.assertEqual(self.stats(self.connection, "s")["sequence"], 2)

    def test_R12_a_sale_closes_at_its_time_and_its_winners_keep_their_claims(self):
        closes_at = from_now(1.5)
        self.create(self.connection, "s", 1_000_000, closes_at=closes_at)
        ann = self.granted(claim("s", "ann", key="k"))
        last_grant, number = time_of(ann["claimed_at"]), 0

        def closed():
            nonlocal last_grant, number
            number += 1
            answer = self.ask(claim("s", f"late-{number}"))
            if answer.status == 201:
                last_grant = time_of(answer.json()["claimed_at"])
                return False
            self.assert_refused(answer, 409, "closed")
            return True
        eventually("the sale closes", closed, seconds=15)
        self.assertLess(last_grant, time_of(closes_at))
        self.replayed(claim("s", "ann", key="k"), ann)
        self.replayed(claim("s", "ann"), ann)
        self.refused(claim("s", "ann", 2, key="k"), "idempotency-key-reused")
        self.assertEqual(self.ask(get("/v1/sales/s")).json()["status"], "closed")
        self.assertIs(self.stats(self.connection, "s")["conserved"], True)

    def test_a_sale_scheduled_before_a_restart_opens_after_it(self):
        self.create(self.connection, "s", 10, opens_at=from_now(1.0))
        self.connection.close()
        self.server.restart()
        self.connection = self.server.connect()
        eventually("a claim is granted", lambda: self.ask(claim("s", "ann")).status == 201, seconds=15)


class Sales(SaleTest):

    DEFINITION = {"id": "drop", "title": {"en": "Drop", "zh-CN": "秒杀"}, "stock": 1000,
                  "per_buyer_limit": 2, "hold_seconds": 0, "opens_at": "2099-11-11T12:00:00Z",
                  "closes_at": "2099-11-12T12:00:00+01:00", "late_payment": "reject",
                  "metadata": {"a": [1, {"b": None}]}}

    def test_creating_answers_with_the_definition(self):
        answer = self.ask(post_json("/v1/sales", self.DEFINITION))
        self.assertEqual(answer.status, 201, answer)
        self.assertEqual(answer.field("Location"), "/v1/sales/drop")
        self.assertEqual(answer.field("ETag"), '"1"')
        value = answer.json()
        wanted = {**self.DEFINITION, "opens_at": "2099-11-11T12:00:00.000Z",
                  "closes_at": "2099-11-12T11:00:00.000Z", "status": "scheduled", "version": 1}
        self.assertEqual({name: value.get(name) for name in wanted}, wanted)
        time_of(value["created_at"])
        read = self.ask(get("/v1/sales/drop"))
        self.assertEqual((read.json(), read.field("ETag")), (value, '"1"'))

    def test_the_same_definition_again_is_200_and_another_is_already_exists(self):
        created = self.ask(post_json("/v1/sales", self.DEFINITION))
        again = self.ask(post_json("/v1/sales", self.DEFINITION))
        self.assertEqual((again.status, again.body), (200, created.body))
        same_time = {**self.DEFINITION, "opens_at": "2099-11-11T14:00:00.000+02:00"}
        self.assertEqual(self.ask(post_json("/v1/sales", same_time)).status, 200)
        for name, value in [("stock", 999), ("title", "Drop"), ("per_buyer_limit", 1), ("opens_at", None),
                            ("metadata", {}), ("closes_at", None)]:
            with self.subTest(name):
                answer = self.ask(post_json("/v1/sales", {**self.DEFINITION, name: value}))
                self.assert_refused(answer, 409, "already-exists")
        self.assertEqual(self.ask(get("/v1/sales/drop")).json(), created.json())
        self.assertEqual(len(self.ask(get("/v1/sales")).json()["data"]), 1)

    def test_one_slug_asked_for_many_times_at_once_is_one_sale(self):
        for name, others in (("same", 200), ("different", 409)):
            seen = []

            def script(number, name=name):
                stock = 5 if name == "same" else 5 + number
                for _ in range(5):
                    yield stock, post_json("/v1/sales", {"id": name, "stock": stock})
            crowd(self.server.address, [script(number) for number in range(16)],
                  lambda stock, answer: seen.append((answer.status, stock)), depth=5)
            created = [stock for status, stock in seen if status == 201]
            self.assertEqual(len(created), 1)
            self.assertEqual(self.ask(get(f"/v1/sales/{name}")).json()["stock"], created[0])
            # The one who made it gets it again; whoever defined it otherwise is refused.
            self.assertEqual({status for status, stock in seen if stock != created[0]} - {others}, set())
            self.assertEqual(sum(status == 200 for status, stock in seen), 79 if name == "same" else 4)
            self.assertEqual([sale["id"] for sale in self.ask(get("/v1/sales")).json()["data"]].count(name), 1)

    def test_the_etag_does_not_move_with_claims(self):
        self.create(self.connection, "s", 10)
        before = self.ask(get("/v1/sales/s"))
        self.granted(claim("s", "ann"))
        after = self.ask(get("/v1/sales/s"))
        self.assertEqual((before.body, before.field("ETag")), (after.body, after.field("ETag")))
        self.assertEqual(after.sequence, before.sequence + 1)

    def test_sales_are_listed_page_by_page_in_the_order_of_their_creation(self):
        names = [f"sale-{number}" for number in (5, 3, 9, 1, 7, 2, 8)]
        for name in names:
            self.create(self.connection, name, 1)
        seen, target, pages = [], "/v1/sales?limit=3", 0
        while target:
            page = self.ask(get(target))
            value = page.json()
            seen += [sale["id"] for sale in value["data"]]
            target = self.linked(page)
            pages += 1
        self.assertEqual((seen, pages), (names, 3))

    def test_the_status_of_a_sale_is_for_everybody(self):
        self.create(self.connection, "s", 1, opens_at="2000-01-01T00:00:00Z")
        answer = self.ask(get("/v1/sales/s/status"))
        value = answer.json()
        self.assertEqual(value["id"], "s")
        self.assertEqual((value["availability"], value["held"], value["per_buyer_limit"]),
                         ("available", 0, 1))
        self.assertEqual(answer.field("Access-Control-Allow-Origin"), "*")
        self.assertRegex(answer.field("Cache-Control"), r"^public, ?max-age=[01]$")
        time_of(value["now"])
        time_of(value["as_of"])
        self.granted(claim("s", "ann"))
        self.assertEqual(self.ask(get("/v1/sales/s/status")).json()["availability"], "gone")

    def test_stats_count_refusals_by_their_reason(self):
        self.create(self.connection, "s", 1)
        self.granted(claim("s", "ann"))
        for number in range(5):
            self.refused(claim("s", f"b{number}"), "sold-out")
        self.refused(claim("s", "b0", 2), "limit-exceeded")
        stats = self.stats(self.connection, "s")
        self.assertEqual((stats["stock"], stats["available"], stats["held"], stats["confirmed"]), (1, 0, 0, 1))
        self.assertEqual(stats["refused"]["sold-out"], 5)
        self.assertEqual(stats["released"], {"buyer": 0, "merchant": 0, "expired": 0, "cancelled": 0})
        self.assertEqual((stats["sequence"], stats["conserved"]), (3, True))

    def test_R14_goods_names_the_newest_round(self):
        self.assertEqual(self.ask(get("/v1/sales/goods")).status, 404)
        for number in (1, 2):
            self.ask(post_form("/send/goods", f"count={number}"))
            self.assertEqual(self.ask(get("/v1/sales/goods")).json()["id"], f"goods-{number}")
            won = self.granted(claim("goods", f"ann-{number}"))
            self.assertEqual(won["sale"], f"goods-{number}")
            self.assertEqual(listed(self.connection, "goods"), [won])
        self.assertEqual([one["buyer"] for one in listed(self.connection, "goods-1")], ["ann-1"])
        self.assertEqual(self.ask(get("/v1/sales/goods-1")).json()["status"], "closed")


class Reading(SaleTest):

    def test_all_claims_page_by_page(self):
        self.create(self.connection, "s", 60)
        won = [self.granted(claim("s", f"b{number}")) for number in range(50)]
        for size in (1, 7, 49, 50, 51, 1000):
            with self.subTest(size):
                self.assertEqual(listed(self.connection, "s", size), won)
        # The same by following the links.
        seen, target = [], "/v1/sales/s/claims?limit=7"
        while target:
            page = self.ask(get(target))
            self.assertEqual(len(page.json()["data"]), min(7, 50 - len(seen)))
            seen += page.json()["data"]
            target = self.linked(page)
        self.assertEqual(seen, won)

    def test_pages_being_read_while_buyers_claim_miss_nobody_and_repeat_nobody(self):
        self.create(self.connection, "s", 10_000)
        before = [self.granted(claim("s", f"early-{number}"))["id"] for number in range(30)]
        seen, target = [], "/v1/sales/s/claims?limit=10"
        for turn in range(5):
            value = self.ask(get(target)).json()
            seen += [one["id"] for one in value["data"]]
            for number in range(3):
                self.granted(claim("s", f"late-{turn}-{number}"))
            if not value["has_more"]:
                break
            target = f"/v1/sales/s/claims?limit=10&after={value['next']}"
        self.assertEqual(seen[:30], before)
        self.assertEqual(len(set(seen)), len(seen))

    def test_a_buyers_own_claims_newest_first(self):
        self.create(self.connection, "s", 10, per_buyer_limit=3)
        won = [self.granted(claim("s", "ann", key=f"k{number}")) for number in range(3)]
        self.granted(claim("s", "bob"))
        answer = self.ask(claims_of_buyer("s", "ann"))
        self.assertEqual((answer.status, answer.json()["data"]), (200, won[::-1]))
        self.assertEqual(self.ask(claims_of_buyer("s", "eve")).json()["data"], [])

    def test_a_claim_by_its_id(self):
        self.create(self.connection, "s", 10)
        self.create(self.connection, "t", 10)
        won = self.granted(claim("s", "ann"))
        read = self.ask(get(f"/v1/sales/s/claims/{won['id']}"))
        self.assertEqual((read.status, read.json()), (200, won))
        changed = won["id"][:-1] + ("0" if won["id"][-1] != "0" else "1")
        for claim_id in (changed, "clm_" + "0" * 26, "clm_" + "7" * 26, "clm_", "x", won["id"].upper(),
                         won["id"] + "0", "clm_" + "z" * 26, "%00", "clm_" + "9" * 4000):
            with self.subTest(claim_id[:40]):
                self.assert_refused(self.ask(get(f"/v1/sales/s/claims/{claim_id}")), 404, "not-found")
        self.assert_refused(self.ask(get(f"/v1/sales/t/claims/{won['id']}")), 404, "not-found")

    def test_a_buyers_id_may_be_any_printable_text(self):
        self.create(self.connection, "s", 20)
        for buyer in ("a", "x" * 128, "买家", "ü" * 64, "a b", '"quoted\\', "<&>", "100%", "u/../x", "=?#&"):
            with self.subTest(buyer):
                won = self.granted(claim("s", buyer))
                self.assertEqual(won["buyer"], buyer)
                self.assertEqual(self.ask(claims_of_buyer("s", buyer)).json()["data"], [won])

    def test_a_restart_keeps_everything_as_it_was(self):
        random = chance(self.id())
        self.create(self.connection, "limited", 200, per_buyer_limit=4, metadata={"k": ["v", 1.5]})
        self.create(self.connection, "later", 5, opens_at="2099-01-01T00:00:00Z")
        self.create(self.connection, "sold", 3)
        for number in range(300):
            sale = random.choice(["limited", "later", "sold"])
            self.ask(claim(sale, f"b{random.randrange(60)}", random.randint(1, 3) if sale == "limited" else 1,
                           random.choice([None, f"k{number}"])))
        for count in (3, 4):
            self.ask(post_form("/send/goods", f"count={count}"))
            self.ask(post_form("/goods", "uid=买家"))
        sales = ("limited", "later", "sold", "goods-1", "goods-2")
        targets = ["/v1/sales", "/goods"] + [f"/v1/sales/{sale}{part}" for sale in sales
                                             for part in ("", "/claims?limit=1000")]

        def everything():
            found = {target: self.ask(get(target)) for target in targets}
            stats = {sale: self.stats(self.connection, sale) for sale in sales}
            for one in stats.values():
                del one["as_of"], one["refused"]  # of the moment, and of this run of the server
            return ({target: (answer.status, answer.body, answer.sequence)
                     for target, answer in found.items()}, stats)

        before = everything()
        self.assertGreater(len(listed(self.connection, "limited")), 20)
        for _ in range(2):
            self.connection.close()
            self.server.restart()
            self.connection = self.server.connect()
            self.assertEqual(everything(), before)
        # And it goes on where it was: the next sequence, the next unit, the next round.
        stats = self.stats(self.connection, "limited")
        won = self.granted(claim("limited", "somebody-new"))
        self.assertEqual((won["sequence"], won["units"]), (stats["sequence"] + 1, [stats["confirmed"] + 1]))
        self.ask(post_form("/send/goods", "count=1"))
        self.assertEqual(self.ask(get("/v1/sales/goods")).json()["id"], "goods-3")

    def test_keys_are_remembered_across_a_restart(self):
        self.create(self.connection, "s", 10, per_buyer_limit=3)
        first = self.granted(claim("s", "ann", key="k1"))
        second = self.granted(claim("s", "ann", key="k2"))
        self.connection.close()
        self.server.restart()
        self.connection = self.server.connect()
        self.replayed(claim("s", "ann", key="k1"), first)
        self.replayed(claim("s", "ann", key="k2"), second)
        self.replayed(claim("s", "ann"), second)
        self.refused(claim("s", "ann", 2, key="k2"), "idempotency-key-reused")
        self.assertEqual(self.granted(claim("s", "ann", key="k3"))["units"], [3])


if __name__ == "__main__":
    main()
