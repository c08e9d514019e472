#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <map>
#include <mutex>

#include "base/file_descriptor.h"
#include "store/cut_file.h"
#include "store/directory.h"
#include "store/lmdb.h"

namespace firstseen::store {
namespace {

/// Every environment that this process has open, by its canonical directory.
struct OpenEnvironments {
  std::mutex mutex;
  std::map<std::filesystem::path, std::weak_ptr<Env>> by_directory;
};

OpenEnvironments& open_environments() {
  static OpenEnvironments instance;
  return instance;
}

constexpr mode_t file_mode = 0640;
constexpr unsigned int max_databases = 24;
/// Readers at the same time, in all processes; 64 bytes of `lock.mdb` each. As whoever opens the store first has it.
constexpr unsigned int max_readers = 1024;
/// Linux reads no more than its limit for read-ahead (by default 128 KiB) for one MADV_WILLNEED, whatever it is asked.
constexpr std::size_t read_ahead_step = std::size_t{128} << 10U;

/// LMDB makes its lock file of holes and maps it: on a full disk the first write there would be the end of the process
/// (SIGBUS). So it is given its space before, also one that such an end has left as a hole. Any other of that size may
/// be in use and is not opened: closing it would end this process's locks on it. What else is wrong with it, LMDB finds
/// out.
Result<void> make_lock_file(const std::filesystem::path& directory) {
  constexpr off_t bytes = off_t{max_readers} * 64;  // LMDB makes it a little larger
  const std::filesystem::path path = directory / lock_file;
  struct stat status{};
  if (::stat(path.c_str(), &status) == 0 && status.st_size >= bytes && status.st_blocks != 0) return {};
  const FileDescriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, file_mode));
  if (file.get() < 0) return {};
  const int code = ::posix_fallocate(file.get(), 0, bytes);
  if (code != ENOSPC && code != EDQUOT && code != EFBIG) return {};
  return forward(lmdb_error(code, "make the lock file", directory));
}

}  // namespace

Env::Env(std::unique_ptr<MDB_env, Close> env, std::filesystem::path directory)
    : env_(std::move(env)), maker_(::getpid()), directory_(std::move(directory)) {
  MDB_stat stat{};
  if (mdb_env_stat(env_.get(), &stat) == 0) page_bytes_ = stat.ms_psize;
}

Env::~Env() {
  // Closing it in a forked child would clear the parent's readers: left to the child's end.
  if (::getpid() != maker_) static_cast<void>(env_.release());  // NOLINT(bugprone-unused-return-value)
  if (canonical_.empty()) return;
  const std::scoped_lock lock(open_environments().mutex);
  env_.reset();
  open_environments().by_directory.erase(canonical_);
}

Result<std::shared_ptr<Env>> Env::open_as(const EnvOptions& options, const std::filesystem::path& canonical) {
  if (!options.may_be_cut) {
    if (auto whole = check_not_cut(options.directory); !whole) return forward(whole.error());
  }
  if (!options.without_lock) {
    if (auto made = make_lock_file(options.directory); !made) return forward(made.error());
  }
  MDB_env* raw = nullptr;
  int code = mdb_env_create(&raw);
  if (code != 0) return forward(lmdb_error(code, "create an environment", options.directory));
  std::unique_ptr<MDB_env, Close> handle(raw);
  code = mdb_env_set_maxdbs(raw, max_databases);
  if (code == 0) code = mdb_env_set_maxreaders(raw, max_readers);
  if (code == 0 && options.map_bytes != 0) code = mdb_env_set_mapsize(raw, options.map_bytes);
  // Readers go through the log from end to end. Who writes looks single entries up: there the kernel's habit of reading
  // a lot around each page (megabytes on some machines) only drives out of memory what the next lookups need.
  const unsigned int flags = MDB_NOTLS | (options.read_only ? MDB_RDONLY : MDB_NORDAHEAD) |
                             (options.without_lock ? MDB_NOLOCK : 0U) | (options.without_sync ? MDB_NOSYNC : 0U);
  if (code == 0) code = mdb_env_open(raw, options.directory.c_str(), flags, file_mode);
  if (code != 0) return forward(lmdb_error(code, "open the environment", options.directory));
  std::shared_ptr<Env> env(new Env(std::move(handle), options.directory));  // NOLINT: private constructor
  env->clear_dead_readers();
  if (auto opened = env->open_databases(options.databases); !opened) return forward(opened.error());
  env->canonical_ = canonical;
  return env;
}

namespace {

/// What tells one environment from another. A path that cannot be resolved (through another process's /proc/PID/root,
/// say) stands for itself.
std::filesystem::path canonical_of(const std::filesystem::path& directory) {
  std::error_code failed;
  auto canonical = std::filesystem::weakly_canonical(directory, failed);
  return failed || canonical.empty() ? std::filesystem::absolute(directory, failed) : canonical;
}

}  // namespace

Result<std::shared_ptr<Env>> Env::open(const EnvOptions& options) {
  if (options.unregistered) return open_as(options, {});
  const auto canonical = canonical_of(options.directory);
  const std::scoped_lock lock(open_environments().mutex);
  if (open_environments().by_directory.contains(canonical)) {
    return fail(Action::stop, Exit::try_again,
                "store " + options.directory.string() + " is already open in this process");
  }
  auto env = open_as(options, canonical);
  if (env) open_environments().by_directory[canonical] = *env;
  return env;
}

