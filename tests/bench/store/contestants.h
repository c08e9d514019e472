#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "bench/store/workload.h"
#include "store/seen_store.h"

namespace firstseen::bench {

/// firstseen's own store. It is filled by its ordinary work: it cannot do less.
std::unique_ptr<Contestant> make_seen_store(const std::filesystem::path& directory, const Workload& workload,
                                            store::Durability durability);

/// How make_seen_store opens its store.
store::OpenOptions seen_store_options(const std::filesystem::path& directory, const Workload& workload,
                                      store::Durability durability);

/// The obvious use of LMDB: one B+tree from digest to time, a get and a put per message, one commit without sync per
/// batch. What falls out of the window is deleted with each batch. In its favour it is told which keys those are, and
/// it is filled in the order of its keys, so without a split page.
std::unique_ptr<Contestant> make_btree(const std::filesystem::path& directory, const Workload& workload);

/// RocksDB: Bloom filters of 10 bits, in the memtables, too; no write-ahead log, one write batch per batch. What falls
/// out of the window goes when a compaction meets it; one that goes round once per window sees to that. In its favour
/// it is filled in the order of its keys, straight into files.
std::unique_ptr<Contestant> make_rocksdb(const std::filesystem::path& directory, const Workload& workload);

/// No store at all: boost::unordered_flat_map from digest to time, and a queue of what expires next.
std::unique_ptr<Contestant> make_flat_map(const Workload& workload);

// Versions, as the libraries tell them.
std::string lmdb_version();
std::string rocksdb_version();
std::string boost_version();

}  // namespace firstseen::bench
