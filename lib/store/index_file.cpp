#include "store/index_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <span>
#include <utility>

#include "store/codec.h"
#include "store/io_advice.h"
#include "store/parallel.h"

namespace firstseen::store {
namespace {

namespace fs = std::filesystem;
using SteadyClock = std::chrono::steady_clock;

/// Blocks written before the time is looked at.
constexpr std::size_t blocks_per_step = 32;

/// So much is worth another thread.
constexpr std::uint64_t bytes_per_worker = 4ULL << 20U;

/// Bytes in memory and their place in the file.
template <class Byte>
struct Block {
  std::uint64_t at = 0;
  std::span<Byte> bytes;
};

/// The stretches of the file, in order, cut into blocks.
template <class Byte>
std::vector<Block<Byte>> blocks_of(std::uint64_t at, const std::vector<std::span<Byte>>& stretches) {
  std::vector<Block<Byte>> blocks;
  for (std::span<Byte> rest : stretches) {
    at = index_file_aligned(at);
    while (!rest.empty()) {
      const std::size_t size = std::min<std::size_t>(rest.size(), index_block_bytes);
      blocks.push_back({at, rest.first(size)});
      rest = rest.subspan(size);
      at += size;
    }
  }
  return blocks;
}

tl::unexpected<Error> system_error(std::string_view doing, int code) {
  return fail(Exit::io, fmt::format("cannot {}: {}", doing, std::strerror(code)));
}

/// All of the bytes, or the errno.
int write_all(int file, std::span<const std::uint8_t> bytes, std::uint64_t at) {
  while (!bytes.empty()) {
    const ssize_t done = pwrite(file, bytes.data(), bytes.size(), static_cast<off_t>(at));
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return done < 0 ? errno : ENOSPC;
    bytes = bytes.subspan(static_cast<std::size_t>(done));
    at += static_cast<std::uint64_t>(done);
  }
  return 0;
}

bool read_all(int file, std::span<std::uint8_t> bytes, std::uint64_t at) {
  while (!bytes.empty()) {
    const ssize_t done = pread(file, bytes.data(), bytes.size(), static_cast<off_t>(at));
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(done));
    at += static_cast<std::uint64_t>(done);
  }
  return true;
}

std::vector<std::uint8_t> encode_side_table(const PositionIndex& table) {
  std::vector<std::uint8_t> bytes(table.overflow_entries() * side_entry_bytes);
  std::uint8_t* at = bytes.data();
  for (const SideTable::Entry& entry : table.side_table()) {
    store_le(at, entry.print);
    store_le(at + sizeof entry.print, entry.position);
    at += side_entry_bytes;
  }
  return bytes;
}

void decode_side_table(Bytes bytes, PositionIndex& table) {
  for (; !bytes.empty(); bytes = bytes.subspan(side_entry_bytes)) {
    table.insert_aside(load_le<std::uint64_t>(bytes.data()), load_le<LogPosition>(bytes.data() + 8));
  }
}

/// A file in the making, removed again unless it gets its name.
class NewFile {
 public:
  explicit NewFile(const fs::path& directory)
      : directory_(directory),
        path_(directory / new_index_file),
        file_(::open(path_.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)),
        made_(file_.get() >= 0) {}
  ~NewFile() {
    if (made_) unlink(path_.c_str());
  }
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;
  NewFile(NewFile&&) = delete;
  NewFile& operator=(NewFile&&) = delete;

  [[nodiscard]] int get() const { return file_.get(); }

  Result<void> publish() {
    if (fsync(file_.get()) != 0) return system_error("sync it", errno);
    if (rename(path_.c_str(), (directory_ / index_file).c_str()) != 0) return system_error("rename it", errno);
    made_ = false;
    return sync_directory(directory_);
  }

 private:
  fs::path directory_;
  fs::path path_;
  FileDescriptor file_;
  bool made_;
};

Result<void> check_free_space(int file, std::uint64_t bytes) {
  struct statvfs disk{};
  if (fstatvfs(file, &disk) != 0) return system_error("ask for the free space", errno);
  const std::uint64_t free = std::uint64_t{disk.f_bavail} * disk.f_frsize;
  if (free / 2 >= bytes) return {};
  return fail(Exit::io, fmt::format("it takes {} bytes, and only {} are free", bytes, free));
}

/// Writes the blocks with several threads, in steps, each of which is on disk when the one after the next begins: so
/// the time that it takes is known while there is time to give up.
Result<void> write_blocks(int file, std::span<const Block<const std::uint8_t>> blocks,
                          std::vector<std::uint64_t>& checksums, SteadyClock::time_point deadline) {
  const std::size_t workers = workers_for(blocks.size() * index_block_bytes, bytes_per_worker);
  std::span<const Block<const std::uint8_t>> before;
  const auto sync = [&](std::span<const Block<const std::uint8_t>> step, unsigned int flags) {
    if (step.empty()) return;
    const std::uint64_t end = step.back().at + step.back().bytes.size();
    // A file system that cannot do this does all of it in the end.
    sync_file_range(file, static_cast<off_t>(step.front().at), static_cast<off_t>(end - step.front().at), flags);
  };
  for (std::size_t first = 0; first < blocks.size(); first += blocks_per_step) {
    const auto step = blocks.subspan(first, std::min(blocks_per_step, blocks.size() - first));
    std::atomic<std::size_t> next = 0;
    std::atomic<int> failed = 0;
    run_in_parallel(workers, [&](std::size_t) {
      for (std::size_t i = next++; i < step.size() && failed == 0; i = next++) {
        checksums[first + i] = XXH3_64bits(step[i].bytes.data(), step[i].bytes.size());
        if (const int code = write_all(file, step[i].bytes, step[i].at); code != 0) failed = code;
      }
    });
    if (failed != 0) return system_error("write it", failed);
    sync(step, SYNC_FILE_RANGE_WRITE);
    sync(before, SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER);
    before = step;
    if (SteadyClock::now() > deadline) return fail(Exit::io, "the disk is too slow for it");
  }
  return {};
}

}  // namespace

