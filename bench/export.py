#!/usr/bin/env python3
"""What an export of all claims costs a server, and what it costs the claims beside it.

  build/release/bin/bench_restart make DIR 10000000
  bench/export.py DIR [--binary build/release/doorbuster] [--rate 5000] [--seconds 20] [--rounds 3]

On DIR, a data directory with a sale of many claims (bench_restart's is "sale-0"), in turns:

  claims alone    `doorbuster bench --mix winners` on a sale of its own: the server's CPU time a claim
  export alone    the claims as CSV, read by curl: the server's CPU time a row, and its resident memory
                  before and at the most (VmHWM, reset before)
  both            the same two beside one another, as long as the crowd takes; an export that ends begins anew

The CPU time is all threads' (/proc/PID/stat, utime + stime), which the machine's other work does not lengthen but
through its caches. The server has one I/O thread, so that no thread is the export's or the claims' alone: what the
rows cost alone is taken off, and the rest is the claims'. Prints a row for each round and the medians.
"""
import argparse
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import threading
import urllib.request

TICKS = os.sysconf("SC_CLK_TCK")
CROWD_SALE_STOCK = 100_000_000


class Server:
    def __init__(self, binary, data_dir):
        self.process = subprocess.Popen(
            [binary, "serve", "--dev", "--data-dir", data_dir, "--http.listen", "127.0.0.1:0",
             "--admin.listen", "127.0.0.1:0"], stdout=subprocess.PIPE, text=True)
        self.url = re.search(r"http://\S+", self.process.stdout.readline()).group(0)
        self.proc = f"/proc/{self.process.pid}"

    def cpu_seconds(self):
        with open(f"{self.proc}/stat", encoding="ascii") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def memory_mib(self, name):
        with open(f"{self.proc}/status", encoding="ascii") as file:
            return int(re.search(rf"^{name}:\s+(\d+) kB", file.read(), re.MULTILINE).group(1)) / 1024

    def forget_peak(self):
        with open(f"{self.proc}/clear_refs", "w", encoding="ascii") as file:
            file.write("5")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()

    def sales(self):
        with urllib.request.urlopen(f"{self.url}/v1/sales?limit=1000") as answer:
            return [sale["id"] for sale in json.load(answer)["data"]]

    def create(self, sale):
        body = json.dumps({"id": sale, "stock": CROWD_SALE_STOCK, "title": sale}).encode()
        urllib.request.urlopen(urllib.request.Request(
            f"{self.url}/v1/sales", body, {"Content-Type": "application/json"})).close()


class Export:
    """Reads all claims as CSV, again and again until it is told to stop; counts the rows."""

    def __init__(self, server, sale):
        self.command = ["curl", "-sS", "-H", "Accept: text/csv",
                        f"{server.url}/v1/sales/{sale}/claims"]
        self.rows = 0
        self.whole = 0
        self.size = 0
        self.stopping = False

    def once(self):
        with subprocess.Popen(self.command, stdout=subprocess.PIPE) as curl:
            while not self.stopping:
                piece = os.read(curl.stdout.fileno(), 1 << 20)
                if not piece:
                    break
                self.rows += piece.count(b"\n")
                self.size += len(piece)
            if self.stopping:
                curl.kill()
        if not self.stopping:
            assert curl.returncode == 0, f"curl ended with {curl.returncode}"
            self.whole += 1

    def until_stopped(self):
        while not self.stopping:
            self.once()


def send_crowd(arguments, server, sale):
    result = subprocess.run(
        [arguments.binary, "bench", "--url", server.url, "--sale", sale, "--mix", "winners", "--json",
         "--rate", str(arguments.rate), "--duration", str(arguments.seconds), "--connections", "64"],
        stdout=subprocess.PIPE, text=True, check=False)
    report = json.loads(result.stdout)
    assert not report["proof"]["breaches"], report["proof"]
    return report["granted"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("data_dir")
    parser.add_argument("--binary", default="build/release/doorbuster")
    parser.add_argument("--rate", type=int, default=5_000)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    server = Server(arguments.binary, arguments.data_dir)
    try:
        sale = server.sales()[0]
        run(arguments, server, sale)
    finally:
        server.stop()


def run(arguments, server, sale):
    us_alone, us_both, us_row = [], [], []
    for number in range(arguments.rounds):
        crowd = f"crowd-{os.getpid()}-{number}"
        server.create(crowd)

        export = Export(server, sale)
        server.forget_peak()
        resident, began = server.memory_mib("VmRSS"), server.cpu_seconds()
        export.once()
        us_row.append((server.cpu_seconds() - began) * 1e6 / export.rows)
        peak = server.memory_mib("VmHWM")

        began = server.cpu_seconds()
        claims = send_crowd(arguments, server, crowd)
        us_alone.append((server.cpu_seconds() - began) * 1e6 / claims)

        beside = Export(server, sale)
        reader = threading.Thread(target=beside.until_stopped)
        began = server.cpu_seconds()
        reader.start()
        claims_beside = send_crowd(arguments, server, crowd)
        rows, used = beside.rows, server.cpu_seconds() - began
        beside.stopping = True
        reader.join()
        us_both.append((used * 1e6 - rows * us_row[-1]) / claims_beside)

        print(f"export alone: {export.rows:,} rows, {export.size / 1e6:,.0f} MB, {us_row[-1]:.2f} us a row; "
              f"resident {resident:.1f} MiB before, {peak:.1f} at the most | claims alone: {claims:,}, "
              f"{us_alone[-1]:.2f} us each | both: {claims_beside:,} claims, {rows:,} rows, {us_both[-1]:.2f} us a claim",
              flush=True)
    alone, both = statistics.median(us_alone), statistics.median(us_both)
    print(f"median: {alone:.2f} us a claim alone, {both:.2f} beside an export: {100 * (both / alone - 1):+.1f} %")


if __name__ == "__main__":
    sys.exit(main())