Result<std::shared_ptr<Env>> Env::share(const EnvOptions& options) {
  const auto canonical = canonical_of(options.directory);
  {
    const std::scoped_lock lock(open_environments().mutex);
    const auto found = open_environments().by_directory.find(canonical);
    if (found != open_environments().by_directory.end()) {
      if (auto env = found->second.lock()) return env;
    }
  }
  return open(options);
}

std::optional<Dbi> Env::database(std::string_view name) const {
  const auto found = databases_.find(name);
  return found == databases_.end() ? std::nullopt : std::optional<Dbi>(found->second);
}

Result<void> Env::open_databases(std::span<const DatabaseName> names) {
  auto txn = Txn::begin(*this, Txn::Mode::read);
  if (!txn) return forward(txn.error());
  for (const auto& [name, flags] : names) {
    Dbi dbi;
    const int code = mdb_dbi_open(txn->handle(), name.c_str(), flags, &dbi.id);
    if (code == MDB_NOTFOUND || code == MDB_INCOMPATIBLE) continue;
    if (code != 0) return forward(lmdb_error(code, "open the database '" + name + "'", directory_));
    databases_[name] = dbi;
  }
  return txn->commit();
}

Result<void> Env::create_databases(std::span<const DatabaseName> names) {
  auto txn = Txn::begin(*this, Txn::Mode::write);
  if (!txn) return forward(txn.error());
  auto made = databases_;
  for (const auto& [name, flags] : names) {
    Dbi dbi;
    const int code = mdb_dbi_open(txn->handle(), name.c_str(), flags | MDB_CREATE, &dbi.id);
    if (code != 0) return forward(lmdb_error(code, "make the database '" + name + "'", directory_));
    made[name] = dbi;
  }
  if (auto committed = txn->commit(); !committed) return committed;
  databases_ = std::move(made);
  return {};
}

std::uint64_t Env::file_bytes() const {
  mdb_filehandle_t file = -1;
  struct stat status{};
  if (mdb_env_get_fd(env_.get(), &file) != 0 || fstat(file, &status) != 0) return 0;
  return static_cast<std::uint64_t>(status.st_size);
}

std::uint64_t Env::map_bytes() const {
  MDB_envinfo info{};
  return mdb_env_info(env_.get(), &info) == 0 ? info.me_mapsize : 0;
}

std::int64_t Env::disk_free_bytes() const {
  mdb_filehandle_t file = -1;
  struct statvfs status{};
  if (mdb_env_get_fd(env_.get(), &file) != 0 || fstatvfs(file, &status) != 0) return -1;
  return static_cast<std::int64_t>(status.f_bavail * status.f_frsize);
}

std::uint64_t Env::last_transaction() const {
  MDB_envinfo info{};
  return mdb_env_info(env_.get(), &info) == 0 ? info.me_last_txnid : 0;
}

Result<void> Env::set_without_sync(bool on) {
  const int code = mdb_env_set_flags(env_.get(), MDB_NOSYNC, on ? 1 : 0);
  if (code != 0) return forward(lmdb_error(code, "change the durability", directory_));
  return {};
}

Result<void> Env::sync() {
  const int code = mdb_env_sync(env_.get(), 1);
  if (code != 0) return forward(lmdb_error(code, "sync to disk", directory_));
  return {};
}

void Env::populate(Bytes bytes) const {
#ifdef MADV_POPULATE_READ
  advise(bytes, MADV_POPULATE_READ);
#else
  static_cast<void>(bytes);
#endif
}

void Env::will_need(Bytes bytes) const {
  while (!bytes.empty()) {
    const Bytes step = bytes.first(std::min(bytes.size(), read_ahead_step));
    advise(step, MADV_WILLNEED);
    bytes = bytes.subspan(step.size());
  }
}

void Env::advise(Bytes bytes, int advice) const {
  const std::size_t before = reinterpret_cast<std::uintptr_t>(bytes.data()) % page_bytes_;
  // madvise() takes a plain pointer, and changes nothing.
  void* start = const_cast<std::uint8_t*>(bytes.data() - before);  // NOLINT(cppcoreguidelines-pro-type-const-cast)
  madvise(start, bytes.size() + before, advice);
}

void Env::clear_dead_readers() const {
  int dead = 0;
  mdb_reader_check(env_.get(), &dead);
}

std::optional<OldReader> Env::oldest_reader() const {
  clear_dead_readers();
  std::optional<OldReader> oldest;
  // LMDB tells its readers only as text: "pid thread transaction" per line, "-" for an idle slot.
  const auto visit = [](const char* line, void* context) {
    OldReader reader;
    unsigned long long thread = 0;
    unsigned long long transaction = 0;
    if (std::sscanf(line, "%d %llx %llu", &reader.pid, &thread, &transaction) != 3) return 0;  // NOLINT(cert-err34-c)
    reader.transaction = transaction;
    auto& best = *static_cast<std::optional<OldReader>*>(context);
    if (!best || reader.transaction < best->transaction) best = reader;
    return 0;
  };
  mdb_reader_list(env_.get(), visit, &oldest);
  return oldest;
}

}  // namespace firstseen::store
