#include "base/wire.h"

namespace doorbuster {

void put_varint(std::string& out, std::uint64_t value) {
  if (value < 0x80) return out.push_back(static_cast<char>(value));  // as most are
  char bytes[kMaxVarintBytes];
  std::size_t count = 0;
  while (value >= 0x80) {
    bytes[count++] = static_cast<char>(value | 0x80);
    value >>= 7;
  }
  bytes[count++] = static_cast<char>(value);
  out.append(bytes, count);
}

void put_text(std::string& out, std::string_view text) {
  put_varint(out, text.size());
  out.append(text);
}

std::uint8_t WireReader::byte() {
  if (rest_.empty()) {
    fail();
    return 0;
  }
  const auto value = static_cast<std::uint8_t>(rest_.front());
  rest_ = rest_.subspan(1);
  return value;
}

std::uint64_t WireReader::varint() {
  std::uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    const std::uint8_t next = byte();
    if (!good_) return 0;
    const std::uint64_t bits = next & 0x7f;
    const bool last = (next & 0x80) == 0;
    const bool overflows = shift == 63 && bits > 1;
    const bool longer_than_needed = last && bits == 0 && shift > 0;
    if (overflows || longer_than_needed) break;
    value |= bits << shift;
    if (last) return value;
  }
  fail();
  return 0;
}

std::uint64_t WireReader::varint_up_to(std::uint64_t most) {
  const std::uint64_t value = varint();
  if (value > most) {
    fail();
    return 0;
  }
  return value;
}

std::string_view WireReader::text(std::size_t most) {
  const auto read = bytes(varint_up_to(most));
  return {reinterpret_cast<const char*>(read.data()), read.size()};
}

std::span<const std::byte> WireReader::bytes(std::size_t count) {
  if (count > rest_.size()) {
    fail();
    return {};
  }
  const auto read = rest_.first(count);
  rest_ = rest_.subspan(count);
  return read;
}

void put_time(std::string& out, Time time) {
  put_varint(out, static_cast<std::uint64_t>(time.time_since_epoch().count()));
}

Time read_time(WireReader& in) {
  return Time(std::chrono::milliseconds(static_cast<std::int64_t>(in.varint())));
}

}  // namespace doorbuster
