"""What a merchant does to a sale over HTTP: patch, pause, resume, close, cancel, delete."""
import collections

from harness import claim, crowd, eventually, get, main, post_form, post_json, request
from http_client import claim_of, confirm, patch, release, steer
from sale_case import SaleTest, from_now


class SaleLife(SaleTest):

    def changed(self, data):
        answer = self.ask(data)
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(answer.field("ETag"), f'"{answer.json()["version"]}"')
        return answer.json()

    def test_every_member_of_a_definition_is_kept_and_shown(self):
        definition = {"id": "s", "title": "S", "stock": 10, "per_buyer_limit": 2, "hold_seconds": 2_592_000,
                      "opens_at": "2099-11-11T12:00:00.000Z", "closes_at": "2099-11-12T12:00:00.000Z",
                      "late_payment": "reacquire", "claim_attempts": 1000, "max_extension_seconds": 2_592_000,
                      "archive_after_seconds": 315_360_000, "metadata": {"a": [1]}}
        created = self.ask(post_json("/v1/sales", definition))
        self.assertEqual(created.status, 201, created)
        value = created.json()
        self.assertEqual({name: value[name] for name in definition}, definition)
        self.assertEqual(value.keys() - definition.keys(), {"status", "version", "created_at"})
        self.assertEqual(self.ask(post_json("/v1/sales", definition)).body, created.body)

    def test_a_patch_is_for_the_version_that_was_read(self):
        self.create(self.connection, "s", 10)
        patched = self.ask(patch("s", {"stock": 12}, '"1"'))
        self.assertEqual((patched.status, patched.field("ETag"), patched.json()["stock"]), (200, '"2"', 12))
        for stale in ('"1"', 'W/"2"', '"1", "3"', '"other"'):
            refused = self.ask(patch("s", {"stock": 13}, stale))
            self.assert_refused(refused, 412, "precondition-failed")
            self.assertEqual((refused.field("ETag"), refused.sequence), ('"2"', patched.sequence))
        self.assert_refused(self.ask(patch("s", {"stock": 13}, None)), 428, "precondition-required")
        self.assertEqual(self.ask(get("/v1/sales/s")).body, patched.body)
        self.assertEqual(self.changed(patch("s", {"stock": 13}, '"1", "2"'))["version"], 3)
        self.assertEqual(self.changed(patch("s", {"stock": 14}))["version"], 4)
        unchanged = self.ask(patch("s", {}, '"4"'))
        self.assertEqual((unchanged.status, unchanged.json()["version"]), (200, 4))
        self.assertEqual(self.ask(get("/v1/sales/s")).sequence, unchanged.sequence)

    def test_of_many_patches_for_one_version_one_wins(self):
        self.create(self.connection, "s", 10)
        seen = []
        crowd(self.server.address, [[(number, patch("s", {"stock": 100 + number}, '"1"'))]
                                    for number in range(16)],
              lambda number, answer: seen.append((answer.status, number)))
        self.assertEqual(sorted(status for status, _ in seen), [200] + [412] * 15)
        winner = next(number for status, number in seen if status == 200)
        sale = self.ask(get("/v1/sales/s")).json()
        self.assertEqual((sale["stock"], sale["version"]), (100 + winner, 2))

    def test_patches_for_any_version_do_not_lose_each_other(self):
        """Each adds its own members, beside others that do the same: all must be there in the end."""
        self.create(self.connection, "s", 10, title={"en": "S"}, metadata={"kept": True})

        def script(number):
            for turn in range(10):
                yield None, patch("s", {"metadata": {f"{number}-{turn}": turn, "last": number}})
        crowd(self.server.address, [script(number) for number in range(16)],
              lambda _, answer: self.assertEqual(answer.status, 200, answer), depth=4)
        sale = self.ask(get("/v1/sales/s")).json()
        wanted = {f"{number}-{turn}": turn for number in range(16) for turn in range(10)}
        self.assertEqual({**sale["metadata"], "last": None}, {**wanted, "kept": True, "last": None})

    def test_title_and_metadata_are_merged_member_by_member(self):
        self.create(self.connection, "s", 10, metadata={"a": {"x": 1, "y": 2}, "b": 3})
        merged = self.changed(patch("s", {"title": {"en": "S", "zh-CN": "秒杀"},
                                          "metadata": {"a": {"x": None, "z": 4}}}))
        self.assertEqual((merged["title"], merged["metadata"]),
                         ({"en": "S", "zh-CN": "秒杀"}, {"a": {"y": 2, "z": 4}, "b": 3}))
        merged = self.changed(patch("s", {"title": {"en": None}, "metadata": None}))
        self.assertEqual((merged["title"], merged["metadata"]), ({"zh-CN": "秒杀"}, {}))
        self.assertEqual(self.changed(patch("s", {"title": "S"}))["title"], "S")

    MEMBERS = {"title": "New", "metadata": {"new": 1}, "archive_after_seconds": 7, "stock": 9,
               "per_buyer_limit": 2, "hold_seconds": 5, "late_payment": "reacquire",
               "claim_attempts": 2, "max_extension_seconds": 3,
               "opens_at": "2099-06-01T00:00:00.000Z", "closes_at": "2099-07-01T00:00:00.000Z"}
    ALWAYS = {"title", "metadata", "archive_after_seconds"}

    def reach(self, sale, state):
        """A new sale in that state."""
        opens_at = "2099-01-01T00:00:00Z" if state.endswith("scheduled") else None
        self.create(self.connection, sale, 5, opens_at=opens_at)
        for action in {"paused scheduled": ["pause"], "paused": ["pause"], "closed": ["close"],
                       "cancelled": ["cancel"]}.get(state, []):
            self.changed(steer(sale, action))

    def test_what_may_change_in_which_state(self):
        for state in ("scheduled", "paused scheduled", "open", "paused", "closed", "cancelled"):
            over = state in ("closed", "cancelled")
            for member, value in self.MEMBERS.items():
                sale = f"{state}-{member}".replace(" ", "-").replace("_", "-")
                self.reach(sale, state)
                before = self.ask(get(f"/v1/sales/{sale}"))
                with self.subTest(state=state, member=member):
                    answer = self.ask(patch(sale, {member: value}, '"1"'))
                    opened = not state.endswith("scheduled")
                    wanted = ("closed" if over and member not in self.ALWAYS else
                              "already-open" if member == "opens_at" and opened else None)
                    if wanted:
                        self.assert_refused(answer, 409, wanted)
                        self.assertEqual(self.ask(get(f"/v1/sales/{sale}")).body, before.body)
                    else:
                        self.assertEqual(answer.status, 200, answer)
                        self.assertEqual(answer.json(), {**before.json(), member: value, "version": 2})
                        self.assertEqual(answer.sequence, before.sequence + 1)

    def test_times_that_cannot_be(self):
        self.create(self.connection, "s", 5, opens_at="2099-01-02T00:00:00Z")
        for change, says in (({"closes_at": "2001-01-01T00:00:00Z"}, "future"),
                             ({"closes_at": "2099-01-01T00:00:00Z"}, "after opens_at"),
                             ({"opens_at": "2099-01-03T00:00:00Z",
                               "closes_at": "2099-01-03T00:00:00Z"}, "after")):
            answer = self.ask(patch("s", change))
            self.assert_refused(answer, 422, "invalid")
            self.assertEqual([error["pointer"] for error in answer.json()["errors"]], ["/closes_at"])
            self.assertIn(says, answer.json()["errors"][0]["detail"])

    def test_R12_an_opening_that_is_moved_opens_then(self):
        self.create(self.connection, "s", 5, opens_at="2099-01-01T00:00:00Z")
        self.refused(claim("s", "ann"), "not-open")
        self.assertEqual(self.changed(patch("s", {"opens_at": from_now(1.5)}))["status"], "scheduled")
        eventually("a claim is granted", lambda: self.ask(claim("s", "ann")).status == 201, 15)
        self.create(self.connection, "t", 5, opens_at="2099-01-01T00:00:00Z")
        self.assertEqual(self.changed(patch("t", {"opens_at": None}))["status"], "open")
        self.granted(claim("t", "ann"))
        # A sale that is to close soon closes.
        self.changed(patch("t", {"closes_at": from_now(1.5)}))
        eventually("it closes", lambda: self.ask(get("/v1/sales/t")).json()["status"] == "closed", 15)
        self.refused(claim("t", "bob"), "closed")

    def test_R6_restock_and_shrink(self):
        self.create(self.connection, "s", 2, hold_seconds=600)
        ann, _ = self.granted(claim("s", "ann")), self.granted(claim("s", "bob"))
        self.ask(confirm(ann, "order_1"))
        self.refused(claim("s", "cat"), "sold-out")
        below = self.refused(patch("s", {"stock": 1}), "stock-below-claimed").json()
        self.assertEqual((below["held"], below["confirmed"], below["available"]), (1, 1, 0))
        self.assertEqual(self.changed(patch("s", {"stock": 5}))["stock"], 5)
        self.assertEqual(self.granted(claim("s", "cat"))["units"], [3])
        below = self.refused(patch("s", {"stock": 2}), "stock-below-claimed").json()
        self.assertEqual((below["held"], below["confirmed"], below["available"]), (2, 1, 2))
        self.changed(patch("s", {"stock": 3}))
        self.refused(claim("s", "dan"), "sold-out")
        # What comes back is sold again, and no unit twice.
        self.ask(release(ann))
        self.assertEqual(self.granted(claim("s", "dan"))["units"], [1])
        stats = self.stats(self.connection, "s")
        self.assertEqual((stats["stock"], stats["available"], stats["conserved"]), (3, 0, True))

    def test_R2_a_lower_limit_binds_later_claims_alone(self):
        self.create(self.connection, "s", 10, per_buyer_limit=3)
        won = self.granted(claim("s", "ann", 3, key="a"))
        self.changed(patch("s", {"per_buyer_limit": 1}))
        self.replayed(claim("s", "ann", 3, key="a"), won)
        self.refused(claim("s", "bob", 2), "limit-exceeded")
        self.granted(claim("s", "bob"))

    def test_pause_resume_and_close_are_idempotent_and_closed_is_final(self):
        self.create(self.connection, "s", 5)
        for action, status in (("pause", "paused"), ("resume", "open"), ("close", "closed")):
            first = self.ask(steer("s", action))
            self.assertEqual((first.status, first.json()["status"]), (200, status))
            again = self.ask(steer("s", action))
            self.assertEqual((again.status, again.body, again.sequence), (200, first.body, first.sequence))
        for action in ("pause", "resume"):
            self.refused(steer("s", action), "closed")
        self.create(self.connection, "t", 5, opens_at="2099-01-01T00:00:00Z")
        self.assertEqual(self.changed(steer("t", "pause"))["status"], "paused")
        self.refused(claim("t", "ann"), "paused")
        self.assertEqual(self.changed(steer("t", "resume"))["status"], "scheduled")

    def test_a_cancelled_sale_releases_its_holds_and_owes_refunds(self):
        self.create(self.connection, "s", 5, hold_seconds=600)
        ann, bob = self.granted(claim("s", "ann")), self.granted(claim("s", "bob"))
        self.ask(confirm(ann, "order_1"))
        cancelled = self.ask(steer("s", "cancel"))
        self.assertEqual((cancelled.json()["status"], cancelled.json()["cancelled"]), ("closed", True))
        self.assertEqual(self.ask(steer("s", "cancel")).body, cancelled.body)
        owed = self.ask(claim_of(ann)).json()
        self.assertEqual((owed["status"], owed["reference"], owed["refund_owed"]),
                         ("confirmed", "order_1", True))
        dropped = self.ask(claim_of(bob)).json()
        self.assertEqual((dropped["status"], dropped["released_by"]), ("released", "cancelled"))
        self.refused(confirm(bob, "order_2"), "claim-released")
        stats = self.stats(self.connection, "s")
        self.assertEqual((stats["held"], stats["confirmed"], stats["conserved"]), (0, 1, True))
        self.assertEqual(stats["released"]["cancelled"], 1)

    def test_a_sale_is_deleted_before_it_opens_and_its_id_never_used_again(self):
        definition = {"id": "s", "stock": 5, "opens_at": "2099-01-01T00:00:00Z"}
        self.assertEqual(self.ask(post_json("/v1/sales", definition)).status, 201)
        deleted = self.ask(request("DELETE", "/v1/sales/s"))
        self.assertEqual((deleted.status, deleted.body, deleted.sequence), (204, b"", 2))

        def gone():
            self.assert_refused(self.ask(post_json("/v1/sales", definition)), 409, "already-exists")
            self.assertEqual(self.ask(get("/v1/sales")).json()["data"], [])
            for data in (request("DELETE", "/v1/sales/s"), get("/v1/sales/s"), get("/v1/sales/s/status"),
                         claim("s", "ann"), patch("s", {}), steer("s", "resume"), get("/v1/sales/s/claims")):
                self.assert_refused(self.ask(data), 404, "not-found")
        gone()
        self.connection.close()
        self.server.kill()
        self.server.start()
        self.connection = self.server.connect()
        gone()
        self.create(self.connection, "open", 5)
        self.refused(request("DELETE", "/v1/sales/open"), "already-open")

    def test_a_closed_sale_is_deleted_once_it_is_archived(self):
        self.assertEqual(self.ask(post_json("/v1/sales", {"id": "s", "stock": 5, "archive_after_seconds": 3600})).status, 201)
        ann = self.granted(claim("s", "ann"))
        self.ask(steer("s", "close"))
        self.refused(request("DELETE", "/v1/sales/s"), "already-open")
        self.assertEqual(self.ask(patch("s", {"archive_after_seconds": 1}, "*")).status, 200)
        while True:  # until its time has come
            answer = self.ask(request("DELETE", "/v1/sales/s"))
            if answer.status != 409:
                break
            self.assertEqual(self.ask(claim("s", "ann")).json()["id"], ann["id"])
        self.assertEqual(answer.status, 204)
        self.assert_refused(self.ask(claim("s", "ann")), 404, "not-found")
        self.assert_refused(self.ask(post_json("/v1/sales", {"id": "s", "stock": 5})), 409, "already-exists")

    def test_R14_a_round_of_the_recipe_is_changed_like_any_sale(self):
        self.ask(post_form("/send/goods", "count=1"))
        self.assertEqual(self.ask(post_form("/goods", "uid=ann")).text, "Success,ann")
        self.assertEqual(self.ask(post_form("/goods", "uid=bob")).text, "Finsh!")
        self.assertEqual(self.changed(patch("goods", {"stock": 2}, '"1"'))["id"], "goods-1")
        self.changed(steer("goods", "pause"))
        self.assertEqual(self.ask(post_form("/goods", "uid=bob")).text, "Finsh!")
        self.changed(steer("goods-1", "resume"))
        self.assertEqual(self.ask(post_form("/goods", "uid=bob")).text, "Success,bob")
        ann = self.ask(get("/v1/sales/goods/claims")).json()["data"][0]
        self.assertEqual(self.ask(release(ann)).status, 200)
        goods = self.ask(get("/goods")).json()
        self.assertEqual(goods, {"user_list": {"bob": 2}, "user_list_len": 1, "goods_list": 1})

    def test_buttons_pressed_at_once_leave_a_whole_sale(self):
        self.create(self.connection, "s", 1000)
        seen = collections.Counter()

        def script(number):
            for turn in range(40):
                yield "claim", claim("s", f"{number}-{turn}")
                yield "steer", steer("s", "pause" if (number + turn) % 2 else "resume")

        def answered(kind, answer):
            self.assertIn((kind, answer.status, answer.code),
                          {("claim", 201, None), ("claim", 409, "paused"), ("steer", 200, None)}, answer)
            seen[kind, answer.status] += 1
        crowd(self.server.address, [script(number) for number in range(8)], answered, depth=4)
        stats = self.stats(self.connection, "s")
        self.assertEqual((stats["confirmed"], stats["refused"]["paused"], stats["conserved"]),
                         (seen["claim", 201], seen["claim", 409], True))


if __name__ == "__main__":
    main()
