#include "store/coming_table.h"

#include <system_error>
#include <utility>

namespace firstseen::store {
namespace {

/// Of a table for which a thread is worth while.
constexpr std::size_t large_bytes = std::size_t{64} << 20U;

}  // namespace

ComingTable::ComingTable(std::size_t capacity) : table_(capacity), steps_(table_.populate_steps()) {
  if (table_.lines().size_bytes() < large_bytes) return;
  try {
    helper_ = std::jthread([this](const std::stop_token& stop) {
      while (!stop.stop_requested() && take_step()) {
      }
    });
  } catch (const std::system_error&) {
    // No more threads to be had: those who wait do it all.
  }
}

/// Does a step that nobody has begun; false when there is none.
bool ComingTable::take_step() {
  const std::size_t step = begun_++;
  if (step >= steps_) return false;
  table_.populate_step(step);
  ++done_;
  done_.notify_all();
  return true;
}

bool ComingTable::populate(std::size_t steps) {
  for (std::size_t done = done_; done < steps && done < steps_; done = done_) {
    if (!take_step()) done_.wait(done);
  }
  return done_ == steps_;
}

PositionIndex ComingTable::take() {
  if (helper_.joinable()) helper_.join();
  return std::move(table_);
}

}  // namespace firstseen::store
