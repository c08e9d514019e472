#include "store/pins.h"

#include <fmt/format.h>

namespace firstseen::store {

Result<void> check_pins(const std::filesystem::path& directory, const std::map<std::string, std::string>& kept,
                        std::span<const Pin> wanted) {
  std::string differences;
  for (const Pin& pin : wanted) {
    const auto known = kept.find(pin.name);
    if (known == kept.end() || known->second == pin.value) continue;
    differences += fmt::format(" {}: the store has '{}', now it is '{}';", pin.name, known->second,
                               pin.shown.empty() ? pin.value : pin.shown);
  }
  if (differences.empty()) return {};
  return fail(Exit::config,
              fmt::format("store {} was made for another configuration:{} give this configuration a store.path of its "
                          "own, go back to the old one, or delete the directory deliberately (its window is then lost)",
                          directory.string(), differences));
}

}  // namespace firstseen::store
