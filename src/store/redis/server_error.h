// What a Redis server means by an error reply: one word of its own for each, and for the two that
// send a command elsewhere the place.
//
// Thread: any; pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "store/redis/address.h"

namespace doorbuster::redis {

// None of these commands was carried out, but for `other`, and for what a function wrote before
// it failed.
enum class ServerErrorKind : std::uint8_t {
  moved,           // MOVED: the slot is another node's
  ask,             // ASK: the slot is on its way to another node; this once, and after ASKING
  try_again,       // TRYAGAIN: the keys of a slot that moves are not all in one place
  cluster_down,    // CLUSTERDOWN: no node serves the slot, or too few nodes see each other
  cross_slot,      // CROSSSLOT: the keys are of several slots
  loading,         // LOADING: the server reads its data after a start
  master_down,     // MASTERDOWN: a replica that lost its master, and serves nothing stale
  read_only,       // READONLY: a replica was asked to write
  out_of_memory,   // OOM: maxmemory is reached
  no_auth,         // NOAUTH: a password is wanted
  wrong_password,  // WRONGPASS: not this one, or not this user
  no_permission,   // NOPERM: the user may not
  no_script,       // NOSCRIPT: no script of this hash
  no_function,     // "ERR Function not found"
  no_replicas,     // NOREPLICAS: fewer replicas than min-replicas-to-write
  disk_failed,     // MISCONF: it cannot save, and takes no more
  busy,            // BUSY: a script or function runs too long
  unkillable,      // UNKILLABLE: that one has written already
  no_protocol,     // NOPROTO: not this version of the protocol
  wrong_type,      // WRONGTYPE: the key holds something else
  other,           // the text says what
};

struct Redirection {
  std::uint16_t slot = 0;
  Node node;  // an empty host: the one that answered, at another port
};

struct ServerError {
  ServerErrorKind kind = ServerErrorKind::other;
  // Of moved and ask; nothing where the server does not know the name of the other node ("?").
  std::optional<Redirection> to;
  std::string text;  // as the server wrote it
};

// Reads the text of an error reply. A MOVED or ASK without a slot and a place is `other`.
ServerError read_server_error(std::string_view text);

}  // namespace doorbuster::redis
