#!/usr/bin/env python3
"""Claims over Redis against one EVALSHA a claim on the same Redis: how many a second, and what they cost Redis.

    bench/redis.py --binary build/release/doorbuster [--fsync everysec|always] [--connections 64] [--pipeline 16]
                   [--rounds 5] [--seconds 5]

Each round asks the same redis-server twice: redis-benchmark with the script of the recipe (64 connections, a new buyer
each time), and wrk through one gateway (a new buyer in every request). Told are medians and ranges: claims a second,
microseconds of CPU that the processes took a claim, and the ratios within a round. Then the server is ended, and it
is told how long 1,000 claims, one after the other, take to be refused. Needs wrk (Debian).
"""
import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "tests", "e2e"))
import harness  # noqa: E402
from http_client import Connection, claim, get, post_json  # noqa: E402
from redis_server import RedisServer  # noqa: E402

SCRIPT = """local seen = redis.call('HGET', KEYS[1], ARGV[1]) if seen then return seen end
local unit = redis.call('LPOP', KEYS[2]) if not unit then return false end
redis.call('HSET', KEYS[1], ARGV[1], unit) return unit"""
ALONE = 100_000  # claims by EVALSHA a round


def cpu_microseconds(pid):
    """Of all threads, in the kernel too."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        words = file.read().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) * 1_000_000 // os.sysconf("SC_CLK_TCK")


def alone(redis):
    """(claims a second, CPU of Redis a claim) by EVALSHA."""
    redis.say("DEL", "goods", "users")
    redis.say("EVAL", f"for i = 1, {ALONE} do redis.call('RPUSH', 'goods', i) end", 0)
    digest = redis.say("SCRIPT", "LOAD", SCRIPT)
    before = cpu_microseconds(redis.process.pid)
    result = subprocess.run(
        ["redis-benchmark", "-p", str(redis.port), "-c", "64", "-n", str(ALONE), "-r", "1000000000", "--csv", "EVALSHA",
         digest, "2", "users", "goods", "b__rand_int__"], capture_output=True, text=True, check=True)
    took = cpu_microseconds(redis.process.pid) - before
    sold = ALONE - int(redis.say("LLEN", "goods"))
    assert sold > ALONE * 0.99, f"{sold} were sold"
    rate = float(result.stdout.splitlines()[-1].split(",")[1].strip('"'))
    return rate, took / sold


def through_a_gateway(redis, server, options, number):
    """(claims a second, CPU of Redis a claim, CPU of the gateway a claim)"""
    sale = f"s{number}"
    with Connection(server.address) as connection:
        made = connection.ask(post_json("/v1/sales", {"id": sale, "title": sale, "stock": 50_000_000}))
        assert made.status == 201, made
    pids = redis.process.pid, server.process.pid
    before = [cpu_microseconds(pid) for pid in pids]
    wrk = subprocess.run(
        ["wrk", "-t1", f"-c{options.connections}", f"-d{options.seconds}s", "-s", os.path.join(HERE, "claims.lua"),
         "http://%s:%d" % server.address, "--", sale, str(options.pipeline), "b"], capture_output=True, text=True, check=True)
    took = [cpu_microseconds(pid) - was for pid, was in zip(pids, before)]
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", wrk.stdout)
    assert refused is None, wrk.stdout
    with Connection(server.address) as connection:
        sold = connection.ask(get(f"/v1/sales/{sale}/stats")).json()["confirmed"]
    rate = float(re.search(r"Requests/sec: +([\d.]+)", wrk.stdout).group(1))
    assert sold > 0.9 * rate * options.seconds, wrk.stdout
    return rate, took[0] / sold, took[1] / sold


def while_down(redis, server):
    """Milliseconds that each of 1,000 claims takes to be refused, once Redis has gone."""
    redis.kill()
    took = []
    with Connection(server.address) as connection:
        for number in range(1_000):
            begun = time.monotonic()
            answer = connection.ask(claim("s0", f"late-{number}"))
            took.append((time.monotonic() - begun) * 1_000)
            assert answer.status == 503, answer
    return sorted(took)


def shown(values):
    return f"{statistics.median(values):,.2f} ({min(values):,.2f}..{max(values):,.2f})"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--fsync", choices=["everysec", "always"], default="everysec")
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--pipeline", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=5)
    options = parser.parse_args()
    harness.BINARY = os.path.abspath(options.binary)
    level = "D0" if options.fsync == "everysec" else "D1"
    alone_rows, gateway_rows = [], []
    with tempfile.TemporaryDirectory(prefix="doorbuster-redis-") as place:
        redis = RedisServer(os.path.join(place, "redis"), ("appendonly yes", f"appendfsync {options.fsync}",
                                                           "auto-aof-rewrite-percentage 0")).start()
        server = harness.Server(os.path.join(place, "data"), os.path.join(place, "log"),
                                ["--engine", "redis", "--redis.url", redis.url, "--redis.durability", level])
        server.launch()
        server.address = server._announced_address()
        try:
            for number in range(options.rounds):
                alone_rows.append(alone(redis))
                gateway_rows.append(through_a_gateway(redis, server, options, number))
            down = while_down(redis, server)
        finally:
            server.kill()
            redis.kill()
    print(f"appendfsync {options.fsync}, {options.connections} connections, {options.pipeline} requests at a time, "
          f"{options.rounds} rounds")
    print("EVALSHA a claim:  claims/s", shown([row[0] for row in alone_rows]), " Redis us", shown([row[1] for row in alone_rows]))
    print("gateway:          claims/s", shown([row[0] for row in gateway_rows]), " Redis us", shown([row[1] for row in gateway_rows]),
          " gateway us", shown([row[2] for row in gateway_rows]))
    pairs = list(zip(gateway_rows, alone_rows))
    print("ratio:            claims/s", shown([ours[0] / theirs[0] for ours, theirs in pairs]),
          " Redis us", shown([ours[1] / theirs[1] for ours, theirs in pairs]))
    print(f"Redis down:       ms until a claim is refused, p50 {down[500]:.2f}  p99 {down[990]:.2f}  longest {down[-1]:.2f}")


if __name__ == "__main__":
    main()
