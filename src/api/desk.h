// What one I/O thread answers with: its way into the store, its open exchanges, its buffers.
//
// Thread: I/O. Owns: all of it but the store's port, which outlives it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>

#include "api/access_log.h"
#include "api/admission.h"
#include "api/api_probe.h"
#include "api/cors.h"
#include "api/events_desk.h"
#include "api/exchange.h"
#include "api/form.h"
#include "api/json.h"
#include "api/key_watch.h"
#include "api/refusal_book.h"
#include "api/web_site.h"
#include "base/time.h"
#include "base/trace_parent.h"
#include "metrics/histogram.h"
#include "store/claim_store.h"

namespace doorbuster::api {

struct ApiOptions {
  AdmissionOptions admission;
  CorsOrigins cors;
  WebSite web;  // what browsers are served
  std::string version;
  std::string engine = "embedded";
  AccessLog* access_log = nullptr;  // null: there is none. It outlives the server
  RefusalBook* refusals = nullptr;  // null: nobody asks for the sums. It outlives the server
  // How the store is; empty: it is not told.
  std::function<store::StoreCondition()> condition;
  // When the store was last backed up, nothing if that is not known; empty: it is not told.
  std::function<std::optional<Time>()> last_backup;
  // How long the answers to claims took, of all threads; empty: it is not told.
  std::function<metrics::HistogramReading()> claim_answers;
  // Brings about the port's next flush() even if nothing else happens on the thread.
  std::function<void()> wake;
  // Of this thread; null: nobody looks.
  ApiProbe* probe = nullptr;
};

// Seconds to stay away, each caller another number, so that those who were sent away together do
// not come back together.
struct RetryRange {
  std::uint32_t least;
  std::uint32_t most;
};

struct Desk {
  Desk(store::StorePort& store_port, store::EventFeed& feed, store::ReplySink& reply_sink,
       ApiOptions api_options);

  std::uint32_t random_between(std::uint32_t least, std::uint32_t most);
  // The caller's own id if it is sane, else a new one.
  RequestId request_id(std::string_view given);

  store::StorePort& port;
  store::ReplySink& sink;
  const ApiOptions options;
  const std::unique_ptr<ApiProbe> own_probe;
  ApiProbe& probe;
  ExchangeSlab exchanges;
  EventsDesk events;
  KeyWatch key_watch;
  TraceIds traces;
  AccessChoice access;
  const std::shared_ptr<RefusalBook::Page> refusals;

  // Reused by every answer: good until the next one is begun.
  std::string body;
  std::string fields;
  JsonDocument json;
  Form form;

 private:
  std::mt19937 random_;
  std::string id_prefix_;
  std::uint64_t ids_ = 0;
};

}  // namespace doorbuster::api
