// A crowd's own record: which claim was acknowledged to whom, and what nobody answered. The sale is
// held to it afterwards. Pure.
//
// Thread: one at a time. Owns: 5 bytes for each buyer, some 60 for each claim.
// Invariants: what was acknowledged is never taken back; a lost answer is unknown, never a no.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fixed_text.h"
#include "cli/bench/answer_scanner.h"
#include "cli/bench/breaches.h"

namespace doorbuster::bench {

using BuyerNumber = std::uint32_t;
using ClaimNumber = std::uint32_t;  // in the ledger

// The ids of a crowd's buyers: a tag of this run, so that no other crowd has them, and a number.
class BuyerNames {
 public:
  static constexpr std::size_t kDigits = 8;

  explicit BuyerNames(std::string tag) : prefix_(std::move(tag) + "-") {}

  const std::string& prefix() const { return prefix_; }
  std::string name(BuyerNumber buyer) const;
  // Of a name that is one of these.
  std::optional<BuyerNumber> number(std::string_view name) const;

 private:
  std::string prefix_;
};

enum class ClaimState : std::uint8_t { held, confirmed, released };
std::optional<ClaimState> claim_state_of(std::string_view text);

struct Acknowledged {
  FixedText<40> id;
  BuyerNumber buyer = 0;
  std::uint32_t unit = 0;
  ClaimState state = ClaimState::held;  // as last acknowledged
  bool is_in_doubt = false;             // a confirmation or release was sent, and not acknowledged
  std::int64_t held_until = 0;          // on the crowd's clock, on the safe side; 0: not held
};

class Ledger {
 public:
  Ledger(BuyerNames names, std::uint32_t buyers, std::int64_t hold_ns);

  // `buyer` was told of his claim, at `now`. Nothing, and a breach, if it is none of his, or
  // another than he was told of before though that one is still his.
  std::optional<ClaimNumber> acknowledge(BuyerNumber buyer, std::string_view body,
                                         std::int64_t now);
  void acknowledge_end(ClaimNumber claim, ClaimState state);
  // A confirmation or release goes out; refused or unanswered, the claim stays in doubt.
  void doubt(ClaimNumber claim) { claims_[claim].is_in_doubt = true; }
  // An answer to his claim was lost.
  void lose(BuyerNumber buyer) { answer_was_lost_[buyer] = true; }
  void told_sold_out() { ++told_sold_out_; }

  const BuyerNames& names() const { return names_; }
  std::uint32_t buyers() const { return static_cast<std::uint32_t>(newest_.size()); }
  const std::vector<Acknowledged>& claims() const { return claims_; }
  const Acknowledged& claim(ClaimNumber claim) const { return claims_[claim]; }
  bool has_claim(BuyerNumber buyer) const { return newest_[buyer] != 0; }
  bool answer_was_lost(BuyerNumber buyer) const { return answer_was_lost_[buyer]; }
  std::uint64_t times_told_sold_out() const { return told_sold_out_; }
  Breaches& breaches() { return breaches_; }

 private:
  bool may_have_ended(const Acknowledged& claim, std::int64_t now) const;

  BuyerNames names_;
  std::int64_t hold_ns_;
  std::vector<ClaimNumber> newest_;  // by buyer; one more than its number, 0 for none
  std::vector<bool> answer_was_lost_;
  std::vector<Acknowledged> claims_;
  std::uint64_t told_sold_out_ = 0;
  Breaches breaches_;
};

}  // namespace doorbuster::bench
