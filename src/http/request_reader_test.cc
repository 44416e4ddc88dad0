// The parser by hand, without a socket: how it takes bytes, what it keeps, how it says no.
#include "http/request_reader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "http/char_class.h"
#include "http/head_scanner.h"
#include "http/syntax.h"

namespace doorbuster::http {
namespace {

constexpr std::size_t kHeadLimit = 16 * 1024;
constexpr std::size_t kBodyLimit = 100'000;

// What the reader gave, one line each.
class Transcript {
 public:
  explicit Transcript(std::size_t body_limit = kBodyLimit) : body_limit_(body_limit) {}

  // Feeds all of `bytes`, at most `most` at a time; false when the reader has refused something.
  bool feed(std::string_view bytes, std::size_t most = 100'000) {
    while (!bytes.empty()) {
      const auto room = reader_.prepare();
      EXPECT_GT(room.size(), 0U);
      largest_room_ = std::max(largest_room_, room.size());
      const auto size = std::min({room.size(), bytes.size(), most});
      std::memcpy(room.data(), bytes.data(), size);
      bytes.remove_prefix(size);
      reader_.commit(size);
      if (!take()) return false;
    }
    return true;
  }
  const std::string& text() const { return text_; }
  RequestReader& reader() { return reader_; }
  std::size_t largest_room() const { return largest_room_; }

 private:
  bool take() {
    for (;;) {
      switch (reader_.next()) {
        case RequestReader::Step::need_more:
          return true;
        case RequestReader::Step::head:
          reader_.allow_body(body_limit_);
          break;
        case RequestReader::Step::request:
          record();
          break;
        case RequestReader::Step::refused:
          text_ += "refused " + std::to_string(static_cast<int>(reader_.refusal())) + "\n";
          return false;
      }
    }
  }
  void record() {
    const auto& request = reader_.request();
    text_ += std::string(request.method_text) + " " + std::string(request.target);
    for (const auto& field : request.fields) {
      text_ += " " + std::string(field.name) + "=" + std::string(field.value);
    }
    text_ += " [" + std::string(request.body) + "]" + (reader_.keep_alive() ? "" : " close") + "\n";
  }

