"""Starts the real server for the end-to-end tests, and looks after it.

From the environment:
  DOORBUSTER_BINARY      the program under test
  DOORBUSTER_SCALE       how much of the full load is made, 1 by default; less for sanitizer builds
  DOORBUSTER_IO_THREADS  passed on as --io-threads
  DOORBUSTER_SEED        repeats a run that printed it

Nothing waits for ever: each wait has a deadline, the whole program has one (a traceback of every
thread says where it stood), and a server dies with the test that started it.
"""
import contextlib
import faulthandler
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

from conformance import Conformance, document_in
from http_client import PATIENCE, Connection, Late, claim, crowd, get, judges, post_form, post_json, request

__all__ = ["BINARY", "Connection", "DoorbusterTest", "IO_THREADS", "PATIENCE", "SCALE", "SEED",
           "Server", "chance", "claim", "crowd", "eventually", "free_port", "get", "listed", "main", "post_form", "post_json",
           "program_environment", "request", "run_program", "scaled"]

BINARY = os.environ.get("DOORBUSTER_BINARY", "")
SCALE = float(os.environ.get("DOORBUSTER_SCALE", "1"))
IO_THREADS = os.environ.get("DOORBUSTER_IO_THREADS")
# Of each segment of the journal: a start reads one whole, for half a minute under the thread sanitizer.
SEGMENT_BYTES = os.environ.get("DOORBUSTER_SEGMENT_BYTES")
SEED = int(os.environ.get("DOORBUSTER_SEED") or random.SystemRandom().randrange(1 << 32))

START_SECONDS = 60  # a sanitizer build on a busy machine, recovering a journal
STOP_SECONDS = 60

# What a sanitizer says, should a build with one find something and go on.
SANITIZER = re.compile(r"ERROR: \w+Sanitizer|WARNING: ThreadSanitizer|runtime error:")


def scaled(count, least=1):
    return max(least, int(count * SCALE))


def chance(*name):
    """A source of randomness of its own for each use, so that one test does not shift another's."""
    return random.Random("/".join([str(SEED), *map(str, name)]))


def eventually(what, condition, seconds=60):
    """Polls until condition() is truthy and returns it; Late, naming `what`, after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > deadline:
            raise Late(f"not within {seconds} s: {what}")
        time.sleep(0.005)


def program_environment(**more):
    """The environment without the tests' own variables, which the program would take for misspelt settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DOORBUSTER_")}
    return {**kept, **more}


def run_program(*arguments, seconds=60, **options):
    """Runs the program to its end; the result has returncode, stdout and stderr as text."""
    options.setdefault("env", program_environment())
    return subprocess.run([BINARY, *map(str, arguments)], capture_output=True, text=True,
                          timeout=seconds, stdin=subprocess.DEVNULL, **options)


def listening_ports(pid):
    """The ports at which a process takes TCP connections (IPv4)."""
    sockets = set()
    for name in os.listdir(f"/proc/{pid}/fd"):
        with contextlib.suppress(FileNotFoundError):
            sockets.add(os.readlink(f"/proc/{pid}/fd/{name}"))
    with open("/proc/net/tcp", encoding="ascii") as table:
        rows = [line.split() for line in table.readlines()[1:]]
    listen = "0A"
    return {int(row[1].partition(":")[2], 16) for row in rows
            if row[3] == listen and f"socket:[{row[9]}]" in sockets}


_ports = random.SystemRandom()  # no seed: tests run beside each other
_given_ports = set()


