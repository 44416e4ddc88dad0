#include "store/redis/redis_feed.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <charconv>
#include <iterator>
#include <utility>

#include "store/redis/catalog_keys.h"

namespace doorbuster::redis {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kMostUnderWay = 4096;
// Of pages that are read at a time; a large one is some MB.
constexpr std::size_t kMostReading = 32;
// Between two looks at what other gateways put into the index, while somebody waits.
constexpr milliseconds kShortestLook{100};
constexpr milliseconds kLongestLook{200};

std::optional<std::uint64_t> read_cursor(std::string_view text) {
  std::uint64_t position = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), position);
  if (read.ec != std::errc{} || read.ptr != text.data() + text.size()) return std::nullopt;
  return position;
}

// The server does not name the key.
Error error_about(std::string_view key, const Error& error) {
  if (!error.message.starts_with("WRONGTYPE")) return error;
  return {ErrorCode::data_damaged, std::string(key) + ": " + error.message};
}

}  // namespace

RedisFeed::RedisFeed(boost::asio::io_context& io, SafeCaller& caller, Relay& relay,
                     FeedOptions options)
    : io_(io),
      caller_(caller),
      relay_(relay),
      options_(std::move(options)),
      claim_ids_(options_.claim_id_key),
      random_(options_.seed),
      timer_(io) {
  relay_.on_appended([this](std::uint64_t position) { wake(position); });
}

RedisFeed::~RedisFeed() { relay_.on_appended(nullptr); }

bool RedisFeed::read(const store::EventsWanted& wanted, Done done) {
  if (under_way_.fetch_add(1) >= kMostUnderWay) {
    --under_way_;
    return false;
  }
  auto reader = std::make_shared<Reader>(Reader{wanted,
                                                std::move(done),
                                                SteadyClock::now() + wanted.wait,
                                                {wanted, options_.incarnation, claim_ids_}});
  boost::asio::post(io_, [this, alive = std::weak_ptr<bool>(alive_), reader] {
    if (!alive.expired()) begin(reader);
  });
  return true;
}

// Where he begins

void RedisFeed::begin(const ReaderPtr& reader) {
  const std::string_view after = reader->wanted.after.view();
  if (after == store::kLatest) return begin_at_end(reader);
  if (!after.empty()) {
    const auto position = read_cursor(after);
    if (!position) return answer(reader, store::NoSuchCursor{});
    reader->reading.start_behind(*position);
  }
  relay_.catch_up([this, reader] { find_sale(reader); });
}

// At once: whatever goes into the index from now on is news to him. So is what is on its way there.
void RedisFeed::begin_at_end(const ReaderPtr& reader) {
  caller_.send(kCatalogTag, {"XREVRANGE", kFeedKey, "+", "-", "COUNT", "1"},
               [this, reader](const Result<Reply>& reply) {
                 if (!reply) return answer(reader, error_about(kFeedKey, reply.error()));
                 const Result<std::uint64_t> end = read_end(*reply);
                 if (!end) return answer(reader, end.error());
                 reader->reading.start_behind(*end);
                 find_sale(reader);
               });
}

void RedisFeed::find_sale(const ReaderPtr& reader) {
  if (reader->wanted.sale.empty()) return enqueue(reader);
  caller_.send(kCatalogTag, {"HEXISTS", kOrdinalsKey, reader->wanted.sale.view()},
               [this, reader](const Result<Reply>& reply) {
                 if (!reply) return answer(reader, error_about(kOrdinalsKey, reply.error()));
                 if (reply->integer == 0) return answer(reader, store::NoSuchSaleEver{});
                 enqueue(reader);
               });
}

// His page

void RedisFeed::enqueue(const ReaderPtr& reader) {
  ready_.push_back(reader);
  start();
}

// A reading that ends at once makes way for the next one, which comes out of the same loop.
void RedisFeed::start() {
  if (std::exchange(starting_, true)) return;
  while (reading_ < kMostReading && !ready_.empty()) {
    const ReaderPtr reader = std::move(ready_.front());
    ready_.pop_front();
    ++reading_;
    const Status may_read = options_.may_read ? options_.may_read() : ok_status();
    if (may_read.ok()) {
      read_index(reader);
    } else {
      leave(reader);
      answer(reader, may_read.error());
    }
  }
  starting_ = false;
}

