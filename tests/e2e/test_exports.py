"""All claims of a sale in one answer, CSV or NDJSON, and lists of the claims of one status."""
import csv
import io
import json

from harness import chance, claim, crowd, get, listed, main, run_program
from http_client import release
from sale_case import SaleTest

CLAIMS = 2500  # five pages of a stream, three steps of a search


class Exports(SaleTest):

    def setUp(self):
        super().setUp()
        self.create(self.connection, "drop", CLAIMS, hold_seconds=600)
        buyers = [f"b{number}" for number in range(CLAIMS - 1)] + ['=1+1;"é",买家']
        statuses = []
        crowd(self.server.address, [((buyer, claim("drop", buyer)) for buyer in buyers[at::4]) for at in range(4)],
              lambda _, answer: statuses.append(answer.status), depth=64)
        self.assertEqual(set(statuses), {201})
        self.claims = listed(self.connection, "drop")
        self.released = chance("released").sample(self.claims, 5)
        for each in self.released:
            self.assertEqual(self.ask(release(each)).status, 200)
        self.claims = listed(self.connection, "drop")

    def test_every_way_to_have_many_claims(self):
        """One sale for all of these, since it takes a second to fill."""
        for name in [each for each in dir(self) if each.startswith("check_")]:
            with self.subTest(name.removeprefix("check_")):
                getattr(self, name)()

    def export(self, media, query=""):
        answer = self.ask(get(f"/v1/sales/drop/claims{query}", [("Accept", media)]))
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(answer.field("Content-Type").partition(";")[0], media)
        return answer

    def check_ndjson_is_the_list_line_by_line(self):
        answer = self.export("application/x-ndjson")
        self.assertEqual([json.loads(line) for line in answer.text.splitlines()], self.claims)
        self.assertEqual(answer.field("Transfer-Encoding"), "chunked")

    def check_csv_is_the_list_row_by_row_and_the_same_as_the_command_lines(self):
        answer = self.export("text/csv")
        rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"), newline="")))
        self.assertEqual([row["id"] for row in rows], [each["id"] for each in self.claims])
        self.assertEqual([row["status"] for row in rows], [each["status"] for each in self.claims])
        path = self.path("won.csv")
        url = f"http://127.0.0.1:{self.server.port}"
        result = run_program("claims", "export", "drop", "--url", url, "--output", path)
        self.assertEqual(result.returncode, 0, result)
        with open(path, "rb") as file:
            self.assertEqual(file.read(), answer.body)

    def check_status_and_buyer_choose_what_is_exported(self):
        ids = {each["id"] for each in self.released}
        lines = self.export("application/x-ndjson", "?status=released").text.splitlines()
        self.assertEqual({json.loads(line)["id"] for line in lines}, ids)
        self.assertEqual(len(self.export("text/csv", "?buyer=b7").text.splitlines()), 2)
        self.assertEqual(self.export("application/x-ndjson", "?status=confirmed").body, b"")

    def check_a_list_by_status_is_whole_however_it_is_cut(self):
        ids = [each["id"] for each in self.claims if each["status"] == "released"]
        for limit in (1, 2, 5, 1000):
            found, target = [], f"/v1/sales/drop/claims?status=released&limit={limit}"
            while target:
                page = self.ask(get(target))
                self.assertEqual(page.status, 200, page)
                self.assertLessEqual(len(page.json()["data"]), limit)
                found += [each["id"] for each in page.json()["data"]]
                target = self.linked(page)
            self.assertEqual(found, ids)
        held = self.ask(get("/v1/sales/drop/claims?status=held&limit=1000")).json()
        self.assertEqual((len(held["data"]), held["has_more"]), (1000, True))
        buyer = next(each["buyer"] for each in self.released if each["buyer"].startswith("b"))
        of_buyer = self.ask(get(f"/v1/sales/drop/claims?buyer={buyer}&status=held"))
        self.assertEqual(of_buyer.json()["data"], [])

    def check_a_client_that_stops_reading_costs_nobody_anything(self):
        with self.server.connect() as slow:
            slow.send(get("/v1/sales/drop/claims", [("Accept", "application/x-ndjson")]))
            for _ in range(50):
                self.assertEqual(self.ask(get("/v1/sales/drop/stats")).status, 200)
        self.assertEqual(len(self.export("application/x-ndjson").text.splitlines()), CLAIMS)

    def check_a_sale_is_not_sent_again_to_who_has_it(self):
        buyer = next(each["buyer"] for each in self.claims if each["status"] == "held")
        tag = self.ask(get("/v1/sales/drop")).field("ETag")
        kept = self.ask(get("/v1/sales/drop", [("If-None-Match", tag)]))
        self.assertEqual((kept.status, kept.body, kept.field("ETag")), (304, b"", tag))
        self.assertEqual(self.ask(claim("drop", buyer)).status, 200)  # claims do not move it
        self.assertEqual(self.ask(get("/v1/sales/drop", [("If-None-Match", tag)])).status, 304)


if __name__ == "__main__":
    main()
