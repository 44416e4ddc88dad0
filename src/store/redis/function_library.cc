#include "store/redis/function_library.h"

#include <charconv>

namespace doorbuster::redis {
namespace {

constexpr std::string_view kLibraryName = "doorbuster";
constexpr std::string_view kVersionLine = "\n-- version ";

LibraryPresence compare_library(std::string_view text) {
  if (text == kFunctionLibrary.text) return LibraryPresence::same;
  const auto theirs = library_version(text);
  const auto ours = library_version(kFunctionLibrary.text);
  if (!theirs || *theirs < *ours) return LibraryPresence::older;
  return *theirs == *ours ? LibraryPresence::altered : LibraryPresence::newer;
}

}  // namespace

std::optional<std::uint32_t> library_version(std::string_view text) {
  const std::size_t at = text.find(kVersionLine);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view line = text.substr(at + kVersionLine.size());
  std::uint32_t version = 0;
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), version);
  if (error != std::errc{}) return std::nullopt;
  return version;
}

Arguments list_library_command() {
  return {"FUNCTION", "LIST", "LIBRARYNAME", kLibraryName, "WITHCODE"};
}

Result<LibraryPresence> read_library_list(const Reply& reply) {
  if (reply.is_error()) return Error{ErrorCode::io_failed, reply.text};
  const Error damaged{ErrorCode::data_damaged, "the reply is no list of function libraries"};
  if (!reply.is_array()) return damaged;
  for (const Reply& library : reply.items) {
    if (!library.is_array() || library.items.size() % 2 != 0) return damaged;
    std::string_view name;
    std::string_view code;
    for (std::size_t i = 0; i < library.items.size(); i += 2) {
      if (library.items[i].text == "library_name") name = library.items[i + 1].text;
      if (library.items[i].text == "library_code") code = library.items[i + 1].text;
    }
    if (name != kLibraryName) continue;
    if (code.empty()) return damaged;
    return compare_library(code);
  }
  return LibraryPresence::absent;
}

Arguments load_library_command() { return {"FUNCTION", "LOAD", "REPLACE", kFunctionLibrary.text}; }

}  // namespace doorbuster::redis
