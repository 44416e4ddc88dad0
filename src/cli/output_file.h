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
  // Who may read a file that was not there before.
  enum class NewFile {
    as_usual,      // as the umask has it
    of_its_owner,  // he alone; written by root, the owner is the directory's
  };

  // An empty `path` is stdout. What exists and is no ordinary file (a pipe, a device) is written to
  // as it stands; a link is followed; an existing file keeps its mode, and its owner where that can
  // be had. io_failed with the path.
  static Result<std::unique_ptr<OutputFile>> open(const std::string& path,
                                                  NewFile fresh = NewFile::as_usual);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  Status write(std::string_view bytes);
  // Everything is on the disk, under the real name.
  Status finish();

 private:
  OutputFile() = default;
  Status open_temporary(NewFile fresh);
  Error failed() const;

  std::FILE* file_ = nullptr;
  std::string path_;       // the real name; "stdout"
  std::string temporary_;  // empty: written in place
};

}  // namespace doorbuster::cli
