#include "base/time.h"

#include <array>
#include <cstdint>
#include <cstring>
#include <limits>

#include "base/check.h"

namespace doorbuster {
namespace {

void put_digits(char* at, int width, int value) {
  for (int i = width - 1; i >= 0; --i) {
    at[i] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Reads fixed-width fields off the front of a text; `good` stays false after the first mismatch.
class FieldReader {
 public:
  explicit FieldReader(std::string_view text) : rest_(text) {}

  int number(std::size_t width) {
    int value = 0;
    if (rest_.size() < width) {
      good = false;
      return 0;
    }
    for (std::size_t i = 0; i < width; ++i) {
      if (!is_digit(rest_[i])) good = false;
      value = value * 10 + (rest_[i] - '0');
    }
    rest_.remove_prefix(width);
    return value;
  }
  bool one_of(std::string_view characters) {
    if (rest_.empty() || characters.find(rest_.front()) == std::string_view::npos) return false;
    last = rest_.front();
    rest_.remove_prefix(1);
    return true;
  }
  void expect(std::string_view characters) { good = one_of(characters) && good; }
  // Fractional digits, at least one: the first three as milliseconds.
  int milliseconds() {
    int value = 0;
    int digits = 0;
    for (; !rest_.empty() && is_digit(rest_.front()); rest_.remove_prefix(1), ++digits) {
      if (digits < 3) value = value * 10 + (rest_.front() - '0');
    }
    if (digits == 0) good = false;
    for (; digits < 3; ++digits) value *= 10;
    return value;
  }
  bool at_end() const { return rest_.empty(); }

  bool good = true;
  char last = '\0';

 private:
  std::string_view rest_;
};

void write_whole(char* text, Time time) {
  using namespace std::chrono;
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(time - day);
  const int year = static_cast<int>(date.year());
  CHECK(year >= 0 && year <= 9999);
  constexpr std::string_view kShape = "0000-00-00T00:00:00.000Z";
  static_assert(kShape.size() == kRfc3339Bytes);
  std::memcpy(text, kShape.data(), kShape.size());
  put_digits(&text[0], 4, year);
  put_digits(&text[5], 2, static_cast<int>(static_cast<unsigned>(date.month())));
  put_digits(&text[8], 2, static_cast<int>(static_cast<unsigned>(date.day())));
  put_digits(&text[11], 2, static_cast<int>(clock.hours().count()));
  put_digits(&text[14], 2, static_cast<int>(clock.minutes().count()));
  put_digits(&text[17], 2, static_cast<int>(clock.seconds().count()));
  put_digits(&text[20], 3, static_cast<int>(clock.subseconds().count()));
}

// A second as this thread has written it.
struct WrittenSecond {
  std::int64_t second = std::numeric_limits<std::int64_t>::min();
  std::array<char, kRfc3339Bytes> text{};
};

}  // namespace

// Of times that are written one after the other most lie in few seconds: now, and where a hold
// ends. Which of the seconds kept they may be is a matter of a prime, so that round lengths of
// holds do not have the two of them share one.
void write_rfc3339(char* text, Time time) {
  using namespace std::chrono;
  constexpr std::uint64_t kKept = 31;
  thread_local std::array<WrittenSecond, kKept> kept;
  const auto second = floor<seconds>(time);
  const std::int64_t number = second.time_since_epoch().count();
  WrittenSecond& written = kept[static_cast<std::uint64_t>(number) % kKept];
  if (number != written.second) {
    write_whole(written.text.data(), second);
    written.second = number;
  }
  std::memcpy(text, written.text.data(), kRfc3339Bytes);
  put_digits(&text[20], 3, static_cast<int>((time - second).count()));
}

void append_rfc3339(std::string& out, Time time) {
  char text[kRfc3339Bytes];
  write_rfc3339(text, time);
  out.append(text, sizeof text);
}

std::string to_rfc3339(Time time) {
  std::string out;
  append_rfc3339(out, time);
  return out;
}

std::optional<Time> parse_rfc3339(std::string_view text) {
  using namespace std::chrono;
  FieldReader in(text);
  const int year_number = in.number(4);
  in.expect("-");
  const int month_number = in.number(2);
  in.expect("-");
  const int day_number = in.number(2);
  in.expect("Tt ");
  const int hour = in.number(2);
  in.expect(":");
  const int minute = in.number(2);
  in.expect(":");
  const int second = in.number(2);
  const int milli = in.one_of(".") ? in.milliseconds() : 0;
  minutes offset{0};
  in.expect("Zz+-");
  if (in.good && (in.last == '+' || in.last == '-')) {
    const int sign = in.last == '+' ? 1 : -1;
    const int offset_hours = in.number(2);
    in.expect(":");
    const int offset_minutes = in.number(2);
    if (offset_hours > 23 || offset_minutes > 59) return std::nullopt;
    offset = sign * (hours(offset_hours) + minutes(offset_minutes));
  }
  const year_month_day date(year(year_number), month(static_cast<unsigned>(month_number)),
                            day(static_cast<unsigned>(day_number)));
  if (!in.good || !in.at_end() || !date.ok()) return std::nullopt;
  if (hour > 23 || minute > 59 || second > 60) return std::nullopt;
  const Time time = sys_days(date) + hours(hour) + minutes(minute) + seconds(second) +
                    milliseconds(milli) - offset;
  // The upper bound keeps every stored time printable, whatever its offset was.
  if (time < Time{} || time >= Time(sys_days(year(9999) / 1 / 1))) return std::nullopt;
  return time;
}

}  // namespace doorbuster
