#include "api/form.h"

#include <algorithm>
#include <optional>

#include "api/text.h"

namespace doorbuster::api {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Appends `encoded` to `out`, decoded.
std::optional<std::string_view> decode(std::string& out, std::string_view encoded) {
  const std::size_t start = out.size();
  for (std::size_t i = 0; i < encoded.size(); ++i) {
    if (encoded[i] != '%') {
      out += encoded[i] == '+' ? ' ' : encoded[i];
      continue;
    }
    if (encoded.size() - i < 3) return std::nullopt;
    const int high = hex_digit(encoded[i + 1]);
    const int low = hex_digit(encoded[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  const std::string_view text = std::string_view(out).substr(start);
  if (!count_characters(text)) return std::nullopt;
  return text;
}

}  // namespace

bool Form::parse(std::string_view body) {
  fields_.clear();
  texts_.clear();
  texts_.reserve(body.size());
  while (!body.empty()) {
    const auto end = std::min(body.find('&'), body.size());
    const std::string_view pair = body.substr(0, end);
    body.remove_prefix(std::min(end + 1, body.size()));
    if (pair.empty()) continue;
    const auto equals = std::min(pair.find('='), pair.size());
    const auto name = decode(texts_, pair.substr(0, equals));
    if (!name) return false;
    const auto value = decode(texts_, pair.substr(std::min(equals + 1, pair.size())));
    if (!value) return false;
    fields_.push_back({*name, *value});
  }
  return true;
}

}  // namespace doorbuster::api
