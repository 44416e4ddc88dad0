// The `traceparent` of W3C Trace Context: which trace a request belongs to, and which step of it
// asked. Kept as the bytes that a journal can hold: 16 of the trace, 8 of the span, 1 of flags.
//
// Thread: any. Owns: its bytes. Invariants: all zero (none was given), or neither id is zero.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/siphash.h"

namespace doorbuster {

class TraceParent {
 public:
  static constexpr std::size_t kBytes = 25;

  TraceParent() = default;
  // Nothing where a field `text` has to be passed over: it is not of this form, its version is ff,
  // an id is zero (Trace Context, 3.2.2). Of a version to come the part is read that this one
  // knows.
  static std::optional<TraceParent> parse(std::string_view text);
  // The bytes of another one; nothing for any that it cannot have.
  static std::optional<TraceParent> of_bytes(std::string_view bytes);

  bool given() const { return bytes_ != std::array<char, kBytes>{}; }
  bool sampled() const { return (bytes_[kBytes - 1] & 1) != 0; }
  std::string_view bytes() const { return {bytes_.data(), kBytes}; }

  // In lower-case hex.
  std::string trace_id() const;
  std::string span_id() const;

 private:
  friend class TraceIds;
  bool is_valid() const;

  std::array<char, kBytes> bytes_{};
};

// "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", as in a field; `bytes` are one's own.
void append_traceparent(std::string& out, std::string_view bytes);

// Makes ids that nobody can tell from random ones, nor any two makers with other keys make alike.
//
// Thread: one. Owns: its count.
class TraceIds {
 public:
  explicit TraceIds(const HashKey& key) : key_(key) {}

  // The step that `caller` asked for: the same trace, and a span of its own.
  TraceParent continue_from(const TraceParent& caller);
  // The first step of a trace that nobody has asked to be sampled.
  TraceParent begin();

 private:
  std::uint64_t next();

  HashKey key_;
  std::uint64_t count_ = 0;
};

}  // namespace doorbuster
