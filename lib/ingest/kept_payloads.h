#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "store/lmdb.h"

namespace firstseen::ingest {

/// The payloads of a window's keys, kept beside them for audit: an LMDB environment of its own, in which each stands
/// under the number that its key's entry has in the store (the entry's offset). Whoever holds the store may write it.
/// A payload is on disk before its key is: what a crash leaves without a key is cut off by the next commit, and a key
/// whose payload was kept has it for as long as it counts. One thread.
class KeptPayloads {
 public:
  /// In `directory`/payloads, made when it is absent. Exit::config where another program's files are there.
  static Result<std::unique_ptr<KeptPayloads>> open(const std::filesystem::path& directory,
                                                    std::uint64_t max_size_bytes);
  /// Have payloads ever been kept here?
  static bool exist(const std::filesystem::path& directory);

  /// Numbers ascend.
  void add(std::int64_t number, std::int64_t time_ms, std::string_view payload);
  void drop_added() { added_.clear(); }
  /// One synced commit, if there is anything to do: removes what stands at `first_number` and beyond, and (at the
  /// oldest, so many at a time that a commit stays short) what is older than `expire_before_ms`; writes what was added,
  /// which stays added until drop_added(). A full environment is Action::pause: nothing was added, what has expired may
  /// be gone.
  Result<void> commit(std::int64_t first_number, std::int64_t expire_before_ms);

 private:
  struct Added {
    std::uint64_t number = 0;
    std::int64_t time_ms = 0;
    std::string payload;
  };

  KeptPayloads(std::shared_ptr<store::Env> env, store::Dbi table) : env_(std::move(env)), table_(table) {}
  Result<void> try_commit(std::uint64_t first, std::int64_t expire_before_ms, std::span<const Added> added, bool& full);
  Result<void> turn_pages(std::uint64_t free_number);
  Result<void> write(store::Txn& txn, std::span<const Added> added) const;
  Result<std::uint64_t> remove_from(store::Txn& txn, std::uint64_t first);
  Result<std::uint64_t> remove_expired(store::Txn& txn, std::int64_t before_ms);
  std::shared_ptr<store::Env> env_;
  const store::Dbi table_;
  std::vector<Added> added_;
};

/// Looks payloads up beside a running writer or without one, in the state of the moment when it was opened.
class PayloadReader {
 public:
  /// Nothing when none were ever kept in `directory`.
  static Result<std::optional<PayloadReader>> open(const std::filesystem::path& directory);

  /// Of the entry with this number; nothing: none was kept. Lives as long as the reader.
  Result<std::optional<std::string_view>> at(std::int64_t number);
  Result<std::uint64_t> count();

 private:
  PayloadReader(std::shared_ptr<store::Env> env, store::Dbi table, store::Txn txn)
      : env_(std::move(env)), table_(table), txn_(std::move(txn)) {}

  std::shared_ptr<store::Env> env_;
  store::Dbi table_;
  store::Txn txn_;
};

}  // namespace firstseen::ingest
