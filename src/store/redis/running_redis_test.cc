#include "store/redis/running_redis_test.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <stdexcept>

namespace doorbuster::redis {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// A test that would hang fails.
constexpr std::chrono::minutes kTestPatience(1);

struct Spawned {
  pid_t process = -1;
  int output = -1;  // of both kinds
};

Spawned spawn(const std::vector<std::string>& arguments) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return {};
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  pid_t process = -1;
  const int failed = ::posix_spawnp(&process, argv[0], &actions, nullptr, argv.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  if (failed == 0) return {process, ends[0]};
  ::close(ends[0]);
  return {};
}

// Appends what comes next; false at the end, or when nothing comes until `end`.
bool read_more(int descriptor, std::string& said, steady_clock::time_point end) {
  const auto left = std::chrono::duration_cast<milliseconds>(end - steady_clock::now());
  pollfd wanted{descriptor, POLLIN, 0};
  if (left <= milliseconds(0) || ::poll(&wanted, 1, static_cast<int>(left.count())) <= 0) {
    return false;
  }
  char bytes[4096];
  const auto size = ::read(descriptor, bytes, sizeof(bytes));
  if (size <= 0) return false;
  said.append(bytes, static_cast<std::size_t>(size));
  return true;
}

bool is_installed(const std::string& program) {
  std::string path = std::getenv("PATH") != nullptr ? std::getenv("PATH") : "";
  path += ":";
  for (std::size_t at = 0; at < path.size();) {
    const std::size_t end = path.find(':', at);
    if (::access((path.substr(at, end - at) + "/" + program).c_str(), X_OK) == 0) return true;
    at = end + 1;
  }
  return false;
}

bool can_be_bound(std::uint16_t port) {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool bound =
      ::bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  ::close(descriptor);
  return bound;
}

std::string with_port(std::string line, std::uint16_t port) {
  const std::size_t at = line.find("PORT");
  return at == std::string::npos ? line : line.replace(at, 4, std::to_string(port));
}

}  // namespace

std::uint16_t free_port() {
  std::random_device random;
  for (;;) {
    const auto port = static_cast<std::uint16_t>(20'000 + random() % 12'000);
    if (can_be_bound(port)) return port;
  }
}

TestFolder::TestFolder() : path_(testing::TempDir() + "doorbuster-redis-XXXXXX") {
  EXPECT_NE(::mkdtemp(path_.data()), nullptr) << path_;
}

TestFolder::~TestFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TestFolder::path(std::string_view name) const {
  return path_ + "/" + std::string(name);
}

bool run_program(const std::vector<std::string>& arguments) {
  const Spawned spawned = spawn(arguments);
  EXPECT_GE(spawned.process, 0) << arguments[0]
                                << " cannot be run: ./test installs what tests need";
  if (spawned.process < 0) return false;
  std::string said;
  while (read_more(spawned.output, said, steady_clock::now() + kTestPatience)) {
  }
  ::close(spawned.output);
  int status = -1;
  ::waitpid(spawned.process, &status, 0);
  EXPECT_EQ(status, 0) << arguments[0] << ": " << said;
  return status == 0;
}

RunningRedis::RunningRedis(Lines lines) : lines_(std::move(lines)) {
  if (!is_installed("redis-server")) {
    throw std::runtime_error("redis-server is missing: ./test installs what packages.txt names");
  }
  // Somebody else may take the port in between.
  for (int attempt = 0; attempt < 10; ++attempt) {
    port_ = free_port();
    if (start({}, kReady)) return;
    if (said_.find("Address already in use") == std::string::npos) break;
  }
  kill();
  throw std::runtime_error("redis-server does not start: " + said_);
}

RunningRedis::~RunningRedis() { kill(); }

ConnectionOptions RunningRedis::options() const {
  ConnectionOptions options;
  options.address = *parse_address(address());
  options.attempt_time = Client::kPatience;
  options.first_wait = milliseconds(5);
  options.longest_wait = milliseconds(50);
  return options;
}

