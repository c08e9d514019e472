// Lines that were not seen within a day (the default ttl), over any number of runs and kills: seen_lines STORE < LINES.
// All are printed before their keys are stored: after a kill or a full disk the next run prints them again.
#include <iostream>
#include <string>

#include "base/or_throw.h"
#include "key/deriver.h"
#include "store/key_set.h"

using namespace firstseen;

int main(int argc, char** argv) try {
  if (argc != 2) throw Exception(Exit::usage, "usage: seen_lines STORE < LINES");
  const auto deriver = or_throw(key::Deriver::make(key::of_fields({"payload"})));
  // The store belongs to this key from now on: opened with another one it would be refused.
  const auto seen = or_throw(store::KeySet::open({.directory = argv[1], .pins = {{"key", deriver->fingerprint()}}}));
  const std::int64_t now_ms = SystemClock().wall_ms();
  for (std::string line; std::getline(std::cin, line);) {
    const key::Derived derived = deriver->derive({.value = line});
    if (seen->add_if_new(derived.digest, now_ms)) std::cout << line << "\n";
  }
  if (!std::cout.flush()) throw Exception(Exit::io, "stdout cannot be written: nothing was stored, run it again");
  or_throw(seen->commit());
  std::cerr << seen->size() << " keys\n";
  or_throw(seen->close());
} catch (const Exception& failure) {
  std::cerr << failure.what() << "\n";
  return failure.exit_status();
}
