// Bytes of one connection in, requests and refusals out; knows no socket. The caller reads into
// prepare(), tells how much with commit(), and asks next() until it wants more bytes:
//
//   need_more   nothing is complete: read again
//   head        a request with a body begins; call allow_body(), then next() again
//   request     request() is whole, and good until next() is called again
//   refused     refusal() says why; the connection can only be closed
//
// Framing is read strictly (syntax.h): what two readers could understand in two ways is malformed.
//
// Thread: one. Owns: the buffer of the connection, which starts at 4 KiB, grows with a head or body
// up to their limits, and is small again when nothing is held.
// Invariants: after `refused` every next() is `refused`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "http/handler.h"
#include "http/head_scanner.h"
#include "http/request.h"

namespace doorbuster::http {

class RequestReader {
 public:
  enum class Step { need_more, head, request, refused };

  RequestReader(std::size_t head_limit, const Peer& peer);
  ~RequestReader();
  RequestReader(const RequestReader&) = delete;
  RequestReader& operator=(const RequestReader&) = delete;

  // Room for the next bytes, at least one. Views of a head already given may move: ask again.
  std::span<char> prepare();
  void commit(std::size_t size);
  Step next();

  const Request& request() const { return request_; }  // after `head` and `request`
  void allow_body(std::size_t limit);                  // bytes, decoded
  BadRequest refusal() const { return refusal_; }

  bool keep_alive() const { return keep_alive_; }
  bool is_http11() const { return http11_; }
  // The client waits for `100 Continue` before it sends the body.
  bool awaits_continue() const { return expects_continue_ && in_body() && size() == head_size_; }
  bool in_body() const { return state_ == State::sized_body || state_ == State::chunked_body; }
  // Part of a request is here that next() has not given.
  bool has_partial() const { return in_body() || (state_ == State::head && size() > 0); }
  // Bytes are here beyond the request that next() gave last.
  bool has_more() const { return state_ == State::complete ? size() > request_size_ : size() > 0; }
  std::uint64_t requests() const { return requests_; }  // given so far
  // Forgets all bytes held (of a connection whose input is only thrown away now).
  void discard();

 private:
  class Parser;
  enum class State { head, head_given, sized_body, chunked_body, complete, refused };

  std::size_t size() const { return end_ - begin_; }
  char* base() const { return buffer_.get() + begin_; }
  void reallocate(std::size_t capacity);
  void move_views(const char* from, const char* to);
  Step refuse(BadRequest what);
  bool skip_empty_lines();
  Step read_head();
  Step parse_head(std::size_t size, std::size_t first_line);
  // Of a head that is not plain: its fields and what they say, or why it is refused.
  std::optional<BadRequest> parse_whole_head(std::size_t size);
  Step read_sized_body();
  Step read_chunks();
  Step complete(std::size_t body_size, std::size_t request_size);
  void release();

  const std::size_t head_limit_;
  std::unique_ptr<char[]> buffer_;  // [begin_, end_) is held
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  bool filled_ = false;  // the last read took all the room there was

  // Of the current request; positions count from base().
  State state_ = State::head;
  HeadScanner scanner_;
  std::unique_ptr<Parser> parser_;  // null until a head comes that is not plain
  std::vector<Field> fields_;
  Request request_;
  int empty_lines_ = 0;
  std::size_t head_size_ = 0;
  std::size_t body_size_ = 0;     // as announced, or as decoded so far
  std::size_t request_size_ = 0;  // when complete: everything up to the next request
  std::uint64_t announced_ = 0;   // Content-Length
  bool http11_ = true;
  bool keep_alive_ = true;
  bool chunked_ = false;
  bool expects_continue_ = false;
  BadRequest refusal_ = BadRequest::malformed;
  std::uint64_t requests_ = 0;
};

}  // namespace doorbuster::http
