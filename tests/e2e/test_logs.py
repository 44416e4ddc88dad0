"""What the server logs: whole lines of JSON whatever is sent, never a secret, and never at the price of an answer."""
import contextlib
import json
import os
import pty
import re
import signal
import subprocess

from harness import (BINARY, IO_THREADS, Connection, DoorbusterTest, claim, crowd, eventually, get, main,
                     program_environment, run_program, scaled)
from test_events import read_all

TRACE = "0af7651916cd43dd8448eb211c80319c"
CALLER = "b7ad6b7169203331"


def traceparent(flags="01", trace=TRACE, span=CALLER, version="00"):
    return "traceparent", f"{version}-{trace}-{span}-{flags}"


def of_event(lines, event):
    return [line for line in lines if line["event"] == event]


class LogTest(DoorbusterTest):

    def start(self, *arguments):
        self.server = self.serve(arguments=arguments)
        self.connection = self.server.connect()
        self.addCleanup(lambda: self.connection.close())

    def end(self):
        """Stops the server and gives its log."""
        self.connection.close()
        self.server.stop()
        text = self.server.log()
        self.assertTrue(text.endswith("\n"), text[-100:])
        return self.server.log_lines()

    def line_becomes(self, event, **members):
        """The first line of the event with those members, once it is there."""
        def found():
            return next((line for line in of_event(self.server.log_lines(), event)
                         if all(line.get(name) == value for name, value in members.items())), None)
        return eventually(f"a line {event} {members}", found)


class Lines(LogTest):

    def test_whatever_is_sent_each_line_is_json_and_tells_no_secret(self):
        self.start("--log.access", "all")
        self.create(self.connection, "drop", stock=9)
        key = "db_sk_" + "1" * 47
        nasty = ['"},{"x":"', "\\", "a\tb", "\x7f", "\x80\xff", "\xc3\xa9", "%00%1b[2J", "{}", "x" * 200]
        for value in nasty:
            raw = value.encode("latin-1", "replace")
            fields = b"".join(name + b": " + raw + b"\r\n" for name in
                              (b"X-Request-Id", b"User-Agent", b"traceparent", b"Idempotency-Key", b"Referer"))
            for line in (b"POST /v1/sales/drop/claims HTTP/1.1", b"GET /v1/sales/drop?q=" + raw + b" HTTP/1.1",
                         b"M\"ESS /" + raw + b" HTTP/1.1"):
                with self.server.connect() as connection:
                    connection.send(line + b"\r\nHost: localhost\r\nX-Buyer-Id: secret-buyer\r\nConnection: close\r\n"
                                    b"Authorization: Bearer " + key.encode() + b"\r\n" + fields + b"\r\n")
                    connection.at_end()
        lines = self.end()
        requests = of_event(lines, "request")
        self.assertGreater(len(requests), len(nasty))
        for line in requests:
            self.assertLessEqual({"ts", "level", "event", "msg", "request_id", "trace_id", "span_id", "route",
                                  "status", "duration_ms"}, set(line))
            self.assertLessEqual(set(line), {"ts", "level", "event", "msg", "request_id", "trace_id", "span_id",
                                             "sale", "claim", "buyer_hash", "route", "status", "duration_ms"})
            self.assertRegex(line["request_id"], r"\A[A-Za-z0-9._-]{1,64}\Z")
            self.assertRegex(line["trace_id"], r"\A[0-9a-f]{32}\Z")
            self.assertRegex(line["ts"], r"\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\Z")
        granted = [line for line in requests if line["status"] == 201 and "claim" in line]
        self.assertTrue(granted)
        self.assertEqual(len({line["buyer_hash"] for line in requests if "buyer_hash" in line}), 1)
        log = self.server.log()
        for secret in (key, "secret-buyer", "q=", "x" * 100):
            self.assertNotIn(secret, log)
        self.assertFalse(re.search(r"[^\n\x20-\x7e]", log), "it steers a terminal")

    def test_refusals_are_folded_and_none_is_lost(self):
        self.start()
        self.create(self.connection, "drop", stock=1)
        count = scaled(2_000, least=200)
        sold = [(None, claim("drop", f"buyer-{n}")) for n in range(count + 1)]
        crowd(self.server.address, [iter(sold[n::8]) for n in range(8)], lambda *_: None)
        for _ in range(7):
            self.assert_refused(self.connection.ask(get("/v1/nowhere")), 404, "not-found")
        lines = of_event(self.end(), "refused")
        sums = {}
        for line in lines:
            sums[line["reason"]] = sums.get(line["reason"], 0) + line["count"]
            self.assertEqual(line["msg"], f"{line['reason']} x {line['count']:,}")
        self.assertEqual(sums, {"sold-out": count, "not-found": 7})
        # A line a second for each: far fewer than what they tell of.
        self.assertLess(len(lines), count / 4)
        self.assertEqual({line["status"] for line in lines}, {409, 404})

    def test_the_level_and_what_is_told_singly_follow_sighup(self):
        path = self.path("shop.toml")

        def write(level, access):
            with open(path, "w", encoding="ascii") as file:
                file.write(f'[log]\nlevel = "{level}"\naccess = "{access}"\n')

        write("error", "all")
        self.start("--config", path)
        self.connection.ask(get("/v1/first"))
        write("info", "all")
        self.server.signal(signal.SIGHUP)
        self.line_becomes("reload", msg=f'SIGHUP: log.level = "info" ({path}:2:9) is in effect; it was "error"')
        answer = self.connection.ask(get("/v1/sales", [("X-Request-Id", "second")]))
        self.assertEqual(answer.status, 200)
        self.line_becomes("request", request_id="second", route="GET /v1/sales", status=200)
        write("info", "off")
        self.server.signal(signal.SIGHUP)
        self.line_becomes("reload", msg=f'SIGHUP: log.access = "off" ({path}:3:10) is in effect; it was "all"')
        self.connection.ask(get("/v1/sales", [("X-Request-Id", "third")]))
        write("loud", "off")
        self.server.signal(signal.SIGHUP)
        self.line_becomes("reload", msg=f"SIGHUP: {path}:2:9: log.level: 'loud' is none of debug, info, "
                                        "warning and error")
        lines = self.end()
        self.assertEqual([line["request_id"] for line in of_event(lines, "request")], ["second"])
        self.assertNotIn("listening", [line["event"] for line in lines])
        self.assertIn("stopping", [line["event"] for line in lines])

    def test_a_terminal_gets_words(self):
        master, slave = pty.openpty()
        self.addCleanup(os.close, master)
        command = [BINARY, "serve", "--dev", "--data-dir", self.path("data"), "--http.listen", "127.0.0.1:0",
                   "--admin.listen", "127.0.0.1:0", "--log.access", "all"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=slave, text=True,
                              env=program_environment()) as server:
            os.close(slave)
            self.addCleanup(server.kill)
            port = int(re.match(r"ready +http://127.0.0.1:(\d+) ", server.stdout.readline()).group(1))
            with Connection(("127.0.0.1", port)) as connection:
                connection.ask(get("/v1/sales"))
            server.send_signal(signal.SIGTERM)
            self.assertEqual(server.wait(60), 0)
            said = b""
            with contextlib.suppress(OSError):  # the other side is closed
                while True:
                    said += os.read(master, 4096)
        said = said.decode("ascii").replace("\r\n", "\n")
        self.assertRegex(said, r"(?m)^\d\d:\d\d:\d\dZ  GET /v1/sales: 200  request_id=\S+ trace_id=[0-9a-f]{32} ")
        self.assertNotIn("{", said.replace("{sale}", ""))
        self.assertNotIn("ready", said)


