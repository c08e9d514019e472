#include "store/index_memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <new>
#include <utility>

namespace firstseen::store {
namespace {

constexpr std::size_t huge_page = std::size_t{2} << 20U;
constexpr std::size_t release_bytes = 16 * huge_page;

/// In one system call, where a write to each page costs a fault for each. New memory is zero, as an empty line is.
/// Linux before 5.14 does not know it.
bool populated_by_the_kernel(std::span<IndexLine> lines) {
#ifdef MADV_POPULATE_WRITE
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  void* const start = lines.data();
  const bool whole_pages = reinterpret_cast<std::uintptr_t>(start) % page == 0;
  return whole_pages && madvise(start, lines.size_bytes(), MADV_POPULATE_WRITE) == 0;
#else
  static_cast<void>(lines);
  return false;
#endif
}

}  // namespace

IndexMemory::IndexMemory(std::size_t lines) {
  const std::size_t bytes = lines * sizeof(IndexLine);
  const bool large = bytes >= huge_page;
  const std::size_t room = large ? bytes + huge_page : bytes;  // the mapping may begin anywhere: room to align
  void* base = mmap(nullptr, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (base == MAP_FAILED) throw std::bad_alloc();
  mapped_ = {static_cast<std::byte*>(base), room};
  if (large) align(bytes);
  lines_ = {reinterpret_cast<IndexLine*>(mapped_.data()), lines};
}

/// Leaves of the mapping `bytes` that begin with a huge page.
void IndexMemory::align(std::size_t bytes) {
  std::size_t space = mapped_.size();
  void* start = mapped_.data();
  start = std::align(huge_page, bytes, start, space);
  const std::size_t before = mapped_.size() - space;
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  const std::size_t kept = (bytes + page - 1) / page * page;
  if (before != 0) munmap(mapped_.data(), before);
  if (space > kept) munmap(mapped_.data() + before + kept, space - kept);
  mapped_ = {static_cast<std::byte*>(start), kept};
  madvise(start, bytes, MADV_HUGEPAGE);  // where it is not allowed, small pages serve as well
}

std::size_t IndexMemory::populate_steps() const { return (lines_.size_bytes() + huge_page - 1) / huge_page; }

void IndexMemory::populate_step(std::size_t step) {
  constexpr std::size_t lines = huge_page / sizeof(IndexLine);
  const std::size_t first = step * lines;
  const std::span<IndexLine> populated = lines_.subspan(first, std::min(lines, lines_.size() - first));
  if (!populated_by_the_kernel(populated)) std::ranges::fill(populated, IndexLine{});
}

std::size_t IndexMemory::populated_bytes(std::size_t steps) const {
  return std::min(steps * huge_page, lines_.size_bytes());
}

bool IndexMemory::release_step() {
  lines_ = {};
  const std::size_t stays = mapped_.size() > release_bytes ? mapped_.size() - release_bytes : 0;
  if (!mapped_.empty()) munmap(mapped_.data() + stays, mapped_.size() - stays);
  mapped_ = mapped_.first(stays);
  return mapped_.empty();
}

void IndexMemory::release() noexcept {
  if (!mapped_.empty()) munmap(mapped_.data(), mapped_.size());
  mapped_ = {};
  lines_ = {};
}

IndexMemory::~IndexMemory() { release(); }

IndexMemory::IndexMemory(IndexMemory&& other) noexcept
    : mapped_(std::exchange(other.mapped_, {})), lines_(std::exchange(other.lines_, {})) {}

IndexMemory& IndexMemory::operator=(IndexMemory&& other) noexcept {
  if (this != &other) {
    release();
    mapped_ = std::exchange(other.mapped_, {});
    lines_ = std::exchange(other.lines_, {});
  }
  return *this;
}

}  // namespace firstseen::store
