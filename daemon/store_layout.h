#pragma once

#include <filesystem>
#include <system_error>

namespace firstseen {

/// The environment of a store's only slot, under store.path.
inline std::filesystem::path slot_directory(const std::filesystem::path& store_path) { return store_path / "slot-0"; }

/// Does an LMDB environment lie in the directory itself?
inline bool holds_environment(const std::filesystem::path& directory) {
  std::error_code ignored;
  return std::filesystem::exists(directory / "data.mdb", ignored);
}

/// Is it that of a store of operations (`firstseen exec`)? Others have their environments in folders below.
inline bool holds_operations(const std::filesystem::path& directory) {
  std::error_code ignored;
  return holds_environment(directory) && std::filesystem::exists(directory / "open.lock", ignored);
}

/// The daemon's control socket.
inline std::filesystem::path control_socket(const std::filesystem::path& store_path) {
  return store_path / "control.sock";
}

}  // namespace firstseen
