#!/usr/bin/env python3
"""Two or more builds of the server in turns: what a change costs or saves.

    bench/turns.py [--rounds 5] [--seconds 2] [--loads 64x1,64x16] [--dir DIR] BEFORE AFTER...

Each round starts each build once for each load, on a data directory of its own, and asks it for claims of new buyers
(rig.py). A load is CONNECTIONSxDEPTH, so many requests at a time on each connection; "refused-" before it: of a sale that
is sold out; "threads-" before it: two I/O threads, server and client on both CPUs. Told are medians, and the median of
the ratios to the first build in the same round. Needs wrk and taskset (Debian).
"""
import argparse
import os
import statistics

from rig import BOTH_CPUS, CLIENT_CPUS, SERVER_CPUS, STOCK, Rig, claims, shown

REFUSED, THREADS = "refused-", "threads-"


def measure(binary, load, options):
    refused, threads = load.startswith(REFUSED), load.startswith(THREADS)
    connections, depth = map(int, load.removeprefix(REFUSED).removeprefix(THREADS).split("x"))
    with Rig(binary, options.seconds, options.dir) as rig:
        with rig.server(*([2, BOTH_CPUS] if threads else [1, SERVER_CPUS])) as server:
            server.make_sale("s", stock=1 if refused else STOCK)
            if refused:
                server.make_claims("s", ["first"])
            return rig.measure(server, claims("s", "name", connections, depth), refused=refused,
                               cpus=BOTH_CPUS if threads else CLIENT_CPUS)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("builds", nargs="+", metavar="BUILD")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--loads", default="64x1,64x16")
    parser.add_argument("--dir")
    options = parser.parse_args()
    for load in options.loads.split(","):
        runs = {build: [] for build in options.builds}
        for _ in range(options.rounds):
            for build in options.builds:
                runs[build].append(measure(build, load, options))
        first = runs[options.builds[0]]
        for build in options.builds:
            own = runs[build]
            rates = [run.rate / other.rate for run, other in zip(own, first)]
            costs = [run.cpu / other.cpu for run, other in zip(own, first)]
            print(f"{load:16} {os.path.relpath(build):32} req/s {statistics.median(run.rate for run in own):9,.0f}  "
                  f"cpu us {statistics.median(run.cpu for run in own):6.2f}  to the first: req/s {shown(rates)}  "
                  f"cpu {shown(costs)}", flush=True)


if __name__ == "__main__":
    main()
