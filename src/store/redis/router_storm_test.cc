// The router against a world in which everything happens at any time, from a seed: links come and
// go, slots move, servers refuse, and nothing is told of what was carried out on a lost link.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "store/redis/router.h"

namespace doorbuster::redis {
namespace {

using std::chrono::milliseconds;

constexpr int kStormNodes = 4;  // the last has no slots at first

// A call as it was submitted, and what became of it.
struct StormCall {
  bool repeatable = false;
  bool wants_wait = false;
  int carried_out = 0;
  bool covered = false;  // a WAIT was carried out behind it on the same connection
  int delivered = 0;
};

class Storm {
 public:
  explicit Storm(std::uint32_t seed) : random_(seed) {
    RouterOptions options;
    options.deployment = Deployment::cluster;
    options.seeds = {node(0), node(1)};
    options.links_per_node = 1 + seed % 2;
    options.seed = seed;
    options.calls = 40;
    router_ = std::make_unique<Router>(std::move(options));
    for (std::size_t slot = 0; slot < owner_.size(); ++slot)
      owner_[slot] = static_cast<int>(slot % 3);
  }

  void rage(int steps) {
    for (int step = 0; step < steps; ++step) {
      one_step();
      // Several things may happen in one turn of a loop.
      if (chance(3) != 0) settle();
    }
  }
  // Everything works from now on, and time goes by.
  void calm() {
    calm_ = true;
    for (int step = 0; step < 20'000 && router_->unanswered() > 0; ++step) {
      bring_up_all();
      while (carry_out_one()) settle();
      now_ += milliseconds(5);
      settle();
    }
    EXPECT_EQ(router_->unanswered(), 0U);
  }
  void end() {
    router_->stop("the end");
    for (auto& [id, link] : links_) lose(link);
    drain();
  }
  void check() const {
    for (const StormCall& call : calls_) EXPECT_EQ(call.delivered, 1);
  }
  std::size_t answered() const { return answered_; }
  std::size_t acknowledged() const { return acknowledged_; }

 private:
  struct Queued {
    Ticket ticket;
    std::vector<std::string> words;
    bool asking;
  };
  struct WorldLink {
    LinkId id = 0;
    int node = 0;
    bool up = false;
    std::deque<Queued> queue;              // not yet carried out
    std::vector<std::size_t> carried_out;  // on this connection
  };

  static Node node(int n) { return {"n" + std::to_string(n), 1}; }
  int chance(int of) { return static_cast<int>(random_() % static_cast<unsigned>(of)); }

  void one_step() {
    switch (chance(12)) {
      case 0:
      case 1:
      case 2:
        return submit();
      case 3:
        return bring_up_all();
      case 4:
        if (chance(4) == 0) lose_one();
        return;
      case 5:
        owner_[static_cast<std::size_t>(chance(kTags))] = chance(kStormNodes);
        return;
      case 6:
        now_ += milliseconds(chance(60));
        return;
      default:
        carry_out_one();
        return;
    }
  }

  void submit() {
    std::vector<Call> group;
    std::vector<std::size_t> numbers;
    std::vector<std::string> keys;
    std::vector<std::string> texts;
    const auto size = static_cast<std::size_t>(1 + chance(4));
    const bool wants_wait = chance(2) == 0;
    for (std::size_t n = 0; n < size; ++n) {
      numbers.push_back(calls_.size() + n);
      keys.push_back(kTagNames[static_cast<std::size_t>(chance(kTags))]);
      texts.push_back(std::to_string(numbers.back()));
    }
    std::vector<bool> repeatable;
    for (std::size_t n = 0; n < size; ++n) {
      repeatable.push_back(chance(3) == 0);
      group.push_back({keys[n], {"DO", keys[n], texts[n]}, repeatable[n]});
    }
    const Barrier barrier{wants_wait ? 1U : 0U, milliseconds(20)};
    const auto taken = router_->submit(group, barrier, now_ + milliseconds(chance(400)),
                                       [this, numbers](const std::vector<CallAnswer>& answers) {
                                         ASSERT_EQ(answers.size(), numbers.size());
                                         for (std::size_t n = 0; n < numbers.size(); ++n) {
                                           take(calls_[numbers[n]], answers[n]);
                                         }
                                       });
    if (!taken.ok()) return;
    for (std::size_t n = 0; n < size; ++n) {
      calls_.push_back({repeatable[n], wants_wait, 0, false, 0});
    }
  }

