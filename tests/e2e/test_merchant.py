"""The merchant's commands: sales and claims of a running server, from the command line."""
import contextlib
import csv
import io
import json
import os
import pty
import re
import select
import signal
import socket
import subprocess
import threading
import time

from harness import (BINARY, DoorbusterTest, Late, claim, crowd, listed, main, post_json, request, run_program,
                     scaled)

OK, FAILURE, USAGE, UNREACHABLE, DENIED, INTERRUPTED = 0, 1, 2, 4, 5, 130


def run(server, *arguments, **options):
    """Runs a command against a server, which it finds by the environment."""
    url = server if isinstance(server, str) else f"http://127.0.0.1:{server.port}"
    environment = {**os.environ, "DOORBUSTER_URL": url, **options.pop("environment", {})}
    return run_program(*arguments, env=environment, **options)


def on_terminal(server, *arguments, typed="", **environment):
    """The same on a terminal; returns the exit code and all that was shown there."""
    controller, terminal = pty.openpty()
    variables = {**os.environ, "DOORBUSTER_URL": f"http://127.0.0.1:{server.port}", "TERM": "xterm",
                 "NO_COLOR": "", **environment}
    with subprocess.Popen([BINARY, *arguments], stdin=terminal, stdout=terminal, stderr=terminal,
                          env=variables) as process:
        os.close(terminal)
        if typed:
            os.write(controller, typed.encode())
        shown = b""
        with contextlib.suppress(OSError):  # how a terminal's end shows itself
            while select.select([controller], [], [], 60)[0]:
                piece = os.read(controller, 4096)
                if not piece:
                    break
                shown += piece
        os.close(controller)
        return process.wait(60), shown.decode().replace("\r\n", "\n")