class NobodyReads(LogTest):

    def start_with(self, stderr, *arguments, **options):
        command = [BINARY, "serve", "--dev", "--data-dir", self.path("data"), "--http.listen", "127.0.0.1:0",
                   "--admin.listen", "127.0.0.1:0", *arguments]
        if IO_THREADS:
            command += ["--io-threads", IO_THREADS]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr, text=True,
                                   env=program_environment(), **options)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.addCleanup(process.stdout.close)
        ready = re.match(r"ready +http://127.0.0.1:(\d+) ", process.stdout.readline())
        self.address = "127.0.0.1", int(ready.group(1))
        return process

    def ask_many(self, count):
        answered = []
        script = [(None, get("/v1/sales")) for _ in range(count)]
        crowd(self.address, [iter(script[n::4]) for n in range(4)], lambda _, answer: answered.append(answer.status))
        self.assertEqual(answered, [200] * count)

    def test_every_request_is_answered_and_every_line_told_or_counted(self):
        reading, writing = os.pipe()
        process = self.start_with(writing, "--log.access", "all")
        os.close(writing)
        with open(reading, encoding="utf-8") as file:
            first = file.readline()
            admin = re.search(r"admin http://127.0.0.1:(\d+)", first)
            # More than the pipe and the queue hold.
            count = scaled(8_000, least=6_000)
            self.ask_many(count)
            with Connection(("127.0.0.1", int(admin.group(1)))) as connection:
                counted = re.search(r"^doorbuster_log_messages_dropped_total (\d+)$",
                                    connection.ask(get("/metrics")).body.decode(), re.M)
            process.send_signal(signal.SIGTERM)
            lines = [json.loads(line) for line in [first, *file]]
        self.assertEqual(process.wait(60), 0)
        others = len(lines) - len(of_event(lines, "request")) - len(of_event(lines, "log_dropped"))
        dropped = sum(line["count"] for line in of_event(lines, "log_dropped"))
        self.assertGreater(int(counted.group(1)), 0)
        self.assertGreaterEqual(dropped, int(counted.group(1)))
        # The others, of which some may be among those dropped, are at the start and at the end.
        self.assertEqual(len(of_event(lines, "request")) + others + dropped, count + 2)

    def test_who_never_reads_holds_up_no_end(self):
        reading, writing = os.pipe()
        self.addCleanup(os.close, reading)
        process = self.start_with(writing, "--log.access", "all")
        os.close(writing)
        self.ask_many(1_000)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(60), 0)

    def test_a_reader_who_goes_away_ends_nothing(self):
        reading, writing = os.pipe()
        process = self.start_with(writing, "--log.access", "all")
        os.close(writing)
        os.close(reading)
        self.ask_many(500)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(60), 0)

    def test_without_a_stderr_no_file_takes_its_place(self):
        process = self.start_with(None, "--log.access", "all", preexec_fn=lambda: os.close(2))
        self.assertEqual(os.readlink(f"/proc/{process.pid}/fd/2"), "/dev/null")
        self.ask_many(500)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(60), 0)
        verified = run_program("verify", self.path("data"))
        self.assertEqual(verified.returncode, 0, verified.stderr)


