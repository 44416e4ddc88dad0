// What to do about each problem, in a sentence or two for the one who met it. Here and not beside
// the titles, since no answer carries these words: they are read on the pages alone.

#include <array>

#include "api/problem_page.h"

namespace doorbuster::api {
namespace {

using Code = ProblemCode;

struct Advice {
  ProblemCode code;
  Sentence words;
};

// In the order of the enumeration.
constexpr std::array<Advice, kProblemCodes> kAdvice = {{
    {Code::malformed,
     {"Mend the request; the same bytes will be refused again. `detail` says what could not be "
      "read: most often JSON that is cut off, or not UTF-8.",
      "请修正请求；原样重发仍会被拒绝。`detail` 说明无法读取的内容，常见原因是 JSON 不完整，或不是 "
      "UTF-8 编码。"}},
    {Code::unauthenticated,
     {"Say who is asking: a buyer is named by the header `X-Buyer-Id`. `detail` says what was "
      "missing.",
      "请说明身份：买家用请求头 `X-Buyer-Id` 指明。`detail` 说明缺少什么。"}},
    {Code::insufficient_scope,
     {"Ask as somebody who may. With `--dev` that is a program on the server's own machine, and no "
      "web page of another origin.",
      "请以有权限的身份请求。使用 `--dev` 时，只接受本机程序，不接受其他来源的网页。"}},
    {Code::not_found,
     {"Compare the address with those in `/openapi.json`, and the id of the sale or the claim with "
      "the one you were given.",
      "请与 `/openapi.json` 中的地址核对，并检查活动或记录的 id。"}},
    {Code::method_not_allowed,
     {"Use one of the methods in `Allow`.", "请使用 `Allow` 中列出的方法。"}},
    {Code::request_timeout,
     {"Send it again, whole. A claim is safe to repeat: you get the one you have.",
      "请完整地重新发送。重复申领是安全的：会得到已有的记录。"}},
    {Code::not_open,
     {"Come back at `opens_at`; nothing is lost by waiting, and asking earlier does not help.",
      "请在 `opens_at` 时再来；等待不会有任何损失，提前请求也没有帮助。"}},
    {Code::paused,
     {"Try again after `Retry-After`. Claims that were granted stay good meanwhile.",
      "请在 `Retry-After` 之后重试。已有的记录在此期间仍然有效。"}},
    {Code::sold_out,
     {"Where `availability` is `all_held`, units may come back: try again at `next_return_at`. "
      "Where it is `gone`, they will not, unless somebody returns one or the merchant adds more.",
      "若 `availability` 为 `all_held`，商品可能退回：请在 `next_return_at` 时重试。若为 "
      "`gone`，则除非有人退还或商家补货，否则不会再有。"}},
    {Code::insufficient_stock,
     {"Ask for `available` units or fewer.", "请将数量减少到 `available` 或更少。"}},
    {Code::limit_exceeded,
     {"Use the claims in `claims`, or give one of them back first.",
      "请使用 `claims` 中的记录，或先放弃其中之一。"}},
    {Code::attempts_exhausted,
     {"This buyer can claim no more in this sale; the merchant can raise `claim_attempts`.",
      "该买家在此活动中不能再申领；商家可以提高 `claim_attempts`。"}},
    {Code::closed,
     {"It is final. Claims that are still held can be confirmed until they end; a merchant who "
      "wants to go on publishes a new sale.",
      "活动已最终结束。仍在保留中的记录在到期前可以确认；商家若要继续，请发布新的活动。"}},
    {Code::claim_expired,
     {"Refund what was paid for each of `refunds_required`. The buyer may claim again while the "
      "sale is open.",
      "请退还 `refunds_required` 中每个引用号的付款。活动开放期间买家可以重新申领。"}},
    {Code::claim_released,
     {"Refund what was paid, if anything was. The buyer may claim again while the sale is open.",
      "如已付款，请退款。活动开放期间买家可以重新申领。"}},
    {Code::claim_confirmed,
     {"Nothing, if it is the order in `reference`. A refund is the merchant's: he gives the claim "
      "back.",
      "若是 `reference` 中的订单，则无需处理。退款由商家进行：由商家释放该记录。"}},
    {Code::reference_mismatch,
     {"The claim was paid for under `reference` already: refund the second payment.",
      "该记录已以 `reference` 付款：请退还第二笔付款。"}},
    {Code::not_extendable,
     {"Ask for `max_extension_seconds` or less; where it is 0, confirm in time.",
      "请不要超过 `max_extension_seconds`；若为 0，请在到期前确认。"}},
    {Code::already_exists,
     {"Choose another id: one that was used is never used again. To change a sale, PATCH it.",
      "请换一个 id：用过的 id 不会再次使用。若要修改活动，请使用 PATCH。"}},
    {Code::already_open,
     {"Pause, close or cancel the sale instead. To delete it, give it `archive_after_seconds`: "
      "once "
      "it is archived it can be.",
      "请改为暂停、结束或取消该活动。若要删除，请设置 "
      "`archive_after_seconds`，归档之后即可删除。"}},
    {Code::stock_below_claimed,
     {"Lower the stock by `available` at most, or release claims first.",
      "库存最多减少 `available`，或先释放一些记录。"}},
    {Code::idempotency_key_reused,
     {"Use a new key for a new claim, and the same key only for the same request.",
      "新的申领请使用新的键；同一个键只用于同一请求。"}},
    {Code::cursor_expired,
     {"Read the sales and claims you need from their lists, and then events from `oldest` on. If "
      "this happens again, read more often, or have events kept for longer "
      "(`journal.retain_bytes`).",
      "请从列表重新读取所需的活动和领取记录，再从 `oldest` "
      "继续读取事件。若再次发生，请更频繁地读取，或让"
      "事件保留更久（`journal.retain_bytes`）。"}},
    {Code::precondition_failed,
     {"Read the sale again, look whether your change still makes sense, and send it with the new "
      "`ETag`.",
      "请重新读取活动，确认修改仍然合适，再用新的 `ETag` 发送。"}},
    {Code::content_too_large,
     {"Send less: a claim's body may have 4 KiB, a sale's 64 KiB.",
      "请缩小请求体：申领不超过 4 KiB，活动不超过 64 KiB。"}},
    {Code::uri_too_long,
     {"Shorten the address; what is long belongs into the body.",
      "请缩短地址；较长的内容应放在请求体中。"}},
    {Code::unsupported_media_type,
     {"Set `Content-Type` to one of those that `Accept-Post` or `Accept-Patch` names.",
      "请将 `Content-Type` 设为 `Accept-Post` 或 `Accept-Patch` 中列出的类型。"}},
    {Code::expectation_failed,
     {"Leave the header `Expect` out, or send `100-continue`.",
      "请去掉 `Expect` 请求头，或发送 `100-continue`。"}},
    {Code::invalid,
     {"Mend what `errors` names: `pointer` leads to a member of the body; `header` and `parameter` "
      "say which header field or which part of the query.",
      "请修正 `errors` 列出的内容：`pointer` 指向请求体成员，`header` 和 `parameter` "
      "指出请求头或查询参数。"}},
    {Code::precondition_required,
     {"Read the sale, and send its `ETag` in `If-Match`.",
      "请先读取活动，并在 `If-Match` 中发送其 `ETag`。"}},
    {Code::header_fields_too_large,
     {"Send fewer or shorter header fields; cookies that were set for other pages are the usual "
      "reason.",
      "请减少或缩短请求头；常见原因是其他页面设置的 Cookie。"}},
    {Code::not_implemented,
     {"Send the body with `Content-Length`, or with `Transfer-Encoding: chunked` alone.",
      "请使用 `Content-Length` 发送请求体，或仅使用 `Transfer-Encoding: chunked`。"}},
    {Code::overloaded,
     {"Try again after `Retry-After`, the same way: nothing was decided, and it is not a no.",
      "请在 `Retry-After` 之后以同样的方式重试：尚未作出决定，这并不是拒绝。"}},
    {Code::storage_unavailable,
     {"Try again after `Retry-After`: nothing was decided, and it is not a no. Whoever runs the "
      "server finds the reason in `/readyz?verbose`: most often a full disk.",
      "请在 `Retry-After` 之后重试：尚未作出决定，这并不是拒绝。运维人员可在 `/readyz?verbose` "
      "查看原因，通常是磁盘已满。"}},
    {Code::claim_unconfirmed,
     {"Ask again after `Retry-After`, the same way: who has got something is told so, with the "
      "same "
      "claim. Whoever runs the server finds the reason in `/readyz?verbose`: most often a Redis "
      "server, or one of its replicas, that does not answer.",
      "请在 `Retry-After` 之后以同样的方式重试：已获得者会得到同一份结果。运维人员可在 "
      "`/readyz?verbose` 查看原因，通常是某个 Redis 服务器或其副本没有应答。"}},
    {Code::clock_behind,
     {"Try again after `Retry-After`. Whoever runs the server sets the machine's clock right, or "
      "runs `doorbuster clock accept`.",
      "请在 `Retry-After` 之后重试。运维人员应校准机器时钟，或运行 `doorbuster clock accept`。"}},
    {Code::http_version_not_supported, {"Use HTTP/1.1.", "请使用 HTTP/1.1。"}},
}};

constexpr bool advice_in_order() {
  for (std::size_t i = 0; i < kAdvice.size(); ++i) {
    if (static_cast<std::size_t>(kAdvice[i].code) != i) return false;
  }
  return true;
}
static_assert(advice_in_order());

}  // namespace

Sentence advice_of(ProblemCode code) { return kAdvice[static_cast<std::size_t>(code)].words; }

}  // namespace doorbuster::api
