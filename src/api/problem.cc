#include "api/problem.h"

#include <array>

#include "api/text.h"
#include "base/check.h"

namespace doorbuster::api {
namespace {

using Code = ProblemCode;

// In the order of the enumeration.
constexpr std::array<ProblemText, kProblemCodes> kTexts = {{
    {Code::malformed,
     400,
     "malformed",
     {"Malformed request", "请求格式错误"},
     {"The request could not be read.", "无法读取该请求。"}},
    {Code::unauthenticated,
     401,
     "unauthenticated",
     {"Not authenticated", "未通过身份验证"},
     {"The request names nobody who may do this.", "请求未提供有权执行此操作的身份。"}},
    {Code::insufficient_scope,
     403,
     "insufficient-scope",
     {"Not allowed", "权限不足"},
     {"The caller may not do this.", "调用方无权执行此操作。"}},
    {Code::not_found,
     404,
     "not-found",
     {"Not found", "未找到"},
     {"There is nothing at this address.", "该地址没有任何内容。"}},
    {Code::method_not_allowed,
     405,
     "method-not-allowed",
     {"Method not allowed", "方法不被允许"},
     {"This address does not take that method; `Allow` names those it takes.",
      "该地址不支持此方法；`Allow` 列出支持的方法。"}},
    {Code::request_timeout,
     408,
     "request-timeout",
     {"Request timeout", "请求超时"},
     {"The request was not complete in time.", "请求未在规定时间内发送完整。"}},
    {Code::not_open,
     409,
     "not-open",
     {"Not open yet", "尚未开售"},
     {"The sale opens at the time in `opens_at`; `now` is the server's time.",
      "将在 `opens_at` 的时间开售；`now` 是服务器时间。"}},
    {Code::paused,
     409,
     "paused",
     {"Paused", "已暂停"},
     {"The merchant has paused the sale; it may go on.", "商家已暂停该活动，之后可能继续。"}},
    {Code::sold_out,
     409,
     "sold-out",
     {"Sold out", "已售罄"},
     {"Not one unit is free.", "没有可用的商品。"}},
    {Code::insufficient_stock,
     409,
     "insufficient-stock",
     {"Not enough left", "库存不足"},
     {"Fewer units are free than were asked for; `available` says how many.",
      "可用数量少于请求数量；`available` 给出可用数量。"}},
    {Code::limit_exceeded,
     409,
     "limit-exceeded",
     {"Limit exceeded", "超出限购"},
     {"The buyer would have more than the sale allows each; `claims` are those he has.",
      "该买家将超出每人限购数量；`claims` 是其已有的记录。"}},
    {Code::attempts_exhausted,
     409,
     "attempts-exhausted",
     {"No attempts left", "尝试次数已用尽"},
     {"The buyer's claims have ended as often as the sale allows; `claim_attempts` says how often.",
      "该买家的记录已结束的次数达到活动上限，即 `claim_attempts`。"}},
    {Code::closed,
     409,
     "closed",
     {"Closed", "已结束"},
     {"The sale is closed; nothing is granted any more.", "活动已结束，不再发放。"}},
    {Code::claim_expired,
     409,
     "claim-expired",
     {"Claim expired", "记录已过期"},
     {"The hold ended at `expires_at`; what was paid for a reference in `refunds_required` is to "
      "be "
      "refunded.",
      "保留已于 `expires_at` 到期；`refunds_required` 中各引用号的付款应予退款。"}},
    {Code::claim_released,
     409,
     "claim-released",
     {"Claim released", "记录已释放"},
     {"The claim was ended by the one in `released_by`.",
      "该记录已由 `released_by` 所示的一方结束。"}},
    {Code::claim_confirmed,
     409,
     "claim-confirmed",
     {"Claim confirmed", "记录已确认"},
     {"The claim is confirmed: its buyer cannot give it back, and it needs no extension.",
      "该记录已确认：买家不能放弃，也无需延长。"}},
    {Code::reference_mismatch,
     409,
     "reference-mismatch",
     {"Another reference", "引用号不一致"},
     {"The claim is confirmed under another reference, the one in `reference`.",
      "该记录已用另一个引用号确认，即 `reference`。"}},
    {Code::not_extendable,
     409,
     "not-extendable",
     {"Not extendable", "不能延长"},
     {"A hold of this sale can be made longer by `max_extension_seconds` at most.",
      "该活动的保留最多可延长 `max_extension_seconds` 秒。"}},
    {Code::already_exists,
     409,
     "already-exists",
     {"Already exists", "已存在"},
     {"A sale with this id and another definition exists, or existed once.",
      "已有（或曾有）相同 id 但定义不同的活动。"}},
    {Code::already_open,
     409,
     "already-open",
     {"Already open", "已经开售"},
     {"The sale has opened: its opening cannot be moved any more, and it cannot be deleted before "
      "it is closed and archived.",
      "活动已经开售：不能再更改开售时间；结束并归档之后才能删除。"}},
    {Code::stock_below_claimed,
     409,
     "stock-below-claimed",
     {"Stock below what is claimed", "库存低于已被领取的数量"},
     {"The stock cannot be less than what is held and confirmed; `available` says how much less it "
      "can be.",
      "库存不能少于已保留和已确认的数量；最多可减少 `available`。"}},
    {Code::idempotency_key_reused,
     409,
     "idempotency-key-reused",
     {"Idempotency key reused", "幂等键被重复使用"},
     {"This key was used by the buyer for a claim of another quantity.",
      "该买家曾用此键请求过不同的数量。"}},
    {Code::cursor_expired,
     410,
     "cursor-expired",
     {"Cursor expired", "游标已过期"},
     {"The events that follow this cursor are not kept any more; those that are follow `oldest`. "
      "Read what was missed from the lists of sales and claims.",
      "此游标之后的事件已不再保留；仍保留的事件从 `oldest` "
      "之后开始。错过的内容请从活动和领取记录列表中读取。"}},
    {Code::precondition_failed,
     412,
     "precondition-failed",
     {"Precondition failed", "前提条件不满足"},
     {"The sale is not the one that `If-Match` names: it was changed; `ETag` names what it is now.",
      "活动已被修改，与 `If-Match` 不符；`ETag` 是当前版本。"}},
    {Code::content_too_large,
     413,
     "content-too-large",
     {"Content too large", "请求体过大"},
     {"The body is larger than this address takes.", "请求体超过该地址的上限。"}},
    {Code::uri_too_long,
     414,
     "uri-too-long",
     {"URI too long", "地址过长"},
     {"The request's target is too long.", "请求的地址过长。"}},
    {Code::unsupported_media_type,
     415,
     "unsupported-media-type",
     {"Unsupported media type", "不支持的媒体类型"},
     {"The body is of a type that this address does not take.", "该地址不接受此类型的请求体。"}},
    {Code::expectation_failed,
     417,
     "expectation-failed",
     {"Expectation failed", "期望无法满足"},
     {"The only expectation taken is 100-continue.", "只支持 100-continue。"}},
    {Code::invalid,
     422,
     "invalid",
     {"Invalid request", "请求无效"},
     {"Something in the request is not as it must be; `errors` says what and where.",
      "请求中有不符合要求的内容；`errors` 说明位置和原因。"}},
    {Code::precondition_required,
     428,
     "precondition-required",
     {"Precondition required", "需要前提条件"},
     {"Send `If-Match` with the `ETag` of the sale that is to be changed, so that no change of "
      "somebody else is lost.",
      "请在 `If-Match` 中发送要修改的活动的 `ETag`，以免覆盖他人的修改。"}},
    {Code::header_fields_too_large,
     431,
     "header-fields-too-large",
     {"Header fields too large", "请求头过大"},
     {"The request's header fields are too large.", "请求头过大。"}},
    {Code::not_implemented,
     400,
     "not-implemented",
     {"Not implemented", "未实现"},
     {"The only transfer coding taken is chunked.", "传输编码只支持 chunked。"}},
    {Code::overloaded,
     503,
     "overloaded",
     {"Overloaded", "服务繁忙"},
     {"Too much is waiting; nothing was decided. Try again after `Retry-After`.",
      "等待处理的请求过多，尚未作出任何决定。请在 `Retry-After` 之后重试。"}},
    {Code::storage_unavailable,
     503,
     "storage-unavailable",
     {"Storage unavailable", "存储不可用"},
     {"Nothing can be stored now; nothing was decided. Try again after `Retry-After`.",
      "暂时无法存储，尚未作出任何决定。请在 `Retry-After` 之后重试。"}},
    {Code::claim_unconfirmed,
     503,
     "claim-unconfirmed",
     {"Claim unconfirmed", "尚未确认"},
     {"It is not known whether this was decided, or whether the decision lasts. Ask again after "
      "`Retry-After`, the same way: nobody gets anything twice.",
      "尚不清楚是否已作出决定，或该决定能否保留。请在 `Retry-After` "
      "之后以同样的方式重试：不会重复获得。"}},
    {Code::clock_behind,
     503,
     "clock-behind",
     {"Clock behind", "时钟落后"},
     {"The server's clock is behind what was decided before its restart; nothing was decided. Try "
      "again after `Retry-After`.",
      "服务器时钟落后于重启前的记录，尚未作出任何决定。请在 `Retry-After` 之后重试。"}},
    {Code::http_version_not_supported,
     400,
     "http-version-not-supported",
     {"HTTP version not supported", "不支持的 HTTP 版本"},
     {"The versions taken are HTTP/1.1 and HTTP/1.0.", "只支持 HTTP/1.1 和 HTTP/1.0。"}},
}};

constexpr bool texts_in_order() {
  for (std::size_t i = 0; i < kTexts.size(); ++i) {
    if (static_cast<std::size_t>(kTexts[i].code) != i) return false;
  }
  return true;
}
static_assert(texts_in_order());

// Empty: the code's own detail says enough. It is as long as there are remarks.
// NOLINTNEXTLINE(readability-function-size)
Sentence sentence_of(Remark remark) {
  switch (remark) {
    case Remark::none:
      return {};
    case Remark::buyer_missing:
      return {"No buyer is named: send the header X-Buyer-Id.",
              "没有指明买家：请发送请求头 X-Buyer-Id。"};
    case Remark::no_credential:
    case Remark::not_bearer:
    case Remark::not_a_key:
    case Remark::key_mistyped:
    case Remark::key_unknown:
    case Remark::key_revoked:
    case Remark::key_expired:
    case Remark::session_ended:
    case Remark::foreign_page:
    case Remark::proxy_not_trusted:
    case Remark::credentials_twice:
    case Remark::credential_in_address:
    case Remark::key_and_buyer:
    case Remark::buyer_twice:
    case Remark::buyers_only:
    case Remark::needs_scope:
    case Remark::needs_key:
      return sentence_about_credential(remark);
    case Remark::peer_not_loopback:
      return {"Only callers on the server's own machine are served here.",
              "此处只服务本机的调用方。"};
    case Remark::foreign_host:
      return {"Only localhost, 127.0.0.1 or [::1] is taken as `Host` here.",
              "此处只接受 localhost、127.0.0.1 或 [::1] 作为 `Host`。"};
    case Remark::foreign_origin:
      return {"No requests from web pages of other origins (`Origin`) are taken here.",
              "此处不接受来自其他来源网页（`Origin`）的请求。"};
    case Remark::not_json:
      return {"The body is not JSON in UTF-8.", "请求体不是 UTF-8 编码的 JSON。"};
    case Remark::json_too_deep:
      return {"The JSON is nested more than 32 levels deep.", "JSON 嵌套超过 32 层。"};
    case Remark::not_a_form:
      return {"The body is not a form in UTF-8 (name=value&name=value, percent-encoded).",
              "请求体不是 UTF-8 编码的表单（name=value&name=value，百分号编码）。"};
    case Remark::needs_json:
      return {"The body must be sent with Content-Type: application/json.",
              "请求体必须以 Content-Type: application/json 发送。"};
    case Remark::needs_json_or_form:
      return {
          "The body must be sent with Content-Type: application/json or "
          "application/x-www-form-urlencoded.",
          "请求体必须以 Content-Type: application/json 或 application/x-www-form-urlencoded "
          "发送。"};
    case Remark::needs_form:
      return {"The body must be sent with Content-Type: application/x-www-form-urlencoded.",
              "请求体必须以 Content-Type: application/x-www-form-urlencoded 发送。"};
    case Remark::no_such_sale:
      return {"There is no sale of this id.", "没有此 id 的活动。"};
    case Remark::no_such_claim:
      return {"There is no claim of this id in this sale.", "该活动中没有此 id 的记录。"};
    case Remark::closed_is_final:
      return {"The sale is closed, and stays so.", "活动已结束，不能再改变。"};
    case Remark::needs_merge_patch:
      return {
          "The body must be sent with Content-Type: application/merge-patch+json or "
          "application/json.",
          "请求体必须以 Content-Type: application/merge-patch+json 或 application/json 发送。"};
    case Remark::not_entity_tags:
      return {"`If-Match` must be * or a list of entity tags such as \"1\".",
              "`If-Match` 必须是 * 或实体标签列表，例如 \"1\"。"};
    case Remark::too_many_connections:
      return {"Too many connections are open. Try again after `Retry-After`.",
              "打开的连接过多。请在 `Retry-After` 之后重试。"};
  }
  return {};
}

}  // namespace

const ProblemText& text_of(ProblemCode code) { return kTexts[static_cast<std::size_t>(code)]; }

std::optional<ProblemCode> problem_named(std::string_view name) {
  for (const ProblemText& text : kTexts) {
    if (text.name == name) return text.code;
  }
  return std::nullopt;
}

ProblemCode problem_of(sale::Refusal refusal) {
  switch (refusal) {
    case sale::Refusal::not_open:
      return Code::not_open;
    case sale::Refusal::paused:
      return Code::paused;
    case sale::Refusal::closed:
      return Code::closed;
    case sale::Refusal::limit_exceeded:
      return Code::limit_exceeded;
    case sale::Refusal::attempts_exhausted:
      return Code::attempts_exhausted;
    case sale::Refusal::key_reused:
      return Code::idempotency_key_reused;
    case sale::Refusal::sold_out:
      return Code::sold_out;
    case sale::Refusal::insufficient_stock:
      return Code::insufficient_stock;
  }
  CHECK(false);
}

std::optional<ProblemCode> problem_of(sale::ClaimChange change) {
  switch (change) {
    case sale::ClaimChange::done:
    case sale::ClaimChange::unchanged:
      return std::nullopt;
    case sale::ClaimChange::expired:
      return Code::claim_expired;
    case sale::ClaimChange::released:
      return Code::claim_released;
    case sale::ClaimChange::reference_mismatch:
      return Code::reference_mismatch;
    case sale::ClaimChange::confirmed:
      return Code::claim_confirmed;
    case sale::ClaimChange::not_extendable:
      return Code::not_extendable;
  }
  CHECK(false);
}

std::optional<ProblemCode> problem_of(sale::SaleChange change) {
  switch (change) {
    case sale::SaleChange::done:
    case sale::SaleChange::unchanged:
      return std::nullopt;
    case sale::SaleChange::version_mismatch:
      return Code::precondition_failed;
    case sale::SaleChange::closed:
      return Code::closed;
    case sale::SaleChange::already_open:
      return Code::already_open;
    case sale::SaleChange::stock_below_claimed:
      return Code::stock_below_claimed;
    case sale::SaleChange::stock_out_of_range:
    case sale::SaleChange::closes_in_the_past:
    case sale::SaleChange::closes_before_opening:
      return Code::invalid;
  }
  CHECK(false);
}

// An engine answers with `overloaded`, `storage_unavailable`, `unconfirmed` or `clock_behind`;
// whatever else it may say, nothing was decided and another try does no harm.
ProblemCode problem_of(ErrorCode error) {
  switch (error) {
    case ErrorCode::overloaded:
      return Code::overloaded;
    case ErrorCode::clock_behind:
      return Code::clock_behind;
    case ErrorCode::unconfirmed:
      return Code::claim_unconfirmed;
    case ErrorCode::invalid_argument:
    case ErrorCode::not_found:
    case ErrorCode::storage_unavailable:
    case ErrorCode::io_failed:
    case ErrorCode::data_damaged:
    case ErrorCode::in_use:
    case ErrorCode::unsupported:
      return Code::storage_unavailable;
  }
  CHECK(false);
}

ProblemCode problem_of(http::BadRequest what) {
  switch (what) {
    case http::BadRequest::malformed:
      return Code::malformed;
    case http::BadRequest::target_too_long:
      return Code::uri_too_long;
    case http::BadRequest::head_too_large:
      return Code::header_fields_too_large;
    case http::BadRequest::body_too_large:
      return Code::content_too_large;
    case http::BadRequest::timed_out:
      return Code::request_timeout;
    case http::BadRequest::unsupported_version:
      return Code::http_version_not_supported;
    case http::BadRequest::unsupported_encoding:
      return Code::not_implemented;
    case http::BadRequest::expectation_failed:
      return Code::expectation_failed;
    case http::BadRequest::too_many_connections:
      return Code::overloaded;
  }
  CHECK(false);
}

namespace {

void make_problem(std::string& out, const ProblemText& text, Sentence detail, Language language) {
  out += R"({"type":"/problems/)";
  out += text.name;
  out += R"(","code":")";
  out += text.name;
  out += R"(","title":")";
  append_json_escaped(out, text.title.in(language));
  out += R"(","status":)";
  append_number(out, static_cast<std::uint64_t>(text.status));
  out += R"(,"detail":")";
  append_json_escaped(out, detail.in(language));
  out += '"';
}

using InEachLanguage = std::array<std::string, kLanguages>;

// By code, with its own detail. Made in advance: a sold-out sale says the same a million times.
std::array<InEachLanguage, kProblemCodes> make_all() {
  std::array<InEachLanguage, kProblemCodes> all;
  for (std::size_t code = 0; code < kProblemCodes; ++code) {
    for (std::size_t i = 0; i < kLanguages; ++i) {
      make_problem(all[code][i], kTexts[code], kTexts[code].detail, static_cast<Language>(i));
    }
  }
  return all;
}

}  // namespace

void append_problem(std::string& out, ProblemCode code, Language language, Remark remark) {
  static const auto made = make_all();
  const Sentence exact = sentence_of(remark);
  if (exact.english.empty()) {
    out += made[static_cast<std::size_t>(code)][static_cast<std::size_t>(language)];
  } else {
    make_problem(out, text_of(code), exact, language);
  }
}

}  // namespace doorbuster::api
