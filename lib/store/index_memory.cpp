#include "store/index_memory.h"

#include <sys/mman.h>

#include <cstdint>
#include <memory>
#include <new>
#include <utility>

namespace firstseen::store {
namespace {

constexpr std::size_t huge_page = std::size_t{2} << 20U;

}  // namespace

IndexMemory::IndexMemory(std::size_t lines) {
  const std::size_t bytes = lines * sizeof(IndexLine);
  const bool large = bytes >= huge_page;
  const std::size_t room = large ? bytes + huge_page : bytes;  // the mapping may begin anywhere: room to align
  void* base = mmap(nullptr, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (base == MAP_FAILED) throw std::bad_alloc();
  mapped_ = {static_cast<std::byte*>(base), room};
  std::size_t space = room;
  void* start = base;
  if (large) {
    start = std::align(huge_page, bytes, base, space);
    madvise(start, bytes, MADV_HUGEPAGE);  // where it is not allowed, small pages serve as well
  }
  lines_ = {static_cast<IndexLine*>(start), lines};
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
