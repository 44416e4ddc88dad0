"""The command line: help, mistakes, health, and what verify finds."""
import json
import os
import re
import socket

from harness import DoorbusterTest, chance, claim, main, post_form, run_program

OK, FAILURE, USAGE, VIOLATED, UNREACHABLE = 0, 1, 2, 3, 4
BLOCK = 4096  # a group of the journal begins at a multiple of it


class Help(DoorbusterTest):

    def test_help_begins_with_examples(self):
        for arguments in (["--help"], ["serve", "--help"], ["verify", "--help"], ["health", "--help"]):
            with self.subTest(arguments):
                result = run_program(*arguments)
                self.assertEqual((result.returncode, result.stderr), (OK, ""))
                self.assertIn("doorbuster " + arguments[0].replace("--help", "serve"), result.stdout)
                examples = re.search("(?i)example", result.stdout)
                self.assertTrue(examples, result.stdout)
                options = re.search("(?im)^options", result.stdout)
                if options:
                    self.assertLess(examples.start(), options.start())

    def test_a_mistake_is_exit_code_2_with_a_hint_on_stderr(self):
        for arguments, hint in [(["serve", "--data-dri", "x"], "--data-dir"), (["serv"], "serve"),
                                (["serve", "--http.lisen", "127.0.0.1:0"], "--http.listen"),
                                (["verfy", "x"], "verify"), (["serve", "--io-thread", "2"], "--io-threads")]:
            with self.subTest(arguments):
                result = run_program(*arguments, cwd=self.place)
                self.assertEqual((result.returncode, result.stdout), (USAGE, ""), result)
                self.assertRegex(result.stderr, f"(?i)did you mean.*{re.escape(hint)}")

    def test_a_value_that_makes_no_sense_is_exit_code_2(self):
        for arguments in (["serve", "--dev", "--http.listen", "nonsense"], ["verify"], [],
                          ["serve", "--dev", "--http.listen", "127.0.0.1:99999"],
                          ["serve", "--dev", "--io-threads", "0"], ["serve", "--dev", "--io-threads", "x"],
                          ["serve", "--dev", "extra"]):
            with self.subTest(arguments):
                result = run_program(*arguments, cwd=self.place)
                self.assertEqual(result.returncode, USAGE, result)
                self.assertTrue(result.stderr.strip())
                self.assertEqual(os.listdir(self.place), [])

    def test_the_version(self):
        result = run_program("--version")
        self.assertEqual(result.returncode, OK)
        self.assertRegex(result.stdout, r"\d+\.\d+\.\d+")


class Ready(DoorbusterTest):

    def test_the_ready_block_leads_to_a_claim(self):
        server = self.serve(arguments=["--demo"])
        said = server.stdout
        self.assertRegex(said, r'demo sale "demo": 1,000 units')
        found = re.search(r"try\s+curl -X POST (\S+?)(/\S+) -H 'X-Buyer-Id: alice'", said)
        self.assertTrue(found, said)
        self.assertEqual((found.group(1), found.group(2)),
                         (f"127.0.0.1:{server.port}", "/v1/sales/demo/claims"))
        self.assertIn(f"crowd   ./run bench --buyers 200000 --url http://127.0.0.1:{server.port}\n", said)
        first = server.ask(claim("demo", "alice"))
        again = server.ask(claim("demo", "alice"))
        self.assertEqual((first.status, again.status, again.body), (201, 200, first.body))
        server.restart()  # the demo sale is there already
        self.assertEqual(server.ask(claim("demo", "alice")).body, first.body)

    def test_health(self):
        server = self.serve()
        url = "http://127.0.0.1:%d" % server.admin[1]
        result = run_program("health", "--url", url)
        self.assertEqual((result.returncode, result.stdout), (OK, "ready\n"), result)
        result = run_program("health", "--url", url, "--json")
        self.assertEqual((result.returncode, json.loads(result.stdout)["ready"]), (OK, True), result)
        # Another listener than the one that can tell.
        result = run_program("health", "--url", "http://127.0.0.1:%d" % server.port)
        self.assertEqual(result.returncode, UNREACHABLE, result)
        server.stop()
        result = run_program("health", "--url", url, "--json")
        self.assertEqual((result.returncode, json.loads(result.stdout)["ready"]), (UNREACHABLE, False), result)
        self.assertIn(url, result.stderr)
        # Somebody who listens but never answers.
        with socket.create_server(("127.0.0.1", 0)) as silent:
            url = "http://127.0.0.1:%d" % silent.getsockname()[1]
            result = run_program("health", "--url", url)
            self.assertEqual(result.returncode, UNREACHABLE, result)
        self.assertEqual(run_program("health", "--url", "nonsense").returncode, USAGE)


