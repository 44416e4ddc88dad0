"""Other people's clients read the feed: npm's eventsource and cloudevents (tests/npm).

Exits with 77, which is "skipped", where Node.js is older than both ask for.
"""
import os
import subprocess
import sys
import threading

from harness import DoorbusterTest, claim, crowd, main, scaled
from test_events import read_all

SKIPPED = 77
READER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "npm", "read_events.mjs")


def is_new_enough():
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    if int(version.strip().removeprefix("v").split(".")[0]) >= 20:
        return True
    print(f"skipped: Node.js is {version}")
    return False


class FeedClientsTest(DoorbusterTest):

    def read(self, total, pieces):
        url = f"http://127.0.0.1:{self.server.port}/v1/events"
        return subprocess.Popen(["node", READER, url, str(total), str(pieces)],
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def test_an_event_source_killed_and_resumed_two_hundred_times_sees_each_event_once_and_in_order(self):
        self.server = self.serve()
        buyers = scaled(6_000, 800)
        scripts = [((None, claim("drop", f"buyer-{i}")) for i in range(buyers))]
        with self.server.connect() as connection:
            self.create(connection, "drop", stock=buyers, hold_seconds=600)
            load = threading.Thread(target=crowd, args=(self.server.address, scripts, lambda *_: None))
            load.start()
            output, errors = self.read(buyers + 2, 200).communicate(timeout=120)
            load.join()
            self.assertEqual(errors, "")
            self.assertEqual(output.splitlines(), read_all(connection))

    def test_an_event_source_comes_back_by_itself_when_the_server_was_killed(self):
        self.server = self.serve()
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


if __name__ == "__main__":
    if not is_new_enough():
        sys.exit(SKIPPED)
    main()
