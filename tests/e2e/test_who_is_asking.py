"""Who is asking: keys that a running server follows, buyers named by a proxy, pages of other origins."""
import datetime
import http.server
import json
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import threading

from harness import (BINARY, DoorbusterTest, Connection, claim, eventually, get, main, post_json, request,
                     run_program, scaled)
from test_events import Stream

OK, FAILURE, USAGE, DENIED = 0, 1, 2, 5
KEY = re.compile(r"db_sk_[0-9a-hjkmnp-tv-z]{47}\n\Z")
FOLLOWS = 5  # seconds; it says within one, and this machine may be busy
HERE = os.path.dirname(os.path.abspath(__file__))
PAGES = os.path.join(HERE, "..", "..", "docs")


def bearer(key):
    return ("Authorization", f"Bearer {key}")


class Door(DoorbusterTest):
    """A server without --dev."""

    def open(self, *arguments):
        self.server = self.new_server(arguments=arguments)
        self.server.dev = False
        self.server.start()
        self.connection = self.server.connect()
        self.addCleanup(lambda: self.connection.close())

    @property
    def key_file(self):
        return self.path("data/keys.json")

    def keys(self, *arguments):
        return run_program("keys", *arguments, "--data-dir", self.path("data"))

    def make_key(self, name, scopes="all", *more):
        made = self.keys("create", name, "--scopes", scopes, *more)
        self.assertEqual(made.returncode, OK, made.stderr)
        self.assertRegex(made.stdout, KEY)
        return made.stdout.strip()

    def status_with(self, key, target="/v1/sales"):
        return self.connection.ask(get(target, [bearer(key)])).status

    def stream(self, key):
        stream = Stream(self.server.address, fields=[bearer(key)])
        self.addCleanup(stream.close)
        return stream

    def follows(self, what, condition):
        eventually(what, condition, FOLLOWS)

    def log_becomes(self, words):
        eventually(f"it says {words!r}", lambda: words in self.server.told())

    def command(self, *arguments, **environment):
        variables = {name: value for name, value in os.environ.items() if not name.startswith("DOORBUSTER_API")}
        variables["DOORBUSTER_URL"] = f"http://127.0.0.1:{self.server.port}"
        return run_program(*arguments, env={**variables, **environment})


