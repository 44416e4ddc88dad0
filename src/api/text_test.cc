#include "api/text.h"

#include <gtest/gtest.h>

#include <array>

#include "api/form.h"
#include "api/language.h"

namespace doorbuster::api {
namespace {

std::string json_string(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

TEST(Text, IsEscapedAsJsonAsksAndNoMore) {
  EXPECT_EQ(json_string(""), "\"\"");
  EXPECT_EQ(json_string("plain é 秒杀 😀 /"), "\"plain é 秒杀 😀 /\"");
  EXPECT_EQ(json_string("a\"b\\c\n\r\t\x01\x1f\x7f"), "\"a\\\"b\\\\c\\n\\r\\t\\u0001\\u001f\x7f\"");
  EXPECT_EQ(json_string(std::string_view("\0", 1)), "\"\\u0000\"");
}

TEST(Text, CountsCharactersOfUtf8AndRefusesTheRest) {
  EXPECT_EQ(count_characters("aé秒😀"), 4U);
  EXPECT_EQ(count_characters(""), 0U);
  for (const std::string_view bad :
       {"\x80", "\xc3", "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xed\xa0\x80", "\xf0\x80\x80\x80",
        "\xf4\x90\x80\x80", "\xf8", "\xe7\xa7", "a\xff"}) {
    EXPECT_EQ(count_characters(bad), std::nullopt);
  }
}

TEST(Text, IsPrintableWithoutControlsSeparatorsAndNoncharacters) {
  EXPECT_TRUE(is_printable("u_42 Jörg 张伟 😀"));
  for (const std::string_view bad :
       {"a\nb", "\x7f", "\xc2\x85", "\xe2\x80\xa8", "\xef\xbb\xbf", "\xef\xbf\xbe", "\xff"}) {
    EXPECT_FALSE(is_printable(bad));
  }
}

TEST(Text, KnowsSlugs) {
  EXPECT_TRUE(is_slug("iphone-drop-2"));
  EXPECT_TRUE(is_slug(std::string(64, 'a')));
  for (const std::string& bad :
       {std::string(), std::string(65, 'a'), std::string("A"), std::string("a_b"),
        std::string("a b"), std::string("%61"), std::string("é")}) {
    EXPECT_FALSE(is_slug(bad)) << bad;
  }
}

TEST(Text, ReadsNumbersWrittenInDigitsAlone) {
  EXPECT_EQ(parse_number("1000", 1000), 1000U);
  for (const std::string_view bad :
       {"", "1001", "-1", "+1", " 1", "1 ", "1.0", "1e3", "0x1", "99999999999999999999999"}) {
    EXPECT_EQ(parse_number(bad, 1000), std::nullopt) << bad;
  }
}

TEST(Text, FindsTheWordThatWasMeant) {
  constexpr std::array<std::string_view, 3> kWords = {"stock", "title", "closes_at"};
  EXPECT_EQ(nearest_word("stokc", kWords), "stock");
  EXPECT_EQ(nearest_word("close_at", kWords), "closes_at");
  EXPECT_EQ(nearest_word("colour", kWords), "");
  EXPECT_EQ(nearest_word("", kWords), "");
  EXPECT_EQ(nearest_word(std::string(10'000, 's'), kWords), "");
}

TEST(Form, IsDecoded) {
  Form form;
  ASSERT_TRUE(form.parse("uid=J%C3%B6rg+A&&empty=&alone&quantity=2"));
  ASSERT_EQ(form.fields().size(), 4U);
  EXPECT_EQ(form.fields()[0].name, "uid");
  EXPECT_EQ(form.fields()[0].value, "Jörg A");
  EXPECT_EQ(form.fields()[1].value, "");
  EXPECT_EQ(form.fields()[2].name, "alone");
  EXPECT_EQ(form.fields()[3].value, "2");
  ASSERT_TRUE(form.parse(""));
  EXPECT_TRUE(form.fields().empty());
}

TEST(Form, WithBrokenEscapesOrBytesThatAreNotUtf8IsRefused) {
  Form form;
  for (const std::string_view bad : {"a=%", "a=%4", "a=%zz", "%C3=1", "a=%FF", "a=\xff"}) {
    EXPECT_FALSE(form.parse(bad)) << bad;
  }
}

TEST(Language, IsTheOneThatThePersonPrefers) {
  EXPECT_EQ(preferred_language(""), Language::english);
  EXPECT_EQ(preferred_language("de, fr;q=0.5"), Language::english);
  EXPECT_EQ(preferred_language("zh-CN"), Language::chinese);
  EXPECT_EQ(preferred_language("ZH-hans-SG , en;q=0.9"), Language::chinese);
  EXPECT_EQ(preferred_language("en-GB,zh;q=0.8"), Language::english);
  EXPECT_EQ(preferred_language("en;q=0.3, zh-CN;q=0.7"), Language::chinese);
  EXPECT_EQ(preferred_language("zh;q=0"), Language::english);
  EXPECT_EQ(preferred_language(",;q=,q=;;zh;q=1.0"), Language::english);
}

}  // namespace
}  // namespace doorbuster::api
