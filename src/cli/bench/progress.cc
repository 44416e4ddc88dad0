#include "cli/bench/progress.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "cli/bench/driver.h"
#include "cli/bench/report.h"
#include "cli/grouped.h"

namespace doorbuster::bench {
namespace {

using cli::grouped;

constexpr std::int64_t kOften = 100'000'000;
constexpr std::int64_t kSeldom = 5'000'000'000;
constexpr int kBarWidth = 24;

std::string bar(double share) {
  const int full = static_cast<int>(std::clamp(share, 0.0, 1.0) * kBarWidth);
  return "[" + std::string(static_cast<std::size_t>(full), '#') +
         std::string(static_cast<std::size_t>(kBarWidth - full), '.') + "] ";
}

std::string seconds(std::int64_t ns) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%5.1f s", static_cast<double>(ns) / 1e9);
  return text.data();
}

}  // namespace

std::string progress_line(double share, std::int64_t since_opening, const Tally& tally,
                          std::uint64_t stock, bool with_bar) {
  std::string line = with_bar ? bar(share) : std::string();
  line += seconds(since_opening);
  if (since_opening < 0 && tally.sent == 0) return line + "  until the doors open";
  line += "  sold " + grouped(tally.granted) + " of " + grouped(stock) + "  refused " +
          grouped(tally.refused.total());
  if (tally.turned_away.total() > 0) line += "  turned away " + grouped(tally.turned_away.total());
  if (tally.lost > 0) line += "  lost " + grouped(tally.lost);
  const Histogram& histogram =
      tally.refusals.count() > tally.wins.count() ? tally.refusals : tally.wins;
  if (histogram.count() > 0) line += "  p99 " + shown_duration(histogram.quantile(0.99));
  return line;
}

Progress::Progress() : is_terminal_(::isatty(STDERR_FILENO) == 1), last_(clock_now()) {
  if (is_terminal_) last_ = 0;
}

bool Progress::is_due(std::int64_t now) const {
  return now - last_ >= (is_terminal_ ? kOften : kSeldom);
}

void Progress::show(std::int64_t now, const std::string& line) {
  last_ = now;
  std::fprintf(stderr, is_terminal_ ? "\r%s\x1b[K" : "%s\n", line.c_str());
  std::fflush(stderr);
  shown_ = true;
}

void Progress::end() {
  if (is_terminal_ && shown_) std::fputs("\r\x1b[K", stderr);
  shown_ = false;
}

}  // namespace doorbuster::bench
