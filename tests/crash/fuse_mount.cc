#include "crash/fuse_mount.h"

#include <fuse_lowlevel.h>
#include <unistd.h>

#include <cstdio>

namespace doorbuster::crash {
namespace {

int serve(fuse* mounted) {
  fuse_session* session = fuse_get_session(mounted);
  if (fuse_set_signal_handlers(session) != 0) return 1;
  std::puts("mounted");
  std::fflush(stdout);
  fuse_loop_config* config = fuse_loop_cfg_create();
  fuse_loop_cfg_set_max_threads(config, kFuseThreads);
  const int ended = fuse_loop_mt(mounted, config);
  fuse_loop_cfg_destroy(config);
  fuse_remove_signal_handlers(session);
  return ended < 0 ? 1 : 0;
}

}  // namespace

int mount_and_serve(char* program, const char* mountpoint, const fuse_operations& operations,
                    void* state) {
  if (::access("/dev/fuse", R_OK | W_OK) != 0) {
    std::perror("skipped, FUSE cannot be had: /dev/fuse");
    return kSkipped;
  }
  char* no_options[] = {program, nullptr};
  fuse_args arguments{1, no_options, 0};
  fuse* created = fuse_new(&arguments, &operations, sizeof operations, state);
  fuse_opt_free_args(&arguments);
  if (created == nullptr) return 1;
  if (fuse_mount(created, mountpoint) != 0) {
    std::fputs("skipped, FUSE cannot be had: mounting is refused\n", stderr);
    fuse_destroy(created);
    return kSkipped;
  }
  const int result = serve(created);
  fuse_unmount(created);
  fuse_destroy(created);
  return result;
}

}  // namespace doorbuster::crash
