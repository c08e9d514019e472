#include "store/tables.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "store/codec.h"
#include "store/state_codec.h"

namespace firstseen::store {
namespace {

using Buffer = std::vector<std::uint8_t>;

constexpr std::string_view identity_key = "identity";
constexpr std::string_view state_key = "state";
constexpr std::string_view removed_key = "removed";
constexpr std::size_t checksum_bytes = 8;
constexpr std::size_t id_digits = 32;
constexpr std::size_t identity_bytes = 72;
constexpr std::size_t log_state_bytes = 40;
constexpr std::size_t further_log_bytes = 24;
constexpr std::size_t removed_time_bytes = 8;  // behind the batch's number, one for each log
constexpr std::size_t window_row_bytes = 16;   // and its name
constexpr std::size_t partition_row_bytes = partition_state_bytes + 8;
constexpr std::size_t longest_key = 511;  // of LMDB

std::string_view prefix_of(TextKind kind) { return kind == TextKind::pin ? "pin:" : "note:"; }

/// Covers the key too, so that a value never counts under another name.
std::uint64_t row_checksum(Bytes key, Bytes value) {
  const std::uint64_t seed = XXH3_64bits(key.data(), key.size());
  return XXH3_64bits_withSeed(value.data(), value.size(), seed);
}

Result<void> put_checked(Txn& txn, Dbi dbi, Bytes key, Buffer value) {
  if (key.size() > longest_key) {
    return fail(Exit::bad_data, fmt::format("store {}: a name of {} bytes is too long: {} is the most",
                                            txn.env().directory().string(), key.size(), longest_key));
  }
  const std::uint64_t checksum = row_checksum(key, value);
  value.resize(value.size() + checksum_bytes);
  store_le(value.data() + value.size() - checksum_bytes, checksum);
  return txn.put(dbi, key, value);
}

/// The value without its checksum; nothing when it does not match.
std::optional<Bytes> checked(Bytes key, Bytes stored) {
  if (stored.size() < checksum_bytes) return {};
  const Bytes value = stored.first(stored.size() - checksum_bytes);
  if (load_le<std::uint64_t>(stored.data() + value.size()) != row_checksum(key, value)) return {};
  return value;
}

tl::unexpected<Error> damaged(const Txn& txn, std::string_view what) {
  return fail(Exit::bad_data, fmt::format("store {}: {} is missing or damaged: restore the directory from a backup, or "
                                          "delete it to start on an empty store",
                                          txn.env().directory().string(), what));
}

Result<Bytes> get_checked(Txn& txn, Dbi dbi, std::string_view key, std::size_t least_bytes) {
  auto stored = txn.get(dbi, bytes_of(key));
  if (!stored) return forward(stored.error());
  const std::optional<Bytes> found = *stored;
  const auto value = found ? checked(bytes_of(key), *found) : std::nullopt;
  if (!value || value->size() < least_bytes) return damaged(txn, fmt::format("'{}' in its database meta", key));
  return *value;
}

/// A partition's key: the topic's bytes, then the partition's number in four.
Buffer partition_key(const TopicPartition& tp) {
  Buffer key(tp.topic.size() + sizeof tp.partition);
  std::copy(tp.topic.begin(), tp.topic.end(), key.begin());
  store_le(key.data() + tp.topic.size(), tp.partition);
  return key;
}

}  // namespace

std::size_t Identity::log_count() const {
  std::size_t count = 1;
  for (const WindowRow& window : windows) count = std::max(count, std::size_t{window.log} + 1);
  return count;
}

std::vector<DatabaseName> Tables::base_names() { return {{"log", MDB_INTEGERKEY}, {"partitions", 0}, {"meta", 0}}; }

std::vector<DatabaseName> Tables::further_logs(std::size_t count) {
  std::vector<DatabaseName> names;
  for (std::size_t i = 1; i < count; ++i) names.push_back({fmt::format("log:{}", i), MDB_INTEGERKEY});
  return names;
}

std::vector<DatabaseName> Tables::names() {
  auto names = base_names();
  for (DatabaseName& name : further_logs(most_logs)) names.push_back(std::move(name));
  return names;
}

std::optional<Tables> Tables::of(const Env& env) {
  const auto log = env.database("log");
  const auto partitions = env.database("partitions");
  const auto meta = env.database("meta");
  if (!log || !partitions || !meta) return {};
  Tables tables{{*log}, *partitions, *meta};
  for (const DatabaseName& name : further_logs(most_logs)) {
    const auto further = env.database(name.name);
    if (!further) break;
    tables.logs.push_back(*further);
  }
  return tables;
}

namespace {

/// The windows stand behind the fields that every identity has.
bool read_windows(Bytes rest, std::vector<WindowRow>& windows) {
  while (!rest.empty()) {
    if (rest.size() < window_row_bytes) return false;
    WindowRow window;
    window.ttl_ms = load_le<std::int64_t>(rest.data());
    window.log = load_le<std::uint32_t>(rest.data() + 8);
    const std::size_t name_bytes = load_le<std::uint32_t>(rest.data() + 12);
    if (window.log >= most_logs || windows.size() == most_windows || rest.size() - window_row_bytes < name_bytes) {
      return false;
    }
    window.name = text_of(rest.subspan(window_row_bytes, name_bytes));
    windows.push_back(std::move(window));
    rest = rest.subspan(window_row_bytes + name_bytes);
  }
  return true;
}

void append_windows(const std::vector<WindowRow>& windows, Buffer& value) {
  for (const WindowRow& window : windows) {
    const std::size_t at = value.size();
    value.resize(at + window_row_bytes);
    store_le(value.data() + at, window.ttl_ms);
    store_le(value.data() + at + 8, window.log);
    store_le(value.data() + at + 12, static_cast<std::uint32_t>(window.name.size()));
    value.insert(value.end(), window.name.begin(), window.name.end());
  }
}

}  // namespace

Result<Identity> read_identity(Txn& txn, const Tables& tables) {
  auto value = get_checked(txn, tables.meta, identity_key, sizeof(std::uint32_t));
  if (!value) return forward(value.error());
  const std::uint8_t* at = value->data();
  Identity identity;
  identity.format = load_le<std::uint32_t>(at);
  if (identity.format > format_version) {
    return fail(Exit::config,
                fmt::format("store {} has format {}, this program knows formats up to {}: use the program "
                            "that wrote it, or another store.path",
                            txn.env().directory().string(), identity.format, format_version));
  }
  if (value->size() < identity_bytes) return damaged(txn, "'identity' in its database meta");
  identity.durability = load_le<std::uint32_t>(at + 4) == 0 ? Durability::power_loss : Durability::process_crash;
  identity.id = text_of({at + 8, id_digits});
  at += 8 + id_digits;
  identity.created_ms = load_le<std::int64_t>(at);
  identity.owner = load_le<std::uint64_t>(at + 8);
  identity.ttl_ms = load_le<std::int64_t>(at + 16);
  identity.max_size_bytes = load_le<std::uint64_t>(at + 24);
  if (!read_windows(value->subspan(identity_bytes), identity.windows)) {
    return damaged(txn, "'identity' in its database meta");
  }
  return identity;
}

Result<void> write_identity(Txn& txn, const Tables& tables, const Identity& identity) {
  Buffer value(identity_bytes);
  std::uint8_t* at = value.data();
  store_le(at, identity.format);
  store_le(at + 4, static_cast<std::uint32_t>(identity.durability));
  std::copy_n(identity.id.begin(), std::min(identity.id.size(), id_digits), at + 8);
  at += 8 + id_digits;
  store_le(at, identity.created_ms);
  store_le(at + 8, identity.owner);
  store_le(at + 16, identity.ttl_ms);
  store_le(at + 24, identity.max_size_bytes);
  append_windows(identity.windows, value);
  return put_checked(txn, tables.meta, bytes_of(identity_key), std::move(value));
}

namespace {

/// The row counts for the very batch of the state, and an earlier program writes none: then all that was swept counts,
/// since any of it may have been removed.
Result<void> read_removed(Txn& txn, const Tables& tables, LogState& state) {
  for (LogBounds& log : state.logs) log.removed_before_ms = log.swept_before_ms;
  auto stored = txn.get(tables.meta, bytes_of(removed_key));
  if (!stored) return forward(stored.error());
  const std::optional<Bytes> found = *stored;
  const auto value = found ? checked(bytes_of(removed_key), *found) : std::nullopt;
  if (!value || value->size() != sizeof state.sequence + state.logs.size() * removed_time_bytes) return {};
  const std::uint8_t* at = value->data();
  if (load_le<std::uint64_t>(at) != state.sequence) return {};
  at += sizeof state.sequence;
  for (LogBounds& log : state.logs) {
    log.removed_before_ms = load_le<std::int64_t>(at);
    at += removed_time_bytes;
  }
  return {};
}

Result<void> write_removed(Txn& txn, const Tables& tables, const LogState& state) {
  Buffer value(sizeof state.sequence + state.logs.size() * removed_time_bytes);
  std::uint8_t* at = value.data();
  store_le(at, state.sequence);
  at += sizeof state.sequence;
  for (const LogBounds& log : state.logs) {
    store_le(at, log.removed_before_ms);
    at += removed_time_bytes;
  }
  return put_checked(txn, tables.meta, bytes_of(removed_key), std::move(value));
}

}  // namespace

Result<LogState> read_log_state(Txn& txn, const Tables& tables) {
  auto value = get_checked(txn, tables.meta, state_key, log_state_bytes);
  if (!value) return forward(value.error());
  const std::uint8_t* at = value->data();
  LogState state;
  state.sequence = load_le<std::uint64_t>(at);
  state.settled = load_le<std::uint64_t>(at + 8);
  at += 16;
  state.logs.resize(1 + (value->size() - log_state_bytes) / further_log_bytes);
  for (LogBounds& log : state.logs) {
    log.last_record = load_le<std::uint64_t>(at);
    log.swept_before_ms = load_le<std::int64_t>(at + 8);
    log.evicted_before_ms = load_le<std::int64_t>(at + 16);
    at += further_log_bytes;
  }
  if (auto removed = read_removed(txn, tables, state); !removed) return forward(removed.error());
  return state;
}

Result<void> write_log_state(Txn& txn, const Tables& tables, const LogState& state) {
  Buffer value(log_state_bytes + (state.logs.size() - 1) * further_log_bytes);
  std::uint8_t* at = value.data();
  store_le(at, state.sequence);
  store_le(at + 8, state.settled);
  at += 16;
  for (const LogBounds& log : state.logs) {
    store_le(at, log.last_record);
    store_le(at + 8, log.swept_before_ms);
    store_le(at + 16, log.evicted_before_ms);
    at += further_log_bytes;
  }
  if (auto put = put_checked(txn, tables.meta, bytes_of(state_key), std::move(value)); !put) return put;
  return write_removed(txn, tables, state);
}

Result<Texts> read_texts(Txn& txn, const Tables& tables, TextKind kind) {
  auto cursor = Cursor::open(txn, tables.meta);
  if (!cursor) return forward(cursor.error());
  Texts texts;
  const std::string_view prefix = prefix_of(kind);
  for (;;) {
    auto row = cursor->next();
    if (!row) return forward(row.error());
    const std::optional<Cursor::Row> current = *row;
    if (!current) return texts;
    const std::string_view key = text_of(current->key);
    if (!key.starts_with(prefix)) continue;
    const auto value = checked(current->key, current->value);
    if (!value) return damaged(txn, fmt::format("'{}' in its database meta", key));
    texts.emplace(key.substr(prefix.size()), text_of(*value));
  }
}

Result<void> write_text(Txn& txn, const Tables& tables, TextKind kind, const std::string& name,
                        const std::string& value) {
  const std::string key = std::string(prefix_of(kind)) + name;
  return put_checked(txn, tables.meta, bytes_of(key), Buffer(value.begin(), value.end()));
}

Result<PartitionRows> read_partitions(Txn& txn, const Tables& tables) {
  auto cursor = Cursor::open(txn, tables.partitions);
  if (!cursor) return forward(cursor.error());
  PartitionRows rows;
  for (;;) {
    auto row = cursor->next();
    if (!row) return forward(row.error());
    const std::optional<Cursor::Row> current = *row;
    if (!current) return rows;
    const Bytes key = current->key;
    const auto value = checked(key, current->value);
    if (!value || value->size() < partition_row_bytes || key.size() < sizeof(std::int32_t)) {
      return damaged(txn, "a row of its database partitions");
    }
    const Bytes topic = key.first(key.size() - sizeof(std::int32_t));
    rows[{std::string(text_of(topic)), load_le<std::int32_t>(key.data() + topic.size())}] = {
        read_partition_state(value->data()), load_le<std::uint64_t>(value->data() + partition_state_bytes)};
  }
}

Result<void> write_partition(Txn& txn, const Tables& tables, const TopicPartition& tp, const PartitionRow& row) {
  Buffer value(partition_row_bytes);
  write_partition_state(value.data(), row.state);
  store_le(value.data() + partition_state_bytes, row.changed_by);
  return put_checked(txn, tables.partitions, partition_key(tp), std::move(value));
}

Result<void> erase_partition(Txn& txn, const Tables& tables, const TopicPartition& tp) {
  return txn.erase_if_present(tables.partitions, partition_key(tp));
}

Result<std::uint64_t> used_bytes(Txn& txn, const Tables& tables) {
  constexpr Dbi free_pages{0};
  constexpr Dbi main{1};
  constexpr std::uint64_t meta_pages = 2;
  std::uint64_t pages = meta_pages;
  const auto count = [&](Dbi dbi) -> Result<void> {
    auto stat = txn.stat(dbi);
    if (!stat) return forward(stat.error());
    pages += stat->ms_branch_pages + stat->ms_leaf_pages + stat->ms_overflow_pages;
    return {};
  };
  for (const Dbi dbi : {free_pages, main, tables.partitions, tables.meta}) {
    if (auto counted = count(dbi); !counted) return forward(counted.error());
  }
  for (const Dbi dbi : tables.logs) {
    if (auto counted = count(dbi); !counted) return forward(counted.error());
  }
  return pages * txn.env().page_bytes();
}

Result<void> for_each_record(Txn& txn, Dbi log, const std::function<bool(const LogRow&)>& visit) {
  auto cursor = Cursor::open(txn, log);
  if (!cursor) return forward(cursor.error());
  for (;;) {
    auto row = cursor->next();
    if (!row) return forward(row.error());
    const std::optional<Cursor::Row> current = *row;
    if (!current || !visit({integer_of(current->key), current->value})) return {};
  }
}

}  // namespace firstseen::store
