#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "ingest/ledger_records.h"
#include "store/lmdb.h"

/// Rows of the ledger's tables. What cannot be decoded is Exit::bad_data.
namespace firstseen::ingest::ledger_tables {

tl::unexpected<Error> damaged(const store::Env& env, std::string_view what);

Result<std::optional<std::string>> text_at(store::Txn& txn, store::Dbi table, std::string_view key);
Result<void> put_text(store::Txn& txn, store::Dbi table, std::string_view key, std::string_view value);

Result<std::optional<FileRecord>> file_at(store::Txn& txn, store::Dbi table, const std::string& path);
Result<void> put_file(store::Txn& txn, store::Dbi table, const FileRecord& record);

/// Nothing for an empty digest.
Result<std::optional<ContentRecord>> content_at(store::Txn& txn, store::Dbi table, const std::string& sha256);

}  // namespace firstseen::ingest::ledger_tables
