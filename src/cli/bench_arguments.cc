#include <CLI/CLI.hpp>
#include <memory>

#include "api/text.h"
#include "cli/commands.h"

namespace doorbuster::cli {
namespace {

constexpr std::string_view kBenchAbout =
    "Examples:\n"
    "  doorbuster bench                                   a hot sale: 1,000 units, 50,000 buyers\n"
    "  doorbuster bench --buyers 200000 --stock 5000\n"
    "  doorbuster bench --mix winners --rate 20000 --duration 30\n"
    "  doorbuster bench --mix holds --rate 5000 --json\n"
    "  doorbuster bench --sale drop --buyers 1000         a sale that is there; its units are "
    "really "
    "taken\n"
    "\n"
    "Sends a crowd to a server and checks what it did. Nobody in the crowd waits for an answer "
    "that "
    "is\n"
    "not his, and each answer is timed from the moment it was meant to be asked. At the end all "
    "claims\n"
    "are read back: nothing oversold, nobody over the limit, every acknowledged claim found. Exit "
    "code:\n"
    "0 it adds up, 3 it does not, 4 nobody answers, 5 not allowed, 130 interrupted (and it adds "
    "up).\n";

// From `least` to `most`, in digits.
CLI::Validator between(std::uint64_t least, std::uint64_t most) {
  const auto flaw = [least, most](const std::string& text) {
    const auto number = api::parse_number(text, most);
    if (number && *number >= least) return std::string();
    return "'" + text + "' is no number from " + std::to_string(least) + " to " +
           std::to_string(most);
  };
  return {flaw, "", "number"};
}

void add_number(CLI::App& app, const char* name, std::optional<std::uint64_t>& value,
                const char* about, const CLI::Validator& range) {
  const auto take = [&value](const std::string& text) { value = std::stoull(text); };
  app.add_option_function<std::string>(name, take, about)->type_name("N")->check(range);
}

const std::map<std::string, BenchMix> kMixes = {{"sale", BenchMix::sale},
                                                {"winners", BenchMix::winners},
                                                {"duplicates", BenchMix::duplicates},
                                                {"losers", BenchMix::losers},
                                                {"holds", BenchMix::holds}};
const std::map<std::string, ArrivalShape> kShapes = {{"constant", ArrivalShape::constant},
                                                     {"step", ArrivalShape::step},
                                                     {"flash", ArrivalShape::flash}};

void add_shape(CLI::App& app, BenchArguments& bench) {
  app.add_option_function<std::string>(
         "--mix", [&bench](const std::string& text) { bench.mix = kMixes.at(text); },
         "What they ask: sale, winners, duplicates, losers or holds [sale]")
      ->type_name("MIX")
      ->check(CLI::IsMember(kMixes).description(""));
  app.add_option_function<std::string>(
         "--arrival", [&bench](const std::string& text) { bench.arrival = kShapes.at(text); },
         "When they come: constant, step or flash [flash for a sale, else constant]")
      ->type_name("CURVE")
      ->check(CLI::IsMember(kShapes).description(""));
}

}  // namespace

void add_bench_command(CLI::App& app, Commands& commands) {
  const auto bench = std::make_shared<BenchArguments>();
  CLI::App* command =
      add_command(app, "bench", "Send a crowd, and check what became of it", kBenchAbout);
  add_number(*command, "--buyers", bench->buyers, "How many buyers come [50000]",
             between(1, 99'999'999));
  add_number(*command, "--duration", bench->duration_seconds, "Seconds in which they come [10]",
             between(1, 86'400));
  add_number(*command, "--rate", bench->rate, "Or: requests a second, on average",
             between(1, 10'000'000));
  add_shape(*command, *bench);
  add_number(*command, "--stock", bench->stock, "Units on offer [1000; by the mix, enough or 1]",
             between(1, 100'000'000));
  add_number(*command, "--hold-seconds", bench->hold_seconds,
             "How long a claim waits for its confirmation [0; holds: 60]", between(0, 2'592'000));
  command->add_option("--sale", bench->sale, "A sale that is there, instead of one of its own")
      ->type_name("ID")
      ->check(CLI::Validator(
          [](const std::string& id) {
            return api::is_slug(id) ? std::string() : "'" + id + "' is no sale's id";
          },
          "", "id"));
  command->add_option("--connections", bench->connections, "Kept connections")
      ->type_name("N")
      ->check(CLI::Range(1, 60'000).description(""));
  command->add_option("--pipeline", bench->pipeline, "Unanswered requests of one connection")
      ->type_name("N")
      ->check(CLI::Range(1, 64).description(""));
  add_api_options(*command, bench->api);
  commands.push_back({command, [bench] { return Arguments(*bench); }});
}

}  // namespace doorbuster::cli
