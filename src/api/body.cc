#include "api/body.h"

#include <array>
#include <utility>

#include "api/body_internal.h"
#include "api/text.h"

namespace doorbuster::api {

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
  if (why.remark == Remark::needs_merge_patch) {
    answer.field("Accept-Patch", "application/merge-patch+json, application/json");
  }
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

const JsonNode* only_member(const JsonDocument& json, std::string_view name, Flaws& flaws) {
  const std::array<std::string_view, 1> known = {name};
  const JsonNode* found = nullptr;
  json.for_each_child(json.root(), [&](const JsonNode& member) {
    if (member.name == name) {
      found = &member;
    } else if (flaws.size() < kMaxFlaws) {
      std::string pointer;
      append_pointer(pointer, member.name);
      flaws.push_back(unknown_member(FlawPlace::pointer, std::move(pointer), member.name, known));
    }
  });
  return found;
}

std::optional<Unreadable> read_json_body(const Call& call) {
  if (media_type_of(call.fields.content_type) != MediaType::json) {
    return Unreadable{ProblemCode::unsupported_media_type, Remark::needs_json, {}};
  }
  return read_json_object(call.answer.desk().json, call.request.body);
}

std::optional<Unreadable> unreadable_if(Flaws flaws) {
  if (flaws.empty()) return std::nullopt;
  return Unreadable{ProblemCode::invalid, Remark::none, std::move(flaws)};
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

}  // namespace doorbuster::api
