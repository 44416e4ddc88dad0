// One reader's page of the feed, while it is read: which part of the index is needed next, of which
// sales' histories, and what came of it. It does no I/O: redis_feed.cc asks, and hands over the
// answers.
//
// Thread: one at a time. Owns: what was read, as long as it lives.
// Invariants: each event up to after() is told by this page or was before, or is not wanted, or is
// lost: its sale's history does not hold it.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "sale/claim_id.h"
#include "store/event_feed.h"
#include "store/redis/feed_index.h"

namespace doorbuster::redis {

// What is needed of the history of one sale.
struct HistoryWanted {
  std::string slug;
  ChainPoint known;          // up to where; the history has to hold it
  sale::Sequence behind;     // behind which
  std::uint32_t events = 0;  // how many of them
};

class FeedReading {
 public:
  enum class Step : std::uint8_t {
    read_index,      // index_command(), and take_index() its answer
    read_histories,  // histories(), take_history() each answer, and then end_histories()
    wait,            // the index has nothing more: later from read_index on, or take_reply()
    done,            // take_reply()
  };

  // Of `wanted` the sale and how many: where to begin, start_behind() says. `incarnation` and
  // `claim_ids` outlive the reading.
  FeedReading(const store::EventsWanted& wanted, std::string_view incarnation,
              const sale::ClaimIdCodec& claim_ids);

  // The reader has had all events up to this position; 0: he wants all that are kept.
  void start_behind(std::uint64_t position) { after_ = position; }
  std::uint64_t after() const { return after_; }

  // Views that are good until the next call.
  Arguments index_command();
  Step take_index(const Reply& reply);
  const std::vector<HistoryWanted>& histories() const { return histories_; }
  // The answer to the history_call() for that one of histories().
  void take_history(std::size_t number, const Result<Reply>& reply);
  Step end_histories();

  // With views that are good as long as the reading.
  store::EventsReply take_reply();

 private:
  struct Known {
    sale::Event event;
    std::size_t bytes = 0;  // about
  };
  // Of one sale, as far as this round needs it.
  struct History {
    bool is_lost = false;
    sale::Sequence trimmed;
    std::deque<Known> events;  // that are not told yet
  };

  bool is_wanted(const Stretch& stretch) const { return sale_.empty() || stretch.slug == sale_; }
  Step plan();
  bool add_to_plan(const Stretch& stretch, std::uint64_t& left);
  Step end(const store::EventsReply& reply);
  bool tell(const Stretch& stretch, History& history);
  bool pass_trimmed(const Stretch& stretch, History& history);
  void pass_front();
  void pass_unwanted();

  const std::string sale_;  // empty: all
  const std::size_t most_;
  const std::string_view incarnation_;
  const sale::ClaimIdCodec& claim_ids_;
  std::uint64_t after_ = 0;
  std::string from_;  // in the index command

  std::deque<Stretch> stretches_;  // of the index, that are not dealt with
  bool at_end_ = false;            // nothing was behind them
  std::size_t planned_ = 0;        // of them, in this round
  bool one_by_one_ = false;        // a sale was rewound: which stretches of it are lost?
  bool from_oldest_ = false;       // it began where the index does
  std::vector<HistoryWanted> histories_;
  std::vector<History> read_;  // as many
  std::map<std::string, std::size_t, std::less<>> number_of_;

  std::vector<store::FeedEvent> events_;
  std::size_t text_ = 0;  // bytes of them as JSON
  // What they have views into.
  std::deque<StreamEntry> entries_;
  std::set<std::string, std::less<>> slugs_;
  std::optional<store::EventsReply> reply_;  // instead of them
};

}  // namespace doorbuster::redis
