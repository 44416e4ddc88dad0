// Where an export goes: stdout, or a file that appears under its name only when it is whole.
//
// Thread: one at a time. Owns: the open file, and until finish() its temporary name beside the
// real one; what is not finished is removed.
#pragma once

#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace doorbuster::cli {

class OutputFile {
 public:
  // An empty `path` is stdout. What exists and is no ordinary file (a pipe, a device) is written to
  // as it stands; a link is followed; an existing file keeps its mode. io_failed with the path.
  static Result<std::unique_ptr<OutputFile>> open(const std::string& path);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  Status write(std::string_view bytes);
  // Everything is on the disk, under the real name.
  Status finish();

 private:
  OutputFile() = default;
  Status open_temporary();
  Error failed() const;

  std::FILE* file_ = nullptr;
  std::string path_;       // the real name; "stdout"
  std::string temporary_;  // empty: written in place
};

}  // namespace doorbuster::cli
