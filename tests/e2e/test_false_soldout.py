"""What the recipe got wrong: a free unit that nobody may have, and wins that publishing erases."""
import collections
import time

from harness import (DoorbusterTest, chance, claim, crowd, get, listed, main, post_form, post_json,
                     scaled)

REPEATERS = 16
WANTS_JSON = [("Accept", "application/json")]


def buy(buyer, fields=()):
    return post_form("/goods", f"uid={buyer}", fields)


class LastUnit(DoorbusterTest):
    """With one unit left and a winner who repeats himself on 16 connections, a new buyer gets it."""

    def setUp(self):
        super().setUp()
        self.server = self.serve()

    def run_trials(self, count, open_trial, repeat, newcomer, judge):
        """Trial by trial: open it, let the winner win, see every repeater repeat, send a newcomer.

        The first three give the requests of a trial; judge(kind, trial, answer) sees every answer. The
        repeaters never pause, so that the newcomer always meets them.
        """
        trial_now, finished, heard_from = 0, False, set()
        answers = collections.Counter()

        def host():
            nonlocal trial_now, finished
            for trial in range(count):
                yield ("open", trial, None), open_trial(trial)
                yield ("win", trial, None), repeat(trial)
                trial_now = trial
                heard_from.clear()
                while len(heard_from) < REPEATERS:
                    yield None
                yield ("newcomer", trial, None), newcomer(trial)
            finished = True

        def repeater(number):
            while not finished:
                yield ("repeat", trial_now, number), repeat(trial_now)

        def answered(tag, answer):
            kind, trial, number = tag
            answers[kind] += 1
            judge(kind, trial, answer)
            if kind == "repeat" and trial == trial_now:
                heard_from.add(number)

        # The repeaters repeat a trial only when its winner has won, so they need a first one.
        for data in (open_trial(-1), repeat(-1)):
            self.assertIn(self.server.ask(data).status, (200, 201))
        trial_now = -1
        started = time.monotonic()
        # The host's steps follow each other; the repeaters keep two requests under way each.
        crowd(self.server.address, [host(), *map(repeater, range(REPEATERS))], answered,
              depth=[1] + [2] * REPEATERS, seconds=400)
        self.assertEqual(answers["newcomer"], count)
        self.assertGreaterEqual(answers["repeat"], count * REPEATERS)
        print(f"{count} trials, {answers['repeat']} repeats, {time.monotonic() - started:.1f} s", flush=True)

    def test_over_the_api(self):
        won = {}

        def judge(kind, trial, answer):
            if kind in ("open", "win", "newcomer"):
                self.assertEqual(answer.status, 201, f"{kind} of trial {trial}: {answer}")
                if kind == "win":
                    won[trial] = answer.body
            else:
                self.assertEqual(answer.status, 200, f"trial {trial}: {answer}")
                self.assertEqual(answer.body, won.get(trial, answer.body))

        self.run_trials(
            scaled(1000),
            lambda trial: post_json("/v1/sales", {"id": f"last-{trial + 1}", "stock": 2, "title": "Last"}),
            lambda trial: claim(f"last-{trial + 1}", "winner"),
            lambda trial: claim(f"last-{trial + 1}", f"newcomer-{trial}"), judge)

    def test_over_the_recipes_endpoints(self):
        def judge(kind, trial, answer):
            wanted = {"open": ["send goods success! 2"],
                      "newcomer": [f"Success,newcomer-{trial}"]}.get(
                          kind, ["Success,winner", "create a user winner"])
            self.assertEqual(answer.status, 200, f"{kind} of trial {trial}: {answer}")
            self.assertIn(answer.text, wanted, f"{kind} of trial {trial}")

        self.run_trials(scaled(300), lambda _: post_form("/send/goods", "count=2"), lambda _: buy("winner"),
                        lambda trial: buy(f"newcomer-{trial}"), judge)


