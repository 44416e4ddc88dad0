#!/usr/bin/env python3
"""`doorbuster bench`: a crowd that checks what was done with it, against servers that are honest, lie,
lose answers, restart and go away."""
import http.server
import json
import re
import select
import signal
import socket
import subprocess
import threading

from harness import BINARY, DoorbusterTest, eventually, get, listed, main, request, run_program, scaled

OK, FAILED, USAGE, VIOLATED, UNREACHABLE, DENIED, INTERRUPTED = 0, 1, 2, 3, 4, 5, 130

QUICK = ("--rate", "2000", "--connections", "16")


def url_of(port):
    return f"http://127.0.0.1:{port}"


class Crowd(DoorbusterTest):

    def bench(self, port, *arguments, code=OK):
        result = run_program("bench", "--url", url_of(port), "--json", *arguments)
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        return json.loads(result.stdout), result.stderr

    def check_sums(self, report):
        requests = report["requests"]
        self.assertEqual(requests["sent"], requests["answered"] + requests["lost"], report)
        answers = [report["granted"], report["told_again"], report["confirmed"], report["released"],
                   *report["refused"].values(), *report["turned_away"].values(),
                   *report["errors"].values()]
        self.assertEqual(sum(answers), requests["answered"], report)
        latency = report["latency_us"]
        self.assertEqual(latency["wins"]["count"], report["granted"])
        for kind in latency.values():
            self.assertLessEqual(kind["p50"], kind["p99"])
            self.assertLessEqual(kind["p99"], kind["longest"])
        proof = report["proof"]
        self.assertEqual((proof["adds_up"], proof["breaches"]), (True, []), report)
        self.assertEqual(proof["found"], proof["acknowledged"])
        self.assertEqual(proof["available"] + proof["held"] + proof["confirmed"], proof["stock"])


