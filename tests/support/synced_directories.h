#pragma once

#include <filesystem>
#include <set>

namespace firstseen::test {

/// The directories that this process has synced so far, by their canonical paths. Only in programs that link
/// synced_directories.cpp, which replaces fsync() by one that takes note.
std::set<std::filesystem::path> synced_directories();

}  // namespace firstseen::test
