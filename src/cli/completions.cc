#include "cli/completions.h"

#include <functional>
#include <memory>

#include "cli/command_tree.h"
#include "cli/commands.h"
#include "cli/console.h"

namespace doorbuster::cli {
namespace {

constexpr std::string_view kCompletionsAbout =
    "Examples:\n"
    "  source <(doorbuster completions bash)\n"
    "  doorbuster completions bash > /etc/bash_completion.d/doorbuster\n"
    "  doorbuster completions zsh > \"${fpath[1]}/_doorbuster\"\n"
    "\n"
    "Prints a script by which a shell completes commands, options and their values: for this "
    "shell\n"
    "alone, or for every new one (zsh looks there when it calls compinit).\n";

// "/sale/create"; empty for the root.
std::string path_of(const CLI::App& app) {
  return app.get_parent() == nullptr ? "" : path_of(*app.get_parent()) + "/" + app.get_name();
}

void for_each_command(const CLI::App& app, const std::function<void(const CLI::App&)>& visit) {
  visit(app);
  for (const CLI::App* command : commands_of(app)) for_each_command(*command, visit);
}

// "'/sale' | '/sale/create'"
std::string all_paths(const CLI::App& root) {
  std::string paths;
  for_each_command(root, [&paths](const CLI::App& app) {
    if (app.get_parent() == nullptr) return;
    paths += (paths.empty() ? "" : " | ") + path_of(app);
  });
  return paths;
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : " ") + word;
  return out;
}

std::vector<std::string> spellings_of(const CLI::Option& option) {
  std::vector<std::string> all;
  for (const std::string& name : option.get_lnames()) all.push_back("--" + name);
  for (const std::string& name : option.get_snames()) all.push_back("-" + name);
  return all;
}

// What bash offers for a value: words, files, folders or nothing.
std::string bash_values(const CLI::Option& option) {
  const std::string type = option.get_positional() && choices_of(option).empty()
                               ? option.get_name(true, false)
                               : option.get_type_name();
  if (type == "FILE") return "files=-f";
  if (type == "DIR") return "files=-d";
  return "words='" + joined(choices_of(option)) + "'";
}

// `text` inside the brackets or between the colons of an argument of _arguments, in quotes.
std::string zsh_text(const std::string& text) {
  std::string out;
  for (const char letter : text) {
    if (letter == '\'') {
      out += "'\\''";
      continue;
    }
    if (letter == '[' || letter == ']' || letter == ':' || letter == '\\') out += '\\';
    out += letter;
  }
  return out;
}

std::string zsh_values(const CLI::Option& option) {
  const auto choices = choices_of(option);
  if (!choices.empty()) return "value:(" + joined(choices) + ")";
  const std::string type =
      option.get_positional() ? option.get_name(true, false) : option.get_type_name();
  if (type == "FILE") return zsh_text(type) + ":_files";
  if (type == "DIR") return zsh_text(type) + ":_files -/";
  return zsh_text(type) + ": ";
}

std::string zsh_case(const CLI::App& app) {
  std::string out = "    ('" + path_of(app) + "')\n";
  if (!commands_of(app).empty()) {
    out += "      commands=(";
    for (const CLI::App* command : commands_of(app)) {
      out += "\n        '" + command->get_name() + ":" + zsh_text(command->get_description()) + "'";
    }
    out += ")\n      _arguments";
  } else {
    out += "      _arguments";
  }
  for (const CLI::Option* option : options_of(app)) {
    for (const std::string& spelling : spellings_of(*option)) {
      const bool takes = takes_value(*option);
      out += " \\\n        '" + spelling + (takes ? "=" : "") + "[" +
             zsh_text(option->get_description()) + "]" + (takes ? ":" + zsh_values(*option) : "") +
             "'";
    }
  }
  for (const CLI::Option* argument : arguments_of(app)) {
    out += " \\\n        ':" + zsh_values(*argument) + "'";
  }
  if (!commands_of(app).empty()) out += " \\\n        '1:command:{_describe command commands}'";
  return out + " ;;\n";
}

}  // namespace

