"""A disk that fills up in the middle of a sale: every hold ends as asked, and claims come back with space.

The disk is a tmpfs in a mount namespace of this program's own, so nothing is left of it whatever
happens. That takes root, or user namespaces; exits with 77, which is "skipped", where somebody who
is not root has none. Root without the right to mount is an error.
"""
import collections
import errno
import itertools
import os
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "e2e"))

from harness import (DoorbusterTest, claim, crowd, eventually, get, listed, main, post_json,  # noqa: E402
                     request, run_program, scaled)
from redis_server import RedisServer  # noqa: E402

SKIPPED = 77
IN_NAMESPACE = "DOORBUSTER_IN_NAMESPACE"
DISK_BYTES = 64 << 20
SEGMENT_BYTES = 1 << 20
CONNECTIONS = 16
SOON = 30  # seconds for which the holds are taken that nobody ends
LATE = 3600
RETURN_SECONDS = 5
QUIET = 1.5  # seconds; the server tries again once a second


class Disk:
    """A small file system, and the file that fills it."""

    def __init__(self, mounted):
        self.mounted = mounted
        self.filler = os.path.join(mounted, "filler")
        os.mkdir(mounted)
        made = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", mounted],
                              capture_output=True, text=True, check=False)
        if made.returncode != 0:
            raise AssertionError(f"a tmpfs cannot be mounted, and this test is about one: {made.stderr}")

    def fill(self):
        """Takes all that is left, to the last block."""
        with open(self.filler, "ab", buffering=0) as file:
            for size in (1 << 20, 4096):
                try:
                    while file.write(bytes(size)) == size:
                        pass
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise

    def free_bytes(self):
        stat = os.statvfs(self.mounted)
        return stat.f_bavail * stat.f_frsize

    def empty(self):
        os.remove(self.filler)

    def unmount(self):
        subprocess.run(["umount", "-l", self.mounted], check=False)


def confirm(sale, claim_id):
    return post_json(f"/v1/sales/{sale}/claims/{claim_id}/confirm", {"reference": f"order-{claim_id}"})


def release(sale, claim_id, buyer):
    return request("DELETE", f"/v1/sales/{sale}/claims/{claim_id}", fields=[("X-Buyer-Id", buyer)])


