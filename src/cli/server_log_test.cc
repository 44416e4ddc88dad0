#include "cli/server_log.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <boost/json.hpp>
#include <csignal>
#include <thread>
#include <vector>

#include "base/check.h"
#include "cli/log_watch.h"

namespace doorbuster::cli {
namespace {

class FixedClock final : public Clock {
 public:
  Time wall() const override { return Time(std::chrono::milliseconds(1'794'398'400'000)); }
  std::chrono::nanoseconds since_boot() const override { return std::chrono::nanoseconds(0); }
};

std::uint64_t number(const boost::json::object& line, const char* name) {
  return boost::json::value_to<std::uint64_t>(line.at(name));
}

// A log into a pipe.
class Logging : public testing::Test {
 protected:
  Logging() {
    std::signal(SIGPIPE, SIG_IGN);
    CHECK(::pipe(ends_.data()) == 0);
    options_.descriptor = ends_[1];
  }
  ~Logging() override {
    end();
    ::close(ends_[0]);
  }

  ServerLog& log() {
    if (!log_) log_.emplace(clock_, options_);
    return *log_;
  }
  void end() {
    log_.reset();
    if (ends_[1] >= 0) ::close(ends_[1]);
    ends_[1] = -1;
  }
  // All that has been written, each line an object; the log ends with it.
  std::vector<boost::json::object> lines() {
    std::thread ending([this] { end(); });
    std::string text;
    std::array<char, 65536> some{};
    for (ssize_t got = 0; (got = ::read(ends_[0], some.data(), some.size())) > 0;) {
      text.append(some.data(), static_cast<std::size_t>(got));
    }
    ending.join();
    std::vector<boost::json::object> lines;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = text.find('\n', at);
      CHECK(end != std::string::npos);
      lines.push_back(boost::json::parse(text.substr(at, end - at)).as_object());
      at = end + 1;
    }
    return lines;
  }

  const FixedClock clock_;
  ServerLog::Options options_;
  std::array<int, 2> ends_{};
  std::optional<ServerLog> log_;
};

TEST_F(Logging, LinesKeepTheirOrderAndThoseBelowTheLevelAreLeftOut) {
  log().tell(LogLevel::debug, "a", "not told");
  log().tell(LogLevel::info, "b", "told");
  log().set_level(LogLevel::error);
  log().tell(LogLevel::warning, "c", "not told");
  log().tell(LogLevel::error, "d", "told");
  log().set_level(LogLevel::debug);
  log().tell(LogLevel::debug, "e", "told");
  const auto lines = this->lines();
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[0].at("event"), "b");
  EXPECT_EQ(lines[1].at("event"), "d");
  EXPECT_EQ(lines[2].at("event"), "e");
}

TEST_F(Logging, WithNobodyReadingNobodyWaitsAndEveryLineIsToldOrCounted) {
  constexpr std::uint64_t kThreads = 4;
  constexpr std::uint64_t kEach = 5000;
  const std::string sentence(100, 'x');
  std::vector<std::thread> threads;
  for (std::uint64_t i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, log = &log()] {
      for (std::uint64_t j = 0; j < kEach; ++j) log->tell(LogLevel::info, "line", sentence);
    });
  }
  for (std::thread& thread : threads) thread.join();  // the pipe is full since long
  const std::uint64_t dropped = log().dropped();
  EXPECT_GT(dropped, kEach);
  log().tell(LogLevel::info, "last", "the newest are kept");
  std::uint64_t told = 0;
  std::uint64_t said_dropped = 0;
  const auto lines = this->lines();
  for (const auto& line : lines) {
    if (line.at("event") == "log_dropped") {
      said_dropped += number(line, "count");
    } else {
      ++told;
    }
  }
  EXPECT_EQ(told + said_dropped, kThreads * kEach + 1);
  EXPECT_GE(said_dropped, dropped);
  EXPECT_EQ(lines.back().at("event"), "last");
}

