// Puts what happened to the sales into the index of the feed (docs/redis.md): those that this
// gateway learned something of at once, and all others by and by, since a gateway may have ended
// before it came to it. Any number of gateways may do so at a time, and keep nothing that they
// could not lose: where a sale is in the index stands in Redis, and is compared there.
//
// Only what is safe at the level of the caller goes into the index.
//
// Thread: the io_context's, for everything. Owns: what is to be relayed, and is not yet.
// Invariants: of a sale one call is under way at a time; of all of them a bounded number.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "store/redis/feed_index.h"
#include "store/redis/function_calls.h"
#include "store/redis/safe_caller.h"
#include "store/redis/trimmer.h"

namespace doorbuster::redis {

struct RelayOptions {
  // A reader who has not come further than the oldest is told so.
  KeptFeed kept{};
  // What changes within this time goes together, unless somebody waits for it.
  std::chrono::milliseconds gather{5};
  // Between two looks at pages of all sales, but for the first time.
  std::chrono::milliseconds page_pause{1'000};
  // Until what failed is tried again.
  std::chrono::milliseconds retry{300};
  std::uint32_t seed = 1;  // so that gateways do not look in step
};

class Relay {
 public:
  // Begins with all sales in the loop's next turn. The caller outlives the relay, and is closed
  // before that ends.
  Relay(boost::asio::io_context& io, SafeCaller& caller, const RelayOptions& options);
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  // Called with the position of the newest event when this relay has put something there.
  void on_appended(std::function<void(std::uint64_t)> appended) { appended_ = std::move(appended); }

  // Something has happened to the sale.
  void changed(std::string_view slug);
  // Calls `done` once all that was told to changed() before is in the index, or has failed to get
  // there; from within if nothing is missing.
  void catch_up(std::function<void()> done);

  // Takes the history of a sale that was rewound as it is: what is in it since it left the one that
  // the index tells of comes next in the index, and so on. With one that was not nothing happens.
  void accept_rewind(std::string_view slug);

  // Sales of which the index has what their history, when it was last looked at, did not hold any
  // more, and that was not accepted: nothing of theirs gets into the index until it is.
  const std::set<std::string, std::less<>>& rewound() const { return rewound_; }
  // What keeps something out of the index, this too.
  std::optional<Error> flaw() const;

 private:
  // Counts the changes that it was told.
  using Tick = std::uint64_t;
  // A sale that is to be relayed.
  struct Run {
    Tick tick = 0;   // of the change; 0: it is only looked whether there was one
    Tick again = 0;  // of one that came when this was under way already
    bool under_way = false;
    bool of_page = false;  // the look at a page ends with it
    // Where the sale is in the index, as was last heard; and whether that was in this run.
    std::optional<ChainPoint> from{};
    bool is_fresh = false;
    std::optional<ChainPoint> fork{};  // where a rewound history begins to be another one
  };
  using Runs = std::map<std::string, Run, std::less<>>;

  void start_soon();
  void start();
  void run(const std::string& slug, Run& run);
  void find_place(const std::string& slug);
  void look(const std::string& slug);
  void take_rewound(const std::string& slug, const Run& run);
  void append(const std::string& slug, const ChainPoint& to);
  void take_appended(const std::string& slug, const ChainPoint& to, const Result<Reply>& reply);
  void end(const std::string& slug, const Status& how);
  void close_tick(Tick tick);
  void release_waiters();

  void read_page();
  void take_page(const Reply& slugs);
  void take_places(const std::vector<std::string>& slugs, const Reply& places);
  void trim(const std::vector<std::string>& slugs, const std::vector<ChainPoint>& places);
  void end_page(std::size_t slugs);
  void fail_page(const Error& error);
  void retry_later();
  void after(boost::asio::steady_timer& timer, std::chrono::milliseconds pause,
             std::function<void()> what);
  std::chrono::milliseconds jittered(std::chrono::milliseconds pause);

  SafeCaller& caller_;
  const RelayOptions options_;
  std::function<void(std::uint64_t)> appended_;
  std::minstd_rand random_;

  Runs runs_;
  std::deque<std::string> queue_;  // of those that are not under way
  std::size_t under_way_ = 0;
  std::map<std::string, ChainPoint, std::less<>> places_;  // of sales that were changed
  std::map<std::string, Error, std::less<>> failed_;
  std::set<std::string, std::less<>> rewound_;
  std::set<std::string, std::less<>> accepted_;  // of them, or of those that may be

  Tick last_tick_ = 0;
  std::set<Tick> open_ticks_;  // of changes that are not in the index
  struct Waiter {
    Tick tick;
    std::function<void()> done;
  };
  std::deque<Waiter> waiters_;

  std::size_t page_at_ = 0;  // the ordinal of its first sale
  std::size_t page_size_ = 0;
  std::size_t page_left_ = 0;  // of its sales
  bool is_first_pass_ = true;
  std::optional<Error> page_flaw_;
  Trimmer trimmer_;

  boost::asio::steady_timer gather_timer_;
  boost::asio::steady_timer page_timer_;
  boost::asio::steady_timer retry_timer_;
  bool starting_ = false;
  bool gathers_ = false;
  bool retries_ = false;
  // The loop may hold expired timers' handlers when this ends.
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace doorbuster::redis
