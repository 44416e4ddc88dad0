// What a data directory knows of its last backup: a file `last-backup` that whoever took one leaves
// in it, so that the server beside it can say how old that is. Nothing is decided by it.
//
// Thread: any. Durability: not promised; what is lost or cannot be read is a backup that nobody
// knows of.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "store/embedded/file_system.h"

namespace doorbuster::embedded {

// Replaces what was noted before. Any error of the file system, where one may only read.
Status note_backup(FileSystem& files, const std::string& data_dir, Time taken_at);

// When the data of the last backup was taken, by the wall clock; nothing: none is known.
std::optional<Time> last_backup(FileSystem& files, const std::string& data_dir);

}  // namespace doorbuster::embedded
