// A payment that happens once, however often this is killed and run again: payment STORE BANK_URL KEY
// An attempt whose maker died is taken up by the next run, which asks the bank first what became of it; a payment that
// has ended is answered from the store, without asking anybody.
#include <iostream>
#include <string>

#include "base/or_throw.h"
#include "http.h"
#include "idempotency/handler.h"

using namespace firstseen;
using namespace firstseen::idempotency;

/// An Error: nobody knows whether it was paid. The attempt has failed, and the next one asks the bank.
Result<Outcome> pay(const std::string& url, std::uint64_t token) {
  const auto known = request("GET", url);
  if (known && known->status == 200) return Outcome::success(known->body);
  if (!known || known->status != 404) return fail(Exit::unavailable, "the bank does not say what was paid");
  // The token rises with every attempt, so the bank can refuse an attempt that was thought dead and comes late.
  const auto paid = request("POST", url + "?token=" + std::to_string(token));
  if (paid && paid->status == 201) return Outcome::success(paid->body);
  if (paid && paid->status == 402) return Outcome::error("declined", paid->body);
  return fail(Exit::unavailable, "the bank does not say whether it has paid");
}

int main(int argc, char** argv) try {
  if (argc != 4) throw Exception(Exit::usage, "usage: payment STORE BANK_URL KEY");
  Handler payments(or_throw(open_lmdb_store({.directory = argv[1]})), {.on_abandoned = OnAbandoned::retry});
  const Key key = or_throw(Key::make(argv[3]));
  const std::string url = std::string(argv[2]) + "/" + url_segment(key.text());
  const auto done = or_throw(payments.execute(key, [&](const Claim& claim) { return pay(url, claim.token); }));
  if (!done.outcome) throw Exception(Exit::try_again, "somebody is paying this right now");
  std::cout << (done.state == State::fresh ? "now: " : "before: ")
            << (done.outcome->kind == Outcome::Kind::success ? done.outcome->value : done.outcome->message) << "\n";
} catch (const Exception& failure) {
  std::cerr << failure.what() << "\n";
  return failure.exit_status();
}
