// What a judge makes of a sale's events: the rules of semantics.md written down a second time, by
// other means than the core's, and without a line of it. Following an event says which rule it
// breaks; answering says what the sale had to say as it stands.
//
// It expects lives with fewer holds than one step settles, so that what is due has always happened
// before anything else does (R13).
//
// Thread: one. Owns: everything.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sale/event.h"
#include "store/claim_store.h"

namespace doorbuster::simulation {

struct ModelClaim {
  std::string buyer;
  std::string key;
  std::string reference;
  std::uint32_t quantity = 0;
  sale::UnitRuns units;
  sale::ClaimStatus status = sale::ClaimStatus::held;
  sale::EndReason end_reason = sale::EndReason::none;
  std::uint64_t sequence = 0;
  Time claimed_at;
  Time expires_at = kNever;
  Time grace_until{};  // no end before it, after a restart
  bool extended = false;
  sale::LatePayment late_payment = sale::LatePayment::reject;
  std::vector<std::string> refunds;

  bool live() const { return status != sale::ClaimStatus::released; }
  bool held() const { return status == sale::ClaimStatus::held; }
  Time end() const { return std::max(expires_at, grace_until); }
};

class SaleModel {
 public:
  // The rule that `event` breaks, or nothing.
  using Broken = std::optional<std::string>;
  Broken follow(const sale::Event& event);
  // The engine began to decide: no hold that exists ends before `until`.
  void grant_grace(Time until);

  struct Answer {
    sale::ClaimVerdict verdict = sale::ClaimVerdict::granted;
    std::uint64_t claim = 0;                          // existing: its sequence
    sale::Refusal refusal = sale::Refusal::sold_out;  // refused
  };
  // What a claim of `buyer` for `quantity` units has to be told now.
  Answer answer_to(const std::string& buyer, std::uint32_t quantity, const std::string& key) const;

  const sale::SaleDefinition& definition() const { return *definition_; }
  std::uint64_t sequence() const { return sequence_; }
  std::uint32_t version() const { return version_; }
  sale::SaleStatus status() const { return status_; }
  bool opened() const { return opened_; }
  bool cancelled() const { return cancelled_; }
  bool deleted() const { return deleted_; }
  // kNever: it is open, holds something, or is not to be archived.
  Time archives_at() const;
  Time created_at() const { return created_at_; }
  sale::Totals totals() const;
  sale::Availability availability() const;
  const std::vector<ModelClaim>& claims() const { return claims_; }
  const ModelClaim* claim_at(std::uint64_t sequence) const;  // granted by that event
  // Claims, by their place in claims(), oldest first.
  const std::vector<std::size_t>& claims_of(const std::string& buyer) const;
  std::uint64_t released(sale::EndReason reason) const;
  // The last event, its type and the claim it was about.
  std::size_t last_type() const { return last_type_; }
  const ModelClaim* last_claim() const { return last_claim_; }
  // When something is due next; a hold that ends, the sale that opens or closes.
  Time first_end() const;
  Time next_change() const;

 private:
  friend struct Follower;

  std::uint64_t units_in(sale::ClaimStatus status) const;
  std::uint64_t live_quantity(const std::string& buyer) const;
  // The units that are to be handed out next, and taken by that.
  std::vector<sale::Unit> take_units(std::uint32_t count);
  Broken settled_before(const sale::Event& event) const;

  sale::SharedDefinition definition_;
  std::uint64_t sequence_ = 0;
  std::uint32_t version_ = 0;
  sale::SaleStatus status_ = sale::SaleStatus::scheduled;
  bool opened_ = false;
  bool cancelled_ = false;
  bool deleted_ = false;
  Time created_at_;
  Time closed_at_ = kNever;
  std::vector<ModelClaim> claims_;
  std::map<std::string, std::vector<std::size_t>> by_buyer_;
  std::deque<sale::Unit> returned_;
  sale::Unit next_unit_ = 1;
  std::size_t last_type_ = 0;
  const ModelClaim* last_claim_ = nullptr;
};

inline SaleModel::Broken rule(bool holds, const char* otherwise) {
  return holds ? SaleModel::Broken() : SaleModel::Broken(otherwise);
}

}  // namespace doorbuster::simulation