Result<SavedIndex> save_index(const fs::path& directory, const IndexFileKey& key, const LogExtent& extent,
                              const GrowingIndex& index, Millis at_most) {
  const auto deadline = SteadyClock::now() + at_most;
  IndexFileHead head{key, extent, index.progress(), {}, {}};
  std::vector<std::vector<std::uint8_t>> side_tables;
  std::vector<std::span<const std::uint8_t>> stretches;
  side_tables.reserve(2);
  for (const PositionIndex* table : index.tables()) {
    head.tables.push_back({table->shape(), table->overflow_entries()});
    const auto lines = std::as_bytes(table->lines());
    stretches.emplace_back(reinterpret_cast<const std::uint8_t*>(lines.data()), lines.size());
    stretches.emplace_back(side_tables.emplace_back(encode_side_table(*table)));
  }
  std::uint64_t block_count = 0;
  for (const auto& stretch : stretches) block_count += index_blocks_of(stretch.size());
  head.checksums.resize(block_count);
  const auto blocks = blocks_of(IndexFileHead::size_with(block_count), stretches);
  const std::uint64_t end = blocks.back().at + blocks.back().bytes.size();
  // An empty last stretch begins, and so ends, at a multiple of the alignment.
  const std::uint64_t bytes = stretches.back().empty() ? index_file_aligned(end) : end;

  NewFile file(directory);
  if (file.get() < 0) return system_error("make it", errno);
  if (auto room = check_free_space(file.get(), bytes); !room) return forward(room.error());
  auto written = write_blocks(file.get(), blocks, head.checksums, deadline);
  if (!written) return forward(written.error());
  if (ftruncate(file.get(), static_cast<off_t>(bytes)) != 0) return system_error("give it its size", errno);
  const int code = write_all(file.get(), head.encode(), 0);
  if (code != 0) return system_error("write it", code);
  if (auto published = file.publish(); !published) return forward(published.error());
  return SavedIndex{bytes};
}

Result<std::optional<IndexFile>> IndexFile::open(const fs::path& directory, const IndexFileKey& key) {
  FileDescriptor file(::open((directory / index_file).c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0 && errno == ENOENT) return std::optional<IndexFile>();
  struct stat status{};
  if (file.get() < 0 || fstat(file.get(), &status) != 0) return system_error("open it", errno);
  const auto file_bytes = static_cast<std::uint64_t>(status.st_size);
  // The head of the largest possible file: each block of 1 MiB has 8 bytes in it.
  const std::uint64_t most = IndexFileHead::size_with(file_bytes / index_block_bytes + 4);
  std::vector<std::uint8_t> bytes(std::min(file_bytes, most));
  if (!read_all(file.get(), bytes, 0)) return system_error("read it", EIO);
  auto head = IndexFileHead::decode(bytes, file_bytes);
  if (!head) return forward(head.error());
  if (head->key.store_id != key.store_id) return fail(Exit::bad_data, "it is that of another store");
  if (head->key != key) return fail(Exit::bad_data, "the store was written to since");
  return std::optional<IndexFile>(IndexFile(std::move(file), std::move(*head)));
}

Result<void> IndexFile::load(GrowingIndex& index) const {
  std::vector<PositionIndex> tables;
  std::vector<std::vector<std::uint8_t>> side_tables;
  std::vector<std::span<std::uint8_t>> stretches;
  tables.reserve(head_.tables.size());
  side_tables.reserve(head_.tables.size());
  for (const IndexFileHead::Table& table : head_.tables) {
    const auto lines = std::as_writable_bytes(tables.emplace_back(table.shape).lines());
    stretches.emplace_back(reinterpret_cast<std::uint8_t*>(lines.data()), lines.size());
    stretches.emplace_back(side_tables.emplace_back(table.side_entries * side_entry_bytes));
  }
  const auto blocks = blocks_of(IndexFileHead::size_with(head_.checksums.size()), stretches);
  std::atomic<std::size_t> next = 0;
  std::atomic<bool> sound = true;
  run_in_parallel(workers_for(blocks.size() * index_block_bytes, bytes_per_worker), [&](std::size_t) {
    for (std::size_t i = next++; i < blocks.size() && sound; i = next++) {
      const auto bytes = blocks[i].bytes;
      if (!read_all(file_.get(), bytes, blocks[i].at) ||
          XXH3_64bits(bytes.data(), bytes.size()) != head_.checksums[i]) {
        sound = false;
      }
    }
  });
  if (!sound) return fail(Exit::bad_data, "it is damaged");
  for (std::size_t i = 0; i < tables.size(); ++i) decode_side_table(side_tables[i], tables[i]);
  index.restore(head_.progress, std::move(tables));
  return {};
}

Result<void> remove_index_file(const fs::path& directory) {
  bool removed = false;
  for (const char* name : {index_file, new_index_file}) {
    if (unlink((directory / name).c_str()) == 0) {
      removed = true;
    } else if (errno != ENOENT) {
      const int code = errno;
      return fail(Action::pause, Exit::io,
                  fmt::format("store: cannot remove {}: {}; {}", (directory / name).string(), std::strerror(code),
                              io_advice(code, "give the user of this process write access to the directory")));
    }
  }
  return removed ? sync_directory(directory) : Result<void>{};
}

}  // namespace firstseen::store
