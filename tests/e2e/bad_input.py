"""The table of bad requests: for each what it is, its bytes, and what it must be answered.

`where` is the place that errors[0] names in a 422: a JSON pointer into the body, a header field or a
parameter of the query. `says` is a part of its detail. `closes`: the connection ends after the answer,
because what follows on it could be anything.
"""
import dataclasses
import json

from http_client import get, post_form, post_json, request

SALE = "kept"  # the sale that every case leaves as it is
CLAIMS = f"/v1/sales/{SALE}/claims"
FORM = [("Content-Type", "application/x-www-form-urlencoded")]
JSON = [("Content-Type", "application/json")]


@dataclasses.dataclass(frozen=True)
class Case:
    name: str
    data: bytes
    status: int
    code: str
    where: tuple = ()
    says: str = ""
    closes: bool = False
    allow: frozenset = frozenset()


def pointer(text):
    return ("pointer", text)


def header(name):
    return ("header", name)


def parameter(name):
    return ("parameter", name)


def create(name, change, at="", says="", remove=(), status=422, code="invalid"):
    """A sale's definition that would be good but for `change`."""
    definition = {"id": "bad", "title": "Bad", "stock": 1, **change}
    for member in remove:
        del definition[member]
    return Case(f"create: {name}", post_json("/v1/sales", definition), status, code,
                pointer(at) if status == 422 else (), says)


def create_raw(name, body, status, code, at=None, says=""):
    return Case(f"create: {name}", post_json("/v1/sales", body), status, code,
                pointer(at) if at is not None else (), says)


