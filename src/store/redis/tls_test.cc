#include <gtest/gtest.h>

#include <fstream>

#include "store/redis/running_redis_test.h"

namespace doorbuster::redis {
namespace {

// An authority, and what it has signed, made by the openssl program.
class Authority {
 public:
  Authority() {
    run_program({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                 "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
                 "/CN=the test's authority", "-keyout", path("ca.key"), "-out", path("ca.pem")});
  }

  // NAME.pem and NAME.key, for the names in `alternatives` ("DNS:localhost,IP:127.0.0.1").
  void sign(const std::string& name, const std::string& alternatives) const {
    run_program({"openssl", "req", "-new", "-newkey", "ec", "-pkeyopt",
                 "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=" + name, "-keyout",
                 path(name + ".key"), "-out", path(name + ".csr")});
    std::ofstream(path(name + ".ext")) << "subjectAltName=" << alternatives << "\n";
    run_program({"openssl", "x509", "-req", "-days", "2", "-in", path(name + ".csr"), "-CA",
                 path("ca.pem"), "-CAkey", path("ca.key"), "-CAcreateserial", "-extfile",
                 path(name + ".ext"), "-out", path(name + ".pem")});
  }
  std::string path(const std::string& file) const { return folder_.path(file); }

 private:
  TestFolder folder_;
};

class RedisTls : public testing::Test {
 protected:
  // A server that shows the certificate `name`; PORT is its only port.
  RunningRedis::Lines lines(const std::string& name, bool wants_certificates = false) const {
    return {"port 0",
            "tls-port PORT",
            "tls-cert-file " + authority.path(name + ".pem"),
            "tls-key-file " + authority.path(name + ".key"),
            "tls-ca-cert-file " + authority.path("ca.pem"),
            std::string("tls-auth-clients ") + (wants_certificates ? "yes" : "no")};
  }
  ConnectionOptions options(const RunningRedis& redis) const {
    auto options = redis.options();
    options.address.tls = true;
    options.tls.ca_file = authority.path("ca.pem");
    return options;
  }
  static std::string refusal(ConnectionOptions options) {
    const std::string place = options.address.node.text();
    Client client(std::move(options));
    const auto answer = client.ask({"PING"});
    EXPECT_EQ(answer.fate, Fate::not_sent) << answer.reply.text;
    std::string reason = answer.reason;
    const auto at = reason.find(place);
    return at == std::string::npos ? reason : reason.replace(at, place.size(), "PLACE");
  }

