// The API on one I/O thread: finds the route of a request, lets in who may come in, and answers, at
// once or when the store has decided.
//
// Thread: I/O; one object for each such thread.
// Owns: the exchanges that are under way. The port and, in turn, the server that calls it
// stay outside: the port outlives it, and it outlives the server.
#pragma once

#include <string>

#include "api/desk.h"
#include "api/route.h"
#include "http/handler.h"
#include "store/claim_store.h"

namespace doorbuster::api {

class ApiHandler final : public http::Handler, private store::ReplySink {
 public:
  ApiHandler(store::StorePort& port, store::EventFeed& feed, ApiOptions options);

  std::size_t body_limit(const http::Request& head) override;
  void on_request(const http::Request& request, http::Responder responder) override;
  http::Reply on_bad_request(http::BadRequest what) override;

  // The end of a turn of the loop, after the port's flush(): sends events that have been read.
  void end_turn();
  // Before the server is drained: ends what would otherwise never end.
  void drain() { desk_.events.drain(desk_); }

 private:
  void on_reply(std::uint64_t context, store::Reply&& reply) override;

  Desk desk_;
  Admission admission_;
  RouteMemory routes_;
};

}  // namespace doorbuster::api
