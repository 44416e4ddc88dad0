// A server on a thread of its own, spoken to over plain sockets.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "http/test_client.h"

namespace doorbuster::http {
namespace {

using std::chrono::milliseconds;

TEST(Server, AnswersWithTheFieldsEveryReplyHas) {
  FunctionHandler handler;
  RunningServer running(handler);
  Client client(running.endpoint);
  client.send(post("/a?b=c", "body"));
  const auto answer = client.answer();
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "/a?b=c|body");
  EXPECT_EQ(answer.field("Content-Type"), "text/plain");
  EXPECT_EQ(answer.field("Content-Length"), "11");
  EXPECT_EQ(answer.field("Date").size(), 29U);
  EXPECT_EQ(answer.field("Connection"), "");
}

TEST(Server, ShowsTheHandlerTheWholeRequest) {
  FunctionHandler handler;
  std::string seen;
  handler.on_any = [&](const Request& request, Responder responder) {
    seen = std::string(request.method_text) + " " + std::string(request.path) + " " +
           std::string(request.query) + " " + std::string(request.field("x-one")) + " " +
           std::to_string(request.count("X-TWO")) + " " + request.peer.address.text() + " " +
           (request.peer.address.is_loopback() ? "loopback" : "far");
    EXPECT_EQ(request.method, Method::patch);
    responder.send({.status = 204, .content_type = {}, .fields = {}, .body = {}});
  };
  RunningServer running(handler);
  Client client(running.endpoint);
  client.send("PATCH /p?q=1?2 HTTP/1.1\r\nHost: a\r\nX-One:  1 \r\nX-Two: 2\r\nx-two: 3\r\n\r\n");
  const auto answer = client.answer();
  EXPECT_EQ(answer.status, 204);
  EXPECT_EQ(answer.field("Content-Length"), "");
  running.on_its_thread([&] { EXPECT_EQ(seen, "PATCH /p q=1?2 1 2 127.0.0.1 loopback"); });
}

TEST(Server, ListensOnIpv6AndTellsWhenAnAddressIsTaken) {
  FunctionHandler handler;
  RunningServer running(handler, {}, "::1");
  Client client(running.endpoint);
  client.send(get("/six"));
  EXPECT_EQ(client.answer().body, "/six|");

  Server other({});
  const auto taken = other.listen(running.endpoint, handler, false);
  ASSERT_FALSE(taken.ok());
  EXPECT_EQ(taken.error().code, ErrorCode::in_use);
  EXPECT_NE(taken.error().message.find(running.endpoint.text()), std::string::npos);
  const auto nowhere = other.listen({"localhost", 0}, handler, false);
  ASSERT_FALSE(nowhere.ok());
  EXPECT_EQ(nowhere.error().code, ErrorCode::invalid_argument);
}

TEST(Server, SharesAPortWithAnotherWhenBothAgree) {
  FunctionHandler handler;
  Server one({});
  Server two({});
  const auto bound = one.listen({"127.0.0.1", 0}, handler, true);
  ASSERT_TRUE(bound.ok());
  EXPECT_TRUE(two.listen(*bound, handler, true).ok());
}

TEST(Server, HasListenersWithHandlersOfTheirOwn) {
  FunctionHandler shop;
  FunctionHandler admin;
  admin.on_any = [](const Request&, Responder responder) { responder.send(text("admin")); };
  Server server({});
  const auto first = server.listen({"127.0.0.1", 0}, shop, false);
  const auto second = server.listen({"127.0.0.1", 0}, admin, false);
  ASSERT_TRUE(first.ok() && second.ok());
  std::thread thread([&] { server.run({}); });
  Client buyer(*first);
  Client keeper(*second);
  buyer.send(get("/"));
  keeper.send(get("/"));
  EXPECT_EQ(buyer.answer().body, "/|");
  EXPECT_EQ(keeper.answer().body, "admin");
  server.drain();
  thread.join();
}

TEST(Endpoints, AreReadAndWritten) {
  for (const auto* good : {"127.0.0.1:8080", "[::1]:0", "0.0.0.0:65535", "[::]:80"}) {
    const auto endpoint = Endpoint::parse(good);
    ASSERT_TRUE(endpoint.ok()) << good;
    EXPECT_EQ(endpoint->text(), good);
  }
  for (const auto* bad : {"", ":80", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:+1",
                          "::1:80", "[::1]", "[127.0.0.1]:80", "localhost:80", "1.2.3:80"}) {
    const auto endpoint = Endpoint::parse(bad);
    ASSERT_FALSE(endpoint.ok()) << bad;
    EXPECT_EQ(endpoint.error().code, ErrorCode::invalid_argument);
  }
}

TEST(KeepAlive, LastsAsHttp11SaysAndEndsWhenAskedTo) {
  FunctionHandler handler;
  RunningServer running(handler);
  Client client(running.endpoint);
  for (int n = 0; n < 100; ++n) {
    client.send(get("/again"));
    EXPECT_EQ(client.answer().body, "/again|");
  }
  client.send(get("/last", "Connection: keep-alive, Close\r\n"));
  EXPECT_EQ(client.answer().field("Connection"), "close");
  EXPECT_TRUE(client.has_ended());
}

TEST(KeepAlive, MustBeAskedForInHttp10) {
  FunctionHandler handler;
  RunningServer running(handler);
  Client client(running.endpoint);
  client.send("GET /a HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n");
  EXPECT_EQ(client.answer().field("Connection"), "keep-alive");
  client.send("GET /b HTTP/1.0\r\n\r\n");
  const auto answer = client.answer();
  EXPECT_EQ(answer.body, "/b|");
  EXPECT_EQ(answer.field("Connection"), "close");
  EXPECT_TRUE(client.has_ended());
}

TEST(Head, GetsTheLengthButNotTheBody) {
  FunctionHandler handler;
  RunningServer running(handler);
  Client client(running.endpoint);
  client.send("HEAD /a HTTP/1.1\r\nHost: a\r\n\r\n" + get("/b"));
  EXPECT_EQ(client.answer(true).field("Content-Length"), "3");
  EXPECT_EQ(client.answer().body, "/b|");
}

// Holds every responder until it is told to answer.
struct LateHandler : FunctionHandler {
  LateHandler() {
    on_any = [this](const Request& request, Responder responder) {
      paths.emplace_back(request.path);
      held.push_back(std::move(responder));
      if (held.size() == awaited) all_here.set_value();
    };
  }
  void wait_for(std::size_t count, RunningServer& running) {
    std::future<void> here;
    running.on_its_thread([&] {
      all_here = {};
      awaited = count;
      here = all_here.get_future();
      if (held.size() >= count) all_here.set_value();
    });
    here.wait();
  }
  std::vector<std::string> paths;
  std::vector<Responder> held;
  std::size_t awaited = 0;
  std::promise<void> all_here;
};

TEST(Pipelining, AnswersInTheOrderOfRequestsHoweverLateTheyAreKnown) {
  LateHandler handler;
  RunningServer running(handler);
  Client client(running.endpoint);
  std::string requests;
  for (int n = 0; n < 8; ++n) requests += get("/" + std::to_string(n));
  client.send(requests);
  handler.wait_for(8, running);
  for (const std::size_t n : {5U, 7U, 1U, 0U, 3U, 2U, 6U, 4U}) {
    running.on_its_thread([&] { handler.held[n].send(text(handler.paths[n])); });
  }
  for (int n = 0; n < 8; ++n) EXPECT_EQ(client.answer().body, "/" + std::to_string(n));
}

TEST(Pipelining, WhatBecomesKnownInOneTurnLeavesInOneWrite) {
  LateHandler handler;
  bool answer_now = false;
  RunningServer running(handler, {}, "127.0.0.1", [&] {
    if (!answer_now) return;
    for (auto& responder : handler.held) responder.send(text("x"));
    handler.held.clear();
  });
  Client client(running.endpoint);
  std::string requests;
  for (int n = 0; n < 16; ++n) requests += get("/");
  client.send(requests);
  handler.wait_for(16, running);
  running.on_its_thread([&] { answer_now = true; });
  const auto bytes = client.receive();
  std::size_t answers = 0;
  for (auto at = bytes.find("HTTP/1.1 200"); at != std::string::npos; ++answers) {
    at = bytes.find("HTTP/1.1 200", at + 1);
  }
  EXPECT_EQ(answers, 16U);
}

TEST(Pipelining, TakesNoMoreThanItsLimitUntilAnswersAreGiven) {
  Limits limits;
  limits.pipelined = 4;
  LateHandler handler;
  RunningServer running(handler, limits);
  Client client(running.endpoint);
  std::string requests;
  for (int n = 0; n < 10; ++n) requests += get("/" + std::to_string(n));
  client.send(requests);
  handler.wait_for(4, running);
  running.on_its_thread([&] {
    EXPECT_EQ(handler.held.size(), 4U);
    for (std::size_t n = 0; n < 4; ++n) handler.held[n].send(text(handler.paths[n]));
  });
  handler.wait_for(8, running);
  running.on_its_thread([&] {
    EXPECT_EQ(handler.held.size(), 8U);
    for (std::size_t n = 4; n < 8; ++n) handler.held[n].send(text(handler.paths[n]));
  });
  handler.wait_for(10, running);
  running.on_its_thread([&] {
    for (std::size_t n = 8; n < 10; ++n) handler.held[n].send(text(handler.paths[n]));
  });
  for (int n = 0; n < 10; ++n) EXPECT_EQ(client.answer().body, "/" + std::to_string(n));
}

TEST(Pipelining, AManyTimesLargerBatchThanTheBufferIsAnsweredWhole) {
  FunctionHandler handler;
  RunningServer running(handler);
  Client client(running.endpoint);
  constexpr int kRequests = 5000;
  std::thread sender([&] {
    for (int n = 0; n < kRequests; ++n) client.send(post("/", std::to_string(n)));
  });
  for (int n = 0; n < kRequests; ++n) ASSERT_EQ(client.answer().body, "/|" + std::to_string(n));
  sender.join();
}

TEST(Responders, ThatAreDroppedCutTheConnectionAfterTheAnswersBefore) {
  FunctionHandler handler;
  handler.on_any = [&](const Request& request, Responder responder) {
    if (request.path != "/drop") handler.echo(request, responder);
  };
  RunningServer running(handler);
  Client client(running.endpoint);
  client.send(get("/a") + get("/drop") + get("/b"));
  EXPECT_EQ(client.answer().body, "/a|");
  EXPECT_EQ(client.answer().status, 0);
}

TEST(Responders, MayOutliveTheirClientAndTheServer) {
  LateHandler handler;
  Stream stream;
  {
    RunningServer running(handler);
    {
      Client client(running.endpoint);
      client.send(get("/1") + get("/2") + get("/3") + get("/4"));
      handler.wait_for(4, running);
      client.reset();
    }
    running.on_its_thread([&] {
      handler.held[0].send(text("to nobody"));
      stream = handler.held[1].stream(text("to nobody"));
    });
    // The end of its client is known here at the latest: the answer above was sent to it.
    Client other(running.endpoint);
    other.send(get("/5"));
    handler.wait_for(5, running);
    running.on_its_thread([&] { handler.held[4].send(text("to somebody")); });
    EXPECT_EQ(other.answer().body, "to somebody");
    running.on_its_thread([&] { EXPECT_FALSE(stream.write("more")); });
  }
  EXPECT_FALSE(stream.write("more"));
  stream.when_drained([] { FAIL(); });
  handler.held[2].send(text("late"));
  handler.held.clear();
}

TEST(Posts, ComeFromAnyThreadAndEndATurn) {
  FunctionHandler handler;
  std::atomic<int> turns = 0;
  RunningServer running(handler, {}, "127.0.0.1", [&] { ++turns; });
  int count = 0;
  std::vector<std::thread> threads;
  for (int n = 0; n < 4; ++n) {
    threads.emplace_back([&] {
      for (int i = 0; i < 1000; ++i) running.server.post([&count] { ++count; });
    });
  }
  for (auto& thread : threads) thread.join();
  running.on_its_thread([&] { EXPECT_EQ(count, 4000); });
  // A turn may take several posts, but it ends.
  const int before = turns;
  while (turns == before) running.on_its_thread([] {});
}

TEST(Bodies, OfAnySizeUpToTheLimitArriveWhole) {
  FunctionHandler handler;
  handler.limit = 1'000'000;
  handler.on_any = [](const Request& request, Responder responder) {
    EXPECT_EQ(request.field("X-Kept"), "to the end");
    const std::size_t odd = request.body.find_first_not_of('b');
    responder.send(text(std::to_string(request.body.size()) +
                        (odd == std::string_view::npos ? "" : " torn") +
                        std::string(request.path)));
  };
  RunningServer running(handler);
  Client client(running.endpoint);
  for (const std::size_t size : {0U, 1U, 4000U, 4096U, 10'000U, 65'536U, 1'000'000U}) {
    const std::string body(size, 'b');
    client.send(post("/sized", body, "X-Kept: to the end\r\n"));
    EXPECT_EQ(client.answer().body, std::to_string(size) + "/sized");
    std::string chunked =
        "POST /chunked HTTP/1.1\r\nHost: a\r\nX-Kept: to the end\r\n"
        "Transfer-Encoding: chunked\r\n\r\n";
    for (std::size_t at = 0; at < size; at += 1000) {
      const auto part = body.substr(at, 1000);
      std::array<char, 20> line{};
      std::snprintf(line.data(), line.size(), "%zx\r\n", part.size());
      chunked += line.data() + part + "\r\n";
    }
    client.send(chunked + "0\r\n\r\n");
    EXPECT_EQ(client.answer().body, std::to_string(size) + "/chunked");
  }
}

TEST(Bodies, ChunkedBeyondTheLimitAreRefusedBeforeTheyEnd) {
  FunctionHandler handler;
  RunningServer running(handler);
  Client client(running.endpoint);
  client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
  const auto chunk = "400\r\n" + std::string(1024, 'c') + "\r\n";
  for (int n = 0; n < 5; ++n) client.send(chunk);
  const auto answer = client.answer();
  EXPECT_EQ(answer.status, 413);
  EXPECT_EQ(answer.field("Connection"), "close");
}

TEST(Bodies, TooLargeOnesAreNotReadAndTheAnswerIsSeenAllTheSame) {
  FunctionHandler handler;
  RunningServer running(handler);
  Client client(running.endpoint);
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10737418240\r\n\r\n");
  const std::string block(64 * 1024, 'z');
  std::size_t sent = 0;
  while (client.send(block)) sent += block.size();
  EXPECT_LT(sent, 64U * 1024 * 1024);
  EXPECT_EQ(client.answer().status, 413);
}

TEST(Expectations, AreMetBeforeTheBodyIsSent) {
  FunctionHandler handler;
  RunningServer running(handler);
  Client client(running.endpoint);
  const std::string head =
      "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 4\r\n\r\n";
  client.send(head);
  EXPECT_EQ(client.answer().head, "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("body");
  EXPECT_EQ(client.answer().body, "/|body");
  // Whoever did not wait is not told.
  client.send(head + "body");
  EXPECT_EQ(client.answer().body, "/|body");
}

TEST(Expectations, AreMetAfterTheAnswersThatComeBefore) {
  LateHandler handler;
  RunningServer running(handler);
  Client client(running.endpoint);
  client.send(get("/first") +
              "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
  handler.wait_for(1, running);
  running.on_its_thread([&] { handler.held[0].send(text("first")); });
  EXPECT_EQ(client.answer().body, "first");
  EXPECT_EQ(client.answer().status, 100);
  client.send("body");
  handler.wait_for(2, running);
  running.on_its_thread([&] { handler.held[1].send(text("second")); });
  EXPECT_EQ(client.answer().body, "second");
}

TEST(HalfClosed, ClientsGetAllTheirAnswers) {
  LateHandler handler;
  RunningServer running(handler);
  Client client(running.endpoint);
  client.send(get("/1") + get("/2") + "GET /3 HT");
  client.shut_sending();
  handler.wait_for(2, running);
  running.on_its_thread([&] {
    handler.held[1].send(text("two"));
    handler.held[0].send(text("one"));
  });
  EXPECT_EQ(client.answer().body, "one");
  EXPECT_EQ(client.answer().body, "two");
  EXPECT_TRUE(client.has_ended());
}

TEST(Connections, BeyondTheLimitAreToldSo) {
  Limits limits;
  limits.connections = 2;
  FunctionHandler handler;
  RunningServer running(handler, limits);
  Client one(running.endpoint);
  auto two = std::make_unique<Client>(running.endpoint);
  for (auto* client : {&one, two.get()}) {
    client->send(get("/"));
    EXPECT_EQ(client->answer().status, 200);
  }
  Client three(running.endpoint);
  three.send(get("/"));
  const auto answer = three.answer();
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.field("Connection"), "close");
  EXPECT_TRUE(three.has_ended());
  three.close();
  two->send(get("/", "Connection: close\r\n"));
  EXPECT_EQ(two->answer().status, 200);
  EXPECT_TRUE(two->has_ended());
  // The places are free when the server has seen the ends, which comes before a later end of turn.
  int status = 503;
  while (status == 503) {
    Client four(running.endpoint);
    four.send(get("/"));
    status = four.answer().status;
  }
  EXPECT_EQ(status, 200);
  one.send(get("/"));
  EXPECT_EQ(one.answer().status, 200);
}

TEST(Connections, AreMeasuredByNewLimitsOnceTheyAreChanged) {
  Limits limits;
  limits.connections = 1;
  FunctionHandler handler;
  RunningServer running(handler, limits);
  Client one(running.endpoint);
  one.send(get("/"));
  EXPECT_EQ(one.answer().status, 200);
  const auto status_of_another = [&](const std::string& request) {
    Client another(running.endpoint);
    another.send(request);
    return another.answer().status;
  };
  EXPECT_EQ(status_of_another(get("/")), 503);
  limits.connections = 100;
  limits.head_bytes = 1024;
  running.server.change_limits(limits);
  EXPECT_EQ(status_of_another(get("/")), 200);
  EXPECT_EQ(status_of_another(get("/", "X: " + std::string(2000, 'a') + "\r\n")), 431);
  // A connection that is there already stays, and is read by the limits it began with.
  one.send(get("/", "X: " + std::string(2000, 'a') + "\r\n"));
  EXPECT_EQ(one.answer().status, 200);
}

TEST(Connections, SurviveThatDescriptorsRunOut) {
  Limits limits;
  limits.drain_time = milliseconds(100);  // and with it the tick
  FunctionHandler handler;
  RunningServer running(handler, limits);
  Client early(running.endpoint);
  early.send(get("/"));
  EXPECT_EQ(early.answer().status, 200);
  // The client needs one descriptor, and none is left for the server.
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  const int highest = ::dup(0);
  rlimit tight = before;
  tight.rlim_cur = static_cast<rlim_t>(highest) + 1;
  ::close(highest);
  ::setrlimit(RLIMIT_NOFILE, &tight);
  Client late(running.endpoint);
  late.send(get("/late"));
  early.send(get("/early"));
  EXPECT_EQ(early.answer().body, "/early|");
  ::setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_EQ(late.answer().body, "/late|");
}

TEST(TimeLimits, EndAHeadThatDripsWith408) {
  Limits limits;
  limits.head_time = milliseconds(40);
  FunctionHandler handler;
  RunningServer running(handler, limits);
  Client client(running.endpoint);
  client.send("GET / HTTP/1.1\r\nHost: a\r\n");
  while (client.send("X: y\r\n")) {
    // Dripping does not help: the time runs from the first byte.
    if (client.poll_readable(milliseconds(5))) break;
  }
  EXPECT_EQ(client.answer().status, 408);
  EXPECT_TRUE(client.has_ended());
}

TEST(TimeLimits, EndABodyThatDripsWith408) {
  Limits limits;
  limits.body_time = milliseconds(40);
  FunctionHandler handler;
  RunningServer running(handler, limits);
  Client client(running.endpoint);
  client.send(get("/before") + "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nbegin");
  EXPECT_EQ(client.answer().body, "/before|");
  EXPECT_EQ(client.answer().status, 408);
  EXPECT_TRUE(client.has_ended());
}

TEST(TimeLimits, EndAnIdleConnectionWithoutAWord) {
  Limits limits;
  limits.idle_time = milliseconds(40);
  FunctionHandler handler;
  RunningServer running(handler, limits);
  Client silent(running.endpoint);
  Client used(running.endpoint);
  used.send(get("/"));
  EXPECT_EQ(used.answer().status, 200);
  EXPECT_EQ(used.receive_until_end(), "");
  EXPECT_EQ(silent.receive_until_end(), "");
}

TEST(TimeLimits, DoNotRunWhileAnAnswerIsAwaited) {
  Limits limits;
  limits.idle_time = limits.head_time = milliseconds(20);
  LateHandler handler;
  RunningServer running(handler, limits);
  Client patient(running.endpoint);
  patient.send(get("/"));
  handler.wait_for(1, running);
  Client idle(running.endpoint);
  EXPECT_EQ(idle.receive_until_end(), "");  // the limit has passed for both
  Client again(running.endpoint);
  EXPECT_EQ(again.receive_until_end(), "");
  running.on_its_thread([&] { handler.held[0].send(text("worth the wait")); });
  EXPECT_EQ(patient.answer().body, "worth the wait");
}

TEST(TimeLimits, EndAConnectionWhoseClientDoesNotRead) {
  Limits limits;
  limits.idle_time = milliseconds(40);
  const std::string large(32 * 1024 * 1024, 'l');
  FunctionHandler handler;
  handler.on_any = [&](const Request&, Responder responder) { responder.send(text(large)); };
  RunningServer running(handler, limits);
  Client client(running.endpoint, 4096);
  client.send(get("/"));
  // The end comes without anything being read.
  EXPECT_TRUE(client.wait_for_hang_up());
}

TEST(Drain, ClosesIdleConnectionsAndFinishesWhatIsUnderWay) {
  LateHandler handler;
  RunningServer running(handler);
  Client idle(running.endpoint);
  Client asking(running.endpoint);
  Client sending(running.endpoint);
  asking.send(get("/1") + get("/2"));
  handler.wait_for(2, running);
  sending.send("POST /3 HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbo");
  running.on_its_thread([&] { handler.held[0].send(text("one")); });
  EXPECT_EQ(asking.answer().field("Connection"), "");
  // Its bytes are in the server before the drain is: a turn reads all sockets that are ready.
  running.on_its_thread([] {});
  running.on_its_thread([] {});
  running.server.drain();
  EXPECT_EQ(idle.receive_until_end(), "");
  sending.send("dy");
  handler.wait_for(3, running);
  running.on_its_thread([&] {
    handler.held[1].send(text("two"));
    handler.held[2].send(text("three"));
  });
  const auto two = asking.answer();
  EXPECT_EQ(two.body, "two");
  EXPECT_EQ(two.field("Connection"), "close");
  const auto three = sending.answer();
  EXPECT_EQ(three.body, "three");
  EXPECT_EQ(three.field("Connection"), "close");
  asking.close();
  sending.close();
  running.join();
}

TEST(Drain, EndsAtItsTimeLimitWhateverIsUnderWay) {
  Limits limits;
  limits.drain_time = milliseconds(40);
  LateHandler handler;
  RunningServer running(handler, limits);
  Client client(running.endpoint);
  client.send(get("/never"));
  handler.wait_for(1, running);
  running.server.drain();
  running.join();
  EXPECT_EQ(client.answer().status, 0);
}

TEST(Drain, AskedForTwiceEndsAtOnce) {
  LateHandler handler;
  RunningServer running(handler);
  Client client(running.endpoint);
  client.send(get("/never"));
  handler.wait_for(1, running);
  running.server.drain();
  running.server.drain();
  running.join();
  EXPECT_EQ(client.answer().status, 0);
}

TEST(Clients, ThatVanishAtAnyTimeDisturbNobody) {
  FunctionHandler handler;
  RunningServer running(handler);
  const auto request = post("/a", "body");
  for (std::size_t size = 0; size <= request.size(); size += 3) {
    Client client(running.endpoint);
    client.send(request + request.substr(0, size));
    client.reset();
    Client leaving(running.endpoint);
    leaving.send(request.substr(0, size));
    leaving.close();
  }
  Client client(running.endpoint);
  client.send(request);
  EXPECT_EQ(client.answer().body, "/a|body");
}

}  // namespace
}  // namespace doorbuster::http
