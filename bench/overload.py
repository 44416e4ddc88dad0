#!/usr/bin/env python3
"""What a server does that is offered ten times what it can do.

    bench/overload.py --binary build/release/doorbuster [--seconds 60] [--share 0.2] [--period-ms 10] [--pipeline 1]
                      [--dir DIR]

The server is held to a share of one CPU (CPU 0) by a cgroup of its own, v1 or v2, so that the other CPU can offer ten
times its capacity. The quota is of a short period, since a server that has used it up stands still until the next.

  before    the p50 of 200 lonely claims: one after the other, each of a new buyer
  capacity  the most claims/s that a closed loop is granted: wrk with bench/claims.lua, 5 s with each of 64, 256 and
            1,000 connections, --pipeline requests under way on each
  overload  `doorbuster bench --mix winners --arrival constant` at ten times that for --seconds, 1,000 connections: an open
            loop. Goodput is claims granted a second, goal 0.9 of the capacity; refusals are what the generator calls
            turned away (503 overloaded and its like: nothing was decided), goal p99 10 ms from when they were meant to
            be asked. The server's resident memory is looked at each 100 ms until the generator has read all claims back
  after     five seconds after the generator has ended (it reads all claims back first) 200 lonely claims again

The generator counts latencies by kind of answer from the moment a request was meant to be sent, and from when it was
really sent for all answers together alone; both are told. Needs root, and wrk (Debian).
"""
import argparse
import contextlib
import os
import re
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time

import latency
from latency import harness, on_cpu, publish, quantile, resident_bytes, send_crowd, served, timed, url_of
from http_client import Connection, claim, get  # noqa: E402  (latency says where it is)

HERE = os.path.dirname(os.path.abspath(__file__))
CONNECTIONS = 1_000
TIMES = 10
STOCK = 100_000_000
V1 = "/sys/fs/cgroup/cpu"
V2 = "/sys/fs/cgroup"


class Share:
    """A cgroup whose processes get `share` of one CPU, all together."""

    def __init__(self, share, period_us):
        self.share, self.period_us = share, period_us
        self.quota_us = round(share * period_us)

    def __enter__(self):
        name = f"doorbuster-overload-{os.getpid()}"
        if os.path.exists(os.path.join(V1, "cgroup.procs")):
            self.version, self.path = 1, os.path.join(V1, name)
        elif os.path.exists(os.path.join(V2, "cgroup.controllers")):
            self.version, self.path = 2, os.path.join(V2, name)
            control = os.path.join(V2, "cgroup.subtree_control")
            with open(control, encoding="ascii") as file:
                if "cpu" not in file.read().split():
                    self._put(control, "+cpu")
        else:
            sys.exit(f"there is no cgroup for CPU time at {V1} or {V2}")
        os.mkdir(self.path)
        try:
            if self.version == 1:
                self._set("cpu.cfs_period_us", self.period_us)
                self._set("cpu.cfs_quota_us", self.quota_us)
            else:
                self._set("cpu.max", f"{self.quota_us} {self.period_us}")
        except BaseException:
            os.rmdir(self.path)
            raise
        return self

    def __exit__(self, *_):
        def removed():
            with contextlib.suppress(OSError):  # busy, as long as a process of it is not quite gone
                os.rmdir(self.path)
            return not os.path.exists(self.path)
        harness.eventually("the cgroup is removed", removed)

    @staticmethod
    def _put(path, value):
        with open(path, "w", encoding="ascii") as file:
            file.write(str(value))

    def _set(self, name, value):
        self._put(os.path.join(self.path, name), value)

    def take(self, pid):
        """All threads of that process."""
        self._set("cgroup.procs", pid)

    def periods(self):
        """(those that were, those in which the quota was used up)"""
        with open(os.path.join(self.path, "cpu.stat"), encoding="ascii") as file:
            stat = dict(line.split() for line in file)
        return int(stat["nr_periods"]), int(stat["nr_throttled"])


