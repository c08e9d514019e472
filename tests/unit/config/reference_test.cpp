#include "config/reference.h"

#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "config/load.h"
#include "config/options.h"
#include "config/value.h"

namespace firstseen::config {
namespace {

const std::string folder = FIRSTSEEN_SOURCE_DIR "/config/";

std::string contents(const std::string& name) {
  std::ifstream file(folder + name, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// With FIRSTSEEN_UPDATE=1 the file is written first.
void expect_generated(const std::string& name, const std::string& text) {
  const char* update = std::getenv("FIRSTSEEN_UPDATE");  // NOLINT(concurrency-mt-unsafe): the only thread
  if (update != nullptr && std::string_view(update) == "1") std::ofstream(folder + name, std::ios::binary) << text;
  EXPECT_TRUE(contents(name) == text) << "config/" << name << " is out of date: FIRSTSEEN_UPDATE=1 config_test";
}

TEST(Reference, TheCommittedReferenceIsWhatTheOptionsSay) { expect_generated("REFERENCE.md", reference_markdown()); }

TEST(Reference, TheCommittedSchemaIsWhatTheOptionsSay) { expect_generated("firstseen.schema.json", json_schema()); }

/// Whether the file itself gives a value for the option.
bool stands_in(YAML::Node node, std::string_view path) {
  while (true) {
    const std::size_t dot = path.find('.');
    const YAML::Node below = std::as_const(node)[std::string(path.substr(0, dot))];
    if (!below.IsDefined()) return false;
    if (dot == std::string_view::npos) return true;
    node.reset(below);
    path.remove_prefix(dot + 1);
  }
}

TEST(Reference, TheAnnotatedFileHasEveryOptionWithItsDefault) {
  auto settings = load(folder + "firstseen.yaml", {});
  ASSERT_TRUE(settings) << settings.error().message;
  Settings expected = defaults();
  const YAML::Node root = YAML::Load(contents("firstseen.yaml"));
  for (const Option& option : options()) {
    SCOPED_TRACE(option.path);
    EXPECT_TRUE(stands_in(root, option.path));
    if (option.required || option.path == "key.fields") continue;  // strategy fields needs some
    EXPECT_EQ(show_value(option, *settings), show_value(option, expected));
  }
}

}  // namespace
}  // namespace firstseen::config
