#include "store/redis/address.h"

#include <gtest/gtest.h>

namespace doorbuster::redis {
namespace {

std::string refusal(std::string_view url, std::optional<std::string_view> apart = std::nullopt) {
  const auto address = parse_address(url, apart);
  return address.ok() ? "" : address.error().message;
}

TEST(RedisAddress, NamesAServerAUserAndADatabase) {
  const auto full = parse_address("rediss://ann:s3cret@shop.example:7000/3");
  ASSERT_TRUE(full.ok());
  EXPECT_TRUE(full->tls);
  EXPECT_EQ(full->node, (Node{"shop.example", 7000}));
  EXPECT_EQ(full->user, "ann");
  EXPECT_EQ(full->password, "s3cret");
  EXPECT_EQ(full->db, 3U);

  const auto least = parse_address("redis://h");
  ASSERT_TRUE(least.ok());
  EXPECT_FALSE(least->tls);
  EXPECT_EQ(least->node, (Node{"h", 6379}));
  EXPECT_EQ(least->user + least->password, "");
  EXPECT_EQ(least->db, 0U);
}

TEST(RedisAddress, IsShownWithoutItsPassword) {
  const std::pair<const char*, const char*> table[] = {
      {"redis://127.0.0.1", "redis://127.0.0.1:6379"},
      {"redis://127.0.0.1/", "redis://127.0.0.1:6379"},
      {"redis://127.0.0.1:1/0", "redis://127.0.0.1:1"},
      {"redis://[::1]", "redis://[::1]:6379"},
      {"rediss://:pw@[2001:db8::1]:7/15", "rediss://[2001:db8::1]:7/15"},
      {"redis://ann:pw@h", "redis://ann@h:6379"},
      {"redis://a%40%20b:pw@h", "redis://a%40%20b@h:6379"},
      {"redis://@h", "redis://h:6379"},
      {"redis://h/2147483647", "redis://h:6379/2147483647"},
  };
  for (const auto& [url, text] : table) {
    const auto address = parse_address(url);
    ASSERT_TRUE(address.ok()) << url << ": " << address.error().message;
    EXPECT_EQ(address->text(), text);
  }
}

TEST(RedisAddress, HasAnyBytesInUserAndPasswordByPercent) {
  const auto address = parse_address("redis://a%3Ab%40:%2f%00%ff%25p@h");
  ASSERT_TRUE(address.ok());
  EXPECT_EQ(address->user, "a:b@");
  EXPECT_EQ(address->password, std::string("/\0\xff%p", 5));
}

TEST(RedisAddress, TakesAPasswordFromElsewhereAsItIs) {
  const auto address = parse_address("redis://ann@h", "p%40@:/");
  ASSERT_TRUE(address.ok());
  EXPECT_EQ(address->user, "ann");
  EXPECT_EQ(address->password, "p%40@:/");
  EXPECT_EQ(address->text(), "redis://ann@h:6379");
  ASSERT_TRUE(parse_address("redis://h", "pw").ok());

  EXPECT_EQ(refusal("redis://:one@h", "two"),
            "there is a password in the address and another one apart from it");
  EXPECT_EQ(refusal("redis://h", ""), "the password is empty");
  EXPECT_EQ(refusal("redis://ann@h"), "the address names the user ann but no password");
}

TEST(RedisAddress, ThatIsNoneIsRefusedByWhatIsWrong) {
  const std::pair<const char*, const char*> table[] = {
      {"", "it does not begin with redis:// or rediss://"},
      {"127.0.0.1:6379", "it does not begin with redis:// or rediss://"},
      {"http://h", "it does not begin with redis:// or rediss://"},
      {"redis:/h", "it does not begin with redis:// or rediss://"},
      {"REDIS://h", "it does not begin with redis:// or rediss://"},
      {"redis://", "it names no host"},
      {"redis:///1", "it names no host"},
      {"redis://:6379", "it names no host"},
      {"redis://[]:1", "it names no host"},
      {"redis://[::1", "the bracket is not closed"},
      {"redis://[h]", "the host has a character that no host has"},
      {"redis://[ab]", "brackets are for an IPv6 address"},
      {"redis://h h", "the host has a character that no host has"},
      {"redis://h\r\nFLUSHALL", "the host has a character that no host has"},
      {"redis://::1", "it names no host"},
      {"redis://fe80::1", "an IPv6 address stands in brackets"},
      {"redis://h:", "the port is no number from 1 to 65535"},
      {"redis://h:0", "the port is no number from 1 to 65535"},
      {"redis://h:65536", "the port is no number from 1 to 65535"},
      {"redis://h:+1", "the port is no number from 1 to 65535"},
      {"redis://[::1]6379", "the port is no number from 1 to 65535"},
      {"redis://h/x", "behind the / stands the number of a database, and nothing else"},
      {"redis://h/-1", "behind the / stands the number of a database, and nothing else"},
      {"redis://h/1/", "behind the / stands the number of a database, and nothing else"},
      {"redis://h/2147483648", "behind the / stands the number of a database, and nothing else"},
      {"redis://h?db=1", "nothing may stand behind a ? or a #, which are written %3F and %23"},
      {"redis://h#1", "nothing may stand behind a ? or a #, which are written %3F and %23"},
      {"redis://a@b@h", "an @ in a user or a password is written %40"},
      {"redis://a:b:c@h", "a : in a user or a password is written %3A"},
      {"redis://a:b/c@h", "a / in a user or a password is written %2F"},
      {"redis://a:%4@h", "in a user or a password % stands before two hexadecimal digits"},
      {"redis://a:%zz@h", "in a user or a password % stands before two hexadecimal digits"},
      {"redis://a:b%@h", "in a user or a password % stands before two hexadecimal digits"},
  };
  for (const auto& [url, why] : table) {
    EXPECT_EQ(refusal(url),
              std::string("not an address such as redis://user:password@127.0.0.1:6379/0: ") + why)
        << url;
  }
}

TEST(RedisAddress, ThatIsRefusedShowsNoPassword) {
  for (const char* url : {"redis://ann:hush@", "redis://ann:hush@h:x", "redis://ann:hush@h/x",
                          "redis://ann:hu/sh@h", "redis://:hu?sh@h", "redis://:hu:sh@h",
                          "redis://:hu@sh@h", "redis://:hush%@h", "redys://:hush@h"}) {
    const auto address = parse_address(url);
    ASSERT_FALSE(address.ok()) << url;
    EXPECT_EQ(address.error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(address.error().message.find("hu"), std::string::npos) << address.error().message;
    EXPECT_EQ(address.error().message.find("sh@"), std::string::npos) << address.error().message;
  }
  EXPECT_EQ(refusal("redis://:one-hush@h", "two-hush").find("hush"), std::string::npos);
}

}  // namespace
}  // namespace doorbuster::redis
