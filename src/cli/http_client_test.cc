#include "cli/http_client.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <linux/sockios.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

namespace doorbuster::cli {
namespace {

using namespace std::chrono_literals;

// A server that says what it is told to, whatever it is asked: for each connection, for each
// request on it, these pieces one after the other. Then it closes the connection.
using Pieces = std::vector<std::string>;
using Conversation = std::vector<Pieces>;

class ScriptedServer {
 public:
  explicit ScriptedServer(std::vector<Conversation> script) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(listener_, 8), 0);
    EXPECT_EQ(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this, script = std::move(script)] {
      for (const Conversation& conversation : script) serve(conversation);
    });
  }
  ~ScriptedServer() {
    if (thread_.joinable()) thread_.join();
    ::close(listener_);
  }

  ServerUrl url() const { return {"127.0.0.1", std::to_string(port_)}; }
  // What came, once all connections of the script have been served.
  const std::vector<std::string>& requests() {
    if (thread_.joinable()) thread_.join();
    return requests_;
  }

 private:
  void serve(const Conversation& conversation) {
    const int connection = ::accept(listener_, nullptr, nullptr);
    for (const Pieces& pieces : conversation) {
      if (!read_request(connection)) break;
      for (const std::string& piece : pieces) {
        ::send(connection, piece.data(), piece.size(), MSG_NOSIGNAL);
        // So that pieces do not simply become one on their way.
        while (is_under_way(connection)) std::this_thread::yield();
      }
    }
    ::close(connection);
  }

  // Whether there are bytes of ours that the other side's system has not acknowledged but may.
  static bool is_under_way(int connection) {
    int bytes = 0;
    pollfd state{connection, 0, 0};
    const bool ended = ::poll(&state, 1, 0) > 0;
    return !ended && ::ioctl(connection, SIOCOUTQ, &bytes) == 0 && bytes > 0;
  }

  bool read_request(int connection) {
    std::string request;
    char block[4096];
    std::size_t end = std::string::npos;
    std::size_t length = 0;
    while (end == std::string::npos || request.size() < end + 4 + length) {
      const ssize_t got = ::recv(connection, block, sizeof block, 0);
      if (got <= 0) return false;
      request.append(block, static_cast<std::size_t>(got));
      end = request.find("\r\n\r\n");
      const auto field = request.find("Content-Length: ");
      if (field != std::string::npos) length = std::stoul(request.substr(field + 16));
    }
    requests_.push_back(std::move(request));
    return true;
  }

  int listener_ = -1;
  int port_ = 0;
  std::vector<std::string> requests_;
  std::thread thread_;
};

constexpr const char* kOk = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nETag: \"7\"\r\n\r\nhello";

ClientRequest get(std::string target = "/x") { return {"GET", std::move(target), {}, {}}; }

TEST(HttpClient, AsksAndReadsTheAnswer) {
  ScriptedServer server({{{kOk}}});
  HttpClient client(server.url(), 10s);
  ClientAnswer answer;
  ClientRequest request{"PATCH", "/v1/sales/s", "If-Match: \"6\"\r\n", "{}"};
  EXPECT_FALSE(client.ask(request, answer));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "hello");
  EXPECT_EQ(answer.field("etag"), "\"7\"");
  EXPECT_EQ(answer.field("absent"), "");
  EXPECT_EQ(
      server.requests(),
      std::vector<std::string>{"PATCH /v1/sales/s HTTP/1.1\r\nHost: " + server.url().authority() +
                               "\r\nIf-Match: \"6\"\r\nContent-Length: 2\r\n\r\n{}"});
}

TEST(HttpClient, KeepsTheConnectionForTheNextRequest) {
  ScriptedServer server({{{kOk}, {kOk}}});  // one connection alone
  HttpClient client(server.url(), 10s);
  ClientAnswer answer;
  EXPECT_FALSE(client.ask(get("/1"), answer));
  EXPECT_FALSE(client.ask(get("/2"), answer));
  EXPECT_EQ(answer.body, "hello");
  EXPECT_EQ(server.requests().size(), 2U);
}

TEST(HttpClient, ConnectsAnewAfterConnectionClose) {
  const std::string last = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\n1";
  ScriptedServer server({{{last}}, {{kOk}}});
  HttpClient client(server.url(), 10s);
  ClientAnswer answer;
  EXPECT_FALSE(client.ask({"POST", "/1", {}, {}}, answer));
  EXPECT_FALSE(client.ask({"POST", "/2", {}, {}}, answer));
  EXPECT_EQ(answer.body, "hello");
}

