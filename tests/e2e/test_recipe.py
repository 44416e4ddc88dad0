"""The recipe's own trial, in its own words, and then at a size it never had."""
import collections
import json
import time

from harness import DoorbusterTest, claim, crowd, get, main, post_form, scaled


def buy(buyer, fields=()):
    return post_form("/goods", f"uid={buyer}", fields)


class Recipe(DoorbusterTest):

    def setUp(self):
        super().setUp()
        self.server = self.serve()
        self.connection = self.server.connect()
        self.addCleanup(self.connection.close)

    def publish(self, count):
        answer = self.connection.ask(post_form("/send/goods", f"count={count}"))
        self.assertEqual((answer.status, answer.text), (200, f"send goods success! {count}"))

    def goods(self):
        answer = self.connection.ask(get("/goods"))
        self.assertEqual(answer.status, 200, answer)
        return answer.json()

    def texts(self, scripts, **options):
        """How often each text was answered to the scripts, all of them with 200."""
        seen = collections.Counter()

        def answered(_, answer):
            self.assertEqual(answer.status, 200, answer)
            seen[answer.text] += 1

        crowd(self.server.address, scripts, answered, **options)
        return seen

    def test_ten_buyers_sending_1000_requests_at_once_make_ten_winners_and_leave_90(self):
        self.publish(100)
        buyers = [str(number) for number in range(1, 11)]
        # 32 connections: each sends every 32nd of the 1,000 requests, so that each buyer is on all.
        requests = [(buyer, buy(buyer)) for _ in range(100) for buyer in buyers]
        seen = self.texts([requests[number::32] for number in range(32)], depth=32)

        wanted = {f"Success,{buyer}": 1 for buyer in buyers}
        wanted.update({f"create a user {buyer}": 99 for buyer in buyers})
        self.assertEqual(dict(seen), wanted)
        goods = self.goods()
        self.assertEqual(set(goods), {"user_list", "user_list_len", "goods_list"})
        self.assertEqual((goods["user_list_len"], goods["goods_list"]), (10, 90))
        self.assertEqual(set(goods["user_list"]), set(buyers))
        self.assertEqual(sorted(goods["user_list"].values()), list(range(1, 11)))

    def test_the_last_buyers_are_told_that_it_is_finished_and_winners_that_they_have_one(self):
        self.publish(5)
        seen = self.texts([[(None, buy(f"b{number}"))] for number in range(12)])
        winners = {text.split(",")[1] for text in seen if text.startswith("Success,")}
        self.assertEqual(len(winners), 5)
        self.assertEqual(seen["Finsh!"], 7)
        self.assertEqual(sum(seen.values()), 12)
        for winner in winners:
            self.assertEqual(self.connection.ask(buy(winner)).text, f"create a user {winner}")
        goods = self.goods()
        self.assertEqual((goods["user_list_len"], goods["goods_list"]), (5, 0))
        self.assertEqual(set(goods["user_list"]), winners)

    def test_a_buyer_who_does_not_say_who_he_is_gets_a_number_from_1_to_10(self):
        self.publish(100)
        seen = self.texts([[(None, post_form("/goods", ""))] * 40 for _ in range(5)])
        numbers = {f"{number}" for number in range(1, 11)}
        for text in seen:
            said, _, number = text.replace("create a user ", "create a user,").partition(",")
            self.assertIn(said, ("Success", "create a user"))
            self.assertIn(number, numbers)
        # 200 draws leave some number out once in 10^8 runs.
        self.assertEqual({f"Success,{number}" for number in numbers},
                         {text for text in seen if text.startswith("Success,")})
        self.assertTrue(all(seen[f"Success,{number}"] == 1 for number in numbers), seen)
        self.assertEqual(self.goods()["user_list_len"], 10)

    def test_with_accept_json_the_recipe_answers_as_the_resources_do(self):
        wants_json = [("Accept", "application/json")]
        published = self.connection.ask(post_form("/send/goods", "count=1", wants_json))
        self.assertEqual(published.status, 201, published)
        self.assertEqual((published.json()["id"], published.json()["stock"]), ("goods-1", 1))
        self.assertEqual(published.json()["status"], "open")
        won = self.connection.ask(buy("ann", wants_json))
        self.assertEqual(won.status, 201, won)
        self.assertEqual((won.json()["sale"], won.json()["buyer"], won.json()["units"]),
                         ("goods-1", "ann", [1]))
        again = self.connection.ask(buy("ann", wants_json))
        self.assertEqual((again.status, again.body), (200, won.body))
        self.assertEqual(again.field("Idempotency-Replayed"), "true")
        self.assert_refused(self.connection.ask(buy("bob", wants_json)), 409, "sold-out")

    def test_1000_units_and_100000_buyers_make_1000_winners_each_with_another_unit(self):
        units, buyers, connections = scaled(1000), scaled(100_000), 64
        self.create(self.connection, "crowd", units)
        won, refused = {}, collections.Counter()

        def answered(buyer, answer):
            if answer.status == 201:
                value = answer.json()
                self.assertEqual((value["buyer"], value["quantity"], value["status"]),
                                 (buyer, 1, "confirmed"))
                self.assertNotIn(buyer, won)
                won[buyer] = value["units"]
            else:
                refused[answer.status, answer.field("Content-Type"), answer.body] += 1

        def script(first):
            for number in range(first, buyers, connections):
                yield f"buyer-{number}", claim("crowd", f"buyer-{number}")

        started = time.monotonic()
        crowd(self.server.address, [script(first) for first in range(connections)], answered)
        took = time.monotonic() - started

        self.assertEqual(sorted(won.values()), [[unit] for unit in range(1, units + 1)])
        self.assertEqual(sum(refused.values()), buyers - units)
        for status, content_type, body in refused:
            self.assertEqual((status, content_type), (409, "application/problem+json"))
            self.assertEqual(json.loads(body)["code"], "sold-out")
        stats = self.stats(self.connection, "crowd")
        counted = {name: stats[name] for name in ("stock", "available", "held", "confirmed")}
        self.assertEqual(counted, {"stock": units, "available": 0, "held": 0, "confirmed": units})
        self.assertEqual(stats["refused"]["sold-out"], buyers - units)
        self.assertIs(stats["conserved"], True)
        print(f"{buyers} claims, {units} winners, {took:.1f} s", flush=True)

    def test_goods_tells_all_winners_of_a_large_round(self):
        count = scaled(20_000)
        self.publish(count)
        seen = self.texts([[(None, buy(f"large-{number}")) for number in range(first, count, 16)]
                           for first in range(16)], depth=32)
        self.assertEqual(len(seen), count)
        goods = self.goods()
        self.assertEqual((goods["user_list_len"], goods["goods_list"]), (count, 0))
        self.assertEqual(set(goods["user_list"]), {f"large-{number}" for number in range(count)})
        self.assertEqual(sorted(goods["user_list"].values()), list(range(1, count + 1)))

    def test_goods_adds_up_at_every_moment_of_a_rush(self):
        """It is streamed page by page, and still shows one moment of one round."""
        count, connections = scaled(10_000), 16
        self.publish(count)
        left, listings = [count], []

        def buyers(first):
            for number in range(first, count, connections):
                yield "claim", buy(f"rush-{number}")

        def merchant():
            while left[0]:
                yield "list", get("/goods")

        def answered(tag, answer):
            self.assertEqual(answer.status, 200, answer)
            if tag == "claim":
                left[0] -= 1
            else:
                listings.append(answer.json())

        crowd(self.server.address, [merchant(), merchant(), *map(buyers, range(connections))], answered,
              depth=[1, 1] + [8] * connections)
        lengths = [goods["user_list_len"] for goods in listings]
        for goods in listings:
            self.assertEqual(goods["user_list_len"], len(goods["user_list"]))
            self.assertEqual(goods["user_list_len"] + goods["goods_list"], count)
            self.assertEqual(sorted(goods["user_list"].values()), list(range(1, goods["user_list_len"] + 1)))
        self.assertGreater(len(set(lengths)), 2, "no listing was made in the middle of the rush")
        self.assertEqual(self.goods()["goods_list"], 0)

    def test_a_count_that_makes_no_sense_publishes_nothing(self):
        self.publish(3)
        for count in ("", "x", "-1", "1.5", "100000001", "99999999999999999999"):
            for fields in ((), [("Accept", "application/json")]):
                with self.subTest(count=count, fields=fields):
                    answer = self.connection.ask(post_form("/send/goods", f"count={count}", fields))
                    self.assert_refused(answer, 422, "invalid")
        self.assertEqual(self.goods(), {"user_list": {}, "user_list_len": 0, "goods_list": 3})
        sales = self.connection.ask(get("/v1/sales")).json()["data"]
        self.assertEqual([sale["id"] for sale in sales], ["goods-1"])


if __name__ == "__main__":
    main()
