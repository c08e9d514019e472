#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "configuration.h"
#include "support/temporary_directory.h"

// What the client is told of the input topics.

namespace firstseen {
namespace {

bool reads_hidden_topics(const std::string& topics) {
  const test::TemporaryDirectory folder;
  const auto file = folder.path() / "f.yaml";
  std::ofstream(file) << "input: {topics: [" << topics << "], group: g}\noutput: {topic: u}\nkey: {fields: [topic]}\n";
  const auto loaded = load_configuration(file);
  EXPECT_TRUE(loaded) << loaded.error().message;
  return loaded && loaded->client.hidden_topics;
}

TEST(InputTopics, NamedLikeKafkasOwnAreReadByTheirNamesOnly) {
  EXPECT_TRUE(reads_hidden_topics("__audit"));
  EXPECT_TRUE(reads_hidden_topics("orders, __audit"));
  EXPECT_FALSE(reads_hidden_topics("orders, _audit"));
  EXPECT_FALSE(reads_hidden_topics("\"^orders\""));
}

}  // namespace
}  // namespace firstseen
