#!/usr/bin/env python3
"""How long answers take, beside what the disk and the kernel take by themselves.

    bench/latency.py --binary build/release/doorbuster [--rounds 5] [--only NAME,...] [--dir DIR]

Each round measures every row once, in a data directory of its own below DIR (the system's for temporary files), which
has to be on the disk that is meant. "A sync" is a pwrite of 4 KiB with O_DIRECT and an fdatasync, one block behind the
other in a file of 64 MiB of zeros in that same directory: what the server does to its journal.

  lonely            500 claims one after the other on one connection, each of a new buyer, and a sync after each:
                    the p50 of both. Goal: the sync's + 0.3 ms
  latency-20000     `doorbuster bench` with 20,000 claims/s for 10 s, server on one CPU, crowd on another: the p99 from
                    when a claim was meant to be sent. Goal: that of nginx under the same crowd, which answers each
                    claim out of its configuration (the crowd believes it, until it reads the claims back: exit code 3),
                    + 2 x the p99 of 1,000 syncs
  latency-snapshot  the same for 30 s with segments of 4 MiB, so that segments end and snapshots are taken all the
                    time: the p99.9. Goal: 3 x the goal of latency-20000. How many there were is counted
  publish           50 sales of 1,000,000 units and 50 of 100,000,000, a sync after each: the p50s. Goal: the sync's + 1 ms
  feed              2,000 claims/s for 10 s over 16 connections, and a stream of GET /v1/events, all read by one loop: by
                    how much later than its own answer a claim came in the stream (below 0: earlier). Goal: p99 10 ms
  idle              20,000 kept connections, or as many as the limit of files allows: resident bytes of the server
                    each, before they have asked anything and after one small request each. Goal: 16 KiB

Told are medians and ranges over the rounds; a goal that was measured too is compared round by round, and what counts is
the median of the differences. Needs nginx (Debian's) for the goals of the rows latency-...; without it they are not had.
"""
import argparse
import contextlib
import errno
import json
import math
import mmap
import multiprocessing
import os
import re
import resource
import selectors
import shutil
import signal
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "tests", "e2e"))
import harness  # noqa: E402
from exposition import Metrics  # noqa: E402
from http_client import AnswerReader, Connection, claim, get, post_json  # noqa: E402

CPUS = sorted(os.sched_getaffinity(0))
SERVER_CPU, CROWD_CPU = CPUS[0], CPUS[-1]
BLOCK = 4096
RATE = 20_000
FEED_RATE, FEED_SECONDS, FEED_CONNECTIONS = 2_000, 10, 16
SMALL_SEGMENT = 4 << 20
IP_BIND_ADDRESS_NO_PORT = 24  # of Linux; Python 3.11 has no name for it
IDLE = 20_000
IDLE_EACH = 10_000  # of one process that holds them


