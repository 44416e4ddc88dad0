"""What several benchmark programs share: a server on one CPU, a client on the other, and what both cost.

    with Rig(binary, seconds, place) as rig:
        nginx = rig.start_nginx()
        with rig.server() as server:
            server.make_sale("s")
            run = rig.measure(server, claims("s", "name", connections=64))
            against = rig.measure(nginx, claims("s", "name", connections=64))

The server is `doorbuster serve --dev` on a data directory of its own, all its threads on CPU 0. "nginx200" is one nginx
process that answers `return 200` with 120 bytes of JSON and does nothing else: what the kernel and a good HTTP server
cost. The client is wrk with one thread on CPU 1, a closed loop; a run with socket errors or answers that were not
expected is no run. A run's `cpu` is what the candidate's own threads took, microseconds a request, by
/proc/PID/task/*/schedstat; its `all` what the whole machine took less the client, by /proc/stat: kernel threads and
interrupts too, and whatever else the machine was doing. Nothing is measured while a server still works off what came
before. What was started ends with the program, however that ends. Needs nginx, wrk and taskset (Debian).
"""
import collections
import contextlib
import dataclasses
import json
import os
import re
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "tests", "e2e"))
import harness  # noqa: E402
from http_client import Connection, claim, crowd, get, post_json  # noqa: E402

SERVER_CPUS, CLIENT_CPUS, BOTH_CPUS = frozenset({0}), frozenset({1}), frozenset({0, 1})
STOCK = 100_000_000  # the most that a sale may have
QUIET_SECONDS = 300  # a snapshot of ten million claims on a busy disk
ANSWER = ('{"id":"clm_7gtn76n9prgptrdjk6s8ath71k","sale":"s","status":"confirmed",'
          '"at":"2026-01-01T00:00:00.000Z","n":417000000000}')
assert len(ANSWER) == 120
UNITS = {"us": 1, "ms": 1_000, "s": 1_000_000, "m": 60_000_000}


# What it costs.

def processes_of(pid):
    """The process and all that it started, theirs too."""
    parents = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError), open(f"/proc/{name}/stat", encoding="utf-8",
                                                                                  errors="replace") as file:
                parents[int(name)] = int(file.read().rpartition(")")[2].split()[1])
    found = [pid]
    for each in found:
        found += [child for child, parent in parents.items() if parent == each]
    return found


def cpu_microseconds(pid):
    """Of all threads of the process and those that it started, in the kernel too. A thread that ended is not counted;
    neither the server nor nginx ends one while it serves."""
    spent = 0
    for each in processes_of(pid):
        for task in os.listdir(f"/proc/{each}/task"):
            with open(f"/proc/{each}/task/{task}/schedstat", encoding="ascii") as file:
                spent += int(file.read().split()[0])
    return spent / 1_000


def cpu_by_thread(pid):
    """The same of the process alone, by the names of its threads."""
    spent = collections.Counter()
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/comm", encoding="ascii") as name, \
             open(f"/proc/{pid}/task/{task}/schedstat", encoding="ascii") as file:
            spent[name.read().strip()] += int(file.read().split()[0]) / 1_000
    return spent


def machine_microseconds():
    """That the machine's CPUs were neither idle nor another machine's."""
    with open("/proc/stat", encoding="ascii") as file:
        user, nice, system, _idle, _iowait, irq, softirq = map(int, file.readline().split()[1:8])
    return (user + nice + system + irq + softirq) * 1_000_000 / os.sysconf("SC_CLK_TCK")


def client_microseconds():
    """Of the clients that have ended, and of this program."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_CHILDREN, resource.RUSAGE_SELF)]
    return sum(each.ru_utime + each.ru_stime for each in used) * 1_000_000


# What is asked.

@dataclasses.dataclass(frozen=True)
class Load:
    """What wrk sends: a script beside this program with its arguments."""
    script: str
    arguments: tuple
    connections: int
    depth: int  # requests at a time on a connection

    @property
    def under_way(self):
        """How many requests wrk may have sent, and seen no answer to, when it ends."""
        return self.connections * self.depth


def claims(sale, name, connections=64, depth=1):
    """A new buyer in each request, whose name begins with `name`."""
    return Load("claims.lua", (sale, str(depth), name), connections, depth)


def asks(method, path, *, connections=64, depth=1, fields=(), body="", lines=None, stop=False):
    """Any request, see asks.lua; `lines` is the name of a file, behind whose last line the run stops or begins anew."""
    arguments = (str(depth), lines or "-", "stop" if stop else "again", method, path, body, *fields)
    return Load("asks.lua", arguments, connections, depth)


@dataclasses.dataclass(frozen=True)
class Run:
    """What came of it; times in microseconds."""
    requests: int
    rate: float
    p50: float
    p99: float
    cpu: float
    all: float
    threads: dict  # cpu by the names of the candidate's threads

    def __str__(self):
        return (f"{self.rate:9,.0f} req/s  p50 {self.p50:7,.0f} us  p99 {self.p99:7,.0f} us  cpu {self.cpu:5.2f} us  "
                f"all {self.all:5.2f} us")


def _found(pattern, text):
    match = re.search(pattern, text, re.M)
    assert match, f"wrk did not say {pattern}:\n{text}"
    return match.groups()


def _latency(percent, text):
    value, unit = _found(rf"^ +{percent}% +([\d.]+)(us|ms|s|m)$", text)
    return float(value) * UNITS[unit]


def _run_of(text, refused):
    """(requests, rate, p50, p99) of what wrk said, once all answers are such as were expected."""
    errors = re.search(r"Socket errors: .*", text)
    assert errors is None, f"no run: {errors.group()}\n{text}"
    requests = int(_found(r"^ +(\d+) requests in ", text)[0])
    odd = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    odd = int(odd.group(1)) if odd else 0
    expected = requests if refused else 0
    assert requests > 0 and odd == expected, f"no run: {odd} of {requests} answers were refusals, not {expected}\n{text}"
    return requests, float(_found(r"^Requests/sec: +([\d.]+)", text)[0]), _latency(50, text), _latency(99, text)


# Who is asked.

@contextlib.contextmanager
def pinned(cpus):
    """What is started meanwhile runs on these CPUs alone, with all its threads: as with taskset, from the first."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cpus)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