  RequestReader reader_{kHeadLimit, Peer{}};
  const std::size_t body_limit_;
  std::string text_;
  std::size_t largest_room_ = 0;
};

const std::string kConversation =
    "GET /a?b HTTP/1.1\r\nHost: x\r\n\r\n"
    "\r\nPOST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"
    "POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    "3;ext=\"q\"\r\nabc\r\n00A\r\n0123456789\r\n0\r\nTrailer: t\r\n\r\n"
    "POST /d HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n00\r\n\r\n"
    "GET /e HTTP/1.0\r\n\r\n";

const std::string kTranscript =
    "GET /a?b Host=x []\n"
    "POST /b Host=x Content-Length=5 [hello]\n"
    "POST /c Host=x Transfer-Encoding=chunked [abc0123456789]\n"
    "POST /d Host=x Transfer-Encoding=chunked []\n"
    "GET /e [] close\n";

TEST(RequestReader, ReadsTheSameHoweverTheBytesAreSplit) {
  for (std::size_t most = 1; most <= kConversation.size(); ++most) {
    Transcript transcript;
    ASSERT_TRUE(transcript.feed(kConversation, most)) << most << "\n" << transcript.text();
    EXPECT_EQ(transcript.text(), kTranscript) << most;
    EXPECT_FALSE(transcript.reader().has_partial());
  }
}

TEST(RequestReader, ReadsTheSameWhateverTwoPiecesArrive) {
  for (std::size_t first = 0; first <= kConversation.size(); ++first) {
    Transcript transcript;
    ASSERT_TRUE(transcript.feed(kConversation.substr(0, first)));
    ASSERT_TRUE(transcript.feed(kConversation.substr(first)));
    EXPECT_EQ(transcript.text(), kTranscript) << first;
  }
}

TEST(RequestReader, RefusesTheSameHoweverABrokenConversationIsSplit) {
  const unsigned seed = 20261111;
  std::mt19937 random(seed);
  for (int round = 0; round < 3000; ++round) {
    auto broken = kConversation;
    for (int n = 0; n < 3; ++n) {
      broken[random() % broken.size()] = "\r\n :;0a,\0\x7f"[random() % 10];
    }
    Transcript whole;
    const bool good = whole.feed(broken);
    Transcript parts;
    std::string_view rest = broken;
    bool parts_good = true;
    while (!rest.empty() && parts_good) {
      const auto size = std::min<std::size_t>(rest.size(), 1 + random() % 40);
      parts_good = parts.feed(rest.substr(0, size), 1 + random() % 5);
      rest.remove_prefix(size);
    }
    EXPECT_EQ(whole.text(), parts.text()) << "seed " << seed << " round " << round;
    EXPECT_EQ(good, parts_good);
  }
}

// What looks like the line of a last chunk is none in the middle of another one.
TEST(RequestReader, RefusesAChunkThatGoesOnBehindItsEndAtOnce) {
  Transcript transcript;
  ASSERT_TRUE(
      transcript.feed("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n"));
  EXPECT_FALSE(transcript.feed("04\r\n"));
  Transcript whole;
  ASSERT_TRUE(whole.feed("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n"));
  EXPECT_TRUE(whole.feed("0\r\n"));
  EXPECT_TRUE(whole.feed("0\r\n\r\n"));
  EXPECT_EQ(whole.text().find("refused"), std::string::npos);
}

TEST(RequestReader, KeepsTheHeadGoodWhileALongBodyMovesTheBuffer) {
  const std::string body(kBodyLimit, 'b');
  const auto head = "POST /long?q HTTP/1.1\r\nHost: x\r\nX-Kept: kept\r\nContent-Length: " +
                    std::to_string(body.size()) + "\r\n\r\n";
  Transcript transcript;
  ASSERT_TRUE(transcript.feed("GET /first HTTP/1.1\r\nHost: x\r\n\r\n" + head + body, 3000));
  EXPECT_NE(transcript.text().find("POST /long?q Host=x X-Kept=kept"), std::string::npos);
  EXPECT_NE(transcript.text().find("[" + body + "]"), std::string::npos);
}

TEST(RequestReader, IsSmallAgainAfterALongBody) {
  Transcript transcript;
  const std::string body(kBodyLimit, 'b');
  ASSERT_TRUE(transcript.feed("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: " +
                              std::to_string(body.size()) + "\r\n\r\n" + body));
  EXPECT_GT(transcript.largest_room(), 16U * 1024);
  EXPECT_LE(transcript.reader().prepare().size(), 8U * 1024);
}

TEST(RequestReader, DoesNotReserveWhatIsOnlyAnnounced) {
  Transcript transcript(std::size_t{1} << 40);
  ASSERT_TRUE(transcript.feed("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n"));
  EXPECT_LE(transcript.reader().prepare().size(), 64U * 1024);
}

TEST(RequestReader, RefusesMuchChunkingForLittleBody) {
  Transcript transcript;
  std::string bytes = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int n = 0; n < 200; ++n) bytes += "1;" + std::string(200, 'e') + "\r\nb\r\n";
  EXPECT_FALSE(transcript.feed(bytes));
  EXPECT_EQ(transcript.text(), "refused 0\n");
}

TEST(RequestReader, KnowsWhoWaitsForAContinue) {
  RequestReader reader(kHeadLimit, Peer{});
  const std::string head =
      "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n";
  const auto feed = [&](std::string_view bytes) {
    std::memcpy(reader.prepare().data(), bytes.data(), bytes.size());
    reader.commit(bytes.size());
  };
  feed(head);
  ASSERT_EQ(reader.next(), RequestReader::Step::head);
  reader.allow_body(2);
  EXPECT_TRUE(reader.awaits_continue());
  feed("b");
  EXPECT_FALSE(reader.awaits_continue());
  EXPECT_EQ(reader.next(), RequestReader::Step::need_more);
  EXPECT_TRUE(reader.has_partial());
  feed("b");
  EXPECT_EQ(reader.next(), RequestReader::Step::request);
  EXPECT_EQ(reader.requests(), 1U);
  EXPECT_FALSE(reader.has_more());
}

TEST(HeadScanner, FindsTheEndByteByByte) {
  const std::string head = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
  HeadScanner scanner;
  for (std::size_t size = 1; size < head.size(); ++size) {
    ASSERT_EQ(scanner.scan({head.data(), size}), HeadScanner::Found::more) << size;
  }
  EXPECT_EQ(scanner.scan(head + "next"), HeadScanner::Found::end);
  EXPECT_EQ(scanner.head_size(), head.size());
  EXPECT_EQ(scanner.first_line_size(), 14U);
}

TEST(HeadScanner, RefusesAtTheFirstByteThatCannotBe) {
  for (const std::string bad :
       {"\x16", "\n", " ", "\r", "GET\n", "GET\rx", "GET\x01", "G\r\n a\r\n"}) {
    HeadScanner scanner;
    EXPECT_EQ(scanner.scan(bad), HeadScanner::Found::malformed) << bad;
  }
}

TEST(Syntax, KnowsHosts) {
  for (const auto* good : {"a", "a.example", "a:80", "a:", "127.0.0.1:65535", "[::1]", "[::1]:80",
                           "a%20b", "a_b", "xn--fiq228c"}) {
    EXPECT_TRUE(is_valid_host(good)) << good;
  }
  for (const auto* bad :
       {"", ":80", "a b", "a:b", "a:123456", "[", "[]", "[::1", "[::1]x", "[::1]:x", "[g]", "a/b",
        "a?b", "u@a", "a%", "a%2", "a%zz", "a:80:80", "\"a\""}) {
    EXPECT_FALSE(is_valid_host(bad)) << bad;
  }
}

TEST(Syntax, KnowsLengthsAndCodings) {
  EXPECT_EQ(content_length_of("0"), 0U);
  EXPECT_EQ(content_length_of("0010"), 10U);
  EXPECT_EQ(content_length_of("999999999999999999"), 999'999'999'999'999'999U);
  for (const auto* bad : {"", " 1", "1 ", "+1", "-1", "1,1", "0x1", "1e3", "9999999999999999999"}) {
    EXPECT_FALSE(content_length_of(bad).has_value()) << bad;
  }
  EXPECT_EQ(transfer_coding_of("Chunked"), TransferCoding::chunked);
  EXPECT_EQ(transfer_coding_of("gzip , chunked"), TransferCoding::unknown);
  for (const auto* bad : {"", ",", "chunked,", "chunked , CHUNKED", "a b", "chunked;a"}) {
    EXPECT_EQ(transfer_coding_of(bad), TransferCoding::malformed) << bad;
  }
}

TEST(CharClass, ANameIsKnownInAnyCaseAndWithNoOtherCharacterInIt) {
  for (const std::string known : {"host", "x-buyer-id", "content-length", "http2-settings"}) {
    for (std::size_t at = 0; at < known.size(); ++at) {
      for (int c = 0; c < 256; ++c) {
        if (!is_token_char(static_cast<char>(c))) continue;
        std::string name = known;
        name[at] = static_cast<char>(c);
        EXPECT_EQ(is_name(name, known), same_ignoring_case(name, known)) << name;
      }
    }
    EXPECT_FALSE(is_name(known + "s", known));
    EXPECT_FALSE(is_name(std::string_view(known).substr(1), known));
  }
}

TEST(CharClass, PlainTextIsVisibleAsciiAndSpaces) {
  for (std::size_t size = 0; size <= 20; ++size) {
    EXPECT_TRUE(is_plain_text(std::string(size, 'a')));
    for (std::size_t at = 0; at < size; ++at) {
      for (int c = 0; c < 256; ++c) {
        for (const char beside : {' ', '~'}) {
          std::string text(size, beside);
          text[at] = static_cast<char>(c);
          EXPECT_EQ(is_plain_text(text), c >= 0x20 && c < 0x7f) << size << " " << at << " " << c;
        }
      }
    }
  }
}

// The same request, read by the parser: nothing about it is plain any more.
std::string made_odd(std::string bytes) {
  constexpr std::string_view kEnd = "\r\n\r\n";
  return bytes.insert(bytes.find(kEnd) + 2, "Connection: keep-alive\r\n");
}

void expect_read_the_same(const std::string& bytes) {
  Transcript plain;
  Transcript odd;
  plain.feed(bytes);
  odd.feed(made_odd(bytes));
  std::string text = odd.text();
  const std::string added = " Connection=keep-alive";
  if (const auto at = text.find(added); at != std::string::npos) text.erase(at, added.size());
  EXPECT_EQ(plain.text(), text) << bytes;
}

TEST(PlainHead, IsReadAsTheParserReadsIt) {
  for (const std::string fields : {"",
                                   "X-Buyer-Id: anna\r\n",
                                   "x-buyer-id:anna\r\n",
                                   "X-Buyer-Id: \t anna \t\r\n",
                                   "X-Buyer-Id:\r\n",
                                   "X-Buyer-Id:  \r\n",
                                   "Accept: a b\tc\r\n",
                                   "A: \xc3\xa4\r\n",
                                   "A: \x7f\r\n",
                                   "A: \x01\r\n",
                                   "A : b\r\n",
                                   ": b\r\n",
                                   "A\r\n",
                                   "A b: c\r\n",
                                   "A: b\rc\r\n",
                                   "(A): b\r\n",
                                   "HOST: b\r\n",
                                   "Content-Length: 0\r\n",
                                   "CONTENT-LENGTH: 5\r\n",
                                   "Content-Length: 05\r\n",
                                   "Content-Length: 5\r\nContent-Length: 5\r\n",
                                   "Content-Length: 5 \r\n",
                                   "Content-Length: -5\r\n",
                                   "Content-Length: 5, 5\r\n",
                                   "Content-Length:\r\n",
                                   "Content-Length: 999999999999999999\r\n",
                                   "Content-Length: 9999999999999999999\r\n",
                                   "Expect: 100-continue\r\n",
                                   "Upgrade: h2c\r\n",
                                   "!#$%&'*+-.^_`|~: 1\r\n"}) {
    expect_read_the_same("POST /a?b HTTP/1.1\r\nHost: x:80\r\n" + fields + "\r\nhello");
    expect_read_the_same("POST /a?b HTTP/1.1\r\n" + fields + "Host: x\r\n\r\nhello");
  }
  for (const std::string host :
       {"", "x", "x:80", "x:800000", "[::1]:1", "[::1", "a b", "a%zz", "a/b"}) {
    expect_read_the_same("GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n");
  }
  expect_read_the_same("GET / HTTP/1.1\r\n\r\n");
  std::string many = "GET / HTTP/1.1\r\nHost: x\r\n";
  for (int i = 0; i < 98; ++i) many += "A: b\r\n";
  expect_read_the_same(many + "\r\n");
}

TEST(PlainHead, IsReadAsTheParserReadsItWhateverComes) {
  std::mt19937 random(1);
  const std::vector<std::string> pieces = {
      "Host: ",   "x",  "\r\n",       "Content-Length: ", "5",    " ",    "\t", ":", "A: ",
      "Expect: ", "\r", "Host:x\r\n", "\r\nA: ",          "\x80", "\x7f", "b",  "@", "-"};
  for (int i = 0; i < 20'000; ++i) {
    std::string head = "POST / HTTP/1.1\r\nHost: x";
    for (auto count = random() % 12; count > 0; --count) head += pieces[random() % pieces.size()];
    const std::string bytes = head + "\r\n\r\nhello";
    if (bytes.find("\r\n\r\n") != head.size()) continue;
    expect_read_the_same(bytes);
  }
}

TEST(PlainHead, MayHaveNoMoreFieldsThanAnyOther) {
  Transcript most;
  Transcript more;
  std::string many = "GET / HTTP/1.1\r\nHost: x\r\n";
  for (int i = 0; i < 99; ++i) many += "A: b\r\n";
  EXPECT_TRUE(most.feed(many + "\r\n"));
  EXPECT_FALSE(more.feed(many + "A: b\r\n\r\n"));
}

}  // namespace
}  // namespace doorbuster::http
