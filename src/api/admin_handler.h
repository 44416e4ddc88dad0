// What an operator's probes ask on the admin listener: /livez, /readyz and /metrics. And what an
// operator asks and tells the server there, from programs of the server's own machine alone:
// POST /clock/accept, GET /rewinds and POST /rewinds/accept?sale=.
//
// Thread: I/O, that of its server. Owns: its buffers. The store and the keys outlive it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/live_keys.h"
#include "api/metrics_desk.h"
#include "api/problem.h"
#include "http/handler.h"
#include "store/claim_store.h"

namespace doorbuster::api {

class AdminHandler final : public http::Handler {
 public:
  // `keys`: whose condition is told too; null where nobody needs one.
  explicit AdminHandler(store::ClaimStore& store, const LiveKeys* keys = nullptr)
      : store_(store), keys_(keys) {}

  // From now on there are metrics. Before the listener is opened; the desk is not called after its
  // server has stopped.
  void serve_metrics(MetricsDesk& desk) { metrics_ = &desk; }

  std::size_t body_limit(const http::Request& head) override;
  void on_request(const http::Request& request, http::Responder responder) override;
  http::Reply on_bad_request(http::BadRequest what) override;

 private:
  // Nothing: it is answered later.
  std::optional<http::Reply> answer(const http::Request& request, http::Responder& responder);
  http::Reply readiness(bool verbose);
  http::Reply accept_clock();
  http::Reply rewinds();
  http::Reply accept_rewind(std::string_view query);
  http::Reply problem(ProblemCode code, Remark remark = Remark::none);
  http::Reply text(int status);

  store::ClaimStore& store_;
  const LiveKeys* keys_;
  MetricsDesk* metrics_ = nullptr;
  std::string fields_;
  std::string body_;
};

}  // namespace doorbuster::api
