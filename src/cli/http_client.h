// A small blocking HTTP/1.1 client, for the commands that talk to a running server.
//
// Thread: one at a time. Owns: one connection, kept for the next request.
// Invariants: nothing is asked twice unless asking twice changes nothing (a GET over a kept
// connection that the server had already closed); a body is never held whole unless ask() gathers
// it.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/server_url.h"

namespace doorbuster::cli {

struct ClientRequest {
  std::string method = "GET";
  std::string target;  // "/v1/sales?limit=3"
  std::string fields;  // more header lines, each with its CRLF
  std::string body;
};

struct ClientAnswer {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> fields;
  std::string body;  // of ask() alone

  // The first field of that name (any case), or an empty view.
  std::string_view field(std::string_view name) const;
};

// Why there is no answer, in words for a person. What was sent may have been done all the same.
struct NoAnswer {
  bool was_sent = false;
  std::string message;
};

class HttpClient {
 public:
  // Takes the next block of a body; false: no more of it is wanted.
  using BodySink = std::function<bool(std::string_view block)>;

  // `patience`: how long a connection, and then each further piece of an answer, may take.
  HttpClient(ServerUrl server, std::chrono::seconds patience);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  const ServerUrl& server() const { return server_; }

  // Nothing when `answer` is the whole answer. A body over 64 MiB counts as none.
  std::optional<NoAnswer> ask(const ClientRequest& request, ClientAnswer& answer);

  // The same with the body handed to `sink` block by block as it comes, whatever its size.
  std::optional<NoAnswer> stream(const ClientRequest& request, ClientAnswer& answer,
                                 const BodySink& sink);

 private:
  std::optional<NoAnswer> connect();
  std::optional<NoAnswer> send(std::string_view bytes);
  std::optional<NoAnswer> receive(ClientAnswer& answer, const BodySink& sink);
  void disconnect();
  std::string nobody(const char* why) const;
  std::string cut_off(const char* why) const;

  ServerUrl server_;
  std::chrono::seconds patience_;
  int descriptor_ = -1;
  bool got_anything_ = false;  // of the present answer
};

// `text` for one segment of a path or one value of a query (RFC 3986).
std::string percent_encoded(std::string_view text);

}  // namespace doorbuster::cli
