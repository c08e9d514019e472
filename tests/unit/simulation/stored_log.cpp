#include "stored_log.h"

#include <lmdb.h>
#include <xxhash.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <span>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace firstseen::simulation {

namespace {

constexpr int most_logs = 16;

void expect(bool kept, std::string_view what) {
  if (!kept) throw std::runtime_error(std::string(what));
}
void expect_done(int code, std::string_view what) {
  if (code != 0) throw std::runtime_error("cannot " + std::string(what) + ": " + mdb_strerror(code));
}

/// The bytes of one record, and the fields in them.
class Fields {
 public:
  explicit Fields(const MDB_val& value) : bytes_(static_cast<const std::uint8_t*>(value.mv_data), value.mv_size) {}

  [[nodiscard]] std::span<const std::uint8_t> at(std::uint64_t from, std::uint64_t count) const {
    expect(from <= bytes_.size() && count <= bytes_.size() - from, "a field lies outside its record");
    return bytes_.subspan(from, count);
  }
  /// Least significant byte first.
  [[nodiscard]] std::uint64_t number(std::uint64_t from, std::uint64_t width) const {
    expect(width <= 8, "a number is wider than 8 bytes");
    const auto bytes = at(from, width);
    std::uint64_t value = 0;
    for (auto byte = bytes.rbegin(); byte != bytes.rend(); ++byte) value = value << 8U | *byte;
    return value;
  }
  [[nodiscard]] std::uint64_t size() const { return bytes_.size(); }
  /// With the eight bytes of the checksum taken as 0.
  [[nodiscard]] std::uint64_t checksum() const {
    std::vector<std::uint8_t> copy(bytes_.begin(), bytes_.end());
    std::fill_n(copy.begin() + 64, 8, std::uint8_t{0});
    return XXH3_64bits(copy.data(), copy.size());
  }

 private:
  std::span<const std::uint8_t> bytes_;
};

void expect_sound(const Fields& record, std::uint64_t sequence) {
  const auto magic = record.at(0, 4);
  expect(std::equal(magic.begin(), magic.end(), std::string_view("FSRB").begin()), "a record has another magic");
  expect(record.number(4, 2) == 1, "a record has another version");
  expect(record.number(8, 8) == sequence, "a record has another number than its key");
  expect(record.number(24, 4) == record.size(), "a record has another size than it says");
  expect(record.number(64, 8) == record.checksum(), "a record's checksum is wrong");
}

/// The position that a range's entries are counted from.
Position base_of_range(const Fields& record, std::uint64_t number) {
  expect(number < record.number(40, 4), "an entry is of a range that its record does not have");
  const std::uint64_t row = 72 + number * 136;
  const auto topic = record.at(record.number(row, 4), record.number(row + 4, 2));
  return {{std::string(topic.begin(), topic.end()), static_cast<std::int32_t>(record.number(row + 8, 4))},
          static_cast<std::int64_t>(record.number(row + 16, 8))};
}

void read_record(const Fields& record, std::vector<StoredKey>& keys) {
  std::uint64_t at = record.number(28, 4);
  const auto next = [&](std::uint64_t width) { return record.number(std::exchange(at, at + width), width); };
  for (std::uint64_t left = record.number(32, 4); left > 0; --left) {
    StoredKey key;
    const auto digest = record.at(std::exchange(at, at + 16), 16);
    static_assert(sizeof key.digest == 16);
    std::memcpy(&key.digest, digest.data(), digest.size());
    const std::uint64_t offset = next(record.number(44, 1));
    const std::uint64_t time = next(record.number(45, 1));
    const std::uint64_t range = next(record.number(46, 1));
    const std::uint64_t kind = next(record.number(47, 1));
    expect(kind <= 1, "an entry is of a kind that there is not");
    if (kind == 1) continue;
    key.position = base_of_range(record, range);
    key.position.offset += static_cast<std::int64_t>(offset);
    key.time_ms = static_cast<std::int64_t>(record.number(48, 8) + time);
    keys.push_back(std::move(key));
  }
}

void read_log(MDB_txn* txn, MDB_dbi log, std::vector<StoredKey>& keys) {
  MDB_cursor* raw = nullptr;
  expect_done(mdb_cursor_open(txn, log, &raw), "open a cursor");
  const std::unique_ptr<MDB_cursor, void (*)(MDB_cursor*)> cursor(raw, mdb_cursor_close);
  std::uint64_t last = 0;
  MDB_val key{};
  MDB_val value{};
  int code = mdb_cursor_get(raw, &key, &value, MDB_FIRST);
  for (; code == 0; code = mdb_cursor_get(raw, &key, &value, MDB_NEXT)) {
    std::uint64_t sequence = 0;
    expect(key.mv_size == sizeof sequence, "a key of the log is no number");
    std::memcpy(&sequence, key.mv_data, sizeof sequence);
    expect(sequence > std::exchange(last, sequence), "the log is out of order");
    const Fields record(value);
    expect_sound(record, sequence);
    read_record(record, keys);
  }
  if (code != MDB_NOTFOUND) expect_done(code, "read the log");
}

void read_logs(const std::filesystem::path& directory, std::vector<StoredKey>& keys) {
  MDB_env* env_raw = nullptr;
  expect_done(mdb_env_create(&env_raw), "create an environment");
  const std::unique_ptr<MDB_env, void (*)(MDB_env*)> env(env_raw, mdb_env_close);
  expect_done(mdb_env_set_maxdbs(env_raw, most_logs), "make room for the logs");
  expect_done(mdb_env_open(env_raw, directory.c_str(), MDB_RDONLY | MDB_NOLOCK, 0), "open the environment");
  MDB_txn* txn_raw = nullptr;
  expect_done(mdb_txn_begin(env_raw, nullptr, MDB_RDONLY, &txn_raw), "begin to read");
  const std::unique_ptr<MDB_txn, void (*)(MDB_txn*)> txn(txn_raw, mdb_txn_abort);
  for (int number = 0; number < most_logs; ++number) {
    const std::string name = number == 0 ? "log" : "log:" + std::to_string(number);
    MDB_dbi log = 0;
    const int code = mdb_dbi_open(txn_raw, name.c_str(), 0, &log);
    if (code == MDB_NOTFOUND && number > 0) return;
    expect_done(code, "open " + name);
    read_log(txn_raw, log, keys);
  }
}

}  // namespace

StoredLog read_stored_log(const std::filesystem::path& directory) {
  StoredLog log;
  try {
    read_logs(directory, log.keys);
  } catch (const std::runtime_error& error) {
    log.problem = error.what();
  }
  return log;
}

}  // namespace firstseen::simulation
