// How a command ends, for scripts.
#pragma once

namespace doorbuster::cli {

enum class ExitCode : int {
  ok = 0,
  failure = 1,
  usage = 2,
  does_not_add_up = 3,
  not_ready = 4,  // or not reachable
  denied = 5,
  bad_configuration = 78,  // sysexits.h: EX_CONFIG
  interrupted = 130,
};

}  // namespace doorbuster::cli
