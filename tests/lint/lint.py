#!/usr/bin/env python3
"""The rules of the house that no compiler checks; prints each breach as path:line: what.

Usage: lint.py [CHECKOUT]
Each rule is a function from a Tree to breaches; lint_test.py plants every defect and sees it found.
"""
import json
import os
import re
import sys

SKIPPED_EVERYWHERE = {".git", ".cache", "node_modules", "__pycache__"}
SKIPPED_AT_THE_TOP = {"build", "data"}

# Which folder of src/ may include from which (ARCHITECTURE.md); each may include from itself.
LAYERS = {
    "base": set(),
    "metrics": {"base"},
    "sale": {"base"},
    "store": {"base", "metrics", "sale"},
    "feed": {"base", "sale", "store"},
    "http": {"base", "metrics"},
    "api": {"base", "metrics", "sale", "store", "feed", "http"},
    "cli": {"base", "sale", "store", "feed", "http", "metrics", "api"},
}
# Folders within a layer that never see each other.
STRANGERS = [("store/embedded/", "store/redis/")]
# What would make a sale's rules depend on anything but the sale and the command.
IMPURE = re.compile(
    r"^(boost/|sys/|netinet/|arpa/|openssl/|pthread\.h|unistd\.h|fcntl\.h|time\.h|stdio\.h"
    r"|(thread|mutex|shared_mutex|condition_variable|atomic|future|semaphore|barrier|latch|stop_token"
    r"|random|fstream|iostream|istream|ostream|sstream|filesystem|cstdio|ctime|coroutine)$)")
IMPURE_OWN = {"base/alarm.h", "base/clock.h", "base/worker.h"}


class Tree:
    """The files of a checkout, by path relative to it."""

    def __init__(self, root):
        self.root = root
        self.paths = []
        for folder, folders, files in os.walk(root):
            here = os.path.relpath(folder, root)
            skipped = SKIPPED_EVERYWHERE | (SKIPPED_AT_THE_TOP if here == "." else set())
            folders[:] = sorted(f for f in folders if f not in skipped)
            self.paths += [os.path.normpath(os.path.join(here, f)) for f in sorted(files)]
        self.known = set(self.paths)
        self.texts = {}

    def text(self, path):
        if path not in self.texts:
            with open(os.path.join(self.root, path), encoding="utf-8", errors="replace") as file:
                self.texts[path] = file.read()
        return self.texts[path]

    def ending(self, *endings):
        return [p for p in self.paths if p.endswith(endings)]

    def exists(self, path):
        return os.path.exists(os.path.join(self.root, path))


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def is_test(path):
    return path.startswith(("tests/", "fuzz/")) or re.search(r"_test\.\w+$", path) is not None


def without_comments_and_strings(code):
    """C++ with comments, strings and characters blanked, every offset and line kept."""
    token = re.compile(
        r'//[^\n]*|/\*.*?\*/|R"(?P<tag>[^\s()\\]*)\(.*?\)(?P=tag)"|"(?:\\.|[^"\\\n])*"'
        r"|(?<![0-9A-Za-z_])'(?:\\.|[^'\\\n])+'", re.S)
    return token.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), code)


def includes(tree, path):
    """(line, quoted, name) of each include."""
    pattern = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"]', re.M)
    for found in pattern.finditer(tree.text(path)):
        yield line_of(tree.text(path), found.start()), found.group(1) == '"', found.group(2)


def file_length(tree):
    """700 lines at most, 1,000 in tests."""
    for path in tree.ending(".cc", ".h", ".py", ".sh", ".lua", ".ts", ".tsx", ".css", ".js", ".cmake",
                            "CMakeLists.txt"):
        lines = tree.text(path).count("\n")
        limit = 1000 if is_test(path) else 700
        if lines > limit:
            yield path, limit + 1, f"{lines} lines, {limit} at most: split it by decision"


