"""Stopping under load, overload, and two servers that want the same thing."""
import collections
import os
import signal
import stat
import time

from harness import (DoorbusterTest, SCALE, chance, claim, crowd, eventually, get, listed, main,
                     run_program)

DRAIN_SECONDS = 10  # what the server gives requests under way, and a little for the disk and the machine
SLACK_SECONDS = 5 / min(SCALE, 1)


class Shutdown(DoorbusterTest):

    def stop_under_load(self, number):
        """SIGTERM in the middle of claims; returns what was answered with 201, and how many were not."""
        random = chance(self.id(), number)
        server = self.serve()
        with server.connect() as connection:
            self.create(connection, f"s{number}", 1_000_000)
        won, codes = {}, collections.Counter()
        wanted = random.randrange(200, 3000)
        stopped_at = None

        def script(first):
            turn = 0
            while True:
                turn += 1
                buyer = f"b{first}-{turn}"
                yield buyer, claim(f"s{number}", buyer)

        def answered(buyer, answer):
            nonlocal stopped_at
            codes[answer.status] += 1
            if answer.status == 201:
                won[buyer] = answer.json()
            if stopped_at is None and len(won) >= wanted:
                stopped_at = time.monotonic()
                server.signal(signal.SIGTERM)

        lost = crowd(server.address, [script(first) for first in range(32)], answered, may_break=True)
        self.assertEqual(server.wait(), 0, server.log())
        took = time.monotonic() - stopped_at
        self.assertLess(took, DRAIN_SECONDS + SLACK_SECONDS)
        self.assertEqual(set(codes) - {201, 503}, set(), codes)
        return won, len(lost), took

    def test_sigterm_under_load_loses_no_answer_that_was_given(self):
        for number in range(5):
            won, lost, took = self.stop_under_load(number)
            result = run_program("verify", self.path("data"))
            self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
            server = self.serve()
            with server.connect() as connection:
                claims = {one["buyer"]: one for one in listed(connection, f"s{number}")}
                for buyer, claim_seen in won.items():
                    self.assertEqual(claims.get(buyer), claim_seen)
                self.assertIs(self.stats(connection, f"s{number}")["conserved"], True)
            server.stop()
            print(f"{len(won)} answered, {lost} under way got none, ended in {took:.2f} s", flush=True)

    def test_an_idle_connection_does_not_hold_up_the_end(self):
        server = self.serve()
        with server.connect() as idle, server.connect() as half:
            idle.ask(get("/v1/sales"))
            half.send(b"GET /v1/sales HTTP/1.1\r\nHo")
            started = time.monotonic()
            server.stop()
            self.assertLess(time.monotonic() - started, DRAIN_SECONDS + SLACK_SECONDS)
            self.assertEqual(idle.at_end(), b"")

    def test_a_first_sigint_drains_and_a_second_ends_at_once(self):
        self.serve("idle").signal(signal.SIGINT)
        self.assertEqual(self.servers[-1].wait(), 0)

        server = self.serve()
        with server.connect() as half:
            half.send(b"GET /v1/sales HTTP/1.1\r\nHo")
            server.ask(get("/v1/sales"))  # on a later connection, so that the half request was seen
            server.signal(signal.SIGINT)
            eventually("it listens no more", lambda: not server.listens())
            self.assertIsNone(server.process.poll(), "it did not wait for the request under way")
            server.signal(signal.SIGINT)
            started = time.monotonic()
            self.assertEqual(server.wait(), 130)
            self.assertLess(time.monotonic() - started, DRAIN_SECONDS / 2)

    def test_nobody_is_accepted_once_it_has_ended(self):
        server = self.serve()
        address = server.address
        server.stop()
        with self.assertRaises(ConnectionRefusedError):
            crowd(address, [[(None, get("/v1/sales"))]], lambda *_: None)


