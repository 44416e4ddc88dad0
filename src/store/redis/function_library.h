// The function library: the rules of a sale as Redis decides them (functions/*.lua, docs/redis.md),
// and whether a server has it.
//
// Thread: any; pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "store/redis/reply.h"

namespace doorbuster::redis {

struct LibrarySource {
  std::string_view text;
  std::string_view tag;  // another one for other bytes
};

extern const LibrarySource kFunctionLibrary;  // functions/*.lua, joined

// The number in a library's line "-- version N"; nothing: it has none.
std::optional<std::uint32_t> library_version(std::string_view text);

// What a server has of the library that this program carries.
enum class LibraryPresence : std::uint8_t {
  absent,
  older,    // of a lower version, or of none: to be replaced
  same,     // byte for byte
  altered,  // of this version, and not the same: to be replaced
  newer,    // a later program's: never to be replaced by this one
};

// FUNCTION LIST, with what read_library_list() needs.
Arguments list_library_command();

// Reads the answer to it. io_failed with the server's words where it refused; data_damaged where
// the reply is no list of libraries.
Result<LibraryPresence> read_library_list(const Reply& reply);

// FUNCTION LOAD REPLACE with the library of this program; the views are good for ever.
Arguments load_library_command();

}  // namespace doorbuster::redis
