#include "sale/event.h"

namespace doorbuster::sale {
namespace {

struct TypeName {
  std::string_view operator()(const SaleCreated&) const { return "doorbuster.sale.created"; }
  std::string_view operator()(const SaleUpdated&) const { return "doorbuster.sale.updated"; }
  std::string_view operator()(const SaleOpened&) const { return "doorbuster.sale.opened"; }
  std::string_view operator()(const SalePaused&) const { return "doorbuster.sale.paused"; }
  std::string_view operator()(const SaleResumed&) const { return "doorbuster.sale.resumed"; }
  std::string_view operator()(const SaleClosed&) const { return "doorbuster.sale.closed"; }
  std::string_view operator()(const SaleCancelled&) const { return "doorbuster.sale.cancelled"; }
  std::string_view operator()(const SaleDeleted&) const { return "doorbuster.sale.deleted"; }
  std::string_view operator()(const CodesAdded&) const { return "doorbuster.sale.codes_added"; }
  std::string_view operator()(const EligibilitySet&) const {
    return "doorbuster.sale.eligibility_set";
  }
  std::string_view operator()(const ClaimGranted& event) const {
    return event.expires_at ? "doorbuster.claim.held" : "doorbuster.claim.confirmed";
  }
  std::string_view operator()(const ClaimConfirmed&) const { return "doorbuster.claim.confirmed"; }
  std::string_view operator()(const ClaimReleased&) const { return "doorbuster.claim.released"; }
  std::string_view operator()(const ClaimExtended&) const { return "doorbuster.claim.extended"; }
  std::string_view operator()(const ClaimReacquired&) const {
    return "doorbuster.claim.reacquired";
  }
  std::string_view operator()(const RefundRequired&) const {
    return "doorbuster.claim.refund_required";
  }
  std::string_view operator()(const WaitlistJoined&) const { return "doorbuster.waitlist.joined"; }
  std::string_view operator()(const WaitlistOffered&) const {
    return "doorbuster.waitlist.offered";
  }
  std::string_view operator()(const WaitlistLeft&) const { return "doorbuster.waitlist.left"; }
};

}  // namespace

std::string_view type_name(const Event& event) { return std::visit(TypeName{}, event.body); }

}  // namespace doorbuster::sale
