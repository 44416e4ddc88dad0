// Holds a sale to a crowd's own record: the rules R1, R2, R5, R7, R8 and R9, from what was
// acknowledged while the crowd was there and what the server lists afterwards. Pure: what is listed
// comes from outside.
//
// Thread: one at a time. Owns: a bit for each unit, 4 bytes for each acknowledged claim.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "cli/bench/ledger.h"

namespace doorbuster::bench {

struct ListedClaim {
  std::string_view id;
  std::string_view buyer;
  std::vector<std::uint32_t> units;
  ClaimState state = ClaimState::held;
};

// What the sale says of itself.
struct SaleFigures {
  std::uint64_t stock = 0;
  std::uint64_t available = 0;
  std::uint64_t held = 0;
  std::uint64_t confirmed = 0;
  std::uint64_t burned = 0;
  std::uint64_t per_buyer_limit = 1;
  std::uint64_t sequence = 0;

  std::uint64_t claimed() const { return held + confirmed; }
};

class Audit {
 public:
  // `is_ours`: nobody but this crowd knows the sale, so that its stock is what it was made with.
  Audit(Ledger& ledger, bool is_ours);

  // Each claim of the list once, in any order.
  void listed(const ListedClaim& claim);

  // After the last one. `before` and `after` are the sale's figures read before and after the list;
  // where their sequences differ the sale went on meanwhile, and the list is not summed up.
  void finish(const SaleFigures& before, const SaleFigures& after);

  std::uint64_t claims_listed() const { return listed_; }
  std::uint64_t acknowledged_found() const { return found_; }
  bool stood_still() const { return stood_still_; }
  bool adds_up() const { return ledger_.breaches().none(); }

 private:
  // The first acknowledged claim with that id, in by_id_.
  std::vector<ClaimNumber>::const_iterator find(std::string_view id) const;
  void compare(const ListedClaim& claim);
  void check_told(const ListedClaim& claim, BuyerNumber buyer);
  void take_units(const ListedClaim& claim);
  void count_for_buyer(const ListedClaim& claim);
  void check_limit(std::uint64_t limit);
  void check_figures(const SaleFigures& figures);

  Ledger& ledger_;
  const bool is_ours_;
  std::vector<ClaimNumber> by_id_;
  std::vector<bool> was_found_;          // by claim of the ledger
  std::vector<bool> taken_;              // by unit
  std::vector<std::uint32_t> units_of_;  // live ones, by buyer of the crowd
  std::unordered_map<std::string, std::uint64_t> units_of_strangers_;
  std::uint64_t listed_ = 0;
  std::uint64_t live_units_ = 0;
  std::uint64_t found_ = 0;
  bool some_ended_ = false;
  bool stood_still_ = false;
};

}  // namespace doorbuster::bench
