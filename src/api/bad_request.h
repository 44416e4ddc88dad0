// The answer to what the HTTP server refuses before any handler has seen it.
//
// Thread: any; a pure function.
#pragma once

#include <string>

#include "api/exchange.h"
#include "http/handler.h"

namespace doorbuster::api {

// A problem in English, made in the two buffers; good until they change. The id is left out when
// empty.
http::Reply bad_request_reply(http::BadRequest what, const RequestId& id, std::string& fields,
                              std::string& body);

}  // namespace doorbuster::api