def quantile(values, share):
    """The least value that so many are not above."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


@contextlib.contextmanager
def on_cpu(number):
    """What this thread does and starts meanwhile is done there; None: anywhere."""
    if number is not None:
        os.sched_setaffinity(0, {number})
    try:
        yield
    finally:
        os.sched_setaffinity(0, CPUS)


@contextlib.contextmanager
def served(place, arguments=(), cpu=None):
    """A server over a new data directory. Not Server.start(): no answer is to be judged while time is taken."""
    with tempfile.TemporaryDirectory(prefix="doorbuster-bench-", dir=place) as own:
        server = harness.Server(os.path.join(own, "data"), os.path.join(own, "log"), arguments)
        with on_cpu(cpu):
            server.launch()
        try:
            server.address = server._announced_address()
            server.admin = "127.0.0.1", (harness.listening_ports(server.process.pid) - {server.port}).pop()
            yield server
        finally:
            server.kill()


def resident_bytes(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return int(re.search(r"^VmRSS:\s+(\d+) kB", file.read(), re.M).group(1)) * 1024


def metrics_of(server):
    return Metrics(server.ask_admin("/metrics").text)


def publish(connection, sale, stock):
    made = connection.ask(post_json("/v1/sales", {"id": sale, "title": sale, "stock": stock}))
    assert made.status == 201, made


def timed(connection, data, status):
    """Milliseconds from sending a request to having its answer, which is read apart only then."""
    began = time.perf_counter_ns()
    connection.socket.sendall(data)
    piece = connection.socket.recv(1 << 16)
    took = time.perf_counter_ns() - began
    connection.reader.bytes += piece
    answer = connection.reader.next()
    assert answer is not None, f"an answer in pieces: {piece!r}"
    assert answer.status == status, answer
    return took / 1e6


def send_crowd(url, *arguments):
    """(the report, the exit code) of `doorbuster bench --mix winners` on a CPU of its own."""
    with on_cpu(CROWD_CPU):
        result = subprocess.run(
            ["setpriv", "--pdeathsig", "KILL", harness.BINARY, "bench", "--url", url, "--mix", "winners", "--arrival",
             "constant", "--json", *map(str, arguments)],
            capture_output=True, text=True, stdin=subprocess.DEVNULL, env=harness.program_environment())
    assert result.stdout, f"exit code {result.returncode}: {result.stderr}"
    return json.loads(result.stdout), result.returncode


def url_of(server):
    return "http://%s:%d" % server.address


class SyncFile:
    """As long as a segment of the journal. Its zeros are written, or a sync would have to note where they are."""

    BYTES = 64 << 20

    def __init__(self, place):
        self.path = os.path.join(place, f"doorbuster-bench-sync-{os.getpid()}")
        try:
            with open(self.path, "wb") as file:
                for _ in range(self.BYTES >> 20):
                    file.write(bytes(1 << 20))
                file.flush()
                os.fsync(file.fileno())
            self.file = self._opened()
        except BaseException:
            os.unlink(self.path)
            raise
        self.block = mmap.mmap(-1, BLOCK)  # begins with a page, as O_DIRECT asks for
        self.block.write(b"\x5a" * BLOCK)
        self.offset = 0

    def _opened(self):
        try:
            return os.open(self.path, os.O_WRONLY | os.O_DIRECT)
        except OSError as error:
            if error.errno != errno.EINVAL:
                raise
            return os.open(self.path, os.O_WRONLY)  # some file systems cannot; the server does the same

    def sync(self):
        """Milliseconds that one takes."""
        began = time.perf_counter_ns()
        written = os.pwrite(self.file, self.block, self.offset)
        os.fdatasync(self.file)
        took = time.perf_counter_ns() - began
        assert written == BLOCK, f"{written} bytes were written"
        self.offset = (self.offset + BLOCK) % self.BYTES
        return took / 1e6

    def close(self):
        os.close(self.file)
        os.unlink(self.path)


# As long as a real claim; the buyer is the one who asks, or the crowd would write down that he is not.
CANNED_CLAIM = ('{"id":"clm_$connection-$connection_requests","sale":"x","buyer":"$http_x_buyer_id","quantity":1,'
                '"units":[$connection_requests],"status":"confirmed","sequence":$connection_requests,'
                '"claimed_at":"2026-11-27T14:29:52.598Z","expires_at":null}')
CANNED = {
    "": '{"id":"x","title":"x","stock":100000000,"per_buyer_limit":1,"hold_seconds":0,"status":"open"}',
    "/status": '{"id":"x","status":"open","opens_at":null,"now":"2026-11-27T14:29:52.598Z"}',
    "/stats": '{"stock":100000000,"available":100000000,"held":0,"confirmed":0,"burned":0,"sequence":1}',
}
NGINX = """daemon off;
worker_processes 1;
pid %(place)s/pid;
error_log %(place)s/error.log;
events { worker_connections 4096; }
http {
    access_log off;
    default_type application/json;
    keepalive_timeout 3600;
    keepalive_requests 1000000000;
    client_body_temp_path %(place)s/1; proxy_temp_path %(place)s/2; fastcgi_temp_path %(place)s/3;
    uwsgi_temp_path %(place)s/4; scgi_temp_path %(place)s/5;
    # What is read back in the end is a page without claims.
    map $request_method $claims {
        default '{"data":[],"has_more":false,"next":null}';
        POST '%(claim)s';
    }
    server {
        listen 127.0.0.1:%(port)d backlog=4096;
        location = /v1/sales/x/claims { return 201 $claims; }
        %(pages)s
    }
}
"""


@contextlib.contextmanager
def nginx():
    """Its URL. One worker, which answers what the crowd asks of the sale "x" and does nothing else."""
    with tempfile.TemporaryDirectory(prefix="doorbuster-nginx-") as place:
        port = harness.free_port()
        path = os.path.join(place, "nginx.conf")
        with open(path, "w", encoding="utf-8") as file:
            pages = "\n        ".join(f"location = /v1/sales/x{rest} {{ return 200 '{body}'; }}"
                                      for rest, body in CANNED.items())
            file.write(NGINX % {"place": place, "port": port, "claim": CANNED_CLAIM, "pages": pages})
        with on_cpu(SERVER_CPU):
            process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "TERM", "nginx", "-p", place, "-c", path, "-e", os.path.join(place, "error.log")],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

        def listens():
            assert process.poll() is None, open(os.path.join(place, "error.log"), encoding="utf-8").read()
            with contextlib.suppress(ConnectionRefusedError), Connection(("127.0.0.1", port)):
                return True

        try:
            harness.eventually("nginx listens", listens)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()  # its worker ends with it
            process.wait()


class Found:
    """One figure of one round. `bound`: at most that, None: no goal; `goal` says what it is made of."""

    def __init__(self, what, unit, value, bound=None, goal=""):
        self.what, self.unit, self.value, self.bound, self.goal = what, unit, value, bound, goal


class Round:
    """Measures rows; what two of them need is measured once."""

    def __init__(self, place, disk):
        self.place, self.disk = place, disk
        self.notes = []
        self._latency_goal = None

    def lonely(self):
        with served(self.place) as server, Connection(server.address) as connection:
            publish(connection, "lonely", 1_000_000)
            for number in range(50):
                timed(connection, claim("lonely", f"early-{number}"), 201)
            claims, syncs = [], []
            for number in range(500):
                claims.append(timed(connection, claim("lonely", f"buyer-{number}"), 201))
                syncs.append(self.disk.sync())
        sync = quantile(syncs, 0.5)
        return [Found("p50 of a claim", "ms", quantile(claims, 0.5), sync + 0.3, "the p50 of a sync + 0.3 ms"),
                Found("p50 of a sync", "ms", sync)]

    def latency_goal(self):
        """(p99 of nginx or None, p99 of a sync)"""
        if self._latency_goal is None:
            sync = quantile([self.disk.sync() for _ in range(1_000)], 0.99)
            alone = None
            if shutil.which("nginx"):
                with nginx() as url:
                    report, code = send_crowd(url, "--sale", "x", "--rate", RATE, "--duration", 10)
                # 3: it has none of the claims that it acknowledged.
                assert code == 3 and report["granted"] == report["arrivals"], report
                self._note_limit("nginx", report)
                alone = report["latency_us"]["wins"]["p99"] / 1e3
            else:
                self.notes.append("nginx at this rate was not had: there is no nginx")
            self._latency_goal = alone, sync
        return self._latency_goal

    def _note_limit(self, who, report):
        """Whether the figures are the crowd's own, or the machine's."""
        if report["limit"] in ("client", "machine", "connections"):
            late = report["latency_us"]["sent_late"]["p99"] / 1e3
            self.notes.append(f"{who}: the limit was the {report['limit']}, not the server; "
                              f"the crowd was {late:.2f} ms late at p99")
        if report["granted"] != report["arrivals"]:
            self.notes.append(f"{who}: {report['granted']:,} of {report['arrivals']:,} were granted; "
                              f"turned away {report['turned_away']}, errors {report['errors']}")

    def _crowd_at_the_server(self, server, seconds):
        report, code = send_crowd(url_of(server), "--rate", RATE, "--duration", seconds)
        assert code == 0, report
        self._note_limit("doorbuster", report)
        return {name: value / 1e3 for name, value in report["latency_us"]["wins"].items()}

    def latency_20000(self):
        alone, sync = self.latency_goal()
        with served(self.place, cpu=SERVER_CPU) as server:
            took = self._crowd_at_the_server(server, 10)
        bound = None if alone is None else alone + 2 * sync
        return [Found("p99", "ms", took["p99"], bound, "nginx's p99 + 2 x the p99 of a sync"),
                Found("p99.9", "ms", took["p99_9"]), Found("p50", "ms", took["p50"]),
                *([] if alone is None else [Found("nginx's p99", "ms", alone)]), Found("p99 of a sync", "ms", sync)]

    def latency_snapshot(self):
        alone, sync = self.latency_goal()
        arguments = ["--journal.segment-bytes", str(SMALL_SEGMENT)]
        with served(self.place, arguments, cpu=SERVER_CPU) as server, FilesSeen(server.data_dir) as seen:
            begun = time.time()
            took = self._crowd_at_the_server(server, 30)
            metrics = metrics_of(server)
            last = metrics.value("doorbuster_snapshot_last_success_timestamp_seconds") \
                if "doorbuster_snapshot_last_success_timestamp_seconds" in metrics.families else 0
            healthy = metrics.value("doorbuster_part_ok", part="snapshot")
        assert last >= begun - 1 and healthy == 1, f"by /metrics no snapshot was taken: {last}, begun {begun}"
        assert seen.manifests and seen.segments, "no snapshot and no change of segments was seen"
        bound = None if alone is None else 3 * (alone + 2 * sync)
        return [Found("p99.9", "ms", took["p99_9"], bound, "3 x (nginx's p99 + 2 x the p99 of a sync)"),
                Found("p99", "ms", took["p99"]), Found("longest", "ms", took["longest"]),
                Found("snapshots taken", "", len(seen.manifests)), Found("segments changed", "", len(seen.segments))]

    def publish(self):
        found = []
        with served(self.place) as server, Connection(server.address) as connection:
            for number in range(5):
                publish(connection, f"early-{number}", 1_000)
            for stock in (1_000_000, 100_000_000):
                before = resident_bytes(server.process.pid)
                sales, syncs = [], []
                for number in range(50):
                    sale = f"s{stock}-{number}"
                    sales.append(timed(connection, post_json("/v1/sales", {"id": sale, "title": sale, "stock": stock}), 201))
                    syncs.append(self.disk.sync())
                memory = (resident_bytes(server.process.pid) - before) / (1 << 20)
                found += [Found(f"p50 of a sale of {stock:,}", "ms", quantile(sales, 0.5), quantile(syncs, 0.5) + 1,
                                "the p50 of a sync + 1 ms"),
                          Found(f"resident memory that 50 of {stock:,} took", "MiB", memory)]
        return found

    def feed(self):
        with served(self.place, cpu=SERVER_CPU) as server, on_cpu(CROWD_CPU):
            with Connection(server.address) as connection:
                publish(connection, "feed", FEED_RATE * FEED_SECONDS)
            answers, pieces = claims_and_feed(server.address)
        told, shown = {}, {}
        for connection_pieces in answers:
            reader = AnswerReader()
            for at, data in connection_pieces:
                reader.bytes += data
                while (answer := reader.next()) is not None:
                    assert answer.status == 201, answer
                    told[answer.json()["id"]] = at
        for at, event in events_in(pieces):
            if event["type"] == "doorbuster.claim.confirmed":
                assert event["data"]["id"] not in shown, event
                shown[event["data"]["id"]] = at
        assert len(told) == FEED_RATE * FEED_SECONDS and told.keys() == shown.keys(), \
            f"{len(told)} claims were answered, {len(shown)} shown"
        later = [(shown[each] - at) * 1e3 for each, at in told.items()]
        return [Found("p99", "ms", quantile(later, 0.99), 10, "10 ms"), Found("p50", "ms", quantile(later, 0.5)),
                Found("longest", "ms", max(later))]

    def idle(self):
        # The server takes as many files as it may, so it may have what is allowed here.
        arguments = ["--http.max-connections", str(2 * IDLE), "--http.idle-timeout-seconds", "3600"]
        with served(self.place, arguments) as server:
            pid = server.process.pid
            with Connection(server.address) as connection:
                publish(connection, "idle", 1_000)
                for _ in range(100):
                    timed(connection, get("/v1/sales/idle/status"), 200)
            with open(f"/proc/{pid}/limits", encoding="ascii") as file:
                most = int(re.search(r"^Max open files +(\d+)", file.read(), re.M).group(1))
            # Some are left for the journal and for this program's own questions.
            count = min(IDLE, most - len(os.listdir(f"/proc/{pid}/fd")) - 64)
            if count < IDLE:
                self.notes.append(f"{count:,} connections: the server may have {most:,} files, which cannot be raised here")
            before = resident_bytes(pid)
            with contextlib.ExitStack() as stack:
                holders = [stack.enter_context(Holder(server.address, f"127.0.0.{2 + first // IDLE_EACH}",
                                                      min(IDLE_EACH, count - first)))
                           for first in range(0, count, IDLE_EACH)]
                for holder in holders:
                    holder.heard("open")
                harness.eventually("all are accepted", lambda: count <= metrics_of(server).value(
                    "doorbuster_http_connections", listener="http"))
                opened = resident_bytes(pid)
                for holder in holders:
                    holder.say("ask")
                    holder.heard("asked")
                asked = resident_bytes(pid)
                left = metrics_of(server).value("doorbuster_http_connections", listener="http")
                assert left == count, f"{left} of {count} connections are left"
        each = [(now - before) / count / 1024 for now in (asked, opened)]
        return [Found("each after a request", "KiB", each[0], 16, "16 KiB"),
                Found("each before", "KiB", each[1], 16, "16 KiB"), Found("connections", "", count)]


class FilesSeen:
    """Which manifests of snapshots and which segments come into a data directory; a newer manifest removes the last, so
    it looks often. What it sees it sees from outside: asking for /metrics so often would cost the server something."""

    def __init__(self, data_dir):
        self.data_dir = data_dir
        self.manifests, self.segments = set(), set()
        self.stopping = threading.Event()

    def _names(self, folder, ending):
        with contextlib.suppress(FileNotFoundError):
            return {name for name in os.listdir(os.path.join(self.data_dir, folder)) if name.endswith(ending)}
        return set()

    def _look(self):
        self.manifests |= self._names("snapshots", ".manifest") - self.first[0]
        self.segments |= self._names("journal", ".seg") - self.first[1]

    def __enter__(self):
        self.first = self._names("snapshots", ".manifest"), self._names("journal", ".seg")

        def watch():
            while not self.stopping.wait(0.05):
                self._look()

        self.thread = threading.Thread(target=watch)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        self.thread.join()


def claims_and_feed(address):
    """([what came on each connection], what came of the stream), both as [(when, bytes)]. One loop reads all, and takes
    nothing apart: it must keep its pace, and the order in which it sees things is that in which they came."""
    with contextlib.ExitStack() as stack:
        selector = stack.enter_context(contextlib.closing(selectors.DefaultSelector()))
        stream = stack.enter_context(Connection(address))
        stream.send(get("/v1/events?after=latest&sale=feed", [("Accept", "text/event-stream")]))
        pieces = [(0, stream.socket.recv(1 << 16))]
        connections = [stack.enter_context(Connection(address)) for _ in range(FEED_CONNECTIONS)]
        answers = [[] for _ in connections]
        for each, seen in [(stream, pieces), *zip(connections, answers)]:
            each.socket.setblocking(False)
            selector.register(each.socket, selectors.EVENT_READ, seen)
        time.sleep(0.2)  # the stream's head may come before its reader is one of the readers
        begun, sent, total = time.perf_counter(), 0, FEED_RATE * FEED_SECONDS
        last = begun
        # Quiet for two seconds: all that will come has come.
        while sent < total or time.perf_counter() - last < 2:
            now = time.perf_counter()
            while sent < total and begun + sent / FEED_RATE <= now:
                data = claim("feed", f"buyer-{sent:06}")
                assert connections[sent % FEED_CONNECTIONS].socket.send(data) == len(data)
                sent += 1
            wait = max(0.0, begun + sent / FEED_RATE - now) if sent < total else 0.1
            for key, _ in selector.select(wait):
                data = key.fileobj.recv(1 << 18)
                last = time.perf_counter()
                assert data, "a connection ended"
                key.data.append((last, data))
    return answers, pieces


def events_in(pieces):
    """(when the last byte of it came, event) of each event in a chunked stream of server-sent events."""
    raw, text, in_body = bytearray(), b"", False
    for at, data in pieces:
        raw += data
        if not in_body:
            end = raw.find(b"\r\n\r\n")
            if end < 0:
                continue
            assert raw.startswith(b"HTTP/1.1 200 "), bytes(raw)
            del raw[:end + 4]
            in_body = True
        while (line := raw.find(b"\r\n")) >= 0:
            begin, end = line + 2, line + 2 + int(bytes(raw[:line]), 16)
            if len(raw) < end + 2:
                break
            text += bytes(raw[begin:end])
            del raw[:end + 2]
        *blocks, text = text.split(b"\n\n")
        for block in blocks:
            for line in block.split(b"\n"):
                if line.startswith(b"data: "):
                    yield at, json.loads(line[6:])


class Holder:
    """A process that keeps connections open: one process may not have as many files as the server and more."""

    def __init__(self, *arguments):
        context = multiprocessing.get_context("fork")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=_hold, args=(theirs, self.pipe, *arguments), daemon=True)
        self.process.start()
        theirs.close()

    def say(self, word):
        self.pipe.send(word)

    def heard(self, word):
        assert self.pipe.poll(120), f"not within 120 s: {word}"
        heard = self.pipe.recv()
        assert heard == word, heard

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.pipe.close()  # it ends by that, also where this process is killed
        self.process.join(30)
        self.process.kill()


def _connected(address, source):
    """The port is chosen with the connection, so that those of an earlier round do not take it away; and the connection
    ends with a reset, so that it does not wait for a minute where thousands do."""
    connection = socket.socket()
    connection.settimeout(60)
    connection.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.bind((source, 0))
    connection.connect(address)
    return connection


def _hold(pipe, theirs, address, source, count):
    theirs.close()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        connections = [_connected(address, source) for _ in range(count)]
        pipe.send("open")
        pipe.recv()
        for connection in connections:
            connection.sendall(get("/v1/sales/idle/status"))
            answer = connection.recv(1 << 16)
            assert answer.startswith(b"HTTP/1.1 200 "), answer
        pipe.send("asked")
        pipe.recv()
    except EOFError:
        pass
    except Exception as error:  # the other side says it, with its own traceback
        pipe.send(repr(error))


ROWS = {"lonely": Round.lonely, "latency-20000": Round.latency_20000, "latency-snapshot": Round.latency_snapshot,
        "publish": Round.publish, "feed": Round.feed, "idle": Round.idle}


def shown(values, unit):
    digits = 0 if all(float(value).is_integer() for value in values) else 3
    low, middle, high = (f"{value:,.{digits}f}" for value in (min(values), statistics.median(values), max(values)))
    return f"{middle} {unit}".rstrip() + f" ({low}..{high})"


def report(row, rounds):
    """Prints the row; `rounds` has the list of what was found in each."""
    for each in zip(*rounds):
        first, values = each[0], [found.value for found in each]
        line = f"{row:17} {first.what:45} {shown(values, first.unit)}"
        if first.goal:
            bounds = [found.bound for found in each]
            if None in bounds:
                line += f"   goal: at most {first.goal}: not had"
            else:
                over = statistics.median(value - bound for value, bound in zip(values, bounds))
                is_fixed = first.goal == f"{first.bound} {first.unit}"
                said = first.goal if is_fixed else f"{first.goal}, {shown(bounds, first.unit)}"
                line += f"   goal: at most {said}: {'reached' if over <= 0 else 'missed'}"
        print(line, flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default=",".join(ROWS), metavar="NAME,...")
    parser.add_argument("--dir", default=tempfile.gettempdir())
    options = parser.parse_args()
    rows = options.only.split(",")
    if unknown := [row for row in rows if row not in ROWS]:
        parser.error(f"there is no row {', '.join(unknown)}; there are {', '.join(ROWS)}")
    harness.BINARY = os.path.abspath(options.binary)
    # By this what is left behind is removed when it is ended.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    with contextlib.suppress(ValueError, PermissionError):  # allowed to some: room for all connections and more
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(resource.getrlimit(resource.RLIMIT_NOFILE)[1], 2 * IDLE),) * 2)
    found, disk = {row: [] for row in rows}, SyncFile(options.dir)
    try:
        for number in range(options.rounds):
            each = Round(options.dir, disk)
            for row in rows:
                found[row].append(ROWS[row](each))
                said = ", ".join(f"{one.what} {one.value:,.2f} {one.unit}".strip() for one in found[row][-1])
                print(f"round {number + 1}  {row}: {said}", flush=True)
                for note in each.notes:
                    print(f"round {number + 1}  {row}: note: {note}", flush=True)
                each.notes.clear()
    finally:
        disk.close()
    print(f"\n{options.rounds} rounds, medians and ranges; server on CPU {SERVER_CPU}, crowd on CPU {CROWD_CPU} "
          "(latency-..., feed), else anywhere")
    for row in rows:
        report(row, found[row])


if __name__ == "__main__":
    main()
