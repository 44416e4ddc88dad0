// The command line as a test gives it, and what came of it.
//
// Thread: main.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "cli/arguments.h"

namespace doorbuster::cli {

struct ParsedArguments {
  Arguments arguments;
  std::string out;
  std::string err;

  ExitCode code() const { return std::get<ExitCode>(arguments); }
};

inline ParsedArguments parse(std::vector<const char*> words) {
  words.insert(words.begin(), "doorbuster");
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  Arguments arguments = parse_arguments(static_cast<int>(words.size()), words.data());
  std::string out = testing::internal::GetCapturedStdout();
  return {std::move(arguments), std::move(out), testing::internal::GetCapturedStderr()};
}

}  // namespace doorbuster::cli
