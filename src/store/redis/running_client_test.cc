#include "store/redis/running_client_test.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace doorbuster::redis {

using std::chrono::milliseconds;

RunningClient::RunningClient(ClientOptions options) {
  auto opened = RedisClient::open(io, std::move(options),
                                  [this](const Node& node, bool is_up, const std::string& why) {
                                    told.push_back(is_up ? node.text() + " up" : why);
                                  });
  EXPECT_TRUE(opened.ok()) << opened.error().message;
  client = std::move(*opened);
}

// What the destruction of the client leaves behind in the loop must do nothing.
RunningClient::~RunningClient() {
  client.reset();
  io.restart();
  io.poll();
}

std::vector<CallAnswer> RunningClient::ask_group(const std::vector<Call>& calls,
                                                 const Barrier& barrier, milliseconds patience) {
  // Shared: after a failure the answer comes when nobody waits for it any more.
  auto got = std::make_shared<std::vector<CallAnswer>>();
  const auto taken =
      client->submit(calls, barrier, patience,
                     [got](std::vector<CallAnswer> answers) { *got = std::move(answers); });
  EXPECT_TRUE(taken.ok());
  EXPECT_TRUE(got->empty()) << "answered from within submit()";
  if (!taken.ok() || !run_until([&] { return !got->empty(); })) {
    return std::vector<CallAnswer>(calls.size(), {{Fate::unknown, {}, "no answer at all"}, {}, {}});
  }
  return *got;
}

CallAnswer RunningClient::ask(const Arguments& arguments, const Barrier& barrier,
                              milliseconds patience) {
  return ask_group({{arguments[1], arguments}}, barrier, patience)[0];
}

CommandStream::CommandStream(RunningClient& running, std::vector<std::string> tags, Barrier barrier)
    : running_(running), tags_(std::move(tags)), barrier_(barrier) {}

void CommandStream::start() {
  stopped_ = false;
  while (groups_under_way_ < kUnderWay) send_group();
}

void CommandStream::send_group() {
  std::vector<Call> calls;
  std::vector<Sent*> group;
  for (int n = 0; n < 2; ++n) {
    Sent& sent = *sent_.emplace_back(std::make_unique<Sent>());
    sent.tag = tags_[groups_ % tags_.size()];
    sent.key = "{" + sent.tag + "}" + std::to_string(sent_.size());
    group.push_back(&sent);
    calls.push_back({sent.key, {"INCR", sent.key}});
  }
  const auto patience = ++groups_ % 2 == 0 ? RunningClient::kLong : milliseconds(50);
  ++groups_under_way_;
  const auto taken = running_.client->submit(
      calls, barrier_, patience, [this, group](std::vector<CallAnswer> answers) {
        ASSERT_EQ(answers.size(), group.size());
        --groups_under_way_;
        for (std::size_t n = 0; n < group.size(); ++n) {
          ++group[n]->answers;
          carried_out_ += answers[n].answer.fate == Fate::answered ? 1 : 0;
          group[n]->answer = std::move(answers[n]);
        }
        if (!stopped_) send_group();
      });
  ASSERT_TRUE(taken.ok()) << taken.error().message;
}

void CommandStream::stop() {
  stopped_ = true;
  running_.run_until([this] { return groups_under_way_ == 0; });
}

void CommandStream::await(std::size_t more) {
  const std::size_t wanted = carried_out_ + more;
  running_.run_until([this, wanted] { return carried_out_ >= wanted; });
}

std::size_t CommandStream::count(Fate fate) const {
  return static_cast<std::size_t>(std::count_if(sent_.begin(), sent_.end(), [&](const auto& sent) {
    return sent->answers > 0 && sent->answer.answer.fate == fate;
  }));
}

void CommandStream::check(
    const std::function<bool(const std::string& tag, const CallAnswer& answer)>& may_be_lost) {
  for (std::size_t first = 0; first < sent_.size(); first += 500) {
    std::vector<Call> calls;
    const std::size_t end = std::min(first + 500, sent_.size());
    for (std::size_t n = first; n < end; ++n) {
      calls.push_back({sent_[n]->key, {"GET", sent_[n]->key}, true});
    }
    const auto found = running_.ask_group(calls);
    for (std::size_t n = first; n < end; ++n) {
      const Sent& sent = *sent_[n];
      ASSERT_EQ(sent.answers, 1) << sent.key;
      const Answer& now = found[n - first].answer;
      ASSERT_EQ(now.fate, Fate::answered) << now.reason;
      ASSERT_TRUE(now.reply.is_nil() || now.reply.text == "1") << sent.key << now.reply.text;
      const bool is_there = !now.reply.is_nil();
      switch (sent.answer.answer.fate) {
        case Fate::answered:
          ASSERT_TRUE(sent.answer.answer.reply.is_integer()) << sent.answer.answer.reply.text;
          ASSERT_EQ(sent.answer.answer.reply.integer, 1) << sent.key;
          ASSERT_TRUE(is_there || (may_be_lost && may_be_lost(sent.tag, sent.answer))) << sent.key;
          break;
        case Fate::not_sent:
          ASSERT_FALSE(is_there) << sent.key << ": " << sent.answer.answer.reason;
          ASSERT_NE(sent.answer.answer.reason, "");
          break;
        case Fate::unknown:
          ASSERT_NE(sent.answer.answer.reason, "");
          break;
      }
    }
  }
}

}  // namespace doorbuster::redis
