#include "bench/store/oracle.h"

namespace firstseen::bench {

Oracle::Oracle(const Workload& workload) : workload_(workload), accepted_(workload.reach() + 1) {}

bool Oracle::first_seen(std::uint64_t i) {
  accepted(i) = 0;  // until now that of a number which nobody asks for any more
  const std::uint64_t number = key_number(workload_, i);
  std::uint32_t& after = accepted(number);
  const std::uint64_t age = i - number;  // of the number; the time of message i is i
  if (after != 0 && age - (after - 1) <= workload_.window) return false;
  after = static_cast<std::uint32_t>(age + 1);
  return true;
}

}  // namespace firstseen::bench
