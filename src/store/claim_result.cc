#include "store/claim_result.h"

namespace doorbuster::store {
namespace {

constexpr std::array<std::string_view, kClaimResults> kNames = {
    "held",   "confirmed", "replayed", "error",      "not_open", "paused",
    "closed", "limit",     "attempts", "key_reused", "sold_out", "insufficient_stock",
};
static_assert(kNames[index_of(sale::Refusal::not_open)] == "not_open");
static_assert(kNames[index_of(sale::Refusal::limit_exceeded)] == "limit");
static_assert(kNames[index_of(sale::Refusal::attempts_exhausted)] == "attempts");
static_assert(kNames[index_of(sale::Refusal::insufficient_stock)] == "insufficient_stock");

}  // namespace

std::size_t result_index(const ClaimReply& reply) {
  switch (reply.verdict) {
    case sale::ClaimVerdict::granted:
      return index_of(reply.claim.status == sale::ClaimStatus::held ? ClaimResult::held
                                                                    : ClaimResult::confirmed);
    case sale::ClaimVerdict::existing:
      return index_of(ClaimResult::replayed);
    case sale::ClaimVerdict::refused:
      break;
  }
  return index_of(reply.refusal);
}

std::string_view claim_result_name(std::size_t index) { return kNames[index]; }

}  // namespace doorbuster::store