class Publishing(DoorbusterTest):
    """Publishing while buyers claim (R14): no acknowledged claim is lost, every round adds up."""

    def setUp(self):
        super().setUp()
        self.server = self.serve()
        self.connection = self.server.connect()
        self.addCleanup(self.connection.close)

    def rounds(self):
        """{id: claims} of every round there is, each shown to add up by itself."""
        found = {}
        sales = self.connection.ask(get("/v1/sales?limit=1000")).json()
        self.assertFalse(sales["has_more"])
        for sale in sales["data"]:
            claims = listed(self.connection, sale["id"])
            stats = self.stats(self.connection, sale["id"])
            self.assertIs(stats["conserved"], True, stats)
            self.assertEqual(stats["stock"], sale["stock"])
            self.assertEqual(stats["confirmed"], len(claims))
            self.assertEqual(stats["available"] + stats["confirmed"], sale["stock"])
            self.assertEqual(sorted(claim["units"] for claim in claims),
                             [[unit] for unit in range(1, len(claims) + 1)])
            self.assertEqual(len({claim["buyer"] for claim in claims}), len(claims))
            found[sale["id"]] = claims
        return found

    def claim_while_publishing(self, publishers, connections, rounds_each, stock):
        """What was acknowledged: [JSON claims], [buyers told `Success`], [rounds published]."""
        random = chance(self.id())
        claims, told, published, publishing = [], [], [], [publishers]

        def publisher(_):
            for _ in range(rounds_each):
                yield "publish", post_form("/send/goods", f"count={stock}", WANTS_JSON)
            publishing[0] -= 1

        def buyer(number):
            turn = 0
            while publishing[0]:
                turn += 1
                name = f"b{number}-{turn}"
                if random.random() < 0.5:
                    yield ("json", name), buy(name, WANTS_JSON)
                else:
                    yield ("text", name), buy(name)

        def answered(tag, answer):
            if tag == "publish":
                self.assertEqual(answer.status, 201, answer)
                published.append(answer.json()["id"])
            elif tag[0] == "json":
                self.assertIn((answer.status, answer.code), [(201, None), (409, "sold-out")], answer)
                if answer.status == 201:
                    claims.append(answer.json())
            else:
                self.assertIn(answer.text, (f"Success,{tag[1]}", "Finsh!"))
                if answer.text != "Finsh!":
                    told.append(tag[1])

        first = self.connection.ask(post_form("/send/goods", f"count={stock}", WANTS_JSON))
        published.append(first.json()["id"])
        crowd(self.server.address, [*map(publisher, range(publishers)), *map(buyer, range(connections))],
              answered, depth=[1] * publishers + [8] * connections)
        return claims, told, published

    def check_nothing_lost(self, claims, told, published):
        rounds = self.rounds()
        self.assertEqual(sorted(published), sorted(rounds))
        self.assertEqual(set(rounds), {f"goods-{number}" for number in range(1, len(rounds) + 1)})
        by_id = {claim["id"]: claim for claims in rounds.values() for claim in claims}
        self.assertEqual(len(by_id), sum(map(len, rounds.values())))
        for claim_seen in claims:
            self.assertEqual(by_id.get(claim_seen["id"]), claim_seen)
        winners = collections.Counter(claim["buyer"] for claim in by_id.values())
        for buyer in told:
            self.assertEqual(winners[buyer], 1, buyer)
        # Each was acknowledged once, and nobody else has won.
        self.assertEqual(len(by_id), len(claims) + len(told))
        closed = {sale["id"]: sale["status"]
                  for sale in self.connection.ask(get("/v1/sales?limit=1000")).json()["data"]}
        newest = f"goods-{len(rounds)}"
        self.assertEqual(closed, {name: "open" if name == newest else "closed" for name in rounds})
        self.assertEqual(self.connection.ask(get("/v1/sales/goods")).json()["id"], newest)
        return rounds

    def test_while_64_connections_claim_loses_no_acknowledged_claim(self):
        rounds_each = scaled(50, least=5)
        claims, told, published = self.claim_while_publishing(1, 64, rounds_each, 2000)
        rounds = self.check_nothing_lost(claims, told, published)
        cut_short = sum(0 < len(claims) < 2000 for claims in rounds.values())
        print(f"{len(rounds)} rounds, {len(claims) + len(told)} acknowledged, {cut_short} rounds cut short")
        self.assertEqual(len(rounds), rounds_each + 1)
        self.assertGreater(len(claims), 0)
        self.assertGreater(len(told), 0)
        # The rounds were published in the middle of claims, not after their end.
        self.assertGreater(cut_short, 0)

    def test_by_two_at_once_makes_two_rounds_that_each_add_up(self):
        pairs = scaled(20, least=3)
        claims, told, published = self.claim_while_publishing(2, 32, pairs, 100)
        rounds = self.check_nothing_lost(claims, told, published)
        self.assertEqual(len(rounds), 2 * pairs + 1)

    def test_again_keeps_the_winners_of_the_round_before(self):
        self.connection.ask(post_form("/send/goods", "count=2"))
        self.assertEqual(self.connection.ask(buy("ann")).text, "Success,ann")
        before = listed(self.connection, "goods-1")
        self.connection.ask(post_form("/send/goods", "count=2"))
        self.assertEqual(listed(self.connection, "goods-1"), before)
        self.assertEqual(self.connection.ask(get("/goods")).json(),
                         {"user_list": {}, "user_list_len": 0, "goods_list": 2})
        # She may win again in the new round, and the old one still has her claim.
        self.assertEqual(self.connection.ask(buy("ann")).text, "Success,ann")
        old = self.connection.ask(claim("goods-1", "ann"))
        self.assertEqual((old.status, old.json()), (200, before[0]))
        self.assert_refused(self.connection.ask(claim("goods-1", "bob")), 409, "closed")


if __name__ == "__main__":
    main()
