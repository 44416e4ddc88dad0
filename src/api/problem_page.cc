#include "api/problem_page.h"

#include "api/text.h"

namespace doorbuster::api {
namespace {

constexpr Sentence kWhatToDo = {"What to do", "该怎么办"};
constexpr Sentence kAllOfIt = {"All that this server answers", "本服务器的全部接口"};

constexpr std::string_view kStyle =
    ":root{color-scheme:light dark}"
    "body{margin:0;font:1.05rem/1.6 system-ui,sans-serif}"
    "main{max-width:38rem;margin:12vh auto;padding:0 1.25rem}"
    "h1{font-size:2rem;line-height:1.2;margin:.2em 0}h2{font-size:1.1rem;margin:2em 0 0}"
    "p{margin:.4em 0}header p,footer{opacity:.7}footer{margin-top:3em;font-size:.9rem}"
    "code{font:.92em ui-monospace,monospace;padding:.1em .3em;border-radius:.3em;"
    "background:#8883}";

// A sentence as HTML: what stands between backticks becomes code.
void append_html(std::string& out, std::string_view sentence) {
  bool in_code = false;
  for (const char c : sentence) {
    switch (c) {
      case '`':
        out += in_code ? "</code>" : "<code>";
        in_code = !in_code;
        break;
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      default:
        out += c;
    }
  }
}

void append_element(std::string& out, std::string_view name, std::string_view sentence) {
  out.append("<").append(name).append(">");
  append_html(out, sentence);
  out.append("</").append(name).append(">\n");
}

}  // namespace

void append_problem_text(std::string& out, ProblemCode code, Language language) {
  const ProblemText& text = text_of(code);
  out += text.name;
  out += " (HTTP ";
  append_number(out, static_cast<std::uint64_t>(text.status));
  out += ")\n";
  out.append(text.title.in(language)).append("\n\n");
  out.append(text.detail.in(language)).append("\n\n");
  out.append(kWhatToDo.in(language)).append("\n");
  out.append(advice_of(code).in(language)).append("\n");
}

void append_problem_page(std::string& out, ProblemCode code, Language language) {
  const ProblemText& text = text_of(code);
  out.append("<!doctype html>\n<html lang=\"").append(tag_of(language)).append("\">\n");
  out += "<meta charset=\"utf-8\">\n";
  out += "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n";
  append_element(out, "title", text.title.in(language));
  out.append("<style>").append(kStyle).append("</style>\n<main>\n<header>\n<p><code>");
  out.append(text.name).append("</code> HTTP ");
  append_number(out, static_cast<std::uint64_t>(text.status));
  out += "</p>\n";
  append_element(out, "h1", text.title.in(language));
  out += "</header>\n";
  append_element(out, "p", text.detail.in(language));
  append_element(out, "h2", kWhatToDo.in(language));
  append_element(out, "p", advice_of(code).in(language));
  out += "<footer><a href=\"/openapi.json\">";
  append_html(out, kAllOfIt.in(language));
  out += "</a></footer>\n</main>\n</html>\n";
}

}  // namespace doorbuster::api