class Traces(LogTest):

    def test_a_sampled_request_is_told_and_its_event_has_the_same_span(self):
        self.start()
        self.create(self.connection, "drop", stock=9)
        granted = self.connection.ask(claim("drop", "ann", fields=[traceparent()]))
        self.assertEqual(granted.status, 201)
        self.assertEqual(self.connection.ask(claim("drop", "bob", fields=[traceparent("00")])).status, 201)
        self.assertEqual(self.connection.ask(claim("drop", "cid")).status, 201)
        line = self.line_becomes("request", trace_id=TRACE)
        self.assertEqual((line["sale"], line["claim"], line["status"]), ("drop", granted.json()["id"], 201))
        events = read_all(self.connection)
        told = [json.loads(text).get("traceparent") for text in events]
        self.assertEqual(told[:3], [None, None, f"00-{TRACE}-{line['span_id']}-01"])
        self.assertRegex(told[3], rf"\A00-{TRACE}-[0-9a-f]{{16}}-00\Z")
        self.assertEqual(told[4:], [None])
        self.assertNotIn(CALLER, "".join(events))
        self.connection.close()
        self.server.restart()
        self.connection = self.server.connect()
        self.assertEqual(read_all(self.connection), events)
        verified = run_program("verify", self.path("data"))
        self.assertEqual(verified.returncode, 0, verified.stderr)
        self.assertEqual(len(of_event(self.end(), "request")), 1)

    def test_what_is_no_traceparent_is_passed_over(self):
        self.start()
        self.create(self.connection, "drop", stock=99)
        bad = [[("traceparent", "")], [traceparent(), traceparent()], [traceparent(version="ff")],
               [traceparent(trace="0" * 32)], [traceparent(span="0" * 16)], [traceparent(trace=TRACE.upper())],
               [("traceparent", traceparent()[1] + "-x")], [("traceparent", "0" * 8000)],
               [("traceparent", "\xff" * 55)], [traceparent(flags="zz")]]
        for number, fields in enumerate(bad):
            answer = self.connection.ask(claim("drop", f"buyer-{number}", fields=fields))
            self.assertEqual(answer.status, 201, answer)
        self.assertNotIn("traceparent", "".join(read_all(self.connection)))
        self.assertEqual(of_event(self.end(), "request"), [])

    def test_a_stranger_who_wants_all_told_gets_a_hundred_lines_a_second(self):
        self.start()
        count = scaled(3_000, least=500)
        script = [(None, get("/v1/sales", [traceparent()])) for _ in range(count)]
        crowd(self.server.address, [iter(script)], lambda *_: None)
        lines = of_event(self.end(), "request")
        seconds = {}
        for line in lines:
            seconds[line["ts"][:19]] = seconds.get(line["ts"][:19], 0) + 1
        self.assertTrue(lines)
        # A second of the log may hold the ends of two of the server's.
        self.assertLessEqual(max(seconds.values()), 200 * int(IO_THREADS or 1))
        self.assertLess(len(lines), count)


if __name__ == "__main__":
    main()
