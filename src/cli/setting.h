// One thing that can be set about the server. From its name follow, by rule, all the ways to set
// it: "journal.segment_bytes" is --journal.segment-bytes, DOORBUSTER_JOURNAL_SEGMENT_BYTES and, in
// a file, `segment_bytes` under [journal].
//
// Thread: main, and later whichever re-reads the settings; each its own.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace doorbuster::cli {

// A text that no output shows. A file may hold it: by `..._FILE`, `..._file` or --...-file. On the
// command line there is only that way, since others can read there.
struct Secret {
  std::string value;
  bool operator==(const Secret&) const = default;
};

using TextList = std::vector<std::string>;
using SettingValue = std::variant<bool, std::uint64_t, std::string, TextList, Secret>;
// Where a value goes, which also says of what kind it is; what stands there before is the default.
using SettingTarget = std::variant<bool*, std::uint64_t*, std::string*, TextList*, Secret*>;

struct Numbers {
  std::uint64_t least = 0;
  std::uint64_t most = std::numeric_limits<std::int64_t>::max();  // what TOML can hold
  std::uint64_t multiple_of = 1;
};

enum class Takes { a_restart, effect_at_once };

struct Setting {
  std::string name;  // at most one section, and words joined by '_'
  SettingTarget target;
  std::string about;        // a line of help
  std::string type_name{};  // "BYTES"; none: a switch
  Numbers numbers{};        // which it may be, if it is one
  // What is wrong with a text, or with one of a list, beyond what is wrong with any; empty:
  // nothing.
  std::string (*flaw)(const std::string&) = nullptr;
  // What a new value takes in a server that runs (SIGHUP).
  Takes takes = Takes::a_restart;
  bool may_be_empty = false;  // of a text: that is to say none
};

bool is_switch(const Setting& setting);
bool is_list(const Setting& setting);
bool is_secret(const Setting& setting);

// "--journal.segment-bytes"; for a secret the one that names its file.
std::string flag_of(const Setting& setting);
std::string variable_of(const Setting& setting);
// What stands before the point: "journal"; empty for none.
std::string_view section_of(std::string_view name);
std::string_view key_of(std::string_view name);

SettingValue value_of(const Setting& setting);
void set_value(const Setting& setting, SettingValue value);

// "a whole number from 1 to 64"
std::string kind_of(const Setting& setting);

// What is wrong with `value`, which is of the setting's kind, in words that follow the place where
// it was given; empty: nothing.
std::string flaw_of(const Setting& setting, const SettingValue& value);

// As a literal of TOML; a secret as "(hidden)", without quotation marks.
std::string shown(const SettingValue& value);

}  // namespace doorbuster::cli