def include_direction(tree):
    """Each folder of src/ includes only what stands below it, by its path from src/; its tests may use
    what stands in tests/ too."""
    for path in tree.ending(".cc", ".h"):
        if not path.startswith("src/"):
            continue
        own = path[len("src/"):]
        layer = own.split("/")[0]
        if layer not in LAYERS:
            yield path, 1, f"src/{layer} has no place in the order of layers (tests/lint/lint.py)"
            continue
        for line, quoted, name in includes(tree, path):
            if quoted and not (is_test(path) and f"tests/{name}" in tree.known):
                yield from own_include(path, line, own, layer, name)
            if layer == "sale" and not is_test(path) and (
                    name in IMPURE_OWN if quoted else IMPURE.search(name)):
                yield path, line, f"{name} in sale/, which is pure"


def boost_stays_inside(tree):
    """A header through which Boost comes in, directly or not, is for its own folder alone: what others
    include has to compile quickly."""
    headers = {p: list(includes(tree, p)) for p in tree.ending(".h") if p.startswith("src/")}
    bringing = {p for p, found in headers.items() if any(n.startswith("boost/") for _, _, n in found)}
    grown = True
    while grown:
        more = {p for p, found in headers.items() if p not in bringing
                and any(quoted and f"src/{name}" in bringing for _, quoted, name in found)}
        bringing |= more
        grown = bool(more)
    for path in tree.ending(".cc", ".h"):
        if path.startswith("src/"):
            for line, quoted, name in includes(tree, path):
                if quoted and f"src/{name}" in bringing and name.split("/")[0] != path.split("/")[1]:
                    yield path, line, f'"{name}" brings Boost, and is for its own folder alone'


def own_include(path, line, own, layer, name):
    target = name.split("/")[0]
    if "/" not in name or target not in LAYERS:
        yield path, line, f'"{name}" is not a path from src/'
    elif target != layer and target not in LAYERS[layer]:
        yield path, line, f'{layer} must not see {target} ("{name}")'
    for one, other in STRANGERS:
        for here, there in ((one, other), (other, one)):
            if own.startswith(here) and name.startswith(there):
                yield path, line, f'{here} must not see {there} ("{name}")'


def sale_reads_no_clock(tree):
    """A sale is told the time; it never asks."""
    for path in tree.ending(".cc", ".h"):
        if path.startswith("src/sale/") and not is_test(path):
            code = without_comments_and_strings(tree.text(path))
            for found in re.finditer(r"_clock\s*::\s*now\b", code):
                yield path, line_of(code, found.start()), "sale/ reads a clock"


def end_of_bracket(code, start):
    """The offset after the bracket that closes the one at `start` (the end of the code if none does)."""
    pairs = {"(": ")", "[": "]", "{": "}"}
    expected = []
    for at in range(start, len(code)):
        c = code[at]
        if c in pairs:
            expected.append(pairs[c])
        elif expected and c == expected[-1]:
            expected.pop()
            if not expected:
                return at + 1
    return len(code)


def end_of_statement(code, start):
    depth = 0
    for at in range(start, len(code)):
        if code[at] in "([{":
            depth += 1
        elif code[at] in ")]}":
            depth -= 1
        if depth < 0 or (depth == 0 and code[at] == ";"):
            return at
    return len(code)


def capturing_lambdas(code, start, end):
    """(offset, body) of each lambda between the offsets that captures something."""
    # Right after a name, a call or an index, '[' is an index; '[[' is an attribute.
    for found in re.compile(r"(?<![\w\])\[])\[(?!\[)").finditer(code, start, end):
        opening = found.start()
        closing = end_of_bracket(code, opening)
        after = re.compile(r"\s*[({<]|\s*mutable\b").match(code, closing)
        if not after or not code[opening + 1:closing - 1].strip():
            continue
        body = code.find("{", closing)
        yield opening, code[body:end_of_bracket(code, body)] if body >= 0 else ""


def coroutine_lambdas(tree):
    """g++ 12 destroys the captures of a lambda in a co_await or co_spawn expression too early, and a
    coroutine outlives the lambda object whose captures it reads: free functions, parameters by value."""
    for path in tree.ending(".cc", ".h"):
        code = without_comments_and_strings(tree.text(path))
        if "co_" not in code:
            continue
        bad = set()
        for found in re.finditer(r"\bco_(await|spawn|yield)\b", code):
            end = end_of_statement(code, found.end())
            bad.update(offset for offset, _ in capturing_lambdas(code, found.end(), end))
        for offset, body in capturing_lambdas(code, 0, len(code)):
            if re.search(r"\bco_(await|return|yield)\b", body):
                bad.add(offset)
        for offset in sorted(bad):
            yield path, line_of(code, offset), "a lambda with captures in a coroutine expression"


