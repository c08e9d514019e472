#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <map>
#include <string>

#include "store/inspect.h"
#include "store/log_store.h"
#include "store/seen_store.h"

namespace firstseen::store::test {

/// A directory of its own, removed at the end; in memory where the machine has /dev/shm.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    const char* base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    std::string name = std::string(base) + "/firstseen-store-XXXXXX";
    if (mkdtemp(name.data()) == nullptr) std::abort();
    path_ = name;
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  TemporaryDirectory(TemporaryDirectory&&) = delete;
  TemporaryDirectory& operator=(TemporaryDirectory&&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline constexpr std::int64_t never = std::numeric_limits<std::int64_t>::min();

inline OpenOptions options_for(const std::filesystem::path& directory) {
  OpenOptions options;
  options.directory = directory;
  options.max_size_bytes = 64ULL << 20U;
  options.ttl = Millis{1000};
  options.boot_id = "boot-1";
  return options;
}

/// The store, or a failed test with the reason.
inline std::unique_ptr<SeenStore> open_or_fail(const OpenOptions& options) {
  auto store = SeenStore::open(options);
  if (!store) {
    ADD_FAILURE() << store.error().message;
    return nullptr;
  }
  return std::move(*store);
}

/// A digest made of a number; equal numbers, equal digests.
inline Digest digest_of(std::uint64_t number) {
  Digest digest;
  const std::uint64_t mixed = number * 0x9E3779B97F4A7C15ULL;
  std::memcpy(digest.bytes.data(), &mixed, sizeof mixed);
  std::memcpy(digest.bytes.data() + sizeof mixed, &number, sizeof number);
  return digest;
}

inline Entry seen(std::uint64_t key, std::int64_t time_ms, std::int64_t offset = 0, std::uint32_t range = 0) {
  return {digest_of(key), range, offset, time_ms, EntryKind::seen};
}

inline Entry tombstone(std::uint64_t key, std::int64_t time_ms) {
  return {digest_of(key), 0, 0, time_ms, EntryKind::forgotten};
}

inline SourceRange range_of(const std::string& topic, std::int32_t partition, std::int64_t start, std::int64_t end,
                            std::int64_t stream_time_ms = 0) {
  SourceRange range;
  range.tp = {topic, partition};
  range.start = start;
  range.end = end;
  range.after = {end, stream_time_ms, 0, {end - 1, stream_time_ms, static_cast<std::uint64_t>(end) * 7}};
  return range;
}

/// True, or the error's message for the test's report.
template <class T>
testing::AssertionResult succeeded(const Result<T>& result) {
  return result ? testing::AssertionSuccess() : testing::AssertionFailure() << result.error().message;
}

/// Every file of a directory with its content: to show that nothing was changed.
inline std::map<std::string, std::string> contents_of(const std::filesystem::path& directory) {
  std::map<std::string, std::string> files;
  for (const auto& file : std::filesystem::directory_iterator(directory)) {
    auto& content = files[file.path().filename()];
    if (!file.is_regular_file()) continue;
    std::ifstream stream(file.path(), std::ios::binary);
    content = {std::istreambuf_iterator<char>(stream), {}};
  }
  return files;
}

inline void write_file(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

/// As if a later version of the program had written the store.
inline void give_newer_format(const std::filesystem::path& directory) {
  auto env = Env::open({.directory = directory, .databases = Tables::names()});
  ASSERT_TRUE(succeeded(env));
  const Tables tables = Tables::of(**env).value();
  auto txn = Txn::begin(**env, Txn::Mode::write);
  Identity identity = read_identity(*txn, tables).value();
  identity.format = format_version + 1;
  ASSERT_TRUE(succeeded(write_identity(*txn, tables, identity)));
  ASSERT_TRUE(succeeded(txn->commit()));
}

}  // namespace firstseen::store::test
