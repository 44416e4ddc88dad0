// A file of settings (TOML 1.0) as entries with their places in it. Which names there are it does
// not know.
//
// Thread: any; a pure function of the file.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace doorbuster::cli {

struct FilePosition {
  std::uint32_t line = 0;  // from 1; 0: the file as a whole
  std::uint32_t column = 0;
};

struct Section {};
// "a date"
struct UnusableValue {
  std::string kind;
};
using FileValue =
    std::variant<bool, std::int64_t, std::string, std::vector<std::string>, Section, UnusableValue>;

struct FileEntry {
  std::string name;  // "http.listen"; keys that are not of [A-Za-z0-9_-] stand in quotation marks
  FileValue value;
  FilePosition name_at;
  FilePosition value_at;
};

struct FileFault {
  std::string message;
  FilePosition at;
};

// The entries in the order of the file, a section before what is in it; or why there are none. Of
// what is nested more deeply only the outermost is an entry, as a section.
std::variant<std::vector<FileEntry>, FileFault> read_settings_file(const std::string& path);

// The whole of a small file; a fault for what cannot be read, is no plain file or is larger than
// `most` bytes.
std::variant<std::string, FileFault> read_small_file(const std::string& path, std::size_t most);

}  // namespace doorbuster::cli
