// One request on its way to a route's function.
//
// Thread: I/O. Owns: nothing; lives within one call from the server.
#pragma once

#include "api/answer.h"
#include "api/known_fields.h"
#include "api/route.h"
#include "http/request.h"

namespace doorbuster::api {

struct Call {
  const http::Request& request;
  const KnownFields& fields;
  PathParameters parameters;
  Answer& answer;
  Caller caller;
  Admission& admission;

  sale::Slug sale() const { return sale::Slug(parameters.sale); }
};

}  // namespace doorbuster::api
