#include "import_store.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <optional>
#include <system_error>

#include "identity.h"
#include "output.h"
#include "ownership.h"
#include "staging_directory.h"
#include "store/directory.h"
#include "store/hot_copy.h"
#include "store/inspect.h"
#include "store/pins.h"
#include "store_layout.h"

namespace firstseen {
namespace {

namespace fs = std::filesystem;

tl::unexpected<Error> cannot(std::string_view doing, const fs::path& path, int code) {
  return fail(Exit::io, fmt::format("cannot {} {}: {}", doing, path.string(), std::generic_category().message(code)));
}

/// Nobody else's, and empty or to be replaced. The lock is to be kept until the new store is in place.
Result<std::optional<store::OwnerLock>> take_place(const fs::path& place, bool replace) {
  std::optional<store::OwnerLock> lock;
  std::error_code ignored;
  if (!fs::exists(place, ignored)) return lock;
  auto held = store::OwnerLock::acquire(place);
  if (!held) return forward(held.error());
  if (store::has_data(place) && !replace) {
    return fail(Exit::config, fmt::format("{} holds a store already: with --replace it is kept beside, and the import "
                                          "takes its place",
                                          place.string()));
  }
  lock = std::move(*held);
  return lock;
}

/// What a start would refuse, before anything is copied.
Result<store::Inspection> check_source(const Configuration& configuration, const key::Deriver& deriver,
                                       const fs::path& source, const fs::path& place) {
  auto facts = store::inspect(source);
  if (!facts) return facts;
  std::vector<store::Pin> world = world_of(configuration, deriver);
  if (store::has_data(place)) {  // which cluster it is only a broker tells, or the store that goes
    const auto there = store::inspect(place);
    if (there && there->pins.contains("cluster")) world.push_back({"cluster", there->pins.at("cluster")});
  }
  if (auto same = store::check_pins(source, facts->pins, world); !same) return forward(same.error());
  const auto found = store::verify(source);
  if (!found) return forward(found.error());
  if (found->problems.empty()) return facts;
  return fail(Exit::bad_data,
              fmt::format("{} is damaged, nothing was imported: {}", source.string(), found->problems.front()));
}

/// Opens the copy as a start does, which checks the rest and leaves the index for the next one.
Result<bool> open_once(Configuration configuration, const key::Deriver& deriver, const fs::path& directory,
                       const LogSink& log) {
  configuration.store_path = directory;
  const SystemClock clock;
  auto opened = open_own_store(configuration, deriver, clock, log);
  if (!opened) return forward(opened.error());
  const bool undecided = (*opened)->undecided().has_value();
  if (auto closed = (*opened)->close_clean(); !closed) return forward(closed.error());
  log(LogLevel::info, (*opened)->save_index(store::index_save_time));
  return undecided;
}

/// `fresh` is where `place` was, and what was there is where `fresh` was; at no moment is nothing there.
Result<void> exchange(const fs::path& fresh, const fs::path& place) {
  if (::renameat2(AT_FDCWD, fresh.c_str(), AT_FDCWD, place.c_str(), RENAME_EXCHANGE) == 0) return {};
  if (errno != EINVAL && errno != ENOSYS) return cannot("exchange", place, errno);
  const fs::path aside = fresh.native() + ".old";  // on a file system that cannot exchange
  if (::rename(place.c_str(), aside.c_str()) != 0) return cannot("move away", place, errno);
  if (::rename(fresh.c_str(), place.c_str()) != 0) {
    const int code = errno;
    static_cast<void>(::rename(aside.c_str(), place.c_str()));
    return cannot("move to", place, code);
  }
  if (::rename(aside.c_str(), fresh.c_str()) != 0) return cannot("keep", aside, errno);
  return {};
}

/// Where it cannot have that name it stays where it is.
Result<void> set_aside(const fs::path& held, const fs::path& kept) {
  std::error_code error;
  fs::permissions(held, fs::perms::group_read | fs::perms::group_exec, fs::perm_options::add, error);
  if (!error) fs::rename(held, kept, error);
  if (error) return cannot("rename the old store (the new one is in place)", held, error.value());
  return {};
}

/// 2026-11-21T09:12:10.050Z as 20261121T091210.050Z.
std::string time_for_a_name() {
  std::string name = format_time(SystemClock().wall_ms());
  std::erase_if(name, [](char c) { return c == '-' || c == ':'; });
  return name;
}

}  // namespace

Result<Imported> import_store(const Configuration& configuration, const fs::path& source, bool replace,
                              const LogSink& log) {
  const fs::path& directory = configuration.store_path;
  const fs::path place = slot_directory(directory);
  const fs::path from = slot_directory(source);
  const auto deriver = key::Deriver::make(configuration.key);
  if (!deriver) return forward(deriver.error());
  std::error_code error;
  if (fs::equivalent(from, place, error)) {
    return fail(Exit::usage, fmt::format("{} is the store of this configuration itself", source.string()));
  }
  const auto lock = take_place(place, replace);
  if (!lock) return forward(lock.error());
  const auto facts = check_source(configuration, **deriver, from, place);
  if (!facts) return forward(facts.error());

  const Ownership ownership(directory);
  fs::create_directories(directory, error);
  if (error) return cannot("make", directory, error.value());
  auto staging = StagingDirectory::make(directory / "import-");
  if (!staging) return forward(staging.error());
  const fs::path copy = slot_directory(staging->path());
  if (auto copied = store::hot_copy(from, copy, store::CopyLayout::compact); !copied) return forward(copied.error());
  const auto undecided = open_once(configuration, **deriver, staging->path(), log);
  if (!undecided) return forward(undecided.error());
  if (auto given = ownership.give(staging->path()); !given) return forward(given.error());
  if (auto synced = store::sync_directory(copy); !synced) return forward(synced.error());

  Imported imported{
      .records = facts->stats.live_records, .entries = facts->stats.live_entries, .undecided = *undecided};
  if (!*lock) {
    if (::rename(copy.c_str(), place.c_str()) != 0) return cannot("put in place", place, errno);
  } else {
    const fs::path held = staging->path();
    const bool holds_keys = store::has_data(place);
    if (holds_keys) staging->keep();  // from the exchange on the old store is in there
    if (auto exchanged = exchange(copy, place); !exchanged) return forward(exchanged.error());
    if (holds_keys) {
      const fs::path kept = directory / ("replaced-" + time_for_a_name());
      if (auto done = set_aside(held, kept); !done) return forward(done.error());
      imported.replaced = kept;
    }
  }
  if (auto synced = store::sync_directory(directory); !synced) return forward(synced.error());
  return imported;
}

}  // namespace firstseen
