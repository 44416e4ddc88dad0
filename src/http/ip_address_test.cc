#include "http/ip_address.h"

#include <gtest/gtest.h>

#include <utility>

namespace doorbuster::http {
namespace {

IpAddress address(const std::string& text) {
  const auto parsed = IpAddress::parse(text);
  EXPECT_TRUE(parsed) << text;
  return parsed.value_or(IpAddress{});
}

TEST(IpAddress, IsReadAndWritten) {
  for (const char* text : {"127.0.0.1", "0.0.0.0", "255.255.255.255", "::1", "2001:db8::1", "::"}) {
    EXPECT_EQ(address(text).text(), text);
  }
  EXPECT_EQ(address("::ffff:10.0.0.1"), address("10.0.0.1"));
  EXPECT_NE(address("::10.0.0.1"), address("10.0.0.1"));
  for (const char* text : {"", "1.2.3", "1.2.3.4.5", "01.2.3.4", "256.0.0.1", "1.2.3.4 ", "[::1]",
                           "::1%lo", ":::", "localhost", "0x7f.0.0.1", "127.1"}) {
    EXPECT_FALSE(IpAddress::parse(text)) << text;
  }
}

TEST(IpAddress, KnowsLoopback) {
  for (const char* text : {"127.0.0.1", "127.255.255.254", "::1", "::ffff:127.0.0.1"}) {
    EXPECT_TRUE(address(text).is_loopback()) << text;
  }
  for (const char* text : {"128.0.0.1", "10.0.0.1", "::", "::2", "1::1", "100::1"}) {
    EXPECT_FALSE(address(text).is_loopback()) << text;
  }
  EXPECT_FALSE(IpAddress{}.is_loopback());
}

TEST(IpNetwork, ContainsWhatBeginsWithItsBits) {
  const auto contains = [](std::string_view network, const std::string& text) {
    const auto parsed = IpNetwork::parse(network);
    EXPECT_TRUE(parsed.ok()) << network;
    return parsed->contains(address(text));
  };
  EXPECT_TRUE(contains("10.0.0.0/8", "10.255.1.2"));
  EXPECT_TRUE(contains("10.0.0.0/8", "::ffff:10.1.2.3"));
  EXPECT_FALSE(contains("10.0.0.0/8", "11.0.0.0"));
  EXPECT_FALSE(contains("10.0.0.0/8", "a00::"));  // the same first byte, another family
  EXPECT_TRUE(contains("172.16.0.0/12", "172.31.255.255"));
  EXPECT_FALSE(contains("172.16.0.0/12", "172.32.0.0"));
  EXPECT_TRUE(contains("128.0.0.0/1", "255.0.0.1"));
  EXPECT_FALSE(contains("128.0.0.0/1", "127.0.0.1"));
  EXPECT_TRUE(contains("192.0.2.7", "192.0.2.7"));
  EXPECT_FALSE(contains("192.0.2.7/32", "192.0.2.6"));
  EXPECT_TRUE(contains("fd00::/8", "fdff::1"));
  EXPECT_FALSE(contains("fd00::/8", "fc00::1"));
  EXPECT_TRUE(contains("2001:db8::/33", "2001:db8:7fff::1"));
  EXPECT_FALSE(contains("2001:db8::/33", "2001:db8:8000::1"));
  EXPECT_FALSE(contains("::1", "::2"));
  EXPECT_FALSE(IpNetwork::parse("10.0.0.0/8")->contains(IpAddress{}));
}

TEST(IpNetwork, ThatIsNoneIsRefusedInWords) {
  const auto why = [](const std::string& text) { return network_flaw(text); };
  EXPECT_EQ(why("10.0.0.0/8"), "");
  EXPECT_EQ(why(""), "'' is no address or network such as 10.0.0.0/8 or fd00::/8");
  EXPECT_EQ(why("proxy.internal"),
            "'proxy.internal' is no address or network such as 10.0.0.0/8 or fd00::/8");
  EXPECT_EQ(why("10.1.0.0/8"),
            "'10.1.0.0/8' has bits behind the first 8; did you mean '10.0.0.0/8'?");
  EXPECT_EQ(why("10.0.0.0/33"), "'10.0.0.0/33' must end in a number of bits from 1 to 32");
  EXPECT_EQ(why("fd00::/129"), "'fd00::/129' must end in a number of bits from 1 to 128");
  for (const char* text : {"10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8 8", "10.0.0.0/0x8"}) {
    EXPECT_NE(why(text).find("must end in a number of bits"), std::string::npos) << text;
  }
  EXPECT_EQ(why("0.0.0.0/0"), "'0.0.0.0/0' is everybody: name the proxies' own network");
  EXPECT_EQ(why("::/0"), "'::/0' is everybody: name the proxies' own network");
}

}  // namespace
}  // namespace doorbuster::http