def definitions():
    return [
        create("no id", {}, "/id", "required", remove=["id"]),
        create("no stock", {}, "/stock", "required", remove=["stock"]),
        create("empty id", {"id": ""}, "/id"),
        create("upper case id", {"id": "Drop"}, "/id", "a-z"),
        create("id with a space", {"id": "a b"}, "/id"),
        create("id with a slash", {"id": "a/b"}, "/id"),
        create("id of 65", {"id": "a" * 65}, "/id"),
        create("id with a newline at its end", {"id": "a\n"}, "/id"),
        create("id that is a number", {"id": 7}, "/id", "string"),
        create("id that is null", {"id": None}, "/id"),
        create("the recipe's id", {"id": "goods"}, "/id", "goods"),
        create("a round's id", {"id": "goods-7"}, "/id", "goods"),
        create("empty title", {"title": ""}, "/title"),
        create("title with a control character", {"title": "a\u0007b"}, "/title"),
        create("title that is a list", {"title": ["a"]}, "/title"),
        create("title of no language", {"title": {}}, "/title"),
        create("title by a tag that is none", {"title": {"not a tag": "x"}}, "/title/not a tag"),
        create("title of a language that is a number", {"title": {"en": 5}}, "/title/en"),
        create("negative stock", {"stock": -1}, "/stock", "100000000"),
        create("stock of 100,000,001", {"stock": 100_000_001}, "/stock", "100000000"),
        create("stock of 10^30", {"stock": 10**30}, "/stock"),
        create("stock of 1.5", {"stock": 1.5}, "/stock"),
        create("stock as a string", {"stock": "1"}, "/stock"),
        create("stock that is true", {"stock": True}, "/stock"),
        create("stock that is null", {"stock": None}, "/stock"),
        create("limit of 0", {"per_buyer_limit": 0}, "/per_buyer_limit", "1000"),
        create("limit of 1001", {"per_buyer_limit": 1001}, "/per_buyer_limit", "1000"),
        create("limit as a list", {"per_buyer_limit": [1]}, "/per_buyer_limit"),
        create("negative hold", {"hold_seconds": -1}, "/hold_seconds"),
        create("hold of a month and a second", {"hold_seconds": 2_592_001}, "/hold_seconds", "2592000"),
        create("hold that is null", {"hold_seconds": None}, "/hold_seconds"),
        create("no attempts", {"claim_attempts": 0}, "/claim_attempts", "1 to 1000"),
        create("1001 attempts", {"claim_attempts": 1001}, "/claim_attempts", "1 to 1000"),
        create("extension as text", {"max_extension_seconds": "1"}, "/max_extension_seconds", "2592000"),
        create("archive after eleven years", {"archive_after_seconds": 350_000_000}, "/archive_after_seconds",
               "315360000"),
        create("opening at no time", {"opens_at": "tomorrow"}, "/opens_at", "RFC 3339"),
        create("opening on February 30", {"opens_at": "2099-02-30T00:00:00Z"}, "/opens_at", "RFC 3339"),
        create("opening without an offset", {"opens_at": "2099-01-01T00:00:00"}, "/opens_at"),
        create("opening at a number", {"opens_at": 1}, "/opens_at"),
        create("closing before opening",
               {"opens_at": "2099-01-02T00:00:00Z", "closes_at": "2099-01-01T00:00:00Z"}, "/closes_at"),
        create("closing in the past", {"closes_at": "2001-01-01T00:00:00Z"}, "/closes_at"),
        create("late_payment unknown", {"late_payment": "perhaps"}, "/late_payment", "reacquire"),
        create("late_payment that is null", {"late_payment": None}, "/late_payment"),
        create("metadata that is a list", {"metadata": []}, "/metadata", "object"),
        create("metadata above 4 KiB", {"metadata": {"a": "x" * 4096}}, "/metadata", "4096"),
        create("an unknown member", {"colour": "red"}, "/colour"),
        create("a member spelt wrong", {"per_buyer_limt": 2}, "/per_buyer_limt", "did you mean 'per_buyer_limit'"),
        create("a member of the answer", {"status": "open"}, "/status"),
        create("a name to be escaped in a pointer", {"a/b~c": 1}, "/a~1b~0c"),
        create_raw("a member twice", b'{"id":"bad","title":"B","stock":1,"stock":2}', 422, "invalid",
                   "/stock", "more than once"),
        create_raw("a member twice, spelt differently", b'{"id":"bad","title":"B","stock":1,"st\\u006fck":2}',
                   422, "invalid", "/stock", "more than once"),
        create_raw("a member of a member twice",
                   b'{"id":"bad","title":{"en":"a","en":"b"},"stock":1}', 422, "invalid", "/title/en",
                   "more than once"),
        create_raw("a list", b"[]", 422, "invalid", ""),
        create_raw("a string", b'"x"', 422, "invalid", ""),
        create_raw("nothing", b"", 400, "malformed"),
        create_raw("half an object", b'{"id":"bad"', 400, "malformed"),
        create_raw("two values", b'{"id":"bad"} {}', 400, "malformed"),
        create_raw("a comma at the end", b'{"id":"bad",}', 400, "malformed"),
        create_raw("a comment", b'{"id":"bad"/**/}', 400, "malformed"),
        create_raw("NaN", b'{"stock":NaN}', 400, "malformed"),
        create_raw("single quotes", b"{'id':'bad'}", 400, "malformed"),
        create_raw("a zero byte", b'{"id":"bad\x00"}', 400, "malformed"),
        create_raw("not UTF-8", b'{"id":"bad","title":"\xff","stock":1}', 400, "malformed"),
        create_raw("an overlong form", b'{"id":"bad","title":"\xc0\xaf","stock":1}', 400, "malformed"),
        create_raw("half a surrogate pair", b'{"id":"bad","title":"\\ud800","stock":1}', 400, "malformed"),
        create_raw("a byte order mark", b'\xef\xbb\xbf{"id":"bad","title":"B","stock":1}', 400, "malformed"),
        create_raw("UTF-16", '{"id":"bad"}'.encode("utf-16"), 400, "malformed"),
        create_raw("60,000 levels deep", b"[" * 60_000, 400, "malformed"),
        create_raw("metadata 33 levels deep",
                   b'{"id":"bad","title":"B","stock":1,"metadata":' + b'{"a":' * 33 + b"1" + b"}" * 34,
                   400, "malformed", says="32"),
        Case("create: 1,000,000 levels deep", post_json("/v1/sales", b"[" * 1_000_000), 413,
             "content-too-large", closes=True),
        Case("create: a body above 64 KiB", post_json("/v1/sales", b" " * 65_537), 413, "content-too-large",
             closes=True),
        Case("create: no content type", request("POST", "/v1/sales", b"{}"), 415, "unsupported-media-type"),
        Case("create: a form", post_form("/v1/sales", "id=bad&stock=1"), 415, "unsupported-media-type"),
        Case("create: text", request("POST", "/v1/sales", b"{}", [("Content-Type", "text/plain")]), 415,
             "unsupported-media-type"),
        Case("create: a content type that is none",
             request("POST", "/v1/sales", b"{}", [("Content-Type", "json")]), 415, "unsupported-media-type"),
    ]


def claim_of(name, body, status, code, where=(), fields=JSON, buyer="eve", more=(), says="", closes=False):
    named = [("X-Buyer-Id", buyer)] if buyer is not None else []
    return Case(f"claim: {name}", request("POST", CLAIMS, body, [*fields, *named, *more]), status, code,
                where, says, closes)


def raw_buyer(name, value, status=422, code="invalid", where=header("X-Buyer-Id")):
    data = request("POST", CLAIMS).replace(b"Content-Length", b"X-Buyer-Id: " + value + b"\r\nContent-Length")
    return Case(f"claim: buyer {name}", data, status, code, where, closes=status == 400)


