// The keys of one reading of their file, to be looked up by the text that a caller sends.
//
// Thread: any; never changes once made. Owns: its records.
// Invariants: a lookup takes no lock and no memory. It finds the place by the prefix, which is no
// secret, and compares the hash in a time that tells nothing.
#pragma once

#include <vector>

#include "api/key_file.h"

namespace doorbuster::api {

class KeySet {
 public:
  KeySet() = default;
  explicit KeySet(std::vector<KeyRecord> records);

  // The record of `key`, whose shape is whole, revoked and expired ones too; null: not known.
  const KeyRecord* find(std::string_view key) const;
  // The same, by what is kept of a key.
  const KeyRecord* find(std::string_view prefix, const KeyHash& hash) const;

  std::size_t size() const { return records_.size(); }
  // Those that are neither revoked nor expired.
  std::size_t usable(Time now) const;

 private:
  std::vector<KeyRecord> records_;  // by prefix
};

}  // namespace doorbuster::api
