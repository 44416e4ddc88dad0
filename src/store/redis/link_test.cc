#include "store/redis/link.h"

#include <gtest/gtest.h>

#include <random>

#include "store/redis/backoff.h"

namespace doorbuster::redis {
namespace {

using std::chrono::milliseconds;

constexpr Moment at(int ms) { return Moment(milliseconds(ms)); }

std::string as_sent(const Arguments& arguments) {
  std::string bytes;
  append_command(bytes, arguments);
  return bytes;
}
const std::string kSetName = as_sent({"CLIENT", "SETNAME", "doorbuster"});

// A link, and what became of its commands in the order of their answers: "a=+OK", "b unknown".
class LinkTest : public testing::Test {
 protected:
  void make(const std::string& url, LinkLimits limits = {}) {
    link = std::make_unique<Link>(*parse_address(url), limits);
  }
  void SetUp() override { make("redis://h"); }

  OnAnswer noted(const std::string& name) {
    return [this, name](const Answer& answer) {
      if (!log.empty()) log += ", ";
      switch (answer.fate) {
        case Fate::answered:
          log += name + "=" +
                 (answer.reply.is_integer() ? std::to_string(answer.reply.integer)
                                            : answer.reply.text);
          EXPECT_EQ(answer.reason, "");
          return;
        case Fate::not_sent:
          log += name + " not sent";
          break;
        case Fate::unknown:
          log += name + " unknown";
          break;
      }
      EXPECT_NE(answer.reason, "");
      last_reason = answer.reason;
    };
  }
  bool submit(const std::string& name, int deadline_ms = 1'000, bool asking = false) {
    return link->submit({"GET", name}, at(deadline_ms), noted(name), asking).ok();
  }
  std::string output() {
    std::string out = "old";
    link->take_output(out);
    return out;
  }
  void bring_up() {
    link->opened();
    ASSERT_EQ(output(), kSetName);
    link->received("+OK\r\n");
    ASSERT_EQ(link->state(), Link::State::up);
  }

