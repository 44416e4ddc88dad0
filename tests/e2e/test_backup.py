"""Backups of a server under load, and what becomes of them: restored, damaged, repaired."""
import json
import os
import shutil
import subprocess
import threading

from exposition import Metrics
from harness import (BINARY, DoorbusterTest, claim, crowd, eventually, get, listed, main, post_json,
                     program_environment, request, run_program, scaled)
from sale_case import time_of

OK, FAILURE, VIOLATED, NOT_READY = 0, 1, 3, 4
CONNECTIONS = 8
SMALL_SEGMENTS = ["--journal.segment-bytes", "1048576", "--journal.retain-bytes", "1048576"]


class Backups(DoorbusterTest):

    def run_json(self, *arguments, code=OK):
        result = run_program(*arguments, "--json")
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        return json.loads(result.stdout)

    def sell(self, server, count):
        """Sells to so many buyers, one after the other."""
        with server.connect() as connection:
            for number in range(count):
                self.assertEqual(connection.ask(claim("s", f"buyer-{number}")).status, 201)

    def test_under_load_all_that_was_acknowledged_is_in_it(self):
        server = self.serve(arguments=SMALL_SEGMENTS)
        with server.connect() as connection:
            self.create(connection, "s", 1_000_000)
        acknowledged, done, backups = {}, threading.Event(), []
        wanted = scaled(4, least=2)

        def back_up():
            try:
                for number in range(wanted):
                    before = dict(acknowledged)
                    result = subprocess.run(
                        [BINARY, "backup", self.path("data"), self.path(f"backup-{number}"), "--json"],
                        capture_output=True, text=True, timeout=120, env=program_environment())
                    backups.append((before, result))
            finally:
                done.set()

        def buyers(connection):
            number = 0
            while not done.is_set():
                buyer = f"buyer-{connection}-{number}"
                number += 1
                yield buyer, claim("s", buyer)

        def answered(buyer, answer):
            self.assertEqual(answer.status, 201, answer)
            acknowledged[buyer] = answer.json()["id"]

        thread = threading.Thread(target=back_up)
        thread.start()
        crowd(server.address, [buyers(connection) for connection in range(CONNECTIONS)], answered,
              seconds=300)
        thread.join()
        server.kill()
        self.assertEqual(len(backups), wanted)
        for number, (before, result) in enumerate(backups):
            self.assertEqual(result.returncode, OK, result.stdout + result.stderr)
            taken = json.loads(result.stdout)
            verified = self.run_json("verify", self.path(f"backup-{number}"))
            self.assertEqual(verified["events"], taken["events"])
            self.assertTrue(verified["adds_up"] and verified["backup_taken_at"])
            restored = self.run_json("restore", self.path(f"backup-{number}"), self.path(f"new-{number}"))
            self.assertEqual(restored["kept_digest"], verified["digest"])
        before, _ = backups[-1]
        self.assertGreater(len(before), 0)
        print(f"{len(acknowledged)} claims beside {wanted} backups, {len(before)} before the last", flush=True)
        restored = self.serve(f"new-{wanted - 1}")
        with restored.connect() as connection:
            self.assertEqual(connection.ask(claim("s", "somebody-new")).code, "paused")
            found = {one["buyer"]: one["id"] for one in listed(connection, "s")}
        missing = {buyer for buyer, id in before.items() if found.get(buyer) != id}
        self.assertEqual(missing, set())

    def test_what_is_restored_sells_on_and_knows_nothing_of_what_was_lost(self):
        server = self.serve()
        with server.connect() as connection:
            self.create(connection, "s", 100, hold_seconds=3600)
            kept = connection.ask(claim("s", "kept")).json()["id"]
            events = connection.ask(get("/v1/events?limit=1000")).json()
        self.assertEqual(run_program("backup", self.path("data"), self.path("backup")).returncode, OK)
        with server.connect() as connection:
            lost = connection.ask(claim("s", "lost")).json()["id"]
            later = connection.ask(get("/v1/events?limit=1000")).json()
        server.stop()
        result = run_program("restore", self.path("backup"), self.path("new"))
        self.assertEqual((result.returncode, result.stderr), (OK, ""))
        self.assertIn("1 sale, 1 claim, 3 events. 1 sale paused", result.stdout)

        server = self.serve("new")
        with server.connect() as connection:
            self.assertEqual(connection.ask(request("POST", "/v1/sales/s/resume")).status, 200)
            self.assertEqual(connection.ask(claim("s", "third")).status, 201)

            def confirm(claim_id):
                return connection.ask(post_json(f"/v1/sales/s/claims/{claim_id}/confirm", {"reference": "o-1"}))
            self.assertEqual(confirm(lost).status, 404)
            answer = confirm(kept)
            self.assertEqual((answer.status, answer.json()["buyer"]), (200, "kept"), answer)
            # What both have in common reads the same, byte by byte; and goes on from there.
            again = connection.ask(get("/v1/events?limit=1000")).json()["data"]
            self.assertEqual(again[:len(events["data"])], events["data"])
            more = connection.ask(get(f"/v1/events?after={events['next']}")).json()["data"]
            self.assertEqual(more, again[len(events["data"]):])
            self.assertEqual(len({event["source"] for event in again}), 2)
            self.assertEqual(connection.ask(get(f"/v1/events?after={later['next']}")).status, 422)
            self.assertEqual(connection.ask(get(f"/v1/events?after={again[-1]['id']}")).json()["data"], [])

    def test_what_is_there_is_not_overwritten_and_a_backup_is_not_served(self):
        server = self.serve()
        with server.connect() as connection:
            self.create(connection, "s", 100)
        self.sell(server, 3)
        self.assertEqual(run_program("backup", self.path("data"), self.path("backup")).returncode, OK)
        for arguments in (["backup", self.path("data"), self.path("backup")],
                          ["restore", self.path("backup"), self.path("data")],
                          ["repair", self.path("data"), "--to", self.path("other")]):
            result = run_program(*arguments)
            self.assertEqual(result.returncode, FAILURE, result)
            self.assertTrue("is not empty" in result.stderr or "is locked" in result.stderr, result)
        server.stop()
        result = run_program("serve", "--dev", "--data-dir", self.path("backup"))
        self.assertEqual(result.returncode, FAILURE)
        self.assertIn("doorbuster restore", result.stderr)
        for arguments in (["backup", self.path("nowhere"), self.path("b")],
                          ["restore", self.path("nowhere"), self.path("d")]):
            result = run_program(*arguments)
            self.assertEqual(result.returncode, NOT_READY, result)
            self.assertIn("nowhere", result.stderr)

    def test_the_server_beside_it_knows_how_old_the_last_one_is(self):
        server = self.serve()
        data, mark = self.path("data"), self.path("data/last-backup")

        def known():
            told = server.ask(get("/v1/server")).json()["last_backup_at"]
            metrics = Metrics(server.ask_admin("/metrics").text)
            seconds = metrics.value("doorbuster_last_backup_timestamp_seconds")
            # Both look at the same, but one after the other.
            if told is not None and abs(time_of(told).timestamp() - seconds) > 0.001:
                return "not the same"
            return told

        self.assertIsNone(known())
        for number in range(2):
            taken_at = self.run_json("backup", data, self.path(f"backup-{number}"))["taken_at"]
            eventually("the server knows of it", lambda at=taken_at: known() == at)
        server.restart()
        self.assertEqual(known(), taken_at)
        self.run_json("restore", self.path("backup-1"), self.path("restored"))
        self.assertFalse(os.path.exists(self.path("restored/last-backup")))
        for text in ("", "yesterday\n", taken_at, "9" * 100_000, taken_at + "\n\n"):
            with open(mark, "w", encoding="ascii") as file:
                file.write(text)
            server.restart()
            self.assertIsNone(known(), text[:40])
        # One that may not leave word is a backup all the same.
        os.remove(mark)
        os.mkdir(mark)
        result = run_program("backup", data, self.path("backup-2"))
        self.assertEqual(result.returncode, OK, result)
        self.assertIn("a server beside it cannot tell how old this backup is: ", result.stderr)
        self.run_json("verify", self.path("backup-2"))

    def test_a_backup_cannot_be_written_where_nothing_may_be(self):
        self.serve().stop()
        result = run_program("backup", self.path("data"), "/proc/backup")
        self.assertEqual(result.returncode, FAILURE)
        self.assertIn("/proc/backup", result.stderr)

    def test_a_damaged_backup_is_refused_and_a_damaged_store_repaired(self):
        server = self.serve()
        with server.connect() as connection:
            self.create(connection, "s", 100)
            self.create(connection, "other", 100)
            for number in range(5):
                self.assertEqual(connection.ask(claim("other", f"buyer-{number}")).status, 201)
        self.sell(server, 20)
        server.stop()
        self.assertEqual(run_program("backup", self.path("data"), self.path("backup")).returncode, OK)
        for place in ("data", "backup"):
            path = os.path.join(self.path(place), "journal", "0000000001.seg")
            with open(path, "r+b") as file:
                file.seek(4096 * 14 + 140)  # of the sale "s"
                byte = file.read(1)
                file.seek(-1, os.SEEK_CUR)
                file.write(bytes([byte[0] ^ 1]))
        result = run_program("restore", self.path("backup"), self.path("new"))
        self.assertEqual(result.returncode, VIOLATED, result)
        self.assertIn(f"{4096 * 14}", result.stderr)
        shutil.rmtree(self.path("new"))
        careful = self.run_json("repair", self.path("data"), "--to", self.path("repaired"), code=VIOLATED)
        self.assertFalse(careful["written"])
        self.assertEqual([sale["sale"] for sale in careful["dropped"]], ["s"])
        self.assertFalse(os.path.exists(self.path("repaired")))
        repaired = self.run_json("repair", self.path("data"), "--to", self.path("repaired"),
                                 "--drop-acknowledged")
        self.assertTrue(repaired["written"])
        self.assertEqual(repaired["claims"], 25 - 1 - careful["dropped"][0]["claims"])
        server = self.serve("repaired")
        with server.connect() as connection:
            self.assertEqual(len(listed(connection, "other")), 5)
            self.assertEqual(len(listed(connection, "s")), repaired["claims"] - 5)
        server.stop()
        self.assertTrue(self.run_json("verify", self.path("repaired"))["adds_up"])


if __name__ == "__main__":
    main()
