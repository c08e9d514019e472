#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "configuration.h"
#include "support/temporary_directory.h"

// Several brokers may stand in one text, as in a variable that other programs read, too.

namespace firstseen {
namespace {

Result<Configuration> with_brokers(const std::string& brokers) {
  const test::TemporaryDirectory folder;
  const auto file = folder.path() / "f.yaml";
  std::ofstream(file) << "input: {topics: [orders], group: g}\noutput: {topic: u}\nkey: {fields: [topic]}\n"
                      << "kafka: {brokers: " << brokers << "}\n";
  return load_configuration(file);
}

TEST(Brokers, OfOneTextAreEachTheClients) {
  const auto loaded = with_brokers("[\"a:1 ,b:2,\\tSSL://[::1]:3\", d]");
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(loaded->client.brokers, (std::vector<std::string>{"a:1", "b:2", "SSL://[::1]:3", "d"}));
}

TEST(Brokers, OfOneVariableAreShownByItsName) {
  constexpr const char* variable = "FIRSTSEEN_BROKERS_TEST";
  setenv(variable, "a:1,b:2", 1);  // NOLINT(concurrency-mt-unsafe): the only thread
  const auto loaded = with_brokers("[\"${FIRSTSEEN_BROKERS_TEST}\"]");
  setenv(variable, "a:1,b:x", 1);  // NOLINT(concurrency-mt-unsafe): the only thread
  const auto wrong = with_brokers("[\"${FIRSTSEEN_BROKERS_TEST}\"]");
  unsetenv(variable);  // NOLINT(concurrency-mt-unsafe): the only thread
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(loaded->client.brokers, (std::vector<std::string>{"a:1", "b:2"}));
  EXPECT_NE(loaded->shown.find("brokers: [\"${FIRSTSEEN_BROKERS_TEST}\"]"), std::string::npos) << loaded->shown;
  ASSERT_FALSE(wrong);
  EXPECT_NE(wrong.error().message.find("f.yaml:4:19: kafka.brokers[0]: broker 2 of 2 has no port"), std::string::npos)
      << wrong.error().message;
}

}  // namespace
}  // namespace firstseen
