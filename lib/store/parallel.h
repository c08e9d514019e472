#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

namespace firstseen::store {

/// How many threads a task of this size is worth: one for each `least_share` of it, and one per core at most.
std::size_t workers_for(std::uint64_t size, std::uint64_t least_share);

/// Runs work(0) to work(workers - 1), each in a thread of its own as far as the system gives any, and waits for all.
/// What one of them throws is thrown here.
void run_in_parallel(std::size_t workers, const std::function<void(std::size_t worker)>& work);

/// The share of `count` items that a worker gets: [first, end), the shares of all in order, none larger than another by
/// more than one.
struct Share {
  std::size_t first = 0;
  std::size_t end = 0;
};
Share share_of(std::size_t count, std::size_t worker, std::size_t workers);

}  // namespace firstseen::store
