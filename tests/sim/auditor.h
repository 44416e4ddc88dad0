// The judge of a simulation: hears what clients sent and what they were told, is shown what the
// store holds after each restart, and knows the rules of semantics.md by itself. It uses no code of
// the core.
//
// Thread: one. Owns: its record.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "store/claim_store.h"

namespace doorbuster::simulation {

struct SentClaim {
  std::string sale;  // as sent: `goods` for a round
  std::string buyer;
  sale::Quantity quantity = 1;
  std::string key;
};

class Auditor {
 public:
  // A violation of a rule ends the run: the first one stays.
  const std::optional<std::string>& violation() const { return violation_; }

  // Gives the number to name the request by later.
  std::size_t sent(SentClaim claim);
  const SentClaim& claim_of(std::size_t request) const { return sent_[request].claim; }
  void answered(std::size_t request, const store::ClaimReply& reply);
  void told(const store::SaleView& sale);  // the answer to a create, a publish or a look
  // Everything a store holds of one sale, read after a restart or at the end.
  void shown(const store::SaleView& sale, const std::vector<store::ClaimView>& claims);

  std::uint64_t grants() const { return grants_; }
  const std::map<sale::Refusal, std::uint64_t>& refusals() const { return refusals_; }
  std::uint64_t replays() const { return replays_; }

 private:
  struct Sent {
    SentClaim claim;
    std::map<std::string, std::uint64_t> seen;  // by sale: the highest sequence told before it
  };
  struct Told {
    store::ClaimReply reply;
    SentClaim claim;
  };
  struct SaleRecord {
    std::uint64_t highest_told = 0;
    std::map<std::uint64_t, Told> grants;  // by sequence
    std::vector<Told> refusals;
    std::map<std::pair<std::string, std::string>, std::string> claim_of_key;  // buyer, key
    std::uint64_t shown_sequence = 0;
  };

  void violated(const std::string& what);
  void check_refusal(const store::SaleView& sale, const std::vector<store::ClaimView>& claims,
                     const Told& told);
  void check_owners(const store::SaleView& sale, const std::vector<store::ClaimView>& claims);
  void check_kept(const store::SaleView& sale, const std::vector<store::ClaimView>& claims,
                  const SaleRecord& record);
  void note_sequence(const std::string& sale, std::uint64_t sequence);

  std::optional<std::string> violation_;
  std::vector<Sent> sent_;
  std::map<std::string, SaleRecord> sales_;
  std::set<std::tuple<std::string, std::string, sale::Quantity>> asked_;  // sale, buyer, quantity
  std::uint64_t grants_ = 0;
  std::uint64_t replays_ = 0;
  std::map<sale::Refusal, std::uint64_t> refusals_;
};

}  // namespace doorbuster::simulation
