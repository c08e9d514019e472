#include "config/load.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <system_error>

#include "config/checks.h"
#include "config/reader.h"
#include "config/utf8.h"
#include "config/value.h"

namespace firstseen::config {
namespace {

constexpr std::uintmax_t longest_file = 1U << 20U;

Result<std::string> contents(const std::filesystem::path& file) {
  const auto refuse = [&](std::string_view why) {
    return fail(Exit::config, fmt::format("{}: {}", file.string(), why));
  };
  std::error_code error;
  const auto status = std::filesystem::status(file, error);
  if (status.type() == std::filesystem::file_type::not_found) return refuse("there is no such file");
  if (status.type() == std::filesystem::file_type::none) return refuse("cannot be read: " + error.message());
  if (std::filesystem::is_directory(status)) return refuse("is a directory; name the configuration file in it");
  std::ifstream stream(file, std::ios::binary);
  if (!stream) return refuse("cannot be read: " + std::generic_category().message(errno));
  std::string text(longest_file + 1, '\0');
  errno = 0;
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (stream.bad()) return refuse("cannot be read: " + std::generic_category().message(errno == 0 ? EIO : errno));
  text.resize(static_cast<std::size_t>(stream.gcount()));
  if (text.size() > longest_file) return refuse("is larger than 1 MiB; this is no configuration");
  return text;
}

/// The place of a byte of the text; columns count bytes, as for the parser.
Place place_at(const std::string& text, std::size_t byte) {
  const auto end = text.begin() + static_cast<std::ptrdiff_t>(byte);
  const std::size_t line_end = byte == 0 ? std::string::npos : text.rfind('\n', byte - 1);
  const std::size_t line_begin = line_end == std::string::npos ? 0 : line_end + 1;
  return {static_cast<int>(std::count(text.begin(), end, '\n')) + 1, static_cast<int>(byte - line_begin) + 1};
}

tl::unexpected<Error> report(const Problems& problems) {
  return fail(Exit::config, fmt::format("{}", fmt::join(problems.lines(), "\n")));
}

/// Notes where a document begins and takes nothing else of it.
class DocumentStart : public YAML::EventHandler {
 public:
  [[nodiscard]] Place place() const { return place_; }

  void OnDocumentStart(const YAML::Mark& mark) override { place_ = {mark.line + 1, mark.column + 1}; }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& /*mark*/, YAML::anchor_t /*anchor*/) override {}
  void OnAlias(const YAML::Mark& /*mark*/, YAML::anchor_t /*anchor*/) override {}
  void OnScalar(const YAML::Mark& /*mark*/, const std::string& /*tag*/, YAML::anchor_t /*anchor*/,
                const std::string& /*value*/) override {}
  void OnSequenceStart(const YAML::Mark& /*mark*/, const std::string& /*tag*/, YAML::anchor_t /*anchor*/,
                       YAML::EmitterStyle::value /*style*/) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark& /*mark*/, const std::string& /*tag*/, YAML::anchor_t /*anchor*/,
                  YAML::EmitterStyle::value /*style*/) override {}
  void OnMapEnd() override {}

 private:
  Place place_;
};

/// Where a second document begins. Not by YAML::LoadAll: at a stray "," that
/// one makes empty documents until the memory is full. Throws YAML::Exception.
std::optional<Place> second_document(const std::string& yaml) {
  std::istringstream stream(yaml);
  YAML::Parser parser(stream);
  DocumentStart start;
  const bool second = parser.HandleNextDocument(start) && parser.HandleNextDocument(start);
  return second ? std::optional(start.place()) : std::nullopt;
}

/// Before the names within a section ("key.context" is two deep).
std::string indent(std::string_view section) {
  return std::string(2 * (1 + static_cast<std::size_t>(std::count(section.begin(), section.end(), '.'))), ' ');
}

/// The lines that lead into a section ("key.context") from another one ("key").
std::string section_headers(std::string_view section, std::string_view from) {
  std::string lines;
  for (std::size_t end = 0; end != std::string_view::npos;) {
    end = section.find('.', end == 0 ? 0 : end + 1);
    const std::string_view outer = section.substr(0, end);
    if (from == outer || from.starts_with(std::string(outer) + ".")) continue;
    const std::size_t name = outer.rfind('.') + 1;  // 0 where there is none
    lines += fmt::format("{}{}:\n", indent(outer).substr(2), outer.substr(name));
  }
  return lines;
}

/// The checks of what could be read, beside the problems of reading. An option that is already reported holds its
/// default, and an item of a list nothing, so nothing more is said of it, nor that it contradicts others.
void check_on(const Settings& settings, const std::vector<Check>& checks, Problems& problems) {
  Problems own = problems.same_file();
  check_values(settings, own);
  check_together(settings, own);
  problems.merge(own);
  Problems by_others = problems.same_file();
  for (const Check& check : checks) check(settings, by_others);
  problems.merge(by_others);
}

}  // namespace

Result<Settings> load_text(const std::string& yaml, std::string_view name, const std::vector<Check>& checks,
                           Absent absent) {
  Problems problems{std::string(name)};
  if (yaml.find('\0') != std::string::npos) {
    problems.add("", "holds zero bytes; this is not a text file");
    return report(problems);
  }
  if (const std::size_t valid = valid_utf8_prefix(yaml); valid < yaml.size()) {
    problems.add_at(place_at(yaml, valid), "", "this byte is not UTF-8; save the file as UTF-8");
    return report(problems);
  }
  Settings settings = defaults();
  bool readable = false;
  try {
    const auto second = second_document(yaml);
    const YAML::Node root = second ? YAML::Node() : YAML::Load(yaml);
    if (second) {
      problems.add_at(*second, "",
                      "a second YAML document begins here, or a stray ','; "
                      "only one document is allowed");
    } else if (root.IsNull()) {
      problems.add("", "is empty; config/firstseen.yaml is a complete example");
    } else {
      Reader(settings, problems, absent).read(root);
      readable = root.IsMap();
    }
  } catch (const YAML::Exception& error) {  // the first error of syntax is all that can be known
    problems.add_at({error.mark.line + 1, error.mark.column + 1}, "", "this is not YAML: " + error.msg);
  }
  if (readable) check_on(settings, checks, problems);
  if (!problems.empty()) return report(problems);
  return settings;
}

Result<Settings> load(const std::filesystem::path& file, const std::vector<Check>& checks, Absent absent) {
  const auto text = contents(file);
  if (!text) return forward(text.error());
  return load_text(*text, file.string(), checks, absent);
}

std::string dump(const Settings& settings) {
  Settings copy = settings;  // the options' places are those of a settings that may be changed
  std::string text;
  std::string_view opened;  // the section of the last option
  for (const Option& option : options()) {
    const std::string_view section = option.path.substr(0, option.path.rfind('.'));
    if (section != opened) text += section_headers(section, opened);
    opened = section;
    text +=
        fmt::format("{}{}: {}\n", indent(section), option.path.substr(section.size() + 1), show_value(option, copy));
  }
  return text;
}

}  // namespace firstseen::config
