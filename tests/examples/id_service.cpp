// A key strategy that asks a service by which id a record key is known: id_service URL, with record keys on stdin,
// prints the first of every id. What the service does not answer is rejected, and may be sent again when it does: with
// a key made up for it, it would be a duplicate of all others that came in the outage.
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <utility>

#include "http.h"
#include "key/registry.h"

using namespace firstseen;

namespace {

/// The key is the id that GET URL/RECORD_KEY answers with. Asks for every message; a real one would keep the answers.
class IdServiceDeriver final : public key::Deriver {
 public:
  IdServiceDeriver(std::string url, std::unique_ptr<Deriver> by_id) : url_(std::move(url)), by_id_(std::move(by_id)) {}

  void derive(const MessageView& message, key::Derived& out) override {
    if (auto why = ask(message)) {
      out = {key::Derived::Kind::reject, {}, std::move(*why)};
    } else {
      by_id_->derive(with_id(message), out);
    }
  }
  [[nodiscard]] key::Explanation explain(const MessageView& message) override {
    key::Explanation explanation;
    if (!ask(message)) return by_id_->explain(with_id(message));
    derive(message, explanation.result);
    return explanation;
  }
  [[nodiscard]] bool needs_headers() const override { return by_id_->needs_headers(); }
  [[nodiscard]] std::string fingerprint() const override { return "id service 1: " + by_id_->fingerprint(); }

 private:
  /// Asks for the message's id; why there is none.
  std::optional<key::Rejection> ask(const MessageView& message) {
    const auto answer = request("GET", url_ + "/" + url_segment(std::string(message.key.value_or(""))));
    if (!answer) return key::Rejection{"id_service_unavailable", "the id service does not answer"};
    if (answer->status == 404) return key::Rejection{"unknown_id", "the id service does not know this record key"};
    if (answer->status != 200 || answer->body.empty()) {
      return key::Rejection{"id_service_failed", "the id service answers " + std::to_string(answer->status)};
    }
    id_ = answer->body;
    return std::nullopt;
  }
  [[nodiscard]] MessageView with_id(MessageView message) const {
    message.key = id_;
    return message;
  }

  const std::string url_;
  const std::unique_ptr<Deriver> by_id_;
  std::string id_;
};

}  // namespace

int main(int argc, char** argv) {
  const std::string url = argc == 2 ? argv[1] : "";
  const auto added = key::StrategyRegistry::global().add(
      "id_service", [url](const key::KeySpec& spec) -> Result<std::unique_ptr<key::Deriver>> {
        key::KeySpec inner = spec;
        inner.strategy = "fields";
        auto by_id = key::Deriver::make(inner);
        if (!by_id) return by_id;
        return std::make_unique<IdServiceDeriver>(url, std::move(*by_id));
      });
  key::KeySpec spec;
  spec.strategy = "id_service";
  spec.fields = {{"record_key", std::nullopt}};
  const auto deriver = key::Deriver::make(spec);
  if (!added || !deriver) return 70;
  std::unordered_set<Digest, DigestHash> seen;
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
