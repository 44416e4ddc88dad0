// Whether one answer is what a sale had to say as it stood. An overload gives the rule that is
// broken, or nothing.
//
// Thread: one. Owns: nothing.
#pragma once

#include "sim/sale_model.h"
#include "store/claim_store.h"

namespace doorbuster::simulation {

// A definition with the changes that somebody asked for.
sale::SaleDefinition with_changes(sale::SaleDefinition definition,
                                  const sale::SaleChanges& changes);

class Verdict {
 public:
  using Broken = SaleModel::Broken;

  explicit Verdict(const SaleModel& sale) : sale_(sale) {}

  Broken operator()(const sale::ClaimUnits& asked, const store::ClaimReply& told) const;
  Broken operator()(const store::ConfirmClaim& asked, const store::ClaimChangeReply& told) const;
  Broken operator()(const store::ReleaseClaim& asked, const store::ClaimChangeReply& told) const;
  Broken operator()(const store::ExtendClaim& asked, const store::ClaimChangeReply& told) const;
  Broken operator()(const sale::CreateSale& asked, const store::CreateReply& told) const;
  Broken operator()(const sale::PublishRound& asked, const store::CreateReply& told) const;
  Broken operator()(const sale::ChangeSale& asked, const store::SaleChangeReply& told) const;
  Broken operator()(const sale::SteerSale& asked, const store::SaleChangeReply& told) const;
  Broken operator()(const sale::DeleteSale& asked, const store::SaleChangeReply& told) const;

  Broken operator()(const store::ReadBuyerClaims& asked, const store::ClaimsPage& told) const;
  Broken operator()(const store::ReadClaim& asked, const store::ClaimsPage& told) const;
  Broken operator()(const store::ListClaims& asked, const store::ClaimsPage& told) const;

  Broken view(const store::SaleView& told) const;
  Broken claim(const store::ClaimView& told) const;

 private:
  Broken refusal(const sale::ClaimUnits& asked, const store::ClaimReply& told) const;
  Broken change(const sale::ChangeSale& asked, const store::SaleChangeReply& told) const;
  // The first claim that is not as told, or nothing.
  Broken claims(const std::vector<store::ClaimView>& told) const;
  // Whether the last event is of this type (and about this claim).
  template <typename Event>
  bool last_is(const ModelClaim* about = nullptr) const;
  Time next_return_at() const;

  const SaleModel& sale_;
};

}  // namespace doorbuster::simulation
