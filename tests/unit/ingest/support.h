#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "ingest/record_reader.h"

namespace firstseen::ingest::test {

/// Bytes from memory, at most `piece` of them per read.
class TextSource final : public ByteSource {
 public:
  TextSource(std::string text, std::size_t piece, std::string name = "input")
      : text_(std::move(text)), name_(std::move(name)), piece_(piece) {}
  Result<std::size_t> read(std::span<char> into) override {
    const std::size_t count = std::min({piece_, into.size(), text_.size() - at_});
    std::copy_n(text_.begin() + static_cast<std::ptrdiff_t>(at_), count, into.begin());
    at_ += count;
    return count;
  }
  [[nodiscard]] bool would_wait() const override { return false; }
  [[nodiscard]] const std::string& name() const override { return name_; }
  [[nodiscard]] std::size_t read_so_far() const { return at_; }

 private:
  const std::string text_;
  const std::string name_;
  std::size_t at_ = 0;
  std::size_t piece_;
};

/// Everything that a reader gave, and the error that ended it.
struct Read {
  std::vector<std::string> records;
  std::vector<std::uint64_t> lines;
  std::string error;  ///< empty: it came to the end
  Exit exit = Exit::ok;
};

inline Read read_pieces(Format format, const std::string& text, std::size_t piece) {
  const auto reader = make_record_reader(format, std::make_unique<TextSource>(text, piece));
  Read all;
  Record record;
  while (true) {
    const auto more = reader->next(record);
    if (!more) {
      all.error = more.error().message;
      all.exit = more.error().exit;
      return all;
    }
    if (!*more) return all;
    EXPECT_EQ(record.number, all.records.size() + 1);
    all.records.emplace_back(record.bytes);
    all.lines.push_back(record.line);
  }
}

/// Reads it at once and in pieces of every small size: how the bytes arrive must not matter.
inline Read read_all(Format format, const std::string& text) {
  const Read whole = read_pieces(format, text, 1U << 20U);
  for (const std::size_t piece : {1U, 2U, 3U, 7U}) {
    const Read pieces = read_pieces(format, text, piece);
    EXPECT_EQ(pieces.records, whole.records) << "pieces of " << piece;
    EXPECT_EQ(pieces.lines, whole.lines) << "pieces of " << piece;
    EXPECT_EQ(pieces.error, whole.error) << "pieces of " << piece;
  }
  return whole;
}

using Texts = std::vector<std::string>;

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string pattern = "/tmp/firstseen-ingest-XXXXXX";
    if (mkdtemp(pattern.data()) == nullptr) std::abort();
    path_ = pattern;
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
  std::filesystem::path write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name, std::ios::binary) << text;
    return path_ / name;
  }

 private:
  std::filesystem::path path_;
};

inline testing::AssertionResult contains(const std::string& text, const std::string& part) {
  if (text.find(part) != std::string::npos) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "'" << part << "' is not in: " << text;
}

}  // namespace firstseen::ingest::test
