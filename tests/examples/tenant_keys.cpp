// A key strategy of one's own: the same id of two tenants is two keys. Reads lines "TENANT ID" and prints the first of
// every key. A line without a tenant is rejected: any key made up for it could be somebody else's.
#include <iostream>
#include <set>
#include <string>

#include "base/or_throw.h"
#include "key/registry.h"

using namespace firstseen;

/// As `fields`, with the tenant before all other parts.
Result<std::unique_ptr<key::Deriver>> per_tenant(key::KeySpec spec) {
  spec.strategy = "fields";
  spec.fields.insert(spec.fields.begin(), {"header:tenant", key::OnMissing::reject});
  return key::Deriver::make(spec);
}

int main() {
  or_throw(key::StrategyRegistry::global().add("per_tenant", per_tenant));
  const auto deriver = or_throw(key::Deriver::make(key::of_fields({"record_key"}, "per_tenant")));
  std::set<Digest> seen;
  for (std::string line; std::getline(std::cin, line);) {
    const std::size_t space = line.find(' ');
    const HeaderView tenant{"tenant", std::string_view(line).substr(0, space)};
    MessageView message{.key = std::string_view(line).substr(space + 1)};
    if (space != line.npos && space != 0) message.headers = {&tenant, 1};
    const key::Derived derived = deriver->derive(message);
    if (derived.kind == key::Derived::Kind::reject) {
      std::cerr << "rejected: " << derived.rejection.detail << " (" << derived.rejection.reason << ")\n";
    } else if (seen.insert(derived.digest).second) {
      std::cout << line << "\n";
    }
  }
}
