#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "ingest/ledger_records.h"
#include "store/lmdb.h"

/// Rows of the ledger's tables. What cannot be decoded is Exit::bad_data.
namespace firstseen::ingest::ledger_tables {

/// The environment's place below the ledger's directory.
inline constexpr const char* folder = "ledger";
/// The value of `kind` in the table `meta`.
inline constexpr std::string_view kind = "firstseen ingest ledger, format 1";
const std::vector<store::DatabaseName>& database_names();

/// A number as text; nothing when it is none.
std::optional<std::uint64_t> number_of(std::string_view text, int base = 10);

tl::unexpected<Error> not_a_ledger(const std::filesystem::path& directory, std::string_view why);
/// `known` is the `kind` that the ledger has; nothing: it was made a moment ago.
Result<void> check_kind(const std::optional<std::string>& known, const std::filesystem::path& directory);
tl::unexpected<Error> damaged(const store::Env& env, std::string_view what);

Result<std::optional<std::string>> text_at(store::Txn& txn, store::Dbi table, std::string_view key);
Result<void> put_text(store::Txn& txn, store::Dbi table, std::string_view key, std::string_view value);

Result<std::optional<FileRecord>> file_at(store::Txn& txn, store::Dbi table, const std::string& path);
Result<void> put_file(store::Txn& txn, store::Dbi table, const FileRecord& record);
Result<void> erase_file(store::Txn& txn, store::Dbi table, const std::string& path);

/// Nothing for an empty digest.
Result<std::optional<ContentRecord>> content_at(store::Txn& txn, store::Dbi table, const std::string& sha256);

}  // namespace firstseen::ingest::ledger_tables
