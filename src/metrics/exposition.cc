#include "metrics/exposition.h"

#include <array>
#include <charconv>
#include <cmath>

#include "base/check.h"

namespace doorbuster::metrics {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

// How many bytes at the beginning of `text` are one character (RFC 3629); 0: they are none.
std::size_t character_size(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  const std::size_t size = lead < 0xC2   ? 0
                           : lead < 0xE0 ? 2
                           : lead < 0xF0 ? 3
                           : lead < 0xF5 ? 4
                                         : 0;
  if (size == 0 || text.size() < size) return 0;
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  const bool overlong = (lead == 0xE0 && byte(1) < 0xA0) || (lead == 0xF0 && byte(1) < 0x90);
  const bool surrogate = lead == 0xED && byte(1) >= 0xA0;
  const bool beyond = lead == 0xF4 && byte(1) >= 0x90;
  return overlong || surrogate || beyond ? 0 : size;
}

bool is_name(std::string_view name) {
  const auto is_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  if (name.empty() || !is_letter(name.front())) return false;
  for (const char c : name) {
    if (!is_letter(c) && !(c >= '0' && c <= '9')) return false;
  }
  return true;
}

}  // namespace

std::string_view to_string(Type type) {
  switch (type) {
    case Type::counter:
      return "counter";
    case Type::gauge:
      return "gauge";
    case Type::histogram:
      return "histogram";
  }
  CHECK(false);
}

void append_label_value(std::string& out, std::string_view text) {
  while (!text.empty()) {
    const std::size_t size = character_size(text);
    const std::string_view one = text.substr(0, size);
    if (size == 0 || one == std::string_view("\0", 1)) {
      out += kReplacement;
    } else if (one == "\\") {
      out += "\\\\";
    } else if (one == "\"") {
      out += "\\\"";
    } else if (one == "\n") {
      out += "\\n";
    } else {
      out += one;
    }
    text.remove_prefix(size == 0 ? 1 : size);
  }
}

void Exposition::begin(const Family& family) {
  DCHECK(is_name(family.name));
  family_ = family;
  text_.append("# HELP ").append(family.name) += ' ';
  for (const char c : family.help) {
    if (c == '\\') text_ += "\\\\";
    if (c == '\n') text_ += "\\n";
    if (c != '\\' && c != '\n') text_ += c;
  }
  text_.append("\n# TYPE ").append(family.name) += ' ';
  text_.append(to_string(family.type)) += '\n';
}

void Exposition::append_series(std::string_view suffix, Labels labels, std::string_view bound) {
  text_.append(family_.name).append(suffix);
  char open = '{';
  const auto append_label = [&](std::string_view name, std::string_view value) {
    DCHECK(is_name(name));
    text_ += std::exchange(open, ',');
    text_.append(name).append("=\"");
    append_label_value(text_, value);
    text_ += '"';
  };
  for (const auto& [name, value] : labels) append_label(name, value);
  if (!bound.empty()) append_label("le", bound);
  if (open == ',') text_ += '}';
  text_ += ' ';
}

void Exposition::append(std::uint64_t value) {
  std::array<char, 20> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  text_.append(digits.data(), end);
}

void Exposition::append(double value) {
  if (std::isnan(value)) {
    text_ += "NaN";
  } else if (std::isinf(value)) {
    text_ += value > 0 ? "+Inf" : "-Inf";
  } else {
    std::array<char, 32> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    text_.append(digits.data(), end);
  }
}

void Exposition::sample(Labels labels, std::uint64_t value) {
  append_series({}, labels);
  append(value);
  text_ += '\n';
}

void Exposition::sample(Labels labels, double value) {
  append_series({}, labels);
  append(value);
  text_ += '\n';
}

void Exposition::histogram(Labels labels, const HistogramReading& reading) {
  CHECK(reading.counts.size() == reading.upper.size() + 1);
  std::uint64_t up_to = 0;
  for (std::size_t i = 0; i < reading.counts.size(); ++i) {
    up_to += reading.counts[i];
    std::array<char, 32> bound{};
    const bool last = i == reading.upper.size();
    // Six digits: 0.00025 and not what the product of two doubles happens to be.
    const auto end = last ? bound.data()
                          : std::to_chars(bound.data(), bound.data() + bound.size(),
                                          static_cast<double>(reading.upper[i]) * reading.unit,
                                          std::chars_format::general, 6)
                                .ptr;
    append_series(
        "_bucket", labels,
        last ? std::string_view("+Inf")
             : std::string_view(bound.data(), static_cast<std::size_t>(end - bound.data())));
    append(up_to);
    text_ += '\n';
  }
  append_series("_sum", labels);
  append(static_cast<double>(reading.sum) * reading.unit);
  text_ += '\n';
  append_series("_count", labels);
  append(up_to);
  text_ += '\n';
}

}  // namespace doorbuster::metrics
