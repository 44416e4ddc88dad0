#include "cli/config_commands.h"

#include <algorithm>
#include <string>

#include "api/text.h"
#include "cli/console.h"
#include "cli/server_settings.h"
#include "cli/table.h"

namespace doorbuster::cli {
namespace {

std::string_view word_of(SettingSource source) {
  switch (source) {
    case SettingSource::built_in:
      return "default";
    case SettingSource::file:
      return "file";
    case SettingSource::environment:
      return "environment";
    case SettingSource::flag:
      return "flag";
  }
  return {};
}

void append_member(std::string& out, std::string_view name, std::string_view text) {
  out.append(",\"").append(name).append("\":");
  api::append_json_string(out, text);
}

// But for secrets TOML writes all that a setting can be as JSON does.
std::string json_of(const SettingValue& value) {
  return std::holds_alternative<Secret>(value) ? "null" : shown(value);
}

std::string as_json(const Configuration& configuration) {
  std::string out = R"({"settings":[)";
  for (const EffectiveSetting& each : configuration.settings) {
    if (&each != configuration.settings.data()) out += ',';
    out += R"({"name":)";
    api::append_json_string(out, each.setting.name);
    out += R"(,"value":)" + json_of(each.value);
    append_member(out, "source", word_of(each.origin.source));
    append_member(out, "place", each.origin.place);
    out += R"(,"default":)" + json_of(each.fallback);
    append_member(out, "is", kind_of(each.setting));
    append_member(out, "about", each.setting.about);
    append_member(out, "flag", flag_of(each.setting));
    append_member(out, "variable", variable_of(each.setting));
    out += R"(,"secret":)";
    out += is_secret(each.setting) ? "true" : "false";
    out += R"(,"needs_restart":)";
    out += each.setting.takes == Takes::a_restart ? "true}" : "false}";
  }
  return out + "]}\n";
}

// "listen = \"127.0.0.1:8080\""
std::string line_of(const EffectiveSetting& each) {
  std::string line(key_of(each.setting.name));
  // So that what is printed is a file of settings as it is.
  if (is_secret(each.setting)) line.insert(0, "# ");
  return line + " = " + shown(each.value);
}

std::string as_file(const Configuration& configuration) {
  std::size_t width = 0;
  for (const EffectiveSetting& each : configuration.settings) {
    width = std::max(width, std::min(display_width(line_of(each)), std::size_t{40}));
  }
  std::string out;
  std::string_view section;
  // What is of no section stands before all sections, or it would be taken for a part of one.
  for (const EffectiveSetting& each : configuration.settings) {
    if (const auto own = section_of(each.setting.name); own != section) {
      section = own;
      out.append("\n[").append(section).append("]\n");
    }
    std::string line = line_of(each);
    const std::size_t used = display_width(line);
    if (used < width) line.append(width - used, ' ');
    out += line + "  # " + harmless(each.origin.place) + '\n';
  }
  return out;
}

std::string mistakes_as_json(const std::vector<SettingMistake>& mistakes) {
  std::string out =
      mistakes.empty() ? R"({"good":true,"mistakes":[)" : R"({"good":false,"mistakes":[)";
  for (const SettingMistake& mistake : mistakes) {
    out += &mistake == mistakes.data() ? "{" : ",{";
    out += R"("source":)";
    api::append_json_string(out, word_of(mistake.origin.source));
    append_member(out, "place", harmless(mistake.origin.place));
    append_member(out, "setting", harmless(mistake.setting));
    append_member(out, "message", harmless(mistake.message));
    append_member(out, "meant", mistake.meant);
    out += '}';
  }
  return out + "]}\n";
}

std::string counted_sources(const std::vector<EffectiveSetting>& settings) {
  std::string out;
  for (const auto& [source, words] : {std::pair(SettingSource::flag, " by flags"),
                                      std::pair(SettingSource::environment, " by the environment"),
                                      std::pair(SettingSource::file, " by the file")}) {
    const auto is_from = [source = source](const EffectiveSetting& each) {
      return each.origin.source == source;
    };
    const auto count = std::count_if(settings.begin(), settings.end(), is_from);
    if (count > 0) out += std::to_string(count) + words + ", ";
  }
  return out;
}

}  // namespace

void tell(const std::vector<SettingMistake>& mistakes) {
  for (const SettingMistake& mistake : mistakes) say(harmless(mistake.sentence()));
}

ExitCode print_config(const ConfigPrintArguments& arguments) {
  const Configuration configuration = read_configuration(arguments.given);
  if (!configuration.mistakes.empty()) {
    tell(configuration.mistakes);
    return exit_code_of(configuration.mistakes);
  }
  return print(arguments.json ? as_json(configuration) : as_file(configuration));
}

ExitCode check_config(const ConfigCheckArguments& arguments) {
  const Configuration configuration = read_configuration(arguments.given);
  const auto& mistakes = configuration.mistakes;
  tell(mistakes);
  if (arguments.json) {
    const ExitCode printed = print(mistakes_as_json(mistakes));
    if (printed != ExitCode::ok) return printed;
  }
  if (!mistakes.empty()) return exit_code_of(mistakes);
  if (arguments.json) return ExitCode::ok;
  const std::string counted = counted_sources(configuration.settings);
  return print("the settings are good: " +
               (counted.empty() ? "all are defaults\n" : counted + "the others are defaults\n"));
}

}  // namespace doorbuster::cli
