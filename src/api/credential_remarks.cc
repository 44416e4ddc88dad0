// What is said to a caller about his credentials, or the want of them.

#include <array>

#include "api/problem.h"

namespace doorbuster::api {
namespace {

struct CredentialRemark {
  Remark remark;
  Sentence sentence;
};

constexpr std::array<CredentialRemark, 17> kCredentialRemarks = {{
    {Remark::no_credential,
     {"Send a key (`Authorization: Bearer db_sk_...`), or come through the proxy that names the "
      "buyer in X-Buyer-Id.",
      "请发送密钥（`Authorization: Bearer db_sk_...`），或经由以 X-Buyer-Id 指明买家的代理访问。"}},
    {Remark::not_bearer,
     {"`Authorization` must be `Bearer` and a key.", "`Authorization` 必须是 `Bearer` 加密钥。"}},
    {Remark::not_a_key,
     {"What was sent is no key: a key begins with db_sk_.",
      "所发送的不是密钥：密钥以 db_sk_ 开头。"}},
    {Remark::key_mistyped,
     {"The key is not as it was made: some of it is missing, added or mistyped.",
      "密钥与生成时不一致：有缺失、多余或输入错误。"}},
    {Remark::key_unknown,
     {"The key is not known here. Was it made for another server?",
      "此处没有该密钥。它是否属于另一台服务器？"}},
    {Remark::key_revoked, {"The key has been revoked.", "该密钥已被吊销。"}},
    {Remark::key_expired, {"The key has expired.", "该密钥已过期。"}},
    {Remark::session_ended,
     {"The session has ended: sign in again at /console/.",
      "会话已结束：请在 /console/ 重新登录。"}},
    {Remark::foreign_page,
     {"The console's session is for the pages of this server's own origin, and a change needs "
      "`Origin`.",
      "控制台会话仅供本服务器同源页面使用，修改操作须带 `Origin`。"}},
    {Remark::proxy_not_trusted,
     {"X-Buyer-Id is taken from the proxies in `trusted_proxies` alone, and this caller is none of "
      "them.",
      "只接受来自 `trusted_proxies` 中代理的 X-Buyer-Id，而此调用方不在其中。"}},
    {Remark::credentials_twice,
     {"`Authorization` was sent more than once.", "`Authorization` 被发送了多次。"}},
    {Remark::credential_in_address,
     {"A key or token does not belong in the address, which is logged on the way: send it in "
      "`Authorization`, and revoke the one that was sent.",
      "密钥或令牌不应放在会被记录的地址中：请用 `Authorization` 发送，并吊销已发送的密钥。"}},
    {Remark::key_and_buyer,
     {"`Authorization` and X-Buyer-Id name two callers: send one. A merchant names the buyer in "
      "the body.",
      "`Authorization` 与 X-Buyer-Id 指明了两个调用方：只能发送其一。商家请在请求体中指明买家。"}},
    {Remark::buyer_twice,
     {"X-Buyer-Id was sent more than once: the proxy must overwrite what the client sent.",
      "X-Buyer-Id 被发送了多次：代理必须覆盖客户端发送的值。"}},
    {Remark::buyers_only,
     {"This is for a buyer, and a key names none.", "此操作属于买家，而密钥不代表任何买家。"}},
    {Remark::needs_scope,
     {"The key has not the scope in `required_scope`.", "该密钥没有 `required_scope` 中的权限。"}},
    {Remark::needs_key,
     {"This is not for buyers: it needs a merchant's key.", "此操作不属于买家：需要商家的密钥。"}},
}};

}  // namespace

Sentence sentence_about_credential(Remark remark) {
  for (const CredentialRemark& each : kCredentialRemarks) {
    if (each.remark == remark) return each.sentence;
  }
  return {};
}

std::string_view challenge_of(Remark remark) {
  if (remark == Remark::not_a_key || remark == Remark::key_mistyped ||
      remark == Remark::key_unknown || remark == Remark::key_revoked ||
      remark == Remark::key_expired || remark == Remark::session_ended) {
    return R"(Bearer realm="doorbuster", error="invalid_token")";
  }
  if (remark == Remark::credentials_twice || remark == Remark::credential_in_address ||
      remark == Remark::key_and_buyer || remark == Remark::buyer_twice) {
    return R"(Bearer realm="doorbuster", error="invalid_request")";
  }
  if (remark == Remark::needs_scope || remark == Remark::needs_key) {
    return R"(Bearer realm="doorbuster", error="insufficient_scope")";
  }
  return R"(Bearer realm="doorbuster")";
}

}  // namespace doorbuster::api
