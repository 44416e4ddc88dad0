#include "cli/settings_reader.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "api/text.h"
#include "base/check.h"

namespace doorbuster::cli {
namespace {

constexpr std::string_view kPrefix = "DOORBUSTER_";
constexpr std::size_t kMostSecretBytes = 64 * 1024;

std::string place_in(const std::string& path, FilePosition at) {
  if (at.line == 0) return path;
  return path + ":" + std::to_string(at.line) + ":" + std::to_string(at.column);
}

// "DOORBUSTER_ADMIN_SERVICE_HOST", "DOORBUSTER_PORT_8080_TCP_ADDR": for a service called doorbuster
// or doorbuster-admin Kubernetes and old Docker links put these into every container beside it.
bool is_service_link(std::string_view name, std::string_view text) {
  if (name.ends_with("_SERVICE_HOST") || name.find("_SERVICE_PORT") != std::string_view::npos) {
    return true;
  }
  if (name.ends_with("_PORT") && text.find("://") != std::string_view::npos) return true;
  const auto port = name.rfind("_PORT_");
  if (port == std::string_view::npos) return false;
  const std::string_view rest = name.substr(port + 6);
  return !rest.empty() && std::isdigit(static_cast<unsigned char>(rest.front())) != 0;
}

// What a person calls the value of an entry.
struct KindOfValue {
  std::string operator()(bool) const { return "true or false"; }
  std::string operator()(std::int64_t) const { return "a whole number"; }
  std::string operator()(const std::string&) const { return "a string"; }
  std::string operator()(const TextList&) const { return "a list of strings"; }
  std::string operator()(Section) const { return "a section"; }
  std::string operator()(const UnusableValue& value) const { return value.kind; }
};

// What has to stand in a file for a setting.
std::string needed_in_file(const Setting& setting) {
  if (is_switch(setting)) return "true or false";
  if (is_list(setting)) return "a list of strings";
  return std::holds_alternative<std::uint64_t*>(setting.target) ? kind_of(setting) : "a string";
}

TextList split(const std::string& text) {
  TextList parts;
  if (text.empty()) return parts;
  std::size_t from = 0;
  for (;;) {
    const auto comma = std::min(text.find(',', from), text.size());
    parts.push_back(text.substr(from, comma - from));
    if (comma == text.size()) return parts;
    from = comma + 1;
  }
}

std::string file_spelling(const Setting& setting) { return setting.name; }

// A name in a file that is a setting's but for the way it is written.
std::string tidied(std::string name) {
  for (char& letter : name) {
    letter =
        letter == '-' ? '_' : static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
  }
  std::erase(name, '"');
  return name;
}

}  // namespace

std::string SettingMistake::sentence() const {
  std::string out = origin.place + ": ";
  // In a file it is the only thing that says which setting is meant.
  if (origin.source == SettingSource::file && !setting.empty()) out += setting + ": ";
  out += message;
  if (!meant.empty()) out += "; did you mean " + meant + "?";
  return out;
}

SettingsReader::SettingsReader(std::vector<Setting> settings) {
  for (Setting& setting : settings) {
    SettingValue value = value_of(setting);
    settings_.push_back({std::move(setting), value, value, {}});
  }
}

template <typename Spelling>
SettingsReader::Index SettingsReader::find(std::string_view name, Spelling spelling) const {
  for (Index at = 0; at < settings_.size(); ++at) {
    if (spelling(settings_[at].setting) == name) return at;
  }
  return kNone;
}

template <typename Spelling>
std::vector<std::string> SettingsReader::spellings(Spelling spelling) const {
  std::vector<std::string> all;
  for (const EffectiveSetting& each : settings_) all.push_back(spelling(each.setting));
  return all;
}

void SettingsReader::mistaken(Index at, const SettingOrigin& origin, std::string message) {
  mistaken_.insert(settings_[at].setting.name);
  mistakes_.push_back({origin, settings_[at].setting.name, std::move(message), {}});
}

void SettingsReader::unknown(const SettingOrigin& origin, const std::string& name,
                             std::string meant) {
  std::string message = "there is no such setting";
  if (meant.empty()) message += " (`doorbuster config print` shows all)";
  mistakes_.push_back({origin, name, std::move(message), std::move(meant)});
}

void SettingsReader::take(Index at, SettingValue value, const SettingOrigin& origin) {
  EffectiveSetting& each = settings_[at];
  std::string flaw = flaw_of(each.setting, value);
  if (!flaw.empty()) return mistaken(at, origin, std::move(flaw));
  set_value(each.setting, value);
  each.value = std::move(value);
  each.origin = origin;
}

void SettingsReader::take_text(Index at, const std::string& text, const SettingOrigin& origin) {
  const Setting& setting = settings_[at].setting;
  if (is_switch(setting)) {
    if (text == "true" || text == "1") return take(at, true, origin);
    if (text == "false" || text == "0") return take(at, false, origin);
  } else if (is_list(setting)) {
    return take(at, split(text), origin);
  } else if (is_secret(setting)) {
    return take(at, Secret{text}, origin);
  } else if (std::holds_alternative<std::string*>(setting.target)) {
    return take(at, text, origin);
  } else if (const auto number = api::parse_number(text, Numbers{}.most)) {
    return take(at, *number, origin);
  }
  mistaken(at, origin,
           "'" + text + "' is " +
               (is_switch(setting) ? "neither true nor false" : "no" + kind_of(setting).substr(1)));
}

void SettingsReader::take_secret_of(Index at, const std::string& path,
                                    const SettingOrigin& origin) {
  auto content = read_small_file(path, kMostSecretBytes);
  if (const auto* fault = std::get_if<FileFault>(&content)) {
    return mistaken(at, origin, "'" + path + "': " + fault->message);
  }
  auto& text = std::get<std::string>(content);
  // Editors and `echo` end a file with a line's end; it is no part of a secret.
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
  take(at, Secret{std::move(text)}, origin);
}

void SettingsReader::read_file(const std::string& path) {
  const auto entries = read_settings_file(path);
  if (const auto* fault = std::get_if<FileFault>(&entries)) {
    mistakes_.push_back({{SettingSource::file, place_in(path, fault->at)}, {}, fault->message, {}});
    return;
  }
  for (const FileEntry& entry : std::get<std::vector<FileEntry>>(entries)) {
    read_entry(path, entry);
  }
}

void SettingsReader::read_entry(const std::string& path, const FileEntry& entry) {
  const SettingOrigin name_origin{SettingSource::file, place_in(path, entry.name_at)};
  const SettingOrigin value_origin{SettingSource::file, place_in(path, entry.value_at)};
  const auto is_inside = [&entry](const std::string& section) {
    return entry.name.starts_with(section + ".");
  };
  if (std::any_of(unknown_sections_.begin(), unknown_sections_.end(), is_inside)) return;
  if (const Index at = find(entry.name, file_spelling); at != kNone) {
    return take_file_value(at, entry, value_origin, false);
  }
  if (entry.name.ends_with("_file")) {
    const Index at = find(entry.name.substr(0, entry.name.size() - 5), file_spelling);
    if (at != kNone && is_secret(settings_[at].setting)) {
      return take_file_value(at, entry, value_origin, true);
    }
  }
  std::vector<std::string> sections;
  for (const EffectiveSetting& each : settings_) {
    if (const auto section = section_of(each.setting.name); !section.empty()) {
      sections.emplace_back(section);
    }
  }
  const bool is_section = std::find(sections.begin(), sections.end(), entry.name) != sections.end();
  if (std::holds_alternative<Section>(entry.value)) {
    if (is_section) return;
    unknown_sections_.insert(entry.name);
    const std::string meant(api::nearest_word(tidied(entry.name), sections));
    mistakes_.push_back({name_origin,
                         {},
                         "there is no section [" + entry.name + "]",
                         meant.empty() ? "" : "[" + meant + "]"});
    return;
  }
  if (is_section) {
    mistakes_.push_back({name_origin,
                         entry.name,
                         "is a section: its settings stand under [" + entry.name + "]",
                         {}});
    return;
  }
  const auto known = spellings(file_spelling);
  std::string meant(api::nearest_word(tidied(entry.name), known));
  // The right key under the wrong heading.
  for (const std::string& name : known) {
    if (meant.empty() && key_of(name) == key_of(tidied(entry.name))) meant = name;
  }
  unknown(name_origin, entry.name, std::move(meant));
}

void SettingsReader::take_file_value(Index at, const FileEntry& entry, const SettingOrigin& origin,
                                     bool names_file) {
  const Setting& setting = settings_[at].setting;
  // Both forms of a secret in one file: which is meant?
  if (is_secret(setting) && settings_[at].origin.source == SettingSource::file) {
    return mistaken(at, origin, "is given twice: here and at " + settings_[at].origin.place);
  }
  const auto* text = std::get_if<std::string>(&entry.value);
  const auto* number = std::get_if<std::int64_t>(&entry.value);
  if (names_file && text != nullptr) return take_secret_of(at, *text, origin);
  if (is_secret(setting) && text != nullptr) return take(at, Secret{*text}, origin);
  if (text != nullptr && std::holds_alternative<std::string*>(setting.target)) {
    return take(at, *text, origin);
  }
  if (is_switch(setting) && std::holds_alternative<bool>(entry.value)) {
    return take(at, std::get<bool>(entry.value), origin);
  }
  if (is_list(setting) && std::holds_alternative<TextList>(entry.value)) {
    return take(at, std::get<TextList>(entry.value), origin);
  }
  if (number != nullptr && std::holds_alternative<std::uint64_t*>(setting.target)) {
    if (*number >= 0) return take(at, static_cast<std::uint64_t>(*number), origin);
    return mistaken(at, origin, "needs " + kind_of(setting) + ", not " + std::to_string(*number));
  }
  mistaken(at, origin,
           "needs " + needed_in_file(setting) + ", not " + std::visit(KindOfValue{}, entry.value));
}

void SettingsReader::read_environment(std::span<const std::string> variables,
                                      std::span<const std::string> others) {
  // Nobody chose the order in which they come.
  std::vector<std::string> ours;
  for (const std::string& variable : variables) {
    if (variable.starts_with(kPrefix)) ours.push_back(variable);
  }
  std::sort(ours.begin(), ours.end());
  for (const std::string& variable : ours) {
    const auto equals = std::min(variable.find('='), variable.size());
    const std::string name = variable.substr(0, equals);
    const std::string text = equals < variable.size() ? variable.substr(equals + 1) : "";
    if (std::find(others.begin(), others.end(), name) == others.end()) read_variable(name, text);
  }
}

void SettingsReader::read_variable(const std::string& name, const std::string& text) {
  const SettingOrigin origin{SettingSource::environment, name};
  if (const Index at = find(name, variable_of); at != kNone) return take_text(at, text, origin);
  if (name.ends_with("_FILE")) {
    const Index at = find(name.substr(0, name.size() - 5), variable_of);
    if (at != kNone && is_secret(settings_[at].setting)) {
      if (settings_[at].origin.source == SettingSource::environment) {
        return mistaken(at, origin, "is given twice: here and by " + settings_[at].origin.place);
      }
      return take_secret_of(at, text, origin);
    }
  }
  if (is_service_link(name, text)) return;
  // By what follows the prefix: that much of it is always right.
  auto known = spellings(variable_of);
  for (std::string& each : known) each.erase(0, kPrefix.size());
  const std::string meant(api::nearest_word(std::string_view(name).substr(kPrefix.size()), known));
  unknown(origin, {}, meant.empty() ? "" : std::string(kPrefix) + meant);
}

void SettingsReader::read_flags(std::span<const GivenFlag> flags) {
  for (const GivenFlag& given : flags) {
    const SettingOrigin origin{SettingSource::flag, given.flag};
    const Index at = find(given.flag, flag_of);
    if (at == kNone || given.texts.empty()) continue;
    const Setting& setting = settings_[at].setting;
    if (is_list(setting)) {
      TextList all;
      for (const std::string& text : given.texts) {
        for (std::string& part : split(text)) all.push_back(std::move(part));
      }
      take(at, std::move(all), origin);
    } else if (given.texts.size() > 1 && !is_switch(setting)) {
      mistaken(at, origin, "is given " + std::to_string(given.texts.size()) + " times");
    } else if (is_secret(setting)) {
      take_secret_of(at, given.texts.back(), origin);
    } else {
      take_text(at, given.texts.back(), origin);
    }
  }
}

void SettingsReader::blame(std::string_view setting, std::string message,
                           std::span<const std::string_view> resting_on) {
  const auto is_mistaken = [this](std::string_view name) { return mistaken_.contains(name); };
  if (std::any_of(resting_on.begin(), resting_on.end(), is_mistaken)) return;
  mistakes_.push_back({origin_of(setting), std::string(setting), std::move(message), {}});
}

const SettingOrigin& SettingsReader::origin_of(std::string_view setting) const {
  const Index at = find(setting, file_spelling);
  CHECK(at != kNone);
  return settings_[at].origin;
}

}  // namespace doorbuster::cli
