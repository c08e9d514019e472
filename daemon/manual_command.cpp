#include <array>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "commands.h"
#include "manual/command_tree.h"
#include "manual/completion.h"
#include "manual/man_page.h"
#include "output.h"

namespace firstseen {
namespace {

namespace fs = std::filesystem;

/// YYYY-MM-DD of today, or of SOURCE_DATE_EPOCH, which makes builds reproducible (reproducible-builds.org).
std::string edition_date() {
  const char* epoch = std::getenv("SOURCE_DATE_EPOCH");
  const std::time_t seconds = epoch != nullptr ? static_cast<std::time_t>(std::strtoll(epoch, nullptr, 10))
                                               : std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  std::array<char, 16> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%d", &utc)};
}

Result<void> write(const fs::path& file, const std::string& text) {
  std::error_code ignored;  // what is wrong shows when the file is opened
  fs::create_directories(file.parent_path(), ignored);
  std::ofstream out(file, std::ios::binary);
  out << text;
  out.close();
  if (!out) return fail(Exit::io, "cannot write " + file.string());
  return {};
}

Exit write_manual(const CLI::App& app, const fs::path& directory) {
  const manual::Command program = manual::describe(app);
  const manual::Edition edition{.version = FIRSTSEEN_VERSION, .date = edition_date()};
  Result<void> written = write(directory / "bash" / program.name, manual::bash_completion(program));
  if (written) written = write(directory / "zsh" / ("_" + program.name), manual::zsh_completion(program));
  if (written) written = write(directory / "fish" / (program.name + ".fish"), manual::fish_completion(program));
  for (const manual::Command* command : manual::flatten(program)) {
    if (!written) break;
    written = write(directory / "man" / (manual::page_name(*command) + ".1"), man_page(*command, program, edition));
  }
  return written ? Exit::ok : report(written.error());
}

}  // namespace

void add_manual(CLI::App& program, Chosen& chosen) {
  auto* command = program.add_subcommand("manual", "Write man pages and shell completions");
  command->group("");  // for whoever installs the program, not for --help
  const auto directory = std::make_shared<std::string>();
  command->add_option("DIRECTORY", *directory, "Where to")->required();
  command->callback(
      [&program, &chosen, directory] { chosen = [&program, directory] { return write_manual(program, *directory); }; });
}

}  // namespace firstseen