class HonestServer(Crowd):

    def setUp(self):
        super().setUp()
        self.server = self.serve()

    def test_a_flash_sale_adds_up(self):
        buyers = scaled(3000, 300)
        report, said = self.bench(self.server.port, "--buyers", buyers, "--stock", 100, "--duration", 1)
        self.check_sums(report)
        self.assertEqual((report["ended"], report["granted"], report["proof"]["listed"]),
                         ("finished", 100, 100))
        self.assertEqual((report["arrival"], report["buyers"]), ("flash", buyers))
        self.assertGreater(report["refused"]["sold-out"], 0)
        self.assertGreater(report["refused"]["not-open"], 0)
        self.assertGreater(report["requests"]["asked_again"], 0)
        self.assertEqual(report["errors"], {}, said)
        self.assertIsNotNone(report["server"], "the server runs on this machine")
        # The sale is there, and the server says the same of it.
        with self.server.connect() as connection:
            self.assertEqual(len(listed(connection, report["sale"])), 100)
            self.assertTrue(self.stats(connection, report["sale"])["conserved"])

    def test_each_mix_adds_up(self):
        buyers = scaled(300, 100)
        for mix in ("winners", "duplicates", "losers", "holds"):
            with self.subTest(mix):
                report, _ = self.bench(self.server.port, *QUICK, "--mix", mix, "--pipeline", 8,
                                       "--buyers", buyers)
                self.check_sums(report)
                won = 1 if mix == "losers" else buyers
                self.assertEqual((report["granted"], report["proof"]["acknowledged"]), (won, won))
                if mix == "duplicates":
                    self.assertEqual(report["told_again"], 9 * buyers)
                if mix == "losers":
                    self.assertEqual(report["refused"], {"sold-out": buyers - 1})
                if mix == "holds":
                    self.assertGreater(report["confirmed"], report["released"])
                    self.assertGreater(report["released"], 0)
                    self.assertEqual(report["proof"]["confirmed"], report["confirmed"])

    def test_a_sale_that_is_there(self):
        with self.server.connect() as connection:
            self.create(connection, "drop", 50, per_buyer_limit=2, hold_seconds=600)
            report, _ = self.bench(self.server.port, *QUICK, "--sale", "drop", "--buyers", 200,
                                   "--arrival", "step")
            self.check_sums(report)
            self.assertEqual((report["sale"], report["proof"]["stock"]), ("drop", 50))
            # Somebody was there before, and nobody is missing afterwards.
            again, _ = self.bench(self.server.port, *QUICK, "--mix", "losers", "--sale", "drop",
                                  "--buyers", 10)
            self.check_sums(again)
            self.assertEqual(connection.ask(request("POST", "/v1/sales/drop/close")).status, 200)
            closed, _ = self.bench(self.server.port, *QUICK, "--mix", "losers", "--sale", "drop",
                                   "--buyers", 10)
            self.assertEqual(closed["refused"], {"closed": 10})

    def test_the_page_for_people(self):
        result = run_program("bench", "--url", url_of(self.server.port), *QUICK, "--mix", "winners",
                             "--buyers", 200, "--stock", 20)
        self.assertEqual(result.returncode, OK, result)
        self.assertRegex(result.stdout, r"(?m)^  sold +20 of 20 ")
        self.assertRegex(result.stdout, r"(?m)^  latency .*p50 .*p99 .*p99\.9")
        self.assertRegex(result.stdout, r"(?m)^  proof +adds up: 0 available")
        self.assertIn("all 20 acknowledged claims found", result.stdout)
        self.assertRegex(result.stdout, r"(?m)^  limit ")

    def test_interrupted_it_still_proves(self):
        process = subprocess.Popen([BINARY, "bench", "--url", url_of(self.server.port), "--json", "--mix",
                                    "winners", "--rate", "300", "--duration", "300"],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.kill)
        with self.server.connect() as connection:
            eventually("a claim", lambda: self.claimed(connection) > 0)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, INTERRUPTED, err)
        report = json.loads(out)
        self.check_sums(report)
        self.assertEqual(report["ended"], "interrupted")
        self.assertGreater(report["granted"], 0)

    def claimed(self, connection):
        sales = connection.ask(get("/v1/sales")).json()["data"]
        return sum(self.stats(connection, sale["id"])["confirmed"] for sale in sales)

    def test_what_it_cannot_do(self):
        port = self.server.port
        for arguments, code, words in (
                (["--sale", "nowhere"], FAILED, "nowhere"),
                (["--buyers", 1, "--rate", 1, "--duration", 1], USAGE, "--duration"),
                (["--sale", "drop", "--stock", 3], USAGE, "--stock")):
            with self.subTest(arguments):
                result = run_program("bench", "--url", url_of(port), *arguments)
                self.assertEqual(result.returncode, code, result)
                self.assertIn(words, result.stderr)
        self.server.stop()
        result = run_program("bench", "--url", url_of(port))
        self.assertEqual((result.returncode, result.stdout), (UNREACHABLE, ""), result)
        self.assertIn(f"nobody answers at {url_of(port)}", result.stderr)

    def start_bench(self, *arguments):
        process = subprocess.Popen([BINARY, "bench", "--url", url_of(self.server.port), "--json", "--mix",
                                    "winners", *arguments],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.kill)
        with self.server.connect() as connection:
            eventually("a claim", lambda: self.claimed(connection) > 20)
        return process

    def test_a_server_that_goes_away_is_told_and_not_waited_for(self):
        process = self.start_bench("--rate", "300", "--duration", "300")
        self.server.kill()
        out, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, UNREACHABLE, err)
        self.assertRegex(err, "could not be read back, so nothing is proved: nobody answers at")
        report = json.loads(out)
        self.assertEqual((report["ended"], report["proof"]), ("nobody-answers", None))

    def test_a_server_that_was_killed_and_comes_back_has_lost_nothing(self):
        process = self.start_bench("--rate", "300", "--duration", "3", "--pipeline", "4")
        port = self.server.port
        self.server.kill()
        self.server.start(f"127.0.0.1:{port}")
        out, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, OK, out + err)
        report = json.loads(out)
        self.check_sums(report)
        self.assertGreaterEqual(report["proof"]["listed"], report["proof"]["acknowledged"])

    def test_answers_that_are_lost_are_asked_for_again(self):
        proxy = CuttingProxy(self.server.port)
        self.addCleanup(proxy.close)
        buyers = scaled(400, 200)
        report, _ = self.bench(proxy.port, *QUICK, "--mix", "winners", "--buyers", buyers)
        self.check_sums(report)
        self.assertGreater(report["requests"]["lost"], 0)
        self.assertEqual(report["granted"] + report["told_again"], buyers)
        self.assertGreater(report["told_again"], 0, "a claim whose answer was cut off is known")
        self.assertEqual(report["proof"]["listed"], buyers)


