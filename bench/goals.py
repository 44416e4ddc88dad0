#!/usr/bin/env python3
"""The whole table of goals: runs the programs beside this one and puts what they print into RESULTS.md.

    bench/goals.py [--build build/release] [--only NAME,...] [--dir DIR] [--rounds 5] [--seconds 3] [--write]

NAME: ratios, latency, engine, redis, overload. Each part is a program (or several), run one after the other on a machine
that should have nothing else to do; what it printed is kept as it is, behind the command that made it. With --write the
section of bench/RESULTS.md between its two marks is made anew, with date, machine and commit; parts that were not run
keep what they had. A part that fails is told with its error, the others go on, and the exit code is 1.

Some 30 minutes for all of it, 6 GB of disk and 5 GB of memory. Needs nginx, wrk, redis-server (Debian), and

    cmake --build --preset release --target doorbuster bench_restart
"""
import argparse
import os
import platform
import re
import shlex
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
RESULTS = os.path.join(HERE, "RESULTS.md")
BEGIN, END = "<!-- made by bench/goals.py -->", "<!-- end of what bench/goals.py made -->"
CLAIMS = 10_000_000  # of the store that is restarted
PART = "### "


def commands_of(options, place):
    """By part, what is run: as it is shown, and as it is run."""
    binary = os.path.join(options.build, "doorbuster")
    restart = os.path.join(options.build, "bin", "bench_restart")
    store = os.path.join(place, "store")
    mine = ["--dir", place]
    rounds = ["--rounds", str(options.rounds), "--seconds", str(options.seconds)]
    return {
        "ratios": [["bench/ratios.py", "--binary", binary, *rounds, *mine]],
        "latency": [["bench/latency.py", "--binary", binary, "--rounds", str(options.rounds), *mine]],
        "engine": [[restart, "make", store, str(CLAIMS)], *([[restart, "start", store]] * 3)],
        "redis": [["bench/redis.py", "--binary", binary, "--fsync", fsync] for fsync in ("always", "everysec")],
        "overload": [["bench/overload.py", "--binary", binary, *mine]],
    }


def run(command):
    """What it printed, and whether it went well."""
    print("$", shlex.join(command), flush=True)
    made = subprocess.Popen(command, cwd=os.path.join(HERE, ".."), stdout=subprocess.PIPE, text=True)
    lines = []
    for line in made.stdout:
        print(line, end="", flush=True)
        lines.append(line)
    code = made.wait()
    return "".join(lines) + ("" if code == 0 else f"(exit code {code})\n"), code == 0


def machine():
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as file:
        model = re.search(r"^model name\s*: (.*)$", file.read(), re.M)
    return f"{os.cpu_count()} cores, {model.group(1) if model else platform.machine()}, Linux {platform.release()}"


def commit():
    def git(*words):
        return subprocess.run(["git", "-C", HERE, *words], capture_output=True, text=True, check=True).stdout.strip()
    changed = " and what was not committed" if git("status", "--porcelain", "--untracked-files=no", "--", "../src") else ""
    return git("rev-parse", "--short", "HEAD") + changed


def parts_in(section):
    """By part, its text: heading and all."""
    parts = re.split(rf"^(?={re.escape(PART)})", section, flags=re.M)
    return {re.match(rf"{re.escape(PART)}(\w+)", part).group(1): part for part in parts if part.startswith(PART)}


def write(parts, names):
    with open(RESULTS, encoding="utf-8") as file:
        text = file.read()
    before, _, rest = text.partition(BEGIN)
    section, end, after = rest.partition(END)
    assert end, f"{RESULTS} has no {BEGIN} ... {END}"
    kept = {**parts_in(section), **parts}
    body = "\n".join(kept[name].rstrip("\n") + "\n" for name in names if name in kept)
    with open(RESULTS + ".new", "w", encoding="utf-8") as file:
        file.write(f"{before}{BEGIN}\n\n{body}\n{END}{after}")
    os.rename(RESULTS + ".new", RESULTS)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build/release")
    parser.add_argument("--only", default="", metavar="NAME,...")
    parser.add_argument("--dir", help="where the data is made, instead of the system's place for temporary files")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    well, parts = True, {}
    with tempfile.TemporaryDirectory(prefix="doorbuster-goals-", dir=options.dir) as place:
        commands = commands_of(options, place)
        wanted = options.only.split(",") if options.only else list(commands)
        unknown = [name for name in wanted if name not in commands]
        if unknown:
            parser.error(f"no part is named {unknown[0]}; there are {', '.join(commands)}")
        for name in wanted:
            shown = []
            for command in commands[name]:
                said, good = run(command)
                well = well and good
                shown.append(f"$ {shlex.join(command)}\n{said}".replace(place, "DIR"))
            heading = f"{PART}{name}, {time.strftime('%Y-%m-%d')}, {machine()}, commit {commit()}"
            parts[name] = f"{heading}\n\n```text\n{''.join(shown)}```\n"
            if options.write:
                write(parts, list(commands))
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