class Overload(DoorbusterTest):

    def test_far_more_requests_under_way_than_are_taken_at_a_time_are_all_decided(self):
        """256 connections with 200 requests each under way: nobody is refused, nobody waits for ever.

        (What the disk cannot keep up with at all is in test_stall.py: 503, and never a false no.)
        """
        server = self.serve()
        count, connections = int(200 * SCALE) or 20, 256
        with server.connect() as connection:
            self.create(connection, "s", connections * count)
            codes = collections.Counter()
            crowd(server.address,
                  [[(None, claim("s", f"b{first}-{turn}")) for turn in range(count)]
                   for first in range(connections)],
                  lambda _, answer: codes.update([answer.status]), depth=200, seconds=180)
            self.assertEqual(codes, {201: connections * count})
            stats = self.stats(connection, "s")
            self.assertEqual((stats["available"], stats["conserved"]), (0, True))

    def test_slow_clients_do_not_slow_the_others(self):
        server = self.serve()
        slow = [server.connect() for _ in range(200)]
        try:
            for connection in slow:
                connection.send(b"POST /v1/sales/s/claims HTTP/1.1\r\nHost: localhost\r\nX-Bu")
            with server.connect() as connection:
                self.create(connection, "s", 10_000)
                for number in range(200):
                    self.assertEqual(connection.ask(claim("s", f"b{number}")).status, 201)
        finally:
            for connection in slow:
                connection.close()

    def test_a_head_that_is_never_complete_is_408_in_its_time(self):
        server = self.serve()
        with server.connect(seconds=30) as connection:
            started = time.monotonic()
            connection.send(b"GET /v1/sales HTTP/1.1\r\nHo")
            self.assert_refused(connection.receive(), 408, "request-timeout")
            self.assertEqual(connection.at_end(), b"")
            self.assertGreater(time.monotonic() - started, 5)


class TwoServers(DoorbusterTest):

    def serve_elsewhere(self, *arguments):
        return run_program("serve", "--dev", *arguments, seconds=60)

    def test_a_data_directory_has_one_server(self):
        server = self.serve()
        result = self.serve_elsewhere("--data-dir", server.data_dir, "--http.listen", "127.0.0.1:0",
                                      "--admin.listen", "127.0.0.1:0")
        self.assertEqual(result.returncode, 1, result)
        self.assertIn(server.data_dir, result.stderr)
        self.assertRegex(result.stderr, "in use|another")
        self.assertNotIn("ready", result.stdout)
        self.assertEqual(server.ask(get("/v1/sales")).status, 200)
        server.stop()
        self.serve()

    def test_a_port_has_one_server(self):
        server = self.serve()
        for option in ("--http.listen", "--admin.listen"):
            with self.subTest(option):
                other = {"--http.listen": "--admin.listen", "--admin.listen": "--http.listen"}[option]
                result = self.serve_elsewhere("--data-dir", self.path("other"), option,
                                              f"127.0.0.1:{server.port}", other, "127.0.0.1:0")
                self.assertEqual(result.returncode, 1, result)
                self.assertIn(f"127.0.0.1:{server.port}", result.stderr)
                self.assertNotIn("ready", result.stdout)
        self.assertEqual(server.ask(get("/v1/sales")).status, 200)

    def test_the_data_directory_is_for_its_owner_alone(self):
        old = os.umask(0)
        try:
            server = self.serve()
        finally:
            os.umask(old)
        self.assertEqual(stat.S_IMODE(os.stat(server.data_dir).st_mode), 0o700)
        for folder, folders, files in os.walk(server.data_dir):
            for name in folders + files:
                mode = stat.S_IMODE(os.lstat(os.path.join(folder, name)).st_mode)
                self.assertEqual(mode & 0o077, 0, f"{name} is {mode:o}")

    def test_a_data_directory_that_cannot_be_made_is_named(self):
        with open(self.path("file"), "w", encoding="utf-8"):
            pass
        wanted = self.path("file/data")
        result = self.serve_elsewhere("--data-dir", wanted, "--http.listen", "127.0.0.1:0", "--admin.listen",
                                      "127.0.0.1:0")
        self.assertNotEqual(result.returncode, 0)
        self.assertIn(wanted, result.stderr)


if __name__ == "__main__":
    main()
