// Preloaded into a server, it leaves the page cache as it is: asking for pages to be dropped does
// nothing, and says that it did.
#include <fcntl.h>

extern "C" int posix_fadvise(int, off_t, off_t, int) { return 0; }
