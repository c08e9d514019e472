// Lines that were not seen within a day (the default ttl), over any number of runs and kills: seen_lines STORE < LINES.
// A batch is printed before it is stored: a kill between the two prints it again, but loses nothing.
#include <iostream>
#include <string>

#include "key/deriver.h"
#include "store/seen_store.h"

using namespace firstseen;

int complain(const Error& error) {
  std::cerr << error.message << "\n";
  return static_cast<int>(error.exit);
}

int main(int argc, char** argv) {
  if (argc != 2) return complain({.exit = Exit::usage, .message = "usage: seen_lines STORE < LINES"});
  const SystemClock clock;
  store::OpenOptions options;
  options.directory = argv[1];
  options.clock = &clock;
  const auto seen = store::SeenStore::open(options);
  if (!seen) return complain(seen.error());
  key::KeySpec whole_line;
  whole_line.fields = {{"payload", std::nullopt}};
  const auto deriver = key::Deriver::make(whole_line);
  if (!deriver) return complain(deriver.error());

  store::SourceRange range;
  range.tp = {"stdin", 0};
  const auto known = (*seen)->partitions().find(range.tp);
  if (known != (*seen)->partitions().end()) range.start = known->second.next_offset;
  range.end = range.start;
  const std::int64_t now_ms = clock.wall_ms();
  key::Derived derived;
  for (std::string line; std::getline(std::cin, line); ++range.end) {
    MessageView message;
    message.value = line;
    (*deriver)->derive(message, derived);
    if ((*seen)->find(derived.digest, now_ms)) continue;
    (*seen)->stage({.digest = derived.digest, .offset = range.end, .time_ms = now_ms});
    std::cout << line << "\n";
  }
  std::cout.flush();

  range.after.next_offset = range.end;
  range.after.stream_time_ms = now_ms;
  const auto stored = (*seen)->prepare({&range, 1}, now_ms - options.ttl.count(), true);
  if (!stored) return complain(stored.error());
  std::cerr << (*seen)->stats().live_entries << " keys\n";
  const auto closed = (*seen)->close_clean();
  return closed ? 0 : complain(closed.error());
}
