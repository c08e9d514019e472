#pragma once

#include <sys/xattr.h>

#include "ingest/output_claim.h"
#include "unit/ingest/into_a_file.h"

namespace firstseen::ingest::test {

namespace fs = std::filesystem;

class AnOutput : public IntoAFile {
 protected:
  struct Death {};
  /// A process that dies when it comes to a step for the so many-th time. False: it came to its end before.
  bool dies_at(Step step, int count) {
    int left = count;
    options_.hook = [step, &left](Step reached) {
      if (reached == step && --left == 0) throw Death();
    };
    bool died = false;
    try {
      const auto ingestor = open();
      static_cast<void>(run_of(*ingestor));
    } catch (const Death&) {
      died = true;
    }
    options_.hook = nullptr;
    return died;
  }
  void expect_refusal(Ingestor& ingestor, Exit exit, const std::string& part) {
    const auto refused = run_of(ingestor);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().exit, exit);
    EXPECT_TRUE(contains(refused.error().message, part));
    EXPECT_TRUE(contains(refused.error().message, options_.output->string()));
  }
  void expect_refusal(Exit exit, const std::string& part) {
    const auto ingestor = open();
    ASSERT_TRUE(ingestor);
    expect_refusal(*ingestor, exit, part);
  }
  void append(const std::string& text) const { std::ofstream(*options_.output, std::ios::app) << text; }
  /// As another file system would leave it.
  void drop_claim() const { ::removexattr(options_.output->c_str(), OutputClaim::attribute); }
  [[nodiscard]] bool bears_claim() const {
    return ::getxattr(options_.output->c_str(), OutputClaim::attribute, nullptr, 0) >= 0;
  }
};

}  // namespace firstseen::ingest::test
