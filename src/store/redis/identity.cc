#include "store/redis/identity.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "base/hexadecimal.h"

namespace doorbuster::redis {
namespace {

constexpr std::string_view kTag = "{doorbuster}";
constexpr std::string_view kKey = "{doorbuster}:identity";
constexpr std::size_t kIncarnationDigits = 32;
constexpr std::size_t kHalfKeyDigits = 16;

std::optional<std::uint64_t> read_hex(std::string_view text) {
  std::uint64_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number, 16);
  if (read.ec != std::errc{} || read.ptr != text.data() + text.size()) return std::nullopt;
  return number;
}

// "<incarnation> <key>"
std::string text_of(const Identity& identity) {
  return identity.incarnation + ' ' + hexadecimal(identity.claim_id_key[0]) +
         hexadecimal(identity.claim_id_key[1]);
}

Result<Identity> read_identity(const Reply& reply) {
  const Error damaged{ErrorCode::data_damaged, std::string(kKey) + " holds no identity"};
  const std::string_view text = reply.text;
  if (!reply.is_text() || text.size() != kIncarnationDigits + 1 + 2 * kHalfKeyDigits) {
    return damaged;
  }
  const std::string_view incarnation = text.substr(0, kIncarnationDigits);
  const bool is_hex = std::all_of(incarnation.begin(), incarnation.end(), [](char digit) {
    return ('0' <= digit && digit <= '9') || ('a' <= digit && digit <= 'f');
  });
  const auto first = read_hex(text.substr(kIncarnationDigits + 1, kHalfKeyDigits));
  const auto second = read_hex(text.substr(kIncarnationDigits + 1 + kHalfKeyDigits));
  if (!is_hex || text[kIncarnationDigits] != ' ' || !first || !second) return damaged;
  return Identity{std::string(incarnation), {*first, *second}};
}

}  // namespace

// It is read first: with its memory full a server answers that, and refuses to write.
void agree_on_identity(SafeCaller& caller, const Identity& proposed,
                       const OnIdentity& on_identity) {
  const auto take_made = [proposed, on_identity](const Result<Reply>& before) {
    if (!before) return on_identity(before.error());
    on_identity(before->is_nil() ? Result<Identity>(proposed) : read_identity(*before));
  };
  caller.send(kTag, {"GET", kKey},
              [&caller, proposed, on_identity, take_made](const Result<Reply>& found) {
                if (!found) return on_identity(found.error());
                if (!found->is_nil()) return on_identity(read_identity(*found));
                caller.send(kTag, {"SET", kKey, text_of(proposed), "NX", "GET"}, take_made);
              });
}

}  // namespace doorbuster::redis
