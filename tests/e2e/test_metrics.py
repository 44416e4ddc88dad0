"""The metrics: that they say what was done, to the last one, and that Prometheus itself can read them."""
import collections
import contextlib
import itertools
import json
import os
import re
import shutil
import subprocess
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

from exposition import Metrics
from harness import (Connection, DoorbusterTest, IO_THREADS, claim, crowd, eventually, free_port, get, main, post_json, request,
                     run_program, scaled)
from http_client import Late, confirm, patch, release, steer
from sale_case import from_now

HERE = os.path.dirname(os.path.abspath(__file__))
PAGE = os.path.join(HERE, "..", "..", "docs", "metrics.md")
BOARD = os.path.join(HERE, "..", "..", "deploy", "grafana.json")
ALERTS = os.path.join(HERE, "..", "..", "deploy", "alerts.yml")
CLAIMS = "/v1/sales/{sale}/claims"
NAMED = 100


def scrape(server):
    answer = server.ask_admin("/metrics")
    assert answer.status == 200, answer
    assert answer.field("Content-Type") == "text/plain; version=0.0.4; charset=utf-8", answer
    assert answer.field("Cache-Control") == "no-store", answer
    return Metrics(answer.text)


def claims_of(name, count):
    """So many claims on the sale `drop`, each by another buyer."""
    return ((None, claim("drop", f"{name}-{number}")) for number in range(count))


class MetricsTest(DoorbusterTest):

    def setUp(self):
        super().setUp()
        self.server = None

    def open(self, *arguments, dev=True):
        self.server = self.new_server(arguments=arguments)
        self.server.dev = dev
        self.server.start()
        self.connection = self.server.connect()
        self.addCleanup(lambda: self.connection.close())

    def reopen(self):
        self.connection.close()
        self.server.restart()
        self.connection = self.server.connect()

    def told(self, status, data):
        answer = self.connection.ask(data)
        self.assertEqual(answer.status, status, answer)
        return answer.json() if answer.body else None

    def scrape(self):
        return scrape(self.server)

    def claims_by_result(self, metrics, sale):
        return {dict(labels)["result"]: value for labels, value in metrics.series("doorbuster_claims_total").items()
                if ("sale", sale) in labels and value}

    def scrape_with_claims(self, **expected):
        """The metrics once they have these results of each sale: a refusal that an I/O thread gave beside the
        engine may come into them a tenth of a second after its answer."""
        metrics = None

        def are_there():
            nonlocal metrics
            metrics = self.scrape()
            return all(self.claims_by_result(metrics, sale) == results for sale, results in expected.items())

        with contextlib.suppress(Late):
            eventually("the results of claims", are_there)
        self.assertEqual({sale: self.claims_by_result(metrics, sale) for sale in expected}, expected)
        return metrics

    def stock_of(self, metrics, sale):
        return [metrics.value("doorbuster_stock_units", sale=sale, state=state)
                for state in ("available", "held", "confirmed")]