class Keys(Door):

    def test_a_server_without_keys_says_how_to_make_one_and_follows(self):
        self.open()
        self.log_becomes(f"doorbuster keys create NAME --scopes all --file {self.key_file}")
        self.assert_refused(self.connection.ask(get("/v1/sales")), 401, "unauthenticated")
        self.assertEqual(self.connection.ask(get("/v1/sales/none/status")).status, 404)
        self.assertIn("[-]keys there are none yet", self.server.ask_admin("/readyz?verbose").text)
        key = self.make_key("shop")
        self.assertEqual(stat.S_IMODE(os.stat(self.key_file).st_mode), 0o600)
        with open(self.key_file, encoding="ascii") as file:
            self.assertNotIn(key, file.read())
        self.follows("the new key", lambda: self.status_with(key) == 200)
        self.assertIn("[+]keys ok", self.server.ask_admin("/readyz?verbose").text)
        other = self.make_key("other", "sales:write")
        self.follows("a second one", lambda: self.status_with(other) == 403)
        # The whole key, as one finds it leaked.
        self.assertEqual(self.keys("revoke", key).returncode, OK)
        self.follows("its end", lambda: self.status_with(key) == 401)
        self.assertEqual(self.status_with(other), 403)
        self.assertEqual(self.keys("revoke", "none").returncode, FAILURE)
        listed = json.loads(self.keys("list", "--json").stdout)["data"]
        self.assertEqual([(record["name"], record["status"]) for record in listed],
                         [("shop", "revoked"), ("other", "active")])
        self.server.restart()
        self.connection = self.server.connect()
        self.assertEqual((self.status_with(key), self.status_with(other)), (401, 403))

    def test_whoever_reads_events_goes_when_his_key_ends(self):
        self.open()
        keys = {name: self.make_key(name, "events:read") for name in ("revoked", "gone", "stays")}
        self.follows("the keys", lambda: all(self.status_with(key, "/v1/events") == 200
                                             for key in keys.values()))
        streams = {name: self.stream(key) for name, key in keys.items()}
        waiting = self.server.connect()
        waiting.send(get("/v1/events?wait=30", [bearer(keys["revoked"])]))
        self.assertEqual([stream.status for stream in streams.values()], [200] * 3)

        self.assertEqual(self.keys("revoke", "revoked").returncode, OK)
        answer = waiting.receive()  # long before its 30 s: at_end() below would be too late
        self.assert_refused(answer, 401, "unauthenticated")
        self.assertIn("revoked", answer.json()["detail"])
        waiting.close()
        self.assertIsNone(streams["revoked"].event())  # in good order, as at the server's end
        self.assert_a_stream_ends_at_the_expiry_of_its_key()

        with open(self.key_file, encoding="ascii") as file:
            value = json.load(file)
        value["keys"] = [record for record in value["keys"] if record["name"] != "gone"]
        with open(self.path("new"), "w", encoding="ascii") as file:
            json.dump(value, file)
        os.replace(self.path("new"), self.key_file)
        self.assertIsNone(streams["gone"].event())

        maker = self.make_key("maker")
        self.follows("the maker's key", lambda: self.status_with(maker) == 200)
        made = self.connection.ask(post_json("/v1/sales", {"id": "drop", "stock": 1, "title": "Drop"},
                                             [bearer(maker)]))
        self.assertEqual(made.status, 201, made)
        self.assertIn("sale.created", streams["stays"].event()[1])

    def assert_a_stream_ends_at_the_expiry_of_its_key(self):
        for seconds in (4, 16, 64):  # a busy machine may take longer to begin
            at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
            key = self.make_key(f"ends-{seconds}", "events:read", "--expires", at.strftime("%Y-%m-%dT%H:%M:%SZ"))
            self.server.signal(signal.SIGHUP)
            eventually("the key is known, or over", lambda: self.status_with(key, "/v1/events") == 200 or
                       datetime.datetime.now(datetime.timezone.utc) > at)
            stream = self.stream(key)
            if stream.status == 200:
                self.assertIsNone(stream.event())
                self.assertGreaterEqual(datetime.datetime.now(datetime.timezone.utc).timestamp(),
                                        int(at.timestamp()))
                self.assertEqual(self.stream(key).status, 401)
                return
        self.fail("no stream was begun before its key ended")

    def test_sighup_looks_at_the_keys_at_once(self):
        self.open()
        key = self.make_key("shop")
        self.server.signal(signal.SIGHUP)
        self.follows("the new key", lambda: self.status_with(key) == 200)

    def test_no_key_is_lost_when_many_are_made_at_once(self):
        command = [BINARY, "keys", "create", "--scopes", "all", "--data-dir", self.path("data")]
        makers = [subprocess.Popen([*command, f"k{n}"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
                  for n in range(12)]
        made = {maker.communicate(timeout=60)[0].decode().strip() for maker in makers}
        self.assertEqual([maker.returncode for maker in makers], [OK] * 12)
        self.open()
        self.assertEqual([self.status_with(key) for key in made], [200] * 12)

    def test_a_key_that_lives_is_never_refused_while_others_come_and_go(self):
        key = self.make_key("steady")
        self.open()
        wrong, stop = [], threading.Event()

        def hammer():
            with self.server.connect() as connection:
                while not stop.is_set():
                    answer = connection.ask(get("/v1/sales", [bearer(key)]))
                    if answer.status != 200:
                        wrong.append(answer)

        threads = [threading.Thread(target=hammer) for _ in range(2)]
        for thread in threads:
            thread.start()
        for number in range(scaled(30, least=5)):
            self.make_key(f"k{number}")
            self.assertEqual(self.keys("revoke", f"k{number}").returncode, OK)
        last = self.make_key("last")
        self.follows("the last of them", lambda: self.status_with(last) == 200)
        stop.set()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])

    def test_a_damaged_or_missing_file_keeps_the_keys_and_is_told(self):
        key = self.make_key("shop")
        self.open()
        with open(self.key_file, "r+", encoding="ascii") as file:
            whole = file.read()
            file.truncate(len(whole) // 2)

        def condition():
            return self.server.ask_admin("/readyz?verbose")

        self.follows("the damage is told", lambda: "[-]keys" in condition().text)
        self.assertEqual((self.status_with(key), condition().status), (200, 200))
        self.log_becomes("is not JSON, or only a part of it; 1 key read before stays in force")
        self.assertEqual(self.keys("create", "more", "--scopes", "all").returncode, FAILURE)
        os.remove(self.key_file)
        self.follows("its loss is told", lambda: "is gone" in condition().text)
        self.assertEqual(self.status_with(key), 200)
        other = self.make_key("other")
        self.follows("a new file", lambda: self.status_with(other) == 200)
        self.assertEqual(self.status_with(key), 401)
        self.assertIn("[+]keys ok", condition().text)
        self.server.stop()
        # Nothing was read before: it does not start.
        with open(self.key_file, "w", encoding="ascii") as file:
            file.write(whole[:-10])
        result = run_program("serve", "--data-dir", self.path("data"), "--http.listen", "127.0.0.1:0",
                             "--admin.listen", "127.0.0.1:0")
        self.assertEqual((result.returncode, result.stdout), (FAILURE, ""))
        self.assertIn(self.key_file + ": is not JSON", result.stderr)

    def test_the_commands_show_a_key(self):
        keys = {name: self.make_key(name, scopes) for name, scopes in [("all", "all"), ("reader", "sales:read")]}
        self.open()
        for name, key in keys.items():
            with open(self.path(name), "w", encoding="ascii") as file:
                file.write(key + "\n")
        create = ["sale", "create", "drop", "--stock", "5"]
        for result, said in [
                (self.command(*create), "--key-file or DOORBUSTER_API_KEY_FILE"),
                (self.command(*create, "--key-file", self.path("reader")), "Needed is sales:write."),
                (self.command("claims", "export", "drop", DOORBUSTER_API_KEY=keys["reader"]), "claims:read")]:
            self.assertEqual((result.returncode, result.stdout), (DENIED, ""), result.stderr)
            self.assertIn(said, result.stderr)
            self.assertNotIn("db_sk_0", result.stderr)
        self.assertEqual(self.command(*create, DOORBUSTER_API_KEY_FILE=self.path("all")).returncode, OK)
        self.assertEqual(self.command("sale", "show", "drop", DOORBUSTER_API_KEY=keys["reader"]).returncode, OK)
        exported = self.command("claims", "export", "drop", "--key-file", self.path("all"))
        self.assertEqual(exported.returncode, OK, exported.stderr)
        for wrong in ({"DOORBUSTER_API_KEY": keys["all"][:-1]},
                      {"DOORBUSTER_API_KEY": keys["all"], "DOORBUSTER_API_KEY_FILE": self.path("all")},
                      {"DOORBUSTER_API_KEY_FILE": self.path("nowhere")}):
            result = self.command("sale", "list", **wrong)
            self.assertEqual(result.returncode, USAGE, result.stderr)
            self.assertNotIn(keys["all"][6:20], result.stderr)
        self.assertEqual(self.keys("revoke", "all").returncode, OK)
        self.follows("its end", lambda: self.status_with(keys["all"]) == 401)
        result = self.command("sale", "list", "--key-file", self.path("all"))
        self.assertEqual(result.returncode, DENIED)
        self.assertIn("The key has been revoked.", result.stderr)


class Settings(Door):

    def test_what_makes_no_sense_is_a_usage_error_that_names_the_option(self):
        for arguments, said in [
                (["--trusted-proxies", "10.0.0.1/8"], "--trusted-proxies: '10.0.0.1/8' has bits behind"),
                (["--trusted-proxies", "0.0.0.0/0"], "is everybody"),
                (["--trusted-proxies", "proxy"], "is no address or network"),
                (["--http.cors-origins", "*"], "--http.cors-origins: '*' is every page"),
                (["--http.cors-origins", "https://Shop.example"], "did you mean 'https://shop.example'?"),
                (["--http.listen", "0.0.0.0:0"], "--behind-proxy"),
                (["--admin.listen", "0.0.0.0:0"], "--behind-proxy")]:
            with self.subTest(arguments):
                result = run_program("serve", *arguments, cwd=self.place)
                self.assertEqual((result.returncode, result.stdout), (USAGE, ""), result.stderr)
                self.assertIn(said, result.stderr)
                self.assertEqual(os.listdir(self.place), [])


class Pages(Door):

    def test_pages_of_listed_origins_alone_read_answers(self):
        shop, other = ("Origin", "https://shop.example"), ("Origin", "https://shop.example.evil")
        self.open("--http.cors-origins", "https://shop.example", "--trusted-proxies", "127.0.0.1")
        key = self.make_key("shop")
        self.follows("the key", lambda: self.status_with(key) == 200)
        self.connection.ask(post_json("/v1/sales", {"id": "drop", "stock": 5}, [bearer(key)]))
        form = [("Content-Type", "application/x-www-form-urlencoded;charset=UTF-8"), ("X-Buyer-Id", "ann")]
        for origin, allowed in [(shop, shop[1]), (other, None)]:
            answer = self.connection.ask(request("POST", "/v1/sales/drop/claims", b"idempotency_key=1&quantity=1",
                                                 [*form, origin]))
            self.assertIn(answer.status, (201, 200))
            self.assertEqual((answer.field("Access-Control-Allow-Origin"), answer.field("Vary")), (allowed, "Origin"))
            preflight = self.connection.ask(request("OPTIONS", "/v1/sales/drop/claims", fields=[
                origin, ("Access-Control-Request-Method", "POST"),
                ("Access-Control-Request-Headers", "content-type,idempotency-key")]))
            self.assertEqual((preflight.status, preflight.field("Access-Control-Allow-Origin")), (204, allowed))
            self.assertEqual("Idempotency-Key" in (preflight.field("Access-Control-Allow-Headers") or ""),
                             allowed is not None)
            status = self.connection.ask(get("/v1/sales/drop/status", [origin]))
            self.assertEqual(status.field("Access-Control-Allow-Origin"), "*")
        plain = self.connection.ask(request("POST", "/v1/sales/drop/claims", b"{}", [
            ("Content-Type", "text/plain"), ("X-Buyer-Id", "ann"), shop]))
        self.assert_refused(plain, 415, "unsupported-media-type")


class Who(http.server.BaseHTTPRequestHandler):
    """The shop's own service: the session "s-NAME" belongs to NAME."""

    def do_GET(self):
        session = re.fullmatch(r"session=s-(\w+)", self.headers.get("Cookie", ""))
        self.send_response(200 if session else 401)
        if session:
            self.send_header("X-Shop-User", session.group(1))
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_POST = do_GET

    def log_message(self, *_):
        pass


class BehindNginx(Door):
    """nginx as docs/identity.md has it."""

    def setUp(self):
        super().setUp()
        if shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin") is None:
            self.skipTest("there is no nginx")
        # One thread among the trusted: 127.0.0.2 is the proxy's own address, the tests' is another.
        self.open("--trusted-proxies", "127.0.0.2")
        self.key = self.make_key("shop")
        self.follows("the key", lambda: self.status_with(self.key) == 200)
        created = self.connection.ask(post_json("/v1/sales", {"id": "drop", "stock": 5}, [bearer(self.key)]))
        self.assertEqual(created.status, 201)
        shop = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Who)
        threading.Thread(target=shop.serve_forever, daemon=True).start()
        self.addCleanup(shop.server_close)
        self.addCleanup(shop.shutdown)
        self.front = self.start_nginx(shop.server_address[1])

    def start_nginx(self, shop_port):
        with open(os.path.join(PAGES, "identity.md"), encoding="utf-8") as page:
            server = re.search(r"```nginx\n(.*?)```", page.read(), re.S).group(1)
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        for asked, here in [("listen 443 ssl;", f"listen 127.0.0.1:{port}; proxy_bind 127.0.0.2;"),
                            ("shop.internal:9000", f"127.0.0.1:{shop_port}"),
                            ("http://127.0.0.1:8080", f"http://127.0.0.1:{self.server.port}")]:
            self.assertIn(asked, server)
            server = server.replace(asked, here)
        folder = self.path("nginx")
        os.mkdir(folder)
        temporary = "".join(f"{kind}_temp_path {folder}/{kind};\n"
                            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        with open(folder + "/nginx.conf", "w", encoding="utf-8") as file:
            file.write(f"daemon off; master_process off; pid {folder}/pid; error_log stderr;\n"
                       f"events {{}}\nhttp {{ access_log off;\n{temporary}{server}}}\n")
        path = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")
        with open(folder + "/log", "wb") as log:
            process = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", path, "-p", folder, "-c",
                                        folder + "/nginx.conf"], stdout=log, stderr=log)

        def end():
            process.kill()
            process.wait()

        self.addCleanup(end)

        def listens():
            self.assertIsNone(process.poll(), "nginx ended by itself; see its log")
            try:
                Connection(("127.0.0.1", port)).close()
            except ConnectionError:
                return False
            return True

        eventually("nginx listens", listens)
        return "127.0.0.1", port

    def through(self, data):
        with Connection(self.front) as connection:
            return connection.ask(data)

    def claim_as(self, session, *fields):
        cookie = [("Cookie", f"session={session}")] if session else []
        return self.through(request("POST", "/v1/sales/drop/claims", fields=[*cookie, *fields]))

    def test_what_a_client_sends_does_not_survive(self):
        self.assertEqual(self.claim_as("s-ann").json()["buyer"], "ann")
        for forged in ([("X-Buyer-Id", "bob")], [("x-buyer-id", "bob"), ("X-Buyer-Id", "cid")],
                       [("X_Buyer_Id", "bob")], [("X-Buyer-Id", "")], [bearer(self.key)],
                       [("X-Buyer-Id", "bob"), bearer(self.key)]):
            with self.subTest(forged):
                answer = self.claim_as("s-ann", *forged)
                self.assertEqual((answer.status, answer.json()["buyer"]), (200, "ann"))
                self.assertEqual(self.claim_as(None, *forged).status, 401)
                status = self.through(get("/v1/sales/drop/status", forged))
                self.assertEqual(status.status, 200)
        self.assertEqual(self.through(get("/v1/sales", [bearer(self.key)])).status, 401)
        stats = self.connection.ask(get("/v1/sales/drop/stats", [bearer(self.key)])).json()
        self.assertEqual((stats["confirmed"], stats["available"]), (1, 4))
        # Who does not come through the proxy is no buyer, whatever he says.
        self.assert_refused(self.connection.ask(claim("drop", "ann")), 401, "unauthenticated")


if __name__ == "__main__":
    main()