def cmake_words(tree, path):
    folder = os.path.dirname(path)
    text = re.sub(r"#[^\n]*", "", tree.text(path))
    text = text.replace("${CMAKE_CURRENT_SOURCE_DIR}/", "")
    words = set()
    for word in re.findall(r'[^\s()"]+', text):
        for top in ("${CMAKE_SOURCE_DIR}/", "${PROJECT_SOURCE_DIR}/"):
            if word.startswith(top):
                words.add(os.path.normpath(word[len(top):]))
                break
        else:
            words.add(os.path.normpath(os.path.join(folder, word)))
    return words


def everything_registered(tree):
    """Every .cc and every test is named by a CMakeLists.txt that the build reaches: what is not never
    runs, and nobody notices."""
    reached, waiting, named = set(), ["CMakeLists.txt"], set()
    while waiting:
        path = waiting.pop()
        if path in reached or path not in tree.known:
            continue
        reached.add(path)
        named |= cmake_words(tree, path)
        text = re.sub(r"#[^\n]*", "", tree.text(path))
        for folder in re.findall(r"add_subdirectory\(\s*([^\s)]+)", text):
            waiting.append(os.path.normpath(os.path.join(os.path.dirname(path), folder, "CMakeLists.txt")))
    for path in tree.ending("CMakeLists.txt"):
        if path not in reached:
            yield path, 1, "no add_subdirectory leads here"
    for path in tree.paths:
        source = path.endswith(".cc") and path.startswith(("src/", "tests/", "fuzz/", "bench/"))
        if (source or re.search(r"(^|/)test_\w+\.py$|_test\.(py|sh)$", path)) and path not in named:
            yield path, 1, "in no CMakeLists.txt: it is never built or run"


def slug(heading):
    """The anchor that a heading gets on the usual hosts."""
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading.strip().lower()).replace("`", "")
    return re.sub(r"[^\w\- ]", "", text).replace(" ", "-")


def without_code(markdown):
    def blank(match):
        return re.sub(r"[^\n]", " ", match.group())
    markdown = re.sub(r"^(```|~~~).*?^\1[^\n]*$", blank, markdown, flags=re.S | re.M)
    return re.sub(r"(`+)(?!`).+?(?<!`)\1(?!`)", blank, markdown)


def anchors(markdown):
    seen, found = {}, set(re.findall(r'<a\s+(?:name|id)="([^"]+)"', markdown))
    fenced = re.sub(r"^(```|~~~).*?^\1[^\n]*$", "", markdown, flags=re.S | re.M)
    for heading in re.findall(r"^#{1,6}[ \t]+(.+?)[ \t]*#*$", fenced, re.M):
        name = slug(heading)
        found.add(f"{name}-{seen[name]}" if name in seen else name)
        seen[name] = seen.get(name, 0) + 1
    return found


def dead_links(tree):
    """Every relative link of every page leads to a file that is there, and to a heading that is there."""
    link = re.compile(r"\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)|^\s*\[[^\]]+\]:\s*(\S+)"
                      r"|<(?:a|img)\s[^>]*?(?:href|src)=\"([^\"]+)\"", re.M)
    for path in tree.ending(".md"):
        text = without_code(tree.text(path))
        for found in link.finditer(text):
            target = found.group(1) or found.group(2) or found.group(3)
            line = line_of(text, found.start(found.lastindex))
            if re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*:", target):
                continue
            name, _, anchor = target.partition("#")
            goal = os.path.normpath(os.path.join(os.path.dirname(path), name)) if name else path
            if name.startswith("/") or goal.startswith("..") or not tree.exists(goal):
                yield path, line, f"dead link: {target}"
            elif anchor and goal.endswith(".md") and anchor not in anchors(tree.text(goal)):
                yield path, line, f"dead link: {goal} has no heading #{anchor}"


