"""What the tests of a sale's rules have in common: a server, a connection, and words for its answers."""
import datetime
import re

from harness import DoorbusterTest, get

CLAIM_ID = re.compile(r"clm_[0-7][0-9a-hjkmnp-tv-z]{25}\Z")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\Z")


def time_of(text):
    assert TIME.match(text), f"no time in UTC with milliseconds: {text}"
    return datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f%z")


def from_now(seconds):
    at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def claims_of_buyer(sale, buyer):
    return get(f"/v1/sales/{sale}/claims/me", [("X-Buyer-Id", buyer)])


class SaleTest(DoorbusterTest):

    def setUp(self):
        super().setUp()
        self.server = self.serve()
        self.connection = self.server.connect()
        self.addCleanup(lambda: self.connection.close())

    def ask(self, data):
        return self.connection.ask(data)

    def granted(self, data):
        answer = self.ask(data)
        self.assertEqual(answer.status, 201, answer)
        self.assertIsNone(answer.field("Idempotency-Replayed"))
        return answer.json()

    def replayed(self, data, wanted):
        """The answer is 200 with the claim that is known."""
        answer = self.ask(data)
        self.assertEqual((answer.status, answer.json()), (200, wanted))
        self.assertEqual(answer.field("Idempotency-Replayed"), "true")

    def linked(self, page):
        """Where the next page is, said twice and in agreement; None after the last."""
        value = page.json()
        if not value["has_more"]:
            self.assertEqual((value["next"], page.field("Link")), (None, None))
            return None
        found = re.fullmatch(r'<(/[^>]+)>; rel="next"', page.field("Link"))
        self.assertTrue(found, page.field("Link"))
        self.assertIn(f"after={value['next']}", found.group(1))
        return found.group(1)

    def refused(self, data, code):
        answer = self.ask(data)
        self.assert_refused(answer, 409, code)
        return answer
