#include "cli/reload.h"

#include <gtest/gtest.h>

namespace doorbuster::cli {
namespace {

using Lines = std::vector<std::string>;

Lines reload_with(ServeArguments& running, const Lines& variables) {
  return reload(running, read_configuration(running.given, variables));
}

TEST(Reload, TakesOverWhatNeedsNoRestart) {
  ServeArguments running;
  EXPECT_EQ(
      reload_with(running, {"DOORBUSTER_HTTP_MAX_PIPELINED=3"}),
      Lines{"http.max_pipelined = 3 (DOORBUSTER_HTTP_MAX_PIPELINED) is in effect; it was 64"});
  EXPECT_EQ(running.http_max_pipelined, 3U);
  EXPECT_EQ(reload_with(running, {}),
            Lines{"http.max_pipelined = 64 (default) is in effect; it was 3"});
}

TEST(Reload, SaysEachTimeWhatNeedsARestart) {
  ServeArguments running;
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(reload_with(running, {"DOORBUSTER_IO_THREADS=3", "DOORBUSTER_DATA_DIR=/x"}),
              (Lines{"data_dir = \"/x\" (DOORBUSTER_DATA_DIR) takes effect at the next start; "
                     "until then \"./data\"",
                     "io_threads = 3 (DOORBUSTER_IO_THREADS) takes effect at the next start; "
                     "until then 1"}));
  }
  EXPECT_EQ(running.io_threads, 1U);
}

TEST(Reload, TakesNothingFromSettingsWithAMistake) {
  ServeArguments running;
  EXPECT_EQ(reload_with(running, {"DOORBUSTER_HTTP_MAX_PIPELINED=3", "DOORBUSTER_IO_THREADS=x"}),
            (Lines{"DOORBUSTER_IO_THREADS: 'x' is no whole number from 1 to 64",
                   "the settings stay as they were"}));
  EXPECT_EQ(running.http_max_pipelined, 64U);
}

TEST(Reload, SaysThatNothingHasChanged) {
  ServeArguments running;
  EXPECT_EQ(reload_with(running, {}),
            Lines{"nothing has changed: there is no file of settings (--config)"});
}

}  // namespace
}  // namespace doorbuster::cli
