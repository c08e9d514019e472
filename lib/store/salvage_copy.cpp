#include "store/salvage_copy.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include "store/directory.h"
#include "store/record.h"
#include "store/tables.h"

namespace firstseen::store {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t commit_after_bytes = 64ULL << 20U;

/// Room for a copy of everything and LMDB's own pages.
std::uint64_t copy_map_bytes(const fs::path& directory) {
  std::error_code ignored;
  return fs::file_size(directory / data_file, ignored) * 2 + (64ULL << 20U);
}

class Copier {
 public:
  Copier(const Env& source, const Tables& source_tables, Env& copy, const Tables& copy_tables)
      : source_(&source), from_(source_tables), copy_(&copy), to_(copy_tables) {}

  Result<void> run() {
    auto identity = read<Identity>(read_identity);
    if (!identity) return forward(identity.error());
    if (!*identity) return {};  // without it the rest is nobody's
    auto done = make_logs((*identity)->log_count());
    if (done) done = write([&](Txn& txn) { return write_identity(txn, to_, **identity); });
    if (done) done = copy_state();
    for (std::size_t i = 0; i < std::min(from_.logs.size(), to_.logs.size()); ++i) {
      if (done) done = copy_records(from_.logs[i], to_.logs[i]);
    }
    for (const TextKind kind : {TextKind::pin, TextKind::note}) {
      if (done) done = copy_texts(kind);
    }
    return done ? copy_partitions() : done;
  }

 private:
  /// In a transaction of its own: LMDB refuses everything else in one that has met a damaged page.
  template <class T, class Reading>
  Result<std::optional<T>> read(Reading reading) {
    auto txn = Txn::begin(*source_, Txn::Mode::read);
    if (!txn) return forward(txn.error());
    return unless_damaged<T>(reading(*txn, from_));
  }

  template <class Fill>
  Result<void> write(Fill fill) {
    auto txn = Txn::begin(*copy_, Txn::Mode::write);
    if (!txn) return forward(txn.error());
    auto done = fill(*txn);
    return done ? txn->commit() : done;
  }

  Result<void> copy_state() {
    const auto state = read<LogState>(read_log_state);
    if (!state) return forward(state.error());
    if (!*state) return {};
    return write([&](Txn& txn) { return write_log_state(txn, to_, **state); });
  }

  Result<void> make_logs(std::size_t count) {
    if (count == 1) return {};
    if (auto made = copy_->create_databases(Tables::further_logs(count)); !made) return made;
    to_ = Tables::of(*copy_).value_or(to_);
    return {};
  }

  Result<void> copy_records(Dbi from, Dbi to) {
    auto source = Txn::begin(*source_, Txn::Mode::read);
    if (!source) return forward(source.error());
    auto txn = Txn::begin(*copy_, Txn::Mode::write);
    if (!txn) return forward(txn.error());
    Result<void> done;
    std::uint64_t uncommitted = 0;
    std::uint64_t last = 0;
    auto walked = for_each_record(*source, from, [&](const LogRow& row) {
      const auto record = RecordView::parse(row.value);
      if (!record || record->id().sequence != row.sequence || row.sequence <= last || !record->intact()) return false;
      last = row.sequence;
      auto room = txn->append(to, row.sequence, row.value.size());
      if (!room) {
        done = forward(room.error());
        return false;
      }
      std::memcpy(room->data(), row.value.data(), row.value.size());
      uncommitted += row.value.size();
      if (uncommitted < commit_after_bytes) return true;
      uncommitted = 0;
      done = txn->commit();
      if (done) txn = Txn::begin(*copy_, Txn::Mode::write);
      if (done && !txn) done = forward(txn.error());
      return done.has_value();
    });
    if (done && !walked && walked.error().exit != Exit::bad_data) done = walked;
    return done ? txn->commit() : done;
  }

  Result<void> copy_texts(TextKind kind) {
    const auto texts = read<Texts>([&](Txn& txn, const Tables& from) { return read_texts(txn, from, kind); });
    if (!texts) return forward(texts.error());
    if (!*texts) return {};
    return write([&](Txn& txn) -> Result<void> {
      for (const auto& [name, value] : **texts) {
        if (auto put = write_text(txn, to_, kind, name, value); !put) return put;
      }
      return {};
    });
  }

  Result<void> copy_partitions() {
    const auto rows = read<PartitionRows>(read_partitions);
    if (!rows) return forward(rows.error());
    if (!*rows) return {};
    return write([&](Txn& txn) -> Result<void> {
      for (const auto& [tp, row] : **rows) {
        if (auto put = write_partition(txn, to_, tp, row); !put) return put;
      }
      return {};
    });
  }

  const Env* source_;
  Tables from_;
  Env* copy_;
  Tables to_;
};

/// Nothing when LMDB itself finds the file damaged. That it is one of ours, or was, its head has shown before
/// (check_is_store_or_empty): if LMDB does not know it as its own (config), a page behind that is torn.
Result<std::optional<std::shared_ptr<Env>>> open_damaged(const fs::path& directory) {
  auto env = Env::open({.directory = directory,
                        .read_only = true,
                        .without_lock = true,
                        .may_be_cut = true,
                        .unregistered = true,
                        .databases = Tables::names()});
  if (!env && env.error().exit == Exit::config) return std::optional<std::shared_ptr<Env>>();
  return unless_damaged(std::move(env));
}

}  // namespace

Result<std::shared_ptr<Env>> open_copy(const fs::path& directory) {
  return Env::open({.directory = directory / salvage_folder,
                    .map_bytes = copy_map_bytes(directory),
                    .without_lock = true,
                    .without_sync = true,
                    .unregistered = true,
                    .databases = Tables::names()});
}

Result<void> copy_what_is_sound(const fs::path& directory) {
  auto copy = open_copy(directory);
  if (!copy) return forward(copy.error());
  if (auto made = (*copy)->create_databases(Tables::base_names()); !made) return made;
  const Tables to = Tables::of(**copy).value_or(Tables{});
  const auto source = open_damaged(directory);
  if (!source) return forward(source.error());
  if (!*source) return {};
  const auto from = Tables::of(***source);
  return from ? Copier(***source, *from, **copy, to).run() : Result<void>{};
}

}  // namespace firstseen::store
