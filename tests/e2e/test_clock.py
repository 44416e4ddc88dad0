"""Steps of the wall clock under the real server (R15), while it runs and across restarts.

libfaketime moves what the server sees as the wall clock, by a file that it reads at each call, and
leaves CLOCK_BOOTTIME and CLOCK_MONOTONIC alone.
"""
import contextlib
import datetime
import glob
import os
import re
import sys
import time

from harness import DoorbusterTest, claim, eventually, get, main, post_json, request, run_program
from http_client import confirm
from sale_case import time_of

LIBRARY = next(iter(glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")), None)
HOUR, DAY, TEN_YEARS = 3600, 86400, 3652 * 86400
STEPS = [sign * step for step in (HOUR, DAY, TEN_YEARS) for sign in (1, -1)]
NOT_READY = 4
SLOW = 300  # seconds that a busy machine may take; far less than the steps that are told from it


def in_seconds(text):
    return time_of(text).timestamp()


def rfc3339(seconds):
    at = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def sweep():
    """Removes what libfaketime left behind in processes that were killed: one of theirs that gets the same
    number later would find it there, and end at once."""
    for left in glob.glob("/dev/shm/faketime_shm_*") + glob.glob("/dev/shm/sem.faketime_sem_*"):
        if not os.path.exists("/proc/" + left.rpartition("_")[2]):
            with contextlib.suppress(OSError):  # somebody else's, or removed by somebody else
                os.remove(left)


class ClockTest(DoorbusterTest):

    def setUp(self):
        sweep()
        self.addCleanup(sweep)  # after the last server has ended
        super().setUp()
        self.step_file = self.path("step")
        self.step(0)
        self.server = self.new_server(environment={
            "LD_PRELOAD": LIBRARY, "FAKETIME_DONT_FAKE_MONOTONIC": "1", "FAKETIME_NO_CACHE": "1",
            "FAKETIME_TIMESTAMP_FILE": self.step_file})
        self.buyers = 0

    def step(self, seconds):
        """From now on the server's wall clock shows that much more than ours."""
        with open(self.step_file + ".new", "w", encoding="ascii") as file:
            file.write(f"{seconds:+}s\n")
        os.replace(self.step_file + ".new", self.step_file)

    def publish(self, sale, hold_seconds=0, **times):
        answer = self.server.ask(post_json("/v1/sales", {
            "id": sale, "stock": 100, "title": sale, "hold_seconds": hold_seconds,
            **{name: rfc3339(at) for name, at in times.items()}}))
        self.assertEqual(answer.status, 201, answer)

    def claim(self, sale):
        self.buyers += 1
        return self.server.ask(claim(sale, f"buyer-{self.buyers}"))

    def clock(self):
        """What /readyz?verbose says of the clock, and its status."""
        answer = self.server.ask_admin("/readyz?verbose")
        found = re.search(r"^\[[+-]\]clock (.*)$", answer.body.decode(), re.MULTILINE)
        self.assertTrue(found, answer)
        return found.group(1), answer.status

    def clock_becomes(self, what, status=200):
        eventually(f"the clock is said to be {what!r}",
                   lambda: (found := self.clock())[1] == status and re.match(what, found[0]))

    def accept(self):
        answer = self.server.tell_admin(request("POST", "/clock/accept"))
        self.assertEqual(answer.status, 200, answer)
        return answer.body.decode()

    def log_becomes(self, pattern, times=1):
        eventually(f"{times} times in the log: {pattern}",
                   lambda: len(re.findall(pattern, self.server.told())) == times)

    @staticmethod
    def about(step):
        """The size of a step as it is told, which may be a second more or less."""
        return "(?:" + "|".join(str(abs(step) + slack) for slack in (-1, 0, 1)) + ") s"

    def assert_waits(self, text, step):
        """Behind the journal; what it waits for shrinks while it waits."""
        found = re.match(r"the wall clock is (\d+) s behind the journal: nothing is decided until it has "
                         "caught up; run `doorbuster clock accept` to go on from the journal's time", text)
        self.assertTrue(found, text)
        self.assertIn(int(found.group(1)), range(step - SLOW, step + 2))

    def assert_time(self, text, step=0):
        """A time that the server gave just now is ours and that much more."""
        self.assertLess(abs(in_seconds(text) - time.time() - step), SLOW)


class WhileItRuns(ClockTest):

    def test_a_step_opens_closes_and_ends_nothing_and_is_told(self):
        self.server.start()
        now = time.time()
        self.publish("later", opens_at=now + HOUR / 2)
        self.publish("until", closes_at=now + HOUR / 2)
        self.publish("held", hold_seconds=HOUR // 2)
        holds = [self.claim("held").json() for _ in STEPS]
        for number, step in enumerate(STEPS, 1):
            with self.subTest(step=step):
                self.step(step)
                direction = "ahead of" if step > 0 else "behind"
                told = f"the wall clock is {self.about(step)} {direction} the server's time: not followed"
                # Both by whom is asked first, and in the log, where nobody has to ask.
                answer = self.claim("later")
                self.assert_refused(answer, 409, "not-open")
                self.assert_time(answer.json()["now"])
                self.assertEqual(self.claim("until").status, 201)
                confirmed = self.server.ask(confirm(holds.pop(), "paid"))
                self.assertEqual(confirmed.status, 200, confirmed)
                self.assertRegex(self.clock()[0], told)
                self.log_becomes("clock: " + told)
                self.step(0)
                self.log_becomes("clock: the alarm has ended", number)
                self.assertEqual(self.clock(), ("ok", 200))
                self.assert_refused(self.claim("later"), 409, "not-open")

    def test_a_step_while_nobody_asks_is_told_in_the_log(self):
        self.server.start()
        self.step(HOUR)
        self.log_becomes(f"clock: the wall clock is {self.about(HOUR)} ahead")

    def test_a_second_either_way_is_no_alarm(self):
        self.server.start()
        self.publish("later", opens_at=time.time() + HOUR)
        before = 0
        for step in (1, 0, -1, 0, 2, 0):
            self.step(step)
            # The clocks are compared once in 100 ms; what is seen is that time is near and never goes back.
            for _ in range(30):
                asked = time.time()
                now = in_seconds(self.claim("later").json()["now"])
                self.assertGreaterEqual(now, before)
                self.assertTrue(asked - 5 < now < time.time() + 5, now)
                before = now
                time.sleep(0.005)
            self.assertEqual(self.clock(), ("ok", 200))
        self.assertNotIn("clock:", self.server.told())

    def test_accepted_a_step_ahead_is_followed(self):
        self.server.start()
        self.publish("later", opens_at=time.time() + HOUR / 2)
        self.publish("held", hold_seconds=HOUR // 2)
        hold = self.claim("held").json()
        self.step(HOUR)
        self.assert_refused(self.claim("later"), 409, "not-open")
        # A web page that the operator has open cannot do it.
        foreign = self.server.tell_admin(request("POST", "/clock/accept", fields=[("Origin", "http://evil.example")]))
        self.assert_refused(foreign, 403, "insufficient-scope")
        self.assert_refused(self.claim("later"), 409, "not-open")
        self.assertRegex(self.accept(), rf"\Athe wall clock was followed, {self.about(HOUR)} forward; "
                                        "the server's time is now ")
        granted = self.claim("later")
        self.assertEqual(granted.status, 201, granted)
        self.assert_time(granted.json()["claimed_at"], HOUR)
        self.assert_refused(self.server.ask(confirm(hold, "paid")), 409, "claim-expired")
        self.assertEqual(self.clock(), ("ok", 200))

    def test_accepted_a_step_back_is_let_be_and_the_next_one_is_told(self):
        self.server.start()
        self.publish("later", opens_at=time.time() + HOUR)
        self.step(-DAY)
        self.clock_becomes("the wall clock is .* behind the server's time")
        self.assertRegex(self.accept(), rf"{self.about(DAY)} ahead of the wall clock\n\Z")
        self.assertEqual(self.clock(), ("ok", 200))
        answer = self.claim("later")
        self.assert_time(answer.json()["now"])
        self.step(-2 * DAY)
        self.clock_becomes(f"the wall clock is {self.about(2 * DAY)} behind")


class AcrossRestarts(ClockTest):

    def start_behind(self, step):
        """A server whose journal is that much ahead of its wall clock."""
        self.server.start()
        self.publish("drop")
        self.assertEqual(self.claim("drop").status, 201)
        self.server.stop()
        self.step(-step)
        self.server.start()

    def assert_decides_nothing(self):
        for data in (claim("drop", "new"), claim("drop", "buyer-1"), get("/v1/sales/drop"),
                     post_json("/v1/sales", {"id": "other", "stock": 1, "title": "other"})):
            answer = self.server.ask(data)
            self.assert_refused(answer, 503, "clock-behind")
            self.assertIn(int(answer.field("Retry-After")), range(3, 11))

    def verified(self):
        result = run_program("verify", self.server.data_dir, "--json")
        self.assertEqual(result.returncode, 0, result)
        return result.stdout

    def test_behind_the_journal_it_waits_and_goes_on_by_itself_when_the_clock_is_right(self):
        self.start_behind(HOUR)
        self.assertRegex(self.server.stdout, r"\Awaiting http://")
        self.assert_waits(self.clock()[0], HOUR)
        self.assertEqual(self.clock()[1], 503)
        self.log_becomes("clock: the wall clock is .* behind the journal")
        health = run_program("health", "--url", f"http://127.0.0.1:{self.server.admin[1]}")
        self.assertEqual(health.returncode, NOT_READY, health)
        self.assert_decides_nothing()
        self.step(0)
        self.log_becomes("clock: the alarm has ended")
        self.assertEqual(self.clock(), ("ok", 200))
        self.assertEqual(self.claim("drop").status, 201)

    def test_behind_the_journal_it_leaves_the_journal_as_it_was(self):
        self.server.start()
        self.publish("drop")
        self.assertEqual(self.claim("drop").status, 201)
        for end in (self.server.stop, self.server.kill):
            end()
            before = self.verified()
            self.step(-HOUR)
            self.server.start()
            self.assert_decides_nothing()
            self.server.stop()
            self.assertEqual(self.verified(), before)
            self.step(0)
            self.server.start()
            self.assertEqual(self.claim("drop").status, 201)

    def test_accepted_it_goes_on_from_the_journal_and_must_be_accepted_at_each_start(self):
        for step in (HOUR, DAY, TEN_YEARS):
            with self.subTest(step=step):
                self.server.data_dir = self.path(f"data-{step}")
                self.step(0)
                self.start_behind(step)
                self.assert_decides_nothing()
                self.assert_waits(self.clock()[0], step)
                self.assertRegex(self.accept(), r"\Athe journal's time goes on; the server's time is now "
                                                r"\S+, \d+ s ahead of the wall clock\n\Z")
                self.assertEqual(self.clock(), ("ok", 200))
                granted = self.claim("drop")
                self.assertEqual(granted.status, 201, granted)
                self.assert_time(granted.json()["claimed_at"])
                self.server.kill()
                self.server.start()
                self.assert_decides_nothing()
                self.accept()
                self.assertEqual(self.claim("drop").status, 201)
                self.server.stop()

    def test_a_second_behind_the_journal_is_nothing(self):
        self.start_behind(1)
        self.assertRegex(self.server.stdout, r"\Aready ")
        self.assertEqual(self.clock(), ("ok", 200))
        self.assertEqual(self.claim("drop").status, 201)

    def test_ahead_of_the_journal_the_wall_clock_is_begun_at(self):
        self.server.start()
        for step in (HOUR, DAY, TEN_YEARS):
            with self.subTest(step=step):
                self.publish(f"s{step}", opens_at=time.time() + step - HOUR / 2)
                self.assert_refused(self.claim(f"s{step}"), 409, "not-open")
                self.server.stop()
                self.step(step)
                self.server.start()
                self.assertEqual(self.clock(), ("ok", 200))
                self.assertEqual(self.claim(f"s{step}").status, 201)


if __name__ == "__main__":
    if LIBRARY is None:
        sys.exit("libfaketime is not there: it is in the package faketime (packages.txt)")
    main()