def claims():
    quantity = pointer("/quantity")
    key = header("Idempotency-Key")
    return [
        claim_of("quantity 0", b'{"quantity":0}', 422, "invalid", quantity, says="1 to 1000"),
        claim_of("quantity -1", b'{"quantity":-1}', 422, "invalid", quantity),
        claim_of("quantity 1001", b'{"quantity":1001}', 422, "invalid", quantity, says="1 to 1000"),
        claim_of("quantity 1.0", b'{"quantity":1.0}', 422, "invalid", quantity),
        claim_of("quantity 1e0", b'{"quantity":1e0}', 422, "invalid", quantity),
        claim_of("quantity as text", b'{"quantity":"1"}', 422, "invalid", quantity),
        claim_of("quantity null", b'{"quantity":null}', 422, "invalid", quantity),
        claim_of("quantity 65537, which is 1 in 16 bits", b'{"quantity":65537}', 422, "invalid", quantity),
        claim_of("quantity 4294967297, which is 1 in 32 bits", b'{"quantity":4294967297}', 422, "invalid",
                 quantity),
        claim_of("quantity twice", b'{"quantity":1,"quantity":1}', 422, "invalid", quantity,
                 says="more than once"),
        claim_of("a member spelt wrong", b'{"quantitiy":1}', 422, "invalid", pointer("/quantitiy"),
                 says="did you mean 'quantity'"),
        claim_of("a list", b"[1]", 422, "invalid", pointer("")),
        claim_of("broken JSON", b"{", 400, "malformed"),
        claim_of("a body above 4 KiB", b'{"quantity":1' + b" " * 4096 + b"}", 413, "content-too-large",
                 closes=True),
        claim_of("a body of no type", b'{"quantity":1}', 415, "unsupported-media-type", fields=()),
        claim_of("XML", b"<a/>", 415, "unsupported-media-type", fields=[("Content-Type", "text/xml")]),
        claim_of("form quantity as text", b"quantity=one", 422, "invalid", quantity, fields=FORM),
        claim_of("form quantity twice", b"quantity=1&quantity=1", 422, "invalid", quantity, fields=FORM),
        claim_of("form with an unknown field", b"quantity=1&color=red", 422, "invalid", pointer("/color"),
                 fields=FORM),
        claim_of("form with half an escape", b"quantity=%3", 400, "malformed", fields=FORM),
        claim_of("form that is not UTF-8", b"uid=%ff", 400, "malformed", fields=FORM, buyer=None),
        claim_of("form and header name two buyers", b"uid=ann", 422, "invalid", pointer("/uid"), fields=FORM),
        claim_of("form and header give two keys", b"idempotency_key=a", 422, "invalid",
                 pointer("/idempotency_key"), fields=FORM, more=[("Idempotency-Key", "b")]),
        claim_of("no buyer", b'{"quantity":1}', 401, "unauthenticated", buyer=None),
        claim_of("empty buyer", b"", 422, "invalid", header("X-Buyer-Id"), fields=(), buyer=""),
        claim_of("buyer of 129 bytes", b"", 422, "invalid", header("X-Buyer-Id"), fields=(), buyer="x" * 129),
        claim_of("buyer of 43 characters in 129 bytes", b"", 422, "invalid", header("X-Buyer-Id"), fields=(),
                 buyer="买" * 43),
        claim_of("buyer twice", b"", 422, "invalid", header("X-Buyer-Id"), fields=(),
                 more=[("X-Buyer-Id", "eve")]),
        raw_buyer("that is not UTF-8", b"\xff\xfe"),
        raw_buyer("with a C1 control character", b"a\xc2\x85b"),
        raw_buyer("with a tab", b"a\tb"),
        raw_buyer("with a control character", b"a\x01b", 400, "malformed", ()),
        raw_buyer("with a zero byte", b"a\x00b", 400, "malformed", ()),
        claim_of("key of 65", b"", 422, "invalid", key, fields=(), more=[("Idempotency-Key", "k" * 65)]),
        claim_of("empty key", b"", 422, "invalid", key, fields=(), more=[("Idempotency-Key", "")]),
        claim_of("key twice", b"", 422, "invalid", key, fields=(),
                 more=[("Idempotency-Key", "a"), ("Idempotency-Key", "a")]),
        claim_of("key that is not ASCII", b"", 422, "invalid", key, fields=(),
                 more=[("Idempotency-Key", "ключ")]),
        Case("claim: unknown sale", request("POST", "/v1/sales/unknown/claims", b"", [("X-Buyer-Id", "eve")]),
             404, "not-found"),
        Case("claim: no slug", request("POST", "/v1/sales/NO/claims", b"", [("X-Buyer-Id", "eve")]),
             404, "not-found"),
        Case("claims/me without a buyer", get(f"{CLAIMS}/me"), 401, "unauthenticated"),
    ]


def change(name, body, status=422, code="invalid", where="", says="", if_match="*",
           content_type="application/merge-patch+json", sale=SALE, closes=False):
    """A patch that would be good but for one thing."""
    fields = [("Content-Type", content_type)] if content_type else []
    if if_match is not None:
        fields.append(("If-Match", if_match))
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Case(f"patch: {name}", request("PATCH", f"/v1/sales/{sale}", data, fields), status, code,
                pointer(where) if status == 422 else (), says, closes)


