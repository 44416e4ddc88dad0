#include "api/json.h"

#include <gtest/gtest.h>

namespace doorbuster::api {
namespace {

using Kind = JsonFault::Kind;

std::string written_again(std::string_view text) {
  JsonDocument document;
  if (document.parse(text)) return "refused";
  std::string out;
  document.append(out, document.root());
  return out;
}

std::optional<Kind> fault_in(std::string_view text) {
  JsonDocument document;
  const auto fault = document.parse(text);
  return fault ? std::optional(fault->kind) : std::nullopt;
}

std::string repeated_member_in(std::string_view text) {
  JsonDocument document;
  const auto fault = document.parse(text);
  return fault && fault->kind == Kind::repeated_member ? fault->pointer : "none";
}

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

TEST(Json, IsWrittenAgainWithoutWhiteSpaceAndWithItsNumbersAsTheyWere) {
  EXPECT_EQ(
      written_again(R"( { "a" : [ 1 , 2.50, -3e+10, true ] , "b":{"c":null},"d":[],"e":{} } )"),
      R"({"a":[1,2.50,-3e+10,true],"b":{"c":null},"d":[],"e":{}})");
  EXPECT_EQ(written_again(R"("\u00e9\n\"\\\/ \u0000 \ud83d\ude00")"),
            "\"é\\n\\\"\\\\/ \\u0000 😀\"");
  EXPECT_EQ(written_again("123456789012345678901234567890"), "123456789012345678901234567890");
}

TEST(Json, RefusesWhatIsNotOneWholeJsonText) {
  for (const std::string_view text : {"",
                                      " ",
                                      "{",
                                      "{}x",
                                      "{} {}",
                                      "[1,]",
                                      "{\"a\":1,}",
                                      "{a:1}",
                                      "{'a':1}",
                                      "nul",
                                      "01",
                                      "+1",
                                      ".5",
                                      "1.",
                                      "0x10",
                                      "NaN",
                                      "Infinity",
                                      "// c\n1",
                                      "\"\x01\"",
                                      "\"\\x\"",
                                      "\"\\ud800\"",
                                      "\xef\xbb\xbf{}",
                                      "\"\xff\"",
                                      "\"\xc0\x80\"",
                                      "\"\xed\xa0\x80\"",
                                      "{\"a\" 1}",
                                      "\"a"}) {
    EXPECT_EQ(fault_in(text), Kind::not_json) << text;
  }
}

TEST(Json, GoesThirtyTwoLevelsDeepAndNoFurther) {
  EXPECT_EQ(fault_in(nested(32)), std::nullopt);
  EXPECT_EQ(fault_in(nested(33)), Kind::too_deep);
  EXPECT_EQ(fault_in(nested(30'000)), Kind::too_deep);
}

TEST(Json, RefusesAMemberGivenTwiceAndSaysWhere) {
  EXPECT_EQ(repeated_member_in(R"({"a":1,"b":2,"a":1})"), "/a");
  EXPECT_EQ(repeated_member_in(R"({"a":1,"\u0061":1})"), "/a");
  EXPECT_EQ(repeated_member_in(R"({"x":{"y":[0,{"a/b~c":1,"a/b~c":2}]}})"), "/x/y/1/a~1b~0c");
  EXPECT_EQ(repeated_member_in(R"([[],{"z":0,"z":0}])"), "/1/z");
  EXPECT_EQ(repeated_member_in(R"({"a":{"a":{"a":1}}})"), "none");
}

TEST(Json, ThatIsBrokenIsNoJsonWhateverElseIsWrong) {
  EXPECT_EQ(fault_in(R"({"a":1,"a":1)"), Kind::not_json);
}

TEST(Json, TellsWholeNumbersFromOthers) {
  const auto kind_of = [](std::string_view text) {
    JsonDocument document;
    EXPECT_FALSE(document.parse(text)) << text;
    return document.root().kind;
  };
  for (const std::string_view text : {"0", "1", "-1", "9223372036854775807"}) {
    EXPECT_EQ(kind_of(text), JsonKind::integer) << text;
  }
  for (const std::string_view text : {"-0", "1.0", "1e3", "9223372036854775808", "1E400"}) {
    EXPECT_EQ(kind_of(text), JsonKind::other_number) << text;
  }
}

TEST(Json, IsReadAgainAndAgainByOneDocument) {
  JsonDocument document;
  EXPECT_FALSE(document.parse(R"({"a":"first","b":[1,2,3]})"));
  EXPECT_TRUE(document.parse("{"));
  ASSERT_FALSE(document.parse(R"({"c":"second"})"));
  int members = 0;
  document.for_each_child(document.root(), [&](const JsonNode& member) {
    ++members;
    EXPECT_EQ(member.name, "c");
    EXPECT_EQ(member.text, "second");
  });
  EXPECT_EQ(members, 1);
}

}  // namespace
}  // namespace doorbuster::api
