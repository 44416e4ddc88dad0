#include "sim/auditor.h"

#include <algorithm>

namespace doorbuster::simulation {
namespace {

using sale::ClaimVerdict;
using sale::Refusal;
using store::ClaimView;
using store::SaleView;

// `goods` as sent may be any round.
bool names(const std::string& sent, const std::string& real) {
  return sent == real || (sent == "goods" && real.starts_with("goods-"));
}

std::uint64_t granted_until(const std::vector<ClaimView>& claims, std::uint64_t sequence,
                            std::string_view buyer = {}) {
  std::uint64_t units = 0;
  for (const ClaimView& claim : claims) {
    if (claim.sequence.value <= sequence && (buyer.empty() || claim.buyer.view() == buyer)) {
      units += claim.quantity;
    }
  }
  return units;
}

}  // namespace

void Auditor::violated(const std::string& what) {
  if (!violation_) violation_ = what;
}

std::size_t Auditor::sent(SentClaim claim) {
  Sent sent{std::move(claim), {}};
  for (const auto& [sale, record] : sales_) {
    if (names(sent.claim.sale, sale)) sent.seen[sale] = record.highest_told;
  }
  asked_.insert({sent.claim.sale, sent.claim.buyer, sent.claim.quantity});
  sent_.push_back(std::move(sent));
  return sent_.size() - 1;
}

void Auditor::note_sequence(const std::string& sale, std::uint64_t sequence) {
  SaleRecord& record = sales_[sale];
  record.highest_told = std::max(record.highest_told, sequence);
}

void Auditor::told(const SaleView& sale) {
  if (!sale.totals.conserved()) violated("S1: a view of " + sale.definition->slug);
  note_sequence(sale.definition->slug, sale.sequence.value);
}

void Auditor::answered(std::size_t request, const store::ClaimReply& reply) {
  const Sent& sent = sent_[request];
  const std::string sale(reply.sale.view());
  SaleRecord& record = sales_[sale];
  if (!names(sent.claim.sale, sale)) violated("the answer is about another sale: " + sale);
  const auto seen = sent.seen.find(sale);
  const std::uint64_t before = seen == sent.seen.end() ? 0 : seen->second;
  const bool granted = reply.verdict == ClaimVerdict::granted;
  if (granted ? reply.sequence.value <= before : reply.sequence.value < before) {
    violated("S9: an answer of " + sale + " has sequence " + std::to_string(reply.sequence.value) +
             ", but " + std::to_string(before) + " was told before it was asked");
  }
  note_sequence(sale, reply.sequence.value);
  if (reply.verdict == ClaimVerdict::refused) {
    ++refusals_[reply.refusal];
    record.refusals.push_back({reply, sent.claim});
    return;
  }
  granted ? ++grants_ : ++replays_;
  if (reply.claim.buyer.view() != sent.claim.buyer) violated("S4: another buyer's claim was told");
  if (granted && reply.claim.quantity != sent.claim.quantity) violated("R3: not all, not nothing");
  const auto [told, is_new] =
      record.grants.try_emplace(reply.claim.sequence.value, Told{reply, sent.claim});
  if (!is_new && told->second.reply.claim.id != reply.claim.id) {
    violated("R19: two claims were told with one sequence");
  }
  if (granted && !sent.claim.key.empty()) {
    const auto [known, first] = record.claim_of_key.try_emplace({sent.claim.buyer, sent.claim.key},
                                                                sale::to_string(reply.claim.id));
    if (!first && known->second != sale::to_string(reply.claim.id)) {
      violated("R9: one key was granted two claims");
    }
  }
}

void Auditor::shown(const SaleView& sale, const std::vector<ClaimView>& claims) {
  const std::string& slug = sale.definition->slug;
  const auto found = sales_.find(slug);
  if (!sale.totals.conserved()) violated("S1: " + slug + " does not add up");
  if (sale.totals.confirmed != granted_until(claims, sale.sequence.value)) {
    violated("S1: the claims of " + slug + " are not its confirmed units");
  }
  check_owners(sale, claims);
  if (found == sales_.end()) return;
  SaleRecord& record = found->second;
  if (sale.sequence.value < record.highest_told) {
    violated("S6: " + slug + " is at sequence " + std::to_string(sale.sequence.value) + ", but " +
             std::to_string(record.highest_told) + " was told");
  }
  check_kept(sale, claims, record);
  for (const Told& refusal : record.refusals) check_refusal(sale, claims, refusal);
  record.refusals.clear();
}

// Everything that was told is still there as it was told (S6).
void Auditor::check_kept(const SaleView& sale, const std::vector<ClaimView>& claims,
                         const SaleRecord& record) {
  const std::string& slug = sale.definition->slug;
  std::map<std::uint64_t, const ClaimView*> by_sequence;
  for (const ClaimView& claim : claims) by_sequence[claim.sequence.value] = &claim;
  for (const auto& [sequence, told] : record.grants) {
    const auto kept = by_sequence.find(sequence);
    const ClaimView& claim = told.reply.claim;
    if (kept == by_sequence.end()) {
      violated("S6: " + slug + " lost the claim of " + std::string(claim.buyer.view()) +
               " with sequence " + std::to_string(sequence));
    } else if (kept->second->id != claim.id || kept->second->units != claim.units ||
               !(kept->second->buyer == claim.buyer) ||
               kept->second->claimed_at != claim.claimed_at) {
      violated("S6: " + slug + " changed the claim with sequence " + std::to_string(sequence));
    }
  }
}

// Nobody has too much, no unit has two owners, no claim comes from nowhere, time does not run back.
void Auditor::check_owners(const SaleView& sale, const std::vector<ClaimView>& claims) {
  const std::string& slug = sale.definition->slug;
  std::set<sale::Unit> owned;
  std::map<std::string_view, std::uint64_t> quantity_of;
  Time last;
  for (const ClaimView& claim : claims) {
    quantity_of[claim.buyer.view()] += claim.quantity;
    for (std::uint32_t i = 0; i < claim.units.first.count; ++i) {
      if (!owned.insert(claim.units.first.first + i).second)
        violated("S2: " + slug + ": two owners");
    }
    if (claim.claimed_at < last) violated("S12: time runs back in " + slug);
    last = claim.claimed_at;
    const std::string asked = slug.starts_with("goods-") ? "goods" : slug;
    if (!asked_.contains({asked, std::string(claim.buyer.view()), claim.quantity})) {
      violated("S4: nobody asked for a claim of " + slug);
    }
  }
  if (owned.size() > sale.definition->stock) violated("S2: " + slug + " is oversold");
  for (const auto& [buyer, quantity] : quantity_of) {
    if (quantity > sale.definition->per_buyer_limit) violated("S3: " + slug + " over the limit");
  }
}

// Whether a refusal was right at the sequence it names.
void Auditor::check_refusal(const SaleView& sale, const std::vector<ClaimView>& claims,
                            const Told& told) {
  const std::uint64_t at = told.reply.sequence.value;
  const std::uint64_t free = sale.definition->stock - granted_until(claims, at);
  const std::uint64_t his = granted_until(claims, at, told.claim.buyer);
  const std::string where = sale.definition->slug + ", sequence " + std::to_string(at);
  switch (told.reply.refusal) {
    case Refusal::sold_out:
      if (free != 0) violated("R1: sold out with " + std::to_string(free) + " free: " + where);
      break;
    case Refusal::insufficient_stock:
      if (free == 0 || free >= told.claim.quantity || free != told.reply.available) {
        violated("R3: insufficient stock with " + std::to_string(free) + " free: " + where);
      }
      break;
    case Refusal::limit_exceeded:
      if (his + told.claim.quantity <= sale.definition->per_buyer_limit) {
        violated("R2: refused with room under the limit: " + where);
      }
      break;
    case Refusal::not_open:
      if (!sale.definition->opens_at || told.reply.now >= *sale.definition->opens_at) {
        violated("R12: not open after its time: " + where);
      }
      break;
    case Refusal::closed:
      if (!sale.definition->slug.starts_with("goods-") &&
          (!sale.definition->closes_at || told.reply.now < *sale.definition->closes_at)) {
        violated("R12: closed before its time: " + where);
      }
      break;
    case Refusal::key_reused:
      if (told.claim.key.empty()) violated("R9: a key was reused that was not given: " + where);
      break;
    case Refusal::paused:
      violated("R12: paused by nobody: " + where);
      break;
    case Refusal::attempts_exhausted:
      violated("R18: refused as too many attempts, and no claim has ended: " + where);
      break;
  }
}

}  // namespace doorbuster::simulation
