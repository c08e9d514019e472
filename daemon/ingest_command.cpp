#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "base/one_line.h"
#include "commands.h"
#include "ingest/ingestor.h"
#include "ingest/ledger_inspect.h"
#include "ingest_command/arguments.h"
#include "ingest_command/crash_hook.h"
#include "ingest_command/report.h"
#include "output.h"

namespace firstseen {
namespace {

using ingest_command::Arguments;

/// Warnings and errors only: what happens to a file is reported where it is finished. Called by several threads.
void log_line(LogLevel level, const std::string& line) {
  if (level != LogLevel::warning && level != LogLevel::error) return;
  const std::string whole = fmt::format("firstseen: {}\n", on_one_line(line));
  std::fwrite(whole.data(), 1, whole.size(), stderr);  // nobody could be told that this failed
}

Exit show_status(const Arguments& arguments) {
  const auto files = ingest::ledger_files(arguments.ledger);
  if (!files) return report(files.error());
  return print(arguments.as_json ? to_text(ingest_command::status_json(*files)) : ingest_command::status_text(*files));
}

/// Exit::bad_data when a file failed, although all others were taken.
Exit ingest_files(const Arguments& arguments) {
  if (arguments.paths.empty()) return report({Action::stop, Exit::usage, "name the files: PATH is missing"});
  auto options = ingest_command::to_options(arguments);
  if (!options) return report(options.error());
  auto hook = ingest_command::crash_hook_from_environment();
  if (!hook) return report(hook.error());
  options->hook = std::move(*hook);
  const SystemClock clock;
  auto ingestor = ingest::Ingestor::open(*options, clock, log_line);
  if (!ingestor) return report(ingestor.error());
  std::vector<ingest::FileOutcome> outcomes;
  const auto summary =
      (*ingestor)->run(ingest::list_files(arguments.paths, {.pattern = arguments.pattern, .hidden = arguments.hidden}),
                       [&](const ingest::FileOutcome& outcome) {
                         if (outcome.kind == ingest::FileOutcome::Kind::failed)
                           log_line(LogLevel::error, outcome.detail);
                         if (arguments.as_json) outcomes.push_back(outcome);
                       });
  if (!summary) return report(summary.error());
  const auto window = ingest_command::effective_window(*options, clock);
  const Exit printed = print(arguments.as_json ? to_text(ingest_command::summary_json(*summary, outcomes, window))
                                               : ingest_command::summary_text(*summary));
  return printed == Exit::ok && summary->failed != 0 ? Exit::bad_data : printed;
}

}  // namespace

void add_ingest(CLI::App& program, Chosen& chosen) {
  auto* command = program.add_subcommand("ingest", "Put files into a topic, each exactly once");
  command->footer(
      "Every content is ingested once, under whatever name, however often this runs and wherever it is killed: run it\n"
      "again and it goes on. Failed files are tried again by the next run. Files may be gzip or zstd. Readers of the\n"
      "topic must read committed data only. Exit status: 0 when no file failed, 65 when some did.");
  const auto arguments = std::make_shared<Arguments>();
  ingest_command::add_options(*command, arguments);
  command->callback([&chosen, arguments] {
    chosen = [arguments] { return arguments->status ? show_status(*arguments) : ingest_files(*arguments); };
  });
}

}  // namespace firstseen
