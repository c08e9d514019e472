// What the store counts: lookups, tokens, records.
#include <array>
#include <thread>
#include <utility>

#include "idempotency/lmdb_store.h"
#include "idempotency/record_codec.h"
#include "idempotency/record_state.h"
#include "store/codec.h"

namespace firstseen::idempotency {

using store::bytes_of;
using store::Txn;

namespace {

constexpr std::uint64_t most_pending = 256;
constexpr int reader_attempts = 500;
constexpr Millis reader_pause{10};

/// LMDB's table of readers is full: more processes read at this moment than it has room for (1024).
bool no_reader_is_free(const store::Env& env) {
  MDB_envinfo info{};
  return mdb_env_info(env.handle(), &info) == 0 && info.me_numreaders >= info.me_maxreaders;
}

}  // namespace

Result<std::uint64_t> read_number(Txn& txn, store::Dbi meta, std::string_view name) {
  const auto bytes = txn.get(meta, bytes_of(name));
  if (!bytes) return forward(bytes.error());
  if (!*bytes || (*bytes)->size() != sizeof(std::uint64_t)) return std::uint64_t{0};
  return store::load_le<std::uint64_t>((*bytes)->data());
}

Result<void> write_number(Txn& txn, store::Dbi meta, std::string_view name, std::uint64_t value) {
  std::array<std::uint8_t, sizeof value> bytes{};
  store::store_le(bytes.data(), value);
  return txn.put(meta, bytes_of(name), bytes);
}

Result<Txn> LmdbStore::begin_read() {
  auto txn = Txn::begin(*env_, Txn::Mode::read);
  for (int attempt = 1; !txn && attempt < reader_attempts && no_reader_is_free(*env_); ++attempt) {
    static_cast<void>(env_->oldest_reader());  // clears those of dead processes
    std::this_thread::sleep_for(reader_pause);
    txn = Txn::begin(*env_, Txn::Mode::read);
  }
  return txn;
}

void LmdbStore::count(const Key& key, std::optional<Record>& found) {
  bool many = false;
  {
    const std::scoped_lock lock(counts_mutex_);
    ++(found ? pending_.hits : pending_.misses);
    if (found) found->access_count += ++pending_.accesses[key.text()];
    many = pending_.hits + pending_.misses >= most_pending;
  }
  if (many) flush_counts();
}

PendingCounts LmdbStore::take_counts() {
  const std::scoped_lock lock(counts_mutex_);
  return std::exchange(pending_, {});
}

Result<void> LmdbStore::write_counts(Txn& txn, const PendingCounts& counts) {
  if (counts.empty()) return {};
  for (const auto& [name, more] : {std::pair{"hits", counts.hits}, std::pair{"misses", counts.misses}}) {
    const auto known = read_number(txn, tables_.meta, name);
    if (!known) return forward(known.error());
    if (auto kept = write_number(txn, tables_.meta, name, *known + more); !kept) return kept;
  }
  for (const auto& [text, accesses] : counts.accesses) {
    const auto key = Key::make(text);
    if (!key) return forward(key.error());
    auto record = fetch(txn, *key, false);
    if (!record) return forward(record.error());
    if (!*record) continue;
    (*record)->access_count += accesses;
    if (auto put = txn.put(tables_.records, bytes_of(text), bytes_of(encode_record(**record))); !put) return put;
  }
  return {};
}

Result<StoreStats> LmdbStore::stats() {
  flush_counts();
  auto txn = begin_read();
  if (!txn) return forward(txn.error());
  StatsCounter counter(clock_.wall_ms(), [this](const std::string& owner) { return alive(owner); });
  const auto visited = each_row(*txn, [&](const Key& key, store::Bytes bytes) -> Result<bool> {
    const auto record = decode_record(key, bytes);
    if (!record) return forward(record.error());
    counter.add(*record);
    return true;
  });
  if (!visited) return forward(visited.error());
  StoreStats stats = counter.finish();
  const auto hits = read_number(*txn, tables_.meta, "hits");
  const auto misses = read_number(*txn, tables_.meta, "misses");
  if (!hits || !misses) return forward(hits ? misses.error() : hits.error());
  stats.hits = *hits;
  stats.misses = *misses;
  stats.file_bytes = env_->file_bytes();
  return stats;
}

}  // namespace firstseen::idempotency
