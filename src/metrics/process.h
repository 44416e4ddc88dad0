// What Linux says of this process, under the names that every Prometheus client gives it.
//
// Thread: any; may take as long as /proc does, which with many open files is milliseconds.
#pragma once

#include "metrics/exposition.h"

namespace doorbuster::metrics {

// Appends process_cpu_seconds_total and the others. What cannot be read is left out.
void append_process(Exposition& out);

}  // namespace doorbuster::metrics
