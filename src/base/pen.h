// Writes a text that has a known greatest length to the end of a string, without asking at every
// piece whether there is room: what an answer is made of is many short pieces.
//
// Thread: one. Owns: nothing; the string must not be touched while the pen lives.
// Invariants: the string ends where the pen stands once the pen has gone.
#pragma once

#include <charconv>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/check.h"

namespace doorbuster {

class Pen {
 public:
  // `most`: bytes, in all.
  Pen(std::string& out, std::size_t most) : out_(out) {
    const std::size_t before = out.size();
    out.resize(before + most);
    at_ = out.data() + before;
    end_ = at_ + most;
  }
  ~Pen() { out_.resize(static_cast<std::size_t>(at_ - out_.data())); }
  Pen(const Pen&) = delete;
  Pen& operator=(const Pen&) = delete;

  // A literal's length is known to the compiler, which then copies words.
  template <std::size_t Size>
  Pen& put(const char (&literal)[Size]) {
    std::memcpy(take(Size - 1), literal, Size - 1);
    return *this;
  }
  Pen& put(std::string_view text) {
    if (!text.empty()) std::memcpy(take(text.size()), text.data(), text.size());
    return *this;
  }
  Pen& put(char c) {
    *take(1) = c;
    return *this;
  }
  Pen& number(std::uint64_t value) {
    const auto written = std::to_chars(at_, end_, value);
    CHECK(written.ec == std::errc{});
    at_ = written.ptr;
    return *this;
  }
  // Room for so many bytes, which the caller fills.
  char* take(std::size_t bytes) {
    CHECK(bytes <= static_cast<std::size_t>(end_ - at_));
    return std::exchange(at_, at_ + bytes);
  }

  static constexpr std::size_t kNumber = 20;  // the most digits of number()

 private:
  std::string& out_;
  char* at_;
  char* end_;
};

}  // namespace doorbuster
