#include "store/redis/connection.h"

#include <gtest/gtest.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>

#include "store/redis/running_redis_test.h"
#include "store/redis/server_error.h"

namespace doorbuster::redis {
namespace {

using std::chrono::milliseconds;

ServerErrorKind kind_of_answer(const Answer& answer) {
  EXPECT_EQ(answer.fate, Fate::answered) << answer.reason;
  EXPECT_TRUE(answer.reply.is_error()) << answer.reply.text;
  return read_server_error(answer.reply.text).kind;
}

// Whether INFO has this line.
auto has_line(const std::string& line) {
  return [line](const Answer& answer) {
    return answer.reply.text.find("\n" + line + "\r") != std::string::npos;
  };
}

// The number behind "name:" in INFO.
long counted(Client& client, std::string_view section, const std::string& name) {
  const auto info = client.say({"INFO", section});
  const auto at = info.find(name + ":");
  return at == std::string::npos ? -1 : std::atol(info.c_str() + at + name.size() + 1);
}

TEST(RedisConnection, AnswersTenThousandCommandsInOrderFromFewWrites) {
  RunningRedis redis;
  Client client(redis.options());
  ASSERT_TRUE(client.wait_up());
  const long reads = counted(client, "stats", "total_reads_processed");
  constexpr std::size_t kCommands = 10'000;
  for (std::size_t n = 0; n < kCommands; ++n) {
    ASSERT_TRUE(client.submit({"ECHO", std::to_string(n)}));
  }
  ASSERT_TRUE(client.run_until([&] { return client.answers.size() == kCommands; }));
  for (std::size_t n = 0; n < kCommands; ++n) {
    ASSERT_EQ(client.answers[n].fate, Fate::answered);
    ASSERT_EQ(client.answers[n].reply.text, std::to_string(n));
  }
  EXPECT_GT(reads, 0);
  EXPECT_LT(counted(client, "stats", "total_reads_processed") - reads, 500);
  EXPECT_EQ(client.told, std::vector<std::string>{"up"});
}

TEST(RedisConnection, TakesCommandsBeforeItIsUp) {
  RunningRedis redis;
  Client client(redis.options());
  EXPECT_FALSE(client.connection->is_up());
  EXPECT_EQ(client.say({"PING"}), "PONG");
}

TEST(RedisConnection, CarriesAnyBytesOfAnySize) {
  RunningRedis redis;
  Client client(redis.options());
  std::string value(3'000'000, '\0');
  for (std::size_t n = 0; n < value.size(); ++n) value[n] = static_cast<char>(n * 7 + n / 251);
  EXPECT_EQ(client.say({"SET", value.substr(0, 1'000), value}), "OK");
  EXPECT_EQ(client.say({"GET", value.substr(0, 1'000)}), value);
}

TEST(RedisConnection, FindsAHostByItsName) {
  RunningRedis redis;
  auto options = redis.options();
  options.address.node.host = "localhost";
  Client client(std::move(options));
  EXPECT_EQ(client.say({"PING"}), "PONG");
}

TEST(RedisConnection, SpeaksAsTheUserAndInTheDatabaseOfItsAddress) {
  RunningRedis redis({"user ann on >s3cret ~* &* +@all", "user default off"});
  auto options = redis.options();
  options.address =
      *parse_address("redis://ann:s3cret@127.0.0.1:" + std::to_string(redis.port()) + "/3");
  Client client(std::move(options));
  EXPECT_EQ(client.say({"ACL", "WHOAMI"}), "ann");
  EXPECT_EQ(client.say({"CLIENT", "GETNAME"}), "doorbuster");
  EXPECT_NE(client.say({"CLIENT", "INFO"}).find(" db=3 "), std::string::npos);
}

TEST(RedisConnection, SaysThatAPasswordIsWrongOrMissing) {
  RunningRedis redis({"requirepass right"});
  const std::string place = "127.0.0.1:" + std::to_string(redis.port());
  const std::pair<std::string, std::string> table[] = {
      {"redis://:hush@" + place, place + ": the server refuses the password: WRONGPASS "},
      {"redis://ann:hush@" + place,
       place + ": the server refuses the user and the password: WRONGPASS "},
      {"redis://" + place, place + ": the server wants a password: NOAUTH "},
      {"redis://:right@" + place + "/99", place + ": the server refuses the database: ERR "},
  };
  for (const auto& [url, reason] : table) {
    auto options = redis.options();
    options.address = *parse_address(url);
    Client client(std::move(options));
    const auto answer = client.ask({"PING"});
    EXPECT_EQ(answer.fate, Fate::not_sent);
    EXPECT_TRUE(answer.reason.starts_with(reason)) << answer.reason;
    // Told once, though it tries again and again.
    EXPECT_EQ(client.ask({"PING"}).fate, Fate::not_sent);
    EXPECT_EQ(client.told, std::vector<std::string>{answer.reason});
    EXPECT_EQ(answer.reason.find("hush"), std::string::npos);
  }
}

TEST(RedisConnection, TellsErrorsOfTheServerApart) {
  RunningRedis redis({"user eve on >pw ~* -@all +client +get", "maxmemory 1mb"});
  Client client(redis.options());
  EXPECT_EQ(kind_of_answer(client.ask({"FCALL", "nope", "0"})), ServerErrorKind::no_function);
  EXPECT_EQ(kind_of_answer(client.ask({"EVALSHA", std::string(40, '0'), "0"})),
            ServerErrorKind::no_script);
  EXPECT_EQ(kind_of_answer(client.ask({"SET", "k", std::string(2'000'000, 'x')})),
            ServerErrorKind::out_of_memory);
  EXPECT_EQ(kind_of_answer(client.ask({"HELLO", "9"})), ServerErrorKind::no_protocol);
  EXPECT_EQ(kind_of_answer(client.ask({"NONSENSE"})), ServerErrorKind::other);
  EXPECT_EQ(client.say({"CONFIG", "SET", "maxmemory", "0"}), "OK");
  EXPECT_EQ(client.say({"SADD", "set", "a"}), "1");
  EXPECT_EQ(kind_of_answer(client.ask({"GET", "set"})), ServerErrorKind::wrong_type);
  EXPECT_EQ(client.say({"CONFIG", "SET", "min-replicas-to-write", "1"}), "OK");
  EXPECT_EQ(kind_of_answer(client.ask({"SET", "k", "v"})), ServerErrorKind::no_replicas);
  EXPECT_EQ(client.say({"REPLICAOF", "127.0.0.1", "1"}), "OK");
  EXPECT_EQ(kind_of_answer(client.ask({"SET", "k", "v"})), ServerErrorKind::read_only);
  EXPECT_EQ(client.say({"CONFIG", "SET", "replica-serve-stale-data", "no"}), "OK");
  EXPECT_EQ(kind_of_answer(client.ask({"GET", "k"})), ServerErrorKind::master_down);

  auto options = redis.options();
  options.address.user = "eve";
  options.address.password = "pw";
  Client eve(std::move(options));
  EXPECT_EQ(kind_of_answer(eve.ask({"SET", "k", "v"})), ServerErrorKind::no_permission);
}

TEST(RedisConnection, OfAServerThatIsKilledEndsWhatIsUnderWayAsUnknownAndComesBack) {
  RunningRedis redis;
  Client client(redis.options());
  ASSERT_TRUE(client.wait_up());
  ASSERT_TRUE(client.submit({"BLPOP", "nothing", "0"}));
  ASSERT_TRUE(client.submit({"PING"}));
  client.io.poll();  // sends them
  Client other(redis.options());
  ASSERT_TRUE(other.ask_until({"INFO", "clients"}, has_line("blocked_clients:1")));
  redis.kill();
  ASSERT_TRUE(client.run_until([&] { return client.answers.size() == 2; }));
  for (const Answer& answer : client.answers) {
    EXPECT_EQ(answer.fate, Fate::unknown);
    EXPECT_TRUE(answer.reason.starts_with("127.0.0.1:") ||
                answer.reason.starts_with("the connection to 127.0.0.1:"))
        << answer.reason;
  }
  EXPECT_EQ(client.ask({"PING"}).fate, Fate::not_sent);
  redis.start_again();
  EXPECT_EQ(client.insist({"PING"}).reply.text, "PONG");
}

TEST(RedisConnection, WorksAgainByItselfWhenTheServerIsBack) {
  RunningRedis redis;
  Client client(redis.options());
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(client.insist({"PING"}).reply.text, "PONG");
    redis.kill();
    const auto place = std::to_string(redis.port());
    ASSERT_TRUE(client.run_until(
        [&] { return client.told.back().ends_with(place + ": Connection refused"); }));
    const auto answer = client.ask({"SET", "k", "v"});
    EXPECT_EQ(answer.fate, Fate::not_sent);
    EXPECT_EQ(answer.reason, "cannot connect to 127.0.0.1:" + place + ": Connection refused");
    redis.start_again();
  }
  EXPECT_EQ(client.insist({"PING"}).reply.text, "PONG");
  EXPECT_EQ(client.say({"EXISTS", "k"}), "0");
  EXPECT_EQ(client.told.back(), "up");
}

TEST(RedisConnection, OfAServerThatStandsStillEndsAtTheDeadline) {
  RunningRedis redis;
  auto options = redis.options();
  options.attempt_time = milliseconds(1'000);
  Client client(std::move(options));
  ASSERT_TRUE(client.wait_up());
  redis.freeze();
  const auto answer = client.ask({"INCR", "k"}, milliseconds(100));
  EXPECT_EQ(answer.fate, Fate::unknown);
  EXPECT_TRUE(answer.reason.ends_with(": the server did not answer in time")) << answer.reason;
  // The kernel connects for it, but nobody answers the greeting.
  const auto waiting = client.ask({"INCR", "k"});
  EXPECT_EQ(waiting.fate, Fate::not_sent);
  EXPECT_EQ(waiting.reason,
            "cannot speak with 127.0.0.1:" + std::to_string(redis.port()) + " within 1000 ms");
  // One that waits has its own deadline.
  const auto late = client.ask({"INCR", "k"}, milliseconds(1));
  EXPECT_EQ(late.fate, Fate::not_sent);
  EXPECT_EQ(late.reason, "there was no connection in time");
  redis.thaw();
  // What was unknown has been done, and it alone.
  ASSERT_TRUE(
      client.ask_until({"GET", "k"}, [](const Answer& said) { return said.reply.text == "1"; }));
}

TEST(RedisConnection, WaitsForAServerThatSleepsWithinThePatienceOfItsCommands) {
  RunningRedis redis;
  Client client(redis.options());
  ASSERT_TRUE(client.wait_up());
  ASSERT_TRUE(client.submit({"DEBUG", "SLEEP", "0.3"}));
  ASSERT_TRUE(client.submit({"ECHO", "behind it"}));
  ASSERT_TRUE(client.run_until([&] { return client.answers.size() == 2; }));
  EXPECT_EQ(client.answers[1].reply.text, "behind it");
  // Beyond it: both are unknown, whosever patience it was.
  ASSERT_TRUE(client.submit({"DEBUG", "SLEEP", "1"}));
  ASSERT_TRUE(client.submit({"PING"}, milliseconds(100)));
  ASSERT_TRUE(client.run_until([&] { return client.answers.size() == 4; }));
  EXPECT_EQ(client.answers[2].fate, Fate::unknown);
  EXPECT_EQ(client.answers[3].fate, Fate::unknown);
  EXPECT_EQ(client.insist({"PING"}).reply.text, "PONG");
}

TEST(RedisConnection, IsUpWithAServerThatLoadsAndSaysSo) {
  RunningRedis redis({"dbfilename loads.rdb"});
  Client client(redis.options());
  EXPECT_EQ(client.say({"DEBUG", "POPULATE", "20000", "key", "100"}), "OK");
  EXPECT_EQ(client.say({"SAVE"}), "OK");
  redis.kill();
  ASSERT_TRUE(client.wait_told(2));
  redis.start_again({"key-load-delay 10000", "loading-process-events-interval-bytes 1024"},
                    "Server initialized");
  EXPECT_EQ(kind_of_answer(client.insist({"GET", "key:1"})), ServerErrorKind::loading);
  EXPECT_TRUE(client.connection->is_up());
  EXPECT_EQ(client.say({"CONFIG", "SET", "key-load-delay", "0"}), "OK");
  ASSERT_TRUE(client.ask_until({"GET", "key:1"},
                               [](const Answer& answer) { return answer.reply.is_text(); }));
}

TEST(RedisConnection, SaysThatAHostIsNotFound) {
  ConnectionOptions options;
  options.address = *parse_address("redis://no-such-host.invalid");
  options.attempt_time = milliseconds(500);
  Client client(std::move(options));
  const auto answer = client.ask({"PING"});
  EXPECT_EQ(answer.fate, Fate::not_sent);
  EXPECT_TRUE(answer.reason.starts_with("cannot find the host no-such-host.invalid"))
      << answer.reason;
}

TEST(RedisConnection, ClosesWhenWhatItHasIsAnswered) {
  RunningRedis redis;
  Client client(redis.options());
  ASSERT_TRUE(client.wait_up());
  for (int n = 0; n < 100; ++n) ASSERT_TRUE(client.submit({"INCR", "k"}));
  bool closed = false;
  client.connection->close([&] {
    EXPECT_EQ(client.answers.size(), 100U);
    closed = true;
  });
  const auto refused = client.connection->submit({"PING"}, milliseconds(1), [](const Answer&) {});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::not_found);
  ASSERT_TRUE(client.run_until([&] { return closed; }));
  EXPECT_EQ(client.answers.back().reply.integer, 100);
  EXPECT_EQ(client.told, std::vector<std::string>{"up"});
  client.io.run();  // nothing is left to be done
  Client other(redis.options());
  ASSERT_TRUE(other.ask_until({"INFO", "clients"}, has_line("connected_clients:1")));
}

TEST(RedisConnection, ClosesAtOnceWhereNothingIsSubmitted) {
  RunningRedis redis;
  redis.kill();
  Client client(redis.options());
  bool closed = false;
  client.connection->close([&] { closed = true; });
  ASSERT_TRUE(client.run_until([&] { return closed; }));
  client.io.run();
}

TEST(RedisConnection, MayBeDestroyedFromWithinWhatItTells) {
  RunningRedis redis;
  Client client(redis.options());
  ASSERT_TRUE(client.wait_up());
  bool first = true;
  std::vector<Fate> fates;
  for (int n = 0; n < 3; ++n) {
    ASSERT_TRUE(client.connection
                    ->submit({"PING"}, Client::kPatience,
                             [&](const Answer& answer) {
                               fates.push_back(answer.fate);
                               if (std::exchange(first, false)) client.connection.reset();
                             })
                    .ok());
  }
  ASSERT_TRUE(client.run_until([&] { return fates.size() == 3; }));
  EXPECT_EQ(fates, (std::vector<Fate>{Fate::answered, Fate::unknown, Fate::unknown}));
  client.io.run();

  for (const bool is_up : {true, false}) {
    auto options = redis.options();
    if (!is_up) options.address.password = "wrong";
    bool told = false;
    std::unique_ptr<Connection> connection;
    boost::asio::io_context io;
    connection = Connection::open(io, std::move(options), [&](bool up, const std::string&) {
                   EXPECT_EQ(up, is_up);
                   told = true;
                   connection.reset();
                 }).value();
    io.run();
    EXPECT_TRUE(told);
  }
}

TEST(RedisConnection, DestroyedAnswersWhatItHas) {
  RunningRedis redis;
  std::vector<Fate> fates;
  const auto note = [&](const Answer& answer) { fates.push_back(answer.fate); };
  Client client(redis.options());
  ASSERT_TRUE(client.wait_up());
  ASSERT_TRUE(client.connection->submit({"PING"}, Client::kPatience, note).ok());
  client.connection.reset();
  EXPECT_EQ(fates, std::vector<Fate>{Fate::not_sent});
}

// Says what it is told to, and reads only when told to.
class StrangeServer {
 public:
  explicit StrangeServer(boost::asio::io_context& io)
      : acceptor_(io, {boost::asio::ip::address_v4::loopback(), 0}), socket_(io) {}

  ConnectionOptions options() const {
    ConnectionOptions options;
    options.address.node = {"127.0.0.1", acceptor_.local_endpoint().port()};
    options.first_wait = milliseconds(1);
    options.longest_wait = milliseconds(1);
    return options;
  }
  void accept_and_say(std::string bytes, bool and_close) {
    acceptor_.async_accept(socket_, [this, said = std::move(bytes), and_close](auto error) {
      ASSERT_FALSE(error);
      char greeting[64];
      boost::system::error_code ignored;
      socket_.read_some(boost::asio::buffer(greeting), ignored);
      boost::asio::write(socket_, boost::asio::buffer(said), ignored);
      if (and_close) socket_.close();
    });
  }
  void close() { socket_.close(); }

 private:
  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::ip::tcp::socket socket_;
};

// A strange server in the same loop as the client, which therefore is made later.
std::string told_by(const std::string& said, bool and_close) {
  boost::asio::io_context io;
  StrangeServer server(io);
  server.accept_and_say(said, and_close);
  std::string told;
  auto connection =
      Connection::open(io, server.options(), [&](bool is_up, const std::string& reason) {
        if (!is_up && told.empty()) told = reason;
      }).value();
  const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (told.empty() && io.run_one_until(end) > 0) {
  }
  const auto place = server.options().address.node.text();
  const auto at = told.find(place);
  return at == std::string::npos ? told : told.replace(at, place.size(), "PLACE");
}

TEST(RedisConnection, SaysWhatIsStrangeAboutAServer) {
  EXPECT_EQ(told_by("HTTP/1.1 400 Bad Request\r\n\r\n", true),
            "PLACE: the server sends a malformed reply: Protocol error, got \"H\" as reply type "
            "byte");
  EXPECT_EQ(told_by("-ERR max number of clients reached\r\n", true),
            "PLACE: the server says: ERR max number of clients reached");
  EXPECT_EQ(told_by("", true), "PLACE has closed the connection");
  EXPECT_EQ(told_by("+O", true), "PLACE has closed the connection");
  EXPECT_EQ(told_by("+OK\r\n+more\r\n", false), "PLACE: the server sends a reply to no command");
}

TEST(RedisConnection, RefusesMoreThanItMayHoldForAServerThatDoesNotRead) {
  boost::asio::io_context io;
  StrangeServer server(io);
  server.accept_and_say("+OK\r\n", false);
  auto options = server.options();
  options.limits.waiting_bytes = std::size_t{4} << 20;
  bool is_up = false;
  auto connection = Connection::open(io, std::move(options), [&](bool up, const std::string&) {
                      is_up = up;
                    }).value();
  const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (!is_up && io.run_one_until(end) > 0) {
  }
  const std::string value(1'000'000, 'x');
  std::size_t submitted = 0;
  std::size_t unknown = 0;
  std::size_t not_sent = 0;
  const auto note = [&](const Answer& answer) {
    ++(answer.fate == Fate::unknown ? unknown : not_sent);
  };
  for (;;) {
    const auto taken = connection->submit({"SET", "k", value}, Client::kPatience, note);
    if (!taken.ok()) {
      EXPECT_EQ(taken.error().code, ErrorCode::overloaded);
      break;
    }
    ++submitted;
    ASSERT_LT(submitted, 200U);
    io.poll();
  }
  server.close();
  while (unknown + not_sent < submitted && io.run_one_until(end) > 0) {
  }
  EXPECT_EQ(unknown + not_sent, submitted);
  EXPECT_GE(not_sent, 3U);
  EXPECT_GE(unknown, 1U);
}

}  // namespace
}  // namespace doorbuster::redis
