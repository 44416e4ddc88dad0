// What the file systems of the end-to-end tests have in common: being mounted and served. FUSE, so
// they need /dev/fuse and the right to mount.
//
// Thread: main; the operations are called by libfuse's threads. Owns: the mount, while it serves.
#pragma once

#include <fuse.h>

namespace doorbuster::crash {

// Exit code of a program that cannot mount here: ctest's "skipped".
inline constexpr int kSkipped = 77;
inline constexpr unsigned kFuseThreads = 64;  // a call that waits keeps one

// Serves at `mountpoint` until SIGTERM; says "mounted" on standard output once it is ready. Gives
// the program's exit code: kSkipped, with the reason on standard error, where FUSE cannot be had.
int mount_and_serve(char* program, const char* mountpoint, const fuse_operations& operations,
                    void* state);

}  // namespace doorbuster::crash
