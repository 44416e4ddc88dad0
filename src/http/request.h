// One HTTP request as a handler sees it: a method, a target, fields and a body, all as views.
//
// Thread: the I/O thread of its session.
// Owns: nothing. Every view is good until the handler's call returns, and not after.
#pragma once

#include <span>
#include <string_view>

#include "http/ip_address.h"

namespace doorbuster::http {

enum class Method { get, head, post, put, patch, delete_, options, other };

// "GET"; empty for `other`.
std::string_view name_of(Method method);

struct Field {
  std::string_view name;   // as the client spelt it
  std::string_view value;  // without the white space around it
};

struct Peer {
  IpAddress address;
};

struct Request {
  Method method = Method::other;
  std::string_view method_text;
  std::string_view target;  // as sent: "/v1/sales?limit=3"
  std::string_view path;    // the part before '?'
  std::string_view query;   // the part after it
  std::span<const Field> fields;
  std::string_view body;  // empty when only the head is known (Handler::body_limit)
  Peer peer;

  // The first field of that name (any case), or an empty view; how many of them there are.
  std::string_view field(std::string_view name) const;
  std::size_t count(std::string_view name) const;
};

}  // namespace doorbuster::http
