#include "store/disk_waits.h"

#include <sys/resource.h>

namespace firstseen::store {
namespace {

/// So many waits in one chunk are no accident.
constexpr std::int64_t many = 2;

/// With pages asked for in advance there are hardly any waits to be seen: every so often a chunk goes without.
constexpr int chunks_in_advance = 64;

}  // namespace

void DiskWaits::note_chunk() {
  rusage usage{};
  if (getrusage(RUSAGE_THREAD, &usage) != 0) return;
  const std::int64_t before = faults_;
  faults_ = usage.ru_majflt;
  if (chunks_left_ != 0) --chunks_left_;
  if (before >= 0 && faults_ - before >= many) chunks_left_ = chunks_in_advance;
}

}  // namespace firstseen::store
