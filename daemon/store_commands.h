#pragma once

#include "commands.h"

namespace firstseen {

// Each adds one subcommand to `firstseen store`.
void add_store_stats(CLI::App& store, Chosen& chosen);
void add_store_lookup(CLI::App& store, Chosen& chosen);
void add_store_forget(CLI::App& store, Chosen& chosen);
void add_store_list(CLI::App& store, Chosen& chosen);
void add_store_verify(CLI::App& store, Chosen& chosen);
void add_store_prime(CLI::App& store, Chosen& chosen);
void add_store_export(CLI::App& store, Chosen& chosen);
void add_store_import(CLI::App& store, Chosen& chosen);

}  // namespace firstseen
