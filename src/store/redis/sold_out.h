// Sales that are sold out, each with everybody who ever claimed there. Who is none of them is
// refused as long as the history of the sale goes on no further, so that one look at the sale
// refuses a whole batch of claims, however many times the crowd asks, and Redis decides none of
// them.
//
// Thread: the caller's.
// Owns: the names, no more than `kMostNames` in all.
// Invariants: what find() gives has everybody who had claimed when the sale was at `at`; names stay
// in Redis for ever, so that one who was read too much is one who has claimed since.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>

#include "store/redis/function_calls.h"
#include "store/redis/safe_caller.h"

namespace doorbuster::redis {

class SoldOut {
 public:
  static constexpr std::size_t kMostNames = 1'000'000;

  struct Sale {
    ChainPoint at;
    sale::Quantity limit = 0;  // of one buyer
    std::unordered_set<std::string> buyers;
  };

  explicit SoldOut(SafeCaller& caller) : caller_(caller) {}

  // A sale without a unit left, at this answer to a read of it: begins to read who has claimed
  // there, unless that is too many. In place of what was known before.
  void learn(std::string_view slug, const ReadAnswer& answer);
  // Null: it is not known, or not yet.
  const Sale* find(std::string_view slug) const;
  // It was to be learned at this point of its history, whatever came of it.
  bool was_learned(std::string_view slug, const ChainPoint& at) const;
  void forget(std::string_view slug);

 private:
  struct Entry {
    Sale sale;
    bool is_whole = false;
  };
  using EntryPtr = std::shared_ptr<Entry>;

  void read_on(const std::string& slug, const EntryPtr& entry, const std::string& cursor);

  SafeCaller& caller_;
  std::map<std::string, EntryPtr, std::less<>> sales_;
  std::size_t names_ = 0;
};

}  // namespace doorbuster::redis
