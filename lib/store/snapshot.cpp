#include "store/snapshot.h"

#include <fmt/format.h>

#include "store/directory.h"

namespace firstseen::store {

Result<Snapshot> take_snapshot(const std::filesystem::path& directory) {
  if (!has_data(directory)) {
    return fail(Exit::config,
                fmt::format("{} holds no store: nothing was ever started on it, or the path is another one "
                            "than the daemon's store.path",
                            directory.string()));
  }
  if (auto checked = check_is_store_or_empty(directory); !checked) return forward(checked.error());
  const std::string mark = UnsyncedMark::read(directory);
  if (!mark.empty() && mark != current_boot_id() && !OwnerLock::held(directory)) {
    return fail(
        Action::stop, Exit::try_again,
        fmt::format("store {}: the machine went down without a clean stop, so the store must be verified first: "
                    "start the daemon on it once",
                    directory.string()));
  }
  auto env = Env::share({.directory = directory, .read_only = true, .databases = Tables::names()});
  if (!env) return forward(env.error());
  const auto tables = Tables::of(**env);
  if (!tables) {
    return fail(Exit::config,
                fmt::format("{} is not a store of this program: its data.mdb lacks our databases", directory.string()));
  }
  auto txn = Txn::begin(**env, Txn::Mode::read);
  if (!txn) return forward(txn.error());
  return Snapshot{std::move(*env), *tables, std::move(*txn)};
}

}  // namespace firstseen::store
