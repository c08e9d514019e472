#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "filter/line_output.h"
#include "filter/progress_line.h"
#include "filter/rejects.h"
#include "filter/seen_keys.h"
#include "ingest/format.h"
#include "key/deriver.h"
#include "window_watch.h"

namespace firstseen::filter {

/// What a run has done; counts of lines, or of an array's elements.
struct Summary {
  std::uint64_t total_input = 0;
  std::uint64_t processed = 0;  ///< first seen, written
  std::uint64_t skipped = 0;    ///< duplicates
  std::uint64_t rejected = 0;   ///< without a key, not written
  std::uint64_t stored_keys = 0;
  Millis effective_window{0};  ///< the least that the keys covered meanwhile; the ttl unless some had to go early
};

/// Copies first-seen lines to a file descriptor. A key is stored only after its line has been written, so a kill loses
/// no line; lines of the batch that was being written (1 MiB or 100,000 lines at most, or what had come when the input
/// paused) may come again from the next run on the same store.
class Filter {
 public:
  Filter(std::unique_ptr<key::Deriver> deriver, std::unique_ptr<SeenKeys> keys, Millis ttl, ingest::Format format,
         int output_fd, const Clock& clock);

  struct ReadInput {
    std::optional<Error> fault;  ///< of the input, which was read up to there; others can still be read
    bool reader_gone = false;    ///< of the output: nothing more can be written
  };
  /// Reads one input to its end; `name` "-" is stdin. An error ends the run: the output or the store cannot be written.
  Result<ReadInput> read(const std::string& name);

  Result<void> close();
  [[nodiscard]] Summary summary() const;

 private:
  Result<std::unique_ptr<ingest::RecordReader>> open(const std::string& name) const;
  void take(const ingest::Record& record);
  [[nodiscard]] bool is_batch_full() const;
  Result<bool> end_batch();

  std::unique_ptr<key::Deriver> deriver_;
  std::unique_ptr<SeenKeys> keys_;
  const ingest::Format format_;
  LineOutput output_;
  const Clock& clock_;
  ProgressLine progress_;
  Rejects rejects_;
  WindowWatch window_;
  key::Derived derived_;
  std::int64_t now_ms_ = 0;
  std::uint64_t since_look_at_clock_ = 0;
  std::uint64_t total_ = 0;
  std::uint64_t total_at_batch_end_ = 0;
  std::uint64_t first_seen_ = 0;
};

}  // namespace firstseen::filter
