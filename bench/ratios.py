#!/usr/bin/env python3
"""The goals of the server in figures: against nginx200 (rig.py), and of one kind of request against another.

    bench/ratios.py --binary build/release/doorbuster [--rounds 5] [--seconds 3] [--only NAME,...] [--dir DIR]
                    [--buyers 10000000]

Each row has a server of its own. Its rounds are interleaved: the server and then nginx200, or the request that is
compared with and then the one that is compared; its figure is the median of the ratios within the rounds. NAME is a
row's, or how the names of several begin ("claims").

  claims-64, claims-256, claims-1024      claims by new buyers, over so many connections: requests/s against nginx200
  pipelined                               the same, 16 at a time on each of 64 connections, of nginx200 too
  close                                   the same over 64 connections, each closed after its answer
  refused-sold-out, refused-not-open      what new buyers are told by a sale that has nothing to give, 256 connections;
  refused-...-pipelined                   and 16 at a time on 64
  duplicate, read, confirm, release       CPU of the server a request, against that of a claim in the same round, over 64
                                          connections: a claim by who has one, claims/me by who has one, the confirmation
                                          and the release (DELETE, by the merchant) of a held claim, each of its own (where
                                          these are used up before the time is, their requests/s are too few)
  growth-buyers                           CPU a claim on a sale that knows --buyers, against one that knows 10,000 when the
                                          round begins
  growth-sales                            CPU a claim, spread over 10,000 sales that have a claim each, against one sale that
                                          has 10,000
  threads                                 CPU a claim with two I/O threads against one; server and client on both CPUs
  threads-refused                         CPU a refusal (sold out) likewise

Requests/s have goals that are reached from above, CPU goals that are reached from below. After each run of claims
the sale proves it: it adds up, and it has confirmed what wrk saw confirmed and not more than wrk sent; refusals are
proved by what the sale counted. On stderr each run is told as it ends. The last lines are a summary; a row that could not be
measured or proved is told there as failed, and makes the exit code 1. Needs nginx, wrk and taskset (Debian), and for
growth-buyers some 4 GB of memory and of disk.
"""
import argparse
import dataclasses
import os
import statistics
import subprocess
import sys
import time
import traceback

from rig import BOTH_CPUS, STOCK, Rig, asks, came_to_be, claims, shown
from http_client import claim, get  # found by rig's path

NEW_BUYER = "X-Buyer-Id: {}-NUMBER"
KNOWN = 4096        # buyers who ask again
IDS = 100_000       # held claims a round, to be confirmed or released
SMALL = 10_000      # buyers whom a small sale knows
SALES = 10_000


@dataclasses.dataclass
class Row:
    """`ours` against `theirs`, one of each a round."""
    name: str
    goal: float
    of: str  # the attribute of a run whose ratio is the figure
    theirs_is: str
    ours: list = dataclasses.field(default_factory=list)
    theirs: list = dataclasses.field(default_factory=list)

    def add(self, ours, theirs):
        self.ours.append(ours)
        self.theirs.append(theirs)
        print(f"  {self.name:28} {ours}\n  {self.theirs_is:>28} {theirs}", file=sys.stderr, flush=True)

    @property
    def ratios(self):
        return [getattr(ours, self.of) / getattr(theirs, self.of) for ours, theirs in zip(self.ours, self.theirs)]

    @property
    def reached(self):
        figure = statistics.median(self.ratios)
        return figure >= self.goal if self.of == "rate" else figure <= self.goal

    def both(self, attribute, digits):
        ours, theirs = (statistics.median(getattr(run, attribute) for run in runs) for runs in (self.ours, self.theirs))
        return f"{ours:,.{digits}f} / {theirs:,.{digits}f}"

    def line(self):
        return (f"{self.name:28} {shown(self.ratios)} of {self.theirs_is}   req/s {self.both('rate', 0)}   "
                f"cpu us {self.both('cpu', 2)}   all us {self.both('all', 2)}")

    def by_thread(self):
        """Of ours, microseconds a request by thread, those that took any."""
        names = sorted({name for run in self.ours for name in run.threads})
        medians = {name: statistics.median(run.threads.get(name, 0) for run in self.ours) for name in names}
        return "   ".join(f"{name} {median:.2f}" for name, median in medians.items() if median >= 0.005)

    def summary(self):
        return (f"{self.name:28} {shown(self.ratios):24} goal {'>=' if self.of == 'rate' else '<='} {self.goal:<5g} "
                f"{'reached' if self.reached else 'missed'}")


