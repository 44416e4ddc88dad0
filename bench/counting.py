#!/usr/bin/env python3
"""How many instructions a durable claim takes, by callgrind: to see what counting for /metrics costs.

    bench/counting.py NAME=BINARY... [--connections N] [--depth N] [--claims N] [--rounds N]

Each binary (say one from before a change and one from after it) serves the same claims twice, some and then twice as
many; the difference is that of so many claims, without start and end. The rounds are interleaved, and what is told is
the median with the range. All threads of the server are counted, the kernel is not: reading the clock, which is no system call
outside valgrind, counts as next to nothing here and is told in bench/RESULTS.md by itself.
"""
import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests", "e2e"))
from http_client import Connection, claim, crowd, post_json  # noqa: E402


def claims_of(name, count):
    return ((None, claim("s", f"{name}-{number:06}")) for number in range(count))


def instructions(binary, claims, connections, depth):
    with tempfile.TemporaryDirectory(prefix="doorbuster-counting-") as place:
        out = os.path.join(place, "callgrind.out")
        server = subprocess.Popen(
            ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", binary, "serve", "--dev", "--data-dir",
             os.path.join(place, "data"), "--http.listen", "127.0.0.1:0", "--admin.listen", "127.0.0.1:0"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        try:
            line = server.stdout.readline().decode()
            address = "127.0.0.1", int(re.match(r"ready +http://127\.0\.0\.1:(\d+)", line).group(1))
            with Connection(address, seconds=300) as connection:
                made = connection.ask(post_json("/v1/sales", {"id": "s", "title": "s", "stock": 1_000_000}))
                assert made.status == 201, made
            statuses = []
            crowd(address, [claims_of(f"buyer-{walker:04}", claims // connections) for walker in range(connections)],
                  lambda _, answer: statuses.append(answer.status), depth=depth, seconds=3600)
            assert statuses == [201] * len(statuses) and len(statuses) == claims // connections * connections
            server.terminate()
            assert server.wait(600) == 0
        finally:
            server.kill()
            server.wait()
        with open(out, encoding="utf-8", errors="replace") as file:
            return int(re.search(r"^(?:summary|totals): (\d+)", file.read(), re.M).group(1))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binaries", nargs="+", metavar="NAME=BINARY")
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--depth", type=int, default=1)
    parser.add_argument("--claims", type=int, default=6400)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    binaries = dict(each.split("=", 1) for each in options.binaries)
    found = {name: [] for name in binaries}
    for _ in range(options.rounds):
        for name, binary in binaries.items():
            some, twice = (instructions(binary, times * options.claims, options.connections, options.depth) for times in (1, 2))
            found[name].append((twice - some) / options.claims)
            print(f"{name:12} {found[name][-1]:9.0f} instructions a claim", flush=True)
    print(f"{options.connections} connections, {options.depth} requests under way on each")
    for name, counts in found.items():
        print(f"{name:12} {statistics.median(counts):9.0f}   {min(counts):.0f}..{max(counts):.0f}")


if __name__ == "__main__":
    main()
