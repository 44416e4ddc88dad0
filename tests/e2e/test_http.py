"""HTTP as the server speaks it: methods, connections, fields, the admin listener."""
import email.utils
import json
import re
import time

from harness import Connection, DoorbusterTest, claim, get, main, post_json, request


class Http(DoorbusterTest):

    def setUp(self):
        super().setUp()
        self.server = self.serve()
        self.connection = self.server.connect()
        self.addCleanup(self.connection.close)
        self.create(self.connection, "s", 5)
        self.won = self.connection.ask(claim("s", "ann")).json()

    def targets(self):
        return ["/v1/sales", "/v1/sales/s", "/v1/sales/s/status", "/v1/sales/s/stats", "/v1/sales/s/claims",
                f"/v1/sales/s/claims/{self.won['id']}", "/goods", "/v1/sales/unknown", "/nowhere"]

    def test_head_answers_as_get_does_without_the_body(self):
        # Of the moment they are asked at, or of that request alone.
        passing = {"date", "x-request-id", "content-length", "transfer-encoding"}
        for target in self.targets():
            with self.subTest(target):
                with_body = self.connection.ask(get(target))
                head = self.connection.ask(request("HEAD", target))
                self.assertEqual(head.status, with_body.status)
                self.assertEqual([field for field in head.fields if field[0] not in passing],
                                 [field for field in with_body.fields if field[0] not in passing])
        whole = self.connection.ask(get("/v1/sales/s"))
        head = self.connection.ask(request("HEAD", "/v1/sales/s"))
        self.assertEqual(head.field("Content-Length"), str(len(whole.body)))

    def test_options_tells_the_methods(self):
        for target, methods in [("/v1/sales", {"GET", "HEAD", "OPTIONS", "POST"}),
                                ("/v1/sales/s/claims", {"GET", "HEAD", "OPTIONS", "POST"}),
                                ("/v1/sales/s/stats", {"GET", "HEAD", "OPTIONS"}),
                                ("/send/goods", {"OPTIONS", "POST"})]:
            with self.subTest(target):
                answer = self.connection.ask(request("OPTIONS", target))
                self.assertIn(answer.status, (200, 204))
                self.assertEqual({word.strip() for word in answer.field("Allow").split(",")}, methods)

    def test_every_answer_has_its_date_its_id_and_its_cache_control(self):
        for data in [*map(get, self.targets()), claim("s", "ann"), claim("s", "bob"), claim("s", "cat", 2),
                     post_json("/v1/sales", {}), request("DELETE", "/v1/sales"), request("OPTIONS", "/goods")]:
            with self.subTest(data[:60]):
                answer = self.connection.ask(data)
                at = email.utils.parsedate_to_datetime(answer.field("Date")).timestamp()
                self.assertLess(abs(at - time.time()), 30)
                self.assertTrue(answer.field("Cache-Control"))
                self.assertTrue(answer.field("X-Request-Id"))
        self.assertRegex(self.connection.ask(get("/v1/sales/s/stats")).field("Cache-Control"), "no-store|private")

    def test_the_callers_request_id_comes_back_if_it_is_sane(self):
        def answered(value):
            return self.connection.ask(get("/v1/sales/s", [("X-Request-Id", value)])).field("X-Request-Id")
        for sane in ("a", "req-42", "8f14e45f-ceea-467f-a3b5-6d2f3b1c7d0e", "A.b_c-1"):
            self.assertEqual(answered(sane), sane)
        for mad in ("x" * 5000, "a b\tc", '"><script>', "é"):
            with self.subTest(mad[:20]):
                self.assertNotEqual(answered(mad), mad)
        own = {self.connection.ask(get("/v1/sales/s")).field("X-Request-Id") for _ in range(50)}
        self.assertEqual(len(own), 50)

    def test_a_connection_is_kept_and_closed_as_asked(self):
        for _ in range(100):
            self.assertEqual(self.connection.ask(get("/v1/sales/s")).status, 200)
        with self.server.connect() as connection:
            answer = connection.ask(get("/v1/sales/s", [("Connection", "close")]))
            self.assertEqual((answer.status, answer.field("Connection")), (200, "close"))
            self.assertEqual(connection.at_end(), b"")
        with self.server.connect() as connection:
            answer = connection.ask(b"GET /v1/sales/s HTTP/1.0\r\nHost: localhost\r\n\r\n")
            self.assertEqual(answer.status, 200)
            self.assertEqual(connection.at_end(), b"")

    def test_pipelined_answers_come_in_the_order_of_the_requests(self):
        """Reads, refusals and claims take different ways inside, and must not overtake each other."""
        wanted, parts = [], []
        for number in range(300):
            kind = number % 5
            name = f"r{number}"
            fields = [("X-Request-Id", name)]
            parts.append([get("/nowhere", fields), get("/v1/sales/s", fields),
                          request("POST", "/v1/sales/s/claims", b"", [("X-Buyer-Id", f"b{number}"), *fields]),
                          request("POST", "/v1/sales/s/claims", b"", fields),
                          get("/v1/sales/s/claims?limit=2", fields)][kind])
            wanted.append(name)
        with self.server.connect() as connection:
            connection.send(b"".join(parts))
            self.assertEqual([connection.receive().field("X-Request-Id") for _ in wanted], wanted)

    def test_a_request_in_pieces_is_one_request(self):
        data = claim("s", "ann", 1)
        with self.server.connect() as connection:
            for at in range(len(data)):
                connection.send(data[at:at + 1])
            self.assertEqual(connection.receive().json(), self.won)

    def test_a_chunked_body_is_a_body(self):
        body = json.dumps({"quantity": 1}).encode()
        chunks = b"".join(b"1;ext=1\r\n%c\r\n" % byte for byte in body) + b"0\r\nX-Trailer: t\r\n\r\n"
        with self.server.connect() as connection:
            answer = connection.ask(
                b"POST /v1/sales/s/claims HTTP/1.1\r\nHost: localhost\r\nX-Buyer-Id: ann\r\n"
                b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks)
            self.assertEqual((answer.status, answer.json()), (200, self.won))
            self.assertEqual(connection.ask(get("/v1/sales/s")).status, 200)

    def test_a_client_that_asks_first_is_told_to_continue(self):
        with self.server.connect() as connection:
            head = (b"POST /v1/sales/s/claims HTTP/1.1\r\nHost: localhost\r\nX-Buyer-Id: ann\r\n"
                    b"Content-Type: application/json\r\nContent-Length: 14\r\nExpect: 100-continue\r\n\r\n")
            connection.send(head)
            said = b""
            while b"\r\n\r\n" not in said:
                said += connection.socket.recv(1)
            self.assertEqual(said, b"HTTP/1.1 100 Continue\r\n\r\n")
            connection.reader.sent(head)
            connection.send(b'{"quantity":1}')
            self.assertEqual(connection.receive().json(), self.won)

    def test_a_client_that_hangs_up_takes_nobody_with_it(self):
        for cut in (1, 20, 60):
            with self.server.connect() as connection:
                connection.send(claim("s", "gone", 1)[:cut])
        self.assertEqual(self.connection.ask(get("/v1/sales/s")).status, 200)
        self.assertEqual(self.stats(self.connection, "s")["confirmed"], 1)

    def test_the_admin_listener_says_whether_it_lives_and_is_ready(self):
        for target in ("/livez", "/readyz", "/readyz?verbose"):
            answer = self.server.ask_admin(target)
            self.assertEqual(answer.status, 200, answer)
        self.assertTrue(self.server.ask_admin("/readyz?verbose").body)
        with Connection(self.server.admin) as admin:
            self.assertEqual(admin.ask(get("/v1/sales")).status, 404)
            self.assertEqual(admin.ask(request("POST", "/livez")).status, 405)

    def test_what_a_server_says_of_itself(self):
        answer = self.connection.ask(get("/v1/server"))
        self.assertEqual(answer.status, 200, answer)
        self.assertRegex(answer.json()["version"], re.compile(r"\d+\.\d+\.\d+"))
        self.assertEqual(answer.json()["engine"], "embedded")

    def test_every_problem_leads_to_its_explanation(self):
        for data, code in [(claim("s", "eve", 2), "limit-exceeded"), (get("/nowhere"), "not-found"),
                           (post_json("/v1/sales", {}), "invalid")]:
            with self.subTest(code):
                problem = self.connection.ask(data).json()
                self.assertEqual(problem["code"], code)
                self.assertEqual(self.connection.ask(get(problem["type"])).status, 200)
        self.assertEqual(self.connection.ask(get("/problems/nonsense")).status, 404)

    def test_a_problem_speaks_the_callers_language_and_keeps_its_code(self):
        def said(language):
            return self.connection.ask(get("/nowhere", [("Accept-Language", language)])).json()
        english, chinese = said("en"), said("zh-CN,zh;q=0.9,en;q=0.8")
        self.assertEqual((english["code"], english["status"]), (chinese["code"], chinese["status"]))
        self.assertNotEqual(english["title"], chinese["title"])
        self.assertEqual(said("fr"), english)


if __name__ == "__main__":
    main()