class Scripted:
    """A server that gives these answers, each to one request, and notes what it was asked.

    An answer is bytes, the last of them as often as it is needed; or an event to wait for before the
    next one.
    """

    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = []
        self.changed = threading.Condition()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                connection = self.listener.accept()[0]
                with connection:
                    while self._answer(connection):
                        pass

    def _answer(self, connection):
        head = b""
        while b"\r\n\r\n" not in head:
            more = connection.recv(65536)
            if not more:
                return False
            head += more
        with self.changed:
            self.asked.append(head.split(b"\r\n")[0].decode())
            self.changed.notify_all()
        while self.answers and isinstance(self.answers[0], threading.Event):
            self.answers.pop(0).wait(60)
        said = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        connection.sendall(said)
        return b"Connection: close" not in said

    def wait_asked(self, count):
        with self.changed:
            if not self.changed.wait_for(lambda: len(self.asked) >= count, 60):
                raise Late(f"asked only {self.asked}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        # A thread that still accepted could do so from the next test's server, under the same number.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.thread.join(60)
        self.listener.close()


def answer(status, value, *fields):
    body = json.dumps(value).encode()
    head = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", "Content-Type: application/json", *fields]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


class Sales(DoorbusterTest):

    def test_a_sale_is_created_listed_and_shown(self):
        server = self.serve()
        result = run(server, "sale", "list")
        self.assertEqual((result.returncode, result.stdout), (OK, ""), result)
        self.assertIn("no sales yet", result.stderr)
        create = ["sale", "create", "drop", "--stock", "1000", "--title", "iPhone 秒杀",
                  "--per-buyer-limit", "2", "--opens-at", "2036-11-11T13:00:00+01:00", "--metadata", '{"sku": 7}']
        result = run(server, *create)
        self.assertEqual((result.returncode, result.stderr), (OK, ""), result)
        self.assertEqual(result.stdout, "created drop, 1,000 units, scheduled, opens 2036-11-11 12:00:00Z\n")
        result = run(server, *create)  # a second click
        self.assertEqual((result.returncode, result.stdout.partition(":")[0]), (OK, "exists already"), result)
        with server.connect() as connection:
            self.create(connection, "now", 5, title={"en": "Now", "zh-CN": "现在"})
            for buyer in ("ann", "bob"):
                self.assertEqual(connection.ask(claim("now", buyer)).status, 201)
        result = run(server, "sale", "list", environment={"LC_ALL": "zh_CN.UTF-8"})
        self.assertEqual(result.stdout, "ID    STATUS     STOCK  OPENS                 CLOSES  TITLE\n"
                                        "drop  scheduled  1,000  2036-11-11 12:00:00Z  -       iPhone 秒杀\n"
                                        "now   open           5  -                     -       现在\n")
        result = run(server, "sale", "show", "now")
        self.assertEqual((result.returncode, result.stderr), (OK, ""), result)
        self.assertIn("now  Now\nstatus       open\n", result.stdout)
        self.assertIn("stock        5: 3 available, 0 held, 2 confirmed\n", result.stdout)
        found = json.loads(run(server, "sale", "list", "--json").stdout)["data"]
        self.assertEqual([(sale["id"], sale["metadata"]) for sale in found], [("drop", {"sku": 7}), ("now", {})])
        found = json.loads(run(server, "sale", "show", "now", "--json").stdout)
        self.assertEqual((found["id"], found["stock"], found["stats"]["confirmed"]), ("now", 5, 2))

    def test_more_sales_than_a_page(self):
        server = self.serve()
        names = [f"s-{number}" for number in range(1003)]
        with server.connect() as connection:
            for name in names:
                self.create(connection, name, 1)
        lines = run(server, "sale", "list").stdout.splitlines()
        self.assertEqual([line.split()[0] for line in lines[1:]], names)
        found = json.loads(run(server, "sale", "list", "--json").stdout)["data"]
        self.assertEqual([sale["id"] for sale in found], names)

    def test_what_the_server_refuses_is_one_sentence_on_stderr(self):
        server = self.serve()
        self.assertEqual(run(server, "sale", "create", "drop", "--stock", "5").returncode, OK)
        for arguments, said in [
                (["sale", "create", "drop", "--stock", "6"], r"Already exists: .+"),
                (["sale", "create", "x", "--stock", "0", "--opens-at", "noon"],
                 r"Invalid request: .+ /stock: must be .+; /opens_at: must be .+"),
                (["sale", "show", "nosuch"], r"Not found: .+"),
                (["sale", "set", "nosuch", "--stock", "+1"], r"Not found: .+"),
                (["claims", "list", "nosuch"], r"Not found: .+"),
                (["claims", "list", "drop", "--after", "x"], r"Invalid request: .+ after: must be a cursor.+"),
                (["claims", "export", "nosuch"], r"Not found: .+")]:
            with self.subTest(arguments):
                result = run(server, *arguments)
                self.assertEqual((result.returncode, result.stdout), (FAILURE, ""), result)
                self.assertRegex(result.stderr, rf"\Adoorbuster: {said}\n\Z")

    def test_where_nobody_can_answer_the_exit_code_is_4(self):
        with socket.create_server(("127.0.0.1", 0)) as closed:
            url = "http://127.0.0.1:%d" % closed.getsockname()[1]
        for arguments in (["sale", "list"], ["sale", "create", "x", "--stock", "1"], ["sale", "set", "x", "--stock", "1"],
                          ["sale", "pause", "x"], ["sale", "delete", "x", "--yes"], ["claims", "export", "x"],
                          ["clock", "accept", "--url", url]):
            with self.subTest(arguments):
                result = run(url, *arguments)
                self.assertEqual((result.returncode, result.stdout), (UNREACHABLE, ""), result)
                self.assertIn(url, result.stderr)
                self.assertNotIn("whether it was done", result.stderr)
        overloaded = answer(503, {"title": "Overloaded", "detail": "Too much is waiting."}, "Retry-After: 1")
        with Scripted(overloaded) as server:
            for arguments in (["sale", "list"], ["sale", "resume", "x"], ["claims", "export", "x"]):
                result = run(server, *arguments)
                self.assertEqual((result.returncode, result.stdout, result.stderr),
                                 (UNREACHABLE, "", "doorbuster: Overloaded: Too much is waiting.\n"))
        self.assertEqual(run("https://h", "sale", "list").returncode, USAGE)

    def test_who_may_not_is_told_so_with_exit_code_5(self):
        for status in (401, 403):
            with Scripted(answer(status, {"title": "Not allowed", "detail": "No key."})) as server:
                for arguments in (["sale", "list"], ["sale", "create", "x", "--stock", "1"], ["claims", "list", "x"]):
                    result = run(server, *arguments)
                    # Without a key, where one is asked for, it says where to name one.
                    hint = " Name one with --key-file or DOORBUSTER_API_KEY_FILE." if status == 401 else ""
                    self.assertEqual((result.returncode, result.stdout, result.stderr),
                                     (DENIED, "", f"doorbuster: Not allowed: No key.{hint}\n"))

    def test_a_lost_answer_is_called_what_it_is(self):
        sale = answer(200, {"id": "x", "stock": 5, "status": "open"}, 'ETag: "3"')
        for arguments, advice, before in [
                (["sale", "create", "x", "--stock", "1"], "the same command again is safe", []),
                (["sale", "pause", "x"], "the same command again is safe", []),
                (["sale", "set", "x", "--stock", "+1"], "doorbuster sale show x", [sale])]:
            with self.subTest(arguments), Scripted(*before, b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n"
                                                   b"Connection: close\r\n\r\n{") as server:
                result = run(server, *arguments)
                self.assertEqual((result.returncode, result.stdout), (UNREACHABLE, ""), result)
                self.assertRegex(result.stderr, rf"whether it was done is not known: .*{advice}")

    def test_a_change_meanwhile_is_never_written_over(self):
        sale = answer(200, {"id": "x", "stock": 5, "status": "open"}, 'ETag: "3"')
        changed = answer(412, {"title": "Precondition failed", "detail": "..."}, 'ETag: "4"')
        with Scripted(sale, changed) as server:
            result = run(server, "sale", "set", "x", "--stock", "+1")
            self.assertEqual((result.returncode, result.stdout), (FAILURE, ""), result)
            self.assertRegex(result.stderr, "somebody has changed 'x' meanwhile, so nothing was set")
            self.assertEqual(server.asked, ["GET /v1/sales/x HTTP/1.1", "PATCH /v1/sales/x HTTP/1.1"])
        # `goods` names the newest round: what is changed is the one that was read.
        round_3 = answer(200, {"id": "goods-3", "stock": 5, "status": "open"}, 'ETag: "1"')
        with Scripted(round_3) as server:
            self.assertEqual(run(server, "sale", "set", "goods", "--stock", "+1").returncode, OK)
            self.assertEqual(server.asked, ["GET /v1/sales/goods HTTP/1.1", "PATCH /v1/sales/goods-3 HTTP/1.1"])

    def test_what_cannot_be_undone_is_asked_for_or_needs_yes(self):
        server = self.serve()
        with server.connect() as connection:
            self.create(connection, "drop", 5)
        for act in ("close", "cancel", "delete"):
            with self.subTest(act):
                result = run(server, "sale", act, "drop")
                self.assertEqual((result.returncode, result.stdout), (USAGE, ""), result)
                self.assertIn("--yes", result.stderr)
                code, shown = on_terminal(server, "sale", act, "drop", typed="drip\n")
                self.assertEqual(code, FAILURE, shown)
                self.assertIn("Type its id", shown)
                self.assertIn("that is not 'drop': nothing was done", shown)
                code, shown = on_terminal(server, "sale", act, "drop", typed="\x04")  # no answer at all
                self.assertEqual(code, FAILURE, shown)
        self.assertEqual(json.loads(run(server, "sale", "show", "drop", "--json").stdout)["status"], "open")

    def test_a_sale_is_changed(self):
        server = self.serve()
        self.assertEqual(run(server, "sale", "create", "drop", "--stock", "10").returncode, OK)
        with server.connect() as connection:
            self.assertEqual(connection.ask(claim("drop", "ann")).status, 201)
        for arguments, expected in [
                (["--stock", "+100"], {"stock": 110}), (["--stock", "-10"], {"stock": 100}), (["--stock=50"], {"stock": 50}),
                (["--title", "秒杀", "--per-buyer-limit", "3", "--hold-seconds", "60", "--late-payment", "reacquire",
                  "--claim-attempts", "7", "--max-extension-seconds", "9", "--archive-after-seconds", "100000"],
                 {"title": "秒杀", "per_buyer_limit": 3, "hold_seconds": 60, "late_payment": "reacquire",
                  "claim_attempts": 7, "max_extension_seconds": 9, "archive_after_seconds": 100000}),
                (["--closes-at", "2036-01-01T00:00:00Z"], {"closes_at": "2036-01-01T00:00:00.000Z"}),
                (["--closes-at", "none"], {"closes_at": None}),
                (["--metadata", '{"a":1,"b":2}'], {"metadata": {"a": 1, "b": 2}}),
                (["--metadata", '{"a":null}'], {"metadata": {"b": 2}})]:
            with self.subTest(arguments):
                result = run(server, "sale", "set", "drop", *arguments)
                self.assertEqual((result.returncode, result.stderr), (OK, ""), result)
                self.assertRegex(result.stdout, r"\Aset drop, [\d,]+ units, open, version \d+\n\Z")
                found = json.loads(run(server, "sale", "show", "drop", "--json").stdout)
                self.assertEqual({name: found[name] for name in expected}, expected)
        for arguments, said in [(["--stock", "0"], "/stock: must be"), (["--stock", "-51"], "cannot become 51 less"),
                                (["--opens-at", "2036-01-01T00:00:00Z"], "Already open: "),
                                (["--closes-at", "2001-01-01T00:00:00Z"], "/closes_at: must be")]:
            with self.subTest(arguments):
                result = run(server, "sale", "set", "drop", *arguments)
                self.assertEqual((result.returncode, result.stdout), (FAILURE, ""), result)
                self.assertIn(said, result.stderr)
        page = run(server, "sale", "show", "drop").stdout
        self.assertIn("drop  秒杀\n", page)
        self.assertIn("holds        60 s, 9 s more once; late payment: reacquire\n", page)

    def test_changes_at_once_are_never_lost(self):
        server = self.serve()
        with server.connect() as connection:
            self.create(connection, "drop", 100)
        environment = {**os.environ, "DOORBUSTER_URL": f"http://127.0.0.1:{server.port}"}
        ended = []
        for _ in range(scaled(10, 3)):
            changes = [subprocess.Popen([BINARY, "sale", "set", "drop", "--stock", "+1"], stdout=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE, env=environment, text=True) for _ in range(8)]
            ended += [(change.communicate(timeout=60)[1], change.returncode) for change in changes]
        lost = [said for said, code in ended if code != OK]
        self.assertTrue(all("somebody has changed 'drop' meanwhile" in said for said in lost), lost)
        self.assertEqual({code for _, code in ended} - {FAILURE}, {OK})
        with server.connect() as connection:
            self.assertEqual(self.stats(connection, "drop")["stock"], 100 + len(ended) - len(lost))

    def test_a_sale_is_steered_to_its_end(self):
        server = self.serve()
        with server.connect() as connection:
            self.create(connection, "drop", 10)
            self.create(connection, "later", 10, opens_at="2036-01-01T00:00:00Z")
            self.create(connection, "typed", 10)
            self.create(connection, "undone", 10)
            self.assertEqual(connection.ask(claim("undone", "ann")).status, 201)

            def sale(*arguments):
                result = run(server, "sale", *arguments)
                self.assertEqual((result.returncode, result.stderr), (OK, ""), result)
                return result.stdout

            for _ in range(2):  # a second click
                self.assertEqual(sale("pause", "drop"), "drop is paused\n")
            self.assert_refused(connection.ask(claim("drop", "ann")), 409, "paused")
            self.assertEqual(json.loads(sale("resume", "drop", "--json"))["status"], "open")
            self.assertEqual(connection.ask(claim("drop", "ann")).status, 201)
            for _ in range(2):
                self.assertEqual(sale("close", "drop", "--yes"), "drop is closed\n")
            self.assert_refused(connection.ask(claim("drop", "bob")), 409, "closed")
            code, shown = on_terminal(server, "sale", "close", "typed", typed="typed\n")
            self.assertEqual(code, OK, shown)
            self.assertTrue(shown.endswith("typed is closed\n"), shown)
            self.assertEqual(sale("cancel", "undone", "--yes"), "undone is cancelled\n")
            self.assertEqual(sale("delete", "later", "--yes"), "deleted later\n")
        self.assertEqual([line.split()[:2] for line in sale("list").splitlines()[1:]],
                         [["drop", "closed"], ["typed", "closed"], ["undone", "cancelled"]])
        self.assertIn("confirmed, refund owed", run(server, "claims", "list", "undone").stdout)
        self.assertIn(",true,\n", run(server, "claims", "export", "undone").stdout)
        for arguments, said in [(["resume", "drop"], "Closed: "), (["set", "drop", "--stock", "+1"], "Closed: "),
                                (["delete", "drop", "--yes"], ": "), (["pause", "later"], "Not found: "),
                                (["delete", "later", "--yes"], "Not found: ")]:
            with self.subTest(arguments):
                result = run(server, "sale", *arguments)
                self.assertEqual((result.returncode, result.stdout), (FAILURE, ""), result)
                self.assertIn(said, result.stderr)

    def test_colours_are_for_terminals_that_want_them(self):
        server = self.serve()
        with server.connect() as connection:
            self.create(connection, "drop", 5)
        plain = run(server, "sale", "list").stdout
        self.assertNotIn("\x1b", plain)
        code, shown = on_terminal(server, "sale", "list")
        self.assertEqual(code, OK)
        self.assertIn("\x1b[32mopen\x1b[0m", shown)
        self.assertEqual(re.sub("\x1b\\[[0-9]*m", "", shown), plain)
        for variables in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
            self.assertEqual(on_terminal(server, "sale", "list", **variables), (OK, plain))

    def test_output_that_cannot_be_written_is_a_failure(self):
        server = self.serve()
        with server.connect() as connection:
            self.create(connection, "drop", 5)
        with open("/dev/full", "wb") as full:
            for arguments in (["sale", "list"], ["sale", "show", "drop", "--json"], ["claims", "export", "drop"]):
                environment = {**os.environ, "DOORBUSTER_URL": f"http://127.0.0.1:{server.port}"}
                result = subprocess.run([BINARY, *arguments], stdout=full, stderr=subprocess.PIPE, text=True,
                                        env=environment, stdin=subprocess.DEVNULL, timeout=60, check=False)
                self.assertEqual(result.returncode, FAILURE, result)
                self.assertIn("No space left", result.stderr)


class Clock(DoorbusterTest):

    def test_the_clock_is_accepted(self):
        server = self.serve()
        result = run_program("clock", "accept", "--url", "http://127.0.0.1:%d" % server.admin[1])
        self.assertEqual((result.returncode, result.stderr), (OK, ""), result)
        self.assertRegex(result.stdout, r"\A.*the server's time is now .*\n\Z")
        result = run(server, "clock", "accept", "--url", "http://127.0.0.1:%d" % server.port)
        self.assertEqual((result.returncode, result.stdout), (FAILURE, ""), result)


class Claims(DoorbusterTest):

    def sold(self, claims):
        """A server with a sale of so many claims, some of two units, some by awkward buyers."""
        server = self.serve()
        with server.connect() as connection:
            self.create(connection, "drop", 3 * claims, per_buyer_limit=2)
            for buyer in ('=HYPERLINK("http://x")', "+49 30 1234", "-1", "@ann", "'quoted'", 'a,"b"', "买家"):
                self.assertEqual(connection.ask(claim("drop", buyer)).status, 201)

        def buyers(part):
            for number in range(part, claims, 4):
                yield number, claim("drop", f"b{number}", 1 + number % 2)

        statuses = []
        crowd(server.address, [buyers(part) for part in range(4)], lambda _, got: statuses.append(got.status))
        self.assertEqual(set(statuses), {201})
        return server

    def test_every_claim_is_exported_through_pages(self):
        server = self.sold(scaled(5000, 2100))
        with server.connect() as connection:
            expected = listed(connection, "drop")
        result = run(server, "claims", "export", "drop", "--format", "ndjson")
        self.assertEqual((result.returncode, result.stderr), (OK, ""))
        self.assertEqual([json.loads(line) for line in result.stdout.splitlines()], expected)
        path = self.path("won.csv")
        result = run(server, "claims", "export", "drop", "--output", path)
        self.assertEqual((result.returncode, result.stdout), (OK, ""), result)
        self.assertIn(f"exported {len(expected):,} claims to {path}", result.stderr)
        with open(path, "rb") as file:
            data = file.read()
        self.assertTrue(data.startswith(b"\xef\xbb\xbfid,"))
        self.assertEqual(data.count(b"\r\n"), len(expected) + 1)
        rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))
        self.assertEqual(len(rows), len(expected))
        for row, one in zip(rows, expected, strict=True):
            self.assertEqual(row["id"], one["id"])
            self.assertNotIn(row["buyer"][0], "=+-@")
            self.assertEqual(row["buyer"].removeprefix("'"), one["buyer"])
            self.assertEqual([int(unit) for unit in row["units"].split()], one["units"])
            self.assertEqual((int(row["quantity"]), row["status"], int(row["sequence"]), row["claimed_at"]),
                             (one["quantity"], one["status"], one["sequence"], one["claimed_at"]))
        self.assertEqual(os.listdir(self.place).count("won.csv"), 1)
        self.assertFalse([name for name in os.listdir(self.place) if ".part" in name])

    def test_claims_are_listed_page_by_page(self):
        server = self.sold(20)
        result = run(server, "claims", "list", "drop", "--limit", "10")
        self.assertEqual(result.returncode, OK, result)
        self.assertEqual(len(result.stdout.splitlines()), 11)
        self.assertRegex(result.stdout.splitlines()[1], r"\Aclm_\w+ +=HYPERLINK.* 1 +confirmed +20\d\d-")
        cursor = re.search(r"--after (\w+)'", result.stderr).group(1)
        more = run(server, "claims", "list", "drop", "--limit", "1000", "--after", cursor)
        self.assertEqual((len(more.stdout.splitlines()), more.stderr), (18, ""))
        page = json.loads(run(server, "claims", "list", "drop", "--limit", "10", "--json").stdout)
        self.assertEqual((len(page["data"]), page["next"]), (10, cursor))
        result = run(server, "claims", "list", "drop", "--buyer", "买家")
        self.assertEqual([line.split()[1] for line in result.stdout.splitlines()], ["BUYER", "买家"])
        with server.connect() as connection:
            self.create(connection, "empty", 1)
        result = run(server, "claims", "list", "empty")
        self.assertEqual((result.returncode, result.stdout, result.stderr),
                         (OK, "", "doorbuster: there are no claims here\n"))
        self.assertEqual(run(server, "claims", "export", "empty", "--json").stdout, "")

    def test_why_a_buyer_has_what_he_has_is_told_event_by_event(self):
        server = self.new_server().start()
        with server.connect() as connection:
            self.create(connection, "other", 1)
            connection.ask(claim("other", "ann"))
            self.create(connection, "drop", 2, hold_seconds=600)
            first = connection.ask(claim("drop", "ann")).json()["id"]
            connection.ask(claim("drop", "bob"))
            connection.ask(request("DELETE", f"/v1/sales/drop/claims/{first}"))
            second = connection.ask(claim("drop", "ann")).json()["id"]
            connection.ask(post_json(f"/v1/sales/drop/claims/{second}/confirm", {"reference": "order_991"}))
        run(server, "sale", "close", "drop", "--yes")
        result = run(server, "explain", "drop", "ann")
        self.assertEqual((result.returncode, result.stderr), (OK, ""))
        lines = [re.sub(r"^[-\d]+ [:.\d]+Z  | until [-\d]+ [:.\d]+Z", "", line) for line in result.stdout.splitlines()]
        self.assertEqual(lines, [
            "#1         the sale is published: 2 units, at most 1 a buyer",
            "#2         the sale opens",
            f"#3         claim {first}: takes 1 unit (1), held",
            f"#5         claim {first}: given back by the merchant, 1 unit free again",
            f"#6         claim {second}: takes 1 unit (1), held",
            f"#7         claim {second}: confirmed as order_991",
            "#8         the sale is closed",
            "so ann has 1 unit for good."])
        told = json.loads(run(server, "explain", "drop", "ann", "--json").stdout)
        self.assertEqual([event["sequence"] for event in told["events"]], ["1", "2", "3", "5", "6", "7", "8"])
        self.assertEqual([one["id"] for one in told["claims"]], [first, second])
        self.assertTrue(run(server, "explain", "drop", "bob").stdout.endswith("so bob has 1 unit held.\n"))
        self.assertIn("so cid has nothing.", run(server, "explain", "drop", "cid").stdout)
        self.assertEqual(run(server, "explain", "none", "ann").returncode, FAILURE)

    def test_a_reader_that_has_enough_ends_it(self):
        server = self.sold(scaled(3000, 1500))
        environment = {**os.environ, "DOORBUSTER_URL": f"http://127.0.0.1:{server.port}"}
        with subprocess.Popen([BINARY, "claims", "export", "drop"], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, env=environment) as process:
            process.stdout.readline()
            process.stdout.close()
            self.assertEqual((process.wait(60), process.stderr.read()), (-signal.SIGPIPE, b""))

    first = answer(200, {"data": [{"id": "clm_1", "buyer": "a"}], "has_more": True, "next": "c2"})
    last = answer(200, {"data": [{"id": "clm_2", "buyer": "b"}], "has_more": False, "next": None})

    def test_a_server_that_is_away_in_the_middle_is_waited_for(self):
        overloaded = answer(503, {"title": "Overloaded"}, "Retry-After: 1")
        nonsense = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n[],,x"
        with Scripted(self.first, overloaded, self.last) as server:
            result = run(server, "claims", "export", "x", "--json")
            self.assertEqual((result.returncode, result.stderr), (OK, ""))
            self.assertEqual(result.stdout, '{"id":"clm_1","buyer":"a"}\n{"id":"clm_2","buyer":"b"}\n')
            self.assertEqual(server.asked[1:], ["GET /v1/sales/x/claims?limit=1000&after=c2 HTTP/1.1"] * 2)
        with Scripted(self.first, nonsense) as server:  # what waiting does not mend
            self.assertEqual(run(server, "claims", "export", "x").returncode, FAILURE)
            self.assertEqual(len(server.asked), 2)

    def test_a_server_whose_pages_never_end_is_found_out(self):
        with Scripted(self.first) as server:
            result = run(server, "claims", "export", "x", "--output", self.path("out"))
            self.assertEqual(result.returncode, FAILURE, result)
            self.assertIn("circle", result.stderr)
            self.assertEqual(os.listdir(self.place), [])

    def test_what_is_interrupted_leaves_the_file_as_it_was(self):
        path = self.path("won.csv")
        with open(path, "w", encoding="ascii") as file:
            file.write("before")
        for signals, code in ((1, INTERRUPTED), (2, INTERRUPTED)):
            with self.subTest(signals):
                go_on = threading.Event()
                pages = [answer(200, {"data": [], "has_more": True, "next": f"c{number}"})
                         for number in range(3, 2000)]
                with Scripted(self.first, go_on, *pages) as server:
                    with subprocess.Popen([BINARY, "claims", "export", "x", "--output", path,
                                           "--url", f"http://127.0.0.1:{server.port}"], stdin=subprocess.DEVNULL,
                                          stderr=subprocess.PIPE) as process:
                        server.wait_asked(2)
                        process.send_signal(signal.SIGINT)
                        if signals == 1:
                            # It has taken the signal once it is no longer pending for the process.
                            self.wait_taken(process.pid)
                            go_on.set()
                            self.assertEqual(process.wait(60), code)
                            self.assertIn(b"is as it was", process.stderr.read())
                        else:
                            self.wait_taken(process.pid)
                            process.send_signal(signal.SIGINT)
                            self.assertEqual(process.wait(60), code)  # without an answer
                            go_on.set()
                with open(path, encoding="ascii") as file:
                    self.assertEqual(file.read(), "before")
        parts = [name for name in os.listdir(self.place) if ".part" in name]
        self.assertLessEqual(len(parts), 1)  # of the one that was ended at once

    def wait_taken(self, pid):
        deadline = time.monotonic() + 30
        while True:
            with open(f"/proc/{pid}/status", encoding="ascii") as status:
                pending = re.search(r"ShdPnd:\s*(\w+)", status.read()).group(1)
            if int(pending, 16) & (1 << (signal.SIGINT - 1)) == 0:
                return
            self.assertLess(time.monotonic(), deadline)


if __name__ == "__main__":
    main()
