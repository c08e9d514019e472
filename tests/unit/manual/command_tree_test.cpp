#include "manual/command_tree.h"

#include <gtest/gtest.h>

#include "program.h"

namespace firstseen::manual {
namespace {

const Option& option(const Command& command, const std::string& name) {
  for (const Option* each : all_options(command)) {
    if (each->names.back() == name) return *each;
  }
  throw std::runtime_error("no option " + name);
}

TEST(CommandTree, HoldsEveryCommandButTheHiddenOnes) {
  const Program program;
  const Command tool = describe(program.app);
  std::vector<std::string> names;
  for (const Command* command : flatten(tool)) names.push_back(command->name);
  EXPECT_EQ(names, (std::vector<std::string>{"tool", "tool put", "tool store", "tool store list"}));
}

TEST(CommandTree, TellsWhatAnOptionTakes) {
  const Program program;
  const Command put = describe(program.app).commands.front();
  EXPECT_EQ(option(put, "--json").value.takes, Takes::nothing);
  EXPECT_EQ(option(put, "--ttl").names, (std::vector<std::string>{"-t", "--ttl"}));
  EXPECT_EQ(option(put, "--ttl").value.takes, Takes::text);
  EXPECT_EQ(option(put, "--ttl").value.standard, "1h");
  EXPECT_EQ(option(put, "--format").value.takes, Takes::choice);
  EXPECT_EQ(option(put, "--format").value.choices, (std::vector<std::string>{"gzip", "zstd"}));
  EXPECT_EQ(option(put, "--jobs").value.takes, Takes::text);
  EXPECT_EQ(option(put, "--jobs").value.placeholder, "COUNT");
  EXPECT_EQ(option(put, "--config").value.takes, Takes::file);
  EXPECT_EQ(option(put, "--store").value.takes, Takes::directory);
  EXPECT_TRUE(option(put, "--key").repeatable);
  EXPECT_FALSE(option(put, "--ttl").repeatable);
  EXPECT_TRUE(option(put, "--config").required);
  EXPECT_THROW(static_cast<void>(option(put, "--secret")), std::runtime_error);
}

TEST(CommandTree, AnOptionWithoutItsNameIsAnArgument) {
  const Program program;
  const Command put = describe(program.app).commands.front();
  ASSERT_EQ(put.arguments.size(), 1U);
  EXPECT_EQ(put.arguments.front().name, "file");
  EXPECT_EQ(put.arguments.front().value.takes, Takes::file);
  EXPECT_TRUE(option(put, "--config").also_argument);
}

TEST(CommandTree, AGroupSaysWhatHoldsForItsOptions) {
  const Program program;
  const Command put = describe(program.app).commands.front();
  ASSERT_EQ(put.groups.size(), 2U);
  EXPECT_EQ(put.groups[1].title, "Which store");
  EXPECT_EQ(put.groups[1].rule, "exactly one of these");
  ASSERT_EQ(put.groups[1].options.size(), 1U) << "--help is the command's, not the group's, too";
}

TEST(CommandTree, AFooterIsOnlyItsOwnCommandsNote) {
  const Program program;
  const Command tool = describe(program.app);
  EXPECT_EQ(tool.notes, "The program's footer.");
  EXPECT_TRUE(tool.commands[0].notes.starts_with("First line"));
  EXPECT_EQ(tool.commands[1].notes, "");
}

TEST(CommandTree, KnowsWhatStandsBehindTheMark) {
  const Program program;
  const Command tool = describe(program.app);
  EXPECT_EQ(tool.commands[0].behind, "COMMAND ARG...");
  EXPECT_EQ(tool.commands[1].behind, "");
}

}  // namespace
}  // namespace firstseen::manual
