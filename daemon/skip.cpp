#include <cstdint>
#include <memory>
#include <string>

#include "base/message.h"
#include "commands.h"
#include "control/client.h"
#include "output.h"
#include "store_layout.h"
#include "target.h"

namespace firstseen {
namespace {

constexpr Millis skip_limit{20'000};

struct SkipArguments {
  Target target;
  TopicPartition tp;
  std::int64_t offset = 0;
};

Exit skip_message(const SkipArguments& arguments) {
  const auto path = store_path(arguments.target);
  if (!path) return report(path.error());
  const auto answer = control::ask(control_socket(*path),
                                   {{"command", "skip"},
                                    {"topic", arguments.tp.topic},
                                    {"partition", arguments.tp.partition},
                                    {"offset", arguments.offset}},
                                   skip_limit);
  if (!answer) return report(answer.error());
  return print(answer->get<std::string>() + "\n");
}

}  // namespace

void add_skip(CLI::App& program, Chosen& chosen) {
  auto* command = program.add_subcommand("skip", "Let a stopped partition go on behind the message at OFFSET");
  command->footer(
      "The message counts as rejected and is not published. 'firstseen status' names the partition, the\n"
      "offset and why it stopped there; any other offset is refused.");
  const auto arguments = std::make_shared<SkipArguments>();
  command->add_option("TOPIC", arguments->tp.topic, "The input topic")->required();
  command->add_option("PARTITION", arguments->tp.partition, "The partition's number")
      ->required()
      ->check(CLI::TypeValidator<std::uint32_t>("NUMBER"));
  command->add_option("OFFSET", arguments->offset, "The offset at which it has stopped")
      ->required()
      ->check(CLI::TypeValidator<std::uint64_t>("NUMBER"));
  add_target(*command, {arguments, &arguments->target});
  command->callback([&chosen, arguments] { chosen = [arguments] { return skip_message(*arguments); }; });
}

}  // namespace firstseen
