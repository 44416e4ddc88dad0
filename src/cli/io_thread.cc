#include "cli/io_thread.h"

#include <utility>

namespace doorbuster::cli {
namespace {

api::ApiOptions complete(api::ApiOptions options, const store::ClaimStore& store,
                         std::function<void()> wake, ServerMetrics& metrics) {
  options.wake = std::move(wake);
  options.condition = [&store] { return store.condition(); };
  options.claim_answers = [&metrics] { return metrics.claim_answers(); };
  options.probe = &metrics.add_api();
  return options;
}

}  // namespace

IoThread::IoThread(store::ClaimStore& store, api::ApiOptions options, http::Limits limits,
                   ServerMetrics& metrics)
    : metrics_(metrics),
      server_(limits),
      port_(store.connect([this] { wake(); })),
      handler_(*port_, store.events(),
               complete(
                   std::move(options), store, [this] { wake(); }, metrics)) {}

Result<http::Endpoint> IoThread::listen(const http::Endpoint& endpoint, bool shared) {
  return server_.listen(endpoint, handler_, shared, &metrics_.add_listener());
}

Result<http::Endpoint> IoThread::listen_admin(const http::Endpoint& endpoint,
                                              http::Handler& handler) {
  return server_.listen(endpoint, handler, false, &metrics_.admin_listener());
}

void IoThread::run() {
  wake();  // what was submitted before begins in the first turn
  server_.run([this] {
    port_->flush();
    handler_.end_turn();
  });
}

void IoThread::drain() {
  server_.post([this] { handler_.drain(); });
  server_.drain();
}

// A turn of the loop is all that is needed: its end flushes the port.
void IoThread::wake() {
  server_.post([] {});
}

}  // namespace doorbuster::cli
