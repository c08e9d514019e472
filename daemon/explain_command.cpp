#include <fstream>
#include <iostream>
#include <memory>
#include <string>

#include "commands.h"
#include "configuration.h"
#include "explain.h"
#include "message_json.h"
#include "output.h"
#include "read_text.h"

namespace firstseen {
namespace {

struct ExplainArguments {
  std::string config;
  std::string file = "-";
  bool as_json = false;
};

Exit explain_message(const ExplainArguments& arguments) {
  const auto configuration = load_configuration(arguments.config, Secrets::leave);
  if (!configuration) return report(configuration.error());
  const daemon::ExplainOptions options{.default_topic = daemon::sole_topic(configuration->slot.topics),
                                       .json = arguments.as_json};
  std::ifstream file;
  if (arguments.file != "-") {
    file.open(arguments.file, std::ios::binary);
    if (!file) {
      return report(cannot_read(arguments.file));
    }
  }
  std::istream& input = arguments.file == "-" ? std::cin : file;
  const auto explained = daemon::explain(configuration->key, input, options, std::cout);
  if (!explained) return report(explained.error());
  std::cout.flush();
  if (std::cout) return Exit::ok;
  return report({.action = Action::stop, .exit = Exit::io, .message = "cannot write to stdout"});
}

}  // namespace

void add_explain(CLI::App& program, Chosen& chosen) {
  auto* command = program.add_subcommand("explain", "Show how a message's key comes about");
  command->footer(
      "The message is a JSON object with topic, partition, offset, timestamp, key, value, headers; all may be left\n"
      "out, topic where input.topics is one name. value may be a string, or an object or array that stands for its "
      "own\n"
      "text; key_base64 and value_base64 take any bytes; headers is {name: value} or [[name, value], ...].\n"
      "Or what kcat prints:\n"
      "  kcat -C -b BROKER -t TOPIC -p PARTITION -o OFFSET -c 1 -e -J | firstseen explain --config F\n"
      "Exit status: 0 for every message, also for one that would be rejected: its result is 'reject' with --json.");
  const auto arguments = std::make_shared<ExplainArguments>();
  command->add_option("-c,--config", arguments->config, "Configuration file")->required()->type_name("FILE");
  command->add_option("FILE", arguments->file, "The message; - is stdin")->type_name("")->capture_default_str();
  command->add_flag("--json", arguments->as_json, "Print JSON");
  command->callback([&chosen, arguments] { chosen = [arguments] { return explain_message(*arguments); }; });
}

}  // namespace firstseen
