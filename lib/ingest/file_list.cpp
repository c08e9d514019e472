#include "ingest/file_list.h"

#include <fmt/format.h>
#include <fnmatch.h>
#include <glob.h>

#include <algorithm>
#include <memory>

namespace firstseen::ingest {
namespace {

namespace fs = std::filesystem;

class Lister {
 public:
  explicit Lister(const ListOptions& options) : options_(options) {}

  void add(const fs::path& name) {
    std::error_code error;
    const fs::file_status status = fs::status(name, error);
    if (fs::is_directory(status)) {
      walk(name);
    } else if (fs::exists(status)) {
      list_.files.push_back(fs::absolute(name).lexically_normal());
    } else if (!expand(name)) {
      complain(name, error ? error.message() : "there is no such file");
    }
  }

  FileList take() {
    std::ranges::sort(list_.files);
    const auto repeats = std::ranges::unique(list_.files);
    list_.files.erase(repeats.begin(), repeats.end());
    return std::move(list_);
  }

 private:
  void complain(const fs::path& name, const std::string& why) {
    list_.unreadable.push_back({Action::stop, Exit::io, fmt::format("cannot read {}: {}", name.string(), why)});
  }

  void walk(const fs::path& directory) {
    std::error_code error;
    fs::directory_iterator entries(directory, error);
    for (; !error && entries != fs::directory_iterator(); entries.increment(error)) visit(*entries);
    if (error) complain(directory, error.message());
  }

  void visit(const fs::directory_entry& entry) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with('.') && !options_.hidden) return;
    std::error_code error;
    if (fs::is_directory(entry.symlink_status(error))) return walk(entry.path());
    const fs::file_status status = entry.status(error);
    if (!fs::is_regular_file(status) || fnmatch(options_.pattern.c_str(), name.c_str(), 0) != 0) return;
    list_.files.push_back(fs::absolute(entry.path()).lexically_normal());
  }

  /// False when the name is no pattern, or one that matches nothing.
  bool expand(const fs::path& pattern) {
    if (pattern.native().find_first_of("*?[") == std::string::npos) return false;
    glob_t found{};
    const std::unique_ptr<glob_t, void (*)(glob_t*)> owner(&found, globfree);
    if (::glob(pattern.c_str(), 0, nullptr, &found) != 0) return false;
    for (std::size_t i = 0; i < found.gl_pathc; ++i) add(found.gl_pathv[i]);
    return true;
  }

  const ListOptions& options_;
  FileList list_;
};

}  // namespace

FileList list_files(const std::vector<std::string>& names, const ListOptions& options) {
  Lister lister(options);
  for (const std::string& name : names) lister.add(name);
  return lister.take();
}

}  // namespace firstseen::ingest
