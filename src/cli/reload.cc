#include "cli/reload.h"

#include <utility>

namespace doorbuster::cli {

std::vector<std::string> reload(ServeArguments& running, Configuration read) {
  std::vector<std::string> said;
  if (!read.mistakes.empty()) {
    for (const SettingMistake& mistake : read.mistakes) said.push_back(mistake.sentence());
    said.emplace_back("the settings stay as they were");
    return said;
  }
  const std::vector<Setting> now = server_settings(running);
  for (std::size_t at = 0; at < now.size(); ++at) {
    EffectiveSetting& wanted = read.settings[at];
    const SettingValue old = value_of(now[at]);
    if (wanted.value == old) continue;
    const std::string change =
        now[at].name + " = " + shown(wanted.value) + " (" + wanted.origin.place + ")";
    if (now[at].takes == Takes::a_restart) {
      said.push_back(change + " takes effect at the next start; until then " + shown(old));
      continue;
    }
    set_value(now[at], std::move(wanted.value));
    said.push_back(change + " is in effect; it was " + shown(old));
  }
  if (!said.empty()) return said;
  said.emplace_back(read.values.given.file.empty()
                        ? "nothing has changed: there is no file of settings (--config)"
                        : "nothing has changed in " + read.values.given.file);
  return said;
}

}  // namespace doorbuster::cli
