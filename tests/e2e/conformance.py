"""Holds every answer of a server against the OpenAPI document that the server itself serves.

`Conformance(document).breach(request_line, answer)` is None, or a sentence that names operation, status
and JSON pointer. What counts as a breach: a status that the operation does not name; another content type;
a body that is not of its schema, or has a member that the schema does not know (clients must bear those,
the document must not lack them); a header field that is missing, wrong, or not named.

Schemas are made ready once. Of answers that are alike, the first hundred are looked at, then one in fifty:
a crowd asks the same a hundred thousand times.
"""
import collections
import json
import re

from jsonschema import Draft202012Validator

METHODS = ("get", "put", "post", "delete", "patch")
ALL_OF_THE_FIRST, THEN_ONE_IN = 100, 50
MANY_ALIKE = 1000  # by request line and status, whatever they say
LARGE_BODY = 1 << 18  # of these the first alone: the schema of a member is the same a thousand times

# What HTTP adds to any answer, and what guards a browser: in no operation's hands.
FIELDS_OF_HTTP = {"date", "content-length", "transfer-encoding", "connection", "content-type", "vary",
                  "x-content-type-options", "content-security-policy"}


def pointer_of(path):
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


class Schemas:
    """Schemas with their references put in place, so that nothing is looked up while judging."""

    def __init__(self, document):
        self.document = document

    def at(self, reference):
        value = self.document
        for part in reference.removeprefix("#/").split("/"):
            value = value[part.replace("~1", "/").replace("~0", "~")]
        return value

    def resolved(self, value):
        while "$ref" in value:
            value = self.at(value["$ref"])
        return value

    def whole(self, schema, of_value=True):
        """The schema without references; where it describes a value of its own, and not a part of the
        description of one, with no members but those it names."""
        schema = dict(self.resolved(schema))
        for word in ("properties", "patternProperties"):
            if word in schema:
                schema[word] = {name: self.whole(each) for name, each in schema[word].items()}
        for word in ("items", "additionalProperties"):
            if isinstance(schema.get(word), dict):
                schema[word] = self.whole(schema[word])
        for word in ("allOf", "anyOf", "oneOf"):
            if word in schema:
                schema[word] = [self.whole(each, of_value=False) for each in schema[word]]
        if of_value and names_members(schema) and "additionalProperties" not in schema:
            schema["unevaluatedProperties"] = False
        return schema


def names_members(schema):
    return "properties" in schema or any(names_members(each) for word in ("allOf", "anyOf", "oneOf")
                                         for each in schema.get(word, ()))


class Body:
    """One media type of one response."""

    def __init__(self, schemas, schema):
        # Of several problems the one that the answer names is meant: quicker than trying each, and a code
        # that is not among them is said to be just that.
        branches = schemas.resolved(schema).get("oneOf", [schema])
        codes = [schemas.resolved(each).get("properties", {}).get("code", {}).get("const") for each in branches]
        self.by_code = None
        if None not in codes:
            self.by_code = {code: Draft202012Validator(schemas.whole(each))
                            for code, each in zip(codes, branches, strict=True)}
        else:
            self.validator = Draft202012Validator(schemas.whole(schema))

    def breach(self, value):
        validator = self.validator if self.by_code is None else self.by_code.get(value.get("code"))
        if validator is None:
            return f"/code: {value.get('code')!r} is none of {sorted(self.by_code)}"
        error = next(validator.iter_errors(value), None)
        return error and f"{pointer_of(error.absolute_path) or '(the whole)'}: {error.message[:500]}"


class Response:
    """One status of one operation."""

    def __init__(self, schemas, response):
        response = schemas.resolved(response)
        headers = {name.lower(): schemas.resolved(header)
                   for name, header in response.get("headers", {}).items()}
        self.required = [name for name, header in headers.items() if header.get("required")]
        self.fields = {name: (schemas.resolved(header["schema"]).get("type") == "integer",
                              Draft202012Validator(schemas.whole(header["schema"])))
                       for name, header in headers.items()}
        self.bodies = {media: Body(schemas, content["schema"])
                       for media, content in response.get("content", {}).items()}

    def breach(self, answer, has_body):
        return self._breach_of_fields(answer) or self._breach_of_body(answer, has_body)

    def _breach_of_fields(self, answer):
        fields = dict(answer.fields)
        if len(fields) != len(answer.fields):
            return f"a field is sent twice: {answer.fields}"
        for name in self.required:
            if name not in fields:
                return f"the field {name} is missing"
        for name, value in fields.items():
            if name in self.fields:
                is_number, validator = self.fields[name]
                if not validator.is_valid(int(value) if is_number and value.isdigit() else value):
                    return f"the field {name} is {value!r}"
            elif name not in FIELDS_OF_HTTP and not name.startswith("access-control-"):
                return f"the field {name} is not in the document"
        return None

    def _breach_of_body(self, answer, has_body):
        content_type = answer.field("Content-Type")
        if not self.bodies:
            return f"a body where there is none: {answer.body[:200]!r}" if answer.body or content_type else None
        media = (content_type or "").partition(";")[0].strip().lower()
        if media not in self.bodies:
            return f"the content type is {content_type!r}"
        if not has_body or answer.field("Content-Encoding"):
            return None  # of what is compressed the head tells enough
        if media != "application/json" and not media.endswith("+json"):
            return self.bodies[media].breach(answer.text)
        try:
            value = answer.json()
        except ValueError as error:
            return f"(the whole): no JSON: {error}"
        return self.bodies[media].breach(value)


