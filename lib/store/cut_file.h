#pragma once

#include <filesystem>

#include "base/error.h"

namespace firstseen::store {

/// Fails (bad_data) when the data file of an environment ends before a page that is in use, as an unfinished copy does:
/// LMDB maps the file, and whoever looks at a page behind its end is killed (SIGBUS). A file as long as its newest
/// meta page says costs a few small reads. A shorter one may be sound, since LMDB does not write those pages at the end
/// that a transaction took and gave back: its trees are walked through, by plain reads. Changes nothing; others may
/// read and write meanwhile. No file, or none of LMDB's: no failure, LMDB itself will tell.
Result<void> check_not_cut(const std::filesystem::path& directory);

}  // namespace firstseen::store
