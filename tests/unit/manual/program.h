#pragma once

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <memory>
#include <string>
#include <vector>

#include "option_checks.h"

namespace firstseen::manual {

/// A program with one of each kind of what a command line can have.
struct Program {
  CLI::App app{"Does things.", "tool"};
  std::string text = "1h";
  std::string choice = "zstd";
  std::string file;
  std::string both;
  std::vector<std::string> many;
  unsigned number = 3;
  bool flag = false;

  Program() {
    app.footer("The program's footer.");
    auto* put = app.add_subcommand("put", "Put it: put [OPTIONS] -- COMMAND ARG...");
    put->footer("First line\nof a paragraph.\n  verbatim --line\n.not a request");
    put->add_option("-t,--ttl", text, "How long, 'quoted' [in brackets]: a \\ too")->capture_default_str();
    choose(put->add_option("--format", choice, "Which"), {"gzip", "zstd"})->capture_default_str();
    put->add_option("-j,--jobs", number, "How many")->check(between(1, 64))->type_name("COUNT");
    put->add_option("-k,--key", many, "A part")->type_name("PART")->allow_extra_args(false);
    put->add_option("-c,--config,file", both, "Configuration file")->type_name("FILE")->required();
    put->add_flag("--json", flag, "Print JSON");
    put->add_option("--secret", text, "Not shown")->group("");
    auto* group = put->add_option_group("target", "Which store");
    group->add_option("--store", file, "The store")->type_name("DIR");
    group->require_option(1);
    auto* store = app.add_subcommand("store", "Look at it");
    store->add_subcommand("list", "Print it")->add_option("FILE", many, "Inputs");
    app.add_subcommand("hidden", "Not shown")->group("");
  }
};

}  // namespace firstseen::manual
