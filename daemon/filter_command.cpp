#include <fmt/format.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/units.h"
#include "commands.h"
#include "filter/filter.h"
#include "filter/line_key.h"
#include "ingest/key_note.h"
#include "option_duration.h"
#include "output.h"

namespace firstseen {
namespace {

struct FilterArguments {
  std::vector<std::string> keys;
  std::string ttl = "24h";
  std::string store;
  std::string max_size = "64GiB";
  bool keep_payload = false;
  std::string format = "auto";
  std::string summary;
  std::vector<std::string> files;
};

Result<std::unique_ptr<filter::SeenKeys>> open_keys(const FilterArguments& arguments, Millis ttl,
                                                    const key::KeySpec& spec, const key::Deriver& deriver,
                                                    const Clock& clock) {
  if (arguments.store.empty()) {
    std::unique_ptr<filter::SeenKeys> in_memory = std::make_unique<filter::KeysInMemory>(ttl);
    return in_memory;
  }
  const auto max_size = parse_size(arguments.max_size);
  if (!max_size) return fail(Exit::usage, "--max-size: " + max_size.error().message);
  auto window = ingest::DurableWindow::open({.directory = arguments.store,
                                             .ttl = ttl,
                                             .max_size_bytes = *max_size,
                                             .purpose = "filter",
                                             .fingerprint = deriver.fingerprint(),
                                             .key_parts = ingest::note_of_key(spec),
                                             .keep_payloads = arguments.keep_payload,
                                             .clock = &clock});
  if (!window) return forward(window.error());
  std::unique_ptr<filter::SeenKeys> in_store = std::make_unique<filter::KeysInStore>(std::move(*window));
  return in_store;
}

Result<std::unique_ptr<filter::Filter>> make_filter(const FilterArguments& arguments, const Clock& clock) {
  const auto format = ingest::parse_format(arguments.format);
  if (!format) return forward(format.error());
  const auto ttl = read_duration("--ttl", arguments.ttl, Millis{0});
  if (!ttl) return forward(ttl.error());
  const auto spec = filter::line_key(arguments.keys);
  if (!spec) return forward(spec.error());
  auto deriver = key::Deriver::make(*spec);
  if (!deriver) return fail(Exit::usage, "--key: " + deriver.error().message);
  auto keys = open_keys(arguments, *ttl, *spec, **deriver, clock);
  if (!keys) return forward(keys.error());
  return std::make_unique<filter::Filter>(std::move(*deriver), std::move(*keys), *ttl, *format, STDOUT_FILENO, clock);
}

Result<void> write_summary(const std::string& file, const filter::Summary& summary) {
  const Json json{{"total_input", summary.total_input}, {"processed", summary.processed},
                  {"skipped", summary.skipped},         {"rejected", summary.rejected},
                  {"stored_keys", summary.stored_keys}, {"effective_window_ms", summary.effective_window.count()}};
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  out << to_text(json);
  out.close();
  if (out) return {};
  return fail(Exit::io, "cannot write the summary to " + file);
}

/// Every input in turn, whatever became of those before; what was reported decides.
Exit read_inputs(filter::Filter& filter, const std::vector<std::string>& names) {
  Exit status = Exit::ok;
  for (const std::string& name : names) {
    const auto read = filter.read(name);
    if (!read) return report(read.error());
    if (read->fault) status = report(*read->fault);
    if (read->reader_gone) return status;
  }
  return status;
}

Exit filter_lines(const FilterArguments& arguments) {
  static_cast<void>(std::signal(SIGPIPE, SIG_IGN));  // a reader that goes away is an answer of write()
  const SystemClock clock;
  auto made = make_filter(arguments, clock);
  if (!made) return report(made.error());
  filter::Filter& filter = **made;
  Exit status = read_inputs(filter, arguments.files.empty() ? std::vector<std::string>{"-"} : arguments.files);
  if (auto closed = filter.close(); !closed) status = report(closed.error());
  const filter::Summary summary = filter.summary();
  if (!arguments.summary.empty()) {
    if (auto written = write_summary(arguments.summary, summary); !written) status = report(written.error());
  }
  return status == Exit::ok && summary.rejected != 0 ? Exit::bad_data : status;
}

}  // namespace

void add_filter(CLI::App& program, Chosen& chosen) {
  auto* command = program.add_subcommand("filter", "Copy first-seen lines from files or stdin to stdout");
  command->footer(
      "Inputs may be gzip or zstd. Without --key all of a line is its key. The window goes by the time at which a "
      "line\n"
      "is read. A key is stored after its line is written: after a kill no line is lost, but those of the last batch\n"
      "may come again. Exit status: 65 when lines were rejected or an input is damaged, 74 when one cannot be read.");
  const auto arguments = std::make_shared<FilterArguments>();
  command->add_option("-k,--key", arguments->keys, "A part of the key: payload:/POINTER; may be repeated")
      ->type_name("PART")
      ->allow_extra_args(false);
  command->add_option("--ttl", arguments->ttl, "How long a key is remembered")
      ->type_name("DURATION")
      ->capture_default_str();
  command->add_option("--store", arguments->store, "Remember the keys in this directory, not in memory")
      ->type_name("DIR");
  command->add_option("--max-size", arguments->max_size, "Of the keys, and as much again of the payloads")
      ->type_name("SIZE")
      ->capture_default_str()
      ->needs("--store");
  command
      ->add_flag("--keep-payload", arguments->keep_payload, "Keep each line that is written beside its key, for audit")
      ->needs("--store");
  command
      ->add_option("--format", arguments->format,
                   "auto (jsonl, or json when it begins with '['), jsonl, json, csv, lines")
      ->type_name("FORMAT")
      ->capture_default_str();
  command->add_option("--summary", arguments->summary, "Write the counts to this file, as JSON")->type_name("FILE");
  command->add_option("FILE", arguments->files, "Inputs; - is stdin, the default")->type_name("");
  command->callback([&chosen, arguments] { chosen = [arguments] { return filter_lines(*arguments); }; });
}

}  // namespace firstseen
