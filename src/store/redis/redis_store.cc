#include "store/redis/redis_store.h"

#include <pthread.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <future>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "base/hexadecimal.h"
#include "store/mailroom.h"
#include "store/redis/gateway.h"
#include "store/redis/identity.h"
#include "store/redis/key_slot.h"
#include "store/redis/preparation.h"
#include "store/redis/redis_feed.h"
#include "store/redis/relay.h"

namespace doorbuster::redis {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// For each step of a look: to get a connection to a node, and its answer has longer.
constexpr milliseconds kLookPatience{1'000};
constexpr milliseconds kLookAgain{200};  // after one that found something wrong

// What keeps the servers from the level that is asked for, in a sentence.
std::string shortfall(const Durability& durability, DurabilityLevel asked) {
  std::string text = "the level " + std::string(name_of(asked)) + " is asked for, and " +
                     std::string(name_of(durability.level)) + " is what there is";
  const char* before = ": ";
  for (const std::string& step : durability.next_steps()) {
    text += std::exchange(before, "; ") + step;
  }
  return text;
}

std::string sentence_of(const std::vector<store::Rewind>& rewinds) {
  if (rewinds.empty()) return "ok";
  std::string text;
  for (const store::Rewind& rewind : rewinds) {
    text += (text.empty() ? "rewound, and not sold from: " : ", ") + rewind.sale;
    if (rewind.gone.empty()) continue;
    text += " (acknowledged claims that are gone: " + std::to_string(rewind.gone.size()) + ")";
  }
  return text;
}

// What the store tells other threads about itself.
class Condition {
 public:
  void note(store::StoreCondition now, std::vector<store::Rewind> rewinds) {
    const std::lock_guard lock(mutex_);
    now_ = std::move(now);
    rewinds_ = std::move(rewinds);
  }
  std::vector<store::Rewind> rewinds() const {
    const std::lock_guard lock(mutex_);
    return rewinds_;
  }
  store::StoreCondition read() const {
    const std::lock_guard lock(mutex_);
    return now_;
  }

 private:
  mutable std::mutex mutex_;
  store::StoreCondition now_;
  std::vector<store::Rewind> rewinds_;
};

class RedisStore final : public store::ClaimStore {
 public:
  explicit RedisStore(RedisStoreOptions options)
      : options_(std::move(options)),
        mailroom_(options_.max_waiting, [this] { wake(); }),
        work_(boost::asio::make_work_guard(io_)),
        look_timer_(io_) {}

  ~RedisStore() override {
    if (thread_.joinable()) {
      boost::asio::post(io_, [this] { io_.stop(); });
      thread_.join();
    }
    closing_ = true;
    if (caller_) caller_->close();
  }

  Status open();

  std::unique_ptr<store::StorePort> connect(std::function<void()> wake_port) override {
    return mailroom_.connect(std::move(wake_port));
  }
  store::EventFeed& events() override { return *feed_; }
  store::StoreCondition condition() const override { return condition_.read(); }
  Result<std::string> accept_clock() override {
    return std::string("nothing to accept: the time is that of the Redis servers");
  }
  std::vector<store::Rewind> rewinds() const override { return condition_.rewinds(); }
  Result<std::string> accept_rewind(std::string_view sale) override;

 private:
  // Thread: a port's.
  void wake() {
    if (woken_.exchange(true)) return;
    boost::asio::post(io_, [this] { take_letters(); });
  }

  // Thread: the loop's, all below.
  void take_letters();
  void deliver_soon();
  void deliver();

  void look();
  void look_after(milliseconds pause);
  void take_look(Result<Preparation> found);
  void take_identity(const Result<Identity>& found);
  void start_gateway();
  void end_look();
  void on_node(const Node& node, bool is_up, const std::string& reason);
  Result<std::uint32_t> replicas_for(std::string_view tag) const;
  bool falls_short() const;
  static bool is_final(const std::optional<Error>& flaw);
  Error start_error() const;
  void note_condition();
  // Sales, and claims of theirs that are gone.
  std::size_t count_rewound() const;
  std::string servers_line() const;

  const RedisStoreOptions options_;
  std::atomic<bool> woken_ = false;
  bool closing_ = false;
  store::Mailroom mailroom_;
  Condition condition_;
  boost::asio::io_context io_{1};
  // It does not end while nothing is to be done.
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  boost::asio::steady_timer look_timer_;
  std::unique_ptr<SafeCaller> caller_;
  std::unique_ptr<Gateway> gateway_;  // from when it is known what there is
  std::unique_ptr<Relay> relay_;      // with it
  std::unique_ptr<RedisFeed> feed_;
  std::optional<Durability> durability_;  // as it was found last
  Identity identity_;
  std::uint32_t seed_ = 1;     // of waits that are not to be those of other gateways
  std::optional<Error> flaw_;  // of the last look
  std::string refused_;        // why a server does not take this gateway
  bool foreign_ = false;       // other servers answer than those it was started with
  bool looking_ = false;
  bool looks_again_ = false;  // something happened while it was looking
  std::size_t rewound_ = 0;   // as they were counted when they were told last
  std::vector<store::Letter> letters_;
  std::size_t waiting_ = 0;  // commands without a reply
  std::vector<store::Released> leaving_;
  bool delivers_soon_ = false;
  std::thread thread_;
};

Status RedisStore::open() {
  std::array<std::uint64_t, 5> random{};
  options_.random({reinterpret_cast<std::uint8_t*>(random.data()), sizeof random});
  identity_ = {hexadecimal(random[0]) + hexadecimal(random[1]), {random[2], random[3]}};
  seed_ = static_cast<std::uint32_t>(random[4]);

  auto client = RedisClient::open(io_, options_.client,
                                  [this](const Node& node, bool is_up, const std::string& reason) {
                                    on_node(node, is_up, reason);
                                  });
  if (!client) return client.error();
  caller_ = std::make_unique<SafeCaller>(
      std::move(*client),
      CallerOptions{options_.patience, [this](std::string_view tag) { return replicas_for(tag); },
                    options_.replica_time, [this] { look_after(milliseconds(0)); }});
  const auto begin = steady_clock::now();
  const auto end = begin + options_.start_time;
  const auto may_go_on = [&] {
    const auto now = steady_clock::now();
    if (gateway_ || !refused_.empty() || now >= end) return false;
    return !is_final(flaw_) || (falls_short() && now < begin + options_.settle_time);
  };
  while (may_go_on()) io_.run_one_until(end);
  if (!gateway_) return start_error();
  thread_ = std::thread([this] { io_.run(); });
  ::pthread_setname_np(thread_.native_handle(), "db-redis");
  return ok_status();
}

// Waiting will not mend it.
bool RedisStore::is_final(const std::optional<Error>& flaw) {
  return flaw &&
         (flaw->code == ErrorCode::unsupported || flaw->code == ErrorCode::invalid_argument ||
          flaw->code == ErrorCode::data_damaged);
}

Error RedisStore::start_error() const {
  const std::string where = options_.client.connection.address.text();
  if (!refused_.empty()) return {ErrorCode::invalid_argument, refused_};
  if (flaw_) return {flaw_->code, where + ": " + flaw_->message};
  return {ErrorCode::io_failed, where + ": " + servers_line()};
}

void RedisStore::take_letters() {
  woken_ = false;
  mailroom_.take(letters_);
  for (const store::Letter& letter : letters_) {
    if (foreign_) {
      leaving_.push_back({letter.ticket, *flaw_});
    } else {
      gateway_->submit(letter.ticket, letter.command);
    }
  }
  waiting_ += letters_.size();
  letters_.clear();
  gateway_->end_turn();
  deliver();
}

// Once for all that is answered in a turn of the loop.
void RedisStore::deliver_soon() {
  if (std::exchange(delivers_soon_, true)) return;
  boost::asio::post(io_, [this] {
    delivers_soon_ = false;
    deliver();
  });
}

void RedisStore::deliver() {
  gateway_->take_released(leaving_);
  waiting_ -= leaving_.size();
  if (options_.probe != nullptr) options_.probe->waiting_commands.set(waiting_);
  mailroom_.deliver(leaving_);
  if (rewound_ != count_rewound()) note_condition();
}

// A server that comes back may have been set up anew, and may have lost the functions.
void RedisStore::on_node(const Node&, bool is_up, const std::string& reason) {
  if (closing_) return;
  if (!is_up && is_refusal(reason)) refused_ = reason;
  if (is_up) look_after(milliseconds(0));
  note_condition();
}

void RedisStore::look_after(milliseconds pause) {
  if (looking_) {
    looks_again_ = true;
    return;
  }
  look_timer_.expires_after(pause);
  look_timer_.async_wait([this](boost::system::error_code error) {
    if (!error) look();
  });
}

void RedisStore::look() {
  if (std::exchange(looking_, true)) return;
  const Status begun = prepare(caller_->client(), options_.client.routing.deployment, kLookPatience,
                               [this](Result<Preparation> found) {
                                 if (!closing_) take_look(std::move(found));
                               });
  if (!begun.ok()) take_look(begun.error());
}

void RedisStore::take_look(Result<Preparation> found) {
  if (!found) {
    flaw_ = found.error();
    return end_look();
  }
  durability_ = std::move(found->durability);
  if (found->flaw) {
    flaw_ = found->flaw;
    return end_look();
  }
  if (falls_short()) {
    flaw_ = Error{ErrorCode::unsupported, shortfall(*durability_, options_.durability)};
    return end_look();
  }
  agree_on_identity(*caller_, identity_,
                    [this](const Result<Identity>& identity) { take_identity(identity); });
}

void RedisStore::take_identity(const Result<Identity>& found) {
  if (!found) {
    flaw_ = found.error();
    return end_look();
  }
  if (gateway_ && found->incarnation != identity_.incarnation) {
    foreign_ = true;
    flaw_ = Error{ErrorCode::data_damaged,
                  "these servers hold other sales than those that this gateway was started with"};
    return end_look();
  }
  foreign_ = false;
  flaw_.reset();
  if (!gateway_) {
    identity_ = *found;
    start_gateway();
  }
  end_look();
}

void RedisStore::start_gateway() {
  const HashKey& key = identity_.claim_id_key;
  relay_ =
      std::make_unique<Relay>(io_, *caller_, RelayOptions{.kept = options_.kept, .seed = seed_});
  feed_ = std::make_unique<RedisFeed>(
      io_, *caller_, *relay_,
      FeedOptions{.incarnation = identity_.incarnation,
                  .claim_id_key = key,
                  .may_read = [this] { return foreign_ ? Status(*flaw_) : ok_status(); },
                  .seed = seed_});
  gateway_ = std::make_unique<Gateway>(
      *caller_,
      GatewayOptions{.claim_id_key = key,
                     .batches = {},
                     .probe = options_.probe,
                     .on_change = [this](std::string_view slug) { relay_->changed(slug); }},
      [this] { deliver_soon(); });
}

void RedisStore::end_look() {
  looking_ = false;
  note_condition();
  const bool at_once = std::exchange(looks_again_, false);
  look_after(at_once ? milliseconds(0) : flaw_ ? kLookAgain : options_.look_time);
}

// A shard that falls short tells nothing; the others go on.
Result<std::uint32_t> RedisStore::replicas_for(std::string_view tag) const {
  if (!durability_) return Error{ErrorCode::storage_unavailable, "not known how durable it is"};
  const ShardDurability* shard = durability_->find(key_slot(tag));
  if (shard == nullptr || shard->level < options_.durability) {
    return Error{ErrorCode::storage_unavailable, shortfall(*durability_, options_.durability)};
  }
  return options_.durability >= DurabilityLevel::d2 ? shard->wait_replicas : 0U;
}

// A node that is down and not needed is no matter here: that a replica is away, the line about
// durability tells.
std::string RedisStore::servers_line() const {
  if (caller_->client().is_ready()) return "ok";
  std::string text;
  for (const NodeCondition& node : caller_->client().condition()) {
    if (node.is_up) continue;
    text += text.empty() ? "" : "; ";
    text += node.reason.empty() ? node.node.text() + ": no connection yet" : node.reason;
  }
  return text.empty() ? "nobody serves some of the slots" : text;
}

bool RedisStore::falls_short() const {
  return durability_ && durability_->level < options_.durability;
}

void RedisStore::note_condition() {
  store::StoreCondition now;
  now.ready = gateway_ && caller_->client().is_ready() && !falls_short() && !is_final(flaw_);
  now.durability = durability_ ? std::string(name_of(durability_->level)) : "unknown";
  now.lines.emplace_back("redis", servers_line());
  now.lines.emplace_back("durability",
                         falls_short() ? shortfall(*durability_, options_.durability) : "ok");
  now.lines.emplace_back("setup", !flaw_ || falls_short() ? "ok" : flaw_->message);
  const std::optional<Error> feed_flaw = relay_ ? relay_->flaw() : std::nullopt;
  now.lines.emplace_back("feed", feed_flaw ? feed_flaw->message : "ok");
  std::vector<store::Rewind> rewinds;
  if (gateway_) {
    for (const auto& [slug, gone] : gateway_->rewound()) rewinds.push_back({slug, gone});
  }
  rewound_ = count_rewound();
  now.lines.emplace_back("history", sentence_of(rewinds));
  if (relay_) {
    for (const std::string& slug : relay_->rewound()) {
      if (!gateway_ || !gateway_->rewound().contains(slug)) rewinds.push_back({slug, {}});
    }
  }
  if (options_.probe != nullptr) options_.probe->rewound_sales.set(rewinds.size());
  condition_.note(std::move(now), std::move(rewinds));
}

std::size_t RedisStore::count_rewound() const {
  std::size_t count = 0;
  if (!gateway_) return count;
  for (const auto& [slug, gone] : gateway_->rewound()) count += 1 + gone.size();
  return count + relay_->rewound().size();
}

Result<std::string> RedisStore::accept_rewind(std::string_view sale) {
  std::promise<bool> accepted;
  boost::asio::post(io_, [&] {
    // A gateway that knew no better sold on; then it is the feed alone that missed something.
    const bool was_rewound = relay_->rewound().contains(sale);
    const bool was_frozen = gateway_->accept_rewind(sale);
    if (was_frozen || was_rewound) relay_->accept_rewind(sale);
    note_condition();
    accepted.set_value(was_frozen || was_rewound);
  });
  if (accepted.get_future().get()) {
    return "the history of " + std::string(sale) +
           " is taken as it now is, and this gateway sells from it";
  }
  return ClaimStore::accept_rewind(sale);
}

}  // namespace

Result<std::unique_ptr<store::ClaimStore>> open_redis_store(RedisStoreOptions options) {
  auto store = std::make_unique<RedisStore>(std::move(options));
  if (const Status opened = store->open(); !opened.ok()) return opened.error();
  return std::unique_ptr<store::ClaimStore>(std::move(store));
}

}  // namespace doorbuster::redis
