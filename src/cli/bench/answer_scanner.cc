#include "cli/bench/answer_scanner.h"

#include <algorithm>
#include <cstring>

#include "api/text.h"
#include "http/syntax.h"

namespace doorbuster::bench {
namespace {

constexpr std::string_view kVersion = "HTTP/1.1 ";
constexpr std::size_t kLongestHead = 64 * 1024;
constexpr std::uint64_t kLongestBody = std::uint64_t{16} << 20;

struct Head {
  std::int64_t length = -1;  // of the body; -1: not said
  bool is_good = true;
};

void read_field(std::string_view line, Head& head, Answer& answer) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) {
    head.is_good = false;
    return;
  }
  const std::string_view name = line.substr(0, colon);
  const auto is = [&](std::string_view wanted) {
    return name.size() == wanted.size() && http::same_ignoring_case(name, wanted);
  };
  const auto value = [&] { return http::without_spaces_around(line.substr(colon + 1)); };
  if (is("Content-Length")) {
    const auto length = api::parse_number(value(), kLongestBody);
    head.is_good = head.is_good && length && head.length < 0;
    head.length = length ? static_cast<std::int64_t>(*length) : -1;
  } else if (is("Connection")) {
    answer.closes = http::same_ignoring_case(value(), "close");
  } else if (is("Retry-After")) {
    const auto seconds = api::parse_number(value(), 86'400);
    if (seconds) answer.retry_after_seconds = static_cast<std::uint32_t>(*seconds);
  } else if (is("Transfer-Encoding")) {
    head.is_good = false;
  }
}

// The status of "HTTP/1.1 201 Created"; 0 if it is none.
int status_in(std::string_view line) {
  if (!line.starts_with(kVersion) || line.size() < kVersion.size() + 3) return 0;
  const auto status = api::parse_number(line.substr(kVersion.size(), 3), 999);
  return status && *status >= 100 ? static_cast<int>(*status) : 0;
}

// Fields until the empty line; the body begins at the end of what is returned. Empty: not whole.
std::string_view head_in(std::string_view bytes, Head& head, Answer& answer) {
  std::size_t at = 0;
  for (bool is_first = true;; is_first = false) {
    const auto* end =
        static_cast<const char*>(std::memchr(bytes.data() + at, '\n', bytes.size() - at));
    if (end == nullptr) return {};
    const auto next = static_cast<std::size_t>(end - bytes.data()) + 1;
    std::string_view line = bytes.substr(at, next - 1 - at);
    if (line.ends_with('\r')) line.remove_suffix(1);
    at = next;
    if (is_first) {
      answer.status = status_in(line);
      if (answer.status == 0) head.is_good = false;
    } else if (line.empty()) {
      return bytes.substr(0, at);
    } else {
      read_field(line, head, answer);
    }
    if (!head.is_good) return bytes.substr(0, at);
  }
}

// A scanner of one JSON object's own members; what stands deeper is stepped over.
class Members {
 public:
  explicit Members(std::string_view json) : json_(json) {}

  bool begin() {
    skip_white();
    return take('{');
  }

  // The next member; false at the end, and where it is no longer JSON (then !good()).
  bool next(std::string_view& name, std::string_view& value) {
    skip_white();
    if (take('}')) return false;
    if (!is_first_ && !take(',')) return fail();
    is_first_ = false;
    skip_white();
    if (!text(name)) return fail();
    skip_white();
    if (!take(':')) return fail();
    skip_white();
    return this->value(value) || fail();
  }
  bool good() const { return good_; }

 private:
  bool fail() { return good_ = false; }
  bool take(char c) {
    if (at_ >= json_.size() || json_[at_] != c) return false;
    ++at_;
    return true;
  }
  void skip_white() {
    while (at_ < json_.size() && static_cast<unsigned char>(json_[at_]) <= ' ') ++at_;
  }
  // A string without its marks.
  bool text(std::string_view& out) {
    if (!take('"')) return false;
    const std::size_t from = at_;
    for (;;) {
      const auto* mark =
          static_cast<const char*>(std::memchr(json_.data() + at_, '"', json_.size() - at_));
      if (mark == nullptr) return false;
      at_ = static_cast<std::size_t>(mark - json_.data());
      std::size_t backslashes = 0;
      while (at_ - backslashes > from && json_[at_ - backslashes - 1] == '\\') ++backslashes;
      ++at_;
      if (backslashes % 2 == 0) break;
    }
    out = json_.substr(from, at_ - 1 - from);
    return true;
  }
  // A string without its marks, the inside of an array or object, or what else stands there.
  bool value(std::string_view& out) {
    if (at_ >= json_.size()) return false;
    if (json_[at_] == '"') return text(out);
    const bool nested = json_[at_] == '[' || json_[at_] == '{';
    if (nested) ++at_;
    const std::size_t from = at_;
    const std::size_t end = nested ? end_of_nested() : json_.find_first_of(",} \t\r\n", at_);
    if (end == std::string_view::npos) return false;
    out = json_.substr(from, end - from);
    at_ = nested ? end + 1 : end;
    return true;
  }
  // Where the array or object that has begun ends.
  std::size_t end_of_nested() {
    std::string_view ignored;
    for (int depth = 1; at_ < json_.size();) {
      const char c = json_[at_];
      if (c == '"') {
        if (!text(ignored)) break;
        continue;
      }
      if (c == '[' || c == '{') ++depth;
      if ((c == ']' || c == '}') && --depth == 0) return at_;
      ++at_;
    }
    return std::string_view::npos;
  }

  std::string_view json_;
  std::size_t at_ = 0;
  bool is_first_ = true;
  bool good_ = true;
};

}  // namespace

Scan scan_answer(std::string_view bytes, Answer& answer) {
  std::size_t skipped = 0;
  for (;;) {
    answer = {};
    Head head;
    const std::string_view all = bytes.substr(skipped);
    const std::string_view begun = all.substr(0, kVersion.size());
    if (!kVersion.starts_with(begun.substr(0, kVersion.size()))) return Scan::malformed;
    const std::string_view text = head_in(all, head, answer);
    if (!head.is_good) return Scan::malformed;
    if (text.empty()) return all.size() > kLongestHead ? Scan::malformed : Scan::partial;
    const bool is_interim = answer.status < 200;
    const bool is_bodyless = is_interim || answer.status == 204 || answer.status == 304;
    if (head.length < 0 && !is_bodyless) return Scan::malformed;
    const std::size_t length = is_bodyless ? 0 : static_cast<std::size_t>(head.length);
    if (all.size() - text.size() < length) return Scan::partial;
    skipped += text.size() + length;
    answer.body = all.substr(text.size(), length);
    answer.used = skipped;
    if (!is_interim) return Scan::whole;
  }
}

bool scan_claim(std::string_view json, ClaimMembers& members) {
  members = {};
  Members object(json);
  if (!object.begin()) return false;
  std::string_view name;
  std::string_view value;
  while (object.next(name, value)) {
    if (name == "id") {
      members.id = value;
    } else if (name == "buyer") {
      members.buyer = value;
    } else if (name == "status") {
      members.status = value;
    } else if (name == "units") {
      members.units = value;
    } else if (name == "code") {
      members.code = value;
    }
  }
  return object.good();
}

}  // namespace doorbuster::bench
