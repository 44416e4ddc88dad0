#include "api/known_fields.h"

#include "http/char_class.h"
#include "http/syntax.h"

namespace doorbuster::api {
namespace {

constexpr std::string_view kJson = "application/json";
constexpr std::string_view kMergePatch = "application/merge-patch+json";  // RFC 7396
constexpr std::string_view kForm = "application/x-www-form-urlencoded";

// Where a field of this name is kept; null for the ones nobody asks for.
KnownField* place_of(KnownFields& known, std::string_view name) {
  const auto is = [&](std::string_view other) { return http::is_name(name, other); };
  switch (name.size()) {
    case 4:
      return is("host") ? &known.host : nullptr;
    case 6:
      return is("accept")   ? &known.accept
             : is("origin") ? &known.origin
             : is("cookie") ? &known.cookie
                            : nullptr;
    case 10:
      return is("x-buyer-id") ? &known.buyer_id : nullptr;
    case 11:
      return is("traceparent") ? &known.traceparent : nullptr;
    case 12:
      return is("content-type")   ? &known.content_type
             : is("x-request-id") ? &known.request_id
                                  : nullptr;
    case 13:
      return is("authorization")   ? &known.authorization
             : is("last-event-id") ? &known.last_event_id
                                   : nullptr;
    case 14:
      return is("sec-fetch-site") ? &known.fetch_site : nullptr;
    case 15:
      return is("idempotency-key")   ? &known.idempotency_key
             : is("accept-language") ? &known.accept_language
                                     : nullptr;
    case 29:
      return is("access-control-request-method") ? &known.cors_method : nullptr;
    default:
      return nullptr;
  }
}

}  // namespace

KnownFields known_fields(std::span<const http::Field> fields) {
  KnownFields known;
  for (const http::Field& field : fields) {
    KnownField* place = place_of(known, field.name);
    if (place == nullptr) continue;
    if (place->count++ == 0) place->value = field.value;
  }
  return known;
}

MediaType media_type_of(const KnownField& content_type) {
  if (!content_type.given()) return MediaType::none;
  if (content_type.count > 1) return MediaType::other;
  const std::string_view value = content_type.value;
  if (value == kJson) return MediaType::json;  // as nearly everybody writes it
  const auto type = http::without_spaces_around(value.substr(0, value.find(';')));
  if (http::same_ignoring_case(type, kJson)) return MediaType::json;
  if (http::same_ignoring_case(type, kMergePatch)) return MediaType::merge_patch;
  if (http::same_ignoring_case(type, kForm)) return MediaType::form;
  return MediaType::other;
}

bool names_json(const KnownField& accept) { return names(accept, kJson); }

bool names(const KnownField& accept, std::string_view media_type) {
  return accept.value.find(media_type) != std::string_view::npos;
}

}  // namespace doorbuster::api
