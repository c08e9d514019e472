#include "store/cut_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "base/file_descriptor.h"
#include "store/directory.h"
#include "store/lmdb_meta.h"

namespace firstseen::store {
namespace {

namespace fs = std::filesystem;

using lmdb::MetaPage;
using lmdb::PageHead;
using lmdb::Tree;

constexpr std::uint32_t largest_page = 65536;
constexpr std::uint64_t no_page = ~std::uint64_t{0};  // the root of an empty tree
constexpr std::uint16_t branch_page = 0x01;
constexpr std::uint16_t leaf_page = 0x02;
constexpr std::uint16_t meta_page = 0x08;
constexpr std::uint16_t leaf2_page = 0x20;      // keys and nothing else
constexpr std::uint16_t value_on_pages = 0x01;  // of a leaf's node: the value has pages of its own
constexpr std::uint16_t value_is_tree = 0x02;   // the value is another tree
constexpr std::size_t node_bytes = 8;           // of a node, before its key

template <class T>
T load(const std::uint8_t* from) {
  T value{};
  std::memcpy(&value, from, sizeof value);
  return value;
}

/// How many bytes there were; fewer than asked for at the end of the file, or with errno when it cannot be read.
std::size_t read_at(int file, std::uint64_t at, std::uint8_t* to, std::size_t bytes) {
  std::size_t done = 0;
  errno = 0;
  while (done < bytes) {
    const ssize_t got = ::pread(file, to + done, bytes - done, static_cast<off_t>(at + done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

std::optional<MetaPage> read_meta(int file, std::uint64_t at) {
  std::array<std::uint8_t, sizeof(MetaPage)> bytes{};
  if (read_at(file, at, bytes.data(), bytes.size()) != bytes.size()) return {};
  const auto meta = load<MetaPage>(bytes.data());
  const bool is_meta =
      (meta.head.flags & meta_page) != 0 && meta.magic == lmdb::magic && meta.version == lmdb::data_version;
  return is_meta ? std::optional(meta) : std::nullopt;
}

/// The one that LMDB goes by; nothing when a meta page is none.
std::optional<MetaPage> newest_meta(int file, std::uint64_t page_bytes) {
  const auto first = read_meta(file, 0);
  const auto second = read_meta(file, page_bytes);
  if (!first || !second) return {};
  return first->transaction < second->transaction ? second : first;
}

std::uint64_t bytes_of_file(int file) {
  struct stat status{};
  return ::fstat(file, &status) == 0 ? static_cast<std::uint64_t>(status.st_size) : 0;
}

/// Goes through all trees of a file and finds the first thing that is not there.
class Walk {
 public:
  /// `pages`: how many the file holds as a whole.
  Walk(int file, const MetaPage& meta, std::uint64_t page_bytes, std::uint64_t pages)
      : file_(file), page_(page_bytes), last_page_(meta.last_page), pages_(pages) {
    for (const Tree& tree : meta.trees) add(tree.root);
  }

  /// What is wrong; nothing when every page in use is there.
  std::optional<std::string> run() {
    std::uint64_t visited = 0;
    while (!pending_.empty()) {
      number_ = pending_.back();
      pending_.pop_back();
      if (++visited > pages_) return "its pages lead back to each other";
      if (auto wrong = visit()) return wrong;
    }
    return {};
  }

 private:
  void add(std::uint64_t root) {
    if (root != no_page) pending_.push_back(root);
  }

  [[nodiscard]] std::optional<std::string> lacks(std::uint64_t first, std::uint64_t count) const {
    if (first > last_page_) return fmt::format("it names a page {} that it never had", first);
    if (first < pages_ && count <= pages_ - first) return {};
    return fmt::format("it ends before page {}, which is in use", std::max(first, pages_));
  }

  [[nodiscard]] std::string broken() const { return fmt::format("page {} is damaged", number_); }

  std::optional<std::string> visit() {
    if (auto wrong = lacks(number_, 1)) return wrong;
    if (read_at(file_, number_ * page_.size(), page_.data(), page_.size()) != page_.size()) {
      return fmt::format("page {} cannot be read: {}", number_,
                         errno == 0 ? "the file ends there" : std::generic_category().message(errno));
    }
    const auto head = load<PageHead>(page_.data());
    if ((head.flags & (branch_page | leaf_page)) == 0) return broken();
    if ((head.flags & leaf2_page) != 0) return {};
    if (head.lower < sizeof(PageHead) || head.lower > page_.size()) return broken();
    for (std::size_t at = sizeof(PageHead); at + 2 <= head.lower; at += 2) {
      const std::size_t node = load<std::uint16_t>(page_.data() + at);
      if (node + node_bytes > page_.size()) return broken();
      if ((head.flags & branch_page) != 0) {
        add_child(page_.data() + node);
      } else if (auto wrong = follow_value(node)) {
        return wrong;
      }
    }
    return {};
  }

  /// The number of a branch's child stands where a leaf's node has the value's size and the flags.
  void add_child(const std::uint8_t* node) {
    pending_.push_back(load<std::uint32_t>(node) | static_cast<std::uint64_t>(load<std::uint16_t>(node + 4)) << 32U);
  }

  std::optional<std::string> follow_value(std::size_t node) {
    const std::uint64_t bytes = load<std::uint32_t>(page_.data() + node);
    const auto flags = load<std::uint16_t>(page_.data() + node + 4);
    const std::size_t value = node + node_bytes + load<std::uint16_t>(page_.data() + node + 6);
    if ((flags & value_on_pages) != 0) {
      if (value + sizeof(std::uint64_t) > page_.size()) return broken();
      return lacks(load<std::uint64_t>(page_.data() + value), (sizeof(PageHead) - 1 + bytes) / page_.size() + 1);
    }
    if ((flags & value_is_tree) == 0) return {};
    if (value + sizeof(Tree) > page_.size()) return broken();
    add(load<Tree>(page_.data() + value).root);
    return {};
  }

  int file_;
  std::vector<std::uint8_t> page_;  ///< the one that is looked at
  std::uint64_t number_ = 0;        ///< its number
  std::uint64_t last_page_;
  std::uint64_t pages_;
  std::vector<std::uint64_t> pending_;
};

tl::unexpected<Error> cut(const fs::path& directory, std::uint64_t bytes, const std::string& what) {
  return fail(
      Exit::bad_data,
      fmt::format("store {}: its {} is cut short or damaged, as by an unfinished copy: it has {} bytes, and {}. "
                  "Nothing was changed. Restore the directory from a backup ('firstseen store import' does it "
                  "for a daemon), or delete it to start on an empty store, for which a daemon reads its window "
                  "again (input.on_missing_history: rebuild)",
                  directory.string(), data_file, bytes, what));
}

}  // namespace

Result<void> check_not_cut(const fs::path& directory) {
  const FileDescriptor file(::open((directory / data_file).c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return {};
  const auto head = read_meta(file.get(), 0);
  if (!head) return {};
  const std::uint64_t page = head->page_bytes();
  if (page < sizeof(MetaPage) || page > largest_page) return {};
  // All pages of a state stay as they are while it is the newest. Who writes so fast that none is the newest for a walk
  // has the file open, and so has asked this itself.
  constexpr int attempts = 10;
  for (int attempt = 0; attempt < attempts; ++attempt) {
    const auto meta = newest_meta(file.get(), page);
    const std::uint64_t bytes = bytes_of_file(file.get());  // after the meta page: what this counts was written before
    if (bytes < 2 * page) return cut(directory, bytes, "it ends within the first two pages, which name all others");
    if (!meta || meta->last_page < bytes / page) return {};
    const auto wrong = Walk(file.get(), *meta, page, bytes / page).run();
    if (!wrong) return {};
    const auto now = newest_meta(file.get(), page);
    if (now && now->transaction == meta->transaction) return cut(directory, bytes, *wrong);
  }
  return {};
}

}  // namespace firstseen::store
