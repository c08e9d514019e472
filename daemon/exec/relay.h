#pragma once

#include <cstdint>
#include <string>

#include "exec/command_result.h"
#include "store/directory.h"

namespace firstseen::exec {

/// Passes what a command writes to one stream on as it comes, and keeps the start of it. Neither a sink that nobody
/// reads nor one that is closed stops the caller: at most 64 KiB wait, and what a closed sink would get is dropped.
class Relay {
 public:
  /// `sink` is not closed.
  Relay(store::FileDescriptor source, int sink, std::uint64_t keep_bytes);

  [[nodiscard]] int source() const { return source_.get(); }
  [[nodiscard]] int sink() const { return sink_; }
  [[nodiscard]] bool wants_input() const { return !ended_ && waiting_.size() < most_waiting; }
  [[nodiscard]] bool wants_output() const { return !waiting_.empty(); }

  /// Reads what is there, without waiting.
  void read();
  /// Writes a little; when poll() has said that the sink takes it, without waiting.
  void write();
  /// Reads what the command has left in the pipe. Its children may write on: at most 1 MiB.
  void drain();

  [[nodiscard]] Captured take() { return std::move(captured_); }

 private:
  static constexpr std::size_t most_waiting = 64U << 10U;

  store::FileDescriptor source_;
  const int sink_;
  const std::uint64_t keep_bytes_;
  bool ended_ = false;
  bool sink_closed_ = false;
  std::string waiting_;
  Captured captured_;
};

}  // namespace firstseen::exec