class Verify(DoorbusterTest):

    def use(self, claims):
        """A data directory in which something happened, its server stopped."""
        server = self.serve()
        with server.connect() as connection:
            self.create(connection, "s", 1000, per_buyer_limit=3)
            for number in range(claims):
                # One after the other: each in a group of its own.
                self.assertEqual(connection.ask(claim("s", f"b{number}", 2, f"k{number}")).status, 201)
            self.assertEqual(connection.ask(post_form("/send/goods", "count=3")).status, 200)
        return server

    def segment(self):
        folder = self.path("data/journal")
        names = sorted(name for name in os.listdir(folder) if name.endswith(".seg"))
        for name in names:
            path = os.path.join(folder, name)
            with open(path, "rb") as file:
                data = file.read()
            used = len(data.rstrip(b"\0"))
            if used > BLOCK:
                return path, data, used
        self.fail(f"no segment is used: {names}")

    def test_a_fresh_and_a_used_directory_add_up(self):
        self.serve().stop()
        self.assertEqual(run_program("verify", self.path("data")).returncode, OK)
        self.use(20).stop()
        result = run_program("verify", self.path("data"))
        self.assertEqual((result.returncode, result.stderr), (OK, ""), result)
        self.assertEqual(result.stdout, f"{self.path('data')} adds up: 2 sales, 20 claims, 24 events; "
                                        "it was stopped cleanly.\n")
        result = run_program("verify", self.path("data"), "--json")
        found = json.loads(result.stdout)
        self.assertEqual((found["adds_up"], found["clean_stop"], found["events"]), (True, True, 24))
        self.assertEqual([(sale["id"], sale["stock"], sale["available"], sale["confirmed"], sale["claims"])
                          for sale in found["sales"]], [("s", 1000, 960, 40, 20), ("goods-1", 3, 3, 0, 0)])

    def test_after_a_kill_it_adds_up_too(self):
        self.use(20).kill()
        result = run_program("verify", self.path("data"), "--json")
        self.assertEqual(result.returncode, OK, result.stdout + result.stderr)
        found = json.loads(result.stdout)
        self.assertEqual((found["adds_up"], found["clean_stop"], found["events"]), (True, False, 24))

    def test_where_there_is_no_data_directory_it_says_so(self):
        for path in (self.path("nowhere"), self.place):
            result = run_program("verify", path)
            self.assertNotIn(result.returncode, (OK, VIOLATED), result)
            self.assertIn(path, result.stderr)

    def check_damage_is_named(self, path, at, exact):
        """verify finds it, says where, and the server will not start on it."""
        verify = run_program("verify", self.path("data"))
        serve = run_program("serve", "--dev", "--data-dir", self.path("data"), "--http.listen", "127.0.0.1:0",
                            "--admin.listen", "127.0.0.1:0")
        self.assertEqual(verify.returncode, VIOLATED, f"byte {at}: {verify}")
        self.assertNotEqual(serve.returncode, OK)
        self.assertNotIn("ready", serve.stdout)
        for result in (verify, serve):
            said = result.stdout + result.stderr
            self.assertIn(os.path.basename(path), said, f"byte {at}")
            offset = re.search(r"offset (\d[\d,]*)", said)
            self.assertTrue(offset, said)
            if exact:
                # It names the group, which here is one block.
                self.assertIn(at - int(offset.group(1).replace(",", "")), range(BLOCK), said)

    def test_one_changed_byte_is_found_and_named(self):
        self.use(40).stop()
        path, data, used = self.segment()
        random = chance(self.id())
        # Everywhere before the last group, which here is one block; the segment's header too. Zeros are
        # left alone, since most of them are filling, which belongs to nothing.
        places = [at for at in range((used - 1) // BLOCK * BLOCK) if data[at]]
        chosen = [places[0], places[len(places) // 2], *random.sample(places, 12)]
        for at in chosen:
            with self.subTest(at):
                damaged = bytearray(data)
                damaged[at] ^= 1 << random.randrange(8)
                with open(path, "wb") as file:
                    file.write(damaged)
                self.check_damage_is_named(path, at, exact=at >= BLOCK)
        with open(path, "wb") as file:
            file.write(data)
        self.assertEqual(run_program("verify", self.path("data")).returncode, OK)
        self.serve().stop()

    def test_a_segment_that_is_gone_or_cut_short_is_found(self):
        self.use(40).stop()
        path, data, used = self.segment()
        for what, change in [("cut short", lambda: os.truncate(path, used // 2 // BLOCK * BLOCK)),
                             ("gone", lambda: os.remove(path))]:
            with self.subTest(what):
                change()
                result = run_program("verify", self.path("data"))
                self.assertEqual(result.returncode, VIOLATED, result)
                self.assertIn(os.path.basename(path), result.stdout + result.stderr)
                with open(path, "wb") as file:
                    file.write(data)
        self.assertEqual(run_program("verify", self.path("data")).returncode, OK)

    def test_beside_a_running_server_it_changes_nothing(self):
        server = self.use(10)
        result = run_program("verify", self.path("data"))
        self.assertEqual(result.returncode, OK, result.stdout + result.stderr)
        with server.connect() as connection:
            self.assertEqual(connection.ask(claim("s", "somebody-new")).status, 201)
        server.stop()


if __name__ == "__main__":
    main()
