// The header fields that the API looks at, found in one pass over a request's.
//
// Thread: any. Owns: nothing; the views are good as long as the request's are.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "http/request.h"

namespace doorbuster::api {

// A field as often as it was sent; `value` is the first one's.
struct KnownField {
  std::string_view value;
  std::uint32_t count = 0;

  bool given() const { return count > 0; }
};

struct KnownFields {
  KnownField accept;
  KnownField accept_language;
  KnownField authorization;
  KnownField cors_method;  // Access-Control-Request-Method
  KnownField content_type;
  KnownField cookie;
  KnownField fetch_site;  // Sec-Fetch-Site
  KnownField host;
  KnownField idempotency_key;
  KnownField last_event_id;
  KnownField origin;
  KnownField request_id;
  KnownField traceparent;
  KnownField buyer_id;
};

KnownFields known_fields(std::span<const http::Field> fields);

enum class MediaType : std::uint8_t { none, json, merge_patch, form, other };

// Of a request's body; parameters such as charset=utf-8 are passed over.
MediaType media_type_of(const KnownField& content_type);

// Whether the client asks for JSON, or for another type, by name (not by */*).
bool names_json(const KnownField& accept);
bool names(const KnownField& accept, std::string_view media_type);

}  // namespace doorbuster::api
