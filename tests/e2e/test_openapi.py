"""The document that the server serves: it is whole, its examples are true, and no answer gets past it."""
import json
import re
import urllib.parse

from conformance import Conformance, METHODS
from harness import DoorbusterTest, claim, eventually, get, main, post_json, request
from http_client import Answer, claim_of, confirm, extend, patch, release, steer
from sale_case import CLAIM_ID, TIME

# Problems that take a full disk, a slow client or a wrong clock: seen, and held to the document, elsewhere.
SEEN_ELSEWHERE = {"cursor-expired", "overloaded", "storage-unavailable", "claim-unconfirmed", "clock-behind", "request-timeout"}


class DocumentTest(DoorbusterTest):

    def setUp(self):
        super().setUp()
        self.server = self.serve()
        self.connection = self.server.connect()
        self.addCleanup(self.connection.close)
        self.document = self.ask(get("/openapi.json")).json()

    def ask(self, data):
        return self.connection.ask(data)

    def operations(self):
        for path, item in self.document["paths"].items():
            for method in METHODS:
                if method in item:
                    yield path, method.upper(), item[method]


class Served(DocumentTest):

    def test_it_has_a_tag_by_which_a_client_keeps_it(self):
        whole = self.ask(get("/openapi.json"))
        self.assertEqual((whole.status, whole.field("Content-Type")), (200, "application/json"))
        tag = whole.field("ETag")
        self.assertRegex(whole.field("Cache-Control"), r"max-age=\d+")
        for value in (tag, f"W/{tag}", f'"other", {tag}', "*"):
            kept = self.ask(get("/openapi.json", [("If-None-Match", value)]))
            self.assertEqual((kept.status, kept.body, kept.field("ETag")), (304, b"", tag), value)
        for value in ('"other"', "nonsense", tag.strip('"')):
            self.assertEqual(self.ask(get("/openapi.json", [("If-None-Match", value)])).status, 200, value)

    def test_it_is_of_this_servers_version(self):
        self.assertEqual(self.document["info"]["version"], self.ask(get("/v1/server")).json()["version"])

    def test_every_problem_has_its_page_for_a_person_and_for_a_terminal(self):
        for code in self.document["components"]["parameters"]["code"]["schema"]["enum"]:
            with self.subTest(code):
                text = self.ask(get(f"/problems/{code}"))
                self.assertRegex(text.field("Content-Type"), "^text/plain")
                self.assertTrue(text.text.startswith(code))
                html = self.ask(get(f"/problems/{code}", [("Accept", "text/html,*/*;q=0.8")]))
                self.assertRegex(html.field("Content-Type"), "^text/html")
                self.assertIn(f"<code>{code}</code>", html.text)
                self.assertIn("default-src 'none'", html.field("Content-Security-Policy"))


