#!/usr/bin/env python3
"""The OpenAPI document by the recommended rules of Redocly, other people's eyes: neither errors nor warnings.

Usage: redocly.py FOLDER_OF_NODE_MODULES DOCUMENT
"""
import json
import os
import shutil
import subprocess
import sys


# What browsers are served stands at addresses of people: a page's ends with a slash, so that what it names is
# found below it, and the shorter ones lead there.
OF_PEOPLE = {
    ("#/paths/~1console~1", "no-path-trailing-slash"), ("#/paths/~1demo~1", "no-path-trailing-slash"),
    *((f"#/paths/{path}/get/responses", "operation-2xx-response") for path in ("~1", "~1console", "~1demo")),
}


def main():
    packages, document = map(os.path.abspath, sys.argv[1:])
    program = os.path.join(packages, "node_modules", "@redocly", "cli", "bin", "cli.js")
    node = shutil.which("node")
    if node is None or not os.path.exists(program):
        sys.exit("node or Redocly is missing: ./test installs them")
    quiet = {**os.environ, "REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true", "CI": "true"}
    result = subprocess.run([node, program, "lint", "--extends", "recommended", "--format", "json", document],
                            capture_output=True, text=True, check=False, env=quiet, cwd=os.path.dirname(document))
    try:
        report = json.loads(result.stdout)
    except ValueError:
        sys.exit(f"no report:\n{result.stdout}\n{result.stderr}")
    wanted = [each for each in report["problems"]
              if (each["location"][0].get("pointer", ""), each["ruleId"]) not in OF_PEOPLE]
    for problem in wanted:
        place = problem["location"][0]
        print(f"{place.get('pointer', '')}: {problem['severity']}: {problem['message']} ({problem['ruleId']})")
    totals = report["totals"]
    untold = totals["errors"] + totals["warnings"] - len(report["problems"])  # it lists a hundred at the most
    print(f"{len(wanted)} problems, {untold} more, by Redocly {report['version']}")
    sys.exit(1 if wanted or untold else 0)


if __name__ == "__main__":
    main()
