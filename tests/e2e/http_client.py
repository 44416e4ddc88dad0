"""A raw HTTP/1.1 client that can pipeline, and that shows exactly what came over the wire.

`Connection` is one blocking connection for one request after the other, and for bytes that are no
HTTP at all. `crowd` drives many connections from one thread, each with several requests under way; one
thread makes "this answer came before that request was sent" a plain order, which the sequence rules
are checked against.

Nothing here waits for ever: every call has a deadline and fails with Late.

Every answer from an address in `judges` is shown to its judge, with the line of its request where that is
known; what the judge finds fails whoever reads the answer.
"""
import collections
import contextlib
import json
import os
import re
import selectors
import socket
import time

ANSWER_SECONDS = 60
# What a whole program of tests may take, a little less than ctest gives, so that it is seen what took so long.
PATIENCE = int(os.environ.get("DOORBUSTER_TEST_SECONDS", "600"))

judges = {}  # address: judge(request line or None, answer), which raises what is wrong


class Late(AssertionError):
    """Something did not happen in its time."""


class Closed(AssertionError):
    """The connection ended where an answer was due."""


class Answer:
    """One response. The head is parsed only when somebody asks, since crowds rarely do."""

    __slots__ = ("status", "head", "body", "_fields")

    def __init__(self, status, head, body):
        self.status = status
        self.head = head
        self.body = body
        self._fields = None

    def __repr__(self):
        return f"<{self.status} {self.body[:300]!r}>"

    @property
    def fields(self):
        """[(lower-case name, value)] in the order they came."""
        if self._fields is None:
            self._fields = []
            for line in self.head.split(b"\r\n")[1:]:
                name, colon, value = line.partition(b":")
                assert colon, f"a field without a colon: {line!r}"
                self._fields.append((name.decode("ascii").lower(), value.strip().decode("latin-1")))
        return self._fields

    def field(self, name):
        """The value of the one field of that name, or None; a field sent twice is a defect."""
        found = [value for known, value in self.fields if known == name.lower()]
        assert len(found) <= 1, f"{name} was sent {len(found)} times"
        return found[0] if found else None

    def json(self):
        return json.loads(self.body)

    @property
    def text(self):
        return self.body.decode("utf-8")

    @property
    def code(self):
        """The problem's code, or None where the answer is no problem."""
        if not (self.field("Content-Type") or "").startswith("application/problem+json"):
            return None
        return self.json()["code"]

    @property
    def sequence(self):
        value = self.field("Sale-Sequence")
        return None if value is None else int(value)


def request(method, target, body=b"", fields=(), host="localhost"):
    """The bytes of one well-formed request; `fields` are (name, value) pairs."""
    lines = [f"{method} {target} HTTP/1.1", f"Host: {host}"]
    lines += [f"{name}: {value}" for name, value in fields]
    if body or method in ("POST", "PUT", "PATCH"):
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode("utf-8") + b"\r\n\r\n" + body


def get(target, fields=()):
    return request("GET", target, fields=fields)


def post_json(target, value, fields=()):
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    return request("POST", target, body, [("Content-Type", "application/json"), *fields])


def post_form(target, body, fields=()):
    body = body if isinstance(body, bytes) else body.encode()
    return request("POST", target, body, [("Content-Type", "application/x-www-form-urlencoded"), *fields])


def claim(sale, buyer, quantity=None, key=None, fields=()):
    """A claim; without a quantity its body is empty, which means one unit."""
    fields = [("X-Buyer-Id", buyer), *fields]
    if key is not None:
        fields.append(("Idempotency-Key", key))
    target = f"/v1/sales/{sale}/claims"
    if quantity is None:
        return request("POST", target, fields=fields)
    return post_json(target, {"quantity": quantity}, fields)


def patch(sale, change, if_match="*"):
    """A merge patch of a sale; without an If-Match where that is None."""
    fields = [("Content-Type", "application/merge-patch+json")]
    if if_match is not None:
        fields.append(("If-Match", if_match))
    body = change if isinstance(change, bytes) else json.dumps(change).encode()
    return request("PATCH", f"/v1/sales/{sale}", body, fields)


def steer(sale, action):
    """One of the merchant's buttons: pause, resume, close, cancel."""
    return request("POST", f"/v1/sales/{sale}/{action}")


def confirm(granted, reference):
    """`granted` is a claim as the server gave it; so it is in what follows."""
    return post_json(f"/v1/sales/{granted['sale']}/claims/{granted['id']}/confirm", {"reference": reference})


