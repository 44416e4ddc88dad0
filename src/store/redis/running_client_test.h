// For tests: a RedisClient whose loop runs in the test, and a stream of commands through it of
// which each can be told to have been carried out once, or not at all.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "store/redis/client.h"
#include "store/redis/running_redis_test.h"

namespace doorbuster::redis {

class RunningClient {
 public:
  explicit RunningClient(ClientOptions options);
  ~RunningClient();
  RunningClient(const RunningClient&) = delete;
  RunningClient& operator=(const RunningClient&) = delete;

  bool run_until(const std::function<bool()>& holds) { return turn_until(io, told, holds); }
  bool wait_ready() {
    return run_until([this] { return client->is_ready(); });
  }
  std::vector<CallAnswer> ask_group(const std::vector<Call>& calls, const Barrier& barrier = {},
                                    std::chrono::milliseconds patience = kLong);
  // One command, whose key is its second word.
  CallAnswer ask(const Arguments& arguments, const Barrier& barrier = {},
                 std::chrono::milliseconds patience = kLong);

  static constexpr std::chrono::milliseconds kLong{60'000};

  boost::asio::io_context io{1};
  std::vector<std::string> told;  // "127.0.0.1:1 up", or why it is down
  std::unique_ptr<RedisClient> client;
};

// INCR of one new key after the other, two in a group, and so many groups under way at any time.
class CommandStream {
 public:
  // Keys are "{tag}<number>", each tag in turn.
  CommandStream(RunningClient& running, std::vector<std::string> tags, Barrier barrier = {});

  // Every other group has no patience to speak of, so that some are not sent.
  void start();
  // Sends nothing more and waits for all answers.
  void stop();
  // Waits for so many more answers of calls that were carried out.
  void await(std::size_t more);
  std::size_t count(Fate fate) const;
  // Counts every key, and says what must not be: carried out but not sent, carried out twice,
  // answered otherwise than with 1, answered and gone. `may_be_lost`: where a call was answered,
  // so that its key may be gone.
  void check(const std::function<bool(const std::string& tag, const CallAnswer& answer)>&
                 may_be_lost = nullptr);

 private:
  struct Sent {
    std::string tag;
    std::string key;
    int answers = 0;
    CallAnswer answer;
  };
  void send_group();

  static constexpr std::size_t kUnderWay = 16;

  RunningClient& running_;
  const std::vector<std::string> tags_;
  const Barrier barrier_;
  std::vector<std::unique_ptr<Sent>> sent_;
  std::size_t groups_ = 0;
  std::size_t groups_under_way_ = 0;
  std::size_t carried_out_ = 0;
  bool stopped_ = true;
};

}  // namespace doorbuster::redis