TEST_F(Logging, ALineOfARequestHoldsWhatItMayAndNoMore) {
  const api::Route route(http::Method::post, "/v1/sales/{sale}/claims", api::Who::buyer, 0,
                         nullptr);
  api::AccessNote note;
  note.request_id.assign("abc-1");
  note.trace = *TraceParent::parse("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
  note.method = http::Method::post;
  note.route = &route;
  note.sale.assign("shoes");
  note.buyer = log().hash_of("alice");
  note.status = 409;
  note.took = std::chrono::microseconds(250);
  log().on_answer(note);
  note.method = http::Method::other;
  note.route = nullptr;
  note.sale = {};
  note.buyer.reset();
  note.status = 404;
  log().on_answer(note);
  const auto lines = this->lines();
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0].size(), 12U);
  EXPECT_EQ(lines[0].at("msg"), "POST /v1/sales/{sale}/claims: 409");
  EXPECT_EQ(lines[0].at("trace_id"), "0af7651916cd43dd8448eb211c80319c");
  EXPECT_EQ(lines[0].at("sale"), "shoes");
  EXPECT_EQ(lines[0].at("buyer_hash").as_string().size(), 16U);
  EXPECT_EQ(boost::json::serialize(lines[0]).find("alice"), std::string::npos);
  EXPECT_EQ(lines[1].at("route"), "another method");
  EXPECT_FALSE(lines[1].contains("sale"));
}

TEST_F(Logging, TheKeyOfBuyersMakesTheirHashesStrangersToEachOther) {
  EXPECT_EQ(log().hash_of("alice").value(), log().hash_of("alice").value());
  EXPECT_NE(log().hash_of("alice").value(), log().hash_of("bob").value());
  options_.buyer_hash_key = {1, 2};
  const ServerLog other(clock_, options_);
  EXPECT_NE(log().hash_of("alice").value(), other.hash_of("alice").value());
}

class StoreOfConditions final : public store::ClaimStore {
 public:
  std::unique_ptr<store::StorePort> connect(std::function<void()>) override { CHECK(false); }
  store::EventFeed& events() override { CHECK(false); }
  store::StoreCondition condition() const override { return condition_; }
  Result<std::string> accept_clock() override { CHECK(false); }

  store::StoreCondition condition_{true, {{"engine", "ok"}}};
};

TEST_F(Logging, RefusalsAreFoldedIntoALineForEachReason) {
  api::RefusalBook book;
  const auto first = book.open();
  const auto second = book.open();
  for (int i = 0; i < 1234; ++i) first->add(api::ProblemCode::sold_out);
  {
    const StoreOfConditions store;
    LogWatch watch(log(), book, store);
    for (int i = 0; i < 10; ++i) second->add(api::ProblemCode::sold_out);
    second->add(api::ProblemCode::overloaded);
  }
  const auto lines = this->lines();
  std::uint64_t sold_out = 0;
  std::uint64_t overloaded = 0;
  for (const auto& line : lines) {
    EXPECT_EQ(line.at("event"), "refused");
    (line.at("reason") == "sold-out" ? sold_out : overloaded) += number(line, "count");
  }
  EXPECT_EQ(sold_out, 1244U);
  EXPECT_EQ(overloaded, 1U);
  EXPECT_EQ(lines.back().at("reason"), "overloaded");
  EXPECT_EQ(lines.back().at("level"), "warning");
  EXPECT_LE(lines.size(), 4U);  // should the second end under way
}

// A log must not be a way for a secret to get out: it takes no Secret, and a buyer only as a hash.
template <typename Text>
concept Tellable = requires(ServerLog& log, Text text) {
  log.tell(LogLevel::info, "event", text);
};
static_assert(Tellable<std::string>);
static_assert(!Tellable<Secret>);
static_assert(!std::is_convertible_v<std::string_view, api::BuyerHash>);
static_assert(!std::is_assignable_v<decltype(api::AccessNote::buyer)&, std::string_view>);

TEST(AccessChoice, TheFlagIsHonouredAHundredTimesASecond) {
  class Sink final : public api::AccessLog {
   public:
    using AccessLog::AccessLog;
    void on_answer(const api::AccessNote&) override {}
  } log(HashKey{});
  api::AccessChoice choice(&log);
  const std::chrono::steady_clock::time_point at{std::chrono::seconds(5)};
  EXPECT_FALSE(choice.may_want());
  EXPECT_FALSE(choice.wants(true, at));
  log.set_mode(api::AccessMode::sampled);
  EXPECT_TRUE(choice.may_want());
  EXPECT_FALSE(choice.wants(false, at));
  for (std::uint32_t i = 0; i < api::AccessChoice::kSampledASecond; ++i) {
    EXPECT_TRUE(choice.wants(true, at));
  }
  EXPECT_FALSE(choice.wants(true, at + std::chrono::milliseconds(999)));
  EXPECT_TRUE(choice.wants(true, at + std::chrono::seconds(1)));
  log.set_mode(api::AccessMode::all);
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(choice.wants(false, at));
}

}  // namespace
}  // namespace doorbuster::cli
