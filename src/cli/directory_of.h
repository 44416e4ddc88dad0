// Where a file's name stands.
#pragma once

#include <string>

namespace doorbuster::cli {

inline std::string directory_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash + 1);
}

}  // namespace doorbuster::cli
