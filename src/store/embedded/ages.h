// What a store gives out besides its answers, ids of claims and cursors of the feed, by the age of
// the data in which it did (store_identity.h): what a former age gave out and is kept is known and
// called as ever, and what it gave out after that is known no more, even when other events and
// claims have since taken those numbers.
//
// Thread: any; values that do not change.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sale/claim_id.h"
#include "store/embedded/store_identity.h"

namespace doorbuster::embedded {

class ClaimIds {
 public:
  explicit ClaimIds(const StoreIdentity& identity);

  sale::ClaimId encode(sale::ClaimPlace place) const;
  // The place that has this id. Nothing for an id that was never given out, or by a former age for
  // a claim that is not kept.
  std::optional<sale::ClaimPlace> decode(sale::ClaimId id) const;

 private:
  // Which of codecs_ names the claim at this place.
  std::size_t age_of(sale::ClaimPlace place) const;

  std::vector<FormerAge> former_;
  std::vector<sale::ClaimIdCodec> codecs_;  // of the former ages, then of this one
};

// A cursor is an event's position in the journal in digits; in an age that is not the first with a
// mark of that age behind them, "4711-9f3a2b1c".
class Cursors {
 public:
  explicit Cursors(const StoreIdentity& identity);

  std::string print(std::uint64_t position) const;
  // Nothing: no event that is kept, nor one of this age, can have had it.
  std::optional<std::uint64_t> parse(std::string_view text) const;
  // In hex, of the age that the event at this position is of.
  std::string_view incarnation_of(std::uint64_t position) const;

 private:
  struct Age {
    std::string incarnation;
    std::string mark;             // "-9f3a2b1c"; empty in the first age
    std::uint64_t last_position;  // no limit in this age
  };
  const Age& age_of(std::uint64_t position) const;

  std::vector<Age> ages_;
};

}  // namespace doorbuster::embedded
