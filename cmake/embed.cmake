# What the program carries within itself: files, as constants of the library that serves them.

# doorbuster_embed(TARGET FILE file NAME constant HEADER header [NAMESPACE name])
#   Defines `doorbuster::NAMESPACE::constant` (api where none is named), which HEADER declares, with the
#   bytes of FILE and a tag that changes when they do.
function(doorbuster_embed target)
  cmake_parse_arguments(arg "" "FILE;NAME;HEADER;NAMESPACE" "" ${ARGN})
  if(NOT arg_NAMESPACE)
    set(arg_NAMESPACE api)
  endif()
  set(script ${CMAKE_SOURCE_DIR}/cmake/embed_file.cmake)
  set(output ${CMAKE_CURRENT_BINARY_DIR}/${arg_NAME}.cc)
  add_custom_command(OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -DFILE=${arg_FILE} -DNAME=${arg_NAME} -DHEADER=${arg_HEADER} -DNAMESPACE=${arg_NAMESPACE}
      -DOUTPUT=${output} -P ${script}
    DEPENDS ${arg_FILE} ${script} VERBATIM)
  target_sources(${target} PRIVATE ${output})
endfunction()

# doorbuster_openapi(OUTPUT FOLDER folder PATHS names... COMPONENTS section=name...)
#   The OpenAPI document from its pieces in FOLDER: document.json, then what is below its `paths`, then
#   what is below each section of its `components`. The pieces are joined as text, so that their order
#   and form stay those of their author.
function(doorbuster_openapi output)
  cmake_parse_arguments(arg "" "FOLDER" "PATHS;COMPONENTS" ${ARGN})
  set(script ${CMAKE_SOURCE_DIR}/cmake/join_openapi.cmake)
  set(pieces ${arg_FOLDER}/document.json)
  foreach(name ${arg_PATHS})
    list(APPEND pieces ${arg_FOLDER}/${name}.json)
  endforeach()
  foreach(component ${arg_COMPONENTS})
    string(REGEX REPLACE "^.*=" "" name ${component})
    list(APPEND pieces ${arg_FOLDER}/${name}.json)
  endforeach()
  add_custom_command(OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -DFOLDER=${arg_FOLDER} "-DPATHS=${arg_PATHS}"
      "-DCOMPONENTS=${arg_COMPONENTS}" -DOUTPUT=${output} -P ${script}
    DEPENDS ${pieces} ${script} VERBATIM)
endfunction()
