#include "store/redis/reply.h"

#include <gtest/gtest.h>

#include <random>

namespace doorbuster::redis {
namespace {

using std::string_view_literals::operator""sv;

// A reply as one line, to be compared.
std::string shown(const Reply& reply) {
  switch (reply.kind) {
    case Reply::Kind::nil:
      return "nil";
    case Reply::Kind::integer:
      return std::to_string(reply.integer);
    case Reply::Kind::status:
      return "+" + reply.text;
    case Reply::Kind::text:
      return "'" + reply.text + "'";
    case Reply::Kind::error:
      return "-" + reply.text;
    case Reply::Kind::array:
      break;
  }
  std::string all = "[";
  for (const Reply& item : reply.items) all += (all.size() > 1 ? " " : "") + shown(item);
  return all + "]";
}

// Every whole reply that `reader` has, then '!' and what is wrong.
std::string drain(ReplyReader& reader) {
  std::string all;
  for (;;) {
    auto reply = reader.next();
    if (!reply) return all + "! " + reply.error().message;
    if (!reply->has_value()) return all;
    all += shown(**reply) + ";";
  }
}

std::string read_whole(std::string_view bytes, ReplyLimits limits = {}) {
  ReplyReader reader(limits);
  reader.feed(bytes);
  return drain(reader);
}

std::string read_apart(std::string_view bytes, ReplyLimits limits = {}) {
  ReplyReader reader(limits);
  std::string all;
  for (const char c : bytes) {
    reader.feed({&c, 1});
    all += drain(reader);
    if (all.find('!') != std::string::npos) break;
  }
  return all;
}

constexpr std::string_view kEveryKind =
    "+OK\r\n-ERR no\r\n:-42\r\n$5\r\nhe\r\no\r\n$0\r\n\r\n$-1\r\n*-1\r\n*0\r\n"
    "*3\r\n$1\r\na\r\n*2\r\n:1\r\n*1\r\n$-1\r\n-MOVED 1 h:1\r\n+\r\n";
constexpr std::string_view kEveryKindShown =
    "+OK;-ERR no;-42;'he\r\no';'';nil;nil;[];['a' [1 [nil]] -MOVED 1 h:1];+;";

TEST(RedisCommand, IsAnArrayOfTexts) {
  std::string out = "before";
  append_command(out, {"SET", "k", std::string_view("\r\n\0", 3), ""});
  EXPECT_EQ(out, "before*4\r\n$3\r\nSET\r\n$1\r\nk\r\n$3\r\n\r\n\0\r\n$0\r\n\r\n"sv);
}

TEST(RedisReply, IsReadOfEveryKind) { EXPECT_EQ(read_whole(kEveryKind), kEveryKindShown); }

TEST(RedisReply, IsTheSameHoweverItsBytesCome) {
  EXPECT_EQ(read_apart(kEveryKind), kEveryKindShown);
  for (std::size_t one = 0; one <= kEveryKind.size(); ++one) {
    for (std::size_t two = one; two <= kEveryKind.size(); ++two) {
      ReplyReader reader;
      std::string all;
      for (const auto piece :
           {kEveryKind.substr(0, one), kEveryKind.substr(one, two - one), kEveryKind.substr(two)}) {
        reader.feed(piece);
        all += drain(reader);
      }
      ASSERT_EQ(all, kEveryKindShown) << one << ", " << two;
    }
  }
}

TEST(RedisReply, OfManyMegabytesIsReadInPieces) {
  const std::string text(5'000'000, 'x');
  const std::string bytes = "*2\r\n$5000000\r\n" + text + "\r\n:1\r\n:2\r\n";
  ReplyReader reader;
  std::string all;
  for (std::size_t at = 0; at < bytes.size(); at += 65'536) {
    reader.feed(std::string_view(bytes).substr(at, 65'536));
    all += drain(reader);
  }
  EXPECT_EQ(all, "['" + text + "' 1];2;");
}

TEST(RedisReply, ThatIsMalformedIsAnErrorAndStaysOne) {
  for (const std::string bytes :
       {"hello\r\n", "\r\n", "$x\r\n", "$-2\r\n", ":x\r\n", ":\r\n", "*x\r\n", "*-2\r\n",
        "$3\r\nabcde\r\n", "*1\r\n$1\r\nabc", "%1\r\n+a\r\n+b\r\n", "_\r\n",
        ":9223372036854775808\r\n", "$18446744073709551617\r\n", "*99999999999999999999\r\n",
        "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n"}) {
    ReplyReader reader;
    reader.feed("+before\r\n" + bytes);
    const auto all = drain(reader);
    EXPECT_EQ(all.find("+before;! a malformed reply: "), 0U) << bytes << ": " << all;
    reader.feed("+after\r\n");
    EXPECT_EQ("+before;" + drain(reader), all);
    EXPECT_NE(read_apart(bytes).find("! a malformed reply: "), std::string::npos) << bytes;
  }
}

TEST(RedisReply, BeyondALimitIsMalformedBeforeItsBytesHaveCome) {
  const ReplyLimits limits{.bytes = 1'000, .bulk_bytes = 100, .items = 10};
  const std::string long_text = "! a malformed reply: a text of more than 100 bytes";
  EXPECT_EQ(read_whole("$101\r\n", limits), long_text);
  EXPECT_EQ(read_whole("$9223372036854775807\r\n", limits), long_text);
  EXPECT_EQ(read_whole("$101\r\n" + std::string(101, 'x') + "\r\n", limits), long_text);
  EXPECT_EQ(read_whole("+" + std::string(101, 'x') + "\r\n", limits), long_text);
  EXPECT_EQ(read_whole("$100\r\n" + std::string(100, 'x') + "\r\n", limits),
            "'" + std::string(100, 'x') + "';");

  const std::string many = "! a malformed reply: more than 10 items";
  EXPECT_EQ(read_whole("*11\r\n", limits), many);
  EXPECT_EQ(read_whole("*2147483647\r\n", limits), many);
  EXPECT_EQ(read_whole("*3\r\n*3\r\n:1\r\n:2\r\n:3\r\n*5\r\n", limits), many);
  // Each reply has the limit for itself.
  EXPECT_EQ(read_whole("*6\r\n:1\r\n:2\r\n:3\r\n:4\r\n:5\r\n:6\r\n*10\r\n", limits),
            "[1 2 3 4 5 6];");

  std::string whole = "*10\r\n";
  for (int n = 0; n < 9; ++n) whole += "$100\r\n" + std::string(100, 'x') + "\r\n";
  EXPECT_EQ(read_whole(whole + "$9", {.bytes = 900, .bulk_bytes = 100, .items = 10}),
            "! a malformed reply: more than 900 bytes");
  EXPECT_EQ(read_whole("+abc\r\n+abcd\r\n", {.bytes = 6, .bulk_bytes = 100, .items = 10}),
            "+abc;! a malformed reply: more than 6 bytes");
}

TEST(RedisReply, LineWithoutAnEndIsNotGatheredForEver) {
  ReplyReader reader;
  std::string all;
  for (int n = 0; n < 100 && all.empty(); ++n) {
    reader.feed((n == 0 ? "+" : "") + std::string(4'096, 'x'));
    all = drain(reader);
  }
  EXPECT_EQ(all, "! a malformed reply: an endless line");
}

TEST(RedisReply, OfAnyBytesIsNoCrash) {
  constexpr std::string_view kAlphabet = "+-:$*\r\n\r\n\r\n0123459abc";
  std::mt19937 random(20'261'126);
  for (int round = 0; round < 50'000; ++round) {
    std::string bytes;
    const auto size = random() % 40;
    for (unsigned n = 0; n < size; ++n) bytes += kAlphabet[random() % kAlphabet.size()];
    const ReplyLimits limits{.bytes = 30, .bulk_bytes = 10, .items = 5};
    const auto whole = read_whole(bytes, limits);
    // Whole replies before the flaw are the same; how much is gathered before it is met is not.
    const auto apart = read_apart(bytes, limits);
    EXPECT_EQ(whole.substr(0, whole.find('!')), apart.substr(0, apart.find('!'))) << bytes;
  }
}

TEST(RedisReply, OfWhichABitChangedIsNoCrash) {
  for (std::size_t bit = 0; bit < kEveryKind.size() * 8; ++bit) {
    std::string bytes(kEveryKind);
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_EQ(read_whole(bytes).substr(0, 1).empty(), read_apart(bytes).substr(0, 1).empty());
  }
}

}  // namespace
}  // namespace doorbuster::redis
