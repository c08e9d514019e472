#include "store/parallel.h"

#include <algorithm>
#include <cstdint>
#include <future>
#include <system_error>
#include <thread>
#include <vector>

namespace firstseen::store {
namespace {

constexpr std::size_t most_workers = 64;

}  // namespace

std::size_t workers_for(std::uint64_t size, std::uint64_t least_share) {
  const std::size_t cores = std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, most_workers);
  return static_cast<std::size_t>(std::clamp<std::uint64_t>(size / least_share, 1, cores));
}

void run_in_parallel(std::size_t workers, const std::function<void(std::size_t worker)>& work) {
  std::vector<std::future<void>> others;
  others.reserve(workers);
  std::size_t left_over = workers;
  for (std::size_t worker = 1; worker < left_over; ++worker) {
    try {
      others.push_back(std::async(std::launch::async, work, worker));
    } catch (const std::system_error&) {
      left_over = worker;  // no more threads to be had: this one does the rest
    }
  }
  work(0);
  for (; left_over < workers; ++left_over) work(left_over);
  for (auto& other : others) other.get();
}

Share share_of(std::size_t count, std::size_t worker, std::size_t workers) {
  return {count * worker / workers, count * (worker + 1) / workers};
}

}  // namespace firstseen::store
