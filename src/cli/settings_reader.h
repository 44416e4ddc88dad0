// Puts settings together from file, environment and flags, the weakest first, and notes every
// mistake on the way: who has made three shall not be told three times.
//
// Thread: one at a time. Owns: the mistakes; the targets of the settings outlive it.
// Invariants: a value with a mistake never gets to its target.
#pragma once

#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/setting.h"
#include "cli/settings_file.h"

namespace doorbuster::cli {

enum class SettingSource { built_in, file, environment, flag };

struct SettingOrigin {
  SettingSource source = SettingSource::built_in;
  std::string place = "default";  // "shop.toml:3:10", "DOORBUSTER_DEV", "--dev"
};

// How a setting stands.
struct EffectiveSetting {
  Setting setting;  // its target may be gone
  SettingValue value;
  SettingValue fallback;  // the default
  SettingOrigin origin;
};

struct SettingMistake {
  SettingOrigin origin;
  std::string setting;  // as far as it is known
  std::string message;  // follows the place
  std::string meant;    // a suggestion, written as at that place; may be empty

  std::string sentence() const;
};

// A flag as it was given, each time.
struct GivenFlag {
  std::string flag;
  std::vector<std::string> texts;
};

class SettingsReader {
 public:
  explicit SettingsReader(std::vector<Setting> settings);

  void read_file(const std::string& path);
  // `variables` are "NAME=value"; only those that begin with DOORBUSTER_ are looked at, and of
  // these neither `others`, which have a meaning besides, nor what an orchestrator adds by itself
  // for a service of that name.
  void read_environment(std::span<const std::string> variables,
                        std::span<const std::string> others);
  void read_flags(std::span<const GivenFlag> flags);

  // A mistake that only the values together make. It counts unless one of `resting_on` has a
  // mistake of its own, since then it would be a guess.
  void blame(std::string_view setting, std::string message,
             std::span<const std::string_view> resting_on);

  const SettingOrigin& origin_of(std::string_view setting) const;
  const std::vector<EffectiveSetting>& settings() const { return settings_; }
  const std::vector<SettingMistake>& mistakes() const { return mistakes_; }

 private:
  using Index = std::size_t;
  static constexpr Index kNone = ~Index{0};

  void read_entry(const std::string& path, const FileEntry& entry);
  void take_file_value(Index at, const FileEntry& entry, const SettingOrigin& origin,
                       bool names_file);
  void read_variable(const std::string& name, const std::string& text);
  // Sets the value of a setting from text, as environment and flags have it.
  void take_text(Index at, const std::string& text, const SettingOrigin& origin);
  void take_secret_of(Index at, const std::string& path, const SettingOrigin& origin);
  void take(Index at, SettingValue value, const SettingOrigin& origin);
  void unknown(const SettingOrigin& origin, const std::string& name, std::string meant);
  void mistaken(Index at, const SettingOrigin& origin, std::string message);

  template <typename Spelling>
  Index find(std::string_view name, Spelling spelling) const;
  // Every spelling of every setting, for suggestions.
  template <typename Spelling>
  std::vector<std::string> spellings(Spelling spelling) const;

  std::vector<EffectiveSetting> settings_;
  std::vector<SettingMistake> mistakes_;
  std::set<std::string, std::less<>> mistaken_;  // settings
  std::set<std::string> unknown_sections_;
};

}  // namespace doorbuster::cli
