#include "target.h"

namespace firstseen {

void add_target(CLI::App& command, const std::shared_ptr<Target>& target) {
  command.add_option("--store", target->store, "The store's directory (store.path)")->required()->type_name("DIR");
}

Result<std::filesystem::path> store_path(const Target& target) { return std::filesystem::path(target.store); }

std::filesystem::path slot_directory(const std::filesystem::path& store_path) { return store_path / "slot-0"; }

std::filesystem::path control_socket(const std::filesystem::path& store_path) { return store_path / "control.sock"; }

}  // namespace firstseen
