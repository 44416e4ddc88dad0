#include "store/embedded/clock_watch.h"

#include <utility>

namespace doorbuster::embedded {
ClockWatch::ClockWatch(TimeLine& time_line, std::function<void(const std::string&)> tell,
                       std::function<void()> changed, std::chrono::nanoseconds between_looks)
    : time_line_(time_line),
      tell_(std::move(tell)),
      changed_(std::move(changed)),
      between_looks_(between_looks),
      alarm_("db-clock", [this] { ring(); }) {
  alarm_.set(std::chrono::seconds(0));
}

std::string ClockWatch::accept() {
  std::string sentence = time_line_.accept();
  changed_();
  return sentence;
}

bool ClockWatch::is_news(const ClockStanding& standing) const {
  if (standing.kind != told_.kind) return true;
  // A wall clock that catches up comes nearer with every look.
  if (standing.kind == ClockStanding::Kind::behind_at_start) return false;
  return abs(standing.wall_ahead - told_.wall_ahead) > TimeLine::kStep;
}

void ClockWatch::ring() {
  const ClockStanding standing = time_line_.look();
  if (is_news(standing)) {
    const bool is_over = standing.kind == ClockStanding::Kind::steady;
    told_ = standing;
    changed_();
    // Last: whatever reads the log may be stuck.
    if (tell_) tell_(is_over ? "the alarm has ended" : to_sentence(standing));
  }
  alarm_.set(between_looks_);
}

}  // namespace doorbuster::embedded