  void take(StormCall& call, const CallAnswer& whole) {
    ++call.delivered;
    switch (whole.answer.fate) {
      case Fate::answered:
        ++answered_;
        EXPECT_GE(call.carried_out, 1);
        break;
      case Fate::not_sent:
        EXPECT_EQ(call.carried_out, 0) << whole.answer.reason;
        break;
      case Fate::unknown:
        break;
    }
    EXPECT_TRUE(call.repeatable || call.carried_out <= 1);
    if (whole.acknowledged) {
      ++acknowledged_;
      EXPECT_TRUE(call.wants_wait && call.covered && whole.answer.fate == Fate::answered);
    } else if (whole.answer.fate == Fate::answered) {
      EXPECT_EQ(whole.unacknowledged.empty(), !call.wants_wait);
    }
  }

  void bring_up_all() {
    for (auto& [id, link] : links_) {
      if (link.up || (!calm_ && chance(2) == 0)) continue;
      link.up = true;
      router_->link_up(id);
    }
  }
  // As a connection does it: first the answers, then that it is down. What it had sent may have
  // been carried out.
  void lose(WorldLink& link) {
    if (!link.up && chance(2) == 0) return;
    while (!link.queue.empty()) {
      const Queued command = std::move(link.queue.front());
      link.queue.pop_front();
      if (chance(3) == 0) {
        router_->answered(command.ticket, {Fate::not_sent, {}, "lost"}, now_);
        continue;
      }
      if (chance(2) == 0 && command.words[0] == "DO") ++call_of(command).carried_out;
      router_->answered(command.ticket, {Fate::unknown, {}, "lost"}, now_);
    }
    link.up = false;
    link.carried_out.clear();
    router_->link_down(link.id, "lost");
  }
  void lose_one() {
    if (links_.empty()) return;
    auto found = links_.begin();
    std::advance(found, chance(static_cast<int>(links_.size())));
    lose(found->second);
  }

