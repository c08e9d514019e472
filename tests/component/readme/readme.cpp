#include "component/readme/readme.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <sstream>

#include "component/daemon/program.h"

namespace firstseen::test {

const std::string& readme() {
  static const std::string text = [] {
    std::ifstream in(FIRSTSEEN_SOURCE_DIR "/README.md", std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
  }();
  return text;
}

std::string at_nobodys_time(const std::string& text) {
  return std::regex_replace(text, std::regex("[0-9]{4}-[0-9-]+T[0-9:.]+Z"), "2026-11-21T04:05:06.789Z");
}

std::vector<Session> sessions() {
  std::vector<Session> all;
  std::istringstream in(readme());
  bool inside = false;
  for (std::string line; std::getline(in, line);) {
    if (line == "```console") {
      inside = true;
      all.emplace_back();
    } else if (line == "```") {
      inside = false;
    } else if (inside && line.starts_with("$ ")) {
      all.back().push_back({line.substr(2), ""});
    } else if (inside && !all.back().empty()) {
      all.back().back().output += line + "\n";
    }
  }
  return all;
}

std::string block_below(const std::string& line, const std::string& language) {
  const std::string begin = "\n```" + language + "\n";
  const std::size_t above = readme().find("\n" + line);
  const std::size_t at = above == std::string::npos ? above : readme().find(begin, above);
  if (at == std::string::npos) return "";
  const std::size_t first = at + begin.size();
  return readme().substr(first, readme().find("\n```\n", first) + 1 - first);
}

std::string shell(const std::string& command, const std::string& directory) {
  const std::string program = std::filesystem::path(firstseen_program()).parent_path();
  const std::string script = "cd '" + directory + "' && PATH='" + program + "':$PATH && export XDG_STATE_HOME='" +
                             directory + "' && " + command;
  return Program("/bin/sh", {"-c", "( " + script + " ) 2>&1"}, {}, "").wait().out;
}

}  // namespace firstseen::test
