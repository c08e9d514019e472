#include "ingest/file_list.h"

#include <fmt/format.h>
#include <fnmatch.h>
#include <glob.h>

#include <algorithm>
#include <memory>
#include <system_error>

namespace firstseen::ingest {
namespace {

namespace fs = std::filesystem;

/// A name that the kernel and lexically_normal() understand alike: the former goes through a link before "..".
fs::path unambiguous(const fs::path& name) {
  if (std::ranges::find(name, "..") == name.end()) return name;
  std::error_code error;
  const fs::path normal = fs::absolute(name, error).lexically_normal();
  if (!error && fs::equivalent(name, normal, error)) return name;
  fs::path canonical = fs::canonical(name, error);
  return error ? name : canonical;
}

class Lister {
 public:
  explicit Lister(const ListOptions& options) : options_(options) {}

  void add(const fs::path& name) {
    std::error_code error;
    const fs::file_status status = fs::status(name, error);
    if (fs::is_directory(status)) {
      walk(unambiguous(name));
    } else if (fs::exists(status)) {
      take_file(unambiguous(name));
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

  void take_file(const fs::path& name) {
    std::error_code error;
    const fs::path absolute = fs::absolute(name, error);
    if (error) return complain(name, error.message());
    list_.files.push_back(absolute.lexically_normal());
  }

  void walk(const fs::path& directory) {
    std::error_code error;
    std::vector<fs::path> below;  // walked when this one is closed again: however deep, one descriptor
    fs::directory_iterator entries(directory, error);
    for (; !error && entries != fs::directory_iterator(); entries.increment(error)) visit(entries->path(), below);
    if (error) complain(directory, error.message());
    entries = {};
    for (const fs::path& inner : below) walk(inner);
  }

  void visit(const fs::path& entry, std::vector<fs::path>& directories) {
    const std::string name = entry.filename().string();
    if (name.starts_with('.') && !options_.hidden) return;
    std::error_code error;
    const fs::file_status itself = fs::symlink_status(entry, error);
    if (!fs::status_known(itself)) return complain(entry, error.message());
    if (itself.type() == fs::file_type::not_found) return;  // removed meanwhile
    if (fs::is_directory(itself)) return directories.push_back(entry);
    if (fnmatch(options_.pattern.c_str(), name.c_str(), 0) != 0) return;
    const fs::file_status status = fs::status(entry, error);
    if (fs::is_regular_file(status)) return take_file(entry);
    if (status.type() == fs::file_type::not_found) return complain(entry, "the link leads nowhere");
    if (!fs::exists(status)) complain(entry, error.message());
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