class Breaches(DocumentTest):
    """Each planted in a real answer, and found."""

    def setUp(self):
        super().setUp()
        self.create(self.connection, "drop", 5)
        self.line = b"GET /v1/sales/drop/status HTTP/1.1"
        self.good = self.ask(get("/v1/sales/drop/status"))

    def found(self, answer, line=None):
        return Conformance(self.document).breach(line or self.line, answer)

    def changed(self, **members):
        value = {**self.good.json(), **members}
        return Answer(self.good.status, self.good.head, json.dumps(value).encode())

    def with_head(self, old, new, status=200):
        return Answer(status, self.good.head.replace(old, new), self.good.body)

    def test_a_good_answer_is_none(self):
        self.assertIsNone(self.found(self.good))
        self.assertIsNone(self.found(self.good, b"GET http://localhost/v1/sales/drop/status?x=1 HTTP/1.1"))

    def test_what_is_wrong_is_named_by_path_status_and_pointer(self):
        start = re.escape("GET /v1/sales/{sale}/status, 200: ")
        without = self.good.json()
        del without["now"]
        for answer, says in [
                (self.changed(status="ajar"), "/status: 'ajar' is not one of"),
                (self.changed(held=-1), "/held: -1 is less than"), (self.changed(held="1"), "/held: '1' is not of type"),
                (self.changed(now="2026-11-11T12:00:00Z"), "/now: .* does not match"),
                (self.changed(secret=1), r"\(the whole\): .*'secret' (was )?unexpected"),
                (self.changed(title={"en": 1}), "/title: "),
                (Answer(200, self.good.head, json.dumps(without).encode()), r"\(the whole\): 'now' is a required"),
                (Answer(200, self.good.head, b"{"), "no JSON"),
                (self.with_head(b"application/json", b"text/plain"), "the content type is 'text/plain'"),
                (self.with_head(b"Cache-Control", b"Cache-Controls"), "the field cache-control is missing"),
                (self.with_head(b"Sale-Sequence: ", b"Sale-Sequence: -"), r"the field sale-sequence is '-\d'"),
                (self.with_head(b"Date: ", b"X-Secret: 1\r\nDate: "), "the field x-secret is not in"),
                (self.with_head(b"Date: ", b"Date: 1\r\nDate: "), "a field is sent twice")]:
            with self.subTest(says):
                self.assertRegex(self.found(answer) or "", start + ".*" + says)

    def test_a_status_or_a_code_that_is_not_named_is_one(self):
        self.assertRegex(self.found(self.with_head(b"", b"", 202)), "202: the status is not in the document")
        refused = self.ask(get("/v1/sales/unknown/status"))
        self.assertIsNone(self.found(refused))
        other = Answer(404, refused.head, refused.body.replace(b"not-found", b"sold-out"))
        self.assertRegex(self.found(other), "404: /code: 'sold-out' is none of")
        self.assertRegex(self.found(self.good, b"GET /v2 HTTP/1.1"), "no such path, 200")
        self.assertRegex(self.found(self.good, b"PUT /v1/sales HTTP/1.1"), "no such method, 200")
        self.assertRegex(Conformance(self.document).breach(None, self.with_head(b"", b"", 202)), "no operation")

    def test_allow_must_name_what_the_document_does(self):
        line = b"PUT /v1/sales HTTP/1.1"
        refused = self.ask(request("PUT", "/v1/sales"))
        self.assertIsNone(self.found(refused, line))
        less = Answer(405, refused.head.replace(b"GET, ", b""), refused.body)
        self.assertRegex(self.found(less, line), "the field allow is")


class EveryPath(DocumentTest):
    """Methods as HTTP has them, at each path of the document."""

    def setUp(self):
        super().setUp()
        self.create(self.connection, "drop", 5)
        self.won = self.ask(claim("drop", "ann")).json()["id"]

    def paths(self):
        for path, item in self.document["paths"].items():
            target = path.replace("{sale}", "drop").replace("{claim}", self.won)
            target = target.replace("{code}", "sold-out").replace("{file}", "icon.svg")
            yield target, {method.upper() for method in METHODS if method in item}

    def test_a_method_that_is_not_in_the_document_is_405_and_allow_names_the_others(self):
        for target, methods in self.paths():
            allowed = methods | {"OPTIONS"} | ({"HEAD"} if "GET" in methods else set())
            for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"):
                with self.subTest(f"{method} {target}"):
                    if method in allowed - {"OPTIONS"}:
                        continue
                    answer = self.ask(request(method, target))
                    self.assertEqual(answer.status, 204 if method == "OPTIONS" else 405, answer)
                    self.assertEqual({word.strip() for word in answer.field("Allow").split(",")}, allowed)

    def test_head_answers_as_get_does_without_the_body(self):
        passing = {"date", "x-request-id", "content-length", "transfer-encoding"}
        for target, methods in self.paths():
            if "GET" not in methods:
                continue
            with self.subTest(target):
                fields = [("X-Buyer-Id", "ann")]
                whole, head = self.ask(get(target, fields)), self.ask(request("HEAD", target, fields=fields))
                self.assertIn(whole.status, (200, 302))
                self.assertEqual((head.status, head.body), (whole.status, b""))
                self.assertEqual([field for field in head.fields if field[0] not in passing],
                                 [field for field in whole.fields if field[0] not in passing])


# What a browser asks for, and a program does not.
PAGES = ("leadIn", "leadToConsole", "openConsole", "loadConsoleFile", "readSession", "signIn", "signOut", "loadElement",
         "leadToDemo", "openDemo", "loadDemoFile")


