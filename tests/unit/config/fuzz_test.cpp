#include <gtest/gtest.h>

#include <array>
#include <fstream>
#include <iterator>
#include <random>
#include <regex>

#include "support.h"

namespace firstseen::config {
namespace {

std::string annotated() {
  std::ifstream file(FIRSTSEEN_SOURCE_DIR "/config/firstseen.yaml", std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// One change to a text: a byte, a piece removed, doubled, moved, or a token of YAML put in.
class Mutator {
 public:
  explicit Mutator(std::uint32_t seed) : random_(seed) {}

  void mutate(std::string& text) {
    const std::size_t at = below(text.size() + 1);
    const std::string piece = text.substr(at, below(30));
    switch (below(5)) {
      case 0:
        if (at < text.size()) text[at] = static_cast<char>(below(256));
        break;
      case 1:
        text.erase(at, piece.size());
        break;
      case 2:
        text.insert(at, piece);
        break;
      case 3:
        text.erase(at, piece.size());
        text.insert(below(text.size() + 1), piece);
        break;
      default:
        text.insert(at, tokens[below(tokens.size())]);
    }
  }
  std::size_t below(std::size_t end) { return random_() % end; }

 private:
  static constexpr std::array<std::string_view, 24> tokens{
      "[",       "]",   "{",   "}", ": ", "- ", "? ", "&a ",     "*a", "!!str ",   "!x ",  "\n---\n",
      "\n...\n", "|\n", ">\n", "'", "\"", "\t", "${", "${HOME}", "%",  "<<: *a\n", "\xff", "\r\n"};
  std::mt19937 random_;
};

TEST(Fuzz, AMutatedFileGivesSettingsOrProblemsWithAPlaceAndNeverAnythingElse) {
  const std::string original = annotated();
  ASSERT_FALSE(original.empty());
  const std::regex line(R"(f\.yaml(:[1-9][0-9]*:[1-9][0-9]*)?: [^]+)");
  int sound = 0;
  int refused = 0;
  for (std::uint32_t seed = 1; seed <= 2000; ++seed) {
    Mutator mutator(seed);
    std::string text = original;
    for (std::size_t n = mutator.below(4) + 1; n > 0; --n) mutator.mutate(text);
    SCOPED_TRACE("seed " + std::to_string(seed));
    const auto settings = load_text(text, "f.yaml", {});
    if (settings) {
      ++sound;
      EXPECT_FALSE(dump(*settings).empty());
    } else {
      ++refused;
      EXPECT_EQ(settings.error().exit, Exit::config);
      EXPECT_TRUE(std::regex_match(settings.error().message.substr(0, 200), line)) << settings.error().message;
    }
  }
  EXPECT_GT(sound, 100);  // the mutations must reach both ends
  EXPECT_GT(refused, 100);
}

}  // namespace
}  // namespace firstseen::config
