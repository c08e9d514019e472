// What deriving a key costs: parts x digests x payload sizes, beside a bare copy with a hash and a bare JSON parse,
// which take their turns in every round. One JSON object on stdout; tests/bench/keys.py makes a table of it.
//
//   keys_bench [--rounds N] [--seed N]

#include <fmt/format.h>
#include <openssl/evp.h>
#include <simdjson.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "guarded_main.h"
#include "key/deriver.h"

namespace {

using firstseen::HeaderView;
using firstseen::MessageView;
namespace key = firstseen::key;

constexpr std::size_t messages_per_case = 256;  ///< different ones, so that no branch is learnt by heart
constexpr double least_s = 0.004;               ///< CPU time of one measurement

/// An order as JSON of exactly `size` bytes: an id and a few members, then as many items as fit.
std::string order(std::mt19937_64& random, std::size_t size) {
  std::string text = fmt::format(R"({{"order":{{"id":"{:016x}","amount":{}.{:02}}},"customer":{})", random(),
                                 random() % 1000, random() % 100, random() % 1'000'000);
  const std::size_t tail = std::strlen(R"(,"note":""})");
  bool first = true;
  while (text.size() + tail + 70 <= size) {
    text += fmt::format(R"({}{{"sku":"{:08x}","count":{},"gift":{}}})", first ? ",\"items\":[" : ",",
                        random() & 0xffffffffU, random() % 9 + 1, random() % 2 == 0);
    first = false;
  }
  if (!first) text += ']';
  text += ",\"note\":\"";
  text.append(size - text.size() - 2, 'x');
  return text + "\"}";
}

/// The messages of one payload size.
struct Corpus {
  Corpus(std::size_t size, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    for (std::size_t i = 0; i < messages_per_case; ++i) {
      payloads.push_back(order(random, size));
      keys.push_back(fmt::format("{:016x}", random()));
    }
    for (std::size_t i = 0; i < messages_per_case; ++i) {
      MessageView& message = messages.emplace_back();
      message.topic = "orders";
      message.timestamp_ms = static_cast<std::int64_t>(1'700'000'000'000 + i);
      message.key = keys[i];
      message.value = payloads[i];
      message.headers = headers;
    }
  }
  std::vector<std::string> payloads;
  std::vector<std::string> keys;
  std::vector<HeaderView> headers{{"trace", "00-4bf92f3577b34da6"}, {"tenant", "north"}, {"id", "5f1c0de5"}};
  std::vector<MessageView> messages;
};

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

/// One line of the table: `pass` handles every message of its corpus once.
struct Case {
  std::string name;
  std::string parts;
  std::string digest;
  std::size_t payload_bytes;
  std::function<void()> pass;
  std::vector<double> ns;

  void measure() {
    pass();
    const double start = cpu_seconds();
    double used = 0;
    std::size_t passes = 0;
    do {
      for (int i = 0; i < 4; ++i) pass();
      passes += 4;
      used = cpu_seconds() - start;
    } while (used < least_s);
    ns.push_back(used * 1e9 / static_cast<double>(passes * messages_per_case));
  }

