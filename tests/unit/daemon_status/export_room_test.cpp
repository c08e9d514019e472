#include "export_room.h"

#include <gtest/gtest.h>

#include <filesystem>

namespace firstseen {
namespace {

constexpr std::uint64_t mib = 1U << 20U;

TEST(ExportRoom, LeavesTheStoreAnEighthOfItsFileAndNotLittleOfASmallOne) {
  EXPECT_EQ(room_to_grow(8'000 * mib, 20'000 * mib), 1'000 * mib);
  EXPECT_EQ(room_to_grow(1 * mib, 20'000 * mib), 64 * mib);
}

TEST(ExportRoom, LeavesNoMoreThanTheStoreCanGrow) {
  EXPECT_EQ(room_to_grow(8'990 * mib, 8'000 * mib), 10 * mib) << "its file becomes an eighth larger than max_size";
  EXPECT_EQ(room_to_grow(9'000 * mib, 8'000 * mib), 0U);
  EXPECT_EQ(room_to_grow(9'000 * mib, 1'000 * mib), 0U) << "max_size was lowered";
}

TEST(ExportRoom, IsAskedForOnTheStoresOwnFileSystemOnly) {
  const auto here = std::filesystem::temp_directory_path();
  EXPECT_TRUE(on_one_file_system(here, here));
  EXPECT_FALSE(on_one_file_system(here, "/proc"));
  EXPECT_FALSE(on_one_file_system(here, here / "there is no such file"));
}

}  // namespace
}  // namespace firstseen
