"""What a sale has to answer, told once more: a model in plain dicts and lists, from the rules that
docs/ and the OpenAPI document state, without a line of the product.

Used by the checkers of histories (replay.py, linearize.py) and by the test that walks the server and this
side by side (test_model.py). Times are milliseconds; the caller says what has ended, by expire().
"""
import collections

# A claim is a list; what stands where:
BUYER, KEY, QUANTITY, UNITS, STATUS, BY, REFERENCE, END, EXTENDED, LATE, REFUNDS, GRANTED = range(12)

HELD, CONFIRMED, RELEASED = "held", "confirmed", "released"


class Sale:
    """The state of one sale. Every method that answers gives (status, code) and has changed the state if
    the sequence has moved."""

    __slots__ = ("stock", "limit", "hold_ms", "attempts", "late", "max_extension_ms", "status", "opened",
                 "cancelled", "sequence", "version", "held", "confirmed", "next_unit", "returned",
                 "claims", "by_buyer", "released")

    def __init__(self, stock, per_buyer_limit=1, hold_seconds=0, claim_attempts=5, late_payment="reject",
                 max_extension_seconds=0, scheduled=False):
        self.stock = stock
        self.limit = per_buyer_limit
        self.hold_ms = hold_seconds * 1000
        self.attempts = claim_attempts
        self.late = late_payment
        self.max_extension_ms = max_extension_seconds * 1000
        self.status = "scheduled" if scheduled else "open"
        self.opened = not scheduled
        self.cancelled = False
        self.sequence = 1 if scheduled else 2  # created, opened
        self.version = 1
        self.held = self.confirmed = 0
        self.next_unit = 1
        self.returned = collections.deque()
        self.claims = {}
        self.by_buyer = {}
        self.released = {"buyer": 0, "merchant": 0, "expired": 0, "cancelled": 0}

    @property
    def available(self):
        return self.stock - self.held - self.confirmed

    @property
    def availability(self):
        if self.available:
            return "available"
        return "all_held" if self.held else "gone"

    def copy(self):
        """Another sale in the same state."""
        other = Sale.__new__(Sale)
        for name in Sale.__slots__:
            setattr(other, name, getattr(self, name))
        other.returned = self.returned.copy()
        other.claims = {name: list(claim) for name, claim in self.claims.items()}
        other.by_buyer = {buyer: list(claims) for buyer, claims in self.by_buyer.items()}
        other.released = dict(self.released)
        return other

    def fingerprint(self):
        """Equal for states that answer alike; hashable."""
        return (self.stock, self.limit, self.hold_ms, self.status, self.cancelled, self.next_unit,
                tuple(self.returned), tuple((name, *map(str, claim)) for name, claim in self.claims.items()))

    # What a buyer asks.

    def answer_to(self, buyer, quantity, key):
        """(201, None), (200, claim) for one that he has already, or (409, code). Changes nothing."""
        live = ended = 0
        newest = None
        for name in self.by_buyer.get(buyer, ()):
            claim = self.claims[name]
            if key is not None and claim[KEY] == key:
                return (200, name) if claim[QUANTITY] == quantity else (409, "idempotency-key-reused")
            if claim[STATUS] == RELEASED:
                ended += 1
            else:
                live += claim[QUANTITY]
                newest = name
        room = live + quantity <= self.limit
        if newest is not None and (key is None or (self.limit == 1 and not room)):
            return 200, newest
        if self.status != "open":
            return 409, "not-open" if self.status == "scheduled" else self.status
        if ended >= self.attempts:
            return 409, "attempts-exhausted"
        if not room:
            return 409, "limit-exceeded"
        free = self.stock - self.held - self.confirmed
        if free == 0:
            return 409, "sold-out"
        if free < quantity:
            return 409, "insufficient-stock"
        return 201, None

    def grant(self, name, buyer, quantity, key, end=None):
        """Gives the units; to be called when answer_to() said 201."""
        self.sequence += 1
        units = self._take(quantity)
        held = self.hold_ms > 0
        self.claims[name] = [buyer, key, quantity, units, HELD if held else CONFIRMED, None, None,
                             end if held else None, False, self.late, (), self.sequence]
        self.by_buyer.setdefault(buyer, []).append(name)
        if held:
            self.held += quantity
        else:
            self.confirmed += quantity
        return units

    def _take(self, quantity):
        units = []
        while len(units) < quantity:
            if self.returned:
                units.append(self.returned.popleft())
            else:
                units.append(self.next_unit)
                self.next_unit += 1
        return units

    # What becomes of a claim.

    def confirm(self, name, reference):
        claim = self.claims[name]
        if claim[STATUS] == CONFIRMED:
            if claim[REFERENCE] == reference:
                return 200, None
            if claim[REFERENCE] is not None:
                return 409, "reference-mismatch"
        elif claim[STATUS] == HELD:
            self.held -= claim[QUANTITY]
            self.confirmed += claim[QUANTITY]
        elif claim[BY] != "expired":
            return 409, "claim-released"
        else:
            return self._late_money(claim, reference)
        claim[STATUS], claim[REFERENCE] = CONFIRMED, reference
        self.sequence += 1
        return 200, None

    def _late_money(self, claim, reference):
        if reference in claim[REFUNDS]:
            return 409, "claim-expired"
        live = sum(other[QUANTITY] for other in map(self.claims.get, self.by_buyer[claim[BUYER]])
                   if other[STATUS] != RELEASED)
        self.sequence += 1
        if not (claim[LATE] == "reacquire" and self.status != "closed"
                and self.available >= claim[QUANTITY] and live + claim[QUANTITY] <= self.limit):
            claim[REFUNDS] += (reference,)
            return 409, "claim-expired"
        claim[UNITS] = self._take(claim[QUANTITY])
        claim[STATUS], claim[BY], claim[REFERENCE] = CONFIRMED, None, reference
        self.confirmed += claim[QUANTITY]
        self.released["expired"] -= 1
        return 200, None

    def release(self, name, by):
        """`by`: "buyer" or "merchant"."""
        claim = self.claims[name]
        if claim[STATUS] == RELEASED:
            return 200, None
        if claim[STATUS] == CONFIRMED and by == "buyer":
            return 409, "claim-confirmed"
        self._end(claim, by)
        self.sequence += 1
        return 200, None

    def expire(self, name):
        """The hold has ended by itself."""
        claim = self.claims[name]
        assert claim[STATUS] == HELD, f"{name} is {claim[STATUS]}"
        self._end(claim, "expired")
        self.sequence += 1

    def _end(self, claim, by):
        if claim[STATUS] == HELD:
            self.held -= claim[QUANTITY]
        else:
            self.confirmed -= claim[QUANTITY]
        claim[STATUS], claim[BY] = RELEASED, by
        self.returned.extend(claim[UNITS])
        self.released[by] += 1

    def extend(self, name, seconds):
        """`seconds` may be None: as long as the sale allows."""
        claim = self.claims[name]
        if claim[STATUS] == CONFIRMED:
            return 409, "claim-confirmed"
        if claim[STATUS] == RELEASED:
            return 409, "claim-expired" if claim[BY] == "expired" else "claim-released"
        if claim[EXTENDED]:
            return 200, None
        wanted = self.max_extension_ms if seconds is None else seconds * 1000
        if wanted == 0 or wanted > self.max_extension_ms:
            return 409, "not-extendable"
        claim[END] += wanted
        claim[EXTENDED] = True
        self.sequence += 1
        return 200, None

    # What the merchant asks.

    def steer(self, action):
        """pause, resume, close, cancel."""
        if action == "cancel":
            return self._cancel()
        if self.status == "closed":
            return (200, None) if action == "close" else (409, "closed")
        wanted = {"pause": "paused", "resume": "open" if self.opened else "scheduled", "close": "closed"}
        if action == "resume" and self.status != "paused":
            return 200, None
        if wanted[action] != self.status:
            self.status = wanted[action]
            self.sequence += 1
        return 200, None

    def _cancel(self):
        if not self.cancelled:
            self.cancelled, self.status = True, "closed"
            for claim in self.claims.values():
                if claim[STATUS] == HELD:
                    self._end(claim, "cancelled")
            self.sequence += 1
        return 200, None

    def change(self, **wanted):
        """stock, per_buyer_limit, hold_seconds, claim_attempts, late_payment, max_extension_seconds."""
        names = {"stock": "stock", "per_buyer_limit": "limit", "claim_attempts": "attempts",
                 "late_payment": "late", "hold_seconds": "hold_ms", "max_extension_seconds": "max_extension_ms"}
        values = {names[name]: value * 1000 if name.endswith("_seconds") else value
                  for name, value in wanted.items()}
        if all(getattr(self, name) == value for name, value in values.items()):
            return 200, None
        if self.status == "closed":
            return 409, "closed"
        if values.get("stock", self.stock) < self.held + self.confirmed:
            return 409, "stock-below-claimed"
        for name, value in values.items():
            setattr(self, name, value)
        while len(self.returned) > self.available:
            self.returned.pop()
        self.version += 1
        self.sequence += 1
        return 200, None
