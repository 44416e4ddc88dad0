# doorbuster_library(NAME SOURCES files... [USES targets...] [PRIVATE_USES targets...])
#   A folder of src/ as one static library. USES is the rule of which layer may see which.
function(doorbuster_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;USES;PRIVATE_USES" ${ARGN})
  add_library(doorbuster_${name} STATIC ${arg_SOURCES})
  target_link_libraries(doorbuster_${name}
    PUBLIC doorbuster_settings ${arg_USES}
    PRIVATE doorbuster_warnings ${arg_PRIVATE_USES})
endfunction()

# doorbuster_test(NAME SOURCES files... USES targets... [ONE_THREAD tests...])
#   One test program; each of its tests is a ctest entry, prefixed by the preset's name so that the
#   runs of several presets can be listed together.
#   ONE_THREAD: tests, as googletest's filter names them, that take long on one thread alone. The
#   thread sanitizer sees nothing in them, and does without.
function(doorbuster_test name)
  if(NOT BUILD_TESTING)
    return()
  endif()
  cmake_parse_arguments(arg "" "TIMEOUT" "SOURCES;USES;ONE_THREAD" ${ARGN})
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 300)
  endif()
  set(filter)
  if(arg_ONE_THREAD AND DOORBUSTER_SANITIZE MATCHES "thread")
    if(arg_ONE_THREAD STREQUAL "*")
      return()
    endif()
    list(JOIN arg_ONE_THREAD ":" left_out)
    set(filter TEST_FILTER "-${left_out}")
  endif()
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE doorbuster_settings doorbuster_warnings ${arg_USES}
    GTest::gtest GTest::gmock GTest::gtest_main)
  # Together in every preset: most of the time that one takes to compile is its headers'.
  set_target_properties(${name} PROPERTIES UNITY_BUILD ON)
  # A sanitizer takes twice the time to compile a test that is optimised: only those that run long are.
  if(DOORBUSTER_SANITIZE AND NOT arg_ONE_THREAD AND arg_TIMEOUT EQUAL 300)
    target_compile_options(${name} PRIVATE -O0)
  endif()
  get_filename_component(preset ${CMAKE_BINARY_DIR} NAME)
  gtest_discover_tests(${name} ${filter} TEST_PREFIX "${preset}/" DISCOVERY_TIMEOUT 60
    PROPERTIES TIMEOUT ${arg_TIMEOUT})
endfunction()
