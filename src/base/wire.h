// Bytes in and out for everything that is stored: little-endian base-128 integers ("varints"), and
// text with its length before it. One number has one encoding: the reader refuses a longer form.
//
// Thread: any. Owns: nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/pen.h"
#include "base/time.h"

namespace doorbuster {

inline constexpr std::size_t kMaxVarintBytes = 10;

void put_varint(std::string& out, std::uint64_t value);
void put_text(std::string& out, std::string_view text);

// The same at a pen, which needs kMaxVarintBytes for a number, and for a text its own bytes too.
inline void put_varint(Pen& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.put(static_cast<char>(value | 0x80));
  out.put(static_cast<char>(value));
}
inline void put_text(Pen& out, std::string_view text) {
  put_varint(out, text.size());
  out.put(text);
}

// Reads from the front. After the first mistake `good()` stays false and every value is zero or
// empty.
class WireReader {
 public:
  explicit WireReader(std::span<const std::byte> bytes) : rest_(bytes) {}

  std::uint8_t byte();
  std::uint64_t varint();
  // A varint that must not be above `most`.
  std::uint64_t varint_up_to(std::uint64_t most);
  // Text of at most `most` bytes; a view into the bytes being read.
  std::string_view text(std::size_t most);
  std::span<const std::byte> bytes(std::size_t count);

  void fail() {
    good_ = false;
    rest_ = {};
  }
  bool good() const { return good_; }
  bool at_end() const { return rest_.empty(); }
  std::size_t left() const { return rest_.size(); }

 private:
  std::span<const std::byte> rest_;
  bool good_ = true;
};

// A time as its milliseconds, any at all: who prints what he reads asks first whether it can be.
void put_time(std::string& out, Time time);
inline void put_time(Pen& out, Time time) {
  put_varint(out, static_cast<std::uint64_t>(time.time_since_epoch().count()));
}
Time read_time(WireReader& in);

}  // namespace doorbuster
