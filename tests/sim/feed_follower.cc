#include "sim/feed_follower.h"

#include <algorithm>

#include "base/siphash.h"

namespace doorbuster::simulation {
namespace {

constexpr std::size_t kMostInAPage = 200;

std::uint64_t hash_of(const embedded::EventPage& page, const embedded::EventPage::Event& event) {
  const auto bytes = page.bytes_of(event);
  return siphash24(HashKey{event.sale.value, event.position},
                   {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

std::string at(std::uint64_t position) { return "the event at " + std::to_string(position); }

}  // namespace

FeedFollower::Broken FeedFollower::begin(embedded::FileSystem& files, const std::string& directory,
                                         const embedded::Incarnation& incarnation,
                                         std::uint64_t head) {
  reader_ = std::make_unique<embedded::EventReader>(files, directory, incarnation);
  if (last_ > head) return "S8: " + at(last_) + " was shown, and was not durable";
  return std::nullopt;
}

FeedFollower::Broken FeedFollower::read(Random& random, std::uint64_t head) {
  const std::size_t most = 1 + below(random, kMostInAPage);
  const bool again = last_ > 0 && chance(random, 0.3);
  return read_page(again ? below(random, last_) : last_, head, most);
}

FeedFollower::Broken FeedFollower::read_all(std::uint64_t head) {
  while (last_ < head) {
    const std::uint64_t before = last_;
    if (auto broken = read_page(last_, head, kMostInAPage)) return broken;
    if (last_ == before) return "S17: nothing is shown behind " + at(last_);
  }
  return std::nullopt;
}

FeedFollower::Broken FeedFollower::read_page(std::uint64_t after, std::uint64_t head,
                                             std::size_t most) {
  const auto page = reader_->read({.after = after, .head = head, .sale = {}, .most = most});
  if (!page) return "S17: the feed cannot be read: " + page.error().message;
  if (page->expired) return expire(after, *page->expired, head);
  if (auto broken = take(*page, after)) return broken;
  if (page->next > head) return "S8: events were shown behind the head";
  last_ = std::max(last_, page->next);
  return std::nullopt;
}

// S17: dense, and the same bytes on every read.
FeedFollower::Broken FeedFollower::take(const embedded::EventPage& page, std::uint64_t after) {
  std::uint64_t expected = after;
  for (const auto& event : page.events) {
    if (event.position != ++expected) return "S17: " + at(expected) + " was left out";
    const auto [known, is_new] = shown_.try_emplace(event.position, hash_of(page, event));
    if (is_new) continue;
    ++read_again_;
    if (known->second != hash_of(page, event)) return "S7: " + at(event.position) + " has changed";
  }
  if (page.next != expected) return "S17: a page ends elsewhere than its last event";
  return std::nullopt;
}

// S17: honest about what is not kept any more, and never back to what was said to be gone.
FeedFollower::Broken FeedFollower::expire(std::uint64_t after, std::uint64_t kept_behind,
                                          std::uint64_t head) {
  if (kept_behind <= after || kept_behind > head) {
    return "S17: " + at(after + 1) + " is said not to be kept, yet what is behind " +
           std::to_string(kept_behind);
  }
  if (kept_behind < kept_behind_) return "S17: what was said to be gone is kept";
  ++expired_;
  kept_behind_ = kept_behind;
  last_ = std::max(last_, kept_behind);
  return std::nullopt;
}

}  // namespace doorbuster::simulation
