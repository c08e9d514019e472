// The job of every night: nightly_ingest STATE OUTPUT PATH... appends the records of new files to OUTPUT, each file and
// each order id once, whatever ran before and wherever it was killed. A failing file does not stop the others; one that
// fails night after night is named.
#include <iostream>

#include "base/or_throw.h"
#include "ingest/ingestor.h"
#include "ingest/ledger_inspect.h"

using namespace firstseen;

int main(int argc, char** argv) try {
  if (argc < 4) throw Exception(Exit::usage, "usage: nightly_ingest STATE OUTPUT PATH...");
  const ingest::RecordKeys by_order{.spec = key::of_fields({"payload:/order"})};
  const auto ingestor = or_throw(ingest::Ingestor::open({.ledger = argv[1], .output = argv[2], .keys = by_order}));
  const auto files = ingest::list_files({argv + 3, argv + argc}, {.pattern = "*.jsonl"});
  const auto summary = or_throw(ingestor->run(files, [](const ingest::FileOutcome& file) {
    if (file.kind == ingest::FileOutcome::Kind::failed) std::cerr << file.detail << "\n";
  }));
  for (const ingest::FileRecord& file : or_throw(ingest::ledger_files(argv[1]))) {
    if (file.status != ingest::FileStatus::failed || file.attempts < 2) continue;
    std::cerr << file.path << " has failed " << file.attempts << " times\n";
  }
  std::cout << summary.processed << " processed, " << summary.skipped << " skipped, " << summary.failed << " failed, "
            << summary.records - summary.duplicates << " new records\n";
  return summary.failed == 0 ? 0 : static_cast<int>(Exit::bad_data);
} catch (const Exception& failure) {
  std::cerr << failure.what() << "\n";
  return failure.exit_status();
}
