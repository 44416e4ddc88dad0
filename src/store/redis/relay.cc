#include "store/redis/relay.h"

#include <algorithm>
#include <utility>

#include "store/redis/catalog_keys.h"
#include "store/redis/feed_fork.h"

namespace doorbuster::redis {
namespace {

constexpr std::size_t kMostRuns = 64;
constexpr std::size_t kPage = 100;
// What is lost of a history is lost to readers by whole stretches, so none is long.
constexpr std::uint64_t kLongestStretch = 4096;  // and what its last call decided

}  // namespace

Relay::Relay(boost::asio::io_context& io, SafeCaller& caller, const RelayOptions& options)
    : caller_(caller),
      options_(options),
      random_(options.seed),
      trimmer_(caller),
      gather_timer_(io),
      page_timer_(io),
      retry_timer_(io) {
  after(page_timer_, std::chrono::milliseconds(0), [this] { read_page(); });
}

void Relay::after(boost::asio::steady_timer& timer, std::chrono::milliseconds pause,
                  std::function<void()> what) {
  timer.expires_after(pause);
  timer.async_wait([alive = std::weak_ptr<bool>(alive_),
                    what = std::move(what)](boost::system::error_code error) {
    if (!error && !alive.expired()) what();
  });
}

// From a half of it to one and a half.
std::chrono::milliseconds Relay::jittered(std::chrono::milliseconds pause) {
  return pause / 2 + pause * static_cast<int>(random_() % 1024) / 1024;
}

std::optional<Error> Relay::flaw() const {
  if (page_flaw_) return page_flaw_;
  if (!failed_.empty()) {
    const auto& [slug, error] = *failed_.begin();
    return Error{error.code, "sale " + slug + ": " + error.message};
  }
  if (rewound_.empty()) return std::nullopt;
  std::string text = "rewound, and left out of the feed";
  const char* before = ": ";
  for (const std::string& slug : rewound_) text += std::exchange(before, ", ") + slug;
  return Error{ErrorCode::data_damaged, text};
}

// What is to be relayed

void Relay::changed(std::string_view slug) {
  const Tick tick = ++last_tick_;
  auto found = runs_.find(slug);
  if (found == runs_.end()) {
    found = runs_.emplace(std::string(slug), Run{}).first;
    queue_.push_back(found->first);
  }
  Run& run = found->second;
  Tick& of_change = run.under_way ? run.again : run.tick;
  if (of_change != 0) return;  // that one will have this in it
  of_change = tick;
  open_ticks_.insert(tick);
  start_soon();
}

void Relay::accept_rewind(std::string_view slug) {
  if (const auto rewound = rewound_.find(slug); rewound != rewound_.end()) rewound_.erase(rewound);
  accepted_.emplace(slug);
  changed(slug);
}

void Relay::catch_up(std::function<void()> done) {
  if (open_ticks_.empty()) return done();
  waiters_.push_back({last_tick_, std::move(done)});
  start();
}

void Relay::close_tick(Tick tick) {
  open_ticks_.erase(tick);
  release_waiters();
}

void Relay::release_waiters() {
  while (!waiters_.empty() &&
         (open_ticks_.empty() || *open_ticks_.begin() > waiters_.front().tick)) {
    const std::function<void()> done = std::move(waiters_.front().done);
    waiters_.pop_front();
    done();
  }
}

void Relay::start_soon() {
  if (std::exchange(gathers_, true)) return;
  after(gather_timer_, options_.gather, [this] {
    gathers_ = false;
    start();
  });
}

// A run whose call is refused at once ends in here, and with that makes way for others: they come
// out of the same loop.
void Relay::start() {
  if (std::exchange(starting_, true)) return;
  while (under_way_ < kMostRuns && !queue_.empty()) {
    const std::string slug = std::move(queue_.front());
    queue_.pop_front();
    run(slug, runs_.find(slug)->second);
  }
  starting_ = false;
}

// One sale

void Relay::run(const std::string& slug, Run& run) {
  run.under_way = true;
  ++under_way_;
  const auto known = places_.find(slug);
  if (!run.from && known != places_.end()) run.from = known->second;
  if (run.from) return look(slug);
  find_place(slug);
}

void Relay::find_place(const std::string& slug) {
  caller_.send(kCatalogTag, {"HGET", kRelayedKey, slug}, [this, slug](const Result<Reply>& reply) {
    const Result<ChainPoint> place = reply ? read_relayed(*reply) : reply.error();
    if (!place) return end(slug, place.error());
    Run& run = runs_.find(slug)->second;
    run.from = *place;
    run.is_fresh = true;
    look(slug);
  });
}

// How far the history goes, if it is the one that the index has the beginning of.
void Relay::look(const std::string& slug) {
  const Run& run = runs_.find(slug)->second;
  const FunctionCall call = place_call(slug, run.fork ? *run.fork : *run.from, kLongestStretch);
  caller_.send(key_tag(slug), call.arguments(), [this, slug](const Result<Reply>& reply) {
    const Result<FunctionAnswer> answer = reply ? read_place_reply(*reply) : reply.error();
    if (!answer) return end(slug, answer.error());
    const Run& present = runs_.find(slug)->second;
    if (answer->verdict == CallVerdict::rewound) return take_rewound(slug, present);
    if (!present.fork) {
      rewound_.erase(slug);
      accepted_.erase(slug);
    }
    if (answer->verdict != CallVerdict::decided || answer->at == *present.from) {
      return end(slug, ok_status());
    }
    append(slug, answer->at);
  });
}

void Relay::take_rewound(const std::string& slug, const Run& run) {
  // Maybe the index was, with the place that was known here.
  if (!run.is_fresh) return find_place(slug);
  if (!accepted_.contains(slug) || run.fork) {
    rewound_.insert(slug);
    return end(slug, ok_status());
  }
  find_fork(caller_, slug, [this, slug](const Result<ChainPoint>& fork) {
    if (!fork) return end(slug, fork.error());
    runs_.find(slug)->second.fork = *fork;
    look(slug);
  });
}

void Relay::append(const std::string& slug, const ChainPoint& to) {
  const Run& run = runs_.find(slug)->second;
  const sale::Sequence before = run.fork ? run.fork->sequence : run.from->sequence;
  const FunctionCall call = relay_call(slug, *run.from, before, to, options_.kept);
  caller_.send(kCatalogTag, call.arguments(),
               [this, slug, to](const Result<Reply>& reply) { take_appended(slug, to, reply); });
}

void Relay::take_appended(const std::string& slug, const ChainPoint& to,
                          const Result<Reply>& reply) {
  const Result<RelayAnswer> answer = reply ? read_relay_reply(*reply) : reply.error();
  if (!answer) return end(slug, answer.error());
  Run& run = runs_.find(slug)->second;
  const std::uint64_t before = run.fork ? run.fork->sequence.value : run.from->sequence.value;
  run.fork.reset();
  run.from = answer->position ? to : answer->relayed;
  run.is_fresh = true;
  // Another one was faster, and maybe not with all of it.
  if (!answer->position) return look(slug);
  rewound_.erase(slug);
  accepted_.erase(slug);
  if (appended_) appended_(*answer->position);
  if (to.sequence.value - before >= kLongestStretch) return look(slug);
  end(slug, ok_status());
}

void Relay::end(const std::string& slug, const Status& how) {
  --under_way_;
  const auto found = runs_.find(slug);
  const Run run = found->second;
  if (run.tick != 0 && run.from) places_.insert_or_assign(slug, *run.from);
  if (how.ok()) {
    failed_.erase(slug);
  } else {
    failed_.insert_or_assign(slug, how.error());
    retry_later();
  }
  if (run.again != 0) {
    found->second = Run{.tick = run.again};
    queue_.push_back(slug);
    start_soon();
  } else {
    runs_.erase(found);
  }
  if (run.of_page && --page_left_ == 0) end_page(page_size_);
  close_tick(run.tick);
  if (!waiters_.empty() || !gathers_) start();
}

void Relay::retry_later() {
  if (std::exchange(retries_, true)) return;
  after(retry_timer_, jittered(options_.retry), [this] {
    retries_ = false;
    for (const auto& [slug, error] : failed_) {
      if (runs_.emplace(slug, Run{}).second) queue_.push_back(slug);
    }
    start();
  });
}

// All of them, a page at a time

void Relay::read_page() {
  const std::string first = std::to_string(page_at_);
  const std::string last = std::to_string(page_at_ + kPage - 1);
  caller_.send(kCatalogTag, {"LRANGE", kSlugsKey, first, last}, [this](const Result<Reply>& reply) {
    if (!reply) return fail_page(reply.error());
    take_page(*reply);
  });
}

void Relay::take_page(const Reply& reply) {
  if (!reply.is_array()) {
    return fail_page({ErrorCode::data_damaged, std::string(kSlugsKey) + " is no list"});
  }
  if (reply.items.empty()) {
    page_flaw_.reset();
    return end_page(0);
  }
  std::vector<std::string> slugs;
  for (const Reply& item : reply.items) slugs.push_back(item.text);
  Arguments command{"HMGET", kRelayedKey};
  command.insert(command.end(), slugs.begin(), slugs.end());
  caller_.send(kCatalogTag, command, [this, slugs](const Result<Reply>& places) {
    if (!places) return fail_page(places.error());
    take_places(slugs, *places);
  });
}

void Relay::take_places(const std::vector<std::string>& slugs, const Reply& places) {
  if (!places.is_array() || places.items.size() != slugs.size()) {
    return fail_page({ErrorCode::data_damaged, std::string(kRelayedKey) + " is no hash"});
  }
  page_flaw_.reset();
  page_size_ = slugs.size();
  page_left_ = 0;
  std::vector<ChainPoint> all;
  for (std::size_t i = 0; i < slugs.size(); ++i) {
    Result<ChainPoint> place = read_relayed(places.items[i]);
    all.push_back(place ? *place : ChainPoint{});
    if (!place) {
      page_flaw_ = place.error();
      continue;
    }
    Run run;
    run.from = std::move(*place);
    run.is_fresh = true;
    run.of_page = true;
    // Where there is one already, it does this as well.
    if (!runs_.emplace(slugs[i], std::move(run)).second) continue;
    queue_.push_back(slugs[i]);
    ++page_left_;
  }
  trim(slugs, all);
  if (page_left_ == 0) return end_page(slugs.size());
  start();
}

// Beside the rest: nothing waits for it.
void Relay::trim(const std::vector<std::string>& slugs, const std::vector<ChainPoint>& places) {
  Arguments command{"HMGET", kDroppedKey};
  command.insert(command.end(), slugs.begin(), slugs.end());
  caller_.send(kCatalogTag, command, [this, slugs, places](const Result<Reply>& dropped) {
    if (!dropped) return;
    const Status status = trimmer_.look(slugs, places, *dropped);
    if (!status.ok()) page_flaw_ = status.error();
  });
}

void Relay::end_page(std::size_t slugs) {
  page_at_ += slugs;
  if (slugs < kPage) {
    page_at_ = 0;
    is_first_pass_ = false;
  }
  const auto pause = is_first_pass_ ? std::chrono::milliseconds(0) : jittered(options_.page_pause);
  after(page_timer_, pause, [this] { read_page(); });
}

void Relay::fail_page(const Error& error) {
  page_flaw_ = error;
  after(page_timer_, jittered(options_.page_pause), [this] { read_page(); });
}

}  // namespace doorbuster::redis
