#include "store/lmdb.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>

#include "base/advice.h"
#include "store/io_advice.h"

namespace firstseen::store {
namespace {

MDB_val to_val(Bytes bytes) {
  // LMDB's MDB_val is not const-correct; it never writes through keys or values that are handed to it.
  return {bytes.size(), const_cast<std::uint8_t*>(bytes.data())};
}

Bytes from_val(const MDB_val& value) { return {static_cast<const std::uint8_t*>(value.mv_data), value.mv_size}; }

struct CodeClass {
  Action action;
  Exit exit;
  std::string advice;
};

CodeClass classify(int code, const std::filesystem::path& directory) {
  switch (code) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return {Action::pause, Exit::io, "make room on the file system; nothing was changed"};
    case EIO:
    case EROFS:
      return {Action::pause, Exit::io, fmt::format("{}; nothing was changed", io_advice(code, ""))};
    case MDB_MAP_FULL:
    case MDB_TXN_FULL:
      return {Action::pause, Exit::io, "raise store.max_size or make the window shorter; nothing was changed"};
    case EACCES:
    case EPERM:
      return {Action::stop, Exit::io, "give the user of this process write access to the directory"};
    case MDB_VERSION_MISMATCH:
      return {Action::stop, Exit::config,
              "its LMDB format is another one: use the program that wrote it, or another store.path"};
    case MDB_INVALID:
      return {Action::stop, Exit::config, "it is not an LMDB environment: use another store.path"};
    case ENOMEM:
      return {Action::stop, Exit::io,
              "give this process more memory or address space (ulimit -v, the container's limit)"};
    case EMFILE:
    case ENFILE:
      return {Action::stop, Exit::io, "raise the limit of open files (ulimit -n)"};
    case MDB_READERS_FULL:
      return {Action::pause, Exit::try_again,
              "too many programs read it at once: try again when some of them have ended"};
    case MDB_PANIC:
      return {Action::stop, Exit::io,
              fmt::format("restart; if it happens again, check the disk and run `{}`",
                          Advice{.store = directory}.by_store("store verify"))};
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_CURSOR_FULL:
    case MDB_INCOMPATIBLE:
      return {Action::stop, Exit::bad_data,
              "the file is damaged: check the disk, then restore the directory from a backup, or delete it to start on "
              "an empty store"};
    default:
      return {Action::stop, Exit::io, "see the system's documentation of this error"};
  }
}

}  // namespace

Error lmdb_error(int code, std::string_view doing, const std::filesystem::path& directory) {
  const CodeClass known = classify(code, directory);
  return Error{known.action, known.exit,
               fmt::format("store {}: cannot {}: {}; {}", directory.string(), doing, mdb_strerror(code), known.advice)};
}

std::uint64_t integer_of(Bytes key) {
  std::uint64_t value = 0;
  if (key.size() == sizeof value) std::memcpy(&value, key.data(), sizeof value);
  return value;
}

Result<Txn> Txn::begin(const Env& env, Mode mode) {
  MDB_txn* raw = nullptr;
  const unsigned int flags = mode == Mode::read ? MDB_RDONLY : 0U;
  int code = mdb_txn_begin(env.handle(), nullptr, flags, &raw);
  if (code == MDB_READERS_FULL) {
    env.clear_dead_readers();
    code = mdb_txn_begin(env.handle(), nullptr, flags, &raw);
  }
  if (code != 0) return forward(lmdb_error(code, "begin a transaction", env.directory()));
  return Txn(std::unique_ptr<MDB_txn, Abort>(raw), env);
}

tl::unexpected<Error> Txn::failure(int code, std::string_view doing) {
  met_full_map_ = met_full_map_ || code == MDB_MAP_FULL;
  return forward(lmdb_error(code, doing, env_->directory()));
}

Result<void> Txn::commit() {
  const int code = mdb_txn_commit(txn_.release());
  if (code != 0) return failure(code, "commit");
  return {};
}

Result<void> Txn::renew() {
  const int code = mdb_txn_renew(txn_.get());
  if (code != 0) return failure(code, "renew a transaction");
  return {};
}

Result<Reader> Reader::open(const Env& env) {
  auto txn = Txn::begin(env, Txn::Mode::read);
  if (!txn) return forward(txn.error());
  txn->reset();
  return Reader(std::move(*txn));
}

Result<std::optional<Bytes>> Txn::get(Dbi dbi, Bytes key) {
  MDB_val k = to_val(key);
  MDB_val v{};
  const int code = mdb_get(txn_.get(), dbi.id, &k, &v);
  if (code == MDB_NOTFOUND) return std::optional<Bytes>();
  if (code != 0) return failure(code, "read");
  return std::optional<Bytes>(from_val(v));
}

Result<void> Txn::put(Dbi dbi, Bytes key, Bytes value) {
  MDB_val k = to_val(key);
  MDB_val v = to_val(value);
  const int code = mdb_put(txn_.get(), dbi.id, &k, &v, 0);
  if (code != 0) return failure(code, "write");
  return {};
}

Result<std::span<std::uint8_t>> Txn::append(Dbi dbi, std::uint64_t key, std::size_t bytes) {
  MDB_val k = to_val(integer_key(key));
  MDB_val v{bytes, nullptr};
  const int code = mdb_put(txn_.get(), dbi.id, &k, &v, MDB_APPEND | MDB_RESERVE);
  if (code != 0) return failure(code, "append a batch record");
  return std::span<std::uint8_t>(static_cast<std::uint8_t*>(v.mv_data), v.mv_size);
}

Result<void> Txn::erase(Dbi dbi, Bytes key) {
  MDB_val k = to_val(key);
  const int code = mdb_del(txn_.get(), dbi.id, &k, nullptr);
  if (code != 0) return failure(code, "delete");
  return {};
}

Result<void> Txn::erase_if_present(Dbi dbi, Bytes key) {
  MDB_val k = to_val(key);
  const int code = mdb_del(txn_.get(), dbi.id, &k, nullptr);
  if (code != 0 && code != MDB_NOTFOUND) return failure(code, "delete");
  return {};
}

Result<MDB_stat> Txn::stat(Dbi dbi) {
  MDB_stat stat{};
  const int code = mdb_stat(txn_.get(), dbi.id, &stat);
  if (code != 0) return failure(code, "read statistics");
  return stat;
}

Result<Cursor> Cursor::open(Txn& txn, Dbi dbi) {
  MDB_cursor* raw = nullptr;
  const int code = mdb_cursor_open(txn.handle(), dbi.id, &raw);
  if (code != 0) return forward(lmdb_error(code, "open a cursor", txn.env().directory()));
  return Cursor(std::unique_ptr<MDB_cursor, Close>(raw), txn.env());
}

Result<std::optional<Cursor::Row>> Cursor::move(MDB_cursor_op operation) {
  MDB_val key{};
  MDB_val value{};
  const int code = mdb_cursor_get(cursor_.get(), &key, &value, operation);
  if (code == MDB_NOTFOUND) return std::optional<Row>();
  if (code != 0) return forward(lmdb_error(code, "read", env_->directory()));
  return std::optional<Row>(Row{from_val(key), from_val(value)});
}

Result<std::optional<Cursor::Row>> Cursor::next() { return move(MDB_NEXT); }
Result<std::optional<Cursor::Row>> Cursor::last() { return move(MDB_LAST); }

}  // namespace firstseen::store