def free_port():
    """One that no server has, for a program that cannot be told to take any. It is none of those that the
    kernel gives to connections: by the time the program binds it, and when it starts again, that would be a
    matter of luck."""
    while True:
        port = _ports.randrange(10_000, 32_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            if port not in _given_ports:
                _given_ports.add(port)
                return port


proxy = None  # where test_prism.py puts one in front of every server

_conformance = None  # to the document of the one program under test


def judge_answers(address):
    """From now on every answer from there that is not as the server's own document says fails its test."""
    global _conformance
    if _conformance is None:
        with Connection(address) as connection:
            _conformance = Conformance(document_in(connection.ask(get("/openapi.json"))))
    judges[address] = _judge


def _judge(request_line, answer):
    breach = _conformance.breach(request_line, answer)
    assert breach is None, f"not as /openapi.json says: {breach}"


def _gather(stdout, lines, changed):
    """Reads lines as they come; None stands for their end."""
    with stdout:
        for line in stdout:
            with changed:
                lines.append(line.decode("utf-8", "replace"))
                changed.notify_all()
    with changed:
        lines.append(None)
        changed.notify_all()


class Server:
    """One `doorbuster serve` over a data directory, to be started and ended again and again; with --dev
    unless `dev` is set otherwise before it starts."""

    def __init__(self, data_dir, log_path, arguments=(), environment=None):
        self.data_dir = data_dir
        self.log_path = log_path
        self.arguments = list(arguments)
        self.environment = dict(environment or {})  # beside that of the tests
        self.dev = True
        self.process = None
        self.address = None
        self.admin = None

    def start(self, listen="127.0.0.1:0"):
        """Starts it and waits until it is ready, or says what it waits for."""
        self.launch(listen if proxy is None else proxy.upstream)
        self.address = self._announced_address()
        # It does not say where its admin listener is; the kernel knows.
        others = listening_ports(self.process.pid) - {self.port}
        assert len(others) == 1, f"it listens at {others} and {self.port}"
        self.admin = "127.0.0.1", others.pop()
        if proxy is None:
            judge_answers(self.address)
        else:
            self.address = proxy.address
            judges[self.address] = proxy.judge
        return self

    def launch(self, listen="127.0.0.1:0"):
        """Starts it and waits for nothing."""
        assert self.process is None, "it runs already"
        command = [BINARY, "serve", "--data-dir", self.data_dir, "--http.listen", listen,
                   "--admin.listen", "127.0.0.1:0", *self.arguments]
        if self.dev:
            command.append("--dev")
        if IO_THREADS:
            command += ["--io-threads", IO_THREADS]
        if SEGMENT_BYTES:
            command += ["--journal.segment-bytes", SEGMENT_BYTES]
        with open(self.log_path, "ab") as log:
            # setpriv: no server outlives its test, however that ends.
            self.process = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *command], stderr=log,
                                            stdout=subprocess.PIPE, stdin=subprocess.DEVNULL,
                                            env=program_environment(**self.environment))
        self._lines, self._changed = [], threading.Condition()
        threading.Thread(target=_gather, args=(self.process.stdout, self._lines, self._changed),
                         daemon=True).start()

    def _announced_address(self):
        """The address in the line of stdout that begins with "ready", or "waiting" (for its clock)."""
        pattern = re.compile(r"(?:ready|waiting) +http://127\.0\.0\.1:(\d+)\b")

        def found():
            return next((m for line in self._lines if line and (m := pattern.match(line))), None)

        with self._changed:
            self._changed.wait_for(lambda: found() or None in self._lines, START_SECONDS)
            if not found():
                raise Late(f"no line 'ready   http://127.0.0.1:PORT' on stdout: {self._lines}, "
                           f"exit code {self._exit_code()}\nstderr:\n{self.log()}")
            return "127.0.0.1", int(found().group(1))

    def _exit_code(self):
        """None while it runs."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self.process.wait(1)

    @property
    def port(self):
        return self.address[1]

    @property
    def stdout(self):
        with self._changed:
            return "".join(line for line in self._lines if line)

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def log_lines(self):
        """The log's whole lines as objects; whatever is none is an error."""
        return [json.loads(line) for line in self.log().splitlines(keepends=True) if line.endswith("\n")]

    def told(self):
        """What the log says, a sentence a line."""
        return "".join(line["msg"] + "\n" for line in self.log_lines())

    def connect(self, **options):
        return Connection(self.address, **options)

    def listens(self):
        """False once nobody takes connections at its address."""
        try:
            self.connect().close()
        except ConnectionError:  # refused, or reset with the listener it had reached
            return False
        return True

    def ask(self, data):
        """One request on a connection of its own."""
        with self.connect() as connection:
            return connection.ask(data)

    def ask_admin(self, target):
        return self.tell_admin(get(target))

    def tell_admin(self, data):
        with Connection(self.admin) as connection:
            return connection.ask(data)

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self, seconds=STOP_SECONDS):
        """Waits for its end and returns its exit code."""
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Late(f"the server did not end within {seconds} s\n{self.log()}") from None
        self.process = None
        judges.pop(self.address, None)  # the port may be anybody's next
        report = SANITIZER.search(self.log())
        assert report is None, f"a sanitizer spoke:\n{self.log()[report.start():][:4000]}"
        return code

    def kill(self):
        self.signal(signal.SIGKILL)
        return self.wait()

    def stop(self):
        """A clean stop; anything but exit code 0 is an error."""
        self.signal(signal.SIGTERM)
        code = self.wait()
        assert code == 0, f"exit code {code} after SIGTERM\n{self.log()}"

    def restart(self):
        self.stop()
        return self.start()