def cpu_seconds(pid):
    """Of all threads, in the kernel too."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        words = file.read().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


class Memory:
    """The server's resident memory at most, looked at each 100 ms."""

    def __init__(self, pid):
        self.pid, self.most, self.looked = pid, 0, 0
        self.stopping = threading.Event()

    def _watch(self):
        while True:
            self.most = max(self.most, resident_bytes(self.pid))
            self.looked += 1
            if self.stopping.wait(0.1):
                return

    def __enter__(self):
        self.thread = threading.Thread(target=self._watch)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        self.thread.join()


def lonely(server, share, name):
    """(p50 of 200 claims in milliseconds, in how many of the periods meanwhile the quota was used up)"""
    was = share.periods()
    with Connection(server.address) as connection:
        publish(connection, name, 1_000)
        took = [timed(connection, claim(name, f"buyer-{number}"), 201) for number in range(200)]
    # Next to none, or it was the cgroup that was measured; other work on the machine it does not tell.
    periods, throttled = (now - then for now, then in zip(share.periods(), was))
    return quantile(took, 0.5), f"quota used up in {throttled:,} of {periods:,} periods"


def closed_loop(server, connections, pipeline):
    """Claims granted a second."""
    sale = f"closed-{connections}"
    with Connection(server.address) as connection:
        publish(connection, sale, STOCK)
    with on_cpu(latency.CROWD_CPU):
        wrk = subprocess.run(
            ["setpriv", "--pdeathsig", "KILL", "wrk", "-t1", f"-c{connections}", "-d5s", "-s",
             os.path.join(HERE, "claims.lua"), url_of(server), "--", sale, str(pipeline), "b"],
            capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL)
    answered, seconds = re.search(r"(\d+) requests in ([\d.]+)s", wrk.stdout).groups()
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", wrk.stdout)
    granted = int(answered) - (int(refused.group(1)) if refused else 0)
    with Connection(server.address) as connection:
        sold = connection.ask(get(f"/v1/sales/{sale}/stats")).json()["confirmed"]
    # What was under way in the end was granted too, and seen by nobody.
    assert granted <= sold <= granted + connections * pipeline * 2, f"{sold} were sold\n{wrk.stdout}"
    errors = re.search(r"Socket errors: .*", wrk.stdout)
    return granted / float(seconds), (refused.group(0) + "; " if refused else "") + (errors.group(0) if errors else "")


def verdict(reached):
    return "reached" if reached else "missed"


def row(name, what):
    print(f"{name:10} {what}", flush=True)


def tell_overload(report, capacity, offered):
    """What the generator found, against the goals."""
    requests, client = report["requests"], report["client"]

    def ms(kind, which):
        return f"{report['latency_us'][kind][which] / 1e3:,.1f}"

    goodput = report["granted"] / report["took_seconds"]
    row("overload", f"goodput {goodput:,.0f} claims/s, {goodput / capacity:.2f} of the capacity   "
                    f"goal: at least 0.9: {verdict(goodput >= 0.9 * capacity)}")
    refusals = report["latency_us"]["turned_away"]
    if refusals["count"]:
        row("overload", f"refusals {refusals['count']:,} {report['turned_away']}, from when they were meant: "
                        f"p50 {ms('turned_away', 'p50')} p99 {ms('turned_away', 'p99')} "
                        f"p99.9 {ms('turned_away', 'p99_9')} ms   "
                        f"goal: p99 at most 10 ms: {verdict(refusals['p99'] <= 10_000)}")
    else:
        row("overload", "refusals: there were none, all who were too many waited   goal: p99 at most 10 ms: missed")
    row("overload", f"claims granted, from when they were meant: p50 {ms('wins', 'p50')} p99 {ms('wins', 'p99')} ms")
    row("overload", "all answers, from when the request was sent (the generator does not tell that by kind): "
                    f"p50 {ms('from_sending', 'p50')} p99 {ms('from_sending', 'p99')} ms")
    row("overload", f"came {report['arrivals']:,}, sent {requests['sent']:,} over {report['connections']:,} connections, "
                    f"answered {requests['answered']:,}, granted {report['granted']:,}, lost {requests['lost']:,}; "
                    f"found no free connection to the end {requests['never_sent']:,}; errors {report['errors']}")
    row("overload", f"generator: limit {report['limit']}; at the peak {client['busy_at_peak']:.0%} busy and "
                    f"{client['waiting_at_peak']:.0%} waiting for a CPU; what found a free connection was "
                    f"{ms('sent_late', 'p99')} ms late at p99")
    # Who waits for a connection waits for the server; only a generator that is late itself offers less than it says.
    if report["limit"] in ("client", "machine"):
        row("overload", f"the {report['limit']} was the limit: the generator did not hold {offered:,}/s all the time")
    proof = report["proof"]
    said = "could not be read back" if proof is None else "adds up" if proof["adds_up"] else f"BROKEN: {proof['breaches']}"
    row("overload", f"proof: {said}")


