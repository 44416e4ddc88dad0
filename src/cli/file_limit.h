// How many files this process may have open at a time.
//
// Thread: main.
#pragma once

namespace doorbuster::cli {

// As many as it may ask for: every connection of a server is one, and every segment of a store that
// is looked at while a server goes on with it.
void raise_file_limit();

}  // namespace doorbuster::cli