class WhatWasDone(MetricsTest):

    def test_each_result_of_a_claim_is_counted_once(self):
        self.open()
        self.create(self.connection, "plain", 2)
        self.told(201, claim("plain", "ann"))
        self.told(201, claim("plain", "bob"))
        self.told(200, claim("plain", "ann"))
        for buyer in ("cid", "dan", "eve"):
            self.told(409, claim("plain", buyer))
        self.create(self.connection, "many", 5, per_buyer_limit=3)
        self.told(201, claim("many", "ann", 3, "k1"))
        self.told(409, claim("many", "ann", 1, "k2"))   # limit
        self.told(409, claim("many", "ann", 2, "k1"))   # the key stands for three
        self.told(409, claim("many", "bob", 3))         # two are left
        self.create(self.connection, "later", 5, opens_at=from_now(3600))
        self.told(409, claim("later", "ann"))
        self.create(self.connection, "once", 5, claim_attempts=1, hold_seconds=600)
        given_back = self.told(201, claim("once", "ann"))
        self.told(200, release(given_back, "ann"))
        self.told(409, claim("once", "ann"))            # attempts
        self.told(200, steer("many", "pause"))
        self.told(409, claim("many", "cid"))
        self.told(200, steer("many", "close"))
        self.told(409, claim("many", "cid"))
        self.told(404, claim("no-such-sale", "ann"))

        metrics = self.scrape_with_claims(
            plain={"confirmed": 2, "replayed": 1, "sold_out": 3},
            many={"confirmed": 1, "limit": 1, "key_reused": 1, "insufficient_stock": 1, "paused": 1, "closed": 1},
            later={"not_open": 1},
            once={"held": 1, "attempts": 1})
        self.assertEqual(metrics.label_values("doorbuster_claims_total", "sale"), {"plain", "many", "later", "once"})
        self.assertEqual(self.stock_of(metrics, "plain"), [0, 0, 2])
        self.assertEqual(self.stock_of(metrics, "many"), [2, 0, 3])
        self.assertEqual(self.stock_of(metrics, "once"), [5, 0, 0])
        self.assertEqual(metrics.value("doorbuster_stock_limit_units", sale="many"), 5)
        for sale, state in (("plain", "open"), ("many", "closed"), ("later", "scheduled"), ("once", "open")):
            for each in ("scheduled", "open", "paused", "closed"):
                self.assertEqual(metrics.value("doorbuster_sale_state", sale=sale, state=each), each == state)
        self.assertEqual(metrics.value("doorbuster_claim_commit_duration_seconds_count", engine="embedded"), 4)
        self.assertEqual(metrics.value("doorbuster_invariant_violations_total", check="conservation"), 0)
        # Where the console reads how fast claims are answered: every one of them, refusals too.
        asked = metrics.value("doorbuster_http_request_duration_seconds_count", route=CLAIMS, method="POST")
        self.assertEqual(sum(self.told(200, get("/v1/server"))["claim_answers"]["counts"]), asked)

    def test_claims_that_end_are_counted_by_what_ended_them(self):
        self.open()
        self.create(self.connection, "held", 10, hold_seconds=600)
        for buyer in ("ann", "bob", "cid"):
            self.told(200, release(self.told(201, claim("held", buyer)), None if buyer == "ann" else buyer))
        self.told(200, confirm(self.told(201, claim("held", "dan")), "order-1"))
        self.told(201, claim("held", "eve"))
        self.create(self.connection, "short", 10, hold_seconds=1)
        for buyer in ("ann", "bob"):
            self.told(201, claim("short", buyer))
        before = self.scrape()
        self.assertEqual(self.stock_of(before, "held"), [8, 1, 1])
        # Nobody asks for the sale meanwhile: it is the clock that ends them.
        eventually("the end of two holds", lambda: self.scrape().value(
            "doorbuster_claims_released_total", sale="short", reason="expired") == 2)
        self.assertEqual(self.stock_of(self.scrape(), "short"), [10, 0, 0])
        self.told(200, steer("held", "cancel"))
        metrics = self.scrape()
        ended = {dict(labels)["reason"]: value
                 for labels, value in metrics.series("doorbuster_claims_released_total").items() if ("sale", "held") in labels}
        self.assertEqual(ended, {"merchant": 1, "buyer": 2, "expired": 0, "cancelled": 1})
        self.assertEqual(self.stock_of(metrics, "held"), [9, 0, 1])
        self.assertEqual(metrics.value("doorbuster_hold_expiry_lag_seconds"), 0)

    def test_every_answer_is_counted_by_route_method_and_status(self):
        self.open()
        self.create(self.connection, "drop", 5)
        for number in range(4):
            self.told(201, claim("drop", f"buyer-{number}"))
        self.told(422, post_json("/v1/sales/drop/claims", {"quantity": 0}, [("X-Buyer-Id", "ann")]))
        self.told(404, get("/v1/sales/none/status"))
        self.told(200, get("/v1/sales/drop/status"))
        self.connection.ask(request("HEAD", "/v1/sales/drop/status"))
        self.connection.ask(request("OPTIONS", "/v1/sales/drop/status"))
        self.told(404, get('/v1/nothing/"}\\%0A{evil="1'))
        self.told(405, request("PUT", "/v1/sales"))
        self.told(428, patch("drop", {"stock": 6}, None))
        with self.server.connect() as hostile:
            hostile.send(b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n")
            self.assertEqual(hostile.receive().status, 400)
        metrics = self.scrape()
        counted = {tuple(dict(labels)[name] for name in ("route", "method", "code")): value
                   for labels, value in metrics.series("doorbuster_http_requests_total").items()}
        counted.pop(("/openapi.json", "GET", "200"), None)  # the tests' own judge of answers, of the first server
        self.assertEqual(counted, {
            ("/v1/sales", "POST", "201"): 1,
            (CLAIMS, "POST", "201"): 4,
            (CLAIMS, "POST", "422"): 1,
            ("/v1/sales/{sale}/status", "GET", "404"): 1,
            ("/v1/sales/{sale}/status", "GET", "200"): 1,
            ("/v1/sales/{sale}/status", "HEAD", "200"): 1,
            ("none", "OPTIONS", "204"): 1,
            ("none", "GET", "404"): 1,
            ("none", "PUT", "405"): 1,
            ("/v1/sales/{sale}", "PATCH", "428"): 1,
            ("none", "other", "400"): 1,
        })
        self.assertEqual(metrics.value("doorbuster_http_request_duration_seconds_count", route=CLAIMS, method="POST"), 5)
        self.assertEqual(metrics.value("doorbuster_http_requests_in_flight"), 0)
        self.assertNotIn("evil", self.server.ask_admin("/metrics").text)

    def test_who_was_not_let_in_is_counted_by_why(self):
        self.open("--trusted-proxies", "192.0.2.1", dev=False)
        key = run_program("keys", "create", "reader", "--scopes", "sales:read", "--data-dir", self.path("data"))
        self.assertEqual(key.returncode, 0, key.stderr)
        bearer = [("Authorization", f"Bearer {key.stdout.strip()}")]
        eventually("the key", lambda: self.connection.ask(get("/v1/sales", bearer)).status == 200)
        before = self.scrape()
        self.told(401, get("/v1/sales"))
        self.told(401, get("/v1/sales"))
        self.told(401, get("/v1/sales", [("Authorization", "Bearer db_sk_nothing")]))
        self.told(401, get("/v1/sales", [("Authorization", "Basic abc")]))
        self.told(403, post_json("/v1/sales", {"id": "x", "stock": 1, "title": "x"}, bearer))
        self.told(401, claim("x", "ann"))               # by nobody who is trusted
        self.told(400, get("/v1/sales?access_token=x"))
        after = self.scrape()
        name = "doorbuster_auth_failures_total"
        more = {dict(labels)["reason"]: value - before.series(name)[labels]
                for labels, value in after.series(name).items() if value != before.series(name)[labels]}
        self.assertEqual(more, {"no_credential": 2, "key_mistyped": 1, "not_bearer": 1, "needs_scope": 1,
                                "proxy_not_trusted": 1, "credential_in_address": 1})
        self.assertEqual(after.value("doorbuster_part_ok", part="keys"), 1)

    def test_requests_that_are_turned_away_are_counted(self):
        self.open("--journal.max-waiting", "64")
        self.create(self.connection, "drop", 1_000_000)
        statuses = collections.Counter()

        def round_of_claims(number):
            """Many times more at once than may wait, unless the disk is quicker than they come."""
            crowd(self.server.address,
                  [claims_of(f"b{number}-{walker}", 64) for walker in range(8)],
                  lambda _, answer: statuses.update([(answer.status, answer.code if answer.status != 201 else None)]),
                  depth=64)

        rounds = itertools.count()
        eventually("an overload", lambda: round_of_claims(next(rounds)) or statuses[503, "overloaded"], 60)
        self.assertEqual(set(statuses), {(201, None), (503, "overloaded")})
        metrics = self.scrape()
        self.assertEqual(metrics.value("doorbuster_http_shed_total", reason="overloaded"), statuses[503, "overloaded"])
        self.assertEqual(metrics.value("doorbuster_claims_total", sale="drop", result="confirmed"), statuses[201, None])
        self.assertEqual(metrics.value("doorbuster_engine_waiting_commands"), 0)

    def test_connections_that_are_turned_away_are_counted(self):
        self.open("--http.max-connections", "2")
        if IO_THREADS not in (None, "1"):
            self.skipTest("each I/O thread has its own two, and the kernel chooses")
        self.connection.ask(get("/problems/sold-out"))
        with self.server.connect() as second:
            second.ask(get("/problems/sold-out"))
            for _ in range(3):
                with self.server.connect() as third:
                    self.assertEqual(third.receive().status, 503)
            metrics = self.scrape()
        self.assertEqual(metrics.value("doorbuster_http_shed_total", reason="connections"), 3)
        self.assertEqual(metrics.value("doorbuster_http_connections_accepted_total", listener="http"), 2)
        self.assertEqual(metrics.value("doorbuster_http_requests_total", route="none", method="other", code=503), 3)

    def test_connections_and_readers_are_there_while_they_are(self):
        self.open()
        self.connection.ask(get("/v1/sales"))
        with self.server.connect() as reader, self.server.connect() as waiter:
            reader.send(get("/v1/events", [("Accept", "text/event-stream")]))
            waiter.send(get("/v1/events?wait=30"))

            def readers(form):
                return self.scrape().value("doorbuster_feed_readers", form=form)

            eventually("a stream", lambda: readers("sse") == 1)
            eventually("one who waits", lambda: readers("json") == 1)
            self.assertEqual(self.scrape().value("doorbuster_http_connections", listener="http"), 3)
            self.assertEqual(self.scrape().value("doorbuster_http_connections", listener="admin"), 1)
        # Who has shut his side may still want his page, until there is one.
        self.create(self.connection, "drop", 1)
        eventually("nobody reads", lambda: readers("sse") + readers("json") == 0)
        eventually("they have gone", lambda: self.scrape().value("doorbuster_http_connections", listener="http") == 1)

    def test_a_restart_begins_counting_and_keeps_what_is(self):
        self.open()
        self.create(self.connection, "drop", 5)
        for buyer in ("ann", "bob"):
            self.told(201, claim("drop", buyer))
        before = self.scrape()
        self.assertGreater(before.value("doorbuster_journal_append_bytes_total"), 0)
        self.reopen()
        metrics = self.scrape()
        self.assertEqual(self.stock_of(metrics, "drop"), [3, 0, 2])
        self.assertEqual(self.claims_by_result(metrics, "drop"), {})
        self.told(201, claim("drop", "cid"))
        metrics = self.scrape()
        self.assertEqual(self.stock_of(metrics, "drop"), [2, 0, 3])
        self.assertEqual(self.claims_by_result(metrics, "drop"), {"confirmed": 1})
        self.assertEqual(metrics.value("doorbuster_journal_sync_batch_entries_count"), 1)
        self.assertEqual(metrics.value("doorbuster_journal_sync_batch_entries_sum"), 1)
        self.assertEqual(metrics.value("doorbuster_journal_append_bytes_total"), 4096)
        self.assertGreater(metrics.value("process_start_time_seconds"), before.value("process_start_time_seconds"))

    def test_what_the_machine_says_agrees_with_what_others_see_of_it(self):
        self.open()
        self.create(self.connection, "drop", 5)
        metrics = self.scrape()
        pid = self.server.process.pid
        self.assertEqual(metrics.value("process_threads"), len(os.listdir(f"/proc/{pid}/task")))
        self.assertLessEqual(abs(metrics.value("process_open_fds") - len(os.listdir(f"/proc/{pid}/fd"))), 2)
        self.assertLess(abs(metrics.value("process_start_time_seconds") - time.time()), 3600)
        disk = os.statvfs(self.path("data"))
        free = disk.f_bavail * disk.f_frsize
        self.assertLess(abs(metrics.value("doorbuster_disk_free_bytes") - free), free / 2)
        journal = self.path("data/journal")
        size = sum(os.stat(os.path.join(journal, name)).st_blocks * 512 for name in os.listdir(journal))
        self.assertGreater(metrics.value("doorbuster_journal_size_bytes"), 0)
        self.assertLessEqual(metrics.value("doorbuster_journal_size_bytes"), size)
        self.assertEqual(metrics.value("doorbuster_ready"), 1)
        self.assertEqual(metrics.value("doorbuster_clock_alarm"), 0)
        version = run_program("--version").stdout.split()[-1]
        self.assertEqual(metrics.value("doorbuster_build_info", version=version, engine="embedded"), 1)


class ManySales(MetricsTest):

    def test_the_newest_have_names_and_the_sums_are_right(self):
        self.open()
        sales = 150
        self.create(self.connection, "other", 7)  # what the sum is called
        for number in range(sales):
            self.create(self.connection, f"sale-{number}", 10 + number)
        for number in range(0, sales, 3):
            self.told(201, claim(f"sale-{number}", "ann"))
        self.told(201, claim("other", "ann"))
        for life in (1, 2):
            metrics = self.scrape()
            labels = metrics.label_values("doorbuster_stock_units", "sale")
            self.assertEqual(labels, {"other", *(f"sale-{number}" for number in range(sales - NAMED, sales))})
            self.assertEqual(metrics.sum("doorbuster_stock_limit_units"), 7 + sum(10 + n for n in range(sales)))
            self.assertEqual(metrics.sum("doorbuster_stock_units", state="confirmed"), 51)
            self.assertEqual(metrics.value("doorbuster_stock_units", sale="other", state="confirmed"), 18)
            self.assertEqual(metrics.value("doorbuster_sale_state", sale="other", state="open"), sales - NAMED + 1)
            for name, family in metrics.families.items():
                for _, found in family.samples:
                    keys = {key for key, _ in found}
                    self.assertFalse(keys & {"buyer", "claim", "buyer_id"}, name)
                    self.assertFalse(family.type == "histogram" and "sale" in keys, name)
            if life == 1:
                self.assertEqual(metrics.sum("doorbuster_claims_total", result="confirmed"), 51)
                self.reopen()  # found in the data, they are the same

    def test_a_sale_named_like_the_sum_is_in_the_sum(self):
        self.open()
        self.create(self.connection, "other", 7)
        self.told(201, claim("other", "ann"))
        metrics = self.scrape()
        self.assertEqual(self.claims_by_result(metrics, "other"), {"confirmed": 1})
        self.assertEqual(self.stock_of(metrics, "other"), [6, 0, 1])


class UnderLoad(MetricsTest):

    def test_looking_all_the_time_loses_no_count_and_stops_nobody(self):
        self.open()
        claims, walkers = scaled(6000), 8
        self.create(self.connection, "drop", claims // 2, hold_seconds=600)
        over = threading.Event()
        looked, failed = [], []

        def look():
            try:
                with Connection(self.server.admin) as connection:
                    while not over.is_set() or not looked:
                        looked.append(Metrics(connection.ask(get("/metrics")).text))
            except BaseException as error:  # noqa: the test tells it
                failed.append(error)

        watchers = [threading.Thread(target=look) for _ in range(2)]
        for watcher in watchers:
            watcher.start()
        statuses = []
        crowd(self.server.address,
              [claims_of(f"b{walker}", claims // walkers) for walker in range(walkers)],
              lambda _, answer: statuses.append(answer.status))
        over.set()
        for watcher in watchers:
            watcher.join()
        self.assertEqual(failed, [])
        granted, asked = statuses.count(201), claims // walkers * walkers
        self.assertEqual(len(statuses), asked)
        for metrics in looked:
            # One moment of a sale: nothing is on its way from one state to another.
            self.assertEqual(sum(self.stock_of(metrics, "drop")), metrics.value("doorbuster_stock_limit_units", sale="drop"))
        metrics = self.scrape_with_claims(drop={"held": granted, "sold_out": asked - granted})
        self.assertEqual(metrics.sum("doorbuster_http_requests_total", route=CLAIMS), asked)
        self.assertEqual(metrics.value("doorbuster_claim_commit_duration_seconds_count", engine="embedded"), granted)
        self.assertEqual(metrics.value("doorbuster_journal_sync_batch_entries_sum"), granted + 2)  # created, opened
        self.assertEqual(metrics.sum("doorbuster_stock_units", sale="drop", state="held"), granted)
        print(f"{asked} claims while the metrics were read {len(looked)} times", flush=True)


class OtherPrograms(MetricsTest):
    """What is not ours reads it."""

    def promtool(self, *arguments, text=None):
        if shutil.which("promtool") is None:
            self.skipTest("there is no promtool (package prometheus)")
        done = subprocess.run(["promtool", *arguments], input=text, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def do_something(self):
        self.create(self.connection, "drop", 2, hold_seconds=600)
        for buyer in ("ann", "bob", "cid"):
            self.connection.ask(claim("drop", buyer))
        self.told(404, get("/nothing"))

    def test_promtool_finds_nothing_wrong(self):
        self.open()
        self.assertEqual(self.promtool("check", "metrics", text=self.server.ask_admin("/metrics").text), "")
        self.do_something()
        self.assertEqual(self.promtool("check", "metrics", text=self.server.ask_admin("/metrics").text), "")

    def test_alerts_and_board_are_about_metrics_that_there_are(self):
        self.promtool("check", "rules", ALERTS)
        self.open()
        families = self.scrape().families
        with open(ALERTS, encoding="utf-8") as file:
            text = "\n".join([file.read(), *self.expressions_of_the_board()])
        named = set(re.findall(r"\b(?:doorbuster|process)_[a-z_]+", text))
        known = set(families) | {name + suffix for name, family in families.items() if family.type == "histogram"
                                 for suffix in ("_bucket", "_sum", "_count")}
        self.assertGreater(len(named), 8)
        self.assertEqual(named - known, set())

    def test_the_page_has_every_metric_and_no_other(self):
        self.open()
        self.do_something()
        families = self.scrape().families
        with open(PAGE, encoding="utf-8") as file:
            rows = re.findall(r"^\| `([a-z_]+)` \| (\w+) \| ([a-z, ]*) ?\| (.+) \|$", file.read(), re.M)
        self.assertEqual({name: kind for name, kind, _, _ in rows},
                         {name: family.type for name, family in families.items()})
        self.assertEqual(len(rows), len(families), "a metric stands there twice")
        for name, _, labels, words in rows:
            wanted = {label for label in re.split(r",? +", labels.strip()) if label}
            for _, found in families[name].samples:
                self.assertEqual({key for key, _ in found} - {"le"}, wanted, name)
            self.assertGreater(len(words), 0)

    @staticmethod
    def expressions_of_the_board():
        with open(BOARD, encoding="utf-8") as file:
            board = json.load(file)
        for panel in board["panels"]:
            for target in panel["targets"]:
                yield re.sub(r"\$__rate_interval", "1m", re.sub(r"\$(instance|sale)", ".*", target["expr"]))

    @contextlib.contextmanager
    def prometheus(self):
        """A real one that scrapes the server and has the alerts; gives what asks it."""
        if shutil.which("prometheus") is None:
            self.skipTest("there is no prometheus")
        port = free_port()
        config = self.path("prometheus.yml")
        with open(config, "w", encoding="utf-8") as file:
            json.dump({  # which is YAML as well
                "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
                "rule_files": [os.path.abspath(ALERTS)],
                "scrape_configs": [{"job_name": "doorbuster",
                                    "static_configs": [{"targets": [f"127.0.0.1:{self.server.admin[1]}"]}]}],
            }, file)
        with open(self.path("prometheus.log"), "wb") as log:
            process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "prometheus", f"--config.file={config}",
                 f"--storage.tsdb.path={self.path('prometheus')}", f"--web.listen-address=127.0.0.1:{port}"],
                stdout=log, stderr=log, stdin=subprocess.DEVNULL)

        def ask(path, **parameters):
            url = f"http://127.0.0.1:{port}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
            try:
                with urllib.request.urlopen(url, timeout=30) as answer:
                    return json.load(answer)["data"]
            except urllib.error.HTTPError as refused:
                self.assertEqual(refused.code, 503, refused.read())  # still starting
                return None
            except OSError:
                return None  # does not listen yet

        try:
            yield ask
        finally:
            process.kill()
            process.wait()

    def test_prometheus_scrapes_it_and_answers_what_was_done(self):
        self.open()
        self.do_something()
        with self.prometheus() as ask:

            def value(query):
                data = ask("query", query=query)
                if not data or not data["result"]:
                    return None
                self.assertEqual(len(data["result"]), 1, data)
                return float(data["result"][0]["value"][1])

            eventually("a scrape", lambda: value('up{job="doorbuster"}') == 1, 60)
            self.assertEqual(value('doorbuster_claims_total{sale="drop",result="held"}'), 2)
            self.assertEqual(value('doorbuster_claims_total{sale="drop",result="sold_out"}'), 1)
            self.assertEqual(value('sum(doorbuster_stock_units{sale="drop"})'), 2)
            self.assertEqual(value("doorbuster_claim_commit_duration_seconds_count"), 2)
            self.told(409, claim("drop", "dan"))
            eventually("the next scrape", lambda: value('doorbuster_claims_total{sale="drop",result="sold_out"}') == 2, 60)
            targets = ask("targets")["activeTargets"]
            self.assertEqual([target["lastError"] for target in targets], [""])
            for expression in self.expressions_of_the_board():
                answer = ask("query", query=expression)  # an error is one of the test
                self.assertIn("result", answer, expression)
            # Each alert is evaluated without an error, and none of them cries.
            eventually("the rules", lambda: all(rule["health"] != "unknown" for group in ask("rules")["groups"]
                                                for rule in group["rules"]), 60)
            rules = [rule for group in ask("rules")["groups"] for rule in group["rules"]]
            self.assertEqual({rule["name"]: rule["health"] for rule in rules}, {rule["name"]: "ok" for rule in rules})
            self.assertEqual([rule["name"] for rule in rules if rule["state"] == "firing"], [])


if __name__ == "__main__":
    main()
