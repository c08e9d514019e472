#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <utility>

#include "base/error.h"
#include "store/lmdb.h"

namespace firstseen::store {

/// What was read; nothing where the file proves damaged. Any other failure says nothing about the file.
template <class T>
Result<std::optional<T>> unless_damaged(Result<T> read) {
  if (read) return std::optional<T>(std::move(*read));
  if (read.error().exit == Exit::bad_data) return std::optional<T>();
  return forward(std::move(read.error()));
}

/// The environment in `salvage/`, which nobody else opens.
Result<std::shared_ptr<Env>> open_copy(const std::filesystem::path& directory);

/// Copies what proves sound from the store's environment into that in `salvage/`: first its empty databases, then
/// identity, state, the longest prefix of the log whose checksums hold, pins, notes, partitions. To be run in a child
/// process, since reading torn pages may crash; each step is committed before the next is read, so a crash leaves what
/// came before it.
///
/// What the file itself shows to be damaged is left out. All else is an Error: what keeps this process from reading a
/// file that may be sound (memory, open files, permissions, the disk), from writing the copy, or a newer format.
Result<void> copy_what_is_sound(const std::filesystem::path& directory);

}  // namespace firstseen::store
