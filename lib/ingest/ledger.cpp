#include "ingest/ledger.h"

#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <utility>

#include "ingest/ledger_tables.h"

namespace firstseen::ingest {

using namespace ledger_tables;  // NOLINT(google-build-using-namespace): rows are what this file is about

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t map_bytes = 16ULL << 30U;  // address space: the file grows as it is used

std::string random_id() {
  std::random_device device;
  const auto word = [&] { return std::uint64_t{device()} << 32U | device(); };
  return fmt::format("{:016x}{:016x}", word(), word());
}

/// The directory is new, empty, or has the ledger's folders in it.
Result<void> check_directory(const fs::path& directory) {
  std::error_code error;
  if (!fs::exists(directory, error)) return {};
  if (!fs::is_directory(directory, error)) return not_a_ledger(directory, "it is not a directory");
  if (fs::exists(directory / folder, error)) return {};
  for (const fs::directory_entry& entry : fs::directory_iterator(directory, error)) {
    if (entry.path().filename() == folder) continue;  // another process has made it meanwhile
    return not_a_ledger(directory, fmt::format("it holds {}", entry.path().filename().string()));
  }
  if (error) return fail(Exit::io, fmt::format("cannot read {}: {}", directory.string(), error.message()));
  return {};
}

}  // namespace

Ledger::Ledger(store::OwnerLock lock, std::shared_ptr<store::Env> env, const Tables& tables, const Clock& clock)
    : lock_(std::move(lock)), env_(std::move(env)), tables_(tables), clock_(clock) {}

Result<std::unique_ptr<Ledger>> Ledger::open(const fs::path& directory, const Clock& clock) {
  if (auto ours = check_directory(directory); !ours) return forward(ours.error());
  const fs::path home = directory / folder;
  std::error_code error;
  const auto parents = store::parents_of_missing(home);
  fs::create_directories(home, error);
  if (error) return fail(Exit::io, fmt::format("cannot make the ledger {}: {}", home.string(), error.message()));
  if (auto synced = store::sync_directories(parents); !synced) return forward(synced.error());
  if (auto sound = store::check_is_store_or_empty(home); !sound) return not_a_ledger(directory, sound.error().message);
  auto lock = store::OwnerLock::acquire(home);
  if (!lock && lock.error().exit == Exit::try_again) {
    return fail(Exit::try_again,
                fmt::format("the ledger {} is held by another process: wait until it has ended", directory.string()));
  }
  if (!lock) return forward(lock.error());
  const bool made_before = store::has_data(home);
  auto env = store::Env::open({.directory = home, .map_bytes = map_bytes, .databases = database_names()});
  if (!env) return forward(env.error());
  if (!(*env)->database("workers")) {
    if (made_before && (*env)->last_transaction() != 0)
      return not_a_ledger(directory, "its data.mdb lacks our databases");
    if (auto made = (*env)->create_databases(database_names()); !made) return forward(made.error());
  }
  const auto table = [&](std::string_view name) { return (*env)->database(name).value_or(store::Dbi{}); };
  const Tables tables{table("meta"), table("files"), table("contents"), table("workers")};
  // NOLINTNEXTLINE(cppcoreguidelines-owning-memory): private constructor
  std::unique_ptr<Ledger> ledger(new Ledger(std::move(*lock), std::move(*env), tables, clock));
  if (auto known = ledger->identify(); !known) return forward(known.error());
  return ledger;
}

/// A forked child has the environment, and not the lock that keeps others from it.
Result<void> Ledger::check_is_ours() const {
  if (lock_.is_ours()) return {};
  return fail(Exit::internal,
              fmt::format("the ledger {} belongs to the process that opened it, and this one was forked from that: "
                          "nothing was changed; ingest there, or open another ledger here",
                          env_->directory().parent_path().string()));
}

Result<store::Txn> Ledger::begin_read() {
  if (auto ours = check_is_ours(); !ours) return forward(ours.error());
  return store::Txn::begin(*env_, store::Txn::Mode::read);
}

Result<void> Ledger::write(const std::function<Result<void>(store::Txn&)>& change) {
  if (auto ours = check_is_ours(); !ours) return ours;  // before the mutex, which a thread may have held at the fork
  const std::scoped_lock lock(mutex_);
  auto txn = store::Txn::begin(*env_, store::Txn::Mode::write);
  if (!txn) return forward(txn.error());
  if (auto done = change(*txn); !done) return done;
  return txn->commit();
}

Result<void> Ledger::identify() {
  return write([&](store::Txn& txn) -> Result<void> {
    const auto known = text_at(txn, tables_.meta, "kind");
    if (!known) return forward(known.error());
    if (auto ours = check_kind(*known, env_->directory()); !ours) return ours;
    if (!*known) {  // new: the file's name must be on disk before anything counts that stands in it
      if (auto synced = store::sync_directory(env_->directory()); !synced) return synced;
    }
    const auto id = text_at(txn, tables_.meta, "id");
    if (!id) return forward(id.error());
    id_ = id->value_or(random_id());
    if (auto put = put_text(txn, tables_.meta, "kind", kind); !put) return put;
    return put_text(txn, tables_.meta, "id", id_);
  });
}

Result<void> Ledger::pin_target(const std::string& target) {
  return write([&](store::Txn& txn) -> Result<void> {
    const auto known = text_at(txn, tables_.meta, "target");
    if (!known) return forward(known.error());
    if (!*known) return put_text(txn, tables_.meta, "target", target);
    if (**known == target) return {};
    return fail(Exit::config, fmt::format("this ledger belongs to {}, not to {}: nothing was changed; name another "
                                          "directory with --ledger",
                                          **known, target));
  });
}

Result<void> Ledger::add_pending(const std::vector<fs::path>& files) {
  return write([&](store::Txn& txn) -> Result<void> {
    for (const fs::path& file : files) {
      const auto known = file_at(txn, tables_.files, file.string());
      if (!known) return forward(known.error());
      if (*known) continue;
      FileRecord record;
      record.path = file.string();
      record.found_ms = clock_.wall_ms();
      if (auto put = put_file(txn, tables_.files, record); !put) return put;
    }
    return {};
  });
}

Result<bool> Ledger::forget(const std::string& path) {
  bool known = false;
  auto written = write([&](store::Txn& txn) -> Result<void> {
    const auto file = file_at(txn, tables_.files, path);
    if (!file) return forward(file.error());
    if (!*file) return {};
    known = true;
    for (const std::string& sha256 : {(*file)->sha256, (*file)->ingested_sha256}) {
      if (sha256.empty()) continue;
      if (auto free = check_decided(txn, sha256); !free) return free;
      if (auto erased = txn.erase_if_present(tables_.contents, store::bytes_of(sha256)); !erased) return erased;
    }
    return erase_file(txn, tables_.files, path);
  });
  if (!written) return forward(written.error());
  return known;
}

/// No batch of this content waits for its outcome.
Result<void> Ledger::check_decided(store::Txn& txn, const std::string& sha256) {
  auto cursor = store::Cursor::open(txn, tables_.workers);
  if (!cursor) return forward(cursor.error());
  while (true) {
    const auto row = cursor->next();
    if (!row) return forward(row.error());
    if (!*row) return {};
    const auto record = decode_worker((*row)->value);
    if (!record) return damaged(*env_, "the record of a worker");
    if (record->prepared && record->prepared->sha256 == sha256) {
      return fail(Exit::try_again, fmt::format("whether a batch of {} was published is not decided yet: run 'firstseen "
                                               "ingest' on this ledger first",
                                               record->prepared->path));
    }
  }
}

}  // namespace firstseen::ingest
