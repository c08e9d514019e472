#include "idempotency/lmdb_store.h"

#include <utility>

#include "idempotency/record_codec.h"
#include "idempotency/record_state.h"
#include "store/codec.h"

namespace firstseen::idempotency {

using store::bytes_of;
using store::Cursor;
using store::text_of;
using store::Txn;

namespace {

constexpr std::size_t sweep_batch = 10'000;

}  // namespace

Result<std::optional<Record>> LmdbStore::fetch(Txn& txn, const Key& key, bool with_value) {
  const auto bytes = txn.get(tables_.records, bytes_of(key.text()));
  if (!bytes) return forward(bytes.error());
  if (!*bytes) return std::optional<Record>();
  auto record = decode_record(key, **bytes);
  if (!record) return forward(record.error());
  if (with_value && record->outcome) {
    const auto value = txn.get(tables_.values, bytes_of(key.text()));
    if (!value) return forward(value.error());
    if (*value) record->outcome->value = text_of(**value);
  }
  return std::optional<Record>(std::move(*record));
}

Result<std::optional<Record>> LmdbStore::find(Txn& txn, const Key& key) {
  auto record = fetch(txn, key, true);
  if (record && *record && has_expired(**record, clock_.wall_ms())) return std::optional<Record>();
  return record;
}

Result<void> LmdbStore::save(Txn& txn, const Record& record) {
  const auto key = bytes_of(record.key.text());
  if (auto put = txn.put(tables_.records, key, bytes_of(encode_record(record))); !put) return put;
  if (!record.outcome || record.outcome->value.empty()) return txn.erase_if_present(tables_.values, key);
  return txn.put(tables_.values, key, bytes_of(record.outcome->value));
}

Result<void> LmdbStore::remove(Txn& txn, const Key& key) {
  for (const store::Dbi table : {tables_.records, tables_.values, tables_.payloads}) {
    if (auto gone = txn.erase_if_present(table, bytes_of(key.text())); !gone) return gone;
  }
  return {};
}

Result<std::uint64_t> LmdbStore::next_token(Txn& txn) {
  auto last = read_number(txn, tables_.meta, "last_token");
  if (!last) return last;
  if (auto kept = write_number(txn, tables_.meta, "last_token", *last + 1); !kept) return forward(kept.error());
  return *last + 1;
}

Result<ResultStore::Put> LmdbStore::put_if_new(const Record& record, std::string_view payload) {
  auto known = peek(record.key);  // most that are not new need no write transaction
  if (!known) return forward(known.error());
  Put put{.is_new = false, .record = record};
  if (!*known) {
    const auto work = [&](Txn& txn) -> Result<void> {
      put.is_new = false;
      auto found = find(txn, record.key);
      if (!found) return forward(found.error());
      known = found;
      if (*found) return {};
      const auto token = next_token(txn);
      if (!token) return forward(token.error());
      put = {.is_new = true, .record = record};
      put.record.token = *token;
      auto done = remove(txn, record.key);
      if (done) done = save(txn, put.record);
      if (done && !payload.empty()) done = txn.put(tables_.payloads, bytes_of(record.key.text()), bytes_of(payload));
      return done ? leave_reserve(txn) : done;
    };
    auto written = write(work);
    if (!written && written.error().action == Action::pause) {  // full, perhaps of what has expired
      if (const auto swept = sweep(); swept && *swept > 0) written = write(work);
    }
    if (!written) return forward(written.error());
  }
  count(record.key, *known);
  if (*known) put.record = std::move(**known);
  return put;
}

Result<std::optional<Record>> LmdbStore::get(const Key& key) {
  auto found = peek(key);
  if (found) count(key, *found);
  return found;
}

Result<std::optional<Record>> LmdbStore::peek(const Key& key) {
  auto txn = begin_read();
  if (!txn) return forward(txn.error());
  return find(*txn, key);
}

Result<std::optional<Record>> LmdbStore::replace(const Record& expected, const Record& desired, Token token) {
  std::optional<Record> now;
  const auto written = write([&](Txn& txn) -> Result<void> {
    now.reset();
    const auto found = find(txn, expected.key);
    if (!found) return forward(found.error());
    if (!*found || !same_attempt(**found, expected)) return {};
    Record next = desired;
    next.access_count = (*found)->access_count;
    next.token = (*found)->token;
    if (token == Token::advance) {
      const auto advanced = next_token(txn);
      if (!advanced) return forward(advanced.error());
      next.token = *advanced;
    }
    if (auto saved = save(txn, next); !saved) return saved;
    now = std::move(next);
    return {};
  });
  if (!written) return forward(written.error());
  return now;
}

Result<bool> LmdbStore::erase(const Key& key) {
  bool there = false;
  const auto written = write([&](Txn& txn) -> Result<void> {
    // A damaged record can be erased, so it is not read.
    const auto bytes = txn.get(tables_.records, bytes_of(key.text()));
    if (!bytes) return forward(bytes.error());
    const auto record = *bytes ? decode_record(key, **bytes) : Result<Record>(Record{.key = key});
    there = *bytes && !(record && has_expired(*record, clock_.wall_ms()));
    return remove(txn, key);
  });
  if (!written) return forward(written.error());
  return there;
}

Result<bool> LmdbStore::erase_if(const Record& expected) {
  bool erased = false;
  const auto written = write([&](Txn& txn) -> Result<void> {
    erased = false;
    const auto found = find(txn, expected.key);
    if (!found) return forward(found.error());
    if (!*found || !same_attempt(**found, expected)) return {};
    erased = true;
    return remove(txn, expected.key);
  });
  if (!written) return forward(written.error());
  return erased;
}

Result<std::optional<std::string>> LmdbStore::payload(const Key& key) {
  auto txn = begin_read();
  if (!txn) return forward(txn.error());
  const auto record = find(*txn, key);
  if (!record) return forward(record.error());
  if (!*record) return std::optional<std::string>();
  const auto bytes = txn->get(tables_.payloads, bytes_of(key.text()));
  if (!bytes) return forward(bytes.error());
  return *bytes ? std::optional<std::string>(text_of(**bytes)) : std::nullopt;
}

Result<void> LmdbStore::each_row(Txn& txn, const Visit& visit) {
  auto cursor = Cursor::open(txn, tables_.records);
  if (!cursor) return forward(cursor.error());
  for (;;) {
    const auto row = cursor->next();
    if (!row) return forward(row.error());
    if (!*row) return {};
    const auto key = Key::make(text_of((*row)->key));
    if (!key) return forward(key.error());
    const auto more = visit(*key, (*row)->value);
    if (!more) return forward(more.error());
    if (!*more) return {};
  }
}

Result<std::vector<Key>> LmdbStore::expired_keys() {
  std::vector<Key> keys;
  const auto now_ms = clock_.wall_ms();
  auto txn = begin_read();
  if (!txn) return forward(txn.error());
  const auto visited = each_row(*txn, [&](const Key& key, store::Bytes bytes) -> Result<bool> {
    const auto record = decode_record(key, bytes);
    if (record && has_expired(*record, now_ms)) keys.push_back(key);
    return keys.size() < sweep_batch;
  });
  if (!visited) return forward(visited.error());
  return keys;
}

Result<std::uint64_t> LmdbStore::sweep() {
  std::uint64_t swept = 0;
  owners_.remove_dead();
  for (;;) {
    const auto keys = expired_keys();
    if (!keys) return forward(keys.error());
    if (keys->empty()) return swept;
    std::uint64_t removed_now = 0;
    const auto written = write([&](Txn& txn) -> Result<void> {
      removed_now = 0;
      for (const Key& key : *keys) {
        const auto record = fetch(txn, key, false);
        if (!record) return forward(record.error());
        if (!*record || !has_expired(**record, clock_.wall_ms())) continue;  // another process was quicker
        if (auto removed = remove(txn, key); !removed) return removed;
        ++removed_now;
      }
      return {};
    });
    if (!written) return forward(written.error());
    swept += removed_now;
    if (keys->size() < sweep_batch) return swept;
  }
}

Result<void> LmdbStore::for_each(const std::function<bool(const Record&)>& visit) {
  const auto now_ms = clock_.wall_ms();
  auto txn = begin_read();
  if (!txn) return forward(txn.error());
  return each_row(*txn, [&](const Key& key, store::Bytes /*bytes*/) -> Result<bool> {
    const auto record = fetch(*txn, key, true);
    if (!record) return forward(record.error());
    return !*record || has_expired(**record, now_ms) || visit(**record);
  });
}

Result<std::unique_ptr<Owner>> LmdbStore::enlist() { return owners_.enlist(); }

}  // namespace firstseen::idempotency
