// The job of every night: nightly_ingest STATE OUTPUT PATH... appends the records of new files to OUTPUT, each file and
// each order id once, whatever ran before and wherever it was killed. A failing file does not stop the others; one that
// fails night after night is named.
#include <iostream>

#include "ingest/ingestor.h"
#include "ingest/ledger_inspect.h"

using namespace firstseen;

int complain(const Error& error) {
  std::cerr << error.message << "\n";
  return static_cast<int>(error.exit);
}

int main(int argc, char** argv) {
  if (argc < 4) return complain({.exit = Exit::usage, .message = "usage: nightly_ingest STATE OUTPUT PATH..."});
  ingest::IngestOptions options;
  options.ledger = argv[1];
  options.output = argv[2];
  options.keys.emplace().spec.fields = {{"payload:/order", std::nullopt}};
  const SystemClock clock;
  const auto ingestor = ingest::Ingestor::open(options, clock, [](LogLevel, const std::string&) {});
  if (!ingestor) return complain(ingestor.error());
  const auto files = ingest::list_files({argv + 3, argv + argc}, {.pattern = "*.jsonl"});
  const auto summary = (*ingestor)->run(files, [](const ingest::FileOutcome& file) {
    if (file.kind == ingest::FileOutcome::Kind::failed) std::cerr << file.detail << "\n";
  });
  if (!summary) return complain(summary.error());
  const auto known = ingest::ledger_files(options.ledger);
  if (!known) return complain(known.error());
  for (const ingest::FileRecord& file : *known) {
    if (file.status != ingest::FileStatus::failed || file.attempts < 2) continue;
    std::cerr << file.path << " has failed " << file.attempts << " times\n";
  }
  std::cout << summary->processed << " processed, " << summary->skipped << " skipped, " << summary->failed
            << " failed, " << summary->records - summary->duplicates << " new records\n";
  return summary->failed == 0 ? 0 : static_cast<int>(Exit::bad_data);
}
