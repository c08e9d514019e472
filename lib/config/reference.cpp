#include "config/reference.h"

#include <fmt/format.h>

#include "base/units.h"
#include "config/options.h"

namespace firstseen::config {
namespace {

struct Bounds {
  std::string operator()(const Integer& i) const { return fmt::format("{} to {}", i.min, i.max); }
  std::string operator()(const Duration& d) const {
    return fmt::format("{} to {}", format_duration(d.min), format_duration(d.max));
  }
  std::string operator()(const Size& s) const {
    return fmt::format("{} to {}", format_size(s.min), format_size(s.max));
  }
  template <class Other>
  std::string operator()(const Other&) const {
    return {};
  }
};

constexpr const char* introduction = R"(# Configuration reference

Made from the declarations in `lib/config/options.cpp`; do not edit. `firstseen validate FILE` checks a file and names every
problem with its place.

Durations are whole numbers with a unit (`ms`, `s`, `m`, `h`, `d`, `y` of 365 days), also joined: `1h30m`. Sizes are whole numbers
with `B`, `KiB`, `MiB`, `GiB`, `TiB` (powers of 1024) or `kB`, `MB`, `GB`, `TB` (powers of 1000). In every value `${NAME}` stands for
an environment variable and `${file:PATH}` for a file's contents without its last line end; `$${` is a literal `${`.
Such a value is not printed: messages, `validate --effective` and `explain` show the `${...}` in its place. `name` and `when.part`
of a rule are shown as they are, and take none. Names that Kafka itself
makes known (topics, group, brokers, instance) and paths do stand in the log, in `status` and in the store.
What is not there of it below `kafka.properties` and `http` is an error only for what connects (`run`, `store prime`) and for `validate`,
which lets files below `/run/credentials` be missing, since systemd makes them for the service alone, and says so.
Anchors and aliases of YAML work; tags, merge keys and several documents are refused.
)";

std::string described(const Option& option, std::string_view heading) {
  std::string text =
      fmt::format("\n{} `{}`\n\n{}\n\n- type: {}\n", heading, option.path, option.help, type_name(option.kind));
  if (option.required) {
    text += "- required\n";
  } else {
    text +=
        option.default_value.empty() ? "- default: empty\n" : fmt::format("- default: `{}`\n", option.default_value);
  }
  if (const std::string bounds = std::visit(Bounds{}, option.kind); !bounds.empty())
    text += "- bounds: " + bounds + "\n";
  if (option.live) text += "- `firstseen reload` gives a running daemon another value\n";
  if (option.plain) text += "- `${...}` is refused\n";
  if (option.secret) text += "- values of passwords, secrets, tokens and private keys are never printed or logged\n";
  return text;
}

}  // namespace

std::string reference_markdown() {
  std::string text = introduction;
  std::string section;
  for (const Option& option : options()) {
    const std::string here(option.path.substr(0, option.path.find('.')));
    if (here != section) text += fmt::format("\n## {}\n", section = here);
    text += described(option, "###");
    if (!std::holds_alternative<RuleList>(option.kind)) continue;
    for (const Option& member : rule_options()) text += described(member, "####");
  }
  return text;
}

}  // namespace firstseen::config
