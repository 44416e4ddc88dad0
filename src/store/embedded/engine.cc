#include "store/embedded/engine.h"

#include <algorithm>

#include "base/check.h"
#include "sale/apply.h"
#include "sale/decide.h"
#include "sale/event_codec.h"
#include "store/embedded/execution.h"

namespace doorbuster::embedded {
namespace {

// The most that the events of one decision may take: a definition comes from a body of 64 KiB.
constexpr std::size_t kLargestDecision = 96 * 1024;

// What one decision may add to the events to come: a sale's opening and its closing.
constexpr std::uint64_t kMostNewEnds = 2;

// The events to come of a sale that find room whatever the disk does. Each comes once.
std::uint32_t ends_to_come(const sale::SaleState& sale) {
  const std::uint32_t transitions = sale.status() == sale::SaleStatus::closed ? 0
                                    : sale.opened()                           ? 1
                                                                              : 2;
  return static_cast<std::uint32_t>(sale.hold_ends()) + transitions;
}

// What an event is for, in the state before it.
struct PurposeOf {
  const sale::Catalog& catalog;
  sale::SaleOrdinal sale;

  // The end of a hold; without one, a reference that is set or a refund.
  Purpose of_claim(sale::ClaimOrdinal claim) const {
    const sale::SaleState& state = catalog[sale];
    return state.status_of(state.claims()[claim]) == sale::ClaimStatus::held ? Purpose::end_of_hold
                                                                             : Purpose::upkeep;
  }
  Purpose operator()(const sale::ClaimConfirmed& event) const { return of_claim(event.claim); }
  Purpose operator()(const sale::ClaimReleased& event) const { return of_claim(event.claim); }
  Purpose operator()(const sale::SaleOpened&) const { return Purpose::end_of_hold; }
  Purpose operator()(const sale::SaleClosed&) const { return Purpose::end_of_hold; }
  Purpose operator()(const sale::SaleCancelled&) const { return Purpose::end_of_hold; }
  Purpose operator()(const sale::SalePaused&) const { return Purpose::upkeep; }
  Purpose operator()(const sale::SaleResumed&) const { return Purpose::upkeep; }
  Purpose operator()(const sale::SaleDeleted&) const { return Purpose::upkeep; }
  Purpose operator()(const sale::ClaimExtended&) const { return Purpose::upkeep; }
  Purpose operator()(const sale::ClaimReacquired&) const { return Purpose::upkeep; }
  Purpose operator()(const sale::RefundRequired&) const { return Purpose::upkeep; }
  Purpose operator()(const auto&) const { return Purpose::growth; }
};

// What stands back farthest of what `events` are for.
Purpose purpose_of(const sale::Catalog& catalog, const std::vector<sale::Event>& events) {
  Purpose purpose = Purpose::end_of_hold;
  for (const sale::Event& event : events) {
    purpose = std::min(purpose, std::visit(PurposeOf{catalog, event.sale}, event.body));
  }
  return purpose;
}

Error clock_behind() {
  return {ErrorCode::clock_behind, "the wall clock is behind the journal: nothing is decided"};
}

}  // namespace

Engine::Engine(FileSystem& files, const Clock& clock, EngineWorkers workers, EngineOptions options,
               Recovered recovered, std::function<void()> wake)
    : options_(std::move(options)),
      own_probe_(options_.probe == nullptr ? std::make_shared<StoreProbe>() : nullptr),
      probe_(own_probe_ ? *own_probe_ : *options_.probe),
      claim_ids_(recovered.identity),
      catalog_(std::move(recovered.catalog)),
      time_line_(clock, recovered.end.time),
      journal_(files, workers.journal,
               {journal_path(options_.data_dir), options_.segment_bytes, options_.max_group_bytes,
                recovered.identity.incarnation,
                std::shared_ptr<JournalProbe>(own_probe_, &probe_.journal)},
               recovered.end, wake),
      snapshotter_(files, workers.snapshots,
                   {options_.data_dir, recovered.identity, options_.snapshots},
                   options_.segment_bytes, recovered.first_segment, wake),
      archive_(files, workers.archive, snapshots_path(options_.data_dir), recovered.identity,
               std::move(recovered.archive), std::move(wake)),
      durable_head_(recovered.end.next_position - 1) {
  for (std::uint32_t i = 0; i < catalog_.size(); ++i) {
    slugs_.add(catalog_[{i}].definition().slug, 0);
  }
  adopt_figures();
  CHECK(options_.max_group_bytes >= 2 * kLargestDecision);
}

Engine::~Engine() = default;

Status Engine::open() {
  static_cast<void>(may_decide());
  if (Status s = journal_.open(); !s.ok()) return s;
  consider_snapshot();
  return ok_status();
}

void Engine::consider_snapshot() {
  snapshotter_.consider(journal_.last_sealed(), journal_.durable_group(), time_line_.now(),
                        archiving_is_due(time_line_.now()));
}

bool Engine::may_decide() {
  if (deciding_) return true;
  if (!time_line_.may_decide()) return false;
  deciding_ = true;
  catalog_.grant_grace(time_line_.now() + options_.restart_grace);
  for (std::uint32_t i = 0; i < catalog_.size(); ++i) schedule(catalog_[{i}]);
  journal_.set_reserve(ends_ + kMostNewEnds);
  return true;
}

void Engine::schedule(const sale::SaleState& sale) {
  const std::uint32_t ordinal = sale.ordinal().value;
  if (due_of_.size() <= ordinal) {
    due_of_.resize(catalog_.size(), kNever);
    archives_at_of_.resize(catalog_.size(), kNever);
    ends_of_.resize(catalog_.size(), 0);
    last_decided_of_.resize(catalog_.size(), 0);
  }
  ends_ -= std::exchange(ends_of_[ordinal], ends_to_come(sale));
  ends_ += ends_of_[ordinal];
  if (const sale::HoldEnd* last = sale.last_hold_end()) {
    last_hold_end_ = std::max(last_hold_end_, last->at);
  }
  if (sale.status() == sale::SaleStatus::closed) schedule_archiving(sale);
  Time& known = due_of_[ordinal];
  const Time due = sale::next_due_at(sale);
  if (due == known) return;
  if (known != kNever) due_.erase({known, ordinal});
  if (due != kNever) due_.insert({due, ordinal});
  known = due;
}

void Engine::settle_due() {
  if (failed_ || !may_decide()) return;
  due_left_ = kDueATurn;
  const Time now = time_line_.now();
  while (has_due(now) && due_left_ > 0 && !group_is_full()) {
    if (!Execution(*this, now).settle(catalog_[{due_.begin()->second}])) break;
  }
  run_awaiting();
  archive_some();
  std::vector<Queued> commands = std::exchange(unsettled_, {});
  for (Queued& each : commands) {
    if (group_is_full()) {
      backlog_.push_back(std::move(each));
    } else {
      execute(each.ticket, each.command);
    }
  }
}

void Engine::run_awaiting() {
  if (awaiting_room_.empty()) return;
  journal_.prepare(time_line_.now());
  if (journal_.room(Purpose::growth) == 0 && journal_.awaits_segment()) return;
  std::vector<Queued> commands = std::exchange(awaiting_room_, {});
  for (Queued& each : commands) {
    if (group_is_full()) {
      backlog_.push_back(std::move(each));
    } else {
      execute(each.ticket, each.command);
    }
  }
}

bool Engine::wants_turn() {
  if (failed_ || group_is_full()) return false;
  const Time at = now();
  return !unsettled_.empty() || has_due(at) || has_sales_to_archive(at);
}

bool Engine::has_due(Time now) const {
  const std::size_t with_one_more = group_.payload_bytes() + kEndOfHoldBytes;
  return !due_.empty() && due_.begin()->first <= now &&
         with_one_more <= journal_.room(Purpose::end_of_hold);
}

Time Engine::next_turn_at() {
  Time at = due_.empty() ? kNever : due_.begin()->first;
  if (!group_.empty() && !journal_.busy()) at = std::min(at, next_group_at(now()));
  return std::min({at, journal_.prepare_at().value_or(kNever), archiving_at()});
}

Time Engine::next_group_at(Time now) const {
  const auto until_last = std::max(last_hold_end_ - now, std::chrono::milliseconds{0});
  return group_begun_at_ + journal_.interval(group_.payload_bytes(), until_last);
}

bool Engine::group_is_full() const {
  return group_.payload_bytes() + kLargestDecision > options_.max_group_bytes;
}

void Engine::expect(const store::Command& command) const {
  const auto* claim = std::get_if<sale::ClaimUnits>(&command);
  if (claim == nullptr) return;
  const sale::SaleState* sale = catalog_.find(claim->sale.view());
  if (sale != nullptr) sale->expect(claim->buyer.view());
}

bool Engine::submit(const Ticket& ticket, const store::Command& command) {
  if (failed_ || stopping_ || waiting() >= options_.max_waiting) return false;
  if (!backlog_.empty() || group_is_full()) {
    backlog_.push_back({ticket, command});
  } else {
    execute(ticket, command);
  }
  return true;
}

std::optional<store::Reply> Engine::refuse_aside(const store::Command& command) {
  const auto* claim = std::get_if<sale::ClaimUnits>(&command);
  if (claim == nullptr || !deciding_ || failed_ || stopping_) return std::nullopt;
  Execution execution(*this, time_line_.now());
  std::optional<store::Reply> reply = execution.refusal(*claim);
  if (reply) count_aside(*execution.about(), std::get<store::ClaimReply>(*reply).refusal);
  return reply;
}

void Engine::execute(const Ticket& ticket, const store::Command& command) {
  if (!may_decide()) return answer(ticket, clock_behind(), last_decided());
  lacked_room_ = false;
  lacked_claims_.reset();
  Execution execution(*this, time_line_.now());
  std::optional<store::Reply> reply = execution.run(command);
  if (reply) {
    const auto sale = execution.about();
    answer(ticket, std::move(*reply), sale ? last_decided(*sale) : last_decided());
  } else if (lacked_claims_) {
    archive_.begin_reading(catalog_[*lacked_claims_]);
    awaiting_claims_of_[lacked_claims_->value].push_back({ticket, command});
    ++awaiting_claims_;
  } else if (lacked_room_) {
    awaiting_room_.push_back({ticket, command});
  } else {
    unsettled_.push_back({ticket, command});
  }
}

void Engine::answer(const Ticket& ticket, store::Reply&& reply, std::uint64_t rests_on) {
  if (rests_on >= journal_.next_position()) {
    open_.emplace_back(ticket, std::move(reply));
  } else if (rests_on > durable_head_.position()) {
    in_flight_.emplace_back(ticket, std::move(reply));
  } else {
    released_.emplace_back(ticket, std::move(reply));
  }
}

std::uint64_t Engine::last_decided() const {
  return journal_.next_position() + group_.records() - 1;
}

std::uint64_t Engine::last_decided(sale::SaleOrdinal sale) const {
  return sale.value < last_decided_of_.size() ? last_decided_of_[sale.value] : 0;
}

bool Engine::commit(const std::vector<sale::Event>& events) {
  payload_.clear();
  for (const sale::Event& event : events) {
    event_bytes_.clear();
    sale::encode(event, event_bytes_);
    append_record(payload_, event.sale, event_bytes_);
  }
  CHECK(payload_.size() <= kLargestDecision);
  const Purpose purpose = purpose_of(catalog_, events);
  if (group_.payload_bytes() + payload_.size() > journal_.room(purpose)) {
    lacked_room_ = true;
    return false;
  }
  std::uint64_t position = last_decided();
  group_.append(payload_, static_cast<std::uint32_t>(events.size()));
  for (const sale::Event& event : events) {
    ++position;
    sale::apply(catalog_, event);
    if (const auto* created = std::get_if<sale::SaleCreated>(&event.body)) {
      slugs_.add(created->definition->slug, position);
    }
    schedule(catalog_[event.sale]);
    last_decided_of_[event.sale.value] = position;
    touch(event.sale);
  }
  journal_.set_reserve(ends_ + kMostNewEnds);
  return true;
}

void Engine::end_turn() {
  if (failed_) return;
  const Time now = time_line_.now();
  journal_.prepare(now);
  if (journal_.busy()) return;
  seal_for_archiving();
  if (!group_.empty()) {
    if (stopping_ || group_is_full() || now >= next_group_at(now)) start_group(0);
  } else if (stopping_ && backlog_.empty() && !stop_marked_) {
    unsettled_.clear();  // nothing was decided, and whoever asked has gone
    awaiting_room_.clear();
    awaiting_claims_of_.clear();
    awaiting_claims_ = 0;
    // Without room the mark is left out: the next start then takes this for an unclean stop. So it
    // is while the clock is behind, when nothing is written: the mark of the stop before stands.
    stop_marked_ = true;
    if (journal_.room(Purpose::upkeep) == 0 || !may_decide()) {
      stopped_ = true;
    } else {
      start_group(kCleanStop);
    }
  }
  show_settled_figures();
}

void Engine::start_group(std::uint32_t flags) {
  GroupBuffer full = std::exchange(group_, journal_.take_buffer());
  CHECK(in_flight_.empty());
  in_flight_.swap(open_);
  group_begun_at_ = time_line_.now();
  take_figures();
  journal_.write(std::move(full), group_begun_at_, flags);
}

Status Engine::collect() {
  if (failed_) return ok_status();
  take_archive_news();
  const std::optional<Status> finished = journal_.take_finished();
  if (!finished) return ok_status();
  if (!finished->ok()) {
    failed_ = true;
    return *finished;
  }
  durable_head_.reach(journal_.next_position() - 1);
  show_figures();
  note_committed();
  consider_snapshot();
  if (stop_marked_) stopped_ = true;
  store::move_all(in_flight_, released_);
  end_turn();
  while (!backlog_.empty() && !group_is_full()) {
    execute(backlog_.front().ticket, backlog_.front().command);
    backlog_.pop_front();
  }
  end_turn();
  return ok_status();
}

void Engine::take_released(std::vector<Released>& out) {
  if (failed_) return;
  store::move_all(released_, out);
}

void Engine::begin_stop() {
  stopping_ = true;
  snapshotter_.stop();
  end_turn();
}

}  // namespace doorbuster::embedded
