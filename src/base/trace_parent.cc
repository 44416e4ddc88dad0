#include "base/trace_parent.h"

#include <algorithm>
#include <cstring>

namespace doorbuster {
namespace {

constexpr std::size_t kTraceBytes = 16;
constexpr std::size_t kSpanBytes = 8;
constexpr std::size_t kTextSize = 55;
constexpr char kSampled = 1;

// Upper case is not allowed. -1: no digit.
int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

bool read_hex(std::string_view text, char* out) {
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    const int high = digit_of(text[i]);
    const int low = digit_of(text[i + 1]);
    if (high < 0 || low < 0) return false;
    *out++ = static_cast<char>(high << 4 | low);
  }
  return true;
}

void append_hex(std::string& out, std::string_view bytes) {
  constexpr std::string_view kHex = "0123456789abcdef";
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out += kHex[byte >> 4];
    out += kHex[byte & 15];
  }
}

bool is_zero(std::string_view bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](char c) { return c == 0; });
}

std::string_view trace_of(std::string_view bytes) { return bytes.substr(0, kTraceBytes); }
std::string_view span_of(std::string_view bytes) { return bytes.substr(kTraceBytes, kSpanBytes); }

}  // namespace

bool TraceParent::is_valid() const {
  return !is_zero(trace_of(bytes())) && !is_zero(span_of(bytes())) &&
         (bytes_[kBytes - 1] & ~kSampled) == 0;
}

std::optional<TraceParent> TraceParent::parse(std::string_view text) {
  if (text.size() < kTextSize) return std::nullopt;
  char version = 0;
  if (!read_hex(text.substr(0, 2), &version) || version == '\xff') return std::nullopt;
  // A version to come may have more to say, behind another '-'.
  const bool ends_there = text.size() == kTextSize || (version != 0 && text[kTextSize] == '-');
  if (!ends_there || text[2] != '-' || text[35] != '-' || text[52] != '-') return std::nullopt;
  TraceParent parent;
  char* out = parent.bytes_.data();
  if (!read_hex(text.substr(3, 32), out) || !read_hex(text.substr(36, 16), out + kTraceBytes) ||
      !read_hex(text.substr(53, 2), out + kTraceBytes + kSpanBytes)) {
    return std::nullopt;
  }
  parent.bytes_[kBytes - 1] &= kSampled;  // others have no meaning yet, and are not passed on
  if (!parent.is_valid()) return std::nullopt;
  return parent;
}

std::optional<TraceParent> TraceParent::of_bytes(std::string_view bytes) {
  if (bytes.size() != kBytes) return std::nullopt;
  TraceParent parent;
  std::memcpy(parent.bytes_.data(), bytes.data(), kBytes);
  if (!parent.is_valid()) return std::nullopt;
  return parent;
}

std::string TraceParent::trace_id() const {
  std::string out;
  append_hex(out, trace_of(bytes()));
  return out;
}

std::string TraceParent::span_id() const {
  std::string out;
  append_hex(out, span_of(bytes()));
  return out;
}

void append_traceparent(std::string& out, std::string_view bytes) {
  out += "00-";
  append_hex(out, trace_of(bytes));
  out += '-';
  append_hex(out, span_of(bytes));
  out += '-';
  append_hex(out, bytes.substr(kTraceBytes + kSpanBytes));
}

std::uint64_t TraceIds::next() {
  char count[sizeof count_];
  std::uint64_t id = 0;
  while (id == 0) {
    ++count_;
    std::memcpy(count, &count_, sizeof count_);
    id = siphash24(key_, {count, sizeof count});
  }
  return id;
}

TraceParent TraceIds::continue_from(const TraceParent& caller) {
  TraceParent own = caller;
  const std::uint64_t span = next();
  std::memcpy(own.bytes_.data() + kTraceBytes, &span, sizeof span);
  return own;
}

TraceParent TraceIds::begin() {
  TraceParent own;
  const std::uint64_t ids[] = {next(), next(), next()};
  std::memcpy(own.bytes_.data(), ids, sizeof ids);
  return own;
}

}  // namespace doorbuster
