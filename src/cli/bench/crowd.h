// A crowd: what is asked next and when, and what becomes of each answer. It knows no sockets;
// whoever drives it asks for what is due, and tells it of answers and losses.
//
// Thread: one at a time. Owns: what buyers intend to do later. Times are nanoseconds on one clock.
// Invariants: what comes by the curve comes at its time, whatever is answered meanwhile; a buyer
// whose answer was lost asks again, and is never counted as refused.
#pragma once

#include <cstdint>
#include <limits>
#include <queue>
#include <string>
#include <vector>

#include "cli/bench/answer_scanner.h"
#include "cli/bench/arrivals.h"
#include "cli/bench/ledger.h"
#include "cli/bench/plan.h"
#include "cli/bench/tally.h"

namespace doorbuster::bench {

enum class Act : std::uint8_t { claim, confirm, release };

struct Request {
  std::int64_t due = 0;   // the moment it is meant to be asked
  std::int64_t sent = 0;  // the moment it was, for whoever sends it
  BuyerNumber buyer = 0;
  ClaimNumber claim = 0;  // of a confirmation or release
  Act act = Act::claim;
  std::uint8_t tries = 0;  // before this one
  bool is_again = false;   // it is not his first
};

class Crowd {
 public:
  static constexpr std::int64_t kNobody = std::numeric_limits<std::int64_t>::max();

  // `first`: when the curve begins. `opening`: when the sale does.
  Crowd(const Plan& plan, std::int64_t first, std::int64_t opening, Ledger& ledger, Tally& tally);

  // When the next request is due; kNobody when there is none.
  std::int64_t next_due() const { return next_due_; }
  // That request.
  Request take();

  void answered(const Request& request, const Answer& answer, std::int64_t now);
  void lost(const Request& request, std::int64_t now);

  // Nobody comes any more; who has come and was not sent is counted, at `now`.
  void stop(std::int64_t now);

  // Nobody will come again by himself.
  bool is_over() const { return next_due_ == kNobody; }
  // The curve is at its end then, and soon after it so are those who come again.
  std::int64_t end() const { return end_; }
  // Why it makes no sense to go on: the status of an answer that all will get. 0: it does.
  int hopeless() const { return hopeless_; }

 private:
  struct Later {
    bool operator()(const Request& a, const Request& b) const { return a.due > b.due; }
  };
  using Intentions = std::priority_queue<Request, std::vector<Request>, Later>;

  void claim_answered(const Request& request, const Answer& answer, std::int64_t now);
  void end_answered(const Request& request, const Answer& answer, std::int64_t now);
  void refused(const Request& request, const Answer& answer, std::int64_t now);
  void decide_on_hold(ClaimNumber claim, std::int64_t now);
  void come_again(Request request, std::int64_t due);
  void find_next();

  const Plan plan_;
  const Arrivals arrivals_;
  const std::int64_t first_;
  const std::int64_t opening_;
  const std::int64_t end_;
  Ledger& ledger_;
  Tally& tally_;
  Intentions intentions_;
  std::uint64_t come_ = 0;  // by the curve
  std::int64_t next_arrival_ = kNobody;
  std::int64_t next_due_ = kNobody;
  std::uint64_t dice_ = 0;
  bool has_stopped_ = false;
  int hopeless_ = 0;
};

}  // namespace doorbuster::bench