def changes():
    numbers = ("stock", "per_buyer_limit", "hold_seconds", "claim_attempts", "max_extension_seconds",
               "archive_after_seconds")
    return [
        change("no If-Match", {"stock": 9}, 428, "precondition-required", if_match=None),
        change("another version", {"stock": 9}, 412, "precondition-failed", if_match='"7"'),
        change("a weak tag", {"stock": 9}, 412, "precondition-failed", if_match='W/"1"'),
        change("a tag without quotation marks", {"stock": 9}, 400, "malformed", if_match="1"),
        change("a star among tags", {"stock": 9}, 400, "malformed", if_match='*, "1"'),
        change("an empty If-Match", {"stock": 9}, 400, "malformed", if_match=""),
        change("unknown sale", {"stock": 9}, 404, "not-found", sale="unknown"),
        change("no content type", {}, 415, "unsupported-media-type", content_type=None),
        change("JSON Patch", [], 415, "unsupported-media-type", content_type="application/json-patch+json"),
        change("a form", b"stock=9", 415, "unsupported-media-type",
               content_type="application/x-www-form-urlencoded"),
        change("nothing", b"", 400, "malformed"), change("half an object", b'{"stock":', 400, "malformed"),
        change("not UTF-8", b'{"title":"\xff"}', 400, "malformed"),
        change("a body above 64 KiB", b" " * 65_537, 413, "content-too-large", closes=True),
        change("a list", [1]), change("null", None), change("a string", "x"),
        change("a member twice", b'{"stock":9,"stock":9}', where="/stock", says="more than once"),
        change("a member spelt wrong", {"stokc": 9}, where="/stokc", says="did you mean 'stock'"),
        *[change(f"the {name}", {name: 1}, where=f"/{name}", says="cannot be changed")
          for name in ("id", "status", "version", "created_at", "cancelled")],
        *[change(f"{name} that is {value}", {name: value}, where=f"/{name}", says="whole number")
          for name in numbers for value in (None, "9", -1, 1.5, 10**10, True, [])],
        change("late_payment that is null", {"late_payment": None}, where="/late_payment"),
        change("title that is null", {"title": None}, where="/title"),
        change("title that is empty", {"title": ""}, where="/title"),
        change("title by a tag that is none", {"title": {"not a tag": None}}, where="/title/not a tag"),
        change("title without a language", {"title": {"en": None}}, where="/title", says="at least one"),
        change("metadata that is a list", {"metadata": []}, where="/metadata"),
        change("metadata that is too large", {"metadata": {"a": "x" * 4096}}, where="/metadata", says="4096"),
        change("opening at no time", {"opens_at": "soon"}, where="/opens_at", says="RFC 3339"),
        change("closing in the past", {"closes_at": "2001-01-01T00:00:00Z"}, where="/closes_at", says="future"),
        Case("delete: unknown sale", request("DELETE", "/v1/sales/unknown"), 404, "not-found"),
        Case("delete: an open sale", request("DELETE", f"/v1/sales/{SALE}"), 409, "already-open"),
        *[Case(f"{action}: unknown sale", request("POST", f"/v1/sales/unknown/{action}"), 404, "not-found")
          for action in ("pause", "resume", "close", "cancel")],
    ]


NO_CLAIM = "clm_" + "0" * 26


def change_claim(name, action, body, status=422, code="invalid", where="", fields=JSON, says="", sale=SALE,
                 closes=False):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Case(f"{action}: {name}", request("POST", f"/v1/sales/{sale}/claims/{NO_CLAIM}/{action}", data, fields),
                status, code, pointer(where) if status == 422 else (), says, closes)


