"""The life of claims and sales once more, and the document's own requests, through Prism: a validating proxy
by other authors, which reads the same document and must find nothing to say of any answer.

It is asked bad things too, on purpose. Of those it may complain where the server refuses them.
"""
import json
import os
import shutil
import subprocess
import unittest
import urllib.parse

import harness
import test_claim_life
import test_openapi
import test_sale_life
from harness import BINARY, eventually, free_port, main

HERE = os.path.dirname(os.path.abspath(__file__))
PRISM = os.path.join(HERE, "..", "npm", "node_modules", "@stoplight", "prism-cli", "dist", "index.js")
DOCUMENT = os.path.join(os.path.dirname(BINARY), "src", "api", "openapi.json")

# Node hangs up after five seconds without a request; a test may wait for longer.
PATIENCE = "data:text/javascript," + urllib.parse.quote("""
import http from "node:http";
const { listen } = http.Server.prototype;
http.Server.prototype.listen = function (...all) {
  this.keepAliveTimeout = 0;
  return listen.apply(this, all);
};
""")


class Prism:
    """One proxy for all tests of this program, whose servers come after each other at one address."""

    def __init__(self, log_path):
        self.upstream = f"127.0.0.1:{free_port()}"
        self.address = "127.0.0.1", free_port()
        self.answers = 0
        self.complaints = 0  # of requests that the server refused
        self.log_path = log_path
        with open(log_path, "wb") as log:
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", shutil.which("node"), "--import", PATIENCE, PRISM, "proxy",
                 DOCUMENT, f"http://{self.upstream}", "--host", "127.0.0.1", "--port", str(self.address[1]),
                 "--cors", "false"],
                stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        eventually("Prism listens", self._listens, seconds=60)

    def _listens(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as log:
            text = log.read()
        assert self.process.poll() is None, text
        return "Prism is listening" in text

    def judge(self, request_line, answer):
        self.answers += 1
        said = answer.field("sl-violations")
        violations = json.loads(said) if said else []
        of_answers = [each for each in violations if each["location"][0] == "response"]
        assert not of_answers, f"Prism says of {answer}, asked {request_line!r}: {of_answers}"
        assert not violations or answer.status >= 400, \
            f"Prism says of the request {request_line!r}, which was answered by {answer}: {violations}"
        self.complaints += bool(violations)

    def end(self):
        self.process.kill()
        self.process.wait()


def setUpModule():
    log_path = os.path.join(os.environ.get("TMPDIR", "/tmp"), f"doorbuster-prism-{os.getpid()}.log")
    harness.proxy = Prism(log_path)
    unittest.addModuleCleanup(os.unlink, log_path)
    unittest.addModuleCleanup(harness.proxy.end)


class ClaimLife(test_claim_life.ClaimLife):
    pass


class Requests(test_openapi.Examples):
    # It follows redirects itself, and holds the page behind one to what is said of the redirect.
    pages = ()
    # Some of those are no HTTP that a proxy would pass on.
    test_every_problem_of_the_document_is_met_and_looks_like_its_example = None


class SaleLife(test_sale_life.SaleLife):
    # Prism asks for JSON where the client did not say, and the recipe's words are what is tested.
    test_R14_a_round_of_the_recipe_is_changed_like_any_sale = None


class TheProxy(unittest.TestCase):
    """Run last, as its name has it: silence is worth something only where somebody looked."""

    def test_it_looked_at_the_answers(self):
        print(f"{harness.proxy.answers} answers through Prism, {harness.proxy.complaints} refused requests that it "
              "would have refused too", flush=True)
        self.assertGreater(harness.proxy.answers, 500)
        self.assertGreater(harness.proxy.complaints, 0)


if __name__ == "__main__":
    main()
