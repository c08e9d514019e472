#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <thread>

#include "base/held_lock.h"
#include "idempotency/lmdb_store.h"
#include "store/codec.h"
#include "store/directory.h"

namespace firstseen::idempotency {
namespace {

namespace fs = std::filesystem;
using store::bytes_of;
using store::Txn;

constexpr std::string_view kind = "operations";
constexpr int share_attempts = 100;
constexpr Millis share_pause{5};

tl::unexpected<Error> not_ours(const fs::path& directory, const std::string& why) {
  return fail(Exit::config,
              fmt::format("{} is not a store of operations: {}. Nothing was changed; name another directory",
                          directory.string(), why));
}

tl::unexpected<Error> cannot(std::string_view doing, const fs::path& path, int code) {
  return fail(Exit::io, fmt::format("cannot {} {}: {}; check the owner, the permissions and the free space", doing,
                                    path.string(), std::strerror(code)));
}

Result<void> check_file_names(const fs::path& directory) {
  constexpr std::array<std::string_view, 5> known = {store::data_file, store::lock_file, owners_folder, open_lock_file,
                                                     "lost+found"};
  std::error_code error;
  fs::directory_iterator files(directory, error);
  if (error) return cannot("read", directory, error.value());
  for (; files != fs::directory_iterator(); files.increment(error)) {
    const std::string name = files->path().filename().string();
    if (name.starts_with("slot-")) return not_ours(directory, "it is a store of seen keys (of `firstseen run`)");
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      return not_ours(directory, fmt::format("it holds a file '{}'", name));
    }
  }
  return {};
}

Result<void> make_directory(const LmdbStoreOptions& options) {
  struct stat status{};
  if (::stat(options.directory.c_str(), &status) == 0) {
    return S_ISDIR(status.st_mode) ? Result<void>() : Result<void>(not_ours(options.directory, "it is no directory"));
  }
  if (errno != ENOENT) return cannot("use", options.directory, errno);
  if (options.must_exist) {
    return fail(Exit::config, fmt::format("there is no store of operations at {}", options.directory.string()));
  }
  if (::mkdir(options.directory.c_str(), 0700) != 0 && errno != EEXIST) {
    return cannot("make the directory", options.directory, errno);
  }
  return {};
}

/// Opening is done by one process at a time, so that nobody meets a half-made store.
Result<HeldLock> lock_opening(const fs::path& directory) {
  const fs::path path = directory / open_lock_file;
  HeldLock file(path, O_RDWR | O_CREAT, 0600);
  if (file.fd() < 0) return cannot("open", path, errno);
  if (!file.lock()) return cannot("lock", path, errno);
  return file;
}

/// The environment, shared with the other stores of this process.
Result<std::shared_ptr<store::Env>> open_environment(const LmdbStoreOptions& options) {
  store::EnvOptions wanted;
  wanted.directory = options.directory;
  wanted.map_bytes = store::has_data(options.directory) ? 0 : options.max_size_bytes;  // 0: as it was made
  wanted.databases = {{"meta"}, {"records"}, {"values"}, {"payloads"}, {"log"}};
  auto env = store::Env::share(wanted);
  // A store of this process that is being opened or closed at this moment.
  for (int attempt = 1; !env && env.error().exit == Exit::try_again && attempt < share_attempts; ++attempt) {
    std::this_thread::sleep_for(share_pause);
    env = store::Env::share(wanted);
  }
  return env;
}

Result<Tables> find_tables(const store::Env& env) {
  if (env.database("log")) return not_ours(env.directory(), "it is a store of seen keys (of `firstseen run`)");
  const auto meta = env.database("meta");
  const auto records = env.database("records");
  const auto values = env.database("values");
  const auto payloads = env.database("payloads");
  if (!meta || !records || !values || !payloads) {
    return not_ours(env.directory(), "its data.mdb was made by another program");
  }
  return Tables{.meta = *meta, .records = *records, .values = *values, .payloads = *payloads};
}

Result<void> check_format(const store::Env& env, const Tables& tables) {
  auto txn = Txn::begin(env, Txn::Mode::read);
  if (!txn) return forward(txn.error());
  const auto is = txn->get(tables.meta, bytes_of("kind"));
  if (!is) return forward(is.error());
  if (!*is || store::text_of(**is) != kind)
    return not_ours(env.directory(), "its data.mdb was made by another program");
  const auto format = read_number(*txn, tables.meta, "format");
  if (!format) return forward(format.error());
  if (*format == store_format) return {};
  return fail(Exit::config, fmt::format("store {} has format {} and this program reads {}: use the firstseen that made "
                                        "it, or a newer one. Nothing was changed",
                                        env.directory().string(), *format, store_format));
}

/// Was nothing ever committed, or only the empty tables (a crash while the store was made)?
Result<bool> is_new(const store::Env& env) {
  if (env.last_transaction() == 0) return true;
  const auto meta = env.database("meta");
  if (env.last_transaction() > 1 || !meta || !env.database("payloads")) return false;
  auto txn = Txn::begin(env, Txn::Mode::read);
  if (!txn) return forward(txn.error());
  const auto stat = txn->stat(*meta);
  if (!stat) return forward(stat.error());
  return stat->ms_entries == 0;
}

Result<void> make_tables(store::Env& env, const Clock* clock) {
  const std::array<store::DatabaseName, 4> names{{{"meta"}, {"records"}, {"values"}, {"payloads"}}};
  if (auto made = env.create_databases(names); !made) return made;
  const auto meta = env.database("meta");
  auto txn = Txn::begin(env, Txn::Mode::write);
  if (!txn) return forward(txn.error());
  const SystemClock system;
  const std::int64_t now_ms = clock != nullptr ? clock->wall_ms() : system.wall_ms();
  auto done = txn->put(*meta, bytes_of("kind"), bytes_of(kind));
  if (done) done = write_number(*txn, *meta, "format", store_format);
  if (done) done = write_number(*txn, *meta, "created_ms", static_cast<std::uint64_t>(now_ms));
  if (!done) return done;
  if (done = txn->commit(); !done) return done;
  return store::sync_directory(env.directory());
}

}  // namespace

Result<std::unique_ptr<ResultStore>> open_lmdb_store(const LmdbStoreOptions& options) {
  if (auto made = make_directory(options); !made) return forward(made.error());
  if (auto ours = check_file_names(options.directory); !ours) return forward(ours.error());
  if (options.must_exist && !looks_like_lmdb_store(options.directory)) {
    return fail(Exit::config, fmt::format("there is no store of operations at {}", options.directory.string()));
  }
  // The lock of the file keeps processes apart and, for the language to know of it, this one its threads.
  static std::mutex mutex;
  const std::scoped_lock here(mutex);
  const auto opening = lock_opening(options.directory);
  if (!opening) return forward(opening.error());
  auto env = open_environment(options);
  if (!env) return forward(env.error());
  const auto fresh = is_new(**env);
  if (!fresh) return forward(fresh.error());
  if (*fresh) {
    if (auto made = make_tables(**env, options.clock); !made) return forward(made.error());
  }
  const auto tables = find_tables(**env);
  if (!tables) return forward(tables.error());
  if (auto known = check_format(**env, *tables); !known) return forward(known.error());
  static_cast<void>((*env)->oldest_reader());  // clears the readers that died
  return std::make_unique<LmdbStore>(std::move(*env), *tables, options.clock);
}

bool looks_like_lmdb_store(const fs::path& directory) {
  std::error_code ignored;
  return fs::exists(directory / store::data_file, ignored);
}

}  // namespace firstseen::idempotency
