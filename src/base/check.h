// CHECK: a bug ends the process, at once and loudly, in every build. DCHECK: the same in debug
// builds alone, for what costs too much to ask on the hot path.
#pragma once

namespace doorbuster {

[[noreturn]] void check_failed(const char* expression, const char* file, int line);

}  // namespace doorbuster

#define CHECK(expression)                             \
  (__builtin_expect(static_cast<bool>(expression), 1) \
       ? static_cast<void>(0)                         \
       : ::doorbuster::check_failed(#expression, __FILE__, __LINE__))

#ifdef NDEBUG
#define DCHECK(expression) static_cast<void>(sizeof((expression) ? 1 : 0))
#else
#define DCHECK(expression) CHECK(expression)
#endif
