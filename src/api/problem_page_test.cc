#include "api/problem_page.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace doorbuster::api {
namespace {

std::vector<ProblemCode> all_codes() {
  std::vector<ProblemCode> codes;
  for (std::size_t i = 0; i < kProblemCodes; ++i) codes.push_back(static_cast<ProblemCode>(i));
  return codes;
}

std::string page(ProblemCode code, Language language) {
  std::string out;
  append_problem_page(out, code, language);
  return out;
}

TEST(ProblemPage, SaysWhatHappenedAndWhatToDoInBothLanguages) {
  for (const ProblemCode code : all_codes()) {
    for (const Language language : {Language::english, Language::chinese}) {
      const ProblemText& text = text_of(code);
      EXPECT_FALSE(advice_of(code).in(language).empty()) << text.name;
      std::string plain;
      append_problem_text(plain, code, language);
      for (const std::string_view part : {text.name, text.title.in(language),
                                          text.detail.in(language), advice_of(code).in(language)}) {
        EXPECT_NE(plain.find(part), std::string::npos) << text.name << ": " << part;
      }
    }
  }
}

TEST(ProblemPage, IsHtmlInWhichEveryCodeSpanIsClosed) {
  for (const ProblemCode code : all_codes()) {
    const std::string html = page(code, Language::english);
    const auto count = [&](std::string_view part) {
      std::size_t found = 0;
      for (auto at = html.find(part); at != html.npos; at = html.find(part, at + 1)) ++found;
      return found;
    };
    EXPECT_EQ(count("<code>"), count("</code>")) << text_of(code).name;
    EXPECT_EQ(count("`"), 0U) << text_of(code).name;
    EXPECT_EQ(count("<script"), 0U);
    EXPECT_EQ(count("</html>"), 1U);
  }
  EXPECT_NE(page(ProblemCode::paused, Language::chinese).find("<html lang=\"zh-CN\">"),
            std::string::npos);
}

}  // namespace
}  // namespace doorbuster::api
