// Runs simulations: simulation [--seeds FIRST..LAST] [--operations N] [--expect-violation].
// Prints the seed of each violation; with --expect-violation each seed runs in a process of its
// own, so that a failed check of the product counts as found too. Exits 1 when there was one (or
// when one was expected and none came).
#include <sys/wait.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <cstring>
#include <string_view>

#include "sim/simulation.h"

namespace doorbuster::simulation {
namespace {

struct Arguments {
  std::uint64_t first = 1;
  std::uint64_t last = 100;
  std::uint64_t operations = 600;
  bool expect_violation = false;
};

std::uint64_t number(std::string_view text) {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

Arguments parse(int count, char** words) {
  Arguments arguments;
  for (int i = 1; i < count; ++i) {
    const std::string_view word = words[i];
    const std::string_view next = i + 1 < count ? words[i + 1] : "";
    if (word == "--seeds") {
      arguments.first = number(next);
      const auto dots = next.find("..");
      arguments.last =
          dots == std::string_view::npos ? arguments.first : number(next.substr(dots + 2));
    }
    if (word == "--operations") arguments.operations = number(next);
    if (word == "--expect-violation") arguments.expect_violation = true;
  }
  return arguments;
}

// One seed in a hundred is run twice: it must go the same way.
std::optional<std::string> run_seed(std::uint64_t seed, std::uint64_t operations,
                                    Coverage& coverage) {
  Simulation simulation(seed, operations);
  const auto violation = simulation.run();
  coverage.add(simulation.coverage());
  if (violation || seed % 100 != 0) return violation;
  Simulation again(seed, operations);
  const auto second = again.run();
  if (second || again.trace() != simulation.trace()) return "the seed does not reproduce itself";
  return std::nullopt;
}

// A planted bug may be met by a CHECK before the auditor hears of it: that ends a child, not this.
std::optional<std::string> run_seed_apart(std::uint64_t seed, std::uint64_t operations) {
  const pid_t child = ::fork();
  if (child == 0) {
    Coverage coverage;
    const auto violation = run_seed(seed, operations, coverage);
    if (violation) std::fprintf(stderr, "%s\n", violation->c_str());
    ::_exit(violation ? 1 : 0);
  }
  int status = 0;
  if (child < 0 || ::waitpid(child, &status, 0) != child) return std::nullopt;
  if (WIFSIGNALED(status)) return "a check of the product failed";
  if (WEXITSTATUS(status) != 0) return "the auditor's, as above";
  return std::nullopt;
}

int run(const Arguments& arguments) {
  Coverage coverage;
  std::uint64_t violations = 0;
  std::uint64_t seeds = 0;
  for (std::uint64_t seed = arguments.first; seed <= arguments.last; ++seed) {
    ++seeds;
    const auto violation = arguments.expect_violation
                               ? run_seed_apart(seed, arguments.operations)
                               : run_seed(seed, arguments.operations, coverage);
    if (violation) {
      std::printf("seed %llu: %s\n", static_cast<unsigned long long>(seed), violation->c_str());
      if (++violations == 10 || arguments.expect_violation) break;
    }
  }
  for (const auto& [what, count] : coverage.counts) {
    std::printf("%10llu  %s\n", static_cast<unsigned long long>(count), what.c_str());
  }
  std::printf("%llu seeds of %llu operations, %llu violations\n",
              static_cast<unsigned long long>(seeds),
              static_cast<unsigned long long>(arguments.operations),
              static_cast<unsigned long long>(violations));
  return (violations > 0) == arguments.expect_violation ? 0 : 1;
}

}  // namespace
}  // namespace doorbuster::simulation

int main(int count, char** words) {
  return doorbuster::simulation::run(doorbuster::simulation::parse(count, words));
}
