// The order of answers and their bytes, and the wheel of deadlines: without a socket or a clock.
#include "http/answer_queue.h"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "http/reply_writer.h"
#include "http/timer_wheel.h"

namespace doorbuster::http {
namespace {

constexpr std::string_view kDate = "Date: now\r\n";
using End = AnswerQueue::End;

constexpr Reply marked(std::string_view body, int status = 200) {
  return {.status = status, .content_type = "text/plain", .fields = "X: y\r\n", .body = body};
}

// The bodies of what is unsent, since the heads are all alike.
std::string bodies(const AnswerQueue& queue) {
  std::string found;
  auto rest = queue.unsent();
  while (!rest.empty()) {
    const auto end = rest.find("\r\n\r\n");
    if (end == std::string_view::npos) return found + "?";
    const auto next = rest.find("HTTP/", end);
    found += rest.substr(end + 4, next == std::string_view::npos ? next : next - end - 4);
    rest = next == std::string_view::npos ? std::string_view() : rest.substr(next);
  }
  return found;
}

TEST(ReplyWriter, WritesEveryFieldOnceInAFixedOrder) {
  std::string out;
  append_reply(out, marked("hello", 201), {}, kDate);
  EXPECT_EQ(out,
            "HTTP/1.1 201 Created\r\nDate: now\r\nContent-Type: text/plain\r\nX: y\r\n"
            "Content-Length: 5\r\n\r\nhello");
}

TEST(ReplyWriter, WritesWhatTheAskerNeeds) {
  const auto reply = [](Reply what, Asked asked) {
    std::string out;
    append_reply(out, what, asked, "");
    return out;
  };
  const Reply plain{.status = 200, .content_type = {}, .fields = {}, .body = "b"};
  EXPECT_EQ(reply(plain, {.keep_alive = false}),
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\nb");
  EXPECT_EQ(reply(plain, {.http10 = true}),
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: keep-alive\r\n\r\nb");
  EXPECT_EQ(reply(plain, {.head = true}), "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n");
  EXPECT_EQ(reply({.status = 304, .content_type = {}, .fields = {}, .body = "b"}, {}),
            "HTTP/1.1 304 Not Modified\r\n\r\n");
  EXPECT_EQ(reply({.status = 599, .content_type = {}, .fields = {}, .body = {}}, {}),
            "HTTP/1.1 599 \r\nContent-Length: 0\r\n\r\n");
}

TEST(ReplyWriter, WritesDatesAsRfc9110Does) {
  EXPECT_EQ(date_field(784111777), "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
  EXPECT_EQ(date_field(951827696), "Date: Tue, 29 Feb 2000 12:34:56 GMT\r\n");
  EXPECT_EQ(date_field(0), "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n");
}

TEST(AnswerQueue, KeepsTheOrderOfRequestsForEveryOrderOfAnswers) {
  const unsigned seed = 7;
  std::mt19937 random(seed);
  for (int round = 0; round < 500; ++round) {
    AnswerQueue queue;
    std::vector<std::uint64_t> awaited;
    std::string asked;
    std::string seen;
    int next = 0;
    while (next < 40 || !awaited.empty()) {
      if (next < 40 && (awaited.empty() || random() % 2 == 0)) {
        awaited.push_back(queue.open({}));
        asked += std::to_string(next++) + ",";
      } else {
        const auto which = static_cast<std::ptrdiff_t>(random() % awaited.size());
        const auto exchange = awaited[static_cast<std::size_t>(which)];
        awaited.erase(awaited.begin() + which);
        queue.answer(exchange, marked(std::to_string(exchange) + ","), kDate);
        queue.answer(exchange, marked("twice"), kDate);
      }
      if (random() % 5 == 0) {
        seen += bodies(queue);
        queue.sent(queue.unsent().size());
      }
    }
    EXPECT_EQ(seen + bodies(queue), asked) << "seed " << seed << " round " << round;
    EXPECT_EQ(queue.held_bytes(), queue.unsent().size());
    EXPECT_EQ(queue.end(), End::open);
  }
}

TEST(AnswerQueue, EndsWithTheAnswerThatClosesAndDropsTheRest) {
  AnswerQueue queue;
  const auto one = queue.open({});
  const auto two = queue.open({.keep_alive = false});
  const auto three = queue.open({});
  queue.answer(three, marked("3"), kDate);
  queue.answer(two, marked("2"), kDate);
  EXPECT_EQ(queue.end(), End::open);
  queue.answer(one, marked("1"), kDate);
  EXPECT_EQ(queue.end(), End::complete);
  EXPECT_EQ(bodies(queue), "12");
  EXPECT_TRUE(queue.empty());
}

TEST(AnswerQueue, IsCutWhereAnAnswerIsMissing) {
  AnswerQueue queue;
  const auto one = queue.open({});
  const auto two = queue.open({});
  queue.abandon(two);
  EXPECT_EQ(queue.end(), End::open);
  queue.answer(one, marked("1"), kDate);
  EXPECT_EQ(queue.end(), End::cut);
  EXPECT_EQ(bodies(queue), "1");
}

TEST(AnswerQueue, TellsACutStreamOfHttp10ByAReset) {
  AnswerQueue queue;
  const auto one = queue.open({.http10 = true});
  queue.begin_stream(one, marked("begin"), kDate);
  queue.abandon(one);
  EXPECT_EQ(queue.end(), End::reset);
}

TEST(AnswerQueue, StreamsInTurnAndCountsWhatItKeeps) {
  AnswerQueue queue;
  const auto one = queue.open({});
  const auto two = queue.open({});
  bool called = false;
  queue.begin_stream(two, marked("a"), kDate);
  EXPECT_TRUE(queue.append(two, "bc"));
  queue.when_drained(two, [&] { called = true; });
  EXPECT_TRUE(queue.unsent().empty());
  EXPECT_GT(queue.held_bytes(), 0U);
  EXPECT_EQ(queue.take_more(), nullptr);  // not its turn
  queue.answer(one, marked("1"), kDate);
  EXPECT_EQ(bodies(queue), "11\r\na\r\n2\r\nbc\r\n");
  EXPECT_EQ(queue.held_bytes(), queue.unsent().size());
  queue.take_more()();
  EXPECT_TRUE(called);
  queue.finish(two);
  EXPECT_FALSE(queue.append(two, "late"));
  EXPECT_TRUE(queue.unsent().ends_with("0\r\n\r\n"));
  EXPECT_TRUE(queue.empty());
}

TEST(AnswerQueue, InvitesABodyWhenItsTurnComesUnlessWithdrawn) {
  AnswerQueue queue;
  queue.invite_body();
  EXPECT_EQ(queue.unsent(), kContinue);
  queue.sent(kContinue.size());
  auto before = queue.open({});
  queue.invite_body();
  EXPECT_TRUE(queue.unsent().empty());
  queue.answer(before, marked("x"), kDate);
  EXPECT_TRUE(queue.unsent().ends_with(kContinue));
  queue.sent(queue.unsent().size());
  before = queue.open({});
  queue.invite_body();
  queue.withdraw_invitation();
  queue.answer(before, marked("x"), kDate);
  EXPECT_FALSE(queue.unsent().ends_with(kContinue));
}

TEST(AnswerQueue, LetsCallbacksOwnWhatSpeaksToItAgain) {
  AnswerQueue queue;
  struct Owner {
    AnswerQueue* queue;
    std::uint64_t exchange;
    ~Owner() { queue->abandon(exchange); }
  };
  const auto one = queue.open({});
  queue.begin_stream(one, marked(""), kDate);
  queue.when_drained(one, [owner = std::make_shared<Owner>(Owner{&queue, one})] {});
  queue.drop_all();
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.end(), End::cut);
}

TEST(AnswerQueue, GivesMemoryBack) {
  AnswerQueue queue;
  queue.answer(queue.open({}), marked(std::string(100'000, 'x')), kDate);
  queue.sent(queue.unsent().size());
  EXPECT_GT(queue.spare_capacity(), 50'000U);
  queue.trim();
  EXPECT_LE(queue.spare_capacity(), 4096U);
}

struct Timed : TimerWheel::Entry {
  TimerWheel::Tick due = TimerWheel::kNever;
};

TEST(TimerWheel, ReportsEachDeadlineOnceAndNeverEarly) {
  const unsigned seed = 11;
  std::mt19937 random(seed);
  TimerWheel wheel(16);
  std::vector<Timed> entries(50);
  for (int round = 0; round < 20'000; ++round) {
    auto& entry = entries[random() % entries.size()];
    switch (random() % 4) {
      case 0:
      case 1:
        entry.due = wheel.now() + 1 + random() % 60;
        wheel.set(entry, entry.due);
        break;
      case 2:
        entry.due = TimerWheel::kNever;
        if (random() % 2 == 0) {
          wheel.remove(entry);
        } else {
          wheel.set(entry, TimerWheel::kNever);
        }
        break;
      default: {
        const auto to = wheel.now() + random() % 40;
        wheel.advance(to, [&](TimerWheel::Entry& due) {
          auto& mine = static_cast<Timed&>(due);
          EXPECT_LE(mine.due, wheel.now()) << "seed " << seed << " round " << round;
          mine.due = TimerWheel::kNever;
        });
        for (const auto& each : entries) EXPECT_GT(each.due, wheel.now());
      }
    }
  }
}

TEST(TimerWheel, LetsACallRemoveAndSetOthers) {
  TimerWheel wheel(8);
  std::vector<Timed> entries(3);
  for (auto& entry : entries) wheel.set(entry, 3);
  int calls = 0;
  wheel.advance(5, [&](TimerWheel::Entry& due) {
    ++calls;
    for (auto& entry : entries) {
      if (&entry != &due) wheel.remove(entry);
    }
    wheel.set(due, wheel.now() + 1);
  });
  EXPECT_EQ(calls, 3);  // ticks 3, 4 and 5
}

}  // namespace
}  // namespace doorbuster::http
