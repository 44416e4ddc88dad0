// One attempt at a connection, and the connection if it succeeds: resolves, connects, makes TLS of
// it, moves bytes. It is made anew for each attempt.
//
// Thread: the io_context's.
// Owns: its socket and buffers; it lives until the last of its operations has ended.
// Invariants: after abandon() or finish(), and after on_wire_lost(), its user is not called again;
// at most one write is under way.
#pragma once

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "store/redis/address.h"
#include "store/redis/tls_options.h"

namespace doorbuster::redis {

class WireUser {
 public:
  virtual void on_wire_open() = 0;
  virtual void on_wire_bytes(std::string_view bytes) = 0;
  virtual void on_wire_written() = 0;
  // `reason` in words, with the place in it.
  virtual void on_wire_lost(const std::string& reason) = 0;

 protected:
  ~WireUser() = default;
};

class Wire : public std::enable_shared_from_this<Wire> {
 public:
  // `tls` is null for a plain connection. `user` outlives the wire, or leaves it by abandon() or
  // finish().
  Wire(boost::asio::io_context& io, Node node, boost::asio::ssl::context* tls,
       const TlsOptions& tls_options, WireUser& user);
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  // One of on_wire_open() and on_wire_lost() follows, neither from within this call.
  void open();
  // Sends buffer() after on_wire_open(), and never while a write is under way (checked);
  // on_wire_written() or on_wire_lost() follows.
  void write();
  bool is_writing() const { return writing_; }
  // What the next write() sends; not to be touched during a write.
  std::string& buffer() { return output_; }
  // What is being done until it is open, in words: "connect to 127.0.0.1:6379".
  std::string doing() const;

  // Ends it at once.
  void abandon();
  // Ends it in good order: the other side is told that nothing follows.
  void finish();

 private:
  using Stream = boost::asio::ssl::stream<boost::asio::ip::tcp::socket&>;
  enum class Step : std::uint8_t { resolve, connect, tls_handshake, done };

  void resolve();
  void connect(const boost::asio::ip::tcp::resolver::results_type& places);
  void begin_tls();
  bool expect_name();
  void opened();
  void read();
  void lost(const std::string& reason);
  void failed(const boost::system::error_code& error);
  void close_socket();

  const Node node_;
  const std::string server_name_;
  const bool verify_;
  WireUser* user_;  // null: nobody listens any more
  Step step_ = Step::resolve;
  boost::asio::ip::tcp::resolver resolver_;
  boost::asio::ip::tcp::socket socket_;
  boost::asio::steady_timer patience_;  // with the other side at the end
  std::optional<Stream> tls_;
  bool writing_ = false;
  std::string output_;
  std::array<char, 64 * 1024> input_{};
};

}  // namespace doorbuster::redis
