"""The event feed: whoever reads it sees everything durable once and in order, however often he goes away."""
import json
import os
import signal
import socket
import struct
import subprocess
import threading

from harness import (BINARY, IO_THREADS, SCALE, DoorbusterTest, chance, claim, crowd, eventually, get, main,
                     post_json, request, run_program, scaled)

SMALL_SEGMENTS = ["--journal.segment-bytes", str(1 << 20)]
GROUPS_OF_A_SEGMENT = 256  # of one claim each
EVENTS_A_PAGE = 1000


def events_of(connection, after="0", sale=None, wait=0, limit=EVENTS_A_PAGE):
    target = f"/v1/events?after={after}&limit={limit}&wait={wait}" + (f"&sale={sale}" if sale else "")
    return connection.ask(get(target))


def texts_of(page):
    """Each event of a page exactly as it came; an event has no line or object beside it."""
    body, decoder, at, texts = page.text, json.JSONDecoder(), len('{"data":['), []
    while body[at] != "]":
        at += body[at] == ","
        _, end = decoder.raw_decode(body, at)
        texts.append(body[at:end])
        at = end
    return texts


def read_all(connection, after="0", sale=None):
    """Every event from there on, as text."""
    texts = []
    while True:
        page = events_of(connection, after, sale)
        assert page.status == 200, page
        texts += texts_of(page)
        after = page.json()["next"]
        if not page.json()["has_more"]:
            return texts


def ids_of(texts):
    return [int(json.loads(text)["id"]) for text in texts]


def claims(walker, count):
    return ((None, claim("drop", f"{walker}-{i}")) for i in range(count))


