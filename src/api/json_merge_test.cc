#include "api/json_merge.h"

#include <gtest/gtest.h>

namespace doorbuster::api {
namespace {

std::string merged(std::string_view target, std::string_view patch) {
  JsonDocument target_document;
  JsonDocument patch_document;
  EXPECT_FALSE(target_document.parse(target)) << target;
  EXPECT_FALSE(patch_document.parse(patch)) << patch;
  std::string out;
  append_merged(out, target_document, &target_document.root(), patch_document,
                patch_document.root());
  return out;
}

struct MergeCase {
  std::string_view target;
  std::string_view patch;
  std::string_view result;
};

// RFC 7396, appendix A.
TEST(JsonMerge, DoesWhatTheRfcShows) {
  for (const MergeCase& each : std::vector<MergeCase>{
           {R"({"a":"b"})", R"({"a":"c"})", R"({"a":"c"})"},
           {R"({"a":"b"})", R"({"b":"c"})", R"({"a":"b","b":"c"})"},
           {R"({"a":"b"})", R"({"a":null})", R"({})"},
           {R"({"a":"b","b":"c"})", R"({"a":null})", R"({"b":"c"})"},
           {R"({"a":["b"]})", R"({"a":"c"})", R"({"a":"c"})"},
           {R"({"a":"c"})", R"({"a":["b"]})", R"({"a":["b"]})"},
           {R"({"a":{"b":"c"}})", R"({"a":{"b":"d","c":null}})", R"({"a":{"b":"d"}})"},
           {R"({"a":[{"b":"c"}]})", R"({"a":[1]})", R"({"a":[1]})"},
           {R"(["a","b"])", R"(["c","d"])", R"(["c","d"])"},
           {R"({"a":"b"})", R"(["c"])", R"(["c"])"},
           {R"({"a":"foo"})", R"(null)", R"(null)"},
           {R"({"a":"foo"})", R"("bar")", R"("bar")"},
           {R"({"e":null})", R"({"a":1})", R"({"e":null,"a":1})"},
           {R"([1,2])", R"({"a":"b","c":null})", R"({"a":"b"})"},
           {R"({})", R"({"a":{"bb":{"ccc":null}}})", R"({"a":{"bb":{}}})"},
       }) {
    EXPECT_EQ(merged(each.target, each.patch), each.result) << each.target << " " << each.patch;
  }
}

TEST(JsonMerge, LeavesNumbersAndTextsAsTheyWereWritten) {
  EXPECT_EQ(merged(R"({"a":1.50,"b":"\u0000\"","c":1e400})", R"({"d":-0,"é":"\ud83d\ude00"})"),
            R"({"a":1.50,"b":"\u0000\"","c":1e400,"d":-0,"é":"😀"})");
}

TEST(JsonMerge, GoesAsDeepAsADocumentMay) {
  std::string open;
  std::string close;
  for (std::size_t i = 0; i + 1 < JsonDocument::kMaxDepth; ++i) {
    open += R"({"a":)";
    close += '}';
  }
  EXPECT_EQ(merged(open + "{}" + close, open + R"({"b":1})" + close), open + R"({"b":1})" + close);
}

}  // namespace
}  // namespace doorbuster::api
