#include "store/index_builder.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <numeric>

#include "store/parallel.h"

namespace firstseen::store {
namespace {

/// More streams than this at a time are slow to write.
constexpr std::size_t most_buckets = 512;

constexpr std::size_t share_that_waits = 8;
constexpr std::size_t least_that_waits = 250'000;

/// Entries from asking for a line to needing it.
constexpr std::size_t prefetch_distance = 8;

}  // namespace

IndexBuilder::IndexBuilder(GrowingIndex& index, const LiveLog& log, std::size_t workers)
    : index_(index),
      log_(log),
      table_(index.start_over(log.entries())),
      live_{log.head(), log.tail() - log.head()},
      enough_(std::max<std::size_t>(log.entries() / share_that_waits, least_that_waits)),
      regions_per_bucket_((table_.regions() + most_buckets - 1) / most_buckets),
      buckets_((table_.regions() + regions_per_bucket_ - 1) / regions_per_bucket_),
      workers_(workers) {
  for (Worker& worker : workers_) worker.buckets.resize(buckets_);
}

void IndexBuilder::add(std::size_t worker, const LiveRecord& record) {
  Worker& mine = workers_[worker];
  const RecordView view = record.view();
  const std::uint8_t* entry = view.first_entry();
  const std::size_t stride = view.stride();
  Digest digest;
  for (std::uint32_t i = 0; i < record.entry_count; ++i, entry += stride) {
    std::memcpy(digest.bytes.data(), entry, digest.bytes.size());
    const KeyedHash hash = index_.hash(digest);
    mine.buckets[table_.region_of(hash) / regions_per_bucket_].push_back(
        {hash.lines, record.first_position + i, static_cast<std::uint16_t>(hash.print)});
  }
  mine.waiting += record.entry_count;
}

void IndexBuilder::insert_if_enough() {
  const auto add_up = [](std::size_t sum, const Worker& worker) { return sum + worker.waiting; };
  if (std::accumulate(workers_.begin(), workers_.end(), std::size_t{0}, add_up) >= enough_) insert_all();
}

void IndexBuilder::finish() {
  insert_all();
  workers_.clear();
}

void IndexBuilder::insert_all() {
  std::atomic<std::size_t> next = 0;
  run_in_parallel(workers_.size(), [&](std::size_t worker) {
    for (std::size_t bucket = next++; bucket < buckets_; bucket = next++) insert_bucket(workers_[worker], bucket);
  });
  populated_ = true;
  for (Worker& worker : workers_) {
    worker.waiting = 0;
    for (const LogPosition position : worker.aside) {
      Digest digest;
      std::memcpy(digest.bytes.data(), log_.digests_at(position).first, digest.bytes.size());
      table_.insert_aside(index_.hash(digest).print, position);
    }
    worker.aside.clear();
  }
}

void IndexBuilder::insert_bucket(Worker& worker, std::size_t bucket) {
  if (!populated_) {
    const std::size_t first = bucket * regions_per_bucket_;
    table_.populate_regions(first, std::min(first + regions_per_bucket_, table_.regions()));
  }
  for (Worker& from : workers_) {
    insert(worker, from.buckets[bucket]);
    from.buckets[bucket].clear();
  }
}

void IndexBuilder::insert(Worker& worker, const std::vector<Waiting>& entries) {
  const auto hash_of = [](const Waiting& entry) { return KeyedHash{entry.lines, entry.print}; };
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (i + prefetch_distance < entries.size()) table_.prefetch(hash_of(entries[i + prefetch_distance]));
    if (!table_.insert_in_region(hash_of(entries[i]), entries[i].position, live_)) {
      worker.aside.push_back(entries[i].position);
    }
  }
}

}  // namespace firstseen::store
