#include "sim/auditor.h"

#include <algorithm>

#include "sim/verdict.h"

namespace doorbuster::simulation {
namespace {

using sale::ClaimVerdict;
using Broken = SaleModel::Broken;

// `goods` as sent may be any round.
bool names(std::string_view sent, std::string_view real) {
  return sent == real || (sent == "goods" && real.starts_with("goods-"));
}

// A check of what was told to `command`; an answer of a kind that it never gets is broken.
template <typename Told>
std::function<Broken(const SaleModel&)> verdict_on(const store::Command& command,
                                                   const Told& told) {
  using Check = std::function<Broken(const SaleModel&)>;
  return std::visit(
      [&](const auto& asked) -> Check {
        if constexpr (std::is_invocable_v<Verdict, decltype(asked), const Told&>) {
          return [asked, told](const SaleModel& sale) { return Verdict(sale)(asked, told); };
        } else {
          return [](const SaleModel&) { return Broken("an answer to another question"); };
        }
      },
      command);
}

std::string name_of(sale::ClaimChange change) {
  switch (change) {
    case sale::ClaimChange::done:
      return "done";
    case sale::ClaimChange::unchanged:
      return "unchanged";
    case sale::ClaimChange::expired:
      return "expired";
    case sale::ClaimChange::released:
      return "released";
    case sale::ClaimChange::reference_mismatch:
      return "reference mismatch";
    case sale::ClaimChange::confirmed:
      return "confirmed";
    case sale::ClaimChange::not_extendable:
      return "not extendable";
  }
  return {};
}

std::string name_of(sale::SaleChange change) {
  switch (change) {
    case sale::SaleChange::done:
      return "done";
    case sale::SaleChange::unchanged:
      return "unchanged";
    case sale::SaleChange::version_mismatch:
      return "version mismatch";
    case sale::SaleChange::closed:
      return "closed";
    case sale::SaleChange::already_open:
      return "already open";
    case sale::SaleChange::stock_below_claimed:
      return "stock below claimed";
    case sale::SaleChange::stock_out_of_range:
      return "stock out of range";
    case sale::SaleChange::closes_in_the_past:
      return "closes in the past";
    case sale::SaleChange::closes_before_opening:
      return "closes before opening";
  }
  return {};
}

std::string name_of(const store::Command& command) {
  if (std::holds_alternative<store::ConfirmClaim>(command)) return "confirm";
  if (std::holds_alternative<store::ReleaseClaim>(command)) return "release";
  if (std::holds_alternative<store::ExtendClaim>(command)) return "extend";
  if (std::holds_alternative<sale::ChangeSale>(command)) return "change";
  if (std::holds_alternative<sale::SteerSale>(command)) return "steer";
  if (std::holds_alternative<sale::DeleteSale>(command)) return "delete";
  return "read";
}

}  // namespace

void Auditor::violated(const std::string& what) {
  if (!violation_) violation_ = what;
}

std::size_t Auditor::sent(const store::Command& command) {
  sent_.push_back({command, ++moment_, cause_of(command)});
  if (!sent_.back().cause.empty()) causes_.insert(sent_.back().cause);
  if (const auto* change = std::get_if<sale::ChangeSale>(&command)) {
    changes_.emplace(change->sale.view(), change->changes);
  }
  return sent_.size() - 1;
}

void Auditor::answered(std::size_t request, const store::Reply& reply) {
  std::visit([&](const auto& told) { hear(request, told); }, reply);
  // A claim that was not granted never takes effect later (S4).
  const auto* claim = std::get_if<store::ClaimReply>(&reply);
  const bool granted = claim != nullptr && claim->verdict == ClaimVerdict::granted;
  if (granted || !std::holds_alternative<sale::ClaimUnits>(sent_[request].command)) return;
  const auto cause = causes_.find(sent_[request].cause);
  if (cause != causes_.end()) causes_.erase(cause);
}

void Auditor::told(std::size_t request, const std::string& slug, std::uint64_t sequence,
                   bool changes, Check check) {
  SaleRecord& record = sales_[slug];
  const auto later = std::ranges::lower_bound(record.told, sent_[request].moment, {},
                                              &std::pair<std::uint64_t, std::uint64_t>::first);
  const std::uint64_t before = later == record.told.begin() ? 0 : std::prev(later)->second;
  if (changes ? sequence <= before : sequence < before) {
    violated("S9: an answer of " + slug + " has sequence " + std::to_string(sequence) + ", but " +
             std::to_string(before) + " was told before it was asked");
  }
  if (record.told.empty() || sequence > record.told.back().second) {
    record.told.emplace_back(moment_, sequence);
  }
  record.checks.emplace(sequence, std::move(check));
}

void Auditor::learn(sale::ClaimId id, const Place& place) {
  const std::string text = sale::to_string(id);
  const auto known_place = place_of_id_.try_emplace(text, place).first;
  const auto known_id = id_at_.try_emplace(place, text).first;
  if (known_place->second != place) violated("R19: an id names two claims of " + place.sale);
  if (known_id->second != text) violated("R19: a claim of " + place.sale + " has two ids");
}

void Auditor::hear(std::size_t request, const store::ClaimReply& reply) {
  const std::string slug(reply.sale.view());
  const store::Command command = sent_[request].command;
  const auto* asked = std::get_if<sale::ClaimUnits>(&command);
  if (asked == nullptr || !names(asked->sale.view(), slug)) {
    return violated("an answer about another sale: " + slug);
  }
  const bool granted = reply.verdict == ClaimVerdict::granted;
  told(request, slug, reply.sequence.value, granted, verdict_on(command, reply));
  if (reply.verdict != ClaimVerdict::refused) {
    note(granted ? "claims granted" : "claims replayed");
    return learn(reply.claim.id, {slug, reply.claim.sequence.value});
  }
  note("refused: " + std::string(sale::to_string(reply.refusal)));
  if (reply.refusal != sale::Refusal::limit_exceeded) return;
  told(request, slug, reply.sequence.value, false,
       [this, slug, buyer = std::string(asked->buyer.view()),
        ids = reply.claims](const SaleModel& sale) -> Broken {
         std::vector<std::uint64_t> live;
         for (const std::size_t i : sale.claims_of(buyer)) {
           if (sale.claims()[i].live()) live.insert(live.begin(), sale.claims()[i].sequence);
         }
         if (live.size() != ids.size()) return "R9: not all live claims are named";
         for (std::size_t i = 0; i < ids.size(); ++i) learn(ids[i], {slug, live[i]});
         return {};
       });
}

void Auditor::hear(std::size_t request, const store::ClaimChangeReply& reply) {
  const std::string slug(reply.sale.view());
  const store::Command& command = sent_[request].command;
  note(name_of(command) + ": " + name_of(reply.change));
  learn(reply.claim.id, {slug, reply.claim.sequence.value});
  told(request, slug, reply.sequence.value, reply.change == sale::ClaimChange::done,
       verdict_on(command, reply));
}

void Auditor::hear(std::size_t request, const store::CreateReply& reply) {
  if (reply.verdict == sale::CreateVerdict::closes_in_the_past) return hear_no_sale(request);
  const bool created = reply.verdict == sale::CreateVerdict::created;
  told(request, reply.sale.definition->slug, reply.sale.sequence.value, created,
       verdict_on(sent_[request].command, reply));
}

void Auditor::hear_no_sale(std::size_t request) {
  note("create: closes in the past");
  const auto* asked = std::get_if<sale::CreateSale>(&sent_[request].command);
  if (asked == nullptr || !asked->definition->closes_at) {
    return violated("a sale that closes in the past, and never closes");
  }
  const std::string& slug = asked->definition->slug;
  const auto known = sales_.find(slug);
  if (known != sales_.end() && !known->second.told.empty() &&
      known->second.told.front().first < sent_[request].moment) {
    violated("a sale was refused that existed before: " + slug);
  }
}

void Auditor::hear(std::size_t request, const store::SaleChangeReply& reply) {
  const store::Command& command = sent_[request].command;
  note(name_of(command) + ": " + name_of(reply.change));
  told(request, reply.sale.definition->slug, reply.sale.sequence.value,
       reply.change == sale::SaleChange::done, verdict_on(command, reply));
}

void Auditor::hear(std::size_t request, const store::SaleView& reply) {
  told(request, reply.definition->slug, reply.sequence.value, false,
       [reply](const SaleModel& sale) { return Verdict(sale).view(reply); });
}

void Auditor::hear(std::size_t request, const store::SalesPage& reply) {
  for (const store::SaleView& view : reply.sales) hear(request, view);
}

void Auditor::hear(std::size_t request, const store::ClaimsPage& reply) {
  const std::string& slug = reply.sale.definition->slug;
  for (const store::ClaimView& claim : reply.claims) {
    learn(claim.id, {slug, claim.sequence.value});
  }
  told(request, slug, reply.sale.sequence.value, false, verdict_on(sent_[request].command, reply));
}

void Auditor::hear(std::size_t request, const store::NoSuchSale&) {
  note("told that there is no such sale");
  const Sent& sent = sent_[request];
  const std::string slug = std::visit(
      [](const auto& asked) -> std::string {
        if constexpr (requires { asked.sale.view(); }) return std::string(asked.sale.view());
        return {};
      },
      sent.command);
  const auto perhaps_deleted = [&](const std::string& sale) {
    return causes_.contains("delete|" + sale) ||
           (names("goods", sale) && causes_.contains("delete|goods"));
  };
  for (const auto& [sale, record] : sales_) {
    if (perhaps_deleted(sale)) continue;
    if (names(slug, sale) && !record.told.empty() && record.told.front().first < sent.moment) {
      violated("S6: there is no such sale as " + sale + ", of which something was told before");
    }
  }
}

// Right for a claim of another sale or of another buyer.
void Auditor::hear(std::size_t request, const store::NoSuchClaim& reply) {
  note("told that there is no such claim");
  const auto check = [&](const auto& asked) {
    if constexpr (requires { asked.claim; }) {
      const auto place = place_of_id_.find(sale::to_string(asked.claim));
      if (place == place_of_id_.end() || place->second.sale != asked.sale.view()) return;
      std::string buyer;
      if constexpr (requires { asked.buyer; }) buyer = asked.buyer.view();
      told(request, place->second.sale, reply.sequence.value, false,
           [buyer, sequence = place->second.sequence](const SaleModel& sale) -> Broken {
             const ModelClaim* claim = sale.claim_at(sequence);
             if (claim == nullptr) return "S4: a claim was named before it was granted";
             if (!buyer.empty() && claim->buyer != buyer) return {};
             return "S6: a claim that was granted is not found";
           });
    }
  };
  const store::Command command = sent_[request].command;
  std::visit(check, command);
}

void Auditor::hear(std::size_t, const Error& reply) {
  if (reply.code == ErrorCode::storage_unavailable) {
    note("refused for want of room on the disk");
  } else if (reply.code == ErrorCode::clock_behind) {
    note("refused while the clock was behind");
  } else {
    violated("R8: " + reply.message);
  }
}

void Auditor::run_checks(SaleRecord& record) {
  while (!record.checks.empty() && record.checks.begin()->first <= record.model.sequence()) {
    const auto check = record.checks.extract(record.checks.begin());
    if (violation_) continue;
    const std::string where =
        ": " + record.model.definition().slug + ", sequence " + std::to_string(check.key());
    if (check.key() != record.model.sequence()) violated("judged too late" + where);
    if (const auto broken = check.mapped()(record.model)) violated(*broken + where);
  }
}

void Auditor::decides_from(Time grace_until) {
  for (auto& [slug, record] : sales_) record.model.grant_grace(grace_until);
}

void Auditor::listed(const std::vector<store::SaleView>& sales) {
  std::set<std::string> shown;
  for (const store::SaleView& view : sales) {
    if (!shown.insert(view.definition->slug).second) violated("a sale is listed twice");
  }
  for (const std::string& slug : slugs_) {
    const bool deleted = sales_[slug].model.deleted();
    if (shown.contains(slug) == deleted) {
      violated("S6: " + slug + (deleted ? " is listed, and was deleted" : " is not listed"));
    }
  }
}

}  // namespace doorbuster::simulation
