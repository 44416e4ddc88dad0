// The half of the auditor that follows what has happened.
#include <algorithm>

#include "sim/auditor.h"
#include "sim/journal_history.h"
#include "sim/verdict.h"

namespace doorbuster::simulation {
namespace {

using sale::EndReason;

// Some words that belong together; none of them has a bar in it but perhaps a buyer's.
template <typename... Parts>
std::string join(std::string_view first, const Parts&... parts) {
  std::string text(first);
  ((text += '|', text += parts), ...);
  return text;
}

std::string name_of(sale::SaleAction action) {
  switch (action) {
    case sale::SaleAction::pause:
      return "pause";
    case sale::SaleAction::resume:
      return "resume";
    case sale::SaleAction::close:
      return "close";
    case sale::SaleAction::cancel:
      return "cancel";
  }
  return {};
}

std::string name_of(const sale::Event& event) {
  std::string name = "event: " + std::string(sale::type_name(event));
  if (const auto* released = std::get_if<sale::ClaimReleased>(&event.body)) {
    name += " (" + std::string(sale::to_string(released->reason)) + ")";
  }
  return name;
}

// The names under which a sale can be asked for.
std::vector<std::string> names_of(const std::string& slug) {
  if (slug.starts_with("goods-")) return {slug, "goods"};
  return {slug};
}

}  // namespace

std::string Auditor::cause_of(const store::Command& command) const {
  const auto of_claim = [&](std::string_view verb, const auto& asked, std::string_view what) {
    const auto found = place_of_id_.find(sale::to_string(asked.claim));
    if (found == place_of_id_.end()) return std::string();
    const Place& place = found->second;
    if (std::ranges::count(names_of(place.sale), asked.sale.view()) == 0) return std::string();
    return join(verb, place.sale, std::to_string(place.sequence), what);
  };
  if (const auto* claim = std::get_if<sale::ClaimUnits>(&command)) {
    return join("claim", claim->sale.view(), claim->buyer.view(), std::to_string(claim->quantity),
                claim->key.view());
  }
  if (const auto* confirm = std::get_if<store::ConfirmClaim>(&command)) {
    return of_claim("confirm", *confirm, confirm->reference.view());
  }
  if (const auto* release = std::get_if<store::ReleaseClaim>(&command)) {
    return of_claim("release", *release, release->buyer.view());
  }
  if (const auto* extend = std::get_if<store::ExtendClaim>(&command)) {
    return of_claim("extend", *extend, "");
  }
  if (const auto* create = std::get_if<sale::CreateSale>(&command)) {
    return join("create", create->definition->slug);
  }
  if (const auto* steer = std::get_if<sale::SteerSale>(&command)) {
    return join(name_of(steer->action), steer->sale.view());
  }
  if (const auto* remove = std::get_if<sale::DeleteSale>(&command)) {
    return join("delete", remove->sale.view());
  }
  return std::holds_alternative<sale::PublishRound>(command) ? "publish" : "";
}

// Each request is granted once at most.
bool Auditor::take_claim(const std::string& slug, const sale::ClaimGranted& granted) {
  for (const std::string& name : names_of(slug)) {
    const auto cause = causes_.find(
        join("claim", name, granted.buyer, std::to_string(granted.units.count()), granted.key));
    if (cause == causes_.end()) continue;
    causes_.erase(cause);
    return true;
  }
  return false;
}

bool Auditor::has_cause(const std::string& slug, const SaleModel& before,
                        const sale::Event& event) {
  const auto asked = [&](std::string_view verb) {
    return std::ranges::any_of(names_of(slug), [&](const std::string& name) {
      return causes_.contains(join(verb, name));
    });
  };
  const auto asked_of_claim = [&](std::string_view verb, sale::ClaimOrdinal claim,
                                  std::string_view what) {
    if (claim.value >= before.claims().size()) return false;
    const std::string sequence = std::to_string(before.claims()[claim.value].sequence);
    return causes_.contains(join(verb, slug, sequence, what));
  };
  const sale::EventBody& body = event.body;
  const bool rounds = slug.starts_with("goods-") && causes_.contains("publish");
  if (std::holds_alternative<sale::SaleCreated>(body)) return rounds || asked("create");
  if (std::holds_alternative<sale::SaleClosed>(body)) {
    return rounds || asked("close") || before.next_change() <= event.at;
  }
  if (std::holds_alternative<sale::SalePaused>(body)) return asked("pause");
  if (std::holds_alternative<sale::SaleResumed>(body)) return asked("resume");
  if (std::holds_alternative<sale::SaleCancelled>(body)) return asked("cancel");
  if (std::holds_alternative<sale::SaleDeleted>(body)) return asked("delete");
  if (const auto* granted = std::get_if<sale::ClaimGranted>(&body)) {
    return take_claim(slug, *granted);
  }
  if (const auto* confirmed = std::get_if<sale::ClaimConfirmed>(&body)) {
    return asked_of_claim("confirm", confirmed->claim, confirmed->reference);
  }
  if (const auto* reacquired = std::get_if<sale::ClaimReacquired>(&body)) {
    return asked_of_claim("confirm", reacquired->claim, reacquired->reference);
  }
  if (const auto* refund = std::get_if<sale::RefundRequired>(&body)) {
    return asked_of_claim("confirm", refund->claim, refund->reference);
  }
  if (const auto* extended = std::get_if<sale::ClaimExtended>(&body)) {
    return asked_of_claim("extend", extended->claim, "");
  }
  if (const auto* released = std::get_if<sale::ClaimReleased>(&body)) {
    if (released->claim.value >= before.claims().size()) return false;
    if (released->reason == EndReason::expired) return true;
    const bool by_buyer = released->reason == EndReason::buyer;
    return asked_of_claim("release", released->claim,
                          by_buyer ? before.claims()[released->claim.value].buyer : "");
  }
  if (const auto* updated = std::get_if<sale::SaleUpdated>(&body)) {
    return std::ranges::any_of(names_of(slug), [&](const std::string& name) {
      const auto [first, last] = changes_.equal_range(name);
      return std::any_of(first, last, [&](const auto& change) {
        return with_changes(before.definition(), *change.second) == *updated->definition;
      });
    });
  }
  return std::holds_alternative<sale::SaleOpened>(body);
}

void Auditor::check_new_sale(const sale::Event& event, const std::string& slug) {
  if (event.sale.value != slugs_.size()) return violated("S7: a sale is missing before " + slug);
  slugs_.push_back(slug);
  if (!slug.starts_with("goods-")) return;
  const auto before = sales_.find("goods-" + std::to_string(rounds_++));
  if (before != sales_.end() && before->second.model.status() != sale::SaleStatus::closed) {
    violated("R14: a round was published while the one before was not closed");
  }
}

void Auditor::follow(const sale::Event& event) {
  if (violation_) return;
  const auto* created = std::get_if<sale::SaleCreated>(&event.body);
  if (created != nullptr) check_new_sale(event, created->definition->slug);
  if (event.sale.value >= slugs_.size())
    return violated("S7: an event of a sale that is not there");
  const std::string& slug = slugs_[event.sale.value];
  SaleRecord& record = sales_[slug];
  const std::string where = ": " + slug + ", sequence " + std::to_string(event.sequence.value);
  if ((created != nullptr) != (record.model.sequence() == 0)) {
    violated("S7: a sale does not begin with its creation, or is created twice" + where);
  }
  run_checks(record);
  if (event.at < last_event_at_) violated("S12: time runs back" + where);
  last_event_at_ = event.at;
  if (!violation_ && !has_cause(slug, record.model, event)) {
    violated("S4: nobody asked for it" + where);
  }
  if (violation_) return;
  if (const auto broken = record.model.follow(event)) violated(*broken + where);
  note(name_of(event));
  note_moment(record.model, event);
}

// How close to its end a hold was ended, or how far beyond it grace had kept it.
void Auditor::note_moment(const SaleModel& sale, const sale::Event& event) {
  const ModelClaim* claim = sale.last_claim();
  if (claim == nullptr || claim->expires_at == kNever) return;
  if (std::holds_alternative<sale::ClaimConfirmed>(event.body)) {
    if (event.at >= claim->expires_at) note("confirmed in the time of grace");
    if (event.at + std::chrono::milliseconds(1) == claim->end()) {
      note("confirmed in the last millisecond");
    }
  }
  const auto* released = std::get_if<sale::ClaimReleased>(&event.body);
  if (released == nullptr || released->reason != EndReason::expired) return;
  if (event.at == claim->end()) note("ended in the very millisecond");
  if (claim->end() > claim->expires_at) note("ended when the grace had passed");
}

void Auditor::follow(JournalHistory& history, bool is_whole) {
  if (!history.take([&](const sale::Event& event) { follow(event); })) {
    violated("S7: the journal has an event that cannot be read");
  }
  for (auto& [slug, record] : sales_) {
    run_checks(record);
    if (!is_whole || record.checks.empty()) continue;
    violated("S6: " + slug + " is at sequence " + std::to_string(record.model.sequence()) +
             ", but " + std::to_string(record.checks.begin()->first) + " was told");
  }
}

}  // namespace doorbuster::simulation
