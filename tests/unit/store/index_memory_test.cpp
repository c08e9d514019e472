#include "store/index_memory.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>

namespace firstseen::store::test {
namespace {

constexpr std::size_t huge_page = std::size_t{2} << 20U;

/// The kernel's flags of the mapping that holds an address; nothing: it does not tell them.
std::optional<std::string> flags_of(const void* address) {
  const auto wanted = reinterpret_cast<std::uintptr_t>(address);
  std::ifstream maps("/proc/self/smaps");
  bool inside = false;
  for (std::string line; std::getline(maps, line);) {
    std::uintptr_t begin = 0;
    std::uintptr_t end = 0;
    char dash = 0;
    std::istringstream head(line);
    if (head >> std::hex >> begin >> dash >> end && dash == '-') inside = begin <= wanted && wanted < end;
    if (inside && line.starts_with("VmFlags:")) return line.substr(8) + " ";
  }
  return std::nullopt;
}

/// Why no mapping can be in huge pages here; empty: they can.
std::string why_no_huge_pages() {
  const std::string path = "/sys/kernel/mm/transparent_hugepage/enabled";
  std::ifstream in(path);
  std::string setting;
  if (!std::getline(in, setting)) return "this kernel has no transparent huge pages: no " + path;
  return setting.find("[never]") == std::string::npos ? "" : path + " is 'never'";
}

TEST(IndexMemory, OfAHugePageAndMoreBeginsWithOneAndHasTheKernelAskedForThem) {
  if (const std::string why = why_no_huge_pages(); !why.empty()) GTEST_SKIP() << why;
  for (const std::size_t bytes : {huge_page, huge_page + sizeof(IndexLine), 5 * huge_page - 4096, 64 * huge_page}) {
    const IndexMemory memory(bytes / sizeof(IndexLine));
    const void* const first = memory.lines().data();
    const void* const last = &memory.lines().back();
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(first) % huge_page, 0U) << bytes;
    for (const void* const address : {first, last}) {
      const auto flags = flags_of(address);
      if (!flags) GTEST_SKIP() << "/proc/self/smaps does not tell a mapping's flags";
      EXPECT_NE(flags->find(" hg "), std::string::npos) << bytes << ":" << *flags;
    }
  }
}

TEST(IndexMemory, OfLessThanAHugePageTakesNoMoreThanItNeeds) {
  const IndexMemory memory(huge_page / sizeof(IndexLine) - 1);
  EXPECT_EQ(memory.bytes(), huge_page - sizeof(IndexLine));
}

}  // namespace
}  // namespace firstseen::store::test