class Doorbuster:
    """A server on a data directory of its own, and what is asked of it beside the load."""

    def __init__(self, place, arguments, cpus):
        self._server = harness.Server(os.path.join(place, "data"), os.path.join(place, "log"), arguments)
        with pinned(cpus):
            self._server.launch()
        try:
            # Not start(): it has every answer judged by the OpenAPI document, which is for tests.
            self.address = self._server.address = self._server._announced_address()
            for task in os.listdir(f"/proc/{self.pid}/task"):
                assert os.sched_getaffinity(int(task)) == cpus, "a thread of the server runs elsewhere"
        except BaseException:
            self._server.kill()
            raise
        self.url = "http://%s:%d" % self.address

    @property
    def pid(self):
        return self._server.process.pid

    def end(self):
        died = self._server.process.poll()
        self._server.kill()
        assert died is None, f"the server ended by itself, code {died}:\n{self._server.log()}"

    def ask(self, data, status=200):
        with Connection(self.address, seconds=300) as connection:
            answer = connection.ask(data)
        assert answer.status == status, answer
        return answer

    def make_sale(self, sale, stock=STOCK, **more):
        return self.ask(post_json("/v1/sales", {"id": sale, "title": sale, "stock": stock, **more}), 201).json()

    def make_sales(self, names, stock):
        """Many of them, pipelined."""
        self.ask_all(((None, post_json("/v1/sales", {"id": name, "title": name, "stock": stock})) for name in names), 201)

    def stats(self, sale):
        """The counters, once they add up."""
        stats = self.ask(get(f"/v1/sales/{sale}/stats")).json()
        assert stats["conserved"] is True, f"{sale} does not add up: {stats}"
        return stats

    def ask_all(self, script, status):
        """Walks one script of (tag, request) on 16 connections, who is free takes the next; answers by tag."""
        answers = {}

        def answered(tag, answer):
            assert answer.status == status, answer
            if tag is not None:
                answers[tag] = answer

        script = iter(script)
        crowd(self.address, [script] * 16, answered)
        return answers

    def make_claims(self, sale, buyers):
        self.ask_all(((None, claim(sale, buyer)) for buyer in buyers), 201)

    def claim_ids(self, sale, count):
        """Of the first so many claims, fewer where there are not as many."""
        ids = []
        with urllib.request.urlopen(f"{self.url}/v1/sales/{sale}/claims?format=ndjson", timeout=60) as answer:
            for line in answer:
                ids.append(json.loads(line)["id"])
                if len(ids) == count:
                    break
        return ids

    def be_quiet(self):
        """Waits until it has done with all that it was asked, snapshots too."""
        deadline = time.monotonic() + QUIET_SECONDS
        still, before = 0, cpu_microseconds(self.pid)
        while still < 3:
            assert time.monotonic() < deadline, f"the server is not quiet after {QUIET_SECONDS} s"
            time.sleep(0.1)
            now = cpu_microseconds(self.pid)
            still = still + 1 if now - before < 2_000 else 0
            before = now


