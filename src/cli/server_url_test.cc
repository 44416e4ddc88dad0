#include "cli/server_url.h"

#include <gtest/gtest.h>

namespace doorbuster::cli {
namespace {

TEST(ServerUrl, NamesAHostAndAPort) {
  const std::pair<const char*, const char*> table[] = {
      {"http://127.0.0.1:8080", "http://127.0.0.1:8080"},
      {"http://127.0.0.1:8080/", "http://127.0.0.1:8080"},
      {"http://localhost", "http://localhost:80"},
      {"http://[::1]:9", "http://[::1]:9"},
      {"http://[::1]", "http://[::1]:80"},
      {"http://sales.example:1", "http://sales.example:1"},
  };
  for (const auto& [url, text] : table) {
    const auto server = parse_server_url(url);
    ASSERT_TRUE(server.ok()) << url;
    EXPECT_EQ(server->text(), text);
  }
  EXPECT_EQ(parse_server_url("http://[::1]:9")->host, "::1");
}

TEST(ServerUrl, ThatIsNoneIsRefusedInWords) {
  for (const char* url :
       {"", "nonsense", "127.0.0.1:8080", "http://", "http://:80", "http://h:", "http://h:x",
        "http://h:65536", "http://[::1", "http://[::1]x", "http://[]:1", "http://u@h", "http://h h",
        "http://h\r\nX: y", "http://h?q", "http://h/path", "https://h", "ftp://h"}) {
    const auto server = parse_server_url(url);
    ASSERT_FALSE(server.ok()) << url;
    EXPECT_EQ(server.error().code, ErrorCode::invalid_argument);
    EXPECT_NE(server.error().message.find("http://127.0.0.1:8080"), std::string::npos);
  }
  EXPECT_NE(parse_server_url("https://h").error().message.find("TLS"), std::string::npos);
  EXPECT_NE(parse_server_url("http://h/x").error().message.find("path"), std::string::npos);
}

}  // namespace
}  // namespace doorbuster::cli
