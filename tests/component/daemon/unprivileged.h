#pragma once

#include <unistd.h>

#include <filesystem>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "component/daemon/program.h"

namespace firstseen::test {

/// A program as run by somebody to whom the permissions of files apply: by root without its capabilities.
inline Finished run_unprivileged(const std::string& program, const std::vector<std::string>& arguments) {
  if (::geteuid() != 0) return Program(program, arguments, {}, "").wait();
  std::vector<std::string> words{"--bounding-set=-all", "--inh-caps=-all", "--", program};
  words.insert(words.end(), arguments.begin(), arguments.end());
  return Program("/usr/bin/setpriv", words, {}, "").wait();
}

/// The firstseen program.
inline Finished run_unprivileged(const std::vector<std::string>& arguments) {
  return run_unprivileged(firstseen_program(), arguments);
}

/// A directory that nobody may enter while this lives, not even its owner.
class Closed {
 public:
  explicit Closed(std::filesystem::path directory) : directory_(std::move(directory)) {
    namespace fs = std::filesystem;
    before_ = fs::status(directory_).permissions();
    fs::permissions(directory_, fs::perms::none);
    const auto lists = [](const fs::path& path) { return run_unprivileged("/bin/ls", {path.string()}).status == 0; };
    keeps_out_ = !lists(directory_) && lists(directory_.parent_path());
  }
  ~Closed() {
    std::error_code ignored;
    std::filesystem::permissions(directory_, before_, ignored);
  }
  Closed(const Closed&) = delete;
  Closed& operator=(const Closed&) = delete;
  Closed(Closed&&) = delete;
  Closed& operator=(Closed&&) = delete;

  /// False where root cannot do without its capabilities, or 'setpriv' is not there to do so.
  [[nodiscard]] bool keeps_out() const { return keeps_out_; }
  static constexpr const char* why_skipped =
      "root can enter here: without 'setpriv' or CAP_SETPCAP it keeps its capabilities";

 private:
  std::filesystem::path directory_;
  std::filesystem::perms before_{};
  bool keeps_out_ = false;
};

}  // namespace firstseen::test