def listed(connection, sale, page=1000):
    """Every claim of a sale, read page by page."""
    claims, target = [], f"/v1/sales/{sale}/claims?limit={page}"
    while target:
        answer = connection.ask(get(target))
        assert answer.status == 200, answer
        value = answer.json()
        claims += value["data"]
        assert not value["has_more"] or value["data"], "an empty page that promises more"
        target = (f"/v1/sales/{sale}/claims?limit={page}&after={value['next']}"
                  if value["has_more"] else None)
    return claims


class DoorbusterTest(unittest.TestCase):
    """A test with a place for data directories, and servers that end with it."""

    maxDiff = 4000

    def setUp(self):
        self.place = tempfile.mkdtemp(prefix="doorbuster-e2e-")
        self.addCleanup(shutil.rmtree, self.place, ignore_errors=True)
        self.servers = []
        self.addCleanup(self._end_servers)

    def _end_servers(self):
        """A sanitizer's or a CHECK's last words must fail the test, and be seen."""
        for server in self.servers:
            if server.process is not None:
                died = server.process.poll()
                with contextlib.suppress(ProcessLookupError):
                    server.process.kill()
                server.wait()
                self.assertIsNone(died, f"a server ended by itself, code {died}:\n{server.log()}")

    def path(self, name):
        return os.path.join(self.place, name)

    def new_server(self, name="data", arguments=(), environment=None):
        # The log never lies in or beside the data: their disk may be one that stalls.
        log_path = self.path(f"server-{len(self.servers)}.log")
        server = Server(self.path(name), log_path, arguments, environment)
        self.servers.append(server)
        return server

    def serve(self, name="data", arguments=()):
        return self.new_server(name, arguments).start()

    def create(self, connection, sale, stock, **more):
        """Publishes a sale and returns what the server says of it."""
        answer = connection.ask(post_json("/v1/sales", {"id": sale, "stock": stock, "title": sale, **more}))
        self.assertEqual(answer.status, 201, answer)
        return answer.json()

    def stats(self, connection, sale):
        answer = connection.ask(get(f"/v1/sales/{sale}/stats"))
        self.assertEqual(answer.status, 200, answer)
        return answer.json()

    def assert_refused(self, answer, status, code):
        self.assertEqual((answer.status, answer.code), (status, code), answer)
        self.assertEqual(answer.json()["status"], status)


def main():
    """Runs the tests of the calling file."""
    if not os.access(BINARY, os.X_OK):
        sys.exit("DOORBUSTER_BINARY names no program")
    print(f"seed {SEED} (DOORBUSTER_SEED repeats it), scale {SCALE}, io threads {IO_THREADS or 'default'}",
          flush=True)
    faulthandler.dump_traceback_later(PATIENCE, exit=True)
    unittest.main(verbosity=2)
