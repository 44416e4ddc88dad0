#include "cli/setting.h"

#include <algorithm>
#include <cctype>

#include "api/text.h"

namespace doorbuster::cli {
namespace {

std::string replaced(std::string text, char old, char by) {
  std::replace(text.begin(), text.end(), old, by);
  return text;
}

std::string as_toml_text(std::string_view text) {
  std::string out;
  api::append_json_string(out, text);  // TOML's basic strings escape the same way
  return out;
}

std::string number_kind(const Numbers& numbers) {
  const std::string range =
      "from " + std::to_string(numbers.least) + " to " + std::to_string(numbers.most);
  if (numbers.multiple_of == 1) return "whole number " + range;
  return "multiple of " + std::to_string(numbers.multiple_of) + " " + range;
}

struct FlawOf {
  const Setting& setting;

  std::string operator()(bool) const { return {}; }
  std::string operator()(std::uint64_t number) const {
    const Numbers& good = setting.numbers;
    if (number >= good.least && number <= good.most && number % good.multiple_of == 0) return {};
    return "'" + std::to_string(number) + "' is no " + number_kind(good);
  }
  std::string operator()(const std::string& text) const {
    if (text.empty()) return setting.may_be_empty ? "" : "is empty";
    if (!api::is_printable(text)) return "holds what is no printable UTF-8";
    return setting.flaw == nullptr ? std::string() : setting.flaw(text);
  }
  std::string operator()(const TextList& texts) const {
    for (const std::string& text : texts) {
      if (text.empty()) return "one of them is empty";
      std::string flaw = (*this)(text);
      if (!flaw.empty()) return flaw;
    }
    return {};
  }
  std::string operator()(const Secret& secret) const {
    if (secret.value.empty()) return "is empty";
    return api::is_printable(secret.value) ? "" : "holds what is no printable UTF-8";
  }
};

struct Shown {
  std::string operator()(bool on) const { return on ? "true" : "false"; }
  std::string operator()(std::uint64_t number) const { return std::to_string(number); }
  std::string operator()(const std::string& text) const { return as_toml_text(text); }
  std::string operator()(const TextList& texts) const {
    std::string out = "[";
    for (const std::string& text : texts) {
      if (&text != texts.data()) out += ", ";
      out += as_toml_text(text);
    }
    return out + "]";
  }
  std::string operator()(const Secret&) const { return "(hidden)"; }
};

}  // namespace

bool is_switch(const Setting& setting) { return std::holds_alternative<bool*>(setting.target); }
bool is_list(const Setting& setting) { return std::holds_alternative<TextList*>(setting.target); }
bool is_secret(const Setting& setting) { return std::holds_alternative<Secret*>(setting.target); }

std::string flag_of(const Setting& setting) {
  return "--" + replaced(setting.name, '_', '-') + (is_secret(setting) ? "-file" : "");
}

std::string variable_of(const Setting& setting) {
  std::string name = replaced(setting.name, '.', '_');
  for (char& letter : name) {
    letter = static_cast<char>(std::toupper(static_cast<unsigned char>(letter)));
  }
  return "DOORBUSTER_" + name;
}

std::string_view section_of(std::string_view name) {
  const auto point = name.find('.');
  return point == std::string_view::npos ? std::string_view() : name.substr(0, point);
}

std::string_view key_of(std::string_view name) {
  const auto point = name.find('.');
  return point == std::string_view::npos ? name : name.substr(point + 1);
}

SettingValue value_of(const Setting& setting) {
  return std::visit([](const auto* target) { return SettingValue(*target); }, setting.target);
}

void set_value(const Setting& setting, SettingValue value) {
  std::visit(
      [&value](auto* target) {
        *target = std::get<std::remove_reference_t<decltype(*target)>>(std::move(value));
      },
      setting.target);
}

std::string kind_of(const Setting& setting) {
  if (is_switch(setting)) return "true or false";
  if (is_list(setting)) return "a list of texts";
  if (std::holds_alternative<std::uint64_t*>(setting.target)) {
    return "a " + number_kind(setting.numbers);
  }
  return is_secret(setting) ? "a secret" : "a text";
}

std::string flaw_of(const Setting& setting, const SettingValue& value) {
  return std::visit(FlawOf{setting}, value);
}

std::string shown(const SettingValue& value) { return std::visit(Shown{}, value); }

}  // namespace doorbuster::cli
