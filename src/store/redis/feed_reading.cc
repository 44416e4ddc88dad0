#include "store/redis/feed_reading.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "store/feed_event.h"
#include "store/redis/catalog_keys.h"

namespace doorbuster::redis {
namespace {

constexpr std::size_t kIndexEntries = 128;
// That many, and the one that the reader is behind.
constexpr std::string_view kIndexCount = "129";

store::Cursor cursor_of(std::uint64_t position) { return store::Cursor(std::to_string(position)); }

}  // namespace

FeedReading::FeedReading(const store::EventsWanted& wanted, std::string_view incarnation,
                         const sale::ClaimIdCodec& claim_ids)
    : sale_(wanted.sale.view()),
      most_(std::min(wanted.most, kMaxEventsPerCall)),
      incarnation_(incarnation),
      claim_ids_(claim_ids) {}

Arguments FeedReading::index_command() {
  from_ = std::to_string(after_) + "-0";
  return {"XRANGE", kFeedKey, from_, "+", "COUNT", kIndexCount};
}

FeedReading::Step FeedReading::take_index(const Reply& reply) {
  auto stretches = read_stretches(reply);
  if (!stretches) return end(stretches.error());
  at_end_ = stretches->size() <= kIndexEntries;
  stretches_.assign(std::move_iterator(stretches->begin()), std::move_iterator(stretches->end()));
  if (stretches_.empty()) return after_ == 0 ? plan() : end(store::NoSuchCursor{});
  const std::uint64_t oldest = stretches_.front().behind();
  if (stretches_.front().position == after_) {
    stretches_.pop_front();
  } else if (after_ == 0) {
    from_oldest_ = true;
    after_ = oldest;
  } else if (oldest > after_) {
    return end(store::CursorExpired{cursor_of(oldest)});
  }
  return plan();
}

void FeedReading::pass_front() {
  after_ = stretches_.front().position;
  stretches_.pop_front();
}

void FeedReading::pass_unwanted() {
  while (!stretches_.empty() && !is_wanted(stretches_.front())) pass_front();
}

// What the next round is about: as many stretches as have the events that are wanted yet.
FeedReading::Step FeedReading::plan() {
  pass_unwanted();
  if (stretches_.empty()) {
    if (!at_end_) return Step::read_index;
    return events_.empty() ? Step::wait : Step::done;
  }
  histories_.clear();
  number_of_.clear();
  planned_ = 0;
  std::uint64_t left = most_ - events_.size();
  for (const Stretch& stretch : stretches_) {
    if (is_wanted(stretch) && !add_to_plan(stretch, left)) break;
    ++planned_;
    if (left == 0 || one_by_one_) break;
  }
  CHECK(planned_ > 0);
  read_.assign(histories_.size(), {});
  return Step::read_histories;
}

// False: it is no continuation of what was planned of its sale.
bool FeedReading::add_to_plan(const Stretch& stretch, std::uint64_t& left) {
  const std::uint64_t told = std::max(after_, stretch.behind()) - stretch.behind();
  const sale::Sequence behind{stretch.before.value + told};
  const auto [place, is_new] = number_of_.emplace(stretch.slug, histories_.size());
  if (is_new) histories_.push_back({stretch.slug, {}, behind, 0});
  HistoryWanted& history = histories_[place->second];
  if (!is_new && history.known.sequence != stretch.before) return false;
  const std::uint64_t events = std::min(left, stretch.events() - told);
  history.known = stretch.last;
  history.events += static_cast<std::uint32_t>(events);
  left -= events;
  return true;
}

void FeedReading::take_history(std::size_t number, const Result<Reply>& reply) {
  const HistoryWanted& wanted = histories_[number];
  Result<HistoryAnswer> answer =
      reply ? read_history_reply(*reply) : Result<HistoryAnswer>(reply.error());
  if (!answer) {
    if (!reply_) reply_ = answer.error();
    return;
  }
  History& history = read_[number];
  history.is_lost = answer->verdict != CallVerdict::decided;
  history.trimmed = answer->trimmed;
  for (StreamEntry& entry : answer->entries) {
    const StreamEntry& kept = entries_.emplace_back(std::move(entry));
    Result<std::vector<sale::Event>> events = read_events(answer->ordinal, kept.events);
    if (!events) {
      if (!reply_) reply_ = events.error();
      return;
    }
    for (sale::Event& event : *events) {
      if (event.sequence <= wanted.behind) continue;
      history.events.push_back({std::move(event), kept.events.size() / events->size()});
    }
  }
}

FeedReading::Step FeedReading::end_histories() {
  if (reply_) return end(*std::exchange(reply_, std::nullopt));
  for (; planned_ > 0; --planned_) {
    const Stretch& stretch = stretches_.front();
    if (!is_wanted(stretch)) {
      pass_front();
      continue;
    }
    History& history = read_[number_of_.find(stretch.slug)->second];
    if (!history.is_lost) {
      if (tell(stretch, history)) {
        pass_front();
        continue;
      }
      return reply_ ? end(*std::exchange(reply_, {})) : Step::done;
    }
    if (!std::exchange(one_by_one_, true)) {
      return plan();  // what came before the place that is lost may be there
    }
    pass_front();
  }
  return events_.size() < most_ ? plan() : Step::done;
}

// The sale gave up these events: the index dropped the stretch meanwhile, or has it again after a
// failover. Who wants all there is does without them; false: another one is told that they are
// gone.
bool FeedReading::pass_trimmed(const Stretch& stretch, History& history) {
  const sale::Sequence last = std::min(history.trimmed, stretch.last.sequence);
  const std::uint64_t gone = stretch.behind() + last.value - stretch.before.value;
  if (!from_oldest_ || !events_.empty()) {
    reply_ = store::CursorExpired{cursor_of(gone)};
    return false;
  }
  after_ = gone;
  while (!history.events.empty() && history.events.front().event.sequence <= last) {
    history.events.pop_front();
  }
  return true;
}

// False: the page is full before the stretch is told, or an event is missing.
bool FeedReading::tell(const Stretch& stretch, History& history) {
  const std::string_view slug = *slugs_.insert(stretch.slug).first;
  while (after_ < stretch.position) {
    if (events_.size() == most_) return false;
    const sale::Sequence next{stretch.before.value + (after_ + 1 - stretch.behind())};
    if (history.events.empty() || history.events.front().event.sequence != next) {
      if (next <= history.trimmed) {
        if (!pass_trimmed(stretch, history)) return false;
        continue;
      }
      reply_ = Error{ErrorCode::data_damaged, "the history of sale " + stretch.slug +
                                                  " lacks event " + std::to_string(next.value)};
      return false;
    }
    Known& known = history.events.front();
    text_ += store::text_bytes(known.event, known.bytes);
    if (text_ > store::kMostPageText && !events_.empty()) return false;
    const auto claim = store::claim_of(known.event);
    const sale::ClaimId id =
        claim ? claim_ids_.encode({known.event.sale, *claim}) : sale::ClaimId{};
    events_.push_back({cursor_of(++after_), incarnation_, slug, id, std::move(known.event)});
    history.events.pop_front();
  }
  return true;
}

// What was read before is told first: who asks again comes to the same end.
FeedReading::Step FeedReading::end(const store::EventsReply& reply) {
  if (events_.empty()) reply_ = reply;
  at_end_ = false;
  return Step::done;
}

store::EventsReply FeedReading::take_reply() {
  if (reply_) return std::move(*reply_);
  pass_unwanted();
  return store::EventsRead{std::move(events_), cursor_of(after_), !stretches_.empty() || !at_end_};
}

}  // namespace doorbuster::redis
