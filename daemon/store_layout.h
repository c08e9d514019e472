#pragma once

#include <filesystem>

namespace firstseen {

/// The environment of a store's only slot, under store.path.
inline std::filesystem::path slot_directory(const std::filesystem::path& store_path) { return store_path / "slot-0"; }

/// The daemon's control socket.
inline std::filesystem::path control_socket(const std::filesystem::path& store_path) {
  return store_path / "control.sock";
}

}  // namespace firstseen
