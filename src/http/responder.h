// The right and the duty to answer one request, exactly once: with a whole reply, or with a head
// and a stream of chunks. Answers leave in the order of the requests of a connection, whatever the
// order in which they become known; what becomes known in one turn of the loop leaves in one write.
//
// Thread: the I/O thread of its session; it may be kept across turns and answered later.
// Invariants: a Responder that is destroyed unanswered closes its connection (a request whose
// outcome is unknown gets no code at all, R7). Answering after the client has gone does nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

namespace doorbuster::http {

class Session;

struct Reply {
  int status = 200;
  std::string_view content_type;  // no Content-Type field when empty
  std::string_view fields;        // further fields, each "Name: value\r\n"
  std::string_view body;          // left out, but counted, in the answer to HEAD
};

// The open end of a streamed reply (chunked; delimited by close for HTTP/1.0).
class Stream {
 public:
  Stream() = default;
  Stream(std::shared_ptr<Session> session, std::uint64_t exchange);
  Stream(Stream&&) noexcept = default;
  Stream& operator=(Stream&&) noexcept;
  ~Stream();  // unfinished: the connection is cut, so that the client sees the answer is not whole

  // Appends to the stream. False: the client has gone, stop producing.
  bool write(std::string_view bytes);
  // Calls `more` once, as soon as at most a small amount of what was written is still unsent
  // (perhaps before this returns), and never if the client goes first.
  void when_drained(std::function<void()> more);
  // For a stream without an end: a client that ends its own side has gone, and is not taken for one
  // that still wants to read; one that does not read is cut sooner.
  void close_with_input();
  bool is_open() const;  // false: the client has gone
  void finish();

 private:
  std::shared_ptr<Session> session_;
  std::uint64_t exchange_ = 0;
};

class Responder {
 public:
  Responder() = default;
  Responder(std::shared_ptr<Session> session, std::uint64_t exchange);
  Responder(Responder&&) noexcept = default;
  Responder& operator=(Responder&&) noexcept;
  ~Responder();

  // Every reply gets Date, Content-Length and, where it applies, Connection from the session.
  void send(const Reply& reply);
  // Sends the head now; `head.body` begins the stream. For HEAD the stream swallows what is
  // written.
  Stream stream(const Reply& head);
  bool is_open() const;  // false: the client has gone

 private:
  std::shared_ptr<Session> session_;
  std::uint64_t exchange_ = 0;
};

}  // namespace doorbuster::http