class Operation:

    def __init__(self, name, schemas, responses):
        self.name = name
        self.responses = {status: Response(schemas, response) for status, response in responses.items()}

    def response(self, status):
        return self.responses.get(str(status)) or self.responses.get(f"{status // 100}XX")


def pattern_of(path):
    """What the server takes for {sale}, {claim}, {file} and {code}."""
    kinds = {"{sale}": "[a-z0-9-]{1,64}", "{claim}": "(?!me(?:/|$))[^/]+", "{file}": r"[^/]*\.[^/]*"}
    parts = [kinds.get(part, "[^/]+") if part.startswith("{") else re.escape(part) for part in path.split("/")]
    return re.compile("/".join(parts) + r"\Z")


class Conformance:

    def __init__(self, document):
        self.document = document
        schemas = Schemas(document)
        self.paths = []  # literal ones first: claims/me is no claim
        for path, item in sorted(document["paths"].items(), key=lambda each: "{" in each[0].rsplit("/", 1)[1]):
            operations = {method.upper(): Operation(f"{method.upper()} {path}", schemas, item[method]["responses"])
                          for method in METHODS if method in item}
            self.paths.append((pattern_of(path), operations))
        common = document["components"]["responses"]
        of_http = {"400": common["Malformed"], "4XX": common["RefusedByHttp"], "503": common["Unavailable"]}
        self.nowhere = Operation("no such path", schemas, {**of_http, "404": common["NotFound"]})
        self.no_such_method = Operation("no such method", schemas, of_http)
        self.counts = collections.Counter()
        self._alike = collections.Counter()  # by request line and status
        self._places = {}

    def names(self):
        """Of every operation: "GET /v1/sales"."""
        return [operation.name for _, operations in self.paths for operation in operations.values()]

    def name_of(self, request_bytes):
        """The operation that a request asks for."""
        return self._place(request_bytes[:request_bytes.find(b"\r\n")])[0].name

    def breach(self, request_line, answer):
        """`request_line`: as sent, or None where nobody knows what was asked."""
        alike = request_line, answer.status
        self._alike[alike] += 1
        if self._alike[alike] > MANY_ALIKE and self._alike[alike] % THEN_ONE_IN:
            return None  # a crowd's: a microsecond each is what it may cost
        place = self._places.get(request_line)
        if place is None:
            place = self._place(request_line)
            if len(self._places) < 10_000:
                self._places[request_line] = place
        operation, method, allowed = place
        kind = operation and operation.name, answer.status, method == "HEAD", code_of(answer.body)
        if not self._is_due(kind, len(answer.body)):
            return None
        if operation is None:
            return self._breach_of_unknown(answer)
        what = self._breach(operation, method, allowed, answer)
        return what and f"{operation.name}, {answer.status}: {what}; asked {request_line!r}, got {answer!r}"

    def _is_due(self, kind, size):
        self.counts[kind] += 1
        count = self.counts[kind]
        if size > LARGE_BODY:
            self.counts[kind, "large"] += 1
            return self.counts[kind, "large"] == 1
        return count <= ALL_OF_THE_FIRST or count % THEN_ONE_IN == 0

    def _place(self, request_line):
        """The operation, the method, and what `Allow` must say."""
        if request_line is None:
            return None, None, None
        method, _, rest = request_line.decode("latin-1").partition(" ")
        target = re.sub(r"\Ahttps?://[^/]*", "", rest.partition(" ")[0]).partition("?")[0]
        for pattern, operations in self.paths:
            if pattern.match(target):
                allowed = {*operations, "OPTIONS"} | ({"HEAD"} if "GET" in operations else set())
                operation = operations.get("GET" if method == "HEAD" else method, self.no_such_method)
                return operation, method, allowed
        return self.nowhere, method, {"OPTIONS"} if target == "*" else None

    def _breach(self, operation, method, allowed, answer):
        if method == "OPTIONS" and allowed and answer.status == 204:
            return self._breach_of_allow(answer, allowed)
        response = operation.response(answer.status)
        if response is None:
            return "the status is not in the document"
        if answer.status == 405 and (operation is not self.no_such_method or
                                     self._breach_of_allow(answer, allowed)):
            return self._breach_of_allow(answer, allowed) or "it is refused, and allowed"
        return response.breach(answer, has_body=method != "HEAD")

    def _breach_of_allow(self, answer, allowed):
        said = {word.strip() for word in (answer.field("Allow") or "").split(",")}
        return None if said == allowed else f"the field allow is {sorted(said)}, not {sorted(allowed)}"

    def _breach_of_unknown(self, answer):
        """It must be what some operation may answer."""
        found = []
        for operation in [self.nowhere, *[each for _, item in self.paths for each in item.values()]]:
            response = operation.response(answer.status)
            breach = response.breach(answer, has_body=True) if response else "the status is not in the document"
            if breach is None:
                return None
            found.append(f"{operation.name}: {breach}")
        return f"no operation answers {answer!r}: {found}"


def code_of(body):
    start = b'{"type":"/problems/'
    return body[len(start):body.find(b'"', len(start))] if body.startswith(start) else None


def document_in(answer):
    assert answer.status == 200, answer
    return json.loads(answer.body)
