// Text in columns for people, aligned by what a terminal shows: a Chinese character takes two
// places, a combining accent none.
//
// Thread: any; pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace doorbuster::cli {

// How many places of a terminal `text` takes.
std::size_t display_width(std::string_view text);

// `text` from a stranger, safe on a terminal: what would steer it (control characters, changes of
// the writing direction) and what is no UTF-8 becomes U+FFFD.
std::string harmless(std::string_view text);
bool is_steering(char32_t c);

enum class Ink { plain, bold, dim, green, yellow };

// `text` in that ink, where `colours` are wanted.
std::string inked(std::string_view text, Ink ink, bool colours);

struct Cell {
  std::string text;
  Ink ink = Ink::plain;
};

struct Column {
  std::string title;
  bool is_number = false;  // to the right
};

// Lines with two spaces between columns and none at their ends.
std::string table(const std::vector<Column>& columns, const std::vector<std::vector<Cell>>& rows,
                  bool colours);

}  // namespace doorbuster::cli