def run(options, server, share):
    pid = server.process.pid
    before, remark = lonely(server, share, "before")
    row("before", f"lonely claims: p50 {before:.2f} ms; {remark}")
    rates = []
    for connections in (64, 256, CONNECTIONS):
        rate, remarks = closed_loop(server, connections, options.pipeline)
        rates.append(rate)
        row("capacity", f"{connections:,} connections, {options.pipeline} under way on each: {rate:,.0f} claims/s"
                        + (f" ({remarks})" if remarks else ""))
    capacity = max(rates)
    offered = round(TIMES * capacity)
    row("capacity", f"the most: {capacity:,.0f} claims/s; offered are {offered:,}/s for {options.seconds} s")

    memory_before, cpu_before = resident_bytes(pid), cpu_seconds(pid)
    periods_before, begun = share.periods(), time.monotonic()
    with Memory(pid) as memory:
        report, code = send_crowd(url_of(server), "--rate", offered, "--duration", options.seconds, "--connections",
                                  CONNECTIONS, "--pipeline", options.pipeline)
    took, used = time.monotonic() - begun, cpu_seconds(pid) - cpu_before
    tell_overload(report, capacity, offered)
    if code != 0:
        row("overload", f"the generator's exit code was {code}")
    periods, throttled = (now - was for now, was in zip(share.periods(), periods_before))
    row("overload", f"server: {used / took:.2f} of a CPU; its quota was used up in {throttled:,} of {periods:,} periods")
    each = (memory.most - memory_before) / max(report["granted"], 1)
    row("overload", f"resident memory at most {memory.most / 1e6:,.1f} MB, {memory_before / 1e6:,.1f} before "
                    f"({each:,.0f} bytes more for each claim granted); looked at {memory.looked:,} times   no goal")
    time.sleep(5)
    after, remark = lonely(server, share, "after")
    row("after", f"lonely claims: p50 {after:.2f} ms, {after / before:.2f} of that before; {remark}; "
                 f"resident memory {resident_bytes(pid) / 1e6:,.1f} MB   no goal")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--share", type=float, default=0.2)
    parser.add_argument("--period-ms", type=float, default=10)
    parser.add_argument("--pipeline", type=int, default=1)
    parser.add_argument("--dir", default=tempfile.gettempdir())
    options = parser.parse_args()
    harness.BINARY = os.path.abspath(options.binary)
    # By this the cgroup is removed when it is ended.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    with Share(options.share, round(options.period_ms * 1000)) as share, \
            served(options.dir, cpu=latency.SERVER_CPU) as server:
        share.take(server.process.pid)
        print(f"server on CPU {latency.SERVER_CPU}, held to {options.share:g} of it (cgroup v{share.version}: "
              f"{share.quota_us:,} us in each {share.period_us:,} us); crowd on CPU {latency.CROWD_CPU}", flush=True)
        run(options, server, share)


if __name__ == "__main__":
    main()
