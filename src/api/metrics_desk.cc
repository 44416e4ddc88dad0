#include "api/metrics_desk.h"

#include <utility>

#include "metrics/exposition.h"

namespace doorbuster::api {

MetricsDesk::MetricsDesk(std::function<std::string()> text,
                         std::function<void(std::function<void()>)> post)
    : text_(std::move(text)), post_(std::move(post)) {}

void MetricsDesk::begin() {
  if (!served_.empty() || waiting_.empty()) return;
  served_.swap(waiting_);
  worker_.run([this] { post_([this, text = text_()] { deliver(text); }); });
}

void MetricsDesk::deliver(const std::string& text) {
  for (http::Responder& responder : served_) {
    responder.send({200, metrics::kExpositionType,
                    "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n", text});
  }
  served_.clear();
  begin();
}

}  // namespace doorbuster::api