void RedisFeed::read_index(const ReaderPtr& reader) {
  caller_.send(kCatalogTag, reader->reading.index_command(),
               [this, reader](const Result<Reply>& reply) {
                 if (reply) return go_on(reader, reader->reading.take_index(*reply));
                 leave(reader);
                 answer(reader, error_about(kFeedKey, reply.error()));
               });
}

void RedisFeed::read_histories(const ReaderPtr& reader) {
  const std::vector<HistoryWanted> histories = reader->reading.histories();
  reader->awaited = histories.size();
  for (std::size_t i = 0; i < histories.size(); ++i) {
    const HistoryWanted& wanted = histories[i];
    const FunctionCall call = history_call(wanted.slug, wanted.known, wanted.behind, wanted.events);
    caller_.send(key_tag(wanted.slug), call.arguments(),
                 [this, reader, i](const Result<Reply>& reply) {
                   reader->reading.take_history(i, reply);
                   if (--reader->awaited == 0) go_on(reader, reader->reading.end_histories());
                 });
  }
}

void RedisFeed::go_on(const ReaderPtr& reader, FeedReading::Step step) {
  switch (step) {
    case FeedReading::Step::read_index:
      return read_index(reader);
    case FeedReading::Step::read_histories:
      return read_histories(reader);
    case FeedReading::Step::wait:
      leave(reader);
      return wait(reader);
    case FeedReading::Step::done:
      leave(reader);
      return answer(reader, reader->reading.take_reply());
  }
}

void RedisFeed::leave(const ReaderPtr&) {
  --reading_;
  start();
}

void RedisFeed::answer(const ReaderPtr& reader, store::EventsReply reply) {
  --under_way_;
  // There is nothing here that may have been decided.
  auto* error = std::get_if<Error>(&reply);
  if (error != nullptr && error->code == ErrorCode::unconfirmed) error->code = ErrorCode::io_failed;
  const Done done = std::move(reader->done);
  done(reply);
}

// Those who wait

void RedisFeed::wait(const ReaderPtr& reader) {
  const auto now = SteadyClock::now();
  if (now >= reader->until) return answer(reader, reader->reading.take_reply());
  if (waiting_.empty()) next_look_ = now + kLongestLook;
  waiting_.push_back(reader);
  set_timer();
}

// The newest event has this position.
void RedisFeed::wake(std::uint64_t end) {
  const auto woken = std::stable_partition(
      waiting_.begin(), waiting_.end(),
      [end](const ReaderPtr& reader) { return reader->reading.after() >= end; });
  std::move(woken, waiting_.end(), std::back_inserter(ready_));
  waiting_.erase(woken, waiting_.end());
  start();
}

void RedisFeed::set_timer() {
  if (waiting_.empty()) return;
  auto next = looking_ ? SteadyClock::time_point::max() : next_look_;
  for (const ReaderPtr& reader : waiting_) next = std::min(next, reader->until);
  timer_.expires_at(next);
  timer_.async_wait([this, alive = std::weak_ptr<bool>(alive_)](boost::system::error_code error) {
    if (!error && !alive.expired()) on_timer();
  });
}

void RedisFeed::on_timer() {
  const auto now = SteadyClock::now();
  const auto over =
      std::stable_partition(waiting_.begin(), waiting_.end(),
                            [now](const ReaderPtr& reader) { return reader->until > now; });
  const std::vector<ReaderPtr> ended(over, waiting_.end());
  waiting_.erase(over, waiting_.end());
  for (const ReaderPtr& reader : ended) answer(reader, reader->reading.take_reply());
  if (!waiting_.empty() && !looking_ && now >= next_look_) look();
  set_timer();
}

// What it fails to find now it finds the next time.
void RedisFeed::look() {
  looking_ = true;
  caller_.send(kCatalogTag, {"XREVRANGE", kFeedKey, "+", "-", "COUNT", "1"},
               [this](const Result<Reply>& reply) {
                 looking_ = false;
                 const auto spread =
                     static_cast<std::uint32_t>((kLongestLook - kShortestLook).count());
                 next_look_ = SteadyClock::now() + kShortestLook + milliseconds(random_() % spread);
                 const Result<std::uint64_t> end = reply ? read_end(*reply) : reply.error();
                 if (end) wake(*end);
                 set_timer();
               });
}

}  // namespace doorbuster::redis
