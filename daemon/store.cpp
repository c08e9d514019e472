#include "store_commands.h"

namespace firstseen {

void add_store(CLI::App& program, Chosen& chosen) {
  auto* store =
      program.add_subcommand("store", "Look at, check or change a store of 'run', 'filter', 'exec' or 'ingest'");
  store->require_subcommand(1);
  for (const auto add : {add_store_stats, add_store_lookup, add_store_forget, add_store_list, add_store_verify,
                         add_store_prime, add_store_export, add_store_import}) {
    add(*store, chosen);
  }
}

}  // namespace firstseen