bool RunningRedis::start(const Lines& more, std::string_view awaited) {
  kill();
  std::ofstream file(folder_.path("redis.conf"));
  file << "bind 127.0.0.1\nsave \"\"\nenable-debug-command yes\nport " << port_ << "\ndir "
       << folder_.path("") << "\n";
  for (const std::string& line : lines_) file << with_port(line, port_) << "\n";
  for (const std::string& line : more) file << with_port(line, port_) << "\n";
  file.close();
  const Spawned spawned =
      spawn({"setpriv", "--pdeathsig", "KILL", "redis-server", folder_.path("redis.conf")});
  process_ = spawned.process;
  log_ = spawned.output;
  said_.clear();
  return process_ >= 0 && log_comes_to(awaited);
}

bool RunningRedis::log_comes_to(std::string_view awaited) {
  const auto end = steady_clock::now() + kTestPatience;
  while (said_.find(awaited) == std::string::npos) {
    if (!read_more(log_, said_, end)) return false;
  }
  return true;
}

void RunningRedis::kill() {
  if (process_ >= 0) {
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
  }
  if (log_ >= 0) ::close(log_);
  process_ = log_ = -1;
}

void RunningRedis::start_again(const Lines& more, std::string_view awaited) {
  EXPECT_TRUE(start(more, awaited)) << "redis-server does not start again: " << said_;
}

void RunningRedis::freeze() const {
  ASSERT_GE(process_, 0);
  ::kill(process_, SIGSTOP);
  int status = 0;
  ::waitpid(process_, &status, WUNTRACED);
  EXPECT_TRUE(WIFSTOPPED(status));
}

void RunningRedis::thaw() const { ::kill(process_, SIGCONT); }

bool turn_until(boost::asio::io_context& io, const std::vector<std::string>& told,
                const std::function<bool()>& holds) {
  const auto end = steady_clock::now() + kTestPatience;
  while (!holds()) {
    if (io.run_one_until(end) == 0) {
      ADD_FAILURE() << (io.stopped() ? "the loop has nothing to do" : "it does not come to it")
                    << (told.empty() ? "" : "; last told: " + told.back());
      return false;
    }
  }
  return true;
}

Client::Client(ConnectionOptions options) {
  auto opened =
      Connection::open(io, std::move(options), [this](bool is_up, const std::string& why) {
        EXPECT_EQ(is_up, connection->is_up());
        told.push_back(is_up ? "up" : why);
      });
  EXPECT_TRUE(opened.ok()) << opened.error().message;
  connection = std::move(*opened);
}

// What the destruction of the connection leaves behind in the loop must do nothing.
Client::~Client() {
  connection.reset();
  io.restart();
  io.poll();
}

bool Client::submit(const Arguments& arguments, milliseconds patience) {
  return connection
      ->submit(arguments, patience, [this](Answer answer) { answers.push_back(std::move(answer)); })
      .ok();
}

Answer Client::ask(const Arguments& arguments, milliseconds patience, bool asking) {
  // Shared: after a failure the answer comes when nobody waits for it any more.
  auto got = std::make_shared<std::optional<Answer>>();
  const auto submitted = connection->submit(
      arguments, patience, [got](Answer answer) { *got = std::move(answer); }, asking);
  EXPECT_TRUE(submitted.ok());
  if (!submitted.ok() || !run_until([&] { return got->has_value(); })) {
    return {Fate::unknown, {}, "no answer at all"};
  }
  return std::move(**got);
}

Answer Client::insist(const Arguments& arguments) {
  for (;;) {
    auto answer = ask(arguments);
    if (answer.fate != Fate::not_sent || testing::Test::HasFailure()) return answer;
  }
}

bool Client::ask_until(const Arguments& arguments,
                       const std::function<bool(const Answer&)>& is_wanted) {
  const auto end = steady_clock::now() + kTestPatience;
  while (steady_clock::now() < end) {
    if (is_wanted(ask(arguments))) return true;
    io.run_for(milliseconds(5));  // the machine is the servers' meanwhile
  }
  ADD_FAILURE() << arguments[0] << " is not answered as wanted";
  return false;
}

std::string Client::say(const Arguments& arguments) {
  const auto answer = ask(arguments);
  if (answer.fate != Fate::answered) return "(" + answer.reason + ")";
  return answer.reply.is_integer() ? std::to_string(answer.reply.integer) : answer.reply.text;
}

}  // namespace doorbuster::redis
