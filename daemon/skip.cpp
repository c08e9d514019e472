#include <charconv>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>

#include "ask_daemon.h"
#include "base/message.h"
#include "commands.h"
#include "target.h"

namespace firstseen {
namespace {

constexpr Millis skip_limit{20'000};

struct SkipArguments {
  Target target;
  TopicPartition tp;
  std::int64_t offset = 0;
};

/// A number from 0 to T's largest; CLI11's own conversions let numbers beyond 64 bits through.
template <class T>
CLI::Validator natural_number() {
  const auto why_not = [](const std::string& text) -> std::string {
    T number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error == std::errc{} && end == text.data() + text.size() && number >= 0) return "";
    return "'" + text + "' is not a number from 0 to " + std::to_string(std::numeric_limits<T>::max());
  };
  return {why_not, ""};
}

Exit skip_message(const SkipArguments& arguments) {
  return print_answer(arguments.target,
                      {{"command", "skip"},
                       {"topic", arguments.tp.topic},
                       {"partition", arguments.tp.partition},
                       {"offset", arguments.offset}},
                      skip_limit);
}

}  // namespace

void add_skip(CLI::App& program, Chosen& chosen) {
  auto* command = program.add_subcommand("skip", "Let a stopped partition go on behind the message at OFFSET");
  command->footer(
      "The message counts as rejected and is not published. 'firstseen status' names the partition, the\n"
      "offset and why it stopped there; any other offset is refused.");
  const auto arguments = std::make_shared<SkipArguments>();
  command->add_option("TOPIC", arguments->tp.topic, "The input topic")->required()->type_name("");
  command->add_option("PARTITION", arguments->tp.partition, "The partition's number")
      ->required()
      ->type_name("")
      ->check(natural_number<std::int32_t>());
  command->add_option("OFFSET", arguments->offset, "The offset at which it has stopped")
      ->required()
      ->type_name("")
      ->check(natural_number<std::int64_t>());
  add_target(*command, {arguments, &arguments->target});
  command->callback([&chosen, arguments] { chosen = [arguments] { return skip_message(*arguments); }; });
}

}  // namespace firstseen