class CuttingProxy:
    """Passes bytes on both ways, and cuts each tenth answer of a connection in two."""

    def __init__(self, port):
        self.server_port = port
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.carry, args=(client,), daemon=True).start()

    def carry(self, client):
        answers = 0
        with client, socket.create_connection(("127.0.0.1", self.server_port)) as server:
            while True:
                for ready in select.select([client, server], [], [])[0]:
                    try:
                        data = ready.recv(65536)
                    except OSError:
                        return
                    if not data:
                        return
                    if ready is client:
                        server.sendall(data)
                        continue
                    answers += 1
                    is_claim = b'"id":"clm_' in data and b'"data":' not in data
                    if is_claim and answers % 10 == 0:
                        client.sendall(data[:len(data) // 2])
                        return
                    client.sendall(data)

    def close(self):
        self.listener.close()


class Liar(http.server.BaseHTTPRequestHandler):
    """A server that grants everything, and lists what `lie` makes of it."""
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def reply(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        sale = self.server.sale
        if self.path == "/v1/sales":
            sale.update(json.loads(body), per_buyer_limit=1)
            return self.reply(201, sale)
        if self.server.lie == "deny":
            return self.reply(403, {"title": "No", "code": "forbidden", "status": 403})
        with self.server.lock:
            number = len(self.server.claims) + 1
            claim = {"id": f"clm_{number:026d}", "sale": sale["id"], "buyer": self.headers["X-Buyer-Id"],
                     "quantity": 1, "units": [number], "status": "confirmed"}
            self.server.claims.append(claim)
        return self.reply(201, claim)

    def do_GET(self):
        sale, claims = self.server.sale, list(self.server.claims)
        stats = {"stock": sale["stock"], "available": sale["stock"] - len(claims), "held": 0,
                 "confirmed": len(claims), "burned": 0, "sequence": len(claims)}
        if self.path.endswith("/status"):
            return self.reply(200, {"status": "open", "opens_at": None, "now": "2026-11-11T12:00:00.000Z"})
        if self.server.lie == "lose" and claims:
            claims.pop(3)
            stats.update(available=stats["available"] + 1, confirmed=stats["confirmed"] - 1)
        if self.server.lie == "unit" and claims:
            claims[3] = {**claims[3], "units": [claims[4]["units"][0]]}
        if self.server.lie == "buyer" and claims:
            claims[3] = {**claims[3], "buyer": claims[4]["buyer"]}
        if self.server.lie == "stock":
            stats["available"] += 1
        if self.path.endswith("/stats"):
            return self.reply(200, stats)
        if "/claims" in self.path:
            return self.reply(200, {"data": claims, "has_more": False, "next": None})
        return self.reply(200, sale)


class LyingServer(Crowd):

    def lie(self, how, code):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Liar)
        server.lie, server.sale, server.claims, server.lock = how, {}, [], threading.Lock()
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        result = run_program("bench", "--url", url_of(server.server_address[1]), "--json", "--mix", "winners",
                             "--rate", 100, "--buyers", 20, "--connections", 2)
        self.assertEqual(result.returncode, code, result)
        return json.loads(result.stdout), result.stderr

    def test_the_truth_adds_up(self):
        report, _ = self.lie("no", OK)
        self.check_sums(report)

    def test_each_lie_is_found_and_named(self):
        for how, wanted in (("lose", r"R7: 1 acknowledged claim is not in the list of claims: clm_0+4 of "),
                            ("unit", r"R5: 1 unit belongs to two claims: unit 5.*R7: 1 acknowledged claim is "
                                     r"listed with another unit"),
                            ("buyer", r"R2: 1 buyer has more than the limit.*R7: .*another buyer's"),
                            ("stock", r"R1: the sale's figures do not add up")):
            with self.subTest(how):
                report, said = self.lie(how, VIOLATED)
                self.assertFalse(report["proof"]["adds_up"])
                self.assertTrue(re.search(wanted, "  ".join(report["proof"]["breaches"])), report["proof"])
                self.assertIn("the sale does not add up: R", said)

    def test_who_is_not_allowed_is_told(self):
        report, said = self.lie("deny", DENIED)
        self.assertEqual((report["ended"], report["granted"]), ("hopeless", 0))
        self.assertIn("answers 403 to every claim", said)


if __name__ == "__main__":
    main()
