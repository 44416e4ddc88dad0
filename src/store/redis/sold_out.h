// Sales that are sold out, each with everybody who ever claimed there. Who is none of them is
// refused as long as the history of the sale goes on no further, so that one look at the sale
// refuses a whole batch of claims, and Redis decides none of them.
//
// To read who has claimed costs Redis something for each of them. So it begins when as many claims
// were refused as there are claims to be read, and again after a change when as many more were: all
// readings together cost no more than the refusals that led to them.
//
// Thread: the caller's.
// Owns: the names, no more than `kMostNames` in all; those of the sale that was read longest ago
// make way.
// Invariants: what find() gives has everybody who had claimed when the sale was at `at`; names stay
// in Redis for ever, so that one who was read too much is one who has claimed since.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
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

  struct NameHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const {
      return std::hash<std::string_view>{}(name);
    }
  };
  struct Sale {
    ChainPoint at;
    sale::Quantity limit = 0;  // of one buyer
    std::unordered_set<std::string, NameHash, std::equal_to<>> buyers;
  };

  explicit SoldOut(SafeCaller& caller) : caller_(caller) {}

  // So many claims were refused for want of units when the sale was at `at`. True: the sale is to
  // be read, and learn() or give_up() to be called.
  bool refused(std::string_view slug, const ChainPoint& at, std::size_t claims);
  // A sale without a unit left, as it was read: begins to read who has claimed there, if by now
  // that is worth it.
  void learn(std::string_view slug, const ReadAnswer& answer);
  void give_up(std::string_view slug);
  // Null: it is not known, or not yet. Of use while the sale is at `at` still.
  const Sale* find(std::string_view slug) const;

 private:
  struct Entry {
    Sale sale;
    bool is_whole = false;
    bool is_reading = false;
    std::uint64_t refused = 0;  // claims, since it was read last
    std::uint64_t worth = 0;    // as many are to be refused before it is read
    std::uint64_t began = 0;    // the reading: their number, in their order
  };
  using Entries = std::map<std::string, Entry, std::less<>>;

  void read_on(const std::string& slug, std::uint64_t reading, const std::string& cursor);
  void take(const std::string& slug, Entry& entry, const Reply& reply);
  void make_room(std::size_t names);
  void drop_names(Entry& entry);

  SafeCaller& caller_;
  Entries sales_;
  std::size_t names_ = 0;
  std::uint64_t readings_ = 0;
};

}  // namespace doorbuster::redis
