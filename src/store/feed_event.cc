#include "store/feed_event.h"

#include <type_traits>
#include <variant>

namespace doorbuster::store {
namespace {

struct ClaimOf {
  std::optional<sale::ClaimOrdinal> operator()(const sale::ClaimGranted& event) const {
    return event.claim;
  }
  std::optional<sale::ClaimOrdinal> operator()(const sale::WaitlistOffered& event) const {
    return event.claim;
  }
  std::optional<sale::ClaimOrdinal> operator()(const auto& event) const {
    if constexpr (std::is_base_of_v<sale::OfClaim, std::decay_t<decltype(event)>>) {
      return event.claim;
    } else {
      return std::nullopt;
    }
  }
};

}  // namespace

std::optional<sale::ClaimOrdinal> claim_of(const sale::Event& event) {
  return std::visit(ClaimOf{}, event.body);
}

std::size_t text_bytes(const sale::Event& event, std::size_t stored) {
  constexpr std::size_t kEnvelope = 400;
  constexpr std::size_t kUnit = 10;
  std::size_t units = 0;
  if (const auto* granted = std::get_if<sale::ClaimGranted>(&event.body)) {
    units = granted->units.count();
  } else if (const auto* reacquired = std::get_if<sale::ClaimReacquired>(&event.body)) {
    units = reacquired->units.count();
  }
  return kEnvelope + stored + kUnit * units;
}

}  // namespace doorbuster::store
