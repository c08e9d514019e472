#include "ingest/ledger_tables.h"

#include <fmt/format.h>

#include <charconv>

#include "ingest/sha256.h"

namespace firstseen::ingest::ledger_tables {
namespace {

/// Paths may be longer than LMDB's keys.
Result<std::string> key_of_path(const std::string& path) {
  auto sha256 = Sha256::make();
  if (!sha256) return forward(sha256.error());
  sha256->add(path);
  return sha256->hex();
}

}  // namespace

const std::vector<store::DatabaseName>& database_names() {
  static const std::vector<store::DatabaseName> names{{"meta", 0}, {"files", 0}, {"contents", 0}, {"workers", 0}};
  return names;
}

std::optional<std::uint64_t> number_of(std::string_view text, int base) {
  std::uint64_t number = 0;
  const char* begin = text.data();
  const char* end = begin + text.size();
  const auto [stopped_at, code] = std::from_chars(begin, end, number, base);
  return code == std::errc{} && stopped_at == end ? std::optional(number) : std::nullopt;
}

tl::unexpected<Error> not_a_ledger(const std::filesystem::path& directory, std::string_view why) {
  return fail(Exit::config,
              fmt::format("{} is not a ledger of 'firstseen ingest': {}. Nothing was changed; name another "
                          "directory with --ledger",
                          directory.string(), why));
}

Result<void> check_kind(const std::optional<std::string>& known, const std::filesystem::path& directory) {
  if (!known || *known == kind) return {};
  return not_a_ledger(directory, fmt::format("it is a '{}'", *known));
}

tl::unexpected<Error> damaged(const store::Env& env, std::string_view what) {
  return fail(Exit::bad_data, fmt::format("ledger {}: {} cannot be understood: restore it from a backup",
                                          env.directory().string(), what));
}

Result<std::optional<std::string>> text_at(store::Txn& txn, store::Dbi table, std::string_view key) {
  const auto found = txn.get(table, store::bytes_of(key));
  if (!found) return forward(found.error());
  if (!*found) return std::optional<std::string>();
  return std::optional<std::string>(store::text_of(**found));
}

Result<void> put_text(store::Txn& txn, store::Dbi table, std::string_view key, std::string_view value) {
  return txn.put(table, store::bytes_of(key), store::bytes_of(value));
}

Result<std::optional<FileRecord>> file_at(store::Txn& txn, store::Dbi table, const std::string& path) {
  const auto key = key_of_path(path);
  if (!key) return forward(key.error());
  const auto found = txn.get(table, store::bytes_of(*key));
  if (!found) return forward(found.error());
  if (!*found) return std::optional<FileRecord>();
  auto record = decode_file(**found);
  if (!record) return damaged(txn.env(), "the record of " + path);
  return record;
}

Result<void> put_file(store::Txn& txn, store::Dbi table, const FileRecord& record) {
  const auto key = key_of_path(record.path);
  if (!key) return forward(key.error());
  return put_text(txn, table, *key, encode(record));
}

Result<void> erase_file(store::Txn& txn, store::Dbi table, const std::string& path) {
  const auto key = key_of_path(path);
  if (!key) return forward(key.error());
  return txn.erase(table, store::bytes_of(*key));
}

Result<std::optional<ContentRecord>> content_at(store::Txn& txn, store::Dbi table, const std::string& sha256) {
  if (sha256.empty()) return std::optional<ContentRecord>();
  const auto found = txn.get(table, store::bytes_of(sha256));
  if (!found) return forward(found.error());
  if (!*found) return std::optional<ContentRecord>();
  auto record = decode_content(**found);
  if (!record) return damaged(txn.env(), "the content " + sha256);
  return record;
}

}  // namespace firstseen::ingest::ledger_tables
