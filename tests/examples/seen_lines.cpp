// Lines that were not seen within a day (the default ttl), over any number of runs and kills: seen_lines STORE < LINES.
// A batch is printed before it is stored: a kill between the two prints it again, but loses nothing.
#include <algorithm>
#include <iostream>
#include <string>

#include "base/hex.h"
#include "key/joined_key.h"
#include "store/inspect.h"
#include "store/seen_store.h"

using namespace firstseen;

namespace {

int complain(const Error& error) {
  std::cerr << error.message << "\n";
  return static_cast<int>(error.exit);
}

Digest digest_of(const std::string& line) {
  const auto bytes = from_hex(key::sha256_hex(line).value());
  Digest digest;
  std::copy_n(bytes->begin(), digest.bytes.size(), digest.bytes.begin());
  return digest;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return complain({.exit = Exit::usage, .message = "usage: seen_lines STORE < LINES"});
  const SystemClock clock;
  store::OpenOptions options;
  options.directory = argv[1];
  options.clock = &clock;
  const auto opened = store::SeenStore::open(options);
  if (!opened) return complain(opened.error());
  store::SeenStore& seen = **opened;

  const TopicPartition lines{"stdin", 0};
  const auto known = seen.partitions().find(lines);
  const std::int64_t start = known == seen.partitions().end() ? 0 : known->second.next_offset;
  std::int64_t next = start;
  const std::int64_t now_ms = clock.wall_ms();
  for (std::string line; std::getline(std::cin, line); ++next) {
    const Digest digest = digest_of(line);
    if (seen.find(digest, now_ms)) continue;
    seen.stage({.digest = digest, .range = 0, .offset = next, .time_ms = now_ms});
    std::cout << line << "\n";
  }
  std::cout.flush();

  const store::SourceRange range{
      .tp = lines, .start = start, .end = next, .after = {next, now_ms, 0, {}}, .before = {}};
  const auto stored = seen.prepare({&range, 1}, now_ms - options.ttl.count(), true);
  if (!stored) return complain(stored.error());
  if (const auto closed = seen.close_clean(); !closed) return complain(closed.error());
  const auto facts = store::inspect(argv[1]);
  if (!facts) return complain(facts.error());
  std::cerr << facts->stats.live_entries << " keys\n";
  return 0;
}
