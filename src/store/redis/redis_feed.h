// The feed of all sales in Redis (docs/redis.md). A cursor is the position of an event in decimal
// digits; the events come from the streams of the sales, of which the index says in which order.
//
// Who reads misses nothing that this gateway told anybody before he asked, and finds soon what
// others told: who waits is woken by what this gateway's relay puts into the index, and it is
// looked for what others put there, once for all who wait.
//
// Thread: read() any, and `done` comes on the io_context's; all else the io_context's.
// Owns: what is asked and not yet answered.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "base/siphash.h"
#include "sale/claim_id.h"
#include "store/event_feed.h"
#include "store/redis/feed_reading.h"
#include "store/redis/relay.h"
#include "store/redis/safe_caller.h"

namespace doorbuster::redis {

struct FeedOptions {
  std::string incarnation;
  HashKey claim_id_key{};
  // Why nothing may be read now; null: it always may. Called on the io_context's thread.
  std::function<Status()> may_read{};
  std::uint32_t seed = 1;  // so that gateways do not look in step
};

class RedisFeed final : public store::EventFeed {
 public:
  // All three outlive the feed; the caller is closed before it ends.
  RedisFeed(boost::asio::io_context& io, SafeCaller& caller, Relay& relay, FeedOptions options);
  ~RedisFeed() override;
  RedisFeed(const RedisFeed&) = delete;
  RedisFeed& operator=(const RedisFeed&) = delete;

  bool read(const store::EventsWanted& wanted, Done done) override;
  std::string_view incarnation() const override { return options_.incarnation; }

 private:
  using SteadyClock = std::chrono::steady_clock;

  struct Reader {
    store::EventsWanted wanted;
    Done done;
    SteadyClock::time_point until;
    FeedReading reading;
    std::size_t awaited = 0;  // histories
  };
  using ReaderPtr = std::shared_ptr<Reader>;

  void begin(const ReaderPtr& reader);
  void begin_at_end(const ReaderPtr& reader);
  void find_sale(const ReaderPtr& reader);
  // Reads on, when it is his turn.
  void enqueue(const ReaderPtr& reader);
  void start();
  void read_index(const ReaderPtr& reader);
  void read_histories(const ReaderPtr& reader);
  void go_on(const ReaderPtr& reader, FeedReading::Step step);
  void leave(const ReaderPtr& reader);
  void answer(const ReaderPtr& reader, store::EventsReply reply);

  void wait(const ReaderPtr& reader);
  void wake(std::uint64_t end);
  void set_timer();
  void on_timer();
  void look();

  boost::asio::io_context& io_;
  SafeCaller& caller_;
  Relay& relay_;
  const FeedOptions options_;
  const sale::ClaimIdCodec claim_ids_;
  std::minstd_rand random_;
  std::atomic<std::size_t> under_way_ = 0;

  std::deque<ReaderPtr> ready_;
  std::size_t reading_ = 0;  // readers whose page is being read
  bool starting_ = false;
  std::vector<ReaderPtr> waiting_;  // for the next event
  boost::asio::steady_timer timer_;
  SteadyClock::time_point next_look_;
  bool looking_ = false;
  // What is on its way to the loop, or expired in it, when this ends.
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace doorbuster::redis
