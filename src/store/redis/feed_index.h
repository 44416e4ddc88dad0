// The index of the feed of all sales (docs/redis.md): which stretch of which sale's history follows
// which. Each event has a position in it, from 1 on and without gaps.
//
// Thread: any; pure functions. Whatever a server says is read, or refused as data_damaged.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/redis/function_calls.h"
#include "store/redis/kept_feed.h"

namespace doorbuster::redis {

// An entry of the index: the events of a sale behind the sequence `before` up to that of `last`.
struct Stretch {
  std::uint64_t position = 0;  // of the last of them
  std::string slug;
  sale::Sequence before;
  ChainPoint last;

  std::uint64_t events() const { return last.sequence.value - before.value; }
  // The position before its first event.
  std::uint64_t behind() const { return position - events(); }
};

// Those of an answer of XRANGE: each follows the one before without a gap.
Result<std::vector<Stretch>> read_stretches(const Reply& reply);
// The position of the newest event, from an answer of XREVRANGE for one entry; 0: there is none.
Result<std::uint64_t> read_end(const Reply& reply);

// Has the events of the sale behind `before` up to `to` put at the end of the index, if `relayed`
// is where the sale is in the index. `before` is the same sequence, or an earlier one in a history
// that was rewound.
FunctionCall relay_call(std::string_view slug, const ChainPoint& relayed, sale::Sequence before,
                        const ChainPoint& to, const KeptFeed& kept);

struct RelayAnswer {
  std::optional<std::uint64_t> position;  // of the newest event now; nothing: none was put there
  ChainPoint relayed;                     // then: up to where the sale is in the index
};
Result<RelayAnswer> read_relay_reply(const Reply& reply);

// Has the sale's stream give up entries up to that of `last`, if its history holds `relayed`: the
// answer is as to a settle_call(), `again` where there are more of them than one call takes.
FunctionCall trim_call(std::string_view slug, const ChainPoint& relayed, sale::Sequence last);
// A value of kDroppedKey: up to where the index has no need of the sale's history any more; nil and
// a sale that is kept whole are 0.
Result<sale::Sequence> read_dropped(const Reply& reply);

// A value of kRelayedKey; nil is a sale of which nothing is in the index.
Result<ChainPoint> read_relayed(const Reply& reply);

}  // namespace doorbuster::redis
