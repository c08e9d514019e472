#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include "base/error.h"
#include "store/directory.h"

namespace firstseen::ingest {

/// A stream of bytes. One thread. Errors name the stream and are the stream's own fault (Action::stop, Exit::io or
/// bad_data): the caller goes on with the next one.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  ByteSource() = default;
  ByteSource(const ByteSource&) = delete;
  ByteSource& operator=(const ByteSource&) = delete;
  ByteSource(ByteSource&&) = delete;
  ByteSource& operator=(ByteSource&&) = delete;

  /// Fills the front of `into` (not empty) and returns how many bytes; 0 at the end, and again 0 after it.
  virtual Result<std::size_t> read(std::span<char> into) = 0;
  /// Would read() have to wait for somebody else (a pipe that is empty now)? Never for a file.
  [[nodiscard]] virtual bool would_wait() const = 0;
  /// How people know it: a path, or "stdin".
  [[nodiscard]] virtual const std::string& name() const = 0;
};

/// A file descriptor's bytes.
class FileSource : public ByteSource {
 public:
  /// Fails with Exit::io: absent, unreadable, a directory.
  static Result<std::unique_ptr<FileSource>> open(const std::filesystem::path& path);
  /// The process's standard input; the descriptor stays open.
  static std::unique_ptr<FileSource> standard_input();

  FileSource(store::FileDescriptor owned, int fd, std::string name)
      : owned_(std::move(owned)), fd_(fd), name_(std::move(name)) {}

  Result<std::size_t> read(std::span<char> into) override;
  [[nodiscard]] bool would_wait() const override;
  [[nodiscard]] const std::string& name() const override { return name_; }

 private:
  store::FileDescriptor owned_;  ///< of nothing for stdin
  int fd_;
  std::string name_;
};

}  // namespace firstseen::ingest
