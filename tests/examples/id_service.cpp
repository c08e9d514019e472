// A key strategy that asks a service by which id a record key is known: id_service URL, with record keys on stdin,
// prints the first of every id. What the service does not answer is rejected, and may be sent again when it does: with
// a key made up for it, it would be a duplicate of all others that came in the outage.
#include <iostream>
#include <set>
#include <string>

#include "base/or_throw.h"
#include "http.h"
#include "key/function_strategy.h"

using namespace firstseen;

int main(int argc, char** argv) {
  const std::string url = argc == 2 ? argv[1] : "";
  // The key is the id that GET URL/RECORD_KEY answers with. Asks for every message; a real one would keep the answers.
  const auto ask = [url](const MessageView& message, key::Deriver& by_id) {
    const auto answer = request("GET", url + "/" + url_segment(message.key.value_or("")));
    if (!answer) return key::Derived::rejected("id_service_unavailable", "the id service does not answer");
    if (answer->status == 404) return key::Derived::rejected("unknown_id", "the id service does not know this key");
    if (answer->status != 200) return key::Derived::rejected("id_service_failed", "the id service has failed");
    if (answer->body.empty()) return key::Derived::rejected("id_service_failed", "the id service gives no id");
    MessageView known = message;
    known.key = answer->body;
    return by_id.derive(known);
  };
  or_throw(key::StrategyRegistry::global().add("id_service", key::strategy_on("fields", "id service 1", ask)));
  const auto deriver = or_throw(key::Deriver::make(key::of_fields({"record_key"}, "id_service")));
  std::set<Digest> seen;
  int status = 0;
  for (std::string line; std::getline(std::cin, line);) {
    const key::Derived derived = deriver->derive({.key = line});
    if (derived.kind == key::Derived::Kind::reject) {
      std::cerr << line << ": rejected: " << derived.rejection.detail << " (" << derived.rejection.reason << ")\n";
      status = 65;
    } else if (seen.insert(derived.digest).second) {
      std::cout << line << "\n";
    }
  }
  return status;
}
