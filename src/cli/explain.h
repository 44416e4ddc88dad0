// `doorbuster explain SALE BUYER`: from the events themselves, one after the other, why a buyer has
// what he has.
//
// Thread: main.
#pragma once

#include <string>
#include <string_view>

#include "cli/arguments.h"
#include "cli/exit_code.h"
#include "cli/json_view.h"

namespace doorbuster::cli {

ExitCode explain(const ExplainArguments& arguments);

// What an event (a CloudEvent of the feed) means for this buyer, as a sentence; empty: it is about
// somebody else.
std::string sentence_of(const JsonView& event, std::string_view buyer);

}  // namespace doorbuster::cli
