#include "api/precondition.h"

#include <gtest/gtest.h>

namespace doorbuster::api {
namespace {

struct Read {
  IfMatch found = IfMatch::missing;
  Precondition precondition;
};

Read read(const std::vector<std::string_view>& values) {
  std::vector<http::Field> fields = {{"Host", "localhost"}};
  for (const std::string_view value : values) fields.push_back({"if-MATCH", value});
  Read read;
  read.found = read_if_match(fields, read.precondition);
  return read;
}

TEST(IfMatch, IsMissingWhereNoFieldIs) { EXPECT_EQ(read({}).found, IfMatch::missing); }

TEST(IfMatch, HoldsForTheVersionsItNames) {
  for (const auto& values : std::vector<std::vector<std::string_view>>{
           {R"("7")"}, {R"("1", "7")"}, {R"("x","7")"}, {R"(, "7" ,)"}, {R"("1")", R"("7")"}}) {
    const Read given = read(values);
    EXPECT_EQ(given.found, IfMatch::given) << values.front();
    EXPECT_TRUE(given.precondition.holds(7)) << values.front();
    EXPECT_FALSE(given.precondition.holds(8)) << values.front();
  }
  const Read any = read({"*"});
  EXPECT_EQ(any.found, IfMatch::given);
  EXPECT_TRUE(any.precondition.holds(1) && any.precondition.holds(4'294'967'295));
}

TEST(IfMatch, HoldsForNothingWhereNoTagCanBeASales) {
  for (const std::string_view value : {R"(W/"7")", R"("07")", R"("+7")", R"("")", R"("7 7")",
                                       R"("4294967303")", R"("seven")", R"("é")"}) {
    const Read given = read({value});
    // A space is no character of a tag, all the others are well-formed.
    const bool well_formed = value != R"("7 7")";
    EXPECT_EQ(given.found, well_formed ? IfMatch::given : IfMatch::malformed) << value;
    EXPECT_FALSE(given.precondition.holds(7)) << value;
  }
}

TEST(IfMatch, IsRefusedWhereItIsNoListOfTags) {
  for (const auto& values : std::vector<std::vector<std::string_view>>{{""},
                                                                       {","},
                                                                       {"7"},
                                                                       {R"("7)"},
                                                                       {R"("7" "8")"},
                                                                       {R"(w/"7")"},
                                                                       {R"(W/7)"},
                                                                       {R"("7"x)"},
                                                                       {R"(*, "7")"},
                                                                       {"**"},
                                                                       {"*", "*"},
                                                                       {R"("7")", "*"},
                                                                       {"'7'"}}) {
    EXPECT_EQ(read(values).found, IfMatch::malformed) << values.front();
  }
}

bool none_match(const std::vector<std::string_view>& values, std::string_view tag) {
  std::vector<http::Field> fields = {{"Host", "localhost"}};
  for (const std::string_view value : values) fields.push_back({"if-none-MATCH", value});
  return names_tag(if_none_match(fields), tag);
}

TEST(IfNoneMatch, FailsForATagThatItNamesWeakOrStrong) {
  EXPECT_TRUE(none_match({R"("a")"}, R"("a")"));
  EXPECT_TRUE(none_match({R"(W/"a")"}, R"("a")"));
  EXPECT_TRUE(none_match({R"("a")"}, R"(W/"a")"));
  EXPECT_TRUE(none_match({R"("b", "a")"}, R"("a")"));
  EXPECT_TRUE(none_match({R"("b")", R"("a")"}, R"("a")"));
  EXPECT_TRUE(none_match({"*"}, R"("a")"));
}

TEST(IfNoneMatch, HoldsForOthersAndForWhatIsNoList) {
  EXPECT_FALSE(none_match({}, R"("a")"));
  EXPECT_FALSE(none_match({R"("b")"}, R"("a")"));
  EXPECT_FALSE(none_match({"a"}, R"("a")"));
  EXPECT_FALSE(none_match({R"("a)"}, R"("a")"));
  EXPECT_FALSE(none_match({R"("a" x)"}, R"("a")"));
}

}  // namespace
}  // namespace doorbuster::api
