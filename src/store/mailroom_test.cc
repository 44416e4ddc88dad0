#include "store/mailroom.h"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <thread>

namespace doorbuster::store {
namespace {

// Keeps the contexts of the replies it was given.
class Heard final : public ReplySink {
 public:
  void on_reply(std::uint64_t context, Reply&&) override { contexts.push_back(context); }
  std::vector<std::uint64_t> contexts;
};

class Mail : public testing::Test {
 protected:
  std::vector<Letter> take() {
    std::vector<Letter> letters;
    mailroom_.take(letters);
    return letters;
  }
  // Answers these letters, in this order.
  void answer(const std::vector<Letter>& letters) {
    std::vector<Released> replies;
    for (const Letter& letter : letters) replies.push_back({letter.ticket, NoSuchSale{}});
    mailroom_.deliver(replies);
    EXPECT_TRUE(replies.empty());
  }

  int engine_woken_ = 0;
  Mailroom mailroom_{4, [this] { ++engine_woken_; }};
  Heard heard_;
  const Command command_ = ReadSale{sale::Slug("s")};
};

TEST_F(Mail, ATurnsCommandsAreOneBatchWithOneWakeUp) {
  const auto port = mailroom_.connect([] {});
  EXPECT_TRUE(port->submit(command_, heard_, 1));
  EXPECT_TRUE(port->submit(command_, heard_, 2));
  EXPECT_TRUE(take().empty());  // not before the end of the turn
  EXPECT_EQ(engine_woken_, 0);
  port->flush();
  EXPECT_EQ(engine_woken_, 1);
  const auto letters = take();
  ASSERT_EQ(letters.size(), 2U);
  EXPECT_EQ(letters[0].ticket.context, 1U);
  EXPECT_EQ(letters[0].ticket.received, letters[1].ticket.received);
  port->flush();
  EXPECT_EQ(engine_woken_, 1);  // nothing to hand over
}

TEST_F(Mail, RepliesGoToTheirPortInOrderAndOnlyInItsFlush) {
  Heard other_heard;
  int woken = 0;
  int other_woken = 0;
  const auto port = mailroom_.connect([&] { ++woken; });
  const auto other = mailroom_.connect([&] { ++other_woken; });
  for (const std::uint64_t context : {1, 2, 3}) port->submit(command_, heard_, context);
  other->submit(command_, other_heard, 9);
  port->flush();
  other->flush();
  auto letters = take();
  ASSERT_EQ(letters.size(), 4U);
  const std::vector<Letter> last(letters.begin() + 2, letters.end());
  letters.resize(2);
  answer(letters);
  answer(last);
  EXPECT_EQ(woken, 1);  // the second batch finds the first one waiting
  EXPECT_EQ(other_woken, 1);
  EXPECT_TRUE(heard_.contexts.empty());
  port->flush();
  EXPECT_EQ(heard_.contexts, (std::vector<std::uint64_t>{1, 2, 3}));
  EXPECT_TRUE(other_heard.contexts.empty());
  other->flush();
  EXPECT_EQ(other_heard.contexts, std::vector<std::uint64_t>{9});
}

TEST_F(Mail, APortHasSoManyOutstandingAndNoMore) {
  const auto port = mailroom_.connect([] {});
  for (const std::uint64_t context : {1, 2, 3, 4}) {
    EXPECT_TRUE(port->submit(command_, heard_, context));
  }
  EXPECT_FALSE(port->submit(command_, heard_, 5));
  const auto other = mailroom_.connect([] {});
  EXPECT_TRUE(other->submit(command_, heard_, 6));
  port->flush();
  const auto letters = take();
  EXPECT_FALSE(port->submit(command_, heard_, 5));  // it is the reply that makes room
  answer(letters);
  port->flush();
  EXPECT_TRUE(port->submit(command_, heard_, 5));
}

TEST_F(Mail, WhatAReplyLeadsToIsHandedOverInTheSameTurn) {
  class Asking final : public ReplySink {
   public:
    StorePort* port = nullptr;
    void on_reply(std::uint64_t context, Reply&&) override {
      if (context < 3) port->submit(ReadSale{sale::Slug("s")}, *this, context + 1);
    }
  } asking;
  const auto port = mailroom_.connect([] {});
  asking.port = port.get();
  port->submit(command_, asking, 1);
  port->flush();
  for (const std::uint64_t context : {1, 2, 3}) {
    const auto letters = take();
    ASSERT_EQ(letters.size(), 1U);
    EXPECT_EQ(letters[0].ticket.context, context);
    answer(letters);
    port->flush();
  }
  EXPECT_TRUE(take().empty());
}

TEST_F(Mail, RepliesToAPortThatIsGoneAreDropped) {
  bool woken = false;
  auto port = mailroom_.connect([&] { woken = true; });
  port->submit(command_, heard_, 1);
  port->flush();
  const auto letters = take();
  port.reset();
  answer(letters);
  EXPECT_FALSE(woken);
  EXPECT_TRUE(heard_.contexts.empty());
}

TEST_F(Mail, WhatIsAnsweredAsideOvertakesNothingAndLeavesInTheFlush) {
  bool knows = false;
  int asked = 0;
  Mailroom mailroom(
      2, [] {},
      [&](const Command&) -> std::optional<Reply> {
        ++asked;
        if (!knows) return std::nullopt;
        return NoSuchSale{};
      });
  const auto port = mailroom.connect([] {});
  EXPECT_TRUE(port->submit(command_, heard_, 1));  // not known aside
  knows = true;
  EXPECT_TRUE(port->submit(command_, heard_, 2));  // behind the first
  EXPECT_EQ(asked, 1);
  port->flush();
  EXPECT_TRUE(heard_.contexts.empty());
  std::vector<Letter> letters;
  mailroom.take(letters);
  ASSERT_EQ(letters.size(), 2U);
  std::vector<Released> replies;
  for (const Letter& letter : letters) replies.push_back({letter.ticket, NoSuchSale{}});
  mailroom.deliver(replies);
  port->flush();
  for (const std::uint64_t context : {3, 4, 5}) {  // more than may be outstanding
    EXPECT_TRUE(port->submit(command_, heard_, context));
  }
  EXPECT_EQ(heard_.contexts, (std::vector<std::uint64_t>{1, 2}));
  port->flush();
  EXPECT_EQ(heard_.contexts, (std::vector<std::uint64_t>{1, 2, 3, 4, 5}));
  letters.clear();
  mailroom.take(letters);
  EXPECT_TRUE(letters.empty());
}

// For the thread sanitizer, too: an engine and three ports, each on its own thread.
TEST_F(Mail, EveryCommandIsAnsweredOnceWhoeverRunsWhen) {
  constexpr std::uint64_t kEach = 2'000;
  std::mutex mutex;
  std::condition_variable changed;
  bool has_news = false;
  std::atomic<bool> is_over = false;
  Mailroom mailroom(64, [&] {
    {
      const std::lock_guard lock(mutex);
      has_news = true;
    }
    changed.notify_one();
  });
  std::thread engine([&] {
    std::vector<Letter> letters;
    std::vector<Released> replies;
    while (!is_over) {
      {
        std::unique_lock lock(mutex);
        changed.wait(lock, [&] { return has_news || is_over; });
        has_news = false;
      }
      mailroom.take(letters);
      for (const Letter& letter : letters) replies.push_back({letter.ticket, NoSuchSale{}});
      letters.clear();
      mailroom.deliver(replies);
    }
  });
  const auto crowd = [&] {
    std::mutex woken_mutex;
    std::condition_variable woken_changed;
    bool woken = false;
    Heard heard;
    const auto port = mailroom.connect([&] {
      const std::lock_guard lock(woken_mutex);
      woken = true;
      woken_changed.notify_one();
    });
    std::uint64_t sent = 0;
    while (heard.contexts.size() < kEach) {
      while (sent < kEach && port->submit(ReadSale{sale::Slug("s")}, heard, sent)) ++sent;
      port->flush();
      std::unique_lock lock(woken_mutex);
      if (heard.contexts.size() < sent) woken_changed.wait(lock, [&] { return woken; });
      woken = false;
    }
    for (std::uint64_t i = 0; i < kEach; ++i) ASSERT_EQ(heard.contexts[i], i);
  };
  std::vector<std::thread> crowds;
  for (int i = 0; i < 3; ++i) crowds.emplace_back(crowd);
  for (std::thread& each : crowds) each.join();
  {
    const std::lock_guard lock(mutex);
    is_over = true;
  }
  changed.notify_one();
  engine.join();
}

}  // namespace
}  // namespace doorbuster::store
