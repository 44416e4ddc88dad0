// Streamed replies over plain sockets.
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "http/test_client.h"

namespace doorbuster::http {
namespace {

// Writes a block each time the last is drained; the first byte of a block says which it is.
struct Producer : std::enable_shared_from_this<Producer> {
  Producer(Stream to, int blocks) : stream(std::move(to)), left(blocks) {}
  void go() {
    if (left-- == 0) return stream.finish();
    produced += block.size();
    if (!stream.write(block)) {
      gone = true;
      return;
    }
    stream.when_drained([me = shared_from_this()] { me->go(); });
  }
  Stream stream;
  int left;
  std::string block = std::string(16 * 1024, 'b');
  static inline std::atomic<std::size_t> produced = 0;
  bool gone = false;
};

TEST(Streams, AreChunkedAndTheConnectionGoesOn) {
  FunctionHandler handler;
  handler.on_any = [&](const Request& request, Responder responder) {
    if (request.path == "/plain") return handler.echo(request, responder);
    auto stream = responder.stream(text("begin,"));
    EXPECT_TRUE(stream.write(""));
    EXPECT_TRUE(stream.write("middle,"));
    EXPECT_TRUE(stream.write("end"));
    stream.finish();
  };
  RunningServer running(handler);
  Client client(running.endpoint);
  client.send(get("/stream") + get("/plain") + get("/stream"));
  const auto answer = client.answer();
  EXPECT_EQ(answer.field("Transfer-Encoding"), "chunked");
  EXPECT_EQ(answer.field("Content-Length"), "");
  EXPECT_EQ(answer.body, "begin,middle,end");
  EXPECT_TRUE(answer.whole);
  EXPECT_EQ(client.answer().body, "/plain|");
  EXPECT_EQ(client.answer().body, "begin,middle,end");
}

TEST(Streams, AreDelimitedByTheEndForHttp10) {
  FunctionHandler handler;
  handler.on_any = [](const Request&, Responder responder) {
    auto stream = responder.stream(text("begin,"));
    stream.write("end");
    stream.finish();
  };
  RunningServer running(handler);
  Client client(running.endpoint);
  client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  const auto answer = client.answer();
  EXPECT_EQ(answer.field("Transfer-Encoding"), "");
  EXPECT_EQ(answer.field("Connection"), "close");
  EXPECT_EQ(answer.body, "begin,end");
  EXPECT_FALSE(client.ended_by_reset());
}

TEST(Streams, OfAHeadRequestAreSwallowed) {
  FunctionHandler handler;
  handler.on_any = [&](const Request& request, Responder responder) {
    if (request.path == "/plain") return handler.echo(request, responder);
    auto stream = responder.stream(text("begin"));
    EXPECT_TRUE(stream.write("end"));
    stream.finish();
  };
  RunningServer running(handler);
  Client client(running.endpoint);
  client.send("HEAD /stream HTTP/1.1\r\nHost: a\r\n\r\n" + get("/plain"));
  EXPECT_EQ(client.answer(true).field("Transfer-Encoding"), "chunked");
  EXPECT_EQ(client.answer().body, "/plain|");
}

TEST(Streams, ThatAreNotFinishedAreSeenNotToBeWhole) {
  FunctionHandler handler;
  handler.on_any = [](const Request&, Responder responder) {
    auto stream = responder.stream(text("begin"));
    stream.write("middle");
  };
  RunningServer running(handler);
  Client client(running.endpoint);
  client.send(get("/"));
  EXPECT_FALSE(client.answer().whole);
  Client old(running.endpoint);
  old.send("GET / HTTP/1.0\r\n\r\n");
  old.receive_until_end();
  EXPECT_TRUE(old.ended_by_reset());
}

TEST(Streams, WaitForTheirTurnAndForTheirClient) {
  Producer::produced = 0;
  std::optional<Responder> first;
  std::promise<void> both;
  FunctionHandler handler;
  handler.on_any = [&](const Request& request, Responder responder) {
    if (request.path == "/first") {
      first = std::move(responder);
      return;
    }
    std::make_shared<Producer>(responder.stream(text("")), 4096)->go();
    both.set_value();
  };
  RunningServer running(handler);
  Client client(running.endpoint, 4096);
  client.send(get("/first") + get("/stream"));
  both.get_future().wait();
  // Not its turn: one block is kept and no more is made.
  running.on_its_thread([] {});
  running.on_its_thread([] { EXPECT_EQ(Producer::produced, 16U * 1024); });
  running.on_its_thread([&] { first->send(text("first")); });
  EXPECT_EQ(client.answer().body, "first");
  // The client stops reading: the producer stops soon, with what the kernel took and a little more.
  std::size_t before = 0;
  do {
    before = Producer::produced;
    for (int n = 0; n < 50; ++n) running.on_its_thread([] {});
  } while (Producer::produced != before);
  EXPECT_LT(before, 16U * 1024 * 1024);
  const auto answer = client.answer();
  EXPECT_TRUE(answer.whole);
  EXPECT_EQ(answer.body.size(), 4096U * 16 * 1024);
}

TEST(Streams, ThatNeverWaitAreCutBeforeTheyFillTheMemory) {
  std::promise<std::size_t> taken;
  FunctionHandler handler;
  handler.on_any = [&](const Request&, Responder responder) {
    auto stream = responder.stream(text(""));
    const std::string block(1024 * 1024, 'b');
    std::size_t blocks = 0;
    while (stream.write(block)) ++blocks;
    taken.set_value(blocks);
  };
  RunningServer running(handler);
  Client client(running.endpoint);
  client.send(get("/"));
  EXPECT_LE(taken.get_future().get(), 16U);
  EXPECT_FALSE(client.answer().whole);
}

TEST(Streams, TellTheirProducerThatTheClientHasGone) {
  std::promise<void> began;
  std::shared_ptr<Producer> producer;
  FunctionHandler handler;
  handler.on_any = [&](const Request&, Responder responder) {
    producer = std::make_shared<Producer>(responder.stream(text("")), 1 << 30);
    producer->go();
    began.set_value();
  };
  RunningServer running(handler);
  {
    Client client(running.endpoint);
    client.send(get("/"));
    EXPECT_FALSE(client.receive().empty());
    client.reset();
  }
  began.get_future().wait();
  // It is told by write(), or by never being called again.
  bool ended = false;
  while (!ended) {
    running.on_its_thread([&] { ended = !producer->stream.write("x"); });
  }
  running.on_its_thread([&] { producer.reset(); });
}

// A stream to whoever asks that is never finished.
struct Endless {
  Endless() {
    handler.on_any = [this](const Request&, Responder responder) {
      stream = responder.stream(text("begin"));
      stream.close_with_input();
      EXPECT_TRUE(stream.is_open());
    };
  }
  void wait_until_gone(RunningServer& running) {
    bool open = true;
    while (open) running.on_its_thread([&] { open = stream.is_open(); });
  }
  FunctionHandler handler;
  Stream stream;
};

TEST(Streams, WithoutEndAreOverWhenTheirClientEndsHisSide) {
  Endless endless;
  RunningServer running(endless.handler);
  Client client(running.endpoint);
  client.send(get("/"));
  EXPECT_FALSE(client.receive().empty());
  client.shut_sending();
  endless.wait_until_gone(running);
  running.on_its_thread([&] { endless.stream = {}; });
}

TEST(Streams, WithoutEndAreCutWhenTheirClientDoesNotRead) {
  Endless endless;
  Limits limits;
  limits.stall_time = std::chrono::milliseconds(40);
  RunningServer running(endless.handler, limits);
  Client client(running.endpoint, 4096);
  client.send(get("/"));
  EXPECT_FALSE(client.receive(1).empty());
  running.on_its_thread([&] { endless.stream.write(std::string(6 * 1024 * 1024, 'b')); });
  EXPECT_TRUE(client.wait_for_hang_up());
  endless.wait_until_gone(running);
  running.on_its_thread([&] { endless.stream = {}; });
}

}  // namespace
}  // namespace doorbuster::http
