// The durable events of a store, read in order, again as often as anybody likes and with the same
// result each time: what every engine offers to those who want to know what happened (R7, R10).
//
// A place in the feed is a cursor: text that only the engine reads. It names what it stands behind,
// so that who remembers the last one he has dealt with misses nothing and gets nothing twice.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/fixed_text.h"
#include "base/result.h"
#include "sale/claim_id.h"
#include "sale/event.h"

namespace doorbuster::store {

// Empty: before the oldest event that is kept.
using Cursor = FixedText<64>;
// The one that stands behind the newest event, whichever that is.
inline constexpr std::string_view kLatest = "latest";

struct EventsWanted {
  Cursor after;
  sale::Slug sale;                    // empty: those of all sales
  std::uint32_t most = 100;           // 1..1000
  std::chrono::milliseconds wait{0};  // for the first one, should there be none yet
};

struct FeedEvent {
  Cursor id;                     // unique within the incarnation
  std::string_view incarnation;  // of the data when it happened, in hex
  std::string_view slug;         // of its sale
  sale::ClaimId claim;           // of an event about a claim
  sale::Event event;
};

struct EventsRead {
  std::vector<FeedEvent> events;  // views are good during the call
  Cursor next;                    // behind them, and behind what was passed over
  bool has_more = false;          // more was there already
};
struct NoSuchSaleEver {};
struct NoSuchCursor {};  // no event has had it yet
// What stands behind the cursor is not kept any more. Behind `oldest` everything is that is kept.
struct CursorExpired {
  Cursor oldest;
};
// An Error: io_failed, data_damaged, or, of an engine that is elsewhere, storage_unavailable and
// overloaded.
using EventsReply = std::variant<EventsRead, NoSuchSaleEver, NoSuchCursor, CursorExpired, Error>;

// Thread: any.
class EventFeed {
 public:
  using Done = std::function<void(EventsReply&)>;

  virtual ~EventFeed() = default;
  // Reads what is durable. `done` is called once, on a thread of the feed's, which it should not
  // keep; it is dropped uncalled when the store is closed first. False: too much is being read.
  virtual bool read(const EventsWanted& wanted, Done done) = 0;
  // Which data this is now, in hex; another one from where events may have been lost or changed.
  virtual std::string_view incarnation() const = 0;
};

}  // namespace doorbuster::store
