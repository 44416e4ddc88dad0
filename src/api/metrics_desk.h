// Who asks for the metrics: the text is made on a thread of its own, so that neither the disk and
// /proc, which it looks at, nor its length stop anything else. However many ask, one text is made
// at a time; who comes while one is being made gets the next, which shows what was true when he
// asked.
//
// Thread: I/O, that of the admin listener. Owns: the right to answer, the thread.
// Invariants: goes before the server of its listener.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/worker.h"
#include "http/responder.h"

namespace doorbuster::api {

class MetricsDesk {
 public:
  // `text` makes it, on the desk's own thread; `post` brings work to the listener's.
  MetricsDesk(std::function<std::string()> text, std::function<void(std::function<void()>)> post);

  void answer(http::Responder responder) {
    waiting_.push_back(std::move(responder));
    begin();
  }

 private:
  void begin();
  void deliver(const std::string& text);

  std::function<std::string()> text_;
  std::function<void(std::function<void()>)> post_;
  std::vector<http::Responder> waiting_;  // for a text not yet begun
  std::vector<http::Responder> served_;   // by the one that is being made
  ThreadWorker worker_{"db-metrics", ThreadWorker::Priority::low};
};

}  // namespace doorbuster::api
