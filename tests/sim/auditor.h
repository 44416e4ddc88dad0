// The judge of a simulation: hears what clients sent and what they were told, reads from the
// journal what has happened, and knows the rules of semantics.md by itself. It uses none of the
// core's.
//
// Whatever a client is told names a sequence of its sale. It is kept until the history has come to
// that sequence, and must then be exactly what the sale had to say there.
//
// Thread: one. Owns: its record.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sim/sale_model.h"
#include "store/claim_store.h"

namespace doorbuster::simulation {

class JournalHistory;

class Auditor {
 public:
  // A violation of a rule ends the run: the first one stays.
  const std::optional<std::string>& violation() const { return violation_; }
  void violated(const std::string& what);

  // Gives the number to name the request by later.
  std::size_t sent(const store::Command& command);
  const store::Command& command(std::size_t request) const { return sent_[request].command; }
  void answered(std::size_t request, const store::Reply& reply);

  // Follows what the journal says has happened. `is_whole`: everything that was told must be part
  // of it (S6), since the engine has just started on it or has nothing left to write.
  void follow(JournalHistory& history, bool is_whole);
  // The engine has begun to decide, and ends no hold that exists before `grace_until`.
  void decides_from(Time grace_until);
  // The store lists these sales and no others; to be asked when the history is whole.
  void listed(const std::vector<store::SaleView>& sales);

  // How often each thing was told or has happened.
  const std::map<std::string, std::uint64_t>& counts() const { return counts_; }

 private:
  struct Sent {
    store::Command command;
    std::uint64_t moment = 0;
    std::string cause;  // what it may make happen (S4)
  };
  using Check = std::function<SaleModel::Broken(const SaleModel&)>;
  struct SaleRecord {
    SaleModel model;
    std::multimap<std::uint64_t, Check> checks;  // of what was told, by sequence
    // The highest sequence told, as it grew: moment, sequence.
    std::vector<std::pair<std::uint64_t, std::uint64_t>> told;
  };
  struct Place {
    std::string sale;
    std::uint64_t sequence = 0;
    friend auto operator<=>(const Place&, const Place&) = default;
  };

  // One overload a reply.
  void hear(std::size_t request, const store::ClaimReply& reply);
  void hear(std::size_t request, const store::ClaimChangeReply& reply);
  void hear(std::size_t request, const store::CreateReply& reply);
  void hear(std::size_t request, const store::SaleChangeReply& reply);
  void hear(std::size_t request, const store::SaleView& reply);
  void hear(std::size_t request, const store::SalesPage& reply);
  void hear(std::size_t request, const store::ClaimsPage& reply);
  void hear(std::size_t request, const store::NoSuchSale& reply);
  void hear(std::size_t request, const store::NoSuchClaim& reply);
  void hear(std::size_t request, const Error& reply);

  // Refused, and so no sale is shown.
  void hear_no_sale(std::size_t request);

  // Keeps `check` until the sale has come to `sequence`. A change cannot be as old as what was told
  // before it was asked for (S9).
  void told(std::size_t request, const std::string& slug, std::uint64_t sequence, bool changes,
            Check check);
  void run_checks(SaleRecord& record);
  // A claim has one id, and an id one claim.
  void learn(sale::ClaimId id, const Place& place);
  void note(const std::string& what) { ++counts_[what]; }

  // auditor_history.cc
  void follow(const sale::Event& event);
  void note_moment(const SaleModel& sale, const sale::Event& event);
  void check_new_sale(const sale::Event& event, const std::string& slug);
  // Whether somebody asked for it (S4).
  bool has_cause(const std::string& slug, const SaleModel& before, const sale::Event& event);
  bool take_claim(const std::string& slug, const sale::ClaimGranted& granted);
  std::string cause_of(const store::Command& command) const;

  std::optional<std::string> violation_;
  std::vector<Sent> sent_;
  std::uint64_t moment_ = 0;  // counts what was sent
  std::map<std::string, SaleRecord> sales_;
  std::vector<std::string> slugs_;     // by ordinal
  std::uint32_t rounds_ = 0;           // created
  std::multiset<std::string> causes_;  // sent, and not yet had their effect if they have but one
  std::multimap<std::string, std::shared_ptr<const sale::SaleChanges>>
      changes_;  // by sale, as sent
  std::map<std::string, Place> place_of_id_;
  std::map<Place, std::string> id_at_;
  Time last_event_at_;
  std::map<std::string, std::uint64_t> counts_;
};

}  // namespace doorbuster::simulation
