"""Other people's clients read the feed: npm's eventsource and cloudevents (tests/npm), and a browser.

Exits with 77, which is "skipped", where Node.js is older than both ask for.
"""
import http.server
import os
import shutil
import subprocess
import sys
import threading
import unittest

from harness import DoorbusterTest, claim, crowd, main, scaled
from test_events import read_all

SKIPPED = 77
NPM = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "npm")


def is_new_enough():
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    if int(version.strip().removeprefix("v").split(".")[0]) >= 20:
        return True
    print(f"skipped: Node.js is {version}")
    return False


class Page(http.server.BaseHTTPRequestHandler):
    """A shop's page, of another origin than the server of its events."""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>shop</title>")

    def log_message(self, *_):
        pass


class FeedClients:
    """What every client has to see. A subclass says how one is started."""

    arguments = ()

    def read(self, total, pieces):
        return subprocess.Popen(self.command(f"http://127.0.0.1:{self.server.port}/v1/events", total, pieces),
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def test_an_event_source_killed_and_resumed_two_hundred_times_sees_each_event_once_and_in_order(self):
        self.server = self.serve(arguments=self.arguments)
        buyers = scaled(6_000, 800)
        scripts = [((None, claim("drop", f"buyer-{i}")) for i in range(buyers))]
        with self.server.connect() as connection:
            self.create(connection, "drop", stock=buyers, hold_seconds=600)
            load = threading.Thread(target=crowd, args=(self.server.address, scripts, lambda *_: None))
            load.start()
            output, errors = self.read(buyers + 2, 200).communicate(timeout=400)
            load.join()
            self.assertEqual(errors, "")
            self.assertEqual(output.splitlines(), read_all(connection))

    def test_an_event_source_comes_back_by_itself_when_the_server_was_killed(self):
        self.server = self.serve(arguments=self.arguments)
        with self.server.connect() as connection:
            self.create(connection, "drop", stock=100)
        port = self.server.port
        reader = self.read(2 + 20, 0)
        lines = [reader.stdout.readline() for _ in range(2)]
        self.server.kill()
        self.server.start(f"127.0.0.1:{port}")
        with self.server.connect() as connection:
            for i in range(20):
                self.assertEqual(connection.ask(claim("drop", f"buyer-{i}")).status, 201)
            output, errors = reader.communicate(timeout=60)
            self.assertEqual((reader.returncode, errors), (0, ""))
            self.assertEqual("".join(lines + [output]).splitlines(), read_all(connection))


class NpmEventSource(FeedClients, DoorbusterTest):

    def command(self, url, total, pieces):
        return ["node", os.path.join(NPM, "read_events.mjs"), url, str(total), str(pieces)]


@unittest.skipUnless(shutil.which("chromium"), "there is no chromium")
class ChromiumEventSource(FeedClients, DoorbusterTest):

    def setUp(self):
        super().setUp()
        pages = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
        thread = threading.Thread(target=pages.serve_forever)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(pages.server_close)
        self.addCleanup(pages.shutdown)
        self.origin = f"http://127.0.0.1:{pages.server_address[1]}"
        self.arguments = ["--http.cors-origins", self.origin]

    def command(self, url, total, pieces):
        return ["node", os.path.join(NPM, "read_events_in_chromium.mjs"), shutil.which("chromium"),
                self.origin + "/", url, str(total), str(pieces)]

    def test_a_page_of_an_origin_that_is_not_listed_sees_nothing(self):
        self.server = self.serve(arguments=["--http.cors-origins", "https://another.example"])
        with self.server.connect() as connection:
            self.create(connection, "drop", stock=1)
        output, errors = self.read(1, 1).communicate(timeout=60)
        self.assertEqual(output, "")
        self.assertIn("closed after 0 events", errors)


if __name__ == "__main__":
    if not is_new_enough():
        sys.exit(SKIPPED)
    main()
