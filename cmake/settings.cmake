# One INTERFACE target for how everything is compiled; presets choose the flavour.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)

option(BUILD_TESTING "Build the tests" ON)
option(DOORBUSTER_LINT "Test the sources themselves (the preset dev does)" OFF)
option(DOORBUSTER_FUZZ "Build the fuzzers (clang only)" OFF)
set(DOORBUSTER_SANITIZE "" CACHE STRING "Sanitizers, as -fsanitize takes them")

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # Paths below the checkout count as relative, so that a fresh clone elsewhere finds what is cached.
  set(CMAKE_CXX_COMPILER_LAUNCHER
      env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${CCACHE_PROGRAM})
endif()

add_library(doorbuster_settings INTERFACE)
target_include_directories(doorbuster_settings INTERFACE ${CMAKE_SOURCE_DIR}/src)
target_compile_options(doorbuster_settings INTERFACE
  -fstack-protector-strong -fno-plt
  $<$<CONFIG:Release>:-D_FORTIFY_SOURCE=2 -fstack-clash-protection -fcf-protection>)
target_link_options(doorbuster_settings INTERFACE -Wl,-z,relro,-z,now)
if(DOORBUSTER_SANITIZE)
  target_compile_options(doorbuster_settings INTERFACE
    -fsanitize=${DOORBUSTER_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(doorbuster_settings INTERFACE -fsanitize=${DOORBUSTER_SANITIZE})
endif()
if(DOORBUSTER_FUZZ)
  # Coverage in every library; main() comes with doorbuster_fuzzer().
  target_compile_options(doorbuster_settings INTERFACE -fsanitize=fuzzer-no-link)
endif()
