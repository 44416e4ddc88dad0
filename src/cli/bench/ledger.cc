#include "cli/bench/ledger.h"

#include <algorithm>
#include <limits>

#include "api/text.h"
#include "cli/bench/nanoseconds.h"

namespace doorbuster::bench {
namespace {

constexpr std::size_t kMostOfAnExample = 120;

// What was said, as far as an example shows it.
std::string excerpt(std::string_view body) { return std::string(body.substr(0, kMostOfAnExample)); }

}  // namespace

std::string BuyerNames::name(BuyerNumber buyer) const {
  const std::string digits = std::to_string(buyer);
  return prefix_ + std::string(kDigits - std::min(kDigits, digits.size()), '0') + digits;
}

std::optional<BuyerNumber> BuyerNames::number(std::string_view name) const {
  if (name.size() != prefix_.size() + kDigits || !name.starts_with(prefix_)) return std::nullopt;
  const auto number =
      api::parse_number(name.substr(prefix_.size()), std::numeric_limits<BuyerNumber>::max());
  if (!number) return std::nullopt;
  return static_cast<BuyerNumber>(*number);
}

std::optional<ClaimState> claim_state_of(std::string_view text) {
  if (text == "held") return ClaimState::held;
  if (text == "confirmed") return ClaimState::confirmed;
  if (text == "released") return ClaimState::released;
  return std::nullopt;
}

Ledger::Ledger(BuyerNames names, std::uint32_t buyers, std::int64_t hold_ns)
    : names_(std::move(names)), hold_ns_(hold_ns), newest_(buyers), answer_was_lost_(buyers) {}

// A second early: clocks differ, and an answer is some time under way.
bool Ledger::may_have_ended(const Acknowledged& claim, std::int64_t now) const {
  if (claim.state == ClaimState::released || claim.is_in_doubt) return true;
  return claim.held_until != 0 && now >= claim.held_until - kSecond;
}

std::optional<ClaimNumber> Ledger::acknowledge(BuyerNumber buyer, std::string_view body,
                                               std::int64_t now) {
  ClaimMembers said;
  const bool is_claim = scan_claim(body, said) && !said.id.empty() &&
                        FixedText<40>::fits(said.id) && names_.number(said.buyer) == buyer;
  const auto unit = api::parse_number(said.units, std::numeric_limits<std::uint32_t>::max());
  const auto state = claim_state_of(said.status);
  if (!is_claim || !unit || !state || *state == ClaimState::released) {
    breaches_.add(BreachKind::wrong_answer, names_.name(buyer) + " got " + excerpt(body));
    return std::nullopt;
  }
  if (const ClaimNumber newest = newest_[buyer]; newest != 0) {
    Acknowledged& known = claims_[newest - 1];
    if (known.id.view() == said.id && known.unit == *unit) {
      // Told again. It may have been confirmed meanwhile; what was confirmed is never held again.
      if (*state == ClaimState::confirmed) known.state = *state;
      return newest - 1;
    }
    if (!may_have_ended(known, now)) {
      breaches_.add(BreachKind::changed_answer,
                    names_.name(buyer) + " had " + std::string(known.id.view()) + ", unit " +
                        std::to_string(known.unit) + ", then " + std::string(said.id) + ", unit " +
                        std::string(said.units));
      return std::nullopt;
    }
  }
  Acknowledged& claim = claims_.emplace_back();
  claim.id.assign(said.id);
  claim.buyer = buyer;
  claim.unit = static_cast<std::uint32_t>(*unit);
  claim.state = *state;
  claim.held_until = *state == ClaimState::held ? now + hold_ns_ : 0;
  newest_[buyer] = static_cast<ClaimNumber>(claims_.size());
  return newest_[buyer] - 1;
}

void Ledger::acknowledge_end(ClaimNumber claim, ClaimState state) {
  claims_[claim].state = state;
  claims_[claim].is_in_doubt = false;
  claims_[claim].held_until = 0;
}

}  // namespace doorbuster::bench
