// A key strategy that asks a service by which id a record key is known: id_service URL, with record keys on stdin,
// prints the first of every id. What the service does not answer is rejected, and may be sent again when it does: with
// a key made up for it, it would be a duplicate of all others that came in the outage.
#include <iostream>
#include <set>
#include <string>

#include "http.h"
#include "key/registry.h"

using namespace firstseen;

/// The key is the id that GET URL/RECORD_KEY answers with. Asks for every message; a real one would keep the answers.
class IdServiceDeriver final : public key::Deriver {
 public:
  IdServiceDeriver(std::string url, std::unique_ptr<Deriver> by_id) : url_(std::move(url)), by_id_(std::move(by_id)) {}

  void derive(const MessageView& message, key::Derived& out) override {
    const auto reject = [&out](const char* reason, const char* detail) {
      out = {key::Derived::Kind::reject, {}, {reason, detail}};
    };
    const auto answer = request("GET", url_ + "/" + url_segment(std::string(message.key.value_or(""))));
    if (!answer) return reject("id_service_unavailable", "the id service does not answer");
    if (answer->status == 404) return reject("unknown_id", "the id service does not know this record key");
    if (answer->status != 200 || answer->body.empty()) return reject("id_service_failed", "it answers without an id");
    MessageView known = message;
    known.key = answer->body;
    by_id_->derive(known, out);
  }
  key::Explanation explain(const MessageView& message) override {
    key::Explanation explanation;
    derive(message, explanation.result);
    return explanation;
  }
  bool needs_headers() const override { return by_id_->needs_headers(); }
  std::string fingerprint() const override { return "id service 1: " + by_id_->fingerprint(); }

 private:
  const std::string url_;
  const std::unique_ptr<Deriver> by_id_;
};

int main(int argc, char** argv) {
  const auto id_service = [url = std::string(argc == 2 ? argv[1] : "")](key::KeySpec spec) {
    spec.strategy = "fields";
    auto by_id = key::Deriver::make(spec);
    if (by_id) by_id = std::make_unique<IdServiceDeriver>(url, std::move(*by_id));
    return by_id;
  };
  const auto added = key::StrategyRegistry::global().add("id_service", id_service);
  key::KeySpec spec;
  spec.strategy = "id_service";
  spec.fields = {{"record_key", std::nullopt}};
  const auto deriver = key::Deriver::make(spec);
  if (!added || !deriver) return 70;
  std::set<Digest> seen;
  key::Derived derived;
  int status = 0;
  for (std::string line; std::getline(std::cin, line);) {
    MessageView message;
    message.key = line;
    (*deriver)->derive(message, derived);
    if (derived.kind == key::Derived::Kind::reject) {
      std::cerr << line << ": rejected: " << derived.rejection.detail << " (" << derived.rejection.reason << ")\n";
      status = 65;
    } else if (seen.insert(derived.digest).second) {
      std::cout << line << "\n";
    }
  }
  return status;
}
