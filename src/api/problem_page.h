// The pages that a problem's `type` leads to: what happened and what to do, for a person.
//
// Thread: any; pure functions.
#pragma once

#include <string>
#include <string_view>

#include "api/problem.h"

namespace doorbuster::api {

// What whoever met this problem can do now (problem_advice.cc).
Sentence advice_of(ProblemCode code);

// Plain text, for a terminal.
void append_problem_text(std::string& out, ProblemCode code, Language language);

// A page of HTML, whole in itself: it loads nothing and runs nothing.
void append_problem_page(std::string& out, ProblemCode code, Language language);
inline constexpr std::string_view kProblemPagePolicy =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'";

}  // namespace doorbuster::api