def packages_explained(tree):
    """packages.txt with web/ and tests/npm, and the first column of docs/dependencies.md, name the same packages."""
    if "packages.txt" not in tree.known:
        return
    page = "docs/dependencies.md"
    listed = {}
    for number, line in enumerate(tree.text("packages.txt").splitlines(), 1):
        if line.strip() and not line.startswith("#"):
            words = line.split()
            if len(words) != 2 or words[0] not in ("run", "cluster", "test"):
                yield "packages.txt", number, "not 'run PACKAGE', 'cluster PACKAGE' or 'test PACKAGE'"
            else:
                listed[words[1]] = "packages.txt", number
    for from_npm in ("web/package.json", "tests/npm/package.json"):
        if from_npm in tree.known:
            wanted = json.loads(tree.text(from_npm))
            for name in (*wanted.get("dependencies", {}), *wanted.get("devDependencies", {})):
                listed[name] = from_npm, 1
    explained = {}
    for number, line in enumerate(tree.text(page).splitlines() if page in tree.known else [], 1):
        if line.startswith("|"):
            for name in re.findall(r"`([^`]+)`", line.split("|")[1]):
                explained[name] = number
    for name in listed.keys() - explained.keys():
        yield *listed[name], f"{name} is not explained in {page}"
    for name in explained.keys() - listed.keys():
        yield page, explained[name], f"{name} is not in packages.txt"


# What introduces a name at the beginning of a line: another name of a type, a type, a constant, a function.
INTRODUCED = re.compile(
    r"^(?:using (?P<alias>\w+ =[^;]*);|(?:class|struct|enum class) (?P<type>\w+)\b[^;\n]*\{"
    r"|(?:(?:inline|static|constexpr|const) )+[\w:<>, *&]+?[ *&](?P<constant>\w+)(?:\[[^\]]*\])* ?[={]"
    r"|(?:[\w:]+(?:<[^\n]*>)?[ *&]+)+(?P<function>\w+)\((?P<taken>[^{};]*)\)(?: const)? \{)", re.M)


def own_names(code):
    """(name, offset) of what stands in unnamed namespaces. A function is known by the types that it takes too."""
    for begin in re.finditer(r"^namespace \{\n", code, re.M):
        depth, end = 1, begin.end()
        while depth and end < len(code):
            depth += {"{": 1, "}": -1}.get(code[end], 0)
            end += 1
        for found in INTRODUCED.finditer(code[begin.end():end]):
            name = found["alias"] or found["type"] or found["constant"] or found["function"]
            if found["function"]:
                taken = re.split(r",(?![^<]*>)", re.sub(r" = [^,]*", "", found["taken"]))
                name += "(" + ", ".join(re.sub(r"\w+\s*$", "", one).strip() for one in taken) + ")"
            yield re.sub(r"\s+", " ", name), begin.end() + found.start()


def names_of_a_folder(tree):
    """What a source has for itself is called as nothing else in its folder: which sources are compiled as one
    (CMAKE_UNITY_BUILD) changes with every file that comes or goes."""
    first = {}
    for path in tree.ending(".cc"):
        if not path.startswith("src/"):
            continue
        code = without_comments_and_strings(tree.text(path))
        for name, offset in own_names(code):
            other = first.setdefault((os.path.dirname(path), is_test(path), name.split(" =")[0]), (path, name))
            if other[0] != path and (other[1] != name or " =" not in name):
                yield path, line_of(code, offset), f"{name} stands in {other[0]} too, and both may be compiled as one"


RULES = [file_length, include_direction, boost_stays_inside, sale_reads_no_clock, coroutine_lambdas,
         everything_registered, dead_links, packages_explained, names_of_a_folder]


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(__file__), "..", "..")
    tree = Tree(os.path.abspath(root))
    # A wrong folder must not look like a clean one.
    if "CMakeLists.txt" not in tree.known:
        sys.exit(f"{root} is not a checkout")
    breaches = [breach for rule in RULES for breach in rule(tree)]
    for path, line, what in sorted(breaches):
        print(f"{path}:{line}: {what}")
    print(f"{len(tree.paths)} files, {len(RULES)} rules, {len(breaches)} breaches")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