class Examples(DocumentTest):
    pages = PAGES


    def setUp(self):
        super().setUp()
        self.values = {}    # what the server gave, for the places where the document can only show its like
        self.unused = {}    # operationId: what of it has not been sent yet

    def request_of(self, path, method, operation, media, value, buyer):
        parameters = [self.resolved(each) for each in (*self.document["paths"][path].get("parameters", ()),
                                                       *operation.get("parameters", ()))]
        target, query, fields = path, {}, []
        for parameter in parameters:
            name = parameter["name"]
            given = self.values.get(name, parameter.get("example"))
            if parameter["in"] == "path":
                target = target.replace("{%s}" % name, given)
            elif parameter["in"] == "query" and given is not None:
                query[name] = given
            elif given is not None:
                fields.append((name, given))
        if query:
            target += "?" + urllib.parse.urlencode(query)
        if buyer:
            fields.append(("X-Buyer-Id", buyer))
        body = b""
        if media:
            fields.append(("Content-Type", media))
            body = (urllib.parse.urlencode(value) if media.endswith("urlencoded") else json.dumps(value)).encode()
        return request(method, target, body, fields)

    def resolved(self, value):
        while "$ref" in value:
            found = self.document
            for part in value["$ref"].removeprefix("#/").split("/"):
                found = found[part]
            value = found
        return value

    def send(self, operation_id, buyer=None, only=None, **values):
        """Every example of the operation, or the one; each is answered as the document says."""
        self.values = values
        path, method, operation = next(each for each in self.operations() if each[2]["operationId"] == operation_id)
        content = operation.get("requestBody", {}).get("content", {})
        examples = [(media, name, example["value"]) for media, what in content.items()
                    for name, example in what["examples"].items()] or [(None, None, None)]
        answer = None
        for media, name, value in examples:
            if only is not None and name != only:
                continue
            self.unused[operation_id].discard(name)
            if "If-Match" in values:
                self.values["If-Match"] = self.ask(get("/v1/sales/iphone-drop")).field("ETag")
            answer = self.ask(self.request_of(path, method, operation, media, value, buyer))
            with self.subTest(operation_id, example=name, answer=answer):
                self.assertLess(answer.status, 400)
                self.compare(operation, answer, name)
        return answer

    def compare(self, operation, answer, name):
        response = self.resolved(operation["responses"][str(answer.status)])
        media = (answer.field("Content-Type") or "").partition(";")[0]
        examples = response.get("content", {}).get(media, {}).get("examples", {})
        if not examples:
            return
        if media != "application/json":
            self.assertIn(answer.text, [each["value"] for each in examples.values()])
        elif name in examples:
            self.assertEqual(shape_of(examples[name]["value"]), shape_of(answer.json()))
        else:  # it shows the answer to another request of the kind
            shown = next(iter(examples.values()))["value"]
            self.assertLessEqual(set(shown), set(answer.json()))

    def test_every_request_of_the_document_is_answered_as_it_says(self):
        """The life of one drop, told with the document's own requests."""
        for _, _, operation in self.operations():
            names = [name for what in operation.get("requestBody", {}).get("content", {}).values()
                     for name in what["examples"]]
            self.unused[operation["operationId"]] = set(names or [None])
        self.send("createSale")
        self.send("readSale")
        granted = self.send("claimUnits", buyer="u_42", only="one").json()
        self.send("claimUnits", only="for-somebody")
        self.send("claimUnits", only="tap")
        mine = {"claim": granted["id"]}
        for read, buyer in (("readStatus", None), ("listSales", None), ("listClaims", None),
                            ("readOwnClaims", "u_42")):
            self.send(read, buyer=buyer)
        self.send("readClaim", **mine)
        self.send("extendClaim", **mine)
        self.send("confirmClaim", **mine)
        self.send("readStats")
        other = self.ask(claim("iphone-drop", "u_43")).json()
        self.send("releaseClaim", buyer="u_43", claim=other["id"])
        self.send("changeSale", **{"If-Match": None})
        for action in ("pauseSale", "resumeSale", "closeSale", "cancelSale"):
            self.send(action)
        self.send("deleteSale", sale="next-drop")
        self.send("sendGoods")
        self.send("claimGoods")
        for read in ("listGoods", "readEvents", "describeServer", "describeProblem", "describeApi", *self.pages):
            self.send(read)
        left = {name: names for name, names in self.unused.items()
                if names and (name in self.pages or name not in PAGES)}
        self.assertEqual(left, {}, "never sent")

    def test_every_problem_of_the_document_is_met_and_looks_like_its_example(self):
        met = {}
        for code, answer in self.provoked():
            self.assertEqual(answer.code, code, answer)
            met[code] = answer.json()
        schemas = self.document["components"]["schemas"]
        examples = {example["code"]: example for schema in schemas.values()
                    for example in schema.get("examples", ()) if isinstance(example, dict) and "code" in example}
        self.assertEqual(set(met) | SEEN_ELSEWHERE, set(examples))
        for code, problem in met.items():
            with self.subTest(code):
                self.assertEqual(shape_of(problem, ("detail",)), shape_of(examples[code], ("detail",)))

    def provoked(self):
        self.create(self.connection, "drop", 2, hold_seconds=600, claim_attempts=1, per_buyer_limit=2)
        self.create(self.connection, "later", 1, opens_at="2099-01-01T00:00:00Z")
        self.create(self.connection, "none", 1)
        self.create(self.connection, "short", 1, hold_seconds=1)
        hasty = self.ask(claim("short", "ann")).json()
        ann, cat = self.ask(claim("drop", "ann", key="k")).json(), self.ask(claim("none", "cat")).json()
        yield "not-open", self.ask(claim("later", "ann"))
        yield "insufficient-stock", self.ask(claim("drop", "bob", 2))
        yield "idempotency-key-reused", self.ask(claim("drop", "ann", 2, key="k"))
        yield "limit-exceeded", self.ask(claim("drop", "ann", 2, key="new"))
        yield "not-extendable", self.ask(extend(ann, 60))
        self.ask(claim("drop", "bob"))
        yield "stock-below-claimed", self.ask(patch("drop", {"stock": 1}))
        yield "sold-out", self.ask(claim("drop", "eve"))
        eventually("the end of the hold", lambda: self.ask(claim_of(hasty)).json()["status"] == "released")
        yield "claim-expired", self.ask(confirm(hasty, "order_991"))
        self.ask(confirm(cat, "order_991"))
        yield "claim-confirmed", self.ask(release(cat, "cat"))
        yield "reference-mismatch", self.ask(confirm(cat, "order_992"))
        self.ask(release(ann))
        yield "claim-released", self.ask(confirm(ann, "order_991"))
        yield "attempts-exhausted", self.ask(claim("drop", "ann"))
        self.ask(steer("drop", "pause"))
        yield "paused", self.ask(claim("drop", "eve"))
        self.ask(steer("drop", "close"))
        yield "closed", self.ask(claim("drop", "eve"))
        yield "already-open", self.ask(request("DELETE", "/v1/sales/drop"))
        yield "already-exists", self.ask(post_json("/v1/sales", {"id": "drop", "stock": 9}))
        yield "precondition-failed", self.ask(patch("none", {"stock": 9}, '"7"'))
        yield "precondition-required", self.ask(patch("none", {"stock": 9}, None))
        yield "invalid", self.ask(post_json("/v1/sales", {"id": "x", "stock": 1, "stokc": 1}))
        yield "malformed", self.ask(post_json("/v1/sales", b"{"))
        yield "unsupported-media-type", self.ask(request("POST", "/v1/sales", b"{}"))
        yield "unauthenticated", self.ask(request("POST", "/v1/sales/none/claims"))
        yield "insufficient-scope", self.ask(get("/v1/sales", [("Origin", "https://evil.example")]))
        yield "not-found", self.ask(get("/nowhere"))
        yield "method-not-allowed", self.ask(request("PUT", "/v1/sales"))
        for code, data in self.refused_by_http():
            yield code, self.server.ask(data)

    def refused_by_http(self):
        return [("content-too-large", post_json("/v1/sales", b" " * 65_537)),
                ("uri-too-long", get("/" + "a" * 15_000)),
                ("header-fields-too-large", get("/v1/sales", [("X-A", "a" * 17_000)])),
                ("expectation-failed", get("/v1/sales", [("Expect", "miracles")])),
                ("not-implemented", get("/v1/sales", [("Transfer-Encoding", "gzip, chunked")])),
                ("http-version-not-supported", get("/v1/sales").replace(b"HTTP/1.1", b"HTTP/2.0"))]


def shape_of(value, passed_over=()):
    """What two answers of a kind have in common: members, kinds, words; not times, ids and counts."""
    if isinstance(value, dict):
        return {name: shape_of(each, passed_over) for name, each in sorted(value.items()) if name not in passed_over}
    if isinstance(value, list):
        return [shape_of(each, passed_over) for each in value[:1]]
    if isinstance(value, str):
        return "a time" if TIME.match(value) else "a claim" if CLAIM_ID.match(value) else "a text"
    return type(value).__name__


if __name__ == "__main__":
    main()
