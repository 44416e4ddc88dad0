// The file of keys as the commands and the server handle it: read whole, changed under a lock,
// replaced by a whole one.
//
// Thread: any; processes exclude each other while they change it.
#pragma once

#include <sys/stat.h>

#include <functional>
#include <string>
#include <vector>

#include "api/key_file.h"
#include "base/result.h"

namespace doorbuster::cli {

// Where the file is when nobody says otherwise: in the data directory.
std::string key_file_in(const std::string& data_dir);

// One reading of a file, and which file it was.
struct KeyFileText {
  std::string text;
  struct stat file {};
};

// not_found; io_failed with the system's words; data_damaged for what is no ordinary file, larger
// than any, or may be written by everybody. Every message begins with the path.
Result<KeyFileText> read_key_file(const std::string& path);

// The records in the file; not_found, and what read_key_file() and parse_key_file() refuse.
Result<std::vector<api::KeyRecord>> read_key_records(const std::string& path);

// Changes the records as `change` does, all of it or nothing, and durably. What others change at
// the same time comes before or after. A file that is not there is made (mode 0600), for `change`
// of no records; its directory must be there. An error of `change` is handed back, and nothing is
// written.
Status change_key_records(const std::string& path,
                          const std::function<Status(std::vector<api::KeyRecord>&)>& change);

}  // namespace doorbuster::cli
