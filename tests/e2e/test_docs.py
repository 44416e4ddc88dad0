"""Every command that README.md and docs/ show is run, in the order they show it: lines of a code block that
begin with `curl`, `doorbuster` or `./run COMMAND`. A block that cannot be run is fenced as ```text.

One server for each document, as `./run` starts it. Put right before a line is run: the ports 8080 and 8081, the
data directory `data`, what is installed as /etc/doorbuster (deploy/), and `CLAIM`, the id of the claim that was last
answered. `verify` finds the server
stopped, as the text says it must be.
"""
import glob
import os
import re
import subprocess

from harness import BINARY, DoorbusterTest, main, program_environment

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
DOCUMENTS = sorted([os.path.join(TOP, "README.md"), *glob.glob(os.path.join(TOP, "docs", "**", "*.md"), recursive=True)])
COMMAND = re.compile(r"(?:curl|doorbuster|\./run) +[^\s#]")
CLAIM_ID = re.compile(r'"id":"(clm_[0-9a-z]{26})"')


def blocks(text):
    """The code blocks of a document, fenced ones without ```text."""
    fence, block = None, []
    for line in [*text.splitlines(), ""]:
        if line.startswith("```"):
            if fence is not None and fence != "text":
                yield block
            fence, block = (line[3:].strip(), []) if fence is None else (None, [])
        elif fence is not None:
            block.append(line)
        elif line.startswith("    "):
            block.append(line[4:])
        elif block:
            yield block
            block = []


def commands(text):
    for block in blocks(text):
        for line in re.sub(r"\\\n\s*", "", "\n".join(block)).splitlines():
            if COMMAND.match(line):
                yield line


class Documents(DoorbusterTest):

    def test_what_is_shown_can_be_run(self):
        counts = {}
        for path in DOCUMENTS:
            name = os.path.relpath(path, TOP)
            with open(path, encoding="utf-8") as file:
                lines = list(commands(file.read()))
            counts[name] = len(lines)
            if lines:
                self.run_all(name, lines)
        print({name: count for name, count in counts.items() if count}, flush=True)
        self.assertGreaterEqual(counts["README.md"], 9)

    def test_the_chinese_readme_shows_the_same(self):
        """Its words are its own; what is typed, answered, listed and linked is not."""
        texts = []
        for name in ("README.md", "README.zh-CN.md"):
            with open(os.path.join(TOP, name), encoding="utf-8") as file:
                texts.append(file.read())
        english, chinese = texts
        self.assertIn("(README.zh-CN.md)", english)
        for what, found in [("code", lambda text: list(blocks(text.replace("```text", "```")))),
                            ("rows of tables", lambda text: len(re.findall(r"^\|", text, re.MULTILINE))),
                            ("headings", lambda text: len(re.findall(r"^#+ ", text, re.MULTILINE))),
                            ("rules", lambda text: re.findall(r"^\| (R\d+(?:, R\d+)*) \|", text, re.MULTILINE)),
                            ("links", lambda text: [link for link in re.findall(r"\]\(([^)#]+)", text)
                                                    if not link.startswith("README")])]:
            with self.subTest(what):
                self.assertEqual(found(chinese), found(english))

    def run_all(self, name, lines):
        place = self.path(name.replace("/", "-"))
        os.makedirs(place)
        server = self.new_server(os.path.relpath(os.path.join(place, "data"), self.place), ["--demo"]).start()
        claim = None
        for line in lines:
            if " verify " in line and server.process is not None:
                server.stop()
            elif " verify " not in line and server.process is None:
                server.start()
            with self.subTest(document=name, command=line):
                said = self.run_line(self.put_right(line, server, claim), server, place)
                claim = next(iter(CLAIM_ID.findall(said)), claim)

    def put_right(self, line, server, claim):
        line = re.sub(r"^curl ", "curl -sS --fail-with-body --max-time 20 ", line)
        line = re.sub(r"^(doorbuster|\./run) ", f"{BINARY} ", line)
        line = line.replace("127.0.0.1:8080", f"127.0.0.1:{server.port}")
        line = line.replace("/etc/doorbuster/", os.path.join(TOP, "deploy", ""))
        line = line.replace("127.0.0.1:8081", f"127.0.0.1:{server.admin[1]}")
        return re.sub(r"\bCLAIM\b", claim or "CLAIM", line)

    def run_line(self, line, server, place):
        environment = program_environment(DOORBUSTER_URL=f"http://127.0.0.1:{server.port}",
                                          DOORBUSTER_ADMIN_URL=f"http://127.0.0.1:{server.admin[1]}")
        result = subprocess.run(["bash", "-c", line], cwd=place, capture_output=True, text=True, timeout=60, check=False,
                                stdin=subprocess.DEVNULL, env=environment)
        self.assertEqual(result.returncode, 0, result)
        return result.stdout


class Extraction(DoorbusterTest):

    def test_blocks_of_both_kinds_are_read_and_text_is_not(self):
        text = ("a\n\n    curl x \\\n         -d y\n    ready z\n\n```sh\n./run sale list\n./run   # it\n./test dev\n```\n"
                "```text\ncurl never\n```\n\n```\ndoorbuster health\n```\ncurl prose\n")
        self.assertEqual(list(commands(text)), ["curl x -d y", "./run sale list", "doorbuster health"])


if __name__ == "__main__":
    main()
