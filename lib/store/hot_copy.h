#pragma once

#include <cstdint>
#include <filesystem>

#include "base/error.h"

namespace firstseen::store {

enum class CopyLayout {
  compact,  ///< without free pages, in the order of the trees; its owner may commit meanwhile
  as_is,    ///< page by page; its owner waits with a commit while two pages are copied
};

/// Copies a store as it is at one moment (LMDB's hot copy) to the directory `to`, which is made for it, also while its
/// owner writes. The copy is a complete store, and on disk when this returns; it has no more than the environment,
/// since the other files of a store belong to its owner. After a failure `to` holds what could be written. Pages that
/// the owner frees meanwhile are used again only afterwards. Returns the size of the copy.
Result<std::uint64_t> hot_copy(const std::filesystem::path& from, const std::filesystem::path& to, CopyLayout layout);

}  // namespace firstseen::store
