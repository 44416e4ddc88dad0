// Sales and claims as text for people, from the JSON of the API.
//
// Thread: any; pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/json_view.h"
#include "cli/table.h"

namespace doorbuster::cli {

// How text is to look: in which language where there are several, and whether in colours.
struct Look {
  std::string language;  // "zh"; empty: English
  bool colours = false;
};

// The title of a sale: in the language wanted, else in English, else in the first one.
std::string title_of(const JsonView& sale, std::string_view language);

// A time of the API for people, "2026-11-11 12:00:00Z"; "-" for none.
std::string shown_time(std::string_view time);

extern const std::vector<Column> kSaleColumns;
std::vector<Cell> sale_row(const JsonView& sale, const Look& look);

// A sale and its stats, a line for each thing worth knowing.
std::string sale_page(const JsonView& sale, const JsonView& stats, const Look& look);

extern const std::vector<Column> kClaimColumns;
std::vector<Cell> claim_row(const JsonView& claim);

// Unit numbers as runs, "417, 420-422", cut short after a few.
std::string shown_units(const JsonView& claim);

}  // namespace doorbuster::cli