class FullDisk(DoorbusterTest):

    def setUp(self):
        super().setUp()
        self.disk = Disk(self.path("disk"))
        self.addCleanup(self._end)
        self.buyers = (f"buyer-{number}" for number in itertools.count())
        self.server = self.serve(os.path.join("disk", "data"),
                                 ["--journal.segment-bytes", str(SEGMENT_BYTES)])
        with self.server.connect() as connection:
            self.create(connection, "late", 1_000_000, hold_seconds=LATE)
            self.create(connection, "soon", 1_000_000, hold_seconds=SOON)

    def _end(self):
        self._end_servers()
        self.disk.unmount()

    def hold(self, sale, count):
        """Takes so many holds, and gives the claims."""
        held = []

        def answered(buyer, answer):
            self.assertEqual(answer.status, 201, answer)
            held.append(answer.json())

        def some(number):
            for _ in range(count // CONNECTIONS + (number < count % CONNECTIONS)):
                buyer = next(self.buyers)
                yield buyer, claim(sale, buyer)

        crowd(self.server.address, [some(number) for number in range(CONNECTIONS)], answered)
        self.assertEqual({each["status"] for each in held}, {"held"})
        return held

    def claim_until_refused(self):
        """Uses up what room there is for claims; gives the holds that were granted meanwhile.

        A snapshot may still take segments away that it has made needless, and so give room: it is over
        when nothing has been granted for longer than the server waits before it tries again.
        """
        granted, deadline = [], time.monotonic() + 60
        while True:
            self.disk.fill()
            granted += self.claim_together()
            if self.is_refused_for(QUIET, granted):
                return granted
            self.assertLess(time.monotonic(), deadline, "claims are granted on a full disk, for ever")

    def claim_together(self):
        """Claims on all connections until one is refused."""
        granted, refused = [], 0

        def answered(_, answer):
            nonlocal refused
            if answer.status == 201:
                granted.append(answer.json())
                return
            self.assert_no_room(answer)
            refused += 1

        def one():
            while refused == 0:
                buyer = next(self.buyers)
                yield buyer, claim("late", buyer)

        crowd(self.server.address, [one() for _ in range(CONNECTIONS)], answered, depth=1)
        return granted

    def is_refused_for(self, seconds, granted):
        """Whether every claim is; one that is not is added to `granted`."""
        until = time.monotonic() + seconds
        with self.server.connect() as connection:
            while time.monotonic() < until:
                answer = connection.ask(claim("late", next(self.buyers)))
                if answer.status == 201:
                    granted.append(answer.json())
                    return False
                self.assert_no_room(answer)
        return True

    def assert_no_room(self, answer):
        self.assert_refused(answer, 503, "storage-unavailable")
        self.assertGreaterEqual(int(answer.field("Retry-After")), 1)

    def readiness(self):
        answer = self.server.ask_admin("/readyz?verbose")
        self.assertEqual(answer.status, 200, "who can still confirm holds must be reached")
        return answer.text

    def held(self):
        with self.server.connect() as connection:
            return {sale: self.stats(connection, sale)["held"] for sale in ("late", "soon")}

    def confirm_one_by_one(self, claims):
        """Each in a group of its own, which takes the most room."""
        with self.server.connect() as connection:
            for each in claims:
                answer = connection.ask(confirm("late", each["id"]))
                self.assertEqual((answer.status, answer.json().get("status")), (200, "confirmed"), answer)

    def release_together(self, claims):
        def answered(_, answer):
            self.assertEqual((answer.status, answer.json().get("status")), (200, "released"), answer)

        crowd(self.server.address,
              [((each["id"], release("late", each["id"], each["buyer"])) for each in claims[number::CONNECTIONS])
               for number in range(CONNECTIONS)], answered)

    def check_ends(self, sale, claims, end):
        with self.server.connect() as connection:
            shown = {each["id"]: each.get("released_by") or each["status"]
                     for each in listed(connection, sale)}
            self.assertIs(self.stats(connection, sale)["conserved"], True)
        self.assertEqual(collections.Counter(shown[each["id"]] for each in claims), {end: len(claims)})

    def test_every_hold_ends_as_asked_and_claims_come_back_with_space(self):
        third = scaled(10_000) // 3
        confirmed, released = self.hold("late", third), self.hold("late", third)
        left = self.hold("soon", scaled(10_000) - 2 * third)
        self.disk.fill()
        more = self.claim_until_refused()
        self.assertEqual(self.held(), {"late": 2 * third + len(more), "soon": len(left)})
        self.assertIn("[-]disk no room for the journal: claims are refused", self.readiness())
        print(f"{sum(self.held().values())} holds open on a full disk, {len(more)} since it is full; "
              f"{self.disk.free_bytes()} bytes free", flush=True)

        self.confirm_one_by_one(confirmed)
        # A restart must not give away what the other ends count on.
        self.server.kill()
        self.disk.fill()
        self.server.start()
        self.disk.fill()
        self.release_together(released)
        self.confirm_one_by_one(more)
        eventually("the rest has expired", lambda: self.held() == {"late": 0, "soon": 0}, seconds=120)
        self.check_ends("late", confirmed + more, "confirmed")
        self.check_ends("late", released, "buyer")
        self.check_ends("soon", left, "expired")

        # What stood reserved for them is free for claims now, and is used up again.
        open_holds = self.claim_until_refused()
        self.assertIn("[-]disk", self.readiness())
        process = self.server.process.pid
        self.disk.empty()
        returned = time.monotonic()
        with self.server.connect() as connection:
            def granted():
                answer = connection.ask(claim("late", "back"))
                if answer.status != 201:
                    self.assert_no_room(answer)
                return answer.status == 201

            eventually("claims are granted again", granted, seconds=RETURN_SECONDS)
        print(f"granted {time.monotonic() - returned:.2f} s after space returned", flush=True)
        self.assertEqual(self.server.process.pid, process)
        eventually("it says that all is well", lambda: "[+]disk ok" in self.readiness())
        self.assertEqual(self.held(), {"late": len(open_holds) + 1, "soon": 0})
        self.server.stop()
        result = run_program("verify", self.server.data_dir)
        self.assertEqual(result.returncode, 0, result)

    def test_service_returns_when_nobody_asks(self):
        """A server that was taken out of service is asked for nothing."""
        self.disk.fill()
        self.claim_until_refused()
        self.disk.empty()
        eventually("it says that all is well", lambda: "[+]disk ok" in self.readiness(),
                   seconds=RETURN_SECONDS)
        self.assertEqual(self.server.ask(claim("late", next(self.buyers))).status, 201)
        self.server.stop()

    def test_the_buttons_of_a_sale_work_on_a_full_disk(self):
        self.hold("late", 50)
        self.disk.fill()
        self.claim_until_refused()
        with self.server.connect() as connection:
            for button, status in (("pause", "paused"), ("resume", "open"), ("close", "closed")):
                answer = connection.ask(post_json(f"/v1/sales/late/{button}", {}))
                self.assertEqual((answer.status, answer.json().get("status")), (200, status), answer)
            answer = connection.ask(post_json("/v1/sales/soon/cancel", {}))
            self.assertEqual((answer.status, answer.json().get("status")), (200, "closed"), answer)
            self.assertEqual(connection.ask(get("/v1/sales/late")).json()["status"], "closed")
        self.server.stop()


class FullDiskOfRedis(DoorbusterTest):
    """With its log on a full disk Redis ends by itself; what gateways told is there when there is room again."""

    def test_claims_are_unavailable_and_come_back_with_what_was_told(self):
        disk = Disk(self.path("disk"))
        self.addCleanup(disk.unmount)
        redis = RedisServer(os.path.join(disk.mounted, "redis"))
        self.addCleanup(redis.kill)
        redis.start()
        gateway = self.serve("gateway", ["--engine", "redis", "--redis.url", redis.url])
        with gateway.connect() as connection:
            self.create(connection, "s", 1_000_000)
            told, numbers = {}, itertools.count()

            def ask():
                buyer = f"b{next(numbers)}"
                answer = connection.ask(claim("s", buyer))
                if answer.status == 201:
                    told[buyer] = answer.json()["id"]
                else:
                    self.assertEqual(answer.status, 503, answer)
                return answer

            for _ in range(200):
                self.assertEqual(ask().status, 201)
            disk.fill()
            eventually("claims are refused", lambda: ask().status == 503)
            eventually("nobody waits any more", lambda: ask().code == "storage-unavailable")
            redis.kill()
            disk.empty()
            redis.start()
            eventually("claims are granted", lambda: ask().status == 201)
            found = {each["buyer"]: each["id"] for each in listed(connection, "s")}
            self.assertEqual(told, {buyer: found.get(buyer) for buyer in told})


def enter_namespace():
    """Starts this program again where its mounts are its own."""
    command = ["unshare", "--mount", "--propagation", "private"]
    if os.geteuid() != 0:
        command += ["--map-root-user"]
    tried = subprocess.run([*command, "true"], capture_output=True, text=True, check=False)
    if tried.returncode != 0 and os.geteuid() != 0:
        print(f"skipped: neither root nor user namespaces: {tried.stderr}")
        sys.exit(SKIPPED)
    if tried.returncode != 0:
        sys.exit(f"no mount namespace, and this test needs one: {tried.stderr}")
    os.environ[IN_NAMESPACE] = "1"
    os.execvp(command[0], [*command, sys.executable, "-B", *sys.argv])


if __name__ == "__main__":
    if IN_NAMESPACE not in os.environ:
        enter_namespace()
    main()
