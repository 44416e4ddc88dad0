#include "sim/workload.h"

#include <algorithm>

namespace doorbuster::simulation {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kBuyers = 24;
constexpr std::uint64_t kKeys = 3;
constexpr std::size_t kRemembered = 200;

std::chrono::milliseconds milliseconds(std::uint64_t count) {
  return std::chrono::milliseconds(count);
}

}  // namespace

std::vector<store::Command> Workload::opening(Time now) {
  std::vector<store::Command> commands;
  for (const char* slug : {"plain", "multi", "timed"}) {
    commands.emplace_back(
        sale::CreateSale{std::make_shared<sale::SaleDefinition>(draw_sale(slug, now))});
    slugs_.emplace_back(slug);
  }
  for (int i = 0; i < 3; ++i) {
    const std::string slug = "held-" + std::to_string(next_sale_++);
    commands.emplace_back(
        sale::CreateSale{std::make_shared<sale::SaleDefinition>(draw_holding(slug, now))});
    slugs_.push_back(slug);
  }
  commands.emplace_back(sale::PublishRound{10});
  slugs_.emplace_back("goods");
  lively_ = slugs_;
  return commands;
}

sale::SaleDefinition Workload::draw_sale(const std::string& slug, Time now) {
  sale::SaleDefinition sale;
  sale.slug = slug;
  sale.stock = static_cast<std::uint32_t>(1 + below(random_, 40));
  if (slug == "multi") sale.per_buyer_limit = static_cast<sale::Quantity>(2 + below(random_, 4));
  if (slug == "timed") {
    sale.opens_at = now + milliseconds(below(random_, 10'000));
    sale.closes_at = *sale.opens_at + milliseconds(1 + below(random_, 30'000));
  }
  return sale;
}

sale::SaleDefinition Workload::draw_holding(const std::string& slug, Time now) {
  sale::SaleDefinition sale;
  sale.slug = slug;
  sale.stock = static_cast<std::uint32_t>(1 + below(random_, 12));
  sale.hold_seconds = static_cast<std::uint32_t>(1 + below(random_, 8));
  sale.late_payment = among({sale::LatePayment::reject, sale::LatePayment::reacquire});
  sale.per_buyer_limit = among<sale::Quantity>({1, 1, 2, 4});
  sale.claim_attempts = static_cast<sale::Quantity>(1 + below(random_, 6));
  sale.max_extension_seconds = static_cast<std::uint32_t>(below(random_, 5));
  if (chance(random_, 0.3)) sale.opens_at = now + milliseconds(below(random_, 5000));
  if (chance(random_, 0.3)) sale.closes_at = now + milliseconds(6000 + below(random_, 30'000));
  if (chance(random_, 0.6)) {
    sale.archive_after_seconds = static_cast<std::uint32_t>(1 + below(random_, 20));
  }
  return sale;
}

std::string Workload::pick_sale() {
  const bool lively = !lively_.empty() && chance(random_, 0.9);
  const std::vector<std::string>& from = lively ? lively_ : slugs_;
  return from[below(random_, from.size())];
}

const Workload::Remembered* Workload::pick_claim() {
  if (at_its_end_ && chance(random_, 0.5)) return &*at_its_end_;
  if (claims_.empty()) return nullptr;
  const std::size_t recent =
      chance(random_, 0.7) ? std::min<std::size_t>(claims_.size(), 20) : claims_.size();
  const Remembered* claim = nullptr;
  // Mostly one that is still held, as far as anybody knows.
  for (int tries = 0; tries < 4 && (claim == nullptr || !claim->held); ++tries) {
    claim = &claims_[claims_.size() - 1 - below(random_, recent)];
  }
  return claim;
}

store::Command Workload::claim() {
  asks_again_ = !lost_.empty() && chance(random_, 0.5);
  if (asks_again_) {
    store::Command again = std::move(lost_.back());
    lost_.pop_back();
    return again;
  }
  sale::ClaimUnits claim;
  claim.sale.assign(pick_sale());
  std::string buyer = "buyer-" + std::to_string(below(random_, kBuyers));
  if (chance(random_, 0.1)) buyer += "-with-an-id-that-does-not-fit-in-place";
  claim.buyer.assign(buyer);
  if (chance(random_, 0.3)) claim.quantity = static_cast<sale::Quantity>(1 + below(random_, 4));
  if (chance(random_, 0.5)) claim.key.assign("key-" + std::to_string(below(random_, kKeys)));
  return claim;
}

store::Command Workload::change_claim() {
  const Remembered* claim = pick_claim();
  if (claim == nullptr) return this->claim();
  sale::Slug slug(claim->sale);
  if (chance(random_, 0.02)) slug.assign(pick_sale());  // perhaps not the claim's own
  const std::uint64_t dice = below(random_, 100);
  if (dice < 65) {
    const std::string reference = chance(random_, 0.85)
                                      ? "order-" + std::to_string(claim->number)
                                      : "another-" + std::to_string(below(random_, 3));
    return store::ConfirmClaim{slug, claim->id, sale::Reference(reference)};
  }
  if (dice < 85) {
    sale::BuyerId buyer;
    if (chance(random_, 0.6)) buyer.assign(claim->buyer);
    if (chance(random_, 0.05)) buyer.assign("somebody else");
    return store::ReleaseClaim{slug, claim->id, buyer};
  }
  return store::ExtendClaim{slug, claim->id, static_cast<std::uint32_t>(below(random_, 6))};
}

store::Command Workload::look() {
  const sale::Slug slug(pick_sale());
  const Remembered* claim = pick_claim();
  switch (below(random_, 5)) {
    case 0:
      return store::ReadBuyerClaims{
          slug, sale::BuyerId("buyer-" + std::to_string(below(random_, kBuyers)))};
    case 1:
      if (claim != nullptr) return store::ReadClaim{sale::Slug(claim->sale), claim->id};
      return store::ReadSale{slug};
    case 2:
      return store::ListClaims{slug, static_cast<std::uint32_t>(below(random_, 20)),
                               static_cast<std::uint32_t>(1 + below(random_, 20))};
    default:
      return store::ReadSale{slug};
  }
}

store::Command Workload::merchant(Time now) {
  const std::uint64_t dice = below(random_, 100);
  if (dice < 20) return publish(now);
  if (dice < 70) return patch(now);
  if (dice < 92) return steer();
  const auto& from = drafts_.empty() || chance(random_, 0.6) ? slugs_ : drafts_;
  return sale::DeleteSale{sale::Slug(from[below(random_, from.size())])};
}

store::Command Workload::publish(Time now) {
  if (chance(random_, 0.4)) {
    return sale::PublishRound{static_cast<std::uint32_t>(1 + below(random_, 20))};
  }
  if (chance(random_, 0.2)) {
    // A slug that is taken, or was.
    const std::string slug = slugs_[below(random_, slugs_.size())];
    if (!slug.starts_with("goods")) {
      return sale::CreateSale{std::make_shared<sale::SaleDefinition>(draw_holding(slug, now))};
    }
  }
  const std::string slug = "held-" + std::to_string(next_sale_++);
  slugs_.push_back(slug);
  lively_.push_back(slug);
  sale::SaleDefinition sale = draw_holding(slug, now);
  if (chance(random_, 0.3)) {
    sale.opens_at = now + 1h;  // unless it is deleted, or opened by a change
    sale.closes_at.reset();
    drafts_.push_back(slug);
  }
  return sale::CreateSale{std::make_shared<sale::SaleDefinition>(std::move(sale))};
}

store::Command Workload::patch(Time now) {
  sale::ChangeSale change;
  const std::string slug = pick_sale();
  change.sale.assign(slug);
  if (chance(random_, 0.5) && versions_.contains(slug)) change.if_version = versions_[slug];
  sale::SaleChanges members;
  for (std::uint64_t left = 1 + below(random_, 2); left > 0; --left) {
    switch (below(random_, 10)) {
      case 0:
      case 1:
      case 2:
        members.stock = static_cast<std::uint32_t>(below(random_, 30));
        break;
      case 3:
        members.per_buyer_limit = static_cast<sale::Quantity>(1 + below(random_, 4));
        break;
      case 4:
        members.hold_seconds = static_cast<std::uint32_t>(below(random_, 6));
        break;
      case 5:
        members.late_payment = among({sale::LatePayment::reject, sale::LatePayment::reacquire});
        break;
      case 6:
        members.claim_attempts = static_cast<sale::Quantity>(1 + below(random_, 8));
        break;
      case 7:
        members.closes_at = std::optional<Time>();
        if (chance(random_, 0.6))
          *members.closes_at = now + milliseconds(below(random_, 20'000)) - 1s;
        break;
      case 8:
        members.opens_at = std::optional<Time>();
        if (chance(random_, 0.7)) *members.opens_at = now + milliseconds(below(random_, 5000)) - 1s;
        break;
      default:
        members.max_extension_seconds = static_cast<std::uint32_t>(below(random_, 5));
        members.metadata = among({"{}", "{\"a\":1}", "{\"a\":2}"});
        members.archive_after_seconds = static_cast<std::uint32_t>(below(random_, 10));
    }
  }
  change.changes = std::make_shared<sale::SaleChanges>(std::move(members));
  return change;
}

store::Command Workload::steer() {
  using sale::SaleAction;
  const std::uint64_t dice = below(random_, 100);
  sale::Slug slug(pick_sale());
  if (dice < 30) return sale::SteerSale{slug, SaleAction::pause};
  if (dice >= 80) {
    return sale::SteerSale{slug, dice < 92 ? SaleAction::close : SaleAction::cancel};
  }
  if (!paused_.empty() && chance(random_, 0.8)) {
    slug.assign(
        *std::next(paused_.begin(), static_cast<std::ptrdiff_t>(below(random_, paused_.size()))));
  }
  return sale::SteerSale{slug, SaleAction::resume};
}

void Workload::remember(const std::string& slug, const store::ClaimView& claim) {
  const auto known = std::ranges::find(claims_, claim.id, &Remembered::id);
  if (known != claims_.end()) {
    known->expires_at = claim.expires_at;
    known->held = claim.status == sale::ClaimStatus::held;
    return;
  }
  claims_.push_back({slug, claim.id, std::string(claim.buyer.view()), claim.expires_at,
                     claim.status == sale::ClaimStatus::held, next_number_++});
  if (claims_.size() > kRemembered) claims_.pop_front();
}

void Workload::over(const std::string& slug) { std::erase(lively_, slug); }

void Workload::heard(const store::Command& command, const store::Reply& reply) {
  const auto see = [&](const store::SaleView& view) {
    const std::string& slug = view.definition->slug;
    versions_[slug] = view.version;
    if (view.status == sale::SaleStatus::closed) over(slug);
    if (view.status == sale::SaleStatus::paused) {
      paused_.insert(slug);
    } else {
      paused_.erase(slug);
    }
  };
  if (const auto* claim = std::get_if<store::ClaimReply>(&reply)) {
    const std::string slug(claim->sale.view());
    if (claim->verdict != sale::ClaimVerdict::refused) {
      remember(slug, claim->claim);
    } else if (claim->refusal == sale::Refusal::closed) {
      over(slug);
    }
  } else if (const auto* change = std::get_if<store::ClaimChangeReply>(&reply)) {
    remember(std::string(change->sale.view()), change->claim);
  } else if (const auto* changed = std::get_if<store::SaleChangeReply>(&reply)) {
    see(changed->sale);
    if (std::holds_alternative<sale::DeleteSale>(command) &&
        changed->change == sale::SaleChange::done) {
      over(changed->sale.definition->slug);
    }
  } else if (const auto* view = std::get_if<store::SaleView>(&reply)) {
    see(*view);
  } else if (const auto* page = std::get_if<store::ClaimsPage>(&reply)) {
    see(page->sale);
  } else if (std::holds_alternative<store::NoSuchSale>(reply)) {
    const auto* asked = std::get_if<sale::ClaimUnits>(&command);
    if (asked != nullptr) over(std::string(asked->sale.view()));
  }
}

std::optional<Time> Workload::next_moment(Time now) {
  at_its_end_.reset();
  std::vector<const Remembered*> holds;
  for (const Remembered& claim : claims_) {
    if (claim.expires_at > now && claim.expires_at <= now + 10s) holds.push_back(&claim);
  }
  if (holds.empty()) return std::nullopt;
  at_its_end_ = *holds[below(random_, holds.size())];
  return at_its_end_->expires_at + milliseconds(below(random_, 3)) - 1ms;
}

}  // namespace doorbuster::simulation
