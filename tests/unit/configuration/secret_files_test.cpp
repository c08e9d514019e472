#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "configuration.h"
#include "support/temporary_directory.h"

// Files that the daemon needs at its start are looked into when the file is checked, by `validate` as by `run`.

namespace firstseen {
namespace {

namespace fs = std::filesystem;

class TokenFile : public testing::Test {
 protected:
  /// What is wrong with a configuration that names this file as its token's.
  [[nodiscard]] std::string problems_with(const fs::path& token, Secrets secrets = Secrets::check) const {
    const fs::path file = folder_.path() / "f.yaml";
    std::ofstream(file) << "input: {topics: [orders], group: g}\noutput: {topic: unique}\nkey: {fields: [topic]}\n"
                        << "http: {token_file: \"" << token.native() << "\"}\n";
    const auto loaded = load_settings(file, secrets);
    return loaded ? "" : loaded.error().message.substr(folder_.path().native().size() + 1);
  }
  [[nodiscard]] fs::path holding(const std::string& text) const {
    std::ofstream(folder_.path() / "token") << text;
    return folder_.path() / "token";
  }

 private:
  test::TemporaryDirectory folder_;
};

TEST_F(TokenFile, ThatHoldsNoTokenIsRefusedAtItsPlace) {
  const std::string place = "f.yaml:4:20: http.token_file: names a file that ";
  EXPECT_EQ(problems_with("/nonexistent/token"), place + "cannot be read: No such file or directory");
  EXPECT_EQ(problems_with("/"), place + "cannot be read: Is a directory");
  EXPECT_EQ(problems_with(holding("")), place + "is empty; it must hold a token");
  EXPECT_TRUE(problems_with(holding("two words\n")).starts_with(place + "must hold one line"));
}

TEST_F(TokenFile, ThatHoldsOneIsAccepted) { EXPECT_EQ(problems_with(holding("secret\n")), ""); }

TEST_F(TokenFile, IsLeftAloneWhereOnlyTheDaemonMayReadIt) {
  EXPECT_EQ(problems_with("/nonexistent/token", Secrets::leave), "");
}

}  // namespace
}  // namespace firstseen
