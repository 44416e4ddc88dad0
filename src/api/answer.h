// One answer being made: its header fields and its body, in the desk's buffers, and its sending.
//
// Thread: I/O. Owns: nothing; lives within one call from the server or from the store.
// Invariants: an exchange is answered once: send(), stream() or finish_problem() ends it, ask()
// puts the end off until the store has replied.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "api/desk.h"
#include "api/exchange.h"
#include "api/flaw.h"
#include "api/problem.h"

namespace doorbuster::api {

inline constexpr std::string_view kJsonType = "application/json";
inline constexpr std::string_view kTextType = "text/plain; charset=utf-8";
inline constexpr std::string_view kHtmlType = "text/html; charset=utf-8";

class Answer {
 public:
  Answer(Desk& desk, Exchange& exchange);

  Desk& desk() { return desk_; }
  Exchange& exchange() { return exchange_; }
  std::string& body() { return desk_.body; }

  // The fields so far, each with its end of line; more may be appended.
  std::string& fields() { return desk_.fields; }
  void field(std::string_view name, std::string_view value);
  void field(std::string_view name, std::uint64_t value);
  void sale_sequence(sale::Sequence sequence) { field("Sale-Sequence", sequence.value); }
  // `no-store` where nothing else is said.
  void cache_control(std::string_view value) { cache_control_ = value; }
  void stay_away(std::uint64_t seconds);  // Retry-After
  void stay_away(RetryRange range) { stay_away(desk_.random_between(range.least, range.most)); }

  void send(int status, std::string_view content_type = kJsonType);
  http::Stream stream(int status, std::string_view content_type = kJsonType);

  // RFC 9457. Further members may be appended to the body between the two.
  void start_problem(ProblemCode code, Remark remark = Remark::none);
  void finish_problem();
  void problem(ProblemCode code, Remark remark = Remark::none);
  void invalid(const Flaws& flaws);
  void invalid(const Flaw& flaw);

  // Hands `command`, with the trace it came in, to the store; `render` gets its reply, in a later
  // turn.
  void ask(store::Command&& command, Render render);

 private:
  void end_fields();
  void tell_access(int status);

  Desk& desk_;
  Exchange& exchange_;
  std::string_view cache_control_ = "no-store";
  int status_ = 0;                 // of the problem begun
  std::uint64_t retry_after_ = 0;  // 0: not said
};

}  // namespace doorbuster::api
