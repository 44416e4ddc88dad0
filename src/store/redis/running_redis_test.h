// For tests: redis-server processes of a test's own, and a connection whose loop runs in the test.
#pragma once

#include <sys/types.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "store/redis/connection.h"

namespace doorbuster::redis {

// A port of the loopback that nobody uses, below those that the system gives away by itself.
std::uint16_t free_port();

// A folder that is gone with the test.
class TestFolder {
 public:
  TestFolder();
  ~TestFolder();
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;

  std::string path(std::string_view name) const;

 private:
  std::string path_;
};

// Runs a program to its end; false, and a failure of the test with what it said, if it fails.
bool run_program(const std::vector<std::string>& arguments);

// Dies with the test, however that ends. Where redis-server is missing, or does not start, the
// constructor throws, and with that the test fails.
class RunningRedis {
 public:
  using Lines = std::vector<std::string>;

  // Starts a server with these lines of configuration; "PORT" in them is its port.
  explicit RunningRedis(Lines lines = {});
  ~RunningRedis();
  RunningRedis(const RunningRedis&) = delete;
  RunningRedis& operator=(const RunningRedis&) = delete;

  std::uint16_t port() const { return port_; }
  const TestFolder& folder() const { return folder_; }
  std::string address() const { return "redis://127.0.0.1:" + std::to_string(port_); }
  // Plain, with short waits.
  ConnectionOptions options() const;

  // Ends it as a power cut would.
  void kill();
  // Starts it again at the same port over the same folder; `awaited` is in a line of its log.
  void start_again(const Lines& more = {}, std::string_view awaited = kReady);
  // It does nothing any more, and its connections stand.
  void freeze() const;
  void thaw() const;

 private:
  static constexpr std::string_view kReady = "Ready to accept connections";

  bool start(const Lines& more, std::string_view awaited);
  bool log_comes_to(std::string_view awaited);

  TestFolder folder_;
  Lines lines_;
  std::uint16_t port_ = 0;
  pid_t process_ = -1;
  int log_ = -1;
  std::string said_;
};

// Turns the loop until `holds`; false, and a failure of the test with what was `told` last, if it
// does not within a minute.
bool turn_until(boost::asio::io_context& io, const std::vector<std::string>& told,
                const std::function<bool()>& holds);

// A connection and what it told; the loop turns while something is waited for.
class Client {
 public:
  explicit Client(ConnectionOptions options);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  bool run_until(const std::function<bool()>& holds) { return turn_until(io, told, holds); }
  bool wait_up() {
    return run_until([this] { return connection->is_up(); });
  }
  bool wait_told(std::size_t changes) {
    return run_until([this, changes] { return told.size() >= changes; });
  }

  Answer ask(const Arguments& arguments, std::chrono::milliseconds patience = kPatience,
             bool asking = false);
  // The same, again and again while it was not sent.
  Answer insist(const Arguments& arguments);
  // The same, again and again until its answer is as wanted; false, and a failure of the test, if
  // it is not within a minute.
  bool ask_until(const Arguments& arguments, const std::function<bool(const Answer&)>& is_wanted);
  // The text of a reply, whatever its kind, or what became of it.
  std::string say(const Arguments& arguments);
  // Submits; the answer is added to `answers` when it comes.
  bool submit(const Arguments& arguments, std::chrono::milliseconds patience = kPatience);

  static constexpr std::chrono::milliseconds kPatience{60'000};

  boost::asio::io_context io{1};
  std::vector<std::string> told;  // "up", or why it is down
  std::vector<Answer> answers;
  std::unique_ptr<Connection> connection;
};

}  // namespace doorbuster::redis