TEST(HttpClient, AsksAgainWhereAKeptConnectionWasClosedAndNothingCanHappenTwice) {
  ScriptedServer server({{{kOk}}, {{kOk}}, {{kOk}}});
  HttpClient client(server.url(), 10s);
  ClientAnswer answer;
  EXPECT_FALSE(client.ask(get(), answer));
  EXPECT_FALSE(client.ask(get(), answer));  // the server had closed the first connection
  EXPECT_EQ(answer.status, 200);
  const auto none = client.ask({"POST", "/x", {}, {}}, answer);
  ASSERT_TRUE(none);
  EXPECT_TRUE(none->was_sent);
  EXPECT_FALSE(client.ask({"POST", "/x", {}, {}}, answer));  // asked for again by whoever knows
}

TEST(HttpClient, ReadsBodiesInPiecesOfAnySize) {
  const std::string chunked =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4\r\n0\r\nd\r\n0\r\n\r\n";
  const std::string closing = "HTTP/1.0 200 OK\r\n\r\nabc0\r\nd";
  for (const std::string& whole : {chunked, closing}) {
    for (std::size_t cut = 1; cut < whole.size(); ++cut) {
      ScriptedServer server({{{whole.substr(0, cut), whole.substr(cut)}}});
      HttpClient client(server.url(), 10s);
      ClientAnswer answer;
      const auto none = client.ask(get(), answer);
      ASSERT_FALSE(none) << cut << ": " << none->message;
      ASSERT_EQ(answer.body, "abc0\r\nd") << cut;
    }
  }
}

TEST(HttpClient, StreamsABodyBlockByBlock) {
  constexpr std::size_t kSize = std::size_t{80} * 1024 * 1024;  // more than ask() would gather
  const std::string head =
      "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(kSize) + "\r\n\r\n";
  {
    ScriptedServer server({{{head, std::string(kSize, 'x')}}});
    HttpClient client(server.url(), 10s);
    ClientAnswer answer;
    std::size_t size = 0;
    std::size_t largest = 0;
    EXPECT_FALSE(client.stream(get(), answer, [&](std::string_view block) {
      size += block.size();
      largest = std::max(largest, block.size());
      return true;
    }));
    EXPECT_EQ(size, kSize);
    EXPECT_LE(largest, std::size_t{64} * 1024);
  }
  ScriptedServer server({{{head, std::string(kSize, 'x')}}});
  HttpClient client(server.url(), 10s);
  ClientAnswer answer;
  const auto none = client.ask(get(), answer);
  ASSERT_TRUE(none);
  EXPECT_NE(none->message.find("too large"), std::string::npos);
}

TEST(HttpClient, SaysWhatKeptItFromAnAnswer) {
  const std::pair<const char*, const char*> table[] = {
      {"SSH-2.0-OpenSSH_9.2\r\n\r\n", "no HTTP"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhell", "connection ended"},
      {"HTTP/1.1 200 OK\r\nContent-Le", "connection ended"},
      {"", "connection ended"},
  };
  for (const auto& [bytes, why] : table) {
    ScriptedServer server({{{bytes}}});
    HttpClient client(server.url(), 10s);
    ClientAnswer answer;
    const auto none = client.ask(get(), answer);
    ASSERT_TRUE(none) << bytes;
    EXPECT_TRUE(none->was_sent);
    EXPECT_NE(none->message.find(server.url().text()), std::string::npos) << none->message;
    EXPECT_NE(none->message.find(why), std::string::npos) << none->message;
  }
}

TEST(HttpClient, KnowsThatNothingWasSentWhereNobodyListens) {
  ServerUrl url;
  {
    ScriptedServer server({});
    url = server.url();
  }
  HttpClient client(url, 10s);
  ClientAnswer answer;
  const auto none = client.ask({"POST", "/x", {}, {}}, answer);
  ASSERT_TRUE(none);
  EXPECT_FALSE(none->was_sent);
  EXPECT_NE(none->message.find("Connection refused"), std::string::npos) << none->message;
}

TEST(HttpClient, GivesUpOnAServerThatIsSilent) {
  // It listens, so that the system connects, but nobody accepts.
  ScriptedServer server({});
  HttpClient client(server.url(), 1s);
  ClientAnswer answer;
  const auto none = client.ask(get(), answer);
  ASSERT_TRUE(none);
  EXPECT_NE(none->message.find("silent for 1 s"), std::string::npos) << none->message;
}

TEST(PercentEncoding, LeavesWhatNeedsNone) {
  EXPECT_EQ(percent_encoded("aZ9-._~"), "aZ9-._~");
  EXPECT_EQ(percent_encoded("a b/c?&=%\xc3\xa9"), "a%20b%2Fc%3F%26%3D%25%C3%A9");
}

}  // namespace
}  // namespace doorbuster::cli
