#include "cli/table.h"

#include <algorithm>

#include "api/text.h"
#include "base/check.h"

namespace doorbuster::cli {
namespace {

struct Range {
  char32_t first;
  char32_t last;
};

// Where Unicode's East Asian Width is W or F (UAX #11), in the coarse.
constexpr Range kWide[] = {
    {0x1100, 0x115f},   {0x231a, 0x231b},   {0x23e9, 0x23ec},   {0x25fd, 0x25fe},
    {0x2614, 0x2615},   {0x26a1, 0x26a1},   {0x2705, 0x2705},   {0x274c, 0x274c},
    {0x2e80, 0x303e},   {0x3041, 0x33ff},   {0x3400, 0x4dbf},   {0x4e00, 0x9fff},
    {0xa000, 0xa4cf},   {0xa960, 0xa97f},   {0xac00, 0xd7a3},   {0xf900, 0xfaff},
    {0xfe10, 0xfe19},   {0xfe30, 0xfe6f},   {0xff00, 0xff60},   {0xffe0, 0xffe6},
    {0x16fe0, 0x18aff}, {0x1b000, 0x1b2ff}, {0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff},
    {0x1f900, 0x1f9ff}, {0x1fa70, 0x1faff}, {0x20000, 0x3fffd}};

// Combining marks, joiners and variation selectors.
constexpr Range kNarrowest[] = {{0x0300, 0x036f}, {0x0483, 0x0489}, {0x0591, 0x05bd},
                                {0x0610, 0x061a}, {0x064b, 0x065f}, {0x0e34, 0x0e3a},
                                {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff}, {0x200b, 0x200d},
                                {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}};

// C0, DEL and C1; line and paragraph separators; what turns the direction; the byte order mark.
constexpr Range kSteering[] = {{0x00, 0x1f},     {0x7f, 0x9f},     {0x200e, 0x200f},
                               {0x2028, 0x202e}, {0x2066, 0x2069}, {0xfeff, 0xfeff}};

template <std::size_t N>
bool is_among(const Range (&ranges)[N], char32_t c) {
  return std::any_of(std::begin(ranges), std::end(ranges),
                     [c](const Range& range) { return c >= range.first && c <= range.last; });
}

std::string_view code_of(Ink ink) {
  switch (ink) {
    case Ink::plain:
      return {};
    case Ink::bold:
      return "\x1b[1m";
    case Ink::dim:
      return "\x1b[2m";
    case Ink::green:
      return "\x1b[32m";
    case Ink::yellow:
      return "\x1b[33m";
  }
  return {};
}

void append_line(std::string& out, const std::vector<Column>& columns,
                 const std::vector<std::size_t>& widths, const std::vector<Cell>& cells,
                 bool colours) {
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const Cell& cell = cells[i];
    const std::string gap(widths[i] - display_width(cell.text), ' ');
    const bool is_last = i + 1 == columns.size();
    if (columns[i].is_number) out += gap;
    out += inked(cell.text, cell.ink, colours);
    if (!columns[i].is_number && !is_last) out += gap;
    if (!is_last) out += "  ";
  }
  while (out.ends_with(' ')) out.pop_back();  // an empty last cell
  out += '\n';
}

}  // namespace

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    const api::CodePoint point = api::first_code_point(text);
    text.remove_prefix(std::max<std::size_t>(point.bytes, 1));
    if (is_among(kNarrowest, point.value)) continue;
    width += is_among(kWide, point.value) ? 2 : 1;
  }
  return width;
}

bool is_steering(char32_t c) { return is_among(kSteering, c); }

std::string harmless(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const api::CodePoint point = api::first_code_point(text);
    const bool shown = point.bytes > 0 && !is_steering(point.value);
    if (shown) {
      out.append(text.substr(0, point.bytes));
    } else {
      out += "\xef\xbf\xbd";
    }
    text.remove_prefix(std::max<std::size_t>(point.bytes, 1));
  }
  return out;
}

std::string inked(std::string_view text, Ink ink, bool colours) {
  const std::string_view code = colours ? code_of(ink) : std::string_view();
  if (code.empty()) return std::string(text);
  return std::string(code).append(text).append("\x1b[0m");
}

std::string table(const std::vector<Column>& columns, const std::vector<std::vector<Cell>>& rows,
                  bool colours) {
  std::vector<std::size_t> widths;
  std::vector<Cell> titles;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    std::size_t width = display_width(columns[i].title);
    for (const auto& row : rows) {
      DCHECK(row.size() == columns.size());
      width = std::max(width, display_width(row[i].text));
    }
    widths.push_back(width);
    titles.push_back({columns[i].title, Ink::bold});
  }
  std::string out;
  append_line(out, columns, widths, titles, colours);
  for (const auto& row : rows) append_line(out, columns, widths, row, colours);
  return out;
}

}  // namespace doorbuster::cli
