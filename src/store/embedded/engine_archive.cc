// How archived sales leave the engine's memory, and come back when somebody asks.
//
// A snapshot writes the image of such a sale into the archive. Once that is durable, and as new as
// the sale, its claims go. A command that needs them waits until they have been read; then they
// stay for a while, since who asks once asks again.
#include <algorithm>

#include "base/check.h"
#include "sale/decide.h"
#include "store/embedded/engine.h"

namespace doorbuster::embedded {
namespace {

constexpr std::chrono::milliseconds kSealAgainAfter{1000};
// A segment is not sealed for a sale whose last event is only on its way there.
constexpr std::chrono::milliseconds kWrittenWithin{1000};

}  // namespace

bool Engine::is_in_archive(const sale::SaleState& sale) const {
  const ArchivedImage* image = find_archived(archive_.index(), sale.ordinal());
  return image != nullptr && image->sequence == sale.sequence();
}

void Engine::schedule_archiving(const sale::SaleState& sale) {
  const std::uint32_t ordinal = sale.ordinal().value;
  Time at = kNever;
  if (!sale.archived() && sale.deleted()) {
    at = Time{};  // nothing of it need be kept
    begin_leaving();
  } else if (!sale.archived() && !is_in_archive(sale)) {
    at = std::max(sale::archives_at(sale), sale.last_event_at() + kWrittenWithin);
  }
  Time& known = archives_at_of_[ordinal];
  if (at == known) return;
  if (known != kNever) archivable_.erase({known, ordinal});
  if (at != kNever) archivable_.insert({at, ordinal});
  known = at;
}

bool Engine::archiving_is_due(Time now) const {
  return !archivable_.empty() && archivable_.begin()->first <= now;
}

Time Engine::archiving_snapshot_at() const {
  if (archivable_.empty() || snapshotter_.under_way() || options_.snapshots.segments == 0) {
    return kNever;
  }
  return std::max(
      {archivable_.begin()->first, snapshotter_.archives_not_before(), seal_not_before_});
}

Time Engine::archiving_at() const {
  const Time snapshot_at = archiving_snapshot_at();
  if (brought_back_.empty()) return snapshot_at;
  return std::min(snapshot_at, brought_back_.front().since + kBroughtBackFor);
}

void Engine::seal_for_archiving() {
  const Time now = time_line_.now();
  if (stopping_ || archiving_snapshot_at() > now) return;
  if (journal_.last_sealed() >= snapshotter_.next_segment()) return consider_snapshot();
  seal_not_before_ = now + kSealAgainAfter;
  if (journal_.seal(group_.payload_bytes()) && group_.empty()) start_group(0);
}

void Engine::begin_leaving() {
  if (!looked_at_) looked_at_.emplace(Time::min(), 0);
}

bool Engine::has_sales_to_archive(Time now) const {
  if (!deciding_) return false;
  if (looked_at_) return true;
  return !brought_back_.empty() && (brought_back_.front().since + kBroughtBackFor <= now ||
                                    brought_back_bytes_ > kBroughtBackBytes);
}

void Engine::archive_some() {
  const Time now = time_line_.now();
  std::size_t left = kArchivedATurn;
  for (; left > 0 && looked_at_; --left) {
    const auto next = archivable_.upper_bound(*looked_at_);
    if (next == archivable_.end() || next->first > now) {
      looked_at_.reset();
    } else {
      looked_at_ = *next;
      leave_claims({next->second});
    }
  }
  for (; left > 0 && has_sales_to_archive(now) && !looked_at_; --left) {
    const BroughtBack oldest = brought_back_.front();
    brought_back_.pop_front();
    brought_back_bytes_ -= oldest.bytes;
    leave_claims(oldest.sale);
  }
}

void Engine::leave_claims(sale::SaleOrdinal ordinal) {
  const sale::SaleState& sale = catalog_[ordinal];
  if (sale.archived() || (!sale.deleted() && !is_in_archive(sale))) return;
  const std::string head = sale::head_of(sale);
  auto rest = sale::read_archived({}, std::as_bytes(std::span(head)));
  CHECK(rest.ok());
  archive_.discard(sale::replace_sale(catalog_, std::move(*rest)));
  schedule_archiving(catalog_[ordinal]);
}

void Engine::take_archive_news() {
  if (auto index = snapshotter_.take_archive(time_line_.now())) {
    archive_.set_index(std::move(index));
    begin_leaving();
  }
  for (Archive::Read& read : archive_.take_read(catalog_, snapshotter_.under_way())) {
    const bool failed = !bring_back(read);
    const auto waiting = awaiting_claims_of_.extract(read.sale.value);
    if (waiting.empty()) continue;
    awaiting_claims_ -= waiting.mapped().size();
    for (Queued& each : waiting.mapped()) {
      if (failed) {
        answer(each.ticket,
               Error{ErrorCode::storage_unavailable,
                     "the claims of this archived sale cannot be read"},
               last_decided(read.sale));
      } else if (group_is_full()) {
        backlog_.push_back(std::move(each));
      } else {
        execute(each.ticket, each.command);
      }
    }
  }
}

bool Engine::bring_back(Archive::Read& read) {
  const sale::SaleState& sale = catalog_[read.sale];
  if (!read.whole.ok()) {
    if (sale.deleted()) return true;
    archive_problem_ = read.whole.error().message;
    return false;
  }
  archive_problem_.clear();
  if (sale.deleted()) {
    archive_.discard(std::move(*read.whole));
    return true;
  }
  sale::replace_sale(catalog_, std::move(*read.whole));
  brought_back_.push_back({read.sale, time_line_.now(), read.bytes});
  brought_back_bytes_ += read.bytes;
  schedule_archiving(catalog_[read.sale]);
  return true;
}

}  // namespace doorbuster::embedded
