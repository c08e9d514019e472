#pragma once

#include <yaml-cpp/yaml.h>

#include <map>
#include <optional>
#include <string>

#include "config/absent.h"
#include "config/options.h"
#include "config/problems.h"

namespace firstseen::config {

/// Walks a YAML tree along the declared options and fills the settings.
class Reader {
 public:
  Reader(Settings& settings, Problems& problems, Absent absent)
      : settings_(settings), problems_(problems), absent_(absent) {}

  /// `root`: the document. Reports unknown, repeated, missing and malformed options.
  void read(const YAML::Node& root);

 private:
  using Places = std::map<std::string, Place>;  ///< of names, by path: where each stands first

  /// `declared`: the prefix as the options have it, in which rules have no numbers.
  void read_section(const YAML::Node& node, const std::string& prefix, const std::string& declared);
  void read_named(const YAML::Node& name, const YAML::Node& value, const std::string& prefix,
                  const std::string& declared);
  /// What stands there again is looked through for problems of its own, but its values count for nothing.
  void read_again(const YAML::Node& name, const YAML::Node& value, const std::string& prefix,
                  const std::string& declared);
  void read_option(const Option& option, const YAML::Node& node, const std::string& path);
  void read_list(const TextList& list, const YAML::Node& node, const std::string& path);
  void read_parts(const PartList& list, const YAML::Node& node, const std::string& path);
  void read_rules(const RuleList& list, const YAML::Node& node, const std::string& path);
  void read_part(const YAML::Node& node, const std::string& path, KeyPart& part);
  void read_on_missing(const YAML::Node& node, const std::string& path, KeyPart& part);
  void read_map(const TextMap& map, const YAML::Node& node, const std::string& path);
  void unknown(const YAML::Node& key, const std::string& prefix, const std::string& path);
  void missing_required();
  /// Whether a name stands there for the first time; reports it, with both places, when it does not.
  bool is_first(Places& seen, const YAML::Node& name, const std::string& path);
  /// Reports a YAML tag.
  bool untagged(const YAML::Node& node, const std::string& path);
  /// A scalar with its ${...} expanded, noted in Settings::expanded; nothing when it is none, reported,
  /// or when it is left out, noted.
  std::optional<std::string> scalar(const YAML::Node& node, const std::string& path);
  /// Something is wrong with a value, at the place noted for its path; the document has none: `node` is it.
  void problem(const YAML::Node& node, const std::string& path, const std::string& message);
  void name_problem(const YAML::Node& name, const std::string& path, const std::string& message);

  Settings& settings_;
  Problems& problems_;
  Absent absent_;
  Places seen_;
};

}  // namespace firstseen::config
