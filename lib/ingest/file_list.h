#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/error.h"

namespace firstseen::ingest {

/// What people name on the command line, as files.
struct FileList {
  std::vector<std::filesystem::path> files;  ///< absolute, each once, ordered by path
  /// Names and links that lead to no file, directories and files in them that could not be read.
  std::vector<Error> unreadable;
};

struct ListOptions {
  std::string pattern = "*";  ///< for the names of the files in directories, as fnmatch(3) has it
  bool hidden = false;        ///< also files and directories whose name begins with a dot, below a named directory
};

/// Files stand for themselves; directories for the regular files in them and, recursively, below them (links to files
/// are followed, links to directories are not); a name that does not exist but holds *, ? or [ is expanded as a shell
/// would.
FileList list_files(const std::vector<std::string>& names, const ListOptions& options);

}  // namespace firstseen::ingest
