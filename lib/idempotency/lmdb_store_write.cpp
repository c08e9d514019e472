// How the store writes: one durable commit per change, which a full store refuses to new operations only.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "idempotency/lmdb_store.h"

namespace firstseen::idempotency {

using store::Txn;

namespace {

/// The ends of operations that run have this much of the store for themselves, or an eighth of a small one.
constexpr std::uint64_t largest_reserve = 64ULL << 20U;
constexpr std::uint64_t share_of_reserve = 8;

Result<void> change_nothing(Txn& /*txn*/) { return {}; }

tl::unexpected<Error> is_full(const store::Env& env) {
  return fail(Action::pause, Exit::io,
              fmt::format("store {} is full (its size was fixed when it was made); nothing was changed: sweep it, "
                          "erase records, or go on with a new, larger one",
                          env.directory().string()));
}

/// Bytes of the map that no page in use takes.
Result<std::uint64_t> free_bytes(Txn& txn, const Tables& tables) {
  constexpr store::Dbi free_pages{0};
  constexpr store::Dbi main{1};
  std::uint64_t used = 2;  // the environment's own
  for (const store::Dbi dbi : {free_pages, main, tables.meta, tables.records, tables.values, tables.payloads}) {
    const auto stat = txn.stat(dbi);
    if (!stat) return forward(stat.error());
    used += stat->ms_branch_pages + stat->ms_leaf_pages + stat->ms_overflow_pages;
  }
  used *= txn.env().page_bytes();
  const std::uint64_t all = txn.env().map_bytes();
  return all - std::min(used, all);
}

}  // namespace

LmdbStore::LmdbStore(std::shared_ptr<store::Env> env, const Tables& tables, const Clock* clock)
    : maker_(::getpid()),
      env_(std::move(env)),
      tables_(tables),
      clock_(clock != nullptr ? *clock : system_clock_),
      owners_(env_->directory() / owners_folder) {}

LmdbStore::~LmdbStore() {
  if (::getpid() == maker_) flush_counts();  // LMDB is not to be used in a forked child
}

Result<void> LmdbStore::write(const Work& work) {
  bool full = false;
  const PendingCounts counts = take_counts();
  auto done = try_write(work, counts, full);
  // Statistics stand in the way of nothing: what fails with them is done without.
  if (!done && !counts.empty()) done = try_write(work, {}, full);
  // LMDB hands out the pages that a commit freed from the second commit after it on, so a store that has just been
  // swept may still be full: a commit that changes next to nothing makes room.
  if (!done && full && turn_pages()) done = try_write(work, {}, full);
  return !done && full ? Result<void>(is_full(*env_)) : done;
}

Result<void> LmdbStore::turn_pages() {
  auto txn = Txn::begin(*env_, Txn::Mode::write);
  if (!txn) return forward(txn.error());
  const auto turns = read_number(*txn, tables_.meta, "page_turns");
  if (!turns) return forward(turns.error());
  if (auto put = write_number(*txn, tables_.meta, "page_turns", *turns + 1); !put) return put;
  return txn->commit();
}

Result<void> LmdbStore::try_write(const Work& work, const PendingCounts& counts, bool& full) {
  full = false;
  auto txn = Txn::begin(*env_, Txn::Mode::write);
  if (!txn) return forward(txn.error());
  auto done = write_counts(*txn, counts);
  if (done) done = work(*txn);
  if (done) done = txn->commit();
  full = txn->met_full_map();
  return done;
}

void LmdbStore::flush_counts() {
  const PendingCounts counts = take_counts();
  bool full = false;
  if (!counts.empty()) static_cast<void>(try_write(change_nothing, counts, full));
}

Result<void> LmdbStore::leave_reserve(Txn& txn) const {
  const auto free = free_bytes(txn, tables_);
  if (!free) return forward(free.error());
  const std::uint64_t reserve = std::min(largest_reserve, env_->map_bytes() / share_of_reserve);
  return *free < reserve ? Result<void>(is_full(*env_)) : Result<void>();
}

}  // namespace firstseen::idempotency