def extend(granted, seconds=None):
    target = f"/v1/sales/{granted['sale']}/claims/{granted['id']}/extend"
    return request("POST", target) if seconds is None else post_json(target, {"seconds": seconds})


def release(granted, buyer=None):
    """By its buyer, or by the merchant where none is named."""
    fields = [] if buyer is None else [("X-Buyer-Id", buyer)]
    return request("DELETE", f"/v1/sales/{granted['sale']}/claims/{granted['id']}", fields=fields)


def claim_of(granted):
    return get(f"/v1/sales/{granted['sale']}/claims/{granted['id']}")


_LENGTH = re.compile(rb"\r\nContent-Length:[ \t]*(\d+)[ \t]*(?=\r\n)", re.I)
_CHUNKED = re.compile(rb"\r\nTransfer-Encoding:[ \t]*chunked[ \t]*(?=\r\n)", re.I)


class AnswerReader:
    """Bytes in, answers out."""

    def __init__(self, judge=None):
        self.judge = judge
        self.bytes = bytearray()
        self.lines = collections.deque()  # the first line of each request sent

    def sent(self, request_bytes):
        self.lines.append(request_bytes[:request_bytes.find(b"\r\n")])

    def next(self):
        """The next whole answer, or None."""
        while True:
            end = self.bytes.find(b"\r\n\r\n")
            if end < 0:
                return None
            head = bytes(self.bytes[:end])
            if not re.match(rb"HTTP/1\.[01] \d{3} ", head):
                raise AssertionError(f"this is no answer: {head[:200]!r}")
            status = int(head[9:12])
            if 100 <= status < 200:
                del self.bytes[:end + 4]
                continue
            return self._whole(status, head, end + 4)

    def _whole(self, status, head, start):
        ended = head + b"\r\n"
        line = self.lines[0] if self.lines else None
        bodiless = (line is not None and line.startswith(b"HEAD ")) or status in (204, 304)
        if bodiless:
            body, after = b"", start
        elif _CHUNKED.search(ended):
            found = self._chunks(start)
            if found is None:
                return None
            body, after = found
        else:
            length = _LENGTH.search(ended)
            assert length, f"an answer without a length: {head!r}"
            after = start + int(length.group(1))
            if len(self.bytes) < after:
                return None
            body = bytes(self.bytes[start:after])
        del self.bytes[:after]
        if self.lines:
            self.lines.popleft()
        answer = Answer(status, head, body)
        if self.judge is not None:
            self.judge(line, answer)
        return answer

    def _chunks(self, at):
        parts = []
        while True:
            line = self.bytes.find(b"\r\n", at)
            if line < 0:
                return None
            size = int(bytes(self.bytes[at:line]).split(b";")[0], 16)
            at = line + 2
            if len(self.bytes) < at + size + 2:
                return None
            assert self.bytes[at + size:at + size + 2] == b"\r\n", "a chunk does not end where it should"
            if size == 0:
                return b"".join(parts), at + 2
            parts.append(bytes(self.bytes[at:at + size]))
            at += size + 2


class Connection:
    """One blocking connection."""

    def __init__(self, address, seconds=ANSWER_SECONDS):
        self.seconds = seconds
        self.socket = socket.create_connection(address, timeout=seconds)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.reader = AnswerReader(judges.get(address))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, data):
        """Bytes that may be anything. A peer that has hung up already is found out when reading."""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.socket.sendall(data)

    def ask(self, data):
        """Sends one request and returns its answer."""
        self.reader.sent(data)
        self.send(data)
        return self.receive()

    def receive(self):
        deadline = time.monotonic() + self.seconds
        while True:
            answer = self.reader.next()
            if answer is not None:
                return answer
            if not self._read(deadline):
                raise Closed(f"closed with {bytes(self.reader.bytes[:200])!r} instead of an answer")

    def at_end(self):
        """Waits for the server to close, and returns what it still said."""
        deadline = time.monotonic() + self.seconds
        while self._read(deadline):
            pass
        return bytes(self.reader.bytes)

    def _read(self, deadline):
        self.socket.settimeout(max(0.001, deadline - time.monotonic()))
        try:
            data = self.socket.recv(1 << 16)
        except ConnectionResetError:
            return False
        except TimeoutError:
            raise Late(f"no answer within {self.seconds} s") from None
        self.reader.bytes += data
        return bool(data)


