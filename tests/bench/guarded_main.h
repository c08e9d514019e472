#pragma once

#include <cstdio>
#include <exception>

namespace firstseen::bench {

/// The main() of a benchmark's program: an exception ends it with its text on stderr and status 70.
inline int guarded_main(const char* program, int (*run)(int, char**), int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", program, error.what());
    return 70;
  }
}

}  // namespace firstseen::bench
