#include "ingest/kept_payloads.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <system_error>

#include "base/units.h"
#include "store/directory.h"

namespace firstseen::ingest {
namespace {

namespace fs = std::filesystem;

constexpr const char* folder = "payloads";
constexpr const char* table_name = "payloads, format 1";
constexpr std::size_t time_bytes = 8;
constexpr std::uint64_t least_removed = 10'000;  // at most, by one commit, beside as many again as are added

const std::vector<store::DatabaseName>& database_names() {
  static const std::vector<store::DatabaseName> names{{table_name, MDB_INTEGERKEY}};
  return names;
}

/// Times are little-endian.
std::array<std::uint8_t, time_bytes> encode_time(std::int64_t time_ms) {
  std::array<std::uint8_t, time_bytes> bytes{};
  for (std::size_t i = 0; i < time_bytes; ++i) {
    bytes.at(i) = static_cast<std::uint8_t>(static_cast<std::uint64_t>(time_ms) >> (8 * i));
  }
  return bytes;
}

std::optional<std::int64_t> decode_time(store::Bytes value) {
  if (value.size() < time_bytes) return std::nullopt;
  std::uint64_t time = 0;
  for (std::size_t i = 0; i < time_bytes; ++i) time |= std::uint64_t{value[i]} << (8 * i);
  return static_cast<std::int64_t>(time);
}

tl::unexpected<Error> not_payloads(const fs::path& directory, std::string_view why) {
  return fail(Exit::config,
              fmt::format("{} does not hold kept payloads: {}. Nothing was changed; name another directory",
                          directory.string(), why));
}

}  // namespace

bool KeptPayloads::exist(const fs::path& directory) { return store::has_data(directory / folder); }

Result<std::unique_ptr<KeptPayloads>> KeptPayloads::open(const fs::path& directory, std::uint64_t max_size_bytes) {
  const fs::path home = directory / folder;
  std::error_code error;
  fs::create_directories(home, error);
  if (error) return fail(Exit::io, fmt::format("cannot make {}: {}", home.string(), error.message()));
  if (auto sound = store::check_is_store_or_empty(home); !sound) return not_payloads(home, sound.error().message);
  auto env = store::Env::open({.directory = home, .map_bytes = max_size_bytes, .databases = database_names()});
  if (!env) return forward(env.error());
  if (!(*env)->database(table_name)) {
    if ((*env)->last_transaction() != 0) return not_payloads(home, "its data.mdb lacks our database");
    if (auto made = (*env)->create_databases(database_names()); !made) return forward(made.error());
    if (auto synced = store::sync_directory(home); !synced) return forward(synced.error());
  }
  const store::Dbi table = (*env)->database(table_name).value_or(store::Dbi{});
  // NOLINTNEXTLINE(cppcoreguidelines-owning-memory): private constructor
  return std::unique_ptr<KeptPayloads>(new KeptPayloads(std::move(*env), table));
}

void KeptPayloads::add(std::int64_t number, std::int64_t time_ms, std::string_view payload) {
  added_.push_back({static_cast<std::uint64_t>(number), time_ms, std::string(payload)});
}

Result<void> KeptPayloads::commit(std::int64_t first_number, std::int64_t expire_before_ms) {
  const auto first = static_cast<std::uint64_t>(first_number);
  bool full = false;
  auto done = try_commit(first, expire_before_ms, added_, full);
  if (full) {
    // What a commit frees may be used from the second commit after it on: so the removal goes first, by itself.
    full = false;
    done = try_commit(first, expire_before_ms, {}, full);
    if (done) done = turn_pages(first);
    if (done) done = try_commit(first, expire_before_ms, added_, full);
  }
  if (!full) return done;
  MDB_envinfo info{};
  mdb_env_info(env_->handle(), &info);
  return fail(Action::pause, Exit::io,
              fmt::format("{}: the payloads do not fit into {}: raise --max-size, or shorten --ttl",
                          env_->directory().string(), format_size(info.me_mapsize)));
}

Result<void> KeptPayloads::try_commit(std::uint64_t first, std::int64_t expire_before_ms, std::span<const Added> added,
                                      bool& full) {
  auto txn = store::Txn::begin(*env_, store::Txn::Mode::write);
  if (!txn) return forward(txn.error());
  const auto cut = remove_from(*txn, first);
  if (!cut) return forward(cut.error());
  const auto expired = remove_expired(*txn, expire_before_ms);
  if (!expired) return forward(expired.error());
  if (*cut == 0 && *expired == 0 && added.empty()) return {};
  auto done = write(*txn, added);
  if (done) done = txn->commit();
  full = !done && txn->met_full_map();
  return done;
}

/// A commit that changes nothing.
Result<void> KeptPayloads::turn_pages(std::uint64_t free_number) {
  auto txn = store::Txn::begin(*env_, store::Txn::Mode::write);
  if (!txn) return forward(txn.error());
  if (auto put = txn->append(table_, free_number, 1); !put) return forward(put.error());
  if (auto erased = txn->erase(table_, store::integer_key(free_number)); !erased) return erased;
  return txn->commit();
}

/// Returns how many.
Result<std::uint64_t> KeptPayloads::remove_from(store::Txn& txn, std::uint64_t first) {
  for (std::uint64_t removed = 0;; ++removed) {
    std::uint64_t last = 0;
    {
      auto cursor = store::Cursor::open(txn, table_);
      if (!cursor) return forward(cursor.error());
      const auto row = cursor->last();
      if (!row) return forward(row.error());
      if (!*row) return removed;
      last = store::integer_of((*row)->key);
    }
    if (last < first) return removed;
    if (auto erased = txn.erase(table_, store::integer_key(last)); !erased) return forward(erased.error());
  }
}

/// Returns how many.
Result<std::uint64_t> KeptPayloads::remove_expired(store::Txn& txn, std::int64_t before_ms) {
  std::vector<std::uint64_t> expired;
  {
    auto cursor = store::Cursor::open(txn, table_);
    if (!cursor) return forward(cursor.error());
    while (expired.size() < least_removed + added_.size()) {
      const auto row = cursor->next();
      if (!row) return forward(row.error());
      if (!*row) break;
      const auto time_ms = decode_time((*row)->value);
      if (!time_ms) return fail(Exit::bad_data, env_->directory().string() + ": a payload is damaged");
      if (*time_ms >= before_ms) break;
      expired.push_back(store::integer_of((*row)->key));
    }
  }
  for (const std::uint64_t number : expired) {
    if (auto erased = txn.erase(table_, store::integer_key(number)); !erased) return forward(erased.error());
  }
  return expired.size();
}

Result<void> KeptPayloads::write(store::Txn& txn, std::span<const Added> added) const {
  for (const Added& one : added) {
    auto room = txn.append(table_, one.number, time_bytes + one.payload.size());
    if (!room) return forward(room.error());
    std::ranges::copy(encode_time(one.time_ms), room->begin());
    std::ranges::copy(store::bytes_of(one.payload), room->begin() + time_bytes);
  }
  return {};
}

Result<std::optional<PayloadReader>> PayloadReader::open(const fs::path& directory) {
  if (!KeptPayloads::exist(directory)) return std::optional<PayloadReader>();
  auto env = store::Env::share({.directory = directory / folder, .read_only = true, .databases = database_names()});
  if (!env) return forward(env.error());
  const auto table = (*env)->database(table_name);
  if (!table) return std::optional<PayloadReader>();  // a crash while it was made, or not ours
  auto txn = store::Txn::begin(**env, store::Txn::Mode::read);
  if (!txn) return forward(txn.error());
  return std::optional(PayloadReader(std::move(*env), *table, std::move(*txn)));
}

Result<std::optional<std::string_view>> PayloadReader::at(std::int64_t number) {
  const auto key = static_cast<std::uint64_t>(number);
  const auto found = txn_.get(table_, store::integer_key(key));
  if (!found) return forward(found.error());
  if (!*found) return std::optional<std::string_view>();
  if ((*found)->size() < time_bytes) return fail(Exit::bad_data, env_->directory().string() + ": a payload is damaged");
  return std::optional(store::text_of((*found)->subspan(time_bytes)));
}

Result<std::uint64_t> PayloadReader::count() {
  const auto stat = txn_.stat(table_);
  if (!stat) return forward(stat.error());
  return stat->ms_entries;
}

}  // namespace firstseen::ingest