class Nginx200:
    """One process is its only worker: beside a master it would outlive a program that was killed."""

    def __init__(self, place, cpus):
        port = harness.free_port()
        self.url = f"http://127.0.0.1:{port}"
        temporary = "".join(f"{name}_temp_path {place}/{name}; " for name in "client_body proxy fastcgi uwsgi scgi".split())
        config = os.path.join(place, "nginx.conf")
        with open(config, "w", encoding="ascii") as file:
            file.write(f"""daemon off;
master_process off;
worker_processes 1;
pid {place}/pid;
error_log {place}/error.log error;
events {{ worker_connections 16384; }}
http {{
  access_log off;
  keepalive_requests 1000000000;
  keepalive_timeout 3600s;
  {temporary}
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    default_type application/json;
    return 200 '{ANSWER}';
  }}
}}
""")
        with pinned(cpus):
            self._process = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", "nginx", "-c", config,
                                              "-e", f"{place}/error.log"], stdin=subprocess.DEVNULL)
        try:
            harness.eventually("nginx listens", self._answers, 10)
        except BaseException:
            self.end()
            raise

    @property
    def pid(self):
        return self._process.pid

    def _answers(self):
        assert self._process.poll() is None, "nginx did not start"
        with contextlib.suppress(OSError), urllib.request.urlopen(self.url, timeout=5) as answer:
            assert answer.read().decode() == ANSWER
            return True
        return False

    def end(self):
        self._process.kill()
        self._process.wait()


class Rig:
    """Starts servers, measures, and ends all of it."""

    def __init__(self, binary, seconds, place=None):
        harness.BINARY = os.path.abspath(binary)
        harness.IO_THREADS = None  # it is said here
        self.seconds = seconds
        self._place = place
        self._ends = contextlib.ExitStack()
        self._servers = []

    def __enter__(self):
        assert BOTH_CPUS <= os.sched_getaffinity(0), "needs CPU 0 and CPU 1"
        # What ends the program must not leave directories of gigabytes.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        with contextlib.ExitStack() as ends:
            if self._place is not None:
                os.makedirs(self._place, exist_ok=True)
            self.place = ends.enter_context(self.new_place())
            self._ends = ends.pop_all()
        return self

    def __exit__(self, *error):
        return self._ends.__exit__(*error)

    def new_place(self):
        return tempfile.TemporaryDirectory(prefix="doorbuster-rig-", dir=self._place)

    def start_nginx(self):
        nginx = Nginx200(self.place, SERVER_CPUS)
        self._ends.callback(nginx.end)
        return nginx

    @contextlib.contextmanager
    def server(self, io_threads=1, cpus=SERVER_CPUS):
        with self.new_place() as place:
            server = Doorbuster(place, ["--io-threads", str(io_threads)], cpus)
            self._servers.append(server)
            try:
                yield server
            finally:
                self._servers.remove(server)
                server.end()

    def measure(self, candidate, load, *, refused=False, cpus=CLIENT_CPUS, seconds=None):
        """One run, whose answers are all good, or all refusals."""
        seconds = seconds or self.seconds
        for server in self._servers:
            server.be_quiet()
        command = ["setpriv", "--pdeathsig", "KILL", "taskset", "-c", ",".join(map(str, sorted(cpus))),
                   "wrk", "-t1", f"-c{load.connections}", f"-d{seconds}s", "--latency", "--timeout", "10s",
                   "-s", os.path.join(HERE, load.script), candidate.url, "--", *load.arguments]
        threads = cpu_by_thread(candidate.pid)
        before = cpu_microseconds(candidate.pid), machine_microseconds() - client_microseconds()
        wrk = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60)
        after = cpu_microseconds(candidate.pid), machine_microseconds() - client_microseconds()
        assert wrk.returncode == 0, f"wrk: {wrk.returncode}\n{wrk.stdout}{wrk.stderr}"
        assert not wrk.stderr, f"wrk: {wrk.stderr}"  # the script's errors
        requests, rate, p50, p99 = _run_of(wrk.stdout, refused)
        by_thread = {name: (now - threads[name]) / requests for name, now in cpu_by_thread(candidate.pid).items()}
        return Run(requests, rate, p50, p99, *((now - was) / requests for now, was in zip(after, before)), by_thread)

    def claim_anew(self, server, sale, name, *, connections=64, depth=1, load=None, **more):
        """Measures claims of new buyers, and has the sale prove them: those that wrk saw, and no more than it sent."""
        load = load or claims(sale, name, connections, depth)
        server.be_quiet()
        before = server.stats(sale)["confirmed"]
        run = self.measure(server, load, **more)
        server.be_quiet()  # it may still decide what wrk did not wait for
        came_to_be(server.stats(sale)["confirmed"] - before, run, load, "claims confirmed")
        return run

    def fill(self, server, sale, buyers):
        """At least so many buyers with a claim, and how many it has become."""
        known, number = server.stats(sale)["confirmed"], 0
        while known < buyers:
            self.measure(server, claims(sale, f"fill-{number}", depth=16), seconds=5 if buyers > 1_000_000 else 1)
            known, number = server.stats(sale)["confirmed"], number + 1
        server.be_quiet()
        return server.stats(sale)["confirmed"]


def came_to_be(count, run, load, what):
    """wrk cuts off what it has under way at its end."""
    assert run.requests <= count <= run.requests + load.under_way, f"{count} {what}, by {run.requests} requests and {load}"


def shown(values, digits=2):
    """The median and the range."""
    return f"{statistics.median(values):,.{digits}f} ({min(values):,.{digits}f}..{max(values):,.{digits}f})"