def claim_changes():
    """Of a claim that is not there: what is wrong with the body is said before anybody looks."""
    return [
        change_claim("unknown claim", "confirm", {"reference": "a"}, 404, "not-found"),
        change_claim("unknown sale", "confirm", {"reference": "a"}, 404, "not-found", sale="unknown"),
        change_claim("no body", "confirm", b"", 415, "unsupported-media-type", fields=()),
        change_claim("a form", "confirm", b"reference=a", 415, "unsupported-media-type", fields=FORM),
        change_claim("broken JSON", "confirm", b"{", 400, "malformed"),
        change_claim("not UTF-8", "confirm", b'{"reference":"\xff"}', 400, "malformed"),
        change_claim("a body above 4 KiB", "confirm", b" " * 4097, 413, "content-too-large", closes=True),
        change_claim("a list", "confirm", []),
        change_claim("no reference", "confirm", {}, where="/reference", says="required"),
        change_claim("empty reference", "confirm", {"reference": ""}, where="/reference", says="1 to 64"),
        change_claim("reference of 65", "confirm", {"reference": "r" * 65}, where="/reference", says="1 to 64"),
        change_claim("reference of 22 characters in 66 bytes", "confirm", {"reference": "单" * 22},
                     where="/reference", says="bytes"),
        change_claim("reference that is a number", "confirm", {"reference": 991}, where="/reference"),
        change_claim("reference that is null", "confirm", {"reference": None}, where="/reference"),
        change_claim("reference with a newline", "confirm", {"reference": "a\n"}, where="/reference"),
        change_claim("reference twice", "confirm", b'{"reference":"a","reference":"a"}', where="/reference",
                     says="more than once"),
        change_claim("a member spelt wrong", "confirm", {"reference": "a", "refrence": "a"}, where="/refrence",
                     says="did you mean 'reference'"),
        change_claim("unknown claim", "extend", b"", 404, "not-found", fields=()),
        change_claim("text", "extend", b"60", 415, "unsupported-media-type",
                     fields=[("Content-Type", "text/plain")]),
        change_claim("a list", "extend", [60]),
        *[change_claim(f"seconds that are {value}", "extend", {"seconds": value}, where="/seconds",
                       says="1 to 2592000") for value in (0, -1, 1.5, "60", None, True, 2_592_001, 2**32 + 1)],
        change_claim("a member spelt wrong", "extend", {"second": 1}, where="/second",
                     says="did you mean 'seconds'"),
        Case("release: unknown claim", request("DELETE", f"{CLAIMS}/{NO_CLAIM}"), 404, "not-found"),
        Case("release: what is no claim", request("DELETE", f"{CLAIMS}/x"), 404, "not-found"),
        Case("release: unknown sale", request("DELETE", f"/v1/sales/unknown/claims/{NO_CLAIM}"), 404, "not-found"),
        Case("release: empty buyer", request("DELETE", f"{CLAIMS}/{NO_CLAIM}", fields=[("X-Buyer-Id", "")]), 422,
             "invalid", header("X-Buyer-Id")),
        Case("release: buyer twice", request("DELETE", f"{CLAIMS}/{NO_CLAIM}",
                                             fields=[("X-Buyer-Id", "a"), ("X-Buyer-Id", "a")]), 422, "invalid",
             header("X-Buyer-Id")),
    ]


def recipe():
    def publish(name, body, where=pointer("/count")):
        return Case(f"recipe: {name}", post_form("/send/goods", body), 422, "invalid", where)

    def publish_json(name, body):
        return Case(f"recipe: {name}, JSON wanted",
                    post_form("/send/goods", body, [("Accept", "application/json")]), 422, "invalid",
                    pointer("/count"))
    return [
        publish("no count", ""), publish("empty count", "count="), publish("count of letters", "count=ten"),
        publish("negative count", "count=-1"), publish("count of 1.5", "count=1.5"),
        publish("count of 100,000,001", "count=100000001"),
        publish("count of 2^64 + 1", "count=18446744073709551617"), publish("count twice", "count=1&count=1"),
        publish("an unknown field", "count=1&colour=red", pointer("/colour")),
        publish_json("count of letters", "count=ten"), publish_json("negative count", "count=-5"),
        publish_json("too large count", "count=999999999"),
        Case("recipe: a count that is no form", request("POST", "/send/goods", b"count=1"), 415,
             "unsupported-media-type"),
        Case("recipe: a body above 64 KiB", post_form("/send/goods", b"count=" + b"1" * 70_000), 413,
             "content-too-large", closes=True),
        Case("recipe: a buyer of 129 bytes", post_form("/goods", "uid=" + "x" * 129), 422, "invalid",
             pointer("/uid")),
        Case("recipe: a buyer with a newline", post_form("/goods", "uid=a%0Ab"), 422, "invalid",
             pointer("/uid")),
        Case("recipe: no round yet", post_form("/goods", "uid=eve", [("Accept", "application/json")]), 404,
             "not-found"),
    ]


