add_library(doorbuster_warnings INTERFACE)
target_compile_options(doorbuster_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wswitch-enum -Wnon-virtual-dtor
  -Woverloaded-virtual)
# g++ 12 takes every alternative of a moved std::variant for possibly uninitialized; the sanitizers and
# clang's analyzer look for the real ones.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(doorbuster_warnings INTERFACE -Wno-maybe-uninitialized)
endif()
option(DOORBUSTER_WERROR "Warnings are errors (set by the presets)" OFF)
if(DOORBUSTER_WERROR)
  target_compile_options(doorbuster_warnings INTERFACE -Werror)
endif()
