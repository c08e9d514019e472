#include "manual/completion.h"

#include <gtest/gtest.h>

#include "base/advice.h"
#include "manual/shell_words.h"
#include "program.h"

namespace firstseen::manual {
namespace {

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST(Completion, TextsAreOneWordOfTheShell) {
  EXPECT_EQ(shell_quoted("it's $HOME"), "'it'\\''s $HOME'");
  EXPECT_EQ(fish_quoted("it's a \\"), "'it\\'s a \\\\'");
}

TEST(Completion, ZshDescriptionsKeepTheirBracketsAndColons) {
  const Program program;
  const std::string zsh = zsh_completion(describe(program.app));
  EXPECT_TRUE(has(zsh, "--ttl=[How long, '\\''quoted'\\'' \\[in brackets\\]\\: a \\\\ too]:TEXT: ")) << zsh;
}

TEST(Completion, OffersTheChoicesOfAnOption) {
  const Program program;
  const Command tool = describe(program.app);
  EXPECT_TRUE(has(bash_completion(tool), "compgen -W 'gzip zstd'"));
  EXPECT_TRUE(has(zsh_completion(tool), ":(gzip zstd)'"));
  EXPECT_TRUE(has(fish_completion(tool), "-l format -x -a 'gzip zstd'"));
}

TEST(Completion, NeverNamesWhatIsHidden) {
  const Program program;
  const Command tool = describe(program.app);
  for (const std::string& script : {bash_completion(tool), zsh_completion(tool), fish_completion(tool)}) {
    EXPECT_FALSE(has(script, "hidden")) << script;
    EXPECT_FALSE(has(script, "secret")) << script;
  }
}

}  // namespace
}  // namespace firstseen::manual