def addresses():
    def not_found(target):
        return Case(f"no such address: {target}", get(target), 404, "not-found")

    def not_allowed(method, target, *allow):
        return Case(f"wrong method: {method} {target}", request(method, target), 405, "method-not-allowed",
                    allow=frozenset([*allow, "OPTIONS"]))

    def bad_parameter(target, name):
        return Case(f"parameter: {target[:60]}", get(target), 422, "invalid", parameter(name))
    def bad_export(query, name):
        data = get(f"{CLAIMS}?{query}", [("Accept", "text/csv")])
        return Case(f"export: {query}", data, 422, "invalid", parameter(name))
    return [
        not_found("/index.html"), not_found("/console/sales"), not_found("/console/none.js"),
        not_found("/console/..%2fopenapi.json"), not_found("/demo/../console/icon.svg"), not_found("/embed/v2.js"),
        not_found("/v1"), not_found("/v2/sales"), not_found("/v1/sales/unknown"),
        not_found("/v1/sales/"), not_found("/v1/sales/unknown/stats"), not_found("/v1/sales/unknown/status"),
        not_found("/v1//sales"), not_found(f"/v1/sales/{SALE}/"), not_found("/v1/sales/../../etc/passwd"),
        not_found(f"/v1/sales/{SALE}/claims/clm_00000000000000000000000000"), not_found("/v1/sales/%6bept"),
        not_found("/livez"),
        not_allowed("DELETE", "/v1/sales", "GET", "HEAD", "POST"),
        not_allowed("PUT", f"/v1/sales/{SALE}", "GET", "HEAD", "PATCH", "DELETE"),
        not_allowed("GET", f"/v1/sales/{SALE}/pause", "POST"),
        not_allowed("PATCH", f"{CLAIMS}/{NO_CLAIM}", "GET", "HEAD", "DELETE"),
        not_allowed("GET", f"{CLAIMS}/{NO_CLAIM}/confirm", "POST"),
        not_allowed("DELETE", f"{CLAIMS}/me", "GET", "HEAD"),
        not_found(f"{CLAIMS}/me/confirm"), not_found(f"/v1/sales/{SALE}/stop"),
        bad_parameter(f"{CLAIMS}?buyer=", "buyer"), bad_parameter(f"{CLAIMS}?buyer=%ff", "buyer"),
        bad_parameter(f"{CLAIMS}?buyer=" + "b" * 129, "buyer"), bad_parameter(f"{CLAIMS}?buyer=a%0A", "buyer"),
        bad_parameter(f"{CLAIMS}?status=gone", "status"), bad_parameter(f"{CLAIMS}?status=", "status"),
        bad_export("limit=5", "limit"), bad_export("after=nonsense", "after"), bad_export("status=x", "status"),
        bad_parameter("/v1/sales?buyer=ann", "buyer"),
        not_allowed("PUT", f"/v1/sales/{SALE}/claims", "GET", "HEAD", "POST"),
        not_allowed("POST", f"/v1/sales/{SALE}/stats", "GET", "HEAD"),
        not_allowed("POST", f"/v1/sales/{SALE}/status", "GET", "HEAD"),
        not_allowed("POST", f"{CLAIMS}/me", "GET", "HEAD"),
        not_allowed("GET", "/send/goods", "POST"),
        not_allowed("DELETE", "/goods", "GET", "HEAD", "POST"),
        not_allowed("BREW", "/goods", "GET", "HEAD", "POST"),
        bad_parameter(f"{CLAIMS}?limit=0", "limit"), bad_parameter(f"{CLAIMS}?limit=-1", "limit"),
        bad_parameter(f"{CLAIMS}?limit=1001", "limit"), bad_parameter(f"{CLAIMS}?limit=x", "limit"),
        bad_parameter(f"{CLAIMS}?limit=", "limit"), bad_parameter(f"{CLAIMS}?limit=1&limit=1", "limit"),
        bad_parameter(f"{CLAIMS}?limit=18446744073709551617", "limit"),
        bad_parameter(f"{CLAIMS}?after=nonsense", "after"), bad_parameter(f"{CLAIMS}?after=%ff", "after"),
        bad_parameter(f"{CLAIMS}?after=" + "9" * 2000, "after"), bad_parameter(f"{CLAIMS}?limt=5", "limt"),
        bad_parameter("/v1/sales?limit=1001", "limit"), bad_parameter("/v1/sales?after=nonsense", "after"),
        *events(),
    ]


def events():
    def bad(query, name):
        return Case(f"events: {query[:60]}", get(f"/v1/events?{query}"), 422, "invalid", parameter(name))

    def bad_stream(query, where, *fields):
        return Case(f"event stream: {query} {fields}"[:90],
                    get(f"/v1/events?{query}", [("Accept", "text/event-stream"), *fields]), 422, "invalid", where)
    number = "18446744073709551616"
    return [
        *[bad(f"after={value}", "after") for value in ("", "x", "-1", "1%31", "999999", number, "9" * 2000, "1,2")],
        *[bad(f"limit={value}", "limit") for value in ("", "0", "-1", "1001", "x", number)],
        *[bad(f"wait={value}", "wait") for value in ("", "-1", "31", "0.5", "x")],
        *[bad(f"sale={value}", "sale") for value in ("", "A", "%00", "s" * 65)],
        bad("after=0&after=0", "after"), bad("aftre=0", "aftre"), bad("buyer=ann", "buyer"),
        bad_stream("limit=5", parameter("limit")), bad_stream("wait=5", parameter("wait")),
        bad_stream("after=999999", parameter("after")),
        bad_stream("", header("Last-Event-ID"), ("Last-Event-ID", "999999")),
        bad_stream("", header("Last-Event-ID"), ("Last-Event-ID", "9" * 65)),
        bad_stream("", header("Last-Event-ID"), ("Last-Event-ID", "1"), ("Last-Event-ID", "1")),
        Case("events: of no sale", get("/v1/events?sale=unknown"), 404, "not-found"),
        Case("events: POST", request("POST", "/v1/events"), 405, "method-not-allowed",
             allow=frozenset(["GET", "HEAD", "OPTIONS"])),
    ]


