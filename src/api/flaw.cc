#include "api/flaw.h"

#include "api/json.h"

namespace doorbuster::api {
namespace {

// A list: it is as long as there are kinds.
// NOLINTNEXTLINE(readability-function-size)
Sentence sentence_of(const Flaw& flaw) {
  switch (flaw.kind) {
    case FlawKind::unknown:
      if (flaw.first.empty()) return {"is not known here", "此处没有这个成员"};
      return {"is not known here; did you mean '{1}'?", "此处没有这个成员；是否想写“{1}”？"};
    case FlawKind::repeated:
      return {"is given more than once", "重复出现"};
    case FlawKind::missing:
      return {"is required", "必须提供"};
    case FlawKind::not_an_object:
      return {"must be a JSON object", "必须是 JSON 对象"};
    case FlawKind::not_a_string:
      return {"must be a string", "必须是字符串"};
    case FlawKind::not_a_number:
      return {"must be a whole number from {1} to {2}, written in digits",
              "必须是 {1} 到 {2} 之间的整数，只用数字书写"};
    case FlawKind::wrong_byte_count:
      return {"must be 1 to {1} bytes long", "长度必须在 1 到 {1} 字节之间"};
    case FlawKind::wrong_character_count:
      return {"must be 1 to {1} characters long", "长度必须在 1 到 {1} 个字符之间"};
    case FlawKind::not_printable:
      return {"must be UTF-8 without control characters", "必须是不含控制字符的 UTF-8 文本"};
    case FlawKind::not_printable_ascii:
      return {"must be printable ASCII", "必须是可打印的 ASCII 字符"};
    case FlawKind::not_a_slug:
      return {"must be 1 to 64 of the characters a-z, 0-9 and '-'",
              "必须是 1 到 64 个字符，只能用 a-z、0-9 和“-”"};
    case FlawKind::reserved_slug:
      return {"'goods' and 'goods-...' are kept for POST /send/goods; choose another name",
              "“goods”和“goods-...”保留给 POST /send/goods，请另选名称"};
    case FlawKind::not_a_time:
      return {"must be an RFC 3339 time such as 2026-11-11T12:00:00Z, or null",
              "必须是 RFC 3339 时间（例如 2026-11-11T12:00:00Z）或 null"};
    case FlawKind::closes_before_opening:
      return {"must be after opens_at", "必须晚于 opens_at"};
    case FlawKind::closes_in_the_past:
      return {"must be in the future", "必须是将来的时间"};
    case FlawKind::not_a_title:
      return {"must be a string, or an object of strings by language",
              "必须是字符串，或按语言给出字符串的对象"};
    case FlawKind::no_languages:
      return {"must name at least one language", "至少要有一种语言"};
    case FlawKind::too_many_languages:
      return {"must not have more than {1} languages", "语言不得超过 {1} 种"};
    case FlawKind::not_a_language:
      return {"must be named by a language tag such as en or zh-CN",
              "名称必须是语言标签，例如 en 或 zh-CN"};
    case FlawKind::metadata_too_large:
      return {"must not be larger than {1} bytes of JSON", "JSON 不得超过 {1} 字节"};
    case FlawKind::not_one_of:
      return {"must be \"{1}\" or \"{2}\"", "必须是 \"{1}\" 或 \"{2}\""};
    case FlawKind::not_changeable:
      return {"cannot be changed", "不能修改"};
    case FlawKind::out_of_unit_numbers:
      return {"cannot grow so far: the numbers of the sale's units would run out",
              "无法增加到此数量：该活动的商品编号将用尽"};
    case FlawKind::keys_differ:
      return {"differs from the Idempotency-Key header", "与 Idempotency-Key 请求头不一致"};
    case FlawKind::buyers_differ:
      return {"names another buyer than '{1}' does", "与“{1}”给出的买家不一致"};
    case FlawKind::not_a_cursor:
      return {"must be a cursor taken from `next` of a page before",
              "必须是前一页 `next` 中给出的游标"};
    case FlawKind::not_a_status:
      return {"must be held, confirmed or released", "必须是 held、confirmed 或 released"};
    case FlawKind::not_a_format:
      return {"must be csv or ndjson", "必须是 csv 或 ndjson"};
    case FlawKind::not_an_event_cursor:
      return {"must be the id of an event that has happened, `next` of a page before, 0 or latest",
              "必须是已发生事件的 id、前一页的 `next`、0 或 latest"};
  }
  return {};
}

std::string_view to_string(FlawPlace place) {
  switch (place) {
    case FlawPlace::pointer:
      return "pointer";
    case FlawPlace::header:
      return "header";
    case FlawPlace::parameter:
      return "parameter";
  }
  return {};
}

}  // namespace

void append_flaws(std::string& out, const Flaws& flaws, Language language) {
  out += '[';
  for (const Flaw& flaw : flaws) {
    if (out.back() != '[') out += ',';
    out += "{\"";
    out += to_string(flaw.place);
    out += "\":";
    append_json_string(out, flaw.at);
    out += ",\"detail\":\"";
    append_filled(out, sentence_of(flaw).in(language), flaw.first, flaw.second);
    out += "\"}";
  }
  out += ']';
}

Flaw member_flaw(FlawKind kind, std::string_view name, std::string first, std::string second) {
  std::string pointer;
  append_pointer(pointer, name);
  return {kind, FlawPlace::pointer, std::move(pointer), std::move(first), std::move(second)};
}

Flaw header_flaw(FlawKind kind, std::string_view name, std::string first, std::string second) {
  return {kind, FlawPlace::header, std::string(name), std::move(first), std::move(second)};
}

}  // namespace doorbuster::api