  const Authority authority;
};

TEST_F(RedisTls, SpeaksWithAServerWhoseCertificateIsForItsName) {
  authority.sign("server", "DNS:localhost,IP:127.0.0.1");
  RunningRedis redis(lines("server"));
  Client by_address(options(redis));
  EXPECT_EQ(by_address.say({"PING"}), "PONG");
  auto named = options(redis);
  named.address.node.host = "localhost";
  Client by_name(std::move(named));
  EXPECT_EQ(by_name.say({"PING"}), "PONG");

  std::string value(3'000'000, 'x');
  EXPECT_EQ(by_name.say({"SET", "k", value}), "OK");
  EXPECT_EQ(by_name.say({"GET", "k"}), value);
  for (int n = 0; n < 1'000; ++n) ASSERT_TRUE(by_name.submit({"ECHO", std::to_string(n)}));
  ASSERT_TRUE(by_name.run_until([&] { return by_name.answers.size() == 1'000; }));
  for (std::size_t n = 0; n < 1'000; ++n) {
    ASSERT_EQ(by_name.answers[n].reply.text, std::to_string(n));
  }

  bool closed = false;
  by_name.connection->close([&] { closed = true; });
  by_name.io.run();
  EXPECT_TRUE(closed);

  ASSERT_TRUE(by_address.submit({"BLPOP", "nothing", "0"}));
  ASSERT_TRUE(by_address.submit({"PING"}));
  ASSERT_EQ(by_address.io.poll() > 0, true);
  redis.kill();
  ASSERT_TRUE(by_address.run_until([&] { return by_address.answers.size() == 2; }));
  EXPECT_EQ(by_address.answers[0].fate, Fate::unknown);
  redis.start_again();
  EXPECT_EQ(by_address.insist({"PING"}).reply.text, "PONG");
}

TEST_F(RedisTls, RefusesACertificateForAnotherName) {
  authority.sign("other", "DNS:other.example,IP:127.0.0.2");
  RunningRedis redis(lines("other"));
  EXPECT_EQ(refusal(options(redis)),
            "the certificate of PLACE is not accepted for 127.0.0.1: IP address mismatch");
  auto named = options(redis);
  named.address.node.host = "localhost";
  EXPECT_EQ(refusal(named),
            "the certificate of PLACE is not accepted for localhost: hostname mismatch");
  // Unless it is what is wanted, or nobody minds.
  auto expected = options(redis);
  expected.tls.server_name = "other.example";
  EXPECT_EQ(Client(expected).say({"PING"}), "PONG");
  auto careless = options(redis);
  careless.tls.verify = false;
  EXPECT_EQ(Client(careless).say({"PING"}), "PONG");
}

TEST_F(RedisTls, RefusesACertificateOfAnotherAuthority) {
  authority.sign("server", "IP:127.0.0.1");
  RunningRedis redis(lines("server"));
  const Authority another;
  auto options = this->options(redis);
  options.tls.ca_file = another.path("ca.pem");
  const std::string reason =
      "the certificate of PLACE is not accepted for 127.0.0.1: self-signed certificate in "
      "certificate chain";
  EXPECT_EQ(refusal(options), reason);
  options.tls.ca_file.clear();
  EXPECT_EQ(refusal(options), reason);
}

TEST_F(RedisTls, ShowsItsOwnCertificateWhereTheServerWantsOne) {
  authority.sign("server", "IP:127.0.0.1");
  authority.sign("gateway", "DNS:gateway.example");
  RunningRedis redis(lines("server", true));
  auto options = this->options(redis);
  EXPECT_NE(refusal(options), "");
  options.tls.certificate_file = authority.path("gateway.pem");
  options.tls.key_file = authority.path("gateway.key");
  EXPECT_EQ(Client(options).say({"PING"}), "PONG");
}

TEST_F(RedisTls, IsNotSpokenWithAServerThatSpeaksPlainly) {
  // It waits for the end of a line.
  RunningRedis redis;
  auto options = this->options(redis);
  options.attempt_time = std::chrono::milliseconds(1'000);
  EXPECT_EQ(refusal(options), "cannot speak TLS with PLACE within 1000 ms");
}

TEST_F(RedisTls, IsSpokenByAServerThatIsSpokenToPlainly) {
  authority.sign("server", "IP:127.0.0.1");
  RunningRedis redis(lines("server"));
  auto options = this->options(redis);
  options.address.tls = false;
  EXPECT_NE(refusal(options), "");
}

TEST_F(RedisTls, NamesAFileThatCannotBeUsed) {
  authority.sign("server", "IP:127.0.0.1");
  const auto refused = [&](TlsOptions tls) {
    boost::asio::io_context io;
    ConnectionOptions options;
    options.address = *parse_address("rediss://h");
    options.tls = std::move(tls);
    const auto opened = Connection::open(io, std::move(options), {});
    EXPECT_FALSE(opened.ok());
    return opened.ok() ? "" : opened.error().message;
  };
  EXPECT_TRUE(refused({.ca_file = "/nowhere/ca.pem"})
                  .starts_with("/nowhere/ca.pem cannot be used for TLS: "));
  EXPECT_TRUE(refused({.ca_file = authority.path("server.ext")})
                  .starts_with(authority.path("server.ext") + " cannot be used for TLS: "));
  EXPECT_TRUE(
      refused({.certificate_file = authority.path("server.pem"), .key_file = "/nowhere/key"})
          .starts_with("/nowhere/key cannot be used for TLS: "));
  EXPECT_EQ(refused({.certificate_file = authority.path("server.pem")}),
            "of the certificate and its key for TLS one is given, and the other is not");
}

}  // namespace
}  // namespace doorbuster::redis