class _Walker:
    """One connection of a crowd, and the requests it has under way."""

    def __init__(self, address, script, depth):
        self.script = iter(script)
        self.depth = depth
        self.socket = socket.create_connection(address, timeout=ANSWER_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self.reader = AnswerReader(judges.get(address))
        self.unsent = b""
        self.waiting = collections.deque()  # tags of requests sent, oldest first
        self.ended = False                  # the script has no more requests
        self.watched = 0

    def fill(self):
        """Takes requests off the script as far as the depth allows."""
        parts = []
        while not self.ended and len(self.waiting) < self.depth:
            try:
                step = next(self.script)
            except StopIteration:
                self.ended = True
                break
            if step is None:  # nothing to ask just now
                break
            tag, data = step
            self.waiting.append(tag)
            self.reader.sent(data)
            parts.append(data)
        if parts:
            self.unsent += b"".join(parts)

    def write(self):
        if self.unsent:
            with contextlib.suppress(BlockingIOError):
                self.unsent = self.unsent[self.socket.send(self.unsent):]

    def read(self):
        """False when the connection is over."""
        try:
            data = self.socket.recv(1 << 18)
        except BlockingIOError:
            return True
        self.reader.bytes += data
        return bool(data)

    @property
    def done(self):
        return self.ended and not self.waiting


def crowd(address, scripts, answered, *, depth=16, seconds=PATIENCE, may_break=False):
    """Walks every script on a connection of its own, all at once, until all are done.

    A script yields (tag, request bytes), or None for "nothing to ask just now", and sees what was
    answered meanwhile. `depth` requests of a connection are under way at a time; a list of depths has
    one for each script. answered(tag, answer) is called for every answer, in the order of arrival.
    Returns the tags that got no answer because their connection ended; unless `may_break`, that is
    an error.
    """
    deadline = time.monotonic() + seconds
    lost = []
    with contextlib.closing(selectors.DefaultSelector()) as selector:
        walkers = []
        try:
            scripts = list(scripts)
            depths = [depth] * len(scripts) if isinstance(depth, int) else depth
            for script, own_depth in zip(scripts, depths, strict=True):
                try:
                    walkers.append(_Walker(address, script, own_depth))
                except OSError:
                    if not may_break:
                        raise
            for walker in walkers:
                walker.fill()
                _watch(selector, walker)
            going = [walker for walker in walkers if not _retire(selector, walker)]
            while going:
                if time.monotonic() > deadline:
                    raise Late(f"{sum(len(w.waiting) for w in going)} requests had no answer in {seconds} s")
                # A walker with nothing under way waits for what others hear: look again soon.
                for key, _ in selector.select(0.002 if any(not w.waiting for w in going) else 0.25):
                    _step(key.data, answered, lost, may_break)
                for walker in going:
                    if not walker.ended and len(walker.waiting) <= walker.depth // 2:
                        walker.fill()
                    _watch(selector, walker)
                going = [walker for walker in going if not _retire(selector, walker)]
        finally:
            for walker in walkers:
                walker.socket.close()
    return lost


def _step(walker, answered, lost, may_break):
    try:
        walker.write()
        alive = walker.read()
    except (ConnectionResetError, BrokenPipeError):
        alive = False
    while walker.waiting:
        answer = walker.reader.next()
        if answer is None:
            break
        answered(walker.waiting.popleft(), answer)
    if alive:
        return
    if not may_break:
        raise Closed(f"a connection ended with {len(walker.waiting)} requests unanswered")
    lost.extend(walker.waiting)
    walker.waiting.clear()
    walker.reader.bytes.clear()  # half an answer is none
    walker.unsent = b""
    walker.ended = True


def _watch(selector, walker):
    """Writes what can be written at once, and has the selector watch for the rest."""
    with contextlib.suppress(ConnectionResetError, BrokenPipeError):
        walker.write()
    wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if walker.unsent else 0)
    if not walker.watched:
        selector.register(walker.socket, wanted, walker)
    elif wanted != walker.watched:
        selector.modify(walker.socket, wanted, walker)
    walker.watched = wanted


def _retire(selector, walker):
    if not walker.done:
        return False
    assert not walker.reader.bytes, f"more than was asked for: {bytes(walker.reader.bytes[:200])!r}"
    selector.unregister(walker.socket)
    walker.socket.close()
    return True
