#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "component/daemon/program.h"
#include "support/temporary_directory.h"

namespace firstseen::test {

/// firstseen exec with a store of its own, and a file in which commands leave a line for each time they ran.
class ExecScene : public testing::Test {
 protected:
  [[nodiscard]] std::string store() const { return (directory_.path() / "store").string(); }
  [[nodiscard]] std::filesystem::path effects() const { return directory_.path() / "effects"; }

  /// The arguments of an exec of this shell script, which runs after noting that it ran.
  [[nodiscard]] std::vector<std::string> words(const std::string& key, const std::string& script,
                                               const std::vector<std::string>& options = {}) const {
    std::vector<std::string> all{"exec", "--store", store(), "--key", key};
    all.insert(all.end(), options.begin(), options.end());
    for (const std::string& word : {std::string("--"), std::string("sh"), std::string("-c"),
                                    "echo ran >>'" + effects().string() + "'; " + script}) {
      all.push_back(word);
    }
    return all;
  }

  [[nodiscard]] Finished exec(const std::string& key, const std::string& script,
                              const std::vector<std::string>& options = {}, const std::string& input = "") const {
    return run(words(key, script, options), {}, input);
  }

  /// How often a command ran.
  [[nodiscard]] std::ptrdiff_t runs() const {
    std::ifstream file(effects());
    return std::count(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>(), '\n');
  }

  /// Has the process whose id a command wrote into this file ended, or is a zombie that nobody has reaped yet?
  [[nodiscard]] static bool is_gone(const std::string& pid_file) {
    pid_t pid = -1;
    std::ifstream(pid_file) >> pid;
    std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
    const std::string text{std::istreambuf_iterator<char>(stat), std::istreambuf_iterator<char>()};
    return text.empty() || text.find(") Z ") != std::string::npos;
  }

  void wait_for_runs(std::ptrdiff_t count) const {
    ASSERT_TRUE(eventually([&] { return runs() >= count; }));
  }

 private:
  const TemporaryDirectory directory_;
};

}  // namespace firstseen::test
