#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/file_descriptor.h"
#include "base/held_lock.h"

namespace firstseen::store {

/// The files around the environment: who holds the directory, what belongs into it, and the mark that tells of commits
/// that the disk may not have.

using firstseen::FileDescriptor;

/// flock() on `owner.lock`, which also holds the owner's process id as text. The kernel drops it with the process; a
/// forked child neither keeps nor ends it (base/held_lock.h).
class OwnerLock {
 public:
  /// Held by another: Action::stop, Exit::try_again, with the holder's process id. The directory must exist.
  static Result<OwnerLock> acquire(const std::filesystem::path& directory);
  /// Does somebody hold it now?
  static bool held(const std::filesystem::path& directory);
  /// For a forked child that writes on the owner's behalf: HeldLock::copy_for_child().
  [[nodiscard]] FileDescriptor copy_for_child() const { return file_.copy_for_child(); }
  /// Is this the process that acquired it? A forked child has the object and not the lock.
  [[nodiscard]] bool is_ours() const { return file_.is_ours(); }

 private:
  explicit OwnerLock(HeldLock file) : file_(std::move(file)) {}
  HeldLock file_;
};

/// Is it the name of a file or folder that a store's directory may hold?
bool is_name_of_store_file(const std::string& name);

/// Fails (config) when the directory holds files that no store has, or a data file of another program, byte order or
/// page size. Reads the head of the data file only; changes nothing.
Result<void> check_is_store_or_empty(const std::filesystem::path& directory);

/// Is there a data file? Yes, too, when that cannot be told.
bool has_data(const std::filesystem::path& directory);

/// The file `unsynced`: commits are being made without fsync since the boot that it names. It is on disk before the
/// first such commit and goes only after everything is.
class UnsyncedMark {
 public:
  /// The boot id in the mark; empty text when there is no mark.
  static std::string read(const std::filesystem::path& directory);
  static Result<void> write(const std::filesystem::path& directory, const std::string& boot_id);
  static Result<void> remove(const std::filesystem::path& directory);
};

/// The kernel's random id of this boot; empty when unknown.
std::string current_boot_id();

/// fsync of the directory itself, so that files made, renamed or removed in it stay so.
Result<void> sync_directory(const std::filesystem::path& directory);
/// Every directory that gets a new entry when this one is made with all above it: none, if it is there. To be asked
/// before, and synced after it is made.
std::vector<std::filesystem::path> parents_of_missing(const std::filesystem::path& directory);
Result<void> sync_directories(const std::vector<std::filesystem::path>& directories);

inline constexpr const char* data_file = "data.mdb";
inline constexpr const char* lock_file = "lock.mdb";
inline constexpr const char* owner_file = "owner.lock";
inline constexpr const char* unsynced_file = "unsynced";
inline constexpr const char* index_file = "index";
inline constexpr const char* new_index_file = "index.new";
inline constexpr const char* salvage_folder = "salvage";
inline constexpr const char* damaged_file = "data.mdb.damaged";

}  // namespace firstseen::store