class Bench:
    """The rows; each method is a kind of them."""

    def __init__(self, rig, options):
        self.rig = rig
        self.rounds = options.rounds
        self.buyers = options.buyers
        self._nginx = None

    @property
    def nginx(self):
        if self._nginx is None:
            self._nginx = self.rig.start_nginx()
        return self._nginx

    def listed(self, name, lines):
        """A file of them, for wrk."""
        path = os.path.join(self.rig.place, name)
        with open(path, "w", encoding="ascii") as file:
            file.write("".join(line + "\n" for line in lines))
        return path

    def claims(self, name, goal, load_of):
        """load_of(buyers' name) is what is asked of sale "s"."""
        row = Row(name, goal, "rate", "nginx200")
        with self.rig.server() as server:
            server.make_sale("s")
            for number in range(self.rounds):
                load = load_of(f"r{number}")
                row.add(self.rig.claim_anew(server, "s", None, load=load), self.rig.measure(self.nginx, load))
        return row

    def refused(self, name, goal, code, connections, depth):
        row = Row(name, goal, "rate", "nginx200")
        with self.rig.server() as server:
            if code == "sold-out":
                server.make_sale("s", 1)
                server.make_claims("s", ["first"])
            else:
                server.make_sale("s", opens_at="2099-01-01T00:00:00Z")
            # Once by hand: that it is this problem, which wrk does not look at.
            answer = server.ask(claim("s", "second"), 409)
            assert answer.code == code, answer
            for number in range(self.rounds):
                load = claims("s", f"r{number}", connections, depth)
                before = server.stats("s")["refused"][code]
                ours = self.rig.measure(server, load, refused=True)
                server.be_quiet()
                came_to_be(server.stats("s")["refused"][code] - before, ours, load, f"refused as {code}")
                row.add(ours, self.rig.measure(self.nginx, load))
        return row

    def again(self, name, goal):
        """By buyers who have a claim: the claim again, or which they have."""
        row = Row(name, goal, "cpu", "a claim")
        buyers = [f"known-{number:05}" for number in range(KNOWN)]
        lines, field = self.listed("buyers", buyers), ("X-Buyer-Id: LINE",)
        load = (asks("POST", "/v1/sales/known/claims", fields=field, lines=lines) if name == "duplicate" else
                asks("GET", "/v1/sales/known/claims/me", fields=field, lines=lines))
        with self.rig.server() as server:
            server.make_sale("s")
            server.make_sale("known")
            server.make_claims("known", buyers)
            mine = server.ask(get("/v1/sales/known/claims/me", [("X-Buyer-Id", buyers[-1])])).json()
            assert [each["buyer"] for each in mine["data"]] == buyers[-1:], mine
            for number in range(self.rounds):
                plain = self.rig.claim_anew(server, "s", f"r{number}")
                row.add(self.rig.measure(server, load), plain)
                assert server.stats("known")["confirmed"] == KNOWN, "somebody got another one"
        return row

    def held(self, name, goal):
        """Confirms or releases held claims, each once."""
        row = Row(name, goal, "cpu", "a claim")
        with self.rig.server() as server:
            server.make_sale("s")
            for number in range(self.rounds):
                sale = f"held-{number}"
                server.make_sale(sale, hold_seconds=600)
                self.rig.measure(server, claims(sale, "b", depth=16), seconds=1)
                server.be_quiet()
                lines = self.listed("ids", server.claim_ids(sale, IDS))
                plain = self.rig.claim_anew(server, "s", f"r{number}")
                if name == "confirm":
                    # Its reference is of its own, as an order's is: the id once more.
                    load = asks("POST", f"/v1/sales/{sale}/claims/LINE/confirm", lines=lines, stop=True,
                                fields=("Content-Type: application/json",), body='{"reference":"LINE"}')
                else:
                    load = asks("DELETE", f"/v1/sales/{sale}/claims/LINE", lines=lines, stop=True)
                ours = self.rig.measure(server, load)
                server.be_quiet()
                stats = server.stats(sale)
                done = stats["confirmed"] if name == "confirm" else stats["released"]["merchant"]
                # Where the file is used up the last id is asked for again while wrk stops.
                assert ours.requests - load.under_way <= done <= ours.requests + load.under_way, f"{done} {name}: {ours}"
                row.add(ours, plain)
        return row

    def growth_of_buyers(self, name, goal):
        row = Row(name, goal, "cpu", f"{SMALL:,} buyers")
        with self.rig.server() as small, self.rig.server() as large:
            large.make_sale("s")
            known = self.rig.fill(large, "s", self.buyers)
            print(f"  {name}: {known:,} buyers known", file=sys.stderr, flush=True)
            for number in range(self.rounds):
                sale = f"s{number}"
                small.make_sale(sale)
                small.make_claims(sale, [f"known-{buyer}" for buyer in range(SMALL)])
                few = self.rig.claim_anew(small, sale, "r")
                row.add(self.rig.claim_anew(large, "s", f"r{number}"), few)
        return row

    def growth_of_sales(self, name, goal):
        row = Row(name, goal, "cpu", "one sale")
        sales = [f"s-{number:06}" for number in range(SALES)]
        with self.rig.server() as one, self.rig.server() as many:
            one.make_sale("s")
            many.make_sales(sales, STOCK)
            # What a sale's first claim costs would else make the figure one of how long a round is.
            many.ask_all(((None, claim(sale, "first")) for sale in sales), 201)
            one.make_claims("s", [f"first-{number}" for number in range(SALES)])
            lines, before = self.listed("sales", sales), SALES
            for number in range(self.rounds):
                alone = self.rig.claim_anew(one, "s", f"r{number}")
                load = asks("POST", "/v1/sales/LINE/claims", lines=lines, fields=(NEW_BUYER.format(f"r{number}"),))
                spread = self.rig.measure(many, load)
                many.be_quiet()
                confirmed = self.confirmed(many, sales)
                came_to_be(confirmed - before, spread, load, "claims confirmed")
                before = confirmed
                row.add(spread, alone)
        return row

    @staticmethod
    def confirmed(server, sales):
        """Of all of them, once each adds up."""
        answers = server.ask_all(((sale, get(f"/v1/sales/{sale}/stats")) for sale in sales), 200)
        stats = [answers[sale].json() for sale in sales]
        assert all(each["conserved"] is True for each in stats), "a sale does not add up"
        return sum(each["confirmed"] for each in stats)

    def threads(self, name, goal):
        row = Row(name, goal, "cpu", "one thread")
        with self.rig.server(1, BOTH_CPUS) as one, self.rig.server(2, BOTH_CPUS) as two:
            servers = one, two
            for server in servers:
                server.make_sale("s", 1 if name == "threads-refused" else STOCK)
                server.make_claims("s", ["first"])
            for number in range(self.rounds):
                if name == "threads-refused":
                    alone, ours = (self.rig.measure(server, claims("s", f"r{number}"), refused=True, cpus=BOTH_CPUS)
                                   for server in servers)
                else:
                    alone, ours = (self.rig.claim_anew(server, "s", f"r{number}", cpus=BOTH_CPUS) for server in servers)
                row.add(ours, alone)
        print(f"{name}, microseconds a request by thread: {row.by_thread()}", flush=True)
        return row


