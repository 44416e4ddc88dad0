// What goes to the terminal or to whoever reads in its place: data to stdout, messages to stderr.
//
// Thread: main.
#pragma once

#include <string>
#include <string_view>

#include "cli/exit_code.h"

namespace doorbuster::cli {

// Opens /dev/null in the place of each of the three that whoever started this left closed, so that
// no file can get its number and be written to as stdout or stderr. Before anything is opened.
void keep_standard_descriptors();

// "doorbuster: `message`" on stderr.
void say(std::string_view message);

// Writes `text` to stdout now. A full disk or the like is said, and is a failure: a script must not
// take half of the data for all of it.
ExitCode print(std::string_view text);

// Whether stdout is a terminal that shows colours, to somebody who wants them (no-color.org).
bool colours_wanted();

// The language of the environment (LC_ALL, LC_MESSAGES, LANG), such as "zh"; empty for none.
std::string environment_language();

}  // namespace doorbuster::cli