class Stream:
    """Server-sent events over a socket: blocks of lines, as a browser's EventSource takes them."""

    def __init__(self, address, last_id=None, query="", receive_buffer=None, fields=()):
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(30)
        self.socket.connect(address)
        fields = [("Accept", "text/event-stream"), *fields]
        if last_id is not None:
            fields.append(("Last-Event-ID", last_id))
        self.socket.sendall(get("/v1/events" + query, fields))
        self.raw, self.text, self.ended = b"", b"", False
        while b"\r\n\r\n" not in self.raw:
            self._receive()
        self.head, _, self.raw = self.raw.partition(b"\r\n\r\n")
        self.status = int(self.head.split()[1])

    def _receive(self):
        data = self.socket.recv(1 << 16)
        assert data, f"the stream was cut: {self.raw[-200:]!r}"
        self.raw += data

    def _take_chunk(self):
        line, found, rest = self.raw.partition(b"\r\n")
        if not found:
            return False
        size = int(line, 16)
        if len(rest) < size + 2:
            return False
        self.text += rest[:size]
        self.raw = rest[size + 2:]
        self.ended = size == 0
        return True

    def block(self):
        """The next block as {field: value}; None at the end of the stream. A comment has no field."""
        while b"\n\n" not in self.text:
            if self.ended:
                return None
            if not self._take_chunk():
                self._receive()
        block, _, self.text = self.text.partition(b"\n\n")
        return dict(line.split(": ", 1) for line in block.decode().split("\n") if ": " in line)

    def event(self):
        """The next event as (id, text); None at the end."""
        while (block := self.block()) is not None:
            if "data" in block:
                assert block["event"] == json.loads(block["data"])["type"]
                return block["id"], block["data"]
        return None

    def kill(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def close(self):
        self.socket.close()


class EventsTest(DoorbusterTest):

    def start(self, *arguments):
        self.server = self.serve(arguments=[*SMALL_SEGMENTS, *arguments])
        self.connection = self.server.connect()
        self.addCleanup(lambda: self.connection.close())

    def claim_one_by_one(self, count, sale="drop", prefix="one"):
        """Each in a group of its own."""
        for i in range(count):
            answer = self.connection.ask(claim(sale, f"{prefix}-{i}"))
            self.assertEqual(answer.status, 201, answer)

    def has_snapshot(self):
        place = os.path.join(self.server.data_dir, "snapshots")
        return os.path.isdir(place) and any(n.endswith(".manifest") for n in os.listdir(place))

    def test_a_reader_killed_and_resumed_two_hundred_times_sees_every_event_once_and_in_order(self):
        self.start()
        buyers = scaled(12_000, 1000)
        self.create(self.connection, "drop", stock=buyers, hold_seconds=600)
        scripts = [claims(walker, buyers // 4) for walker in range(4)]
        load = threading.Thread(target=crowd, args=(self.server.address, scripts, lambda *_: None))
        load.start()
        readers = {"stream": self.stream_in_pieces, "pages": self.pages_in_pieces}
        seen, threads = {}, []
        for name, read in readers.items():
            threads.append(threading.Thread(target=lambda n=name, r=read: seen.update({n: r(buyers + 2)})))
            threads[-1].start()
        for thread in [load, *threads]:
            thread.join()
        with self.server.connect() as connection:
            truth = read_all(connection)
        self.assertEqual(ids_of(truth), list(range(1, buyers + 3)))
        self.assertEqual(len({json.loads(text)["source"] for text in truth}), 1)
        for name in readers:
            self.assertEqual(seen[name], truth, name)

    def stream_in_pieces(self, total, kills=200):
        random, texts, last = chance("stream"), [], "0"
        for piece in range(kills + 1):
            stream = Stream(self.server.address, last_id=last)
            left = total - len(texts)
            wanted = left if piece == kills else min(random.randrange(1, 2 * total // kills), left)
            for _ in range(wanted):
                last, text = stream.event()
                texts.append(text)
            stream.kill() if random.random() < 0.5 else stream.close()
        return texts

    def pages_in_pieces(self, total, kills=200):
        random, texts, after, most = chance("pages"), [], "0", 2 * total // kills
        while len(texts) < total:
            with self.server.connect() as connection:
                asked = get(f"/v1/events?after={after}&wait=5&limit={random.randrange(1, most)}")
                if kills > 0 and random.random() < 0.5:
                    connection.send(asked)  # and is gone before it is answered
                    kills -= 1
                    continue
                page = connection.ask(asked)
                self.assertEqual(page.status, 200, page)
                texts += texts_of(page)
                after = page.json()["next"]
        return texts

    def test_a_range_is_the_same_bytes_on_every_read_before_and_after_restart_and_snapshot(self):
        self.start()
        self.create(self.connection, "drop", stock=2000, hold_seconds=600)
        self.create(self.connection, "side", stock=10, title={"en": "Side \"b\"", "zh-CN": "秒杀"},
                    metadata={"a": [1, 2.5, None]})
        self.claim_one_by_one(40)
        before = events_of(self.connection).body
        self.assertEqual(events_of(self.connection).body, before)
        self.connection.close()
        self.server.restart()
        self.connection = self.server.connect()
        whole = len(texts_of(events_of(self.connection)))
        self.assertEqual(events_of(self.connection, limit=whole).body, before)
        self.claim_one_by_one(3 * GROUPS_OF_A_SEGMENT, prefix="later")
        eventually("a snapshot", self.has_snapshot)
        with self.server.connect() as connection:
            again = events_of(connection, limit=whole)
            self.assertEqual(texts_of(again), texts_of_body(before))
            everything = read_all(connection)
        self.server.kill()
        self.server.start()
        with self.server.connect() as connection:
            self.assertEqual(read_all(connection), everything)

    def test_an_expired_cursor_is_told_the_oldest_from_which_everything_kept_follows(self):
        self.start("--journal.retain-bytes", "0")
        self.create(self.connection, "drop", stock=5000)
        stream = Stream(self.server.address)
        self.assertEqual(stream.event()[0], "1")
        self.claim_one_by_one(3 * GROUPS_OF_A_SEGMENT)
        # All that are full: none goes while it is read what is kept.
        full = [os.path.join(self.server.data_dir, "journal", f"{number:010}.seg") for number in (1, 2)]
        eventually("the full segments are removed", lambda: not any(map(os.path.exists, full)))
        gone = events_of(self.connection, after="1")
        self.assert_refused(gone, 410, "cursor-expired")
        oldest = gone.json()["oldest"]
        kept = read_all(self.connection, after=oldest)
        self.assertEqual(ids_of(kept)[0], int(oldest) + 1)
        self.assertEqual(read_all(self.connection), kept)
        refused = Stream(self.server.address, last_id="1")
        self.assertEqual(refused.status, 410)
        refused.close()
        # Who was reading all the time has missed nothing.
        for expected in range(2, 3 * GROUPS_OF_A_SEGMENT + 3):
            self.assertEqual(stream.event()[0], str(expected))
        stream.close()

    def test_a_stream_of_one_sale_has_its_events_as_they_happen_and_no_others(self):
        self.start()
        self.create(self.connection, "drop", stock=100)
        self.create(self.connection, "other", stock=100)
        stream = Stream(self.server.address, query="?after=latest&sale=other")
        head = stream.head.decode().lower()
        for field in ("content-type: text/event-stream", "cache-control: no-store", "x-accel-buffering: no"):
            self.assertIn(field, head)
        self.assertEqual(stream.block(), {"retry": "2000"})
        for i in range(20):
            self.connection.ask(claim("drop", f"buyer-{i}"))
        made = self.connection.ask(claim("other", "ann")).json()
        number, text = stream.event()
        event = json.loads(text)
        self.assertEqual((number, event["type"]), ("25", "doorbuster.claim.confirmed"))
        self.assertEqual(event["data"], made)
        self.assertEqual(event["subject"], f"sales/other/claims/{made['id']}")
        stream.close()

    def test_every_change_of_a_claim_names_its_buyer(self):
        self.start()
        self.create(self.connection, "drop", stock=3, hold_seconds=600, max_extension_seconds=60)
        made = {buyer: self.connection.ask(claim("drop", buyer)).json() for buyer in ("ann", "bób \"x\"".encode().decode("latin-1"))}
        ids = [claimed["id"] for claimed in made.values()]
        for target, body in ((f"{ids[0]}/extend", {}), (f"{ids[0]}/confirm", {"reference": "order_1"})):
            answer = self.connection.ask(post_json(f"/v1/sales/drop/claims/{target}", body))
            self.assertEqual(answer.status, 200, answer)
        self.connection.ask(request("DELETE", f"/v1/sales/drop/claims/{ids[1]}"))
        self.connection.ask(post_json("/v1/sales/drop/cancel", {}))
        events = [json.loads(text) for text in read_all(self.connection)]
        self.assertEqual([event["type"].removeprefix("doorbuster.") for event in events],
                         ["sale.created", "sale.opened", "claim.held", "claim.held", "claim.extended",
                          "claim.confirmed", "claim.released", "sale.cancelled"])
        buyers = [claimed["buyer"] for claimed in made.values()]
        self.assertEqual([event["data"].get("buyer") for event in events],
                         [None, None, *buyers, buyers[0], buyers[0], buyers[1], None])
        self.assertEqual([int(event["sequence"]) for event in events], list(range(1, 9)))
        self.assertEqual(events[6]["data"]["released_by"], "merchant")

    def test_a_reader_who_does_not_read_is_not_read_for_and_misses_nothing(self):
        self.start()
        buyers = scaled(20_000, 500)
        self.create(self.connection, "drop", stock=buyers)
        slow = Stream(self.server.address, receive_buffer=4096)
        before = resident_bytes(self.server.process.pid)
        scripts = [claims(walker, buyers // 4) for walker in range(4)]
        crowd(self.server.address, scripts, lambda *_: None)
        # Some 450 bytes each are waiting for him: 9 MB, of which the server holds a page.
        grown = resident_bytes(self.server.process.pid) - before
        if SCALE == 1:
            self.assertLess(grown - 100 * buyers, 6 << 20)
        last = None
        for _ in range(100):
            last, _ = slow.event()
        slow.kill()
        again = Stream(self.server.address, last_id=last)
        for expected in range(int(last) + 1, buyers + 3):
            self.assertEqual(again.event()[0], str(expected))
        again.close()

    def test_readers_are_bounded_and_those_who_have_gone_make_room(self):
        if IO_THREADS:
            self.skipTest("each thread has its own bound")
        self.start()
        self.create(self.connection, "drop", stock=10)
        streams = [Stream(self.server.address, query="?after=latest") for _ in range(256)]
        refused = self.connection.ask(get("/v1/events"))
        self.assert_refused(refused, 503, "overloaded")
        self.assertIsNotNone(refused.field("Retry-After"))
        self.assertEqual(self.connection.ask(claim("drop", "ann")).status, 201)
        for stream in streams[:50]:
            self.assertEqual(stream.event()[0], "3")
        for stream in streams:
            stream.close()
        eventually("room", lambda: self.connection.ask(get("/v1/events")).status == 200)

    def test_a_server_that_stops_ends_its_readers_in_good_order(self):
        self.start()
        self.create(self.connection, "drop", stock=10)
        streams = [Stream(self.server.address) for _ in range(5)]
        for stream in streams:
            self.assertEqual([stream.event()[0] for _ in range(2)], ["1", "2"])
        waiting = self.server.connect()
        waiting.send(get("/v1/events?after=2&wait=30"))
        # Asked after it on the same thread, and so answered after it was taken.
        self.connection.ask(get("/v1/sales/drop/status"))
        self.server.stop()
        for stream in streams:
            self.assertIsNone(stream.event(), "the stream has its end")
            stream.close()
        if not IO_THREADS:
            self.assertEqual(waiting.receive().json(), {"data": [], "has_more": True, "next": "2"})
        waiting.close()

    def test_the_tail_shows_each_event_once_over_a_restart_of_the_server(self):
        self.start()
        self.create(self.connection, "drop", stock=100)
        url = f"http://127.0.0.1:{self.server.port}"
        with subprocess.Popen([BINARY, "events", "tail", "--json", "--after", "0", "--url", url],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as tail:
            lines = [tail.stdout.readline() for _ in range(2)]
            self.claim_one_by_one(5)
            lines += [tail.stdout.readline() for _ in range(5)]
            self.connection.close()
            port = self.server.port
            self.server.stop()
            self.assertIn("trying again", tail.stderr.readline())
            self.server.start(f"127.0.0.1:{port}")
            self.connection = self.server.connect()
            self.claim_one_by_one(5, prefix="later")
            lines += [tail.stdout.readline() for _ in range(5)]
            self.assertEqual(tail.stderr.readline(), "doorbuster: reading on\n")
            tail.send_signal(signal.SIGINT)
            self.assertEqual(tail.wait(30), -signal.SIGINT)
        self.assertEqual([line.rstrip("\n") for line in lines], read_all(self.connection))

    def test_the_tail_says_what_it_cannot_do(self):
        self.start()
        self.create(self.connection, "drop", stock=1)
        url = f"http://127.0.0.1:{self.server.port}"
        with subprocess.Popen([BINARY, "events", "tail", "--after", "0", "--url", url],
                              stdout=subprocess.PIPE, text=True) as tail:
            self.assertRegex(tail.stdout.readline(), r"^\S+Z  1  sale.created  sales/drop$")
            self.assertRegex(tail.stdout.readline(), r"^\S+Z  2  sale.opened  sales/drop$")
            self.connection.ask(claim("drop", "ann"))
            self.assertRegex(tail.stdout.readline(),
                             r"^\S+Z  3  claim.confirmed  sales/drop/claims/clm_\w{26}  ann  1$")
            tail.kill()
        for arguments, code, words in ((["--sale", "nowhere"], 1, "no sale of this id"),
                                       (["--after", "99"], 1, "must be the id of an event"),
                                       (["--sale", "A B"], 2, "is no sale's id")):
            ended = run_program("events", "tail", "--url", url, *arguments)
            self.assertEqual((ended.returncode, ended.stdout), (code, ""), ended.stderr)
            self.assertIn(words, ended.stderr)
        self.server.stop()
        self.assertEqual(run_program("events", "tail", "--url", url).returncode, 4)


def texts_of_body(body):
    """The events of a page's bytes."""
    class Page:
        text = body.decode()
    return texts_of(Page)


def resident_bytes(pid):
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    main()
