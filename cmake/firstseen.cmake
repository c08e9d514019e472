# What every target of this project shares: warnings, sanitizers, and the two ways to declare a target.

add_library(firstseen_flags INTERFACE)
target_compile_options(firstseen_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion
                       -Wnon-virtual-dtor -Woverloaded-virtual -Wimplicit-fallthrough)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # Wrong about std::string::insert when optimising: https://gcc.gnu.org/bugzilla/show_bug.cgi?id=105651
  target_compile_options(firstseen_flags INTERFACE -Wno-restrict)
endif()
# The standard library checks its preconditions: an empty optional's value, an index, an iterator.
add_compile_definitions($<$<CONFIG:Debug>:_GLIBCXX_ASSERTIONS>)
if(FIRSTSEEN_WERROR)
  target_compile_options(firstseen_flags INTERFACE -Werror)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(firstseen_flags INTERFACE -Wno-error=invalid-pch)  # compiles the same without, only slower
  endif()
endif()
if(FIRSTSEEN_PRECOMPILED STREQUAL "all")
  add_compile_options(-pthread)  # so that one set fits what links threads and what does not (cmake/precompiled.cmake)
endif()
if(FIRSTSEEN_SANITIZE)
  add_compile_options(-fsanitize=${FIRSTSEEN_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${FIRSTSEEN_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    add_compile_options("SHELL:-Xclang -fno-pch-timestamp")  # else ccache knows nothing again in a new directory
  endif()
endif()
if(FIRSTSEEN_SANITIZE STREQUAL "thread")
  add_library(tsan_c11_threads STATIC ${PROJECT_SOURCE_DIR}/tests/sanitizers/c11_threads.cpp)
  target_link_libraries(tsan_c11_threads PRIVATE firstseen_flags)
  link_libraries(tsan_c11_threads)
  add_link_options(-Wl,--undefined=thrd_create)
endif()

# Under sanitizers what runs per message is optimised; the rest compiles in half the time without.
set(firstseen_library_options)
if(FIRSTSEEN_SANITIZE)
  set(firstseen_library_options -O1)
endif()
# What is tested has been optimised; optimising GoogleTest's macros as well takes a third of a test's compile time.
set(firstseen_test_options $<$<CONFIG:RelWithDebInfo>:-O1>)

# firstseen_library(NAME [HEADERS a.h ...] SOURCES a.cpp ... [PUBLIC libs...] [PRIVATE libs...])
# One folder of lib/ as a static library firstseen_NAME; headers are included as "NAME/file.h". HEADERS are its public
# ones: what cmake/install.cmake installs.
function(firstseen_library name)
  cmake_parse_arguments(ARG "" "" "HEADERS;SOURCES;PUBLIC;PRIVATE" ${ARGN})
  add_library(firstseen_${name} STATIC ${ARG_SOURCES})
  target_include_directories(firstseen_${name} PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/lib>)
  target_sources(firstseen_${name} PUBLIC FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR}/lib FILES ${ARG_HEADERS})
  target_compile_features(firstseen_${name} PUBLIC cxx_std_20)
  target_link_libraries(firstseen_${name} PUBLIC ${ARG_PUBLIC} PRIVATE $<BUILD_INTERFACE:firstseen_flags> ${ARG_PRIVATE})
  set_target_properties(firstseen_${name} PROPERTIES EXPORT_NAME ${name})
  target_compile_options(firstseen_${name} PRIVATE ${firstseen_library_options})
endfunction()

# Everything that ctest needs and nothing else: `cmake --build ... --target tests`.
add_custom_target(tests)

# firstseen_test(NAME LABEL unit|component [CASES_APART] SOURCES a.cpp ... LIBS libs...)
# One GoogleTest program; each of its tests is a ctest case with that label. Under sanitizers, where starting a program takes
# longer than most unit tests, a unit test program is one ctest case, unless CASES_APART says that its tests are long enough
# to be run beside each other.
function(firstseen_test name)
  cmake_parse_arguments(ARG "CASES_APART" "LABEL" "SOURCES;LIBS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE firstseen_flags ${ARG_LIBS} GTest::gtest GTest::gtest_main)
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  target_compile_definitions(${name} PRIVATE FIRSTSEEN_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  target_compile_options(${name} PRIVATE ${firstseen_test_options})
  add_dependencies(tests ${name})
  if(FIRSTSEEN_SANITIZE AND ARG_LABEL STREQUAL "unit" AND NOT ARG_CASES_APART)
    add_test(NAME ${name} COMMAND ${name})
    set_tests_properties(${name} PROPERTIES LABELS ${ARG_LABEL} TIMEOUT 900)
  else()
    gtest_discover_tests(${name} DISCOVERY_TIMEOUT 60 PROPERTIES LABELS ${ARG_LABEL} TIMEOUT 300)
  endif()
endfunction()