  StormCall& call_of(const Queued& command) {
    return calls_[static_cast<std::size_t>(std::stoi(command.words[2]))];
  }
  // The first command of some link; false: nothing is under way.
  bool carry_out_one() {
    std::vector<WorldLink*> busy;
    for (auto& [id, link] : links_) {
      if (!link.queue.empty()) busy.push_back(&link);
    }
    if (busy.empty()) return false;
    WorldLink& link = *busy[static_cast<std::size_t>(chance(static_cast<int>(busy.size())))];
    const Queued command = std::move(link.queue.front());
    link.queue.pop_front();
    router_->answered(command.ticket, {Fate::answered, carry_out(link, command), {}}, now_);
    return true;
  }
  Reply carry_out(WorldLink& link, const Queued& command) {
    if (command.words[0] == "WAIT") {
      for (const std::size_t number : link.carried_out) calls_[number].covered = true;
      return number_reply(1);
    }
    if (command.words[0] == "CLUSTER") return map_reply();
    const auto tag = static_cast<std::size_t>(
        std::find(kTagNames.begin(), kTagNames.end(), command.words[1]) - kTagNames.begin());
    const std::string slot = std::to_string(key_slot(command.words[1]));
    const int other = chance(kStormNodes);
    if (!calm_ && chance(20) == 0)
      return error_reply(kRefusals[static_cast<std::size_t>(chance(6))]);
    if (!calm_ && chance(20) == 0) {
      return error_reply("ASK " + slot + " " + node(other).text());
    }
    if (link.node != owner_[tag] && !command.asking) {
      return error_reply("MOVED " + slot + " " + node(owner_[tag]).text());
    }
    ++call_of(command).carried_out;
    link.carried_out.push_back(static_cast<std::size_t>(std::stoi(command.words[2])));
    return number_reply(1);
  }
  static Reply number_reply(std::int64_t number) {
    Reply reply{Reply::Kind::integer};
    reply.integer = number;
    return reply;
  }
  static Reply error_reply(const std::string& text) {
    Reply reply{Reply::Kind::error};
    reply.text = text;
    return reply;
  }
  // Each slot of a tag by itself, the others with the first; so nodes leave the map.
  Reply map_reply() {
    if (!calm_ && chance(10) == 0) return error_reply("ERR not now");
    std::map<int, int> owners;
    for (std::size_t tag = 0; tag < kTagNames.size(); ++tag) {
      owners[key_slot(kTagNames[tag])] = owner_[tag];
    }
    Reply map{Reply::Kind::array};
    int next = 0;
    const auto add = [&](int first, int last, int owner) {
      if (first > last) return;
      Reply host{Reply::Kind::text};
      host.text = node(owner).host;
      Reply place{Reply::Kind::array};
      place.items = {host, number_reply(1)};
      Reply range{Reply::Kind::array};
      range.items = {number_reply(first), number_reply(last), place};
      map.items.push_back(std::move(range));
    };
    for (const auto& [slot, owner] : owners) {
      add(next, slot - 1, owner_[0]);
      add(slot, slot, owner);
      next = slot + 1;
    }
    add(next, kSlots - 1, owner_[0]);
    return map;
  }

  void settle() {
    router_->settle(now_);
    drain();
  }
  void drain() {
    while (auto action = router_->next_action()) {
      if (auto* const open = std::get_if<OpenLink>(&*action)) {
        links_[open->link].id = open->link;
        links_[open->link].node = std::stoi(open->node.host.substr(1));
      } else if (auto* const close = std::get_if<CloseLink>(&*action)) {
        EXPECT_TRUE(links_.at(close->link).queue.empty());
        links_.erase(close->link);
      } else if (auto* const send = std::get_if<SendCommand>(&*action)) {
        WorldLink& link = links_.at(send->link);
        EXPECT_TRUE(link.up);
        link.queue.push_back(
            {send->ticket, {send->arguments.begin(), send->arguments.end()}, send->asking});
      } else if (auto* const deliver = std::get_if<Deliver>(&*action)) {
        deliver->on_answers(std::move(deliver->answers));
      }
    }
  }

  static constexpr int kTags = 5;
  static constexpr std::array<const char*, kTags> kTagNames{"a", "b", "c", "d", "e"};
  static constexpr std::array<const char*, 6> kRefusals{
      "TRYAGAIN t", "CLUSTERDOWN c", "LOADING l", "MASTERDOWN m", "READONLY r", "MOVED 1 ?:1"};

  std::minstd_rand random_;
  std::unique_ptr<Router> router_;
  Moment now_{};
  bool calm_ = false;
  std::map<LinkId, WorldLink> links_;
  std::array<int, kTags> owner_{};
  std::vector<StormCall> calls_;
  std::size_t answered_ = 0;
  std::size_t acknowledged_ = 0;
};

TEST(RouterStorm, EveryCallIsAnsweredOnceAndTruly) {
  std::size_t answered = 0;
  std::size_t acknowledged = 0;
  for (std::uint32_t seed = 1; seed <= 150 && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Storm storm(seed);
    storm.rage(2'000);
    if (seed % 2 == 0) {
      storm.calm();
    } else {
      storm.end();
    }
    storm.check();
    answered += storm.answered();
    acknowledged += storm.acknowledged();
  }
  EXPECT_GT(answered, 10'000U);
  EXPECT_GT(acknowledged, 5'000U);
}

}  // namespace
}  // namespace doorbuster::redis
