// A key strategy of one's own: the same id of two tenants is two keys. Reads lines "TENANT ID" and prints the first of
// every key. A line without a tenant is rejected: any key made up for it could be somebody else's.
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>

#include "key/registry.h"

using namespace firstseen;

namespace {

/// As `fields`, with the tenant before all other parts.
Result<std::unique_ptr<key::Deriver>> per_tenant(const key::KeySpec& spec) {
  key::KeySpec inner = spec;
  inner.strategy = "fields";
  inner.fields.insert(inner.fields.begin(), {"header:tenant", key::OnMissing::reject});
  return key::Deriver::make(inner);
}

}  // namespace

int main() {
  const auto added = key::StrategyRegistry::global().add("per_tenant", per_tenant);
  key::KeySpec spec;
  spec.strategy = "per_tenant";
  spec.fields = {{"record_key", std::nullopt}};
  const auto deriver = key::Deriver::make(spec);
  if (!added || !deriver) {
    std::cerr << (added ? deriver.error().message : added.error().message) << "\n";
    return 70;
  }
  std::unordered_set<Digest, DigestHash> seen;
  key::Derived derived;
  for (std::string line; std::getline(std::cin, line);) {
    const std::string_view text = line;
    const std::size_t space = text.find(' ');
    const HeaderView tenant{"tenant", text.substr(0, space)};
    MessageView message;
    message.key = space == text.npos ? text : text.substr(space + 1);
    if (space != text.npos && space != 0) message.headers = {&tenant, 1};
    (*deriver)->derive(message, derived);
    if (derived.kind == key::Derived::Kind::reject) {
      std::cerr << "rejected: " << derived.rejection.detail << " (" << derived.rejection.reason << ")\n";
    } else if (seen.insert(derived.digest).second) {
      std::cout << line << "\n";
    }
  }
  return 0;
}
