#include "store/embedded/journal_feed.h"

#include <pthread.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "sale/event_codec.h"
#include "store/feed_event.h"

namespace doorbuster::embedded {
namespace {

constexpr std::size_t kMostUnderWay = 4096;
// Groups come by the thousand in a second: those who wait are told of several at a time.
constexpr std::chrono::milliseconds kPause{5};

}  // namespace

JournalFeed::JournalFeed(FileSystem& files, const std::string& data_dir,
                         const StoreIdentity& identity, DurableHead& head, const SlugBook& slugs)
    : incarnation_(to_hex(identity.incarnation)),
      claim_ids_(identity),
      cursors_(identity),
      head_(head),
      slugs_(slugs),
      reader_(files, journal_path(data_dir), identity.incarnation) {
  head_.on_advance([this] {
    {
      const std::lock_guard lock(mutex_);
      advanced_ = true;
    }
    changed_.notify_one();
  });
  thread_ = std::thread([this] { run(); });
  ::pthread_setname_np(thread_.native_handle(), "db-feed");
}

JournalFeed::~JournalFeed() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

bool JournalFeed::read(const store::EventsWanted& wanted, Done done) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_ || under_way_ >= kMostUnderWay) return false;
    ++under_way_;
    asked_.push_back({wanted, std::move(done), SteadyClock::now() + wanted.wait, head_.position()});
  }
  changed_.notify_one();
  return true;
}

void JournalFeed::run() {
  while (wait()) {
    for (Asked& asked : taken_) begin(asked);
    taken_.clear();
    end_waits();
    // One page each, so that nobody who has much to read keeps the others.
    for (std::size_t turns = ready_.size(); turns > 0; --turns) {
      Reading reading = std::move(ready_.front());
      ready_.pop_front();
      advance(std::move(reading));
    }
  }
}

bool JournalFeed::has_news() const {
  const std::uint64_t position = head_.position();
  return std::ranges::any_of(
      waiting_, [&](const Reading& reading) { return *reading.range.after < position; });
}

bool JournalFeed::wait() {
  auto until = SteadyClock::time_point::max();
  for (const Reading& reading : waiting_) until = std::min(until, reading.until);
  if (!waiting_.empty() && !has_news()) head_.await();
  // What was reached before await() is not told.
  if (has_news()) until = std::min(until, next_look_);
  if (ready_.empty()) reader_.rest();
  std::unique_lock lock(mutex_);
  const auto something = [&] { return stopping_ || advanced_ || !asked_.empty(); };
  if (ready_.empty()) {
    if (until == SteadyClock::time_point::max()) {
      changed_.wait(lock, something);
    } else {
      changed_.wait_until(lock, until, something);
    }
  }
  advanced_ = false;
  taken_.swap(asked_);
  return !stopping_;
}

void JournalFeed::begin(Asked& asked) {
  const store::EventsWanted& wanted = asked.wanted;
  Reading reading{{}, std::move(asked.done), asked.until};
  EventRange& range = reading.range;
  range.most = wanted.most;
  const std::uint64_t head = head_.position();
  if (wanted.after.view() == store::kLatest) {
    range.after = asked.latest;
  } else if (!wanted.after.empty()) {
    range.after = cursors_.parse(wanted.after.view());
    if (!range.after || *range.after > head) return answer(reading.done, store::NoSuchCursor{});
    if (*range.after == 0) range.after.reset();
  }
  if (!wanted.sale.empty()) {
    range.sale = slugs_.find(wanted.sale.view(), head);
    if (!range.sale) return answer(reading.done, store::NoSuchSaleEver{});
  }
  ready_.push_back(std::move(reading));
}

void JournalFeed::end_waits() {
  const auto now = SteadyClock::now();
  const bool looks = now >= next_look_ && has_news();
  if (looks) next_look_ = now + kPause;
  const std::uint64_t position = head_.position();
  const auto over =
      std::stable_partition(waiting_.begin(), waiting_.end(), [&](const Reading& reading) {
        const bool is_told = looks && *reading.range.after < position;
        return !is_told && now < reading.until;
      });
  std::move(over, waiting_.end(), std::back_inserter(ready_));
  waiting_.erase(over, waiting_.end());
}

void JournalFeed::advance(Reading reading) {
  reading.range.head = head_.position();
  const auto page = reader_.read(reading.range);
  if (!page) return answer(reading.done, page.error());
  if (!page->events.empty() || page->expired) return answer(reading.done, to_reply(*page));
  // Nothing of the sale that is wanted, as far as was looked.
  reading.range.after = page->next;
  if (page->has_more) {
    ready_.push_back(std::move(reading));
  } else if (SteadyClock::now() < reading.until) {
    waiting_.push_back(std::move(reading));
  } else {
    answer(reading.done, to_reply(*page));
  }
}

store::EventsReply JournalFeed::to_reply(const EventPage& page) const {
  const auto cursor_of = [this](std::uint64_t position) {
    return store::Cursor(cursors_.print(position));
  };
  if (page.expired) return store::CursorExpired{cursor_of(*page.expired)};
  store::EventsRead read;
  read.next = cursor_of(page.next);
  read.has_more = page.has_more;
  read.events.reserve(page.events.size());
  std::size_t text = 0;
  for (const EventPage::Event& stored : page.events) {
    auto event = sale::decode(stored.sale, page.bytes_of(stored));
    const std::string_view slug = slugs_.slug(stored.sale);
    if (!event || slug.empty()) {
      return Error{ErrorCode::data_damaged,
                   "event " + std::to_string(stored.position) + " of the journal cannot be read"};
    }
    text += store::text_bytes(*event, stored.size);
    if (text > store::kMostPageText && !read.events.empty()) {
      read.next = cursor_of(stored.position - 1);
      read.has_more = true;
      return read;
    }
    const auto claim = store::claim_of(*event);
    const sale::ClaimId id = claim ? claim_ids_.encode({stored.sale, *claim}) : sale::ClaimId{};
    read.events.push_back({cursor_of(stored.position), cursors_.incarnation_of(stored.position),
                           slug, id, std::move(*event)});
  }
  return read;
}

void JournalFeed::answer(const Done& done, store::EventsReply reply) {
  {
    const std::lock_guard lock(mutex_);
    --under_way_;
  }
  done(reply);
}

}  // namespace doorbuster::embedded
