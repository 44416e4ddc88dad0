"""Sales in Redis: gateways over a real server, and what they say when it is not as it should be."""
import collections
import os
import shutil
import subprocess
import sys
import time

from harness import (DoorbusterTest, chance, claim, crowd, eventually, free_port, get, listed, main, post_form,
                     run_program, scaled)
from http_client import release
from redis_server import SYNCED, RedisCluster, RedisServer


class OnRedis(DoorbusterTest):

    def redis(self, *lines, password=None):
        """One more server; the lines stand beside those that make an acknowledgement last."""
        server = RedisServer(self.path(f"redis-{len(self.servers)}-{time.monotonic_ns()}"), (*SYNCED, *lines), password)
        self.addCleanup(server.kill)
        return server.start()

    def gateway(self, redis, *arguments):
        name = f"gateway-{len(self.servers)}"
        return self.serve(name, ["--engine", "redis", "--redis.url", redis.url, *arguments])

    def refused_start(self, *arguments):
        """What is said where it does not start; exit code 1."""
        result = run_program("serve", "--dev", "--data-dir", self.path("none"), "--http.listen", "127.0.0.1:0",
                             "--admin.listen", "127.0.0.1:0", "--engine", "redis", *arguments)
        self.assertEqual((result.returncode, result.stdout), (1, ""), result)
        return result.stderr

    def file(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.path(name)

    def insist(self, connection, data):
        """The answer. On a machine that is busy with other tests Redis may be late with the first."""
        def answered():
            answer = connection.ask(data)
            return answer if answer.status != 503 else None
        return eventually("an answer", answered)

    def wait_for_line(self, gateway, part, text):
        """Until /readyz?verbose says that of the part."""
        def says():
            answer = gateway.ask_admin("/readyz?verbose")
            return next((line for line in answer.text.splitlines() if f"]{part} " in line and text in line), None)
        return eventually(f"{part}: {text}", says)


class TheApi(OnRedis):

    def test_the_recipe_and_who_knows_it_finds_its_list_and_its_hash(self):
        redis = self.redis()
        gateway = self.gateway(redis)
        self.assertEqual(gateway.ask(post_form("/send/goods", "count=3")).text, "send goods success! 3")
        self.assertEqual([gateway.ask(post_form("/goods", f"uid={buyer}")).text for buyer in ("7", "7", "8", "9", "10")],
                         ["Success,7", "create a user 7", "Success,8", "Success,9", "Finsh!"])
        self.assertEqual(gateway.ask(get("/goods")).json(),
                         {"user_list": {"7": 1, "8": 2, "9": 3}, "user_list_len": 3, "goods_list": 0})
        self.assertEqual(sorted(redis.say("HKEYS", "{goods}-1:buyers").split()), ["7", "8", "9"])
        winner = redis.say("HGET", "{goods}-1:buyers", "8").split()
        self.assertEqual(winner[:2], ["2", "confirmed"])
        # A unit that comes back is in the list, until the next one is sold.
        with gateway.connect() as connection:
            self.create(connection, "lamp", 2, hold_seconds=600)
            held = connection.ask(claim("lamp", "ann"))
            self.assertEqual(held.status, 201, held)
            self.assertEqual(connection.ask(release(held.json(), "ann")).status, 200)
        self.assertEqual(redis.say("LRANGE", "{lamp}:units", 0, -1), "1")

    def test_ten_million_units_make_no_list_of_ten_million(self):
        redis = self.redis()
        gateway = self.gateway(redis)
        with gateway.connect() as connection:
            self.create(connection, "big", 10_000_000)
            self.assertEqual(self.stats(connection, "big")["available"], 10_000_000)
        self.assertEqual(redis.say("EXISTS", "{big}:units"), "0")
        longest = max(int(line.split("usec_per_call=")[1].split(".")[0])
                      for line in redis.say("INFO", "commandstats").splitlines() if line.startswith("cmdstat_fcall:"))
        self.assertLess(longest, 50_000)  # microseconds a call; a list of that length takes seconds

    def test_the_server_says_what_it_is_and_how_safe(self):
        gateway = self.gateway(self.redis())
        about = gateway.ask(get("/v1/server")).json()
        self.assertEqual((about["engine"], about["durability"], about["ready"]), ("redis", "D1", True))
        self.assertEqual([check["name"] for check in about["checks"]], ["redis", "durability", "setup", "feed", "history"])
        with gateway.connect() as connection:
            self.create(connection, "s", 1)
            for buyer, status in (("ann", 201), ("ann", 200), ("bob", 409)):
                self.assertEqual(self.insist(connection, claim("s", buyer)).status, status)
        metrics = gateway.ask_admin("/metrics").text
        for result in ("confirmed", "replayed", "sold_out"):
            self.assertIn(f'doorbuster_claims_total{{sale="s",result="{result}"}} 1\n', metrics)
        self.assertIn('doorbuster_claim_commit_duration_seconds_count{engine="redis"} 1\n', metrics)
        self.assertIn("doorbuster_engine_waiting_commands 0\n", metrics)
        self.assertIn("doorbuster_sales_rewound 0\n", metrics)
        self.assertIn('doorbuster_build_info{version="', metrics)
        self.assertIn('engine="redis"} 1', metrics)
        self.assertNotIn("doorbuster_journal", metrics)

    def test_a_password_and_a_user_of_its_own(self):
        redis = self.redis("requirepass hunter2", password="hunter2")
        redis.say("ACL", "SETUSER", "shop", "on", ">open sesame", "~*", "+@all")
        wrong = self.file("wrong", "hunter3")
        said = self.refused_start("--redis.url", redis.url, "--redis.password-file", wrong)
        self.assertIn("refuses the password", said)
        self.assertNotIn("hunter", said)
        self.assertIn("password", self.refused_start("--redis.url", redis.url))
        right = self.file("right", "open sesame\n")
        gateway = self.serve("shop", ["--engine", "redis", "--redis.url", f"redis://shop@127.0.0.1:{redis.port}",
                                      "--redis.password-file", right])
        with gateway.connect() as connection:
            self.create(connection, "s", 1)
        self.assertNotIn("sesame", gateway.log() + gateway.stdout)

    def test_over_tls_with_certificates_on_both_sides(self):
        folder = self.path("certificates")
        os.mkdir(folder)
        key, certificate = os.path.join(folder, "key.pem"), os.path.join(folder, "certificate.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=redis",
                        "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
                       check=True, capture_output=True, timeout=60)
        tls_port = free_port()
        self.redis(f"tls-port {tls_port}", f"tls-cert-file {certificate}", f"tls-key-file {key}",
                   f"tls-ca-cert-file {certificate}", "tls-auth-clients yes")
        url = f"rediss://127.0.0.1:{tls_port}"
        self.assertIn("certificate", self.refused_start("--redis.url", url))
        self.assertIn("cannot", self.refused_start("--redis.url", url, "--redis.ca-file", self.path("none")))
        gateway = self.serve("shop", ["--engine", "redis", "--redis.url", url, "--redis.ca-file", certificate,
                                      "--redis.certificate-file", certificate, "--redis.key-file", key])
        with gateway.connect() as connection:
            self.create(connection, "s", 1)
            self.assertEqual(connection.ask(claim("s", "ann")).status, 201)

    def test_a_password_in_the_address_is_a_mistake(self):
        result = run_program("serve", "--engine", "redis", "--redis.url", "redis://:hunter2@127.0.0.1:1")
        self.assertEqual(result.returncode, 2, result)
        self.assertIn("redis.password", result.stderr)
        self.assertNotIn("hunter2", result.stderr)


class Starts(OnRedis):
    """A gateway begins only where it can keep what it says."""

    def test_below_the_level_that_is_asked_for(self):
        redis = self.redis("appendfsync everysec")
        self.assertIn("appendfsync is everysec, and must be always", self.refused_start("--redis.url", redis.url))
        self.assertIn("has no replica", self.refused_start("--redis.url", self.redis().url, "--redis.durability", "D2"))
        gateway = self.gateway(redis, "--redis.durability", "D0")
        self.assertEqual(gateway.ask(get("/v1/server")).json()["durability"], "D0")

    def test_over_a_replica(self):
        redis = self.redis()
        replica = self.redis(f"replicaof 127.0.0.1 {redis.port}")
        self.assertIn("replica", self.refused_start("--redis.url", replica.url))

    def test_over_functions_of_a_later_program(self):
        redis = self.redis()
        self.gateway(redis).stop()
        later = "#!lua name=doorbuster\n-- version 99\nredis.register_function('doorbuster_x', function() return 1 end)"
        self.assertEqual(redis.say("FUNCTION", "LOAD", "REPLACE", later), "doorbuster")
        self.assertIn("later version", self.refused_start("--redis.url", redis.url))
        self.assertIn("version 99", redis.say("FUNCTION", "LIST", "WITHCODE"))

    def test_where_nothing_may_be_asked_it_is_unverified(self):
        redis = self.redis()
        redis.say("ACL", "SETUSER", "default", "-config")
        self.assertIn("unverified is what there is", self.refused_start("--redis.url", redis.url))
        gateway = self.gateway(redis, "--redis.durability", "unverified")
        self.assertEqual(gateway.ask(get("/v1/server")).json()["durability"], "unverified")

    def test_where_nobody_is(self):
        redis = self.redis()
        redis.kill()
        self.assertIn(f"127.0.0.1:{redis.port}", self.refused_start("--redis.url", redis.url))


class Trouble(OnRedis):
    """Whatever befalls Redis is told as what it is, nothing is "sold out", and service returns by itself."""

    def setUp(self):
        super().setUp()
        self.server = self.redis()
        self.shop = self.gateway(self.server)
        self.connection = self.shop.connect()
        self.addCleanup(self.connection.close)
        self.create(self.connection, "s", 1_000)
        self.assertEqual(self.ask("ann").status, 201)

    def ask(self, buyer):
        return self.connection.ask(claim("s", buyer))

    def assert_unavailable(self, *codes):
        """Nobody is told yes or no: neither a new buyer, nor a winner, nor who reads."""
        for data in (claim("s", "new"), claim("s", "ann"), get("/v1/sales/s")):
            answer = self.connection.ask(data)
            self.assertEqual(answer.status, 503, answer)
            self.assertIn(answer.code, codes or ("storage-unavailable",), answer)
            self.assertIsNotNone(answer.field("Retry-After"))

    def assert_back(self):
        eventually("claims are taken again", lambda: self.ask("after").status in (200, 201))
        again = self.ask("ann")
        self.assertEqual((again.status, again.json()["units"]), (200, [1]))
        eventually("ready", lambda: self.shop.ask_admin("/readyz").status == 200)

    def test_it_is_down(self):
        self.server.kill()
        eventually("known to be down", lambda: self.ask("x").code == "storage-unavailable")
        self.assert_unavailable()
        self.assertEqual(self.shop.ask_admin("/readyz").status, 503)
        self.wait_for_line(self.shop, "redis", str(self.server.port))
        self.server.start()
        self.assert_back()

    def test_it_stands_still(self):
        with self.server.frozen():
            answer = self.ask("slow")
            self.assertEqual((answer.status, answer.code), (503, "claim-unconfirmed"), answer)
            # Nobody waits for long once it is known.
            self.assert_unavailable("storage-unavailable", "claim-unconfirmed")
            self.assertEqual(self.shop.ask_admin("/livez").status, 200)
        self.assert_back()
        # Who was told nothing has one unit, or none; never two.
        self.assertIn(self.ask("slow").status, (200, 201))
        self.assertEqual(self.ask("slow").status, 200)

    def test_its_memory_is_full(self):
        self.server.say("CONFIG", "SET", "maxmemory", "1")
        self.assertEqual(self.ask("new").code, "storage-unavailable")
        self.assertEqual(self.connection.ask(get("/v1/sales/s")).status, 200)
        self.server.say("CONFIG", "SET", "maxmemory", "0")
        self.assert_back()

    def test_it_becomes_a_replica_of_nobody(self):
        self.server.say("REPLICAOF", "127.0.0.1", "1")
        eventually("claims are not taken", lambda: self.ask("x").status == 503)
        self.assertEqual(self.ask("x").code, "storage-unavailable")
        self.server.say("REPLICAOF", "NO", "ONE")
        self.assert_back()

    def test_it_loses_the_functions(self):
        self.server.say("FUNCTION", "FLUSH")
        self.assertIn(self.ask("new").status, (201, 503))
        self.assert_back()
        self.assertIn("doorbuster", self.server.say("FUNCTION", "LIST"))

    def test_it_loses_everything(self):
        self.server.say("FLUSHALL")
        self.assert_unavailable()
        self.wait_for_line(self.shop, "history", "rewound, and not sold from: s (acknowledged claims that are gone: 1)")
        self.assertIn("doorbuster_sales_rewound 1\n", self.shop.ask_admin("/metrics").text)
        self.assertEqual(self.server.say("EXISTS", "{s}:state"), "0")
        self.accept_rewind()
        # Another sale is none of it.
        self.create(self.connection, "t", 1)
        self.assertEqual(self.connection.ask(claim("t", "ann")).status, 201)

    def accept_rewind(self):
        """The merchant sees what is gone, says yes, and the sale is what Redis has: here nothing."""
        admin = "http://127.0.0.1:%d" % self.shop.admin[1]
        unasked = run_program("sale", "accept-rewind", "s", "--url", admin)
        self.assertEqual(unasked.returncode, 2, unasked)
        self.assertRegex(unasked.stdout, r"^gone  clm_\w{26}  ann\n$")
        self.assertIn("--yes", unasked.stderr)
        self.assert_unavailable()
        accepted = run_program("sale", "accept-rewind", "s", "--url", admin, "--yes")
        self.assertEqual(accepted.returncode, 0, accepted)
        self.assertIn("this gateway sells from it", accepted.stdout)
        self.assertEqual(self.ask("new").status, 404)
        self.wait_for_line(self.shop, "history", "ok")
        again = run_program("sale", "accept-rewind", "s", "--url", admin, "--yes")
        self.assertEqual((again.returncode, again.stdout), (1, ""), again)

    def test_it_is_set_up_for_less(self):
        self.server.say("CONFIG", "SET", "appendfsync", "everysec")
        self.wait_for_line(self.shop, "durability", "appendfsync is everysec, and must be always")
        self.assert_unavailable()
        self.assertEqual(self.shop.ask_admin("/readyz").status, 503)
        self.server.say("CONFIG", "SET", "appendfsync", "always")
        self.assert_back()

    def test_its_password_is_changed(self):
        self.server.say("CONFIG", "SET", "requirepass", "other")
        self.server.password = "other"
        self.server.say("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        self.wait_for_line(self.shop, "redis", "password")
        self.assert_unavailable()
        self.server.say("CONFIG", "SET", "requirepass", "")
        self.server.password = None
        self.assert_back()


class ManyGateways(OnRedis):

    def test_two_gateways_and_every_buyer_at_both(self):
        self.sell_from_two(self.redis())

    def test_the_same_on_a_cluster(self):
        cluster = RedisCluster(self.path("cluster"))
        self.addCleanup(cluster.kill)
        self.sell_from_two(cluster, "--redis.cluster")

    def test_a_gateway_finds_the_cluster_by_any_of_the_nodes_it_was_told(self):
        cluster = RedisCluster(self.path("cluster"), replicas=1)
        self.addCleanup(cluster.kill)
        first, second = cluster.servers[:2]
        first.kill()
        eventually("its replica is elected", lambda: 3 == sum(
            server.role()[0] == "master" for server in cluster.servers[1:]))
        gateway = self.gateway(cluster, "--redis.cluster", "--redis.nodes", f"127.0.0.1:1,127.0.0.1:{second.port}")
        with gateway.connect() as connection:
            for sale in ("a", "b", "c", "d"):
                self.create(connection, sale, 1)
                self.assertEqual(connection.ask(claim(sale, "ann")).status, 201)
        self.wait_for_line(gateway, "redis", "ok")

    def sell_from_two(self, redis, *arguments):
        gateways = [self.gateway(redis, *arguments) for _ in range(2)]
        buyers, units = scaled(20_000, 500), scaled(1_000, 50)
        with gateways[0].connect() as connection:
            self.create(connection, "drop", units)
        won, said, late = collections.defaultdict(set), collections.Counter(), []

        def answered(buyer, answer):
            said[answer.status] += 1
            if answer.status in (200, 201):
                value = answer.json()
                won[buyer].add((value["id"], tuple(value["units"])))
            elif answer.status == 503:
                late.append(buyer)
            else:
                self.assertEqual((answer.status, answer.code), (409, "sold-out"), answer)

        # Both hear of each buyer in another order.
        names = [f"b{number}" for number in range(buyers)]
        for turn, gateway in enumerate(gateways):
            chance(self.id(), turn).shuffle(names)
            crowd(gateway.address, [[(name, claim("drop", name)) for name in names[lane::8]] for lane in range(8)],
                  answered)
            with gateway.connect() as connection:
                while late:
                    buyer = late.pop()
                    answered(buyer, self.insist(connection, claim("drop", buyer)))
        self.assertEqual(len(won), units)
        self.assertEqual({len(claims) for claims in won.values()}, {1})
        self.assertEqual(len({unit for claims in won.values() for _, (unit,) in claims}), units)
        # Who was told late is told that there is one.
        self.assertTrue(units - said[503] <= said[201] <= units, said)
        with gateways[1].connect() as connection:
            self.assertEqual({each["buyer"] for each in listed(connection, "drop")}, set(won))
            stats = self.stats(connection, "drop")
            self.assertEqual((stats["available"], stats["confirmed"]), (0, units))

    def test_the_events_of_all_gateways_have_one_order_at_each(self):
        redis = self.redis()
        gateways = [self.gateway(redis) for _ in range(2)]
        connections = [gateway.connect() for gateway in gateways]
        for connection in connections:
            self.addCleanup(connection.close)
        for number, sale in enumerate(("a", "b")):
            self.create(connections[number], sale, 1_000)
        for number in range(200):
            for sale in ("a", "b"):
                answer = self.insist(connections[number % 2], claim(sale, f"b{number}"))
                self.assertIn(answer.status, (200, 201))

        def pages(connection, size):
            """All events so far, read page by page behind the cursor of the one before."""
            events, after = [], ""
            while True:
                answer = connection.ask(get(f"/v1/events?limit={size}" + (f"&after={after}" if after else "")))
                self.assertEqual(answer.status, 200, answer)
                page = answer.json()
                events += page["data"]
                if not page["has_more"]:
                    return events
                after = page["next"]

        wanted = 2 * (2 + 200)  # published, opened, and each claim
        at_each = [eventually("all events", lambda c=connection, n=size: (
            events if len(events := pages(c, n)) >= wanted else None)) for connection, size in zip(connections, (7, 1000))]
        self.assertEqual(at_each[0], at_each[1])
        self.assertEqual(len({event["id"] for event in at_each[0]}), wanted)
        for sale in ("a", "b"):
            own = [event for event in at_each[0] if event["subject"].split("/")[1] == sale]
            self.assertEqual([int(event["sequence"]) for event in own], list(range(1, 203)))
            self.assertEqual({event["source"] for event in own}, {own[0]["source"]})

    def test_a_gateway_that_is_killed_takes_nothing_with_it(self):
        redis = self.redis()
        doomed, other = self.gateway(redis), self.gateway(redis)
        rounds = scaled(6, 2)
        with other.connect() as connection:
            for round_number in range(rounds):
                sale = f"s{round_number}"
                self.create(connection, sale, 100_000)
                told = {}

                def answered(buyer, answer):
                    if answer.status == 201:
                        told[buyer] = answer.json()["id"]
                    if len(told) == 300 and doomed.process is not None:
                        doomed.kill()

                scripts = [[(f"{lane}-{number}", claim(sale, f"{lane}-{number}")) for number in range(4_000)]
                           for lane in range(4)]
                crowd(doomed.address, scripts, answered, may_break=True)
                self.assertGreaterEqual(len(told), 300)
                found = {each["buyer"]: each["id"] for each in listed(connection, sale)}
                self.assertEqual(told, {buyer: found.get(buyer) for buyer in told})
                doomed.start()


if __name__ == "__main__":
    if shutil.which("redis-server") is None:
        sys.exit(77)
    main()
