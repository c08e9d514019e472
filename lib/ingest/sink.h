#pragma once

#include <string>

#include "base/error.h"
#include "ingest/ledger_records.h"
#include "ingest/output_record.h"

namespace firstseen::ingest {

/// Where one worker's records go, batch by batch; each takes effect as a whole and exactly once, together with what the
/// ledger says. One thread. Errors: `abort` (call abort(); Exit::bad_data: this file can never be taken, else it may be
/// tried again), `restart` (call recover(), then look into the ledger how far the file has come), anything else ends
/// the run.
class Sink {
 public:
  virtual ~Sink() = default;
  Sink() = default;
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;
  Sink(Sink&&) = delete;
  Sink& operator=(Sink&&) = delete;

  /// Decides what a predecessor left open, and makes ready. First call.
  virtual Result<void> recover() = 0;
  virtual Result<void> begin() = 0;
  virtual Result<void> add(const OutputRecord& record, const std::string& from, std::uint64_t number) = 0;
  virtual Result<void> commit(const Batch& batch) = 0;
  /// Nothing of the open batch remains; does nothing when none is open. Action::abort with Exit::bad_data: it is done,
  /// and this is the record that can never be taken.
  virtual Result<void> abort() = 0;
};

}  // namespace firstseen::ingest
