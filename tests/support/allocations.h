#pragma once

#include <cstdint>

namespace firstseen::test {

/// How often this process has asked operator new for memory, on any thread. Only in programs that link allocations.cpp,
/// which replaces operator new; what C libraries take from malloc is not counted.
std::uint64_t allocations();

}  // namespace firstseen::test
