#include "cli/bench/tally.h"

#include <algorithm>

#include "cli/bench/nanoseconds.h"

namespace doorbuster::bench {
namespace {

constexpr std::size_t kMostSeconds = 100'000;
constexpr std::size_t kMostWords = 50;  // a server that answers nonsense has no end of them

}  // namespace

void WordCount::add(std::string_view word) {
  if (last_ >= entries_.size() || entries_[last_].word != word) {
    const auto found = std::find_if(entries_.begin(), entries_.end(),
                                    [&](const Entry& entry) { return entry.word == word; });
    last_ = static_cast<std::size_t>(found - entries_.begin());
    if (found == entries_.end()) {
      if (entries_.size() < kMostWords) {
        entries_.push_back({std::string(word), 0});
      } else {
        --last_;
      }
    }
  }
  ++entries_[last_].count;
}

std::uint64_t WordCount::total() const {
  std::uint64_t sum = 0;
  for (const Entry& entry : entries_) sum += entry.count;
  return sum;
}

std::uint64_t WordCount::of(std::string_view word) const {
  for (const Entry& entry : entries_) {
    if (entry.word == word) return entry.count;
  }
  return 0;
}

void Tally::answer_at(std::int64_t since_first) {
  ++answered;
  const auto second = static_cast<std::size_t>(std::max<std::int64_t>(since_first, 0) / kSecond);
  if (second >= kMostSeconds) return;
  if (second >= by_second.size()) by_second.resize(second + 1);
  ++by_second[second];
}

std::uint64_t Tally::busiest_second() const {
  return by_second.empty() ? 0 : *std::max_element(by_second.begin(), by_second.end());
}

}  // namespace doorbuster::bench
