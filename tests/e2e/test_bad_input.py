"""Bad requests, each with its own answer: no 5xx, no change, and nobody else notices."""
import collections
import json

import bad_input
from bad_input import SALE
from conformance import METHODS, Conformance
from harness import DoorbusterTest, claim, get, listed, main, post_form, post_json, request


class BadInput(DoorbusterTest):

    def setUp(self):
        super().setUp()
        self.server = self.serve()
        self.bystander = self.server.connect()
        self.addCleanup(self.bystander.close)
        self.create(self.bystander, SALE, 10, metadata={"kept": True})
        won = self.bystander.ask(claim(SALE, "ann", key="k"))
        self.assertEqual(won.status, 201, won)
        self.won = won.json()

    def state(self):
        """All there is to be seen, but for times and the count of refusals."""
        stats = self.stats(self.bystander, SALE)
        del stats["as_of"]
        return {"sales": self.bystander.ask(get("/v1/sales")).body,
                "claims": listed(self.bystander, SALE), "stats": stats}

    def check_answer(self, case, answer):
        self.assertEqual((answer.status, answer.code), (case.status, case.code), answer)
        self.assertLess(answer.status, 500, answer)
        problem = answer.json()
        self.assertLessEqual(bad_input.PROBLEM_MEMBERS, set(problem))
        self.assertEqual((problem["type"], problem["status"]), (f"/problems/{case.code}", case.status))
        if case.status == 422:
            self.assertEqual(len(problem["errors"]), 1, problem)
            kind, place = case.where
            self.assertEqual(problem["errors"][0].get(kind), place, problem)
            self.assertIn(case.says, problem["errors"][0]["detail"])
        else:
            self.assertIn(case.says, problem["detail"])
        if case.status == 405:
            self.assertEqual({word.strip() for word in answer.field("Allow").split(",")}, set(case.allow))
        if case.status == 401:
            self.assertTrue(answer.field("WWW-Authenticate"))
        self.assertTrue(answer.field("X-Request-Id"))
        self.assertTrue(answer.field("Date"))

    def check_connection(self, case, connection):
        """It is closed where what follows could be anything, and good for the next request elsewhere."""
        if case.closes:
            self.assertEqual(connection.at_end(), b"", "something behind a refused request was answered")
        else:
            self.assertEqual(connection.ask(get(f"/v1/sales/{SALE}")).status, 200)

    def cases(self):
        """Those of the table, and for every route of the document what is refused of any."""
        document = self.bystander.ask(get("/openapi.json")).json()
        routes = [(method.upper(), path, item[method]["security"] == [])
                  for path, item in document["paths"].items() for method in METHODS if method in item]
        cases = [*bad_input.all_cases(), *[case for route in routes for case in bad_input.of_route(*route)]]
        self.count_by_route(document, cases)
        return cases

    def count_by_route(self, document, cases):
        conformance = Conformance(document)
        counts = collections.Counter(conformance.name_of(case.data) for case in cases)
        for name, count in sorted(counts.items()):
            print(f"{count:5} {name}")
        few = [name for name in conformance.names() if counts[name] < 5]
        self.assertEqual(few, [], "routes with fewer than five cases")

    def test_every_case_of_the_table(self):
        cases = self.cases()
        before = self.state()
        for case in cases:
            with self.subTest(bad_input.describe(case)):
                with self.server.connect(seconds=20) as connection:
                    connection.reader.sent(case.data)
                    connection.send(case.data)
                    answer = connection.receive()
                    self.check_answer(case, answer)
                    if case.closes:
                        self.assertEqual(answer.field("Connection"), "close")
                    self.check_connection(case, connection)
                # The connection that was there before does not notice.
                again = self.bystander.ask(claim(SALE, "ann", key="k"))
                self.assertEqual((again.status, again.json()), (200, self.won))
                self.assertEqual(self.state(), before)
        print(f"{len(cases)} cases", flush=True)
        self.assertGreaterEqual(len(cases), 350)

    def test_the_same_in_pieces_of_one_byte(self):
        """Framing is judged the same however the bytes arrive."""
        before = self.state()
        for case in bad_input.framing():
            if len(case.data) > 2000:
                continue
            with self.subTest(bad_input.describe(case)), self.server.connect(seconds=20) as connection:
                for at in range(len(case.data)):
                    connection.send(case.data[at:at + 1])
                self.check_answer(case, connection.receive())
                self.assertEqual(connection.at_end(), b"")
        self.assertEqual(self.state(), before)

    def test_several_flaws_are_named_at_once(self):
        answer = self.bystander.ask(post_json("/v1/sales", {"id": "X", "stock": -1, "colour": 1}))
        self.assert_refused(answer, 422, "invalid")
        named = {error["pointer"] for error in answer.json()["errors"]}
        self.assertEqual(named, {"/id", "/stock", "/colour"})

    def test_bodies_of_exactly_the_limit_are_taken(self):
        body = json.dumps({"quantity": 1}).encode()
        for size, status in ((4096, 200), (4097, 413)):
            with self.subTest(size), self.server.connect() as connection:
                answer = connection.ask(post_json(bad_input.CLAIMS, body + b" " * (size - len(body)),
                                                  [("X-Buyer-Id", "ann")]))
                self.assertEqual(answer.status, status, answer)
        definition = {"id": "large", "title": "L", "stock": 1}
        body = json.dumps(definition).encode()
        for size, status in ((65_537, 413), (65_536, 201)):
            with self.subTest(size), self.server.connect() as connection:
                answer = connection.ask(post_json("/v1/sales", body + b" " * (size - len(body))))
                self.assertEqual(answer.status, status, answer)

    def test_a_large_body_is_refused_before_it_is_sent(self):
        """10 GiB are promised; the answer comes at the head, without a byte of them."""
        with self.server.connect(seconds=20) as connection:
            connection.send(request("POST", "/v1/sales", fields=[("Content-Type", "application/json")])
                            .replace(b"Content-Length: 0", b"Content-Length: 10737418240"))
            self.assert_refused(connection.receive(), 413, "content-too-large")
            connection.at_end()

    def test_an_endless_chunked_body_is_cut_off_at_the_limit(self):
        with self.server.connect(seconds=20) as connection:
            connection.send(f"POST {bad_input.CLAIMS} HTTP/1.1\r\nHost: localhost\r\nX-Buyer-Id: eve\r\n"
                            "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
            for _ in range(100):
                connection.send(b"400\r\n" + b" " * 1024 + b"\r\n")
            self.assert_refused(connection.receive(), 413, "content-too-large")

    def test_local_names_and_origins_are_no_strangers(self):
        port = self.server.port
        for host in (f"127.0.0.1:{port}", "localhost", f"localhost:{port}", f"[::1]:{port}", "LOCALHOST"):
            with self.subTest(host):
                answer = self.bystander.ask(request("GET", "/v1/sales", host=host))
                self.assertEqual(answer.status, 200, answer)
        own = self.bystander.ask(request("GET", "/v1/sales", host=f"localhost:{port}",
                                         fields=[("Origin", f"http://localhost:{port}")]))
        self.assertEqual(own.status, 200, own)

    def test_the_recipes_refusals_are_problems_in_both_forms(self):
        for fields in ((), [("Accept", "application/json")]):
            answer = self.bystander.ask(post_form("/send/goods", "count=x", fields))
            self.assert_refused(answer, 422, "invalid")
            self.assertEqual(answer.json()["errors"][0]["pointer"], "/count")


if __name__ == "__main__":
    main()
