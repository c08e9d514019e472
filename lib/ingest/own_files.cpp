#include "ingest/own_files.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>

#include <optional>
#include <set>
#include <utility>

#include "ingest/durable_window.h"
#include "ingest/key_filter.h"
#include "ingest/ledger_tables.h"
#include "store/directory.h"
#include "store/inspect.h"

namespace firstseen::ingest {
namespace {

namespace fs = std::filesystem;

/// One file, whatever names it has.
using Identity = std::pair<dev_t, ino_t>;

std::optional<Identity> identity_of(const fs::path& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return std::nullopt;
  return Identity(status.st_dev, status.st_ino);
}

void add_files_below(const fs::path& directory, std::set<Identity>& found) {
  std::error_code error;
  fs::recursive_directory_iterator entries(directory, error);
  for (; !error && entries != fs::recursive_directory_iterator(); entries.increment(error)) {
    if (const auto identity = identity_of(entries->path())) found.insert(*identity);
  }
}

/// Only what an environment has there.
void add_environment(const fs::path& directory, std::set<Identity>& found) {
  std::error_code error;
  fs::directory_iterator entries(directory, error);
  for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
    const fs::path& path = entries->path();
    if (!store::is_name_of_store_file(path.filename().string())) continue;
    if (const auto identity = identity_of(path)) found.insert(*identity);
    add_files_below(path, found);  // nothing, but for a folder
  }
}

/// Does this run keep its keys there, or did an earlier one? Of a store that cannot be read nothing else is likely.
bool holds_keys(const fs::path& store, const IngestOptions& options) {
  if (options.keys) return true;
  if (!store::has_data(store)) return false;
  const auto kept = store::inspect(store);
  if (!kept) return true;
  const auto purpose = kept->pins.find("purpose");
  return purpose != kept->pins.end() && purpose->second == keys_purpose;
}

}  // namespace

std::string leave_out_own(std::vector<fs::path>& files, const IngestOptions& options) {
  std::set<Identity> ledger;
  add_environment(options.ledger / ledger_tables::folder, ledger);
  const fs::path keys = options.ledger / keys_folder / DurableWindow::store_folder;
  if (holds_keys(keys, options)) add_environment(keys, ledger);
  const auto output = options.output ? identity_of(*options.output) : std::nullopt;
  std::size_t of_ledger = 0;
  std::vector<std::string> left_out;
  std::erase_if(files, [&](const fs::path& file) {
    const auto identity = identity_of(file);
    if (!identity) return false;
    const bool in_ledger = ledger.contains(*identity);
    of_ledger += in_ledger ? 1U : 0U;
    if (identity == output) left_out.push_back(file.string());
    return in_ledger || identity == output;
  });
  if (of_ledger != 0) {
    left_out.push_back(fmt::format("{} of the ledger {}",
                                   of_ledger == 1 ? "1 file" : fmt::format("{} files", of_ledger),
                                   options.ledger.string()));
  }
  if (left_out.empty()) return {};
  return fmt::format("left out what this run writes itself: {}", fmt::join(left_out, ", "));
}

}  // namespace firstseen::ingest
