#!/usr/bin/env python3
"""Brings the pieces of the OpenAPI document into one form, so that a change of them is read as one.

Usage: form.py [--check] FILE...
What fits into a line stands on one; everything else has a line for each member. The order of the members
is the author's. A member that is given twice is an error.
"""
import json
import sys

COLUMNS = 100


def formed(value, indent=0, before=0):
    """`value` as text; its first line begins behind `before` columns."""
    line = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, (dict, list)) or not value or (indent and before + len(line) < COLUMNS):
        return line
    inner = " " * (indent + 2)
    if isinstance(value, dict):
        names = [inner + json.dumps(name, ensure_ascii=False) + ": " for name in value]
        parts = [name + formed(part, indent + 2, len(name))
                 for name, part in zip(names, value.values(), strict=True)]
        opening, closing = "{}"
    else:
        parts = [inner + formed(part, indent + 2, len(inner)) for part in value]
        opening, closing = "[]"
    return opening + "\n" + ",\n".join(parts) + "\n" + " " * indent + closing


def once(members):
    """A JSON object; json.load itself keeps the last of two and says nothing."""
    value = dict(members)
    if len(value) != len(members):
        names = [name for name, _ in members]
        raise ValueError(f"given twice: {sorted({name for name in names if names.count(name) > 1})}")
    return value


def main():
    paths = [path for path in sys.argv[1:] if path != "--check"]
    unformed = []
    for path in paths:
        with open(path, encoding="utf-8") as file:
            text = file.read()
        wanted = formed(json.loads(text, object_pairs_hook=once)) + "\n"
        if text == wanted:
            continue
        unformed.append(path)
        if "--check" not in sys.argv:
            with open(path, "w", encoding="utf-8") as file:
                file.write(wanted)
    if unformed and "--check" in sys.argv:
        sys.exit("\n".join(f"tests/openapi/form.py {path}  # brings it into its form" for path in unformed))


if __name__ == "__main__":
    main()
