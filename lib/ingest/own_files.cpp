#include "ingest/own_files.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>

#include <optional>
#include <set>
#include <utility>

#include "ingest/key_filter.h"
#include "ingest/ledger_tables.h"

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

}  // namespace

std::string leave_out_own(std::vector<fs::path>& files, const IngestOptions& options) {
  std::set<Identity> ledger;
  add_files_below(options.ledger / ledger_tables::folder, ledger);
  add_files_below(options.ledger / keys_folder, ledger);
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
