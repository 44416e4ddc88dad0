#include "cli/log_watch.h"

#include <array>

#include "cli/grouped.h"

namespace doorbuster::cli {
namespace {

using namespace std::chrono_literals;

constexpr auto kBetweenLooks = 1s;
// The one part that speaks for itself, and of more than a change (ClockWatch).
constexpr std::string_view kClock = "clock";

}  // namespace

LogWatch::LogWatch(ServerLog& log, const api::RefusalBook& refusals, const store::ClaimStore& store)
    : log_(log), refusals_(refusals), store_(store) {
  tell_changes();
  alarm_.emplace("db-log-watch", [this] { look(); });
  alarm_->set(kBetweenLooks);
}

LogWatch::~LogWatch() {
  alarm_.reset();
  tell_refusals();
}

void LogWatch::look() {
  tell_refusals();
  tell_changes();
  alarm_->set(kBetweenLooks);
}

void LogWatch::tell_refusals() {
  const api::ProblemCounts counts = refusals_.counts();
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const std::uint64_t count = counts[i] - told_[i];
    if (count == 0) continue;
    const api::ProblemText& problem = api::text_of(static_cast<api::ProblemCode>(i));
    const std::array<LogMember, 3> members = {
        {{"reason", problem.name},
         {"status", static_cast<std::uint64_t>(problem.status)},
         {"count", count}}};
    log_.tell(problem.status >= 500 ? LogLevel::warning : LogLevel::info, "refused",
              std::string(problem.name) + " x " + grouped(count), members);
  }
  told_ = counts;
}

void LogWatch::tell_changes() {
  const store::StoreCondition condition = store_.condition();
  for (const auto& [part, state] : condition.lines) {
    if (part == kClock) continue;
    const bool is_well = state == "ok";
    std::string& known = states_.try_emplace(part, "ok").first->second;
    if (known == state) continue;
    known = state;
    log_.tell(is_well ? LogLevel::info : LogLevel::warning, "condition",
              part + ": " + (is_well ? "well again" : state));
  }
  if (ready_ == condition.ready) return;
  const bool is_first = !ready_;
  ready_ = condition.ready;
  if (is_first && condition.ready) return;
  log_.tell(
      condition.ready ? LogLevel::info : LogLevel::warning, "readiness",
      condition.ready ? "ready" : "not ready: /readyz?verbose on the admin listener says why");
}

}  // namespace doorbuster::cli
