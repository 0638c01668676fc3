# One target per layer, each with its own include folder: a header of a layer that a target does not link does not exist
# for it. What may use what: docs/architecture.md.

add_library(skep_flags INTERFACE)
target_compile_definitions(skep_flags INTERFACE _GNU_SOURCE SKEP_VERSION="${PROJECT_VERSION}")
target_compile_options(skep_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 -Wundef -Wvla
  -Wpointer-arith -Wwrite-strings -Wno-missing-field-initializers
  -fno-common -fstack-protector-strong)
# Large frames touch each page, and indirect branches land where functions begin: where the processor can have that.
include(CheckCCompilerFlag)
set(CMAKE_REQUIRED_FLAGS -Werror) # clang only warns of what it does not know for this processor
foreach(flag -fstack-clash-protection -fcf-protection -mbranch-protection=standard)
  string(MAKE_C_IDENTIFIER "SKEP_HAS${flag}" has)
  check_c_compiler_flag(${flag} ${has})
  if(${has})
    target_compile_options(skep_flags INTERFACE ${flag})
  endif()
endforeach()
unset(CMAKE_REQUIRED_FLAGS)
if(SKEP_WERROR)
  target_compile_options(skep_flags INTERFACE -Werror)
endif()
# A distribution that asks for a level of its own, e.g. 3, gets it.
string(TOUPPER "CMAKE_C_FLAGS_${CMAKE_BUILD_TYPE}" flags_of_type)
if(NOT SKEP_SANITIZE AND NOT "${CMAKE_C_FLAGS} ${${flags_of_type}}" MATCHES "_FORTIFY_SOURCE")
  target_compile_options(skep_flags INTERFACE
    $<$<CONFIG:Release,RelWithDebInfo,MinSizeRel>:-U_FORTIFY_SOURCE;-D_FORTIFY_SOURCE=2>)
endif()
target_link_options(skep_flags INTERFACE LINKER:-z,relro LINKER:-z,now)
if(SKEP_SANITIZE)
  target_compile_options(skep_flags INTERFACE -fsanitize=${SKEP_SANITIZE} -fno-omit-frame-pointer)
  target_link_options(skep_flags INTERFACE -fsanitize=${SKEP_SANITIZE})
endif()
if(SKEP_FUZZ) # strings are compared by functions that the fuzzer watches anyway; this costs a third of the time
  target_compile_options(skep_flags INTERFACE -fno-sanitize-coverage=trace-cmp)
endif()
if(SKEP_COVERAGE)
  target_compile_options(skep_flags INTERFACE --coverage)
  target_link_options(skep_flags INTERFACE --coverage)
endif()

# skep_layer(name FOLDER dir SOURCES ... DEPS ...): a static library whose include folder is `dir`. DEPS are handed on
# to whoever links the layer; PRIVATE_DEPS (foreign libraries) are linked but their headers stay inside.
function(skep_layer name)
  cmake_parse_arguments(ARG "" "FOLDER" "SOURCES;DEPS;PRIVATE_DEPS" ${ARGN})
  list(TRANSFORM ARG_SOURCES PREPEND "${ARG_FOLDER}/")
  add_library(${name} STATIC ${ARG_SOURCES})
  target_include_directories(${name} PUBLIC "${CMAKE_CURRENT_SOURCE_DIR}/${ARG_FOLDER}")
  target_link_libraries(${name} PUBLIC ${ARG_DEPS} PRIVATE skep_flags ${ARG_PRIVATE_DEPS})
endfunction()
