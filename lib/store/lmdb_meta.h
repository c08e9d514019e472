#pragma once

#include <array>
#include <cstdint>
#include <type_traits>

/// How an LMDB file of data version 1 begins, as a 64-bit machine writes it.
namespace firstseen::store::lmdb {

inline constexpr std::uint32_t magic = 0xBEEFC0DE;
inline constexpr std::uint32_t magic_in_other_byte_order = 0xDEC0EFBE;
inline constexpr std::uint32_t data_version = 1;

/// Of every page.
struct PageHead {
  std::uint64_t number;
  std::uint16_t pad;
  std::uint16_t flags;
  std::uint16_t lower;  ///< where the places of the nodes end
  std::uint16_t upper;
};
static_assert(sizeof(PageHead) == 16);

struct Tree {
  std::uint32_t pad;  ///< of the first tree: the file's page size
  std::uint16_t flags;
  std::uint16_t depth;
  std::array<std::uint64_t, 4> counts;
  std::uint64_t root;
};
static_assert(sizeof(Tree) == 48);

/// The first page and the second.
struct MetaPage {
  PageHead head;
  std::uint32_t magic;
  std::uint32_t version;
  std::uint64_t address;
  std::uint64_t map_bytes;
  std::array<Tree, 2> trees;  ///< the free pages, and the databases
  std::uint64_t last_page;
  std::uint64_t transaction;

  [[nodiscard]] std::uint32_t page_bytes() const { return trees[0].pad; }
};
static_assert(sizeof(MetaPage) == 152 && std::is_trivially_copyable_v<MetaPage>);

}  // namespace firstseen::store::lmdb
