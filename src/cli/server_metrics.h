// The metrics of a running server: who counts what, and the text that Prometheus reads of it. What
// each means stands in docs/metrics.md.
//
// Thread: probes are given out to the threads that will write them, before they do; text() and
// claim_answers() are anybody's.
// Owns: the probes. Goes after the store and after the I/O threads that it gave probes to; text()
// is not called any more when they have gone.
#pragma once

#include <string>
#include <string_view>

#include "api/api_probe.h"
#include "api/live_keys.h"
#include "cli/disk_watch.h"
#include "http/listener_probe.h"
#include "metrics/exposition.h"
#include "metrics/per_thread.h"
#include "store/claim_store.h"
#include "store/embedded/store_probe.h"
#include "store/redis/gateway_probe.h"

namespace doorbuster::cli {

class ServerLog;

// What text() looks at beside the probes.
struct Scraped {
  const store::ClaimStore& store;
  const api::LiveKeys* keys;  // null: nobody needs one
  const ServerLog& log;
  const DiskWatch* disk;  // null: the engine keeps nothing here
  std::string_view engine;
};

class ServerMetrics {
 public:
  api::ApiProbe& add_api() { return api_.add(); }
  http::ListenerProbe& add_listener() { return listeners_.add(); }
  http::ListenerProbe& admin_listener() { return admin_; }
  embedded::StoreProbe& store() { return store_; }
  redis::GatewayProbe& gateway() { return gateway_; }

  std::string text(const Scraped& scraped) const;
  // How long the answers to claims took, of all threads together.
  metrics::HistogramReading claim_answers() const;

 private:
  void append_requests(metrics::Exposition& out) const;
  void append_connections(metrics::Exposition& out) const;
  void append_engine(metrics::Exposition& out) const;
  void append_journal(metrics::Exposition& out) const;
  void append_gateway(metrics::Exposition& out) const;

  metrics::PerThread<api::ApiProbe> api_;
  metrics::PerThread<http::ListenerProbe> listeners_;
  http::ListenerProbe admin_;
  embedded::StoreProbe store_;
  redis::GatewayProbe gateway_;  // of these two, one is written to
};

// sale_metrics.cc
void append_sales(metrics::Exposition& out, const embedded::BoardReading& sales);
void append_claims(metrics::Exposition& out, const redis::GatewayProbe::Reading& claims);
// disk_metrics.cc
void append_disk(metrics::Exposition& out, const DiskFigures& disk);

}  // namespace doorbuster::cli
