#include "api/body.h"

#include <array>
#include <utility>

#include "api/body_internal.h"
#include "api/text.h"

namespace doorbuster::api {
namespace {

constexpr std::uint32_t kMaxPage = 1000;

// A cursor is a letter for the kind of list, the first number to show and a check over both, in
// hexadecimal: short, and a made-up one is refused.
constexpr std::size_t kCursorDigits = 12;

std::uint32_t check_of(char kind, std::uint32_t from) {
  std::uint32_t mixed = (from ^ static_cast<unsigned char>(kind)) * 0x9e3779b1U;
  mixed ^= mixed >> 15;
  return (mixed * 0x85ebca6bU) >> 16;
}

std::optional<std::uint32_t> parse_cursor(std::string_view text, char kind) {
  if (text.size() != 1 + kCursorDigits || text.front() != kind) return std::nullopt;
  std::uint64_t number = 0;
  for (const char c : text.substr(1)) {
    const bool is_letter = c >= 'a' && c <= 'f';
    if (!is_letter && (c < '0' || c > '9')) return std::nullopt;
    number = number * 16 + static_cast<std::uint64_t>(is_letter ? c - 'a' + 10 : c - '0');
  }
  const auto from = static_cast<std::uint32_t>(number >> 16);
  if ((number & 0xffff) != check_of(kind, from)) return std::nullopt;
  return from;
}

Flaw parameter_flaw(FlawKind kind, std::string_view name, std::string first = {},
                    std::string second = {}) {
  return {kind, FlawPlace::parameter, std::string(name), std::move(first), std::move(second)};
}

}  // namespace

Unreadable unreadable(Flaw flaw) {
  Unreadable why;
  why.flaws.push_back(std::move(flaw));
  return why;
}

void answer_unreadable(Answer& answer, const Unreadable& why) {
  if (why.code == ProblemCode::invalid) {
    answer.invalid(why.flaws);
    return;
  }
  if (why.remark == Remark::needs_json) answer.field("Accept-Post", "application/json");
  if (why.remark == Remark::needs_form) {
    answer.field("Accept-Post", "application/x-www-form-urlencoded");
  }
  if (why.remark == Remark::needs_json_or_form) {
    answer.field("Accept-Post", "application/json, application/x-www-form-urlencoded");
  }
  answer.problem(why.code, why.remark);
}

std::optional<Unreadable> read_json_object(JsonDocument& json, std::string_view text) {
  if (auto fault = json.parse(text)) {
    switch (fault->kind) {
      case JsonFault::Kind::not_json:
        return Unreadable{ProblemCode::malformed, Remark::not_json, {}};
      case JsonFault::Kind::too_deep:
        return Unreadable{ProblemCode::malformed, Remark::json_too_deep, {}};
      case JsonFault::Kind::repeated_member:
        return unreadable(
            {FlawKind::repeated, FlawPlace::pointer, std::move(fault->pointer), {}, {}});
    }
  }
  if (json.root().kind != JsonKind::object) {
    return unreadable({FlawKind::not_an_object, FlawPlace::pointer, {}, {}, {}});
  }
  return std::nullopt;
}

std::optional<Unreadable> parse_round(const Call& call, std::uint32_t& stock) {
  Desk& desk = call.answer.desk();
  if (!call.request.body.empty()) {
    if (media_type_of(call.fields.content_type) != MediaType::form) {
      return Unreadable{ProblemCode::unsupported_media_type, Remark::needs_form, {}};
    }
    if (!desk.form.parse(call.request.body)) {
      return Unreadable{ProblemCode::malformed, Remark::not_a_form, {}};
    }
  } else {
    desk.form.parse({});
  }
  constexpr std::array<std::string_view, 1> kFields = {"count"};
  Flaws flaws;
  std::optional<std::string_view> count;
  for (const auto& [name, value] : desk.form.fields()) {
    if (name != "count") {
      std::string pointer;
      append_pointer(pointer, name);
      flaws.push_back(unknown_member(FlawPlace::pointer, std::move(pointer), name, kFields));
    } else if (count) {
      flaws.push_back(member_flaw(FlawKind::repeated, name));
    } else {
      count = value;
    }
    if (flaws.size() == kMaxFlaws) break;
  }
  const auto number = parse_number(count.value_or(""), sale::kMaxStock);
  if (!count && flaws.empty()) {
    flaws.push_back(member_flaw(FlawKind::missing, "count"));
  } else if (count && number.value_or(0) == 0) {
    flaws.push_back(
        member_flaw(FlawKind::not_a_number, "count", "1", std::to_string(sale::kMaxStock)));
  }
  if (!flaws.empty()) return Unreadable{ProblemCode::invalid, Remark::none, std::move(flaws)};
  stock = static_cast<std::uint32_t>(*number);
  return std::nullopt;
}

std::optional<Unreadable> parse_page(const Call& call, char kind, PageQuery& page) {
  constexpr std::array<std::string_view, 2> kParameters = {"after", "limit"};
  Flaws flaws;
  bool given[kParameters.size()] = {};
  std::string_view query = call.request.query;
  while (!query.empty() && flaws.size() < kMaxFlaws) {
    const auto end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (pair.empty()) continue;
    const auto equals = std::min(pair.find('='), pair.size());
    const std::string_view name = pair.substr(0, equals);
    const std::string_view value = pair.substr(std::min(equals + 1, pair.size()));
    if (name != "after" && name != "limit") {
      flaws.push_back(unknown_member(FlawPlace::parameter, std::string(name), name, kParameters));
    } else if (std::exchange(given[name == "limit"], true)) {
      flaws.push_back(parameter_flaw(FlawKind::repeated, name));
    } else if (name == "after") {
      const auto from = parse_cursor(value, kind);
      if (!from) flaws.push_back(parameter_flaw(FlawKind::not_a_cursor, name));
      page.from = from.value_or(0);
    } else {
      const auto limit = parse_number(value, kMaxPage);
      if (limit.value_or(0) == 0) {
        flaws.push_back(
            parameter_flaw(FlawKind::not_a_number, name, "1", std::to_string(kMaxPage)));
      }
      page.limit = static_cast<std::uint32_t>(limit.value_or(1));
    }
  }
  if (!flaws.empty()) return Unreadable{ProblemCode::invalid, Remark::none, std::move(flaws)};
  return std::nullopt;
}

void append_cursor(std::string& out, char kind, std::uint32_t from) {
  constexpr std::string_view kHex = "0123456789abcdef";
  const std::uint64_t number = std::uint64_t{from} << 16 | check_of(kind, from);
  out += kind;
  for (std::size_t i = kCursorDigits; i-- > 0;) out += kHex[(number >> (i * 4)) & 15];
}

}  // namespace doorbuster::api
