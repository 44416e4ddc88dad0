#include "store/embedded/time_line.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace doorbuster::embedded {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kBetweenLooks{100};
// Between the two readings of the machine's clock around one of the wall clock. A thread that was
// kept from running in between cannot tell that from a step.
constexpr milliseconds kSlowestReading{50};
// How much less than a step ends an alarm: a difference of just about 5 s must not be one that
// comes and goes with each reading.
constexpr milliseconds kSlack{100};

// What a wall clock can show and be believed. Beyond, it is taken for the nearest of these: times
// are kept and printed for the years 1970 to 9999, and what ends later than now has to be, too.
constexpr Time kEarliest{};
constexpr Time kLatest = std::chrono::sys_days(std::chrono::year(9900) / 1 / 1);

std::string seconds(milliseconds difference) {
  return std::to_string(std::chrono::round<std::chrono::seconds>(abs(difference)).count()) + " s";
}

}  // namespace

std::string to_sentence(const ClockStanding& standing) {
  using Kind = ClockStanding::Kind;
  const std::string size = seconds(standing.wall_ahead);
  switch (standing.kind) {
    case Kind::steady:
      return "ok";
    case Kind::ahead:
      return "the wall clock is " + size +
             " ahead of the server's time: not followed; run `doorbuster clock accept` to follow "
             "it";
    case Kind::behind:
      return "the wall clock is " + size +
             " behind the server's time: not followed; run `doorbuster clock accept` if it is to "
             "stay so";
    case Kind::behind_at_start:
      return "the wall clock is " + size +
             " behind the journal: nothing is decided until it has caught up; run `doorbuster "
             "clock accept` to go on from the journal's time";
  }
  CHECK(false);
}

TimeLine::TimeLine(const Clock& clock, Time journal_time)
    : clock_(clock), journal_time_(journal_time) {
  compare();
}

Time TimeLine::wall() const { return std::clamp(clock_.wall(), kEarliest, kLatest); }

milliseconds TimeLine::since_boot() const {
  return std::chrono::floor<milliseconds>(clock_.since_boot());
}

Time TimeLine::now() {
  if (!may_decide()) return journal_time_;
  // The offset first: another thread may move it, and a reading of the clock that is older than an
  // offset would give a time from before the move.
  milliseconds offset = offset_;
  milliseconds boot = since_boot();
  if (boot >= next_look_.load()) {
    look();
    offset = offset_;
    boot = since_boot();
  }
  return Time(offset + boot);
}

bool TimeLine::may_decide() {
  if (!deciding_) look();
  return deciding_;
}

ClockStanding TimeLine::look() {
  const std::lock_guard lock(mutex_);
  compare();
  return standing_;
}

void TimeLine::compare() {
  const milliseconds before = since_boot();
  const Time wall_now = wall();
  const milliseconds boot = since_boot();
  if (boot - before > kSlowestReading) return;  // the next call looks again
  next_look_ = boot + kBetweenLooks;
  if (deciding_) {
    follow(wall_now, boot);
  } else {
    wait_for_journal(wall_now, boot);
  }
}

void TimeLine::wait_for_journal(Time wall, milliseconds boot) {
  if (wall < journal_time_ - kStep) {
    standing_ = {ClockStanding::Kind::behind_at_start, wall - journal_time_};
  } else {
    begin_at(std::max(wall, journal_time_), boot);
  }
}

void TimeLine::begin_at(Time time, milliseconds boot) {
  offset_ = time.time_since_epoch() - boot;
  standing_ = {};
  deciding_ = true;
}

void TimeLine::follow(Time wall, milliseconds boot) {
  const milliseconds ahead = wall - Time(offset_.load() + boot);
  const bool is_alarmed = standing_.kind != ClockStanding::Kind::steady;
  const milliseconds limit = is_alarmed ? kStep - kSlack : kStep;
  if (abs(ahead) <= limit) accepted_ = milliseconds(0);
  if (abs(ahead - accepted_) > limit) {
    const bool is_ahead = ahead > milliseconds(0);
    standing_ = {is_ahead ? ClockStanding::Kind::ahead : ClockStanding::Kind::behind, ahead};
    return;
  }
  standing_ = {};
  if (ahead > accepted_) offset_ = offset_.load() + (ahead - accepted_);
}

std::string TimeLine::accept() {
  using Kind = ClockStanding::Kind;
  const std::lock_guard lock(mutex_);
  compare();
  const ClockStanding accepted = std::exchange(standing_, {});
  std::string sentence;
  switch (accepted.kind) {
    case Kind::steady:
      sentence = "there was nothing to accept";
      break;
    case Kind::ahead:
      offset_ = offset_.load() + accepted.wall_ahead;
      accepted_ = milliseconds(0);
      sentence = "the wall clock was followed, " + seconds(accepted.wall_ahead) + " forward";
      break;
    case Kind::behind:
      accepted_ = accepted.wall_ahead;
      sentence = "the wall clock is let be";
      break;
    case Kind::behind_at_start:
      begin_at(journal_time_, since_boot());
      accepted_ = accepted.wall_ahead;
      sentence = "the journal's time goes on";
      break;
  }
  sentence += "; the server's time is now " + to_rfc3339(Time(offset_.load() + since_boot()));
  if (accepted_ != milliseconds(0)) {
    sentence += ", " + seconds(accepted_) + " ahead of the wall clock";
  }
  return sentence;
}

}  // namespace doorbuster::embedded
