// What the API of one I/O thread tells of its requests, in cells for others to look at. By the
// route of the one table and never by the path, which anybody may write.
//
// Thread: I/O; add_to() and add_claim_answers() any. Owns: the cells.
// Invariants: a request is counted once, when it is answered; how long that took is measured in
// turns of the loop: from the one that read it to the end of the one that answers it.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string_view>
#include <vector>

#include "api/problem.h"
#include "api/route.h"
#include "metrics/cells.h"
#include "metrics/histogram.h"

namespace doorbuster::api {

// A request, for as long as it is under way.
struct RequestMark {
  std::uint16_t route = 0;  // its place in the table; behind the last: of none
  http::Method method = http::Method::other;
  std::chrono::steady_clock::time_point came{};
};

inline constexpr std::size_t kMethods = 8;
using AnswerTimes = metrics::Histogram<metrics::kLatencyBounds>;

// What answers have, and last any other.
inline constexpr std::array<std::uint16_t, 28> kStatuses = {
    200, 201, 202, 204, 206, 304, 400, 401, 403, 404, 405, 406, 408, 409,
    410, 412, 413, 414, 415, 417, 422, 428, 429, 431, 500, 501, 503, 505};
inline constexpr std::size_t kStatusPlaces = kStatuses.size() + 1;
inline constexpr std::size_t kRemarks = 64;

// Sums over threads.
struct ApiFigures {
  ApiFigures();

  // Answers by route, method and status; the last route is none.
  std::vector<std::array<std::array<std::uint64_t, kStatusPlaces>, kMethods>> requests;
  std::vector<metrics::HistogramReading> durations;  // by route, without none
  std::array<std::uint64_t, kProblemCodes> problems{};
  std::array<std::uint64_t, kRemarks> remarks{};
  std::uint64_t in_flight = 0;
  std::uint64_t page_readers = 0;
  std::uint64_t stream_readers = 0;
};

class ApiProbe {
 public:
  ApiProbe();

  // `route`: null where it has none.
  RequestMark request_came(const Route* route, http::Method method);
  void request_answered(const RequestMark& mark, int status) {
    answered_.push_back({mark, static_cast<std::uint16_t>(status)});
  }
  // It never became a request.
  void input_refused(int status);
  void problem_told(ProblemCode code, Remark remark) {
    problems_[static_cast<std::size_t>(code)].add();
    remarks_[static_cast<std::size_t>(remark)].add();
  }
  // `in_flight`: requests that still wait for their answer.
  void turn_ended(std::size_t in_flight);
  void readers_counted(std::size_t pages, std::size_t streams);

  void add_to(ApiFigures& figures) const;
  // How long the answers to claims took, whichever route they came by.
  void add_claim_answers(metrics::HistogramReading& reading) const;

 private:
  struct Answered {
    RequestMark mark;
    std::uint16_t status;
  };
  struct RouteCells {
    std::array<std::array<metrics::Counter, kStatusPlaces>, kMethods> requests;
    AnswerTimes duration;
  };

  metrics::Counter& requests(const RequestMark& mark, std::uint16_t status);

  std::vector<RouteCells> routes_;
  std::array<metrics::Counter, kProblemCodes> problems_;
  std::array<metrics::Counter, kRemarks> remarks_;
  metrics::Gauge in_flight_;
  metrics::Gauge page_readers_;
  metrics::Gauge stream_readers_;
  std::vector<Answered> answered_;                    // in this turn
  std::chrono::steady_clock::time_point turn_begun_;  // when its first request came
};

// "GET"; "other" for what the API has no use for.
std::string_view method_label(http::Method method);
// What stands behind a refusal to let somebody in, "key_expired"; empty for any other remark.
std::string_view auth_failure_name(Remark remark);

}  // namespace doorbuster::api
