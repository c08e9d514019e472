#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "base/error.h"
#include "idempotency/result_store.h"

namespace firstseen::idempotency {

/// A random id: 32 hexadecimal digits.
std::string random_owner_id();

/// Owners as files: each holds flock() on DIRECTORY/ID for life, and whoever can take that lock knows that its owner is
/// gone. The lock belongs to the open file, not to a process id, so ids that are used again, other PID namespaces and
/// handlers in one process are told apart. An owner is its maker's: a forked child neither keeps a dead parent's owner
/// alive nor ends that of a living one (base/held_lock.h; where a child keeps its copy, as one with copy_for_child()
/// does, the lease ends the attempt). Thread-safe.
class OwnerFiles {
 public:
  explicit OwnerFiles(std::filesystem::path directory) : directory_(std::move(directory)) {}

  /// Makes the directory when it is absent.
  Result<std::unique_ptr<Owner>> enlist() const;
  [[nodiscard]] bool alive(const std::string& id) const;
  /// Removes the files of owners that are gone. What cannot be removed stays.
  void remove_dead() const;

 private:
  std::filesystem::path directory_;
};

}  // namespace firstseen::idempotency
