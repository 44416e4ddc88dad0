add_library(doorbuster_warnings INTERFACE)
target_compile_options(doorbuster_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wswitch-enum -Wnon-virtual-dtor
  -Woverloaded-virtual)
option(DOORBUSTER_WERROR "Warnings are errors (set by the presets)" OFF)
if(DOORBUSTER_WERROR)
  target_compile_options(doorbuster_warnings INTERFACE -Werror)
endif()