  [[nodiscard]] double quantile(double q) const {
    std::vector<double> sorted = ns;
    std::sort(sorted.begin(), sorted.end());
    return sorted[static_cast<std::size_t>(std::lround(q * static_cast<double>(sorted.size() - 1)))];
  }
  [[nodiscard]] double median() const { return quantile(0.5); }
};

struct Parts {
  const char* name;
  std::vector<key::PartSpec> fields;
};

const std::vector<Parts>& part_lists() {
  static const std::vector<Parts> lists{
      {"pointer", {{"payload:/order/id", {}}}},
      {"two pointers", {{"payload:/order/id", {}}, {"payload:/customer", {}}}},
      {"record key", {{"record_key", {}}}},
      {"header", {{"header:id", {}}}},
      {"payload", {{"payload", {}}}},
      {"mixed", {{"record_key", {}}, {"header:tenant", {}}, {"payload:/order/id", {}}, {"timestamp:1m", {}}}},
  };
  return lists;
}

struct Algorithm {
  const char* name;
  key::DigestAlgorithm algorithm;
};
constexpr Algorithm algorithms[] = {{"sha256", key::DigestAlgorithm::sha256},
                                    {"sha512", key::DigestAlgorithm::sha512},
                                    {"blake2b512", key::DigestAlgorithm::blake2b512},
                                    {"xxh3_128", key::DigestAlgorithm::xxh3_128}};

/// Ends the program: what is measured must be keys, not rejections.
[[noreturn]] void stop(const std::string& why) {
  fmt::print(stderr, "keys_bench: {}\n", why);
  std::exit(70);
}

void add_derivations(std::vector<Case>& cases, const Corpus& corpus, std::size_t size) {
  for (const Parts& parts : part_lists()) {
    for (const Algorithm& algorithm : algorithms) {
      key::KeySpec spec;
      spec.fields = parts.fields;
      spec.digest = algorithm.algorithm;
      auto made = key::Deriver::make(spec);
      if (!made) stop(made.error().message);
      const std::shared_ptr<key::Deriver> deriver = std::move(*made);
      const auto derived = std::make_shared<key::Derived>();
      cases.push_back({fmt::format("{}, {}, {} B", parts.name, algorithm.name, size),
                       parts.name,
                       algorithm.name,
                       size,
                       [deriver, derived, &corpus] {
                         for (const MessageView& message : corpus.messages) {
                           deriver->derive(message, *derived);
                           if (derived->kind != key::Derived::Kind::key) stop(derived->rejection.detail);
                         }
                       },
                       {}});
    }
  }
}

void check(bool done, const char* what) {
  if (!done) stop(fmt::format("{} failed", what));
}

/// What no derivation with a digest can do without: one copy of the payload and one SHA-256 of 48 bytes.
void add_copy_and_hash(std::vector<Case>& cases, const Corpus& corpus, std::size_t size) {
  const std::shared_ptr<EVP_MD> md(EVP_MD_fetch(nullptr, "SHA2-256", nullptr), EVP_MD_free);
  const std::shared_ptr<EVP_MD_CTX> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  const auto buffer = std::make_shared<std::vector<char>>(size + 64);
  cases.push_back({fmt::format("baseline: copy and SHA-256 of 48 bytes, {} B", size),
                   "baseline: copy",
                   "sha256",
                   size,
                   [md, context, buffer, &corpus] {
                     unsigned char out[64];
                     unsigned length = 0;
                     for (const std::string& payload : corpus.payloads) {
                       std::memcpy(buffer->data(), payload.data(), payload.size());
                       check(EVP_DigestInit_ex2(context.get(), md.get(), nullptr) == 1 &&
                                 EVP_DigestUpdate(context.get(), buffer->data(), 48) == 1 &&
                                 EVP_DigestFinal_ex(context.get(), out, &length) == 1,
                             "SHA-256");
                     }
                   },
                   {}});
}

void add_parse(std::vector<Case>& cases, const Corpus& corpus, std::size_t size) {
  const auto parser = std::make_shared<simdjson::dom::parser>();
  cases.push_back({fmt::format("baseline: simdjson DOM parse, {} B", size),
                   "baseline: parse",
                   "",
                   size,
                   [parser, &corpus] {
                     for (const std::string& payload : corpus.payloads) {
                       check(parser->parse(payload).error() == simdjson::SUCCESS, "simdjson");
                     }
                   },
                   {}});
}

const Case& find(const std::vector<Case>& cases, std::string_view parts, std::string_view digest, std::size_t size) {
  for (const Case& c : cases) {
    if (c.parts == parts && c.digest == digest && c.payload_bytes == size) return c;
  }
  stop(fmt::format("no case {}, {}, {} B", parts, digest, size));
}

void print(const std::vector<Case>& cases, const std::vector<std::size_t>& sizes, int rounds, std::uint64_t seed) {
  std::string rows;
  for (const Case& c : cases) {
    rows += fmt::format(R"({}{{"case":"{}","ns":{:.1f},"lowest_ns":{:.1f},"highest_ns":{:.1f}}})",
                        rows.empty() ? "" : ",\n", c.name, c.median(), c.quantile(0), c.quantile(1));
  }
  std::string ratios;
  const auto ratio = [&ratios](std::string_view name, double value) {
    ratios += fmt::format(R"({}"{}":{:.3f})", ratios.empty() ? "" : ",\n", name, value);
  };
  for (const std::size_t size : sizes) {
    const double pointer = find(cases, "pointer", "sha256", size).median();
    const double copy = find(cases, "baseline: copy", "sha256", size).median();
    const double parse = find(cases, "baseline: parse", "", size).median();
    ratio(fmt::format("one pointer with sha256 / copy and SHA-256, {} B", size), pointer / copy);
    ratio(fmt::format("one pointer with sha256 / DOM parse, copy and SHA-256, {} B", size), pointer / (parse + copy));
  }
  fmt::print(
      "{{\"benchmark\":\"keys\",\"settings\":{{\"rounds\":{},\"seed\":{},\"simdjson\":\"{}\",\"openssl\":\"{}\"}},\n"
      "\"rows\":[\n{}\n],\n\"ratios\":{{\n{}\n}}}}\n",
      rounds, seed, simdjson::get_active_implementation()->name(), OpenSSL_version(OPENSSL_VERSION_STRING), rows,
      ratios);
}

int run_bench(int argc, char** argv) {
  int rounds = 7;
  std::uint64_t seed = 1;
  CLI::App app("What deriving a key costs");
  app.add_option("--rounds", rounds, "alternating rounds")->check(CLI::Range(1, 1000));
  app.add_option("--seed", seed, "of the messages");
  CLI11_PARSE(app, argc, argv);

  const std::vector<std::size_t> sizes{100, 200, 1000, 10'000};
  std::vector<Corpus> corpora;
  corpora.reserve(sizes.size());  // messages point into their corpus
  for (const std::size_t size : sizes) corpora.emplace_back(size, seed);
  std::vector<Case> cases;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    add_copy_and_hash(cases, corpora[i], sizes[i]);
    add_parse(cases, corpora[i], sizes[i]);
    add_derivations(cases, corpora[i], sizes[i]);
  }
  for (int round = 0; round < rounds; ++round) {
    for (Case& c : cases) c.measure();
  }
  print(cases, sizes, rounds, seed);
  return 0;
}

}  // namespace

int main(int argc, char** argv) { return firstseen::bench::guarded_main("keys_bench", run_bench, argc, argv); }
