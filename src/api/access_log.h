// What is told of single requests, where that is wanted: of all, or of those whose caller has asked
// for it by the flag in his traceparent.
//
// What a request brings along cannot get into the log by mistake: a line takes its members from
// here, and none of their types can hold a key, a body, an address with its query, or who a buyer
// is.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "api/route.h"
#include "base/fixed_text.h"
#include "base/siphash.h"
#include "base/trace_parent.h"
#include "sale/claim_id.h"

namespace doorbuster::api {

// Who a buyer is, for one who only needs to know that it is the same one: no id can be had from it.
class BuyerHash {
 public:
  BuyerHash(const HashKey& key, std::string_view buyer) : value_(siphash24(key, buyer)) {}
  std::uint64_t value() const { return value_; }

 private:
  std::uint64_t value_;
};

enum class AccessMode : std::uint8_t { off, sampled, all };
// As it is written in settings; nothing for any other word.
std::optional<AccessMode> parse_access_mode(std::string_view word);

// What is kept of a request that a line is wanted of.
struct AccessNote {
  std::chrono::steady_clock::time_point began;
  FixedText<64> request_id;
  TraceParent trace;
  http::Method method = http::Method::other;
  const Route* route = nullptr;  // null: there is none at that path
  sale::Slug sale;               // empty: the route has none
  std::optional<sale::ClaimId> claim;
  std::optional<BuyerHash> buyer;
  // Of the answer.
  int status = 0;
  std::chrono::microseconds took{0};
};

// Where those lines go.
//
// Thread: any.
class AccessLog {
 public:
  // The key is of who is to know the same buyer again.
  explicit AccessLog(const HashKey& key) : key_(key) {}
  virtual ~AccessLog() = default;
  // Waits for nobody.
  virtual void on_answer(const AccessNote& note) = 0;

  BuyerHash hash_of(std::string_view buyer) const { return {key_, buyer}; }

  AccessMode mode() const { return mode_.load(std::memory_order_relaxed); }
  void set_mode(AccessMode mode) { mode_.store(mode, std::memory_order_relaxed); }

 private:
  const HashKey key_;
  std::atomic<AccessMode> mode_ = AccessMode::off;
};

// Which requests a line is wanted of, for one I/O thread. The flag is a stranger's to set, so what
// he can have said of him in a second has a limit.
//
// Thread: I/O.
class AccessChoice {
 public:
  static constexpr std::uint32_t kSampledASecond = 100;

  // `log`: null: of none.
  explicit AccessChoice(const AccessLog* log) : log_(log) {}

  bool may_want() const { return log_ != nullptr && log_->mode() != AccessMode::off; }
  bool wants(bool sampled, std::chrono::steady_clock::time_point now);

 private:
  const AccessLog* log_;
  std::chrono::seconds second_{-1};
  std::uint32_t left_ = 0;
};

}  // namespace doorbuster::api
