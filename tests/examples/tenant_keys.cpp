// A key strategy of one's own: the same id of two tenants is two keys. Reads lines "TENANT ID" and prints the first of
// every key. A line without a tenant is rejected: any key made up for it could be somebody else's.
#include <iostream>
#include <set>
#include <string>

#include "key/registry.h"

using namespace firstseen;

/// As `fields`, with the tenant before all other parts.
Result<std::unique_ptr<key::Deriver>> per_tenant(key::KeySpec spec) {
  spec.strategy = "fields";
  spec.fields.insert(spec.fields.begin(), {"header:tenant", key::OnMissing::reject});
  return key::Deriver::make(spec);
}

int main() {
  const auto added = key::StrategyRegistry::global().add("per_tenant", per_tenant);
  key::KeySpec spec;
  spec.strategy = "per_tenant";
  spec.fields = {{"record_key", std::nullopt}};
  const auto deriver = key::Deriver::make(spec);
  if (!added || !deriver) return 70;
  std::set<Digest> seen;
  key::Derived derived;
  for (std::string line; std::getline(std::cin, line);) {
    const std::size_t space = line.find(' ');
    const std::string tenant = line.substr(0, space);
    const std::string id = line.substr(space + 1);
    const HeaderView header{"tenant", tenant};
    MessageView message;
    message.key = id;
    if (space != line.npos && space != 0) message.headers = {&header, 1};
    (*deriver)->derive(message, derived);
    if (derived.kind == key::Derived::Kind::reject) {
      std::cerr << "rejected: " << derived.rejection.detail << " (" << derived.rejection.reason << ")\n";
    } else if (seen.insert(derived.digest).second) {
      std::cout << line << "\n";
    }
  }
}
