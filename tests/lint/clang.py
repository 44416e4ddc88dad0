#!/usr/bin/env python3
"""clang-format and clang-tidy as tests.

Usage: clang.py format CHECKOUT
       clang.py tidy CHECKOUT BUILD    (BUILD has the compile_commands.json of a joined preset)

What tidy found clean is kept in the user's cache, as ccache keeps objects, and not looked at again in any checkout
until it, something that it includes, its compiler's command or the checks change. It looks at sources by the
dozen, as the joined presets compile them (CMakePresets.json): most of its time goes into headers of others.

Both are pinned to version 14: another one formats and warns otherwise.
"""
import concurrent.futures
import hashlib
import json
import os
import re
import subprocess
import sys


def sources(root, *endings):
    for top in ("src", "tests", "fuzz", "bench"):
        for folder, _, files in os.walk(os.path.join(root, top)):
            yield from (os.path.join(folder, f) for f in sorted(files) if f.endswith(endings))


def check_format(root):
    files = list(sources(root, ".cc", ".h"))
    if not files:
        sys.exit("nothing to check")
    print(f"{len(files)} files")
    command = ["clang-format-14", "--dry-run", "--Werror", "--style=file"]
    status = subprocess.run(command + files, check=False).returncode
    if status != 0:
        print("mend it with: clang-format-14 -i FILE...")
    return status


def read(path):
    with open(path, "rb") as file:
        return file.read()


def seen_by(path, root, seen):
    """The file and every file of ours that it includes, however far away."""
    if path not in seen and os.path.exists(path):
        seen.add(path)
        # A dozen's file names its sources by their whole paths, which os.path.join leaves as they are.
        for name in re.findall(rb'^\s*#\s*include\s*"([^"]+)"', read(path), re.M):
            seen_by(os.path.join(root, "src", name.decode()), root, seen)
    return seen


def fingerprint(path, command, root):
    """Changes with anything that could change the verdict on a file."""
    parts = [command.replace(root, ".").encode(), read(os.path.join(root, ".clang-tidy"))]
    parts += [os.path.relpath(p, root).encode() + read(p).replace(root.encode(), b".")
              for p in sorted(seen_by(path, root, set()))]
    return hashlib.sha256(b"\0".join(hashlib.sha256(p).digest() for p in parts)).hexdigest()


def check_tidy(root, build):
    commands = {entry["file"]: entry["command"]
                for entry in json.loads(read(os.path.join(build, "compile_commands.json")))}
    ours = tuple(os.path.join(top, "src", "") for top in (root, build))
    # What a target makes that nothing in this build wants is not there to be read.
    files = [p for p in commands if p.startswith(ours) and os.path.exists(p)]
    if not files:
        sys.exit("nothing to check")
    clean = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "doorbuster", "tidy-clean")
    os.makedirs(clean, exist_ok=True)
    marks = {p: os.path.join(clean, fingerprint(p, commands[p], root)) for p in files}
    waiting = [p for p in files if not os.path.exists(marks[p])]
    print(f"{len(files)} files, {len(waiting)} changed since they were found clean")

    def tidy(path):
        # The commands are g++'s: clang does not know all of its warnings.
        done = subprocess.run(["clang-tidy-14", "--quiet", "--extra-arg=-Wno-unknown-warning-option",
                               "-p", build, path], capture_output=True,
                              text=True, check=False)
        if done.returncode == 0:
            open(marks[path], "w").close()
            return True
        # Standard error only counts suppressed warnings, unless clang-tidy itself failed.
        print(done.stdout or done.stderr, flush=True)
        return False

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return 0 if all(list(pool.map(tidy, waiting))) else 1


if __name__ == "__main__":
    arguments = [os.path.abspath(a) for a in sys.argv[2:]]
    wanted = sys.argv[1:2]
    if wanted == ["format"] and len(arguments) == 1:
        sys.exit(check_format(*arguments))
    if wanted == ["tidy"] and len(arguments) == 2:
        sys.exit(check_tidy(*arguments))
    sys.exit(__doc__)