def rows_of(bench):
    """Each row's name and how it is made, in order."""
    rows = {}
    for connections, goal in (64, 0.85), (256, 1.0), (1024, 1.05):
        rows[f"claims-{connections}"] = lambda name, n=connections, goal=goal: bench.claims(
            name, goal, lambda buyers: claims("s", buyers, n))
    rows["pipelined"] = lambda name: bench.claims(name, 5, lambda buyers: claims("s", buyers, 64, 16))
    rows["close"] = lambda name: bench.claims(
        name, 1.0, lambda buyers: asks("POST", "/v1/sales/s/claims", fields=(NEW_BUYER.format(buyers), "Connection: close")))
    for suffix, goal, connections, depth in ("", 1.05, 256, 1), ("-pipelined", 7, 64, 16):
        for code in "sold-out", "not-open":
            rows[f"refused-{code}{suffix}"] = lambda name, args=(goal, code, connections, depth): bench.refused(name, *args)
    for name in "duplicate", "read":
        rows[name] = lambda name: bench.again(name, 1.1)
    for name in "confirm", "release":
        rows[name] = lambda name: bench.held(name, 1.1)
    rows["growth-buyers"] = lambda name: bench.growth_of_buyers(name, 1.3)
    rows["growth-sales"] = lambda name: bench.growth_of_sales(name, 1.1)
    for name in "threads", "threads-refused":
        rows[name] = lambda name: bench.threads(name, 1.15)
    return rows


def chosen(rows, only):
    """The rows that `only` names; what it names is there, or it is a mistake."""
    wanted = [word for word in only.split(",") if word]
    for word in wanted:
        if not any(name == word or name.startswith(word + "-") for name in rows):
            sys.exit(f"no row is named {word}; there are {', '.join(rows)}")
    return [name for name in rows
            if not wanted or any(name == word or name.startswith(word + "-") for word in wanted)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--only", default="", metavar="NAME,...")
    parser.add_argument("--dir", help="where data directories are made, instead of the system's place for temporary files")
    parser.add_argument("--buyers", type=int, default=10_000_000, help="whom the large sale of growth-buyers knows")
    options = parser.parse_args()
    with Rig(options.binary, options.seconds, options.dir) as rig:
        rows = rows_of(Bench(rig, options))
        names = chosen(rows, options.only)
        print(f"{time.strftime('%Y-%m-%d')}, {options.rounds} rounds of {options.seconds} s, server on CPU 0, "
              "client on CPU 1")
        summary, failed = [], False
        for name in names:
            try:
                row = rows[name](name)
                print(row.line(), flush=True)
                summary.append(row.summary())
            except (AssertionError, OSError, subprocess.SubprocessError):  # the other rows are worth their hour
                traceback.print_exc()
                summary.append(f"{name:28} failed")
                failed = True
    print()
    print("\n".join(summary))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