  std::unique_ptr<Link> link;
  std::string log;
  std::string last_reason;
};

TEST_F(LinkTest, GreetsByNameAlone) {
  EXPECT_FALSE(link->has_output());
  link->opened();
  EXPECT_EQ(link->state(), Link::State::greeting);
  EXPECT_TRUE(link->has_output());
  EXPECT_EQ(output(), kSetName);
  EXPECT_FALSE(link->has_output());
  link->received("+OK\r\n");
  EXPECT_EQ(link->state(), Link::State::up);
}

TEST_F(LinkTest, GreetsWithPasswordUserAndDatabase) {
  make("redis://:pw@h");
  link->opened();
  EXPECT_EQ(output(), as_sent({"AUTH", "pw"}) + kSetName);
  make("redis://ann:pw@h/7");
  link->opened();
  EXPECT_EQ(output(), as_sent({"AUTH", "ann", "pw"}) + as_sent({"SELECT", "7"}) + kSetName);
  link->received("+OK\r\n+OK\r\n");
  EXPECT_EQ(link->state(), Link::State::greeting);
  link->received("+OK\r\n");
  EXPECT_EQ(link->state(), Link::State::up);
}

TEST_F(LinkTest, BreaksWhereTheGreetingIsRefused) {
  const std::tuple<const char*, const char*, const char*> table[] = {
      {"redis://:pw@h", "-WRONGPASS no\r\n", "the server refuses the password: WRONGPASS no"},
      {"redis://ann:pw@h", "-WRONGPASS no\r\n",
       "the server refuses the user and the password: WRONGPASS no"},
      {"redis://h/9", "-ERR DB index is out of range\r\n",
       "the server refuses the database: ERR DB index is out of range"},
      {"redis://h", "-NOAUTH Authentication required.\r\n",
       "the server wants a password: NOAUTH Authentication required."},
      {"redis://h", "-ERR max number of clients reached\r\n",
       "the server says: ERR max number of clients reached"},
      {"redis://:pw@h", "-ERR max number of clients reached\r\n",
       "the server says: ERR max number of clients reached"},
      {"redis://:pw@h", "-ERR AUTH <password> called without any password configured\r\n",
       "the server refuses the password: ERR AUTH <password> called without any password "
       "configured"},
      {"redis://h", "?\r\n",
       "the server sends a malformed reply: Protocol error, got \"?\" as reply type byte"},
  };
  for (const auto& [url, said, reason] : table) {
    make(url);
    link->opened();
    output();
    link->received(said);
    EXPECT_EQ(link->state(), Link::State::broken);
    EXPECT_EQ(link->reason(), reason);
    EXPECT_FALSE(link->has_output());
  }
}

TEST_F(LinkTest, DoesWithoutItsNameWhereItMayNotGiveIt) {
  link->opened();
  output();
  link->received("-NOPERM this user has no permissions to run the 'client|setname' command\r\n");
  EXPECT_EQ(link->state(), Link::State::up);
}

TEST_F(LinkTest, BreaksWhereTheServerSpeaksFirst) {
  link->opened();
  link->received("-ERR max number of clients reached\r\n");
  EXPECT_EQ(link->state(), Link::State::broken);
  EXPECT_EQ(link->reason(), "the server says: ERR max number of clients reached");
}

TEST_F(LinkTest, SendsWhatWaitedBehindTheGreetingInOnePiece) {
  submit("a");
  link->opened();
  submit("b");
  EXPECT_EQ(output(), kSetName);
  EXPECT_FALSE(link->has_output());
  EXPECT_EQ(link->waiting(), 2U);
  link->received("+OK\r\n");
  EXPECT_EQ(output(), as_sent({"GET", "a"}) + as_sent({"GET", "b"}));
  EXPECT_EQ(link->under_way(), 2U);
  link->received("$1\r\n1\r\n:2\r\n");
  EXPECT_EQ(log, "a=1, b=2");
  EXPECT_TRUE(link->idle());
}

TEST_F(LinkTest, MatchesAnswersInOrderHoweverTheyCome) {
  const std::string replies = "+1\r\n-ERR 2\r\n$1\r\n3\r\n";
  for (std::size_t split = 0; split <= replies.size(); ++split) {
    log.clear();
    make("redis://h");
    bring_up();
    for (const char* name : {"a", "b", "c"}) submit(name);
    output();
    link->received(replies.substr(0, split));
    link->received(replies.substr(split));
    EXPECT_EQ(log, "a=1, b=ERR 2, c=3");
  }
}

TEST_F(LinkTest, PutsAskingBeforeACommandAndSwallowsItsReply) {
  bring_up();
  submit("a", 1'000, true);
  submit("b");
  EXPECT_EQ(output(), as_sent({"ASKING"}) + as_sent({"GET", "a"}) + as_sent({"GET", "b"}));
  link->received("+OK\r\n");
  EXPECT_EQ(log, "");
  link->received("+1\r\n+2\r\n");
  EXPECT_EQ(log, "a=1, b=2");
}

TEST_F(LinkTest, KeepsApartWhatMayHaveBeenDoneAndWhatWasNotSent) {
  bring_up();
  submit("a");
  submit("b");
  output();
  submit("c");
  link->received("+1\r\n");
  link->closed("gone");
  EXPECT_EQ(log, "a=1, b unknown, c not sent");
  EXPECT_EQ(last_reason, "gone");
  EXPECT_EQ(link->state(), Link::State::down);
  EXPECT_TRUE(link->idle());
  EXPECT_FALSE(link->has_output());
}

TEST_F(LinkTest, ForgetsHalfAReplyWithItsConnection) {
  bring_up();
  submit("a");
  output();
  link->received("$10\r\nabc");
  link->closed("gone");
  link->received("+late\r\n");
  bring_up();
  submit("b");
  output();
  link->received("+2\r\n");
  EXPECT_EQ(log, "a unknown, b=2");
}

TEST_F(LinkTest, BreaksAtAReplyThatNobodyAskedFor) {
  bring_up();
  link->received("+1\r\n");
  EXPECT_EQ(link->state(), Link::State::broken);
  EXPECT_EQ(link->reason(), "the server sends a reply to no command");
}

TEST_F(LinkTest, ReadsNothingBehindAMalformedReply) {
  bring_up();
  submit("a");
  submit("b");
  output();
  link->received("+1\r\n!\r\n+2\r\n");
  EXPECT_EQ(link->state(), Link::State::broken);
  link->received("+2\r\n");
  link->tick(at(5'000));
  EXPECT_EQ(log, "a=1");
  link->closed(link->reason());
  EXPECT_EQ(log, "a=1, b unknown");
}

TEST_F(LinkTest, BreaksWhenACommandUnderWayIsLate) {
  bring_up();
  submit("a", 500);
  submit("b", 100);
  output();
  submit("c", 50);
  EXPECT_EQ(link->earliest_deadline(), at(50));
  link->tick(at(99));
  EXPECT_EQ(log, "c not sent");
  EXPECT_EQ(last_reason, "the connection takes no more bytes");
  EXPECT_EQ(link->state(), Link::State::up);
  EXPECT_EQ(link->earliest_deadline(), at(100));
  link->tick(at(100));
  EXPECT_EQ(link->state(), Link::State::broken);
  EXPECT_EQ(link->reason(), "the server did not answer in time");
  link->closed(link->reason());
  EXPECT_EQ(log, "c not sent, a unknown, b unknown");
}

TEST_F(LinkTest, TakesBackOnlyTheLateOfThoseThatWait) {
  submit("a", 300);
  submit("b", 100, true);
  submit("c", 200);
  link->tick(at(100));
  EXPECT_EQ(log, "b not sent");
  EXPECT_EQ(last_reason, "there was no connection in time");
  bring_up();
  EXPECT_EQ(output(), as_sent({"GET", "a"}) + as_sent({"GET", "c"}));
  link->received("+1\r\n+3\r\n");
  EXPECT_EQ(log, "b not sent, a=1, c=3");
  EXPECT_EQ(link->earliest_deadline(), Moment::max());
}

TEST_F(LinkTest, NeverMissesADeadlineForThoseThatWereAnswered) {
  bring_up();
  submit("a", 10);
  submit("b", 400);
  output();
  link->received("+1\r\n");
  link->tick(at(10));
  EXPECT_EQ(link->state(), Link::State::up);
  EXPECT_EQ(link->earliest_deadline(), at(400));
  submit("c", 20);
  EXPECT_EQ(link->earliest_deadline(), at(20));
}

TEST_F(LinkTest, RefusesMoreThanItsLimitsAtOnce) {
  make("redis://h", {.commands = 2, .waiting_bytes = 1'000, .replies = {}});
  bring_up();
  EXPECT_TRUE(submit("a"));
  output();
  EXPECT_TRUE(submit("b"));
  const auto refused = link->submit({"GET", "c"}, at(1), noted("c"));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::overloaded);
  link->received("+1\r\n");
  EXPECT_FALSE(submit(std::string(1'000, 'x')));
  EXPECT_TRUE(submit("d"));
  EXPECT_EQ(output(), as_sent({"GET", "b"}) + as_sent({"GET", "d"}));
  link->received("+2\r\n+4\r\n");
  EXPECT_EQ(log, "a=1, b=2, d=4");
}

TEST_F(LinkTest, TakesCommandsFromWithinAnswers) {
  bring_up();
  ASSERT_TRUE(link->submit({"GET", "a"}, at(100),
                           [this](const Answer& answer) {
                             noted("a")(answer);
                             submit("b");
                           })
                  .ok());
  output();
  link->received("+1\r\n");
  EXPECT_EQ(output(), as_sent({"GET", "b"}));
  // Those of a lost connection may be submitted again, for the next.
  ASSERT_TRUE(link->submit({"GET", "c"}, at(100),
                           [this](const Answer& answer) {
                             noted("c")(answer);
                             submit("d");
                           })
                  .ok());
  link->closed("gone");
  EXPECT_EQ(log, "a=1, b unknown, c not sent");
  EXPECT_EQ(link->waiting(), 1U);
  bring_up();
  EXPECT_EQ(output(), as_sent({"GET", "d"}));
}

TEST_F(LinkTest, MayBeClosedFromWithinAnAnswer) {
  bring_up();
  ASSERT_TRUE(link->submit({"GET", "a"}, at(100),
                           [this](const Answer& answer) {
                             noted("a")(answer);
                             link->closed("enough");
                           })
                  .ok());
  submit("b");
  output();
  link->received("+1\r\n+2\r\n");
  EXPECT_EQ(log, "a=1, b unknown");
  EXPECT_EQ(link->state(), Link::State::down);
}

// Each command is answered once, whatever happens, and unknown only if its bytes were taken.
TEST_F(LinkTest, AnswersEachCommandOnceInAnyOrderOfEvents) {
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    std::vector<int> answers;
    std::vector<bool> taken;
    make("redis://h", {.commands = 8, .waiting_bytes = 10'000, .replies = {}});
    int now = 0;
    for (int step = 0; step < 100; ++step) {
      now += static_cast<int>(random() % 3);
      std::string out;
      switch (random() % 6) {
        case 0:
        case 1: {
          const auto n = answers.size();
          const bool is_taken =
              link->submit({"GET", std::to_string(n)}, at(now + static_cast<int>(random() % 20)),
                           [&answers, &taken, n](const Answer& answer) {
                             ++answers[n];
                             EXPECT_EQ(answer.fate == Fate::not_sent, !taken[n]);
                           })
                  .ok();
          answers.push_back(is_taken ? 0 : 1);
          taken.push_back(false);
          break;
        }
        case 2:
          link->take_output(out);
          for (std::size_t n = 0; n < answers.size(); ++n) {
            if (out.find(as_sent({"GET", std::to_string(n)})) != std::string::npos) taken[n] = true;
          }
          break;
        case 3:
          link->received(random() % 20 == 0 ? "?" : link->under_way() > 0 ? "+1\r\n" : "");
          break;
        case 4:
          link->tick(at(now));
          break;
        case 5:
          if (link->state() == Link::State::broken || random() % 8 == 0) link->closed("gone");
          if (link->state() == Link::State::down) {
            bring_up();
          }
          break;
      }
    }
    link->closed("end");
    for (const int times : answers) ASSERT_EQ(times, 1) << "round " << round;
  }
}

TEST(Backoff, DoublesUpToItsBoundAndIsShortenedByChance) {
  Backoff backoff(milliseconds(50), milliseconds(1'000), 1);
  int most = 50;
  for (int n = 0; n < 200; ++n) {
    const auto wait = backoff.next().count();
    EXPECT_GE(wait, most / 2);
    EXPECT_LE(wait, most);
    most = std::min(most * 2, 1'000);
  }
  backoff.reset();
  EXPECT_LE(backoff.next().count(), 50);
  Backoff least(milliseconds(1), milliseconds(1), 2);
  EXPECT_EQ(least.next().count(), 1);
}

}  // namespace
}  // namespace doorbuster::redis
