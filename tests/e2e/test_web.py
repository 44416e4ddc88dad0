"""What browsers are served, and the console's sign-in, over HTTP."""
import gzip
import json
import os
import re

from harness import DoorbusterTest, eventually, get, main, request, run_program, scaled

OWN_PAGE = [("Sec-Fetch-Site", "same-origin")]


class Files(DoorbusterTest):

    def setUp(self):
        super().setUp()
        self.server = self.serve()
        self.connection = self.server.connect()
        self.addCleanup(self.connection.close)

    def ask(self, target, fields=()):
        return self.connection.ask(get(target, list(fields)))

    def test_what_a_page_names_is_there_and_may_be_kept_for_ever(self):
        for page in ("/console/", "/demo/"):
            html = self.ask(page)
            self.assertEqual((html.status, html.field("Content-Type")), (200, "text/html; charset=utf-8"))
            self.assertEqual(html.field("Cache-Control"), "no-cache")
            named = re.findall(r'(?:src|href)="\./([^"]+)"', html.text)
            self.assertTrue(any(name.endswith(".js") for name in named), named)
            for name in named:
                file = self.ask(page + name)
                self.assertEqual(file.status, 200, file)
                if name != "icon.svg":
                    self.assertIn("immutable", file.field("Cache-Control"), name)

    def test_it_comes_compressed_to_who_can_read_that_and_is_kept_by_its_tag(self):
        plain = self.ask("/embed/v1.js")
        packed = self.ask("/embed/v1.js", [("Accept-Encoding", "gzip")])
        self.assertEqual((plain.field("Content-Encoding"), packed.field("Content-Encoding")), (None, "gzip"))
        self.assertEqual(gzip.decompress(packed.body), plain.body)
        self.assertLess(len(packed.body), len(plain.body) // 2)
        self.assertNotEqual(plain.field("ETag"), packed.field("ETag"))
        for answer, coding in ((plain, "identity"), (packed, "gzip")):
            fields = [("Accept-Encoding", coding), ("If-None-Match", answer.field("ETag"))]
            kept = self.ask("/embed/v1.js", fields)
            self.assertEqual((kept.status, kept.body, kept.field("Vary")), (304, b"", "Accept-Encoding"))

    def test_from_a_folder_nothing_else_is_read(self):
        site = self.path("site")
        os.makedirs(os.path.join(site, "console"))
        for name, text in (("console/index.html", "<p>new"), ("console/a.js", "1"), ("b.js", "2")):
            with open(os.path.join(site, name), "w", encoding="ascii") as file:
                file.write(text)
        os.symlink("/etc/hostname", os.path.join(site, "console/link.js"))
        server = self.new_server("other", ["--web.dir", site]).start()
        with server.connect() as connection:
            page = connection.ask(get("/console/"))
            self.assertEqual((page.text, page.field("Cache-Control")), ("<p>new", "no-store"))
            for target in ("/console/link.js", "/console/../b.js", "/console/..%2fb.js", "/b.js", "/console/.js", "/demo/"):
                self.assertEqual(connection.ask(get(target)).status, 404, target)

    def test_a_folder_that_is_not_there_is_said_at_the_start(self):
        refused = run_program("serve", "--data-dir", self.path("none"), "--web.dir", self.path("nowhere"))
        self.assertEqual(refused.returncode, 1)
        self.assertIn("web.dir: '", refused.stderr)
        self.assertIn("is no folder that can be read", refused.stderr)


class SignIn(DoorbusterTest):
    """With keys; the sessions are one for all I/O threads."""

    def setUp(self):
        super().setUp()
        self.server = self.new_server(arguments=["--io-threads", "2"])
        self.server.dev = False
        self.server.start()
        self.origin = ("Origin", f"http://localhost:{self.server.port}")

    def keys(self, *arguments):
        done = run_program("keys", *arguments, "--data-dir", self.path("data"))
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.strip()

    def ask(self, method, target, fields=(), body=b""):
        """On a connection of its own, which the system gives to either thread."""
        return self.server.ask(request(method, target, body, list(fields), f"localhost:{self.server.port}"))

    def sign_in(self, key):
        answer = self.ask("POST", "/console/session", [("Content-Type", "application/json"), self.origin, *OWN_PAGE],
                          json.dumps({"key": key}).encode())
        if answer.status != 200:
            return answer, None
        return answer, ("Cookie", answer.field("Set-Cookie").partition(";")[0])

    def sign_in_when_known(self, key):
        return eventually("the key is known", lambda: self.sign_in(key)[1])

    def test_it_opens_the_api_until_it_ends(self):
        cookie = self.sign_in_when_known(self.keys("create", "shop", "--scopes", "sales:read"))
        for _ in range(scaled(20, least=5)):
            self.assertEqual(self.ask("GET", "/v1/sales", [cookie]).status, 200)
        self.assert_refused(self.ask("POST", "/v1/sales", [cookie, self.origin]), 403, "insufficient-scope")
        self.assert_refused(self.ask("POST", "/v1/sales/x/pause", [cookie]), 403, "insufficient-scope")
        who = self.ask("GET", "/console/session", [cookie]).json()
        self.assertEqual((who["key"]["name"], who["scopes"]), ("shop", ["sales:read"]))
        self.keys("revoke", "shop")
        eventually("the session ends with its key", lambda: self.ask("GET", "/v1/sales", [cookie]).status == 401)
        self.assertFalse(self.ask("GET", "/console/session", [cookie]).json()["signed_in"])

    def test_signing_out_ends_it_and_so_does_a_restart(self):
        key = self.keys("create", "shop", "--scopes", "all")
        one, other = self.sign_in_when_known(key), self.sign_in_when_known(key)
        out = self.ask("DELETE", "/console/session", [one, self.origin])
        self.assertEqual((out.status, "Max-Age=0" in out.field("Set-Cookie")), (204, True))
        self.assertEqual([self.ask("GET", "/v1/sales", [each]).status for each in (one, other)], [401, 200])
        self.server.restart()
        self.origin = ("Origin", f"http://localhost:{self.server.port}")
        self.assert_refused(self.ask("GET", "/v1/sales", [other]), 401, "unauthenticated")

    def test_pages_of_other_origins_cannot_use_it(self):
        cookie = self.sign_in_when_known(self.keys("create", "shop", "--scopes", "all"))
        for origin in ("https://evil.example", "null", f"http://localhost:{self.server.port + 1}"):
            for method, target in (("GET", "/v1/sales"), ("POST", "/v1/sales"), ("DELETE", "/console/session")):
                answer = self.ask(method, target, [cookie, ("Origin", origin)])
                self.assert_refused(answer, 403, "insufficient-scope")
                self.assertIsNone(answer.field("Access-Control-Allow-Origin"))
        self.assertEqual(self.ask("GET", "/v1/sales", [cookie]).status, 200)


if __name__ == "__main__":
    main()