def foreign():
    """Web pages must not reach a server on the developer's machine: not by Origin, not by DNS tricks."""
    def origin(value):
        return Case(f"origin {value}", request("POST", CLAIMS, fields=[("X-Buyer-Id", "eve"), ("Origin", value)]),
                    403, "insufficient-scope")

    def host(value):
        return Case(f"host {value}", request("POST", CLAIMS, fields=[("X-Buyer-Id", "eve")], host=value), 403,
                    "insufficient-scope")
    return [
        origin("https://evil.example"), origin("null"), origin("http://localhost.evil.example"),
        origin("http://127.0.0.1.evil.example"), host("evil.example"), host("evil.example:8080"),
        host("localhost.evil.example"), host("192.168.1.1"), host("127.0.0.1.evil.example"),
        Case("publishing from another origin",
             post_form("/send/goods", "count=5", [("Origin", "https://evil.example")]), 403,
             "insufficient-scope"),
    ]


def raw(name, data, status=400, code="malformed"):
    return Case(f"framing: {name}", data if isinstance(data, bytes) else data.encode("latin-1"), status, code,
                closes=True)


def framing():
    """What two readers could understand in two ways. Each hides a claim of `smuggled` behind it."""
    hidden = request("POST", CLAIMS, fields=[("X-Buyer-Id", "smuggled")]).decode()
    start = f"POST {CLAIMS} HTTP/1.1\r\nHost: localhost\r\nX-Buyer-Id: eve\r\n"
    chunked = start + "Transfer-Encoding: chunked\r\n"
    return [
        raw("a length and chunks", chunked + "Content-Length: 4\r\n\r\n0\r\n\r\n" + hidden),
        raw("chunks and a length", start + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
            + hidden),
        raw("two lengths", start + "Content-Length: 0\r\nContent-Length: 5\r\n\r\n" + hidden),
        raw("the same length twice", start + "Content-Length: 0\r\nContent-Length: 0\r\n\r\n" + hidden),
        raw("a list of lengths", start + "Content-Length: 0, 0\r\n\r\n" + hidden),
        raw("a negative length", start + "Content-Length: -1\r\n\r\n" + hidden),
        raw("a length with a sign", start + "Content-Length: +0\r\n\r\n" + hidden),
        raw("a length in hexadecimal", start + "Content-Length: 0x0\r\n\r\n" + hidden),
        raw("an empty length", start + "Content-Length:\r\n\r\n" + hidden),
        raw("a length above 2^64", start + "Content-Length: 18446744073709551616\r\n\r\n" + hidden),
        raw("chunked twice", start + "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n" + hidden),
        raw("chunked in two fields", chunked + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + hidden),
        raw("a chunk size that is no number", chunked + "\r\nxyz\r\n" + hidden),
        raw("a negative chunk size", chunked + "\r\n-1\r\n" + hidden),
        raw("a chunk size above 2^64", chunked + "\r\n10000000000000000\r\n" + hidden),
        raw("a chunk longer than its size", chunked + "\r\n1\r\nab\r\n0\r\n\r\n" + hidden),
        raw("a chunk ended by a bare LF", chunked + "\r\n1\na\r\n0\r\n\r\n" + hidden),
        raw("chunks in HTTP/1.0", (chunked + "\r\n0\r\n\r\n").replace("HTTP/1.1", "HTTP/1.0") + hidden),
        raw("a folded field", start + "X-A: b\r\n c\r\nContent-Length: 0\r\n\r\n" + hidden),
        raw("a space before the colon", start + "Content-Length : 0\r\n\r\n" + hidden),
        raw("a space before the first field",
            start.replace("\r\nHost", "\r\n Host") + "Content-Length: 0\r\n\r\n" + hidden),
        raw("lines ended by a bare LF", (start + "Content-Length: 0\r\n\r\n").replace("\r\n", "\n") + hidden),
        raw("one line ended by a bare LF", start + "X-A: b\nContent-Length: 0\r\n\r\n" + hidden),
        raw("a bare CR in a field", start + "X-A: b\rX-B: c\r\nContent-Length: 0\r\n\r\n" + hidden),
        raw("a zero byte in a field", start + "X-A: b\0c\r\nContent-Length: 0\r\n\r\n" + hidden),
        raw("a field without a colon", start + "X-A\r\nContent-Length: 0\r\n\r\n" + hidden),
        raw("a field without a name", start + ": x\r\nContent-Length: 0\r\n\r\n" + hidden),
        raw("a field's name with a space", start + "X A: x\r\nContent-Length: 0\r\n\r\n" + hidden),
        raw("no host", "GET /v1/sales HTTP/1.1\r\n\r\n" + hidden),
        raw("two hosts", start + "Host: localhost\r\nContent-Length: 0\r\n\r\n" + hidden),
        raw("an empty host", "GET /v1/sales HTTP/1.1\r\nHost:\r\n\r\n" + hidden),
        raw("a host that is none", "GET /v1/sales HTTP/1.1\r\nHost: a b\r\n\r\n" + hidden),
        raw("no version", "GET /v1/sales\r\n\r\n" + hidden),
        raw("a version that is none", "GET /v1/sales HTTQ/1.1\r\nHost: localhost\r\n\r\n" + hidden),
        raw("two spaces in the request line", "GET  /v1/sales HTTP/1.1\r\nHost: localhost\r\n\r\n" + hidden),
        raw("a target with a space", "GET /v1/ sales HTTP/1.1\r\nHost: localhost\r\n\r\n" + hidden),
        raw("a target without a slash", "GET v1/sales HTTP/1.1\r\nHost: localhost\r\n\r\n" + hidden),
        raw("a method that is none", "G@T /v1/sales HTTP/1.1\r\nHost: localhost\r\n\r\n" + hidden),
        raw("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(64))),
        raw("an expectation nobody has", start + "Expect: miracles\r\nContent-Length: 0\r\n\r\n" + hidden, 417,
            "expectation-failed"),
        raw("a field of 17 KiB", start + f"X-A: {'a' * 17_000}\r\n\r\n", 431, "header-fields-too-large"),
        raw("2,000 fields", start + "".join(f"X-{n}: {n}\r\n" for n in range(2000)) + "\r\n", 431,
            "header-fields-too-large"),
        raw("a target of 15 KiB", f"GET /{'a' * 15_000} HTTP/1.1\r\nHost: localhost\r\n\r\n", 414,
            "uri-too-long"),
    ]


def versions():
    """What HTTP itself has a status of the 5xx for, and RFC 9110 asks to use."""
    return [
        raw("HTTP/2.0", "GET /v1/sales HTTP/2.0\r\nHost: localhost\r\n\r\n", 400, "http-version-not-supported"),
        raw("HTTP/0.9", "GET /v1/sales HTTP/0.9\r\nHost: localhost\r\n\r\n", 400, "http-version-not-supported"),
        raw("a body in gzip", f"POST {CLAIMS} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip, chunked"
            "\r\n\r\n0\r\n\r\n", 400, "not-implemented"),
    ]


def of_route(method, path, is_public):
    """What is refused of any route, before or as soon as it is found."""
    target = path.replace("{sale}", SALE).replace("{claim}", NO_CLAIM)
    target = target.replace("{code}", "sold-out").replace("{file}", "icon.svg")

    def case(name, status, code, body=b"", fields=(), host="localhost", closes=True):
        return Case(f"{method} {path}: {name}", request(method, target, body, fields, host), status, code, closes=closes)
    cases = [
        case("a body above every limit", 413, "content-too-large", b" " * 70_000),
        case("an expectation nobody has", 417, "expectation-failed", fields=[("Expect", "miracles")]),
        case("a field of 17 KiB", 431, "header-fields-too-large", fields=[("X-A", "a" * 17_000)]),
        case("a body in gzip", 400, "not-implemented", fields=[("Transfer-Encoding", "gzip, chunked")])
        if method not in ("POST", "PATCH") else
        case("two lengths", 400, "malformed", fields=[("Content-Length", "7")]),
        case("a field with a zero byte", 400, "malformed", fields=[("X-A", "a\0b")]),
    ]
    if not is_public:
        cases += [case(f"{name} of a stranger", 403, "insufficient-scope", closes=False, **how)
                  for name, how in (("the host", {"host": "evil.example"}),
                                    ("the origin", {"fields": [("Origin", "https://evil.example")]}))]
    return cases


def sign_ins():
    def sign_in(name, body, status, code, where=(), says="", fields=()):
        return Case(f"sign-in: {name}", post_json("/console/session", body, list(fields)), status, code, where, says)
    return [
        sign_in("not JSON", b"{", 400, "malformed"),
        sign_in("no object", b"[]", 422, "invalid", pointer("")),
        sign_in("no key", {}, 422, "invalid", pointer("/key"), "required"),
        sign_in("a number", {"key": 1}, 422, "invalid", pointer("/key")),
        sign_in("one more member", {"key": "x", "name": "y"}, 422, "invalid", pointer("/name")),
        sign_in("the key twice", b'{"key":"x","key":"x"}', 422, "invalid", pointer("/key")),
        sign_in("another origin", {"key": "x"}, 403, "insufficient-scope", fields=[("Origin", "https://evil.example")]),
        Case("sign-in: a form", post_form("/console/session", "key=x"), 415, "unsupported-media-type"),
    ]


def all_cases():
    cases = [*sign_ins(), *definitions(), *claims(), *changes(), *claim_changes(), *recipe(), *addresses(), *foreign(), *framing(), *versions()]
    assert len({case.name for case in cases}) == len(cases), "two cases of one name"
    return cases


# Kept here so that a change of shape is seen as one: the members a problem always has.
PROBLEM_MEMBERS = {"type", "code", "title", "status", "detail"}


def describe(case):
    return json.dumps({"name": case.name, "data": case.data[:300].decode("latin-1")})
