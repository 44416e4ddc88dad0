#include "cli/log_line.h"

#include <gtest/gtest.h>

#include <array>
#include <boost/json.hpp>
#include <random>

namespace doorbuster::cli {
namespace {

constexpr Time kAt{std::chrono::milliseconds(1'794'398'400'123)};

std::string json_of(std::string_view message, std::span<const LogMember> members = {}) {
  std::string out;
  append_json_line(out, {kAt, LogLevel::warning, "clock", message, members});
  return out;
}

std::string text_of(std::string_view message, std::span<const LogMember> members = {}) {
  std::string out;
  append_text_line(out, {kAt, LogLevel::warning, "clock", message, members});
  return out;
}

constexpr std::string_view kHostile =
    "\"}\\\n\r\t\x1b[2J\x7f\xff\xc0\x80\xed\xa0\x80\xe2\x80\xae\xe2\x80\xa8\xc2\x9b"
    "31m\xf0\x9f\x8e\x9f";

TEST(LogLine, MembersStandInOneObject) {
  const std::array<LogMember, 4> members = {{{"sale", "shoes"},
                                             {"status", std::uint64_t{201}},
                                             {"duration_ms", std::chrono::microseconds(1007)},
                                             {"took", std::chrono::microseconds(-1)}}};
  EXPECT_EQ(
      json_of("it is \"late\"", members),
      R"({"ts":"2026-11-11T12:00:00.123Z","level":"warning","event":"clock",)"
      R"("msg":"it is \"late\"","sale":"shoes","status":201,"duration_ms":1.007,"took":0.000})"
      "\n");
  EXPECT_EQ(text_of("it is late", members),
            "12:00:00Z warning  it is late  sale=shoes status=201 duration_ms=1.007 took=0.000\n");
}

TEST(LogLine, WhatSteersATerminalOrIsNoTextDoesNotGetThrough) {
  const std::string json = json_of(kHostile);
  EXPECT_NE(json.find(R"("\"}\\\n\r\t\u001b[2J\u007f)"
                      "\xef\xbf\xbd"),
            std::string::npos)
      << json;
  EXPECT_NE(json.find("\\u202e\\u2028\\u009b31m\xf0\x9f\x8e\x9f\""), std::string::npos) << json;
  const std::string text = text_of(kHostile);
  for (const std::string& line : {json, text}) {
    EXPECT_EQ(line.find('\n'), line.size() - 1);
    for (const char c : line.substr(0, line.size() - 1)) {
      EXPECT_GE(static_cast<unsigned char>(c), 0x20);
      EXPECT_NE(c, 0x7f);
    }
  }
}

TEST(LogLine, AnyBytesAtAllMakeOneObjectOnOneLine) {
  std::mt19937 random(20261126);
  for (int i = 0; i < 3000; ++i) {
    std::string bytes(random() % 40, '\0');
    for (char& c : bytes) c = static_cast<char>(random() % (i % 2 == 0 ? 256 : 40));
    const std::array<LogMember, 1> members = {{{"request_id", bytes}}};
    const std::string line = json_of(bytes, members);
    ASSERT_EQ(line.find('\n'), line.size() - 1);
    boost::json::error_code error;
    const auto value = boost::json::parse(line, error);  // invalid UTF-8 is an error, too
    ASSERT_FALSE(error) << line;
    ASSERT_EQ(value.as_object().size(), 5U);
    ASSERT_EQ(text_of(bytes, members).find('\n'), text_of(bytes, members).size() - 1);
  }
}

TEST(LogLine, WordsOfSettings) {
  for (const LogLevel level :
       {LogLevel::debug, LogLevel::info, LogLevel::warning, LogLevel::error}) {
    EXPECT_EQ(parse_log_level(to_string(level)), level);
  }
  EXPECT_EQ(parse_log_format("auto"), LogFormat::automatic);
  EXPECT_EQ(parse_log_format("json"), LogFormat::json);
  EXPECT_EQ(parse_log_format("text"), LogFormat::text);
  for (const char* word : {"", "INFO", "warn", "trace", " info"}) {
    EXPECT_FALSE(parse_log_level(word)) << word;
    EXPECT_FALSE(parse_log_format(word)) << word;
  }
}

}  // namespace
}  // namespace doorbuster::cli
