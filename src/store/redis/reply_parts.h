// The parts of a server's reply as the values that the function library puts there.
//
// Thread: one at a time. Owns: nothing; the reply outlives it.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sale/types.h"
#include "store/redis/function_calls.h"
#include "store/redis/reply.h"

namespace doorbuster::redis {

inline constexpr std::uint64_t kLastTime =
    253'402'300'799'999;  // of the year 9999, in milliseconds
inline constexpr std::uint64_t kLastSequence = std::uint64_t{1} << 53;
inline constexpr std::uint64_t kLastNumber = 0xffff'ffff;
inline constexpr std::size_t kHashDigits = 40;

// Reads the parts of an array from the front. After the first mistake good() stays false, and
// every value is zero or empty.
class PartReader {
 public:
  explicit PartReader(const std::vector<Reply>& parts) : parts_(parts) {}

  const Reply* next() {
    if (at_ < parts_.size() && good_) return &parts_[at_++];
    fail();
    return nullptr;
  }
  std::string_view text(std::size_t most = kMaxStoredText) {
    const Reply* part = next();
    if (part == nullptr || !part->is_text() || part->text.size() > most) {
      fail();
      return {};
    }
    return part->text;
  }
  // As an integer or as its digits.
  std::uint64_t number(std::uint64_t most) {
    const Reply* part = next();
    if (part != nullptr && part->is_integer() && part->integer >= 0 &&
        static_cast<std::uint64_t>(part->integer) <= most) {
      return static_cast<std::uint64_t>(part->integer);
    }
    if (part != nullptr && part->is_text()) return digits(part->text, most);
    fail();
    return 0;
  }
  std::uint64_t digits(std::string_view text, std::uint64_t most) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value > most) {
      fail();
      return 0;
    }
    return value;
  }
  Time time_of(std::string_view text) {
    return Time(std::chrono::milliseconds(digits(text, kLastTime)));
  }
  Time time() { return Time(std::chrono::milliseconds(number(kLastTime))); }
  std::optional<Time> time_if_given() {
    const std::string_view text = this->text();
    if (text.empty()) return std::nullopt;
    return time_of(text);
  }
  // "-": never.
  Time time_or_never() {
    const std::string_view text = this->text();
    return text == "-" ? kNever : time_of(text);
  }
  bool flag() { return number(1) == 1; }
  const std::vector<Reply>& array() {
    static const std::vector<Reply> none;
    const Reply* part = next();
    if (part != nullptr && part->is_array()) return part->items;
    fail();
    return none;
  }
  ChainPoint point() {
    ChainPoint point{{number(kLastSequence)}, std::string(text(kHashDigits))};
    if ((point.sequence.value == 0) != point.hash.empty()) fail();
    if (!point.hash.empty() && point.hash.size() != kHashDigits) fail();
    return point;
  }

  void fail() { good_ = false; }
  bool good() const { return good_; }
  bool at_end() const { return at_ == parts_.size(); }

 private:
  static constexpr std::size_t kMaxStoredText = std::size_t{1} << 20;

  const std::vector<Reply>& parts_;
  std::size_t at_ = 0;
  bool good_ = true;
};

inline Error no_such_reply() {
  return {ErrorCode::data_damaged, "the reply is none of the function library"};
}

}  // namespace doorbuster::redis
