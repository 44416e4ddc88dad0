#include "cli/usage_errors.h"

#include <algorithm>
#include <cstdio>
#include <regex>
#include <string_view>
#include <vector>

#include "api/text.h"
#include "cli/command_tree.h"
#include "cli/console.h"
#include "cli/table.h"

namespace doorbuster::cli {
namespace {

// The options of `app`, or its commands.
std::vector<std::string_view> words_of(const CLI::App& app, bool options) {
  std::vector<std::string_view> words;
  if (options) {
    for (const CLI::Option* option : app.get_options()) {
      for (const std::string& name : option->get_lnames()) words.push_back(name);
    }
  } else {
    for (const CLI::App* command : commands_of(app)) words.push_back(command->get_name());
  }
  return words;
}

// The command that was named, as far as it was understood.
const CLI::App& chosen(const CLI::App& app) {
  const CLI::App* command = &app;
  while (!command->get_subcommands().empty()) command = command->get_subcommands().front();
  return *command;
}

std::string in_quotes(std::string_view word) { return "'" + harmless(word) + "'"; }

}  // namespace

ExitCode point_to_help(const CLI::App& app) {
  std::fprintf(stderr, "Try '%s --help'.\n", full_name(chosen(app)).c_str());
  return ExitCode::usage;
}

ExitCode explain_unknown(const CLI::App& app) {
  const CLI::App& command = chosen(app);
  const auto unknown = app.remaining(true);
  const std::string given = unknown.empty() ? "" : unknown.front();
  const bool is_option = given.starts_with('-');
  const bool has_commands = !commands_of(command).empty();
  const char* kind = is_option ? "option" : has_commands ? "command" : "argument";
  std::string word = given.substr(std::min(given.find_first_not_of('-'), given.size()));
  word.erase(std::min(word.find('='), word.size()));
  const auto known = words_of(command, is_option);
  if (is_option && std::find(known.begin(), known.end(), word) != known.end()) {
    say("option " + in_quotes(given) + " belongs behind '" + full_name(command) + "'");
    return point_to_help(app);
  }
  std::string meant(api::nearest_word(word, known));
  if (is_option && !meant.empty()) meant.insert(0, "--");
  // What other programs have as commands.
  if (word == "help" || (word == "version" && &command == &app)) meant = "--" + word;
  std::string said = std::string("unknown ") + kind + " " + in_quotes(given);
  if (!meant.empty()) said += "; did you mean '" + meant + "'?";
  say(said);
  return point_to_help(app);
}

ExitCode explain(const CLI::App& app, const std::string& message) {
  static const std::pair<std::regex, const char*> plainly[] = {
      {std::regex("^(.*): 1 required (.*) missing$"), "$1 needs a value: $2"},
      {std::regex("^(.*): At Most 1 required but received (.*)$"), "$1 is given $2 times"},
      {std::regex("^(.*): Value (.*) not in range (.*) to (.*)$"), "$1: '$2' is not from $3 to $4"},
      {std::regex("^(.*): (.*) not in \\{(.*)\\}$"), "$1: '$2' is none of $3"},
  };
  std::string plain = message;
  // Matching takes stack for each letter.
  constexpr std::size_t kLongest = 1000;
  for (const auto& [pattern, words] : plainly) {
    if (message.size() > kLongest || !std::regex_match(message, pattern)) continue;
    plain = std::regex_replace(message, pattern, words);
    if (plain.find(" is none of ") != std::string::npos) {
      plain = std::regex_replace(plain, std::regex(",(?! )"), ", ");
    }
    break;
  }
  say(harmless(plain));
  return point_to_help(app);
}

}  // namespace doorbuster::cli