std::string bash_completions(const CLI::App& root) {
  std::string values;
  std::string words;
  for_each_command(root, [&](const CLI::App& app) {
    const std::string path = path_of(app);
    std::vector<std::string> options;
    std::vector<std::string> commands;
    for (const CLI::Option* option : options_of(app)) {
      std::string patterns;
      for (const std::string& spelling : spellings_of(*option)) {
        options.push_back(spelling);
        patterns += patterns.empty() ? "'" : " | '";
        patterns.append(path).append(" ").append(spelling).append("'");
      }
      if (takes_value(*option)) {
        values += "    " + patterns + ") " + bash_values(*option) + " ;;\n";
      }
    }
    for (const CLI::App* command : commands_of(app)) commands.push_back(command->get_name());
    words += "      '" + path + " -') words='" + joined(options) + "' ;;\n";
    if (!commands.empty()) {
      words += "      '" + path + " ') words='" + joined(commands) + "' ;;\n";
    }
    for (const CLI::Option* argument : arguments_of(app)) {
      words += "      '" + path + " ') " + bash_values(*argument) + " ;;\n";
    }
  });
  return "# Completions of doorbuster for bash; `doorbuster completions bash` has made them.\n"
         "_doorbuster() {\n"
         "  local word=${COMP_WORDS[COMP_CWORD]} option=${COMP_WORDS[COMP_CWORD-1]}\n"
         "  local command='' words='' files='' at kind=''\n"
         "  # To bash the = of --option=value is a word.\n"
         "  if [ \"$word\" = = ]; then word=''; fi\n"
         "  if [ \"$option\" = = ]; then option=${COMP_WORDS[COMP_CWORD-2]}; fi\n"
         "  for ((at = 1; at < COMP_CWORD; at++)); do\n"
         "    case $command/${COMP_WORDS[at]} in\n"
         "    " +
         all_paths(root) +
         ")\n"
         "      command+=/${COMP_WORDS[at]} ;;\n"
         "    esac\n"
         "  done\n"
         "  case \"$command $option\" in\n" +
         values +
         "    *)\n"
         "      case $word in -*) kind=- ;; esac\n"
         "      case \"$command $kind\" in\n" +
         words +
         "      esac ;;\n"
         "  esac\n"
         "  if [ -n \"$files\" ]; then\n"
         "    compopt -o filenames 2>/dev/null\n"
         "    mapfile -t COMPREPLY < <(compgen \"$files\" -- \"$word\")\n"
         "  else\n"
         "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n"
         "  fi\n"
         "}\n"
         "complete -F _doorbuster doorbuster\n";
}

std::string zsh_completions(const CLI::App& root) {
  std::string cases;
  for_each_command(root, [&cases](const CLI::App& app) { cases += zsh_case(app); });
  return "#compdef doorbuster\n"
         "# Completions of doorbuster for zsh; `doorbuster completions zsh` has made them.\n"
         "_doorbuster() {\n"
         "  local command=''\n"
         "  local -a commands\n"
         "  while (( CURRENT > 2 )); do\n"
         "    case $command/${words[2]} in\n"
         "    (" +
         all_paths(root) +
         ")\n"
         "      command+=/${words[2]}\n"
         "      shift words\n"
         "      (( CURRENT-- )) ;;\n"
         "    (*) break ;;\n"
         "    esac\n"
         "  done\n"
         "  case $command in\n" +
         cases +
         "  esac\n"
         "}\n"
         "if [ \"$funcstack[1]\" = _doorbuster ]; then\n"
         "  _doorbuster \"$@\"\n"
         "else\n"
         "  compdef _doorbuster doorbuster\n"
         "fi\n";
}

void add_completions(CLI::App& app, Commands& commands) {
  const auto shell = std::make_shared<std::string>();
  CLI::App* command =
      add_command(app, "completions", "Print completions for a shell", kCompletionsAbout);
  command->add_option("SHELL", *shell, "bash or zsh")
      ->required()
      ->type_name("bash|zsh")
      ->check(CLI::IsMember({"bash", "zsh"}).description(""));
  commands.push_back({command, [&app, shell]() -> Arguments {
                        return print(*shell == "bash" ? bash_completions(app)
                                                      : zsh_completions(app));
                      }});
}

}  // namespace doorbuster::cli
