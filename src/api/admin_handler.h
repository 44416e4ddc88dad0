// What an operator's probes ask on the admin listener: /livez and /readyz.
//
// Thread: I/O, that of its server. Owns: its buffers. The store outlives it.
#pragma once

#include <string>

#include "http/handler.h"
#include "store/claim_store.h"

namespace doorbuster::api {

class AdminHandler final : public http::Handler {
 public:
  explicit AdminHandler(const store::ClaimStore& store) : store_(store) {}

  std::size_t body_limit(const http::Request& head) override;
  void on_request(const http::Request& request, http::Responder responder) override;
  http::Reply on_bad_request(http::BadRequest what) override;

 private:
  http::Reply answer(const http::Request& request);
  http::Reply readiness(bool verbose);
  http::Reply text(int status);

  const store::ClaimStore& store_;
  std::string fields_;
  std::string body_;
};

}  // namespace doorbuster::api
