#include "exec/command_result.h"

#include <gtest/gtest.h>

namespace firstseen::exec {
namespace {

CommandResult example() {
  return {.end = CommandResult::End::exited,
          .number = 3,
          .out = {.kept = std::string("o\0", 2), .total_bytes = 9},
          .err = {.kept = "err", .total_bytes = 3}};
}

TEST(CommandResult, ReadsWhatItWrites) {
  const auto outcome = to_outcome(example());
  EXPECT_EQ(outcome.kind, idempotency::Outcome::Kind::error);
  EXPECT_EQ(outcome.code, "3");
  EXPECT_EQ(decode_result(outcome.value), example());
}

TEST(CommandResult, BytesOfAnotherMakeAreNone) {
  const std::string good = to_outcome(example()).value;
  for (std::size_t length = 0; length < good.size(); ++length) EXPECT_FALSE(decode_result(good.substr(0, length)));
  EXPECT_FALSE(decode_result(good + "x"));
  EXPECT_FALSE(decode_result("\2" + good.substr(1)));
}

TEST(CommandResult, TheExitStatusIsThatOfAShell) {
  EXPECT_EQ(exit_status({.end = CommandResult::End::exited, .number = 3, .out = {}, .err = {}}), 3);
  EXPECT_EQ(exit_status({.end = CommandResult::End::signalled, .number = 9, .out = {}, .err = {}}), 137);
  EXPECT_EQ(exit_status({.end = CommandResult::End::timed_out, .number = 0, .out = {}, .err = {}}), 124);
  EXPECT_EQ(exit_status({.end = CommandResult::End::not_started, .number = 127, .out = {}, .err = {}}), 127);
}

}  // namespace
}  // namespace firstseen::exec
