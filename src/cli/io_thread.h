// What one I/O thread serves with: its server, its way into the store, its API.
//
// Thread: made, run and destroyed on the thread that serves; drain() and
// change_limits() from any.
// Owns: all three. The store outlives it.
#pragma once

#include <functional>
#include <memory>

#include "api/api_handler.h"
#include "cli/server_metrics.h"
#include "http/server.h"
#include "store/claim_store.h"

namespace doorbuster::cli {

class IoThread {
 public:
  // `metrics` outlives it.
  IoThread(store::ClaimStore& store, api::ApiOptions options, http::Limits limits,
           ServerMetrics& metrics);
  IoThread(const IoThread&) = delete;
  IoThread& operator=(const IoThread&) = delete;

  // As http::Server::listen().
  Result<http::Endpoint> listen(const http::Endpoint& endpoint, bool shared);
  Result<http::Endpoint> listen_admin(const http::Endpoint& endpoint, http::Handler& handler);

  store::StorePort& port() { return *port_; }
  // Runs `work` on this thread, soon; from any.
  void post(std::function<void()> work) { server_.post(std::move(work)); }

  // Serves until drained.
  void run();
  void drain();
  void change_limits(http::Limits limits) { server_.change_limits(limits); }

 private:
  void wake();

  // Destroyed from the last to the first: what is unanswered closes its connection while the server
  // still exists, and the port stops calling wake() before the server goes. After run() the server
  // calls nobody.
  ServerMetrics& metrics_;
  http::Server server_;
  std::unique_ptr<store::StorePort> port_;
  api::ApiHandler handler_;
};

}  // namespace doorbuster::cli
